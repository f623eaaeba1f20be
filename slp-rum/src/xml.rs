//! The elements of a document and their text: well-formed, one root, no DTD, no entity beyond the five.
//!
//! quick-xml finds the tags; what it lets pass (a DOCTYPE, a second root, text outside the root, unknown references,
//! names and attributes that are none) is refused here. Spec: rum, "Reader tolerances and refusals".

use std::ops::Range;

use quick_xml::Reader;
use quick_xml::errors::{Error as XmlError, IllFormedError, SyntaxError};
use quick_xml::events::{BytesRef, BytesStart, Event};
use slp_model::Quoted;

use crate::document::PartKind;
use crate::flaw::{Flaw, Layer, Notes, Path};
use crate::limits::Limits;
use crate::text::{ElementText, Piece, join};
use crate::{ErrorKind, Tolerance};

mod attributes; // of tags and of the XML declaration, to the letter
mod plain; // a quick walk over documents in plain form
mod tree; // the elements inside the parts that are read by their elements

pub(crate) use tree::{Node, Tree};

/// One child of the root (or the root itself, when it is no `smartLicense`).
#[derive(Clone, Debug)]
pub(crate) struct Element {
    pub(crate) kind: PartKind,
    /// The whole element, from `<` to `>`.
    pub(crate) range: Range<usize>,
    /// The text of a report; empty for other elements.
    pub(crate) text: ElementText,
    /// Why this element alone is refused.
    pub(crate) flaw: Option<Flaw>,
    /// Its place in the tree, when it is read by its elements.
    pub(crate) node: Option<usize>,
}

/// What was found before the document ended, well or badly.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// The local name of the root, once it was seen and known.
    pub(crate) root: Option<PartKind>,
    pub(crate) elements: Vec<Element>,
    pub(crate) tree: Tree,
    /// The namespace declarations of the root, each with a blank in front.
    pub(crate) namespaces: String,
}

/// Walks the document. What was found before an error stays in `scan`.
pub(crate) fn scan(text: &str, limits: &Limits, notes: &mut Notes<'_>, scan: &mut Scan) -> Result<(), Flaw> {
    if let Some(plain) = plain::scan(text, limits) {
        *scan = plain;
        return Ok(());
    }
    Walker::new(text, limits, notes, scan).walk()
}

struct Walker<'t, 'w, 'o> {
    text: &'t str,
    limits: &'w Limits,
    notes: &'w mut Notes<'o>,
    scan: &'w mut Scan,
    reader: Reader<&'t [u8]>,
    depth: usize,
    /// The root is closed.
    done: bool,
    open: Option<Open>,
    reports: usize,
    others: usize,
    /// The place in the usual order of the part before.
    rank: u8,
}

/// The element that is being read.
struct Open {
    kind: PartKind,
    start: usize,
    /// The depth of its own tags.
    depth: usize,
    pieces: Vec<Piece>,
    flaw: Option<Flaw>,
    node: Option<usize>,
}

impl<'t, 'w, 'o> Walker<'t, 'w, 'o> {
    fn new(text: &'t str, limits: &'w Limits, notes: &'w mut Notes<'o>, scan: &'w mut Scan) -> Self {
        let mut reader = Reader::from_str(text);
        reader.config_mut().check_comments = true;
        Self { text, limits, notes, scan, reader, depth: 0, done: false, open: None, reports: 0, others: 0, rank: 0 }
    }

