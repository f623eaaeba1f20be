//! What is sent, and what is made of answers.
//!
//! Documents in an answer are imported before the agent hears of the answer, and those that the device refuses are taken out
//! of it: another device's acknowledgement, a forged one, one that cannot be read. Their reports then wait again.

use std::fmt;

use http::{Request, Response};
use slp_kit::Error;
use slp_model::license::{HaRole, ReportState};
use slp_model::{UnixMillis, UnixSeconds};
use slp_rum::codes::simulate;
use slp_rum::import::{ImportClass, Outcome};
use slp_transport::agent::{Event, Reply, Say};
use slp_transport::cssm::Token;
use slp_transport::push::{
    AuthorizationConfirmation, AuthorizationRequest, AuthorizationReturn, Confirmation, Device as ListedDevice,
    DeviceRole, Echo, Hello, Identity, Installed, Kind, PiCodec as _, PiRequest, PiResponse, RequestData, ResponseData,
    ResultPolling, Returned, SlpPi1, TrustAcknowledgement, TrustCodeOf, TrustEstablishment, TrustRequest, TrustScope,
    TrustSync, UsageReporting,
};
use slp_transport::{BaseUrl, DeviceUsage, Limits, Results, SmartLicense, StatusWord, Sudi};

use crate::instance::Device;
use crate::setup::Transport;
use crate::syslog;

/// What agents of devices print as their capabilities (seen), those that this one has.
pub(crate) const CAPABILITIES: [&str; 7] =
    ["UTILITY", "DLC", "AppHA", "MULTITIER", "EXPORT_2", "OK_TRY_AGAIN", POLICY_USAGE];
/// What a server needs for policies and usage (seen).
const POLICY_USAGE: &str = "POLICY_USAGE";
/// Clocks may differ by less than this (doc), milliseconds.
const SKEW: u64 = 3_600_000;

/// A message to send.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Outgoing {
    /// Its number: bring the answer with it.
    pub exchange: u64,
    /// Its kind.
    pub kind: Kind,
    /// The whole HTTP message.
    pub request: Request<Vec<u8>>,
}

#[derive(Clone)]
pub(crate) struct InFlight {
    exchange: u64,
    echo: Echo,
}

impl fmt::Debug for InFlight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InFlight").field("exchange", &self.exchange).finish_non_exhaustive()
    }
}

impl Device {
    /// The answer to a message; `None` when nothing came back.
    ///
    /// # Errors
    /// When the state cannot be kept. The answer then counts as lost.
    pub fn answered(
        &mut self,
        exchange: u64,
        response: Option<&Response<Vec<u8>>>,
        now: UnixMillis,
    ) -> Result<(), Error> {
        let Some(in_flight) = self.in_flight.take_if(|in_flight| in_flight.exchange == exchange) else {
            return Ok(());
        };
        let local = self.local(now);
        let reply = match response {
            None => Reply::NoReply,
            Some(response) => {
                let read = SlpPi1::new().decode_response(response, &in_flight.echo, &Limits::default());
                let skewed = read
                    .as_ref()
                    .is_ok_and(|answer| answer.server_time.get().abs_diff(local.to_millis().get()) >= SKEW);
                if skewed {
                    self.note("the clock of the server differs by an hour or more");
                }
                if skewed && in_flight.echo.kind == Kind::TrustEstablishment {
                    Reply::refused("PI_CLOCK_SKEW: the clocks of device and server differ by an hour or more")
                } else {
                    Reply::from_result(read.map(|answer| self.vet(answer, local)))
                }
            }
        };
        let done = self.act(Event::answered(exchange, reply), now);
        self.acknowledged.clear();
        done?;
        let peer = self.agent.state().peer_capabilities.as_ref();
        if in_flight.echo.kind == Kind::Hello
            && peer.is_some_and(|words| !words.iter().any(|word| word == POLICY_USAGE))
            && !std::mem::replace(&mut self.told_old, true)
        {
            self.note(syslog::reporting_not_supported());
        }
        self.follow_policy(now)?;
        self.remind(local);
        self.save()
    }

