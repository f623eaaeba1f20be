//! One device: its reports, one version each, and its time, licence by licence.

use slp_model::{EntitlementTag, Udi, UnixSeconds};

use super::catalog::{Catalog, Report};
use super::overlap::{self, Overlap, Piece, Segment};
use super::versions::{Chosen, Selection};

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
    /// Time of measurements that are not counted.
    uncounted: Vec<Segment>,
}

/// A stretch of time about which a report tells, if only that its usage is not counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) start: UnixSeconds,
    pub(crate) end: UnixSeconds,
    /// The id of the report.
    pub(crate) id: u64,
    /// The number of the report in [`Licence::reports`].
    pub(crate) report: usize,
    /// `None` if it is not counted.
    pub(crate) count: Option<u64>,
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
        let mut used: Vec<(u32, Report<'a>)> = Vec::new();
        for same in same_id {
            let chosen = Chosen::new(catalog, same);
            if let Some(report) = chosen.usage {
                used.push((catalog.tag_rank(report.record.tag), report));
            }
            selections.extend(chosen.all);
        }
        used.sort_unstable_by_key(|(tag, report)| (*tag, report.record.id));
        let by_tag = used.chunk_by(|(one, _), (next, _)| one == next);
        let licences =
            by_tag.filter_map(|same| Licence::new(catalog, same.iter().map(|(_, report)| *report).collect())).collect();
        Some(Timeline { device, selections, licences })
    }
}

impl<'a> Licence<'a> {
    fn new(catalog: &Catalog<'a>, reports: Vec<Report<'a>>) -> Option<Self> {
        let tag = catalog.tag(reports.first()?.record.tag)?;
        let (mut segments, mut uncounted) = (Vec::new(), Vec::new());
        for (number, report) in reports.iter().enumerate() {
            for (measurement, one) in report.measurements.iter().enumerate() {
                if one.start < one.end {
                    let (count, id) = (one.count, report.record.id);
                    let of_its_kind = if one.counted { &mut segments } else { &mut uncounted };
                    of_its_kind.push(Segment {
                        count,
                        id,
                        measurement,
                        report: number,
                        start: one.start,
                        end: one.end,
                    });
                }
            }
        }
        let (pieces, overlaps) = overlap::cut(&segments);
        Some(Self { tag, reports, pieces, overlaps, uncounted })
    }

    /// The time that reports tell about, in order; no two of these share a second.
    pub(crate) fn known(&self) -> Vec<Known> {
        let piece = |piece: &Piece| {
            let Segment { count, id, report, .. } = piece.segment;
            Known { start: piece.start, end: piece.end, id, report, count: Some(count) }
        };
        let mut known: Vec<_> = self.pieces.iter().map(piece).collect();
        if self.uncounted.is_empty() {
            return known;
        }
        known.extend(self.uncounted.iter().map(|one| {
            let Segment { start, end, id, report, .. } = *one;
            Known { start, end, id, report, count: None }
        }));
        known.sort_unstable_by_key(|one| (one.start, one.end, one.count.is_none(), one.id));
        let mut end = UnixSeconds::MIN;
        known.retain_mut(|one| {
            one.start = one.start.max(end);
            end = end.max(one.end);
            one.start < one.end
        });
        known
    }
}
