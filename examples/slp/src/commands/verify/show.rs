//! Verdicts as people read them: a table for each file, then what it means.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{self, Write};

use super::Counts;
use super::judge::FileVerdicts;
use super::row::Row;
use super::trust::Known;
use crate::printable::{printable, shown};
use crate::style::{Paint, Style};
use crate::table::{Side, Table};
use crate::wording::{count_of, grouped};

/// The most different reasons that are told of one file, and the most kinds of content in the last list.
const SHOWN: usize = 8;
/// The most certificates and keys that are listed as trusted.
const TRUSTED: usize = 40;

/// Whom the user trusts.
pub(super) fn trust(known: &[Known], style: Style, out: &mut impl Write) -> io::Result<()> {
    if known.is_empty() {
        return Ok(());
    }
    let mut table = Table::new([
        ("Trusted", Side::Left),
        ("Name", Side::Left),
        ("Key", Side::Left),
        ("Valid to", Side::Left),
        ("File", Side::Left),
    ]);
    for one in known.iter().take(TRUSTED) {
        let certificate = one.certificate.as_ref();
        let name = match (certificate, &one.key_text) {
            (Some(certificate), _) => match &certificate.device {
                Some(device) => format!("{} {}", device.pid, device.serial),
                None => certificate.subject.clone(),
            },
            (None, Some(text)) => format!("for key {text}"),
            (None, None) => "for elements that the cloud signs".to_owned(),
        };
        let key = certificate.and_then(|certificate| certificate.key.as_ref()).or(one.key.as_ref());
        let key = key.map(|key| format!("{} {}", key.key_type, key.id)).unwrap_or_default();
        let end = certificate.map(|certificate| {
            certificate.not_after.map_or_else(|| "no end".to_owned(), |end| end.to_string().chars().take(10).collect())
        });
        let cells = [one.purpose.to_owned(), name, key, end.unwrap_or_default(), one.file.clone()];
        table.row(cells.map(|cell| shown(&cell).into_owned()));
    }
    table.write("", style, out)?;
    if let Some(more @ 1..) = known.len().checked_sub(TRUSTED) {
        writeln!(out, "and {more} more")?;
    }
    writeln!(out)
}

