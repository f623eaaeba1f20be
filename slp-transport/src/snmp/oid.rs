//! Object identifiers: numbers and dots.

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// The most numbers of one identifier, as SNMP has it.
const MOST: usize = 128;

/// An object identifier.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Oid(Vec<u32>);

impl Oid {
    pub(super) fn new(numbers: impl IntoIterator<Item = u32>) -> Self {
        Self(numbers.into_iter().collect())
    }

    /// Its numbers.
    pub fn as_slice(&self) -> &[u32] {
        &self.0
    }
}

impl FromStr for Oid {
    type Err = Error;

    /// Reads numbers with dots between them; one dot before them is passed over.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) for anything else, and for more than 128 numbers.
    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || Error::argument(format!("{} is no object identifier", slp_model::Quoted(text)));
        let number = |text: &str| {
            let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|_| is_number).ok_or_else(wrong)
        };
        let plain = text.strip_prefix('.').unwrap_or(text);
        if plain.split('.').count() > MOST {
            return Err(wrong());
        }
        plain.split('.').map(number).collect::<Result<_, _>>().map(Self)
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text: Vec<String> = self.0.iter().map(u32::to_string).collect();
        f.pad(&text.join("."))
    }
}
