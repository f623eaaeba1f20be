//! The agent of a device as a machine: trust, hello, push, poll, back-off, timers. No clock, no socket.
//!
//! [`Agent::handle`] takes an event and the time, and returns what to do; [`Agent::next_deadline`] says when to call it
//! with [`Event::Tick`]. The machine knows reports by device and id alone: whoever sends fills in the texts. Its state can
//! be kept ([`Agent::state`]) and taken up again: [`Action::Save`] comes before everything that goes out, so nothing
//! acknowledged is lost when the process ends between two steps. Spec: transport, "Device agent" (choice, built on what
//! devices show).

mod answer; // what each answer does
mod counters; // the statistics that devices print
mod reply; // answers, as the machine sees them
mod state; // what is kept
mod table; // what each event does

pub use counters::{Counters, LastResponse};
pub use reply::Reply;
pub use state::{AgentState, Mode, OpenPoll, Phase, Queued, ReportEntry, ReportKey, ReportProgress, Timers};

use std::sync::Arc;

use slp_model::{Seconds, UnixSeconds};

use crate::cssm::Token;
use crate::push::{Kind, ResponseData, TrustScope};
use crate::{Action as PollAction, PollId};

/// What happens to an agent.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// The device starts: an answer in flight is forgotten.
    Boot,
    /// The operator chose how the device sends.
    Configured(Mode),
    /// The operator gave an id token.
    #[non_exhaustive]
    TokenGiven {
        /// The token. Not part of the state that is kept.
        token: Token,
        /// For which devices.
        scope: TrustScope,
        /// Also where there is trust already?
        force: bool,
    },
    /// A licence came into use or went out of use.
    UsageChanged,
    /// Reports were closed: the answer to [`Action::CloseReports`], or on their own.
    ReportsClosed(Vec<ReportKey>),
    /// Reports were thrown away for want of room, unacknowledged: nobody is asked about them any more.
    ReportsPurged(Vec<ReportKey>),
    /// The operator asks to send and fetch now.
    Sync,
    /// The operator asks for an authorization code; `known` says whether the device has such a feature.
    #[non_exhaustive]
    AuthRequested {
        /// Name of the feature.
        feature: String,
        /// Does the device have it?
        known: bool,
    },
    /// The operator gives the authorization code back.
    AuthReturned,
    /// A document was imported by hand, and installed.
    Imported(Imported),
    /// The interval changed: a configured one, or a policy. `None`: no reporting.
    Interval(Option<Seconds>),
    /// The answer to the exchange with this number.
    #[non_exhaustive]
    Answered {
        /// From [`Action::Send`]. The answer to an older exchange is dropped.
        exchange: u64,
        /// What came.
        reply: Reply,
    },
    /// What was to be sent cannot be built.
    #[non_exhaustive]
    CannotBuild {
        /// From [`Action::Send`].
        exchange: u64,
        /// Why.
        reason: String,
    },
    /// A deadline may have come.
    Tick,
    /// The clock of the device was set by so much.
    ClockStep(Seconds),
}

impl Event {
    /// The answer to an exchange.
    pub fn answered(exchange: u64, reply: Reply) -> Self {
        Self::Answered { exchange, reply }
    }

    /// The message of an exchange cannot be built.
    pub fn cannot_build(exchange: u64, reason: impl Into<String>) -> Self {
        Self::CannotBuild { exchange, reason: reason.into() }
    }

    /// An id token for these devices, or for this one alone.
    pub fn token_for(token: Token, scope: TrustScope, force: bool) -> Self {
        Self::TokenGiven { token, scope, force }
    }

    /// An id token for this device alone.
    pub fn token(token: Token) -> Self {
        Self::TokenGiven { token, scope: TrustScope::Local, force: false }
    }

    /// A wish for the code of a feature that the device has.
    pub fn auth_requested(feature: impl Into<String>) -> Self {
        Self::AuthRequested { feature: feature.into(), known: true }
    }
}

