//! What time a certificate is judged at. Spec: crypto, "Time".

use slp_model::UnixSeconds;

use crate::verdict::{Detail, NotVerified, Warning};

/// What the dates of certificates are compared with. There is no clock in this crate: the caller says.
///
/// Both ends of a certificate are inside, in whole seconds; `9999-12-31T23:59:59Z` means "no end" (doc, IEEE 802.1AR).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimePolicy {
    /// Nothing. The evidence says so. For archives.
    Ignore,
    /// This time; a certificate outside its dates verifies with a warning. For reports (their own last time) and
    /// statements (the time of capture): boxes outlive their certificates.
    At(UnixSeconds),
    /// This time, the caller's now; a certificate outside its dates is invalid. For onboarding and for documents that
    /// the SDK defines.
    Now(UnixSeconds),
}

/// The dates of a certificate, in seconds since 1970, both included. `None` is "no end".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Validity {
    /// The first second.
    pub not_before: UnixSeconds,
    /// The last second.
    pub not_after: Option<UnixSeconds>,
}

/// 9999-12-31T23:59:59Z.
const NO_END: i64 = 253_402_300_799;

impl Validity {
    pub(crate) fn new(not_before: i64, not_after: i64) -> Option<Self> {
        let not_after = if not_after == NO_END { None } else { Some(seconds(not_after)?) };
        Some(Self { not_before: seconds(not_before)?, not_after })
    }

    /// What there is to say about a certificate with these dates.
    pub(crate) fn judge(self, time: TimePolicy) -> Result<Option<Warning>, NotVerified> {
        let (TimePolicy::At(at) | TimePolicy::Now(at)) = time else {
            return Ok(Some(Warning::TimeNotChecked));
        };
        let refused = matches!(time, TimePolicy::Now(_));
        if at < self.not_before {
            if refused {
                let text = format!("certificate begins {}, after the given time", self.not_before);
                return Err(NotVerified::invalid(Detail::NotYetValid, text));
            }
            return Ok(Some(Warning::NotYetValid { not_before: self.not_before, at }));
        }
        match self.not_after {
            Some(not_after) if at > not_after && refused => {
                let text = format!("certificate ended {not_after}, {} before the given time", span(not_after, at));
                Err(NotVerified::invalid(Detail::Expired, text))
            }
            Some(not_after) if at > not_after => Ok(Some(Warning::Expired { not_after, at })),
            _ => Ok(None),
        }
    }

    /// The same for an issuer: trusting it was the user's decision, so there are warnings only.
    pub(crate) fn judge_anchor(self, time: TimePolicy) -> Option<Warning> {
        let (TimePolicy::At(at) | TimePolicy::Now(at)) = time else {
            return None;
        };
        match self.not_after {
            _ if at < self.not_before => Some(Warning::AnchorNotYetValid { not_before: self.not_before, at }),
            Some(not_after) if at > not_after => Some(Warning::AnchorExpired { not_after, at }),
            _ => None,
        }
    }
}

/// Whole seconds since 1970; what lies before counts as 1970.
fn seconds(timestamp: i64) -> Option<UnixSeconds> {
    UnixSeconds::new(timestamp.max(0)).ok()
}

/// The time between two seconds in the largest unit that fits, rounded down.
fn span(from: UnixSeconds, to: UnixSeconds) -> String {
    let seconds = to.get().saturating_sub(from.get());
    let (count, unit) = match seconds {
        ..=59 => (seconds, "second"),
        60..=3_599 => (seconds / 60, "minute"),
        3_600..=86_399 => (seconds / 3_600, "hour"),
        86_400..=31_557_599 => (seconds / 86_400, "day"),
        _ => (seconds / 31_557_600, "year"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}
