//! Facts from what `show license …` prints: best effort, never the truth. Spec: transport, "Parsing show output".
//!
//! The signed reports and the acknowledgements are the truth; these facts only explain and warn. Every line that is not
//! understood is reported with its number, no text is an error, and a section that is not there means "unknown", not "no".

mod command; // which command, and how to tell
mod exec; // what commands that do something print
mod fact; // values with numbers in them
mod line; // one line and its parts
mod table; // lines that are rows
mod vocabulary; // sections, groups and keys by name
mod walk; // where a reader stands

pub use command::ShowCommand;
pub use exec::ExecOutcome;
pub use fact::{Attempts, Fact, PushInterval};

use std::borrow::Cow;

use line::{Line, Parts};
use vocabulary::Section;
use walk::Walk;

use crate::Limits;

/// What a capture says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CliFacts {
    /// The command that printed it.
    pub command: ShowCommand,
    /// When, as the device printed it: `Time source is …`, else `Current time: …`.
    pub captured_at: Option<String>,
    /// The facts, in the order of the lines.
    pub facts: Vec<Fact>,
    /// Lines that were not understood.
    pub unparsed: Vec<UnparsedLine>,
    /// What is odd about the capture.
    pub warnings: Vec<CliWarning>,
    /// Lines with something on them.
    pub lines: u64,
}

/// A line that was not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnparsedLine {
    /// Number of the line in the capture, from 1.
    pub line: u64,
    /// As it stands, blanks at its end left out.
    pub text: String,
}

/// Something that makes the facts of a capture worth less.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CliWarning {
    /// From 1; none for the whole capture.
    pub line: Option<u64>,
    /// What is odd, for people.
    pub text: String,
}

impl CliFacts {
    /// Reads a capture of this command.
    ///
    /// ```
    /// use slp_transport::Limits;
    /// use slp_transport::show::{CliFacts, ShowCommand};
    ///
    /// let text = b"Transport:\n  Type: cslu\n  Cslu address: <empty>\n  strange\n";
    /// let facts = CliFacts::read(ShowCommand::Status, text, &Limits::default());
    /// assert_eq!(facts.value("Transport/Type"), Some("cslu"));
    /// assert!(facts.find("Transport/Cslu address").is_some_and(|fact| fact.is_none()));
    /// assert_eq!((facts.unparsed[0].line, facts.unparsed[0].text.as_str()), (4, "  strange"));
    /// ```
    pub fn read(command: ShowCommand, text: &[u8], limits: &Limits) -> Self {
        let mut facts = Self {
            command,
            captured_at: None,
            facts: Vec::new(),
            unparsed: Vec::new(),
            warnings: Vec::new(),
            lines: 0,
        };
        let text = facts.text(text, limits);
        let mut walk = Walk::new(command);
        for (index, raw) in text.split('\n').enumerate() {
            let number = u64::try_from(index).unwrap_or(u64::MAX).saturating_add(1);
            let raw = raw.trim_end_matches(['\r', ' ', '\t']);
            let cut = cut(raw, limits.cli_line_bytes);
            if cut.len() < raw.len() {
                facts.warn(Some(number), "the line is longer than the limit and was cut");
            }
            let lines = facts.lines;
            facts.line(Line::new(number, cut), &mut walk);
            if facts.facts.len().saturating_add(facts.unparsed.len()) > limits.cli_facts {
                // One line may have many.
                let most = limits.cli_facts;
                facts.unparsed.truncate(most);
                facts.facts.truncate(most.saturating_sub(facts.unparsed.len()));
                facts.lines = lines;
                let text = format!("more than {most} facts (limit cli_facts): nothing is read from here on");
                facts.warn(Some(number), &text);
                break;
            }
        }
        facts
    }

    /// Reads a capture, telling the command from its echo or its sections.
    pub fn detect(text: &[u8], limits: &Limits) -> Option<Self> {
        let start = text.get(..limits.cli_bytes).unwrap_or(text);
        let command = ShowCommand::detect(&String::from_utf8_lossy(start))?;
        Some(Self::read(command, text, limits))
    }

    /// The first fact with this path.
    pub fn find(&self, path: &str) -> Option<&Fact> {
        self.facts.iter().find(|fact| fact.path == path)
    }

    /// The value of the first fact with this path.
    pub fn value(&self, path: &str) -> Option<&str> {
        self.find(path).map(|fact| fact.value.as_str())
    }

