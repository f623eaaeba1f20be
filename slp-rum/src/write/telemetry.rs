//! Payloads of simulated devices: telemetry. Spec: rum, "Telemetry reports".

use std::collections::{BTreeMap, BTreeSet};

use slp_model::license::HaRole;
use slp_model::{ReportId, SoftwareTag, Udi, UnixSeconds};

use super::draft::{at, missing, write_ha, write_instance};
use super::object::{Object, array};
use super::{all_or_nothing, to_text};
use crate::payload::utc_offset;
use crate::{Error, ErrorKind, HaMember, InventoryItem, Snapshot};

/// The payload of a telemetry report of a simulated device. It has no inner signature (seen).
///
/// Each [`Snapshot`] becomes a pair of measurements: what the device says about itself, and its parts. What the reader
/// would not read back the same is refused. Spec: rum, "Telemetry reports", "Writer rules" P.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TelemetryDraft {
    /// The number of the report, from the same counter as those of usage (seen).
    pub id: ReportId,
    /// The device that reports.
    pub device: Udi,
    /// The identity that the cloud gave the device (seen).
    pub product_instance_id: Option<String>,
    /// The product: `asset.name`.
    pub software_tag: SoftwareTag,
    /// Is utility reporting on?
    pub utility_enabled: Option<bool>,
    /// The redundant set, the device included; one member at least.
    pub ha: Vec<HaMember>,
    /// The snapshots, in order; one at least. Their keys differ.
    pub snapshots: Vec<Snapshot>,
}

/// The values of a snapshot in the order of real devices (seen); others follow, sorted.
const USUAL_ORDER: [&str; 9] = [
    "policy_version",
    "engine_version",
    "policy_file_version",
    "timezone",
    "version",
    "product_id",
    "serial_number",
    "software_version",
    "metadata",
];

impl TelemetryDraft {
    /// A telemetry report of the device alone, active, utility reporting off, without snapshots yet.
    pub fn new(id: ReportId, device: Udi, software_tag: SoftwareTag) -> Self {
        Self {
            id,
            ha: vec![HaMember::new(HaRole::Active, device.clone())],
            device,
            product_instance_id: None,
            software_tag,
            utility_enabled: Some(false),
            snapshots: Vec::new(),
        }
    }

    /// The text: what the outer signature covers.
    ///
    /// # Errors
    /// The place is inside the payload. [`ErrorKind::MissingMember`] without members of the redundant set or without
    /// snapshots; [`ErrorKind::Inconsistent`] for two snapshots of one key, for values named `report_id` or
    /// `json_encode` (they have their own fields), and for a `utc_offset` that the value `timezone` does not say.
    pub fn to_text(&self) -> Result<String, Error> {
        to_text(|out| self.write_to(out))
    }

    /// As [`to_text`](Self::to_text), added to `out`. On an error `out` is as it was.
    ///
    /// # Errors
    /// As [`to_text`](Self::to_text).
    pub fn write_to(&self, out: &mut String) -> Result<(), Error> {
        all_or_nothing(out, |out| {
            let mut payload = Object::begin(out);
            payload.string("version", "2.0");
            let mut asset = payload.object("asset_identification");
            asset.plain("report_id", self.id);
            write_instance(&mut asset, &self.software_tag, &self.device, self.product_instance_id.as_deref());
            asset.end();
            let mut meta = payload.object("meta");
            meta.string("report_type", "telemetry");
            if let Some(enabled) = self.utility_enabled {
                meta.plain("utility_enabled", enabled);
            }
            write_ha(&mut meta, &self.ha)?;
            meta.end();
            if self.snapshots.is_empty() {
                return Err(missing("$.measurements", "a telemetry report without snapshots"));
            }
            let mut keys = BTreeSet::new();
            array(payload.member("measurements"), self.snapshots.iter().enumerate(), |out, (index, snapshot)| {
                check(index, snapshot, keys.insert(snapshot.key.as_str()))?;
                write_pair(snapshot, out)
            })?;
            payload.end();
            Ok(())
        })
    }
}

