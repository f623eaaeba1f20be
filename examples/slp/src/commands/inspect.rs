//! `slp inspect`: the layers of a file, from the outside in.

use std::io::Write as _;

use slp_sync::bundle::Summary;

use crate::Status;
use crate::arguments::Inspect;
use crate::console::{Session, Stop};
use crate::fault::Fault;
use crate::input::Input;
use crate::pipeline::{self, Step, Work};
use crate::printable::json;
use crate::style::Style;

mod bundle; // what a bundle is as a whole
mod layers; // what is in a file
mod parts; // what the parts beside reports say
mod tree; // layers as people read them
mod view; // layers as JSON

pub(crate) use bundle::OneWarning;

use layers::File;

/// A file as text, ready to be written.
struct Shown {
    text: String,
    failed: bool,
}

/// How files are shown.
#[derive(Clone, Copy)]
struct Show {
    json: bool,
    style: Style,
}

impl Show {
    fn file(self, file: &File) -> Shown {
        let text = if self.json { json(&view::file(file)).unwrap_or_default() } else { tree::render(file, self.style) };
        Shown { text, failed: !file.faults.is_empty() }
    }

    fn bundle(self, name: &str, ended: &Result<Summary, Fault>) -> Shown {
        let text = if self.json {
            json(&bundle::view(name, ended)).unwrap_or_default()
        } else {
            bundle::tree(name, ended, self.style)
        };
        Shown { text, failed: ended.is_err() }
    }
}

impl Work for Show {
    type Piece = Vec<Shown>;

    fn document(&self, piece: &mut Vec<Shown>, input: &Input<'_>) {
        piece.push(self.file(&File::read(input)));
    }

    fn fault(&self, piece: &mut Vec<Shown>, fault: Fault) {
        piece.push(self.file(&File::unreadable(fault)));
    }
}

pub(crate) fn run(arguments: &Inspect, session: &mut Session<'_>) -> Result<Status, Stop> {
    pipeline::can_be_read(&arguments.sources)?;
    let show = Show { json: arguments.json, style: session.style };
    if session.output_is_terminal {
        session.messages.without_progress();
    }
    if arguments.json {
        write!(session.output, "{{\"files\":[")?;
    }
    let (mut files, mut failed) = (0_u64, false);
    pipeline::steps(&arguments.sources, session, &show, |output, messages, step| {
        let shown = match step {
            Step::Piece { piece, .. } => piece,
            // what it is as a whole is known only now
            Step::End { name, ended } => vec![show.bundle(&name, &ended)],
        };
        shown.into_iter().try_for_each(|shown| {
            failed |= shown.failed;
            messages.fail(shown.failed);
            files = files.saturating_add(1);
            match (arguments.json, files) {
                (true, 1) => write!(output, "\n{}", shown.text),
                (true, _) => write!(output, ",\n{}", shown.text),
                (false, 1) => write!(output, "{}", shown.text),
                (false, _) => write!(output, "\n{}", shown.text),
            }
        })
    })?;
    if arguments.json {
        writeln!(session.output, "\n]}}")?;
    }
    Ok(Status::of_errors(failed))
}

impl File {
    /// A file of which nothing is known but why.
    fn unreadable(fault: Fault) -> Self {
        let name = fault.place.entries.join("!");
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
