//! `POST {base}/v2/devices/reportusage`: hand usage reports to the cloud. Spec: transport, "Submit".

use http::{Method, Request, Response, StatusCode};
use slp_model::UnixMillis;

use crate::cssm::{CloudAnswer, Session};
use crate::message::{self, Serve, Template};
use crate::wire::{self, record};
use crate::{Call, DeviceUsage, Error, Exchange, Limits, Nonce};

const PATH: Template = Template("/v2/devices/reportusage");

record! {
    /// Reports of devices of one account, at most 500 reports and 4 MiB a message: see [`batches`](crate::batches).
    ///
    /// Times here are milliseconds, unlike every time inside a report. The header of a report is not sent (code).
    pub struct ReportUsage within "data" {
        /// When the message was made.
        timestamp: req UnixMillis = "timestamp",
        /// The message's own.
        nonce: req Nonce = "nonce",
        /// The reports, one entry a device.
        reports: list DeviceUsage = "reports",
    }
}

impl ReportUsage {
    /// The message for these reports.
    pub fn of(timestamp: UnixMillis, nonce: Nonce, reports: Vec<DeviceUsage>) -> Self {
        let mut message = Self::new(timestamp, nonce);
        message.reports = reports;
        message
    }
}

impl Exchange for ReportUsage {
    type Answer = CloudAnswer;
    const OPERATION: &'static str = "POST /v2/devices/reportusage";

    fn answer(response: &Response<Vec<u8>>, limits: &Limits) -> Result<CloudAnswer, Error> {
        CloudAnswer::read(response, limits, Self::OPERATION)
    }
}

impl Call<Session> for ReportUsage {
    fn into_http(mut self, session: &Session) -> Result<Request<Vec<u8>>, Error> {
        for envelope in self.reports.iter_mut().flat_map(|device| &mut device.usage) {
            envelope.header = None;
        }
        session.licensing_request(&PATH.fill(&[]), self.to_json())
    }
}

impl Serve for ReportUsage {
    fn from_http(request: &Request<Vec<u8>>, limits: &Limits) -> Result<Self, Error> {
        message::not_served(request, &Method::POST, Self::OPERATION)?;
        message::take(PATH, request, Self::OPERATION)?;
        wire::from_body(request.body(), limits, Self::OPERATION)
    }

    fn respond(answer: &CloudAnswer) -> Result<Response<Vec<u8>>, Error> {
        Ok(message::respond(StatusCode::ACCEPTED, answer.to_json()))
    }
}
