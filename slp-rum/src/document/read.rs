//! From bytes to parts: encoding, byte order mark, Base64, and which container it is.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use slp_model::Location;

use super::{Container, Document, LineCursor, PartKind, json};
use crate::flaw::{Flaw, Layer, Notes, Path};
use crate::limits::ReadOptions;
use crate::xml::{self, Element, Scan};
use crate::{Error, ErrorKind, Member, Tolerance};

const BOM: &str = "\u{feff}";

pub(super) fn read<'a>(bytes: &'a [u8], options: &ReadOptions) -> Result<Document<'a>, Error> {
    let limits = &options.limits;
    if bytes.len() > limits.document_bytes && !may_fit_decoded(bytes, limits.document_bytes) {
        return Err(too_long(bytes.len(), limits.document_bytes));
    }
    refuse_other_formats(bytes)?;
    let (input, tail, bad_at) = match str::from_utf8(bytes) {
        Ok(text) => (text, &[][..], None),
        Err(error) => {
            let at = error.valid_up_to();
            let (good, bad) = bytes.split_at_checked(at).unwrap_or((bytes, &[]));
            (str::from_utf8(good).unwrap_or_default(), bad, Some(at))
        }
    };
    let mut notes = Notes::new(options, limits.warnings);
    let start = if input.starts_with(BOM) { BOM.len() } else { 0 };
    let is_whole = bad_at.is_none();
    let mut end = bad_at.map(|at| not_utf8(at.saturating_sub(start)));
    let mut text = input.get(start..).unwrap_or_default();
    if start > 0 {
        let note = "a byte order mark: skipped";
        notes.take(Tolerance::Bom, Layer::Document, 0, &Path::ROOT, note).map_err(|flaw| early(&flaw, text, 0))?;
    }
    let decoded = if is_whole { decode_base64(text, &mut notes) } else { Ok(None) };
    let decoded = decoded.map_err(|flaw| early(&flaw, text, start))?;
    if decoded.as_deref().unwrap_or(text).len() > limits.document_bytes {
        return Err(too_long(decoded.as_deref().unwrap_or(text).len(), limits.document_bytes));
    }
    if let Some(decoded) = &decoded {
        text = decoded.strip_prefix(BOM).unwrap_or(decoded);
    }
    let mut found = Found::default();
    let is_xml = text.trim_ascii_start().starts_with('<');
    // JSON says by itself which characters it has. A NUL, though, is a sign of another encoding or of damage.
    let forbidden = if is_xml { xml::forbidden_character(text) } else { memchr::memchr(0, text.as_bytes()) };
    let visible = match forbidden {
        Some(at) => {
            let reason = "a character that documents may not hold (NUL or another that XML forbids)";
            end = Some(Flaw::structure(ErrorKind::Encoding, at, String::new(), reason));
            text.get(..at).unwrap_or_default()
        }
        None => text,
    };
    let outcome = if is_xml {
        elements(visible, options, &mut notes, &mut found)
    } else {
        json::read(visible, options, &mut notes, &mut found)
    };
    // Where the text was cut at a bad byte, that byte is the reason, not the cut.
    end = match (end, outcome) {
        (Some(bad), Err(flaw)) if flaw.kind() != ErrorKind::Truncated && flaw.offset() < bad.offset() => Some(flaw),
        (Some(bad), _) => Some(bad),
        (None, Err(flaw)) => Some(flaw),
        (None, Ok(())) => None,
    };
    let Some(container) = found.container else {
        let flaw = end.unwrap_or_else(|| unknown_root(text));
        return Err(early(&flaw, text, if decoded.is_some() { 0 } else { start }));
    };
    let (notes, dropped) = notes.into_parts();
    let decoded = decoded.map(without_mark);
    Ok(Document {
        input: Cow::Borrowed(input),
        tail: Cow::Borrowed(tail),
        decoded,
        start,
        container,
        elements: found.elements,
        tree: found.tree,
        paths: found.paths,
        extra: found.extra,
        namespaces: found.namespaces,
        notes,
        dropped,
        end,
        options: options.clone(),
    })
}

fn too_long(length: usize, limit: usize) -> Error {
    let text = format!(
        "the document has {length} bytes, more than {limit} (limit document_bytes); raise it if you trust the file"
    );
    Error::new(ErrorKind::Limit, text).named("document_bytes").fatal()
}

/// May this be the Base64 of a document within the limit? That is a third longer, and has a line end every 60 bytes or so.
fn may_fit_decoded(bytes: &[u8], limit: usize) -> bool {
    let text = bytes.strip_prefix(BOM.as_bytes()).unwrap_or(bytes).trim_ascii_start();
    let most = limit.saturating_add(limit.checked_div(5).unwrap_or(0).saturating_mul(2)).saturating_add(8);
    text.first().is_some_and(u8::is_ascii_alphanumeric) && text.len() <= most
}

