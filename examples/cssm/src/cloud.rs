//! One request, one answer, at a given time.

use std::collections::{BTreeMap, BTreeSet};

use http::{Request, Response, StatusCode, header};
use slp_crypto::SigningKey;
use slp_kit::{Authority, Error, Events, Random, later, reports_of};
use slp_model::{EntitlementTag, ReportId, Udi, UnixMillis, UnixSeconds};
use slp_rum::CorrelationId;
use slp_rum::ack::Ack;
use slp_rum::codes::simulate;
use slp_transport::push::{PiResponse, ReplayGuard};
use slp_transport::{Acknowledged, Authorized, DeviceUsage, Limits, Results, SmartLicense, StatusWord, Sudi};

use crate::answers::{Contents, Scribe};
use crate::book::{self, Balance, NoCode};
use crate::devices::{Device, Devices, Stored};
use crate::faults::{self, FaultKind};
use crate::files::Uploads;
use crate::jobs::Jobs;
use crate::settings::Settings;

/// Where devices push with smart transport (doc).
pub const SMART_PATH: &str = "/licservice/license";
/// Where access tokens are made (code).
pub const TOKEN_PATH: &str = "/as/token.oauth2";

/// How many answers of the push protocol are kept for repeated messages.
const REPEATS: usize = 100_000;

/// The cloud.
#[derive(Debug)]
pub struct Cloud {
    pub(crate) settings: Settings,
    pub(crate) authority: Authority,
    pub(crate) stranger: SigningKey,
    pub(crate) random: Random,
    pub(crate) limits: Limits,
    pub(crate) started: UnixSeconds,
    pub(crate) devices: Devices,
    pub(crate) jobs: Jobs,
    pub(crate) replays: ReplayGuard<PiResponse>,
    /// Access tokens and their ends.
    pub(crate) tokens: BTreeMap<String, UnixMillis>,
    pub(crate) uploads: Uploads,
    pub(crate) events: Events,
}

/// What a fault does to a result.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Twist {
    pub(crate) slow: u32,
    pub(crate) twice: bool,
    pub(crate) wrong_device: bool,
    pub(crate) forged: bool,
    pub(crate) clock: i64,
}

/// A report came: what to say about it.
#[derive(Debug, Default)]
pub(crate) struct Intake {
    /// Per device, what is to be acknowledged.
    pub(crate) reports: BTreeMap<Udi, BTreeSet<ReportId>>,
    /// How many were not there before.
    pub(crate) fresh: usize,
    /// How many came again.
    pub(crate) again: usize,
}

impl Cloud {
    /// A cloud that starts now.
    ///
    /// # Errors
    /// When the settings say something that cannot be, or no key can be made.
    pub fn new(settings: Settings, authority: Authority, random: Random, now: UnixMillis) -> Result<Self, Error> {
        settings.check()?;
        let (stranger, _) = SigningKey::generate()?;
        Ok(Self {
            settings,
            authority,
            stranger,
            random,
            limits: Limits::default(),
            started: now.to_seconds(),
            devices: Devices::default(),
            jobs: Jobs::default(),
            replays: ReplayGuard::new(REPEATS),
            tokens: BTreeMap::new(),
            uploads: Uploads::default(),
            events: Events::new(),
        })
    }

    /// Answers a request. Every body that comes gets an answer; none of them is "try to guess".
    pub fn handle(&mut self, request: &Request<Vec<u8>>, now: UnixMillis) -> Response<Vec<u8>> {
        let path = request.uri().path();
        if path == SMART_PATH || path.strip_suffix('/') == Some(SMART_PATH) {
            return self.smart(request, now);
        }
        if path == TOKEN_PATH {
            return self.token(request, now);
        }
        if let Some(name) = path.strip_prefix("/files") {
            let name = name.trim_matches('/').to_owned();
            return self.file(&name, request, now);
        }
        self.api(request, now)
    }

    /// The keys: what a device has to trust to believe the answers.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Every device that was heard of.
    pub fn devices(&self) -> impl Iterator<Item = (&Udi, &Device)> {
        self.devices.0.iter()
    }

