#![expect(clippy::arithmetic_side_effects, reason = "small numbers of tests")]

use super::*;
use crate::{Exchange, Limits};

mod model;

fn at(seconds: i64) -> UnixSeconds {
    UnixSeconds::new(1_790_000_000_i64.saturating_add(seconds)).unwrap()
}

fn status(status: u16) -> Result<(), Error> {
    let response = http::Response::builder().status(status).body(Vec::new()).unwrap();
    crate::device::CloseReports::answer(&response, &Limits::default())
}

fn waiting() -> Collector {
    let mut collector = Collector::new();
    let actions = collector.handle(CollectorEvent::Start, at(0));
    assert!(matches!(actions[..], [CollectorAction::Save, CollectorAction::Close]));
    let actions = collector.handle(CollectorEvent::Closed(Ok(())), at(1));
    assert!(matches!(actions[..], [CollectorAction::Save, CollectorAction::Fetch]));
    let actions = collector.handle(CollectorEvent::Fetched(Ok(DeviceReports::default())), at(2));
    let forwarded_first = matches!(actions[..], [CollectorAction::Forward(_), CollectorAction::Save]);
    assert!(forwarded_first, "a state that says so is kept once the reports are handed on");
    collector
}

fn import(actions: &[CollectorAction]) -> Option<(Vec<u8>, ImportEncoding)> {
    actions.iter().find_map(|action| match action {
        CollectorAction::Import { document, encoding } => {
            Some((document.decode(&Limits::default()).unwrap(), *encoding))
        }
        _ => None,
    })
}

#[test]
fn documents_are_brought_one_after_the_other_and_none_twice() {
    let mut collector = waiting();
    let actions = collector.handle(CollectorEvent::Delivered(b"<a/>".to_vec()), at(3));
    assert_eq!(import(&actions), Some((b"<a/>".to_vec(), ImportEncoding::Base64)));
    assert!(import(&collector.handle(CollectorEvent::Delivered(b"<b/>".to_vec()), at(3))).is_none());
    assert!(collector.handle(CollectorEvent::Delivered(b"<b/>".to_vec()), at(3)).is_empty());
    let actions = collector.handle(CollectorEvent::Imported(Ok(())), at(4));
    assert_eq!(import(&actions), Some((b"<b/>".to_vec(), ImportEncoding::Base64)));
    collector.handle(CollectorEvent::Imported(Ok(())), at(5));
    assert!(collector.state().documents.is_empty());
}

#[test]
fn a_device_that_wants_xml_is_remembered() {
    let mut collector = waiting();
    collector.handle(CollectorEvent::Delivered(b"<a/>".to_vec()), at(3));
    let actions = collector.handle(CollectorEvent::Imported(status(415)), at(4));
    assert_eq!(import(&actions), Some((b"<a/>".to_vec(), ImportEncoding::RawXml)));
    collector.handle(CollectorEvent::Imported(Ok(())), at(5));
    let actions = collector.handle(CollectorEvent::Delivered(b"<b/>".to_vec()), at(6));
    assert_eq!(import(&actions), Some((b"<b/>".to_vec(), ImportEncoding::RawXml)));
    let actions = collector.handle(CollectorEvent::Imported(status(422)), at(7));
    assert!(actions.iter().any(|action| matches!(action, CollectorAction::NotImported(_))));
}

#[test]
fn a_wrong_password_is_tried_once_and_a_busy_device_five_times() {
    let mut collector = Collector::new();
    collector.handle(CollectorEvent::Start, at(0));
    let actions = collector.handle(CollectorEvent::Closed(status(401)), at(1));
    assert!(actions.iter().any(|action| matches!(action, CollectorAction::Failed(_))));
    let mut collector = Collector::new();
    let mut now = at(0);
    collector.handle(CollectorEvent::Start, now);
    let mut tries = 1;
    loop {
        collector.handle(CollectorEvent::Closed(status(503)), now);
        let Some(due) = collector.next_deadline() else { break };
        now = due;
        assert!(matches!(collector.handle(CollectorEvent::Tick, now)[..], [_, CollectorAction::Close]));
        tries += 1;
    }
    assert_eq!(tries, 6);
}

#[test]
fn a_kept_state_goes_on_where_it_stood() {
    let mut collector = waiting();
    collector.handle(CollectorEvent::Delivered(b"<a/>".to_vec()), at(3));
    let kept = serde_json::to_string(collector.state()).unwrap();
    let mut again = Collector::resume(serde_json::from_str(&kept).unwrap());
    let actions = again.handle(CollectorEvent::Start, at(9));
    assert_eq!(import(&actions), Some((b"<a/>".to_vec(), ImportEncoding::Base64)));
}

