//! The device: licences, reports, agent, imports, and what is kept of them.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;

use slp_crypto::{PublicKey, Signer as _, SigningKey};
use slp_kit::{Error, Random};
use slp_model::error_code::DeviceError;
use slp_model::policy::Attribute;
use slp_model::policy::clock::{LicenseUse, next_due};
use slp_model::{ReportId, Seconds, Udi, UnixMillis, UnixSeconds};
use slp_rum::authorization::AuthorizationKind;
use slp_rum::import::DeviceState;
use slp_transport::agent::{Action, Agent, AgentState, Event, Mode, ReportKey};

use crate::exchange::{InFlight, Outgoing};
use crate::fault::Fault;
use crate::files::{Files, MemoryFiles};
use crate::life::{Ending, Life, Signing};
use crate::setup::{Feature, Setup, Transport};
use crate::stack::MEMBERS;
use crate::store::{Addresses, PrivateKey, Reservation, Saved, Store};
use crate::syslog;
use crate::trusted::Trusted;

/// Days between pushes, unless the operator or a policy asks for another number (doc).
const PUSH_DAYS: u32 = 30;
/// Lines of the log that are kept until somebody takes them.
const LOG_LINES: usize = 1_000;
/// Characters of a line.
const LINE_CHARACTERS: usize = 500;
/// No clock is set by more than a hundred years.
const CLOCK_SECONDS: u64 = 100 * 366 * 86_400;

/// A device.
pub struct Device {
    pub(crate) store: Box<dyn Store>,
    pub(crate) files: Box<dyn Files>,
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
    /// Was the operator told that the server is too old?
    pub(crate) told_old: bool,
    pub(crate) log: VecDeque<String>,
    /// What `show license eventlog` prints: times on its own clock.
    pub(crate) events: VecDeque<(UnixSeconds, String)>,
}

