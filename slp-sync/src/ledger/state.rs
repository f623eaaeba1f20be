//! What the lines of a ledger add up to.

use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use slp_model::{Location, Quoted, ReportId, Udi, UnixMillis};

use super::event::{AckEntry, Begin, Event, Record};
use super::line::{self, Found};
use crate::bundle::Plan;
use crate::error::{Error, ErrorKind, Result};
use crate::export::ExportedLeaf;
use crate::limits::Limits;
use crate::source::widen;

/// How far a bundle has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum BundleState {
    /// Planned or being written: it has no seal.
    Begun,
    /// Written; nothing came back yet.
    Exported,
    /// Some leaves are answered.
    PartlyAcked,
    /// Every report of every leaf is acknowledged.
    Acked,
    /// Given up.
    Void,
}

/// Where a report of a device stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ReportStatus {
    /// In no bundle that counts.
    New,
    /// In a bundle, not answered: do not export it again.
    Exported,
    /// Acknowledged: never export it again, the cloud answers `FAILED` (code).
    Acked,
    /// Refused by the cloud; it stays open.
    Refused,
}

/// What to do about a bundle that was begun and not sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resume {
    /// The file is there and right: append its seal.
    Seal,
    /// Write it again, with the same plan: the bytes will be the same. Then seal it.
    Rebuild,
    /// The leaves are no longer what they were: append [`Event::Void`] and start a new bundle.
    Void,
}

/// One bundle of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exported {
    /// When it was begun.
    pub time: UnixMillis,
    /// What it holds.
    pub begin: Begin,
    /// SHA-256 and size of the file, once it is there.
    pub seal: Option<([u8; 32], u64)>,
    /// Leaves that were answered, the answers of one leaf added up.
    pub acks: BTreeMap<String, AckEntry>,
    /// Leaves whose answer reached the device.
    pub delivered: BTreeSet<String>,
    /// Was it given up?
    pub void: bool,
    by_name: BTreeMap<Box<str>, usize>,
}

impl Exported {
    fn new(time: UnixMillis, begin: Begin) -> Self {
        let names = begin.leaves.iter().map(|leaf| leaf.leaf.as_str().into());
        Self {
            by_name: names.zip(0..).collect(),
            time,
            begin,
            seal: None,
            acks: BTreeMap::new(),
            delivered: BTreeSet::new(),
            void: false,
        }
    }

    /// How far it has come.
    pub fn state(&self) -> BundleState {
        let full = |leaf: &ExportedLeaf| !self.is_open(&leaf.leaf);
        match (self.void, self.seal) {
            (true, _) => BundleState::Void,
            (false, None) => BundleState::Begun,
            (false, Some(_)) if self.begin.leaves.iter().all(full) => BundleState::Acked,
            (false, Some(_)) if self.acks.is_empty() => BundleState::Exported,
            (false, Some(_)) => BundleState::PartlyAcked,
        }
    }

    /// Is a report of this leaf not acknowledged yet?
    pub fn is_open(&self, leaf: &str) -> bool {
        self.acks.get(leaf).is_none_or(|ack| ack.partial)
    }

    fn leaf(&self, name: &str) -> Option<&ExportedLeaf> {
        self.begin.leaves.get(*self.by_name.get(name)?)
    }
}

/// All bundles of one ledger, and what its next line has to say.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    seq: u64,
    prev: [u8; 32],
    bundles: BTreeMap<Arc<str>, Exported>,
    reports: BTreeMap<(Box<str>, ReportId), (ReportStatus, Arc<str>)>,
    /// Digests of bundle, leaf and answer: several leaves may be answered alike.
    answers: BTreeSet<[u8; 32]>,
}

impl Ledger {
    /// A ledger without lines.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a ledger. Returns it with the number of bytes that hold: the file is to be cut there before the next line
    /// is appended, because a line that a kill tore off is no line.
    ///
    /// # Errors
    /// [`ErrorKind::LedgerCorrupt`] if anything is damaged but a last line that a kill tore off, or if this is no ledger,
    /// the place names the line; [`ErrorKind::Limit`] (`ledger_line_bytes`, by default 1 GiB); [`ErrorKind::Io`].
    pub fn open(reader: impl BufRead) -> Result<(Self, u64)> {
        Self::open_with(reader, &Limits::default())
    }

