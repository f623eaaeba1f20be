//! The device: licences, reports, agent, imports, and what is kept of them.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;

use slp_crypto::{PublicKey, Signer as _, SigningKey};
use slp_kit::{Error, Random};
use slp_model::license::{HaRole, ReportState};
use slp_model::policy::Attribute;
use slp_model::{ReportId, Seconds, Udi, UnixMillis, UnixSeconds};
use slp_rum::codes::simulate;
use slp_rum::import::{
    DeviceState, HaPeer, ImportClass, Outcome, PartOutcome, ReportFacts, ReturnedCode, Situation, import,
};
use slp_rum::write::{DeviceFile, request as write_request};
use slp_rum::{AuthorizationCode, Content, Document};
use slp_transport::agent::{Action, Agent, AgentState, Event, Imported, Mode, ReportKey};

use crate::exchange::{InFlight, Outgoing};
use crate::life::{Ending, KeptReport, Life};
use crate::setup::{Feature, Setup, Transport};
use crate::store::{Imported as Kept, Saved, Store};
use crate::syslog;
use crate::trusted::Trusted;

/// Days between pushes, unless a policy asks for less (doc).
const PUSH_DAYS: u32 = 30;
/// Lines of the log that are kept until somebody takes them.
const LOG_LINES: usize = 10_000;

/// A device.
pub struct Device {
    store: Box<dyn Store>,
    pub(crate) saved: Saved,
    pub(crate) agent: Agent,
    pub(crate) state: DeviceState,
    pub(crate) keys: Vec<SigningKey>,
    pub(crate) trusted: Trusted,
    pub(crate) random: Random,
    pub(crate) outbox: Vec<Outgoing>,
    pub(crate) in_flight: Option<InFlight>,
    /// Reports that documents of the answer at hand acknowledge.
    pub(crate) acknowledged: BTreeSet<(Udi, ReportId)>,
    log: VecDeque<String>,
}

impl Device {
    /// The device that the store holds, or a new one of this setup. It starts: licences that were in use are in use again,
    /// reports that were open end with the reload.
    ///
    /// # Errors
    /// When the store cannot be read or written, or no key can be made.
    pub fn start(
        setup: Setup,
        trusted: Trusted,
        store: Box<dyn Store>,
        random: Random,
        now: UnixMillis,
    ) -> Result<Self, Error> {
        let (saved, is_new) = match store.load()? {
            Some(saved) => (saved, false),
            None => (fresh(setup)?, true),
        };
        let keys = saved.keys.iter().map(|pem| SigningKey::from_pem(pem.as_bytes())).collect::<Result<Vec<_>, _>>()?;
        let mut device = Self {
            store,
            agent: Agent::resume(saved.agent.clone()),
            state: DeviceState::default(),
            saved,
            keys,
            trusted,
            random,
            outbox: Vec::new(),
            in_flight: None,
            acknowledged: BTreeSet::new(),
            log: VecDeque::new(),
        };
        device.restore();
        let local = device.local(now);
        if !is_new {
            device.close(Ending::Reload, local)?;
        }
        device.act(Event::Boot, now)?;
        device.save()?;
        Ok(device)
    }

    /// What the device's own clock shows.
    pub fn local(&self, now: UnixMillis) -> UnixSeconds {
        now.to_seconds().saturating_add(Seconds::new(self.saved.clock_offset))
    }

    /// The device that is active.
    pub fn active(&self) -> &Udi {
        let members = &self.saved.setup.members;
        members.get(self.saved.active).unwrap_or(&members[0])
    }

    /// Everything that is kept.
    pub fn saved(&self) -> &Saved {
        &self.saved
    }

    /// What imports know and change.
    pub fn imported(&self) -> &DeviceState {
        &self.state
    }

    /// The agent, as it stands.
    pub fn agent(&self) -> &AgentState {
        self.agent.state()
    }

    /// The public key of a member.
    pub fn public_key(&self, member: usize) -> Option<&PublicKey> {
        self.keys.get(member).map(SigningKey::public_key)
    }

    /// The lines that were logged since the last call.
    pub fn take_log(&mut self) -> Vec<String> {
        self.log.drain(..).collect()
    }

    pub(crate) fn note(&mut self, line: impl Into<String>) {
        if self.log.len() >= LOG_LINES {
            self.log.pop_front();
        }
        self.log.push_back(line.into());
    }

