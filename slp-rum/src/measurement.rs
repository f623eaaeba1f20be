//! One interval of one report, and one snapshot of a telemetry report.

use std::collections::BTreeMap;

use serde::Serialize;
use slp_model::license::{CloseReason, HaRole, MetricName, TerminationReason, ValueType};
use slp_model::{Seconds, Udi, UnixSeconds};

/// One interval of one usage report (both generations). Spec: rum, "Measurement".
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Measurement {
    /// Device clock when the measurement was opened or logged; it may lie before `start` (seen).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_time: Option<UnixSeconds>,
    /// `ENTITLEMENT` (seen).
    pub metric: MetricName,
    /// First second, GMT (seen).
    pub start: UnixSeconds,
    /// First second after it, GMT (seen). It may lie before `start` when the clock was set back.
    pub end: UnixSeconds,
    /// The wire's `sample_interval`: the length in seconds, equal to `end - start` (seen). Not enforced on reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<Seconds>,
    /// The wire's `num_samples` (seen).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub samples: Option<u64>,
    /// `COUNT`, the only word seen; `None` when there is no value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_type: Option<ValueType>,
    /// The text of the value: decimal digits for `COUNT` (seen).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// New clock minus old clock, in seconds (inferred).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock_delta: Option<Seconds>,
    /// Why the report ended: on the last measurement of a closed report (seen).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub termination: Option<TerminationReason>,
    /// The second word for it, in the second generation (seen).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub close: Option<CloseReason>,
    /// Devices (access points) that joined since the measurement before; `None` when the list is absent (seen).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub added: Option<Vec<Udi>>,
    /// Devices that left since the measurement before (seen).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removed: Option<Vec<Udi>>,
}

impl Measurement {
    /// `count` licences in use from `start` to `end`, with the length that belongs to it and nothing else.
    pub fn new(start: UnixSeconds, end: UnixSeconds, count: u64) -> Self {
        Self {
            log_time: Some(start),
            metric: MetricName::Entitlement,
            start,
            end,
            length: Some(Seconds::new(end.get().saturating_sub(start.get()))),
            samples: Some(0),
            value_type: Some(ValueType::Count),
            value: Some(count.to_string()),
            clock_delta: None,
            termination: None,
            close: None,
            added: None,
            removed: None,
        }
    }

    /// The count, when the value is one.
    pub fn count(&self) -> Option<u64> {
        if self.value_type == Some(ValueType::Count) { self.value.as_ref()?.parse().ok() } else { None }
    }

    /// Seconds that really passed: `(end - start) - clock_delta` (inferred). Spec: rum, "Time arithmetic".
    pub fn elapsed(&self) -> Seconds {
        let span = self.end.get().saturating_sub(self.start.get());
        Seconds::new(span.saturating_sub(self.clock_delta.map_or(0, Seconds::get)))
    }
}

/// One member of a redundant set, as a report names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct HaMember {
    /// `Active`, `Standby` (seen).
    pub role: HaRole,
    /// Which device.
    #[serde(flatten)]
    pub device: Udi,
}

impl HaMember {
    /// A device in this role.
    pub fn new(role: HaRole, device: Udi) -> Self {
        Self { role, device }
    }
}

/// What a telemetry report says about one moment: a pair of its measurements. Spec: rum, "Telemetry reports".
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Snapshot {
    /// The text of the value `report_id`, which joins the pair. Not the id of the report (seen).
    pub key: String,
    /// Start of the telemetry, the same in all snapshots of a report (seen).
    pub start: UnixSeconds,
    /// The moment.
    pub end: UnixSeconds,
    /// When the batch was logged (seen).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_time: Option<UnixSeconds>,
    /// The values of the first of the pair, by type.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub info: BTreeMap<String, String>,
    /// Seconds east of GMT, from `timezone`, which wraps below zero (seen).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utc_offset: Option<i32>,
    /// The parts of the device.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inventory: Vec<InventoryItem>,
}

/// One part of a device. Parts may repeat, and names may hold blanks (seen).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct InventoryItem {
    /// What the part is called in its device.
    pub cname: String,
    /// Its serial number.
    pub serial_no: String,
    /// Its part number.
    pub part_no: String,
}
