//! The evidence in order: reports by device and id, names by number.

use slp_model::{EntitlementTag, ReportId, Udi, UnixSeconds};

use super::evidence::Evidence;
use super::names::{NONE, Names, index};
use super::record::{Record, Stored};

/// One report and its measurements.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Report<'a> {
    pub(crate) record: &'a Record,
    pub(crate) measurements: &'a [Stored],
}

impl Report<'_> {
    pub(crate) fn id(&self) -> ReportId {
        ReportId::new(self.record.id)
    }

    /// When the first measurement starts.
    pub(crate) fn start(&self) -> Option<UnixSeconds> {
        self.measurements.first().map(|first| first.start)
    }

    /// When the last measurement ends.
    pub(crate) fn end(&self) -> Option<UnixSeconds> {
        self.measurements.last().map(|last| last.end)
    }
}

/// A view of [`Evidence`] that does not depend on the order in which reports came.
#[derive(Debug)]
pub(crate) struct Catalog<'a> {
    pub(crate) evidence: &'a Evidence,
    devices: Ranked<'a, Udi>,
    tags: Ranked<'a, EntitlementTag>,
    /// By device, id, payload.
    order: Vec<&'a Record>,
}

/// Names by their place in the order of the names.
#[derive(Debug)]
struct Ranked<'a, T> {
    names: Vec<&'a T>,
    ranks: Vec<u32>,
}

impl<'a, T: Ord> Ranked<'a, T> {
    fn new(names: &'a Names<T>) -> Self {
        let (mut sorted, mut ranks) = (Vec::new(), Vec::new());
        for (rank, (name, number)) in (0_u32..).zip(names.iter()) {
            let place = index(number);
            if ranks.len() <= place {
                ranks.resize(place.saturating_add(1), NONE);
            }
            if let Some(place) = ranks.get_mut(place) {
                *place = rank;
            }
            sorted.push(name);
        }
        Self { names: sorted, ranks }
    }

    fn rank(&self, number: u32) -> u32 {
        self.ranks.get(index(number)).copied().unwrap_or(NONE)
    }

    fn name(&self, rank: u32) -> Option<&'a T> {
        self.names.get(index(rank)).copied()
    }
}

impl<'a> Catalog<'a> {
    pub(crate) fn new(evidence: &'a Evidence) -> Self {
        let devices = Ranked::new(&evidence.devices);
        let mut order: Vec<_> = evidence.records.iter().collect();
        order.sort_unstable_by(|one, next| {
            let device = devices.rank(one.device).cmp(&devices.rank(next.device));
            device.then_with(|| (one.id, &one.payload).cmp(&(next.id, &next.payload)))
        });
        Self { evidence, devices, tags: Ranked::new(&evidence.tags), order }
    }

    /// The device of this number, and its place among all of them.
    pub(crate) fn device(&self, number: u32) -> Option<&'a Udi> {
        self.devices.name(self.devices.rank(number))
    }

    /// The place of a device in their order.
    pub(crate) fn device_rank(&self, number: u32) -> u32 {
        self.devices.rank(number)
    }

    /// The device at this place in their order.
    pub(crate) fn device_at(&self, rank: u32) -> Option<&'a Udi> {
        self.devices.name(rank)
    }

    /// The tag of this number.
    pub(crate) fn tag(&self, number: u32) -> Option<&'a EntitlementTag> {
        self.tags.name(self.tags.rank(number))
    }

    /// The place of a tag in their order.
    pub(crate) fn tag_rank(&self, number: u32) -> u32 {
        self.tags.rank(number)
    }

    /// The tag at this place in their order.
    pub(crate) fn tag_at(&self, rank: u32) -> Option<&'a EntitlementTag> {
        self.tags.name(rank)
    }

    /// How many devices are named, reporting or not.
    pub(crate) fn devices(&self) -> usize {
        self.devices.names.len()
    }

    /// All reports of the device whose first one is number `at` in the order.
    pub(crate) fn reports_of_device(&self, at: usize) -> &[&'a Record] {
        let rest = self.order.get(at..).unwrap_or_default();
        let device = rest.first().map(|record| record.device);
        let end = rest.iter().take_while(|record| Some(record.device) == device).count();
        rest.get(..end).unwrap_or_default()
    }

    /// All reports, those of one id of one device together.
    pub(crate) fn same_ids(&self) -> impl Iterator<Item = &[&'a Record]> {
        self.order.chunk_by(|one, next| (one.device, one.id) == (next.device, next.id))
    }

    /// For each number of a device, whether it has reports of its own.
    pub(crate) fn reporting(&self) -> Vec<bool> {
        let mut reporting = vec![false; self.devices()];
        for record in &self.order {
            if let Some(place) = reporting.get_mut(index(record.device)) {
                *place = true;
            }
        }
        reporting
    }

    pub(crate) fn report(&self, record: &'a Record) -> Report<'a> {
        Report { record, measurements: self.evidence.measurements(record) }
    }
}
