//! Public keys: read strictly once, named by the SHA-256 of their SPKI. Spec: crypto, "Schemes".

use std::fmt;
use std::sync::Arc;

use crate::backend;
use crate::certificate::Identity;
use crate::der::{self, BIT_STRING, INTEGER, SEQUENCE};
use crate::error::{Error, ErrorKind};
use crate::pem;
use crate::scheme::Scheme;
use crate::time::Validity;

const P256_HEAD: [u8; 26] =
    *b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";
const P384_HEAD: [u8; 23] =
    *b"\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22\x03\x62\x00";
const ED25519_HEAD: [u8; 12] = *b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";
/// `rsaEncryption` with its NULL.
const RSA_ALGORITHM: [u8; 15] = *b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";

/// The largest SPKI of a key that is checked here: RSA with 8192 bits has about 1,060 bytes.
const MAX_SPKI: usize = 4096;

/// The type of a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum KeyType {
    /// RSA, 2048 to 8192 bits.
    #[non_exhaustive]
    Rsa {
        /// Bits of the modulus.
        bits: u16,
    },
    /// The NIST curve P-256.
    P256,
    /// The NIST curve P-384.
    P384,
    /// Ed25519.
    Ed25519,
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa { bits } => write!(f, "RSA-{bits}"),
            Self::P256 => f.write_str("P-256"),
            Self::P384 => f.write_str("P-384"),
            Self::Ed25519 => f.write_str("Ed25519"),
        }
    }
}

/// The short name of a key: the first 16 hex digits of the SHA-256 of its SPKI, lower case (choice).
///
/// For people, logs and file names, and a hint for finding a key. Decisions compare the whole digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 8]);

