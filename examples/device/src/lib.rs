//! A product instance, simulated: what a switch or a router does about licences, and nothing else.
//!
//! [`Device`] uses licences, writes signed usage reports, sends them by smart transport or to a collector or into files,
//! imports what comes back, and keeps all of it in a [`Store`] before it acts on it. It reads no clock and opens no socket:
//! time and answers are given to it, so that a year fits into a test. [`Runner`] does both for a program.
//!
//! Its reports are signed with keys of its own. They are not a real device's.

mod commands; // the words of an operator
mod exchange; // what is sent, and what is made of answers
mod instance; // the device
mod life; // licences in use, reports open and closed
mod rest; // the service that a collector pulls from
mod runner; // a clock and a network
mod setup; // who the device is
mod show; // what it prints
mod store; // what survives
mod syslog; // what it logs
mod trusted; // whose signatures it believes

pub use exchange::Outgoing;
pub use instance::Device;
pub use life::{Interval, KeptReport, Life, OpenReport};
pub use rest::{Access, serve};
pub use runner::Runner;
pub use setup::{Feature, Setup, Transport};
pub use slp_kit::Network;
pub use store::{FolderStore, Imported, MemoryStore, Saved, Store};
pub use trusted::Trusted;
