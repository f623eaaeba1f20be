//! Every way in which a peer can go wrong, over real sockets: whose fault it is, whether a repeat helps, and that nothing
//! runs for ever.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests use clocks and sockets")]

mod support;

use std::io::Write as _;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http::Response;
use sha2::{Digest as _, Sha256};
use slp_model::{Actor, Seconds, UnixMillis, UnixSeconds};
use slp_transport::client::{Certificates, Client, ClientSettings, Pin};
use slp_transport::cssm::{AccessToken, CloudAnswer, ReportUsage, Session};
use slp_transport::push::{
    Echo, Identity, PiCodec as _, PiRequest, PiResponse, RequestData, ResultPolling, SlpPi1, TrustEstablishment,
    TrustScope, UsageReporting,
};
use slp_transport::server::{PushHandler, ServerSettings, exchange_router, push_router, respond_to};
use slp_transport::upload::{Upload, UploadAction, UploadEvent, UploadOutcome};
use slp_transport::{
    Action, BaseUrl, Call as _, DeviceUsage, ErrorKind, Exchange as _, Limits, Nonce, PollId, Retry, StatusWord, Sudi,
};
use support::net::{certificate, peer, start};

fn client(set: impl FnOnce(&mut ClientSettings)) -> Client {
    let mut settings = ClientSettings::default();
    settings.whole = Duration::from_secs(5);
    set(&mut settings);
    Client::new(settings).unwrap()
}

fn session(base: &str) -> Session {
    Session::new(base.parse().unwrap(), AccessToken::new("hunter2")).with_accounts("77", "88")
}

fn message() -> ReportUsage {
    let now = UnixMillis::new(1_790_000_000_000).unwrap();
    ReportUsage::of(now, Nonce::from_random([1; 16]), vec![DeviceUsage::new(Sudi::new("C8000V", "TST00000001"))])
}

fn at(seconds: i64) -> UnixSeconds {
    UnixSeconds::new(1_790_000_000 + seconds).unwrap()
}

#[test]
fn a_pinned_certificate_is_known_by_itself_or_by_its_key_and_no_other_is() {
    let (own, other) = (certificate(), certificate());
    let router = exchange_router(|_, _| Response::new(b"{}".to_vec()), ServerSettings::default());
    let address = start(router, Some(own.tls()));
    let get = |pins: Vec<Pin>| {
        let client = client(|settings| settings.certificates = Certificates::Pinned(pins));
        // The certificate is for another name: a pin does not ask for one.
        let request = http::Request::builder().uri(format!("https://localhost:{}/", address.port())).body(Vec::new());
        client.send(&request.unwrap())
    };
    let whole = |certificate: &support::net::Certificate| Pin::Certificate(Sha256::digest(&certificate.der).into());
    assert_eq!(get(vec![whole(&own)]).unwrap().body(), b"{}");
    assert!(get(vec![Pin::PublicKey(own.key_digest())]).is_ok());
    assert!(get(vec![whole(&other), whole(&own)]).is_ok(), "one of several is enough");
    for pins in [vec![whole(&other)], vec![Pin::PublicKey(other.key_digest())]] {
        let error = get(pins).unwrap_err();
        assert_eq!((error.kind(), error.actor(), error.is_retryable()), (ErrorKind::Tls, Actor::Trust, false));
    }
    assert!(
        Client::new({
            let mut settings = ClientSettings::default();
            settings.certificates = Certificates::Pinned(Vec::new());
            settings
        })
        .is_err()
    );
}

#[test]
fn a_proxy_that_would_panic_is_refused_and_http_ones_are_asked() {
    let mut settings = ClientSettings::default();
    settings.proxy = Some("socks5://127.0.0.1:1".into());
    assert_eq!(Client::new(settings).unwrap_err().kind(), ErrorKind::Argument);
    let proxy =
        peer(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n".to_vec(), Duration::ZERO);
    let pins = vec![Pin::Certificate([0; 32])];
    for certificates in [Certificates::Public, Certificates::Pinned(pins)] {
        let client = client(|settings| {
            settings.certificates = certificates;
            settings.proxy = Some(format!("http://{proxy}"));
        });
        let request = http::Request::builder().uri("https://device.invalid/").body(Vec::new()).unwrap();
        let error = client.send(&request).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NoReply, "the proxy was asked, and refused: {error}");
    }
}

