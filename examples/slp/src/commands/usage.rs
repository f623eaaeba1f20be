//! `slp usage`: who used which licence, how often and when.

use std::fmt;
use std::io::{self, Write};

use serde::Serialize;
use slp_model::{Span, UnixSeconds};
use slp_rum::usage::{Evidence, GroupBy, Intervals, Totals, UsageInterval, write_csv};
use slp_rum::{Document, Error};

use super::{Deviations, window};
use crate::Status;
use crate::arguments::{By, Format, Usage};
use crate::console::{Output, Session, Stop};
use crate::fault::Fault;
use crate::input::Input;
use crate::pipeline::{self, Sum};
use crate::printable::{json, printable};
use crate::wording::count_of;

mod table; // rows for people

/// What one document adds, or all of them.
#[derive(Debug, Default)]
struct Read {
    totals: Totals,
    /// Empty if only totals are wanted.
    evidence: Evidence,
    /// Deviations that were taken.
    tolerated: u64,
    /// Why there is more than can be kept, if so.
    full: Option<Error>,
}

impl Sum for Read {
    fn add(&mut self, other: Self) {
        self.totals.merge(other.totals);
        self.tolerated = self.tolerated.saturating_add(other.tolerated);
        if self.full.is_none() {
            self.full = other.full.or_else(|| self.evidence.merge(other.evidence).err());
        }
    }

    fn reject(&mut self) {
        self.totals.add_rejected();
    }
}

pub(crate) fn run(arguments: &Usage, session: &mut Session<'_>) -> Result<Status, Stop> {
    let (from, to) = (arguments.from, arguments.to);
    let window = match (from, to) {
        (None, None) => None,
        _ => Some(window(from.unwrap_or(UnixSeconds::MIN), to.unwrap_or(UnixSeconds::MAX))?),
    };
    if arguments.summary && arguments.format == Format::Csv {
        return Err(Stop::Call("--summary leaves out the intervals, and CSV has nothing else: use json".to_owned()));
    }
    let mut failed = false;
    let keep = !arguments.summary;
    let all = pipeline::gather(
        &arguments.sources,
        session,
        |all: &mut Read, faults, input| read(all, faults, input, keep),
        |messages, fault| {
            messages.fault(&fault);
            failed = true;
        },
    )?;
    if let Some(error) = all.full {
        return Err(Stop::Data(error.to_string()));
    }
    session.messages.tolerated(all.tolerated);
    match arguments.format {
        Format::Table if arguments.summary => table::summary(&all.totals, session.style, &mut session.output)?,
        Format::Table => {
            let by = arguments.by.unwrap_or(By::Tag);
            table::usage(&all, by, window, session.style, &mut session.output)?;
        }
        Format::Csv => csv(intervals(&all.evidence, window).without_attached(), &mut session.output)?,
        Format::Json => {
            let left_out = write_json(&all, arguments, window, &mut session.output)?;
            if left_out > 0 {
                let many = count_of(left_out, "interval", "intervals");
                let allow = "--limit attached_devices=N allows more";
                session.messages.note(&format!("the devices attached during {many} are left out: {allow}"));
            }
        }
    }
    Ok(Status::of_errors(failed))
}

/// Everything in one document that counts.
fn read(all: &mut Read, faults: &mut Vec<Fault>, input: &Input<'_>, keep: bool) {
    let refused = match Document::parse_with(input.bytes, input.options) {
        Ok(document) => {
            all.totals.add_document();
            let mut deviations = Deviations::default();
            let mut reports = document.borrowed_reports();
            while let Some(report) = reports.next() {
                let taken = report.and_then(|report| {
                    deviations.add(&report);
                    if keep {
                        all.evidence.add(&report, input.name)?;
                    }
                    all.totals.add(&report);
                    Ok(())
                });
                if let Err(error) = taken {
                    all.totals.add_rejected();
                    faults.push(input.fault(error));
                }
            }
            all.tolerated = all.tolerated.saturating_add(deviations.of(&document, &reports));
            return;
        }
        Err(error) => error,
    };
    all.totals.add_rejected();
    faults.push(input.fault(refused));
}

/// The intervals inside the window, cut at its edges.
fn intervals(evidence: &Evidence, window: Option<Span>) -> Intervals<'_> {
    match window {
        Some(window) => evidence.intervals().within(window),
        None => evidence.intervals(),
    }
}

/// What `--by` asks for.
fn group(by: By) -> GroupBy {
    match by {
        By::Tag => GroupBy::Tag,
        By::Device => GroupBy::Device,
        By::DeviceTag => GroupBy::DeviceTag,
    }
}

fn csv<'a>(intervals: impl Iterator<Item = UsageInterval<'a>>, output: &mut Output<'_>) -> io::Result<()> {
    let mut text = Text { output, error: None };
    match write_csv(intervals, &mut text) {
        Ok(()) => Ok(()),
        Err(fmt::Error) => Err(text.error.unwrap_or_else(|| io::Error::other("the CSV cannot be written"))),
    }
}

/// Text that goes straight to the output.
struct Text<'o, 'a> {
    output: &'o mut Output<'a>,
    error: Option<io::Error>,
}

impl fmt::Write for Text<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // Line ends are the form's own; what else a terminal would act on comes from documents.
        for piece in text.split_inclusive('\n') {
            let (line, end) = piece.strip_suffix('\n').map_or((piece, ""), |line| (line, "\n"));
            let written = self.output.write_all(printable(line).as_bytes());
            written.and_then(|()| self.output.write_all(end.as_bytes())).map_err(|error| {
                self.error = Some(error);
                fmt::Error
            })?;
        }
        Ok(())
    }
}

/// The members of the JSON form before `intervals`.
#[derive(Serialize)]
struct Counts<'a> {
    devices: u64,
    reports: u64,
    measurements: u64,
    rejected: u64,
    peak: &'a std::collections::BTreeMap<String, u64>,
}

/// Gives the number of intervals whose attached devices are too many to be named.
fn write_json(all: &Read, arguments: &Usage, window: Option<Span>, output: &mut Output<'_>) -> io::Result<u64> {
    let Totals { devices, reports, measurements, rejected, ref peak, .. } = all.totals;
    let counts = json(&Counts { devices, reports, measurements, rejected, peak })?;
    // the closing brace comes last, since the intervals are written one by one
    write!(output, "{}", counts.strip_suffix('}').unwrap_or(&counts))?;
    let mut left_out = 0;
    if !arguments.summary {
        let limit = arguments.sources.costs.options().limits.attached_devices;
        let mut intervals = intervals(&all.evidence, window).attached_limit(limit);
        write_list("intervals", intervals.by_ref(), output)?;
        left_out = intervals.attached_left_out();
        if left_out > 0 {
            write!(output, ",\"attached_left_out\":{left_out}")?;
        }
        if let Some(by) = arguments.by {
            write_list("sums", all.evidence.sums(group(by), window).into_iter(), output)?;
        }
    }
    writeln!(output, "}}")?;
    Ok(left_out)
}

fn write_list<T: Serialize>(name: &str, items: impl Iterator<Item = T>, output: &mut Output<'_>) -> io::Result<()> {
    write!(output, ",\"{name}\":[")?;
    for (index, item) in items.enumerate() {
        write!(output, "{}{}", if index == 0 { "\n" } else { ",\n" }, json(&item)?)?;
    }
    write!(output, "]")
}
