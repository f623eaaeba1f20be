//! Messages over HTTP, NETCONF, and what commands print.

use http::{Request, Response};
use slp_transport::push::{PiCodec as _, PiRequest, PiResponse, SlpPi1, http_status};
use slp_transport::show::{CliFacts, ShowCommand};
use slp_transport::{
    BaseUrl, Exchange, Limits, Nonce, PollId, Secret, Serve, SmartLicense, cssm, device, netconf, onprem, restconf,
};

use crate::said;

const STATUSES: [u16; 12] = [200, 201, 202, 204, 302, 400, 401, 404, 422, 429, 500, 503];

fn response(status: u8, body: &[u8]) -> Response<Vec<u8>> {
    let status = STATUSES.get(usize::from(status)).copied().unwrap_or(200);
    Response::builder().status(status).header("retry-after", "7").body(body.to_vec()).expect("a response")
}

/// An answer that was read is written, and read again it is written the same way.
fn served<M: Serve>(status: u8, body: &[u8]) {
    let limits = Limits::default();
    match M::answer(&response(status, body), &limits) {
        Err(error) => {
            said(&error);
            let _ = (error.retry(), error.refusal().map(|refusal| (refusal.identity_lost(), refusal.is_duplicate())));
        }
        Ok(answer) => {
            let Ok(written) = M::respond(&answer) else { return };
            let again = match M::answer(&written, &limits) {
                Ok(again) => again,
                Err(error) => panic!("{}: what was written is refused: {error}", M::OPERATION),
            };
            let twice = M::respond(&again).expect("written once");
            assert_eq!(
                String::from_utf8_lossy(twice.body()),
                String::from_utf8_lossy(written.body()),
                "{}",
                M::OPERATION
            );
        }
    }
}

fn read<M: Exchange>(status: u8, body: &[u8]) {
    let _ = M::answer(&response(status, body), &Limits::default()).map_err(|error| said(&error));
}

type Reading = fn(u8, &[u8]);

/// The answers of every call that there is.
pub const ANSWERS: &[Reading] = &[
    served::<cssm::TokenRequest>,
    served::<cssm::SearchAccounts>,
    served::<cssm::ReportUsage>,
    served::<cssm::AuthRequest>,
    served::<cssm::Poll>,
    served::<cssm::LicensesSummary>,
    served::<cssm::SearchAccountsV1>,
    served::<cssm::ListAccounts>,
    served::<cssm::ListVirtualAccounts>,
    served::<cssm::CreateVirtualAccount>,
    served::<cssm::DeleteVirtualAccount>,
    served::<cssm::ListTokens>,
    served::<cssm::CreateToken>,
    served::<cssm::RevokeTokens>,
    served::<cssm::ListLicenses>,
    served::<cssm::ListSubscriptions>,
    served::<cssm::ReserveLicenses>,
    served::<cssm::ListDevices>,
    served::<cssm::ListVirtualAccountDevices>,
    served::<cssm::TransferDevices>,
    served::<cssm::RemoveDevices>,
    served::<cssm::ConvertLicenses>,
    served::<onprem::OnPremTokenRequest>,
    served::<onprem::UpstreamAccounts>,
    served::<device::CloseReports>,
    served::<device::ListReports>,
    served::<device::AllReports>,
    served::<device::DayReports>,
    served::<device::ReportById>,
    served::<device::Import>,
    read::<restconf::RpcCall>,
    state,
    tree,
];

/// The typed tree: what was read is written and read again equal.
fn tree(status: u8, body: &[u8]) {
    use restconf::state::{Licensing, Part as _, Read};
    let limits = Limits::default();
    match Read::<Licensing>::answer(&response(status, body), &limits) {
        Err(error) => drop(said(&error)),
        Ok(read) => assert_eq!(Licensing::from_restconf(read.to_restconf().as_bytes(), &limits).ok(), Some(read)),
    }
}

fn state(status: u8, body: &[u8]) {
    let limits = Limits::default();
    match restconf::ReadState::answer(&response(status, body), &limits) {
        Err(error) => drop(said(&error)),
        Ok(raw) => drop(restconf::ReportKey::list(&raw, &limits)),
    }
}

/// Every HTTP answer: the first byte says of which call, the second with which status, the rest is the body.
pub fn http_answer(data: &[u8]) {
    let [call, status, body @ ..] = data else { return };
    if let Some(read) = ANSWERS.get(usize::from(*call)) {
        read(*status, body);
    }
}

