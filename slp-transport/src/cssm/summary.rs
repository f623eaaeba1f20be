//! `POST {base}/v3/licenses/summary`: licences of the account, bought and used. Spec: transport, "Compliance".

use http::Response;
use slp_model::UnixMillis;

use crate::cssm::call::licensing_call;
use crate::message::{self, Template};
use crate::wire::record;
use crate::{Error, Exchange, Limits, Nonce, StatusWord};

const PATH: Template = Template("/v3/licenses/summary");

record! {
    /// Asks about licences; without tags, about all.
    pub struct LicensesSummary within "data" {
        /// When the message was made.
        timestamp: req UnixMillis = "timestamp",
        /// The message's own.
        nonce: req Nonce = "nonce",
        /// Whole entitlement tags.
        tags: list String = "tags",
    }
}

record! {
    /// The licences. A message does not mean failure here (seen).
    pub struct SummaryAnswer {
        /// How it went: `SUCCESS` (seen).
        status: req StatusWord = "status",
        /// A code, if there is something to say.
        message_code: said_null String = "message_code",
        /// What the server says about it, for people; on success too (seen).
        message: said_null String = "message",
        /// That of the request.
        timestamp: opt UnixMillis = "timestamp",
        /// That of the request.
        nonce: opt Nonce = "nonce",
        /// Reports that the cloud has not worked on yet.
        out_standing_reports: or_default u32 = "out_standing_reports",
        /// One a licence.
        summary: list Summary = "summary",
    }
}

record! {
    /// One licence of the account: compliance, and what is bought, used and reserved, in numbers of licences.
    pub struct Summary {
        /// Its whole tag.
        tag: req String = "tag",
        /// `In Compliance`, `Out Of Compliance` (seen).
        compliance_status: null String = "compliance_status",
        /// Its name for people.
        display_name: null String = "display_name",
        /// Does it need an authorization code?
        enforced: or_default bool = "enforced",
        /// Is its export controlled?
        export_restricted: or_default bool = "export_restricted",
        /// What was bought.
        license_details: list LicenseDetails = "license_details",
        /// How many are bought.
        prepaid_entitled: null i64 = "prepaid_entitled",
        /// How many are used.
        prepaid_inuse: null i64 = "prepaid_inuse",
        /// How many are reserved.
        prepaid_reserved: null i64 = "prepaid_reserved",
    }
}

record! {
    /// One purchase of a licence.
    pub struct LicenseDetails {
        /// How it is paid: `PREPAID` (seen).
        billing_type: null String = "billing_type",
        /// How many were bought.
        quantity: null i64 = "quantity",
        /// Use that is paid for later, in licences.
        postpaid_usage: null i64 = "postpaid_usage",
        /// First day, as the cloud writes dates: kept as text, `null` in all that was seen.
        start_date: null String = "start_date",
        /// Last day, in the same form.
        end_date: null String = "end_date",
        /// Id of the subscription that it belongs to.
        subscription_id: null String = "subscription_id",
        /// State of the purchase: `ACTIVE` (seen).
        status: null String = "status",
        /// How it is billed, as the cloud words it.
        billing_model: null String = "billing_model",
        /// How long it is good for: `PERPETUAL` (seen).
        license_type: null String = "license_type",
    }
}

impl Exchange for LicensesSummary {
    type Answer = SummaryAnswer;
    const OPERATION: &'static str = "POST /v3/licenses/summary";

    fn answer(response: &Response<Vec<u8>>, limits: &Limits) -> Result<SummaryAnswer, Error> {
        let answer: SummaryAnswer = message::body_of(response, limits, Self::OPERATION)?;
        if matches!(answer.status, StatusWord::Failed | StatusWord::Error) {
            return Err(message::failed(response, Self::OPERATION));
        }
        Ok(answer)
    }
}

licensing_call!(LicensesSummary at PATH => SummaryAnswer, OK);