    fn walk(mut self) -> Result<(), Flaw> {
        loop {
            let start = self.position();
            let event = match self.reader.read_event() {
                Ok(event) => event,
                Err(error) => return Err(self.broken(start, &error)),
            };
            match event {
                Event::Start(tag) => self.start(&tag, start)?,
                Event::Empty(tag) => {
                    self.start(&tag, start)?;
                    self.end();
                }
                Event::End(_) => self.end(),
                Event::Text(_) => {
                    let range = start..self.position();
                    let text = self.text.get(range.clone()).unwrap_or_default();
                    // few texts hold a `>` at all: the cheap search goes first
                    if memchr::memchr(b'>', text.as_bytes()).is_some() && text.contains("]]>") {
                        let at = start.saturating_add(text.find("]]>").unwrap_or(0));
                        return Err(self.flaw(ErrorKind::Xml, at, "`]]>` outside a CDATA section"));
                    }
                    self.text(Piece::Raw(range), text, start, false)?;
                }
                Event::CData(_) => {
                    let range = start.saturating_add(9)..self.position().saturating_sub(3);
                    let text = self.text.get(range.clone()).unwrap_or_default();
                    if self.depth == 0 {
                        return Err(self.flaw(ErrorKind::Xml, start, "text outside the root element"));
                    }
                    self.text(Piece::Raw(range), text, start, true)?;
                }
                Event::GeneralRef(reference) => {
                    let character = self.reference(&reference, start)?;
                    if self.depth == 0 {
                        return Err(self.flaw(ErrorKind::Xml, start, "text outside the root element"));
                    }
                    self.text(Piece::Character(start, character), "&", start, false)?;
                }
                Event::Comment(_) => self.aside(Tolerance::Comment, "a comment", start)?,
                Event::PI(_) => self.aside(Tolerance::ProcessingInstruction, "a processing instruction", start)?,
                Event::Decl(declaration) => {
                    let before = self.text.get(..start).unwrap_or_default();
                    if self.depth > 0 || self.done || !before.trim_ascii().is_empty() {
                        return Err(self.flaw(ErrorKind::Xml, start, "an XML declaration that is not at the start"));
                    }
                    let content = declaration.strip_prefix("xml").unwrap_or_default();
                    let encoding = attributes::declared_encoding(content).map_err(|fault| {
                        let text = match fault {
                            attributes::Fault::Version => "another version of XML than 1.0",
                            _ => "a broken XML declaration",
                        };
                        self.flaw(ErrorKind::Xml, start, text)
                    })?;
                    if let Some(name) = encoding.filter(|name| !is_utf8(name)) {
                        let text = format!("encoding {}: only UTF-8 is read; convert the file", Quoted(name));
                        return Err(self.flaw(ErrorKind::Encoding, start, text));
                    }
                }
                Event::DocType(_) => {
                    let text = "a DOCTYPE: licence files have none, and it is never processed";
                    return Err(self.flaw(ErrorKind::Xml, start, text));
                }
                Event::Eof if self.depth > 0 => {
                    let what = match self.open.as_ref().map(|open| &open.kind) {
                        Some(PartKind::Unknown(name)) => Quoted(name).to_string(),
                        Some(kind) => kind.to_string(),
                        None => PartKind::SmartLicense.to_string(),
                    };
                    let text = format!("the document ends inside {what}: it was cut; get it again");
                    return Err(self.flaw(ErrorKind::Truncated, self.text.len(), text));
                }
                Event::Eof if self.scan.root.is_none() => {
                    return Err(self.flaw(
                        ErrorKind::Truncated,
                        self.text.len(),
                        "the document ends before its root element",
                    ));
                }
                Event::Eof => return Ok(()),
            }
        }
    }

