//! One submit to the cloud and the polls for its result, as a machine. Spec: transport, "Poll" (choice).
//!
//! [`Upload::handle`] takes an event and the time and says what to send; the caller keeps the bytes of the submit, since a
//! repeat sends the same. The state can be kept and taken up again.

mod deliver; // results by device

pub use deliver::{Deliveries, Delivery};

use serde::{Deserialize, Serialize};
use slp_model::{Seconds, UnixSeconds};

use crate::cssm::{CloudAnswer, PollOutcome, SubmitOutcome};
use crate::retry::{Retry, backoff, jitter};
use crate::{Action, Error, ErrorKind, Nonce, PollId, Results};

/// Seconds after which an upload without a result is given up; it may be resumed.
const GIVE_UP: Seconds = Seconds::new(86_400);
/// Waits before the second, third, … poll; then the server's interval. None is longer than that.
const POLL_WAITS: [u32; 4] = [30, 60, 120, 240];

/// What happens to an upload.
#[derive(Debug)]
#[non_exhaustive]
pub enum UploadEvent {
    /// Begin, or go on after a restart.
    Start,
    /// The answer to the submit or to the poll that was sent last.
    Answered(Result<Box<CloudAnswer>, Error>),
    /// There is a new token, or there is none to be had.
    TokenRefreshed(Result<(), Error>),
    /// A deadline may have come.
    Tick,
}

impl UploadEvent {
    /// The answer to what was sent last.
    pub fn answered(result: Result<CloudAnswer, Error>) -> Self {
        Self::Answered(result.map(Box::new))
    }
}

/// What to do.
#[derive(Debug)]
#[non_exhaustive]
pub enum UploadAction {
    /// Keep the state before anything that follows. What stands before it may be said again, when the process ends in between.
    Save,
    /// Send the submit: the same bytes each time.
    Submit,
    /// Send a poll with this id and the nonce of the submit.
    #[non_exhaustive]
    Poll {
        /// What to poll for.
        id: PollId,
        /// What kind of result.
        action: Action,
        /// That of the submit.
        nonce: Nonce,
    },
    /// Get a new token.
    RefreshToken,
    /// The answer to a poll has another nonce: worth a warning (seen in published samples).
    OtherNonce,
    /// It is over.
    Finished(UploadOutcome),
}

/// How an upload ended.
#[derive(Debug)]
#[non_exhaustive]
pub enum UploadOutcome {
    /// The result: see [`Deliveries::of`].
    Done(Results),
    /// The cloud has these reports already: success, without a document.
    AlreadyReported,
    /// It failed for good: why, and whether another upload may help.
    Failed(Error),
    /// No result in a day: the state is good for another [`UploadEvent::Start`].
    Expired,
}

/// Where an upload stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum UploadPhase {
    /// Nothing was sent.
    New,
    /// The submit is under way, or waits to be repeated.
    Submitting,
    /// The next poll waits for its time.
    Waiting,
    /// A poll is under way.
    Polling,
    /// It is over.
    Over,
}

/// Everything an upload keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UploadState {
    /// Where it stands.
    pub phase: UploadPhase,
    /// Nonce of the submit.
    pub nonce: Nonce,
    /// What kind of result is asked for.
    pub action: Action,
    /// What to poll for.
    pub poll_id: Option<PollId>,
    /// The server's interval, seconds.
    pub interval: u32,
    /// When the submit was first sent.
    pub submitted_at: Option<UnixSeconds>,
    /// Polls that found the result not ready.
    pub polls: u32,
    /// When to send next.
    pub due: Option<UnixSeconds>,
    /// Failures in a row of what is being sent.
    pub failures: u32,
    /// Was a new token fetched for what is being sent?
    pub refreshed: bool,
    /// Is a new token on its way?
    pub refreshing: bool,
    /// May the cloud have the reports although no answer came?
    pub unknown_outcome: bool,
    /// Spreads the waits; draw it once per upload.
    pub seed: u64,
}

/// One submit and its polls.
#[derive(Clone, Debug)]
pub struct Upload {
    state: UploadState,
}