    /// A device, if it was heard of.
    pub fn device(&self, udi: &Udi) -> Option<&Device> {
        self.devices.0.get(udi)
    }

    /// Licences: bought, used, reserved.
    pub fn balances(&self, now: UnixMillis) -> Vec<Balance> {
        book::balances(&self.settings.purchases, &self.devices.0, now.to_seconds())
    }

    /// How many results wait for somebody to fetch them.
    pub fn outstanding(&self) -> usize {
        self.jobs.outstanding()
    }

    /// What happened since the last call, a line each. No secret stands in it.
    pub fn take_events(&mut self) -> Vec<String> {
        self.events.take()
    }

    /// Says what was counted about those who were refused. Call it from time to time where the events are shown.
    pub fn tick(&mut self, now: UnixMillis) {
        self.events.tick(now);
    }

    /// Adds faults to the scenario.
    pub fn add_faults(&mut self, faults: impl IntoIterator<Item = crate::Fault>) {
        self.settings.faults.extend(faults);
    }

    pub(crate) fn event(&self, text: impl Into<String>) {
        self.events.say(text);
    }

    /// What goes wrong with this message: an answer in its place, or what to do to the result.
    pub(crate) fn faults(&mut self, message: &str, now: UnixMillis) -> (Option<Response<Vec<u8>>>, bool, Twist) {
        let (mut instead, mut lost, mut twist) = (None, false, Twist::default());
        for kind in faults::take(&mut self.settings.faults, message, now.to_seconds()) {
            match kind {
                FaultKind::Status(status) => {
                    let mut response = Response::new(b"<html><body>Something went wrong.</body></html>".to_vec());
                    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                    let html = header::HeaderValue::from_static("text/html");
                    response.headers_mut().insert(header::CONTENT_TYPE, html);
                    instead = Some(response);
                }
                FaultKind::Silence => instead = Some(Response::new(Vec::new())),
                FaultKind::LostAnswer => lost = true,
                FaultKind::Slow(seconds) => twist.slow = twist.slow.saturating_add(seconds),
                FaultKind::Twice => twist.twice = true,
                FaultKind::WrongDevice => twist.wrong_device = true,
                FaultKind::Forged => twist.forged = true,
                FaultKind::Clock(seconds) => twist.clock = twist.clock.saturating_add(seconds),
            }
        }
        (instead, lost, twist)
    }

    pub(crate) fn default_account(&self) -> String {
        self.settings.virtual_accounts.first().map(|account| account.name.clone()).unwrap_or_default()
    }

    pub(crate) fn ready(&self, twist: Twist, now: UnixMillis) -> UnixMillis {
        later(now, i64::from(self.settings.result_seconds).saturating_add(i64::from(twist.slow)))
    }

    /// Stores the reports of a message. All of them are read first: a message with one that cannot be read changes nothing.
    pub(crate) fn take_usage(
        &mut self,
        usage: &[DeviceUsage],
        account: &str,
        now: UnixMillis,
    ) -> Result<Intake, String> {
        let reports = reports_of(usage)?;
        for device in usage {
            let udi = device.sudi.udi().map_err(|error| error.to_string())?;
            let entry = self.devices.hear(&udi, account, now);
            entry.hostname = device.hostname.clone().or(entry.hostname.take());
            entry.software_tag = device.software_tag_identifier.clone().or(entry.software_tag.take());
        }
        let mut intake = Intake::default();
        for (report, _) in &reports {
            self.store(report, account, &mut intake, now);
        }
        Ok(intake)
    }

    pub(crate) fn store(&mut self, report: &slp_rum::UsageReport, account: &str, intake: &mut Intake, now: UnixMillis) {
        let (udi, id) = (report.device().clone(), report.id());
        let device = self.devices.hear(&udi, account, now);
        // who sent it may not have said, but the report does
        device.software_tag.get_or_insert_with(|| report.software_tag().to_string());
        match device.store(report, now) {
            Stored::New => intake.fresh += 1,
            Stored::Again => intake.again += 1,
            Stored::Conflict => {
                intake.fresh += 1;
                self.event(format!("{udi}: report {id} came again with other content; both are kept"));
            }
        }
        intake.reports.entry(udi).or_default().insert(id);
    }

