//! One golden file for each document between an On-Prem and the cloud, with every member that there is. Their
//! signatures and certificates are made up: what is signed is what is tested here.

use slp_crypto::canonical::Value;
use slp_sync::Limits;
use slp_sync::document::{Document, Kind};

mod tamper;

const GOLDEN: [(Kind, &str, &str); 4] = [
    (
        Kind::RegistrationRequest,
        include_str!("golden/registration_request.json"),
        "395fef00ccc4a3db0e05c6d0c5c6879f7262e45f8e25fca8c1662578a3521cf4",
    ),
    (
        Kind::RegistrationAuthorization,
        include_str!("golden/registration_authorization.json"),
        "e117ff3e92f391576b6531f5eb5fc1840c91dc265525f19836d9b25bcde96b46",
    ),
    (
        Kind::SyncRequest,
        include_str!("golden/sync_request.json"),
        "865f37a3e08808bae695e0032943385ab8780d86e92a235bad6e16a5b935ab7b",
    ),
    (
        Kind::SyncResponse,
        include_str!("golden/sync_response.json"),
        "7f97c38550a1bcc9b6f26aab16bf55f94c2b59dfda5a313d1018297128071c24",
    ),
];

fn read(text: &str) -> Document {
    Document::read(text.as_bytes(), &Limits::default()).unwrap()
}

#[test]
fn every_document_is_written_as_it_was_read_and_has_its_digest() {
    for (kind, text, digest) in GOLDEN {
        let document = read(text);
        assert_eq!(document.content().kind(), kind);
        assert_eq!(String::from_utf8(document.to_bytes()).unwrap(), text, "{kind:?}");
        let hex: String = document.digest().iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        assert_eq!(hex, digest, "{kind:?}");
        // Nothing in it is unknown: what was understood gives the same body.
        let again = Document::new(document.content()).unwrap();
        assert_eq!(again.envelope().body(), document.envelope().body(), "{kind:?}");
    }
}

#[test]
fn tampering_with_any_field_changes_what_is_signed() {
    for (kind, text, _) in GOLDEN {
        let signed = read(text).envelope().signed_bytes();
        let whole = Value::read_with(text.as_bytes(), &slp_crypto::canonical::Limits::default()).unwrap();
        let tampered = tamper::tampered(&whole);
        let mut read_all_the_same = 0;
        for (path, value) in &tampered {
            if let Ok(document) = Document::read(&value.to_bytes(), &Limits::default()) {
                assert_ne!(document.envelope().signed_bytes(), signed, "{kind:?} {path}");
                read_all_the_same += 1;
            }
        }
        assert!(tampered.len() > 40 && read_all_the_same > 12, "{kind:?}: {read_all_the_same} of {}", tampered.len());
    }
}

#[test]
fn a_signature_of_one_kind_signs_no_other() {
    let signed: Vec<Vec<u8>> = GOLDEN.iter().map(|(_, text, _)| read(text).envelope().signed_bytes()).collect();
    for ((kind, _, _), bytes) in GOLDEN.iter().zip(&signed) {
        let start = format!("DSSEv1 {} ", format!("application/vnd.slp.sync+json;v=1;kind={}", kind.as_str()).len());
        assert!(bytes.starts_with(start.as_bytes()), "{kind:?}");
        assert!(String::from_utf8_lossy(bytes).contains(&format!("kind={} ", kind.as_str())), "{kind:?}");
    }
}
