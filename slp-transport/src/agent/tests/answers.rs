//! Answers that cannot be trusted: garbage, floods, words of the server that are too long, or that repeat a secret.

use super::*;
use crate::push::{Echo, Identity, PiCodec as _, PiRequest, PiResponse, ResultPolling, SlpPi1};
use crate::{Limits, Nonce, Trusted};

/// What the machine hears of this body, sent with this status.
fn heard(status: u16, body: &str) -> Reply {
    let identity = Identity::new(Sudi::from(&udi()), "regid.2017-05.com.cisco.C9300,v1_x");
    let data = ResultPolling::new(PollId::from(1), PollAction::Acknowledgements);
    let request = PiRequest::of(&identity, at(0).to_millis(), Nonce::from_random([1; 16]), data.into());
    let response = http::Response::builder().status(status).body(body.as_bytes().to_vec()).unwrap();
    Reply::from_result(SlpPi1::new().decode_response(&response, &Echo::of(&request), &Limits::default()))
}

#[test]
fn an_answer_that_cannot_be_used_is_thrown_away_and_does_not_block_the_device() {
    let other_nonce =
        PiResponse::new("slp-pi/1", StatusWord::Ok, at(0).to_millis(), "x", at(0).to_millis(), Kind::Hello, "c");
    for body in ["<html>sign in to the guest network</html>", "{\"protocol\":", "[]", &other_nonce.to_json()] {
        let mut bench = Bench::new(Mode::Smart);
        bench.push(&[1], 120);
        bench.reply(heard(200, body), 121);
        let usage = bench.counters(&Kind::UsageReporting);
        assert_eq!(usage.last_response.unwrap().as_str(), "INVALID STATUS CODE", "{body}");
        assert_eq!((usage.fail, usage.overall, usage.communication), (1, 1, 0));
        assert_eq!(bench.agent.state().phase, Phase::Idle, "{body}");
        assert_eq!(bench.agent.next_deadline(), Some(at(120 + 86_400)), "the daily push goes on");
        assert_eq!(bench.agent.state().unreported().count(), 1);
    }
    let mut bench = Bench::new(Mode::Smart);
    bench.push(&[1], 120);
    bench.reply(heard(403, "<html>forbidden</html>"), 121);
    assert_eq!(bench.agent.state().phase, Phase::Blocked, "a refusal stays one");
}

#[test]
fn a_code_that_is_asked_for_while_a_message_is_under_way_is_asked_for_afterwards() {
    let mut bench = Bench::new(Mode::Smart);
    bench.push(&[1], 120);
    bench.handle(Event::auth_requested("first"), 121);
    let actions = bench.reply(acknowledged(), 122);
    assert_eq!(sent(&actions).unwrap().1, Say::AuthorizationRequest(vec!["first".into()]));
    bench.handle(Event::auth_requested("second"), 123);
    let actions = bench.reply(Reply::Ok(Some(Results::new().into())), 124);
    assert_eq!(sent(&actions).unwrap().1, Say::AuthorizationRequest(vec!["second".into()]));
    bench.reply(Reply::Ok(Some(Results::new().into())), 125);
    assert!(bench.agent.state().wanted.is_empty());
    let mut bench = Bench::new(Mode::Cslu);
    bench.agent.state.peer_capabilities = Some(vec!["POLICY_USAGE".into()]);
    bench.handle(Event::auth_requested("first"), 10);
    bench.reply(hello_ok(&["POLICY_USAGE"]), 11);
    bench.handle(Event::auth_requested("second"), 12);
    bench.reply(poll(9), 13);
    let actions = bench.reply(hello_ok(&["POLICY_USAGE"]), 14);
    let wanted = Say::Usage { reports: Vec::new(), features: vec!["second".into()] };
    assert_eq!(sent(&actions).unwrap().1, wanted);
}

#[test]
fn a_refused_request_for_a_code_is_not_repeated_with_the_next_one() {
    let mut bench = Bench::new(Mode::Smart);
    bench.handle(Event::auth_requested("bad"), 10);
    bench.reply(Reply::refused("no such feature"), 11);
    let actions = bench.handle(Event::auth_requested("good"), 12);
    assert_eq!(sent(&actions).unwrap().1, Say::AuthorizationRequest(vec!["good".into()]));
}

