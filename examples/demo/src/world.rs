//! Cloud, devices, clock, network: the cloud listens on loopback, over TLS with a certificate of its own root.

use std::fmt;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cssm::{Client as ApiClient, Cloud, Enforced, IdToken, Listening, Purchase, Settings};
use device::{Access, Device, Feature, Runner, Setup, Store as _, Transport, Trusted};
use slp_crypto::Signer as _;
use slp_kit::{Authority, Clock, Error, ManualClock, Network, Random};
use slp_model::policy::{LicenseClass, Policy, clock};
use slp_model::{Udi, UnixMillis, UnixSeconds};
use slp_transport::client::{Certificates, Client, ClientSettings};

use crate::Topology;
use crate::collecting::{Around, Collecting};
use crate::stores::{Stores, Witness};
use crate::table::{Licence, Outcome, Row};
use crate::tell::Teller;
use crate::wire::{DEVICE_PASSWORD, DEVICE_USER, Hosts, Wire, host};

const ADVANTAGE: &str = "regid.2017-03.com.cisco.advantagek9,1.0_00000000-0000-4000-8000-000000000001";
const HSEC: &str = "regid.2019-03.com.cisco.DNA_HSEC,1.0_00000000-0000-4000-8000-000000000002";
const SOFTWARE: &str = "regid.2017-05.com.cisco.C9300,v1_00000000-0000-4000-8000-0000000000aa";
pub(crate) const ID_TOKEN: &str = "token-of-the-demonstration";
pub(crate) const CLIENT: (&str, &str) = ("demonstration", "secret-of-the-demonstration");
pub(crate) const DAY: i64 = 86_400;
const START: &str = "2026-01-01T00:00:00Z";

/// How much of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// Devices. Default 3.
    pub devices: u32,
    /// Simulated months of 30 days. Default 7.
    pub months: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { devices: 3, months: 7 }
    }
}

pub(crate) struct World {
    pub(crate) options: Options,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) teller: Arc<Teller>,
    pub(crate) cloud: Arc<Mutex<Cloud>>,
    pub(crate) address: SocketAddr,
    pub(crate) client: Client,
    pub(crate) runners: Vec<Runner>,
    pub(crate) collecting: Option<Collecting>,
    witnesses: Vec<Witness>,
    hosts: Hosts,
    _listening: Listening,
    /// Goes last: it runs the listeners.
    pub(crate) runtime: tokio::runtime::Runtime,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").field("options", &self.options).field("address", &self.address).finish_non_exhaustive()
    }
}

impl World {
    pub(crate) fn new(topology: Topology, options: &Options) -> Result<Self, Error> {
        let clock = Arc::new(ManualClock::new(START.parse()?));
        let authority = Authority::new("Root of the demonstration")?;
        let documents_key = authority.signer().public_key().clone();
        let trusted = Trusted::new(&documents_key, authority.certificate())?;
        let names = ["127.0.0.1", "localhost"];
        let leaf = authority.certify_server(&names)?;
        let certificates = Certificates::Private(authority.certificate_pem().as_bytes().to_vec());
        let cloud = Cloud::new(settings(options), authority, Random::system(), clock.now())?;
        let cloud = Arc::new(Mutex::new(cloud));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let anywhere: SocketAddr = ([127, 0, 0, 1], 0).into();
        let time: Arc<dyn Clock> = Arc::<ManualClock>::clone(&clock);
        let listening =
            runtime.block_on(cssm::serve(Arc::clone(&cloud), Arc::clone(&time), anywhere, &names, false))?;
        let mut client = ClientSettings::default();
        client.certificates = certificates;
        let mut world = Self {
            options: options.clone(),
            teller: Arc::default(),
            address: listening.address,
            client: Client::new(client)?,
            runners: Vec::new(),
            collecting: None,
            witnesses: Vec::new(),
            hosts: Hosts::default(),
            _listening: listening,
            runtime,
            clock,
            cloud,
        };
        if matches!(topology, Topology::Push | Topology::Pull | Topology::Disconnected) {
            let networks = [world.wire("cslu", "cloud"), world.wire("cslu", "device")];
            let cloud = world.address;
            let around = Around { topology, cloud, documents_key: &documents_key, clock: Arc::clone(&time), networks };
            let mut collecting = Collecting::new(around)?;
            if topology != Topology::Pull {
                world.runtime.block_on(collecting.listen(time, &leaf.chain_pem, &leaf.key_pem))?;
            }
            world.collecting = Some(collecting);
        }
        for number in 1..=options.devices {
            let runner = world.device(topology, number, &trusted)?;
            world.runners.push(runner);
        }
        if let Some(collecting) = &world.collecting {
            let devices: Vec<Udi> = world.runners.iter().map(|runner| lock(runner).active().clone()).collect();
            let rows = collecting.list(devices.iter(), world.now())?;
            world.said("operator", "cslu", format!("cslu devices: a list of {}", number(rows, "device")));
        }
        Ok(world)
    }

