//! Sums of usage over a window of time. Spec: rum, "Usage intervals".

use std::collections::BTreeMap;

use serde::ser::{Serialize, SerializeMap, Serializer};
use slp_model::{EntitlementTag, Seconds, Span, Udi, UnixSeconds};

use super::catalog::Catalog;
use super::ha::HaSets;
use super::names::index;
use super::overlap::Piece;
use super::timeline::Timelines;

/// What one sum is made over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum GroupBy {
    /// One licence on all devices. The counts of one second are added, but of a redundant set only the greatest. A set
    /// is made of devices whose reports name each other; who is named and does not answer is counted by itself.
    Tag,
    /// All licences of one device. The counts of one second are added.
    Device,
    /// One licence on one device.
    DeviceTag,
}

/// Sums over a stretch of time of which parts are known. Lengths are seconds as reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sums {
    /// How many seconds are covered by reports.
    pub known: Seconds,
    /// The sum of count times seconds.
    pub unit_seconds: u128,
    /// The greatest count at one time.
    pub peak: u64,
}

impl Sums {
    /// Adds a stretch of `length` with one count.
    pub fn add(&mut self, length: Seconds, count: u128) {
        let seconds = u128::from(length.get().max(0).unsigned_abs());
        self.known = Seconds::new(self.known.get().saturating_add(length.get().max(0)));
        self.unit_seconds = self.unit_seconds.saturating_add(count.saturating_mul(seconds));
        self.peak = self.peak.max(u64::try_from(count).unwrap_or(u64::MAX));
    }

    /// The average count over the known time, with three decimals, half to even. `None` if no time is known.
    ///
    /// ```
    /// use slp_rum::usage::Sums;
    ///
    /// let mut sums = Sums::default();
    /// assert_eq!(sums.average(), None);
    /// sums.add(86_399.into(), 2);
    /// sums.add(1_823_568.into(), 3);
    /// assert_eq!(sums.average().as_deref(), Some("2.955"));
    /// ```
    pub fn average(&self) -> Option<String> {
        let known = u128::from(self.known.get().unsigned_abs());
        let whole = self.unit_seconds.checked_div(known)?;
        // the remainder is below 2^64, so its thousandfold fits
        let rest = self.unit_seconds.checked_rem(known)?.saturating_mul(1_000);
        let (thousandths, rest) = (rest.checked_div(known)?, rest.checked_rem(known)?);
        let is_odd = thousandths & 1 == 1;
        let up = match rest.saturating_mul(2).cmp(&known) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Equal => is_odd,
            std::cmp::Ordering::Greater => true,
        };
        let thousandths = thousandths.saturating_add(u128::from(up));
        Some(format!("{}.{:03}", whole.saturating_add(thousandths / 1_000), thousandths % 1_000))
    }
}

/// One row of sums.
///
/// As JSON one object, members `udi_pid, udi_serial_number, entitlement_tag, known, unit_seconds, average, peak`, those
/// that apply.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UsageSum<'a> {
    /// The device, unless all are summed.
    pub device: Option<&'a Udi>,
    /// The licence, unless all are summed.
    pub entitlement_tag: Option<&'a EntitlementTag>,
    /// The sums.
    pub sums: Sums,
}

impl Serialize for UsageSum<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(device) = self.device {
            map.serialize_entry("udi_pid", device.pid())?;
            map.serialize_entry("udi_serial_number", device.serial())?;
        }
        if let Some(tag) = self.entitlement_tag {
            map.serialize_entry("entitlement_tag", tag)?;
        }
        map.serialize_entry("known", &self.sums.known)?;
        map.serialize_entry("unit_seconds", &self.sums.unit_seconds)?;
        if let Some(average) = self.sums.average() {
            map.serialize_entry("average", &average)?;
        }
        map.serialize_entry("peak", &self.sums.peak)?;
        map.end()
    }
}

/// A count that begins or ends. Of one unit only the greatest count of a second matters, units are added.
#[derive(Clone, Copy)]
struct Change {
    time: UnixSeconds,
    count: u64,
    unit: u32,
    begins: bool,
}