    /// Imports the documents of an answer, and takes those out that the device refuses.
    fn vet(&mut self, mut answer: PiResponse, local: UnixSeconds) -> PiResponse {
        match &mut answer.data {
            Some(ResponseData::Trust(data)) => {
                for item in &mut data.trusts {
                    let installed = item.trust_code.as_ref().is_some_and(|code| {
                        self.takes(code, local).is_some_and(|classes| classes.contains(&ImportClass::TrustCode))
                    });
                    if !installed {
                        (item.status, item.trust_code) = (StatusWord::Failed, None);
                    }
                }
                data.smart_license.take_if(|document| self.takes(document, local).is_none());
            }
            Some(ResponseData::Sync(data)) => {
                data.smart_license.take_if(|document| self.takes(document, local).is_none());
            }
            Some(ResponseData::Results(results)) => self.vet_results(results, local),
            _ => {}
        }
        answer
    }

    fn vet_results(&mut self, results: &mut Results, local: UnixSeconds) {
        for item in results.acknowledgements.iter_mut().flatten() {
            item.smart_license.take_if(|document| self.takes(document, local).is_none());
        }
        for item in results.authorizations.iter_mut().flatten() {
            if item.status == StatusWord::Failed {
                let text = item.status_message.clone().unwrap_or_default();
                self.note(syslog::authorization_refused(&text));
            }
            item.smart_license.take_if(|document| self.takes(document, local).is_none());
        }
        for item in results.trusts.iter_mut().flatten() {
            if item.trust_code.as_ref().is_some_and(|code| self.takes(code, local).is_none()) {
                (item.status, item.trust_code) = (StatusWord::Failed, None);
            }
        }
    }

    /// The classes of which something was taken; `None` when the document was refused.
    fn takes(&mut self, document: &SmartLicense, local: UnixSeconds) -> Option<Vec<ImportClass>> {
        let bytes = document.decode(&Limits::default()).ok()?;
        let taken = self.take_document(&bytes, local).ok()?;
        let taken = taken.outcomes.iter().filter(|part| part.outcome != Outcome::Skipped);
        Some(taken.map(|part| part.class).collect())
    }

    /// The message that the agent wants to send.
    pub(crate) fn build(&mut self, exchange: u64, say: &Say, local: UnixSeconds) -> Result<Outgoing, Error> {
        let address = self.saved.transport.address().ok_or("the transport is off")?;
        let address: BaseUrl = address.parse()?;
        let data = self.data(say, local)?;
        let request = PiRequest::of(&self.identity(), local.to_millis(), self.random.nonce(), data);
        let http = SlpPi1::new().encode_request(&request, &address)?;
        self.in_flight = Some(InFlight { exchange, echo: Echo::of(&request) });
        Ok(Outgoing { exchange, kind: request.kind, request: http })
    }

    fn identity(&self) -> Identity {
        let software = self.saved.setup.software.to_string();
        let mut identity = Identity::new(self.active(), software.as_str());
        let active = self.state.members.get(self.saved.active);
        identity.product_instance_identifier = active.and_then(|member| member.piid.clone());
        identity.hostname.clone_from(&self.saved.setup.hostname);
        let role = |role: Option<&HaRole>| match role {
            Some(HaRole::Member) => DeviceRole::Member,
            _ => DeviceRole::Standby,
        };
        let others = self.state.members.iter().filter(|member| member.role != Some(HaRole::Active));
        identity.device_list.extend(others.map(|member| {
            ListedDevice::new(role(member.role.as_ref()), Sudi::from(&member.device), software.as_str())
        }));
        identity
    }

