//! `POST {base}/v2/devices/reportusage`: hand usage reports to the cloud. Spec: transport, "Submit".

use http::Response;
use slp_model::UnixMillis;

use crate::cssm::CloudAnswer;
use crate::cssm::call::licensing_call;
use crate::message::Template;
use crate::wire::record;
use crate::{DeviceUsage, Error, Exchange, Limits, Nonce};

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

licensing_call!(ReportUsage at PATH => CloudAnswer, ACCEPTED, prepare without_headers);

/// The header of a report is not sent to the cloud (code).
fn without_headers(mut message: ReportUsage) -> ReportUsage {
    for envelope in message.reports.iter_mut().flat_map(|device| &mut device.usage) {
        envelope.header = None;
    }
    message
}
