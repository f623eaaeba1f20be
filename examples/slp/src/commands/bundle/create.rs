//! `slp bundle create`: a bundle out of files of devices.

use std::io::{Read as _, Write as _};
use std::num::NonZero;
use std::path::{Path, PathBuf};

use serde::Serialize;
use sha2::{Digest as _, Sha256};
use slp_model::ReportId;
use slp_sync::ExportedLeaf;
use slp_sync::bundle::{BundleName, Content, LeafDigest, LeafName, Plan, Sealed, VirtualAccount, Writer};
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
struct Report {
    bundle: String,
    file: String,
    devices: u64,
    reports: u64,
    bytes: u64,
    sha256: String,
    content_sha256: String,
    left_out: u64,
    /// Devices without a new report.
    known: u64,
}

pub(super) fn run(arguments: &Create, session: &mut Session<'_>) -> Result<Status, Stop> {
    let at = arguments.at.unwrap_or(session.now.to_millis());
    let mut plan = Plan::new(arguments.smart_account.as_str(), at);
    plan.virtual_accounts = vec![VirtualAccount::new(arguments.virtual_account.as_str(), "")];
    let mut ledger = arguments.ledger.as_deref().map(ExportLedger::open).transpose()?;
    let found = Found::read(&arguments.sources, session)?;
    if arguments.strict && found.left_out > 0 {
        let files = count_of(found.left_out, "file", "files");
        return Err(Stop::Data(format!(
            "{files} cannot go into a bundle, and --strict was asked for: nothing is written"
        )));
    }
    let reader = Reader::new(arguments.sources.costs.options(), &mut *session.input);
    let mut job = Job { arguments, found: &found, reader: &reader, messages: &mut session.messages };
    let written = match &mut ledger {
        None => Some(job.without_ledger(&plan)?),
        Some(ledger) => job.with_ledger(plan, ledger)?,
    };
    let Some(Written { sealed, file, devices, reports }) = written else {
        session.messages.note("no device has a report that was not exported before: nothing is written");
        return Ok(Status::of_errors(found.left_out > 0));
    };
    let all = u64::try_from(found.devices.len()).unwrap_or(u64::MAX);
    let report = Report {
        bundle: sealed.name.clone(),
        file: file.display().to_string(),
        devices,
        reports,
        bytes: sealed.size,
        sha256: sealed.sha256_hex(),
        content_sha256: sealed.content_sha256_hex(),
        left_out: found.left_out,
        known: all.saturating_sub(devices),
    };
    if arguments.json {
        writeln!(session.output, "{}", json(&report)?)?;
    } else {
        show(&report, session)?;
    }
    Ok(Status::of_errors(found.left_out > 0))
}

fn show(report: &Report, session: &mut Session<'_>) -> Result<(), Stop> {
    let output = &mut session.output;
    let (devices, reports) =
        (count_of(report.devices, "device", "devices"), count_of(report.reports, "report", "reports"));
    writeln!(output, "bundle   {}", printable(&report.bundle))?;
    writeln!(output, "file     {}, {} bytes", printable(&report.file), grouped(report.bytes))?;
    writeln!(output, "holds    {devices}, {reports}")?;
    writeln!(output, "sha256   {}", report.sha256)?;
    writeln!(output, "content  {}", report.content_sha256)?;
    if report.known > 0 {
        writeln!(output, "left out {} without a new report", count_of(report.known, "device", "devices"))?;
    }
    if report.left_out > 0 {
        writeln!(output, "left out {}, see above", count_of(report.left_out, "file", "files"))?;
    }
    let is_its_name = Path::new(&report.file).file_name().is_some_and(|name| name == report.bundle.as_str());
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
}

struct Job<'a, 'm> {
    arguments: &'a Create,
    found: &'a Found,
    reader: &'a Reader<'a>,
    messages: &'a mut Messages<'m>,
}

impl Job<'_, '_> {
    fn file(&self, plan: &Plan) -> PathBuf {
        output_file(&self.arguments.output, &plan.name())
    }

    fn without_ledger(&mut self, plan: &Plan) -> Result<Written, Stop> {
        let path = self.file(plan);
        let fresh = Fresh::create(&path).map_err(|error| unwritten(&path, &error))?;
        self.write(plan, fresh, path, &|_, _| true, None)
    }

    /// Finishes what an interrupted run began; else begins a bundle of what was not exported before, if there is any.
    fn with_ledger(&mut self, mut plan: Plan, ledger: &mut ExportLedger) -> Result<Option<Written>, Stop> {
        let open = ledger.ledger().unsealed().next().map(|(name, begun)| (name.to_owned(), begun.clone()));
        if let Some((name, begun)) = open
            && let Some(written) = self.resume(&plan, &name, &begun, ledger)?
        {
            return Ok(Some(written));
        }
        plan = ledger.ledger().free(plan).map_err(|error| Stop::Call(error.to_string()))?;
        let path = self.file(&plan);
        if path.exists() {
            let text = format!("{}: it exists: give another name, or remove it", path.display());
            return Err(Stop::Data(text));
        }
        let begin = {
            let known = ledger.ledger();
            self.begin(&plan, &|device, id| is_open(known, device, id))?
        };
        if begin.leaves.is_empty() {
            return Ok(None);
        }
        let name = plan.name().to_string();
        ledger.append(&name, plan.at, Event::Begin(begin.clone()))?;
        self.write_begun(&plan, &begin, path, ledger).map(Some)
    }

