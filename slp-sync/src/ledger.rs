//! The ledger of exported bundles: an append-only file that survives a kill at any byte.
//!
//! This crate computes lines and plans; the file, its lock, and `fsync` are the program's. The order is: append the line
//! of `begin`, sync; write `<name>.part`, sync; rename it; append the line of `seal`, sync. Whatever was killed between
//! two of these, [`Ledger::resume`] says what to do. Spec: sync, "Ledger of exported bundles".
//!
//! ```
//! use slp_sync::bundle::LeafDigest;
//! use slp_sync::ledger::{Begin, Event, Ledger};
//! use slp_sync::ExportedLeaf;
//!
//! let mut ledger = Ledger::new();
//! let leaf = ExportedLeaf::new("", "dev_1.txt", "P:TEST-SWITCH,S:TST00000001".parse()?, LeafDigest::of(b"x"));
//! let begin = Event::Begin(Begin::new("Quebec", [0; 32], vec![leaf]));
//! let line = ledger.append("UD_SA_26Nov24_10_20_30_123.tar.gz", "2026-11-24T10:20:30.123Z".parse()?, begin)?;
//!
//! let (again, length) = Ledger::open(line.as_bytes())?;
//! assert_eq!(length, line.len() as u64);
//! assert_eq!(again.unsealed().count(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod event;
mod line;
mod state;

pub use event::{AckEntry, Basis, Begin, Event, Via};
pub use state::{BundleState, Exported, Ledger, ReportStatus, Resume};

#[cfg(test)]
mod tests;
