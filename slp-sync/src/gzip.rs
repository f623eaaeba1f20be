//! The strict gzip layer: one member, checked to its last byte, and bytes that do not depend on the number of threads.
//!
//! Ordinary readers stop after the first member and say nothing about what follows, or read all members as one: two
//! readers of one file then see two contents. Here a file is one member. Spec: sync, "Named hostile cases".

mod deflate;
mod read;
mod stored;

pub use deflate::{CHUNK, Deflater, Member};
pub use read::Reader;
pub(crate) use read::{Inflater, Layer};
pub(crate) use stored::Stored;

/// The first ten bytes that we write: no name, no time, no hints, system unknown. Spec: sync, "Writer bytes".
pub(crate) const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

#[cfg(test)]
pub(crate) mod tests;
