//! What happened, a line each, until somebody takes them. No secret may stand in them.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use slp_model::UnixMillis;

use crate::strangers::Strangers;

/// Lines that are kept; beyond, the oldest go.
const LINES: usize = 10_000;

/// Lines about what happened, shared by those who have something to say. Copies are the same list.
#[derive(Clone, Debug, Default)]
pub struct Events(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    lines: VecDeque<String>,
    strangers: Strangers,
}

impl State {
    fn say(&mut self, line: String) {
        if self.lines.len() >= LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }
}

impl Events {
    /// Nothing happened so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// Something happened.
    pub fn say(&self, line: impl Into<String>) {
        self.state().say(line.into());
    }

    /// Somebody was refused, for a reason: said once with this detail, and counted for a minute from there on.
    pub fn refused(&self, from: Option<IpAddr>, reason: &str, detail: &str, now: UnixMillis) {
        let mut state = self.state();
        for line in state.strangers.refused(from.map(|from| from.to_canonical()), reason, detail, now) {
            state.say(line);
        }
    }

    /// Says what was counted in minutes that are over. Call it from time to time.
    pub fn tick(&self, now: UnixMillis) {
        let mut state = self.state();
        for line in state.strangers.over(now) {
            state.say(line);
        }
    }

    /// What happened since the last call.
    pub fn take(&self) -> Vec<String> {
        self.state().lines.drain(..).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_bounded_and_the_newest_stay() {
        let events = Events::new();
        let other = events.clone();
        for number in 0..LINES + 5 {
            other.say(number.to_string());
        }
        let lines = events.take();
        assert_eq!((lines.len(), lines[0].as_str()), (LINES, "5"));
        assert!(other.take().is_empty());
    }
}
