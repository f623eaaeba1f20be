//! Devices, a collector and a cloud, joined by function calls and a clock that tests turn. The collector can be killed.
#![allow(dead_code, reason = "each test file uses its part")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use cslu::{Application, Collector, Moment, Runner, Settings, Store};
use cssm::{Client, Cloud, Enforced, Fault, Purchase};
use device::{Access, Device, Feature, MemoryStore, Setup, Transport, Trusted};
use http::{Request, Response};
use slp_crypto::Signer as _;
#[allow(unused_imports, reason = "each test file uses its part")]
pub(crate) use slp_kit::sample::{ADVANTAGE, HSEC, SOFTWARE};
use slp_kit::{Authority, Clock as _, ManualClock, Network, Random, sample};
use slp_model::policy::LicenseClass;
use slp_model::{Udi, UnixMillis, UnixSeconds};
use slp_transport::cssm::{CloudAnswer, ReportUsage};
use slp_transport::push::{PiCodec as _, SlpPi1};
use slp_transport::{Limits, Serve as _, StatusWord};

pub(crate) const PUSH: &str = "http://collector.example/cslu/v1/pi";
pub(crate) const PASSWORD: &str = "hush-of-a-device";
pub(crate) const DAY: i64 = 86_400;

/// What a run is like.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    /// Is the cloud reached by API? Else bundles are carried.
    pub(crate) connected: bool,
    /// Are devices pulled from? Else they push.
    pub(crate) pull: bool,
    pub(crate) devices: u32,
    /// Does the collector know the cloud's key?
    pub(crate) key: bool,
    /// What spreads its waits.
    pub(crate) waits: Option<u64>,
}

impl Plan {
    pub(crate) fn new(connected: bool, pull: bool) -> Self {
        Self { connected, pull, devices: 3, key: true, waits: None }
    }
}

/// When the collector is killed next.
#[derive(Default)]
pub(crate) struct Cut {
    /// After so many moments; `None`: never.
    pub(crate) left: Option<u64>,
    pub(crate) killed: bool,
    pub(crate) kills: u32,
}

pub(crate) struct World {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) cloud: Arc<Mutex<Cloud>>,
    pub(crate) runner: Runner,
    pub(crate) devices: Vec<device::Runner>,
    pub(crate) cut: Arc<Mutex<Cut>>,
    /// Is the cable to the cloud plugged in?
    pub(crate) plugged: Arc<Mutex<bool>>,
    /// How often the cloud said yes to a report by API.
    pub(crate) accepted: Arc<Mutex<BTreeMap<(String, String), u32>>>,
    /// The cloud refuses every message in which this stands.
    pub(crate) poison: Arc<Mutex<Option<String>>>,
    /// Devices, by address, that are switched on.
    pub(crate) hosts: Hosts,
    /// Do pushes of devices arrive?
    pub(crate) reachable: Arc<Mutex<bool>>,
    trusted: Trusted,
    plan: Plan,
    key: slp_crypto::PublicKey,
    path: PathBuf,
    seed: u64,
    _folder: tempfile::TempDir,
}

pub(crate) fn udi(number: u32) -> Udi {
    sample::device(number).unwrap()
}

pub(crate) fn setup(number: u32) -> Setup {
    let features = vec![
        Feature::new("network-advantage", ADVANTAGE.parse().unwrap(), LicenseClass::Perpetual),
        Feature::new("hseck9", HSEC.parse().unwrap(), LicenseClass::Export),
    ];
    Setup::new(udi(number), SOFTWARE.parse().unwrap(), features)
}

pub(crate) fn host(number: u32) -> String {
    format!("192.0.2.{number}")
}

pub(crate) fn settings(plan: Plan, key: &slp_crypto::PublicKey) -> Settings {
    let mut settings = Settings::new("account.example", "Default");
    settings.forward_seconds = 5;
    // a month of polls for a bundle that is carried
    settings.poll_seconds = 43_200;
    settings.pull_seconds = 5 * 86_400;
    settings.seed = plan.waits;
    settings.documents_key = plan.key.then(|| key.clone());
    if plan.connected {
        let base = "https://cloud.example/services/api/smart-accounts-and-licensing".parse().unwrap();
        let token = format!("https://cloud.example{}", cssm::TOKEN_PATH).parse().unwrap();
        settings.cloud = Some(cslu::Cloud::new(base, token, Application::new("client", "hush")));
    }
    settings
}

