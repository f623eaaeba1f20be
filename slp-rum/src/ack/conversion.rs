//! Acknowledgements of a conversion: `smartLicenseConversionAck`, a part of this SDK (choice). Spec: ack-auth,
//! "smartLicenseConversionAck".

use slp_model::json::ValueKind;
use slp_model::{Udi, open_enum};

use crate::flaw::{Flaw, Path};
use crate::statement::{Fields, Halt, Object, Reading, SignedPart, Statement, each_element, free_text, present_text};
use crate::{ErrorKind, Member, Tolerance};

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
    let text = data.text.get(fields.text);
    let limits = fields.json_limits();
    let mut members = Vec::new();
    let read = each_element(text, limits, |index, kind, reader| {
        let path = Path::ROOT.index(index);
        let at = reader.value_offset();
        if members.len() >= fields.options.limits.ack_members {
            let text = "more members than the limit ack_members allows; raise it if you trust the file";
            return Err(fields.data_flaw(ErrorKind::Limit, &data, at, &path, text).named("ack_members").into());
        }
        if kind != ValueKind::Object {
            let text = format!("{} where an object should stand", kind.as_str());
            return Err(fields.data_flaw(ErrorKind::WrongType, &data, at, &path, text).into());
        }
        let mut object = Object::read(reader)?;
        if let Some((at, name)) = &object.twice {
            let text = format!("member {} stands twice in one object", slp_model::Quoted(name));
            return Err(fields.data_flaw(ErrorKind::DuplicateMember, &data, *at, &path, text).into());
        }
        let device = object.take_device(limits).map_err(|_| {
            let text = "the device cannot be read; expected sudi with udi_pid and udi_serial_number";
            fields.data_flaw(ErrorKind::UdiSyntax, &data, at, &path, text)
        })?;
        fields.device_within(device.as_ref(), &data, at, &path)?;
        let near = |object: &mut Object<'_>, exact: &str, near: &[&str]| {
            object.take_near(exact, near).and_then(|item| present_text(item.raw))
        };
        let software_tag = near(&mut object, "software_tag_identifier", &["softwaretagidentifier", "softwaretag"]);
        let status =
            near(&mut object, "status", &["status", "conversionstatus", "state", "result"]).unwrap_or_default();
        let error_code = near(&mut object, "error_code", &["errorcode", "code"]).filter(|code| code != "0");
        let message = object
            .take_near("message", &["message", "errormessage", "statusmessage", "reason"])
            .and_then(|item| free_text(item.raw));
        if object.was_near {
            let text = "members under names that are not the usual ones";
            fields.data_note(Tolerance::AckNearName, &data, at, &path, text)?;
        }
        let status = ConversionStatus::from_any_case(&status);
        if !status.is_known() {
            let text = format!("the status {} is not known: kept", slp_model::Quoted(status.as_str()));
            fields.data_note(Tolerance::UnknownWord, &data, at, &path, text)?;
        }
        members.push(ConversionAck { device, software_tag, status, error_code, message, extra: object.rest() });
        Ok(())
    });
    match read {
        Ok(false) => {}
        Ok(true) => {
            let reason = "one object instead of an array: read as an array of one";
            fields.data_note(Tolerance::AckSingleObject, &data, 0, &Path::ROOT, reason)?;
        }
        Err(Halt::Flaw(flaw)) => return Err(flaw),
        Err(Halt::Fault(fault)) => return Err(fields.json_flaw(&data, &fault, &Path::ROOT)),
    }
    let signature = fields.signature(signature, true)?;
    Ok(Reading { view: members, signed: SignedPart::Data(data), signature })
}
