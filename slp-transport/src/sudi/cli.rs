//! What a terminal shows: `show platform sudi certificate`, `show platform integrity` and their successors (seen).
//!
//! Hexadecimal of a signature runs to the end of its line and no further: the next line is often the prompt, and prompts
//! can begin with such digits.

use slp_model::{Location, Quoted};

use super::draft::{Draft, Kind};
use super::entry::number;
use super::{Answer, Measured, Nonce, Tolerance, limit, schema, text};
use crate::{Error, ErrorKind, Limits};

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";
/// How the device says that it cannot.
const REFUSAL: &str = "% ";
/// Labels that stand nowhere else, at the beginning of their line.
const LABELS: [&str; 5] =
    ["% Error retrieving SUDI", "% Error retrieving integrity", "Signature version:", "Boot 0 Hash:", "LOCATION FRU="];
/// Commands whose answers these are.
const COMMANDS: [&str; 3] = ["show platform sudi", "show platform integrity", "show system integrity"];
/// The most bytes that are kept of a name or of a location.
const MAX_NAME: usize = 512;

/// Do its lines look like such a capture?
pub(super) fn is_capture(text: &[u8]) -> bool {
    text.split(|byte| *byte == b'\n').any(|line| {
        let line = line.trim_ascii();
        let is_label = LABELS.iter().any(|label| line.starts_with(label.as_bytes()));
        // the command stands at the beginning, or behind a prompt
        is_label
            || COMMANDS.iter().any(|command| {
                let at = line.windows(command.len()).position(|window| window == command.as_bytes());
                at.is_some_and(|at| at == 0 || line.get(at.saturating_sub(1)).is_some_and(|byte| *byte == b'#'))
            })
    })
}

pub(super) fn read(bytes: &[u8], limits: &Limits, answer: &mut Answer) -> Result<(), Error> {
    if bytes.len() > limits.cli_bytes {
        return Err(limit("cli_bytes", limits.cli_bytes));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let at = Location::byte(u64::try_from(error.valid_up_to()).unwrap_or(u64::MAX));
        Error::new(ErrorKind::Schema, "the capture is not UTF-8 text").at(at)
    })?;
    let mut reader = Reader::new(limits, answer);
    for (index, line) in text.trim_start_matches('\u{feff}').split('\n').enumerate() {
        reader.line(index, line)?;
    }
    reader.close()
}

/// Where in a statement the reader stands.
#[derive(Debug)]
enum Step {
    Free,
    /// Inside a PEM block: where it begins, and its text so far.
    Certificate(Location, String),
    BootHashes,
    System,
    PackageHashes,
    Registers,
    Compliance,
    /// The newer form: version and value follow by name.
    Signature,
    /// The next line is the signature.
    Value,
}

struct Reader<'a> {
    limits: &'a Limits,
    answer: &'a mut Answer,
    step: Step,
    draft: Draft,
    place: Location,
    /// The name in front of the next certificate.
    name: Option<String>,
    /// What the last command asked for, and with which nonce.
    asked: Option<Kind>,
    nonce: Option<Nonce>,
    /// The digits of a hash that may go on in the next line.
    wrapped: Option<String>,
    /// Is that hash one of the boot stages?
    is_boot_last: bool,
    has_cr: bool,
}

impl<'a> Reader<'a> {
    fn new(limits: &'a Limits, answer: &'a mut Answer) -> Self {
        Self {
            limits,
            answer,
            step: Step::Free,
            draft: Draft::default(),
            place: Location::default(),
            name: None,
            asked: None,
            nonce: None,
            wrapped: None,
            is_boot_last: false,
            has_cr: false,
        }
    }

    fn line(&mut self, index: usize, raw: &str) -> Result<(), Error> {
        self.place = Location::default();
        self.place.line = u64::try_from(index.saturating_add(1)).ok();
        if raw.len() > self.limits.cli_line_bytes {
            return Err(limit("cli_line_bytes", self.limits.cli_line_bytes).at(self.place.clone()));
        }
        if raw.ends_with('\r') && !std::mem::replace(&mut self.has_cr, true) {
            self.answer.warn(Tolerance::CrLf, &self.place);
        }
        let line = raw.trim();
        if line.is_empty() {
            return Ok(());
        }
        if let Step::Certificate(..) = self.step {
            self.inside(line);
            return Ok(());
        }
        let digits = self.wrapped.take();
        match prompt(line) {
            Some("") => {
                self.flush()?;
                (self.asked, self.nonce) = (None, None);
                Ok(())
            }
            Some(command) if is_command(command) => self.command(command),
            // the first line of the answer stood behind the prompt
            Some(line) => self.answer_line(line, digits),
            None if is_command(line) => self.command(line),
            None => self.answer_line(line, digits),
        }
    }

