//! A document as a whole: from bytes to content, and back.

use sha2::{Digest, Sha256};
use slp_crypto::canonical::{self, Object, Value};
use slp_crypto::envelope;
use slp_model::{Location, Quoted, word_enum};

use crate::document::codec::{At, Members, Record, Sink};
use crate::document::{RegistrationAuthorization, RegistrationRequest, SyncRequest, SyncResponse};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::source::widen;
use crate::warning::{Warning, WarningKind, Warnings};

/// What the member `format` says.
const FORMAT: &str = "slp-sync/1";

/// The only algorithm; it is compared, never used to choose.
const ALGORITHM: &str = "ECDSA_P256_SHA256_DER";

/// Objects and arrays inside one another.
const DEPTH: u32 = 16;

word_enum! {
    /// Which of the four documents it is. Words: those of the member `kind`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Kind: "kind of document" {
        /// Document A: an On-Prem asks to be registered.
        RegistrationRequest = "registration_request",
        /// Document B: the cloud registers it, with certificates.
        RegistrationAuthorization = "registration_authorization",
        /// Document C: an On-Prem says what changed, and asks for an answer.
        SyncRequest = "sync_request",
        /// Document D: the cloud answers with what was purchased.
        SyncResponse = "sync_response",
    }
}

/// The content of a document, typed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// Document A: an On-Prem asks to be registered.
    RegistrationRequest(Box<RegistrationRequest>),
    /// Document B: the cloud registers it, with certificates.
    RegistrationAuthorization(Box<RegistrationAuthorization>),
    /// Document C: an On-Prem says what changed, and asks for an answer.
    SyncRequest(Box<SyncRequest>),
    /// Document D: the cloud answers with what was purchased.
    SyncResponse(Box<SyncResponse>),
}

impl Content {
    /// Which document it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::RegistrationRequest(_) => Kind::RegistrationRequest,
            Self::RegistrationAuthorization(_) => Kind::RegistrationAuthorization,
            Self::SyncRequest(_) => Kind::SyncRequest,
            Self::SyncResponse(_) => Kind::SyncResponse,
        }
    }

    fn read(kind: Kind, members: &Members<'_>) -> Result<Self> {
        let content = match kind {
            Kind::RegistrationRequest => Self::RegistrationRequest(Box::new(Record::read_members(members)?)),
            Kind::RegistrationAuthorization => {
                Self::RegistrationAuthorization(Box::new(Record::read_members(members)?))
            }
            Kind::SyncRequest => Self::SyncRequest(Box::new(Record::read_members(members)?)),
            Kind::SyncResponse => Self::SyncResponse(Box::new(Record::read_members(members)?)),
        };
        match &content {
            Self::SyncRequest(request) => request.check()?,
            Self::SyncResponse(response) => response.check()?,
            _ => {}
        }
        Ok(content)
    }

    fn write(&self, sink: &mut Sink<'_>) {
        match self {
            Self::RegistrationRequest(content) => content.write_members(sink),
            Self::RegistrationAuthorization(content) => content.write_members(sink),
            Self::SyncRequest(content) => content.write_members(sink),
            Self::SyncResponse(content) => content.write_members(sink),
        }
    }
}

/// A document: its content, and the canonical value it was read from, with all members that mean nothing here.
///
/// **Not verified.** What it says may be shown; [`verify`](crate::document::verify) makes what may be applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    content: Content,
    envelope: envelope::Document,
    warnings: Warnings,
}

