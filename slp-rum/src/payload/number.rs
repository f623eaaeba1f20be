//! Integers that may come as strings, times, and counts.

use std::borrow::Cow;

use slp_model::json::ValueKind;
use slp_model::{Quoted, ReportId, UnixSeconds};

use super::LAYER;
use crate::flaw::{Flaw, Path};
use crate::members::Members;
use crate::{ErrorKind, Tolerance};

/// How a number came: the other way round than usual is a deviation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Usual {
    Number,
    String,
}

/// The text of an integer, given as a number or as a string.
pub(super) fn integer_text<'t>(
    members: &mut Members<'_, 't, '_>,
    path: &Path<'_>,
    usual: Usual,
) -> Result<Cow<'t, str>, Flaw> {
    let at = members.reader.value_offset();
    let (text, came) = match members.kind(path)? {
        ValueKind::Number => {
            let raw = members.reader.number().map_err(|fault| members.flaw(&fault, path))?;
            if usual == Usual::Number && raw.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E')) {
                members.refuse(ErrorKind::WrongType, at, path, || {
                    format!("{} has a fraction or an exponent: a whole number is wanted", Quoted(raw))
                })?;
            }
            (Cow::Borrowed(raw), Usual::Number)
        }
        ValueKind::String => (members.string(path)?, Usual::String),
        other => {
            let wanted = if usual == Usual::Number { "a number" } else { "a string" };
            members.wrong_type(path, || format!("{} instead of {wanted}", other.as_str()))?;
            return Ok(Cow::Borrowed("0"));
        }
    };
    if came != usual {
        let reason = match came {
            Usual::String => format!("the number {} is written as a string: read as a number", Quoted(&text)),
            Usual::Number => format!("{} is written as a number instead of a string: read all the same", Quoted(&text)),
        };
        members.notes.take(Tolerance::NumberOrString, LAYER, at, path, reason)?;
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
    /// Refuses the report for a number that is out of range.
    #[cold]
    fn refuse(
        &self,
        members: &mut Members<'_, '_, '_>,
        kind: ErrorKind,
        path: &Path<'_>,
        why: &str,
    ) -> Result<(), Flaw> {
        members.refuse(kind, self.at, path, || {
            let text = self.text.as_deref().map_or_else(|| self.value.to_string(), str::to_owned);
            format!("{} {why}", Quoted(&text))
        })
    }
}

fn integer<'t>(members: &mut Members<'_, 't, '_>, path: &Path<'_>, usual: Usual) -> Result<Integer<'t>, Flaw> {
    let at = members.reader.value_offset();
    if usual == Usual::Number
        && let Some(value) = members.reader.plain_number()
    {
        return Ok(Integer { value: i128::from(value), text: None, at });
    }
    let text = integer_text(members, path, usual)?;
    let digits = text.strip_prefix('-').unwrap_or(&text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        members
            .refuse(ErrorKind::BadNumber, at, path, || format!("{} is not a whole decimal number", Quoted(&text)))?;
        return Ok(Integer { value: 0, text: None, at });
    }
    let beyond = if digits.len() < text.len() { i128::MIN } else { i128::MAX };
    Ok(Integer { value: text.parse().unwrap_or(beyond), text: Some(text), at })
}

const NOT_U64: &str = "is not between 0 and 18446744073709551615";

/// A report id: u64.
pub(super) fn report_id(members: &mut Members<'_, '_, '_>, path: &Path<'_>) -> Result<ReportId, Flaw> {
    unsigned(members, path).map(ReportId::new)
}

/// An integer that is never negative: u64. Zero stands in for one that is refused.
pub(super) fn unsigned(members: &mut Members<'_, '_, '_>, path: &Path<'_>) -> Result<u64, Flaw> {
    let integer = integer(members, path, Usual::Number)?;
    match u64::try_from(integer.value) {
        Ok(value) => Ok(value),
        Err(_) => integer.refuse(members, ErrorKind::BadNumber, path, NOT_U64).map(|()| 0),
    }
}

/// A time in seconds since 1970; `None` when it is refused.
pub(super) fn time(members: &mut Members<'_, '_, '_>, path: &Path<'_>) -> Result<Option<UnixSeconds>, Flaw> {
    let integer = integer(members, path, Usual::Number)?;
    let time = i64::try_from(integer.value).ok().and_then(|seconds| UnixSeconds::new(seconds).ok());
    if time.is_none() {
        let why = "is no time in seconds since 1970 up to the year 9999 (milliseconds, perhaps?)";
        integer.refuse(members, ErrorKind::BadValue, path, why)?;
    }
    Ok(time)
}

/// An integer that may be negative; one from 2^63 on is a negative number printed as unsigned. Zero stands in for one
/// that is refused.
pub(super) fn signed(members: &mut Members<'_, '_, '_>, path: &Path<'_>, usual: Usual) -> Result<i64, Flaw> {
    let integer = integer(members, path, usual)?;
    if let Ok(value) = i64::try_from(integer.value) {
        return Ok(value);
    }
    let Ok(wrapped) = u64::try_from(integer.value) else {
        return integer.refuse(members, ErrorKind::BadNumber, path, "does not fit into 64 bits").map(|()| 0);
    };
    let value = wrapped.cast_signed();
    let reason = format!("{wrapped} is a negative number printed as unsigned: read as {value}");
    members.notes.take(Tolerance::WrappedNegative, LAYER, integer.at, path, reason)?;
    Ok(value)
}

/// The number of a `COUNT` value: decimal digits and nothing else.
pub(super) fn count(
    members: &mut Members<'_, '_, '_>,
    text: &str,
    at: usize,
    path: &Path<'_>,
) -> Result<Option<u64>, Flaw> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let count = digits.then(|| text.parse().ok()).flatten();
    if count.is_none() {
        members.refuse(ErrorKind::BadNumber, at, path, || {
            if digits {
                format!("count {} is more than 18446744073709551615", Quoted(text))
            } else {
                format!("count {} is not a decimal number", Quoted(text))
            }
        })?;
    }
    Ok(count)
}
