//! A part of a document together with its reading: the bytes that came, what they say, what is signed.

use std::borrow::Cow;
use std::ops::Range;

use slp_model::{Location, Place, Signed, SignedContent};

use crate::tolerance::Warning;

mod elements; // walks the array in the JSON of one part
mod fields; // walks the elements of one part
mod object; // one object of JSON, all its members at hand
mod spans; // guesses at what a signature covers

pub(crate) use elements::{Element, Halt, each_element, each_object, finish};
pub(crate) use fields::{Data, Fields};
pub(crate) use object::{NoDevice, Object, free_text, millis, present_text, report_id};
pub use spans::{CandidateSpan, SpanBase, SpanEdit, SpanName};

/// One part of a document and a reading of it: an authorization code, a policy, an acknowledgement, a request.
///
/// There is no setter: a changed part would carry a signature that is not its own. What is written again are the bytes
/// that came in ([`raw`](Self::raw)). The signed bytes are the element just before `signature`, as it stands; where that
/// is `data`, its text (choice). Nothing in here is verified: hand it to a verifier as [`Signed`].
/// Spec: ack-auth, "Signatures and signed spans".
#[derive(Clone, Debug)]
pub struct Statement<T> {
    view: T,
    source: Source,
}

/// The bytes of a part, and which of them are signed.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// The whole element.
    pub(crate) raw: Box<str>,
    /// Its name, which is the place word of the signature.
    pub(crate) name: &'static str,
    /// The text of its device, where a document may hold several parts of its kind.
    pub(crate) key: Box<str>,
    pub(crate) span: Span,
    pub(crate) signature: Option<Box<str>>,
    pub(crate) place: Location,
    /// Where the signed bytes begin: line, column, byte.
    pub(crate) signed_at: (u64, u64, Option<u64>),
    pub(crate) warnings: Vec<Warning>,
}

/// Which bytes the signature covers.
#[derive(Clone, Debug)]
pub(crate) enum Span {
    /// A stretch of the raw part, with the name of the element that is or holds it.
    Inside(Range<usize>, &'static str),
    /// The text of `data`, un-escaped or joined.
    Text(Box<str>),
    /// Nothing: this part never carries a signature.
    Nothing,
}

impl Source {
    fn signed_bytes(&self) -> &[u8] {
        match &self.span {
            Span::Inside(range, _) => self.raw.as_bytes().get(range.clone()).unwrap_or_default(),
            Span::Text(text) => text.as_bytes(),
            Span::Nothing => &[],
        }
    }

    fn signed_content(&self) -> SignedContent<'_> {
        let mut content = SignedContent::new(self.signed_bytes(), Place::CloudElement(self.name.into()));
        content.signature = self.signature.as_deref().map(Cow::Borrowed);
        let inner = match &self.span {
            Span::Inside(_, name) => name,
            Span::Text(_) => "data",
            Span::Nothing => "",
        };
        content.at = self.place.clone();
        let (line, column, byte) = self.signed_at;
        (content.at.line, content.at.column, content.at.byte) = (Some(line), Some(column), byte);
        if !inner.is_empty() {
            content.at.path = format!("{}/{inner}", content.at.path);
        }
        content
    }
}

impl<T> Statement<T> {
    pub(crate) fn new(view: T, source: Source) -> Self {
        Self { view, source }
    }

    /// What it says.
    pub fn view(&self) -> &T {
        &self.view
    }

    /// What it says, by itself.
    pub fn into_view(self) -> T {
        self.view
    }

    /// Its bytes, from `<` to `>`, as they came.
    pub fn raw(&self) -> &str {
        &self.source.raw
    }

    /// The name of its element.
    pub fn name(&self) -> &'static str {
        self.source.name
    }

    /// The text of its signature, as it came; `None` when there is none, or an empty one.
    pub fn signature(&self) -> Option<&str> {
        self.source.signature.as_deref()
    }

    /// The bytes that its signature covers; empty for parts that are never signed.
    pub fn signed_bytes(&self) -> &[u8] {
        self.source.signed_bytes()
    }

    /// Where it stands in its document.
    pub fn place(&self) -> &Location {
        &self.source.place
    }

    /// What several parts of one kind are sorted by: the device, or nothing.
    pub(crate) fn sort_key(&self) -> &str {
        &self.source.key
    }

    /// The deviations that were taken while it was read.
    pub fn warnings(&self) -> &[Warning] {
        &self.source.warnings
    }
}

impl<T> Signed for Statement<T> {
    fn signed_content(&self) -> SignedContent<'_> {
        self.source.signed_content()
    }
}

/// What a reader gives: the view, and where the signed bytes are.
#[derive(Debug)]
pub(crate) struct Reading<T> {
    pub(crate) view: T,
    pub(crate) signed: SignedPart,
    pub(crate) signature: Option<Box<str>>,
}

/// Which bytes of a part are signed.
#[derive(Debug)]
pub(crate) enum SignedPart {
    /// An element, as it stands.
    Element(usize, &'static str),
    /// The text of `data`.
    Data(Data),
    /// The part never carries a signature.
    Never,
}
