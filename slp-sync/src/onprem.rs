//! What an On-Prem keeps of one local account, and its side of a synchronization: a request with what changed, the answer
//! applied as a whole or not at all.
//!
//! Every object carries the account's change counter of its last change. A delta holds what changed since the request
//! that was answered last, so a lost file costs nothing: the next request is cumulative. Spec: sync, "Synchronization
//! procedure" (choice).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use slp_model::{EntitlementTag, Location, Quoted, UnixMillis};

use crate::account::{Exchange, Outcome, Pending, RequestKind};
use crate::document::verify::Verified;
use crate::document::{
    CloudLicense, LocalLicense, Notice, ProductInstance, RegistrationAuthorization, RegistrationRequest, SyncRequest,
    SyncResponse,
};
use crate::error::{Error, ErrorKind, Result};
use crate::pool::{COUNT_MAX, Insufficient, Pools};
use crate::privacy::Privacy;
use crate::stored::{checked, pairs};
use crate::warning::WarningKind;

mod rows;

#[cfg(test)]
mod tests;

const HOUR: u64 = 3_600_000;

/// Something, and the change counter of its last change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Tracked<T> {
    value: T,
    change: u64,
}

/// A local virtual account and the key of something in it.
type Key<T> = (String, T);

/// One local account of an On-Prem: its local virtual accounts, its devices, and what the cloud said.
///
/// The stored form is that of serde. Store it in the transaction that writes a request or applies an answer; a state whose
/// parts do not fit together is refused.
///
/// ```
/// use slp_sync::document::{ProductInstance, SyncRequest};
/// use slp_sync::onprem::OnPrem;
///
/// let mut onprem = OnPrem::new("11111111-2222-4333-8444-555555555555", "lva-1", "Default");
/// let now = "2026-11-02T08:00:00.000Z".parse()?;
/// let mut device = ProductInstance::default();
/// device.id = "pi-1".into();
/// onprem.put_device("lva-1", device)?;
///
/// let mut request = SyncRequest::default();
/// request.request_id = "99999999-2222-4333-8444-555555555555".into();
/// onprem.request(&mut request, now);
/// assert_eq!(request.last_sync, None, "nothing was synchronized yet: everything is in it");
/// assert_eq!(request.virtual_accounts.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct OnPrem {
    exchange: Exchange,
    pools: Pools,
    privacy: Privacy,
    /// Names by which the account is registered: of the server, the Smart Account, the virtual account.
    names: Option<[String; 3]>,
    licenses: BTreeMap<EntitlementTag, CloudLicense>,
    change: u64,
    accounts: BTreeMap<String, Tracked<()>>,
    #[serde(with = "pairs")]
    rows: BTreeMap<Key<EntitlementTag>, Tracked<LocalLicense>>,
    #[serde(with = "pairs")]
    devices: BTreeMap<Key<String>, Tracked<ProductInstance>>,
    /// Where each device is; found again from the devices.
    #[serde(skip)]
    homes: BTreeMap<String, String>,
    #[serde(with = "pairs")]
    reserved: BTreeMap<Key<EntitlementTag>, u64>,
    gone_accounts: BTreeMap<String, u64>,
    #[serde(with = "pairs")]
    gone_rows: BTreeMap<Key<EntitlementTag>, u64>,
    #[serde(with = "pairs")]
    gone_devices: BTreeMap<Key<String>, u64>,
}

/// What an answer did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Applied {
    /// It was the one that was applied last: nothing changed.
    pub already: bool,
    /// Licences of which the default pool is below zero now.
    pub alerts: Vec<Insufficient>,
    /// What the cloud has to say.
    pub notices: Vec<Notice>,
    /// What was odd.
    pub warnings: Vec<WarningKind>,
}

checked!(OnPrem, |state| {
    let ids = state.accounts.keys();
    if !ids.eq(state.pools.pools().map(|(id, _)| id)) {
        return Err("the local virtual accounts are not those of the pools");
    }
    let mut homes =
        state.devices.keys().map(|(account, _)| account).chain(state.rows.keys().map(|(account, _)| account));
    if !homes.all(|account| state.accounts.contains_key(account)) {
        return Err("something is in a local virtual account that is not there");
    }
    let named = state.devices.iter().all(|((_, id), device)| device.value.id == *id);
    state.homes = state.devices.keys().map(|(account, id)| (id.clone(), account.clone())).collect();
    if !named || state.homes.len() < state.devices.len() {
        return Err("one device is in two places");
    }
    Ok(())
});

