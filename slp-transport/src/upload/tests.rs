#![expect(clippy::arithmetic_side_effects, reason = "small numbers of tests")]

use super::*;
use crate::{Acknowledged, Limits, Refusal, SmartLicense, StatusWord, Sudi};
use slp_model::Udi;

mod model;

fn at(seconds: i64) -> UnixSeconds {
    UnixSeconds::new(1_790_000_000_i64.saturating_add(seconds)).unwrap()
}

fn upload(action: Action) -> Upload {
    let mut upload = Upload::new(Nonce::from_random([0; 16]), action, 0);
    let actions = upload.handle(UploadEvent::Start, at(0));
    assert!(matches!(actions[..], [UploadAction::Save, UploadAction::Submit]));
    upload
}

fn answer(text: &str) -> UploadEvent {
    UploadEvent::answered(CloudAnswer::from_json(text.as_bytes(), &Limits::default()))
}

fn status(status: u16) -> UploadEvent {
    let response = http::Response::builder().status(status).body(Vec::new()).unwrap();
    UploadEvent::answered(CloudAnswer::read(&response, &Limits::default(), "x"))
}

fn outcome(actions: Vec<UploadAction>) -> Option<UploadOutcome> {
    actions.into_iter().find_map(|action| match action {
        UploadAction::Finished(outcome) => Some(outcome),
        _ => None,
    })
}

const TAKEN: &str =
    r#"{"status":"OK_POLL","poll_id":773126444402795033,"poll_interval":300,"action":"acknowledgements"}"#;
const DONE: &str = r#"{"status":"COMPLETE","nonce":"AAAAAAAAAAAAAAAA","data":{"acknowledgements":[]}}"#;

