//! Where something stands: archive entry, line and column or byte offset, path inside the document.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::is_unprintable;

/// A place in the input, from the outside in. Every part may be unknown.
///
/// Displayed as `UD_SA_x.tar.gz!dev_7_x.txt, line 3, column 14, RUMReport[3]/payload$.measurements[0].value.value`:
/// entries from the outermost, joined by `!`; line and column count from 1, columns in characters; where there are no
/// lines (archives, binary layers) `byte N` stands in their place; XML parts of the path are joined by `/`, JSON parts
/// start at `$`. Spec: rum, "Reader tolerances and refusals".
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
        let mut comma = "";
        for (index, entry) in self.entries.iter().enumerate() {
            if index > 0 {
                f.write_str("!")?;
            }
            write_printable(f, entry)?;
            comma = ", ";
        }
        match (self.line, self.column, self.byte) {
            (Some(line), Some(column), _) => write!(f, "{comma}line {line}, column {column}")?,
            (Some(line), None, _) => write!(f, "{comma}line {line}")?,
            (None, _, Some(byte)) => write!(f, "{comma}byte {byte}")?,
            (None, _, None) => {
                if !self.path.is_empty() {
                    f.write_str(comma)?;
                    return write_printable(f, &self.path);
                }
                return Ok(());
            }
        }
        if !self.path.is_empty() {
            f.write_str(", ")?;
            write_printable(f, &self.path)?;
        }
        Ok(())
    }
}

/// Names come from archives and documents: what a terminal would act on is escaped.
fn write_printable(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    for character in text.chars() {
        if is_unprintable(character) {
            write!(f, "{}", character.escape_unicode())?;
        } else {
            write!(f, "{character}")?;
        }
    }
    Ok(())
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
}
