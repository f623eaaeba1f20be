//! One file per command.

pub(crate) mod ack;
pub(crate) mod bundle;
pub(crate) mod check;
pub(crate) mod fleet;
pub(crate) mod import;
pub(crate) mod inspect;
pub(crate) mod keys;
pub(crate) mod policy;
pub(crate) mod sign;
pub(crate) mod sync;
pub(crate) mod usage;
pub(crate) mod verify;

use slp_model::{Span, UnixSeconds};

use crate::console::Stop;

/// A stretch of time that two arguments name.
fn window(from: UnixSeconds, to: UnixSeconds) -> Result<Span, Stop> {
    Span::new(from, to).map_err(|_| Stop::Call(format!("--from {from} lies after --to {to}")))
}
