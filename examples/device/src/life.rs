//! Licences in use, and the reports about them: open, closed, sent, acknowledged, purged. Spec: rum, "Life cycle".

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use slp_crypto::{Signer as _, SigningKey};
use slp_kit::Error;
use slp_model::license::{CloseReason, HaRole, ReportState, SigningType, TerminationReason};
use slp_model::policy::clock::{Change, LicenseUse};
use slp_model::{EntitlementTag, ReportId, Seconds, Udi, UnixSeconds};
use slp_rum::write::UsageDraft;
use slp_rum::{HaMember, Header, Measurement, ReadOptions, Signature, UsageReport};

use crate::setup::{Feature, Setup};

/// One interval that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Interval {
    /// Its first second.
    pub start: UnixSeconds,
    /// The first second after it.
    pub end: UnixSeconds,
    /// The count.
    pub count: u64,
    /// By how much the clock was set at its end.
    pub clock_delta: Option<i64>,
}

/// A report that still grows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OpenReport {
    /// Its id.
    pub id: ReportId,
    /// The intervals that are over.
    pub intervals: Vec<Interval>,
    /// Since when the present interval runs.
    pub since: UnixSeconds,
    /// The present count.
    pub count: u64,
}

/// A closed report: it never changes any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct KeptReport {
    /// Its id.
    pub id: ReportId,
    /// The device that it names.
    pub device: Udi,
    /// Its licence.
    pub tag: EntitlementTag,
    /// The start of its first interval.
    pub start: UnixSeconds,
    /// The end of its last interval.
    pub end: UnixSeconds,
    /// How far it is: `CLOSED`, `PENDING` once sent, `UNACK` once somebody asked for it.
    pub state: ReportState,
    /// When it was sent last.
    pub sent_at: Option<UnixSeconds>,
    /// The signed text.
    payload: String,
    /// Its signature, Base64.
    signature: String,
    /// Which key made it.
    key: String,
}

impl KeptReport {
    /// The report as it is sent.
    ///
    /// # Errors
    /// Never for one that this program wrote.
    pub fn report(&self) -> Result<UsageReport, Error> {
        let outer = Signature::new(SigningType::Sha256, self.key.as_str(), self.signature.as_str());
        let outer = outer.by(self.device.clone());
        Ok(UsageReport::from_payload(self.payload.as_str(), Some(Header::rum()), Some(outer), &ReadOptions::default())?)
    }

    /// The signed text.
    pub fn payload(&self) -> &str {
        &self.payload
    }
}

/// Licences and reports of one device.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Life {
    /// By name of the licence.
    pub open: BTreeMap<String, OpenReport>,
    /// Closed ones, oldest first.
    pub kept: Vec<KeptReport>,
    /// Changes of counts, by name of the licence: what the policy's clock looks at.
    pub changes: BTreeMap<String, Vec<(UnixSeconds, u64)>>,
    /// Until when each licence is acknowledged.
    pub covered: BTreeMap<String, UnixSeconds>,
    /// The last id.
    pub last_id: u64,
    /// Reports that were thrown away unacknowledged, for want of room.
    pub purged: u64,
    /// Reports that were acknowledged, and are gone.
    pub acknowledged: u64,
}

/// A report of so many intervals is closed: one that nobody can read any more helps nobody.
const LONG: usize = 1_000;
/// Seconds between two samples (seen).
const SAMPLING: i64 = 900;

/// What became of reports when they were closed.
#[derive(Debug, Default)]
pub(crate) struct Closed {
    pub(crate) closed: Vec<(Udi, ReportId)>,
    /// Thrown away for want of room.
    pub(crate) purged: Vec<(Udi, ReportId)>,
}

/// Why a report ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Requested,
    Reload,
}

impl Life {
    /// The first id is the time, each further one is one more, whatever the licence and whatever the clock does since.
    /// Spec: rum, "Report ids".
    fn next_id(&mut self, now: UnixSeconds) -> ReportId {
        self.last_id = match self.last_id {
            0 => u64::try_from(now.get()).unwrap_or(0).max(1),
            last => last.saturating_add(1),
        };
        ReportId::new(self.last_id)
    }

