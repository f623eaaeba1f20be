//! A clock and a network for a collector.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use http::Response;
use slp_kit::{Clock, Error, Network};

use crate::collector::{Collector, Outgoing, Peer};

/// More messages than one turn can need: peers that never stop asking for more are left alone until the next turn.
const MESSAGES: usize = 100_000;

/// Runs one collector.
#[derive(Clone)]
pub struct Runner {
    /// The collector.
    pub collector: Arc<Mutex<Collector>>,
    cloud: Arc<dyn Network>,
    devices: Arc<dyn Network>,
    clock: Arc<dyn Clock>,
}

impl Runner {
    /// This collector, with a way to the cloud and one to devices, at this clock's time.
    pub fn new(
        collector: Arc<Mutex<Collector>>,
        cloud: Arc<dyn Network>,
        devices: Arc<dyn Network>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { collector, cloud, devices, clock }
    }

    /// Does what is due, and sends until there is nothing to send: messages that are ready together go at once, a thread
    /// each, and a slow peer keeps nobody waiting but itself. How many went out.
    ///
    /// # Errors
    /// When something cannot be kept.
    pub fn turn(&self) -> Result<usize, Error> {
        self.lock().tick(self.clock.now())?;
        let mut sent = 0;
        while sent < MESSAGES {
            let outgoing = self.lock().take_outgoing();
            match outgoing.as_slice() {
                [] => break,
                [one] => {
                    self.exchange(one)?;
                    sent += 1;
                }
                _ => sent += self.together(outgoing)?,
            }
        }
        Ok(sent)
    }

    /// Sends these, and what follows from their answers, until there is nothing to send.
    fn together(&self, outgoing: Vec<Outgoing>) -> Result<usize, Error> {
        let threads = outgoing.len();
        let traffic = Traffic::new(outgoing);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    while let Some(one) = traffic.next() {
                        let _under_way = UnderWay(&traffic);
                        let done = self.exchange(&one);
                        traffic.follow(done.map(|()| self.lock().take_outgoing()));
                    }
                });
            }
        });
        traffic.end()
    }

    /// Sends one message and brings its answer. The collector is not locked while the network takes its time.
    fn exchange(&self, outgoing: &Outgoing) -> Result<(), Error> {
        let network = match outgoing.to {
            Peer::Cloud => &self.cloud,
            Peer::Device => &self.devices,
        };
        let response: Option<Response<Vec<u8>>> = network.send(&outgoing.request);
        self.lock().answered(outgoing.exchange, response.as_ref(), self.clock.now())
    }

    fn lock(&self) -> MutexGuard<'_, Collector> {
        self.collector.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Messages that threads send.
struct Traffic {
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
    fn new(outgoing: Vec<Outgoing>) -> Self {
        let state = State { ready: outgoing.into(), under_way: 0, sent: 0, failed: None };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next message; waits while the answers that are under way may bring one.
    fn next(&self) -> Option<Outgoing> {
        let mut state = self.state();
        loop {
            if state.failed.is_some() || state.sent >= MESSAGES {
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

    fn end(self) -> Result<usize, Error> {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        state.failed.map_or(Ok(state.sent), Err)
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
