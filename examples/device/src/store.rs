//! What survives: all of it in one file, written whole before anything is acted on.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use slp_kit::{Error, read_whole, write_whole};
use slp_model::{Udi, UnixSeconds};
use slp_transport::agent::AgentState;

use crate::life::Life;
use crate::setup::{Setup, Transport};

/// A document that was imported and still holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Imported {
    /// When.
    pub at: UnixSeconds,
    /// The document.
    pub text: String,
    /// What of it still holds: class and device.
    pub holds: BTreeSet<String>,
}

/// Everything that a device must not lose.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Saved {
    /// The form of this record: 1.
    pub version: u32,
    /// Who the device is.
    pub setup: Setup,
    /// Which member is active.
    pub active: usize,
    /// How it sends.
    pub transport: Transport,
    /// By how many seconds its clock is ahead of the true one.
    pub clock_offset: i64,
    /// The private key of each member, PKCS#8 in PEM.
    pub(crate) keys: Vec<String>,
    /// Licences and reports.
    pub life: Life,
    /// The agent.
    pub agent: AgentState,
    /// The documents whose policy, codes, trust and account hold.
    pub documents: Vec<Imported>,
    /// Documents whose codes were given back: they are not taken again.
    pub returned: Vec<Imported>,
    /// A code that was removed and whose return was not sent yet: the device and the return code.
    pub returning: Vec<(Udi, String)>,
    /// When an acknowledgement last took effect.
    pub last_ack: Option<UnixSeconds>,
    /// When a file was last written.
    pub last_file: Option<UnixSeconds>,
}

/// Where it is kept.
pub trait Store: fmt::Debug + Send {
    /// Keeps it, whole or not at all.
    ///
    /// # Errors
    /// Those of the place where it is kept.
    fn save(&mut self, saved: &Saved) -> Result<(), Error>;

    /// What was kept last; none at first.
    ///
    /// # Errors
    /// Those of the place where it is kept, and when what is there cannot be read.
    fn load(&self) -> Result<Option<Saved>, Error>;
}

/// In memory: gone with the process. What is loaded is what was saved, not what was on the way.
#[derive(Debug, Default)]
pub struct MemoryStore(Option<Vec<u8>>);

impl MemoryStore {
    /// Empty.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Store for MemoryStore {
    fn save(&mut self, saved: &Saved) -> Result<(), Error> {
        self.0 = Some(serde_json::to_vec(saved)?);
        Ok(())
    }

    fn load(&self) -> Result<Option<Saved>, Error> {
        Ok(self.0.as_deref().map(serde_json::from_slice).transpose()?)
    }
}

/// One file in a folder.
#[derive(Debug)]
pub struct FolderStore(PathBuf);

/// More than any device of ours keeps.
const LIMIT: u64 = 1 << 30;

impl FolderStore {
    /// In this folder, which is there already.
    pub fn new(folder: &Path) -> Self {
        Self(folder.join("device.json"))
    }
}

impl Store for FolderStore {
    fn save(&mut self, saved: &Saved) -> Result<(), Error> {
        Ok(write_whole(&self.0, &serde_json::to_vec(saved)?)?)
    }

    fn load(&self) -> Result<Option<Saved>, Error> {
        match read_whole(&self.0, LIMIT) {
            Ok(bytes) => {
                let saved: Saved = serde_json::from_slice(&bytes)
                    .map_err(|error| format!("{}: not the state of a device: {error}", self.0.display()))?;
                if saved.version != 1 {
                    return Err(format!("{}: written by a newer program", self.0.display()).into());
                }
                Ok(Some(saved))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
