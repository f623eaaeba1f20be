//! `slp verify`.

use slp_crypto::{Body, Certificate, Nonce, Signature, Signer as _, SigningKey, Statement};
use slp_model::Signed as _;
use slp_rum::Document;

use super::*;

pub(crate) const KEYS: &str = "../../slp-crypto/tests/fixtures/keys";
const ACK: &str = "../data/acme-ack.xml";

pub(crate) fn key(name: &str) -> SigningKey {
    SigningKey::from_pem(&bytes_of(&format!("{KEYS}/{name}.pem"))).unwrap()
}

pub(crate) fn json_text(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

/// A device file: reports of the example again, signed with the RSA key of the tests, as `device` by its own word.
fn reports(count: usize, serial: &str, change: impl Fn(String) -> String) -> String {
    file_of(count, serial, |payload| payload, change)
}

/// The same, changed before it is signed.
fn signed_reports(count: usize, serial: &str, change: impl Fn(String) -> String) -> String {
    file_of(count, serial, change, |payload| payload)
}

fn file_of(count: usize, serial: &str, before: impl Fn(String) -> String, after: impl Fn(String) -> String) -> String {
    let bytes = bytes_of(CAMPUS);
    let document = Document::parse(&bytes).unwrap();
    let mut file = "<smartLicense>".to_owned();
    for report in document.reports().filter_map(Result::ok).take(count) {
        let payload = before(report.payload_text().to_owned());
        let value = key("rsa2048").sign(payload.as_bytes()).unwrap().to_base64();
        let payload = json_text(&after(payload));
        let report = format!(
            "<RUMReport><![CDATA[{{\"payload\":{payload},\"header\":{{\"type\":\"rum\"}},\"signature\":{{\"sudi\":\
             {{\"udi_pid\":\"TEST-9300-48\",\"udi_serial_number\":\"{serial}\"}},\"signing_type\":\"SHA256\",\
             \"key\":\"21000093\",\"value\":\"{value}\"}}}}]]></RUMReport>"
        );
        file.push_str(&report);
    }
    file + "</smartLicense>"
}

/// The answer of the example, each part signed with the P-256 key of the tests.
pub(crate) fn answer() -> String {
    let bytes = bytes_of(ACK);
    let document = Document::parse(&bytes).unwrap();
    let mut text = String::from_utf8(bytes.clone()).unwrap();
    for content in document.contents().map(Result::unwrap) {
        let signed = content.signed_content().unwrap();
        // nearly all have 96 characters: those that have fewer would move what follows
        let sign = || key("p256").sign(&signed.signed_content().bytes).unwrap().to_base64();
        let value = std::iter::repeat_with(sign).find(|value| value.len() == 96).unwrap();
        // the first that is still a placeholder belongs to this part
        text = text.replacen("<signature>AAAA<", &format!("<signature>{value}<"), 1);
    }
    text
}

/// A trust directory: the RSA key for the key text of the reports, the P-256 key for the cloud.
pub(crate) fn trust(folder: &Folder) -> String {
    folder.file("trust/21000093.pub.pem", key("rsa2048").public_key().to_pem().as_bytes());
    folder.file("trust/cloud.pub.pem", key("p256").public_key().to_pem().as_bytes());
    format!("{}/trust", folder.path())
}

/// A certificate for tests that the program itself makes.
pub(crate) fn certificate(folder: &Folder, words: &[&str], name: &str) -> String {
    let path = format!("{}/{name}", folder.path());
    fs::create_dir_all(Path::new(&path).parent().unwrap()).unwrap();
    let call = slp(&[&["keys", "certificate"], words, &["-o", &path]].concat());
    assert_eq!((call.status, &*call.errors), (Status::Fine, ""), "{words:?}");
    path
}

#[test]
fn good_signatures_are_verified_and_say_what_they_do_not_cover() {
    let folder = Folder::new("verify-good");
    let trust = trust(&folder);
    folder.file("a.txt", reports(2, "TST93000001", |payload| payload).as_bytes());
    folder.file("b.xml", answer().as_bytes());
    let files = [format!("{}/a.txt", folder.path()), format!("{}/b.xml", folder.path())];
    let words = ["verify", &files[0], &files[1], "--trust", &trust, "--require-verified"];
    insta::assert_snapshot!("verify", folder.relative(&fine(&words)));
    let words = [&words[..], &["--json"]].concat();
    let json = folder.relative(&fine(&words));
    insta::assert_snapshot!("verify-json", json);
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["counts"]["verified"], 4);
}

