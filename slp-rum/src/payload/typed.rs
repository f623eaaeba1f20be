//! `[{type, value}, …]` of telemetry.

use std::borrow::Cow;

use super::LAYER;
use crate::Tolerance;
use crate::flaw::{Flaw, Path};
use crate::members::Members;

/// The type of a value that holds a whole inventory.
pub(super) const INVENTORY: &str = "json_encode";

/// One `{type, value}`.
#[derive(Debug)]
pub(super) struct Typed<'t> {
    /// Its place in the list.
    pub(super) index: usize,
    pub(super) kind: Cow<'t, str>,
    pub(super) value: Cow<'t, str>,
    /// The offset of its value.
    pub(super) at: usize,
}

/// Reads a list; an entry that lacks its type or its value is noted and left out.
pub(super) fn read_typed_list<'t>(members: &mut Members<'_, 't, '_>, path: &Path<'_>) -> Result<Vec<Typed<'t>>, Flaw> {
    let limits = &members.options().limits;
    let mut list = Vec::new();
    let mut index = 0_usize;
    let limit = ("measurements_per_report", limits.measurements_per_report, "values of one measurement");
    members.each_element(path, limit, |members, here| {
        let start = members.reader.value_offset();
        let (mut kind, mut value) = (None, None);
        members.each(here, |members, name, at| {
            let path = here.member(name);
            Ok(Some(match name {
                "type" => {
                    kind = Some(members.string(&path)?);
                    0
                }
                "value" => {
                    // What type it is may come behind it.
                    value = Some((at, members.string_within(limits.json_encode, INVENTORY, &path)?));
                    1
                }
                _ => return members.pass(&path),
            }))
        })?;
        if let (Some(kind), Some((at, value))) = (kind, value) {
            let most = limits.string_bytes;
            if kind != INVENTORY && value.len() > most {
                let path = here.member("value");
                return Err(Flaw::limit(LAYER, at, &path, "string_bytes", most, "bytes of one string"));
            }
            list.push(Typed { index, kind, value, at });
        } else {
            let reason = "an entry without type or without value: left out";
            members.notes.take(Tolerance::ValueShape, LAYER, start, here, reason)?;
        }
        index = index.saturating_add(1);
        Ok(())
    })?;
    Ok(list)
}
