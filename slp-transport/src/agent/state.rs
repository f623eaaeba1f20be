//! What an agent keeps.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use slp_model::{ReportId, Seconds, Udi, UnixSeconds};

use crate::agent::Counters;
use crate::push::Kind;
use crate::{Action, PollId};

/// How a device sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Mode {
    /// Not at all.
    Off,
    /// To a collector or an on-premises server: each exchange begins with a hello (seen).
    Cslu,
    /// To the cloud: needs trust, has no hello (seen).
    Smart,
}

/// Where an agent stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Phase {
    /// The transport is off.
    Off,
    /// Smart transport without trust: nothing but the request for trust is sent.
    NoTrust,
    /// Nothing is under way.
    Idle,
    /// A hello is under way.
    Hello,
    /// A message of this kind is under way.
    Busy(Kind),
    /// The server refused for good.
    Blocked,
}

/// A report by device and id: ids are unique per device alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ReportKey {
    /// The device.
    pub udi: Udi,
    /// The report.
    pub id: ReportId,
}

impl ReportKey {
    /// This report of this device.
    pub fn new(udi: Udi, id: ReportId) -> Self {
        Self { udi, id }
    }
}

/// How far a report is. Acknowledged ones are not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ReportProgress {
    /// It was not sent, or has to be sent again.
    Unreported,
    /// It is in the message that is under way.
    InFlight,
    /// The server has it and answers to this poll.
    Pending(PollId),
}

/// A report and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ReportEntry {
    /// The report.
    pub key: ReportKey,
    /// How far it is.
    pub progress: ReportProgress,
}

/// A result that was not fetched yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OpenPoll {
    /// What to poll for.
    pub id: PollId,
    /// What kind of result.
    pub action: Action,
    /// When to poll.
    pub due: UnixSeconds,
    /// When it was last asked for.
    #[serde(default)]
    pub asked: Option<UnixSeconds>,
}

/// A message that waits. No kind waits twice, but for one poll per result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Queued {
    /// Its kind.
    pub kind: Kind,
    /// The result, for a poll.
    pub poll: Option<PollId>,
}

/// The deadlines of an agent; none: it waits for nothing of that kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Timers {
    /// The next push.
    pub push: Option<UnixSeconds>,
    /// The next hello after a failed one.
    pub hello: Option<UnixSeconds>,
    /// The repeat that the server asked for.
    pub try_again: Option<UnixSeconds>,
    /// The repeat of a request for trust.
    pub trust: Option<UnixSeconds>,
    /// Until when an answer is waited for.
    pub reply: Option<UnixSeconds>,
}

/// Everything an agent keeps, but for its id token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "five independent facts of the table")]
pub struct AgentState {
    /// How the device sends.
    pub mode: Mode,
    /// Where the agent stands.
    pub phase: Phase,
    /// Is sending suspended until a deadline or the operator?
    pub hold: bool,
    /// What waits, in order.
    pub queue: Vec<Queued>,
    /// Results that were not fetched yet, oldest first.
    pub polls: Vec<OpenPoll>,
    /// Reports that are not acknowledged, oldest first.
    pub reports: Vec<ReportEntry>,
    /// Features for which codes are asked with the next reports.
    pub wanted: Vec<String>,
    /// How many of them, from the first on, are in the message that is under way.
    #[serde(default)]
    pub wanted_in_flight: usize,
    /// Did the last hello or message find somebody?
    pub reachable: bool,
    /// Was a push ever taken?
    pub ever_reported: bool,
    /// Is there a trust code?
    pub trust: bool,
    /// Is [`Action::CloseReports`](crate::agent::Action::CloseReports) not answered yet?
    pub closing: bool,
    /// Time between pushes; none: no reporting.
    pub interval: Option<Seconds>,
    /// The deadlines.
    pub timers: Timers,
    /// Number of the exchange that is under way, or was last.
    pub exchange: u64,
    /// What the other side said that it can do.
    pub peer_capabilities: Option<Vec<String>>,
    /// The most reports of one message; halved when the server says that it is too large.
    pub batch: usize,
    /// Statistics, by kind.
    pub counters: BTreeMap<Kind, Counters>,
    /// When reports were last acknowledged.
    pub last_ack: Option<UnixSeconds>,
    /// When reports were last taken.
    pub last_push: Option<UnixSeconds>,
}

