//! `RUM-ID-GAP`, `RUM-RESEED`, `RUM-MISSING`, `RUM-PURGED`: ids of reports that are, should be, or are no more.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use slp_model::Severity::{Info, Warning};
use slp_model::license::ReportState;
use slp_model::{Finding, ReportId, Udi, UnixSeconds};

use super::{Checks, Counters, many, ranges, subject};
use crate::usage::{Licence, Report, Selection, Timeline};

/// The ids of one device, split where it began to count anew.
#[derive(Debug, Default)]
pub(super) struct Ids {
    /// For each stretch of counting, the ranges that are missing in it.
    missing: Vec<Vec<(u64, u64)>>,
    /// In which stretch each id lies.
    stretch: BTreeMap<u64, usize>,
}

impl Ids {
    /// The missing ids between two reports of one stretch, as a text.
    pub(super) fn missing_between(&self, before: u64, after: u64) -> String {
        let (Some(stretch), Some(same)) = (self.stretch.get(&before), self.stretch.get(&after)) else {
            return String::new();
        };
        let missing = self.missing.get(*stretch).filter(|_| stretch == same).map_or(&[][..], Vec::as_slice);
        let first = missing.partition_point(|(first, _)| *first < before);
        ranges::text(missing.iter().skip(first).take_while(|(first, _)| *first < after).copied())
    }
}

impl<'a> Checks<'a> {
    /// Raises what the ids of a device tell among themselves.
    pub(super) fn ids(&mut self, timeline: &Timeline<'a>) -> Ids {
        let mut restarts = Vec::new();
        for licence in &timeline.licences {
            for reseed in reseeds(licence) {
                restarts.push(reseed.start);
                self.reseed(timeline.device, licence, &reseed);
            }
        }
        restarts.sort_unstable();
        let mut stretches = vec![Vec::new(); restarts.len().saturating_add(1)];
        for report in timeline.selections.iter().map(|selection| selection.kept.report) {
            // a report without measurement was just opened: it belongs to the last stretch
            let number = report.start().map_or(restarts.len(), |start| restarts.partition_point(|at| *at <= start));
            if let Some(stretch) = stretches.get_mut(number) {
                stretch.push(report.record.id);
            }
        }
        let mut ids = Ids::default();
        for numbers in stretches.into_iter().filter(|numbers| !numbers.is_empty()) {
            let missing = ranges::holes(&numbers);
            self.id_gap(timeline.device, &numbers, &missing);
            ids.stretch.extend(numbers.into_iter().map(|id| (id, ids.missing.len())));
            ids.missing.push(missing);
        }
        ids
    }

    fn id_gap(&mut self, device: &Udi, numbers: &[u64], missing: &[(u64, u64)]) {
        let (Some(least), Some(greatest)) = (numbers.first(), numbers.last()) else {
            return;
        };
        let lengths = missing.iter().map(|(first, last)| last.saturating_sub(*first).saturating_add(1));
        let count = lengths.fold(0, u64::saturating_add);
        if count == 0 {
            return;
        }
        let missing = ranges::text(missing.iter().copied());
        let text = format!("Between reports {least} and {greatest}, {} not there: {missing}.", are(count));
        let remedy = "A hint only: all licences and telemetry share the ids, files may hold a selection, and devices purge. \
                      Where time is missing too, collect all reports of the device.";
        let finding = Finding::new("RUM-ID-GAP", Info, subject(device, None, [], None), text, remedy);
        self.raise(finding.with("missing", missing).with("count", count));
    }

    fn reseed(&mut self, device: &Udi, licence: &Licence<'a>, reseed: &Reseed) {
        let text = format!(
            "Report {} starts after report {} ended, with a lower id: the device began to count anew.",
            reseed.lower, reseed.higher
        );
        let reports = [ReportId::new(reseed.lower), ReportId::new(reseed.higher)];
        let subject = subject(device, Some(licence.tag), reports, Some((reseed.start, reseed.end)));
        let remedy = "Usual after a new image or a factory reset. If there was none, check the clock of the device.";
        let finding = Finding::new("RUM-RESEED", Info, subject, text, remedy);
        self.raise(finding.with("lower", reseed.lower).with("higher", reseed.higher));
    }

