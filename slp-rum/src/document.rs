//! What a file, an answer or a request body holds, and in which container.

use std::borrow::Cow;
use std::cell::Cell;

use slp_model::Location;

use crate::borrowed::{self, Place};
use crate::envelope::{self, Frame};
use crate::flaw::{Flaw, Layer, Note, Notes};
use crate::limits::ReadOptions;
use crate::text::{EscapeCursor, LineCursor};
use crate::tolerance::{Tolerance, Warning};
use crate::xml::{Element, Tree};
use crate::{Error, ErrorKind, Member, UsageReport};

mod json; // REST answers, cloud requests, arrays, single envelopes
mod one_device; // is the document about one device?
mod part; // the parts of a document and their names
mod read; // from bytes to parts
mod rewrite; // some parts exchanged, every other byte kept

use one_device::OneDevice;
pub use part::{Container, Part, PartKind, Parts};
pub use rewrite::Rewrite;

/// A document of the Smart Licensing family: a device file, an answer of a device, a request body of the cloud, or a
/// single report.
///
/// Reading finds the container and its parts; reports are parsed one by one, when they are asked for. The bytes that
/// came in are kept: an untouched document is written back byte for byte ([`to_bytes`](Self::to_bytes)).
///
/// ```
/// let bytes = include_bytes!("../examples/data/branch.txt");
/// let document = slp_rum::Document::parse(bytes)?;
/// for report in document.reports() {
///     match report {
///         Ok(report) => println!("{} {}: peak {:?}", report.device(), report.id(), report.peak()),
///         Err(error) => eprintln!("{error}"), // this report alone is lost, unless error.is_fatal()
///     }
/// }
/// # Ok::<(), slp_rum::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Document<'a> {
    /// The input, as far as it is UTF-8.
    input: Cow<'a, str>,
    /// What follows the first byte that is not.
    tail: Cow<'a, [u8]>,
    /// The document inside, when the input is Base64.
    decoded: Option<String>,
    /// Where the text begins, behind a byte order mark.
    start: usize,
    container: Container,
    elements: Vec<Element>,
    /// The elements inside the parts that are read by their elements.
    tree: Tree,
    /// The JSON path of each element, in JSON containers.
    paths: Vec<String>,
    /// Members of a REST answer beside `usage`.
    extra: Vec<Member>,
    /// The namespace declarations of the root, each with a blank in front.
    namespaces: String,
    notes: Vec<Note>,
    dropped: u64,
    /// Why reading stopped before the end of the input.
    end: Option<Flaw>,
    options: ReadOptions,
}

