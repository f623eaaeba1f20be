//! `slp verify` on documents of the exchange with an On-Prem.

use slp_crypto::Signer as _;

use super::verify::{KEYS, certificate, json_text, key, samples};
use super::*;

/// The documents that an On-Prem and the cloud exchange, each as good as it can be.
#[test]
fn documents_of_the_sdk_are_judged_by_their_kind() {
    let Some(samples) = samples("sync/golden/documents") else { return };
    let file = |name: &str| format!("{samples}/{name}");
    let verdicts = |name: &str, trust: &str| {
        let call = slp(&["verify", &file(name), "--trust", trust, "--at", "2026-11-24", "--json"]);
        let value: serde_json::Value = serde_json::from_str(&call.output).unwrap();
        let rows = value["files"][0]["signatures"].as_array().unwrap().clone();
        let word = |row: &serde_json::Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
        rows.iter().map(|row| word(row, "verdict") + " " + &word(row, "detail")).collect::<Vec<_>>()
    };
    let root = file("root.pem");
    for name in ["registration_authorization.json", "sync_response_full.json", "sync_response_delta.json"] {
        assert_eq!(verdicts(name, &root), ["verified "], "{name}");
    }
    for name in
        ["bad_signature_bare_canonical.json", "bad_signature_other_kind.json", "bad_signature_purchased_50.json"]
    {
        assert_eq!(verdicts(name, &root), ["invalid mismatch"], "{name}");
    }
    assert_eq!(verdicts("wrong_role_signed_by_collector.json", &root), ["invalid role"]);
    assert_eq!(verdicts("wrong_instance.json", &root), ["invalid wrong-instance"]);
    assert_eq!(verdicts("registration_request.json", &root), ["key-unknown key"; 2], "its keys are its own word");
    assert_eq!(verdicts("sync_request_full.json", &root), ["key-unknown issuer"; 2], "the CA above is not in it");
    // the CA that answers bring is the one above requests
    let folder = Folder::new("verify-documents");
    let answer: serde_json::Value = serde_json::from_slice(&bytes_of(&file("sync_response_full.json"))).unwrap();
    folder.file("trust/sub.pem", answer["sub_ca_cert"].as_str().unwrap().as_bytes());
    let trust = format!("{}/trust", folder.path());
    assert_eq!(verdicts("sync_request_full.json", &trust), ["verified "; 2]);
    assert_eq!(verdicts("sync_request_delta.json", &trust), ["verified "; 2]);
}

/// What `slp sync verify` refuses is not verified here either: one check for both.
#[test]
fn a_document_with_good_signatures_is_verified_only_if_what_it_brings_fits() {
    const OURS: &str = "3f0c1d52-7a64-4c0e-9b1d-5a2e6f708192";
    const OTHER: &str = "3f0c1d52-7a64-4c0e-9b1d-5a2e6f708193";
    let folder = Folder::new("verify-brought");
    let (p256, p384, signer) =
        (format!("{KEYS}/p256.pem"), format!("{KEYS}/p384.pem"), format!("{}/c.key.pem", folder.path()));
    fine(&["keys", "new", "-o", &signer]);
    let role = |key: &str, role: &str, name: &str, issuer: &[&str]| {
        let words = [&[key, "--role", role, "--name", name], issuer].concat();
        certificate(&folder, &words, &format!("{role}-{name}.pem"))
    };
    let ca = role(&p384, "cloud-ca", "cloud", &[]);
    let issuer = ["--issuer", &ca, "--issuer-key", &p384];
    let cloud = role(&signer, "cloud-signer", "cloud", &issuer);
    let text = |path: &str| json_text(&String::from_utf8(bytes_of(path)).unwrap());
    let document = |name: &str, instance: &str, id_cert: &str, account: &str| {
        let text = format!(
            r#"{{"format":"slp-sync/1","kind":"registration_authorization","signature_algorithm":
                "ECDSA_P256_SHA256_DER","request_id":"{OURS}","on_prem_name":"onprem1","collector_instance_id":
                "{instance}","last_generated":"2024-08-01T00:00:00.000Z","smart_account":"acme","virtual_account":"Lab",{account}
                "last_sync":"2024-08-01T00:00:00.000Z","id_cert":{},"sub_ca_cert":{},"signing_cert":{},"notices":[]}}"#,
            text(id_cert),
            text(&ca),
            text(&cloud)
        );
        folder.file(&format!("{name}.json"), text.as_bytes());
        let (from, to) = (format!("{}/{name}.json", folder.path()), format!("{}/{name}.signed.json", folder.path()));
        fine(&["sign", &from, "--key", &signer, "-o", &to]);
        to
    };
    let (id, other) = (role(&p256, "collector-id", OURS, &issuer), role(&p256, "collector-id", OTHER, &issuer));
    let signing = role(&p256, "collector-signer", OURS, &issuer);
    let account = r#""virtual_account_id":"300400","#;
    let call = |file: &str| slp(&["verify", file, "--trust", &ca, "--require-verified"]);
    let good = call(&document("good", OURS, &id, account));
    assert_eq!(good.status, Status::Fine, "{}{}", good.output, good.errors);
    assert!(good.output.contains("warning: own-keys-unchecked: "), "{}", good.output);
    for (name, instance, id_cert, account, verdict) in [
        ("instance", OTHER, &id, account, "invalid  wrong-instance"),
        ("certificate", OURS, &other, account, "invalid  wrong-instance"),
        ("role", OURS, &signing, account, "invalid  wrong-role"),
        ("member", OURS, &id, "", "malformed  missing-member"),
        ("value", OURS, &id, r#""virtual_account_id":"x","#, "malformed  bad-value"),
    ] {
        let file = document(name, instance, id_cert, account);
        let found = call(&file);
        assert!(found.status == Status::Errors && found.output.contains(verdict), "{name}: {}", found.output);
        let sync = slp(&["sync", "verify", &file, "--trust", &ca, "--id-key", &p256_public(&folder)]);
        assert_ne!(sync.status, Status::Fine, "{name}: {}", sync.output);
    }
}

fn p256_public(folder: &Folder) -> String {
    folder.file("id.pub.pem", key("p256").public_key().to_pem().as_bytes());
    format!("{}/id.pub.pem", folder.path())
}
