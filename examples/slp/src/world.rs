//! What commands that talk to other machines need of the one they run on: a clock, chance, variables.

use std::cell::Cell;
use std::collections::BTreeMap;

use slp_model::{Seconds, UnixMillis, UnixSeconds};
use slp_transport::Nonce;

/// The clock of a machine.
pub trait Clock {
    /// What it shows.
    fn now(&self) -> UnixMillis;

    /// Returns when so much time has passed.
    fn sleep(&self, time: Seconds);
}

/// A clock that moves when somebody waits, and not otherwise.
#[derive(Debug)]
pub(crate) struct Still(Cell<UnixMillis>);

impl Still {
    pub(crate) fn at(now: UnixSeconds) -> Self {
        Self(Cell::new(now.to_millis()))
    }
}

impl Clock for Still {
    fn now(&self) -> UnixMillis {
        self.0.get()
    }

    fn sleep(&self, time: Seconds) {
        let millis = u64::try_from(time.get()).unwrap_or(0).saturating_mul(1_000);
        self.0.set(UnixMillis::new(self.0.get().get().saturating_add(millis)).unwrap_or(UnixMillis::MAX));
    }
}

/// Clock, chance and variables of one run.
pub(crate) struct World<'a> {
    pub(crate) clock: Box<dyn Clock + 'a>,
    pub(crate) variables: BTreeMap<String, String>,
    chance: u64,
}

impl<'a> World<'a> {
    pub(crate) fn new(clock: Box<dyn Clock + 'a>, variables: BTreeMap<String, String>, chance: u64) -> Self {
        Self { clock, variables, chance }
    }

    pub(crate) fn now(&self) -> UnixSeconds {
        self.clock.now().to_seconds()
    }

    /// Waits until a time; not at all when it has come.
    pub(crate) fn wait_until(&self, time: UnixSeconds) {
        let rest = time.since(self.now());
        if rest > Seconds::ZERO {
            self.clock.sleep(rest);
        }
    }

    /// A number nobody expects. Good for nonces and for spreading waits, not for keys.
    pub(crate) fn number(&mut self) -> u64 {
        self.chance = self.chance.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.chance ^ (self.chance >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A fresh nonce.
    pub(crate) fn nonce(&mut self) -> Nonce {
        let mut bytes = [0; 16];
        let (head, tail) = bytes.split_at_mut(8);
        head.copy_from_slice(&self.number().to_le_bytes());
        tail.copy_from_slice(&self.number().to_le_bytes());
        Nonce::from_random(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_still_clock_moves_when_somebody_waits() {
        let now: UnixSeconds = "2024-08-01".parse().unwrap();
        let mut world = World::new(Box::new(Still::at(now)), BTreeMap::new(), 7);
        let later = now.saturating_add(Seconds::new(30));
        world.wait_until(later);
        world.wait_until(now);
        assert_eq!(world.now(), later);
        assert_ne!(world.nonce(), world.nonce());
    }
}
