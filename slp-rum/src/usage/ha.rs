//! Redundant sets: devices that stand in for one another. Spec: rum, "Usage intervals"; sync, "Application HA".

use std::collections::BTreeMap;

use super::catalog::Catalog;
use super::names::{Names, index};

/// One list of a report: numbers of roles and of devices.
pub(super) type HaList = Box<[(u32, u32)]>;

/// The lists by their numbers.
#[derive(Debug)]
pub(crate) struct HaLists<'a> {
    lists: BTreeMap<u32, &'a [(u32, u32)]>,
    roles: BTreeMap<u32, &'a str>,
}

impl<'a> HaLists<'a> {
    pub(super) fn new(lists: &'a Names<HaList>, roles: &'a Names<Box<str>>) -> Self {
        Self {
            lists: lists.iter().map(|(list, number)| (number, &**list)).collect(),
            roles: roles.iter().map(|(role, number)| (number, &**role)).collect(),
        }
    }

    /// The roles and devices of a list; none if the list is empty or names the reporting device alone.
    pub(crate) fn members(&self, list: u32) -> impl Iterator<Item = (&'a str, u32)> {
        let list = self.lists.get(&list).copied().unwrap_or_default();
        list.iter().map(|(role, device)| (self.roles.get(role).copied().unwrap_or_default(), *device))
    }
}

/// Which devices belong together, by their numbers. A list joins its members.
#[derive(Debug)]
pub(super) struct Sets(Vec<u32>);

impl Sets {
    pub(super) fn new(catalog: &Catalog<'_>) -> Self {
        let mut sets = Self((0_u32..).take(catalog.devices()).collect());
        for list in catalog.evidence.ha_lists().lists.into_values() {
            for (one, next) in list.iter().zip(list.iter().skip(1)) {
                sets.join(one.1, next.1);
            }
        }
        sets
    }

    /// One number for all members of a set.
    pub(super) fn of(&mut self, device: u32) -> u32 {
        let mut here = device;
        while let Some(up) = self.0.get(index(here)).copied().filter(|up| *up != here) {
            // each look halves the way for the next one
            let over = self.0.get(index(up)).copied().unwrap_or(up);
            if let Some(place) = self.0.get_mut(index(here)) {
                *place = over;
            }
            here = over;
        }
        here
    }

    fn join(&mut self, one: u32, other: u32) {
        let (one, other) = (self.of(one), self.of(other));
        if let Some(place) = self.0.get_mut(index(one.max(other))) {
            *place = one.min(other);
        }
    }
}
