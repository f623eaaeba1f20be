//! Uploads by file: one device's file or a bundle, and the answer to fetch.
//!
//! `POST /files/NAME` takes one, `GET /files` lists them, `GET /files/ACK_NAME` gives the answer. The vendor has a page for
//! this and no published call; these routes are ours.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;

use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use serde::Serialize;
use slp_model::{Udi, UnixMillis};
use slp_rum::{Content, Document};
use slp_sync::bundle::{BundleName, Plan, Reader, Writer};
use slp_transport::Sudi;
use slp_transport::cssm::{AuthorizationFor, AuthorizationMode, WantedKey};
use slp_transport::server::status;

use crate::cloud::{Cloud, Intake, Twist};

/// How an upload went, in the words of the vendor's page (doc).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UploadStatus {
    /// `No Errors`.
    NoErrors,
    /// `Errors (n)`.
    Errors(Vec<String>),
}

impl std::fmt::Display for UploadStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoErrors => f.write_str("No Errors"),
            Self::Errors(errors) => write!(f, "Errors ({})", errors.len()),
        }
    }
}

/// An upload.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Upload {
    /// Name of the file.
    pub name: String,
    /// When it came.
    pub at: UnixMillis,
    /// The virtual account that it counts for.
    pub virtual_account: String,
    /// How many devices it was of; a stack counts as one.
    pub devices: usize,
    /// How many reports it had.
    pub reports: usize,
    /// How it went.
    pub status: UploadStatus,
    /// Name of the answer, if there is something to answer.
    pub answer: Option<String>,
}

/// What a client sees of an upload.
#[derive(Serialize)]
struct Shown<'a> {
    name: &'a str,
    reported: String,
    virtual_account: &'a str,
    devices: usize,
    reports: usize,
    status: String,
    errors: &'a [String],
    acknowledgement: Option<&'a str>,
}

