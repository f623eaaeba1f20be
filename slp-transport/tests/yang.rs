//! The enumerations and procedures are those of the published modules.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests read files and the environment")]

mod support;

use slp_transport::netconf::xr::XrRpc;
use slp_transport::rpc::Rpc;
use slp_transport::snmp::Notification;
use slp_transport::yang::{XE, XE_ERRORS, XR_ERRORS, XR_TRANSPORT_STATE, XR_TRANSPORT_TYPE, YangEnum};
use support::sample;

/// Numbers and words of one enumeration of a module.
fn module_values(module: &str, name: &str) -> Option<Vec<(u32, String)>> {
    let text = String::from_utf8(sample(&format!("transport/yang/{module}"))?).unwrap();
    let (_, rest) = text.split_once(&format!("typedef {name} {{")).unwrap_or_else(|| panic!("{name}"));
    let end = rest.find("typedef ").unwrap_or(rest.len());
    let mut values: Vec<(u32, String)> = Vec::new();
    let mut words = rest[..end].split_ascii_whitespace();
    while let Some(token) = words.next() {
        match token {
            // Without a number of its own a word has the next one.
            "enum" => {
                let number = values.last().map_or(0, |(last, _)| last + 1);
                values.push((number, words.next().unwrap().trim_matches('"').to_owned()));
            }
            "value" => {
                if let Some(Ok(number)) = words.next().map(|number| number.trim_end_matches(';').parse()) {
                    values.last_mut().unwrap().0 = number;
                }
            }
            _ => {}
        }
    }
    // How many errors there are is no error.
    values.retain(|(_, word)| name != "error-enum" || !matches!(word.as_str(), "max" | "ErrorMax"));
    assert!(!values.is_empty(), "{name}");
    Some(values)
}

fn compare(module: &str, known: &YangEnum) {
    let Some(module_values) = module_values(module, known.name) else {
        return;
    };
    let ours: Vec<_> = known.values().map(|(number, word)| (number, word.to_owned())).collect();
    assert_eq!(ours, module_values, "{module}, {}", known.name);
}

#[test]
fn every_enumeration_has_the_words_of_its_module() {
    for known in &XE {
        compare("xe-2611-cisco-smart-license.yang", known);
    }
    compare("xe-2611-cisco-smart-license-errors.yang", &XE_ERRORS);
    compare("xr-2621-Cisco-IOS-XR-smart-license-errors.yang", &XR_ERRORS);
    compare("xr-2621-Cisco-IOS-XR-smart-license-cfg.yang", &XR_TRANSPORT_TYPE);
    compare("xr-2621-Cisco-IOS-XR-infra-smartlicense-oper-sub1.yang", &XR_TRANSPORT_STATE);
    assert!(XR_TRANSPORT_STATE.number("clsu").is_some(), "spelt as the module spells it");
}

#[test]
fn no_enumeration_of_the_module_is_missing() {
    let Some(text) = sample("transport/yang/xe-2611-cisco-smart-license.yang") else {
        return;
    };
    let text = String::from_utf8(text).unwrap();
    let typedefs: Vec<_> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("typedef ")?.strip_suffix(" {"))
        .filter(|name| *name != "fail-message-type")
        .collect();
    let mut ours: Vec<_> = XE.iter().map(|known| known.name).collect();
    let mut theirs = typedefs.clone();
    ours.sort_unstable();
    theirs.sort_unstable();
    assert_eq!(ours, theirs);
}

#[test]
fn every_procedure_of_the_other_system_can_be_called() {
    let Some(text) = sample("transport/yang/xr-2621-tree-act.txt") else {
        return;
    };
    let text = String::from_utf8(text).unwrap();
    let theirs: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("rpc ")).map(str::trim).collect();
    assert_eq!(XrRpc::NAMES.to_vec(), theirs);
}

#[test]
fn every_notification_has_the_number_of_its_module() {
    let Some(text) = sample("transport/mib/CISCO-SMART-LIC-MIB.my") else {
        return;
    };
    let text = String::from_utf8(text).unwrap();
    let mut seen = 0;
    for part in text.split("\nciscoSlaSmartAgentNotify").skip(1) {
        let Some((name, rest)) = part.split_once(" NOTIFICATION-TYPE") else { continue };
        let (_, rest) = rest.split_once("::= { ciscoSlaMIBNotifs ").unwrap();
        let number = rest.split(' ').next().unwrap().parse().unwrap();
        assert_eq!(Notification::from_number(number).name(), Some(name));
        seen += 1;
    }
    assert_eq!(seen, 53);
    assert_eq!(Notification::from_number(seen + 1).name(), None);
}

#[test]
fn every_procedure_of_the_module_can_be_called() {
    let Some(text) = sample("transport/yang/xe-2611-tree-cisco-smart-license.txt") else {
        return;
    };
    let text = String::from_utf8(text).unwrap();
    let mut theirs: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("rpc ")).map(str::trim).collect();
    let mut ours = Rpc::NAMES.to_vec();
    theirs.sort_unstable();
    ours.sort_unstable();
    assert_eq!(ours, theirs);
}
