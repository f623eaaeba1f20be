//! RESTCONF: `Cisco-IOS-XE-system-integrity-oper:system-integrity-oper-data.location[].integrity[]` (seen).
#![expect(unreachable_pub, dead_code, reason = "the macro makes public records with everything that messages need")]

use slp_model::Location;

use super::Answer;
use super::entry::{self, Integrity};
use super::text::{self, Places};
use crate::wire::{Fail, In, Out, Wire, body_text, from_text, record};
use crate::{Error, Limits};

const DATA: &str = "Cisco-IOS-XE-system-integrity-oper:system-integrity-oper-data";

record! {
    /// The whole answer.
    pub struct Whole {
        data: req Data = "Cisco-IOS-XE-system-integrity-oper:system-integrity-oper-data",
    }
}

record! {
    /// The container `system-integrity-oper-data`.
    pub struct Data {
        locations: list Part = "location",
    }
}

record! {
    /// The list `location`. Its keys are left out by some releases (seen).
    pub struct Part {
        fru: said String = "fru",
        slot: said String = "slot",
        bay: said String = "bay",
        chassis: said String = "chassis",
        node: said String = "node",
        entries: list Entry = "integrity",
    }
}

/// Where an entry begins: it is read by itself, so that one that cannot be read does not spoil the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry(usize);

impl Entry {
    /// Reads the entry in the text that it was found in.
    pub(super) fn in_text<T: Wire>(&self, text: &str, limits: &Limits) -> Result<T, Fail> {
        let mut input = In::new(text, limits);
        input.reader = input.reader.resumed_at(self.0);
        T::read(&mut input)
    }

    pub(super) fn place(&self, places: &mut Places<'_>, path: String) -> Location {
        places.at(self.0, path)
    }
}

impl Wire for Entry {
    fn read(input: &mut In<'_, '_>) -> Result<Self, Fail> {
        let offset = input.reader.value_offset();
        input.reader.skip_syntax().map_err(Fail::from)?;
        Ok(Self(offset))
    }

    fn write(&self, out: &mut Out) {
        out.text.push_str("null");
    }
}

/// A fault in JSON, its place by line and column.
pub(super) fn fault(fail: &Fail, text: &str, path: &str) -> Error {
    let error = Error::json(fail, "");
    let place = text::place(text, fail.fault().offset(), format!("{path}{}", fail.path()));
    error.at(place)
}

/// Is the first member the one that such an answer has?
pub(super) fn is_answer(text: &[u8]) -> bool {
    starts_with_member(text, DATA)
}

pub(super) fn starts_with_member(text: &[u8], name: &str) -> bool {
    let rest = text.strip_prefix(b"{").map(<[u8]>::trim_ascii_start).and_then(|rest| rest.strip_prefix(b"\""));
    let rest = rest.and_then(|rest| rest.strip_prefix(name.as_bytes()));
    rest.is_some_and(|rest| rest.starts_with(b"\""))
}

pub(super) fn read(bytes: &[u8], limits: &Limits, answer: &mut Answer) -> Result<(), Error> {
    let text = body_text(bytes, limits.device_body_bytes, "")?;
    let whole: Whole = from_text(text, limits).map_err(|fail| fault(&fail, text, "$"))?;
    let mut places = Places::of(text);
    for (number, part) in whole.data.locations.into_iter().enumerate() {
        let location = location([&part.fru, &part.slot, &part.bay, &part.chassis, &part.node]);
        for (index, entry) in part.entries.iter().enumerate() {
            let path = format!("$.{DATA}.location[{number}].integrity[{index}]");
            let statement = match entry.in_text::<Integrity>(text, limits) {
                Ok(read) => entry::statement(read, &entry.place(&mut places, path), location.clone(), answer),
                Err(fail) => Err(fault(&fail, text, &path)),
            };
            answer.push(statement)?;
        }
    }
    Ok(())
}

/// The keys of a location, as the command line prints them.
pub(super) fn location(keys: [&Option<String>; 5]) -> Option<String> {
    let named = ["FRU", "SLOT", "BAY", "CHASSIS", "NODE"].into_iter().zip(keys);
    let parts: Vec<String> =
        named.filter_map(|(name, key)| key.as_deref().map(|key| format!("{name}={}", key.trim()))).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}
