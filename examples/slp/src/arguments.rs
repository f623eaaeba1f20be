//! The words of the command line.

mod bundle; // the words for bundles, answers, fleets, On-Prem files
mod transport; // devices and the cloud
mod trust; // the words for signatures, keys, signing

use std::path::PathBuf;

use clap::builder::{PathBufValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use slp_model::{Udi, UnixSeconds};
use slp_rum::{Limits, ReadOptions};

pub(crate) use bundle::*;
pub(crate) use trust::*;

pub(crate) use transport::{Poll, Pull, PushAck, Show, Upload};

const EXAMPLES: &str = "\
Examples:
  slp usage reports/                    who used what, when: every file below the folder
  slp check reports/ --from 2024-01-01  is the evidence complete since then?
  slp inspect device.txt                what is in this file?

Exit status: 0 all is fine; 1 the data has errors, or a PATH cannot be read; 2 the call is wrong.";

const INSPECT_EXAMPLES: &str = "\
Examples:
  slp inspect device.txt
  slp inspect --json reports/ > layers.json
  ssh router more flash:usage.txt | slp inspect -

--json writes one object {\"files\": [...]}. A file has `path`, `bytes`, `container`, `parts`,
`reports`, `warnings`, `errors`; a report has its `measurements` or `snapshots` and its own
`warnings`. Times are seconds since 1970 (UTC), absent members are left out; errors have `kind`,
`name` (of the limit or tolerance that decided), `fatal`, `text`, `place`.";

const USAGE_EXAMPLES: &str = "\
Examples:
  slp usage reports/
  slp usage --by device-tag --from 2024-01-01 --to 2024-04-01 reports/
  slp usage --format csv reports/ > intervals.csv
  slp usage --format json --summary fleet/ | jq .peak

The table shows days covered by reports, gaps between them, unit-hours (count times hours), average
and peak count. Time without a report is unknown, not zero. Counts of several devices at one time
are added; of a redundant set (HA) only the greatest counts.

--format json writes one object: `devices` (documents read), `reports`, `measurements`, `rejected`,
`peak` (tag to greatest count on one device), `intervals`, and with --by `sums` (`known` and
`unit_seconds` in seconds, `average` as a text with three decimals, `peak`). At most 10,000,000
attached devices are named (--limit attached_devices=N); `attached_left_out` counts the intervals
that name none for that reason.

--format csv writes the intervals, one a line. A name that a spreadsheet would take for a formula
(it begins with = + - @ and is no number) has an apostrophe in front.";

const CHECK_EXAMPLES: &str = "\
Examples:
  slp check reports/
  slp check --from 2024-01-01 --to 2024-04-01 reports/
  slp check --ids ids.txt device.txt    ids.txt: the output of `show license rum id all`
  slp check --ids TST00000001=ids1.txt --ids TST00000002=ids2.txt reports/
  slp check --acks acks/ --ack-deadline 2024-06-30 reports/
  slp check --counters support.txt device.txt    the output of `show license tech support`

With --acks every closed report has to be named by an acknowledgement as taken (RUM-NOACK: a warning
30 days after its end, an error after the deadline). Signatures are not checked.

--json writes one object: `findings` (`id`, `severity`, device, `reports`, `from`, `to`, `details`,
`text`, `remedy`), `errors` (what could not be read: `kind`, `name` of the limit or tolerance that
decided, `fatal`, `text`, `place`), `counts` (by severity). Beyond 100,000 findings about single
measurements only the first of each kind in a report is listed, with the number of others in its
`details` as `more`.";

const DUE_EXAMPLES: &str = "\
Examples:
  slp policy due reports/                            under the default policy of the vendor
  slp policy due --policy policy.xml --last-ack 2024-07-01 --class export reports/
  slp policy due --class perpetual --class TEST_HSEC=export device.txt

Without --last-ack no report counts as acknowledged; with it, those that end before. To see what
another policy would ask for, give that policy. Exit status 1: a date was missed for a licence that
is enforced or export restricted.

--json writes one object: `devices` (`device`, `next_ack_deadline`, `dues` with `at`, `rule`, `tag`,
`class`, `days`, `base`, `since`, `source`, `severity`, `text`) and `errors` (`kind`, `name`,
`fatal`, `text`, `place`).";

const IMPORT_EXAMPLES: &str = "\
Examples:
  slp import --dry-run ACK.txt --device PID:C9300-24UX,SN:TST00000001
  slp import --dry-run ACK.txt --device P:C9300,S:TST00000001 --sent usage.txt
  slp import --dry-run ACK.txt --device P:C9300,S:TST00000001 --trust keys/

The device is taken to be fresh: nothing is installed on it. Its reports are those of --sent, and so
is its request for trust. An acknowledgement that names no report is held to answer the file whose
name it has, behind ACK_. Signatures are checked with --trust alone: the folder holds the key of the
server as cloud.pub.pem, and the root of trust codes, as for slp verify. A device takes documents up
to 4 MiB; so does this, unless --max-document-bytes says otherwise.

--json writes one object: `code`, `word`, `parts` (`class`, `device`, `outcome`, `code`, `word`,
`reason`, `confirmation_code`, `warnings`), `warnings`; of a refusal also `reason` and `place`.";

/// Read, sum up and check the usage reports of Smart Licensing.
#[derive(Debug, Parser)]
#[command(name = "slp", version, after_help = EXAMPLES, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,

    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN", display_order = 92)]
    #[arg(help = "Colours; auto: on a terminal, unless NO_COLOR is set")]
    pub(crate) color: Color,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the layers of files: document, report, measurement
    #[command(after_help = INSPECT_EXAMPLES)]
    Inspect(Inspect),
    /// Sum up who used which licence, how often and when
    #[command(after_help = USAGE_EXAMPLES)]
    Usage(Usage),
    /// Check whether reports are complete and fit together
    #[command(after_help = CHECK_EXAMPLES)]
    Check(Check),
    /// Work with reporting policies
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Show what a device would do with an acknowledgement, a code or a policy
    #[command(after_help = IMPORT_EXAMPLES)]
    Import(Import),
    /// Read what a device prints: facts with their lines, and what was not understood
    #[command(after_help = transport::SHOW_EXAMPLES)]
    Show(Show),
    /// Fetch the reports of devices
    #[command(after_help = transport::PULL_EXAMPLES)]
    Pull(Pull),
    /// Hand reports to the cloud
    #[command(after_help = transport::UPLOAD_EXAMPLES)]
    Upload(Upload),
    /// Fetch the answers of the cloud
    #[command(after_help = transport::POLL_EXAMPLES)]
    Poll(Poll),
    /// Bring the answers to the devices
    #[command(after_help = transport::PUSH_ACK_EXAMPLES)]
    PushAck(PushAck),
    /// Check signatures: a verdict for each, with its reason
    #[command(after_help = trust::VERIFY_EXAMPLES)]
    Verify(Verify),
    /// Make and show keys and certificates for tests
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Sign a document of this SDK
    #[command(after_help = trust::SIGN_EXAMPLES)]
    Sign(Sign),
    /// Write and read usage bundles
    #[command(subcommand)]
    Bundle(BundleCommand),
    /// Bring acknowledgements to their devices
    #[command(subcommand)]
    Ack(AckCommand),
    /// Invent a fleet of devices: for tests, demos and benchmarks
    #[command(after_help = FLEET_EXAMPLES)]
    Fleet(Fleet),
    /// Read On-Prem registration and synchronization files
    #[command(subcommand)]
    Sync(SyncCommand),
    /// Show the whole circle on this machine: devices, a cloud with keys of its own, months of usage
    #[command(after_help = DEMO_EXAMPLES)]
    Demo(Demo),
}

const DEMO_EXAMPLES: &str = "\
Examples:
  slp demo
  slp demo --path cslu-push --months 3
  slp demo --path airgap --devices 10";

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Which way reports go: direct, cslu-push, cslu-pull, airgap, api, or all of them
    #[arg(long, value_name = "PATH", default_value = "all")]
    pub(crate) path: String,

    /// Devices
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) devices: u32,

    /// Simulated months of 30 days
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=120))]
    pub(crate) months: u32,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Show when each device must report next, and why
    #[command(after_help = DUE_EXAMPLES)]
    Due(PolicyDue),
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

