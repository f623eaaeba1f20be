//! What a device signs with its hardware key: its certificates, its boot registers, its compliance. Spec: crypto, "SUDI
//! statements".
//!
//! One key signs certificates, registers, free text and reports, told apart only by a header of 12 bytes. So a
//! statement is typed by what the caller asked the device for, never by guessing from the bytes.

use std::borrow::Cow;
use std::fmt;

use slp_model::Udi;

use crate::backend;
use crate::time::TimePolicy;
use crate::trust::TrustStore;
use crate::verdict::{Detail, NotVerified, Source, Verified, Warning};
use crate::verify;

/// The most bytes of a nonce that is no number (choice).
const MAX_NONCE: usize = 64;
/// The most bytes of a body.
const MAX_BODY: usize = 1 << 20;
/// The most pairs of a compliance answer.
const MAX_PAIRS: usize = 1024;

/// What was asked, so that an old answer cannot be played again.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Nonce {
    /// Eight bytes, big-endian (seen). Zero is eight zero bytes; "none" is no bytes at all.
    Number(u64),
    /// Up to 64 bytes as they are: IOS XR (code).
    Bytes(Vec<u8>),
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "Nonce({number})"),
            Self::Bytes(bytes) => write!(f, "Nonce({} bytes)", bytes.len()),
        }
    }
}

/// What the device said.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Body {
    /// The certificates as printed: root, issuing CA, device, each in DER. The root is signed content and nothing more.
    Chain {
        /// The root.
        root: Vec<u8>,
        /// The issuing CA.
        sub_ca: Vec<u8>,
        /// The device.
        leaf: Vec<u8>,
    },
    /// The boot registers 0 and 8.
    Measurement {
        /// Boot loaders.
        pcr0: [u8; 32],
        /// Operating system.
        pcr8: [u8; 32],
    },
    /// Attributes and values in the order printed. The signature covers their texts without separators, so the pairs
    /// are only as good as the carrier that cut them.
    Compliance(Vec<(String, String)>),
}

/// A statement: header and body. Spec: crypto, "Signed bytes" (seen).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statement {
    /// The nonce; the absent one is no zero.
    pub nonce: Option<Nonce>,
    /// The version of the signature: 1 so far. Others are built the same way (choice).
    pub version: u32,
    /// What it says.
    pub body: Body,
}

impl Statement {
    /// A statement of version 1.
    pub const fn new(nonce: Option<Nonce>, body: Body) -> Self {
        Self { nonce, version: 1, body }
    }

    /// The stable word for its kind.
    pub const fn kind(&self) -> &'static str {
        match self.body {
            Body::Chain { .. } => "chain",
            Body::Measurement { .. } => "measurement",
            Body::Compliance(_) => "compliance",
        }
    }

    /// The bytes that the device signed: nonce, version, body, with nothing between them.
    ///
    /// # Errors
    /// [`Detail::Statement`] for a nonce above 64 bytes, a body above 1 MiB or more than 1,024 pairs.
    pub fn signed_bytes(&self) -> Result<Vec<u8>, NotVerified> {
        let fault = |text: &str| NotVerified::malformed(Detail::Statement, text);
        let mut bytes = match &self.nonce {
            Some(Nonce::Number(number)) => number.to_be_bytes().to_vec(),
            Some(Nonce::Bytes(nonce)) if nonce.len() > MAX_NONCE => return Err(fault("a nonce has at most 64 bytes")),
            Some(Nonce::Bytes(nonce)) => nonce.clone(),
            None => Vec::new(),
        };
        bytes.extend(self.version.to_be_bytes());
        let parts: Vec<Cow<'_, [u8]>> = match &self.body {
            Body::Chain { root, sub_ca, leaf } => [root, sub_ca, leaf].map(|der| Cow::from(der.as_slice())).to_vec(),
            Body::Measurement { pcr0, pcr8 } => vec![pcr0.as_slice().into(), pcr8.as_slice().into()],
            Body::Compliance(pairs) if pairs.len() > MAX_PAIRS => {
                return Err(fault("a compliance answer has at most 1024 attributes"));
            }
            Body::Compliance(pairs) => {
                pairs.iter().flat_map(|(name, value)| [name.as_bytes().into(), value.as_bytes().into()]).collect()
            }
        };
        if parts.iter().map(|part| part.len()).fold(0, usize::saturating_add) > MAX_BODY {
            return Err(fault("the body of a statement has at most 1 MiB"));
        }
        for part in parts {
            bytes.extend_from_slice(&part);
        }
        Ok(bytes)
    }
}

