//! Text of documents, safe on a terminal.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde::Serialize;
use slp_model::is_unprintable;

/// The most characters of one text of a document in output for people.
const SHOWN: usize = 160;

/// The text with characters that a terminal acts on written as `\u{1b}`.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unprintable) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len().saturating_add(8));
    for character in text.chars() {
        if is_unprintable(character) {
            safe.extend(character.escape_unicode());
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

/// The same, cut where it is too long for a person.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(SHOWN).and_then(|(end, _)| text.get(..end)) {
        Some(start) => Cow::Owned(format!("{}…", printable(start))),
        None => printable(text),
    }
}

/// JSON text of a value. Characters that JSON lets through and a terminal does not take well are escaped in it too.
pub(crate) fn json(value: &impl Serialize) -> Result<String, serde_json::Error> {
    let text = serde_json::to_string(value)?;
    // outside its strings JSON has no such character
    if !text.contains(is_unprintable) {
        return Ok(text);
    }
    let mut safe = String::with_capacity(text.len().saturating_add(8));
    for character in text.chars() {
        if is_unprintable(character) {
            // JSON has four digits an escape: a character above them is written as its two surrogates
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(safe, "\\u{unit:04x}").map_err(serde::ser::Error::custom)?;
            }
        } else {
            safe.push(character);
        }
    }
    Ok(safe)
}

/// Digests as they are written: lower-case hexadecimal.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_drives_a_terminal_gets_through() {
        assert_eq!(printable("a\u{1b}[2J\n\u{9b}\u{202e}é"), "a\\u{1b}[2J\\u{a}\\u{9b}\\u{202e}é");
        assert_eq!(json(&"a\u{1b}[2J\u{9b}\u{7f}\u{202e}é").unwrap(), r#""a\u001b[2J\u009b\u007f\u202eé""#);
    }

    #[test]
    fn a_character_above_the_basic_plane_is_escaped_as_two_surrogates() {
        let text = "a\u{e0041}\u{ad}b";
        let json = json(&text).unwrap();
        assert_eq!(json, r#""a\udb40\udc41\u00adb""#);
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(shown(&"é".repeat(160)), "é".repeat(160));
        assert_eq!(shown(&"é".repeat(161)), format!("{}…", "é".repeat(160)));
    }
}
