//! Lists of request and authorization codes that a published tool of the vendor exports: many devices in one JSON object.
//!
//! A format of that tool, not of devices: no device takes it, and none of its texts is signed. The authorization codes in it
//! are documents of their own. Spec: ack-auth, "Several devices" (code).

use slp_model::json::{Fault, Limits as JsonLimits, Reader, ValueKind};
use slp_model::{Location, Quoted};

use crate::flaw::{Flaw, Layer, Path};
use crate::limits::ReadOptions;
use crate::statement::{Object, free_text, present_text};
use crate::{Document, Error, ErrorKind, Member};

/// An export: `{"registration-name":…,"slr-data-export-type":…,…,"devices":[…]}`.
///
/// ```
/// use slp_rum::ReadOptions;
/// use slp_rum::export::{Export, Step};
///
/// let text = r#"{"registration-name":"Lab","slr-data-export-type":"auth_codes","devices":[
///     {"device-uuid":"u1","auth-code":"<specificPLR>…</specificPLR>","step2":"Completed"},
///     {"device-uuid":"u2","auth-code":"None","step2":"Fail: no such licence"}]}"#;
/// let export = Export::parse(text.as_bytes(), &ReadOptions::default())?;
/// assert!(export.devices[0].authorization_code.is_some());
/// assert_eq!(export.devices[1].step2, Some(Step::Failed("no such licence".to_owned())));
/// # Ok::<(), slp_rum::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Export {
    /// `registration-name` (code).
    pub registration_name: Option<String>,
    /// `slr-data-export-type`: `auth_codes`, or another word for requests (code).
    pub kind: Option<String>,
    /// `registration-uuid` (code).
    pub registration_uuid: Option<String>,
    /// `exported-on`, as text (code).
    pub exported_on: Option<String>,
    /// `total-devices` (code).
    pub total_devices: Option<u64>,
    /// `devices-with-success` (code).
    pub devices_with_success: Option<u64>,
    /// `devices` (code).
    pub devices: Vec<ExportedDevice>,
    /// Members that are not known.
    pub extra: Vec<Member>,
}

/// One device of an export: of a list of requests, of authorization codes, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportedDevice {
    /// `device-uuid`: the tool's own name of it (code).
    pub device_uuid: Option<String>,
    /// `request-code` (code).
    pub request_code: Option<String>,
    /// `licenses`: what is asked for (code).
    pub licenses: Vec<ExportedLicense>,
    /// `step1`: was the request made (code)?
    pub step1: Option<Step>,
    /// `auth-code`: the text of a document, or of a typed code; `None` where the tool writes `None` (code).
    pub authorization_code: Option<String>,
    /// `step2`: was the code given (code)?
    pub step2: Option<Step>,
    /// Members that are not known.
    pub extra: Vec<Member>,
}

impl ExportedDevice {
    /// The authorization code as a document.
    ///
    /// # Errors
    /// Those of [`Document::parse_with`]; `empty` when there is no code.
    pub fn document(&self, options: &ReadOptions) -> Result<Document<'_>, Error> {
        match &self.authorization_code {
            Some(text) => Document::parse_with(text.as_bytes(), options),
            None => Err(Error::new(ErrorKind::Empty, "the export holds no authorization code for this device")),
        }
    }
}

/// What one device asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportedLicense {
    /// `license-entitlement-tag` (code).
    pub tag: String,
    /// `license-count`: a text in what is known, a number is read too (code).
    pub count: Option<u32>,
    /// Members that are not known.
    pub extra: Vec<Member>,
}

/// How far the tool came with a device.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// `Completed`.
    Completed,
    /// `Fail: ` and a text.
    Failed(String),
    /// `NS`: not started, as far as one can see (inferred).
    NotStarted,
    /// Another text.
    Other(String),
}

impl Step {
    fn read(text: String) -> Self {
        match text.as_str() {
            "Completed" => Self::Completed,
            "NS" => Self::NotStarted,
            other => match other.strip_prefix("Fail:") {
                Some(reason) => Self::Failed(reason.trim_ascii().to_owned()),
                None => Self::Other(text),
            },
        }
    }
}

