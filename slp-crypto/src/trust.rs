//! Whom to believe: pinned fingerprints, anchors, and keys that the user vouches for. Spec: crypto, "Trust store".

mod check;
mod known;

use std::collections::BTreeSet;

use slp_model::Quoted;

use crate::certificate::{Certificate, is_certificate};
use crate::error::{Error, ErrorKind};
use crate::key::PublicKey;
use crate::pem;
use crate::resolve::{KeyMap, KeyScope};
use crate::verdict::Source;

pub use known::{KNOWN_CAS, KnownCa, PinSet};

/// The most anchors of a store.
const MAX_ANCHORS: usize = 1024;

/// Pins, anchors and keys. Empty at first: nothing is trusted that the caller did not name.
///
/// ```
/// use slp_crypto::{PinSet, TrustStore};
///
/// let trust = TrustStore::empty().with_pins(PinSet::Sudi);
/// assert!(trust.anchors().is_empty());
/// ```
#[derive(Clone, Debug, Default)]
pub struct TrustStore {
    pins: BTreeSet<[u8; 32]>,
    anchors: Vec<Certificate>,
    keys: KeyMap,
}

/// What became of one block of a PEM file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Added {
    /// A CA: it may issue certificates from now on.
    Anchor(Certificate),
    /// A certificate that is no CA: its key is a key of the device it names, or known by its key id.
    KeyOf(Certificate),
    /// A bare public key, for this key text.
    Key(PublicKey, KeyScope),
}

impl TrustStore {
    /// Trusts nobody.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Trusts the CAs of this set. Their certificates come with the statement or from the user; here are only the
    /// fingerprints.
    #[must_use]
    pub fn with_pins(mut self, set: PinSet) -> Self {
        self.pins.extend(KNOWN_CAS.iter().filter(|ca| ca.set == Some(set)).map(|ca| ca.sha256));
        self
    }

    /// Trusts the CA whose certificate has this SHA-256.
    pub fn add_pin(&mut self, sha256: [u8; 32]) {
        self.pins.insert(sha256);
    }

    /// Trusts a CA. Its own signature and dates are not checked: that was the user's decision.
    ///
    /// # Errors
    /// [`ErrorKind::Certificate`] if it cannot be read, has bytes behind it, or may not issue certificates;
    /// [`ErrorKind::UnsupportedKey`] and [`ErrorKind::WeakKey`] for its key; [`ErrorKind::Size`] above 1,024 anchors.
    pub fn add_anchor(&mut self, der: &[u8]) -> Result<&Certificate, Error> {
        let certificate = Certificate::inspect(der).map_err(|why| refused(why.message()))?;
        self.insert_anchor(certificate)
    }

    fn insert_anchor(&mut self, certificate: Certificate) -> Result<&Certificate, Error> {
        check::may_issue(&certificate).map_err(|why| refused(why.message()))?;
        certificate.key()?;
        let index = match self.anchors.iter().position(|anchor| *anchor == certificate) {
            Some(index) => index,
            None if self.anchors.len() >= MAX_ANCHORS => {
                return Err(Error::new(ErrorKind::Size, "a trust store has at most 1024 anchors").named("anchors"));
            }
            None => {
                self.anchors.push(certificate);
                self.anchors.len().saturating_sub(1)
            }
        };
        self.anchors.get(index).ok_or_else(|| refused("it is gone"))
    }

    /// Adds a key that the user vouches for.
    pub fn add_key(&mut self, scope: KeyScope, key: PublicKey) {
        self.keys.insert(scope, key);
    }

