//! Smart transport and files: what a device and an operator see.

mod support;

use cssm::{Fault, FaultKind, UploadStatus};
use slp_crypto::{KeyMap, KeyScope, Signer as _, TimePolicy, TrustStore, Verifier};
use slp_rum::auth_request::{RequestEntry, RequestMode, RequestedKey};
use slp_rum::write::{DeviceFile, request as write_request};
use slp_rum::{Content, Document};
use slp_sync::bundle::{ExportIndex, Plan, Reader, Writer, pair};
use slp_transport::cssm::{ReportUsage, SearchAccounts, Token};
use slp_transport::push::{
    Echo, Identity, PiCodec as _, PiRequest, PiResponse, RequestData, ResponseData, ResultPolling, SlpPi1,
    TrustEstablishment, TrustRequest, TrustScope, UsageReporting,
};
use slp_transport::{Action, BaseUrl, Limits, Nonce, StatusWord, Sudi};
use std::io::Cursor;
use support::*;

fn push(
    cloud: &mut cssm::Cloud,
    piid: Option<&str>,
    number: u8,
    data: impl Into<RequestData>,
    now: i64,
) -> Result<PiResponse, slp_transport::Error> {
    let mut identity = Identity::new(device(1), SOFTWARE);
    identity.product_instance_identifier = piid.map(str::to_owned);
    let request = PiRequest::of(&identity, at(now), Nonce::from_random([number; 16]), data.into());
    let address: BaseUrl = format!("https://cloud.example{}", cssm::SMART_PATH).parse().unwrap();
    let http = SlpPi1::new().encode_request(&request, &address).unwrap();
    let response = cloud.handle(&http, at(now));
    SlpPi1::new().decode_response(&response, &Echo::of(&request), &Limits::default())
}

fn trust_request() -> TrustEstablishment {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, device(1).to_string());
    let csr = params.serialize_request(&key).unwrap().pem().unwrap().replace("\r\n", "\n");
    let mut wish = TrustEstablishment::new(Token::new("token-of-a-test"), TrustScope::Local);
    wish.trust_requests.push(TrustRequest::new(Sudi::from(device(1)), SOFTWARE, at(0), nonce(), csr));
    wish
}

fn trusted(cloud: &mut cssm::Cloud) -> String {
    let answer = push(cloud, None, 1, trust_request(), 0).unwrap();
    let Some(ResponseData::Trust(data)) = answer.data else { panic!("{answer:?}") };
    assert_eq!(data.trusts[0].status, StatusWord::Success, "{:?}", data.trusts);
    data.trusts[0].product_instance_identifier.clone().unwrap()
}

fn reporting(reports: &[slp_rum::UsageReport]) -> UsageReporting {
    let mut data = UsageReporting::new();
    data.reports = usage(reports);
    data
}

#[test]
fn trust_then_usage_then_the_acknowledgement_by_poll_signed_by_the_cloud() {
    let mut cloud = cloud_with([]);
    let piid = trusted(&mut cloud);
    let answer = push(&mut cloud, Some(&piid), 2, reporting(&[report(&device(1), 7, 1)]), 10).unwrap();
    assert_eq!(answer.status, StatusWord::OkPoll);
    let id = answer.poll_id.unwrap();
    let early = push(&mut cloud, Some(&piid), 3, ResultPolling::new(id, Action::Acknowledgements), 20).unwrap();
    assert_eq!(early.status, StatusWord::OkPoll);
    let answer = push(&mut cloud, Some(&piid), 4, ResultPolling::new(id, Action::Acknowledgements), 70).unwrap();
    let Some(ResponseData::Results(results)) = answer.data else { panic!("{answer:?}") };
    let bytes = results.acknowledgements.unwrap()[0].smart_license.clone().unwrap().decode(&Limits::default()).unwrap();
    let mut keys = KeyMap::new();
    keys.insert(KeyScope::CloudElements, cloud.authority().signer().public_key().clone());
    let store = TrustStore::empty();
    let verifier = Verifier::builder(&store).keys(&keys).build();
    let mut names = Vec::new();
    for content in Document::parse(&bytes).unwrap().contents() {
        let content = content.unwrap();
        names.push(content.name().to_owned());
        if let Some(signed) = content.signed_content() {
            assert!(verifier.verify(&signed, TimePolicy::Ignore).is_ok(), "{}", content.name());
        }
    }
    assert_eq!(names, ["smartLicensePolicy", "smartLicenseRumAck", "smartLicenseAccountInfo", "correlationID"]);
}

