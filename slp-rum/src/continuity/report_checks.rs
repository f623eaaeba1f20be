//! `RUM-OPEN`, `RUM-NOACK`, `RUM-SIGNER`, `RUM-UNSIGNED`, `RUM-TIME`: one report by itself, and beside the later ones
//! of its licence.

use slp_model::Severity::{Error, Info, Warning};
use slp_model::{Seconds, Udi, UnixSeconds};

use super::{Checks, many, span_of};
use crate::usage::{Kind, Licence, NONE, Report};

/// 2015-01-01T00:00:00Z: no device had this kind of licensing before.
const FIRST_YEAR: i64 = 1_420_070_400;
const DAY: i64 = 86_400;
/// A closed report may stay so long without acknowledgement before it is a warning.
const PATIENCE: i64 = 30 * DAY;

impl<'a> Checks<'a> {
    pub(super) fn report(&mut self, device: &Udi, report: Report<'a>) {
        self.signature(device, report);
        self.redundancy(device, report);
        self.times(device, report);
        if report.record.closed {
            self.acknowledgement(device, report);
        }
    }

    fn signature(&mut self, device: &Udi, report: Report<'a>) {
        if !report.record.signed {
            let text = format!("Report {} has no outer signature.", report.id());
            let remedy = "It cannot be uploaded. Save it to a file on the device instead of printing it.";
            let finding = self.about("RUM-UNSIGNED", Warning, (device, report), span_of(report), text, remedy);
            self.raise(finding);
        }
        let signer = report.record.signer;
        let is_tied = self.ha.members(report.record.ha).any(|(_, member)| member == signer);
        if signer == NONE || signer == report.record.device || is_tied {
            return;
        }
        let text = format!(
            "The envelope of report {} names a signer that is neither the device nor in its redundant set.",
            report.id()
        );
        let remedy = "The report lies in the wrong envelope. Collect it once more from the device.";
        let finding = self.about("RUM-SIGNER", Warning, (device, report), span_of(report), text, remedy);
        let signer = self.catalog.device(signer).map(ToString::to_string).unwrap_or_default();
        self.raise(finding.with("signer", signer));
    }

    fn times(&mut self, device: &Udi, report: Report<'a>) {
        let (earliest, latest) = (report.record.earliest, report.record.latest);
        let mut faults = Vec::new();
        if earliest <= latest && earliest.get() < FIRST_YEAR {
            faults.push((earliest, "before 2015"));
        }
        let is_ahead = |now: UnixSeconds| earliest <= latest && latest > now.saturating_add(Seconds::new(DAY));
        if self.facts.now.is_some_and(is_ahead) {
            faults.push((latest, "more than a day ahead of now"));
        }
        for (time, fault) in faults {
            let text = format!("Report {} has the time {time}, {fault}.", report.id());
            let remedy = "The clock of the device was wrong when it measured. Check NTP on the device.";
            let finding = self.about("RUM-TIME", Warning, (device, report), span_of(report), text, remedy);
            self.raise(finding.with("time", time.get()));
        }
    }

    fn acknowledgement(&mut self, device: &Udi, report: Report<'a>) {
        let Some(acknowledged) = self.facts.acknowledged.get(device) else {
            return;
        };
        if acknowledged.contains(&report.id()) {
            return;
        }
        let age = self.facts.now.zip(report.end()).map(|(now, end)| now.since(end).get());
        let missed = self.facts.now.zip(self.facts.deadline).is_some_and(|(now, deadline)| now > deadline);
        let severity = match age {
            _ if missed => Error,
            Some(PATIENCE..) if age != Some(PATIENCE) => Warning,
            _ => Info,
        };
        let days = age.map(|age| age.max(0) / DAY);
        let mut text = format!("Report {} is closed and not acknowledged", report.id());
        if let Some(days) = days {
            text = format!("{text}, {} after its end", many(days.unsigned_abs(), "day"));
        }
        if let (Some(deadline), true) = (self.facts.deadline, missed) {
            text = format!("{text}; the deadline was {deadline}");
        }
        text.push('.');
        let remedy = "Upload the report, then import the acknowledgement on the device.";
        let mut finding = self.about("RUM-NOACK", severity, (device, report), span_of(report), text, remedy);
        if let Some(days) = days {
            finding = finding.with("age_days", days);
        }
        if let Some(deadline) = self.facts.deadline {
            finding = finding.with("deadline", deadline.get());
        }
        self.raise(finding);
    }

    /// Reports of one licence that were still growing when they were saved.
    pub(super) fn open_reports(&mut self, device: &Udi, licence: &Licence<'a>) {
        let mut reports = licence.reports.clone();
        // one that was just opened has no measurement and so no time: it is the last
        reports.sort_unstable_by_key(|report| (report.start().is_none(), report.start(), report.record.id));
        let later = reports.iter().skip(1).map(Some).chain([None]);
        for (report, later) in reports.iter().zip(later) {
            if report.record.closed || report.record.kind != Kind::Usage {
                continue;
            }
            let mut text = format!("Report {} was still open when it was saved", report.id());
            match report.end() {
                Some(end) => text = format!("{text}: what came after {end} is not in it"),
                None => text.push_str(": it has no measurement yet"),
            }
            if let Some(later) = later {
                text = format!("{text}, although report {} came later", later.id());
            }
            text.push('.');
            let severity = if later.is_some() { Warning } else { Info };
            let remedy = "Close the reports of the device, then collect them again.";
            let mut finding = self.about("RUM-OPEN", severity, (device, *report), span_of(*report), text, remedy);
            if let Some(end) = report.end() {
                finding = finding.with("end", end.get());
            }
            if let Some(later) = later {
                finding = finding.with("later", later.id().get());
            }
            self.raise(finding);
        }
    }
}
