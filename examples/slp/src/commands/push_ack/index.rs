//! Which document is for which device, and which it has: beside the documents.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};
use slp_model::Udi;

use crate::console::Stop;
use crate::kept;

/// Documents that their device took, one a line: added to, never written again.
const TAKEN: &str = "slp-acks.taken";
/// Which document is for which device.
const NAME: &str = "slp-acks.index";
/// The most bytes of either.
const MOST: u64 = 64 << 20;

/// What is known of the documents of a folder, by file name.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::commands) struct Index {
    devices: BTreeMap<String, Udi>,
    #[serde(skip)]
    taken: BTreeSet<String>,
}

impl Index {
    pub(in crate::commands) fn load(folder: &Path) -> Result<Self, Stop> {
        let mut index: Self = kept::read_json(&folder.join(NAME), MOST)?;
        index.taken = kept::lines(&folder.join(TAKEN), MOST)?.into_iter().collect();
        Ok(index)
    }

    pub(in crate::commands) fn save(&self, folder: &Path) -> Result<(), Stop> {
        kept::write_json(&folder.join(NAME), self)
    }

    pub(in crate::commands) fn add(&mut self, file: String, device: Udi) {
        self.devices.insert(file, device);
    }

    pub(super) fn device(&self, file: &str) -> Option<&Udi> {
        self.devices.get(file)
    }

    pub(super) fn is_taken(&self, file: &str) -> bool {
        self.taken.contains(file)
    }

    /// The device took it: kept at once.
    pub(super) fn take(&mut self, folder: &Path, file: &str) -> Result<(), Stop> {
        kept::add_line(&folder.join(TAKEN), file)?;
        self.taken.insert(file.to_owned());
        Ok(())
    }
}