/// Every HTTP answer read by every call: for bodies without a mark.
pub fn http_body(data: &[u8]) {
    for read in ANSWERS {
        read(0, data);
    }
    for status in 1..12 {
        served::<cssm::Poll>(status, data);
        read::<restconf::RpcCall>(status, data);
    }
    let limits = Limits::default();
    if let Ok(answer) = cssm::CloudAnswer::from_json(data, &limits) {
        let _ = answer.submitted("submit");
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = Nonce::try_from(text);
        let _ = text.parse::<BaseUrl>().map_err(|error| said(&error));
        let encoded = SmartLicense::encode(data);
        assert_eq!(encoded.decode(&limits).ok().as_deref(), Some(data));
        assert_eq!(format!("{:?}", Secret::new(text)), "Secret(hidden)");
    }
    let _ = PollId::from(0);
}

fn asked<M: Serve>(request: &Request<Vec<u8>>) {
    let _ = M::from_http(request, &Limits::default()).map_err(|error| said(&error));
}

/// Requests, as servers and test doubles read them: a line with method and path, then the body.
pub fn http_request(data: &[u8]) {
    let mut parts = data.splitn(2, |byte| *byte == b'\n');
    let (Some(line), Some(body)) = (parts.next(), parts.next()) else { return };
    let Ok(line) = std::str::from_utf8(line) else { return };
    let Some((method, path)) = line.split_once(' ') else { return };
    let Ok(request) = Request::builder().method(method).uri(path).body(body.to_vec()) else { return };
    macro_rules! all {
        ($($call:ty),* $(,)?) => { $( asked::<$call>(&request); )* };
    }
    all!(
        cssm::TokenRequest,
        cssm::SearchAccounts,
        cssm::ReportUsage,
        cssm::AuthRequest,
        cssm::Poll,
        cssm::LicensesSummary,
        cssm::ListAccounts,
        cssm::ListVirtualAccounts,
        cssm::CreateVirtualAccount,
        cssm::CreateToken,
        cssm::RevokeTokens,
        cssm::ListLicenses,
        cssm::ListSubscriptions,
        cssm::ReserveLicenses,
        cssm::TransferDevices,
        cssm::RemoveDevices,
        cssm::ConvertLicenses,
        onprem::OnPremTokenRequest,
        device::CloseReports,
        device::DayReports,
        device::ReportById,
        device::Import,
    );
    if let Ok(usage) = cssm::ReportUsage::from_http(&request, &Limits::default()) {
        for device in &usage.reports {
            for envelope in &device.usage {
                let _ = envelope.to_report().map_err(|error| said(&error));
            }
        }
    }
}

/// Messages of the push protocol: written and read again they are the same.
pub fn push(data: &[u8]) {
    let limits = Limits::default();
    match PiRequest::from_json(data, &limits) {
        Err(error) => drop(said(&error)),
        Ok(request) => {
            let text = request.to_json();
            let again = PiRequest::from_json(text.as_bytes(), &limits).expect("what was written is read");
            assert_eq!(again.to_json(), text);
            let address = "https://collector.example/push".parse().expect("an address");
            if let Ok(message) = SlpPi1::new().encode_request(&request, &address) {
                let again = SlpPi1::new().decode_request(&message, &limits).expect("what was sent is read");
                assert_eq!(again.to_json(), text);
                let _ = slp_transport::printable(&message);
            }
        }
    }
    match PiResponse::from_json(data, &limits) {
        Err(error) => drop(said(&error)),
        Ok(answer) => {
            let text = answer.to_json();
            let again = PiResponse::from_json(text.as_bytes(), &limits).expect("what was written is read");
            assert_eq!(again.to_json(), text);
            assert_eq!(http_status(&again), http_status(&answer));
            assert!(SlpPi1::new().encode_response(&answer).is_ok());
            let _ = slp_transport::agent::Reply::from_result(Ok(answer));
        }
    }
}

/// What commands print: the whole, and each command by itself.
pub fn show(data: &[u8]) {
    let limits = Limits::default();
    let _ = CliFacts::detect(data, &limits).map(|facts| looked_at(&facts));
    for command in ShowCommand::ALL {
        looked_at(&CliFacts::read(command, data, &limits));
    }
}

fn looked_at(facts: &CliFacts) {
    assert!(facts.understood_per_mille() <= 1_000);
    assert!(facts.unparsed.len() as u64 <= facts.lines);
    for fact in &facts.facts {
        let _ = (fact.is_none(), fact.count(), fact.state(), fact.attempts(), fact.push_interval());
        let _ = fact.field_errors();
        assert!(facts.find(&fact.path).is_some());
    }
}

/// Replies of NETCONF.
pub fn netconf(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = netconf::answer(7, text).map_err(|error| said(&error));
}
