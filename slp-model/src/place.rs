//! Where something stands: archive entry, line and column or byte offset, path inside the document.

use std::convert::Infallible;
use std::fmt::{self, Write as _};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::is_unprintable;

/// A place in the input, from the outside in. Every part may be unknown.
///
/// Displayed as `UD_SA_x.tar.gz!dev_7_x.txt, line 3, column 14, RUMReport[3]/payload$.measurements[0].value.value`:
/// entries from the outermost, joined by `!`; line and column count from 1, columns in characters; where there are no
/// lines (archives, binary layers) `byte N` stands in their place; XML parts of the path are joined by `/`, JSON parts
/// start at `$`. Spec: rum, "Reader tolerances and refusals".
///
/// `FromStr` reads that text: the same text comes out again. The text leaves out the byte beside a line, a column without
/// a line and `inner_byte`, and one entry alone looks like a path, so it is read as one. JSON, an object of these names,
/// loses nothing.
///
/// ```
/// use slp_model::Location;
///
/// let place: Location = "a.tar.gz!dev_7_x.txt, line 3, column 14, RUMReport[3]".parse().unwrap_or_default();
/// assert_eq!((place.entries.len(), place.line, place.path.as_str()), (2, Some(3), "RUMReport[3]"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Location {
    /// The file, then the entries of nested archives, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<String>,
    /// Line in the document, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Column in that line, from 1, counted in characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u64>,
    /// Offset in the document (or archive layer), in bytes from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub byte: Option<u64>,
    /// Offset in the text of the innermost layer (a payload, say), in bytes from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inner_byte: Option<u64>,
    /// The part of the document, such as `RUMReport[3]/payload$.measurements[0].value.value`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
}

impl Location {
    /// A place of which only the path is known.
    pub fn path(path: impl Into<String>) -> Self {
        Self { path: path.into(), ..Self::default() }
    }

    /// A place in a binary layer.
    pub fn byte(byte: u64) -> Self {
        Self { byte: Some(byte), ..Self::default() }
    }

    /// Is nothing known?
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The same place, seen from one archive (or folder) further out.
    #[must_use]
    pub fn inside(mut self, entry: impl Into<String>) -> Self {
        self.entries.insert(0, entry.into());
        self
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, entry) in self.entries.iter().enumerate() {
            if index > 0 {
                f.write_str("!")?;
            }
            write_escaped(f, entry, Part::Outer, index == 0)?;
        }
        let mut comma = if self.entries.is_empty() { "" } else { COMMA };
        if let Some(line) = self.line {
            write!(f, "{comma}line {line}")?;
            comma = COMMA;
            if let Some(column) = self.column {
                write!(f, "{comma}column {column}")?;
            }
        } else if let Some(byte) = self.byte {
            write!(f, "{comma}byte {byte}")?;
            comma = COMMA;
        }
        if self.path.is_empty() {
            return Ok(());
        }
        f.write_str(comma)?;
        write_escaped(f, &self.path, if comma.is_empty() { Part::Outer } else { Part::Inner }, true)
    }
}

impl FromStr for Location {
    type Err = Infallible;

    /// Reads what `Display` writes. Any text is a place: what has no other meaning is its path.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        let mut place = Self::default();
        let mut rest = text;
        if number_after(first_part(rest), "line ").or_else(|| number_after(first_part(rest), "byte ")).is_none() {
            match rest.split_once(COMMA) {
                None if !rest.contains('!') => {
                    place.path = unescape(rest);
                    return Ok(place);
                }
                split => {
                    let (entries, inner) = split.unwrap_or((rest, ""));
                    place.entries = entries.split('!').map(unescape).collect();
                    rest = inner;
                }
            }
        }
        if let Some(line) = number_after(first_part(rest), "line ") {
            (place.line, rest) = (Some(line), after_first_part(rest));
            if let Some(column) = number_after(first_part(rest), "column ") {
                (place.column, rest) = (Some(column), after_first_part(rest));
            }
        } else if let Some(byte) = number_after(first_part(rest), "byte ") {
            (place.byte, rest) = (Some(byte), after_first_part(rest));
        }
        place.path = unescape(rest);
        Ok(place)
    }
}

