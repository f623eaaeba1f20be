//! `UsageReport`: one report as it travels, the signed text and a reading of that same text.

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use sha2::{Digest, Sha256};
use slp_model::license::{CloseReason, HeaderType, ReportType, SigningType, TerminationReason};
use slp_model::{
    EntitlementTag, Location, Place, ReportId, Signed, SignedContent, SoftwareTag, Span, Udi, serde_as_text, word_enum,
};

use crate::measurement::{HaMember, Measurement, Snapshot};
use crate::tolerance::Warning;

/// How the payload arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum PayloadForm {
    /// As a string in an envelope: the signed text is there.
    Text,
    /// As an object in an envelope: the signed text is lost, the report can be read but not verified nor written.
    Object,
    /// Without envelope (CLI dump): the text is there, an outer signature is not.
    Bare,
}

/// The generation of a payload, detected by shape. As text and as JSON: `v1`, `v2`, or `version` and the other version.
/// Spec: rum, "Two generations".
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Generation {
    /// No `version`; the report id stands in `meta`.
    V1,
    /// `version` begins with `2.`; the report id stands in `asset_identification`.
    V2,
    /// Another `version`.
    Other(String),
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V1 => f.pad("v1"),
            Self::V2 => f.pad("v2"),
            Self::Other(version) => f.pad(&format!("version {version}")),
        }
    }
}

impl FromStr for Generation {
    type Err = slp_model::Error;

    /// Reads what `Display` writes.
    ///
    /// # Errors
    /// [`BadWord`](slp_model::ErrorKind::BadWord) for any other text.
    fn from_str(text: &str) -> Result<Self, slp_model::Error> {
        match (text, text.strip_prefix("version ")) {
            ("v1", _) => Ok(Self::V1),
            ("v2", _) => Ok(Self::V2),
            (_, Some(version)) => Ok(Self::Other(version.to_owned())),
            _ => Err(word_enum::unknown_word(text, "generation", &mut ["v1", "v2", "version …"].into_iter())),
        }
    }
}

serde_as_text!(Generation);

/// What a report tells. As text and as JSON: `usage`, `telemetry`, `other`, or the type that is not known; a type of one
/// of these words is written behind `other:`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ReportKind {
    /// The use of one licence.
    Usage,
    /// Facts about the device.
    Telemetry,
    /// A report type that this version does not know, or no tag and no type.
    Other(ReportType),
}

impl fmt::Display for ReportKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage => f.pad("usage"),
            Self::Telemetry => f.pad("telemetry"),
            Self::Other(word) => match word.as_str() {
                "" => f.pad("other"),
                word if matches!(word, "usage" | "telemetry" | "other") || word.starts_with("other:") => {
                    f.pad(&format!("other:{word}"))
                }
                word => f.pad(word),
            },
        }
    }
}

impl FromStr for ReportKind {
    type Err = Infallible;

    /// Reads what `Display` writes. Any other text is a type that is not known.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "usage" => Self::Usage,
            "telemetry" => Self::Telemetry,
            "other" => Self::Other(ReportType::from("")),
            word => Self::Other(ReportType::from(word.strip_prefix("other:").unwrap_or(word))),
        })
    }
}

serde_as_text!(ReportKind);

/// Is the report closed? Its state is not in the file; only a reason on the last measurement tells.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Closure {
    /// Closed, for this reason.
    #[non_exhaustive]
    Closed {
        /// The wire's `termination_reason`.
        termination: TerminationReason,
        /// The wire's `close_reason`.
        close: Option<CloseReason>,
    },
    /// No reason: still open when it was saved, or not of a kind that says.
    NotStated,
}

/// A member that this version does not know: its name and its text, as received.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Member {
    /// The name, un-escaped.
    pub name: String,
    /// The JSON text of the value, untouched.
    pub raw: String,
}

impl Member {
    /// A member of this name with this JSON text.
    pub fn new(name: impl Into<String>, raw: impl Into<String>) -> Self {
        Self { name: name.into(), raw: raw.into() }
    }
}

/// A signature object: of the envelope (outer) or inside the payload (inner). Texts as received, nothing decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Signature {
    /// The device that signed; never in an inner signature (seen).
    pub signer: Option<Udi>,
    /// The wire's `signing_type`: `builtin`, `SHA-256`, `SHA256` (seen, doc).
    pub signing_type: SigningType,
    /// The wire's `key`: the software tag, or an id of 8 digits (seen, doc).
    pub key: String,
    /// Base64, possibly with line breaks (doc).
    pub value: String,
    /// Members of the signature that are not known.
    pub extra: Vec<Member>,
    /// Members of its `sudi` that are not known.
    pub signer_extra: Vec<Member>,
    /// Product id and serial number of the signer as they stand, where they have outer blanks: written again so.
    pub(crate) signer_written: Option<Box<(String, String)>>,
}

