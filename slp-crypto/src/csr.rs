//! Signing requests: whoever asks for a certificate shows that the key is theirs. Spec: crypto, "CSRs and certificates
//! of an On-Prem CA" (choice).

use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer as _;

use crate::certificate::{Name, Outline};
use crate::key::{KeyType, PublicKey};
use crate::pem;
use crate::time::TimePolicy;
use crate::verdict::{Detail, Evidence, NotVerified, Reason, Source, Verified};
use crate::verify;

/// A signing request (PKCS#10). Extensions that it asks for are not read: they never go into a certificate.
#[derive(Clone)]
pub struct Csr {
    der: Vec<u8>,
    subject: Name,
    key: PublicKey,
}

impl Csr {
    /// Reads the one block `CERTIFICATE REQUEST` of a PEM text and checks that it is signed with its own key, P-256.
    ///
    /// # Errors
    /// [`Malformed`](Reason::Malformed) if it cannot be read; [`Unsupported`](Reason::Unsupported) for other keys and
    /// algorithms; [`Detail::WeakHash`], [`Detail::WeakKey`]; [`Detail::Mismatch`] if it is signed with another key.
    pub fn from_pem(text: &[u8]) -> Result<Verified<Self>, NotVerified> {
        Self::read_pem(text, |key| key == KeyType::P256)
    }

    /// The same for a trust request of a device, where RSA of 2048 to 4096 bits is allowed too. Spec: ack-auth,
    /// "smartLicenseTrustRequest".
    ///
    /// # Errors
    /// As [`Csr::from_pem`].
    pub fn from_trust_request(text: &[u8]) -> Result<Verified<Self>, NotVerified> {
        Self::read_pem(text, |key| match key {
            KeyType::Rsa { bits } => bits <= 4096,
            other => other == KeyType::P256,
        })
    }

    fn read_pem(text: &[u8], allowed: fn(KeyType) -> bool) -> Result<Verified<Self>, NotVerified> {
        let block = pem::only(text, &["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"])
            .map_err(|error| NotVerified::malformed(Detail::Pem, error.message()))?;
        Self::read(&block.der, allowed)
    }

    fn read(der: &[u8], allowed: fn(KeyType) -> bool) -> Result<Verified<Self>, NotVerified> {
        let outline = Outline::read(der)?;
        let algorithm = outline.algorithm()?;
        let unreadable = || NotVerified::malformed(Detail::Certificate, "the signing request cannot be read");
        let (rest, parsed) = X509CertificationRequest::from_der(der).map_err(|_| unreadable())?;
        if !rest.is_empty() {
            return Err(unreadable());
        }
        let info = &parsed.certification_request_info;
        let key = PublicKey::from_spki(info.subject_pki.raw).map_err(|error| NotVerified::key(&error))?;
        if !allowed(key.key_type()) {
            let text = format!("a signing request with a key of type {} is not accepted here", key.key_type());
            return Err(NotVerified::new(Reason::Unsupported, Detail::Key, text));
        }
        let scheme = outline.signed_by(algorithm, &key).ok_or_else(|| verify::mismatch(std::slice::from_ref(&key)))?;
        let evidence = Evidence::new(scheme, &key, Source::Document, outline.signed.len(), TimePolicy::Ignore);
        Ok(Verified::new(Self { der: der.to_vec(), subject: Name::read(&info.subject), key }, evidence))
    }

    /// The DER, byte for byte as it arrived.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Who asks, by their own word.
    pub fn subject(&self) -> &Name {
        &self.subject
    }

    /// The key they hold.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }
}

impl std::fmt::Debug for Csr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Csr({}, {:?})", self.subject, self.key)
    }
}
