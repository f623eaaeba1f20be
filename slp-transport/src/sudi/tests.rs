use super::*;

/// A certificate is any bytes here: nothing is verified.
const CERTIFICATES: [&str; 3] = ["cm9vdA==", "Y2E=", "ZGV2aWNl"];

fn pem(names: &[Option<&str>]) -> String {
    let blocks = names.iter().zip(CERTIFICATES.iter().cycle()).map(|(name, text)| {
        let name = name.map(|name| format!("Certificate Name: {name}\n")).unwrap_or_default();
        format!("{name}-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
    });
    blocks.collect()
}

fn chain() -> Body {
    Body::Chain { root: b"root".to_vec(), sub_ca: b"ca".to_vec(), leaf: b"device".to_vec() }
}

fn read(text: &str) -> Answer {
    let carrier = Carrier::detect(text.as_bytes()).unwrap_or(Carrier::Cli);
    Answer::read(carrier, text.as_bytes(), &Limits::default()).unwrap()
}

fn one(text: &str) -> Statement {
    let mut answer = read(text);
    assert_eq!(answer.statements.len(), 1, "{answer:?}");
    answer.statements.pop().unwrap().unwrap()
}

fn fault(text: &str) -> String {
    let mut answer = read(text);
    answer.statements.pop().unwrap().unwrap_err().to_string()
}

const OLD: &str = "Switch#show platform sudi certificate sign nonce 10\n";
const SIGNED: &str = "Signature version: 1\nSignature:\nABCDEF01\n";

#[test]
fn a_signature_ends_with_its_line_whatever_the_prompt_begins_with() {
    // the prompt begins with digits that a signature may have
    let text = format!("{OLD}{}{SIGNED}3800Switch#", pem(&[None; 3]));
    let statement = one(&text);
    assert_eq!(statement.signature.as_ref().unwrap().bytes, [0xab, 0xcd, 0xef, 0x01]);
    assert_eq!((statement.nonce, statement.body, statement.place.line), (Some(Nonce::Number(10)), chain(), Some(2)));
    // nor does it need an end of its line, and CR LF is told
    let cut = text.trim_end_matches("\n3800Switch#").replace('\n', "\r\n");
    let answer = read(&cut);
    assert_eq!(answer.statements[0].as_ref().unwrap().body, chain());
    assert_eq!(answer.warnings.len(), 1);
}

#[test]
fn the_nonce_is_that_of_the_command_and_the_absent_one_is_no_zero() {
    let with = |command: &str| one(&format!("A#{command}\n{}{SIGNED}", pem(&[None; 3]))).nonce;
    assert_eq!(with("show platform sudi certificate sign nonce 0"), Some(Nonce::Number(0)));
    assert_eq!(with("show platform sudi certificate sign"), None);
    let odd = format!("A#show platform sudi certificate sign nonce -1\n{}{SIGNED}", pem(&[None; 3]));
    assert_eq!(read(&odd).warnings[0].tolerance, Tolerance::UnreadableNonce);
    // the next command has none
    let two =
        format!("{OLD}{}{SIGNED}A#show platform sudi certificate sign\n{}{SIGNED}", pem(&[None; 3]), pem(&[None; 3]));
    let nonces: Vec<_> = read(&two).statements.into_iter().map(|one| one.unwrap().nonce).collect();
    assert_eq!(nonces, [Some(Nonce::Number(10)), None]);
}

#[test]
fn sections_of_locations_are_statements_of_their_own_and_one_that_is_broken_spoils_no_other() {
    let names = ["CRCA CERTIFICATE", "CMCA CERTIFICATE", "SUDI CERTIFICATE"].map(Some);
    let signed = "  Signature:\n  Version: 1\n  Value:\n  ABCDEF01\n\n";
    let section = |slot: u8, body: &str| format!("-----\nLOCATION FRU=fru-rp SLOT={slot} BAY=0\n-----\n{body}");
    let text = format!(
        "R1#show system integrity all trust_chain nonce 7\n{}{}{}R1#",
        section(0, &format!("{}{signed}", pem(&names))),
        section(1, &format!("{}{signed}", pem(&names[..2]))),
        section(2, &format!("{}{signed}", pem(&names))),
    );
    let answer = read(&text);
    let [first, second, third] = &answer.statements[..] else { panic!("{answer:?}") };
    assert_eq!(first.as_ref().unwrap().location.as_deref(), Some("FRU=fru-rp SLOT=0 BAY=0"));
    assert_eq!(third.as_ref().unwrap().location.as_deref(), Some("FRU=fru-rp SLOT=2 BAY=0"));
    assert!(third.as_ref().unwrap().place.line > first.as_ref().unwrap().place.line);
    let error = second.as_ref().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Schema);
    assert_eq!(error.to_string(), "line 23: a chain has three certificates: root, issuing CA, device");
    assert!(answer.warnings.is_empty(), "{:?}", answer.warnings);
    let swapped = pem(&[names[1], names[0], names[2]]);
    assert!(fault(&format!("{OLD}{swapped}{SIGNED}")).contains("in another order"));
}

