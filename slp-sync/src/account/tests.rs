use proptest::prelude::*;
use slp_model::UnixMillis;

use super::{
    Account, AccountState, ClockEvent, Deadlines, Exchange, Health, Outcome, RequestKind, ResponseFacts, ResponseKind,
};
use crate::ErrorKind;
use crate::warning::WarningKind;

const DAY: u64 = 86_400_000;
const START: u64 = 1_780_000_000_000;
const INSTANCE: &str = "11111111-2222-4333-8444-555555555555";

fn at(millis: u64) -> UnixMillis {
    UnixMillis::new(millis).unwrap()
}

fn registered(deadlines: Deadlines) -> Account {
    let mut account = Account::requested(deadlines);
    account.approve().unwrap();
    account.request_written(INSTANCE).unwrap();
    account.registered(at(START)).unwrap();
    account
}

/// The health after so long, on a clock that was looked at every day.
fn health(deadlines: Deadlines, elapsed: u64) -> (Health, AccountState) {
    let mut account = registered(deadlines);
    let mut now = START;
    while now + 20 * DAY < START + elapsed {
        now += 20 * DAY;
        account.evaluate(at(now));
    }
    let health = account.evaluate(at(START + elapsed)).health;
    (health, account.state())
}

#[test]
fn the_bounds_are_inclusive_to_the_millisecond() {
    let network = Deadlines::network();
    for (days, left, right) in [
        (30, Health::Current, Health::Due),
        (180, Health::Due, Health::Overdue),
        (334, Health::Overdue, Health::Critical),
        (364, Health::Critical, Health::Expired),
    ] {
        assert_eq!(health(network, days * DAY).0, left, "{days} days");
        assert_eq!(health(network, days * DAY + 1).0, right, "{days} days and a millisecond");
    }
    assert_eq!(health(network, 364 * DAY).1, AccountState::Registered);
    assert_eq!(health(network, 364 * DAY + 1).1, AccountState::Expired);
    assert_eq!(health(Deadlines::manual(), 90 * DAY).0, Health::Current);
    assert_eq!(health(Deadlines::manual(), 90 * DAY + 1).0, Health::Due);
}

#[test]
fn a_short_deadline_cuts_the_bounds_before_it() {
    let satellite = Deadlines { deadline_days: 90, ..Deadlines::network() };
    assert_eq!(health(satellite, 30 * DAY).0, Health::Current);
    assert_eq!(health(satellite, 60 * DAY).0, Health::Due);
    assert_eq!(health(satellite, 60 * DAY + 1).0, Health::Critical, "nothing is Overdue");
    let manual = Deadlines { deadline_days: 90, ..Deadlines::manual() };
    assert_eq!(health(manual, 60 * DAY).0, Health::Current);
    assert_eq!(health(manual, 90 * DAY + 1).0, Health::Expired);
}

#[test]
fn a_clock_set_back_extends_nothing_and_is_told_once() {
    let mut account = registered(Deadlines::network());
    for day in [20, 40] {
        account.evaluate(at(START + day * DAY));
    }
    let back = account.evaluate(at(START + DAY));
    assert_eq!((back.health, back.events.as_slice()), (Health::Due, &[ClockEvent::Backwards][..]));
    assert_eq!(account.evaluate(at(START + DAY)).events, []);
    account.evaluate(at(START + 41 * DAY));
    assert_eq!(account.evaluate(at(START)).events, [ClockEvent::Backwards], "a new occurrence");
}

