//! The collector: what is kept, what is under way, what is to be sent.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use http::{Request, Response};
use slp_kit::{Error, Events, Random};
use slp_model::{UnixMillis, UnixSeconds};
use slp_sync::ledger::Ledger;
use slp_transport::Limits;
use slp_transport::upload::Upload;

use crate::link::Link;
use crate::pull::{Familiar, Step, Work};
use crate::settings::Settings;
use crate::store::{Store, Watch, fact, set_fact};

/// To whom a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Peer {
    /// The cloud.
    Cloud,
    /// A listed device.
    Device,
}

/// A message to send.
#[derive(Debug)]
#[non_exhaustive]
pub struct Outgoing {
    /// Its number: bring the answer with it.
    pub exchange: u64,
    /// To whom it goes.
    pub to: Peer,
    /// The whole HTTP message.
    pub request: Request<Vec<u8>>,
}

/// What a message was sent for.
#[derive(Debug)]
pub(crate) enum Flight {
    Token,
    Accounts,
    Upload(i64),
    Pull(i64, Step),
}

/// A collector for one Smart Account and one virtual account.
pub struct Collector {
    pub(crate) store: Store,
    pub(crate) settings: Settings,
    pub(crate) random: Random,
    /// Spreads waits: nothing that others must not guess.
    pub(crate) waits: Random,
    pub(crate) limits: Limits,
    pub(crate) events: Events,
    pub(crate) link: Link,
    /// Uploads under way.
    pub(crate) uploads: BTreeMap<i64, Upload>,
    /// Uploads that begin, or begin again, at a time.
    pub(crate) sleeping: BTreeMap<i64, UnixSeconds>,
    /// When what was received goes into an upload.
    pub(crate) forward_at: Option<UnixSeconds>,
    /// The work with listed devices.
    pub(crate) work: BTreeMap<i64, Work>,
    /// Work that was interrupted, and when to take it up.
    pub(crate) interrupted: BTreeMap<i64, UnixSeconds>,
    /// What listed devices gave last.
    pub(crate) familiar: Familiar,
    pub(crate) ledger: Ledger,
    /// What waits to be given out, to the cloud and to devices.
    for_cloud: VecDeque<Outgoing>,
    for_devices: VecDeque<Outgoing>,
    flights: BTreeMap<u64, Flight>,
    /// Exchanges with devices that were given out and not answered.
    pulling: BTreeSet<u64>,
    exchanges: u64,
    /// Since when there is something to do at once: it was opened, or answers came.
    pub(crate) woken: Option<UnixSeconds>,
}

impl Collector {
    /// The collector that a store holds, or a new one.
    ///
    /// # Errors
    /// Those of the store; when the store belongs to another account: one collector works for one.
    pub fn open(mut store: Store, settings: Settings, mut random: Random, now: UnixMillis) -> Result<Self, Error> {
        let account = format!("{}/{}", settings.domain.to_ascii_lowercase(), settings.virtual_account);
        match fact(store.db(), "account")? {
            Some(known) if known != account => {
                return Err(format!("this store belongs to {known}: a collector works for one account").into());
            }
            Some(_) => {}
            None => store.write(|db| set_fact(db, "account", &account))?,
        }
        let ids = (fact(store.db(), "smart_account_id")?, fact(store.db(), "virtual_account_id")?);
        let ids = if let (Some(smart), Some(of)) = ids { Some((smart, of)) } else { None };
        let seed = settings.seed.unwrap_or_else(|| random.below(u64::MAX));
        let mut collector = Self {
            link: Link::new(ids),
            settings,
            waits: Random::seeded(seed),
            random,
            limits: Limits::default(),
            events: Events::default(),
            uploads: BTreeMap::new(),
            sleeping: BTreeMap::new(),
            forward_at: None,
            work: BTreeMap::new(),
            interrupted: BTreeMap::new(),
            familiar: BTreeMap::new(),
            ledger: Ledger::new(),
            for_cloud: VecDeque::new(),
            for_devices: VecDeque::new(),
            flights: BTreeMap::new(),
            pulling: BTreeSet::new(),
            exchanges: 0,
            woken: Some(now.to_seconds()),
            store,
        };
        collector.open_uploads(now)?;
        collector.open_work(now)?;
        collector.open_ledger(now)?;
        Ok(collector)
    }

    /// Does what is due.
    ///
    /// # Errors
    /// When something cannot be kept: it is not done then.
    pub fn tick(&mut self, now: UnixMillis) -> Result<(), Error> {
        self.woken = None;
        self.events.tick(now);
        self.forward_tick(now)?;
        self.pull_tick(now)?;
        self.pump(now)
    }

