//! What every party has on record at the end: for whoever wants to see that nothing was lost on the way.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use device::{MemoryStore, Saved, Store};
use sha2::{Digest as _, Sha256};
use slp_kit::Error;
use slp_model::{ReportId, Udi};

/// SHA-256 of payloads, by the device that a report names and its id.
pub(crate) type Digests = BTreeMap<(Udi, ReportId), [u8; 32]>;

/// The stores of all parties, read when all was over.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Stores {
    /// SHA-256 of the payload of every closed report that a device ever kept, by device and id.
    pub written: BTreeMap<(Udi, ReportId), [u8; 32]>,
    /// What the store of each device holds.
    pub devices: Vec<Saved>,
    /// What the collector's SQLite file holds; none on a path without a collector.
    pub collector: Option<Vec<cslu::StoredReport>>,
    /// What the cloud holds.
    pub cloud: BTreeMap<Udi, cssm::Device>,
}

/// The store of a device, and a note of every report that was in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Witness {
    kept: Arc<Mutex<MemoryStore>>,
    seen: Arc<Mutex<Digests>>,
}

impl Witness {
    pub(crate) fn seen(&self) -> Digests {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Store for Witness {
    fn save(&mut self, saved: &Saved) -> Result<(), Error> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        for report in &saved.life.kept {
            let key = (report.device.clone(), report.id);
            seen.entry(key).or_insert_with(|| Sha256::digest(report.payload()).into());
        }
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).save(saved)
    }

    fn load(&self) -> Result<Option<Saved>, Error> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).load()
    }
}
