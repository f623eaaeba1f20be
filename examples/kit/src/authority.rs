//! Keys and certificates that vouch for nobody but themselves: for test doubles and for servers of one's own.

use std::fmt;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, date_time_ymd,
};
use slp_crypto::{Csr, SigningKey};
use slp_model::{Udi, UnixSeconds};

use crate::Error;

/// The last second of every certificate made here: 2099-12-31T00:00:00Z.
pub fn certified_until() -> UnixSeconds {
    UnixSeconds::new(4_102_358_400).unwrap_or(UnixSeconds::MAX)
}

/// A root of one's own, with a key that signs documents and a key that signs certificates.
pub struct Authority {
    name: String,
    issuer: Issuer<'static, KeyPair>,
    certificate: Vec<u8>,
    certificate_pem: String,
    documents: SigningKey,
    documents_pem: String,
}

/// A certificate and its private key, PEM both.
#[non_exhaustive]
pub struct Leaf {
    /// The certificate and those above it.
    pub chain_pem: String,
    /// The private key.
    pub key_pem: String,
}

impl Authority {
    /// A fresh root with fresh keys, ECDSA P-256.
    ///
    /// # Errors
    /// When no key can be made.
    pub fn new(name: &str) -> Result<Self, Error> {
        let key = KeyPair::generate()?;
        let documents_pem = KeyPair::generate()?.serialize_pem();
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2099, 12, 31));
        let certificate = params.self_signed(&key)?;
        Ok(Self {
            name: name.to_owned(),
            certificate: certificate.der().to_vec(),
            certificate_pem: certificate.pem(),
            documents: SigningKey::from_pem(documents_pem.as_bytes())?,
            documents_pem,
            issuer: Issuer::new(params, key),
        })
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key that signs documents.
    pub fn signer(&self) -> &SigningKey {
        &self.documents
    }

    /// The private key that signs documents, PKCS#8 in PEM: to be kept by its owner alone.
    pub fn signer_pem(&self) -> &str {
        &self.documents_pem
    }

    /// The root's certificate, DER.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// The root's certificate, PEM.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// A certificate for the device that made this request, PEM. Its name is the device.
    ///
    /// # Errors
    /// When the request is none, or its signature does not hold.
    pub fn certify_device(&self, device: &Udi, request: &str) -> Result<String, Error> {
        let _verified = Csr::from_trust_request(request.as_bytes())?;
        let mut request = CertificateSigningRequestParams::from_pem(request)?;
        request.params = CertificateParams::new(Vec::new())?;
        request.params.distinguished_name.push(DnType::CommonName, device.to_string());
        request.params.is_ca = IsCa::ExplicitNoCa;
        request.params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        (request.params.not_before, request.params.not_after) =
            (date_time_ymd(2020, 1, 1), date_time_ymd(2099, 12, 31));
        Ok(request.signed_by(&self.issuer)?.pem())
    }

    /// A certificate for a TLS server on these names or addresses.
    ///
    /// # Errors
    /// When a name cannot stand in a certificate.
    pub fn certify_server(&self, names: &[&str]) -> Result<Leaf, Error> {
        self.certify_server_until(names, 2099)
    }

    /// As [`certify_server`](Self::certify_server), for a certificate that ends with this year: one that has ended is what
    /// clients have to refuse.
    ///
    /// # Errors
    /// As for [`certify_server`](Self::certify_server).
    pub fn certify_server_until(&self, names: &[&str], year: i32) -> Result<Leaf, Error> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(Vec::new())?;
        for name in names {
            params.subject_alt_names.push(match name.parse() {
                Ok(address) => SanType::IpAddress(address),
                Err(_) => SanType::DnsName((*name).try_into()?),
            });
        }
        params.distinguished_name.push(DnType::CommonName, names.first().copied().unwrap_or("server"));
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(year, 12, 31));
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Leaf { chain_pem: format!("{}{}", certificate.pem(), self.certificate_pem), key_pem: key.serialize_pem() })
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").field("name", &self.name).finish_non_exhaustive()
    }
}

impl fmt::Debug for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Leaf(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use slp_crypto::{Certificate, Signer as _, TimePolicy, TrustStore};

    #[test]
    fn a_device_certificate_leads_to_the_root_and_bears_the_name_of_the_device() {
        let authority = Authority::new("Root of a test").unwrap();
        let device: Udi = "P:TEST,S:TST00000001".parse().unwrap();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, device.to_string());
        let request = params.serialize_request(&key).unwrap().pem().unwrap();
        let pem = authority.certify_device(&device, &request).unwrap();
        let certificate = Certificate::inspect_pem(pem.as_bytes()).unwrap().remove(0).unwrap();
        assert_eq!(certificate.subject().common_name(), Some("P:TEST,S:TST00000001"));
        let mut store = TrustStore::empty();
        store.add_anchor(authority.certificate()).unwrap();
        assert!(store.verify_chain(&[certificate.der()], TimePolicy::Ignore).is_ok());
        assert!(pem.contains("BEGIN CERTIFICATE"));
        assert!(authority.certify_device(&device, "no request").is_err());
    }

    #[test]
    fn the_private_keys_do_not_print() {
        let authority = Authority::new("Root of a test").unwrap();
        assert_eq!(format!("{authority:?}"), "Authority { name: \"Root of a test\", .. }");
        assert!(!authority.signer().public_key().to_pem().is_empty());
    }
}
