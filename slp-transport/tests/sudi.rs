//! What real devices print and sign, read from captures of every carrier. Spec: crypto, "Carriers".

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "tests read files and the environment")]

use std::collections::BTreeMap;

use base64::Engine as _;
use slp_transport::sudi::{Answer, Body, Carrier, Nonce, Statement, Tolerance};
use slp_transport::{ErrorKind, Limits};

mod support;

/// What the device signed: nonce, version, body.
fn signed_bytes(statement: &Statement) -> Option<Vec<u8>> {
    let mut bytes = match &statement.nonce {
        Some(Nonce::Number(number)) => number.to_be_bytes().to_vec(),
        Some(Nonce::Bytes(nonce)) => nonce.clone(),
        _ => Vec::new(),
    };
    bytes.extend(statement.signature.as_ref()?.version.to_be_bytes());
    match &statement.body {
        Body::Chain { root, sub_ca, leaf } => bytes.extend([root, sub_ca, leaf].into_iter().flatten()),
        Body::Measurement(measured) => bytes.extend([measured.pcr0?, measured.pcr8?].concat()),
        Body::Compliance(pairs) => {
            bytes.extend(pairs.iter().flat_map(|(name, value)| [name, value]).flat_map(|text| text.bytes()));
        }
        _ => return None,
    }
    Some(bytes)
}

fn answer(name: &str, bytes: &[u8]) -> Answer {
    let carrier = Carrier::detect(bytes).unwrap_or_else(|| panic!("{name}: no carrier"));
    Answer::read(carrier, bytes, &Limits::default()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Every capture of a folder: the known-good-values files are none.
fn captures(folder: &str) -> Option<BTreeMap<String, Vec<u8>>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(support::samples()?.join(folder)).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_file()
            && !name.contains("kgv")
            && !name.contains("cert.")
            && path.extension().is_none_or(|end| end != "pem")
        {
            found.insert(name, std::fs::read(path).unwrap());
        }
    }
    Some(found)
}

#[test]
fn the_signed_bytes_of_every_published_capture_come_out() {
    let Some(cases) = support::sample("pki/signed_cases.jsonl") else { return };
    let mut files = captures("pki/biv/tests/test_files").unwrap();
    files.extend(captures("pki/biv/tests/test_files/v2").unwrap());
    let device = support::sample("pki/biv/tests/test_files/isr4k_show_plat_sudi_cert.txt").unwrap();
    files.insert("isr4k_show_plat_sudi_cert.txt".to_owned(), device);
    let decode =
        |text: &serde_json::Value| base64::engine::general_purpose::STANDARD.decode(text.as_str().unwrap()).unwrap();
    let statements: Vec<_> = files
        .iter()
        .flat_map(|(name, bytes)| answer(name, bytes).statements)
        .filter_map(Result::ok)
        .filter_map(|statement| Some((signed_bytes(&statement)?, statement.signature?.bytes)))
        .collect();
    let mut found = 0;
    for case in std::str::from_utf8(&cases).unwrap().lines() {
        let case: serde_json::Value = serde_json::from_str(case).unwrap();
        if case["kind"].as_str().unwrap().starts_with("kgv") {
            continue;
        }
        let wanted = (decode(&case["signed_b64"]), decode(&case["signature_b64"]));
        assert!(statements.contains(&wanted), "{} {}", case["id"], case["source"]);
        found += 1;
    }
    assert_eq!(found, 15);
    eprintln!("statements: {} signed in {} captures, {found} equal the signed cases", statements.len(), files.len());
}

#[test]
fn captures_of_every_carrier_have_their_statements_and_oddities() {
    let Some(files) = captures("pki/biv/tests/test_files") else { return };
    let read = |name: &str| answer(name, &files[name]);
    let odd = |name: &str| read(name).warnings.iter().map(|warning| warning.tolerance).collect::<Vec<_>>();
    assert_eq!(odd("38_show_sudi_sign_nonce.txt"), []);
    assert_eq!(odd("show_plat_sudi_crlf_eol.txt"), [Tolerance::CrLf]);
    assert_eq!(odd("isr4k_show_plat_int_line_wrap.txt"), [Tolerance::WrappedHash; 2]);
    let wrapped = read("isr4k_show_plat_int_line_wrap.txt");
    let Ok(Body::Measurement(measured)) = wrapped.statements[0].as_ref().map(|one| &one.body) else {
        panic!("{wrapped:?}")
    };
    assert_eq!(measured.boot[1].hash.as_ref().map(Vec::len), Some(64));
    assert_eq!(measured.packages[0].hash.as_ref().map(Vec::len), Some(64));
    for name in ["cbr8_show_plat_sudi_not_present.txt", "cbr8_show_plat_int_sign_not_present.txt"] {
        let last = read(name).statements.pop().unwrap().unwrap_err();
        assert_eq!(last.kind(), ErrorKind::Device, "{name}: {last}");
    }
    let multi = read("isr4k_show_plat_int_multi_hashes.txt");
    let Ok(Body::Measurement(measured)) = multi.statements[0].as_ref().map(|one| &one.body) else {
        panic!("{multi:?}")
    };
    assert_eq!((measured.packages.len(), measured.platform.as_deref()), (19, Some("ISR4451-X/K9")));
    assert!(measured.packages.iter().all(|package| package.hash.is_some()));
}

#[test]
fn netconf_restconf_and_the_command_line_say_the_same() {
    let Some(files) = captures("pki/biv/tests/test_files/v2") else { return };
    let one = |name: &str| answer(name, &files[name]).statements.pop().unwrap().unwrap();
    for kind in ["compliance", "measurement", "trust_chain"] {
        let (netconf, restconf) = (format!("netconf_valid_{kind}.xml"), format!("restconf_valid_{kind}.json"));
        let (netconf, restconf) = (one(&netconf), one(&restconf));
        assert_eq!(
            (&netconf.body, &netconf.signature, &netconf.nonce),
            (&restconf.body, &restconf.signature, &restconf.nonce)
        );
        assert_eq!(netconf.location.as_deref(), Some("FRU=fru-rp SLOT=0 BAY=0 CHASSIS=-1 NODE=0"));
        assert_eq!(netconf.location, restconf.location);
        let printed = if kind == "measurement" { "multiple_measure" } else { kind };
        let printed = one(&format!("cli_valid_{printed}.txt"));
        assert_eq!((&printed.body, &printed.location), (&netconf.body, &netconf.location), "{kind}");
    }
    let locations = answer("locations", &files["netconf_valid_multiple_locations.xml"]);
    assert_eq!(locations.statements.len(), 2);
    assert!(locations.statements.iter().all(Result::is_ok));
    // the platform is padded with blanks
    assert!(locations.warnings.iter().any(|warning| warning.tolerance == Tolerance::Padded));
    let no_key = one("netconf_invalid_measurement_no_list_key.xml");
    assert_eq!((no_key.location, one("restconf_invalid_measurement_no_list_key.json").location), (None, None));
}
