//! Captures of real devices: how many lines are understood, expected facts, and damage.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests read files and the environment")]

mod support;

use slp_transport::Limits;
use slp_transport::show::{CliFacts, ShowCommand};

fn command(name: &str) -> ShowCommand {
    [
        ("show_license_tech_support", ShowCommand::TechSupport),
        ("show_license_all", ShowCommand::All),
        ("show_license_status", ShowCommand::Status),
        ("show_license_summary", ShowCommand::Summary),
        ("show_license_usage", ShowCommand::Usage),
        ("show_license_udi", ShowCommand::Udi),
        ("show_license_authorization", ShowCommand::Authorization),
        ("show_license_rum_id_all", ShowCommand::RumIdAll),
        ("show_license_rum_id_detail", ShowCommand::RumIdDetail),
        ("show_license_eventlog", ShowCommand::EventLog),
        ("show_license_history_message", ShowCommand::HistoryMessage),
        ("show_call_home", ShowCommand::CallHome),
        ("show_license", ShowCommand::License),
    ]
    .into_iter()
    .find(|(prefix, _)| name.starts_with(prefix))
    .map(|(_, command)| command)
    .unwrap()
}

fn captures() -> Vec<(String, Vec<u8>)> {
    let Some(root) = support::samples() else {
        return Vec::new();
    };
    let mut captures: Vec<_> = std::fs::read_dir(root.join("cli"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().is_some_and(|name| name.to_str().unwrap().starts_with("show_")))
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(&path).unwrap()))
        .collect();
    captures.sort();
    captures
}

#[test]
fn nearly_every_line_is_understood() {
    let (mut lines, mut missed) = (0, 0);
    for (name, text) in captures() {
        let facts = CliFacts::read(command(&name), &text, &Limits::default());
        eprintln!("{name}: {} of {} lines understood", facts.lines - facts.unparsed.len() as u64, facts.lines);
        for line in &facts.unparsed {
            eprintln!("    {}: {}", line.line, line.text);
        }
        lines += facts.lines;
        missed += facts.unparsed.len() as u64;
        assert!(facts.understood_per_mille() >= 950, "{name}: {:?}", facts.unparsed);
    }
    eprintln!("{missed} of {lines} lines not understood");
}

fn facts(name: &str) -> Option<CliFacts> {
    let text = support::sample(&format!("cli/{name}"))?;
    Some(CliFacts::read(command(name), &text, &Limits::default()))
}

/// Each expected fact was read off the capture by eye.
fn expect(name: &str, expected: &[(&str, &str)]) {
    let Some(facts) = facts(name) else { return };
    for (path, value) in expected {
        assert_eq!(facts.value(path), Some(*value), "{name}: {path}");
    }
}

#[test]
fn tech_support_says_how_the_device_talks() {
    expect(
        "show_license_tech_support_5.txt",
        &[
            ("Smart Licensing Status", "Smart Licensing is ENABLED"),
            ("Transport/Type", "cslu"),
            ("Transport/Proxy/Address", "<empty>"),
            ("Policy/Policy name", "SLE Policy"),
            ("Policy/Unenforced/Non-Export Perpetual Attributes/Reporting frequency (days)", "60 (Customer Policy)"),
            (
                "Policy/Export (Perpetual/Subscription) License Attributes/Report on change (days)",
                "30 (Customer Policy)",
            ),
            ("Usage Reporting/Last ACK received", "Oct 11 15:39:41 2022 PDT"),
            ("License Usage/Handle 1/License", "network-advantage"),
            ("Upcoming Scheduled Jobs/Authorization Renewal", "Expired Not Rescheduled"),
            ("Communication Statistics/Communication Level Allowed", "DIRECT"),
            ("Communication Statistics/Authorization Request/Failure Reason", "Null pointer Error"),
            ("Communication Statistics/Authorization Request/Last Response", "BUILD REQUEST ERROR"),
            ("Other Info/Message Version", "1.3"),
            ("Other Info/connect_info.additional", ""),
        ],
    );
    let Some(facts) = facts("show_license_tech_support_5.txt") else {
        return;
    };
    assert_eq!(facts.captured_at.as_deref(), Some("Oct 14 14:05:17 2022 PDT"));
    let hello = facts.find("Communication Statistics/Hello Message/Attempts").unwrap().attempts().unwrap();
    let attempts = |kind: &str| {
        let fact = facts.find(&format!("Communication Statistics/{kind}/Attempts")).unwrap();
        fact.attempts().unwrap()
    };
    let others = ["Usage Reporting", "Result Polling", "Trust Establishment", "Authorization Request", "Trust Sync"];
    let sum: u64 = others.iter().map(|kind| attempts(kind).total).sum();
    assert_eq!((hello.total, sum), (11, 11), "a hello before each message");
    let request = attempts("Authorization Request");
    assert_eq!((request.total, request.success, request.fail), (2, 0, 0));
    assert_eq!(facts.find("Usage Report Summary/Purged").unwrap().count(), Some((344, Some(344))));
    assert_eq!(facts.find("Usage Report Summary/Waiting for Ack").unwrap().count(), Some((0, Some(171))));
    assert_eq!(facts.find("License Usage/Handle 1/Status").unwrap().state(), ("IN USE", Some(15)));
    let push = facts.find("Usage Reporting/Reporting push interval").unwrap().push_interval().unwrap();
    assert_eq!((push.days, push.state, push.in_policy), (30, Some(4), Some(60)));
    let devices: Vec<_> = facts.facts.iter().filter(|fact| fact.path.starts_with("HA UDI List/")).collect();
    assert_eq!(devices.len(), 2);
    assert_eq!(devices[0].value, devices[1].value, "two supervisors, one UDI");
}

