//! Every path, to its end: what was written was delivered, and what was delivered is acknowledged.

use demo::{Options, Path, run};

fn runs(path: Path) {
    let mut told = Vec::new();
    let outcome = run(path, &Options::default(), &mut told).unwrap();
    let told = String::from_utf8(told).unwrap();
    assert_eq!(outcome.rows.len(), 3, "{told}");
    for row in &outcome.rows {
        assert!(row.written >= 2, "{told}");
        assert_eq!((row.delivered, row.acknowledged), (row.written, row.written), "{told}");
    }
    let used: Vec<(&str, u64, u64)> =
        outcome.licences.iter().map(|licence| (licence.name.as_str(), licence.used, licence.owned)).collect();
    let hsec = u64::from(path != Path::Api);
    assert_eq!(used, [("network-advantage", 3, 2), ("hseck9", hsec, 1)], "{told}");
    assert!(told.contains("OUT OF COMPLIANCE") && told.contains("next report due"), "{told}");
    assert!(!told.contains("token-of-the") && !told.contains("secret-of-the"), "no secret is told");
}

#[test]
fn direct() {
    runs(Path::Direct);
}

#[test]
fn airgap() {
    runs(Path::Airgap);
}

#[test]
fn api() {
    runs(Path::Api);
}
