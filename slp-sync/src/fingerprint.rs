//! Which names were there before, in eight bytes each.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

/// A set of texts, each kept as the first eight bytes of its SHA-256.
///
/// A chance collision refuses too much, never too little: at a million names it is one in thirty million. Nobody can
/// bring one about without some four thousand million tries, and gains a refusal. Spec: sync, "Limits".
#[derive(Clone, Debug, Default)]
pub(crate) struct Fingerprints(BTreeSet<u64>);

impl Fingerprints {
    /// Takes note of a text. False if it was there before.
    pub(crate) fn insert(&mut self, text: &[u8]) -> bool {
        let digest = Sha256::digest(text);
        let first = digest.first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        self.0.insert(first)
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

/// Lower-case hexadecimal, as digests are written.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)])
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_text_is_new_once() {
        let mut set = super::Fingerprints::default();
        assert!(set.insert(b"a") && set.insert(b"b") && !set.insert(b"a"));
        set.clear();
        assert!(set.insert(b"a"));
    }

    #[test]
    fn hexadecimal_is_lower_case_and_two_digits_a_byte() {
        assert_eq!(super::hex(&[0, 0xab, 0xff]), "00abff");
    }
}
