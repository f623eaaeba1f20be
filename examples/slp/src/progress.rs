//! Signs of life on a terminal, when it takes longer than a second.

use std::time::{Duration, Instant};

use crate::wording::grouped;

/// The first line comes after this time.
const PATIENCE: Duration = Duration::from_secs(1);
/// Time between two lines.
const PERIOD: Duration = Duration::from_millis(200);
const MEGABYTE: u64 = 1_000_000;

/// How much was read so far.
#[derive(Debug)]
pub(crate) struct Progress {
    started: Instant,
    shown: Option<Duration>,
    visible: bool,
    documents: u64,
    bytes: u64,
    total: Option<u64>,
}

impl Progress {
    #[expect(clippy::disallowed_methods, reason = "a person waits: only the program shows progress")]
    pub(crate) fn start() -> Self {
        Self { started: Instant::now(), shown: None, visible: false, documents: 0, bytes: 0, total: None }
    }

    /// How many bytes there are to read, if that is known.
    pub(crate) fn expect(&mut self, bytes: Option<u64>) {
        self.total = bytes;
    }

    /// Counts documents, and the bytes that were read for them. Gives a line when it is time for one.
    pub(crate) fn done(&mut self, documents: u64, bytes: u64) -> Option<String> {
        let elapsed = self.started.elapsed();
        self.done_after(elapsed, documents, bytes)
    }

    fn done_after(&mut self, elapsed: Duration, documents: u64, bytes: u64) -> Option<String> {
        self.documents = self.documents.saturating_add(documents);
        self.bytes = self.bytes.saturating_add(bytes);
        let due = self.shown.map_or(PATIENCE, |shown| shown.saturating_add(PERIOD));
        if elapsed < due {
            return None;
        }
        (self.shown, self.visible) = (Some(elapsed), true);
        Some(self.line(elapsed))
    }

    fn line(&self, elapsed: Duration) -> String {
        let read = grouped(self.bytes / MEGABYTE);
        let of = self.total.map_or_else(String::new, |total| format!(" of {}", grouped(total / MEGABYTE)));
        let rate = u128::from(self.documents).saturating_mul(1_000).checked_div(elapsed.as_millis()).unwrap_or(0);
        let left = self.left(elapsed).map_or_else(String::new, |left| format!(", {left} s left"));
        format!("{} documents, {read}{of} MB read, {} documents/s{left}", grouped(self.documents), grouped(rate))
    }

    /// The seconds that the rest takes if it goes on like this.
    fn left(&self, elapsed: Duration) -> Option<u128> {
        let rest = u128::from(self.total?.checked_sub(self.bytes)?);
        let millis = elapsed.as_millis().saturating_mul(rest).checked_div(u128::from(self.bytes))?;
        Some(millis.div_ceil(1_000))
    }

    /// Is there a line to take away? Afterwards there is none.
    pub(crate) fn hide(&mut self) -> bool {
        std::mem::take(&mut self.visible)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn nothing_is_shown_in_the_first_second_and_then_five_lines_a_second() {
        let mut progress = Progress::start();
        assert_eq!(progress.done_after(Duration::from_millis(999), 1, 1), None);
        assert!(!progress.hide());
        let line = progress.done_after(SECOND, 1, 2_000_000);
        assert_eq!(line.as_deref(), Some("2 documents, 2 MB read, 2 documents/s"));
        assert_eq!(progress.done_after(Duration::from_millis(1_199), 1, 1), None);
        assert!(progress.done_after(Duration::from_millis(1_200), 1, 1).is_some());
        assert!(progress.hide());
        assert!(!progress.hide());
    }

    #[test]
    fn what_is_left_follows_from_what_is_known_to_come() {
        let mut progress = Progress::start();
        progress.expect(Some(50_000_000));
        let line = progress.done_after(SECOND.saturating_mul(2), 3_000, 20_000_000);
        assert_eq!(line.as_deref(), Some("3,000 documents, 20 of 50 MB read, 1,500 documents/s, 3 s left"));
        let more = progress.done_after(SECOND.saturating_mul(4), 0, 40_000_000);
        assert_eq!(more.as_deref(), Some("3,000 documents, 60 of 50 MB read, 750 documents/s"), "the file grew");
    }
}
