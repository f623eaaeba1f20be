//! Texts that many reports share, each kept once under a small number.

use std::collections::BTreeMap;

/// More than 2^32 - 2 of something.
#[derive(Debug)]
pub(super) struct Full;

/// No name at all.
pub(crate) const NONE: u32 = u32::MAX;

/// Values and their numbers, in the order of first appearance. The numbers never reach any output.
#[derive(Clone, Debug)]
pub(super) struct Names<T>(BTreeMap<T, u32>);

impl<T> Default for Names<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Ord> Names<T> {
    /// The number of a value, new if it was not there.
    pub(super) fn number(&mut self, value: T) -> Result<u32, Full> {
        let next = number(self.0.len())?;
        Ok(*self.0.entry(value).or_insert(next))
    }

    /// Every value with its number, in the order of the values.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&T, u32)> {
        self.0.iter().map(|(value, number)| (value, *number))
    }

    /// Every value at the place of its number.
    pub(super) fn by_number(&self) -> Vec<Option<&T>> {
        let mut values = Vec::new();
        values.resize_with(self.0.len(), || None);
        for (value, number) in self.iter() {
            if let Some(place) = values.get_mut(index(number)) {
                *place = Some(value);
            }
        }
        values
    }

    /// Takes in the values of another set. The answer tells the new number of each old one.
    pub(super) fn merge(&mut self, other: Self) -> Result<Renumbered, Full> {
        self.merge_with(other, |value, _| value)
    }

    /// As [`merge`](Self::merge), for values that hold numbers themselves.
    pub(super) fn merge_with(&mut self, other: Self, mut change: impl FnMut(T, u32) -> T) -> Result<Renumbered, Full> {
        let mut numbers = vec![NONE; other.0.len()];
        for (value, old) in other.0 {
            let new = self.number(change(value, old))?;
            if let Some(place) = numbers.get_mut(index(old)) {
                *place = new;
            }
        }
        Ok(Renumbered(numbers))
    }

    /// Memory, estimated: nodes of such a map are about two thirds full. `heap` tells what one value holds besides.
    pub(super) fn bytes(&self, heap: impl Fn(&T) -> usize) -> usize {
        let entry = size_of::<(T, u32)>();
        let entries = self.0.len().saturating_mul(entry.saturating_add(entry / 2));
        self.0.keys().map(heap).fold(entries, usize::saturating_add)
    }
}

/// Old numbers to new ones.
#[derive(Debug)]
pub(super) struct Renumbered(Vec<u32>);

impl Renumbered {
    /// The new number. Numbers that name nothing stay as they are.
    pub(super) fn of(&self, old: u32) -> u32 {
        self.0.get(index(old)).copied().unwrap_or(old)
    }
}

/// The number that comes after so many, as long as it cannot be mistaken for a reserved one.
pub(super) fn number(len: usize) -> Result<u32, Full> {
    u32::try_from(len).ok().filter(|number| *number < NONE.saturating_sub(1)).ok_or(Full)
}

/// A number as an index.
pub(super) fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_keeps_its_number_and_a_merge_tells_the_new_one() {
        let mut names = Names::default();
        assert_eq!((names.number("b").unwrap(), names.number("a").unwrap(), names.number("b").unwrap()), (0, 1, 0));
        let mut other = Names::default();
        assert_eq!((other.number("c").unwrap(), other.number("a").unwrap()), (0, 1));
        let renumbered = names.merge(other).unwrap();
        assert_eq!((renumbered.of(0), renumbered.of(1), renumbered.of(NONE)), (2, 1, NONE));
        assert_eq!(names.iter().collect::<Vec<_>>(), [(&"a", 1), (&"b", 0), (&"c", 2)]);
    }
}
