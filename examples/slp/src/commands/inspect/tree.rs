//! The layers as people read them: a tree, one branch for each part.

use std::fmt::Write as _;

use slp_model::{Seconds, UnixSeconds};
use slp_rum::{
    Closure, Container, Generation, Measurement, PayloadForm, ReportKind, Signature, Snapshot, UsageReport, Warning,
};

use super::layers::{Content, File, Item};
use super::view::unknown_members;
use crate::fault::Fault;
use crate::printable::{printable, shown};
use crate::style::{Paint, Style};
use crate::table::Side::{Left, Right};
use crate::table::Table;
use crate::wording::{count_of, grouped, licence, minute};

/// Rows of a table, members of a list: what is beyond is only counted. JSON has all of it.
const SHOWN: usize = 200;

/// A heading and what belongs to it.
#[derive(Default)]
struct Branch {
    heading: String,
    lines: Vec<String>,
}

pub(super) fn render(file: &File, style: Style) -> String {
    let device = common_device(file);
    let mut text = format!("{}\n", style.paint(Paint::Heading, printable(&file.name)));
    let mut top: Vec<String> = Vec::new();
    top.extend(summary(file, device.as_deref()));
    top.extend(file.warnings.iter().map(|one| warning(one, style)));
    if file.dropped > 0 {
        top.push(format!("{} not kept", count_of(file.dropped, "more warning", "more warnings")));
    }
    let mut branches: Vec<_> = file.items.iter().map(|item| branch(item, file, device.is_none(), style)).collect();
    branches.extend(file.own_faults().iter().map(|one| Branch { heading: fault(one, style), lines: Vec::new() }));
    for line in top {
        text.push_str(if branches.is_empty() { "   " } else { "│  " });
        push_line(&mut text, &line);
    }
    let last = branches.len();
    for (number, branch) in (1..).zip(branches) {
        let (fork, stem) = if number == last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        text.push_str(fork);
        push_line(&mut text, &branch.heading);
        for line in branch.lines {
            text.push_str(stem);
            push_line(&mut text, &line);
        }
    }
    text
}

fn push_line(text: &mut String, line: &str) {
    text.push_str(line);
    text.truncate(text.trim_end_matches(' ').len());
    text.push('\n');
}

/// The device, where all reports have the same.
fn common_device(file: &File) -> Option<String> {
    let mut devices = file.reports().map(|(_, report)| report.device());
    let first = devices.next()?;
    devices
        .all(|device| device == first)
        .then(|| format!("{}, serial number {}", shown(first.pid()), shown(first.serial())))
}

fn summary(file: &File, device: Option<&str>) -> Vec<String> {
    let bytes = file.bytes.map(|bytes| format!("{} bytes", grouped(long(bytes))));
    let what = file.container.map(|container| words(container).to_owned());
    let reports = file.items.iter().filter(|item| !matches!(item.content, Content::Other(_))).count();
    let others = file.items.len().saturating_sub(reports);
    let mut about: Vec<_> = what.into_iter().chain(bytes).collect();
    if file.container.is_some() {
        about.push(count_of(long(reports), "report", "reports"));
        if others > 0 {
            about.push(count_of(long(others), "other part", "other parts"));
        }
    }
    let mut lines = Vec::new();
    if !about.is_empty() {
        lines.push(about.join(", "));
    }
    lines.extend(device.map(|device| format!("device {device}")));
    lines
}

fn words(container: Container) -> &'static str {
    match container {
        Container::DeviceFile => "device file (smartLicense)",
        Container::BareReport => "one RUMReport without smartLicense around it",
        Container::BareElement => "one element of the family",
        Container::Rest => "REST answer of a device (usage)",
        Container::Cloud => "cloud request (reportusage)",
        Container::Array => "array of envelopes",
        Container::Envelope => "one envelope",
        Container::Payload => "bare payload, without envelope",
        Container::PayloadLiteral => "bare payload as a JSON string",
        other => other.as_str(),
    }
}

