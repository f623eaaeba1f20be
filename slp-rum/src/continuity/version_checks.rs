//! `RUM-DUP`, `RUM-RESIGNED`, `RUM-SUPERSEDED`, `RUM-CONFLICT`: several payloads under one id.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use slp_model::Detail;
use slp_model::Severity::{Error, Info, Warning};
use slp_model::{Udi, UnixSeconds};

use super::{Checks, span_of};
use crate::usage::{Report, Selection, Version};

/// The most files that a finding about two versions names for each.
const NAMED: usize = 8;

impl<'a> Checks<'a> {
    pub(super) fn versions(&mut self, device: &Udi, selection: &Selection<'a>) {
        let kept = &selection.kept;
        for version in [kept].into_iter().chain(&selection.superseded).chain(&selection.conflicts) {
            self.duplicates(device, version);
        }
        if selection.superseded.is_empty() && selection.conflicts.is_empty() {
            return;
        }
        let from = self.few_sources(kept);
        for version in &selection.superseded {
            self.superseded(device, (kept, &from), version);
        }
        for version in &selection.conflicts {
            self.conflict(device, (kept, &from), version);
        }
    }

    fn duplicates(&mut self, device: &Udi, version: &Version<'a>) {
        let report = version.report;
        let sources = Detail::Texts(self.sources(version).into_iter().map(str::to_owned).collect());
        let times = u64::try_from(version.occurrences.len()).unwrap_or(u64::MAX);
        if times > 1 {
            let text = format!("Report {} came {times} times with the same payload.", report.id());
            let remedy = "Nothing is wrong: it counts once. Upload it only once.";
            let finding = self.about("RUM-DUP", Info, (device, report), span_of(report), text, remedy);
            self.raise(finding.with("times", times).with("sources", sources.clone()));
        }
        if version.is_resigned() {
            let text = format!("Report {} came with one payload and several signatures.", report.id());
            let remedy = "Keep the file that the device itself wrote.";
            let finding = self.about("RUM-RESIGNED", Warning, (device, report), span_of(report), text, remedy);
            self.raise(finding.with("sources", sources));
        }
    }

    /// Where a version came from, sorted.
    fn sources(&self, version: &Version<'a>) -> BTreeSet<&'a str> {
        let mut sources = BTreeSet::new();
        for record in &version.occurrences {
            sources.insert(self.catalog.evidence.source_of(record));
        }
        sources
    }

    /// The first of them: there may be as many versions as copies.
    fn few_sources(&self, version: &Version<'a>) -> Detail {
        Detail::Texts(self.sources(version).into_iter().take(NAMED).map(str::to_owned).collect())
    }

    fn superseded(&mut self, device: &Udi, (kept, from): (&Version<'a>, &Detail), dropped: &Version<'a>) {
        let (report, ends) = (dropped.report, (kept.report.end(), dropped.report.end()));
        let text = format!(
            "Report {} also came in an older state, which {}; a later state, which {}, grew from it and is used.",
            report.id(),
            until(ends.1),
            until(ends.0),
        );
        let remedy = "Nothing is lost. The older file is not needed any more.";
        let mut finding = self.about("RUM-SUPERSEDED", Info, (device, report), span_of(report), text, remedy);
        for (name, end) in [("kept", ends.0), ("dropped", ends.1)] {
            if let Some(end) = end {
                finding = finding.with(name, end.get());
            }
        }
        let sources = self.few_sources(dropped);
        self.raise(finding.with("kept_sources", from.clone()).with("dropped_sources", sources));
    }

    fn conflict(&mut self, device: &Udi, (kept, from): (&Version<'a>, &Detail), other: &Version<'a>) {
        let report = kept.report;
        let place = difference(report, other.report);
        let where_to_look = if place == "$" { "members outside meta and measurements" } else { &place };
        let text = format!(
            "Report {} came in two versions of which none grew from the other; they differ in {where_to_look}. \
             One of them is used.",
            report.id()
        );
        let remedy = "One of the two was edited or damaged. Collect the report once more from the device.";
        let finding = self.about("RUM-CONFLICT", Error, (device, report), span_of(report), text, remedy);
        let finding =
            finding.with("kept", hex(&report.record.payload)).with("other", hex(&other.report.record.payload));
        let finding = finding.with("kept_sources", from.clone()).with("other_sources", self.few_sources(other));
        self.raise(finding.with("differ_at", place));
    }
}

fn until(end: Option<UnixSeconds>) -> String {
    end.map_or_else(|| "has no measurement".to_owned(), |end| format!("ends at {end}"))
}

/// The first place where two payloads differ, as a JSON path. `$` is everything outside `meta` and `measurements`;
/// `signature` is the inner one; `writing` means that they say the same in other bytes.
fn difference(one: Report<'_>, other: Report<'_>) -> String {
    if one.record.identity != other.record.identity {
        return "$".to_owned();
    }
    if one.record.meta != other.record.meta {
        return "$.meta".to_owned();
    }
    let pairs = one.measurements.iter().zip(other.measurements);
    for (number, (one, other)) in pairs.enumerate() {
        if one.whole != other.whole {
            let member = match () {
                () if one.start != other.start => ".start_time",
                () if one.end != other.end => ".end_time",
                () if one.count != other.count => ".value",
                () => "",
            };
            return format!("$.measurements[{number}]{member}");
        }
    }
    let (short, long) = (one.measurements.len().min(other.measurements.len()), one.measurements.len());
    if short != long.max(other.measurements.len()) {
        return format!("$.measurements[{short}]");
    }
    if one.record.inner == other.record.inner { "writing" } else { "signature" }.to_owned()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // writing to a string does not fail
        let _ = write!(text, "{byte:02x}");
        text
    })
}
