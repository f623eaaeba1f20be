//! A device and a cloud, joined by function calls and a clock that tests turn.
#![allow(dead_code, reason = "each test file uses its part")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use cssm::{Cloud, Enforced, Fault, IdToken, Purchase, Settings};
use device::{Device, Feature, MemoryStore, Network, Runner, Saved, Setup, Store, Transport, Trusted};
use http::{Request, Response};
use slp_crypto::Signer as _;
use slp_kit::{Authority, Clock as _, ManualClock, Random};
use slp_model::license::SigningType;
use slp_model::policy::LicenseClass;
use slp_model::{Udi, UnixMillis, UnixSeconds};
use slp_rum::authorization::{Authorization, AuthorizationKind, Entitlement};
use slp_rum::write::answer::Answer;
use slp_rum::{ReadOptions, Signature, UsageReport};
use slp_transport::show::{CliFacts, ShowCommand};

pub(crate) const ADVANTAGE: &str = "regid.2017-03.com.cisco.advantagek9,1.0_00000000-0000-4000-8000-000000000001";
pub(crate) const HSEC: &str = "regid.2019-03.com.cisco.DNA_HSEC,1.0_00000000-0000-4000-8000-000000000002";
pub(crate) const SOFTWARE: &str = "regid.2017-05.com.cisco.C9300,v1_00000000-0000-4000-8000-0000000000aa";
pub(crate) const DAY: i64 = 86_400;

pub(crate) struct World {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) cloud: Arc<Mutex<Cloud>>,
    pub(crate) trusted: Trusted,
    pub(crate) network: Arc<dyn Network>,
    /// Is the cable plugged in?
    pub(crate) plugged: Arc<Mutex<bool>>,
}

pub(crate) fn udi(number: u32) -> Udi {
    Udi::new("C9300-24UX", format!("TST{number:08}")).unwrap()
}

pub(crate) fn setup(number: u32) -> Setup {
    let features = vec![
        Feature::new("network-advantage", ADVANTAGE.parse().unwrap(), LicenseClass::Perpetual),
        Feature::new("hseck9", HSEC.parse().unwrap(), LicenseClass::Export),
    ];
    Setup::new(udi(number), SOFTWARE.parse().unwrap(), features)
}

impl World {
    pub(crate) fn new(faults: impl IntoIterator<Item = Fault>) -> Self {
        Self::with(|settings| settings.faults.extend(faults))
    }

    pub(crate) fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let clock = Arc::new(ManualClock::new("2026-01-01T00:00:00Z".parse::<UnixSeconds>().unwrap()));
        let mut settings = Settings::default();
        settings.id_tokens.push(IdToken::new("token-of-a-test"));
        settings.purchases.push(Purchase::new(ADVANTAGE, "advantage", 5));
        settings.purchases.push(Purchase::new(HSEC, "hsec", 1).behind(Enforced::Export));
        change(&mut settings);
        let authority = Authority::new("Root of a test").unwrap();
        let trusted = Trusted::new(authority.signer().public_key(), authority.certificate()).unwrap();
        let cloud = Cloud::new(settings, authority, Random::seeded(1), clock.now()).unwrap();
        let cloud = Arc::new(Mutex::new(cloud));
        let plugged = Arc::new(Mutex::new(true));
        let (shared, time, cable) = (Arc::clone(&cloud), Arc::clone(&clock), Arc::clone(&plugged));
        let network = move |request: &Request<Vec<u8>>| -> Option<Response<Vec<u8>>> {
            if !*cable.lock().unwrap() {
                return None;
            }
            Some(shared.lock().unwrap().handle(request, time.now()))
        };
        Self { clock, cloud, trusted, network: Arc::new(network), plugged }
    }

    pub(crate) fn now(&self) -> UnixMillis {
        self.clock.now()
    }

    pub(crate) fn device(&self, setup: Setup) -> Runner {
        self.device_in(setup, Box::new(MemoryStore::new()))
    }

    pub(crate) fn device_in(&self, setup: Setup, store: Box<dyn Store>) -> Runner {
        self.run(Device::start(setup, self.trusted.clone(), store, Random::seeded(2), self.now()).unwrap())
    }

    /// The device, on the network and at the time of this world.
    pub(crate) fn run(&self, device: Device) -> Runner {
        let clock: Arc<ManualClock> = Arc::clone(&self.clock);
        Runner::new(Arc::new(Mutex::new(device)), Arc::clone(&self.network), clock)
    }

    pub(crate) fn smart() -> Transport {
        Transport::Smart(format!("https://cloud.example{}", cssm::SMART_PATH))
    }

    /// A device on smart transport that has trust.
    pub(crate) fn trusted_device(&self, setup: Setup) -> Runner {
        let runner = self.device(setup);
        lock(&runner).configure(Self::smart(), self.now()).unwrap();
        self.say(&runner, "license smart trust idtoken token-of-a-test all");
        runner
    }

    /// A command, and everything that follows from it at once.
    pub(crate) fn say(&self, runner: &Runner, command: &str) -> String {
        let printed = lock(runner).command(command, self.now()).unwrap();
        runner.turn().unwrap();
        printed
    }

    /// Lets so much time pass for a device that may fail.
    pub(crate) fn try_pass(&self, runner: &Runner, seconds: i64) -> Result<(), slp_kit::Error> {
        let end = slp_kit::later(self.now(), seconds).to_seconds();
        runner.turn()?;
        while let Some(next) = runner.next_deadline().filter(|next| *next <= end) {
            let now = self.now().to_seconds();
            self.clock.set(next.max(now));
            if runner.turn()? == 0 && next <= now {
                self.clock.advance(1);
            }
        }
        self.clock.set(end.max(self.now().to_seconds()));
        Ok(())
    }

    /// Lets so much time pass, deadline by deadline.
    pub(crate) fn pass(&self, runners: &[&Runner], seconds: i64) {
        let end = slp_kit::later(self.now(), seconds).to_seconds();
        let mut idle = 0;
        loop {
            let next = runners.iter().filter_map(|runner| lock(runner).next_deadline()).min();
            let now = self.now().to_seconds();
            match next {
                Some(next) if next <= end => self.clock.set(next.max(now)),
                _ => break,
            }
            let sent: usize = runners.iter().map(|runner| runner.turn().unwrap()).sum();
            if sent == 0 && next.is_some_and(|next| next <= now) {
                // what was due did nothing: go on, or time would stand still
                idle += 1;
                assert!(idle < 1_000, "time stands still: {:#?}", lock(runners[0]).agent());
                self.clock.advance(1);
            }
        }
        self.clock.set(end.max(self.now().to_seconds()));
    }
}

