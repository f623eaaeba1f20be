//! `slp sync`: On-Prem registration and synchronization files.

use std::io::{self, Write as _};
use std::path::Path;

use serde::Serialize;
use serde_json::Value;
use slp_crypto::{Certificate, Evidence, PublicKey, TimePolicy, TrustStore};
use slp_sync::document::{Content, Document, verify};
use slp_sync::{Error, Limits};

use super::inspect::OneWarning;
use crate::Status;
use crate::arguments::{SyncCommand, SyncInspect, SyncVerify};
use crate::console::{Session, Stop};
use crate::fault::Fault;
use crate::input::{bytes_of, has};
use crate::printable::{hexadecimal, json, printable, shown};
use crate::style::Paint;
use crate::wording::grouped;

/// Elements of a list that people are shown.
const SHOWN: usize = 50;

pub(crate) fn run(command: &SyncCommand, session: &mut Session<'_>) -> Result<Status, Stop> {
    match command {
        SyncCommand::Inspect(arguments) => inspect(arguments, session),
        SyncCommand::Verify(arguments) => verify_file(arguments, session),
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Stop {
    Stop::Data(Fault::io(&path.to_string_lossy(), error).to_string())
}

fn document(path: &Path) -> Result<(Document, usize), Stop> {
    let limits = Limits::bulk();
    let bytes = bytes_of(path, limits.document_bytes).map_err(|error| unreadable(path, &error))?;
    let document = Document::read(&bytes, &limits);
    let document =
        document.map_err(|error| Stop::Data(Fault::of_bundle(&error.inside(path.to_string_lossy())).to_string()))?;
    Ok((document, bytes.len()))
}

#[derive(Serialize)]
struct Inspected<'a> {
    path: &'a str,
    kind: &'static str,
    bytes: usize,
    /// Of the canonical body.
    sha256: String,
    /// What was odd, each with its place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<OneWarning<'a>>,
    document: &'a Value,
}

fn inspect(arguments: &SyncInspect, session: &mut Session<'_>) -> Result<Status, Stop> {
    let path = &arguments.file;
    let (document, bytes) = document(path)?;
    // the canonical text has no duplicate member and no number beyond 2^53: a generic value loses nothing
    let value: Value = serde_json::from_slice(&document.to_bytes()).map_err(|error| Stop::Data(error.to_string()))?;
    let path = path.to_string_lossy();
    let kind = document.content().kind().as_str();
    let sha256 = hexadecimal(&document.digest());
    let warnings = document.warnings();
    let output = &mut session.output;
    if arguments.json {
        let inspected = Inspected {
            path: &path,
            kind,
            bytes,
            sha256,
            warnings: warnings.iter().map(OneWarning::from).collect(),
            document: &value,
        };
        writeln!(output, "{}", json(&inspected)?)?;
        return Ok(Status::Fine);
    }
    writeln!(output, "{}", session.style.paint(Paint::Heading, printable(&path)))?;
    let bytes = grouped(u64::try_from(bytes).unwrap_or(u64::MAX));
    writeln!(output, "   {kind}, {bytes} bytes; its signatures are not verified here\n   sha256 {sha256}")?;
    for warning in warnings {
        let word = session.style.paint(Paint::Warning, "warning:");
        writeln!(output, "   {word} {}", printable(&warning.to_string()))?;
    }
    let mut lines = Vec::new();
    members(&value, 1, &mut lines);
    for line in lines {
        writeln!(output, "{line}")?;
    }
    Ok(Status::Fine)
}

/// The members as an indented list.
fn members(value: &Value, depth: usize, lines: &mut Vec<String>) {
    let indent = "   ".repeat(depth);
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                match value {
                    Value::Object(inner) if !inner.is_empty() => {
                        lines.push(format!("{indent}{}", printable(name)));
                        members(value, depth.saturating_add(1), lines);
                    }
                    Value::Array(inner) if !inner.is_empty() => {
                        let count = grouped(u64::try_from(inner.len()).unwrap_or(u64::MAX));
                        lines.push(format!("{indent}{}: {count}", printable(name)));
                        members(value, depth.saturating_add(1), lines);
                    }
                    _ => lines.push(format!("{indent}{}: {}", printable(name), text(value))),
                }
            }
        }
        Value::Array(list) => {
            for value in list.iter().take(SHOWN) {
                if value.is_object() {
                    lines.push(format!("{indent}-"));
                    members(value, depth.saturating_add(1), lines);
                } else {
                    lines.push(format!("{indent}- {}", text(value)));
                }
            }
            if let Some(more @ 1..) = list.len().checked_sub(SHOWN) {
                lines.push(format!("{indent}and {more} more: --json shows them"));
            }
        }
        _ => lines.push(format!("{indent}{}", text(value))),
    }
}

