//! `slp ack split`: the answers of a bundle, brought to its devices.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;
use sha2::{Digest as _, Sha256};
use slp_sync::bundle::{
    Answer, Batch, ExportIndex, IndexedLeaf, Leaf, Pairing, Reader, Verdict, answer_file_name, answered_names,
    named_devices, pair, pair_by_device,
};
use slp_sync::ledger::{BundleState, Event, Ledger, Via};
use slp_sync::{Error, Limits};

use crate::Status;
use crate::arguments::Split;
use crate::console::{Messages, Session, Stop};
use crate::export_ledger::ExportLedger;
use crate::fault::Fault;
use crate::files::{Fresh, holds, place_all, settle_folder, sweep, unwritten};
use crate::input;
use crate::paths::bytes_to_read;

mod view; // what became of each answer, for people and programs

/// Files that are written before their folder and the ledger are brought to the disk.
const TOGETHER: usize = 64;

/// What became of the answer of one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Delivery {
    /// Its file is new.
    Written,
    /// Its file was there, or the ledger says that it was delivered before.
    AlreadyApplied,
}

pub(crate) fn split(arguments: &Split, session: &mut Session<'_>) -> Result<Status, Stop> {
    let mut ledger = arguments.ledger.as_deref().map(ExportLedger::existing).transpose()?;
    if let Some(ledger) = &ledger {
        ledger.tell(&mut session.messages);
    }
    let index = index(arguments, ledger.as_ref(), &mut session.messages)?;
    let limits = limits(arguments);
    let stop = |error: Error| Stop::Data(format!("{error}; nothing was delivered"));
    let searched = match &index {
        Looked::ByName(_) => None,
        Looked::ByDevice(_) => ledger.as_ref().map(ExportLedger::ledger),
    };
    let index = index.index();
    let (pairing, broken) = {
        let mut reader = open(&arguments.ack, &limits, &mut session.messages)?;
        let paired = match searched {
            None => pair(index, &mut reader),
            Some(ledger) => pair_by_device(index, ledger, &mut reader),
        };
        paired.map_err(stop)?
    };
    let is_searched = searched.is_some();
    for error in &broken {
        session.messages.fault(&Fault::of_bundle(error));
    }
    // The ledger knows the bundle only if it was exported with it.
    let is_known = |ledger: &ExportLedger| is_searched || ledger.ledger().bundle(index.bundle()).is_some();
    let noted = ledger.as_mut().filter(|ledger| is_known(ledger));
    if arguments.ledger.is_some() && noted.is_none() {
        let text = format!("bundle {} is not in the ledger", index.bundle());
        return Err(Stop::Data(text));
    }
    fs::create_dir_all(&arguments.output).map_err(|error| unwritten(&arguments.output, &error))?;
    sweep(&arguments.output);
    let at = arguments.at.unwrap_or(session.now.to_millis());
    let mut delivering = Delivering {
        pairing: &pairing,
        index,
        output: &arguments.output,
        ledger: noted,
        at,
        deliveries: Vec::new(),
        waiting: Vec::new(),
        faults: Vec::new(),
    };
    let delivered = {
        let mut reader = open(&arguments.ack, &limits, &mut session.messages)?;
        delivering.deliver(&mut reader)
    };
    let Delivering { mut deliveries, faults, .. } = delivering;
    deliveries.sort_unstable_by_key(|(index, _)| *index);
    session.messages.end_of_input();
    delivered?;
    for fault in &faults {
        session.messages.fault(fault);
    }
    let searched = ledger.as_ref().filter(|_| is_searched);
    let searched = searched.map(|ledger| view::Bundles::of(ledger.ledger(), &pairing, index));
    let split = view::Split { index, pairing: &pairing, deliveries: &deliveries, searched };
    let is_whole = split.state() == BundleState::Acked && broken.is_empty() && faults.is_empty();
    session.messages.fail(!is_whole);
    if arguments.json {
        split.write_json(&mut session.output)?;
    } else {
        split.show(session)?;
    }
    Ok(Status::of_errors(!is_whole))
}

/// How both bundles are read.
fn limits(arguments: &Split) -> Limits {
    let mut limits = Limits::bulk();
    limits.leaf = arguments.costs.options();
    limits.leaf_bytes = u64::try_from(limits.leaf.limits.document_bytes).unwrap_or(u64::MAX);
    limits
}

/// What an answer is looked up in, and by what.
enum Looked {
    /// One bundle: by the names of leaves first.
    ByName(ExportIndex),
    /// All bundles of the ledger.
    ByDevice(ExportIndex),
}

impl Looked {
    fn index(&self) -> &ExportIndex {
        match self {
            Self::ByName(index) | Self::ByDevice(index) => index,
        }
    }
}

