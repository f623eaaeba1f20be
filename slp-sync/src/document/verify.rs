//! Which documents may be applied: certificates, roles and signatures, in the order of the specification.
//!
//! The chain alone proves nothing: every On-Prem holds a certificate of the same CA, so the **role** of the signer is
//! compared. Whatever fails, nothing of the document is used. Spec: sync, "Certificates".

use slp_crypto::envelope::{Member, Role, Signatory};
use slp_crypto::{Certificate, Csr, Detail, Evidence, NotVerified, PublicKey, TimePolicy, TrustStore};
use slp_model::{Location, Quoted, Seconds};

use crate::document::{Content, Document, RegistrationAuthorization, RegistrationRequest, SyncRequest, SyncResponse};
use crate::error::{Error, ErrorKind, Result};

/// A content under which every signature, certificate and role was found good. Only the functions of this module make
/// one.
#[derive(Clone, Debug)]
#[must_use]
pub struct Verified<T> {
    content: T,
    digest: [u8; 32],
    signers: Vec<Evidence>,
}

impl<T> Verified<T> {
    /// What may be applied.
    pub fn get(&self) -> &T {
        &self.content
    }

    /// SHA-256 of the canonical bytes: the name of the document, against replays.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// For tests of what may be done with one.
    #[cfg(test)]
    pub(crate) fn unchecked(content: T, digest: [u8; 32]) -> Self {
        Self { content, digest, signers: Vec::new() }
    }

    /// The evidence for each signature.
    pub fn signers(&self) -> &[Evidence] {
        &self.signers
    }
}

/// The keys that an answer has to certify: those of the signing requests that were sent, or of the present certificates.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OwnKeys {
    /// The identity.
    pub id: PublicKey,
    /// The signer of requests, where it has a key of its own.
    pub signing: Option<PublicKey>,
    /// The local CA, where there is one.
    pub local_ca: Option<PublicKey>,
}

impl OwnKeys {
    /// One key for everything.
    pub fn new(id: PublicKey) -> Self {
        Self { id, signing: None, local_ca: None }
    }
}

/// Checks document B. `trust` holds the pinned roots.
///
/// # Errors
/// [`ErrorKind::WrongKind`], [`ErrorKind::MissingMember`] if it leaves out a certificate that was asked for, then for the
/// signer and its signature [`ErrorKind::UntrustedChain`],
/// [`ErrorKind::WeakAlgorithm`], [`ErrorKind::CertExpired`], [`ErrorKind::CertNotYetValid`], [`ErrorKind::WrongRole`],
/// [`ErrorKind::BadSignature`]; then the same for the certificates that it brings, and [`ErrorKind::KeyMismatch`].
pub fn authorization<'d>(
    document: &'d Document,
    own: &OwnKeys,
    trust: &TrustStore,
    time: TimePolicy,
) -> Result<Verified<&'d RegistrationAuthorization>> {
    let Content::RegistrationAuthorization(content) = document.content() else { return Err(wrong_kind(document)) };
    // One that was not asked for is one for a key that is not ours.
    for (key, brought, member) in [
        (&own.signing, &content.collector_signing_cert, "collector_signing_cert"),
        (&own.local_ca, &content.local_sub_ca_cert, "local_sub_ca_cert"),
    ] {
        if key.is_some() && brought.is_none() {
            let text = "this certificate was asked for, and is not there";
            return Err(at(Error::new(ErrorKind::MissingMember, text), member));
        }
    }
    answer(document, content, own, trust, time)
}

/// Checks document D. `trust` holds the pinned roots.
///
/// # Errors
/// As [`authorization`].
pub fn response<'d>(
    document: &'d Document,
    own: &OwnKeys,
    trust: &TrustStore,
    time: TimePolicy,
) -> Result<Verified<&'d SyncResponse>> {
    let Content::SyncResponse(content) = document.content() else { return Err(wrong_kind(document)) };
    answer(document, content, own, trust, time)
}

