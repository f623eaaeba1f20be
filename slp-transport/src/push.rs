//! Push: a device sends its reports to a collector, an on-premises server or the cloud, and fetches what comes back.
//!
//! Cisco's own bytes for this are not public. [`SlpPi1`] is a protocol of this SDK with the kinds, words and timing that
//! devices show; it is *not* compatible with Cisco's devices and servers. A codec for those can be put in its place
//! ([`PiCodec`]) without touching the state machines. Spec: transport, "Our push protocol" (choice).

mod admission; // who may push
mod codec; // whole HTTP messages, both ways
mod kind; // the kinds of messages
mod replay; // the same message twice
mod request; // what a device says
mod response; // what it hears
mod signature; // who sent a body
mod tenant; // the segment of the address that names an account

pub use admission::{Admission, Admitted, Refused, admit};
pub use codec::{Echo, PiCodec, SlpPi1, http_status};
pub use kind::Kind;
pub use replay::{Replay, ReplayGuard};
#[cfg(feature = "server")]
pub(crate) use replay::{message_key, sha256};
pub use request::{
    AuthorizationConfirmation, AuthorizationRequest, AuthorizationReturn, Confirmation, Device, DeviceRole, Hello,
    Identity, Installed, PiRequest, RequestData, ResultPolling, Returned, Telemetry, TelemetryReporting,
    TrustAcknowledgement, TrustCodeOf, TrustEstablishment, TrustRequest, TrustScope, TrustSync, UsageReporting,
};
#[cfg(feature = "server")]
pub(crate) use response::clock_skew;
pub use response::{ConnectInfo, HelloAnswer, PiResponse, ResponseData, SyncAnswer, TrustAnswer, message_code};
pub use signature::{BodySignature, SIGNATURE_HEADER};
pub use tenant::Tenant;

/// What the agents of devices say they can do, in their order (seen).
pub const AGENT_CAPABILITIES: [&str; 8] =
    ["UTILITY", "DLC", "AppHA", "MULTITIER", "EXPORT_2", "OK_TRY_AGAIN", "POLICY_USAGE", "TELEMETRY"];
