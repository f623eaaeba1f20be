//! Runs a simulated device until standard input ends: commands are its lines.

use std::io::{BufRead as _, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use clap::Parser;
use device::{Access, Device, Feature, FolderStore, MemoryStore, Runner, Setup, Store, Trusted};
use slp_crypto::PublicKey;
use slp_kit::{Clock, Error, Random, SystemClock, read_whole};
use slp_model::policy::LicenseClass;
use slp_transport::client::{Certificates, Client, ClientSettings};

/// The longest wait between two looks at the deadlines.
const DAY: Duration = Duration::from_secs(86_400);

/// A simulated device: licences, usage reports, transports. Its reports are signed with keys of its own.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Example: echo 'license network-advantage 1' | device --pid C9300-24UX --serial TST00000001 --store /var/tmp/device"
)]
struct Arguments {
    /// Product id.
    #[arg(long, default_value = "C9300-24UX")]
    pid: String,
    /// Serial number.
    #[arg(long, default_value = "TST00000001")]
    serial: String,
    /// Folder for everything that must survive. Without one the device forgets.
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
    /// The cloud's key for documents (PEM). Without one signatures are not checked.
    #[arg(long, value_name = "FILE", requires = "authority")]
    documents_key: Option<PathBuf>,
    /// The cloud's root (PEM): for trust codes and for TLS.
    #[arg(long, value_name = "FILE")]
    authority: Option<PathBuf>,
    /// Where the first device offers its service for collectors, HTTP.
    #[arg(long, value_name = "ADDRESS", requires = "access")]
    listen: Option<SocketAddr>,
    /// A file with USER:PASSWORD of whoever may use the service.
    #[arg(long, value_name = "FILE")]
    access: Option<PathBuf>,
    /// Plain HTTP on other than loopback addresses.
    #[arg(long)]
    plain_http: bool,
    /// So many devices in one process; their serial numbers count on. Commands go to all of them.
    #[arg(long, value_name = "N", default_value_t = 1)]
    fleet: u32,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("device: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Error> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let mut client = ClientSettings::default();
    let mut trusted = Trusted::nobody();
    if let Some(path) = &arguments.authority {
        let pem = read_whole(path, 1 << 20)?;
        if let Some(key) = &arguments.documents_key {
            let key = PublicKey::from_pem(&read_whole(key, 1 << 20)?)?;
            let roots = slp_crypto::Certificate::inspect_pem(&pem)?;
            let root = roots.into_iter().next().ok_or("the authority file holds no certificate")?;
            trusted = Trusted::new(&key, root.map_err(|why| why.to_string())?.der())?;
        }
        client.certificates = Certificates::Private(pem);
    }
    let network = Arc::new(Client::new(client)?);
    let mut runners = Vec::new();
    for number in 0..arguments.fleet {
        let store: Box<dyn Store> = match (&arguments.store, arguments.fleet) {
            (None, _) => Box::new(MemoryStore::new()),
            (Some(folder), 1) => Box::new(FolderStore::new(folder)),
            (Some(folder), _) => {
                let folder = folder.join(number.to_string());
                std::fs::create_dir_all(&folder)?;
                Box::new(FolderStore::new(&folder))
            }
        };
        let setup = setup(&arguments.pid, &serial(&arguments.serial, number))?;
        let device = Device::start(setup, trusted.clone(), store, Random::system(), clock.now())?;
        let device = Arc::new(Mutex::new(device));
        runners.push(Runner::new(device, Arc::<Client>::clone(&network), Arc::clone(&clock)));
    }
    let listening = match arguments.listen {
        Some(address) => Some(listen(arguments, &runners, &clock, address)?),
        None => None,
    };
    let (send, commands) = mpsc::channel();
    std::thread::spawn(move || {
        // ends with standard input, or with the program
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                return;
            }
        }
    });
    loop {
        let next = runners.iter().filter_map(|runner| lock(runner).next_deadline()).min();
        let wait = next.map_or(DAY, |next| {
            let seconds = next.since(clock.seconds()).get();
            Duration::from_secs(u64::try_from(seconds).unwrap_or(0)).clamp(Duration::from_millis(200), DAY)
        });
        let line = match commands.recv_timeout(wait) {
            Ok(line) => Some(line),
            Err(mpsc::RecvTimeoutError::Timeout) => None,
            Err(mpsc::RecvTimeoutError::Disconnected) if listening.is_none() => break,
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                // nobody types any more, but collectors may still pull
                std::thread::sleep(wait);
                None
            }
        };
        for runner in &runners {
            if let Some(line) = &line {
                let printed = lock(runner).command(line, clock.now());
                match printed {
                    Ok(text) if text.is_empty() => {}
                    Ok(text) => writeln!(std::io::stdout(), "{text}")?,
                    Err(error) => eprintln!("device: {error}"),
                }
            }
            runner.turn()?;
            for line in lock(runner).take_log() {
                eprintln!("{line}");
            }
        }
    }
    Ok(())
}

/// Puts the service of the first device behind a listener.
fn listen(
    arguments: &Arguments,
    runners: &[Runner],
    clock: &Arc<dyn Clock>,
    address: SocketAddr,
) -> Result<tokio::runtime::Runtime, Error> {
    if !address.ip().is_loopback() && !arguments.plain_http {
        return Err("the service is plain HTTP: beyond loopback it needs --plain-http".into());
    }
    let path = arguments.access.as_ref().ok_or("--listen needs --access: a file with USER:PASSWORD")?;
    let text = String::from_utf8(read_whole(path, 4_096)?)?;
    let (user, password) = text.trim_end().split_once(':').ok_or("the access file holds no USER:PASSWORD")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let first = runners.first().ok_or("there is no device")?;
    let (device, clock) = (Arc::clone(&first.device), Arc::clone(clock));
    let access = Access::new(user, password);
    let (address, _) = runtime.block_on(device::serve(device, access, clock, address))?;
    eprintln!("listening on http://{address}/smartlic-service");
    Ok(runtime)
}

fn lock(runner: &Runner) -> MutexGuard<'_, Device> {
    runner.device.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The first serial number, counted on.
fn serial(first: &str, number: u32) -> String {
    if number == 0 {
        return first.to_owned();
    }
    let digits = first.len() - first.trim_end_matches(|character: char| character.is_ascii_digit()).len();
    let (head, tail) = first.split_at(first.len() - digits);
    let next = tail.parse::<u64>().unwrap_or(0) + u64::from(number);
    format!("{head}{next:0digits$}")
}

fn setup(pid: &str, serial: &str) -> Result<Setup, Error> {
    let features = [
        ("network-advantage", "advantagek9", LicenseClass::Perpetual),
        ("dna-advantage", "dna_advantagek9", LicenseClass::Subscription),
        ("hseck9", "DNA_HSEC", LicenseClass::Export),
    ];
    let mut known = Vec::new();
    for (number, (name, tag, class)) in features.into_iter().enumerate() {
        let tag = format!("regid.2017-03.com.cisco.{tag},1.0_00000000-0000-4000-8000-{number:012}");
        known.push(Feature::new(name, tag.parse()?, class));
    }
    let software = format!("regid.2017-05.com.cisco.{pid},v1_00000000-0000-4000-8000-0000000000aa");
    Ok(Setup::new(slp_model::Udi::new(pid, serial)?, software.parse()?, known))
}
