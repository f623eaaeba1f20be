//! `slp policy due`: when must each device report next, and why?

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;
use slp_model::policy::clock::{Change, Due, LicenseUse, WithoutAck, obligations, printed_ack_deadline, severity};
use slp_model::policy::{LicenseClass, Policy};
use slp_model::{EntitlementTag, Quoted, Severity, Udi, UnixSeconds};
use slp_rum::usage::Evidence;
use slp_rum::{Content, Document, Error, ReadOptions};

use crate::Status;
use crate::arguments::PolicyDue;
use crate::console::{Output, Session, Stop};
use crate::fault::Fault;
use crate::input::{Input, Reader};
use crate::pipeline::{self, Sum};
use crate::printable::{json, printable, shown};
use crate::style::{Paint, Style};

/// What one document adds, or all of them.
#[derive(Debug, Default)]
struct Read {
    evidence: Evidence,
    faults: Vec<Fault>,
    /// Why there is more than can be kept, if so.
    full: Option<Error>,
}

impl Sum for Read {
    fn add(&mut self, other: Self) {
        if self.full.is_none() {
            self.full = other.full.or_else(|| self.evidence.merge(other.evidence).err());
        }
    }

    fn reject(&mut self) {}
}

/// What one device owes.
#[derive(Debug, Serialize)]
struct DeviceDues {
    device: Udi,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_ack_deadline: Option<UnixSeconds>,
    #[serde(skip)]
    is_used: bool,
    dues: Vec<Judged>,
}

/// One date and how bad it is.
#[derive(Debug, Serialize)]
struct Judged {
    severity: Severity,
    #[serde(flatten)]
    due: Due,
    text: String,
}

pub(crate) fn due(arguments: &PolicyDue, session: &mut Session<'_>) -> Result<Status, Stop> {
    let now = arguments.now.unwrap_or(session.now);
    let classes = Classes::read(&arguments.class)?;
    let policy = match &arguments.policy {
        Some(path) => policy_of(path, arguments.sources.costs.options(), session)?,
        None => Policy::vendor_default(),
    };
    let mut faults = Vec::new();
    let mut all = pipeline::gather(&arguments.sources, session, read, |_, fault| faults.push(fault))?;
    all.faults = faults;
    if let Some(error) = all.full {
        return Err(Stop::Data(error.to_string()));
    }
    for name in classes.unused(&all.evidence) {
        session.messages.note(&format!("--class {0}=…: no report here names a licence {0}", shown(name)));
    }
    let devices: Vec<DeviceDues> = licences(&all.evidence, &classes, arguments.last_ack)
        .into_iter()
        .map(|(device, licences)| {
            let owed = obligations(&policy, arguments.installed, &licences, arguments.last_ack, now);
            let judge =
                |due: Due| Judged { severity: severity(&due, WithoutAck::Logs, now), text: due.to_string(), due };
            let next_ack_deadline = printed_ack_deadline(&policy, &licences, arguments.last_ack, now);
            let is_used = licences.iter().any(|licence| licence.first_use(now).is_some());
            DeviceDues { device, next_ack_deadline, is_used, dues: owed.into_iter().map(judge).collect() }
        })
        .collect();
    let is_missed = devices.iter().flat_map(|device| &device.dues).any(|due| due.severity == Severity::Error);
    let failed = is_missed || !all.faults.is_empty();
    session.messages.fail(failed);
    if arguments.json {
        write_json(&devices, &all.faults, &mut session.output)?;
    } else {
        for fault in &all.faults {
            session.messages.fault(fault);
        }
        writeln!(session.output, "{}", basis(&policy, arguments, now))?;
        show(&devices, now, session.style, &mut session.output)?;
    }
    Ok(Status::of_errors(failed))
}

fn read(all: &mut Read, faults: &mut Vec<Fault>, input: &Input<'_>) {
    match Document::parse_with(input.bytes, input.options) {
        Ok(document) => {
            let mut reports = document.borrowed_reports();
            while let Some(report) = reports.next() {
                let taken = report.and_then(|report| all.evidence.add(&report, input.name));
                faults.extend(taken.err().map(|error| input.fault(error)));
            }
        }
        Err(error) => faults.push(input.fault(error)),
    }
}

/// The policy in a file.
fn policy_of(path: &Path, options: ReadOptions, session: &mut Session<'_>) -> Result<Policy, Stop> {
    let name = path.to_string_lossy();
    let reader = Reader::new(options, &mut *session.input);
    let mut bytes = Vec::new();
    reader.file(path, &name, &mut bytes).map_err(|fault| Stop::Data(fault.to_string()))?;
    let document = Document::parse_with(&bytes, &reader.options);
    let document = document.map_err(|error| Stop::Data(Fault::in_file(&name, error).to_string()))?;
    for content in document.contents() {
        if let Content::Policy(policy) =
            content.map_err(|error| Stop::Data(Fault::in_file(&name, error).to_string()))?
        {
            return Ok(policy.into_view());
        }
    }
    Err(Stop::Data(format!("{}: there is no policy in it", shown(&name))))
}

