//! Which device gave which reports: so that an answer finds its way back.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use slp_model::Udi;

use crate::console::Stop;
use crate::kept;

/// Name of the file, beside the reports.
pub(in crate::commands) const NAME: &str = "slp-pulled.index";
/// The most bytes of it.
const MOST: u64 = 64 << 20;

/// Devices by the name that they were pulled under.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(in crate::commands) struct Found {
    devices: BTreeMap<String, Vec<Udi>>,
}

impl Found {
    /// What an earlier run found.
    pub(in crate::commands) fn load(folder: &Path) -> Result<Self, Stop> {
        kept::read_json(&folder.join(NAME), MOST)
    }

    /// This name stands for these devices too. Elsewhere they are no longer.
    pub(super) fn add(&mut self, name: &str, devices: Vec<Udi>) {
        for (other, known) in &mut self.devices {
            if other != name {
                known.retain(|udi| !devices.contains(udi));
            }
        }
        let known = self.devices.entry(name.to_owned()).or_default();
        for udi in devices {
            if !known.contains(&udi) {
                known.push(udi);
            }
        }
    }

    pub(super) fn save(&self, folder: &Path) -> Result<(), Stop> {
        kept::write_json(&folder.join(NAME), self)
    }

    /// Under which name this device was pulled.
    pub(in crate::commands) fn name_of(&self, udi: &Udi) -> Option<&str> {
        self.devices.iter().find(|(_, known)| known.contains(udi)).map(|(name, _)| name.as_str())
    }
}
