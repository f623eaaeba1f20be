//! The cloud API: what a collector of one's own sees.

mod support;

use cssm::{Fault, FaultKind};
use slp_model::UnixSeconds;
use slp_rum::{Content, Document};
use slp_transport::cssm::{
    AuthRequest, AuthorizationFor, LicensesSummary, Poll, PollOutcome, ReportUsage, SearchAccounts, SubmitOutcome,
    WantedKey,
};
use slp_transport::{Action, ErrorKind, Limits, PollId, Results, StatusWord, Sudi};
use support::*;

fn submit(
    cloud: &mut cssm::Cloud,
    session: &slp_transport::cssm::Session,
    reports: &[slp_rum::UsageReport],
    now: slp_model::UnixMillis,
) -> PollId {
    let message = ReportUsage::of(now, nonce(), usage(reports));
    match call(cloud, session, message, now).unwrap().submitted("reportusage").unwrap() {
        SubmitOutcome::Poll { id, .. } => id,
        other => panic!("{other:?}"),
    }
}

fn poll(
    cloud: &mut cssm::Cloud,
    session: &slp_transport::cssm::Session,
    id: PollId,
    action: &Action,
    now: slp_model::UnixMillis,
) -> Option<Results> {
    let message = Poll::new(now, nonce(), id, action.clone());
    match call(cloud, session, message, now).unwrap().polled(action, "poll").unwrap() {
        PollOutcome::Done(results) => Some(results),
        _ => None,
    }
}

fn acknowledged(results: &Results) -> Vec<(String, Vec<u64>)> {
    let mut list = Vec::new();
    for item in results.acknowledgements.as_ref().unwrap() {
        let bytes = item.smart_license.as_ref().unwrap().decode(&Limits::default()).unwrap();
        let document = Document::parse(&bytes).unwrap();
        for content in document.contents() {
            if let Content::Acknowledgement(ack) = content.unwrap() {
                let ids = ack.view().named().map(|ack| ack.report.get()).collect();
                list.push((item.sudi.udi_serial_number.clone(), ids));
            }
        }
    }
    list
}

#[test]
fn reports_of_two_devices_are_acknowledged_each_when_the_result_is_ready() {
    let mut cloud = cloud_with([]);
    let session = session(&mut cloud, at(0));
    let found = call(&mut cloud, &session, SearchAccounts::new(), at(0)).unwrap();
    assert_eq!(found.select("account.example", "Default").unwrap().virtual_account_id, "200001");
    let (one, two) = (device(1), device(2));
    let id = submit(&mut cloud, &session, &[report(&one, 1, 1), report(&one, 2, 1), report(&two, 1, 2)], at(0));
    assert_eq!(poll(&mut cloud, &session, id, &Action::Acknowledgements, at(59)), None);
    let results = poll(&mut cloud, &session, id, &Action::Acknowledgements, at(60)).unwrap();
    assert_eq!(acknowledged(&results), [("TST00000001".to_owned(), vec![1, 2]), ("TST00000002".to_owned(), vec![1])]);
    // the payloads are there byte for byte
    let stored = &cloud.device(&two).unwrap().reports[&1.into()][0];
    assert_eq!(stored.payload, report(&two, 1, 2).payload_text());
}

#[test]
fn a_repeated_upload_is_refused_and_can_be_told_from_other_refusals() {
    let mut cloud = cloud_with([]);
    let session = session(&mut cloud, at(0));
    let one = device(1);
    submit(&mut cloud, &session, &[report(&one, 1, 1)], at(0));
    let again = ReportUsage::of(at(5), nonce(), usage(&[report(&one, 1, 1)]));
    let error = call(&mut cloud, &session, again, at(5)).unwrap().submitted("reportusage").unwrap_err();
    assert!(error.refusal().unwrap().is_duplicate());
    // with one that is new, all are acknowledged
    submit(&mut cloud, &session, &[report(&one, 1, 1), report(&one, 2, 1)], at(10));
}

#[test]
fn compliance_follows_the_latest_count_of_every_device() {
    let mut cloud = cloud_with([]);
    let session = session(&mut cloud, at(0));
    submit(&mut cloud, &session, &[report(&device(1), 1, 2), report(&device(2), 1, 2)], at(0));
    let ask = |cloud: &mut cssm::Cloud, now| {
        let answer = call(cloud, &session, LicensesSummary::new(now, nonce()), now).unwrap();
        let line = answer.summary.into_iter().find(|line| line.tag == ADVANTAGE).unwrap();
        (line.compliance_status.unwrap(), line.prepaid_entitled, line.prepaid_inuse)
    };
    assert_eq!(ask(&mut cloud, at(1)), ("Out Of Compliance".into(), Some(3), Some(4)));
    // the later report counts, though it came first into the same message
    submit(&mut cloud, &session, &[report(&device(1), 3, 1), report(&device(1), 2, 9)], at(2));
    assert_eq!(ask(&mut cloud, at(3)), ("In Compliance".into(), Some(3), Some(3)));
}

