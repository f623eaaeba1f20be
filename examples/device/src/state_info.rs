//! The licensing state as the data model of IOS XE has it. Spec: transport, "State worth reading" (doc).

use serde_json::{Map, Value, json};
use slp_model::license::HaRole;
use slp_model::policy::clock::printed_ack_deadline;
use slp_model::policy::{Attribute, LicenseClass, Policy};
use slp_model::{Udi, UnixMillis, UnixSeconds};
use slp_rum::authorization::AuthorizationKind;
use slp_rum::import::ImportClass;

use crate::instance::Device;
use crate::setup::{Feature, Transport};

impl Device {
    /// The container `licensing`. Times and containers of which there is nothing to say are left out.
    pub(crate) fn licensing(&self, now: UnixMillis) -> Value {
        let local = self.local(now);
        let (kind, address) = match &self.saved.transport {
            Transport::Off => ("transport-type-off", None),
            Transport::Cslu(address) => ("transport-type-cslu", Some(address)),
            Transport::Smart(address) => ("transport-type-smart", Some(address)),
        };
        let mut transport = Map::new();
        transport.insert("transport-type".into(), kind.into());
        if let Some(address) = address {
            transport.insert("url-settings".into(), json!({ "url-registration": address }));
        }
        let info = json!({
            "registration": { "registration-state": "reg-state-not-registered" },
            "authorization": { "authorization-state": "auth-state-none" },
            "utility": { "enabled": false, "reporting": "utility-reporting-type-none" },
            "transport": transport,
            "privacy": { "hostname": self.saved.setup.hostname.is_none(), "version": false },
            "evaluation": { "eval-in-use": false, "eval-expired": false },
            "udi": udi(self.active()),
            "usage": self.saved.setup.features.iter().filter_map(|feature| self.usage_entry(feature)).collect::<Vec<_>>(),
            "policy": self.policy_state(),
            "trust-code": self.saved.setup.members.iter().map(|member| self.trust_entry(member)).collect::<Vec<_>>(),
            "conversion": [],
            "rum-reports-closed-keys": self.report_keys(),
            "rum-ack": self.ack_state(local),
            "factory-purchase": [],
            "imported-authorizations": {
                "overall-status": self.members_with_codes(),
                "authorization-list": self.granted(local),
            },
        });
        json!({
            "config": { "transport": { "transport-type": kind } },
            "state": {
                "always-enabled": true,
                "smart-enabled": true,
                "version": concat!("simulated ", env!("CARGO_PKG_VERSION")),
                "state-info": info,
            },
        })
    }

    fn usage_entry(&self, feature: &Feature) -> Option<Value> {
        let count = self.saved.life.open.get(&feature.name)?.count;
        Some(json!({
            "entitlement-tag": feature.tag.as_str(),
            "short-name": feature.name,
            "license-name": feature.name,
            "description": feature.description,
            "count": u32::try_from(count).unwrap_or(u32::MAX),
            "enforcement-mode": "enforcement-in-compliance",
            "post-paid": false,
        }))
    }

    fn policy_state(&self) -> Value {
        let default = Policy::vendor_default();
        let installed = self.state.policy.as_ref();
        let policy = installed.map_or(&default, |installed| &installed.policy);
        let days = |class| {
            let days = |attribute| policy.days(class, attribute).days;
            json!({
                "reporting-first-time": days(Attribute::First),
                "reporting-ongoing": days(Attribute::Ongoing),
                "reporting-macd": days(Attribute::Change),
            })
        };
        let kind = if installed.is_some() { "policy-type-custom" } else { "policy-type-cisco-default" };
        let mut state = Map::new();
        state.insert("policy-type".into(), kind.into());
        state.insert("policy-name".into(), policy.name.as_str().into());
        if let Some(installed) = installed {
            state.insert("install-time".into(), time(installed.installed_at));
        }
        state.insert("ack-required".into(), policy.requires_ack().into());
        state.insert("policy-enforced".into(), days(LicenseClass::Enforced));
        state.insert("policy-export".into(), days(LicenseClass::Export));
        state.insert("policy-subscription".into(), days(LicenseClass::Subscription));
        state.insert("policy-perpetual".into(), days(LicenseClass::Perpetual));
        state.into()
    }

