//! Real files, read where they lie: `SLP_SAMPLES` names their folder. Without it these tests say so and pass.

#![expect(clippy::print_stdout, reason = "what was skipped or counted is said aloud")]

use std::fmt::Write as _;
use std::path::PathBuf;

use slp_model::Signed;
use slp_rum::{Closure, Container, Document, Error, ErrorKind, Generation, ReportKind, Tolerance, UsageReport};

/// The bytes of a sample, or `None` (said aloud) where the samples are not at hand.
fn sample(name: &str) -> Option<Vec<u8>> {
    #[expect(clippy::disallowed_methods, reason = "the samples are named by the environment")]
    let Some(folder) = std::env::var_os("SLP_SAMPLES") else {
        println!("skipped: SLP_SAMPLES is not set, {name} was not read");
        return None;
    };
    #[expect(clippy::disallowed_methods, reason = "small files of our own choice")]
    let bytes = std::fs::read(PathBuf::from(folder).join(name));
    Some(bytes.unwrap_or_else(|error| panic!("{name}: {error}")))
}

fn read(bytes: &[u8]) -> (Container, Vec<UsageReport>, Vec<Error>) {
    let document = Document::parse(bytes).unwrap();
    assert_eq!(document.to_bytes(), bytes, "an untouched document is written back byte for byte");
    let (mut reports, mut errors) = (Vec::new(), Vec::new());
    for report in document.reports() {
        match report {
            Ok(report) => reports.push(report),
            Err(error) => errors.push(error),
        }
    }
    (document.container(), reports, errors)
}

fn only(name: &str) -> Option<(Container, UsageReport)> {
    let bytes = sample(name)?;
    let (container, mut reports, errors) = read(&bytes);
    assert!(errors.is_empty(), "{name}: {errors:?}");
    assert_eq!(reports.len(), 1, "{name}");
    Some((container, reports.remove(0)))
}

