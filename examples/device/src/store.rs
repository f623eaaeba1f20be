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

/// A code that was asked for and did not come yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Wanted {
    /// For this licence.
    pub feature: String,
    /// How many.
    pub count: u32,
    /// In the place of the code that is installed?
    pub replace: bool,
    /// For every member of the set?
    pub all: bool,
}

/// What a member last showed for an operator to type in elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LastCodes {
    /// The member.
    pub device: Udi,
    /// The code of its last return.
    pub returned: Option<String>,
    /// The code of its last confirmation.
    pub confirmed: Option<String>,
}

/// Reservations, the way before policies: requests, and permanent codes. Specific codes are documents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Reservation {
    /// Is the device in this mode?
    pub enabled: bool,
    /// Request codes that wait for an answer, by member.
    pub requested: Vec<(Udi, String)>,
    /// Permanent codes that are installed, by member.
    pub permanent: Vec<(Udi, String)>,
}

/// A member that left the set, and what it took along: it has it again when it comes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Former {
    /// Who it is.
    pub device: Udi,
    /// Its private key, PKCS#8 in PEM.
    pub(crate) key: String,
    /// Its permanent reservation.
    pub(crate) permanent: Option<String>,
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
    /// Codes that were asked for.
    #[serde(default)]
    pub wanted: Vec<Wanted>,
    /// What members last showed.
    #[serde(default)]
    pub last_codes: Vec<LastCodes>,
    /// Reservations.
    #[serde(default)]
    pub reservation: Reservation,
    /// The deadline of which the operator was last told.
    #[serde(default)]
    pub told: Option<UnixSeconds>,
    /// Members that left, oldest first.
    #[serde(default)]
    pub former: Vec<Former>,
}

impl Saved {
    /// What is read has to fit together: files are edited by hand, and disks fail.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.version != 1 {
            return Err("the state was written by a newer program".into());
        }
        let members = self.setup.members.len();
        if members == 0 || self.active >= members || self.keys.len() != members {
            return Err("the state does not fit together: members, keys and the active member".into());
        }
        Ok(())
    }

    /// The line for what a member last showed.
    pub(crate) fn last_codes(&mut self, device: &Udi) -> Option<&mut LastCodes> {
        if !self.last_codes.iter().any(|last| last.device == *device) {
            self.last_codes.push(LastCodes { device: device.clone(), returned: None, confirmed: None });
        }
        self.last_codes.iter_mut().find(|last| last.device == *device)
    }
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
                saved.check().map_err(|error| format!("{}: {error}", self.0.display()))?;
                Ok(Some(saved))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
