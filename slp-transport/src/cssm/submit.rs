//! What the cloud says to a submit and to a poll. Spec: transport, "Submit", "Poll".

use http::Response;
use slp_model::{Location, UnixMillis};

use crate::wire::record;
use crate::{Action, Error, ErrorKind, Limits, Nonce, PollId, Refusal, Results, Retry, StatusWord};

record! {
    /// The answer to `reportusage`, `authrequest` and `poll`: one shape (seen).
    ///
    /// Ask [`submitted`](Self::submitted) or [`polled`](Self::polled) what it means.
    pub struct CloudAnswer {
        /// How it went.
        status: req StatusWord = "status",
        /// A code, if there is something to say.
        message_code: said_null String = "message_code",
        /// What the server says about it, for people. With `OK_POLL` it means failure (code).
        message: said_null String = "message",
        /// That of the request, in the answer to a submit.
        timestamp: opt UnixMillis = "timestamp",
        /// That of the request.
        nonce: opt Nonce = "nonce",
        /// What kind of message it answers.
        kind: null String = "type",
        /// For the cloud's support.
        correlation_id: opt String = "correlation_id",
        /// What to ask for later.
        poll_id: opt PollId = "poll_id",
        /// Seconds between polls; the cloud says 300 (seen).
        poll_interval: opt u32 = "poll_interval",
        /// What to ask for later.
        action: opt Action = "action",
        /// The result, once it is there: by device.
        data: opt Results = "data",
    }
}

/// What came of a submit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SubmitOutcome {
    /// Taken; ask for the result with this id.
    #[non_exhaustive]
    Poll {
        /// What to ask for.
        id: PollId,
        /// The server's interval, seconds.
        interval: u32,
        /// What kind of result it will be, if the server says.
        action: Option<Action>,
    },
    /// The result at once.
    Done(Results),
}

/// What came of a poll.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PollOutcome {
    /// Not ready yet. The id may have changed.
    #[non_exhaustive]
    Running {
        /// What to ask for from now on.
        id: Option<PollId>,
        /// The server's interval, seconds.
        interval: Option<u32>,
    },
    /// The result is there.
    Done(Results),
}

/// The interval when the server does not say one, seconds (choice).
const DEFAULT_INTERVAL: u32 = 300;

impl CloudAnswer {
    /// What it means as the answer to a submit.
    ///
    /// # Errors
    /// [`Server`](ErrorKind::Server) for a refusal, whose [`Refusal::is_duplicate`] tells a report that the cloud has
    /// already; [`Schema`](ErrorKind::Schema) without a poll id, or with a status word that is not known.
    pub fn submitted(self, operation: &str) -> Result<SubmitOutcome, Error> {
        match &self.status {
            StatusWord::OkPoll if self.message.is_none() => match self.poll_id {
                Some(id) => Ok(SubmitOutcome::Poll {
                    id,
                    interval: self.poll_interval.unwrap_or(DEFAULT_INTERVAL),
                    action: self.action,
                }),
                None => Err(schema("the answer says OK_POLL and has no poll_id", operation)),
            },
            StatusWord::Complete | StatusWord::Success | StatusWord::Ok => {
                Ok(SubmitOutcome::Done(self.data.unwrap_or_else(Results::new)))
            }
            _ => Err(self.refused(operation)),
        }
    }

    /// What it means as the answer to a poll for `action`.
    ///
    /// # Errors
    /// [`Server`](ErrorKind::Server) for a refusal, `OK_POLL` with a message among them; [`Schema`](ErrorKind::Schema)
    /// without the list that was asked for, or with a status word that is not known.
    pub fn polled(self, action: &Action, operation: &str) -> Result<PollOutcome, Error> {
        match &self.status {
            StatusWord::OkPoll if self.message.is_none() => {
                Ok(PollOutcome::Running { id: self.poll_id, interval: self.poll_interval })
            }
            StatusWord::Complete => match self.data {
                Some(results) if results.answers(action) => Ok(PollOutcome::Done(results)),
                _ => Err(schema("the answer says COMPLETE and does not have the list that was asked for", operation)),
            },
            _ => Err(self.refused(operation)),
        }
    }

