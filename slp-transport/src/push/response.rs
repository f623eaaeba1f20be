//! What a device hears. Spec: transport, "Response envelope" (choice).

use std::collections::BTreeMap;

use slp_model::{Seconds, UnixMillis};

use crate::push::kind::kind_of;
use crate::push::{Kind, PiRequest};
use crate::wire::{Fail, In, Out, RawJson, Wire, record};
use crate::{Action, PollId, Results, SmartLicense, StatusWord, Trusted};

record! {
    /// One answer. Make it with [`to`](Self::to) and the methods beside it.
    pub struct PiResponse {
        /// `slp-pi/1`.
        protocol: req String = "protocol",
        /// How it went.
        status: req StatusWord = "status",
        /// A code, see [`message_code`]; `LS_…` are those of the vendor, passed through.
        message_code: said String = "message_code",
        /// What the server says about it, for people.
        message: said String = "message",
        /// That of the request; 0 if it could not be read.
        timestamp: req UnixMillis = "timestamp",
        /// That of the request; empty if it could not be read.
        nonce: req String = "nonce",
        /// The server's clock.
        server_time: req UnixMillis = "server_time",
        /// The kind of the request; empty if it could not be read.
        kind: req Kind = "type",
        /// For the server's support: a UUID.
        correlation_id: req String = "correlation_id",
        /// What to poll for.
        poll_id: opt PollId = "poll_id",
        /// Seconds until the poll, or until the repeat.
        poll_interval: opt u32 = "poll_interval",
        /// What to poll for.
        action: opt Action = "action",
        /// Field name to texts.
        errors: opt BTreeMap<String, Vec<String>> = "errors",
        /// The result, by kind.
        data: opt ResponseData = "data",
    }
}

/// The codes of answers that say no. Spec: transport, "HTTP status, message codes" (choice).
pub mod message_code {
    /// The server's own upstream failed: repeat.
    pub const UPSTREAM: &str = "PI_UPSTREAM";
    /// Not JSON, or a member is missing.
    pub const BAD_REQUEST: &str = "PI_BAD_REQUEST";
    /// The device is not in the list of allowed devices.
    pub const NOT_ALLOWED: &str = "PI_NOT_ALLOWED";
    /// Behind address translation a device has to be known by its UDI first.
    pub const NAT_IDENTITY_REQUIRED: &str = "PI_NAT_IDENTITY_REQUIRED";
    /// No such tenant or path.
    pub const UNKNOWN_TENANT: &str = "PI_UNKNOWN_TENANT";
    /// Another method than POST.
    pub const METHOD: &str = "PI_METHOD";
    /// A content coding or content type that is not taken.
    pub const MEDIA_TYPE: &str = "PI_MEDIA_TYPE";
    /// The nonce was used with another body.
    pub const NONCE_REUSED: &str = "PI_NONCE_REUSED";
    /// The body or a count is over a limit: split and send again.
    pub const TOO_LARGE: &str = "PI_TOO_LARGE";
    /// The identity is not valid.
    pub const IDENTITY_INVALID: &str = "PI_IDENTITY_INVALID";
    /// The id token is not valid.
    pub const TOKEN_INVALID: &str = "PI_TOKEN_INVALID";
    /// No such result: its reports have to be sent again.
    pub const POLL_UNKNOWN: &str = "PI_POLL_UNKNOWN";
    /// The clocks differ by an hour or more.
    pub const CLOCK_SKEW: &str = "PI_CLOCK_SKEW";
    /// A protocol, kind or capability that is not served.
    pub const NOT_SUPPORTED: &str = "PI_NOT_SUPPORTED";
    /// Too many requests from this address.
    pub const RATE: &str = "PI_RATE";
    /// A fault of the server.
    pub const INTERNAL: &str = "PI_INTERNAL";
    /// Too many requests at once.
    pub const BUSY: &str = "PI_BUSY";
}

impl PiResponse {
    /// The answer `OK` to a request.
    pub fn to(request: &PiRequest, server_time: UnixMillis, correlation_id: impl Into<String>) -> Self {
        let protocol = PiRequest::PROTOCOL;
        let (timestamp, nonce, kind) = (request.timestamp, request.nonce.as_str(), request.kind.clone());
        Self::new(protocol, StatusWord::Ok, timestamp, nonce, server_time, kind, correlation_id)
    }

    /// The answer to a request that could not be read, with the reason.
    pub fn unreadable(server_time: UnixMillis, correlation_id: impl Into<String>, reason: impl Into<String>) -> Self {
        let kind = Kind::from("");
        let protocol = PiRequest::PROTOCOL;
        let answer = Self::new(protocol, StatusWord::Failed, UnixMillis::MIN, "", server_time, kind, correlation_id);
        answer.because(message_code::BAD_REQUEST, "body", reason)
    }

    /// By how much the server's clock differs from `now`, where it is an hour or more: worth a warning, since trust is refused
    /// then. Spec: transport, "Response envelope" (choice).
    pub fn clock_skew(&self, now: UnixMillis) -> Option<Seconds> {
        clock_skew(self.server_time, now)
    }

    /// The same answer with a result.
    #[must_use]
    pub fn with_data(mut self, data: impl Into<ResponseData>) -> Self {
        self.data = Some(data.into());
        self
    }