#[test]
fn a_measurement_keeps_stages_packages_and_registers() {
    let (short, long) = ("A1".repeat(32), "B2".repeat(64));
    let (head, tail) = long.split_at(100);
    let old = format!(
        "A#show platform integrity sign nonce 1\nPlatform: ISR4321/K9\nBoot 0 Version: F1\nBoot 0 Hash: {short}\nBoot Loader \
         Version: 16.2(2r)\nBoot Loader Hash: {head}\n{tail}\nOS Version: 16.03.01\nOS Hash:\nPCR0: {short}\nPCR8: \
         {short}\n{SIGNED}A#"
    );
    let Body::Measurement(measured) = one(&old).body else { panic!() };
    let stages: Vec<_> = measured.boot.iter().map(|one| (one.name.as_str(), one.hash.as_ref().map(Vec::len))).collect();
    assert_eq!(stages, [("F1", Some(32)), ("16.2(2r)", Some(64))]);
    assert_eq!((measured.pcr0, measured.pcr8), (Some([0xa1; 32]), Some([0xa1; 32])));
    assert_eq!((measured.packages[0].name.as_str(), &measured.packages[0].hash), ("16.03.01", &None));
    // boot 0 runs first, wherever it is printed
    let swapped = format!(
        "A#show platform integrity\nBoot Loader Version: 4.3\nBoot Loader Hash: {long}\nBoot 0 Version: F1\nBoot 0 Hash: {short}\nA#"
    );
    let Body::Measurement(swapped) = one(&swapped).body else { panic!() };
    assert_eq!(swapped.boot.iter().map(|stage| stage.name.as_str()).collect::<Vec<_>>(), ["F1", "4.3"]);
    let new = format!(
        "A#show system integrity all measurement nonce 1\nPlatform: ISR4321/K9\nBoot Hashes:\nF1: {short}\n16.2(2r): \
         {long}\nOS:\nVersion: 17.1\nHashes:\na.pkg: {long}\nb.pkg: zz\nRegisters:\nPCR0: {short}\nPCR8: {short}\nSignature:\n\
         Version: 1\nValue:\nABCD\nA#"
    );
    let answer = read(&new);
    let Ok(Body::Measurement(newer)) = answer.statements[0].as_ref().map(|one| &one.body) else { panic!("{answer:?}") };
    assert_eq!((newer.boot.len(), newer.packages.len(), newer.os_version.as_deref()), (2, 2, Some("17.1")));
    assert_eq!(answer.warnings[0].tolerance, Tolerance::UnreadableHash);
    // a signature without both registers, or with one twice, is over something else
    for (from, to) in [("PCR8: ", "PCR7: "), ("PCR8: ", "PCR0: ")] {
        assert!(fault(&old.replace(from, to)).contains("boot register"), "{to}");
    }
    assert!(fault(&old.replace(&format!("PCR8: {short}"), "PCR8: A1A1")).contains("64 hexadecimal digits"));
}

