//! One line of a ledger, read through a limit; and whether the last one was torn off by a kill.

use std::io::BufRead;

use memchr::memchr;
use slp_model::json::{self, FaultKind, Reader};

use super::event::Record;
use crate::error::{Error, Result};
use crate::source::widen;

/// How every line begins.
const START: &[u8] = b"{\"";
/// How this version writes the first one: a bundle is begun before anything else, and members are sorted.
const FIRST: &[u8] = b"{\"bundle\":\"";

/// What stands where a line should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A line with its LF.
    Whole,
    /// Bytes without an LF, or none: the end of the file.
    Rest,
    /// No line of a ledger begins like this. It was read on to its LF if that was near, and no further.
    Foreign { ended: bool },
}

/// Reads a line without its LF. What begins like no line of a ledger is not read on: a file of gigabytes may have no LF.
///
/// # Errors
/// [`ErrorKind::Limit`](crate::ErrorKind::Limit) `ledger_line_bytes`, those of the reader.
pub(super) fn read(reader: &mut impl BufRead, line: &mut Vec<u8>, limit: u64) -> Result<Found> {
    line.clear();
    loop {
        let have = reader.fill_buf().map_err(Error::io)?;
        if have.is_empty() {
            return Ok(Found::Rest);
        }
        let (piece, ended) = match memchr(b'\n', have) {
            Some(at) => (have.get(..at).unwrap_or_default(), true),
            None => (have, false),
        };
        line.extend_from_slice(piece);
        let read = piece.len().saturating_add(usize::from(ended));
        reader.consume(read);
        if !begins(line, START) {
            return Ok(Found::Foreign { ended });
        }
        if widen(line.len()) > limit {
            return Err(Error::limit("ledger_line_bytes", limit, "bytes of a line of the ledger").fatal());
        }
        if ended {
            return Ok(Found::Whole);
        }
    }
}

/// Does this line begin with zeros, and end the file? A file system may leave a hole where a line was under way when the power
/// failed. Of a hole with more lines behind it nobody knows what it was.
///
/// # Errors
/// Those of the reader.
pub(super) fn is_hole(reader: &mut impl BufRead, line: &[u8], mut ended: bool) -> Result<bool> {
    if line.first() != Some(&0) {
        return Ok(false);
    }
    loop {
        let have = reader.fill_buf().map_err(Error::io)?;
        if have.is_empty() || ended {
            return Ok(have.is_empty());
        }
        let end = memchr(b'\n', have);
        ended = end.is_some();
        let read = end.map_or(have.len(), |at| at.saturating_add(1));
        reader.consume(read);
    }
}

/// Does it begin so, as far as it goes?
fn begins(line: &[u8], start: &[u8]) -> bool {
    line.iter().zip(start).all(|(byte, wanted)| byte == wanted)
}

/// Does it begin as this version begins a ledger?
pub(super) fn begins_a_ledger(line: &[u8]) -> bool {
    begins(line, FIRST)
}

/// Was this last line torn off? Then it is an object that is not finished, or a record of which the LF alone is missing.
/// Anything else was not written by a ledger, and nobody may throw it away; where no line stands before it, neither what
/// begins otherwise than the first line does.
pub(super) fn is_torn(line: &[u8], found: Found, is_first: bool) -> bool {
    if is_first && (found != Found::Rest || !begins_a_ledger(line)) {
        return false;
    }
    let text = match std::str::from_utf8(line) {
        Ok(text) => text,
        // the cut may go through a character
        Err(error) => return found == Found::Rest && error.error_len().is_none(),
    };
    let mut reader = Reader::new(text, json::Limits::new(16, usize::MAX));
    match reader.skip_syntax().map(drop).and_then(|()| reader.end()) {
        Ok(()) => found == Found::Rest && Record::parse(text).is_ok(),
        Err(fault) => matches!(fault.kind(), FaultKind::Truncated | FaultKind::Syntax),
    }
}
