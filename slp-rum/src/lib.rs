#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable, clippy::indexing_slicing)]
#![warn(clippy::string_slice, clippy::arithmetic_side_effects, clippy::as_conversions, clippy::get_unwrap)]

pub mod borrowed; // the twin of `UsageReport` that copies no string: for hot paths
pub mod continuity; // is the evidence complete and consistent? findings with stable ids
mod document; // what a file, an answer or a request body holds, and in which container
mod envelope; // payload string, header, outer signature
mod error; // kinds of errors
mod flaw; // an error on its way out, still counted in the text of its own layer
mod limits; // what one document may cost
mod measurement; // one interval of one report; one snapshot of a telemetry report
mod payload; // the payload text read: two generations, one view
mod report; // `UsageReport`: the signed text and its view
mod text; // where pieces of text stand in the document: offsets, lines, columns
mod tolerance; // the deviations that are read all the same, by name
pub mod usage; // usage over time: versions, overlaps, intervals, sums
pub mod write; // device file, REST answer, cloud request; payloads of simulated devices
mod xml; // the elements of a document and their text, strictly

pub use document::{Container, Document, Part, PartKind, Parts, Reports};
pub use error::{Error, ErrorKind};
pub use limits::{Limits, ReadOptions};
pub use measurement::{HaMember, InventoryItem, Measurement, Snapshot};
pub use report::{Closure, Generation, Header, Member, PayloadForm, ReportKind, Signature, UsageReport};
pub use tolerance::{Tolerance, Tolerances, Warning};

// The example of the project's README is compiled with the tests of this crate.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct ReadmeOfTheProject;
