//! Many ids as a short text.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The most ranges that a text names.
const SHOWN: usize = 64;

/// Ranges as a text: `1671840751-1671840753,1671840757`, at most 64 of them, then `…`. Spec: rum, "Continuity".
pub(super) fn text(ranges: impl IntoIterator<Item = (u64, u64)>) -> String {
    let mut out = String::new();
    for (number, (first, last)) in ranges.into_iter().enumerate() {
        if number > 0 {
            out.push(',');
        }
        if number == SHOWN {
            out.push('…');
            break;
        }
        // writing to a string does not fail
        let _ = if first == last { write!(out, "{first}") } else { write!(out, "{first}-{last}") };
    }
    out
}

/// The first of the ranges in such a text, then `…` if there are others.
pub(super) fn first(text: &str, ranges: usize) -> Cow<'_, str> {
    match text.match_indices(',').nth(ranges.saturating_sub(1)).and_then(|(end, _)| text.get(..end)) {
        Some(first) => Cow::Owned(format!("{first},…")),
        None => Cow::Borrowed(text),
    }
}

/// The ranges of numbers that follow one another. The numbers come in ascending order.
pub(super) fn of(numbers: impl IntoIterator<Item = u64>) -> Vec<(u64, u64)> {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(number) || *last == number => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    ranges
}

/// The ranges of numbers that are missing between the least and the greatest. The numbers come in ascending order.
pub(super) fn holes(numbers: &[u64]) -> Vec<(u64, u64)> {
    let next = numbers.iter().skip(1);
    let holes = numbers.iter().zip(next).filter_map(|(one, next)| Some((one.checked_add(1)?, next.checked_sub(1)?)));
    holes.filter(|(first, last)| first <= last).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_joined_and_single_numbers_stand_alone() {
        assert_eq!(text(of([1, 2, 2, 3, 7, 9, 10])), "1-3,7,9-10");
        assert_eq!(text([]), "");
        assert_eq!(of([u64::MAX - 1, u64::MAX]), [(u64::MAX - 1, u64::MAX)]);
    }

    #[test]
    fn holes_are_what_is_not_there() {
        assert_eq!(holes(&[1, 2, 5, 5, 7]), [(3, 4), (6, 6)]);
        assert_eq!(holes(&[0, u64::MAX]), [(1, u64::MAX - 1)]);
        assert!(holes(&[]).is_empty() && holes(&[3]).is_empty());
    }

    #[test]
    fn sixty_four_ranges_are_named_and_more_are_hinted_at() {
        let odd = |count: u64| text((0..count).map(|number| (2 * number, 2 * number)));
        assert!(odd(64).ends_with(",126") && odd(65).ends_with(",126,…"));
    }

    #[test]
    fn the_first_ranges_of_a_text_are_cut_at_a_comma() {
        assert_eq!(["1-3,7,9", "1-3,7", "1-3", ""].map(|text| first(text, 2)), ["1-3,7,…", "1-3,7", "1-3", ""]);
    }
}
