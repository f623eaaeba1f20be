//! What the device logs: `%SMART_LIC-5-NAME: text`. Spec: transport, "SNMP and syslog"; ack-auth, "Notifications and syslogs".
//!
//! Names are those of the vendor, some of them known by name alone (unverified): their texts are ours.

use slp_model::license::HaRole;
use slp_model::{Seconds, Udi};
use slp_rum::import::{ImportClass, Outcome, PartOutcome};
use slp_transport::agent::Notice;

/// A line of the log.
pub(crate) fn of(notice: &Notice, is_cslu: bool) -> String {
    let peer = if is_cslu { "Cisco Smart License Utility (CSLU)" } else { "Cisco Smart Software Manager (CSSM)" };
    match notice {
        Notice::CommunicationFailed => {
            format!("%SMART_LIC-3-COMM_FAILED: Communications failure with the {peer} : Communications failure")
        }
        Notice::CommunicationRestored => format!("%SMART_LIC-5-COMM_RESTORED: Communications with {peer} restored"),
        Notice::TrustFailed => {
            "%SMART_LIC-3-TRUST_CODE_INSTALL_FAILED: The install of a new licensing trust code has failed".into()
        }
        _ => notice.as_str().into(),
    }
}

/// The lines about one part of an imported document. `exports` says whether the codes of its device now cover a licence that
/// is restricted.
pub(crate) fn of_part(part: &PartOutcome, exports: bool) -> Vec<String> {
    let device = part.device.as_ref().map(named).unwrap_or_default();
    let why = if part.reason.is_empty() { part.error.as_str() } else { part.reason.as_str() };
    let line = match (part.class, part.outcome) {
        (_, Outcome::Unchanged) => return Vec::new(),
        (ImportClass::Policy, Outcome::Skipped) => {
            format!("%SMART_LIC-3-POLICY_INSTALL_FAILED: The install of a licensing policy has failed: {why}")
        }
        (ImportClass::Policy, _) => {
            "%SMART_LIC-6-POLICY_INSTALL_SUCCESS: A new licensing policy was successfully installed".into()
        }
        (ImportClass::Authorization, Outcome::Skipped) => format!(
            "%SMART_LIC-3-AUTHORIZATION_INSTALL_FAILED: The install of a licensing authorization code has failed on \
             {device}: {why}"
        ),
        (ImportClass::Authorization, _) => format!(
            "%SMART_LIC-6-AUTHORIZATION_INSTALL_SUCCESS: A new licensing authorization code was successfully installed \
             on {device}"
        ),
        (ImportClass::TrustCode, Outcome::Skipped) => {
            format!(
                "%SMART_LIC-3-TRUST_CODE_INSTALL_FAILED: The install of a new licensing trust code has failed on {device}: {why}"
            )
        }
        (ImportClass::TrustCode, _) => format!(
            "%SMART_LIC-6-TRUST_CODE_INSTALL_SUCCESS: A new licensing trust code was successfully installed on {device}"
        ),
        _ => return Vec::new(),
    };
    let is_code = part.class == ImportClass::Authorization && part.outcome != Outcome::Skipped;
    let export = "%SMART_LIC-6-EXPORT_CONTROLLED: Usage of export controlled features is allowed";
    std::iter::once(line).chain((is_code && exports).then(|| export.to_owned())).collect()
}

pub(crate) fn reserved(device: &Udi) -> String {
    format!(
        "%SMART_LIC-6-RESERVED_INSTALLED: Specific License Reservation was successfully installed on {}",
        named(device)
    )
}

pub(crate) fn authorization_removed(device: &Udi) -> String {
    format!(
        "%SMART_LIC-6-AUTHORIZATION_REMOVED: A licensing authorization code has been removed from {}",
        named(device)
    )
}

pub(crate) fn authorization_refused(text: &str) -> String {
    format!("%SMART_LIC-3-AUTHORIZATION_INSTALL_FAILED: {text}")
}

pub(crate) fn not_authorized(feature: &str, reserved: bool) -> String {
    let reason = if reserved { "License not present in SLR auth code" } else { "no authorization code" };
    format!("%SMART_LIC-3-NOT_AUTHORIZED: The feature {feature} is not authorized. Reason: {reason}")
}

/// Whole days, as devices count them (seen).
pub(crate) fn reporting_required(left: Seconds) -> String {
    let days = left.get() / 86_400;
    format!("%SMART_LIC-6-REPORTING_REQUIRED: A Usage report acknowledgement will be required in {days} days.")
}

pub(crate) fn reporting_not_supported() -> String {
    "%SMART_LIC-4-REPORTING_NOT_SUPPORTED: Smart Agent for Licensing CSSM OnPrem is down rev and does not support the \
     enhanced policy and usage reporting mode."
        .into()
}

pub(crate) fn joined(device: &Udi, role: &HaRole) -> String {
    format!("{} joined the stack as {role}", named(device))
}

pub(crate) fn left(device: &Udi) -> String {
    format!("{} left the stack: its reports stay here until they are acknowledged", named(device))
}

fn named(device: &Udi) -> String {
    format!("PID:{},SN:{}", device.pid(), device.serial())
}
