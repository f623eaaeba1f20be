//! Runs a collector, or does one thing with its store.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::{Parser, Subcommand};
use cslu::{Collector, Runner, Settings, Store};
use slp_kit::{Clock as _, Error, Network, Random, SystemClock, read_whole, write_whole};
use slp_model::{EntitlementTag, Udi};
use slp_transport::client::{Certificates, Client, ClientSettings};

/// A collector (CSLU): takes usage reports by push and pull, forwards them, brings the answers back.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Example: cslu --settings cslu.toml --store cslu.db serve --listen 127.0.0.1:8182 --plain"
)]
struct Arguments {
    /// Account, cloud, rules, as TOML.
    #[arg(long, value_name = "FILE")]
    settings: PathBuf,
    /// Where everything is kept. One program at a time.
    #[arg(long, value_name = "FILE")]
    store: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Listens for devices, pulls and forwards until it is stopped.
    Serve(Serve),
    /// Writes what waits for the cloud as a bundle into a folder (Download All For Cisco).
    Export {
        /// The folder.
        folder: PathBuf,
    },
    /// Takes the answer to a bundle (Upload From Cisco).
    Import {
        /// The file.
        file: PathBuf,
    },
    /// Takes a device list, CSV.
    Devices {
        /// The file.
        file: PathBuf,
    },
    /// Asks for an authorization code for a device that is pulled from.
    Code {
        /// Product id.
        pid: String,
        /// Serial number.
        serial: String,
        /// The licence, as its entitlement tag.
        tag: EntitlementTag,
        /// How many.
        #[arg(default_value_t = 1)]
        count: u32,
    },
    /// Prints the devices as a table.
    Show,
    /// Prints the devices as a list, CSV, without passwords.
    List,
    /// Prints what became of bundles: the ledger, one JSON object a line.
    Ledger,
}

