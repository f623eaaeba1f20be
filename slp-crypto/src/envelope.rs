//! Documents that the SDK defines itself: what is signed, signing, checking. Spec: crypto, "Signing our own documents"
//! (choice).
//!
//! Signed are not the bare canonical bytes but a type in front of them (the pre-authentication encoding of DSSE), so
//! that a signature of one kind never passes for another kind, version or protocol. No key id is written: the
//! certificates are in the document.
//!
//! ```
//! use slp_crypto::envelope::{Document, Member, Signatory};
//! use slp_crypto::{Signer, SigningKey, TimePolicy, TrustStore};
//!
//! let (key, _secret) = SigningKey::generate()?;
//! let mut document = Document::read(br#"{"format":"slp-sync/1","kind":"sync_response","purchased":5}"#).unwrap();
//! document.sign(&Member::Single, &key)?;
//!
//! let signers = [Signatory::key(Member::Single, key.public_key().clone())];
//! let trust = TrustStore::empty();
//! assert!(document.verify("sync_response", &signers, &trust, TimePolicy::Ignore).is_ok());
//! # Ok::<(), slp_crypto::Error>(())
//! ```

use std::collections::BTreeSet;

use slp_model::{Location, Quoted, Seconds};

use crate::canonical::{Limits, Object, Value};
use crate::certificate::Certificate;
use crate::error::{Error, ErrorKind};
use crate::key::{KeyType, PublicKey};
use crate::scheme::Scheme;
use crate::sign::Signer;
use crate::signature_text;
use crate::time::TimePolicy;
use crate::trust::TrustStore;
use crate::verdict::{Detail, Evidence, NotVerified, Reason, Source, Verified, Warning};
use crate::verify;

/// The one format there is, and the type text that goes with it.
const FORMAT: &str = "slp-sync/1";
const TYPE: &str = "application/vnd.slp.sync+json;v=1;kind=";
/// The one legal value of `signature_algorithm`. It is compared, never used to choose.
const ALGORITHM: &str = "ECDSA_P256_SHA256_DER";
/// Arrays and objects in each other.
const DEPTH: u32 = 16;
/// Clocks may differ by an hour (doc): so much later is tried when a certificate is not valid yet.
const SKEW: Seconds = Seconds::new(3600);

/// The pre-authentication encoding of DSSE: unambiguous, since both lengths are written.
///
/// ```
/// assert_eq!(slp_crypto::envelope::pae("a/b", b"{}"), b"DSSEv1 3 a/b 2 {}");
/// ```
pub fn pae(content_type: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {content_type} {} ", content_type.len(), body.len()).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// Where a signature stands in a document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Member {
    /// The string `signature`: answers have one.
    Single,
    /// A member of the object `signatures`: requests have `id` and `signing`.
    Named(Box<str>),
}

impl Member {
    fn path(&self) -> String {
        match self {
            Self::Single => "$.signature".to_owned(),
            Self::Named(name) => format!("$.signatures.{name}"),
        }
    }
}

slp_model::word_enum! {
    /// The role of a certificate in our own PKI: its organizational unit, compared exactly. The chain alone proves nothing,
    /// since every collector holds a certificate of the same CA.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Role: "role" {
        /// Issues all the others.
        CloudCa = "slp-sync:cloud-ca",
        /// Signs answers.
        CloudSigner = "slp-sync:cloud-signer",
        /// Is the identity of an On-Prem.
        CollectorId = "slp-sync:collector-id",
        /// Signs requests.
        CollectorSigner = "slp-sync:collector-signer",
        /// Issues certificates for product instances.
        LocalCa = "slp-sync:local-ca",
    }
}

impl Role {
    /// Does the certificate have this role?
    pub fn is_of(self, certificate: &Certificate) -> bool {
        certificate.subject().organizational_unit() == Some(self.as_str())
    }
}

/// A signature that has to be there, and whose it has to be.
#[derive(Clone, Debug)]
pub struct Signatory<'a> {
    member: Member,
    proof: Proof<'a>,
}

