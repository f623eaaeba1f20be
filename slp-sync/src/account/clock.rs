//! How long ago an account synchronized, under clocks that lie.

use serde::{Deserialize, Serialize};
use slp_model::{UnixMillis, word_enum};

const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;

/// A jump ahead by more than this is doubted.
const JUMP: u64 = 30 * DAY;

/// The deadlines of an account, in days. Spec: sync, "Account life cycle and deadlines".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Deadlines {
    /// Up to here all is well. 30 by network, 90 for manual accounts (doc).
    pub current_days: u64,
    /// No longer than this is recommended. 180 (doc).
    pub recommended_days: u64,
    /// The last warning comes so long before the deadline. 30 (doc).
    pub warn_days: u64,
    /// After this the account is lost. 364 (doc); satellites of old had 90 (doc). 1 to 365.
    pub deadline_days: u64,
}

impl Deadlines {
    /// Those of an account that synchronizes by network.
    pub fn network() -> Self {
        Self { current_days: 30, recommended_days: 180, warn_days: 30, deadline_days: 364 }
    }

    /// Those of an account that synchronizes by files.
    pub fn manual() -> Self {
        Self { current_days: 90, ..Self::network() }
    }

    /// The ends of Current, Due, Overdue and Critical, each cut to the next one.
    fn bounds(&self) -> [u64; 4] {
        let deadline = self.deadline_days.clamp(1, 365);
        let warn = deadline.saturating_sub(self.warn_days);
        let due = self.recommended_days.min(warn);
        [self.current_days.min(due), due, warn, deadline]
    }
}

word_enum! {
    /// How urgent the next synchronization is. Words: the names.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Health: "health of an account" {
        /// All is well.
        Current = "Current",
        /// A synchronization is due.
        Due = "Due",
        /// It is late.
        Overdue = "Overdue",
        /// The account is lost within the days that are left.
        Critical = "Critical",
        /// The deadline has passed.
        Expired = "Expired",
    }
}

/// Something odd about the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ClockEvent {
    /// It stands more than an hour before a time that was seen.
    Backwards,
    /// It jumped ahead by more than thirty days.
    Jump,
    /// The cloud's last stamp is ahead of it.
    BehindCloud,
}

/// What one moment means.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Evaluation {
    /// How urgent it is.
    pub health: Health,
    /// Milliseconds since the last synchronization.
    pub elapsed: u64,
    /// Whole days until the account is lost.
    pub days_left: u64,
    /// The clock is in doubt: nothing expires yet.
    pub provisional: bool,
    /// The account expired with this evaluation.
    pub expired_now: bool,
    /// What is odd about the clock, told once.
    pub events: Vec<ClockEvent>,
}

/// The clock of one account: what it saw, and when it synchronized last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SyncClock {
    /// The deadlines.
    pub deadlines: Deadlines,
    last_sync: Option<UnixMillis>,
    max_seen: u64,
    last_evaluation: Option<u64>,
    /// The first doubted moment, and the latest one.
    doubted: Option<(u64, u64)>,
    told_backwards: bool,
}

impl SyncClock {
    /// A clock that has seen nothing yet.
    pub fn new(deadlines: Deadlines) -> Self {
        Self { deadlines, last_sync: None, max_seen: 0, last_evaluation: None, doubted: None, told_backwards: false }
    }

    /// The stamp of the last applied document.
    pub fn last_sync(&self) -> Option<UnixMillis> {
        self.last_sync
    }

    /// The latest time that was seen and believed.
    pub fn max_seen(&self) -> u64 {
        self.max_seen
    }

    /// A document was applied: its stamp starts the clock anew, and ends all doubt.
    pub(super) fn restart(&mut self, stamp: UnixMillis) {
        self.last_sync = Some(stamp);
        self.max_seen = self.max_seen.max(stamp.get());
        if let Some((_, latest)) = self.doubted.take() {
            self.last_evaluation = Some(latest);
        }
    }

    /// An operator says that `now` is right.
    pub(super) fn confirm(&mut self, now: UnixMillis) {
        self.doubted = None;
        self.max_seen = self.max_seen.max(now.get());
        self.last_evaluation = Some(now.get());
    }

    pub(super) fn evaluate(&mut self, now: UnixMillis) -> Evaluation {
        let now = now.get();
        let mut events = Vec::new();
        let backwards = now.saturating_add(HOUR) < self.max_seen;
        if backwards && !self.told_backwards {
            events.push(ClockEvent::Backwards);
        }
        self.told_backwards = backwards;
        let provisional = self.is_doubtful(now, &mut events);
        let effective = now.max(self.max_seen);
        if !provisional {
            self.max_seen = effective;
            self.last_evaluation = Some(now);
        }
        let last_sync = self.last_sync.map_or(effective, UnixMillis::get);
        if last_sync > now.saturating_add(HOUR) {
            events.push(ClockEvent::BehindCloud);
        }
        let elapsed = effective.saturating_sub(last_sync);
        let [current, due, warn, deadline] = self.deadlines.bounds().map(|days| days.saturating_mul(DAY));
        let health = match elapsed {
            _ if elapsed <= current => Health::Current,
            _ if elapsed <= due => Health::Due,
            _ if elapsed <= warn => Health::Overdue,
            _ if elapsed <= deadline => Health::Critical,
            _ => Health::Expired,
        };
        let days_left = deadline.saturating_sub(elapsed).checked_div(DAY).unwrap_or(0);
        Evaluation { health, elapsed, days_left, provisional, expired_now: false, events }
    }

    /// Is `now` too far ahead to be believed? After a day of steady evaluations it is.
    fn is_doubtful(&mut self, now: u64, events: &mut Vec<ClockEvent>) -> bool {
        let jumped = self.last_evaluation.is_some_and(|last| now.saturating_sub(last) > JUMP);
        if !jumped {
            self.doubted = None;
            return false;
        }
        match &mut self.doubted {
            Some((first, latest)) if now >= *latest => {
                *latest = now;
                if now.saturating_sub(*first) >= DAY {
                    self.doubted = None;
                    return false;
                }
            }
            // It went back, and is still far ahead: the day begins again.
            Some(doubted) => *doubted = (now, now),
            None => {
                events.push(ClockEvent::Jump);
                self.doubted = Some((now, now));
            }
        }
        true
    }
}
