//! The two answers there are: a witness, or the reason why there is none. Spec: crypto, "Verdicts".

use std::fmt;

use slp_model::{Location, SignedContent, UnixSeconds};

use crate::backend;
use crate::certificate::Identity;
use crate::error::{Error, ErrorKind};
use crate::key::{KeyId, PublicKey};
use crate::scheme::Scheme;
use crate::time::TimePolicy;

/// `T`, after a signature over its bytes was checked.
///
/// Only the verify functions of this crate make one, so holding it is the proof. There is no way to put another value
/// into it, none to change the one inside, and none to read it from a file. It says that the holder of
/// [`Evidence::key_sha256`] signed these bytes, and nothing about whether the content fits the device at hand.
///
/// ```compile_fail,E0451
/// fn forge<T>(value: T, evidence: slp_crypto::Evidence) -> slp_crypto::Verified<T> {
///     slp_crypto::Verified { value, evidence }             // private fields
/// }
/// ```
/// ```compile_fail,E0624
/// fn forge<T>(value: T, evidence: slp_crypto::Evidence) -> slp_crypto::Verified<T> {
///     slp_crypto::Verified::new(value, evidence)           // private constructor
/// }
/// ```
/// ```compile_fail,E0599
/// fn change(verified: &mut slp_crypto::Verified<String>) {
///     verified.clear();                                    // no DerefMut
/// }
/// ```
/// ```compile_fail,E0596
/// fn change(verified: &mut slp_crypto::Verified<String>) {
///     verified.get().clear();                              // no mutable access
/// }
/// ```
/// ```compile_fail,E0277
/// fn read(json: &str) -> slp_crypto::Verified<String> {
///     serde_json::from_str(json).unwrap()                  // no Deserialize
/// }
/// ```
/// ```compile_fail,E0277
/// fn nothing() -> slp_crypto::Verified<String> {
///     Default::default()                                   // no Default
/// }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Verified<T> {
    value: T,
    evidence: Evidence,
}

impl<T> Verified<T> {
    pub(crate) const fn new(value: T, evidence: Evidence) -> Self {
        Self { value, evidence }
    }

    /// The verified value.
    pub const fn get(&self) -> &T {
        &self.value
    }

    /// The value alone. The proof is gone then.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// What was checked, with which key, and what is worth knowing about it.
    pub const fn evidence(&self) -> &Evidence {
        &self.evidence
    }
}

impl Verified<&SignedContent<'_>> {
    /// Reads the verified bytes, and only those: `read` is a plain function, so it cannot bring anything else in.
    ///
    /// # Errors
    /// Whatever `read` says.
    pub fn read_with<U, E>(self, read: fn(&[u8]) -> Result<U, E>) -> Result<Verified<U>, E> {
        let Self { value, mut evidence } = self;
        evidence.covered_sha256 = Some(backend::sha256(&[&value.bytes]));
        Ok(Verified::new(read(&value.bytes)?, evidence))
    }

    /// SHA-256 of the signed bytes: the name to use against replays, since signatures are no identifiers (ECDSA has
    /// two for each message). Computed when asked for.
    pub fn covered_sha256(&self) -> [u8; 32] {
        self.evidence.covered_sha256.unwrap_or_else(|| backend::sha256(&[&self.value.bytes]))
    }
}

/// Where the key that verified came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Source {
    /// A certificate whose SHA-256 is pinned.
    Pin,
    /// A certificate that the user made an anchor.
    Anchor,
    /// The caller's [`KeyResolver`](crate::KeyResolver), or a key that was handed over.
    Resolver,
    /// A certificate or key inside the document, itself checked where it has an issuer.
    Document,
}

impl Source {
    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pin => "pin",
            Self::Anchor => "anchor",
            Self::Resolver => "resolver",
            Self::Document => "document",
        }
    }
}

/// What stands behind a [`Verified`].
#[derive(Clone, Debug)]
pub struct Evidence {
    scheme: Scheme,
    key_sha256: [u8; 32],
    source: Source,
    pub(crate) signer: Option<Identity>,
    covered_len: u64,
    pub(crate) covered_sha256: Option<[u8; 32]>,
    time: TimePolicy,
    pub(crate) warnings: Vec<Warning>,
}

impl Evidence {
    pub(crate) fn new(scheme: Scheme, key: &PublicKey, source: Source, covered: usize, time: TimePolicy) -> Self {
        Self {
            scheme,
            key_sha256: *key.sha256(),
            source,
            signer: key.holder().cloned(),
            covered_len: u64::try_from(covered).unwrap_or(u64::MAX),
            covered_sha256: None,
            time,
            warnings: Vec::new(),
        }
    }

    /// The same, the key having come from there.
    pub(crate) const fn sourced(mut self, source: Source) -> Self {
        self.source = source;
        self
    }

    /// The scheme of the signature.
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// SHA-256 of the SPKI of the key that verified.
    pub const fn key_sha256(&self) -> &[u8; 32] {
        &self.key_sha256
    }

