//! The error of this crate: kind, place, sentence, what the peer said, and whether a repeat can help.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use slp_model::Location;
use slp_model::json::FaultKind;

use crate::retry::Retry;
use crate::wire::Fail;

slp_model::error_type! {
    /// Why a message could not be built, sent or read.
    ///
    /// [`retry`](Self::retry) says whether the same request may be sent again, [`refusal`](Self::refusal) what the peer
    /// said. Spec: transport, "Error cases".
    pub struct Error;
    /// Kinds of [`Error`].
    pub enum ErrorKind {
        /// The peer answered with a status that means no, and a repeat does not help.
        Status = "status", Document;
        /// The peer is busy or asks to slow down (429, 503 with `Retry-After`).
        Throttled = "throttled", Environment;
        /// The peer or something before it is broken for now (408, 500, 502, 503, 504).
        Unavailable = "unavailable", Environment;
        /// The body is no JSON, or ends too early: an error page of a proxy, for example.
        NotJson = "not-json", Document;
        /// The body is of another kind than the message needs.
        Schema = "schema", Document;
        /// A success without a body, where the message needs one.
        Empty = "empty", Environment;
        /// The peer understood and refused: `FAILED`, `ERROR`, or `OK_POLL` with a message.
        Server = "server", Document;
        /// The answer carries another nonce or timestamp than the request.
        Echo = "echo", Document;
        /// The answer names another device than the one that was asked.
        Identity = "identity", Document;
        /// No result in time. The state is kept and can be taken up again.
        Expired = "expired", Environment;
        /// 401, with a fresh token too.
        Auth = "auth", Caller;
        /// 403: the credential is good, but not for this.
        Forbidden = "forbidden", Caller;
        /// 404 on every known path: an old release, or the service is off.
        NotFound = "not-found", Caller;
        /// The device carried out the call and answered with an error of its own.
        Device = "device", Caller;
        /// The device could not reach its server just now.
        DeviceCommunication = "device-communication", Environment;
        /// A redirect to another host or to another scheme: a credential would leak.
        Redirect = "redirect", Document;
        /// Nobody answered: connect, reset, time-out, or an empty answer.
        NoReply = "no-reply", Environment;
        /// The peer could not prove who it is.
        Tls = "tls", Trust;
        /// More than a limit allows; [`name`](Error::name) is its name.
        Limit = "limit", Limits;
        /// An argument of the caller does not fit: an address, a name, a token.
        Argument = "argument", Caller;
        /// A request that this server half does not serve.
        Request = "request", Document;
    }
}

/// The most bytes of a refusal's words that are kept beside its body: messages, and fields with their texts.
const WORDS: usize = 16 * 1_024;
/// The most fields that an error text names.
const NAMED: usize = 5;

/// What the peer said when it refused. The body is kept, at most 4 KiB of it, as it came.
///
/// The peer's words are not part of any error text: a body may repeat the secrets of the request. Spec: transport,
/// "Error cases".
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// HTTP status; 0 when a device answered inside a successful HTTP exchange.
    pub status: u16,
    /// The peer's own code, such as `PI_NOT_ALLOWED` or `LS_…`, if it gave one.
    pub message_code: Option<String>,
    /// Its sentence for people.
    pub message: Option<String>,
    /// Field name to texts (seen in `Failure Reason` of devices).
    pub errors: BTreeMap<String, Vec<String>>,
    /// The start of the body.
    pub body: Vec<u8>,
    /// `X-Correlation-Id`, `X-Request-Id` or the member `correlation_id`: for the peer's support.
    pub correlation_id: Option<String>,
    pub(crate) retry: Retry,
}

impl Refusal {
    /// A refusal with this HTTP status and nothing else known yet.
    pub fn new(status: u16) -> Self {
        Self {
            status,
            message_code: None,
            message: None,
            errors: BTreeMap::new(),
            body: Vec::new(),
            correlation_id: None,
            retry: Retry::Never,
        }
    }

    /// Keeps no more words than are worth keeping.
    fn bound(&mut self) {
        let mut left = WORDS;
        let mut fits = |text: &str| {
            left = left.saturating_sub(text.len().saturating_add(1));
            left > 0
        };
        self.message_code = self.message_code.take().filter(|code| fits(code));
        self.message = self.message.take().filter(|message| fits(message));
        self.errors.retain(|name, texts| {
            texts.retain(|text| fits(text));
            fits(name)
        });
    }

    /// Does the peer say that this device has to establish trust again? Spec: transport, "Error cases" (choice).
    pub fn identity_lost(&self) -> bool {
        self.errors
            .get("product_instance_identifier")
            .is_some_and(|texts| texts.iter().any(|text| text.to_ascii_lowercase().contains("re-register")))
    }

