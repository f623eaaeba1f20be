//! What a device says about itself beside a request: `smartLicenseSystemInfo`. Spec: ack-auth, "Authorization request
//! file".

use slp_model::json::{Limits, Reader, ValueKind};
use slp_model::license::HaRole;
use slp_model::{Udi, UnixMillis};

use crate::flaw::{Flaw, Path};
use crate::statement::{Fields, Object, Reading, SignedPart, Statement, millis};
use crate::{ErrorKind, Member};

/// What a device says about itself, as it stands in a document. Never signed, as far as one knows.
pub type SystemInfo = Statement<SystemFacts>;

/// The device behind a request, and the members of its redundant set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SystemFacts {
    /// `sudi` (code).
    pub device: Option<Udi>,
    /// `timestamp`, in milliseconds (code).
    pub timestamp: Option<UnixMillis>,
    /// `nonce` (code).
    pub nonce: Option<String>,
    /// `hostname` (code).
    pub hostname: Option<String>,
    /// `software_tag_identifier` (code).
    pub software_tag: Option<String>,
    /// `device_list`: the active device first (code).
    pub devices: Vec<SystemDevice>,
    /// Members that are not known.
    pub extra: Vec<Member>,
}

impl SystemFacts {
    /// The facts of a device of which nothing else is known.
    pub fn new(device: Udi) -> Self {
        Self { device: Some(device), ..Self::default() }
    }
}

/// One member of the redundant set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SystemDevice {
    /// `role` (choice).
    pub role: Option<HaRole>,
    /// `sudi`.
    pub device: Option<Udi>,
    /// `hostname` (code).
    pub hostname: Option<String>,
    /// `software_tag_identifier` (code).
    pub software_tag: Option<String>,
    /// Members that are not known.
    pub extra: Vec<Member>,
}

impl SystemDevice {
    /// A member in its role.
    pub fn new(role: HaRole, device: Udi) -> Self {
        Self { role: Some(role), device: Some(device), ..Self::default() }
    }
}

/// Reads the part `smartLicenseSystemInfo`.
pub(crate) fn read(fields: &mut Fields<'_>) -> Result<Reading<SystemFacts>, Flaw> {
    let root = fields.root;
    let [data, _] = fields.children(root, ["data", "signature"])?;
    let data = fields.data(data)?;
    let limits = fields.json_limits();
    let mut reader = Reader::new(data.text.get(fields.text), limits);
    let fault = |fault: &_| fields.json_flaw(&data, fault, &Path::ROOT);
    let mut object = Object::read(&mut reader).map_err(|found| fault(&found))?;
    reader.end().map_err(|found| fault(&found))?;
    if let Some((at, name)) = &object.twice {
        let text = format!("member {} stands twice in one object", slp_model::Quoted(name));
        return Err(fields.data_flaw(ErrorKind::DuplicateMember, &data, *at, &Path::ROOT, text));
    }
    let mut facts = SystemFacts {
        device: device(&mut object, limits),
        timestamp: object.take("timestamp").and_then(|item| millis(item.raw)),
        nonce: object.take_text("nonce"),
        hostname: object.take_text("hostname"),
        software_tag: object.take_text("software_tag_identifier"),
        ..SystemFacts::default()
    };
    if let Some(list) = object.take("device_list") {
        let path = Path::ROOT.member("device_list");
        let wrong = |found: &slp_model::json::Fault| {
            let text = format!("{}; expected an array of objects", found.message());
            fields.data_flaw(ErrorKind::WrongType, &data, list.at.saturating_add(found.offset()), &path, text)
        };
        if list.raw != "null" {
            facts.devices = devices(list.raw, limits).map_err(|found| wrong(&found))?;
        }
    }
    facts.extra = object.rest();
    Ok(Reading { view: facts, signed: SignedPart::Never, signature: None })
}

fn device(object: &mut Object<'_>, limits: Limits) -> Option<Udi> {
    object.take_device(limits).ok().flatten()
}

fn devices(list: &str, limits: Limits) -> Result<Vec<SystemDevice>, slp_model::json::Fault> {
    let mut reader = Reader::new(list, limits);
    let mut devices = Vec::new();
    reader.begin_array()?;
    while reader.next_element()? {
        if reader.kind()? != ValueKind::Object {
            reader.skip()?;
            continue;
        }
        let mut object = Object::read(&mut reader)?;
        if let Some((at, name)) = &object.twice {
            return Err(slp_model::json::Fault::duplicate(*at, name));
        }
        devices.push(SystemDevice {
            role: object.take_text("role").map(HaRole::from),
            device: device(&mut object, limits),
            hostname: object.take_text("hostname"),
            software_tag: object.take_text("software_tag_identifier"),
            extra: object.rest(),
        });
    }
    Ok(devices)
}
