//! Results that are not there yet, and those that were fetched already.

use std::collections::BTreeMap;

use slp_model::UnixMillis;
use slp_transport::{Action, PollId, Results};

/// A result can be fetched again for so long after the first time: 30 days, in milliseconds.
const KEPT: u64 = 30 * 86_400_000;

#[derive(Debug)]
struct Job {
    ready: UnixMillis,
    action: Action,
    results: Results,
    delivered: Option<UnixMillis>,
}

#[derive(Debug, Default)]
pub(crate) struct Jobs(BTreeMap<PollId, Job>);

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Polled {
    Unknown,
    Running,
    Done(Results),
}

impl Jobs {
    pub(crate) fn add(&mut self, id: PollId, action: Action, results: Results, ready: UnixMillis) {
        self.0.insert(id, Job { ready, action, results, delivered: None });
    }

    /// How many results were never fetched.
    pub(crate) fn outstanding(&self) -> usize {
        self.0.values().filter(|job| job.delivered.is_none()).count()
    }

    pub(crate) fn poll(&mut self, id: PollId, action: &Action, now: UnixMillis) -> Polled {
        let too_old = |job: &Job| job.delivered.is_some_and(|at| now.get().saturating_sub(at.get()) > KEPT);
        self.0.retain(|_, job| !too_old(job));
        match self.0.get_mut(&id) {
            Some(job) if job.action == *action && now < job.ready => Polled::Running,
            Some(job) if job.action == *action => {
                job.delivered.get_or_insert(now);
                Polled::Done(job.results.clone())
            }
            _ => Polled::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_ready_at_its_time_and_stays_for_thirty_days_after_it_was_fetched() {
        let (mut jobs, id, at) = (Jobs::default(), PollId::from(7), |millis| UnixMillis::new(millis).unwrap());
        jobs.add(id, Action::Acknowledgements, Results::new(), at(1_000));
        assert_eq!(jobs.poll(id, &Action::Acknowledgements, at(999)), Polled::Running);
        assert_eq!(jobs.poll(id, &Action::Authorizations, at(1_000)), Polled::Unknown);
        assert_eq!(jobs.poll(id, &Action::Acknowledgements, at(1_000)), Polled::Done(Results::new()));
        assert_eq!(jobs.poll(id, &Action::Acknowledgements, at(1_000 + KEPT)), Polled::Done(Results::new()));
        assert_eq!(jobs.poll(id, &Action::Acknowledgements, at(1_001 + KEPT)), Polled::Unknown);
    }
}
