//! Undoes the escapes of a JSON string.

use super::{Fault, FaultKind};

/// Bytes copied at once: one load and one store.
const STEP: usize = 16;

/// More than any step of the loop writes.
const AHEAD: usize = 32;

/// Un-escapes what stands between the quotes of a JSON string, adding at most `limit` bytes to `out`, and returns how
/// many bytes of `literal` were read: up to, not including, the closing quote.
///
/// `literal` begins after the opening quote and may go on behind the closing one. `base` is added to the offsets of
/// faults. `out` is cleared first; hand the same string in again and again, and nothing is allocated. Of a text beyond
/// the limit nothing is left in it; of another fault, what stood before it.
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
    let out_bytes = std::mem::take(out).into_bytes();
    let mut copy = Copy { source: literal.as_bytes(), base, rest: literal.as_bytes(), out: out_bytes, written: 0 };
    let mut outcome = copy.run(limit, limit_name);
    if copy.written > limit {
        outcome = Err(copy.too_long(limit, limit_name)); // of several reasons the limit is named first
        copy.written = 0;
    }
    copy.out.truncate(copy.written);
    // The input is UTF-8 and every escape adds whole characters, so this cannot fail; the check costs almost nothing.
    *out = String::from_utf8(copy.out).unwrap_or_default();
    outcome
}

struct Copy<'s> {
    source: &'s [u8],
    base: usize,
    /// What is not read yet.
    rest: &'s [u8],
    /// What is written, and room for more.
    out: Vec<u8>,
    written: usize,
}

