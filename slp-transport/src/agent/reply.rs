//! Answers, as the machine sees them.

use slp_model::Seconds;

use crate::push::{PiResponse, ResponseData};
use crate::{Action, Error, ErrorKind, PollId, Retry, StatusWord};

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reply {
    /// Done, with what there is.
    Ok(Option<ResponseData>),
    /// The result comes later.
    #[non_exhaustive]
    Poll {
        /// What to poll for.
        id: PollId,
        /// After how many seconds.
        interval: Option<u32>,
        /// What kind of result.
        action: Option<Action>,
    },
    /// The server asks to repeat.
    #[non_exhaustive]
    TryAgain {
        /// After how many seconds.
        after: Option<u32>,
        /// Why.
        reason: Option<String>,
    },
    /// The server refused, or its answer cannot be used.
    #[non_exhaustive]
    Failed {
        /// Why, for the statistics.
        reason: Option<String>,
        /// The server's own code, such as `PI_TOO_LARGE`.
        code: Option<String>,
        /// Whether a repeat helps. [`Retry::Throttle`] and [`Retry::Transient`] count as nobody answering.
        retry: Retry,
    },
    /// Nobody answered.
    NoReply,
}

impl Reply {
    /// The reply that a decoded answer is.
    ///
    /// A success that cannot be used is thrown away: the answer to another message, a page of somebody in between, a body that
    /// is cut or too long. It counts as an error of the server (`INVALID STATUS CODE`), and the message is sent again as if
    /// nobody had answered; only a refusal stops a device for good. Spec: transport, "Response envelope" (choice).
    pub fn from_result(result: Result<PiResponse, Error>) -> Self {
        match result {
            Ok(answer) => match (&answer.status, answer.poll_id) {
                (StatusWord::OkPoll, Some(id)) => {
                    Self::Poll { id, interval: answer.poll_interval, action: answer.action }
                }
                (StatusWord::OkTryAgain, _) => Self::TryAgain { after: answer.poll_interval, reason: answer.message },
                _ => Self::Ok(answer.data),
            },
            Err(error) if matches!(error.kind(), ErrorKind::NoReply | ErrorKind::Empty) => Self::NoReply,
            Err(error) if error.refusal().is_none() && is_useless(error.kind()) => {
                Self::Failed { reason: Some(error.to_string()), code: None, retry: Retry::Transient }
            }
            Err(error) => Self::Failed {
                // The reason of a device is the error object of the server (seen), else the server's sentence.
                reason: error.refusal().map(|refusal| {
                    let field =
                        refusal.errors.iter().next().map(|(name, texts)| format!("{name}: {}", texts.join(" ")));
                    field.or_else(|| refusal.message.clone()).unwrap_or_else(|| refusal.to_string())
                }),
                code: error.refusal().and_then(|refusal| refusal.message_code.clone()),
                retry: error.retry(),
            },
        }
    }

    /// A refusal that a repeat does not change.
    pub fn refused(reason: impl Into<String>) -> Self {
        Self::Failed { reason: Some(reason.into()), code: None, retry: Retry::Never }
    }

    /// The result comes later.
    pub fn poll(id: PollId, interval: u32, action: Action) -> Self {
        Self::Poll { id, interval: Some(interval), action: Some(action) }
    }
}

fn is_useless(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Echo | ErrorKind::NotJson | ErrorKind::Schema | ErrorKind::Limit)
}

/// The length of a wait, at most 366 days. Spec: transport, "Limits".
pub(super) fn clamp(seconds: u32) -> Seconds {
    Seconds::new(i64::from(seconds.min(366 * 86_400)))
}