/// What one document may cost.
#[derive(Clone, Debug, Args)]
pub(crate) struct Costs {
    /// Refuse documents with more bytes than this; 64M is short for 64 times 1,048,576
    #[arg(long, value_name = "N", display_order = 90, default_value_t = default_document_bytes(), value_parser = bytes)]
    max_document_bytes: u64,

    /// Allow so much of one thing in one document, such as `payload_bytes=64M`; a wrong name shows all names
    #[arg(long = "limit", value_name = "NAME=N", display_order = 90, value_parser = limit)]
    limits: Vec<Limit>,
}

impl Costs {
    /// How documents are read. What is named by `--limit` goes before `--max-document-bytes`.
    pub(crate) fn options(&self) -> ReadOptions {
        let mut options = ReadOptions::default();
        options.limits.document_bytes = usize::try_from(self.max_document_bytes).unwrap_or(usize::MAX);
        for limit in &self.limits {
            options.limits = limit.set(&options.limits).unwrap_or(options.limits);
        }
        options
    }
}

/// A limit by its name.
#[derive(Clone, Debug)]
struct Limit {
    name: String,
    value: u64,
}

impl Limit {
    /// The limits with this one changed; `None` if there is no such limit or the value does not fit it.
    fn set(&self, limits: &Limits) -> Option<Limits> {
        let mut all = serde_json::to_value(limits).ok()?;
        *all.get_mut(&self.name)? = self.value.into();
        serde_json::from_value(all).ok()
    }
}

