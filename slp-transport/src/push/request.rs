//! What a device says. Spec: transport, "Request envelope", "Kinds" (choice).

use slp_model::UnixMillis;

use crate::cssm::{AuthorizationFor, Token};
use crate::push::Kind;
use crate::push::kind::kind_of;
use crate::wire::{Fail, In, Out, RawJson, Wire, record, words};
use crate::{Action, DeviceUsage, Nonce, PayloadText, PollId, Signature, StatusWord, Sudi};

slp_model::open_enum! {
    /// The part of a device in a high-availability set (seen).
    pub enum DeviceRole {
        /// It speaks for all.
        Active = "Active",
        /// It takes over.
        Standby = "Standby",
        /// It belongs to the set.
        Member = "Member",
    }
}

slp_model::open_enum! {
    /// For which devices of a set trust is asked.
    pub enum TrustScope {
        /// For the active one.
        Local = "local",
        /// For all of them.
        All = "all",
    }
}
words!(DeviceRole, TrustScope);

record! {
    /// One request. Make it with [`of`](Self::of): then `kind` and `data` agree.
    pub secret struct PiRequest {
        /// `slp-pi/1`.
        protocol: req String = "protocol",
        /// `1.3` (seen).
        message_version: req String = "message_version",
        /// What it is about.
        kind: req Kind = "kind",
        /// The sender's clock.
        timestamp: req UnixMillis = "timestamp",
        /// Fresh for each message, the same in a repeat.
        nonce: req Nonce = "nonce",
        /// The device that speaks.
        sudi: req Sudi = "sudi",
        /// Under which UUID the server knows it, once it does.
        product_instance_identifier: opt String = "product_instance_identifier",
        /// Its name; left out under hostname privacy.
        hostname: opt String = "hostname",
        /// Its software, as a tag.
        software_tag_identifier: req String = "software_tag_identifier",
        /// Its agent; left out under version privacy.
        agent_version: opt String = "agent_version",
        /// All devices of the set: Active, Standby, Member.
        device_list: list Device = "device_list",
        /// What it says.
        data: req RequestData = "data",
    }
}

record! {
    /// One device of a set.
    pub struct Device {
        /// Its part in a redundant set.
        role: req DeviceRole = "role",
        /// Who it is.
        sudi: req Sudi = "sudi",
        /// Its host name, where it is not withheld.
        hostname: opt String = "hostname",
        /// Its software, as a tag.
        software_tag_identifier: req String = "software_tag_identifier",
    }
}

/// Who a device says it is, in every message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Identity {
    /// The device that speaks.
    pub sudi: Sudi,
    /// Under which UUID the server knows it.
    pub product_instance_identifier: Option<String>,
    /// Its host name, where it is not withheld.
    pub hostname: Option<String>,
    /// Its software, as a tag.
    pub software_tag_identifier: String,
    /// Version of its licensing agent.
    pub agent_version: Option<String>,
    /// All devices of the set.
    pub device_list: Vec<Device>,
}

impl Identity {
    /// A single device.
    pub fn new(sudi: impl Into<Sudi>, software_tag_identifier: impl Into<String>) -> Self {
        let (sudi, tag) = (sudi.into(), software_tag_identifier.into());
        Self {
            device_list: vec![Device::new(DeviceRole::Active, sudi.clone(), tag.clone())],
            sudi,
            product_instance_identifier: None,
            hostname: None,
            software_tag_identifier: tag,
            agent_version: None,
        }
    }
}

impl PiRequest {
    /// The protocol of these messages.
    pub const PROTOCOL: &'static str = "slp-pi/1";
    /// The version that devices print (seen).
    pub const MESSAGE_VERSION: &'static str = "1.3";

    /// The request of this device that says `data`.
    pub fn of(identity: &Identity, timestamp: UnixMillis, nonce: Nonce, data: RequestData) -> Self {
        Self {
            protocol: Self::PROTOCOL.into(),
            message_version: Self::MESSAGE_VERSION.into(),
            kind: data.kind(),
            timestamp,
            nonce,
            sudi: identity.sudi.clone(),
            product_instance_identifier: identity.product_instance_identifier.clone(),
            hostname: identity.hostname.clone(),
            software_tag_identifier: identity.software_tag_identifier.clone(),
            agent_version: identity.agent_version.clone(),
            device_list: identity.device_list.clone(),
            data,
            unknown: crate::Unknown::default(),
        }
    }
}

macro_rules! request_data {
    ($($variant:ident),+ $(,)?) => {
        /// What a request says, by its kind.
        #[derive(Debug)]
        #[non_exhaustive]
        pub enum RequestData {
            $(
                #[doc = concat!("See [`", stringify!($variant), "`].")]
                $variant($variant),
            )+
            /// Data of a kind that this version does not know.
            Other(Kind, RawJson),
        }

        impl RequestData {
            /// The kind of message that carries these data.
            pub fn kind(&self) -> Kind {
                match self {
                    $( Self::$variant(_) => Kind::$variant, )+
                    Self::Other(kind, _) => kind.clone(),
                }
            }
        }

        $(
            impl From<$variant> for RequestData {
                fn from(data: $variant) -> Self {
                    Self::$variant(data)
                }
            }
        )+

        impl Wire for RequestData {
            fn read(input: &mut In<'_, '_>) -> Result<Self, Fail> {
                Ok(match kind_of(input, "kind")? {
                    $( Kind::$variant => Self::$variant($variant::read(input)?), )+
                    other => Self::Other(other, RawJson::read(input)?),
                })
            }

            fn write(&self, out: &mut Out) {
                match self {
                    $( Self::$variant(data) => data.write(out), )+
                    Self::Other(_, raw) => raw.write(out),
                }
            }
        }
    };
}

