#![expect(clippy::arithmetic_side_effects, reason = "small numbers of tests")]

use super::*;
use crate::push::{ConnectInfo, HelloAnswer};
use crate::{Acknowledged, Authorized, Results, Retry, SmartLicense, StatusWord, Sudi};
use slp_model::{ReportId, Udi};

mod answers;
mod model;

fn at(seconds: i64) -> UnixSeconds {
    UnixSeconds::new(1_790_000_000 + seconds).unwrap()
}

fn udi() -> Udi {
    Udi::new("C9300-24UX", "TST00000001").unwrap()
}

fn key(id: u64) -> ReportKey {
    ReportKey::new(udi(), ReportId::new(id))
}

fn hello_ok(capabilities: &[&str]) -> Reply {
    let mut info = ConnectInfo::new("CSLU_V1", "v1");
    info.capabilities = capabilities.iter().map(|word| (*word).to_owned()).collect();
    Reply::Ok(Some(HelloAnswer::new(info).into()))
}

fn hello_pending() -> Reply {
    let mut data = HelloAnswer::new(ConnectInfo::new("CSLU_V1", "v1"));
    data.pending = true;
    Reply::Ok(Some(data.into()))
}

fn acknowledged() -> Reply {
    let mut item = Acknowledged::new(Sudi::from(&udi()));
    item.smart_license = Some(SmartLicense::encode(b"<smartLicense/>"));
    let mut results = Results::new();
    results.acknowledgements = Some(vec![item]);
    Reply::Ok(Some(results.into()))
}

fn poll(id: u64) -> Reply {
    Reply::poll(PollId::from(id), 60, PollAction::Acknowledgements)
}

fn sent(actions: &[Action]) -> Option<(u64, Say)> {
    actions.iter().find_map(|action| match action {
        Action::Send { exchange, say } => Some((*exchange, say.clone())),
        _ => None,
    })
}

/// A device in cslu mode that has pushed two reports up to the hello.
struct Bench {
    agent: Agent,
    exchange: u64,
}

impl Bench {
    fn new(mode: Mode) -> Self {
        let mut agent = Agent::new();
        if mode == Mode::Smart {
            agent.handle(Event::Imported(Imported::TrustCode), at(0));
        }
        agent.handle(Event::Configured(mode), at(0));
        Self { agent, exchange: 0 }
    }

    fn handle(&mut self, event: Event, seconds: i64) -> Vec<Action> {
        let actions = self.agent.handle(event, at(seconds));
        if let Some((exchange, _)) = sent(&actions) {
            self.exchange = exchange;
        }
        actions
    }

    fn reply(&mut self, reply: Reply, seconds: i64) -> Vec<Action> {
        self.handle(Event::answered(self.exchange, reply), seconds)
    }

    /// Up to the usage message that is under way.
    fn push(&mut self, ids: &[u64], seconds: i64) -> Say {
        let actions = self.handle(Event::Tick, seconds);
        assert!(actions.contains(&Action::CloseReports), "{actions:?}");
        let mut actions = self.handle(Event::ReportsClosed(ids.iter().map(|id| key(*id)).collect()), seconds);
        if self.agent.state().mode == Mode::Cslu {
            assert!(matches!(sent(&actions), Some((_, Say::Hello { .. }))), "{actions:?}");
            actions = self.reply(hello_ok(&[]), seconds);
        }
        assert_eq!(sent(&actions).unwrap().1, Say::Plain(Kind::TrustSync));
        actions = self.reply(Reply::Ok(None), seconds + 1);
        if self.agent.state().mode == Mode::Cslu {
            actions = self.reply(hello_ok(&[]), seconds + 1);
        }
        sent(&actions).unwrap().1
    }

    fn counters(&self, kind: &Kind) -> Counters {
        self.agent.state().counters.get(kind).cloned().unwrap_or_default()
    }
}

#[test]
fn the_first_push_comes_two_minutes_after_the_start_and_the_next_after_the_interval() {
    let mut bench = Bench::new(Mode::Cslu);
    assert_eq!(bench.agent.next_deadline(), Some(at(120)));
    assert!(matches!(bench.push(&[7, 5], 120), Say::Usage { reports, .. } if reports == [key(5), key(7)]));
    bench.reply(poll(9), 122);
    let day = 86_400;
    assert_eq!(bench.agent.state().timers.push, Some(at(122 + 30 * day)));
    assert_eq!(bench.agent.next_deadline(), Some(at(182)));
}

