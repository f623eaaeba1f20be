//! What each answer does: rows 18 to 37 of the table. Spec: transport, "Device agent" (choice).

use slp_model::{Seconds, UnixSeconds};

use super::reply::clamp;
use super::table::{DAY, SOON};
use super::{Action, Agent, LastResponse, Mode, Notice, OpenPoll, Phase, Reply, ReportProgress};
use crate::push::{Kind, ResponseData, message_code};
use crate::retry::{THROTTLE_WAIT, TRY_AGAIN_WAIT};
use crate::{Action as PollAction, PollId, Results, Retry, StatusWord};

/// Seconds to the next hello after a failed one: no growing back-off (seen).
const HELLO: Seconds = Seconds::new(3_600);
/// Seconds to the repeat of a request for trust (choice).
const TRUST: Seconds = Seconds::new(300);
/// Seconds that a result is left alone, however often a collector says that something is pending (choice).
const PAUSE: Seconds = Seconds::new(60);
/// Capabilities of the other side that are kept, and how long they may be: known ones are far fewer and shorter (seen).
const CAPABILITIES: (usize, usize) = (64, 64);

/// How a message failed: for the statistics, and how long the server wants to be left alone.
struct Failure {
    word: LastResponse,
    reason: Option<String>,
    wait: Seconds,
}

impl Agent {
    pub(super) fn answered(&mut self, reply: Reply, now: UnixSeconds, out: &mut Vec<Action>) {
        self.state.timers.reply = None;
        let reply = self.without_token(reply);
        // A busy or broken server counts as one that does not answer, but for the communication counter.
        let (reply, failure) = match reply {
            Reply::Failed { reason, retry: Retry::Throttle { after }, .. } => {
                let wait = after.map_or(THROTTLE_WAIT, |after| after.wait(now));
                (Reply::NoReply, Failure { word: LastResponse::InvalidStatusCode, reason, wait: clamp(wait) })
            }
            Reply::Failed { reason, retry: Retry::Transient, .. } => {
                (Reply::NoReply, Failure { word: LastResponse::InvalidStatusCode, reason, wait: Seconds::ZERO })
            }
            other => (other, Failure { word: LastResponse::NoReply, reason: None, wait: Seconds::ZERO }),
        };
        match self.state.phase.clone() {
            Phase::Hello => self.hello_answered(reply, failure, now, out),
            Phase::Busy(kind) => self.message_answered(&kind, reply, failure, now, out),
            _ => {}
        }
    }

    /// A server may repeat the token that it refuses: reasons are kept and shown.
    fn without_token(&self, mut reply: Reply) -> Reply {
        let token = self.token().map(crate::cssm::Token::expose).filter(|token| !token.is_empty());
        if let (Reply::Failed { reason: Some(reason), .. } | Reply::TryAgain { reason: Some(reason), .. }, Some(token)) =
            (&mut reply, token)
            && reason.contains(token)
        {
            *reason = reason.replace(token, "***");
        }
        reply
    }

