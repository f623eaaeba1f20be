//! State machines under arbitrary operations: what never may happen, whatever happens.

use std::collections::BTreeSet;

use arbitrary::{Result, Unstructured};
use http::Response;
use slp_model::{EntitlementTag, ReportId, Seconds, Udi, UnixMillis, UnixSeconds};
use slp_sync::ErrorKind;
use slp_sync::account::{
    Account, AccountState, Deadlines, Exchange as SyncExchange, Outcome, RequestKind, ResponseFacts, ResponseKind,
};
use slp_sync::hierarchy::Hierarchy;
use slp_sync::pool::Pools;
use slp_transport::agent::{Action, Agent, Event, Imported, Mode, Reply, ReportKey};
use slp_transport::collector::{Collector, CollectorEvent, CollectorPhase};
use slp_transport::cssm::{CloudAnswer, Poll};
use slp_transport::push::{Echo, Identity, PiCodec as _, PiRequest, ResultPolling, SlpPi1};
use slp_transport::upload::{Upload, UploadAction, UploadEvent, UploadPhase};
use slp_transport::{Error, Exchange as _, Limits, Nonce, PollId, Sudi, device};

fn at(seconds: i64) -> UnixSeconds {
    UnixSeconds::new(1_700_000_000 + seconds).expect("a time")
}

/// Time goes on, by nothing to some weeks.
fn later(input: &mut Unstructured<'_>, now: &mut i64) -> Result<UnixSeconds> {
    let steps = [0, 1, 5, 60, 600, 3_600, 86_400, 30 * 86_400];
    *now += input.choose(&steps)?;
    Ok(at(*now))
}

fn key(input: &mut Unstructured<'_>) -> Result<ReportKey> {
    let device: Udi = format!("P:TEST-SWITCH,S:TST0000000{}", input.int_in_range(1..=2)?).parse().expect("a device");
    Ok(ReportKey::new(device, ReportId::new(input.int_in_range(1..=9)?)))
}

fn keys(input: &mut Unstructured<'_>) -> Result<Vec<ReportKey>> {
    (0..input.int_in_range(0..=3)?).map(|_| key(input)).collect()
}

/// An answer of a server as it comes over HTTP.
fn reply(input: &mut Unstructured<'_>) -> Result<Reply> {
    let identity = Identity::new(Sudi::new("TEST-SWITCH", "TST00000001"), "regid.2020-01.com.cisco.TEST,1.0_x");
    let (nonce, time) = (Nonce::try_from("n1").expect("a nonce"), at(0).to_millis());
    let poll = ResultPolling::new(PollId::from(1), slp_transport::Action::Acknowledgements);
    let echo = Echo::of(&PiRequest::of(&identity, time, nonce, poll.into()));
    let wait = input.int_in_range(0..=4_000_u32)?;
    let status = input.choose(&["OK", "OK_POLL", "OK_TRY_AGAIN", "FAILED"])?;
    let code = input.choose(&[
        "null",
        "\"PI_TOO_LARGE\"",
        "\"PI_POLL_UNKNOWN\"",
        "\"PI_IDENTITY_INVALID\"",
        "\"PI_UPSTREAM\"",
    ])?;
    let action = input.choose(&["acknowledgements", "authorizations", "trusts", "others"])?;
    let data = input.choose(&[
        "null",
        r#"{"acknowledgements":[{"sudi":{"udi_pid":"TEST-SWITCH","udi_serial_number":"TST00000001"}}]}"#,
        r#"{"connect_info":{"name":"CSLU_V1","version":"v1","capabilities":["POLICY_USAGE"]},"pending":true}"#,
        r#"{"trusts":[{"sudi":{"udi_pid":"TEST-SWITCH","udi_serial_number":"TST00000001"},"status":"SUCCESS"}]}"#,
    ])?;
    // The data say what they answer; a server that mixes them up sends what cannot be read.
    let kind = if data.contains("connect_info") { "hello" } else { "result_polling" };
    let id = input.int_in_range(1..=3_u64)?;
    let body = format!(
        r#"{{"protocol":"slp-pi/1","status":"{status}","message_code":{code},"timestamp":1700000000000,"nonce":"n1","server_time":1700000000000,"type":"{kind}","correlation_id":"c","poll_id":{id},"poll_interval":{wait},"action":"{action}","data":{data}}}"#
    );
    let http = *input.choose(&[200_u16, 202, 400, 401, 413, 429, 503])?;
    let response = Response::builder().status(http).body(body.into_bytes()).expect("a response");
    if input.ratio(1, 6)? {
        return Ok(Reply::NoReply);
    }
    Ok(Reply::from_result(SlpPi1::new().decode_response(&response, &echo, &Limits::default())))
}