#[test]
fn a_result_is_polled_for_after_the_servers_interval_behind_a_hello_of_its_own() {
    let mut bench = Bench::new(Mode::Cslu);
    bench.push(&[5], 120);
    bench.reply(poll(9), 122);
    assert!(sent(&bench.handle(Event::Tick, 181)).is_none());
    let actions = bench.handle(Event::Tick, 182);
    assert!(matches!(sent(&actions), Some((_, Say::Hello { unreported: 0, .. }))), "{actions:?}");
    let actions = bench.reply(hello_ok(&[]), 183);
    assert!(matches!(sent(&actions), Some((_, Say::Poll { .. }))), "{actions:?}");
    let actions = bench.reply(acknowledged(), 184);
    assert!(actions.contains(&Action::Acknowledged(vec![key(5)])));
    assert_eq!(bench.agent.state().last_ack, Some(at(184)));
    assert!(bench.agent.state().polls.is_empty() && bench.agent.state().reports.is_empty());
    assert_eq!(bench.counters(&Kind::Hello).success, 3);
}

#[test]
fn a_collector_that_always_says_pending_is_synchronized_with_once_and_then_polled() {
    let mut bench = Bench::new(Mode::Cslu);
    bench.push(&[1], 120);
    bench.reply(poll(7), 121);
    // the push was synchronized with, an hour and more ago
    bench.handle(Event::Tick, 5_000);
    let mut kinds = Vec::new();
    let mut reply = hello_pending();
    for _ in 0..3 {
        let Some((_, say)) = sent(&bench.reply(reply, 5_000)) else { break };
        reply = if say.kind() == Kind::Hello { hello_pending() } else { Reply::Ok(None) };
        kinds.push(say.kind());
    }
    assert_eq!(kinds, [Kind::TrustSync, Kind::Hello, Kind::ResultPolling]);
}

#[test]
fn in_smart_mode_there_is_no_hello_and_nothing_without_trust() {
    let mut agent = Agent::new();
    let actions = agent.handle(Event::Configured(Mode::Smart), at(0));
    assert!(actions.contains(&Action::Notice(Notice::InsufficientTrust)));
    assert_eq!(agent.next_deadline(), None);
    assert!(agent.handle(Event::Sync, at(1)).contains(&Action::Notice(Notice::InsufficientTrust)));
    let actions = agent.handle(Event::token(Token::new("t")), at(2));
    assert!(matches!(sent(&actions), Some((1, Say::TrustEstablishment { .. }))));
    let mut trusted = crate::Trusted::new(Sudi::from(&udi()), StatusWord::Success);
    trusted.trust_code = Some(SmartLicense::encode(b"<smartLicense/>"));
    let mut answer = crate::push::TrustAnswer::new();
    (answer.trusts, answer.acknowledge) = (vec![trusted], Some(true));
    let actions = agent.handle(Event::answered(1, Reply::Ok(Some(answer.into()))), at(3));
    assert_eq!(sent(&actions).unwrap().1, Say::Plain(Kind::TrustAcknowledgement));
    assert_eq!(agent.state().timers.push, Some(at(33)));
    assert!(agent.token().is_none());
}

#[test]
fn a_request_for_trust_that_nobody_answers_is_repeated_after_five_minutes() {
    let mut agent = Agent::new();
    agent.handle(Event::Configured(Mode::Smart), at(0));
    agent.handle(Event::token(Token::new("t")), at(0));
    agent.handle(Event::answered(1, Reply::NoReply), at(20));
    assert_eq!(agent.next_deadline(), Some(at(320)));
    let actions = agent.handle(Event::Tick, at(320));
    assert!(matches!(sent(&actions), Some((2, Say::TrustEstablishment { .. }))));
    let actions = agent.handle(Event::answered(2, Reply::refused("no")), at(321));
    assert!(actions.contains(&Action::Notice(Notice::TrustFailed)));
    assert!(agent.token().is_none());
}