impl Signature {
    /// A signature without a named signer.
    pub fn new(signing_type: SigningType, key: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            signer: None,
            signing_type,
            key: key.into(),
            value: value.into(),
            extra: Vec::new(),
            signer_extra: Vec::new(),
            signer_written: None,
        }
    }

    /// The same, signed by this device.
    #[must_use]
    pub fn by(mut self, signer: Udi) -> Self {
        self.signer = Some(signer);
        self
    }
}

/// The `header` object of an envelope: `{"type":"rum"}` (seen, doc).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header {
    /// The wire's `type`.
    pub kind: Option<HeaderType>,
    /// Members that are not known.
    pub extra: Vec<Member>,
}

impl Header {
    /// `{"type":"rum"}`.
    pub fn rum() -> Self {
        Self { kind: Some(HeaderType::Rum), extra: Vec::new() }
    }
}

/// One usage report: the signed text, the envelope around it, and a reading of that same text.
///
/// There is no setter: a changed report would carry a signature that is not its own. What is written again are the
/// bytes that came in. Spec: rum, "Normalised view".
#[derive(Clone, Debug)]
pub struct UsageReport {
    pub(crate) raw: String,
    pub(crate) form: PayloadForm,
    pub(crate) header: Option<Header>,
    pub(crate) outer_signature: Option<Signature>,
    pub(crate) envelope_extra: Vec<Member>,
    pub(crate) generation: Generation,
    pub(crate) kind: ReportKind,
    pub(crate) id: ReportId,
    pub(crate) device: Udi,
    pub(crate) product_instance_id: Option<String>,
    pub(crate) software_tag: SoftwareTag,
    pub(crate) entitlement_tag: Option<EntitlementTag>,
    pub(crate) software_version: Option<String>,
    pub(crate) utility_enabled: Option<bool>,
    pub(crate) ha: Vec<HaMember>,
    pub(crate) inner_signature: Option<Signature>,
    pub(crate) measurements: Vec<Measurement>,
    pub(crate) snapshots: Vec<Snapshot>,
    pub(crate) place: Location,
    pub(crate) warnings: Vec<Warning>,
}

impl UsageReport {
    /// The payload text, byte for byte: what the outer signature covers.
    ///
    /// When the payload arrived as an object ([`PayloadForm::Object`]) this is the text of that object, which nobody
    /// signed.
    pub fn payload_text(&self) -> &str {
        &self.raw
    }

    /// SHA-256 of [`payload_text`](Self::payload_text): equal payloads are the same evidence.
    pub fn payload_sha256(&self) -> [u8; 32] {
        Sha256::digest(self.raw.as_bytes()).into()
    }

    /// How the payload arrived.
    pub fn form(&self) -> PayloadForm {
        self.form
    }

    /// First or second generation, by shape.
    pub fn generation(&self) -> &Generation {
        &self.generation
    }

    /// Usage, telemetry, or another kind.
    pub fn kind(&self) -> &ReportKind {
        &self.kind
    }

    /// The number of the report, unique on its device. It looks like a time and is not the report's time (inferred).
    pub fn id(&self) -> ReportId {
        self.id
    }

    /// The device that reports.
    pub fn device(&self) -> &Udi {
        &self.device
    }

    /// The identity that the cloud gave the device, where it has one (seen).
    pub fn product_instance_id(&self) -> Option<&str> {
        self.product_instance_id.as_deref()
    }

    /// The product, as a tag (seen).
    pub fn software_tag(&self) -> &SoftwareTag {
        &self.software_tag
    }

    /// The licence; telemetry has none.
    pub fn entitlement_tag(&self) -> Option<&EntitlementTag> {
        self.entitlement_tag.as_ref()
    }

    /// The version of the software; of a telemetry report, that of its newest snapshot.
    pub fn software_version(&self) -> Option<&str> {
        self.software_version.as_deref()
    }

    /// Is utility (pay as you go) reporting on? Second generation only (seen).
    pub fn utility_enabled(&self) -> Option<bool> {
        self.utility_enabled
    }