/// Checks document A, in the role of the cloud: every signing request holds its own key, names the instance and the
/// role, and the keys differ. Who may register is for a person to decide.
///
/// # Errors
/// [`ErrorKind::WrongKind`], [`ErrorKind::UntrustedChain`] for a signing request that cannot be used,
/// [`ErrorKind::WrongInstance`], [`ErrorKind::WrongRole`], [`ErrorKind::KeyReuse`], [`ErrorKind::BadSignature`].
pub fn registration<'d>(
    document: &'d Document,
    trust: &TrustStore,
    time: TimePolicy,
) -> Result<Verified<&'d RegistrationRequest>> {
    let Content::RegistrationRequest(content) = document.content() else { return Err(wrong_kind(document)) };
    let instance = &content.collector_instance_id;
    let asked = Asked {
        id: Some(content.csr.as_str()),
        signing: content.signing_csr.as_deref(),
        local_ca: content.local_sub_ca_csr.as_deref(),
    };
    let keys = asked.check(instance)?;
    let Some(id) = keys.id else {
        return Err(Error::new(ErrorKind::MissingMember, "no signing request"));
    };
    let signing = keys.signing.unwrap_or_else(|| id.clone());
    let signatories = [Signatory::key(named("id"), id), Signatory::key(named("signing"), signing)];
    let signers = signed(document, &signatories, trust, time)?;
    Ok(Verified { content, digest: document.digest(), signers })
}

/// Checks document C, in the role of the cloud: `sub_ca` is its own issuing CA in DER, which `trust` leads to. Whether
/// the instance is known and active is for the caller to look up, by [`SyncRequest::collector_instance_id`] or the
/// common name that is returned beside the content.
///
/// # Errors
/// [`ErrorKind::WrongKind`], those of certificates and signatures as for [`authorization`],
/// [`ErrorKind::WrongInstance`] if the certificates or the document name different instances; for the signing requests
/// of a renewal those of [`registration`].
pub fn request<'d>(
    document: &'d Document,
    sub_ca: &[u8],
    trust: &TrustStore,
    time: TimePolicy,
) -> Result<Verified<(&'d SyncRequest, String)>> {
    let Content::SyncRequest(content) = document.content() else { return Err(wrong_kind(document)) };
    let (id, signing) =
        (certificate(&content.id_cert, "id_cert")?, certificate(&content.signing_cert, "signing_cert")?);
    // Where one key does both, its certificate is that of the identity.
    let role = if id.der() == signing.der() { Role::CollectorId } else { Role::CollectorSigner };
    let signatories = [
        Signatory::chain(named("id"), [id.der(), sub_ca], Role::CollectorId),
        Signatory::chain(named("signing"), [signing.der(), sub_ca], role),
    ];
    let signers = signed(document, &signatories, trust, time)?;
    let instance = id.subject().common_name().unwrap_or_default().to_owned();
    let same = signing.subject().common_name() == Some(&*instance)
        && content.collector_instance_id.as_ref().is_none_or(|stated| *stated == instance);
    if !same {
        let text = "certificates and document name different instances";
        return Err(Error::new(ErrorKind::WrongInstance, text));
    }
    let asked = Asked {
        id: content.csr.as_deref(),
        signing: content.signing_csr.as_deref(),
        local_ca: content.local_sub_ca_csr.as_deref(),
    };
    asked.check(&instance)?;
    Ok(Verified { content: (content, instance), digest: document.digest(), signers })
}

/// The signing requests of a document, and the keys that they hold.
struct Asked<T> {
    id: Option<T>,
    signing: Option<T>,
    local_ca: Option<T>,
}

