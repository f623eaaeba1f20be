//! Files of the device's own disk: what it saves for an operator to carry, and what it imports.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use slp_kit::{Error, read_whole, write_whole};
use slp_model::error_code::DeviceError;
use slp_model::license::ReportState;
use slp_model::{Udi, UnixMillis, UnixSeconds};
use slp_rum::UsageReport;
use slp_rum::import::Refusal;
use slp_rum::system_info::{SystemDevice, SystemFacts};
use slp_rum::trust::{TrustKey, TrustRequestEntry};
use slp_rum::write::{DeviceFile, request as write_request};

use crate::codes::nothing;
use crate::fault::Fault;
use crate::instance::Device;
use crate::life::{Ending, KeptReport};

/// Bytes of the file that is imported.
const IMPORT_BYTES: u64 = 4 << 20;
/// Bytes of all files in memory.
const MEMORY_BYTES: usize = 64 << 20;

/// A place for files, by name.
pub trait Files: fmt::Debug + Send {
    /// Writes a file, whole or not at all.
    ///
    /// # Errors
    /// Those of the place.
    fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), Error>;

    /// Reads a file of at most so many bytes.
    ///
    /// # Errors
    /// Those of the place; when there is none, and for a longer one.
    fn read(&self, name: &str, limit: u64) -> Result<Vec<u8>, Error>;
}

/// In memory, 64 MiB at most.
#[derive(Debug, Default)]
pub struct MemoryFiles(BTreeMap<String, Vec<u8>>);

impl MemoryFiles {
    /// Empty.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Files for MemoryFiles {
    fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let others: usize = self.0.iter().filter(|(known, _)| *known != name).map(|(_, file)| file.len()).sum();
        if others.saturating_add(bytes.len()) > MEMORY_BYTES {
            return Err("no space left on the device".into());
        }
        self.0.insert(name.to_owned(), bytes.to_vec());
        Ok(())
    }

    fn read(&self, name: &str, limit: u64) -> Result<Vec<u8>, Error> {
        let file = self.0.get(name).ok_or_else(|| format!("{name}: there is no such file"))?;
        if u64::try_from(file.len()).is_ok_and(|length| length > limit) {
            return Err(format!("{name}: more than {limit} bytes").into());
        }
        Ok(file.clone())
    }
}

/// In a folder, which is there already.
#[derive(Debug)]
pub struct FolderFiles(PathBuf);

impl FolderFiles {
    /// In this folder.
    pub fn new(folder: &Path) -> Self {
        Self(folder.to_owned())
    }
}

impl Files for FolderFiles {
    fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        Ok(write_whole(&self.0.join(name), bytes)?)
    }

    fn read(&self, name: &str, limit: u64) -> Result<Vec<u8>, Error> {
        Ok(read_whole(&self.0.join(name), limit)?)
    }
}

/// The file that a path names: on the disk of the device alone, in no folder. Whoever may use the service of a device must
/// not reach the files of the machine that simulates it.
fn name(path: &str) -> Result<&str, Fault> {
    let disks = ["bootflash:", "flash:"];
    let name = disks.iter().find_map(|disk| path.strip_prefix(disk)).unwrap_or(path);
    let name = name.strip_prefix('/').unwrap_or(name);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if !(1..=127).contains(&name.len()) || name.starts_with('.') || !name.bytes().all(plain) {
        let text = "expected a file on the device's own disk, such as bootflash:usage.txt, in no folder";
        return Err(Fault::denied(DeviceError::BadInputParams, text));
    }
    Ok(name)
}

/// Which reports a file shall hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    All,
    Unreported,
    Days(u32),
    Report(u64),
}

impl Which {
    fn holds(self, kept: &KeptReport, now: UnixSeconds) -> bool {
        match self {
            Self::All => true,
            Self::Unreported => kept.state == ReportState::Closed,
            Self::Days(days) => kept.end.get() >= now.get().saturating_sub(i64::from(days).saturating_mul(86_400)),
            Self::Report(id) => kept.id.get() == id,
        }
    }
}

impl Device {
    pub(crate) fn write_file(&mut self, path: &str, bytes: &[u8]) -> Result<(), Fault> {
        let name = name(path)?;
        self.files.write(name, bytes).map_err(|error| {
            Fault::denied(DeviceError::StorageFailToStore, format!("{path} cannot be written: {error}"))
        })
    }

    pub(crate) fn read_file(&self, path: &str) -> Result<Vec<u8>, Fault> {
        Ok(self.files.read(name(path)?, IMPORT_BYTES).map_err(Refusal::missing_file)?)
    }

    /// The file of this device: reports that nobody acknowledged yet, and requests for the codes of these licences.
    ///
    /// # Errors
    /// For a licence that is not known, and as [`tick`](Self::tick).
    pub fn save_usage(&mut self, features: &[&str], now: UnixMillis) -> Result<Vec<u8>, Error> {
        let features: Vec<String> = features.iter().map(|name| (*name).to_owned()).collect();
        Ok(self.usage_file(Which::All, &features, now)?)
    }

