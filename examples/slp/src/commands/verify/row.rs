//! One verdict about one signature.

use serde::Serialize;
use slp_crypto::{Evidence, NotVerified, Reason, Source, Warning};
use slp_model::{Location, Udi};

use crate::facts::Holder;

/// What became of one signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    Verified,
    Not(Reason),
}

impl Verdict {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Not(reason) => reason.as_str(),
        }
    }

    /// Is this content to be refused by everybody?
    pub(super) fn is_bad(self) -> bool {
        matches!(self, Self::Not(Reason::Invalid | Reason::Malformed))
    }
}

impl Serialize for Verdict {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// As JSON: `verdict`, `detail` (why not), `of` (what is signed), `place`, `device`, `signer` (whom the certificate of
/// the key names), `key`, `scheme`, `source`, `bytes` (how many are covered), `warnings`, `outside` (members beside the
/// signed bytes), `text`.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) detail: Option<&'static str>,
    pub(super) of: String,
    #[serde(skip_serializing_if = "Location::is_empty")]
    pub(super) place: Location,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) device: Option<Udi>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) signer: Option<Holder>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) scheme: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bytes: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) warnings: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) outside: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<String>,
    /// Another signature decides: this one is inside its bytes.
    #[serde(skip)]
    pub(super) is_inner: bool,
}

impl Row {
    fn new(verdict: Verdict, of: String) -> Self {
        Self {
            verdict,
            detail: None,
            of,
            place: Location::default(),
            device: None,
            signer: None,
            key: None,
            scheme: None,
            source: None,
            bytes: None,
            warnings: Vec::new(),
            outside: Vec::new(),
            text: None,
            is_inner: false,
        }
    }

    /// What the library said.
    pub(super) fn of(of: impl Into<String>, verdict: Result<&Evidence, &NotVerified>) -> Self {
        match verdict {
            Ok(evidence) => Self {
                signer: evidence.signer().map(Holder::from),
                key: Some(evidence.key_id().to_string()),
                scheme: Some(evidence.scheme().as_str()),
                source: Some(source(evidence.source())),
                bytes: Some(evidence.covered_len()),
                warnings: evidence.warnings().iter().map(warning).collect(),
                ..Self::new(Verdict::Verified, of.into())
            },
            Err(why) => {
                let place = why.place().clone();
                Self { place, ..Self::not(of, why.reason(), why.detail().as_str(), why.message()) }
            }
        }
    }

    /// What this program says itself.
    pub(super) fn not(of: impl Into<String>, reason: Reason, detail: &'static str, message: impl Into<String>) -> Self {
        let mut row = Self::new(Verdict::Not(reason), of.into());
        (row.detail, row.text) = (Some(detail), Some(message.into()));
        row
    }

    /// The signature fits, and still nobody may rely on it: what was found is kept beside the reason.
    pub(super) fn refuse(&mut self, reason: Reason, detail: &'static str, message: String) {
        (self.verdict, self.detail, self.text) = (Verdict::Not(reason), Some(detail), Some(message));
    }
}

/// The trust directory is the resolver of this program.
fn source(source: Source) -> &'static str {
    match source {
        Source::Resolver => "trust",
        other => other.as_str(),
    }
}

fn warning(warning: &Warning) -> String {
    let word = warning.as_str();
    match warning {
        Warning::Expired { not_after, at, .. } => format!("{word}: the certificate ended {not_after}, before {at}"),
        Warning::NotYetValid { not_before, at, .. } => {
            format!("{word}: the certificate begins {not_before}, after {at}")
        }
        Warning::AnchorExpired { not_after, at, .. } => format!("{word}: the issuer ended {not_after}, before {at}"),
        Warning::AnchorNotYetValid { not_before, at, .. } => {
            format!("{word}: the issuer begins {not_before}, after {at}")
        }
        Warning::TimeNotChecked => format!("{word}: no date was compared"),
        Warning::SigningWord(text) => format!("{word}: the signature calls itself {}", slp_model::Quoted(text)),
        Warning::Base64Space => format!("{word}: white space was removed from the signature"),
        Warning::UnparsedExtension(oid) => format!("{word}: the extension {oid} cannot be read"),
        Warning::NoIdentity => format!("{word}: the certificate names no device"),
        Warning::NonceUnchecked => format!("{word}: only --nonce shows that this is no old answer"),
        Warning::SeveralIssuers => format!("{word}: several trusted issuers have this name"),
        _ => word.to_owned(),
    }
}
