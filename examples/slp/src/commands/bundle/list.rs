//! `slp bundle list`: what is in a bundle, row by row.

use std::collections::BTreeSet;
use std::io::{self, Write as _};

use serde::Serialize;
use sha2::{Digest as _, Sha256};
use slp_model::Udi;
use slp_sync::WarningKind;
use slp_sync::bundle::{Claims, Summary, Survey};

use crate::Status;
use crate::arguments::List;
use crate::console::{Output, Session, Stop};
use crate::fault::Fault;
use crate::input::Input;
use crate::pipeline::{self, Work};
use crate::printable::{json, printable};
use crate::style::Paint;
use crate::wording::{count_of, grouped};

/// A leaf. The names of members are stable; absent values are left out.
#[derive(Default, Serialize)]
struct Row {
    #[serde(skip_serializing_if = "Option::is_none")]
    archive: Option<String>,
    leaf: String,
    bytes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<Udi>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reports: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acked: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<usize>,
    /// Another leaf before it is of the same device.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    duplicate_device: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Fault>,
}

struct Rows;

impl Work for Rows {
    type Piece = Vec<Row>;

    fn document(&self, piece: &mut Vec<Row>, input: &Input<'_>) {
        let leaf = input.as_leaf();
        let mut row = Row {
            archive: leaf.and_then(|leaf| leaf.archive.as_deref()).map(str::to_owned),
            leaf: leaf.map_or(input.name, |leaf| &*leaf.name).to_owned(),
            bytes: input.bytes.len(),
            ..Row::default()
        };
        match Survey::of(input.bytes) {
            Ok(survey) => (row.device, row.reports) = (Some(survey.device), Some(survey.reports.len())),
            Err(error) => match answer(&error, input.bytes) {
                Some(claims) => {
                    (row.acked, row.refused) = (Some(claims.acked.len()), Some(claims.refused.len()));
                    row.device = claims.devices.into_iter().next();
                }
                None => row.error = Some(input.bundle_fault(error)),
            },
        }
        piece.push(row);
    }

    fn fault(&self, piece: &mut Vec<Row>, fault: Fault) {
        let leaf = fault.place.entries.last().cloned().unwrap_or_default();
        piece.push(Row { leaf, error: Some(fault), ..Row::default() });
    }
}

/// A document without reports may be an acknowledgement.
fn answer(error: &slp_sync::Error, bytes: &[u8]) -> Option<Claims> {
    (error.name() == Some("no-report"))
        .then(|| Claims::read(bytes).ok())
        .flatten()
        .filter(|claims| claims.is_acknowledgement)
}

/// Which devices were there, in eight bytes each: a chance collision warns too often, never too rarely.
#[derive(Default)]
struct Devices(BTreeSet<[u8; 8]>);

impl Devices {
    /// False if it was there before.
    fn insert(&mut self, device: &Udi) -> bool {
        let digest =
            Sha256::new().chain_update(device.pid()).chain_update([0]).chain_update(device.serial()).finalize();
        digest.first_chunk().is_none_or(|short| self.0.insert(*short))
    }
}

#[derive(Default, Serialize)]
struct Sums {
    leaves: u64,
    archives: u64,
    bytes: u64,
    inflated_bytes: u64,
    reports: u64,
    acked: u64,
    refused: u64,
    broken: u64,
}

impl Sums {
    fn add(&mut self, row: &Row) {
        let long = |number: Option<usize>| u64::try_from(number.unwrap_or(0)).unwrap_or(u64::MAX);
        self.leaves = self.leaves.saturating_add(1);
        self.reports = self.reports.saturating_add(long(row.reports));
        self.acked = self.acked.saturating_add(long(row.acked));
        self.refused = self.refused.saturating_add(long(row.refused));
        self.broken = self.broken.saturating_add(u64::from(row.error.is_some()));
    }
}

