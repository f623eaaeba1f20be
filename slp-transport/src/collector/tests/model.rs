//! A collector between devices and a cloud, all behind a bad network: requests are lost, late and doubled, answers are lost,
//! gateways are in the way, and the process dies between any two actions. In the end every report is acknowledged on its
//! device, and none is lost or acknowledged unseen.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::dice::Dice;
use crate::{RumEnvelope, Signature};

/// A device: numbers of reports stand for reports, a document is a list of numbers.
#[derive(Default)]
struct Device {
    closed: BTreeSet<u64>,
    acknowledged: BTreeMap<u64, u32>,
    wants_xml: bool,
    next: u64,
}

impl Device {
    fn close(&mut self, dice: &mut Dice) -> Result<(), Error> {
        if dice.roll(6) == 0 {
            return status(409);
        }
        if dice.roll(2) == 0 {
            self.next += 1;
            self.closed.insert(self.next);
        }
        Ok(())
    }

    fn reports(&self) -> DeviceReports {
        let envelope = |id: &u64| RumEnvelope::new(id.to_string(), Signature::new("builtin", "k", "v"));
        DeviceReports::new(self.closed.iter().map(envelope).collect())
    }

    fn import(&mut self, document: &[u8], encoding: ImportEncoding, dice: &mut Dice) -> Result<(), Error> {
        if dice.roll(20) == 0 {
            return status(if dice.roll(2) == 0 { 409 } else { 500 });
        }
        if self.wants_xml != (encoding == ImportEncoding::RawXml) {
            return status(415);
        }
        for id in std::str::from_utf8(document).unwrap().split(' ').map(|id| id.parse().unwrap()) {
            assert!(self.closed.remove(&id) || self.acknowledged.contains_key(&id), "{id} was never closed");
            *self.acknowledged.entry(id).or_default() += 1;
        }
        Ok(())
    }
}

/// A request that arrives after its sender has given it up.
enum Late {
    Close,
    Import(Vec<u8>, ImportEncoding),
}

struct World {
    collector: Collector,
    kept: String,
    device: Device,
    /// Handed on and not answered yet; then answered and not delivered yet.
    forwarded: BTreeSet<u64>,
    answers: Vec<Vec<u8>>,
    late: Vec<Late>,
    dice: Dice,
    deaths: u32,
    calm: bool,
}

impl World {
    /// One request: what becomes of it, and what the collector hears.
    fn ask<T>(
        &mut self,
        late: Option<Late>,
        act: impl Fn(&mut Device, &mut Dice) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let lost = || Error::new(ErrorKind::NoReply, "no answer in time");
        match if self.calm { 9 } else { self.dice.roll(10) } {
            0 => Err(lost()),
            1 => {
                let _ = act(&mut self.device, &mut self.dice);
                Err(lost())
            }
            2 => {
                self.late.extend(late);
                Err(lost())
            }
            3 => {
                let _ = act(&mut self.device, &mut self.dice);
                act(&mut self.device, &mut self.dice)
            }
            4 => Err(status(503).unwrap_err()),
            _ => act(&mut self.device, &mut self.dice),
        }
    }

    /// What an event leads to; the next event, if one comes by itself.
    fn step(&mut self, event: CollectorEvent, now: UnixSeconds) -> Option<CollectorEvent> {
        let mut next = None;
        for action in self.collector.handle(event, now) {
            if !self.calm && self.dice.roll(20) == 0 {
                self.deaths += 1;
                self.collector = Collector::resume(serde_json::from_str(&self.kept).unwrap());
                return Some(CollectorEvent::Start);
            }
            match action {
                CollectorAction::Save => self.kept = serde_json::to_string(self.collector.state()).unwrap(),
                CollectorAction::Close => {
                    next = Some(CollectorEvent::Closed(self.ask(Some(Late::Close), Device::close)));
                }
                CollectorAction::Fetch => {
                    next = Some(CollectorEvent::Fetched(self.ask(None, |device, _| Ok(device.reports()))));
                }
                // Kept by the caller before it goes on: the same report twice is the same report.
                CollectorAction::Forward(reports) => {
                    self.forwarded
                        .extend(reports.usage.iter().map(|report| report.payload.as_str().parse::<u64>().unwrap()));
                }
                CollectorAction::Import { document, encoding } => {
                    let document = document.decode(&Limits::default()).unwrap();
                    let late = Late::Import(document.clone(), encoding);
                    let imported = self.ask(Some(late), |device, dice| device.import(&document, encoding, dice));
                    next = Some(CollectorEvent::Imported(imported));
                }
                CollectorAction::NotImported(error) => panic!("no document is bad: {error}"),
                CollectorAction::Failed(_) | CollectorAction::Acknowledged => {}
            }
        }
        next
    }