/// One file: its verdicts, the reasons, the certificates in it, what could not be read.
pub(super) fn file(file: &FileVerdicts, nothing: bool, style: Style) -> String {
    let mut text = Vec::new();
    // writing to memory cannot fail
    let _ = write_file(file, nothing, style, &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

fn write_file(file: &FileVerdicts, nothing: bool, style: Style, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}", style.paint(Paint::Heading, printable(&file.name)))?;
    if !file.rows.is_empty() {
        rows(&file.rows, style, out)?;
        reasons(&file.rows, style, out)?;
    } else if nothing {
        writeln!(out, "  {}", style.paint(Paint::Error, "there is no signature in it"))?;
    } else if file.faults.is_empty() {
        writeln!(out, "  there is no signature in it")?;
    }
    if !file.unsigned.is_empty() {
        let names: BTreeSet<_> = file.unsigned.iter().map(String::as_str).collect();
        let names: Vec<_> = names.into_iter().collect();
        writeln!(out, "  never signed: {}", printable(&names.join(", ")))?;
    }
    for certificate in &file.certificates {
        write!(out, "{}", certificate.text("  "))?;
    }
    for fault in &file.faults {
        let word = style.paint(Paint::Error, "error");
        writeln!(out, "  {word}  {}", printable(&fault.to_string()))?;
    }
    Ok(())
}

fn rows(rows: &[Row], style: Style, out: &mut impl Write) -> io::Result<()> {
    let mut table = Table::new([
        ("Verdict", Side::Left),
        ("Why not", Side::Left),
        ("Signature of", Side::Left),
        ("Signed by", Side::Left),
        ("Key", Side::Left),
    ]);
    // what is inside a payload is told below the table, once
    for row in rows.iter().filter(|row| !row.is_inner) {
        let signer = match &row.signer {
            Some(signer) => format!("{} {}", signer.pid, signer.serial),
            None => match row.source.unwrap_or_default() {
                "trust" => "a trusted key".to_owned(),
                "document" => "its own certificate".to_owned(),
                "anchor" => "a trusted CA".to_owned(),
                "pin" => "a pinned CA".to_owned(),
                other => other.to_owned(),
            },
        };
        let key = match (&row.key, row.scheme) {
            (Some(key), Some(scheme)) => format!("{key} {scheme}"),
            _ => String::new(),
        };
        let cells =
            [row.verdict.as_str().to_owned(), row.detail.unwrap_or_default().to_owned(), row.of.clone(), signer, key];
        table.row(cells.map(|cell| shown(&cell).into_owned()));
    }
    table.write("  ", style, out)
}

/// The reasons and the warnings, each once.
fn reasons(rows: &[Row], style: Style, out: &mut impl Write) -> io::Result<()> {
    let mut told = BTreeMap::new();
    for row in rows {
        let paint = if row.verdict.is_bad() { Paint::Error } else { Paint::Warning };
        if let Some(message) = &row.message {
            let place = row.place.to_string();
            told.entry((row.verdict.as_str(), message.as_str())).or_insert((paint, place, 0_u64)).2 += 1;
        }
        for warning in &row.warnings {
            let place = row.place.to_string();
            told.entry(("warning", warning.as_str())).or_insert((Paint::Warning, place, 0_u64)).2 += 1;
        }
    }
    for ((word, message), (paint, place, count)) in told.iter().take(SHOWN) {
        let mut at = place.clone();
        if *count > 1 {
            let _ = write!(at, "{}{} places", if at.is_empty() { "" } else { ", first of " }, grouped(*count));
        }
        let at = if at.is_empty() { at } else { format!(" ({at})") };
        writeln!(out, "  {}: {}{}", style.paint(*paint, word), printable(message), printable(&at))?;
    }
    if let Some(more @ 1..) = told.len().checked_sub(SHOWN) {
        writeln!(out, "  and {more} other reasons: --json has them all")?;
    }
    Ok(())
}

/// Reports are one kind, whatever their numbers.
pub(super) fn kind(of: &str) -> &str {
    if of.starts_with("report ") { "a usage report" } else { of }
}

/// What signatures leave outside, by kind of content.
#[derive(Debug, Default)]
pub(super) struct Outside(BTreeMap<String, BTreeSet<String>>);

impl Outside {
    pub(super) fn add(&mut self, kind: &str, members: &[String]) {
        if self.0.len() >= SHOWN && !self.0.contains_key(kind) {
            return;
        }
        let known = self.0.entry(kind.to_owned()).or_default();
        for member in members {
            if known.len() < SHOWN && !known.contains(member) {
                known.insert(member.clone());
            }
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (kind, members) in &other.0 {
            self.add(kind, &members.iter().cloned().collect::<Vec<_>>());
        }
    }

    pub(super) fn write(&self, style: Style, out: &mut impl Write) -> io::Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        writeln!(out, "{}", style.paint(Paint::Heading, "Not covered, whatever the verdict"))?;
        for (kind, members) in &self.0 {
            let members: Vec<_> = members.iter().map(String::as_str).collect();
            writeln!(out, "  of {}: {}", shown(kind), shown(&members.join(", ")))?;
        }
        writeln!(out)
    }
}

pub(super) fn conclusion(counts: &Counts, out: &mut impl Write) -> io::Result<()> {
    write!(
        out,
        "{}: {} verified, {} invalid, {} malformed, {} unsupported, {} of unknown keys, {} not checkable",
        count_of(counts.signatures(), "signature", "signatures"),
        grouped(counts.verified),
        grouped(counts.invalid),
        grouped(counts.malformed),
        grouped(counts.unsupported),
        grouped(counts.key_unknown),
        grouped(counts.not_checkable),
    )?;
    if counts.inner > 0 {
        write!(out, "; {} inside payloads, not checkable", grouped(counts.inner))?;
    }
    if counts.errors > 0 {
        write!(out, "; {} not read", count_of(counts.errors, "item", "items"))?;
    }
    writeln!(out, ".")
}
