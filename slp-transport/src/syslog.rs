//! What devices write into their logs about licensing. Spec: transport, "SNMP and syslog" (seen, doc).

/// The most bytes before the colon: facility, severity and name.
const HEAD: usize = 128;

/// One message of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogMessage {
    /// `SMART_LIC` or `CALL_HOME`. IOS XR writes `LICENSE-` before the first.
    pub facility: String,
    /// From 0, the worst, to 7.
    pub severity: u8,
    /// Its name, such as `COMM_FAILED`.
    pub name: String,
    /// What stands behind the colon.
    pub text: String,
    /// What it means.
    pub event: LogEvent,
}

/// What a message of the log means, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogEvent {
    /// Nobody answers, and why.
    #[non_exhaustive]
    CommunicationFailed {
        /// Whom the device talks to, as it says.
        peer: Option<String>,
        /// The reason, as it stands.
        reason: String,
    },
    /// Somebody answers again.
    #[non_exhaustive]
    CommunicationRestored {
        /// Whom the device talks to, as it says.
        peer: Option<String>,
    },
    /// A report has to be acknowledged within so many days.
    #[non_exhaustive]
    ReportingRequired {
        /// How many days; none where the text has another form.
        days: Option<u64>,
    },
    /// The server is too old for reports.
    ReportingNotSupported,
    /// A policy was installed.
    PolicyInstalled,
    /// Trust was refused.
    TrustFailed,
    /// The classic kind of licensing could not renew its authorization.
    AuthorizationRenewFailed,
    /// The classic kind of licensing could not register.
    RegistrationFailed,
    /// A call-home message was not sent.
    #[non_exhaustive]
    CallHomeFailed {
        /// The address that it was to go to.
        url: Option<String>,
        /// Number of the error.
        code: Option<u32>,
        /// The words behind the number.
        reason: Option<String>,
    },
    /// A message of these facilities with another name.
    Other,
}

impl LogMessage {
    /// Finds a message about licensing in a line, whatever stands before it.
    ///
    /// ```
    /// use slp_transport::syslog::{LogEvent, LogMessage};
    ///
    /// let line = "*Nov  2 09:00:00.000: %SMART_LIC-6-REPORTING_REQUIRED: A Usage report acknowledgement will be required in 364 days.";
    /// let message = LogMessage::read(line).expect("it is one of licensing");
    /// assert!(matches!(message.event, LogEvent::ReportingRequired { days: Some(364), .. }));
    /// assert_eq!((message.severity, message.name.as_str()), (6, "REPORTING_REQUIRED"));
    /// ```
    pub fn read(line: &str) -> Option<Self> {
        line.match_indices('%').find_map(|(at, _)| Self::read_at(line.get(at..)?.strip_prefix('%')?))
    }

    /// Reads `SMART_LIC-3-NAME: text`; IOS XR has `LICENSE-` before and a blank before the colon.
    fn read_at(text: &str) -> Option<Self> {
        // no further than a head is long: a line may be one of very many such signs
        let colon = text.bytes().take(HEAD).position(|byte| byte == b':')?;
        let (head, text) = (text.get(..colon)?, text.get(colon..)?.strip_prefix(':')?);
        let head = head.strip_suffix(' ').unwrap_or(head);
        let head = head.strip_prefix("LICENSE-").unwrap_or(head);
        let mut parts = head.splitn(3, '-');
        let (facility, severity, name) = (parts.next()?, parts.next()?, parts.next()?);
        let [digit @ b'0'..=b'7'] = severity.as_bytes() else {
            return None;
        };
        let severity = digit.saturating_sub(b'0');
        let is_name = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        if !matches!(facility, "SMART_LIC" | "CALL_HOME") || name.is_empty() || !name.bytes().all(is_name) {
            return None;
        }
        let text = text.trim();
        let event = event(facility, name, text);
        // Call-home has messages that are none of licensing.
        if facility == "CALL_HOME" && event == LogEvent::Other {
            return None;
        }
        Some(Self { facility: facility.into(), severity, name: name.into(), text: text.into(), event })
    }
}

