//! How many pushes a server half answers over sockets, and what a connection costs it. Aim: 5,000 pushes a second on two
//! cores, the clients of the measurement included.
//!
//! `cargo bench -p slp-transport --bench server --features server`. Processor time and memory are those of the whole
//! process, as Linux tells them; elsewhere they are left out.

#![allow(
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a program that measures"
)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use slp_model::UnixMillis;
use slp_transport::push::{Identity, PiCodec, PiRequest, PiResponse, RequestData, SlpPi1, Tenant, UsageReporting};
use slp_transport::server::{PushHandler, ServerSettings, push_router, serve};
use slp_transport::{Acknowledged, BaseUrl, DeviceUsage, Nonce, Results, RumEnvelope, Signature, SmartLicense, Sudi};

/// Connections that push at once.
const CONNECTIONS: usize = 32;
/// Connections that do nothing.
const IDLE: usize = 2_000;
/// How long is measured.
const TIME: Duration = Duration::from_secs(5);

/// Takes everything and acknowledges it.
struct Collector(SmartLicense);

impl PushHandler for Collector {
    fn handle(&self, _: Option<&Tenant>, _: Option<SocketAddr>, request: PiRequest) -> PiResponse {
        let answer = PiResponse::to(&request, self.now(), self.correlation_id());
        let RequestData::UsageReporting(usage) = request.data else { return answer };
        let acknowledge = |device: DeviceUsage| {
            let mut item = Acknowledged::new(device.sudi);
            item.smart_license = Some(self.0.clone());
            item
        };
        let mut results = Results::new();
        results.acknowledgements = Some(usage.reports.into_iter().map(acknowledge).collect());
        answer.with_data(results)
    }

    fn now(&self) -> UnixMillis {
        UnixMillis::new(1_790_000_000_041).unwrap()
    }

    fn correlation_id(&self) -> String {
        "11111111-2222-4333-8444-555555555555".into()
    }
}

/// One push of `reports` usual reports, as bytes.
fn push(reports: usize) -> Vec<u8> {
    let measurement = r#"{"log_time":1790000000,"metric_name":"ENTITLEMENT","start_time":1790000000,"end_time":1790086400,"sample_interval":86400,"num_samples":96,"value":{"type":"COUNT","value":"2"}}"#;
    let payload = format!(r#"{{"measurements":[{}]}}"#, [measurement; 12].join(","));
    let mut signature = Signature::new("SHA256", "regid.2017-05.com.cisco.C9300,v1_x", "A".repeat(344));
    signature.sudi = Some(Sudi::new("C9300-24UX", "TST00000001"));
    let mut device = DeviceUsage::new(Sudi::new("C9300-24UX", "TST00000001"));
    device.usage = vec![RumEnvelope::new(payload, signature); reports];
    let mut usage = UsageReporting::new();
    usage.reports.push(device);
    let identity = Identity::new(Sudi::new("C9300-24UX", "TST00000001"), "regid.2017-05.com.cisco.C9300,v1_x");
    let now = UnixMillis::new(1_790_000_000_000).unwrap();
    let request = PiRequest::of(&identity, now, Nonce::from_random([7; 16]), usage.into());
    let base: BaseUrl = "http://127.0.0.1/cslu/v1/pi".parse().unwrap();
    let http = SlpPi1::new().encode_request(&request, &base).unwrap();
    let head = format!(
        "POST /cslu/v1/pi HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        http.body().len()
    );
    [head.as_bytes(), http.body()].concat()
}

/// Sends and reads answers until the time is over; how many.
fn client(address: SocketAddr, request: &[u8], end: Instant) -> usize {
    static NONCE: AtomicUsize = AtomicUsize::new(0);
    let mut request = request.to_vec();
    let nonce = request.windows(9).position(|text| text == b"\"nonce\":\"").unwrap() + 9;
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut buffer, mut count) = (vec![0; 65_536], 0);
    while Instant::now() < end {
        // Each message is another one: a repeat would get a stored answer.
        let number = format!("{:016}", NONCE.fetch_add(1, Ordering::Relaxed));
        request[nonce..nonce + 16].copy_from_slice(number.as_bytes());
        stream.write_all(&request).unwrap();
        let mut have = 0;
        let whole = loop {
            have += stream.read(&mut buffer[have..]).unwrap();
            let text = &buffer[..have];
            if let Some(head) = text.windows(4).position(|end| end == b"\r\n\r\n") {
                let lines = String::from_utf8_lossy(&text[..head]).to_ascii_lowercase();
                assert!(lines.starts_with("http/1.1 200"), "{lines}");
                let length = lines.split("content-length: ").nth(1).unwrap();
                break head + 4 + length.split("\r\n").next().unwrap().parse::<usize>().unwrap();
            }
        };
        while have < whole {
            have += stream.read(&mut buffer[have..]).unwrap();
        }
        assert_eq!(have, whole);
        count += 1;
    }
    count
}

/// User and system time of this process so far, in hundredths of a second.
fn processor_time() -> Option<(u64, u64)> {
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = text.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

/// Memory of this process, KiB.
fn memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

fn start() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let mut settings = ServerSettings::default();
            settings.per_second = 0;
            let handler = Arc::new(Collector(SmartLicense::encode(&[b'x'; 2_000])));
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            serve(listener, push_router("/cslu/v1/pi", handler, settings)).await.unwrap();
        });
    });
    address
}

fn main() {
    let address = start();
    for reports in [1, 4] {
        let request = push(reports);
        let before = processor_time();
        let (started, done) = (Instant::now(), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..CONNECTIONS {
                scope.spawn(|| done.fetch_add(client(address, &request, started + TIME), Ordering::Relaxed));
            }
        });
        let (seconds, count) = (started.elapsed().as_secs_f64(), done.into_inner() as f64);
        print!("{reports} reports ({} bytes) a push: {:.0} pushes a second", request.len(), count / seconds);
        if let (Some(before), Some(after)) = (before, processor_time()) {
            let each = |ticks: u64| ticks as f64 * 10_000.0 / count;
            let (user, system) = (each(after.0 - before.0), each(after.1 - before.1));
            print!("; a push costs {user:.0} us of user time and {system:.0} us of system time, its client included");
        }
        println!();
    }
    let before = memory();
    let idle = (0..IDLE).map(|_| {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(b"POST /cslu/v1/pi HTTP/1.1\r\nHost: x\r\n").unwrap();
        stream
    });
    let idle: Vec<_> = idle.collect();
    std::thread::sleep(Duration::from_secs(1));
    if let (Some(before), Some(after)) = (before, memory()) {
        let each = after.saturating_sub(before) as f64 / idle.len() as f64;
        println!("{} connections with half a head: {each:.1} KiB each, both ends", idle.len());
    }
}