#[test]
fn each_verdict_has_its_reason_and_its_status() {
    let folder = Folder::new("verify-bad");
    let trust = trust(&folder);
    folder.file("changed.txt", reports(1, "TST93000001", |payload| payload.replace("17.09.02", "17.09.03")).as_bytes());
    folder.file("cut.xml", answer().replacen("</signature>", "=</signature>", 1).as_bytes());
    folder.file("unsigned.xml", bytes_of(ACK).as_slice());
    let bare = String::from_utf8(bytes_of(ACK)).unwrap().replacen("<signature>AAAA</signature>", "", 1);
    folder.file("absent.xml", bare.as_bytes());
    let builtin = reports(1, "TST93000001", |payload| payload).replace("\"SHA256\",\"key\"", "\"builtin\",\"key\"");
    folder.file("builtin.txt", builtin.as_bytes());
    folder.file("unknown.xml", answer().replace("smartLicensePolicy>", "smartLicenseNovelty>").as_bytes());
    folder.file("broken.txt", b"<smartLicense><RUMReport>");
    let mut told = String::new();
    for (name, status, required) in [
        ("changed.txt", Status::Errors, Status::Errors),
        ("cut.xml", Status::Errors, Status::Errors),
        ("unsigned.xml", Status::Errors, Status::Errors),
        ("absent.xml", Status::Errors, Status::Errors),
        ("builtin.txt", Status::Fine, Status::Errors),
        ("unknown.xml", Status::Fine, Status::Errors),
        ("broken.txt", Status::Errors, Status::Errors),
        ("no-such-file.txt", Status::Errors, Status::Errors),
    ] {
        let path = format!("{}/{name}", folder.path());
        let call = slp(&["verify", &path, "--trust", &trust]);
        assert_eq!((call.status, &*call.errors), (status, ""), "{name}: {}", call.output);
        let (_, verdicts) = call.output.split_once("\n\n").unwrap();
        told += &folder.relative(verdicts);
        told += "----\n";
        assert_eq!(slp(&["verify", &path, "--trust", &trust, "--require-verified"]).status, required, "{name}");
    }
    insta::assert_snapshot!("verify-reasons", told);
}