impl<'a> Document<'a> {
    /// Reads a document, taking every named deviation and recording it.
    ///
    /// What can be told apart: device files (`smartLicense`), a bare `RUMReport`, `{"usage":[…]}`, the body of
    /// `reportusage`, arrays of envelopes, one envelope, a bare payload (object or string literal), Base64 of any of
    /// these. Spec: rum, "Containers".
    ///
    /// # Errors
    /// Only when the input is no document of this family at all: [`ErrorKind::Empty`], [`ErrorKind::Encoding`],
    /// [`ErrorKind::UnknownRoot`], [`ErrorKind::Unsupported`], [`ErrorKind::Limit`], and what breaks before the root is
    /// known. A fault further in comes out of [`reports`](Self::reports), after the reports before it.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        Self::parse_with(bytes, &ReadOptions::default())
    }

    /// Reads a document under the caller's limits and tolerances.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), and [`ErrorKind::Tolerance`] for a deviation that is switched off.
    pub fn parse_with(bytes: &'a [u8], options: &ReadOptions) -> Result<Self, Error> {
        read::read(bytes, options)
    }

    /// The same document with data of its own.
    pub fn into_owned(self) -> Document<'static> {
        Document {
            input: Cow::Owned(self.input.into_owned()),
            tail: Cow::Owned(self.tail.into_owned()),
            decoded: self.decoded,
            start: self.start,
            container: self.container,
            elements: self.elements,
            tree: self.tree,
            paths: self.paths,
            extra: self.extra,
            namespaces: self.namespaces,
            notes: self.notes,
            dropped: self.dropped,
            end: self.end,
            options: self.options,
        }
    }

    /// The text of the document, decoded if it came as Base64, without byte order mark.
    pub(crate) fn text(&self) -> &str {
        match &self.decoded {
            Some(text) => text,
            None => self.input.get(self.start..).unwrap_or_default(),
        }
    }

    pub(crate) fn elements(&self) -> &[Element] {
        &self.elements
    }

    pub(crate) fn tree(&self) -> &Tree {
        &self.tree
    }

    pub(crate) fn namespaces(&self) -> &str {
        &self.namespaces
    }

    pub(crate) fn options(&self) -> &ReadOptions {
        &self.options
    }

    /// The place of a byte of the text.
    pub(crate) fn place(&self, byte: usize, path: &str, places: &mut LineCursor) -> Location {
        self.locate(Layer::Document, byte, path, None, places)
    }

    /// The deviations that were collected, with their places. Those are found walking on, so in the order of the text.
    pub(crate) fn warnings_of(&self, notes: &mut Notes<'_>, places: &LineCursor) -> Vec<Warning> {
        self.located(&notes.take_kept(), None, &mut places.clone())
    }

    /// Places are found walking on, so in the order of the text; the warnings keep the order of the notes.
    fn located(&self, notes: &[Note], of: Option<&At<'_>>, places: &mut LineCursor) -> Vec<Warning> {
        let mut order: Vec<_> = notes.iter().enumerate().collect();
        order.sort_unstable_by_key(|(index, note)| (note.layer == Layer::Payload, note.offset, *index));
        let mut warnings = vec![None; notes.len()];
        for (index, note) in order {
            if let Some(place) = warnings.get_mut(index) {
                *place = Some(self.warning_at(note, of, places));
            }
        }
        warnings.into_iter().flatten().collect()
    }

    /// The bytes that came in, untouched.
    pub fn to_bytes(&self) -> Cow<'_, [u8]> {
        if self.tail.is_empty() {
            Cow::Borrowed(self.input.as_bytes())
        } else {
            Cow::Owned([self.input.as_bytes(), &self.tail].concat())
        }
    }

    /// Which container it is.
    pub fn container(&self) -> Container {
        self.container
    }

    /// The parts, in order: reports, and everything else as it stands.
    pub fn parts(&self) -> Parts<'_> {
        Parts::new(self.text(), &self.elements)
    }

    /// Members of a REST answer that are not `usage`, in the order received; empty for other containers.
    pub fn extra(&self) -> &[Member] {
        &self.extra
    }

    /// How many reports were found, good and bad ones.
    pub fn report_count(&self) -> usize {
        self.elements.iter().filter(|element| element.kind == PartKind::Report).count()
    }

    /// The reports, each read or refused by itself. When the document breaks off, a last item says where and why, and
    /// its [`is_fatal`](Error::is_fatal) is true.
    pub fn reports(&self) -> Reports<'_> {
        Reports { inner: self.borrowed_reports() }
    }

    /// The same reports, lent one after another without copying strings: for hot paths.
    pub fn borrowed_reports(&self) -> BorrowedReports<'_> {
        BorrowedReports {
            document: self,
            next: 0,
            reports: 0,
            payload: String::new(),
            places: LineCursor::default(),
            room: self.options.limits.warnings.saturating_sub(self.notes.len()),
            dropped: self.dropped,
            devices: OneDevice::default(),
            ended: false,
        }
    }

    /// Why the document breaks off, if it does; the last item of [`reports`](Self::reports) is the same.
    pub fn damage(&self) -> Option<Error> {
        self.end.as_ref().map(|flaw| self.error_at(flaw, None, &mut LineCursor::default()).fatal())
    }

    /// The deviations of the document itself. Those of a report are with the report.
    pub fn warnings(&self) -> Vec<Warning> {
        let mut places = LineCursor::default();
        self.notes.iter().map(|note| self.warning_at(note, None, &mut places)).collect()
    }

    /// Deviations that were only counted, since more were met than [`Limits::warnings`](crate::Limits::warnings) keeps.
    pub fn warnings_dropped(&self) -> u64 {
        self.dropped
    }

    /// The error for a flaw; `of` is the report in which it lies.
    pub(crate) fn error_at(&self, flaw: &Flaw, of: Option<&At<'_>>, places: &mut LineCursor) -> Error {
        let mut at = self.locate(flaw.layer(), flaw.offset(), flaw.path(), of, places);
        at.inner_byte = inner_byte(flaw.inner()).or(at.inner_byte);
        flaw.to_error(at)
    }

    fn warning_at(&self, note: &Note, of: Option<&At<'_>>, places: &mut LineCursor) -> Warning {
        let mut place = self.locate(note.layer, note.offset, &note.path, of, places);
        place.inner_byte = inner_byte(note.inner).or(place.inner_byte);
        if note.tolerance == Tolerance::Bom {
            place.byte = Some(0); // the text begins behind the mark
        }
        Warning::new(note.tolerance, place, note.text.clone())
    }

    fn locate(
        &self,
        layer: Layer,
        offset: usize,
        path: &str,
        of: Option<&At<'_>>,
        places: &mut LineCursor,
    ) -> Location {
        let text = self.text();
        let (byte, inner, path) = match of {
            None => (offset, None, path.to_owned()),
            Some(at) => at.locate(text, layer, offset, path),
        };
        let mut location = Location::path(path);
        let (line, column) = places.locate(text, byte);
        (location.line, location.column) = (Some(line), Some(column));
        location.byte = u64::try_from(self.byte_of_input(byte)).ok();
        location.inner_byte = inner_byte(inner);
        location
    }

    /// The offset in the input of an offset in the text. In a Base64 document there is no such byte; line and column
    /// speak of the decoded text too.
    fn byte_of_input(&self, byte: usize) -> usize {
        byte.saturating_add(if self.decoded.is_some() { 0 } else { self.start })
    }
}

