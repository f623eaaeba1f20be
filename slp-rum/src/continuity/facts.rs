//! What no report tells and a check may need.

use std::collections::{BTreeMap, BTreeSet};

use slp_model::license::ReportState;
use slp_model::{ReportId, Span, Udi, UnixSeconds};

/// Facts from outside the reports. All of them may be left out: then the findings that need them are not raised.
///
/// ```
/// use slp_model::license::ReportState;
/// use slp_model::{ReportId, Udi, UnixSeconds};
/// use slp_rum::continuity::Facts;
///
/// let device = Udi::new("C9300-24UX", "TST00000001")?;
/// let mut facts = Facts::default();
/// facts.now = Some(UnixSeconds::new(1_700_000_000)?);
/// facts.acknowledged.entry(device.clone()).or_default().insert(ReportId::new(1_671_840_750));
/// facts.list(device, ReportId::new(1_671_840_751), Some(ReportState::Closed));
/// # Ok::<(), slp_model::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Facts {
    /// The present time. For `RUM-TIME` and the severity of `RUM-NOACK`.
    pub now: Option<UnixSeconds>,
    /// The reports that are known to be acknowledged. A device that is absent here is not checked for `RUM-NOACK`: give
    /// it an empty set if none of its reports is.
    pub acknowledged: BTreeMap<Udi, BTreeSet<ReportId>>,
    /// Reports that a device lists, with their state where the list tells it. For `RUM-MISSING`.
    pub listed: BTreeMap<Udi, BTreeMap<ReportId, Option<ReportState>>>,
    /// How many reports a device has lost, as it counts them itself. For `RUM-PURGED`.
    pub counters: BTreeMap<Udi, Counters>,
    /// The time that has to be covered. Adds gaps at its edges to `RUM-GAP`.
    pub window: Option<Span>,
    /// When the policy wants the acknowledgement at the latest. For the severity of `RUM-NOACK`.
    pub deadline: Option<UnixSeconds>,
}

impl Facts {
    /// Adds one line of a device's list of reports.
    pub fn list(&mut self, device: Udi, id: ReportId, state: Option<ReportState>) {
        self.listed.entry(device).or_default().insert(id, state);
    }
}

/// Counters of a device: `Purged` and `MIA` of its technical support text (seen).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Reports that were purged before they were acknowledged.
    pub purged: u64,
    /// Reports that should be there and are not.
    pub mia: u64,
}

impl Counters {
    /// These numbers.
    pub fn new(purged: u64, mia: u64) -> Self {
        Self { purged, mia }
    }
}
