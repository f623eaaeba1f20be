//! Signature schemes. Spec: crypto, "Keys, schemes, key resolution".

use slp_model::word_forms;

use crate::key::KeyType;

/// How a signature is made and checked: key type, padding or encoding, hash.
///
/// A message never selects one: the key does. Text and JSON: the words of [`as_str`](Self::as_str). Spec: crypto, "Schemes" (choice).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// RSA, PKCS#1 v1.5, SHA-256: what devices sign with (seen). The default of an RSA key.
    RsaPkcs1Sha256,
    /// RSA, PKCS#1 v1.5, SHA-384.
    RsaPkcs1Sha384,
    /// RSA, PKCS#1 v1.5, SHA-512: known-good-values files (seen).
    RsaPkcs1Sha512,
    /// ECDSA on P-256 over SHA-256, DER encoded: what the SDK signs its own documents with (choice). The default of a
    /// P-256 key.
    EcdsaP256Sha256,
    /// ECDSA on P-256 over SHA-384, DER encoded. In certificates only.
    EcdsaP256Sha384,
    /// ECDSA on P-384 over SHA-384, DER encoded. The default of a P-384 key.
    EcdsaP384Sha384,
    /// ECDSA on P-384 over SHA-256, DER encoded. In certificates only.
    EcdsaP384Sha256,
    /// Ed25519. The default of such a key.
    Ed25519,
}

impl Scheme {
    /// Every scheme there is.
    pub const ALL: &'static [Self] = &[
        Self::RsaPkcs1Sha256,
        Self::RsaPkcs1Sha384,
        Self::RsaPkcs1Sha512,
        Self::EcdsaP256Sha256,
        Self::EcdsaP256Sha384,
        Self::EcdsaP384Sha384,
        Self::EcdsaP384Sha256,
        Self::Ed25519,
    ];

    /// The stable word. Spec: crypto, "Enumerations".
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RsaPkcs1Sha256 => "rsa-pkcs1-sha256",
            Self::RsaPkcs1Sha384 => "rsa-pkcs1-sha384",
            Self::RsaPkcs1Sha512 => "rsa-pkcs1-sha512",
            Self::EcdsaP256Sha256 => "ecdsa-p256-sha256",
            Self::EcdsaP256Sha384 => "ecdsa-p256-sha384",
            Self::EcdsaP384Sha384 => "ecdsa-p384-sha384",
            Self::EcdsaP384Sha256 => "ecdsa-p384-sha256",
            Self::Ed25519 => "ed25519",
        }
    }

    /// Can a key of this type be used with this scheme?
    pub const fn fits(self, key: KeyType) -> bool {
        matches!(
            (self, key),
            (Self::RsaPkcs1Sha256 | Self::RsaPkcs1Sha384 | Self::RsaPkcs1Sha512, KeyType::Rsa { .. })
                | (Self::EcdsaP256Sha256 | Self::EcdsaP256Sha384, KeyType::P256)
                | (Self::EcdsaP384Sha256 | Self::EcdsaP384Sha384, KeyType::P384)
                | (Self::Ed25519, KeyType::Ed25519)
        )
    }

    /// The scheme that a key of this type has unless it was added with another one.
    pub const fn default_of(key: KeyType) -> Self {
        match key {
            KeyType::Rsa { .. } => Self::RsaPkcs1Sha256,
            KeyType::P256 => Self::EcdsaP256Sha256,
            KeyType::P384 => Self::EcdsaP384Sha384,
            KeyType::Ed25519 => Self::Ed25519,
        }
    }
}

word_forms!(Scheme, "signature scheme");
