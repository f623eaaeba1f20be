//! Client and server over real sockets, TLS among them, and the ways in which a peer can go wrong.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests use clocks and sockets")]

mod support;

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use slp_model::UnixMillis;
use slp_transport::client::{Certificates, Client, ClientSettings};
use slp_transport::device::{AllReports, DeviceReports, Session};
use slp_transport::push::{
    AGENT_CAPABILITIES, ConnectInfo, Echo, Hello, HelloAnswer, Identity, PiCodec, PiRequest, PiResponse, RequestData,
    ResponseData, SlpPi1, Tenant, UsageReporting,
};
use slp_transport::server::{PushHandler, ServerSettings, push_router, respond_to};
use slp_transport::{
    Acknowledged, BaseUrl, DeviceUsage, ErrorKind, Limits, Nonce, Results, RumEnvelope, Secret, Signature,
    SmartLicense, Sudi,
};
use support::net::{certificate, peer};

/// A collector that acknowledges everything at once.
#[derive(Default)]
struct Collector {
    reports: AtomicU64,
}

impl PushHandler for Collector {
    fn handle(&self, tenant: Option<&Tenant>, from: Option<SocketAddr>, request: PiRequest) -> PiResponse {
        assert!(from.is_some_and(|from| from.ip().is_loopback()));
        let answer = PiResponse::to(&request, self.now(), self.correlation_id());
        match request.data {
            RequestData::Hello(hello) => {
                let mut info = ConnectInfo::collector(&hello.capabilities, &AGENT_CAPABILITIES);
                info.additional = tenant.map(Tenant::to_string).unwrap_or_default();
                answer.with_data(HelloAnswer::new(info))
            }
            RequestData::UsageReporting(usage) => {
                let mut results = Results::new();
                let mut items = Vec::new();
                for device in usage.reports {
                    self.reports.fetch_add(device.usage.len() as u64, Ordering::Relaxed);
                    let mut item = Acknowledged::new(device.sudi);
                    item.smart_license = Some(SmartLicense::encode(b"<smartLicense/>"));
                    items.push(item);
                }
                results.acknowledgements = Some(items);
                answer.with_data(results)
            }
            _ => answer,
        }
    }

    fn now(&self) -> UnixMillis {
        UnixMillis::new(1_790_000_000_041).unwrap()
    }

    fn correlation_id(&self) -> String {
        "11111111-2222-4333-8444-555555555555".into()
    }
}

/// Runs a push server; its address.
fn start(handler: Arc<Collector>, settings: ServerSettings, tls: Option<(String, String)>) -> SocketAddr {
    support::net::start(push_router("/cslu/v1/pi", handler, settings), tls)
}

fn client() -> Client {
    let mut settings = ClientSettings::default();
    settings.whole = Duration::from_secs(5);
    Client::new(settings).unwrap()
}

fn request(data: impl Into<RequestData>, seed: u8) -> PiRequest {
    let identity = Identity::new(Sudi::new("C9300-24UX", "TST00000001"), "regid.2017-05.com.cisco.C9300,v1_x");
    PiRequest::of(&identity, UnixMillis::new(1_790_000_000_000).unwrap(), Nonce::from_random([seed; 16]), data.into())
}

fn push(client: &Client, base: &str, request: &PiRequest) -> Result<PiResponse, slp_transport::Error> {
    let http = SlpPi1::new().encode_request(request, &base.parse().unwrap())?;
    let response = client.send(&http)?;
    SlpPi1::new().decode_response(&response, &Echo::of(request), &Limits::default())
}

fn hello() -> Hello {
    let mut hello = Hello::new("cslu", 1_u32);
    hello.capabilities = vec!["DLC".into()];
    hello
}

fn usage(bytes: usize) -> UsageReporting {
    let mut device = DeviceUsage::new(Sudi::new("C9300-24UX", "TST00000001"));
    device.usage.push(RumEnvelope::new("x".repeat(bytes), Signature::new("builtin", "k", "v")));
    let mut usage = UsageReporting::new();
    usage.reports.push(device);
    usage
}

