//! The vendor's error numbers: what a device answers when it refuses something. Spec: ack-auth, "Error cases: codes".

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::{Error, ErrorKind, Quoted, word_enum, word_forms};

mod table;

pub use table::DeviceError;

word_enum! {
    /// Whose numbers. The two agree up to 142; 143 and 144 differ, and from 145 on there are only those of IOS XR (doc).
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Platform: "platform" {
        /// IOS XE.
        Xe = "XE",
        /// IOS XR.
        Xr = "XR",
    }
}

impl DeviceError {
    /// Its number on a platform, if it has one there.
    ///
    /// ```
    /// use slp_model::error_code::{DeviceError, Platform};
    ///
    /// assert_eq!(DeviceError::VerifySignatureFailed.number(Platform::Xe), Some(45));
    /// assert_eq!(DeviceError::LicenseInUse.number(Platform::Xe), None);
    /// ```
    pub const fn number(self, platform: Platform) -> Option<u16> {
        match self.entry(platform) {
            Some((number, _)) => Some(number),
            None => None,
        }
    }

    /// Its word in the data model of a platform, if it has one there.
    pub const fn word(self, platform: Platform) -> Option<&'static str> {
        match self.entry(platform) {
            Some((_, word)) => Some(word),
            None => None,
        }
    }

    /// Its word on IOS XE, or else that of IOS XR.
    pub fn as_str(self) -> &'static str {
        self.word(Platform::Xe).or_else(|| self.word(Platform::Xr)).unwrap_or_default()
    }
}

word_forms!(DeviceError, "error of the vendor's table");

/// A number of the table together with whose number it is: 143 and 144 mean two things each.
///
/// `Display` writes `45 verifysignaturefailed`, and `XR 171 LicenseInUse` for numbers of IOS XR. Unknown numbers are kept.
/// `FromStr` reads that. As JSON the number alone, as interfaces of devices give it: it does not say whose number it is,
/// so it is not read back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ErrorCode {
    platform: Platform,
    number: u16,
}

impl ErrorCode {
    /// This number of this platform.
    pub const fn new(platform: Platform, number: u16) -> Self {
        Self { platform, number }
    }

    /// The number of an error: that of IOS XE, or that of IOS XR where XE has none.
    pub fn of(error: DeviceError) -> Self {
        let on = |platform| error.number(platform).map(|number| Self { platform, number });
        on(Platform::Xe).or_else(|| on(Platform::Xr)).unwrap_or(Self { platform: Platform::Xe, number: 0 })
    }

    /// Whose number it is.
    pub const fn platform(self) -> Platform {
        self.platform
    }

    /// The number.
    pub const fn number(self) -> u16 {
        self.number
    }

    /// What the table says about it.
    pub fn error(self) -> Option<DeviceError> {
        DeviceError::ALL.iter().copied().find(|error| error.number(self.platform) == Some(self.number))
    }

    /// Its word, if the table has the number.
    pub fn word(self) -> Option<&'static str> {
        self.error()?.word(self.platform)
    }
}

impl From<DeviceError> for ErrorCode {
    fn from(error: DeviceError) -> Self {
        Self::of(error)
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.platform != Platform::Xe {
            write!(f, "{} ", self.platform)?;
        }
        write!(f, "{}", self.number)?;
        match self.word() {
            Some(word) => write!(f, " {word}"),
            None => Ok(()),
        }
    }
}

impl FromStr for ErrorCode {
    type Err = Error;

    /// Reads what `Display` writes, and the same without the word.
    ///
    /// # Errors
    /// [`ErrorKind::BadNumber`] if there is no number, or one above 65535; [`ErrorKind::BadWord`] for a word that the
    /// number does not have.
    fn from_str(text: &str) -> Result<Self, Error> {
        let (platform, rest) = match text.strip_prefix("XR ") {
            Some(rest) => (Platform::Xr, rest),
            None => (Platform::Xe, text.strip_prefix("XE ").unwrap_or(text)),
        };
        let (number, word) = match rest.split_once(' ') {
            Some((number, word)) => (number, Some(word)),
            None => (rest, None),
        };
        let digits = number.bytes().all(|byte| byte.is_ascii_digit());
        let Some(number) = number.parse().ok().filter(|_| digits) else {
            let text = format!("{} is no error number, such as 45 or XR 171", Quoted(text));
            return Err(Error::new(ErrorKind::BadNumber, text));
        };
        let code = Self { platform, number };
        if word.is_some() && word != code.word() {
            let text = format!("{} is not the word of error {platform} {number}", Quoted(word.unwrap_or_default()));
            return Err(Error::new(ErrorKind::BadWord, text));
        }
        Ok(code)
    }
}

impl Serialize for ErrorCode {
    /// The number alone, as the device's own interfaces give it.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u16(self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_platform_has_each_number_once_and_without_gaps() {
        for (platform, last) in [(Platform::Xe, 144), (Platform::Xr, 173)] {
            let numbers: Vec<_> = DeviceError::ALL.iter().filter_map(|error| error.number(platform)).collect();
            assert_eq!(numbers, (0..=last).collect::<Vec<_>>());
        }
    }

    #[test]
    fn two_numbers_mean_different_things_on_the_two_platforms() {
        let meaning = |platform, number| ErrorCode::new(platform, number).error();
        for number in 0..=142 {
            assert_eq!(meaning(Platform::Xe, number), meaning(Platform::Xr, number));
        }
        assert_eq!(meaning(Platform::Xe, 143), Some(DeviceError::RequestedItemNotFound));
        assert_eq!(meaning(Platform::Xr, 143), Some(DeviceError::TransportConfig));
        assert_eq!(meaning(Platform::Xe, 144), Some(DeviceError::NoReservationAuthCode));
        assert_eq!(meaning(Platform::Xr, 144), Some(DeviceError::IpcMsgVersion));
        assert_eq!(meaning(Platform::Xe, 145), None);
    }

    #[test]
    fn a_number_is_shown_with_its_word_and_an_unknown_one_alone() {
        assert_eq!(ErrorCode::of(DeviceError::VerifySignatureFailed).to_string(), "45 verifysignaturefailed");
        assert_eq!(ErrorCode::of(DeviceError::LicenseInUse).to_string(), "XR 171 LicenseInUse");
        assert_eq!(ErrorCode::new(Platform::Xe, 999).to_string(), "999");
    }

    #[test]
    fn every_number_and_every_word_reads_back() {
        for error in DeviceError::ALL {
            assert_eq!(error.to_string().parse::<DeviceError>().unwrap(), *error);
        }
        for platform in Platform::ALL {
            for number in [0..=200, 65_500..=u16::MAX].into_iter().flatten() {
                let code = ErrorCode::new(*platform, number);
                assert_eq!(code.to_string().parse::<ErrorCode>().unwrap(), code);
                assert_eq!(format!("{platform} {number}").parse::<ErrorCode>().unwrap(), code);
            }
        }
        for text in ["", "XR", "XR ", "45 ", "+45", "65536", "45 success", "xr 171", "45  verifysignaturefailed"] {
            assert!(text.parse::<ErrorCode>().is_err(), "{text}");
        }
    }
}
