//! Acknowledgements that came back for reports.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use slp_model::{ReportId, Udi};
use slp_rum::continuity::Facts;
use slp_rum::{AckStatus, Content, Document};

use crate::arguments::Check;
use crate::console::{Session, Stop};
use crate::fault::Fault;
use crate::input::Input;
use crate::pipeline::{self, Sum};
use crate::wording::count_of;

/// What acknowledgements say.
#[derive(Debug, Default)]
struct Acks {
    /// Reports that were taken, with the device where it is named.
    taken: BTreeSet<(Option<Udi>, ReportId)>,
    /// Members that name no report.
    opaque: u64,
}

impl Sum for Acks {
    fn add(&mut self, other: Self) {
        self.taken.extend(other.taken);
        self.opaque = self.opaque.saturating_add(other.opaque);
    }

    fn reject(&mut self) {}
}

/// Reads the acknowledgements and matches them with the devices of the reports. All devices that were read are judged:
/// one that no acknowledgement names has none.
pub(super) fn add(
    arguments: &Check,
    session: &mut Session<'_>,
    devices: &BTreeSet<Udi>,
    facts: &mut Facts,
    faults: &mut Vec<Fault>,
) -> Result<(), Stop> {
    let is_input = |paths: &[PathBuf]| paths.iter().any(|path| path.as_os_str() == "-");
    if is_input(&arguments.acks) && is_input(&arguments.sources.paths) {
        return Err(Stop::Call("standard input can be read once: give - once".to_owned()));
    }
    let mut sources = arguments.sources.clone();
    sources.paths.clone_from(&arguments.acks);
    let acks = pipeline::gather(&sources, session, read, |_, fault| faults.push(fault))?;
    facts.deadline = arguments.ack_deadline;
    let mut acknowledged: BTreeMap<_, BTreeSet<_>> =
        devices.iter().map(|device| (device.clone(), BTreeSet::new())).collect();
    let mut unmatched = acks.opaque;
    for (device, report) in acks.taken {
        // without a device it can only be that of the only one
        let only = devices.first().filter(|_| devices.len() == 1);
        match device.as_ref().or(only) {
            Some(device) => drop(acknowledged.entry(device.clone()).or_default().insert(report)),
            None => unmatched = unmatched.saturating_add(1),
        }
    }
    facts.acknowledged = acknowledged;
    if unmatched > 0 {
        let many = count_of(unmatched, "acknowledgement names", "acknowledgements name");
        session.messages.note(&format!("{many} no device or no report, and none is marked by it"));
    }
    Ok(())
}

fn read(acks: &mut Acks, faults: &mut Vec<Fault>, input: &Input<'_>) {
    let document = match Document::parse_with(input.bytes, input.options) {
        Ok(document) => document,
        Err(error) => return faults.push(input.fault(error)),
    };
    for content in document.contents() {
        match content {
            Ok(Content::Acknowledgement(ack)) => {
                let taken = ack.view().named().filter(|ack| ack.status == AckStatus::Acknowledged);
                acks.taken.extend(taken.map(|ack| (ack.device.clone(), ack.report)));
                let opaque = u64::try_from(ack.view().opaque().count()).unwrap_or(u64::MAX);
                acks.opaque = acks.opaque.saturating_add(opaque);
            }
            Ok(_) => {}
            Err(error) => faults.push(input.fault(error)),
        }
    }
}
