//! `slp import --dry-run`: what would a device do with a document?

use std::io::{self, Write};

use serde::Serialize;
use slp_model::error_code::Platform;
use slp_model::license::ReportState;
use slp_model::{Location, Udi};
use slp_rum::import::{
    DeviceState, HaPeer, NoKeys, PartOutcome, Plan, Refusal, ReportFacts, SignatureRule, Situation, import,
};
use slp_rum::{Document, ReadOptions};

use crate::Status;
use crate::arguments::Import;
use crate::console::{Output, Session, Stop};
use crate::fault::Fault;
use crate::input::Reader;
use crate::printable::{json, printable};

pub(crate) fn run(arguments: &Import, session: &mut Session<'_>) -> Result<Status, Stop> {
    let keyless = NoKeys::new();
    let mut situation = Situation::new(&keyless, arguments.now.unwrap_or(session.now));
    if arguments.require_signatures {
        situation.rule = SignatureRule::Required;
    }
    situation.options = arguments.costs.options();
    let reader = Reader::new(situation.options.clone(), &mut *session.input);
    let read = |path: &std::path::Path, bytes: &mut Vec<u8>| {
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
        sent.map_err(|error| Stop::Data(Fault::in_file(&path.to_string_lossy(), error).to_string()))?;
    }
    let mut bytes = Vec::new();
    let result = match read(&arguments.document, &mut bytes) {
        Ok(()) => import(&bytes, &state, &situation),
        Err(fault) if fault.kind == "unreadable" => Err(Refusal::missing_file(&fault.text)),
        Err(fault) => return Err(Stop::Data(fault.to_string())),
    };
    let is_taken = matches!(&result, Ok(plan) if plan.error() == slp_model::error_code::DeviceError::Success);
    session.messages.fail(!is_taken);
    if arguments.json {
        write_json(&Report::of(&result), &mut session.output)?;
    } else {
        show(&result, &mut session.output)?;
    }
    Ok(Status::of_errors(!is_taken))
}

/// A device on which nothing is installed.
fn fresh(devices: &[Udi]) -> DeviceState {
    let mut state = DeviceState::default();
    state.members = devices.iter().cloned().map(HaPeer::new).collect();
    state
}

/// The reports of a device file count as sent.
fn add_sent(bytes: &[u8], options: &ReadOptions, state: &mut DeviceState) -> Result<(), slp_rum::Error> {
    let document = Document::parse_with(bytes, options)?;
    for report in document.reports() {
        let report = report?;
        let facts = ReportFacts::new(ReportState::Unacknowledged, None);
        state.reports.insert((report.device().clone(), report.id()), facts);
    }
    Ok(())
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
        Self {
            class: part.class.to_string(),
            device: part.device.clone(),
            outcome: part.outcome.to_string(),
            code: part.code().number(),
            word: part.error.to_string(),
            reason: part.reason.clone(),
            confirmation_code: part.confirmation.as_ref().map(ToString::to_string),
            warnings: part.warnings.clone(),
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

fn show(result: &Result<Plan, Refusal>, output: &mut Output<'_>) -> io::Result<()> {
    match result {
        Ok(plan) => {
            for part in plan.outcomes() {
                writeln!(output, "{}", printable(&part.to_string()))?;
                for warning in &part.warnings {
                    writeln!(output, "    warning: {}", printable(warning))?;
                }
                for member in part.members.iter().filter(|member| !member.reason.is_empty()) {
                    let report = member.report.map(|id| format!("report {id}: ")).unwrap_or_default();
                    writeln!(output, "    {report}{}, {}", member.outcome, printable(&member.reason))?;
                }
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
