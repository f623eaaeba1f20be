use super::*;
use crate::cssm::Token;
use crate::push::{
    HelloAnswer, Identity, RequestData, ResponseData, ResultPolling, TrustEstablishment, TrustScope, UsageReporting,
};
use crate::{Action, DeviceUsage, PollId, RumEnvelope, Signature, Sudi, printable};

fn time(millis: u64) -> UnixMillis {
    UnixMillis::new(millis).unwrap()
}

fn request(data: impl Into<RequestData>) -> PiRequest {
    let identity = Identity::new(Sudi::new("C9300-24UX", "TST00000001"), "regid.2017-05.com.cisco.C9300,v1_x");
    PiRequest::of(&identity, time(1_790_000_000_000), Nonce::from_random([7; 16]), data.into())
}

fn poll() -> PiRequest {
    request(ResultPolling::new(PollId::from(7_123_456_789_012_345_678), Action::Acknowledgements))
}

fn decode(response: &PiResponse) -> Result<PiResponse, Error> {
    let http = SlpPi1.encode_response(response).unwrap();
    SlpPi1.decode_response(&http, &Echo::of(&poll()), &Limits::default())
}

fn ok() -> PiResponse {
    PiResponse::to(&poll(), time(1_790_000_000_041), "id")
}

#[test]
fn what_is_encoded_is_decoded() {
    let address: BaseUrl = "http://192.0.2.7:8182/cslu/v1/pi".parse().unwrap();
    let mut device = DeviceUsage::new(Sudi::new("C9300-24UX", "TST00000001"));
    device.usage.push(RumEnvelope::new("x".repeat(100_000), Signature::new("builtin", "k", "v")));
    let mut usage = UsageReporting::new();
    usage.reports.push(device);
    for request in [poll(), request(usage)] {
        let http = SlpPi1.encode_request(&request, &address).unwrap();
        let read = SlpPi1.decode_request(&http, &Limits::default()).unwrap();
        assert_eq!(read.to_json(), request.to_json());
    }
}

#[test]
fn data_may_stand_before_the_kind() {
    let text = poll().to_json();
    let (head, data) = text.split_once(r#","data":"#).unwrap();
    let data = data.strip_suffix('}').unwrap();
    let odd = format!(r#"{{"data":{data},{}}}"#, head.strip_prefix('{').unwrap());
    let read = PiRequest::from_json(odd.as_bytes(), &Limits::default()).unwrap();
    assert!(matches!(read.data, RequestData::ResultPolling(_)));
    assert_eq!(read.to_json(), text);
}

#[test]
fn data_of_another_kind_than_the_request_says_are_refused() {
    let mut odd = poll();
    odd.kind = Kind::Hello;
    let address: BaseUrl = "http://192.0.2.7/".parse().unwrap();
    assert_eq!(SlpPi1.encode_request(&odd, &address).unwrap_err().kind(), ErrorKind::Argument);
}

#[test]
fn an_unknown_kind_survives() {
    let text = poll().to_json().replace("result_polling", "new_kind");
    let read = PiRequest::from_json(text.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(read.to_json(), text);
    assert!(matches!(read.data, RequestData::Other(..)));
}

#[test]
fn the_id_token_is_masked_in_print() {
    let data = TrustEstablishment::new(Token::new("hunter2"), TrustScope::All);
    let address: BaseUrl = "https://host.example/licservice/license".parse().unwrap();
    let request = request(data);
    let http = SlpPi1.encode_request(&request, &address).unwrap();
    assert!(String::from_utf8_lossy(http.body()).contains("hunter2"));
    let printed = printable(&http);
    assert!(!printed.contains("hunter2") && printed.contains(r#""id_token":"***""#), "{printed}");
    assert!(!format!("{request:?}").contains("hunter2"));
}

#[test]
fn an_answer_has_to_repeat_nonce_and_time() {
    assert!(decode(&ok()).is_ok());
    let mut other = ok();
    other.nonce = "other".into();
    assert_eq!(decode(&other).unwrap_err().kind(), ErrorKind::Echo);
    let mut other = ok();
    other.timestamp = time(1);
    assert_eq!(decode(&other).unwrap_err().kind(), ErrorKind::Echo);
}

#[test]
fn each_refusal_has_its_status_and_class() {
    let refused = |code: &str| decode(&ok().because(code, "field", "text")).unwrap_err();
    for (code, status, kind, retry) in [
        (message_code::BAD_REQUEST, 400, ErrorKind::Server, "Never"),
        (message_code::NOT_ALLOWED, 403, ErrorKind::Server, "Never"),
        (message_code::UNKNOWN_TENANT, 404, ErrorKind::Server, "Never"),
        (message_code::NONCE_REUSED, 409, ErrorKind::Server, "Never"),
        (message_code::TOO_LARGE, 413, ErrorKind::Server, "Never"),
        (message_code::POLL_UNKNOWN, 422, ErrorKind::Server, "Never"),
        (message_code::RATE, 429, ErrorKind::Throttled, "Throttle"),
        (message_code::INTERNAL, 500, ErrorKind::Unavailable, "Transient"),
        (message_code::BUSY, 503, ErrorKind::Throttled, "Throttle"),
    ] {
        let error = refused(code);
        let refusal = error.refusal().unwrap();
        assert_eq!((refusal.status, error.kind()), (status, kind), "{code}");
        assert_eq!(refusal.message_code.as_deref(), Some(code));
        assert!(format!("{:?}", error.retry()).starts_with(retry), "{code}: {:?}", error.retry());
        assert_eq!(refusal.errors["field"], ["text"]);
    }
}

#[test]
fn later_needs_an_id_and_a_bare_error_body_is_read() {
    let mut later = ok().later(PollId::from(9), 0, Action::Acknowledgements);
    assert_eq!(later.poll_interval, Some(1));
    assert!(decode(&later).is_ok());
    later.poll_id = None;
    assert_eq!(decode(&later).unwrap_err().kind(), ErrorKind::Schema);
    let body = br#"{"product_instance_identifier":["Please re-register the instance."]}"#.to_vec();
    let http = Response::builder().status(400).body(body).unwrap();
    let error = SlpPi1.decode_response(&http, &Echo::of(&poll()), &Limits::default()).unwrap_err();
    assert!(error.refusal().unwrap().identity_lost());
}

#[test]
fn a_hello_is_answered_with_the_capabilities_that_both_know() {
    let device: Vec<String> = ["UTILITY", "DLC", "NEW"].map(str::to_owned).to_vec();
    let info = crate::push::ConnectInfo::collector(&device, &crate::push::AGENT_CAPABILITIES);
    assert_eq!(info.capabilities, ["UTILITY", "DLC", "CSLU_V1"]);
    let hello = request(crate::push::Hello::new("cslu", 0_u32));
    let answer = PiResponse::to(&hello, time(1), "id").with_data(HelloAnswer::new(info));
    let http = SlpPi1.encode_response(&answer).unwrap();
    let read = SlpPi1.decode_response(&http, &Echo::of(&hello), &Limits::default()).unwrap();
    assert!(matches!(read.data, Some(ResponseData::Hello(_))));
}
