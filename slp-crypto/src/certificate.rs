//! Certificates: read tolerantly, kept as DER, judged elsewhere. Spec: crypto, "Device PKI".

mod identity;
mod outline;

use std::fmt;
use std::sync::Arc;

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{ParsedExtension, X509Extension};
use x509_parser::oid_registry::{self as oids, Oid};
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::{X509Name, X509Version};

use crate::backend;
use crate::error::{Error, ErrorKind};
use crate::key::PublicKey;
use crate::pem;
use crate::time::Validity;
use crate::verdict::{Detail, NotVerified};

pub use identity::Identity;
pub(crate) use outline::{Algorithm, Outline};

/// The most bytes of a certificate. Device certificates have 894 to 1,068 (seen).
pub(crate) const MAX_DER: usize = 16 << 10;
/// The most extensions of a certificate.
const MAX_EXTENSIONS: usize = 64;

/// What a certificate says. Reading one proves nothing: see [`TrustStore`](crate::TrustStore) for that.
///
/// The DER is kept as it arrived. Cloning is cheap.
#[derive(Clone)]
pub struct Certificate(Arc<Parts>);

struct Parts {
    der: Vec<u8>,
    sha256: [u8; 32],
    key: Result<PublicKey, (ErrorKind, String)>,
    subject: Name,
    issuer: Name,
    serial: Vec<u8>,
    validity: Validity,
    identity: Option<Identity>,
    extensions: Extensions,
    one_algorithm: bool,
}

/// What the extensions say that matters here.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extensions {
    /// CA or not, and how many CAs may stand below.
    pub(crate) basic: Option<(bool, Option<u32>)>,
    pub(crate) usage: Option<Usage>,
    /// The first one that is there twice.
    pub(crate) duplicate: Option<String>,
    /// The first critical one that is not known.
    pub(crate) unknown_critical: Option<String>,
    /// One of the two above that cannot be read.
    pub(crate) unreadable: Option<&'static str>,
    /// Others that cannot be read.
    pub(crate) unparsed: Vec<Box<str>>,
}

/// The bits of keyUsage that are looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    pub(crate) signs_content: bool,
    pub(crate) signs_certificates: bool,
}

impl Certificate {
    /// Reads a certificate without trusting it: to show it, or to find out whose it is.
    ///
    /// # Errors
    /// [`Malformed`](crate::Reason::Malformed) with the detail `size`, `wrapper` or `certificate`.
    pub fn inspect(der: &[u8]) -> Result<Self, NotVerified> {
        Self::parse(&Outline::read(der)?)
    }

    /// Reads every `CERTIFICATE` of a PEM text, each for itself; other blocks and text around them are passed over.
    ///
    /// # Errors
    /// [`ErrorKind::Pem`] and [`ErrorKind::Size`] if the text as a whole cannot be read.
    pub fn inspect_pem(text: &[u8]) -> Result<Vec<Result<Self, NotVerified>>, Error> {
        let blocks = pem::blocks(text)?;
        let certificates = blocks.iter().filter(|block| is_certificate(block.label));
        Ok(certificates.map(|block| Self::inspect(&block.der)).collect())
    }

    /// Reads the one `CERTIFICATE` of a PEM text.
    ///
    /// # Errors
    /// As [`Certificate::inspect`], and [`Detail::Pem`] if there is none or more than one.
    pub fn inspect_one(text: &[u8]) -> Result<Self, NotVerified> {
        let block = pem::only(text, LABELS).map_err(|error| NotVerified::malformed(Detail::Pem, error.message()))?;
        Self::inspect(&block.der)
    }

