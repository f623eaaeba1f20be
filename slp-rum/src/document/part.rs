//! The parts of a document, and the containers that hold them.

use std::convert::Infallible;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use slp_model::{serde_as_text, word_enum};

use crate::xml::Element;

word_enum! {
    /// The container in which reports travel. Spec: rum, "Containers".
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Container: "container" {
        /// `smartLicense` around any number of parts: the file that a device saves.
        DeviceFile = "device-file",
        /// A `RUMReport` without `smartLicense` around it.
        BareReport = "bare-root",
        /// Another part of the family as the root: a policy, an authorization code.
        BareElement = "bare-element",
        /// `{"usage":[…]}`: the answer of a device over REST.
        Rest = "rest",
        /// `{"data":{"reports":[…]}}`: the request body of the cloud.
        Cloud = "cloud",
        /// `[…]`: envelopes in an array.
        Array = "array",
        /// One envelope.
        Envelope = "envelope",
        /// One payload without envelope, as the CLI dumps it.
        Payload = "bare-payload",
        /// One payload as a JSON string literal.
        PayloadLiteral = "payload-literal",
    }
}

impl Container {
    pub(crate) const fn is_xml(self) -> bool {
        matches!(self, Self::DeviceFile | Self::BareReport | Self::BareElement)
    }

    /// Several devices are normal in a cloud request only.
    pub(super) const fn holds_one_device(self) -> bool {
        !matches!(self, Self::Cloud)
    }
}

/// What a part of a document is. As text and as JSON the name of its element.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum PartKind {
    /// `smartLicense`, the root.
    SmartLicense,
    /// `RUMReport`: one usage report.
    Report,
    /// `smartLicenseSystemInfo`: facts about the device.
    SystemInfo,
    /// `smartLicenseAuthRequest`: a request for an authorization code.
    AuthRequest,
    /// `smartLicenseTrustRequest`: a request for a trust code.
    TrustRequest,
    /// `smartLicenseAuthorization`: an authorization code (SLAC).
    Authorization,
    /// `smartLicensePolicy`: the reporting policy.
    Policy,
    /// `smartLicenseTrustCode`: the licensing certificate of the device.
    TrustCode,
    /// `smartLicenseRumAck`: acknowledgement of reports.
    RumAck,
    /// `smartLicenseConversionAck`: acknowledgement of a conversion.
    ConversionAck,
    /// `smartLicenseAccountInfo`: names of the accounts.
    AccountInfo,
    /// `correlationID`: a trace id.
    CorrelationId,
    /// `specificPLR`: a reservation (SLR).
    SpecificPlr,
    /// Another element, kept as it stands.
    Unknown(Box<str>),
}

impl PartKind {
    pub(crate) fn from_name(name: &str) -> Self {
        match name {
            "smartLicense" => Self::SmartLicense,
            "RUMReport" => Self::Report,
            "smartLicenseSystemInfo" => Self::SystemInfo,
            "smartLicenseAuthRequest" => Self::AuthRequest,
            "smartLicenseTrustRequest" => Self::TrustRequest,
            "smartLicenseAuthorization" => Self::Authorization,
            "smartLicensePolicy" => Self::Policy,
            "smartLicenseTrustCode" => Self::TrustCode,
            "smartLicenseRumAck" => Self::RumAck,
            "smartLicenseConversionAck" => Self::ConversionAck,
            "smartLicenseAccountInfo" => Self::AccountInfo,
            "correlationID" => Self::CorrelationId,
            "specificPLR" => Self::SpecificPlr,
            other => Self::Unknown(other.into()),
        }
    }

    /// The name of the element.
    pub fn as_str(&self) -> &str {
        match self {
            Self::SmartLicense => "smartLicense",
            Self::Report => "RUMReport",
            Self::SystemInfo => "smartLicenseSystemInfo",
            Self::AuthRequest => "smartLicenseAuthRequest",
            Self::TrustRequest => "smartLicenseTrustRequest",
            Self::Authorization => "smartLicenseAuthorization",
            Self::Policy => "smartLicensePolicy",
            Self::TrustCode => "smartLicenseTrustCode",
            Self::RumAck => "smartLicenseRumAck",
            Self::ConversionAck => "smartLicenseConversionAck",
            Self::AccountInfo => "smartLicenseAccountInfo",
            Self::CorrelationId => "correlationID",
            Self::SpecificPlr => "specificPLR",
            Self::Unknown(name) => name,
        }
    }

    /// Is it read by the elements inside it? A report holds text alone, unknown parts are not looked into.
    pub(crate) const fn has_elements(&self) -> bool {
        !matches!(self, Self::SmartLicense | Self::Report | Self::Unknown(_))
    }

    /// Its place in the usual order of what a server sends. Spec: ack-auth, "Children".
    pub(crate) const fn rank(&self) -> Option<u8> {
        match self {
            Self::Authorization | Self::SpecificPlr => Some(1),
            Self::Policy => Some(2),
            Self::TrustCode => Some(3),
            Self::RumAck => Some(4),
            Self::ConversionAck => Some(5),
            Self::AccountInfo => Some(6),
            Self::CorrelationId => Some(7),
            _ => None,
        }
    }

    /// What may be the root of a document. Spec: rum, "Telling the containers apart"; ack-auth, "Roots accepted".
    pub(crate) const ROOTS: &'static [Self] = &[
        Self::SmartLicense,
        Self::Report,
        Self::Authorization,
        Self::SpecificPlr,
        Self::Policy,
        Self::TrustCode,
        Self::RumAck,
    ];

    pub(crate) fn is_root(&self) -> bool {
        Self::ROOTS.contains(self)
    }
}

impl fmt::Display for PartKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for PartKind {
    type Err = Infallible;

    fn from_str(name: &str) -> Result<Self, Infallible> {
        Ok(Self::from_name(name))
    }
}

serde_as_text!(PartKind);

/// One part of a document, as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Part<'d> {
    /// What it is.
    pub kind: PartKind,
    /// Its bytes, from `<` to `>` or from `{` to `}`.
    pub raw: &'d str,
    /// Where it stands in the text of the document, in bytes.
    pub range: Range<usize>,
}

/// The parts of a document, in order.
#[derive(Clone, Debug)]
pub struct Parts<'d> {
    text: &'d str,
    elements: std::slice::Iter<'d, Element>,
}

impl<'d> Parts<'d> {
    pub(super) fn new(text: &'d str, elements: &'d [Element]) -> Self {
        Self { text, elements: elements.iter() }
    }
}

impl<'d> Iterator for Parts<'d> {
    type Item = Part<'d>;

    fn next(&mut self) -> Option<Self::Item> {
        self.elements.next().map(|element| Part {
            kind: element.kind.clone(),
            raw: self.text.get(element.range.clone()).unwrap_or_default(),
            range: element.range.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_containers_read_back_from_text_and_json() {
        for container in Container::ALL {
            assert_eq!(container.to_string().parse::<Container>().unwrap(), *container);
        }
        for name in ["smartLicense", "RUMReport", "correlationID", "specificPLR", "x", ""] {
            let kind = PartKind::from_name(name);
            assert_eq!(kind.to_string().parse::<PartKind>(), Ok(kind.clone()));
            let json = serde_json::to_string(&kind).unwrap();
            assert_eq!(json, format!("\"{name}\""));
            assert_eq!(serde_json::from_str::<PartKind>(&json).unwrap(), kind);
        }
    }
}