request_data!(
    Hello,
    TrustEstablishment,
    TrustAcknowledgement,
    TrustSync,
    UsageReporting,
    ResultPolling,
    AuthorizationRequest,
    AuthorizationConfirmation,
    AuthorizationReturn,
    TelemetryReporting,
);

record! {
    /// Is the other side there? Before every exchange in cslu mode (seen).
    pub struct Hello {
        /// `cslu` or `smart`.
        transport: req String = "transport",
        /// What the agent can do.
        capabilities: list String = "capabilities",
        /// Reports that were not sent yet.
        unreported: req u32 = "unreported",
        /// Results that were not fetched yet.
        outstanding: list PollId = "outstanding",
    }
}

record! {
    /// Asks for trust.
    pub secret struct TrustEstablishment {
        /// The token that the operator gave.
        id_token: req Token = "id_token",
        /// For which devices.
        scope: req TrustScope = "scope",
        /// Also where there is trust already?
        force: or_default bool = "force",
        /// One a device.
        trust_requests: list TrustRequest = "trust_requests",
    }
}

record! {
    /// The request of one device for its trust code.
    pub struct TrustRequest {
        /// The device.
        sudi: req Sudi = "sudi",
        /// Its software, as a tag.
        software_tag_identifier: req String = "software_tag_identifier",
        /// When it was made.
        timestamp: req UnixMillis = "timestamp",
        /// That of the message.
        nonce: req Nonce = "nonce",
        /// A certificate request, PEM with LF lines. Spec: ack-auth, "Trust request".
        csr: req String = "csr",
    }
}

record! {
    /// Says which trust codes were installed.
    pub struct TrustAcknowledgement {
        /// One a device.
        installed: list Installed = "installed",
    }
}

record! {
    /// What became of one trust code.
    pub struct Installed {
        /// The device.
        sudi: req Sudi = "sudi",
        /// Under which UUID the server knows it.
        product_instance_identifier: req String = "product_instance_identifier",
        /// `SUCCESS` or `FAILED`.
        status: req StatusWord = "status",
        /// The device's own code, where the installation failed.
        error_code: said String = "error_code",
        /// What the server says about it, for people.
        status_message: said String = "status_message",
    }
}

record! {
    /// Asks for policy and account.
    pub struct TrustSync {
        /// The trust codes that are installed.
        trust_codes: list TrustCodeOf = "trust_codes",
        /// The policy that is installed.
        policy_name: opt String = "policy_name",
        /// When the account's name was learned.
        account_info_timestamp: opt UnixMillis = "account_info_timestamp",
    }
}

record! {
    /// One installed trust code.
    pub struct TrustCodeOf {
        /// The device.
        sudi: req Sudi = "sudi",
        /// Under which UUID the server knows it.
        product_instance_identifier: req String = "product_instance_identifier",
    }
}

record! {
    /// Hands over usage reports, and requests with them.
    pub struct UsageReporting {
        /// One entry a device; may be empty if a request follows.
        reports: list DeviceUsage = "reports",
        /// Codes that are asked for.
        authorization_requests: opt Vec<AuthorizationFor> = "authorization_requests",
        /// Trust that is asked for.
        trust_requests: opt Vec<TrustRequest> = "trust_requests",
        /// Is a policy asked for?
        policy_requested: opt bool = "policy_requested",
    }
}

record! {
    /// Asks for a result.
    pub struct ResultPolling {
        /// What the server called it.
        poll_id: req PollId = "poll_id",
        /// What kind of result it is.
        action: req Action = "action",
    }
}

record! {
    /// Asks for authorization codes.
    pub struct AuthorizationRequest {
        /// One a device.
        licenses: list AuthorizationFor = "licenses",
    }
}

record! {
    /// Confirms that codes were overwritten.
    pub struct AuthorizationConfirmation {
        /// One a device.
        confirmations: list Confirmation = "confirmations",
    }
}

record! {
    /// The confirmation of one device.
    pub struct Confirmation {
        /// The device.
        sudi: req Sudi = "sudi",
        /// Its code.
        confirm_code: req String = "confirm_code",
    }
}

record! {
    /// Gives authorization codes back.
    pub struct AuthorizationReturn {
        /// One a device.
        returns: list Returned = "returns",
    }
}

record! {
    /// What one device gives back.
    pub struct Returned {
        /// The device.
        sudi: req Sudi = "sudi",
        /// The code that proves that it removed its own.
        remove_code: req String = "remove_code",
    }
}

record! {
    /// Hands over telemetry reports.
    pub struct TelemetryReporting {
        /// The telemetry reports, each signed by itself.
        telemetry: list Telemetry = "telemetry",
    }
}

record! {
    /// One telemetry report.
    pub struct Telemetry {
        /// The device.
        sudi: req Sudi = "sudi",
        /// The text, never touched.
        payload: req PayloadText = "payload",
        /// Who signed.
        signature: opt Signature = "signature",
    }
}
