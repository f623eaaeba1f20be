//! Statements as carriers print them, and made ones.

use slp_crypto::{
    Body, BootRegister, Detail, Expect, KeyType, Nonce, Reason, Signer, Statement, TimePolicy, TrustStore, Warning,
};
use slp_model::Udi;

use crate::support::{Made, RSA, base64, bytes, hex, json, key, pem, samples, say};

fn hexes(value: &serde_json::Value) -> Vec<u8> {
    hex(value.as_str().unwrap())
}

fn list(value: &serde_json::Value) -> &[serde_json::Value] {
    value.as_array().unwrap()
}

/// The statement and signature in a RESTCONF answer.
fn restconf(answer: &serde_json::Value) -> (Statement, Vec<u8>) {
    let data = &answer["Cisco-IOS-XE-system-integrity-oper:system-integrity-oper-data"];
    let integrity = &data["location"][0]["integrity"][0];
    let nonce = integrity["nonce"].as_str().unwrap().parse().unwrap();
    let (body, signature) = match integrity["request"].as_str().unwrap() {
        "choice-measurement" => {
            let part = &integrity["measurement"];
            let register = |index: usize| hexes(&part["register"][index]["pcr-content"]).try_into().unwrap();
            (Body::Measurement { pcr0: register(0), pcr8: register(1) }, &part["signature"])
        }
        "choice-compliance" => {
            let part = &integrity["compliance"];
            let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
            let pairs = list(&part["capability"]).iter().map(|pair| (text(&pair["attribute"]), text(&pair["value"])));
            (Body::Compliance(pairs.collect()), &part["signature"])
        }
        _ => {
            let part = &integrity["trust-chain"];
            let chain = list(&part["trust-chain"]).iter();
            let mut chain = chain.map(|der| base64(&der["value"].as_str().unwrap().replace(char::is_whitespace, "")));
            let mut next = || chain.next().unwrap();
            (Body::Chain { root: next(), sub_ca: next(), leaf: next() }, &part["signature"])
        }
    };
    (Statement::new(Some(Nonce::Number(nonce)), body), hexes(&signature["signature"]))
}

/// The texts of all elements of this name, in order: enough for the flat answers here.
fn elements<'a>(xml: &'a str, name: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let parts = xml.split(open.as_str()).skip(1);
    parts.map(|part| part.split(close.as_str()).next().unwrap().trim()).filter(|text| !text.contains('<')).collect()
}

fn netconf(xml: &str) -> (Statement, Vec<u8>) {
    let one = |name: &str| elements(xml, name)[0];
    let body = match one("request") {
        "choice-measurement" => {
            let registers: Vec<Vec<u8>> = elements(xml, "pcr-content").into_iter().map(hex).collect();
            let register = |index: usize| registers[index].clone().try_into().unwrap();
            Body::Measurement { pcr0: register(0), pcr8: register(1) }
        }
        "choice-compliance" => {
            let names = elements(xml, "attribute").into_iter().map(str::to_owned);
            Body::Compliance(names.zip(elements(xml, "value").into_iter().map(str::to_owned)).collect())
        }
        _ => {
            let values = elements(xml, "value").into_iter();
            let mut chain = values.map(|text| base64(&text.replace(char::is_whitespace, "")));
            let mut next = || chain.next().unwrap();
            Body::Chain { root: next(), sub_ca: next(), leaf: next() }
        }
    };
    let nonce = Nonce::Number(one("nonce").parse().unwrap());
    let signature = elements(xml, "signature").into_iter().max_by_key(|text| text.len()).unwrap();
    (Statement::new(Some(nonce), body), hex(signature))
}

