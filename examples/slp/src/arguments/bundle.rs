//! The words of the commands for bundles, their answers, fleets and On-Prem files.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use slp_model::UnixMillis;
use slp_sync::Privacy;
use slp_sync::bundle::Split as Portions;

use super::{Costs, Sources, bytes, output, threads};

const CREATE_EXAMPLES: &str = "\
Examples:
  slp bundle create -o upload/ --smart-account Acme reports/
  slp bundle create -o upload/ --smart-account Acme --ledger exports.jsonl reports/

With --ledger no report goes up twice: those of earlier bundles are left out, and a run that was
interrupted is finished, to the same bytes, when it is started again with the same words. Files of
one device become one leaf. A file that cannot be read is named and left out; exit status 1.

--json writes one object for each bundle, a line each: `bundle`, `file`, `devices`, `reports`, `bytes`,
`sha256`, `content_sha256`, `conflicts` (reports whose versions contradict each other), `left_out`
(files), `known` (devices without a new report).";

const LIST_EXAMPLES: &str = "\
Examples:
  slp bundle list UD_SA_Acme_26Nov24_10_20_30_123.tar.gz
  slp bundle list --json ACK_UD_SA_Acme_26Nov24_10_20_30_123.tar.gz

--json writes one object: `leaves` (`archive`, `leaf`, `bytes`, `device`, `reports`; of an answer
`acked` and `refused`; `duplicate_device`; `error` if it cannot be read), then `bundle` with the sums.";

const EXTRACT_EXAMPLES: &str = "\
Examples:
  slp bundle extract UD_SA_Acme_26Nov24_10_20_30_123.tar.gz -o leaves/

The folder must be new or empty; it appears when all leaves are in it. Leaves of an inner archive
go into a folder of its name. A name that not every system takes becomes leaf_N.txt.";

const SPLIT_EXAMPLES: &str = "\
Examples:
  slp ack split ACK_UD_SA_Acme_26Nov24_10_20_30_123.tar.gz --ledger exports.jsonl -o answers/
  slp ack split ACK_UD_SA_x.tar.gz --bundle UD_SA_x.tar.gz -o answers/
  slp ack split renamed.tar.gz --ledger exports.jsonl --by-udi -o answers/

Writes ACK_PID_SERIAL.txt for each device whose answer is there and fits. An answer that names
another device, or a report that was not sent, is not delivered. The same answer again changes
nothing. Exit status 0 if every report of every device is acknowledged, else 1.

If the answer's name is that of no bundle in the ledger (it was renamed, or is one device's), give
--by-udi: each leaf is looked up by the device and the reports that it names in all bundles of the
ledger: the newest that waits for them. What could be of several is named, not delivered.

--json writes one object: `bundle` (or `bundles`, if looked up), `answers` (`leaf`, `verdict`,
`device`, `bundle`, `file`, `partial`, `acked`, `refused`, `candidates`, `warnings`), `missing`
(devices), `state`.";

pub(crate) const FLEET_EXAMPLES: &str = "\
Examples:
  slp fleet --devices 1000 --reports 4 --seed 1 -o fleet.tar.gz
  slp fleet --devices 10 --reports 4 --seed 1 --signatures real --key rsa.pem -o signed.tar.gz

