//! What an On-Prem told about itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use slp_model::EntitlementTag;

use crate::document::{HasKey, LocalLicense, ProductInstance, Row, SyncRequest, key_of};

/// The local virtual accounts of an On-Prem, as its requests said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Viewed {
    /// The local virtual accounts, by id.
    pub accounts: BTreeMap<String, ViewedAccount>,
}

/// One local virtual account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ViewedAccount {
    /// Its name.
    pub name: String,
    /// Is it the default?
    pub default: bool,
    /// Its licences, by tag.
    pub licenses: BTreeMap<String, LocalLicense>,
    /// Its devices, by id.
    pub devices: BTreeMap<String, ProductInstance>,
}

impl Viewed {
    /// Takes a request over: a full one is all there is, a delta replaces what it names as a whole.
    pub(super) fn take(&mut self, request: &SyncRequest) {
        if request.last_sync.is_none() {
            self.accounts.clear();
        }
        for row in &request.virtual_accounts {
            let account = match row {
                Row::Present(account) => account,
                Row::Removed(id) => {
                    self.accounts.remove(id);
                    continue;
                }
            };
            let viewed = self.accounts.entry(account.id.clone()).or_default();
            viewed.name.clone_from(&account.name);
            viewed.default = account.default;
            merge(&mut viewed.licenses, &account.licenses);
            merge(&mut viewed.devices, &account.product_instances);
        }
    }

    /// Do the shares of all accounts add up to what was purchased, licence by licence?
    pub(super) fn adds_up_to(&self, purchased: &BTreeMap<EntitlementTag, u64>) -> bool {
        let mut left: BTreeMap<&str, i128> =
            purchased.iter().map(|(tag, count)| (tag.as_str(), i128::from(*count))).collect();
        for license in self.accounts.values().flat_map(|account| account.licenses.values()) {
            let rest = left.entry(license.tag.as_str()).or_default();
            *rest = rest.saturating_sub(i128::from(license.allocated));
        }
        left.values().all(|rest| *rest == 0)
    }
}

fn merge<T: Clone + HasKey>(into: &mut BTreeMap<String, T>, rows: &[Row<T>]) {
    for row in rows {
        match row.present() {
            Some(element) => drop(into.insert(key_of(row).to_owned(), element.clone())),
            None => drop(into.remove(key_of(row))),
        }
    }
}
