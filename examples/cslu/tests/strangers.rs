//! Those who may not, over real sockets: refused, logged without secrets, and the service goes on. Nothing here is timed.

mod support;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cslu::{Admin, Application, Collector, Listening, Runner, Settings, Store};
use http::{Request, Response};
use slp_kit::{Authority, Clock as _, ManualClock, Network, Random};
use slp_model::UnixSeconds;
use slp_transport::client::{Certificates, Client, ClientSettings};
use slp_transport::cssm::AuthorizationFor;
use slp_transport::push::{AuthorizationRequest, Echo, Hello, Identity, PiCodec as _, PiRequest, SlpPi1};
use slp_transport::server::{ServerSettings, exchange_router, serve_tls, status, tls_config};
use slp_transport::{BaseUrl, Limits, Nonce, StatusWord, Sudi};
use support::*;
use tokio::runtime::Runtime;

const GIB: u64 = 1 << 30;

fn start() -> UnixSeconds {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// A collector behind a listener on loopback.
struct Served {
    collector: Arc<Mutex<Collector>>,
    address: SocketAddr,
    authority: Authority,
    clock: Arc<ManualClock>,
    with_tls: bool,
    _listening: Listening,
    _runtime: Runtime,
}

fn serve(with_tls: bool, change: impl FnOnce(&mut ServerSettings)) -> Served {
    let mut settings = Settings::new("account.example", "Default");
    settings.admin = Some(Admin::new("ana", "hush-of-ana"));
    let clock = Arc::new(ManualClock::new(start()));
    let collector = Collector::open(Store::in_memory().unwrap(), settings, Random::system(), clock.now()).unwrap();
    let collector = Arc::new(Mutex::new(collector));
    let authority = Authority::new("Root of a test").unwrap();
    let leaf = authority.certify_server(&["127.0.0.1"]).unwrap();
    let tls = with_tls.then_some((leaf.chain_pem.as_bytes(), leaf.key_pem.as_bytes()));
    let runtime = runtime();
    let mut server = ServerSettings::default();
    server.per_second = 0;
    change(&mut server);
    let anywhere: SocketAddr = ([127, 0, 0, 1], 0).into();
    let time: Arc<ManualClock> = Arc::clone(&clock);
    let listening = runtime.block_on(cslu::serve(Arc::clone(&collector), time, anywhere, tls, server)).unwrap();
    let address = listening.address;
    Served { collector, address, authority, clock, with_tls, _listening: listening, _runtime: runtime }
}

fn client(authority: &Authority) -> Client {
    let mut settings = ClientSettings::default();
    settings.certificates = Certificates::Private(authority.certificate_pem().as_bytes().to_vec());
    Client::new(settings).unwrap()
}

impl Served {
    /// An honest device says hello.
    fn hello(&self, seed: u8) -> StatusWord {
        let scheme = if self.with_tls { "https" } else { "http" };
        let address: BaseUrl = format!("{scheme}://{}/cslu/v1/pi", self.address).parse().unwrap();
        let identity = Identity::new(udi(1), SOFTWARE);
        let nonce = Nonce::from_random([seed; 16]);
        let message = PiRequest::of(&identity, start().to_millis(), nonce, Hello::new("cslu", 0_u32).into());
        let response = client(&self.authority).send(&SlpPi1::new().encode_request(&message, &address).unwrap());
        let answer = SlpPi1::new().decode_response(&response.unwrap(), &Echo::of(&message), &Limits::default());
        answer.unwrap().status
    }

    /// Sends these bytes, and gives what comes back until the connection ends.
    fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.write_all(bytes).unwrap();
        let mut answer = Vec::new();
        // a connection that is reset has said what it had to say
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Waits until these lines were said, in any order, and no other: a connection may end before its line is there.
    fn wait_for(&self, lines: &[&str]) {
        let mut said = Vec::new();
        for _ in 0..600 {
            said.extend(self.collector.lock().unwrap().take_events());
            if said.len() >= lines.len() {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        said.sort();
        let mut lines = lines.to_vec();
        lines.sort_unstable();
        assert_eq!(said, lines);
    }

    fn said(&self) -> String {
        self.collector.lock().unwrap().take_events().join("\n")
    }
}

#[test]
fn a_wrong_password_is_refused_and_logged_without_it() {
    let served = serve(false, |_| {});
    // ana:wrong-hush
    let request = "GET /cslu/v1/devices?password=hush HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YW5hOndyb25nLWh1c2g=\r\n\
                   Connection: close\r\n\r\n";
    assert!(served.raw(request.as_bytes()).starts_with("HTTP/1.1 401 "));
    assert_eq!(served.said(), "127.0.0.1: GET /cslu/v1/devices: refused, 401 Unauthorized");
    assert_eq!(served.hello(1), StatusWord::Ok);
    assert_eq!(served.said(), "", "what is answered well is not logged");
}

/// A client hello of TLS 1.`minor` and no later version, and then this alert.
fn hello_then_alert(minor: u8, alert: u8) -> Vec<u8> {
    let groups = [0, 10, 0, 4, 0, 2, 0, 0x17];
    let points = [0, 11, 0, 2, 1, 0];
    let signatures = [0, 13, 0, 4, 0, 2, 4, 3];
    let extensions = [&groups[..], &points, &signatures].concat();
    // version, random number, no session, one cipher (ECDHE, ECDSA, AES 128 GCM), no compression
    let head = [&[3, minor + 1][..], &[7; 32], &[0, 0, 2, 0xc0, 0x2b, 1, 0]].concat();
    let length = |bytes: usize| u8::try_from(bytes).unwrap();
    let body = [&head[..], &[0, length(extensions.len())], &extensions].concat();
    let message = [&[1, 0, 0, length(body.len())][..], &body].concat();
    let record = [&[0x16, 3, 1, 0, length(message.len())][..], &message].concat();
    [&record[..], &[0x15, 3, minor + 1, 0, 2, 2, alert]].concat()
}

#[test]
fn a_tls_handshake_that_fails_is_logged_once_a_minute_and_source_and_the_next_device_is_answered() {
    let served = serve(true, |_| {});
    let plain = "GET /cslu/v1/health?key=hush HTTP/1.1\r\nAuthorization: Basic YW5hOmh1c2g=\r\n\r\n";
    for _ in 0..20 {
        let answer = served.raw(plain.as_bytes());
        assert!(!answer.contains("HTTP/1.1"), "{answer}");
    }
    served.raw(&hello_then_alert(0, 0));
    // certificate_expired, unknown_ca
    served.raw(&hello_then_alert(2, 45));
    served.raw(&hello_then_alert(2, 48));
    // one that hangs up: it trusts somebody else, and does not say so
    let stranger = client(&Authority::new("Root of somebody else").unwrap());
    let request = Request::get(format!("https://{}/cslu/v1/health", served.address)).body(Vec::new()).unwrap();
    assert!(stranger.send(&request).is_err());
    assert_eq!(served.hello(1), StatusWord::Ok);
    served.wait_for(&[
        "127.0.0.1: TLS handshake failed: what came is not TLS: plain HTTP?",
        "127.0.0.1: TLS handshake failed: no TLS version in common: 1.2 and 1.3 are served",
        "127.0.0.1: TLS handshake failed: the peer finds this server's certificate expired: look at its dates and at the \
         peer's clock",
        "127.0.0.1: TLS handshake failed: the peer does not trust this server's certificate: give the peer the authority \
         above it",
        "127.0.0.1: TLS handshake failed: the connection ended",
    ]);
    served.clock.advance(60);
    served.collector.lock().unwrap().tick(served.clock.now()).unwrap();
    assert_eq!(served.said(), "127.0.0.1: 19 more within a minute: what came is not TLS: plain HTTP?");
}

#[test]
fn a_body_of_one_gib_is_refused_at_the_limit_and_the_next_device_is_answered() {
    let served = serve(false, |_| {});
    let head = "POST /cslu/v1/pi HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    // announced: refused before a byte of it comes
    let answer = served.raw(format!("{head}Content-Length: {GIB}\r\nConnection: close\r\n\r\n").as_bytes());
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    // not announced: refused on the way
    let mut stream = TcpStream::connect(served.address).unwrap();
    stream.write_all(format!("{head}Transfer-Encoding: chunked\r\n\r\n").as_bytes()).unwrap();
    let chunk = [b"10000\r\n".as_slice(), &vec![b' '; 65_536], b"\r\n"].concat();
    let mut sent = 0_u64;
    while sent < GIB && stream.write_all(&chunk).is_ok() {
        sent += 65_536;
    }
    assert!(sent < GIB / 8, "the connection ends long before: {sent}");
    assert_eq!(served.hello(1), StatusWord::Ok);
    assert_eq!(served.said(), "127.0.0.1: POST /cslu/v1/pi: refused, 413 Payload Too Large");
    served.clock.advance(60);
    served.collector.lock().unwrap().tick(served.clock.now()).unwrap();
    assert_eq!(served.said(), "127.0.0.1: 1 more within a minute: refused, 413 Payload Too Large");
    assert!(served.collector.lock().unwrap().store().reports().unwrap().is_empty());
}

#[test]
fn many_slow_senders_do_not_keep_an_honest_device_out() {
    let served = serve(false, |settings| (settings.at_once, settings.body_time) = (4, Duration::from_millis(200)));
    let open = |bytes: &[u8]| {
        let mut stream = TcpStream::connect(served.address).unwrap();
        stream.write_all(bytes).unwrap();
        stream
    };
    // heads that never end hold no place
    let heads: Vec<_> = (0..200).map(|_| open(b"POST /cslu/v1/pi HTTP/1.1\r\nHost: x\r\nX-Slow: ")).collect();
    // bodies that never come hold one until their time is up
    let half = b"POST /cslu/v1/pi HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nConnection: close\r\n\r\n{";
    let bodies: Vec<_> = (0..8).map(|_| open(half)).collect();
    assert_eq!(served.hello(1), StatusWord::Ok);
    for mut stream in bodies {
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 400 "), "{}", String::from_utf8_lossy(&answer));
    }
    assert_eq!(served.hello(2), StatusWord::Ok);
    assert_eq!(served.said(), "127.0.0.1: POST /cslu/v1/pi: refused, 400 Bad Request");
    drop(heads);
}

/// A peer behind TLS whose certificate ends with this year; how many requests it got.
fn peer(runtime: &Runtime, authority: &Authority, year: i32) -> (SocketAddr, Arc<AtomicUsize>) {
    let leaf = authority.certify_server_until(&["127.0.0.1"], year).unwrap();
    let tls = tls_config(leaf.chain_pem.as_bytes(), leaf.key_pem.as_bytes()).unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    let router = exchange_router(
        move |_, _: Request<Vec<u8>>| -> Response<Vec<u8>> {
            counter.fetch_add(1, Ordering::Relaxed);
            status(http::StatusCode::SERVICE_UNAVAILABLE)
        },
        ServerSettings::default(),
    );
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(serve_tls(listener, tls, router));
    (address, count)
}

#[test]
fn a_peer_whose_certificate_has_ended_hears_nothing_of_a_secret() {
    let runtime = runtime();
    let authority = Authority::new("Root of a test").unwrap();
    for (year, hears) in [(2099, true), (2021, false)] {
        let (cloud, cloud_heard) = peer(&runtime, &authority, year);
        let (device, device_heard) = peer(&runtime, &authority, year);
        let mut settings = Settings::new("account.example", "Default");
        let base = format!("https://{cloud}/services/api/smart-accounts-and-licensing").parse().unwrap();
        let token = format!("https://{cloud}/token").parse().unwrap();
        settings.cloud = Some(cslu::Cloud::new(base, token, Application::new("client", "hush")));
        let clock = Arc::new(ManualClock::new(start()));
        let mut collector =
            Collector::open(Store::in_memory().unwrap(), settings, Random::system(), clock.now()).unwrap();
        let list = format!("host,connect_method,username,password\nlisted.example,REST_API,slp,{PASSWORD}\n");
        collector.take_list(list.as_bytes(), clock.now()).unwrap();
        // something for the cloud: the wish for a code
        let mut wishes = AuthorizationRequest::new();
        wishes.licenses.push(AuthorizationFor::new(Sudi::from(udi(1))));
        let nonce = Nonce::from_random([1; 16]);
        let message = PiRequest::of(&Identity::new(udi(1), SOFTWARE), clock.now(), nonce, wishes.into());
        collector.push(None, &message, clock.now());
        let collector = Arc::new(Mutex::new(collector));
        let network: Arc<dyn Network> = Arc::new(client(&authority));
        let to_device = client(&authority);
        // a name that leads to the device
        let devices: Arc<dyn Network> = Arc::new(move |request: &Request<Vec<u8>>| {
            let mut request = request.clone();
            let path = request.uri().path_and_query().unwrap().clone();
            *request.uri_mut() = format!("https://{device}{path}").parse().unwrap();
            to_device.send(&request).ok()
        });
        let time: Arc<ManualClock> = Arc::clone(&clock);
        let runner = Runner::new(Arc::clone(&collector), network, devices, time);
        clock.advance(60);
        runner.turn().unwrap();
        let heard = (cloud_heard.load(Ordering::Relaxed) > 0, device_heard.load(Ordering::Relaxed) > 0);
        assert_eq!(heard, (hears, hears), "{year}");
        let said = collector.lock().unwrap().take_events().join("\n");
        assert!(said.contains("no access token") && !said.contains("hush"), "{said}");
        let alerts: Vec<_> =
            collector.lock().unwrap().table().unwrap().into_iter().flat_map(|row| row.alerts).collect();
        assert_eq!(alerts.contains(&"Failed to Connect".to_owned()), !hears, "{alerts:?}");
    }
}
