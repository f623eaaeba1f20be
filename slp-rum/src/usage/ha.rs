//! Redundant sets: devices that stand in for one another. Spec: rum, "Usage intervals"; sync, "Application HA".

use super::catalog::Catalog;
use super::names::{NONE, Names, index};
use super::record::ALONE;
use super::versions::Chosen;
use crate::sets::Sets;

/// One list of a report: numbers of roles and of devices.
pub(super) type HaList = Box<[(u32, u32)]>;

/// The lists by their numbers.
#[derive(Debug)]
pub(crate) struct HaLists<'a> {
    lists: Vec<Option<&'a HaList>>,
    roles: Vec<&'a str>,
}

impl<'a> HaLists<'a> {
    pub(super) fn new(lists: &'a Names<HaList>, roles: &'a Names<Box<str>>) -> Self {
        let roles = roles.by_number().into_iter().map(|role| role.map_or("", |role| role)).collect();
        Self { lists: lists.by_number(), roles }
    }

    /// The roles and devices of a list; none if the list is empty or names the reporting device alone.
    pub(crate) fn members(&self, list: u32) -> impl Iterator<Item = (&'a str, u32)> {
        let role = |number: u32| self.roles.get(index(number)).copied().unwrap_or_default();
        let list = self.lists.get(index(list)).copied().flatten();
        list.into_iter().flatten().map(move |(number, device)| (role(*number), *device))
    }
}

/// Who names whom as a member of its own redundant set: sorted pairs of (device, member), both by number, of devices that
/// report. Of each report only the version counts that is kept.
///
/// A member that never reports, as a standby, is left out: it adds nothing to a sum, and nobody knows what it would say.
#[derive(Debug)]
pub(crate) struct Named(Vec<(u32, u32)>);

impl Named {
    pub(crate) fn new(catalog: &Catalog<'_>) -> Self {
        let mut pairs = Vec::new();
        if catalog.evidence.has_ha_lists() {
            let lists = catalog.evidence.ha_lists();
            let reporting = catalog.reporting();
            let reports = |member: u32| reporting.get(index(member)).copied().unwrap_or_default();
            for same in catalog.same_ids() {
                if same.iter().all(|record| matches!(record.ha, NONE | ALONE)) {
                    continue;
                }
                for report in Chosen::new(catalog, same).kept() {
                    let device = report.record.device;
                    let members = lists.members(report.record.ha).map(|(_, member)| member);
                    pairs.extend(members.filter(|one| *one != device && reports(*one)).map(|one| (device, one)));
                }
            }
        }
        pairs.sort_unstable();
        pairs.dedup();
        Self(pairs)
    }

    fn has(&self, device: u32, member: u32) -> bool {
        self.0.binary_search(&(device, member)).is_ok()
    }

    /// The device names the member, and the member does not name the device.
    pub(crate) fn is_one_sided(&self, device: u32, member: u32) -> bool {
        self.has(device, member) && !self.has(member, device)
    }
}

/// Which devices belong together: those that name each other, and those that are so joined by others.
#[derive(Debug)]
pub(super) struct HaSets(Sets);

impl HaSets {
    pub(super) fn new(catalog: &Catalog<'_>) -> Self {
        let mut sets = Sets::alone(catalog.devices());
        let named = Named::new(catalog);
        for (one, other) in named.0.iter().filter(|(one, other)| one < other && named.has(*other, *one)) {
            sets.join(*one, *other);
        }
        Self(sets)
    }

    /// One number for all members of a set.
    pub(super) fn of(&mut self, device: u32) -> u32 {
        self.0.of(device)
    }
}