#[test]
fn a_jump_ahead_expires_nothing_until_it_is_confirmed() {
    let jump = START + 400 * DAY;
    let mut account = registered(Deadlines::network());
    account.evaluate(at(START));
    let doubted = account.evaluate(at(jump));
    assert_eq!((doubted.health, doubted.provisional), (Health::Expired, true));
    assert_eq!((doubted.events.as_slice(), account.state()), (&[ClockEvent::Jump][..], AccountState::Registered));
    assert_eq!(account.clock().max_seen(), START, "the time is not believed");

    let mut corrected = account.clone();
    assert!(!corrected.evaluate(at(START + DAY)).provisional, "the clock came back");
    assert_eq!(corrected.state(), AccountState::Registered);

    let mut confirmed = account.clone();
    confirmed.confirm_clock(at(jump));
    assert!(confirmed.evaluate(at(jump)).expired_now);

    let mut steady = account.clone();
    assert!(steady.evaluate(at(jump + DAY - 1)).provisional);
    assert!(steady.evaluate(at(jump + DAY)).expired_now, "a day of steady evaluations");

    let mut wavering = account.clone();
    wavering.evaluate(at(jump + DAY / 2));
    wavering.evaluate(at(jump));
    assert!(wavering.evaluate(at(jump + DAY - 1)).provisional, "it went back: the day begins again");

    account.synchronized(at(jump)).unwrap();
    let after = account.evaluate(at(jump + DAY));
    assert_eq!((after.health, after.provisional), (Health::Current, false));
}

#[test]
fn a_stamp_ahead_of_the_clock_counts_as_now() {
    let mut account = registered(Deadlines::network());
    let early = account.evaluate(at(START - 2 * 3_600_000));
    assert_eq!((early.elapsed, early.health), (0, Health::Current));
    assert!(early.events.contains(&ClockEvent::BehindCloud));
}

#[test]
fn an_expired_account_stays_so_and_begins_again_with_a_new_instance() {
    let mut account = registered(Deadlines::network());
    account.evaluate(at(START));
    account.confirm_clock(at(START + 400 * DAY));
    assert!(account.evaluate(at(START + 400 * DAY)).expired_now);
    assert!(!account.evaluate(at(START + 400 * DAY)).expired_now, "once");
    assert_eq!(account.evaluate(at(START)).health, Health::Expired, "a corrected clock does not revive it");
    assert_eq!(account.synchronized(at(START + 401 * DAY)).unwrap_err().kind(), ErrorKind::AccountState);
    assert_eq!(account.request_written(INSTANCE).unwrap_err().name(), Some("instance"));
    account.request_written("99999999-2222-4333-8444-555555555555").unwrap();
    account.registered(at(START + 402 * DAY)).unwrap();
    assert_eq!(account.state(), AccountState::Registered);
}

#[test]
fn an_account_ends_in_order() {
    let mut account = registered(Deadlines::network());
    assert_eq!(account.delete().unwrap_err().name(), Some("transition"));
    assert_eq!(account.deactivate(1, false).unwrap_err().name(), Some("unsynchronized"));
    assert_eq!(account.deactivate(0, true).unwrap_err().name(), Some("unsynchronized"));
    account.deactivate(0, false).unwrap();
    account.delete().unwrap();
    assert_eq!(account.state(), AccountState::Deleted);
    let mut rejected = Account::requested(Deadlines::network());
    rejected.reject().unwrap();
    assert!(rejected.approve().is_err() && rejected.request_written("x").is_err());
    let mut pending = Account::requested(Deadlines::network());
    pending.approve().unwrap();
    pending.request_written("x").unwrap();
    pending.request_voided().unwrap();
    assert_eq!(pending.state(), AccountState::Unregistered);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn expired_is_terminal_and_no_clock_ever_wins_time(times in proptest::collection::vec(0_u64..800, 1..40)) {
        let mut account = registered(Deadlines::network());
        let mut expired = false;
        let mut believed = 0;
        for day in times {
            // the server starts again
            account = serde_json::from_str(&serde_json::to_string(&account).unwrap()).unwrap();
            let evaluation = account.evaluate(at(START + day * DAY));
            if !evaluation.provisional {
                // Never less than what was believed before.
                prop_assert!(evaluation.elapsed >= believed);
                believed = evaluation.elapsed;
            }
            prop_assert!(!expired || account.state() == AccountState::Expired);
            expired = account.state() == AccountState::Expired;
        }
    }
}