    /// Rows 18, 22, 23.
    fn hello_answered(&mut self, reply: Reply, failure: Failure, now: UnixSeconds, out: &mut Vec<Action>) {
        let state = &mut self.state;
        if let Reply::Ok(data) = reply {
            state.counters(Kind::Hello).succeeded(LastResponse::Ok, now);
            state.timers.hello = None;
            if !std::mem::replace(&mut state.reachable, true) {
                out.push(Action::Notice(Notice::CommunicationRestored));
            }
            if let Some(ResponseData::Hello(answer)) = &data {
                let (most, longest) = CAPABILITIES;
                let words = answer.connect_info.capabilities.iter().filter(|word| word.len() <= longest);
                state.peer_capabilities = Some(words.take(most).cloned().collect());
                if answer.pending {
                    // Each message has a hello of its own, and what waits still waits at the next one: a sync before each
                    // would keep the poll from ever being sent, and two polls would follow one another for ever.
                    let synced = state.counters(Kind::TrustSync).last_success;
                    if is_past(synced, HELLO, now) {
                        state.enqueue(Kind::TrustSync);
                    }
                    let polls = state.polls.iter().filter(|poll| poll.due <= now || is_past(poll.asked, PAUSE, now));
                    for id in polls.map(|poll| poll.id).collect::<Vec<_>>() {
                        state.enqueue_poll(id);
                    }
                }
            }
            if let Some(data) = data {
                out.push(Action::Install(data));
            }
            self.send_head(now, out);
            return;
        }
        let (word, reason) = match reply {
            Reply::NoReply => (failure.word, failure.reason),
            Reply::Poll { .. } => (LastResponse::OkPoll, None),
            Reply::TryAgain { reason, .. } => (LastResponse::OkTryAgain, reason),
            Reply::Failed { reason, .. } => (LastResponse::InvalidStatusCode, reason),
            Reply::Ok(_) => (LastResponse::Ok, None),
        };
        state.counters(Kind::Hello).failed(word, reason, now);
        state.peer_capabilities = None;
        if std::mem::replace(&mut state.reachable, false) {
            out.push(Action::Notice(Notice::CommunicationFailed));
        }
        state.hold = true;
        let next = now.saturating_add(HELLO.max(failure.wait));
        state.timers.hello.get_or_insert(next);
        state.phase = Phase::Idle;
    }

    fn message_answered(
        &mut self,
        kind: &Kind,
        reply: Reply,
        failure: Failure,
        now: UnixSeconds,
        out: &mut Vec<Action>,
    ) {
        match reply {
            Reply::Ok(data) => {
                self.state.counters(kind.clone()).succeeded(LastResponse::Ok, now);
                self.ok(kind, data, now, out);
            }
            Reply::Poll { id, interval, action } => {
                self.state.counters(kind.clone()).succeeded(LastResponse::OkPoll, now);
                self.later(kind, id, interval, action, now);
            }
            Reply::TryAgain { after, reason } => {
                self.state.counters(kind.clone()).failed(LastResponse::OkTryAgain, reason, now);
                self.state.move_reports(ReportProgress::InFlight, ReportProgress::Unreported);
                self.state.hold = true;
                // 0 would be a request after the other, without a pause.
                let wait = clamp(after.filter(|seconds| *seconds > 0).unwrap_or(TRY_AGAIN_WAIT));
                self.state.timers.try_again = Some(now.saturating_add(wait));
                self.rest();
            }
            Reply::NoReply => {
                self.state.counters(kind.clone()).failed(failure.word, failure.reason, now);
                self.no_reply(kind, failure.wait, now);
            }
            Reply::Failed { reason, code, .. } => {
                self.state.counters(kind.clone()).failed(LastResponse::InvalidStatusCode, reason, now);
                self.refused(kind, code.as_deref(), out);
            }
        }
    }

