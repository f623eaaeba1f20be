//! The words of licences and of reports about them, every set open. Spec: rum, "Enumerations"; ack-auth,
//! "Enumerations".

use crate::open_enum;

open_enum! {
    /// Why the last measurement of a closed report ended: `termination_reason` (seen). Spec: rum, "Enumerations".
    pub enum TerminationReason {
        /// Someone asked for the usage up to now: save, sync, close (seen).
        CurrentUsageRequested = "CurrentUsageRequested",
        /// The device reloaded (seen).
        ProductReload = "ProductReload",
    }
}

open_enum! {
    /// Why a report was closed: `close_reason`, and `Close Reason` of commands (seen). Spec: rum, "Enumerations".
    pub enum CloseReason {
        /// The device reloaded (seen).
        ProductReload = "ProductReload",
        /// The licensing agent closed it; printed by commands for telemetry reports (seen).
        Smart = "SMART",
    }
}

open_enum! {
    /// What was measured: `metric_name` (seen). Spec: rum, "Enumerations".
    pub enum MetricName {
        /// How often a licence is in use (seen).
        Entitlement = "ENTITLEMENT",
        /// Telemetry, as commands print it (seen).
        Telemetry = "TELEMETRY",
        /// What a telemetry report says about itself (seen).
        TelemetryMetaInfo = "Telemetry Meta Info",
        /// Telemetry about the parts of the device (seen).
        HardwareInventory = "hardware_inventory",
    }
}

open_enum! {
    /// What a measured value is: `value.type` (seen). Spec: rum, "Enumerations".
    pub enum ValueType {
        /// A whole number of uses (seen).
        Count = "COUNT",
    }
}

open_enum! {
    /// The part that a device plays in a high-availability set (seen). Spec: rum, "Enumerations".
    pub enum HaRole {
        /// It does the work (seen).
        Active = "Active",
        /// It takes over (seen).
        Standby = "Standby",
        /// It belongs to the set; printed by commands (seen).
        Member = "Member",
    }
}

open_enum! {
    /// What an envelope holds: `header.type` (seen). Spec: rum, "Envelope".
    pub enum HeaderType {
        /// A usage report (seen).
        Rum = "rum",
    }
}

open_enum! {
    /// The kind of a report: `report_type` (doc). A report without this member is about usage.
    /// Spec: rum, "Enumerations".
    pub enum ReportType {
        /// Facts about the device, no usage of licences (doc).
        Telemetry = "telemetry",
    }
}

open_enum! {
    /// How something was signed: `signing_type` (seen). SHA-256 has two words; the one that came is kept, since it is
    /// written back. Spec: rum, "Enumerations"; crypto, "Enumerations".
    pub enum SigningType {
        /// With a secret inside the product: nobody outside can check it (seen).
        Builtin = "builtin",
        /// RSA with SHA-256 (doc).
        Sha256 = "SHA256",
        /// The same with a hyphen (seen).
        Sha256WithHyphen = "SHA-256",
        /// RSA with SHA-512, of newer device families (doc).
        Sha512 = "SHA512",
        /// A filler of published examples, no scheme (seen).
        Placeholder = "CISC123",
    }
}

impl SigningType {
    /// Was it signed with a secret inside the product, so that nobody outside can check it?
    pub fn is_builtin(&self) -> bool {
        *self == Self::Builtin
    }

    /// Is it one of the two words for SHA-256?
    pub fn is_sha256(&self) -> bool {
        matches!(self, Self::Sha256 | Self::Sha256WithHyphen)
    }
}

open_enum! {
    /// Where a report is in its life. The words are those of commands; the data model has words of its own
    /// ([`from_model_word`](Self::from_model_word)). Spec: rum, "Enumerations".
    pub enum ReportState {
        /// No report; number 0 in the data model (doc). The command's word is a guess (choice).
        Invalid = "INVALID",
        /// It still grows; number 1 (seen).
        Open = "OPEN",
        /// It is complete and not yet sent; number 2 (seen).
        Closed = "CLOSED",
        /// It is on its way; number 3 (the command's word is unverified).
        Pending = "PENDING",
        /// It was sent and nobody answered yet; number 4 (the command's word is unverified).
        Unacknowledged = "UNACK",
        /// It was acknowledged; number 5 (seen).
        Acknowledged = "ACK",
        /// Its data is gone; the data model has no such state (seen).
        Deleted = "DELETED",
    }
}

open_enum! {
    /// Why a report changed its state: `State Change Reason` of commands. Spec: rum, "Enumerations".
    pub enum StateChangeReason {
        /// There was no change (unverified).
        None = "NONE",
        /// An acknowledgement came (seen).
        Acknowledged = "ACKED",
        /// It was sent (code).
        Reporting = "REPORTING",
        /// The device reloaded (unverified).
        Reload = "RELOAD",
        /// It was removed (unverified).
        Removed = "REMOVED",
    }
}

open_enum! {
    /// Where the data of a report is: `Storage State` of commands. Spec: rum, "Enumerations".
    pub enum StorageState {
        /// In the store of the device (code).
        Exists = "EXIST",
        /// Deleted after the acknowledgement (seen).
        Deleted = "DELETED",
        /// Deleted to make room (unverified).
        Purged = "PURGED",
        /// It should be there and is not (unverified).
        Missing = "MISSING",
    }
}