#[test]
fn a_redirect_to_another_host_never_sees_the_credential() {
    let asked = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&asked);
    let elsewhere = start(
        exchange_router(
            move |_, _| {
                count.fetch_add(1, Ordering::Relaxed);
                Response::new(Vec::new())
            },
            ServerSettings::default(),
        ),
        None,
    );
    for status in [301_u16, 302, 303, 307, 308] {
        let target = format!("http://localhost:{}/", elsewhere.port());
        let router = exchange_router(
            move |_, _| {
                Response::builder()
                    .status(status)
                    .header("location", &target)
                    .body(b"<html>moved</html>".to_vec())
                    .unwrap()
            },
            ServerSettings::default(),
        );
        let base = format!("http://{}", start(router, None));
        let error = client(|_| ()).call(&session(&base), message(), &Limits::default()).unwrap_err();
        assert_eq!((error.kind(), error.retry()), (ErrorKind::Redirect, Retry::Never), "{status}");
    }
    assert_eq!(asked.load(Ordering::Relaxed), 0);
}

#[test]
fn a_wrong_content_type_does_not_matter_and_a_wrong_body_does() {
    let answer = |kind: &'static str, body: &'static str| {
        let router = exchange_router(
            move |_, _| Response::builder().header("content-type", kind).body(body.as_bytes().to_vec()).unwrap(),
            ServerSettings::default(),
        );
        let base = format!("http://{}", start(router, None));
        client(|_| ()).call(&session(&base), message(), &Limits::default()).map_err(|error| error.kind())
    };
    let good = r#"{"status":"OK_POLL","poll_id":1,"poll_interval":300}"#;
    assert!(answer("text/html; charset=iso-8859-1", good).is_ok());
    assert_eq!(answer("application/json", "<!DOCTYPE html>"), Err(ErrorKind::NotJson));
    assert_eq!(answer("application/json", ""), Err(ErrorKind::Empty));
    assert_eq!(answer("application/json", r#"{"status":"OK_POLL","poll_id":1"#), Err(ErrorKind::NotJson));
    assert_eq!(answer("application/json", r#"{"status":7}"#), Err(ErrorKind::Schema));
    assert_eq!(answer("application/json", "[]"), Err(ErrorKind::Schema));
}

/// A peer that sends a head and then so much as it is let.
fn endless(chunk: usize, pause: Duration) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let head = b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n";
            let chunk = vec![b' '; chunk];
            let mut go_on = stream.write_all(head).is_ok();
            while go_on {
                go_on = stream.write_all(&chunk).is_ok();
                std::thread::sleep(pause);
            }
        }
    });
    address
}

#[test]
fn a_gigabyte_ends_at_the_limit_and_a_trickle_at_its_time() {
    let get = |address: std::net::SocketAddr, client: &Client| {
        let request = http::Request::builder().uri(format!("http://{address}/")).body(Vec::new()).unwrap();
        let started = Instant::now();
        let error = client.send(&request).unwrap_err();
        assert!(started.elapsed() < Duration::from_secs(20));
        error
    };
    let error = get(endless(65_536, Duration::ZERO), &client(|settings| settings.body_bytes = 1 << 20));
    assert_eq!((error.kind(), error.name(), error.actor()), (ErrorKind::Limit, Some("body_bytes"), Actor::Limits));
    let slow = client(|settings| settings.whole = Duration::from_millis(500));
    let error = get(endless(1, Duration::from_millis(50)), &slow);
    assert_eq!((error.kind(), error.actor(), error.is_retryable()), (ErrorKind::NoReply, Actor::Environment, true));
}