#[test]
fn netconf_and_restconf_answers_of_a_real_device_verify() {
    let Some(folder) = samples("pki", "the NETCONF and RESTCONF answers") else {
        return;
    };
    let answers = folder.join("biv/tests/test_files/v2");
    let leaf = pem(&bytes(folder.join("leaf/sudi_ISR4321_K9_FDO213328WV.pem")));
    let sub_ca = pem(&bytes(folder.join("subca/ACT2SUDICA.pem")));
    let trust = TrustStore::empty().with_pins(slp_crypto::PinSet::Sudi);
    let udi = Udi::new("ISR4321/K9", "FDO213328WV").unwrap();
    let nonce = Nonce::Number(12_345);
    let expect = Expect::nothing().nonce(&nonce).udi(&udi);
    let check = |(statement, signature): &(Statement, Vec<u8>)| {
        let verdict = trust.verify_statement(statement, signature, &leaf, &[&sub_ca], TimePolicy::Ignore, &expect);
        verdict.map(|verified| verified.evidence().warnings().to_vec()).map_err(|why| why.detail())
    };
    let mut counts = (0, 0);
    for kind in ["compliance", "measurement", "trust_chain"] {
        let restconf = restconf(&json(answers.join(format!("restconf_valid_{kind}.json"))));
        let netconf = netconf(&crate::support::text(answers.join(format!("netconf_valid_{kind}.xml"))));
        for answer in [&restconf, &netconf] {
            assert_eq!(check(answer), Ok(vec![Warning::TimeNotChecked]), "{kind}");
            counts.0 += 1;
        }
    }
    let strangers = [
        restconf(&json(answers.join("restconf_invalid_measurement_no_list_key.json"))),
        netconf(&crate::support::text(answers.join("netconf_invalid_measurement_no_list_key.xml"))),
    ];
    for answer in &strangers {
        assert_eq!(check(answer), Err(Detail::Mismatch));
        counts.1 += 1;
    }
    let locations = crate::support::text(answers.join("netconf_valid_multiple_locations.xml"));
    // its tags are broken over lines
    let locations: String = locations.lines().map(str::trim).collect();
    for location in locations.split("<location>").skip(1) {
        assert_eq!(check(&netconf(location)), Err(Detail::Mismatch));
        counts.1 += 1;
    }
    say(&format!("NETCONF and RESTCONF: {} verified, {} of other devices do not fit", counts.0, counts.1));
    assert_eq!(counts, (6, 4));
}

#[test]
fn boot_registers_come_out_as_the_device_computed_them() {
    let Some(folder) = samples("pki/biv/tests/test_files/v2", "the boot registers") else {
        return;
    };
    let answer = json(folder.join("restconf_valid_measurement.json"));
    let data = &answer["Cisco-IOS-XE-system-integrity-oper:system-integrity-oper-data"];
    let measured = &data["location"][0]["integrity"][0]["measurement"];
    let register = |stages: &serde_json::Value| {
        let mut register = BootRegister::new();
        for stage in list(stages) {
            register.extend(&hexes(&stage["hash"]));
        }
        register.value().to_vec()
    };
    assert_eq!(register(&measured["boot-loader"]), hexes(&measured["register"][0]["pcr-content"]));
    let packages = &measured["operating-system"]["package-integrity"];
    assert_eq!(register(packages), hexes(&measured["register"][1]["pcr-content"]));
    say("boot registers: PCR0 and PCR8 of a real device computed");
}

/// A CA, a device key and its certificate.
fn device() -> (TrustStore, slp_crypto::SigningKey, Vec<u8>) {
    let (ca_key, _) = slp_crypto::SigningKey::generate().unwrap();
    let device = key(RSA);
    let mut trust = TrustStore::empty();
    trust.add_anchor(&Made::ca(&ca_key, Some(0)).signed(&ca_key)).unwrap();
    let leaf = Made::leaf(&device).signed(&ca_key);
    (trust, device, leaf)
}

fn measurement(nonce: Option<Nonce>) -> Statement {
    Statement::new(nonce, Body::Measurement { pcr0: [1; 32], pcr8: [2; 32] })
}

#[test]
fn the_header_is_nonce_and_version_and_the_absent_nonce_is_no_zero() {
    let bytes = |nonce| measurement(nonce).signed_bytes().unwrap();
    assert_eq!(bytes(Some(Nonce::Number(12_345)))[..12], hex("000000000000303900000001"));
    assert_eq!(bytes(Some(Nonce::Number(12_345))).len(), 76);
    assert_eq!(bytes(None)[..4], hex("00000001"));
    assert_eq!(bytes(None).len(), 68);
    assert_eq!(bytes(Some(Nonce::Number(0)))[..8], [0; 8]);
    assert_eq!(bytes(Some(Nonce::Bytes(vec![7; 3])))[..7], hex("07070700000001"));
}

