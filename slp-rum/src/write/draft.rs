//! Payloads of simulated devices: usage of one licence. Spec: rum, "Writer rules" P.

use slp_model::license::{CloseReason, HaRole, TerminationReason, ValueType};
use slp_model::{EntitlementTag, Location, Quoted, ReportId, SoftwareTag, Udi};

use super::envelope::write_signature;
use super::object::{Object, array, sudi};
use super::{all_or_nothing, to_text};
use crate::{Error, ErrorKind, HaMember, Measurement, Signature};

/// The payload of a usage report of a simulated device, not yet signed.
///
/// For tests, demonstrations and stand-ins of devices: never for a report that came from a device, whose text is
/// [kept](crate::UsageReport::payload_text). Member order as on real devices (seen). What the reader would refuse, or
/// would have to tolerate because of its shape, is refused here; sizes are not looked at, since limits are the
/// reader's. Spec: rum, "Payload", "Writer rules" P.
///
/// ```
/// use slp_model::license::SigningType;
/// use slp_model::{EntitlementTag, ReportId, SoftwareTag, Udi, UnixSeconds};
/// use slp_rum::write::{DeviceFile, UsageDraft};
/// use slp_rum::{Measurement, ReadOptions, Signature, UsageReport};
///
/// let device = Udi::new("TEST-SWITCH", "TST00000001")?;
/// let product = SoftwareTag::new("regid.2020-01.com.cisco.TEST,1.0_00000000-0000-4000-8000-0000000000aa")?;
/// let licence = EntitlementTag::new("regid.2020-01.com.cisco.test_base,1.0_00000000-0000-4000-8000-000000000001")?;
///
/// let mut draft = UsageDraft::v2(ReportId::new(1_700_000_000), device.clone(), product, licence);
/// let (start, end) = (UnixSeconds::new(1_700_000_100)?, UnixSeconds::new(1_700_003_700)?);
/// draft.measurements.push(Measurement::new(start, end, 2));
///
/// // A device signs twice: the text without an inner signature, then the text with it.
/// let sign = |text: &str| Signature::new(SigningType::Sha256, "12345678", fake_signature(text));
/// let inner = sign(&draft.to_text()?);
/// let payload = draft.to_signed_text(&inner)?;
/// let outer = sign(&payload).by(device);
///
/// let report = UsageReport::from_payload(payload, None, Some(outer), &ReadOptions::strict())?;
/// assert_eq!(report.peak(), Some(2));
/// let file = DeviceFile::new().report(&report).to_text()?;
/// # assert!(file.contains("RUMReport"));
/// # fn fake_signature(text: &str) -> String { format!("{:08}", text.len()) }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UsageDraft {
    shape: Shape,
    /// The number of the report, unique on its device.
    pub id: ReportId,
    /// The device that reports.
    pub device: Udi,
    /// The identity that the cloud gave the device.
    pub product_instance_id: Option<String>,
    /// The product: `asset.name`.
    pub software_tag: SoftwareTag,
    /// The licence.
    pub entitlement_tag: EntitlementTag,
    /// The version of the software; devices may keep it for themselves (doc).
    pub software_version: Option<String>,
    /// Is utility reporting on? Second generation only.
    pub utility_enabled: Option<bool>,
    /// The redundant set, the device included; one member at least.
    pub ha: Vec<HaMember>,
    /// The measurements, in order; one at least.
    pub measurements: Vec<Measurement>,
}

/// The two generations of payloads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    V1,
    V2,
}

impl UsageDraft {
    /// A payload of the first generation: no `version`, the report id in `meta`. The device alone, active, without
    /// measurements yet.
    pub fn v1(id: ReportId, device: Udi, software_tag: SoftwareTag, entitlement_tag: EntitlementTag) -> Self {
        Self {
            shape: Shape::V1,
            id,
            ha: vec![HaMember::new(HaRole::Active, device.clone())],
            device,
            product_instance_id: None,
            software_tag,
            entitlement_tag,
            software_version: None,
            utility_enabled: None,
            measurements: Vec::new(),
        }
    }

