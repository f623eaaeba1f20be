//! `slp sync`: On-Prem registration and synchronization files.

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use slp_crypto::SigningKey;
use slp_crypto::envelope::Member;
use slp_sync::document::{Content, Document, RegistrationAuthorization, RegistrationRequest};

use super::bundles::samples;
use super::*;

const INSTANCE: &str = "11111111-2222-4333-8444-555555555555";

/// A request to be registered, signed by a key that is made here.
fn request() -> Vec<u8> {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationalUnitName, "slp-sync:collector-id");
    params.distinguished_name.push(DnType::CommonName, INSTANCE);
    let mut content = RegistrationRequest::default();
    let own = String::from;
    content.request_id = own(INSTANCE);
    content.on_prem_name = own("onprem-test");
    content.collector_instance_id = own(INSTANCE);
    content.local_account = own("Test");
    content.smart_account = own("Acme");
    content.virtual_account = own("Test VA");
    content.csr = params.serialize_request(&key).unwrap().pem().unwrap().replace("\r\n", "\n");
    content.last_generated = "2026-11-02T08:00:00.000Z".parse().unwrap();
    let mut document = Document::new(&Content::RegistrationRequest(Box::new(content))).unwrap();
    let signer = SigningKey::from_pem(key.serialize_pem().as_bytes()).unwrap();
    for member in ["id", "signing"] {
        document.sign(&Member::Named(member.into()), &signer).unwrap();
    }
    document.to_bytes()
}

#[test]
fn a_request_is_shown_and_judged() {
    let folder = Folder::new("sync-request");
    let path = folder.file("request.json", &request()).0.join("request.json");
    let path = path.to_str().unwrap();
    let shown = fine(&["sync", "inspect", path]);
    assert!(
        shown.contains("registration_request, ") && shown.contains("its signatures are not verified here"),
        "{shown}"
    );
    assert!(shown.contains("on_prem_name: onprem-test") && shown.contains("csr: CERTIFICATE REQUEST, "), "{shown}");
    let json: serde_json::Value = serde_json::from_str(&fine(&["sync", "inspect", "--json", path])).unwrap();
    assert_eq!((&json["kind"], &json["document"]["local_account"]), (&"registration_request".into(), &"Test".into()));
    let verified = fine(&["sync", "verify", path]);
    assert_eq!(verified.lines().nth(1), Some("verified, signed by"), "{verified}");
    assert_eq!(verified.lines().count(), 4, "{verified}");
    let json: serde_json::Value = serde_json::from_str(&fine(&["sync", "verify", "--json", path])).unwrap();
    assert_eq!((&json["verified"], json["signers"].as_array().map(Vec::len)), (&true.into(), Some(2)));
}

#[test]
fn a_changed_request_is_not_verified_and_says_why() {
    let folder = Folder::new("sync-changed");
    let changed = String::from_utf8(request()).unwrap().replace("\"Acme\"", "\"Evil\"");
    let path = folder.file("request.json", changed.as_bytes()).0.join("request.json");
    let call = slp(&["sync", "verify", path.to_str().unwrap()]);
    assert_eq!((call.status, &*call.errors), (Status::Errors, ""));
    assert!(call.output.contains("NOT VERIFIED: ") && call.output.ends_with("(bad-signature)\n"), "{}", call.output);
    let json = slp(&["sync", "verify", "--json", path.to_str().unwrap()]);
    assert!(json.output.contains("\"verified\":false") && json.output.contains("\"reason\":\"bad-signature\""));
}

