//! `slp sign`.

use slp_crypto::Signer as _;

use super::verify::key;
use super::*;

const P256: &str = "../../slp-crypto/tests/fixtures/keys/p256.pem";

fn listed(folder: &Folder) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(&folder.0).unwrap().map(|one| one.unwrap().file_name()).collect();
    names.sort();
    names.into_iter().map(|name| name.into_string().unwrap()).collect()
}

#[test]
fn a_signed_document_verifies_and_a_changed_one_does_not() {
    let folder = Folder::new("sign");
    let file = |name: &str| format!("{}/{name}", folder.path());
    folder.file("in.json", b"{ \"kind\": \"test_note\",\n \"format\": \"slp-sync/1\", \"b\": 2, \"a\": 1 }\n");
    folder.file("trust/me.pub.pem", key("p256").public_key().to_pem().as_bytes());
    let (input, output, trust) = (file("in.json"), file("out.json"), file("trust"));
    let told = fine(&["sign", &input, "--key", P256, "-o", &output]);
    let id = key("p256").public_key().id();
    assert_eq!(folder.relative(&told), format!("DIR/out.json: a test_note, signed with key {id}\n"));
    let signed = String::from_utf8(bytes_of(&output)).unwrap();
    assert!(signed.starts_with("{\"a\":1,\"b\":2,\"format\":\"slp-sync/1\",\"kind\":\"test_note\",\"signature\":\""));
    let verdict = |path: &str| {
        let call = slp(&["verify", path, "--trust", &trust, "--require-verified"]);
        (call.status, call.output)
    };
    assert_eq!(verdict(&output).0, Status::Fine, "{}", verdict(&output).1);
    folder.file("changed.json", signed.replace("\"b\":2", "\"b\":3").as_bytes());
    let (status, text) = verdict(&file("changed.json"));
    assert!(status == Status::Errors && text.contains("invalid  mismatch"), "{text}");
    assert!(verdict(&input).1.contains("there is no signature, and has to be"));
    // once is enough, unless somebody says otherwise
    let call = slp(&["sign", &output, "--key", P256, "-o", &output]);
    assert_eq!(call.status, Status::Errors);
    assert!(call.errors.contains("this signature is there already: --again"), "{}", call.errors);
    fine(&["sign", &output, "--key", P256, "-o", &output, "--again"]);
    assert_eq!(verdict(&output).0, Status::Fine);
    // nothing is left of what was written on the way
    assert_eq!(listed(&folder), ["changed.json", "in.json", "out.json", "trust"]);
}

#[test]
fn what_is_not_ours_is_never_signed() {
    let folder = Folder::new("sign-refused");
    let output = format!("{}/out", folder.path());
    folder.file("out", b"what was there");
    folder.file("request.json", br#"{"format":"slp-sync/1","kind":"sync_request"}"#);
    folder.file("response.json", br#"{"format":"slp-sync/1","kind":"sync_response"}"#);
    folder.file("later.json", br#"{"format":"slp-sync/2","kind":"sync_response"}"#);
    folder.file("float.json", br#"{"format":"slp-sync/1","kind":"sync_response","x":1.5}"#);
    let file = |name: &str| format!("{}/{name}", folder.path());
    let (request, response, later, float) =
        (file("request.json"), file("response.json"), file("later.json"), file("float.json"));
    let rsa = "../../slp-crypto/tests/fixtures/keys/rsa2048.pem";
    let sec1 = "../../slp-crypto/tests/fixtures/keys/p256_sec1.pem";
    let mut told = String::new();
    for (words, status) in [
        (vec![CAMPUS, "--key", P256], Status::Errors),
        (vec!["../data/acme-ack.xml", "--key", P256], Status::Errors),
        (vec![&*later, "--key", P256], Status::Errors),
        (vec![&*float, "--key", P256], Status::Errors),
        (vec![&*request, "--key", P256], Status::WrongCall),
        (vec![&*request, "--key", P256, "--as", "me"], Status::WrongCall),
        (vec![&*response, "--key", P256, "--as", "id"], Status::WrongCall),
        (vec![&*response, "--key", rsa], Status::Errors),
        (vec![&*response, "--key", sec1], Status::Errors),
        (vec![&*response, "--key", "no-such-key.pem"], Status::Errors),
        (vec!["no-such-file.json", "--key", P256], Status::Errors),
    ] {
        let call = slp(&[&["sign"], &words[..], &["-o", &output]].concat());
        assert_eq!((call.status, &*call.output), (status, ""), "{words:?}: {}", call.errors);
        told += &folder.relative(&call.errors);
        assert_eq!(bytes_of(&output), b"what was there", "{words:?}");
    }
    insta::assert_snapshot!("sign-refused", told);
    let call = slp(&["sign", &response, "--key", P256, "-o", "no-such-folder/out.json"]);
    assert!(call.errors.contains("cannot be written"), "{}", call.errors);
    let call = slp_on(&["sign", "-", "--key", P256, "-o", &output], &bytes_of(&response), |_| ());
    assert_eq!(call.status, Status::Fine, "{}", call.errors);
    fine(&["sign", &request, "--key", P256, "--as", "id", "-o", &output]);
    fine(&["sign", &output, "--key", P256, "--as", "signing", "-o", &output]);
    // a slip of the hand costs no key
    let own = format!("{}/own.key.pem", folder.path());
    folder.file("own.key.pem", &bytes_of(P256));
    let call = slp(&["sign", &response, "--key", P256, "-o", &own]);
    assert_eq!(call.status, Status::Errors);
    assert!(call.errors.contains("a key is never written over"), "{}", call.errors);
    assert_eq!(bytes_of(&own), bytes_of(P256));
}
