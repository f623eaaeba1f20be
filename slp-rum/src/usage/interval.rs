//! Usage intervals: who used which licence how often and when.

use std::fmt;
use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap, Serializer};
use slp_model::{EntitlementTag, ReportId, Seconds, Span, Udi, UnixSeconds};

use super::attached::AttachedSets;
use super::catalog::Catalog;
use super::overlap::Piece;
use super::timeline::{Licence, Timeline, Timelines};
use crate::Limits;

/// A stretch of time `[start, end)` in which one device used one licence `count` times, as one measurement reported it.
///
/// As JSON one object, members `udi_pid, udi_serial_number, entitlement_tag, start, end, count, elapsed, open,
/// clock_change_delta, attached, report_id, measurement`; absent ones are left out, `open` is `true` or absent.
/// Spec: rum, "Usage intervals".
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UsageInterval<'a> {
    /// The device that reported.
    pub device: &'a Udi,
    /// The licence.
    pub entitlement_tag: &'a EntitlementTag,
    /// First second, as reported.
    pub start: UnixSeconds,
    /// First second after it, as reported.
    pub end: UnixSeconds,
    /// How often it was in use; 0 means known and released.
    pub count: u64,
    /// Seconds that really passed: less the clock change, if the interval begins where its measurement begins. Of a
    /// part of a measurement never below 0: nobody knows in which part the clock changed.
    pub elapsed: Seconds,
    /// It is the last one of a report that was not closed when it was saved.
    pub open: bool,
    /// New clock minus old clock, if the clock changed during the measurement.
    pub clock_change_delta: Option<Seconds>,
    /// The devices that hung on this one, sorted; `None` when the report does not tell, when nobody wanted to know
    /// ([`Intervals::without_attached`]), and beyond a bound ([`Intervals::attached_left_out`]).
    pub attached: Option<Arc<[&'a Udi]>>,
    /// The report it comes from.
    pub report_id: ReportId,
    /// The number of the measurement in that report, from 0.
    pub measurement: usize,
}

impl Serialize for UsageInterval<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("udi_pid", self.device.pid())?;
        map.serialize_entry("udi_serial_number", self.device.serial())?;
        map.serialize_entry("entitlement_tag", self.entitlement_tag)?;
        map.serialize_entry("start", &self.start)?;
        map.serialize_entry("end", &self.end)?;
        map.serialize_entry("count", &self.count)?;
        map.serialize_entry("elapsed", &self.elapsed)?;
        if self.open {
            map.serialize_entry("open", &true)?;
        }
        if let Some(delta) = &self.clock_change_delta {
            map.serialize_entry("clock_change_delta", delta)?;
        }
        if let Some(attached) = &self.attached {
            map.serialize_entry("attached", &**attached)?;
        }
        map.serialize_entry("report_id", &self.report_id)?;
        map.serialize_entry("measurement", &self.measurement)?;
        map.end()
    }
}

/// The intervals of an [`Evidence`](super::Evidence), in order. Holds one device at a time.
///
/// Every interval names the devices that hung on its device, so that a small file could ask for gigabytes: all intervals
/// together name at most [`Limits::attached_devices`], one report at most 1,000,000.
#[derive(Debug)]
pub struct Intervals<'a> {
    catalog: Catalog<'a>,
    timelines: Timelines,
    device: Option<&'a Udi>,
    licences: std::vec::IntoIter<Licence<'a>>,
    licence: Option<Licence<'a>>,
    piece: usize,
    window: Option<Span>,
    attached: AttachedSets<'a>,
}

impl<'a> Intervals<'a> {
    pub(super) fn new(catalog: Catalog<'a>) -> Self {
        Self {
            catalog,
            timelines: Timelines::new(),
            device: None,
            licences: Vec::new().into_iter(),
            licence: None,
            piece: 0,
            window: None,
            attached: AttachedSets::within(Limits::default().attached_devices),
        }
    }

    /// Only what lies in this time; what reaches over an edge is cut there. A clock change belongs to the part in which
    /// the measurement begins: what is cut off there takes it along. Call it before the first interval is taken.
    #[must_use]
    pub fn within(mut self, window: Span) -> Self {
        self.window = Some(window);
        self
    }

    /// Names at most so many attached devices in all intervals together, in place of
    /// [`Limits::attached_devices`]. Call it before the first interval is taken.
    #[must_use]
    pub fn attached_limit(mut self, devices: usize) -> Self {
        self.attached = AttachedSets::within(devices);
        self
    }

    /// Names no attached devices, and spares the work of finding them.
    #[must_use]
    pub fn without_attached(mut self) -> Self {
        self.attached = AttachedSets::unwanted();
        self
    }

    /// How many of the intervals so far have attached devices that were not named, since a bound was reached.
    pub fn attached_left_out(&self) -> u64 {
        self.attached.left_out()
    }