fn branch(item: &Item, file: &File, name_device: bool, style: Style) -> Branch {
    match &item.content {
        Content::Report(number, report) => report_branch(*number, report, name_device, style),
        Content::Broken(number, of) => Branch {
            heading: format!("{}  cannot be read", style.paint(Paint::Heading, format!("report #{number}"))),
            lines: file.faults.get(*of).map(|one| fault(one, style)).into_iter().collect(),
        },
        Content::Other(lines) => Branch {
            heading: format!(
                "{}  {} at byte {}",
                style.paint(Paint::Heading, shown(item.kind.as_str())),
                count_of(long(item.bytes), "byte", "bytes"),
                grouped(long(item.at)),
            ),
            lines: lines.iter().map(|line| printable(line).into_owned()).collect(),
        },
    }
}

fn report_branch(number: usize, report: &UsageReport, name_device: bool, style: Style) -> Branch {
    let mut heading = format!(
        "{}  {}",
        style.paint(Paint::Heading, format!("report {}", report.id())),
        shown(&report.kind().to_string())
    );
    if let Some(tag) = report.entitlement_tag() {
        let _ = write!(heading, "  {}", licence(tag));
    }
    if let Some(peak) = report.peak() {
        let _ = write!(heading, "  peak {}", grouped(peak));
    }
    let _ = write!(heading, "  (#{number})");
    let mut lines = Vec::new();
    let mut field = |name: &str, text: String| lines.push(format!("{name:<10} {text}"));
    if name_device {
        field("device", format!("{}, serial number {}", shown(report.device().pid()), shown(report.device().serial())));
    }
    if let Some(span) = report.span() {
        field("time", format!("{} ({}){}", times(span.start(), span.end()), span.length().human(), closure(report)));
    }
    if let Some(tag) = report.entitlement_tag() {
        field("licence", shown(tag.as_str()).into_owned());
    }
    let version = report.software_version().map_or_else(String::new, |version| format!(", version {}", shown(version)));
    field("software", format!("{}{version}", shown(report.software_tag().as_str())));
    if report.ha().len() > 1 {
        let members = report.ha().iter().take(SHOWN);
        let members = members.map(|one| format!("{} {}", shown(one.role.as_str()), shown(one.device.serial())));
        field("redundancy", members.collect::<Vec<_>>().join(", "));
    }
    field("payload", payload(report));
    field("signatures", signatures(report));
    for member in unknown_members(report).iter().take(SHOWN) {
        field("unknown", format!("{}: {}", shown(&member.name), shown(&member.raw)));
    }
    lines.extend(report.warnings().iter().map(|one| warning(one, style)));
    lines.extend(measurements(report.measurements(), style));
    lines.extend(snapshots(report.snapshots(), style));
    Branch { heading, lines }
}

fn times(start: UnixSeconds, end: UnixSeconds) -> String {
    format!("{} to {} UTC", minute(start), minute(end))
}

fn closure(report: &UsageReport) -> String {
    match report.closure() {
        Closure::Closed { termination, .. } => format!(", closed: {}", shown(termination.as_str())),
        _ if *report.kind() == ReportKind::Usage => ", not closed as far as it says".to_owned(),
        _ => String::new(),
    }
}

fn payload(report: &UsageReport) -> String {
    let generation = match report.generation() {
        Generation::V1 => "first generation".to_owned(),
        Generation::V2 => "second generation".to_owned(),
        Generation::Other(version) => format!("version {}", shown(version)),
        _ => "unknown generation".to_owned(),
    };
    let form = match report.form() {
        PayloadForm::Object => ", an object: the signed text is lost",
        PayloadForm::Bare => ", without envelope",
        _ => "",
    };
    format!("{generation}, {} bytes{form}", grouped(long(report.payload_text().len())))
}

fn signatures(report: &UsageReport) -> String {
    let one = |name: &str, signature: Option<&Signature>| {
        signature.map_or_else(
            || format!("no {name} one"),
            |signature| {
                let by = signature.signer.as_ref().map(|by| format!(" by {}", shown(by.serial()))).unwrap_or_default();
                format!("{name} {}{by}", shown(signature.signing_type.as_str()))
            },
        )
    };
    format!("{}, {}; not verified here", one("outer", report.outer_signature()), one("inner", report.inner_signature()))
}

