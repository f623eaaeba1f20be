//! `slp check`: are reports complete, and do they fit together?

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde::Serialize;
use slp_model::{Detail, Finding, Severity, Udi};
use slp_rum::continuity::{self, Facts};
use slp_rum::usage::Evidence;
use slp_rum::{Document, Error};

use super::{Deviations, window};
use crate::Status;
use crate::arguments::Check;
use crate::console::{Output, Session, Stop};
use crate::fault::Fault;
use crate::input::Input;
use crate::pipeline::{self, Sum};
use crate::printable::{json, printable, shown};
use crate::style::{Paint, Style};
use crate::wording::{count_of, grouped, licence, minute};

mod acks; // acknowledgements that came back
mod counters; // what devices count themselves
mod device_text; // files that arguments name
mod ids; // lists of report ids that devices print

/// What one document adds, or all of them.
#[derive(Debug, Default)]
struct Read {
    evidence: Evidence,
    devices: BTreeSet<Udi>,
    faults: Vec<Fault>,
    /// Deviations that were taken.
    tolerated: u64,
    /// Why there is more than can be kept, if so.
    full: Option<Error>,
}

impl Sum for Read {
    fn add(&mut self, other: Self) {
        self.devices.extend(other.devices);
        self.tolerated = self.tolerated.saturating_add(other.tolerated);
        if self.full.is_none() {
            self.full = other.full.or_else(|| self.evidence.merge(other.evidence).err());
        }
    }

    fn reject(&mut self) {}
}

pub(crate) fn run(arguments: &Check, session: &mut Session<'_>) -> Result<Status, Stop> {
    let mut facts = Facts::default();
    let now = arguments.now.unwrap_or(session.now);
    facts.now = Some(now);
    facts.window = arguments.from.map(|from| window(from, arguments.to.unwrap_or(now))).transpose()?;
    let mut faults = Vec::new();
    let mut all = pipeline::gather(&arguments.sources, session, read, |_, fault| faults.push(fault))?;
    all.faults = faults;
    if let Some(error) = all.full {
        return Err(Stop::Data(error.to_string()));
    }
    session.messages.tolerated(all.tolerated);
    for argument in &arguments.ids {
        ids::add(argument, &all.devices, &mut facts, &mut all.faults)?;
    }
    for argument in &arguments.counters {
        counters::add(argument, &all.devices, &mut facts, &mut all.faults)?;
    }
    if !arguments.acks.is_empty() {
        acks::add(arguments, session, &all.devices, &mut facts, &mut all.faults)?;
    }
    let findings = continuity::check(&all.evidence, &facts);
    let is_error = findings.iter().any(|finding| finding.severity == Severity::Error);
    let failed = is_error || !all.faults.is_empty();
    session.messages.fail(failed);
    if arguments.json {
        write_json(&findings, &all.faults, &mut session.output)?;
    } else {
        show(&findings, &all, session.style, &mut session.output)?;
    }
    Ok(Status::of_errors(failed))
}

fn read(all: &mut Read, faults: &mut Vec<Fault>, input: &Input<'_>) {
    match Document::parse_with(input.bytes, input.options) {
        Ok(document) => {
            let mut deviations = Deviations::default();
            let mut reports = document.borrowed_reports();
            while let Some(report) = reports.next() {
                let taken = report.and_then(|report| {
                    deviations.add(&report);
                    let device = report.device.to_udi()?;
                    all.evidence.add(&report, input.name)?;
                    all.devices.insert(device);
                    Ok(())
                });
                faults.extend(taken.err().map(|error| input.fault(error)));
            }
            all.tolerated = all.tolerated.saturating_add(deviations.of(&document, &reports));
        }
        Err(error) => faults.push(input.fault(error)),
    }
}

/// Details that name files, and how they are told.
const SOURCES: [(&str, &str); 4] =
    [("sources", "in"), ("kept_sources", "used:"), ("other_sources", "not used:"), ("dropped_sources", "not used:")];

/// The files of one report that are named.
const FILES_SHOWN: usize = 4;

/// How many findings there are of each severity.
#[derive(Debug, Default, Serialize)]
struct Counts {
    error: u64,
    warning: u64,
    info: u64,
}

impl Counts {
    fn of(findings: &[Finding]) -> Self {
        let mut counts = Self::default();
        for finding in findings {
            let count = match finding.severity {
                Severity::Error => &mut counts.error,
                Severity::Warning => &mut counts.warning,
                _ => &mut counts.info,
            };
            *count = count.saturating_add(1);
        }
        counts
    }
}

fn write_json(findings: &[Finding], faults: &[Fault], output: &mut Output<'_>) -> io::Result<()> {
    write!(output, "{{\"findings\":")?;
    write_list(findings, output)?;
    write!(output, ",\n\"errors\":")?;
    write_list(faults, output)?;
    writeln!(output, ",\n\"counts\":{}}}", json(&Counts::of(findings))?)
}

