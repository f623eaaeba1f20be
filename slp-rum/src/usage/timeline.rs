//! One device: its reports, one version each, and its time, licence by licence.

use std::collections::BTreeMap;

use slp_model::{EntitlementTag, Udi};

use super::catalog::{Catalog, Report};
use super::overlap::{self, Overlap, Piece, Segment};
use super::record::Kind;
use super::versions::{self, Selection};

#[derive(Debug)]
pub(crate) struct Timeline<'a> {
    pub(crate) device: &'a Udi,
    /// By id.
    pub(crate) selections: Vec<Selection<'a>>,
    /// By tag.
    pub(crate) licences: Vec<Licence<'a>>,
}

/// The use of one licence on one device.
#[derive(Debug)]
pub(crate) struct Licence<'a> {
    pub(crate) tag: &'a EntitlementTag,
    /// By id.
    pub(crate) reports: Vec<Report<'a>>,
    /// By time; [`Segment::report`] counts in `reports`.
    pub(crate) pieces: Vec<Piece>,
    pub(crate) overlaps: Vec<Overlap>,
}

/// Works through the devices, one at a time.
#[derive(Debug)]
pub(crate) struct Timelines {
    at: usize,
}

impl Timelines {
    pub(crate) fn new() -> Self {
        Self { at: 0 }
    }

    /// The next device that has reports.
    pub(crate) fn next<'a>(&mut self, catalog: &Catalog<'a>) -> Option<Timeline<'a>> {
        let records = catalog.reports_of_device(self.at);
        let device = catalog.device(records.first()?.device)?;
        self.at = self.at.saturating_add(records.len());
        let same_id = records.chunk_by(|one, next| one.id == next.id);
        let mut selections = Vec::new();
        let mut licences: BTreeMap<u32, Vec<Report<'a>>> = BTreeMap::new();
        for same in same_id {
            // Usage is selected before versions are: a report of another kind with the same id takes no usage away.
            let usage: Vec<_> = same.iter().copied().filter(|record| record.kind == Kind::Usage).collect();
            let is_mixed = !usage.is_empty() && usage.len() < same.len();
            let all = versions::select(catalog, same);
            let alone = if is_mixed { versions::select(catalog, &usage) } else { None };
            let kept = alone.as_ref().or(all.as_ref()).map(|selection| selection.kept.report);
            if let Some(report) = kept.filter(|report| report.record.kind == Kind::Usage) {
                licences.entry(catalog.tag_rank(report.record.tag)).or_default().push(report);
            }
            selections.extend(all);
        }
        let licences = licences.into_values().filter_map(|reports| Licence::new(catalog, reports)).collect();
        Some(Timeline { device, selections, licences })
    }
}

impl<'a> Licence<'a> {
    fn new(catalog: &Catalog<'a>, reports: Vec<Report<'a>>) -> Option<Self> {
        let tag = catalog.tag(reports.first()?.record.tag)?;
        let mut segments = Vec::new();
        for (number, report) in reports.iter().enumerate() {
            for (measurement, one) in report.measurements.iter().enumerate() {
                if one.counted && one.start < one.end {
                    let (count, id) = (one.count, report.record.id);
                    segments.push(Segment { count, id, measurement, report: number, start: one.start, end: one.end });
                }
            }
        }
        let (pieces, overlaps) = overlap::cut(&segments);
        Some(Self { tag, reports, pieces, overlaps })
    }
}
