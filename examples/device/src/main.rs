//! Runs simulated devices until standard input ends: commands are its lines.

use std::io::{BufRead as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use clap::Parser;
use device::{
    Access, Device, Feature, Fleet, FolderFiles, FolderStore, MemoryStore, Runner, Served, Setup, Store, Trusted,
};
use slp_crypto::PublicKey;
use slp_kit::{Authority, Clock, Error, Random, SystemClock, read_whole};
use slp_model::policy::LicenseClass;
use slp_transport::client::{Certificates, Client, ClientSettings};
use tokio::sync::mpsc;

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
    /// Folder for the files that devices save and import. Without one: `flash` in the store, or memory.
    #[arg(long, value_name = "DIR")]
    flash: Option<PathBuf>,
    /// Where the first device offers its service for collectors: REST and RESTCONF, over TLS with a certificate of its own
    /// unless one is given. Others of a fleet listen at the ports after it.
    #[arg(long, value_name = "ADDRESS", requires = "access")]
    listen: Option<SocketAddr>,
    /// A file with USER:PASSWORD of whoever may use the service.
    #[arg(long, value_name = "FILE")]
    access: Option<PathBuf>,
    /// Certificate chain of the service (PEM).
    #[arg(long, value_name = "FILE", requires = "private_key")]
    certificate: Option<PathBuf>,
    /// Its private key (PEM).
    #[arg(long, value_name = "FILE", requires = "certificate")]
    private_key: Option<PathBuf>,
    /// The service without TLS.
    #[arg(long, conflicts_with = "certificate")]
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
    #[cfg(unix)]
    allow_files();
    let mut runners = Vec::new();
    for number in 0..arguments.fleet {
        let device = Arc::new(Mutex::new(device(arguments, number, &trusted, &clock)?));
        runners.push(Runner::new(device, Arc::<Client>::clone(&network), Arc::clone(&clock)));
    }
    let fleet = Fleet::new(runners, Arc::clone(&clock));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let ended = runtime.block_on(live(arguments, &fleet, &clock));
    // whoever still waits for a network is not waited for
    runtime.shutdown_background();
    ended
}

/// Each device of a fleet keeps its folder locked, which takes an open file: the usual 1,024 of a process are too few.
#[cfg(unix)]
fn allow_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let maximum = getrlimit(Resource::Nofile).maximum;
    // where that is refused, the first device that can open none says so
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).ok();
}

fn device(arguments: &Arguments, number: u32, trusted: &Trusted, clock: &Arc<dyn Clock>) -> Result<Device, Error> {
    let own = |folder: &Path| if arguments.fleet > 1 { folder.join(number.to_string()) } else { folder.to_owned() };
    let made = |folder: PathBuf| match std::fs::create_dir_all(&folder) {
        Ok(()) => Ok(folder),
        Err(error) => {
            Err(format!("{}: the folder for files cannot be made ({error}): give another --flash", folder.display()))
        }
    };
    let folder = arguments.store.as_deref().map(own);
    let store: Box<dyn Store> = match &folder {
        Some(folder) => Box::new(FolderStore::open(folder)?),
        None => Box::new(MemoryStore::new()),
    };
    let flash = match (&arguments.flash, &folder) {
        (Some(flash), _) => Some(made(own(flash))?),
        (None, Some(store)) => Some(made(store.join("flash"))?),
        (None, None) => None,
    };
    let setup = setup(&arguments.pid, &serial(&arguments.serial, number))?;
    let device = Device::start(setup, trusted.clone(), store, Random::system(), clock.now());
    let device = device.map_err(|error| match &folder {
        Some(folder) if !error.to_string().contains(&*folder.to_string_lossy()) => {
            format!("{}: {error}", folder.display()).into()
        }
        _ => error,
    })?;
    Ok(match flash {
        Some(folder) => device.with_files(Box::new(FolderFiles::new(&folder))),
        None => device,
    })
}