/// What a container holds.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) container: Option<Container>,
    pub(super) elements: Vec<Element>,
    /// The elements inside the parts.
    pub(super) tree: xml::Tree,
    /// JSON paths of the reports.
    pub(super) paths: Vec<String>,
    /// Members of a REST answer beside `usage`.
    pub(super) extra: Vec<Member>,
    /// The namespace declarations of the root.
    pub(super) namespaces: String,
}

fn elements(text: &str, options: &ReadOptions, notes: &mut Notes<'_>, found: &mut Found) -> Result<(), Flaw> {
    let mut scan = Scan::default();
    let outcome = xml::scan(text, &options.limits, notes, &mut scan);
    found.container = scan.root.map(|root| match root {
        PartKind::SmartLicense => Container::DeviceFile,
        PartKind::Report => Container::BareReport,
        _ => Container::BareElement,
    });
    found.elements = scan.elements;
    found.tree = scan.tree;
    found.namespaces = scan.namespaces;
    outcome
}

/// An error before anything was found: nothing of the input can be read.
fn early(flaw: &Flaw, text: &str, start: usize) -> Error {
    let mut at = Location::path(flaw.path());
    let (line, column) = LineCursor::default().locate(text, flaw.offset());
    (at.line, at.column) = (Some(line), Some(column));
    at.byte = u64::try_from(flaw.offset().saturating_add(start)).ok();
    flaw.to_error(at).fatal()
}

fn without_mark(decoded: String) -> String {
    match decoded.strip_prefix(BOM) {
        Some(rest) => rest.to_owned(),
        None => decoded,
    }
}

fn not_utf8(at: usize) -> Flaw {
    Flaw::structure(
        ErrorKind::Encoding,
        at,
        String::new(),
        "bytes that are not UTF-8: the file is damaged or in another encoding",
    )
}

pub(super) fn unknown_root(text: &str) -> Flaw {
    let start: String = text.trim_ascii_start().chars().take(20).collect();
    let text = format!(
        "the text begins with {}, which is no document of this family; {}",
        slp_model::Quoted(&start),
        ErrorKind::WANTED
    );
    Flaw::structure(ErrorKind::UnknownRoot, 0, String::new(), text)
}

/// Bytes that are another format altogether, told by their first ones.
fn refuse_other_formats(bytes: &[u8]) -> Result<(), Error> {
    let refuse = |kind, text: &str| Err(Error::new(kind, text).at(Location::byte(0)).fatal());
    match bytes {
        [0x1f, 0x8b, ..] => refuse(ErrorKind::Unsupported, "a gzip archive, not a document: use the bundle reader"),
        [b'P', b'K', 3, 4, ..] => refuse(ErrorKind::Unsupported, "a zip archive, not a document: unpack it first"),
        _ if is_utf16(bytes) => refuse(ErrorKind::Encoding, "UTF-16 text: only UTF-8 is read; save the file as UTF-8"),
        _ if bytes.strip_prefix(BOM.as_bytes()).unwrap_or(bytes).trim_ascii().is_empty() => {
            refuse(ErrorKind::Empty, "nothing in it")
        }
        _ if bytes.get(257..262) == Some(b"ustar") => {
            refuse(ErrorKind::Unsupported, "a tar archive, not a document: use the bundle reader")
        }
        _ => Ok(()),
    }
}

/// Is it UTF-16, by its mark or by the first character that is not blank?
fn is_utf16(bytes: &[u8]) -> bool {
    if matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) {
        return true;
    }
    let (mut pairs, _) = bytes.as_chunks::<2>();
    while let [[0, blank] | [blank, 0], rest @ ..] = pairs
        && blank.is_ascii_whitespace()
    {
        pairs = rest;
    }
    matches!(pairs, [[0, b'<' | b'{' | b'[' | b'"'] | [b'<' | b'{' | b'[' | b'"', 0], ..])
}

/// The document inside, when the input is neither XML nor JSON but the Base64 of one.
fn decode_base64(text: &str, notes: &mut Notes<'_>) -> Result<Option<String>, Flaw> {
    let trimmed = text.trim_ascii();
    if !trimmed.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')) {
        return Ok(None);
    }
    let packed: Vec<u8> = trimmed.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let Some(decoded) = STANDARD.decode(packed).ok().and_then(|bytes| String::from_utf8(bytes).ok()) else {
        return Ok(None);
    };
    if !decoded.trim_start_matches(BOM).trim_ascii_start().starts_with(['<', '{', '[', '"']) {
        return Ok(None);
    }
    let note = "the whole input is Base64: decoded; places are those of the decoded text";
    notes.take(Tolerance::Base64Document, Layer::Document, 0, &Path::ROOT, note)?;
    if decoded.starts_with(BOM) {
        notes.take(Tolerance::Bom, Layer::Document, 0, &Path::ROOT, "a byte order mark inside the Base64: skipped")?;
    }
    Ok(Some(decoded))
}
