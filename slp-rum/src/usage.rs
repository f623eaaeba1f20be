//! Usage over time: which device used which licence how often and when. Spec: rum, "Usage intervals".
//!
//! [`Totals`] streams and keeps nothing per report. [`Evidence`] keeps a few hundred bytes of each report and gives
//! [`UsageInterval`]s: one version of each report, overlaps cut with the greatest count winning, gaps left as gaps. What
//! it gives depends on the set of reports alone, not on their order, repetition or the files they came in.

mod attached; // devices that hang on the reporting one
mod catalog; // the evidence in order
mod coalesced; // neighbours joined, for people
mod evidence; // what is kept of every report
mod fingerprint; // payloads compared as JSON values
mod ha; // redundant sets
mod interval; // intervals, JSON and CSV
mod names; // shared texts under numbers
mod overlap; // the greatest count wins
mod record; // one report, one measurement, as kept
mod timeline; // one device at a time
mod totals; // sums without state
mod versions; // one version of each report
mod window; // sums over time

pub use coalesced::{Coalesced, CoalescedInterval, coalesce};
pub use evidence::Evidence;
pub use interval::{CSV_HEADER, Intervals, UsageInterval, write_csv};
pub use totals::Totals;
pub use window::{GroupBy, Sums, UsageSum};

pub(crate) use attached::Attached;
pub(crate) use catalog::{Catalog, Report};
pub(crate) use ha::{HaLists, Named};
pub(crate) use names::NONE;
pub(crate) use record::{ALONE, Kind, Stored};
pub(crate) use timeline::{Known, Licence, Timeline, Timelines};
pub(crate) use versions::{Selection, Version};
