//! Reads a device list; errors come row by row.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use slp_model::Location;

use super::csv::{Fault, Record, Records};
use super::{COLUMNS, ConnectMethod, Device, Inventory, Password, Rules, host};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::source::widen;

/// What is wrong with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RowFault {
    /// No address.
    MissingHost,
    /// No identity, and the settings need one.
    MissingUdi,
    /// A method that asks, without account and password.
    MissingCredentials,
    /// Not one of the methods.
    BadMethod,
    /// A method that asks, and the devices are behind NAT.
    MethodNotAllowed,
    /// Neither an address nor a name.
    BadHost,
    /// Not a UUID.
    BadUuid,
    /// The same device as in an earlier row.
    #[non_exhaustive]
    DuplicateDevice {
        /// The number of that row.
        first_row: u64,
    },
    /// No local virtual account of this name.
    UnknownVirtualAccount,
    /// More fields than the header has.
    TooManyFields,
    /// A cell beyond its limit.
    FieldTooLong,
    /// A cell that is not UTF-8 or holds NUL.
    NotUtf8,
    /// Quotes that RFC 4180 does not allow.
    BadQuote,
}

impl RowFault {
    /// The stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MissingHost => "missing-host",
            Self::MissingUdi => "missing-udi",
            Self::MissingCredentials => "missing-credentials",
            Self::BadMethod => "bad-method",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::BadHost => "bad-host",
            Self::BadUuid => "bad-uuid",
            Self::DuplicateDevice { .. } => "duplicate-device",
            Self::UnknownVirtualAccount => "unknown-virtual-account",
            Self::TooManyFields => "too-many-fields",
            Self::FieldTooLong => "field-too-long",
            Self::NotUtf8 => "not-utf8",
            Self::BadQuote => "bad-quote",
        }
    }

    fn sentence(self) -> String {
        match self {
            Self::MissingHost => "the address is missing".to_owned(),
            Self::MissingUdi => "behind NAT a device needs a product id and serial number, or a UUID".to_owned(),
            Self::MissingCredentials => "this method needs a username and a password".to_owned(),
            Self::BadMethod => "expected PRODUCT_INSTANCE_INITIATED, NETCONF, RESTCONF or REST_API".to_owned(),
            Self::MethodNotAllowed => "behind NAT only PRODUCT_INSTANCE_INITIATED works".to_owned(),
            Self::BadHost => "neither an IPv4 or IPv6 address nor a DNS name".to_owned(),
            Self::BadUuid => "not a UUID of 36 characters".to_owned(),
            Self::DuplicateDevice { first_row } => format!("the same device as in row {first_row}"),
            Self::UnknownVirtualAccount => "there is no local virtual account of this name".to_owned(),
            Self::TooManyFields => "more fields than the header has".to_owned(),
            Self::FieldTooLong => "the cell is too long".to_owned(),
            Self::NotUtf8 => "the cell is not UTF-8 or holds NUL".to_owned(),
            Self::BadQuote => "a quote stands inside a field: put the field in quotes and double the quote".to_owned(),
        }
    }
}

/// One row that is not taken. It shows no cell: one may be a password.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RowError {
    /// What is wrong.
    pub fault: RowFault,
    /// The number of the record; the header is 1.
    pub row: u64,
    /// The physical line on which it starts.
    pub line: u64,
    /// Our name of the column, if it is about one.
    pub column: Option<&'static str>,
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}, line {}", self.row, self.line)?;
        if let Some(column) = self.column {
            write!(f, ", column {column}")?;
        }
        write!(f, ": {}", self.fault.sentence())
    }
}

impl std::error::Error for RowError {}

