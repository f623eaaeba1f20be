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
        Self { collector, cloud, devices, clock, most: MESSAGES }
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
                    let answer = self.send(one);
                    outgoing = self.take(vec![answer])?;
                    sent += 1;
                }
                _ => {
                    sent += self.together(outgoing, self.most - sent)?;
                    outgoing = self.lock().take_outgoing();
                }
            }
        }
        // what was taken and not sent waits for the next turn, and holds no place of a device until then
        self.lock().take_back(outgoing);
        Ok(sent)
    }

    /// Sends these, and what follows from their answers, until there is nothing to send or so many are out.
    fn together(&self, outgoing: Vec<Outgoing>, most: usize) -> Result<usize, Error> {
        let at_once = self.lock().settings().pulls_at_once;
        let for_devices = outgoing.iter().filter(|one| one.to == Peer::Device).count();
        // one more, since one of them takes answers to the collector
        let threads = outgoing.len().saturating_sub(for_devices.saturating_sub(at_once)).saturating_add(1);
        let traffic = Traffic::new(at_once, most);
        traffic.follow(Ok(outgoing));
        traffic.follow(Ok(self.lock().take_ahead()));
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    while let Some((job, _at_work)) = traffic.next() {
                        match job {
                            Job::Send(one) => traffic.answered(one.to, self.send(&one)),
                            Job::Take(answers) => traffic.follow(self.take(answers)),
                        }
                    }
                });
            }
        });
        let State { for_cloud, for_devices, sent, failed, .. } = traffic.end();
        // what was not sent waits for the next turn
        self.lock().take_back(for_cloud.into_iter().chain(for_devices));
        failed.map_or(Ok(sent), Err)
    }

    fn send(&self, outgoing: &Outgoing) -> Answer {
        let network = match outgoing.to {
            Peer::Cloud => &self.cloud,
            Peer::Device => &self.devices,
        };
        (outgoing.exchange, network.send(&outgoing.request))
    }

    /// Takes answers to the collector; what is to be sent then. The collector is not locked while the network takes its time.
    fn take(&self, answers: Vec<Answer>) -> Result<Vec<Outgoing>, Error> {
        let mut collector = self.lock();
        collector.answered_all(answers, self.clock.now())?;
        Ok(collector.take_ahead())
    }

    fn lock(&self) -> MutexGuard<'_, Collector> {
        self.collector.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a thread does next.
enum Job {
    Send(Box<Outgoing>),
    Take(Vec<Answer>),
}

/// Messages that threads send, and answers that one of them at a time takes to the collector.
struct Traffic {
    /// So many devices at once.
    at_once: usize,
    most: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    for_cloud: VecDeque<Outgoing>,
    for_devices: VecDeque<Outgoing>,
    /// Answers that came and were not taken yet: those that are taken together are kept together.
    answers: Vec<Answer>,
    /// Is one of them of the cloud?
    is_urgent: bool,
    /// Does a thread take answers?
    is_taking: bool,
    /// Threads that send or take.
    at_work: usize,
    /// Messages to devices that are under way.
    under_way: usize,
    sent: usize,
    failed: Option<Error>,
    /// Threads that wait for something to do: tests look at it.
    #[cfg(test)]
    waiting: usize,
}

