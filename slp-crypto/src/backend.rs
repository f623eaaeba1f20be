//! The one file that names a cryptographic library: ring, or aws-lc-rs with the feature of that name.
//!
//! Its failures carry no detail, and none is invented here. Randomness for ECDSA comes from the library's own source:
//! the one exception to "no randomness in libraries". Spec: crypto, "Secrets and key files".

#[cfg(feature = "aws-lc-rs")]
use aws_lc_rs as library;
#[cfg(not(feature = "aws-lc-rs"))]
use ring as library;

use library::rand::SystemRandom;
use library::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair, UnparsedPublicKey};
use library::{digest, error};

use crate::key::KeyType;
use crate::scheme::Scheme;

/// A good signature was not found. No reason is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mismatch;

impl From<error::Unspecified> for Mismatch {
    fn from(_: error::Unspecified) -> Self {
        Self
    }
}

/// Checks a signature. `key` is the inner key: `RSAPublicKey`, an uncompressed point, or 32 bytes.
pub(crate) fn verify(scheme: Scheme, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), Mismatch> {
    let algorithm: &'static dyn signature::VerificationAlgorithm = match scheme {
        Scheme::RsaPkcs1Sha256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        Scheme::RsaPkcs1Sha384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        Scheme::RsaPkcs1Sha512 => &signature::RSA_PKCS1_2048_8192_SHA512,
        Scheme::EcdsaP256Sha256 => &signature::ECDSA_P256_SHA256_ASN1,
        Scheme::EcdsaP256Sha384 => &signature::ECDSA_P256_SHA384_ASN1,
        Scheme::EcdsaP384Sha384 => &signature::ECDSA_P384_SHA384_ASN1,
        Scheme::EcdsaP384Sha256 => &signature::ECDSA_P384_SHA256_ASN1,
        Scheme::Ed25519 => &signature::ED25519,
    };
    Ok(UnparsedPublicKey::new(algorithm, key).verify(message, signature)?)
}

/// SHA-256 of all parts, one after the other.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    let mut hash = [0; 32];
    for (to, from) in hash.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    hash
}

/// A private key inside the library. The library's own copy is not wiped when it is dropped (seen, ring 0.17.14).
pub(crate) enum PrivateKey {
    Rsa(RsaKeyPair),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// Which PKCS#8 reader the library has to use: it does not look for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PrivateKeyKind {
    Rsa,
    P256,
    P384,
    Ed25519,
}

impl PrivateKey {
    /// Reads PKCS#8. The error is the library's word for it.
    pub(crate) fn from_pkcs8(kind: PrivateKeyKind, der: &[u8]) -> Result<Self, String> {
        let key = match kind {
            PrivateKeyKind::Rsa => RsaKeyPair::from_pkcs8(der).map(Self::Rsa),
            PrivateKeyKind::P256 => ecdsa(&signature::ECDSA_P256_SHA256_ASN1_SIGNING, der).map(Self::Ecdsa),
            PrivateKeyKind::P384 => ecdsa(&signature::ECDSA_P384_SHA384_ASN1_SIGNING, der).map(Self::Ecdsa),
            // version 1, which openssl writes, has no public key to compare with: the library calls that unchecked
            PrivateKeyKind::Ed25519 => Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map(Self::Ed25519),
        };
        key.map_err(|rejected| rejected.to_string())
    }

    /// The inner public key, as [`verify`] takes it.
    pub(crate) fn public(&self) -> &[u8] {
        match self {
            Self::Rsa(key) => key.public_key().as_ref(),
            Self::Ecdsa(key) => key.public_key().as_ref(),
            Self::Ed25519(key) => key.public_key().as_ref(),
        }
    }

    /// Signs. The scheme has to be one that fits the key and that the library can make.
    pub(crate) fn sign(&self, scheme: Scheme, message: &[u8]) -> Result<Vec<u8>, Mismatch> {
        match self {
            Self::Rsa(key) => {
                let padding: &'static dyn signature::RsaEncoding = match scheme {
                    Scheme::RsaPkcs1Sha256 => &signature::RSA_PKCS1_SHA256,
                    Scheme::RsaPkcs1Sha384 => &signature::RSA_PKCS1_SHA384,
                    Scheme::RsaPkcs1Sha512 => &signature::RSA_PKCS1_SHA512,
                    _ => return Err(Mismatch),
                };
                let mut out = vec![0; modulus_len(key)];
                key.sign(padding, &SystemRandom::new(), message, &mut out)?;
                Ok(out)
            }
            Self::Ecdsa(key) => match scheme {
                Scheme::EcdsaP256Sha256 | Scheme::EcdsaP384Sha384 => {
                    Ok(key.sign(&SystemRandom::new(), message)?.as_ref().to_vec())
                }
                _ => Err(Mismatch),
            },
            Self::Ed25519(key) => Ok(key.sign(message).as_ref().to_vec()),
        }
    }
}

#[cfg(not(feature = "aws-lc-rs"))]
fn ecdsa(algorithm: &'static signature::EcdsaSigningAlgorithm, der: &[u8]) -> Result<EcdsaKeyPair, error::KeyRejected> {
    EcdsaKeyPair::from_pkcs8(algorithm, der, &SystemRandom::new())
}

#[cfg(feature = "aws-lc-rs")]
fn ecdsa(algorithm: &'static signature::EcdsaSigningAlgorithm, der: &[u8]) -> Result<EcdsaKeyPair, error::KeyRejected> {
    EcdsaKeyPair::from_pkcs8(algorithm, der)
}

#[cfg(not(feature = "aws-lc-rs"))]
fn modulus_len(key: &RsaKeyPair) -> usize {
    key.public().modulus_len()
}

#[cfg(feature = "aws-lc-rs")]
fn modulus_len(key: &RsaKeyPair) -> usize {
    key.public_modulus_len()
}

/// A new P-256 key as PKCS#8. The caller wipes it.
pub(crate) fn generate_p256() -> Result<Vec<u8>, Mismatch> {
    let document = EcdsaKeyPair::generate_pkcs8(&signature::ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new())?;
    Ok(document.as_ref().to_vec())
}

/// The size of an inner key, where the type fixes it.
pub(crate) const fn point_len(key: KeyType) -> Option<usize> {
    match key {
        KeyType::Rsa { .. } => None,
        KeyType::P256 => Some(65),
        KeyType::P384 => Some(97),
        KeyType::Ed25519 => Some(32),
    }
}