/// The names of all limits of a document, sorted.
pub(crate) fn limit_names() -> Vec<String> {
    match serde_json::to_value(Limits::default()) {
        Ok(serde_json::Value::Object(all)) => all.into_iter().map(|(name, _)| name).collect(),
        _ => Vec::new(),
    }
}

/// What to read and at what cost.
#[derive(Clone, Debug, Args)]
pub(crate) struct Sources {
    /// Files; folders, searched for .txt .xml .json .tar .tar.gz .tgz; or - for standard input
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) costs: Costs,

    /// Threads that read files; results do not depend on it
    #[arg(long, value_name = "N", display_order = 91, default_value_t = 2, value_parser = threads)]
    pub(crate) threads: usize,
}

#[derive(Debug, Args)]
pub(crate) struct Inspect {
    #[command(flatten)]
    pub(crate) sources: Sources,

    /// Write JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Usage {
    #[command(flatten)]
    pub(crate) sources: Sources,

    /// One row for each licence, device, or licence of a device [default: tag]
    #[arg(long, value_enum, value_name = "WHAT", conflicts_with = "summary")]
    pub(crate) by: Option<By>,

    /// Leave out what was before: a date, 2024-01-31T12:00, or seconds since 1970 (UTC)
    #[arg(long, value_name = "TIME", value_parser = time, conflicts_with = "summary")]
    pub(crate) from: Option<UnixSeconds>,

    /// Leave out that time and what came after
    #[arg(long, value_name = "TIME", value_parser = time, conflicts_with = "summary")]
    pub(crate) to: Option<UnixSeconds>,

    /// How to write it
    #[arg(long, value_enum, value_name = "FORM", default_value_t)]
    pub(crate) format: Format,

    /// Only count what was read: the memory needed does not grow with the number of files
    #[arg(long)]
    pub(crate) summary: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum By {
    Tag,
    Device,
    DeviceTag,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    #[default]
    Table,
    Csv,
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) sources: Sources,