    /// Rows 20, 24, 30, 31, 34, 35.
    fn ok(&mut self, kind: &Kind, data: Option<ResponseData>, now: UnixSeconds, out: &mut Vec<Action>) {
        let more = self.state.unreported().next().is_some();
        let head = self.state.drop_head();
        let results = match &data {
            Some(ResponseData::Results(results)) => Some(results.clone()),
            _ => None,
        };
        let trusted = match (&data, &results) {
            (Some(ResponseData::Trust(answer)), _) => answer.trusts.clone(),
            (_, Some(results)) => results.trusts.clone().unwrap_or_default(),
            _ => Vec::new(),
        };
        let mut acknowledge = false;
        if let Some(ResponseData::Trust(answer)) = &data {
            acknowledge = answer.acknowledge == Some(true);
        }
        if let Some(data) = data {
            out.push(Action::Install(data));
        }
        match kind {
            Kind::UsageReporting => {
                self.taken(now);
                self.settle(ReportProgress::InFlight, results.as_ref(), now, out);
                self.push_after_success(now);
                // More reports than fit into a message: the next one follows.
                if more {
                    self.state.enqueue(Kind::UsageReporting);
                }
            }
            Kind::ResultPolling => {
                if let Some(id) = head.and_then(|head| head.poll) {
                    self.state.polls.retain(|poll| poll.id != id);
                    self.settle(ReportProgress::Pending(id), results.as_ref(), now, out);
                }
            }
            _ => {}
        }
        self.wanted_answered(kind);
        let overwritten = results.iter().flat_map(|results| results.authorizations.iter().flatten());
        if overwritten.clone().any(|code| code.smart_license.is_some()) && *kind == Kind::ResultPolling {
            self.state.enqueue(Kind::AuthorizationConfirmation);
        }
        if trusted.iter().any(|trust| trust.status == StatusWord::Success) {
            self.state.trust = true;
            self.token = None;
            self.state.timers.push = self.state.interval.map(|_| now.saturating_add(SOON));
        } else if *kind == Kind::TrustEstablishment || !trusted.is_empty() {
            self.token = None;
            out.push(Action::Notice(Notice::TrustFailed));
        }
        if acknowledge {
            self.state.enqueue(Kind::TrustAcknowledgement);
        }
        self.rest();
    }

    /// The reports of one message or of one poll: those of acknowledged devices are done, the others wait again.
    fn settle(&mut self, from: ReportProgress, results: Option<&Results>, now: UnixSeconds, out: &mut Vec<Action>) {
        let acknowledged = results.and_then(|results| results.acknowledgements.as_deref()).unwrap_or_default();
        let done: Vec<_> = self
            .state
            .reports
            .iter()
            .filter(|entry| entry.progress == from)
            .map(|entry| entry.key.clone())
            .filter(|key| acknowledged.iter().any(|item| item.smart_license.is_some() && item.sudi.is(&key.udi)))
            .collect();
        if !done.is_empty() {
            self.acknowledge(&done, now, out);
        }
        self.state.move_reports(from, ReportProgress::Unreported);
    }

    /// The codes of the message are on their way. Those that were asked for in the meantime have one of their own.
    fn wanted_answered(&mut self, kind: &Kind) {
        if matches!(kind, Kind::UsageReporting | Kind::AuthorizationRequest) {
            self.state.drop_wanted();
            if !self.state.wanted.is_empty() {
                self.enqueue_wanted();
            }
        }
    }

    fn taken(&mut self, now: UnixSeconds) {
        self.state.ever_reported = true;
        self.state.last_push = Some(now);
    }

    /// Rows 19, 25, 34.
    fn later(&mut self, kind: &Kind, id: PollId, interval: Option<u32>, action: Option<PollAction>, now: UnixSeconds) {
        let fallback = if self.state.mode == Mode::Cslu { 60 } else { 300 };
        let due = now.saturating_add(clamp(interval.filter(|seconds| *seconds > 0).unwrap_or(fallback)));
        let head = self.state.drop_head();
        if *kind == Kind::ResultPolling {
            let Some(old) = head.and_then(|head| head.poll) else {
                return self.rest();
            };
            // A new name that another result has already: they are one from now on.
            self.state.polls.retain(|poll| poll.id == old || poll.id != id);
            for poll in self.state.polls.iter_mut().filter(|poll| poll.id == old) {
                (poll.id, poll.due) = (id, due);
            }
            self.state.move_reports(ReportProgress::Pending(old), ReportProgress::Pending(id));
            return self.rest();
        }
        let action = action.unwrap_or(match kind {
            Kind::UsageReporting => PollAction::Acknowledgements,
            Kind::TrustEstablishment => PollAction::Trusts,
            _ => PollAction::Authorizations,
        });
        if !self.state.polls.iter().any(|poll| poll.id == id) {
            self.state.polls.push(OpenPoll { id, action, due, asked: None });
        }
        if *kind == Kind::UsageReporting {
            self.taken(now);
            self.state.move_reports(ReportProgress::InFlight, ReportProgress::Pending(id));
            self.push_after_success(now);
            if self.state.unreported().next().is_some() {
                self.state.enqueue(Kind::UsageReporting);
            }
        }
        self.wanted_answered(kind);
        self.rest();
    }

