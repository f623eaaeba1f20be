//! The statistics that devices print for each kind of message. Spec: transport, "What device output reveals" (seen).

use std::fmt;

use serde::{Deserialize, Serialize};
use slp_model::UnixSeconds;

/// The most characters of a reason that are kept: the words are the server's.
const REASON: usize = 500;

/// How the last message of a kind ended, in the words of devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum LastResponse {
    /// Done.
    Ok,
    /// The result comes later.
    OkPoll,
    /// The server asked to repeat.
    OkTryAgain,
    /// Nobody answered.
    NoReply,
    /// There was nothing to send.
    NoData,
    /// The answer was an error, or could not be read.
    InvalidStatusCode,
    /// The message could not be built.
    BuildError,
}

impl LastResponse {
    /// As devices print it (seen).
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::OkPoll => "OK_POLL",
            Self::OkTryAgain => "OK_TRY_AGAIN",
            Self::NoReply => "NO REPLY",
            Self::NoData => "NO DATA TO PROCESS",
            Self::InvalidStatusCode => "INVALID STATUS CODE",
            Self::BuildError => "BUILD REQUEST ERROR",
        }
    }
}

impl fmt::Display for LastResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The statistics of one kind of message. `total` need not be the sum of the others (seen).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Counters {
    /// Messages of this kind, well or not, those that could not be built too.
    pub total: u64,
    /// Those that went well.
    pub success: u64,
    /// Those that did not.
    pub fail: u64,
    /// Failures since the last success.
    pub overall: u64,
    /// Those of them where nobody answered.
    pub communication: u64,
    /// How the last one ended.
    pub last_response: Option<LastResponse>,
    /// Why it failed.
    pub reason: Option<String>,
    /// When one last went well.
    pub last_success: Option<UnixSeconds>,
    /// When one last failed.
    pub last_failure: Option<UnixSeconds>,
}

impl Counters {
    pub(super) fn succeeded(&mut self, response: LastResponse, now: UnixSeconds) {
        self.total = self.total.saturating_add(1);
        self.success = self.success.saturating_add(1);
        (self.overall, self.communication, self.reason) = (0, 0, None);
        self.last_response = Some(response);
        self.last_success = Some(now);
    }

    pub(super) fn had_nothing(&mut self) {
        self.total = self.total.saturating_add(1);
        self.success = self.success.saturating_add(1);
        self.last_response = Some(LastResponse::NoData);
    }

    pub(super) fn failed(&mut self, response: LastResponse, reason: Option<String>, now: UnixSeconds) {
        self.total = self.total.saturating_add(1);
        self.fail = self.fail.saturating_add(1);
        self.overall = self.overall.saturating_add(1);
        if response == LastResponse::NoReply {
            self.communication = self.communication.saturating_add(1);
        }
        (self.last_response, self.reason, self.last_failure) = (Some(response), reason.map(cut), Some(now));
    }

    pub(super) fn not_built(&mut self, reason: String, now: UnixSeconds) {
        self.total = self.total.saturating_add(1);
        (self.last_response, self.reason) = (Some(LastResponse::BuildError), Some(cut(reason)));
        self.last_failure = Some(now);
    }
}

fn cut(mut reason: String) -> String {
    if let Some((end, _)) = reason.char_indices().nth(REASON) {
        reason.truncate(end);
    }
    reason
}