#[test]
fn polls_come_after_30_then_30_60_120_240_and_then_300_seconds() {
    let mut upload = upload(Action::Acknowledgements);
    upload.handle(answer(TAKEN), at(0));
    let mut times = Vec::new();
    for _ in 0..8 {
        let due = upload.next_deadline().unwrap();
        times.push(due.since(at(0)).get());
        let actions = upload.handle(UploadEvent::Tick, due);
        assert!(matches!(actions[..], [UploadAction::Save, UploadAction::Poll { .. }]), "{actions:?}");
        upload.handle(answer(r#"{"status":"OK_POLL","message":"None"}"#), due);
    }
    assert_eq!(times, [30, 60, 120, 240, 480, 780, 1_080, 1_380]);
    let due = upload.next_deadline().unwrap();
    upload.handle(UploadEvent::Tick, due);
    let actions = upload.handle(answer(DONE), due);
    let said_first = matches!(actions[..], [UploadAction::Finished(UploadOutcome::Done(_)), UploadAction::Save]);
    assert!(said_first, "a result that is kept as taken before it is, is lost when the process ends: {actions:?}");
    assert_eq!(upload.next_deadline(), None);
}

#[test]
fn no_wait_is_longer_than_the_servers_interval_and_codes_are_asked_for_sooner() {
    let mut upload = upload(Action::Authorizations);
    upload.handle(answer(r#"{"status":"OK_POLL","poll_id":1,"poll_interval":10}"#), at(0));
    assert_eq!(upload.next_deadline(), Some(at(3)));
    upload.handle(UploadEvent::Tick, at(3));
    upload.handle(answer(r#"{"status":"OK_POLL"}"#), at(3));
    assert_eq!(upload.next_deadline(), Some(at(13)));
}

#[test]
fn a_token_is_refreshed_once_and_the_same_message_sent_once_more() {
    let mut upload = upload(Action::Acknowledgements);
    assert!(matches!(upload.handle(status(401), at(1))[..], [UploadAction::Save, UploadAction::RefreshToken]));
    let actions = upload.handle(UploadEvent::TokenRefreshed(Ok(())), at(2));
    assert!(matches!(actions[..], [UploadAction::Save, UploadAction::Submit]));
    let Some(UploadOutcome::Failed(error)) = outcome(upload.handle(status(401), at(3))) else { panic!() };
    assert_eq!(error.kind(), ErrorKind::Auth);
}

#[test]
fn a_storm_of_errors_is_repeated_five_times_with_growing_waits() {
    let mut upload = upload(Action::Acknowledgements);
    let mut now = at(0);
    let mut waits = Vec::new();
    loop {
        if let Some(end) = outcome(upload.handle(status(502), now)) {
            assert!(matches!(end, UploadOutcome::Failed(error) if error.kind() == ErrorKind::Unavailable));
            break;
        }
        let due = upload.next_deadline().unwrap();
        waits.push(due.since(now).get());
        now = due;
        assert!(matches!(upload.handle(UploadEvent::Tick, now)[..], [UploadAction::Save, UploadAction::Submit]));
    }
    assert_eq!(waits.len(), 5);
    assert!(waits.iter().zip([2, 4, 8, 16, 32]).all(|(wait, base)| (base..=base * 5 / 4).contains(wait)), "{waits:?}");
}

#[test]
fn a_busy_server_is_left_alone_as_long_as_it_says() {
    let mut upload = upload(Action::Acknowledgements);
    let response = http::Response::builder().status(429).header("retry-after", "120").body(Vec::new()).unwrap();
    let busy = UploadEvent::answered(CloudAnswer::read(&response, &Limits::default(), "x"));
    upload.handle(busy, at(0));
    assert_eq!(upload.next_deadline(), Some(at(120)));
}

#[test]
fn a_duplicate_is_success_and_so_is_a_refusal_after_an_unknown_outcome() {
    let duplicate = r#"{"status":"FAILED","message":"Duplicate report id"}"#;
    let other = r#"{"status":"FAILED","message":"No such account"}"#;
    let end = outcome(upload(Action::Acknowledgements).handle(answer(duplicate), at(1)));
    assert!(matches!(end, Some(UploadOutcome::AlreadyReported)));
    let end = outcome(upload(Action::Acknowledgements).handle(answer(other), at(1)));
    assert!(matches!(end, Some(UploadOutcome::Failed(_))));
    let mut unsure = upload(Action::Acknowledgements);
    unsure.handle(status(504), at(1));
    unsure.handle(UploadEvent::Tick, at(60));
    assert!(matches!(outcome(unsure.handle(answer(other), at(61))), Some(UploadOutcome::AlreadyReported)));
}

#[test]
fn ok_poll_with_a_message_is_failure() {
    let mut upload = upload(Action::Acknowledgements);
    upload.handle(answer(TAKEN), at(0));
    upload.handle(UploadEvent::Tick, at(30));
    let end = outcome(upload.handle(answer(r#"{"status":"OK_POLL","message":"Invalid","message_code":"X"}"#), at(31)));
    let Some(UploadOutcome::Failed(error)) = end else { panic!() };
    assert_eq!(error.refusal().and_then(|refusal| refusal.message_code.as_deref()), Some("X"));
}

#[test]
fn another_nonce_is_worth_a_warning_and_a_second_answer_is_dropped() {
    let mut upload = upload(Action::Acknowledgements);
    upload.handle(answer(TAKEN), at(0));
    assert!(upload.handle(answer(TAKEN), at(1)).is_empty());
    upload.handle(UploadEvent::Tick, at(30));
    let actions = upload.handle(answer(&DONE.replace("AAAA", "BBBB")), at(31));
    assert!(actions.iter().any(|action| matches!(action, UploadAction::OtherNonce)));
}

#[test]
fn a_day_without_a_result_ends_and_a_kept_state_goes_on() {
    let mut upload = upload(Action::Acknowledgements);
    upload.handle(answer(TAKEN), at(0));
    let end = loop {
        let due = upload.next_deadline().unwrap();
        if let Some(end) = outcome(upload.handle(UploadEvent::Tick, due)) {
            break end;
        }
        upload.handle(answer(r#"{"status":"OK_POLL"}"#), due);
    };
    assert!(matches!(end, UploadOutcome::Expired));
    let kept = serde_json::to_string(upload.state()).unwrap();
    let mut again = Upload::resume(serde_json::from_str(&kept).unwrap());
    let actions = again.handle(UploadEvent::Start, at(100_000));
    assert!(actions.iter().any(|action| matches!(action, UploadAction::Poll { .. })), "{actions:?}");
}

#[test]
fn a_restart_during_the_submit_sends_the_same_again() {
    let submitting = upload(Action::Acknowledgements);
    let mut again = Upload::resume(submitting.state().clone());
    let actions = again.handle(UploadEvent::Start, at(50));
    assert!(actions.iter().any(|action| matches!(action, UploadAction::Submit)));
    assert!(again.state().unknown_outcome);
}

#[test]
fn a_result_is_sorted_by_device_and_one_failure_is_not_that_of_others() {
    let udi = |serial: &str| Udi::new("C8000V", serial).unwrap();
    let sudi = |serial: &str| Sudi::from(&udi(serial));
    let mut good = Acknowledged::new(sudi("TST00000001"));
    good.smart_license = Some(SmartLicense::encode(b"<a/>"));
    let mut results = Results::new();
    results.acknowledgements = Some(vec![good, Acknowledged::new(sudi("TST00000002"))]);
    let mut refused = crate::Authorized::new(sudi("TST00000003"), StatusWord::Failed);
    refused.status_message = Some("no licences".into());
    let returned = crate::Authorized::new(sudi("TST00000004"), StatusWord::Success);
    results.authorizations = Some(vec![refused, returned]);
    let asked: Vec<_> = (1..=5).map(|number| udi(&format!("TST0000000{number}"))).collect();
    let sorted = Deliveries::of(&results, &asked, &Limits::default());
    let delivered: Vec<_> =
        sorted.deliveries.iter().map(|item| (item.device.serial(), item.document.as_deref())).collect();
    assert_eq!(delivered, [("TST00000001", Some(&b"<a/>"[..])), ("TST00000004", None)]);
    assert_eq!(sorted.refused.len(), 2);
    assert_eq!(sorted.unanswered, [udi("TST00000005")]);
    let reason = sorted.refused[1].1.refusal().map(|refusal: &Refusal| refusal.message.clone());
    assert_eq!(reason.flatten().as_deref(), Some("no licences"));
}
