//! One message, one piece of work: of copies that come at the same moment the first is worked on, the others get its answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use http::Response;
use slp_model::{Udi, UnixSeconds};

use crate::Nonce;
use crate::push::{Replay, ReplayGuard, Tenant, message_key};

/// Answers of the last day, and messages that are being worked on. Of the latter there are never more than threads at work.
pub(super) struct Once {
    state: Mutex<State>,
}

struct State {
    answered: ReplayGuard<Response<Vec<u8>>>,
    under_way: BTreeMap<[u8; 32], Arc<Flight>>,
}

/// A message that is being worked on.
struct Flight {
    digest: [u8; 32],
    seen: Mutex<Seen>,
    changed: Condvar,
}

#[derive(Default)]
struct Seen {
    /// Copies that wait.
    waiting: usize,
    outcome: Option<Outcome>,
}

#[derive(Clone)]
enum Outcome {
    Answer(Response<Vec<u8>>),
    /// The server failed: whoever waits tries by himself.
    Failed,
}

/// What a message is.
#[derive(Clone, Copy)]
pub(super) struct Message<'m> {
    /// Each account of the server has an answer of its own.
    pub(super) tenant: Option<&'m Tenant>,
    pub(super) udi: &'m Udi,
    pub(super) nonce: &'m Nonce,
    /// Digest of the body.
    pub(super) digest: [u8; 32],
    pub(super) time: UnixSeconds,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // nothing in here panics while it holds a lock
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Once {
    /// Remembers the answers to so many messages.
    pub(super) fn new(remembered: usize) -> Self {
        Self { state: Mutex::new(State { answered: ReplayGuard::new(remembered), under_way: BTreeMap::new() }) }
    }

    /// The answer to a message: of before, of the copy that is being worked on, or of `work`, which also says whether to
    /// remember it. `None` for a nonce that was used with another body.
    pub(super) fn answer(
        &self,
        message: Message<'_>,
        work: impl FnOnce() -> (Response<Vec<u8>>, bool),
    ) -> Option<Response<Vec<u8>>> {
        let Message { tenant, udi, nonce, digest, time } = message;
        let key = message_key(tenant, udi, nonce);
        let flight = loop {
            let mut state = lock(&self.state);
            match state.answered.check_key(&key, &digest, time) {
                Replay::Repeated(answer) => return Some(answer),
                Replay::Reused => return None,
                Replay::Fresh => {}
            }
            let Some(other) = state.under_way.get(&key).map(Arc::clone) else {
                let seen = Mutex::new(Seen::default());
                let flight = Arc::new(Flight { digest, seen, changed: Condvar::new() });
                state.under_way.insert(key, Arc::clone(&flight));
                break flight;
            };
            drop(state);
            if other.digest != digest {
                return None;
            }
            if let Outcome::Answer(answer) = other.wait() {
                return Some(answer);
            }
        };
        let mut landing = Landing { once: self, key, flight, outcome: Outcome::Failed };
        let (answer, is_kept) = work();
        if !answer.status().is_server_error() {
            landing.outcome = Outcome::Answer(answer.clone());
        }
        if is_kept {
            // before it lands: a copy that comes in between finds one or the other
            lock(&self.state).answered.store_key(key, digest, answer.clone(), time);
        }
        Some(answer)
    }

    /// Returns when so many copies wait for the message with this digest. What must not happen meanwhile is the caller's.
    #[cfg(test)]
    pub(super) fn until_waiting(&self, digest: &[u8; 32], copies: usize, check: impl Fn()) {
        let flight = lock(&self.state).under_way.values().find(|flight| flight.digest == *digest).map(Arc::clone);
        let flight = flight.unwrap();
        let mut seen = lock(&flight.seen);
        while seen.waiting < copies {
            check();
            seen = flight.changed.wait_timeout(seen, std::time::Duration::from_millis(10)).unwrap().0;
        }
    }

    /// How many messages are being worked on.
    #[cfg(test)]
    pub(super) fn under_way(&self) -> usize {
        lock(&self.state).under_way.len()
    }
}