    /// The check numbers 1, 2 and 4 of the spec; what 5 to 8 need is noted.
    pub(crate) fn parse(outline: &Outline<'_>) -> Result<Self, NotVerified> {
        let unreadable = |what: &str| NotVerified::malformed(Detail::Certificate, format!("the certificate {what}"));
        let (rest, parsed) =
            X509Certificate::from_der(outline.der).map_err(|_| unreadable("cannot be read: it was cut or edited"))?;
        if !rest.is_empty() {
            return Err(unreadable("is followed by other bytes"));
        }
        if parsed.version() != X509Version::V3 {
            return Err(unreadable("is not of version 3"));
        }
        let tbs = &parsed.tbs_certificate;
        let validity = Validity::new(tbs.validity.not_before.timestamp(), tbs.validity.not_after.timestamp())
            .ok_or_else(|| unreadable("has a date out of range"))?;
        let subject = Name::read(tbs.subject());
        let identity = identity::of(tbs.subject());
        let key = PublicKey::from_spki(tbs.subject_pki.raw)
            .map(|key| key.certified(identity.clone(), validity))
            .map_err(|error| (error.kind(), error.message().to_owned()));
        if tbs.extensions().len() > MAX_EXTENSIONS {
            return Err(unreadable("has more than 64 extensions"));
        }
        Ok(Self(Arc::new(Parts {
            der: outline.der.to_vec(),
            sha256: backend::sha256(&[outline.der]),
            key,
            subject,
            issuer: Name::read(tbs.issuer()),
            serial: tbs.raw_serial().to_vec(),
            validity,
            identity,
            extensions: Extensions::read(tbs.extensions()),
            one_algorithm: outline.inner_algorithm() == Some(outline.algorithm),
        })))
    }

    /// The DER, byte for byte as it arrived.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// SHA-256 of the DER: what pins compare.
    pub fn sha256(&self) -> &[u8; 32] {
        &self.0.sha256
    }

    /// The key it certifies, if it is one that is checked here.
    ///
    /// # Errors
    /// As [`PublicKey::from_spki`].
    pub fn key(&self) -> Result<&PublicKey, Error> {
        self.0.key.as_ref().map_err(|(kind, text)| Error::new(*kind, text.clone()))
    }

    /// The device that the subject names: `PID:… SN:…` in its serialNumber.
    pub fn identity(&self) -> Option<&Identity> {
        self.0.identity.as_ref()
    }

    /// Whom it is about.
    pub fn subject(&self) -> &Name {
        &self.0.subject
    }

    /// Who made it, by its own word.
    pub fn issuer(&self) -> &Name {
        &self.0.issuer
    }

    /// Its number, the content octets as they stand: 3 to 10 of them in real ones (seen), so it is no integer.
    pub fn serial(&self) -> &[u8] {
        &self.0.serial
    }

    /// Its dates.
    pub fn validity(&self) -> Validity {
        self.0.validity
    }

    /// Does it say `CA:TRUE`?
    pub fn is_ca(&self) -> bool {
        matches!(self.0.extensions.basic, Some((true, _)))
    }

    pub(crate) fn extensions(&self) -> &Extensions {
        &self.0.extensions
    }

    /// The same algorithm inside and outside?
    pub(crate) fn one_algorithm(&self) -> bool {
        self.0.one_algorithm
    }

    /// The DER as PEM, lines of 64, LF.
    pub fn to_pem(&self) -> String {
        pem::write("CERTIFICATE", self.der())
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.0.der == other.0.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({}, issued by {})", self.subject(), self.issuer())
    }
}

/// The labels under which certificates are written.
const LABELS: &[&str] = &["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"];

pub(crate) fn is_certificate(label: &str) -> bool {
    LABELS.contains(&label)
}

/// A distinguished name: compared as bytes, shown as text.
#[derive(Clone, PartialEq, Eq)]
pub struct Name {
    der: Vec<u8>,
    attributes: Vec<(String, String)>,
}

impl Name {
    pub(crate) fn read(name: &X509Name<'_>) -> Self {
        let attributes = name.iter_attributes().map(|attribute| {
            let value = attribute.as_str().map_or_else(|_| hex(attribute.as_slice()), str::to_owned);
            (attribute.attr_type().to_id_string(), value)
        });
        Self { der: name.as_raw().to_vec(), attributes: attributes.collect() }
    }

