//! Undoes the escapes of a JSON string.

use super::{Fault, FaultKind};

/// Bytes copied at once: one load and one store on every machine of today.
const STEP: usize = 16;

/// Un-escapes what stands between the quotes of a JSON string, adding at most `limit` bytes to `out`, and returns how
/// many bytes of `literal` were read: up to, not including, the closing quote.
///
/// `literal` begins after the opening quote and may go on behind the closing one. `base` is added to the offsets of
/// faults. `out` is cleared first; hand the same string in again and again, and nothing is allocated.
///
/// # Errors
/// [`FaultKind::Truncated`] without a closing quote, [`FaultKind::Syntax`] for a raw control character, an unknown
/// escape or a lone surrogate, [`FaultKind::Limit`] of the given name when the text is longer than `limit`.
pub fn unescape(
    literal: &str,
    base: usize,
    out: &mut String,
    limit: usize,
    limit_name: &'static str,
) -> Result<usize, Fault> {
    let mut bytes = std::mem::take(out).into_bytes();
    bytes.clear();
    let outcome = copy(literal.as_bytes(), base, &mut bytes, limit, limit_name);
    // The input is UTF-8 and every escape adds whole characters, so this cannot fail; the check costs almost nothing.
    *out = String::from_utf8(bytes).unwrap_or_default();
    outcome
}

fn copy(source: &[u8], base: usize, out: &mut Vec<u8>, limit: usize, limit_name: &'static str) -> Result<usize, Fault> {
    let mut read = 0;
    loop {
        // Room for one step ahead of what is known to be good.
        let start = out.len();
        let run = if let Some(chunk) = source.get(read..).and_then(<[u8]>::first_chunk::<STEP>) {
            let run = plain(chunk);
            out.extend_from_slice(chunk);
            out.truncate(start.saturating_add(run));
            run
        } else {
            let rest = source.get(read..).unwrap_or_default();
            let run = rest.iter().position(|byte| special(*byte)).unwrap_or(rest.len());
            out.extend_from_slice(rest.get(..run).unwrap_or_default());
            run
        };
        read = read.saturating_add(run);
        if out.len() > limit {
            let text = format!("the string is longer than the limit of {limit} bytes");
            return Err(Fault::new(FaultKind::Limit(limit_name), base, text));
        }
        if run == STEP {
            continue;
        }
        let at = base.saturating_add(read);
        match source.get(read) {
            None => return Err(Fault::new(FaultKind::Truncated, at, "the text ends inside a string")),
            Some(b'"') => return Ok(read),
            Some(b'\\') => read = escape(source, read, base, out)?,
            Some(_) => {
                let text = "a raw control character in a string: it has to be written as an escape";
                return Err(Fault::new(FaultKind::Syntax, at, text));
            }
        }
    }
}

pub(super) fn special(byte: u8) -> bool {
    byte == b'"' || byte == b'\\' || byte < 0x20
}

/// How many bytes at the start of the chunk need no attention.
fn plain(chunk: &[u8; STEP]) -> usize {
    let half = |bytes: Option<&[u8; 8]>| marks(u64::from_le_bytes(*bytes.unwrap_or(&[0; 8])));
    let (low, high) = (half(chunk.first_chunk()), half(chunk.last_chunk()));
    let bits = if low == 0 {
        high.trailing_zeros().saturating_add(64)
    } else {
        low.trailing_zeros()
    };
    usize::try_from(bits / 8).unwrap_or(STEP)
}

/// Marks, by the high bit of each byte, the bytes that are `"`, `\` or a control character. The lowest mark is always
/// right: a borrow can only disturb the bytes above one that is marked.
pub(super) fn marks(word: u64) -> u64 {
    let control = word.wrapping_sub(ONES.wrapping_mul(0x20)) & !word & HIGHS;
    equal(word, b'"') | equal(word, b'\\') | control
}

/// Marks, by the high bit of each byte, the bytes that are `byte`. The lowest mark is always right.
pub(super) fn equal(word: u64, byte: u8) -> u64 {
    let other = word ^ ONES.wrapping_mul(u64::from(byte));
    other.wrapping_sub(ONES) & !other & HIGHS
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// One escape at `at` (a backslash); returns the offset behind it.
fn escape(source: &[u8], at: usize, base: usize, out: &mut Vec<u8>) -> Result<usize, Fault> {
    let here = base.saturating_add(at);
    let Some(letter) = source.get(at.saturating_add(1)) else {
        return Err(Fault::new(FaultKind::Truncated, here, "the text ends inside an escape"));
    };
    let byte = match letter {
        b'"' | b'\\' | b'/' => *letter,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'u' => return unicode(source, at, base, out),
        _ => return Err(Fault::new(FaultKind::Syntax, here, "an escape that JSON does not know")),
    };
    out.push(byte);
    Ok(at.saturating_add(2))
}

fn unicode(source: &[u8], at: usize, base: usize, out: &mut Vec<u8>) -> Result<usize, Fault> {
    let here = base.saturating_add(at);
    let lone = || {
        Fault::new(
            FaultKind::Syntax,
            here,
            "half of a surrogate pair, which no text can hold",
        )
    };
    let first = hex4(source, at.saturating_add(2), base)?;
    let (code, next) = match first {
        0xd800..=0xdbff => {
            let tail = at.saturating_add(6);
            match (source.get(tail), source.get(tail.saturating_add(1))) {
                (Some(b'\\'), Some(b'u')) => {}
                (None, _) | (Some(b'\\'), None) => {
                    return Err(Fault::new(FaultKind::Truncated, here, "the text ends inside an escape"));
                }
                _ => return Err(lone()),
            }
            let second = hex4(source, tail.saturating_add(2), base)?;
            if !(0xdc00..=0xdfff).contains(&second) {
                return Err(lone());
            }
            (
                0x1_0000_u32.saturating_add(((first & 0x3ff) << 10) | (second & 0x3ff)),
                at.saturating_add(12),
            )
        }
        0xdc00..=0xdfff => return Err(lone()),
        code => (code, at.saturating_add(6)),
    };
    let character = char::from_u32(code).ok_or_else(lone)?;
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    Ok(next)
}

fn hex4(source: &[u8], at: usize, base: usize) -> Result<u32, Fault> {
    let mut value = 0_u32;
    for step in 0..4_usize {
        let index = at.saturating_add(step);
        let here = base.saturating_add(index);
        let Some(byte) = source.get(index) else {
            return Err(Fault::new(FaultKind::Truncated, here, "the text ends inside an escape"));
        };
        let Some(digit) = char::from(*byte).to_digit(16) else {
            return Err(Fault::new(
                FaultKind::Syntax,
                here,
                "an escape \\u needs four hexadecimal digits",
            ));
        };
        value = (value << 4) | digit;
    }
    Ok(value)
}