impl Upload {
    /// An upload of a message with this nonce. `seed` spreads the waits of many uploads.
    pub fn new(nonce: Nonce, action: Action, seed: u64) -> Self {
        Self::resume(UploadState {
            phase: UploadPhase::New,
            nonce,
            action,
            poll_id: None,
            interval: 300,
            submitted_at: None,
            polls: 0,
            due: None,
            failures: 0,
            refreshed: false,
            refreshing: false,
            unknown_outcome: false,
            seed,
        })
    }

    /// Takes up a kept state. Handle [`UploadEvent::Start`] next.
    pub fn resume(state: UploadState) -> Self {
        Self { state }
    }

    /// What to keep.
    pub fn state(&self) -> &UploadState {
        &self.state
    }

    /// When to call [`handle`](Self::handle) with [`UploadEvent::Tick`] at the latest.
    pub fn next_deadline(&self) -> Option<UnixSeconds> {
        if self.state.phase == UploadPhase::Over { None } else { self.state.due }
    }

    /// What an event at this time leads to, in order.
    pub fn handle(&mut self, event: UploadEvent, now: UnixSeconds) -> Vec<UploadAction> {
        let before = self.state.clone();
        let mut actions = Vec::new();
        match event {
            UploadEvent::Start => self.start(now, &mut actions),
            UploadEvent::Answered(result) => self.answered(result, now, &mut actions),
            UploadEvent::TokenRefreshed(result) => self.refreshed(result, &mut actions),
            UploadEvent::Tick => self.tick(now, &mut actions),
        }
        if self.state != before {
            // The end of an upload is said before it is kept: said twice does no harm, never said loses a result.
            let keep_at = actions.iter().position(|action| !matches!(action, UploadAction::Finished(_)));
            let keep_at = keep_at.unwrap_or(actions.len());
            actions.insert(keep_at, UploadAction::Save);
        }
        actions
    }

    fn start(&mut self, now: UnixSeconds, out: &mut Vec<UploadAction>) {
        let state = &mut self.state;
        (state.refreshed, state.refreshing, state.failures) = (false, false, 0);
        if state.poll_id.is_some() {
            // A new day to find the result in.
            if state.phase == UploadPhase::Over || self.expired(now) {
                self.state.submitted_at = Some(now);
            }
            self.state.phase = UploadPhase::Waiting;
            self.state.due = Some(self.state.due.unwrap_or(now).max(now));
            return self.tick(now, out);
        }
        // After a restart nobody knows whether the submit arrived.
        state.unknown_outcome |= state.phase == UploadPhase::Submitting;
        state.submitted_at.get_or_insert(now);
        (state.phase, state.due) = (UploadPhase::Submitting, None);
        out.push(UploadAction::Submit);
    }

    fn expired(&self, now: UnixSeconds) -> bool {
        self.state.submitted_at.is_some_and(|start| now >= start.saturating_add(GIVE_UP))
    }

    fn tick(&mut self, now: UnixSeconds, out: &mut Vec<UploadAction>) {
        if self.state.phase == UploadPhase::Over || self.state.due.is_none_or(|due| now < due) {
            return;
        }
        if self.expired(now) {
            return self.finish(UploadOutcome::Expired, out);
        }
        self.state.due = None;
        self.send(out);
    }

    /// Sends what is being sent.
    fn send(&mut self, out: &mut Vec<UploadAction>) {
        match (self.state.phase, self.state.poll_id) {
            (UploadPhase::Submitting, _) => out.push(UploadAction::Submit),
            (UploadPhase::Waiting | UploadPhase::Polling, Some(id)) => {
                self.state.phase = UploadPhase::Polling;
                let (action, nonce) = (self.state.action.clone(), self.state.nonce.clone());
                out.push(UploadAction::Poll { id, action, nonce });
            }
            _ => {}
        }
    }

    fn refreshed(&mut self, result: Result<(), Error>, out: &mut Vec<UploadAction>) {
        if !std::mem::take(&mut self.state.refreshing) {
            return;
        }
        match result {
            Ok(()) => self.send(out),
            Err(error) => self.finish(UploadOutcome::Failed(error), out),
        }
    }