impl Upload {
    fn shown(&self) -> Shown<'_> {
        let errors = match &self.status {
            UploadStatus::NoErrors => &[][..],
            UploadStatus::Errors(errors) => errors,
        };
        Shown {
            name: &self.name,
            reported: self.at.to_string(),
            virtual_account: &self.virtual_account,
            devices: self.devices,
            reports: self.reports,
            status: self.status.to_string(),
            errors,
            acknowledgement: self.answer.as_deref(),
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Uploads {
    list: Vec<Upload>,
    answers: BTreeMap<String, Vec<u8>>,
}

/// One document of an upload, and what it asks for. That of a stack has reports and requests of several members.
struct Leaf {
    number: u64,
    /// The one that it names first.
    device: Udi,
    /// All of them.
    devices: BTreeSet<Udi>,
    intake: Intake,
}

impl Cloud {
    /// What was uploaded by file, in order.
    pub fn uploads(&self) -> &[Upload] {
        &self.uploads.list
    }

    /// Takes a file as the page of the vendor would: a bundle, or the file of one device.
    pub fn upload(&mut self, name: &str, bytes: &[u8], now: UnixMillis) -> Upload {
        let (_, _, twist) = self.faults("upload", now);
        let (leaves, errors, is_bundle) = self.read_upload(name, bytes, twist, now);
        let mut upload = Upload {
            name: name.to_owned(),
            at: now,
            virtual_account: self.default_account(),
            devices: leaves.len(),
            reports: leaves.iter().flat_map(|leaf| leaf.intake.reports.values()).map(BTreeSet::len).sum(),
            status: if errors.is_empty() { UploadStatus::NoErrors } else { UploadStatus::Errors(errors) },
            answer: None,
        };
        match self.answer_upload(name, &leaves, is_bundle, twist, now) {
            Ok(Some((answer, bytes))) => {
                self.uploads.answers.insert(answer.clone(), bytes);
                upload.answer = Some(answer);
            }
            Ok(None) => {}
            Err(error) => upload.status = UploadStatus::Errors(vec![error.to_string()]),
        }
        self.event(format!("upload {name}: {} devices, {} reports, {}", upload.devices, upload.reports, upload.status));
        self.uploads.list.push(upload.clone());
        upload
    }

    /// The answer to an upload, by its name.
    pub fn answer(&self, name: &str) -> Option<&[u8]> {
        self.uploads.answers.get(name).map(Vec::as_slice)
    }

    fn read_upload(
        &mut self,
        name: &str,
        bytes: &[u8],
        twist: Twist,
        now: UnixMillis,
    ) -> (Vec<Leaf>, Vec<String>, bool) {
        let (mut leaves, mut errors) = (Vec::new(), Vec::new());
        let is_bundle = bytes.starts_with(&[0x1f, 0x8b]);
        if !is_bundle {
            match self.read_leaf(1, bytes, twist, now, &mut errors) {
                Ok(leaf) => leaves.extend(leaf),
                Err(text) => errors.push(format!("{name}: {text}")),
            }
            return (leaves, errors, false);
        }
        let mut next = 0_u64;
        for leaf in Reader::new(bytes, &slp_sync::Limits::default()).named(name) {
            next += 1;
            match leaf {
                Ok(leaf) => {
                    let number = leaf.number().unwrap_or(next);
                    match self.read_leaf(number, &leaf.bytes, twist, now, &mut errors) {
                        Ok(read) => leaves.extend(read),
                        Err(text) => errors.push(format!("{}: {text}", leaf.name)),
                    }
                }
                Err(error) => errors.push(error.to_string()),
            }
        }
        (leaves, errors, true)
    }

    fn read_leaf(
        &mut self,
        number: u64,
        bytes: &[u8],
        twist: Twist,
        now: UnixMillis,
        errors: &mut Vec<String>,
    ) -> Result<Option<Leaf>, String> {
        let document = Document::parse(bytes).map_err(|error| error.to_string())?;
        let account = self.default_account();
        let before = errors.len();
        let (mut intake, mut device, mut devices) = (Intake::default(), None, BTreeSet::new());
        let mut named = |udi: &Udi| {
            device.get_or_insert_with(|| udi.clone());
            devices.insert(udi.clone());
        };
        for report in document.reports() {
            match report {
                Ok(report) => {
                    named(report.device());
                    self.store(&report, &account, &mut intake, now);
                }
                Err(error) => errors.push(error.to_string()),
            }
        }
        for content in document.contents() {
            match content {
                Ok(Content::SystemInfo(info)) => {
                    if let Some(udi) = &info.view().device {
                        named(udi);
                        let entry = self.devices.hear(udi, &account, now);
                        entry.hostname = info.view().hostname.clone().or(entry.hostname.take());
                    }
                }
                Ok(Content::AuthorizationRequest(request)) => {
                    for entry in request.view() {
                        if let Some(udi) = &entry.device {
                            named(udi);
                            let outcome = self.authorize(&wish(udi, entry), &account, twist, now);
                            errors.extend(outcome.status_message.map(|text| format!("{udi}: {text}")));
                        }
                    }
                }
                _ => {}
            }
        }
        if device.is_none() && errors.len() == before {
            return Err("neither a report nor a request of a device is in it".into());
        }
        Ok(device.map(|device| Leaf { number, device, devices, intake }))
    }

    fn answer_upload(
        &mut self,
        name: &str,
        leaves: &[Leaf],
        is_bundle: bool,
        twist: Twist,
        now: UnixMillis,
    ) -> Result<Option<(String, Vec<u8>)>, slp_kit::Error> {
        let Some(first) = leaves.first() else {
            return Ok(None);
        };
        if !is_bundle {
            let document = self.leaf_document(first, twist, now)?;
            return Ok(Some((format!("ACK_{name}"), document)));
        }
        let parsed: Option<BundleName> = name.parse().ok();
        let at = parsed.as_ref().and_then(|name| time_of(&name.stamp)).unwrap_or(now);
        let account = parsed.and_then(|name| name.name).unwrap_or_default();
        let mut plan = Plan::new(account, at);
        plan.ack = true;
        let mut writer = Writer::new(Vec::new(), Cursor::new(Vec::new()), &plan)?;
        for leaf in leaves {
            let document = self.leaf_document(leaf, twist, now)?;
            writer.add_leaf(0, leaf.number, &document)?;
        }
        let (bytes, _) = writer.finish()?;
        Ok(Some((format!("ACK_{name}"), bytes)))
    }

    fn leaf_document(&mut self, leaf: &Leaf, twist: Twist, now: UnixMillis) -> Result<Vec<u8>, slp_kit::Error> {
        self.document_of(&leaf.device, &leaf.devices, &leaf.intake.reports, None, twist, now)
    }

    /// Answers a request under `/files`.
    pub(crate) fn file(&mut self, name: &str, request: &Request<Vec<u8>>, now: UnixMillis) -> Response<Vec<u8>> {
        if !self.is_allowed(request, now) {
            return status(StatusCode::UNAUTHORIZED);
        }
        match (request.method(), name) {
            (&Method::GET, "") => {
                let shown: Vec<Shown<'_>> = self.uploads.list.iter().map(Upload::shown).collect();
                json(&shown)
            }
            (&Method::GET, name) => match self.answer(name) {
                Some(bytes) => Response::new(bytes.to_vec()),
                None => status(StatusCode::NOT_FOUND),
            },
            (&Method::POST, name) if is_file_name(name) => {
                let upload = self.upload(name, request.body(), now);
                json(&upload.shown())
            }
            (&Method::POST, _) => status(StatusCode::BAD_REQUEST),
            _ => status(StatusCode::METHOD_NOT_ALLOWED),
        }
    }
}

fn is_file_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'(' | b')');
    (1..=255).contains(&name.len()) && name.bytes().all(plain) && !name.starts_with('.')
}

