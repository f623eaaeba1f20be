//! A test double of the cloud (CSSM).
//!
//! It takes usage reports by every road that a device or a collector has: smart transport, the cloud API, files and
//! bundles. It counts usage against purchased licences, hands out authorization codes, and signs everything it says with
//! keys of its own. It is not the vendor's service, and no real device trusts it.
//!
//! [`Cloud::handle`] answers one HTTP request at a given time: no socket, no clock, so that a year fits into a test.
//! [`serve`] puts it behind a listener. A [scenario](Fault) makes it slow, wrong or silent.

mod answers; // what a device gets: acknowledgement, policy, account, codes
mod api; // the cloud API
mod book; // purchases, usage, compliance
mod cloud; // one request, one answer
mod devices; // what is known of each device
mod faults; // a scenario: late, twice, wrong, not at all
mod files; // uploads by file, and their answers
mod jobs; // results that are not there yet
mod listen; // behind a listener
mod push; // smart transport
mod settings; // accounts, purchases, secrets

pub use book::Balance;
pub use cloud::{Cloud, SMART_PATH, TOKEN_PATH};
pub use devices::{Device, StoredReport};
pub use faults::{Fault, FaultKind};
pub use files::{Upload, UploadStatus};
pub use listen::serve;
pub use settings::{Client, Enforced, IdToken, PolicyDays, PolicySettings, Purchase, Settings, User, VirtualAccount};
pub use slp_kit::Listening;

/// What is said at every start.
pub const NOTICE: &str = "This is a test double of the cloud with keys of its own. It is not the vendor's service: no real \
                          device trusts its answers, and what it counts binds nobody.";