/// The use of each licence. What no report tells about is unknown, not zero: only counts that were reported are changes.
fn licences(evidence: &Evidence, classes: &Classes, last_ack: Option<UnixSeconds>) -> Vec<(Udi, Vec<LicenseUse>)> {
    // intervals come device by device, and licence by licence
    let mut devices: Vec<(Udi, Vec<LicenseUse>)> = Vec::new();
    for interval in evidence.intervals().without_attached() {
        if devices.last().is_none_or(|(device, _)| device != interval.device) {
            devices.push((interval.device.clone(), Vec::new()));
        }
        let Some((_, licences)) = devices.last_mut() else { continue };
        if licences.last().is_none_or(|licence| licence.tag != *interval.entitlement_tag) {
            let tag = interval.entitlement_tag.clone();
            let class = classes.of(&tag);
            licences.push(LicenseUse::new(tag, class, Vec::new()));
        }
        let Some(licence) = licences.last_mut() else { continue };
        licence.changes.push(Change::new(interval.start, interval.count));
        if last_ack.is_some_and(|ack| interval.end <= ack) {
            licence.covered = licence.covered.max(Some(interval.end));
        }
    }
    devices
}

/// The classes of licences: reports do not tell them.
struct Classes {
    usual: LicenseClass,
    named: Vec<(String, LicenseClass)>,
}

impl Classes {
    fn read(words: &[String]) -> Result<Self, Stop> {
        let mut classes = Self { usual: LicenseClass::Perpetual, named: Vec::new() };
        for word in words {
            let (name, class) =
                word.rsplit_once('=').map_or((None, word.as_str()), |(name, class)| (Some(name), class));
            let class = class.parse().map_err(|_| {
                let text = "is no class: perpetual, subscription, enforced or export";
                Stop::Call(format!("--class {}: {} {text}", shown(word), shown(class)))
            })?;
            match name {
                Some("") => return Err(Stop::Call(format!("--class {}: no tag stands before the =", shown(word)))),
                Some(name) => classes.named.push((name.to_owned(), class)),
                None => classes.usual = class,
            }
        }
        Ok(classes)
    }

    fn of(&self, tag: &EntitlementTag) -> LicenseClass {
        self.named.iter().find(|(name, _)| is_named(tag, name)).map_or(self.usual, |(_, class)| *class)
    }

    /// The names that no report has: most likely slips, by which a licence keeps the usual class.
    fn unused<'a>(&'a self, evidence: &'a Evidence) -> impl Iterator<Item = &'a str> {
        let names = self.named.iter().map(|(name, _)| name.as_str());
        names.filter(|name| {
            let mut intervals = evidence.intervals().without_attached();
            !intervals.any(|interval| is_named(interval.entitlement_tag, name))
        })
    }
}

fn is_named(tag: &EntitlementTag, name: &str) -> bool {
    name == tag.as_str() || tag.parts().is_some_and(|parts| parts.name == name)
}

fn write_json(devices: &[DeviceDues], faults: &[Fault], output: &mut Output<'_>) -> io::Result<()> {
    writeln!(output, "{{\"devices\":{},\n\"errors\":{}}}", json(&devices)?, json(&faults)?)
}

/// What the dates rest on.
fn basis(policy: &Policy, arguments: &PolicyDue, now: UnixSeconds) -> String {
    let installed = arguments.installed.map_or_else(String::new, |time| format!(" installed at {time}"));
    let ack = match arguments.last_ack {
        Some(time) => format!("the last acknowledgement came at {time}"),
        None => "no acknowledgement came (--last-ack says otherwise)".to_owned(),
    };
    let classes = if arguments.class.is_empty() {
        "\nReports do not tell the class of a licence: all count as perpetual (--class says otherwise)."
    } else {
        ""
    };
    format!("Policy {}{installed}; {ack}; now is {now}.{classes}", Quoted(&policy.name))
}

/// How long until then, or since.
fn left(at: UnixSeconds, now: UnixSeconds) -> String {
    if now > at { format!("{} overdue", now.since(at).human()) } else { format!("in {}", at.since(now).human()) }
}

fn show(devices: &[DeviceDues], now: UnixSeconds, style: Style, output: &mut Output<'_>) -> io::Result<()> {
    for device in devices {
        writeln!(output, "{}", style.paint(Paint::Heading, &printable(&device.device.to_string())))?;
        match device.dues.first() {
            Some(Judged { due, .. }) => writeln!(output, "  report by {}, {}:", due.at, left(due.at, now))?,
            None if device.is_used => {
                writeln!(
                    output,
                    "  nothing is due: what is in use is reported, or the policy asks for no report of it"
                )?;
            }
            None => writeln!(output, "  nothing is due: no licence was ever in use")?,
        }
        for Judged { severity, due, text } in &device.dues {
            writeln!(output, "  {severity:<8} {:<18} {}", left(due.at, now), printable(text))?;
        }
        if let Some(deadline) = device.next_ack_deadline {
            writeln!(output, "  the device prints as its next ACK deadline: {deadline}")?;
        }
    }
    Ok(())
}
