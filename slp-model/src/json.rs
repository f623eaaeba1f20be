//! JSON as these formats need it: text in, text out, places always known.
//!
//! [`Reader`] pulls values out of a text without copying: it knows the byte offset of everything, refuses a member name
//! that stands twice, keeps the raw text of what its caller does not know, and counts depth and string lengths before it
//! works. [`write_string`] writes strings under a named [`Profile`]: four profiles look alike and are not.
//!
//! Why not a general library here: a report must be refused for a duplicate member anywhere, give back unknown members
//! as they stood, and name line, column and path of every fault, on a path that reads hundreds of megabytes a second.
//! The reader is held against a public conformance suite and against `serde_json` in the tests.
//!
//! ```
//! use slp_model::json::{Limits, Reader};
//!
//! let mut reader = Reader::new(r#"{"count":"2","x":[1, 2.50]}"#, Limits::default());
//! reader.begin_object()?;
//! while let Some(name) = reader.next_member()? {
//!     match &*name {
//!         "count" => assert_eq!(reader.string()?, "2"),
//!         _ => assert_eq!(reader.skip()?, "[1, 2.50]"), // the raw text, as it stands
//!     }
//! }
//! reader.end()?;
//! # Ok::<(), slp_model::json::Fault>(())
//! ```

mod fault;
mod read;
mod seen;
mod unescape;
mod write;

pub use fault::{Fault, FaultKind};
pub use read::{Limits, Reader, ValueKind};
pub use seen::Seen;
pub use unescape::unescape;
pub use write::{Profile, write_compact, write_string};

#[cfg(test)]
mod tests;