/// An exchange that is registered, and the facts of a full response to its pending request.
fn exchange() -> (Exchange, ResponseFacts) {
    let mut exchange = Exchange::new(INSTANCE);
    let asked = exchange.request(RequestKind::Registration, "r-1", at(START), 1).last_generated;
    let mut facts = ResponseFacts::new(ResponseKind::Authorization, INSTANCE, [1; 32], "r-1", asked, at(START + 1));
    facts.virtual_accounts.push("300400".into());
    exchange.applied(&facts).unwrap();
    let asked = exchange.request(RequestKind::Synchronization, "r-2", at(START + DAY), 5).last_generated;
    let mut facts = ResponseFacts::new(ResponseKind::Response, INSTANCE, [2; 32], "r-2", asked, at(START + DAY + 1));
    facts.base_sync = Some(at(START + 1));
    facts.virtual_accounts.push("300400".into());
    (exchange, facts)
}

#[test]
fn a_response_is_refused_for_the_first_thing_that_is_wrong() {
    let (exchange, good) = exchange();
    assert_eq!(exchange.judge(&good).unwrap(), Outcome::Apply(vec![]));
    let kind = |change: &dyn Fn(&mut ResponseFacts)| {
        let mut facts = good.clone();
        change(&mut facts);
        exchange.judge(&facts).unwrap_err().kind()
    };
    assert_eq!(kind(&|facts| facts.collector_instance_id = "x".into()), ErrorKind::WrongInstance);
    assert_eq!(kind(&|facts| facts.request_id = "r-9".into()), ErrorKind::UnknownRequest);
    assert_eq!(kind(&|facts| facts.last_generated = at(7)), ErrorKind::UnknownRequest);
    assert_eq!(kind(&|facts| facts.kind = ResponseKind::Authorization), ErrorKind::WrongKind);
    assert_eq!(kind(&|facts| facts.last_sync = at(START + 1)), ErrorKind::Replay);
    assert_eq!(kind(&|facts| facts.base_sync = Some(at(5))), ErrorKind::WrongBase);
    assert_eq!(kind(&|facts| facts.virtual_accounts.push("1".into())), ErrorKind::WrongVirtualAccount);
    let mut full = good.clone();
    full.base_sync = None;
    assert_eq!(exchange.judge(&full).unwrap(), Outcome::Apply(vec![WarningKind::FullInsteadOfDelta]));
}

#[test]
fn what_was_applied_is_not_applied_again() {
    let (mut exchange, second) = exchange();
    let mut first = second.clone();
    first.digest = [1; 32];
    exchange.applied(&second).unwrap();
    assert_eq!((exchange.sent_mark(), exchange.last_sync()), (5, Some(second.last_sync)));
    assert_eq!(exchange.judge(&second).unwrap(), Outcome::AlreadyApplied);
    assert_eq!(exchange.judge(&first).unwrap_err().kind(), ErrorKind::Replay, "an older one");
    let mut other = second.clone();
    other.digest = [3; 32];
    assert_eq!(exchange.judge(&other).unwrap_err().kind(), ErrorKind::NoPendingRequest);
}

#[test]
fn a_newer_request_voids_the_older_and_is_later() {
    let (mut exchange, old) = exchange();
    let asked = exchange.request(RequestKind::Synchronization, "r-3", at(START), 6).clone();
    assert!(asked.last_generated > old.last_generated, "also when the clock went back");
    assert_eq!(exchange.judge(&old).unwrap_err().kind(), ErrorKind::StaleResponse);
    exchange.force_full();
    let full = exchange.request(RequestKind::Synchronization, "r-4", at(START + 2 * DAY), 7).clone();
    assert_eq!(full.asked_last_sync, None);
    let stamp = at(START + 3 * DAY);
    let mut delta = ResponseFacts::new(ResponseKind::Response, INSTANCE, [4; 32], "r-4", full.last_generated, stamp);
    delta.base_sync = Some(at(START + 1));
    assert_eq!(exchange.judge(&delta).unwrap_err().kind(), ErrorKind::NotFull);
    delta.base_sync = None;
    delta.full_requested = true;
    exchange.applied(&delta).unwrap();
    let next = exchange.request(RequestKind::Synchronization, "r-5", stamp, 8);
    assert_eq!(next.asked_last_sync, None, "the cloud asked for everything");
    exchange.void_pending();
    assert!(exchange.pending().is_none());
}
