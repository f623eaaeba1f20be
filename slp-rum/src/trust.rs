//! Trust requests and trust codes. Both are parts of this SDK: no real one is public (choice). Spec: ack-auth, "Trust".

use slp_model::{Udi, UnixMillis, UnixSeconds};

use crate::flaw::Flaw;
use crate::statement::{Fields, Reading, SignedPart, Statement, each_object, millis};
use crate::{ErrorKind, Member};

/// A trust code as it stands in a document: `smartLicenseTrustCode`. The signature covers `trustCode`.
pub type TrustCode = Statement<TrustGrant>;

/// A trust request as it stands in a document: `smartLicenseTrustRequest`. With a public key the text of `data` is signed
/// with that key; with certificate requests nothing is signed outside them.
pub type TrustRequest = Statement<Vec<TrustRequestEntry>>;

/// What a trust code says: the licensing certificate of one device.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrustGrant {
    /// `udi`: the device. Outside the signature, but the certificate names it too.
    pub udi: Udi,
    /// `version`: `1`.
    pub version: Option<String>,
    /// `trustId`.
    pub trust_id: Option<u32>,
    /// `type`: `CSSM` (seen).
    pub kind: Option<String>,
    /// `attributes`: empty.
    pub attributes: Option<String>,
    /// `piid`: becomes the product instance id of the device.
    pub piid: Option<String>,
    /// `notBefore`: start of the certificate.
    pub not_before: Option<UnixSeconds>,
    /// `notAfter`: end of the certificate; `None`, an empty element, is no end.
    pub not_after: Option<UnixSeconds>,
    /// `certificates`: PEM, the device's own first, then each issuer, the root left out.
    pub certificates: String,
}

impl TrustGrant {
    /// A trust code for a device, with these certificates.
    pub fn new(udi: Udi, certificates: impl Into<String>) -> Self {
        Self {
            udi,
            version: Some("1".to_owned()),
            trust_id: None,
            kind: Some("CSSM".to_owned()),
            attributes: Some(String::new()),
            piid: None,
            not_before: None,
            not_after: None,
            certificates: certificates.into(),
        }
    }
}

/// What one device asks to be trusted with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrustRequestEntry {
    /// `sudi`.
    pub device: Udi,
    /// `software_tag_identifier`.
    pub software_tag: Option<String>,
    /// `timestamp`, in milliseconds.
    pub timestamp: Option<UnixMillis>,
    /// `nonce`: 16 letters and digits.
    pub nonce: Option<String>,
    /// The key.
    pub key: TrustKey,
    /// Members that are not known.
    pub extra: Vec<Member>,
}

impl TrustRequestEntry {
    /// A device asks for trust in a key.
    pub fn new(device: Udi, key: TrustKey) -> Self {
        Self { device, software_tag: None, timestamp: None, nonce: None, key, extra: Vec::new() }
    }
}

/// The key of a trust request, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrustKey {
    /// `csr`: a certificate request in PEM, which proves by itself that the device has the key.
    CertificateRequest(String),
    /// `public_key`: Base64 of its DER form; the part is signed with it.
    PublicKey(String),
}

/// Reads the part `smartLicenseTrustCode`.
pub(crate) fn read(fields: &mut Fields<'_>) -> Result<Reading<TrustGrant>, Flaw> {
    let root = fields.root;
    let [udi, code, signature] = fields.children(root, ["udi", "trustCode", "signature"])?;
    let (udi, code) = (fields.needed(udi, root, "udi")?, fields.needed(code, root, "trustCode")?);
    let udi = fields.udi(udi)?;
    let [version, trust_id, kind, attributes, piid, not_before, not_after, certificates] = fields.children(
        code,
        ["version", "trustId", "type", "attributes", "piid", "notBefore", "notAfter", "certificates"],
    )?;
    let certificates = fields.needed(certificates, code, "certificates")?;
    let limit = fields.options.limits.pem_bytes;
    let pem = fields.leaf_within(certificates, limit, "pem_bytes")?.get(fields.text).to_owned();
    let limit = fields.options.limits.certificates_per_code;
    if pem.matches("-----BEGIN").nth(limit).is_some() {
        return Err(fields.limit(certificates, "certificates_per_code", limit, "certificates"));
    }
    let view = TrustGrant {
        udi,
        version: fields.text(version)?,
        trust_id: fields.number(trust_id)?,
        kind: fields.name(kind)?,
        attributes: fields.text(attributes)?,
        piid: fields.name(piid)?,
        not_before: fields.stamp(not_before)?,
        not_after: fields.stamp(not_after)?,
        certificates: pem,
    };
    let signature = fields.signature(signature, true)?;
    Ok(Reading { view, signed: SignedPart::Element(code, "trustCode"), signature })
}

/// Reads the part `smartLicenseTrustRequest`.
pub(crate) fn read_request(fields: &mut Fields<'_>) -> Result<Reading<Vec<TrustRequestEntry>>, Flaw> {
    let root = fields.root;
    let [data, signature] = fields.children(root, ["data", "signature"])?;
    let data = fields.data(data)?;
    let limits = fields.json_limits();
    let entries = each_object(fields, &data, |element, object| {
        let Some(device) = object.take_device(limits).ok().flatten() else {
            return Err(element.flaw(ErrorKind::MissingMember, "sudi is missing or cannot be read"));
        };
        let key = match (object.take_text("csr"), object.take_text("public_key")) {
            (Some(csr), None) => TrustKey::CertificateRequest(csr),
            (None, Some(key)) => TrustKey::PublicKey(key),
            (None, None) => {
                return Err(element.flaw(ErrorKind::MissingMember, "neither csr nor public_key is there"));
            }
            (Some(_), Some(_)) => {
                return Err(element.flaw(ErrorKind::Inconsistent, "csr and public_key both: exactly one is allowed"));
            }
        };
        Ok(TrustRequestEntry {
            device,
            software_tag: object.take_text("software_tag_identifier"),
            timestamp: object.take("timestamp").and_then(|item| millis(item.raw)),
            nonce: object.take_text("nonce"),
            key,
            extra: object.rest(),
        })
    })?;
    let needs_signature = entries.iter().any(|entry| matches!(entry.key, TrustKey::PublicKey(_)));
    let signature = fields.signature(signature, needs_signature)?;
    let signed = if needs_signature || signature.is_some() { SignedPart::Data(data) } else { SignedPart::Never };
    Ok(Reading { view: entries, signed, signature })
}