    fn trust_entry(&self, member: &Udi) -> Value {
        let trusted = self.state.trust.get(member).is_some_and(|trust| trust.installed.is_some());
        let mut entry = Map::new();
        entry.insert("key_udi".into(), member.to_string().into());
        entry.insert("is-installed".into(), trusted.into());
        if let Some(at) = self.installed_at(ImportClass::TrustCode, member).filter(|_| trusted) {
            entry.insert("time-installed".into(), time(at));
        }
        entry.insert("udi".into(), udi(member));
        entry.into()
    }

    /// The keys of the closed reports: numbers of 64 bits are strings here (RFC 7951).
    fn report_keys(&self) -> Vec<Value> {
        let keys = self.saved.life.kept.iter().map(|kept| {
            json!({
                "report-id": kept.id.get().to_string(),
                "udi": udi(&kept.device),
                "report-start-time": time(kept.start),
                "report-end-time": time(kept.end),
                "report-state": kept.state.as_model_word(),
                "rum-report-key": format!("{} {}", kept.device, kept.id.get()),
            })
        });
        keys.collect()
    }

    fn ack_state(&self, local: UnixSeconds) -> Value {
        let default = Policy::vendor_default();
        let policy = self.state.policy.as_ref().map_or(&default, |installed| &installed.policy);
        let mut state = Map::new();
        if let Some(at) = self.saved.last_ack {
            state.insert("last-received-time".into(), time(at));
        }
        if let Some(at) = printed_ack_deadline(policy, &self.uses(), self.saved.last_ack, local) {
            state.insert("next-report-deadline".into(), time(at));
        }
        state.into()
    }

    fn members_with_codes(&self) -> Vec<Value> {
        let members = self.saved.setup.members.iter().enumerate().map(|(index, member)| {
            let mut list = Vec::new();
            if let Some(code) = self.state.codes.get(member) {
                let kind = match code.authorization.kind {
                    AuthorizationKind::Slr => "authorization-type-slr",
                    _ => "authorization-type-auth-code",
                };
                list.push(json!({ "install-type": kind, "install-time": time(code.installed_at) }));
            }
            if self.saved.reservation.permanent.iter().any(|(device, _)| device == member) {
                list.push(json!({ "install-type": "authorization-type-plr" }));
            }
            let is_active = self.saved.setup.role(self.saved.active, index) == HaRole::Active;
            (!is_active, json!({ "key_udi": member.to_string(), "udi": udi(member), "installed-list": list }))
        });
        let mut members: Vec<_> = members.collect();
        members.sort_by_key(|(later, _)| *later);
        members.into_iter().map(|(_, entry)| entry).collect()
    }

    fn granted(&self, local: UnixSeconds) -> Vec<Value> {
        let features = self.saved.setup.features.iter().filter_map(|feature| {
            let total = self.state.codes.values().map(|code| code.authorization.authorized_count(&feature.tag, local));
            let total = total.fold(0, u64::saturating_add);
            let enforcement = match feature.class {
                LicenseClass::Export => "license-enforcement-type-export",
                LicenseClass::Enforced => "license-enforcement-type-enforced",
                _ => "license-enforcement-type-unenforced",
            };
            (total > 0).then(|| {
                json!({
                    "entitlement-tag": feature.tag.as_str(),
                    "short-name": feature.name,
                    "license-name": feature.name,
                    "description": feature.description,
                    "total-count": u32::try_from(total).unwrap_or(u32::MAX),
                    "license-enforcement-type": enforcement,
                })
            })
        });
        features.collect()
    }
}

fn udi(device: &Udi) -> Value {
    json!({ "pid": device.pid(), "sn": device.serial() })
}

/// `date-and-time`
fn time(at: UnixSeconds) -> Value {
    at.to_string().into()
}
