//! Usage as a table for people.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::ptr;

use slp_model::{EntitlementTag, Seconds, Span, Udi, UnixSeconds};
use slp_rum::usage::{Totals, UsageSum};

use super::{Read, group, intervals};
use crate::arguments::By;
use crate::printable::shown;
use crate::style::{Paint, Style};
use crate::table::Side::{Left, Right};
use crate::table::Table;
use crate::wording::{count_of, days, grouped, grouped_decimal, hours, licence, minute};

/// What one row is about.
type Key<'a> = (Option<&'a Udi>, Option<&'a EntitlementTag>);

/// What sums do not tell.
#[derive(Debug, Default)]
struct Extent<'a> {
    span: Option<(UnixSeconds, UnixSeconds)>,
    gaps: u64,
    missing: i64,
    devices: BTreeSet<&'a Udi>,
    tags: BTreeSet<&'a EntitlementTag>,
    /// Those of the interval before: most have the same.
    before: Option<(&'a Udi, &'a EntitlementTag)>,
    open: bool,
}

impl<'a> Extent<'a> {
    fn add(&mut self, one: &Stretch<'a>) {
        self.span = Some(match self.span {
            Some((first, last)) => (first.min(one.start), last.max(one.end)),
            None => (one.start, one.end),
        });
        self.gaps = self.gaps.saturating_add(u64::from(one.gap > 0));
        self.missing = self.missing.saturating_add(one.gap);
        // one name lies in one place, so the comparison is that of two addresses
        let is_same = |(device, tag): (&Udi, &EntitlementTag)| ptr::eq(device, one.device) && ptr::eq(tag, one.tag);
        if !self.before.is_some_and(is_same) {
            self.devices.insert(one.device);
            self.tags.insert(one.tag);
            self.before = Some((one.device, one.tag));
        }
        self.open |= one.open;
    }

    fn times(&self) -> [String; 2] {
        self.span.map_or_else(Default::default, |(first, last)| [minute(first), minute(last)])
    }

    fn gaps(&self) -> String {
        match self.gaps {
            0 => "-".to_owned(),
            gaps => format!("{} ({})", grouped(gaps), Seconds::new(self.missing).human()),
        }
    }
}

/// An interval and the time without a report before it.
struct Stretch<'a> {
    device: &'a Udi,
    tag: &'a EntitlementTag,
    start: UnixSeconds,
    end: UnixSeconds,
    gap: i64,
    open: bool,
}

/// Sums by licence, device, or both.
pub(super) fn usage(all: &Read, by: By, window: Option<Span>, style: Style, out: &mut impl Write) -> io::Result<()> {
    let (extents, whole) = extents(all, by, window);
    let sums = all.evidence.sums(group(by), window);
    if sums.is_empty() {
        writeln!(out, "No usage{}.", if window.is_some() { " in that time" } else { "" })?;
    } else {
        rows(&sums, by, &extents, &whole).write("", style, out)?;
    }
    writeln!(out)?;
    remarks(&all.totals, &whole, style, out)
}

fn extents<'a>(all: &'a Read, by: By, window: Option<Span>) -> (BTreeMap<Key<'a>, Extent<'a>>, Extent<'a>) {
    let (mut extents, mut whole) = (BTreeMap::<Key<'a>, Extent<'a>>::new(), Extent::default());
    let mut before: Option<(&Udi, &EntitlementTag, UnixSeconds)> = None;
    for one in intervals(&all.evidence, window).without_attached() {
        let (device, tag) = (one.device, one.entitlement_tag);
        let gap = match before {
            Some((of, with, end)) if of == device && with == tag => one.start.since(end).get().max(0),
            _ => 0,
        };
        before = Some((device, tag, one.end));
        let stretch = Stretch { device, tag, start: one.start, end: one.end, gap, open: one.open };
        let key = match by {
            By::Tag => (None, Some(tag)),
            By::Device => (Some(device), None),
            By::DeviceTag => (Some(device), Some(tag)),
        };
        extents.entry(key).or_default().add(&stretch);
        whole.add(&stretch);
    }
    (extents, whole)
}