#[test]
fn nonce_and_device_are_the_ones_that_were_asked() {
    let (trust, device, leaf) = device();
    let statement = measurement(Some(Nonce::Number(7)));
    let signature = device.sign(&statement.signed_bytes().unwrap()).unwrap();
    let check = |expect: &Expect<'_>| {
        trust.verify_statement(&statement, signature.as_bytes(), &leaf, &[], TimePolicy::Ignore, expect)
    };
    let (seven, eight) = (Nonce::Number(7), Nonce::Number(8));
    let ours = Udi::new("ISR4451-X/K9", "TST00000001").unwrap();
    let other = Udi::new("ISR4451-X/K9", "TST00000002").unwrap();
    assert!(check(&Expect::nothing().nonce(&seven).udi(&ours)).is_ok());
    assert_eq!(check(&Expect::nothing().nonce(&eight)).unwrap_err().detail(), Detail::Nonce);
    assert_eq!(check(&Expect::nothing().udi(&other)).unwrap_err().detail(), Detail::Identity);
    let verified = check(&Expect::nothing()).unwrap();
    assert!(verified.evidence().warnings().contains(&Warning::NonceUnchecked));
    assert_eq!(verified.evidence().signer().unwrap().to_string(), "PID:ISR4451-X/K9 SN:TST00000001");
    assert!(matches!(key(RSA).public_key().key_type(), KeyType::Rsa { bits: 2048, .. }));
}

#[test]
fn one_statement_does_not_pass_for_another_kind_made_of_the_same_bytes_by_itself() {
    // the signature covers no kind: whoever asks has to say which one, so the witness holds the statement as typed
    let (trust, device, leaf) = device();
    let one = Statement::new(None, Body::Compliance(vec![("ab".to_owned(), "c".to_owned())]));
    let other = Statement::new(None, Body::Compliance(vec![("a".to_owned(), "bc".to_owned())]));
    let signature = device.sign(&one.signed_bytes().unwrap()).unwrap();
    for statement in [&one, &other] {
        let expect = Expect::nothing();
        let verified =
            trust.verify_statement(statement, signature.as_bytes(), &leaf, &[], TimePolicy::Ignore, &expect).unwrap();
        assert_eq!(*verified.get(), statement);
    }
}

#[test]
fn limits_of_a_statement_take_n_and_refuse_one_more() {
    let size = |statement: Statement| statement.signed_bytes().map(|bytes| bytes.len()).map_err(|why| why.detail());
    assert_eq!(size(measurement(Some(Nonce::Bytes(vec![0; 64])))), Ok(132));
    assert_eq!(size(measurement(Some(Nonce::Bytes(vec![0; 65])))), Err(Detail::Statement));
    let pairs = |count| Statement::new(None, Body::Compliance(vec![("a".to_owned(), String::new()); count]));
    assert_eq!(size(pairs(1024)), Ok(1028));
    assert_eq!(size(pairs(1025)), Err(Detail::Statement));
    let long = |count| Statement::new(None, Body::Compliance(vec![("a".repeat(count), String::new())]));
    assert_eq!(size(long(1 << 20)), Ok((1 << 20) + 4));
    assert_eq!(size(long((1 << 20) + 1)), Err(Detail::Statement));
}

#[test]
fn a_statement_of_a_stranger_is_of_an_unknown_issuer() {
    let (_, device, leaf) = device();
    let statement = measurement(None);
    let signature = device.sign(&statement.signed_bytes().unwrap()).unwrap();
    let empty = TrustStore::empty();
    let why = empty
        .verify_statement(&statement, signature.as_bytes(), &leaf, &[], TimePolicy::Ignore, &Expect::nothing())
        .unwrap_err();
    assert_eq!((why.reason(), why.detail()), (Reason::KeyUnknown, Detail::Issuer));
}