/// An authorization, and beside it the certificates in it. The CA of the cloud is issued with these words.
fn authorization(folder: &Folder, ca: &[&str]) -> String {
    let path = |name: &str| format!("{}/{name}", folder.path());
    let keys = ["root", "cloud", "signer", "id"].map(|name| {
        let key = KeyPair::generate().unwrap().serialize_pem();
        folder.file(&format!("{name}.key"), key.as_bytes());
        (name, key)
    });
    let issue = |name: &str, issuer: &str, words: &[&str]| {
        let (key, out) = (path(&format!("{name}.key")), path(&format!("{name}.pem")));
        let (by, by_key) = (path(&format!("{issuer}.pem")), path(&format!("{issuer}.key")));
        let by: &[&str] = if name == issuer { &[] } else { &["--issuer", &by, "--issuer-key", &by_key] };
        fine(&[&["keys", "certificate", &key, "--from", "2026-01-01", "-o", &out], words, by].concat());
        String::from_utf8(bytes_of(&out)).unwrap().replace("\r\n", "\n")
    };
    issue("root", "root", &["--ca", "Root"]);
    let mut content = RegistrationAuthorization::default();
    content.sub_ca_cert = issue("cloud", "root", ca);
    content.signing_cert = issue("signer", "cloud", &["--role", "cloud-signer", "--name", "cloud"]);
    content.id_cert = issue("id", "cloud", &["--role", "collector-id", "--name", INSTANCE]);
    let own = String::from;
    content.request_id = own(INSTANCE);
    content.on_prem_name = own("onprem-test");
    content.collector_instance_id = own(INSTANCE);
    content.smart_account = own("Acme");
    content.virtual_account = own("Test VA");
    content.virtual_account_id = own("300400");
    content.last_generated = "2026-11-02T08:00:00.000Z".parse().unwrap();
    content.last_sync = "2026-11-02T09:00:00.000Z".parse().unwrap();
    let mut document = Document::new(&Content::RegistrationAuthorization(Box::new(content))).unwrap();
    document.sign(&Member::Single, &SigningKey::from_pem(keys[2].1.as_bytes()).unwrap()).unwrap();
    folder.file("authorization.json", &document.to_bytes());
    fs::create_dir(folder.0.join("trust")).unwrap();
    fs::rename(folder.0.join("root.pem"), folder.0.join("trust/root.pem")).unwrap();
    path("authorization.json")
}

#[test]
fn an_answer_is_of_the_ca_of_the_cloud_and_brings_what_was_asked_for() {
    let judged = |ca: &[&str], more: &[&str]| {
        let folder = Folder::new(&format!("sync-answer-{}-{}", ca[0], more.len()));
        let file = authorization(&folder, ca);
        let (trust, id) = (format!("{}/trust", folder.path()), format!("{}/id.pem", folder.path()));
        let more: Vec<&str> = more.iter().flat_map(|word| [*word, id.as_str()]).collect();
        let words = ["sync", "verify", &file, "--trust", &trust, "--id-key", &id, "--at", "2026-11-03"];
        slp(&[&words[..], &more].concat()).output
    };
    let role = ["--role", "cloud-ca", "--name", "cloud"];
    assert!(judged(&role, &[]).contains("verified, signed by"), "{}", judged(&role, &[]));
    let other = judged(&["--ca", "Other"], &[]);
    assert!(other.ends_with("not slp-sync:cloud-ca (wrong-role)\n"), "{other}");
    let folder = Folder::new("sync-answer-keys");
    let file = authorization(&folder, &role);
    let pem = bytes_of(&format!("{}/id.pem", folder.path()));
    let damaged = String::from_utf8(pem).unwrap().replace("CERTIFICATE", "PUBLIC KEY");
    folder.file("damaged.pem", damaged.as_bytes()).file("none.pem", b"").file("big.pem", &vec![b'a'; 1 << 20]);
    for (name, says) in
        [("damaged.pem", "key"), ("none.pem", "a certificate or a public key"), ("big.pem", "more than")]
    {
        let path = format!("{}/{name}", folder.path());
        let call = slp(&["sync", "verify", &file, "--id-key", &path]);
        assert_eq!(call.status, Status::Errors, "{name}");
        let said = call.errors.contains(name) && call.errors.contains(says);
        assert!(said && !call.errors.contains("no certificate"), "{}", call.errors);
    }
    for asked in ["--signing-key", "--local-ca-key"] {
        let missing = judged(&role, &[asked]);
        assert!(missing.ends_with("was asked for, and is not there (missing-member)\n"), "{missing}");
    }
}

