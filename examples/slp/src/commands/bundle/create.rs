//! `slp bundle create`: a bundle out of files of devices.

use std::fs;
use std::io::{Read as _, Write as _};
use std::num::NonZero;
use std::path::{Path, PathBuf, is_separator};

use serde::Serialize;
use sha2::{Digest as _, Sha256};
use slp_model::ReportId;
use slp_sync::ExportedLeaf;
use slp_sync::bundle::{
    BundleName, Composer, Content, LeafDigest, LeafName, Plan, Sealed, Split, VirtualAccount, Writer,
};
use slp_sync::gzip::Deflater;
use slp_sync::ledger::{Begin, Event, Exported, Ledger, ReportStatus, Resume};

use super::plan::{Device, Found};
use crate::Status;
use crate::arguments::Create;
use crate::console::{Messages, Session, Stop};
use crate::export_ledger::ExportLedger;
use crate::files::{Fresh, Spool, unbundled, unwritten};
use crate::input::Reader;
use crate::printable::{json, printable};
use crate::wording::{count_of, grouped};

/// What came of it, for people and programs.
#[derive(Serialize)]
struct Report<'w> {
    bundle: &'w str,
    file: String,
    devices: u64,
    reports: u64,
    bytes: u64,
    sha256: String,
    content_sha256: String,
    /// Reports of which versions contradict each other.
    conflicts: u64,
    left_out: u64,
    /// Devices without a new report.
    known: u64,
}

pub(super) fn run(arguments: &Create, session: &mut Session<'_>) -> Result<Status, Stop> {
    let at = arguments.at.unwrap_or(session.now.to_millis());
    let mut plan = Plan::new(arguments.smart_account.as_str(), at);
    plan.virtual_accounts = vec![VirtualAccount::new(arguments.virtual_account.as_str(), "")];
    let mut ledger = arguments.ledger.as_deref().map(ExportLedger::open).transpose()?;
    if let Some(ledger) = &ledger {
        ledger.tell(&mut session.messages);
    }
    let options = arguments.sources.costs.options();
    let composer = Composer::with(options.clone()).privacy(arguments.withhold.unwrap_or_default());
    let found = Found::read(&arguments.sources, &composer, session)?;
    if arguments.strict && found.left_out > 0 {
        let files = count_of(found.left_out, "file", "files");
        return Err(Stop::Data(format!(
            "{files} cannot go into a bundle, and --strict was asked for: nothing is written"
        )));
    }
    output_folder(&arguments.output)?;
    let reader = Reader::new(options, &mut *session.input);
    let messages = &mut session.messages;
    let mut job = Job { arguments, found: &found, composer: &composer, reader: &reader, messages, written: Vec::new() };
    let ended = match &mut ledger {
        None => job.without_ledger(&plan),
        Some(ledger) => job.with_ledger(&plan, ledger),
    };
    // bundles that are whole are there, whatever became of the next one
    let written = job.written;
    let known = found.devices.iter().filter(|device| !device.is_written.get()).count();
    for (index, one) in written.iter().enumerate() {
        let report = Report {
            bundle: &one.sealed.name,
            file: one.file.display().to_string(),
            devices: one.devices,
            reports: one.reports,
            bytes: one.sealed.size,
            sha256: one.sealed.sha256_hex(),
            content_sha256: one.sealed.content_sha256_hex(),
            conflicts: one.conflicts,
            left_out: found.left_out,
            known: u64::try_from(known).unwrap_or(u64::MAX),
        };
        if arguments.json {
            writeln!(session.output, "{}", json(&report)?)?;
        } else {
            show(&report, index.saturating_add(1) == written.len(), session)?;
        }
    }
    ended?;
    if written.is_empty() {
        let why = if found.devices.is_empty() {
            "not one file of a device was read"
        } else {
            "no device has a report that was not exported before"
        };
        session.messages.note(&format!("{why}: nothing is written"));
    }
    Ok(Status::of_errors(found.left_out > 0))
}

fn show(report: &Report<'_>, is_last: bool, session: &mut Session<'_>) -> Result<(), Stop> {
    let output = &mut session.output;
    let (devices, reports) =
        (count_of(report.devices, "device", "devices"), count_of(report.reports, "report", "reports"));
    writeln!(output, "bundle   {}", printable(report.bundle))?;
    writeln!(output, "file     {}, {} bytes", printable(&report.file), grouped(report.bytes))?;
    writeln!(output, "holds    {devices}, {reports}")?;
    writeln!(output, "sha256   {}", report.sha256)?;
    writeln!(output, "content  {}", report.content_sha256)?;
    if report.known > 0 && is_last {
        writeln!(output, "left out {} without a new report", count_of(report.known, "device", "devices"))?;
    }
    if report.left_out > 0 && is_last {
        writeln!(output, "left out {}, see above", count_of(report.left_out, "file", "files"))?;
    }
    let is_its_name = Path::new(&report.file).file_name().is_some_and(|name| name == report.bundle);
    if !is_its_name {
        session.messages.note(&format!("answers come back under the name ACK_{}", report.bundle));
    }
    Ok(())
}

