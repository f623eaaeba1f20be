//! Acknowledgements of usage reports: `smartLicenseRumAck`. Spec: ack-auth, "smartLicenseRumAck".
//!
//! The member names of real acknowledgements are masked in the only public picture. Ours are written ("Members we
//! write"), near names are read ("Members we read"), and a member in which no report id is found is kept as it stands.

use std::fmt;

use slp_model::json::{FaultKind, Reader, ValueKind};
use slp_model::{ReportId, Udi};

use crate::flaw::{Flaw, Path};
use crate::statement::{
    Element, Fields, Halt, NoDevice, Object, Reading, SignedPart, Statement, each_element, finish, free_text,
    present_text, report_id,
};
use crate::{Member, Tolerance};

pub mod conversion; // acknowledgements of a conversion to this way of licensing
pub mod pairing; // which reports a member means that names none
#[cfg(test)]
mod tests;

/// An acknowledgement as it stands in a document. The signature covers the text of `data`.
pub type Acknowledgement = Statement<AckList>;

/// The members of an acknowledgement, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AckList {
    /// One for each report that is named, and one for each member that names none.
    pub members: Vec<AckMember>,
}

impl AckList {
    /// These acknowledgements.
    pub fn new(acks: impl IntoIterator<Item = Ack>) -> Self {
        Self { members: acks.into_iter().map(AckMember::Named).collect() }
    }

    /// The members that name a report.
    pub fn named(&self) -> impl Iterator<Item = &Ack> {
        self.members.iter().filter_map(|member| match member {
            AckMember::Named(ack) => Some(ack),
            AckMember::Opaque(_) => None,
        })
    }

    /// The members that name no report.
    pub fn opaque(&self) -> impl Iterator<Item = &OpaqueAck> {
        self.members.iter().filter_map(|member| match member {
            AckMember::Named(_) => None,
            AckMember::Opaque(opaque) => Some(opaque),
        })
    }
}

/// One member of an acknowledgement.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AckMember {
    /// It names a report.
    Named(Ack),
    /// No report id was found in it.
    Opaque(OpaqueAck),
}

/// A member in which no report id was found, or a whole text that is not JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpaqueAck {
    /// Its text, as it stands.
    pub raw: String,
}

/// What became of one report.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ack {
    /// The device; `None` when the member and what is around it name none.
    pub device: Option<Udi>,
    /// The report.
    pub report: ReportId,
    /// Acknowledged or not.
    pub status: AckStatus,
    /// The number of an error, as text; that of IOS XE in what we write.
    pub error_code: Option<String>,
    /// What the server says about it.
    pub message: Option<String>,
    /// A transaction of the server.
    pub transaction: Option<String>,
    /// Members that are not known.
    pub extra: Vec<Member>,
}

impl Ack {
    /// The report of a device is acknowledged.
    pub fn accepted(device: Udi, report: ReportId) -> Self {
        Self {
            device: Some(device),
            report,
            status: AckStatus::Acknowledged,
            error_code: None,
            message: None,
            transaction: None,
            extra: Vec::new(),
        }
    }

    /// The report of a device is refused, with a number of the error table and a message of at most 255 characters.
    pub fn refused(device: Udi, report: ReportId, code: u16, message: impl Into<String>) -> Self {
        Self {
            status: AckStatus::Error,
            error_code: Some(code.to_string()),
            message: Some(message.into()),
            ..Self::accepted(device, report)
        }
    }
}

/// Acknowledged or not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AckStatus {
    /// The server has it.
    Acknowledged,
    /// The server refuses it.
    Error,
    /// A word of no known meaning: not acknowledged.
    Unknown(String),
}

impl AckStatus {
    /// Reads a word, whatever its case (choice).
    pub fn from_word(word: &str) -> Self {
        const ACK: [&str; 9] =
            ["ack", "acked", "acknowledged", "success", "ok", "complete", "completed", "accepted", "received"];
        const ERROR: [&str; 8] = ["error", "errors", "failed", "fail", "failure", "nack", "rejected", "invalid"];
        let is = |words: &[&str]| words.iter().any(|known| word.eq_ignore_ascii_case(known));
        if is(&ACK) {
            Self::Acknowledged
        } else if is(&ERROR) {
            Self::Error
        } else {
            Self::Unknown(word.to_owned())
        }
    }

    /// `ACK`, `ERROR`, or the unknown word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Acknowledged => "ACK",
            Self::Error => "ERROR",
            Self::Unknown(word) => word,
        }
    }
}