#[test]
fn two_results_of_a_collector_that_always_says_pending_are_not_polled_without_a_pause() {
    let mut bench = Bench::new(Mode::Cslu);
    bench.push(&[1], 120);
    bench.reply(poll(7), 121);
    bench.agent.state.polls.push(OpenPoll { id: PollId::from(8), ..bench.agent.state.polls[0].clone() });
    let (mut actions, mut polls, mut asked) = (bench.handle(Event::Tick, 5_000), 0, None);
    for _ in 0..40 {
        let Some((_, say)) = sent(&actions) else { break };
        if let Say::Poll { id, .. } = &say {
            polls += 1;
            asked = Some(id.get());
        }
        actions = match say {
            Say::Hello { .. } => bench.reply(hello_pending(), 5_000),
            Say::Poll { id, .. } => bench.reply(poll(id.get()), 5_000),
            _ => bench.reply(Reply::Ok(None), 5_000),
        };
    }
    assert_eq!((polls, asked.is_some()), (2, true), "each once, then a pause");
    assert_eq!(bench.agent.next_deadline(), Some(at(5_060)));
}

#[test]
fn words_of_the_server_are_kept_up_to_a_length_and_never_with_the_token() {
    let long = "x".repeat(100_000);
    let mut bench = Bench::new(Mode::Cslu);
    let mut info = ConnectInfo::new("CSLU_V1", "v1");
    info.capabilities = (0..10_000).map(|number| format!("{number}{long:.500}")).collect();
    bench.handle(Event::Sync, 10);
    bench.reply(Reply::Ok(Some(HelloAnswer::new(info).into())), 11);
    bench.reply(Reply::refused(format!("\u{e9}{long}")), 12);
    let kept = serde_json::to_string(bench.agent.state()).unwrap();
    assert!(kept.len() < 20_000, "{} bytes", kept.len());

    let mut agent = Agent::new();
    agent.handle(Event::Configured(Mode::Smart), at(0));
    agent.handle(Event::token(Token::new("NWQ1Y2FmZS1mYWtl")), at(0));
    agent.handle(Event::answered(1, Reply::refused("the token NWQ1Y2FmZS1mYWtl has expired")), at(1));
    let reason = agent.state().counters[&Kind::TrustEstablishment].reason.clone().unwrap();
    assert_eq!(reason, "the token *** has expired");
}

#[test]
fn trust_that_is_refused_by_a_later_answer_is_told_and_the_token_forgotten() {
    let refused = {
        let mut results = Results::new();
        results.trusts = Some(vec![Trusted::new(Sudi::from(&udi()), StatusWord::Failed)]);
        Reply::Ok(Some(results.into()))
    };
    for reply in [refused, Reply::refused("PI_POLL_UNKNOWN")] {
        let mut agent = Agent::new();
        agent.handle(Event::Configured(Mode::Smart), at(0));
        agent.handle(Event::token(Token::new("t")), at(0));
        agent.handle(Event::answered(1, Reply::poll(PollId::from(9), 5, PollAction::Trusts)), at(1));
        let actions = agent.handle(Event::Tick, at(6));
        assert!(matches!(sent(&actions), Some((2, Say::Poll { .. }))), "{actions:?}");
        let actions = agent.handle(Event::answered(2, reply), at(7));
        assert!(actions.contains(&Action::Notice(Notice::TrustFailed)), "{actions:?}");
        assert!(agent.token().is_none());
    }
}

#[test]
fn a_result_that_is_renamed_to_another_ones_name_is_one_result() {
    let mut bench = Bench::new(Mode::Smart);
    bench.push(&[1], 120);
    bench.reply(poll(7), 121);
    bench.agent.state.polls.push(OpenPoll { id: PollId::from(8), ..bench.agent.state.polls[0].clone() });
    bench.handle(Event::Tick, 181);
    bench.reply(poll(8), 182);
    assert_eq!(bench.agent.state().polls.len(), 1, "{:?}", bench.agent.state().polls);
}
