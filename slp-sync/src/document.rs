//! The four files that an On-Prem and the cloud exchange: registration request and authorization, synchronization request
//! and response.
//!
//! Their real bytes are not public. These are documents of this project's own that carry the published member names, signed
//! and canonical; no interoperability with the vendor's files is claimed. Spec: sync, "Documents A–D" (choice, the names
//! of the members are doc).
//!
//! Reading and trusting are two calls: [`Document::read`] says what a file claims, [`verify`] makes the witness that may
//! be applied.

mod codec;
mod content;
mod registration;
mod request;
mod response;
pub mod verify;
#[cfg(feature = "yaml")]
mod yaml;

pub use codec::Row;
pub(crate) use codec::{HasKey, key_of};
pub use content::{Content, Document, Kind};
pub use registration::{RegistrationAuthorization, RegistrationRequest};
pub use request::{LocalAccount, LocalLicense, ProductInstance, SyncRequest, Use};
pub use response::{CloudAccount, CloudLicense, HierarchyEntry, Line, Notice, SyncResponse};

#[cfg(test)]
mod tests;
