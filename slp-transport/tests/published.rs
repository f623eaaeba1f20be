//! The published bodies of the cloud API: answers are read, requests are read and built again equal.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests read files and the environment")]

mod support;

use http::Response;
use serde_json::Value;
use slp_transport::cssm::{
    AuthRequest, LicensesSummary, ListDevices, Paging, Poll, PollOutcome, ReportUsage, SearchAccounts, SubmitOutcome,
    TokenRequest,
};
use slp_transport::{Action, Exchange, Limits, PollId, Serve, StatusWord};
use support::sample;

fn response(name: &str) -> Option<Response<Vec<u8>>> {
    sample(&format!("transport/json/{name}")).map(Response::new)
}

/// Reads a request and writes it again; both have to be the same JSON, number for number and in the same order.
macro_rules! rebuilt {
    ($name:literal, $message:ty) => {{
        let Some(text) = sample(concat!("transport/json/", $name)) else {
            return;
        };
        let message = <$message>::from_json(&text, &Limits::default()).unwrap();
        let mut compact = String::new();
        slp_model::json::write_compact(&mut compact, std::str::from_utf8(&text).unwrap());
        assert_eq!(message.to_json(), compact, $name);
        message
    }};
}

#[test]
fn requests_are_built_again_equal() {
    let usage = rebuilt!("cssm_v2_devices_reportusage.request.json", ReportUsage);
    assert!(usage.reports[0].usage[0].payload.as_str().starts_with("{\"asset_identification\""));
    let wanted = rebuilt!("cssm_v2_devices_authrequest_get.request.json", AuthRequest);
    assert_eq!(wanted.licenses[0].keys[0].count.get(), 1);
    let given_back = rebuilt!("cssm_v2_devices_authrequest_return.request.json", AuthRequest);
    assert!(given_back.licenses[0].keys.is_empty() && given_back.licenses[0].remove_code.is_some());
    let poll = rebuilt!("cssm_v2_accounts_poll.request.json", Poll);
    assert_eq!(poll.poll_id, PollId::from(775_133_662_461_034_514));
    rebuilt!("cssm_v2_accounts_poll_return.request.json", Poll);
    rebuilt!("cssm_v3_licenses_summary.request.json", LicensesSummary);
    rebuilt!("cssm_v1_accounts_devices.request.json", Paging);
}

#[test]
fn the_token_and_the_accounts_are_read() {
    let Some(token) = response("cssm_oauth_token.response_200.json") else {
        return;
    };
    let token = TokenRequest::answer(&token, &Limits::default()).unwrap();
    assert_eq!((token.expires_in, token.access_token.expose().len()), (3_599, 23));
    let found = response("cssm_v2_accounts_search.response_200.json").unwrap();
    let found = SearchAccounts::answer(&found, &Limits::default()).unwrap();
    assert_eq!(found.status, StatusWord::Complete);
    let selected = found.select("TESTACCOUNT.local", "Lab-02").unwrap();
    assert_eq!(selected.account_id, "123456");
}

#[test]
fn submits_are_answered_with_an_id_to_poll_for() {
    for (name, id, action) in [
        ("cssm_v2_devices_reportusage.response_202.json", 77_412_347_487_202_314, Action::Acknowledgements),
        ("cssm_v2_devices_authrequest_get.response_202.json", 773_126_444_402_795_033, Action::Authorizations),
        ("cssm_v2_devices_authrequest_return.response_202.json", 773_126_444_402_795_033, Action::Authorizations),
    ] {
        let Some(answer) = response(name) else { return };
        let answer = ReportUsage::answer(&answer, &Limits::default()).unwrap();
        let Ok(SubmitOutcome::Poll { id: found, interval, action: said, .. }) = answer.submitted(name) else {
            panic!("{name}")
        };
        assert_eq!((found, interval, said), (PollId::from(id), 300, Some(action)), "{name}");
    }
}

#[test]
fn polls_bring_their_lists_and_none_is_spelt_in_two_ways() {
    let results = |name: &str, action: Action| {
        let answer = response(name)?;
        let Ok(PollOutcome::Done(results)) = Poll::answer(&answer, &Limits::default()).unwrap().polled(&action, name)
        else {
            panic!("{name}")
        };
        Some(results)
    };
    let acks = results("cssm_v2_accounts_poll_acknowledgements.response_200.json", Action::Acknowledgements);
    let Some(acks) = acks else { return };
    assert!(acks.acknowledgements.unwrap()[0].smart_license.is_some());
    let codes = results("cssm_v2_accounts_poll_authorizations.response_200.json", Action::Authorizations).unwrap();
    let code = &codes.authorizations.unwrap()[0];
    assert_eq!((&code.error_code, &code.status_message, &code.status), (&None, &None, &StatusWord::Success));
    let returned = results("cssm_v2_accounts_poll_return.response_200.json", Action::Authorizations).unwrap();
    let returned = &returned.authorizations.unwrap()[0];
    assert_eq!((&returned.smart_license, &returned.error_code, &returned.status), (&None, &None, &StatusWord::Success));
}

#[test]
fn licences_and_devices_are_read_and_nothing_is_unknown() {
    let Some(summary) = response("cssm_v3_licenses_summary.response_200.json") else {
        return;
    };
    let summary = LicensesSummary::answer(&summary, &Limits::default()).unwrap();
    assert!(summary.message.is_some(), "a sentence does not mean failure here");
    assert!(summary.unknown.is_empty() && summary.summary[0].unknown.is_empty());
    let body = response("cssm_v1_accounts_devices.response_200.json").unwrap();
    let devices = ListDevices::answer(&body, &Limits::default()).unwrap();
    assert!(devices.unknown.is_empty() && devices.devices[0].unknown.is_empty());
    assert_eq!(devices.devices[0].sudi.as_ref().unwrap().udi().unwrap().pid(), "C8000V");
    // What is written again is the same JSON, but for texts that mean "none".
    let written: Value = serde_json::from_slice(ListDevices::respond(&devices).unwrap().body()).unwrap();
    let mut read: Value = serde_json::from_slice(body.body()).unwrap();
    read["statusMessage"] = Value::Null;
    assert_eq!(written, read);
}