    /// When to call [`tick`](Self::tick) at the latest, on the true clock.
    pub fn next_deadline(&self) -> Option<UnixSeconds> {
        let local = self.agent.next_deadline()?;
        Some(local.saturating_add(Seconds::new(self.saved.clock_offset.saturating_neg())))
    }

    /// Does what is due.
    ///
    /// # Errors
    /// When the state cannot be kept: nothing is sent then.
    pub fn tick(&mut self, now: UnixMillis) -> Result<(), Error> {
        self.act(Event::Tick, now)
    }

    /// What is to be sent. Each is given out once; bring its answer with [`answered`](Self::answered).
    pub fn take_outgoing(&mut self) -> Vec<Outgoing> {
        std::mem::take(&mut self.outbox)
    }

    /// Chooses how to send.
    ///
    /// # Errors
    /// As [`tick`](Self::tick).
    pub fn configure(&mut self, transport: Transport, now: UnixMillis) -> Result<(), Error> {
        let mode = match transport {
            Transport::Off => Mode::Off,
            Transport::Cslu(_) => Mode::Cslu,
            Transport::Smart(_) => Mode::Smart,
        };
        self.saved.transport = transport;
        self.in_flight = None;
        self.outbox.clear();
        self.act(Event::Configured(mode), now)?;
        self.save()
    }

    /// So many of a licence are in use from now on.
    ///
    /// # Errors
    /// For a licence that the software does not know, or that needs a code which is not there: nothing changes then.
    pub fn use_license(&mut self, name: &str, count: u64, now: UnixMillis) -> Result<(), Error> {
        let feature = self.feature(name)?.clone();
        let local = self.local(now);
        if feature.needs_code() && count > self.authorized(&feature, local) {
            let allowed = self.authorized(&feature, local);
            return Err(format!(
                "{name} needs an authorization code: {count} wanted, {allowed} authorized. Use \
                 'license smart authorization request add {name} local' first"
            )
            .into());
        }
        if self.saved.life.set_count(&feature, count, local) {
            self.follow_policy(now)?;
            self.act(Event::UsageChanged, now)?;
            self.save()?;
        }
        Ok(())
    }

    pub(crate) fn feature(&self, name: &str) -> Result<&Feature, Error> {
        let found = self.saved.setup.features.iter().find(|feature| feature.name == name);
        found.ok_or_else(|| format!("the software of this device does not know the licence {name}").into())
    }

    /// How many of a licence a code of the active member allows.
    pub(crate) fn authorized(&self, feature: &Feature, local: UnixSeconds) -> u64 {
        let code = self.state.codes.get(self.active());
        code.map_or(0, |code| code.authorization.authorized_count(&feature.tag, local))
    }

    /// Sets the clock of the device by so many seconds.
    ///
    /// # Errors
    /// As [`tick`](Self::tick).
    pub fn set_clock(&mut self, delta: i64, now: UnixMillis) -> Result<(), Error> {
        let local = self.local(now);
        self.saved.life.step_clock(local, delta);
        self.saved.clock_offset = self.saved.clock_offset.saturating_add(delta);
        self.act(Event::ClockStep(Seconds::new(delta)), now)?;
        self.save()
    }

    /// The next member becomes active: reports of the old one end, its own begin.
    ///
    /// # Errors
    /// When there is no other member, and as [`tick`](Self::tick).
    pub fn switch_over(&mut self, now: UnixMillis) -> Result<(), Error> {
        let members = self.saved.setup.members.len();
        if members < 2 {
            return Err("there is no other member to become active".into());
        }
        let local = self.local(now);
        self.close(Ending::Reload, local)?;
        self.saved.active = (self.saved.active + 1) % members;
        for (index, member) in self.state.members.iter_mut().enumerate() {
            let role = if index == self.saved.active { HaRole::Active } else { HaRole::Standby };
            member.role = Some(role);
        }
        self.act(Event::UsageChanged, now)?;
        self.save()
    }

    /// Closes the open reports.
    ///
    /// # Errors
    /// As [`tick`](Self::tick).
    pub fn close_reports(&mut self, now: UnixMillis) -> Result<(), Error> {
        let local = self.local(now);
        self.close(Ending::Requested, local)?;
        self.save()
    }