    /// When to call [`tick`](Self::tick) at the latest.
    ///
    /// # Errors
    /// Those of the store.
    pub fn next_deadline(&self) -> Result<Option<UnixSeconds>, Error> {
        let uploads = self.uploads.values().filter_map(Upload::next_deadline);
        let work = self.work.values().filter_map(Work::next_deadline);
        let sleeping = self.sleeping.values().chain(self.interrupted.values()).copied();
        let others = [self.woken, self.forward_at, self.link.next_deadline(), self.next_round()?];
        Ok(uploads.chain(work).chain(sleeping).chain(others.into_iter().flatten()).min())
    }

    /// What is to be sent: to the cloud all of it, to devices so many at once. Each is given out once; bring its answer with
    /// [`answered`](Self::answered).
    pub fn take_outgoing(&mut self) -> Vec<Outgoing> {
        self.take_at_most(self.settings.pulls_at_once)
    }

    /// As [`take_outgoing`](Self::take_outgoing), with as many messages to devices again, for one who keeps to the number that
    /// may be under way and has the next at hand while answers are looked at.
    pub(crate) fn take_ahead(&mut self) -> Vec<Outgoing> {
        self.take_at_most(self.settings.pulls_at_once.saturating_mul(2))
    }

    fn take_at_most(&mut self, at_once: usize) -> Vec<Outgoing> {
        let mut given: Vec<Outgoing> = self.for_cloud.drain(..).collect();
        while self.pulling.len() < at_once {
            let Some(outgoing) = self.for_devices.pop_front() else { break };
            self.pulling.insert(outgoing.exchange);
            given.push(outgoing);
        }
        given
    }

    /// Takes back messages that were given out and not sent: they are given out again.
    pub fn take_back(&mut self, outgoing: impl IntoIterator<Item = Outgoing>) {
        for one in outgoing {
            self.pulling.remove(&one.exchange);
            self.queue(one);
        }
    }

    /// The answer to a message; `None` when nothing came back.
    ///
    /// # Errors
    /// When something cannot be kept. The answer then counts as lost, and what it was for begins again in a minute.
    pub fn answered(
        &mut self,
        exchange: u64,
        response: Option<Response<Vec<u8>>>,
        now: UnixMillis,
    ) -> Result<(), Error> {
        self.answered_all(vec![(exchange, response)], now)
    }

    /// Answers to messages, in the order in which they came. Those of devices are kept together, in one transaction.
    ///
    /// # Errors
    /// As for [`answered`](Self::answered): the first of them; the other answers are taken all the same, if they can be kept.
    pub fn answered_all(
        &mut self,
        answers: Vec<(u64, Option<Response<Vec<u8>>>)>,
        now: UnixMillis,
    ) -> Result<(), Error> {
        let (mut pulled, mut done) = (Vec::new(), Ok(()));
        for (exchange, response) in answers {
            self.pulling.remove(&exchange);
            let response = response.as_ref();
            done = done.and(match self.flights.remove(&exchange) {
                Some(Flight::Token) => self.token_answered(response, now),
                Some(Flight::Accounts) => self.accounts_answered(response, now),
                Some(Flight::Upload(id)) => self.upload_answered(id, response, now),
                Some(Flight::Pull(target, step)) => {
                    pulled.push((target, step.event(response, &self.limits)));
                    Ok(())
                }
                None => Ok(()),
            });
        }
        done.and(self.pulls_answered(pulled, now)).and(self.pump(now))
    }

    pub(crate) fn send(&mut self, to: Peer, flight: Flight, request: Request<Vec<u8>>) {
        self.exchanges = self.exchanges.saturating_add(1);
        self.flights.insert(self.exchanges, flight);
        self.queue(Outgoing { exchange: self.exchanges, to, request });
    }

    fn queue(&mut self, outgoing: Outgoing) {
        match outgoing.to {
            Peer::Cloud => self.for_cloud.push_back(outgoing),
            Peer::Device => self.for_devices.push_back(outgoing),
        }
    }

    /// Is an exchange with a device under way?
    pub(crate) fn is_pulling(&self) -> bool {
        !self.pulling.is_empty()
    }

    /// Where everything is kept.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Has this one asked before and after every transaction of the store: tests cut runs with it.
    pub fn watch(&mut self, watch: Watch) {
        self.store.watch(watch);
    }

    /// What was set.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What happened since the last call, a line each. No secret stands in it.
    pub fn take_events(&mut self) -> Vec<String> {
        self.events.take()
    }
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collector").field("store", &self.store).finish_non_exhaustive()
    }
}
