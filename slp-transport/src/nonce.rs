//! The number that is used once, and the number that is asked for again.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::wire::{Fail, In, Out, Wire};
use crate::{Error, ErrorKind};

/// Sixteen letters and digits that a sender makes up per message; the same in a repeat (code).
///
/// Read: 1 to 64 printable ASCII characters. Spec: transport, "Request envelope".
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Nonce(String);

impl Nonce {
    /// Sixteen random bytes as letters and digits.
    ///
    /// ```
    /// assert_eq!(slp_transport::Nonce::from_random([0; 16]).as_str(), "AAAAAAAAAAAAAAAA");
    /// ```
    pub fn from_random(bytes: [u8; 16]) -> Self {
        const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let letter = |byte: u8| ALPHABET.get(usize::from(byte % 62)).copied().map_or('A', char::from);
        Self(bytes.into_iter().map(letter).collect())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for Nonce {
    type Error = Error;

    fn try_from(text: &str) -> Result<Self, Error> {
        if (1..=64).contains(&text.len()) && text.bytes().all(|byte| (0x20..=0x7e).contains(&byte)) {
            return Ok(Self(text.to_owned()));
        }
        Err(Error::new(ErrorKind::Schema, "a nonce has 1 to 64 printable ASCII characters"))
    }
}

impl TryFrom<String> for Nonce {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        Self::try_from(text.as_str())
    }
}

impl From<Nonce> for String {
    fn from(nonce: Nonce) -> Self {
        nonce.0
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Wire for Nonce {
    fn read(input: &mut In<'_, '_>) -> Result<Self, Fail> {
        let at = input.reader.value_offset();
        let text = input.reader.string()?;
        Self::try_from(&*text).map_err(|error| Fail::shape(at, error.message()))
    }

    fn write(&self, out: &mut Out) {
        out.string(&self.0);
    }
}

/// What a server calls a result that is not ready yet: a JSON integer of 17 to 19 digits (seen), beyond 2^53, so never a
/// floating-point number. Read as number or string, written as number. Spec: transport, "Five traps".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PollId(u64);

impl PollId {
    /// The number.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl From<u64> for PollId {
    fn from(id: u64) -> Self {
        Self(id)
    }
}

impl fmt::Display for PollId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Wire for PollId {
    fn read(input: &mut In<'_, '_>) -> Result<Self, Fail> {
        u64::read(input).map(Self)
    }

    fn write(&self, out: &mut Out) {
        self.0.write(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, wire};

    #[test]
    fn a_poll_id_beyond_two_to_the_53_survives_as_number_and_as_string() {
        let read = |text: &str| wire::from_text::<PollId>(text, &Limits::default());
        for text in ["773126444402795033", "\"773126444402795033\""] {
            assert_eq!(wire::to_text(&read(text).unwrap()), "773126444402795033");
        }
        for text in ["7.7e17", "1.0", "\"7.7e17\"", "-1", "18446744073709551616", "null", "\"\"", "\"+1\""] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_nonce_is_short_and_printable() {
        assert!(Nonce::try_from("random1234").is_ok());
        for bad in ["", "a\n", "é", &"x".repeat(65)] {
            assert!(Nonce::try_from(bad).is_err(), "{bad}");
        }
    }
}
