//! Hexadecimal, base64 and places.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use slp_model::Location;

/// The most bytes of a signature: RSA-8192 and ECDSA fit.
const MAX_SIGNATURE: usize = 1_024;
/// The most bytes of a certificate: real ones have 1,100 at most.
pub(super) const MAX_CERTIFICATE: usize = 16 << 10;

/// Digits of either case, two a byte, nothing else.
pub(super) fn hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if text.is_empty() || !rest.is_empty() {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

/// A signature in hexadecimal.
pub(super) fn signature(text: &str) -> Result<Vec<u8>, &'static str> {
    if text.len() > MAX_SIGNATURE.saturating_mul(2) {
        return Err("the signature has more than 1024 bytes");
    }
    hex(text).ok_or("the signature is not hexadecimal digits, two a byte")
}

/// A hash of 32 or 64 bytes.
pub(super) fn hash(text: &str) -> Option<Vec<u8>> {
    matches!(text.len(), 64 | 128).then(|| hex(text)).flatten()
}

/// A boot register.
pub(super) fn register(text: &str) -> Result<[u8; 32], &'static str> {
    let bytes = if text.len() == 64 { hex(text) } else { None };
    bytes
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or("a boot register has 32 bytes, written as 64 hexadecimal digits")
}

/// Base64 in lines: line ends are left out, anything else that is not base64 is refused.
pub(super) fn base64(text: &str, limit: usize, what: &str) -> Result<Vec<u8>, String> {
    let joined: String = text.chars().filter(|character| !matches!(character, '\n' | '\r' | ' ' | '\t')).collect();
    if joined.len() > limit.saturating_mul(2) {
        return Err(format!("{what} has more than {limit} bytes"));
    }
    let bytes = STANDARD.decode(joined).map_err(|_| format!("{what} is not base64"))?;
    match bytes.len() {
        0 => Err(format!("{what} is empty")),
        length if length > limit => Err(format!("{what} has more than {limit} bytes")),
        _ => Ok(bytes),
    }
}

/// The beginning of a text, as much as is kept of a name.
pub(super) fn cut(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.get(..end).unwrap_or_default()
}

/// Lines and columns of offsets that grow, counted on from one to the next: each by itself would be counted from the start.
pub(super) struct Places<'t> {
    text: &'t str,
    /// Of what was counted: bytes, line ends, and characters behind the last of these.
    counted: (usize, usize, usize),
}

impl<'t> Places<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self { text, counted: (0, 0, 0) }
    }

    pub(super) fn at(&mut self, offset: usize, path: impl Into<String>) -> Location {
        let (bytes, lines, characters) = self.counted;
        let Some(more) = self.text.get(bytes..offset) else {
            return place(self.text, offset, path);
        };
        let ends = more.bytes().filter(|byte| *byte == b'\n').count();
        let last = more.rsplit('\n').next().unwrap_or_default().chars().count();
        self.counted =
            (offset, lines.saturating_add(ends), if ends == 0 { characters.saturating_add(last) } else { last });
        located(self.counted, path)
    }
}

fn located((offset, lines, characters): (usize, usize, usize), path: impl Into<String>) -> Location {
    let mut place = Location::path(path);
    place.line = u64::try_from(lines.saturating_add(1)).ok();
    place.column = u64::try_from(characters.saturating_add(1)).ok();
    place.byte = u64::try_from(offset).ok();
    place
}

/// Line and column of an offset.
pub(super) fn place(text: &str, offset: usize, path: impl Into<String>) -> Location {
    let before = text.get(..offset).unwrap_or(text);
    let lines = before.bytes().filter(|byte| *byte == b'\n').count();
    let characters = before.rsplit('\n').next().unwrap_or_default().chars().count();
    located((offset, lines, characters), path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_that_are_counted_on_are_those_that_are_counted_alone() {
        let text = "a\n\nbä\u{1f980}c\n\td\n";
        let offsets: Vec<usize> = (0..=text.len()).filter(|at| text.is_char_boundary(*at)).collect();
        for step in 1..offsets.len() {
            let mut places = Places::of(text);
            for at in offsets.iter().copied().step_by(step).chain([0, 5, text.len() + 7]) {
                assert_eq!(places.at(at, "x"), place(text, at, "x"), "{at} by {step}");
            }
        }
    }

    #[test]
    fn a_name_is_cut_between_characters() {
        assert_eq!((cut("abc", 3), cut("abcd", 3), cut("ab\u{1f980}", 3), cut("", 3)), ("abc", "abc", "ab", ""));
    }
}