impl Device {
    /// The device that the store holds, or a new one of this setup. It starts: licences that were in use are in use again,
    /// reports that were open end with the reload. Software, features and room are those of the setup, a host name that an
    /// operator gave stays.
    ///
    /// # Errors
    /// When the store cannot be read or written or is that of another device, or no key can be made.
    pub fn start(
        setup: Setup,
        trusted: Trusted,
        store: Box<dyn Store>,
        random: Random,
        now: UnixMillis,
    ) -> Result<Self, Error> {
        let (saved, is_new) = match store.load()? {
            Some(saved) => (resumed(saved, setup)?, false),
            None => (fresh(setup)?, true),
        };
        let mut device = Self {
            store,
            files: Box::new(MemoryFiles::new()),
            agent: Agent::resume(saved.agent.clone()),
            state: DeviceState::default(),
            keys: keys_of(&saved)?,
            saved,
            trusted,
            random,
            outbox: Vec::new(),
            in_flight: None,
            acknowledged: BTreeSet::new(),
            told_old: false,
            log: VecDeque::new(),
            events: VecDeque::new(),
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

    /// The same device with this place for its files. Without one they are gone with the process.
    #[must_use]
    pub fn with_files(mut self, files: Box<dyn Files>) -> Self {
        self.files = files;
        self
    }

    /// Its files: what it wrote, and what it shall import.
    pub fn files(&mut self) -> &mut dyn Files {
        &mut *self.files
    }

    /// Starts again: open reports end, an answer that is under way is forgotten, so is an id token.
    ///
    /// # Errors
    /// As [`tick`](Self::tick).
    pub fn reload(&mut self, now: UnixMillis) -> Result<(), Error> {
        let local = self.local(now);
        self.close(Ending::Reload, local)?;
        self.agent = Agent::resume(self.agent.state().clone());
        self.forget_messages();
        self.act(Event::Boot, now)?;
        self.save()
    }

    /// Everything about licences is gone: usage, reports, trust, policy, codes, keys, transport. What the cloud and
    /// collectors know of the device is not. Host name and clock stay.
    ///
    /// # Errors
    /// When no key can be made, or the state cannot be kept: nothing has changed then.
    pub fn factory_reset(&mut self, now: UnixMillis) -> Result<(), Error> {
        let mut saved = fresh(self.saved.setup.clone())?;
        saved.clock_offset = self.saved.clock_offset;
        saved.active = self.saved.active;
        self.store.save(&saved)?;
        self.keys = keys_of(&saved)?;
        self.agent = Agent::resume(saved.agent.clone());
        self.saved = saved;
        self.state = DeviceState::default();
        self.forget_messages();
        self.restore();
        self.act(Event::Boot, now)?;
        self.save()
    }

    pub(crate) fn forget_messages(&mut self) {
        self.in_flight = None;
        self.outbox.clear();
        self.acknowledged.clear();
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

    /// Logs a line. Texts of others stand in it: no control character reaches a terminal, and none is long.
    pub(crate) fn note(&mut self, line: impl AsRef<str>) {
        if self.log.len() >= LOG_LINES {
            self.log.pop_front();
        }
        let plain = |character: char| if character.is_control() { '?' } else { character };
        self.log.push_back(line.as_ref().chars().take(LINE_CHARACTERS).map(plain).collect());
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

    /// Days between pushes, from 1 to 365; none: the usual 30. A policy that asks for fewer still counts.
    ///
    /// # Errors
    /// For another number, and as [`tick`](Self::tick).
    pub fn push_every(&mut self, days: Option<u32>, now: UnixMillis) -> Result<(), Error> {
        if days.is_some_and(|days| !(1..=365).contains(&days)) {
            return Err("the interval of usage reports is 1 to 365 days".into());
        }
        self.saved.push_days = days;
        self.follow_policy(now)?;
        self.save()
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
        match &transport {
            Transport::Off => {}
            Transport::Cslu(address) => self.saved.addresses.cslu = Some(address.clone()),
            Transport::Smart(address) => self.saved.addresses.smart = Some(address.clone()),
        }
        self.saved.transport = transport;
        self.forget_messages();
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
        let allowed = self.authorized(&feature, local);
        if feature.needs_code() && count > allowed {
            let reserved = self.state.codes.values().any(|code| code.authorization.kind == AuthorizationKind::Slr);
            self.note(syslog::not_authorized(name, reserved));
            return Err(format!(
                "{name} needs an authorization code: {count} wanted, {allowed} authorized. Use \
                 'license smart authorization request add {name} local' first"
            )
            .into());
        }
        if self.saved.life.set_count(&feature, count, local) {
            self.event(&feature, count, now);
            if self.saved.life.is_long() {
                self.close(Ending::Requested, local)?;
            }
            self.follow_policy(now)?;
            self.remind(local);
            self.act(Event::UsageChanged, now)?;
            self.save()?;
        }
        Ok(())
    }

    pub(crate) fn feature(&self, name: &str) -> Result<&Feature, Fault> {
        let found = self.saved.setup.features.iter().find(|feature| feature.name == name);
        found.ok_or_else(|| {
            let text = format!("the software of this device does not know the licence {name}");
            Fault::denied(DeviceError::NotFound, text)
        })
    }

    /// The host name, or none. Messages and files carry it from now on.
    ///
    /// # Errors
    /// For a name that no device takes, and as [`tick`](Self::tick).
    pub fn rename(&mut self, name: Option<&str>) -> Result<(), Error> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if name.is_some_and(|name| !(1..=63).contains(&name.len()) || !name.bytes().all(plain)) {
            return Err("a host name has 1 to 63 letters, digits, dots, dashes and underscores".into());
        }
        self.saved.setup.hostname = name.map(str::to_owned);
        self.save()
    }

    /// Licences as the policy's clock sees them: those of a reservation only owe reports of changes.
    pub fn uses(&self) -> Vec<LicenseUse> {
        let mut uses = self.saved.life.uses(&self.saved.setup);
        for licence in &mut uses {
            let mut codes = self.state.codes.values().filter(|code| code.authorization.kind == AuthorizationKind::Slr);
            licence.reserved = !self.saved.reservation.permanent.is_empty()
                || codes.any(|code| code.authorization.entitlements.iter().any(|one| one.tag == licence.tag));
        }
        uses
    }

    /// Tells the operator when an acknowledgement is due, once for each date.
    pub(crate) fn remind(&mut self, local: UnixSeconds) {
        let default = slp_model::policy::Policy::vendor_default();
        let installed = self.state.policy.as_ref();
        let policy = installed.map_or(&default, |installed| &installed.policy);
        if !policy.requires_ack() {
            return;
        }
        let since = installed.map(|installed| installed.installed_at);
        let due = next_due(policy, since, &self.uses(), self.saved.last_ack, local).map(|due| due.at);
        if due != self.saved.told {
            self.saved.told = due;
            if let Some(due) = due.filter(|due| *due > local) {
                self.note(syslog::reporting_required(due.since(local)));
            }
        }
    }

    /// Sets the clock of the device by so many seconds.
    ///
    /// # Errors
    /// For more than a hundred years, and as [`tick`](Self::tick).
    pub fn set_clock(&mut self, delta: i64, now: UnixMillis) -> Result<(), Error> {
        if self.saved.clock_offset.saturating_add(delta).unsigned_abs() > CLOCK_SECONDS {
            return Err("no clock is set by more than a hundred years".into());
        }
        let local = self.local(now);
        if self.saved.life.is_long() {
            self.close(Ending::Requested, local)?;
        }
        self.saved.life.step_clock(local, delta);
        self.saved.clock_offset = self.saved.clock_offset.saturating_add(delta);
        self.act(Event::ClockStep(Seconds::new(delta)), now)?;
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
        let Saved { setup, life, active: place, .. } = &mut self.saved;
        let signer = Signing { setup, active: *place, device: &active, key, piid: piid.as_deref() };
        let done = life.close(&signer, ending, local)?;
        let keys = |list: Vec<(Udi, ReportId)>| list.into_iter().map(|(udi, id)| ReportKey::new(udi, id)).collect();
        if !done.purged.is_empty() {
            self.note(format!("{} usage reports were thrown away unacknowledged, for want of room", done.purged.len()));
            let actions = self.agent.handle(Event::ReportsPurged(keys(done.purged)), local);
            self.perform(actions, local)?;
        }
        let actions = self.agent.handle(Event::ReportsClosed(keys(done.closed)), local);
        self.perform(actions, local)
    }

    /// The interval of pushes that configuration and policy ask for.
    pub(crate) fn follow_policy(&mut self, now: UnixMillis) -> Result<(), Error> {
        let policy = self.state.policy.as_ref();
        let in_use = self.saved.setup.features.iter().filter(|feature| self.saved.life.count(&feature.name) > 0);
        let asked = in_use.filter_map(|feature| {
            policy.map(|policy| policy.policy.days(feature.class, Attribute::Ongoing).days).filter(|days| *days > 0)
        });
        let configured = self.saved.push_days.unwrap_or(PUSH_DAYS);
        let days = asked.min().unwrap_or(configured).min(configured);
        let interval = Some(Seconds::from_days(days));
        if self.agent.state().interval == interval { Ok(()) } else { self.act(Event::Interval(interval), now) }
    }

    pub(crate) fn act(&mut self, event: Event, now: UnixMillis) -> Result<(), Error> {
        let local = self.local(now);
        let actions = self.agent.handle(event, local);
        self.perform(actions, local)
    }

    /// Keeps the state once, when all is done that follows; only then is anything given out to be sent.
    fn perform(&mut self, actions: Vec<Action>, local: UnixSeconds) -> Result<(), Error> {
        let (mut changed, mut ready) = (false, Vec::new());
        let mut queue = VecDeque::from(actions);
        while let Some(action) = queue.pop_front() {
            match action {
                Action::Save => changed = true,
                Action::CloseReports => {
                    self.close(Ending::Requested, local)?;
                    queue.extend(self.agent.handle(Event::ReportsClosed(Vec::new()), local));
                }
                Action::Send { exchange, say, .. } => match self.build(exchange, &say, local) {
                    Ok(outgoing) => {
                        changed = true;
                        ready.push(outgoing);
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
                Action::Notice(notice) => {
                    let line = syslog::of(&notice, matches!(self.saved.transport, Transport::Cslu(_)));
                    self.note(line);
                }
                // documents are imported before the agent hears of them (see `exchange`), and codes are removed before it
                // hears of their return (see `codes`)
                _ => {}
            }
        }
        if changed {
            self.save()?;
        }
        self.outbox.extend(ready);
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

    pub(crate) fn delete(&mut self, keys: &[ReportKey]) {
        let ids: Vec<_> = keys.iter().map(|key| (key.udi.clone(), key.id)).collect();
        self.saved.life.acknowledge(&self.saved.setup, &ids);
    }

    pub(crate) fn save(&mut self) -> Result<(), Error> {
        self.saved.agent = self.agent.state().clone();
        self.store.save(&self.saved)
    }
}

/// What was kept, for the software of today.
fn resumed(mut saved: Saved, setup: Setup) -> Result<Saved, Error> {
    saved.check()?;
    // members join and leave while it runs: the store knows who is in the set
    let known = saved.setup.members.iter().chain(saved.former.iter().map(|former| &former.device));
    let known: BTreeSet<&Udi> = known.collect();
    if let Some(other) = setup.members.iter().find(|given| !known.contains(given)) {
        let first = saved.setup.members.first().map(ToString::to_string).unwrap_or_default();
        let text = format!(
            "this is the state of another device, {first}: {other}, which replaces it, starts with an empty store, and one \
             that belongs to the same stack joins with 'stack join PID SERIAL'"
        );
        return Err(text.into());
    }
    let mut features = setup.features;
    for old in std::mem::take(&mut saved.setup.features) {
        // what is measured has to be reported, whatever the software of today knows
        if !features.iter().any(|feature| feature.name == old.name) && saved.life.open.contains_key(&old.name) {
            features.push(old);
        }
    }
    (saved.setup.features, saved.setup.software, saved.setup.room) = (features, setup.software, setup.room);
    saved.setup.hostname = saved.setup.hostname.or(setup.hostname);
    Ok(saved)
}

pub(crate) fn keys_of(saved: &Saved) -> Result<Vec<SigningKey>, Error> {
    Ok(saved.keys.iter().map(|key| SigningKey::from_pem(key.pem().as_bytes())).collect::<Result<Vec<_>, _>>()?)
}

/// A key of its own for a member, PKCS#8 in PEM.
pub(crate) fn new_key() -> Result<PrivateKey, Error> {
    let (_, pem) = SigningKey::generate()?;
    let mut text = Vec::new();
    pem.write_to(&mut text)?;
    Ok(PrivateKey::new(String::from_utf8(text)?))
}

fn fresh(setup: Setup) -> Result<Saved, Error> {
    if setup.members.is_empty() {
        return Err("a device needs at least one member".into());
    }
    if setup.members.len() > MEMBERS {
        return Err(format!("a set has {MEMBERS} members at most").into());
    }
    let keys = setup.members.iter().map(|_| new_key()).collect::<Result<Vec<_>, _>>()?;
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
        wanted: Vec::new(),
        last_codes: Vec::new(),
        reservation: Reservation::default(),
        told: None,
        former: Vec::new(),
        push_days: None,
        addresses: Addresses::default(),
    })
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Device").field("active", &self.active()).finish_non_exhaustive()
    }
}
