//! Pulls values out of a JSON text, in order, without copying.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::unescape::{marks, unescape};
use super::{Fault, FaultKind};

/// What one JSON text may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Objects and arrays inside one another. Default 16: the deepest real payload has 6.
    pub depth: u32,
    /// Bytes of one string, un-escaped. Default 64 KiB.
    pub string_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 16, string_bytes: 64 * 1024 }
    }
}

impl Limits {
    /// These numbers.
    pub fn new(depth: u32, string_bytes: usize) -> Self {
        Self { depth, string_bytes }
    }
}

/// What kind of value comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ValueKind {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `"…"`
    String,
    /// `1`, `-2.5e3`
    Number,
    /// `true` or `false`
    Bool,
    /// `null`
    Null,
}

impl ValueKind {
    /// With its article, for sentences.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Object => "an object",
            Self::Array => "an array",
            Self::String => "a string",
            Self::Number => "a number",
            Self::Bool => "true or false",
            Self::Null => "null",
        }
    }
}

/// A pull reader over one JSON text.
///
/// The caller walks the text: [`begin_object`](Self::begin_object), then [`next_member`](Self::next_member) and one
/// value call for each, until it gives `None`; arrays alike. Commas, colons and closing brackets are its business.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
    name_at: usize,
    depth: u32,
    fresh: bool,
    limits: Limits,
}

impl<'a> Reader<'a> {
    /// Starts at the first byte of `text`.
    pub fn new(text: &'a str, limits: Limits) -> Self {
        Self { text, at: 0, name_at: 0, depth: 0, fresh: false, limits }
    }

    /// The same text from another offset on, where a value begins that an earlier walk has found.
    #[must_use]
    pub fn resumed_at(mut self, offset: usize) -> Self {
        (self.at, self.depth, self.fresh) = (offset, 0, false);
        self
    }

    /// Where the reader stands: the first byte that is not read yet.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// The offset of the next value (or bracket), white space skipped.
    pub fn value_offset(&mut self) -> usize {
        self.blank();
        self.at
    }

    /// The offset of the last member name that [`next_member`](Self::next_member) gave, at its opening quote.
    pub fn name_offset(&self) -> usize {
        self.name_at
    }

    fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    fn peek(&self) -> Option<u8> {
        self.bytes().get(self.at).copied()
    }

    fn step(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    #[inline]
    fn blank(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.step();
        }
    }