#[test]
fn a_storm_of_errors_is_met_with_six_tries_and_waits_that_a_seed_spreads() {
    let asked = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&asked);
    let router = exchange_router(
        move |_, _| {
            count.fetch_add(1, Ordering::Relaxed);
            Response::builder().status(502).body(b"<html>bad gateway</html>".to_vec()).unwrap()
        },
        ServerSettings::default(),
    );
    let base = format!("http://{}", start(router, None));
    let request = message().into_http(&session(&base)).unwrap();
    let run = |seed: u64| {
        asked.store(0, Ordering::Relaxed);
        let client = client(|_| ());
        let mut upload = Upload::new(Nonce::from_random([1; 16]), Action::Acknowledgements, seed);
        let (mut event, mut now, mut waits) = (UploadEvent::Start, at(0), Vec::new());
        loop {
            let mut sent = None;
            for action in upload.handle(event, now) {
                match action {
                    UploadAction::Submit => {
                        let answer =
                            client.send(&request).and_then(|answer| ReportUsage::answer(&answer, &Limits::default()));
                        sent = Some(UploadEvent::answered(answer));
                    }
                    UploadAction::Finished(UploadOutcome::Failed(error)) => {
                        assert_eq!(error.kind(), ErrorKind::Unavailable);
                        return (asked.load(Ordering::Relaxed), waits);
                    }
                    _ => {}
                }
            }
            event = sent.unwrap_or_else(|| {
                let due = upload.next_deadline().unwrap();
                waits.push(due.since(now).get());
                now = due;
                UploadEvent::Tick
            });
        }
    };
    let (tries, waits) = run(1);
    assert_eq!((tries, waits.len()), (6, 5));
    assert_eq!(run(1).1, waits, "the same seed, the same waits");
    assert!((2..9).any(|seed| run(seed * 977).1 != waits), "another seed, other waits");
}

/// Counts what reaches it.
#[derive(Default)]
struct Counting(AtomicU64);

const NOW: u64 = 1_790_000_000_000;

impl PushHandler for Counting {
    fn handle(
        &self,
        _: Option<&slp_transport::push::Tenant>,
        _: Option<std::net::SocketAddr>,
        request: PiRequest,
    ) -> PiResponse {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        let answer = PiResponse::to(&request, self.now(), self.correlation_id());
        match request.data {
            RequestData::ResultPolling(_) => answer.try_again("PI_UPSTREAM", 60),
            _ => answer.later(PollId::from((1 << 53) + 1 + number), 60, Action::Acknowledgements),
        }
    }

    fn now(&self) -> UnixMillis {
        UnixMillis::new(NOW).unwrap()
    }

    fn correlation_id(&self) -> String {
        "11111111-2222-4333-8444-555555555555".into()
    }
}

fn push(base: &str, seed: u8, time: u64, serial: &str, data: RequestData) -> Result<PiResponse, slp_transport::Error> {
    let identity = Identity::new(Sudi::new("C9300-24UX", serial), "regid.2017-05.com.cisco.C9300,v1_x");
    let request = PiRequest::of(&identity, UnixMillis::new(time).unwrap(), Nonce::from_random([seed; 16]), data);
    let http = SlpPi1::new().encode_request(&request, &base.parse::<BaseUrl>().unwrap())?;
    let answer = client(|_| ()).send(&http)?;
    SlpPi1::new().decode_response(&answer, &Echo::of(&request), &Limits::default())
}

#[test]
fn a_message_that_comes_twice_is_worked_on_once() {
    let handler = Arc::new(Counting::default());
    let router = push_router("/cslu/v1/pi", Arc::clone(&handler), ServerSettings::default());
    let base = format!("http://{}/cslu/v1/pi", start(router, None));
    let usage = || UsageReporting::new().into();
    let first = push(&base, 1, NOW, "TST00000001", usage()).unwrap();
    let second = push(&base, 1, NOW, "TST00000001", usage()).unwrap();
    assert_eq!((first.poll_id, first.status.clone()), (second.poll_id, StatusWord::OkPoll));
    assert_eq!(handler.0.load(Ordering::Relaxed), 1);
    // The nonce is a device's own.
    assert_ne!(push(&base, 1, NOW, "TST00000002", usage()).unwrap().poll_id, first.poll_id);
    let error = push(&base, 1, NOW + 1, "TST00000001", usage()).unwrap_err();
    assert_eq!(error.refusal().map(|refusal| refusal.status), Some(409));
    // A wish to try again is no answer to keep.
    let poll = || ResultPolling::new(PollId::from(7), Action::Acknowledgements).into();
    for _ in 0..2 {
        assert_eq!(push(&base, 2, NOW, "TST00000001", poll()).unwrap().status, StatusWord::OkTryAgain);
    }
    assert_eq!(handler.0.load(Ordering::Relaxed), 4);
    let error = push(&base, 3, NOW, " ", usage()).unwrap_err();
    assert_eq!(error.refusal().and_then(|refusal| refusal.message_code.as_deref()), Some("PI_BAD_REQUEST"));
}