    /// Compares a device's own list with the reports that are there, which come in the order of their ids.
    pub(super) fn listed(
        &mut self,
        device: &Udi,
        list: &BTreeMap<ReportId, Option<ReportState>>,
        there: &[Selection<'a>],
    ) {
        let is_there = |id: &ReportId| there.binary_search_by_key(id, |selection| selection.kept.report.id()).is_ok();
        let mut missing: Vec<(Option<&ReportState>, ReportId)> =
            list.iter().filter(|(id, _)| !is_there(id)).map(|(id, state)| (state.as_ref(), *id)).collect();
        missing.sort_unstable();
        for same in missing.chunk_by(|(one, _), (next, _)| one == next) {
            let state = same.first().and_then(|(state, _)| *state);
            let reports: Vec<_> = same.iter().map(|(_, id)| *id).collect();
            let (severity, remedy) = if state.is_some_and(is_no_loss) {
                (Info, "Nobody waits for them. If their usage matters here, collect them by id.")
            } else {
                (Warning, "Collect them by id, for example with `license smart save usage rum-Id`.")
            };
            let count = u64::try_from(reports.len()).unwrap_or(u64::MAX);
            let ids = ranges::text(ranges::of(reports.iter().map(|id| id.get())));
            let word = state.map_or_else(String::new, |state| format!(" as {}", slp_model::Quoted(state.as_str())));
            let text = format!("The device lists {}{word} that no file has: {ids}.", many(count, "report"));
            let mut finding = Finding::new("RUM-MISSING", severity, subject(device, None, reports, None), text, remedy);
            finding = finding.with("ids", ids);
            if let Some(state) = state {
                finding = finding.with("states", state.as_str());
            }
            self.raise(finding);
        }
    }

    pub(super) fn purged(&mut self, device: &Udi, counters: Counters) {
        if counters == Counters::default() {
            return;
        }
        let Counters { purged, mia } = counters;
        let text = format!("The device counts {} as purged and {mia} as lost.", many(purged, "report"));
        let remedy = "The evidence is incomplete, and what they held cannot be had any more. Collect more often.";
        let finding = Finding::new("RUM-PURGED", Warning, subject(device, None, [], None), text, remedy);
        self.raise(finding.with("purged", purged).with("mia", mia));
    }
}

fn are(count: u64) -> String {
    if count == 1 { "1 id is".to_owned() } else { format!("{count} ids are") }
}

/// States in which nobody misses a report: it is still growing, or its work is done.
fn is_no_loss(state: &ReportState) -> bool {
    match state {
        ReportState::Open | ReportState::Acknowledged | ReportState::Deleted => true,
        other => matches!(
            other.as_str(),
            "SmartAgentRumStateOpen" | "rum-report-state-open" | "rum-report-state-acknowledged"
        ),
    }
}

/// A report whose id is lower than that of one that ended before.
#[derive(Debug)]
struct Reseed {
    start: UnixSeconds,
    end: UnixSeconds,
    lower: u64,
    higher: u64,
}

/// Where the ids of a licence fall back, once for each time.
fn reseeds(licence: &Licence<'_>) -> Vec<Reseed> {
    let span = |report: &Report<'_>| Some((report.start()?, report.record.id, report.end()?));
    let mut reports: Vec<_> = licence.reports.iter().filter_map(span).collect();
    reports.sort_unstable();
    let mut running: BinaryHeap<Reverse<(UnixSeconds, u64)>> = BinaryHeap::new();
    let mut ended: Option<u64> = None;
    let mut reseeds = Vec::new();
    for (start, id, end) in reports {
        while let Some(Reverse((_, other))) = running.peek().copied().filter(|Reverse((end, _))| *end <= start) {
            running.pop();
            ended = ended.max(Some(other));
        }
        if let Some(higher) = ended.filter(|higher| *higher > id) {
            reseeds.push(Reseed { start, end: end.max(start), lower: id, higher });
            running.clear();
            ended = None;
        }
        running.push(Reverse((end.max(start), id)));
    }
    reseeds
}