    /// Goes on to the next licence, of the same device or of the next one.
    fn next_licence(&mut self) -> Option<()> {
        self.piece = 0;
        self.attached.next_licence();
        loop {
            if let Some(licence) = self.licences.next() {
                self.licence = Some(licence);
                return Some(());
            }
            let Timeline { device, licences, .. } = self.timelines.next(&self.catalog)?;
            self.device = Some(device);
            self.licences = licences.into_iter();
        }
    }
}

impl<'a> Iterator for Intervals<'a> {
    type Item = UsageInterval<'a>;

    fn next(&mut self) -> Option<UsageInterval<'a>> {
        loop {
            if let (Some(device), Some(licence)) = (self.device, &self.licence)
                && let Some(piece) = licence.pieces.get(self.piece)
            {
                self.piece = self.piece.saturating_add(1);
                let interval = interval(&self.catalog, device, licence, piece, self.window, &mut self.attached);
                if interval.is_some() {
                    return interval;
                }
                continue;
            }
            self.licence = None;
            self.next_licence()?;
        }
    }
}

/// `None` if it lies outside the window.
fn interval<'a>(
    catalog: &Catalog<'a>,
    device: &'a Udi,
    licence: &Licence<'a>,
    piece: &Piece,
    window: Option<Span>,
    attached: &mut AttachedSets<'a>,
) -> Option<UsageInterval<'a>> {
    let segment = &piece.segment;
    let report = *licence.reports.get(segment.report)?;
    let stored = report.measurements.get(segment.measurement)?;
    let start = window.map_or(piece.start, |window| window.start().max(piece.start));
    let end = window.map_or(piece.end, |window| window.end().min(piece.end));
    if start >= end {
        return None;
    }
    let is_last = segment.measurement.saturating_add(1) == report.measurements.len();
    let delta = catalog.evidence.oddity(stored).and_then(|oddity| oddity.delta);
    let length = end.since(start).get();
    let passed_over = if start == segment.start { delta.map_or(0, Seconds::get) } else { 0 };
    let elapsed = length.saturating_sub(passed_over);
    let is_whole = (start, end) == (segment.start, segment.end);
    Some(UsageInterval {
        device,
        entitlement_tag: licence.tag,
        start,
        end,
        count: segment.count,
        elapsed: Seconds::new(if is_whole { elapsed } else { elapsed.max(0) }),
        open: is_last && !report.record.closed,
        clock_change_delta: delta,
        attached: attached.during(catalog, (segment.report, report), segment.measurement),
        report_id: ReportId::new(segment.id),
        measurement: segment.measurement,
    })
}

/// The first line of [`write_csv`], without its line end.
pub const CSV_HEADER: &str = "udi_pid,udi_serial_number,entitlement_tag,start,end,count,elapsed,open,\
                              clock_change_delta,report_id,measurement";

/// Writes intervals as CSV, header first: lines end with LF, quotes only where needed (RFC 4180). What is absent is
/// empty, `open` is `true` or empty. Spec: rum, "Usage intervals".
///
/// A name that a spreadsheet would take for a formula gets an apostrophe in front: one that begins with `=`, `+`, `-`, `@`,
/// a tab or a line end, and is no number.
///
/// # Errors
/// Those of `out`.
pub fn write_csv<'a>(intervals: impl IntoIterator<Item = UsageInterval<'a>>, out: &mut impl fmt::Write) -> fmt::Result {
    writeln!(out, "{CSV_HEADER}")?;
    for one in intervals {
        for text in [one.device.pid(), one.device.serial(), one.entitlement_tag.as_str()] {
            write_field(text, out)?;
            out.write_char(',')?;
        }
        write!(out, "{},{},{},{},", one.start.get(), one.end.get(), one.count, one.elapsed.get())?;
        out.write_str(if one.open { "true," } else { "," })?;
        if let Some(delta) = one.clock_change_delta {
            write!(out, "{}", delta.get())?;
        }
        writeln!(out, ",{},{}", one.report_id, one.measurement)?;
    }
    Ok(())
}

fn write_field(text: &str, out: &mut impl fmt::Write) -> fmt::Result {
    let apostrophe = if is_formula(text) { "'" } else { "" };
    if !text.contains(['"', ',', '\r', '\n']) {
        out.write_str(apostrophe)?;
        return out.write_str(text);
    }
    out.write_char('"')?;
    out.write_str(apostrophe)?;
    for (number, part) in text.split('"').enumerate() {
        out.write_str(if number == 0 { "" } else { "\"\"" })?;
        out.write_str(part)?;
    }
    out.write_char('"')
}

/// Would a spreadsheet work it out? The wide forms of the signs count as the signs do.
fn is_formula(text: &str) -> bool {
    let mut rest = text.chars();
    match rest.next() {
        Some('+' | '-') => !is_plain_number(rest.as_str()),
        Some(first) => matches!(first, '=' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠'),
        None => false,
    }
}

/// Digits, with one point among them at most.
fn is_plain_number(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_digits(whole) && is_digits(fraction)
}
