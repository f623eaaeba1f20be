//! The whole circle on one machine: devices, a collector, a cloud, and every road between them.
//!
//! [`run`] starts what a path needs on loopback, with stores that are gone afterwards, lets devices live for simulated months,
//! says who tells what to whom, and ends with a table. Nothing has to be set up, and no vendor account is needed: the cloud
//! is the test double `cssm`, with keys of its own.

mod airgap; // files are carried
mod api; // a collector of one's own, in a few lines
mod collecting; // the collector of a path
mod disconnected; // a collector without a cloud: bundles are carried
mod online; // devices talk to the cloud, or push to a collector that does
mod pull; // a collector asks devices
mod stores; // what every party has on record at the end
mod table; // how it ended
mod tell; // who says what to whom
mod wire; // loopback, and somebody who listens
mod world; // cloud, devices, clock, network

pub use stores::Stores;
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
    /// Devices push to a collector, which talks to the cloud.
    CsluPush,
    /// A collector asks devices, and talks to the cloud.
    CsluPull,
    /// Everything is carried: from devices without any connectivity, then from a collector without a cloud.
    Airgap,
    /// A collector of one's own: device REST on one side, the cloud's API on the other.
    Api,
}

impl Path {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Direct, Self::CsluPush, Self::CsluPull, Self::Airgap, Self::Api];

    /// Its word on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::CsluPush => "cslu-push",
            Self::CsluPull => "cslu-pull",
            Self::Airgap => "airgap",
            Self::Api => "api",
        }
    }

    /// The topologies that it shows, in this order.
    const fn topologies(self) -> &'static [Topology] {
        match self {
            Self::Direct => &[Topology::Direct],
            Self::CsluPush => &[Topology::Push],
            Self::CsluPull => &[Topology::Pull],
            Self::Airgap => &[Topology::NoConnectivity, Topology::Disconnected],
            Self::Api => &[Topology::ThirdParty],
        }
    }
}

/// Who is joined to whom: one world each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topology {
    Direct,
    Push,
    Pull,
    NoConnectivity,
    Disconnected,
    ThirdParty,
}

impl Topology {
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Direct => "directly to the cloud",
            Self::Push => "a collector that devices push to, connected",
            Self::Pull => "a collector that pulls from devices, connected",
            Self::NoConnectivity => "no connectivity",
            Self::Disconnected => "a collector that devices push to, disconnected",
            Self::ThirdParty => "a third party's collector",
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

/// How one topology of a path ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Ended {
    /// What was joined to what.
    pub title: &'static str,
    /// The table.
    pub outcome: Outcome,
    /// What every party has on record.
    pub stores: Stores,
}

/// Runs one path, one topology of it after the other, and tells on `out` what happens.
///
/// # Errors
/// When a listener cannot be had, or `out` cannot be written.
pub fn run(path: Path, options: &Options, out: &mut dyn Write) -> Result<Vec<Ended>, Error> {
    let mut ended = Vec::new();
    for topology in path.topologies() {
        let mut world = world::World::new(*topology, options)?;
        writeln!(out, "== {path}, {}: {}", topology.title(), world.introduction())?;
        match topology {
            Topology::Direct => online::direct(&mut world, out)?,
            Topology::Push => online::push(&mut world, out)?,
            Topology::Pull => pull::run(&mut world, out)?,
            Topology::NoConnectivity => airgap::run(&mut world, out)?,
            Topology::Disconnected => disconnected::run(&mut world, out)?,
            Topology::ThirdParty => api::run(&mut world, out)?,
        }
        world.teller.end(out)?;
        let outcome = world.outcome();
        outcome.write(out)?;
        ended.push(Ended { title: topology.title(), outcome, stores: world.stores()? });
    }
    Ok(ended)
}
