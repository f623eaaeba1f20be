//! `POST /v1/accounts/{d}/dlc_convert`: conversion of classic licences; repeated every 180 s to poll (code).

use crate::cssm::call::account_call;
use crate::wire::{RawJson, record};
use crate::{StatusWord, SudiCamel};

account_call! {
    /// Converts classic licences of devices. The same call asks how far it is.
    pub struct ConvertLicenses => POST "/v1/accounts/{d}/dlc_convert" (domain) body Conversion => ConversionList
}

record! {
    /// What to convert.
    pub struct Conversion {
        /// One a virtual account.
        virtual_accounts: list ConvertAccount = "virtualAccounts",
    }
}

record! {
    /// What to convert in one virtual account.
    pub struct ConvertAccount {
        /// Name of the virtual account.
        name: req String = "name",
        /// One a device.
        dlc_requests: list ConvertDevice = "dlcRequests",
    }
}

record! {
    /// What to convert on one device.
    pub struct ConvertDevice {
        /// The device.
        sudi: req SudiCamel = "sudi",
        /// Its software, as a tag.
        software_tag_identifier: req String = "softwareTagIdentifier",
        /// The lines, as the device printed them.
        conversion_lines: list RawJson = "conversionLines",
    }
}

record! {
    /// How far it is.
    pub struct ConversionList {
        /// One a device.
        devices: list ConversionDevice = "devices",
        /// How it went.
        status: opt StatusWord = "status",
        /// What the server says about it, for people.
        status_message: said String = "statusMessage",
    }
}

record! {
    /// How far one device is.
    pub struct ConversionDevice {
        /// The word of the service.
        conversion_status: opt String = "conversionStatus",
        /// The device.
        sudi: opt SudiCamel = "sudi",
    }
}