/// What stands between the parts of a place.
const COMMA: &str = ", ";

fn first_part(text: &str) -> &str {
    text.split_once(COMMA).map_or(text, |(first, _)| first)
}

fn after_first_part(text: &str) -> &str {
    text.split_once(COMMA).map_or("", |(_, rest)| rest)
}

/// The number of `line 3`, `column 14` or `byte 412`.
fn number_after(part: &str, word: &str) -> Option<u64> {
    let digits = part.strip_prefix(word)?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// Where a name stands in the text of a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// In front, where `!` and a comma would end it.
    Outer,
    /// At the end.
    Inner,
}

/// Names come from archives and documents. What a terminal would act on is escaped as `\u{1b}`, and so is what would be
/// read back as something else.
fn write_escaped(f: &mut fmt::Formatter<'_>, text: &str, part: Part, first: bool) -> fmt::Result {
    let reads_as_number =
        first && ["line ", "column ", "byte "].iter().any(|word| number_after(first_part(text), word).is_some());
    let mut rest = text.chars();
    let mut at_start = true;
    while let Some(character) = rest.next() {
        let misread = match character {
            '!' | ',' if part == Part::Inner => false,
            '!' => true,
            ',' => rest.as_str().starts_with(' '),
            '\\' => escaped(rest.as_str()).is_some(),
            _ => reads_as_number && at_start,
        };
        at_start = false;
        if misread || is_unprintable(character) {
            write!(f, "{}", character.escape_unicode())?;
        } else {
            f.write_char(character)?;
        }
    }
    Ok(())
}

/// The character of `u{1b}…`, the text after a backslash, and what follows it.
fn escaped(text: &str) -> Option<(char, &str)> {
    let (digits, rest) = text.strip_prefix("u{")?.split_once('}')?;
    let hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = u32::from_str_radix(digits, 16).ok().filter(|_| hexadecimal)?;
    Some((char::from_u32(number)?, rest))
}

fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        let (character, after) = escaped(after).unwrap_or(('\\', after));
        plain.push(character);
        rest = after;
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::Location;

    #[test]
    fn a_place_reads_from_the_outside_in() {
        let mut place = Location::path("RUMReport[3]/payload$.measurements[0]");
        assert_eq!(place.to_string(), "RUMReport[3]/payload$.measurements[0]");
        (place.line, place.column, place.byte) = (Some(3), Some(14), Some(412));
        let place = place.inside("dev_7_x.txt").inside("UD_SA_x.tar.gz");
        assert_eq!(
            place.to_string(),
            "UD_SA_x.tar.gz!dev_7_x.txt, line 3, column 14, RUMReport[3]/payload$.measurements[0]"
        );
        assert_eq!(Location::byte(7).inside("a.tar").to_string(), "a.tar, byte 7");
        assert_eq!(Location::default().to_string(), "");
        assert_eq!(Location::default().inside("a\nb").to_string(), r"a\u{a}b");
    }

    #[test]
    fn names_that_look_like_another_part_are_read_back_as_names() {
        let names = [
            "",
            "a",
            "line 3",
            "column 4",
            "byte 5",
            "line 3, x",
            "a, b",
            "a!b",
            ", ",
            "\\u{41}",
            "\\",
            "a\n",
            "line +3",
        ];
        let positions = [(None, None, None), (Some(1), None, None), (Some(1), Some(2), None), (None, None, Some(7))];
        for (path, (line, column, byte)) in names.iter().flat_map(|path| positions.map(|position| (*path, position))) {
            for outer in names {
                for entries in [vec![], vec![outer.to_owned()], vec!["x".to_owned(), outer.to_owned()]] {
                    let place = Location { entries, line, column, byte, inner_byte: None, path: path.to_owned() };
                    let text = place.to_string();
                    let Ok(read) = text.parse::<Location>();
                    assert_eq!(read.to_string(), text);
                    let one_entry_alone = place.entries.len() == 1
                        && text
                            == Location { path: String::new(), line: None, byte: None, ..place.clone() }.to_string();
                    assert!(read == place || one_entry_alone, "{place:?} {text}");
                }
            }
        }
    }
}