#[test]
fn a_push_over_tls_is_acknowledged() {
    let (chain, key) = certificate().tls();
    let collector = Arc::new(Collector::default());
    let address = start(Arc::clone(&collector), ServerSettings::default(), Some((chain.clone(), key)));
    let mut settings = ClientSettings::default();
    settings.certificates = Certificates::Private(chain.into_bytes());
    let client = Client::new(settings).unwrap();
    let base = format!("https://127.0.0.1:{}/cslu/v1/pi/Acme%20Lab-1", address.port());
    let answer = push(&client, &base, &request(hello(), 1)).unwrap();
    let Some(ResponseData::Hello(answer)) = answer.data else { panic!() };
    assert_eq!(answer.connect_info.capabilities, ["DLC", "CSLU_V1"]);
    assert_eq!(answer.connect_info.additional, "Acme%20Lab-1");
    let answer = push(&client, &base, &request(usage(100_000), 2)).unwrap();
    assert!(matches!(answer.data, Some(ResponseData::Results(_))));
    assert_eq!(collector.reports.load(Ordering::Relaxed), 1);
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    let address = start(Arc::default(), ServerSettings::default(), Some(certificate().tls()));
    let base = format!("https://127.0.0.1:{}/cslu/v1/pi", address.port());
    let error = push(&client(), &base, &request(hello(), 1)).unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Tls, false), "{error}");
    let mut settings = ClientSettings::default();
    settings.certificates = Certificates::Private(certificate().chain.into_bytes());
    let error = push(&Client::new(settings).unwrap(), &base, &request(hello(), 1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls, "another certificate of the same name");
    let mut settings = ClientSettings::default();
    settings.certificates = Certificates::Unchecked;
    assert!(push(&Client::new(settings).unwrap(), &base, &request(hello(), 1)).is_ok(), "when it is asked for");
}

#[test]
fn a_server_answers_whatever_comes() {
    let address = start(Arc::default(), ServerSettings::default(), None);
    let base = format!("http://{address}");
    let client = client();
    let send = |method: &str, path: &str, body: &[u8]| {
        let request = http::Request::builder().method(method).uri(format!("{base}{path}")).body(body.to_vec()).unwrap();
        let response = client.send(&request).unwrap();
        let answer = PiResponse::from_json(response.body(), &Limits::default()).unwrap();
        (response.status().as_u16(), answer.message_code.unwrap())
    };
    assert_eq!(send("POST", "/cslu/v1/pi", b"<html>"), (400, "PI_BAD_REQUEST".into()));
    assert_eq!(send("POST", "/cslu/v1/pi", b""), (400, "PI_BAD_REQUEST".into()));
    assert_eq!(send("GET", "/cslu/v1/pi", b""), (405, "PI_METHOD".into()));
    assert_eq!(send("POST", "/cslu/v1/pi/a%2fb-1", b"{}"), (404, "PI_UNKNOWN_TENANT".into()));
    assert_eq!(send("POST", "/cslu/v1/pi/a-1/more", b"{}"), (404, "PI_UNKNOWN_TENANT".into()));
    assert_eq!(send("POST", "/cslu/v1/pi?x=1", b"{}"), (404, "PI_UNKNOWN_TENANT".into()));
    let text = request(hello(), 1).to_json().replace("\"hello\"", "\"new\"");
    assert_eq!(send("POST", "/cslu/v1/pi/", text.as_bytes()), (422, "PI_NOT_SUPPORTED".into()));
}

#[test]
fn too_large_too_many_and_too_fast_are_told_apart() {
    let mut settings = ServerSettings::default();
    settings.limits.body_bytes = 10_000;
    settings.per_second = 3;
    let address = start(Arc::default(), settings, None);
    let base = format!("http://{address}/cslu/v1/pi");
    let client = client();
    let error = push(&client, &base, &request(usage(20_000), 1)).unwrap_err();
    assert_eq!(error.refusal().unwrap().message_code.as_deref(), Some("PI_TOO_LARGE"));
    let kinds: Vec<_> =
        (0..6).map(|seed| push(&client, &base, &request(hello(), seed)).map_err(|e| e.kind()).err()).collect();
    assert!(kinds.contains(&Some(ErrorKind::Throttled)), "{kinds:?}");

    let mut settings = ServerSettings::default();
    (settings.at_once, settings.waiting, settings.per_second) = (1, 0, 0);
    settings.body_time = Duration::from_millis(700);
    let address = start(Arc::default(), settings, None);
    let base = format!("http://{address}/cslu/v1/pi");
    // A sender that announces a body and does not send it holds the only place, for as long as bodies may take.
    let mut slow = std::net::TcpStream::connect(address).unwrap();
    slow.write_all(b"POST /cslu/v1/pi HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n").unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let error = push(&client, &base, &request(hello(), 1)).unwrap_err();
    assert_eq!(error.refusal().unwrap().message_code.as_deref(), Some("PI_BUSY"));
    assert_eq!(format!("{:?}", error.retry()), "Throttle { after: Some(Seconds(30)) }");
    std::thread::sleep(Duration::from_millis(900));
    assert!(push(&client, &base, &request(hello(), 2)).is_ok(), "the place is free again");
}

