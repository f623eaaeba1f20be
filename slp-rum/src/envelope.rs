//! The envelope: payload string, header, outer signature. Spec: rum, "Envelope".

use std::borrow::Cow;

use slp_model::json::{Limits as JsonLimits, Reader, ValueKind};
use slp_model::license::HeaderType;

use crate::borrowed::{Header, Signature, UsageReport};
use crate::document::Container;
use crate::flaw::{Flaw, Layer, Notes, Path};
use crate::limits::ReadOptions;
use crate::members::Members;
use crate::{ErrorKind, PayloadForm, Tolerance, payload};

mod signature; // the signature object, outer and inner

pub(crate) use signature::{SignaturePlace, is_base64, read_signature};

/// How the payload text lies in the text around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// As a JSON string; the offset of its first byte, behind the quote.
    Literal(usize),
    /// As it stands, from this offset on.
    Inside(usize),
}

/// The JSON limits of one text.
pub(crate) fn json_limits(options: &ReadOptions) -> JsonLimits {
    JsonLimits::new(options.limits.json_depth, options.limits.string_bytes)
}

/// Reads one report. `payload` gets the un-escaped payload text, `frame` where it lies; both are right as soon as
/// anything inside the payload can be at fault. What else the report is refused for, the notes know.
pub(crate) fn read<'t>(
    text: &'t str,
    container: Container,
    notes: &mut Notes<'_>,
    payload: &'t mut String,
    frame: &mut Frame,
) -> Result<UsageReport<'t>, Flaw> {
    if text.is_empty() {
        let reason = "a report without text";
        return Err(Flaw::new(ErrorKind::Empty, Layer::Envelope, 0, &Path::ROOT, reason));
    }
    match container {
        Container::Payload => {
            *frame = Frame::Inside(0);
            payload::read(text, PayloadForm::Bare, notes)
        }
        Container::PayloadLiteral => {
            let options = notes.options();
            let mut reader = Reader::new(text, json_limits(options));
            let at = reader
                .string_into(payload, options.limits.payload_bytes, "payload_bytes")
                .and_then(|at| reader.end().map(|()| at))
                .map_err(|fault| Flaw::json(&fault, Layer::Envelope, &Path::ROOT))?;
            *frame = Frame::Literal(at);
            payload::read(payload, PayloadForm::Bare, notes)
        }
        _ => read_envelope(text, notes, payload, frame),
    }
}

/// Reads a payload text that did not come out of a container.
pub(crate) fn read_text<'t>(text: &'t str, form: PayloadForm, notes: &mut Notes<'_>) -> Result<UsageReport<'t>, Flaw> {
    let limit = notes.options().limits.payload_bytes;
    if text.len() > limit {
        return Err(Flaw::limit(Layer::Payload, 0, &Path::ROOT, "payload_bytes", limit, "bytes of one payload"));
    }
    if text.trim_ascii().is_empty() {
        return Err(Flaw::new(ErrorKind::Empty, Layer::Payload, 0, &Path::ROOT, "the payload is empty"));
    }
    if form == PayloadForm::Bare {
        let reason = "a payload without envelope: there is no outer signature to check";
        notes.take(Tolerance::BarePayload, Layer::Payload, 0, &Path::ROOT, reason)?;
    }
    payload::read(text, form, notes)
}

/// The parts of an envelope but the payload.
#[derive(Default)]
struct Rest<'t> {
    header: Option<Header<'t>>,
    signature: Option<Signature<'t>>,
    extra: Vec<(Cow<'t, str>, &'t str)>,
}

/// How the payload stands in the envelope.
enum Found<'t> {
    Literal,
    Object(usize, &'t str),
    /// Not at all; the report is refused for it.
    Refused,
}

