//! `slp import --dry-run`: what would a device do with a document?

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;
use slp_crypto::{Csr, TimePolicy, TrustStore, Verifier};
use slp_model::error_code::{DeviceError, Platform};
use slp_model::license::ReportState;
use slp_model::{Location, ReportId, SignedContent, Udi, UnixSeconds};
use slp_rum::import::{
    DeviceState, HaPeer, Judge, Leaf, LeafFault, MemberOutcome, NoKeys, PartOutcome, Plan, Refusal, ReportFacts,
    SignatureRule, Situation, Verdict, import,
};
use slp_rum::trust::TrustKey;
use slp_rum::{Content, Document, ReadOptions, TrustCode};
use slp_sync::bundle::answered_names;

use crate::Status;
use crate::arguments::Import;
use crate::console::{Output, Session, Stop};
use crate::fault::Fault;
use crate::input::Reader;
use crate::printable::{json, printable};

pub(crate) fn run(arguments: &Import, session: &mut Session<'_>) -> Result<Status, Stop> {
    let now = arguments.now.unwrap_or(session.now);
    let (keyless, trusted);
    let judge: &dyn Judge = match &arguments.trust {
        None => {
            keyless = NoKeys::new();
            &keyless
        }
        Some(folder) => {
            let (store, faults) = super::verify::trusted(folder);
            for fault in &faults {
                session.messages.fault(fault);
            }
            trusted = Trusted { store, now };
            &trusted
        }
    };
    let mut situation = Situation::new(judge, now);
    if arguments.require_signatures {
        situation.rule = SignatureRule::Required;
    }
    let mut options = arguments.costs.options();
    let reader = Reader::new(options.clone(), &mut *session.input);
    if options.limits.document_bytes == ReadOptions::default().limits.document_bytes {
        // nobody said otherwise: what a device takes
        options.limits.document_bytes = situation.options.limits.document_bytes;
    }
    situation.options = options;
    let read = |path: &Path, bytes: &mut Vec<u8>| {
        if path.as_os_str() == "-" {
            return reader.standard_input(bytes);
        }
        reader.file(path, &path.to_string_lossy(), bytes)
    };
    let mut state = fresh(&arguments.device);
    for path in &arguments.sent {
        let mut bytes = Vec::new();
        read(path, &mut bytes).map_err(|fault| Stop::Data(fault.to_string()))?;
        let sent = add_sent(&bytes, &reader.options, &mut state);
        let reports = sent.map_err(|error| Stop::Data(Fault::in_file(&path.to_string_lossy(), error).to_string()))?;
        if is_answer_to(&arguments.document, path) {
            situation.by_name.get_or_insert_default().extend(reports);
        }
    }
    let mut bytes = Vec::new();
    let result = match read(&arguments.document, &mut bytes) {
        Ok(()) => import(&bytes, &state, &situation),
        Err(fault) if fault.kind == "unreadable" => Err(Refusal::missing_file(&fault.text)),
        Err(fault) => return Err(Stop::Data(fault.to_string())),
    };
    let is_taken = matches!(&result, Ok(plan) if plan.error() == DeviceError::Success);
    session.messages.fail(!is_taken);
    if arguments.json {
        write_json(&Report::of(&result), &mut session.output)?;
    } else {
        show(&result, arguments.sent.is_empty(), &mut session.output)?;
    }
    // what of --trust could not be read counts too
    Ok(Status::of_errors(session.messages.has_failed()))
}

/// Believes the keys of a folder, as `slp verify` does.
struct Trusted {
    store: TrustStore,
    now: UnixSeconds,
}

impl Judge for Trusted {
    fn has_server_key(&self) -> bool {
        true
    }

    fn judge(&self, content: &SignedContent<'_>) -> Verdict {
        slp_kit::verdict(&Verifier::new(&self.store).verify(content, TimePolicy::At(self.now)))
    }

    fn leaf(&self, code: &TrustCode) -> Result<Leaf, LeafFault> {
        slp_kit::device_leaf(&self.store, code)
    }
}

/// A device on which nothing is installed.
fn fresh(devices: &[Udi]) -> DeviceState {
    let mut state = DeviceState::default();
    state.members = devices.iter().cloned().map(HaPeer::new).collect();
    state
}

/// Is it called `ACK_` and the name of the other?
fn is_answer_to(document: &Path, sent: &Path) -> bool {
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let (document, sent) = (name(document), name(sent));
    document.starts_with("ACK_") && answered_names(&document).contains(&sent)
}