#[test]
fn without_keys_nothing_is_good_and_an_empty_trust_directory_is_told() {
    let folder = Folder::new("verify-empty");
    folder.file("trust/readme.txt", b"");
    let trust = format!("{}/trust", folder.path());
    let call = slp(&["verify", CAMPUS, "--trust", &trust]);
    assert_eq!(call.status, Status::Fine);
    let warning = "warning: nobody is trusted: no certificate and no public key (*.pem) was found, so nothing can be \
                   verified\n";
    assert_eq!(call.errors, warning);
    assert!(call.output.contains("12 signatures: 0 verified, 0 invalid, 0 malformed"), "{}", call.output);
    assert!(call.output.contains("12 of unknown keys"), "{}", call.output);
    assert_eq!(slp(&["verify", CAMPUS, "--trust", &trust, "--require-verified"]).status, Status::Errors);
    // a folder that is not there, and files in it that cannot be read
    let call = slp(&["verify", CAMPUS, "--trust", "no-such-folder"]);
    assert_eq!(call.status, Status::Errors);
    assert!(call.errors.starts_with("error: no-such-folder: cannot be read: "), "{}", call.errors);
    // what is named like a certificate and is no file
    #[cfg(unix)]
    {
        folder.file("odd/folder.pem/inside.txt", b"").file("odd/readme.txt", b"");
        std::os::unix::fs::symlink("nowhere", folder.0.join("odd/gone.pem")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(folder.0.join("odd/socket.PEM")).unwrap();
        let call = slp(&["verify", CAMPUS, "--trust", &format!("{}/odd", folder.path())]);
        assert_eq!(call.status, Status::Errors);
        insta::assert_snapshot!("verify-trust-odd", folder.relative(&call.errors));
    }
    // an empty folder beside one that is not, and beside pins
    folder.file("full/21000093.pub.pem", key("rsa2048").public_key().to_pem().as_bytes());
    let full = format!("{}/full", folder.path());
    for other in [["--trust", &*full], ["--pins", "sudi"]] {
        let call = slp(&[&["verify", CAMPUS, "--trust", &trust], &other[..]].concat());
        let warning = "warning: DIR/trust: no certificate and no public key (*.pem) was found in it\n";
        assert_eq!(folder.relative(&call.errors), warning, "{}", other[0]);
    }
    folder.file("trust/a.pem", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    folder.file("trust/b.pem", b"nothing");
    folder.file("trust/plain.pem", key("p256").public_key().to_pem().as_bytes());
    let call = slp(&["verify", CAMPUS, "--trust", &trust]);
    assert_eq!(call.status, Status::Errors);
    insta::assert_snapshot!("verify-trust-errors", folder.relative(&call.errors));
}

#[test]
fn a_device_signs_for_itself_alone_and_is_judged_by_the_time_of_its_report() {
    let folder = Folder::new("verify-device");
    folder.file("trust/x", b"");
    let rsa = format!("{KEYS}/rsa2048.pem");
    let device = |serial: &str, from: &str, name: &str| {
        let udi = format!("PID:TEST-9300-48,SN:{serial}");
        certificate(&folder, &[&rsa, "--device", &udi, "--from", from], name)
    };
    device("TST93000001", "2023-12-01", "trust/own.pem");
    let trust = format!("{}/trust", folder.path());
    folder.file("own.txt", reports(1, "TST93000001", |payload| payload).as_bytes());
    let own = format!("{}/own.txt", folder.path());
    let words = ["verify", &own, "--trust", &trust, "--require-verified"];
    let output = fine(&words);
    assert!(output.contains("TEST-9300-48 TST93000001"), "{output}");
    assert!(!output.contains("warning: expired"), "{output}");
    let output = fine(&[&words[..], &["--at", "2025-06-01"]].concat());
    assert!(output.contains("warning: expired: the certificate ended 2024-11-30"), "{output}");
    // another device, whose name anyone can write beside the signature
    device("TST00000009", "2023-12-01", "trust/other.pem");
    folder.file("other.txt", reports(1, "TST00000009", |payload| payload).as_bytes());
    let call = slp(&["verify", &format!("{}/other.txt", folder.path()), "--trust", &trust]);
    assert_eq!(call.status, Status::Errors);
    let says = "the signature is one of \"TEST-9300-48\" \"TST00000009\", and the report is about";
    assert!(call.output.contains("invalid  identity") && call.output.contains(says), "{}", call.output);
    // nor does it help to call itself a redundant peer
    let member = |serial: &str| format!("{{\"udi_pid\":\"TEST-9300-48\",\"udi_serial_number\":\"{serial}\"}}");
    let of = |serial: &str| format!("{{\"role\":\"Active\",\"sudi\":{}}}", member(serial));
    let peers = |payload: String| {
        let both = format!("{},{}", of("TST93000001"), of("TST00000009").replace("Active", "Standby"));
        payload.replace(&of("TST93000001"), &both)
    };
    folder.file("peer.txt", signed_reports(1, "TST00000009", peers).as_bytes());
    let call = slp(&["verify", &format!("{}/peer.txt", folder.path()), "--trust", &trust]);
    assert!(call.output.contains("key-unknown  identity"), "{}", call.output);
    assert!(call.output.contains("that they are one redundant set is its own word"), "{}", call.output);
}

#[test]
fn certificates_are_judged_by_who_issued_them() {
    let folder = Folder::new("verify-certificates");
    let (p256, rsa) = (format!("{KEYS}/p256.pem"), format!("{KEYS}/rsa2048.pem"));
    let ca = certificate(&folder, &[&p256, "--ca", "Test SUDI CA", "--from", "2024-01-01", "--days", "900"], "ca.pem");
    let udi = "PID:TEST-9300-48,SN:TST93000001";
    let issuer = ["--issuer", &ca, "--issuer-key", &p256, "--from", "2024-01-01", "--days", "90"];
    let leaf = certificate(&folder, &[&[&*rsa, "--device", udi], &issuer[..]].concat(), "leaf.pem");
    let both = [bytes_of(&leaf), bytes_of(&ca)].concat();
    folder.file("both.pem", &both);
    let both = format!("{}/both.pem", folder.path());
    // an issuer that comes along is no issuer that is trusted
    folder.file("trust/cloud.pub.pem", key("p256").public_key().to_pem().as_bytes());
    let call = slp(&["verify", &both, "--trust", &format!("{}/trust", folder.path())]);
    assert_eq!(call.status, Status::Fine);
    assert!(
        call.output.contains("1 signature: 0 verified") && call.output.contains("1 of unknown keys"),
        "{}",
        call.output
    );
    let output = fine(&["verify", &both, "--trust", &ca]);
    let start = output.find(&both).unwrap();
    let text = folder.relative(&output[start..]);
    for line in [
        "  verified           certificate of TEST-9300-48 TST93000001  a trusted CA",
        "warning: expired: the certificate ended 2024-03-31",
        "trusted   by anchor",
        "1 signature: 1 verified, 0 invalid",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert_eq!(Certificate::inspect_pem(&bytes_of(&both)).unwrap().len(), 2);
}

#[test]
fn a_bundle_is_judged_leaf_by_leaf() {
    let folder = Folder::new("verify-bundle");
    let trust = trust(&folder);
    folder.file("a.txt", reports(3, "TST93000001", |payload| payload).as_bytes());
    let bundle = format!("{}/UD_SA_Acme_26Nov24_10_20_30_123.tar.gz", folder.path());
    let made = slp(&["bundle", "create", "-o", &bundle, &format!("{}/a.txt", folder.path())]);
    assert_eq!(made.status, Status::Fine, "{}", made.errors);
    let call = slp(&["verify", &bundle, "--trust", &trust, "--require-verified", "--json"]);
    assert_eq!(call.status, Status::Fine, "{}{}", call.output, call.errors);
    let value: serde_json::Value = serde_json::from_str(&call.output).unwrap();
    assert_eq!(value["counts"]["verified"], 3);
    assert!(value["files"][0]["path"].as_str().unwrap().contains(".tar.gz!"), "{}", call.output);
    // one that breaks off is told, and no less is judged
    let bytes = bytes_of(&bundle);
    folder.file("UD_cut.tar.gz", &bytes[..bytes.len() - 8]);
    let call = slp(&["verify", &format!("{}/UD_cut.tar.gz", folder.path()), "--trust", &trust]);
    assert_eq!(call.status, Status::Errors, "{}", call.output);
    assert!(call.output.contains("1 item not read"), "{}", call.output);
}

#[test]
fn a_chain_that_a_device_prints_answers_one_nonce() {
    let folder = Folder::new("verify-chain");
    let (p256, p384, rsa) = (format!("{KEYS}/p256.pem"), format!("{KEYS}/p384.pem"), format!("{KEYS}/rsa2048.pem"));
    let dates = ["--from", "2024-01-01", "--days", "900"];
    let make = |words: &[&str], name: &str| certificate(&folder, &[words, &dates].concat(), name);
    let root = make(&[&p384, "--ca", "Test Root"], "root.pem");
    let sub_ca = make(&[&p256, "--ca", "Test SUDI CA", "--issuer", &root, "--issuer-key", &p384], "sub.pem");
    let device = ["--device", "PID:ISR4321/K9,SN:TST00000001", "--issuer", &sub_ca, "--issuer-key", &p256];
    let leaf = make(&[&[&*rsa], &device[..]].concat(), "leaf.pem");
    let text = |path: &str| String::from_utf8(bytes_of(path)).unwrap();
    let der = |path: &str| Certificate::inspect_one(&bytes_of(path)).unwrap().der().to_vec();
    let body = Body::Chain { root: der(&root), sub_ca: der(&sub_ca), leaf: der(&leaf) };
    let signed = Statement::new(Some(Nonce::Number(12_345)), body).signed_bytes().unwrap();
    let signature = key("rsa2048").sign(&signed).unwrap();
    let digits: Vec<String> = signature.as_bytes().iter().map(|byte| format!("{byte:02X}")).collect();
    let digits = digits.concat();
    let chain = [text(&root), text(&sub_ca), text(&leaf)].concat();
    let old = |nonce: u32| {
        let command = format!("Switch#show platform sudi certificate sign nonce {nonce}\n");
        format!("{command}{chain}Signature version: 1\nSignature:\n{digits}\n3800Switch#").replace('\n', "\r\n")
    };
    let new = format!(
        "R1#show system integrity all trust_chain nonce 12345\n---\nLOCATION FRU=fru-rp SLOT=0 BAY=0 CHASSIS=-1 \
         NODE=0\n---\nCertificate Name: CRCA CERTIFICATE\n{chain}\n  Signature:\n  Version: 1\n  Value:\n  {digits}\n\nR1#"
    );
    for (name, capture) in [("old.txt", old(12_345)), ("new.txt", new), ("other.txt", old(12_346))] {
        folder.file(name, capture.as_bytes());
    }
    let file = |name: &str| format!("{}/{name}", folder.path());
    for name in ["old.txt", "new.txt"] {
        let words = ["verify", &file(name), "--trust", &sub_ca, "--require-verified"];
        let output = fine(&[&words[..], &["--nonce", "12345"]].concat());
        assert!(
            output.contains("verified           chain of a device                      ISR4321/K9 TST00000001"),
            "{output}"
        );
        assert!(!output.contains("nonce-unchecked"), "{output}");
        assert!(fine(&words).contains("warning: nonce-unchecked: only --nonce shows"), "{name}");
        let call = slp(&[&words[..], &["--nonce", "12346"]].concat());
        assert!(call.status == Status::Errors && call.output.contains("invalid   nonce"), "{}", call.output);
        let call = slp(&["verify", &file(name), "--pins", "sudi"]);
        assert!(call.output.contains("key-unknown  issuer   chain of a device"), "{}", call.output);
    }
    let call = slp(&["verify", &file("other.txt"), "--trust", &sub_ca]);
    assert!(
        call.status == Status::Errors && call.output.contains("invalid   mismatch  chain of a device"),
        "{}",
        call.output
    );
    let cut = old(12_345).replacen(&text(&root).replace('\n', "\r\n"), "", 1);
    folder.file("cut.txt", cut.as_bytes());
    let call = slp(&["verify", &file("cut.txt"), "--trust", &sub_ca]);
    assert!(call.output.contains("malformed  statement  statement of a device"), "{}", call.output);
}

/// IOS XR takes hex digits and signs the bytes that they mean.
#[test]
fn a_nonce_is_a_number_or_bytes_as_it_stood_in_the_command() {
    let folder = Folder::new("verify-nonce");
    let (p256, p384, rsa) = (format!("{KEYS}/p256.pem"), format!("{KEYS}/p384.pem"), format!("{KEYS}/rsa2048.pem"));
    let root = certificate(&folder, &[&p384, "--ca", "Test Root"], "root.pem");
    let issuer = ["--issuer", &root, "--issuer-key", &p384];
    let sub_ca = certificate(&folder, &[&[&*p256, "--ca", "Test SUDI CA"], &issuer[..]].concat(), "sub.pem");
    let device = ["--device", "PID:ASR-9901,SN:TST00000001", "--issuer", &sub_ca, "--issuer-key", &p256];
    let leaf = certificate(&folder, &[&[&*rsa], &device[..]].concat(), "leaf.pem");
    let der = |path: &str| Certificate::inspect_one(&bytes_of(path)).unwrap().der().to_vec();
    let base64 = |bytes: Vec<u8>| Signature::new(bytes).to_base64();
    let nonce = vec![0x00, 0xa1, 0xb2, 0xc3, 0xd4, 0xe5, 0xf6, 0x07, 0x18];
    let body = Body::Chain { root: der(&root), sub_ca: der(&sub_ca), leaf: der(&leaf) };
    let signed = Statement::new(Some(Nonce::Bytes(nonce.clone())), body).signed_bytes().unwrap();
    let entry = |name: &str, path: &str| format!(r#"{{"name":"{name}","value":"{}"}}"#, base64(der(path)));
    let chain = [("Cisco SUDI Root", &root), ("Cisco SUDI CA", &sub_ca), ("Cisco SUDI", &leaf)];
    let answer = format!(
        r#"{{"system-certificates":[{{"node-location":"0/RSP0/CPU0","nonce":"{}","signature_version":1,
            "signature":"{}","certificates":{{"certificate":[{}]}}}}]}}"#,
        base64(nonce),
        key("rsa2048").sign(&signed).unwrap().to_base64(),
        chain.map(|(name, path)| entry(name, path)).join(",")
    );
    folder.file("xr.json", answer.as_bytes());
    let file = format!("{}/xr.json", folder.path());
    let call = |nonce: &str| slp(&["verify", &file, "--trust", &sub_ca, "--require-verified", "--nonce", nonce]);
    for nonce in ["00a1b2c3d4e5f60718", "0x00A1B2C3D4E5F60718"] {
        let call = call(nonce);
        assert_eq!(call.status, Status::Fine, "{nonce}: {}{}", call.output, call.errors);
        assert!(!call.output.contains("nonce-unchecked"), "{}", call.output);
    }
    for nonce in ["a1b2c3d4e5f60718", "00a1b2c3d4e5f60719", "12345"] {
        let call = call(nonce);
        assert!(
            call.status == Status::Errors && call.output.contains("invalid   nonce    chain"),
            "{nonce}: {}",
            call.output
        );
    }
    for nonce in ["", "0x", "abc", "-1", "0x1g", &"ab".repeat(65)] {
        assert_eq!(call(nonce).status, Status::WrongCall, "{nonce}");
    }
}