/// What the answer is looked up in: the bundle itself, or what the ledger says about it; about all bundles, if that is asked
/// for.
fn index(arguments: &Split, ledger: Option<&ExportLedger>, messages: &mut Messages<'_>) -> Result<Looked, Stop> {
    let names = answered_names(&arguments.ack.to_string_lossy());
    let exported = ledger.and_then(|ledger| names.iter().find_map(|name| Some((name, ledger.ledger().bundle(name)?))));
    let Some(bundle) = &arguments.bundle else {
        let answer = arguments.ack.display();
        return match (exported, ledger) {
            (Some((name, exported)), _) if !arguments.by_udi => {
                Ok(Looked::ByName(ExportIndex::of_ledger(name, exported)))
            }
            (_, Some(ledger)) if arguments.by_udi => by_device(arguments, ledger.ledger(), messages),
            (_, ledger) => {
                let is_empty = ledger.is_none_or(|ledger| ledger.ledger().bundles().next().is_none());
                let text = if is_empty {
                    "answers no bundle of this ledger, which has none: give the bundle with --bundle, if it is one of yours"
                } else {
                    "its name is that of no bundle in this ledger: give --by-udi, and its leaves are looked up by device \
                     and reports, or the bundle with --bundle"
                };
                Err(Stop::Data(format!("{answer}: {text} (bundle-unknown)")))
            }
        };
    };
    let own = bundle.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    // a copy may have any name: the ledger knows it by the one that is answered
    let name = exported.map_or(own.as_str(), |(name, _)| name);
    if !names.iter().any(|answered| answered == name) {
        messages.note(&format!("by its name {} does not answer {own}", arguments.ack.display()));
    }
    let limits = limits(arguments);
    let (index, broken) = {
        let mut reader = open(bundle, &limits, messages)?;
        ExportIndex::read(name, &mut reader).map_err(|error| Stop::Data(error.to_string()))?
    };
    for error in &broken {
        messages.fault(&Fault::of_bundle(error));
    }
    Ok(Looked::ByName(index))
}

/// The devices that the answer names, in all bundles: no more is held than the answer is about.
fn by_device(arguments: &Split, ledger: &Ledger, messages: &mut Messages<'_>) -> Result<Looked, Stop> {
    let mut reader = open(&arguments.ack, &limits(arguments), messages)?;
    let devices = named_devices(&mut reader).map_err(|error| Stop::Data(format!("{error}; nothing was delivered")))?;
    Ok(Looked::ByDevice(ExportIndex::of_devices(ledger, &devices)))
}

/// Reads a file and shows how far it is.
struct Shown<'m, 'a> {
    file: fs::File,
    messages: &'m mut Messages<'a>,
}

impl io::Read for Shown<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let amount = self.file.read(buffer)?;
        self.messages.done(0, u64::try_from(amount).unwrap_or(u64::MAX));
        Ok(amount)
    }
}

fn open<'m, 'a>(path: &Path, limits: &Limits, messages: &'m mut Messages<'a>) -> Result<Reader<Shown<'m, 'a>>, Stop> {
    let file = input::open(path).map_err(|error| Stop::Data(Fault::io(&path.to_string_lossy(), &error).to_string()))?;
    messages.expect_more(bytes_to_read(&[path.to_owned()]));
    Ok(Reader::new(Shown { file, messages }, limits).named(&path.to_string_lossy()))
}

struct Delivering<'a, 'l> {
    pairing: &'a Pairing<'a>,
    index: &'a ExportIndex,
    output: &'a Path,
    ledger: Option<&'l mut ExportLedger>,
    at: slp_model::UnixMillis,
    /// The leaves of the answer that were delivered, by their number, in order.
    deliveries: Vec<(u64, Delivery)>,
    /// Leaves whose files are to be placed; no file: it is there.
    waiting: Vec<(u64, PathBuf, Option<Fresh>)>,
    faults: Vec<Fault>,
}

impl Delivering<'_, '_> {
    /// Reads the answer again and writes what is to be delivered.
    fn deliver<R: io::Read>(&mut self, reader: &mut Reader<R>) -> Result<(), Stop> {
        let mut batch = Batch::new();
        let stop = |error: Error| Stop::Data(error.to_string());
        while reader.fill(&mut batch).map_err(stop)? {
            for leaf in batch.drain().flatten() {
                let answer = self.pairing.answer(leaf.index).filter(|answer| answer.verdict == Verdict::Acked);
                let Some(answer) = answer else { continue };
                if answer.sha256 != <[u8; 32]>::from(Sha256::digest(&leaf.bytes)) {
                    self.sync()?;
                    let text = "the answer changed while it was read: what was delivered is of the file before";
                    return Err(Stop::Data(format!("{}: {text}; start again", leaf.place())));
                }
                if let Some(exported) = answer.exported.and_then(|at| self.index.leaf(at)) {
                    self.one(&leaf, &answer, &exported)?;
                }
            }
        }
        self.sync()
    }

    fn one(&mut self, leaf: &Leaf<'_>, answer: &Answer<'_>, exported: &IndexedLeaf<'_>) -> Result<(), Stop> {
        let ledger = self.ledger.as_ref().map(|ledger| ledger.ledger());
        let known = ledger.is_some_and(|ledger| ledger.is_applied(exported.bundle, exported.leaf, &answer.sha256));
        let delivered = ledger.and_then(|ledger| ledger.bundle(exported.bundle));
        if known && delivered.is_some_and(|bundle| bundle.delivered.contains(exported.leaf)) {
            self.deliveries.push((leaf.index, Delivery::AlreadyApplied));
            return Ok(());
        }
        let path = self.output.join(answer_file_name(exported.device));
        match begin(&path, &leaf.bytes) {
            Ok(file) => self.waiting.push((leaf.index, path, file)),
            Err(error) => self.failed(&path, &error)?,
        }
        if self.waiting.len() >= TOGETHER { self.sync() } else { Ok(()) }
    }