/// The reports of a device file count as sent, and its requests for trust wait for an answer. Gives the reports.
fn add_sent(
    bytes: &[u8],
    options: &ReadOptions,
    state: &mut DeviceState,
) -> Result<Vec<(Udi, ReportId)>, slp_rum::Error> {
    let document = Document::parse_with(bytes, options)?;
    let mut reports = Vec::new();
    for report in document.reports() {
        let report = report?;
        let facts = ReportFacts::new(ReportState::Unacknowledged, None);
        reports.push((report.device().clone(), report.id()));
        state.reports.insert((report.device().clone(), report.id()), facts);
    }
    for content in document.contents() {
        let Content::TrustRequest(request) = content? else { continue };
        for entry in request.view() {
            let TrustKey::CertificateRequest(pem) = &entry.key else { continue };
            // one that cannot be read asks for nothing
            let key = Csr::from_pem(pem.as_bytes()).map(|csr| csr.get().key().spki().to_vec());
            state.trust.entry(entry.device.clone()).or_default().pending_keys.extend(key);
        }
    }
    Ok(reports)
}

/// As JSON: `code` and `word` of the whole, `reason` and `place` of a refusal, `parts`, `warnings`.
#[derive(Debug, Default, Serialize)]
struct Report {
    code: u16,
    word: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<Location>,
    parts: Vec<Part>,
    warnings: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Part {
    class: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<Udi>,
    outcome: String,
    code: u16,
    word: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmation_code: Option<String>,
    warnings: Vec<String>,
}

impl Part {
    fn of(part: &PartOutcome) -> Self {
        let of_members = part.members.iter().filter_map(|member| member.warning.as_ref());
        Self {
            class: part.class.to_string(),
            device: part.device.clone(),
            outcome: part.outcome.to_string(),
            code: part.code().number(),
            word: part.error.to_string(),
            reason: part.reason.clone(),
            confirmation_code: part.confirmation.as_ref().map(ToString::to_string),
            warnings: part.warnings.iter().chain(of_members).cloned().collect(),
        }
    }
}

impl Report {
    fn of(result: &Result<Plan, Refusal>) -> Self {
        match result {
            Ok(plan) => Self {
                code: plan.error().number(Platform::Xe).unwrap_or_default(),
                word: plan.error().to_string(),
                parts: plan.outcomes().iter().map(Part::of).collect(),
                warnings: plan.warnings().to_vec(),
                ..Self::default()
            },
            Err(refusal) => Self {
                code: refusal.code(Platform::Xe).number(),
                word: refusal.error().to_string(),
                reason: refusal.reason().to_owned(),
                place: Some(refusal.location().clone()).filter(|place| !place.is_empty()),
                ..Self::default()
            },
        }
    }
}

fn write_json(report: &Report, output: &mut Output<'_>) -> io::Result<()> {
    writeln!(output, "{}", json(report)?)
}

fn show(result: &Result<Plan, Refusal>, nothing_sent: bool, output: &mut Output<'_>) -> io::Result<()> {
    match result {
        Ok(plan) => {
            for part in plan.outcomes() {
                writeln!(output, "{}", printable(&part.to_string()))?;
                for warning in &part.warnings {
                    writeln!(output, "    warning: {}", printable(warning))?;
                }
                // a part with one member says already why that was passed over
                let is_said = |member: &MemberOutcome| part.members.len() == 1 && member.reason == part.reason;
                for member in &part.members {
                    let report = member.report.map(|id| format!("report {id}: ")).unwrap_or_default();
                    if !member.reason.is_empty() && !is_said(member) {
                        writeln!(output, "    {report}{}, {}", member.outcome, printable(&member.reason))?;
                    }
                    if let Some(warning) = &member.warning {
                        writeln!(output, "    {report}warning: {}", printable(warning))?;
                    }
                }
            }
            // what only the file that was sent can tell: which reports wait, and which request for trust
            let is_unknown = |error| matches!(error, DeviceError::NotFound | DeviceError::NodeCertVerificationFailed);
            let members = |part: &PartOutcome| part.members.iter().any(|member| is_unknown(member.error));
            if nothing_sent && plan.outcomes().iter().any(|part| is_unknown(part.error) || members(part)) {
                let text = "no report and no request for trust is known here: give the file that was sent with --sent";
                writeln!(output, "note: {text}")?;
            }
            for warning in plan.warnings() {
                writeln!(output, "warning: {}", printable(warning))?;
            }
            writeln!(output, "{plan}")?;
        }
        Err(refusal) => writeln!(output, "{}", printable(&refusal.to_string()))?,
    }
    writeln!(output, "This was a dry run: nothing has changed.")
}
