//! The listener: a thousand devices at once, those who may not, and those who send nonsense.

mod support;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use cslu::{Admin, Collector, Settings, Store};
use http::{Request, StatusCode, header};
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use slp_kit::{ManualClock, Random};
use slp_model::UnixSeconds;
use slp_rum::UsageReport;
use slp_transport::push::{Identity, PiCodec as _, PiRequest, SlpPi1, UsageReporting};
use slp_transport::server::ServerSettings;
use slp_transport::{BaseUrl, DeviceUsage, Nonce};
use support::*;

fn start() -> UnixSeconds {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn collector(change: impl FnOnce(&mut Settings)) -> Arc<Mutex<Collector>> {
    let mut settings = Settings::new("account.example", "Default");
    change(&mut settings);
    let store = Store::in_memory().unwrap();
    let collector = Collector::open(store, settings, Random::seeded(1), start().to_millis()).unwrap();
    Arc::new(Mutex::new(collector))
}

fn router(collector: &Arc<Mutex<Collector>>, settings: ServerSettings) -> Router {
    let clock = Arc::new(ManualClock::new(start()));
    cslu::router(Arc::clone(collector), clock, settings).unwrap()
}

fn limits(at_once: usize, waiting: usize, per_second: u32) -> ServerSettings {
    let mut settings = ServerSettings::default();
    (settings.at_once, settings.waiting, settings.per_second) = (at_once, waiting, per_second);
    settings
}

fn report(number: u32) -> UsageReport {
    slp_kit::sample::report(&udi(number), 1, 1, &[(start(), start().saturating_add(900.into()))]).unwrap()
}

fn usage(number: u32, from: u8, try_number: u8) -> Request<Body> {
    let mut data = UsageReporting::new();
    data.reports = DeviceUsage::group(&[report(number)]).unwrap();
    let identity = Identity::new(udi(number), SOFTWARE);
    let nonce = Nonce::from_random([try_number; 16]);
    let request = PiRequest::of(&identity, start().to_millis(), nonce, data.into());
    let address: BaseUrl = PUSH.parse().unwrap();
    let (mut parts, body) = SlpPi1::new().encode_request(&request, &address).unwrap().into_parts();
    parts.extensions.insert(ConnectInfo(SocketAddr::from(([192, 0, 2, from], 40_000))));
    Request::from_parts(parts, Body::from(body))
}

async fn send(router: &Router, request: Request<Body>) -> (StatusCode, String) {
    let response = TowerToHyperService::new(router.clone()).call(request).await.unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

fn run<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(future)
}

fn kept(collector: &Mutex<Collector>) -> usize {
    collector.lock().unwrap().store().reports().unwrap().len()
}

#[test]
fn a_thousand_devices_at_once_are_kept_or_told_to_come_again_and_the_queue_is_bounded() {
    run(async {
        let collector = collector(|_| {});
        let router = router(&collector, limits(8, 92, 0));
        // nothing is answered while this is held
        let held = collector.lock().unwrap();
        let tasks: Vec<_> = (1..=1_000)
            .map(|number| {
                let router = router.clone();
                tokio::spawn(async move { (number, send(&router, usage(number, 1, 1)).await) })
            })
            .collect();
        let done = || tasks.iter().filter(|task| task.is_finished()).count();
        for _ in 0..600 {
            if done() == 900 {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        assert_eq!(done(), 900, "8 at once and 92 that wait");
        drop(held);
        let mut again = Vec::new();
        for task in tasks {
            let (number, (status, body)) = task.await.unwrap();
            if status == StatusCode::SERVICE_UNAVAILABLE {
                assert!(body.contains("PI_BUSY"), "{body}");
                again.push(number);
            } else {
                assert_eq!(status, StatusCode::ACCEPTED, "{body}");
            }
        }
        assert_eq!((again.len(), kept(&collector)), (900, 100));
        for number in again {
            assert_eq!(send(&router, usage(number, 1, 2)).await.0, StatusCode::ACCEPTED);
        }
        assert_eq!(kept(&collector), 1_000);
    });
}

#[test]
fn one_source_that_is_too_fast_is_told_so_and_others_are_not() {
    run(async {
        let collector = collector(|_| {});
        let router = router(&collector, limits(64, 1_024, 20));
        let mut refused = 0;
        for number in 1..=30 {
            let (status, body) = send(&router, usage(number, 1, 1)).await;
            refused += u32::from(status == StatusCode::TOO_MANY_REQUESTS);
            assert!(status == StatusCode::ACCEPTED || body.contains("PI_RATE"), "{body}");
        }
        assert!(refused > 0);
        assert_eq!(send(&router, usage(31, 2, 1)).await.0, StatusCode::ACCEPTED);
    });
}

#[test]
fn health_jobs_and_devices_are_for_the_one_who_has_the_password_and_there_is_no_default_one() {
    run(async {
        let get = |path: &str, pair: Option<&str>| {
            let mut request = Request::get(format!("http://collector.example{path}"));
            if let Some(pair) = pair {
                request = request.header(header::AUTHORIZATION, format!("Basic {pair}"));
            }
            request.body(Body::empty()).unwrap()
        };
        // ana:hush, ana:wrong, admin:admin
        let (right, wrong, default) = ("YW5hOmh1c2g=", "YW5hOndyb25n", "YWRtaW46YWRtaW4=");
        let closed = collector(|_| {});
        let closed = router(&closed, ServerSettings::default());
        let open = collector(|settings| settings.admin = Some(Admin::new("ana", "hush")));
        let open = router(&open, ServerSettings::default());
        for path in ["/cslu/v1/health", "/cslu/v1/scheduler/jobs", "/cslu/v1/devices"] {
            for pair in [None, Some(wrong), Some(default)] {
                assert_eq!(send(&open, get(path, pair)).await.0, StatusCode::UNAUTHORIZED, "{path} {pair:?}");
                assert_eq!(send(&closed, get(path, pair)).await.0, StatusCode::UNAUTHORIZED, "{path} {pair:?}");
            }
            assert_eq!(send(&open, get(path, Some(right))).await.0, StatusCode::OK);
        }
        let (_, jobs) = send(&open, get("/cslu/v1/scheduler/jobs", Some(right))).await;
        assert!(jobs.starts_with(r#"[{"job_name":"usage_upload","current_status":"IDLE""#), "{jobs}");
        // the log of the vendor's program can be had without a password: there is none here
        let log = get("/cslu/v1/var/logs/customer-cslu-lib-log.log", Some(right));
        assert_eq!(send(&open, log).await.0, StatusCode::NOT_FOUND);
    });
}

#[test]
fn nonsense_and_bodies_over_the_limit_are_refused_and_harm_nothing() {
    run(async {
        let collector = collector(|_| {});
        let router = router(&collector, ServerSettings::default());
        let post = |body: Vec<u8>| {
            let request = Request::post(PUSH).header(header::CONTENT_TYPE, "application/json");
            request.body(Body::from(body)).unwrap()
        };
        assert_eq!(send(&router, post(vec![b' '; (16 << 20) + 1])).await.0, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(send(&router, post(b"{".to_vec())).await.0, StatusCode::BAD_REQUEST);
        let body = to_bytes(usage(1, 1, 1).into_body(), 1 << 20).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        // a report under another device's name, and a device without one
        for (from, to) in [
            ("\"reports\":[{\"sudi\":{\"udi_pid\":\"C9300-24UX\"", "\"reports\":[{\"sudi\":{\"udi_pid\":\"X\""),
            ("TST00000001", ""),
        ] {
            let (status, body) = send(&router, post(text.replace(from, to).into_bytes())).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        }
        assert_eq!(kept(&collector), 0);
        // the same message twice is answered from memory, its nonce with another body is refused
        let (_, first) = send(&router, usage(1, 1, 1)).await;
        assert_eq!(send(&router, usage(1, 1, 1)).await, (StatusCode::ACCEPTED, first));
        let other = text.replace("\"agent_version\"", "\"x\"").replace("slp-pi/1\",", "slp-pi/1\",\"x\":1,");
        assert_eq!(send(&router, post(other.into_bytes())).await.0, StatusCode::CONFLICT);
        assert_eq!(kept(&collector), 1);
    });
}

#[test]
fn behind_address_translation_or_with_a_list_unknown_devices_are_refused_and_nothing_is_kept() {
    run(async {
        let listed = "host,connect_method,udi_pid,udi_serial_number\n192.0.2.1,push,C9300-24UX,TST00000001\n";
        for (nat, code) in [(true, "PI_NAT_IDENTITY_REQUIRED"), (false, "PI_NOT_ALLOWED")] {
            let collector = collector(|settings| (settings.nat, settings.listed_only) = (nat, !nat));
            collector.lock().unwrap().take_list(listed.as_bytes(), start().to_millis()).unwrap();
            let router = router(&collector, ServerSettings::default());
            assert_eq!(send(&router, usage(1, 9, 1)).await.0, StatusCode::ACCEPTED);
            let (status, body) = send(&router, usage(2, 9, 1)).await;
            assert_eq!(status, StatusCode::FORBIDDEN);
            assert!(body.contains(code), "{body}");
            assert_eq!(kept(&collector), 1);
        }
    });
}