fn inner_byte(offset: Option<usize>) -> Option<u64> {
    offset.and_then(|offset| u64::try_from(offset).ok())
}

/// Where a report stands, and how its layers lie in the document.
pub(crate) struct At<'d> {
    element: &'d Element,
    prefix: String,
    frame: Frame,
    is_xml: bool,
    escapes: Cell<EscapeCursor>,
}

impl At<'_> {
    /// Byte in the document, byte in the innermost text, whole path.
    fn locate(&self, text: &str, layer: Layer, offset: usize, path: &str) -> (usize, Option<usize>, String) {
        let envelope = self.element.text.get(text);
        let slash = if self.is_xml { "/" } else { "" };
        match layer {
            Layer::Document => (offset, None, format!("{}{path}", self.prefix)),
            Layer::Envelope => {
                let root = if self.is_xml { "$" } else { "" };
                let byte = self.element.text.to_document(offset);
                (byte, Some(offset), format!("{}{slash}{root}{path}", self.prefix))
            }
            Layer::Payload => {
                let outer = match self.frame {
                    Frame::Literal(start) => {
                        let mut escapes = self.escapes.get();
                        let outer = escapes.locate(envelope.get(start..).unwrap_or_default(), offset);
                        self.escapes.set(escapes);
                        start.saturating_add(outer)
                    }
                    Frame::Inside(start) => start.saturating_add(offset),
                };
                let dot = match (self.is_xml, self.frame) {
                    (_, Frame::Inside(0)) => "",
                    (true, _) => "/payload$",
                    (false, _) => ".payload$",
                };
                (self.element.text.to_document(outer), Some(offset), format!("{}{dot}{path}", self.prefix))
            }
        }
    }
}

/// Lends the reports of a document, one after another.
#[derive(Debug)]
pub struct BorrowedReports<'d> {
    document: &'d Document<'d>,
    next: usize,
    reports: usize,
    /// The payload of the report that is lent, un-escaped.
    payload: String,
    places: LineCursor,
    room: usize,
    dropped: u64,
    devices: OneDevice,
    ended: bool,
}

