//! Purchases, usage, compliance, and who may have a code.

use std::collections::{BTreeMap, BTreeSet};

use slp_model::{EntitlementTag, Udi, UnixSeconds};

use crate::devices::{Device, Devices, Latest};
use crate::settings::{Enforced, Purchase};

/// One licence: bought, used, reserved.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Balance {
    /// The full tag.
    pub tag: String,
    /// The name that people read; the tag for one that was never bought.
    pub name: String,
    /// How many were bought.
    pub owned: u64,
    /// How many are in use, by the latest reports.
    pub in_use: u64,
    /// How many are promised by authorization codes.
    pub reserved: u64,
    /// Needs a code?
    pub enforced: Enforced,
}

impl Balance {
    /// Is no more used than was bought?
    pub fn is_compliant(&self) -> bool {
        self.in_use <= self.owned
    }
}

/// Every licence that was bought or is in use, by tag. A device that another one of its set, as its own latest report names
/// it, followed as the active one is spoken for: a usage counts once, not once a member, also when the device is in that set
/// no more. By what others name it alone nobody is spoken for. Spec: sync, "Application HA and server HA" (choice); it takes
/// the highest count of a set, of what its members hold at one time. Here there are reports alone: of a former active device
/// the last one stays for good, so the highest could never fall again after a switchover. The latest can.
pub(crate) fn balances<'d>(
    purchases: &[Purchase],
    devices: impl IntoIterator<Item = (&'d Udi, &'d Device)>,
    now: UnixSeconds,
) -> Vec<Balance> {
    let devices: BTreeMap<&Udi, &Device> = devices.into_iter().collect();
    let mut balances: BTreeMap<String, Balance> = BTreeMap::new();
    let empty = |tag: &str| Balance {
        tag: tag.to_owned(),
        name: tag.to_owned(),
        owned: 0,
        in_use: 0,
        reserved: 0,
        enforced: Enforced::No,
    };
    for purchase in purchases {
        let balance = balances.entry(purchase.tag.clone()).or_insert_with(|| empty(&purchase.tag));
        balance.name.clone_from(&purchase.name);
        balance.owned = balance.owned.saturating_add(u64::from(purchase.quantity));
        balance.enforced = purchase.enforced;
    }
    let used: BTreeMap<&Udi, BTreeMap<&EntitlementTag, Latest<'_>>> =
        devices.iter().map(|(udi, device)| (*udi, device.in_use())).collect();
    let is_spoken_for = |udi: &Udi, tag: &EntitlementTag, own: &Latest<'_>| {
        own.peers.iter().any(|peer| {
            let other = used.get(peer).and_then(|used| used.get(tag));
            other.is_some_and(|other| (own.end, own.id, udi) < (other.end, other.id, peer))
        })
    };
    for (udi, device) in devices {
        for (tag, latest) in used.get(udi).into_iter().flatten() {
            if is_spoken_for(udi, tag, latest) {
                continue;
            }
            let count = latest.count;
            let balance = balances.entry(tag.to_string()).or_insert_with(|| empty(tag.as_str()));
            balance.in_use = balance.in_use.saturating_add(count);
        }
        for entitlement in device.code.iter().flat_map(|code| &code.view().entitlements) {
            if entitlement.grants(now) {
                let balance =
                    balances.entry(entitlement.tag.to_string()).or_insert_with(|| empty(entitlement.tag.as_str()));
                balance.reserved = balance.reserved.saturating_add(u64::from(entitlement.count));
            }
        }
    }
    balances.into_values().collect()
}

/// Why a device gets no code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NoCode {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

fn refuse<T>(code: &'static str, message: impl Into<String>) -> Result<T, NoCode> {
    Err(NoCode { code, message: message.into() })
}

/// May this device have so many of these? What it has already counts as free, since a new code takes the place of the old.
pub(crate) fn may_reserve(
    purchases: &[Purchase],
    devices: &Devices,
    device: &Udi,
    wanted: &BTreeMap<EntitlementTag, u32>,
    now: UnixSeconds,
) -> Result<(), NoCode> {
    if wanted.is_empty() {
        return refuse("LS_NO_KEYS", "the request names no licence");
    }
    let known: BTreeSet<&str> = purchases.iter().map(|purchase| purchase.tag.as_str()).collect();
    let balances = balances(purchases, &devices.0, now);
    for (tag, count) in wanted {
        let Some(balance) =
            balances.iter().find(|balance| balance.tag == tag.as_str()).filter(|_| known.contains(tag.as_str()))
        else {
            return refuse("LS_TAG_UNKNOWN", format!("this account never bought {tag}"));
        };
        if balance.enforced == Enforced::No {
            return refuse("LS_NOT_ENFORCED", format!("{tag} needs no authorization code"));
        }
        let own = devices.0.get(device).and_then(|device| device.code.as_ref());
        let own = own.map_or(0, |code| code.view().authorized_count(tag, now));
        let free = balance.owned.saturating_sub(balance.reserved.saturating_sub(own));
        if u64::from(*count) > free {
            let message = format!("{count} of {tag} wanted, {free} of {} free: buy more first", balance.owned);
            return refuse("LS_NOT_ENOUGH", message);
        }
    }
    Ok(())
}