struct Written {
    sealed: Sealed,
    file: PathBuf,
    devices: u64,
    reports: u64,
    conflicts: u64,
}

struct Job<'a, 'm> {
    arguments: &'a Create,
    found: &'a Found,
    composer: &'a Composer,
    reader: &'a Reader<'a>,
    messages: &'a mut Messages<'m>,
    written: Vec<Written>,
}

impl<'a> Job<'a, '_> {
    fn file(&self, plan: &Plan) -> PathBuf {
        output_file(&self.arguments.output, &plan.name())
    }

    fn without_ledger(&mut self, plan: &Plan) -> Result<(), Stop> {
        let mut plan = plan.clone();
        for devices in self.portions(&|_, _| true)? {
            let path = self.file(&plan);
            let fresh = Fresh::create(&path).map_err(|error| unwritten(&path, &error))?;
            self.write(&plan, fresh, path, &devices, &|_, _| true, None)?;
            plan = plan.further();
        }
        Ok(())
    }

    /// Finishes what an interrupted run began; then writes bundles of what was not exported before, if there is any.
    fn with_ledger(&mut self, plan: &Plan, ledger: &mut ExportLedger) -> Result<(), Stop> {
        let open = ledger.ledger().unsealed().next().map(|(name, begun)| (name.to_owned(), begun.clone()));
        if let Some((name, begun)) = open {
            self.resume(plan, &name, &begun, ledger)?;
        }
        let portions = self.portions(&|device, id| is_open(ledger.ledger(), device, id))?;
        for devices in portions {
            let plan = ledger.ledger().free(plan.clone()).map_err(|error| Stop::Call(error.to_string()))?;
            let path = self.file(&plan);
            if path.exists() {
                let text = format!("{}: it exists: give another name, or remove it", path.display());
                return Err(Stop::Data(text));
            }
            let begin = {
                let known = ledger.ledger();
                self.begin(&plan, &devices, &|device, id| is_open(known, device, id))?
            };
            let name = plan.name().to_string();
            ledger.append(&name, plan.at, Event::Begin(begin.clone()))?;
            self.write_begun(&plan, &begin, path, ledger)?;
        }
        Ok(())
    }

    /// The devices of which at least one report is kept, bundle by bundle.
    fn portions(&self, keep: &impl Fn(&Device, ReportId) -> bool) -> Result<Vec<Vec<&'a Device>>, Stop> {
        let mut split = Split::default();
        (split.max_devices, split.max_raw_bytes) = (self.arguments.max_devices, self.arguments.max_bytes);
        let (mut counted, mut portions) = (split.start(), Vec::<Vec<_>>::new());
        for device in chosen(self.found, keep) {
            let begins = counted.begins(device.bytes());
            match portions.last_mut().filter(|_| !begins) {
                Some(devices) => devices.push(device),
                None => portions.push(vec![device]),
            }
        }
        if portions.len() > 1 && !self.arguments.output.is_dir() {
            let text = format!("these files fill {} bundles: give a folder for them", portions.len());
            return Err(Stop::Call(text));
        }
        Ok(portions)
    }

    /// A bundle was begun and not sealed: finishes it, or gives it up.
    fn resume(&mut self, plan: &Plan, name: &str, begun: &Exported, ledger: &mut ExportLedger) -> Result<(), Stop> {
        let mut plan = plan.clone();
        (plan.at, plan.inner) = (begun.time, begun.begin.level);
        if plan.name().to_string() != name {
            let text =
                "was begun for another account and not finished: finish it first, with the words it was begun with";
            return Err(Stop::Data(format!("bundle {name} {text}")));
        }
        let path = self.file(&plan);
        let chosen = Chosen::of(&begun.begin);
        let keep = |device: &Device, id| chosen.holds(device, id);
        let planned = self.begin(&plan, &chosen_of(self.found, &keep), &keep)?;
        let have = content_of(&path, &plan);
        let resume = ledger.ledger().resume(name, have, Some(planned.content_sha256));
        match resume.map_err(|error| Stop::Data(error.to_string()))? {
            Resume::Void => {
                let reason = "its files changed before it was finished";
                ledger.append(name, plan.at, Event::void(reason))
            }
            // written anew even if it is there: the bytes are the same, and their digest is known then
            Resume::Seal if planned.content_sha256 != begun.begin.content_sha256 => {
                let sealed = digest_of(&path)?;
                ledger.append(name, plan.at, Event::seal(sealed.0, sealed.1))?;
                let text = format!("bundle {name} was finished; its files changed since: start again for what is new");
                Err(Stop::Data(text))
            }
            _ => self.write_begun(&plan, &begun.begin, path, ledger),
        }
    }

    /// The leaves as they will be, without writing any.
    fn begin(
        &self,
        plan: &Plan,
        devices: &[&Device],
        keep: &impl Fn(&Device, ReportId) -> bool,
    ) -> Result<Begin, Stop> {
        let mut content = Content::new();
        let manifest = plan.manifest().map(|manifest| manifest.to_bytes()).transpose();
        if let Some(bytes) = manifest.map_err(|error| Stop::Call(error.to_string()))? {
            content.manifest(&bytes);
        }
        let archive = plan.archives().first().map(|(name, _)| name.to_string()).unwrap_or_default();
        let (mut leaves, mut buffers) = (Vec::new(), Vec::new());
        for device in devices {
            let number = u64::try_from(leaves.len()).unwrap_or(u64::MAX).saturating_add(1);
            let name = LeafName::new(number, &plan.name()).to_string();
            let keep = |id| keep(device, id);
            let (digest, reports) = if let Some((digest, reports)) = device.of_one_file(&keep) {
                (digest, reports.to_vec())
            } else {
                let leaf = device.leaf(self.reader, self.composer, &mut buffers, &keep)?;
                (LeafDigest::of(&leaf.bytes), leaf.survey.reports)
            };
            content.leaf(&archive, &name, digest);
            let mut leaf = ExportedLeaf::new(archive.as_str(), name, device.udi.clone(), digest);
            (leaf.ha, leaf.reports) = (device.ha.clone(), reports);
            leaves.push(leaf);
        }
        Ok(Begin::new(self.arguments.smart_account.as_str(), content.finish(), leaves))
    }

    fn write_begun(
        &mut self,
        plan: &Plan,
        begin: &Begin,
        path: PathBuf,
        ledger: &mut ExportLedger,
    ) -> Result<(), Stop> {
        let chosen = Chosen::of(begin);
        let fresh = Fresh::replace(&path).map_err(|error| unwritten(&path, &error))?;
        let keep = |device: &Device, id: ReportId| chosen.holds(device, id);
        let devices = chosen_of(self.found, &keep);
        let sealed = self.write(plan, fresh, path, &devices, &keep, Some(begin.content_sha256))?;
        ledger.append(&sealed.name, plan.at, Event::seal(sealed.sha256, sealed.size))
    }

    fn write(
        &mut self,
        plan: &Plan,
        fresh: Fresh,
        path: PathBuf,
        devices: &[&Device],
        keep: &impl Fn(&Device, ReportId) -> bool,
        expected: Option<[u8; 32]>,
    ) -> Result<Sealed, Stop> {
        let failed = |error: &slp_sync::Error| unbundled(&path, error);
        let spool = Spool::beside(&path).map_err(|error| unwritten(&path, &error))?;
        let threads = NonZero::new(self.arguments.sources.threads).unwrap_or(NonZero::<usize>::MIN);
        let deflater = Deflater::new(threads).map_err(|error| failed(&error))?;
        let mut writer = Writer::with_deflater(fresh, spool, plan, &deflater).map_err(|error| failed(&error))?;
        let (mut reports, mut conflicts, mut buffers) = (0_usize, 0_usize, vec![Vec::new()]);
        let all = u64::try_from(devices.len()).unwrap_or(u64::MAX);
        for (device, number) in devices.iter().zip(1..) {
            let keep = |id| keep(device, id);
            if let (Some(source), Some(buffer)) = (device.as_it_is(&keep), buffers.first_mut()) {
                source.read(self.reader, buffer)?;
                // computed on the way: the file is digested once
                let digest = writer.add_leaf(0, number, buffer).map_err(|error| failed(&error))?;
                source.check(digest)?;
                reports = reports.saturating_add(source.reports());
            } else {
                let leaf = device.leaf(self.reader, self.composer, &mut buffers, &keep)?;
                reports = reports.saturating_add(leaf.survey.reports.len());
                conflicts = conflicts.saturating_add(leaf.conflicts.len());
                if let [first, ..] = leaf.conflicts.as_slice() {
                    let text = "comes in versions that contradict each other: one of them goes in";
                    self.messages.note(&format!("{}: report {first} {text}", device.name()));
                }
                writer.add_composed(0, number, leaf).map_err(|error| failed(&error))?;
            }
            self.messages.made(number, all);
        }
        self.messages.end_of_input();
        let (fresh, sealed) = writer.finish().map_err(|error| failed(&error))?;
        if expected.is_some_and(|expected| expected != sealed.content_sha256) {
            let text = "the bundle is not what was planned: a file changed meanwhile; start again";
            return Err(Stop::Data(format!("{}: {text}", path.display())));
        }
        fresh.keep().map_err(|error| unwritten(&path, &error))?;
        let long = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let (reports, conflicts) = (long(reports), long(conflicts));
        self.written.push(Written { sealed: sealed.clone(), file: path, devices: all, reports, conflicts });
        for device in devices {
            device.is_written.set(true);
        }
        Ok(sealed)
    }
}