    /// A payload of the second generation: `version` `2.0`, utility reporting off. The device alone, active, without
    /// measurements yet.
    pub fn v2(id: ReportId, device: Udi, software_tag: SoftwareTag, entitlement_tag: EntitlementTag) -> Self {
        let v1 = Self::v1(id, device, software_tag, entitlement_tag);
        Self { shape: Shape::V2, utility_enabled: Some(false), ..v1 }
    }

    /// The text without inner signature: what a device signs first.
    ///
    /// # Errors
    /// The place is inside the payload. [`ErrorKind::MissingMember`] without members of the redundant set or without
    /// measurements, and for a measurement without log time, length, samples or value; [`ErrorKind::BadNumber`] for a
    /// `COUNT` that is no decimal number up to 2^64 - 1; [`ErrorKind::Inconsistent`] for `utility_enabled` in the first
    /// generation.
    pub fn to_text(&self) -> Result<String, Error> {
        to_text(|out| self.write_to(None, out))
    }

    /// The text with its inner signature: what the outer signature covers. It is the text of [`to_text`](Self::to_text)
    /// with one member and one comma more.
    ///
    /// # Errors
    /// As [`to_text`](Self::to_text); [`ErrorKind::Inconsistent`] for a signature that names a signer, which an inner
    /// one never does (seen); [`ErrorKind::DuplicateMember`] and [`ErrorKind::Json`] for unknown members of the
    /// signature that cannot be read back.
    pub fn to_signed_text(&self, inner: &Signature) -> Result<String, Error> {
        to_text(|out| self.write_to(Some(inner), out))
    }

    /// As [`to_text`](Self::to_text) or [`to_signed_text`](Self::to_signed_text), added to `out`. On an error `out` is
    /// as it was.
    ///
    /// # Errors
    /// As those two.
    pub fn write_to(&self, inner: Option<&Signature>, out: &mut String) -> Result<(), Error> {
        all_or_nothing(out, |out| {
            let mut payload = Object::begin(out);
            if self.shape == Shape::V2 {
                payload.string("version", "2.0");
            }
            self.write_asset(&mut payload, inner)?;
            if let (Shape::V2, Some(inner)) = (self.shape, inner) {
                write_inner(&mut payload, inner, "$.signature")?;
            }
            self.write_meta(&mut payload)?;
            if self.measurements.is_empty() {
                return Err(missing("$.measurements", "a report without measurements"));
            }
            array(payload.member("measurements"), self.measurements.iter().enumerate(), |out, (index, one)| {
                write_measurement(index, one, out)
            })?;
            payload.end();
            Ok(())
        })
    }

    fn write_asset(&self, payload: &mut Object<'_>, inner: Option<&Signature>) -> Result<(), Error> {
        let mut asset = payload.object("asset_identification");
        if self.shape == Shape::V2 {
            asset.plain("report_id", self.id);
        }
        write_instance(&mut asset, &self.software_tag, &self.device, self.product_instance_id.as_deref());
        if let (Shape::V1, Some(inner)) = (self.shape, inner) {
            write_inner(&mut asset, inner, "$.asset_identification.signature")?;
        }
        asset.end();
        Ok(())
    }

    fn write_meta(&self, payload: &mut Object<'_>) -> Result<(), Error> {
        let mut meta = payload.object("meta");
        meta.string("entitlement_tag", self.entitlement_tag.as_str());
        match (self.shape, self.utility_enabled) {
            (Shape::V1, None) => meta.plain("report_id", self.id),
            (Shape::V1, Some(_)) => {
                let text = "the first generation does not say whether utility reporting is on";
                return Err(at("$.meta.utility_enabled", ErrorKind::Inconsistent, text));
            }
            (Shape::V2, None) => {}
            (Shape::V2, Some(enabled)) => meta.plain("utility_enabled", enabled),
        }
        meta.optional_string("software_version", self.software_version.as_deref());
        write_ha(&mut meta, &self.ha)?;
        meta.end();
        Ok(())
    }
}

