//! Which bytes were signed, with which signature, by whom: the meeting point of parsers and cryptography.

use std::borrow::Cow;

use crate::{Location, Udi};

/// What the signed bytes are. It decides which keys may sign them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Place {
    /// The payload text of a usage report.
    UsageReport,
    /// An element signed by the cloud, by its name: `smartLicenseAuthorization`, `smartLicensePolicy`, …
    CloudElement(Box<str>),
    /// A document of this SDK, by its kind.
    OwnDocument(Box<str>),
    /// A statement signed with a device certificate, by its kind.
    SudiStatement(Box<str>),
    /// The body of a request or answer.
    ApiBody,
}

/// The exact bytes under a signature, and what stands beside it. Nothing in here is verified.
///
/// Parsers fill it, `slp-crypto` judges it; neither knows the other. The bytes are never re-made: they are those that
/// arrived. Spec: crypto, "Overview".
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignedContent<'a> {
    /// Exactly the bytes that the signature covers.
    pub bytes: Cow<'a, [u8]>,
    /// What they are.
    pub place: Place,
    /// The signature as text (base64), as received; `None` when there is none.
    pub signature: Option<Cow<'a, str>>,
    /// The text of `signing_type`, if any. It never selects an algorithm.
    pub signing_word: Option<Cow<'a, str>>,
    /// The text of `key`, if any: a hint.
    pub key_text: Option<Cow<'a, str>>,
    /// The device named beside the signature, if any. Nothing proves that it signed.
    pub signer: Option<Udi>,
    /// The signed bytes no longer exist: the payload arrived as an object, `bytes` is only its text.
    pub lost: bool,
    /// Where it stands in the input.
    pub at: Location,
}

impl<'a> SignedContent<'a> {
    /// These bytes, without a signature yet.
    pub fn new(bytes: impl Into<Cow<'a, [u8]>>, place: Place) -> Self {
        Self {
            bytes: bytes.into(),
            place,
            signature: None,
            signing_word: None,
            key_text: None,
            signer: None,
            lost: false,
            at: Location::default(),
        }
    }

    /// The same content with data of its own.
    pub fn into_owned(self) -> SignedContent<'static> {
        let own = |text: Option<Cow<'a, str>>| text.map(|text| Cow::Owned(text.into_owned()));
        SignedContent {
            bytes: Cow::Owned(self.bytes.into_owned()),
            place: self.place,
            signature: own(self.signature),
            signing_word: own(self.signing_word),
            key_text: own(self.key_text),
            signer: self.signer,
            lost: self.lost,
            at: self.at,
        }
    }
}

/// Something that carries a signature over its own bytes.
pub trait Signed {
    /// The bytes and the signature, as they arrived.
    fn signed_content(&self) -> SignedContent<'_>;
}

impl Signed for SignedContent<'_> {
    fn signed_content(&self) -> SignedContent<'_> {
        SignedContent {
            bytes: Cow::Borrowed(&self.bytes),
            place: self.place.clone(),
            signature: self.signature.as_deref().map(Cow::Borrowed),
            signing_word: self.signing_word.as_deref().map(Cow::Borrowed),
            key_text: self.key_text.as_deref().map(Cow::Borrowed),
            signer: self.signer.clone(),
            lost: self.lost,
            at: self.at.clone(),
        }
    }
}
