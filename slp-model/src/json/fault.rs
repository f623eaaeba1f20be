//! What can be wrong with a JSON text.

use std::borrow::Cow;
use std::fmt;

/// What kind of fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FaultKind {
    /// More than the limit of this name allows: `json_depth`, `string_bytes`, or the caller's own.
    Limit(&'static str),
    /// The text ends inside a value.
    Truncated,
    /// Not JSON: RFC 8259 is broken at this place, or a string holds a lone surrogate, or a number is out of range.
    Syntax,
    /// A member name stands twice in one object, compared after un-escaping.
    Duplicate,
    /// Valid JSON, but not the type of value that was asked for.
    Type,
}

/// A fault in a JSON text: its kind, its place in bytes, and a sentence.
#[derive(Clone, PartialEq, Eq)]
pub struct Fault(Box<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    kind: FaultKind,
    offset: usize,
    text: Cow<'static, str>,
}

impl Fault {
    /// A fault at a byte of the text.
    pub fn new(kind: FaultKind, offset: usize, text: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner { kind, offset, text: text.into() }))
    }

    /// The fault of a member name that stands twice in one object.
    pub fn duplicate(offset: usize, name: &str) -> Self {
        Self::new(FaultKind::Duplicate, offset, format!("member {} stands twice in one object", crate::Quoted(name)))
    }

    /// What kind of fault it is.
    pub fn kind(&self) -> FaultKind {
        self.0.kind
    }

    /// Where it is, in bytes from the start of the text.
    pub fn offset(&self) -> usize {
        self.0.offset
    }

    /// What is wrong, without the place.
    pub fn message(&self) -> &str {
        &self.0.text
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}: {}", self.0.offset, self.0.text)
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fault({:?}, {self})", self.0.kind)
    }
}

impl std::error::Error for Fault {}
