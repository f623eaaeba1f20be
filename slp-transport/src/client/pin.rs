//! Peers known by fingerprint: a device's own certificate, which no authority signed.
//!
//! The pin takes the place of chain, name and dates. The peer still has to prove in the handshake that it holds the key.

use std::fmt::{self, Write as _};
use std::str::FromStr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use sha2::{Digest as _, Sha256};

use crate::Error;

/// The SHA-256 of what a peer has to show.
///
/// ```
/// use slp_transport::client::Pin;
///
/// let pin: Pin = format!("sha256:{}", "AB:".repeat(31) + "ab").parse()?;
/// assert_eq!(pin, Pin::Certificate([0xab; 32]));
/// let pin: Pin = "sha256//q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=".parse()?;
/// assert_eq!(pin, Pin::PublicKey([0xab; 32]));
/// # Ok::<(), slp_transport::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pin {
    /// Of the whole certificate (DER): `sha256:` and hexadecimal digits, colons allowed, as certificate tools print them.
    Certificate([u8; 32]),
    /// Of its public key (`SubjectPublicKeyInfo`, DER), which outlives a renewal: `sha256//` and base64.
    PublicKey([u8; 32]),
}

impl FromStr for Pin {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || {
            let text = slp_model::Quoted(text);
            Error::argument(format!("{text} is no pin: sha256: and 64 hexadecimal digits, or sha256// and base64"))
        };
        if let Some(base64) = text.strip_prefix("sha256//") {
            let bytes = STANDARD.decode(base64).map_err(|_| wrong())?;
            return bytes.try_into().map(Self::PublicKey).map_err(|_| wrong());
        }
        let digits = text.strip_prefix("sha256:").ok_or_else(wrong)?.bytes().filter(|byte| *byte != b':');
        let digits: Vec<u8> = digits.map(|byte| hex_digit(byte).ok_or_else(wrong)).collect::<Result<_, _>>()?;
        let pairs = digits.chunks_exact(2);
        if !pairs.remainder().is_empty() {
            return Err(wrong());
        }
        let bytes = pairs.map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect::<Vec<u8>>();
        bytes.try_into().map(Self::Certificate).map_err(|_| wrong())
    }
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate(hash) => {
                let mut text = String::from("sha256:");
                for byte in hash {
                    write!(text, "{byte:02x}")?;
                }
                f.pad(&text)
            }
            Self::PublicKey(hash) => f.pad(&format!("sha256//{}", STANDARD.encode(hash))),
        }
    }
}

/// TLS that takes these peers alone.
pub(super) fn config(pins: Vec<Pin>) -> Result<Arc<ClientConfig>, Error> {
    if pins.is_empty() {
        return Err(Error::argument("no pin is given, so no peer could ever be good"));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Arc::new(Pinned { pins, provider: Arc::clone(&provider) });
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| Error::argument("TLS cannot be set up").caused_by(error))?;
    Ok(Arc::new(config.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()))
}

#[derive(Debug)]
struct Pinned {
    pins: Vec<Pin>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let whole: [u8; 32] = Sha256::digest(certificate).into();
        let key = ParsedCertificate::try_from(certificate).map(|parsed| parsed.subject_public_key_info());
        let key = key.map(|key| <[u8; 32]>::from(Sha256::digest(&*key)));
        let is_known = self.pins.iter().any(|pin| match pin {
            Pin::Certificate(hash) => *hash == whole,
            Pin::PublicKey(hash) => key.as_ref().is_ok_and(|key| key == hash),
        });
        if is_known {
            return Ok(ServerCertVerified::assertion());
        }
        Err(rustls::CertificateError::ApplicationVerificationFailure.into())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_written_as_it_is_read() {
        for text in [
            "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            "sha256//ASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4mrze8=",
        ] {
            assert_eq!(text.parse::<Pin>().unwrap().to_string(), text);
        }
        let long = "sha256:".to_owned() + &"0".repeat(66);
        for wrong in ["", "sha256:", "sha256:0g", "sha256:012", "sha256//AAAA", "sha1:00", &long] {
            assert!(wrong.parse::<Pin>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn no_pin_is_no_way_to_let_everybody_in() {
        assert!(config(Vec::new()).is_err());
    }
}