    /// The short name of that key.
    pub fn key_id(&self) -> KeyId {
        KeyId::of(&self.key_sha256)
    }

    /// Where that key came from.
    pub const fn source(&self) -> Source {
        self.source
    }

    /// Whom the certificate names, if one was involved and it names a device.
    pub const fn signer(&self) -> Option<&Identity> {
        self.signer.as_ref()
    }

    /// How many bytes the signature covers.
    pub const fn covered_len(&self) -> u64 {
        self.covered_len
    }

    /// SHA-256 of those bytes, where it was computed: always once the bytes themselves are no longer at hand.
    pub const fn covered_sha256(&self) -> Option<&[u8; 32]> {
        self.covered_sha256.as_ref()
    }

    /// The policy on time that was used.
    pub const fn time(&self) -> TimePolicy {
        self.time
    }

    /// What does not change the verdict, but should be shown.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}

/// Something about a good signature that a person should see. Spec: crypto, "Warnings".
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// The certificate ended before the time asked about. Devices outlive their certificates (inferred).
    #[non_exhaustive]
    Expired {
        /// Its last second.
        not_after: UnixSeconds,
        /// The time asked about.
        at: UnixSeconds,
    },
    /// The certificate begins after the time asked about.
    #[non_exhaustive]
    NotYetValid {
        /// Its first second.
        not_before: UnixSeconds,
        /// The time asked about.
        at: UnixSeconds,
    },
    /// The issuer, which the user or a pin trusts, ended before the time asked about.
    #[non_exhaustive]
    AnchorExpired {
        /// Its last second.
        not_after: UnixSeconds,
        /// The time asked about.
        at: UnixSeconds,
    },
    /// The issuer begins after the time asked about.
    #[non_exhaustive]
    AnchorNotYetValid {
        /// Its first second.
        not_before: UnixSeconds,
        /// The time asked about.
        at: UnixSeconds,
    },
    /// No time was compared ([`TimePolicy::Ignore`]).
    TimeNotChecked,
    /// The statement has a nonce, and nobody said which one was asked for.
    NonceUnchecked,
    /// The word in `signing_type` is neither `SHA256` nor `SHA-256`; it was not used.
    SigningWord(Box<str>),
    /// White space was removed from a signature text.
    Base64Space,
    /// A non-critical extension of this OID could not be read.
    UnparsedExtension(Box<str>),
    /// The subject names no device.
    NoIdentity,
    /// More than one trusted issuer has this name; each was tried.
    SeveralIssuers,
}

impl Warning {
    /// The stable word.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Expired { .. } => "expired",
            Self::NotYetValid { .. } => "not-yet-valid",
            Self::AnchorExpired { .. } => "anchor-expired",
            Self::AnchorNotYetValid { .. } => "anchor-not-yet-valid",
            Self::TimeNotChecked => "time-not-checked",
            Self::NonceUnchecked => "nonce-unchecked",
            Self::SigningWord(_) => "signing-word",
            Self::Base64Space => "base64-space",
            Self::UnparsedExtension(_) => "unparsed-extension",
            Self::NoIdentity => "no-identity",
            Self::SeveralIssuers => "several-issuers",
        }
    }
}

/// Why something is not verified: five reasons, for five things to do. Ordered by how much they say: of several
/// keys or issuers the greatest reason is the answer. Spec: crypto, "The reasons".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// It is not what it claims to be: get the file again.
    Malformed,
    /// Nobody but the maker can check it. Say so, and never count it as valid.
    NotCheckable,
    /// It could be checked, but no key or issuer was given: supply it.
    KeyUnknown,
    /// Readable, but of an algorithm or version that is not checked here.
    Unsupported,
    /// A key was applied, or a rule was broken. Treat the content as forged.
    Invalid,
}

impl Reason {
    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::NotCheckable => "not-checkable",
            Self::KeyUnknown => "key-unknown",
            Self::Unsupported => "unsupported",
            Self::Invalid => "invalid",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! details {
    ($( $(#[$doc:meta])* $variant:ident = $word:literal; )+) => {
        /// The detail of a [`NotVerified`]: a stable word. Some occur under more than one reason.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Detail { $( $(#[$doc])* $variant, )+ }

        impl Detail {
            /// Every detail there is.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )+ ];

            /// The stable word.
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word, )+ }
            }
        }
    };
}