impl BorrowedReports<'_> {
    /// The next report, which lives until the one after it is asked for; not an [`Iterator`] for that reason.
    #[expect(clippy::should_implement_trait, reason = "a lending iterator: the item borrows from the iterator")]
    pub fn next(&mut self) -> Option<Result<borrowed::UsageReport<'_>, Error>> {
        let document = self.document;
        let element = loop {
            match document.elements.get(self.next) {
                Some(element) => {
                    self.next = self.next.saturating_add(1);
                    if element.kind == PartKind::Report {
                        break element;
                    }
                }
                None if self.ended => return None,
                None => {
                    self.ended = true;
                    let flaw = document.end.as_ref()?;
                    return Some(Err(document.error_at(flaw, None, &mut self.places).fatal()));
                }
            }
        };
        let index = self.reports;
        self.reports = self.reports.saturating_add(1);
        let at = |frame| At {
            element,
            prefix: document.prefix(index),
            frame,
            is_xml: document.container.is_xml(),
            escapes: Cell::default(),
        };
        if let Some(flaw) = &element.flaw {
            return Some(Err(document.error_at(flaw, None, &mut self.places)));
        }
        let mut notes = Notes::of_report(&document.options, self.room);
        let mut frame = Frame::Inside(0);
        let text = element.text.get(document.text());
        let (payload, places) = (&mut self.payload, &mut self.places);
        let start = element.range.start;
        let line_and_column = places.locate(document.text(), start);
        let read = envelope::read(text, document.container, &mut notes, payload, &mut frame);
        // The first device is that of the first report that is read.
        let read = notes.verdict(read).and_then(|report| {
            if document.container.holds_one_device() {
                self.devices.judge(document, &report, &mut notes)?;
            }
            Ok(report)
        });
        let read = notes.verdict(read);
        let (kept, dropped) = notes.into_parts();
        match read {
            Ok(mut report) => {
                self.room = self.room.saturating_sub(kept.len());
                self.dropped = self.dropped.saturating_add(dropped);
                let path = document.paths.get(index).map(String::as_str).ok_or(index);
                report.place = Place::new(path, line_and_column, document.byte_of_input(start));
                if !kept.is_empty() {
                    report.warnings = document.located(&kept, Some(&at(frame)), places);
                }
                Some(Ok(report))
            }
            Err(flaw) => Some(Err(document.error_at(&flaw, Some(&at(frame)), places))),
        }
    }

    /// Deviations that were only counted so far.
    pub fn warnings_dropped(&self) -> u64 {
        self.dropped
    }
}

impl Document<'_> {
    /// The path of a report: `RUMReport[3]`, or `$.usage[2]`.
    fn prefix(&self, index: usize) -> String {
        if self.container.is_xml() {
            report_path(index)
        } else {
            self.paths.get(index).cloned().unwrap_or_else(|| "$".to_owned())
        }
    }
}

/// The path of a report in an XML document, by its number from 0.
pub(crate) fn report_path(index: usize) -> String {
    format!("RUMReport[{}]", index.saturating_add(1))
}

/// The reports of a document. See [`Document::reports`].
#[derive(Debug)]
pub struct Reports<'d> {
    inner: BorrowedReports<'d>,
}

impl Reports<'_> {
    /// Deviations that were only counted so far.
    pub fn warnings_dropped(&self) -> u64 {
        self.inner.warnings_dropped()
    }
}

impl Iterator for Reports<'_> {
    type Item = Result<UsageReport, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.inner.next()?.and_then(borrowed::UsageReport::into_owned))
    }
}

impl UsageReport {
    /// Builds a report from a payload text and what stands around it: for simulated devices and for readers of other
    /// containers. The text is kept as it is.
    ///
    /// Without an outer signature the report is a bare payload, which strict reading refuses. Header and signature are
    /// taken as they are: they are the caller's own.
    ///
    /// # Errors
    /// Those of a payload in a document, [`ErrorKind::Limit`] `payload_bytes` and [`ErrorKind::Empty`] included; the
    /// place is inside the payload.
    pub fn from_payload(
        payload: impl Into<String>,
        header: Option<crate::Header>,
        outer_signature: Option<crate::Signature>,
        options: &ReadOptions,
    ) -> Result<Self, Error> {
        let payload = payload.into();
        let mut notes = Notes::of_report(options, options.limits.warnings);
        let at = |path: &str, offset: usize, inner: Option<usize>| {
            let mut at = Location::path(format!("payload${path}"));
            at.inner_byte = inner_byte(inner.or(Some(offset)));
            at
        };
        let form = if outer_signature.is_some() { crate::PayloadForm::Text } else { crate::PayloadForm::Bare };
        let read = envelope::read_text(&payload, form, &mut notes);
        let mut report = notes
            .verdict(read)
            .map_err(|flaw| flaw.to_error(at(flaw.path(), flaw.offset(), flaw.inner())))?
            .into_owned()?;
        let (kept, _) = notes.into_parts();
        report.warnings = kept
            .iter()
            .map(|note| Warning::new(note.tolerance, at(&note.path, note.offset, note.inner), note.text.clone()))
            .collect();
        report.header = header;
        report.outer_signature = outer_signature;
        Ok(report)
    }
}

impl ErrorKind {
    /// For messages about a document that is none of this family.
    const WANTED: &'static str = "wanted: a device file (smartLicense), a RUMReport, {\"usage\":[…]}, a reportusage \
                                  body, or a payload";
}