/// Adds the beginning and the end of a piece, as far as it lies in the window.
fn add_changes(changes: &mut Vec<Change>, unit: u32, piece: &Piece, window: Option<Span>) {
    let start = window.map_or(piece.start, |window| window.start().max(piece.start));
    let end = window.map_or(piece.end, |window| window.end().min(piece.end));
    if start < end {
        let count = piece.segment.count;
        changes.extend([(start, true), (end, false)].map(|(time, begins)| Change { time, count, unit, begins }));
    }
}

pub(super) fn sums<'a>(catalog: &Catalog<'a>, by: GroupBy, window: Option<Span>) -> Vec<UsageSum<'a>> {
    let mut sets = (by == GroupBy::Tag).then(|| HaSets::new(catalog));
    let mut rows = Vec::new();
    // by their place in the order of tags
    let mut tags: Vec<Vec<Change>> = Vec::new();
    let mut changes = Vec::new();
    let mut timelines = Timelines::new();
    while let Some(timeline) = timelines.next(catalog) {
        for (position, licence) in (0_u32..).zip(&timeline.licences) {
            match by {
                GroupBy::Tag => {
                    let Some(report) = licence.reports.first() else { continue };
                    let device = report.record.device;
                    let unit = sets.as_mut().map_or(device, |sets| sets.of(device));
                    let place = index(catalog.tag_rank(report.record.tag));
                    if tags.len() <= place {
                        tags.resize_with(place.saturating_add(1), Vec::new);
                    }
                    let Some(changes) = tags.get_mut(place) else { continue };
                    licence.pieces.iter().for_each(|piece| add_changes(changes, unit, piece, window));
                }
                GroupBy::Device | GroupBy::DeviceTag => {
                    licence.pieces.iter().for_each(|piece| add_changes(&mut changes, position, piece, window));
                }
            }
            if by == GroupBy::DeviceTag {
                push_row(&mut rows, Some(timeline.device), Some(licence.tag), &mut changes);
            }
        }
        push_row(&mut rows, Some(timeline.device), None, &mut changes);
    }
    for (place, mut changes) in (0_u32..).zip(tags) {
        push_row(&mut rows, None, catalog.tag_at(place), &mut changes);
    }
    rows
}

/// Sums what there is, and leaves nothing for the next row.
fn push_row<'a>(
    rows: &mut Vec<UsageSum<'a>>,
    device: Option<&'a Udi>,
    entitlement_tag: Option<&'a EntitlementTag>,
    changes: &mut Vec<Change>,
) {
    if !changes.is_empty() {
        rows.push(UsageSum { device, entitlement_tag, sums: sum(changes) });
        changes.clear();
    }
}

/// Sums counts second by second, from one change to the next.
fn sum(changes: &mut [Change]) -> Sums {
    // beginnings first, so that no number falls below nothing
    changes.sort_unstable_by_key(|change| (change.time, !change.begins));
    let mut counts: BTreeMap<u32, BTreeMap<u64, usize>> = BTreeMap::new(); // of each unit, how many pieces have which
    let (mut sums, mut total, mut since) = (Sums::default(), 0_u128, UnixSeconds::MIN);
    for at_once in changes.chunk_by(|one, next| one.time == next.time) {
        let Some(now) = at_once.first().map(|change| change.time) else { continue };
        if !counts.is_empty() {
            sums.add(now.since(since), total);
        }
        since = now;
        for change in at_once {
            let unit = counts.entry(change.unit).or_default();
            total = total.saturating_sub(greatest(unit));
            let same = unit.entry(change.count).or_default();
            *same = if change.begins { same.saturating_add(1) } else { same.saturating_sub(1) };
            if *same == 0 {
                unit.remove(&change.count);
            }
            total = total.saturating_add(greatest(unit));
            if unit.is_empty() {
                counts.remove(&change.unit);
            }
        }
    }
    sums
}

fn greatest(counts: &BTreeMap<u64, usize>) -> u128 {
    counts.last_key_value().map_or(0, |(count, _)| u128::from(*count))
}
