//! `slp sync`: On-Prem registration and synchronization files.

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use slp_crypto::SigningKey;
use slp_crypto::envelope::Member;
use slp_sync::document::{Content, Document, RegistrationRequest};

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
    let verify = |name: &str| {
        let words = ["sync", "verify", "--trust", trust.path(), "--at", "2026-11-03", "--issuer", &key("issuer")];
        let own = ["--id-key", &key("id"), "--signing-key", &key("signing"), "--local-ca-key", &key("local")];
        slp(&[&words[..], &own[..], &[&document(name)]].concat())
    };
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
