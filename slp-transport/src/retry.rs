//! Whether the same bytes may be sent again, and when. Spec: transport, "Retry classes" (choice).

use slp_model::{Seconds, UnixSeconds};

/// What a repeat of the same request is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Retry {
    /// Report it; a repeat brings the same answer.
    Never,
    /// Fetch a new token once, then send the same bytes once.
    Auth,
    /// Wait as long as the peer says (60 s when it says nothing), then repeat.
    #[non_exhaustive]
    Throttle {
        /// What `Retry-After` said, at most 3600 s.
        after: Option<RetryAfter>,
    },
    /// Wait 2, 4, 8, 16, 32 s, then give up.
    Transient,
    /// The peer asks to repeat (`OK_TRY_AGAIN`), after this time or 300 s; 1 s to a day of it is honoured.
    #[non_exhaustive]
    TryAgain {
        /// Its `poll_interval`.
        after: Option<Seconds>,
    },
}

/// A `Retry-After` header: seconds, or a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryAfter {
    /// From the arrival of the answer.
    Seconds(u32),
    /// At this time of the server's clock.
    At(UnixSeconds),
}

/// The longest time that a `Retry-After` is honoured for. Spec: transport, "Retry classes".
pub const LONGEST_WAIT: u32 = 3_600;
/// The wait when a busy server does not say how long.
pub const THROTTLE_WAIT: u32 = 60;
/// The wait when `OK_TRY_AGAIN` has no interval.
pub const TRY_AGAIN_WAIT: u32 = 300;
/// The longest time that an `OK_TRY_AGAIN` is honoured for, as that of any `poll_interval`. Spec: transport, "Response envelope".
pub const LONGEST_TRY_AGAIN: u32 = 86_400;
/// The waits between repeats of a request that failed for reasons of the network.
pub const TRANSIENT_WAITS: [u32; 5] = [2, 4, 8, 16, 32];

impl RetryAfter {
    /// Reads a header value: digits, or an HTTP date such as `Sun, 06 Nov 1994 08:49:37 GMT`.
    pub fn parse(value: &str) -> Option<Self> {
        let value = value.trim();
        if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
            // More digits than fit: the longest wait, which is honoured anyway.
            return Some(Self::Seconds(value.parse().unwrap_or(LONGEST_WAIT)));
        }
        http_date(value).map(Self::At)
    }

    /// How long to wait at `now`.
    pub fn wait(self, now: UnixSeconds) -> u32 {
        let wait = match self {
            Self::Seconds(seconds) => seconds,
            Self::At(time) => u32::try_from(time.get().saturating_sub(now.get())).unwrap_or(0),
        };
        wait.min(LONGEST_WAIT)
    }
}

/// The three date forms of HTTP are read in the first alone, the one that may still be written.
fn http_date(value: &str) -> Option<UnixSeconds> {
    let (_, rest) = value.split_once(", ")?;
    let mut words = rest.split(' ');
    let (day, month, year) = (words.next()?, words.next()?, words.next()?);
    let (clock, zone) = (words.next()?, words.next()?);
    if zone != "GMT" || words.next().is_some() {
        return None;
    }
    let month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        .iter()
        .position(|name| *name == month)?
        .checked_add(1)?;
    format!("{year}-{month:02}-{day}T{clock}Z").parse().ok()
}

/// How long to wait before repeat number `tries` (from 0) of a request, or `None` to give up.
///
/// `jitter` is a number the caller draws, from 0 to 255: it spreads the waits of a fleet over a quarter of their length, so
/// that a server that comes back is not met by all of them at once. That comes on top, also of the longest wait that is
/// honoured ([`LONGEST_WAIT`], [`LONGEST_TRY_AGAIN`]): a fleet that was told to come in an hour must not come in one second.
pub fn backoff(retry: Retry, tries: u32, now: UnixSeconds, jitter: u8) -> Option<Seconds> {
    let tries = usize::try_from(tries).ok()?;
    let base = match retry {
        Retry::Auth => return (tries == 0).then_some(Seconds::ZERO),
        Retry::Transient => *TRANSIENT_WAITS.get(tries)?,
        Retry::Throttle { after } if tries < TRANSIENT_WAITS.len() => {
            after.map_or(THROTTLE_WAIT, |after| after.wait(now))
        }
        Retry::TryAgain { after } if tries < TRANSIENT_WAITS.len() => {
            let after = after.map_or(i64::from(TRY_AGAIN_WAIT), Seconds::get);
            u32::try_from(after.clamp(1, i64::from(LONGEST_TRY_AGAIN))).unwrap_or(LONGEST_TRY_AGAIN)
        }
        Retry::Never | Retry::Throttle { .. } | Retry::TryAgain { .. } => return None,
    };
    let extra = u64::from(base).saturating_mul(u64::from(jitter)).checked_div(4 * 256).unwrap_or(0);
    Some(Seconds::new(i64::from(base).saturating_add(i64::try_from(extra).unwrap_or(0))))
}

