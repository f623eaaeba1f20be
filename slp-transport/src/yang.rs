//! The enumerations of the YANG modules: words and numbers. Spec: transport, "Enumerations" (doc).
//!
//! Values on the wire are words, and unknown words survive as text. The numbers are for messages that print them.

mod error; // the error numbers

pub use error::{XE_ERRORS, XR_ERRORS};

/// One enumeration of a module: its words with their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct YangEnum {
    /// Name of the type in the module.
    pub name: &'static str,
    pub(crate) values: &'static [(u32, &'static str)],
}

impl YangEnum {
    /// Numbers and words, in the order of the module.
    pub fn values(&self) -> impl Iterator<Item = (u32, &'static str)> {
        self.values.iter().copied()
    }

    /// The number of a word. Case counts.
    pub fn number(&self, word: &str) -> Option<u32> {
        self.values().find(|(_, known)| *known == word).map(|(number, _)| number)
    }

    /// The word of a number.
    pub fn word(&self, number: u32) -> Option<&'static str> {
        self.values().find(|(known, _)| *known == number).map(|(_, word)| word)
    }
}

/// How a device sends (`transport-type-enum` of `cisco-smart-license`).
pub const TRANSPORT_TYPE: YangEnum = YangEnum {
    name: "transport-type-enum",
    values: &[
        (0, "transport-type-callhome"),
        (1, "transport-type-smart"),
        (2, "transport-type-cslu"),
        (3, "transport-type-off"),
        (4, "transport-type-automatic"),
    ],
};

/// How far a usage report is (`rum-report-state-enum` of `cisco-smart-license`).
pub const RUM_REPORT_STATE: YangEnum = YangEnum {
    name: "rum-report-state-enum",
    values: &[
        (0, "rum-report-state-invalid"),
        (1, "rum-report-state-open"),
        (2, "rum-report-state-closed"),
        (3, "rum-report-state-pending"),
        (4, "rum-report-state-unacknowledged"),
        (5, "rum-report-state-acknowledged"),
    ],
};

/// Where a policy comes from (`policy-types-enum` of `cisco-smart-license`).
pub const POLICY_TYPE: YangEnum = YangEnum {
    name: "policy-types-enum",
    values: &[
        (0, "policy-type-cisco-invalid"),
        (1, "policy-type-cisco-default"),
        (2, "policy-type-platform-default"),
        (3, "policy-type-factory-installed"),
        (4, "policy-type-custom"),
        (5, "policy-type-plr"),
        (6, "policy-type-fla"),
        (7, "policy-type-controller"),
        (8, "policy-type-merged"),
    ],
};

/// How a licence is enforced (`license-enforcement-type-enum` of `cisco-smart-license`).
pub const LICENSE_ENFORCEMENT_TYPE: YangEnum = YangEnum {
    name: "license-enforcement-type-enum",
    values: &[
        (0, "license-enforcement-type-invalid"),
        (1, "license-enforcement-type-unenforced"),
        (2, "license-enforcement-type-enforced"),
        (3, "license-enforcement-type-export"),
    ],
};

/// How long a licence is good for (`license-term-type-enum` of `cisco-smart-license`).
pub const LICENSE_TERM_TYPE: YangEnum = YangEnum {
    name: "license-term-type-enum",
    values: &[
        (0, "license-term-type-none"),
        (1, "license-term-type-perpetual"),
        (2, "license-term-type-term"),
        (3, "license-term-type-subscription"),
    ],
};

/// What an authorization is (`license-auth-type-enum` of `cisco-smart-license`).
pub const AUTHORIZATION_TYPE: YangEnum = YangEnum {
    name: "license-auth-type-enum",
    values: &[
        (0, "authorization-type-none"),
        (1, "authorization-type-auth-code"),
        (2, "authorization-type-slr"),
        (3, "authorization-type-plr"),
        (4, "authorization-type-fla"),
        (5, "authorization-type-pak"),
    ],
};

/// How far the conversion of classic licences is (`conversion-status-enum` of `cisco-smart-license`).
pub const CONVERSION_STATUS: YangEnum = YangEnum {
    name: "conversion-status-enum",
    values: &[
        (0, "conversion-status-not-supported"),
        (1, "conversion-status-not-started"),
        (2, "conversion-status-started"),
        (3, "Conversion-status-success"),
        (4, "conversion-status-already-converted"),
        (5, "conversion-status-failed"),
        (6, "conversion-status-polling"),
    ],
};

/// Registration of the classic kind (`registration-state-enum` of `cisco-smart-license`).
pub const REGISTRATION_STATE: YangEnum = YangEnum {
    name: "registration-state-enum",
    values: &[
        (0, "reg-state-not-registered"),
        (1, "reg-state-complete"),
        (2, "reg-state-in-progress"),
        (3, "reg-state-retry"),
        (4, "reg-state-failed"),
    ],
};