    /// Does the peer say that it has this already?
    ///
    /// Read from its sentence, since no code is published (code). Spec: transport, "Status words".
    pub fn is_duplicate(&self) -> bool {
        let says = |text: &str| text.to_ascii_lowercase().contains("duplicate");
        self.message.as_deref().is_some_and(says)
            || self.message_code.as_deref().is_some_and(says)
            || self.errors.values().flatten().any(|text| says(text))
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Message and body may repeat what was sent: tokens and names stay out of logs.
        f.debug_struct("Refusal")
            .field("status", &self.status)
            .field("message_code", &self.message_code)
            .field("errors", &self.errors.keys().collect::<Vec<_>>())
            .field("body_bytes", &self.body.len())
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the peer answered with status {}", self.status)?;
        match &self.message_code {
            Some(code) => write!(f, " and code {}", slp_model::Quoted(code)),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Refusal {}

impl Error {
    /// May the same bytes be sent again, and when? Spec: transport, "Retry classes" (choice).
    pub fn retry(&self) -> Retry {
        if let Some(refusal) = self.refusal() {
            return refusal.retry;
        }
        match self.kind() {
            ErrorKind::Throttled => Retry::Throttle { after: None },
            ErrorKind::Unavailable | ErrorKind::NoReply | ErrorKind::Empty | ErrorKind::DeviceCommunication => {
                Retry::Transient
            }
            _ => Retry::Never,
        }
    }

    /// What the peer said, where it said something.
    pub fn refusal(&self) -> Option<&Refusal> {
        self.0.source.as_ref().and_then(|source| source.downcast_ref::<Refusal>())
    }

    /// The peer refused: what it said, and with which operation. A server of one's own answers with its status.
    ///
    /// Of a flood of words the first are kept.
    pub fn refused(kind: ErrorKind, operation: &str, mut refusal: Refusal) -> Self {
        refusal.bound();
        let mut text = refusal.to_string();
        if refusal.identity_lost() {
            text.push_str(": the identity is lost, establish trust again");
        } else if !refusal.errors.is_empty() {
            let names = refusal.errors.keys().take(NAMED).map(|name| slp_model::Quoted(name).to_string());
            let _ = write!(text, "; it complains about {}", names.collect::<Vec<_>>().join(", "));
            match refusal.errors.len().saturating_sub(NAMED) {
                0 => {}
                more => drop(write!(text, " and {more} more")),
            }
        }
        Self::new(kind, text).at(Location::path(operation)).caused_by(refusal)
    }

    /// Nothing came back, as a network of one's own found.
    pub fn no_reply(operation: &str) -> Self {
        Self::new(ErrorKind::NoReply, "the connection could not be made, or broke").at(Location::path(operation))
    }

    pub(crate) fn argument(text: impl Into<String>) -> Self {
        Self::new(ErrorKind::Argument, text)
    }

    pub(crate) fn limit(name: &'static str, limit: u64, operation: &str) -> Self {
        Self::new(ErrorKind::Limit, format!("more than {limit} (limit {name})"))
            .named(name)
            .at(Location::path(operation))
    }

    /// A fault in a JSON body, its place counted in bytes and named by member.
    pub(crate) fn json(fail: &Fail, operation: &str) -> Self {
        let fault = fail.fault();
        let kind = match fault.kind() {
            FaultKind::Limit(name) => return Self::json_at(ErrorKind::Limit, fail, operation).named(name),
            FaultKind::Type | FaultKind::Duplicate => ErrorKind::Schema,
            _ if fail.is_shape() => ErrorKind::Schema,
            _ => ErrorKind::NotJson,
        };
        Self::json_at(kind, fail, operation)
    }

    fn json_at(kind: ErrorKind, fail: &Fail, operation: &str) -> Self {
        let mut at = Location::path(format!("{operation}${}", fail.path()));
        at.byte = u64::try_from(fail.fault().offset()).ok();
        Self::new(kind, fail.fault().message()).at(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_kinds_are_unique() {
        let mut words: Vec<_> = ErrorKind::ALL.iter().map(|kind| kind.as_str()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), ErrorKind::ALL.len());
    }

    #[test]
    fn neither_text_nor_debug_of_an_error_repeats_the_body() {
        let mut refusal = Refusal::new(400);
        refusal.body = b"client_secret=hunter2".to_vec();
        refusal.message = Some("bad secret hunter2".into());
        let error = Error::refused(ErrorKind::Status, "POST /token", refusal);
        assert!(!format!("{error} {error:?} {:?}", error.refusal()).contains("hunter2"));
        assert_eq!(error.to_string(), "POST /token: the peer answered with status 400");
    }

    #[test]
    fn a_network_that_brought_nothing_back_is_worth_a_repeat() {
        let error = Error::no_reply("POST /x");
        assert_eq!((error.kind(), error.retry()), (ErrorKind::NoReply, Retry::Transient));
    }

    #[test]
    fn of_a_flood_of_words_the_first_are_kept() {
        let mut refusal = Refusal::new(422);
        for number in 0..10_000 {
            refusal.errors.insert(format!("field{number}"), vec!["no".repeat(100)]);
        }
        refusal.message = Some("no".into());
        let error = Error::refused(ErrorKind::Server, "push", refusal.clone());
        let kept = error.refusal().unwrap();
        assert_eq!(kept.message.as_deref(), Some("no"));
        assert!((10..100).contains(&kept.errors.len()), "{}", kept.errors.len());
        let names = r#"it complains about "field0", "field1", "field10", "field100", "field1000" and "#;
        assert!(error.to_string().contains(names), "{error}");
        refusal.message = Some("x".repeat(1 << 20));
        assert!(Error::refused(ErrorKind::Server, "push", refusal).refusal().unwrap().message.is_none());
    }

    #[test]
    fn a_lost_identity_is_said_in_words() {
        let mut refusal = Refusal::new(422);
        let text = "The identity is not valid.Please re-register the instance.".to_owned();
        refusal.errors.insert("product_instance_identifier".into(), vec![text]);
        let error = Error::refused(ErrorKind::Server, "usage_reporting", refusal);
        assert!(error.to_string().ends_with("the identity is lost, establish trust again"), "{error}");
    }
}
