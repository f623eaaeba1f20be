//! What SNMP says about licensing: object names, traps, their numbers. Encoding and sockets are not ours.
//!
//! Objects lie under `.0` and notifications under `.1` of the module, the other way round than usual. Spec: transport,
//! "SNMP and syslog" (doc).

mod oid; // object identifiers
mod words; // names and numbers of the module

use std::fmt;

pub use oid::Oid;
pub use words::{ENFORCE_MODE, INITIAL_ACK_STATE};

use slp_model::Udi;

/// The module `CISCO-SMART-LIC-MIB`.
const MODULE: [u32; 9] = [1, 3, 6, 1, 4, 1, 9, 9, 831];

/// Objects worth asking for, as numbers below the module.
pub mod object {
    /// The device, as text (`ciscoSlaSUDIInfo`). In every trap of the policy kind but the one for trust that failed.
    pub const SUDI_INFO: &[u32] = &[0, 2, 0];
    /// Version of the agent (`ciscoSlaVersion`).
    pub const VERSION: &[u32] = &[0, 3, 0];
    /// Is licensing on? (`ciscoSlaEnabled`)
    pub const ENABLED: &[u32] = &[0, 4, 0];
    /// One row a licence; a column and an index follow (`ciscoSlaEntitlementInfoEntry`).
    pub const ENTITLEMENT_ENTRY: &[u32] = &[0, 5, 1, 1];
    /// Are notifications sent at all? (`ciscoSlaGlobalNotifEnable`)
    pub const GLOBAL_NOTIFICATIONS: &[u32] = &[0, 8, 1, 0];
    /// Days without an acknowledgement (`ciscoSlaDaysRUMAckNotReceived`).
    pub const DAYS_WITHOUT_ACK: &[u32] = &[0, 12, 1, 0];
    /// Days within which to report (`ciscoSlaDaysReportingRequired`).
    pub const DAYS_TO_REPORT: &[u32] = &[0, 12, 2, 0];
    /// Why a policy was not installed; good inside a trap alone (`ciscoSlaPolicyModeFailureMessage`).
    pub const FAILURE_MESSAGE: &[u32] = &[0, 13, 1, 0];
    /// State of the first acknowledgement; good inside a trap alone (`ciscoSlaPolicyModeInitialACKState`).
    pub const INITIAL_ACK_STATE: &[u32] = &[0, 13, 2, 0];
}

/// A column of the licence table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EntitlementColumn {
    /// How many are in use.
    Count,
    /// The entitlement tag, as text.
    Tag,
    /// Version of the licence, as text.
    Version,
    /// Its state: a number of [`ENFORCE_MODE`].
    EnforceMode,
    /// What it is called.
    Description,
    /// Name of the feature.
    Feature,
    /// May it be exported?
    ExportAllowed,
}

impl EntitlementColumn {
    /// All of them, in the order of the table. The index, 1, cannot be read.
    pub const ALL: [Self; 7] = [
        Self::Count,
        Self::Tag,
        Self::Version,
        Self::EnforceMode,
        Self::Description,
        Self::Feature,
        Self::ExportAllowed,
    ];

    /// Its number among the columns, from 2.
    pub fn number(self) -> u32 {
        Self::ALL.into_iter().zip(2_u32..).find(|(column, _)| *column == self).map_or(0, |(_, number)| number)
    }

    /// Column and row of an object, if it lies in the table.
    pub fn of(oid: &Oid) -> Option<(Self, u32)> {
        let tail = below_module(oid)?.strip_prefix(object::ENTITLEMENT_ENTRY)?;
        let [column, row] = tail else { return None };
        Self::ALL.into_iter().find(|known| known.number() == *column).map(|known| (known, *row))
    }
}

/// The object with these numbers below the module, such as those of [`object`].
///
/// ```
/// use slp_transport::snmp::{self, object};
///
/// assert_eq!(snmp::oid(object::DAYS_TO_REPORT).to_string(), "1.3.6.1.4.1.9.9.831.0.12.2.0");
/// ```
pub fn oid(below: &[u32]) -> Oid {
    Oid::new(MODULE.into_iter().chain(below.iter().copied()))
}

fn below_module(oid: &Oid) -> Option<&[u32]> {
    oid.as_slice().strip_prefix(&MODULE)
}

/// Which notification a trap is: its number below `.1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Notification(u32);

impl Notification {
    /// Nobody answers any more.
    pub const COMMUNICATION_FAILURE: Self = Self(12);
    /// Somebody answers again.
    pub const COMMUNICATION_RESTORED: Self = Self(13);
    /// A code for an export-controlled licence came.
    pub const EXPORT_REQUEST_SUCCESS: Self = Self(39);
    /// A code was installed, or took the place of another.
    pub const AUTHORIZATION_INSTALL: Self = Self(40);
    /// A code was removed.
    pub const AUTHORIZATION_REMOVE: Self = Self(41);
    /// A policy was installed.
    pub const POLICY_INSTALLED: Self = Self(42);
    /// A policy was removed.
    pub const POLICY_REMOVED: Self = Self(43);
    /// Reports were not acknowledged, for so many days.
    pub const RUM_ACK_NOT_RECEIVED: Self = Self(44);
    /// Reports were acknowledged.
    pub const RUM_ACK_RECEIVED: Self = Self(45);
    /// A code was refused.
    pub const AUTHORIZATION_INSTALL_FAILED: Self = Self(46);
    /// A licence is used that asks for a report, within so many days.
    pub const REPORTING_REQUIRED: Self = Self(47);
    /// A policy was refused.
    pub const POLICY_INSTALL_FAILED: Self = Self(48);
    /// A policy was taken.
    pub const POLICY_INSTALL_SUCCESS: Self = Self(49);
    /// The server is too old for reports.
    pub const REPORTING_NOT_SUPPORTED: Self = Self(50);
    /// Trust was installed.
    pub const TRUST_INSTALL_SUCCESS: Self = Self(51);
    /// Trust was refused. This trap has no objects.
    pub const TRUST_INSTALL_FAILED: Self = Self(52);
    /// State of the first acknowledgement, said at boot.
    pub const POLICY_INITIAL_ACK_STATE: Self = Self(53);

