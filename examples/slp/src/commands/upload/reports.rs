//! From files, folders and bundles to the reports of devices.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Seek as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};
use slp_model::{ReportId, Udi};
use slp_rum::{Document, ReadOptions};
use slp_sync::bundle::{Batch, Reader as BundleReader};
use slp_transport::DeviceUsage;

use crate::arguments::Sources;
use crate::console::Session;
use crate::fault::Fault;
use crate::input::{Reader, open};
use crate::paths::{Found, Walk};

/// Reports that are to be sent, by device in the order in which they came.
#[derive(Default)]
struct Collected {
    places: BTreeMap<Udi, usize>,
    devices: Vec<DeviceUsage>,
    /// The same report from two files goes once.
    seen: BTreeSet<Key>,
}

/// Device, id and SHA-256 of the payload.
type Key = (Udi, ReportId, [u8; 32]);

/// A report that was found.
struct One {
    id: ReportId,
    sha256: [u8; 32],
    device: Udi,
    usage: DeviceUsage,
}

impl One {
    fn key(&self) -> Key {
        (self.device.clone(), self.id, self.sha256)
    }
}

/// Everything the paths lead to, and whether something could not be read.
pub(super) fn read(sources: &Sources, session: &mut Session<'_>) -> (Vec<DeviceUsage>, bool) {
    let options = sources.costs.options();
    let mut collected = Collected::default();
    let reader = Reader::new(options.clone(), &mut *session.input);
    let mut faults = Vec::new();
    let mut bytes = Vec::new();
    for found in Walk::new(sources.paths.clone()) {
        let (name, read) = match found {
            Found::Fault(fault) => {
                faults.push(fault.to_string());
                continue;
            }
            // What `slp pull` keeps beside the reports.
            Found::Skipped { name, .. } if Path::new(&name).ends_with(crate::commands::pull::found::NAME) => continue,
            Found::Skipped { name, why } => {
                session.messages.skipped(&name, why);
                continue;
            }
            Found::Input => ("<stdin>".to_owned(), reader.standard_input(&mut bytes)),
            Found::File(path) if is_archive(&path) => {
                collected.bundle(&path, &reader.bundle_limits(), &options, &mut faults);
                continue;
            }
            Found::File(path) => {
                let name = path.to_string_lossy().into_owned();
                let read = reader.file(&path, &name, &mut bytes);
                (name, read)
            }
        };
        match read {
            Ok(()) => {
                let mut found = Vec::new();
                document(&name, &bytes, &options, &mut found, &mut faults);
                collected.take(found);
            }
            Err(fault) => faults.push(fault.to_string()),
        }
    }
    session.messages.end_of_input();
    for fault in &faults {
        session.messages.error(fault);
    }
    (collected.devices, !faults.is_empty())
}

/// The reports of a document.
fn document(name: &str, bytes: &[u8], options: &ReadOptions, found: &mut Vec<One>, faults: &mut Vec<String>) {
    let document = match Document::parse_with(bytes, options) {
        Ok(document) => document,
        Err(error) => return faults.push(Fault::in_file(name, error).to_string()),
    };
    for report in document.reports() {
        let report = match report {
            Ok(report) => report,
            Err(error) => {
                let is_fatal = error.is_fatal();
                faults.push(Fault::in_file(name, error).to_string());
                if is_fatal {
                    return;
                }
                continue;
            }
        };
        match DeviceUsage::group([&report]) {
            Ok(devices) => found.extend(devices.into_iter().map(|usage| One {
                id: report.id(),
                sha256: Sha256::digest(report.payload_text()).into(),
                device: report.device().clone(),
                usage,
            })),
            Err(error) => faults.push(format!("{name}: {error}")),
        }
    }
}

impl Collected {
    fn take(&mut self, found: Vec<One>) {
        for one in found {
            if !self.seen.insert(one.key()) {
                continue;
            }
            let One { device, mut usage, .. } = one;
            let place = *self.places.entry(device).or_insert(self.devices.len());
            match self.devices.get_mut(place) {
                Some(known) => known.usage.append(&mut usage.usage),
                None => self.devices.push(usage),
            }
        }
    }

    /// The reports of a bundle. Of one that breaks off none is taken: its checksum stands at its end. Until then each is kept
    /// once: a small bundle may hold the same report very many times.
    fn bundle(&mut self, path: &Path, limits: &slp_sync::Limits, options: &ReadOptions, faults: &mut Vec<String>) {
        let name = path.to_string_lossy().into_owned();
        let file = match open(path) {
            Ok(file) => file,
            Err(error) => return faults.push(Fault::io(&name, &error).to_string()),
        };
        let mut reader = BundleReader::new(file, limits).named(&name);
        let (mut batch, mut found, mut seen) = (Batch::new(), Vec::new(), BTreeSet::new());
        loop {
            match reader.fill(&mut batch) {
                Ok(true) => {}
                Ok(false) => return self.take(found),
                Err(error) => return faults.push(format!("{error}; nothing of this bundle is uploaded")),
            }
            for leaf in batch.drain() {
                let mut read = Vec::new();
                match leaf {
                    Ok(leaf) => document(&leaf.place().to_string(), &leaf.bytes, options, &mut read, faults),
                    Err(error) => faults.push(error.to_string()),
                }
                found.extend(read.into_iter().filter(|one| !self.seen.contains(&one.key()) && seen.insert(one.key())));
            }
        }
    }
}

/// Does the file begin as an archive does? What cannot be opened is told elsewhere.
fn is_archive(path: &Path) -> bool {
    let Ok(mut file) = open(path) else {
        return false;
    };
    let mut head = [0; 2];
    if file.read_exact(&mut head).is_err() {
        return false;
    }
    let mut mark = [0; 5];
    let is_tar = file.seek(std::io::SeekFrom::Start(257)).is_ok() && file.read_exact(&mut mark).is_ok();
    head == [0x1f, 0x8b] || (is_tar && &mark == b"ustar")
}
