//! What the device prints for whoever looks for a fault: all of it, one report, its history. Spec: transport, "CLI" (seen).

use std::fmt::Write as _;

use slp_model::license::ReportState;
use slp_model::{UnixMillis, UnixSeconds};
use slp_rum::import::ImportClass;
use slp_transport::push::Kind;

use crate::exchange::CAPABILITIES;
use crate::instance::Device;
use crate::setup::{Feature, Transport};
use crate::show::{Pid, time};

/// Lines of the event log that are kept.
const EVENTS: usize = 500;

/// Kinds of messages, in the order in which they are printed (seen).
const KINDS: [Kind; 9] = [
    Kind::TrustEstablishment,
    Kind::TrustAcknowledgement,
    Kind::UsageReporting,
    Kind::ResultPolling,
    Kind::AuthorizationRequest,
    Kind::AuthorizationConfirmation,
    Kind::AuthorizationReturn,
    Kind::TrustSync,
    Kind::Hello,
];

/// Classes of imports, in the order in which they are printed (seen).
const CLASSES: [ImportClass; 6] = [
    ImportClass::Policy,
    ImportClass::Authorization,
    ImportClass::TrustCode,
    ImportClass::RumAck,
    ImportClass::ConversionAck,
    ImportClass::AccountInfo,
];

impl Device {
    pub(crate) fn tech_support(&self, out: &mut String, local: UnixSeconds) {
        out.push_str(
            "Smart Licensing Tech Support info\n\nSmart Licensing Status\n======================\n\n\
             Smart Licensing is ENABLED\n\nExport Authorization Key:\n  Features Authorized:\n    <none>\n\n",
        );
        self.status(out, local);
        out.push_str("\nLicense Usage\n=============\n");
        for (handle, (feature, count)) in (1_usize..).zip(self.known()) {
            self.handle(out, handle, feature, count, local);
        }
        out.push_str("\nProduct Information\n===================\n");
        self.udi(out);
        let version = env!("CARGO_PKG_VERSION");
        let _ = write!(out, "\nAgent Version\n=============\nSmart Agent for Licensing: simulated {version}\n");
        self.jobs(out, local);
        self.statistics(out);
        let mode = if self.saved.reservation.enabled { "ENABLED" } else { "DISABLED" };
        let _ = write!(out, "\nReservation Info\n================\nLicense reservation: {mode}\n\n");
        self.authorization(out);
        self.report_summary(out);
        self.other(out);
    }

    fn handle(&self, out: &mut String, handle: usize, feature: &Feature, count: u64, local: UnixSeconds) {
        let changed = self.saved.life.changes.get(&feature.name).and_then(|changes| changes.last()).map(|(at, _)| *at);
        let status = if count > 0 { "IN USE(15)" } else { "NOT IN USE(1)" };
        let (enforcement, export) = self.enforcement(feature, local);
        let _ = write!(
            out,
            "Handle: {handle}\n  License: {name}\n  Entitlement Tag: {tag}\n  Description: {text}\n  Count: {count}\n  \
             Version: 1.0\n  Status: {status}\n  Status time: {at}\n  Export status: {export}\n  Feature Name: {name}\n  \
             Feature Description: {text}\n  Enforcement type: {enforcement}\n  License type: {term}\n  Measurements:\n    \
             ENTITLEMENT:\n      Interval: 00:15:00\n      Current Value: {count}\n\n",
            name = feature.name,
            tag = feature.tag,
            text = feature.description,
            at = time(changed),
            term = feature.term(),
        );
    }

    fn jobs(&self, out: &mut String, local: UnixSeconds) {
        let agent = self.agent.state();
        let at = |due: Option<UnixSeconds>| due.map_or("Expired Not Rescheduled".into(), |due| time(Some(due)));
        let _ = write!(
            out,
            "\nUpcoming Scheduled Jobs\n=======================\nCurrent time: {}\nRetrieve data processing result: {}\n\
             Send Utility RUM reports: {}\nData Synchronization: {}\n",
            time(Some(local)),
            at(agent.polls.iter().map(|poll| poll.due).min()),
            at(agent.timers.push),
            at(agent.timers.hello),
        );
    }

    fn statistics(&self, out: &mut String) {
        let agent = self.agent.state();
        let (level, overall) = match (&self.saved.transport, agent.trust) {
            (Transport::Off, _) => ("INDIRECT", "Device configured for Offline transport"),
            (Transport::Smart(_), false) => ("INDIRECT", "Insufficient trust for direct communication"),
            (_, false) => ("INDIRECT", "<empty>"),
            (_, true) => ("DIRECT", "<empty>"),
        };
        let _ = write!(
            out,
            "\nCommunication Statistics:\n=======================\nCommunication Level Allowed: {level}\n\
             Overall State: {overall}\n"
        );
        for kind in KINDS {
            let counters = agent.counters.get(&kind).cloned().unwrap_or_default();
            let last = match (counters.last_response, counters.last_success.max(counters.last_failure)) {
                (None, _) => "<none>".to_owned(),
                (Some(response), None) => response.to_string(),
                (Some(response), Some(at)) => format!("{response} on {}", time(Some(at))),
            };
            let reason = counters.reason.as_deref().unwrap_or("<none>").replace(char::is_control, "?");
            let _ = write!(
                out,
                "{}:\n  Attempts: Total={}, Success={}, Fail={}  Ongoing Failure: Overall={} Communication={}\n  \
                 Last Response: {last}\n    Failure Reason: {reason}\n  Last Success Time: {}\n  Last Failure Time: {}\n",
                kind.title(),
                counters.total,
                counters.success,
                counters.fail,
                counters.overall,
                counters.communication,
                time(counters.last_success),
                time(counters.last_failure),
            );
        }
    }