impl Document {
    /// Reads a file. Member order and white space do not matter; a byte order mark is dropped, and so are blanks inside
    /// signatures, with a [warning](Self::warnings); unknown members are kept.
    ///
    /// With the feature `yaml` also a file in YAML, of the forms that have one meaning: no aliases, anchors, tags, merge
    /// keys, second documents or texts over several lines but `|`. Its value has the same canonical bytes, so the
    /// signatures of the JSON hold. Spec: sync, "YAML" (choice).
    ///
    /// # Errors
    /// [`ErrorKind::Limit`], [`ErrorKind::WrongContainer`] (XML, gzip, zip), [`ErrorKind::UnsupportedEncoding`] (YAML
    /// without the feature), [`ErrorKind::YamlFeature`], [`ErrorKind::Json`], [`ErrorKind::DuplicateMember`], [`ErrorKind::BadNumber`], [`ErrorKind::UnsupportedFormat`],
    /// [`ErrorKind::WrongKind`], [`ErrorKind::MissingMember`], [`ErrorKind::BadValue`], and for the content
    /// [`ErrorKind::DuplicateId`], [`ErrorKind::TombstoneInFull`], [`ErrorKind::LicenseSumMismatch`],
    /// [`ErrorKind::HierarchyConflict`].
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Self> {
        if widen(bytes.len()) > limits.document_bytes {
            return Err(Error::limit("document_bytes", limits.document_bytes, "bytes of the document"));
        }
        let mut warnings = Warnings::default();
        let text = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        if text.len() < bytes.len() {
            warnings.push(Warning::new(WarningKind::Bom, Location::byte(0)));
        }
        let value = value(text)?;
        let Value::Object(object) = value else {
            return Err(Error::new(ErrorKind::Json, "a document is one object"));
        };
        let word = |name: &'static str| {
            let at = At::Member(&At::Root, name);
            let value =
                object.get(name).ok_or_else(|| at.refuse(ErrorKind::MissingMember, "this member is not there"))?;
            value.as_str().ok_or_else(|| at.bad("type", "not a string"))
        };
        if word("format")? != FORMAT {
            let text = format!("format {} is not {FORMAT}", Quoted(word("format")?));
            return Err(Error::new(ErrorKind::UnsupportedFormat, text).at(Location::path("$.format")));
        }
        let kind = word("kind")?;
        let Some(kind) = Kind::ALL.iter().copied().find(|known| known.as_str() == kind) else {
            let text = format!("{} is no kind of document", Quoted(kind));
            return Err(Error::new(ErrorKind::WrongKind, text).at(Location::path("$.kind")));
        };
        if word("signature_algorithm")? != ALGORITHM {
            let text = format!("the only signature algorithm is {ALGORITHM}");
            let at = Location::path("$.signature_algorithm");
            return Err(Error::new(ErrorKind::UnsupportedAlgorithm, text).at(at));
        }
        let content = Content::read(kind, &Members { object: &object, at: &At::Read(limits) })?;
        blanks_in_signatures(&object, &mut warnings);
        Ok(Self { content, envelope: enveloped(object)?, warnings })
    }

    /// A document to be signed.
    ///
    /// # Errors
    /// As [`read`](Self::read): what could not be read back is not written.
    pub fn new(content: &Content) -> Result<Self> {
        let mut object = Object::new();
        object.insert("format", FORMAT);
        object.insert("kind", content.kind().as_str());
        object.insert("signature_algorithm", ALGORITHM);
        content.write(&mut Sink(&mut object));
        let content = Content::read(content.kind(), &Members { object: &object, at: &At::Root })?;
        Ok(Self { content, envelope: enveloped(object)?, warnings: Warnings::default() })
    }

    /// What it says.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// What was odd in the file and read all the same.
    pub fn warnings(&self) -> &Warnings {
        &self.warnings
    }

    /// The canonical value: for signing and checking, see `slp_crypto::envelope`.
    pub fn envelope(&self) -> &envelope::Document {
        &self.envelope
    }

    /// Adds a signature. The key decides nothing: it has to be a P-256 key.
    ///
    /// # Errors
    /// [`ErrorKind::UnsupportedAlgorithm`] for another key; [`ErrorKind::Io`] if the signer failed.
    pub fn sign(&mut self, member: &envelope::Member, signer: &dyn slp_crypto::Signer) -> Result<()> {
        self.envelope.sign(member, signer).map_err(|error| {
            let kind = match error.kind() {
                slp_crypto::ErrorKind::Signer => ErrorKind::Io,
                _ => ErrorKind::UnsupportedAlgorithm,
            };
            Error::new(kind, error.message().to_owned()).caused_by(error)
        })
    }

    /// The file: canonical, and one LF.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.envelope.to_bytes()
    }

    /// SHA-256 of the canonical bytes without signatures: the name of the document, against replays.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.envelope.body()).into()
    }
}

/// Base64 in lines is read; who wrote it did not mean to.
fn blanks_in_signatures(object: &Object, warnings: &mut Warnings) {
    let plural = object.get("signatures").and_then(Value::as_object).into_iter().flatten();
    let plural = plural.map(|(name, value)| (format!("$.signatures.{name}"), value));
    for (path, value) in
        object.get("signature").map(|value| ("$.signature".to_owned(), value)).into_iter().chain(plural)
    {
        if value.as_str().is_some_and(|text| text.contains([' ', '\t', '\r', '\n'])) {
            warnings.push(Warning::new(WarningKind::Base64Blank, Location::path(path)));
        }
    }
}

fn enveloped(object: Object) -> Result<envelope::Document> {
    envelope::Document::from_object(object)
        .map_err(|why| Error::new(ErrorKind::UnsupportedFormat, why.message().to_owned()))
}

/// Reads the value in the encoding that its first byte says.
fn value(text: &[u8]) -> Result<Value> {
    let (kind, what) = match text.trim_ascii_start() {
        [b'{', ..] => {
            return Value::read_with(text, &canonical::Limits::default().with_depth(DEPTH)).map_err(json);
        }
        [] => (ErrorKind::Json, "the file is empty"),
        [b'<', ..] => (ErrorKind::WrongContainer, "this is XML: perhaps a usage report or an acknowledgement"),
        [0x1f, 0x8b, ..] => (ErrorKind::WrongContainer, "this is a gzip file: perhaps a usage bundle"),
        [b'P', b'K', ..] => (ErrorKind::WrongContainer, "this is a zip file"),
        #[cfg(feature = "yaml")]
        [b'a'..=b'z' | b'A'..=b'Z' | b'-' | b':' | b'#', ..] => return crate::document::yaml::read(text, DEPTH),
        #[cfg(not(feature = "yaml"))]
        [b'a'..=b'z' | b'A'..=b'Z' | b'-' | b':' | b'#', ..] => {
            (ErrorKind::UnsupportedEncoding, "this is no JSON; if it is YAML: this program was built without it")
        }
        _ => (ErrorKind::Json, "a document is one JSON object"),
    };
    Err(Error::new(kind, what).at(Location::byte(0)))
}

fn json(error: slp_crypto::Error) -> Error {
    let (kind, name) = match error.kind() {
        slp_crypto::ErrorKind::Float | slp_crypto::ErrorKind::Range => (ErrorKind::BadNumber, None),
        slp_crypto::ErrorKind::DuplicateKey => (ErrorKind::DuplicateMember, None),
        slp_crypto::ErrorKind::Depth => (ErrorKind::Limit, Some("json_depth")),
        slp_crypto::ErrorKind::Size => (ErrorKind::Limit, Some(error.name().unwrap_or("document_bytes"))),
        _ => (ErrorKind::Json, None),
    };
    let (at, text) = (error.location().clone(), error.message().to_owned());
    let made = Error::new(kind, text).at(at).caused_by(error);
    match name {
        Some(name) => made.named(name),
        None => made,
    }
}
