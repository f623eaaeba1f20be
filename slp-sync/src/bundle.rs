//! Usage bundles `UD_…tar.gz` and their answers `ACK_UD_…tar.gz`.
//!
//! A bundle is a gzip tar archive with a manifest and one archive for each virtual account; those hold one leaf for each
//! device. Flat bundles (leaves beside the manifest), bare inner archives, plain tar files and single leaves are read
//! too. Spec: sync, "Usage bundle".

mod batch;
mod claims;
mod compose;
mod content;
mod devices;
mod index;
mod manifest;
mod name;
mod pair;
mod parallel;
mod read;
mod split;
mod survey;
mod write;

pub use batch::{Batch, Leaf};
pub use claims::{Claims, Refusal};
pub use compose::{Composed, Composer};
pub use content::{Content, LeafDigest};
pub use devices::Devices;
pub use index::{ExportIndex, IndexedLeaf, answered_names};
pub use manifest::{Manifest, Section};
pub use name::{BundleName, LeafName, Level, leaf_number};
pub use pair::{Answer, Pairer, Pairing, Verdict, answer_file_name, named_devices, pair, pair_by_device};
pub use parallel::process;
pub use read::{Reader, Summary};
pub use split::{Portions, Split};
pub use survey::Survey;
pub use write::{Compression, Plan, Sealed, VirtualAccount, Writer};

#[cfg(test)]
pub(crate) mod tests;