    /// An answer that could not be written. What was before it is whole, and noted, even if this is the end.
    fn failed(&mut self, path: &Path, error: &io::Error) -> Result<(), Stop> {
        if error.kind() == io::ErrorKind::AlreadyExists {
            let text = "it is there with other bytes, and is not overwritten: the answer is not delivered";
            self.faults.push(Fault::of_file("exists", &path.to_string_lossy(), text));
            return Ok(());
        }
        self.sync()?;
        Err(unwritten(path, error))
    }

    /// The files have their names on the disk, then the ledger says so.
    fn sync(&mut self) -> Result<(), Stop> {
        let waiting = std::mem::take(&mut self.waiting);
        let (mut files, mut marks) = (Vec::new(), Vec::new());
        for (index, path, file) in waiting {
            marks.push((index, path, file.is_some()));
            files.extend(file);
        }
        let mut placed = place_all(files).into_iter();
        let mut broken = None;
        for (index, path, is_new) in marks {
            let Some(answer) = self.pairing.answer(index) else { continue };
            let delivery = match if is_new { placed.next() } else { None } {
                None => Ok(Delivery::AlreadyApplied),
                Some(Ok(())) => Ok(Delivery::Written),
                // another run was quicker: with the same answer that is no harm
                Some(Err(error)) if error.kind() == io::ErrorKind::AlreadyExists => is_digest(&path, &answer.sha256),
                Some(Err(error)) => Err(error),
            };
            match delivery {
                Ok(delivery) => self.note(&answer, delivery)?,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => self.failed(&path, &error)?,
                Err(error) => broken = broken.or(Some((path, error))),
            }
        }
        settle_folder(self.output).map_err(|error| unwritten(self.output, &error))?;
        self.ledger.as_mut().map_or(Ok(()), |ledger| ledger.sync())?;
        broken.map_or(Ok(()), |(path, error)| Err(unwritten(&path, &error)))
    }

    fn note(&mut self, answer: &Answer<'_>, delivery: Delivery) -> Result<(), Stop> {
        self.deliveries.push((answer.index, delivery));
        let Some(exported) = answer.exported.and_then(|at| self.index.leaf(at)) else { return Ok(()) };
        let Some(ledger) = &mut self.ledger else { return Ok(()) };
        let bundle = exported.bundle;
        let known = ledger.ledger().is_applied(bundle, exported.leaf, &answer.sha256);
        if let Some(event) = self.pairing.event(answer).filter(|_| !known) {
            ledger.note(bundle, self.at, event)?;
        }
        ledger.note(bundle, self.at, Event::delivered(exported.leaf, Via::File))
    }
}

/// Is that answer there? `AlreadyExists`: another one is.
fn is_digest(path: &Path, sha256: &[u8; 32]) -> io::Result<Delivery> {
    let mut digest = Sha256::new();
    let mut file = input::open(path)?;
    let mut buffer = vec![0; 64 << 10];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            amount => digest.update(buffer.get(..amount).unwrap_or_default()),
        }
    }
    let is_same = *sha256 == <[u8; 32]>::from(digest.finalize());
    if is_same { Ok(Delivery::AlreadyApplied) } else { Err(io::ErrorKind::AlreadyExists.into()) }
}

/// Begins the file of an answer; none if it is there. `AlreadyExists`: there is another one.
fn begin(path: &Path, bytes: &[u8]) -> io::Result<Option<Fresh>> {
    begin_by(path, bytes, Fresh::create)
}

fn begin_by(path: &Path, bytes: &[u8], create: impl FnOnce(&Path) -> io::Result<Fresh>) -> io::Result<Option<Fresh>> {
    let is_there = || if holds(path, bytes)? { Ok(None) } else { Err(io::Error::from(io::ErrorKind::AlreadyExists)) };
    match is_there() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        there => return there,
    }
    let mut file = match create(path) {
        // another run was quicker since: with the same answer that is no harm
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return is_there(),
        file => file?,
    };
    file.write_all(bytes)?;
    Ok(Some(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_run_may_deliver_between_the_look_and_the_making_of_the_file() {
        let folder = std::env::temp_dir().join(format!("slp-quicker-{}", std::process::id()));
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(&folder).unwrap();
        let quicker = |name: &str, theirs: &[u8]| {
            begin_by(&folder.join(name), b"ours", |path| {
                fs::write(path, theirs).unwrap();
                Fresh::create(path)
            })
        };
        assert!(quicker("same", b"ours").unwrap().is_none());
        assert_eq!(quicker("other", b"theirs").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        fs::remove_dir_all(&folder).unwrap();
    }
}