impl OnPrem {
    /// An account with its default local virtual account alone. `instance` is the id of this registration.
    pub fn new(instance: impl Into<String>, default: impl Into<String>, name: impl Into<String>) -> Self {
        let default = default.into();
        let accounts = BTreeMap::from([(default.clone(), Tracked { value: (), change: 1 })]);
        Self {
            exchange: Exchange::new(instance),
            pools: Pools::new(default, name),
            privacy: Privacy::default(),
            names: None,
            licenses: BTreeMap::new(),
            change: 1,
            accounts,
            rows: BTreeMap::new(),
            devices: BTreeMap::new(),
            homes: BTreeMap::new(),
            reserved: BTreeMap::new(),
            gone_accounts: BTreeMap::new(),
            gone_rows: BTreeMap::new(),
            gone_devices: BTreeMap::new(),
        }
    }

    /// What was asked and applied.
    pub fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// The exchange, to ask for everything or to give a request up.
    pub fn exchange_mut(&mut self) -> &mut Exchange {
        &mut self.exchange
    }

    /// Shares and loans, as they were when the last request was written or the last answer applied.
    pub fn pools(&self) -> &Pools {
        &self.pools
    }

    /// What the cloud says about each licence.
    pub fn licenses(&self) -> &BTreeMap<EntitlementTag, CloudLicense> {
        &self.licenses
    }

    /// The devices with the local virtual accounts that they are in, sorted by both.
    pub fn devices(&self) -> impl Iterator<Item = (&str, &ProductInstance)> {
        self.devices.iter().map(|((account, _), device)| (account.as_str(), &device.value))
    }

    fn touch(&mut self) -> u64 {
        self.change = self.change.saturating_add(1);
        self.change
    }

    fn account(&mut self, id: &str) -> Result<&mut Tracked<()>> {
        self.accounts.get_mut(id).ok_or_else(|| {
            let text = format!("there is no local virtual account of id {}", Quoted(id));
            Error::new(ErrorKind::UnknownAccount, text)
        })
    }

    /// A new local virtual account.
    ///
    /// # Errors
    /// [`ErrorKind::DuplicateId`] if there is one of this id, or one was deleted and the cloud does not know yet. Ids should
    /// never be used again at all.
    pub fn add_account(&mut self, id: &str, name: impl Into<String>) -> Result<()> {
        if self.gone_accounts.contains_key(id) {
            let text = format!("a local virtual account of id {} was deleted", Quoted(id));
            return Err(Error::new(ErrorKind::DuplicateId, text));
        }
        self.pools.add(id, name)?;
        let change = self.touch();
        self.accounts.insert(id.to_owned(), Tracked { value: (), change });
        Ok(())
    }

    /// Another name for a local virtual account.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownAccount`] if there is none, or it is the default.
    pub fn rename_account(&mut self, id: &str, name: impl Into<String>) -> Result<()> {
        self.pools.rename(id, name)?;
        let change = self.touch();
        self.account(id)?.change = change;
        Ok(())
    }

    /// Deletes a local virtual account; its licences go back to the default one.
    ///
    /// # Errors
    /// [`ErrorKind::NotEmpty`] if devices are in it; [`ErrorKind::UnknownAccount`] if there is none, or it is the default.
    pub fn delete_account(&mut self, id: &str) -> Result<()> {
        let devices = self.homes.values().filter(|home| *home == id).count();
        self.pools.delete(id, crate::source::widen(devices))?;
        let change = self.touch();
        self.accounts.remove(id);
        // The tombstone of the account stands for all that was in it.
        self.rows.retain(|(account, _), _| account != id);
        self.reserved.retain(|(account, _), _| account != id);
        self.gone_rows.retain(|(account, _), _| account != id);
        self.gone_devices.retain(|(account, _), _| account != id);
        self.gone_accounts.insert(id.to_owned(), change);
        Ok(())
    }

