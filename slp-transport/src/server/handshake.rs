//! Why a TLS handshake did not come about, in words of its own: nothing of what the peer sent stands in them.

use std::{fmt, io};

use tokio_rustls::rustls::{AlertDescription, Error, InvalidMessage, PeerIncompatible};

/// Why a TLS handshake did not come about. Its text says what to look at, and holds nothing that the peer sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum HandshakeFault {
    /// What came is not TLS: plain HTTP, most likely.
    NotTls,
    /// No version of TLS that both sides have.
    Version,
    /// No cipher, key exchange or kind of signature that both sides have.
    NothingInCommon,
    /// The peer finds the certificate of this server expired, or not valid yet.
    CertificateExpired,
    /// The peer does not trust the certificate of this server, or cannot use it.
    CertificateRefused,
    /// The peer ended it for another reason.
    Refused,
    /// The connection ended.
    Ended,
    /// It was not done within 30 s.
    TooSlow,
    /// A message that TLS does not allow.
    Broken,
}

impl HandshakeFault {
    pub(super) fn of(error: &io::Error) -> Self {
        let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else {
            return Self::Ended;
        };
        match error {
            Error::InvalidMessage(InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion) => {
                Self::NotTls
            }
            Error::PeerIncompatible(
                PeerIncompatible::Tls12NotOffered
                | PeerIncompatible::Tls12NotOfferedOrEnabled
                | PeerIncompatible::SupportedVersionsExtensionRequired,
            )
            | Error::AlertReceived(AlertDescription::ProtocolVersion) => Self::Version,
            Error::PeerIncompatible(_) => Self::NothingInCommon,
            Error::AlertReceived(AlertDescription::CertificateExpired) => Self::CertificateExpired,
            Error::AlertReceived(
                AlertDescription::BadCertificate
                | AlertDescription::UnsupportedCertificate
                | AlertDescription::CertificateRevoked
                | AlertDescription::CertificateUnknown
                | AlertDescription::UnknownCA,
            ) => Self::CertificateRefused,
            Error::AlertReceived(_) => Self::Refused,
            _ => Self::Broken,
        }
    }
}

impl fmt::Display for HandshakeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotTls => "what came is not TLS: plain HTTP?",
            Self::Version => "no TLS version in common: 1.2 and 1.3 are served",
            Self::NothingInCommon => "no cipher, key exchange or signature in common",
            Self::CertificateExpired => {
                "the peer finds this server's certificate expired: look at its dates and at the peer's clock"
            }
            Self::CertificateRefused => {
                "the peer does not trust this server's certificate: give the peer the authority above it"
            }
            Self::Refused => "the peer ended it with an alert",
            Self::Ended => "the connection ended",
            Self::TooSlow => "not done within 30 s",
            Self::Broken => "a message that TLS does not allow",
        })
    }
}
