//! An error or a warning on its way out: its offset is still counted in the text of its own layer.

use std::fmt::{self, Write as _};

use slp_model::json::{Fault, FaultKind};
use slp_model::{Location, Quoted};

use crate::limits::ReadOptions;
use crate::{Error, ErrorKind, Tolerance};

/// The text in which an offset is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layer {
    /// The document itself.
    Document,
    /// The text of one `RUMReport`, or one object of a JSON container.
    Envelope,
    /// The payload, un-escaped.
    Payload,
}

/// Where a value stands inside a text of JSON. Lives on the stack; becomes text only when something is wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path<'p> {
    parent: Option<&'p Path<'p>>,
    step: Step<'p>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'p> {
    Root,
    Member(&'p str),
    Index(usize),
    Text(&'p str),
}

impl<'p> Path<'p> {
    pub(crate) const ROOT: Path<'static> = Path { parent: None, step: Step::Root };

    pub(crate) fn member(&'p self, name: &'p str) -> Path<'p> {
        Path { parent: Some(self), step: Step::Member(name) }
    }

    pub(crate) fn index(&'p self, index: usize) -> Path<'p> {
        Path { parent: Some(self), step: Step::Index(index) }
    }

    /// The root of a text of JSON that stands in a string here.
    pub(crate) fn text(&'p self, name: &'p str) -> Path<'p> {
        Path { parent: Some(self), step: Step::Text(name) }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            write!(f, "{parent}")?;
        }
        match self.step {
            Step::Root => Ok(()),
            Step::Index(index) => write!(f, "[{index}]"),
            Step::Text(name) => write!(f, ".{name}$"),
            Step::Member(name) if is_plain(name) => write!(f, ".{name}"),
            Step::Member(name) => write!(f, "[{}]", Quoted(name)),
        }
    }
}

pub(crate) fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.len() <= 40 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Why something is refused. Boxed: it travels through many small results.
#[derive(Clone, Debug)]
pub(crate) struct Flaw(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    kind: ErrorKind,
    name: Option<&'static str>,
    layer: Layer,
    offset: usize,
    /// The offset in a text still further in, where there is one.
    deeper: Option<usize>,
    path: String,
    text: String,
}

impl Flaw {
    #[cold]
    pub(crate) fn new(kind: ErrorKind, layer: Layer, offset: usize, path: &Path<'_>, text: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            name: None,
            layer,
            offset,
            deeper: None,
            path: path.to_string(),
            text: text.into(),
        }))
    }

    /// A fault of the document's own structure; `path` is the XML part, as text.
    #[cold]
    pub(crate) fn structure(kind: ErrorKind, offset: usize, path: String, text: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            name: None,
            layer: Layer::Document,
            offset,
            deeper: None,
            path,
            text: text.into(),
        }))
    }

    #[cold]
    pub(crate) fn json(fault: &Fault, layer: Layer, path: &Path<'_>) -> Self {
        let (kind, name) = match fault.kind() {
            FaultKind::Limit(name) => (ErrorKind::Limit, Some(name)),
            FaultKind::Truncated => (ErrorKind::Truncated, None),
            FaultKind::Duplicate => (ErrorKind::DuplicateMember, None),
            FaultKind::Type => (ErrorKind::WrongType, None),
            _ => (ErrorKind::Json, None),
        };
        let mut text = fault.message().to_owned();
        match name {
            Some(name) => drop(write!(text, " (limit {name}); raise it if you trust the file")),
            None if kind == ErrorKind::Truncated => text.push_str(": it was cut; get it again"),
            None => {}
        }
        let offset = fault.offset();
        Self(Box::new(Inner { kind, name, layer, offset, deeper: None, path: path.to_string(), text }))
    }

    #[cold]
    pub(crate) fn limit(
        layer: Layer,
        offset: usize,
        path: &Path<'_>,
        name: &'static str,
        limit: usize,
        what: &str,
    ) -> Self {
        let text = format!("{what}: more than {limit} (limit {name}); raise it if you trust the file");
        Self::new(ErrorKind::Limit, layer, offset, path, text).named(name)
    }

    pub(crate) fn named(mut self, name: &'static str) -> Self {
        self.0.name = Some(name);
        self
    }

    /// The same flaw, with its offset in a text still further in.
    pub(crate) fn within(mut self, inner: usize) -> Self {
        self.0.deeper = Some(inner);
        self
    }

    /// The path gets its `$`: it starts at the root of a JSON document.
    pub(crate) fn rooted(mut self) -> Self {
        self.0.path.insert(0, '$');
        self
    }

    /// The same flaw of a text inside the document, its place in the document itself.
    pub(crate) fn in_document(mut self, offset: usize, path: String) -> Self {
        (self.0.layer, self.0.offset, self.0.path) = (Layer::Document, offset, path);
        self
    }

    /// The error of this flaw, at a place that the caller has worked out.
    pub(crate) fn to_error(&self, at: Location) -> Error {
        let error = Error::new(self.0.kind, self.0.text.as_str()).at(at);
        match self.0.name {
            Some(name) => error.named(name),
            None => error,
        }
    }

    pub(crate) fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    pub(crate) fn layer(&self) -> Layer {
        self.0.layer
    }

    pub(crate) fn offset(&self) -> usize {
        self.0.offset
    }

    pub(crate) fn path(&self) -> &str {
        &self.0.path
    }

    pub(crate) fn inner(&self) -> Option<usize> {
        self.0.deeper
    }

    /// Of two reasons the one to name; of equals this one.
    pub(crate) fn or_better(self, other: Self) -> Self {
        if Rank::of(other.kind()) < Rank::of(self.kind()) { other } else { self }
    }
}