    /// The time that has to be covered begins here: adds gaps at its edges
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) from: Option<UnixSeconds>,

    /// The time that has to be covered ends here [default: now]
    #[arg(long, value_name = "TIME", value_parser = time, requires = "from")]
    pub(crate) to: Option<UnixSeconds>,

    /// The time that counts as now [default: the clock]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) now: Option<UnixSeconds>,

    /// Reports that a device lists (lines of id and state): those in no file are findings. SERIAL names the device when
    /// there are several
    #[arg(long, value_name = "[SERIAL=]FILE")]
    pub(crate) ids: Vec<String>,

    /// Acknowledgements that came back: files, folders. Closed reports that none of them names as taken are findings
    #[arg(long, value_name = "PATH")]
    pub(crate) acks: Vec<PathBuf>,

    /// When the acknowledgements had to be there at the latest
    #[arg(long, value_name = "TIME", value_parser = time, requires = "acks")]
    pub(crate) ack_deadline: Option<UnixSeconds>,

    /// A text in which a device counts the reports that it lost (`Purged:`, `MIA:`). SERIAL as for --ids
    #[arg(long, value_name = "[SERIAL=]FILE")]
    pub(crate) counters: Vec<String>,

    /// Write JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PolicyDue {
    #[command(flatten)]
    pub(crate) sources: Sources,

    /// A document with the policy [default: that of the vendor]
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,

    /// When that policy was installed
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) installed: Option<UnixSeconds>,

    /// When the devices last received an acknowledgement
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) last_ack: Option<UnixSeconds>,

    /// Class of the licences, or of one: perpetual (default), subscription, enforced, export; reports do not tell
    #[arg(long, value_name = "[TAG=]CLASS")]
    pub(crate) class: Vec<String>,

    /// The time that counts as now [default: the clock]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) now: Option<UnixSeconds>,

    /// Write JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The document: a file, or - for standard input
    #[arg(value_name = "DOCUMENT")]
    pub(crate) document: PathBuf,

    /// Only say what would happen; there is no other way yet
    #[arg(long, required = true)]
    pub(crate) dry_run: bool,

    /// The device; given several times: the members of its redundant set
    #[arg(long, value_name = "UDI", required = true, value_parser = device)]
    pub(crate) device: Vec<Udi>,

    #[command(flatten)]
    pub(crate) costs: Costs,

    /// A file of the device whose reports were sent
    #[arg(long, value_name = "FILE")]
    pub(crate) sent: Vec<PathBuf>,

    /// Check signatures, and refuse what none of these keys signed: a folder of *.pem files, or one file
    #[arg(long, value_name = "DIR")]
    pub(crate) trust: Option<PathBuf>,

    /// Refuse what is not signed by a known key: without --trust, everything
    #[arg(long)]
    pub(crate) require_signatures: bool,

    /// The time that counts as now [default: the clock]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) now: Option<UnixSeconds>,

    /// Write JSON
    #[arg(long)]
    pub(crate) json: bool,
}

fn device(text: &str) -> Result<Udi, String> {
    text.parse().map_err(|error: slp_model::Error| error.message().to_owned())
}

fn default_document_bytes() -> u64 {
    u64::try_from(Limits::default().document_bytes).unwrap_or(u64::MAX)
}

fn time(text: &str) -> Result<UnixSeconds, String> {
    text.parse().map_err(|error: slp_model::Error| error.message().to_owned())
}

/// Where results go. `-` is standard input everywhere else, and a file of that name would surprise whoever finds it.
fn output() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| {
        if path.as_os_str() == "-" {
            return Err("results go into a file or a folder, not to standard output (./- is a file of that name)");
        }
        Ok(path)
    })
}

fn threads(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|threads| (1..=64).contains(threads)).ok_or_else(|| "expected 1 to 64".to_owned())
}

fn bytes(text: &str) -> Result<u64, String> {
    let (digits, shift) = match text.char_indices().last() {
        Some((at, 'K' | 'k')) => (text.get(..at), 10),
        Some((at, 'M' | 'm')) => (text.get(..at), 20),
        Some((at, 'G' | 'g')) => (text.get(..at), 30),
        _ => (Some(text), 0),
    };
    digits
        .and_then(|digits| digits.parse::<u64>().ok())
        .and_then(|number| number.checked_mul(1 << shift))
        .filter(|number| *number > 0)
        .ok_or_else(|| "expected a number above 0, such as 16777216 or 16M".to_owned())
}

fn limit(text: &str) -> Result<Limit, String> {
    let (name, value) = text.split_once('=').ok_or_else(|| "expected NAME=N, such as payload_bytes=64M".to_owned())?;
    let limit = Limit { name: name.to_owned(), value: bytes(value)? };
    let names = limit_names();
    if !names.contains(&limit.name) {
        return Err(format!("no limit has that name; there are: {}", names.join(", ")));
    }
    limit.set(&Limits::default()).map(|_| limit).ok_or_else(|| "that limit has to be smaller".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_limit_can_be_set_by_its_name_and_nothing_else() {
        for name in limit_names() {
            let one = limit(&format!("{name}=77")).unwrap().set(&Limits::default()).unwrap();
            assert_ne!(one, Limits::default(), "{name}");
        }
        assert!(limit("payload=1").unwrap_err().contains("payload_bytes, pem_bytes"));
        assert!(limit("payload_bytes").unwrap_err().contains("NAME=N"));
        assert!(limit("json_depth=8G").unwrap_err().contains("smaller"));
    }

    #[test]
    fn sizes_have_units_and_never_overflow() {
        assert_eq!(bytes("16M"), Ok(16 << 20));
        assert_eq!(bytes("1k"), Ok(1_024));
        assert_eq!(bytes("17"), Ok(17));
        for wrong in ["", "0", "M", "-1", "1.5M", "17179869184G", "é"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }
}