    /// Writes reports into a file.
    pub(crate) fn save_usage_to(&mut self, path: &str, which: Which, now: UnixMillis) -> Result<(), Fault> {
        name(path)?;
        if !matches!(which, Which::Report(_)) {
            let local = self.local(now);
            self.close(Ending::Requested, local)?;
        }
        let local = self.local(now);
        if !self.saved.life.kept.iter().any(|kept| which.holds(kept, local)) {
            return Err(nothing());
        }
        let file = self.usage_file(which, &[], now)?;
        self.write_file(path, &file)
    }

    fn usage_file(&mut self, which: Which, features: &[String], now: UnixMillis) -> Result<Vec<u8>, Fault> {
        let local = self.local(now);
        if !matches!(which, Which::Report(_)) {
            self.close(Ending::Requested, local)?;
        }
        let wanted = self.saved.life.kept.iter().filter(|kept| which.holds(kept, local));
        let mut reports = wanted.map(KeptReport::report).collect::<Result<Vec<_>, Error>>()?;
        let strangers = self.untied(&mut reports);
        if strangers > 0 {
            self.note(format!(
                "{strangers} reports of a member that left are in no file of this device, which they do not name: they are \
                 delivered by message, with 'license smart transport'"
            ));
        }
        let mut file = DeviceFile::new().reports(&reports);
        if !features.is_empty() {
            file = file.element(write_request::authorization_request(&self.wishes_of_file(features)?)?)?;
        }
        let text = file.element(write_request::system_info(&self.facts(local))?)?.to_text()?;
        let written = |kept: &KeptReport| reports.iter().any(|one| one.id() == kept.id && *one.device() == kept.device);
        for kept in self.saved.life.kept.iter_mut().filter(|kept| written(kept)) {
            kept.state = ReportState::Unacknowledged;
        }
        self.saved.last_file = Some(local);
        self.save()?;
        Ok(text.into_bytes())
    }

    /// Takes out the reports of devices that no report ties to this one: a file is of one device and its set. How many.
    fn untied(&self, reports: &mut Vec<UsageReport>) -> usize {
        let mut ours: BTreeSet<Udi> = BTreeSet::from([self.active().clone()]);
        loop {
            let known = ours.len();
            for report in reports.iter() {
                let named = || report.ha().iter().map(|member| &member.device).chain([report.device()]);
                if named().any(|device| ours.contains(device)) {
                    ours.extend(named().cloned());
                }
            }
            if ours.len() == known {
                break;
            }
        }
        let all = reports.len();
        reports.retain(|report| ours.contains(report.device()));
        all - reports.len()
    }

    /// Who the device is, as its files say.
    pub(crate) fn facts(&mut self, local: UnixSeconds) -> SystemFacts {
        let mut facts = SystemFacts::new(self.active().clone());
        facts.timestamp = Some(local.to_millis());
        facts.nonce = Some(self.random.nonce().to_string());
        facts.hostname.clone_from(&self.saved.setup.hostname);
        facts.software_tag = Some(self.saved.setup.software.to_string());
        if self.saved.setup.members.len() > 1 {
            let members = self.saved.setup.members.iter().enumerate();
            let role = |index| self.saved.setup.role(self.saved.active, index);
            facts.devices = members.map(|(index, member)| SystemDevice::new(role(index), member.clone())).collect();
        }
        facts
    }

    /// A file that asks for trust in the keys of all members.
    pub(crate) fn trust_request_file(&mut self, now: UnixMillis) -> Result<Vec<u8>, Fault> {
        let local = self.local(now);
        let mut entries = Vec::new();
        for (index, member) in self.saved.setup.members.clone().into_iter().enumerate() {
            let request = self.certificate_request(index)?;
            let mut entry = TrustRequestEntry::new(member, TrustKey::CertificateRequest(request));
            entry.software_tag = Some(self.saved.setup.software.to_string());
            entry.timestamp = Some(local.to_millis());
            entry.nonce = Some(self.random.nonce().to_string());
            entries.push(entry);
        }
        let facts = write_request::system_info(&self.facts(local))?;
        let file = DeviceFile::new().element(facts)?.element(write_request::trust_request(&entries, None)?)?;
        Ok(file.to_text()?.into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_a_file_of_the_device_and_nothing_else() {
        for path in ["usage.txt", "bootflash:usage.txt", "flash:/usage.txt"] {
            assert_eq!(name(path).unwrap(), "usage.txt");
        }
        let long = "x".repeat(128);
        for path in [
            "",
            "bootflash:",
            "../x",
            "flash:a/b",
            "/etc/passwd",
            ".x",
            "tftp://192.0.2.1/x",
            "C:x",
            "a\0",
            "a b",
            &long,
        ] {
            assert_eq!(name(path).unwrap_err().word(), "BadInputParams", "{path}");
        }
    }

    #[test]
    fn files_in_memory_take_no_more_than_their_share() {
        let mut files = MemoryFiles::new();
        files.write("a", &vec![0; 60 << 20]).unwrap();
        assert!(files.write("b", &vec![0; 5 << 20]).is_err());
        files.write("a", b"x").unwrap();
        files.write("b", &vec![0; 5 << 20]).unwrap();
        assert!(files.read("b", 4 << 20).is_err());
        assert_eq!(files.read("a", 1).unwrap(), b"x");
    }
}
