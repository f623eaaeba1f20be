//! Samples of others, read where they lie: `SLP_SAMPLES` says where. They are never copied into the project.

use std::path::{Path, PathBuf};

/// The folder `ack-auth` of the samples, or `None` with a word about it.
#[expect(clippy::disallowed_methods, reason = "samples lie where the environment says")]
#[expect(clippy::print_stderr, reason = "an absent sample is said aloud")]
pub(crate) fn samples() -> Option<PathBuf> {
    let Ok(folder) = std::env::var("SLP_SAMPLES") else {
        eprintln!("skipped: SLP_SAMPLES is not set");
        return None;
    };
    Some(PathBuf::from(folder).join("ack-auth"))
}

/// A file, whole.
#[expect(clippy::disallowed_methods, reason = "small files of the tests")]
pub(crate) fn bytes(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
