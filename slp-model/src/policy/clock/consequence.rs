//! What happens when nobody acknowledges: how bad an approaching or missed date is.

use super::Due;
use crate::policy::LicenseClass;
use crate::{Seconds, Severity, UnixSeconds, word_enum};

/// A device speaks up so many days before a date (doc, of one device family).
const WARNING_DAYS: u32 = 30;

word_enum! {
    /// What a product does while an acknowledgement is missing. Words: `logs`, `may-stop-calls`, `stops-calls`.
    /// Spec: ack-auth, "Effects on the device".
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum WithoutAck: "consequence" {
        /// It writes messages to its log (doc).
        #[default]
        Logs = "logs",
        /// It may stop processing calls until a valid acknowledgement arrives: session border controllers (doc).
        MayStopCalls = "may-stop-calls",
        /// It stops calls: survivable telephony of certain releases (doc).
        StopsCalls = "stops-calls",
    }
}

impl WithoutAck {
    /// What survivable telephony (Unified SRST) of this release does: 17.3.2, 17.3.3, 17.3.4a, 17.6.1a, and every 17.4
    /// and 17.5 stop calls (doc).
    ///
    /// ```
    /// use slp_model::policy::clock::WithoutAck;
    ///
    /// assert_eq!(WithoutAck::of_survivable_telephony("17.3.4a"), WithoutAck::StopsCalls);
    /// assert_eq!(WithoutAck::of_survivable_telephony("17.5.1"), WithoutAck::StopsCalls);
    /// assert_eq!(WithoutAck::of_survivable_telephony("17.9.1"), WithoutAck::Logs);
    /// ```
    pub fn of_survivable_telephony(release: &str) -> Self {
        let release = release.trim();
        let train =
            |train: &str| release.strip_prefix(train).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        if matches!(release, "17.3.2" | "17.3.3" | "17.3.4a" | "17.6.1a") || train("17.4") || train("17.5") {
            Self::StopsCalls
        } else {
            Self::Logs
        }
    }
}

/// How bad a due date is now, by what follows from missing it (choice).
///
/// More than 30 days ahead: [`Severity::Info`]. Within 30 days: [`Severity::Warning`]. Missed: a warning while the device
/// only writes to its log; [`Severity::Error`] for enforced and export restricted licences, and for products that may
/// stop calls.
pub fn severity(due: &Due, product: WithoutAck, now: UnixSeconds) -> Severity {
    let has_teeth = product != WithoutAck::Logs || matches!(due.class, LicenseClass::Enforced | LicenseClass::Export);
    if due.is_overdue(now) && has_teeth {
        Severity::Error
    } else if now.saturating_add(Seconds::from_days(WARNING_DAYS)) >= due.at {
        Severity::Warning
    } else {
        Severity::Info
    }
}