#[test]
fn registers_and_attributes_are_of_the_device_whose_certificate_fits() {
    let folder = Folder::new("verify-measured");
    let (p256, rsa) = (format!("{KEYS}/p256.pem"), format!("{KEYS}/rsa2048.pem"));
    let dates = ["--from", "2024-01-01", "--days", "900"];
    let ca = certificate(&folder, &[&[&*p256, "--ca", "Test SUDI CA"], &dates[..]].concat(), "trust/ca.pem");
    let device = ["--device", "PID:ISR4321/K9,SN:TST00000001", "--issuer", &ca, "--issuer-key", &p256];
    let signed = |body: Body| {
        let statement = Statement::new(Some(Nonce::Number(7)), body).signed_bytes().unwrap();
        let signature = key("rsa2048").sign(&statement).unwrap();
        signature.as_bytes().iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().concat()
    };
    let (boot, package) = ("A1".repeat(32), "B2".repeat(64));
    let register = |hash: &[u8]| {
        let mut register = slp_crypto::BootRegister::new();
        register.extend(hash);
        *register.value()
    };
    let (pcr0, pcr8) = (register(&[0xa1; 32]), register(&[0xb2; 64]));
    let digits = |bytes: [u8; 32]| bytes.map(|byte| format!("{byte:02X}")).concat();
    let measured = format!(
        "R1#show system integrity all measurement nonce 7\n-----\nLOCATION FRU=fru-rp SLOT=0\n-----\nPlatform: \
         ISR4321/K9\nBoot Hashes:\nF1: {boot}\nOS:\nVersion: 17.1\nHashes:\na.pkg: {package}\nRegisters:\nPCR0: \
         {}\nPCR8: {}\nSignature:\nVersion: 1\nValue:\n{}\nR1#",
        digits(pcr0),
        digits(pcr8),
        signed(Body::Measurement { pcr0, pcr8 })
    );
    let compliance = format!(
        "{{\"Cisco-IOS-XE-system-integrity-oper:system-integrity-oper-data\":{{\"location\":[{{\"integrity\":[{{\
         \"nonce\":\"7\",\"request\":\"choice-compliance\",\"compliance\":{{\"capability\":[{{\"attribute\":\
         \"secure_boot\",\"value\":\"true\"}}],\"signature\":{{\"version\":1,\"signature\":\"{}\"}}}}}}]}}]}}}}",
        signed(Body::Compliance(vec![("secure_boot".to_owned(), "true".to_owned())]))
    );
    let trust = format!("{}/trust", folder.path());
    let verdict = |name: &str, text: &str, nonce: &str| {
        folder.file(name, text.as_bytes());
        let path = format!("{}/{name}", folder.path());
        let call = slp(&["verify", &path, "--trust", &trust, "--at", "2025-01-01", "--nonce", nonce, "--json"]);
        let value: serde_json::Value = serde_json::from_str(&call.output).unwrap();
        let row = value["files"][0]["signatures"][0].clone();
        format!("{} {}", row["verdict"].as_str().unwrap(), row["detail"].as_str().unwrap_or_default())
    };
    // nobody knows the device
    assert_eq!(verdict("a.txt", &measured, "7"), "key-unknown key");
    certificate(&folder, &[&[&*rsa], &device[..], &dates].concat(), "trust/device.pem");
    assert_eq!(verdict("a.txt", &measured, "7"), "verified ");
    assert_eq!(verdict("a.txt", &measured, "8"), "invalid nonce");
    assert_eq!(verdict("b.json", &compliance, "7"), "verified ");
    // hashes are outside the signature, but have to give the registers that are inside
    for (from, to) in [(&*boot, "A2".repeat(32)), (&*package, "B3".repeat(64))] {
        assert_eq!(verdict("c.txt", &measured.replace(from, &to), "7"), "invalid register");
    }
    for (from, to) in [("secure_boot", "secure_b00t"), ("\"true\"", "\"fals\"")] {
        assert_eq!(verdict("d.json", &compliance.replace(from, to), "7"), "invalid mismatch");
    }
    let forged = measured.replace(&digits(pcr0), &digits([0; 32]));
    assert_eq!(verdict("e.txt", &forged, "7"), "invalid mismatch");
    assert_eq!(verdict("f.txt", &measured.replace("Version: 1\n", "Version: 2\n"), "7"), "invalid mismatch");
    assert_eq!(verdict("g.txt", &measured.replace("Version: 1\n", ""), "7"), "malformed statement");
}

