//! Usage bundles: every command that reads documents reads them in bundles too.

use slp_sync::{gzip, tar};

use super::*;

pub(crate) const STAMP: &str = "26Nov24_10_20_30_123";

/// A fleet of this size; the path of its bundle.
pub(crate) fn fleet(folder: &Folder, devices: u64, reports: u64, seed: u64) -> String {
    let path = folder.0.join(format!("fleet-{seed}.tar.gz")).to_str().unwrap().to_owned();
    let number = |number: u64| number.to_string();
    let call = slp(&[
        "fleet",
        "--devices",
        &number(devices),
        "--reports",
        &number(reports),
        "--seed",
        &number(seed),
        "-o",
        &path,
    ]);
    assert_eq!((call.status, &*call.errors), (Status::Fine, ""));
    path
}

/// A nested bundle with these leaves.
pub(crate) fn nested<'a>(leaves: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Vec<u8> {
    let inner = compressed(&tar::archive(leaves, 0).unwrap());
    let name = format!("UD_VA_{STAMP}.tar.gz");
    compressed(&tar::archive([(name.as_str(), &*inner)], 0).unwrap())
}

pub(crate) fn compressed(bytes: &[u8]) -> Vec<u8> {
    gzip::Deflater::default().compress(bytes).unwrap()
}

pub(crate) fn leaf_name(number: u64) -> String {
    format!("dev_{number}_{STAMP}.txt")
}

/// The example, its last report cut: line 13 is where.
fn cut() -> Vec<u8> {
    let campus = bytes_of(CAMPUS);
    campus[..campus.len() - 30].to_vec()
}

/// Two good leaves round a cut one and a foreign one.
fn broken_leaf(folder: &Folder) -> String {
    let (one, two, three, four) = (leaf_name(1), leaf_name(2), leaf_name(3), leaf_name(4));
    let (campus, controller, cut) = (bytes_of(CAMPUS), bytes_of(CONTROLLER), cut());
    let bundle = nested([(&*one, &*campus), (&*two, &*cut), (&*three, b"<html/>"), (&*four, &*controller)]);
    folder.file("UD_SA_x.tar.gz", &bundle).0.join("UD_SA_x.tar.gz").to_str().unwrap().to_owned()
}

#[test]
fn every_layout_gives_what_the_leaves_give() {
    let folder = Folder::new("layouts");
    let (campus, controller) = (bytes_of(CAMPUS), bytes_of(CONTROLLER));
    let (one, two) = (leaf_name(1), leaf_name(2));
    let leaves = || [(&*one, &*campus), (&*two, &*controller)];
    let flat = tar::archive(leaves(), 0).unwrap();
    folder
        .file("nested/UD_SA_x.tar.gz", &nested(leaves()))
        .file("flat/UD_VA_x.tgz", &compressed(&flat))
        .file("tar/x.tar", &flat)
        .file("no-ending/x.txt", &compressed(&flat));
    for words in [&["usage", "--format", "json"][..], &["usage", "--summary"], &["check", "--json"]] {
        let expected = fine(&[words, &[CAMPUS, CONTROLLER]].concat());
        for layout in ["nested", "flat", "tar", "no-ending"] {
            let path = folder.0.join(layout);
            assert_eq!(fine(&[words, &[path.to_str().unwrap()]].concat()), expected, "{layout}");
        }
    }
    let call = slp_on(&["usage", "--summary", "-"], &nested(leaves()), |_| ());
    assert_eq!((call.status, call.output), (Status::Fine, fine(&["usage", "--summary", CAMPUS, CONTROLLER])));
}

