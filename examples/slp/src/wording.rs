//! Numbers, times and names as people write them.

use slp_model::{EntitlementTag, Seconds, UnixSeconds};

use crate::printable::shown;

/// `1234567` as `1,234,567`.
pub(crate) fn grouped(number: impl Into<u128>) -> String {
    let digits = number.into().to_string();
    let mut text = String::with_capacity(digits.len().saturating_add(digits.len() / 3));
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && digits.len().saturating_sub(index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The same for a number with decimals: `1234.500` as `1,234.500`.
pub(crate) fn grouped_decimal(number: &str) -> String {
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    let whole = whole.parse::<u128>().map_or_else(|_| whole.to_owned(), grouped);
    if decimals.is_empty() { whole } else { format!("{whole}.{decimals}") }
}

/// A number with one decimal, half to even: `parts` of which `per` make a whole.
pub(crate) fn tenths(parts: u128, per: u128) -> String {
    let tenths = parts.saturating_mul(10);
    let (mut whole, rest) = (tenths.checked_div(per).unwrap_or(0), tenths.checked_rem(per).unwrap_or(0));
    let twice = rest.saturating_mul(2);
    if twice > per || (twice == per && whole % 2 == 1) {
        whole = whole.saturating_add(1);
    }
    format!("{}.{}", grouped(whole / 10), whole % 10)
}

/// Hours with one decimal.
pub(crate) fn hours(seconds: u128) -> String {
    tenths(seconds, 3_600)
}

/// Days with one decimal.
pub(crate) fn days(length: Seconds) -> String {
    tenths(u128::from(length.get().max(0).unsigned_abs()), 86_400)
}

/// `2024-01-08 10:10`, UTC.
pub(crate) fn minute(time: UnixSeconds) -> String {
    let text = time.to_string();
    match (text.get(..10), text.get(11..16)) {
        (Some(date), Some(clock)) => format!("{date} {clock}"),
        _ => text,
    }
}

/// `1 file`, `2 files`.
pub(crate) fn count_of(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// The name of a licence without `regid` and UUID.
pub(crate) fn licence(tag: &EntitlementTag) -> String {
    shown(tag.short_name()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        assert_eq!([0_u64, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(["0.125", "1234567.000", "7"].map(grouped_decimal), ["0.125", "1,234,567.000", "7"]);
    }

    #[test]
    fn tenths_are_rounded_half_to_even() {
        assert_eq!(hours(3_600 + 180), "1.0"); // 1.05
        assert_eq!(hours(3_600 + 540), "1.2"); // 1.15
        assert_eq!(hours(3_600 + 181), "1.1");
        assert_eq!(days(Seconds::new(86_400 * 1_000)), "1,000.0");
    }

    #[test]
    fn a_time_is_shown_to_the_minute() {
        assert_eq!(minute("2024-01-08T10:10:12Z".parse().unwrap()), "2024-01-08 10:10");
    }
}