fn agent_event(input: &mut Unstructured<'_>, agent: &Agent) -> Result<Event> {
    Ok(match input.int_in_range(0..=13)? {
        0 => Event::Boot,
        1 => Event::Configured(*input.choose(&[Mode::Off, Mode::Cslu, Mode::Smart])?),
        2 => Event::token("token".into()),
        3 => Event::UsageChanged,
        4 => Event::ReportsClosed(keys(input)?),
        5 => Event::Sync,
        6 => Event::auth_requested(*input.choose(&["a", "b"])?),
        7 => Event::AuthReturned,
        8 => Event::Imported(match input.int_in_range(0..=2)? {
            0 => Imported::Acknowledgement(keys(input)?),
            1 => Imported::TrustCode,
            _ => Imported::Other,
        }),
        9 => Event::Interval(if input.arbitrary()? {
            Some(Seconds::new(input.int_in_range(0..=4_000_000)?))
        } else {
            None
        }),
        10 => Event::ClockStep(Seconds::new(input.int_in_range(-90_000..=90_000)?)),
        11 => Event::Tick,
        _ => {
            let exchange = agent.state().exchange;
            let old = input.ratio(1, 5)?;
            Event::answered(if old { exchange.saturating_sub(1) } else { exchange }, reply(input)?)
        }
    })
}

/// An agent: one exchange at a time, nothing twice in a list, a state that says everything, deadlines that are met.
pub fn agent(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let _ = run_agent(&mut input);
}

fn run_agent(input: &mut Unstructured<'_>) -> Result<()> {
    let (mut agent, mut now) = (Agent::new(), 0);
    while !input.is_empty() {
        let time = later(input, &mut now)?;
        let event = agent_event(input, &agent)?;
        step_agent(&mut agent, event, time);
        if let Some(deadline) = agent.next_deadline().filter(|deadline| *deadline <= time) {
            let before = agent.state().clone();
            step_agent(&mut agent, Event::Tick, time);
            let idle = agent.next_deadline() == Some(deadline) && *agent.state() == before;
            assert!(!idle, "a deadline that has come and is not met: {before:?}");
        }
    }
    Ok(())
}

fn step_agent(agent: &mut Agent, event: Event, time: UnixSeconds) {
    let before = agent.state().clone();
    let shown = format!("{event:?}");
    let actions = agent.handle(event, time);
    let state = agent.state();
    let sends = actions.iter().filter(|action| matches!(action, Action::Send { .. })).count();
    assert!(sends <= 1, "two messages at once: {shown} {before:?} {actions:?}");
    if sends == 1 {
        assert!(state.exchange > before.exchange, "an exchange without a number of its own: {shown}");
        let place = |wanted: fn(&Action) -> bool| actions.iter().position(wanted);
        let (save, send) = (place(|one| *one == Action::Save), place(|one| matches!(one, Action::Send { .. })));
        assert!(save.is_some() && save < send, "sent before it was kept: {shown} {actions:?}");
    }
    if *state != before {
        assert!(actions.iter().any(|action| matches!(action, Action::Save)), "not kept: {shown} {before:?} {state:?}");
    }
    for (index, one) in state.reports.iter().enumerate() {
        assert!(state.reports.iter().skip(index + 1).all(|other| other.key != one.key), "a report twice: {shown}");
    }
    for (index, one) in state.queue.iter().enumerate() {
        assert!(!state.queue.iter().skip(index + 1).any(|other| other == one), "a message twice: {shown} {state:?}");
    }
    for (index, one) in state.polls.iter().enumerate() {
        assert!(state.polls.iter().skip(index + 1).all(|other| other.id != one.id), "a poll twice: {shown}");
    }
    let text = serde_json::to_string(state).expect("a state is written");
    let again: slp_transport::agent::AgentState = serde_json::from_str(&text).expect("a state that was written");
    assert_eq!(again, *state);
}

