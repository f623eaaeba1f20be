//! Values of the tree: times as text, and words of which new ones may appear.

use slp_model::license::ReportState;
use slp_model::{UnixSeconds, open_enum};

use crate::wire::{Fail, In, Out, Wire, words};

/// A `date-and-time` of YANG (RFC 6991), as the device wrote it.
///
/// Where a device has no time to tell, it may say one that means none: the module promises "zero" for some.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DateAndTime(String);

impl DateAndTime {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The moment, or `None` for a text that is no time from 1970 to 9999. Offsets from UTC are taken off, fractions cut.
    pub fn seconds(&self) -> Option<UnixSeconds> {
        let (day, clock) = self.0.split_at_checked(11).filter(|(day, _)| day.ends_with(['T', 't']))?;
        let (clock, offset) = match clock.find(['Z', 'z', '+', '-']) {
            Some(at) => clock.split_at_checked(at)?,
            None => return None,
        };
        let minutes = match offset {
            "Z" | "z" => 0,
            _ => {
                let (hours, minutes) = offset.get(1..)?.split_once(':')?;
                let part = |text: &str, most: i64| {
                    let number = (text.len() == 2).then(|| text.parse::<u8>().ok()).flatten().map(i64::from)?;
                    (text.bytes().all(|byte| byte.is_ascii_digit()) && number <= most).then_some(number)
                };
                let minutes = part(hours, 23)?.saturating_mul(60).saturating_add(part(minutes, 59)?);
                if offset.starts_with('-') { 0_i64.saturating_sub(minutes) } else { minutes }
            }
        };
        let local: UnixSeconds = format!("{}T{clock}Z", day.get(..10)?).parse().ok()?;
        UnixSeconds::new(local.get().saturating_sub(minutes.saturating_mul(60))).ok()
    }
}

impl From<String> for DateAndTime {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for DateAndTime {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<UnixSeconds> for DateAndTime {
    fn from(at: UnixSeconds) -> Self {
        Self(at.to_string())
    }
}

impl Wire for DateAndTime {
    fn read(input: &mut In<'_, '_>) -> Result<Self, Fail> {
        String::read(input).map(Self)
    }

