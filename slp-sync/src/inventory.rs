//! The device list: which devices an On-Prem knows and how it reaches them, as CSV.
//!
//! The real headers of On-Prem and CSLU are not public: the header is this project's own, many others are read. Errors
//! come row by row; a password is read and never written. Spec: sync, "Device list CSV" (choice).

mod csv;
mod host;
mod read;
mod write;

pub use read::{RowError, RowFault, read};
pub use write::write;

use std::fmt;

/// How an On-Prem and a device meet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ConnectMethod {
    /// The device comes: `PRODUCT_INSTANCE_INITIATED`, also `push` (doc).
    #[default]
    Push,
    /// On-Prem asks by NETCONF (doc).
    Netconf,
    /// On-Prem asks by RESTCONF (doc).
    Restconf,
    /// On-Prem asks by the REST interface of the device (doc).
    RestApi,
}

impl ConnectMethod {
    /// The word that is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Push => "PRODUCT_INSTANCE_INITIATED",
            Self::Netconf => "NETCONF",
            Self::Restconf => "RESTCONF",
            Self::RestApi => "REST_API",
        }
    }

    /// Reads a word in any case; empty means push.
    fn parse(text: &str) -> Option<Self> {
        if text.is_empty() || text.eq_ignore_ascii_case("push") {
            return Some(Self::Push);
        }
        let all = [Self::Push, Self::Netconf, Self::Restconf, Self::RestApi];
        all.into_iter().find(|method| method.as_str().eq_ignore_ascii_case(text))
    }
}

/// A password of a device: read, never written, never shown.
#[derive(Default, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The password itself, for the one place that logs in.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() { "Password(none)" } else { "Password(hidden)" })
    }
}

/// One device of the list.
#[derive(Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Device {
    /// Address or name; may be empty behind NAT.
    pub host: String,
    /// How it is reached.
    pub method: ConnectMethod,
    /// The account on the device, for methods that ask.
    pub username: String,
    /// Its password.
    pub password: Password,
    /// Product id, may be empty.
    pub pid: String,
    /// Serial number, may be empty.
    pub serial: String,
    /// UUID, may be empty.
    pub uuid: String,
    /// The local virtual account; empty means the default.
    pub virtual_account: String,
    /// What other columns held, in their order.
    pub others: Vec<String>,
}

/// A device list.
#[derive(Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inventory {
    /// Names of columns that mean nothing here, in their order: written back behind ours.
    pub other_columns: Vec<String>,
    /// The devices, in the order of the file.
    pub devices: Vec<Device>,
}

/// What the settings of the On-Prem ask of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rules {
    /// Devices are behind NAT: they are known by UDI or UUID, and only push works (doc).
    pub nat: bool,
    /// Names of the local virtual accounts that exist; the default needs no name.
    pub virtual_accounts: Vec<String>,
    /// Methods that ask may come without account and password: for a list that was exported and is only looked at.
    pub without_credentials: bool,
}

impl Rules {
    /// These settings.
    pub fn new(nat: bool, virtual_accounts: Vec<String>) -> Self {
        Self { nat, virtual_accounts, without_credentials: false }
    }
}

/// Our columns, in the order of the file, with the other names that are read.
const COLUMNS: [(&str, &[&str]); 8] = [
    ("host", &["hostname", "ip", "ip_address", "ipaddr", "address", "name", "device"]),
    ("connect_method", &["method", "mode"]),
    ("username", &["user"]),
    ("password", &["pass"]),
    ("udi_pid", &["pid", "product_id"]),
    ("udi_serial_number", &["sn", "serial", "serial_number", "udi_sn"]),
    ("uuid", &["udi_uuid"]),
    ("local_virtual_account", &["lva", "virtual_account", "va", "va_name"]),
];

#[cfg(test)]
mod tests;