/// Devices of which at least one report is kept.
fn chosen<'f>(found: &'f Found, keep: &impl Fn(&Device, ReportId) -> bool) -> impl Iterator<Item = &'f Device> {
    found.devices.iter().filter(move |device| device.reports().any(|id| keep(device, id)))
}

fn chosen_of<'f>(found: &'f Found, keep: &impl Fn(&Device, ReportId) -> bool) -> Vec<&'f Device> {
    chosen(found, keep).collect()
}

/// A folder stands for the file of the right name in it.
pub(crate) fn output_file(output: &Path, name: &BundleName) -> PathBuf {
    if output.is_dir() { output.join(name.to_string()) } else { output.to_owned() }
}

/// Makes a folder of what ends with a separator: nothing else can be meant.
pub(crate) fn output_folder(output: &Path) -> Result<(), Stop> {
    let last = output.as_os_str().as_encoded_bytes().last().copied();
    if last.is_some_and(|byte| is_separator(char::from(byte))) {
        fs::create_dir_all(output).map_err(|error| unwritten(output, &error))?;
    }
    Ok(())
}

/// Was it never exported, or refused when it was?
fn is_open(ledger: &Ledger, device: &Device, id: ReportId) -> bool {
    matches!(ledger.status(&device.udi, id), ReportStatus::New | ReportStatus::Refused)
}

