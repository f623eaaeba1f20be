//! What matters about keys and certificates: for people in a few lines, for programs as JSON. Never a private byte.

use std::fmt::Write as _;

use serde::Serialize;
use slp_crypto::{Certificate, Identity, PublicKey};
use slp_model::UnixSeconds;

use crate::printable::{hexadecimal, shown};

/// A public key. As JSON: `id`, `type`, `scheme`, `sha256` of its SPKI.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct KeyFacts {
    pub(crate) id: String,
    #[serde(rename = "type")]
    pub(crate) key_type: String,
    pub(crate) scheme: &'static str,
    pub(crate) sha256: String,
}

impl From<&PublicKey> for KeyFacts {
    fn from(key: &PublicKey) -> Self {
        Self {
            id: key.id().to_string(),
            key_type: key.key_type().to_string(),
            scheme: key.scheme().as_str(),
            sha256: hexadecimal(key.sha256()),
        }
    }
}

/// The device that a certificate names. As JSON: `pid`, `serial`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Holder {
    pub(crate) pid: String,
    pub(crate) serial: String,
}

impl From<&Identity> for Holder {
    fn from(identity: &Identity) -> Self {
        Self { pid: identity.pid().to_owned(), serial: identity.serial().to_owned() }
    }
}

/// A certificate, read and not trusted. As JSON: `subject`, `issuer`, `serial`, `device`, `not_before`, `not_after`
/// (absent: no end), `ca`, `key` (or `key_error`), `sha256`; `trusted` says by what (`pin`, `anchor`) it is trusted itself.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CertificateFacts {
    pub(crate) subject: String,
    pub(crate) issuer: String,
    pub(crate) serial: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) device: Option<Holder>,
    pub(crate) not_before: UnixSeconds,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) not_after: Option<UnixSeconds>,
    pub(crate) ca: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<KeyFacts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key_error: Option<String>,
    pub(crate) sha256: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) trusted: Option<&'static str>,
}

impl From<&Certificate> for CertificateFacts {
    fn from(certificate: &Certificate) -> Self {
        let key = certificate.key();
        Self {
            subject: certificate.subject().to_string(),
            issuer: certificate.issuer().to_string(),
            serial: hexadecimal(certificate.serial()),
            device: certificate.identity().map(Holder::from),
            not_before: certificate.validity().not_before,
            not_after: certificate.validity().not_after,
            ca: certificate.is_ca(),
            key_error: key.as_ref().err().map(|error| error.message().to_owned()),
            key: key.ok().map(KeyFacts::from),
            sha256: hexadecimal(certificate.sha256()),
            trusted: None,
        }
    }
}

impl CertificateFacts {
    /// The lines that people read, each begun with `indent`.
    pub(crate) fn text(&self, indent: &str) -> String {
        let end = self.not_after.map_or_else(|| "no end".to_owned(), |end| end.to_string());
        let kind = if self.ca { "certificate of a CA" } else { "certificate" };
        let key = match &self.key {
            Some(key) => format!("{}, {}", key.key_type, key.id),
            None => self.key_error.clone().unwrap_or_default(),
        };
        let device = self.device.as_ref().map(|device| format!("{} {}", device.pid, device.serial));
        let mut text = String::new();
        for (name, value) in [
            (kind, Some(self.subject.clone())),
            ("  issuer", Some(self.issuer.clone())),
            ("  serial", Some(self.serial.clone())),
            ("  device", device),
            ("  valid", Some(format!("{} to {end}", self.not_before))),
            ("  key", Some(key)),
            ("  SHA-256", Some(self.sha256.clone())),
            ("  trusted", self.trusted.map(|by| format!("by {by}"))),
        ] {
            if let Some(value) = value {
                let _ = writeln!(text, "{indent}{name:<11} {}", shown(&value));
            }
        }
        text
    }
}
