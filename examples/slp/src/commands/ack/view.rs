//! What became of each answer, for people and programs.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;
use slp_model::{ReportId, Udi};
use slp_sync::WarningKind;
use slp_sync::bundle::{Answer, ExportIndex, Pairing, Refusal, Verdict};
use slp_sync::ledger::BundleState;

use super::Delivery;
use crate::console::{Session, Stop};
use crate::printable::{json, printable, shown};
use crate::style::Paint;
use crate::wording::{count_of, grouped};

pub(super) struct Split<'a> {
    pub(super) index: &'a ExportIndex,
    pub(super) pairing: &'a Pairing<'a>,
    pub(super) files: &'a BTreeMap<u64, (String, Delivery)>,
}

/// The names of members are stable; absent values are left out.
#[derive(Serialize)]
struct AnswerView<'a> {
    leaf: &'a str,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<&'a Udi>,
    #[serde(skip_serializing_if = "Option::is_none")]
    basis: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery: Option<Delivery>,
    partial: bool,
    acked: &'a [ReportId],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refused: Vec<Refused<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<&'static str>,
}

#[derive(Serialize)]
struct Refused<'a> {
    report: ReportId,
    #[serde(skip_serializing_if = "str::is_empty")]
    code: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    message: &'a str,
}

#[derive(Serialize)]
struct Missing<'a> {
    leaf: &'a str,
    device: &'a Udi,
}

impl<'a> Split<'a> {
    fn device(&self, answer: &Answer) -> Option<&'a Udi> {
        answer.exported.and_then(|at| self.index.leaves().get(at)).map(|leaf| &leaf.device)
    }

    fn missing(&self) -> impl Iterator<Item = Missing<'a>> {
        let missing = self.pairing.missing().filter_map(|at| self.index.leaves().get(at));
        missing.map(|leaf| Missing { leaf: &leaf.leaf, device: &leaf.device })
    }

    fn view(&self, answer: &'a Answer) -> AnswerView<'a> {
        let file = self.files.get(&answer.index);
        let refused =
            |refusal: &'a Refusal| Refused { report: refusal.report, code: &refusal.code, message: &refusal.message };
        AnswerView {
            leaf: &answer.name,
            verdict: answer.verdict.as_str(),
            device: self.device(answer),
            basis: answer.basis.map(slp_sync::ledger::Basis::as_str),
            file: file.map(|(name, _)| name.as_str()),
            delivery: file.map(|(_, delivery)| *delivery),
            partial: answer.partial,
            acked: &answer.acked,
            refused: answer.refused.iter().map(refused).collect(),
            warnings: answer.warnings.iter().copied().map(WarningKind::as_str).collect(),
        }
    }

    fn state(&self) -> &'static str {
        match self.pairing.state() {
            BundleState::Acked => "acked",
            BundleState::PartlyAcked => "partly-acked",
            _ => "exported",
        }
    }

    pub(super) fn write_json(&self, output: &mut impl Write) -> io::Result<()> {
        write!(output, "{{\"bundle\":{},\n\"answers\":[", json(&self.index.bundle())?)?;
        list(self.pairing.answers().iter().map(|answer| self.view(answer)), output)?;
        write!(output, "],\n\"missing\":[")?;
        list(self.missing(), output)?;
        writeln!(output, "],\n\"state\":{}}}", json(&self.state())?)
    }

    pub(super) fn show(&self, session: &mut Session<'_>) -> Result<(), Stop> {
        let style = session.style;
        let output = &mut session.output;
        writeln!(output, "{}", style.paint(Paint::Heading, line("Verdict", "Device", "File or leaf", "Remarks")))?;
        for answer in self.pairing.answers() {
            let device = self.device(answer).map_or_else(|| "?".to_owned(), ToString::to_string);
            let file = self.files.get(&answer.index).map_or(answer.name.as_str(), |(name, _)| name);
            let text = line(verdict(answer), &device, file, &self.remarks(answer));
            writeln!(output, "{}", printable(&text))?;
        }
        for missing in self.missing() {
            writeln!(output, "{}", printable(&line("missing", &missing.device.to_string(), missing.leaf, "")))?;
        }
        self.sums(output)?;
        Ok(())
    }

    fn remarks(&self, answer: &Answer) -> String {
        let mut remarks = Vec::new();
        if matches!(self.files.get(&answer.index), Some((_, Delivery::AlreadyApplied))) {
            remarks.push("already there".to_owned());
        }
        for refusal in &answer.refused {
            let code = if refusal.code.is_empty() { String::new() } else { format!(" {}", shown(&refusal.code)) };
            remarks.push(format!("report {} refused:{code} {}", refusal.report, shown(&refusal.message)));
        }
        remarks.extend(answer.warnings.iter().map(|warning| warning.as_str().to_owned()));
        remarks.join("; ")
    }

    fn sums(&self, output: &mut impl Write) -> io::Result<()> {
        let count = |verdict| {
            let answers = self.pairing.answers().iter().filter(|answer| answer.verdict == verdict);
            u64::try_from(answers.count()).unwrap_or(u64::MAX)
        };
        let written = self.files.values().filter(|(_, delivery)| *delivery == Delivery::Written).count();
        let written = u64::try_from(written).unwrap_or(u64::MAX);
        let devices = u64::try_from(self.index.leaves().len()).unwrap_or(u64::MAX);
        let missing = u64::try_from(self.missing().count()).unwrap_or(u64::MAX);
        writeln!(
            output,
            "\n{}: {} answered, {} missing; {} mismatched, {} foreign; {} written",
            count_of(devices, "device", "devices"),
            grouped(count(Verdict::Acked)),
            grouped(missing),
            count_of(count(Verdict::Mismatched), "answer", "answers"),
            grouped(count(Verdict::Foreign)),
            count_of(written, "file", "files"),
        )
    }
}

fn verdict(answer: &Answer) -> &'static str {
    match answer.verdict {
        Verdict::Acked if answer.partial => "partial",
        other => other.as_str(),
    }
}

fn line(verdict: &str, device: &str, file: &str, remarks: &str) -> String {
    let text = format!("{verdict:<10}  {device:<36}  {file:<40}  {remarks}");
    text.trim_end().to_owned()
}

fn list<T: Serialize>(items: impl Iterator<Item = T>, output: &mut impl Write) -> io::Result<()> {
    for (index, item) in items.enumerate() {
        write!(output, "{}{}", if index == 0 { "\n" } else { ",\n" }, json(&item)?)?;
    }
    Ok(())
}
