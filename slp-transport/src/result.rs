//! What comes back per device: acknowledgements, authorization codes, trust codes. Cloud and push protocol share it.

use crate::wire::{RawJson, record, words};
use crate::{SmartLicense, Sudi};

slp_model::open_enum! {
    /// How a message ended, by its own word. Spec: transport, "Status words".
    pub enum StatusWord {
        /// Done (seen).
        Ok = "OK",
        /// Accepted; ask again with the poll id (seen).
        OkPoll = "OK_POLL",
        /// The server asks to repeat the message (seen).
        OkTryAgain = "OK_TRY_AGAIN",
        /// Done: the result stands in the answer (seen).
        Complete = "COMPLETE",
        /// Done, for one item or in the older calls (seen).
        Success = "SUCCESS",
        /// Refused; the reason stands beside it (code).
        Failed = "FAILED",
        /// Refused, by the reservation calls (code).
        Error = "ERROR",
    }
}

slp_model::open_enum! {
    /// What a poll asks for. Spec: transport, "Enumerations".
    pub enum Action {
        /// Acknowledgements of usage reports (seen).
        Acknowledgements = "acknowledgements",
        /// Authorization codes, or the confirmation of a return (seen).
        Authorizations = "authorizations",
        /// Trust codes; our push protocol alone (choice).
        Trusts = "trusts",
    }
}

words!(StatusWord, Action);

record! {
    /// The acknowledgement for one device. Spec: transport, "Poll".
    pub struct Acknowledged {
        /// The device.
        sudi: req Sudi = "sudi",
        /// Its software, as a tag.
        software_tag_identifier: opt String = "software_tag_identifier",
        /// The document that the device imports.
        smart_license: opt SmartLicense = "smart_license",
    }
}

record! {
    /// The authorization code for one device, or the confirmation of a return. Spec: transport, "Poll".
    pub struct Authorized {
        /// The UUID under which the server knows the device.
        product_instance_identifier: opt String = "product_instance_identifier",
        /// The device.
        sudi: req Sudi = "sudi",
        /// The document that the device imports; none after a return (seen).
        smart_license: opt SmartLicense = "smart_license",
        /// A list of unknown content, empty so far (seen). Always written.
        auth_status: list RawJson = "auth_status",
        /// A code of an error; `"None"` means none (seen).
        error_code: said String = "error_code",
        /// `SUCCESS` or `FAILED`.
        status: req StatusWord = "status",
        /// A sentence; `"None"` means none (seen).
        status_message: said String = "status_message",
        /// For the server's support: 32 hexadecimal digits, `-`, 16 more (seen).
        correlation_id: opt String = "correlation_id",
    }
}

record! {
    /// The trust code for one device. Spec: transport, "Kinds" (choice).
    pub struct Trusted {
        /// The device.
        sudi: req Sudi = "sudi",
        /// The UUID under which the server knows the device from now on.
        product_instance_identifier: opt String = "product_instance_identifier",
        /// The document with the trust code.
        trust_code: opt SmartLicense = "trust_code",
        /// `SUCCESS` or `FAILED`.
        status: req StatusWord = "status",
        /// A code of an error.
        error_code: said String = "error_code",
        /// What the server says about it, for people.
        status_message: said String = "status_message",
    }
}

record! {
    /// The result of a message, once it is there.
    pub struct Results {
        /// One for each acknowledged device.
        acknowledgements: opt Vec<Acknowledged> = "acknowledgements",
        /// One for each device that asked.
        authorizations: opt Vec<Authorized> = "authorizations",
        /// One for each device that asked; our push protocol alone.
        trusts: opt Vec<Trusted> = "trusts",
    }
}

impl Results {
    /// Is the list there that this action asks for?
    pub fn answers(&self, action: &Action) -> bool {
        match action {
            Action::Acknowledgements => self.acknowledgements.is_some(),
            Action::Authorizations => self.authorizations.is_some(),
            Action::Trusts => self.trusts.is_some(),
            Action::Other(_) => false,
        }
    }
}