pub(crate) fn lock(runner: &Runner) -> MutexGuard<'_, Device> {
    runner.device.lock().unwrap()
}

/// The document of a specific reservation, as the cloud of this world would sign it.
pub(crate) fn reservation(world: &World, device: &Udi, tag: &str, count: u32, issued: UnixMillis) -> Vec<u8> {
    let mut code = Authorization::new(AuthorizationKind::Slr, device.clone());
    code.timestamp = Some(issued);
    code.entitlements.push(Entitlement::new(tag.parse().unwrap(), count));
    let cloud = world.cloud.lock().unwrap();
    let key = cloud.authority().signer();
    let mut sign = |content: &slp_model::SignedContent<'_>| Ok(key.sign(&content.bytes)?.to_base64());
    let mut answer = Answer::new(&mut sign);
    answer.authorization(&code).unwrap();
    answer.finish().unwrap().into_bytes()
}

/// Reads what a device prints; every line has to be understood.
pub(crate) fn understood(command: ShowCommand, printed: &str) -> CliFacts {
    let facts = CliFacts::read(command, printed.as_bytes(), &slp_transport::Limits::default());
    assert!(facts.unparsed.is_empty(), "{command}: {:?}\n{printed}", facts.unparsed);
    assert!(!facts.facts.is_empty(), "{command}");
    facts
}

/// The reports that the cloud has of a device, one version of each, by id.
pub(crate) fn stored(world: &World, device: &Udi) -> Vec<UsageReport> {
    let cloud = world.cloud.lock().unwrap();
    let Some(known) = cloud.device(device) else { return Vec::new() };
    let read = known.reports.values().map(|versions| {
        assert_eq!(versions.len(), 1, "one id, one report");
        let signature = Signature::new(SigningType::Sha256, "k", "AAAA");
        let options = ReadOptions::default();
        UsageReport::from_payload(versions[0].payload.as_str(), None, Some(signature), &options).unwrap()
    });
    read.collect()
}

/// Reports that the cloud has of a device.
pub(crate) fn delivered(world: &World, device: &Udi) -> usize {
    world.cloud.lock().unwrap().device(device).map_or(0, |device| device.reports.len())
}

/// Lines that were logged since the last time.
pub(crate) fn log(runner: &Runner) -> Vec<String> {
    lock(runner).take_log()
}

/// Do these words stand in a line that was logged since the last time?
pub(crate) fn log_has(runner: &Runner, words: &str) -> bool {
    log(runner).iter().any(|line| line.contains(words))
}

/// Why the device does not do this.
pub(crate) fn refused(world: &World, runner: &Runner, command: &str) -> String {
    lock(runner).command(command, world.now()).unwrap_err().to_string()
}

/// A disk that takes so many writes and none from then on: it is full, or the process is gone.
#[derive(Clone, Debug)]
pub(crate) struct Disk {
    pub(crate) bytes: Arc<Mutex<Option<Vec<u8>>>>,
    pub(crate) left: Arc<AtomicUsize>,
    written: Arc<AtomicUsize>,
}

impl Disk {
    pub(crate) fn new(left: usize) -> Self {
        Self { bytes: Arc::default(), left: Arc::new(AtomicUsize::new(left)), written: Arc::default() }
    }

    pub(crate) fn fill(&self) {
        self.left.store(0, Ordering::SeqCst);
    }

    pub(crate) fn make_room(&self) {
        self.left.store(usize::MAX, Ordering::SeqCst);
    }

    /// How often something was kept.
    pub(crate) fn written(&self) -> usize {
        self.written.load(Ordering::SeqCst)
    }
}

impl Store for Disk {
    fn save(&mut self, saved: &Saved) -> Result<(), slp_kit::Error> {
        let left = self.left.load(Ordering::SeqCst);
        if left == 0 {
            return Err("nothing more is written".into());
        }
        self.left.store(left - 1, Ordering::SeqCst);
        self.written.fetch_add(1, Ordering::SeqCst);
        *self.bytes.lock().unwrap() = Some(serde_json::to_vec(saved)?);
        Ok(())
    }

    fn load(&self) -> Result<Option<Saved>, slp_kit::Error> {
        Ok(self.bytes.lock().unwrap().as_deref().map(serde_json::from_slice).transpose()?)
    }
}
