//! `slp show`: facts from what a device prints.

use std::io::Write as _;

use serde::Serialize;
use slp_transport::Limits;
use slp_transport::show::CliFacts;

use crate::Status;
use crate::arguments::Show;
use crate::console::{Session, Stop};
use crate::input::Reader;
use crate::printable::{json, printable, shown};

pub(crate) fn run(arguments: &Show, session: &mut Session<'_>) -> Result<Status, Stop> {
    let limits = Limits::default();
    let reader = Reader::fixed(limits.cli_bytes, &mut *session.input);
    let mut bytes = Vec::new();
    let read = if arguments.file.as_os_str() == "-" {
        reader.standard_input(&mut bytes)
    } else {
        reader.file(&arguments.file, &arguments.file.to_string_lossy(), &mut bytes)
    };
    read.map_err(|fault| Stop::Data(fault.to_string()))?;
    let facts = match arguments.command {
        Some(command) => CliFacts::read(command, &bytes, &limits),
        None => CliFacts::detect(&bytes, &limits)
            .ok_or_else(|| Stop::Call("which command printed it cannot be told: give --command".to_owned()))?,
    };
    if arguments.json {
        writeln!(session.output, "{}", json(&Report::of(&facts)).map_err(std::io::Error::from)?)?;
    } else {
        show(&facts, session)?;
    }
    Ok(Status::Fine)
}

fn show(facts: &CliFacts, session: &mut Session<'_>) -> Result<(), Stop> {
    let output = &mut session.output;
    write!(output, "{}", facts.command)?;
    if let Some(time) = &facts.captured_at {
        write!(output, ", {}", printable(time))?;
    }
    writeln!(output)?;
    for fact in &facts.facts {
        writeln!(output, "{:>6}  {}: {}", fact.line, printable(&fact.path), shown(&fact.value))?;
    }
    for warning in &facts.warnings {
        let line = warning.line.map(|line| format!("line {line}: ")).unwrap_or_default();
        writeln!(output, "warning: {line}{}", printable(&warning.text))?;
    }
    if !facts.unparsed.is_empty() {
        writeln!(output, "not understood:")?;
        for line in &facts.unparsed {
            writeln!(output, "{:>6}  {}", line.line, shown(&line.text))?;
        }
    }
    let percent = facts.understood_per_mille();
    writeln!(output, "{} lines, {}.{}% understood", facts.lines, percent / 10, percent % 10)?;
    Ok(())
}

/// As JSON, see the help.
#[derive(Serialize)]
struct Report<'f> {
    command: &'static str,
    captured_at: Option<&'f str>,
    lines: u64,
    facts: Vec<Fact<'f>>,
    unparsed: Vec<Line<'f>>,
    warnings: Vec<Line<'f>>,
}

#[derive(Serialize)]
struct Fact<'f> {
    path: &'f str,
    value: &'f str,
    line: u64,
}

#[derive(Serialize)]
struct Line<'f> {
    line: Option<u64>,
    text: &'f str,
}

impl<'f> Report<'f> {
    fn of(facts: &'f CliFacts) -> Self {
        let fact = |fact: &'f slp_transport::show::Fact| Fact { path: &fact.path, value: &fact.value, line: fact.line };
        let unparsed = facts.unparsed.iter().map(|line| Line { line: Some(line.line), text: &line.text });
        let warnings = facts.warnings.iter().map(|warning| Line { line: warning.line, text: &warning.text });
        Self {
            command: facts.command.as_str(),
            captured_at: facts.captured_at.as_deref(),
            lines: facts.lines,
            facts: facts.facts.iter().map(fact).collect(),
            unparsed: unparsed.collect(),
            warnings: warnings.collect(),
        }
    }
}