    /// The name in DER. Names are equal when these bytes are.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The attributes in their order: OID in dots, and text (hex with a `#` in front where it is no text).
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attributes.iter().map(|(oid, value)| (oid.as_str(), value.as_str()))
    }

    /// The values of one attribute: `2.5.4.3` is the common name, `2.5.4.11` the organizational unit.
    pub fn values(&self, oid: &str) -> impl Iterator<Item = &str> {
        self.attributes().filter(move |(found, _)| *found == oid).map(|(_, value)| value)
    }

    /// The common name, if there is exactly one.
    pub fn common_name(&self) -> Option<&str> {
        self.only("2.5.4.3")
    }

    /// The organizational unit, if there is exactly one. In documents of the SDK it is the role.
    pub fn organizational_unit(&self) -> Option<&str> {
        self.only("2.5.4.11")
    }

    fn only(&self, oid: &str) -> Option<&str> {
        let mut values = self.values(oid);
        let first = values.next()?;
        values.next().is_none().then_some(first)
    }
}

impl fmt::Display for Name {
    /// The last attribute first, as `CN=ACT2 SUDI CA, O=Cisco`; control characters escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (oid, value)) in self.attributes.iter().rev().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            f.write_str(short_name(oid))?;
            f.write_str("=")?;
            for character in value.chars() {
                if character.is_control() || !character.is_ascii() {
                    write!(f, "{}", character.escape_unicode())?;
                } else {
                    write!(f, "{character}")?;
                }
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({self})")
    }
}

fn short_name(oid: &str) -> &str {
    match oid {
        "2.5.4.3" => "CN",
        "2.5.4.5" => "serialNumber",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        other => other,
    }
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::from("#"), |mut out, byte| {
        // writing to a string cannot fail
        let _ = write!(out, "{byte:02x}");
        out
    })
}

impl Extensions {
    pub(crate) fn read(extensions: &[X509Extension<'_>]) -> Self {
        let mut read = Self::default();
        for (index, extension) in extensions.iter().enumerate() {
            let twice = extensions.iter().take(index).any(|earlier| earlier.oid == extension.oid);
            if twice && read.duplicate.is_none() {
                read.duplicate = Some(extension.oid.to_id_string());
            }
            if extension.critical && !is_known(&extension.oid) && read.unknown_critical.is_none() {
                read.unknown_critical = Some(extension.oid.to_id_string());
            }
            match extension.parsed_extension() {
                ParsedExtension::BasicConstraints(basic) => read.basic = Some((basic.ca, basic.path_len_constraint)),
                ParsedExtension::KeyUsage(usage) => {
                    read.usage = Some(Usage {
                        signs_content: usage.digital_signature() || usage.non_repudiation(),
                        signs_certificates: usage.key_cert_sign(),
                    });
                }
                ParsedExtension::ParseError { .. } if extension.oid == oids::OID_X509_EXT_BASIC_CONSTRAINTS => {
                    read.unreadable = Some("basicConstraints");
                }
                ParsedExtension::ParseError { .. } if extension.oid == oids::OID_X509_EXT_KEY_USAGE => {
                    read.unreadable = Some("keyUsage");
                }
                ParsedExtension::ParseError { .. } => read.unparsed.push(extension.oid.to_id_string().into()),
                _ => {}
            }
        }
        read
    }
}

/// Extensions that are processed, or that can be critical without changing what is checked here. Name, policy and
/// inhibit constraints are not processed, hence not known. Spec: crypto, "Checking certificates".
fn is_known(oid: &Oid<'_>) -> bool {
    [
        oids::OID_X509_EXT_KEY_USAGE,
        oids::OID_X509_EXT_SUBJECT_ALT_NAME,
        oids::OID_X509_EXT_ISSUER_ALT_NAME,
        oids::OID_X509_EXT_BASIC_CONSTRAINTS,
        oids::OID_X509_EXT_CRL_DISTRIBUTION_POINTS,
        oids::OID_X509_EXT_CERTIFICATE_POLICIES,
        oids::OID_X509_EXT_AUTHORITY_KEY_IDENTIFIER,
        oids::OID_X509_EXT_EXTENDED_KEY_USAGE,
        oids::OID_X509_EXT_SUBJECT_KEY_IDENTIFIER,
        oids::OID_PKIX_AUTHORITY_INFO_ACCESS,
    ]
    .contains(oid)
}