#[test]
fn a_broken_leaf_is_named_and_costs_only_itself() {
    let folder = Folder::new("broken-leaf");
    let path = broken_leaf(&folder);
    let call = slp(&["usage", "--summary", &path]);
    assert_eq!(call.status, Status::Errors);
    insta::assert_snapshot!("bundle-broken-leaf-usage", call.output);
    insta::assert_snapshot!("bundle-broken-leaf-errors", folder.relative(&call.errors));
    let json = slp(&["check", "--json", &path]).output;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let entries = json["errors"][0]["place"]["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 3, "file, archive, leaf: {entries:?}");
    assert_eq!(json["errors"][1]["kind"], "unknown-root");
}

#[test]
fn layers_go_from_the_bundle_to_the_measurement() {
    let folder = Folder::new("bundle-layers");
    let path = broken_leaf(&folder);
    let call = slp(&["inspect", &path]);
    assert_eq!((call.status, &*call.errors), (Status::Errors, ""));
    insta::assert_snapshot!("bundle-inspect", folder.relative(&call.output));
    let json = slp(&["inspect", "--json", &path]);
    let document: serde_json::Value = serde_json::from_str(&json.output).unwrap();
    let files = document["files"].as_array().unwrap();
    assert_eq!(files.len(), 5, "four leaves, then the bundle");
    insta::assert_snapshot!("bundle-inspect-json", folder.relative(&files[4].to_string()));
}

#[test]
fn what_a_broken_bundle_gave_does_not_count() {
    let folder = Folder::new("withdrawn");
    let campus = bytes_of(CAMPUS);
    let mut bundle =
        nested((1..=3).map(|_| ()).enumerate().map(|(at, ())| (["dev_1.txt", "dev_2.txt", "dev_3.txt"][at], &*campus)));
    let last = bundle.len() - 5;
    bundle[last] ^= 1; // the checksum of the outer layer, behind everything
    folder.file("UD_SA_x.tar.gz", &bundle).file("dev_9.txt", &bytes_of(CONTROLLER));
    for threads in ["1", "2"] {
        let call = slp(&["usage", "--format", "json", "--summary", "--threads", threads, folder.path()]);
        assert_eq!(call.status, Status::Errors);
        let totals: serde_json::Value = serde_json::from_str(&call.output).unwrap();
        assert_eq!((&totals["devices"], &totals["rejected"]), (&1.into(), &1.into()));
        insta::assert_snapshot!("bundle-withdrawn-errors", folder.relative(&call.errors));
    }
    let shown = slp(&["inspect", folder.path()]);
    assert!(shown.output.contains("the bundle is broken: what was shown of it above does not count"));
    let listed = slp(&["bundle", "list", folder.0.join("UD_SA_x.tar.gz").to_str().unwrap()]);
    assert_eq!(listed.status, Status::Errors);
    assert!(listed.errors.contains("(bad-checksum)"), "{}", listed.errors);
}

#[test]
fn one_bad_leaf_in_ten_thousand_is_one_error() {
    let folder = Folder::new("ten-thousand");
    let small = br#"<smartLicense><RUMReport><![CDATA[{"payload":"{\"asset_identification\":{\"asset\":{\"name\":\"regid.2020-01.com.cisco.TEST,1.0_00000000-0000-4000-8000-000000000001\"},\"instance\":{\"sudi\":{\"udi_pid\":\"TEST-SWITCH\",\"udi_serial_number\":\"TST00000001\"}}},\"meta\":{\"entitlement_tag\":\"regid.2020-01.com.cisco.TEST,1.0_00000000-0000-4000-8000-000000000002\",\"report_id\":7},\"measurements\":[]}"}]]></RUMReport></smartLicense>"#;
    let names: Vec<_> = (1..=10_000).map(leaf_name).collect();
    let leaf = |number: usize| if number == 4_711 { &small[..200] } else { &small[..] };
    let archive = tar::archive(names.iter().enumerate().map(|(at, name)| (&**name, leaf(at + 1))), 0).unwrap();
    folder.file("x.tar", &archive);
    let call = slp(&["usage", "--format", "json", "--summary", folder.path()]);
    assert_eq!(call.status, Status::Errors);
    let totals: serde_json::Value = serde_json::from_str(&call.output).unwrap();
    assert_eq!(
        (&totals["devices"], &totals["reports"], &totals["rejected"]),
        (&10_000.into(), &9_999.into(), &1.into())
    );
    let errors = call.errors.lines().filter(|line| line.starts_with("error: "));
    assert_eq!(errors.count(), 1, "{}", call.errors);
    assert!(call.errors.contains("x.tar!dev_4711_26Nov24_10_20_30_123.txt"), "{}", call.errors);
}

#[test]
fn the_number_of_threads_does_not_show() {
    let folder = Folder::new("bundle-threads");
    let path = broken_leaf(&folder);
    let big = fleet(&folder, 100, 2, 1);
    for words in [
        &["inspect", "--json"][..],
        &["usage", "--format", "csv"],
        &["usage", "--format", "json", "--summary"],
        &["check", "--json"],
        &["policy", "due", "--json"],
    ] {
        let call = |threads: &str| {
            let call = slp(&[words, &[&path, &big, CAMPUS, "--threads", threads]].concat());
            (call.status, call.output, call.errors)
        };
        let one = call("1");
        for threads in ["2", "5"] {
            assert!(one == call(threads), "{words:?} with {threads} threads");
        }
    }
}

#[test]
fn a_leaf_above_the_limit_is_refused_alone() {
    let folder = Folder::new("large-leaf");
    let path = broken_leaf(&folder);
    let call = slp(&["usage", "--summary", "--max-document-bytes", "20000", &path]);
    assert_eq!(call.status, Status::Errors);
    assert!(
        call.errors.contains("dev_1_26Nov24_10_20_30_123.txt: bytes of one leaf: more than 20000"),
        "{}",
        call.errors
    );
    assert!(call.output.contains("from 1 document; "), "{}", call.output);
}

#[test]
fn hostile_archives_are_refused_for_their_own_reason() {
    let folder = Folder::new("hostile-bundles");
    let good = compressed(&tar::archive([("dev_1.txt", &*bytes_of(CAMPUS))], 0).unwrap());
    let mut two = good.clone();
    two.extend(&good);
    let mut trailing = good.clone();
    trailing.extend(b"more");
    let traversal = {
        let mut archive = tar::archive([("xx_dev_1.txt", &b"<smartLicense/>"[..])], 0).unwrap();
        archive[..3].copy_from_slice(b"../");
        let sum: u32 = archive[..512]
            .iter()
            .enumerate()
            .map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u32::from(*byte) })
            .sum();
        archive[148..154].copy_from_slice(format!("{sum:06o}").as_bytes());
        compressed(&archive)
    };
    let bomb = compressed(&vec![0; 8 << 20]);
    for (name, bytes, kind) in [
        ("second-member.tar.gz", &two, "multiple-members"),
        ("trailing.tar.gz", &trailing, "trailing-data"),
        ("cut.tar.gz", &good[..good.len() / 2].to_vec(), "truncated"),
        ("traversal.tar.gz", &traversal, "path-traversal"),
        ("bomb.tar.gz", &bomb, "limit"),
        ("text.tar.gz", &b"no archive at all".to_vec(), "bad-gzip"),
        ("empty.tar.gz", &compressed(&tar::archive([("readme", &b"x"[..])], 0).unwrap()), "bundle-empty"),
    ] {
        let path = folder.file(name, bytes).0.join(name);
        let path = path.to_str().unwrap();
        for words in [&["usage", path][..], &["bundle", "list", path], &["bundle", "extract", path, "-o", "never"]] {
            let call = slp(words);
            assert_eq!(call.status, Status::Errors, "{words:?}");
            assert!(call.errors.contains(&format!("({kind})")), "{words:?}: {}", call.errors);
        }
    }
    let here = fs::read_dir(".").unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(here.filter(|name| name.to_str().is_some_and(|name| name.starts_with("never"))).count(), 0);
}

