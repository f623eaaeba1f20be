//! The cloud's side of a synchronization, for doubles of it: which requests are taken, and what is answered.
//!
//! The same request gets the same answer again, a late or older one is refused, and an On-Prem that runs from an old
//! backup gets everything and is asked for everything. Spec: sync, "Cloud role" (choice).

use std::collections::BTreeMap;

use slp_model::{EntitlementTag, Quoted, UnixMillis};

use crate::document::verify::Verified;
use crate::document::{CloudAccount, CloudLicense, HierarchyEntry, Notice, Row, SyncRequest, SyncResponse, key_of};
use crate::error::{Error, ErrorKind, Result};

mod view;

#[cfg(test)]
mod tests;

pub use view::{Viewed, ViewedAccount};

const DAY: u64 = 86_400_000;

/// What a virtual account has purchased, with change counters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    name: String,
    change: u64,
    licenses: BTreeMap<EntitlementTag, (CloudLicense, u64)>,
    gone: BTreeMap<EntitlementTag, u64>,
    hierarchies: (Vec<HierarchyEntry>, u64),
}

impl Holdings {
    /// A virtual account that has nothing yet.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    fn touch(&mut self) -> u64 {
        self.change = self.change.saturating_add(1);
        self.change
    }

    /// Sets what is purchased of a licence.
    pub fn set(&mut self, license: CloudLicense) {
        if self.licenses.get(&license.tag).is_some_and(|(known, _)| *known == license) {
            return;
        }
        let change = self.touch();
        self.gone.remove(&license.tag);
        self.licenses.insert(license.tag.clone(), (license, change));
    }

    /// Nothing of this licence is valid any longer.
    pub fn remove(&mut self, tag: &EntitlementTag) {
        if self.licenses.remove(tag).is_some() {
            let change = self.touch();
            self.gone.insert(tag.clone(), change);
        }
    }

    /// Sets all hierarchies.
    pub fn set_hierarchies(&mut self, hierarchies: Vec<HierarchyEntry>) {
        if self.hierarchies.0 != hierarchies {
            let change = self.touch();
            self.hierarchies = (hierarchies, change);
        }
    }

    /// How many are purchased of each licence.
    fn purchased(&self) -> BTreeMap<EntitlementTag, u64> {
        self.licenses.iter().map(|(tag, (license, _))| (tag.clone(), license.purchased)).collect()
    }

    /// What a response says: everything, or what changed since that counter.
    fn told(&self, id: &str, since: Option<u64>) -> (Vec<CloudAccount>, Option<Vec<HierarchyEntry>>) {
        let mark = since.unwrap_or(0);
        let changed = self.licenses.values().filter(|(_, change)| since.is_none() || *change > mark);
        let mut licenses: Vec<Row<CloudLicense>> = changed.map(|(license, _)| Row::Present(license.clone())).collect();
        if since.is_some() {
            let gone = self.gone.iter().filter(|(_, change)| **change > mark);
            licenses.extend(gone.map(|(tag, _)| Row::Removed(tag.as_str().to_owned())));
        }
        licenses.sort_by(|a, b| key_of(a).cmp(key_of(b)));
        let empty = since.is_some() && licenses.is_empty();
        let account = CloudAccount { id: id.to_owned(), name: self.name.clone(), licenses };
        let (hierarchies, change) = &self.hierarchies;
        let hierarchies = match since {
            Some(mark) => (*change > mark).then(|| hierarchies.clone()),
            None => Some(hierarchies.clone()).filter(|all| !all.is_empty()),
        };
        (if empty { Vec::new() } else { vec![account] }, hierarchies)
    }
}

/// A watermark that was given out: what was said with it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Issued {
    change: u64,
    /// What the On-Prem knows with it; none for a registration, which says nothing about licences.
    purchased: Option<BTreeMap<EntitlementTag, u64>>,
}

/// What the cloud keeps about one registered On-Prem.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Instance {
    virtual_account: String,
    removed: bool,
    /// The highest watermark that came back in a request.
    confirmed: Option<UnixMillis>,
    issued: BTreeMap<UnixMillis, Issued>,
    last_generated: Option<UnixMillis>,
    /// Digest of the last request, and the file that answered it.
    last: Option<([u8; 32], Option<Vec<u8>>)>,
    view: Viewed,
}