/// Reads a device list: the devices of the good rows, and the errors of the bad ones. Import nothing unless there is no
/// error, or the operator asked for the good rows alone.
///
/// ```
/// use slp_sync::inventory::{Rules, read};
/// use slp_sync::Limits;
///
/// let list = b"ip;mode;user;pass;pid;sn\n192.0.2.11;push;;;TEST-SWITCH;TST00000001\n;NETCONF;u;p;;\n";
/// let (inventory, errors) = read(list, &Rules::default(), &Limits::default())?;
/// assert_eq!(inventory.devices[0].host, "192.0.2.11");
/// assert_eq!(errors[0].to_string(), "row 3, line 3, column host: the address is missing");
/// # Ok::<(), slp_sync::Error>(())
/// ```
///
/// # Errors
/// For the file as a whole: [`ErrorKind::BadValue`] (names `missing-header`, `duplicate-column`, `unterminated-quote`),
/// [`ErrorKind::Limit`] (names `rows`, `columns`).
pub fn read(bytes: &[u8], rules: &Rules, limits: &Limits) -> Result<(Inventory, Vec<RowError>)> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let most = usize::try_from(limits.columns).unwrap_or(usize::MAX);
    let mut records = Records::new(bytes, delimiter(bytes), most);
    let header = records.next().ok_or_else(|| file_fault("missing-header", 1, "the list has no header line"))?;
    let header = Header::read(&header, limits)?;
    let mut inventory = Inventory { other_columns: header.others.clone(), devices: Vec::new() };
    let mut errors = Vec::new();
    let mut seen = BTreeMap::new();
    for (row, record) in (2_u64..).zip(records) {
        if row.saturating_sub(1) > limits.rows {
            return Err(Error::limit("rows", limits.rows, "rows of the device list"));
        }
        if matches!(record.fault, Some((_, Fault::Unterminated))) {
            return Err(file_fault("unterminated-quote", record.line, "the file ends inside quotes"));
        }
        match header.device(&record, rules, limits).and_then(|device| {
            // A row that is refused claims no identity.
            let first = *seen.entry(identity(&device)).or_insert(row);
            let fault = RowFault::DuplicateDevice { first_row: first };
            if first == row { Ok(device) } else { Err((fault, None)) }
        }) {
            Ok(device) => inventory.devices.push(device),
            Err((fault, column)) => errors.push(RowError { fault, row, line: record.line, column }),
        }
    }
    Ok((inventory, errors))
}

fn file_fault(name: &'static str, line: u64, text: &str) -> Error {
    let mut at = Location::default();
    at.line = Some(line);
    Error::new(ErrorKind::BadValue, text).named(name).at(at).fatal()
}

/// Comma, else semicolon, else tab: whichever the header line has.
fn delimiter(bytes: &[u8]) -> u8 {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    [b',', b';', b'\t'].into_iter().find(|delimiter| line.contains(delimiter)).unwrap_or(b',')
}

/// UDI, else UUID, else host and method.
fn identity(device: &Device) -> (u8, String, String) {
    if !device.pid.is_empty() && !device.serial.is_empty() {
        (0, device.pid.clone(), device.serial.clone())
    } else if device.uuid.is_empty() {
        (2, device.host.to_ascii_lowercase(), device.method.as_str().to_owned())
    } else {
        (1, device.uuid.to_ascii_lowercase(), String::new())
    }
}

/// Which column is which.
struct Header {
    /// For each column of the file: ours, or none.
    columns: Vec<Option<usize>>,
    others: Vec<String>,
}