#[test]
fn a_second_leaf_of_a_device_is_remarked() {
    let folder = Folder::new("two-leaves");
    let campus = bytes_of(CAMPUS);
    let path = folder.file("x.tgz", &nested([("dev_1.txt", &*campus), ("dev_2.txt", &*campus)])).0.join("x.tgz");
    let call = slp(&["bundle", "list", path.to_str().unwrap()]);
    assert_eq!(call.status, Status::Fine);
    insta::assert_snapshot!(call.errors, @"note: dev_2.txt: another leaf before it is of the same device (duplicate-device)");
    let json: serde_json::Value =
        serde_json::from_str(&fine(&["bundle", "list", "--json", path.to_str().unwrap()])).unwrap();
    assert_eq!(
        (&json["leaves"][0]["duplicate_device"], &json["leaves"][1]["duplicate_device"]),
        (&serde_json::Value::Null, &true.into())
    );
}

#[test]
fn bundles_of_the_samples_are_read() {
    let Some(samples) = samples() else { return };
    for name in ["xe-sip-bundle", "golden/stored", "golden/default"] {
        let path = samples.join("sync").join(name);
        let call = slp(&["usage", "--summary", "--format", "json", path.to_str().unwrap()]);
        let totals: serde_json::Value = serde_json::from_str(&call.output).unwrap();
        assert!(totals["devices"].as_u64() > Some(0), "{name}: {}{}", call.output, call.errors);
    }
}

/// Real files that are not part of this repository.
#[expect(clippy::disallowed_methods, reason = "where they lie is for the caller to say")]
pub(crate) fn samples() -> Option<PathBuf> {
    let found = std::env::var_os("SLP_SAMPLES").map(PathBuf::from);
    if found.is_none() {
        eprintln!("skipped: SLP_SAMPLES does not say where the samples are");
    }
    found
}
