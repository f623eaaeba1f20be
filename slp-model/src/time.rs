//! Seconds and milliseconds since 1970, spans and lengths. Nobody reads a clock here: `now` is a parameter.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

mod calendar;
mod span;
#[cfg(test)]
mod tests;

pub use span::{Seconds, Span};

use crate::{Error, ErrorKind, Quoted};

const MILLIS: u64 = 1_000;

/// A point in time: whole seconds since 1970-01-01T00:00:00Z, up to 9999-12-31T23:59:59Z. Times in reports have this
/// unit (seen); some of the cloud's are [`UnixMillis`].
///
/// A JSON integer. `Display` writes `2022-12-24T11:10:45Z`; `FromStr` reads that, and shorter forms that people type.
/// Spec: rum, "Time arithmetic" and "Reader tolerances and refusals".
///
/// ```
/// use slp_model::UnixSeconds;
///
/// let time = UnixSeconds::new(1_671_880_245)?;
/// assert_eq!(time.to_string(), "2022-12-24T11:10:45Z");
/// assert_eq!("2022-12-24T11:10:45".parse::<UnixSeconds>()?, time);
/// # Ok::<(), slp_model::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixSeconds(i64);

impl UnixSeconds {
    /// 1970-01-01T00:00:00Z.
    pub const MIN: Self = Self(0);
    /// 9999-12-31T23:59:59Z.
    pub const MAX: Self = Self(253_402_300_799);

    /// The time so many seconds after 1970.
    ///
    /// # Errors
    /// [`ErrorKind::BadTime`] if it is negative or after year 9999: milliseconds land there.
    pub fn new(seconds: i64) -> Result<Self, Error> {
        if (Self::MIN.0..=Self::MAX.0).contains(&seconds) {
            return Ok(Self(seconds));
        }
        let text = format!(
            "time {seconds} is outside 0 to {}: expected whole seconds since 1970, not milliseconds",
            Self::MAX.0
        );
        Err(Error::new(ErrorKind::BadTime, text))
    }

    /// Seconds since 1970: never negative.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The same time in the finer unit. Nothing is lost.
    pub const fn to_millis(self) -> UnixMillis {
        UnixMillis(self.0.unsigned_abs().saturating_mul(MILLIS))
    }

    /// How much later than `earlier` this is; negative if it is before.
    pub const fn since(self, earlier: Self) -> Seconds {
        Seconds::new(self.0.saturating_sub(earlier.0))
    }

    /// This time plus a length, which may be negative. `None` before 1970 and after year 9999.
    pub fn checked_add(self, length: Seconds) -> Option<Self> {
        self.0.checked_add(length.get()).and_then(|seconds| Self::new(seconds).ok())
    }

    /// This time plus a length, held at [`MIN`](Self::MIN) and [`MAX`](Self::MAX).
    #[must_use]
    pub fn saturating_add(self, length: Seconds) -> Self {
        Self(self.0.saturating_add(length.get()).clamp(Self::MIN.0, Self::MAX.0))
    }
}

/// A point in time: whole milliseconds since 1970-01-01T00:00:00Z, up to the end of year 9999. The cloud's `timestamp`
/// has this unit (seen).
///
/// A JSON integer. `Display` writes `2022-12-24T11:10:45.123Z`, and `FromStr` reads that. Spec: transport, "Shared types".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixMillis(u64);

impl UnixMillis {
    /// 1970-01-01T00:00:00.000Z.
    pub const MIN: Self = Self(0);
    /// 9999-12-31T23:59:59.999Z.
    pub const MAX: Self = Self(253_402_300_799_999);

    /// The time so many milliseconds after 1970.
    ///
    /// # Errors
    /// [`ErrorKind::BadTime`] if it is after year 9999.
    pub fn new(millis: u64) -> Result<Self, Error> {
        if millis <= Self::MAX.0 {
            return Ok(Self(millis));
        }
        let text = format!("time {millis} is above {}: expected whole milliseconds since 1970", Self::MAX.0);
        Err(Error::new(ErrorKind::BadTime, text))
    }

    /// Milliseconds since 1970.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The second in which this time lies: the fraction is cut off, not rounded.
    pub const fn to_seconds(self) -> UnixSeconds {
        UnixSeconds((self.0 / MILLIS).cast_signed())
    }
}

impl From<UnixSeconds> for i64 {
    fn from(time: UnixSeconds) -> Self {
        time.0
    }
}

impl TryFrom<i64> for UnixSeconds {
    type Error = Error;

    fn try_from(seconds: i64) -> Result<Self, Error> {
        Self::new(seconds)
    }
}

impl From<UnixMillis> for u64 {
    fn from(time: UnixMillis) -> Self {
        time.0
    }
}

impl TryFrom<u64> for UnixMillis {
    type Error = Error;

    fn try_from(millis: u64) -> Result<Self, Error> {
        Self::new(millis)
    }
}

impl fmt::Display for UnixSeconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}Z", calendar::DateTime::of(self.0.unsigned_abs()))
    }
}

impl fmt::Display for UnixMillis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}Z", calendar::DateTime::of(self.0 / MILLIS), self.0 % MILLIS)
    }
}

impl FromStr for UnixSeconds {
    type Err = Error;

    /// Reads `YYYY-MM-DD` (its midnight), `YYYY-MM-DDThh:mm[:ss[.fraction]][Z]`, or digits alone: seconds since 1970.
    /// All are UTC; a fraction is cut off.
    ///
    /// # Errors
    /// [`ErrorKind::BadTime`] if the text is of another form, no such date is in the calendar, or the year is not 1970
    /// to 9999.
    fn from_str(text: &str) -> Result<Self, Error> {
        if is_digits(text) {
            return text.parse().ok().and_then(|seconds| Self::new(seconds).ok()).ok_or_else(|| {
                bad_time(text, "is outside 0 to 253402300799: expected whole seconds since 1970, not milliseconds")
            });
        }
        Ok(calendar::read(text).map_err(|fault| bad_time(text, fault))?.to_seconds())
    }
}

impl FromStr for UnixMillis {
    type Err = Error;

    /// As for [`UnixSeconds`], to the millisecond: further digits of a fraction are cut off. Digits alone are
    /// milliseconds since 1970.
    ///
    /// # Errors
    /// [`ErrorKind::BadTime`], as for [`UnixSeconds`].
    fn from_str(text: &str) -> Result<Self, Error> {
        if is_digits(text) {
            return text.parse().ok().and_then(|millis| Self::new(millis).ok()).ok_or_else(|| {
                bad_time(text, "is outside 0 to 253402300799999: expected whole milliseconds since 1970")
            });
        }
        calendar::read(text).map_err(|fault| bad_time(text, fault))
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn bad_time(text: &str, fault: &str) -> Error {
    Error::new(ErrorKind::BadTime, format!("time {} {fault}", Quoted(text)))
}

impl Serialize for UnixSeconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

impl<'de> Deserialize<'de> for UnixSeconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(i64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl Serialize for UnixMillis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

impl<'de> Deserialize<'de> for UnixMillis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(u64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
