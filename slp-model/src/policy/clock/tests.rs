use super::super::tests::known_policy;
use super::*;
use crate::Severity;
use crate::policy::Requirement;

fn time(text: &str) -> UnixSeconds {
    text.parse().unwrap()
}

fn licence(class: LicenseClass, changes: &[(&str, u64)]) -> LicenseUse {
    let changes = changes.iter().map(|(at, count)| Change::new(time(at), *count)).collect();
    LicenseUse::new("regid.2020-01.com.cisco.TEST,1.0_x".parse().unwrap(), class, changes)
}

const COVERED: &str = "2022-06-30T14:18:35";
const LAST_ACK: &str = "2022-07-01T14:18:04";

fn due(policy: &Policy, licence: LicenseUse, installed: Option<&str>, ack: Option<&str>) -> Option<(Rule, String)> {
    let due = next_due(policy, installed.map(time), &[licence], ack.map(time), time("2022-12-01"))?;
    Some((due.rule, due.at.to_string()))
}

#[expect(clippy::unnecessary_wraps, reason = "compared with what `due` gives")]
fn is(rule: Rule, at: &str) -> Option<(Rule, String)> {
    Some((rule, format!("{at}Z")))
}

/// W1 to W11 of the spec, "Worked obligations".
#[test]
fn the_obligations_of_the_spec_come_out_as_worked_by_hand() {
    use LicenseClass::{Export, Perpetual, Subscription};
    let (known, default) = (&known_policy(), &Policy::vendor_default());
    let ack = Some(LAST_ACK);
    let ended = [("2022-06-27T14:18:18", 1), ("2022-06-29T20:48:25", 0)];
    let w1 = licence(Subscription, &ended).covered_to(time(COVERED));
    assert_eq!(due(known, w1, None, ack), None);
    let again = [ended[0], ended[1], ("2022-08-01T00:00:00", 2)];
    let w2 = licence(Subscription, &again).covered_to(time(COVERED));
    assert_eq!(due(known, w2, None, ack), is(Rule::Change, "2022-10-30T00:00:00"));
    let w3 = licence(Export, &[("2022-07-01T15:00:00", 1)]);
    assert_eq!(due(known, w3.clone(), None, ack), is(Rule::Change, "2022-09-29T15:00:00"));
    assert_eq!(due(default, w3, None, ack), None, "W4");
    let w5 = licence(Perpetual, &[ended[0]]).covered_to(time(COVERED));
    assert_eq!(due(known, w5.clone(), None, ack), is(Rule::Ongoing, "2023-06-22T14:18:04"));
    assert_eq!(due(default, w5.clone(), None, ack), None, "W6");
    let w7 = licence(Subscription, &[("2022-06-27T14:18:18", 0)]);
    assert_eq!(due(known, w7, None, None), None);
    let w8 = licence(Perpetual, &[("2022-04-06T13:28:03", 1), ("2022-04-06T13:28:13", 3)]);
    assert_eq!(due(default, w8, None, None), is(Rule::First, "2023-04-06T13:28:03"));
    let w9 = licence(Perpetual, &[("2022-01-01T00:00:00", 1)]);
    assert_eq!(due(known, w9, Some("2022-07-01T14:10:29"), None), is(Rule::First, "2022-09-29T14:10:29"));
    let mut w10 = w5.clone();
    w10.changes.push(Change::new(time("2022-07-01T18:26:40"), 1));
    assert_eq!(due(known, w10, None, ack), is(Rule::Ongoing, "2023-06-22T14:18:04"));
    let mut w11 = w5;
    w11.changes.push(Change::new(time("2022-07-10T12:00:00"), 0));
    assert_eq!(due(known, w11, None, ack), is(Rule::Change, "2022-10-08T12:00:00"));
}

#[test]
fn the_earliest_change_after_the_last_report_counts_however_many_follow() {
    let changes = [("2022-06-27T14:18:18", 1), ("2022-07-10T12:00:00", 2), ("2022-08-10T12:00:00", 3)];
    let used = licence(LicenseClass::Perpetual, &changes);
    let expected = is(Rule::Change, "2022-10-08T12:00:00");
    assert_eq!(due(&known_policy(), used.clone().covered_to(time(COVERED)), None, Some(LAST_ACK)), expected);
    // a change in the very second up to which the report reaches is in the report
    let reported = used.covered_to(time("2022-07-10T12:00:00"));
    assert_eq!(due(&known_policy(), reported, None, Some(LAST_ACK)), is(Rule::Change, "2022-11-08T12:00:00"));
}

#[test]
fn what_is_in_use_is_due_again_and_what_is_not_is_not() {
    let mut policy = Policy::new("x");
    policy.perpetual = Requirement::days(0, 30, 0);
    let ended = [("2022-06-27T14:18:18", 1), ("2022-07-10T12:00:00", 0)];
    let used = licence(LicenseClass::Perpetual, &ended);
    // it was still in use when the report ended, or the report covers its end too
    assert_eq!(
        due(&policy, used.clone().covered_to(time(COVERED)), None, Some(LAST_ACK)),
        is(Rule::Ongoing, "2022-07-31T14:18:04")
    );
    assert_eq!(due(&policy, used.clone().covered_to(time("2022-07-10T12:00:00")), None, Some(LAST_ACK)), None);
    // without a known acknowledgement the days count from what the report covers
    assert_eq!(due(&policy, used.covered_to(time(COVERED)), None, None), is(Rule::Ongoing, "2022-07-30T14:18:35"));
}

