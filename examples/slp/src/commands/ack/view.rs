//! What became of each answer, for people and programs.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::{self, Write};

use serde::Serialize;
use slp_model::{ReportId, Udi};
use slp_sync::WarningKind;
use slp_sync::bundle::{Answer, ExportIndex, Pairing, Refusal, Verdict, answer_file_name};
use slp_sync::ledger::{BundleState, Ledger};

use super::Delivery;
use crate::console::{Session, Stop};
use crate::printable::{json, printable, shown};
use crate::style::Paint;
use crate::wording::{count_of, grouped};

pub(super) struct Split<'a> {
    pub(super) index: &'a ExportIndex,
    pub(super) pairing: &'a Pairing<'a>,
    pub(super) deliveries: &'a [(u64, Delivery)],
    /// If it was looked up by device in all of them.
    pub(super) searched: Option<Bundles<'a>>,
}

/// The bundles that an answer turned out to answer, as the ledger has them now.
pub(super) struct Bundles<'a> {
    names: Vec<&'a str>,
    /// Leaves without any answer, and their devices.
    missing: Vec<(&'a str, &'a str, &'a Udi)>,
    state: BundleState,
}

impl<'a> Bundles<'a> {
    pub(super) fn of(ledger: &'a Ledger, pairing: &Pairing<'a>, index: &'a ExportIndex) -> Self {
        let answered = pairing.answers().filter(|answer| answer.verdict == Verdict::Acked);
        let names: BTreeSet<&str> =
            answered.filter_map(|answer| index.leaf(answer.exported?)).map(|leaf| leaf.bundle).collect();
        let bundles: Vec<_> = names.iter().filter_map(|name| Some((*name, ledger.bundle(name)?))).collect();
        let is_acked = !bundles.is_empty() && bundles.iter().all(|(_, one)| one.state() == BundleState::Acked);
        let is_plain = pairing.answers().all(|answer| matches!(answer.verdict, Verdict::Acked | Verdict::Repeated));
        let missing = bundles.iter().flat_map(|(name, one)| {
            let open = one.begin.leaves.iter().filter(|leaf| !one.acks.contains_key(&leaf.leaf));
            open.map(|leaf| (*name, leaf.leaf.as_str(), &leaf.device))
        });
        Self {
            missing: missing.collect(),
            state: match () {
                () if is_acked && is_plain => BundleState::Acked,
                () if bundles.is_empty() => BundleState::Exported,
                () => BundleState::PartlyAcked,
            },
            names: names.into_iter().collect(),
        }
    }
}

/// The names of members are stable; absent values are left out.
#[derive(Serialize)]
struct AnswerView<'a> {
    leaf: Cow<'a, str>,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<&'a Udi>,
    /// If it was looked up in several.
    #[serde(skip_serializing_if = "Option::is_none")]
    bundle: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    basis: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery: Option<Delivery>,
    partial: bool,
    acked: &'a [ReportId],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refused: Vec<Refused<'a>>,
    /// Bundles that it could be of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    candidates: Vec<&'a str>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    bundle: Option<&'a str>,
    leaf: &'a str,
    device: &'a Udi,
}

