//! The machine against a server behind a bad network: messages and answers are lost, late, doubled and in another order, the
//! server refuses and talks nonsense, the operator interferes, clocks are set, and the process dies between any two actions.
//! In the end every report is acknowledged, once for the device, and none is lost or acknowledged unseen.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::dice::Dice;

/// A server that keeps what it got and answers polls for as long as it is asked.
#[derive(Default)]
struct Server {
    taken: BTreeSet<ReportKey>,
    polls: BTreeMap<PollId, u32>,
    asked_for: BTreeSet<String>,
    /// One hello in so many is told that something is pending.
    pending: u64,
}

impl Server {
    fn serve(&mut self, say: &Say, dice: &mut Dice, calm: bool) -> Reply {
        if !calm && dice.roll(12) == 0 {
            // A gateway in between, or a page that is no answer.
            let retry =
                *[Retry::Transient, Retry::Throttle { after: None }].get(usize::from(dice.roll(2) == 0)).unwrap();
            return Reply::Failed { reason: None, code: None, retry };
        }
        match say {
            Say::Hello { .. } if dice.roll(self.pending) == 0 => hello_pending(),
            Say::Hello { .. } => hello_ok(&["POLICY_USAGE"]),
            Say::Usage { reports, features } => {
                self.taken.extend(reports.iter().cloned());
                self.asked_for.extend(features.iter().cloned());
                match dice.roll(if calm { 2 } else { 3 }) {
                    0 => acknowledged(),
                    1 => self.later(),
                    _ => Reply::TryAgain { after: Some(5), reason: None },
                }
            }
            Say::AuthorizationRequest(features) => {
                self.asked_for.extend(features.iter().cloned());
                Reply::Ok(Some(Results::new().into()))
            }
            Say::Poll { id, .. } => match self.polls.get_mut(id) {
                Some(_) if !calm && dice.roll(20) == 0 => {
                    self.polls.remove(id);
                    Reply::refused("PI_POLL_UNKNOWN")
                }
                Some(asked) => {
                    *asked += 1;
                    match dice.roll(6) {
                        _ if *asked < 2 => poll(id.get()),
                        0 => self.later(), // another name for the same result
                        _ => acknowledged(),
                    }
                }
                None => Reply::refused("PI_POLL_UNKNOWN"),
            },
            _ => Reply::Ok(None),
        }
    }

    fn later(&mut self) -> Reply {
        let id = (1 << 53) + u64::try_from(self.polls.len()).unwrap();
        self.polls.insert(PollId::from(id), 0);
        poll(id)
    }
}

/// Something that is on its way.
enum Packet {
    Request(Say),
    Answer(Reply),
}

struct World {
    agent: Agent,
    kept: String,
    server: Server,
    dice: Dice,
    now: i64,
    next_id: u64,
    open: bool,
    /// When it arrives, to which exchange it belongs, what it is.
    wire: Vec<(i64, u64, Packet)>,
    acknowledged: BTreeMap<ReportKey, u32>,
    /// Acknowledged, and the process died before that was kept: they may be told again.
    untold: BTreeSet<ReportKey>,
    created: Vec<ReportKey>,
    /// Those that the agent knows, and has kept that it does: the device does not name them again.
    handed: BTreeSet<ReportKey>,
    mode: Mode,
    interval: Option<Seconds>,
    deaths: u32,
    sent: u64,
    calm: bool,
}

impl World {
    fn new(seed: u64, mode: Mode) -> Self {
        let mut agent = Agent::new();
        if mode == Mode::Smart {
            agent.handle(Event::Imported(Imported::TrustCode), at(0));
        }
        let kept = serde_json::to_string(agent.state()).unwrap();
        let mut world = Self {
            agent,
            kept,
            server: Server { pending: if seed.is_multiple_of(2) { 1 } else { 3 }, ..Server::default() },
            dice: Dice(seed | 1),
            now: 0,
            next_id: 1,
            open: true,
            wire: Vec::new(),
            acknowledged: BTreeMap::new(),
            untold: BTreeSet::new(),
            created: Vec::new(),
            handed: BTreeSet::new(),
            mode,
            interval: Some(Seconds::from_days(30)),
            deaths: 0,
            sent: 0,
            calm: false,
        };
        world.handle(Event::Configured(mode));
        world
    }