#[derive(Clone, Debug)]
enum Proof<'a> {
    Key(PublicKey),
    Chain(Vec<&'a [u8]>, Role),
}

impl<'a> Signatory<'a> {
    /// By this key: that of a signing request, or one that is known from before.
    pub const fn key(member: Member, key: PublicKey) -> Self {
        Self { member, proof: Proof::Key(key) }
    }

    /// By the first certificate of a chain (see [`TrustStore::verify_chain`]), which has to have this role.
    pub fn chain(member: Member, certificates: impl Into<Vec<&'a [u8]>>, role: Role) -> Self {
        Self { member, proof: Proof::Chain(certificates.into(), role) }
    }
}

/// A document of the SDK: a canonical object with a format and a kind. Not verified by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    object: Object,
    kind: Box<str>,
}

/// A document under which every required signature was found good.
#[derive(Clone, Debug)]
pub struct SignedDocument<'a> {
    document: &'a Document,
    signers: Vec<Evidence>,
}

impl SignedDocument<'_> {
    /// The document: read it further from its own value, not from the file again.
    pub const fn document(&self) -> &Document {
        self.document
    }

    /// The evidence for each signature, in the order asked for.
    pub fn signers(&self) -> &[Evidence] {
        &self.signers
    }

    /// How many different keys signed. One key that signed twice counts once.
    pub fn distinct_keys(&self) -> usize {
        self.signers.iter().map(Evidence::key_sha256).collect::<BTreeSet<_>>().len()
    }
}

