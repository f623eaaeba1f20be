//! The envelope: payload string, header, outer signature. Spec: rum, "Envelope".

use std::borrow::Cow;

use slp_model::json::{Fault, Limits as JsonLimits, Reader, Seen, ValueKind};

use crate::borrowed::{Header, Signature, Sudi, UsageReport};
use crate::document::Container;
use crate::flaw::{Flaw, Layer, Notes, Path};
use crate::limits::ReadOptions;
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

/// A walk over the members of one object; every fault gets its path.
pub(crate) struct Members<'r, 'a> {
    pub(crate) reader: &'r mut Reader<'a>,
    pub(crate) layer: Layer,
}

impl<'a> Members<'_, 'a> {
    pub(crate) fn flaw(&self, fault: &Fault, path: &Path<'_>) -> Flaw {
        Flaw::json(fault, self.layer, path)
    }

    /// Calls `take` for every member with its name and the offset of the name. `take` gives the number of a known name,
    /// or `None` for one that it passed over.
    pub(crate) fn each(
        &mut self,
        path: &Path<'_>,
        mut take: impl FnMut(&mut Self, &str, usize) -> Result<Option<u8>, Flaw>,
    ) -> Result<(), Flaw> {
        self.reader.begin_object().map_err(|fault| self.flaw(&fault, path))?;
        let mut seen = Seen::default();
        loop {
            let Some(name) = self.reader.next_member().map_err(|fault| self.flaw(&fault, path))? else {
                return Ok(());
            };
            let at = self.reader.name_offset();
            let fresh = match take(self, &name, at)? {
                Some(number) => seen.known(number),
                None => seen.other(&name),
            };
            if !fresh {
                return Err(self.flaw(&Fault::duplicate(at, &name), path));
            }
        }
    }

    /// A string.
    pub(crate) fn string(&mut self, path: &Path<'_>) -> Result<Cow<'a, str>, Flaw> {
        self.reader.string().map_err(|fault| self.flaw(&fault, path))
    }

    /// A string, or null, which is noted and means absent.
    pub(crate) fn optional_string(
        &mut self,
        path: &Path<'_>,
        notes: &mut Notes<'_>,
    ) -> Result<Option<Cow<'a, str>>, Flaw> {
        if self.is_null(path, notes)? { Ok(None) } else { self.string(path).map(Some) }
    }

    /// Passes over null where a value may be absent.
    pub(crate) fn is_null(&mut self, path: &Path<'_>, notes: &mut Notes<'_>) -> Result<bool, Flaw> {
        if self.kind(path)? != ValueKind::Null {
            return Ok(false);
        }
        let at = self.reader.offset();
        self.reader.null().map_err(|fault| self.flaw(&fault, path))?;
        notes.take(Tolerance::NullMember, self.layer, at, path, "null: taken as absent")?;
        Ok(true)
    }

    pub(crate) fn kind(&mut self, path: &Path<'_>) -> Result<ValueKind, Flaw> {
        self.reader.kind().map_err(|fault| self.flaw(&fault, path))
    }

    /// The raw text of a value that is not known.
    pub(crate) fn skip(&mut self, path: &Path<'_>) -> Result<&'a str, Flaw> {
        self.reader.skip().map_err(|fault| self.flaw(&fault, path))
    }

    /// `{udi_pid, udi_serial_number}`; other members go to `extra`.
    pub(crate) fn sudi(
        &mut self,
        path: &Path<'_>,
        mut extra: Option<&mut Vec<(Cow<'a, str>, &'a str)>>,
    ) -> Result<Sudi<'a>, Flaw> {
        let start = self.reader.value_offset();
        let (mut pid, mut serial) = (None, None);
        self.each(path, |members, name, _| match name {
            "udi_pid" => {
                pid = Some(members.string(&path.member(name))?);
                Ok(Some(0))
            }
            "udi_serial_number" => {
                serial = Some(members.string(&path.member(name))?);
                Ok(Some(1))
            }
            other => {
                let raw = members.skip(&path.member(other))?;
                if let Some(extra) = &mut extra {
                    extra.push((Cow::Owned(other.to_owned()), raw));
                }
                Ok(None)
            }
        })?;
        let part = |text: Option<Cow<'a, str>>, name: &'static str| {
            let text = text.ok_or_else(|| missing(self.layer, start, path, name))?;
            if text.trim_ascii().is_empty() {
                let reason = "empty: a device has a product id and a serial number";
                return Err(Flaw::new(ErrorKind::BadValue, self.layer, start, &path.member(name), reason));
            }
            // What no `Udi` can hold is refused here, where the place is known.
            let odd = |byte: u8| byte == b',' || byte == b':' || !(0x20..0x7f).contains(&byte);
            let ambiguous = |text: &str| name == "udi_serial_number" && text.contains(" SN:");
            if text.bytes().any(odd)
                && (text.contains(',') || text.contains(char::is_control) || ambiguous(text.trim_ascii()))
            {
                let reason = "a comma, a control character or ` SN:` in the identity of a device";
                return Err(Flaw::new(ErrorKind::BadValue, self.layer, start, &path.member(name), reason));
            }
            Ok(text)
        };
        Ok(Sudi { pid: part(pid, "udi_pid")?, serial: part(serial, "udi_serial_number")? })
    }
}