#[test]
fn what_is_in_use_again_after_its_report_is_due_by_the_ongoing_rule_too() {
    let mut policy = Policy::new("x");
    policy.perpetual = Requirement::days(0, 30, 0);
    let changes = [("2022-06-27T14:18:18", 1), ("2022-06-29T20:48:25", 0), ("2022-08-01T00:00:00", 2)];
    let used = licence(LicenseClass::Perpetual, &changes).covered_to(time(COVERED));
    assert_eq!(due(&policy, used, None, Some(LAST_ACK)), is(Rule::Ongoing, "2022-07-31T14:18:04"));
}

#[test]
fn the_first_use_is_the_first_count_that_stayed_for_a_second() {
    let first = |changes: &[(&str, u64)], now| licence(LicenseClass::Perpetual, changes).first_use(time(now));
    let changes = [("2022-06-27T00:00:00", 0), ("2022-06-28T00:00:00", 2), ("2022-06-29T00:00:00", 1)];
    assert_eq!(first(&changes, "2022-07-01"), Some(time("2022-06-28T00:00:00")));
    assert_eq!(first(&changes, "2022-06-27T12:00:00"), None);
    assert_eq!(first(&[], "2022-07-01"), None);
    // of several counts at one second the last one stands
    assert_eq!(first(&[("2022-06-27T00:00:00", 1), ("2022-06-27T00:00:00", 0)], "2022-07-01"), None);
    assert_eq!(
        first(&[("2022-06-27T00:00:00", 0), ("2022-06-27T00:00:00", 1)], "2022-07-01"),
        Some(time("2022-06-27T00:00:00"))
    );
}

#[test]
fn the_printed_interval_is_the_least_that_is_asked_of_the_classes_in_use() {
    let mut policy = Policy::new("x");
    (policy.perpetual, policy.subscription) = (Requirement::days(365, 0, 90), Requirement::days(90, 30, 60));
    let interval = |classes: &[LicenseClass], phase| printed_interval(&policy, classes.iter().copied(), phase);
    let (both, perpetual) = ([LicenseClass::Perpetual, LicenseClass::Subscription], [LicenseClass::Perpetual]);
    assert_eq!(interval(&both, Phase::BeforeFirstReport), 90);
    assert_eq!(interval(&perpetual, Phase::BeforeFirstReport), 365);
    assert_eq!(interval(&both, Phase::Reporting), 30, "a class of which nothing is asked does not count");
    assert_eq!(interval(&perpetual, Phase::Reporting), 0);
    assert_eq!(interval(&[], Phase::Reporting), 0);
}

#[test]
fn the_printed_deadline_counts_from_the_acknowledgement_or_else_from_the_first_use() {
    let mut policy = Policy::new("x");
    policy.perpetual = Requirement::days(10, 20, 0);
    let used = |at| licence(LicenseClass::Perpetual, &[(at, 1)]);
    let all = [used("2022-06-28T00:00:00"), used("2022-06-27T00:00:00")];
    let deadline = |licences: &[LicenseUse], ack: Option<&str>| {
        printed_ack_deadline(&policy, licences, ack.map(time), time("2022-07-01"))
    };
    assert_eq!(deadline(&all, None), Some(time("2022-07-07T00:00:00")));
    assert_eq!(deadline(&all, Some("2022-06-30T01:02:03")), Some(time("2022-07-20T01:02:03")));
    assert_eq!(deadline(&[], None), None);
    assert_eq!(deadline(&[used("2022-07-02T00:00:00")], None), None, "not used yet");
}

#[test]
fn the_explanation_names_licence_rule_days_base_and_source() {
    let licence = licence(LicenseClass::Export, &[("2022-07-01T15:00:00", 1)]);
    let due = next_due(&known_policy(), None, &[licence], None, time("2022-12-01")).unwrap();
    insta::assert_snapshot!(due, @"2022-09-29T15:00:00Z: export licence regid.2020-01.com.cisco.TEST,1.0_x needs a report of the change within 90 days of its first use at 2022-07-01T15:00:00Z (Customer Policy)");
}

#[test]
fn a_reservation_leaves_only_changes() {
    let policy = known_policy();
    let used = licence(LicenseClass::Perpetual, &[("2022-04-06T13:28:03", 1)]).reserved();
    assert_eq!(due(&policy, used.clone(), None, None), is(Rule::Change, "2022-07-05T13:28:03"));
    assert_eq!(due(&policy, used.covered_to(time(COVERED)), None, Some(LAST_ACK)), None);
}