    fn position(&self) -> usize {
        usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX)
    }

    /// The XML part of the path: which report, or which other child.
    fn path(&self) -> String {
        match &self.open {
            Some(Open { kind: PartKind::Report, .. }) => format!("RUMReport[{}]", self.reports),
            Some(open) => open.kind.as_str().to_owned(),
            None => String::new(),
        }
    }

    fn flaw(&self, kind: ErrorKind, offset: usize, text: impl Into<String>) -> Flaw {
        Flaw::structure(kind, offset, self.path(), text)
    }

    fn limit(&self, offset: usize, name: &'static str, limit: usize, what: &str) -> Flaw {
        let text = format!("{what}: more than {limit} (limit {name}); raise it if you trust the file");
        self.flaw(ErrorKind::Limit, offset, text).named(name)
    }

    fn start(&mut self, tag: &BytesStart<'t>, start: usize) -> Result<(), Flaw> {
        let name = tag.name().into_inner();
        if name.len() > self.limits.xml_name_bytes {
            return Err(self.limit(
                start,
                "xml_name_bytes",
                self.limits.xml_name_bytes,
                "bytes of the name of an element",
            ));
        }
        if !attributes::is_name(name) {
            return Err(self.flaw(ErrorKind::Xml, start, "a tag without a proper name"));
        }
        if self.depth >= self.limits.xml_depth {
            return Err(self.limit(start, "xml_depth", self.limits.xml_depth, "elements stand too deep"));
        }
        let colon = name.bytes().rposition(|byte| byte == b':');
        let local = colon.and_then(|at| name.get(at.saturating_add(1)..)).unwrap_or(name);
        let at_root = self.depth == 0;
        let is_part = match self.depth {
            0 if self.done => return Err(self.flaw(ErrorKind::Xml, start, "a second root element")),
            0 => self.root(local, start)?,
            1 => self.scan.root == Some(PartKind::SmartLicense),
            _ => false,
        };
        if is_part {
            self.open_part(local, name, start)?;
        } else if !at_root {
            self.inside(local, name, start)?;
        }
        self.names(tag, name, start)?;
        self.depth = self.depth.saturating_add(1);
        Ok(())
    }

    /// Is the root itself the one part of the document?
    fn root(&mut self, local: &str, start: usize) -> Result<bool, Flaw> {
        let kind = PartKind::from_name(local);
        if !kind.is_root() {
            let known: Vec<_> = PartKind::ROOTS.iter().map(PartKind::as_str).collect();
            let text = format!(
                "the root element is {}; known roots are {} (names are case-sensitive)",
                Quoted(local),
                known.join(", ")
            );
            return Err(self.flaw(ErrorKind::UnknownRoot, start, text));
        }
        let bare = kind != PartKind::SmartLicense;
        if bare {
            let text = format!("the root is {kind} itself, without smartLicense around it");
            self.notes.take(Tolerance::BareRoot, Layer::Document, start, &Path::ROOT, text)?;
        }
        self.scan.root = Some(kind);
        Ok(bare)
    }

    fn open_part(&mut self, local: &str, name: &str, start: usize) -> Result<(), Flaw> {
        let kind = match PartKind::from_name(local) {
            // A document inside a document: what it holds is not read, and that is said.
            PartKind::SmartLicense => PartKind::Unknown(local.into()),
            kind => kind,
        };
        if kind == PartKind::Report {
            self.reports = self.reports.saturating_add(1);
            if self.reports > self.limits.reports_per_document {
                let limit = self.limits.reports_per_document;
                return Err(self.limit(start, "reports_per_document", limit, "reports in one document"));
            }
        } else {
            self.others = self.others.saturating_add(1);
            if self.others > self.limits.root_children {
                return Err(self.limit(start, "root_children", self.limits.root_children, "children of the root"));
            }
        }
        if let PartKind::Unknown(name) = &kind {
            let text = format!("an element {} that is not known: kept as it stands", Quoted(name));
            self.notes.take_at(Tolerance::UnknownElement, Layer::Document, start, || name.to_string(), text)?;
        }
        if self.depth > 0 {
            self.order(&kind, start)?;
        }
        let node = if kind.has_elements() { Some(self.node(local, name, start)?) } else { None };
        let depth = self.depth.saturating_add(1);
        self.open = Some(Open { kind, start, depth, pieces: Vec::new(), flaw: None, node });
        Ok(())
    }

    /// Takes note of a part that stands before one that usually precedes it, and of an old reservation that is wrapped.
    fn order(&mut self, kind: &PartKind, start: usize) -> Result<(), Flaw> {
        if *kind == PartKind::SpecificPlr {
            let text = "a reservation inside smartLicense; it usually is a document of its own";
            self.notes.take_at(Tolerance::WrappedSlr, Layer::Document, start, || kind.to_string(), text)?;
        }
        let Some(rank) = kind.rank() else { return Ok(()) };
        if rank < self.rank {
            let text = format!("{kind} stands behind a part that usually follows it");
            self.notes.take_at(Tolerance::ChildOrder, Layer::Document, start, || kind.to_string(), text)?;
        }
        self.rank = rank.max(self.rank);
        Ok(())
    }

    fn node(&mut self, local: &str, name: &str, start: usize) -> Result<usize, Flaw> {
        if self.scan.tree.len() >= self.limits.xml_elements {
            return Err(self.limit(start, "xml_elements", self.limits.xml_elements, "elements in one document"));
        }
        let name_end = start.saturating_add(1).saturating_add(name.len());
        Ok(self.scan.tree.open(name_end.saturating_sub(local.len())..name_end, start))
    }

    /// A tag inside a part. A report holds text alone.
    fn inside(&mut self, local: &str, name: &str, start: usize) -> Result<(), Flaw> {
        if self.open.as_ref().is_some_and(|open| open.node.is_some()) {
            self.node(local, name, start)?;
        }
        self.spoil(start, "an element inside RUMReport, which holds text alone");
        Ok(())
    }

    /// Refuses the open report, but not the document.
    fn spoil(&mut self, start: usize, text: &str) {
        let is_report = |open: &Open| open.kind == PartKind::Report && open.flaw.is_none();
        if !self.open.as_ref().is_some_and(is_report) {
            return;
        }
        let path = self.path();
        if let Some(open) = &mut self.open {
            open.flaw = Some(Flaw::structure(ErrorKind::Structure, start, path, text));
        }
    }

    fn names(&mut self, tag: &BytesStart<'t>, name: &str, start: usize) -> Result<(), Flaw> {
        if name.bytes().any(|byte| byte == b':') {
            let text = format!("the name {} has a prefix: the part behind the colon is taken", Quoted(name));
            let path = self.path();
            self.notes.take_at(Tolerance::NamespacePrefix, Layer::Document, start, || path, text)?;
        }
        let raw = tag.attributes_raw();
        if raw.trim_ascii().is_empty() {
            return Ok(());
        }
        match attributes::attributes(raw, self.limits.xml_attributes) {
            Ok(found) if self.depth == 0 => {
                let is_namespace = |name: &str| name == "xmlns" || name.starts_with("xmlns:");
                for (name, value) in found.into_iter().filter(|(name, _)| is_namespace(name)) {
                    let quote = if value.contains('"') { '\'' } else { '"' };
                    self.scan.namespaces.extend([" ", name, "="]);
                    self.scan.namespaces.push(quote);
                    self.scan.namespaces.push_str(value);
                    self.scan.namespaces.push(quote);
                }
            }
            Ok(_) => {}
            Err(attributes::Fault::TooMany) => {
                return Err(self.limit(
                    start,
                    "xml_attributes",
                    self.limits.xml_attributes,
                    "attributes of one element",
                ));
            }
            Err(attributes::Fault::Broken | attributes::Fault::Version) => {
                return Err(self.flaw(ErrorKind::Xml, start, "a broken or repeated attribute"));
            }
        }
        let path = self.path();
        let text = "an attribute or namespace declaration: ignored";
        self.notes.take_at(Tolerance::Attribute, Layer::Document, start, || path, text)
    }

    fn end(&mut self) {
        if self.open.as_ref().is_some_and(|open| open.node.is_some()) {
            let end = self.position();
            self.scan.tree.close(end);
        }
        if let Some(open) = self.open.take_if(|open| open.depth == self.depth) {
            let text = join(&open.pieces, self.text, open.start);
            let range = open.start..self.position();
            self.scan.elements.push(Element { kind: open.kind, range, text, flaw: open.flaw, node: open.node });
        }
        self.depth = self.depth.saturating_sub(1);
        self.done = self.depth == 0;
    }

    fn text(&mut self, piece: Piece, text: &str, start: usize, is_cdata: bool) -> Result<(), Flaw> {
        let blank = text.trim_ascii().is_empty();
        let start = start.saturating_add(text.len().saturating_sub(text.trim_ascii_start().len()));
        match (&mut self.open, self.depth) {
            (_, 0) if blank => {}
            (_, 0) => return Err(self.flaw(ErrorKind::Xml, start, "text outside the root element")),
            (Some(open), _) => {
                if open.kind == PartKind::Report {
                    open.pieces.push(piece);
                } else if open.node.is_some() {
                    self.scan.tree.text(piece, is_cdata, (!blank || is_cdata).then_some(start));
                }
            }
            (None, _) if blank => {}
            (None, _) => {
                let text = "text directly under smartLicense, where only elements stand";
                return Err(self.flaw(ErrorKind::Structure, start, text));
            }
        }
        Ok(())
    }

    fn aside(&mut self, tolerance: Tolerance, what: &str, start: usize) -> Result<(), Flaw> {
        match &self.open {
            Some(open) if open.kind == PartKind::Report => {
                self.spoil(start, &format!("{what} inside RUMReport, which holds text alone"));
                Ok(())
            }
            Some(open) => {
                if open.node.is_some() {
                    self.scan.tree.aside(start, tolerance);
                }
                Ok(()) // kept with the element it stands in
            }
            None => {
                let text = format!("{what} between elements: ignored");
                self.notes.take(tolerance, Layer::Document, start, &Path::ROOT, text)
            }
        }
    }

    fn reference(&self, reference: &BytesRef<'t>, start: usize) -> Result<char, Flaw> {
        let named = match &**reference {
            "lt" => Some('<'),
            "gt" => Some('>'),
            "amp" => Some('&'),
            "apos" => Some('\''),
            "quot" => Some('"'),
            _ => None,
        };
        let numbered = || reference.resolve_char_ref().ok().flatten().filter(|character| is_xml_char(*character));
        named.or_else(numbered).ok_or_else(|| {
            let digits = reference.strip_prefix("#x").or_else(|| reference.strip_prefix('#')).unwrap_or_default();
            if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return self.flaw(ErrorKind::Encoding, start, "a reference to a character that XML forbids");
            }
            let text = "a reference that is none of &lt; &gt; &amp; &apos; &quot; and no legal character";
            self.flaw(ErrorKind::Xml, start, text)
        })
    }

    fn broken(&self, start: usize, error: &XmlError) -> Flaw {
        let at = usize::try_from(self.reader.error_position()).unwrap_or(start);
        let (kind, text) = match error {
            XmlError::Syntax(SyntaxError::InvalidBangMarkup) if self.cut_markup(at) => {
                (ErrorKind::Truncated, "the document ends inside a tag: it was cut; get it again".to_owned())
            }
            XmlError::Syntax(SyntaxError::InvalidBangMarkup) => {
                (ErrorKind::Xml, "`<!` that begins neither a CDATA section nor a comment".to_owned())
            }
            XmlError::Syntax(SyntaxError::UnclosedDoctype) => {
                (ErrorKind::Xml, "a DOCTYPE: licence files have none, and it is never processed".to_owned())
            }
            XmlError::Syntax(SyntaxError::UnclosedCData) => {
                let text = "the document ends inside a CDATA section: it was cut; get it again";
                (ErrorKind::Truncated, text.to_owned())
            }
            XmlError::Syntax(_) => {
                (ErrorKind::Truncated, "the document ends inside a tag: it was cut; get it again".to_owned())
            }
            XmlError::IllFormed(IllFormedError::MismatchedEndTag { expected, found }) => {
                (ErrorKind::Xml, format!("{} is closed where {} is open", Quoted(found), Quoted(expected)))
            }
            XmlError::IllFormed(IllFormedError::UnmatchedEndTag(found)) => {
                (ErrorKind::Xml, format!("{} is closed but was never opened", Quoted(found)))
            }
            XmlError::IllFormed(IllFormedError::UnclosedReference) => {
                (ErrorKind::Xml, "an `&` that begins no reference".to_owned())
            }
            XmlError::IllFormed(IllFormedError::DoubleHyphenInComment) => {
                (ErrorKind::Xml, "two hyphens inside a comment".to_owned())
            }
            _ => (ErrorKind::Xml, "not well-formed XML".to_owned()),
        };
        // A cut is where the text ends, not where the tag began.
        self.flaw(kind, if kind == ErrorKind::Truncated { self.text.len() } else { at }, text)
    }

    /// Does the text end in what could have become a CDATA section, a comment or a DOCTYPE?
    fn cut_markup(&self, at: usize) -> bool {
        let rest = self.text.get(at..).unwrap_or_default();
        ["<![CDATA[", "<!--", "<!DOCTYPE"].iter().any(|whole| whole.starts_with(rest))
    }
}

/// The names of UTF-8 and of its part US-ASCII.
fn is_utf8(name: &str) -> bool {
    ["utf-8", "us-ascii"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// The characters of XML 1.0.
fn is_xml_char(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// The first character of the text that XML forbids. Built for speed: nearly every text has none.
pub(crate) fn forbidden_character(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let control = |byte: &u8| *byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r');
    let mut at = 0_usize;
    let first_control = bytes.chunks(256).find_map(|chunk| {
        // A sum without branches lets the compiler use vectors; only a bad chunk is searched.
        let bad = chunk.iter().fold(false, |bad, byte| bad | control(byte));
        let found = bad.then(|| chunk.iter().position(control)).flatten().map(|index| at.saturating_add(index));
        at = at.saturating_add(chunk.len());
        found
    });
    let nonchar = memchr::memchr_iter(0xef, bytes)
        .find(|at| matches!(bytes.get(*at..at.saturating_add(3)), Some([0xef, 0xbf, 0xbe | 0xbf])));
    match (first_control, nonchar) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
