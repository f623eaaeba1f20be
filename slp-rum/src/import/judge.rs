//! Who says whether a signature holds: the caller. Parsing knows no cryptography.

use slp_model::{SignedContent, UnixSeconds};

use crate::TrustCode;

/// What is known about a signature. Never a bare yes or no. Spec: ack-auth, "Our rule".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// It holds, under a key of the server.
    Verified,
    /// It does not hold: the bytes or the signature were changed.
    Invalid,
    /// No key fits.
    KeyUnknown,
    /// It cannot be checked here.
    NotCheckable,
    /// Of a kind that is not supported.
    Unsupported,
    /// There is none, or it is no signature.
    Malformed,
    /// The certificate of the signer has ended, or has not begun.
    SignerExpired,
    /// The chain of the signer leads nowhere.
    ChainBroken,
    /// Made with a development key for a production device, or the reverse.
    WrongEnvironment,
}

/// The device's own certificate in a trust code.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Leaf {
    /// The certificate, in DER.
    pub certificate: Vec<u8>,
    /// Its public key, in DER.
    pub public_key: Vec<u8>,
    /// The common name of its subject.
    pub common_name: String,
    /// Its first second.
    pub not_before: UnixSeconds,
    /// Its last second; `None` for no end.
    pub not_after: Option<UnixSeconds>,
}

impl Leaf {
    /// A certificate of this name and key.
    pub fn new(
        certificate: Vec<u8>,
        public_key: Vec<u8>,
        common_name: impl Into<String>,
        not_before: UnixSeconds,
        not_after: Option<UnixSeconds>,
    ) -> Self {
        Self { certificate, public_key, common_name: common_name.into(), not_before, not_after }
    }
}

/// Why the certificates of a trust code do not serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum LeafFault {
    /// They cannot be read.
    Unreadable,
    /// They lead to no root that is trusted.
    ChainBroken,
    /// Nobody looked at them: this judge knows no certificates.
    NotChecked,
}

/// Judges signatures and certificates for [`import`](super::import).
pub trait Judge {
    /// Has a key of the server been configured?
    fn has_server_key(&self) -> bool;

    /// What is known about a signature.
    fn judge(&self, content: &SignedContent<'_>) -> Verdict;

    /// The device's own certificate in a trust code.
    ///
    /// # Errors
    /// [`LeafFault`] when the certificates do not serve. Unless a judge does better it says that nobody looked at them.
    fn leaf(&self, code: &TrustCode) -> Result<Leaf, LeafFault> {
        let _ = code;
        Err(LeafFault::NotChecked)
    }
}

/// No key, no certificates: every signature is not checkable.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct NoKeys;

impl NoKeys {
    /// The judge that knows nothing.
    pub const fn new() -> Self {
        Self
    }
}

impl Judge for NoKeys {
    fn has_server_key(&self) -> bool {
        false
    }

    fn judge(&self, content: &SignedContent<'_>) -> Verdict {
        if content.signature.is_some() { Verdict::NotCheckable } else { Verdict::Malformed }
    }
}

/// When a signature has to hold. Spec: ack-auth, "Model".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SignatureRule {
    /// Always.
    Required,
    /// As soon as a key of the server is configured; before that, a warning stands in its place.
    #[default]
    IfKeyGiven,
    /// Never: signatures are not looked at.
    Ignore,
}
