//! Members that this version does not know.

use std::borrow::Cow;
use std::collections::BTreeSet;

use slp_model::json::Fault;

use super::{Fail, In, Out};

/// Members that this version does not know, in their order, each with its raw JSON text: data that survives a round
/// trip. Spec: transport, "JSON" (choice).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unknown {
    members: Vec<(String, String)>,
    /// Their names again: a search through the list for each would take the square of their number.
    names: BTreeSet<String>,
}

impl Unknown {
    /// Name and raw JSON text of each.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.members.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The raw JSON text of one.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// These members, in this order. Each text has to be JSON.
    pub(crate) fn of(members: impl IntoIterator<Item = (String, String)>) -> Self {
        let members: Vec<_> = members.into_iter().collect();
        let names = members.iter().map(|(name, _)| name.clone()).collect();
        Self { members, names }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Passes over the value of an unknown member and keeps it.
    pub(crate) fn read(&mut self, name: Cow<'_, str>, at: usize, input: &mut In<'_, '_>) -> Result<(), Fail> {
        if !self.names.insert(name.to_string()) {
            return Err(Fault::duplicate(at, &name).into());
        }
        let raw = input.reader.skip().map_err(Fail::from)?;
        self.members.push((name.into_owned(), raw.to_owned()));
        Ok(())
    }

    /// As [`read`](Self::read), for a place where a payload may stand, which is longer than other strings: it is kept with the
    /// escapes of our own writer.
    pub(crate) fn read_long(&mut self, name: Cow<'_, str>, at: usize, input: &mut In<'_, '_>) -> Result<(), Fail> {
        if &*name != "payload" || input.reader.kind().map_err(Fail::from)? != slp_model::json::ValueKind::String {
            return self.read(name, at, input);
        }
        if !self.names.insert(name.to_string()) {
            return Err(Fault::duplicate(at, &name).into());
        }
        let mut text = String::new();
        input.reader.string_into(&mut text, input.limits.payload_bytes, "payload_bytes").map_err(Fail::from)?;
        let mut raw = String::with_capacity(text.len());
        slp_model::json::write_string(&mut raw, &text, slp_model::json::Profile::Http);
        self.members.push((name.into_owned(), raw));
        Ok(())
    }

    pub(crate) fn write(&self, out: &mut Out, first: &mut bool) {
        for (name, raw) in &self.members {
            out.member(first, name);
            slp_model::json::write_compact(&mut out.text, raw);
        }
    }
}
