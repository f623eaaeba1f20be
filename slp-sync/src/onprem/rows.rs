//! What a request says about each local virtual account: computed anew, compared with what was said before.

use std::collections::{BTreeMap, BTreeSet};

use slp_model::EntitlementTag;

use super::{Key, OnPrem, Tracked};
use crate::document::{LocalAccount, LocalLicense, ProductInstance, Row, key_of};
use crate::pool::COUNT_MAX;

impl OnPrem {
    /// Counts uses, settles loans, and notes the rows that came out differently.
    pub(super) fn recount(&mut self) {
        let uses = self.uses();
        let known: BTreeSet<Key<EntitlementTag>> = self.known_rows(&uses);
        let mut fresh: BTreeMap<Key<EntitlementTag>, LocalLicense> = BTreeMap::new();
        for key in &known {
            let (account, tag) = key;
            let in_use = uses.get(key).copied().unwrap_or(0).min(COUNT_MAX);
            let reserved = self.reserved.get(key).copied().unwrap_or(0);
            let export = self.licenses.get(tag).is_some_and(|license| license.enforcement.as_deref() == Some("export"));
            // Accounts exist and counts are within their bound: both were checked when they came in.
            let _ = self.pools.set_use(account, tag, in_use, reserved, export);
        }
        for (account, tag) in known {
            let standing = self.pools.standing(&account, &tag).unwrap_or_default();
            let key = (account, tag);
            let mut row = LocalLicense::new(key.1.clone(), self.pools.allocated(&key.0, &key.1));
            row.in_use = uses.get(&key).copied().unwrap_or(0).min(COUNT_MAX);
            row.reserved = self.reserved.get(&key).copied().unwrap_or(0);
            (row.lent, row.borrowed, row.shortage) = (standing.lent, standing.borrowed, standing.shortage);
            let is_default = key.0 == self.pools.default_id() && self.licenses.contains_key(&key.1);
            if is_default || row != LocalLicense::new(key.1.clone(), 0) {
                fresh.insert(key, row);
            }
        }
        let change = self.change.saturating_add(1);
        let before = std::mem::take(&mut self.rows);
        let mut changed = false;
        for key in before.keys().filter(|key| !fresh.contains_key(*key)) {
            self.gone_rows.insert(key.clone(), change);
            changed = true;
        }
        for (key, row) in fresh {
            let tracked = match before.get(&key) {
                Some(same) if same.value == row => same.clone(),
                _ => {
                    changed = true;
                    self.gone_rows.remove(&key);
                    Tracked { value: row, change }
                }
            };
            self.rows.insert(key, tracked);
        }
        if changed {
            self.change = change;
        }
    }

    /// The use of each licence in each account; a set of which active and standby count once, as its highest member.
    fn uses(&self) -> BTreeMap<Key<EntitlementTag>, u64> {
        let mut sums: BTreeMap<Key<EntitlementTag>, u64> = BTreeMap::new();
        let mut sets: BTreeMap<(&str, &EntitlementTag, &str), u64> = BTreeMap::new();
        for ((account, _), device) in &self.devices {
            for used in &device.value.usage {
                let once = self.licenses.get(&used.tag).is_some_and(|license| license.app_ha);
                match device.value.ha_group.as_deref().filter(|_| once) {
                    Some(group) => {
                        let peak = sets.entry((account, &used.tag, group)).or_default();
                        *peak = used.count.max(*peak);
                    }
                    None => add(&mut sums, account, &used.tag, used.count),
                }
            }
        }
        for ((account, tag, _), peak) in sets {
            add(&mut sums, account, tag, peak);
        }
        sums
    }

    /// Every pair of account and licence about which there may be something to say.
    fn known_rows(&self, uses: &BTreeMap<Key<EntitlementTag>, u64>) -> BTreeSet<Key<EntitlementTag>> {
        let default = self.pools.default_id();
        let purchased = self.licenses.keys().map(|tag| (default.to_owned(), tag.clone()));
        let shared = self.pools.shares().map(|(account, tag)| (account.to_owned(), tag.clone()));
        let rest = uses.keys().chain(self.reserved.keys()).chain(self.rows.keys()).cloned();
        purchased.chain(shared).chain(rest).collect()
    }

    /// The local virtual accounts of a request: all, or what changed since that counter.
    pub(super) fn changed(&self, since: Option<u64>) -> Vec<Row<LocalAccount>> {
        let mark = since.unwrap_or(0);
        let mut found: BTreeMap<&str, LocalAccount> = BTreeMap::new();
        let names: BTreeMap<&str, &str> = self.pools.pools().collect();
        let blank = |id: &str| LocalAccount {
            id: id.to_owned(),
            name: names.get(id).copied().unwrap_or_default().to_owned(),
            default: id == self.pools.default_id(),
            ..LocalAccount::default()
        };
        for (id, _) in self.accounts.iter().filter(|(_, account)| account.change > mark) {
            found.entry(id).or_insert_with(|| blank(id));
        }
        for ((id, _), row) in self.rows.iter().filter(|(_, row)| row.change > mark) {
            found.entry(id).or_insert_with(|| blank(id)).licenses.push(Row::Present(row.value.clone()));
        }
        for ((id, _), device) in self.devices.iter().filter(|(_, device)| device.change > mark) {
            let device = Row::Present(self.told(&device.value));
            found.entry(id).or_insert_with(|| blank(id)).product_instances.push(device);
        }
        let removed = since.is_some();
        for ((id, tag), _) in self.gone_rows.iter().filter(|(_, change)| removed && **change > mark) {
            let row = Row::Removed(tag.as_str().to_owned());
            found.entry(id).or_insert_with(|| blank(id)).licenses.push(row);
        }
        for ((id, device), _) in self.gone_devices.iter().filter(|(_, change)| removed && **change > mark) {
            found.entry(id).or_insert_with(|| blank(id)).product_instances.push(Row::Removed(device.clone()));
        }
        let mut accounts: Vec<LocalAccount> = found.into_values().collect();
        for account in &mut accounts {
            account.licenses.sort_by(|a, b| key_of(a).cmp(key_of(b)));
            account.product_instances.sort_by(|a, b| key_of(a).cmp(key_of(b)));
        }
        accounts.sort_by_key(|account| !account.default);
        let gone = self.gone_accounts.iter().filter(|(_, change)| removed && **change > mark);
        accounts.into_iter().map(Row::Present).chain(gone.map(|(id, _)| Row::Removed(id.clone()))).collect()
    }

    /// A device as the cloud may know it.
    fn told(&self, device: &ProductInstance) -> ProductInstance {
        let mut device = device.clone();
        self.privacy.apply(&mut device);
        device.usage.sort_by(|a, b| a.tag.as_str().cmp(b.tag.as_str()));
        device
    }
}

fn add(sums: &mut BTreeMap<Key<EntitlementTag>, u64>, account: &str, tag: &EntitlementTag, count: u64) {
    let sum = sums.entry((account.to_owned(), tag.clone())).or_default();
    *sum = sum.saturating_add(count);
}
