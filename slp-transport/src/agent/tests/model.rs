//! The machine against a server behind a bad network: messages are lost, delayed, doubled and reordered, and the process
//! dies between any two actions. In the end every report is acknowledged, once, and none is lost.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::dice::Dice;

/// A server that keeps what it got and answers polls for as long as it is asked.
#[derive(Default)]
struct Server {
    taken: BTreeMap<ReportKey, u32>,
    polls: BTreeMap<PollId, u32>,
}

impl Server {
    fn serve(&mut self, say: &Say, dice: &mut Dice, calm: bool) -> Reply {
        match say {
            Say::Hello { .. } => hello_ok(&["POLICY_USAGE"]),
            Say::Usage { reports, .. } => {
                for report in reports {
                    *self.taken.entry(report.clone()).or_default() += 1;
                }
                match dice.roll(if calm { 2 } else { 4 }) {
                    0 => acknowledged(),
                    1 => {
                        let id = (1 << 53) + u64::try_from(self.polls.len()).unwrap();
                        self.polls.insert(PollId::from(id), 0);
                        poll(id)
                    }
                    2 => Reply::TryAgain { after: Some(5), reason: None },
                    _ => Reply::Failed { reason: None, code: None, retry: crate::Retry::Transient },
                }
            }
            Say::Poll { id, .. } => match self.polls.get_mut(id) {
                Some(asked) => {
                    *asked += 1;
                    if *asked > 1 { acknowledged() } else { poll(id.get()) }
                }
                None => Reply::refused("PI_POLL_UNKNOWN"),
            },
            _ => Reply::Ok(None),
        }
    }
}

struct World {
    agent: Agent,
    kept: String,
    server: Server,
    dice: Dice,
    now: i64,
    next_id: u64,
    open: bool,
    /// Answers under way: when, to which exchange, what.
    wire: Vec<(i64, u64, Reply)>,
    acknowledged: BTreeMap<ReportKey, u32>,
    created: Vec<ReportKey>,
    mode: Mode,
    interval: Option<Seconds>,
    deaths: u32,
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
            server: Server::default(),
            dice: Dice(seed | 1),
            now: 0,
            next_id: 1,
            open: true,
            wire: Vec::new(),
            acknowledged: BTreeMap::new(),
            created: Vec::new(),
            mode,
            interval: Some(Seconds::from_days(30)),
            deaths: 0,
            calm: false,
        };
        world.handle(Event::Configured(mode));
        world
    }

    fn handle(&mut self, event: Event) {
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            for action in self.agent.handle(event, at(self.now)) {
                if !self.calm && self.dice.roll(400) == 0 {
                    // The process dies before this action. The device itself keeps its reports.
                    self.deaths += 1;
                    self.wire.clear();
                    self.agent = Agent::resume(serde_json::from_str(&self.kept).unwrap());
                    let missing = self.created.iter().filter(|key| !self.acknowledged.contains_key(*key));
                    let missing = missing.cloned().collect();
                    // What the operator configured is kept by the device, not by the agent.
                    let start =
                        if self.agent.state().mode == self.mode { Event::Boot } else { Event::Configured(self.mode) };
                    events = vec![Event::ReportsClosed(missing), Event::Interval(self.interval), start];
                    break;
                }
                match action {
                    Action::Save => self.kept = serde_json::to_string(self.agent.state()).unwrap(),
                    Action::CloseReports => {
                        let mut closed = Vec::new();
                        if std::mem::take(&mut self.open) {
                            closed.push(key(self.next_id));
                            self.next_id += 1;
                        }
                        self.created.extend(closed.iter().cloned());
                        events.push(Event::ReportsClosed(closed));
                    }
                    Action::Send { exchange, say } => self.network(exchange, &say),
                    Action::Acknowledged(keys) => {
                        for key in keys {
                            *self.acknowledged.entry(key).or_default() += 1;
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    fn network(&mut self, exchange: u64, say: &Say) {
        let fate = if self.calm { 9 } else { self.dice.roll(10) };
        if fate == 0 {
            return; // the request is lost
        }
        let mut reply = self.server.serve(say, &mut self.dice, self.calm);
        if fate == 1 {
            return; // the answer is lost
        }
        if fate == 2 {
            reply = self.server.serve(say, &mut self.dice, self.calm); // the request came twice
        }
        let delay = if fate == 3 { 60 } else { i64::try_from(self.dice.roll(3)).unwrap() };
        if fate == 4 {
            self.wire.push((self.now + delay + 10, exchange, reply.clone())); // the answer comes twice
        }
        self.wire.push((self.now + delay, exchange, reply));
    }

    fn run_until(&mut self, end: i64) {
        loop {
            let deadline = self.agent.next_deadline().map(|time| (time.get() - at(0).get()).max(self.now));
            let arrival = self.wire.iter().map(|(time, ..)| *time).min();
            let Some(next) = [deadline, arrival].into_iter().flatten().min().filter(|next| *next <= end) else {
                break;
            };
            self.now = next.max(self.now);
            if arrival == Some(next) {
                let place = self.wire.iter().position(|(time, ..)| *time == next).unwrap();
                let (_, exchange, reply) = self.wire.remove(place);
                self.handle(Event::answered(exchange, reply));
            } else {
                self.handle(Event::Tick);
            }
        }
        self.now = end;
    }
}

const DAY: i64 = 86_400;

fn run(seed: u64, mode: Mode) -> World {
    let mut world = World::new(seed, mode);
    world.interval = Some(Seconds::from_days(2));
    world.handle(Event::Interval(world.interval));
    for day in 1..=40 {
        world.run_until(day * DAY);
        world.open = true;
        match world.dice.roll(4) {
            0 => world.handle(Event::UsageChanged),
            1 => world.handle(Event::Sync),
            _ => {}
        }
    }
    world.calm = true;
    world.run_until(60 * DAY);
    world
}

proptest! {
    // A case is two months of a device's life: a quarter of the usual number, scaled by PROPTEST_CASES as usual.
    #![proptest_config(ProptestConfig {
        cases: (ProptestConfig::default().cases / 4).max(1),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_report_is_acknowledged_and_none_is_lost(seed in any::<u64>(), smart in any::<bool>()) {
        let world = run(seed, if smart { Mode::Smart } else { Mode::Cslu });
        prop_assert!(world.created.len() > 10, "{}", world.created.len());
        prop_assert!(world.agent.state().reports.is_empty(), "{:?}", world.agent.state());
        for key in &world.created {
            let times = world.acknowledged.get(key).copied().unwrap_or_default();
            prop_assert!(times >= 1, "{key:?} was never acknowledged");
            prop_assert!(world.server.taken.contains_key(key));
            prop_assert!(times == 1 || world.deaths > 0, "{key:?} was acknowledged {times} times");
        }
    }
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
