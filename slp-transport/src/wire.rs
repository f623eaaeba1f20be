//! How values become JSON members and come back: one table per message, read and written by the same lines.
//!
//! The reader takes members in any order, keeps what it does not know, refuses a member that stands twice, and names
//! the path of every fault. The writer is compact and keeps the order of the table. Spec: transport, "JSON".

mod fail;
mod record;
mod unknown;
mod value;

use slp_model::json::{Limits as JsonLimits, Reader};

pub(crate) use fail::Fail;
pub(crate) use record::{record, words};
pub use unknown::Unknown;
pub use value::{Count, Flag, RawJson};
pub(crate) use value::{nullable, said};

use crate::push::Kind;
use crate::{Error, ErrorKind, Limits};

/// A value of the wire.
pub(crate) trait Wire: Sized {
    fn read(input: &mut In<'_, '_>) -> Result<Self, Fail>;
    fn write(&self, out: &mut Out);
}

/// A JSON text that is being read, and what it may cost.
pub(crate) struct In<'a, 'l> {
    pub(crate) reader: Reader<'a>,
    pub(crate) limits: &'l Limits,
    /// The kind of a push message, which decides what its data are.
    pub(crate) kind: Option<Kind>,
    /// The whole text, for data that stand before their kind.
    pub(crate) text: &'a str,
}

impl<'a, 'l> In<'a, 'l> {
    pub(crate) fn new(text: &'a str, limits: &'l Limits) -> Self {
        let reader = Reader::new(text, JsonLimits::new(limits.json_depth, limits.string_bytes));
        Self { reader, limits, kind: None, text }
    }

    /// The same place once more: what is read there does not move this one.
    pub(crate) fn probe(&self) -> Self {
        Self { reader: self.reader.clone(), limits: self.limits, kind: self.kind.clone(), text: self.text }
    }
}

/// A JSON text that is being written. Masked, it shows `***` where a secret stands.
pub(crate) struct Out {
    pub(crate) text: String,
    pub(crate) masked: bool,
}

impl Out {
    /// The name of the next member, with the comma before it.
    pub(crate) fn member(&mut self, first: &mut bool, name: &str) {
        if !std::mem::take(first) {
            self.text.push(',');
        }
        slp_model::json::write_string(&mut self.text, name, slp_model::json::Profile::Http);
        self.text.push(':');
    }

    pub(crate) fn string(&mut self, text: &str) {
        slp_model::json::write_string(&mut self.text, text, slp_model::json::Profile::Http);
    }
}

/// Reads one value that fills the text.
pub(crate) fn from_text<T: Wire>(text: &str, limits: &Limits) -> Result<T, Fail> {
    from_text_by(text, limits, T::read)
}

fn from_text_by<T>(
    text: &str,
    limits: &Limits,
    read: impl FnOnce(&mut In<'_, '_>) -> Result<T, Fail>,
) -> Result<T, Fail> {
    let mut input = In::new(text, limits);
    let value = read(&mut input)?;
    input.reader.end().map_err(Fail::from)?;
    Ok(value)
}

/// Reads a body: a byte order mark is passed over, anything but UTF-8 is no JSON, no bytes at all are a fault of their own.
pub(crate) fn from_body<T: Wire>(body: &[u8], limits: &Limits, operation: &str) -> Result<T, Error> {
    from_body_by(body, limits, operation, T::read)
}

/// As [`from_body`], for a value that is not read by its type alone.
pub(crate) fn from_body_by<T>(
    body: &[u8],
    limits: &Limits,
    operation: &str,
    read: impl FnOnce(&mut In<'_, '_>) -> Result<T, Fail>,
) -> Result<T, Error> {
    let text = body_text(body, limits.body_bytes, operation)?;
    if text.trim_start().starts_with('<') {
        let text = "the body is a page or XML where JSON is needed: a login or error page, perhaps of a proxy";
        return Err(Error::new(ErrorKind::NotJson, text).at(slp_model::Location::path(operation)));
    }
    from_text_by(text, limits, read).map_err(|fail| Error::json(&fail, operation))
}

/// The text of a body within its limit.
pub(crate) fn body_text<'a>(body: &'a [u8], limit: usize, operation: &str) -> Result<&'a str, Error> {
    if body.len() > limit {
        return Err(Error::limit("body_bytes", u64::try_from(limit).unwrap_or(u64::MAX), operation));
    }
    let text = std::str::from_utf8(body).map_err(|error| {
        let mut at = slp_model::Location::path(operation);
        at.byte = u64::try_from(error.valid_up_to()).ok();
        Error::new(ErrorKind::NotJson, "the body is not UTF-8 text").at(at)
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        let text = "the answer has no body, where one is needed";
        return Err(Error::new(ErrorKind::Empty, text).at(slp_model::Location::path(operation)));
    }
    Ok(text)
}

/// The value as compact JSON.
pub(crate) fn to_text<T: Wire>(value: &T) -> String {
    let mut out = Out { text: String::new(), masked: false };
    value.write(&mut out);
    out.text
}

/// The value as compact JSON with `***` for every secret, and whether there was one.
pub(crate) fn to_masked_text<T: Wire>(value: &T) -> String {
    let mut out = Out { text: String::new(), masked: true };
    value.write(&mut out);
    out.text
}

#[cfg(test)]
mod tests;