open_enum! {
    /// How long a licence lasts: `licenseType` and `tagType` of documents. The data model has lower-case words
    /// ([`from_model_word`](Self::from_model_word)). Spec: ack-auth, "Enumerations".
    pub enum LicenseTerm {
        /// Not stated; number 0 in the data model (doc). The document's word is a guess (choice).
        None = "NONE",
        /// For ever; number 1 (seen).
        Perpetual = "PERPETUAL",
        /// Up to a date; number 2 (seen).
        Term = "TERM",
        /// As long as it is paid for; number 3 (seen).
        Subscription = "SUBSCRIPTION",
    }
}

open_enum! {
    /// What a device does about a licence that nobody allowed. Words of the data model; numbers 0 to 3 in this order
    /// (doc). Spec: ack-auth, "Enumerations".
    pub enum Enforcement {
        /// Not stated (doc).
        Invalid = "invalid",
        /// Nothing: use is reported (doc).
        Unenforced = "unenforced",
        /// It refuses the feature without an authorization code (doc).
        Enforced = "enforced",
        /// The same, because of export law (doc).
        Export = "export",
    }
}

open_enum! {
    /// Where a policy comes from. Numbers 0 to 8 in this order (doc). Spec: ack-auth, "Enumerations".
    pub enum PolicyKind {
        /// None (doc).
        Invalid = "invalid",
        /// The default of the vendor (doc).
        VendorDefault = "cisco-default",
        /// The default of the platform (doc).
        PlatformDefault = "platform-default",
        /// Put in at the factory (doc).
        FactoryInstalled = "factory-installed",
        /// Made for the customer (doc).
        Custom = "custom",
        /// Of a permanent licence reservation (doc).
        PermanentReservation = "plr",
        /// Of a factory licence agreement, as far as the abbreviation `fla` tells (inferred).
        Fla = "fla",
        /// From a controller (doc).
        Controller = "controller",
        /// Put together from several (doc).
        Merged = "merged",
    }
}

/// The words of the data model for variants whose own words are those of commands or documents.
macro_rules! model_words {
    ($name:ident { $( $variant:ident = $word:literal ),+ $(,)? }) => {
        impl $name {
            /// Reads a word of the data model. Any other text is read as `From<&str>` reads it.
            pub fn from_model_word(word: &str) -> Self {
                match word {
                    $( $word => Self::$variant, )+
                    _ => Self::from(word),
                }
            }

            /// The word of the data model, if it has one for this. An unknown word is given back as it came.
            pub fn as_model_word(&self) -> Option<&str> {
                match self {
                    $( Self::$variant => Some($word), )+
                    Self::Other(word) => Some(word.as_str()),
                    #[allow(unreachable_patterns, reason = "some models have a word for every variant")]
                    _ => None,
                }
            }
        }
    };
}

model_words! {
    ReportState {
        Invalid = "rum-report-state-invalid",
        Open = "rum-report-state-open",
        Closed = "rum-report-state-closed",
        Pending = "rum-report-state-pending",
        Unacknowledged = "rum-report-state-unacknowledged",
        Acknowledged = "rum-report-state-acknowledged",
    }
}

model_words! {
    LicenseTerm {
        None = "none",
        Perpetual = "perpetual",
        Term = "term",
        Subscription = "subscription",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_words_for_sha_256_mean_the_same_and_stay_as_they_came() {
        for word in ["SHA256", "SHA-256"] {
            let signing = SigningType::from(word);
            assert!(signing.is_sha256() && !signing.is_builtin());
            assert_eq!(signing.as_str(), word);
        }
        assert_ne!(SigningType::from("SHA256"), SigningType::from("SHA-256"));
        assert!(SigningType::from("builtin").is_builtin() && !SigningType::from("Builtin").is_builtin());
        assert!(!SigningType::from("SHA512").is_sha256() && !SigningType::from("sha256").is_sha256());
    }

    #[test]
    fn commands_and_the_data_model_spell_one_set_of_states() {
        let pairs = [
            ("INVALID", "rum-report-state-invalid"),
            ("OPEN", "rum-report-state-open"),
            ("CLOSED", "rum-report-state-closed"),
            ("PENDING", "rum-report-state-pending"),
            ("UNACK", "rum-report-state-unacknowledged"),
            ("ACK", "rum-report-state-acknowledged"),
        ];
        for (command, model) in pairs {
            let state = ReportState::from(command);
            assert_eq!((state.is_known(), state.as_model_word()), (true, Some(model)));
            assert_eq!(ReportState::from_model_word(model), state);
        }
        assert_eq!(ReportState::Deleted.as_model_word(), None);
    }

    #[test]
    fn documents_and_the_data_model_spell_one_set_of_terms() {
        for (document, model) in [("PERPETUAL", "perpetual"), ("TERM", "term"), ("SUBSCRIPTION", "subscription")] {
            let term = LicenseTerm::from(document);
            assert_eq!((term.is_known(), term.as_model_word()), (true, Some(model)));
            assert_eq!(LicenseTerm::from_model_word(model), term);
            assert!(!LicenseTerm::from(model).is_known());
        }
    }

    #[test]
    fn an_unknown_word_of_the_data_model_comes_back_as_it_was() {
        for word in ["rum-report-state-new", "SmartAgentRumStateOpen", ""] {
            let state = ReportState::from_model_word(word);
            assert_eq!((state.is_known(), state.as_model_word()), (false, Some(word)));
        }
    }

    #[test]
    fn policies_and_enforcement_are_declared_in_the_order_of_their_numbers() {
        assert_eq!(Enforcement::KNOWN, ["invalid", "unenforced", "enforced", "export"]);
        assert_eq!((PolicyKind::KNOWN.len(), PolicyKind::KNOWN[4], PolicyKind::KNOWN[8]), (9, "custom", "merged"));
    }
}