/// Where several reasons apply to one item, the smallest is named. Spec: rum, "Refused".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    Limit,
    Cut,
    Syntax,
    Shape,
    Value,
}

impl Rank {
    pub(crate) fn of(kind: ErrorKind) -> Self {
        use ErrorKind as Kind;
        match kind {
            Kind::Limit => Self::Limit,
            Kind::Truncated => Self::Cut,
            Kind::Encoding | Kind::Xml | Kind::Json => Self::Syntax,
            Kind::Structure
            | Kind::UnknownRoot
            | Kind::Unsupported
            | Kind::Empty
            | Kind::DuplicateMember
            | Kind::MissingMember
            | Kind::MissingElement
            | Kind::WrongType => Self::Shape,
            _ => Self::Value,
        }
    }
}

/// A deviation that was taken.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    pub(crate) tolerance: Tolerance,
    pub(crate) layer: Layer,
    pub(crate) offset: usize,
    /// As [`Flaw::within`].
    pub(crate) inner: Option<usize>,
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Collects deviations, or refuses those that are switched off. For a report it also remembers why it is refused: its
/// text is read to the end, since what comes later may explain more.
#[derive(Debug)]
pub(crate) struct Notes<'o> {
    options: &'o ReadOptions,
    kept: Vec<Note>,
    room: usize,
    dropped: u64,
    reads_on: bool,
    refusal: Option<Flaw>,
}

impl<'o> Notes<'o> {
    /// Room for this many; further ones are only counted.
    pub(crate) fn new(options: &'o ReadOptions, room: usize) -> Self {
        Self { options, kept: Vec::new(), room, dropped: 0, reads_on: false, refusal: None }
    }

    /// As [`new`](Self::new), for one report, which is read on behind a flaw of its shape or its values.
    pub(crate) fn of_report(options: &'o ReadOptions, room: usize) -> Self {
        Self { reads_on: true, ..Self::new(options, room) }
    }

    pub(crate) fn options(&self) -> &'o ReadOptions {
        self.options
    }

    /// Refuses the report, and lets the caller read on, unless nothing behind it can explain more.
    ///
    /// # Errors
    /// The flaw, when reading ends here.
    #[cold]
    pub(crate) fn refuse(&mut self, kind: ErrorKind, flaw: impl FnOnce() -> Flaw) -> Result<(), Flaw> {
        if !self.reads_on || Rank::of(kind) < Rank::Shape {
            return Err(flaw());
        }
        let is_explained = |kept: &Flaw| Rank::of(kept.kind()) <= Rank::of(kind);
        if !self.refusal.as_ref().is_some_and(is_explained) {
            self.refusal = Some(flaw());
        }
        Ok(())
    }

    /// What was read, unless something in it was refused: then the reason that explains most.
    pub(crate) fn verdict<T>(&mut self, read: Result<T, Flaw>) -> Result<T, Flaw> {
        match (self.refusal.take(), read) {
            (None, read) => read,
            (Some(kept), Ok(_)) => Err(kept),
            (Some(kept), Err(flaw)) => Err(kept.or_better(flaw)),
        }
    }

    /// Takes the deviation, or refuses.
    ///
    /// # Errors
    /// Kind `tolerance`, with its name, when it is switched off.
    #[cold]
    pub(crate) fn take(
        &mut self,
        tolerance: Tolerance,
        layer: Layer,
        offset: usize,
        path: &Path<'_>,
        text: impl Into<String>,
    ) -> Result<(), Flaw> {
        self.take_at(tolerance, layer, offset, || path.to_string(), text)
    }

    /// As [`take`](Self::take), the path made only if it is needed.
    ///
    /// # Errors
    /// Kind `tolerance`, with its name, when it is switched off.
    pub(crate) fn take_at(
        &mut self,
        tolerance: Tolerance,
        layer: Layer,
        offset: usize,
        path: impl FnOnce() -> String,
        text: impl Into<String>,
    ) -> Result<(), Flaw> {
        if self.kept.len() >= self.room && self.options.tolerances.contains(tolerance) {
            self.dropped = self.dropped.saturating_add(1);
            return Ok(());
        }
        self.take_note(Note { tolerance, layer, offset, inner: None, path: path(), text: text.into() })
    }

    pub(crate) fn take_note(&mut self, note: Note) -> Result<(), Flaw> {
        let tolerance = note.tolerance;
        if !self.options.tolerances.contains(tolerance) {
            return self.refuse(ErrorKind::Tolerance, || {
                let Note { layer, offset, inner: deeper, path, text, .. } = note;
                let text = format!("{text}; strict reading refuses it (tolerance {tolerance})");
                let (kind, name) = (ErrorKind::Tolerance, Some(tolerance.as_str()));
                Flaw(Box::new(Inner { kind, name, layer, offset, deeper, path, text }))
            });
        }
        if self.kept.len() < self.room {
            self.kept.push(note);
        } else {
            self.dropped = self.dropped.saturating_add(1);
        }
        Ok(())
    }

    /// The deviations so far; afterwards there are none.
    pub(crate) fn take_kept(&mut self) -> Vec<Note> {
        std::mem::take(&mut self.kept)
    }

    pub(crate) fn into_parts(self) -> (Vec<Note>, u64) {
        (self.kept, self.dropped)
    }
}