impl Export {
    /// Reads an export. Its devices count against the limit `ack_members`.
    ///
    /// # Errors
    /// `encoding`, `json`, `duplicate-member`, `wrong-type`, `missing-member` (`devices`), `bad-number`, `limit`.
    pub fn parse(bytes: &[u8], options: &ReadOptions) -> Result<Self, Error> {
        let limits = &options.limits;
        if bytes.len() > limits.document_bytes {
            let text = format!("more than {} bytes (limit document_bytes)", limits.document_bytes);
            return Err(Error::new(ErrorKind::Limit, text).named("document_bytes"));
        }
        let text = str::from_utf8(bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes))
            .map_err(|cause| Error::new(ErrorKind::Encoding, "bytes that are not UTF-8").caused_by(cause))?;
        let walk = Walk { json: JsonLimits::new(limits.json_depth, limits.string_bytes), items: limits.ack_members };
        let mut top = object(&mut walk.reader(text), "$")?;
        let devices = top.take("devices").ok_or_else(|| {
            let text = "devices is missing: is this the export of request or authorization codes?";
            Error::new(ErrorKind::MissingMember, text).at(Location::path("$"))
        })?;
        let mut found = Vec::new();
        walk.each(devices.raw, "$.devices", |device, path| {
            found.push(walk.device(device, path)?);
            Ok(())
        })?;
        Ok(Self {
            registration_name: top.take_text("registration-name"),
            kind: top.take_text("slr-data-export-type"),
            registration_uuid: top.take_text("registration-uuid"),
            exported_on: top.take_text("exported-on"),
            total_devices: number(&mut top, "total-devices", "$")?,
            devices_with_success: number(&mut top, "devices-with-success", "$")?,
            devices: found,
            extra: top.rest(),
        })
    }
}

struct Walk {
    json: JsonLimits,
    items: usize,
}

impl Walk {
    fn reader<'t>(&self, text: &'t str) -> Reader<'t> {
        Reader::new(text, self.json)
    }

    /// Each object of an array.
    fn each<'t>(
        &self,
        raw: &'t str,
        path: &str,
        mut take: impl FnMut(Object<'t>, &str) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let at = |error: Error| error.at(Location::path(path));
        let mut reader = self.reader(raw);
        if reader.kind().map_err(|fault| broken(&fault, path))? != ValueKind::Array {
            return Err(at(Error::new(ErrorKind::WrongType, "no array where one should stand")));
        }
        reader.begin_array().map_err(|fault| broken(&fault, path))?;
        let mut index = 0_usize;
        while reader.next_element().map_err(|fault| broken(&fault, path))? {
            if index >= self.items {
                let text = format!("more than {} elements (limit ack_members)", self.items);
                return Err(at(Error::new(ErrorKind::Limit, text).named("ack_members")));
            }
            let inside = format!("{path}[{index}]");
            take(object(&mut reader, &inside)?, &inside)?;
            index = index.saturating_add(1);
        }
        Ok(())
    }

    fn device<'t>(&self, mut device: Object<'t>, path: &str) -> Result<ExportedDevice, Error> {
        let mut licenses = Vec::new();
        if let Some(list) = device.take("licenses").filter(|item| item.raw != "null") {
            self.each(list.raw, &format!("{path}.licenses"), |mut license, path| {
                let tag = license.take_text("license-entitlement-tag").ok_or_else(|| {
                    let text = "license-entitlement-tag is missing";
                    Error::new(ErrorKind::MissingMember, text).at(Location::path(path))
                })?;
                let count = number(&mut license, "license-count", path)?;
                licenses.push(ExportedLicense { tag, count, extra: license.rest() });
                Ok(())
            })?;
        }
        let step = |device: &mut Object<'t>, name| {
            device.take(name).and_then(|item| free_text(item.raw)).filter(|text| !text.is_empty()).map(Step::read)
        };
        Ok(ExportedDevice {
            device_uuid: device.take_text("device-uuid"),
            request_code: device.take_text("request-code"),
            licenses,
            step1: step(&mut device, "step1"),
            authorization_code: device.take_text("auth-code"),
            step2: step(&mut device, "step2"),
            extra: device.rest(),
        })
    }
}

/// The object that comes next, each name once; at the top nothing may follow it.
fn object<'t>(reader: &mut Reader<'t>, path: &str) -> Result<Object<'t>, Error> {
    let object = Object::read(reader).map_err(|fault| broken(&fault, path))?;
    match &object.twice {
        Some((_, name)) => {
            let text = format!("member {} stands twice in one object", Quoted(name));
            Err(Error::new(ErrorKind::DuplicateMember, text).at(Location::path(path)))
        }
        None if path == "$" => {
            reader.end().map_err(|fault| broken(&fault, path))?;
            Ok(object)
        }
        None => Ok(object),
    }
}

/// The error for a text that is no JSON, or not of this shape.
fn broken(fault: &Fault, path: &str) -> Error {
    Flaw::json(fault, Layer::Document, &Path::ROOT).to_error(Location::path(path))
}