fn digest(report: &UsageReport) -> String {
    report.payload_sha256().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

const R1: &str = "rum/iosxe-c9800cl-17.09.02-v2-rumreport-xavier.xml";
const R2: &str = "rum/iosxe-c8000v-17.06.02-v1-payload-gve-readme.json";
const R2E: &str = "rum/iosxe-c8000v-17.06.02-v1-payload-escaped-gve-readme.txt";
const R3: &str = "rum/iosxe-c8000v-17.06.02-v1-payload-2meas-gve-postman.json";
const R3C: &str = "rum/cssm-reportusage-request-c8000v-17.06.02-v1-gve-postman.json";

#[test]
fn a_wireless_controller_counts_two_then_three_access_points_over_a_clock_change() {
    let Some((container, report)) = only(R1) else { return };
    assert_eq!(container, Container::BareReport);
    assert_eq!((report.generation(), report.kind()), (&Generation::V2, &ReportKind::Usage));
    assert_eq!(report.id().get(), 1_671_840_750);
    assert_eq!(report.device().pid(), "C9800-CL-K9");
    assert_eq!(digest(&report), "ea97cbeba8b434af8a92fb8c47c326f73f134ae5b7bfbc12a35a6118caf9ca31");
    assert_eq!(report.payload_text().len(), 1_628);
    let counts: Vec<_> = report.measurements().iter().map(slp_rum::Measurement::count).collect();
    assert_eq!(counts, [Some(2), Some(3), Some(3)]);
    let added: Vec<_> = report.measurements().iter().map(|one| one.added.as_ref().map(Vec::len)).collect();
    assert_eq!(added, [Some(2), Some(1), None]);
    let last = report.measurements().last().unwrap();
    assert_eq!(last.clock_delta.map(slp_model::Seconds::get), Some(-3_433));
    assert_eq!(last.elapsed().get(), 1_452_600);
    assert!(last.log_time.unwrap() < last.start, "the log time lies before the start, and nothing reorders");
    assert_eq!(report.peak(), Some(3));
    assert!(matches!(report.closure(), Closure::Closed { .. }));
    let signed = report.signed_content();
    assert_eq!(signed.bytes.len(), 1_628);
    assert_eq!(signed.signing_word.as_deref(), Some("builtin"));
    assert!(!signed.lost);
}

#[test]
fn a_payload_and_its_string_literal_are_the_same_evidence() {
    let (Some((bare, plain)), Some((literal, escaped))) = (only(R2), only(R2E)) else {
        return;
    };
    assert_eq!((bare, literal), (Container::Payload, Container::PayloadLiteral));
    assert_eq!(plain.generation(), &Generation::V1);
    let expected = "f7aab2df32e0a583fca6332f1734ae6b28185245799c2ea4892821175c61eac9";
    assert_eq!((digest(&plain).as_str(), digest(&escaped).as_str()), (expected, expected));
    assert!(plain.outer_signature().is_none());
}

#[test]
fn a_router_goes_from_one_to_none_in_one_report() {
    let (Some((_, bare)), Some((container, in_cloud))) = (only(R3), only(R3C)) else {
        return;
    };
    assert_eq!(container, Container::Cloud);
    let expected = "7c25fd0f43c897c0d944ba717474671f0ca83028ee6ab8cb3b1659be2e129d4a";
    assert_eq!((digest(&bare).as_str(), digest(&in_cloud).as_str()), (expected, expected));
    let counts: Vec<_> = bare.measurements().iter().map(slp_rum::Measurement::count).collect();
    assert_eq!(counts, [Some(1), Some(0)]);
    let texts: Vec<_> = in_cloud.warnings().iter().map(|warning| warning.tolerance).collect();
    assert_eq!(
        texts,
        [Tolerance::SignatureText, Tolerance::SignatureText],
        "both values are shortened, none is Base64"
    );
}

/// What each real file is. One that is not named here fails the test: nothing in that folder goes unread.
const FILES: [(&str, Result<usize, ErrorKind>); 16] = [
    ("cssm-reportusage-request-c8000v-17.06.02-v1-gve-postman.json", Ok(1)),
    ("iosxe-c8000v-17.06.02-v1-outer-signature-template-gve-readme.txt", Err(ErrorKind::Json)),
    ("iosxe-c8000v-17.06.02-v1-payload-2meas-gve-postman.json", Ok(1)),
    ("iosxe-c8000v-17.06.02-v1-payload-escaped-gve-readme.txt", Ok(1)),
    ("iosxe-c8000v-17.06.02-v1-payload-gve-readme.json", Ok(1)),
    ("iosxe-c9300-2020-v1-ciscolive-fragment.txt", Err(ErrorKind::UnknownRoot)),
    ("iosxe-c9800cl-17.09.02-show-license-rum-id-all-xavier.txt", Err(ErrorKind::UnknownRoot)),
    ("iosxe-c9800cl-17.09.02-v2-rumreport-xavier.xml", Ok(1)),
    ("nxos-n35-t-48x-10.2.3t-v1-docs-TRUNCATED.txt", Err(ErrorKind::Truncated)),
    ("nxos-n9k-c9364c-gx-10.2.1F-v1-docs-TRUNCATED.txt", Err(ErrorKind::Truncated)),
    ("offline-upload-manifest.mf", Err(ErrorKind::UnknownRoot)),
    ("strict-two-reports-cloud.json", Ok(2)),
    ("strict-two-reports-device-file.txt", Ok(2)),
    ("strict-two-reports-input-rest.json", Ok(2)),
    ("strict-two-reports-rest.json", Ok(2)),
    ("tags-seen.txt", Err(ErrorKind::UnknownRoot)),
];

#[test]
fn every_file_of_the_folder_is_read_as_what_it_is_and_given_back_byte_for_byte() {
    #[expect(clippy::disallowed_methods, reason = "the samples are named by the environment")]
    let Some(folder) = std::env::var_os("SLP_SAMPLES") else {
        println!("skipped: SLP_SAMPLES is not set");
        return;
    };
    let entries = std::fs::read_dir(PathBuf::from(folder).join("rum")).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| !matches!(&**name, "INDEX.md" | "SHA256SUMS.txt"));
    for name in names {
        let expected = FILES.into_iter().find(|(known, _)| *known == name);
        let (_, expected) = expected.unwrap_or_else(|| panic!("{name}: what is it?"));
        let bytes = sample(&format!("rum/{name}")).unwrap();
        let read = Document::parse(&bytes).and_then(|document| {
            assert_eq!(document.to_bytes(), bytes, "{name}");
            document.reports().collect::<Result<Vec<_>, _>>()
        });
        let read = read.map(|reports| reports.len()).map_err(|error| error.kind());
        assert_eq!(read, expected, "{name}");
    }
}

#[test]
fn files_that_were_cut_say_where_they_end() {
    for name in
        ["rum/nxos-n35-t-48x-10.2.3t-v1-docs-TRUNCATED.txt", "rum/nxos-n9k-c9364c-gx-10.2.1F-v1-docs-TRUNCATED.txt"]
    {
        let Some(bytes) = sample(name) else { return };
        let (_, reports, errors) = read(&bytes);
        assert!(reports.is_empty());
        let error = errors.first().unwrap();
        assert_eq!((error.kind(), error.is_fatal(), errors.len()), (ErrorKind::Truncated, true, 1), "{name}");
        assert_eq!(error.location().byte, u64::try_from(bytes.len()).ok(), "{name}: the place is the end");
        assert_eq!(error.location().path, "RUMReport[1]");
    }
}

#[test]
fn the_text_of_a_slide_is_no_document_and_says_so() {
    let Some(bytes) = sample("rum/iosxe-c9300-2020-v1-ciscolive-fragment.txt") else {
        return;
    };
    let error = Document::parse(&bytes).unwrap_err();
    assert_eq!((error.kind(), error.is_fatal()), (ErrorKind::UnknownRoot, true));
}

