//! What was exported: for each leaf its device, its reports, its digest. The ledger keeps it, pairing looks it up.

use slp_model::{ReportId, Udi};

use crate::bundle::{LeafDigest, leaf_number};

/// One leaf of an exported bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportedLeaf {
    /// The archive it lies in; empty in a flat bundle.
    pub archive: String,
    /// Its name in the archive.
    pub leaf: String,
    /// The device whose reports it holds.
    pub device: Udi,
    /// Other members of the device's HA set that its reports name.
    pub ha: Vec<Udi>,
    /// Its reports, in the order of the leaf.
    pub reports: Vec<ReportId>,
    /// Size and SHA-256 of its bytes.
    pub digest: LeafDigest,
}

impl ExportedLeaf {
    /// A leaf of this device, without reports.
    pub fn new(archive: impl Into<String>, leaf: impl Into<String>, device: Udi, digest: LeafDigest) -> Self {
        Self { archive: archive.into(), leaf: leaf.into(), device, ha: Vec::new(), reports: Vec::new(), digest }
    }

    /// The collector's number for the device.
    pub fn number(&self) -> Option<u64> {
        leaf_number(&self.leaf)
    }

    /// Is this the device, or a member of its HA set?
    pub fn is_of(&self, device: &Udi) -> bool {
        self.device.matches(device) || self.ha.iter().any(|member| member.matches(device))
    }
}