fn wish(device: &Udi, entry: &slp_rum::auth_request::RequestEntry) -> AuthorizationFor {
    let mut wish = AuthorizationFor::new(Sudi::from(device));
    wish.mode = entry.mode.as_ref().map(|mode| AuthorizationMode::from(mode.as_str()));
    wish.remove_code.clone_from(&entry.remove_code);
    wish.confirm_code.clone_from(&entry.confirm_code);
    for key in &entry.keys {
        wish.keys.push(WantedKey::new(key.entitlement.as_str(), u64::from(key.count.unwrap_or(1))));
    }
    wish
}

/// The time of a stamp that this SDK wrote: `26Nov24_10_20_30_123`.
fn time_of(stamp: &str) -> Option<UnixMillis> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = MONTHS.iter().position(|month| stamp.get(2..5) == Some(*month))? + 1;
    let part = |from: usize, to: usize| stamp.get(from..to);
    let (year, day, clock) = (part(0, 2)?, part(5, 7)?, part(8, 16)?.replace('_', ":"));
    format!("20{year}-{month:02}-{day}T{clock}.{}Z", part(17, 20)?).parse().ok()
}

fn json<T: Serialize>(value: &T) -> Response<Vec<u8>> {
    let Ok(bytes) = serde_json::to_vec(value) else {
        return status(StatusCode::INTERNAL_SERVER_ERROR);
    };
    let mut response = Response::new(bytes);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_of_ours_says_its_time() {
        assert_eq!(time_of("26Nov24_10_20_30_123").unwrap().to_string(), "2026-11-24T10:20:30.123Z");
        for bad in ["", "26Nox24_10_20_30_123", "26Nov99_10_20_30_123", "26Nov"] {
            assert_eq!(time_of(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_name_with_a_path_in_it_is_no_file_name() {
        for bad in ["", "../x", "a/b", ".hidden", "a b", "a\nb"] {
            assert!(!is_file_name(bad), "{bad:?}");
        }
        assert!(is_file_name("UD_SA_x_26Nov24_10_20_30_123.tar.gz"));
    }
}
