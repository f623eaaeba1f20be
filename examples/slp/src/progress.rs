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

    /// So many bytes more are to be read; if that is not known, what is left cannot be told.
    pub(crate) fn expect_more(&mut self, bytes: Option<u64>) {
        let sum = self.total.unwrap_or(self.bytes);
        self.total = bytes.map(|bytes| sum.saturating_add(bytes));
    }

    /// Counts documents, and the bytes that were read for them. Gives a line when it is time for one.
    pub(crate) fn done(&mut self, documents: u64, bytes: u64) -> Option<String> {
        let elapsed = self.started.elapsed();
        self.done_after(elapsed, documents, bytes)
    }

    fn done_after(&mut self, elapsed: Duration, documents: u64, bytes: u64) -> Option<String> {
        self.documents = self.documents.saturating_add(documents);
        self.bytes = self.bytes.saturating_add(bytes);
        self.is_due(elapsed).then(|| self.line(elapsed))
    }

    /// So many of all that are to be made are made. Gives a line when it is time for one.
    pub(crate) fn made(&mut self, number: u64, of: u64) -> Option<String> {
        let elapsed = self.started.elapsed();
        self.made_after(elapsed, number, of)
    }

    fn made_after(&mut self, elapsed: Duration, number: u64, of: u64) -> Option<String> {
        self.is_due(elapsed).then(|| {
            let left = left(elapsed, number, of).map_or_else(String::new, |left| format!(", {left} s left"));
            let rate = per_second(number, elapsed);
            format!("{} of {} devices made, {} devices/s{left}", grouped(number), grouped(of), grouped(rate))
        })
    }

    fn is_due(&mut self, elapsed: Duration) -> bool {
        let due = elapsed >= self.shown.map_or(PATIENCE, |shown| shown.saturating_add(PERIOD));
        if due {
            (self.shown, self.visible) = (Some(elapsed), true);
        }
        due
    }

    fn line(&self, elapsed: Duration) -> String {
        let read = grouped(self.bytes / MEGABYTE);
        let of = self.total.map_or_else(String::new, |total| format!(" of {}", grouped(total / MEGABYTE)));
        let (documents, rate) = if self.documents == 0 {
            let rate = per_second(self.bytes, elapsed) / u128::from(MEGABYTE);
            (String::new(), format!("{} MB/s", grouped(rate)))
        } else {
            let rate = per_second(self.documents, elapsed);
            (format!("{} documents, ", grouped(self.documents)), format!("{} documents/s", grouped(rate)))
        };
        let left = self
            .total
            .and_then(|total| left(elapsed, self.bytes, total))
            .map_or_else(String::new, |left| format!(", {left} s left"));
        format!("{documents}{read}{of} MB read, {rate}{left}")
    }

    /// Is there a line to take away? Afterwards there is none.
    pub(crate) fn hide(&mut self) -> bool {
        std::mem::take(&mut self.visible)
    }
}

/// The seconds that the rest takes if it goes on like this.
fn left(elapsed: Duration, done: u64, of: u64) -> Option<u128> {
    let rest = u128::from(of.checked_sub(done)?);
    let millis = elapsed.as_millis().saturating_mul(rest).checked_div(u128::from(done))?;
    Some(millis.div_ceil(1_000))
}

fn per_second(amount: u64, elapsed: Duration) -> u128 {
    u128::from(amount).saturating_mul(1_000).checked_div(elapsed.as_millis()).unwrap_or(0)
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

    #[test]
    fn where_no_documents_are_counted_bytes_are() {
        let mut progress = Progress::start();
        progress.expect_more(Some(10_000_000));
        progress.expect_more(Some(40_000_000));
        let line = progress.done_after(SECOND, 0, 20_000_000);
        assert_eq!(line.as_deref(), Some("20 of 50 MB read, 20 MB/s, 2 s left"));
        let mut making = Progress::start();
        let line = making.made_after(SECOND, 2_000, 10_000);
        assert_eq!(line.as_deref(), Some("2,000 of 10,000 devices made, 2,000 devices/s, 4 s left"));
    }
}