impl Copy<'_> {
    fn run(&mut self, limit: usize, limit_name: &'static str) -> Result<usize, Fault> {
        loop {
            if self.out.len() < self.written.saturating_add(AHEAD) {
                if self.written > limit {
                    return Err(self.too_long(limit, limit_name));
                }
                // Doubling, and never far beyond the limit: the cost follows what is written, not what stands behind
                // the closing quote.
                let more = self.written.saturating_mul(2).min(limit).saturating_add(256);
                self.out.resize(more, 0);
            }
            let run = self.plain_run();
            self.advance(run, run);
            if run == STEP {
                continue;
            }
            match self.rest {
                // Between a name and its value, or two members: half of all runs would be this one byte.
                [b'\\', b'"', between @ (b':' | b','), b'\\', b'"', ..] => {
                    self.put([b'"', *between, b'"']);
                    self.advance(5, 3);
                }
                [b'\\', b'"', ..] => {
                    self.put([b'"']);
                    self.advance(2, 1);
                }
                [b'"', ..] | [] if self.written > limit => return Err(self.too_long(limit, limit_name)),
                [b'"', ..] => return Ok(self.read()),
                [b'\\', ..] => self.escape()?,
                [] => return Err(self.fault(FaultKind::Truncated, self.read(), "the text ends inside a string")),
                [byte, ..] if special(*byte) => {
                    let text = "a raw control character in a string: it has to be written as an escape";
                    return Err(self.fault(FaultKind::Syntax, self.read(), text));
                }
                [..] => {} // the last few bytes of the text go in runs of less than a step
            }
        }
    }

    /// How much was read so far.
    fn read(&self) -> usize {
        self.source.len().saturating_sub(self.rest.len())
    }

    fn advance(&mut self, read: usize, written: usize) {
        self.rest = self.rest.get(read..).unwrap_or_default();
        self.written = self.written.saturating_add(written);
    }

    /// Copies up to one step of bytes that need no attention, and says how many. Bytes behind them may be copied too;
    /// they are written over.
    fn plain_run(&mut self) -> usize {
        let Some(chunk) = self.rest.first_chunk::<STEP>() else {
            let mut chunk = [0; STEP];
            for (to, from) in chunk.iter_mut().zip(self.rest) {
                *to = *from;
            }
            self.put(chunk);
            return self.rest.iter().position(|byte| special(*byte)).unwrap_or(self.rest.len());
        };
        self.put(*chunk);
        let half = |bytes: Option<&[u8; 8]>| marks(u64::from_le_bytes(*bytes.unwrap_or(&[0; 8])));
        let low = half(chunk.first_chunk());
        let bits =
            if low == 0 { half(chunk.last_chunk()).trailing_zeros().saturating_add(64) } else { low.trailing_zeros() };
        usize::try_from(bits / 8).unwrap_or(STEP)
    }

    /// Writes at the end of the output, without moving it.
    fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        if let Some(room) = self.out.get_mut(self.written..).and_then(<[u8]>::first_chunk_mut::<N>) {
            *room = bytes;
        }
    }

    #[cold]
    fn too_long(&self, limit: usize, limit_name: &'static str) -> Fault {
        let text = format!("the string is longer than the limit of {limit} bytes");
        Fault::new(FaultKind::Limit(limit_name), self.base, text)
    }

    #[cold]
    fn fault(&self, kind: FaultKind, at: usize, text: &'static str) -> Fault {
        Fault::new(kind, self.base.saturating_add(at), text)
    }

    /// One escape, at a backslash.
    fn escape(&mut self) -> Result<(), Fault> {
        let at = self.read();
        let byte = match self.source.get(at.saturating_add(1)) {
            None => return Err(self.fault(FaultKind::Truncated, at, "the text ends inside an escape")),
            Some(letter @ (b'"' | b'\\' | b'/')) => *letter,
            Some(b'b') => 0x08,
            Some(b'f') => 0x0c,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => return self.unicode(),
            Some(_) => return Err(self.fault(FaultKind::Syntax, at, "an escape that JSON does not know")),
        };
        self.put([byte]);
        self.advance(2, 1);
        Ok(())
    }

    fn unicode(&mut self) -> Result<(), Fault> {
        let at = self.read();
        let first = self.hex4(at.saturating_add(2))?;
        let lone = self.fault_of_half(at);
        let (code, length) = match first {
            0xd800..=0xdbff => {
                let tail = at.saturating_add(6);
                match self.source.get(tail..).unwrap_or_default() {
                    [b'\\', b'u', ..] => {}
                    [] | [b'\\'] => {
                        return Err(self.fault(FaultKind::Truncated, at, "the text ends inside an escape"));
                    }
                    _ => return Err(lone()),
                }
                let second = self.hex4(tail.saturating_add(2))?;
                if !(0xdc00..=0xdfff).contains(&second) {
                    return Err(lone());
                }
                (0x1_0000_u32.saturating_add(((first & 0x3ff) << 10) | (second & 0x3ff)), 12)
            }
            code => (code, 6),
        };
        let character = char::from_u32(code).ok_or_else(lone)?;
        let mut buffer = [0; 4];
        let written = character.encode_utf8(&mut buffer).len();
        self.put(buffer);
        self.advance(length, written);
        Ok(())
    }

    fn fault_of_half(&self, at: usize) -> impl Fn() -> Fault + use<> {
        let at = self.base.saturating_add(at);
        move || Fault::new(FaultKind::Syntax, at, "half of a surrogate pair, which no text can hold")
    }

    fn hex4(&self, at: usize) -> Result<u32, Fault> {
        let mut value = 0_u32;
        for index in at..at.saturating_add(4) {
            let Some(byte) = self.source.get(index) else {
                return Err(self.fault(FaultKind::Truncated, index, "the text ends inside an escape"));
            };
            let Some(digit) = char::from(*byte).to_digit(16) else {
                return Err(self.fault(FaultKind::Syntax, index, "an escape \\u needs four hexadecimal digits"));
            };
            value = (value << 4) | digit;
        }
        Ok(value)
    }
}

pub(super) fn special(byte: u8) -> bool {
    byte == b'"' || byte == b'\\' || byte < 0x20
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