/// An answer of the cloud to a submit or a poll.
fn cloud_answer(input: &mut Unstructured<'_>) -> Result<std::result::Result<CloudAnswer, Error>> {
    let status = input.choose(&["OK_POLL", "COMPLETE", "SUCCESS", "OK_TRY_AGAIN", "FAILED", "WHAT"])?;
    let nonce = input.choose(&["\"n1\"", "\"n2\"", "null"])?;
    let wait = input.choose(&["0", "30", "300", "4294967295"])?;
    let message = input.choose(&["null", "\"no\"", "\"Duplicate\""])?;
    let data = input.choose(&["null", "{\"acknowledgements\":[]}", "{\"authorizations\":[]}"])?;
    let id = input.choose(&["1", "18446744073709551615", "null"])?;
    let body = format!(
        r#"{{"status":"{status}","nonce":{nonce},"message":{message},"poll_id":{id},"poll_interval":{wait},"action":"acknowledgements","data":{data}}}"#
    );
    let http = *input.choose(&[200_u16, 202, 302, 400, 401, 403, 404, 429, 500, 503])?;
    let response = Response::builder().status(http).body(body.into_bytes()).expect("a response");
    Ok(Poll::answer(&response, &Limits::default()))
}

fn some_error(input: &mut Unstructured<'_>) -> Result<Error> {
    let http = *input.choose(&[302_u16, 400, 401, 403, 404, 415, 429, 500, 503])?;
    let response = Response::builder().status(http).body(Vec::new()).expect("a response");
    Ok(Poll::answer(&response, &Limits::default()).expect_err("no success"))
}

/// An upload: it ends once, sends one thing at a time, and meets its deadlines.
pub fn upload(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let _ = run_upload(&mut input);
}

fn run_upload(input: &mut Unstructured<'_>) -> Result<()> {
    let nonce = Nonce::try_from("n1").expect("a nonce");
    let mut upload = Upload::new(nonce, slp_transport::Action::Acknowledgements, input.arbitrary()?);
    let mut now = 0;
    while !input.is_empty() {
        let time = later(input, &mut now)?;
        let event = match input.int_in_range(0..=5)? {
            0 => UploadEvent::Start,
            1 => UploadEvent::TokenRefreshed(if input.arbitrary()? { Ok(()) } else { Err(some_error(input)?) }),
            2 => UploadEvent::Tick,
            _ => UploadEvent::answered(cloud_answer(input)?),
        };
        let over = upload.state().phase == UploadPhase::Over && !matches!(event, UploadEvent::Start);
        let actions = upload.handle(event, time);
        let what = |action: &&UploadAction| {
            matches!(action, UploadAction::Submit | UploadAction::Poll { .. } | UploadAction::Finished(_))
        };
        assert!(actions.iter().filter(what).count() <= 1, "two things at once: {actions:?}");
        assert!(!over || actions.iter().filter(what).count() == 0, "something after the end: {actions:?}");
        if upload.next_deadline().is_some_and(|deadline| deadline <= time) {
            let before = upload.state().clone();
            let actions = upload.handle(UploadEvent::Tick, time);
            assert!(*upload.state() != before || !actions.is_empty(), "a deadline that is not met: {before:?}");
        }
        let text = serde_json::to_string(upload.state()).expect("a state is written");
        assert_eq!(
            serde_json::from_str::<slp_transport::upload::UploadState>(&text).ok().as_ref(),
            Some(upload.state())
        );
    }
    Ok(())
}