#[test]
fn a_capture_says_what_was_asked_for_or_nothing() {
    let compliance = "Compliance:\nsecure_boot: true\nSignature:\nVersion: 1\nValue:\nABCD\nA#";
    let text = |asked: &str| format!("A#show system integrity all {asked} nonce 7\n{compliance}");
    assert_eq!(one(&text("compliance")).body, Body::Compliance(vec![("secure_boot".into(), "true".into())]));
    assert!(fault(&text("measurement")).contains("asked for a measurement"), "{}", fault(&text("measurement")));
    let mixed = format!("{}{compliance}", pem(&[None; 3]));
    assert!(fault(&format!("A#show system integrity all\n{mixed}")).contains("mixed"));
    assert_eq!(
        read("% Error retrieving SUDI certificate\n").statements[0].as_ref().unwrap_err().kind(),
        ErrorKind::Device
    );
    let nothing = read("A#show platform sudi certificate\nA#");
    assert!(nothing.statements.is_empty() && nothing.warnings.is_empty());
}

#[test]
fn text_that_could_be_the_header_of_another_statement_is_no_attribute() {
    let json = |name: &str| {
        format!(
            r#"{{"Cisco-IOS-XE-system-integrity-oper:system-integrity-oper-data":{{"location":[{{"integrity":[{{"compliance":
            {{"capability":[{{"attribute":"{name}","value":"true"}}],"signature":{{"version":1,"signature":"AB"}}}}}}]}}]}}}}"#
        )
    };
    assert!(matches!(one(&json("secure_boot")).body, Body::Compliance(_)));
    for name in ["\\u0000\\u0000\\u0000\\u0001x", "", "caf\u{e9}"] {
        assert!(fault(&json(name)).contains("plain text of ASCII"), "{name}");
    }
}

#[test]
fn a_signature_that_was_announced_has_to_follow() {
    let body = format!("{OLD}{}", pem(&[None; 3]));
    for (end, text) in [
        ("Signature version: 1\nSignature:\nSwitch#", "no signature"),
        ("Signature version: 1\nSignature:", "no signature"),
        ("Signature:\nABCD\nSwitch#", "does not follow"),
        ("Signature version: one\nSignature:\nABCD\n", "no number"),
        ("Signature version: 1\nSignature:\nABC\n", "hexadecimal"),
        ("Signature version: 1\nSignature:\nABCZ\n", "hexadecimal"),
        ("-----BEGIN CERTIFICATE-----\nAAAA", "fourth"),
    ] {
        let told = fault(&format!("{body}{end}"));
        assert!(told.contains(text) || end.contains("BEGIN"), "{end}: {told}");
    }
    let long = "AB".repeat(1_025);
    assert!(fault(&format!("{body}Signature version: 1\nSignature:\n{long}\n")).contains("1024"));
}

const RESTCONF: &str = r#"{"Cisco-IOS-XE-system-integrity-oper:system-integrity-oper-data":{"location":[{"fru":"fru-rp",
"slot":0,"integrity":[
{"nonce":"7","request":"choice-trust-chain","trust-chain":{"trust-chain":[{"name":"CRCA CERTIFICATE","value":"cm9vdA==\u000A"},
{"name":"CMCA CERTIFICATE","value":"Y2E="},{"name":"SUDI CERTIFICATE","value":"ZGV2\u000AaWNl"}],
"signature":{"version":1,"signature":"ABCD"}}},
{"nonce":"7","request":"choice-trust-chain","trust-chain":{"trust-chain":[],"signature":{"version":"x","signature":"AB"}}},
{"nonce":7,"request":"choice-trust-chain","trust-chain":{}}]}]}}"#;

#[test]
fn restconf_entries_stand_by_themselves_and_name_line_and_member() {
    let answer = read(RESTCONF);
    let first = answer.statements[0].as_ref().unwrap();
    assert_eq!((&first.body, first.location.as_deref()), (&chain(), Some("FRU=fru-rp SLOT=0")));
    assert_eq!(first.nonce, Some(Nonce::Number(7)));
    let second = answer.statements[1].as_ref().unwrap_err().to_string();
    let path = "$.Cisco-IOS-XE-system-integrity-oper:system-integrity-oper-data.location[0].integrity";
    assert_eq!(
        second,
        format!(
            "line 6, column 100, {path}[1].trust-chain.signature.version: \"x\" where a whole number in range should stand"
        )
    );
    assert!(answer.statements[2].as_ref().unwrap_err().to_string().contains(&format!("{path}[2].nonce")));
    let twice = RESTCONF.replace("\"nonce\":\"7\",", "\"nonce\":\"7\",\"nonce\":\"8\",");
    assert_eq!(read(&twice).statements[0].as_ref().unwrap_err().kind(), ErrorKind::Schema);
}