details! {
    /// Too large, or empty.
    Size = "size";
    /// The outermost layer of the certificate is not exact.
    Wrapper = "wrapper";
    /// The certificate cannot be read.
    Certificate = "certificate";
    /// The certificate names one algorithm inside and another one outside.
    AlgorithmMismatch = "algorithm-mismatch";
    /// One extension twice.
    DuplicateExtension = "duplicate-extension";
    /// An extension that matters cannot be read.
    Extension = "extension";
    /// Not base64.
    Base64 = "base64";
    /// Not hexadecimal.
    Hex = "hex";
    /// A key: not one, not one we check, or none given.
    Key = "key";
    /// Not PEM.
    Pem = "pem";
    /// Not JSON.
    Syntax = "syntax";
    /// A number with a fraction, an exponent, or minus zero.
    Float = "float";
    /// An integer beyond 2^53 - 1.
    Range = "range";
    /// A member twice.
    DuplicateKey = "duplicate-key";
    /// Nested too deeply.
    Depth = "depth";
    /// A statement whose parts do not make one.
    Statement = "statement";
    /// There is no signature.
    Absent = "absent";
    /// Signed with a secret inside the product.
    Builtin = "builtin";
    /// The signed bytes no longer exist.
    PayloadLost = "payload-lost";
    /// A scheme that is not checked.
    Scheme = "scheme";
    /// A certificate signed in a way that is not checked, or not with the key of its issuer.
    SignatureAlgorithm = "signature-algorithm";
    /// A format or version of a document that is not known.
    Format = "format";
    /// The signature does not fit. Nothing more is known.
    Mismatch = "mismatch";
    /// Signed with SHA-1 or MD5.
    WeakHash = "weak-hash";
    /// A key that is too short.
    WeakKey = "weak-key";
    /// A critical extension that is not known.
    CriticalExtension = "critical-extension";
    /// A CA certificate where a device certificate has to be.
    LeafIsCa = "leaf-is-ca";
    /// A certificate that may not issue others.
    NotACa = "not-a-ca";
    /// More CAs below than it allows.
    PathLength = "path-length";
    /// A key that may not be used for this.
    KeyUsage = "key-usage";
    /// Past its end.
    Expired = "expired";
    /// Before its beginning.
    NotYetValid = "not-yet-valid";
    /// Another nonce than the one asked for.
    Nonce = "nonce";
    /// Another device than the one asked for.
    Identity = "identity";
    /// Another kind of document than the one asked for.
    Kind = "kind";
    /// The signer has another role.
    Role = "role";
    /// Nobody trusted issued it.
    Issuer = "issuer";
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why there is no [`Verified`]. One pointer wide; never carries the content.
pub struct NotVerified(Box<Inner>);

struct Inner {
    reason: Reason,
    detail: Detail,
    place: Location,
    text: String,
}

const _: () = assert!(size_of::<NotVerified>() <= 64, "errors stay small");

impl NotVerified {
    pub(crate) fn new(reason: Reason, detail: Detail, text: impl Into<String>) -> Self {
        Self(Box::new(Inner { reason, detail, place: Location::default(), text: text.into() }))
    }

    pub(crate) fn malformed(detail: Detail, text: impl Into<String>) -> Self {
        Self::new(Reason::Malformed, detail, text)
    }

    pub(crate) fn invalid(detail: Detail, text: impl Into<String>) -> Self {
        Self::new(Reason::Invalid, detail, text)
    }

    /// A certificate or request with a key that was refused.
    pub(crate) fn key(error: &Error) -> Self {
        let (reason, detail) = match error.kind() {
            ErrorKind::WeakKey => (Reason::Invalid, Detail::WeakKey),
            ErrorKind::UnsupportedKey => (Reason::Unsupported, Detail::Key),
            _ => (Reason::Malformed, Detail::Key),
        };
        Self::new(reason, detail, error.message())
    }

    pub(crate) fn at(mut self, place: Location) -> Self {
        self.0.place = place;
        self
    }

    /// Adds to the sentence.
    pub(crate) fn hint(mut self, text: &str) -> Self {
        self.0.text.push_str(": ");
        self.0.text.push_str(text);
        self
    }

    /// The same, its place seen from one file or archive further out.
    #[must_use]
    pub fn inside(mut self, entry: impl Into<String>) -> Self {
        self.0.place = std::mem::take(&mut self.0.place).inside(entry);
        self
    }

    /// One of five.
    pub fn reason(&self) -> Reason {
        self.0.reason
    }

    /// What exactly: a stable word.
    pub fn detail(&self) -> Detail {
        self.0.detail
    }

    /// Where the signature stands.
    pub fn place(&self) -> &Location {
        &self.0.place
    }

    /// The sentence without the place.
    pub fn message(&self) -> &str {
        &self.0.text
    }
}

impl fmt::Display for NotVerified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.place.is_empty() { f.write_str(&self.0.text) } else { write!(f, "{}: {}", self.0.place, self.0.text) }
    }
}

impl fmt::Debug for NotVerified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NotVerified({}, {}: {self})", self.0.reason, self.0.detail)
    }
}

impl std::error::Error for NotVerified {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_details_are_unique() {
        let mut words: Vec<_> = Detail::ALL.iter().map(|detail| detail.as_str()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Detail::ALL.len());
    }

    #[test]
    fn of_several_reasons_the_one_that_says_most_wins() {
        assert!(Reason::Invalid > Reason::Unsupported && Reason::Unsupported > Reason::KeyUnknown);
    }
}
