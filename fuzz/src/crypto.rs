//! Canonical JSON, certificates, keys and signed statements.

use slp_crypto::canonical::Value;
use slp_crypto::envelope::Document;
use slp_crypto::{Body, Certificate, Csr, Expect, Nonce, PublicKey, Statement, TimePolicy, TrustStore};
use slp_model::UnixSeconds;

use crate::said;

/// One value has one text: written and read again it is the same.
pub fn canonical(data: &[u8]) {
    match Value::read(data) {
        Err(error) => drop(said(&error)),
        Ok(value) => {
            let text = value.to_bytes();
            let again = Value::read(&text).expect("what was written is read");
            assert_eq!(again, value);
            assert_eq!(again.to_bytes(), text);
        }
    }
}

/// A certificate in DER, by itself and against a store that knows it.
pub fn certificate(data: &[u8]) {
    let _ = PublicKey::from_spki(data);
    let _ = PublicKey::from_pkcs1(data);
    match Certificate::inspect(data) {
        Err(why) => drop(said(&why)),
        Ok(certificate) => looked_at(&certificate),
    }
}

fn looked_at(certificate: &Certificate) {
    let der = certificate.der();
    let _ = (certificate.identity().map(ToString::to_string), certificate.is_ca(), certificate.serial().len());
    let _ = format!("{certificate:?} {:?}", certificate.validity());
    let _ = (certificate.subject().attributes().count(), certificate.issuer().common_name());
    let again = Certificate::inspect_one(certificate.to_pem().as_bytes()).expect("PEM that was written");
    assert_eq!(again.der(), der);
    let mut trust = TrustStore::empty();
    let _ = trust.add_anchor(der);
    for time in [TimePolicy::Ignore, TimePolicy::At(UnixSeconds::new(1_700_000_000).expect("a time"))] {
        let _ = trust.verify_leaf(der, &[der], time).map_err(|why| said(&why));
        let _ = trust.verify_ca(der, &[], 0, time).map_err(|why| said(&why));
        let _ = trust.verify_chain(&[der, der], time).map_err(|why| said(&why));
    }
}

/// Text with certificates, requests and keys, as commands print it and files hold it.
pub fn pem(data: &[u8]) {
    match Certificate::inspect_pem(data) {
        Err(error) => drop(said(&error)),
        Ok(found) => {
            for one in found {
                match one {
                    Err(why) => drop(said(&why)),
                    Ok(certificate) => looked_at(&certificate),
                }
            }
        }
    }
    let _ = Csr::from_pem(data).map_err(|why| said(&why));
    let _ = Csr::from_trust_request(data).map_err(|why| said(&why));
    if let Ok(key) = PublicKey::from_pem(data) {
        let again = PublicKey::from_pem(key.to_pem().as_bytes()).expect("PEM that was written");
        assert_eq!(again.spki(), key.spki());
    }
    let mut trust = TrustStore::empty();
    let _ = trust.add_pem("cloud.pub.pem", data);
}

/// A statement of device hardware, as a command prints it: certificates, then lines of text.
pub fn sudi(data: &[u8]) {
    let certificates: Vec<Certificate> = match Certificate::inspect_pem(data) {
        Err(error) => return drop(said(&error)),
        Ok(found) => found.into_iter().filter_map(Result::ok).collect(),
    };
    let text = String::from_utf8_lossy(data);
    let pairs = text.lines().filter_map(|line| line.split_once(':'));
    let pairs: Vec<_> = pairs.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect();
    let nonce = text.bytes().rev().take(8).fold(0_u64, |number, byte| (number << 8) | u64::from(byte));
    let mut ders = certificates.iter().map(|certificate| certificate.der().to_vec());
    let (root, sub_ca) = (ders.next().unwrap_or_default(), ders.next().unwrap_or_default());
    let leaf = ders.next().unwrap_or_default();
    let chain = Body::Chain { root: root.clone(), sub_ca: sub_ca.clone(), leaf: leaf.clone() };
    let mut trust = TrustStore::empty();
    let _ = trust.add_anchor(&root);
    for body in [chain, Body::Compliance(pairs), Body::Measurement { pcr0: [1; 32], pcr8: [2; 32] }] {
        let nonce = Nonce::Number(nonce);
        let statement = Statement::new(Some(nonce.clone()), body);
        if let Ok(bytes) = statement.signed_bytes() {
            assert_eq!(statement.signed_bytes().ok(), Some(bytes));
        }
        let expect = Expect::nothing().nonce(&nonce);
        let verdict = trust.verify_statement(&statement, data, &leaf, &[&sub_ca], TimePolicy::Ignore, &expect);
        assert!(verdict.is_err(), "nobody signed this");
    }
}

/// The SDK's own signed documents.
pub fn signed_document(data: &[u8]) {
    match Document::read(data) {
        Err(why) => drop(said(&why)),
        Ok(document) => {
            let text = document.to_bytes();
            let again = Document::read(&text).expect("what was written is read");
            assert_eq!(again.signed_bytes(), document.signed_bytes());
            assert_eq!(again.to_bytes(), text);
        }
    }
}
