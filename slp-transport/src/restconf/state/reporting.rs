//! Usage and its reports: licences in use, policy, trust, conversion, keys of reports, acknowledgements.

use super::{ConversionStatus, DateAndTime, DeviceUdi, EnforcementMode, PolicyType, RumReportState, tree};
use crate::wire::{self, RawJson, record};
use crate::{Error, Limits};

tree! {
    /// An entry of `usage`: one licence in use.
    pub struct Usage {
        /// Its tag; the key.
        entitlement_tag: opt String = "entitlement-tag",
        /// Its short name.
        short_name: opt String = "short-name",
        /// Its name in the account.
        license_name: opt String = "license-name",
        /// What it is.
        description: opt String = "description",
        /// How often it is in use.
        count: opt u32 = "count",
        /// Its state.
        enforcement_mode: opt EnforcementMode = "enforcement-mode",
        /// It is paid for by usage.
        post_paid: opt bool = "post-paid",
        /// By which subscription.
        subscription_id: opt String = "subscription-id",
    }
}

tree! {
    /// The container `policy`.
    pub struct Policy {
        /// Where it comes from.
        policy_type: opt PolicyType = "policy-type",
        /// Its name.
        policy_name: opt String = "policy-name",
        /// Since when.
        install_time: opt DateAndTime = "install-time",
        /// Reports have to be acknowledged.
        ack_required: opt bool = "ack-required",
        /// For licences that need a code.
        enforced: opt PolicyDays = "policy-enforced",
        /// For those under export control.
        export: opt PolicyDays = "policy-export",
        /// For subscriptions.
        subscription: opt PolicyDays = "policy-subscription",
        /// For the others.
        perpetual: opt PolicyDays = "policy-perpetual",
    }
}

tree! {
    /// What a policy asks for one class of licences, days; 0 asks for nothing.
    pub struct PolicyDays {
        /// Until the first report.
        reporting_first_time: opt u32 = "reporting-first-time",
        /// From report to report.
        reporting_ongoing: opt u32 = "reporting-ongoing",
        /// From a change to its report.
        reporting_macd: opt u32 = "reporting-macd",
    }
}

tree! {
    /// An entry of `trust-code`: one member.
    pub struct TrustCode {
        /// The member, as text; the key.
        key_udi: opt String = "key_udi",
        /// It has a trust code.
        is_installed: opt bool = "is-installed",
        /// Since when.
        time_installed: opt DateAndTime = "time-installed",
        /// The member.
        udi: opt DeviceUdi = "udi",
    }
}

tree! {
    /// An entry of `conversion`: one member.
    pub struct Conversion {
        /// The member, as text; the key.
        key_udi: opt String = "key_udi",
        /// How far it is.
        status: opt ConversionStatus = "status",
        /// Since when.
        status_time: opt DateAndTime = "status-time",
        /// The member.
        udi: opt DeviceUdi = "udi",
    }
}

tree! {
    /// An entry of `rum-reports-closed-keys`: one closed report. Its text is not in the model.
    pub struct ReportKey {
        /// The report; one number is used once by a device.
        report_id: quoted u64 = "report-id",
        /// The device.
        udi: opt DeviceUdi = "udi",
        /// When its first measurement began.
        report_start_time: opt DateAndTime = "report-start-time",
        /// When its last measurement ended.
        report_end_time: opt DateAndTime = "report-end-time",
        /// How far it is.
        report_state: opt RumReportState = "report-state",
        /// Device and report in one text; the key.
        rum_report_key: opt String = "rum-report-key",
    }
}

impl ReportKey {
    /// The keys of an answer to [`ReadState::report_keys`](crate::restconf::ReadState::report_keys).
    ///
    /// # Errors
    /// [`Schema`](crate::ErrorKind::Schema) if it is not a list of keys.
    pub fn list(raw: &RawJson, limits: &Limits) -> Result<Vec<Self>, Error> {
        wire::from_text(raw.as_str(), limits).map_err(|fail| Error::json(&fail, "rum-reports-closed-keys"))
    }
}

tree! {
    /// The container `rum-ack`.
    pub struct RumAck {
        /// When the last acknowledgement came.
        last_received_time: opt DateAndTime = "last-received-time",
        /// Until when the next one is expected.
        next_report_deadline: opt DateAndTime = "next-report-deadline",
    }
}
