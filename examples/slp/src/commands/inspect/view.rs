//! The layers as JSON. The names of members are stable; absent values are left out.

use serde::Serialize;
use slp_model::{ReportId, Seconds, Udi, UnixSeconds};
use slp_rum::{
    Closure, Generation, HaMember, Measurement, Member, PayloadForm, Signature, Snapshot, UsageReport, Warning,
};

use super::layers::{self, Content};
use crate::fault::Fault;
use crate::printable::hexadecimal;

#[derive(Serialize)]
pub(super) struct File<'a> {
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<&'static str>,
    parts: Vec<Part<'a>>,
    reports: Vec<Report<'a>>,
    warnings: &'a [Warning],
    #[serde(skip_serializing_if = "is_zero")]
    warnings_dropped: u64,
    errors: &'a [Fault],
}

/// An element of the document (or an envelope in JSON): its name, where it begins, how long it is.
#[derive(Serialize)]
struct Part<'a> {
    name: &'a str,
    byte: usize,
    bytes: usize,
    /// Its number among the reports, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<usize>,
    /// What another part says, in lines for people.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    says: &'a [String],
}

#[derive(Serialize)]
struct Report<'a> {
    /// Its number in the document, from 1.
    number: usize,
    id: ReportId,
    kind: String,
    generation: &'a str,
    udi_pid: &'a str,
    udi_serial_number: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    product_instance_id: Option<&'a str>,
    software_tag: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    software_version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entitlement_tag: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    utility_enabled: Option<bool>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    ha: &'a [HaMember],
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<UnixSeconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<UnixSeconds>,
    closed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    termination_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    close_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    peak: Option<u64>,
    /// `text` (as signed), `object` (the signed text is lost), `bare` (no envelope).
    payload_form: &'static str,
    payload_bytes: usize,
    payload_sha256: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    header_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outer_signature: Option<SignatureView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inner_signature: Option<SignatureView<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    measurements: Vec<MeasurementView<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    snapshots: &'a [Snapshot],
    /// Members that are not known, by path.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unknown_members: Vec<Member>,
    warnings: &'a [Warning],
}

/// A signature as it stands. Nothing here says that it is good.
#[derive(Serialize)]
struct SignatureView<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    signer: Option<&'a Udi>,
    signing_type: &'a str,
    key: &'a str,
    value: &'a str,
}

#[derive(Serialize)]
struct MeasurementView<'a> {
    #[serde(flatten)]
    measurement: &'a Measurement,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    elapsed: Seconds,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

pub(super) fn file(file: &layers::File) -> File<'_> {
    let parts = file.items.iter().map(|item| Part {
        name: item.kind.as_str(),
        byte: item.at,
        bytes: item.bytes,
        report: match item.content {
            Content::Report(number, _) | Content::Broken(number, _) => Some(number),
            Content::Other(_) => None,
        },
        says: match &item.content {
            Content::Other(lines) => lines,
            _ => &[],
        },
    });
    File {
        path: &file.name,
        bytes: file.bytes,
        container: file.container.map(slp_rum::Container::as_str),
        parts: parts.collect(),
        reports: file.reports().map(|(number, of)| report(number, of)).collect(),
        warnings: &file.warnings,
        warnings_dropped: file.dropped,
        errors: &file.faults,
    }
}

/// The word for a generation.
pub(super) fn generation(of: &Generation) -> &str {
    match of {
        Generation::V1 => "v1",
        Generation::V2 => "v2",
        Generation::Other(version) => version,
        _ => "unknown",
    }
}

fn report(number: usize, of: &UsageReport) -> Report<'_> {
    let (termination, close) = match of.closure() {
        Closure::Closed { termination, close, .. } => (Some(termination), close),
        _ => (None, None),
    };
    let measurements = of.measurements().iter().map(|measurement| MeasurementView {
        measurement,
        count: measurement.count(),
        elapsed: measurement.elapsed(),
    });
    Report {
        number,
        id: of.id(),
        kind: of.kind().to_string(),
        generation: generation(of.generation()),
        udi_pid: of.device().pid(),
        udi_serial_number: of.device().serial(),
        product_instance_id: of.product_instance_id(),
        software_tag: of.software_tag().as_str(),
        software_version: of.software_version(),
        entitlement_tag: of.entitlement_tag().map(AsRef::as_ref),
        utility_enabled: of.utility_enabled(),
        ha: of.ha(),
        start: of.span().map(|span| span.start()),
        end: of.span().map(|span| span.end()),
        closed: termination.is_some(),
        termination_reason: termination.map(|word| word.as_str().to_owned()),
        close_reason: close.map(|word| word.as_str().to_owned()),
        peak: of.peak(),
        payload_form: match of.form() {
            PayloadForm::Object => "object",
            PayloadForm::Bare => "bare",
            _ => "text",
        },
        payload_bytes: of.payload_text().len(),
        payload_sha256: hexadecimal(&of.payload_sha256()),
        header_type: of.header().and_then(|header| header.kind.as_ref()).map(slp_model::license::HeaderType::as_str),
        outer_signature: of.outer_signature().map(signature),
        inner_signature: of.inner_signature().map(signature),
        measurements: measurements.collect(),
        snapshots: of.snapshots(),
        unknown_members: unknown_members(of),
        warnings: of.warnings(),
    }
}

fn signature(of: &Signature) -> SignatureView<'_> {
    SignatureView { signer: of.signer.as_ref(), signing_type: of.signing_type.as_str(), key: &of.key, value: &of.value }
}

/// What the reader kept without knowing it. Paths begin with `$` in the envelope, with `payload$` in the payload.
pub(super) fn unknown_members(of: &UsageReport) -> Vec<Member> {
    let signature = of.outer_signature();
    let places: [(&str, &[Member]); 4] = [
        ("$", of.envelope_extra()),
        ("$.header", of.header().map_or(&[], |header| &header.extra)),
        ("$.signature", signature.map_or(&[], |signature| &signature.extra)),
        ("$.signature.sudi", signature.map_or(&[], |signature| &signature.signer_extra)),
    ];
    let mut members = Vec::new();
    for (place, extra) in places {
        members.extend(extra.iter().map(|one| Member::new(format!("{place}.{}", one.name), &*one.raw)));
    }
    let inside = of.payload_extra();
    members.extend(inside.into_iter().map(|(path, raw)| Member::new(format!("payload{path}"), raw)));
    members
}
