//! What the device prints, in the words of IOS XE. Spec: transport, "CLI" (seen).

use std::fmt::Write as _;

use slp_model::policy::clock::printed_ack_deadline;
use slp_model::policy::{Attribute, LicenseClass, Policy};
use slp_model::{UnixMillis, UnixSeconds};

use crate::instance::Device;
use crate::setup::{Feature, Transport};

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl Device {
    pub(crate) fn show(&self, what: &str, now: UnixMillis) -> Option<String> {
        let local = self.local(now);
        let mut out = String::new();
        match what {
            "summary" => self.summary(&mut out, local),
            "usage" => self.usage(&mut out, local),
            "status" => self.status(&mut out, local),
            "udi" => {
                let _ = writeln!(out, "UDI: {:#}", Pid(self.active()));
            }
            "authorization" => self.authorization(&mut out),
            "all" => {
                self.status(&mut out, local);
                out.push_str("\nLicense Usage\n=============\n\n");
                self.usage(&mut out, local);
                out.push_str("\nLicense Authorizations\n======================\n");
                self.authorization(&mut out);
            }
            _ => return None,
        }
        Some(out)
    }

    fn known(&self) -> impl Iterator<Item = (&Feature, u64)> {
        let changed = |feature: &&Feature| self.saved.life.changes.contains_key(&feature.name);
        let features = self.saved.setup.features.iter().filter(changed);
        features.map(|feature| (feature, self.saved.life.count(&feature.name)))
    }

    fn summary(&self, out: &mut String, _: UnixSeconds) {
        out.push_str("License Usage:\n");
        out.push_str("License                 Entitlement Tag               Count Status\n");
        out.push_str("-----------------------------------------------------------------------------\n");
        for (feature, count) in self.known() {
            let tag = format!("({})", feature.description);
            let _ = writeln!(out, "{:<23} {tag:<27} {count:>7} {}", feature.name, in_use(count));
        }
    }

    fn usage(&self, out: &mut String, local: UnixSeconds) {
        out.push_str("License Authorization:\n  Status: Not Applicable\n");
        for (feature, count) in self.known() {
            let (enforcement, export) = match feature.class {
                LicenseClass::Enforced => ("ENFORCED", "NOT RESTRICTED"),
                LicenseClass::Export if self.authorized(feature, local) > 0 => {
                    ("EXPORT RESTRICTED", "RESTRICTED - ALLOWED")
                }
                LicenseClass::Export => ("EXPORT RESTRICTED", "RESTRICTED - NOT ALLOWED"),
                _ => ("NOT ENFORCED", "NOT RESTRICTED"),
            };
            let term = if feature.class == LicenseClass::Subscription { "Subscription" } else { "Perpetual" };
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

    fn status(&self, out: &mut String, local: UnixSeconds) {
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
        let uses = self.saved.life.uses(&self.saved.setup);
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
        for member in &self.state.members {
            let installed = self.state.trust.get(&member.device).and_then(|trust| trust.installed.as_ref());
            if installed.is_some() {
                let role = member.role.as_ref().map_or("Active", slp_model::license::HaRole::as_str);
                let kept = self.saved.documents.iter().map(|kept| kept.at).min();
                let _ = write!(out, "\n  {role}: {}\n    INSTALLED on {}", Pid(&member.device), time(kept));
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

    fn authorization(&self, out: &mut String) {
        out.push_str("Overall status:\n");
        for member in &self.state.members {
            let role = member.role.as_ref().map_or("Active", slp_model::license::HaRole::as_str);
            let code = self.state.codes.get(&member.device);
            let status = match code {
                Some(code) => format!("SMART AUTHORIZATION INSTALLED on {}", time(Some(code.installed_at))),
                None => "NOT INSTALLED".into(),
            };
            let _ = writeln!(out, "  {role}: {}\n      Status: {status}", Pid(&member.device));
        }
    }
}

struct Pid<'a>(&'a slp_model::Udi);

impl std::fmt::Display for Pid<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PID:{},SN:{}", self.0.pid(), self.0.serial())
    }
}

fn in_use(count: u64) -> &'static str {
    if count > 0 { "IN USE" } else { "NOT IN USE" }
}

/// `Oct 14 12:10:32 2021 UTC`
fn time(time: Option<UnixSeconds>) -> String {
    let Some(time) = time else { return "<none>".into() };
    let text = time.to_string();
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let month = part(5, 7).parse::<usize>().ok().and_then(|month| MONTHS.get(month.checked_sub(1)?));
    format!("{} {} {} {} UTC", month.unwrap_or(&"Jan"), part(8, 10), part(11, 19), part(0, 4))
}
