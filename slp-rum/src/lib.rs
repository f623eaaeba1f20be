#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable, clippy::indexing_slicing)]
#![warn(clippy::string_slice, clippy::arithmetic_side_effects, clippy::as_conversions, clippy::get_unwrap)]

mod account_info; // account information and trace ids
pub mod ack; // acknowledgements of usage reports and of conversions
pub mod auth_request; // requests for authorization codes, confirmations, returns
pub mod authorization; // authorization codes: SLAC and SLR
pub mod borrowed; // the twin of `UsageReport` that copies no string: for hot paths
pub mod codes; // the codes that people type
mod contents; // the parts of a document, each read by its kind
pub mod continuity; // is the evidence complete and consistent? findings with stable ids
mod document; // what a file, an answer or a request body holds, and in which container
mod envelope; // payload string, header, outer signature
mod error; // kinds of errors
pub mod export; // lists of codes that a tool of the vendor exports
mod flaw; // an error on its way out, still counted in the text of its own layer
pub mod import; // what a device does with a document
mod limits; // what one document may cost
mod measurement; // one interval of one report; one snapshot of a telemetry report
mod members; // a walk over the members of JSON objects that goes on behind a flaw
mod payload; // the payload text read: two generations, one view
mod policy_file; // policies
mod report; // `UsageReport`: the signed text and its view
mod sets; // devices that belong together
mod statement; // a part of a document together with its reading
pub mod system_info; // what a device says about itself beside a request
mod text; // where pieces of text stand in the document: offsets, lines, columns
mod tolerance; // the deviations that are read all the same, by name
pub mod trust; // trust requests and trust codes
pub mod usage; // usage over time: versions, overlaps, intervals, sums
pub mod write; // device file, REST answer, cloud request; payloads of simulated devices
mod xml; // the elements of a document and their text, strictly

pub use account_info::{AccountFile, CorrelationId};
pub use ack::{Ack, AckList, AckMember, AckStatus, Acknowledgement};
pub use auth_request::AuthorizationRequest;
pub use authorization::{Authorization, AuthorizationCode, AuthorizationKind, Entitlement, TermDate};
pub use contents::{Content, Contents};
pub use document::{Container, Document, Part, PartKind, Parts, Reports, Rewrite};
pub use error::{Error, ErrorKind};
pub use limits::{Limits, ReadOptions};
pub use measurement::{HaMember, InventoryItem, Measurement, Snapshot};
pub use policy_file::PolicyFile;
pub use report::{Closure, Generation, Header, Member, PayloadForm, ReportKind, Signature, UsageReport};
pub use sets::FileDevices;
pub use statement::{CandidateSpan, SpanBase, SpanEdit, SpanName, Statement};
pub use system_info::SystemInfo;
pub use tolerance::{Tolerance, Tolerances, Warning};
pub use trust::{TrustCode, TrustRequest};