#[test]
fn measurements_and_compliance_of_real_devices_have_their_verdicts() {
    let Some(pki) = samples("pki") else { return };
    let folder = Folder::new("verify-real-statements");
    for name in [
        "leaf/sudi_ISR4321_K9_FDO184619XU",
        "leaf/sudi_ISR4321_K9_FDO213328WV",
        "leaf/sudi_C1111-8P_FGL220191QA",
        "leaf/sudi_ISR4451-X_K9_FOC163709C3",
        "leaf/sudi_WS-C3650-8X24UQ_FDO2009V032",
        "subca/ACT2SUDICA",
        "subca/hasudi",
    ] {
        let file = name.split_once('/').unwrap().1;
        folder.file(&format!("{file}.pem"), &bytes_of(&format!("{pki}/{name}.pem")));
    }
    for (name, verdict) in [
        ("isr1k_show_plat_int_sign_nonce.txt", "verified "),
        ("isr4k_show_plat_int_sign.txt", "verified "),
        ("isr4k_show_plat_int_sign_nonce.txt", "verified "),
        ("isr4k_show_plat_int_multi_hashes.txt", "verified "),
        ("show_plat_int_crlf_eol.txt", "verified "),
        ("v2/cli_valid_compliance.txt", "verified "),
        ("v2/cli_valid_multiple_measure.txt", "verified "),
        ("v2/netconf_valid_compliance.xml", "verified "),
        ("v2/netconf_valid_measurement.xml", "verified "),
        ("v2/netconf_valid_trust_chain.xml", "verified "),
        ("v2/restconf_valid_compliance.json", "verified "),
        ("v2/restconf_valid_measurement.json", "verified "),
        ("v2/restconf_valid_trust_chain.json", "verified "),
        ("isr4k_show_plat_int_sign_bad.txt", "invalid mismatch"),
        ("isr4k_show_plat_int_multi_bad_hashes.txt", "invalid register"),
        ("isr4k_show_plat_int_sign_nonce_invalid_pcr0.txt", "invalid register"),
        ("isr4k_show_plat_int.txt", "not-checkable absent"),
        ("v2/netconf_valid_multiple_locations.xml", "key-unknown key"),
    ] {
        let path = format!("{pki}/biv/tests/test_files/{name}");
        let call = slp(&["verify", &path, "--trust", folder.path(), "--json"]);
        let value: serde_json::Value = serde_json::from_str(&call.output).unwrap();
        let row = &value["files"][0]["signatures"][0];
        let word = |name: &str| row[name].as_str().unwrap_or_default();
        assert_eq!(format!("{} {}", word("verdict"), word("detail")), verdict, "{name}");
    }
}

