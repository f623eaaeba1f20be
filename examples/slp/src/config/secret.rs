//! Passwords: in the file, in a file of their own, in a variable.

use std::fmt;
use std::path::Path;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use slp_transport::Secret;

use crate::console::Stop;
use crate::kept;

/// The most bytes of a file with a password.
const MOST: u64 = 4_096;

/// A password in the configuration file.
pub(super) struct Text(Secret);

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // the parser's own message repeats what is no text: a password of digits alone, say
        let text = String::deserialize(deserializer).map_err(|_| D::Error::custom("expected a text in quotes"))?;
        Ok(Self(Secret::new(text)))
    }
}

/// Where the configuration file has a password.
pub(super) struct Place<'c> {
    text: Option<&'c Text>,
    file: Option<&'c Path>,
}

impl<'c> Place<'c> {
    pub(super) fn new(text: Option<&'c Text>, file: Option<&'c Path>) -> Self {
        Self { text, file }
    }
}

/// The password: the variable first, then the file of its own, then the text. A line end behind it does not count.
pub(super) fn secret(place: &Place<'_>, variable: Option<&str>, folder: &Path) -> Result<Option<Secret>, Stop> {
    if let Some(text) = variable {
        return Ok(Some(Secret::new(text)));
    }
    if let Some(path) = place.file {
        let text = kept::text(&folder.join(path), MOST)?;
        return Ok(Some(Secret::new(text.trim_end_matches(['\r', '\n']))));
    }
    Ok(place.text.map(|text| Secret::new(text.0.expose())))
}