#[test]
fn a_failure_reason_may_be_json() {
    let Some(facts) = facts("show_license_tech_support_8_proxy.txt") else {
        return;
    };
    let reasons: Vec<_> = facts.facts.iter().filter(|fact| fact.path.ends_with("/Failure Reason")).collect();
    let fields = reasons.iter().find_map(|fact| fact.field_errors()).unwrap();
    assert!(fields["product_instance_identifier"][0].contains("re-register"));
    assert_eq!(facts.captured_at.as_deref(), Some("11:04:51.711 PDT Fri Sep 1 2023"));
}

#[test]
fn odd_places_and_two_facts_on_a_line() {
    expect("show_license_tech_support_1.txt", &[("License Usage/Handle 9/Status", "NOT IN USE(1)")]);
    expect("show_license_all_3.txt", &[("Transport/Type", "Callhome")]);
    expect(
        "show_license_all_4.txt",
        &[
            ("Usage Reporting/Reporting push interval", "0 (no reporting)"),
            ("Trust Code Installed/Trust Code Type", "CSSM"),
            ("Agent Version/Smart Agent for Licensing", "6.3.10/58086906e"),
            ("License Usage/essentials (Switching OS Essentials)/Count", "3"),
            ("Product Analytics Report Summary/Product Analytics", "NOT AVAILABLE"),
            ("Device Enforcement State", "NOT APPLICABLE"),
        ],
    );
    expect("show_license_all_2.txt", &[("Data Privacy/Sending Hostname", "yes"), ("Policy/Policy name", "SLE Policy")]);
    let Some(facts) = facts("show_license_tech_support_7.txt") else {
        return;
    };
    assert!(facts.find("Transport/Cslu address").is_some_and(slp_transport::show::Fact::is_none));
    assert_eq!(facts.find("Usage Report Summary/MIA").unwrap().count(), Some((96, Some(96))));
}

#[test]
fn numbers_of_reports_and_names_at_the_left_edge_are_found() {
    for (name, path) in [
        ("show_license_tech_support_1.txt", "License Usage/Handle 1/Measurements/ENTITLEMENT/Current Report"),
        ("show_license_tech_support_1.txt", "License Usage/Handle 1/Measurements/ENTITLEMENT/Previous"),
        ("show_license_tech_support_5.txt", "License Usage/Handle 2/Measurements/ENTITLEMENT/Previous"),
        ("show_license_rum_id_detail_1.txt", "Smart Licensing Usage Report Detail/Report Id"),
        ("show_license_rum_id_detail_1.txt", "Smart Licensing Usage Report Detail/Previous Report Id"),
        ("show_license_rum_id_detail_1.txt", "Smart Licensing Usage Report Detail/Next Report Id"),
    ] {
        let Some(facts) = facts(name) else { return };
        let value = facts.value(path).unwrap_or_else(|| panic!("{name}: {path}"));
        assert!(value.parse::<u64>().is_ok(), "{name}: {path}: {value}");
    }
    for (name, path) in [
        ("show_license_all_3.txt", "Registration/Virtual Account"),
        ("show_license_all_2.txt", "Account Information/Virtual Account"),
    ] {
        let Some(facts) = facts(name) else { return };
        assert!(facts.find(path).is_some_and(|fact| !fact.value.is_empty()), "{name}: {path}");
    }
}

#[test]
fn a_classic_device_is_told_from_the_others() {
    for name in ["show_license_all_3.txt", "show_license_status_2.txt", "show_license_1.txt"] {
        let Some(facts) = facts(name) else { return };
        assert!(facts.warnings.iter().any(|warning| warning.text.contains("classic")), "{name}");
    }
    let Some(facts) = facts("show_license_status_1.txt") else {
        return;
    };
    assert!(facts.warnings.is_empty(), "{:?}", facts.warnings);
}

