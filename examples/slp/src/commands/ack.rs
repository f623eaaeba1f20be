//! `slp ack split`: the answers of a bundle, brought to its devices.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use serde::Serialize;
use sha2::{Digest as _, Sha256};
use slp_model::Udi;
use slp_sync::bundle::{
    Answer, Batch, ExportIndex, Leaf, Pairing, Reader, Verdict, answer_file_name, answered_names, pair,
};
use slp_sync::ledger::{BundleState, Event, Via};
use slp_sync::{Error, Limits};

use crate::Status;
use crate::arguments::Split;
use crate::console::{Messages, Session, Stop};
use crate::export_ledger::ExportLedger;
use crate::fault::Fault;
use crate::files::{Fresh, holds, settle_folder, sweep, unwritten};
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
    let index = index(arguments, ledger.as_ref(), &mut session.messages)?;
    let limits = limits(arguments);
    let stop = |error: Error| Stop::Data(format!("{error}; nothing was delivered"));
    let (pairing, broken) = {
        let mut reader = open(&arguments.ack, &limits, &mut session.messages)?;
        pair(&index, &mut reader).map_err(stop)?
    };
    for error in &broken {
        session.messages.fault(&Fault::of_bundle(error));
    }
    // The ledger knows the bundle only if it was exported with it.
    let noted = ledger.as_mut().filter(|ledger| ledger.ledger().bundle(index.bundle()).is_some());
    if arguments.ledger.is_some() && noted.is_none() {
        let text = format!("bundle {} is not in the ledger", index.bundle());
        return Err(Stop::Data(text));
    }
    fs::create_dir_all(&arguments.output).map_err(|error| unwritten(&arguments.output, &error))?;
    sweep(&arguments.output);
    let at = arguments.at.unwrap_or(session.now.to_millis());
    let mut delivering = Delivering {
        pairing: &pairing,
        index: &index,
        output: &arguments.output,
        ledger: noted,
        at,
        deliveries: Vec::new(),
        waiting: 0,
        faults: Vec::new(),
    };
    let delivered = {
        let mut reader = open(&arguments.ack, &limits, &mut session.messages)?;
        delivering.deliver(&mut reader)
    };
    let Delivering { deliveries, faults, .. } = delivering;
    session.messages.end_of_input();
    delivered?;
    for fault in &faults {
        session.messages.fault(fault);
    }
    let split = view::Split { index: &index, pairing: &pairing, deliveries: &deliveries };
    if arguments.json {
        split.write_json(&mut session.output)?;
    } else {
        split.show(session)?;
    }
    let is_whole = pairing.state() == BundleState::Acked && broken.is_empty() && faults.is_empty();
    Ok(Status::of_errors(!is_whole))
}

/// How both bundles are read.
fn limits(arguments: &Split) -> Limits {
    let mut limits = Limits::bulk();
    limits.leaf = arguments.costs.options();
    limits.leaf_bytes = u64::try_from(limits.leaf.limits.document_bytes).unwrap_or(u64::MAX);
    limits
}

/// What the answer is looked up in: the bundle itself, or what the ledger says about it.
fn index(arguments: &Split, ledger: Option<&ExportLedger>, messages: &mut Messages<'_>) -> Result<ExportIndex, Stop> {
    let names = answered_names(&arguments.ack.to_string_lossy());
    let exported = ledger.and_then(|ledger| names.iter().find_map(|name| Some((name, ledger.ledger().bundle(name)?))));
    let Some(bundle) = &arguments.bundle else {
        let Some((name, exported)) = exported else {
            let text = "answers no bundle of this ledger: give the bundle with --bundle, if it is one of yours";
            return Err(Stop::Data(format!("{}: {text} (bundle-unknown)", arguments.ack.display())));
        };
        return Ok(ExportIndex::of_ledger(name, exported));
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
    Ok(index)
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
    waiting: usize,
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
                    self.one(&leaf, &answer, exported.leaf, exported.device)?;
                }
            }
        }
        self.sync()
    }

    fn one(&mut self, leaf: &Leaf<'_>, answer: &Answer<'_>, exported: &str, device: &Udi) -> Result<(), Stop> {
        let bundle = self.index.bundle();
        let ledger = self.ledger.as_ref().map(|ledger| ledger.ledger());
        let known = ledger.is_some_and(|ledger| ledger.is_applied(bundle, exported, &answer.sha256));
        let delivered = self.ledger.as_ref().and_then(|ledger| ledger.ledger().bundle(bundle));
        if known && delivered.is_some_and(|bundle| bundle.delivered.contains(exported)) {
            self.deliveries.push((leaf.index, Delivery::AlreadyApplied));
            return Ok(());
        }
        let path = self.output.join(answer_file_name(device));
        let delivery = match write(&path, &leaf.bytes) {
            Ok(delivery) => delivery,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let text = "it is there with other bytes, and is not overwritten: the answer is not delivered";
                self.faults.push(Fault::of_file("exists", &path.to_string_lossy(), text));
                return Ok(());
            }
            Err(error) => {
                // what was written so far is whole, and noted
                self.sync()?;
                return Err(unwritten(&path, &error));
            }
        };
        self.deliveries.push((leaf.index, delivery));
        if let Some(ledger) = &mut self.ledger {
            if let Some(event) = self.pairing.event(answer).filter(|_| !known) {
                ledger.note(bundle, self.at, event)?;
            }
            ledger.note(bundle, self.at, Event::delivered(exported, Via::File))?;
        }
        self.waiting = self.waiting.saturating_add(1);
        if self.waiting >= TOGETHER { self.sync() } else { Ok(()) }
    }

    /// The files have their names on the disk, then the ledger says so.
    fn sync(&mut self) -> Result<(), Stop> {
        if std::mem::take(&mut self.waiting) > 0 {
            settle_folder(self.output).map_err(|error| unwritten(self.output, &error))?;
        }
        self.ledger.as_mut().map_or(Ok(()), |ledger| ledger.sync())
    }
}

/// Writes an answer. `AlreadyExists`: there is another one.
fn write(path: &Path, bytes: &[u8]) -> io::Result<Delivery> {
    let compared =
        |is_same| if is_same { Ok(Delivery::AlreadyApplied) } else { Err(io::ErrorKind::AlreadyExists.into()) };
    match holds(path, bytes) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        found => return found.and_then(compared),
    }
    let mut file = Fresh::create(path)?;
    file.write_all(bytes)?;
    match file.place() {
        Ok(_) => Ok(Delivery::Written),
        // another run was quicker: with the same answer that is no harm
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => holds(path, bytes).and_then(compared),
        Err(error) => Err(error),
    }
}
