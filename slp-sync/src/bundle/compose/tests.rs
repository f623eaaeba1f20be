use std::io::Cursor;

use slp_model::ReportId;

use super::Composer;
use crate::bundle::tests::report;
use crate::bundle::{Plan, Writer};
use crate::privacy::Privacy;
use crate::{ErrorKind, Limits};

fn file(parts: &[&str]) -> String {
    format!("<smartLicense>{}</smartLicense>", parts.concat())
}

fn info(device: u64, hostname: &str) -> String {
    format!(
        r#"<smartLicenseSystemInfo><data><![CDATA[{{"sudi":{{"udi_pid":"TEST-SWITCH","udi_serial_number":"TST{device:08}"}},"hostname":"{hostname}"}}]]></data></smartLicenseSystemInfo>"#
    )
}

/// The same report when its only measurement went on until `end`.
fn until(report: &str, end: u64) -> String {
    let length = end - 1_700_000_000;
    report.replace("1700000900", &end.to_string()).replace("interval\\\":900", &format!("interval\\\":{length}"))
}

fn closed(report: &str) -> String {
    report.replace(
        "\\\"num_samples\\\":1,",
        "\\\"num_samples\\\":1,\\\"meta\\\":{\\\"termination_reason\\\":\\\"CurrentUsageRecorded\\\"},",
    )
}

fn leaf(files: &[&str]) -> super::Composed<'static> {
    let bytes: Vec<&[u8]> = files.iter().map(|file| file.as_bytes()).collect();
    let leaf = Composer::default().leaf(&bytes).unwrap();
    super::Composed { bytes: leaf.bytes.into_owned().into(), ..leaf }
}

fn text(leaf: &super::Composed<'_>) -> String {
    String::from_utf8(leaf.bytes.to_vec()).unwrap()
}

#[test]
fn files_of_one_device_become_one_sorted_leaf_with_each_report_once() {
    let (a, b, c) = (report(1, 30, &[]), report(1, 10, &[]), report(1, 20, &[]));
    let first = file(&[&info(1, "old"), &a, &b]);
    let second = file(&[&info(1, "new"), &c, &a]);
    let merged = leaf(&[&first, &second]);
    assert_eq!(text(&merged), file(&[&info(1, "new"), &b, &c, &a]));
    assert_eq!((merged.left_out, merged.conflicts.len()), (1, 0));
    assert_eq!(merged.survey.reports.iter().map(|id| id.get()).collect::<Vec<_>>(), [10, 20, 30]);
    let turned = leaf(&[&second, &first]);
    assert_eq!(text(&turned), file(&[&info(1, "old"), &b, &c, &a]), "only the system information tells the order");
    assert_eq!(text(&leaf(&[&text(&merged), &text(&merged)])), text(&merged), "merged again it stays");
}

#[test]
fn the_newest_version_of_a_report_is_taken_in_any_order() {
    let one = report(1, 10, &[]);
    let (grown, ended) = (until(&one, 1_700_001_800), closed(&until(&one, 1_700_001_800)));
    let signed_again = one.replace("\"value\":\"AA==\"}}]]", "\"value\":\"BB==\"}}]]");
    let other = one.replace("\\\"value\\\":\\\"1\\\"", "\\\"value\\\":\\\"2\\\"");
    assert!(signed_again != one && other != one);
    for (versions, newest, conflicts) in [
        ([&one, &grown, &ended], &ended, 0),
        ([&one, &grown, &grown], &grown, 0),
        ([&one, &signed_again, &one], &signed_again, 0),
        ([&one, &closed(&one), &one], &closed(&one), 0),
        ([&grown, &closed(&other), &closed(&other)], &closed(&other), 1),
    ] {
        for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
            let files = order.map(|at| file(&[versions[at]]));
            let merged = leaf(&[&files[0], &files[1], &files[2]]);
            assert_eq!(text(&merged), file(&[newest]), "{order:?}");
            assert_eq!((merged.left_out, merged.conflicts.len()), (2, conflicts), "{order:?}");
        }
    }
    let merged = leaf(&[&file(&[&closed(&other)]), &file(&[&grown])]);
    assert_eq!(merged.conflicts, [ReportId::new(10)]);
}

