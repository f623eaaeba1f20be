//! One report by itself, as JSON: payload, header, signature. Spec: rum, "Writer rules" E.

use slp_model::json::{Limits as JsonLimits, Reader};
use slp_model::license::HeaderType;

use super::object::Object;
use super::{all_or_nothing, to_text};
use crate::{Error, ErrorKind, Header, Member, PayloadForm, Signature, UsageReport};

/// What is done about a header that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoHeader {
    /// It stays absent: files, single envelopes.
    Absent,
    /// `{"type":"rum"}` is written: answers over REST.
    Rum,
}

/// One report as JSON: `{"payload":"…","header":{…},"signature":{…}}`, with unknown members behind.
///
/// What was absent stays absent: a report without signature (a CLI dump) is written without one, though no container
/// that is uploaded takes it.
///
/// # Errors
/// [`ErrorKind::PayloadLost`] if the payload arrived as an object; [`ErrorKind::DuplicateMember`], [`ErrorKind::Json`]
/// or [`ErrorKind::Inconsistent`] for members that the caller added and that cannot be read back; also
/// [`ErrorKind::Inconsistent`] for an unknown member by which readers would take the text for another container, and other
/// reports out of it: `usage`, or `data` with `reports` inside. Such a report goes into a container ([`super::DeviceFile`]).
pub fn envelope(report: &UsageReport) -> Result<String, Error> {
    to_text(|out| envelope_to(report, out))
}

/// As [`envelope`], added to `out`. On an error `out` is as it was.
///
/// # Errors
/// As [`envelope`].
pub fn envelope_to(report: &UsageReport, out: &mut String) -> Result<(), Error> {
    let write = |out: &mut String| {
        payload_is_there(report)?;
        stands_alone(report)?;
        write(report, NoHeader::Absent, out)
    };
    all_or_nothing(out, write).map_err(|error| error.at(report.place().clone()))
}

/// The report in a container, where it has to be signed.
pub(super) fn write_signed(report: &UsageReport, no_header: NoHeader, out: &mut String) -> Result<(), Error> {
    let outcome = signature_of(report).and_then(|_| write(report, no_header, out));
    outcome.map_err(|error| error.at(report.place().clone()))
}

/// The outer signature of a report that can be written into a container.
pub(super) fn signature_of(report: &UsageReport) -> Result<&Signature, Error> {
    payload_is_there(report)?;
    report.outer_signature().ok_or_else(|| {
        let text =
            "the report has no outer signature, so nobody would take it: save the reports on the device as a file";
        Error::new(ErrorKind::MissingMember, text)
    })
}

/// Is the text that was signed still there?
fn payload_is_there(report: &UsageReport) -> Result<(), Error> {
    if report.form() != PayloadForm::Object {
        return Ok(());
    }
    let text =
        "the payload arrived as an object, so the text that was signed is lost: get the report from the device again";
    Err(Error::new(ErrorKind::PayloadLost, text))
}

/// Is the text read as an envelope when nothing is around it? The names of members decide. Spec: rum, "Telling the
/// containers apart".
fn stands_alone(report: &UsageReport) -> Result<(), Error> {
    let is_other = |member: &&Member| match member.name.as_str() {
        "usage" => true,
        "data" => has_member(&member.raw, "reports"),
        _ => false,
    };
    let Some(member) = report.envelope_extra().iter().find(is_other) else { return Ok(()) };
    let text = format!(
        "the envelope has an unknown member `{}`, by which it would be read as another container: write it into a file of \
         reports",
        member.name
    );
    Err(Error::new(ErrorKind::Inconsistent, text))
}

/// As far as any reader may look, whatever its limits: one that is asked to take more would find the member.
fn has_member(raw: &str, wanted: &str) -> bool {
    let mut reader = Reader::new(raw, JsonLimits::new(u32::MAX, usize::MAX));
    if reader.begin_object().is_err() {
        return false;
    }
    while let Ok(Some(name)) = reader.next_member() {
        if name == wanted {
            return true;
        }
        if reader.skip_syntax().is_err() {
            return false;
        }
    }
    false
}

fn write(report: &UsageReport, no_header: NoHeader, out: &mut String) -> Result<(), Error> {
    let mut object = Object::begin(out);
    object.string("payload", report.payload_text());
    match (report.header(), no_header) {
        (Some(header), _) => write_header(object.member("header"), header)?,
        (None, NoHeader::Rum) => write_header(object.member("header"), &Header::rum())?,
        (None, NoHeader::Absent) => {}
    }
    if let Some(signature) = report.outer_signature() {
        write_signature(object.member("signature"), signature)?;
    }
    object.unknown(report.envelope_extra(), &["payload", "header", "signature"])?;
    object.end();
    Ok(())
}

fn write_header(out: &mut String, header: &Header) -> Result<(), Error> {
    let mut object = Object::begin(out);
    object.optional_string("type", header.kind.as_ref().map(HeaderType::as_str));
    object.unknown(&header.extra, &["type"])?;
    object.end();
    Ok(())
}

/// A signature object, outer or inner: texts as they are.
pub(super) fn write_signature(out: &mut String, signature: &Signature) -> Result<(), Error> {
    let mut object = Object::begin(out);
    match &signature.signer {
        Some(signer) => {
            // As the texts stood, unless the caller has put another device in their place.
            let stood = |(pid, serial): &&(String, String)| {
                pid.trim_ascii() == signer.pid() && serial.trim_ascii() == signer.serial()
            };
            let written = signature.signer_written.as_deref().filter(stood);
            let mut sudi = object.object("sudi");
            sudi.string("udi_pid", written.map_or(signer.pid(), |(pid, _)| pid));
            sudi.string("udi_serial_number", written.map_or(signer.serial(), |(_, serial)| serial));
            sudi.unknown(&signature.signer_extra, &["udi_pid", "udi_serial_number"])?;
            sudi.end();
        }
        None if signature.signer_extra.is_empty() => {}
        None => {
            let text = "a signature without signer, but with unknown members of one";
            return Err(Error::new(ErrorKind::Inconsistent, text));
        }
    }
    object.string("signing_type", signature.signing_type.as_str());
    object.string("key", &signature.key);
    object.string("value", &signature.value);
    object.unknown(&signature.extra, &["sudi", "signing_type", "key", "value"])?;
    object.end();
    Ok(())
}