#[test]
fn peers_that_go_wrong_are_told_apart() {
    let session = |address: SocketAddr| {
        let base: BaseUrl = format!("http://{address}").parse().unwrap();
        Session::new(base, "slp", Secret::new("hunter2"))
    };
    let answer = |head: &str, body: &str| {
        format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len()).into_bytes()
    };
    let kind = |bytes: Vec<u8>| {
        let error =
            client().call(&session(peer(bytes, Duration::ZERO)), AllReports::new(), &Limits::default()).unwrap_err();
        assert!(!format!("{error:?}").contains("hunter2"));
        error.kind()
    };
    assert_eq!(kind(answer("200 OK", "<html>login</html>")), ErrorKind::NotJson);
    assert_eq!(kind(answer("200 OK", "")), ErrorKind::Empty);
    assert_eq!(kind(answer("200 OK", "{\"usage\":[")), ErrorKind::NotJson);
    assert_eq!(kind(answer("401 Unauthorized", "")), ErrorKind::Auth);
    assert_eq!(kind(answer("503 Busy\r\nRetry-After: 7", "<html>")), ErrorKind::Throttled);
    assert_eq!(kind(answer("302 Found\r\nLocation: http://127.0.0.1:1/", "")), ErrorKind::Redirect);
    assert_eq!(kind(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{".to_vec()), ErrorKind::NoReply);
    assert_eq!(kind(b"SSH-2.0-x\r\n\r\n".to_vec()), ErrorKind::NoReply);
    assert_eq!(kind(Vec::new()), ErrorKind::NoReply);
    let nobody = StdListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = client().call(&session(nobody), AllReports::new(), &Limits::default()).unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::NoReply, true));
}

#[test]
fn a_slow_peer_and_an_endless_answer_have_an_end() {
    let mut settings = ClientSettings::default();
    (settings.whole, settings.body_bytes) = (Duration::from_millis(400), 1_000);
    let client = Client::new(settings).unwrap();
    let get = |address: SocketAddr| {
        let request = http::Request::builder().uri(format!("http://{address}/")).body(Vec::new()).unwrap();
        client.send(&request)
    };
    let started = Instant::now();
    let error =
        get(peer(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec(), Duration::from_secs(20))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoReply);
    assert!(started.elapsed() < Duration::from_secs(5));
    let long =
        |bytes: usize| format!("HTTP/1.1 200 OK\r\nContent-Length: {bytes}\r\n\r\n{}", "x".repeat(bytes)).into_bytes();
    assert_eq!(get(peer(long(1_000), Duration::ZERO)).unwrap().body().len(), 1_000);
    let error = get(peer(long(2_000), Duration::ZERO)).unwrap_err();
    assert_eq!((error.kind(), error.name()), (ErrorKind::Limit, Some("body_bytes")), "{error:?}");
}

#[test]
fn a_test_double_of_a_device_is_a_function() {
    let base: BaseUrl = "http://192.0.2.1".parse().unwrap();
    let session = Session::new(base, "slp", Secret::new("x"));
    let request = slp_transport::Call::into_http(AllReports::new(), &session).unwrap();
    let limits = Limits::default();
    let response = respond_to(&request, &limits, |_: AllReports| Ok(DeviceReports::default()));
    assert_eq!(response.body(), br#"{"usage":[]}"#);
    let mut other = request.clone();
    *other.uri_mut() = "http://192.0.2.1/other".parse().unwrap();
    assert_eq!(respond_to(&other, &limits, |_: AllReports| Ok(DeviceReports::default())).status(), 404);
}