impl World {
    pub(crate) fn new(plan: Plan, seed: u64) -> Self {
        let clock = Arc::new(ManualClock::new("2026-01-01T00:00:00Z".parse::<UnixSeconds>().unwrap()));
        let mut cloud_settings = cssm::Settings::default();
        cloud_settings.clients.push(Client::new("client", "hush"));
        cloud_settings.purchases.push(Purchase::new(ADVANTAGE, "advantage", 500));
        cloud_settings.purchases.push(Purchase::new(HSEC, "hsec", 1).behind(Enforced::Export));
        let authority = Authority::new("Root of a test").unwrap();
        let key = authority.signer().public_key().clone();
        let trusted = Trusted::new(&key, authority.certificate()).unwrap();
        let cloud = Cloud::new(cloud_settings, authority, Random::seeded(seed), clock.now()).unwrap();
        let cloud = Arc::new(Mutex::new(cloud));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cslu.db");
        let cut = Arc::new(Mutex::new(Cut::default()));
        let collector = open(&path, plan, &key, seed, &cut, clock.now());
        let collector = Arc::new(Mutex::new(collector));
        let (plugged, accepted, poison) = (Arc::new(Mutex::new(true)), Arc::default(), Arc::default());
        let hosts: Hosts = Arc::default();
        let runner = Runner::new(
            Arc::clone(&collector),
            to_cloud(&cloud, &clock, &plugged, &accepted, &poison),
            to_devices(&hosts, &clock),
            Arc::<ManualClock>::clone(&clock),
        );
        let mut world = Self {
            clock,
            cloud,
            runner,
            devices: Vec::new(),
            cut,
            plugged,
            accepted,
            poison,
            hosts,
            reachable: Arc::new(Mutex::new(true)),
            trusted,
            plan,
            key,
            path,
            seed,
            _folder: folder,
        };
        for number in 1..=plan.devices {
            world.add_device(number);
        }
        if plan.pull {
            let row = |number| format!("{},REST_API,slp,{PASSWORD}\n", host(number));
            let rows: Vec<String> = (1..=plan.devices).map(row).collect();
            let list = format!("host,connect_method,username,password\n{}", rows.concat());
            world.collector().take_list(list.as_bytes(), world.clock.now()).unwrap();
        }
        world
    }

    /// A device fresh from the factory.
    fn fresh(&self, setup: Setup) -> Device {
        let random = Random::seeded(self.seed * 1_000 + self.devices.len() as u64 + self.now().get());
        let store = Box::new(MemoryStore::new());
        let mut device = Device::start(setup, self.trusted.clone(), store, random, self.now()).unwrap();
        if !self.plan.pull {
            device.configure(Transport::Cslu(PUSH.into()), self.now()).unwrap();
        }
        device
    }

    /// Another device stands in the place of this one, or the same one after a reset.
    pub(crate) fn replace(&self, number: u32, setup: Setup) {
        *self.device(number) = self.fresh(setup);
    }

    fn add_device(&mut self, number: u32) {
        let device = Arc::new(Mutex::new(self.fresh(setup(number))));
        let reachable = Arc::clone(&self.reachable);
        self.hosts.lock().unwrap().insert(host(number), Arc::clone(&device));
        let (collector, cut, clock) =
            (Arc::clone(&self.runner.collector), Arc::clone(&self.cut), Arc::clone(&self.clock));
        let address = host(number).parse().ok();
        let network = move |request: &Request<Vec<u8>>| -> Option<Response<Vec<u8>>> {
            if cut.lock().unwrap().killed || !*reachable.lock().unwrap() {
                return None;
            }
            let message = SlpPi1::new().decode_request(request, &Limits::default()).unwrap();
            let answer = collector.lock().unwrap().push(address, &message, clock.now());
            // a program that was killed before it answered
            if cut.lock().unwrap().killed { None } else { Some(SlpPi1::new().encode_response(&answer).unwrap()) }
        };
        let clock: Arc<ManualClock> = Arc::clone(&self.clock);
        self.devices.push(device::Runner::new(device, Arc::new(network), clock));
    }

