//! Whom `--trust` names: every `*.pem` of a folder, or one such file.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use slp_crypto::{Added, Certificate, KeyScope, PinSet, PublicKey, Reason, Source, TrustStore};

use super::row::{Row, Verdict};
use crate::arguments::Pins;
use crate::commands::keys::has_private_key;
use crate::facts::{CertificateFacts, KeyFacts};
use crate::fault::Fault;
use crate::input::Reader;

/// The most bytes of a PEM file: what the library takes.
const PEM_BYTES: usize = 1 << 20;
/// The most keys that are tried for a document of the SDK that brings no certificate.
const OWN_KEYS: usize = 16;

/// The store, and what is in it by name.
pub(super) struct Trust {
    pub(super) store: TrustStore,
    pub(super) known: Vec<Known>,
    /// Keys that may sign documents of the SDK that bring no certificate: bare public keys, those of the cloud not
    /// counted.
    pub(super) signers: Vec<PublicKey>,
    /// Certificates of devices.
    pub(super) devices: Vec<Certificate>,
    /// Every key that the user vouches for, by its SHA-256.
    vouched: BTreeSet<[u8; 32]>,
    pub(super) faults: Vec<Fault>,
    /// Folders without any `*.pem`.
    pub(super) empty: Vec<PathBuf>,
}

/// One thing that is trusted. As JSON: `file`, `use` (`anchor`, `device`, `key`, `cloud`), and `certificate` or `key`;
/// of a key also `key_text`, the text of `key` in a signature that it is for.
#[derive(Debug, Serialize)]
pub(super) struct Known {
    pub(super) file: String,
    #[serde(rename = "use")]
    pub(super) purpose: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key_text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) certificate: Option<CertificateFacts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<KeyFacts>,
}

impl Trust {
    /// Reads folders and files in the order given, the files of a folder by name. What cannot be read is a fault; the
    /// rest is trusted all the same.
    pub(super) fn read(paths: &[PathBuf], pins: &[Pins]) -> Self {
        let store = pins.iter().fold(TrustStore::empty(), |store, pins| {
            store.with_pins(match pins {
                Pins::Sudi => PinSet::Sudi,
                Pins::Manufacturing => PinSet::Manufacturing,
                Pins::Kgv => PinSet::Kgv,
            })
        });
        let mut trust = Self {
            store,
            known: Vec::new(),
            signers: Vec::new(),
            devices: Vec::new(),
            vouched: BTreeSet::new(),
            faults: Vec::new(),
            empty: Vec::new(),
        };
        let mut nothing = io::empty();
        let reader = Reader::fixed(PEM_BYTES, &mut nothing);
        let mut bytes = Vec::new();
        for path in paths {
            let files = match files(path) {
                Ok(files) => files,
                Err(error) => {
                    trust.faults.push(Fault::io(&path.to_string_lossy(), &error));
                    continue;
                }
            };
            if files.is_empty() {
                trust.empty.push(path.clone());
            }
            for file in files {
                let name = file.to_string_lossy();
                // a folder, a pipe or a link to nothing that is named like a certificate was meant as one
                if fs::metadata(&file).is_ok_and(|metadata| !metadata.is_file()) {
                    trust.faults.push(Fault::of_file("unreadable", &name, "cannot be read: it is no regular file"));
                    continue;
                }
                match reader.file(&file, &name, &mut bytes) {
                    Ok(()) => trust.add(&file, &bytes),
                    Err(fault) => trust.faults.push(*fault),
                }
            }
        }
        trust
    }

    /// Is nobody trusted at all?
    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// A good signature by a key that came with what it signed proves nothing, unless the user vouches for this very key.
    pub(super) fn vouched(&self, mut row: Row, key: &PublicKey) -> Row {
        if row.verdict == Verdict::Verified && !self.vouched.contains(key.sha256()) {
            let text = format!(
                "the signature fits key {}, which the request itself brings: add NAME.pub.pem with that key if you know \
                 whose it is",
                key.id()
            );
            row.refuse(Reason::KeyUnknown, "key", text);
            row.source = Some(Source::Document.as_str());
        }
        row
    }

    /// The anchor that calls itself the issuer of a certificate.
    pub(super) fn issuer_of(&self, certificate: &Certificate) -> Option<&Certificate> {
        self.store.anchors().iter().find(|anchor| anchor.subject() == certificate.issuer())
    }

    fn add(&mut self, path: &Path, bytes: &[u8]) {
        let file = path.to_string_lossy().into_owned();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let added = match self.store.add_pem(&name, bytes) {
            Ok(added) => added,
            Err(error) => {
                self.faults.push(Fault::of_file(error.kind().as_str(), &file, error.message()));
                return;
            }
        };
        if added.is_empty() {
            let text = if has_private_key(bytes) {
                "a private key: nothing can be verified with it, and it does not belong here; trust takes its public key, \
                 which `slp keys new` writes beside it as NAME.pub.pem"
            } else {
                "there is no certificate and no public key in it"
            };
            self.faults.push(Fault::of_file("pem", &file, text));
        }
        for one in added {
            match one {
                Ok(added) => self.remember(&file, &added),
                Err(error) => self.faults.push(Fault::of_file(error.kind().as_str(), &file, error.message())),
            }
        }
    }

    fn remember(&mut self, file: &str, added: &Added) {
        let mut known =
            Known { file: file.to_owned(), purpose: "anchor", key_text: None, certificate: None, key: None };
        match added {
            Added::Anchor(certificate) => known.certificate = Some(certificate.into()),
            Added::KeyOf(certificate) => {
                known.purpose = "device";
                self.devices.push(certificate.clone());
                known.certificate = Some(certificate.into());
                self.vouched.extend(certificate.key().ok().map(PublicKey::sha256));
            }
            Added::Key(key, scope) => {
                known.purpose = "cloud";
                if let KeyScope::KeyText(text) = scope {
                    known.purpose = "key";
                    known.key_text = Some(text.to_string());
                    if self.signers.len() < OWN_KEYS {
                        self.signers.push(key.clone());
                    }
                }
                known.key = Some(key.into());
                self.vouched.insert(*key.sha256());
            }
            _ => return,
        }
        self.known.push(known);
    }
}

/// A file itself, or the `*.pem` of a folder in byte order of their names.
fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !fs::metadata(path)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path)? {
        let file = entry?.path();
        if file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("pem")) {
            files.push(file);
        }
    }
    files.sort_unstable_by(|one, next| one.as_os_str().as_encoded_bytes().cmp(next.as_os_str().as_encoded_bytes()));
    Ok(files)
}