/// A value in one line; of a certificate whose it is, and how long.
fn text(value: &Value) -> String {
    let Value::String(text) = value else { return shown(&value.to_string()).into_owned() };
    if !text.starts_with("-----BEGIN ") {
        return shown(text).into_owned();
    }
    let label = text.strip_prefix("-----BEGIN ").and_then(|rest| rest.split("-----").next()).unwrap_or_default();
    let certificate =
        Certificate::inspect_pem(text.as_bytes()).ok().and_then(|all| all.into_iter().find_map(Result::ok));
    match certificate {
        Some(certificate) => {
            let name = |text: Option<&str>| shown(text.unwrap_or("?")).into_owned();
            let subject = certificate.subject();
            let validity = certificate.validity();
            let end = validity.not_after.map_or_else(|| "no end".to_owned(), |end| end.to_string());
            let (common, unit) = (name(subject.common_name()), name(subject.organizational_unit()));
            format!("certificate of {common} ({unit}), {} to {end}", validity.not_before)
        }
        None => format!("{}, {} bytes", shown(label), text.len()),
    }
}

#[derive(Serialize)]
struct Judged<'a> {
    path: &'a str,
    kind: &'static str,
    verified: bool,
    sha256: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    signers: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

fn verify_file(arguments: &SyncVerify, session: &mut Session<'_>) -> Result<Status, Stop> {
    let (document, _) = document(&arguments.file)?;
    let (trust, faults) = match &arguments.trust {
        Some(folder) => super::verify::trusted(folder),
        None => (TrustStore::empty(), Vec::new()),
    };
    for fault in &faults {
        session.messages.fault(fault);
    }
    let time = TimePolicy::Now(arguments.at.unwrap_or(session.now));
    let signers = judge(arguments, &document, &trust, time)?;
    let path = arguments.file.to_string_lossy();
    let kind = document.content().kind().as_str();
    let sha256 = hexadecimal(&document.digest());
    let failed = signers.is_err();
    let (names, reason, text) = match &signers {
        Ok(signers) => (signers.iter().map(name).collect(), None, None),
        Err(error) => (Vec::new(), Some(error.kind().as_str()), Some(error.to_string())),
    };
    let judged = Judged { path: &path, kind, verified: !failed, sha256, signers: names, reason, text };
    let output = &mut session.output;
    if arguments.json {
        writeln!(output, "{}", json(&judged)?)?;
    } else {
        writeln!(output, "{}: {kind}", printable(&path))?;
        if let (Some(text), Some(reason)) = (&judged.text, judged.reason) {
            let word = session.style.paint(Paint::Error, "NOT VERIFIED");
            writeln!(output, "{word}: {} ({reason})", printable(text))?;
        } else {
            writeln!(output, "verified, signed by")?;
            for signer in &judged.signers {
                writeln!(output, "   {}", printable(signer))?;
            }
        }
    }
    Ok(Status::of_errors(failed || !faults.is_empty()))
}

/// Which key signed.
fn name(evidence: &Evidence) -> String {
    format!("key {}, {}", evidence.key_id(), evidence.scheme())
}