#[test]
fn a_clone_has_the_token_still_when_the_other_one_is_through_with_it() {
    let mut agent = Agent::new();
    agent.handle(Event::Configured(Mode::Smart), at(0));
    agent.handle(Event::token(Token::new("t")), at(0));
    let mut before = agent.clone();
    agent.handle(Event::answered(1, Reply::refused("no")), at(1));
    assert!(agent.token().is_none());
    assert_eq!(before.token().map(Token::expose), Some("t"));
    assert!(!format!("{before:?}").contains("\"t\""), "no secret is printed");
    before.handle(Event::answered(1, Reply::NoReply), at(20));
    assert!(matches!(sent(&before.handle(Event::Tick, at(320))), Some((2, Say::TrustEstablishment { .. }))));
}

#[test]
fn an_unreachable_collector_is_tried_every_hour_and_with_each_daily_push() {
    // Two devices that were up for about so long print 30 and 210 failures (seen); two of them happen around boot.
    for (hours, hellos) in [(26, 26..=28), (200, 205..=208)] {
        let mut bench = Bench::new(Mode::Cslu);
        bench.handle(Event::ReportsClosed(vec![key(1)]), 0);
        let (mut time, mut failed, mut restored) = (0, 0, 0);
        loop {
            time = (bench.agent.next_deadline().unwrap().get() - at(0).get()).max(time);
            if time >= hours * 3_600 {
                break;
            }
            let mut actions = bench.handle(Event::Tick, time);
            if actions.contains(&Action::CloseReports) {
                actions.extend(bench.handle(Event::ReportsClosed(Vec::new()), time));
            }
            if sent(&actions).is_some() {
                time += 20;
                actions.extend(bench.reply(Reply::NoReply, time));
            }
            let count =
                |notice: Notice| actions.iter().filter(|action| **action == Action::Notice(notice.clone())).count();
            failed += count(Notice::CommunicationFailed);
            restored += count(Notice::CommunicationRestored);
        }
        let hello = bench.counters(&Kind::Hello);
        assert!(hellos.contains(&hello.total), "{hours} hours: {hello:?}");
        assert_eq!((hello.fail, hello.overall, hello.communication), (hello.total, hello.total, hello.total));
        assert_eq!((failed, restored), (1, 0), "said once");
        assert_eq!(bench.counters(&Kind::UsageReporting).total, 0, "no other counter moves");
    }
}

#[test]
fn a_refusal_for_good_blocks_until_the_operator_acts() {
    let mut bench = Bench::new(Mode::Smart);
    bench.push(&[1], 120);
    let actions = bench.reply(Reply::refused("re-register"), 121);
    assert!(actions.contains(&Action::Notice(Notice::Blocked)));
    assert_eq!((bench.agent.next_deadline(), &bench.agent.state().phase), (None, &Phase::Blocked));
    bench.handle(Event::UsageChanged, 200);
    assert_eq!(bench.agent.next_deadline(), None);
    let actions = bench.handle(Event::Sync, 300);
    assert_eq!(sent(&actions).unwrap().1, Say::Plain(Kind::TrustSync));
    assert_eq!(bench.agent.state().timers.push, Some(at(300 + 86_400)));
    assert_eq!(bench.agent.state().unreported().count(), 1);
}

#[test]
fn a_message_that_is_too_large_is_halved_and_sent_again() {
    let mut bench = Bench::new(Mode::Smart);
    bench.push(&[1, 2, 3, 4], 120);
    let code = Some(crate::push::message_code::TOO_LARGE.to_owned());
    let actions = bench.reply(Reply::Failed { reason: None, code, retry: crate::Retry::Never }, 121);
    assert!(matches!(sent(&actions), Some((_, Say::Usage { reports, .. })) if reports == [key(1), key(2)]));
    let actions = bench.reply(poll(9), 122);
    assert!(matches!(sent(&actions), Some((_, Say::Usage { reports, .. })) if reports == [key(3), key(4)]));
}