    /// A bundle was begun and not sealed. `None`: it was given up.
    fn resume(
        &mut self,
        plan: &Plan,
        name: &str,
        begun: &Exported,
        ledger: &mut ExportLedger,
    ) -> Result<Option<Written>, Stop> {
        let mut plan = plan.clone();
        plan.at = begun.time;
        if plan.name().to_string() != name {
            let text =
                "was begun for another account and not finished: finish it first, with the words it was begun with";
            return Err(Stop::Data(format!("bundle {name} {text}")));
        }
        let path = self.file(&plan);
        let chosen = Chosen::of(&begun.begin);
        let planned = self.begin(&plan, &|device, id| chosen.holds(device, id))?;
        let have = content_of(&path, &plan);
        let resume = ledger.ledger().resume(name, have, Some(planned.content_sha256));
        match resume.map_err(|error| Stop::Data(error.to_string()))? {
            Resume::Void => {
                let reason = "its files changed before it was finished";
                ledger.append(name, plan.at, Event::void(reason))?;
                Ok(None)
            }
            // written anew even if it is there: the bytes are the same, and their digest is known then
            Resume::Seal if planned.content_sha256 != begun.begin.content_sha256 => {
                let sealed = digest_of(&path)?;
                ledger.append(name, plan.at, Event::seal(sealed.0, sealed.1))?;
                let text = format!("bundle {name} was finished; its files changed since: start again for what is new");
                Err(Stop::Data(text))
            }
            _ => self.write_begun(&plan, &begun.begin, path, ledger).map(Some),
        }
    }

    /// The leaves as they will be, without writing any.
    fn begin(&self, plan: &Plan, keep: &impl Fn(&Device, ReportId) -> bool) -> Result<Begin, Stop> {
        let mut content = Content::new();
        let manifest = plan.manifest().map(|manifest| manifest.to_bytes()).transpose();
        if let Some(bytes) = manifest.map_err(|error| Stop::Call(error.to_string()))? {
            content.manifest(&bytes);
        }
        let archive = plan.archives().first().map(|(name, _)| name.to_string()).unwrap_or_default();
        let (mut leaves, mut buffer) = (Vec::new(), Vec::new());
        for device in chosen(self.found, keep) {
            let number = u64::try_from(leaves.len()).unwrap_or(u64::MAX).saturating_add(1);
            let name = LeafName::new(number, &plan.name()).to_string();
            let keep = |id| keep(device, id);
            let (digest, reports) = if let Some((digest, reports)) = device.as_it_is(&keep) {
                (digest, reports.to_vec())
            } else {
                let leaf = device.leaf(self.reader, &mut buffer, &keep)?;
                (LeafDigest::of(&leaf.bytes), leaf.reports)
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
    ) -> Result<Written, Stop> {
        let chosen = Chosen::of(begin);
        let fresh = Fresh::replace(&path).map_err(|error| unwritten(&path, &error))?;
        let keep = |device: &Device, id: ReportId| chosen.holds(device, id);
        let written = self.write(plan, fresh, path, &keep, Some(begin.content_sha256))?;
        let seal = Event::seal(written.sealed.sha256, written.sealed.size);
        ledger.append(&written.sealed.name, plan.at, seal)?;
        Ok(written)
    }

    fn write(
        &mut self,
        plan: &Plan,
        fresh: Fresh,
        path: PathBuf,
        keep: &impl Fn(&Device, ReportId) -> bool,
        expected: Option<[u8; 32]>,
    ) -> Result<Written, Stop> {
        let failed = |error: &slp_sync::Error| unbundled(&path, error);
        let spool = Spool::beside(&path).map_err(|error| unwritten(&path, &error))?;
        let threads = NonZero::new(self.arguments.sources.threads).unwrap_or(NonZero::<usize>::MIN);
        let deflater = Deflater::new(threads).map_err(|error| failed(&error))?;
        let mut writer = Writer::with_deflater(fresh, spool, plan, &deflater).map_err(|error| failed(&error))?;
        let (mut number, mut reports, mut buffer) = (0_u64, 0_u64, Vec::new());
        let all = u64::try_from(chosen(self.found, keep).count()).unwrap_or(u64::MAX);
        for device in chosen(self.found, keep) {
            number = number.saturating_add(1);
            let leaf = device.leaf(self.reader, &mut buffer, &|id| keep(device, id))?;
            writer.add_leaf(0, number, &leaf.bytes).map_err(|error| failed(&error))?;
            self.messages.made(number, all);
            reports = reports.saturating_add(u64::try_from(leaf.reports.len()).unwrap_or(u64::MAX));
        }
        self.messages.end_of_input();
        let (fresh, sealed) = writer.finish().map_err(|error| failed(&error))?;
        if expected.is_some_and(|expected| expected != sealed.content_sha256) {
            let text = "the bundle is not what was planned: a file changed meanwhile; start again";
            return Err(Stop::Data(format!("{}: {text}", path.display())));
        }
        fresh.keep().map_err(|error| unwritten(&path, &error))?;
        Ok(Written { sealed, file: path, devices: number, reports })
    }
}

/// Devices of which at least one report is kept.
fn chosen<'f>(found: &'f Found, keep: &impl Fn(&Device, ReportId) -> bool) -> impl Iterator<Item = &'f Device> {
    found.devices.iter().filter(move |device| device.reports().any(|id| keep(device, id)))
}

/// A folder stands for the file of the right name in it.
pub(crate) fn output_file(output: &Path, name: &BundleName) -> PathBuf {
    if output.is_dir() { output.join(name.to_string()) } else { output.to_owned() }
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
