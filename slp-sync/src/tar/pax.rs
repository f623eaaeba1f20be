//! PAX records: `length key=value LF`, exactly.

use std::collections::BTreeSet;

use slp_model::Quoted;

use crate::error::{Error, ErrorKind, Result};
use crate::tar::header::{bad, entry_type};

/// What the records say that matters here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Records {
    /// The name of the entry.
    pub(crate) path: Option<Vec<u8>>,
    /// Its size, which must be the header's.
    pub(crate) size: Option<u64>,
    /// The first key that means nothing here.
    pub(crate) unknown: Option<String>,
}

/// Keys that describe a file on a disk: they have no meaning in a bundle.
const IGNORED: [&str; 9] = ["mtime", "atime", "ctime", "uid", "gid", "uname", "gname", "comment", "hdrcharset"];

/// Reads all records of one `x` header. Spec: sync, "Extension headers".
pub(crate) fn parse(mut rest: &[u8]) -> Result<Records> {
    let mut records = Records::default();
    let mut seen = BTreeSet::new();
    while !rest.is_empty() {
        let (record, after) = split(rest)?;
        rest = after;
        let Some(equals) = record.iter().position(|byte| *byte == b'=') else {
            return Err(bad("pax", "a PAX record without an equals sign"));
        };
        let (key, value) = record.split_at_checked(equals).unwrap_or((record, &[]));
        let value = value.get(1..).unwrap_or_default();
        let Ok(key) = std::str::from_utf8(key) else {
            return Err(bad("pax", "a PAX key that is not UTF-8"));
        };
        if key.is_empty() || value.contains(&0) {
            return Err(bad("pax", "a PAX record without a key, or with NUL in its value"));
        }
        if !seen.insert(key) {
            return Err(bad("pax", "a PAX key stands twice"));
        }
        match key {
            "path" => records.path = Some(value.to_vec()),
            "size" => records.size = Some(number(value).ok_or_else(|| bad("pax", "a PAX size that is no number"))?),
            "linkpath" => return Err(entry_type("symlink", "a link")),
            "SCHILY.realsize" => return Err(sparse()),
            _ if key.starts_with("GNU.sparse.") => return Err(sparse()),
            _ if IGNORED.contains(&key) => {}
            _ => drop(records.unknown.get_or_insert_with(|| Quoted(key).to_string())),
        }
    }
    Ok(records)
}

fn sparse() -> Error {
    Error::new(ErrorKind::Sparse, "a sparse file: pack it as a plain one").fatal()
}

/// The first record without its length and line feed, and what follows it.
fn split(rest: &[u8]) -> Result<(&[u8], &[u8])> {
    let fault = || bad("pax", "a PAX record whose length does not fit");
    let digits = rest.iter().position(|byte| *byte == b' ').ok_or_else(fault)?;
    let length = rest.get(..digits).and_then(number).and_then(|length| usize::try_from(length).ok());
    let (record, after) = length.and_then(|length| rest.split_at_checked(length)).ok_or_else(fault)?;
    let record = record.get(digits.saturating_add(1)..).and_then(|record| record.strip_suffix(b"\n"));
    Ok((record.ok_or_else(fault)?, after))
}

/// Decimal without sign or leading zero.
fn number(digits: &[u8]) -> Option<u64> {
    match digits {
        [b'0'] => Some(0),
        [b'1'..=b'9', ..] => std::str::from_utf8(digits).ok()?.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::ErrorKind;

    #[test]
    fn records_are_read_by_their_exact_length() {
        let records = parse(b"17 path=dev_1.txt\n").unwrap_err();
        assert_eq!(records.name(), Some("pax"));
        let records = parse(b"18 path=dev_1.txt\n12 size=123\n27 mtime=1700000000.123456\n8 x=abc\n").unwrap();
        assert_eq!(records.path.as_deref(), Some(&b"dev_1.txt"[..]));
        assert_eq!((records.size, records.unknown.as_deref()), (Some(123), Some("\"x\"")));
    }

    #[test]
    fn a_record_that_can_be_read_in_two_ways_is_refused() {
        for bad in [
            &b"99 path=a\n"[..],
            b"10 path=a ",
            b"+9 path=a\n",
            b"09 path=a\n",
            b"9 path=a\n9 path=a\n",
            b"4 =\n",
            b"10 path=a\0\n",
            b"5 ab\n",
            b"0 ",
            b"3",
            b"12 size=0123",
            b"12 size=012\n",
        ] {
            let error = parse(bad).unwrap_err();
            assert_eq!((error.kind(), error.name()), (ErrorKind::BadTar, Some("pax")), "{bad:?}");
        }
    }

    #[test]
    fn links_and_sparse_files_are_refused_in_pax_form_too() {
        assert_eq!(parse(b"17 linkpath=/etc\n").unwrap_err().kind(), ErrorKind::EntryType);
        assert_eq!(parse(b"22 GNU.sparse.major=1\n").unwrap_err().kind(), ErrorKind::Sparse);
        assert_eq!(parse(b"21 SCHILY.realsize=1\n").unwrap_err().kind(), ErrorKind::Sparse);
    }
}
