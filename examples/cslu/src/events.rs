//! What happened, a line each, until somebody takes them. No secret stands in them.

/// Lines that are kept.
const LINES: usize = 10_000;

#[derive(Debug, Default)]
pub(crate) struct Events(std::collections::VecDeque<String>);

impl Events {
    pub(crate) fn say(&mut self, line: impl Into<String>) {
        if self.0.len() >= LINES {
            self.0.pop_front();
        }
        self.0.push_back(line.into());
    }

    pub(crate) fn take(&mut self) -> Vec<String> {
        self.0.drain(..).collect()
    }
}