impl Asked<&str> {
    /// Each for its instance and role, no key twice.
    fn check(&self, instance: &str) -> Result<Asked<PublicKey>> {
        let key = |pem: Option<&str>, member, role| pem.map(|pem| asked(pem, member, instance, role)).transpose();
        let keys = Asked {
            id: key(self.id, "csr", Role::CollectorId)?,
            signing: key(self.signing, "signing_csr", Role::CollectorSigner)?,
            local_ca: key(self.local_ca, "local_sub_ca_csr", Role::LocalCa)?,
        };
        let all: Vec<&PublicKey> = [&keys.id, &keys.signing, &keys.local_ca].into_iter().flatten().collect();
        if all.iter().enumerate().any(|(at, key)| all.iter().take(at).any(|other| other == key)) {
            let text = "one key in two signing requests: each role has a key of its own";
            return Err(Error::new(ErrorKind::KeyReuse, text));
        }
        Ok(keys)
    }
}

fn named(name: &str) -> Member {
    Member::Named(name.into())
}

fn wrong_kind(document: &Document) -> Error {
    let text = format!("a {} came where another document was expected", document.content().kind().as_str());
    Error::new(ErrorKind::WrongKind, text).at(Location::path("$.kind"))
}

fn signed(
    document: &Document,
    signatories: &[Signatory<'_>],
    trust: &TrustStore,
    time: TimePolicy,
) -> Result<Vec<Evidence>> {
    let kind = document.content().kind().as_str();
    let verified = document.envelope().verify(kind, signatories, trust, time).map_err(untrusted)?;
    Ok(verified.get().signers().to_vec())
}

fn certificate(pem: &str, member: &'static str) -> Result<Certificate> {
    let place = || Location::path(format!("$.{member}"));
    let bad = |text: &str| Error::new(ErrorKind::BadValue, text.to_owned()).named("pem").at(place());
    let mut found = Certificate::inspect_pem(pem.as_bytes()).map_err(|error| bad(error.message()))?.into_iter();
    match (found.next(), found.next()) {
        (Some(certificate), None) => certificate.map_err(|why| bad(why.message())),
        _ => Err(bad("not exactly one certificate")),
    }
}

/// A signing request that proves its key, for the right instance and role.
fn asked(pem: &str, member: &'static str, instance: &str, role: Role) -> Result<PublicKey> {
    let place = || Location::path(format!("$.{member}"));
    let csr = Csr::from_pem(pem.as_bytes()).map_err(|why| untrusted(why).at(place()))?;
    let subject = csr.get().subject();
    if subject.common_name() != Some(instance) {
        let text = "the signing request names another instance than the document";
        return Err(Error::new(ErrorKind::WrongInstance, text).at(place()));
    }
    if subject.organizational_unit() != Some(role.as_str()) {
        let text = format!("the signing request is not for the role {}", role.as_str());
        return Err(Error::new(ErrorKind::WrongRole, text).at(place()));
    }
    Ok(csr.get().key().clone())
}

/// The certificates that an answer brings.
struct Brought<'a> {
    instance: &'a str,
    id: &'a str,
    sub_ca: &'a str,
    signing: &'a str,
    collector_signing: Option<&'a str>,
    local_ca: Option<&'a str>,
}

macro_rules! brings {
    ($($document:ty),+) => { $(
        impl<'a> From<&'a $document> for Brought<'a> {
            fn from(content: &'a $document) -> Self {
                Self {
                    instance: &content.collector_instance_id,
                    id: &content.id_cert,
                    sub_ca: &content.sub_ca_cert,
                    signing: &content.signing_cert,
                    collector_signing: content.collector_signing_cert.as_deref(),
                    local_ca: content.local_sub_ca_cert.as_deref(),
                }
            }
        }
    )+ };
}

brings!(RegistrationAuthorization, SyncResponse);

/// B and D are checked alike.
fn answer<'d, T>(
    document: &'d Document,
    content: &'d T,
    own: &OwnKeys,
    trust: &TrustStore,
    time: TimePolicy,
) -> Result<Verified<&'d T>>
where
    Brought<'d>: From<&'d T>,
{
    let signers = Brought::from(content).check(document, own, trust, time)?;
    Ok(Verified { content, digest: document.digest(), signers })
}

