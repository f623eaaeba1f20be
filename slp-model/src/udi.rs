//! Who a device is: product id and serial number, in every spelling they travel in.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

mod report_id;
#[cfg(test)]
mod tests;
mod text;

pub use report_id::ReportId;
pub use text::UdiForm;

use crate::{Error, ErrorKind, Quoted};

/// The identity of a device: product id and serial number, and what else a document said about it.
///
/// `==`, order and hash are those of product id and serial alone; [`matches`](Self::matches) also looks at the UUID.
/// The members of one high-availability set may all print the same UDI (seen).
///
/// Texts ([`UdiForm`]) are read by `FromStr` whatever their form; `Display` writes the form of documents. As JSON:
/// `{"udi_pid":…,"udi_serial_number":…}`, then `udi_vid`, `uuid`, `suvi`, `host_identifier`, `mac_address` if present.
/// Those five may be missing, `null`, empty or `"NA"` for absent (code). Unknown members are ignored.
/// Spec: ack-auth, "UDI text"; transport, "Shared types".
///
/// ```
/// use slp_model::Udi;
///
/// let udi: Udi = "PID:C9300-24UX,SN:TST00000001".parse()?;
/// assert_eq!((udi.pid(), udi.serial()), ("C9300-24UX", "TST00000001"));
/// assert_eq!(udi.to_string(), "P:C9300-24UX,S:TST00000001");
/// # Ok::<(), slp_model::Error>(())
/// ```
#[derive(Clone)]
pub struct Udi {
    /// Product id and serial number, one after the other: one allocation a device.
    text: Box<str>,
    /// Bytes of the product id.
    pid_bytes: usize,
    /// What few documents say, apart, so that a fleet stays small in memory.
    extra: Option<Box<Extra>>,
}

#[derive(Clone, Debug, Default)]
struct Extra {
    vid: Option<Box<str>>,
    uuid: Option<Box<str>>,
    suvi: Option<Box<str>>,
    host_identifier: Option<Box<str>>,
    mac_address: Option<Box<str>>,
    unknown: Vec<(Box<str>, Box<str>)>,
}