/// A collector's work with a device.
pub fn collector(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let _ = run_collector(&mut input);
}

fn run_collector(input: &mut Unstructured<'_>) -> Result<()> {
    let (mut collector, mut now) = (Collector::new(), 0);
    while !input.is_empty() {
        let time = later(input, &mut now)?;
        let outcome = |input: &mut Unstructured<'_>| -> Result<std::result::Result<(), Error>> {
            Ok(if input.arbitrary()? { Ok(()) } else { Err(some_error(input)?) })
        };
        let event = match input.int_in_range(0..=5)? {
            0 => CollectorEvent::Start,
            1 => CollectorEvent::Closed(outcome(input)?),
            2 => CollectorEvent::Fetched(outcome(input)?.map(|()| device::DeviceReports::new(Vec::new()))),
            3 => CollectorEvent::Delivered(vec![b'x'; input.int_in_range(0..=3)?]),
            4 => CollectorEvent::Imported(outcome(input)?),
            _ => CollectorEvent::Tick,
        };
        collector.handle(event, time);
        let state = collector.state();
        assert!(
            state.phase != CollectorPhase::Importing || !state.documents.is_empty(),
            "nothing to import: {state:?}"
        );
        if collector.next_deadline().is_some_and(|deadline| deadline <= time) {
            let before = collector.state().clone();
            let actions = collector.handle(CollectorEvent::Tick, time);
            assert!(*collector.state() != before || !actions.is_empty(), "a deadline that is not met: {before:?}");
        }
    }
    Ok(())
}

/// An account and its exchange: no way back from an end, watermarks that only rise, nothing applied twice.
pub fn account(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let _ = run_account(&mut input);
}

fn run_account(input: &mut Unstructured<'_>) -> Result<()> {
    let deadlines = if input.arbitrary()? { Deadlines::network() } else { Deadlines::manual() };
    let (mut account, mut exchange) = (Account::requested(deadlines), SyncExchange::new("i"));
    let mut now = 0_i64;
    let mut digests = BTreeSet::new();
    while !input.is_empty() {
        let time = later(input, &mut now)?.to_millis();
        let before = account.clone();
        let outcome = match input.int_in_range(0..=12)? {
            0 => account.approve(),
            1 => account.reject(),
            2 => account.request_written(format!("i{}", input.int_in_range(0..=3)?)),
            3 => account.request_voided(),
            4 => account.registered(time),
            5 => account.synchronized(time),
            6 => {
                account.evaluate(time);
                Ok(())
            }
            7 => {
                account.confirm_clock(time);
                Ok(())
            }
            8 => account.deactivate(input.int_in_range(0..=1)?, input.arbitrary()?),
            9 => account.delete(),
            10 => {
                let kind = *input.choose(&[RequestKind::Registration, RequestKind::Synchronization])?;
                let former = exchange.pending().map(|pending| pending.last_generated);
                let pending =
                    exchange.request(kind, format!("r{}", input.int_in_range(0..=5)?), time, input.arbitrary()?);
                assert!(former.is_none_or(|former| pending.last_generated > former), "a request that is no later one");
                Ok(())
            }
            11 => {
                exchange.force_full();
                Ok(())
            }
            _ => {
                answered(input, &mut exchange, time, &mut digests)?;
                Ok(())
            }
        };
        if let Err(error) = outcome {
            crate::said(&error);
            assert!(error.kind() != ErrorKind::AccountState || account == before, "refused, and changed all the same");
        }
        let ended = [AccountState::Rejected, AccountState::Deleted].contains(&before.state());
        assert!(!ended || account.state() == before.state(), "back from the end");
    }
    Ok(())
}

