//! When must each device of a file report next? `cargo run --example next_due -- DEVICE_FILE POLICY_FILE 2024-07-20`.

#![expect(clippy::print_stdout, reason = "a program may print")]
#![expect(clippy::disallowed_methods, reason = "a program may read files")]

use std::collections::BTreeMap;

use slp_model::policy::clock::{Change, LicenseUse, obligations};
use slp_model::policy::{LicenseClass, Policy};
use slp_model::{Udi, UnixSeconds};
use slp_rum::usage::Evidence;
use slp_rum::{Content, Document};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [reports, policy, now] = arguments.as_slice() else { return Err("give DEVICE_FILE POLICY_FILE NOW".into()) };
    let now: UnixSeconds = now.parse()?;

    let bytes = std::fs::read(policy)?;
    let mut policy = Policy::vendor_default();
    for content in Document::parse(&bytes)?.contents() {
        if let Content::Policy(read) = content? {
            policy = read.into_view();
        }
    }

    let bytes = std::fs::read(reports)?;
    let mut evidence = Evidence::new();
    for report in Document::parse(&bytes)?.reports() {
        evidence.add(&report?.as_borrowed(), reports)?;
    }
    // reports do not say which class a licence is of: these are bought for good
    let mut devices: BTreeMap<&Udi, BTreeMap<&str, LicenseUse>> = BTreeMap::new();
    for interval in evidence.intervals() {
        let tag = interval.entitlement_tag;
        let licences = devices.entry(interval.device).or_default();
        let licence = licences
            .entry(tag.as_str())
            .or_insert_with(|| LicenseUse::new(tag.clone(), LicenseClass::Perpetual, Vec::new()));
        licence.changes.push(Change::new(interval.start, interval.count));
    }
    for (device, licences) in devices {
        let licences: Vec<LicenseUse> = licences.into_values().collect();
        for due in obligations(&policy, None, &licences, None, now) {
            println!("{device}: {due}");
        }
    }
    Ok(())
}