#[test]
fn what_cannot_be_one_leaf_is_refused_and_its_file_named() {
    let refused = |files: &[&str]| {
        let bytes: Vec<&[u8]> = files.iter().map(|file| file.as_bytes()).collect();
        let error = Composer::default().leaf(&bytes).unwrap_err();
        (error.kind(), error.name(), error.location().entries.concat())
    };
    let (one, other) = (file(&[&report(1, 10, &[])]), file(&[&report(2, 20, &[])]));
    assert_eq!(refused(&[&one, &other]).1, Some("inconsistent"));
    assert_eq!(refused(&[&one, "<html/>"]), (ErrorKind::BadLeaf, Some("unknown-root"), "#2".into()));
    assert_eq!(refused(&["<smartLicense></smartLicense>"; 2]).1, Some("no-report"));
    assert_eq!(refused(&[]).1, Some("no-report"));
    let ha = file(&[&report(2, 20, &[1])]);
    assert_eq!(leaf(&[&one, &ha]).survey.reports.len(), 2, "members of one set are one leaf");
    let many: Vec<String> = (1..=101).map(|at| file(&[&until(&report(1, 10, &[]), 1_700_000_900 + at)])).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(refused(&many), (ErrorKind::Limit, Some("versions"), String::new()));
    assert_eq!(leaf(&many[..100]).left_out, 99);
}

#[test]
fn what_is_withheld_is_in_no_byte_and_payloads_are_untouched() {
    let (one, other) = (report(1, 10, &[]), report(1, 20, &[]));
    let first = file(&["\n", &info(1, "secret-host"), "<later/>", &one]);
    let second = file(&[&info(1, "secret-too"), "<later/>", &other]);
    let composer = Composer::default().privacy(Privacy::all());
    for files in [&[first.as_bytes()][..], &[first.as_bytes(), second.as_bytes()]] {
        let leaf = composer.leaf(files).unwrap();
        let text = String::from_utf8(leaf.bytes.to_vec()).unwrap();
        assert!(!text.contains("secret") && text.contains(&one) && text.contains("<later/>"), "{text}");
        assert_eq!(text.matches("<later/>").count(), 1);
        assert_eq!(text.contains(&other), files.len() == 2);
    }
    let plain = file(&[&one]);
    let kept = composer.leaf(&[plain.as_bytes()]).unwrap();
    assert!(matches!(kept.bytes, std::borrow::Cow::Borrowed(_)), "nothing had to be withheld");
}

#[test]
fn limits_of_the_caller_hold_for_leaves() {
    let one = file(&[&report(1, 10, &[])]);
    let mut limits = Limits { leaf_bytes: 100, ..Limits::default() };
    assert_eq!(Composer::new(&limits).leaf(&[one.as_bytes()]).unwrap_err().name(), Some("limit"));
    limits.leaf_bytes = 1 << 20;
    limits.leaf.limits.reports_per_document = 1;
    assert!(Composer::new(&limits).leaf(&[one.as_bytes()]).is_ok());
    let two = file(&[&report(1, 10, &[]), &report(1, 20, &[])]);
    assert_eq!(Composer::new(&limits).leaf(&[two.as_bytes()]).unwrap_err().name(), Some("limit"));
    let large = file(&[&report(1, 10, &[]), &"\n".repeat(17 << 20)]);
    assert!(Composer::default().leaf(&[large.as_bytes()]).is_err());
    assert!(
        Composer::new(&Limits::bulk()).leaf(&[large.as_bytes()]).is_ok(),
        "a leaf of the command line may be larger"
    );
}

#[test]
fn a_base64_file_becomes_the_device_file_inside() {
    let one = file(&[&report(1, 10, &[])]);
    let encoded: String = one.as_bytes().chunks(3).map(base64).collect();
    let leaf = leaf(&[&encoded]);
    assert_eq!(text(&leaf), one);
}

/// Three bytes in four digits.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let value = (0..3).fold(0_usize, |value, at| (value << 8) | usize::from(bytes.get(at).copied().unwrap_or(0)));
    let digit = |at: usize| if at > bytes.len() { '=' } else { char::from(DIGITS[(value >> (18 - 6 * at)) & 63]) };
    (0..4).map(digit).collect()
}

#[test]
fn composed_leaves_go_into_a_bundle_once_for_each_device() {
    let plan = Plan::new("Acme", "2026-11-24T10:20:30.123Z".parse().unwrap());
    let mut writer = Writer::new(Vec::new(), Cursor::new(Vec::new()), &plan).unwrap();
    let merged = leaf(&[&file(&[&report(1, 10, &[])]), &file(&[&report(1, 20, &[])])]);
    assert_eq!(writer.add_composed(0, 1, merged.clone()).unwrap().reports.len(), 2);
    assert_eq!(writer.add_composed(0, 2, merged).unwrap_err().kind(), ErrorKind::DuplicateDevice);
    assert_eq!(plan.further().name().to_string(), "UD_SA_Acme_26Nov24_10_20_30_124.tar.gz");
}