    pub(crate) fn close(&mut self, ending: Ending, local: UnixSeconds) -> Result<(), Error> {
        let active = self.active().clone();
        let piid = self.state.members.get(self.saved.active).and_then(|member| member.piid.clone());
        let key = self.keys.get(self.saved.active).ok_or("the active member has no key")?;
        let purged = self.saved.life.purged;
        let life = &mut self.saved.life;
        let closed = life.close(&self.saved.setup, &active, key, piid.as_deref(), ending, local)?;
        let lost = life.purged.saturating_sub(purged);
        if lost > 0 {
            self.note(format!("%SMART_LIC-4-UTILITY_REPORTS_PURGED: {lost} usage reports purged for want of room"));
        }
        let keys = closed.into_iter().map(|id| ReportKey::new(active.clone(), id)).collect();
        let actions = self.agent.handle(Event::ReportsClosed(keys), local);
        self.perform(actions, local)
    }

    /// The file of this device: reports that nobody acknowledged yet, and requests for the codes of these licences.
    ///
    /// # Errors
    /// For a licence that is not known, and as [`tick`](Self::tick).
    pub fn save_usage(&mut self, features: &[&str], now: UnixMillis) -> Result<Vec<u8>, Error> {
        let local = self.local(now);
        self.close(Ending::Requested, local)?;
        let reports = self.saved.life.kept.iter().map(KeptReport::report).collect::<Result<Vec<_>, Error>>()?;
        let mut file = DeviceFile::new().reports(&reports);
        if !features.is_empty() {
            let keys = features
                .iter()
                .map(|name| {
                    let tag = self.feature(name)?.tag.to_string();
                    Ok(slp_rum::auth_request::RequestedKey::new(tag, 1))
                })
                .collect::<Result<Vec<_>, Error>>()?;
            let mode = slp_rum::auth_request::RequestMode::Add;
            let entry = slp_rum::auth_request::RequestEntry::request(self.active().clone(), mode, keys);
            file = file.element(write_request::authorization_request(&[entry])?)?;
        }
        let mut facts = slp_rum::system_info::SystemFacts::new(self.active().clone());
        facts.timestamp = Some(local.to_millis());
        facts.nonce = Some(self.random.nonce().to_string());
        facts.hostname.clone_from(&self.saved.setup.hostname);
        facts.software_tag = Some(self.saved.setup.software.to_string());
        let text = file.element(write_request::system_info(&facts)?)?.to_text()?;
        for kept in &mut self.saved.life.kept {
            kept.state = ReportState::Unacknowledged;
        }
        self.saved.last_file = Some(local);
        self.save()?;
        Ok(text.into_bytes())
    }

    /// Imports a document by hand. What became of it, in the words of the device.
    ///
    /// # Errors
    /// The refusal, in the words of the device: nothing has changed then. Or when the state cannot be kept.
    pub fn import(&mut self, bytes: &[u8], now: UnixMillis) -> Result<String, Error> {
        let local = self.local(now);
        let (text, outcomes) = self.take_document(bytes, local)?;
        let acknowledged: Vec<ReportKey> =
            std::mem::take(&mut self.acknowledged).into_iter().map(|(udi, id)| ReportKey::new(udi, id)).collect();
        self.delete(&acknowledged);
        if !acknowledged.is_empty() {
            self.act(Event::Imported(Imported::Acknowledgement(acknowledged)), now)?;
        }
        let took = |class| outcomes.iter().any(|part| part.class == class && part.outcome != Outcome::Skipped);
        self.act(
            Event::Imported(if took(ImportClass::TrustCode) { Imported::TrustCode } else { Imported::Other }),
            now,
        )?;
        self.follow_policy(now)?;
        self.save()?;
        Ok(text)
    }

