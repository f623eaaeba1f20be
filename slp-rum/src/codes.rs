//! The codes that people type: requests, permanent licences, returns, confirmations. Spec: ack-auth, "Typed codes".
//!
//! Real codes end in check characters that nobody outside knows: the shape is checked and no checksum is invented.
//! [`simulate`] makes codes of the same shape for simulated devices; they are never claimed to be real.

use std::fmt;
use std::str::FromStr;

use slp_model::{Quoted, Udi};

use crate::{Error, ErrorKind};

pub mod simulate; // codes of the same shape for simulated devices

/// The Base58 alphabet: no `0`, `O`, `I`, `l`.
const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

fn is_base58(byte: u8) -> bool {
    BASE58.contains(&byte)
}

fn refuse(kind: ErrorKind, what: &str, text: &str, why: &str) -> Error {
    Error::new(kind, format!("{what} {}: {why}", Quoted(text)))
}

/// What a device asks for with its request code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ReservationKind {
    /// Specific licences (SLR): first letter `C` (seen).
    Specific,
    /// All licences (PLR): first letter `D` (seen).
    Permanent,
    /// Another first letter.
    Other,
}

/// The code with which a device asks for a reservation: `CB-ZC9300-24UX:TST00000001-ATSTabcde-86` (seen).
///
/// Product id and serial number may hold `-`, so it is read from the right: 2 hex digits, 9 Base58 characters, then two
/// letters, `-Z`, product id, `:`, serial number. What the second letter, the 9 characters and the 2 digits mean is not
/// known; they are kept. `Display` writes the code as it was read. Spec: ack-auth, "Request code".
///
/// ```
/// use slp_rum::codes::{RequestCode, ReservationKind};
///
/// let code: RequestCode = "CB-ZC9300-24UX:TST-0001-ATSTabcde-86".parse()?;
/// assert_eq!((code.device().pid(), code.device().serial()), ("C9300-24UX", "TST-0001"));
/// assert_eq!(code.kind(), ReservationKind::Specific);
/// # Ok::<(), slp_rum::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestCode {
    text: Box<str>,
    device: Udi,
}

impl RequestCode {
    /// What is asked for.
    pub fn kind(&self) -> ReservationKind {
        match self.text.as_bytes().first() {
            Some(b'C') => ReservationKind::Specific,
            Some(b'D') => ReservationKind::Permanent,
            _ => ReservationKind::Other,
        }
    }

    /// The device that asks.
    pub fn device(&self) -> &Udi {
        &self.device
    }

    /// The text, without outer blanks.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The 9 characters before the last dash. They go with the software of the device (inferred).
    pub fn token(&self) -> &str {
        self.text.rsplit('-').nth(1).unwrap_or_default()
    }

    /// The 2 hex digits at the end; what they check is not known.
    pub fn check(&self) -> &str {
        self.text.rsplit('-').next().unwrap_or_default()
    }
}

impl FromStr for RequestCode {
    type Err = Error;

    /// # Errors
    /// `code-form` if a part is missing or of another shape, `code-digit` for a character outside Base58 or hex,
    /// `udi-syntax` for a product id or serial number that is none.
    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim_ascii();
        let form = || {
            let why = "expected two letters, -Z, product id, a colon, serial number, 9 characters and 2 hex digits";
            refuse(ErrorKind::CodeForm, "request code", text, why)
        };
        let (rest, check) = text.rsplit_once('-').ok_or_else(form)?;
        let (rest, token) = rest.rsplit_once('-').ok_or_else(form)?;
        let (start, device) = rest.split_once("-Z").ok_or_else(form)?;
        let (pid, serial) = device.split_once(':').ok_or_else(form)?;
        let letters = start.len() == 2 && start.bytes().all(|byte| byte.is_ascii_uppercase());
        if !letters || token.len() != 9 || check.len() != 2 {
            return Err(form());
        }
        let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'A'..=b'F');
        if !token.bytes().all(is_base58) || !check.bytes().all(is_hex) {
            let why = "a character that is not in the Base58 alphabet, or no upper-case hex digit at the end";
            return Err(refuse(ErrorKind::CodeDigit, "request code", text, why));
        }
        let device = Udi::new(pid, serial)
            .map_err(|error| refuse(ErrorKind::UdiSyntax, "request code", text, error.message()))?;
        Ok(Self { text: text.into(), device })
    }
}