fn read_envelope<'t>(
    text: &'t str,
    notes: &mut Notes<'_>,
    payload: &'t mut String,
    frame: &mut Frame,
) -> Result<UsageReport<'t>, Flaw> {
    let root = Path::ROOT;
    let mut reader = Reader::new(text, json_limits(notes.options()));
    let mut rest = Rest::default();
    let mut found = None;
    let mut end = 0;
    let mut members = Members { reader: &mut reader, layer: Layer::Envelope, notes: &mut *notes };
    let outcome = members.each(&root, |members, name, _| {
        let path = root.member(name);
        Ok(Some(match name {
            "payload" => {
                found = Some(take_payload(members, &path, payload, frame)?);
                0
            }
            "header" => {
                rest.header = members.unless_null(&path, |members| take_header(members, &path))?;
                1
            }
            "signature" => {
                let read = |members: &mut Members<'_, 't, '_>| read_signature(members, &path, SignaturePlace::Outer);
                rest.signature = members.unless_null(&path, read)?;
                2
            }
            other => {
                let raw = members.skip(&path)?;
                rest.extra.push((Cow::Owned(other.to_owned()), raw));
                return Ok(None);
            }
        }))
    });
    let outcome = outcome.and_then(|()| {
        end = members.reader.offset();
        members.reader.end().map_err(|fault| members.flaw(&fault, &root))
    });
    if outcome.is_ok() && rest.signature.is_none() {
        let reason = "an envelope without signature: read, but nothing can be verified";
        notes.take(Tolerance::Unsigned, Layer::Envelope, end.saturating_sub(1), &root, reason)?;
    }
    // The payload may be whole where the envelope is not: what is wrong inside it may explain more.
    let report = match found {
        Some(Found::Literal) => payload::read(payload, PayloadForm::Text, notes),
        Some(Found::Object(at, raw)) => {
            *frame = Frame::Inside(at);
            payload::read(raw, PayloadForm::Object, notes)
        }
        Some(Found::Refused) => Err(Flaw::new(ErrorKind::MissingMember, Layer::Envelope, 0, &root, "no payload")),
        None => Err(Flaw::new(ErrorKind::MissingMember, Layer::Envelope, 0, &root, "member \"payload\" is missing")),
    };
    match (outcome, report) {
        (Ok(()), Ok(report)) => Ok(UsageReport {
            header: rest.header,
            outer_signature: rest.signature,
            envelope_extra: rest.extra,
            ..report
        }),
        (Err(flaw), Ok(_)) | (Ok(()), Err(flaw)) => Err(flaw),
        (Err(outer), Err(inner)) => Err(outer.or_better(inner)),
    }
}

fn take_payload<'t>(
    members: &mut Members<'_, 't, '_>,
    path: &Path<'_>,
    payload: &mut String,
    frame: &mut Frame,
) -> Result<Found<'t>, Flaw> {
    let at = members.reader.value_offset();
    match members.kind(path)? {
        ValueKind::String => {
            let start = members
                .reader
                .string_into(payload, members.options().limits.payload_bytes, "payload_bytes")
                .map_err(|fault| members.flaw(&fault, path))?;
            *frame = Frame::Literal(start);
            if payload.trim_ascii().is_empty() {
                members.refuse(ErrorKind::Empty, at, path, || "the payload is empty".to_owned())?;
                return Ok(Found::Refused);
            }
            Ok(Found::Literal)
        }
        ValueKind::Object => {
            let raw = members.reader.skip_syntax().map_err(|fault| members.flaw(&fault, path))?;
            let reason = "the payload is an object instead of a string: the signed text is lost, so this report can be \
                          read, but neither verified nor uploaded";
            members.notes.take(Tolerance::PayloadObject, Layer::Envelope, at, path, reason)?;
            Ok(Found::Object(at, raw))
        }
        ValueKind::Null => {
            members.reader.null().map_err(|fault| members.flaw(&fault, path))?;
            members.refuse(ErrorKind::Empty, at, path, || "the payload is null".to_owned())?;
            Ok(Found::Refused)
        }
        other => {
            members.wrong_type(path, || format!("the payload is {}, not a string", other.as_str()))?;
            Ok(Found::Refused)
        }
    }
}

fn take_header<'t>(members: &mut Members<'_, 't, '_>, path: &Path<'_>) -> Result<Header<'t>, Flaw> {
    let mut header = Header::default();
    members.each(path, |members, name, at| {
        let here = path.member(name);
        if name == "type" {
            header.kind = members.optional_string(&here)?;
            if let Some(word) = &header.kind {
                members.word::<HeaderType>(word, at, &here, |word| format!("a header of type {word}"))?;
            }
            return Ok(Some(0));
        }
        let raw = members.skip(&here)?;
        header.extra.push((Cow::Owned(name.to_owned()), raw));
        Ok(None)
    })?;
    Ok(header)
}
