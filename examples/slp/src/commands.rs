//! One file per command.

pub(crate) mod check;
pub(crate) mod import;
pub(crate) mod inspect;
pub(crate) mod policy;
pub(crate) mod poll;
pub(crate) mod pull;
pub(crate) mod push_ack;
pub(crate) mod request;
pub(crate) mod show;
pub(crate) mod upload;
pub(crate) mod usage;

use std::borrow::Cow;

use slp_model::{Span, UnixSeconds};

use crate::console::Stop;

/// The name of a device, safe on a terminal.
fn printable_name(name: &str) -> Cow<'_, str> {
    crate::printable::shown(name)
}

/// A stretch of time that two arguments name.
fn window(from: UnixSeconds, to: UnixSeconds) -> Result<Span, Stop> {
    Span::new(from, to).map_err(|_| Stop::Call(format!("--from {from} lies after --to {to}")))
}