    /// The notification with this number, known or not.
    pub fn from_number(number: u32) -> Self {
        Self(number)
    }

    /// Its number below `.1` of the module.
    pub fn number(self) -> u32 {
        self.0
    }

    /// What it is called, behind `ciscoSlaSmartAgentNotify`. None for a number that the module does not have.
    pub fn name(self) -> Option<&'static str> {
        let place = usize::try_from(self.0).ok()?.checked_sub(1)?;
        words::NOTIFICATIONS.get(place).copied()
    }

    /// Its object identifier, which a trap carries.
    pub fn oid(self) -> Oid {
        oid(&[1, self.0])
    }

    /// The notification of a trap. Spec: transport, "Quirks" 34.
    pub fn of(oid: &Oid) -> Option<Self> {
        match below_module(oid)? {
            // Some senders put a zero between, as older SNMP did.
            [1, number] | [1, 0, number] => Some(Self(*number)),
            _ => None,
        }
    }
}

impl fmt::Display for Notification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => f.pad(&format!("notification {}", self.0)),
        }
    }
}

/// A trap, read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trap {
    /// Which notification it is.
    pub notification: Notification,
    /// The device, as it names itself.
    pub device: Option<String>,
    /// Days: without an acknowledgement, or within which to report, by notification.
    pub days: Option<u64>,
    /// Why something failed.
    pub message: Option<String>,
    /// State of the first acknowledgement: a number of [`INITIAL_ACK_STATE`].
    pub ack_state: Option<u32>,
    /// Objects beside these, and values that do not fit.
    pub others: Vec<(Oid, String)>,
}

impl Trap {
    /// Reads a trap from its identifier and its objects, whose values are given as text.
    ///
    /// ```
    /// use slp_transport::snmp::{Notification, Oid, Trap};
    ///
    /// let trap: Oid = "1.3.6.1.4.1.9.9.831.1.44".parse()?;
    /// let objects = [
    ///     ("1.3.6.1.4.1.9.9.831.0.2.0".parse()?, "UDI: PID:C9300-24UX,SN:TST00000001"),
    ///     ("1.3.6.1.4.1.9.9.831.0.12.1.0".parse()?, "7"),
    /// ];
    /// let trap = Trap::read(&trap, objects).expect("it is one of licensing");
    /// assert_eq!((trap.notification, trap.days), (Notification::RUM_ACK_NOT_RECEIVED, Some(7)));
    /// assert_eq!(trap.udi().map(|udi| udi.serial().to_owned()).as_deref(), Some("TST00000001"));
    /// # Ok::<(), slp_transport::Error>(())
    /// ```
    pub fn read<'t>(trap: &Oid, objects: impl IntoIterator<Item = (Oid, &'t str)>) -> Option<Self> {
        let notification = Notification::of(trap)?;
        let mut read =
            Self { notification, device: None, days: None, message: None, ack_state: None, others: Vec::new() };
        for (oid, value) in objects {
            if !read.take(&oid, value) {
                read.others.push((oid, value.to_owned()));
            }
        }
        Some(read)
    }

    /// Takes one object; false if it is none of these, or its value does not fit.
    fn take(&mut self, oid: &Oid, value: &str) -> bool {
        let Some(below) = below_module(oid) else {
            return false;
        };
        // With and without the zero of a single value.
        let is = |object: &[u32]| below == object || Some(below) == object.split_last().map(|(_, column)| column);
        if is(object::SUDI_INFO) {
            return self.device.replace(value.to_owned()).is_none();
        }
        if is(object::FAILURE_MESSAGE) {
            return self.message.replace(value.to_owned()).is_none();
        }
        if is(object::DAYS_WITHOUT_ACK) || is(object::DAYS_TO_REPORT) {
            self.days = self.days.or(value.trim().parse().ok());
            return value.trim().parse().is_ok_and(|days: u64| self.days == Some(days));
        }
        if is(object::INITIAL_ACK_STATE) {
            self.ack_state = self.ack_state.or(value.trim().parse().ok());
            return value.trim().parse().is_ok_and(|state: u32| self.ack_state == Some(state));
        }
        false
    }

    /// The device, if its text names one in a known spelling.
    pub fn udi(&self) -> Option<Udi> {
        let text = self.device.as_deref()?.trim();
        text.strip_prefix("UDI:").unwrap_or(text).trim().parse().ok()
    }
}

#[cfg(test)]
mod tests;
