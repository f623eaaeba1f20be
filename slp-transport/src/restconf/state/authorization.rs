//! What was bought with a device, and what was authorized for it.

use super::{DateAndTime, DeviceUdi, LicenseAuthType, LicenseEnforcementType, LicenseTermType, tree};
use crate::wire::record;

tree! {
    /// An entry of `factory-purchase`: one member.
    pub struct FactoryPurchase {
        /// The member, as text; the key.
        key_udi: opt String = "key_udi",
        /// The member.
        udi: opt DeviceUdi = "udi",
        /// What was bought with it; key `entitlement-tag`.
        licenses: some PurchasedLicense = "basic-license-info",
    }
}

tree! {
    /// An entry of `basic-license-info`: one licence bought with a device.
    pub struct PurchasedLicense {
        /// Its tag; the key.
        entitlement_tag: opt String = "entitlement-tag",
        /// Its short name.
        short_name: opt String = "short-name",
        /// Its name in the account.
        license_name: opt String = "license-name",
        /// What it is.
        description: opt String = "description",
        /// How many.
        count: opt u32 = "count",
        /// How it is enforced.
        license_enforcement_type: opt LicenseEnforcementType = "license-enforcement-type",
        /// How long it is good for.
        license_term_type: opt LicenseTermType = "license-term-type",
        /// From when; of a subscription.
        start_time: opt DateAndTime = "start-time",
        /// Until when; of a subscription.
        end_time: opt DateAndTime = "end-time",
        /// Which subscription.
        subscription_id: opt String = "subscription-id",
    }
}

tree! {
    /// The container `imported-authorizations`.
    pub struct ImportedAuthorizations {
        /// What each member has; key `key_udi`.
        overall_status: some OverallStatus = "overall-status",
        /// What is authorized in all; key `entitlement-tag`.
        authorization_list: some AuthorizedLicense = "authorization-list",
    }
}

tree! {
    /// An entry of `overall-status`: one member.
    pub struct OverallStatus {
        /// The member, as text; the key.
        key_udi: opt String = "key_udi",
        /// The member.
        udi: opt DeviceUdi = "udi",
        /// What it has; key `install-type`.
        installed_list: some InstalledAuthorization = "installed-list",
    }
}

tree! {
    /// An entry of `installed-list`: one authorization.
    pub struct InstalledAuthorization {
        /// Of which kind; the key.
        install_type: opt LicenseAuthType = "install-type",
        /// Since when.
        install_time: opt DateAndTime = "install-time",
    }
}

tree! {
    /// An entry of `authorization-list`: one licence.
    pub struct AuthorizedLicense {
        /// Its tag; the key.
        entitlement_tag: opt String = "entitlement-tag",
        /// Its short name.
        short_name: opt String = "short-name",
        /// Its name in the account.
        license_name: opt String = "license-name",
        /// What it is.
        description: opt String = "description",
        /// How many, over all members.
        total_count: opt u32 = "total-count",
        /// How it is enforced.
        license_enforcement_type: opt LicenseEnforcementType = "license-enforcement-type",
    }
}
