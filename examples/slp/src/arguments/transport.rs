//! The words of the commands that talk to devices and to the cloud, and of the one that reads what devices print.

use std::path::PathBuf;

use clap::Args;
use slp_transport::show::ShowCommand;

use super::output;

pub(super) const SHOW_EXAMPLES: &str = "\
Examples:
  slp show capture.txt --command \"show license all\"
  ssh router show license tech support | slp show -

Facts have the line they stand on; lines that were not understood are listed, so that nothing is
passed over in silence. They explain and warn: the truth is in the signed reports.

--json writes one object: `command`, `captured_at`, `lines`, `facts` (`path`, `value`, `line`),
`unparsed` (`line`, `text`), `warnings` (`line`, `text`).";

pub(super) const PULL_EXAMPLES: &str = "\
Examples:
  slp pull edge-1 192.0.2.7 -o reports/ --config slp.toml
  slp pull 192.0.2.7 -o reports/ --dry-run

DEVICE is a name of the configuration file or an address. Its open reports are closed, then all
reports are fetched and written as they came, one file a device. The device keeps them until they
are acknowledged: pulling again loses nothing.

The configuration file (TOML) is named with --config or in SLP_CONFIG:
  [device]                            # for all devices
  username = \"slp\"
  password_file = \"device-password\"   # or SLP_DEVICE_USERNAME, SLP_DEVICE_PASSWORD
  connection = { pins = [\"sha256:…\"] } # or ca_file, proxy, timeout_seconds
  [devices.edge-1]                    # and what is different for one
  address = \"192.0.2.1\"
  udi = [\"PID:C9300-24UX,SN:TST00000001\"]";

pub(super) const UPLOAD_EXAMPLES: &str = "\
Examples:
  slp upload UD_SA_x.tar.gz --state jobs/ --config slp.toml
  slp upload reports/ --state jobs/ --dry-run

Each message (at most 500 reports) becomes a job in the --state folder before it is sent; `slp poll`
fetches the answers, and goes on with jobs that were interrupted. What is sent twice is known to the
cloud and does no harm.

The configuration file (TOML) is named with --config or in SLP_CONFIG:
  [cssm]
  client_id = \"…\"
  client_secret_file = \"secret\"        # or the variable SLP_CLIENT_SECRET
  smart_account = \"acme.example\"       # domain, or number
  virtual_account = \"Default\"          # name, or number
  # requesting_system = \"PID:…,SN:…\", base, token_url, username, password_file,
  # connection = { proxy = \"…\" }
Variables come first: SLP_CSSM_BASE, SLP_CSSM_TOKEN_URL, SLP_CLIENT_ID, SLP_CLIENT_SECRET,
SLP_CSSM_USERNAME, SLP_CSSM_PASSWORD, SLP_SMART_ACCOUNT, SLP_VIRTUAL_ACCOUNT.";

pub(super) const POLL_EXAMPLES: &str = "\
Examples:
  slp poll --state jobs/ -o acks/
  slp poll --state jobs/ -o acks/ --wait

Asks for the answers of all open jobs that are due, and writes one file a document: `slp push-ack`
takes them to the devices. With --wait it stays until every job has ended.

Configuration file and variables are those of `slp upload`.";

pub(super) const PUSH_ACK_EXAMPLES: &str = "\
Examples:
  slp push-ack acks/ --pulled reports/ --config slp.toml
  slp push-ack acks/ --dry-run

Each document goes to the device that it names. Where that device is, the configuration file says
(`udi` of a device), or the folder of `slp pull`. What a device took is not brought again.

Configuration file and variables are those of `slp pull`.";

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// What the device printed: a file, or - for standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// The command that printed it [default: told from the text]
    #[arg(long, value_name = "COMMAND", value_parser = command)]
    pub(crate) command: Option<ShowCommand>,

    /// Write JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What the commands that send have in common.
#[derive(Debug, Args)]
pub(crate) struct Sending {
    #[arg(long, value_name = "FILE", help = "Addresses and credentials (TOML) [default: SLP_CONFIG]")]
    pub(crate) config: Option<PathBuf>,

    /// Print the requests, secrets masked, and send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Pull {
    /// Names of the configuration file, or addresses
    #[arg(required = true, value_name = "DEVICE")]
    pub(crate) devices: Vec<String>,

    /// Folder for the reports
    #[arg(short, long, value_name = "DIR", value_parser = output())]
    pub(crate) output: PathBuf,

    #[command(flatten)]
    pub(crate) sending: Sending,
}

#[derive(Debug, Args)]
pub(crate) struct Upload {
    #[command(flatten)]
    pub(crate) sources: super::Sources,

    /// Folder for the jobs
    #[arg(long, value_name = "DIR", default_value = "slp-jobs")]
    pub(crate) state: PathBuf,

    #[command(flatten)]
    pub(crate) sending: Sending,
}

#[derive(Debug, Args)]
pub(crate) struct Poll {
    /// Folder of the jobs
    #[arg(long, value_name = "DIR", default_value = "slp-jobs")]
    pub(crate) state: PathBuf,

    /// Folder for the answers
    #[arg(short, long, value_name = "DIR", value_parser = output())]
    pub(crate) output: PathBuf,

    /// Stay until every job has ended
    #[arg(long)]
    pub(crate) wait: bool,

    #[command(flatten)]
    pub(crate) sending: Sending,
}

#[derive(Debug, Args)]
pub(crate) struct PushAck {
    /// Folder with the answers
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,

    /// Folder of `slp pull`, which knows where the devices are
    #[arg(long, value_name = "DIR")]
    pub(crate) pulled: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) sending: Sending,
}

fn command(text: &str) -> Result<ShowCommand, String> {
    text.parse().map_err(|error: slp_transport::Error| error.message().to_owned())
}