impl Brought<'_> {
    fn check(&self, document: &Document, own: &OwnKeys, trust: &TrustStore, time: TimePolicy) -> Result<Vec<Evidence>> {
        let sub_ca = certificate(self.sub_ca, "sub_ca_cert")?;
        let signer = certificate(self.signing, "signing_cert")?;
        let signatory = Signatory::chain(Member::Single, [signer.der(), sub_ca.der()], Role::CloudSigner);
        let signers = signed(document, &[signatory], trust, time)?;
        let leaf = |pem, member, role, key| {
            let found = certificate(pem, member)?;
            let chain = [found.der(), sub_ca.der()];
            let checked = with_skew(time, |time| trust.verify_chain(&chain, time));
            let verified = checked.map_err(|why| at(untrusted(why), member))?;
            self.is_ours(verified.get(), member, role, key)
        };
        leaf(self.id, "id_cert", Role::CollectorId, Some(&own.id))?;
        if let Some(pem) = self.collector_signing {
            leaf(pem, "collector_signing_cert", Role::CollectorSigner, own.signing.as_ref())?;
        }
        if let Some(pem) = self.local_ca {
            let member = "local_sub_ca_cert";
            let found = certificate(pem, member)?;
            let checked = with_skew(time, |time| trust.verify_ca(found.der(), &[sub_ca.der()], 0, time));
            let verified = checked.map_err(|why| at(untrusted(why), member))?;
            self.is_ours(verified.get(), member, Role::LocalCa, own.local_ca.as_ref())?;
        }
        Ok(signers)
    }

    fn is_ours(&self, found: &Certificate, member: &'static str, role: Role, key: Option<&PublicKey>) -> Result<()> {
        if !role.is_of(found) {
            let text = format!("this certificate is not for the role {}", role.as_str());
            return Err(at(Error::new(ErrorKind::WrongRole, text), member));
        }
        if found.subject().common_name() != Some(self.instance) {
            let name = Quoted(found.subject().common_name().unwrap_or_default()).to_string();
            let text = format!("this certificate is for {name}, not for the instance of the document");
            return Err(at(Error::new(ErrorKind::WrongInstance, text), member));
        }
        if key.is_none() || found.key().ok() != key {
            let text = "this certificate is for another key than ours";
            return Err(at(Error::new(ErrorKind::KeyMismatch, text), member));
        }
        Ok(())
    }
}

/// A certificate that is not valid yet is tried once more an hour later: clocks may differ by so much (doc).
fn with_skew<T>(
    time: TimePolicy,
    check: impl Fn(TimePolicy) -> std::result::Result<T, NotVerified>,
) -> std::result::Result<T, NotVerified> {
    match (check(time), time) {
        (Err(why), TimePolicy::Now(now)) if why.detail() == Detail::NotYetValid => {
            check(TimePolicy::Now(now.saturating_add(Seconds::new(3_600))))
        }
        (answer, _) => answer,
    }
}

fn at(error: Error, member: &str) -> Error {
    error.at(Location::path(format!("$.{member}")))
}

/// The kinds of this crate for the reasons of the other.
fn untrusted(why: NotVerified) -> Error {
    let kind = match why.detail() {
        Detail::Mismatch => ErrorKind::BadSignature,
        Detail::Role => ErrorKind::WrongRole,
        Detail::Expired => ErrorKind::CertExpired,
        Detail::NotYetValid => ErrorKind::CertNotYetValid,
        Detail::WeakHash | Detail::WeakKey => ErrorKind::WeakAlgorithm,
        Detail::SignatureAlgorithm | Detail::Key => ErrorKind::UnsupportedAlgorithm,
        Detail::Absent => ErrorKind::MissingMember,
        Detail::Base64 => ErrorKind::BadValue,
        _ => ErrorKind::UntrustedChain,
    };
    let (text, place, name) = (why.message().to_owned(), why.place().clone(), why.detail().as_str());
    Error::new(kind, text).at(place).named(name).caused_by(why)
}