impl<'a> Split<'a> {
    fn device(&self, answer: &Answer<'_>) -> Option<&'a Udi> {
        let at = answer.exported.or(answer.candidates.first().copied())?;
        self.index.leaf(at).map(|leaf| leaf.device)
    }

    /// The bundle of an answer, where there are several.
    fn bundle(&self, answer: &Answer<'_>) -> Option<&'a str> {
        self.searched.as_ref().and_then(|_| self.index.leaf(answer.exported?)).map(|leaf| leaf.bundle)
    }

    fn candidates(&self, answer: &Answer<'_>) -> Vec<&'a str> {
        let leaves = answer.candidates.iter().filter_map(|at| self.index.leaf(*at));
        let mut names: Vec<_> = leaves.map(|leaf| leaf.bundle).collect();
        names.dedup();
        names
    }

    fn delivery(&self, answer: &Answer<'_>) -> Option<Delivery> {
        let at = self.deliveries.binary_search_by_key(&answer.index, |(index, _)| *index).ok()?;
        self.deliveries.get(at).map(|(_, delivery)| *delivery)
    }

    /// The file, if there is one now.
    fn file(&self, answer: &Answer<'_>) -> Option<String> {
        self.delivery(answer).and_then(|_| self.device(answer)).map(answer_file_name)
    }

    fn missing(&self) -> Vec<Missing<'a>> {
        if let Some(searched) = &self.searched {
            let all = searched.missing.iter();
            return all.map(|(bundle, leaf, device)| Missing { bundle: Some(bundle), leaf, device }).collect();
        }
        let missing = self.pairing.missing().filter_map(|at| self.index.leaf(at));
        missing.map(|leaf| Missing { bundle: None, leaf: leaf.leaf, device: leaf.device }).collect()
    }

    fn view(&self, answer: Answer<'a>) -> AnswerView<'a> {
        let refused =
            |refusal: &'a Refusal| Refused { report: refusal.report, code: &refusal.code, message: &refusal.message };
        AnswerView {
            verdict: answer.verdict.as_str(),
            device: self.device(&answer),
            bundle: self.bundle(&answer),
            candidates: self.candidates(&answer),
            basis: answer.basis.map(slp_sync::ledger::Basis::as_str),
            file: self.file(&answer),
            delivery: self.delivery(&answer),
            partial: answer.partial,
            acked: answer.acked,
            refused: answer.refused.iter().map(refused).collect(),
            warnings: answer.warnings.iter().copied().map(WarningKind::as_str).collect(),
            leaf: answer.name,
        }
    }

    pub(super) fn state(&self) -> BundleState {
        self.searched.as_ref().map_or_else(|| self.pairing.state(), |searched| searched.state)
    }

    pub(super) fn write_json(&self, output: &mut impl Write) -> io::Result<()> {
        match &self.searched {
            None => write!(output, "{{\"bundle\":{},", json(&self.index.bundle())?)?,
            Some(searched) => write!(output, "{{\"bundles\":{},", json(&searched.names)?)?,
        }
        write!(output, "\n\"answers\":[")?;
        list(self.pairing.answers().map(|answer| self.view(answer)), output)?;
        write!(output, "],\n\"missing\":[")?;
        list(self.missing().into_iter(), output)?;
        let state = match self.state() {
            BundleState::Acked => "acked",
            BundleState::PartlyAcked => "partly-acked",
            _ => "exported",
        };
        writeln!(output, "],\n\"state\":{}}}", json(&state)?)
    }

    pub(super) fn show(&self, session: &mut Session<'_>) -> Result<(), Stop> {
        let style = session.style;
        let output = &mut session.output;
        writeln!(output, "{}", style.paint(Paint::Heading, line("Verdict", "Device", "File or leaf", "Remarks")))?;
        for answer in self.pairing.answers() {
            let device = self.device(&answer).map_or_else(|| "?".to_owned(), ToString::to_string);
            let file = self.file(&answer).map_or_else(|| answer.name.clone(), Cow::Owned);
            let text = line(verdict(&answer), &device, &file, &self.remarks(&answer));
            writeln!(output, "{}", printable(&text))?;
        }
        for missing in self.missing() {
            writeln!(output, "{}", printable(&line("missing", &missing.device.to_string(), missing.leaf, "")))?;
        }
        self.sums(output)?;
        Ok(())
    }

    fn remarks(&self, answer: &Answer<'_>) -> String {
        let mut remarks = Vec::new();
        if self.delivery(answer) == Some(Delivery::AlreadyApplied) {
            remarks.push("already there".to_owned());
        }
        if let Some(bundle) = self.bundle(answer) {
            remarks.push(format!("of {}", printable(bundle)));
        }
        if answer.verdict == Verdict::Ambiguous {
            let could =
                self.candidates(answer).iter().map(|name| printable(name).into_owned()).collect::<Vec<_>>().join(", ");
            remarks.push(format!("could be of {could}: give one with --bundle"));
        }
        for refusal in answer.refused {
            let code = if refusal.code.is_empty() { String::new() } else { format!(" {}", shown(&refusal.code)) };
            remarks.push(format!("report {} refused:{code} {}", refusal.report, shown(&refusal.message)));
        }
        remarks.extend(answer.warnings.iter().map(|warning| warning.as_str().to_owned()));
        remarks.join("; ")
    }

    fn sums(&self, output: &mut impl Write) -> io::Result<()> {
        let count = |verdict| {
            let answers = self.pairing.answers().filter(|answer| answer.verdict == verdict);
            u64::try_from(answers.count()).unwrap_or(u64::MAX)
        };
        let written = self.deliveries.iter().filter(|(_, delivery)| *delivery == Delivery::Written).count();
        let written = u64::try_from(written).unwrap_or(u64::MAX);
        let missing = u64::try_from(self.missing().len()).unwrap_or(u64::MAX);
        let devices = match &self.searched {
            None => u64::try_from(self.index.len()).unwrap_or(u64::MAX),
            Some(_) => count(Verdict::Acked).saturating_add(missing),
        };
        writeln!(
            output,
            "\n{}: {} answered, {} missing; {} mismatched, {} foreign; {} written",
            count_of(devices, "device", "devices"),
            grouped(count(Verdict::Acked)),
            grouped(missing),
            count_of(count(Verdict::Mismatched), "answer", "answers"),
            grouped(count(Verdict::Foreign)),
            count_of(written, "file", "files"),
        )?;
        match count(Verdict::Ambiguous) {
            0 => Ok(()),
            number => writeln!(
                output,
                "{} not delivered: it could be of several bundles",
                count_of(number, "answer", "answers")
            ),
        }
    }
}

fn verdict(answer: &Answer<'_>) -> &'static str {
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