#[test]
fn try_again_keeps_the_message_and_waits_as_long_as_the_server_says() {
    let mut bench = Bench::new(Mode::Smart);
    bench.push(&[1], 120);
    bench.reply(Reply::TryAgain { after: Some(45), reason: None }, 121);
    assert_eq!(bench.agent.next_deadline(), Some(at(166)));
    let actions = bench.handle(Event::Tick, 166);
    assert!(matches!(sent(&actions), Some((_, Say::Usage { .. }))), "{actions:?}");
    let usage = bench.counters(&Kind::UsageReporting);
    assert_eq!((usage.fail, usage.overall, usage.communication), (1, 1, 0));
}

#[test]
fn a_server_that_wants_a_message_again_at_once_waits_as_if_it_had_said_nothing() {
    let mut bench = Bench::new(Mode::Smart);
    bench.push(&[1], 120);
    bench.reply(Reply::TryAgain { after: Some(0), reason: None }, 121);
    assert_eq!(bench.agent.next_deadline(), Some(at(421)));
}

#[test]
fn a_poll_that_nobody_answers_is_repeated_a_day_later_and_a_lost_one_frees_its_reports() {
    let mut bench = Bench::new(Mode::Smart);
    bench.push(&[1], 120);
    bench.reply(poll(9), 122);
    bench.handle(Event::Tick, 182);
    bench.reply(Reply::NoReply, 200);
    assert_eq!(bench.agent.next_deadline(), Some(at(200 + 86_400)));
    bench.handle(Event::Tick, 200 + 86_400);
    bench.reply(Reply::refused("PI_POLL_UNKNOWN"), 201 + 86_400);
    assert!(bench.agent.state().polls.is_empty());
    assert_eq!(bench.agent.state().unreported().count(), 1);
}

#[test]
fn a_change_of_usage_brings_the_push_forward_to_thirty_seconds() {
    let mut bench = Bench::new(Mode::Smart);
    bench.push(&[1], 120);
    bench.reply(poll(9), 122);
    bench.handle(Event::UsageChanged, 130);
    assert_eq!(bench.agent.next_deadline(), Some(at(160)));
}

#[test]
fn nothing_to_send_counts_as_success_without_a_time() {
    let mut bench = Bench::new(Mode::Smart);
    bench.handle(Event::Tick, 120);
    assert!(sent(&bench.handle(Event::ReportsClosed(Vec::new()), 120)).is_none());
    let usage = bench.counters(&Kind::UsageReporting);
    assert_eq!((usage.total, usage.success, usage.last_success), (1, 1, None));
    assert_eq!(usage.last_response.unwrap().as_str(), "NO DATA TO PROCESS");
}

#[test]
fn a_message_that_cannot_be_built_counts_neither_way() {
    let mut bench = Bench::new(Mode::Smart);
    bench.push(&[1], 120);
    let exchange = bench.exchange;
    bench.handle(Event::CannotBuild { exchange, reason: "Null pointer Error".into() }, 120);
    let usage = bench.counters(&Kind::UsageReporting);
    assert_eq!((usage.total, usage.success, usage.fail), (1, 0, 0));
    assert_eq!(bench.agent.state().unreported().count(), 1);
}

#[test]
fn a_return_removes_the_code_first_and_is_sent_once() {
    let mut bench = Bench::new(Mode::Smart);
    let actions = bench.handle(Event::AuthReturned, 10);
    let place = |wanted: &Action| actions.iter().position(|action| action == wanted).unwrap();
    let send = actions.iter().position(|action| matches!(action, Action::Send { .. })).unwrap();
    assert!(place(&Action::Save) < place(&Action::RemoveCode) && place(&Action::RemoveCode) < send);
    bench.reply(Reply::NoReply, 40);
    assert!(bench.agent.state().queue.is_empty());
}

#[test]
fn a_request_for_a_code_travels_with_the_reports_where_the_server_can_take_it() {
    let mut bench = Bench::new(Mode::Cslu);
    bench.agent.state.peer_capabilities = Some(vec!["POLICY_USAGE".into()]);
    bench.handle(Event::auth_requested("hseck9"), 10);
    let actions = bench.reply(hello_ok(&["POLICY_USAGE"]), 11);
    let wanted = Say::Usage { reports: Vec::new(), features: vec!["hseck9".into()] };
    assert_eq!(sent(&actions).unwrap().1, wanted);
    let mut bench = Bench::new(Mode::Smart);
    let actions = bench.handle(Event::auth_requested("hseck9"), 10);
    assert_eq!(sent(&actions).unwrap().1, Say::AuthorizationRequest(vec!["hseck9".into()]));
    let mut results = Results::new();
    results.authorizations = Some(vec![Authorized::new(Sudi::from(&udi()), StatusWord::Success)]);
    bench.reply(Reply::Ok(Some(results.into())), 11);
    assert!(bench.agent.state().wanted.is_empty());
}

