//! What each event does: the table of the spec, row by row. Spec: transport, "Device agent" (choice).

use std::sync::Arc;

use slp_model::{Seconds, UnixSeconds};

use super::{Action, Agent, Event, Imported, Mode, Notice, Phase, ReportEntry, ReportKey, ReportProgress, Say};
use crate::Action as PollAction;
use crate::push::Kind;

/// Seconds from the start to the first push (seen).
const FIRST_PUSH: Seconds = Seconds::new(120);
/// Seconds from a change, or from trust, to the push (seen).
pub(super) const SOON: Seconds = Seconds::new(30);
/// A push that fails is repeated after a day (seen).
pub(super) const DAY: Seconds = Seconds::new(86_400);
/// How long an answer is waited for (choice).
const REPLY: Seconds = Seconds::new(30);

impl Agent {
    pub(super) fn event(&mut self, event: Event, now: UnixSeconds, out: &mut Vec<Action>) {
        let state = &mut self.state;
        match event {
            Event::Boot => self.start(self.state.mode, now, out),
            Event::Configured(mode) => self.start(mode, now, out),
            Event::Interval(interval) => {
                state.interval = interval.map(|interval| Seconds::new(interval.get().clamp(1, 366 * 86_400)));
                if state.interval.is_none() {
                    state.timers.push = None;
                } else if state.timers.push.is_none()
                    && !matches!(state.phase, Phase::Off | Phase::NoTrust | Phase::Blocked)
                {
                    state.timers.push = state.interval.map(|interval| now.saturating_add(interval));
                }
            }
            Event::ClockStep(step) => self.step_clock(step),
            Event::ReportsClosed(reports) => self.closed(reports, now),
            Event::ReportsPurged(reports) => state.reports.retain(|entry| !reports.contains(&entry.key)),
            Event::Imported(imported) => self.imported(imported, now, out),
            Event::Answered { exchange, reply } => {
                if exchange == state.exchange && state.timers.reply.is_some() {
                    self.answered(reply, now, out);
                }
            }
            Event::CannotBuild { exchange, reason } => {
                if exchange == state.exchange && state.timers.reply.is_some() {
                    self.cannot_build(reason, now);
                }
            }
            Event::Tick => {}
            _ if state.phase == Phase::Off => {
                if matches!(event, Event::Sync) {
                    out.push(Action::Notice(Notice::Offline));
                }
            }
            Event::TokenGiven { token, scope, force } => {
                self.token = Some(Arc::new((token, scope, force)));
                self.release(now);
                self.state.enqueue(Kind::TrustEstablishment);
            }
            Event::Sync | Event::AuthRequested { .. } | Event::AuthReturned if state.phase == Phase::NoTrust => {
                out.push(Action::Notice(Notice::InsufficientTrust));
            }
            Event::UsageChanged => {
                if state.interval.is_some() && !matches!(state.phase, Phase::NoTrust | Phase::Blocked) {
                    let soon = now.saturating_add(SOON);
                    state.timers.push = Some(state.timers.push.map_or(soon, |push| push.min(soon)));
                }
            }
            Event::Sync => {
                self.release(now);
                self.state.enqueue(Kind::TrustSync);
                if self.state.unreported().next().is_some() {
                    self.state.enqueue(Kind::UsageReporting);
                }
                self.enqueue_polls(None);
            }
            Event::AuthRequested { known: false, .. } => state.counters(Kind::AuthorizationRequest).had_nothing(),
            Event::AuthRequested { feature, .. } => {
                self.release(now);
                if !self.state.wanted.contains(&feature) {
                    self.state.wanted.push(feature);
                }
                self.enqueue_wanted();
            }
            Event::AuthReturned => {
                out.push(Action::RemoveCode);
                self.release(now);
                self.state.enqueue(Kind::AuthorizationReturn);
            }
        }
    }

    /// Rows 1, 3 and 4.
    fn start(&mut self, mode: Mode, now: UnixSeconds, out: &mut Vec<Action>) {
        let state = &mut self.state;
        // What was under way is forgotten. A return is sent once, whatever became of it.
        if state.phase == Phase::Busy(Kind::AuthorizationReturn) {
            state.drop_head();
        }
        state.move_reports(ReportProgress::InFlight, ReportProgress::Unreported);
        (state.timers.reply, state.closing, state.mode) = (None, false, mode);
        state.wanted_in_flight = 0;
        if self.token.is_none() {
            state.drop_kind(&Kind::TrustEstablishment);
        }
        if mode == Mode::Off {
            state.queue.clear();
            state.timers = super::Timers::default();
            (state.phase, state.hold) = (Phase::Off, false);
            return;
        }
        state.hold = false;
        if mode == Mode::Smart && !state.trust {
            state.timers = super::Timers::default();
            state.phase = Phase::NoTrust;
            out.push(Action::Notice(Notice::InsufficientTrust));
            return;
        }
        let first = now.saturating_add(FIRST_PUSH);
        let stored = if state.ever_reported { state.timers.push } else { None };
        state.timers.push = state.interval.map(|_| stored.unwrap_or(first));
        state.phase = Phase::Idle;
    }

