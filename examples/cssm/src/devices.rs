//! What is known of each device: its reports byte for byte, its codes, its trust.

use std::collections::{BTreeMap, BTreeSet};

use slp_model::{EntitlementTag, ReportId, Udi, UnixMillis, UnixSeconds};
use slp_rum::{AuthorizationCode, UsageReport};

/// A report as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredReport {
    /// When it came first.
    pub received: UnixMillis,
    /// Its payload, byte for byte.
    pub payload: String,
    /// SHA-256 of the payload.
    pub sha256: [u8; 32],
    /// How often it came.
    pub deliveries: u32,
    /// The licence, the end of its last interval and the count in it; none for telemetry.
    pub usage: Option<(EntitlementTag, UnixSeconds, u64)>,
    /// The other devices of its set, that it names.
    pub peers: BTreeSet<Udi>,
}

/// What a device last said about a licence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Latest<'d> {
    pub(crate) end: UnixSeconds,
    pub(crate) id: ReportId,
    pub(crate) count: u64,
    pub(crate) peers: &'d BTreeSet<Udi>,
}

/// A device.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Device {
    /// Its virtual account.
    pub virtual_account: String,
    /// The UUID under which it is known since it has trust.
    pub piid: Option<String>,
    /// Its host name, if it told.
    pub hostname: Option<String>,
    /// Its software.
    pub software_tag: Option<String>,
    /// When it was heard of first.
    pub registered: UnixMillis,
    /// When it was heard of last.
    pub last_contact: UnixMillis,
    /// Its reports. A second payload under one id is kept beside the first.
    pub reports: BTreeMap<ReportId, Vec<StoredReport>>,
    /// Its authorization code.
    pub code: Option<AuthorizationCode>,
}

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    New,
    Again,
    /// Another payload is there under this id.
    Conflict,
}

impl Device {
    pub(crate) fn new(virtual_account: String, now: UnixMillis) -> Self {
        Self {
            virtual_account,
            piid: None,
            hostname: None,
            software_tag: None,
            registered: now,
            last_contact: now,
            reports: BTreeMap::new(),
            code: None,
        }
    }

    pub(crate) fn store(&mut self, report: &UsageReport, now: UnixMillis) -> Stored {
        let versions = self.reports.entry(report.id()).or_default();
        let sha256 = report.payload_sha256();
        if let Some(known) = versions.iter_mut().find(|known| known.sha256 == sha256) {
            known.deliveries = known.deliveries.saturating_add(1);
            return Stored::Again;
        }
        let last = report.measurements().iter().max_by_key(|measurement| (measurement.end, measurement.start));
        let usage = match (report.entitlement_tag(), last.and_then(|last| Some((last.end, last.count()?)))) {
            (Some(tag), Some((end, count))) => Some((tag.clone(), end, count)),
            _ => None,
        };
        let payload = report.payload_text().to_owned();
        let peers =
            report.ha().iter().map(|one| &one.device).filter(|peer| *peer != report.device()).cloned().collect();
        versions.push(StoredReport { received: now, payload, sha256, deliveries: 1, usage, peers });
        if versions.len() == 1 { Stored::New } else { Stored::Conflict }
    }

    /// The count in use per licence: that of the interval that ended last.
    pub(crate) fn in_use(&self) -> BTreeMap<&EntitlementTag, Latest<'_>> {
        let mut latest: BTreeMap<&EntitlementTag, Latest<'_>> = BTreeMap::new();
        for (id, versions) in &self.reports {
            for version in versions {
                let Some((tag, end, count)) = &version.usage else { continue };
                let new = Latest { end: *end, id: *id, count: *count, peers: &version.peers };
                let entry = latest.entry(tag).or_insert(new);
                if (entry.end, entry.id, entry.count) < (new.end, new.id, new.count) {
                    *entry = new;
                }
            }
        }
        latest
    }
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Devices(pub(crate) BTreeMap<Udi, Device>);

impl Devices {
    /// The device, known from now on if it was not.
    pub(crate) fn hear(&mut self, udi: &Udi, default_account: &str, now: UnixMillis) -> &mut Device {
        let device = self.0.entry(udi.clone()).or_insert_with(|| Device::new(default_account.to_owned(), now));
        device.last_contact = device.last_contact.max(now);
        device
    }
}
