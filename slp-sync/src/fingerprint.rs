//! Which names were there before, in eight bytes each.

use sha2::{Digest, Sha256};

/// A set of texts, each kept as the first eight bytes of its SHA-256.
///
/// A chance collision refuses too much, never too little: at a million names it is one in thirty million. Nobody can
/// bring one about without some four thousand million tries, and gains a refusal. Spec: sync, "Limits".
///
/// An open table, a fifth of it empty at least, that keeps nearly the order of the fingerprints: growing it is one pass from
/// front to back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fingerprints {
    /// Zero is empty.
    slots: Vec<u64>,
    used: usize,
}

/// Slots of the first table, and the least that it grows by.
const FIRST: usize = 64;

impl Fingerprints {
    /// Takes note of a text. False if it was there before.
    pub(crate) fn insert(&mut self, text: &[u8]) -> bool {
        if self.used.saturating_mul(5) >= self.slots.len().saturating_mul(4) {
            self.grow();
        }
        let is_new = put(&mut self.slots, short(text));
        self.used = self.used.saturating_add(usize::from(is_new));
        is_new
    }

    /// Was it there before?
    pub(crate) fn contains(&self, text: &[u8]) -> bool {
        let wanted = short(text);
        probe(self.slots.len(), wanted).find_map(|at| self.slots.get(at).filter(|slot| [0, wanted].contains(slot)))
            == Some(&wanted)
    }

    fn grow(&mut self) {
        // By a quarter: twice as many would take twice the memory for a while.
        let more = self.slots.len().checked_div(4).unwrap_or(0).max(FIRST);
        let mut larger = vec![0; self.slots.len().saturating_add(more)];
        for fingerprint in self.slots.iter().filter(|slot| **slot != 0) {
            put(&mut larger, *fingerprint);
        }
        self.slots = larger;
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// The slots in which a fingerprint may lie, nearest first.
fn probe(slots: usize, fingerprint: u64) -> impl Iterator<Item = usize> {
    let share = u128::from(fingerprint).saturating_mul(u128::from(crate::source::widen(slots))) >> 64_u32;
    let first = usize::try_from(share).unwrap_or(0);
    (first..slots).chain(0..first)
}

/// False if it is there already. There is an empty slot.
fn put(slots: &mut [u64], fingerprint: u64) -> bool {
    for at in probe(slots.len(), fingerprint) {
        match slots.get_mut(at) {
            Some(slot) if *slot == 0 => {
                *slot = fingerprint;
                return true;
            }
            Some(slot) if *slot == fingerprint => return false,
            _ => {}
        }
    }
    false
}

/// Never zero.
fn short(text: &[u8]) -> u64 {
    Sha256::digest(text).first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes)).max(1)
}

/// Lower-case hexadecimal, as digests are written.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).collect()
}

/// The digest that 64 lower-case hexadecimal digits stand for.
pub(crate) fn unhex(text: &str) -> Option<[u8; 32]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => byte.checked_sub(b'0'),
        b'a'..=b'f' => byte.checked_sub(b'a')?.checked_add(10),
        _ => None,
    };
    let mut out = [0_u8; 32];
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != out.len() || !rest.is_empty() {
        return None;
    }
    for (to, [high, low]) in out.iter_mut().zip(pairs) {
        *to = (digit(*high)? << 4) | digit(*low)?;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_table_is_a_set(texts in proptest::collection::vec(0_u16..400, 0..600)) {
            let (mut table, mut set) = (super::Fingerprints::default(), BTreeSet::new());
            for text in texts {
                let bytes = text.to_be_bytes();
                prop_assert_eq!(table.contains(&bytes), set.contains(&text));
                prop_assert_eq!(table.insert(&bytes), set.insert(text));
                prop_assert!(table.contains(&bytes));
            }
        }
    }

    #[test]
    fn a_text_is_new_once() {
        let mut set = super::Fingerprints::default();
        assert!(set.insert(b"a") && set.insert(b"b") && !set.insert(b"a"));
        assert!(set.contains(b"b") && !set.contains(b"c"));
        set.clear();
        assert!(set.insert(b"a"));
    }

    #[test]
    fn hexadecimal_is_lower_case_and_two_digits_a_byte() {
        assert_eq!(super::hex(&[0, 0xab, 0xff]), "00abff");
        let digest = [0x5a; 32];
        assert_eq!(super::unhex(&super::hex(&digest)), Some(digest));
        for bad in ["", "5A", &"5A".repeat(32), &"5".repeat(63), &"5".repeat(65)] {
            assert_eq!(super::unhex(bad), None, "{bad}");
        }
    }
}
