//! What the programs share: clocks, randomness, files that are never half written, keys and certificates of their own, listeners
//! and what they log.

mod alone; // files of one process at a time
mod authority; // keys and certificates that vouch for nobody but themselves
mod clock; // the machine's clock, and one that tests turn
mod events; // what happened, for the log
mod files; // whole or not at all
mod judged; // what a device makes of signatures and certificates
mod listen; // a service behind a listener
mod network; // takes a message to where it goes
mod random; // nonces, ids and tokens
pub mod sample; // invented devices and reports
mod strangers; // what is written down about those who were refused
mod usage; // reports of a message, all read or none

pub use alone::open_alone;
pub use authority::{Authority, Leaf, certified_until};
pub use clock::{Clock, ManualClock, SystemClock, later};
pub use events::Events;
pub use files::{line_at, open_file, read_whole, write_whole};
pub use judged::{device_leaf, verdict};
pub use listen::Listening;
pub use network::Network;
pub use random::Random;
pub use usage::reports_of;

/// What goes wrong around the crates: a file, a key, a certificate.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
