//! Licences, subscriptions and reservations. Spec: transport, "Account and licence calls" (code).

use crate::cssm::Paging;
use crate::cssm::call::account_call;
use crate::wire::{record, words};
use crate::{Count, StatusWord};

account_call! {
    /// The licences of virtual accounts.
    pub struct ListLicenses => POST "/v1/accounts/{d}/licenses" (domain) body Paging => LicenseList, onprem
}
account_call! {
    /// The subscriptions of virtual accounts.
    pub struct ListSubscriptions => POST "/v1/accounts/{d}/license-subscriptions" (domain)
        query [limit: i64 = "limit", offset: i64 = "offset"] body SubscriptionFilter => SubscriptionList, onprem
}
account_call! {
    /// Reserves licences for devices without a connection (SLR, PLR).
    pub struct ReserveLicenses => POST "/v2/accounts/{d}/virtual-accounts/{va}/reserve-licenses" (domain, virtual_account)
        body ReservationRequests => ReservationAnswer
}
account_call! {
    /// The same under the older address (code).
    pub struct ReserveLicensesV1 => POST "/v1/accounts/{d}/virtual-accounts/{va}/reserve-licenses" (domain, virtual_account)
        body ReservationRequests => ReservationAnswer
}

record! {
    /// One page of the licences of an account.
    pub struct LicenseList {
        /// The licences of this page.
        licenses: list License = "licenses",
        /// How many there are, on all pages.
        total_records: opt i64 = "totalRecords",
        /// What the server says about it, for people.
        status_message: said String = "statusMessage",
        /// How it went.
        status: opt StatusWord = "status",
    }
}

record! {
    /// One licence of one virtual account. Counts are numbers of licences.
    pub struct License {
        /// Its name, not its tag.
        license: req String = "license",
        /// Its virtual account.
        virtual_account: opt String = "virtualAccount",
        /// How many are bought.
        quantity: opt i64 = "quantity",
        /// How many are used.
        in_use: opt i64 = "inUse",
        /// How many are left: negative when too many are used.
        available: opt i64 = "available",
        /// `In Compliance`, `Out Of Compliance` (code).
        status: opt String = "status",
        /// `Prepaid`, `Usage` (code).
        billing_type: opt String = "billingType",
        /// How many are reserved.
        reserved: opt i64 = "reserved",
        /// How many are on their way.
        pending_quantity: opt i64 = "pendingQuantity",
        /// Does it count over high-availability sets?
        aha_apps: opt bool = "ahaApps",
        /// May it move between devices?
        is_portable: opt bool = "isPortable",
        /// What was bought.
        license_details: list LicenseDetail = "licenseDetails",
        /// What stands in for it.
        license_substitutions: list LicenseSubstitution = "licenseSubstitutions",
    }
}

record! {
    /// One purchase of a licence.
    pub struct LicenseDetail {
        /// `Demo`, `Perpetual`, `Subscription`, `Term` (code).
        license_type: opt String = "licenseType",
        /// How many were bought.
        quantity: opt i64 = "quantity",
        /// First day, as the cloud writes dates: kept as text, none is public.
        start_date: opt String = "startDate",
        /// Last day, in the same form; none where there is no end.
        end_date: opt String = "endDate",
        /// Id of the subscription that it belongs to, if it does.
        subscription_id: opt String = "subscriptionId",
        /// Product number that was ordered.
        license_sku: opt String = "licenseSku",
        /// Its state: `Active`, `Cancelled`, `Expired`, `Future`, `Pending` (code).
        status: opt String = "status",
        /// Number of the order.
        order_number: opt String = "orderNumber",
    }
}

record! {
    /// A licence that stands in for another.
    pub struct LicenseSubstitution {
        /// The one that is short.
        license: opt String = "license",
        /// The one that stands in.
        substituted_license: opt String = "substitutedLicense",
        /// How many are lent.
        substituted_quantity: opt i64 = "substitutedQuantity",
        /// Why, as the cloud words it.
        substitution_type: opt String = "substitutionType",
    }
}

record! {
    /// Which subscriptions are asked for; an empty list leaves nothing out.
    pub struct SubscriptionFilter {
        /// `Active`, `Cancelled`, `Expired`, `Future`, `Pending` (code).
        status: list String = "status",
        /// Names of virtual accounts.
        virtual_accounts: list String = "virtualAccounts",
    }
}

record! {
    /// One page of the subscriptions of an account.
    pub struct SubscriptionList {
        /// The subscriptions of this page.
        license_subscriptions: list Subscription = "licenseSubscriptions",
        /// How many there are, on all pages.
        total_records: opt i64 = "totalRecords",
        /// What the server says about it, for people.
        status_message: said String = "statusMessage",
        /// How it went.
        status: opt StatusWord = "status",
    }
}

record! {
    /// A licence that is bought for a time.
    pub struct Subscription {
        /// Name of the licence.
        license: opt String = "license",
        /// How many it brings.
        quantity: opt i64 = "quantity",
        /// `Prepaid`, `Usage` (code).
        billing_type: opt String = "billingType",
        /// Its id, as on the order.
        subscription_id: opt String = "subscriptionId",
        /// Its virtual account.
        virtual_account: opt String = "virtualAccount",
        /// First day, as the cloud writes dates: kept as text, none is public.
        start_date: opt String = "startDate",
        /// Last day, in the same form; none where there is no end.
        end_date: opt String = "endDate",
        /// Its state: `Active`, `Cancelled`, `Expired`, `Future`, `Pending` (code).
        status: opt String = "status",
    }
}

slp_model::open_enum! {
    /// What a reservation covers.
    pub enum Reservation {
        /// Named licences (SLR).
        Specific = "SPECIFIC",
        /// Everything (PLR).
        Universal = "UNIVERSAL",
    }
}
words!(Reservation);

record! {
    /// Reservations to make.
    pub struct ReservationRequests {
        /// One a device.
        reservation_requests: list ReservationRequest = "reservationRequests",
    }
}

record! {
    /// The reservation for one device.
    pub struct ReservationRequest {
        /// The code that the device printed.
        reservation_code: req String = "reservationCode",
        /// What it covers.
        reservation_type: req Reservation = "reservationType",
        /// What is reserved; none where everything is (PLR).
        licenses: list ReservationLicense = "licenses",
    }
}

record! {
    /// One licence of a reservation.
    pub struct ReservationLicense {
        /// Its whole tag.
        entitlement_tag: req String = "entitlementTag",
        /// How many: number or string on the wire (code).
        quantity: req Count = "quantity",
        /// Which of several purchases is taken from first: `LONGEST_TERM_FIRST` (code).
        precedence: opt String = "precedence",
    }
}

record! {
    /// The codes. A refused call says `ERROR` and has its reasons in the items (code).
    pub struct ReservationAnswer {
        /// How it went.
        status: opt StatusWord = "status",
        /// What the server says about it, for people.
        status_message: said String = "statusMessage",
        /// One a reservation.
        authorization_codes: list ReservationCode = "authorizationCodes",
    }
}

record! {
    /// The code for one reservation.
    pub struct ReservationCode {
        /// How it went.
        status: opt StatusWord = "status",
        /// The reason of a refusal.
        status_message: said String = "statusMessage",
        /// The code that the device printed.
        reservation_code: opt String = "reservationCode",
        /// The code that the device installs.
        authorization_code: opt String = "authorizationCode",
    }
}
