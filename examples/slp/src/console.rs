//! Where a command reads, writes and complains.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufWriter, Read, Write};
use std::mem;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use slp_model::UnixSeconds;

use crate::Status;
use crate::arguments::Color;
use crate::fault::Fault;
use crate::printable::printable;
use crate::progress::Progress;
use crate::style::{Paint, Style};
use crate::wording::count_of;
use crate::world::{Clock, Still, World};

/// The skipped entries that are named one by one; the rest is counted.
const SKIPPED_SHOWN: u64 = 5;

/// The faults that are told one by one on standard error; the rest is counted.
const FAULTS_SHOWN: u64 = 20;

/// Streams, clock and what is known of the terminal.
#[non_exhaustive]
pub struct Console<'a> {
    /// Standard input, for the PATH `-`.
    pub input: &'a mut (dyn Read + Send),
    /// Standard output: results.
    pub output: &'a mut dyn Write,
    /// Standard error: what could not be read, notes, progress.
    pub errors: &'a mut dyn Write,
    /// Does a person read the results as they come?
    pub output_is_terminal: bool,
    /// Does a person read the messages as they come?
    pub errors_is_terminal: bool,
    /// The environment asks for no colours (`NO_COLOR`).
    pub no_color: bool,
    /// The time that counts as now, unless an argument says otherwise.
    pub now: UnixSeconds,
    /// The clock of what waits for other machines. None: one that stands still but when somebody waits.
    pub clock: Option<Box<dyn Clock + 'a>>,
    /// Variables of the environment: those that begin with `SLP_`.
    pub variables: BTreeMap<String, String>,
    /// A number that nobody expects, for nonces.
    pub chance: u64,
}

impl<'a> Console<'a> {
    /// Streams that are no terminal.
    pub fn new(
        input: &'a mut (dyn Read + Send),
        output: &'a mut dyn Write,
        errors: &'a mut dyn Write,
        now: UnixSeconds,
    ) -> Self {
        Self {
            input,
            output,
            errors,
            output_is_terminal: false,
            errors_is_terminal: false,
            no_color: false,
            now,
            clock: None,
            variables: BTreeMap::new(),
            chance: 0,
        }
    }

    /// Prints what the argument parser has to say: help and version, or what is wrong with the call.
    ///
    /// A message about a wrong call quotes its words, which may be names of strangers' files: it has no styles, and
    /// nothing in it drives a terminal.
    pub(crate) fn answer(self, answer: clap::Error) -> Status {
        if !matches!(answer.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
            let text = quoted_safely(answer).to_string();
            let mut lines = text.lines();
            let written = lines.try_for_each(|line| writeln!(self.errors, "{}", printable(line)));
            return match written.and_then(|()| self.errors.flush()) {
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Status::Errors,
                _ => Status::WrongCall,
            };
        }
        let text = answer.render();
        let styled = self.output_is_terminal && !self.no_color;
        let written = if styled { write!(self.output, "{}", text.ansi()) } else { write!(self.output, "{text}") };
        match written.and_then(|()| self.output.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Status::Errors,
            _ => Status::Fine,
        }
    }
}

/// The words that a message quotes, made printable one by one: the renderer would take an escape sequence in them for a
/// style of its own and drop it, with all that follows. Its tips repeat such a word among styles, so they are left out.
fn quoted_safely(mut answer: clap::Error) -> clap::Error {
    let odd: Vec<_> = answer
        .context()
        .filter_map(|(kind, value)| match value {
            ContextValue::String(text) => match printable(text) {
                Cow::Borrowed(_) => None,
                Cow::Owned(safe) => Some((kind, safe)),
            },
            _ => None,
        })
        .collect();
    if !odd.is_empty() {
        answer.remove(ContextKind::Suggested);
    }
    for (kind, safe) in odd {
        answer.insert(kind, ContextValue::String(safe));
    }
    answer
}

impl fmt::Debug for Console<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console").field("now", &self.now).finish_non_exhaustive()
    }
}

/// Standard output, buffered.
pub(crate) type Output<'a> = BufWriter<&'a mut dyn Write>;

/// Why a command cannot go on.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The results cannot be written.
    Output(io::Error),
    /// The data cannot be worked on as a whole.
    Data(String),
    /// The call was wrong in a way that the argument parser cannot see.
    Call(String),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<serde_json::Error> for Stop {
    fn from(error: serde_json::Error) -> Self {
        Self::Output(error.into())
    }
}

/// A console at work.
pub(crate) struct Session<'a> {
    pub(crate) input: &'a mut (dyn Read + Send),
    pub(crate) output: Output<'a>,
    pub(crate) messages: Messages<'a>,
    /// Of the results.
    pub(crate) style: Style,
    pub(crate) output_is_terminal: bool,
    pub(crate) now: UnixSeconds,
    pub(crate) world: World<'a>,
}