    fn answered(&mut self, result: Result<Box<CloudAnswer>, Error>, now: UnixSeconds, out: &mut Vec<UploadAction>) {
        // An answer that nobody waits for: one that came twice.
        let waits = self.state.due.is_some() || self.state.refreshing;
        if waits || !matches!(self.state.phase, UploadPhase::Submitting | UploadPhase::Polling) {
            return;
        }
        let submitting = self.state.phase == UploadPhase::Submitting;
        let answer = match result {
            Ok(answer) => *answer,
            Err(error) => return self.failed(error, now, out),
        };
        if !submitting && answer.nonce.as_ref().is_some_and(|nonce| *nonce != self.state.nonce) {
            out.push(UploadAction::OtherNonce);
        }
        if submitting {
            match answer.submitted("submit") {
                Ok(outcome) => self.submitted(outcome, now, out),
                Err(error) => self.failed(error, now, out),
            }
        } else {
            match answer.polled(&self.state.action, "poll") {
                Ok(PollOutcome::Done(results)) => self.finish(UploadOutcome::Done(results), out),
                Ok(PollOutcome::Running { id, interval }) => {
                    let state = &mut self.state;
                    state.poll_id = id.or(state.poll_id);
                    state.interval = interval.unwrap_or(state.interval);
                    let wait = usize::try_from(state.polls).ok().and_then(|polls| POLL_WAITS.get(polls));
                    let wait = wait.copied().unwrap_or(state.interval);
                    state.polls = state.polls.saturating_add(1);
                    self.wait(wait, now);
                }
                Err(error) => self.failed(error, now, out),
            }
        }
    }

    fn submitted(&mut self, outcome: SubmitOutcome, now: UnixSeconds, out: &mut Vec<UploadAction>) {
        match outcome {
            SubmitOutcome::Done(results) => self.finish(UploadOutcome::Done(results), out),
            SubmitOutcome::Poll { id, interval, action } => {
                let state = &mut self.state;
                (state.poll_id, state.interval) = (Some(id), interval);
                if let Some(action) = action.filter(crate::Action::is_known) {
                    state.action = action;
                }
                // Codes are there almost at once (code); acknowledgements take a while.
                let first = if state.action == Action::Authorizations { 3 } else { 30 };
                self.wait(first, now);
            }
        }
    }

    /// Waits for the next poll, never longer than the server's interval.
    fn wait(&mut self, seconds: u32, now: UnixSeconds) {
        let state = &mut self.state;
        (state.failures, state.refreshed, state.phase) = (0, false, UploadPhase::Waiting);
        let wait = seconds.min(state.interval.clamp(1, 86_400));
        state.due = Some(now.saturating_add(Seconds::new(i64::from(wait))));
    }

    fn failed(&mut self, error: Error, now: UnixSeconds, out: &mut Vec<UploadAction>) {
        let state = &mut self.state;
        let submitting = state.phase == UploadPhase::Submitting;
        let duplicate = error.refusal().is_some_and(crate::Refusal::is_duplicate);
        let refused = error.kind() == ErrorKind::Server && error.retry() == Retry::Never;
        if submitting && refused && (duplicate || state.unknown_outcome) {
            return self.finish(UploadOutcome::AlreadyReported, out);
        }
        match error.retry() {
            Retry::Auth if !state.refreshed => {
                (state.refreshed, state.refreshing) = (true, true);
                out.push(UploadAction::RefreshToken);
            }
            retry @ (Retry::Throttle { .. } | Retry::Transient | Retry::TryAgain { .. }) => {
                state.unknown_outcome |= submitting && retry == Retry::Transient;
                let jitter = jitter(&mut state.seed);
                match backoff(retry, state.failures, now, jitter) {
                    Some(wait) => {
                        state.failures = state.failures.saturating_add(1);
                        state.due = Some(now.saturating_add(wait));
                        if !submitting {
                            state.phase = UploadPhase::Waiting;
                        }
                    }
                    None => self.finish(UploadOutcome::Failed(error), out),
                }
            }
            _ => self.finish(UploadOutcome::Failed(error), out),
        }
    }

    fn finish(&mut self, outcome: UploadOutcome, out: &mut Vec<UploadAction>) {
        (self.state.phase, self.state.due) = (UploadPhase::Over, None);
        out.push(UploadAction::Finished(outcome));
    }
}

#[cfg(test)]
mod tests;
