//! Dates of the Gregorian calendar, in UTC, from 1970 to 9999. A day has 86,400 seconds: there are no leap seconds here.

use std::fmt;

use super::{MILLIS, UnixMillis};

const DAY: u64 = 86_400;
const FIRST_YEAR: u64 = 1970;
const LAST_YEAR: u64 = 9999;
/// Days from 0001-01-01 to 1970-01-01.
const DAYS_BEFORE_1970: u64 = 719_162;
const DAYS_OF_400_YEARS: u64 = 146_097;
const DAYS_OF_100_YEARS: u64 = 36_524;
const DAYS_OF_4_YEARS: u64 = 1_461;
/// Days before each month of a year that is no leap year.
const DAYS_BEFORE_MONTH: [u64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

/// Date and time of day. Displayed as `2022-12-24T11:10:45`, without a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DateTime {
    year: u64,
    month: u64,
    day: u64,
    second_of_day: u64,
}

impl DateTime {
    /// The date and time so many seconds after 1970.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "no difference is negative, no divisor is 0, and days are far below 2^64"
    )]
    pub(super) fn of(seconds: u64) -> Self {
        let mut days = (seconds / DAY).saturating_add(DAYS_BEFORE_1970);
        let mut year = 1;
        // whole cycles of 400, 100, 4 and 1 years; the last day of a leap cycle would begin a cycle too many
        for (days_of_cycle, years_of_cycle, most) in [
            (DAYS_OF_400_YEARS, 400, u64::MAX),
            (DAYS_OF_100_YEARS, 100, 3),
            (DAYS_OF_4_YEARS, 4, u64::MAX),
            (365, 1, 3),
        ] {
            let cycles = (days / days_of_cycle).min(most);
            days -= cycles * days_of_cycle;
            year += cycles * years_of_cycle;
        }
        let month = (1..=12).rev().find(|month| days >= days_before(year, *month)).unwrap_or(1);
        let day = days - days_before(year, month) + 1;
        Self { year, month, day, second_of_day: seconds % DAY }
    }

    /// Seconds after 1970 of a date that the calendar has.
    fn seconds(self) -> Option<u64> {
        let whole_years = self.year.checked_sub(1)?;
        let leap_days = (whole_years / 4).checked_sub(whole_years / 100)?.checked_add(whole_years / 400)?;
        let days =
            whole_years.checked_mul(365)?.checked_add(leap_days)?.checked_add(days_before(self.year, self.month))?;
        let days = days.checked_add(self.day)?.checked_sub(1)?.checked_sub(DAYS_BEFORE_1970)?;
        days.checked_mul(DAY)?.checked_add(self.second_of_day)
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day, second_of_day } = self;
        let (hour, minute, second) = (second_of_day / 3_600, second_of_day / 60 % 60, second_of_day % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
    }
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// Days of the year before this month; the month after December begins the next year.
fn days_before(year: u64, month: u64) -> u64 {
    let index = usize::try_from(month).ok().and_then(|month| month.checked_sub(1));
    let days = index.and_then(|index| DAYS_BEFORE_MONTH.get(index)).copied().unwrap_or(365);
    days.saturating_add(u64::from(month > 2 && is_leap(year)))
}

const FORM: &str = "is not of a form such as 2022-12-24, 2022-12-24T11:10:45Z (UTC alone) or whole seconds since 1970";
const NO_DATE: &str = "is no date of the calendar from 1970 to 9999, or no time of a day";

/// Reads `YYYY-MM-DD[Thh:mm[:ss[.fraction]][Z]]`. The fault is the rest of a sentence that begins with the text.
pub(super) fn read(text: &str) -> Result<UnixMillis, &'static str> {
    let mut rest = Fields(text);
    let [year, month, day] = [rest.number(4, "")?, rest.number(2, "-")?, rest.number(2, "-")?];
    let [mut hour, mut minute, mut second, mut millis] = [0; 4];
    if !rest.0.is_empty() {
        hour = rest.number(2, "T")?;
        minute = rest.number(2, ":")?;
        if rest.0.starts_with(':') {
            second = rest.number(2, ":")?;
            if rest.0.starts_with('.') {
                millis = rest.fraction()?;
            }
        }
        if !matches!(rest.0, "" | "Z") {
            return Err(FORM);
        }
    }
    let month_ends = days_before(year, month.saturating_add(1)).saturating_sub(days_before(year, month));
    let date_exists =
        (FIRST_YEAR..=LAST_YEAR).contains(&year) && (1..=12).contains(&month) && (1..=month_ends).contains(&day);
    if !date_exists || hour > 23 || minute > 59 || second > 59 {
        return Err(NO_DATE);
    }
    let minute_of_day = hour.saturating_mul(60).saturating_add(minute);
    let second_of_day = minute_of_day.saturating_mul(60).saturating_add(second);
    let seconds = DateTime { year, month, day, second_of_day }.seconds().ok_or(NO_DATE)?;
    UnixMillis::new(seconds.saturating_mul(MILLIS).saturating_add(millis)).map_err(|_| NO_DATE)
}

/// What is left of the text.
struct Fields<'a>(&'a str);

impl Fields<'_> {
    /// Takes `before` and then a number of exactly so many digits.
    fn number(&mut self, width: usize, before: &str) -> Result<u64, &'static str> {
        let rest = self.0.strip_prefix(before).ok_or(FORM)?;
        let (number, rest) = rest.split_at_checked(width).ok_or(FORM)?;
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(FORM);
        }
        self.0 = rest;
        number.parse().map_err(|_| FORM)
    }

    /// Takes `.` and one to nine digits, and gives the milliseconds.
    fn fraction(&mut self) -> Result<u64, &'static str> {
        let rest = self.0.strip_prefix('.').ok_or(FORM)?;
        let width = rest.bytes().take_while(u8::is_ascii_digit).count();
        if !(1..=9).contains(&width) {
            return Err(FORM);
        }
        let kept = width.min(3);
        let millis = Fields(rest).number(kept, "")?;
        self.0 = rest.get(width..).unwrap_or_default();
        Ok([0, 100, 10, 1].get(kept).copied().unwrap_or(1u64).saturating_mul(millis))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_eight_thousand_years_follows_the_one_before() {
        let (mut year, mut month, mut day) = (1970, 1, 1);
        for days in 0.. {
            let date = DateTime::of(days * DAY + 7);
            assert_eq!(date, DateTime { year, month, day, second_of_day: 7 });
            assert_eq!(date.seconds(), Some(days * DAY + 7));
            let days_of_month = match month {
                2 if year % 400 == 0 || year % 4 == 0 && year % 100 != 0 => 29,
                2 => 28,
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            day += 1;
            if day > days_of_month {
                (day, month) = (1, month + 1);
            }
            if month > 12 {
                (month, year) = (1, year + 1);
            }
            if year > LAST_YEAR {
                assert_eq!(days, 2_932_896);
                break;
            }
        }
    }
}