    /// All facts with this path: members of a set have one each.
    pub fn all<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a Fact> {
        self.facts.iter().filter(move |fact| fact.path == path)
    }

    /// Of 1,000 lines with something on them, how many were understood.
    pub fn understood_per_mille(&self) -> u64 {
        let missed = u64::try_from(self.unparsed.len()).unwrap_or(u64::MAX);
        let understood = self.lines.saturating_sub(missed);
        understood.saturating_mul(1_000).checked_div(self.lines).unwrap_or(1_000)
    }

    fn warn(&mut self, line: Option<u64>, text: &str) {
        self.warnings.push(CliWarning { line, text: text.to_owned() });
    }

    fn text<'t>(&mut self, text: &'t [u8], limits: &Limits) -> Cow<'t, str> {
        let kept = text.get(..limits.cli_bytes).unwrap_or(text);
        if kept.len() < text.len() {
            self.warn(None, "the capture is longer than the limit and was cut");
        }
        if let Ok(text) = std::str::from_utf8(kept) {
            text.into()
        } else {
            self.warn(None, "the capture is not UTF-8: odd bytes were replaced");
            String::from_utf8_lossy(kept)
        }
    }

    fn fact(&mut self, line: u64, path: String, value: impl Into<String>) {
        self.facts.push(Fact { path, value: value.into(), line });
    }

    fn line(&mut self, line: Line<'_>, walk: &mut Walk) {
        if line.text.trim().is_empty() {
            return;
        }
        self.lines = self.lines.saturating_add(1);
        if line.is_ruler() || self.prelude(line, walk) {
            return;
        }
        if table::row(self.command, line, walk, self) {
            return;
        }
        if walk.header(line) {
            return;
        }
        if let Some(parts) = Parts::of(line.text.trim())
            && self.parts(line, &parts, walk)
        {
            return;
        }
        if walk.takes_text(line.text.trim()) {
            self.fact(line.number, walk.path(""), line.text.trim());
            return;
        }
        self.unparsed.push(UnparsedLine { line: line.number, text: line.text.to_owned() });
    }

    /// Command echo, prompt, load and time lines, which may stand before and after everything.
    fn prelude(&mut self, line: Line<'_>, walk: &mut Walk) -> bool {
        let text = line.text.trim();
        if let Some((_, time)) = text.strip_prefix("Time source is ").and_then(|rest| rest.split_once(", ")) {
            self.captured_at.get_or_insert_with(|| time.trim_start_matches(['.', '*']).to_owned());
            return true;
        }
        if text.starts_with("Load for five secs:") || text.starts_with("show ") {
            return true;
        }
        if let Some(command) = behind_prompt(text)
            && (command.is_empty() || command.starts_with("show ") || command.starts_with("sh "))
        {
            return true;
        }
        if text.starts_with("Index ") && text.contains(" Feature:") && self.command != ShowCommand::License {
            walk.enter(&Section::ANYTHING);
        }
        false
    }

    /// Facts of the form `Key: value`, one or more on a line.
    fn parts(&mut self, line: Line<'_>, parts: &Parts<'_>, walk: &mut Walk) -> bool {
        if !walk.knows_all(parts) {
            return false;
        }
        for (key, value) in parts.iter() {
            if walk.opens_group(key, value) {
                self.fact(line.number, walk.path(""), value);
                continue;
            }
            if key == "Current time" && self.captured_at.is_none() {
                self.captured_at = Some(value.to_owned());
            }
            self.fact(line.number, walk.path(key), value);
        }
        if walk.is_classic() && !self.warnings.iter().any(|warning| warning.text == NOT_SLP) {
            self.warn(Some(line.number), NOT_SLP);
        }
        true
    }
}

/// The most bytes of a name that paths of other facts repeat: of a licence, a device, an event. Real ones have some forty.
const NAME: usize = 128;

/// What a classic registration means. Spec: transport, "Quirks" 28.
const NOT_SLP: &str = "the device has the classic kind of licensing, not Smart Licensing Using Policy";

/// What stands behind the prompt of a device, `name#`.
fn behind_prompt(text: &str) -> Option<&str> {
    let (host, command) = text.split_once('#')?;
    let plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.');
    (!host.is_empty() && host.chars().all(plain)).then(|| command.trim())
}

fn cut(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests;
