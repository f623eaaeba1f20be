//! Devices that belong together: disjoint sets of numbers, and the devices of one file.

use std::collections::BTreeMap;

/// Numbers from 0, each in one set. Joining in any order gives the same sets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sets(Vec<u32>);

impl Sets {
    /// The numbers below `count`, each alone.
    pub(crate) fn alone(count: usize) -> Self {
        Self((0_u32..).take(count).collect())
    }

    /// One more number, alone; it is the next one.
    fn grow(&mut self) {
        self.0.extend(u32::try_from(self.0.len()));
    }

    /// One number for all members of a set: the least of them.
    pub(crate) fn of(&mut self, number: u32) -> u32 {
        let mut here = number;
        while let Some(up) = self.above(here).filter(|up| *up != here) {
            // each look halves the way for the next one
            let over = self.above(up).unwrap_or(up);
            self.put(here, over);
            here = over;
        }
        here
    }

    pub(crate) fn join(&mut self, one: u32, other: u32) {
        let (one, other) = (self.of(one), self.of(other));
        self.put(one.max(other), one.min(other));
    }

    fn above(&self, number: u32) -> Option<u32> {
        self.0.get(usize::try_from(number).ok()?).copied()
    }

    fn put(&mut self, number: u32, above: u32) {
        if let Some(place) = usize::try_from(number).ok().and_then(|number| self.0.get_mut(number)) {
            *place = above;
        }
    }
}

/// Product id and serial number.
type Name<'n> = (&'n str, &'n str);

/// The devices that the reports of one file name. A list joins its members and the device that reports it, whatever
/// the order of the reports. Spec: sync, "Application HA"; rum, "Writer rules" F.
#[derive(Clone, Debug, Default)]
pub(crate) struct FileDevices {
    numbers: BTreeMap<Box<str>, BTreeMap<Box<str>, u32>>,
    sets: Sets,
}

impl FileDevices {
    /// Takes in what one report says about its own redundant set.
    pub(crate) fn add<'n>(&mut self, device: Name<'n>, list: impl IntoIterator<Item = Name<'n>>) {
        let device = self.number(device);
        for member in list {
            let member = self.number(member);
            self.sets.join(device, member);
        }
    }

    /// Are the two one device, or of one set?
    pub(crate) fn are_tied(&mut self, one: Name<'_>, other: Name<'_>) -> bool {
        one == other || {
            let (one, other) = (self.number(one), self.number(other));
            self.sets.of(one) == self.sets.of(other)
        }
    }

    fn number(&mut self, (pid, serial): Name<'_>) -> u32 {
        if let Some(number) = self.numbers.get(pid).and_then(|serials| serials.get(serial)) {
            return *number;
        }
        // a file has fewer devices than bytes, and its bytes are bounded
        let next = u32::try_from(self.sets.0.len()).unwrap_or(u32::MAX);
        self.sets.grow();
        self.numbers.entry(pid.into()).or_default().insert(serial.into(), next);
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_one_set_whatever_the_order_of_its_links() {
        for links in [[(0, 1), (1, 2), (3, 4)], [(1, 2), (3, 4), (1, 0)], [(2, 1), (0, 1), (4, 3)]] {
            let mut sets = Sets::alone(6);
            for (one, other) in links {
                sets.join(one, other);
            }
            assert_eq!([0, 1, 2, 3, 4, 5].map(|number| sets.of(number)), [0, 0, 0, 3, 3, 5]);
        }
    }

    #[test]
    fn a_list_joins_its_members_and_the_device_that_reports_it() {
        let mut devices = FileDevices::default();
        devices.add(("P", "1"), [("P", "2"), ("P", "3")]);
        devices.add(("P", "4"), []);
        assert!(devices.are_tied(("P", "2"), ("P", "3")) && devices.are_tied(("P", "1"), ("P", "3")));
        assert!(!devices.are_tied(("P", "4"), ("P", "1")) && !devices.are_tied(("Q", "1"), ("P", "1")));
        devices.add(("P", "3"), [("P", "4")]);
        assert!(devices.are_tied(("P", "4"), ("P", "2")));
    }
}