    pub(crate) fn collector(&self) -> MutexGuard<'_, Collector> {
        self.runner.collector.lock().unwrap()
    }

    pub(crate) fn device(&self, number: u32) -> MutexGuard<'_, Device> {
        self.devices[number as usize - 1].device.lock().unwrap()
    }

    pub(crate) fn now(&self) -> UnixMillis {
        self.clock.now()
    }

    pub(crate) fn say(&self, number: u32, command: &str) -> String {
        let printed = self.device(number).command(command, self.now()).unwrap();
        self.devices[number as usize - 1].turn().unwrap();
        self.revive();
        printed
    }

    /// Kills the collector after so many moments of its store.
    pub(crate) fn cut_after(&self, moments: u64) {
        self.cut.lock().unwrap().left = Some(moments);
    }

    /// Is it dead? Then the next process opens the file.
    pub(crate) fn revive(&self) -> bool {
        {
            let mut cut = self.cut.lock().unwrap();
            if !cut.killed {
                return false;
            }
            (cut.killed, cut.left) = (false, None);
            cut.kills += 1;
        }
        self.reopen();
        true
    }

    pub(crate) fn reopen(&self) {
        let gone = Settings::new("gone.example", "Gone");
        let empty = Collector::open(Store::in_memory().unwrap(), gone, Random::seeded(0), self.now()).unwrap();
        // the file is let go first
        drop(std::mem::replace(&mut *self.collector(), empty));
        let seed = self.seed + u64::from(self.cut.lock().unwrap().kills) * 77;
        *self.collector() = open(&self.path, self.plan, &self.key, seed, &self.cut, self.now());
    }

    /// Lets so much time pass, deadline by deadline; `after` is called after each step.
    pub(crate) fn pass_with(&self, seconds: i64, after: impl FnMut(&Self)) {
        self.pass_as(seconds, false, after);
    }

    /// The same, for a collector that cannot keep everything.
    pub(crate) fn pass_that_fails(&self, seconds: i64) {
        self.pass_as(seconds, true, |_| {});
    }

    fn pass_as(&self, seconds: i64, may_fail: bool, mut after: impl FnMut(&Self)) {
        let end = slp_kit::later(self.now(), seconds).to_seconds();
        let mut idle = 0;
        loop {
            let devices = self.devices.iter().filter_map(|device| device.device.lock().unwrap().next_deadline());
            let next = devices.chain(self.collector().next_deadline().unwrap()).min();
            let now = self.now().to_seconds();
            match next {
                Some(next) if next <= end => self.clock.set(next.max(now)),
                _ => break,
            }
            let mut sent = 0;
            for device in &self.devices {
                sent += device.turn().unwrap();
                self.revive();
            }
            match self.runner.turn() {
                Ok(messages) => sent += messages,
                Err(error) => assert!(may_fail || self.cut.lock().unwrap().killed, "{error}"),
            }
            self.revive();
            after(self);
            if sent == 0 && next.is_some_and(|next| next <= now) {
                idle += 1;
                assert!(idle < 1_000, "time stands still at {now}: {:?}", self.collector().take_events());
                self.clock.advance(1);
            }
        }
        self.clock.set(end.max(self.now().to_seconds()));
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.pass_with(seconds, |_| {});
    }

    /// The one bundle that the operator takes out now.
    pub(crate) fn exported(&self) -> (String, Vec<u8>) {
        let mut file = None;
        let keep = |name: &str, bytes: &[u8]| {
            file = Some((name.to_owned(), bytes.to_vec()));
            Ok(())
        };
        self.collector().export(keep, self.now()).unwrap();
        file.unwrap()
    }

    /// The operator's round: bundle out, answer in. How many bundles there were.
    pub(crate) fn carry(&self) -> usize {
        let mut files = BTreeMap::new();
        loop {
            let done = self.collector().export(
                |name, bytes| {
                    let before = files.insert(name.to_owned(), bytes.to_vec());
                    assert!(before.is_none_or(|before| before == bytes), "{name} is written again, byte for byte");
                    Ok(())
                },
                self.now(),
            );
            if !self.revive() {
                done.unwrap();
                break;
            }
        }
        for (name, bytes) in &files {
            let upload = self.cloud.lock().unwrap().upload(name, bytes, self.now());
            let Some(answer) = upload.answer else { continue };
            let bytes = self.cloud.lock().unwrap().answer(&answer).unwrap().to_vec();
            loop {
                let done = self.collector().import(&answer, &bytes, self.now());
                if !self.revive() {
                    done.unwrap();
                    break;
                }
            }
        }
        files.len()
    }

    /// Report by report: what is kept of this device is acknowledged, and the cloud has the same, byte for byte. How many.
    pub(crate) fn assert_kept(&self, udi: &Udi) -> usize {
        let stored = self.collector().store().reports().unwrap();
        let mine: Vec<_> = stored.iter().filter(|report| report.device == *udi).collect();
        let cloud = self.cloud.lock().unwrap();
        let there = &cloud.device(udi).unwrap().reports;
        for report in &mine {
            assert_eq!(report.state, cslu::ReportState::Acknowledged, "{report:?}");
            let versions = &there[&report.id.parse::<u64>().unwrap().into()];
            assert!(versions.iter().any(|version| version.payload == report.payload), "{report:?}");
        }
        assert_eq!(there.values().map(Vec::len).sum::<usize>(), mine.len());
        mine.len()
    }

    /// Report by report: what devices wrote, what is kept, and what the cloud has are the same, and all of it is
    /// acknowledged.
    pub(crate) fn assert_all_is_well(&self, least: usize) {
        let stored = self.collector().store().reports().unwrap();
        let cloud = self.cloud.lock().unwrap();
        for number in 1..=self.plan.devices {
            let life = self.device(number).saved().life.clone();
            let kept: Vec<_> = life.kept.iter().map(|kept| (kept.id, kept.state.clone())).collect();
            assert!(kept.is_empty(), "device {number} waits for {kept:?}: {:#?}", self.collector().table());
            assert_eq!(life.purged, 0);
            let written = usize::try_from(life.acknowledged).unwrap();
            assert!(written >= least, "device {number} wrote {written}");
            let mine: Vec<_> = stored.iter().filter(|report| report.device == udi(number)).collect();
            assert_eq!(mine.len(), written, "device {number}");
            let there = &cloud.device(&udi(number)).unwrap().reports;
            assert_eq!(there.len(), written, "device {number}");
            for report in mine {
                assert_eq!(report.state, cslu::ReportState::Acknowledged, "{report:?}");
                let versions = &there[&report.id.parse::<u64>().unwrap().into()];
                assert_eq!(versions.len(), 1);
                assert_eq!(versions[0].payload, report.payload, "byte for byte");
            }
        }
        let twice: Vec<_> = self.accepted.lock().unwrap().clone().into_iter().filter(|(_, times)| *times > 1).collect();
        assert!(twice.is_empty(), "uploaded twice: {twice:?}");
    }
}

