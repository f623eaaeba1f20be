//! Requests for authorization codes, their confirmation and their return: `smartLicenseAuthRequest`, one shape for all
//! three. Spec: ack-auth, "Authorization request file".

use slp_model::json::{Limits, Reader};
use slp_model::{Udi, open_enum};

use crate::flaw::Flaw;
use crate::statement::{Fields, Object, Reading, SignedPart, Statement, each_object, present_text};
use crate::{ErrorKind, Member};

/// A request as it stands in a document. Never signed, as far as one knows (choice).
pub type AuthorizationRequest = Statement<Vec<RequestEntry>>;

open_enum! {
    /// What shall happen to the codes that a device has (doc).
    pub enum RequestMode {
        /// They stay.
        Add = "add",
        /// They go.
        Replace = "replace",
    }
}

/// What a device asks for. All three have one shape; the members tell (code).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RequestKind {
    /// A new code: `keys` are filled.
    Request,
    /// A code has replaced another one: `confirm_code` is set.
    Confirmation,
    /// A code is given back: no `keys`, and `remove_code` is set.
    Return,
    /// None of the three.
    Empty,
}

/// What one device asks for. A document may hold several (code).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestEntry {
    /// `sudi`; `None` when it is not named: the one of the system information is meant (code).
    pub device: Option<Udi>,
    /// `mode` (choice).
    pub mode: Option<RequestMode>,
    /// `keys` (code).
    pub keys: Vec<RequestedKey>,
    /// `confirm_code` (code).
    pub confirm_code: Option<String>,
    /// `remove_code` (code).
    pub remove_code: Option<String>,
    /// Members that are not known.
    pub extra: Vec<Member>,
}

impl RequestEntry {
    /// A device asks for licences.
    pub fn request(device: Udi, mode: RequestMode, keys: Vec<RequestedKey>) -> Self {
        Self { device: Some(device), mode: Some(mode), keys, ..Self::default() }
    }

    /// A device gives its code back, with the return code that it printed.
    pub fn giving_back(device: Udi, remove_code: impl Into<String>) -> Self {
        Self {
            device: Some(device),
            mode: Some(RequestMode::Replace),
            remove_code: Some(remove_code.into()),
            ..Self::default()
        }
    }

    /// A device confirms that it has replaced a code.
    pub fn confirmation(device: Udi, confirm_code: impl Into<String>) -> Self {
        Self {
            device: Some(device),
            mode: Some(RequestMode::Replace),
            confirm_code: Some(confirm_code.into()),
            ..Self::default()
        }
    }

    /// Which of the three it is.
    pub fn kind(&self) -> RequestKind {
        match (&self.confirm_code, &self.remove_code) {
            (Some(_), _) => RequestKind::Confirmation,
            (None, _) if !self.keys.is_empty() => RequestKind::Request,
            (None, Some(_)) => RequestKind::Return,
            (None, None) => RequestKind::Empty,
        }
    }
}

/// One licence of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestedKey {
    /// `entitlement`: the tag.
    pub entitlement: String,
    /// `count`: a string of digits in what we write, a number is read too. `None` when it is not stated.
    pub count: Option<u32>,
    /// Members that are not known.
    pub extra: Vec<Member>,
}

impl RequestedKey {
    /// So many uses of a licence.
    pub fn new(entitlement: impl Into<String>, count: u32) -> Self {
        Self { entitlement: entitlement.into(), count: Some(count), extra: Vec::new() }
    }
}

/// Reads the part `smartLicenseAuthRequest`.
pub(crate) fn read(fields: &mut Fields<'_>) -> Result<Reading<Vec<RequestEntry>>, Flaw> {
    let root = fields.root;
    let [data, _] = fields.children(root, ["data", "signature"])?;
    let data = fields.data(data)?;
    let limits = fields.json_limits();
    let entries = each_object(fields, &data, |element, object| {
        let keys = match object.take("keys") {
            Some(item) if item.raw != "null" => keys(item.raw, limits).map_err(|()| {
                element.at = item.at;
                let text = "keys cannot be read: expected an array of objects with entitlement and count, each once";
                element.flaw(ErrorKind::WrongType, text)
            })?,
            _ => Vec::new(),
        };
        // a device that cannot be read must not pass for that of the system information
        let device = element.device(object, limits)?;
        Ok(RequestEntry {
            device,
            mode: object.take_text("mode").map(RequestMode::from),
            keys,
            confirm_code: object.take_text("confirm_code"),
            remove_code: object.take_text("remove_code"),
            extra: object.rest(),
        })
    })?;
    Ok(Reading { view: entries, signed: SignedPart::Never, signature: None })
}

fn keys(raw: &str, limits: Limits) -> Result<Vec<RequestedKey>, ()> {
    let mut reader = Reader::new(raw, limits);
    let mut keys = Vec::new();
    reader.begin_array().map_err(drop)?;
    while reader.next_element().map_err(drop)? {
        let mut object = Object::read(&mut reader).map_err(drop)?;
        if object.twice.is_some() {
            return Err(());
        }
        let entitlement = object.take_text("entitlement").ok_or(())?;
        let count = match object.take("count").and_then(|item| present_text(item.raw)) {
            Some(text) if text.starts_with('+') => return Err(()),
            Some(text) => Some(text.parse().map_err(|_| ())?),
            None => None,
        };
        keys.push(RequestedKey { entitlement, count, extra: object.rest() });
    }
    Ok(keys)
}
