//! The container `config`: what can be set.

use super::{CustomerInfo, Privacy, TransportType, UrlSettings, tree};
use crate::wire::record;

tree! {
    /// The container `config`.
    pub struct Config {
        /// Smart licensing is on; without effect where it always is.
        enable: opt bool = "enable",
        /// What the customer calls the device.
        custom_id: opt String = "custom-id",
        /// What messages do not say.
        privacy: opt Privacy = "privacy",
        /// Reporting of utility usage.
        utility: opt ConfigUtility = "utility",
        /// Reporting of usage.
        usage: opt ConfigUsage = "usage",
        /// How the device sends.
        transport: opt ConfigTransport = "transport",
    }
}

tree! {
    /// The container `utility` of the configuration.
    pub struct ConfigUtility {
        /// It is wanted.
        utility_enable: opt bool = "utility-enable",
        /// What reports say about the customer.
        customer_info: opt CustomerInfo = "customer-info",
    }
}

tree! {
    /// The container `usage` of the configuration.
    pub struct ConfigUsage {
        /// From report to report, days, 1 to 365.
        interval: opt u32 = "interval",
        /// Words of the customer.
        customer_tags: opt CustomerTags = "customer-tags",
    }
}

tree! {
    /// The container `customer-tags`; each has 1 to 127 characters.
    pub struct CustomerTags {
        /// The first.
        tag1: opt String = "tag1",
        /// The second.
        tag2: opt String = "tag2",
        /// The third.
        tag3: opt String = "tag3",
        /// The fourth.
        tag4: opt String = "tag4",
    }
}

tree! {
    /// The container `transport` of the configuration.
    pub struct ConfigTransport {
        /// By which way.
        transport_type: opt TransportType = "transport-type",
        /// To the cloud.
        transport_smart: opt TransportSmart = "transport-smart",
        /// To a collector.
        transport_cslu: opt TransportCslu = "transport-cslu",
    }
}

tree! {
    /// The container `transport-smart`: one of the two.
    pub struct TransportSmart {
        /// The addresses of the cloud.
        url_default: opt bool = "url-default",
        /// Other addresses.
        urls: opt UrlSettings = "urls",
    }
}

tree! {
    /// The container `transport-cslu`.
    pub struct TransportCslu {
        /// Address of the collector.
        url_cslu: opt String = "url-cslu",
    }
}