pub(super) fn run(arguments: &List, session: &mut Session<'_>) -> Result<Status, Stop> {
    if session.output_is_terminal {
        session.messages.without_progress();
    }
    let style = session.style;
    if arguments.json {
        write!(session.output, "{{\"leaves\":[")?;
    } else {
        let heading = line("Bytes", "Reports", "Device", "Leaf");
        writeln!(session.output, "{}", style.paint(Paint::Heading, heading))?;
    }
    let (mut sums, mut devices) = (Sums::default(), Devices::default());
    let ended = pipeline::bundle(&arguments.bundle, session, &Rows, |output, messages, rows| {
        for mut row in rows {
            row.duplicate_device = row.device.as_ref().is_some_and(|device| !devices.insert(device));
            if row.duplicate_device && !arguments.json {
                let kind = WarningKind::DuplicateDevice;
                messages.note(&format!("{}: another leaf before it is of the same device ({kind})", row.leaf));
            }
            if let Some(fault) = row.error.as_ref().filter(|_| !arguments.json) {
                messages.fault(fault);
            }
            messages.fail(row.error.is_some());
            if arguments.json {
                write!(output, "{}{}", if sums.leaves == 0 { "\n" } else { ",\n" }, json(&row)?)?;
            } else {
                show(&row, output)?;
            }
            sums.add(&row);
        }
        Ok(())
    })?;
    if let Ok(summary) = &ended {
        add_summary(&mut sums, summary);
    }
    if arguments.json {
        let errors: Vec<_> = ended.as_ref().err().into_iter().collect();
        writeln!(session.output, "],\n\"bundle\":{},\n\"errors\":{}}}", json(&sums)?, json(&errors)?)?;
    } else if let Err(fault) = &ended {
        session.flush()?;
        session.messages.fault(fault);
        session.messages.note("the bundle is broken: what was shown of it does not count");
    } else {
        write_sums(&sums, &mut session.output)?;
    }
    Ok(Status::of_errors(ended.is_err() || sums.broken > 0))
}

fn add_summary(sums: &mut Sums, summary: &Summary) {
    (sums.archives, sums.bytes, sums.inflated_bytes) = (summary.archives, summary.file_bytes, summary.inflated_bytes);
}

/// Rows stream, so the columns have fixed widths.
fn line(bytes: &str, reports: &str, device: &str, leaf: &str) -> String {
    format!("{bytes:>11}  {reports:>9}  {device:<36}  {leaf}")
}

fn show(row: &Row, output: &mut Output<'_>) -> io::Result<()> {
    let reports = match (row.reports, row.acked, row.refused) {
        (Some(reports), ..) => reports.to_string(),
        (None, Some(acked), Some(refused)) => format!("{acked}+{refused}-"),
        _ => "?".to_owned(),
    };
    let device = row.device.as_ref().map_or_else(|| "?".to_owned(), ToString::to_string);
    let archive = row.archive.as_deref().map_or_else(String::new, |archive| format!("{archive}!"));
    let bytes = u64::try_from(row.bytes).unwrap_or(u64::MAX);
    let text = line(&grouped(bytes), &reports, &device, &format!("{archive}{}", row.leaf));
    writeln!(output, "{}", printable(&text))
}

fn write_sums(sums: &Sums, output: &mut Output<'_>) -> io::Result<()> {
    let archives = match sums.archives {
        0 => String::new(),
        number => format!(" in {}", count_of(number, "archive", "archives")),
    };
    let leaves = count_of(sums.leaves, "leaf", "leaves");
    writeln!(output, "\n{leaves}{archives}, {} bytes, {} inflated", grouped(sums.bytes), grouped(sums.inflated_bytes))?;
    if sums.reports > 0 || sums.acked.saturating_add(sums.refused) == 0 {
        writeln!(output, "{}", count_of(sums.reports, "report", "reports"))?;
    }
    if sums.acked.saturating_add(sums.refused) > 0 {
        let acked = count_of(sums.acked, "report", "reports");
        writeln!(output, "{acked} acknowledged (+), {} refused (-)", grouped(sums.refused))?;
    }
    if sums.broken > 0 {
        writeln!(output, "{} not read", count_of(sums.broken, "leaf", "leaves"))?;
    }
    Ok(())
}
