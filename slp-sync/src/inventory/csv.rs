//! RFC 4180, strictly: quotes at the edges of a field or not at all.

use std::borrow::Cow;

/// What can be wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A quote inside an unquoted field, or text after a closing quote.
    BadQuote,
    /// The file ends inside quotes.
    Unterminated,
}

/// One record: its fields, as far as they are kept, and the physical line on which it starts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record<'a> {
    pub(super) line: u64,
    pub(super) fields: Vec<Cow<'a, [u8]>>,
    /// The column (from 0) and fault of the first bad field.
    pub(super) fault: Option<(usize, Fault)>,
}

/// Splits a file into records. Empty lines are no records.
pub(super) struct Records<'a> {
    rest: &'a [u8],
    line: u64,
    delimiter: u8,
    most: usize,
}

impl<'a> Records<'a> {
    /// Of each record `most` fields and one more are kept: a line of commas is not to take many times its size.
    pub(super) fn new(bytes: &'a [u8], delimiter: u8, most: usize) -> Self {
        Self { rest: bytes, line: 1, delimiter, most }
    }

    /// The bytes before the first of these marks, and the mark.
    fn until(&mut self, marks: &[u8]) -> (&'a [u8], Option<u8>) {
        let at = self.rest.iter().position(|byte| marks.contains(byte)).unwrap_or(self.rest.len());
        let (before, after) = self.rest.split_at_checked(at).unwrap_or((self.rest, &[]));
        self.rest = after.get(1..).unwrap_or_default();
        (before, after.first().copied())
    }

    fn lines_in(&mut self, bytes: &[u8]) {
        for _ in bytes.split(|byte| *byte == b'\n').skip(1) {
            self.line = self.line.saturating_add(1);
        }
    }

    /// One field, and the mark that ended it: the delimiter, a line feed, or the end of the file.
    fn field(&mut self) -> (Cow<'a, [u8]>, Option<u8>, Option<Fault>) {
        let ends = [self.delimiter, b'\n'];
        if self.rest.first() != Some(&b'"') {
            let (text, mark) = self.until(&ends);
            let text = if mark == Some(self.delimiter) { text } else { text.strip_suffix(b"\r").unwrap_or(text) };
            let fault = text.contains(&b'"').then_some(Fault::BadQuote);
            return (Cow::Borrowed(text), mark, fault);
        }
        self.rest = self.rest.get(1..).unwrap_or_default();
        let mut text: Cow<'a, [u8]> = Cow::Borrowed(&[]);
        loop {
            let (part, quote) = self.until(b"\"");
            self.lines_in(part);
            if text.is_empty() {
                text = Cow::Borrowed(part);
            } else {
                text.to_mut().extend_from_slice(part);
            }
            if quote.is_none() {
                return (text, None, Some(Fault::Unterminated));
            }
            if self.rest.first() != Some(&b'"') {
                break;
            }
            self.rest = self.rest.get(1..).unwrap_or_default();
            text.to_mut().push(b'"');
        }
        let (after, mark) = self.until(&ends);
        let fault = (!matches!(after, b"" | b"\r")).then_some(Fault::BadQuote);
        (text, mark, fault)
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        while let Some(rest) = self.rest.strip_prefix(b"\r\n").or_else(|| self.rest.strip_prefix(b"\n")) {
            self.rest = rest;
            self.line = self.line.saturating_add(1);
        }
        if self.rest.is_empty() {
            return None;
        }
        let mut record = Record { line: self.line, fields: Vec::new(), fault: None };
        loop {
            let (text, mark, fault) = self.field();
            if let Some(fault) = fault {
                record.fault.get_or_insert((record.fields.len(), fault));
            }
            if record.fields.len() <= self.most {
                record.fields.push(text);
            }
            match mark {
                Some(b'\n') => {
                    self.line = self.line.saturating_add(1);
                    return Some(record);
                }
                None => return Some(record),
                Some(_) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Records};

    type Row = (u64, Vec<String>, Option<(usize, Fault)>);

    fn rows(text: &str) -> Vec<Row> {
        let own = |fields: Vec<std::borrow::Cow<'_, [u8]>>| {
            fields.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect()
        };
        Records::new(text.as_bytes(), b',', 3).map(|record| (record.line, own(record.fields), record.fault)).collect()
    }

    fn row(line: u64, fields: &[&str]) -> Row {
        (line, fields.iter().map(|field| (*field).to_owned()).collect(), None)
    }

    #[test]
    fn fields_records_and_lines_are_told_apart() {
        assert_eq!(rows("a,b\r\nc,\n\n,d"), [row(1, &["a", "b"]), row(2, &["c", ""]), row(4, &["", "d"])]);
        let quoted = rows("\"a,\"\"b\"\"\r\nc\",d\ne\n");
        assert_eq!(quoted, [row(1, &["a,\"b\"\r\nc", "d"]), row(3, &["e"])]);
        assert_eq!(rows("\"\"\"\"\n\"\"\n"), [row(1, &["\""]), row(2, &[""])]);
        assert_eq!(rows(""), []);
    }

    #[test]
    fn one_field_more_than_there_may_be_is_kept_of_a_long_record() {
        assert_eq!(rows(",,,,,,,,\na,b"), [row(1, &["", "", "", ""]), row(2, &["a", "b"])]);
    }

    #[test]
    fn a_misplaced_quote_spoils_its_record_alone() {
        let found = rows("a\"b,c\n\"x\"y,z\nok\n");
        assert_eq!(found[0].2, Some((0, Fault::BadQuote)));
        assert_eq!(found[1].2, Some((0, Fault::BadQuote)));
        assert_eq!(found[2], row(3, &["ok"]));
        assert_eq!(rows("a,\"b").pop().unwrap().2, Some((1, Fault::Unterminated)));
    }
}
