//! Which document is for which device, and which it has: beside the documents.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};
use slp_model::Udi;

use crate::console::Stop;
use crate::files;

/// Name of the file.
const NAME: &str = "slp-acks.index";
/// The most bytes of it.
const MOST: u64 = 64 << 20;

/// What is known of the documents of a folder, by file name.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::commands) struct Index {
    devices: BTreeMap<String, Udi>,
    /// Documents that their device took.
    taken: BTreeSet<String>,
}

impl Index {
    pub(in crate::commands) fn load(folder: &Path) -> Result<Self, Stop> {
        files::read_json(&folder.join(NAME), MOST)
    }

    pub(in crate::commands) fn save(&self, folder: &Path) -> Result<(), Stop> {
        files::write_json(&folder.join(NAME), self)
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

    pub(super) fn take(&mut self, file: &str) {
        self.taken.insert(file.to_owned());
    }
}
