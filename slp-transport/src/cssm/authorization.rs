//! `POST {base}/v2/devices/authrequest`: ask for authorization codes, or give them back. Spec: transport, "Submit".

use http::Response;
use slp_model::UnixMillis;

use crate::cssm::CloudAnswer;
use crate::cssm::call::licensing_call;
use crate::message::Template;
use crate::wire::{record, words};
use crate::{Count, Error, Exchange, Limits, Nonce, RawJson, Sudi};

const PATH: Template = Template("/v2/devices/authrequest");

slp_model::open_enum! {
    /// Whether new keys come beside those of the code that is installed. Our push protocol alone (choice).
    pub enum AuthorizationMode {
        /// Beside the codes that the device has.
        Add = "add",
        /// In their place.
        Replace = "replace",
    }
}
words!(AuthorizationMode);

record! {
    /// Asks for codes, one entry a device.
    pub struct AuthRequest within "data" {
        /// When the message was made.
        timestamp: req UnixMillis = "timestamp",
        /// The message's own.
        nonce: req Nonce = "nonce",
        /// Id of the virtual account (code).
        license_pool_id: opt u64 = "license_pool_id",
        /// `DNA On Prem` from on-premises servers (code).
        device_type: opt String = "device_type",
        /// One entry a device.
        licenses: list AuthorizationFor = "licenses",
    }
}

record! {
    /// What one device asks for or gives back.
    pub struct AuthorizationFor {
        /// The device.
        sudi: req Sudi = "sudi",
        /// Host name of the device, where it is not withheld.
        hostname: opt String = "hostname",
        /// Its software, as a tag.
        software_tag_identifier: opt String = "software_tag_identifier",
        /// Add or replace; our push protocol alone.
        mode: opt AuthorizationMode = "mode",
        /// A trust request; a host name was accepted (code).
        trust_request: opt RawJson = "trust_request",
        /// The licences; none in a return (seen).
        keys: list WantedKey = "keys",
        /// The confirmation code of the device.
        confirm_code: opt String = "confirm_code",
        /// The code of a return (seen).
        remove_code: opt String = "remove_code",
    }
}

record! {
    /// One licence and how many.
    pub struct WantedKey {
        /// The whole entitlement tag (seen).
        entitlement: req String = "entitlement",
        /// How many: a string on the wire (seen).
        count: req Count = "count",
    }
}

impl AuthRequest {
    /// The message for these devices.
    pub fn of(timestamp: UnixMillis, nonce: Nonce, licenses: Vec<AuthorizationFor>) -> Self {
        let mut message = Self::new(timestamp, nonce);
        message.licenses = licenses;
        message
    }
}

impl AuthorizationFor {
    /// Gives a code back: no keys, and the remove code that the device printed.
    pub fn give_back(sudi: impl Into<Sudi>, remove_code: impl Into<String>) -> Self {
        let mut entry = Self::new(sudi);
        entry.remove_code = Some(remove_code.into());
        entry
    }
}

impl Exchange for AuthRequest {
    type Answer = CloudAnswer;
    const OPERATION: &'static str = "POST /v2/devices/authrequest";

    fn answer(response: &Response<Vec<u8>>, limits: &Limits) -> Result<CloudAnswer, Error> {
        CloudAnswer::read(response, limits, Self::OPERATION)
    }
}

licensing_call!(AuthRequest at PATH => CloudAnswer, ACCEPTED);