impl Document {
    /// Reads a document; a byte order mark is dropped. White space and member order do not matter.
    ///
    /// # Errors
    /// [`Malformed`](Reason::Malformed) for what is no canonical JSON object or lacks `format` or `kind`;
    /// [`Detail::Format`] for a format that is not `slp-sync/1`.
    pub fn read(text: &[u8]) -> Result<Self, NotVerified> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let value = Value::read_with(text, &Limits::default().with_depth(DEPTH)).map_err(|error| {
            let detail = match error.kind() {
                ErrorKind::Float => Detail::Float,
                ErrorKind::Range => Detail::Range,
                ErrorKind::DuplicateKey => Detail::DuplicateKey,
                ErrorKind::Depth => Detail::Depth,
                ErrorKind::Size => Detail::Size,
                _ => Detail::Syntax,
            };
            NotVerified::malformed(detail, error.message()).at(error.location().clone())
        })?;
        let Value::Object(object) = value else {
            return Err(NotVerified::malformed(Detail::Syntax, "a document is a JSON object"));
        };
        Self::from_object(object)
    }

    /// A document from its members, to be signed.
    ///
    /// # Errors
    /// As [`Document::read`].
    pub fn from_object(object: Object) -> Result<Self, NotVerified> {
        let text = |name: &str| {
            let value = object.get(name).and_then(Value::as_str);
            value.ok_or_else(|| NotVerified::malformed(Detail::Absent, format!("the string `{name}` is not there")))
        };
        let format = text("format")?;
        if format != FORMAT {
            let text = format!("the format is {}, this version knows {FORMAT}", Quoted(format));
            return Err(NotVerified::new(Reason::Unsupported, Detail::Format, text));
        }
        let kind: Box<str> = text("kind")?.into();
        let mut letters = kind.bytes();
        let first = letters.next().is_some_and(|letter| letter.is_ascii_lowercase());
        let rest = letters.all(|letter| matches!(letter, b'a'..=b'z' | b'0'..=b'9' | b'_'));
        if !first || !rest || kind.len() > 32 {
            let text = format!("{} is no kind of document", Quoted(&kind));
            return Err(NotVerified::malformed(Detail::Syntax, text));
        }
        Ok(Self { object, kind })
    }

    /// The kind.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// All members, signatures included.
    pub const fn object(&self) -> &Object {
        &self.object
    }

    /// The canonical bytes without the members `signature` and `signatures`.
    pub fn body(&self) -> Vec<u8> {
        self.object.bytes_without(&["signature", "signatures"])
    }

    /// The bytes that are signed: [`pae`] of type and body.
    pub fn signed_bytes(&self) -> Vec<u8> {
        pae(&format!("{TYPE}{}", self.kind), &self.body())
    }

    /// The file: the canonical form of the whole document and one LF.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.object.bytes_without(&[]);
        bytes.push(b'\n');
        bytes
    }

    /// Signs, and sets the member. Members that are set afterwards end the signature.
    ///
    /// # Errors
    /// [`ErrorKind::Mismatch`] if the signer is not ECDSA P-256 with SHA-256, or the document names another algorithm;
    /// [`ErrorKind::Member`] if `signatures` is there and no object; [`ErrorKind::Signer`].
    pub fn sign(&mut self, member: &Member, signer: &dyn Signer) -> Result<(), Error> {
        if signer.scheme() != Scheme::EcdsaP256Sha256 {
            let text = format!("documents are signed with ECDSA P-256 and SHA-256, not {}", signer.scheme());
            return Err(Error::new(ErrorKind::Mismatch, text));
        }
        self.algorithm().map_err(|why| Error::new(ErrorKind::Mismatch, why.message()))?;
        let signature = signer.sign(&self.signed_bytes())?.to_base64();
        match member {
            Member::Single => {
                self.object.insert("signature", signature);
            }
            Member::Named(name) => {
                let mut signatures = match self.object.remove("signatures") {
                    None => Object::new(),
                    Some(Value::Object(signatures)) => signatures,
                    Some(_) => return Err(Error::new(ErrorKind::Member, "the member `signatures` is no object")),
                };
                signatures.insert(&**name, signature);
                self.object.insert("signatures", signatures);
            }
        }
        Ok(())
    }

    /// Checks every signature in `signatories`, in their order. `kind` is the one that the caller expects.
    ///
    /// # Errors
    /// In this order: [`Detail::Kind`]; an algorithm that is not ours; then for each signature, absent, not base64, its
    /// chain ([`TrustStore::verify_chain`]; with [`TimePolicy::Now`] a certificate may begin up to an hour later), its
    /// role ([`Detail::Role`]), a key that is not P-256, [`Detail::Mismatch`]. No signatory at all is
    /// [`Detail::Absent`].
    pub fn verify(
        &self,
        kind: &str,
        signatories: &[Signatory<'_>],
        trust: &TrustStore,
        time: TimePolicy,
    ) -> Result<Verified<SignedDocument<'_>>, NotVerified> {
        if kind != &*self.kind {
            let text = format!("this is a {}, not the {} that was expected", Quoted(&self.kind), Quoted(kind));
            return Err(NotVerified::invalid(Detail::Kind, text));
        }
        self.algorithm()?;
        let signed = self.signed_bytes();
        let mut signers = Vec::new();
        for signatory in signatories {
            let evidence = self.check(signatory, &signed, trust, time);
            signers.push(evidence.map_err(|why| why.at(Location::path(signatory.member.path())))?);
        }
        let Some(evidence) = signers.first().cloned() else {
            return Err(NotVerified::malformed(Detail::Absent, "no signature was asked for"));
        };
        Ok(Verified::new(SignedDocument { document: self, signers }, evidence))
    }

    fn check(
        &self,
        signatory: &Signatory<'_>,
        signed: &[u8],
        trust: &TrustStore,
        time: TimePolicy,
    ) -> Result<Evidence, NotVerified> {
        let text = self.signature(&signatory.member)?;
        let (signature, wrapped) =
            signature_text::decode(text).map_err(|what| NotVerified::malformed(Detail::Base64, what))?;
        let (key, mut warnings, source) = match &signatory.proof {
            Proof::Key(key) => (key.clone(), Vec::new(), Source::Resolver),
            Proof::Chain(chain, role) => {
                let (key, warnings) = certified(chain, *role, trust, time)?;
                (key, warnings, Source::Document)
            }
        };
        if key.key_type() != KeyType::P256 || key.scheme() != Scheme::EcdsaP256Sha256 {
            let text = format!("documents are signed with P-256 keys, this one is {}", key.key_type());
            return Err(NotVerified::new(Reason::Unsupported, Detail::Key, text));
        }
        let keys = std::slice::from_ref(&key);
        let checked = verify::check_keys(signed, &signature, keys, false, time);
        let mut evidence = checked.map(|evidence| evidence.sourced(source)).map_err(|why| {
            if key.check(key.scheme(), &self.body(), &signature).is_ok() {
                why.hint("it was signed without the type prefix, by an older or foreign writer")
            } else {
                why
            }
        })?;
        if wrapped {
            warnings.push(Warning::Base64Space);
        }
        evidence.warnings = warnings;
        Ok(evidence)
    }

    fn signature(&self, member: &Member) -> Result<&str, NotVerified> {
        let value = match member {
            Member::Single => self.object.get("signature"),
            Member::Named(name) => {
                self.object.get("signatures").and_then(Value::as_object).and_then(|signatures| signatures.get(name))
            }
        };
        value
            .and_then(Value::as_str)
            .ok_or_else(|| NotVerified::malformed(Detail::Absent, "the signature is not there, and has to be"))
    }

    /// Compared where it is there; whether it has to be is for the document's own definition.
    fn algorithm(&self) -> Result<(), NotVerified> {
        match self.object.get("signature_algorithm") {
            None => Ok(()),
            Some(value) if value.as_str() == Some(ALGORITHM) => Ok(()),
            Some(_) => {
                let text = format!("the document names another signature algorithm than {ALGORITHM}");
                Err(NotVerified::new(Reason::Unsupported, Detail::SignatureAlgorithm, text))
            }
        }
    }
}

