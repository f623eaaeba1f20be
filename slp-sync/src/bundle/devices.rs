//! Which devices a bundle has leaves of.

use slp_model::{Location, Quoted, Udi};

use crate::fingerprint::Fingerprints;
use crate::warning::{Warning, WarningKind};

/// The devices that were met in a bundle, eight bytes each: a second leaf of one device is read, and told. Spec: sync,
/// "Named hostile cases", `duplicate_udi`.
///
/// ```
/// use slp_model::Location;
/// use slp_sync::bundle::Devices;
///
/// let (mut devices, device) = (Devices::default(), "P:TEST-SWITCH,S:TST00000001".parse()?);
/// assert!(devices.note(&device, Location::default()).is_none());
/// assert!(devices.note(&device, Location::default().inside("dev_2.txt")).is_some());
/// # Ok::<(), slp_model::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Devices(Fingerprints);

impl Devices {
    /// Takes note of the device of the leaf that lies there. A warning if it has a leaf already.
    pub fn note(&mut self, device: &Udi, at: Location) -> Option<Warning> {
        let is_new = self.0.insert(identity(device).as_bytes());
        (!is_new).then(|| Warning::new(WarningKind::DuplicateDevice, at).with(Quoted(&device.to_string()).to_string()))
    }

    /// Has the device a leaf already?
    pub fn contains(&self, device: &Udi) -> bool {
        self.0.contains(identity(device).as_bytes())
    }
}

/// Product id and serial number, which no UDI of the same device spells in another way.
fn identity(device: &Udi) -> String {
    format!("{}\t{}", device.pid(), device.serial())
}