type CellFault = (RowFault, Option<&'static str>);

impl Header {
    fn read(record: &Record<'_>, limits: &Limits) -> Result<Self> {
        if widen(record.fields.len()) > limits.columns {
            return Err(Error::limit("columns", limits.columns, "columns of the device list"));
        }
        let mut columns = Vec::new();
        let mut others = Vec::new();
        for field in &record.fields {
            let name = unguarded(String::from_utf8_lossy(field).trim()).into_owned();
            let folded = name.to_lowercase().replace([' ', '-'], "_");
            let known = COLUMNS.iter().position(|(ours, aliases)| *ours == folded || aliases.contains(&&*folded));
            if known.is_some_and(|known| columns.contains(&Some(known))) || (known.is_none() && others.contains(&name))
            {
                let text = format!("column {} stands twice", slp_model::Quoted(&name));
                return Err(file_fault("duplicate-column", record.line, &text));
            }
            if known.is_none() {
                others.push(name);
            }
            columns.push(known);
        }
        if columns.iter().all(Option::is_none) {
            let text = "no known column in the first line: expected host, connect_method, udi_pid, …";
            return Err(file_fault("missing-header", record.line, text));
        }
        Ok(Self { columns, others })
    }

    fn device(&self, record: &Record<'_>, rules: &Rules, limits: &Limits) -> Result<Device, CellFault> {
        let column = |at: usize| {
            let known = self.columns.get(at).copied().flatten();
            known.and_then(|known| COLUMNS.get(known)).map(|(name, _)| *name)
        };
        if let Some((at, _)) = record.fault {
            return Err((RowFault::BadQuote, column(at)));
        }
        if record.fields.len() > self.columns.len() {
            return Err((RowFault::TooManyFields, None));
        }
        let mut cells: [String; 8] = Default::default();
        let mut others = vec![String::new(); self.others.len()];
        let mut other_slots = others.iter_mut();
        for (at, (known, field)) in self.columns.iter().zip(&record.fields).enumerate() {
            if widen(field.len()) > limits.cell_bytes {
                return Err((RowFault::FieldTooLong, column(at)));
            }
            let text = std::str::from_utf8(field).ok().filter(|text| !text.contains('\0'));
            let text = text.ok_or((RowFault::NotUtf8, column(at)))?;
            let slot = match known {
                Some(known) => cells.get_mut(*known),
                None => other_slots.next(),
            };
            if let Some(slot) = slot {
                *slot = unguarded(text).into_owned();
            }
        }
        build(&cells, others, rules)
    }
}

/// A leading quote before a character that a spreadsheet would calculate was put there by a writer.
fn unguarded(text: &str) -> Cow<'_, str> {
    match text.strip_prefix('\'') {
        Some(rest) if rest.starts_with(super::write::FORMULA) => Cow::Borrowed(rest),
        _ => Cow::Borrowed(text),
    }
}

fn build(cells: &[String; 8], others: Vec<String>, rules: &Rules) -> Result<Device, CellFault> {
    let trimmed = |text: &String| text.trim().to_owned();
    let [host, method, username, password, pid, serial, uuid, virtual_account] = cells;
    let method = ConnectMethod::parse(method.trim()).ok_or((RowFault::BadMethod, Some("connect_method")))?;
    let mut device = Device {
        host: trimmed(host),
        method,
        username: trimmed(username),
        password: Password(password.clone()),
        pid: trimmed(pid),
        serial: trimmed(serial),
        uuid: trimmed(uuid),
        virtual_account: trimmed(virtual_account),
        others,
    };
    if device.host.is_empty() {
        if !rules.nat {
            return Err((RowFault::MissingHost, Some("host")));
        }
    } else {
        device.host = host::parse(&device.host).ok_or((RowFault::BadHost, Some("host")))?.into();
    }
    let pull = method != ConnectMethod::Push;
    if rules.nat && pull {
        return Err((RowFault::MethodNotAllowed, Some("connect_method")));
    }
    if !device.uuid.is_empty() && !is_uuid(&device.uuid) {
        return Err((RowFault::BadUuid, Some("uuid")));
    }
    if rules.nat && device.uuid.is_empty() && (device.pid.is_empty() || device.serial.is_empty()) {
        return Err((RowFault::MissingUdi, Some("udi_pid")));
    }
    if pull && !rules.without_credentials && (device.username.is_empty() || device.password.is_empty()) {
        let column = if device.username.is_empty() { "username" } else { "password" };
        return Err((RowFault::MissingCredentials, Some(column)));
    }
    let known = device.virtual_account.is_empty() || rules.virtual_accounts.contains(&device.virtual_account);
    if known { Ok(device) } else { Err((RowFault::UnknownVirtualAccount, Some("local_virtual_account"))) }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