    /// Adds a device, or puts another state of it in its place, as a whole. One that is elsewhere moves.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownAccount`]; [`ErrorKind::BadValue`] for a count above [`COUNT_MAX`]; [`ErrorKind::DuplicateId`] for
    /// two uses of one licence.
    pub fn put_device(&mut self, account: &str, device: ProductInstance) -> Result<()> {
        self.account(account)?;
        if let Some(used) = device.usage.iter().find(|used| used.count > COUNT_MAX) {
            let text = format!("a use of {} is more than any document can say", used.count);
            return Err(Error::new(ErrorKind::BadValue, text).named("count"));
        }
        let mut tags = BTreeSet::new();
        if let Some(twice) = device.usage.iter().find(|used| !tags.insert(&used.tag)) {
            let text = format!("licence {} stands twice in the use of a device", Quoted(twice.tag.as_str()));
            return Err(Error::new(ErrorKind::DuplicateId, text));
        }
        let here = (account.to_owned(), device.id.clone());
        if self.devices.get(&here).is_some_and(|known| known.value == device) {
            return Ok(());
        }
        let change = self.touch();
        match self.homes.insert(device.id.clone(), account.to_owned()) {
            Some(home) if home != account => {
                let there = (home, device.id.clone());
                self.devices.remove(&there);
                self.gone_devices.insert(there, change);
            }
            _ => {}
        }
        self.gone_devices.remove(&here);
        self.devices.insert(here, Tracked { value: device, change });
        Ok(())
    }

    /// Removes a device. Once this is synchronized, the cloud has no more of it: there is no other way (doc).
    ///
    /// # Errors
    /// [`ErrorKind::UnknownDevice`] if there is none of this id.
    pub fn remove_device(&mut self, id: &str) -> Result<ProductInstance> {
        let found = self.homes.remove(id).and_then(|home| {
            let key = (home, id.to_owned());
            let device = self.devices.remove(&key)?;
            Some((key, device))
        });
        let Some((key, device)) = found else {
            return Err(Error::new(ErrorKind::UnknownDevice, format!("there is no device of id {}", Quoted(id))));
        };
        let change = self.touch();
        self.gone_devices.insert(key, change);
        Ok(device.value)
    }

    /// How many are reserved for devices without contact.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownAccount`]; [`ErrorKind::BadValue`] above [`COUNT_MAX`].
    pub fn set_reserved(&mut self, account: &str, tag: &EntitlementTag, count: u64) -> Result<()> {
        self.account(account)?;
        if count > COUNT_MAX {
            let text = format!("{count} reserved licences are more than any document can say");
            return Err(Error::new(ErrorKind::BadValue, text).named("count"));
        }
        self.reserved.insert((account.to_owned(), tag.clone()), count);
        self.recount();
        Ok(())
    }

    /// Moves licences from one local virtual account to another. The cloud sees no change of totals.
    ///
    /// # Errors
    /// Those of [`Pools::transfer`].
    pub fn transfer(&mut self, tag: &EntitlementTag, amount: u64, from: &str, to: &str) -> Result<()> {
        self.recount();
        self.pools.transfer(tag, amount, from, to)?;
        self.recount();
        Ok(())
    }

    /// What is withheld from now on. Switching one on sends every device again, without it.
    pub fn set_privacy(&mut self, privacy: Privacy) {
        if privacy == self.privacy {
            return;
        }
        self.privacy = privacy;
        let change = self.touch();
        for device in self.devices.values_mut() {
            device.change = change;
        }
    }

    /// Writes document A: a registration is asked for. Sets the time of the document, later than any before.
    pub fn register(&mut self, request: &mut RegistrationRequest, now: UnixMillis) {
        // A registration tells nothing of what is here: the first delta has to.
        let pending = self.exchange.request(RequestKind::Registration, request.request_id.as_str(), now, 0);
        request.last_generated = pending.last_generated;
        self.names =
            Some([request.on_prem_name.clone(), request.smart_account.clone(), request.virtual_account.clone()]);
    }

    /// Applies document B.
    ///
    /// # Errors
    /// Those of [`Exchange::judge`]; [`ErrorKind::WrongVirtualAccount`] if it names other accounts than the request.
    pub fn authorized(&mut self, answer: &Verified<&RegistrationAuthorization>, now: UnixMillis) -> Result<Applied> {
        let content = answer.get();
        let facts = content.facts(answer.digest());
        let outcome = self.exchange.judge(&facts)?;
        let asked = self.names.as_ref().map(|[_, smart, virtual_account]| [smart, virtual_account]);
        if asked.is_some_and(|asked| asked != [&content.smart_account, &content.virtual_account]) {
            let text = "the registration is for other accounts than those that were asked for";
            return Err(Error::new(ErrorKind::WrongVirtualAccount, text));
        }
        let mut applied = self.outcome(outcome, &content.on_prem_name, content.last_sync, now);
        if !applied.already {
            self.exchange.applied(&facts)?;
            applied.notices.clone_from(&content.notices);
        }
        Ok(applied)
    }