    fn other(&self, out: &mut String) {
        let peer = self.agent.state().peer_capabilities.as_ref();
        let peer = peer.map_or_else(|| "<empty>".to_owned(), |words| words.join(", ").replace(char::is_control, "?"));
        let _ = write!(
            out,
            "\nOther Info\n==========\nSoftware ID: {}\nBuild type:: Simulation\nconnect_info.capabilities: {peer}\n\
             agent.capabilities: {}\n",
            self.saved.setup.software,
            CAPABILITIES.join(", "),
        );
        for (_, member) in self.members() {
            let has_trust = self.state.trust.get(member).is_some_and(|trust| trust.installed.is_some());
            let state = if has_trust { "INSTALLED" } else { "NOT INSTALLED" };
            let _ = writeln!(out, "P:{},S:{}: Trust Data {state}", member.pid(), member.serial());
        }
    }

    /// One report; none when there is no such.
    pub(crate) fn report_detail(&self, id: u64) -> Option<String> {
        let life = &self.saved.life;
        let name_of = |tag: &str| {
            let found = self.saved.setup.features.iter().find(|feature| feature.tag.as_str() == tag);
            found.map_or("<none>", |feature| feature.name.as_str()).to_owned()
        };
        let kept = life.kept.iter().find(|kept| kept.id.get() == id);
        let (tag, device, state, start, end) = if let Some(kept) = kept {
            (kept.tag.clone(), &kept.device, kept.state.clone(), kept.start, Some(kept.end))
        } else {
            let (name, open) = life.open.iter().find(|(_, open)| open.id.get() == id)?;
            let feature = self.saved.setup.features.iter().find(|feature| feature.name == *name)?;
            let start = open.intervals.first().map_or(open.since, |first| first.start);
            (feature.tag.clone(), self.active(), ReportState::Open, start, None)
        };
        // neighbours of the same licence
        let mut ids: Vec<u64> = life.kept.iter().filter(|kept| kept.tag == tag).map(|kept| kept.id.get()).collect();
        ids.extend(life.open.get(&name_of(tag.as_str())).map(|open| open.id.get()));
        let previous = ids.iter().copied().filter(|other| *other < id).max().unwrap_or(0);
        let next = ids.iter().copied().filter(|other| *other > id).min().unwrap_or(0);
        Some(format!(
            "Smart Licensing Usage Report Detail:\n====================================\nReport Id: {id}\n  \
             Metric Name: ENTITLEMENT\n  Feature Name: {}\n  Metric Value: {tag}\n  UDI: {}\n  \
             Previous Report Id: {previous},    Next Report Id: {next}\n  State: {},      State Change Reason: None\n  \
             Start Time: {},      End Time: {}\n  Storage State: EXIST\n  Transaction ID: 0\n  Transaction Message: <none>\n",
            name_of(tag.as_str()),
            Pid(device),
            state.as_str(),
            time(Some(start)),
            time(end),
        ))
    }

    /// Messages and imports by kind. Of the lines below the headings only those for "none" are public; the others are ours.
    pub(crate) fn history(&self) -> String {
        let ruler = "====================================================";
        let mut out = format!("Message History (oldest to newest):\n{ruler}\n");
        for kind in KINDS {
            let _ = writeln!(out, "{}:", kind.title());
            let counters = self.agent.state().counters.get(&kind).cloned().unwrap_or_default();
            let mut lines = Vec::from_iter(counters.last_success.map(|at| (at, "went well")));
            lines.extend(counters.last_failure.map(|at| (at, "failed")));
            lines.sort_unstable();
            for (at, what) in &lines {
                let _ = writeln!(out, "  last one that {what} on {}", time(Some(*at)));
            }
            if lines.is_empty() {
                out.push_str("  No past history\n");
            }
        }
        let _ = write!(out, "\nImport Message History (oldest to newest):\n{ruler}\n");
        for class in CLASSES {
            let _ = writeln!(out, "Import {class}:");
            let mut any = false;
            for kept in &self.saved.documents {
                for held in kept.holds.iter().filter_map(|held| held.strip_prefix(&format!("{class} "))) {
                    let for_whom = if held.is_empty() { String::new() } else { format!(" for {held}") };
                    let _ = writeln!(out, "  in force since {}{for_whom}", time(Some(kept.at)));
                    any = true;
                }
            }
            if class == ImportClass::RumAck
                && let Some(at) = self.saved.last_ack
            {
                let _ = writeln!(out, "  last one on {}", time(Some(at)));
                any = true;
            }
            if !any {
                out.push_str("  No past Import history\n");
            }
            out.push('\n');
        }
        out
    }

    /// Notes an event, in memory alone: a reload does not end it, the end of the process does.
    pub(crate) fn event(&mut self, feature: &Feature, count: u64, now: UnixMillis) {
        if self.events.len() >= EVENTS {
            self.events.pop_front();
        }
        let local = self.local(now);
        let text = format!("SAEVT_ENDPOINT_USAGE count=\"{count}\" entitlementTag=\"{}\"", feature.tag);
        self.events.push_back((local, text));
    }

    /// The event log, of the last so many days or all of it.
    pub(crate) fn event_log(&self, days: Option<u32>, local: UnixSeconds) -> String {
        let from = days.map(|days| local.get().saturating_sub(i64::from(days).saturating_mul(86_400)));
        let mut lines = String::new();
        for (at, event) in self.events.iter().filter(|(at, _)| from.is_none_or(|from| at.get() >= from)) {
            let at = at.to_millis().to_string().replace('T', " ").replace('Z', " UTC");
            let _ = writeln!(lines, "{at} {event}");
        }
        if lines.is_empty() { " No EventLog Found.\n".into() } else { format!("**** Event Log ****\n\n{lines}") }
    }
}