fn rows(sums: &[UsageSum<'_>], by: By, extents: &BTreeMap<Key<'_>, Extent<'_>>, whole: &Extent<'_>) -> Table {
    let nothing = Extent::default();
    let subject: &[_] = match by {
        By::Tag => &[("Licence", Left), ("Devices", Right)],
        By::Device => &[("Device", Left), ("Serial number", Left), ("Licences", Right)],
        By::DeviceTag => &[("Device", Left), ("Serial number", Left), ("Licence", Left)],
    };
    let measures = [
        ("From (UTC)", Left),
        ("To (UTC)", Left),
        ("Days covered", Right),
        ("Gaps", Right),
        ("Unit-hours", Right),
        ("Average", Right),
        ("Peak", Right),
    ];
    let mut table = Table::new([subject, &measures].concat());
    let (mut unit_seconds, names) = (0_u128, names(&whole.tags));
    for row in sums {
        let extent = extents.get(&(row.device, row.entitlement_tag)).unwrap_or(&nothing);
        let name = || row.entitlement_tag.and_then(|tag| names.get(tag)).cloned().unwrap_or_default();
        let part = |part: fn(&Udi) -> &str| row.device.map(|udi| shown(part(udi)).into_owned()).unwrap_or_default();
        let mut cells = match by {
            By::Tag => vec![name(), grouped(count(extent.devices.len()))],
            By::Device => vec![part(Udi::pid), part(Udi::serial), grouped(count(extent.tags.len()))],
            By::DeviceTag => vec![part(Udi::pid), part(Udi::serial), name()],
        };
        unit_seconds = unit_seconds.saturating_add(row.sums.unit_seconds);
        cells.extend(extent.times());
        cells.extend([
            days(row.sums.known),
            extent.gaps(),
            hours(row.sums.unit_seconds),
            row.sums.average().as_deref().map(grouped_decimal).unwrap_or_default(),
            grouped(row.sums.peak),
        ]);
        table.row(cells);
    }
    let mut cells = vec!["Total".to_owned()];
    match by {
        By::Tag => cells.push(grouped(count(whole.devices.len()))),
        By::Device => cells.extend([String::new(), grouped(count(whole.tags.len()))]),
        By::DeviceTag => cells.extend([String::new(), String::new()]),
    }
    cells.extend(whole.times());
    cells.extend([String::new(), whole.gaps(), hours(unit_seconds)]);
    table.total(cells);
    table
}

/// Short names of licences; those that two tags share stay long.
fn names<'a>(tags: &BTreeSet<&'a EntitlementTag>) -> BTreeMap<&'a EntitlementTag, String> {
    let mut uses: BTreeMap<&str, usize> = BTreeMap::new();
    for tag in tags {
        let uses = uses.entry(tag.short_name()).or_default();
        *uses = uses.saturating_add(1);
    }
    let name = |tag: &EntitlementTag| match uses.get(tag.short_name()) {
        Some(1) => licence(tag),
        _ => shown(tag.as_str()).into_owned(),
    };
    tags.iter().map(|tag| (*tag, name(tag))).collect()
}

/// What was read, and what the numbers do not say by themselves.
fn remarks(totals: &Totals, whole: &Extent<'_>, style: Style, out: &mut impl Write) -> io::Result<()> {
    read_line(totals, style, out)?;
    if whole.gaps > 0 {
        writeln!(out, "Gaps are unknown, not zero: `slp check` tells where and why.")?;
    }
    if whole.open {
        writeln!(out, "Some reports were still open when they were saved: their numbers may grow.")?;
    }
    Ok(())
}

fn read_line(totals: &Totals, style: Style, out: &mut impl Write) -> io::Result<()> {
    write!(
        out,
        "Read {} with {} from {}",
        count_of(totals.reports, "report", "reports"),
        count_of(totals.measurements, "measurement", "measurements"),
        count_of(totals.devices, "document", "documents"),
    )?;
    if totals.rejected > 0 {
        let rejected = format!("{} rejected", grouped(totals.rejected));
        write!(out, "; {}", style.paint(Paint::Error, rejected))?;
    }
    writeln!(out, ".")
}

/// What streams.
pub(super) fn summary(totals: &Totals, style: Style, out: &mut impl Write) -> io::Result<()> {
    if !totals.peak.is_empty() {
        let mut table = Table::new([("Licence", Left), ("Peak on one device", Right)]);
        // a report with a text that is no tag was refused, so each one here is a tag
        let tag = |(tag, peak): (&String, &u64)| EntitlementTag::new(tag).ok().map(|tag| (tag, *peak));
        let peaks: Vec<_> = totals.peak.iter().filter_map(tag).collect();
        let names = names(&peaks.iter().map(|(tag, _)| tag).collect());
        for (tag, peak) in &peaks {
            table.row([names.get(tag).cloned().unwrap_or_default(), grouped(*peak)]);
        }
        table.write("", style, out)?;
        writeln!(out)?;
    }
    read_line(totals, style, out)
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