#[test]
fn what_is_no_report_is_refused_by_name() {
    for (name, kind) in [
        ("rum/iosxe-c9800cl-17.09.02-show-license-rum-id-all-xavier.txt", ErrorKind::UnknownRoot),
        ("rum/offline-upload-manifest.mf", ErrorKind::UnknownRoot),
        ("rum/tags-seen.txt", ErrorKind::UnknownRoot),
    ] {
        let Some(bytes) = sample(name) else { return };
        assert_eq!(Document::parse(&bytes).unwrap_err().kind(), kind, "{name}");
    }
    // One member of an envelope, cut out of it: it begins like a string literal and goes on as none.
    let Some(bytes) = sample("rum/iosxe-c8000v-17.06.02-v1-outer-signature-template-gve-readme.txt") else {
        return;
    };
    let (_, reports, errors) = read(&bytes);
    assert_eq!((reports.len(), errors.first().unwrap().kind()), (0, ErrorKind::Json));
}

#[test]
fn strict_files_carry_the_same_two_reports_in_every_container() {
    let names = ["input-rest.json", "device-file.txt", "rest.json", "cloud.json"];
    let mut digests = Vec::new();
    for name in names {
        let Some(bytes) = sample(&format!("rum/strict-two-reports-{name}")) else {
            return;
        };
        let (_, reports, errors) = read(&bytes);
        assert!(errors.is_empty(), "{name}: {errors:?}");
        assert!(reports.iter().all(|report| report.warnings().is_empty()), "{name}");
        digests.push(reports.iter().map(digest).collect::<Vec<_>>());
    }
    assert_eq!(digests.first().map(Vec::len), Some(2));
    assert!(digests.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn thirty_three_of_the_tags_fit_the_grammar() {
    let Some(bytes) = sample("rum/tags-seen.txt") else {
        return;
    };
    let text = String::from_utf8(bytes).unwrap();
    let fit = text.lines().filter(|line| slp_model::tag::is_tag(line)).count();
    assert_eq!((fit, text.lines().count()), (33, 34));
}

#[test]
fn hostile_xml_and_json_give_what_their_index_names() {
    let Some(index) = sample("vectors/hostile/index.json") else {
        return;
    };
    let index: Vec<serde_json::Value> = serde_json::from_slice(&index).unwrap();
    let (mut accepted, mut refused) = (0, 0);
    for case in &index {
        let (name, expect) = (case["file"].as_str().unwrap(), case["expect"].as_str().unwrap());
        if !(name.starts_with("xml/") || name.starts_with("json/")) {
            continue;
        }
        let Some(bytes) = sample(&format!("vectors/hostile/{name}")) else {
            return;
        };
        let outcome = Document::parse(&bytes).map(|document| {
            let mut errors: Vec<_> = document.reports().filter_map(Result::err).collect();
            if document.damage().is_none() {
                errors.extend(document.contents().filter_map(Result::err));
            }
            (document.report_count(), errors)
        });
        let kinds: Vec<_> = match &outcome {
            Ok((_, errors)) => errors.iter().map(Error::kind).collect(),
            Err(error) => vec![error.kind()],
        };
        let syntax = [ErrorKind::Xml, ErrorKind::Json, ErrorKind::Truncated, ErrorKind::Limit, ErrorKind::Encoding];
        // The corpus holds text that is well-formed but no whole report: what counts is whether the layer is refused.
        let structural = [ErrorKind::Structure, ErrorKind::UnknownRoot, ErrorKind::DuplicateMember, ErrorKind::Empty];
        let is_refused = kinds.iter().any(|kind| syntax.contains(kind) || structural.contains(kind));
        match expect {
            "reject" => {
                assert!(is_refused, "{name} ({}): {outcome:?}", case["why"]);
                refused += 1;
            }
            "accept" => {
                // Their payloads are a word or two: refused as a report, but not at the layer that is tried here.
                let beyond = |error: &Error| {
                    error.location().path.contains("payload$") || error.kind() == ErrorKind::MissingMember
                };
                let deeper = match &outcome {
                    Ok((_, errors)) => errors.iter().all(beyond),
                    Err(error) => error.kind() == ErrorKind::UnknownRoot && name.starts_with("json/"),
                };
                assert!(deeper, "{name} ({}): {outcome:?}", case["why"]);
                accepted += 1;
            }
            "policy" => match name {
                "xml/pi_inside.xml" => assert_eq!(kinds, [ErrorKind::Structure]),
                "xml/utf16le.xml" | "xml/latin1_declared.xml" => assert_eq!(kinds, [ErrorKind::Encoding]),
                "json/payload_object.json" | "json/bom.json" => assert!(!is_refused, "{name}: {outcome:?}"),
                other => panic!("{other}: no policy is written down"),
            },
            other => panic!("{name}: {other}"),
        }
    }
    println!("hostile files: {accepted} accepted, {refused} refused");
    assert!(accepted >= 10 && refused >= 20, "{accepted} {refused}");
}