impl Traffic {
    fn new(at_once: usize, most: usize) -> Self {
        Self { at_once, most, state: Mutex::default(), changed: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What to do next; waits while others are at work who may bring something. Answers wait for more of them as long as
    /// there is something to send meanwhile, and until there are half as many as devices at once. Those of the cloud do not:
    /// each is kept by itself in any case, and after a kill the cloud does not give it twice.
    fn next(&self) -> Option<(Job, AtWork<'_>)> {
        let mut state = self.state();
        loop {
            let is_over = state.failed.is_some() || state.sent >= self.most;
            let has_room = state.under_way < self.at_once;
            let can_send = !is_over && (!state.for_cloud.is_empty() || (has_room && !state.for_devices.is_empty()));
            let are_many = state.is_urgent || state.answers.len() >= self.at_once / 2;
            let are_enough = !state.answers.is_empty() && (!can_send || are_many);
            if are_enough && !state.is_taking {
                (state.is_taking, state.is_urgent, state.at_work) = (true, false, state.at_work + 1);
                let answers = std::mem::take(&mut state.answers);
                if can_send {
                    self.changed.notify_one();
                }
                return Some((Job::Take(answers), AtWork { traffic: self, is_taking: true }));
            }
            if can_send {
                let one = state.for_cloud.pop_front().or_else(|| state.for_devices.pop_front())?;
                state.under_way += usize::from(one.to == Peer::Device);
                (state.sent, state.at_work) = (state.sent + 1, state.at_work + 1);
                if !state.answers.is_empty() {
                    // this may have been the last that can be sent now: somebody else looks at the answers
                    self.changed.notify_one();
                }
                return Some((Job::Send(Box::new(one)), AtWork { traffic: self, is_taking: false }));
            }
            // one that takes looks for answers again
            if is_over || state.at_work == 0 {
                return None;
            }
            #[cfg(test)]
            (state.waiting += 1);
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            #[cfg(test)]
            (state.waiting -= 1);
        }
    }

    /// An answer came.
    fn answered(&self, from: Peer, answer: Answer) {
        let mut state = self.state();
        state.under_way -= usize::from(from == Peer::Device);
        state.is_urgent |= from == Peer::Cloud;
        state.answers.push(answer);
    }

    /// What follows from answers.
    fn follow(&self, more: Result<Vec<Outgoing>, Error>) {
        let mut state = self.state();
        match more {
            Ok(more) => {
                for one in more {
                    match one.to {
                        Peer::Cloud => state.for_cloud.push_back(one),
                        Peer::Device => state.for_devices.push_back(one),
                    }
                    self.changed.notify_one();
                }
            }
            Err(error) => {
                state.failed.get_or_insert(error);
            }
        }
    }

    fn end(self) -> State {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A thread at work, until this is dropped, even by a panic.
struct AtWork<'a> {
    traffic: &'a Traffic,
    is_taking: bool,
}

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        let mut state = self.traffic.state();
        state.at_work -= 1;
        state.is_taking &= !self.is_taking;
        if state.at_work == 0 || state.failed.is_some() || state.sent >= self.traffic.most {
            self.traffic.changed.notify_all();
        }
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

    /// A collector with devices that answer nothing, and what a network of the test does for each that is asked.
    fn runner(devices: usize, at_once: usize, network: impl Network + 'static) -> Runner {
        let clock = Arc::new(ManualClock::new("2026-01-01T00:00:00Z".parse::<UnixSeconds>().unwrap()));
        let mut settings = Settings::new("account.example", "Default");
        settings.pulls_at_once = at_once;
        let mut collector =
            Collector::open(Store::in_memory().unwrap(), settings, Random::seeded(1), clock.now()).unwrap();
        let rows: Vec<String> = (1..=devices).map(|n| format!("192.0.2.{n},REST_API,slp,hush\n")).collect();
        let list = format!("host,connect_method,username,password\n{}", rows.concat());
        assert_eq!(collector.take_list(list.as_bytes(), clock.now()).unwrap(), devices);
        let network = Arc::new(network);
        Runner::new(Arc::new(Mutex::new(collector)), Arc::<_>::clone(&network) as Arc<dyn Network>, network, clock)
    }

    #[test]
    fn a_slow_device_keeps_nobody_waiting_and_no_more_are_asked_at_once_than_may_be() {
        for at_once in [2, 3, 5, 16] {
            // the first device answers when all others were asked and their answers were looked at
            let (asked, most) = (Arc::new(Mutex::new((0, 0, 0))), Arc::new(Condvar::new()));
            let (known, changed) = (Arc::clone(&asked), Arc::clone(&most));
            let runner = runner(20, at_once, move |request: &Request<Vec<u8>>| -> Option<Response<Vec<u8>>> {
                let mut state = known.lock().unwrap();
                let (count, now, most): &mut (usize, usize, usize) = &mut state;
                (*count, *now) = (*count + 1, *now + 1);
                *most = (*most).max(*now);
                changed.notify_all();
                if request.uri().host() == Some("192.0.2.1") {
                    let waits = |state: &mut (usize, usize, usize)| state.0 < 20 + 19;
                    let limit = std::time::Duration::from_secs(60);
                    let (waited, late) = changed.wait_timeout_while(state, limit, waits).unwrap();
                    assert!(!late.timed_out(), "others wait for the slow one: {waited:?}");
                    state = waited;
                }
                state.1 -= 1;
                // the answer to the first question is good: a second one follows from it
                Response::builder()
                    .status(if request.uri().host() == Some("192.0.2.1") { 503 } else { 200 })
                    .body(vec![])
                    .ok()
            });
            runner.turn().unwrap();
            let (_, under_way, most) = *asked.lock().unwrap();
            assert_eq!(under_way, 0);
            assert!(most <= at_once, "{most} at once");
        }
    }

    #[test]
    fn answers_are_taken_together_while_there_is_something_to_send_and_at_once_when_there_is_nothing() {
        let traffic = Traffic::new(4, 100);
        let message = |exchange| Outgoing { exchange, to: Peer::Device, request: Request::default() };
        traffic.follow(Ok((1..=6).map(message).collect()));
        let mut at_work = VecDeque::new();
        let mut next = || {
            let (job, guard) = traffic.next().unwrap();
            at_work.push_back(guard);
            match job {
                Job::Send(one) => format!("send {}", one.exchange),
                Job::Take(answers) => {
                    at_work.pop_back();
                    format!("take {:?}", answers.iter().map(|(exchange, _)| *exchange).collect::<Vec<_>>())
                }
            }
        };
        assert_eq!([next(), next(), next(), next()], ["send 1", "send 2", "send 3", "send 4"]);
        // four are asked: no fifth, but an answer of the cloud is taken
        traffic.answered(Peer::Cloud, (9, None));
        assert_eq!(next(), "take [9]");
        // room for one: its answer waits, for there is one to send
        traffic.answered(Peer::Device, (2, None));
        assert_eq!(next(), "send 5");
        traffic.answered(Peer::Device, (1, None));
        // two of four are enough
        assert_eq!([next(), next()], ["take [2, 1]", "send 6"]);
        // nothing is left to send
        traffic.answered(Peer::Device, (6, None));
        assert_eq!(next(), "take [6]");
    }

    #[test]
    fn an_answer_does_not_wait_for_devices_that_have_every_place() {
        let traffic = Traffic::new(4, 100);
        let message = |exchange| Outgoing { exchange, to: Peer::Device, request: Request::default() };
        traffic.follow(Ok((1..=5).map(message).collect()));
        let mut at_work: Vec<_> = (0..4).map(|_| traffic.next().unwrap()).collect();
        std::thread::scope(|scope| {
            let (tell, told) = std::sync::mpsc::channel();
            let traffic = &traffic;
            scope.spawn(move || {
                let found = traffic.next().map(|(job, _at_work)| matches!(job, Job::Take(_)));
                tell.send(found).unwrap();
            });
            // it finds nothing to do, and waits
            while traffic.state().waiting == 0 {
                std::thread::yield_now();
            }
            // one device answers, and who heard it asks the fifth: all places are taken again
            at_work.pop();
            traffic.answered(Peer::Device, (4, None));
            at_work.push(traffic.next().unwrap());
            let found = told.recv_timeout(std::time::Duration::from_secs(5));
            drop(at_work);
            assert_eq!(found, Ok(Some(true)), "nobody takes the answer");
        });
    }

    #[test]
    fn an_answer_of_the_cloud_is_taken_whatever_there_is_to_send() {
        let traffic = Traffic::new(16, 100);
        let message = |exchange| Outgoing { exchange, to: Peer::Device, request: Request::default() };
        traffic.follow(Ok((1..=5).map(message).collect()));
        let next = || traffic.next().map(|(job, _at_work)| matches!(job, Job::Take(_)));
        traffic.answered(Peer::Cloud, (9, None));
        assert_eq!([next(), next()], [Some(true), Some(false)]);
    }

    #[test]
    fn a_turn_that_ends_early_leaves_no_message_and_no_place_of_a_device_behind() {
        for (most, at_once) in (1..=7).flat_map(|most| [(most, 1), (most, 3)]) {
            let asked = Arc::new(Mutex::new(Vec::new()));
            let known = Arc::clone(&asked);
            let mut runner = runner(10, at_once, move |request: &Request<Vec<u8>>| -> Option<Response<Vec<u8>>> {
                known.lock().unwrap().push(request.uri().host().unwrap_or_default().to_owned());
                None
            });
            runner.most = most;
            let turns: Vec<usize> = (0..10).map(|_| runner.turn().unwrap()).collect();
            assert_eq!(turns.iter().sum::<usize>(), 10, "{most} messages a turn: {turns:?}");
            assert!(turns.iter().all(|sent| *sent <= most), "{most} messages a turn: {turns:?}");
            let mut hosts = std::mem::take(&mut *asked.lock().unwrap());
            hosts.sort();
            hosts.dedup();
            assert_eq!(hosts.len(), 10, "each device was asked");
        }
    }
}
