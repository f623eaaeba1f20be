//! Integers that may come as strings, times, and counts.

use std::borrow::Cow;

use slp_model::json::ValueKind;
use slp_model::{Quoted, ReportId, UnixSeconds};

use super::LAYER;
use crate::envelope::Members;
use crate::flaw::{Flaw, Notes, Path};
use crate::{ErrorKind, Tolerance};

/// How a number came: the other way round than usual is a deviation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Usual {
    Number,
    String,
}

/// The text of an integer, given as a number or as a string.
pub(super) fn integer_text<'t>(
    members: &mut Members<'_, 't>,
    path: &Path<'_>,
    notes: &mut Notes<'_>,
    usual: Usual,
) -> Result<Cow<'t, str>, Flaw> {
    let at = members.reader.value_offset();
    let kind = members.kind(path)?;
    let (text, came) = match kind {
        ValueKind::Number => {
            let raw = members.reader.number().map_err(|fault| members.flaw(&fault, path))?;
            if usual == Usual::Number && raw.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E')) {
                let reason = format!("{} has a fraction or an exponent: a whole number is wanted", Quoted(raw));
                return Err(Flaw::new(ErrorKind::WrongType, LAYER, at, path, reason));
            }
            (Cow::Borrowed(raw), Usual::Number)
        }
        ValueKind::String => (members.string(path)?, Usual::String),
        other => {
            let wanted = if usual == Usual::Number { "a number" } else { "a string" };
            let reason = format!("{} instead of {wanted}", other.as_str());
            return Err(Flaw::new(ErrorKind::WrongType, LAYER, at, path, reason));
        }
    };
    if came != usual {
        let reason = match came {
            Usual::String => format!("the number {} is written as a string: read as a number", Quoted(&text)),
            Usual::Number => format!("{} is written as a number instead of a string: read all the same", Quoted(&text)),
        };
        notes.take(Tolerance::NumberOrString, LAYER, at, path, reason)?;
    }
    Ok(text)
}

/// A whole number of any size that fits 128 bits; what is beyond is beyond every range here too.
struct Integer<'t> {
    value: i128,
    text: Option<Cow<'t, str>>,
    at: usize,
}

impl Integer<'_> {
    /// The refusal of a number that is out of range.
    #[cold]
    fn refuse(&self, kind: ErrorKind, path: &Path<'_>, why: &str) -> Flaw {
        let text = self.text.as_deref().map_or_else(|| self.value.to_string(), str::to_owned);
        Flaw::new(kind, LAYER, self.at, path, format!("{} {why}", Quoted(&text)))
    }
}

fn integer<'t>(
    members: &mut Members<'_, 't>,
    path: &Path<'_>,
    notes: &mut Notes<'_>,
    usual: Usual,
) -> Result<Integer<'t>, Flaw> {
    let at = members.reader.value_offset();
    if usual == Usual::Number
        && let Some(value) = members.reader.plain_number()
    {
        return Ok(Integer { value: i128::from(value), text: None, at });
    }
    let text = integer_text(members, path, notes, usual)?;
    let digits = text.strip_prefix('-').unwrap_or(&text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let reason = format!("{} is not a whole decimal number", Quoted(&text));
        return Err(Flaw::new(ErrorKind::BadNumber, LAYER, at, path, reason));
    }
    let beyond = if digits.len() < text.len() { i128::MIN } else { i128::MAX };
    Ok(Integer { value: text.parse().unwrap_or(beyond), text: Some(text), at })
}

const NOT_U64: &str = "is not between 0 and 18446744073709551615";

/// A report id: u64.
pub(super) fn report_id(
    members: &mut Members<'_, '_>,
    path: &Path<'_>,
    notes: &mut Notes<'_>,
) -> Result<ReportId, Flaw> {
    unsigned(members, path, notes).map(ReportId::new)
}

/// An integer that is never negative: u64.
pub(super) fn unsigned(members: &mut Members<'_, '_>, path: &Path<'_>, notes: &mut Notes<'_>) -> Result<u64, Flaw> {
    let integer = integer(members, path, notes, Usual::Number)?;
    u64::try_from(integer.value).map_err(|_| integer.refuse(ErrorKind::BadNumber, path, NOT_U64))
}

/// A time in seconds since 1970.
pub(super) fn time(members: &mut Members<'_, '_>, path: &Path<'_>, notes: &mut Notes<'_>) -> Result<UnixSeconds, Flaw> {
    let integer = integer(members, path, notes, Usual::Number)?;
    let time = i64::try_from(integer.value).ok().and_then(|seconds| UnixSeconds::new(seconds).ok());
    time.ok_or_else(|| {
        let why = "is no time in seconds since 1970 up to the year 9999 (milliseconds, perhaps?)";
        integer.refuse(ErrorKind::BadValue, path, why)
    })
}

/// An integer that may be negative; one from 2^63 on is a negative number printed as unsigned.
pub(super) fn signed(
    members: &mut Members<'_, '_>,
    path: &Path<'_>,
    notes: &mut Notes<'_>,
    usual: Usual,
) -> Result<i64, Flaw> {
    let integer = integer(members, path, notes, usual)?;
    if let Ok(value) = i64::try_from(integer.value) {
        return Ok(value);
    }
    let wrapped = u64::try_from(integer.value)
        .map_err(|_| integer.refuse(ErrorKind::BadNumber, path, "does not fit into 64 bits"))?;
    let value = wrapped.cast_signed();
    let reason = format!("{wrapped} is a negative number printed as unsigned: read as {value}");
    notes.take(Tolerance::WrappedNegative, LAYER, integer.at, path, reason)?;
    Ok(value)
}

/// The number of a `COUNT` value: decimal digits and nothing else.
pub(super) fn count(text: &str, at: usize, path: &Path<'_>) -> Result<u64, Flaw> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten().ok_or_else(|| {
        let reason = if digits {
            format!("count {} is more than 18446744073709551615", Quoted(text))
        } else {
            format!("count {} is not a decimal number", Quoted(text))
        };
        Flaw::new(ErrorKind::BadNumber, LAYER, at, path, reason)
    })
}