impl<'a> Session<'a> {
    pub(crate) fn new(console: Console<'a>, color: Color) -> Self {
        let Console { input, output, errors, output_is_terminal, errors_is_terminal, no_color, now, .. } = console;
        let clock = console.clock.unwrap_or_else(|| Box::new(Still::at(now)));
        let style = |is_terminal| {
            Style::new(match color {
                Color::Always => true,
                Color::Never => false,
                Color::Auto => is_terminal && !no_color,
            })
        };
        let progress = errors_is_terminal.then(Progress::start);
        Self {
            style: style(output_is_terminal),
            messages: Messages {
                style: style(errors_is_terminal),
                errors,
                progress,
                skipped: 0,
                faults: 0,
                failed: false,
            },
            input,
            output: BufWriter::with_capacity(64 << 10, output),
            output_is_terminal,
            now,
            world: World::new(clock, console.variables, console.chance),
        }
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

/// What goes to standard error. That it cannot be written there has nowhere to be said.
pub(crate) struct Messages<'a> {
    errors: &'a mut dyn Write,
    style: Style,
    progress: Option<Progress>,
    skipped: u64,
    faults: u64,
    failed: bool,
}

impl Messages<'_> {
    /// Something that makes the exit status 1 or 2.
    pub(crate) fn error(&mut self, text: &str) {
        self.failed = true;
        self.line(Paint::Error, "error", text);
    }

    /// Something that could not be read.
    pub(crate) fn fault(&mut self, fault: &Fault) {
        self.failed = true;
        self.faults = self.faults.saturating_add(1);
        if self.faults <= FAULTS_SHOWN {
            self.error(&fault.to_string());
        }
    }

    /// The data has errors, whoever tells them. This counts even if nobody reads the results to their end.
    pub(crate) fn fail(&mut self, found: bool) {
        self.failed |= found;
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.failed
    }

    /// Deviations that were taken, in documents of which only the numbers are shown.
    pub(crate) fn tolerated(&mut self, count: u64) {
        if count > 0 {
            let many = count_of(count, "deviation", "deviations");
            self.note(&format!("{many} tolerated: `slp inspect` shows each of them"));
        }
    }

    /// Nothing follows.
    pub(crate) fn finish(&mut self) {
        if let Some(more @ 1..) = self.faults.checked_sub(FAULTS_SHOWN) {
            let many = count_of(more, "error", "errors");
            self.error(&format!("{many} more: `slp check --json` tells all of them"));
        }
    }

    /// Something that makes results worth less than they look.
    pub(crate) fn warning(&mut self, text: &str) {
        self.line(Paint::Warning, "warning", text);
    }

    /// Something to know.
    pub(crate) fn note(&mut self, text: &str) {
        self.line(Paint::Dim, "note", text);
    }

    fn line(&mut self, paint: Paint, word: &str, text: &str) {
        self.clear_progress();
        drop(writeln!(self.errors, "{}: {}", self.style.paint(paint, word), printable(text)));
    }

    /// An entry of a directory that is not read.
    pub(crate) fn skipped(&mut self, name: &str, why: &str) {
        self.skipped = self.skipped.saturating_add(1);
        if self.skipped <= SKIPPED_SHOWN {
            self.note(&format!("{name}: skipped, {why}"));
        }
    }

    /// How many bytes there are to read, if that is known.
    pub(crate) fn expect(&mut self, bytes: Option<u64>) {
        if let Some(progress) = &mut self.progress {
            progress.expect(bytes);
        }
    }

    /// So many bytes more are to be read; if that is not known, what is left cannot be told.
    pub(crate) fn expect_more(&mut self, bytes: Option<u64>) {
        if let Some(progress) = &mut self.progress {
            progress.expect_more(bytes);
        }
    }

    /// So many more documents are done, and so many bytes were read since.
    pub(crate) fn done(&mut self, documents: u64, bytes: u64) {
        if let Some(line) = self.progress.as_mut().and_then(|progress| progress.done(documents, bytes)) {
            drop(write!(self.errors, "\r{line}\u{1b}[K"));
            drop(self.errors.flush());
        }
    }

    /// So many things of all that are to be made are made.
    pub(crate) fn made(&mut self, number: u64, of: u64) {
        if let Some(line) = self.progress.as_mut().and_then(|progress| progress.made(number, of)) {
            drop(write!(self.errors, "\r{line}\u{1b}[K"));
            drop(self.errors.flush());
        }
    }

    /// No signs of life: the results are signs enough.
    pub(crate) fn without_progress(&mut self) {
        self.progress = None;
    }

    /// All files are done. What comes behind it begins to count anew.
    pub(crate) fn end_of_input(&mut self) {
        self.clear_progress();
        self.progress = self.progress.take().map(|_| Progress::start());
        if let Some(more @ 1..) = mem::take(&mut self.skipped).checked_sub(SKIPPED_SHOWN) {
            self.note(&format!("{more} more skipped"));
        }
    }

    fn clear_progress(&mut self) {
        if self.progress.as_mut().is_some_and(Progress::hide) {
            drop(write!(self.errors, "\r\u{1b}[K"));
        }
    }
}
