//! One object of JSON with all its members at hand: for parts whose member names are not certain.

use std::borrow::Cow;

use slp_model::json::{Fault, Limits, Reader, Seen};
use slp_model::{ReportId, Udi, UnixMillis};

use crate::Member;

/// A member: its name, the raw text of its value, and where that begins.
#[derive(Clone, Debug)]
pub(crate) struct Item<'t> {
    pub(crate) name: Cow<'t, str>,
    pub(crate) raw: &'t str,
    pub(crate) at: usize,
}

/// An object. Members that were taken are gone; what is left at the end is unknown.
#[derive(Clone, Debug)]
pub(crate) struct Object<'t> {
    items: Vec<Item<'t>>,
    /// The first name that stands twice.
    pub(crate) twice: Option<(usize, String)>,
    /// Was a member taken under another name than the usual one?
    pub(crate) was_near: bool,
}

/// Up to so many members a search for a name costs less than a set.
const FEW: usize = 16;

impl<'t> Object<'t> {
    /// Reads the object that comes next.
    pub(crate) fn read(reader: &mut Reader<'t>) -> Result<Self, Fault> {
        let mut object = Self { items: Vec::with_capacity(6), twice: None, was_near: false };
        let mut seen = Seen::default();
        reader.begin_object()?;
        while let Some(name) = reader.next_member()? {
            let name_at = reader.name_offset();
            let at = reader.value_offset();
            let raw = reader.skip_syntax()?;
            if object.items.len() == FEW {
                for item in &object.items {
                    seen.other(&item.name);
                }
            }
            let is_second = if object.items.len() < FEW {
                object.items.iter().any(|item| item.name == name)
            } else {
                !seen.other(&name)
            };
            if is_second && object.twice.is_none() {
                object.twice = Some((name_at, name.clone().into_owned()));
            }
            object.items.push(Item { name, raw, at });
        }
        Ok(object)
    }

    /// Reads the object inside a raw value.
    pub(crate) fn inside(raw: &'t str, limits: Limits) -> Option<Self> {
        let object = Self::read(&mut Reader::new(raw, limits)).ok()?;
        object.twice.is_none().then_some(object)
    }

    /// Takes the member of exactly this name.
    pub(crate) fn take(&mut self, name: &str) -> Option<Item<'t>> {
        let index = self.items.iter().position(|item| item.name == name)?;
        Some(self.items.remove(index))
    }

    /// Takes the member of exactly this name, or else the first whose name is like one of the list, in the order of the
    /// list.
    pub(crate) fn take_near(&mut self, exact: &str, near: &[&str]) -> Option<Item<'t>> {
        if let Some(item) = self.take(exact) {
            return Some(item);
        }
        if self.items.is_empty() {
            return None;
        }
        let index = near.iter().find_map(|wanted| self.items.iter().position(|item| is_near(&item.name, wanted)))?;
        self.was_near = true;
        Some(self.items.remove(index))
    }

    /// Takes a text. `null`, empty, `None` and `NA` mean absent; a number is taken as it is written.
    pub(crate) fn take_text(&mut self, name: &str) -> Option<String> {
        self.take(name).and_then(|item| present_text(item.raw))
    }

    /// Takes the device of a member: an object of product id and serial number, a UDI text, or the two by themselves.
    ///
    /// # Errors
    /// When there is a device that cannot be read.
    pub(crate) fn take_device(&mut self, limits: Limits) -> Result<Option<Udi>, NoDevice> {
        const DEVICE: [&str; 5] = ["sudi", "udi", "device", "deviceudi", "productinstance"];
        let Some(item) = self.take_near("sudi", &DEVICE) else {
            let names_one = self.items.iter().any(|item| PID.iter().any(|name| is_near(&item.name, name)));
            return if names_one { self.take_parts().map(Some) } else { Ok(None) };
        };
        if !item.raw.starts_with('{') {
            let Some(text) = present_text(item.raw) else {
                return Ok(None);
            }; // null: as if it were not there
            self.was_near = true;
            return text.parse().map(Some).map_err(|_| NoDevice);
        }
        if let Some((pid, serial)) = plain_device(item.raw, limits) {
            return Udi::new(pid, serial).map(Some).map_err(|_| NoDevice);
        }
        let mut inner = Self::inside(item.raw, limits).ok_or(NoDevice)?;
        if inner.items.is_empty() {
            return Ok(None); // an object of nothing names nobody
        }
        let udi = inner.take_parts()?;
        self.was_near |= inner.was_near;
        if inner.items.is_empty() {
            return Ok(Some(udi));
        }
        let mut more = |name: &str| inner.take_text(name).unwrap_or_default();
        Ok(Some(
            udi.with_vid(more("udi_vid"))
                .with_uuid(more("uuid"))
                .with_suvi(more("suvi"))
                .with_host_identifier(more("host_identifier"))
                .with_mac_address(more("mac_address")),
        ))
    }

    /// Takes product id and serial number.
    fn take_parts(&mut self) -> Result<Udi, NoDevice> {
        const SERIAL: [&str; 5] = ["udiserialnumber", "serialnumber", "serialno", "sn", "serial"];
        let pid = self.take_near("udi_pid", &PID).and_then(|item| string(item.raw)).ok_or(NoDevice)?;
        let serial = self.take_near("udi_serial_number", &SERIAL).and_then(|item| string(item.raw)).ok_or(NoDevice)?;
        Udi::new(pid, serial).map_err(|_| NoDevice)
    }

    /// What was not taken, as it stands.
    pub(crate) fn rest(&mut self) -> Vec<Member> {
        std::mem::take(&mut self.items).into_iter().map(|item| Member::new(item.name, item.raw)).collect()
    }
}