    fn command(&mut self, command: &str) -> Result<(), Error> {
        self.flush()?;
        let mut words = command.split_whitespace();
        self.asked = words.by_ref().find_map(|word| match word {
            "sudi" | "trust_chain" => Some(Kind::Chain),
            "measurement" => Some(Kind::Measurement),
            "compliance" => Some(Kind::Compliance),
            _ => None,
        });
        if self.asked.is_none() && command.starts_with("show platform integrity") {
            self.asked = Some(Kind::Measurement);
        }
        let nonce = command.split_whitespace().skip_while(|word| *word != "nonce").nth(1);
        self.nonce = nonce.and_then(number);
        if nonce.is_some() && self.nonce.is_none() {
            self.answer.warn(Tolerance::UnreadableNonce, &self.place);
        }
        Ok(())
    }

    fn answer_line(&mut self, line: &str, digits: Option<String>) -> Result<(), Error> {
        if line == BEGIN {
            self.begin();
            self.step = Step::Certificate(self.place.clone(), String::new());
            return Ok(());
        }
        if line.len() >= 4 && line.bytes().all(|byte| byte == b'-') {
            return Ok(());
        }
        if line.starts_with(REFUSAL) {
            self.flush()?;
            let text = format!("the device cannot answer: it says {}", Quoted(line));
            return self.answer.push(Err(Error::new(ErrorKind::Device, text).at(self.place.clone())));
        }
        if let Some(location) = line.strip_prefix("LOCATION ") {
            self.flush()?;
            let location = text::cut(location.trim(), MAX_NAME);
            self.draft = Draft::at(self.place.clone(), Some(location.to_owned()));
            return Ok(());
        }
        if matches!(self.step, Step::Value) {
            return self.value(line);
        }
        if let Some(digits) = digits
            && self.goes_on(&digits, line)
        {
            return Ok(());
        }
        if !self.label(line) && !self.fact(line) {
            let is_prelude = line.starts_with("Load for five secs:") || line.starts_with("Time source is ");
            if !is_prelude {
                self.answer.warn(Tolerance::UnknownLine, &self.place);
            }
        }
        Ok(())
    }

    /// The first line of a statement says where it stands.
    fn begin(&mut self) {
        if self.draft.is_empty() && self.draft.location.is_none() {
            self.draft.place = self.place.clone();
        }
    }

    /// A line inside a certificate.
    fn inside(&mut self, line: &str) {
        let Step::Certificate(place, text) = &mut self.step else { return };
        if line == END {
            match text::base64(text, text::MAX_CERTIFICATE, "the certificate") {
                Ok(der) => self.draft.certificate(self.name.take(), der, place),
                Err(text) => self.draft.fail(schema(place, text)),
            }
            self.step = Step::Free;
        } else if text.len() > text::MAX_CERTIFICATE.saturating_mul(2) {
            self.draft.fail(schema(place, "the certificate does not end"));
        } else {
            text.push_str(line);
        }
    }

    /// The line of the signature: all digits, to its end and no further.
    fn value(&mut self, line: &str) -> Result<(), Error> {
        self.step = Step::Free;
        match text::signature(line) {
            Ok(bytes) => self.draft.signature = Some(bytes),
            Err(text) => self.draft.fail(schema(&self.place, text)),
        }
        self.flush()
    }

    /// Lines that open a part.
    fn label(&mut self, line: &str) -> bool {
        let step = match line {
            "Boot Hashes:" => Step::BootHashes,
            "OS:" => Step::System,
            "Hashes:" | "OS Hashes:" => Step::PackageHashes,
            "Registers:" => Step::Registers,
            "Compliance:" => Step::Compliance,
            "Signature:" if self.draft.version.is_some() => Step::Value,
            "Signature:" => Step::Signature,
            "Value:" if matches!(self.step, Step::Signature) => Step::Value,
            _ => return false,
        };
        self.begin();
        match step {
            Step::Signature | Step::Value => self.draft.is_signed = true,
            Step::Compliance => drop(self.draft.pairs.get_or_insert_default()),
            Step::BootHashes | Step::System | Step::PackageHashes | Step::Registers => drop(self.draft.measurement()),
            _ => {}
        }
        self.step = step;
        true
    }

