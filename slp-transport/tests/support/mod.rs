//! Real samples: read where they lie, never copied, their absence said aloud.

#[cfg(all(feature = "client", feature = "server"))]
#[allow(dead_code, reason = "not every test talks")]
pub(crate) mod net;

use std::path::PathBuf;

/// The samples, or a line on stderr and `None`.
#[allow(dead_code, reason = "not every test reads samples")]
pub(crate) fn samples() -> Option<PathBuf> {
    let Some(root) = std::env::var_os("SLP_SAMPLES") else {
        eprintln!("skipped: SLP_SAMPLES is not set, so the published samples are not read");
        return None;
    };
    Some(PathBuf::from(root))
}

/// One sample.
#[allow(dead_code, reason = "not every test reads single files")]
pub(crate) fn sample(name: &str) -> Option<Vec<u8>> {
    Some(std::fs::read(samples()?.join(name)).unwrap_or_else(|error| panic!("{name}: {error}")))
}
