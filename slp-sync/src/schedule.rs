//! When an On-Prem exchanges usage with the cloud, or asks its devices for it: every so many days, at one time of day.

use slp_model::{Location, UnixMillis};

use crate::error::{Error, ErrorKind, Result};
use crate::warning::{Warning, WarningKind};

const MINUTE: u64 = 60_000;
const DAY: u64 = 24 * 60 * MINUTE;

/// Days that a schedule should be ahead of the policy of the devices: 85 where the policy says 90 (doc).
const AHEAD: u64 = 5;

/// A schedule. Times are in UTC. Spec: sync, "Usage reporting" (doc that there is one, choice what it lints).
///
/// ```
/// use slp_sync::schedule::Schedule;
///
/// let schedule = Schedule::new(85, 3, 30)?;
/// let next = schedule.next_run("2026-11-24T17:05:00Z".parse()?);
/// assert_eq!(next.to_string(), "2027-02-17T03:30:00.000Z");
/// assert!(schedule.lint(90).is_none() && schedule.lint(85).is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    days: u64,
    /// Of the day.
    minute: u64,
}

impl Schedule {
    /// Every `days` days (1 to 365) at this time of day.
    ///
    /// # Errors
    /// [`ErrorKind::BadValue`] for other days, hours above 23, minutes above 59.
    pub fn new(days: u64, hour: u64, minute: u64) -> Result<Self> {
        if !(1..=365).contains(&days) || hour > 23 || minute > 59 {
            let text = "a schedule has 1 to 365 days and a time from 00:00 to 23:59";
            return Err(Error::new(ErrorKind::BadValue, text).named("schedule"));
        }
        Ok(Self { days, minute: hour.saturating_mul(60).saturating_add(minute) })
    }

    /// Days from one run to the next.
    pub fn days(&self) -> u64 {
        self.days
    }

    /// The run after one at `last`: so many days after its date, at the time of day.
    pub fn next_run(&self, last: UnixMillis) -> UnixMillis {
        let date = last.get().saturating_sub(last.get().checked_rem(DAY).unwrap_or(0));
        let next = date.saturating_add(self.days.saturating_mul(DAY));
        UnixMillis::new(next.saturating_add(self.minute.saturating_mul(MINUTE))).unwrap_or(UnixMillis::MAX)
    }

    /// The days to choose where the policy of the devices asks for a report every `policy_days` days.
    pub fn suggested_days(policy_days: u64) -> u64 {
        policy_days.saturating_sub(AHEAD).clamp(1, 365)
    }

    /// A warning if devices would be late by their policy before this schedule runs; its text has the days to choose.
    pub fn lint(&self, policy_days: u64) -> Option<Warning> {
        let text = format!(
            "every {} days, and the devices have to report every {policy_days}: choose {}",
            self.days,
            Self::suggested_days(policy_days)
        );
        (self.days >= policy_days).then(|| Warning::new(WarningKind::ScheduleTooSlow, Location::default()).with(text))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{DAY, MINUTE, Schedule};
    use crate::ErrorKind;

    #[test]
    fn days_and_times_have_bounds() {
        for (days, hour, minute) in [(0, 0, 0), (366, 0, 0), (1, 24, 0), (1, 0, 60)] {
            let error = Schedule::new(days, hour, minute).unwrap_err();
            assert_eq!((error.kind(), error.name()), (ErrorKind::BadValue, Some("schedule")));
        }
        assert!(Schedule::new(1, 0, 0).is_ok() && Schedule::new(365, 23, 59).is_ok());
    }

    #[test]
    fn a_schedule_as_slow_as_the_policy_is_too_slow() {
        let schedule = |days| Schedule::new(days, 0, 0).unwrap();
        assert!(schedule(89).lint(90).is_none());
        let warning = schedule(90).lint(90).unwrap();
        let text = "schedule-too-slow (every 90 days, and the devices have to report every 90: choose 85)";
        assert_eq!(warning.to_string(), text);
        assert_eq!([Schedule::suggested_days(3), Schedule::suggested_days(1_000)], [1, 365]);
    }

    proptest! {
        #[test]
        fn the_next_run_is_so_many_days_later_at_its_time(
            days in 1_u64..=365, hour in 0_u64..24, minute in 0_u64..60, last in 0_u64..4_102_444_800_000,
        ) {
            let next = Schedule::new(days, hour, minute).unwrap().next_run(slp_model::UnixMillis::new(last).unwrap());
            prop_assert_eq!(next.get() % DAY, (hour * 60 + minute) * MINUTE);
            prop_assert_eq!(next.get() / DAY, last / DAY + days);
        }
    }
}