fn open(
    path: &std::path::Path,
    plan: Plan,
    key: &slp_crypto::PublicKey,
    seed: u64,
    cut: &Arc<Mutex<Cut>>,
    now: UnixMillis,
) -> Collector {
    let mut store = Store::open_unsynchronized(path).unwrap();
    let cut = Arc::clone(cut);
    store.watch(Box::new(move |_: Moment| {
        let mut cut = cut.lock().unwrap();
        if let Some(left) = &mut cut.left {
            *left = left.saturating_sub(1);
            if *left == 0 {
                cut.killed = true;
            }
        }
        if cut.killed { Err("killed".into()) } else { Ok(()) }
    }));
    Collector::open(store, settings(plan, key), Random::seeded(seed), now).unwrap()
}

/// Devices by address.
pub(crate) type Hosts = Arc<Mutex<BTreeMap<String, Arc<Mutex<Device>>>>>;
/// By device and report.
type Accepted = Arc<Mutex<BTreeMap<(String, String), u32>>>;

fn to_cloud(
    cloud: &Arc<Mutex<Cloud>>,
    clock: &Arc<ManualClock>,
    plugged: &Arc<Mutex<bool>>,
    accepted: &Accepted,
    poison: &Arc<Mutex<Option<String>>>,
) -> Arc<dyn Network> {
    let (cloud, clock) = (Arc::clone(cloud), Arc::clone(clock));
    let (plugged, accepted, poison) = (Arc::clone(plugged), Arc::clone(accepted), Arc::clone(poison));
    Arc::new(move |request: &Request<Vec<u8>>| -> Option<Response<Vec<u8>>> {
        if !*plugged.lock().unwrap() {
            return None;
        }
        let body = String::from_utf8_lossy(request.body());
        if request.uri().path().ends_with("reportusage")
            && poison.lock().unwrap().as_ref().is_some_and(|word| body.contains(word))
        {
            let mut refusal = CloudAnswer::new(StatusWord::Failed);
            refusal.message = Some("Invalid usage report".into());
            return Some(ReportUsage::respond(&refusal).unwrap());
        }
        let response = cloud.lock().unwrap().handle(request, clock.now());
        if let Ok(usage) = ReportUsage::from_http(request, &Limits::default())
            && String::from_utf8_lossy(response.body()).contains("OK_POLL")
        {
            for device in &usage.reports {
                for envelope in &device.usage {
                    let report = envelope.to_report().unwrap();
                    let key = (report.device().to_string(), report.id().to_string());
                    *accepted.lock().unwrap().entry(key).or_insert(0) += 1;
                }
            }
        }
        Some(response)
    })
}

fn to_devices(hosts: &Hosts, clock: &Arc<ManualClock>) -> Arc<dyn Network> {
    let (hosts, clock) = (Arc::clone(hosts), Arc::clone(clock));
    let access = Access::new("slp", PASSWORD);
    Arc::new(move |request: &Request<Vec<u8>>| -> Option<Response<Vec<u8>>> {
        let device = hosts.lock().unwrap().get(request.uri().host()?).cloned()?;
        let answer = device.lock().unwrap().rest(&access, request, clock.now());
        Some(answer)
    })
}

pub(crate) fn fault(kind: cssm::FaultKind, on: &str) -> Fault {
    Fault::new(kind, on)
}
