//! A product instance, simulated: what a switch or a router does about licences, and nothing else.
//!
//! [`Device`] uses licences, writes signed usage reports, sends them by smart transport or to a collector or into files,
//! imports what comes back, and keeps all of it in a [`Store`] before it acts on it. It reads no clock and opens no socket:
//! time and answers are given to it, so that a year fits into a test. [`Runner`] does both for a program.
//!
//! Its reports are signed with keys of its own. They are not a real device's.

mod codes; // authorization codes: asked for, in force, given back
mod commands; // the words of an operator
mod exchange; // what is sent, and what is made of answers
mod fault; // what the device refuses, with the vendor's number
mod files; // its own disk
mod fleet; // many of them on one runtime
mod importing; // documents that come back
mod instance; // the device
mod life; // licences in use, reports open and closed
mod reservation; // the way before policies
mod rest; // the service that a collector pulls from
mod restconf; // the same by the data model
mod runner; // a clock and a network
mod setup; // who the device is
mod show; // what it prints
mod stack; // who is active, who joins, who leaves
mod state_info; // what the data model says about it
mod store; // what survives
mod syslog; // what it logs
mod tech_support; // what it prints for whoever looks for a fault
mod trusted; // whose signatures it believes

pub use exchange::Outgoing;
pub use files::{Files, FolderFiles, MemoryFiles};
pub use fleet::Fleet;
pub use instance::Device;
pub use life::{Interval, KeptReport, Life, OpenReport};
pub use rest::{Access, Served, serve, serve_tls};
pub use runner::Runner;
pub use setup::{Feature, Setup, Transport};
pub use slp_kit::Network;
pub use store::{Addresses, FolderStore, Former, Imported, LastCodes, MemoryStore, Reservation, Saved, Store, Wanted};
pub use trusted::Trusted;
