//! What the device prints, in the words of IOS XE. Spec: transport, "CLI" (seen).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use slp_model::license::{HaRole, ReportState};
use slp_model::policy::clock::printed_ack_deadline;
use slp_model::policy::{Attribute, LicenseClass, Policy};
use slp_model::{EntitlementTag, Udi, UnixMillis, UnixSeconds};
use slp_rum::authorization::AuthorizationKind;
use slp_rum::import::ImportClass;

use crate::instance::Device;
use crate::setup::{Feature, Transport};

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl Device {
    pub(crate) fn show(&self, what: &str, now: UnixMillis) -> Option<String> {
        let local = self.local(now);
        let mut out = String::new();
        match what {
            "summary" => self.summary(&mut out),
            "usage" => {
                out.push_str("License Authorization:\n  Status: Not Applicable\n");
                self.usage(&mut out, local);
            }
            "status" => self.status(&mut out, local),
            "udi" => self.udi(&mut out),
            "authorization" => self.authorization(&mut out),
            "rum id all" => self.report_list(&mut out),
            "all" => self.all(&mut out, local),
            "tech support" => self.tech_support(&mut out, local),
            "history message" => out = self.history(),
            "eventlog" => out = self.event_log(None, local),
            _ => return self.show_numbered(what, local),
        }
        Some(out)
    }

    /// Commands with a number in them.
    fn show_numbered(&self, what: &str, local: UnixSeconds) -> Option<String> {
        match what.split(' ').collect::<Vec<_>>().as_slice() {
            ["eventlog", days] => Some(self.event_log(Some(days.parse().ok()?), local)),
            ["rum", "id", id] | ["rum", "id", id, "detail"] => {
                let id: u64 = id.parse().ok()?;
                let missing = || format!("there is no usage report {id}: 'show license rum id all' lists them");
                Some(self.report_detail(id).unwrap_or_else(missing))
            }
            _ => None,
        }
    }

    fn all(&self, out: &mut String, local: UnixSeconds) {
        out.push_str("Smart Licensing Status\n======================\n\nSmart Licensing is ENABLED\n\n");
        self.status(out, local);
        out.push_str("\nLicense Usage\n=============\n");
        self.usage(out, local);
        out.push_str("\nProduct Information\n===================\n");
        self.udi(out);
        let version = env!("CARGO_PKG_VERSION");
        let _ = write!(out, "\nAgent Version\n=============\nSmart Agent for Licensing: simulated {version}\n");
        out.push_str("\nLicense Authorizations\n======================\n");
        self.authorization(out);
        self.report_summary(out);
    }

    pub(crate) fn report_summary(&self, out: &mut String) {
        let life = &self.saved.life;
        let (stored, open) = (life.kept.len() as u64, life.open.len() as u64);
        let total = life.acknowledged.saturating_add(life.purged).saturating_add(stored).saturating_add(open);
        let waiting = life.kept.iter().filter(|kept| kept.state != ReportState::Closed).count();
        let _ = write!(
            out,
            "\nUsage Report Summary:\n=====================\nTotal: {total},  Purged: {purged}({purged})\n\
             Total Acknowledged Received: {},  Waiting for Ack: {waiting}({waiting})\n\
             Available to Report: {}  Collecting Data: {open}\nMaximum Display: {}  In Storage: {stored},  MIA: 0(0)\n",
            life.acknowledged,
            stored.saturating_sub(waiting as u64),
            self.saved.setup.room,
            purged = life.purged,
        );
    }

    pub(crate) fn udi(&self, out: &mut String) {
        let _ = writeln!(out, "UDI: {}", Pid(self.active()));
        if self.saved.setup.members.len() > 1 {
            out.push_str("\nHA UDI List:\n");
            for (role, member) in self.members() {
                let _ = writeln!(out, "    {role}:{}", Pid(member));
            }
        }
    }

    /// The members in their roles, the active one first.
    pub(crate) fn members(&self) -> Vec<(HaRole, &Udi)> {
        let members = self.saved.setup.members.iter().enumerate();
        let role = |index| self.saved.setup.role(self.saved.active, index);
        let mut members: Vec<_> = members.map(|(index, member)| (role(index), member)).collect();
        members.sort_by_key(|(role, _)| (*role != HaRole::Active, *role != HaRole::Standby));
        members
    }

    /// Open reports and closed ones, by id.
    fn report_list(&self, out: &mut String) {
        out.push_str(
            "Smart Licensing Usage Report:\n====================================\n\
             Report Id,          State,    Flag, Feature Name\n",
        );
        let name = |tag: &EntitlementTag| {
            let found = self.saved.setup.features.iter().find(|feature| feature.tag == *tag);
            found.map_or("", |feature| feature.name.as_str())
        };
        let kept = self.saved.life.kept.iter().map(|kept| (kept.id, kept.state.as_str(), name(&kept.tag)));
        let open = self.saved.life.open.iter().map(|(name, open)| (open.id, ReportState::Open.as_str(), name.as_str()));
        let mut rows: Vec<_> = kept.map(|(id, state, name)| (id, state.to_owned(), name)).collect();
        rows.extend(open.map(|(id, state, name)| (id, state.to_owned(), name)));
        rows.sort();
        for (id, state, name) in rows {
            let _ = writeln!(out, "{:<20}{state:<10}N     {name}", id.get());
        }
    }

    pub(crate) fn known(&self) -> impl Iterator<Item = (&Feature, u64)> {
        let changed = |feature: &&Feature| self.saved.life.changes.contains_key(&feature.name);
        let features = self.saved.setup.features.iter().filter(changed);
        features.map(|feature| (feature, self.saved.life.count(&feature.name)))
    }

    fn summary(&self, out: &mut String) {
        out.push_str("License Usage:\n");
        out.push_str("License                 Entitlement Tag               Count Status\n");
        out.push_str("-----------------------------------------------------------------------------\n");
        for (feature, count) in self.known() {
            let text: String = feature.description.chars().take(40).collect();
            let tag = format!("({text})");
            let _ = writeln!(out, "{:<23} {tag:<27} {count:>7} {}", feature.name, in_use(count));
        }
        if self.known().next().is_none() {
            out.push_str("  No licenses in use\n");
        }
    }

    fn usage(&self, out: &mut String, local: UnixSeconds) {
        if self.known().next().is_none() {
            out.push_str("\nNo licenses in use\n");
        }
        for (feature, count) in self.known() {
            let ((enforcement, export), term) = (self.enforcement(feature, local), feature.term());
            let _ = write!(
                out,
                "\n{name} ({text}):\n  Description: {text}\n  Count: {count}\n  Version: 1.0\n  Status: {status}\n  \
                 Export status: {export}\n  Feature Name: {name}\n  Feature Description: {text}\n  \
                 Enforcement type: {enforcement}\n  License type: {term}\n",
                name = feature.name,
                text = feature.description,
                status = in_use(count),
            );
        }
    }

    /// How a licence is enforced, and whether its export is restricted.
    pub(crate) fn enforcement(&self, feature: &Feature, local: UnixSeconds) -> (&'static str, &'static str) {
        match feature.class {
            LicenseClass::Enforced => ("ENFORCED", "NOT RESTRICTED"),
            LicenseClass::Export if self.authorized(feature, local) > 0 => {
                ("EXPORT RESTRICTED", "RESTRICTED - ALLOWED")
            }
            LicenseClass::Export => ("EXPORT RESTRICTED", "RESTRICTED - NOT ALLOWED"),
            _ => ("NOT ENFORCED", "NOT RESTRICTED"),
        }
    }

    pub(crate) fn status(&self, out: &mut String, local: UnixSeconds) {
        let account = self.state.account.as_ref();
        let name = |text: Option<&String>| text.cloned().unwrap_or_else(|| "<none>".into());
        let _ = write!(
            out,
            "Utility:\n  Status: DISABLED\n\nSmart Licensing Using Policy:\n  Status: ENABLED\n\nAccount Information:\n  \
             Smart Account: {}\n  Virtual Account: {}\n\nData Privacy:\n  Sending Hostname: {}\n\nTransport:\n",
            name(account.and_then(|account| account.smart_account.as_ref())),
            name(account.and_then(|account| account.virtual_account.as_ref())),
            if self.saved.setup.hostname.is_some() { "yes" } else { "no" },
        );
        let _ = match &self.saved.transport {
            Transport::Off => writeln!(out, "  Type: Transport Off"),
            Transport::Cslu(address) => writeln!(out, "  Type: cslu\n  Cslu address: {address}"),
            Transport::Smart(address) => writeln!(out, "  Type: Smart\n  URL: {address}"),
        };
        self.policy(out);
        let default = Policy::vendor_default();
        let policy = self.state.policy.as_ref().map_or(&default, |installed| &installed.policy);
        let uses = self.uses();
        let agent = self.agent.state();
        let pushes = agent.interval.map_or(0, |interval| interval.get() / 86_400);
        let polls = agent.polls.iter().map(|poll| poll.due).min();
        let _ = write!(
            out,
            "\nUsage Reporting:\n  Last ACK received: {}\n  Next ACK deadline: {}\n  Reporting push interval: {pushes}  days\n  \
             Next ACK push check: {}\n  Next report push: {}\n  Last report push: {}\n  Last report file write: {}\n",
            time(self.saved.last_ack),
            time(printed_ack_deadline(policy, &uses, self.saved.last_ack, local)),
            time(polls),
            time(agent.timers.push),
            time(agent.last_push),
            time(self.saved.last_file),
        );
        out.push_str("\nTrust Code Installed:");
        let mut any = false;
        for (role, member) in self.members() {
            if self.state.trust.get(member).is_some_and(|trust| trust.installed.is_some()) {
                let at = time(self.installed_at(ImportClass::TrustCode, member));
                let _ = write!(out, "\n  {role}: {}\n    INSTALLED on {at}", Pid(member));
                any = true;
            }
        }
        out.push_str(if any { "\n" } else { " <none>\n" });
    }

    fn policy(&self, out: &mut String) {
        let default = Policy::vendor_default();
        let (policy, origin) = if let Some(installed) = &self.state.policy {
            let at = time(Some(installed.installed_at));
            let _ = writeln!(out, "\nPolicy:\n  Policy in use: Installed On {at}");
            (&installed.policy, "Customer Policy")
        } else {
            out.push_str("\nPolicy:\n  Policy in use: Merged from multiple sources.\n");
            (&default, "CISCO default")
        };
        let acks = if policy.requires_ack() { "yes" } else { "no" };
        let _ = writeln!(out, "  Policy name: {}\n  Reporting ACK required: {acks} ({origin})", policy.name);
        for (title, class) in [
            ("Unenforced/Non-Export Perpetual Attributes", LicenseClass::Perpetual),
            ("Unenforced/Non-Export Subscription Attributes", LicenseClass::Subscription),
            ("Enforced (Perpetual/Subscription) License Attributes", LicenseClass::Enforced),
            ("Export (Perpetual/Subscription) License Attributes", LicenseClass::Export),
        ] {
            let days = |attribute| policy.days(class, attribute).days;
            let _ = writeln!(
                out,
                "  {title}:\n    First report requirement (days): {} ({origin})\n    Reporting frequency (days): {} ({origin})\n    \
                 Report on change (days): {} ({origin})",
                days(Attribute::First),
                days(Attribute::Ongoing),
                days(Attribute::Change),
            );
        }
    }

    pub(crate) fn authorization(&self, out: &mut String) {
        out.push_str("Overall status:\n");
        let reservation = &self.saved.reservation;
        for (role, member) in self.members() {
            let of =
                |list: &[(Udi, String)]| list.iter().find(|(device, _)| device == member).map(|(_, code)| code.clone());
            let status = match (self.state.codes.get(member), of(&reservation.permanent)) {
                (Some(code), _) => {
                    let what = match code.authorization.kind {
                        AuthorizationKind::Slr => "SPECIFIC INSTALLED",
                        _ => "SMART AUTHORIZATION INSTALLED",
                    };
                    format!("{what} on {}", time(Some(code.installed_at)))
                }
                (None, Some(_)) => "UNIVERSAL INSTALLED".into(),
                (None, None) => "NOT INSTALLED".into(),
            };
            let _ = writeln!(out, "  {role}: {}\n      Status: {status}", Pid(member));
            if let Some(code) = of(&reservation.requested) {
                let _ = writeln!(out, "      Request code: {code}");
            }
            let last = self.saved.last_codes.iter().find(|last| last.device == *member);
            if let Some(code) = last.and_then(|last| last.confirmed.as_ref()) {
                let _ = writeln!(out, "      Last Confirmation code: {code}");
            }
            if let Some(code) = last.and_then(|last| last.returned.as_ref()) {
                let _ = writeln!(out, "      Last return code: {code}");
            }
        }
        self.authorized_licences(out);
        out.push_str("\nPurchased Licenses:\n  No Purchase Information Available\n");
    }

    /// What the codes of all members grant, licence by licence.
    fn authorized_licences(&self, out: &mut String) {
        let mut granted: BTreeMap<&str, Vec<(HaRole, &Udi, u32)>> = BTreeMap::new();
        for (role, member) in self.members() {
            for one in self.state.codes.get(member).iter().flat_map(|code| &code.authorization.entitlements) {
                granted.entry(one.tag.as_str()).or_default().push((role.clone(), member, one.count));
            }
        }
        if !granted.is_empty() {
            out.push_str("\nAuthorizations:\n");
        }
        for (tag, members) in granted {
            let feature = self.saved.setup.features.iter().find(|feature| feature.tag.as_str() == tag);
            let (name, text) =
                feature.map_or((tag, tag), |feature| (feature.name.as_str(), feature.description.as_str()));
            let enforcement = match feature.map(|feature| feature.class) {
                Some(LicenseClass::Export) => "EXPORT RESTRICTED",
                Some(LicenseClass::Enforced) => "ENFORCED",
                _ => "NOT ENFORCED",
            };
            let total: u64 = members.iter().map(|(.., count)| u64::from(*count)).sum();
            let _ = write!(
                out,
                "  {name} ({text}):\n    Description: {text}\n    Total available count: {total}\n    \
                 Enforcement type: {enforcement}\n    Term information:\n"
            );
            for (role, member, count) in members {
                let _ = write!(
                    out,
                    "      {role}: {}\n        License type: PERPETUAL\n          Term Count: {count}\n",
                    Pid(member)
                );
            }
        }
    }
}

pub(crate) struct Pid<'a>(pub(crate) &'a slp_model::Udi);

impl std::fmt::Display for Pid<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PID:{},SN:{}", self.0.pid(), self.0.serial())
    }
}

fn in_use(count: u64) -> &'static str {
    if count > 0 { "IN USE" } else { "NOT IN USE" }
}

/// `Oct 14 12:10:32 2021 UTC`
pub(crate) fn time(time: Option<UnixSeconds>) -> String {
    let Some(time) = time else { return "<none>".into() };
    let text = time.to_string();
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let month = part(5, 7).parse::<usize>().ok().and_then(|month| MONTHS.get(month.checked_sub(1)?));
    format!("{} {} {} {} UTC", month.unwrap_or(&"Jan"), part(8, 10), part(11, 19), part(0, 4))
}