fn write_list(items: &[impl Serialize], output: &mut Output<'_>) -> io::Result<()> {
    write!(output, "[")?;
    for (index, item) in items.iter().enumerate() {
        write!(output, "{}{}", if index == 0 { "\n" } else { ",\n" }, json(item)?)?;
    }
    write!(output, "]")
}

fn show(findings: &[Finding], all: &Read, style: Style, out: &mut impl Write) -> io::Result<()> {
    if !all.faults.is_empty() {
        writeln!(out, "{}", style.paint(Paint::Heading, "Not read"))?;
        for fault in &all.faults {
            let word = style.paint(Paint::Error, "error  ");
            let place = fault.place.to_string();
            writeln!(out, "  {word}  {}  {}", fault.kind, printable(&place))?;
            writeln!(out, "           {}", printable(&fault.text))?;
        }
        writeln!(out)?;
    }
    for group in findings.chunk_by(|one, next| one.subject.device == next.subject.device) {
        let device = group.first().and_then(|finding| finding.subject.device.as_ref());
        let heading = device.map_or_else(
            || "No device".to_owned(),
            |device| format!("{}  {}", shown(device.pid()), shown(device.serial())),
        );
        writeln!(out, "{}", style.paint(Paint::Heading, heading))?;
        for finding in group {
            one(finding, style, out)?;
        }
        writeln!(out)?;
    }
    remedies(findings, style, out)?;
    conclusion(findings, all, out)
}

fn one(finding: &Finding, style: Style, out: &mut impl Write) -> io::Result<()> {
    let paint = match finding.severity {
        Severity::Error => Paint::Error,
        Severity::Warning => Paint::Warning,
        _ => Paint::Info,
    };
    let subject = &finding.subject;
    let mut about = Vec::new();
    about.extend(subject.entitlement_tag.as_ref().map(licence));
    match (subject.from, subject.to) {
        (Some(from), Some(to)) => about.push(format!("{} to {}", minute(from), minute(to))),
        (Some(at), None) | (None, Some(at)) => about.push(minute(at)),
        (None, None) => {}
    }
    match subject.reports.as_slice() {
        [] => {}
        [id] => about.push(format!("report {id}")),
        [first, second] => about.push(format!("reports {first}, {second}")),
        [first, .., last] => about.push(format!("{} reports {first} to {last}", subject.reports.len())),
    }
    let severity = style.paint(paint, format!("{:<7}", finding.severity));
    if about.is_empty() {
        writeln!(out, "  {severity}  {}", finding.id)?;
    } else {
        writeln!(out, "  {severity}  {:<14}  {}", finding.id, about.join("  "))?;
    }
    writeln!(out, "           {}", printable(&finding.message))?;
    for (name, word) in SOURCES {
        if let Some(Detail::Texts(files)) = finding.details.get(name) {
            let few: Vec<_> = files.iter().take(FILES_SHOWN).map(|file| shown(file)).collect();
            let more = match files.len().checked_sub(FILES_SHOWN) {
                Some(more @ 1..) => format!(" and {more} more"),
                _ => String::new(),
            };
            writeln!(out, "           {word} {}{more}", few.join(", "))?;
        }
    }
    Ok(())
}

/// What to do about warnings and errors, each advice once. Those of facts are in the JSON form.
fn remedies(findings: &[Finding], style: Style, out: &mut impl Write) -> io::Result<()> {
    let asking = findings.iter().filter(|one| one.severity > Severity::Info && !one.remedy.is_empty());
    let remedies: BTreeSet<_> = asking.map(|finding| (&finding.id, &finding.remedy)).collect();
    if remedies.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", style.paint(Paint::Heading, "What to do"))?;
    for (id, remedy) in remedies {
        writeln!(out, "  {id:<14}  {remedy}")?;
    }
    writeln!(out)
}

fn conclusion(findings: &[Finding], all: &Read, out: &mut impl Write) -> io::Result<()> {
    let counts = Counts::of(findings);
    let reports = u64::try_from(all.evidence.len()).unwrap_or(u64::MAX);
    let devices = u64::try_from(all.devices.len()).unwrap_or(u64::MAX);
    write!(
        out,
        "Checked {} of {}: {}, {}, {} info",
        count_of(reports, "report", "reports"),
        count_of(devices, "device", "devices"),
        count_of(counts.error, "error", "errors"),
        count_of(counts.warning, "warning", "warnings"),
        grouped(counts.info),
    )?;
    if !all.faults.is_empty() {
        let faults = u64::try_from(all.faults.len()).unwrap_or(u64::MAX);
        write!(out, "; {} not read", count_of(faults, "item", "items"))?;
    }
    writeln!(out, ".")
}