impl fmt::Display for AckStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What the reports of a list inherit from the member around it. Code and message go with the status.
#[derive(Clone, Default)]
struct Around {
    device: Option<Udi>,
    status: Option<AckStatus>,
    error_code: Option<String>,
    message: Option<String>,
    transaction: Option<String>,
}

impl Around {
    /// Each report of a list gets a copy of these texts: long ones would make a small file large.
    fn fits(&self, limit: usize) -> bool {
        let status = self.status.as_ref().map(AckStatus::as_str);
        let texts = [status, self.error_code.as_deref(), self.message.as_deref(), self.transaction.as_deref()];
        texts.into_iter().flatten().all(|text| text.chars().nth(limit).is_none())
    }

    /// All this, said about one report.
    fn of(self, report: ReportId) -> Ack {
        Ack {
            device: self.device,
            report,
            status: self.status.unwrap_or(AckStatus::Acknowledged),
            error_code: self.error_code,
            message: self.message,
            transaction: self.transaction,
            extra: Vec::new(),
        }
    }
}

/// Reads the part `smartLicenseRumAck`.
pub(crate) fn read(fields: &mut Fields<'_>) -> Result<Reading<AckList>, Flaw> {
    let root = fields.root;
    let [data, signature] = fields.children(root, ["data", "signature"])?;
    let data = fields.data(data)?;
    let text = data.text.get(fields.text);
    let mut list = AckList::default();
    let limits = fields.json_limits();
    let read = each_element(text, limits, |index, kind, reader| {
        let at = reader.value_offset();
        let mut members = Members { element: Element::new(fields, &data, index, at), out: &mut list.members };
        if let Some(ack) = plain_ack(reader) {
            members.push(AckMember::Named(ack))?;
        } else if kind == ValueKind::Object {
            let object = Object::read(reader)?;
            let raw = text.get(at..reader.offset()).unwrap_or_default();
            members.object(object, raw, &Around::default())?;
        } else {
            members.opaque(reader.skip_syntax()?, "it is no object")?;
        }
        Ok(())
    });
    match read {
        Err(Halt::Fault(fault)) if !matches!(fault.kind(), FaultKind::Limit(_)) => {
            let reason = format!("the acknowledgement is no JSON array of objects ({}): kept as text", fault.message());
            fields.data_note(Tolerance::AckOpaque, &data, fault.offset(), &Path::ROOT, reason)?;
            list.members = vec![AckMember::Opaque(OpaqueAck { raw: text.to_owned() })];
        }
        read => finish(fields, &data, read)?,
    }
    let signature = fields.signature(signature, true)?;
    Ok(Reading { view: list, signed: SignedPart::Data(data), signature })
}

/// A report that is acknowledged, in the very form that we write: most are. Otherwise the reader stays where it is.
fn plain_ack(reader: &mut Reader<'_>) -> Option<Ack> {
    let mut ahead = reader.clone();
    let is_next =
        |ahead: &mut Reader<'_>, name: &str| ahead.next_member().ok().flatten().filter(|found| found == name).map(drop);
    ahead.begin_object().ok()?;
    is_next(&mut ahead, "sudi")?;
    ahead.begin_object().ok()?;
    is_next(&mut ahead, "udi_pid")?;
    let pid = ahead.string().ok()?;
    is_next(&mut ahead, "udi_serial_number")?;
    let serial = ahead.string().ok()?;
    ahead.next_member().ok()?.is_none().then_some(())?;
    is_next(&mut ahead, "report_id")?;
    let report = ahead.number().ok()?.parse().ok()?;
    is_next(&mut ahead, "status")?;
    (ahead.string().ok()? == "ACK").then_some(())?;
    ahead.next_member().ok()?.is_none().then_some(())?;
    // longer names than usual are looked at closely
    (pid.len() <= 64 && serial.len() <= 64).then_some(())?;
    let ack = Ack::accepted(Udi::new(pid, serial).ok()?, report);
    *reader = ahead;
    Some(ack)
}

/// Reads one element of the array.
struct Members<'r, 'd> {
    element: Element<'r, 'd>,
    out: &'r mut Vec<AckMember>,
}

impl Members<'_, '_> {
    fn push(&mut self, member: AckMember) -> Result<(), Flaw> {
        self.element.count(self.out.len())?;
        self.out.push(member);
        Ok(())
    }

    fn note(&mut self, tolerance: Tolerance, text: &str) -> Result<(), Flaw> {
        self.element.note(tolerance, text)
    }

    fn opaque(&mut self, raw: &str, why: &str) -> Result<(), Flaw> {
        self.note(Tolerance::AckOpaque, &format!("a member that names no report ({why}): kept as text"))?;
        self.push(AckMember::Opaque(OpaqueAck { raw: raw.to_owned() }))
    }

