//! A clock and a network for a collector.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use http::Response;
use slp_kit::{Clock, Error, Network};

use crate::collector::{Collector, Outgoing, Peer};

/// More messages than one turn can need: peers that never stop asking for more are left alone until the next turn.
const MESSAGES: usize = 100_000;

/// An exchange, and what came back.
type Answer = (u64, Option<Response<Vec<u8>>>);

/// Runs one collector.
#[derive(Clone)]
pub struct Runner {
    /// The collector.
    pub collector: Arc<Mutex<Collector>>,
    cloud: Arc<dyn Network>,
    devices: Arc<dyn Network>,
    clock: Arc<dyn Clock>,
    /// Answers that came and were not taken yet.
    inbox: Arc<Mutex<Vec<Answer>>>,
    /// Messages of one turn.
    most: usize,
}

impl Runner {
    /// This collector, with a way to the cloud and one to devices, at this clock's time.
    pub fn new(
        collector: Arc<Mutex<Collector>>,
        cloud: Arc<dyn Network>,
        devices: Arc<dyn Network>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { collector, cloud, devices, clock, inbox: Arc::default(), most: MESSAGES }
    }

    /// Does what is due, and sends until there is nothing to send: messages that are ready together go at once, a thread
    /// each, and a slow peer keeps nobody waiting but itself. How many went out.
    ///
    /// # Errors
    /// When something cannot be kept.
    pub fn turn(&self) -> Result<usize, Error> {
        self.lock().tick(self.clock.now())?;
        let (mut sent, mut outgoing) = (0, self.lock().take_outgoing());
        while sent < self.most {
            match outgoing.as_slice() {
                [] => break,
                [one] => {
                    outgoing = self.exchange(one)?;
                    sent += 1;
                }
                _ => {
                    sent += self.together(outgoing)?;
                    outgoing = self.lock().take_outgoing();
                }
            }
        }
        // what was taken and not sent waits for the next turn, and holds no place of a device until then
        self.lock().take_back(outgoing);
        Ok(sent)
    }

    /// Sends these, and what follows from their answers, until there is nothing to send.
    fn together(&self, outgoing: Vec<Outgoing>) -> Result<usize, Error> {
        let threads = outgoing.len();
        let traffic = Traffic::new(outgoing, self.most);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    while let Some(one) = traffic.next() {
                        let _under_way = UnderWay(&traffic);
                        let done = self.exchange(&one);
                        traffic.follow(done);
                    }
                });
            }
        });
        let State { ready, sent, failed, .. } = traffic.end();
        // what was not sent waits for the next turn
        self.lock().take_back(ready);
        failed.map_or(Ok(sent), Err)
    }

    /// Sends one message and brings its answer; what is to be sent then. The collector is not locked while the network takes
    /// its time. Answers that come while it is locked are kept together by the next thread that has it.
    fn exchange(&self, outgoing: &Outgoing) -> Result<Vec<Outgoing>, Error> {
        let network = match outgoing.to {
            Peer::Cloud => &self.cloud,
            Peer::Device => &self.devices,
        };
        let response: Option<Response<Vec<u8>>> = network.send(&outgoing.request);
        let inbox = || self.inbox.lock().unwrap_or_else(PoisonError::into_inner);
        inbox().push((outgoing.exchange, response));
        let mut collector = self.lock();
        let answers = std::mem::take(&mut *inbox());
        if !answers.is_empty() {
            collector.answered_all(answers, self.clock.now())?;
        }
        Ok(collector.take_outgoing())
    }

    fn lock(&self) -> MutexGuard<'_, Collector> {
        self.collector.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Messages that threads send.
struct Traffic {
    most: usize,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    ready: VecDeque<Outgoing>,
    under_way: usize,
    sent: usize,
    failed: Option<Error>,
}

impl Traffic {
    fn new(outgoing: Vec<Outgoing>, most: usize) -> Self {
        let state = State { ready: outgoing.into(), under_way: 0, sent: 0, failed: None };
        Self { most, state: Mutex::new(state), changed: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next message; waits while the answers that are under way may bring one.
    fn next(&self) -> Option<Outgoing> {
        let mut state = self.state();
        loop {
            if state.failed.is_some() || state.sent >= self.most {
                return None;
            }
            if let Some(one) = state.ready.pop_front() {
                (state.under_way, state.sent) = (state.under_way + 1, state.sent + 1);
                return Some(one);
            }
            if state.under_way == 0 {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// What follows from an answer.
    fn follow(&self, more: Result<Vec<Outgoing>, Error>) {
        let mut state = self.state();
        match more {
            Ok(more) => state.ready.extend(more),
            Err(error) => state.failed = Some(error),
        }
    }

    fn end(self) -> State {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A message that is under way; over when this is dropped, even by a panic.
struct UnderWay<'a>(&'a Traffic);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.state().under_way -= 1;
        self.0.changed.notify_all();
    }
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner").field("collector", &self.collector).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use http::Request;
    use slp_kit::{ManualClock, Random};
    use slp_model::UnixSeconds;

    use super::*;
    use crate::settings::Settings;
    use crate::store::Store;

    #[test]
    fn a_turn_that_ends_early_leaves_no_message_and_no_place_of_a_device_behind() {
        for most in 1..=7 {
            let clock = Arc::new(ManualClock::new("2026-01-01T00:00:00Z".parse::<UnixSeconds>().unwrap()));
            let mut settings = Settings::new("account.example", "Default");
            settings.pulls_at_once = 3;
            let mut collector =
                Collector::open(Store::in_memory().unwrap(), settings, Random::seeded(1), clock.now()).unwrap();
            let rows: Vec<String> = (1..=10).map(|n| format!("192.0.2.{n},REST_API,slp,hush\n")).collect();
            let list = format!("host,connect_method,username,password\n{}", rows.concat());
            assert_eq!(collector.take_list(list.as_bytes(), clock.now()).unwrap(), 10);
            let asked = Arc::new(Mutex::new(Vec::new()));
            let known = Arc::clone(&asked);
            let away = Arc::new(move |request: &Request<Vec<u8>>| -> Option<Response<Vec<u8>>> {
                known.lock().unwrap().push(request.uri().host().unwrap_or_default().to_owned());
                None
            });
            let collector = Arc::new(Mutex::new(collector));
            let mut runner = Runner::new(collector, Arc::<_>::clone(&away) as Arc<dyn Network>, away, clock);
            runner.most = most;
            let turns: Vec<usize> = (0..10).map(|_| runner.turn().unwrap()).collect();
            assert_eq!(turns.iter().sum::<usize>(), 10, "{most} messages a turn: {turns:?}");
            let mut hosts = std::mem::take(&mut *asked.lock().unwrap());
            hosts.sort();
            hosts.dedup();
            assert_eq!(hosts.len(), 10, "each device was asked");
        }
    }
}
