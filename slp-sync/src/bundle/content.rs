//! The identity of a bundle, whatever its compression.

use sha2::{Digest, Sha256};

use crate::fingerprint::hex;
use crate::source::widen;

/// Size and SHA-256 of one leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct LeafDigest {
    /// Bytes of the leaf.
    pub size: u64,
    /// SHA-256 of these bytes.
    pub sha256: [u8; 32],
}

impl LeafDigest {
    /// That of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self { size: widen(bytes.len()), sha256: Sha256::digest(bytes).into() }
    }

    /// The SHA-256 in lower-case hexadecimal.
    pub fn hex(&self) -> String {
        hex(&self.sha256)
    }
}

/// Computes `content_sha256`: SHA-256 over a line `archive TAB leaf TAB size TAB sha256 LF` for the manifest (`-` in place
/// of the leaf) and for each leaf, in the order of the bundle. Spec: sync, "Writer bytes".
///
/// A planner can compute it before anything is written; the [`Writer`](super::Writer) computes it again as it writes.
#[derive(Clone, Debug, Default)]
pub struct Content(Sha256);

impl Content {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the manifest, which comes first.
    pub fn manifest(&mut self, bytes: &[u8]) {
        self.line("manifest.mf", "-", LeafDigest::of(bytes));
    }

    /// Adds the next leaf.
    pub fn leaf(&mut self, archive: &str, leaf: &str, digest: LeafDigest) {
        self.line(archive, leaf, digest);
    }

    fn line(&mut self, archive: &str, leaf: &str, digest: LeafDigest) {
        self.0.update(format!("{archive}\t{leaf}\t{}\t{}\n", digest.size, digest.hex()));
    }

    /// The digest of everything that was added.
    pub fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}