/// `asset` and `instance`.
pub(super) fn write_instance(asset: &mut Object<'_>, tag: &SoftwareTag, device: &Udi, product_instance: Option<&str>) {
    let mut name = asset.object("asset");
    name.string("name", tag.as_str());
    name.end();
    let mut instance = asset.object("instance");
    instance.sudi("sudi", device);
    instance.optional_string("product_instance_identifier", product_instance);
    instance.end();
}

/// `ha_udi`.
pub(super) fn write_ha(meta: &mut Object<'_>, members: &[HaMember]) -> Result<(), Error> {
    if members.is_empty() {
        return Err(missing("$.meta.ha_udi", "no member of the redundant set: the device itself is one"));
    }
    array(meta.member("ha_udi"), members, |out, member| {
        let mut object = Object::begin(out);
        object.string("role", member.role.as_str());
        object.sudi("sudi", &member.device);
        object.end();
        Ok(())
    })
}

fn write_inner(object: &mut Object<'_>, inner: &Signature, path: &str) -> Result<(), Error> {
    if inner.signer.is_some() {
        let text = "an inner signature names no signer: the payload does";
        return Err(at(path, ErrorKind::Inconsistent, text));
    }
    write_signature(object.member("signature"), inner).map_err(|error| error.at(place(path)))
}

fn place(path: &str) -> Location {
    Location::path(format!("payload{path}"))
}

/// An error at a path of the payload, which begins with `$`.
pub(super) fn at(path: &str, kind: ErrorKind, text: impl Into<String>) -> Error {
    Error::new(kind, text).at(place(path))
}

pub(super) fn missing(path: &str, text: impl Into<String>) -> Error {
    at(path, ErrorKind::MissingMember, text)
}

fn write_measurement(index: usize, one: &Measurement, out: &mut String) -> Result<(), Error> {
    let path = |name| format!("$.measurements[{index}].{name}");
    let missing = |name| missing(&path(name), "a measurement of usage has to say this");
    let mut object = Object::begin(out);
    object.plain("log_time", one.log_time.ok_or_else(|| missing("log_time"))?.get());
    object.string("metric_name", one.metric.as_str());
    object.plain("start_time", one.start.get());
    object.plain("end_time", one.end.get());
    object.plain("sample_interval", one.length.ok_or_else(|| missing("sample_interval"))?.get());
    object.plain("num_samples", one.samples.ok_or_else(|| missing("num_samples"))?);
    write_measurement_meta(one, &mut object)?;
    let value_type = one.value_type.as_ref().ok_or_else(|| missing("value.type"))?;
    let text = one.value.as_ref().ok_or_else(|| missing("value.value"))?;
    if *value_type == ValueType::Count && !is_count(text) {
        let text = format!("count {} is not a decimal number up to {}", Quoted(text), u64::MAX);
        return Err(at(&path("value.value"), ErrorKind::BadNumber, text));
    }
    let mut value = object.object("value");
    value.string("type", value_type.as_str());
    value.string("value", text);
    value.end();
    object.end();
    Ok(())
}

fn is_count(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u64>().is_ok()
}

/// `meta`, left out when there is nothing to say.
fn write_measurement_meta(one: &Measurement, object: &mut Object<'_>) -> Result<(), Error> {
    let Measurement { clock_delta, removed, added, termination, close, .. } = one;
    if clock_delta.is_none() && removed.is_none() && added.is_none() && termination.is_none() && close.is_none() {
        return Ok(());
    }
    let mut meta = object.object("meta");
    if let Some(delta) = clock_delta {
        meta.string("clock_change_delta", &delta.get().to_string());
    }
    for (name, list) in [("removed_sudi_list", removed), ("added_sudi_list", added)] {
        if let Some(list) = list {
            array(meta.member(name), list, |out, device| {
                sudi(out, device);
                Ok(())
            })?;
        }
    }
    meta.optional_string("termination_reason", termination.as_ref().map(TerminationReason::as_str));
    meta.optional_string("close_reason", close.as_ref().map(CloseReason::as_str));
    meta.end();
    Ok(())
}

#[cfg(test)]
mod tests;
