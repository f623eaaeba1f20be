//! Smart transport: devices push straight to the cloud, in the protocol of this SDK.

use http::{Request, Response, StatusCode};
use slp_model::{Udi, UnixMillis};
use slp_transport::push::{
    ConnectInfo, HelloAnswer, PiCodec as _, PiRequest, PiResponse, Replay, RequestData, ResponseData, SlpPi1,
    SyncAnswer, TrustAnswer, TrustEstablishment, UsageReporting, message_code,
};
use slp_transport::server::status;
use slp_transport::{Action, ErrorKind, PollId, Results, SmartLicense, StatusWord, Trusted};

use crate::cloud::{Cloud, Twist};
use crate::jobs::Polled;

/// What the cloud can do (seen, of the vendor's).
const CAPABILITIES: [&str; 7] =
    ["DLC", "AppHA", "EXPORT_2", "POLICY_USAGE", "UTILITY", "TELEMETRY", "TELEMETRY_POLICY"];
/// Clocks that differ by more may not establish trust (doc), milliseconds.
const SKEW: u64 = 3_600_000;

impl Cloud {
    /// Answers a message of a device.
    pub(crate) fn smart(&mut self, request: &Request<Vec<u8>>, now: UnixMillis) -> Response<Vec<u8>> {
        let codec = SlpPi1::new();
        let message = match codec.decode_request(request, &self.limits) {
            Ok(message) => message,
            Err(error) => {
                let code = match error.kind() {
                    ErrorKind::Limit => message_code::TOO_LARGE,
                    ErrorKind::Request if request.method() != http::Method::POST => message_code::METHOD,
                    ErrorKind::Request => message_code::MEDIA_TYPE,
                    _ => message_code::BAD_REQUEST,
                };
                let text = error.to_string();
                let mut answer = PiResponse::unreadable(now, self.random.uuid(), text.as_str());
                answer.errors = None;
                return encode(&answer.because(code, "body", text));
            }
        };
        let (instead, lost, twist) = self.faults(message.kind.as_str(), now);
        if let Some(response) = instead {
            return response;
        }
        let at = now.to_seconds();
        let udi = match message.sudi.udi() {
            Ok(udi) => udi,
            Err(error) => {
                let answer = PiResponse::to(&message, now, self.random.uuid());
                return encode(&answer.because(message_code::BAD_REQUEST, "sudi", error.to_string()));
            }
        };
        let answer = match self.replays.check(&udi, &message.nonce, request.body(), at) {
            Replay::Repeated(answer) => answer,
            Replay::Reused => {
                let answer = PiResponse::to(&message, now, self.random.uuid());
                answer.because(message_code::NONCE_REUSED, "nonce", "this nonce came with another message")
            }
            _ => {
                let answer = self.push(&udi, &message, twist, now);
                self.replays.store(&udi, &message.nonce, request.body(), answer.clone(), at);
                answer
            }
        };
        if lost { Response::new(Vec::new()) } else { encode(&answer) }
    }

    fn push(&mut self, udi: &Udi, message: &PiRequest, twist: Twist, now: UnixMillis) -> PiResponse {
        let answer = PiResponse::to(message, slp_kit::later(now, twist.clock), self.random.uuid());
        if message.protocol != PiRequest::PROTOCOL {
            return answer.because(message_code::NOT_SUPPORTED, "protocol", "a protocol that is not served");
        }
        let known = self.devices.0.get(udi).and_then(|device| device.piid.clone());
        if let Some(told) = &message.product_instance_identifier
            && known.as_ref() != Some(told)
        {
            let text = format!("The identity for the instance {told} is not valid. Please re-register the instance.");
            return answer.because(message_code::IDENTITY_INVALID, "product_instance_identifier", text);
        }
        if known.is_none() && !matches!(message.data, RequestData::TrustEstablishment(_) | RequestData::Hello(_)) {
            let text = "this device has no trust: re-register it with an id token";
            return answer.because(message_code::IDENTITY_INVALID, "product_instance_identifier", text);
        }
        if known.is_some() {
            let account = self.default_account();
            let device = self.devices.hear(udi, &account, now);
            device.hostname = message.hostname.clone().or(device.hostname.take());
            device.software_tag = Some(message.software_tag_identifier.clone());
        }
        match &message.data {
            RequestData::Hello(hello) => {
                let info = ConnectInfo::smart(&hello.capabilities, &CAPABILITIES);
                answer.with_data(HelloAnswer::new(info))
            }
            RequestData::TrustEstablishment(wish) => self.trust(udi, message, wish, answer, twist, now),
            RequestData::TrustSync(_) => {
                let document = self.document(udi, None, None, twist, now);
                with(answer, document, |document| {
                    let mut sync = SyncAnswer::new();
                    sync.smart_license = Some(SmartLicense::encode(&document));
                    sync.into()
                })
            }
            RequestData::UsageReporting(usage) => self.usage(usage, answer, twist, now),
            RequestData::ResultPolling(poll) => self.poll_push(poll.poll_id, &poll.action, answer, now),
            RequestData::AuthorizationRequest(wish) => {
                let account = self.default_account();
                let list = wish.licenses.iter().map(|wish| self.authorize(wish, &account, twist, now)).collect();
                let mut results = Results::new();
                results.authorizations = Some(list);
                self.later_or_now(answer, results, Action::Authorizations, twist, now)
            }
            RequestData::AuthorizationReturn(back) => {
                let account = self.default_account();
                let give = |returned: &slp_transport::push::Returned| {
                    let (sudi, code) = (returned.sudi.clone(), returned.remove_code.clone());
                    let wish = slp_transport::cssm::AuthorizationFor::give_back(sudi, code);
                    self.authorize(&wish, &account, twist, now)
                };
                let list = back.returns.iter().map(give).collect();
                let mut results = Results::new();
                results.authorizations = Some(list);
                answer.with_data(results)
            }
            RequestData::TrustAcknowledgement(_)
            | RequestData::AuthorizationConfirmation(_)
            | RequestData::TelemetryReporting(_) => answer,
            _ => answer.because(message_code::NOT_SUPPORTED, "kind", "a kind that is not served"),
        }
    }