/// What to send back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reply {
    /// A new answer. Names, certificates and the signature are the caller's; hand the finished file to
    /// [`Cloud::answered`].
    New(Box<SyncResponse>),
    /// The request came before: the same file again.
    Again(Vec<u8>),
}

/// The cloud, as far as synchronization goes: virtual accounts, and the On-Prems that are registered for them.
///
/// ```
/// use slp_sync::cloud::{Cloud, Holdings};
/// use slp_sync::document::CloudLicense;
///
/// let mut cloud = Cloud::new(364);
/// let mut holdings = Holdings::new("Quebec VA");
/// holdings.set(CloudLicense::new("regid.2016-01.com.example.FIREWALL".parse()?, 5));
/// cloud.add_virtual_account("300400", holdings);
/// let now = "2026-11-01T09:12:44.500Z".parse()?;
/// let first_watermark = cloud.register("11111111-2222-4333-8444-555555555555", "300400", now)?;
/// assert_eq!(first_watermark, now);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cloud {
    deadline_days: u64,
    holdings: BTreeMap<String, Holdings>,
    instances: BTreeMap<String, Instance>,
}

impl Cloud {
    /// Nothing yet. An On-Prem that does not synchronize within `deadline_days` (364, doc) is removed.
    pub fn new(deadline_days: u64) -> Self {
        Self { deadline_days, holdings: BTreeMap::new(), instances: BTreeMap::new() }
    }

    /// A virtual account, or another state of it.
    pub fn add_virtual_account(&mut self, id: impl Into<String>, holdings: Holdings) {
        self.holdings.insert(id.into(), holdings);
    }

    /// What a virtual account has purchased.
    pub fn holdings_mut(&mut self, id: &str) -> Option<&mut Holdings> {
        self.holdings.get_mut(id)
    }

    /// What an On-Prem told about itself.
    pub fn view(&self, instance: &str) -> Option<&Viewed> {
        self.instances.get(instance).map(|instance| &instance.view)
    }

    /// Registers an On-Prem for a virtual account: the person who uploaded document A has the right to. Returns the first
    /// watermark, for document B.
    ///
    /// # Errors
    /// [`ErrorKind::WrongVirtualAccount`] if there is none of this id, or an active On-Prem has it;
    /// [`ErrorKind::DuplicateId`] if the instance is registered or ever was.
    pub fn register(&mut self, instance: &str, virtual_account: &str, now: UnixMillis) -> Result<UnixMillis> {
        if !self.holdings.contains_key(virtual_account) {
            let text = format!("there is no virtual account {}", Quoted(virtual_account));
            return Err(Error::new(ErrorKind::WrongVirtualAccount, text));
        }
        if self.instances.contains_key(instance) {
            let text = "every registration has an instance id of its own";
            return Err(Error::new(ErrorKind::DuplicateId, text));
        }
        if self.instances.values().any(|other| other.virtual_account == virtual_account && !other.removed) {
            let text = format!("virtual account {} has an On-Prem already", Quoted(virtual_account));
            return Err(Error::new(ErrorKind::WrongVirtualAccount, text));
        }
        // A registration tells nothing of what was purchased: the first delta has to.
        let issued = Issued { change: 0, purchased: None };
        let registered = Instance {
            virtual_account: virtual_account.to_owned(),
            removed: false,
            confirmed: None,
            issued: BTreeMap::from([(now, issued)]),
            last_generated: None,
            last: None,
            view: Viewed::default(),
        };
        self.instances.insert(instance.to_owned(), registered);
        Ok(now)
    }

    /// Takes an On-Prem off its virtual account, for good.
    pub fn remove(&mut self, instance: &str) {
        if let Some(instance) = self.instances.get_mut(instance) {
            instance.removed = true;
        }
    }