    /// 32 hexadecimal digits, `-`, 16 more (seen).
    fn item_id(&mut self) -> String {
        format!("{}-{}", self.random.hex::<16>(), self.random.hex::<8>())
    }

    pub(crate) fn scribe(&self, twist: Twist) -> Scribe<'_> {
        Scribe {
            authority: &self.authority,
            settings: &self.settings,
            policy_date: self.started,
            forged: twist.forged.then_some(&self.stranger),
        }
    }

    /// The document for one device: what it acknowledges, its code if it has one, policy and account.
    pub(crate) fn document(
        &mut self,
        udi: &Udi,
        reports: Option<&BTreeSet<ReportId>>,
        trust: Option<slp_rum::trust::TrustGrant>,
        twist: Twist,
        now: UnixMillis,
    ) -> Result<Vec<u8>, Error> {
        let reports = reports.map(|ids| (udi.clone(), ids.clone()));
        self.document_of(udi, &BTreeSet::from([udi.clone()]), &reports.into_iter().collect(), trust, twist, now)
    }

    /// The document for the file of several devices, the members of a stack: each report is acknowledged under the name of
    /// the device that wrote it, and each of them gets its code. Account of the first. Spec: ack-auth, "Members we write".
    pub(crate) fn document_of(
        &mut self,
        first: &Udi,
        devices: &BTreeSet<Udi>,
        reports: &BTreeMap<Udi, BTreeSet<ReportId>>,
        trust: Option<slp_rum::trust::TrustGrant>,
        twist: Twist,
        now: UnixMillis,
    ) -> Result<Vec<u8>, Error> {
        let trace = CorrelationId::new(now.to_seconds(), self.random.bytes(), self.random.bytes());
        let known = self.devices.0.get(first);
        let account = known.map_or_else(|| self.default_account(), |device| device.virtual_account.clone());
        let mut contents = Contents { trust, ..Contents::default() };
        // two members may have reports of one number: of a device that is not theirs each stands once
        let mut acked = BTreeSet::new();
        for (udi, ids) in reports {
            let named = if twist.wrong_device { Udi::new(udi.pid(), "TSTNOTYOURS")? } else { udi.clone() };
            acked.extend(ids.iter().map(|id| (named.clone(), *id)));
        }
        contents.acks.extend(acked.into_iter().map(|(named, id)| Ack::accepted(named, id)));
        if !twist.wrong_device {
            let known = devices.iter().filter_map(|udi| self.devices.0.get(udi));
            contents.codes.extend(known.filter_map(|device| device.code.as_ref()));
        }
        self.scribe(twist).document(&account, contents, &trace, now)
    }

    /// The acknowledgements of an intake.
    pub(crate) fn acknowledgements(
        &mut self,
        intake: &Intake,
        twist: Twist,
        now: UnixMillis,
    ) -> Result<Vec<Acknowledged>, Error> {
        let mut list = Vec::new();
        for (udi, reports) in &intake.reports {
            let document = self.document(udi, Some(reports), None, twist, now)?;
            let mut item = Acknowledged::new(Sudi::from(udi));
            item.software_tag_identifier = self.devices.0.get(udi).and_then(|device| device.software_tag.clone());
            item.smart_license = Some(SmartLicense::encode(&document));
            list.push(item.clone());
            if twist.twice {
                list.push(item);
            }
        }
        Ok(list)
    }

    /// Gives a device a code, or takes it back.
    pub(crate) fn authorize(
        &mut self,
        wish: &slp_transport::cssm::AuthorizationFor,
        account: &str,
        twist: Twist,
        now: UnixMillis,
    ) -> Authorized {
        let sudi = wish.sudi.clone();
        let udi = match sudi.udi() {
            Ok(udi) => udi,
            Err(error) => return failed(sudi, "LS_BAD_DEVICE", error.to_string()),
        };
        self.devices.hear(&udi, account, now);
        let done = match (&wish.remove_code, wish.keys.is_empty()) {
            (Some(code), true) => self.give_back(&udi, code).map(|()| None),
            _ => self.grant(&udi, wish, twist, now).map(Some),
        };
        match done {
            Ok(document) => {
                let mut item = Authorized::new(sudi, StatusWord::Success);
                item.smart_license = document.map(|document| SmartLicense::encode(&document));
                item.product_instance_identifier = self.devices.0.get(&udi).and_then(|device| device.piid.clone());
                item.correlation_id = Some(self.item_id());
                item
            }
            Err(refusal) => {
                self.event(format!("{udi}: no authorization code, {}", refusal.message));
                failed(sudi, refusal.code, refusal.message)
            }
        }
    }

    fn grant(
        &mut self,
        udi: &Udi,
        wish: &slp_transport::cssm::AuthorizationFor,
        twist: Twist,
        now: UnixMillis,
    ) -> Result<Vec<u8>, NoCode> {
        let ours = |message: String| NoCode { code: "LS_INTERNAL", message };
        let mut wanted: BTreeMap<EntitlementTag, u32> = BTreeMap::new();
        let has = self.devices.0.get(udi).and_then(|device| device.code.as_ref());
        if wish.mode != Some(slp_transport::cssm::AuthorizationMode::Replace) {
            for entitlement in has.iter().flat_map(|code| &code.view().entitlements) {
                wanted.insert(entitlement.tag.clone(), entitlement.count);
            }
        }
        for key in &wish.keys {
            let bad = |text: String| NoCode { code: "LS_BAD_KEY", message: text };
            let tag: EntitlementTag = key.entitlement.parse().map_err(|error| bad(format!("{error}")))?;
            let count = u32::try_from(key.count.get()).map_err(|_| bad(format!("{} is too many", key.count.get())))?;
            wanted.insert(tag, count);
        }
        let at = now.to_seconds();
        book::may_reserve(&self.settings.purchases, &self.devices, udi, &wanted, at)?;
        let device = self.devices.0.get(udi);
        let (account, piid) =
            device.map(|device| (device.virtual_account.clone(), device.piid.clone())).unwrap_or_default();
        let trace = self.item_id();
        let code = self.scribe(Twist::default()).code(udi, &account, &wanted, piid, trace, now);
        let code = code.map_err(|error| ours(error.to_string()))?;
        if let Some(device) = self.devices.0.get_mut(udi) {
            device.code = Some(code);
        }
        self.document(udi, None, None, twist, now).map_err(|error| ours(error.to_string()))
    }

    fn give_back(&mut self, udi: &Udi, remove_code: &str) -> Result<(), NoCode> {
        let device = self.devices.0.get_mut(udi);
        let Some((device, code)) = device.and_then(|device| device.code.clone().map(|code| (device, code))) else {
            return Err(NoCode { code: "LS_NO_CODE", message: "this device has no authorization code".into() });
        };
        if simulate::return_code(&code).as_str() != remove_code {
            let message = "the return code does not belong to the authorization code of this device".into();
            return Err(NoCode { code: "LS_BAD_RETURN", message });
        }
        device.code = None;
        Ok(())
    }

    /// Results with codes, or with acknowledgements and codes.
    pub(crate) fn results(acknowledgements: Vec<Acknowledged>, codes: Option<Vec<Authorized>>) -> Results {
        let mut results = Results::new();
        results.acknowledgements = Some(acknowledgements);
        results.authorizations = codes;
        results
    }
}

fn failed(sudi: Sudi, code: &str, message: impl Into<String>) -> Authorized {
    let mut item = Authorized::new(sudi, StatusWord::Failed);
    (item.error_code, item.status_message) = (Some(code.to_owned()), Some(message.into()));
    item
}