/// What a document that was imported by hand changes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Imported {
    /// Acknowledges these reports.
    Acknowledgement(Vec<ReportKey>),
    /// A trust code.
    TrustCode,
    /// Anything else: a policy, an authorization code.
    Other,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Keep the state before doing anything that follows. What stands before it may be done twice, when the process ends in
    /// between.
    Save,
    /// Close the open reports, then say so with [`Event::ReportsClosed`], with none too.
    CloseReports,
    /// Send this, and bring the answer with [`Event::Answered`] and the same number.
    #[non_exhaustive]
    Send {
        /// Number of the exchange.
        exchange: u64,
        /// What to say.
        say: Say,
    },
    /// Install what an answer brought.
    Install(ResponseData),
    /// These reports are acknowledged: they need not be kept any longer. Said once for each, as long as the state is kept.
    Acknowledged(Vec<ReportKey>),
    /// Remove the authorization code, before its return is sent.
    RemoveCode,
    /// Tell the operator.
    Notice(Notice),
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Say {
    /// Is the other side there?
    #[non_exhaustive]
    Hello {
        /// Reports that were not sent yet.
        unreported: u32,
        /// Results that were not fetched yet.
        outstanding: Vec<PollId>,
    },
    /// Reports, and the features for which codes are asked.
    #[non_exhaustive]
    Usage {
        /// The reports, oldest first.
        reports: Vec<ReportKey>,
        /// Names of features.
        features: Vec<String>,
    },
    /// A poll.
    #[non_exhaustive]
    Poll {
        /// What for.
        id: PollId,
        /// What kind of result.
        action: PollAction,
    },
    /// Trust, with the token of [`Agent::token`].
    #[non_exhaustive]
    TrustEstablishment {
        /// For which devices.
        scope: TrustScope,
        /// Also where there is trust already?
        force: bool,
    },
    /// Codes for these features.
    AuthorizationRequest(Vec<String>),
    /// A message of this kind; its content is the caller's.
    Plain(Kind),
}

impl Say {
    /// The kind of the message.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Hello { .. } => Kind::Hello,
            Self::Usage { .. } => Kind::UsageReporting,
            Self::Poll { .. } => Kind::ResultPolling,
            Self::TrustEstablishment { .. } => Kind::TrustEstablishment,
            Self::AuthorizationRequest(_) => Kind::AuthorizationRequest,
            Self::Plain(kind) => kind.clone(),
        }
    }
}

/// What an operator is told.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// Nobody answers any more (`COMM_FAILED`).
    CommunicationFailed,
    /// Somebody answers again (`COMM_RESTORED`).
    CommunicationRestored,
    /// Trust was refused (`TRUST_CODE_INSTALL_FAILED`).
    TrustFailed,
    /// The transport is off: `Device configured for Offline transport` (seen).
    Offline,
    /// `Insufficient trust for direct communication` (seen).
    InsufficientTrust,
    /// The server refuses for good: nothing is sent until the operator acts.
    Blocked,
}

impl Notice {
    /// As a device words it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::CommunicationFailed => "COMM_FAILED",
            Self::CommunicationRestored => "COMM_RESTORED",
            Self::TrustFailed => "TRUST_CODE_INSTALL_FAILED",
            Self::Offline => "Device configured for Offline transport",
            Self::InsufficientTrust => "Insufficient trust for direct communication",
            Self::Blocked => "The server refuses the reports of this device",
        }
    }
}

/// The agent of one device, or of one set of devices.
///
/// A clone is for a change that may have to be taken back. It shares the id token, which is not copied and is wiped with the
/// last of them.
#[derive(Clone, Debug)]
pub struct Agent {
    state: AgentState,
    token: Option<Arc<(Token, TrustScope, bool)>>,
}

impl Agent {
    /// A device that was never configured: its transport is off.
    pub fn new() -> Self {
        Self::resume(AgentState::new())
    }

    /// Takes up a kept state. Handle [`Event::Boot`] next.
    pub fn resume(state: AgentState) -> Self {
        Self { state, token: None }
    }

    /// What to keep.
    pub fn state(&self) -> &AgentState {
        &self.state
    }

    /// The id token, while it is needed.
    pub fn token(&self) -> Option<&Token> {
        self.token.as_deref().map(|(token, ..)| token)
    }

    /// When to call [`handle`](Self::handle) with [`Event::Tick`] at the latest.
    pub fn next_deadline(&self) -> Option<UnixSeconds> {
        self.state.next_deadline()
    }

    /// What an event at this time leads to, in order.
    pub fn handle(&mut self, event: Event, now: UnixSeconds) -> Vec<Action> {
        let before = self.state.clone();
        let mut actions = Vec::new();
        self.event(event, now, &mut actions);
        self.fire_timers(now, &mut actions);
        self.send(now, &mut actions);
        if self.state == before {
            return actions;
        }
        // Done twice does no harm, done never does: installing and forgetting reports come before the state is kept. What
        // goes out comes after.
        let (mut actions, after): (Vec<_>, Vec<_>) =
            actions.into_iter().partition(|action| matches!(action, Action::Install(_) | Action::Acknowledged(_)));
        actions.push(Action::Save);
        actions.extend(after);
        actions
    }
}

impl Default for Agent {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