macro_rules! optional_parts {
    ($( $(#[$meta:meta])* $part:ident, $with:ident; )+) => {
        $(
            $(#[$meta])*
            pub fn $part(&self) -> Option<&str> {
                self.extra.as_ref()?.$part.as_deref()
            }

            #[doc = concat!("The same device with this `", stringify!($part), "`. Empty and `NA` mean absent.")]
            #[must_use]
            pub fn $with(mut self, text: impl AsRef<str>) -> Self {
                let part = present(text.as_ref());
                if part.is_some() || self.extra.is_some() {
                    self.extra.get_or_insert_default().$part = part;
                }
                self
            }
        )+
    };
}

impl Udi {
    /// The device with this product id and serial number. Outer ASCII blanks are cut, case counts.
    ///
    /// # Errors
    /// [`ErrorKind::UdiSyntax`] if a part is empty, or if no text form could carry it and be read back the same: a part
    /// with a comma or a control character, a serial number with `" SN:"` inside (choice).
    pub fn new(pid: impl AsRef<str>, serial: impl AsRef<str>) -> Result<Self, Error> {
        Self::from_parts(pid.as_ref(), serial.as_ref()).map_err(|fault| syntax_error(&fault, None))
    }

    /// As [`new`](Self::new); the fault is a clause for the sentence of the caller.
    fn from_parts(pid: &str, serial: &str) -> Result<Self, String> {
        let (pid, serial) = (pid.trim_ascii(), serial.trim_ascii());
        for (part, value) in [("product id", pid), ("serial number", serial)] {
            if value.is_empty() {
                return Err(format!("the {part} is empty"));
            }
            if !text::carries(value) {
                return Err(format!("the {part} {} has a comma or a control character", Quoted(value)));
            }
        }
        if serial.contains(text::CERTIFICATE_MIDDLE) {
            return Err(format!("the serial number {} has \"{}\" inside", Quoted(serial), text::CERTIFICATE_MIDDLE));
        }
        Ok(Self { text: [pid, serial].concat().into_boxed_str(), pid_bytes: pid.len(), extra: None })
    }

    /// The product id, such as `C9300-24UX` or `ISR4451-X/K9`.
    pub fn pid(&self) -> &str {
        self.text.get(..self.pid_bytes).unwrap_or_default()
    }

    /// The serial number.
    pub fn serial(&self) -> &str {
        self.text.get(self.pid_bytes..).unwrap_or_default()
    }

    optional_parts! {
        /// The version id of the hardware: JSON `udi_vid`, key `V` or `VID` in texts.
        vid, with_vid;
        /// A UUID or what stands for one: JSON `uuid`, key `U` or `UUID` in texts. Not always of UUID form (code).
        uuid, with_uuid;
        /// A further identifier of the vendor's agent, of unknown meaning (code).
        suvi, with_suvi;
        /// A name that the host has elsewhere (code).
        host_identifier, with_host_identifier;
        /// A hardware address (code).
        mac_address, with_mac_address;
    }

    /// Keys of a text that this version does not know, with their values, in the order of the text. Not written back:
    /// written texts have product id, serial number and UUID only.
    pub fn unknown_parts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.extra.iter().flat_map(|extra| &extra.unknown).map(|(key, value)| (&**key, &**value))
    }

    /// May both be the same device? Product id and serial number agree byte for byte, and so do the UUIDs, without case,
    /// if both sides have one. The version id is ignored.
    ///
    /// Not transitive, so no equality: a device without UUID matches two that differ in theirs.
    pub fn matches(&self, other: &Self) -> bool {
        let uuids_agree = match (self.uuid(), other.uuid()) {
            (Some(mine), Some(theirs)) => mine.eq_ignore_ascii_case(theirs),
            _ => true,
        };
        self == other && uuids_agree
    }
}

fn present(text: &str) -> Option<Box<str>> {
    match text.trim_ascii() {
        "" | "NA" => None,
        part => Some(part.into()),
    }
}

fn syntax_error(fault: &str, text: Option<&str>) -> Error {
    let place = text.map(|text| format!("UDI {}: ", Quoted(text))).unwrap_or_default();
    Error::new(
        ErrorKind::UdiSyntax,
        format!("{place}{fault}; a UDI has a product id and a serial number, such as P:C9300-24UX,S:TST00000001"),
    )
}

impl PartialEq for Udi {
    fn eq(&self, other: &Self) -> bool {
        self.pid_bytes == other.pid_bytes && self.text == other.text
    }
}

impl Eq for Udi {}

impl PartialOrd for Udi {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Udi {
    fn cmp(&self, other: &Self) -> Ordering {
        self.pid().cmp(other.pid()).then_with(|| self.serial().cmp(other.serial()))
    }
}

impl Hash for Udi {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
        self.pid_bytes.hash(state);
    }
}

#[expect(clippy::missing_fields_in_debug, reason = "the one stored text is shown as its two parts")]
impl fmt::Debug for Udi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("Udi");
        fields.field("pid", &self.pid()).field("serial", &self.serial());
        if let Some(extra) = &self.extra {
            fields.field("extra", extra);
        }
        fields.finish()
    }
}

impl Serialize for Udi {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let optional = [
            ("udi_vid", self.vid()),
            ("uuid", self.uuid()),
            ("suvi", self.suvi()),
            ("host_identifier", self.host_identifier()),
            ("mac_address", self.mac_address()),
        ];
        let present = optional.iter().filter(|(_, part)| part.is_some()).count();
        let mut object = serializer.serialize_struct("Udi", present.saturating_add(2))?;
        object.serialize_field("udi_pid", self.pid())?;
        object.serialize_field("udi_serial_number", self.serial())?;
        for (name, part) in optional {
            match part {
                Some(part) => object.serialize_field(name, part)?,
                None => object.skip_field(name)?,
            }
        }
        object.end()
    }
}

/// The members of the JSON form, borrowed where the text allows it.
#[derive(Deserialize)]
struct Members<'a> {
    #[serde(borrow)]
    udi_pid: Cow<'a, str>,
    #[serde(borrow)]
    udi_serial_number: Cow<'a, str>,
    #[serde(borrow, default)]
    udi_vid: Option<Member<'a>>,
    #[serde(borrow, default)]
    uuid: Option<Member<'a>>,
    #[serde(borrow, default)]
    suvi: Option<Member<'a>>,
    #[serde(borrow, default)]
    host_identifier: Option<Member<'a>>,
    #[serde(borrow, default)]
    mac_address: Option<Member<'a>>,
}

#[derive(Deserialize)]
struct Member<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Udi {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members = Members::deserialize(deserializer)?;
        let udi = Self::new(members.udi_pid, members.udi_serial_number).map_err(serde::de::Error::custom)?;
        let text = |member: Option<Member<'de>>| member.map(|Member(text)| text).unwrap_or_default();
        Ok(udi
            .with_vid(text(members.udi_vid))
            .with_uuid(text(members.uuid))
            .with_suvi(text(members.suvi))
            .with_host_identifier(text(members.host_identifier))
            .with_mac_address(text(members.mac_address)))
    }
}
