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
    for name in ["show_license_all_3.txt", "show_license_status_2.txt", "show_license_1.txt", "show_license_2.txt"] {
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

#[test]
fn every_fact_stands_on_its_line() {
    for (name, text) in captures() {
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.split('\n').collect();
        for fact in CliFacts::read(command(&name), text.as_bytes(), &Limits::default()).facts {
            let line = lines[usize::try_from(fact.line - 1).unwrap()];
            // A table has product id and serial number in columns of their own.
            let mut parts = fact.value.split(',').map(|part| part.trim_start_matches("PID:").trim_start_matches("SN:"));
            let is_there = line.contains(&fact.value) || (line.contains('\t') && parts.all(|part| line.contains(part)));
            assert!(is_there, "{name}, line {}: {:?} is not in {line:?}", fact.line, fact.value);
        }
    }
}

const HELLO: &str = "Communication Statistics/Hello Message/Attempts";
const INTERVAL: &str = "Usage Reporting/Reporting push interval";
const LEVEL: &str = "Communication Statistics/Communication Level Allowed";
const POLL: &str = "Communication Statistics/Result Polling/Attempts";

/// A capture, and facts in it: path, value, line.
type Case = (&'static str, &'static [(&'static str, &'static str, u64)]);

/// Read off the captures by eye.
const BY_EYE: &[Case] = &[
    (
        "show_license_tech_support_1.txt",
        &[
            ("Transport/Type", "cslu", 32),
            ("Transport/Server Identity Check", "False", 39),
            ("Transport/VRF", "<empty>", 40),
            ("Transport/Proxy/Password", "<empty>", 38),
        ],
    ),
    (
        "show_license_tech_support_5.txt",
        &[("Transport/Server Identity Check", "True", 37), ("Transport/VRF", "<empty>", 38)],
    ),
    ("show_license_tech_support_7.txt", &[("Transport/Cslu address", "<empty>", 30), ("Transport/VRF", "<empty>", 37)]),
    ("show_license_tech_support_8_proxy.txt", &[("Transport/Proxy/Port", "80", 33)]),
    (
        "show_license_all_2.txt",
        &[("Transport/VRF", "<empty>", 39), ("Smart Licensing Using Policy/Reporting Mode", "STANDARD", 20)],
    ),
    (
        "show_license_all_3.txt",
        &[("Registration/Status", "REGISTERED", 7), ("Registration/Last Renewal Attempt", "None", 12)],
    ),
    ("show_license_all_4.txt", &[("Transport/VRF", "<empty>", 37), ("Utility/Status", "DISABLED", 16)]),
    (
        "show_license_status_1.txt",
        &[
            ("Smart Licensing Using Policy/Status", "ENABLED", 8),
            ("Data Privacy/Callhome hostname privacy", "DISABLED", 16),
            ("Transport/Cslu address", "<empty>", 22),
            ("Transport/Proxy", "Not Configured", 24),
            ("Transport/VRF", "Not Configured", 26),
            ("Policy/Unenforced/Non-Export Perpetual Attributes/Reporting frequency (days)", "0 (Customer Policy)", 34),
            (INTERVAL, "30  days", 55),
            ("Usage Reporting/Next report push", "Oct 22 04:33:08 2021 UTC", 57),
        ],
    ),
    (
        "show_license_status_2.txt",
        &[
            ("Smart Licensing Status", "Smart Licensing is ENABLED", 2),
            ("Transport/Type", "Callhome", 14),
            ("Registration/Registration Expires", "Mar 13 08:04:56 2025 UTC", 24),
            ("License Authorization/Communication Deadline", "Jun 11 08:05:02 2024 UTC", 30),
            ("Export Authorization Key/Features Authorized", "<none>", 34),
        ],
    ),
    (
        "show_license_1.txt",
        &[
            ("Classic licences/Index 1 appxk9/Period left", "Life time", 3),
            ("Classic licences/Index 2 uck9/License State", "Active, Not in Use, EULA not accepted", 12),
        ],
    ),
    (
        "show_license_2.txt",
        &[
            ("Classic licences/Index 2 advipservices/Period Used", "0  minute  0  second", 9),
            ("Classic licences/Index 4 avc/License Type", "Permanent", 17),
        ],
    ),
    ("show_license_summary_2.txt", &[("License Usage/dna-premier_5G (DNA_P_5G_P)/Status", "IN USE", 5)]),
    ("show_license_summary_4.txt", &[("License Usage/dna-advantage (C9300-24 DNA Advantage)/Count", "2", 12)]),
    (
        "show_license_usage_1.txt",
        &[
            ("License Usage/network-advantage (C9300-24 Network Advantage)/Export status", "NOT RESTRICTED", 12),
            ("License Usage/network-advantage (C9300-24 Network Advantage)/License type", "Perpetual", 16),
        ],
    ),
    (
        "show_license_eventlog_1.txt",
        &[
            ("Event Log/SAEVT_PLATFORM", "2021-11-17 03:31:32.920 UTC", 6),
            ("Event Log/SAEVT_ENDPOINT_USAGE/count", "0", 7),
        ],
    ),
    ("show_license_eventlog_2.txt", &[("Event Log", "No EventLog Found.", 4)]),
    ("show_license_rum_id_all_1.txt", &[("Smart Licensing Usage Report/1629870048/State", "CLOSED", 4)]),
    ("show_license_rum_id_detail_1.txt", &[("Smart Licensing Usage Report Detail/State", "ACK", 9)]),
    (
        "show_call_home_smart_licensing_1.txt",
        &[("Current smart-licensing transport settings/Smart-license messages", "enabled", 2)],
    ),
    (
        "show_license_tech_support_2.txt",
        &[
            ("Transport/Type", "Smart", 28),
            (INTERVAL, "30  days State(4) InPolicy(60)", 64),
            (LEVEL, "DIRECT", 185),
            (POLL, "Total=4, Success=4, Fail=0", 206),
            ("Agent Version/Smart Agent for Licensing", "5.1.26_rel/120", 163),
        ],
    ),
    (
        "show_license_tech_support_3.txt",
        &[
            ("Transport/Type", "cslu", 32),
            ("Usage Reporting/Last ACK received", "<none>", 66),
            (INTERVAL, "30  days State(2) InPolicy(365)", 68),
            (LEVEL, "INDIRECT", 168),
            (HELLO, "Total=11, Success=0, Fail=11", 219),
            ("Usage Report Summary/Waiting for Ack", "0(3)", 272),
        ],
    ),
    (
        "show_license_tech_support_4.txt",
        &[
            ("Transport/Type", "Smart", 28),
            (INTERVAL, "30  days State(2) InPolicy(90)", 63),
            (LEVEL, "INDIRECT", 182),
            ("Communication Statistics/Trust Establishment/Attempts", "Total=2, Success=0, Fail=2", 185),
        ],
    ),
    (
        "show_license_tech_support_6.txt",
        &[
            (LEVEL, "INDIRECT", 146),
            ("Communication Statistics/Overall State", "Insufficient trust for direct communication", 147),
            ("Usage Report Summary/Total", "10", 249),
            ("Usage Report Summary/Waiting for Ack", "0(12)", 250),
        ],
    ),
    (
        "show_license_tech_support_9.txt",
        &[
            ("Policy/Policy name", "SLE Policy", 50),
            (POLL, "Total=5, Success=4, Fail=1", 174),
            ("Communication Statistics/Authorization Request/Last Response", "NO DATA TO PROCESS", 181),
            ("Usage Report Summary/Total Acknowledged Received", "52", 257),
        ],
    ),
    (
        "show_license_tech_support_10.txt",
        &[
            ("Transport/Cslu address", "<empty>", 33),
            (INTERVAL, "30  days State(2) InPolicy(0)", 68),
            (HELLO, "Total=210, Success=0, Fail=210", 198),
            ("Usage Report Summary/Purged", "902(902)", 256),
            ("Trust Code Installed", "<none>", 267),
        ],
    ),
    (
        "show_license_all_1.txt",
        &[
            ("Transport/Type", "Callhome", 30),
            ("Policy/Policy in use", "Merged from multiple sources.", 36),
            ("Usage Reporting/Next ACK deadline", "Feb 07 10:32:11 2022 UTC", 57),
            ("License Usage/dna-advantage (C9300-48 DNA Advantage)/License type", "Subscription", 111),
            ("Usage Report Summary/Available to Report", "12", 143),
            ("Usage Report Summary/Collecting Data", "4", 143),
        ],
    ),
    (
        "show_license_all_3_4M.txt",
        &[
            ("Smart Licensing Using Policy/Reporting Mode", "STANDARD", 20),
            ("Transport/Type", "Smart", 33),
            ("Transport/Proxy/Port", "80", 37),
            (
                "Policy/Enforced (Perpetual/Subscription) License Attributes/Reporting frequency (days)",
                "90 (Customer Policy)",
                59,
            ),
        ],
    ),
    ("show_license_authorization_1.txt", &[("Purchased Licenses", "No Purchase Information Available", 7)]),
    (
        "show_license_history_message_1.txt",
        &[("Message History (oldest to newest)/Result Polling", "No past history", 9)],
    ),
    (
        "show_license_rum_id_detail_2.txt",
        &[
            ("Smart Licensing Usage Report Detail/Metric Name", "TELEMETRY", 4),
            ("Smart Licensing Usage Report Detail/State", "DELETED", 7),
            ("Smart Licensing Usage Report Detail/Close Reason", "SMART", 7),
            ("Smart Licensing Usage Report Detail/Transaction Message", "<none>", 11),
        ],
    ),
    ("show_license_summary_1.txt", &[("License Usage/dna-advantage (C9300-48 DNA Advantage)/Count", "1", 5)]),
    ("show_license_summary_3.txt", &[("License Usage/network-premier_2.5G (ESR_P_2.5G_P)/Status", "IN USE", 4)]),
];

#[test]
fn each_capture_has_the_facts_that_an_eye_finds() {
    let mut wrong = Vec::new();
    for (name, expected) in BY_EYE {
        let Some(facts) = facts(name) else { return };
        for (path, value, line) in *expected {
            if !facts.all(path).any(|fact| fact.value == *value && fact.line == *line) {
                let near: Vec<_> = facts.facts.iter().filter(|fact| fact.line == *line || fact.path == *path).collect();
                wrong.push(format!("{name}, line {line}: {path}: {value}, but {near:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Of these two nothing but serial numbers could be named; their shape is looked at above.
    let without = ["show_license_udi_1.txt", "show_license_udi_2.txt"];
    for (name, _) in captures() {
        let is_named = without.contains(&&*name) || BY_EYE.iter().any(|(known, _)| *known == name);
        assert!(is_named, "{name} has no expected fact");
    }
}

#[test]
fn what_a_code_grants_stands_under_the_licence_of_the_code() {
    let text =
        b"Overall status:\n  Active: PID:C9300-24UX,SN:TST00000001\n      Status: SMART AUTHORIZATION INSTALLED on \
        Sep 21 13:48:56 2021 UTC\n\nAuthorizations:\n  hseck9 (Example HSEC):\n    Description: Example HSEC\n    \
        Total available count: 2\n    Enforcement type: EXPORT RESTRICTED\n\nPurchased Licenses:\n  No Purchase \
        Information Available\n";
    let facts = CliFacts::read(ShowCommand::Authorization, text, &Limits::default());
    assert!(facts.unparsed.is_empty(), "{:?}", facts.unparsed);
    assert_eq!(facts.value("Authorizations/hseck9 (Example HSEC)/Total available count"), Some("2"));
}
