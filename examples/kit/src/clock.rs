//! The machine's clock, and one that tests and demonstrations turn.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use slp_model::{UnixMillis, UnixSeconds};

/// Tells the time. The crates never do: `now` is always an argument there.
pub trait Clock: Send + Sync + fmt::Debug + 'static {
    /// Now, in milliseconds.
    fn now(&self) -> UnixMillis;

    /// Now, in whole seconds.
    fn seconds(&self) -> UnixSeconds {
        self.now().to_seconds()
    }
}

/// So many seconds later, or earlier; no further than times go.
pub fn later(time: UnixMillis, seconds: i64) -> UnixMillis {
    let millis = time.get().saturating_add_signed(seconds.saturating_mul(1_000));
    UnixMillis::new(millis).unwrap_or(UnixMillis::MAX)
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct SystemClock;

impl SystemClock {
    /// The one.
    pub const fn new() -> Self {
        Self
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "programs read the clock, here and nowhere else")]
    fn now(&self) -> UnixMillis {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        UnixMillis::new(u64::try_from(since.as_millis()).unwrap_or(u64::MAX)).unwrap_or(UnixMillis::MAX)
    }
}

/// A clock that stands still until somebody turns it.
#[derive(Debug)]
pub struct ManualClock(Mutex<UnixMillis>);

impl ManualClock {
    /// A clock that shows this time.
    pub const fn new(time: UnixSeconds) -> Self {
        Self(Mutex::new(time.to_millis()))
    }

    /// Turns it to this time, backwards too.
    pub fn set(&self, time: UnixSeconds) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = time.to_millis();
    }

    /// Turns it on by so many seconds, or back.
    pub fn advance(&self, seconds: i64) {
        let mut time = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *time = later(*time, seconds);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> UnixMillis {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_shows_what_it_was_set_to() {
        let at = |text: &str| text.parse::<UnixSeconds>().unwrap();
        let clock = ManualClock::new(at("2026-01-01T00:00:00Z"));
        clock.advance(60);
        assert_eq!(clock.seconds(), at("2026-01-01T00:01:00Z"));
        clock.advance(-61);
        assert_eq!(clock.seconds(), at("2025-12-31T23:59:59Z"));
        clock.set(at("2020-01-01T00:00:00Z"));
        assert_eq!(clock.now().to_string(), "2020-01-01T00:00:00.000Z");
    }

    #[test]
    fn times_end_where_they_end() {
        assert_eq!(later(UnixMillis::MAX, 5), UnixMillis::MAX);
        assert_eq!(later(UnixMillis::MIN, -5), UnixMillis::MIN);
    }
}