fn answered(
    input: &mut Unstructured<'_>,
    exchange: &mut SyncExchange,
    time: UnixMillis,
    digests: &mut BTreeSet<[u8; 32]>,
) -> Result<()> {
    let kind = *input.choose(&[ResponseKind::Authorization, ResponseKind::Response])?;
    let instance = if input.ratio(1, 8)? { "j" } else { "i" };
    let pending = exchange.pending().cloned();
    let request = match &pending {
        Some(pending) if !input.ratio(1, 4)? => pending.request_id.clone(),
        _ => format!("r{}", input.int_in_range(0..=5)?),
    };
    let generated = pending.as_ref().map_or(time, |pending| pending.last_generated);
    let mut facts = ResponseFacts::new(kind, instance, [input.int_in_range(0..=20)?; 32], request, generated, time);
    facts.base_sync = if input.arbitrary()? { exchange.last_sync() } else { None };
    facts.full_requested = input.ratio(1, 6)?;
    facts.virtual_accounts = vec![input.choose(&["v", "w"])?.to_string()];
    let (before, judged) = (exchange.clone(), exchange.judge(&facts));
    match exchange.applied(&facts) {
        Ok(()) => {
            assert!(matches!(judged, Ok(Outcome::Apply(_))));
            assert!(before.last_sync() < exchange.last_sync(), "a watermark that does not rise");
            assert!(digests.insert(facts.digest), "applied twice");
            assert!(exchange.pending().is_none());
            assert_eq!(exchange.judge(&facts).ok(), Some(Outcome::AlreadyApplied));
        }
        Err(error) => {
            crate::said(&error);
            assert_eq!(*exchange, before, "refused, and changed all the same");
        }
    }
    Ok(())
}

/// Pools: they always add up, and nobody gives what is not free.
pub fn pools(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let _ = run_pools(&mut input);
}

fn run_pools(input: &mut Unstructured<'_>) -> Result<()> {
    let tags: Vec<EntitlementTag> = ["a", "b", "c"].iter().map(|name| name.parse().expect("a tag")).collect();
    let mut pools = Pools::new("0", "Default");
    while !input.is_empty() {
        let tag = input.choose(&tags)?.clone();
        let ids = ["0", "1", "2", "3"];
        let (id, other) = (*input.choose(&ids)?, *input.choose(&ids)?);
        let count = match input.int_in_range(0..=3)? {
            0 => input.arbitrary::<u64>()?,
            1 => slp_sync::pool::COUNT_MAX - input.int_in_range(0..=1)?,
            _ => input.int_in_range(0..=20)?,
        };
        let before = pools.clone();
        let outcome = match input.int_in_range(0..=6)? {
            0 => pools.add(id, "One"),
            1 => pools.rename(id, "Two"),
            2 => pools.delete(id, input.int_in_range(0..=1)?),
            3 => pools.set_purchased(&tag, count).map(drop),
            4 => pools.set_use(id, &tag, count, input.int_in_range(0..=9)?, input.arbitrary()?),
            5 => {
                let tiers = (0..input.int_in_range(1..=3)?).map(|_| input.choose(&tags).cloned());
                let tiers = tiers.collect::<Result<Vec<_>>>()?;
                Hierarchy::new("h", tiers).and_then(|one| pools.set_hierarchies(vec![one]))
            }
            _ => {
                let free = pools.standing(id, &tag).map(|standing| standing.available);
                let outcome = pools.transfer(&tag, count, id, other);
                assert!(outcome.is_err() || free.is_ok_and(|free| count <= free), "given what was not free");
                outcome
            }
        };
        assert!(pools.is_balanced(), "pools do not add up: {pools:?}");
        if let Err(error) = outcome {
            crate::said(&error);
            assert_eq!(pools, before, "refused, and changed all the same");
        }
        for id in ids {
            let standings = tags.iter().filter_map(|tag| pools.standing(id, tag).ok());
            let (lent, borrowed) = standings.fold((0_u128, 0_u128), |(lent, borrowed), one| {
                (lent + u128::from(one.lent), borrowed + u128::from(one.borrowed))
            });
            assert_eq!(lent, borrowed, "what is lent is borrowed: {pools:?}");
        }
    }
    Ok(())
}