    /// Imports a document into the state at hand; [`acknowledged`](Self::acknowledged) has the reports that it names.
    pub(crate) fn take_document(
        &mut self,
        bytes: &[u8],
        local: UnixSeconds,
    ) -> Result<(String, Vec<PartOutcome>), Error> {
        self.state.reports = self
            .saved
            .life
            .kept
            .iter()
            .map(|kept| ((kept.device.clone(), kept.id), ReportFacts::new(kept.state.clone(), kept.sent_at)))
            .collect();
        let plan = match import(bytes, &self.state, &Situation::new(&self.trusted, local)) {
            Ok(plan) => plan,
            Err(refusal) => {
                self.note(format!("%SMART_LIC-3-IMPORT_FAILED: {refusal}"));
                return Err(refusal.to_string().into());
            }
        };
        let (text, outcomes) = (plan.to_string(), plan.outcomes().to_vec());
        self.state = plan.into_state();
        self.saved.last_ack = self.state.last_ack;
        let mut holds = BTreeSet::new();
        for part in &outcomes {
            let device = part.device.as_ref().map(ToString::to_string).unwrap_or_default();
            match part.class {
                ImportClass::RumAck => {
                    for member in part.members.iter().filter(|member| member.outcome != Outcome::Skipped) {
                        if let (Some(device), Some(report)) = (&member.device, member.report) {
                            self.acknowledged.insert((device.clone(), report));
                        }
                    }
                }
                ImportClass::ConversionAck => {}
                class if matches!(part.outcome, Outcome::Installed | Outcome::Replaced) => {
                    holds.insert(format!("{class} {device}"));
                    if class == ImportClass::Policy {
                        self.note(
                            "%SMART_LIC-6-POLICY_INSTALL_SUCCESS: A new licensing policy was successfully installed",
                        );
                    }
                }
                _ => {}
            }
        }
        if !holds.is_empty()
            && let Ok(document) = std::str::from_utf8(bytes)
        {
            for older in &mut self.saved.documents {
                older.holds.retain(|held| !holds.contains(held));
            }
            self.saved.documents.retain(|older| !older.holds.is_empty());
            self.saved.documents.push(Kept { at: local, text: document.to_owned(), holds });
        }
        Ok((text, outcomes))
    }

    /// Builds the state of imports from the documents that hold.
    fn restore(&mut self) {
        let members = self.saved.setup.members.iter().enumerate();
        let peer = |(index, member): (usize, &Udi)| {
            let role = if index == self.saved.active { HaRole::Active } else { HaRole::Standby };
            HaPeer::new(member.clone()).in_role(role)
        };
        self.state.members = members.map(peer).collect();
        for (member, key) in self.saved.setup.members.iter().zip(&self.keys) {
            self.state.trust.entry(member.clone()).or_default().pending_keys = vec![key.public_key().spki().to_vec()];
        }
        for kept in &self.saved.returned {
            if let Ok(plan) = import(kept.text.as_bytes(), &self.state, &Situation::new(&self.trusted, kept.at)) {
                let mut state = plan.into_state();
                for code in std::mem::take(&mut state.codes).into_values() {
                    state.returned.push(ReturnedCode::of(&code.authorization));
                }
                self.state = state;
            }
        }
        for kept in &self.saved.documents {
            if let Ok(plan) = import(kept.text.as_bytes(), &self.state, &Situation::new(&self.trusted, kept.at)) {
                self.state = plan.into_state();
            }
        }
        self.state.last_ack = self.saved.last_ack;
    }

    /// The code of a member, as it was imported.
    pub(crate) fn code(&self, member: &Udi) -> Option<(AuthorizationCode, usize)> {
        let installed = self.state.codes.get(member)?;
        for (index, kept) in self.saved.documents.iter().enumerate() {
            let document = Document::parse(kept.text.as_bytes()).ok()?;
            for content in document.contents().flatten() {
                if let Content::Authorization(code) = content
                    && code.signature() == installed.signature.as_deref()
                    && code.view().udi.matches(member)
                {
                    return Some((*code, index));
                }
            }
        }
        None
    }

    /// Takes the codes out of use; what is needed to give them back is kept.
    pub(crate) fn remove_codes(&mut self) {
        for member in self.saved.setup.members.clone() {
            let Some((code, index)) = self.code(&member) else { continue };
            self.saved.returning.push((member.clone(), simulate::return_code(&code).as_str().to_owned()));
            if let Some(kept) = self.saved.documents.get_mut(index) {
                self.saved.returned.push(kept.clone());
                kept.holds.retain(|held| !held.starts_with(ImportClass::Authorization.as_str()));
            }
            self.saved.documents.retain(|kept| !kept.holds.is_empty());
            self.state.codes.remove(&member);
            self.state.returned.push(ReturnedCode::of(code.view()));
        }
    }

