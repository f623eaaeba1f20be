//! What could not be read, and where.

use std::fmt;
use std::io;

use serde::Serialize;
use slp_model::Location;

/// Something that could not be read: a file, a document, or one report in it.
///
/// As JSON one object: `kind` (a stable word), `limit` (the name of the limit that decided, if one did), `fatal` (reading
/// of that file ended there), `place`, `message`.
#[derive(Debug, Serialize)]
pub(crate) struct Fault {
    /// A kind of [`slp_rum::ErrorKind`], or `unreadable`.
    pub(crate) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<&'static str>,
    pub(crate) fatal: bool,
    pub(crate) place: Location,
    pub(crate) message: String,
}

impl Fault {
    /// A fault of a whole file.
    pub(crate) fn of_file(kind: &'static str, name: &str, message: impl Into<String>) -> Self {
        let place = Location::default().inside(name);
        Self { kind, limit: None, fatal: true, place, message: message.into() }
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
        Self {
            kind: error.kind().as_str(),
            limit: (error.kind() == slp_rum::ErrorKind::Limit).then(|| error.name()).flatten(),
            fatal: error.is_fatal(),
            place: error.location().clone(),
            message: error.message().to_owned(),
        }
    }

    /// A fault of a bundle, or of a leaf in it.
    pub(crate) fn of_bundle(error: &slp_sync::Error) -> Self {
        let is_leaf = error.kind() == slp_sync::ErrorKind::BadLeaf;
        Self {
            // of a document in a leaf the word of its own reader says more
            kind: error.name().filter(|_| is_leaf).unwrap_or(error.kind().as_str()),
            limit: (error.kind() == slp_sync::ErrorKind::Limit).then(|| error.name()).flatten(),
            fatal: error.is_fatal(),
            place: error.location().clone(),
            message: error.message().to_owned(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.place, self.message, self.kind)
    }
}