/// The flaw of a member that has to be there.
#[cold]
pub(crate) fn missing(layer: Layer, at: usize, path: &Path<'_>, name: &'static str) -> Flaw {
    Flaw::new(ErrorKind::MissingMember, layer, at, path, format!("member \"{name}\" is missing"))
}

/// The JSON limits of one text.
pub(crate) fn json_limits(options: &ReadOptions) -> JsonLimits {
    JsonLimits::new(options.limits.json_depth, options.limits.string_bytes)
}

/// Reads one report. `payload` gets the un-escaped payload text, `frame` where it lies; both are right as soon as
/// anything inside the payload can be at fault.
pub(crate) fn read<'t>(
    text: &'t str,
    container: Container,
    options: &ReadOptions,
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
            read_payload(text, options, notes, PayloadForm::Bare)
        }
        Container::PayloadLiteral => {
            let mut reader = Reader::new(text, json_limits(options));
            let at = reader
                .string_into(payload, options.limits.payload_bytes, "payload_bytes")
                .and_then(|at| reader.end().map(|()| at))
                .map_err(|fault| Flaw::json(&fault, Layer::Envelope, &Path::ROOT))?;
            *frame = Frame::Literal(at);
            read_payload(payload, options, notes, PayloadForm::Bare)
        }
        _ => read_envelope(text, options, notes, payload, frame).map_err(|flaw| {
            if flaw.is_about_syntax() || flaw.layer() != Layer::Envelope {
                return flaw;
            }
            better_reason(text, options, Layer::Envelope).unwrap_or(flaw)
        }),
    }
}

/// Reads a payload text that did not come out of a container.
pub(crate) fn read_text<'t>(
    text: &'t str,
    form: PayloadForm,
    options: &ReadOptions,
    notes: &mut Notes<'_>,
) -> Result<UsageReport<'t>, Flaw> {
    let limit = options.limits.payload_bytes;
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
    read_payload(text, options, notes, form)
}

/// Reads the payload text; a fault of syntax anywhere in it explains more than any other.
fn read_payload<'t>(
    text: &'t str,
    options: &ReadOptions,
    notes: &mut Notes<'_>,
    form: PayloadForm,
) -> Result<UsageReport<'t>, Flaw> {
    match payload::read(text, options, notes) {
        Ok(view) => Ok(view.into_report(text, form)),
        Err(flaw) if flaw.is_about_syntax() => Err(flaw),
        Err(flaw) => Err(better_reason(text, options, Layer::Payload).unwrap_or(flaw)),
    }
}

/// A fault of syntax, cut or limit in a text in which something else was found first.
#[cold]
fn better_reason(text: &str, options: &ReadOptions, layer: Layer) -> Option<Flaw> {
    let mut reader = Reader::new(text, crate::document::scan_limits(&options.limits));
    let fault = reader.skip_syntax().err().or_else(|| reader.end().err())?;
    Some(Flaw::json(&fault, layer, &Path::ROOT))
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
}

