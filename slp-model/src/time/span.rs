//! Lengths of time, and spans between two points of it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::UnixSeconds;
use crate::{Error, ErrorKind, Quoted};

/// A length of time in whole seconds. Negative lengths occur: a clock that was set back has one (seen).
///
/// A JSON integer. `Display` writes `86399 s`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seconds(i64);

impl Seconds {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// So many seconds.
    pub const fn new(seconds: i64) -> Self {
        Self(seconds)
    }

    /// So many days of 86,400 seconds. Policies count in days (doc).
    pub fn from_days(days: u32) -> Self {
        Self(i64::from(days).saturating_mul(86_400))
    }

    /// The number of seconds.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The sum, unless it leaves 64 bits.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// The difference, unless it leaves 64 bits.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(difference) => Some(Self(difference)),
            None => None,
        }
    }

    /// The length in the greatest unit that fits and the next smaller one, such as `3 d 4 h`, `59 min 59 s` or `0 s`.
    /// What is smaller is cut off.
    pub fn human(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let length = self.0.unsigned_abs();
        let (number, unit, smaller, smaller_unit) = match length {
            86_400.. => (length / 86_400, "d", length / 3_600 % 24, "h"),
            3_600.. => (length / 3_600, "h", length / 60 % 60, "min"),
            60.. => (length / 60, "min", length % 60, "s"),
            _ => (length, "s", 0, ""),
        };
        if smaller == 0 {
            format!("{sign}{number} {unit}")
        } else {
            format!("{sign}{number} {unit} {smaller} {smaller_unit}")
        }
    }
}

impl From<i64> for Seconds {
    fn from(seconds: i64) -> Self {
        Self(seconds)
    }
}

impl From<Seconds> for i64 {
    fn from(length: Seconds) -> Self {
        length.0
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", self.0)
    }
}

impl std::str::FromStr for Seconds {
    type Err = Error;

    /// Reads what `Display` writes, and the number alone.
    ///
    /// # Errors
    /// [`ErrorKind::BadNumber`] if it is no whole number of 64 bits.
    fn from_str(text: &str) -> Result<Self, Error> {
        let number = text.trim_ascii();
        let number = number.strip_suffix('s').unwrap_or(number).trim_ascii_end();
        number.parse().map(Self).map_err(|_| {
            let text = format!("{} is no length of time: whole seconds, such as 86399 s", Quoted(text));
            Error::new(ErrorKind::BadNumber, text)
        })
    }
}

/// The two ends of a span, in any order: what JSON may hold.
#[derive(Deserialize)]
struct Ends {
    start: UnixSeconds,
    end: UnixSeconds,
}

impl TryFrom<Ends> for Span {
    type Error = Error;

    fn try_from(ends: Ends) -> Result<Self, Error> {
        Self::new(ends.start, ends.end)
    }
}

impl std::str::FromStr for Span {
    type Err = Error;

    /// Reads what `Display` writes, and every form of the two times that [`UnixSeconds`] reads.
    ///
    /// # Errors
    /// [`ErrorKind::BadSpan`] without a `/`, or if it ends before it starts; [`ErrorKind::BadTime`] if one of the two is
    /// no time.
    fn from_str(text: &str) -> Result<Self, Error> {
        let (start, end) = text.split_once('/').ok_or_else(|| {
            let text = format!("{} is no span: two times with a / between", Quoted(text));
            Error::new(ErrorKind::BadSpan, text)
        })?;
        Self::new(start.parse()?, end.parse()?)
    }
}

/// From `start` up to, but without, `end`. Spec: rum, "Usage intervals".
///
/// A JSON object `{"start":…,"end":…}` of seconds since 1970. `Display` writes both times with a `/` between, and
/// `FromStr` reads that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Ends")]
pub struct Span {
    start: UnixSeconds,
    end: UnixSeconds,
}

impl Span {
    /// The span between two times. It may be empty.
    ///
    /// # Errors
    /// [`ErrorKind::BadSpan`] if it ends before it starts.
    pub fn new(start: UnixSeconds, end: UnixSeconds) -> Result<Self, Error> {
        if start <= end {
            return Ok(Self { start, end });
        }
        let text =
            format!("the end {end} lies before the start {start}; expected a start that is no later than the end");
        Err(Error::new(ErrorKind::BadSpan, text))
    }

    /// The first second in it.
    pub const fn start(&self) -> UnixSeconds {
        self.start
    }

    /// The first second after it.
    pub const fn end(&self) -> UnixSeconds {
        self.end
    }

    /// How long it is: never negative.
    pub const fn length(&self) -> Seconds {
        self.end.since(self.start)
    }

    /// Is there no second in it?
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Is this second in it? Its start is, its end is not.
    pub fn contains(&self, time: UnixSeconds) -> bool {
        (self.start..self.end).contains(&time)
    }

    /// The seconds in both, if there are any: spans that only touch share none.
    pub fn overlap(&self, other: &Self) -> Option<Self> {
        let (start, end) = (self.start.max(other.start), self.end.min(other.end));
        (start < end).then_some(Self { start, end })
    }
}

impl fmt::Display for Span {
    /// `2022-12-24T11:10:45Z/2022-12-25T11:10:45Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.start, self.end)
    }
}
