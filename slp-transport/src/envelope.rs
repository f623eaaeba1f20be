//! Usage reports and licence documents as messages carry them: opaque, byte for byte.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use serde::{Deserialize, Serialize};

use crate::wire::{Fail, In, Out, Wire, record};
use crate::{Error, ErrorKind, Limits, Sudi};

/// The text of a report payload: signed, and therefore never touched. Read, kept and written as the same characters.
///
/// Spec: transport, "Five traps" 1.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PayloadText(String);

impl PayloadText {
    /// The text that the signature covers.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, given away.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl From<String> for PayloadText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for PayloadText {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for PayloadText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PayloadText({} bytes)", self.0.len())
    }
}

impl Wire for PayloadText {
    fn read(input: &mut In<'_, '_>) -> Result<Self, Fail> {
        let mut text = String::new();
        input.reader.string_into(&mut text, input.limits.payload_bytes, "payload_bytes")?;
        Ok(Self(text))
    }

    fn write(&self, out: &mut Out) {
        out.string(&self.0);
    }
}

record! {
    /// What says who signed a report. Spec: rum, "Envelope"; transport, "Shared types".
    pub struct Signature {
        /// The device that it names. Nothing proves it.
        sudi: opt Sudi = "sudi",
        /// `builtin`, `SHA-256`, `SHA256` (seen).
        signing_type: req String = "signing_type",
        /// A hint at the key.
        key: req String = "key",
        /// The signature, base64. Decoded by nobody but a verifier.
        value: req String = "value",
    }
}

record! {
    /// `{"type":"rum"}` (seen in device files). Not sent to the cloud (code).
    pub struct Header {
        /// `rum`.
        kind: req String = "type",
    }
}

record! {
    /// One usage report as it travels. Spec: transport, "Shared types".
    pub struct RumEnvelope {
        /// The signed text.
        payload: req PayloadText = "payload",
        /// What kind of report it is.
        header: opt Header = "header",
        /// Who signed.
        signature: req Signature = "signature",
    }
}

record! {
    /// The reports of one device in one message.
    pub struct DeviceUsage {
        /// The device.
        sudi: req Sudi = "sudi",
        /// Name of the device.
        hostname: opt String = "hostname",
        /// Software of the device, as a tag.
        software_tag_identifier: opt String = "software_tag_identifier",
        /// Its reports, oldest first.
        usage: list RumEnvelope = "usage",
    }
}

/// Envelopes of one message to the cloud or of one push. Spec: transport, "Limits" (choice).
const BATCH_ENVELOPES: usize = 500;
/// Bytes of one message, as far as its reports go. Spec: transport, "Limits" (choice).
const BATCH_BYTES: usize = 4 * 1_024 * 1_024;

/// Cuts reports into messages of at most 500 reports and about 4 MiB each, in their order. A single larger report goes
/// alone.
pub fn batches(devices: Vec<DeviceUsage>) -> Vec<Vec<DeviceUsage>> {
    let mut batches: Vec<Vec<DeviceUsage>> = Vec::new();
    let (mut count, mut bytes) = (0_usize, 0_usize);
    let mut batch: Vec<DeviceUsage> = Vec::new();
    for mut device in devices {
        let envelopes = std::mem::take(&mut device.usage);
        let mut part = device.clone();
        for envelope in envelopes {
            let size = envelope.wire_bytes();
            if count > 0 && (count >= BATCH_ENVELOPES || bytes.saturating_add(size) > BATCH_BYTES) {
                if !part.usage.is_empty() {
                    batch.push(std::mem::replace(&mut part, device.clone()));
                }
                batches.push(std::mem::take(&mut batch));
                (count, bytes) = (0, 0);
            }
            (count, bytes) = (count.saturating_add(1), bytes.saturating_add(size));
            part.usage.push(envelope);
        }
        if !part.usage.is_empty() {
            batch.push(part);
        }
    }
    if !batch.is_empty() {
        batches.push(batch);
    }
    batches
}

impl RumEnvelope {
    /// About how many bytes it takes in a message: quotes of the payload are escaped there.
    fn wire_bytes(&self) -> usize {
        let quotes = self.payload.as_str().bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count();
        let signature = self.signature.key.len().saturating_add(self.signature.value.len());
        self.payload.as_str().len().saturating_add(quotes).saturating_add(signature).saturating_add(256)
    }
}

/// A licence document (an acknowledgement, an authorization code, a policy, a trust code) as base64 text.
///
/// Kept as it came; [`decode`](Self::decode) gives the XML that the device imports, byte for byte.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SmartLicense(String);

impl SmartLicense {
    /// Encodes a document: standard alphabet, padded, no line breaks.
    ///
    /// ```
    /// use slp_transport::{Limits, SmartLicense};
    ///
    /// let text = SmartLicense::encode(b"<smartLicense></smartLicense>");
    /// assert_eq!(text.as_str(), "PHNtYXJ0TGljZW5zZT48L3NtYXJ0TGljZW5zZT4=");
    /// assert_eq!(text.decode(&Limits::default())?, b"<smartLicense></smartLicense>");
    /// # Ok::<(), slp_transport::Error>(())
    /// ```
    pub fn encode(document: &[u8]) -> Self {
        Self(STANDARD.encode(document))
    }

