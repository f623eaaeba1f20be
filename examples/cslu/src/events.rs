//! What happened, a line each, until somebody takes them. No secret stands in them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Lines that are kept.
const LINES: usize = 10_000;

/// Shared by those who have something to say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Events(Arc<Mutex<VecDeque<String>>>);

impl Events {
    pub(crate) fn say(&self, line: impl Into<String>) {
        let mut lines = self.lines();
        if lines.len() >= LINES {
            lines.pop_front();
        }
        lines.push_back(line.into());
    }

    pub(crate) fn take(&self) -> Vec<String> {
        self.lines().drain(..).collect()
    }

    fn lines(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