    fn refused(self, operation: &str) -> Error {
        if !self.status.is_known() {
            let text = format!("the status word {} is not known", slp_model::Quoted(self.status.as_str()));
            return schema(&text, operation);
        }
        let mut refusal = Refusal::new(200);
        if self.status == StatusWord::OkTryAgain {
            let after = self.poll_interval.map(|seconds| slp_model::Seconds::new(i64::from(seconds)));
            refusal.retry = Retry::TryAgain { after };
        }
        refusal.body = self.to_json().into_bytes();
        refusal.body.truncate(4_096);
        refusal.message_code = self.message_code;
        refusal.message = self.message;
        refusal.correlation_id = self.correlation_id;
        Error::refused(ErrorKind::Server, operation, refusal)
    }

    /// Reads it from HTTP.
    pub(crate) fn read(response: &Response<Vec<u8>>, limits: &Limits, operation: &str) -> Result<Self, Error> {
        crate::message::body_of(response, limits, operation)
    }
}

fn schema(text: &str, operation: &str) -> Error {
    Error::new(ErrorKind::Schema, text).at(Location::path(operation))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(text: &str) -> CloudAnswer {
        CloudAnswer::from_json(text.as_bytes(), &Limits::default()).unwrap()
    }

    #[test]
    fn ok_poll_runs_while_it_has_nothing_to_say() {
        for message in ["null", "\"\"", "\"None\""] {
            let text = format!(r#"{{"status":"OK_POLL","message":{message},"poll_id":"773126444402795033"}}"#);
            let outcome = answer(&text).submitted("x").unwrap();
            let id = PollId::from(773_126_444_402_795_033);
            assert_eq!(outcome, SubmitOutcome::Poll { id, interval: 300, action: None });
            let running = PollOutcome::Running { id: Some(id), interval: None };
            assert_eq!(answer(&text).polled(&Action::Acknowledgements, "x").unwrap(), running);
        }
        let text = r#"{"status":"OK_POLL","message":"Invalid report","message_code":"LS_X","poll_id":1}"#;
        for error in
            [answer(text).submitted("x").unwrap_err(), answer(text).polled(&Action::Acknowledgements, "x").unwrap_err()]
        {
            assert_eq!(error.kind(), ErrorKind::Server);
            assert_eq!(error.refusal().unwrap().message_code.as_deref(), Some("LS_X"));
            assert_eq!(error.retry(), Retry::Never);
        }
    }

    #[test]
    fn a_refused_duplicate_can_be_told_from_other_refusals() {
        let error = answer(r#"{"status":"FAILED","message":"Duplicate report"}"#).submitted("x").unwrap_err();
        assert!(error.refusal().unwrap().is_duplicate());
        let error = answer(r#"{"status":"FAILED","message":"No such device"}"#).submitted("x").unwrap_err();
        assert!(!error.refusal().unwrap().is_duplicate());
    }

    #[test]
    fn a_missing_list_or_id_or_an_unknown_word_is_the_peers_fault() {
        let done = r#"{"status":"COMPLETE","data":{"acknowledgements":[]}}"#;
        assert!(answer(done).polled(&Action::Acknowledgements, "x").is_ok());
        assert_eq!(answer(done).polled(&Action::Authorizations, "x").unwrap_err().kind(), ErrorKind::Schema);
        assert_eq!(answer(r#"{"status":"OK_POLL"}"#).submitted("x").unwrap_err().kind(), ErrorKind::Schema);
        assert_eq!(answer(r#"{"status":"MAYBE"}"#).submitted("x").unwrap_err().kind(), ErrorKind::Schema);
    }
}
