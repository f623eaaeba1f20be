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
        self.0.insert(short(text))
    }

    /// Was it there before?
    pub(crate) fn contains(&self, text: &[u8]) -> bool {
        self.0.contains(&short(text))
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

fn short(text: &[u8]) -> u64 {
    Sha256::digest(text).first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes))
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
