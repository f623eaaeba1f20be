//! Where pieces of text stand in the document: offsets through CDATA, references and escapes; lines and columns.

use std::ops::Range;

use memchr::memchr_iter;

/// The text of one element: usually one CDATA section, borrowed from the document; otherwise joined from its pieces.
#[derive(Clone, Debug)]
pub(crate) enum ElementText {
    /// One piece, as it stands in the document.
    Single(Range<usize>),
    /// Several pieces.
    Joined(Box<Joined>),
}

/// Text joined from pieces, and where each of them came from.
#[derive(Clone, Debug)]
pub(crate) struct Joined {
    text: String,
    /// Offset in `text`, offset in the document, both of the start of a piece; ascending.
    starts: Vec<(usize, usize)>,
}

impl ElementText {
    pub(crate) fn get<'t>(&'t self, document: &'t str) -> &'t str {
        match self {
            Self::Single(range) => document.get(range.clone()).unwrap_or_default(),
            Self::Joined(joined) => &joined.text,
        }
    }

    /// The offset in the document of an offset in this text.
    pub(crate) fn to_document(&self, offset: usize) -> usize {
        match self {
            Self::Single(range) => range.start.saturating_add(offset),
            Self::Joined(joined) => {
                let index = joined.starts.partition_point(|(start, _)| *start <= offset).saturating_sub(1);
                joined.starts.get(index).map_or(offset, |(start, at)| at.saturating_add(offset.saturating_sub(*start)))
            }
        }
    }
}

/// One piece of an element's text.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    /// As it stands in the document.
    Raw(Range<usize>),
    /// A reference, and the character it means.
    Character(usize, char),
}

const BLANK: [char; 4] = [' ', '\t', '\r', '\n'];

/// Joins the pieces and trims blank, tab, CR and LF. An element without text has its place `at`. Spec: rum, "Device
/// file" (white space).
pub(crate) fn join(pieces: &[Piece], document: &str, at: usize) -> ElementText {
    let raw = |range: &Range<usize>| document.get(range.clone()).unwrap_or_default();
    let blank = |piece: &Piece| matches!(piece, Piece::Raw(range) if raw(range).trim_matches(BLANK).is_empty());
    let first = pieces.iter().position(|piece| !blank(piece)).unwrap_or(pieces.len());
    let last = pieces.iter().rposition(|piece| !blank(piece)).map_or(first, |last| last.saturating_add(1));
    match pieces.get(first..last).unwrap_or_default() {
        [] => ElementText::Single(at..at),
        [Piece::Raw(range)] => {
            let text = raw(range);
            let start = range.start.saturating_add(text.len().saturating_sub(text.trim_start_matches(BLANK).len()));
            ElementText::Single(start..start.saturating_add(text.trim_matches(BLANK).len()))
        }
        several => {
            let mut joined = Joined { text: String::new(), starts: Vec::new() };
            for piece in several {
                match piece {
                    Piece::Raw(range) => {
                        let mut start = range.start;
                        let mut text = raw(range);
                        if joined.text.is_empty() {
                            let trimmed = text.trim_start_matches(BLANK);
                            start = start.saturating_add(text.len().saturating_sub(trimmed.len()));
                            text = trimmed;
                        }
                        joined.starts.push((joined.text.len(), start));
                        joined.text.push_str(text);
                    }
                    Piece::Character(_, character) if joined.text.is_empty() && BLANK.contains(character) => {}
                    Piece::Character(at, character) => {
                        joined.starts.push((joined.text.len(), *at));
                        joined.text.push(*character);
                    }
                }
            }
            let end = joined.text.trim_end_matches(BLANK).len();
            joined.text.truncate(end);
            ElementText::Joined(Box::new(joined))
        }
    }
}

/// Joins the pieces and trims nothing: the text is what was signed.
pub(crate) fn join_exactly<'p>(pieces: impl Iterator<Item = &'p Piece>, document: &str) -> ElementText {
    let mut joined = Joined { text: String::new(), starts: Vec::new() };
    for piece in pieces {
        match piece {
            Piece::Raw(range) => {
                joined.starts.push((joined.text.len(), range.start));
                joined.text.push_str(document.get(range.clone()).unwrap_or_default());
            }
            Piece::Character(at, character) => {
                joined.starts.push((joined.text.len(), *at));
                joined.text.push(*character);
            }
        }
    }
    ElementText::Joined(Box::new(joined))
}

/// Finds offsets in the source of a JSON string (after its opening quote) for offsets in its un-escaped text, walking on
/// from the one before.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct EscapeCursor {
    read: usize,
    written: usize,
}

impl EscapeCursor {
    /// Cheap for ascending offsets.
    pub(crate) fn locate(&mut self, literal: &str, unescaped: usize) -> usize {
        if unescaped < self.written {
            *self = Self::default();
        }
        (self.read, self.written) = escaped_offset(literal, unescaped, self.read, self.written);
        self.read
    }
}