The same words give the same bytes (with an ECDSA key not, since such signatures are random). Real
signatures are made with the private key (PKCS#8) of --key; reports name it as key 00000001.";

const SYNC_INSPECT_EXAMPLES: &str = "\
Examples:
  slp sync inspect onprem_sync_request.json

Nothing is verified. --json writes one object: `path`, `kind`, `bytes`, `sha256` (of the canonical
body), `warnings` (what was odd), `document`.";

const SYNC_VERIFY_EXAMPLES: &str = "\
Examples:
  slp sync verify registration_request.json
  slp sync verify sync_request.json --trust roots/ --issuer cloud-ca.pem
  slp sync verify sync_response.json --trust roots/ --id-key id.pem --at 2026-11-24T12:00

A request is judged as the cloud does it, an answer as the On-Prem that asked. Exit status 0 if
every signature, certificate and role is good, else 1.

--json writes one object: `path`, `kind`, `verified`, `sha256`, `signers`, or `reason` and `text`.";

#[derive(Debug, Subcommand)]
pub(crate) enum BundleCommand {
    /// Put files of devices into a bundle for upload
    #[command(after_help = CREATE_EXAMPLES)]
    Create(Create),
    /// List what is in a bundle, or in an answer to one
    #[command(after_help = LIST_EXAMPLES)]
    List(List),
    /// Write the leaves of a bundle into a folder
    #[command(after_help = EXTRACT_EXAMPLES)]
    Extract(Extract),
}

#[derive(Debug, Subcommand)]
pub(crate) enum AckCommand {
    /// Bring the answers of a bundle to its devices: one file for each, and who is missing
    #[command(after_help = SPLIT_EXAMPLES)]
    Split(Split),
}

#[derive(Debug, Subcommand)]
pub(crate) enum SyncCommand {
    /// Show an On-Prem registration or synchronization file
    #[command(after_help = SYNC_INSPECT_EXAMPLES)]
    Inspect(SyncInspect),
    /// Check its signatures, certificates and roles
    #[command(after_help = SYNC_VERIFY_EXAMPLES)]
    Verify(SyncVerify),
}

#[derive(Debug, Args)]
pub(crate) struct Create {
    #[command(flatten)]
    pub(crate) sources: Sources,

    /// The file to write; or a folder (made if it ends with /), for a file of the name that answers come back under
    #[arg(short, long, value_name = "FILE", value_parser = output())]
    pub(crate) output: PathBuf,

    /// The Smart Account: for the name and the manifest
    #[arg(long, value_name = "NAME", default_value = "")]
    pub(crate) smart_account: String,

    /// The virtual account: for the inner name and the manifest
    #[arg(long, value_name = "NAME", default_value = "")]
    pub(crate) virtual_account: String,

    /// The time in the names [default: the clock]
    #[arg(long, value_name = "TIME", value_parser = millis)]
    pub(crate) at: Option<UnixMillis>,

    /// What was exported before; made if it is not there
    #[arg(long, value_name = "FILE")]
    pub(crate) ledger: Option<PathBuf>,

    /// Keep these from the cloud: hostname, ip, mac, joined by commas. Reports are never changed
    #[arg(long, value_name = "WORDS", value_parser = withhold)]
    pub(crate) withhold: Option<Privacy>,

    /// Devices in one bundle; with more, a further one is begun
    #[arg(long, value_name = "N", default_value_t = Portions::default().max_devices, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) max_devices: u64,

    /// Bytes of files in one bundle, before they are packed; with more, a further one is begun
    #[arg(long, value_name = "N", default_value_t = Portions::default().max_raw_bytes, value_parser = bytes)]
    pub(crate) max_bytes: u64,

    /// Write nothing if a single file cannot be read
    #[arg(long)]
    pub(crate) strict: bool,

    /// Write JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// One bundle, and what reading it may cost.
#[derive(Clone, Debug, Args)]
pub(crate) struct OneBundle {
    /// The bundle
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    #[command(flatten)]
    pub(crate) costs: Costs,

    /// Threads that work; results do not depend on it
    #[arg(long, value_name = "N", display_order = 91, default_value_t = 2, value_parser = threads)]
    pub(crate) threads: usize,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) bundle: OneBundle,

    /// Write JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Extract {
    #[command(flatten)]
    pub(crate) bundle: OneBundle,

    /// The folder to make
    #[arg(short, long, value_name = "DIR", value_parser = output())]
    pub(crate) output: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Split {
    /// The answer: the bundle that the cloud gave back
    #[arg(value_name = "ACK")]
    pub(crate) ack: PathBuf,

    /// The bundle that it answers
    #[arg(long, value_name = "UD", required_unless_present = "ledger")]
    pub(crate) bundle: Option<PathBuf>,

    /// What was exported; what is delivered is added to it
    #[arg(long, value_name = "FILE")]
    pub(crate) ledger: Option<PathBuf>,

    /// Look each answer up by device and reports in all bundles of the ledger, whatever its name
    #[arg(long, requires = "ledger", conflicts_with = "bundle")]
    pub(crate) by_udi: bool,

    /// The folder for the files; made if it is not there
    #[arg(short, long, value_name = "DIR", value_parser = output())]
    pub(crate) output: PathBuf,

    /// The time of the lines in the ledger [default: the clock]
    #[arg(long, value_name = "TIME", value_parser = millis)]
    pub(crate) at: Option<UnixMillis>,

    #[command(flatten)]
    pub(crate) costs: Costs,

    /// Write JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Signatures {
    /// Noise of the right length
    #[default]
    Filler,
    /// Made with --key
    Real,
}

#[derive(Debug, Args)]
pub(crate) struct Fleet {
    /// How many devices, one leaf each
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=99_999_999))]
    pub(crate) devices: u64,

    /// Reports of each device
    #[arg(long, value_name = "M", default_value_t = 4, value_parser = clap::value_parser!(u64).range(0..=10_000))]
    pub(crate) reports: u64,

    /// Another seed gives another fleet
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,

    /// The bundle to write; or a folder (made if it ends with /), for a file of its own name
    #[arg(short, long, value_name = "FILE", value_parser = output())]
    pub(crate) output: PathBuf,

    /// What stands for signatures
    #[arg(long, value_enum, value_name = "KIND", default_value_t)]
    pub(crate) signatures: Signatures,

    /// The private key for real signatures, PEM
    #[arg(long, value_name = "FILE", required_if_eq("signatures", "real"))]
    pub(crate) key: Option<PathBuf>,

    /// The time in the names
    #[arg(long, value_name = "TIME", value_parser = millis, default_value = "2024-01-01")]
    pub(crate) at: UnixMillis,

    /// Threads that compress; the bytes do not depend on it
    #[arg(long, value_name = "N", display_order = 91, default_value_t = 2, value_parser = threads)]
    pub(crate) threads: usize,
}