#[test]
fn a_document_that_is_refused_both_ways_does_not_change_how_the_next_one_travels() {
    let mut collector = waiting();
    collector.handle(CollectorEvent::Delivered(b"<bad/>".to_vec()), at(3));
    let actions = collector.handle(CollectorEvent::Imported(status(422)), at(4));
    assert_eq!(import(&actions), Some((b"<bad/>".to_vec(), ImportEncoding::RawXml)));
    let actions = collector.handle(CollectorEvent::Imported(status(422)), at(5));
    assert!(actions.iter().any(|action| matches!(action, CollectorAction::NotImported(_))));
    let actions = collector.handle(CollectorEvent::Delivered(b"<good/>".to_vec()), at(6));
    assert_eq!(import(&actions), Some((b"<good/>".to_vec(), ImportEncoding::Base64)));
}

#[test]
fn a_device_that_stays_broken_is_given_up_and_its_documents_are_kept() {
    let mut collector = waiting();
    let mut now = at(3);
    collector.handle(CollectorEvent::Delivered(b"<a/>".to_vec()), now);
    let last = loop {
        let actions = collector.handle(CollectorEvent::Imported(status(503)), now);
        let Some(due) = collector.next_deadline() else { break actions };
        now = due;
        collector.handle(CollectorEvent::Tick, now);
    };
    assert!(last.iter().any(|action| matches!(action, CollectorAction::Failed(_))), "{last:?}");
    assert_eq!((collector.state().phase, collector.state().documents.len()), (CollectorPhase::Failed, 1));
    collector.handle(CollectorEvent::Start, now);
    collector.handle(CollectorEvent::Closed(Ok(())), now);
    let actions = collector.handle(CollectorEvent::Fetched(Ok(DeviceReports::default())), now);
    assert_eq!(import(&actions), Some((b"<a/>".to_vec(), ImportEncoding::Base64)));
}

#[test]
fn an_answer_that_comes_again_while_a_repeat_is_waited_for_changes_nothing() {
    let mut collector = waiting();
    collector.handle(CollectorEvent::Delivered(b"<a/>".to_vec()), at(3));
    collector.handle(CollectorEvent::Imported(status(503)), at(4));
    let before = collector.state().clone();
    for again in [status(503), Ok(())] {
        assert!(collector.handle(CollectorEvent::Imported(again), at(4)).is_empty());
        assert_eq!(*collector.state(), before);
    }
}

#[test]
fn a_seed_spreads_the_waits_of_many_devices() {
    let waits = |seed: u64| {
        let mut collector = Collector::new().with_seed(seed);
        let (mut now, mut waits) = (at(0), Vec::new());
        collector.handle(CollectorEvent::Start, now);
        loop {
            collector.handle(CollectorEvent::Closed(status(503)), now);
            let Some(due) = collector.next_deadline() else { break waits };
            waits.push(due.since(now).get());
            now = due;
            collector.handle(CollectorEvent::Tick, now);
        }
    };
    assert_eq!(waits(7), waits(7));
    assert!((1..9).any(|seed| waits(seed * 977) != waits(7)));
    for (wait, least) in waits(7).into_iter().zip(crate::retry::TRANSIENT_WAITS) {
        let least = i64::from(least);
        assert!((least..=least.saturating_mul(5) / 4).contains(&wait), "{wait} for {least}");
    }
}

#[test]
fn a_device_that_was_broken_for_a_moment_gets_its_base64_again() {
    let mut collector = waiting();
    collector.handle(CollectorEvent::Delivered(b"<a/>".to_vec()), at(3));
    let actions = collector.handle(CollectorEvent::Imported(status(500)), at(4));
    assert!(matches!(import(&actions), Some((_, ImportEncoding::RawXml))));
    assert!(import(&collector.handle(CollectorEvent::Imported(status(415)), at(5))).is_none());
    let due = collector.next_deadline().unwrap();
    let actions = collector.handle(CollectorEvent::Tick, due);
    assert_eq!(import(&actions), Some((b"<a/>".to_vec(), ImportEncoding::Base64)));
}

#[test]
fn a_device_that_no_longer_takes_xml_gets_base64() {
    let mut collector = waiting();
    collector.handle(CollectorEvent::Delivered(b"<a/>".to_vec()), at(3));
    collector.handle(CollectorEvent::Imported(status(415)), at(4));
    collector.handle(CollectorEvent::Imported(Ok(())), at(5));
    collector.handle(CollectorEvent::Delivered(b"<b/>".to_vec()), at(6));
    let actions = collector.handle(CollectorEvent::Imported(status(415)), at(7));
    assert_eq!(import(&actions), Some((b"<b/>".to_vec(), ImportEncoding::Base64)));
    collector.handle(CollectorEvent::Imported(status(415)), at(8));
    let actions = collector.handle(CollectorEvent::Imported(status(415)), at(9));
    assert!(actions.iter().any(|action| matches!(action, CollectorAction::NotImported(_))), "and not for ever");
}