/// What the caller knows and the device has to confirm.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Expect<'a> {
    /// The nonce of the caller's own request; never the one echoed in the answer.
    pub nonce: Option<&'a Nonce>,
    /// The device that was asked.
    pub udi: Option<&'a Udi>,
}

impl<'a> Expect<'a> {
    /// Nothing: what the device says of itself is taken, with a warning about a nonce.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// This nonce.
    #[must_use]
    pub fn nonce(mut self, nonce: &'a Nonce) -> Self {
        self.nonce = Some(nonce);
        self
    }

    /// This device.
    #[must_use]
    pub fn udi(mut self, udi: &'a Udi) -> Self {
        self.udi = Some(udi);
        self
    }
}

impl TrustStore {
    /// Checks a statement with the certificates that came with it: the device's, then CAs in any order.
    ///
    /// A chain statement has its own certificates: give `leaf` and `[sub_ca]` of its body, or those known for the
    /// device, which then have to be the same key.
    ///
    /// # Errors
    /// In this order: the parts make no statement; the certificate fails [`TrustStore::verify_leaf`]; the signature
    /// does not fit ([`Detail::Mismatch`]); another nonce or another device than expected.
    pub fn verify_statement<'s>(
        &self,
        statement: &'s Statement,
        signature: &[u8],
        leaf: &[u8],
        cas: &[&[u8]],
        time: TimePolicy,
        expect: &Expect<'_>,
    ) -> Result<Verified<&'s Statement>, NotVerified> {
        let bytes = statement.signed_bytes()?;
        let certificate = self.verify_leaf(leaf, cas, time)?;
        let key = certificate.get().key().map_err(|error| NotVerified::key(&error))?;
        let checked = verify::check_keys(&bytes, signature, std::slice::from_ref(key), false, time)?;
        let mut evidence = checked.sourced(Source::Document);
        evidence.signer = certificate.get().identity().cloned();
        evidence.covered_sha256 = Some(backend::sha256(&[&bytes]));
        evidence.warnings.extend(certificate.evidence().warnings().iter().cloned());
        match expect.nonce {
            Some(nonce) if statement.nonce.as_ref() != Some(nonce) => {
                let text = "the statement answers another question: its nonce is not the one that was asked with";
                return Err(NotVerified::invalid(Detail::Nonce, text));
            }
            Some(_) => {}
            None => evidence.warnings.push(Warning::NonceUnchecked),
        }
        if let Some(udi) = expect.udi
            && !certificate.get().identity().is_some_and(|identity| identity.is(udi))
        {
            let text = "the certificate names another device than the one that was asked";
            return Err(NotVerified::invalid(Detail::Identity, text));
        }
        Ok(Verified::new(statement, evidence))
    }
}

/// A boot register as a device computes it: starts at zero, and takes in one printed hash after the other.
///
/// ```
/// use slp_crypto::BootRegister;
///
/// let mut register = BootRegister::new();
/// register.extend(&[0xaa; 64]);
/// assert_ne!(register.value(), BootRegister::new().value());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BootRegister([u8; 32]);

impl BootRegister {
    /// Thirty-two zero bytes.
    pub const fn new() -> Self {
        Self([0; 32])
    }

    /// Takes in a hash: `r = SHA-256(r || SHA-256(hash))`, over its decoded bytes (code, confirmed on a real device).
    pub fn extend(&mut self, hash: &[u8]) {
        self.0 = backend::sha256(&[&self.0, &backend::sha256(&[hash])]);
    }

    /// The register now.
    pub const fn value(&self) -> &[u8; 32] {
        &self.0
    }
}