    /// Adds what a file of a trust directory holds; `name` is its file name.
    ///
    /// A certificate with `CA:TRUE` becomes an anchor; another one vouches for the key of the device it names, or, when
    /// it names none, for the key text that is its key id. A `PUBLIC KEY` in `NAME.pub.pem` becomes the key for key
    /// text NAME, or, when NAME begins with `cloud`, one for elements signed by the cloud. Other blocks are passed
    /// over. One bad block does not keep out the others.
    ///
    /// # Errors
    /// [`ErrorKind::Pem`] and [`ErrorKind::Size`] if the file as a whole cannot be read.
    pub fn add_pem(&mut self, name: &str, text: &[u8]) -> Result<Vec<Result<Added, Error>>, Error> {
        let mut added = Vec::new();
        for block in pem::blocks(text)? {
            if is_certificate(block.label) {
                added.push(self.add_certificate(&block.der));
            } else if matches!(block.label, "PUBLIC KEY" | "RSA PUBLIC KEY") {
                added.push(self.add_public_key(name, block.label, &block.der));
            }
        }
        Ok(added)
    }

    fn add_certificate(&mut self, der: &[u8]) -> Result<Added, Error> {
        let certificate = Certificate::inspect(der).map_err(|why| refused(why.message()))?;
        if certificate.is_ca() {
            return self.insert_anchor(certificate).cloned().map(Added::Anchor);
        }
        let key = certificate.key()?.clone();
        match certificate.identity() {
            Some(holder) => self.keys.insert_holder(holder, key),
            None => self.keys.insert(KeyScope::KeyText(key.id().to_string().into()), key),
        }
        Ok(Added::KeyOf(certificate))
    }

    fn add_public_key(&mut self, name: &str, label: &str, der: &[u8]) -> Result<Added, Error> {
        let key = if label == "PUBLIC KEY" { PublicKey::from_spki(der)? } else { PublicKey::from_pkcs1(der)? };
        let stem = name.strip_suffix(".pub.pem").filter(|stem| !stem.is_empty()).ok_or_else(|| {
            let text = "a file with a public key is named after the text of `key` in the signature: NAME.pub.pem, not";
            Error::new(ErrorKind::Mismatch, format!("{text} {}", Quoted(name)))
        })?;
        let scope = if stem.starts_with("cloud") { KeyScope::CloudElements } else { KeyScope::KeyText(stem.into()) };
        self.keys.insert(scope.clone(), key.clone());
        Ok(Added::Key(key, scope))
    }

    /// The anchors, in the order they were added.
    pub fn anchors(&self) -> &[Certificate] {
        &self.anchors
    }

    /// The keys that the user vouches for.
    pub fn keys(&self) -> &KeyMap {
        &self.keys
    }

    /// Is this very certificate trusted to issue others, and by what?
    pub fn source_of(&self, certificate: &Certificate) -> Option<Source> {
        if self.pins.contains(certificate.sha256()) {
            Some(Source::Pin)
        } else if self.anchors.contains(certificate) {
            Some(Source::Anchor)
        } else {
            None
        }
    }
}

fn refused(what: &str) -> Error {
    Error::new(ErrorKind::Certificate, format!("the certificate cannot be trusted: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_pins_its_own_cas_and_sets_add_up() {
        let pinned = |trust: &TrustStore| -> Vec<&str> {
            let known = KNOWN_CAS.iter().filter(|ca| trust.pins.contains(&ca.sha256)).map(|ca| ca.name).collect();
            assert_eq!(trust.pins.len(), Vec::len(&known), "nothing else is pinned");
            known
        };
        let with = |set| TrustStore::empty().with_pins(set);
        let sudi = ["ACT2 SUDI CA", "High Assurance SUDI CA", "ACT2 ECC SUDI CA"];
        assert_eq!(pinned(&with(PinSet::Sudi)), sudi);
        assert_eq!(pinned(&with(PinSet::Kgv)), ["Innerspace SubCA RSA"]);
        let more = with(PinSet::Sudi).with_pins(PinSet::Manufacturing);
        assert_eq!(pinned(&more), [&sudi[..], &["Cisco Manufacturing CA", "Cisco Manufacturing CA SHA2"]].concat());
        assert_eq!(pinned(&TrustStore::empty()), [""; 0]);
    }
}
