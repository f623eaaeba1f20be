//! ECDSA without randomness (RFC 6979), for programs that promise reproducible bytes: fixtures, test doubles.

use std::fmt;

use p256::ecdsa::DerSignature;
use p256::ecdsa::SigningKey as Key;
use p256::ecdsa::signature::Signer as _;

use super::{Signature, Signer, kind_of, private_block};
use crate::backend::PrivateKeyKind;
use crate::der::{self, INTEGER, OCTET_STRING, Reader, SEQUENCE};
use crate::error::{Error, ErrorKind};
use crate::key::{KeyType, PublicKey};
use crate::scheme::Scheme;

/// A P-256 key in memory that makes the same signature each time. The library behind it wipes the key when it is
/// dropped. Slower than [`SigningKey`](super::SigningKey), and for reproducible bytes only.
///
/// Only with the feature `rfc6979`.
pub struct DeterministicSigner {
    private: Key,
    public: PublicKey,
}

impl DeterministicSigner {
    /// Reads the one block `PRIVATE KEY` of a PEM text.
    ///
    /// # Errors
    /// As [`SigningKey::from_pem`](super::SigningKey::from_pem); other keys than P-256 are
    /// [`ErrorKind::UnsupportedKey`].
    pub fn from_pem(text: &[u8]) -> Result<Self, Error> {
        Self::from_pkcs8(&private_block(text)?.der)
    }

    /// Reads PKCS#8 in DER. The caller's buffer is the caller's to wipe.
    ///
    /// # Errors
    /// As [`DeterministicSigner::from_pem`].
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, Error> {
        if kind_of(der)? != PrivateKeyKind::P256 {
            let text = "only P-256 keys sign without randomness here";
            return Err(Error::new(ErrorKind::UnsupportedKey, text));
        }
        let key = scalar(der).and_then(|scalar| Key::from_slice(scalar).ok());
        let private = key.ok_or_else(|| Error::new(ErrorKind::Key, "this is not a good private key"))?;
        let point = private.verifying_key().to_sec1_point(false);
        let public = PublicKey::from_inner(KeyType::P256, point.as_bytes())?;
        Ok(Self { private, public })
    }
}

/// The private number inside PKCS#8, inside `ECPrivateKey`.
fn scalar(pkcs8: &[u8]) -> Option<&[u8]> {
    let mut fields = Reader::new(der::only(pkcs8, SEQUENCE)?);
    fields.expect(INTEGER)?;
    fields.expect(SEQUENCE)?;
    let mut key = Reader::new(der::only(fields.expect(OCTET_STRING)?, SEQUENCE)?);
    key.expect(INTEGER)?;
    key.expect(OCTET_STRING)
}

impl Signer for DeterministicSigner {
    fn scheme(&self) -> Scheme {
        Scheme::EcdsaP256Sha256
    }

    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, Error> {
        let signature: DerSignature =
            self.private.try_sign(message).map_err(|_| Error::new(ErrorKind::Signer, "the backend could not sign"))?;
        Ok(Signature::new(signature.as_bytes().to_vec()))
    }
}

impl fmt::Debug for DeterministicSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeterministicSigner({}, hidden)", self.public.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6979, appendix A.2.5, SHA-256, "sample".
    #[test]
    fn the_signature_is_that_of_the_norm() {
        let head =
            b"\x30\x41\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\
            \x04\x27\x30\x25\x02\x01\x01\x04\x20";
        let scalar =
            b"\xc9\xaf\xa9\xd8\x45\xba\x75\x16\x6b\x5c\x21\x57\x67\xb1\xd6\x93\x4e\x50\xc3\xdb\x36\xe8\x9b\x12\
            \x7b\x8a\x62\x2b\x12\x0f\x67\x21";
        let signer = DeterministicSigner::from_pkcs8(&[&head[..], scalar].concat()).unwrap();
        let signature = signer.sign(b"sample").unwrap();
        let expected =
            b"\x30\x46\x02\x21\x00\xef\xd4\x8b\x2a\xac\xb6\xa8\xfd\x11\x40\xdd\x9c\xd4\x5e\x81\xd6\x9d\x2c\x87\x7b\
            \x56\xaa\xf9\x91\xc3\x4d\x0e\xa8\x4e\xaf\x37\x16\x02\x21\x00\xf7\xcb\x1c\x94\x2d\x65\x7c\x41\xd4\x36\xc7\
            \xa1\xb6\xe2\x9f\x65\xf3\xe9\x00\xdb\xb9\xaf\xf4\x06\x4d\xc4\xab\x2f\x84\x3a\xcd\xa8";
        assert_eq!(signature.as_bytes(), expected);
        assert_eq!(signature, signer.sign(b"sample").unwrap());
        assert!(crate::Verifier::verify_detached(b"sample", signature.as_bytes(), signer.public_key()).is_ok());
        assert_eq!(format!("{signer:?}"), format!("DeterministicSigner({}, hidden)", signer.public_key().id()));
    }
}