#[test]
fn a_device_without_trust_or_with_a_wrong_token_or_clock_is_refused() {
    let mut cloud = cloud_with([]);
    let error = push(&mut cloud, None, 1, reporting(&[report(&device(1), 7, 1)]), 0).unwrap_err();
    assert!(error.refusal().unwrap().identity_lost());
    let mut wish = trust_request();
    wish.id_token = Token::new("another");
    let error = push(&mut cloud, None, 2, wish, 0).unwrap_err();
    assert_eq!(error.refusal().unwrap().message_code.as_deref(), Some("PI_TOKEN_INVALID"));
    assert!(cloud.take_events().iter().all(|event| !event.contains("another")), "no secret in an event");
    let mut identity = Identity::new(device(1), SOFTWARE);
    identity.product_instance_identifier = None;
    let request = PiRequest::of(&identity, at(0), nonce(), trust_request().into());
    let address: BaseUrl = format!("https://cloud.example{}", cssm::SMART_PATH).parse().unwrap();
    let http = SlpPi1::new().encode_request(&request, &address).unwrap();
    let answer =
        SlpPi1::new().decode_response(&cloud.handle(&http, at(3_600)), &Echo::of(&request), &Limits::default());
    assert_eq!(answer.unwrap_err().refusal().unwrap().message_code.as_deref(), Some("PI_CLOCK_SKEW"));
}

#[test]
fn a_push_that_comes_twice_is_acknowledged_twice_and_stored_once() {
    let mut cloud = cloud_with([Fault::new(FaultKind::LostAnswer, "usage_reporting").times(1)]);
    let piid = trusted(&mut cloud);
    let message = || reporting(&[report(&device(1), 7, 1)]);
    assert!(push(&mut cloud, Some(&piid), 2, message(), 10).is_err(), "the answer is lost");
    // the same bytes: the stored answer; a new message with the same report: acknowledged again
    assert_eq!(push(&mut cloud, Some(&piid), 2, message(), 10).unwrap().status, StatusWord::OkPoll);
    assert_eq!(push(&mut cloud, Some(&piid), 3, message(), 20).unwrap().status, StatusWord::OkPoll);
    let stored = &cloud.device(&device(1)).unwrap().reports[&7.into()];
    assert_eq!((stored.len(), stored[0].deliveries), (1, 2));
}

#[test]
fn a_file_of_one_device_and_a_bundle_end_in_the_same_state() {
    let file = |number: u32| {
        let reports = [report(&device(number), 1, 1), report(&device(number), 2, 2)];
        DeviceFile::new().reports(&reports).to_text().unwrap()
    };
    let mut by_file = cloud_with([]);
    for number in [1, 2] {
        let upload = by_file.upload(&format!("device{number}.txt"), file(number).as_bytes(), at(0));
        assert_eq!((upload.reports, upload.answer.as_deref()), (2, Some(&*format!("ACK_device{number}.txt"))));
    }
    let plan = Plan::new("Example Account", at(0));
    let mut writer = Writer::new(Vec::new(), Cursor::new(Vec::new()), &plan).unwrap();
    for number in [1, 2] {
        writer.add(0, number.into(), file(number).as_bytes()).unwrap();
    }
    let (bytes, sealed) = writer.finish().unwrap();
    let mut by_bundle = cloud_with([]);
    let upload = by_bundle.upload(&sealed.name, &bytes, at(0));
    assert_eq!((upload.devices, upload.reports, &upload.status), (2, 4, &UploadStatus::NoErrors));
    let state = |cloud: &cssm::Cloud| {
        let stored = |device: &cssm::Device| device.reports.clone();
        cloud.devices().map(|(udi, device)| (udi.clone(), stored(device))).collect::<Vec<_>>()
    };
    assert_eq!(state(&by_file), state(&by_bundle));
    // and the answer pairs with what was sent, each device acknowledged
    let (index, errors) =
        ExportIndex::read(&sealed.name, &mut Reader::new(&bytes[..], &slp_sync::Limits::default())).unwrap();
    assert!(errors.is_empty());
    let name = upload.answer.unwrap();
    assert_eq!(name, format!("ACK_{}", sealed.name));
    let answer = by_bundle.answer(&name).unwrap().to_vec();
    let mut reader = Reader::new(&answer[..], &slp_sync::Limits::default()).named(&name);
    let (pairing, errors) = pair(&index, &mut reader).unwrap();
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(pairing.missing().count(), 0);
    assert!(pairing.answers().all(|answer| answer.verdict.as_str() == "acked"));
}