    fn data(&mut self, say: &Say, local: UnixSeconds) -> Result<RequestData, Error> {
        Ok(match say {
            Say::Hello { unreported, outstanding, .. } => {
                let transport = if matches!(self.saved.transport, Transport::Cslu(_)) { "cslu" } else { "smart" };
                let mut hello = Hello::new(transport, *unreported);
                hello.capabilities = CAPABILITIES.map(str::to_owned).to_vec();
                hello.outstanding.clone_from(outstanding);
                hello.into()
            }
            Say::Usage { reports, features, .. } => {
                let mut found = Vec::new();
                for key in reports {
                    // a report may have been purged since it was queued
                    if let Some(kept) = self.saved.life.find(&key.udi, key.id) {
                        (kept.state, kept.sent_at) = (ReportState::Pending, Some(local));
                        found.push(kept.report()?);
                    }
                }
                if found.is_empty() && features.is_empty() {
                    return Err("the reports that were to be sent are gone".into());
                }
                let mut usage = UsageReporting::new();
                usage.reports = DeviceUsage::group(&found)?;
                if !features.is_empty() {
                    usage.authorization_requests = Some(self.wishes_of_message(features)?);
                }
                usage.into()
            }
            Say::Poll { id, action, .. } => ResultPolling::new(*id, action.clone()).into(),
            Say::TrustEstablishment { scope, force, .. } => {
                let token = Token::new(self.agent.token().ok_or("there is no id token")?.expose());
                let mut wish = TrustEstablishment::new(token, scope.clone());
                wish.force = *force;
                wish.trust_requests = self.trust_requests(scope, local)?;
                wish.into()
            }
            Say::AuthorizationRequest(features) => {
                let mut request = AuthorizationRequest::new();
                request.licenses = self.wishes_of_message(features)?;
                request.into()
            }
            Say::Plain(kind) => self.plain(kind)?,
            _ => return Err("a message that this device does not know".into()),
        })
    }

    fn trust_requests(&mut self, scope: &TrustScope, local: UnixSeconds) -> Result<Vec<TrustRequest>, Error> {
        let mut requests = Vec::new();
        for (index, member) in self.saved.setup.members.iter().enumerate() {
            if *scope == TrustScope::Local && index != self.saved.active {
                continue;
            }
            let request = self.certificate_request(index)?;
            let software = self.saved.setup.software.to_string();
            let nonce = self.random.nonce();
            requests.push(TrustRequest::new(Sudi::from(member), software, local.to_millis(), nonce, request));
        }
        Ok(requests)
    }

    /// What a member asks to be trusted with, PEM.
    pub(crate) fn certificate_request(&self, index: usize) -> Result<String, Error> {
        let key = self.saved.keys.get(index).ok_or("a member has no key")?;
        let member = self.saved.setup.members.get(index).ok_or("there is no such member")?;
        let key = rcgen::KeyPair::from_pem(key.pem())?;
        let mut params = rcgen::CertificateParams::new(Vec::new())?;
        params.distinguished_name.push(rcgen::DnType::CommonName, member.to_string());
        Ok(params.serialize_request(&key)?.pem()?.replace("\r\n", "\n"))
    }

    fn plain(&mut self, kind: &Kind) -> Result<RequestData, Error> {
        let piid = |member: &slp_model::Udi| {
            let found = self.state.members.iter().find(|peer| peer.device == *member);
            found.and_then(|peer| peer.piid.clone())
        };
        Ok(match kind {
            Kind::TrustAcknowledgement => {
                let mut data = TrustAcknowledgement::new();
                for member in &self.saved.setup.members {
                    if let Some(piid) = piid(member) {
                        data.installed.push(Installed::new(Sudi::from(member), piid, StatusWord::Success));
                    }
                }
                data.into()
            }
            Kind::TrustSync => {
                let mut data = TrustSync::new();
                for member in &self.saved.setup.members {
                    if let Some(piid) = piid(member) {
                        data.trust_codes.push(TrustCodeOf::new(Sudi::from(member), piid));
                    }
                }
                data.policy_name = self.state.policy.as_ref().map(|installed| installed.policy.name.clone());
                data.account_info_timestamp = self.state.account.as_ref().and_then(|account| account.timestamp);
                data.into()
            }
            Kind::AuthorizationConfirmation => {
                let mut data = AuthorizationConfirmation::new();
                for member in &self.saved.setup.members {
                    if let Some((code, _)) = self.code(member) {
                        let confirm = simulate::confirmation_code(&code).as_str().to_owned();
                        data.confirmations.push(Confirmation::new(Sudi::from(member), confirm));
                    }
                }
                data.into()
            }
            Kind::AuthorizationReturn => {
                let mut data = AuthorizationReturn::new();
                for (member, code) in std::mem::take(&mut self.saved.returning) {
                    data.returns.push(Returned::new(Sudi::from(&member), code));
                }
                if data.returns.is_empty() {
                    return Err("there is no code to give back".into());
                }
                data.into()
            }
            other => return Err(format!("this device does not send {}", other.title()).into()),
        })
    }
}