/// Authorization of the classic kind (`authorization-state-enum` of `cisco-smart-license`).
pub const AUTHORIZATION_STATE: YangEnum = YangEnum {
    name: "authorization-state-enum",
    values: &[
        (0, "auth-state-none"),
        (1, "auth-state-eval"),
        (2, "auth-state-eval-expired"),
        (3, "auth-state-authorized"),
        (4, "auth-state-authorized-reservation"),
        (5, "auth-state-out-of-compliance"),
        (6, "auth-state-authorization-expired"),
    ],
};

/// State of a licence in use; other numbers than those of the MIB (`enforcement-mode-enum` of `cisco-smart-license`).
pub const ENFORCEMENT_MODE: YangEnum = YangEnum {
    name: "enforcement-mode-enum",
    values: &[
        (0, "enforcement-waiting"),
        (1, "enforcement-in-compliance"),
        (2, "enforcement-out-of-compliance"),
        (3, "enforcement-overage"),
        (4, "enforcement-evaluation"),
        (5, "enforcement-evaluation-expired"),
        (6, "enforcement-authorization-expired"),
        (7, "enforcement-reservation-in-compliance"),
        (8, "enforcement-invalid-tag"),
        (9, "enforcement-disabled"),
    ],
};

/// What utility reporting covers (`utility-reporting-type-enum` of `cisco-smart-license`).
pub const UTILITY_REPORTING_TYPE: YangEnum = YangEnum {
    name: "utility-reporting-type-enum",
    values: &[
        (0, "utility-reporting-type-none"),
        (1, "utility-reporting-type-subscription"),
        (2, "utility-reporting-type-certificate"),
    ],
};

/// Why a registration failed (`notif-register-failure-enum` of `cisco-smart-license`).
pub const REGISTER_FAILURE: YangEnum = YangEnum {
    name: "notif-register-failure-enum",
    values: &[(0, "general-failure"), (1, "already-registered-failure"), (2, "de-register-failure")],
};

/// How a device with IOS XR sends (`Transport-type-enum` of its configuration model).
pub const XR_TRANSPORT_TYPE: YangEnum = YangEnum {
    name: "Transport-type-enum",
    values: &[
        (2, "transport-type-callhome"),
        (3, "transport-type-smart"),
        (4, "transport-type-cslu"),
        (5, "transport-type-off"),
    ],
};

/// How a device with IOS XR says that it sends (`Transport-type-enum` of its state model, which spells `cslu` as `clsu`).
pub const XR_TRANSPORT_STATE: YangEnum = YangEnum {
    name: "Transport-type-enum",
    values: &[(0, "invalid"), (1, "not-used"), (2, "callhome"), (3, "smart"), (4, "clsu"), (5, "transport-off")],
};

/// Every enumeration of the IOS XE module, but for the error numbers.
pub const XE: [YangEnum; 12] = [
    TRANSPORT_TYPE,
    RUM_REPORT_STATE,
    POLICY_TYPE,
    LICENSE_ENFORCEMENT_TYPE,
    LICENSE_TERM_TYPE,
    AUTHORIZATION_TYPE,
    CONVERSION_STATUS,
    REGISTRATION_STATE,
    AUTHORIZATION_STATE,
    ENFORCEMENT_MODE,
    UTILITY_REPORTING_TYPE,
    REGISTER_FAILURE,
];

/// Is this `return-code` of an RPC a success? `success`, `registrationinprogress`, and any spelling of
/// `OperationInProgress`, which one text promises and no module has. Spec: transport, "RPCs" (choice).
pub fn is_good(return_code: &str) -> bool {
    let plain: String = return_code.chars().filter(char::is_ascii_alphanumeric).collect();
    matches!(plain.to_ascii_lowercase().as_str(), "success" | "registrationinprogress" | "operationinprogress")
}

/// Did the device only fail to reach its server? Then a repeat may help. Spec: transport, "Error cases" (choice).
pub fn is_communication(return_code: &str) -> bool {
    matches!(return_code, "commsend" | "commresponse" | "commretry" | "agentunreachable")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_numbers_find_each_other_and_case_counts() {
        assert_eq!(TRANSPORT_TYPE.number("transport-type-cslu"), Some(2));
        assert_eq!(XR_TRANSPORT_TYPE.number("transport-type-cslu"), Some(4));
        assert_eq!(CONVERSION_STATUS.word(3), Some("Conversion-status-success"));
        assert_eq!(CONVERSION_STATUS.number("conversion-status-success"), None);
        assert_eq!(XE_ERRORS.word(144), Some("noreservationauthcode"));
        assert_eq!(XE_ERRORS.word(145), None);
    }

    #[test]
    fn the_two_systems_agree_up_to_142_and_part_at_143() {
        for number in 0..=142 {
            assert_eq!(XE_ERRORS.word(number), XR_ERRORS.word(number), "{number}");
        }
        assert_ne!(XE_ERRORS.word(143), XR_ERRORS.word(143));
    }

    #[test]
    fn an_operation_in_progress_is_good_in_any_spelling() {
        for word in ["success", "registrationinprogress", "OperationInProgress", "operation-in-progress"] {
            assert!(is_good(word), "{word}");
        }
        assert!(!is_good("notfound"));
        assert!(is_communication("commretry"));
    }
}