#[test]
fn uploads_by_api_and_by_file_end_in_the_same_state() {
    let reports = [report(&device(1), 1, 1), report(&device(1), 2, 2), report(&device(2), 1, 3)];
    let mut by_api = cloud_with([]);
    let session = session(&mut by_api, at(0));
    let message = ReportUsage::of(at(0), nonce(), usage(&reports));
    let answer = call(&mut by_api, &session, message, at(0)).unwrap();
    assert_eq!(word(&answer), "OK_POLL");
    let mut by_file = cloud_with([]);
    for (name, reports) in [("one.txt", &reports[..2]), ("two.txt", &reports[2..])] {
        let text = DeviceFile::new().reports(reports).to_text().unwrap();
        by_file.upload(name, text.as_bytes(), at(0));
    }
    let state = |cloud: &cssm::Cloud| {
        let devices = cloud.devices().map(|(udi, device)| (udi.clone(), device.reports.clone()));
        (devices.collect::<Vec<_>>(), cloud.balances(at(0)))
    };
    assert_eq!(state(&by_api), state(&by_file));
    assert_eq!(by_api.balances(at(0)).iter().map(|balance| balance.in_use).sum::<u64>(), 5);
}

#[test]
fn a_request_in_a_file_is_answered_with_a_code_and_a_bad_file_counts_its_errors() {
    let mut cloud = cloud_with([]);
    let key = RequestedKey::new(HSEC, 1);
    let part =
        write_request::authorization_request(&[RequestEntry::request(device(1), RequestMode::Add, vec![key])]).unwrap();
    let upload = cloud.upload("request.txt", write_request::document([&*part]).as_bytes(), at(0));
    assert_eq!(upload.status, UploadStatus::NoErrors);
    let bytes = cloud.answer("ACK_request.txt").unwrap();
    let document = Document::parse(bytes).unwrap();
    assert!(matches!(document.contents().next(), Some(Ok(Content::Authorization(_)))));
    let bad = cloud.upload("bad.txt", b"<smartLicense><RUMReport><![CDATA[{}]]></RUMReport></smartLicense>", at(0));
    assert_eq!((bad.status.to_string(), bad.answer), ("Errors (1)".into(), None));
}

/// One file with these parts, and with reports of several devices.
fn stack_file(mut parts: Vec<String>, reports: &[slp_rum::UsageReport]) -> String {
    for report in reports {
        let text = DeviceFile::new().reports([report]).to_text().unwrap();
        let (from, to) = (text.find("<RUMReport").unwrap(), text.rfind("</smartLicense>").unwrap());
        parts.push(text[from..to].to_owned());
    }
    write_request::document(parts.iter().map(String::as_str))
}

#[test]
fn the_file_of_a_stack_is_answered_for_every_member() {
    let mut settings = settings();
    settings.purchases.push(cssm::Purchase::new(HSEC, "hsec", 2).behind(cssm::Enforced::Export));
    let authority = slp_kit::Authority::new("Root of a test").unwrap();
    let mut cloud = cssm::Cloud::new(settings, authority, slp_kit::Random::seeded(1), at(0)).unwrap();
    let entry = |number| RequestEntry::request(device(number), RequestMode::Add, vec![RequestedKey::new(HSEC, 1)]);
    let reports = [(1, 7), (1, 8), (2, 7), (3, 9)].map(|(number, id)| report(&device(number), id, 1));
    let wishes = write_request::authorization_request(&[entry(1), entry(2)]).unwrap();
    let file = stack_file(vec![wishes], &reports);
    let upload = cloud.upload("stack.txt", file.as_bytes(), at(0));
    assert_eq!((upload.devices, upload.reports, &upload.status), (1, 4, &UploadStatus::NoErrors));
    let document = Document::parse(cloud.answer("ACK_stack.txt").unwrap()).unwrap();
    let (mut acked, mut codes) = (Vec::new(), Vec::new());
    for content in document.contents() {
        match content.unwrap() {
            Content::Acknowledgement(ack) => {
                acked.extend(ack.view().named().map(|ack| (ack.device.clone().unwrap(), ack.report.get())));
            }
            Content::Authorization(code) => codes.push(code.view().udi.clone()),
            _ => {}
        }
    }
    assert_eq!(acked, [(device(1), 7), (device(1), 8), (device(2), 7), (device(3), 9)]);
    assert_eq!(codes, [device(1), device(2)]);
}

