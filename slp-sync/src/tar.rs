//! The strict tar layer: regular files in one directory, and no two ways to read them.
//!
//! The `tar` crate is a good general reader; a hostile archive lives from what general readers tolerate. Here a header is
//! read by forty lines of code that refuse what they do not know, names are labels that never touch a disk, and a size
//! that stands twice must be the same twice. Spec: sync, "Entry name algorithm", "Extension headers".

mod header;
mod name;
mod pax;
mod read;

pub use header::archive;
pub(crate) use header::ustar;
pub(crate) use read::{Body, Entries, padding};
pub use read::{Entry, Reader};

/// Headers and data come in blocks.
pub(crate) const BLOCK: usize = 512;

#[cfg(test)]
mod tests;
