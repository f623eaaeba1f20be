//! A collector (CSLU): takes usage reports of devices, keeps them, forwards them, brings the answers back.
//!
//! Devices push to it, or it pulls from a list of devices. Connected, it forwards by the cloud's API; disconnected, an
//! operator carries a bundle out and its answer in. Everything is kept in one SQLite file before it is acted on, so that a
//! kill at any point loses no report and uploads none twice.
//!
//! [`Collector`] reads no clock and opens no socket: time, messages and answers are given to it. [`Runner`] gives it a
//! clock and a network, [`serve`] a listener.

#![expect(clippy::result_large_err, reason = "functions that read a row return the error of rusqlite, which is large")]

mod bundle; // reports out and answers in by file
mod codes; // codes that the operator asks for
mod collector; // the collector
mod documents; // is this document the cloud's, and whose is it
mod forward; // the cloud's API
mod link; // token and accounts
mod list; // the devices to pull from
mod pull; // the work with one listed device
mod receive; // what devices push
mod runner; // a clock and a network
mod settings; // accounts, secrets, rules
mod shell; // listener and management
mod store; // what survives
mod table; // what an operator looks at

pub use bundle::{Export, Imported};
pub use collector::{Collector, Outgoing, Peer};
pub use runner::Runner;
pub use settings::{Admin, Application, Cloud, Settings};
pub use shell::{router, serve};
pub use slp_kit::Listening;
pub use store::{Moment, ReportState, Store, StoredReport, Watch};
pub use table::{Job, Row, print as print_table};
