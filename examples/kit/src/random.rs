//! Nonces, ids and tokens: from the system, or from a seed where a run has to be repeated.

use std::fmt::{self, Write as _};

use slp_transport::{Nonce, PollId};

/// A source of random numbers.
pub struct Random(Source);

enum Source {
    System,
    Seeded(fastrand::Rng),
}

impl Random {
    /// The system's: for everything that others must not guess.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// The same numbers for the same seed: for tests and demonstrations.
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded(fastrand::Rng::with_seed(seed)))
    }

    /// So many random bytes.
    ///
    /// # Panics
    /// If the system has no random numbers: nothing may go on then.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0_u8; N];
        match &mut self.0 {
            #[expect(clippy::expect_used, reason = "a program without random numbers must not go on")]
            Source::System => getrandom::fill(&mut bytes).expect("the system has random numbers"),
            Source::Seeded(numbers) => numbers.fill(&mut bytes),
        }
        bytes
    }

    /// A number below `end`; 0 when `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        u64::from_le_bytes(self.bytes()).checked_rem(end).unwrap_or(0)
    }

    /// A nonce of 16 letters and digits.
    pub fn nonce(&mut self) -> Nonce {
        Nonce::from_random(self.bytes())
    }

    /// An id to poll for: from 2^53 + 1 up, so that a reader with floating point numbers is found out.
    pub fn poll_id(&mut self) -> PollId {
        let low = (1_u64 << 53) + 1;
        PollId::from(low + self.below((1 << 63) - low))
    }

    /// So many bytes in lower-case hexadecimal.
    pub fn hex<const N: usize>(&mut self) -> String {
        self.bytes::<N>().iter().fold(String::with_capacity(N * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// A UUID, version 4.
    pub fn uuid(&mut self) -> String {
        let mut bytes = self.bytes::<16>();
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let number = u128::from_be_bytes(bytes);
        let hex = format!("{number:032x}");
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Source::System => "Random(system)",
            Source::Seeded(_) => "Random(seeded)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_the_system_does_not() {
        assert_eq!(Random::seeded(7).uuid(), Random::seeded(7).uuid());
        assert_ne!(Random::seeded(7).uuid(), Random::seeded(8).uuid());
        assert_ne!(Random::system().hex::<16>(), Random::system().hex::<16>());
    }

    #[test]
    fn a_poll_id_is_beyond_the_exact_numbers_of_floating_point() {
        let mut random = Random::seeded(1);
        for _ in 0..100 {
            let id = random.poll_id().get();
            assert!(id > 1 << 53 && id < 1 << 63);
        }
    }

    #[test]
    fn a_uuid_says_its_version() {
        let uuid = Random::system().uuid();
        assert_eq!((uuid.len(), &uuid[14..15]), (36, "4"));
        assert!("89ab".contains(&uuid[19..20]));
    }
}
