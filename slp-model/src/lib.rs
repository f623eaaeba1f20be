#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable, clippy::indexing_slicing)]
#![warn(clippy::string_slice, clippy::arithmetic_side_effects, clippy::as_conversions, clippy::get_unwrap)]

pub mod account; // the accounts that a device belongs to
pub mod error; // one opaque error per crate, made by one macro
pub mod error_code; // the error numbers of the vendor
mod finding; // what a check tells a person, with a stable id
pub mod json; // strings, a pull reader and a writer with named profiles
pub mod license; // the words of licences: terms, enforcement, roles, states
mod limits; // counting before the work is done
pub mod open_enum; // words of which new ones may appear
mod place; // where something stands: archive entry, line and column, path
pub mod policy; // what has to be reported when; the clock
mod quote; // at most forty characters of somebody's text
mod signed; // which bytes, which signature, who signed
pub mod tag; // regid tags of software and entitlements
pub mod time; // seconds and milliseconds, spans, durations
mod udi; // who a device is
pub mod word_enum; // words that are all our own, read back as written

pub use error::{Actor, Error, ErrorKind};
pub use finding::{Detail, Finding, Severity, Subject};
pub use limits::{Budget, LimitExceeded};
pub use place::Location;
pub use quote::{Quoted, is_unprintable};
pub use signed::{Place, Signed, SignedContent};
pub use tag::{EntitlementTag, SoftwareTag};
pub use time::{Seconds, Span, UnixMillis, UnixSeconds};
pub use udi::{ReportId, Udi, UdiForm};
