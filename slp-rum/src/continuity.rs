//! Is the evidence complete and consistent? Findings with stable ids. Spec: rum, "Continuity".
//!
//! [`check`] is a function of the set of reports and of the [`Facts`] given to it: it reads no clock, and the order of
//! reports, their repetition and the files they came in show only in `RUM-DUP` and in the names of sources.

mod facts; // what no report tells
mod ha_checks; // redundant sets
mod id_checks; // report ids: holes, lists of the device, counting anew
mod measurement_checks; // one measurement by itself and beside its neighbour
mod ranges; // many numbers as a short text
mod report_checks; // one report by itself and beside the later ones of its licence
mod span_checks; // the time of a licence: holes and overlaps
mod version_checks; // several payloads under one id

pub use facts::{Counters, Facts};

use std::collections::BTreeSet;

use slp_model::{EntitlementTag, Finding, ReportId, Severity, Subject, Udi, UnixSeconds};

use crate::usage::{Catalog, Evidence, HaLists, Named, Report, Timeline, Timelines};

/// The most findings about single measurements that are listed one by one. Small reports of a hundred thousand measurements,
/// each of them odd in several ways, must not become gigabytes.
const LISTED: usize = 100_000;

/// Checks everything that was read. The findings are ordered by device, tag, start, id and reports.
///
/// A finding whose facts are not given is not raised. Texts name no device: that is in the finding's subject. Beyond
/// 100,000 findings about single measurements only the first of each kind in a report is listed, with the number of
/// others as its detail `more`.
///
/// ```
/// use slp_rum::continuity::{self, Facts};
/// use slp_rum::usage::Evidence;
///
/// let findings = continuity::check(&Evidence::new(), &Facts::default());
/// assert!(findings.is_empty());
/// ```
pub fn check(evidence: &Evidence, facts: &Facts) -> Vec<Finding> {
    let catalog = Catalog::new(evidence);
    let named = Named::new(&catalog);
    let (ha, kinds) = (evidence.ha_lists(), Vec::new());
    let mut checks = Checks { catalog, facts, ha, named, findings: Vec::new(), room: LISTED, kinds };
    let mut timelines = Timelines::new();
    let mut met = BTreeSet::new();
    while let Some(timeline) = timelines.next(&checks.catalog) {
        met.insert(timeline.device);
        checks.device(&timeline);
    }
    for (device, list) in &facts.listed {
        if !met.contains(device) {
            checks.listed(device, list, &[]);
        }
    }
    for (device, counters) in &facts.counters {
        checks.purged(device, *counters);
    }
    let mut findings = checks.findings;
    findings.sort_by(|one, next| one.sort_key().cmp(&next.sort_key()));
    findings
}

/// What is at hand while checks run.
struct Checks<'a> {
    catalog: Catalog<'a>,
    facts: &'a Facts,
    ha: HaLists<'a>,
    named: Named,
    findings: Vec<Finding>,
    /// How many findings about single measurements are still listed.
    room: usize,
    /// The findings about measurements of the report at hand, by kind.
    kinds: Vec<OfKind>,
}

/// Findings of one kind about the measurements of one report.
struct OfKind {
    id: &'static str,
    /// Where the last one that is listed stands.
    last: usize,
    /// How many more there are.
    more: u64,
}

impl<'a> Checks<'a> {
    fn device(&mut self, timeline: &Timeline<'a>) {
        for selection in &timeline.selections {
            self.versions(timeline.device, selection);
            self.report(timeline.device, selection.kept.report);
            self.measurements(timeline.device, selection.kept.report);
        }
        self.one_sided(timeline);
        let ids = self.ids(timeline);
        for licence in &timeline.licences {
            self.open_reports(timeline.device, licence);
            self.overlaps(timeline.device, licence);
            self.gaps(timeline.device, licence, &ids);
        }
        if let Some(list) = self.facts.listed.get(timeline.device) {
            self.listed(timeline.device, list, &timeline.selections);
        }
    }

    fn raise(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    fn tag(&self, report: Report<'a>) -> Option<&'a EntitlementTag> {
        self.catalog.tag(report.record.tag)
    }

    /// A finding about one report and a stretch of time in it.
    fn about(
        &self,
        id: &'static str,
        severity: Severity,
        (device, report): (&Udi, Report<'a>),
        span: Option<(UnixSeconds, UnixSeconds)>,
        message: String,
        remedy: &'static str,
    ) -> Finding {
        let subject = subject(device, self.tag(report), [report.id()], span);
        Finding::new(id, severity, subject, message, remedy)
    }
}

/// From the least to the greatest time of its measurements, whatever their order.
fn span_of(report: Report<'_>) -> Option<(UnixSeconds, UnixSeconds)> {
    let times = || report.measurements.iter().flat_map(|one| [one.start, one.end]);
    times().min().zip(times().max())
}

fn subject(
    device: &Udi,
    tag: Option<&EntitlementTag>,
    reports: impl IntoIterator<Item = ReportId>,
    span: Option<(UnixSeconds, UnixSeconds)>,
) -> Subject {
    let mut subject = Subject::default();
    subject.device = Some(device.clone());
    subject.entitlement_tag = tag.cloned();
    subject.reports = reports.into_iter().collect();
    subject.reports.sort_unstable();
    subject.reports.dedup();
    (subject.from, subject.to) = span.unzip();
    subject
}

/// `1 report`, `2 reports`.
fn many(number: u64, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}