/// Judges a document in the role of whoever receives it.
fn judge(
    arguments: &SyncVerify,
    document: &Document,
    trust: &TrustStore,
    time: TimePolicy,
) -> Result<Result<Vec<Evidence>, Error>, Stop> {
    Ok(match document.content() {
        Content::RegistrationRequest(_) => {
            verify::registration(document, trust, time).map(|verified| verified.signers().to_vec())
        }
        Content::SyncRequest(_) => {
            let Some(issuer) = &arguments.issuer else {
                return Err(Stop::Call(
                    "a synchronization request is judged with --issuer, the CA of the cloud".to_owned(),
                ));
            };
            let issuer = certificate(issuer)?;
            verify::request(document, issuer.der(), trust, time).map(|verified| verified.signers().to_vec())
        }
        Content::RegistrationAuthorization(_) => {
            verify::authorization(document, &own(arguments)?, trust, time).map(|verified| verified.signers().to_vec())
        }
        _ => verify::response(document, &own(arguments)?, trust, time).map(|verified| verified.signers().to_vec()),
    })
}

/// The keys that an answer has to certify.
fn own(arguments: &SyncVerify) -> Result<verify::OwnKeys, Stop> {
    let Some(id) = &arguments.id_key else {
        return Err(Stop::Call("an answer is judged with --id-key, the key of the On-Prem that asked".to_owned()));
    };
    let mut own = verify::OwnKeys::new(key(id)?);
    own.signing = arguments.signing_key.as_deref().map(key).transpose()?;
    own.local_ca = arguments.local_ca_key.as_deref().map(key).transpose()?;
    Ok(own)
}

fn small(path: &Path) -> Result<Vec<u8>, Stop> {
    let limit = Limits::default().pem_bytes;
    let bytes = bytes_of(path, limit).map_err(|error| unreadable(path, &error))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= limit) {
        return Ok(bytes);
    }
    let text = format!("more than the {} bytes that a key or a certificate may have", grouped(limit));
    Err(Stop::Data(format!("{}: {text}: is it the right file?", path.display())))
}

fn certificate(path: &Path) -> Result<Certificate, Stop> {
    certificate_in(path, &small(path)?)
}

/// The first certificate in the bytes of a file.
fn certificate_in(path: &Path, bytes: &[u8]) -> Result<Certificate, Stop> {
    let refuse = |text: String| Stop::Data(format!("{}: {text}", path.display()));
    let all = Certificate::inspect_pem(bytes).map_err(|error| refuse(error.to_string()))?;
    match all.into_iter().next() {
        Some(one) => one.map_err(|error| refuse(error.to_string())),
        None => Err(refuse("no certificate in it".to_owned())),
    }
}

/// The public key in a file, or that of the certificate in it.
fn key(path: &Path) -> Result<PublicKey, Stop> {
    let refuse = |text: &str| Stop::Data(format!("{}: {text}", path.display()));
    let bytes = small(path)?;
    if has(&bytes, b"PUBLIC KEY-----") {
        return PublicKey::from_pem(&bytes).map_err(|error| refuse(error.message()));
    }
    if !has(&bytes, b"BEGIN CERTIFICATE-----") {
        return Err(refuse("a certificate or a public key (PEM) is wanted here, and none is in it"));
    }
    certificate_in(path, &bytes)?.key().cloned().map_err(|error| refuse(error.message()))
}

#[cfg(test)]
mod tests {
    use slp_model::is_unprintable;

    use super::*;

    #[test]
    fn nothing_that_drives_a_terminal_gets_through_at_any_depth() {
        let odd = "a\u{9b}2J\u{202e}\u{1b}c";
        let value =
            serde_json::json!({ odd: odd, "list": [odd, [odd, { odd: odd }], { "in": [[[odd]]] }], "no": null });
        let mut lines = Vec::new();
        members(&value, 1, &mut lines);
        assert!(lines.len() > 6, "{lines:#?}");
        for line in &lines {
            assert!(!line.contains(is_unprintable), "{line:?}");
        }
    }
}