    /// The cloud answers what it was handed; requests that were given up arrive.
    fn elsewhere(&mut self) {
        if !self.forwarded.is_empty() && (self.calm || self.dice.roll(2) == 0) {
            let ids: Vec<String> = std::mem::take(&mut self.forwarded).iter().map(u64::to_string).collect();
            self.answers.push(ids.join(" ").into_bytes());
        }
        for late in std::mem::take(&mut self.late) {
            let _ = match late {
                Late::Close => self.device.close(&mut self.dice),
                Late::Import(document, encoding) => self.device.import(&document, encoding, &mut self.dice),
            };
        }
    }
}

/// Rounds of an hour each.
fn run(seed: u64, rounds: i64) -> World {
    let collector = Collector::new().with_seed(seed);
    let kept = serde_json::to_string(collector.state()).unwrap();
    let device = Device { wants_xml: seed.is_multiple_of(3), ..Device::default() };
    let (forwarded, answers, late, dice) = (BTreeSet::new(), Vec::new(), Vec::new(), Dice(seed | 1));
    let mut world = World { collector, kept, device, forwarded, answers, late, dice, deaths: 0, calm: false };
    for round in 0..rounds {
        let (mut now, end) = (at(round * 3_600), at((round + 1) * 3_600));
        world.calm = round >= rounds - 4;
        // A round begins from the start, as one of a collector does; documents that wait stay.
        let mut state = world.collector.state().clone();
        (state.phase, state.due, state.failures) = (CollectorPhase::New, None, 0);
        world.collector = Collector::resume(state);
        let mut event = Some(CollectorEvent::Start);
        for turn in 0.. {
            assert!(turn < 1_000, "it does not come to rest: {:?}", world.collector.state());
            let Some(next) = event.take() else {
                if let Some(answer) = world.answers.pop() {
                    event = Some(CollectorEvent::Delivered(answer.clone()));
                    // Delivered twice, and kept elsewhere until the collector has kept it.
                    if world.dice.roll(5) == 0 {
                        world.answers.push(answer);
                    }
                    continue;
                }
                let Some(due) = world.collector.next_deadline().filter(|due| *due < end) else { break };
                now = due;
                event = Some(CollectorEvent::Tick);
                continue;
            };
            let delivered = if let CollectorEvent::Delivered(answer) = &next { Some(answer.clone()) } else { None };
            let deaths = world.deaths;
            event = world.step(next, now);
            if deaths != world.deaths {
                world.answers.extend(delivered);
            }
            world.elsewhere();
        }
    }
    world
}

fn is_whole(world: &World) -> Result<(), TestCaseError> {
    prop_assert!(world.collector.state().documents.is_empty(), "{:?}", world.collector.state());
    prop_assert!(world.device.closed.is_empty(), "{:?} {:?}", world.device.closed, world.collector.state());
    prop_assert!((1..=world.device.next).all(|id| world.device.acknowledged.contains_key(&id)));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_report_of_a_device_is_acknowledged_and_none_is_lost(seed in any::<u64>()) {
        is_whole(&run(seed, 30))?;
    }
}

#[test]
fn a_year_of_rounds_behind_a_bad_network_loses_nothing() {
    let world = run(11, 365 * 24);
    assert!(world.device.next > 1_000 && world.deaths > 100, "{} reports, {} deaths", world.device.next, world.deaths);
    is_whole(&world).unwrap();
}
