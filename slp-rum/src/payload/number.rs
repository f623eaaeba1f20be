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
            Usual::Number => format!("{text} is written as a number instead of a string: read all the same"),
        };
        notes.take(Tolerance::NumberOrString, LAYER, at, path, reason)?;
    }
    Ok(text)
}

/// Digits, with a sign in front at most.
fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cold]
fn not_a_number(text: &str, at: usize, path: &Path<'_>) -> Flaw {
    Flaw::new(ErrorKind::BadNumber, LAYER, at, path, format!("{} is not a whole decimal number", Quoted(text)))
}

/// A report id: u64.
pub(super) fn report_id(members: &mut Members<'_, '_>, path: &Path<'_>, notes: &mut Notes<'_>) -> Result<ReportId, Flaw> {
    if let Some(id) = members.reader.plain_number() {
        return Ok(ReportId::new(id));
    }
    let at = members.reader.value_offset();
    let text = integer_text(members, path, notes, Usual::Number)?;
    if !is_integer(&text) {
        return Err(not_a_number(&text, at, path));
    }
    let reason = || format!("report id {} is not between 0 and 18446744073709551615", Quoted(&text));
    let id = text.parse().map_err(|_| Flaw::new(ErrorKind::BadNumber, LAYER, at, path, reason()))?;
    Ok(ReportId::new(id))
}

/// A time in seconds since 1970.
pub(super) fn time(members: &mut Members<'_, '_>, path: &Path<'_>, notes: &mut Notes<'_>) -> Result<UnixSeconds, Flaw> {
    let at = members.reader.value_offset();
    let quick = members.reader.plain_number();
    let text = match quick {
        Some(number) => match i64::try_from(number).ok().and_then(|seconds| UnixSeconds::new(seconds).ok()) {
            Some(time) => return Ok(time),
            None => Cow::Owned(number.to_string()),
        },
        None => integer_text(members, path, notes, Usual::Number)?,
    };
    if !is_integer(&text) {
        return Err(not_a_number(&text, at, path));
    }
    text.parse().ok().and_then(|seconds| UnixSeconds::new(seconds).ok()).ok_or_else(|| {
        let reason = format!(
            "{} is no time in seconds since 1970 up to the year 9999 (milliseconds, perhaps?)",
            Quoted(&text)
        );
        Flaw::new(ErrorKind::BadValue, LAYER, at, path, reason)
    })
}

/// An integer that may be negative; one from 2^63 on is a negative number printed as unsigned.
pub(super) fn signed(
    members: &mut Members<'_, '_>,
    path: &Path<'_>,
    notes: &mut Notes<'_>,
    usual: Usual,
) -> Result<i64, Flaw> {
    if usual == Usual::Number
        && let Some(value) = members.reader.clone().plain_number().and_then(|number| i64::try_from(number).ok())
    {
        members.reader.plain_number();
        return Ok(value);
    }
    let at = members.reader.value_offset();
    let text = integer_text(members, path, notes, usual)?;
    if !is_integer(&text) {
        return Err(not_a_number(&text, at, path));
    }
    if let Ok(value) = text.parse() {
        return Ok(value);
    }
    match text.parse::<u64>() {
        Ok(wrapped) => {
            let value = wrapped.cast_signed();
            let reason = format!("{text} is a negative number printed as unsigned: read as {value}");
            notes.take(Tolerance::WrappedNegative, LAYER, at, path, reason)?;
            Ok(value)
        }
        Err(_) => {
            let reason = format!("{} does not fit into 64 bits", Quoted(&text));
            Err(Flaw::new(ErrorKind::BadNumber, LAYER, at, path, reason))
        }
    }
}

/// An integer that is never negative.
pub(super) fn unsigned(members: &mut Members<'_, '_>, path: &Path<'_>, notes: &mut Notes<'_>) -> Result<u64, Flaw> {
    if let Some(value) = members.reader.plain_number() {
        return Ok(value);
    }
    let at = members.reader.value_offset();
    let text = integer_text(members, path, notes, Usual::Number)?;
    if !is_integer(&text) {
        return Err(not_a_number(&text, at, path));
    }
    text.parse().map_err(|_| {
        let reason = format!("{} is not between 0 and 18446744073709551615", Quoted(&text));
        Flaw::new(ErrorKind::BadNumber, LAYER, at, path, reason)
    })
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