#[test]
fn what_is_odd_in_a_file_is_shown() {
    let folder = Folder::new("sync-odd");
    let odd = [&b"\xef\xbb\xbf"[..], &request()].concat();
    let path = folder.file("request.json", &odd).0.join("request.json");
    assert!(fine(&["sync", "inspect", path.to_str().unwrap()]).contains("\n   warning: byte 0: bom\n"));
    let json: serde_json::Value =
        serde_json::from_str(&fine(&["sync", "inspect", "--json", path.to_str().unwrap()])).unwrap();
    assert_eq!((&json["warnings"][0]["kind"], json["warnings"].as_array().map(Vec::len)), (&"bom".into(), Some(1)));
}

#[test]
fn what_is_no_such_file_is_refused_with_its_place() {
    let folder = Folder::new("sync-wrong");
    for (name, bytes, kind) in [
        ("a.json", &b"{}"[..], "missing-member"),
        ("b.xml", b"<smartLicense/>", "wrong-container"),
        ("c.json", b"{\"format\":\"slp-sync/2\"}", "unsupported-format"),
        ("d.json", b"{\"format\":1,\"format\":1}", "duplicate-member"),
    ] {
        let path = folder.file(name, bytes).0.join(name);
        for words in [["sync", "inspect"], ["sync", "verify"]] {
            let call = slp(&[&words[..], &[path.to_str().unwrap()]].concat());
            assert_eq!(call.status, Status::Errors, "{name}");
            assert!(call.errors.contains(name) && call.errors.ends_with(&format!("({kind})\n")), "{}", call.errors);
        }
    }
}

#[test]
fn the_documents_of_the_samples_are_shown_and_judged() {
    let Some(samples) = samples() else { return };
    let folder = samples.join("sync/golden/documents");
    let trust = Folder::new("sync-trust");
    trust.file("root.pem", &bytes_of(folder.join("root.pem").to_str().unwrap()));
    let document = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    for name in ["registration_request", "registration_authorization", "sync_request_full", "sync_response_full"] {
        assert!(fine(&["sync", "inspect", &document(&format!("{name}.json"))]).lines().count() > 10, "{name}");
    }
    let authorization: serde_json::Value =
        serde_json::from_slice(&bytes_of(&document("registration_authorization.json"))).unwrap();
    let pem = |member: &str| authorization[member].as_str().unwrap_or_default().as_bytes().to_vec();
    trust.file("keys/issuer", &pem("sub_ca_cert")).file("keys/id", &pem("id_cert"));
    trust.file("keys/signing", &pem("collector_signing_cert")).file("keys/local", &pem("local_sub_ca_cert"));
    let key = |name: &str| trust.0.join("keys").join(name).to_str().unwrap().to_owned();
    let verify_at = |name: &str, time: &str| {
        let words = ["sync", "verify", "--trust", trust.path(), "--at", time, "--issuer", &key("issuer")];
        let own = ["--id-key", &key("id"), "--signing-key", &key("signing"), "--local-ca-key", &key("local")];
        slp(&[&words[..], &own[..], &[&document(name)]].concat())
    };
    let verify = |name: &str| verify_at(name, "2026-11-03");
    // dates decide, as they do for `slp verify`
    for name in ["registration_authorization.json", "sync_request_full.json", "sync_response_full.json"] {
        for (time, reason) in [("2060-01-01", "(cert-expired)\n"), ("2024-07-01", "(cert-not-yet-valid)\n")] {
            let call = verify_at(name, time);
            let is_refused = call.status == Status::Errors && call.output.ends_with(reason);
            assert!(is_refused, "{name} at {time}: {}", call.output);
        }
    }
    for name in ["registration_authorization.json", "sync_request_full.json", "sync_response_full.json"] {
        let call = verify(name);
        assert_eq!(call.status, Status::Fine, "{name}: {}{}", call.output, call.errors);
    }
    for (name, reason) in [
        ("bad_signature_purchased_50.json", "bad-signature"),
        ("wrong_role_signed_by_collector.json", "wrong-role"),
        ("wrong_instance.json", ""),
    ] {
        let call = verify(name);
        assert_eq!(call.status, if reason.is_empty() { call.status } else { Status::Errors }, "{name}");
        assert!(call.output.contains(reason), "{name}: {}", call.output);
    }
}
