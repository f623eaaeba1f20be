//! The outermost layer of a certificate (or signing request), read exactly: three elements, shortest lengths, the
//! right tags, nothing behind. The library that reads the rest does not look at the class bits of these tags nor at
//! unused bits, so that 15 to 18 single-bit changes outside the signed part would go unseen (seen).

use crate::der::{self, BIT_STRING, INTEGER, Reader, SEQUENCE};
use crate::key::{KeyType, PublicKey};
use crate::scheme::Scheme;
use crate::verdict::{Detail, NotVerified, Reason};

use super::MAX_DER;

/// The three parts, and all of it.
pub(crate) struct Outline<'a> {
    pub(crate) der: &'a [u8],
    /// The part that is signed, whole.
    pub(crate) signed: &'a [u8],
    /// The algorithm outside, whole.
    pub(crate) algorithm: &'a [u8],
    pub(crate) signature: &'a [u8],
}

/// The signature algorithms of certificates that are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    RsaSha256,
    RsaSha384,
    RsaSha512,
    EcdsaSha256,
    EcdsaSha384,
    Ed25519,
}

const KNOWN: [(&[u8], Algorithm); 6] = [
    (b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00", Algorithm::RsaSha256),
    (b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c\x05\x00", Algorithm::RsaSha384),
    (b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d\x05\x00", Algorithm::RsaSha512),
    (b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02", Algorithm::EcdsaSha256),
    (b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03", Algorithm::EcdsaSha384),
    (b"\x30\x05\x06\x03\x2b\x65\x70", Algorithm::Ed25519),
];

const WEAK: [(&[u8], &str); 4] = [
    (b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05\x05\x00", "SHA-1"),
    (b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04\x05\x00", "MD5"),
    (b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x02\x05\x00", "MD2"),
    (b"\x30\x09\x06\x07\x2a\x86\x48\xce\x3d\x04\x01", "SHA-1"),
];

impl<'a> Outline<'a> {
    pub(crate) fn read(der: &'a [u8]) -> Result<Self, NotVerified> {
        if der.is_empty() || der.len() > MAX_DER {
            let text = format!("a certificate has 1 to {MAX_DER} bytes, this one {}", der.len());
            return Err(NotVerified::malformed(Detail::Size, text));
        }
        let outline = || {
            let mut parts = Reader::new(der::only(der, SEQUENCE)?);
            let signed = parts.next().filter(|part| part.tag == SEQUENCE)?.whole;
            let algorithm = parts.next().filter(|part| part.tag == SEQUENCE)?.whole;
            let signature = der::octets(parts.expect(BIT_STRING)?)?;
            parts.end()?;
            Some(Self { der, signed, algorithm, signature })
        };
        outline().ok_or_else(|| {
            let text =
                "the outermost layer of the certificate is not exact DER: it was cut, edited or has bytes behind";
            NotVerified::malformed(Detail::Wrapper, text)
        })
    }

    /// The algorithm that the signed part names, whole.
    pub(crate) fn inner_algorithm(&self) -> Option<&'a [u8]> {
        let mut fields = Reader::new(der::only(self.signed, SEQUENCE)?);
        let mut field = fields.next()?;
        if field.tag == 0xa0 {
            field = fields.next()?;
        }
        if field.tag != INTEGER {
            return None;
        }
        fields.next().map(|field| field.whole)
    }

    pub(crate) fn algorithm(&self) -> Result<Algorithm, NotVerified> {
        if let Some((_, algorithm)) = KNOWN.iter().find(|(bytes, _)| *bytes == self.algorithm) {
            return Ok(*algorithm);
        }
        if let Some((_, hash)) = WEAK.iter().find(|(bytes, _)| *bytes == self.algorithm) {
            return Err(NotVerified::invalid(Detail::WeakHash, format!("signed with {hash}, which anyone can forge")));
        }
        let text = "signed with an algorithm that is not checked here: use RSA PKCS#1, ECDSA or Ed25519 with SHA-2";
        Err(NotVerified::new(Reason::Unsupported, Detail::SignatureAlgorithm, text))
    }

    /// The scheme, if the signature was made with this key and fits.
    pub(crate) fn signed_by(&self, algorithm: Algorithm, key: &PublicKey) -> Option<Scheme> {
        let scheme = algorithm.scheme(key.key_type())?;
        key.check(scheme, self.signed, self.signature).ok()?;
        Some(scheme)
    }
}

impl Algorithm {
    fn scheme(self, key: KeyType) -> Option<Scheme> {
        match (self, key) {
            (Self::RsaSha256, KeyType::Rsa { .. }) => Some(Scheme::RsaPkcs1Sha256),
            (Self::RsaSha384, KeyType::Rsa { .. }) => Some(Scheme::RsaPkcs1Sha384),
            (Self::RsaSha512, KeyType::Rsa { .. }) => Some(Scheme::RsaPkcs1Sha512),
            (Self::EcdsaSha256, KeyType::P256) => Some(Scheme::EcdsaP256Sha256),
            (Self::EcdsaSha384, KeyType::P256) => Some(Scheme::EcdsaP256Sha384),
            (Self::EcdsaSha256, KeyType::P384) => Some(Scheme::EcdsaP384Sha256),
            (Self::EcdsaSha384, KeyType::P384) => Some(Scheme::EcdsaP384Sha384),
            (Self::Ed25519, KeyType::Ed25519) => Some(Scheme::Ed25519),
            _ => None,
        }
    }
}
