//! How many usage messages a collector keeps in a second, each durable before it is answered. Aim: 2,000 on 2 cores.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use cslu::{Collector, Settings, Store};
use divan::Bencher;
use divan::counter::ItemsCount;
use http::{Request, StatusCode};
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use slp_kit::sample::{self, SOFTWARE};
use slp_kit::{Clock as _, ManualClock, Random};
use slp_model::UnixSeconds;
use slp_transport::push::{Identity, PiCodec as _, PiRequest, SlpPi1, UsageReporting};
use slp_transport::server::ServerSettings;
use slp_transport::{BaseUrl, DeviceUsage, Nonce};

static NEXT: AtomicU32 = AtomicU32::new(1);

fn main() {
    divan::main();
}

fn start() -> UnixSeconds {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

/// A message with one report of some 3 KB, each of a device of its own.
fn message() -> PiRequest {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let udi = sample::device(number).unwrap();
    let day = |day: i64| start().saturating_add((day * 86_400).into());
    let days: Vec<_> = (0..12).map(|number| (day(number), day(number + 1))).collect();
    let report = sample::report(&udi, 1, 2, &days).unwrap();
    let mut data = UsageReporting::new();
    data.reports = DeviceUsage::group(&[report]).unwrap();
    PiRequest::of(&Identity::new(udi, SOFTWARE), start().to_millis(), Nonce::from_random([7; 16]), data.into())
}

/// On the disk where temporary files lie, synchronized at every commit.
fn collector(folder: &tempfile::TempDir) -> Collector {
    let store = Store::open(&folder.path().join("cslu.db")).unwrap();
    let settings = Settings::new("account.example", "Default");
    Collector::open(store, settings, Random::seeded(1), start().to_millis()).unwrap()
}

/// By function call, so many messages in one transaction.
#[divan::bench(args = [1, 64, 256], sample_count = 50)]
fn keep(bencher: Bencher, together: usize) {
    let folder = tempfile::tempdir().unwrap();
    let collector = Mutex::new(collector(&folder));
    bencher
        .counter(ItemsCount::new(together))
        .with_inputs(|| (0..together).map(|_| message()).collect::<Vec<_>>())
        .bench_values(|messages| {
            let batch: Vec<_> = messages.iter().map(|message| (None, message)).collect();
            collector.lock().unwrap().push_all(&batch, start().to_millis())
        });
}

fn requests(count: usize) -> Vec<Request<Body>> {
    let address: BaseUrl = "http://collector.example/cslu/v1/pi".parse().unwrap();
    let request = |_| {
        let (mut parts, body) = SlpPi1::new().encode_request(&message(), &address).unwrap().into_parts();
        parts.extensions.insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 40_000))));
        Request::from_parts(parts, Body::from(body))
    };
    (0..count).map(request).collect()
}

/// Through the router, a thousand devices at once: decoded, kept, answered. The limits of the listener hold, but for the
/// rate of one source.
#[divan::bench(sample_count = 10)]
fn serve(bencher: Bencher) {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let collector = Arc::new(Mutex::new(collector(&folder)));
    let clock = ManualClock::new(start());
    assert_eq!(clock.seconds(), start());
    let mut settings = ServerSettings::default();
    settings.per_second = 0;
    let router: Router = cslu::router(collector, Arc::new(clock), settings).unwrap();
    bencher.counter(ItemsCount::new(1_000_usize)).with_inputs(|| requests(1_000)).bench_values(|requests| {
        runtime.block_on(async {
            let send = |request: Request<Body>| {
                let router = router.clone();
                tokio::spawn(async move { TowerToHyperService::new(router).call(request).await.unwrap().status() })
            };
            let tasks: Vec<_> = requests.into_iter().map(send).collect();
            for task in tasks {
                assert_eq!(task.await.unwrap(), StatusCode::ACCEPTED);
            }
        });
    });
}
