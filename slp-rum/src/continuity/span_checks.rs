//! `RUM-GAP` and `RUM-OVERLAP`: the time of one licence on one device.

use slp_model::Severity::{self, Info, Warning};
use slp_model::{Detail, Finding, ReportId, Udi, UnixSeconds};

use super::id_checks::Ids;
use super::{Checks, many, ranges, subject};
use crate::usage::{Known, Licence};

/// The agent takes samples every 900 s: less is no gap worth a look.
const SHORT: i64 = 900;
/// A reload may take so long.
const RELOAD: i64 = 3_600;
/// The most ranges of missing ids in a sentence; the details name more.
const NAMED: usize = 8;

/// Why there is a gap, as far as reports tell.
struct Reason {
    word: &'static str,
    severity: Severity,
    clause: &'static str,
    remedy: &'static str,
}

const TOO_SHORT: Reason =
    Reason { word: "short", severity: Info, clause: "no more than one sampling period", remedy: "Nothing to do." };
const RELEASED: Reason = Reason {
    word: "released",
    severity: Info,
    clause: "the licence had been released before",
    remedy: "Nothing to do.",
};
const RELOADED: Reason =
    Reason { word: "reload", severity: Info, clause: "the device was reloading", remedy: "Nothing to do." };
const UNEXPLAINED: Reason = Reason {
    word: "unexplained",
    severity: Warning,
    clause: "no reason is known",
    remedy: "Collect the missing reports if the device still has them; otherwise the usage of that time stays unknown.",
};
const EDGE: Reason = Reason {
    word: "edge",
    severity: Warning,
    clause: "at the edge of the wanted time",
    remedy: "Collect the reports of that time if the device has them, or ask for less time.",
};

impl<'a> Checks<'a> {
    pub(super) fn overlaps(&mut self, device: &Udi, licence: &Licence<'a>) {
        for overlap in &licence.overlaps {
            let seconds = overlap.end.since(overlap.start);
            let others = overlap.losers.iter().copied().filter(|id| *id != overlap.winner);
            let others = ranges::text(ranges::of(others));
            let what = if others.is_empty() {
                format!("measurements of report {} cover the same time", overlap.winner)
            } else {
                let more = if overlap.more {
                    format!(" and others, {} in all", many(overlap.lost, "measurement"))
                } else {
                    String::new()
                };
                format!("report {} covers the same time as {others}{more}", overlap.winner)
            };
            let length = seconds.human();
            let text = format!("From {} on, for {length}, {what}; the greatest count is used.", overlap.start);
            let reports = overlap.losers.iter().chain([&overlap.winner]).copied().map(ReportId::new);
            let subject = subject(device, Some(licence.tag), reports, Some((overlap.start, overlap.end)));
            let remedy = "Check the clock of the device, and that all files come from it.";
            let finding = Finding::new("RUM-OVERLAP", Warning, subject, text, remedy)
                .with("seconds", seconds.get())
                .with("winner", overlap.winner)
                .with("losers", Detail::Counts(overlap.losers.clone()))
                .with("count", overlap.lost);
            self.raise(finding);
        }
    }

    pub(super) fn gaps(&mut self, device: &Udi, licence: &Licence<'a>, ids: &Ids) {
        let known = licence.known();
        for (before, after) in known.iter().zip(known.iter().skip(1)) {
            if before.end < after.start {
                let reason = reason(licence, before, after.start.since(before.end).get());
                self.gap(device, licence, ids, (before.end, after.start), (Some(before), Some(after)), reason);
            }
        }
        let Some(window) = self.facts.window else { return };
        let (from, to) = (window.start(), window.end());
        // without any known time the whole window is one edge
        let (first, last) = (known.first(), known.last());
        let until = first.map_or(to, |first| first.start.min(to));
        if from < until {
            self.gap(device, licence, ids, (from, until), (None, first), &EDGE);
        }
        let Some(last) = last else { return };
        if last.end.max(from) < to {
            self.gap(device, licence, ids, (last.end.max(from), to), (Some(last), None), &EDGE);
        }
    }

    fn gap(
        &mut self,
        device: &Udi,
        licence: &Licence<'a>,
        ids: &Ids,
        span: (UnixSeconds, UnixSeconds),
        (before, after): (Option<&Known>, Option<&Known>),
        reason: &Reason,
    ) {
        let seconds = span.1.since(span.0);
        let (before, after) = (before.map(|known| known.id), after.map(|known| known.id));
        let missing = before.zip(after).map(|(before, after)| ids.missing_between(before, after)).unwrap_or_default();
        let mut text =
            format!("From {} to {} ({}) there is no report: {}", span.0, span.1, seconds.human(), reason.clause);
        if !missing.is_empty() {
            let few = ranges::first(&missing, NAMED);
            let are = if missing.bytes().all(|byte| byte.is_ascii_digit()) { "is" } else { "are" };
            let reports = if are == "is" { "report" } else { "reports" };
            text = format!("{text}; {reports} {few} {are} not there");
        }
        text.push('.');
        let reports = before.into_iter().chain(after).map(ReportId::new);
        let subject = subject(device, Some(licence.tag), reports, Some(span));
        let mut finding = Finding::new("RUM-GAP", reason.severity, subject, text, reason.remedy)
            .with("seconds", seconds.get())
            .with("reason", reason.word);
        for (name, id) in [("before", before), ("after", after)] {
            if let Some(id) = id {
                finding = finding.with(name, id);
            }
        }
        if !missing.is_empty() {
            finding = finding.with("missing_ids", missing);
        }
        self.raise(finding);
    }
}

/// The first that applies. Spec: rum, "Continuity".
fn reason(licence: &Licence<'_>, before: &Known, seconds: i64) -> &'static Reason {
    let reloaded = licence.reports.get(before.report).is_some_and(|report| report.record.reloaded);
    match seconds {
        ..=SHORT => &TOO_SHORT,
        _ if before.count == Some(0) => &RELEASED,
        ..=RELOAD if reloaded => &RELOADED,
        _ => &UNEXPLAINED,
    }
}