fn measurements(all: &[Measurement], style: Style) -> Vec<String> {
    let mut table = Table::new([
        ("#", Right),
        ("From (UTC)", Left),
        ("To (UTC)", Left),
        ("Length", Right),
        ("Samples", Right),
        ("Count", Right),
        ("Remarks", Left),
    ]);
    for (number, one) in all.iter().enumerate().take(SHOWN) {
        table.row([
            number.to_string(),
            minute(one.start),
            minute(one.end),
            one.end.since(one.start).human(),
            one.samples.map(grouped).unwrap_or_default(),
            one.count().map(grouped).unwrap_or_default(),
            remarks(one),
        ]);
    }
    lines(&table, all.len(), "measurements", style)
}

fn remarks(one: &Measurement) -> String {
    let mut remarks = Vec::new();
    if one.count().is_none() {
        let word = one.value_type.as_ref().map_or("no value", |word| word.as_str());
        remarks
            .push(format!("{} {}", shown(word), shown(one.value.as_deref().unwrap_or_default())).trim_end().to_owned());
    }
    if one.metric.as_str() != "ENTITLEMENT" {
        remarks.push(shown(one.metric.as_str()).into_owned());
    }
    if let Some(delta) = one.clock_delta {
        remarks.push(format!("clock changed by {} s", delta.get()));
    }
    for (list, word) in [(&one.added, "joined"), (&one.removed, "left")] {
        match list.as_deref() {
            None | Some([]) => {}
            Some([device]) => remarks.push(format!("{} {word}", shown(device.serial()))),
            Some(devices) => remarks.push(format!("{} devices {word}", grouped(long(devices.len())))),
        }
    }
    if let Some(word) = &one.termination {
        remarks.push(shown(word.as_str()).into_owned());
    }
    remarks.join(", ")
}

fn snapshots(all: &[Snapshot], style: Style) -> Vec<String> {
    let mut table = Table::new([
        ("Moment (UTC)", Left),
        ("Since (UTC)", Left),
        ("UTC offset", Right),
        ("Parts", Right),
        ("Facts", Left),
    ]);
    for one in all.iter().take(SHOWN) {
        // the time zone has a column of its own
        let facts = one.info.iter().filter(|(name, value)| *name != "timezone" && !value.is_empty());
        let facts = facts.take(SHOWN).map(|(name, value)| format!("{}={}", shown(name), shown(value)));
        table.row([
            minute(one.end),
            minute(one.start),
            one.utc_offset.map(|offset| Seconds::new(offset.into()).human()).unwrap_or_default(),
            grouped(long(one.inventory.len())),
            facts.collect::<Vec<_>>().join(" "),
        ]);
    }
    lines(&table, all.len(), "snapshots", style)
}

fn lines(table: &Table, rows: usize, what: &str, style: Style) -> Vec<String> {
    if rows == 0 {
        return Vec::new();
    }
    let mut text = Vec::new();
    let written = table.write("  ", style, &mut text);
    let mut lines: Vec<_> = String::from_utf8_lossy(&text).lines().map(str::to_owned).collect();
    if let (Ok(()), Some(more @ 1..)) = (written, rows.checked_sub(SHOWN)) {
        lines.push(format!("  and {} more {what}: --json shows them", grouped(long(more))));
    }
    lines
}

fn warning(one: &Warning, style: Style) -> String {
    format!("{} {}", style.paint(Paint::Warning, "warning:"), printable(&one.to_string()))
}

/// The file is named above it.
fn fault(one: &Fault, style: Style) -> String {
    let mut place = one.place.clone();
    place.entries.clear();
    let at = if place.is_empty() { String::new() } else { format!("{place}: ") };
    let text = format!("{at}{} ({})", one.text, one.kind);
    format!("{} {}", style.paint(Paint::Error, "error:"), printable(&text))
}

fn long(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