#[test]
fn chains_of_real_devices_have_the_verdicts_of_their_captures() {
    let Some(samples) = samples("pki/biv/tests/test_files") else { return };
    for (name, status) in [
        ("isr4k_show_plat_sudi_sign_nonce.txt", Status::Fine),
        ("isr1k_show_plat_sudi_sign_nonce.txt", Status::Fine),
        ("38_show_sudi_sign.txt", Status::Fine),
        ("38_show_sudi_sign_nonce.txt", Status::Fine),
        ("show_plat_sudi_crlf_eol.txt", Status::Fine),
        ("v2/cli_valid_trust_chain.txt", Status::Fine),
        ("38_show_sudi_sign_bad.txt", Status::Errors),
        ("isr4k_show_plat_sudi_sign_invalid_dev_cert.txt", Status::Errors),
    ] {
        let call = slp(&["verify", &format!("{samples}/{name}"), "--pins", "sudi", "--require-verified"]);
        assert_eq!(call.status, status, "{name}: {}", call.output);
    }
}

#[test]
fn output_is_the_same_with_any_number_of_threads() {
    let folder = Folder::new("verify-threads");
    let trust = trust(&folder);
    for number in 0..6 {
        folder.file(&format!("files/{number}.txt"), reports(number * 2, "TST93000001", |payload| payload).as_bytes());
    }
    // more reports than one batch holds
    let one = reports(11, "TST93000001", |payload| payload);
    let inner = one.trim_start_matches("<smartLicense>").trim_end_matches("</smartLicense>").repeat(50);
    folder.file("files/large.txt", format!("<smartLicense>{inner}</smartLicense>").as_bytes());
    let files = format!("{}/files", folder.path());
    for form in [&["--json"][..], &[]] {
        let call = |threads: &str| fine(&[&["verify", &files, "--trust", &trust, "--threads", threads], form].concat());
        let one = call("1");
        assert!(one.contains("580"), "{one}");
        assert!(one == call("2") && one == call("5"), "{form:?}");
    }
}

