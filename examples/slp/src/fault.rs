//! What could not be read, and where.

use std::fmt;
use std::io;

use serde::Serialize;
use slp_model::Location;

use crate::arguments::limit_names;

/// Something that could not be read: a file, a document, or one report in it.
///
/// As JSON one object, as for every error of these crates: `kind` (a stable word), `name` (of the limit or tolerance that
/// decided, if one did), `fatal` (reading of that file ended there), `text`, `place`.
#[derive(Debug, Serialize)]
pub(crate) struct Fault {
    /// A kind of [`slp_rum::ErrorKind`], or `unreadable`.
    pub(crate) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<&'static str>,
    pub(crate) fatal: bool,
    pub(crate) text: String,
    #[serde(skip_serializing_if = "Location::is_empty")]
    pub(crate) place: Location,
}

impl Fault {
    /// A fault of a whole file.
    pub(crate) fn of_file(kind: &'static str, name: &str, text: impl Into<String>) -> Self {
        let place = Location::default().inside(name);
        Self { kind, name: None, fatal: true, text: text.into(), place }
    }

    /// A file that the system does not give.
    pub(crate) fn io(name: &str, error: &io::Error) -> Self {
        Self::of_file("unreadable", name, format!("cannot be read: {error}"))
    }

    /// A fault inside the file of this name.
    pub(crate) fn in_file(name: &str, error: slp_rum::Error) -> Self {
        Self::of(&error.inside(name))
    }

    /// A fault in a document, its place as the error has it.
    pub(crate) fn of(error: &slp_rum::Error) -> Self {
        let mut text = error.message().to_owned();
        if let (slp_rum::ErrorKind::Limit, Some(name)) = (error.kind(), error.name())
            && limit_names().iter().any(|limit| limit == name)
        {
            text = format!("{text}, with --limit {name}=N");
        }
        Self {
            kind: error.kind().as_str(),
            name: error.name(),
            fatal: error.is_fatal(),
            text,
            place: error.location().clone(),
        }
    }

    /// A fault of a bundle, or of a leaf in it.
    pub(crate) fn of_bundle(error: &slp_sync::Error) -> Self {
        let is_leaf = error.kind() == slp_sync::ErrorKind::BadLeaf;
        Self {
            // of a document in a leaf the word of its own reader says more
            kind: error.name().filter(|_| is_leaf).unwrap_or(error.kind().as_str()),
            name: error.name().filter(|_| !is_leaf),
            fatal: error.is_fatal(),
            text: error.message().to_owned(),
            place: error.location().clone(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.place, self.text, self.kind)
    }
}
