//! `slp verify`: a verdict for every signature, with its reason.

use std::io::Write as _;
use std::path::Path;

use serde::Serialize;
use slp_crypto::{Reason, TrustStore, Verifier};

use crate::Status;
use crate::arguments::Verify;
use crate::console::{Session, Stop};
use crate::fault::Fault;
use crate::pipeline::{self, Outcome};
use crate::printable::json;
use crate::style::Style;

mod brought; // what documents of the SDK say and bring
mod certificates; // certificates among the files
mod judge; // documents of devices and of the cloud
mod own; // documents of the SDK
mod requests; // requests for trust
mod row; // one verdict
mod show; // verdicts as people read them
mod siblings; // what stands beside signed bytes
mod statement; // what devices print and sign
mod trust; // whom to believe

use judge::{FileVerdicts, Judge};
use row::Verdict;
use trust::Trust;

/// How many signatures ended how. Inner signatures are counted by themselves: nobody can check them.
#[derive(Debug, Default, Serialize)]
struct Counts {
    verified: u64,
    invalid: u64,
    malformed: u64,
    unsupported: u64,
    #[serde(rename = "key-unknown")]
    key_unknown: u64,
    #[serde(rename = "not-checkable")]
    not_checkable: u64,
    inner: u64,
    /// What could not be read.
    errors: u64,
}

impl Counts {
    fn add(&mut self, file: &FileVerdicts) {
        for row in &file.rows {
            let count = match row.verdict {
                _ if row.is_inner => &mut self.inner,
                Verdict::Verified => &mut self.verified,
                Verdict::Not(Reason::Invalid) => &mut self.invalid,
                Verdict::Not(Reason::Malformed) => &mut self.malformed,
                Verdict::Not(Reason::KeyUnknown) => &mut self.key_unknown,
                Verdict::Not(Reason::NotCheckable) => &mut self.not_checkable,
                Verdict::Not(_) => &mut self.unsupported,
            };
            *count = count.saturating_add(1);
        }
        self.errors = self.errors.saturating_add(u64::try_from(file.faults.len()).unwrap_or(u64::MAX));
    }

    fn merge(&mut self, other: &Self) {
        for (count, more) in [
            (&mut self.verified, other.verified),
            (&mut self.invalid, other.invalid),
            (&mut self.malformed, other.malformed),
            (&mut self.unsupported, other.unsupported),
            (&mut self.key_unknown, other.key_unknown),
            (&mut self.not_checkable, other.not_checkable),
            (&mut self.inner, other.inner),
            (&mut self.errors, other.errors),
        ] {
            *count = count.saturating_add(more);
        }
    }

    fn signatures(&self) -> u64 {
        [self.verified, self.invalid, self.malformed, self.unsupported, self.key_unknown, self.not_checkable]
            .into_iter()
            .fold(0, u64::saturating_add)
    }
}

/// What one file adds to the output.
struct Shown {
    text: String,
    counts: Counts,
    failed: bool,
    outside: show::Outside,
}

/// What a folder names as trusted, and what of it could not be read.
pub(super) fn trusted(folder: &Path) -> (TrustStore, Vec<Fault>) {
    let Trust { store, faults, .. } = Trust::read(&[folder.to_owned()], &[]);
    (store, faults)
}

pub(crate) fn run(arguments: &Verify, session: &mut Session<'_>) -> Result<Status, Stop> {
    pipeline::can_be_read(&arguments.sources)?;
    let trust = Trust::read(&arguments.trust, &arguments.pins);
    for fault in &trust.faults {
        session.messages.fault(fault);
    }
    if trust.is_empty() && arguments.pins.is_empty() {
        session.messages.warning(
            "nobody is trusted: no certificate and no public key (*.pem) was found, so nothing can be verified",
        );
    } else {
        for folder in &trust.empty {
            let folder = folder.to_string_lossy();
            let text = format!("{folder}: no certificate and no public key (*.pem) was found in it");
            session.messages.warning(&text);
        }
    }
    let judge = Judge {
        trust: &trust,
        verifier: Verifier::new(&trust.store),
        at: arguments.at,
        now: session.now,
        nonce: arguments.nonce.as_ref(),
        threads: arguments.sources.threads,
    };
    let style = session.style;
    if session.output_is_terminal {
        session.messages.without_progress();
    }
    if arguments.json {
        write!(session.output, "{{\"trust\":{},\n\"files\":[", json(&trust.known)?)?;
    } else {
        show::trust(&trust.known, style, &mut session.output)?;
    }
    let (mut counts, mut failed, mut files) = (Counts::default(), !trust.faults.is_empty(), 0_u64);
    let mut outside = show::Outside::default();
    let render = |file: &FileVerdicts| render(file, arguments, style);
    pipeline::documents(
        &arguments.sources,
        session,
        |input| render(&judge.read(input)),
        |output, messages, outcome| {
            let shown = match outcome {
                Outcome::Document(shown) => shown,
                Outcome::Fault(fault) => render(&unreadable(fault)),
            };
            failed |= shown.failed;
            messages.fail(shown.failed);
            counts.merge(&shown.counts);
            outside.merge(&shown.outside);
            files = files.saturating_add(1);
            if arguments.json {
                write!(output, "{}{}", if files == 1 { "\n" } else { ",\n" }, shown.text)
            } else {
                writeln!(output, "{}", shown.text)
            }
        },
    )?;
    if arguments.json {
        writeln!(session.output, "\n],\n\"counts\":{}}}", json(&counts)?)?;
    } else {
        outside.write(style, &mut session.output)?;
        show::conclusion(&counts, &mut session.output)?;
    }
    Ok(Status::of_errors(failed))
}

fn render(file: &FileVerdicts, arguments: &Verify, style: Style) -> Shown {
    let mut counts = Counts::default();
    counts.add(file);
    let refused = |row: &row::Row| {
        row.verdict.is_bad() || (arguments.require_verified && !row.is_inner && row.verdict != Verdict::Verified)
    };
    // who requires verified signatures does not mean a file without any
    let nothing = arguments.require_verified && file.rows.is_empty();
    let failed = nothing || !file.faults.is_empty() || file.rows.iter().any(refused);
    let text = if arguments.json { json(&view(file)).unwrap_or_default() } else { show::file(file, nothing, style) };
    let mut outside = show::Outside::default();
    for row in file.rows.iter().filter(|row| !row.outside.is_empty()) {
        outside.add(show::kind(&row.of), &row.outside);
    }
    Shown { text, counts, failed, outside }
}

/// As JSON: `path`, `signatures`, `certificates`, `unsigned` (parts that never carry a signature), `errors`.
#[derive(Serialize)]
struct View<'f> {
    path: &'f str,
    signatures: &'f [row::Row],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    certificates: &'f [crate::facts::CertificateFacts],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    unsigned: &'f [String],
    errors: &'f [Fault],
}

fn view(file: &FileVerdicts) -> View<'_> {
    View {
        path: &file.name,
        signatures: &file.rows,
        certificates: &file.certificates,
        unsigned: &file.unsigned,
        errors: &file.faults,
    }
}

/// A file of which nothing is known but why.
fn unreadable(fault: Fault) -> FileVerdicts {
    let mut file = FileVerdicts::new(fault.place.entries.first().map_or("", String::as_str));
    file.faults.push(fault);
    file
}