/// The reports that a begun bundle holds, by device.
struct Chosen<'a>(std::collections::BTreeMap<(&'a str, &'a str), &'a [ReportId]>);

impl<'a> Chosen<'a> {
    fn of(begin: &'a Begin) -> Self {
        let leaves = begin.leaves.iter();
        Self(leaves.map(|leaf| ((leaf.device.pid(), leaf.device.serial()), &*leaf.reports)).collect())
    }

    fn holds(&self, device: &Device, id: ReportId) -> bool {
        self.0.get(&(device.udi.pid(), device.udi.serial())).is_some_and(|reports| reports.contains(&id))
    }
}

/// The content digest of a bundle that we wrote; none if there is no sound one.
fn content_of(path: &Path, plan: &Plan) -> Option<[u8; 32]> {
    let reader = open(path).ok()?;
    let mut content = Content::new();
    content.manifest(&plan.manifest()?.to_bytes().ok()?);
    let mut reader = slp_sync::bundle::Reader::new(reader, &slp_sync::Limits::bulk());
    for leaf in reader.by_ref() {
        let leaf = leaf.ok()?;
        content.leaf(leaf.archive.as_deref().unwrap_or_default(), &leaf.name, LeafDigest::of(&leaf.bytes));
    }
    (reader.summary().manifest == plan.manifest()).then(|| content.finish())
}

#[expect(clippy::disallowed_methods, reason = "our own bundle, read through the limits of bundles")]
fn open(path: &Path) -> std::io::Result<std::fs::File> {
    std::fs::File::open(path)
}

/// SHA-256 and size of a file.
fn digest_of(path: &Path) -> Result<([u8; 32], u64), Stop> {
    let failed = |error: std::io::Error| Stop::Data(format!("{}: cannot be read: {error}", path.display()));
    let mut file = open(path).map_err(failed)?;
    let (mut sha256, mut size, mut buffer) = (Sha256::new(), 0_u64, vec![0; 64 << 10]);
    loop {
        let amount = file.read(&mut buffer).map_err(failed)?;
        if amount == 0 {
            return Ok((sha256.finalize().into(), size));
        }
        sha256.update(buffer.get(..amount).unwrap_or_default());
        size = size.saturating_add(u64::try_from(amount).unwrap_or(u64::MAX));
    }
}
