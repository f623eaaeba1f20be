//! The segment of the address that names an account of an on-premises server: name, hyphen, number (seen).

use std::fmt;
use std::str::FromStr;

use crate::Error;
use crate::message::{decode_segment, encode_segment};

/// An account and its number, as in `…/cslu/v1/pi/AB-LA-N080-4`. Spec: transport, "URL and identity".
///
/// ```
/// use slp_transport::push::Tenant;
///
/// let tenant: Tenant = "Acme%20Lab-1".parse()?;
/// assert_eq!((tenant.name(), tenant.number()), ("Acme Lab", 1));
/// assert_eq!(tenant.to_string(), "Acme%20Lab-1");
/// # Ok::<(), slp_transport::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tenant {
    name: String,
    number: u32,
}

impl Tenant {
    /// An account by name (compared in this very case) and number, from 1.
    ///
    /// # Errors
    /// [`Argument`](crate::ErrorKind::Argument) for an empty or odd name, or number 0.
    pub fn new(name: impl Into<String>, number: u32) -> Result<Self, Error> {
        let name = name.into();
        let bad = |why: &str| Err(Error::argument(format!("{} is no account name: {why}", slp_model::Quoted(&name))));
        if name.is_empty() || name == "." || name == ".." {
            return bad("it needs a name");
        }
        if name.len() > 255 {
            return bad("it is longer than 255 bytes");
        }
        if name.chars().any(|character| character.is_control() || matches!(character, '/' | '\\')) {
            return bad("it has a slash or a control character");
        }
        if number == 0 {
            return bad("its number is 0");
        }
        Ok(Self { name, number })
    }

    /// Name of the account, without escapes.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Number behind the name, from 1.
    pub fn number(&self) -> u32 {
        self.number
    }
}

impl FromStr for Tenant {
    type Err = Error;

    /// Reads one percent-encoded segment; the number stands after the last hyphen.
    fn from_str(segment: &str) -> Result<Self, Error> {
        let bad = || Error::argument(format!("{} is no account segment: NAME-NUMBER", slp_model::Quoted(segment)));
        let text = decode_segment(segment).ok_or_else(bad)?;
        let (name, number) = text.rsplit_once('-').ok_or_else(bad)?;
        let plain = !number.starts_with('0') && number.bytes().all(|byte| byte.is_ascii_digit());
        let number = number.parse().ok().filter(|_| plain).ok_or_else(bad)?;
        Self::new(name, number)
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut name = String::new();
        encode_segment(&mut name, &self.name);
        write!(f, "{name}-{}", self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::Tenant;

    #[test]
    fn the_number_stands_after_the_last_hyphen() {
        for (segment, name, number) in
            [("Acme%20Regression%20Lab-1", "Acme Regression Lab", 1), ("AB-LA-N080-4", "AB-LA-N080", 4)]
        {
            let tenant: Tenant = segment.parse().unwrap();
            assert_eq!((tenant.name(), tenant.number()), (name, number));
            assert_eq!(tenant.to_string(), segment);
        }
    }

    #[test]
    fn odd_segments_are_refused() {
        for segment in [
            "",
            "-1",
            "a",
            "a-",
            "a-0",
            "a-01",
            "a-+1",
            "a%2fb-1",
            "a%5Cb-1",
            "..-1",
            "a%0a-1",
            "a%-1",
            "a-99999999999",
        ] {
            assert!(segment.parse::<Tenant>().is_err(), "{segment}");
        }
    }
}
