//! What a device refuses, with the vendor's number, and what only went wrong.

use std::fmt;

use slp_kit::Error;
use slp_model::error_code::DeviceError;
use slp_rum::import::Refusal;

/// Why something was not done.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The device refuses; nothing has changed.
    Denied(DeviceError, String),
    /// It went wrong: a disk, a key.
    Broken(Error),
}

impl Fault {
    pub(crate) fn denied(error: DeviceError, text: impl Into<String>) -> Self {
        Self::Denied(error, text.into())
    }

    /// The word of the data model.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Denied(error, _) => error.as_str(),
            Self::Broken(_) => DeviceError::StorageFailToStore.as_str(),
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Broken(error)
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Denied(refusal.error(), refusal.to_string())
    }
}

impl From<slp_rum::Error> for Fault {
    fn from(error: slp_rum::Error) -> Self {
        Self::Broken(error.into())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(_, text) => f.write_str(text),
            Self::Broken(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Fault {}
