//! Numbers that follow from a seed: the same on every machine, good enough to look like chance, no secret.

/// A sequence of numbers: a counter whose bits are mixed (`SplitMix64`).
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    /// The sequence of one device of one fleet: it depends on no other device.
    pub(super) fn of(seed: u64, number: u64) -> Self {
        let mut fleet = Self(seed);
        Self(fleet.next().wrapping_add(number.wrapping_mul(0xd6e8_feb8_6659_fd93)))
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number from `from` on, below `to`.
    pub(super) fn between(&mut self, from: u64, to: u64) -> u64 {
        let width = to.saturating_sub(from).max(1);
        from.saturating_add(self.next().checked_rem(width).unwrap_or(0))
    }

    /// One of these.
    pub(super) fn one_of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        let count = u64::try_from(all.len()).ok()?;
        usize::try_from(self.between(0, count)).ok().and_then(|at| all.get(at))
    }

    /// Base64 of so many groups of three bytes.
    pub(super) fn base64(&mut self, groups: usize) -> String {
        const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = String::with_capacity(groups.saturating_mul(4));
        let (mut bits, mut left) = (0_u64, 0_u32);
        for _ in 0..groups.saturating_mul(4) {
            if left == 0 {
                (bits, left) = (self.next(), 10);
            }
            let digit = usize::try_from(bits & 63).ok().and_then(|digit| DIGITS.get(digit)).copied();
            text.push(char::from(digit.unwrap_or(b'A')));
            (bits, left) = (bits >> 6, left.saturating_sub(1));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_from_seed_and_device_alone() {
        let numbers = |seed, number| {
            let mut random = Random::of(seed, number);
            [random.next(), random.next()]
        };
        assert_eq!(numbers(1, 2), numbers(1, 2));
        assert_ne!(numbers(1, 2), numbers(1, 3));
        assert_ne!(numbers(1, 2), numbers(2, 2));
        let mut random = Random::of(1, 1);
        assert!((0..1_000).all(|_| (5..9).contains(&random.between(5, 9))));
        assert_eq!(random.base64(85).len(), 340);
    }
}
