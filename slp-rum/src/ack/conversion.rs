//! Acknowledgements of a conversion: `smartLicenseConversionAck`, a part of this SDK (choice). Spec: ack-auth,
//! "smartLicenseConversionAck".

use slp_model::{Udi, open_enum};

use crate::flaw::Flaw;
use crate::statement::{Fields, Object, Reading, SignedPart, Statement, each_object, free_text, present_text};
use crate::{Member, Tolerance};

/// An acknowledgement of a conversion as it stands in a document. The signature covers the text of `data`.
pub type ConversionAcknowledgement = Statement<Vec<ConversionAck>>;

open_enum! {
    /// How a conversion went (code).
    pub enum ConversionStatus {
        /// It is done: device state 3.
        Success = "CONVERT_SUCCESS",
        /// It was done before: device state 4.
        AlreadyConverted = "ALREADY_CONVERTED",
        /// It failed: device state 5.
        Failed = "CONVERT_FAILED",
        /// It is under way: device state 6.
        InProgress = "IN_PROGRESS",
    }
}

impl ConversionStatus {
    /// Reads a word whatever its case, as the one published client does (code).
    pub fn from_any_case(word: &str) -> Self {
        let known = Self::KNOWN.iter().find(|known| known.eq_ignore_ascii_case(word));
        Self::from(known.copied().unwrap_or(word))
    }

    /// The number of the device's state (doc).
    pub fn device_state(&self) -> Option<u8> {
        match self {
            Self::Success => Some(3),
            Self::AlreadyConverted => Some(4),
            Self::Failed => Some(5),
            Self::InProgress => Some(6),
            Self::Other(_) => None,
        }
    }
}

/// What became of the conversion of one device.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConversionAck {
    /// The device; `None` when it is not named.
    pub device: Option<Udi>,
    /// `software_tag_identifier`.
    pub software_tag: Option<String>,
    /// `status`.
    pub status: ConversionStatus,
    /// The number of an error of IOS XE, as text.
    pub error_code: Option<String>,
    /// What the server says about it.
    pub message: Option<String>,
    /// Members that are not known.
    pub extra: Vec<Member>,
}

impl ConversionAck {
    /// The conversion of a device went so.
    pub fn new(device: Udi, software_tag: impl Into<String>, status: ConversionStatus) -> Self {
        Self {
            device: Some(device),
            software_tag: Some(software_tag.into()),
            status,
            error_code: None,
            message: None,
            extra: Vec::new(),
        }
    }
}

/// Reads the part `smartLicenseConversionAck`.
pub(crate) fn read(fields: &mut Fields<'_>) -> Result<Reading<Vec<ConversionAck>>, Flaw> {
    let root = fields.root;
    let [data, signature] = fields.children(root, ["data", "signature"])?;
    let data = fields.data(data)?;
    let limits = fields.json_limits();
    let members = each_object(fields, &data, |element, object| {
        let device = element.device(object, limits)?;
        let near = |object: &mut Object<'_>, exact: &str, near: &[&str]| {
            object.take_near(exact, near).and_then(|item| present_text(item.raw))
        };
        let software_tag = near(object, "software_tag_identifier", &["softwaretagidentifier", "softwaretag"]);
        let status = near(object, "status", &["status", "conversionstatus", "state", "result"]).unwrap_or_default();
        let error_code = near(object, "error_code", &["errorcode", "code"]).filter(|code| code != "0");
        let message = object
            .take_near("message", &["message", "errormessage", "statusmessage", "reason"])
            .and_then(|item| free_text(item.raw));
        if object.was_near {
            element.note(Tolerance::AckNearName, "members under names that are not the usual ones")?;
        }
        let status = ConversionStatus::from_any_case(&status);
        if !status.is_known() {
            let text = format!("the status {} is not known: kept", slp_model::Quoted(status.as_str()));
            element.note(Tolerance::UnknownWord, text)?;
        }
        Ok(ConversionAck { device, software_tag, status, error_code, message, extra: object.rest() })
    })?;
    let signature = fields.signature(signature, true)?;
    Ok(Reading { view: members, signed: SignedPart::Data(data), signature })
}
