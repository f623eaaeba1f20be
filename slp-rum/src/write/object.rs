//! Members of one JSON object, with commas between, in the order of the calls.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::fmt::{Display, Write as _};

use slp_model::Udi;
use slp_model::json::{Fault, Limits, Profile, Reader, write_compact, write_string};

use crate::{Error, ErrorKind, Member};

/// An object that is being written. [`end`](Self::end) closes it.
pub(super) struct Object<'o> {
    out: &'o mut String,
    is_empty: bool,
}

impl<'o> Object<'o> {
    /// Opens an object.
    pub(super) fn begin(out: &'o mut String) -> Self {
        out.push('{');
        Self { out, is_empty: true }
    }

    /// Writes a name and gives the buffer for its value. The name needs no escape.
    pub(super) fn member(&mut self, name: &str) -> &mut String {
        if !self.is_empty {
            self.out.push(',');
        }
        self.is_empty = false;
        self.out.push('"');
        self.out.push_str(name);
        self.out.push_str("\":");
        self.out
    }

    pub(super) fn string(&mut self, name: &str, text: &str) {
        string(self.member(name), text);
    }

    /// A string, if there is one.
    pub(super) fn optional_string(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.string(name, text);
        }
    }

    /// A number, `true` or `false`.
    pub(super) fn plain(&mut self, name: &str, value: impl Display) {
        // Writing to a `String` cannot fail.
        let _ = write!(self.member(name), "{value}");
    }

    pub(super) fn object(&mut self, name: &str) -> Object<'_> {
        Object::begin(self.member(name))
    }

    /// `{"udi_pid":…,"udi_serial_number":…}`.
    pub(super) fn sudi(&mut self, name: &str, device: &Udi) {
        sudi(self.member(name), device);
    }

    /// Members as they were received, behind those of the names in `known`.
    ///
    /// # Errors
    /// [`ErrorKind::DuplicateMember`] if a name is one of `known` or stands twice; [`ErrorKind::Json`] if a text is no
    /// JSON value. Neither comes out of a reader.
    pub(super) fn unknown<M: Borrow<Member>>(&mut self, members: &[M], known: &[&str]) -> Result<(), Error> {
        let mut names = BTreeSet::new();
        for member in members {
            let member = member.borrow();
            let is_earlier = !names.insert(member.name.as_str());
            if is_earlier || known.contains(&member.name.as_str()) {
                let fault = Fault::duplicate(0, &member.name);
                return Err(Error::new(ErrorKind::DuplicateMember, fault.message()));
            }
            if !self.is_empty {
                self.out.push(',');
            }
            self.is_empty = false;
            string(self.out, &member.name);
            self.out.push(':');
            raw(self.out, member)?;
        }
        Ok(())
    }

    /// Closes the object.
    pub(super) fn end(self) {
        self.out.push('}');
    }
}

/// A string in the form of reports. Spec: rum, "Writer rules" J.
pub(super) fn string(out: &mut String, text: &str) {
    write_string(out, text, Profile::Rum);
}

pub(super) fn sudi(out: &mut String, device: &Udi) {
    let mut object = Object::begin(out);
    object.string("udi_pid", device.pid());
    object.string("udi_serial_number", device.serial());
    object.end();
}

/// Writes what `write` makes of each item, with commas between, in brackets.
pub(super) fn array<T>(
    out: &mut String,
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut String, T) -> Result<(), Error>,
) -> Result<(), Error> {
    out.push('[');
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(out, item)?;
    }
    out.push(']');
    Ok(())
}

/// The value of an unknown member without the white space outside its strings.
fn raw(out: &mut String, member: &Member) -> Result<(), Error> {
    let mut reader = Reader::new(&member.raw, Limits::new(u32::MAX, usize::MAX));
    reader.skip().and_then(|_| reader.end()).map_err(|fault| {
        let name = slp_model::Quoted(&member.name);
        Error::new(ErrorKind::Json, format!("the text of the member {name} is not one JSON value")).caused_by(fault)
    })?;
    let from = out.len();
    write_compact(out, &member.raw);
    // Legal in JSON but not in XML. They can only stand in strings, where an escape says the same.
    if out.get(from..).is_some_and(|text| text.contains(['\u{fffe}', '\u{ffff}'])) {
        let text = out.split_off(from);
        out.push_str(&text.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(members: &[Member], known: &[&str]) -> Result<String, Error> {
        let mut out = String::new();
        let mut object = Object::begin(&mut out);
        object.unknown(members, known)?;
        object.end();
        Ok(out)
    }

    #[test]
    fn unknown_members_lose_white_space_outside_strings_and_nothing_else() {
        let members = [
            Member::new("x_a", " { \"b c\" : [ 1 , 2.50 , -0, \"\\/\\u0041 d\" ] ,\r\n\t\"\" : null } "),
            Member::new("x \"b\"/é\u{1}", "1E+2"),
        ];
        let expected = r#"{"x_a":{"b c":[1,2.50,-0,"\/\u0041 d"],"":null},"x \"b\"/é\u0001":1E+2}"#;
        assert_eq!(written(&members, &[]).unwrap(), expected);
    }

    #[test]
    fn characters_that_xml_cannot_hold_are_escaped_in_unknown_members_too() {
        let members = [Member::new("x\u{fffe}", "[\"a\u{ffff}\\uffff\u{fffd}\",\"\u{fffe}\"]")];
        assert_eq!(written(&members, &[]).unwrap(), "{\"x\\ufffe\":[\"a\\uffff\\uffff\u{fffd}\",\"\\ufffe\"]}");
    }

    #[test]
    fn a_member_that_stands_twice_is_refused() {
        let twice = [Member::new("a", "1"), Member::new("b", "1"), Member::new("a", "1")];
        assert_eq!(written(&twice, &[]).unwrap_err().kind(), ErrorKind::DuplicateMember);
        let error = written(&[Member::new("key", "1")], &["type", "key"]).unwrap_err();
        insta::assert_snapshot!(error, @r#"member "key" stands twice in one object"#);
    }

    #[test]
    fn a_text_that_is_not_one_json_value_is_refused() {
        for raw in ["", " ", "x", "1 2", "1,\"b\":2", "{\"a\":1", "\"a", "{\"a\":1,\"a\":1}", "[1],[2]", "1}"] {
            let error = written(&[Member::new("x_a", raw)], &[]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Json, "{raw}");
        }
        let error = written(&[Member::new("x_a", "{\"a\":tru}")], &[]).unwrap_err();
        insta::assert_snapshot!(error, @r#"the text of the member "x_a" is not one JSON value"#);
        let cause = std::error::Error::source(&error).unwrap();
        insta::assert_snapshot!(cause, @"byte 5: an unknown word where true should stand");
    }
}