/// A device in the usual form: exactly two members in the usual order. Most are.
fn plain_device(raw: &str, limits: Limits) -> Option<(Cow<'_, str>, Cow<'_, str>)> {
    let mut reader = Reader::new(raw, limits);
    reader.begin_object().ok()?;
    let pid = if reader.next_member().ok()?? == "udi_pid" { reader.string().ok()? } else { return None };
    let serial = if reader.next_member().ok()?? == "udi_serial_number" { reader.string().ok()? } else { return None };
    reader.next_member().ok()?.is_none().then_some((pid, serial))
}

const PID: [&str; 3] = ["udipid", "pid", "productid"];

/// A device is named and cannot be read.
#[derive(Debug)]
pub(crate) struct NoDevice;

/// Is the name the wanted one, but for case and `_`, `-`, blanks? `wanted` is in the plain form already.
fn is_near(name: &str, wanted: &str) -> bool {
    let plain = name.bytes().filter(|byte| !matches!(byte, b'_' | b'-' | b' ')).map(|byte| byte.to_ascii_lowercase());
    plain.eq(wanted.bytes())
}

/// The text of a raw string value.
pub(crate) fn string(raw: &str) -> Option<Cow<'_, str>> {
    Reader::new(raw, Limits::new(1, usize::MAX)).string().ok()
}

/// The text of a raw value; `null`, empty, `None` and `NA` mean absent. Other values than strings as they are written.
pub(crate) fn present_text(raw: &str) -> Option<String> {
    let text = if raw.starts_with('"') { string(raw)? } else { Cow::Borrowed(raw) };
    (!matches!(&*text, "" | "None" | "NA") && raw != "null").then(|| text.into_owned())
}

/// The text of a raw value, empty ones and all words included; `null` is none. Other values than strings as written.
pub(crate) fn free_text(raw: &str) -> Option<String> {
    let text = if raw.starts_with('"') { string(raw)? } else { Cow::Borrowed(raw) };
    (raw != "null").then(|| text.into_owned())
}

/// A report id, as a number or as a string of digits.
pub(crate) fn report_id(raw: &str) -> Option<ReportId> {
    if raw.starts_with('"') { string(raw)?.parse().ok() } else { raw.parse().ok() }
}

/// Milliseconds, as a number or as a string of digits.
pub(crate) fn millis(raw: &str) -> Option<UnixMillis> {
    let text = if raw.starts_with('"') { string(raw)? } else { Cow::Borrowed(raw) };
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    UnixMillis::new(text.parse().ok().filter(|_| digits)?).ok()
}
