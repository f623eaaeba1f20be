//! Which bytes were signed, with which signature, by whom: the meeting point of parsers and cryptography.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind, Location, Quoted, Udi, serde_as_text};

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

impl fmt::Display for Place {
    /// `usage-report`, `cloud-element:NAME`, `own-document:KIND`, `sudi-statement:KIND`, `api-body`; `FromStr` reads them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UsageReport => f.write_str("usage-report"),
            Self::CloudElement(name) => write!(f, "cloud-element:{name}"),
            Self::OwnDocument(kind) => write!(f, "own-document:{kind}"),
            Self::SudiStatement(kind) => write!(f, "sudi-statement:{kind}"),
            Self::ApiBody => f.write_str("api-body"),
        }
    }
}

impl FromStr for Place {
    type Err = Error;

    /// Reads what `Display` writes.
    ///
    /// # Errors
    /// [`ErrorKind::BadWord`] for any other text.
    fn from_str(text: &str) -> Result<Self, Error> {
        Ok(match text.split_once(':') {
            Some(("cloud-element", name)) => Self::CloudElement(name.into()),
            Some(("own-document", kind)) => Self::OwnDocument(kind.into()),
            Some(("sudi-statement", kind)) => Self::SudiStatement(kind.into()),
            None if text == "usage-report" => Self::UsageReport,
            None if text == "api-body" => Self::ApiBody,
            _ => {
                let text = format!("{} is no kind of signed content, such as usage-report", Quoted(text));
                return Err(Error::new(ErrorKind::BadWord, text));
            }
        })
    }
}

serde_as_text!(Place);

/// Bytes as lower-case hexadecimal text.
mod hexadecimal {
    use std::borrow::Cow;
    use std::fmt::Write as _;

    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    #[expect(clippy::ptr_arg, reason = "the signature that serde asks for")]
    pub(super) fn serialize<S: Serializer>(bytes: &Cow<'_, [u8]>, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = String::with_capacity(bytes.len().saturating_mul(2));
        for byte in bytes.iter() {
            let _ = write!(text, "{byte:02x}");
        }
        serializer.serialize_str(&text)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cow<'static, [u8]>, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let digits = text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()));
        let digits = digits.collect::<Option<Vec<u8>>>().filter(|digits| digits.len().is_multiple_of(2));
        let digits = digits.ok_or_else(|| D::Error::custom("pairs of hexadecimal digits are wanted"))?;
        Ok(Cow::Owned(digits.as_chunks::<2>().0.iter().map(|[high, low]| high << 4 | low).collect()))
    }
}

/// The exact bytes under a signature, and what stands beside it. Nothing in here is verified.
///
/// Parsers fill it, `slp-crypto` judges it; neither knows the other. The bytes are never re-made: they are those that
/// arrived. Spec: crypto, "Overview".
///
/// As JSON: an object of these members, `bytes` in lower-case hexadecimal, what is absent left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SignedContent<'a> {
    /// Exactly the bytes that the signature covers.
    #[serde(with = "hexadecimal")]
    pub bytes: Cow<'a, [u8]>,
    /// What they are.
    pub place: Place,
    /// The signature as text (base64), as received; `None` when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Cow<'a, str>>,
    /// The text of `signing_type`, if any. It never selects an algorithm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing_word: Option<Cow<'a, str>>,
    /// The text of `key`, if any: a hint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_text: Option<Cow<'a, str>>,
    /// The device named beside the signature, if any. Nothing proves that it signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<Udi>,
    /// The signed bytes no longer exist: the payload arrived as an object, `bytes` is only its text.
    #[serde(default)]
    pub lost: bool,
    /// Where it stands in the input.
    #[serde(default, skip_serializing_if = "Location::is_empty")]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_words_both_ways() {
        for text in
            ["usage-report", "cloud-element:smartLicensePolicy", "own-document:x", "sudi-statement:y", "api-body"]
        {
            assert_eq!(text.parse::<Place>().unwrap().to_string(), text);
        }
        for text in ["", "usage-report:x", "api-body:", "else"] {
            assert!(text.parse::<Place>().is_err(), "{text}");
        }
    }

    #[test]
    fn json_keeps_the_bytes() {
        let mut content = SignedContent::new(&[0_u8, 0xff, 0x7b][..], Place::UsageReport);
        content.signature = Some("AAAA".into());
        content.signer = Udi::new("A", "B").ok();
        let json = serde_json::to_string(&content).unwrap();
        insta::assert_snapshot!(json, @r#"{"bytes":"00ff7b","place":"usage-report","signature":"AAAA","signer":{"udi_pid":"A","udi_serial_number":"B"},"lost":false}"#);
        assert_eq!(serde_json::from_str::<SignedContent<'_>>(&json).unwrap(), content);
        assert!(serde_json::from_str::<SignedContent<'_>>(&json.replace("00ff7b", "00f")).is_err());
    }

    #[test]
    fn lent_and_owned_content_are_the_same() {
        let content = SignedContent::new(&b"x"[..], Place::ApiBody);
        assert_eq!(content.signed_content(), content);
        assert_eq!(content.clone().into_owned(), content);
    }
}