#[test]
fn clocks_that_differ_by_an_hour_are_told_and_trust_is_refused() {
    let router = push_router("/pi", Arc::new(Counting::default()), ServerSettings::default());
    let base = format!("http://{}/pi", start(router, None));
    let hour = 3_600_000;
    let trust = || TrustEstablishment::new(slp_transport::cssm::Token::new("t"), TrustScope::Local).into();
    assert!(push(&base, 1, NOW + hour - 1, "TST00000001", trust()).is_ok());
    for time in [NOW + hour, NOW - hour] {
        let error = push(&base, 2, time, "TST00000001", trust()).unwrap_err();
        assert_eq!(error.refusal().and_then(|refusal| refusal.message_code.as_deref()), Some("PI_CLOCK_SKEW"));
    }
    let answer = push(&base, 3, NOW - hour, "TST00000001", UsageReporting::new().into()).unwrap();
    assert_eq!(answer.clock_skew(UnixMillis::new(NOW - hour).unwrap()), Some(Seconds::new(3_600)));
    assert_eq!(answer.clock_skew(UnixMillis::new(NOW + hour - 1).unwrap()), None);
}

#[test]
fn a_router_of_a_function_bounds_what_it_takes() {
    let mut settings = ServerSettings::default();
    settings.limits.body_bytes = 100;
    (settings.per_second, settings.body_time) = (4, Duration::from_millis(300));
    let router = exchange_router(
        |_, request| respond_to(&request, &Limits::default(), |_: ReportUsage| Ok(CloudAnswer::new(StatusWord::Ok))),
        settings,
    );
    let address = start(router, None);
    let send = |body: &str| {
        let request = http::Request::post(format!("http://{address}/v2/devices/reportusage"));
        client(|_| ()).send(&request.body(body.as_bytes().to_vec()).unwrap()).unwrap().status().as_u16()
    };
    assert_eq!(send(r#"{"data":{"timestamp":1,"nonce":"a","reports":[]}}"#), 202);
    assert_eq!(send(&"x".repeat(101)), 413);
    assert_eq!(send("<html>"), 400);
    let mut slow = std::net::TcpStream::connect(address).unwrap();
    slow.write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n").unwrap();
    let mut answer = [0; 12];
    std::io::Read::read_exact(&mut slow, &mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 408");
    assert_eq!(send("x"), 429);
}

#[test]
fn an_answer_that_panics_is_a_500_and_the_next_one_is_made() {
    let answer = |_, request: http::Request<Vec<u8>>| {
        assert!(request.body().is_empty(), "asked for");
        Response::new(b"{}".to_vec())
    };
    let address = start(exchange_router(answer, ServerSettings::default()), None);
    let client = client(|_| ());
    let post = |body: &[u8]| {
        let request = http::Request::post(format!("http://{address}/")).body(body.to_vec()).unwrap();
        client.send(&request).map(|response| response.status().as_u16())
    };
    assert_eq!((post(b"x").unwrap(), post(b"").unwrap()), (500, 200));
}

/// The number of open files is limited for a whole process: this test runs itself in one of its own.
#[cfg(unix)]
#[test]
fn a_server_without_a_free_file_waits_and_goes_on() {
    const NAME: &str = "a_server_without_a_free_file_waits_and_goes_on";
    if std::env::var_os("SLP_TEST_FEW_FILES").is_none() {
        let run = std::process::Command::new("sh")
            .args(["-c", "ulimit -n 60 && exec \"$0\" \"$@\""])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", NAME, "--nocapture"])
            .env("SLP_TEST_FEW_FILES", "1")
            .output()
            .unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        return;
    }
    let address = start(exchange_router(|_, _| Response::new(b"{}".to_vec()), ServerSettings::default()), None);
    let get = || {
        let request = http::Request::builder().uri(format!("http://{address}/")).body(Vec::new()).unwrap();
        client(|_| ()).send(&request).unwrap().status().as_u16()
    };
    assert_eq!(get(), 200);
    let mut held = Vec::new();
    while let Ok(stream) = std::net::TcpStream::connect(address) {
        held.push(stream);
    }
    assert!(held.len() > 10, "{}", held.len());
    std::thread::sleep(Duration::from_millis(300));
    drop(held);
    assert_eq!(get(), 200);
}
