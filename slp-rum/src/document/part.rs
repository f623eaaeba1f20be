//! The parts of a document, and the containers that hold them.

use std::fmt;
use std::ops::Range;

use crate::xml::Element;

/// The container in which reports travel. Spec: rum, "Containers".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Container {
    /// `smartLicense` around any number of parts: the file that a device saves.
    DeviceFile,
    /// A `RUMReport` without `smartLicense` around it.
    BareReport,
    /// Another part of the family as the root: a policy, an authorization code.
    BareElement,
    /// `{"usage":[…]}`: the answer of a device over REST.
    Rest,
    /// `{"data":{"reports":[…]}}`: the request body of the cloud.
    Cloud,
    /// `[…]`: envelopes in an array.
    Array,
    /// One envelope.
    Envelope,
    /// One payload without envelope, as the CLI dumps it.
    Payload,
    /// One payload as a JSON string literal.
    PayloadLiteral,
}

impl Container {
    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DeviceFile => "device-file",
            Self::BareReport => "bare-root",
            Self::BareElement => "bare-element",
            Self::Rest => "rest",
            Self::Cloud => "cloud",
            Self::Array => "array",
            Self::Envelope => "envelope",
            Self::Payload => "bare-payload",
            Self::PayloadLiteral => "payload-literal",
        }
    }

    pub(crate) const fn is_xml(self) -> bool {
        matches!(self, Self::DeviceFile | Self::BareReport | Self::BareElement)
    }

    /// Several devices are normal in a cloud request only.
    pub(super) const fn holds_one_device(self) -> bool {
        !matches!(self, Self::Cloud)
    }
}

impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a part of a document is.
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