    fn slice(&self, from: usize, to: usize) -> &'a str {
        self.text.get(from..to).unwrap_or_default()
    }

    #[cold]
    fn unexpected(&self, wanted: &'static str) -> Fault {
        match self.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            None => Fault::new(FaultKind::Truncated, self.at, format!("the text ends where {wanted} should stand")),
            Some(found) => {
                let found = crate::Quoted(found.encode_utf8(&mut [0; 4])).to_string();
                Fault::new(FaultKind::Syntax, self.at, format!("{found} where {wanted} should stand"))
            }
        }
    }

    /// What kind of value comes next.
    ///
    /// # Errors
    /// [`FaultKind::Truncated`] at the end, [`FaultKind::Syntax`] where no value begins.
    pub fn kind(&mut self) -> Result<ValueKind, Fault> {
        self.blank();
        Ok(match self.peek() {
            Some(b'{') => ValueKind::Object,
            Some(b'[') => ValueKind::Array,
            Some(b'"') => ValueKind::String,
            Some(b'-' | b'0'..=b'9') => ValueKind::Number,
            Some(b't' | b'f') => ValueKind::Bool,
            Some(b'n') => ValueKind::Null,
            _ => return Err(self.unexpected("a value")),
        })
    }

    #[cold]
    fn wrong_type(&mut self, wanted: ValueKind) -> Fault {
        match self.kind() {
            Ok(found) => {
                Fault::new(FaultKind::Type, self.at, format!("{} instead of {}", found.as_str(), wanted.as_str()))
            }
            Err(fault) => fault,
        }
    }

    fn begin(&mut self, bracket: u8, wanted: ValueKind) -> Result<(), Fault> {
        self.blank();
        if self.peek() != Some(bracket) {
            return Err(self.wrong_type(wanted));
        }
        if self.depth >= self.limits.depth {
            let text = format!("objects and arrays stand more than {} deep", self.limits.depth);
            return Err(Fault::new(FaultKind::Limit("json_depth"), self.at, text));
        }
        self.depth = self.depth.saturating_add(1);
        self.fresh = true;
        self.step();
        Ok(())
    }

    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.fresh = false;
        self.step();
    }

    /// Enters an object.
    ///
    /// # Errors
    /// [`FaultKind::Type`] if something else comes next, [`FaultKind::Limit`] `json_depth`, and those of
    /// [`kind`](Self::kind).
    #[inline]
    pub fn begin_object(&mut self) -> Result<(), Fault> {
        self.begin(b'{', ValueKind::Object)
    }

    /// Enters an array.
    ///
    /// # Errors
    /// As [`begin_object`](Self::begin_object).
    #[inline]
    pub fn begin_array(&mut self) -> Result<(), Fault> {
        self.begin(b'[', ValueKind::Array)
    }

    /// The name of the next member, or `None` at the end of the object, which is then left.
    ///
    /// # Errors
    /// [`FaultKind::Truncated`], [`FaultKind::Syntax`], [`FaultKind::Limit`] `string_bytes`.
    #[inline]
    pub fn next_member(&mut self) -> Result<Option<Cow<'a, str>>, Fault> {
        // Text without blanks, as devices write it, takes the short way.
        let rest = self.bytes().get(self.at..).unwrap_or_default();
        let step = match rest {
            [b',', b'"', ..] if !self.fresh => 1,
            [b'"', ..] if self.fresh => 0,
            _ => return self.next_member_slowly(),
        };
        self.at = self.at.saturating_add(step);
        self.name_at = self.at;
        self.fresh = false;
        let name = self.scan_string()?;
        if self.peek() != Some(b':') {
            self.blank();
            if self.peek() != Some(b':') {
                return Err(self.unexpected("a colon"));
            }
        }
        self.step();
        Ok(Some(name))
    }

    fn next_member_slowly(&mut self) -> Result<Option<Cow<'a, str>>, Fault> {
        self.blank();
        if self.fresh {
            if self.peek() == Some(b'}') {
                self.close();
                return Ok(None);
            }
        } else {
            match self.peek() {
                Some(b'}') => {
                    self.close();
                    return Ok(None);
                }
                Some(b',') => self.step(),
                _ => return Err(self.unexpected("a comma or a closing brace")),
            }
            self.blank();
        }
        self.fresh = false;
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("a member name in double quotes"));
        }
        self.name_at = self.at;
        let name = self.scan_string()?;
        self.blank();
        if self.peek() != Some(b':') {
            return Err(self.unexpected("a colon"));
        }
        self.step();
        Ok(Some(name))
    }

    /// Is there another element? If not, the array is left.
    ///
    /// # Errors
    /// [`FaultKind::Truncated`], [`FaultKind::Syntax`].
    #[inline]
    pub fn next_element(&mut self) -> Result<bool, Fault> {
        self.blank();
        if self.peek() == Some(b']') {
            self.close();
            return Ok(false);
        }
        if !self.fresh {
            match self.peek() {
                Some(b',') => self.step(),
                _ => return Err(self.unexpected("a comma or a closing bracket")),
            }
            self.blank();
            if self.peek() == Some(b']') {
                return Err(self.unexpected("a value"));
            }
        }
        self.fresh = false;
        Ok(true)
    }

    /// A string, borrowed where it holds no escape.
    ///
    /// # Errors
    /// [`FaultKind::Type`] if something else comes next; [`FaultKind::Truncated`], [`FaultKind::Syntax`],
    /// [`FaultKind::Limit`] `string_bytes`.
    #[inline]
    pub fn string(&mut self) -> Result<Cow<'a, str>, Fault> {
        self.blank();
        if self.peek() != Some(b'"') {
            return Err(self.wrong_type(ValueKind::String));
        }
        self.scan_string()
    }

    /// A string, un-escaped into `out` (which is cleared first) under a limit of its own.
    ///
    /// Returns the offset of its first byte after the opening quote.
    ///
    /// # Errors
    /// As [`string`](Self::string), with the limit's own name.
    pub fn string_into(&mut self, out: &mut String, limit: usize, limit_name: &'static str) -> Result<usize, Fault> {
        self.blank();
        if self.peek() != Some(b'"') {
            return Err(self.wrong_type(ValueKind::String));
        }
        let start = self.at.saturating_add(1);
        let read = unescape(self.text.get(start..).unwrap_or_default(), start, out, limit, limit_name)?;
        self.at = start.saturating_add(read).saturating_add(1);
        Ok(start)
    }

    /// A string under a limit of its own.
    ///
    /// # Errors
    /// As [`string`](Self::string), with the limit's own name.
    pub fn string_within(&mut self, limit: usize, limit_name: &'static str) -> Result<Cow<'a, str>, Fault> {
        let usual = std::mem::replace(&mut self.limits.string_bytes, limit);
        let at = self.value_offset();
        let text = self.string();
        self.limits.string_bytes = usual;
        text.map_err(|fault| match fault.kind() {
            FaultKind::Limit("string_bytes") => {
                Fault::new(FaultKind::Limit(limit_name), at, fault.message().to_owned())
            }
            _ => fault,
        })
    }

    /// Stands on a double quote. Scans for its end; copies only when there is an escape.
    #[inline]
    fn scan_string(&mut self) -> Result<Cow<'a, str>, Fault> {
        let start = self.at.saturating_add(1);
        let mut at = start;
        let bytes = self.bytes();
        loop {
            if let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
                let found = marks(u64::from_le_bytes(*chunk));
                if found == 0 {
                    at = at.saturating_add(8);
                    continue;
                }
                at = at.saturating_add(usize::try_from(found.trailing_zeros() / 8).unwrap_or(0));
            }
            match bytes.get(at) {
                Some(b'"') if at.saturating_sub(start) <= self.limits.string_bytes => {
                    self.at = at.saturating_add(1);
                    return Ok(Cow::Borrowed(self.slice(start, at)));
                }
                Some(byte) if *byte != b'"' && *byte != b'\\' && *byte >= 0x20 => at = at.saturating_add(1),
                _ => return self.scan_odd_string(start),
            }
        }
    }

    /// A string with escapes, or one that is broken or too long.
    #[cold]
    fn scan_odd_string(&mut self, start: usize) -> Result<Cow<'a, str>, Fault> {
        let mut out = String::new();
        let rest = self.text.get(start..).unwrap_or_default();
        let read = unescape(rest, start, &mut out, self.limits.string_bytes, "string_bytes")?;
        self.at = start.saturating_add(read).saturating_add(1);
        Ok(Cow::Owned(out))
    }

    /// A number, as it is written.
    ///
    /// # Errors
    /// [`FaultKind::Type`] if something else comes next; [`FaultKind::Syntax`] if it is not a JSON number or has no
    /// finite value.
    #[inline]
    pub fn number(&mut self) -> Result<&'a str, Fault> {
        self.blank();
        let start = self.at;
        if !matches!(self.peek(), Some(b'-' | b'0'..=b'9')) {
            return Err(self.wrong_type(ValueKind::Number));
        }
        if self.peek() == Some(b'-') {
            self.step();
        }
        match self.peek() {
            Some(b'0') => self.step(),
            Some(b'1'..=b'9') => self.digits(),
            _ => return Err(self.unexpected("a digit")),
        }
        if let Some(b'.' | b'e' | b'E' | b'0'..=b'9') = self.peek() {
            return self.odd_number(start);
        }
        let raw = self.slice(start, self.at);
        if raw.len() > 300 { self.finite(start) } else { Ok(raw) }
    }

    fn digits(&mut self) {
        while let Some(b'0'..=b'9') = self.peek() {
            self.step();
        }
    }

    /// The integer part is read; a fraction, an exponent or a surplus digit follows.
    #[cold]
    fn odd_number(&mut self, start: usize) -> Result<&'a str, Fault> {
        if let Some(b'0'..=b'9') = self.peek() {
            return Err(Fault::new(FaultKind::Syntax, start, "a number with a leading zero"));
        }
        if self.peek() == Some(b'.') {
            self.step();
            if !matches!(self.peek(), Some(b'0'..=b'9')) {
                return Err(self.unexpected("a digit"));
            }
            self.digits();
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.step();
            if let Some(b'+' | b'-') = self.peek() {
                self.step();
            }
            if !matches!(self.peek(), Some(b'0'..=b'9')) {
                return Err(self.unexpected("a digit"));
            }
            self.digits();
        }
        self.finite(start)
    }

    fn finite(&self, start: usize) -> Result<&'a str, Fault> {
        let raw = self.slice(start, self.at);
        if raw.parse::<f64>().is_ok_and(f64::is_finite) {
            Ok(raw)
        } else {
            Err(Fault::new(FaultKind::Syntax, start, "a number out of range"))
        }
    }

    /// A whole number without sign, fraction, exponent and surplus zeros, if that is what comes next and it fits;
    /// otherwise nothing is read. The quick way to what nearly every number in these formats is.
    #[inline]
    pub fn plain_number(&mut self) -> Option<u64> {
        self.blank();
        let rest = self.bytes().get(self.at..).unwrap_or_default();
        let mut value = 0_u64;
        let mut digits = 0_usize;
        let mut next = None;
        // 19 digits fit into 64 bits, whatever they are.
        for byte in rest.iter().take(20) {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                next = Some(*byte);
                break;
            }
            digits = digits.saturating_add(1);
            value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
        }
        let whole = matches!(next, Some(b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r'));
        if !whole || digits == 0 || digits > 19 || (digits > 1 && rest.first() == Some(&b'0')) {
            return None;
        }
        self.at = self.at.saturating_add(digits);
        Some(value)
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// [`FaultKind::Type`] if something else comes next; [`FaultKind::Syntax`].
    pub fn bool(&mut self) -> Result<bool, Fault> {
        self.blank();
        match self.peek() {
            Some(b't') => self.word("true").map(|()| true),
            Some(b'f') => self.word("false").map(|()| false),
            _ => Err(self.wrong_type(ValueKind::Bool)),
        }
    }

    /// `null`.
    ///
    /// # Errors
    /// [`FaultKind::Type`] if something else comes next; [`FaultKind::Syntax`].
    pub fn null(&mut self) -> Result<(), Fault> {
        self.blank();
        if self.peek() == Some(b'n') { self.word("null") } else { Err(self.wrong_type(ValueKind::Null)) }
    }

    fn word(&mut self, word: &'static str) -> Result<(), Fault> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        if rest.starts_with(word) {
            self.at = self.at.saturating_add(word.len());
            return Ok(());
        }
        if word.starts_with(rest) {
            return Err(Fault::new(FaultKind::Truncated, self.at, format!("the text ends inside the word {word}")));
        }
        Err(Fault::new(FaultKind::Syntax, self.at, format!("an unknown word where {word} should stand")))
    }

    /// Passes over one value of any kind and gives its raw text. Everything in it is checked, duplicate member names
    /// included.
    ///
    /// # Errors
    /// All kinds but [`FaultKind::Type`].
    pub fn skip(&mut self) -> Result<&'a str, Fault> {
        self.skip_value(true)
    }

    /// As [`skip`](Self::skip), but looks at syntax and limits alone: a member name may stand twice.
    ///
    /// # Errors
    /// As [`skip`](Self::skip), without [`FaultKind::Duplicate`].
    pub fn skip_syntax(&mut self) -> Result<&'a str, Fault> {
        self.skip_value(false)
    }

    fn skip_value(&mut self, unique: bool) -> Result<&'a str, Fault> {
        // A stack of our own, so that a raised depth limit cannot overflow the thread's.
        let start = self.value_offset();
        let mut open: Vec<Option<BTreeSet<Cow<'a, str>>>> = Vec::new();
        let mut value = true;
        loop {
            if value {
                match self.kind()? {
                    ValueKind::Object => {
                        self.begin_object()?;
                        open.push(Some(BTreeSet::new()));
                    }
                    ValueKind::Array => {
                        self.begin_array()?;
                        open.push(None);
                    }
                    ValueKind::String => drop(self.string()?),
                    ValueKind::Number => drop(self.number()?),
                    ValueKind::Bool => drop(self.bool()?),
                    ValueKind::Null => self.null()?,
                }
            }
            value = match open.last_mut() {
                None => return Ok(self.slice(start, self.at)),
                Some(None) => self.next_element()?,
                Some(Some(names)) => match self.next_member()? {
                    None => false,
                    Some(name) if unique => {
                        if let Some(twice) = names.replace(name) {
                            return Err(Fault::duplicate(self.name_at, &twice));
                        }
                        true
                    }
                    Some(_) => true,
                },
            };
            if !value {
                open.pop();
            }
        }
    }

    /// Makes sure that nothing follows but white space.
    ///
    /// # Errors
    /// [`FaultKind::Syntax`] if something does.
    pub fn end(&mut self) -> Result<(), Fault> {
        self.blank();
        if self.peek().is_none() {
            return Ok(());
        }
        Err(Fault::new(FaultKind::Syntax, self.at, "text after the end of the JSON value"))
    }
}