/// The vectors of the specification, each element signed with the key of the cloud that they bring.
#[test]
fn signed_elements_have_the_verdicts_of_the_vectors() {
    let Some(samples) = samples("ack-auth/sdk_vectors") else { return };
    let folder = Folder::new("verify-vectors");
    folder.file("trust/cloud.pub.pem", &bytes_of(&format!("{samples}/signer_public.pem.txt")));
    let trust = format!("{}/trust", folder.path());
    let call = slp(&["verify", &samples, "--trust", &trust, "--at", "2023-11-15", "--json"]);
    let value: serde_json::Value = serde_json::from_str(&call.output).unwrap();
    let mut others = Vec::new();
    let mut verified = 0;
    for file in value["files"].as_array().unwrap() {
        for row in file["signatures"].as_array().unwrap() {
            let name = file["path"].as_str().unwrap().rsplit('/').next().unwrap();
            match row["verdict"].as_str().unwrap() {
                "verified" => verified += 1,
                verdict => others.push(format!("{name} {}: {verdict}", row["of"].as_str().unwrap())),
            }
            let outside = match row["of"].as_str().unwrap() {
                "smartLicenseAuthorization" | "specificPLR" => serde_json::json!(["udi", "name of the element"]),
                "smartLicenseTrustCode" => serde_json::json!(["udi"]),
                "smartLicenseRumAck" | "smartLicenseConversionAck" => serde_json::json!(["name of the element"]),
                _ => serde_json::Value::Null,
            };
            assert_eq!(row["outside"], outside, "{name}");
        }
    }
    assert_eq!(verified, 34);
    let expected = [
        "trust_root.pem.txt certificate of SLP Test Root: key-unknown",
        "v05_trust_request_ha.xml smartLicenseTrustRequest: key-unknown",
        "v05_trust_request_ha.xml smartLicenseTrustRequest: key-unknown",
        "v05b_trust_request_key.xml smartLicenseTrustRequest: key-unknown",
        "v10_slac_tampered.xml smartLicenseAuthorization: invalid",
        "v18_ack_opaque.xml smartLicenseFuture: unsupported",
    ];
    assert_eq!(others, expected);
}

/// A folder of the samples, if they are there.
#[expect(clippy::disallowed_methods, reason = "tests read the samples where they lie")]
pub(crate) fn samples(folder: &str) -> Option<String> {
    use std::io::Write as _;
    let folder = std::env::var_os("SLP_SAMPLES").map(|root| Path::new(&root).join(folder)).filter(|it| it.is_dir());
    if folder.is_none() {
        let _ = writeln!(std::io::stderr(), "skipped for want of samples (SLP_SAMPLES): documents of the SDK");
    }
    folder.map(|folder| folder.to_str().unwrap().to_owned())
}
