//! Usage bundles `UD_…tar.gz` and their answers `ACK_UD_…tar.gz`.
//!
//! A bundle is a gzip tar archive with a manifest and one archive for each virtual account; those hold one leaf for each
//! device. Flat bundles (leaves beside the manifest), bare inner archives, plain tar files and single leaves are read
//! too. Spec: sync, "Usage bundle".

mod batch;
mod content;
mod manifest;
mod name;
mod parallel;
mod read;
mod write;

pub use batch::{Batch, Leaf};
pub use content::{Content, LeafDigest};
pub use manifest::{Manifest, Section};
pub use name::{BundleName, LeafName, Level, leaf_number};
pub use parallel::process;
pub use read::{Reader, Summary};
pub use write::{Compression, Plan, Sealed, VirtualAccount, Writer};

#[cfg(test)]
mod tests;
