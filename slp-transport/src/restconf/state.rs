//! The tree `licensing` of the module `cisco-smart-license`, typed: state and configuration. Spec: transport, "State worth
//! reading" (doc).
//!
//! Everything may be missing: a device leaves out what it has nothing to say about, and older revisions of the module know
//! less. What this version does not know is kept. Written is the JSON of RFC 7951: names of the module at the top alone,
//! numbers of 64 bits in quotes, no empty lists.

mod authorization; // purchased and imported licences
mod classic; // registration, authorization, utility, evaluation: the classic way
mod config; // what can be set
mod reporting; // usage, policy, trust, conversion, reports
#[cfg(test)]
mod tests;
mod value; // times, and words of which new ones may appear

pub use authorization::{
    AuthorizedLicense, FactoryPurchase, ImportedAuthorizations, InstalledAuthorization, OverallStatus, PurchasedLicense,
};
pub use classic::{
    Authorization, Authorized, CustomerInfo, EvalExpireTime, EvalPeriodLeft, Evaluation, EvaluationExpired,
    EvaluationPeriod, NoAuthorization, OutOfCompliance, Registration, RegistrationComplete, RegistrationFailed,
    RegistrationInProgress, RegistrationRetry, ReportingTimes, ReservationAuthorized, Utility,
};
pub use config::{Config, ConfigTransport, ConfigUsage, ConfigUtility, CustomerTags, TransportCslu, TransportSmart};
pub use reporting::{Conversion, Policy, PolicyDays, ReportKey, RumAck, TrustCode, Usage};
pub use value::{
    AuthorizationState, ConversionStatus, DateAndTime, EnforcementMode, LicenseAuthType, LicenseEnforcementType,
    LicenseTermType, PolicyType, RegistrationState, RumReportState, TransportType, UtilityReportingType,
};

use std::marker::PhantomData;

use http::{Method, Request, Response, StatusCode};

use super::{MODULE, member_of_module, request, success};
use crate::device::Session;
use crate::message::{self, Call, Exchange, Serve};
use crate::wire::{self, Out, Wire, record};
use crate::{Error, ErrorKind, Limits};

