//! Every path, to its end: what was written was delivered, what was delivered is acknowledged, and the stores of all parties
//! agree, report by report.

use std::collections::BTreeMap;

use cslu::ReportState;
use demo::{Ended, Options, Path, Stores, run};
use sha2::{Digest as _, Sha256};
use slp_model::{ReportId, Udi};

type Key = (Udi, ReportId);

/// Every report that a device ever kept is gone from its store because it was acknowledged, is acknowledged in the store of
/// the collector, and lies once, byte for byte, with the cloud; and nobody has one that no device wrote.
fn assert_stores_agree(stores: &Stores, has_collector: bool) {
    assert_eq!(stores.devices.len(), 3);
    for saved in &stores.devices {
        let udi = &saved.setup.members[0];
        let written = stores.written.keys().filter(|(device, _)| device == udi).count();
        assert!(saved.life.kept.is_empty(), "{udi} waits for {:?}", saved.life.kept);
        assert_eq!((saved.life.purged, usize::try_from(saved.life.acknowledged).unwrap()), (0, written), "{udi}");
    }
    assert_eq!(stores.collector.is_some(), has_collector);
    if let Some(collected) = &stores.collector {
        let mut there: BTreeMap<Key, [u8; 32]> = BTreeMap::new();
        for report in collected {
            assert_eq!(report.state, ReportState::Acknowledged, "{report:?}");
            let key = (report.device.clone(), ReportId::new(report.id.parse().unwrap()));
            let again = there.insert(key, Sha256::digest(&report.payload).into());
            assert_eq!(again, None, "one row a report: {report:?}");
        }
        assert_eq!(there, stores.written, "the collector's store");
    }
    let mut there: BTreeMap<Key, [u8; 32]> = BTreeMap::new();
    for (udi, device) in &stores.cloud {
        for (id, versions) in &device.reports {
            let [version] = versions.as_slice() else { panic!("{udi}, {id}: {} versions", versions.len()) };
            assert_eq!(version.deliveries, 1, "{udi}, {id}: it came once");
            there.insert((udi.clone(), *id), version.sha256);
        }
    }
    assert_eq!(there, stores.written, "the cloud's store");
}

fn assert_all_is_well(ended: &Ended, hsec: u64, has_collector: bool, told: &str) {
    assert_eq!(ended.outcome.rows.len(), 3, "{told}");
    for row in &ended.outcome.rows {
        assert!(row.written >= 2, "{told}");
        assert_eq!((row.delivered, row.acknowledged), (row.written, row.written), "{told}");
    }
    let licences = ended.outcome.licences.iter();
    let used: Vec<(&str, u64, u64)> =
        licences.map(|licence| (licence.name.as_str(), licence.used, licence.owned)).collect();
    assert_eq!(used, [("network-advantage", 3, 2), ("hseck9", hsec, 1)], "{told}");
    assert_stores_agree(&ended.stores, has_collector);
}

/// Runs a path; `expected` has, for each of its topologies, the export-controlled licences in use at the end, and whether
/// there is a collector.
fn runs(path: Path, expected: &[(u64, bool)]) -> String {
    let mut told = Vec::new();
    let ended = run(path, &Options::default(), &mut told).unwrap();
    let told = String::from_utf8(told).unwrap();
    assert_eq!(ended.len(), expected.len());
    for (ended, (hsec, has_collector)) in ended.iter().zip(expected) {
        assert_all_is_well(ended, *hsec, *has_collector, &told);
    }
    assert!(told.contains("OUT OF COMPLIANCE") && told.contains("next report due"), "{told}");
    assert!(!told.contains("token-of-the") && !told.contains("secret-of-the"), "no secret is told");
    told
}

#[test]
fn direct_ends_with_the_stores_of_devices_and_cloud_in_agreement() {
    let told = runs(Path::Direct, &[(1, false)]);
    assert!(told.contains("device   -> cloud    usage_reporting: OK_POLL"), "{told}");
}

#[test]
fn cslu_push_ends_with_the_stores_of_devices_collector_and_cloud_in_agreement() {
    let told = runs(Path::CsluPush, &[(1, true)]);
    for line in ["device   -> cslu     usage_reporting: OK_POLL", "cslu     -> cloud    reportusage: OK_POLL"] {
        assert!(told.contains(line), "{told}");
    }
}

#[test]
fn cslu_pull_ends_with_the_stores_of_devices_collector_and_cloud_in_agreement() {
    let told = runs(Path::CsluPull, &[(1, true)]);
    for line in [
        "operator -> cslu     cslu code",
        "cslu     -> device   all-reports: 200 OK",
        "cslu     -> device   import: 200 OK",
    ] {
        assert!(told.contains(line), "{told}");
    }
}

#[test]
fn airgap_ends_with_all_stores_in_agreement_without_connectivity_and_with_a_disconnected_collector() {
    let told = runs(Path::Airgap, &[(1, false), (1, true)]);
    for line in [
        "license smart save usage all",
        "with a request for a code for hseck9",
        "cslu     -> operator cslu export: UD_SA_",
    ] {
        assert!(told.contains(line), "{told}");
    }
    assert!(!told.contains("-> cloud    reportusage"), "nothing goes by API: {told}");
}

#[test]
fn a_code_whose_use_no_file_reports_any_more_is_told_so() {
    for (months, is_late) in [(1, true), (3, true), (4, false)] {
        let (mut options, mut told) = (Options::default(), Vec::new());
        options.months = months;
        let ended = run(Path::Airgap, &options, &mut told).unwrap();
        let told = String::from_utf8(told).unwrap();
        let hsec = ended[0].outcome.licences.iter().find(|licence| licence.name == "hseck9").unwrap();
        assert_eq!(hsec.used, u64::from(!is_late), "{told}");
        assert_eq!(told.contains("hseck9 is in use only now"), is_late, "{told}");
    }
}

#[test]
fn api_ends_with_the_stores_of_devices_and_cloud_in_agreement() {
    runs(Path::Api, &[(0, false)]);
}

#[test]
fn a_newcomer_is_told_what_words_mean_what_was_asked_of_whom_and_what_the_table_counts() {
    let told = runs(Path::Direct, &[(1, false)]);
    let place = |words: &str| told.find(words).unwrap_or_else(|| panic!("{words}: {told}"));
    assert!(place("Insufficient trust") < place("trust_establishment: OK"), "in the order in which it happened");
    for words in [
        "usage_reporting: OK_POLL  (here are usage reports - taken, the answer comes later)",
        "result_polling: OK  (is there an answer yet? - yes)",
        "operator -> device   TST00000001: license smart authorization request add hseck9 local",
        "operator -> device   TST00000001: license hseck9 1",
        "Usage reports: written by the device, delivered to the cloud, acknowledged by it",
        "Licences: used as the cloud counts them from the reports, owned as they were bought.",
        "OUT OF COMPLIANCE: buy more; nothing is switched off",
    ] {
        place(words);
    }
}
