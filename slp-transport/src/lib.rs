#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable, clippy::indexing_slicing)]
#![warn(clippy::string_slice, clippy::arithmetic_side_effects, clippy::as_conversions, clippy::get_unwrap)]

pub mod agent; // the agent of a device, as a machine
#[cfg(feature = "client")]
pub mod client; // sends messages
pub mod collector; // a collector's work with one device, as a machine
pub mod cslu; // the collector utility as its operator sees it
pub mod cssm; // the cloud: token, accounts, reports, codes, results, licences
pub mod device; // a device's own REST service
#[cfg(test)]
mod dice; // chance for tests of machines
mod envelope; // reports and licence documents as messages carry them
mod error; // kind, place, what the peer said, whether a repeat helps
mod identity; // devices in snake_case and in camelCase
mod limits; // what one message may cost
pub mod message; // operation, call, serve; addresses and templates
pub mod netconf; // NETCONF payloads
mod nonce; // nonces and poll ids
pub mod onprem; // on-premises servers: token, and the calls shared with the cloud
pub mod push; // devices push to a collector or to the cloud
mod report; // usage reports of slp-rum as messages carry them
pub mod restconf; // RESTCONF of a device
mod result; // what comes back per device
pub mod retry; // whether and when the same bytes may be sent again
pub mod rpc; // the procedures that RESTCONF and NETCONF share
pub mod sdwan; // SD-WAN Manager: usage out, answers in
mod secret; // text that must not be seen
#[cfg(feature = "server")]
pub mod server; // serves messages
pub mod show; // facts from what show commands print
pub mod snmp; // traps and objects
pub mod sudi; // what devices sign with their hardware key, as carriers spell it
pub mod syslog; // messages of the log
pub mod upload; // a submit to the cloud and its polls, as a machine
mod wire; // JSON members from one table per message
pub mod yang; // words and numbers of the YANG modules

pub use envelope::{DeviceUsage, Header, PayloadText, RumEnvelope, Signature, SmartLicense, batches};
pub use error::{Error, ErrorKind, Refusal};
pub use identity::{Sudi, SudiCamel};
pub use limits::Limits;
pub use message::{BaseUrl, Call, Exchange, Serve, printable};
pub use nonce::{Nonce, PollId};
pub use result::{Acknowledged, Action, Authorized, Results, StatusWord, Trusted};
pub use retry::Retry;
pub use secret::Secret;
pub use wire::{Count, Flag, RawJson, Unknown};
