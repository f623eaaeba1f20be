//! How fast messages are built and read. Aims: 200 MB/s for the bodies of `reportusage`, 5,000 pushes a second.

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use slp_model::UnixMillis;
use slp_transport::cssm::ReportUsage;
use slp_transport::push::{Identity, PiCodec, PiRequest, PiResponse, SlpPi1, UsageReporting};
use slp_transport::{
    Acknowledged, BaseUrl, DeviceUsage, Limits, Nonce, Results, RumEnvelope, Signature, SmartLicense, Sudi,
};

fn main() {
    divan::main();
}

/// A report of the usual size: some 2.5 KB, half of it escaped quotes.
fn envelope() -> RumEnvelope {
    let measurement = r#"{"log_time":1790000000,"metric_name":"ENTITLEMENT","start_time":1790000000,"end_time":1790086400,"sample_interval":86400,"num_samples":96,"value":{"type":"COUNT","value":"2"}}"#;
    let payload = format!(r#"{{"measurements":[{}]}}"#, [measurement; 12].join(","));
    let mut signature = Signature::new("SHA256", "regid.2017-05.com.cisco.C9300,v1_x", "A".repeat(344));
    signature.sudi = Some(Sudi::new("C9300-24UX", "TST00000001"));
    RumEnvelope::new(payload, signature)
}

fn usage(reports: usize) -> Vec<DeviceUsage> {
    let mut device = DeviceUsage::new(Sudi::new("C9300-24UX", "TST00000001"));
    device.usage = vec![envelope(); reports];
    vec![device]
}

fn time() -> UnixMillis {
    UnixMillis::new(1_790_000_000_000).unwrap()
}

fn submit() -> ReportUsage {
    ReportUsage::of(time(), Nonce::from_random([7; 16]), usage(500))
}

#[divan::bench]
fn build_reportusage(bencher: Bencher) {
    let message = submit();
    let bytes = message.to_json().len();
    bencher.counter(BytesCount::new(bytes)).bench(|| black_box(&message).to_json());
}

#[divan::bench]
fn read_reportusage(bencher: Bencher) {
    let text = submit().to_json();
    let limits = Limits::default();
    bencher
        .counter(BytesCount::new(text.len()))
        .bench(|| ReportUsage::from_json(black_box(text.as_bytes()), &limits).unwrap());
}

/// What one push costs a server besides its socket: read the request, write the answer.
#[divan::bench]
fn serve_push(bencher: Bencher) {
    let identity = Identity::new(Sudi::new("C9300-24UX", "TST00000001"), "regid.2017-05.com.cisco.C9300,v1_x");
    let mut data = UsageReporting::new();
    data.reports = usage(4);
    let request = PiRequest::of(&identity, time(), Nonce::from_random([7; 16]), data.into());
    let address: BaseUrl = "http://192.0.2.7:8182/cslu/v1/pi".parse().unwrap();
    let codec = SlpPi1::new();
    let http = codec.encode_request(&request, &address).unwrap();
    let limits = Limits::default();
    let document = SmartLicense::encode(&[b'x'; 2_000]);
    bencher.counter(ItemsCount::new(1_u32)).bench(|| {
        let request = codec.decode_request(black_box(&http), &limits).unwrap();
        let mut item = Acknowledged::new(request.sudi.clone());
        item.smart_license = Some(document.clone());
        let mut results = Results::new();
        results.acknowledgements = Some(vec![item]);
        codec.encode_response(&PiResponse::to(&request, time(), "id").with_data(results)).unwrap()
    });
}