/// Declares records of the tree: those of [`record`], and how a test draws one.
macro_rules! tree {
    (
        $(#[$doc:meta])*
        pub struct $name:ident {
            $( $(#[$field_doc:meta])* $field:ident : $mode:ident $ty:ty = $wire:literal ),+ $(,)?
        }
    ) => {
        record! {
            $(#[$doc])*
            pub struct $name {
                $( $(#[$field_doc])* $field: $mode $ty = $wire, )+
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }

        #[cfg(test)]
        impl $crate::restconf::state::tests::Draw for $name {
            fn draw(dice: &mut $crate::dice::Dice) -> Self {
                Self {
                    $( $field: $crate::restconf::state::tests::Draw::draw(dice), )+
                    unknown: $crate::restconf::state::tests::Draw::draw(dice),
                }
            }
        }
    };
}
use tree;

tree! {
    /// The container `licensing`: the whole tree.
    pub struct Licensing {
        /// What can be set.
        config: opt Config = "config",
        /// What the device says.
        state: opt State = "state",
    }
}

tree! {
    /// The container `state`.
    pub struct State {
        /// Smart licensing cannot be switched off here.
        always_enabled: opt bool = "always-enabled",
        /// Smart licensing is on. Without it there is no `state_info`.
        smart_enabled: opt bool = "smart-enabled",
        /// Version of the licensing agent, such as `5.1.26_rel/59`.
        version: opt String = "version",
        /// Everything but the switches above.
        state_info: opt StateInfo = "state-info",
    }
}

tree! {
    /// The container `state-info`.
    pub struct StateInfo {
        /// Registration, of the classic way.
        registration: opt Registration = "registration",
        /// Authorization, of the classic way.
        authorization: opt Authorization = "authorization",
        /// Reporting of utility usage.
        utility: opt Utility = "utility",
        /// What the customer calls the device.
        custom_id: opt String = "custom-id",
        /// How the device sends.
        transport: opt Transport = "transport",
        /// What it does not say of itself.
        privacy: opt Privacy = "privacy",
        /// The evaluation period.
        evaluation: opt Evaluation = "evaluation",
        /// The device.
        udi: opt DeviceUdi = "udi",
        /// Licences in use; key `entitlement-tag`.
        usage: some Usage = "usage",
        /// The policy in force. From revision 2020-11-01.
        policy: opt Policy = "policy",
        /// Trust codes of the members; key `key_udi`.
        trust_code: some TrustCode = "trust-code",
        /// Conversion of classic licences, by member; key `key_udi`. From revision 2021-03-01, as all that follows.
        conversion: some Conversion = "conversion",
        /// Keys of the closed reports; key `rum-report-key`.
        rum_reports_closed_keys: some ReportKey = "rum-reports-closed-keys",
        /// When reports were last sent and acknowledged.
        rum_ack: opt RumAck = "rum-ack",
        /// What was bought with the members; key `key_udi`.
        factory_purchase: some FactoryPurchase = "factory-purchase",
        /// What is authorized.
        imported_authorizations: opt ImportedAuthorizations = "imported-authorizations",
    }
}

tree! {
    /// The container `transport` of the state.
    pub struct Transport {
        /// By which way.
        transport_type: opt TransportType = "transport-type",
        /// Addresses; only with `transport-type-smart`.
        url_settings: opt UrlSettings = "url-settings",
    }
}

tree! {
    /// The two addresses of the smart transport, as they are set.
    pub struct UrlSettings {
        /// For everything but utility reports.
        url_registration: opt String = "url-registration",
        /// For utility reports.
        url_utility: opt String = "url-utility",
    }
}

tree! {
    /// The container `privacy`: what is withheld from messages.
    pub struct Privacy {
        /// The host name.
        hostname: opt bool = "hostname",
        /// The version of the agent.
        version: opt bool = "version",
    }
}

tree! {
    /// A container `udi`: one device.
    pub struct DeviceUdi {
        /// Product id.
        pid: opt String = "pid",
        /// Serial number.
        sn: opt String = "sn",
        /// Version id of the hardware.
        vid: opt String = "vid",
        /// UUID.
        uuid: opt String = "uuid",
        /// Identifier of unknown meaning.
        suvi: opt String = "suvi",
        /// A name that the host has elsewhere.
        host_identifier: opt String = "host-identifier",
        /// A hardware address.
        mac_address: opt String = "mac-address",
    }
}

impl DeviceUdi {
    /// The identity that the other crates compare: product id and serial number, blanks around them cut.
    ///
    /// # Errors
    /// [`Schema`](ErrorKind::Schema) if a part is missing, empty, or cannot be one.
    pub fn udi(&self) -> Result<slp_model::Udi, Error> {
        let (pid, sn) = (self.pid.as_deref().unwrap_or_default(), self.sn.as_deref().unwrap_or_default());
        let beside = [&self.vid, &self.uuid, &self.suvi, &self.host_identifier, &self.mac_address];
        crate::identity::udi_of(pid, sn, beside)
    }
}

impl From<&slp_model::Udi> for DeviceUdi {
    fn from(udi: &slp_model::Udi) -> Self {
        let mut device = Self::new();
        (device.pid, device.sn) = (Some(udi.pid().to_owned()), Some(udi.serial().to_owned()));
        [device.vid, device.uuid, device.suvi, device.host_identifier, device.mac_address] =
            crate::identity::beside_of(udi);
        device
    }
}

/// A part of the tree that can be asked for by itself: a container, or a list (as a `Vec` of its entries).
pub trait Part: Sized {
    /// Names of the containers from `licensing` on, joined by slashes; empty for `licensing` itself.
    const PATH: &'static str;

    /// The name of the part, without that of its module.
    fn name() -> &'static str {
        Self::PATH.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("licensing")
    }

    /// Reads it with the object around it: `{"cisco-smart-license:{name}":…}`.
    ///
    /// # Errors
    /// [`NotJson`](ErrorKind::NotJson), [`Schema`](ErrorKind::Schema), [`Limit`](ErrorKind::Limit),
    /// [`Empty`](ErrorKind::Empty).
    fn from_restconf(body: &[u8], limits: &Limits) -> Result<Self, Error>;

    /// Writes it with the object around it.
    fn to_restconf(&self) -> String;

    /// What an answer without content (204) means: an empty list, but no container.
    fn of_nothing() -> Option<Self> {
        None
    }
}

fn unwrapped<T: Wire + Part>(body: &[u8], limits: &Limits) -> Result<T, Error> {
    let mut limits = limits.clone();
    limits.body_bytes = limits.device_body_bytes;
    let read = |input: &mut wire::In<'_, '_>| member_of_module(input, Some(T::name()));
    wire::from_body_by(body, &limits, &format!("licensing/{}", T::PATH), read)
}

fn wrapped<T: Wire>(name: &str, part: &T) -> String {
    let mut out = Out { text: String::from("{"), masked: false };
    out.member(&mut true, &format!("{MODULE}:{name}"));
    part.write(&mut out);
    out.text.push('}');
    out.text
}

macro_rules! parts {
    ($( $ty:ty = $path:literal $(, $none:expr)?; )+) => {$(
        impl Part for $ty {
            const PATH: &'static str = $path;

            fn from_restconf(body: &[u8], limits: &Limits) -> Result<Self, Error> {
                unwrapped(body, limits)
            }

            fn to_restconf(&self) -> String {
                wrapped(Self::name(), self)
            }
            $(
                fn of_nothing() -> Option<Self> {
                    $none
                }
            )?
        }
    )+};
}

parts! {
    Licensing = "";
    Config = "config";
    State = "state";
    StateInfo = "state/state-info";
    Registration = "state/state-info/registration";
    Authorization = "state/state-info/authorization";
    Utility = "state/state-info/utility";
    Transport = "state/state-info/transport";
    Privacy = "state/state-info/privacy";
    Evaluation = "state/state-info/evaluation";
    DeviceUdi = "state/state-info/udi";
    Policy = "state/state-info/policy";
    RumAck = "state/state-info/rum-ack";
    ImportedAuthorizations = "state/state-info/imported-authorizations";
    Vec<Usage> = "state/state-info/usage", Some(Self::new());
    Vec<TrustCode> = "state/state-info/trust-code", Some(Self::new());
    Vec<Conversion> = "state/state-info/conversion", Some(Self::new());
    Vec<ReportKey> = "state/state-info/rum-reports-closed-keys", Some(Self::new());
    Vec<FactoryPurchase> = "state/state-info/factory-purchase", Some(Self::new());
}

/// Reads a part of the tree as its type. What has no type of its own is read with
/// [`ReadState`](super::ReadState).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Read<T>(PhantomData<fn() -> T>);

impl<T: Part> Read<T> {
    /// This part.
    pub fn new() -> Self {
        Self(PhantomData)
    }

    fn path() -> String {
        let slash = if T::PATH.is_empty() { "" } else { "/" };
        format!("/restconf/data/{MODULE}:licensing{slash}{}", T::PATH)
    }
}

impl<T: Part> Default for Read<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Part> Exchange for Read<T> {
    type Answer = T;
    const OPERATION: &'static str = "GET /restconf/data/cisco-smart-license:licensing/{path}";

    fn answer(response: &Response<Vec<u8>>, limits: &Limits) -> Result<T, Error> {
        success(response, Self::OPERATION)?;
        if response.status() == StatusCode::NO_CONTENT
            && let Some(nothing) = T::of_nothing()
        {
            return Ok(nothing);
        }
        T::from_restconf(response.body(), limits)
    }
}

impl<T: Part> Call<Session> for Read<T> {
    fn into_http(self, session: &Session) -> Result<Request<Vec<u8>>, Error> {
        request(session, Method::GET, &Self::path(), String::new())
    }
}

impl<T: Part> Serve for Read<T> {
    fn from_http(request: &Request<Vec<u8>>, _: &Limits) -> Result<Self, Error> {
        message::not_served(request, &Method::GET, Self::OPERATION)?;
        let path = request.uri().path();
        if !path.strip_suffix('/').unwrap_or(path).ends_with(&Self::path()) {
            return Err(Error::new(ErrorKind::Request, "the path is not that of this part of the state"));
        }
        Ok(Self::new())
    }

    fn respond(answer: &T) -> Result<Response<Vec<u8>>, Error> {
        let mut response = Response::new(answer.to_restconf().into_bytes());
        let yang = http::HeaderValue::from_static("application/yang-data+json");
        response.headers_mut().insert(http::header::CONTENT_TYPE, yang);
        Ok(response)
    }
}
