//! The collector of a path: SQLite in a folder that is gone afterwards, a listener for devices that push.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cslu::{Application, Collector, Imported, Listening, Runner, Settings, Store, StoredReport};
use slp_crypto::PublicKey;
use slp_kit::{Clock, Error, Network, Random};
use slp_model::{EntitlementTag, Udi, UnixMillis, UnixSeconds};
use slp_transport::server::ServerSettings;

use crate::Topology;
use crate::wire::{DEVICE_PASSWORD, DEVICE_USER};
use crate::world::CLIENT;

/// How often devices look for the answer to a bundle that is carried.
const CARRIED_POLL: u32 = 86_400;

pub(crate) struct Collecting {
    runner: Runner,
    /// Where devices push; none for a collector that asks them.
    pub(crate) pushed: Option<(SocketAddr, Listening)>,
    /// Goes last: the store is in it.
    _folder: tempfile::TempDir,
}

/// Who else there is.
pub(crate) struct Around<'a> {
    pub(crate) topology: Topology,
    /// Where the cloud listens.
    pub(crate) cloud: SocketAddr,
    pub(crate) documents_key: &'a PublicKey,
    pub(crate) clock: Arc<dyn Clock>,
    /// The ways to the cloud and to devices.
    pub(crate) networks: [Arc<dyn Network>; 2],
}

impl Collecting {
    pub(crate) fn new(around: Around<'_>) -> Result<Self, Error> {
        let folder = tempfile::tempdir()?;
        // a demonstration survives no loss of power
        let store = Store::open_unsynchronized(&folder.path().join("cslu.db"))?;
        let settings = settings(&around)?;
        let collector = Collector::open(store, settings, Random::system(), around.clock.now())?;
        let [cloud, devices] = around.networks;
        let runner = Runner::new(Arc::new(Mutex::new(collector)), cloud, devices, around.clock);
        Ok(Self { runner, pushed: None, _folder: folder })
    }

    /// Listens for devices, over TLS with this chain and key (PEM both).
    pub(crate) async fn listen(&mut self, clock: Arc<dyn Clock>, chain: &str, key: &str) -> Result<SocketAddr, Error> {
        let mut settings = ServerSettings::default();
        // all devices of a demonstration have one address
        settings.per_second = 0;
        let anywhere: SocketAddr = ([127, 0, 0, 1], 0).into();
        let tls = Some((chain.as_bytes(), key.as_bytes()));
        let listening = cslu::serve(Arc::clone(&self.runner.collector), clock, anywhere, tls, settings).await?;
        let address = listening.address;
        self.pushed = Some((address, listening));
        Ok(address)
    }

    /// Takes the list of these devices: by UDI those that push, by the names under which they are reached the others.
    pub(crate) fn list<'a>(&self, devices: impl Iterator<Item = &'a Udi>, now: UnixMillis) -> Result<usize, Error> {
        let mut csv = "host,connect_method,username,password,udi_pid,udi_serial_number\n".to_owned();
        let is_pulling = self.pushed.is_none();
        for udi in devices {
            let host = crate::wire::host(udi);
            let _ = if is_pulling {
                writeln!(csv, "{host},REST_API,{DEVICE_USER},{DEVICE_PASSWORD},{},{}", udi.pid(), udi.serial())
            } else {
                writeln!(csv, ",,,,{},{}", udi.pid(), udi.serial())
            };
        }
        self.lock().take_list(csv.as_bytes(), now)
    }

    /// A code for one device, asked for by the operator.
    pub(crate) fn ask_for_code(&self, device: &Udi, tag: &EntitlementTag, now: UnixMillis) -> Result<(), Error> {
        self.lock().ask_for_code(device, tag, 1, now)
    }

    pub(crate) fn next_deadline(&self) -> Result<Option<UnixSeconds>, Error> {
        self.lock().next_deadline()
    }

    pub(crate) fn turn(&self) -> Result<usize, Error> {
        self.runner.turn()
    }

    pub(crate) fn take_events(&self) -> Vec<String> {
        self.lock().take_events()
    }

    /// Bundles for the cloud, by name.
    pub(crate) fn export(&self, now: UnixMillis) -> Result<BTreeMap<String, Vec<u8>>, Error> {
        let mut files = BTreeMap::new();
        let write = |name: &str, bytes: &[u8]| {
            files.insert(name.to_owned(), bytes.to_vec());
            Ok(())
        };
        self.lock().export(write, now)?;
        Ok(files)
    }

    pub(crate) fn import(&self, name: &str, bytes: &[u8], now: UnixMillis) -> Result<Imported, Error> {
        self.lock().import(name, bytes, now)
    }

    pub(crate) fn reports(&self) -> Result<Vec<StoredReport>, Error> {
        self.lock().store().reports()
    }

    fn lock(&self) -> MutexGuard<'_, Collector> {
        self.runner.collector.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn settings(around: &Around<'_>) -> Result<Settings, Error> {
    let mut settings = Settings::new("account.example", "Default");
    settings.smart_account = "Example Account".into();
    settings.documents_key = Some(around.documents_key.clone());
    if around.topology == Topology::Disconnected {
        settings.poll_seconds = CARRIED_POLL;
    } else {
        let base = format!("https://{}/services/api/smart-accounts-and-licensing", around.cloud).parse()?;
        let token = format!("https://{}{}", around.cloud, cssm::TOKEN_PATH).parse()?;
        settings.cloud = Some(cslu::Cloud::new(base, token, Application::new(CLIENT.0, CLIENT.1)));
    }
    // devices that push from one address are known by their UDI; those that are pulled from are on loopback
    settings.nat = around.topology != Topology::Pull;
    settings.plain_pull = around.topology == Topology::Pull;
    Ok(settings)
}

impl fmt::Debug for Collecting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collecting").field("pushed", &self.pushed).finish_non_exhaustive()
    }
}