impl fmt::Display for RequestCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

macro_rules! text_code {
    ($(#[$doc:meta])* $name:ident, $read:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// The text, without outer blanks.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Error;

            /// # Errors
            /// `code-length` if there are too few or too many characters or groups, `code-digit` for a character that such
            /// codes do not have.
            fn from_str(text: &str) -> Result<Self, Error> {
                let text = text.trim_ascii();
                $read(text)?;
                Ok(Self(text.into()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

text_code! {
    /// The authorization code of a permanent reservation (PLR): 50 Base58 characters in groups of 6, the first a `D` (seen).
    /// Read are 6 to 16 groups of 2 to 8 letters and digits (code). Spec: ack-auth, "PLR authorization code".
    PermanentCode, read_permanent
}

text_code! {
    /// The code that proves the return of an authorization: 51 Base58 characters in groups of 6, the first a `C` (seen).
    /// Read are 1 to 16 groups of 1 to 8 Base58 characters, and the same without dashes (choice).
    /// Spec: ack-auth, "Return (removal) code".
    ReturnCode, read_return
}

text_code! {
    /// The code that a device shows after a code was installed or replaced: 8 lower-case hex digits (seen). Read are 1 to
    /// 255 characters (doc). Spec: ack-auth, "Confirmation code".
    ConfirmationCode, read_confirmation
}

/// So many Base58 characters in groups of six, the first one given; the last group may be shorter.
fn in_sixes(text: &str, first: u8, characters: usize) -> bool {
    let groups: Vec<_> = text.split('-').collect();
    let whole = groups
        .split_last()
        .is_some_and(|(last, others)| others.iter().all(|group| group.len() == 6) && (1..=6).contains(&last.len()));
    let plain = || text.bytes().filter(|byte| *byte != b'-');
    whole && text.as_bytes().first() == Some(&first) && plain().count() == characters && plain().all(is_base58)
}

impl PermanentCode {
    /// Has it the shape of the known real one?
    pub fn is_usual(&self) -> bool {
        in_sixes(&self.0, b'D', 50)
    }
}

impl ReturnCode {
    /// Has it the shape of the known real ones? Shortened ones without the leading `C` are about (code).
    pub fn is_usual(&self) -> bool {
        in_sixes(&self.0, b'C', 51)
    }
}

impl ConfirmationCode {
    /// Has it the shape of the known real ones?
    pub fn is_usual(&self) -> bool {
        self.0.len() == 8 && self.0.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    }
}

fn read_permanent(text: &str) -> Result<(), Error> {
    let what = "authorization code";
    if text.bytes().any(|byte| byte != b'-' && !byte.is_ascii_alphanumeric()) {
        return Err(refuse(ErrorKind::CodeDigit, what, text, "a character that is neither letter, digit nor dash"));
    }
    let groups = text.split('-').count();
    if !(6..=16).contains(&groups) || !text.split('-').all(|group| (2..=8).contains(&group.len())) {
        return Err(refuse(ErrorKind::CodeLength, what, text, "expected 6 to 16 groups of 2 to 8 characters"));
    }
    Ok(())
}

fn read_return(text: &str) -> Result<(), Error> {
    let what = "return code";
    if text.bytes().any(|byte| byte != b'-' && !is_base58(byte)) {
        return Err(refuse(ErrorKind::CodeDigit, what, text, "a character that is not in the Base58 alphabet"));
    }
    // without dashes the groups cannot be told apart: all of them together may stand in one
    let longest = if text.contains('-') { 8 } else { 16 * 8 };
    if text.split('-').count() > 16 || !text.split('-').all(|group| (1..=longest).contains(&group.len())) {
        return Err(refuse(ErrorKind::CodeLength, what, text, "expected 1 to 16 groups of 1 to 8 characters"));
    }
    Ok(())
}

fn read_confirmation(text: &str) -> Result<(), Error> {
    let what = "confirmation code";
    if text.is_empty() || text.chars().nth(255).is_some() {
        return Err(refuse(ErrorKind::CodeLength, what, text, "expected 1 to 255 characters"));
    }
    if text.chars().any(char::is_control) {
        return Err(refuse(ErrorKind::CodeDigit, what, text, "a control character"));
    }
    Ok(())
}

impl ErrorKind {
    /// The vendor's number for a typed code of this kind of fault: 111 for its length, 112 for a character.
    pub fn code_error(self) -> Option<slp_model::error_code::DeviceError> {
        use slp_model::error_code::DeviceError::{B58BadLen, B58InvDigit};
        match self {
            Self::CodeLength => Some(B58BadLen),
            Self::CodeDigit => Some(B58InvDigit),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind<T: FromStr<Err = Error> + fmt::Debug>(text: &str) -> &'static str {
        text.parse::<T>().unwrap_err().kind().as_str()
    }

    #[test]
    fn a_request_code_is_read_from_the_right_whatever_dashes_its_device_has() {
        let code: RequestCode = " DC-ZCSF-220:TST-11-AHB3-ATSTabcde-02\n".parse().unwrap();
        assert_eq!((code.device().pid(), code.device().serial()), ("CSF-220", "TST-11-AHB3"));
        assert_eq!((code.token(), code.check(), code.kind()), ("ATSTabcde", "02", ReservationKind::Permanent));
        assert_eq!(code.to_string(), "DC-ZCSF-220:TST-11-AHB3-ATSTabcde-02");
        for text in
            ["", "CB", "CB-ZPID-ATSTabcde-02", "cb-ZP:S-ATSTabcde-02", "CB-ZP:S-ATSTabcd-02", "CB-ZP:S-ATSTabcde-2"]
        {
            assert_eq!(kind::<RequestCode>(text), "code-form", "{text}");
        }
        for text in ["CB-ZP:S-ATSTabc0e-02", "CB-ZP:S-ATSTabcde-0g"] {
            assert_eq!(kind::<RequestCode>(text), "code-digit", "{text}");
        }
        assert_eq!(kind::<RequestCode>("CB-Z:S-ATSTabcde-02"), "udi-syntax");
    }

    #[test]
    fn a_return_code_may_be_short_or_without_dashes_but_not_of_other_characters() {
        let usual = "CEEEEE-RRRRRR-dddddd-MMMMMM-hhhhhh-PPPPPP-mmmmmm-FFFFFF-59J";
        assert!(usual.parse::<ReturnCode>().unwrap().is_usual());
        for text in ["TSTabc-TSTabc-TSTabc", &usual.replace('-', ""), "C", &"C".repeat(128)] {
            assert!(!text.parse::<ReturnCode>().unwrap().is_usual(), "{text}");
        }
        assert_eq!(kind::<ReturnCode>("CTST7A-TSTa0i"), "code-digit");
        for text in ["", "C--C", "CCCCCCCCC-C", &"C".repeat(129), &["C"; 17].join("-")] {
            assert_eq!(kind::<ReturnCode>(text), "code-length", "{text}");
        }
        let error = "CTST7A-TSTa0i".parse::<ReturnCode>().unwrap_err();
        assert_eq!(error.kind().code_error().map(slp_model::error_code::DeviceError::as_str), Some("b58invdigit"));
        insta::assert_snapshot!(error, @r#"return code "CTST7A-TSTa0i": a character that is not in the Base58 alphabet"#);
    }

    #[test]
    fn a_permanent_code_has_groups_and_a_confirmation_code_has_characters() {
        let usual = "DTSTab-TSTabc-TSTabc-TSTabc-TSTabc-TSTabc-TSTabc-TSTabc-yZ";
        assert!(usual.parse::<PermanentCode>().unwrap().is_usual());
        assert!(!"00-00-00-00-00-00".parse::<PermanentCode>().unwrap().is_usual());
        for text in ["", "aa-bb-cc-dd-ee", "a-bb-cc-dd-ee-ff", "aaaaaaaaa-bb-cc-dd-ee-ff", &["aa"; 17].join("-")] {
            assert_eq!(kind::<PermanentCode>(text), "code-length", "{text}");
        }
        assert_eq!(kind::<PermanentCode>("aa_bb"), "code-digit");
        assert!("0a1b2c3d".parse::<ConfirmationCode>().unwrap().is_usual());
        assert!(!"x".repeat(255).parse::<ConfirmationCode>().unwrap().is_usual());
        assert_eq!(kind::<ConfirmationCode>(&"x".repeat(256)), "code-length");
        assert_eq!(kind::<ConfirmationCode>("0a1b\u{1b}2c3d"), "code-digit");
    }
}
