//! Signs of life on a terminal, when it takes longer than a second.

use std::time::{Duration, Instant};

use crate::wording::grouped;

/// The first line comes after this time.
const PATIENCE: Duration = Duration::from_secs(1);
/// Time between two lines.
const PERIOD: Duration = Duration::from_millis(200);

/// How much was read so far.
#[derive(Debug)]
pub(crate) struct Progress {
    started: Instant,
    shown: Option<Duration>,
    visible: bool,
    files: u64,
    bytes: u64,
}

impl Progress {
    #[expect(clippy::disallowed_methods, reason = "a person waits: only the program shows progress")]
    pub(crate) fn start() -> Self {
        Self { started: Instant::now(), shown: None, visible: false, files: 0, bytes: 0 }
    }

    /// Counts a file. Gives a line when it is time for one.
    pub(crate) fn done(&mut self, bytes: u64) -> Option<String> {
        let elapsed = self.started.elapsed();
        self.done_after(elapsed, bytes)
    }

    fn done_after(&mut self, elapsed: Duration, bytes: u64) -> Option<String> {
        self.files = self.files.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes);
        let due = self.shown.map_or(PATIENCE, |shown| shown.saturating_add(PERIOD));
        if elapsed < due {
            return None;
        }
        (self.shown, self.visible) = (Some(elapsed), true);
        Some(format!("{} files, {} MB read", grouped(self.files), grouped(self.bytes / 1_000_000)))
    }

    /// Is there a line to take away? Afterwards there is none.
    pub(crate) fn hide(&mut self) -> bool {
        std::mem::take(&mut self.visible)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_shown_in_the_first_second_and_then_five_lines_a_second() {
        let mut progress = Progress::start();
        assert_eq!(progress.done_after(Duration::from_millis(999), 1), None);
        assert!(!progress.hide());
        assert_eq!(progress.done_after(Duration::from_secs(1), 2_000_000).as_deref(), Some("2 files, 2 MB read"));
        assert_eq!(progress.done_after(Duration::from_millis(1_199), 1), None);
        assert!(progress.done_after(Duration::from_millis(1_200), 1).is_some());
        assert!(progress.hide());
        assert!(!progress.hide());
    }
}