    /// The same answer, saying that the result comes later. `interval` in seconds, 1 to 86,400.
    #[must_use]
    pub fn later(mut self, id: PollId, interval: u32, action: Action) -> Self {
        self.status = StatusWord::OkPoll;
        (self.poll_id, self.poll_interval, self.action) = (Some(id), Some(interval.clamp(1, 86_400)), Some(action));
        self
    }

    /// The same answer, asking for a repeat after so many seconds.
    #[must_use]
    pub fn try_again(mut self, code: impl Into<String>, seconds: u32) -> Self {
        self.status = StatusWord::OkTryAgain;
        (self.message_code, self.poll_interval) = (Some(code.into()), Some(seconds));
        self
    }

    /// The same answer, refusing because of a field.
    #[must_use]
    pub fn because(mut self, code: &str, field: impl Into<String>, text: impl Into<String>) -> Self {
        self.status = StatusWord::Failed;
        self.message_code = Some(code.to_owned());
        self.errors.get_or_insert_default().entry(field.into()).or_default().push(text.into());
        self
    }
}

/// From this difference on clocks count as wrong: the vendor asks for less than an hour (doc).
const SKEW: u64 = 3_600_000;

/// By how much two clocks differ, where it is an hour or more.
pub(crate) fn clock_skew(theirs: UnixMillis, ours: UnixMillis) -> Option<Seconds> {
    let difference = theirs.get().abs_diff(ours.get());
    (difference >= SKEW).then(|| theirs.to_seconds().since(ours.to_seconds()))
}

/// The result of a request, by its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResponseData {
    /// To a hello.
    Hello(HelloAnswer),
    /// To a trust establishment.
    Trust(TrustAnswer),
    /// To a trust sync.
    Sync(SyncAnswer),
    /// To reports, polls, requests and returns.
    Results(Results),
    /// To a kind that this version does not know.
    Other(RawJson),
}

impl From<HelloAnswer> for ResponseData {
    fn from(data: HelloAnswer) -> Self {
        Self::Hello(data)
    }
}

impl From<TrustAnswer> for ResponseData {
    fn from(data: TrustAnswer) -> Self {
        Self::Trust(data)
    }
}

impl From<SyncAnswer> for ResponseData {
    fn from(data: SyncAnswer) -> Self {
        Self::Sync(data)
    }
}

impl From<Results> for ResponseData {
    fn from(data: Results) -> Self {
        Self::Results(data)
    }
}

impl Wire for ResponseData {
    fn read(input: &mut In<'_, '_>) -> Result<Self, Fail> {
        Ok(match kind_of(input, "type")? {
            Kind::Hello => Self::Hello(HelloAnswer::read(input)?),
            Kind::TrustEstablishment => Self::Trust(TrustAnswer::read(input)?),
            Kind::TrustSync => Self::Sync(SyncAnswer::read(input)?),
            Kind::UsageReporting | Kind::ResultPolling | Kind::AuthorizationRequest | Kind::AuthorizationReturn => {
                Self::Results(Results::read(input)?)
            }
            _ => Self::Other(RawJson::read(input)?),
        })
    }

    fn write(&self, out: &mut Out) {
        match self {
            Self::Hello(data) => data.write(out),
            Self::Trust(data) => data.write(out),
            Self::Sync(data) => data.write(out),
            Self::Results(data) => data.write(out),
            Self::Other(raw) => raw.write(out),
        }
    }
}

record! {
    /// The answer to a hello.
    pub struct HelloAnswer {
        /// Who the server is.
        connect_info: req ConnectInfo = "connect_info",
        /// Is there something to fetch? Then sync and poll now.
        pending: or_default bool = "pending",
        /// A new address for the device.
        transport_url: opt String = "transport_url",
    }
}

record! {
    /// Who a server is: `CSLU_V1` and `v1` for a collector, `SSM` and `1.3` for the cloud (seen).
    pub struct ConnectInfo {
        /// Name of the product that answers.
        name: req String = "name",
        /// Version of the product that answers.
        version: req String = "version",
        /// What else it says of itself; empty so far (seen).
        additional: or_default String = "additional",
        /// Is it the production service, not one for tests?
        prod: or_default bool = "prod",
        /// What it can do.
        capabilities: list String = "capabilities",
    }
}

impl ConnectInfo {
    /// A collector or an on-premises server: the device's capabilities in their order, as far as they are known, and
    /// `CSLU_V1` (seen).
    pub fn collector(device: &[String], known: &[&str]) -> Self {
        let mut info = Self::new("CSLU_V1", "v1");
        info.prod = true;
        info.capabilities = device.iter().filter(|word| known.contains(&word.as_str())).cloned().collect();
        info.capabilities.push("CSLU_V1".into());
        info
    }

    /// A smart transport endpoint.
    pub fn smart(device: &[String], known: &[&str]) -> Self {
        let mut info = Self::new("SSM", "1.3");
        info.prod = true;
        info.capabilities = device.iter().filter(|word| known.contains(&word.as_str())).cloned().collect();
        info
    }
}

record! {
    /// The answer to a trust establishment.
    pub struct TrustAnswer {
        /// One a device.
        trusts: list Trusted = "trusts",
        /// Policy and account, as one document.
        smart_license: opt SmartLicense = "smart_license",
        /// Shall the device say what it installed?
        acknowledge: opt bool = "acknowledge",
    }
}

record! {
    /// The answer to a trust sync.
    pub struct SyncAnswer {
        /// Policy and account, as one document.
        smart_license: opt SmartLicense = "smart_license",
    }
}