/// Until there are no more commands; a device that listens goes on.
async fn live(arguments: &Arguments, fleet: &Fleet, clock: &Arc<dyn Clock>) -> Result<(), Error> {
    let mut served = Vec::new();
    if let Some(address) = arguments.listen {
        served = listen(arguments, fleet, clock, address).await?;
    }
    let (send, mut commands) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        // ends with standard input, or with the program
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                return;
            }
        }
    });
    let mut living = pin!(fleet.live(|number, turned| {
        if let Err(error) = turned {
            eprintln!("device {number}: {error}");
        }
        print_log(fleet, number);
    }));
    let mut is_open = true;
    while is_open || !served.is_empty() {
        tokio::select! {
            () = &mut living => {}
            line = commands.recv(), if is_open => match line {
                None => is_open = false,
                Some(line) => command(fleet, &line, clock).await?,
            },
        }
    }
    Ok(())
}

/// A command to every device, and what follows from it at once.
async fn command(fleet: &Fleet, line: &str, clock: &Arc<dyn Clock>) -> Result<(), Error> {
    for runner in fleet.runners() {
        let printed = runner.lock().command(line, clock.now());
        match printed {
            Ok(text) if text.is_empty() => {}
            Ok(text) => writeln!(std::io::stdout(), "{text}")?,
            Err(error) => eprintln!("device: {error}"),
        }
    }
    for (number, error) in fleet.turn().await {
        eprintln!("device {number}: {error}");
    }
    for number in 0..fleet.runners().len() {
        print_log(fleet, number);
    }
    fleet.changed();
    Ok(())
}

fn print_log(fleet: &Fleet, number: usize) {
    for line in fleet.runners().get(number).map(|runner| runner.lock().take_log()).unwrap_or_default() {
        eprintln!("{line}");
    }
}

/// Puts the services of the devices behind listeners.
async fn listen(
    arguments: &Arguments,
    fleet: &Fleet,
    clock: &Arc<dyn Clock>,
    address: SocketAddr,
) -> Result<Vec<Served>, Error> {
    let path = arguments.access.as_ref().ok_or("--listen needs --access: a file with USER:PASSWORD")?;
    let text = String::from_utf8(read_whole(path, 4_096)?)?;
    let (user, password) = text.trim_end().split_once(':').ok_or("the access file holds no USER:PASSWORD")?;
    let tls = match (&arguments.certificate, &arguments.private_key) {
        _ if arguments.plain_http => None,
        (Some(chain), Some(key)) => Some((read_whole(chain, 1 << 20)?, read_whole(key, 1 << 20)?)),
        _ => {
            let leaf =
                Authority::new("Simulated devices")?.certify_server(&[&address.ip().to_string(), "localhost"])?;
            Some((leaf.chain_pem.into_bytes(), leaf.key_pem.into_bytes()))
        }
    };
    let mut served = Vec::new();
    for (number, runner) in fleet.runners().iter().enumerate() {
        let mut address = address;
        if address.port() > 0 {
            let port = u16::try_from(number).ok().and_then(|number| address.port().checked_add(number));
            address.set_port(port.ok_or("there are not so many ports")?);
        }
        let (device, access) = (Arc::clone(&runner.device), Access::new(user, password));
        let (scheme, one) = match &tls {
            Some((chain, key)) => {
                ("https", device::serve_tls(device, access, Arc::clone(clock), address, chain, key).await?)
            }
            None => ("http", device::serve(device, access, Arc::clone(clock), address).await?),
        };
        eprintln!("listening on {scheme}://{}/smartlic-service", one.0);
        served.push(one);
    }
    if let Some((chain, _)) = &tls
        && let Some(Ok(leaf)) = slp_crypto::Certificate::inspect_pem(chain)?.into_iter().next()
    {
        let print = leaf.sha256().iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        eprintln!("its certificate: sha256:{print}");
    }
    Ok(served)
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