    fn object(&mut self, mut object: Object<'_>, raw: &str, around: &Around) -> Result<(), Flaw> {
        if let Some((_, name)) = &object.twice {
            let why = format!("{} stands twice in it", slp_model::Quoted(name));
            return self.opaque(raw, &why);
        }
        let device = match object.take_device(self.element.fields.json_limits()) {
            Err(NoDevice) => return self.opaque(raw, "its device cannot be read"),
            Ok(device) => device.or_else(|| around.device.clone()),
        };
        self.element.device_fits(device.as_ref())?;
        let id = object.take_near("report_id", &REPORT_ID);
        let list = if id.is_none() { object.take_near("report_ids", &REPORT_LIST) } else { None };
        let status = object.take_near("status", &STATUS);
        let error_code = object
            .take_near("error_code", &ERROR)
            .and_then(|item| free_text(item.raw))
            .filter(|text| !matches!(&**text, "" | "None" | "0"));
        let message = object.take_near("message", &MESSAGE).and_then(|item| free_text(item.raw));
        let transaction =
            object.take_near("transaction_id", &["transactionid"]).and_then(|item| present_text(item.raw));
        let own = match status {
            Some(item) if item.raw == "\"ACK\"" => Some(AckStatus::Acknowledged), // the usual word, without a copy
            // whatever word stands there, an empty one too, is no acknowledgement unless it says so
            Some(item) => free_text(item.raw).map(|word| AckStatus::from_word(&word)),
            None => None,
        };
        // an error of its own outweighs the status of the member around it
        let own = own.or_else(|| error_code.as_ref().map(|_| AckStatus::Error));
        let transaction = transaction.or_else(|| around.transaction.clone());
        let says = if own.is_some() {
            Around { device, status: own, error_code, message, transaction }
        } else {
            let message = message.or_else(|| around.message.clone());
            Around { device, message, transaction, ..around.clone() }
        };
        if object.was_near || list.is_some() {
            self.note(Tolerance::AckNearName, "members under names that are not the usual ones")?;
        }
        let Some(id) = id else {
            return match list {
                Some(_) if !says.fits(self.element.fields.options.limits.name_chars) => {
                    self.opaque(raw, "what it says about all its reports is too long")
                }
                Some(list) => self.list(list.raw, raw, &says),
                None => self.opaque(raw, "there is no report id"),
            };
        };
        let Some(report) = report_id(id.raw) else {
            return self.opaque(raw, "its report id is no whole number");
        };
        if id.raw.starts_with('"') {
            self.note(Tolerance::NumberOrString, "the report id is a string: read as a number")?;
        }
        let mut ack = says.of(report);
        ack.extra = object.rest();
        self.push(AckMember::Named(ack))
    }

    /// A list of ids, or of objects, that inherit device and status. What else stands beside the list is not repeated.
    fn list(&mut self, list: &str, raw: &str, around: &Around) -> Result<(), Flaw> {
        let limits = self.element.fields.json_limits();
        let mut reader = Reader::new(list, limits);
        let before = self.out.len();
        let read = (|| -> Result<(), Halt> {
            reader.begin_array()?;
            while reader.next_element()? {
                let at = reader.value_offset();
                if reader.kind()? == ValueKind::Object {
                    let object = Object::read(&mut reader)?;
                    self.object(object, list.get(at..reader.offset()).unwrap_or_default(), around)?;
                    continue;
                }
                let raw = reader.skip_syntax()?;
                let Some(report) = report_id(raw) else {
                    self.opaque(raw, "it is no report id")?;
                    continue;
                };
                self.push(AckMember::Named(around.clone().of(report)))?;
            }
            Ok(())
        })();
        match read {
            Ok(()) => Ok(()),
            Err(Halt::Flaw(flaw)) => Err(flaw),
            Err(Halt::Fault(_)) => {
                self.out.truncate(before);
                self.opaque(raw, "its list of reports cannot be read")
            }
        }
    }
}

const REPORT_ID: [&str; 5] = ["reportid", "rumreportid", "rumid", "usagereportid", "id"];
const REPORT_LIST: [&str; 6] = ["reportids", "reports", "rumreports", "usage", "acks", "acknowledgements"];
const STATUS: [&str; 5] = ["status", "state", "ackstatus", "reportstatus", "result"];
const ERROR: [&str; 4] = ["errorcode", "code", "messagecode", "statuscode"];
const MESSAGE: [&str; 5] = ["message", "errormessage", "statusmessage", "transactionmessage", "reason"];