    fn device(&mut self, topology: Topology, number: u32, trusted: &Trusted) -> Result<Runner, Error> {
        let udi = Udi::new("C9300-24UX", format!("TST{number:08}"))?;
        let features = vec![
            Feature::new("network-advantage", ADVANTAGE.parse()?, LicenseClass::Subscription),
            Feature::new("hseck9", HSEC.parse()?, LicenseClass::Export),
        ];
        let setup = Setup::new(udi.clone(), SOFTWARE.parse()?, features);
        let witness = Witness::default();
        let store = Box::new(witness.clone());
        self.witnesses.push(witness);
        let mut device = Device::start(setup, trusted.clone(), store, Random::system(), self.now())?;
        let mut peer = "cloud";
        match (topology, self.collecting.as_ref().and_then(|collecting| collecting.pushed.as_ref())) {
            (Topology::Direct, _) => {
                let address = format!("https://{}{}", self.address, cssm::SMART_PATH);
                device.configure(Transport::Smart(address), self.now())?;
            }
            (_, Some((address, _))) => {
                peer = "cslu";
                device.configure(Transport::Cslu(format!("https://{address}/cslu/v1/pi")), self.now())?;
            }
            _ => {}
        }
        let clock: Arc<dyn Clock> = Arc::<ManualClock>::clone(&self.clock);
        let runner = Runner::new(Arc::new(Mutex::new(device)), self.wire("device", peer), clock);
        self.log_of(&runner);
        if topology == Topology::Pull {
            let address = self.serve(&runner)?;
            self.hosts.lock().unwrap_or_else(PoisonError::into_inner).insert(host(&udi), address);
        }
        Ok(runner)
    }

    /// The service of a device, on a port of its own, for as long as this world is.
    pub(crate) fn serve(&self, runner: &Runner) -> Result<SocketAddr, Error> {
        let anywhere: SocketAddr = ([127, 0, 0, 1], 0).into();
        let clock: Arc<dyn Clock> = Arc::<ManualClock>::clone(&self.clock);
        let access = Access::new(DEVICE_USER, DEVICE_PASSWORD);
        let served = device::serve(Arc::clone(&runner.device), access, clock, anywhere);
        let (address, _) = self.runtime.block_on(served)?;
        Ok(address)
    }

    fn wire(&self, from: &'static str, to: &'static str) -> Arc<dyn Network> {
        Arc::new(Wire {
            client: self.client.clone(),
            teller: Arc::clone(&self.teller),
            clock: Arc::clone(&self.clock),
            from,
            to,
            hosts: Arc::clone(&self.hosts),
        })
    }

    pub(crate) fn introduction(&self) -> String {
        format!(
            "{}, {} of 30 days, the cloud on https://{} (a test double with keys of its own)",
            number(self.options.devices, "device"),
            number(self.options.months, "month"),
            self.address
        )
    }

    pub(crate) fn now(&self) -> UnixMillis {
        self.clock.now()
    }

    pub(crate) fn said(&self, from: &'static str, to: &'static str, what: impl fmt::Display) {
        self.teller.said(self.now(), from, to, what);
    }

    pub(crate) fn cloud(&self) -> MutexGuard<'_, Cloud> {
        self.cloud.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What devices logged, at the time at which they did.
    pub(crate) fn logs(&self) {
        for runner in &self.runners {
            self.log_of(runner);
        }
    }

    fn log_of(&self, runner: &Runner) {
        for line in lock(runner).take_log() {
            self.said("device", "log", line);
        }
    }

    /// A command to every device.
    pub(crate) fn everywhere(&self, command: &str) -> Result<(), Error> {
        let shown = command.replace(ID_TOKEN, "…");
        for runner in &self.runners {
            self.said("operator", "device", &shown);
            lock(runner).command(command, self.now())?;
            runner.turn()?;
            self.log_of(runner);
        }
        Ok(())
    }

    /// One device wants an export-controlled licence: acquire before use.
    pub(crate) fn ask_for_a_code(&self) -> Result<(), Error> {
        let Some(first) = self.runners.first() else { return Ok(()) };
        let command = "license smart authorization request add hseck9 local";
        self.said("operator", "device", format!("{}: {command}", lock(first).active().serial()));
        lock(first).command(command, self.now())?;
        first.turn()?;
        Ok(())
    }

    /// The same for a device that is pulled from.
    pub(crate) fn ask_for_a_code_at_the_collector(&self) -> Result<(), Error> {
        let (Some(first), Some(collecting)) = (self.runners.first(), &self.collecting) else { return Ok(()) };
        let udi = lock(first).active().clone();
        self.said("operator", "cslu", format!("cslu code {} {}: one hseck9", udi.pid(), udi.serial()));
        collecting.ask_for_code(&udi, &HSEC.parse()?, self.now())
    }

    /// It is used once the code is there.
    pub(crate) fn use_the_code(&self) -> Result<(), Error> {
        let Some(first) = self.runners.first() else { return Ok(()) };
        let mut device = lock(first);
        if !device.imported().codes.is_empty() && device.saved().life.count("hseck9") == 0 {
            self.said("operator", "device", format!("{}: license hseck9 1", device.active().serial()));
            device.use_license("hseck9", 1, self.now())?;
        }
        Ok(())
    }

