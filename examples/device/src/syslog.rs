//! What the device logs: `%SMART_LIC-5-NAME: text`. Spec: transport, "SNMP and syslog" (seen).

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