const NETCONF: &str = r#"<?xml version="1.0"?>
<nc:rpc-reply xmlns:nc="urn:x" message-id="1"><nc:data><system-integrity-oper-data xmlns="http://cisco.com/ns/yang/Cisco-IOS-XE-system-integrity-oper"><location><fru
>fru-rp</fru><integrity><nonce>7</nonce><request>choice-trust-chain</request><trust-chain><trust-chain><name>CRCA
 CERTIFICATE</name><value>cm9vdA==
</value></trust-chain><trust-chain><value>Y2E=</value></trust-chain><trust-chain><value>ZGV2aWNl</value></trust-chain><signature
><version>1</version><signature>ABCD</signature></signature></trust-chain></integrity><integrity><nonce>7</nonce><nonce>8</nonce></integrity></location></system-integrity-oper-data></nc:data></nc:rpc-reply>"#;

#[test]
fn netconf_answers_are_read_with_line_breaks_in_tags_and_in_a_frame() {
    let answer = read(NETCONF);
    assert_eq!(answer.carrier, Carrier::Netconf);
    let first = answer.statements[0].as_ref().unwrap();
    assert_eq!((&first.body, first.location.as_deref()), (&chain(), Some("FRU=fru-rp")));
    let second = answer.statements[1].as_ref().unwrap_err().to_string();
    assert!(
        second.starts_with("line 6, column 114, system-integrity-oper-data/location[0]/integrity[1]/nonce: "),
        "{second}"
    );
    // the same without frame and declaration
    let inner = NETCONF.split_once("<nc:data>").unwrap().1.split_once("</nc:data>").unwrap().0;
    assert_eq!(read(&format!("\n  {inner}\n")).statements[0].as_ref().unwrap().body, chain());
}

#[test]
fn hostile_xml_is_refused_as_a_whole() {
    let deep = format!("<system-integrity-oper-data>{}", "<a>".repeat(100_000));
    let wide = format!("<system-integrity-oper-data>{}</system-integrity-oper-data>", "<a/>".repeat(100_001));
    for text in [
        "<system-integrity-oper-data>",
        "<system-integrity-oper-data></other>",
        "<system-integrity-oper-data/><x/>",
        "<system-integrity-oper-data/>text",
        "<system-integrity-oper-data><!-- x --></system-integrity-oper-data>",
        "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><system-integrity-oper-data>&e;</system-integrity-oper-data>",
        "<system-integrity-oper-data>&e;</system-integrity-oper-data>",
        "<rpc-reply><other/></rpc-reply>",
        "<other/>",
        &deep,
        &wide,
    ] {
        let error = Answer::read(Carrier::Netconf, text.as_bytes(), &Limits::default()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Schema | ErrorKind::Limit), "{text:.40}: {error}");
    }
}

#[test]
fn ios_xr_names_its_certificates_and_may_have_text_in_front() {
    let text = |names: [&str; 3]| {
        let list = names.iter().zip(["ZGV2aWNl", "Y2E=", "cm9vdA=="]);
        let list: Vec<_> = list.map(|(name, value)| format!("{{\"name\":\"{name}\",\"value\":\"{value}\"}}")).collect();
        format!(
            "RP/0/RP0/CPU0:r#show platform security attest certificate CiscoSUDI location all nonce ABCD json\n\
             {{\"system-certificates\":[{{\"node-location\":\"0/RP0/CPU0\",\"nonce\":\"q80=\",\"signature_version\":1,\
             \"signature\":\"3q0=\",\"certificates\":{{\"certificate\":[{}]}}}}]}}\n",
            list.join(",")
        )
    };
    let answer = read(&text(["Cisco SUDI", "Cisco SUDI CA", "Cisco SUDI Root"]));
    assert_eq!((answer.carrier, answer.warnings[0].tolerance), (Carrier::XrJson, Tolerance::TextBefore));
    let statement = answer.statements[0].as_ref().unwrap();
    assert_eq!(statement.body, chain());
    assert_eq!(statement.nonce, Some(Nonce::Bytes(vec![0xab, 0xcd])));
    assert_eq!((statement.location.as_deref(), statement.place.line), (Some("0/RP0/CPU0"), Some(2)));
    assert!(fault(&text(["Cisco SUDI", "other", "Cisco SUDI Root"])).contains("same part"));
    let behind = format!("{}RP/0/RP0/CPU0:r#", text(["Cisco SUDI", "Cisco SUDI CA", "Cisco SUDI Root"]));
    let error = Answer::read(Carrier::XrJson, behind.as_bytes(), &Limits::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotJson);
}

