//! One line and the facts on it.

/// A line without the blanks at its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    pub(super) number: u64,
    pub(super) text: &'a str,
}

impl<'a> Line<'a> {
    pub(super) fn new(number: u64, text: &'a str) -> Self {
        Self { number, text }
    }

    /// A line that underlines another: `====`, `----`.
    pub(super) fn is_ruler(&self) -> bool {
        let text = self.text.trim();
        text.len() >= 4 && (text.bytes().all(|byte| byte == b'=') || text.bytes().all(|byte| byte == b'-'))
    }
}

/// The most facts of a line: devices print three.
const MOST: usize = 64;
/// The most bytes of a key that stands behind another fact.
const KEY: usize = 40;

/// The facts of a line, `Key: value` each. Most lines have one; some have two or three, apart by two blanks or more.
#[derive(Debug, Default)]
pub(super) struct Parts<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Parts<'a> {
    pub(super) fn of(text: &'a str) -> Option<Self> {
        let mut parts = Vec::new();
        let mut rest = text;
        loop {
            let (part, tail) = cut(rest);
            if parts.len() >= MOST {
                return None;
            }
            parts.push(split(part)?);
            match tail {
                Some(tail) => rest = tail,
                None => return Some(Self(parts)),
            }
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().copied()
    }
}

/// Cuts before the next fact of the line: two blanks or more, or the words that follow with one blank on some releases.
fn cut(text: &str) -> (&str, Option<&str>) {
    if let Some(place) = text.find(" Ongoing Failure:") {
        let (first, second) = text.split_at_checked(place).unwrap_or((text, ""));
        return (first.trim_end(), Some(second.trim_start()));
    }
    let mut from = 0_usize;
    while let Some(found) = text.get(from..).and_then(|rest| rest.find("  ")) {
        let place = from.saturating_add(found);
        let (first, second) = text.split_at_checked(place).unwrap_or((text, ""));
        let second = second.trim_start();
        // no further than a key is long: there may be very many blanks on the line
        let bytes = second.as_bytes();
        let end =
            bytes.iter().take(KEY.saturating_add(1)).zip(bytes.iter().skip(1)).position(|pair| pair == (&b':', &b' '));
        let last = (second.len() <= KEY.saturating_add(1)).then(|| second.strip_suffix(':')).flatten();
        let is_key = end
            .and_then(|end| second.get(..end))
            .or(last)
            .is_some_and(|key| key.starts_with(|first: char| first.is_ascii_uppercase()) && !key.contains("  "));
        if is_key && first.contains(':') {
            return (first.trim_end_matches([',', ' ']), Some(second));
        }
        let blanks = text.get(place..).map_or(0, |rest| rest.len().saturating_sub(rest.trim_start().len()));
        from = place.saturating_add(blanks.max(1));
    }
    (text, None)
}

fn split(part: &str) -> Option<(&str, &str)> {
    let (key, value) = match part.split_once(": ") {
        Some(found) => found,
        None => (part.strip_suffix(':').or_else(|| part.split_once(':').map(|(key, _)| key))?, ""),
    };
    // `Active:PID:…` has no blank behind the colon.
    let value = if value.is_empty() { part.get(key.len()..).unwrap_or("").trim_start_matches(':') } else { value };
    let key = key.trim_end_matches([':', ' ']).trim();
    if key.is_empty() { None } else { Some((key, value.trim())) }
}

#[cfg(test)]
mod tests {
    use super::Parts;

    fn parts(text: &str) -> Vec<(&str, &str)> {
        Parts::of(text).map(|parts| parts.iter().collect()).unwrap_or_default()
    }

    #[test]
    fn facts_are_told_apart_by_two_blanks_and_a_key() {
        let one = "Reporting push interval: 30  days State(4) InPolicy(60)";
        assert_eq!(parts(one), [("Reporting push interval", "30  days State(4) InPolicy(60)")]);
        let two = "Current Report: 1780000002       Previous: 1780000001";
        assert_eq!(parts(two), [("Current Report", "1780000002"), ("Previous", "1780000001")]);
        let three = "Maximum Display: 366  In Storage: 8,  MIA: 0(0)";
        assert_eq!(parts(three), [("Maximum Display", "366"), ("In Storage", "8"), ("MIA", "0(0)")]);
        let attempts = "Attempts: Total=1, Success=0, Fail=1 Ongoing Failure: Overall=1 Communication=1";
        assert_eq!(parts(attempts).len(), 2);
        assert_eq!(parts("Trust Code Installed:    Trust Code Type: CSSM").len(), 2);
    }

    #[test]
    fn colons_come_in_odd_forms() {
        assert_eq!(parts("Build type:: Production"), [("Build type", "Production")]);
        assert_eq!(parts("sizeof(char)  : 1"), [("sizeof(char)", "1")]);
        assert_eq!(parts("Active:PID:C9300,SN:TST00000001"), [("Active", "PID:C9300,SN:TST00000001")]);
        assert_eq!(parts("connect_info.additional:"), [("connect_info.additional", "")]);
        assert!(parts("no colon").is_empty() && parts(":").is_empty());
    }
}