/// A whole number, or a text of digits.
fn number<N: std::str::FromStr>(object: &mut Object<'_>, name: &str, path: &str) -> Result<Option<N>, Error> {
    let Some(text) = object.take(name).and_then(|item| present_text(item.raw)) else {
        return Ok(None);
    };
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(number) if digits => Ok(Some(number)),
        _ => {
            let text = format!("{} is no whole number", Quoted(&text));
            Err(Error::new(ErrorKind::BadNumber, text).at(Location::path(format!("{path}.{name}"))))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn parse(text: &str) -> Result<Export, Error> {
        Export::parse(text.as_bytes(), &ReadOptions::default())
    }

    #[test]
    fn an_export_of_codes_says_what_became_of_each_device() {
        let slr = "<specificPLR><authorizationCode><entitlements><entitlement><tag>t</tag><count>5</count></entitlement>\
                   </entitlements></authorizationCode><signature>AAAA</signature><udi>P:A,S:TST00000001</udi></specificPLR>";
        let export = parse(&format!(
            r#"{{"registration-name":"Lab","slr-data-export-type":"auth_codes","registration-uuid":"r","exported-on":"today",
            "total-devices":"3","devices-with-success":1,"x":[1],"devices":[
            {{"device-uuid":"u1","auth-code":"{slr}","step2":"Completed","y":null}},
            {{"device-uuid":"u2","auth-code":"None","step2":"Fail: no licence"}},
            {{"device-uuid":"u3","auth-code":"None","step2":"NS"}}]}}"#
        ))
        .unwrap();
        assert_eq!((export.kind.as_deref(), export.total_devices), (Some("auth_codes"), Some(3)));
        assert_eq!((export.devices_with_success, &*export.extra[0].raw), (Some(1), "[1]"));
        let steps: Vec<_> = export.devices.iter().map(|device| device.step2.clone().unwrap()).collect();
        assert_eq!(steps, [Step::Completed, Step::Failed("no licence".to_owned()), Step::NotStarted]);
        assert_eq!(export.devices[0].extra[0].name, "y");
        let document = export.devices[0].document(&ReadOptions::default()).unwrap();
        let Some(Ok(crate::Content::Authorization(code))) = document.contents().next() else { panic!() };
        assert_eq!((code.view().entitlements[0].count, code.raw()), (5, slr));
        let none = export.devices[1].document(&ReadOptions::default()).unwrap_err();
        assert_eq!(none.kind(), ErrorKind::Empty);
    }

    #[test]
    fn its_twin_names_what_each_device_asks_for() {
        let export = parse(
            r#"{"devices":[{"device-uuid":"u1","step1":"Completed","request-code":"CB-ZTEST:TST00000001-ATSTabcde-00",
            "licenses":[{"license-count":"5","license-entitlement-tag":"t"},{"license-count":2,"license-entitlement-tag":"s"}]}]}"#,
        )
        .unwrap();
        let device = &export.devices[0];
        let asked: Vec<_> = device.licenses.iter().map(|one| (one.tag.as_str(), one.count)).collect();
        assert_eq!(asked, [("t", Some(5)), ("s", Some(2))]);
        assert!(device.request_code.as_deref().unwrap().parse::<crate::codes::RequestCode>().is_ok());
        assert_eq!(device.step1, Some(Step::Completed));
    }

    #[test]
    fn what_is_no_export_is_refused_with_its_path() {
        let mut texts = String::new();
        for text in [
            "",
            "{}",
            "[]",
            r#"{"devices":{}}"#,
            r#"{"devices":[1]}"#,
            r#"{"devices":[]} x"#,
            r#"{"devices":[],"devices":[]}"#,
            r#"{"devices":[{"step1":"a","step1":"b"}]}"#,
            r#"{"devices":[{"licenses":[{}]}]}"#,
            r#"{"devices":[{"licenses":[{"license-entitlement-tag":"t","license-count":"+5"}]}]}"#,
            r#"{"devices":[],"total-devices":-1}"#,
        ] {
            let error = parse(text).unwrap_err();
            let _ = writeln!(texts, "{text}\n    {}: {error}", error.kind());
        }
        insta::assert_snapshot!(texts);
        let mut options = ReadOptions::default();
        options.limits.ack_members = 1;
        let two = br#"{"devices":[{},{}]}"#;
        assert_eq!(Export::parse(two, &options).unwrap_err().name(), Some("ack_members"));
        options.limits.document_bytes = 5;
        assert_eq!(Export::parse(two, &options).unwrap_err().name(), Some("document_bytes"));
        assert_eq!(Export::parse(b"\xff", &ReadOptions::default()).unwrap_err().kind(), ErrorKind::Encoding);
    }
}
