//! Application HA: active and standby report one use.

use std::collections::BTreeMap;

use slp_model::Udi;

/// Which devices back each other up: a set for each group that lists in reports tie together.
///
/// A report names its set in `ha_udi` (seen); each list joins its members, so a chain of lists is one set. Spec: sync,
/// "Application HA and server HA" (choice).
///
/// ```
/// use slp_sync::ha::HaSets;
///
/// let (active, standby) = ("P:TEST-SWITCH,S:TST00000001".parse()?, "P:TEST-SWITCH,S:TST00000002".parse()?);
/// let mut sets = HaSets::default();
/// sets.join([&active, &standby]);
/// assert_eq!(sets.total(true, [(&active, 3), (&standby, 1)]), 3);
/// assert_eq!(sets.total(false, [(&active, 3), (&standby, 1)]), 4);
/// # Ok::<(), slp_model::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct HaSets {
    numbers: BTreeMap<Udi, usize>,
    parents: Vec<usize>,
}

impl HaSets {
    fn number(&mut self, device: &Udi) -> usize {
        if let Some(number) = self.numbers.get(device) {
            return *number;
        }
        let number = self.parents.len();
        self.parents.push(number);
        self.numbers.insert(device.clone(), number);
        number
    }

    /// The root of a member, its path halved on the way.
    fn root(&mut self, mut at: usize) -> usize {
        loop {
            let parent = self.parents.get(at).copied().unwrap_or(at);
            if parent == at {
                return at;
            }
            let above = self.parents.get(parent).copied().unwrap_or(parent);
            if let Some(slot) = self.parents.get_mut(at) {
                *slot = above;
            }
            at = above;
        }
    }

    /// The devices of one list are one set.
    pub fn join<'a>(&mut self, devices: impl IntoIterator<Item = &'a Udi>) {
        let mut first = None;
        for device in devices {
            let number = self.number(device);
            let root = self.root(number);
            let first = self.root(*first.get_or_insert(root));
            // The smaller number wins, so that the order of lists does not matter much for the depth.
            let (low, high) = (first.min(root), first.max(root));
            if let Some(slot) = self.parents.get_mut(high) {
                *slot = low;
            }
        }
    }

    /// The members of the device's set, sorted; itself alone if no list names it.
    pub fn members(&mut self, device: &Udi) -> Vec<Udi> {
        let Some(number) = self.numbers.get(device).copied() else {
            return vec![device.clone()];
        };
        let root = self.root(number);
        let all: Vec<(Udi, usize)> = self.numbers.iter().map(|(device, number)| (device.clone(), *number)).collect();
        all.into_iter().filter(|(_, number)| self.root(*number) == root).map(|(device, _)| device).collect()
    }

    /// The use of one licence over all devices. With `app_ha` a set counts as its highest member, otherwise every device
    /// counts.
    pub fn total<'a>(&mut self, app_ha: bool, counts: impl IntoIterator<Item = (&'a Udi, u64)>) -> u64 {
        let mut sum = 0_u64;
        let mut peaks: BTreeMap<usize, u64> = BTreeMap::new();
        for (device, count) in counts {
            match self.numbers.get(device).copied().filter(|_| app_ha) {
                Some(number) => {
                    let root = self.root(number);
                    let peak = peaks.entry(root).or_default();
                    *peak = count.max(*peak);
                }
                None => sum = sum.saturating_add(count),
            }
        }
        peaks.values().fold(sum, |sum, peak| sum.saturating_add(*peak))
    }
}

#[cfg(test)]
mod tests {
    use slp_model::Udi;

    use super::HaSets;

    fn device(number: u32) -> Udi {
        format!("P:TEST-SWITCH,S:TST{number:08}").parse().unwrap()
    }

    fn total(lists: &[&[u32]], counts: &[(u32, u64)], app_ha: bool) -> u64 {
        let mut sets = HaSets::default();
        for list in lists {
            let devices: Vec<Udi> = list.iter().copied().map(device).collect();
            sets.join(&devices);
        }
        let counts: Vec<(Udi, u64)> = counts.iter().map(|(number, count)| (device(*number), *count)).collect();
        sets.total(app_ha, counts.iter().map(|(device, count)| (device, *count)))
    }

    #[test]
    fn a_set_counts_as_its_highest_member() {
        assert_eq!(total(&[&[1, 2]], &[(1, 2), (2, 2)], true), 2);
        assert_eq!(total(&[&[1, 2]], &[(1, 3), (2, 1)], true), 3);
        let two: &[&[u32]] = &[&[1, 2], &[3, 4]];
        let counts = [(1, 2), (2, 2), (3, 1), (4, 1)];
        assert_eq!(total(two, &counts, true), 3);
        assert_eq!(total(two, &counts, false), 6);
        assert_eq!(total(&[&[2, 1]], &[(1, 2), (2, 2)], true), 2, "roles do not matter");
        assert_eq!(total(&[&[1, 2], &[2, 3]], &[(1, 1), (2, 2), (3, 1)], true), 2, "a chain is one set");
        assert_eq!(total(&[&[3, 4], &[1, 2], &[4, 1]], &[(1, 1), (2, 2), (3, 5)], true), 5, "whatever the order");
        assert_eq!(total(&[&[1, 9]], &[(1, 2)], true), 2, "a peer that reports nothing counts nothing");
        assert_eq!(total(&[], &[(1, 2), (2, 2)], true), 4, "alone");
    }

    #[test]
    fn members_are_sorted() {
        let mut sets = HaSets::default();
        sets.join([&device(3), &device(1)]);
        sets.join([&device(2)]);
        assert_eq!(sets.members(&device(3)), [device(1), device(3)]);
        assert_eq!(sets.members(&device(2)), [device(2)]);
        assert_eq!(sets.members(&device(7)), [device(7)]);
    }
}