/// The key of a chain whose first certificate has the role.
fn certified(
    chain: &[&[u8]],
    role: Role,
    trust: &TrustStore,
    time: TimePolicy,
) -> Result<(PublicKey, Vec<Warning>), NotVerified> {
    let verified = match (trust.verify_chain(chain, time), time) {
        (Err(why), TimePolicy::Now(now)) if why.detail() == Detail::NotYetValid => {
            trust.verify_chain(chain, TimePolicy::Now(now.saturating_add(SKEW)))
        }
        (answer, _) => answer,
    }?;
    // a local CA could issue a certificate with any role: only the cloud's own CA hands out roles
    let issuers = chain.iter().skip(1).map(|der| Certificate::inspect(der)).collect::<Result<Vec<_>, _>>()?;
    let last = issuers.last().unwrap_or(verified.get());
    // an anchor issued the last one: any that may have
    let anchors: Vec<&Certificate> =
        trust.anchors().iter().filter(|anchor| *anchor != last && anchor.subject() == last.issuer()).collect();
    match issuers.split_first() {
        Some((issuer, above)) => {
            has_role(issuer, Role::CloudCa)?;
            // and a local CA could issue one that calls itself the cloud's
            for above in above.iter().chain(anchors.iter().copied()) {
                if [Role::LocalCa, Role::CollectorId, Role::CollectorSigner].iter().any(|role| role.is_of(above)) {
                    return Err(unlike(above, Role::CloudCa));
                }
            }
        }
        None => {
            for anchor in anchors {
                has_role(anchor, Role::CloudCa)?;
            }
        }
    }
    has_role(verified.get(), role)?;
    let key = verified.get().key().map_err(|error| NotVerified::key(&error))?;
    Ok((key.clone(), verified.evidence().warnings().to_vec()))
}

fn has_role(certificate: &Certificate, role: Role) -> Result<(), NotVerified> {
    if role.is_of(certificate) {
        return Ok(());
    }
    Err(unlike(certificate, role))
}

fn unlike(certificate: &Certificate, role: Role) -> NotVerified {
    let found = certificate.subject().organizational_unit().unwrap_or("none");
    let text = format!("the signer has the role {}, not {}", Quoted(found), role.as_str());
    NotVerified::invalid(Detail::Role, text)
}