#[derive(Debug, clap::Args)]
struct Serve {
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8182")]
    listen: SocketAddr,
    /// Certificate chain, PEM.
    #[arg(long, value_name = "FILE", requires = "key")]
    chain: Option<PathBuf>,
    /// Private key, PEM.
    #[arg(long, value_name = "FILE", requires = "chain")]
    key: Option<PathBuf>,
    /// Plain HTTP on a loopback address.
    #[arg(long, conflicts_with = "chain")]
    plain: bool,
    /// Plain HTTP on any address: whoever listens in reads the reports.
    #[arg(long, requires = "plain")]
    plain_on_network: bool,
    /// Certificates of the authority behind a private cloud, PEM. Default: the public ones.
    #[arg(long, value_name = "FILE")]
    cloud_authority: Option<PathBuf>,
    /// Certificates that listed devices have, or that signed theirs, PEM.
    #[arg(long, value_name = "FILE")]
    device_authority: Option<PathBuf>,
    /// A proxy towards the cloud.
    #[arg(long, value_name = "URL")]
    proxy: Option<String>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cslu: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Error> {
    let clock = SystemClock::new();
    let text = String::from_utf8(read_whole(&arguments.settings, 1 << 20)?)?;
    let settings = Settings::from_toml(&text).map_err(|error| format!("{}: {error}", arguments.settings.display()))?;
    let store = Store::open(&arguments.store)?;
    let mut collector = Collector::open(store, settings, Random::system(), clock.now())?;
    match &arguments.command {
        Command::Serve(options) => return serve(collector, options),
        Command::Export { folder } => {
            let names = collector.export(|name, bytes| write_whole(&folder.join(name), bytes), clock.now())?;
            if names.is_empty() {
                eprintln!("nothing waits for the cloud");
            }
            for name in names {
                say(&format!("{}\n", folder.join(name).display()))?;
            }
        }
        Command::Import { file } => {
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let imported = collector.import_from(&name, || slp_kit::open_file(file), clock.now())?;
            let text = format!(
                "{}: {} devices answered, {} documents refused, {} devices without a document\n",
                imported.bundle, imported.answered, imported.refused, imported.missing
            );
            say(&text)?;
        }
        Command::Devices { file } => {
            let rows = collector.take_list(&read_whole(file, 64 << 20)?, clock.now())?;
            say(&format!("{rows} devices\n"))?;
        }
        Command::Code { pid, serial, tag, count } => {
            collector.ask_for_code(&Udi::new(pid, serial)?, tag, *count, clock.now())?;
            say("asked for: the answer comes with 'serve', or with 'export' and 'import'\n")?;
        }
        Command::Show => say(&cslu::print_table(&collector.table()?))?,
        Command::Ledger => say(&collector.ledger()?)?,
        Command::List => say(&String::from_utf8(collector.list()?)?)?,
    }
    for line in collector.take_events() {
        eprintln!("{line}");
    }
    Ok(())
}

fn say(text: &str) -> Result<(), Error> {
    use std::io::Write as _;
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(())
}

fn client(authority: Option<&Path>, proxy: Option<&str>) -> Result<Arc<dyn Network>, Error> {
    let mut settings = ClientSettings::default();
    settings.proxy = proxy.map(str::to_owned);
    if let Some(path) = authority {
        settings.certificates = Certificates::Private(read_whole(path, 1 << 20)?);
    }
    Ok(Arc::new(Client::new(settings)?))
}

fn serve(collector: Collector, options: &Serve) -> Result<(), Error> {
    let tls = match (&options.chain, &options.key) {
        (Some(chain), Some(key)) => Some((read_whole(chain, 1 << 20)?, read_whole(key, 1 << 20)?)),
        _ if !options.plain => return Err("give --chain and --key, or --plain on a loopback address".into()),
        _ if !options.listen.ip().is_loopback() && !options.plain_on_network => {
            return Err("--plain is for loopback addresses, unless --plain-on-network says otherwise".into());
        }
        _ => None,
    };
    let cloud = client(options.cloud_authority.as_deref(), options.proxy.as_deref())?;
    let devices = client(options.device_authority.as_deref(), None)?;
    let clock = Arc::new(SystemClock::new());
    let server = collector.settings().server();
    let collector = Arc::new(Mutex::new(collector));
    let runner = Runner::new(Arc::clone(&collector), cloud, devices, Arc::<SystemClock>::clone(&clock));
    std::thread::Builder::new().name("schedule".into()).spawn(move || schedule(&runner))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let tls = tls.as_ref().map(|(chain, key)| (chain.as_slice(), key.as_slice()));
        let mut listening = cslu::serve(collector, clock, options.listen, tls, server).await?;
        let scheme = if options.plain { "http" } else { "https" };
        eprintln!("devices push to {scheme}://{}/cslu/v1/pi", listening.address);
        listening.wait().await
    })
}

/// Says the same trouble once in so many times: a full disk is met each second.
struct Trouble {
    last: String,
    again: u32,
}

impl Trouble {
    const TIMES: u32 = 60;

    fn is_news(&mut self, text: &str) -> bool {
        if self.last == text && self.again > 0 {
            self.again -= 1;
            return false;
        }
        text.clone_into(&mut self.last);
        self.again = Self::TIMES - 1;
        true
    }
}

/// Does what is due, once a second, and says what happened.
fn schedule(runner: &Runner) {
    let mut trouble = Trouble { last: String::new(), again: 0 };
    loop {
        if let Err(error) = runner.turn() {
            let text = error.to_string();
            if trouble.is_news(&text) {
                eprintln!("cslu: {text}");
            }
        }
        for line in runner.collector.lock().unwrap_or_else(PoisonError::into_inner).take_events() {
            eprintln!("{line}");
        }
        std::thread::sleep(Duration::from_secs(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_that_goes_on_is_said_once_a_minute_and_other_trouble_at_once() {
        let mut trouble = Trouble { last: String::new(), again: 0 };
        let said: Vec<u32> = (0..150).filter(|_| trouble.is_news("the disk is full")).collect();
        assert_eq!(said, [0, 60, 120]);
        assert!(trouble.is_news("the store is damaged"));
        assert!(trouble.is_news("the disk is full"));
    }
}
