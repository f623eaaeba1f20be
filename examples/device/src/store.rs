//! What survives: all of it in one file, written whole before anything is acted on.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use slp_kit::{Error, open_alone, read_whole, write_whole};
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

/// A private key, PKCS#8 in PEM: it is kept, and nothing else shows it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct PrivateKey(String);

impl PrivateKey {
    pub(crate) fn new(pem: impl Into<String>) -> Self {
        Self(pem.into())
    }

    pub(crate) fn pem(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(..)")
    }
}

/// A member that left the set, and what it took along: it has it again when it comes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Former {
    /// Who it is.
    pub device: Udi,
    /// Its private key.
    pub(crate) key: PrivateKey,
    /// Its permanent reservation.
    pub(crate) permanent: Option<String>,
}

/// Where messages go, for each transport: chosen apart from it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Addresses {
    /// For `cslu`.
    pub cslu: Option<String>,
    /// For `smart`.
    pub smart: Option<String>,
}

/// The form of a record.
pub(crate) const VERSION: u32 = 1;
/// What helps against damage.
const DAMAGED: &str =
    "put a copy in its place, or begin with another folder; what was not acknowledged is lost with it";

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
    /// The private key of each member.
    pub(crate) keys: Vec<PrivateKey>,
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
    /// Days between pushes that the operator asked for.
    #[serde(default)]
    pub push_days: Option<u32>,
    /// Addresses that the operator gave.
    #[serde(default)]
    pub addresses: Addresses,
}

impl Saved {
    /// What is read has to fit together: files are edited by hand, and disks fail.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.version != VERSION {
            return Err(wrong_version(self.version));
        }
        let members = self.setup.members.len();
        if members == 0 || self.active >= members || self.keys.len() != members {
            let text = "members, keys and the active member do not fit together";
            return Err(format!("the state of the device is damaged ({text}): {DAMAGED}").into());
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
pub struct FolderStore {
    path: PathBuf,
    /// The lock of the folder, as long as this is.
    _lock: Option<File>,
}

/// More than any device of ours keeps.
const LIMIT: u64 = 1 << 30;

impl FolderStore {
    /// In this folder, which is there already and which nobody else uses.
    pub fn new(folder: &Path) -> Self {
        Self { path: folder.join("device.json"), _lock: None }
    }

    /// In this folder, which is made where it is missing. No other process has it meanwhile.
    ///
    /// # Errors
    /// When it cannot be made or written, or another process has it: one line that names it, and what to do.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        std::fs::create_dir_all(folder).map_err(|error| explained(folder, &error))?;
        let lock = open_alone(File::options().create(true).truncate(false).write(true), &folder.join("device.lock"))
            .map_err(|error| match error.kind() {
                io::ErrorKind::WouldBlock => {
                    let text = "another process runs the device of this folder: stop it first, or give another --store";
                    Error::from(format!("{}: {text}", folder.display()))
                }
                _ => explained(folder, &error),
            })?;
        Ok(Self { _lock: Some(lock), ..Self::new(folder) })
    }
}

impl Store for FolderStore {
    fn save(&mut self, saved: &Saved) -> Result<(), Error> {
        write_whole(&self.path, &serde_json::to_vec(saved)?).map_err(|error| explained(&self.path, &error))
    }

    fn load(&self) -> Result<Option<Saved>, Error> {
        let bytes = match read_whole(&self.path, LIMIT) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(explained(&self.path, &error)),
        };
        read(&bytes).map(Some).map_err(|error| format!("{}: {error}", self.path.display()).into())
    }
}

fn wrong_version(version: u32) -> Error {
    let text = "run the release that wrote it, or begin with another folder";
    format!("another release wrote this: the state has version {version}, this program reads version {VERSION}: {text}")
        .into()
}

/// The state in a file. Its version comes first: another one need not be readable in any other way.
fn read(bytes: &[u8]) -> Result<Saved, Error> {
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    let damaged =
        |error: serde_json::Error| format!("this is not the state of a device, or it is damaged ({error}): {DAMAGED}");
    if let Ok(Version { version }) = serde_json::from_slice(bytes)
        && version != VERSION
    {
        return Err(wrong_version(version));
    }
    let saved: Saved = serde_json::from_slice(bytes).map_err(damaged)?;
    saved.check()?;
    Ok(saved)
}

/// An error of the file system with its place, and what an operator can do.
fn explained(path: &Path, error: &io::Error) -> Error {
    let help = match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "this program may not write here: change the permissions, or give another folder"
        }
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only: give a folder on another one",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "the disk is full: make room, nothing is sent until then"
        }
        io::ErrorKind::NotFound => "the folder is gone: put it back, the device cannot keep its state",
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            "a file stands where a folder has to be: give another folder"
        }
        io::ErrorKind::FileTooLarge => "this is not the state of a device: it is too large",
        _ => "the state of the device cannot be read or written here",
    };
    format!("{}: {help} ({error})", path.display()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_key_is_kept_and_not_shown() {
        let key = PrivateKey::new("-----BEGIN PRIVATE KEY-----");
        assert_eq!(format!("{key:?}"), "PrivateKey(..)");
        assert_eq!(serde_json::to_string(&key).unwrap(), "\"-----BEGIN PRIVATE KEY-----\"");
    }

    #[test]
    fn every_error_of_a_disk_names_its_place_and_what_to_do() {
        let path = Path::new("/var/device/device.json");
        for (kind, words) in [
            (io::ErrorKind::PermissionDenied, "change the permissions"),
            (io::ErrorKind::ReadOnlyFilesystem, "give a folder on another one"),
            (io::ErrorKind::StorageFull, "make room"),
            (io::ErrorKind::NotFound, "put it back"),
            (io::ErrorKind::NotADirectory, "give another folder"),
            (io::ErrorKind::Other, "cannot be read or written"),
        ] {
            let text = explained(path, &kind.into()).to_string();
            assert!(text.starts_with("/var/device/device.json: ") && text.contains(words), "{text}");
            assert_eq!(text.lines().count(), 1, "{text}");
        }
    }
}