    /// Takes a request, as [`verify::request`](crate::document::verify::request) made it.
    ///
    /// # Errors
    /// [`ErrorKind::UnknownInstance`], [`ErrorKind::InstanceRemoved`], [`ErrorKind::StaleRequest`]; then nothing changed.
    pub fn answer(&mut self, request: &Verified<(&SyncRequest, String)>, now: UnixMillis) -> Result<Reply> {
        let (content, name) = request.get();
        let Some(instance) = self.instances.get_mut(name) else {
            return Err(Error::new(ErrorKind::UnknownInstance, "this On-Prem was never registered"));
        };
        let latest = instance.issued.last_key_value().map_or(0, |(stamp, _)| stamp.get());
        let expires = latest.saturating_add(self.deadline_days.saturating_mul(DAY));
        if instance.removed || now.get() > expires {
            instance.removed = true;
            let text = "this On-Prem was removed, or did not synchronize in time: register it anew";
            return Err(Error::new(ErrorKind::InstanceRemoved, text));
        }
        if let Some((digest, Some(answer))) = &instance.last
            && *digest == request.digest()
        {
            return Ok(Reply::Again(answer.clone()));
        }
        let is_repeated = instance.last.as_ref().is_some_and(|(digest, _)| *digest == request.digest());
        if !is_repeated && instance.last_generated.is_some_and(|last| content.last_generated <= last) {
            let text = "this request is not later than one that was answered";
            return Err(Error::new(ErrorKind::StaleRequest, text));
        }
        let Some(holdings) = self.holdings.get(&instance.virtual_account) else {
            return Err(Error::new(ErrorKind::InstanceRemoved, "the virtual account of this On-Prem is gone"));
        };
        let mut notices = Vec::new();
        let base = instance.base(content.last_sync, &mut notices);
        instance.view.take(content);
        if let Some((_, Issued { purchased: Some(purchased), .. })) = &base
            && !instance.view.adds_up_to(purchased)
        {
            let text = "the shares of the local virtual accounts do not add up to what was purchased";
            notices.push(notice("MINOR", "allocation_mismatch", text));
        }
        let stamp = UnixMillis::new(now.get().max(latest.saturating_add(1))).unwrap_or(UnixMillis::MAX);
        let (virtual_accounts, hierarchies) =
            holdings.told(&instance.virtual_account, base.as_ref().map(|(_, issued)| issued.change));
        let purchased = Some(holdings.purchased());
        instance.issued.insert(stamp, Issued { change: holdings.change, purchased });
        // Watermarks before the confirmed one are not asked for again but by an old backup, which gets everything.
        let confirmed = instance.confirmed;
        instance.issued.retain(|stamp, _| confirmed.is_none_or(|confirmed| *stamp >= confirmed));
        instance.last_generated = Some(content.last_generated);
        instance.last = Some((request.digest(), None));
        Ok(Reply::New(Box::new(SyncResponse {
            request_id: content.request_id.clone(),
            on_prem_name: content.on_prem_name.clone(),
            collector_instance_id: name.clone(),
            last_generated: content.last_generated,
            base_sync: base.map(|(stamp, _)| stamp),
            last_sync: stamp,
            virtual_accounts,
            hierarchies,
            notices,
            ..SyncResponse::default()
        })))
    }

    /// Keeps the finished answer to the last request of an On-Prem, for when the same request comes again.
    pub fn answered(&mut self, instance: &str, file: Vec<u8>) {
        if let Some((_, answer)) = self.instances.get_mut(instance).and_then(|instance| instance.last.as_mut()) {
            *answer = Some(file);
        }
    }
}

impl Instance {
    /// What the answer builds on; none for everything.
    fn base(&mut self, asked: Option<UnixMillis>, notices: &mut Vec<Notice>) -> Option<(UnixMillis, Issued)> {
        let asked = asked?;
        let known = self.issued.get(&asked).filter(|_| self.confirmed.is_none_or(|confirmed| asked >= confirmed));
        let Some(issued) = known.cloned() else {
            let text = "this On-Prem runs from an older state: everything is sent, and asked for with the next request";
            notices.push(notice("MINOR", "full_requested", text));
            return None;
        };
        self.confirmed = Some(asked);
        Some((asked, issued))
    }
}

fn notice(severity: &str, code: &str, text: &str) -> Notice {
    Notice { severity: severity.to_owned(), code: code.to_owned(), text: text.to_owned() }
}