#[test]
fn a_document_that_quotes_an_answer_is_none() {
    for text in [
        "",
        "{\"payload\":\"{\\\"Cisco-IOS-XE-system-integrity-oper:system-integrity-oper-data\\\":{}}\"}",
        "{\"a\":{\"system-certificates\":[]}}",
        "<smartLicense><x>system-integrity-oper-data</x></smartLicense>",
        "see the command show platform sudi certificate",
        "-----BEGIN CERTIFICATE-----\nY2E=\n-----END CERTIFICATE-----\n",
    ] {
        assert_eq!(Carrier::detect(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn limits_take_n_and_refuse_one_more() {
    let sections = |count: usize| {
        let section = "LOCATION FRU=x\nCompliance:\na: b\n";
        Answer::read(Carrier::Cli, section.repeat(count).as_bytes(), &Limits::default())
            .map(|answer| answer.statements.len())
    };
    assert_eq!(sections(1_024).unwrap(), 1_024);
    assert_eq!(sections(1_025).unwrap_err().name(), Some("sudi_statements"));
    let pairs =
        |count: usize| read(&format!("LOCATION FRU=x\nCompliance:\n{}", "a: b\n".repeat(count))).statements.pop();
    assert!(pairs(1_024).unwrap().is_ok());
    assert_eq!(pairs(1_025).unwrap().unwrap_err().name(), Some("sudi_pairs"));
    let hashes =
        |count: usize| read(&format!("LOCATION FRU=x\nBoot Hashes:\n{}", "a: \n".repeat(count))).statements.pop();
    assert!(hashes(4_096).unwrap().is_ok());
    assert_eq!(hashes(4_097).unwrap().unwrap_err().name(), Some("sudi_hashes"));
    let mut limits = Limits::default();
    (limits.cli_bytes, limits.cli_line_bytes) = (20, 10);
    let sized =
        |text: &str| Answer::read(Carrier::Cli, text.as_bytes(), &limits).map(drop).map_err(|error| error.name());
    assert_eq!(sized("Compliance\nCompliance"), Err(Some("cli_bytes")));
    assert_eq!((sized("Compliance\n"), sized("Compliance:\n")), (Ok(()), Err(Some("cli_line_bytes"))));
}

#[test]
fn no_cut_and_no_changed_byte_makes_a_reader_panic() {
    let cli = format!("{OLD}{}{SIGNED}3800Switch#", pem(&[None; 3]));
    for text in [cli.as_str(), RESTCONF, NETCONF] {
        for at in 0..text.len() {
            for odd in [0_u8, b'<', b'{', b'"', b'#', 0xff] {
                let mut bytes = text.as_bytes().to_vec();
                bytes[at] = odd;
                for carrier in [Carrier::Cli, Carrier::Netconf, Carrier::Restconf, Carrier::XrJson] {
                    let _ = Answer::read(carrier, &bytes, &Limits::default());
                }
            }
            let cut = &text.as_bytes()[..at];
            let _ = Carrier::detect(cut).map(|carrier| Answer::read(carrier, cut, &Limits::default()));
        }
    }
}

#[test]
fn carriers_and_tolerances_are_read_back_from_their_words() {
    for carrier in Carrier::ALL {
        assert_eq!(carrier.to_string().parse::<Carrier>().unwrap(), *carrier);
        assert_eq!(serde_json::from_str::<Carrier>(&serde_json::to_string(carrier).unwrap()).unwrap(), *carrier);
    }
    for tolerance in Tolerance::ALL {
        assert_eq!(tolerance.to_string().parse::<Tolerance>().unwrap(), *tolerance);
    }
    insta::assert_snapshot!("CLI".parse::<Carrier>().unwrap_err(), @r#""CLI" is no carrier of a statement; expected one of: cli, netconf, restconf, xr-json"#);
}
