//! The one form. Spec: crypto, "Canonical JSON", "Writing".

use std::fmt;
use std::slice::Iter;

use slp_model::json::{Profile, write_string};

use super::{Object, Value};

/// An array or object that is being written.
enum Open<'a> {
    Array(Iter<'a, Value>),
    Object(Iter<'a, (String, Value)>),
}

impl Value {
    /// The canonical bytes: UTF-8, no white space, nothing at the end.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_text().into_bytes()
    }

    fn to_text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    /// Adds the canonical form. A stack of its own instead of recursion: a value built by hand may be deep.
    pub(crate) fn write(&self, out: &mut String) {
        let mut open: Vec<Open<'_>> = Vec::new();
        let mut next = Some(self);
        loop {
            if let Some(value) = next.take() {
                match value {
                    Self::Null => out.push_str("null"),
                    Self::Bool(true) => out.push_str("true"),
                    Self::Bool(false) => out.push_str("false"),
                    Self::Int(number) => write_integer(out, number.get()),
                    Self::String(text) => write_string(out, text, Profile::Canonical),
                    Self::Array(values) => {
                        out.push('[');
                        open.push(Open::Array(values.iter()));
                    }
                    Self::Object(object) => {
                        out.push('{');
                        open.push(Open::Object(object.iter()));
                    }
                }
            }
            let closing = match open.last_mut() {
                None => return,
                Some(Open::Array(values)) => {
                    next = values.next();
                    ']'
                }
                Some(Open::Object(members)) => {
                    if let Some((name, value)) = members.next() {
                        separate(out);
                        write_string(out, name, Profile::Canonical);
                        out.push(':');
                        next = Some(value);
                    }
                    '}'
                }
            };
            match (next, closing) {
                (None, closing) => {
                    out.push(closing);
                    open.pop();
                }
                (Some(_), ']') => separate(out),
                _ => {}
            }
        }
    }
}

impl Object {
    /// The canonical bytes of all members but these.
    pub(crate) fn bytes_without(&self, left_out: &[&str]) -> Vec<u8> {
        let mut out = String::from("{");
        for (name, value) in self.iter().filter(|(name, _)| !left_out.contains(&name.as_str())) {
            separate(&mut out);
            write_string(&mut out, name, Profile::Canonical);
            out.push(':');
            value.write(&mut out);
        }
        out.push('}');
        out.into_bytes()
    }
}

/// A comma, unless it would be the first thing inside the brackets. Inside a container the last byte is its opening
/// bracket only before the first member: what was written before ends in a quote, a digit, a letter or a closing one.
fn separate(out: &mut String) {
    if !out.ends_with(['[', '{']) {
        out.push(',');
    }
}

fn write_integer(out: &mut String, number: i64) {
    use fmt::Write as _;
    // writing to a string cannot fail
    let _ = write!(out, "{number}");
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}
