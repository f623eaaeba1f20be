//! One file per command.

pub(crate) mod ack;
pub(crate) mod bundle;
pub(crate) mod check;
pub(crate) mod fleet;
pub(crate) mod import;
pub(crate) mod inspect;
pub(crate) mod keys;
pub(crate) mod policy;
pub(crate) mod poll;
pub(crate) mod pull;
pub(crate) mod push_ack;
pub(crate) mod request;
pub(crate) mod show;
pub(crate) mod sign;
pub(crate) mod sync;
pub(crate) mod upload;
pub(crate) mod usage;
pub(crate) mod verify;

use std::borrow::Cow;

use slp_model::{Span, UnixSeconds};
use slp_rum::Document;
use slp_rum::borrowed::{Reports, UsageReport};

use crate::console::Stop;

/// The name of a device, safe on a terminal.
fn printable_name(name: &str) -> Cow<'_, str> {
    crate::printable::shown(name)
}

/// Counts the deviations that were taken in one document.
#[derive(Debug, Default)]
struct Deviations(u64);

impl Deviations {
    /// Those of one report.
    fn add(&mut self, report: &UsageReport<'_>) {
        self.0 = self.0.saturating_add(u64::try_from(report.warnings.len()).unwrap_or(u64::MAX));
    }

    /// All of them, when every report was read.
    fn of(self, document: &Document<'_>, reports: &Reports<'_>) -> u64 {
        let own = u64::try_from(document.warnings().len()).unwrap_or(u64::MAX);
        self.0.saturating_add(own).saturating_add(reports.warnings_dropped())
    }
}

/// A stretch of time that two arguments name.
fn window(from: UnixSeconds, to: UnixSeconds) -> Result<Span, Stop> {
    Span::new(from, to).map_err(|_| Stop::Call(format!("--from {from} lies after --to {to}")))
}