/// A jitter for [`backoff`] from a seed, which is another one afterwards.
pub(crate) fn jitter(seed: &mut u64) -> u8 {
    let jitter = u8::try_from(*seed % 256).unwrap_or(0);
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1) >> 1;
    jitter
}

/// The class of an HTTP status that is no success.
pub(crate) fn of_status(status: u16, after: Option<RetryAfter>) -> Retry {
    match (status, after) {
        (401, _) => Retry::Auth,
        (429, after) => Retry::Throttle { after },
        (503, Some(after)) => Retry::Throttle { after: Some(after) },
        (408 | 500 | 502 | 503 | 504, _) => Retry::Transient,
        _ => Retry::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> UnixSeconds {
        text.parse().unwrap()
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_and_never_more_than_an_hour() {
        let now = at("1994-11-06T08:49:00Z");
        let wait = |text: &str| RetryAfter::parse(text).map(|after| after.wait(now));
        assert_eq!(wait("30"), Some(30));
        assert_eq!(wait(" 7200 "), Some(3_600));
        assert_eq!(wait("99999999999999999999"), Some(3_600));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:37 GMT"), Some(37));
        assert_eq!(wait("Sun, 06 Nov 1994 08:40:00 GMT"), Some(0));
        for bad in ["", "-1", "soon", "Sun, 06 Nov 1994 08:49:37 PST", "Sun, 06 Foo 1994 08:49:37 GMT"] {
            assert_eq!(wait(bad), None, "{bad}");
        }
    }

    #[test]
    fn transient_faults_are_repeated_five_times_and_then_given_up() {
        let now = at("2026-01-01T00:00:00Z");
        let waits: Vec<_> = (0..6).map(|tries| backoff(Retry::Transient, tries, now, 0).map(Seconds::get)).collect();
        assert_eq!(waits, [Some(2), Some(4), Some(8), Some(16), Some(32), None]);
        assert_eq!(backoff(Retry::Transient, 4, now, 255).map(Seconds::get), Some(39));
        assert_eq!(backoff(Retry::Never, 0, now, 0), None);
        assert_eq!(backoff(Retry::Auth, 1, now, 0), None);
        assert_eq!(backoff(Retry::Throttle { after: None }, 0, now, 0).map(Seconds::get), Some(60));
    }

    #[test]
    fn a_wish_to_try_again_is_heard_for_a_day_at_most_and_never_at_once() {
        let now = at("2026-01-01T00:00:00Z");
        let wait = |after: Option<i64>| {
            let after = after.map(Seconds::new);
            backoff(Retry::TryAgain { after }, 0, now, 0).map(Seconds::get)
        };
        assert_eq!(wait(None), Some(300));
        assert_eq!(wait(Some(45)), Some(45));
        assert_eq!((wait(Some(0)), wait(Some(-7))), (Some(1), Some(1)));
        assert_eq!((wait(Some(i64::from(u32::MAX))), wait(Some(i64::MAX))), (Some(86_400), Some(86_400)));
    }

    #[test]
    fn the_longest_waits_are_spread_too() {
        let now = at("2026-01-01T00:00:00Z");
        let wait = |retry, jitter| backoff(retry, 0, now, jitter).map(Seconds::get);
        let throttle = Retry::Throttle { after: Some(RetryAfter::Seconds(u32::MAX)) };
        assert_eq!(
            (wait(throttle, 0), wait(throttle, 128), wait(throttle, 255)),
            (Some(3_600), Some(4_050), Some(4_496))
        );
        let try_again = Retry::TryAgain { after: Some(Seconds::new(i64::MAX)) };
        assert_eq!((wait(try_again, 0), wait(try_again, 255)), (Some(86_400), Some(107_915)));
    }

    #[test]
    fn each_status_has_its_class() {
        for status in [400, 403, 404, 405, 409, 413, 415, 422, 301] {
            assert_eq!(of_status(status, None), Retry::Never, "{status}");
        }
        for status in [408, 500, 502, 503, 504] {
            assert_eq!(of_status(status, None), Retry::Transient, "{status}");
        }
        assert_eq!(of_status(401, None), Retry::Auth);
        let after = RetryAfter::parse("5");
        assert_eq!(of_status(503, after), Retry::Throttle { after });
        assert_eq!(of_status(429, None), Retry::Throttle { after: None });
    }
}