    /// Lines `name: value`.
    fn fact(&mut self, line: &str) -> bool {
        let Some((name, value)) = line.split_once(':') else { return false };
        let (name, value) = (name.trim(), value.trim());
        let version = if matches!(self.step, Step::Signature) { "Version" } else { "Signature version" };
        if name == version {
            self.begin();
            self.version(value);
            return true;
        }
        match (&self.step, name) {
            (Step::Compliance, _) => self.draft.pair(name, value, &self.place),
            (Step::Signature, _) => return false,
            (_, "PCR0") => self.draft.register(0, text::register(value), &self.place),
            (_, "PCR8") => self.draft.register(8, text::register(value), &self.place),
            (Step::BootHashes, _) => self.hash(line, true),
            (Step::System, "Version") | (_, "OS Version") => {
                self.draft.measurement().os_version = Some(value.to_owned());
            }
            (Step::PackageHashes, _) => self.hash(line, false),
            (_, "Certificate Name") => self.name = Some(text::cut(value, MAX_NAME).to_owned()),
            (_, "Platform") => {
                self.begin();
                self.draft.measurement().platform = Some(value.to_owned());
            }
            (_, "Boot 0 Version" | "Boot Loader Version") => self.stage(value),
            (_, "Boot 0 Hash" | "Boot Loader Hash") => {
                self.stage_hash(value);
                // whatever is printed first, boot 0 runs first and is measured first
                if name == "Boot 0 Hash" && self.wrapped.is_none() {
                    self.draft.measurement().boot.rotate_right(1);
                }
            }
            (_, "OS Hash") => {
                let name = self.draft.measurement().os_version.clone().unwrap_or_default();
                self.measured(&name, value, false);
            }
            _ => return false,
        }
        true
    }

    fn version(&mut self, value: &str) {
        match value.parse() {
            Ok(version) if self.draft.version.is_none() => self.draft.version = Some(version),
            Ok(_) => self.draft.fail(schema(&self.place, "the version of the signature stands here twice")),
            Err(_) => {
                let text = format!("the version of the signature is {}, which is no number", Quoted(value));
                self.draft.fail(schema(&self.place, text));
            }
        }
    }

    /// `name: hash`; names may hold colons, hashes not.
    fn hash(&mut self, line: &str, is_boot: bool) {
        let (name, hash) = line.rsplit_once(':').unwrap_or((line, ""));
        self.measured(name.trim(), hash.trim(), is_boot);
    }

    fn stage(&mut self, version: &str) {
        self.begin();
        if self.draft.takes_hash() {
            self.draft.measurement().boot.push(Measured { name: version.to_owned(), hash: None });
        }
    }

    /// The hash of the stage whose version stood before.
    fn stage_hash(&mut self, value: &str) {
        let Some(stage) = self.draft.measurement().boot.pop() else {
            return self.measured("", value, true);
        };
        if stage.hash.is_none() {
            return self.measured(&stage.name, value, true);
        }
        self.draft.measurement().boot.push(stage);
        self.measured("", value, true);
    }

    fn measured(&mut self, name: &str, value: &str, is_boot: bool) {
        self.begin();
        if !self.draft.takes_hash() {
            return;
        }
        let hash = text::hash(value);
        if hash.is_none() && !value.is_empty() {
            let all_digits = value.len() < 128 && value.bytes().all(|byte| byte.is_ascii_hexdigit());
            if all_digits {
                self.wrapped = Some(value.to_owned());
            } else {
                self.answer.warn(Tolerance::UnreadableHash, &self.place);
            }
        }
        let measured = Measured { name: text::cut(name, MAX_NAME).to_owned(), hash };
        let place = self.draft.measurement();
        if is_boot {
            place.boot.push(measured);
        } else {
            place.packages.push(measured);
        }
        self.is_boot_last = is_boot;
    }

    /// The rest of a hash that the terminal had no room for.
    fn goes_on(&mut self, digits: &str, line: &str) -> bool {
        let Some(hash) = text::hash(&format!("{digits}{line}")) else {
            self.answer.warn(Tolerance::UnreadableHash, &self.place);
            return false;
        };
        let measured = self.draft.measurement();
        let list = if self.is_boot_last { &mut measured.boot } else { &mut measured.packages };
        if let Some(last) = list.last_mut() {
            last.hash = Some(hash);
        }
        self.answer.warn(Tolerance::WrappedHash, &self.place);
        true
    }

    /// Ends the statement that is being read.
    fn flush(&mut self) -> Result<(), Error> {
        self.step = Step::Free;
        (self.name, self.wrapped) = (None, None);
        let location = self.draft.location.clone();
        let draft = std::mem::replace(&mut self.draft, Draft::at(self.place.clone(), location));
        if draft.is_empty() {
            self.draft.location = None;
            return Ok(());
        }
        self.answer.push(draft.finish(self.asked, self.nonce.clone()))
    }

    fn close(&mut self) -> Result<(), Error> {
        if let Step::Certificate(place, _) = &self.step {
            self.draft.fail(schema(place, "the certificate does not end"));
        }
        self.flush()
    }
}

/// What stands behind the prompt of a privileged user, if the line has one.
fn prompt(line: &str) -> Option<&str> {
    let (host, rest) = line.split_once('#')?;
    let is_plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'(' | b')' | b'/' | b':');
    (!host.is_empty() && host.len() <= MAX_NAME && host.bytes().all(is_plain)).then(|| rest.trim())
}

fn is_command(line: &str) -> bool {
    COMMANDS.iter().any(|command| line.starts_with(command))
}