    /// Is it used by now?
    pub(crate) fn uses_the_code(&self) -> bool {
        self.runners.first().is_some_and(|first| lock(first).saved().life.count("hseck9") > 0)
    }

    /// Usage of the second month: the first device uses two licences, and the last one goes out of use later.
    pub(crate) fn live(&self, month: u32) -> Result<(), Error> {
        let runners = &self.runners;
        let (Some(first), Some(last)) = (runners.first(), runners.last()) else { return Ok(()) };
        let change = match month {
            1 => Some((first, 2)),
            3 => Some((last, 0)),
            _ => None,
        };
        if let Some((runner, count)) = change {
            let serial = lock(runner).active().serial().to_owned();
            self.said("operator", "device", format!("{serial}: license network-advantage {count}"));
            lock(runner).use_license("network-advantage", count, self.now())?;
            runner.turn()?;
        }
        Ok(())
    }

    /// When somebody has something to do next.
    fn next_deadline(&self) -> Result<Option<UnixSeconds>, Error> {
        let collector = self.collecting.as_ref().map(Collecting::next_deadline).transpose()?.flatten();
        Ok(self.runners.iter().filter_map(|runner| lock(runner).next_deadline()).chain(collector).min())
    }

    /// Lets so much time pass, deadline by deadline, and tells what is said.
    pub(crate) fn pass(&self, seconds: i64, out: &mut dyn Write) -> Result<(), Error> {
        let end = slp_kit::later(self.now(), seconds).to_seconds();
        // what was said to devices just now
        self.logs();
        loop {
            let now = self.now().to_seconds();
            let Some(next) = self.next_deadline()?.filter(|next| *next <= end) else { break };
            self.clock.set(next.max(now));
            let mut sent = 0;
            for runner in &self.runners {
                sent += runner.turn()?;
                self.log_of(runner);
            }
            if let Some(collecting) = &self.collecting {
                sent += collecting.turn()?;
                for line in collecting.take_events() {
                    self.said("cslu", "log", line);
                }
                // answers were brought to devices
                self.logs();
            }
            self.teller.tell(out)?;
            if sent == 0 && next <= now {
                self.clock.advance(1);
            }
        }
        self.clock.set(end.max(self.now().to_seconds()));
        self.teller.tell(out)
    }

    /// What every party has on record.
    pub(crate) fn stores(&self) -> Result<Stores, Error> {
        let mut devices = Vec::new();
        for witness in &self.witnesses {
            devices.extend(witness.load()?);
        }
        Ok(Stores {
            written: self.witnesses.iter().flat_map(Witness::seen).collect(),
            devices,
            collector: self.collecting.as_ref().map(Collecting::reports).transpose()?,
            cloud: self.cloud().devices().map(|(udi, device)| (udi.clone(), device.clone())).collect(),
        })
    }

    pub(crate) fn outcome(&self) -> Outcome {
        let now = self.now();
        let mut rows = Vec::new();
        for runner in &self.runners {
            let device = lock(runner);
            let life = &device.saved().life;
            let udi = device.active().clone();
            let delivered = self.cloud().device(&udi).map_or(0, |known| known.reports.len());
            rows.push(Row {
                written: life.acknowledged + life.purged + life.kept.len() as u64,
                delivered: delivered as u64,
                acknowledged: life.acknowledged,
                due: due(&device, now),
                device: udi,
            });
        }
        let licences = self.cloud().balances(now).into_iter();
        let licences = licences.map(|one| Licence { name: one.name, used: one.in_use, owned: one.owned }).collect();
        Outcome { rows, licences }
    }
}

/// So many of them.
pub(crate) fn number(count: impl TryInto<u64>, what: &str) -> String {
    let count = count.try_into().unwrap_or(u64::MAX);
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

fn due(device: &Device, now: UnixMillis) -> Option<UnixSeconds> {
    let default = Policy::vendor_default();
    let installed = device.imported().policy.as_ref();
    let policy = installed.map_or(&default, |installed| &installed.policy);
    let uses = device.saved().life.uses(&device.saved().setup);
    let since = installed.map(|installed| installed.installed_at);
    clock::next_due(policy, since, &uses, device.saved().last_ack, device.local(now)).map(|due| due.at)
}

pub(crate) fn lock(runner: &Runner) -> MutexGuard<'_, Device> {
    runner.device.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Accounts and purchases of the cloud: one licence fewer than devices.
fn settings(options: &Options) -> Settings {
    let mut settings = Settings::default();
    settings.clients.push(ApiClient::new(CLIENT.0, CLIENT.1));
    settings.id_tokens.push(IdToken::new(ID_TOKEN));
    settings.purchases.push(Purchase::new(ADVANTAGE, "network-advantage", options.devices.max(2) - 1));
    settings.purchases.push(Purchase::new(HSEC, "hseck9", 1).behind(Enforced::Export));
    settings
}