#[test]
fn the_page_of_uploads_has_the_columns_of_the_vendors() {
    let mut cloud = cloud_with([]);
    let session = session(&mut cloud, at(0));
    let file = DeviceFile::new().reports(&[report(&device(1), 1, 1)]).to_text().unwrap();
    let token =
        slp_transport::Call::into_http(SearchAccounts::new(), &session).unwrap().headers()["authorization"].clone();
    let mut ask = |request: http::request::Builder, body: &[u8]| {
        let request = request.header("authorization", token.clone()).body(body.to_vec()).unwrap();
        cloud.handle(&request, at(5)).into_body()
    };
    ask(http::Request::post("https://cloud.example/files/device1.txt"), file.as_bytes());
    ask(http::Request::post("https://cloud.example/files/empty.txt"), b"<smartLicense></smartLicense>");
    let list = String::from_utf8(ask(http::Request::get("https://cloud.example/files"), b"")).unwrap();
    let row = |name: &str, devices: u32, status: &str, errors: &str, answer: &str| {
        format!(
            "{{\"name\":\"{name}\",\"reported\":\"2026-01-01T00:00:05.000Z\",\
             \"virtual_account\":\"Default\",\"devices\":{devices},\
             \"reports\":{devices},\"status\":\"{status}\",\"errors\":[{errors}],\"acknowledgement\":{answer}}}"
        )
    };
    let empty = "\"empty.txt: neither a report nor a request of a device is in it\"";
    let first = row("device1.txt", 1, "No Errors", "", "\"ACK_device1.txt\"");
    assert_eq!(list, format!("[{first},{}]", row("empty.txt", 0, "Errors (1)", empty, "null")));
}

#[test]
fn the_file_of_a_stack_is_answered_for_a_wrong_device_too() {
    let mut cloud = cloud_with([Fault::new(FaultKind::WrongDevice, "upload")]);
    let reports = [1, 2].map(|number| report(&device(number), 7, 1));
    let file = stack_file(Vec::new(), &reports);
    let upload = cloud.upload("stack.txt", file.as_bytes(), at(0));
    assert_eq!(upload.status, UploadStatus::NoErrors);
    assert!(String::from_utf8_lossy(cloud.answer("ACK_stack.txt").unwrap()).contains("TSTNOTYOURS"));
}

#[test]
fn a_forged_document_does_not_verify_and_a_wrong_device_is_not_ours() {
    for (kind, is_ours) in [(FaultKind::Forged, true), (FaultKind::WrongDevice, false)] {
        let mut cloud = cloud_with([Fault::new(kind, "upload")]);
        cloud.upload(
            "d.txt",
            DeviceFile::new().reports(&[report(&device(1), 1, 1)]).to_text().unwrap().as_bytes(),
            at(0),
        );
        let bytes = cloud.answer("ACK_d.txt").unwrap();
        let text = String::from_utf8_lossy(bytes);
        assert_eq!(text.contains("TST00000001"), is_ours);
        let mut keys = KeyMap::new();
        keys.insert(KeyScope::CloudElements, cloud.authority().signer().public_key().clone());
        let store = TrustStore::empty();
        let verifier = Verifier::builder(&store).keys(&keys).build();
        let document = Document::parse(bytes).unwrap();
        let mut verdicts = document
            .contents()
            .filter_map(|content| content.unwrap().signed_content().map(slp_model::SignedContent::into_owned));
        assert!(
            verdicts.all(|signed| verifier.verify(&signed, TimePolicy::Ignore).is_ok() == (kind != FaultKind::Forged))
        );
    }
}