    fn write(&self, out: &mut Out) {
        out.string(&self.0);
    }
}

open_enum! {
    /// How far the registration of the classic way is: `registration-state-enum`.
    pub enum RegistrationState {
        /// Number 0.
        NotRegistered = "reg-state-not-registered",
        /// Number 1: registered.
        Complete = "reg-state-complete",
        /// Number 2.
        InProgress = "reg-state-in-progress",
        /// Number 3: the first attempt failed, another is under way.
        Retry = "reg-state-retry",
        /// Number 4.
        Failed = "reg-state-failed",
    }
}

open_enum! {
    /// Authorization of the classic way: `authorization-state-enum`.
    pub enum AuthorizationState {
        /// Number 0: no licence is in use.
        NoneInUse = "auth-state-none",
        /// Number 1: the evaluation period is counting down.
        Eval = "auth-state-eval",
        /// Number 2: the evaluation period is over.
        EvalExpired = "auth-state-eval-expired",
        /// Number 3: all is authorized.
        Authorized = "auth-state-authorized",
        /// Number 4: authorized by a reservation.
        AuthorizedReservation = "auth-state-authorized-reservation",
        /// Number 5: more is in use than was bought.
        OutOfCompliance = "auth-state-out-of-compliance",
        /// Number 6: no contact for more than 90 days.
        AuthorizationExpired = "auth-state-authorization-expired",
    }
}

open_enum! {
    /// What began the reporting of utility usage: `utility-reporting-type-enum`.
    pub enum UtilityReportingType {
        /// Number 0: there is none.
        NotReporting = "utility-reporting-type-none",
        /// Number 1: a subscription.
        Subscription = "utility-reporting-type-subscription",
        /// Number 2: a certificate of a billing platform.
        Certificate = "utility-reporting-type-certificate",
    }
}

open_enum! {
    /// How a device sends: `transport-type-enum`.
    pub enum TransportType {
        /// Number 0.
        Callhome = "transport-type-callhome",
        /// Number 1: to the cloud.
        Smart = "transport-type-smart",
        /// Number 2: to a collector.
        Cslu = "transport-type-cslu",
        /// Number 3: not at all.
        Off = "transport-type-off",
        /// Number 4: it chooses.
        Automatic = "transport-type-automatic",
    }
}

open_enum! {
    /// State of a licence in use: `enforcement-mode-enum`. Other numbers than those of the MIB.
    pub enum EnforcementMode {
        /// Number 0: asked for, not answered yet.
        Waiting = "enforcement-waiting",
        /// Number 1.
        InCompliance = "enforcement-in-compliance",
        /// Number 2: more in use than bought.
        OutOfCompliance = "enforcement-out-of-compliance",
        /// Number 3: more in use than bought, within the contract.
        Overage = "enforcement-overage",
        /// Number 4: evaluation period.
        Evaluation = "enforcement-evaluation",
        /// Number 5: the evaluation period is over.
        EvaluationExpired = "enforcement-evaluation-expired",
        /// Number 6: no contact for too long.
        AuthorizationExpired = "enforcement-authorization-expired",
        /// Number 7: by a reservation.
        ReservationInCompliance = "enforcement-reservation-in-compliance",
        /// Number 8: the cloud does not know the tag.
        InvalidTag = "enforcement-invalid-tag",
        /// Number 9.
        Disabled = "enforcement-disabled",
    }
}

open_enum! {
    /// Where a policy comes from: `policy-types-enum`.
    pub enum PolicyType {
        /// Number 0.
        Invalid = "policy-type-cisco-invalid",
        /// Number 1: the vendor's default.
        CiscoDefault = "policy-type-cisco-default",
        /// Number 2: the default of the platform.
        PlatformDefault = "policy-type-platform-default",
        /// Number 3: installed in the factory.
        FactoryInstalled = "policy-type-factory-installed",
        /// Number 4: made for the customer.
        Custom = "policy-type-custom",
        /// Number 5: permanent reservation.
        Plr = "policy-type-plr",
        /// Number 6.
        Fla = "policy-type-fla",
        /// Number 7: of a controller.
        Controller = "policy-type-controller",
        /// Number 8: put together from several.
        Merged = "policy-type-merged",
    }
}

open_enum! {
    /// How far the conversion of classic licences is: `conversion-status-enum`.
    pub enum ConversionStatus {
        /// Number 0.
        NotSupported = "conversion-status-not-supported",
        /// Number 1.
        NotStarted = "conversion-status-not-started",
        /// Number 2: sent, not confirmed.
        Started = "conversion-status-started",
        /// Number 3; with a capital letter in the module.
        Success = "Conversion-status-success",
        /// Number 4.
        AlreadyConverted = "conversion-status-already-converted",
        /// Number 5.
        Failed = "conversion-status-failed",
        /// Number 6: asking for the outcome.
        Polling = "conversion-status-polling",
    }
}

open_enum! {
    /// How far a report is: `rum-report-state-enum`.
    pub enum RumReportState {
        /// Number 0: newly made.
        Invalid = "rum-report-state-invalid",
        /// Number 1: still growing.
        Open = "rum-report-state-open",
        /// Number 2: complete, never asked for.
        Closed = "rum-report-state-closed",
        /// Number 3: sent, not acknowledged.
        Pending = "rum-report-state-pending",
        /// Number 4: asked for through the data model, not acknowledged.
        Unacknowledged = "rum-report-state-unacknowledged",
        /// Number 5.
        Acknowledged = "rum-report-state-acknowledged",
    }
}

impl From<&RumReportState> for ReportState {
    fn from(state: &RumReportState) -> Self {
        Self::from_model_word(state.as_str())
    }
}

open_enum! {
    /// How a licence is enforced: `license-enforcement-type-enum`.
    pub enum LicenseEnforcementType {
        /// Number 0.
        Invalid = "license-enforcement-type-invalid",
        /// Number 1.
        Unenforced = "license-enforcement-type-unenforced",
        /// Number 2: needs a code.
        Enforced = "license-enforcement-type-enforced",
        /// Number 3: under export control, needs a code.
        Export = "license-enforcement-type-export",
    }
}

open_enum! {
    /// How long a licence is good for: `license-term-type-enum`.
    pub enum LicenseTermType {
        /// Number 0.
        NoTerm = "license-term-type-none",
        /// Number 1.
        Perpetual = "license-term-type-perpetual",
        /// Number 2.
        Term = "license-term-type-term",
        /// Number 3.
        Subscription = "license-term-type-subscription",
    }
}

open_enum! {
    /// What an authorization is: `license-auth-type-enum`.
    pub enum LicenseAuthType {
        /// Number 0.
        NoAuthorization = "authorization-type-none",
        /// Number 1: an authorization code (SLAC).
        AuthCode = "authorization-type-auth-code",
        /// Number 2: a specific reservation.
        Slr = "authorization-type-slr",
        /// Number 3: a permanent reservation.
        Plr = "authorization-type-plr",
        /// Number 4.
        Fla = "authorization-type-fla",
        /// Number 5: a product activation key.
        Pak = "authorization-type-pak",
    }
}

/// Does something with each of the enumerations.
macro_rules! each_enumeration {
    ($what:ident) => {
        $what!(
            RegistrationState,
            AuthorizationState,
            UtilityReportingType,
            TransportType,
            EnforcementMode,
            PolicyType,
            ConversionStatus,
            RumReportState,
            LicenseEnforcementType,
            LicenseTermType,
            LicenseAuthType,
        );
    };
}
#[cfg(test)]
pub(super) use each_enumeration;

each_enumeration!(words);
