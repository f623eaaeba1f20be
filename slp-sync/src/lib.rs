#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable, clippy::indexing_slicing)]
#![warn(clippy::string_slice, clippy::arithmetic_side_effects, clippy::as_conversions, clippy::get_unwrap)]
#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        clippy::string_slice,
        clippy::cast_possible_truncation,
        clippy::cast_lossless,
        clippy::format_collect,
        clippy::large_stack_arrays,
        clippy::type_complexity,
        reason = "tests may panic"
    )
)]

pub mod account; // the life of a local account, its deadlines, its exchange with the cloud
pub mod bundle; // usage bundles and their answers
pub mod cloud; // the cloud's side of a synchronization
pub mod document; // registration and synchronization: four files
mod error; // one error for all layers
mod export; // what was exported, leaf by leaf
mod fingerprint; // which names were there before
pub mod gzip; // one member, strictly; deflating in parallel
pub mod ha; // active and standby count once
pub mod hierarchy; // higher tiers lend to lower ones
pub mod inventory; // the device list, as CSV
pub mod ledger; // exported bundles, line by line
mod limits; // what reading one file may cost
pub mod onprem; // an On-Prem's side of a synchronization
pub mod pool; // local virtual accounts share what was purchased
mod privacy; // what stays from the cloud about devices
pub mod schedule; // when usage is exchanged
mod source; // where bytes come from
mod stored; // what survives a restart: maps whose keys are no texts, checks on the way back
pub mod tar; // regular files in one directory, strictly
mod warning; // what was odd but accepted

pub use error::{Error, ErrorKind};
pub use export::ExportedLeaf;
pub use limits::Limits;
pub use privacy::Privacy;
pub use source::{Input, Source};
pub use warning::{Warning, WarningKind, Warnings};
