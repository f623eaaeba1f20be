//! The vendor's error numbers: what a device answers when it refuses something. Spec: ack-auth, "Error cases: codes".

use std::fmt;

use serde::{Serialize, Serializer};

mod table;

pub use table::DeviceError;

/// Whose numbers. The two agree up to 142; 143 and 144 differ, and from 145 on there are only those of IOS XR (doc).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Platform {
    /// IOS XE.
    Xe,
    /// IOS XR.
    Xr,
}

impl Platform {
    /// `XE` or `XR`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Xe => "XE",
            Self::Xr => "XR",
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
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

impl fmt::Display for DeviceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A number of the table together with whose number it is: 143 and 144 mean two things each.
///
/// `Display` writes `45 verifysignaturefailed`, and `XR 171 LicenseInUse` for numbers of IOS XR. Unknown numbers are kept.
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
}