fn escaped_offset(literal: &str, unescaped: usize, mut read: usize, mut written: usize) -> (usize, usize) {
    let bytes = literal.as_bytes();
    while written < unescaped {
        let (step, adds) = match (bytes.get(read), bytes.get(read.saturating_add(1))) {
            (None, _) => break,
            (Some(b'\\'), Some(b'u')) => {
                let code = literal
                    .get(read.saturating_add(2)..read.saturating_add(6))
                    .and_then(|digits| u32::from_str_radix(digits, 16).ok())
                    .unwrap_or(0);
                match code {
                    0xd800..=0xdbff => (12, 4),
                    code => (6, char::from_u32(code).map_or(1, char::len_utf8)),
                }
            }
            (Some(b'\\'), _) => (2, 1),
            _ => (1, 1),
        };
        if written.saturating_add(adds) > unescaped {
            break;
        }
        read = read.saturating_add(step);
        written = written.saturating_add(adds);
    }
    (read, written)
}

/// Finds lines and columns of offsets, walking on from the one before.
#[derive(Clone, Debug)]
pub(crate) struct LineCursor {
    offset: usize,
    line: u64,
    column: u64,
}

impl Default for LineCursor {
    fn default() -> Self {
        Self { offset: 0, line: 1, column: 1 }
    }
}

impl LineCursor {
    /// Line and column of a byte, both from 1; columns are counted in characters. Cheap for ascending offsets.
    pub(crate) fn locate(&mut self, text: &str, offset: usize) -> (u64, u64) {
        if offset < self.offset {
            *self = Self::default();
        }
        let passed = text.as_bytes().get(self.offset..offset.min(text.len())).unwrap_or_default();
        let lines = memchr_iter(b'\n', passed).count();
        // Many files are one line: the second search is rare.
        let last = if lines > 0 { memchr::memrchr(b'\n', passed) } else { None };
        let tail = match last {
            Some(last) => {
                self.column = 1;
                passed.get(last.saturating_add(1)..).unwrap_or_default()
            }
            None => passed,
        };
        let characters =
            if tail.is_ascii() { tail.len() } else { tail.iter().filter(|byte| (**byte & 0xc0) != 0x80).count() };
        self.line = self.line.saturating_add(u64::try_from(lines).unwrap_or(u64::MAX));
        self.column = self.column.saturating_add(u64::try_from(characters).unwrap_or(u64::MAX));
        self.offset = self.offset.saturating_add(passed.len());
        (self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_in_characters() {
        let text = "ab\ncé€d\n\nx";
        let mut cursor = LineCursor::default();
        let found: Vec<_> = [0, 1, 2, 3, 4, 6, 9, 10, 11, 12].map(|at| cursor.locate(text, at)).into();
        let expected = [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3), (2, 4), (2, 5), (3, 1), (4, 1)];
        assert_eq!(found, expected);
        assert_eq!(cursor.locate(text, 1), (1, 2), "going back works too");
        assert_eq!(cursor.locate(text, 999), (4, 2), "beyond the end is the end");
    }

    #[test]
    fn offsets_survive_joining() {
        let document = "<a> \n<![CDATA[ {\"x\"]]>&lt;<![CDATA[}  ]]> </a>";
        let at = |needle: &str| document.find(needle).unwrap_or(0);
        let pieces = [
            Piece::Raw(3..5),
            Piece::Raw(14..19),
            Piece::Character(at("&lt;"), '<'),
            Piece::Raw(at("}")..at("}") + 3),
            Piece::Raw(at(" </a>")..at("</a>")),
        ];
        let text = join(&pieces, document, 0);
        assert_eq!(text.get(document), "{\"x\"<}");
        assert_eq!(text.to_document(0), at("{"));
        assert_eq!(text.to_document(4), at("&lt;"));
        assert_eq!(text.to_document(5), at("}"));
    }

    #[test]
    fn one_piece_is_borrowed_and_trimmed() {
        let document = "<a>\r\n <![CDATA[\t{} ]]></a>";
        let start = document.find('\t').unwrap_or(0);
        let text = join(&[Piece::Raw(3..6), Piece::Raw(start..start + 4)], document, 0);
        assert!(matches!(&text, ElementText::Single(range) if *range == (start + 1..start + 3)));
        let nothing = join(&[Piece::Raw(3..6)], document, 2);
        assert_eq!((nothing.get(document), nothing.to_document(0)), ("", 2));
    }

    #[test]
    fn escapes_are_counted_back() {
        let literal = r#"a\"b\u00e9\ud83d\ude00c"#;
        // a=0 "=1 b=2 é=3..5 😀=5..9 c=9
        let found: Vec<_> = [0, 1, 2, 3, 4, 5, 9].map(|at| EscapeCursor::default().locate(literal, at)).into();
        let mut cursor = EscapeCursor::default();
        for (at, expected) in [(0, 0), (3, 4), (5, 10), (9, 22), (2, 3), (9, 22)] {
            assert_eq!(cursor.locate(literal, at), expected, "on from the one before, and back");
        }
        assert_eq!(found, [0, 1, 3, 4, 4, 10, 22]);
    }
}