#[test]
fn tables_are_read_by_row() {
    expect(
        "show_license_summary_4.txt",
        &[
            ("Account Information/Smart Account", "<none>"),
            ("License Usage/network-advantage (C9300-24 Network Advan...)/Count", "2"),
            ("License Usage/network-advantage (C9300-48 Network Advan...)/Count", "1"),
            ("License Usage/dna-advantage (C9300-24 DNA Advantage)/Status", "IN USE"),
        ],
    );
    expect("show_license_summary_2.txt", &[("License Usage/hseck9 (DNA_HSEC)/Count", "1")]);
    let Some(udi) = facts("show_license_udi_1.txt") else {
        return;
    };
    assert!(udi.value("Product Information/UDI").is_some_and(|udi| udi.starts_with("PID:ASR1006,SN:")));
    let Some(reports) = facts("show_license_rum_id_all_1.txt") else {
        return;
    };
    let under = |key: &str| -> Vec<String> {
        let found = reports.facts.iter().filter(|fact| fact.path.ends_with(key));
        found.map(|fact| fact.value.clone()).collect()
    };
    assert_eq!(under("/State"), ["CLOSED", "ACK"]);
    assert_eq!(under("/Feature Name"), ["network-premier_2.5G", "dna-premier_2.5G"]);
    expect(
        "show_license_rum_id_detail_1.txt",
        &[
            ("Smart Licensing Usage Report Detail/State Change Reason", "ACKED"),
            ("Smart Licensing Usage Report Detail/End Time", "Oct 14 11:32:48 2021 UTC"),
            ("Smart Licensing Usage Report Detail/Storage State", "DELETED"),
        ],
    );
    expect(
        "show_license_usage_1.txt",
        &[
            ("License Authorization/Status", "Not Applicable"),
            ("License Usage/dna-advantage (C9300-48 DNA Advantage)/License type", "Subscription"),
        ],
    );
    expect("show_license_eventlog_2.txt", &[("Event Log", "No EventLog Found.")]);
    let path = "Destination  URL(s)";
    expect(
        "show_call_home_smart_licensing_1.txt",
        &[(
            &format!("Current smart-licensing transport settings/{path}"),
            "https://tools.cisco.com/its/service/oddce/services/DDCEService",
        )],
    );
    let Some(facts) = facts("show_license_eventlog_1.txt") else {
        return;
    };
    let counts: Vec<_> = facts.all("Event Log/SAEVT_ENDPOINT_USAGE/count").collect();
    assert!(counts.len() > 5 && counts.iter().all(|fact| fact.value == "0"));
    let Some(facts) = self::facts("show_license_udi_2.txt") else {
        return;
    };
    assert_eq!(facts.all("HA UDI List/Member").count(), 2);
}

#[test]
fn every_command_is_told_from_its_output() {
    for (name, text) in captures() {
        let found = CliFacts::detect(&text, &Limits::default()).map(|facts| facts.command);
        assert_eq!(found, Some(command(&name)), "{name}");
    }
}

#[test]
fn no_damage_is_an_error_and_every_lost_line_has_its_number() {
    let captures = captures();
    let mut seed = 1_u64;
    let mut roll = move |sides: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % u64::try_from(sides.max(1)).unwrap()).unwrap()
    };
    for round in 0..if captures.is_empty() { 0 } else { 5_000 } {
        let (name, text) = &captures[round % captures.len()];
        let text = String::from_utf8_lossy(text);
        let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
        let at = roll(lines.len());
        match roll(4) {
            0 => drop(lines.remove(at)),
            1 => lines.insert(at, lines[at].clone()),
            2 => {
                let end = roll(lines[at].len() + 1);
                let end = (0..=end).rev().find(|end| lines[at].is_char_boundary(*end)).unwrap();
                lines[at].truncate(end);
            }
            _ => {
                let other = roll(lines.len());
                lines.swap(at, other);
            }
        }
        let facts = CliFacts::read(command(name), lines.join("\n").as_bytes(), &Limits::default());
        for lost in &facts.unparsed {
            let there = &lines[usize::try_from(lost.line - 1).unwrap()];
            assert_eq!(there.trim_end(), lost.text, "{name}");
        }
        for fact in &facts.facts {
            assert!(fact.line >= 1 && fact.line <= lines.len() as u64);
        }
    }
}

#[test]
fn every_prefix_of_a_capture_is_read() {
    for (name, text) in captures().into_iter().take(8) {
        for end in (0..text.len()).step_by(37) {
            CliFacts::read(command(&name), &text[..end], &Limits::default());
        }
    }
}