    /// The same under other limits, of which `ledger_line_bytes` counts here.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with(mut reader: impl BufRead, limits: &Limits) -> Result<(Self, u64)> {
        let mut ledger = Self::new();
        let mut kept = 0_u64;
        let mut bytes = Vec::new();
        loop {
            let (number, is_first) = (ledger.seq.saturating_add(1), ledger.seq == 0);
            let found = line::read(&mut reader, &mut bytes, limits.ledger_line_bytes)?;
            match found {
                Found::Whole => {}
                Found::Rest if bytes.is_empty() || line::is_torn(&bytes, found, is_first) => break,
                Found::Rest => {
                    return Err(refusal(
                        number,
                        &bytes,
                        "it has no end; a kill may have torn it off, or a later version wrote it",
                    ));
                }
                Found::Foreign { ended } if !is_first && line::is_hole(&mut reader, &bytes, ended)? => break,
                Found::Foreign { .. } => return Err(refusal(number, &bytes, "no line of a ledger begins like this")),
            }
            let parsed = std::str::from_utf8(&bytes).map_err(|error| error.to_string()).and_then(Record::parse);
            let record = match parsed {
                Ok(record) => record,
                Err(reason) => {
                    let is_last = reader.fill_buf().map_err(Error::io)?.is_empty();
                    if is_last && line::is_torn(&bytes, found, is_first) {
                        break;
                    }
                    return Err(refusal(number, &bytes, &reason));
                }
            };
            if record.seq != number || record.prev != ledger.prev {
                return Err(corrupt(number, "it does not follow the line before it"));
            }
            ledger.check(&record.bundle, &record.event).map_err(|error| corrupt(number, error.message()))?;
            ledger.apply(record, &bytes);
            kept = kept.saturating_add(widen(bytes.len())).saturating_add(1);
        }
        Ok((ledger, kept))
    }

    /// The next line, LF included. Append it and sync before anything that depends on it is done.
    ///
    /// # Errors
    /// [`ErrorKind::LedgerState`] if the event is not possible now: a name that is taken, two leaves of one name, a seal
    /// without a beginning, an answer to a leaf that was not exported, the same answer again.
    pub fn append(&mut self, bundle: &str, time: UnixMillis, event: Event) -> Result<String> {
        self.check(bundle, &event)?;
        let seq = self.seq.saturating_add(1);
        let record = Record { seq, prev: self.prev, time, bundle: bundle.to_owned(), event };
        let mut line = record.to_line();
        self.apply(record, line.as_bytes());
        line.push('\n');
        Ok(line)
    }

    fn check(&self, bundle: &str, event: &Event) -> Result<()> {
        let refuse = |text: &str| {
            let text = format!("bundle {}: {text}", Quoted(bundle));
            Err(Error::new(ErrorKind::LedgerState, text))
        };
        let Some(exported) = self.bundles.get(bundle) else {
            let Event::Begin(begin) = event else { return refuse("it was never begun") };
            let mut names = BTreeSet::new();
            let is_one_each = begin.leaves.iter().all(|leaf| names.insert(leaf.leaf.as_str()));
            return if is_one_each { Ok(()) } else { refuse("two of its leaves have one name") };
        };
        match event {
            Event::Begin(_) => refuse("a bundle of this name was exported before"),
            _ if exported.void => refuse("it was given up"),
            Event::Seal { .. } if exported.seal.is_some() => refuse("it is sealed already"),
            Event::Ack(_) | Event::Delivered { .. } if exported.seal.is_none() => refuse("it was not written yet"),
            Event::Ack(ack) => match exported.leaf(&ack.leaf) {
                None => refuse("it has no such leaf"),
                Some(leaf) if !ack.reports.iter().chain(&ack.refused).all(|id| leaf.reports.contains(id)) => {
                    refuse("the answer names a report that the leaf does not hold")
                }
                Some(_) if self.is_applied(bundle, &ack.leaf, &ack.sha256) => refuse("this answer was applied before"),
                Some(_) => Ok(()),
            },
            Event::Delivered { leaf, .. } if !exported.acks.contains_key(leaf) => refuse("the leaf is not answered"),
            Event::Seal { .. } | Event::Delivered { .. } | Event::Void { .. } => Ok(()),
        }
    }

    /// Takes over a checked record.
    fn apply(&mut self, record: Record, line: &[u8]) {
        self.seq = record.seq;
        self.prev = Sha256::digest(line).into();
        let name: Arc<str> = record.bundle.into();
        if let Event::Begin(begin) = record.event {
            for leaf in &begin.leaves {
                for id in &leaf.reports {
                    let status = (ReportStatus::Exported, Arc::clone(&name));
                    let slot = self.reports.entry(key(&leaf.device, *id)).or_insert_with(|| status.clone());
                    if slot.0 != ReportStatus::Acked {
                        *slot = status;
                    }
                }
            }
            self.bundles.insert(name, Exported::new(record.time, begin));
            return;
        }
        let Some(exported) = self.bundles.get_mut(&name) else {
            return;
        };
        match record.event {
            Event::Begin(_) => {}
            Event::Seal { sha256, size } => exported.seal = Some((sha256, size)),
            Event::Delivered { leaf, .. } => drop(exported.delivered.insert(leaf)),
            Event::Void { .. } => {
                exported.void = true;
                self.reports.retain(|_, (status, bundle)| *bundle != name || *status == ReportStatus::Acked);
            }
            Event::Ack(ack) => {
                self.answers.insert(answer_key(&name, &ack.leaf, &ack.sha256));
                let index = exported.by_name.get(ack.leaf.as_str());
                let Some(leaf) = index.and_then(|index| exported.begin.leaves.get(*index)) else {
                    return;
                };
                let ids = ack.refused.iter().map(|id| (id, ReportStatus::Refused));
                for (id, status) in ids.chain(ack.reports.iter().map(|id| (id, ReportStatus::Acked))) {
                    let status = (status, Arc::clone(&name));
                    let slot = self.reports.entry(key(&leaf.device, *id)).or_insert_with(|| status.clone());
                    // What is acknowledged stays so: it must never go up again.
                    if slot.0 != ReportStatus::Acked {
                        *slot = status;
                    }
                }
                let sum = exported.acks.entry(ack.leaf.clone()).or_insert_with(|| ack.clone());
                sum.reports.extend(ack.reports);
                sum.reports.sort_unstable();
                sum.reports.dedup();
                sum.refused.extend(ack.refused);
                sum.refused.retain(|id| !sum.reports.contains(id));
                sum.refused.sort_unstable();
                sum.refused.dedup();
                sum.partial = !leaf.reports.iter().all(|id| sum.reports.contains(id));
            }
        }
    }

    /// The bundle of this name.
    pub fn bundle(&self, name: &str) -> Option<&Exported> {
        self.bundles.get(name)
    }

    /// All bundles, sorted by name.
    pub fn bundles(&self) -> impl Iterator<Item = (&str, &Exported)> {
        self.bundles.iter().map(|(name, exported)| (&**name, exported))
    }

    /// Bundles that were begun and neither sealed nor given up: a run was interrupted.
    pub fn unsealed(&self) -> impl Iterator<Item = (&str, &Exported)> {
        self.bundles().filter(|(_, exported)| exported.state() == BundleState::Begun)
    }

    /// Was this answer, by its SHA-256, applied to this leaf before? Applying it again changes nothing.
    pub fn is_applied(&self, bundle: &str, leaf: &str, sha256: &[u8; 32]) -> bool {
        self.answers.contains(&answer_key(bundle, leaf, sha256))
    }

    /// Where a report of a device stands.
    pub fn status(&self, device: &Udi, report: ReportId) -> ReportStatus {
        self.reports.get(&key(device, report)).map_or(ReportStatus::New, |(status, _)| *status)
    }

    /// The plan, its time moved on by as many milliseconds as its name is taken.
    ///
    /// # Errors
    /// [`ErrorKind::BadValue`] if there is no time left.
    pub fn free(&self, mut plan: Plan) -> Result<Plan> {
        while self.bundles.contains_key(plan.name().to_string().as_str()) {
            plan.at = UnixMillis::new(plan.at.get().saturating_add(1)).map_err(|error| {
                Error::new(ErrorKind::BadValue, "no time is left for a name").named("timestamp").caused_by(error)
            })?;
        }
        Ok(plan)
    }

    /// What to do about a bundle that was begun: `file` is the content digest of a file that has its final name, as
    /// reading it gives; `planned` is the content digest that the leaves give now.
    ///
    /// # Errors
    /// [`ErrorKind::LedgerState`] if the bundle is unknown or not unsealed.
    pub fn resume(&self, name: &str, file: Option<[u8; 32]>, planned: Option<[u8; 32]>) -> Result<Resume> {
        let Some(exported) = self.bundles.get(name).filter(|exported| exported.state() == BundleState::Begun) else {
            let text = format!("bundle {} waits for no seal", Quoted(name));
            return Err(Error::new(ErrorKind::LedgerState, text));
        };
        let wanted = Some(exported.begin.content_sha256);
        Ok(match (file == wanted, planned == wanted) {
            (true, _) => Resume::Seal,
            (false, true) => Resume::Rebuild,
            (false, false) => Resume::Void,
        })
    }
}