impl KeyId {
    pub(crate) fn of(sha256: &[u8; 32]) -> Self {
        Self(sha256.first_chunk().copied().unwrap_or_default())
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// A public key that was read and measured: its SPKI as it arrived, its type, the scheme it is used with.
///
/// Cloning is cheap. Two keys are equal when SPKI and scheme are. Type and size are checked when it is made, so that
/// a failed verification later can only mean "does not fit".
#[derive(Clone)]
pub struct PublicKey {
    spki: Arc<Spki>,
    scheme: Scheme,
    holder: Option<Arc<Identity>>,
    validity: Option<Validity>,
}

struct Spki {
    der: Vec<u8>,
    /// Where the inner key begins; it goes to the end.
    inner: usize,
    key_type: KeyType,
    sha256: [u8; 32],
}

impl PublicKey {
    /// Reads a `SubjectPublicKeyInfo` in DER.
    ///
    /// # Errors
    /// [`ErrorKind::Key`] if it is not one; [`ErrorKind::UnsupportedKey`] for another algorithm or curve, a compressed
    /// point, RSA restricted to PSS or above 8192 bits; [`ErrorKind::WeakKey`] for RSA below 2048 bits or with an
    /// exponent that is even or 1.
    pub fn from_spki(der: &[u8]) -> Result<Self, Error> {
        let (key_type, inner_len) = classify(der)?;
        let inner = der.len().saturating_sub(inner_len);
        let spki = Spki { der: der.to_vec(), inner, key_type, sha256: backend::sha256(&[der]) };
        Ok(Self { spki: Arc::new(spki), scheme: Scheme::default_of(key_type), holder: None, validity: None })
    }

    /// Reads an `RSAPublicKey` of PKCS#1 in DER.
    ///
    /// # Errors
    /// As [`PublicKey::from_spki`].
    pub fn from_pkcs1(der: &[u8]) -> Result<Self, Error> {
        if der.len() > MAX_SPKI {
            return Err(not_a_key());
        }
        let bits = tlv(BIT_STRING, &[&[0], der]);
        Self::from_spki(&tlv(SEQUENCE, &[&RSA_ALGORITHM, &bits]))
    }

    /// Reads the one block `PUBLIC KEY` (or `RSA PUBLIC KEY`) of a PEM text; other blocks are passed over.
    ///
    /// # Errors
    /// [`ErrorKind::Pem`] if there is no such block or more than one; else as [`PublicKey::from_spki`].
    pub fn from_pem(text: &[u8]) -> Result<Self, Error> {
        let block = pem::only(text, &["PUBLIC KEY", "RSA PUBLIC KEY"])?;
        if block.label == "PUBLIC KEY" { Self::from_spki(&block.der) } else { Self::from_pkcs1(&block.der) }
    }

    /// The SPKI of an inner key that the backend gave.
    pub(crate) fn from_inner(key_type: KeyType, inner: &[u8]) -> Result<Self, Error> {
        match key_type {
            KeyType::Rsa { .. } => Self::from_pkcs1(inner),
            KeyType::P256 => Self::from_spki(&[&P256_HEAD, inner].concat()),
            KeyType::P384 => Self::from_spki(&[&P384_HEAD, inner].concat()),
            KeyType::Ed25519 => Self::from_spki(&[&ED25519_HEAD, inner].concat()),
        }
    }

    /// The same key, used with another scheme: an RSA key that signs with SHA-512, say.
    ///
    /// # Errors
    /// [`ErrorKind::Mismatch`] if the scheme is for another type of key.
    pub fn with_scheme(mut self, scheme: Scheme) -> Result<Self, Error> {
        if !scheme.fits(self.key_type()) {
            return Err(Error::new(
                ErrorKind::Mismatch,
                format!("the scheme {scheme} cannot be used with a key of type {}", self.key_type()),
            ));
        }
        self.scheme = scheme;
        Ok(self)
    }

    /// The same key, whose it is, and from when to when: only a certificate tells.
    pub(crate) fn certified(mut self, holder: Option<Identity>, validity: Validity) -> Self {
        self.holder = holder.map(Arc::new);
        self.validity = Some(validity);
        self
    }

    /// The `SubjectPublicKeyInfo` in DER, as it arrived.
    pub fn spki(&self) -> &[u8] {
        &self.spki.der
    }

    /// The type of the key.
    pub fn key_type(&self) -> KeyType {
        self.spki.key_type
    }

    /// The scheme it is used with.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// SHA-256 of the SPKI: the name that decisions compare.
    pub fn sha256(&self) -> &[u8; 32] {
        &self.spki.sha256
    }

    /// The short name.
    pub fn id(&self) -> KeyId {
        KeyId::of(&self.spki.sha256)
    }

    /// The device that a certificate with this key names, if it came from one.
    pub fn holder(&self) -> Option<&Identity> {
        self.holder.as_deref()
    }

    /// The dates of the certificate, if it came from one. A bare key has none.
    pub fn validity(&self) -> Option<Validity> {
        self.validity
    }

    /// The key as PEM, lines of 64, LF.
    pub fn to_pem(&self) -> String {
        pem::write("PUBLIC KEY", &self.spki.der)
    }

    /// The exponent, if it is an RSA key.
    pub(crate) fn rsa_exponent(&self) -> Option<u64> {
        matches!(self.key_type(), KeyType::Rsa { .. }).then_some(())?;
        let (_, exponent) = rsa_numbers(self.spki.der.get(self.spki.inner..)?)?;
        exponent.iter().try_fold(0_u64, |sum, &digit| sum.checked_mul(256)?.checked_add(digit.into()))
    }

    /// Does the signature fit? Under the key's own scheme, or under `scheme` where a certificate names one.
    pub(crate) fn check(&self, scheme: Scheme, message: &[u8], signature: &[u8]) -> Result<(), backend::Mismatch> {
        let inner = self.spki.der.get(self.spki.inner..).unwrap_or_default();
        if scheme.fits(self.key_type()) {
            backend::verify(scheme, inner, message, signature)
        } else {
            Err(backend::Mismatch)
        }
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.spki.sha256 == other.spki.sha256 && self.scheme == other.scheme
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({}, {})", self.scheme, self.id())
    }
}

fn not_a_key() -> Error {
    Error::new(ErrorKind::Key, "this is not a public key (SubjectPublicKeyInfo in DER)")
}

fn unsupported(what: &str) -> Error {
    Error::new(
        ErrorKind::UnsupportedKey,
        format!("{what} cannot be checked: use RSA of 2048 to 8192 bits, P-256, P-384 or Ed25519"),
    )
}

/// The type of the key and the length of the inner key, which is the end of the SPKI.
fn classify(der: &[u8]) -> Result<(KeyType, usize), Error> {
    for (head, key_type) in
        [(&P256_HEAD[..], KeyType::P256), (&P384_HEAD[..], KeyType::P384), (&ED25519_HEAD[..], KeyType::Ed25519)]
    {
        if let (Some(inner), Some(length)) = (der.strip_prefix(head), backend::point_len(key_type)) {
            return match inner.first() {
                _ if inner.len() != length => Err(not_a_key()),
                Some(4) => Ok((key_type, length)),
                _ if key_type == KeyType::Ed25519 => Ok((key_type, length)),
                _ => Err(unsupported("a point that is not uncompressed")),
            };
        }
    }
    if der.len() > MAX_SPKI {
        return Err(unsupported("a key of this size"));
    }
    let (algorithm, inner) = split(der).ok_or_else(not_a_key)?;
    if algorithm != RSA_ALGORITHM {
        return Err(unsupported("a key of this algorithm or curve"));
    }
    rsa(inner).map(|bits| (KeyType::Rsa { bits }, inner.len()))
}

/// Algorithm (all of it) and inner key.
fn split(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut spki = der::Reader::new(der::only(der, SEQUENCE)?);
    let algorithm = spki.next().filter(|algorithm| algorithm.tag == SEQUENCE)?.whole;
    let inner = der::octets(spki.expect(BIT_STRING)?)?;
    spki.end()?;
    Some((algorithm, inner))
}

/// Modulus and exponent of an `RSAPublicKey`.
fn rsa_numbers(inner: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut key = der::Reader::new(der::only(inner, SEQUENCE)?);
    let modulus = der::positive(key.expect(INTEGER)?)?;
    let exponent = der::positive(key.expect(INTEGER)?)?;
    key.end()?;
    Some((modulus, exponent))
}

/// Bits of the modulus of an `RSAPublicKey`.
fn rsa(inner: &[u8]) -> Result<u16, Error> {
    let (modulus, exponent) = rsa_numbers(inner).ok_or_else(not_a_key)?;
    let bits = der::bits(modulus);
    if bits < 2048 {
        return Err(Error::new(ErrorKind::WeakKey, format!("a {bits}-bit key is too short; at least 2048")));
    }
    if modulus.last().is_none_or(|last| last & 1 == 0) {
        return Err(Error::new(ErrorKind::WeakKey, "the modulus of this RSA key is even"));
    }
    match exponent {
        [] | [0..=2] => {
            return Err(Error::new(ErrorKind::WeakKey, "the exponent of this RSA key is below 3"));
        }
        [.., last] if last & 1 == 0 => {
            return Err(Error::new(ErrorKind::WeakKey, "the exponent of this RSA key is even"));
        }
        _ if der::bits(exponent) > 33 => return Err(unsupported("an RSA exponent above 2^33")),
        _ => {}
    }
    u16::try_from(bits).ok().filter(|bits| *bits <= 8192).ok_or_else(|| unsupported("an RSA key above 8192 bits"))
}

/// One DER element of at most 64 KiB.
fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length = parts.iter().map(|part| part.len()).fold(0_usize, usize::saturating_add);
    let [.., high, low] = length.to_be_bytes();
    let mut out = match (high, low) {
        (0, 0..=0x7f) => vec![tag, low],
        (0, _) => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}
