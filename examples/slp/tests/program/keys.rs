//! `slp keys`.

use slp_crypto::{Certificate, PublicKey, Signer as _, SigningKey, TimePolicy, TrustStore};

use super::*;

const KEYS: &str = "../../slp-crypto/tests/fixtures/keys";

#[test]
fn a_new_key_is_its_owners_alone_and_never_written_over() {
    let folder = Folder::new("keys-new");
    for (number, algorithm) in ["p256", "p384", "ed25519"].into_iter().enumerate() {
        let path = format!("{}/{number}.key.pem", folder.path());
        let output = fine(&["keys", "new", "-o", &path, "--algorithm", algorithm]);
        let private = bytes_of(&path);
        let public = bytes_of(&format!("{}/{number}.pub.pem", folder.path()));
        let key = SigningKey::from_pem(&private).unwrap();
        assert_eq!(PublicKey::from_pem(&public).as_ref().ok(), Some(key.public_key()));
        assert!(output.contains(&key.public_key().id().to_string()), "{output}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let again = slp(&["keys", "new", "-o", &path]);
        assert_eq!(again.status, Status::Errors);
        let told = folder.relative(&again.errors);
        assert_eq!(told, format!("error: DIR/{number}.key.pem is there already: a key is never written over\n"));
        assert_eq!(bytes_of(&path), private);
    }
    // a public key that is there belongs to somebody
    folder.file("x.pub.pem", b"mine");
    let call = slp(&["keys", "new", "-o", &format!("{}/x.key.pem", folder.path())]);
    assert_eq!(call.status, Status::Errors);
    assert!(!folder.0.join("x.key.pem").exists());
    assert_eq!(slp(&["keys", "new", "-o", "no-such-folder/x.key.pem"]).status, Status::Errors);
}

#[test]
fn keys_and_certificates_are_shown_without_private_bytes() {
    let folder = Folder::new("keys-show");
    let file = |name: &str| format!("{KEYS}/{name}.pem");
    let leaf = format!("{}/leaf.pem", folder.path());
    let udi = "PID:TEST-9300-48,SN:TST93000001";
    let words = ["keys", "certificate", &file("rsa2048"), "--device", udi, "--from", "2024-01-01", "-o", &leaf];
    insta::assert_snapshot!("keys-certificate", fine(&words));
    let names = ["rsa2048", "p256", "p384", "ed25519", "p521", "rsa1024", "p256_encrypted", "p256_sec1"].map(file);
    let mut words = vec!["keys", "show", &*leaf];
    words.extend(names.iter().map(String::as_str));
    let call = slp(&words);
    assert_eq!((call.status, &*call.errors), (Status::Errors, ""));
    insta::assert_snapshot!("keys-show", folder.relative(&call.output));
    words.push("--json");
    let json = slp(&words).output;
    insta::assert_snapshot!("keys-show-json", folder.relative(&json));
    for name in &names {
        let text = String::from_utf8(bytes_of(name)).unwrap();
        for line in text.lines().filter(|line| !line.starts_with("-----") && line.len() >= 16) {
            assert!(!call.output.contains(&line[..16]) && !json.contains(&line[..16]), "{name}");
        }
    }
    let call = slp(&["keys", "show", CAMPUS, "no-such-file.pem"]);
    assert_eq!(call.status, Status::Errors);
    assert!(call.output.contains("there is no certificate, key or signing request (PEM) in it"), "{}", call.output);
    let call = slp_on(&["keys", "show", "-"], &bytes_of(&file("p256")), |_| ());
    assert!(call.output.starts_with("<stdin>\n  private key P-256, "), "{}", call.output);
}

#[test]
fn what_is_issued_verifies_and_what_may_not_be_issued_is_refused() {
    let folder = Folder::new("keys-issue");
    let file = |name: &str| format!("{}/{name}", folder.path());
    let (p256, p384, rsa) = (format!("{KEYS}/p256.pem"), format!("{KEYS}/p384.pem"), format!("{KEYS}/rsa2048.pem"));
    let issue = |words: &[&str]| slp(&[&["keys", "certificate", "--from", "2024-01-01"], words].concat());
    let made = |words: &[&str]| {
        let call = issue(words);
        assert_eq!((call.status, &*call.errors), (Status::Fine, ""), "{words:?}");
    };
    let (root, cloud, local) = (file("root.pem"), file("cloud.pem"), file("local.pem"));
    made(&[&p384, "--ca", "Röot", "--days", "1000", "-o", &root]);
    made(&[&p256, "--role", "cloud-ca", "--name", "cloud", "--issuer", &root, "--issuer-key", &p384, "-o", &cloud]);
    made(&[&rsa, "--role", "local-ca", "--name", "A", "--issuer", &cloud, "--issuer-key", &p256, "-o", &local]);
    let (leaf, udi) = (file("leaf.pem"), "PID:ISR4451-X/K9,SN:TST00000001");
    let device = ["--device", udi, "--issuer", &local, "--issuer-key", &rsa, "--days", "9999"];
    made(&[&[&*p256], &device[..], &["-o", &leaf]].concat());
    let certificate = |path: &str| Certificate::inspect_one(&bytes_of(path)).unwrap();
    let mut trust = TrustStore::empty();
    trust.add_anchor(certificate(&root).der()).unwrap();
    let chain = [&leaf, &local, &cloud].map(|path| certificate(path));
    let chain: Vec<&[u8]> = chain.iter().map(Certificate::der).collect();
    let verified = trust.verify_chain(&chain, TimePolicy::Now("2024-06-01".parse().unwrap())).unwrap();
    assert_eq!(verified.get().identity().unwrap().to_string(), "PID:ISR4451-X/K9 SN:TST00000001");
    let end = |path: &str| certificate(path).validity().not_after;
    assert_eq!(end(&leaf), end(&local), "never beyond its issuer");
    for (words, says) in [
        (vec![&*p256, "--ca", "x", "--issuer", &local, "--issuer-key", &rsa], "allows 0 CAs below it"),
        (vec![&*p256, "--device", udi, "--issuer", &leaf, "--issuer-key", &p256], "is not the certificate of a CA"),
        (vec![&*p256, "--device", udi, "--issuer", &local, "--issuer-key", &p256], "is not the key of the certificate"),
        (vec![&*p256, "--device", "PID:Ä,SN:1"], "letters that a certificate cannot hold"),
        (vec!["no-such-key.pem", "--ca", "x"], "cannot be read"),
        (vec![CAMPUS, "--ca", "x"], "there is no PEM block \"PRIVATE KEY\""),
    ] {
        let target = file("refused.pem");
        let call = issue(&[&words[..], &["-o", &target]].concat());
        assert_eq!(call.status, Status::Errors, "{words:?}: {}", call.output);
        assert!(call.errors.contains(says), "{words:?}: {}", call.errors);
        assert!(!Path::new(&target).exists(), "{words:?}");
    }
    let late = ["keys", "certificate", &p256, "--ca", "x", "--issuer", &root, "--issuer-key", &p384, "--from"];
    for (from, is_made) in [("2026-09-25", true), ("2026-09-27", false), ("2030-01-01", false)] {
        let target = file(&format!("late-{from}.pem"));
        let call = slp(&[&late[..], &[from, "-o", &target]].concat());
        assert_eq!(Path::new(&target).exists(), is_made, "{from}: {}{}", call.output, call.errors);
        assert_eq!(call.errors.contains("--issuer ends 2026-09-27"), !is_made, "{from}: {}", call.errors);
    }
    let call = issue(&[&p256, "--ca", "x", "-o", &root]);
    assert!(call.errors.contains("cannot be written"), "{}", call.errors);
}