fn event(facility: &str, name: &str, text: &str) -> LogEvent {
    match (facility, name) {
        ("SMART_LIC", "COMM_FAILED") => {
            let rest = text.strip_prefix("Communications failure with the ").and_then(|rest| rest.split_once(" : "));
            match rest {
                Some((peer, reason)) => {
                    LogEvent::CommunicationFailed { peer: Some(peer.into()), reason: reason.trim().into() }
                }
                None => LogEvent::CommunicationFailed { peer: None, reason: text.into() },
            }
        }
        ("SMART_LIC", "COMM_RESTORED") => {
            let peer = text.strip_prefix("Communications with ").and_then(|rest| rest.strip_suffix(" restored"));
            LogEvent::CommunicationRestored { peer: peer.map(|peer| peer.trim_start_matches("the ").into()) }
        }
        ("SMART_LIC", "REPORTING_REQUIRED") => {
            let mut words = text.split_ascii_whitespace().rev();
            let is_days = words.next().is_some_and(|word| matches!(word.trim_end_matches('.'), "days" | "day"));
            LogEvent::ReportingRequired {
                days: words.next().filter(|_| is_days).and_then(|number| number.parse().ok()),
            }
        }
        ("SMART_LIC", "REPORTING_NOT_SUPPORTED") => LogEvent::ReportingNotSupported,
        ("SMART_LIC", "POLICY_INSTALL_SUCCESS") => LogEvent::PolicyInstalled,
        ("SMART_LIC", "TRUST_CODE_INSTALL_FAILED") => LogEvent::TrustFailed,
        ("SMART_LIC", "AUTH_RENEW_FAILED") => LogEvent::AuthorizationRenewFailed,
        ("SMART_LIC", "AGENT_REG_FAILED") => LogEvent::RegistrationFailed,
        ("CALL_HOME", "SL_MESSAGE_FAILED") => {
            let rest = text.split_once(" to: ").map_or("", |(_, rest)| rest);
            let (url, error) = rest.split_once(" (ERR ").map_or((rest, ""), |(url, error)| (url, error));
            let (code, reason) = error.trim_end_matches(')').split_once(':').unwrap_or((error, ""));
            let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
            LogEvent::CallHomeFailed { url: some(url), code: code.trim().parse().ok(), reason: some(reason) }
        }
        _ => LogEvent::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event_of(line: &str) -> LogEvent {
        LogMessage::read(line).unwrap().event
    }

    #[test]
    fn a_failure_names_whom_and_why() {
        let line = "%SMART_LIC-3-COMM_FAILED: Communications failure with the Cisco Smart License Utility (CSLU) : Unable to resolve server hostname/domain name";
        let LogEvent::CommunicationFailed { peer, reason } = event_of(line) else { panic!() };
        assert_eq!(peer.as_deref(), Some("Cisco Smart License Utility (CSLU)"));
        assert_eq!(reason, "Unable to resolve server hostname/domain name");
        let LogEvent::CommunicationFailed { peer, reason } = event_of("%SMART_LIC-3-COMM_FAILED: odd") else {
            panic!()
        };
        assert_eq!((peer, reason.as_str()), (None, "odd"));
        let line = "%SMART_LIC-5-COMM_RESTORED: Communications with Cisco Smart License Utility (CSLU) restored";
        let LogEvent::CommunicationRestored { peer } = event_of(line) else { panic!() };
        assert_eq!(peer.as_deref(), Some("Cisco Smart License Utility (CSLU)"));
    }

    #[test]
    fn ios_xr_has_a_prefix_and_a_blank_before_the_colon() {
        let line = "RP/0/RP0/CPU0:Nov  2 09:00:00.000 UTC: smartlic[1]: %LICENSE-SMART_LIC-3-COMM_FAILED : Communications failure";
        let message = LogMessage::read(line).unwrap();
        assert_eq!(
            (message.facility.as_str(), message.severity, message.name.as_str()),
            ("SMART_LIC", 3, "COMM_FAILED")
        );
    }

    #[test]
    fn a_call_home_failure_has_its_address_and_number() {
        let line = "%CALL_HOME-5-SL_MESSAGE_FAILED: Fail to send out Smart Licensing message to: https://192.0.2.1/x (ERR 205 : Request Aborted)";
        let LogEvent::CallHomeFailed { url, code, reason } = event_of(line) else { panic!() };
        assert_eq!(
            (url.as_deref(), code, reason.as_deref()),
            (Some("https://192.0.2.1/x"), Some(205), Some("Request Aborted"))
        );
        assert_eq!(LogMessage::read("%CALL_HOME-6-CALL_HOME_ENABLED: Call-home is enabled"), None);
    }

    #[test]
    fn other_lines_are_none_and_other_names_are_kept() {
        for line in [
            "",
            "%",
            "%SYS-5-CONFIG_I: x",
            "%SMART_LIC-9-X: x",
            "%SMART_LIC-3-: x",
            "%SMART_LIC-3-x: x",
            "SMART_LIC-3-X: x",
        ] {
            assert_eq!(LogMessage::read(line), None, "{line}");
        }
        assert_eq!(event_of("100% %SMART_LIC-6-NEW_THING: x"), LogEvent::Other);
        assert_eq!(event_of(&format!("{}SMART_LIC-6-NEW_THING: x", "%".repeat(1_000))), LogEvent::Other);
        assert_eq!(LogMessage::read(&format!("%SMART_LIC-6-{}: x", "N".repeat(200))), None);
        assert!(matches!(
            event_of("%SMART_LIC-6-REPORTING_REQUIRED: soon"),
            LogEvent::ReportingRequired { days: None }
        ));
        for (name, event) in [
            ("6-POLICY_INSTALL_SUCCESS", LogEvent::PolicyInstalled),
            ("3-TRUST_CODE_INSTALL_FAILED", LogEvent::TrustFailed),
            ("4-REPORTING_NOT_SUPPORTED", LogEvent::ReportingNotSupported),
            ("3-AUTH_RENEW_FAILED", LogEvent::AuthorizationRenewFailed),
            ("3-AGENT_REG_FAILED", LogEvent::RegistrationFailed),
        ] {
            assert_eq!(event_of(&format!("%SMART_LIC-{name}: text")), event);
        }
    }
}