    /// "release", and out of the blocked phase.
    pub(super) fn release(&mut self, now: UnixSeconds) {
        self.state.hold = false;
        if self.state.phase == Phase::Blocked {
            self.state.phase = Phase::Idle;
            self.state.timers.push = self.state.interval.map(|_| now.saturating_add(DAY));
        }
    }

    fn step_clock(&mut self, step: Seconds) {
        let shift = |time: &mut UnixSeconds| *time = time.saturating_add(step);
        let timers = &mut self.state.timers;
        for time in [&mut timers.push, &mut timers.hello, &mut timers.try_again, &mut timers.trust, &mut timers.reply]
            .into_iter()
            .flatten()
        {
            shift(time);
        }
        for poll in &mut self.state.polls {
            shift(&mut poll.due);
        }
    }

    /// Rows 8 and 9, once the reports are closed.
    fn closed(&mut self, reports: Vec<ReportKey>, now: UnixSeconds) {
        let state = &mut self.state;
        for key in reports {
            if !state.reports.iter().any(|entry| entry.key == key) {
                state.reports.push(ReportEntry { key, progress: ReportProgress::Unreported });
            }
        }
        state
            .reports
            .sort_by(|left, right| left.key.id.cmp(&right.key.id).then_with(|| left.key.udi.cmp(&right.key.udi)));
        if !std::mem::take(&mut state.closing) {
            return;
        }
        if state.unreported().next().is_none() {
            state.counters(Kind::UsageReporting).had_nothing();
            self.push_after_success(now);
            return;
        }
        state.timers.push = state.interval.map(|_| now.saturating_add(DAY));
        self.release(now);
        self.state.enqueue(Kind::TrustSync);
        self.state.enqueue(Kind::UsageReporting);
    }

    pub(super) fn push_after_success(&mut self, now: UnixSeconds) {
        self.state.timers.push = self.state.interval.map(|interval| now.saturating_add(interval));
    }

    /// Rows 16 and 17.
    fn imported(&mut self, imported: Imported, now: UnixSeconds, out: &mut Vec<Action>) {
        match imported {
            Imported::Acknowledgement(reports) => self.acknowledge(&reports, now, out),
            Imported::TrustCode => {
                self.state.trust = true;
                if self.state.phase == Phase::NoTrust {
                    self.state.phase = Phase::Idle;
                    self.state.timers.push = self.state.interval.map(|_| now.saturating_add(SOON));
                }
            }
            Imported::Other => {}
        }
        if self.state.phase == Phase::Blocked {
            self.release(now);
        }
    }

    /// Reports are done with, and so are polls that no report waits for any more.
    pub(super) fn acknowledge(&mut self, reports: &[ReportKey], now: UnixSeconds, out: &mut Vec<Action>) {
        let state = &mut self.state;
        let mut done = Vec::new();
        let mut polls = Vec::new();
        state.reports.retain(|entry| {
            let found = reports.contains(&entry.key);
            if found {
                done.push(entry.key.clone());
                if let ReportProgress::Pending(id) = entry.progress {
                    polls.push(id);
                }
            }
            !found
        });
        for id in polls {
            let waited_for = state.reports.iter().any(|entry| entry.progress == ReportProgress::Pending(id));
            if !waited_for {
                state.polls.retain(|poll| poll.id != id);
                let under_way = state.phase == Phase::Busy(Kind::ResultPolling);
                let head = state.queue.first().filter(|_| under_way).and_then(|queued| queued.poll);
                state.queue.retain(|queued| queued.poll != Some(id) || head == Some(id));
            }
        }
        state.last_ack = Some(now);
        if !done.is_empty() {
            out.push(Action::Acknowledged(done));
        }
    }

    /// Queues the polls that are due at a time, or all of them, oldest first.
    pub(super) fn enqueue_polls(&mut self, due: Option<UnixSeconds>) {
        let polls = self.state.polls.iter().filter(|poll| due.is_none_or(|now| poll.due <= now));
        for id in polls.map(|poll| poll.id).collect::<Vec<_>>() {
            self.state.enqueue_poll(id);
        }
    }

    /// Queues the message that asks for codes.
    pub(super) fn enqueue_wanted(&mut self) {
        let carried = self.carries_requests();
        self.state.enqueue(if carried { Kind::UsageReporting } else { Kind::AuthorizationRequest });
    }

    /// Do requests for codes travel with the reports?
    fn carries_requests(&self) -> bool {
        let knows = |words: &Vec<String>| words.iter().any(|word| word == "POLICY_USAGE");
        self.state.mode == Mode::Cslu && self.state.peer_capabilities.as_ref().is_some_and(knows)
    }