    /// The members of the redundant set, the device itself included (seen).
    pub fn ha(&self) -> &[HaMember] {
        &self.ha
    }

    /// The signature inside the payload. What it covers is not known; it is never reported as verified.
    pub fn inner_signature(&self) -> Option<&Signature> {
        self.inner_signature.as_ref()
    }

    /// The signature of the envelope: it covers [`payload_text`](Self::payload_text).
    pub fn outer_signature(&self) -> Option<&Signature> {
        self.outer_signature.as_ref()
    }

    /// The device named beside the outer signature. Nothing proves by itself that it signed.
    pub fn signer(&self) -> Option<&Udi> {
        self.outer_signature.as_ref()?.signer.as_ref()
    }

    /// The header of the envelope.
    pub fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// Members of the envelope that are not known, in the order received.
    pub fn envelope_extra(&self) -> &[Member] {
        &self.envelope_extra
    }

    /// Members at any level of the payload that are not known, as (path, raw JSON text).
    pub fn payload_extra(&self) -> Vec<(String, String)> {
        crate::payload::unknown_members(&self.raw)
    }

    /// The measurements, in the order of the payload; empty for telemetry.
    pub fn measurements(&self) -> &[Measurement] {
        &self.measurements
    }

    /// The snapshots of a telemetry report.
    pub fn snapshots(&self) -> &[Snapshot] {
        &self.snapshots
    }

    /// From the start of the first measurement to the end of the last (doc); the widest span for telemetry. `None`
    /// without measurements, or when the end lies before the start.
    pub fn span(&self) -> Option<Span> {
        if self.snapshots.is_empty() {
            Span::new(self.measurements.first()?.start, self.measurements.last()?.end).ok()
        } else {
            let start = self.snapshots.iter().map(|one| one.start).min()?;
            Span::new(start, self.snapshots.iter().map(|one| one.end).max()?).ok()
        }
    }

    /// Closed or not stated.
    pub fn closure(&self) -> Closure {
        match self.measurements.last() {
            Some(Measurement { termination: Some(termination), close, .. }) => {
                Closure::Closed { termination: termination.clone(), close: close.clone() }
            }
            _ => Closure::NotStated,
        }
    }

    /// The greatest count of a measurement.
    pub fn peak(&self) -> Option<u64> {
        self.measurements.iter().filter_map(Measurement::count).max()
    }

    /// Where the report stands in its document.
    pub fn place(&self) -> &Location {
        &self.place
    }

    /// The deviations that were taken while this report was read.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}

impl Signed for UsageReport {
    fn signed_content(&self) -> SignedContent<'_> {
        let mut content = SignedContent::new(self.raw.as_bytes(), Place::UsageReport);
        content.lost = self.form == PayloadForm::Object;
        content.at = self.place.clone();
        if let Some(signature) = &self.outer_signature {
            content.signature = Some(Cow::Borrowed(&signature.value));
            content.signing_word = Some(Cow::Borrowed(signature.signing_type.as_str()));
            content.key_text = Some(Cow::Borrowed(&signature.key));
            content.signer.clone_from(&signature.signer);
        }
        content
    }
}

const _: () = {
    const fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<UsageReport>();
    is_send_and_sync::<crate::Document<'static>>();
    is_send_and_sync::<crate::Error>();
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_generations_read_back_from_text_and_json() {
        let types = ["", "x", "usage", "telemetry", "other", "other:", "other:x", "other:other:"];
        let kinds = types.into_iter().map(|word| ReportKind::Other(ReportType::from(word)));
        let mut words = std::collections::BTreeSet::new();
        for kind in [ReportKind::Usage, ReportKind::Telemetry].into_iter().chain(kinds) {
            assert_eq!(kind.to_string().parse::<ReportKind>(), Ok(kind.clone()));
            let json = serde_json::to_string(&kind).unwrap();
            assert_eq!(serde_json::from_str::<ReportKind>(&json).unwrap(), kind);
            assert!(words.insert(kind.to_string()), "{kind}");
        }
        assert_eq!(ReportKind::Other(ReportType::from("x")).to_string(), "x");
        for generation in
            [Generation::V1, Generation::V2, Generation::Other("v1".into()), Generation::Other(String::new())]
        {
            assert_eq!(generation.to_string().parse::<Generation>().unwrap(), generation);
            let json = serde_json::to_string(&generation).unwrap();
            assert_eq!(serde_json::from_str::<Generation>(&json).unwrap(), generation);
        }
        assert!("3.0".parse::<Generation>().is_err());
    }
}