impl AgentState {
    /// A device that was never configured.
    pub fn new() -> Self {
        Self {
            mode: Mode::Off,
            phase: Phase::Off,
            hold: false,
            queue: Vec::new(),
            polls: Vec::new(),
            reports: Vec::new(),
            wanted: Vec::new(),
            wanted_in_flight: 0,
            reachable: true,
            ever_reported: false,
            trust: false,
            closing: false,
            interval: Some(Seconds::from_days(30)),
            timers: Timers::default(),
            exchange: 0,
            peer_capabilities: None,
            batch: 500,
            counters: BTreeMap::new(),
            last_ack: None,
            last_push: None,
        }
    }

    /// Reports that wait to be sent.
    pub fn unreported(&self) -> impl Iterator<Item = &ReportKey> {
        self.reports.iter().filter(|entry| entry.progress == ReportProgress::Unreported).map(|entry| &entry.key)
    }

    pub(super) fn next_deadline(&self) -> Option<UnixSeconds> {
        let Timers { push, hello, try_again, trust, reply } = &self.timers;
        let due = self.polls.iter().filter(|poll| !self.is_queued_poll(poll.id)).map(|poll| poll.due).min();
        match self.phase {
            Phase::Off | Phase::Blocked => None,
            Phase::Hello | Phase::Busy(_) => *reply,
            Phase::NoTrust => {
                let trusts = self.polls.iter().filter(|poll| poll.action == Action::Trusts);
                let polls = trusts.filter(|poll| !self.is_queued_poll(poll.id)).map(|poll| poll.due).min();
                [*hello, *try_again, *trust, polls].into_iter().flatten().min()
            }
            // The next push begins when the reports of this one are closed.
            Phase::Idle => {
                [push.filter(|_| !self.closing), *hello, *try_again, *trust, due].into_iter().flatten().min()
            }
        }
    }

    pub(super) fn is_queued_poll(&self, id: PollId) -> bool {
        self.queue.iter().any(|queued| queued.poll == Some(id))
    }

    /// Puts a message into the queue, once, at the place of its kind.
    pub(super) fn enqueue(&mut self, kind: Kind) {
        self.insert(Queued { kind, poll: None });
    }

    pub(super) fn enqueue_poll(&mut self, id: PollId) {
        self.insert(Queued { kind: Kind::ResultPolling, poll: Some(id) });
    }

    fn insert(&mut self, queued: Queued) {
        // The head that is under way stays the head.
        if self.queue.contains(&queued) {
            return;
        }
        let rank = |kind: &Kind| Kind::QUEUE_ORDER.iter().position(|known| known == kind).unwrap_or(usize::MAX);
        let first = usize::from(matches!(self.phase, Phase::Busy(_)));
        let place = self.queue.iter().skip(first).position(|other| rank(&other.kind) > rank(&queued.kind));
        let place = place.map_or(self.queue.len(), |place| place.saturating_add(first));
        self.queue.insert(place.min(self.queue.len()), queued);
    }

    /// The features of the message that was under way need not be asked for again.
    pub(super) fn drop_wanted(&mut self) {
        let asked = std::mem::take(&mut self.wanted_in_flight).min(self.wanted.len());
        self.wanted.drain(..asked);
    }

    pub(super) fn drop_kind(&mut self, kind: &Kind) {
        self.queue.retain(|queued| queued.kind != *kind);
    }

    pub(super) fn drop_head(&mut self) -> Option<Queued> {
        if self.queue.is_empty() { None } else { Some(self.queue.remove(0)) }
    }

    /// Reports with this progress get another one.
    pub(super) fn move_reports(&mut self, from: ReportProgress, to: ReportProgress) {
        for entry in self.reports.iter_mut().filter(|entry| entry.progress == from) {
            entry.progress = to;
        }
    }

    pub(super) fn counters(&mut self, kind: Kind) -> &mut Counters {
        self.counters.entry(kind).or_default()
    }
}

impl Default for AgentState {
    fn default() -> Self {
        Self::new()
    }
}