    /// Has a report become so long that it has to end?
    pub(crate) fn is_long(&self) -> bool {
        self.open.values().any(|open| open.intervals.len() >= LONG)
    }

    /// The present count of a licence.
    pub fn count(&self, feature: &str) -> u64 {
        self.open.get(feature).map_or(0, |open| open.count)
    }

    /// So many are in use from now on.
    pub(crate) fn set_count(&mut self, feature: &Feature, count: u64, now: UnixSeconds) -> bool {
        if self.count(&feature.name) == count {
            return false;
        }
        self.changes.entry(feature.name.clone()).or_default().push((now, count));
        if let Some(open) = self.open.get_mut(&feature.name) {
            // a change within one second leaves no interval
            if now > open.since {
                open.intervals.push(Interval { start: open.since, end: now, count: open.count, clock_delta: None });
            }
            (open.since, open.count) = (now, count);
        } else {
            let id = self.next_id(now);
            let open = OpenReport { id, intervals: Vec::new(), since: now, count };
            self.open.insert(feature.name.clone(), open);
        }
        true
    }

    /// A measurement ends here and the next one begins, in the same report: who is in the set has changed.
    pub(crate) fn mark(&mut self, now: UnixSeconds) {
        for open in self.open.values_mut().filter(|open| now > open.since) {
            open.intervals.push(Interval { start: open.since, end: now, count: open.count, clock_delta: None });
            open.since = now;
        }
    }

    /// The clock was set: `now` on the old clock, `delta` seconds further on the new one.
    pub(crate) fn step_clock(&mut self, now: UnixSeconds, delta: i64) {
        let after = now.saturating_add(Seconds::new(delta));
        for open in self.open.values_mut() {
            let interval = Interval { start: open.since, end: after, count: open.count, clock_delta: Some(delta) };
            open.intervals.push(interval);
            open.since = after;
        }
    }

    /// Closes every open report and opens the next one, where the licence is in use. On an error nothing has changed.
    pub(crate) fn close(&mut self, signer: &Signing<'_>, ending: Ending, now: UnixSeconds) -> Result<Closed, Error> {
        let mut ended = Vec::new();
        for (name, open) in &self.open {
            let feature = signer.setup.features.iter().find(|feature| feature.name == *name);
            let Some(feature) = feature else { continue };
            let mut open = open.clone();
            if now > open.since {
                let interval = Interval { start: open.since, end: now, count: open.count, clock_delta: None };
                open.intervals.push(interval);
            }
            if !open.intervals.is_empty() {
                ended.push((name.clone(), open.count, sign(signer, feature, &open, ending)?));
            }
        }
        let mut done = Closed::default();
        for (name, count, kept) in ended {
            done.closed.push((kept.device.clone(), kept.id));
            self.kept.push(kept);
            self.open.remove(&name);
            if count > 0 {
                let id = self.next_id(now);
                self.open.insert(name, OpenReport { id, intervals: Vec::new(), since: now, count });
            }
        }
        let too_many = self.kept.len().saturating_sub(signer.setup.room);
        done.purged.extend(self.kept.drain(..too_many).map(|kept| (kept.device, kept.id)));
        done.closed.retain(|key| !done.purged.contains(key));
        self.purged = self.purged.saturating_add(done.purged.len() as u64);
        Ok(done)
    }

    /// These reports are acknowledged: they are deleted.
    pub(crate) fn acknowledge(&mut self, setup: &Setup, ids: &[(Udi, ReportId)]) {
        let mut gone = Vec::new();
        self.kept.retain(|kept| {
            let done = ids.iter().any(|(device, id)| *id == kept.id && *device == kept.device);
            if done {
                gone.push((kept.tag.clone(), kept.end));
            }
            !done
        });
        self.acknowledged = self.acknowledged.saturating_add(gone.len() as u64);
        for (tag, end) in gone {
            for feature in setup.features.iter().filter(|feature| feature.tag == tag) {
                let covered = self.covered.entry(feature.name.clone()).or_insert(end);
                *covered = (*covered).max(end);
                let covered = *covered;
                if let Some(changes) = self.changes.get_mut(&feature.name) {
                    forget(changes, covered);
                }
            }
        }
    }