    fn trust(
        &mut self,
        udi: &Udi,
        message: &PiRequest,
        wish: &TrustEstablishment,
        answer: PiResponse,
        twist: Twist,
        now: UnixMillis,
    ) -> PiResponse {
        if now.get().abs_diff(message.timestamp.get()) >= SKEW {
            let text = "the clocks of device and server differ by an hour or more";
            return answer.because(message_code::CLOCK_SKEW, "timestamp", text);
        }
        let at = now.to_seconds();
        let token = self.settings.id_tokens.iter_mut().find(|token| wish.id_token.matches(token.token.expose()));
        let wanted = u32::try_from(wish.trust_requests.len()).unwrap_or(u32::MAX);
        let account = match token {
            Some(token)
                if token.until.is_none_or(|until| at < until) && token.uses.is_none_or(|uses| uses >= wanted) =>
            {
                token.uses = token.uses.map(|uses| uses - wanted);
                token.virtual_account.clone()
            }
            _ => {
                self.event(format!("{udi}: an id token that is not known, or is used up"));
                let text = "this id token is not known, has ended or was used too often";
                return answer.because(message_code::TOKEN_INVALID, "id_token", text);
            }
        };
        let account = account.unwrap_or_else(|| self.default_account());
        let mut trusts = Vec::new();
        for request in &wish.trust_requests {
            let mut item = Trusted::new(request.sudi.clone(), StatusWord::Success);
            let done = request.sudi.udi().map_err(slp_kit::Error::from).and_then(|device| {
                let piid = self.devices.0.get(&device).and_then(|known| known.piid.clone());
                let piid = piid.unwrap_or_else(|| self.random.uuid());
                let grant = self.scribe(twist).trust(&device, &piid, &request.csr)?;
                let entry = self.devices.hear(&device, &account, now);
                entry.virtual_account.clone_from(&account);
                entry.piid = Some(piid.clone());
                entry.software_tag = Some(request.software_tag_identifier.clone());
                let document = self.document(&device, None, Some(grant), twist, now)?;
                Ok((piid, document))
            });
            match done {
                Ok((piid, document)) => {
                    self.event(format!("{}: trust established", request.sudi.udi_serial_number));
                    item.product_instance_identifier = Some(piid);
                    item.trust_code = Some(SmartLicense::encode(&document));
                }
                Err(error) => {
                    item.status = StatusWord::Failed;
                    (item.error_code, item.status_message) = (Some("LS_BAD_REQUEST".into()), Some(error.to_string()));
                }
            }
            trusts.push(item);
        }
        let mut data = TrustAnswer::new();
        data.trusts = trusts;
        answer.with_data(data)
    }

    fn usage(&mut self, usage: &UsageReporting, answer: PiResponse, twist: Twist, now: UnixMillis) -> PiResponse {
        let account = self.default_account();
        let intake = match self.take_usage(&usage.reports, &account, now) {
            Ok(intake) => intake,
            Err(text) => return answer.because(message_code::BAD_REQUEST, "reports", text),
        };
        self.event(format!("smart transport: {} new reports, {} again", intake.fresh, intake.again));
        let codes = usage.authorization_requests.as_ref();
        let codes = codes.map(|list| list.iter().map(|wish| self.authorize(wish, &account, twist, now)).collect());
        match self.acknowledgements(&intake, twist, now) {
            Ok(list) => {
                let results = Self::results(list, codes);
                self.later_or_now(answer, results, Action::Acknowledgements, twist, now)
            }
            Err(error) => answer.because(message_code::INTERNAL, "reports", error.to_string()),
        }
    }

    fn later_or_now(
        &mut self,
        answer: PiResponse,
        results: Results,
        action: Action,
        twist: Twist,
        now: UnixMillis,
    ) -> PiResponse {
        let ready = self.ready(twist, now);
        if ready <= now {
            return answer.with_data(results);
        }
        let id = self.random.poll_id();
        self.jobs.add(id, action.clone(), results, ready);
        answer.later(id, self.settings.poll_seconds, action)
    }

    fn poll_push(&mut self, id: PollId, action: &Action, answer: PiResponse, now: UnixMillis) -> PiResponse {
        match self.jobs.poll(id, action, now) {
            Polled::Done(results) => answer.with_data(results),
            Polled::Running => answer.later(id, self.settings.poll_seconds, action.clone()),
            Polled::Unknown => answer.because(message_code::POLL_UNKNOWN, "poll_id", "no result waits under this id"),
        }
    }
}

fn with(
    answer: PiResponse,
    document: Result<Vec<u8>, slp_kit::Error>,
    data: impl FnOnce(Vec<u8>) -> ResponseData,
) -> PiResponse {
    match document {
        Ok(document) => answer.with_data(data(document)),
        Err(error) => answer.because(message_code::INTERNAL, "document", error.to_string()),
    }
}

fn encode(answer: &PiResponse) -> Response<Vec<u8>> {
    SlpPi1::new().encode_response(answer).unwrap_or_else(|_| status(StatusCode::INTERNAL_SERVER_ERROR))
}