fn read_envelope<'t>(
    text: &'t str,
    options: &ReadOptions,
    notes: &mut Notes<'_>,
    payload: &'t mut String,
    frame: &mut Frame,
) -> Result<UsageReport<'t>, Flaw> {
    let root = Path::ROOT;
    let mut reader = Reader::new(text, json_limits(options));
    let mut members = Members { reader: &mut reader, layer: Layer::Envelope };
    let mut rest = Rest::default();
    let mut found = None;
    members.each(&root, |members, name, _| {
        let path = root.member(name);
        Ok(Some(match name {
            "payload" => {
                found = Some(take_payload(members, &path, options, notes, payload, frame)?);
                0
            }
            "header" => {
                take_header(members, &path, notes, &mut rest)?;
                1
            }
            "signature" => {
                if !members.is_null(&path, notes)? {
                    rest.signature = Some(read_signature(members, &path, SignaturePlace::Outer, options, notes)?);
                }
                2
            }
            other => {
                let raw = members.skip(&path)?;
                rest.extra.push((Cow::Owned(other.to_owned()), raw));
                return Ok(None);
            }
        }))
    })?;
    let end = members.reader.offset();
    members.reader.end().map_err(|fault| Flaw::json(&fault, Layer::Envelope, &root))?;
    if rest.signature.is_none() {
        let reason = "an envelope without signature: read, but nothing can be verified";
        notes.take(Tolerance::Unsigned, Layer::Envelope, end.saturating_sub(1), &root, reason)?;
    }
    let report = match found {
        None => return Err(missing(Layer::Envelope, 0, &root, "payload")),
        Some(Found::Literal) => read_payload(payload, options, notes, PayloadForm::Text)?,
        Some(Found::Object(at, raw)) => {
            *frame = Frame::Inside(at);
            read_payload(raw, options, notes, PayloadForm::Object)?
        }
    };
    Ok(UsageReport { header: rest.header, outer_signature: rest.signature, envelope_extra: rest.extra, ..report })
}

fn take_payload<'t>(
    members: &mut Members<'_, 't>,
    path: &Path<'_>,
    options: &ReadOptions,
    notes: &mut Notes<'_>,
    payload: &mut String,
    frame: &mut Frame,
) -> Result<Found<'t>, Flaw> {
    let at = members.reader.value_offset();
    match members.kind(path)? {
        ValueKind::String => {
            let start = members
                .reader
                .string_into(payload, options.limits.payload_bytes, "payload_bytes")
                .map_err(|fault| members.flaw(&fault, path))?;
            *frame = Frame::Literal(start);
            if payload.trim_ascii().is_empty() {
                return Err(Flaw::new(ErrorKind::Empty, Layer::Envelope, at, path, "the payload is empty"));
            }
            Ok(Found::Literal)
        }
        ValueKind::Object => {
            let raw = members.reader.skip_syntax().map_err(|fault| members.flaw(&fault, path))?;
            let reason = "the payload is an object instead of a string: the signed text is lost, so this report can be \
                          read, but neither verified nor uploaded";
            notes.take(Tolerance::PayloadObject, Layer::Envelope, at, path, reason)?;
            Ok(Found::Object(at, raw))
        }
        ValueKind::Null => Err(Flaw::new(ErrorKind::Empty, Layer::Envelope, at, path, "the payload is null")),
        other => {
            let reason = format!("the payload is {}, not a string", other.as_str());
            Err(Flaw::new(ErrorKind::WrongType, Layer::Envelope, at, path, reason))
        }
    }
}

fn take_header<'t>(
    members: &mut Members<'_, 't>,
    path: &Path<'_>,
    notes: &mut Notes<'_>,
    rest: &mut Rest<'t>,
) -> Result<(), Flaw> {
    if members.is_null(path, notes)? {
        return Ok(());
    }
    let mut header = Header::default();
    members.each(path, |members, name, at| {
        if name == "type" {
            header.kind = members.optional_string(&path.member(name), notes)?;
            if let Some(word) = header.kind.as_deref().filter(|word| *word != "rum") {
                let reason = format!("a header of type {}", slp_model::Quoted(word));
                notes.take(Tolerance::UnknownWord, Layer::Envelope, at, &path.member(name), reason)?;
            }
            return Ok(Some(0));
        }
        let raw = members.skip(&path.member(name))?;
        header.extra.push((Cow::Owned(name.to_owned()), raw));
        Ok(None)
    })?;
    rest.header = Some(header);
    Ok(())
}