impl Snapshot {
    /// A snapshot of this moment, joined by the text of its end (seen), without facts yet.
    pub fn new(start: UnixSeconds, end: UnixSeconds) -> Self {
        Self {
            key: end.get().to_string(),
            start,
            end,
            log_time: None,
            info: BTreeMap::new(),
            utc_offset: None,
            inventory: Vec::new(),
        }
    }

    /// Says how many seconds east of GMT the device is, and the value `timezone` with it: as an unsigned number of 64
    /// bits, so a place in the west has a large one (seen).
    pub fn set_utc_offset(&mut self, seconds: i32) {
        self.utc_offset = Some(seconds);
        self.info.insert("timezone".to_owned(), i64::from(seconds).cast_unsigned().to_string());
    }
}

impl InventoryItem {
    /// A part of this name, serial number and part number.
    pub fn new(cname: impl Into<String>, serial_no: impl Into<String>, part_no: impl Into<String>) -> Self {
        Self { cname: cname.into(), serial_no: serial_no.into(), part_no: part_no.into() }
    }
}

/// Would the snapshot read back as it is?
fn check(index: usize, snapshot: &Snapshot, key_is_new: bool) -> Result<(), Error> {
    let fault = if !key_is_new {
        "a second snapshot of the same key"
    } else if snapshot.info.contains_key("report_id") || snapshot.info.contains_key("json_encode") {
        "values named report_id or json_encode: the key and the inventory are fields of their own"
    } else if snapshot.utc_offset != snapshot.info.get("timezone").and_then(|text| utc_offset(text)) {
        "the offset from GMT is not the one that the value timezone says"
    } else {
        return Ok(());
    };
    Err(at(&format!("$.measurements[{}]", index.saturating_mul(2)), ErrorKind::Inconsistent, fault))
}

/// The two measurements of a snapshot, with a comma between.
fn write_pair(snapshot: &Snapshot, out: &mut String) -> Result<(), Error> {
    let key = ("report_id", snapshot.key.as_str());
    let usual = USUAL_ORDER.iter().filter_map(|name| snapshot.info.get_key_value(*name));
    let others = snapshot.info.iter().filter(|(name, _)| !USUAL_ORDER.contains(&name.as_str()));
    let info = usual.chain(others).map(|(name, text)| (name.as_str(), text.as_str()));
    let mut first = begin(snapshot, out);
    first.string("metric_name", "Telemetry Meta Info");
    typed(first.member("values"), std::iter::once(key).chain(info))?;
    end(snapshot, first);
    out.push(',');
    let mut second = begin(snapshot, out);
    typed(second.member("meta"), [key])?;
    second.string("metric_name", "hardware_inventory");
    typed(second.member("values"), [("json_encode", inventory(&snapshot.inventory)?.as_str())])?;
    end(snapshot, second);
    Ok(())
}

fn begin<'o>(snapshot: &Snapshot, out: &'o mut String) -> Object<'o> {
    let mut object = Object::begin(out);
    object.plain("start_time", snapshot.start.get());
    object.plain("end_time", snapshot.end.get());
    object
}

fn end(snapshot: &Snapshot, mut object: Object<'_>) {
    if let Some(time) = snapshot.log_time {
        object.plain("log_time", time.get());
    }
    object.end();
}

/// `[{"type":…,"value":…},…]`.
fn typed<'t>(out: &mut String, values: impl IntoIterator<Item = (&'t str, &'t str)>) -> Result<(), Error> {
    array(out, values, |out, (kind, value)| {
        let mut object = Object::begin(out);
        object.string("type", kind);
        object.string("value", value);
        object.end();
        Ok(())
    })
}

/// The third level of JSON: it stands in a string of the payload.
fn inventory(items: &[InventoryItem]) -> Result<String, Error> {
    to_text(|out| {
        array(out, items, |out, item| {
            let mut object = Object::begin(out);
            object.string("cname", &item.cname);
            object.string("serial_no", &item.serial_no);
            object.string("part_no", &item.part_no);
            object.end();
            Ok(())
        })
    })
}

#[cfg(test)]
mod tests;