fn key(device: &Udi, report: ReportId) -> (Box<str>, ReportId) {
    // Pid and serial alone: what a UDI says besides is not always there.
    (format!("{}\t{}", device.pid(), device.serial()).into_boxed_str(), report)
}

fn answer_key(bundle: &str, leaf: &str, sha256: &[u8; 32]) -> [u8; 32] {
    let digest = Sha256::new().chain_update(bundle).chain_update("\n").chain_update(leaf).chain_update("\n");
    digest.chain_update(sha256).finalize().into()
}

/// Of a first line that begins like none the whole file is told.
fn refusal(number: u64, line: &[u8], reason: &str) -> Error {
    if number > 1 || line::begins_a_ledger(line) {
        return corrupt(number, reason);
    }
    let mut at = Location::default();
    at.line = Some(1);
    let text = "this is no ledger of exports: its first line begins no bundle; give the right file, or one that is not there yet";
    Error::new(ErrorKind::LedgerCorrupt, text).at(at).fatal()
}

fn corrupt(line: u64, reason: &str) -> Error {
    let mut at = Location::default();
    at.line = Some(line);
    let text = format!("the ledger is damaged in line {line}: {reason}; restore it from a copy");
    Error::new(ErrorKind::LedgerCorrupt, text).at(at).fatal()
}