    /// The interval of pushes that configuration and policy ask for.
    fn follow_policy(&mut self, now: UnixMillis) -> Result<(), Error> {
        let policy = self.state.policy.as_ref();
        let in_use = self.saved.setup.features.iter().filter(|feature| self.saved.life.count(&feature.name) > 0);
        let asked = in_use.filter_map(|feature| {
            policy.map(|policy| policy.policy.days(feature.class, Attribute::Ongoing).days).filter(|days| *days > 0)
        });
        let days = asked.min().unwrap_or(PUSH_DAYS).min(PUSH_DAYS);
        let interval = Some(Seconds::from_days(days));
        if self.agent.state().interval == interval { Ok(()) } else { self.act(Event::Interval(interval), now) }
    }

    pub(crate) fn act(&mut self, event: Event, now: UnixMillis) -> Result<(), Error> {
        let local = self.local(now);
        let actions = self.agent.handle(event, local);
        self.perform(actions, local)
    }

    fn perform(&mut self, actions: Vec<Action>, local: UnixSeconds) -> Result<(), Error> {
        let mut queue = VecDeque::from(actions);
        while let Some(action) = queue.pop_front() {
            match action {
                Action::Save => self.save()?,
                Action::CloseReports => {
                    self.close(Ending::Requested, local)?;
                    queue.extend(self.agent.handle(Event::ReportsClosed(Vec::new()), local));
                }
                Action::Send { exchange, say, .. } => match self.build(exchange, &say, local) {
                    Ok(outgoing) => {
                        self.save()?;
                        self.outbox.push(outgoing);
                    }
                    Err(error) => {
                        let event = Event::cannot_build(exchange, error.to_string());
                        queue.extend(self.agent.handle(event, local));
                    }
                },
                Action::Acknowledged(keys) => {
                    let again = self.settle(&keys);
                    if !again.is_empty() {
                        queue.extend(self.agent.handle(Event::ReportsClosed(again), local));
                    }
                }
                Action::RemoveCode => self.remove_codes(),
                Action::Notice(notice) => {
                    let line = syslog::of(&notice, matches!(self.saved.transport, Transport::Cslu(_)));
                    self.note(line);
                }
                // documents are imported before the agent hears of them: see `exchange`
                _ => {}
            }
        }
        Ok(())
    }

    /// The agent takes these for acknowledged. Those that a document of the cloud names are deleted; the others, whose
    /// acknowledgement could not be read or did not name them, wait again.
    fn settle(&mut self, keys: &[ReportKey]) -> Vec<ReportKey> {
        let named = |key: &&ReportKey| self.acknowledged.contains(&(key.udi.clone(), key.id));
        let (done, open): (Vec<&ReportKey>, Vec<&ReportKey>) = keys.iter().partition(named);
        let done: Vec<ReportKey> = done.into_iter().cloned().collect();
        let kept = &self.saved.life.kept;
        let still = |key: &&&ReportKey| kept.iter().any(|kept| kept.id == key.id && kept.device == key.udi);
        let again = open.iter().filter(still).map(|key| (*key).clone()).collect();
        self.delete(&done);
        again
    }

    fn delete(&mut self, keys: &[ReportKey]) {
        let ids: Vec<_> = keys.iter().map(|key| (key.udi.clone(), key.id)).collect();
        self.saved.life.acknowledge(&self.saved.setup, &ids);
    }

    pub(crate) fn save(&mut self) -> Result<(), Error> {
        self.saved.agent = self.agent.state().clone();
        self.store.save(&self.saved)
    }
}

fn fresh(setup: Setup) -> Result<Saved, Error> {
    if setup.members.is_empty() {
        return Err("a device needs at least one member".into());
    }
    let mut keys = Vec::new();
    for _ in &setup.members {
        let (_, pem) = SigningKey::generate()?;
        let mut text = Vec::new();
        pem.write_to(&mut text)?;
        keys.push(String::from_utf8(text)?);
    }
    Ok(Saved {
        version: 1,
        setup,
        active: 0,
        transport: Transport::Off,
        clock_offset: 0,
        keys,
        life: Life::default(),
        agent: AgentState::new(),
        documents: Vec::new(),
        returned: Vec::new(),
        returning: Vec::new(),
        last_ack: None,
        last_file: None,
    })
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Device").field("active", &self.active()).finish_non_exhaustive()
    }
}