    /// Rows 8 to 11 and 36: every deadline that has come, as far as the phase lets it fire.
    pub(super) fn fire_timers(&mut self, now: UnixSeconds, out: &mut Vec<Action>) {
        let due = |timer: Option<UnixSeconds>| timer.is_some_and(|time| time <= now);
        if matches!(self.state.phase, Phase::Hello | Phase::Busy(_)) && due(self.state.timers.reply) {
            self.answered(super::Reply::NoReply, now, out);
        }
        if !matches!(self.state.phase, Phase::Idle | Phase::NoTrust) {
            return;
        }
        let timers = &mut self.state.timers;
        let hello = due(timers.hello);
        if hello || due(timers.try_again) || due(timers.trust) {
            for timer in [&mut timers.hello, &mut timers.try_again, &mut timers.trust] {
                if due(*timer) {
                    *timer = None;
                }
            }
            self.state.hold = false;
            if hello && self.state.queue.is_empty() {
                self.state.enqueue(Kind::TrustSync);
            }
        }
        if self.state.phase != Phase::Idle {
            let trusts = self.state.polls.iter().filter(|poll| poll.action == PollAction::Trusts && poll.due <= now);
            for id in trusts.map(|poll| poll.id).collect::<Vec<_>>() {
                self.state.enqueue_poll(id);
            }
            return;
        }
        self.enqueue_polls(Some(now));
        if due(self.state.timers.push) && !self.state.closing {
            self.state.timers.push = None;
            self.state.closing = true;
            out.push(Action::CloseReports);
        }
    }

    /// The send rule.
    pub(super) fn send(&mut self, now: UnixSeconds, out: &mut Vec<Action>) {
        let state = &mut self.state;
        if state.hold || state.queue.is_empty() {
            return;
        }
        let trust_poll = |id: Option<crate::PollId>| {
            state.polls.iter().any(|poll| Some(poll.id) == id && poll.action == PollAction::Trusts)
        };
        match state.phase {
            Phase::NoTrust => {
                let sendable = |queued: &super::Queued| {
                    queued.kind == Kind::TrustEstablishment || (queued.poll.is_some() && trust_poll(queued.poll))
                };
                let Some(place) = state.queue.iter().position(sendable) else {
                    return;
                };
                let queued = state.queue.remove(place);
                state.queue.insert(0, queued);
            }
            Phase::Idle => {}
            _ => return,
        }
        if state.mode == Mode::Cslu {
            let say = Say::Hello {
                unreported: u32::try_from(state.unreported().count()).unwrap_or(u32::MAX),
                outstanding: state.polls.iter().map(|poll| poll.id).collect(),
            };
            state.phase = Phase::Hello;
            self.emit(say, now, out);
        } else {
            self.send_head(now, out);
        }
    }

    /// Sends the head of the queue.
    pub(super) fn send_head(&mut self, now: UnixSeconds, out: &mut Vec<Action>) {
        loop {
            let Some(head) = self.state.queue.first().cloned() else {
                self.rest();
                return;
            };
            if let Some(say) = self.say(&head.kind, head.poll) {
                for poll in self.state.polls.iter_mut().filter(|poll| Some(poll.id) == head.poll) {
                    poll.asked = Some(now);
                }
                if head.kind == Kind::AuthorizationReturn {
                    // Once more: the process may have ended before the first time.
                    out.push(Action::RemoveCode);
                }
                self.state.phase = Phase::Busy(head.kind);
                self.emit(say, now, out);
                return;
            }
            // What it was for is gone: a poll that was answered, a token that was lost.
            self.state.drop_head();
        }
    }

    fn say(&mut self, kind: &Kind, poll: Option<crate::PollId>) -> Option<Say> {
        let state = &mut self.state;
        Some(match kind {
            Kind::UsageReporting => {
                let batch = state.batch.max(1);
                let mut reports = Vec::new();
                let waiting = state.reports.iter_mut().filter(|entry| entry.progress == ReportProgress::Unreported);
                for entry in waiting.take(batch) {
                    entry.progress = ReportProgress::InFlight;
                    reports.push(entry.key.clone());
                }
                if reports.is_empty() && state.wanted.is_empty() {
                    return None;
                }
                let features = if self.carries_requests() { self.state.wanted.clone() } else { Vec::new() };
                if reports.is_empty() && features.is_empty() {
                    return None;
                }
                self.state.wanted_in_flight = features.len();
                Say::Usage { reports, features }
            }
            Kind::ResultPolling => {
                let open = state.polls.iter().find(|open| Some(open.id) == poll)?;
                Say::Poll { id: open.id, action: open.action.clone() }
            }
            Kind::TrustEstablishment => {
                let (_, scope, force) = self.token.as_deref()?;
                Say::TrustEstablishment { scope: scope.clone(), force: *force }
            }
            Kind::AuthorizationRequest => {
                if state.wanted.is_empty() {
                    return None;
                }
                state.wanted_in_flight = state.wanted.len();
                Say::AuthorizationRequest(state.wanted.clone())
            }
            other => Say::Plain(other.clone()),
        })
    }

    fn emit(&mut self, say: Say, now: UnixSeconds, out: &mut Vec<Action>) {
        self.state.exchange = self.state.exchange.saturating_add(1);
        self.state.timers.reply = Some(now.saturating_add(REPLY));
        out.push(Action::Send { exchange: self.state.exchange, say });
    }

    /// Idle, or `NoTrust` where there is none.
    pub(super) fn rest(&mut self) {
        let idle = self.state.mode == Mode::Cslu || self.state.trust;
        self.state.phase = if idle { Phase::Idle } else { Phase::NoTrust };
    }
}
