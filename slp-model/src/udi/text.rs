//! The text forms of a UDI, both ways.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use super::{Udi, syntax_error};
use crate::{Error, word_enum};

/// What starts the text of a certificate. Case counts.
const CERTIFICATE_START: &str = "PID:";
/// What stands between the two parts there. The last one splits, so a product id may hold it and a serial number may not.
pub(super) const CERTIFICATE_MIDDLE: &str = " SN:";
/// What every key of a display name starts with.
const DISPLAY_NAME_PREFIX: &str = "UDI_";

word_enum! {
    /// How a UDI is written as text. Words: `document`, `cli`, `certificate`.
    ///
    /// Every [`Udi`] reads back equal from each form that it was written in. Spec: ack-auth, "UDI text"; crypto,
    /// "Identity".
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum UdiForm: "form of a UDI" {
        /// `P:<pid>,S:<serial>[,U:<uuid>]`, in documents and in tech support (seen).
        Document = "document",
        /// `PID:<pid>,SN:<serial>`, in the output of commands (seen).
        Cli = "cli",
        /// `PID:<pid> SN:<serial>`, in the subject of a device certificate (seen).
        Certificate = "certificate",
    }
}

/// Can a comma-separated text hold this part?
pub(super) fn carries(part: &str) -> bool {
    !part.chars().any(|character| character == ',' || character.is_control())
}

impl Udi {
    /// The text in one of the forms, without blanks around the parts. A UUID is written in the document form only, and
    /// left out if it has a comma or a control character.
    pub fn to_text(&self, form: UdiForm) -> String {
        let (pid, serial) = (self.pid(), self.serial());
        match form {
            UdiForm::Document => match self.uuid().filter(|uuid| carries(uuid)) {
                Some(uuid) => format!("P:{pid},S:{serial},U:{uuid}"),
                None => format!("P:{pid},S:{serial}"),
            },
            UdiForm::Cli => format!("PID:{pid},SN:{serial}"),
            UdiForm::Certificate => format!("{CERTIFICATE_START}{pid}{CERTIFICATE_MIDDLE}{serial}"),
        }
    }

    /// Reads a text that has to be of this form. `FromStr` finds out the form by itself.
    ///
    /// `Document` and `Cli` are read alike: pieces between commas, each split at its first colon, blanks trimmed; keys
    /// `P`/`PID`, `V`/`VID`, `S`/`SN`, `U`/`UUID` in any case; other keys are kept (choice). `Certificate` starts with
    /// `PID:` exactly and is split at its last `" SN:"`. Its length is not checked here.
    ///
    /// # Errors
    /// [`ErrorKind::UdiSyntax`](crate::ErrorKind::UdiSyntax) if a piece has no colon, a key comes twice, a part is
    /// missing, or [`new`](Self::new) refuses it.
    pub fn from_text(text: &str, form: UdiForm) -> Result<Self, Error> {
        let udi = match form {
            UdiForm::Document | UdiForm::Cli => from_pieces(text, ',', ""),
            UdiForm::Certificate => from_certificate(text),
        };
        udi.map_err(|fault| syntax_error(&fault, Some(text)))
    }
}

fn from_certificate(text: &str) -> Result<Udi, String> {
    let parts = text.strip_prefix(CERTIFICATE_START).and_then(|rest| rest.rsplit_once(CERTIFICATE_MIDDLE));
    let (pid, serial) = parts.ok_or("the text is not of the form PID:… SN:…")?;
    Udi::from_parts(pid, serial)
}

/// Reads `key:value` pieces. Keys may start with `prefix`, in any case; with a prefix, the last separator may end the text.
fn from_pieces(text: &str, separator: char, prefix: &str) -> Result<Udi, String> {
    let text = text.trim_ascii();
    let text = if prefix.is_empty() { text } else { text.strip_suffix(separator).unwrap_or(text) };
    if text.is_empty() {
        return Err("the text is empty".into());
    }
    let [mut pid, mut serial, mut vid, mut uuid] = [None; 4];
    let mut unknown = Vec::new();
    let mut unknown_keys = BTreeSet::new();
    for piece in text.split(separator) {
        let (key, value) = piece.split_once(':').ok_or_else(|| no_colon(piece))?;
        let (key, value) = (key.trim_ascii(), value.trim_ascii());
        let is = |words: [&str; 2]| {
            let word = strip_prefix_without_case(key, prefix).unwrap_or(key);
            words.iter().any(|known| word.eq_ignore_ascii_case(known))
        };
        let slot = match () {
            () if is(["P", "PID"]) => &mut pid,
            () if is(["S", "SN"]) => &mut serial,
            () if is(["V", "VID"]) => &mut vid,
            () if is(["U", "UUID"]) => &mut uuid,
            () => {
                if !unknown_keys.insert(key.to_ascii_uppercase()) {
                    return Err(twice(key));
                }
                unknown.push((key.into(), value.into()));
                continue;
            }
        };
        if slot.replace(value).is_some() {
            return Err(twice(key));
        }
    }
    let mut udi = Udi::from_parts(pid.ok_or("there is no product id")?, serial.ok_or("there is no serial number")?)?;
    udi = udi.with_vid(vid.unwrap_or_default()).with_uuid(uuid.unwrap_or_default());
    if !unknown.is_empty() {
        udi.extra.get_or_insert_default().unknown = unknown;
    }
    Ok(udi)
}

fn no_colon(piece: &str) -> String {
    format!("the part {} has no colon", crate::Quoted(piece))
}

fn twice(key: &str) -> String {
    format!("the key {} comes twice", crate::Quoted(key))
}

fn strip_prefix_without_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

impl fmt::Display for Udi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_text(UdiForm::Document))
    }
}

impl FromStr for Udi {
    type Err = Error;

    /// Reads any [`UdiForm`], and the display names of one cloud interface, `UDI_PID:<pid>; UDI_SN:<serial>; ` (seen).
    /// No part holds a comma, so a text with one is not of a certificate.
    ///
    /// # Errors
    /// [`ErrorKind::UdiSyntax`](crate::ErrorKind::UdiSyntax), as for [`from_text`](Udi::from_text).
    fn from_str(text: &str) -> Result<Self, Error> {
        let trimmed = text.trim_ascii();
        if text.contains(',') {
            Self::from_text(text, UdiForm::Document)
        } else if trimmed.starts_with(CERTIFICATE_START) && trimmed.contains(CERTIFICATE_MIDDLE) {
            Self::from_text(text.trim_ascii_start(), UdiForm::Certificate)
        } else if strip_prefix_without_case(trimmed, DISPLAY_NAME_PREFIX).is_some() {
            from_pieces(text, ';', DISPLAY_NAME_PREFIX).map_err(|fault| syntax_error(&fault, Some(text)))
        } else {
            Self::from_text(text, UdiForm::Document)
        }
    }
}