#[test]
fn off_stops_everything_and_keeps_the_reports() {
    let mut bench = Bench::new(Mode::Smart);
    bench.push(&[1], 120);
    bench.handle(Event::Configured(Mode::Off), 121);
    assert_eq!(bench.agent.next_deadline(), None);
    assert_eq!(bench.agent.state().unreported().count(), 1);
    assert!(bench.handle(Event::Sync, 122).contains(&Action::Notice(Notice::Offline)));
}

#[test]
fn an_acknowledgement_by_hand_drops_the_poll_that_nothing_waits_for() {
    let mut bench = Bench::new(Mode::Smart);
    bench.push(&[1, 2], 120);
    bench.reply(poll(9), 122);
    bench.handle(Event::Imported(Imported::Acknowledgement(vec![key(1)])), 130);
    assert_eq!(bench.agent.state().polls.len(), 1);
    let actions = bench.handle(Event::Imported(Imported::Acknowledgement(vec![key(1), key(2)])), 131);
    assert!(actions.contains(&Action::Acknowledged(vec![key(2)])));
    assert!(bench.agent.state().polls.is_empty());
}

#[test]
fn a_clock_that_is_set_moves_every_deadline() {
    let mut bench = Bench::new(Mode::Smart);
    bench.push(&[1], 120);
    bench.reply(poll(9), 122);
    bench.handle(Event::ClockStep(Seconds::new(1_000)), 1_123);
    assert_eq!(bench.agent.next_deadline(), Some(at(1_182)));
}

#[test]
fn no_reporting_has_no_push_and_a_device_that_is_not_acknowledged_keeps_its_reports() {
    let mut bench = Bench::new(Mode::Smart);
    bench.handle(Event::Interval(None), 1);
    assert_eq!(bench.agent.next_deadline(), None);
    bench.handle(Event::Interval(Some(Seconds::from_days(7))), 2);
    assert_eq!(bench.agent.next_deadline(), Some(at(2 + 7 * 86_400)));
    bench.push(&[1], 2 + 7 * 86_400);
    let mut results = Results::new();
    results.acknowledgements = Some(vec![Acknowledged::new(Sudi::from(&udi()))]);
    bench.reply(Reply::Ok(Some(results.into())), 5 + 7 * 86_400);
    assert_eq!(bench.agent.state().unreported().count(), 1, "an acknowledgement without a document is none");
}

#[test]
fn a_push_that_waits_for_closed_reports_is_no_deadline() {
    let mut agent = Agent::new();
    agent.handle(Event::Configured(Mode::Cslu), at(0));
    let push = agent.next_deadline().unwrap();
    assert!(agent.handle(Event::Tick, push).contains(&Action::CloseReports));
    agent.handle(Event::Interval(Some(Seconds::new(10))), push);
    let later = push.saturating_add(Seconds::from_days(40));
    agent.handle(Event::Tick, later);
    assert!(agent.next_deadline().is_none_or(|deadline| deadline > later), "{:?}", agent.state());
}

#[test]
fn reports_that_were_thrown_away_are_not_asked_about_any_more() {
    let mut agent = Agent::new();
    agent.handle(Event::Configured(Mode::Smart), at(0));
    agent.handle(Event::ReportsClosed(vec![key(1), key(2), key(3)]), at(1));
    let actions = agent.handle(Event::ReportsPurged(vec![key(1), key(3), key(9)]), at(2));
    assert_eq!(actions, [Action::Save]);
    assert_eq!(agent.state().unreported().collect::<Vec<_>>(), [&key(2)]);
    assert_eq!(agent.state().last_ack, None, "nobody acknowledged them");
    assert!(agent.handle(Event::ReportsPurged(vec![key(1)]), at(3)).is_empty());
}
