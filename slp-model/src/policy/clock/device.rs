//! What a device itself prints about its next report. Spec: ack-auth, "What the device prints".

use super::{LicenseUse, obligations};
use crate::policy::{Attribute, LicenseClass, Policy};
use crate::{Seconds, UnixSeconds, word_enum};

word_enum! {
    /// Where a device is in its reporting life; tech support prints a number. Words: `before-first-report`, `reporting`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Phase: "phase" {
        /// `State(2)`: no report was sent yet (inferred).
        BeforeFirstReport = "before-first-report",
        /// `State(4)`: reports were sent (inferred).
        Reporting = "reporting",
    }
}

/// `N` of `InPolicy(N)`: the least number of days, other than 0, that the policy asks of the classes in use: of
/// `firstTimeReport` before the first report, of `onGoingReporting` after it. 0 if none (inferred; one capture prints 0
/// where this gives 365).
pub fn printed_interval(policy: &Policy, classes: impl IntoIterator<Item = LicenseClass>, phase: Phase) -> u32 {
    let attribute = match phase {
        Phase::BeforeFirstReport => Attribute::First,
        Phase::Reporting => Attribute::Ongoing,
    };
    let days = classes.into_iter().map(|class| policy.days(class, attribute).days);
    days.filter(|days| *days > 0).min().unwrap_or(0)
}

/// `Next ACK deadline`: the last acknowledgement, or before there is one the first use, plus [`printed_interval`] days,
/// to the second (seen). `None` for `<none>`.
///
/// A deadline that was set in the instant of a trust or policy install is one second later on real devices (seen).
pub fn printed_ack_deadline(
    policy: &Policy,
    licences: &[LicenseUse],
    last_ack: Option<UnixSeconds>,
    now: UnixSeconds,
) -> Option<UnixSeconds> {
    if !policy.requires_ack() {
        return None;
    }
    let uses = licences.iter().filter_map(|licence| Some((licence.class, licence.first_use(now)?)));
    let (classes, first_uses): (Vec<_>, Vec<_>) = uses.unzip();
    let (phase, base) = match last_ack {
        Some(ack) => (Phase::Reporting, ack),
        None => (Phase::BeforeFirstReport, first_uses.into_iter().min()?),
    };
    match printed_interval(policy, classes, phase) {
        0 => None,
        days => Some(base.saturating_add(Seconds::from_days(days))),
    }
}

word_enum! {
    /// Where the acknowledgement stands when a device boots: notification 53. Its words are those of the notification,
    /// numbers 0 to 5 in this order (doc).
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum AckState: "state of an acknowledgement" {
        /// No state.
        Invalid = "invalid",
        /// The policy asks for none.
        AckNotRequired = "ackNotRequired",
        /// Nothing is due.
        ReportNotRequired = "reportNotRequired",
        /// It came.
        Received = "received",
        /// It did not come yet.
        NotReceived = "notReceived",
        /// It is overdue.
        Expired = "expired",
    }
}

impl AckState {
    /// The state by our rules: no acknowledgement required; nothing due; overdue; received, when the last one is no
    /// earlier than every base that days are counted from; otherwise not received (choice).
    pub fn of(
        policy: &Policy,
        installed_at: Option<UnixSeconds>,
        licences: &[LicenseUse],
        last_ack: Option<UnixSeconds>,
        now: UnixSeconds,
    ) -> Self {
        if !policy.requires_ack() {
            return Self::AckNotRequired;
        }
        let dues = obligations(policy, installed_at, licences, last_ack, now);
        if dues.is_empty() {
            Self::ReportNotRequired
        } else if dues.iter().any(|due| due.is_overdue(now)) {
            Self::Expired
        } else if last_ack.is_some_and(|ack| dues.iter().all(|due| ack >= due.base)) {
            Self::Received
        } else {
            Self::NotReceived
        }
    }
}
