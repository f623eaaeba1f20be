//! A device's reports, a cloud, and a client of its API that needs no socket.
#![allow(dead_code, reason = "each test file uses its part")]

use cssm::{Client, Cloud, Enforced, Fault, IdToken, Purchase, Settings};
use http::{Request, Response};
#[allow(unused_imports, reason = "each test file uses its part")]
pub(crate) use slp_kit::sample::{ADVANTAGE, HSEC, SOFTWARE};
use slp_kit::{Authority, Random, sample};
use slp_model::{Udi, UnixMillis, UnixSeconds};
use slp_rum::UsageReport;
use slp_transport::cssm::{AccessToken, CloudAnswer, Grant, Session, TokenRequest};
use slp_transport::{BaseUrl, Call, DeviceUsage, Exchange, Limits, Secret};

pub(crate) const BASE: &str = "https://cloud.example/services/api/smart-accounts-and-licensing";

pub(crate) fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.clients.push(Client::new("client", "hush"));
    settings.id_tokens.push(IdToken::new("token-of-a-test"));
    settings.purchases.push(Purchase::new(ADVANTAGE, "advantage", 3));
    settings.purchases.push(Purchase::new(HSEC, "hsec", 1).behind(Enforced::Export));
    settings
}

pub(crate) fn cloud_with(faults: impl IntoIterator<Item = Fault>) -> Cloud {
    let mut settings = settings();
    settings.faults.extend(faults);
    Cloud::new(settings, Authority::new("Root of a test").unwrap(), Random::seeded(1), at(0)).unwrap()
}

/// So many seconds after the start of every test.
pub(crate) fn at(seconds: i64) -> UnixMillis {
    slp_kit::later("2026-01-01T00:00:00Z".parse::<UnixSeconds>().unwrap().to_millis(), seconds)
}

pub(crate) fn device(number: u32) -> Udi {
    sample::device(number).unwrap()
}

pub(crate) fn report(device: &Udi, id: u64, count: u64) -> UsageReport {
    let start = UnixSeconds::new(1_760_000_000 + i64::try_from(id).unwrap() * 1_000).unwrap();
    sample::report(device, id, count, &[(start, start.saturating_add(900.into()))]).unwrap()
}

pub(crate) fn usage(reports: &[UsageReport]) -> Vec<DeviceUsage> {
    DeviceUsage::group(reports).unwrap()
}

pub(crate) fn send<M: Exchange>(
    cloud: &mut Cloud,
    request: &Request<Vec<u8>>,
    now: UnixMillis,
) -> Result<M::Answer, slp_transport::Error> {
    M::answer(&raw(cloud, request, now), &Limits::default())
}

pub(crate) fn raw(cloud: &mut Cloud, request: &Request<Vec<u8>>, now: UnixMillis) -> Response<Vec<u8>> {
    cloud.handle(request, now)
}

pub(crate) fn session(cloud: &mut Cloud, now: UnixMillis) -> Session {
    let address: BaseUrl = format!("https://cloud.example{}", cssm::TOKEN_PATH).parse().unwrap();
    let request =
        TokenRequest::new("client", Secret::new("hush"), Grant::ClientCredentials).into_http(&address).unwrap();
    let answer = send::<TokenRequest>(cloud, &request, now).unwrap();
    let token = AccessToken::new(answer.access_token.expose());
    Session::new(BASE.parse().unwrap(), token).with_accounts("100001", "200001")
}

pub(crate) fn call<M: Call<Session>>(
    cloud: &mut Cloud,
    session: &Session,
    message: M,
    now: UnixMillis,
) -> Result<M::Answer, slp_transport::Error> {
    let request = message.into_http(session).unwrap();
    send::<M>(cloud, &request, now)
}

pub(crate) fn nonce() -> slp_transport::Nonce {
    "Aa01Bb02Cc03Dd04".try_into().unwrap()
}

pub(crate) fn word(answer: &CloudAnswer) -> &str {
    answer.status.as_str()
}