impl Flight {
    fn wait(&self) -> Outcome {
        let mut seen = lock(&self.seen);
        seen.waiting = seen.waiting.saturating_add(1);
        self.changed.notify_all();
        loop {
            if let Some(outcome) = &seen.outcome {
                return outcome.clone();
            }
            seen = self.changed.wait(seen).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Ends a flight, also when the work panics.
struct Landing<'o> {
    once: &'o Once,
    key: [u8; 32],
    flight: Arc<Flight>,
    outcome: Outcome,
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        lock(&self.once.state).under_way.remove(&self.key);
        lock(&self.flight.seen).outcome = Some(std::mem::replace(&mut self.outcome, Outcome::Failed));
        self.flight.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc::channel;
    use std::thread;

    use super::*;

    const COPIES: usize = 7;

    struct Bench {
        once: Once,
        udi: Udi,
        nonce: Nonce,
        works: AtomicUsize,
    }

    impl Bench {
        fn new() -> Self {
            let udi = Udi::new("C9300-24UX", "TST00000001").unwrap();
            Self { once: Once::new(2), udi, nonce: Nonce::from_random([1; 16]), works: AtomicUsize::new(0) }
        }

        fn send(&self, body: u8, work: impl FnOnce(usize) -> (u16, bool)) -> Option<(u16, Vec<u8>)> {
            let time = "2026-01-01T00:00:00Z".parse().unwrap();
            let message = Message { tenant: None, udi: &self.udi, nonce: &self.nonce, digest: [body; 32], time };
            let answer = self.once.answer(message, || {
                let number = self.works.fetch_add(1, Ordering::SeqCst);
                let (status, is_kept) = work(number);
                let body = number.to_string().into_bytes();
                (Response::builder().status(status).body(body).unwrap(), is_kept)
            });
            answer.map(|answer| (answer.status().as_u16(), answer.into_body()))
        }

        fn is_first(&self) {
            assert_eq!(self.works.load(Ordering::SeqCst), 1, "a copy is worked on beside the first");
        }

        /// The first copy is at work until all others wait; what it and they are told.
        fn at_once(&self, first: (u16, bool), then: (u16, bool)) -> Vec<(u16, Vec<u8>)> {
            let (entered, is_in) = channel();
            thread::scope(|scope| {
                // ends with this closure, so that a failure here lets the first copy go
                let (go, may_go) = channel::<()>();
                let leader = scope.spawn(move || {
                    self.send(1, |_| {
                        entered.send(()).unwrap();
                        may_go.recv().unwrap();
                        first
                    })
                });
                is_in.recv().unwrap();
                let others: Vec<_> = (0..COPIES).map(|_| scope.spawn(|| self.send(1, |_| then))).collect();
                self.once.until_waiting(&[1; 32], COPIES, || self.is_first());
                assert_eq!(self.send(2, |_| then), None, "another body under the same nonce");
                go.send(()).unwrap();
                let answers = std::iter::once(leader).chain(others).map(|copy| copy.join().unwrap().unwrap());
                answers.collect()
            })
        }
    }

    #[test]
    fn copies_at_the_same_moment_are_worked_on_once_and_all_get_the_one_answer() {
        // remembered; a refusal, which is not; an answer too long to be
        for (answer, works_later) in [((200, true), 1), ((422, false), 2), ((200, false), 2)] {
            let bench = Bench::new();
            let answers = bench.at_once(answer, (500, false));
            assert_eq!(answers, vec![(answer.0, b"0".to_vec()); COPIES + 1]);
            assert_eq!((bench.works.load(Ordering::SeqCst), bench.once.under_way()), (1, 0));
            bench.send(1, |_| (200, true)).unwrap();
            assert_eq!(bench.works.load(Ordering::SeqCst), works_later);
        }
    }

    #[test]
    fn what_the_server_fails_is_not_shared_the_next_copy_tries_by_itself() {
        let bench = Bench::new();
        let answers = bench.at_once((503, false), (200, true));
        assert_eq!(answers[0], (503, b"0".to_vec()));
        assert_eq!(answers[1..], vec![(200, b"1".to_vec()); COPIES]);
        assert_eq!((bench.works.load(Ordering::SeqCst), bench.once.under_way()), (2, 0));
        let bench = Bench::new();
        assert_eq!(bench.at_once((500, false), (500, false)).len(), COPIES + 1);
        assert_eq!((bench.works.load(Ordering::SeqCst), bench.once.under_way()), (COPIES + 1, 0));
    }

    #[test]
    fn a_panic_at_work_lets_nobody_wait_for_ever() {
        let bench = Bench::new();
        let (entered, is_in) = channel();
        thread::scope(|scope| {
            let (go, may_go) = channel::<()>();
            let bench = &bench;
            let leader = scope.spawn(move || {
                catch_unwind(AssertUnwindSafe(|| {
                    bench.send(1, |_| {
                        entered.send(()).unwrap();
                        may_go.recv().unwrap();
                        panic!("asked for");
                    })
                }))
            });
            is_in.recv().unwrap();
            let other = scope.spawn(|| bench.send(1, |_| (200, true)));
            bench.once.until_waiting(&[1; 32], 1, || bench.is_first());
            go.send(()).unwrap();
            assert!(leader.join().unwrap().is_err());
            assert_eq!(other.join().unwrap(), Some((200, b"1".to_vec())));
        });
        assert_eq!(bench.once.under_way(), 0);
    }
}
