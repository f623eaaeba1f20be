//! A round of pulls over 1,000 devices, beside the time that fetching the same bytes takes: by turns, in one run. Aim: at most
//! 1.3 times.
//!
//! Devices are behind one listener on loopback. The collector keeps everything in its store on the disk, as in service; the
//! other side sends the same requests with as many threads, and throws the answers away.
#![allow(clippy::disallowed_methods, reason = "a bench reads the clock")]
#![allow(clippy::print_stdout, reason = "a bench prints")]

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cslu::{Collector, Runner, Settings, Store};
use device::{Access, Device, Feature, MemoryStore, Setup, Trusted};
use http::{HeaderValue, Request, Response, StatusCode};
use slp_kit::sample::{self, ADVANTAGE, SOFTWARE};
use slp_kit::{Clock as _, ManualClock, Network, Random};
use slp_model::UnixSeconds;
use slp_model::policy::LicenseClass;
use slp_transport::client::{Client, ClientSettings};
use slp_transport::device::{AllReports, CloseReports, Session};
use slp_transport::server::{ServerSettings, exchange_router, serve, status};
use slp_transport::{BaseUrl, Call, Secret};

const DEVICES: u32 = 1_000;
const AT_ONCE: usize = 16;
const ROUNDS: usize = 5;
const DAY: i64 = 86_400;
const PASSWORD: &str = "secret-of-a-bench";

fn main() {
    // `cargo test` runs benches to see that they work
    let is_trial = std::env::args().any(|word| word == "--test");
    let (devices, rounds) = if is_trial { (20, 1) } else { (DEVICES, ROUNDS) };
    println!("{devices} devices, {AT_ONCE} at once, {rounds} rounds each");
    println!("a device answers after   fetch alone   round   ratio   bytes");
    for wait in [0, 20] {
        let (fetch, round, bytes) = compare(devices, rounds, Duration::from_millis(wait));
        let ratio = round.as_secs_f64() / fetch.as_secs_f64();
        println!("{wait:>19} ms   {fetch:>11.2?}   {round:.2?}   {ratio:.2}   {bytes}");
    }
}

/// Medians, and the bytes of the last round.
fn compare(devices: u32, rounds: usize, wait: Duration) -> (Duration, Duration, usize) {
    let clock = Arc::new(ManualClock::new("2026-01-01T00:00:00Z".parse::<UnixSeconds>().unwrap()));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let bare = Fleet::start(&runtime, devices, &clock, wait);
    let pulled = Fleet::start(&runtime, devices, &clock, wait);
    let folder = tempfile::tempdir().unwrap();
    let mut settings = Settings::new("account.example", "Default");
    (settings.plain_pull, settings.pulls_at_once) = (true, AT_ONCE);
    let store = Store::open(&folder.path().join("cslu.db")).unwrap();
    let mut collector = Collector::open(store, settings, Random::system(), clock.now()).unwrap();
    let row = |number| format!("d{number}.example,REST_API,slp,{PASSWORD}\n");
    let rows: Vec<String> = (0..devices).map(row).collect();
    let list = format!("host,connect_method,username,password\n{}", rows.concat());
    collector.take_list(list.as_bytes(), clock.now()).unwrap();
    let collector = Arc::new(Mutex::new(collector));
    let cloud: Arc<dyn Network> = Arc::new(|_: &Request<Vec<u8>>| None);
    let time: Arc<ManualClock> = Arc::clone(&clock);
    let runner = Runner::new(Arc::clone(&collector), cloud, Arc::new(pulled), time);
    let (mut fetches, mut pulls, mut bytes) = (Vec::new(), Vec::new(), 0);
    for round in 1..=rounds {
        clock.advance(DAY);
        collector.lock().unwrap().pull_now(clock.now()).unwrap();
        let start = Instant::now();
        bytes = fetch(&bare, devices);
        fetches.push(start.elapsed());
        let start = Instant::now();
        runner.turn().unwrap();
        pulls.push(start.elapsed());
        let kept = collector.lock().unwrap().store().reports().unwrap().len();
        assert_eq!(kept, round * devices as usize, "one report a device and round");
    }
    let median = |mut times: Vec<Duration>| {
        times.sort();
        times[times.len() / 2]
    };
    (median(fetches), median(pulls), bytes)
}

/// Closes and fetches the reports of all devices, and keeps nothing.
fn fetch(fleet: &Fleet, devices: u32) -> usize {
    let (next, bytes) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= devices as usize {
                        return;
                    }
                    let address: BaseUrl = format!("http://d{number}.example").parse().unwrap();
                    let session = Session::new(address, "slp", Secret::new(PASSWORD));
                    for request in [
                        CloseReports::new().into_http(&session).unwrap(),
                        AllReports::new().into_http(&session).unwrap(),
                    ] {
                        let answer = fleet.send(&request).unwrap();
                        assert_eq!(answer.status(), StatusCode::OK);
                        bytes.fetch_add(answer.body().len(), Ordering::Relaxed);
                    }
                }
            });
        }
    });
    bytes.into_inner()
}

/// Devices behind one listener, each under its number.
struct Fleet {
    client: Client,
    address: SocketAddr,
}

impl Fleet {
    fn start(runtime: &tokio::runtime::Runtime, devices: u32, clock: &Arc<ManualClock>, wait: Duration) -> Self {
        let fleet: Vec<Mutex<Device>> = (0..devices).map(|number| Mutex::new(device(number, clock))).collect();
        let access = Access::new("slp", PASSWORD);
        let clock = Arc::clone(clock);
        let answer = move |_, request: Request<Vec<u8>>| -> Response<Vec<u8>> {
            let number = request.headers().get("x-device").and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
            let Some(device) = number.and_then(|number| fleet.get(number)) else {
                return status(StatusCode::NOT_FOUND);
            };
            std::thread::sleep(wait);
            device.lock().unwrap().rest(&access, &request, clock.now())
        };
        let mut settings = ServerSettings::default();
        settings.per_second = 0;
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(serve(listener, exchange_router(answer, settings)));
        Self { client: Client::new(ClientSettings::default()).unwrap(), address }
    }
}

impl Network for Fleet {
    fn send(&self, request: &Request<Vec<u8>>) -> Option<Response<Vec<u8>>> {
        let mut request = request.clone();
        let number = request.uri().host()?.strip_prefix('d')?.strip_suffix(".example")?;
        let number = HeaderValue::from_str(number).ok()?;
        request.headers_mut().insert("x-device", number);
        let path = request.uri().path_and_query()?.clone();
        *request.uri_mut() = format!("http://{}{path}", self.address).parse().ok()?;
        Client::send(&self.client, &request).ok()
    }
}

fn device(number: u32, clock: &ManualClock) -> Device {
    let feature = Feature::new("network-advantage", ADVANTAGE.parse().unwrap(), LicenseClass::Perpetual);
    let udi = sample::device(number).unwrap();
    let setup = Setup::new(udi, SOFTWARE.parse().unwrap(), vec![feature]);
    let store = Box::new(MemoryStore::new());
    let mut device = Device::start(setup, Trusted::nobody(), store, Random::system(), clock.now()).unwrap();
    device.use_license("network-advantage", 1, clock.now()).unwrap();
    device
}
