//! The whole circle on one machine: devices, a cloud, and every road between them.
//!
//! [`run`] starts what a path needs on loopback, with stores that are gone afterwards, lets devices live for simulated months,
//! says who tells what to whom, and ends with a table. Nothing has to be set up, and no vendor account is needed: the cloud
//! is the test double `cssm`, with keys of its own.

mod airgap; // files are carried
mod api; // a collector of one's own, in a few lines
mod direct; // devices talk to the cloud
mod table; // how it ended
mod tell; // who says what to whom
mod world; // cloud, devices, clock, network

pub use table::{Licence, Outcome, Row};
pub use world::Options;

use std::fmt;
use std::io::Write;
use std::str::FromStr;

use slp_kit::Error;

/// A way from devices to the cloud and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Path {
    /// Smart transport: devices talk to the cloud.
    Direct,
    /// No connectivity at all: files and bundles are carried.
    Airgap,
    /// A collector of one's own: device REST on one side, the cloud's API on the other.
    Api,
}

impl Path {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Direct, Self::Airgap, Self::Api];

    /// Its word on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Airgap => "airgap",
            Self::Api => "api",
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Path {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|path| path.as_str() == word);
        found.ok_or_else(|| format!("no path is called {word}; there are: {}", Self::ALL.map(Self::as_str).join(", ")))
    }
}

/// Runs one path, and tells on `out` what happens.
///
/// # Errors
/// When a listener cannot be had, or `out` cannot be written.
pub fn run(path: Path, options: &Options, out: &mut dyn Write) -> Result<Outcome, Error> {
    let mut world = world::World::new(path, options)?;
    writeln!(out, "== {path}: {}", world.introduction())?;
    match path {
        Path::Direct => direct::run(&mut world, out)?,
        Path::Airgap => airgap::run(&mut world, out)?,
        Path::Api => api::run(&mut world, out)?,
    }
    let outcome = world.outcome();
    outcome.write(out)?;
    Ok(outcome)
}