#[test]
fn of_two_obligations_at_one_time_first_comes_before_change_and_then_the_tag_decides() {
    let mut policy = Policy::new("x");
    policy.perpetual = Requirement::days(90, 0, 0);
    policy.subscription = Requirement::days(0, 0, 90);
    let used = &[("2022-04-06T13:28:03", 1)];
    let mut twin = licence(LicenseClass::Perpetual, used);
    twin.tag = "a".parse().unwrap();
    let all = [licence(LicenseClass::Subscription, used), licence(LicenseClass::Perpetual, used), twin];
    let dues = obligations(&policy, None, &all, None, time("2022-05-01"));
    let order: Vec<_> = dues.iter().map(|due| (due.rule, due.tag.as_str().len())).collect();
    assert_eq!(order, [(Rule::First, 1), (Rule::First, 34), (Rule::Change, 34)]);
}

#[test]
fn the_very_second_is_in_time_and_overdue_days_are_whole() {
    let used = licence(LicenseClass::Subscription, &[("2022-06-27T11:23:47", 1)]);
    let due = next_due(&Policy::vendor_default(), None, &[used], None, time("2023-07-13T13:18:05")).unwrap();
    assert_eq!(due.at, time("2022-09-25T11:23:47"));
    assert!(!due.is_overdue(due.at) && due.is_overdue(time("2022-09-25T11:23:48")));
    assert_eq!(due.days_overdue(due.at), None);
    let begun = licence(LicenseClass::Subscription, &[("2022-06-27T11:23:47", 1)]);
    let at = |now| next_due(&Policy::vendor_default(), None, std::slice::from_ref(&begun), None, time(now));
    assert!(
        at("2022-06-27T11:23:47").is_some() && at("2022-06-27T11:23:46").is_none(),
        "use counts from its second on"
    );
    assert_eq!(due.days_overdue(time("2022-09-25T11:23:48")), Some(0));
    assert_eq!(due.days_overdue(time("2023-07-13T13:18:05")), Some(291));
}

#[test]
fn a_missed_date_is_an_error_where_something_stops() {
    let at = |class| {
        let used = licence(class, &[("2022-07-01T00:00:00", 1)]);
        next_due(&known_policy(), None, &[used], None, time("2022-07-02")).unwrap()
    };
    let (plain, export) = (at(LicenseClass::Perpetual), at(LicenseClass::Export));
    let (early, near, late) = (time("2022-07-02"), time("2022-09-01"), time("2022-12-01"));
    assert_eq!(severity(&plain, WithoutAck::Logs, early), Severity::Info);
    assert_eq!(severity(&plain, WithoutAck::Logs, near), Severity::Warning);
    assert_eq!(severity(&plain, WithoutAck::Logs, late), Severity::Warning);
    assert_eq!(severity(&plain, WithoutAck::StopsCalls, late), Severity::Error);
    assert_eq!(severity(&plain, WithoutAck::MayStopCalls, near), Severity::Warning);
    assert_eq!(severity(&export, WithoutAck::Logs, late), Severity::Error);
}

#[test]
fn the_state_at_boot_follows_the_obligations() {
    let state = |policy: &Policy, used: &LicenseUse, ack: Option<&str>, now: &str| {
        AckState::of(policy, None, std::slice::from_ref(used), ack.map(time), time(now)).as_str()
    };
    let policy = known_policy();
    let used = licence(LicenseClass::Perpetual, &[("2022-06-27T14:18:18", 1)]);
    let covered = used.clone().covered_to(time(COVERED));
    assert_eq!(state(&policy, &used, None, "2022-07-01"), "notReceived");
    assert_eq!(state(&policy, &used, None, "2023-07-01"), "expired");
    assert_eq!(state(&policy, &covered, Some(LAST_ACK), "2022-08-01"), "received");
    assert_eq!(state(&Policy::vendor_default(), &covered, Some(LAST_ACK), "2022-08-01"), "reportNotRequired");
    let mut silent = policy;
    silent.ack_required = Some(false);
    assert_eq!(state(&silent, &used, None, "2023-07-01"), "ackNotRequired");
    assert_eq!(printed_ack_deadline(&silent, &[used], None, time("2022-08-01")), None);
}

#[test]
fn a_date_says_what_its_days_are_counted_from() {
    let mut policy = Policy::new("x");
    policy.perpetual = Requirement::days(30, 60, 20);
    let used = licence(LicenseClass::Perpetual, &[("2022-06-27T14:18:18", 1), ("2022-07-10T12:00:00", 2)]);
    let since = |licence: &LicenseUse, installed: Option<&str>, ack: Option<&str>| {
        let licences = std::slice::from_ref(licence);
        next_due(&policy, installed.map(time), licences, ack.map(time), time("2022-07-11")).unwrap().since
    };
    assert_eq!(since(&used, None, None), Since::FirstUse);
    assert_eq!(since(&used, Some("2022-06-27T14:18:18"), None), Since::FirstUse);
    assert_eq!(since(&used, Some("2022-06-27T14:18:19"), None), Since::PolicyInstall);
    assert_eq!(since(&used.clone().covered_to(time(COVERED)), None, Some(LAST_ACK)), Since::Change);
    let reported = used.covered_to(time("2022-07-10T12:00:00"));
    assert_eq!(since(&reported, None, Some(LAST_ACK)), Since::LastAck);
    assert_eq!(since(&reported, None, None), Since::Covered);
}