    /// Rows 21, 26, 30, 32, 34, 35.
    fn no_reply(&mut self, kind: &Kind, wait: Seconds, now: UnixSeconds) {
        self.state.move_reports(ReportProgress::InFlight, ReportProgress::Unreported);
        match kind {
            Kind::TrustEstablishment => {
                self.state.hold = true;
                self.state.timers.trust = Some(now.saturating_add(TRUST.max(wait)));
            }
            Kind::ResultPolling => {
                let head = self.state.drop_head();
                let id = head.and_then(|head| head.poll);
                for poll in self.state.polls.iter_mut().filter(|poll| Some(poll.id) == id) {
                    poll.due = now.saturating_add(DAY);
                }
            }
            Kind::TrustSync => {
                self.state.drop_head();
                self.state.drop_kind(&Kind::UsageReporting);
            }
            _ => drop(self.state.drop_head()),
        }
        self.rest();
    }

    /// Rows 27, 29, 33, 34, 35.
    fn refused(&mut self, kind: &Kind, code: Option<&str>, out: &mut Vec<Action>) {
        let in_flight = self.state.reports.iter().filter(|entry| entry.progress == ReportProgress::InFlight).count();
        self.state.move_reports(ReportProgress::InFlight, ReportProgress::Unreported);
        match kind {
            Kind::UsageReporting if code == Some(message_code::TOO_LARGE) && in_flight > 1 => {
                // Half of it, at once.
                self.state.batch = (in_flight / 2).max(1);
            }
            Kind::UsageReporting | Kind::TrustSync => {
                self.state.queue.clear();
                self.state.timers.push = None;
                self.state.phase = Phase::Blocked;
                out.push(Action::Notice(Notice::Blocked));
                return;
            }
            Kind::ResultPolling => {
                if let Some(id) = self.state.drop_head().and_then(|head| head.poll) {
                    if self.state.polls.iter().any(|poll| poll.id == id && poll.action == PollAction::Trusts) {
                        self.token = None;
                        out.push(Action::Notice(Notice::TrustFailed));
                    }
                    self.state.polls.retain(|poll| poll.id != id);
                    self.state.move_reports(ReportProgress::Pending(id), ReportProgress::Unreported);
                }
            }
            Kind::TrustEstablishment => {
                self.state.drop_head();
                self.token = None;
                out.push(Action::Notice(Notice::TrustFailed));
            }
            Kind::AuthorizationRequest => {
                self.state.drop_head();
                self.state.drop_wanted();
            }
            _ => drop(self.state.drop_head()),
        }
        self.rest();
    }

    /// Row 37.
    pub(super) fn cannot_build(&mut self, reason: String, now: UnixSeconds) {
        self.state.timers.reply = None;
        self.state.move_reports(ReportProgress::InFlight, ReportProgress::Unreported);
        let kind = match &self.state.phase {
            Phase::Busy(kind) => kind.clone(),
            _ => Kind::Hello,
        };
        self.state.counters(kind.clone()).not_built(reason, now);
        if kind == Kind::Hello {
            self.state.hold = true;
            self.state.timers.hello.get_or_insert(now.saturating_add(HELLO));
        } else {
            self.state.drop_head();
            if kind == Kind::AuthorizationRequest {
                self.state.drop_wanted();
            }
        }
        self.rest();
    }
}

/// Is it so long ago, or never, or by a clock that was wrong?
fn is_past(time: Option<UnixSeconds>, wait: Seconds, now: UnixSeconds) -> bool {
    time.is_none_or(|time| !(0..wait.get()).contains(&now.since(time).get()))
}
