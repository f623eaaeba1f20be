//! `slp inspect`: the layers of a file, from the outside in.

use std::io::Write as _;

use crate::Status;
use crate::arguments::Inspect;
use crate::console::{Session, Stop};
use crate::fault::Fault;
use crate::input::Input;
use crate::pipeline::{self, Outcome};
use crate::printable::json;

mod layers; // what is in a file
mod parts; // what the parts beside reports say
mod tree; // layers as people read them
mod view; // layers as JSON

use layers::File;

/// A file as text, ready to be written.
struct Shown {
    text: String,
    failed: bool,
}

pub(crate) fn run(arguments: &Inspect, session: &mut Session<'_>) -> Result<Status, Stop> {
    let style = session.style;
    let render = |file: &File| {
        let text = if arguments.json { json(&view::file(file)).unwrap_or_default() } else { tree::render(file, style) };
        Shown { text, failed: !file.faults.is_empty() }
    };
    if session.output_is_terminal {
        session.messages.without_progress();
    }
    if arguments.json {
        write!(session.output, "{{\"files\":[")?;
    }
    let (mut files, mut failed) = (0_u64, false);
    pipeline::documents(
        &arguments.sources,
        session,
        |input: &Input<'_>| render(&File::read(input)),
        |output, _, outcome| {
            let shown = match outcome {
                Outcome::Document(shown) => shown,
                Outcome::Fault(fault) => render(&File::unreadable(fault)),
            };
            failed |= shown.failed;
            files = files.saturating_add(1);
            match (arguments.json, files) {
                (true, 1) => write!(output, "\n{}", shown.text),
                (true, _) => write!(output, ",\n{}", shown.text),
                (false, 1) => write!(output, "{}", shown.text),
                (false, _) => write!(output, "\n{}", shown.text),
            }
        },
    )?;
    if arguments.json {
        writeln!(session.output, "\n]}}")?;
    }
    Ok(Status::of_errors(failed))
}

impl File {
    /// A file of which nothing is known but why.
    fn unreadable(fault: Fault) -> Self {
        let name = fault.place.entries.first().cloned().unwrap_or_default();
        Self {
            name,
            bytes: None,
            container: None,
            items: Vec::new(),
            warnings: Vec::new(),
            dropped: 0,
            faults: vec![fault],
            report_faults: 0,
        }
    }
}