    /// The base64 text, as it came.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The document. White space inside the base64 text is passed over.
    ///
    /// # Errors
    /// [`Limit`](ErrorKind::Limit) `document_bytes`; [`Schema`](ErrorKind::Schema) if it is no base64.
    pub fn decode(&self, limits: &Limits) -> Result<Vec<u8>, Error> {
        decode_base64(self.0.as_bytes(), limits)
    }
}

/// Base64 without line breaks; white space is passed over.
pub(crate) fn decode_base64(text: &[u8], limits: &Limits) -> Result<Vec<u8>, Error> {
    let text: Vec<u8> = text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    if text.len() / 4 > limits.document_bytes / 3 {
        let limit = u64::try_from(limits.document_bytes).unwrap_or(u64::MAX);
        return Err(Error::limit("document_bytes", limit, "smart_license"));
    }
    STANDARD.decode(&text).map_err(|error| {
        Error::new(ErrorKind::Schema, "the licence document is not base64")
            .at(slp_model::Location::path("smart_license"))
            .caused_by(error)
    })
}

impl fmt::Debug for SmartLicense {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmartLicense({} characters)", self.0.len())
    }
}

impl Wire for SmartLicense {
    fn read(input: &mut In<'_, '_>) -> Result<Self, Fail> {
        let limit = input.limits.document_bytes.saturating_mul(3) / 2;
        let mut text = String::new();
        input.reader.string_into(&mut text, limit, "document_bytes")?;
        Ok(Self(text))
    }

    fn write(&self, out: &mut Out) {
        out.string(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENVELOPE: &str = r#"{"payload":"{ \"note\" : \"a blank stays, ' too\" }","header":{"type":"rum"},"signature":{"signing_type":"builtin","key":"k","value":"AAAA"}}"#;

    #[test]
    fn a_payload_with_blanks_and_apostrophes_passes_unchanged() {
        let envelope = RumEnvelope::from_json(ENVELOPE.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(envelope.payload.as_str(), r#"{ "note" : "a blank stays, ' too" }"#);
        assert_eq!(envelope.to_json(), ENVELOPE);
    }

    #[test]
    fn a_payload_may_be_longer_than_other_strings_but_has_a_limit() {
        let long = ENVELOPE.replace("a blank", &"x".repeat(100_000));
        assert!(RumEnvelope::from_json(long.as_bytes(), &Limits::default()).is_ok());
        let limits = Limits { payload_bytes: 50_000, ..Limits::default() };
        let error = RumEnvelope::from_json(long.as_bytes(), &limits).unwrap_err();
        assert_eq!((error.kind(), error.name()), (ErrorKind::Limit, Some("payload_bytes")));
        let long_key = ENVELOPE.replace(r#""key":"k""#, &format!(r#""key":"{}""#, "k".repeat(100_000)));
        let error = RumEnvelope::from_json(long_key.as_bytes(), &Limits::default()).unwrap_err();
        assert_eq!(error.name(), Some("string_bytes"));
    }

    #[test]
    fn a_batch_takes_five_hundred_reports_and_keeps_their_order() {
        let envelope = |text: String| RumEnvelope::new(text, Signature::new("builtin", "k", "v"));
        let mut first = DeviceUsage::new(Sudi::new("A", "1"));
        first.usage = (0..499).map(|index| envelope(index.to_string())).collect();
        let mut second = DeviceUsage::new(Sudi::new("A", "2"));
        second.usage = (499..502).map(|index| envelope(index.to_string())).collect();
        let cut = batches(vec![first, second]);
        let shape: Vec<Vec<usize>> =
            cut.iter().map(|batch| batch.iter().map(|device| device.usage.len()).collect()).collect();
        assert_eq!(shape, [vec![499, 1], vec![2]]);
        let all = cut.iter().flatten().flat_map(|device| &device.usage).map(|report| report.payload.as_str());
        assert!(all.eq((0..502).map(|index| index.to_string())));
    }

    #[test]
    fn a_batch_ends_before_four_mebibytes_and_a_larger_report_goes_alone() {
        let envelope = |bytes: usize| RumEnvelope::new("x".repeat(bytes), Signature::new("builtin", "k", "v"));
        let mut device = DeviceUsage::new(Sudi::new("A", "1"));
        device.usage = vec![envelope(10), envelope(5_000_000), envelope(10), envelope(10)];
        let shape: Vec<usize> = batches(vec![device]).iter().flatten().map(|device| device.usage.len()).collect();
        assert_eq!(shape, [1, 1, 2]);
        assert!(batches(Vec::new()).is_empty());
    }

    #[test]
    fn a_document_decodes_to_its_own_bytes_or_not_at_all() {
        let bytes = b"<a b='c'>\r\n\xff</a>";
        assert_eq!(SmartLicense::encode(bytes).decode(&Limits::default()).unwrap(), bytes);
        let broken = SmartLicense("<BASE64>".into());
        assert_eq!(broken.decode(&Limits::default()).unwrap_err().kind(), ErrorKind::Schema);
        let limits = Limits { document_bytes: 9, ..Limits::default() };
        assert!(SmartLicense::encode(b"123456789").decode(&limits).is_ok());
        assert_eq!(SmartLicense::encode(b"1234567890abc").decode(&limits).unwrap_err().kind(), ErrorKind::Limit);
    }
}
