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

/// Why a report ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Requested,
    Reload,
}

impl Life {
    /// An id that no report had: ids of real devices grow with time, too (seen).
    fn next_id(&mut self, now: UnixSeconds) -> ReportId {
        self.last_id = u64::try_from(now.get()).unwrap_or(0).max(self.last_id.saturating_add(1));
        ReportId::new(self.last_id)
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

    /// The clock was set: `now` on the old clock, `delta` seconds further on the new one.
    pub(crate) fn step_clock(&mut self, now: UnixSeconds, delta: i64) {
        let after = now.saturating_add(Seconds::new(delta));
        for open in self.open.values_mut() {
            let interval = Interval { start: open.since, end: after, count: open.count, clock_delta: Some(delta) };
            open.intervals.push(interval);
            open.since = after;
        }
    }

    /// Closes every open report and opens the next one, where the licence is in use. The ids of the closed ones.
    pub(crate) fn close(
        &mut self,
        setup: &Setup,
        active: &Udi,
        key: &SigningKey,
        piid: Option<&str>,
        ending: Ending,
        now: UnixSeconds,
    ) -> Result<Vec<ReportId>, Error> {
        let mut closed = Vec::new();
        for (name, mut open) in std::mem::take(&mut self.open) {
            let feature = setup.features.iter().find(|feature| feature.name == name);
            let Some(feature) = feature else { continue };
            if now > open.since {
                let interval = Interval { start: open.since, end: now, count: open.count, clock_delta: None };
                open.intervals.push(interval);
            }
            if open.intervals.is_empty() {
                self.open.insert(name, open);
                continue;
            }
            let kept = sign(setup, feature, active, key, piid, &open, ending)?;
            closed.push(kept.id);
            self.kept.push(kept);
            if open.count > 0 {
                let id = self.next_id(now);
                self.open.insert(name, OpenReport { id, intervals: Vec::new(), since: now, count: open.count });
            }
        }
        while self.kept.len() > setup.room {
            self.kept.remove(0);
            self.purged = self.purged.saturating_add(1);
        }
        Ok(closed)
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

fn sign(
    setup: &Setup,
    feature: &Feature,
    active: &Udi,
    key: &SigningKey,
    piid: Option<&str>,
    open: &OpenReport,
    ending: Ending,
) -> Result<KeptReport, Error> {
    let mut draft = UsageDraft::v2(open.id, active.clone(), setup.software.clone(), feature.tag.clone());
    draft.product_instance_id = piid.map(str::to_owned);
    if setup.members.len() > 1 {
        let role = |member: &Udi| if member == active { HaRole::Active } else { HaRole::Standby };
        draft.ha = setup.members.iter().map(|member| HaMember::new(role(member), member.clone())).collect();
        draft.ha.sort_by_key(|member| member.role != HaRole::Active);
    }
    for interval in &open.intervals {
        let mut measurement = Measurement::new(interval.start, interval.end, interval.count);
        measurement.clock_delta = interval.clock_delta.map(Seconds::new);
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
        device: active.clone(),
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
