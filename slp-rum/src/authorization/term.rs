//! The dates between which an entitlement holds. What a real code with a term looks like is not public (choice).

use std::fmt;

use slp_model::{Quoted, Seconds, UnixMillis, UnixSeconds};

use crate::Tolerance;
use crate::flaw::Flaw;
use crate::statement::Fields;

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// A start or end of a term: the text, and the time it means where it means one.
///
/// Read are `YYYY-MM-DD` (which is also written), `YYYY-MM-DDThh:mm:ss[Z]`, `YYYY-MMM-DD[ UTC]` with an English month in
/// any case, and 10 to 13 digits: seconds if 10, milliseconds if 13 (choice). Spec: ack-auth, "Scalars".
///
/// ```
/// use slp_rum::TermDate;
///
/// let end = TermDate::read("2019-JAN-15 UTC");
/// assert_eq!(end.time(), Some("2019-01-15".parse()?));
/// assert!(!end.has_passed("2019-01-15T23:59:59".parse()?), "a day lasts to its end");
/// assert!(end.has_passed("2019-01-16".parse()?));
/// # Ok::<(), slp_model::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermDate {
    text: Box<str>,
    time: Option<UnixSeconds>,
    whole_day: bool,
}

impl TermDate {
    /// Reads a text of any of the forms; of another form it is kept and means no time.
    pub fn read(text: impl Into<Box<str>>) -> Self {
        let text = text.into();
        let trimmed = text.trim_ascii();
        let (time, whole_day) = match trimmed.len() {
            10 if digits(trimmed) => (trimmed.parse().ok(), false),
            13 if digits(trimmed) => (trimmed.parse().ok().map(UnixMillis::to_seconds), false),
            // 11 and 12 digits are neither seconds nor milliseconds of our time: the text says nothing certain
            _ if digits(trimmed) => (None, false),
            10 => (trimmed.parse().ok(), true),
            19 | 20 if trimmed.contains('T') => (trimmed.parse().ok(), false),
            _ => (named_month(trimmed), true),
        };
        Self { text, time, whole_day: whole_day && time.is_some() }
    }

    /// The text, as it came.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The time it means: of a day without time of day, its first second.
    pub fn time(&self) -> Option<UnixSeconds> {
        self.time
    }

    /// As an end: is it over? A day without time of day lasts to its end.
    pub fn has_passed(&self, now: UnixSeconds) -> bool {
        let length = Seconds::from_days(u32::from(self.whole_day));
        self.time.is_some_and(|time| now >= time.saturating_add(length))
    }

    /// As a start: is it reached? A text that means no time is.
    pub fn has_begun(&self, now: UnixSeconds) -> bool {
        self.time.is_none_or(|time| now >= time)
    }

    fn is_usual(&self) -> bool {
        self.whole_day && self.text.len() == 10
    }
}

impl fmt::Display for TermDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

fn digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `2019-JAN-15`, ` UTC` may follow.
fn named_month(text: &str) -> Option<UnixSeconds> {
    let text = text.strip_suffix(" UTC").unwrap_or(text);
    let (year, rest) = text.split_once('-')?;
    let (name, day) = rest.split_once('-')?;
    let month = MONTHS.iter().position(|month| name.eq_ignore_ascii_case(month))?.checked_add(1)?;
    format!("{year}-{month:02}-{day}").parse().ok()
}

/// Reads a date that may be absent or empty.
pub(super) fn read(fields: &mut Fields<'_>, found: Option<usize>) -> Result<Option<TermDate>, Flaw> {
    let Some(index) = found else { return Ok(None) };
    let text = fields.leaf(index)?;
    if text.trim_ascii().is_empty() {
        return Ok(None);
    }
    let date = TermDate::read(&*text);
    match date.time() {
        None => {
            let text = format!("{} is no date that can be read: kept as text, it never counts as ended", Quoted(&text));
            fields.note(Tolerance::DateForm, index, text)?;
        }
        Some(_) if !date.is_usual() => {
            fields.note(Tolerance::DateForm, index, format!("{} is a date in another form", Quoted(&text)))?;
        }
        Some(_) => {}
    }
    Ok(Some(date))
}
