//! Which devices (access points) hang on the reporting one, measurement by measurement. Spec: rum, "Usage intervals",
//! step 4.

use std::collections::BTreeSet;
use std::sync::Arc;

use slp_model::{Budget, Udi};

use super::catalog::{Catalog, Report};

/// How often one report may be followed from its beginning again. In a sound report time runs with the measurements, so
/// once is enough; a made-up one must not cost the square of its length.
const REPLAYS: u32 = 100;

/// How many devices one report may name in all its intervals together. Ten thousand access points in a hundred intervals
/// fit; one small file must not use up what all reports together may name.
const HANDED_OUT: usize = 1_000_000;

/// The attached set of one report, worked out as far as it was asked for. Holds one set, however many measurements there
/// are.
#[derive(Debug)]
pub(crate) struct Attached<'a> {
    report: Report<'a>,
    next: usize,
    /// Places of devices in their order.
    set: BTreeSet<u32>,
    /// The set as it was given last, as long as nothing changed.
    given: Option<Arc<[&'a Udi]>>,
    replays: u32,
    handed_out: usize,
}

impl<'a> Attached<'a> {
    /// `None` if no measurement has a list: then the set is unknown, not empty.
    pub(crate) fn new(catalog: &Catalog<'a>, report: Report<'a>) -> Option<Self> {
        let mut oddities = report.measurements.iter().filter_map(|one| catalog.evidence.oddity(one));
        let known = oddities.any(|one| one.added.is_some() || one.removed.is_some());
        known.then(|| Self { report, next: 0, set: BTreeSet::new(), given: None, replays: 0, handed_out: 0 })
    }

    /// The devices during this measurement, sorted. Cheap when asked in the order of measurements; `None` when it was
    /// asked against that order too often, or when too many devices were named already, by this report or by all.
    fn during(&mut self, catalog: &Catalog<'a>, measurement: usize, room: &mut Budget) -> Option<Arc<[&'a Udi]>> {
        if self.next > measurement.saturating_add(1) {
            self.replays = self.replays.saturating_add(1);
            if self.replays > REPLAYS {
                return None;
            }
            (self.next, self.given) = (0, None);
            self.set.clear();
        }
        while self.next <= measurement {
            self.step(catalog, |_| {});
        }
        self.handed_out = self.handed_out.saturating_add(self.set.len());
        if self.handed_out > HANDED_OUT || room.take(long(self.set.len())).is_err() {
            return None;
        }
        let set = &self.set;
        let devices = || set.iter().filter_map(|place| catalog.device_at(*place)).collect();
        Some(Arc::clone(self.given.get_or_insert_with(devices)))
    }

    /// Goes on to the next measurement and tells the places of devices that are added twice or removed without being
    /// there. Gives the size of the set.
    pub(crate) fn step(&mut self, catalog: &Catalog<'a>, mut wrong: impl FnMut(u32)) -> usize {
        let one = self.report.measurements.get(self.next).and_then(|one| catalog.evidence.oddity(one));
        self.next = self.next.saturating_add(1);
        let list = |list: Option<&'a Box<[u32]>>| list.into_iter().flatten().map(|device| catalog.device_rank(*device));
        for device in list(one.and_then(|one| one.removed.as_ref())) {
            self.given = None;
            if !self.set.remove(&device) {
                wrong(device);
            }
        }
        for device in list(one.and_then(|one| one.added.as_ref())) {
            self.given = None;
            if !self.set.insert(device) {
                wrong(device);
            }
        }
        self.set.len()
    }
}

/// The attached sets of one licence after another, within one bound for all of them.
#[derive(Debug)]
pub(super) struct AttachedSets<'a> {
    /// Of the reports of the licence, by their numbers.
    reports: Vec<Met<'a>>,
    /// `None`: nobody wants them.
    room: Option<Budget>,
    /// How many sets are known and were not named.
    left_out: u64,
}

#[derive(Debug)]
enum Met<'a> {
    NotYet,
    Unknown,
    Known(Box<Attached<'a>>),
}

impl<'a> AttachedSets<'a> {
    /// Names at most so many devices.
    pub(super) fn within(devices: usize) -> Self {
        let room = Some(Budget::new("attached_devices", long(devices)));
        Self { reports: Vec::new(), room, left_out: 0 }
    }

    /// Names none.
    pub(super) fn unwanted() -> Self {
        Self { reports: Vec::new(), room: None, left_out: 0 }
    }

    pub(super) fn next_licence(&mut self) {
        self.reports.clear();
    }

    /// The devices during a measurement of a report, which has this number in its licence.
    pub(super) fn during(
        &mut self,
        catalog: &Catalog<'a>,
        (number, report): (usize, Report<'a>),
        measurement: usize,
    ) -> Option<Arc<[&'a Udi]>> {
        let room = self.room.as_mut()?;
        if self.reports.len() <= number {
            self.reports.resize_with(number.saturating_add(1), || Met::NotYet);
        }
        let met = self.reports.get_mut(number)?;
        if matches!(met, Met::NotYet) {
            *met = Attached::new(catalog, report).map_or(Met::Unknown, |known| Met::Known(Box::new(known)));
        }
        let Met::Known(known) = met else { return None };
        let devices = known.during(catalog, measurement, room);
        self.left_out = self.left_out.saturating_add(u64::from(devices.is_none()));
        devices
    }

    pub(super) fn left_out(&self) -> u64 {
        self.left_out
    }
}

fn long(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
