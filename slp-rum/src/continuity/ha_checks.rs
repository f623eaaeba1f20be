//! `RUM-HA`, `RUM-HA-ONEWAY`: what reports say about redundant sets.

use slp_model::Severity::{Info, Warning};
use slp_model::{Detail, Finding, ReportId, Udi};

use super::{Checks, many, span_of, subject};
use crate::usage::{ALONE, Report, Timeline};

/// The most reports that one finding names.
const NAMED: usize = 8;

impl<'a> Checks<'a> {
    pub(super) fn redundancy(&mut self, device: &Udi, report: Report<'a>) {
        if report.record.ha == ALONE {
            return;
        }
        let (roles, members): (Vec<_>, Vec<_>) = self.ha.members(report.record.ha).unzip();
        let (has_active, has_itself) = (roles.contains(&"Active"), members.contains(&report.record.device));
        if has_active && has_itself {
            return;
        }
        let fault = match (has_active, has_itself) {
            (false, true) => "no active device in its redundant set",
            (true, _) => "a redundant set without the device itself",
            (false, false) => "a redundant set without an active device and without the device itself",
        };
        let text = format!("Report {} names {fault}.", report.id());
        let finding = self.about(
            "RUM-HA",
            Info,
            (device, report),
            span_of(report),
            text,
            "Nothing to do; usage is counted as reported.",
        );
        self.raise(finding.with("roles", Detail::Texts(roles.into_iter().map(str::to_owned).collect())));
    }

    /// Members that report too and do not name this device in turn. They are counted by themselves.
    pub(super) fn one_sided(&mut self, timeline: &Timeline<'a>) {
        let usage = timeline.licences.iter().flat_map(|licence| &licence.reports).copied();
        let kept = timeline.selections.iter().map(|selection| selection.kept.report).chain(usage);
        // the place of the member among all devices, and the report
        let mut lists: Vec<(u32, u64)> = Vec::new();
        for report in kept.filter(|report| report.record.ha != ALONE) {
            for (_, member) in self.ha.members(report.record.ha) {
                if self.named.is_one_sided(report.record.device, member) {
                    lists.push((self.catalog.device_rank(member), report.record.id));
                }
            }
        }
        lists.sort_unstable();
        lists.dedup();
        for reports in lists.chunk_by(|(one, _), (next, _)| one == next) {
            let Some(member) = reports.first().and_then(|(place, _)| self.catalog.device_at(*place)) else { continue };
            let count = u64::try_from(reports.len()).unwrap_or(u64::MAX);
            let names = if count == 1 { "names" } else { "name" };
            let text = format!(
                "{} {names} another device as a member of its redundant set, and no report of that device names this \
                 one: both are counted.",
                many(count, "report")
            );
            let subject =
                subject(timeline.device, None, reports.iter().map(|(_, id)| ReportId::new(*id)).take(NAMED), None);
            let remedy = "If the two are a redundant set, collect current reports of both; if not, find out where the \
                          report comes from.";
            let finding = Finding::new("RUM-HA-ONEWAY", Warning, subject, text, remedy);
            self.raise(finding.with("member", member.to_string()).with("count", count));
        }
    }
}