    pub(crate) fn find(&mut self, device: &Udi, id: ReportId) -> Option<&mut KeptReport> {
        self.kept.iter_mut().find(|kept| kept.id == id && kept.device == *device)
    }

    /// What the policy's clock looks at.
    pub fn uses(&self, setup: &Setup) -> Vec<LicenseUse> {
        let mut uses = Vec::new();
        for feature in &setup.features {
            let Some(changes) = self.changes.get(&feature.name) else { continue };
            let changes = changes.iter().map(|(at, count)| Change::new(*at, *count)).collect();
            let mut licence = LicenseUse::new(feature.tag.clone(), feature.class, changes);
            licence.covered = self.covered.get(&feature.name).copied();
            uses.push(licence);
        }
        uses
    }
}

/// Of the changes that a report covers the last one counts, and the last one with the licence in use.
fn forget(changes: &mut Vec<(UnixSeconds, u64)>, covered: UnixSeconds) {
    let last = changes.iter().rposition(|(at, _)| *at <= covered);
    let used = changes.iter().rposition(|(at, count)| *at <= covered && *count > 0);
    let mut index = 0;
    changes.retain(|(at, _)| {
        let stays = *at > covered || Some(index) == last || Some(index) == used;
        index += 1;
        stays
    });
}

/// Who signs, and what every report says.
pub(crate) struct Signing<'a> {
    pub(crate) setup: &'a Setup,
    /// The place of the active member.
    pub(crate) active: usize,
    pub(crate) device: &'a Udi,
    pub(crate) key: &'a SigningKey,
    pub(crate) piid: Option<&'a str>,
}

fn sign(signer: &Signing<'_>, feature: &Feature, open: &OpenReport, ending: Ending) -> Result<KeptReport, Error> {
    let Signing { setup, active, device, key, piid } = signer;
    let mut draft = UsageDraft::v2(open.id, (*device).clone(), setup.software.clone(), feature.tag.clone());
    draft.product_instance_id = piid.map(str::to_owned);
    if setup.members.len() > 1 {
        let members = setup.members.iter().enumerate();
        draft.ha = members.map(|(index, member)| HaMember::new(setup.role(*active, index), member.clone())).collect();
        draft.ha.sort_by_key(|member| member.role != HaRole::Active);
    }
    for interval in &open.intervals {
        let mut measurement = Measurement::new(interval.start, interval.end, interval.count);
        measurement.clock_delta = interval.clock_delta.map(Seconds::new);
        let samples = measurement.elapsed().get().saturating_add(SAMPLING / 2) / SAMPLING;
        measurement.samples = Some(u64::try_from(samples).unwrap_or(0).saturating_add(1));
        draft.measurements.push(measurement);
    }
    if let Some(last) = draft.measurements.last_mut() {
        (last.termination, last.close) = match ending {
            Ending::Requested => (Some(TerminationReason::CurrentUsageRequested), Some(CloseReason::Smart)),
            Ending::Reload => (Some(TerminationReason::ProductReload), Some(CloseReason::ProductReload)),
        };
    }
    let key_id = key.public_key().id().to_string();
    let inner = key.sign(draft.to_text()?.as_bytes())?.to_base64();
    let payload = draft.to_signed_text(&Signature::new(SigningType::Sha256, key_id.as_str(), inner))?;
    let signature = key.sign(payload.as_bytes())?.to_base64();
    let (first, last) = (open.intervals.first(), open.intervals.last());
    Ok(KeptReport {
        id: open.id,
        device: (*device).clone(),
        tag: feature.tag.clone(),
        start: first.map_or(open.since, |first| first.start),
        end: last.map_or(open.since, |last| last.end),
        state: ReportState::Closed,
        sent_at: None,
        payload,
        signature,
        key: key_id,
    })
}