    /// Writes document C: sets its time, its watermark, what is withheld, and what changed. Names, certificates and the
    /// request id are the caller's. A request that was outstanding is void from now on.
    pub fn request(&mut self, request: &mut SyncRequest, now: UnixMillis) -> Pending {
        self.recount();
        let id = request.request_id.as_str();
        let pending = self.exchange.request(RequestKind::Synchronization, id, now, self.change).clone();
        request.last_generated = pending.last_generated;
        request.last_sync = pending.asked_last_sync;
        request.withheld = self.privacy.withheld().into_iter().map(str::to_owned).collect();
        let since = pending.asked_last_sync.map(|_| self.exchange.sent_mark());
        request.virtual_accounts = self.changed(since);
        pending
    }

    /// Applies document D, as a whole or not at all. Storing its certificates is the caller's, in the same transaction.
    ///
    /// # Errors
    /// Those of [`Exchange::judge`], and what its content refuses: [`ErrorKind::HierarchyConflict`],
    /// [`ErrorKind::BadValue`], [`ErrorKind::MissingMember`] for a full one that names no virtual account.
    pub fn apply(&mut self, answer: &Verified<&SyncResponse>, now: UnixMillis) -> Result<Applied> {
        let content = answer.get();
        let facts = content.facts(answer.digest());
        let outcome = self.exchange.judge(&facts)?;
        let mut applied = self.outcome(outcome, &content.on_prem_name, content.last_sync, now);
        if applied.already {
            return Ok(applied);
        }
        let (mut pools, mut licenses) = (self.pools.clone(), self.licenses.clone());
        let full = content.base_sync.is_none();
        if full && content.virtual_accounts.is_empty() {
            let text = "a full response names the virtual account: without it everything would be gone";
            return Err(Error::new(ErrorKind::MissingMember, text).at(Location::path("$.virtual_accounts")));
        }
        if full || content.hierarchies.is_some() {
            pools.set_hierarchies(content.hierarchies()?)?;
        }
        let mut purchased: BTreeMap<EntitlementTag, Option<&CloudLicense>> = BTreeMap::new();
        if full {
            purchased.extend(licenses.keys().map(|tag| (tag.clone(), None)));
        }
        for row in content.virtual_accounts.iter().flat_map(|account| &account.licenses) {
            let license = row.present();
            let tag = match row {
                crate::document::Row::Present(license) => license.tag.clone(),
                crate::document::Row::Removed(tag) => EntitlementTag::new(tag.as_str())
                    .map_err(|_| Error::new(ErrorKind::BadValue, "not a tag of 1 to 255 characters").named("tag"))?,
            };
            purchased.insert(tag, license);
        }
        for (tag, license) in purchased {
            let count = license.map_or(0, |license| license.purchased);
            applied.alerts.extend(pools.set_purchased(&tag, count)?);
            match license {
                Some(license) => drop(licenses.insert(tag, license.clone())),
                None => drop(licenses.remove(&tag)),
            }
        }
        self.exchange.applied(&facts)?;
        (self.pools, self.licenses) = (pools, licenses);
        self.recount();
        // What the cloud was told and has answered needs no telling again.
        let sent = self.exchange.sent_mark();
        self.gone_accounts.retain(|_, change| *change > sent);
        self.gone_rows.retain(|_, change| *change > sent);
        self.gone_devices.retain(|_, change| *change > sent);
        applied.notices.clone_from(&content.notices);
        Ok(applied)
    }

    fn outcome(&self, outcome: Outcome, name: &str, stamp: UnixMillis, now: UnixMillis) -> Applied {
        let (already, mut warnings) = match outcome {
            Outcome::Apply(warnings) => (false, warnings),
            Outcome::AlreadyApplied => (true, Vec::new()),
        };
        if !already {
            if self.names.as_ref().is_some_and(|[ours, ..]| ours != name) {
                warnings.push(WarningKind::NameChanged);
            }
            if stamp.get() > now.get().saturating_add(HOUR) {
                warnings.push(WarningKind::ClockBehindCloud);
            }
        }
        Applied { already, alerts: Vec::new(), notices: Vec::new(), warnings }
    }
}