#[test]
fn an_export_controlled_licence_is_given_as_often_as_it_was_bought_and_again_after_its_return() {
    let mut cloud = cloud_with([]);
    let session = session(&mut cloud, at(0));
    let ask = |cloud: &mut cssm::Cloud, wish: AuthorizationFor, now| {
        let message = AuthRequest::of(at(now), nonce(), vec![wish]);
        let answer = call(cloud, &session, message, at(now)).unwrap().submitted("authrequest").unwrap();
        let SubmitOutcome::Poll { id, .. } = answer else { panic!("{answer:?}") };
        poll(cloud, &session, id, &Action::Authorizations, at(now + 60)).unwrap().authorizations.unwrap().remove(0)
    };
    let wish = |number| {
        let mut wish = AuthorizationFor::new(Sudi::from(device(number)));
        wish.keys.push(WantedKey::new(HSEC, 1));
        wish
    };
    let first = ask(&mut cloud, wish(1), 0);
    assert_eq!(first.status, StatusWord::Success);
    let second = ask(&mut cloud, wish(2), 100);
    assert_eq!((second.status, second.error_code.as_deref()), (StatusWord::Failed, Some("LS_NOT_ENOUGH")));
    assert_eq!(second.status_message.unwrap(), format!("1 of {HSEC} wanted, 0 of 1 free: buy more first"));
    // asking again for the same is no second one
    assert_eq!(ask(&mut cloud, wish(1), 200).status, StatusWord::Success);
    let code = cloud.device(&device(1)).unwrap().code.clone().unwrap();
    let wrong = ask(&mut cloud, AuthorizationFor::give_back(device(1), "CZZZZZZ"), 300);
    assert_eq!(wrong.error_code.as_deref(), Some("LS_BAD_RETURN"));
    let back = slp_rum::codes::simulate::return_code(&code);
    let returned = ask(&mut cloud, AuthorizationFor::give_back(device(1), back.as_str()), 400);
    assert_eq!((returned.status, returned.smart_license), (StatusWord::Success, None));
    assert_eq!(ask(&mut cloud, wish(2), 500).status, StatusWord::Success);
}

#[test]
fn without_token_or_account_nothing_is_answered() {
    let mut cloud = cloud_with([]);
    let session = session(&mut cloud, at(0));
    let stranger = slp_transport::cssm::Session::new(BASE.parse().unwrap(), slp_transport::cssm::AccessToken::new("x"));
    let error = call(&mut cloud, &stranger, SearchAccounts::new(), at(0)).unwrap_err();
    assert_eq!(error.refusal().unwrap().status, 401);
    let error = call(&mut cloud, &session, SearchAccounts::new(), at(3_599)).unwrap_err();
    assert_eq!(error.refusal().unwrap().status, 401, "the token has ended");
    let elsewhere = support::session(&mut cloud, at(0)).with_accounts("100001", "999");
    let error = call(&mut cloud, &elsewhere, LicensesSummary::new(at(0), nonce()), at(0)).unwrap_err();
    assert_eq!(error.refusal().unwrap().status, 403);
}

#[test]
fn a_message_with_one_report_that_cannot_be_read_changes_nothing() {
    let mut cloud = cloud_with([]);
    let session = session(&mut cloud, at(0));
    let mut reports = usage(&[report(&device(1), 1, 1)]);
    let mut bad = reports[0].usage[0].clone();
    bad.payload = "{}".into();
    reports[0].usage.push(bad);
    let error = call(&mut cloud, &session, ReportUsage::of(at(0), nonce(), reports), at(0)).unwrap();
    let error = error.submitted("reportusage").unwrap_err();
    assert_eq!((error.kind(), error.refusal().unwrap().is_duplicate()), (ErrorKind::Server, false));
    assert!(cloud.device(&device(1)).is_none());
}

#[test]
fn faults_come_at_their_time_and_are_used_up() {
    let until = UnixSeconds::new(at(100).to_seconds().get()).unwrap();
    let mut cloud = cloud_with([
        Fault::new(FaultKind::Status(503), "reportusage").times(1),
        Fault::new(FaultKind::Slow(600), "reportusage").between(at(0).to_seconds(), until),
        Fault::new(FaultKind::Twice, "reportusage"),
    ]);
    let session = session(&mut cloud, at(0));
    let message = ReportUsage::of(at(0), nonce(), usage(&[report(&device(1), 1, 1)]));
    let error = call(&mut cloud, &session, message, at(0)).unwrap_err();
    assert_eq!(error.refusal().unwrap().status, 503);
    assert!(cloud.device(&device(1)).is_none(), "nothing was done");
    let id = submit(&mut cloud, &session, &[report(&device(1), 1, 1)], at(1));
    assert_eq!(poll(&mut cloud, &session, id, &Action::Acknowledgements, at(660)), None);
    let results = poll(&mut cloud, &session, id, &Action::Acknowledgements, at(661)).unwrap();
    assert_eq!(acknowledged(&results).len(), 2);
}

#[test]
fn a_lost_answer_leaves_the_reports_behind() {
    let mut cloud = cloud_with([Fault::new(FaultKind::LostAnswer, "reportusage").times(1)]);
    let session = session(&mut cloud, at(0));
    let message = ReportUsage::of(at(0), nonce(), usage(&[report(&device(1), 1, 1)]));
    assert!(call(&mut cloud, &session, message, at(0)).is_err());
    let again = ReportUsage::of(at(1), nonce(), usage(&[report(&device(1), 1, 1)]));
    let error = call(&mut cloud, &session, again, at(1)).unwrap().submitted("reportusage").unwrap_err();
    assert!(error.refusal().unwrap().is_duplicate());
}

#[test]
fn no_published_base_address_is_refused_and_no_other_path_is_served() {
    let mut cloud = cloud_with([]);
    let token = session(&mut cloud, at(0));
    drop(token);
    for (base, is_served) in [
        ("https://cloud.example/services/api/services/api/smart-accounts-and-licensing", true),
        ("https://cloud.example//services/api/smart-accounts-and-licensing", true),
        ("https://cloud.example/elsewhere", false),
    ] {
        let first = session(&mut cloud, at(0));
        let request = slp_transport::Call::into_http(SearchAccounts::new(), &first).unwrap();
        let uri = request.uri().to_string().replace(BASE, base);
        let mut request = request;
        *request.uri_mut() = uri.parse().unwrap();
        assert_eq!(send::<SearchAccounts>(&mut cloud, &request, at(0)).is_ok(), is_served, "{base}");
    }
}