    fn handle(&mut self, event: Event) {
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            let mut told: Vec<ReportKey> = Vec::new();
            let named = if let Event::ReportsClosed(keys) = &event { keys.clone() } else { Vec::new() };
            for action in self.agent.handle(event, at(self.now)) {
                if !self.calm && self.dice.roll(300) == 0 {
                    // The process dies before this action. The device itself keeps its reports; what is on the wire stays there.
                    self.deaths += 1;
                    self.untold.extend(told);
                    self.agent = Agent::resume(serde_json::from_str(&self.kept).unwrap());
                    let missing = self.created.iter().filter(|key| !self.handed.contains(*key));
                    let missing = missing.cloned().collect();
                    // What the operator configured is kept by the device, not by the agent.
                    let start =
                        if self.agent.state().mode == self.mode { Event::Boot } else { Event::Configured(self.mode) };
                    events = vec![Event::ReportsClosed(missing), Event::Interval(self.interval), start];
                    break;
                }
                match action {
                    Action::Save => {
                        told.clear();
                        self.handed.extend(named.iter().cloned());
                        self.kept = serde_json::to_string(self.agent.state()).unwrap();
                    }
                    Action::CloseReports => {
                        let mut closed = Vec::new();
                        if std::mem::take(&mut self.open) {
                            closed.push(key(self.next_id));
                            self.next_id += 1;
                        }
                        self.created.extend(closed.iter().cloned());
                        events.push(Event::ReportsClosed(closed));
                    }
                    Action::Send { exchange, say } => {
                        self.sent += 1;
                        self.carry(exchange, Packet::Request(say));
                    }
                    Action::Acknowledged(keys) => {
                        for key in keys {
                            assert!(self.server.taken.contains(&key), "{key:?} was never seen by the server");
                            *self.acknowledged.entry(key.clone()).or_default() += 1;
                            told.push(key);
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    /// Puts something on the wire: it may be lost, late (behind what is sent after it) or doubled.
    fn carry(&mut self, exchange: u64, packet: Packet) {
        let fate = if self.calm { 9 } else { self.dice.roll(10) };
        let usual = i64::try_from(self.dice.roll(3)).unwrap();
        let arrival = self.now + usual + if fate == 1 { i64::try_from(self.dice.roll(200_000)).unwrap() } else { 0 };
        if fate == 2 {
            let again = match &packet {
                Packet::Request(say) => Packet::Request(say.clone()),
                Packet::Answer(reply) => Packet::Answer(reply.clone()),
            };
            let late = i64::try_from(self.dice.roll(5_000)).unwrap();
            self.wire.push((arrival + late, exchange, again));
        }
        if fate != 0 {
            self.wire.push((arrival, exchange, packet));
        }
    }

    fn arrive(&mut self, place: usize) {
        match self.wire.remove(place) {
            (_, exchange, Packet::Request(say)) => {
                let reply = self.server.serve(&say, &mut self.dice, self.calm);
                self.carry(exchange, Packet::Answer(reply));
            }
            (_, exchange, Packet::Answer(reply)) => self.handle(Event::answered(exchange, reply)),
        }
    }

    fn run_until(&mut self, end: i64) {
        let mut turns = 0;
        loop {
            let deadline = self.agent.next_deadline().map(|time| (time.get() - at(0).get()).max(self.now));
            let arrival = self.wire.iter().map(|(time, ..)| *time).min();
            let Some(next) = [deadline, arrival].into_iter().flatten().min().filter(|next| *next <= end) else {
                break;
            };
            turns = if next > self.now { 0 } else { turns + 1 };
            assert!(turns < 1_000, "it does not come to rest: {:?}", self.agent.state());
            self.now = next.max(self.now);
            if arrival == Some(next) {
                let place = self.wire.iter().position(|(time, ..)| *time == next).unwrap();
                self.arrive(place);
            } else {
                self.handle(Event::Tick);
            }
        }
        self.now = self.now.max(end);
    }

    fn interfere(&mut self) {
        match self.dice.roll(12) {
            0 | 1 => self.handle(Event::UsageChanged),
            2 => self.handle(Event::Sync),
            3 => self.handle(Event::auth_requested("hseck9")),
            4 => self.handle(Event::AuthReturned),
            5 => {
                // An acknowledgement that came another way.
                let known =
                    self.created.iter().filter(|key| self.server.taken.contains(*key)).take(2).cloned().collect();
                self.handle(Event::Imported(Imported::Acknowledgement(known)));
            }
            6 => {
                // The device's clock is set: what is under way arrives after as long as before.
                let step = i64::try_from(self.dice.roll(20_000)).unwrap() - 10_000;
                self.now += step;
                self.wire.iter_mut().for_each(|(time, ..)| *time += step);
                self.handle(Event::ClockStep(Seconds::new(step)));
            }
            7 => self.handle(Event::Boot),
            _ => {}
        }
    }
}

const DAY: i64 = 86_400;

fn run(seed: u64, mode: Mode, days: i64) -> World {
    let mut world = World::new(seed, mode);
    world.interval = Some(Seconds::from_days(2));
    world.handle(Event::Interval(world.interval));
    for day in 1..=days {
        world.run_until(day * DAY);
        world.open = true;
        world.interfere();
    }
    world.calm = true;
    world.run_until((days + 20) * DAY);
    world
}

fn is_whole(world: &World) -> Result<(), TestCaseError> {
    prop_assert!(world.agent.state().reports.is_empty(), "{:?}", world.agent.state());
    prop_assert!(world.agent.state().polls.is_empty(), "{:?}", world.agent.state());
    prop_assert!(world.agent.state().wanted.is_empty(), "{:?}", world.agent.state());
    for key in &world.created {
        let times = world.acknowledged.get(key).copied().unwrap_or_default();
        prop_assert!(times >= 1, "{key:?} was never acknowledged");
        prop_assert!(times == 1 || world.untold.contains(key), "{key:?} was acknowledged {times} times");
    }
    Ok(())
}

proptest! {
    // A case is two months of a device's life: a quarter of the usual number, scaled by PROPTEST_CASES as usual.
    #![proptest_config(ProptestConfig {
        cases: (ProptestConfig::default().cases / 4).max(1),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_report_is_acknowledged_once_and_none_is_lost(seed in any::<u64>(), smart in any::<bool>()) {
        let world = run(seed, if smart { Mode::Smart } else { Mode::Cslu }, 40);
        prop_assert!(world.created.len() > 10, "{}", world.created.len());
        is_whole(&world)?;
    }
}

#[test]
fn a_year_behind_a_bad_network_loses_nothing() {
    let (mut deaths, mut again) = (0, 0);
    for (seed, mode) in [(3, Mode::Cslu), (4, Mode::Smart)] {
        let world = run(seed, mode, 365);
        assert!(world.created.len() > 100, "{}", world.created.len());
        is_whole(&world).unwrap();
        deaths += world.deaths;
        again += world.acknowledged.values().filter(|times| **times > 1).count();
    }
    assert!(deaths > 20, "{deaths}");
    assert!(again <= usize::try_from(deaths).unwrap());
}

#[test]
fn a_quiet_year_takes_a_moment_and_pushes_every_thirty_days() {
    let mut world = World::new(7, Mode::Cslu);
    world.calm = true;
    for day in 1..=365 {
        world.run_until(day * DAY);
        world.open = true;
    }
    let usage = &world.agent.state().counters[&Kind::UsageReporting];
    assert_eq!(usage.total, 13, "the first after two minutes, then every thirty days");
    assert_eq!(world.acknowledged.values().sum::<u32>(), 13);
    assert_eq!(usage.fail, 0);
}