#[derive(Debug, Args)]
pub(crate) struct SyncInspect {
    /// The file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Write JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SyncVerify {
    /// The file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// A folder with the certificates of trusted roots (PEM)
    #[arg(long, value_name = "DIR")]
    pub(crate) trust: Option<PathBuf>,

    /// For a synchronization request: the certificate of the CA that issued its certificates (PEM)
    #[arg(long, value_name = "FILE")]
    pub(crate) issuer: Option<PathBuf>,

    /// For an answer: the public key, or a certificate, of this On-Prem's identity (PEM)
    #[arg(long, value_name = "FILE")]
    pub(crate) id_key: Option<PathBuf>,

    /// For an answer: that of its signer of requests, where it has a key of its own
    #[arg(long, value_name = "FILE", requires = "id_key")]
    pub(crate) signing_key: Option<PathBuf>,

    /// For an answer: that of its local CA, where there is one
    #[arg(long, value_name = "FILE", requires = "id_key")]
    pub(crate) local_ca_key: Option<PathBuf>,

    /// The time at which certificates have to be valid [default: now]
    #[arg(long, value_name = "TIME", value_parser = super::time)]
    pub(crate) at: Option<slp_model::UnixSeconds>,

    /// Write JSON
    #[arg(long)]
    pub(crate) json: bool,
}

fn withhold(text: &str) -> Result<Privacy, String> {
    let words = text.split(',').map(str::trim);
    words.into_iter().try_fold(Privacy::default(), Privacy::with).ok_or_else(|| {
        let known = Privacy::all().withheld().join(", ");
        format!("expected some of {known}, joined by commas")
    })
}

/// A time to the millisecond; what people give is mostly none.
fn millis(text: &str) -> Result<UnixMillis, String> {
    if let Ok(time) = text.parse() {
        return Ok(time);
    }
    let seconds = super::time(text)?.get();
    let millis = u64::try_from(seconds).ok().and_then(|seconds| seconds.checked_mul(1_000));
    millis.and_then(|millis| UnixMillis::new(millis).ok()).ok_or_else(|| "a time from 1970 to 9999".to_owned())
}
