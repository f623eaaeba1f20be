//! Every folder of `tests/fixtures/{valid,invalid}` is a test: what it holds, what is taken, what is refused and where.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use slp_rum::{Document, Error, PayloadForm, UsageReport};

fn cases(group: &str) -> Vec<(String, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(group);
    let mut cases: Vec<_> = fs::read_dir(&root)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.path()))
        .collect();
    cases.sort();
    assert!(cases.len() > 50, "the fixtures of {group} are there");
    cases
}

fn input(folder: &Path) -> Vec<u8> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let path = entries.into_iter().find(|path| path.file_stem().is_some_and(|stem| stem == "input")).unwrap();
    #[expect(clippy::disallowed_methods, reason = "our own small fixtures")]
    fs::read(path).unwrap()
}

fn expected(folder: &Path) -> Value {
    #[expect(clippy::disallowed_methods, reason = "our own small fixtures")]
    serde_json::from_slice(&fs::read(folder.join("expected.json")).unwrap()).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn read_all(bytes: &[u8]) -> Result<(Document<'_>, Vec<UsageReport>, Vec<Error>), Error> {
    let document = Document::parse(bytes)?;
    let (mut reports, mut errors) = (Vec::new(), Vec::new());
    for report in document.reports() {
        match report {
            Ok(report) => reports.push(report),
            Err(error) => errors.push(error),
        }
    }
    Ok((document, reports, errors))
}

/// Everything in a report that the view does not show, by path.
fn unknown_members(report: &UsageReport) -> Vec<(String, String)> {
    let mut found: Vec<_> =
        report.payload_extra().into_iter().map(|(path, raw)| (path.replacen('$', "payload$", 1), raw)).collect();
    let mut take = |prefix: &str, members: &[slp_rum::Member]| {
        found.extend(members.iter().map(|member| (format!("{prefix}.{}", member.name), member.raw.clone())));
    };
    take("$", report.envelope_extra());
    take("$.header", report.header().map(|header| &*header.extra).unwrap_or_default());
    let signature = report.outer_signature();
    take("$.signature", signature.map(|signature| &*signature.extra).unwrap_or_default());
    take("$.signature.sudi", signature.map(|signature| &*signature.signer_extra).unwrap_or_default());
    found
}

#[test]
fn valid_documents_are_read_as_expected() {
    let mut wrong = Vec::new();
    for (name, folder) in cases("valid") {
        let (bytes, expected) = (input(&folder), expected(&folder));
        let mut check = |what: &str, found: Value, wanted: &Value| {
            if found != *wanted {
                wrong.push(format!("{name}: {what}: found {found}, wanted {wanted}"));
            }
        };
        let (document, reports, errors) = match read_all(&bytes) {
            Ok(read) => read,
            Err(error) => {
                wrong.push(format!("{name}: {error:?}"));
                continue;
            }
        };
        check("errors", errors.iter().map(ToString::to_string).collect(), &Value::Array(Vec::new()));
        let mut container = document.container().as_str();
        if container == "bare-element" {
            container = "document";
        }
        check("container", container.into(), &expected["container"]);
        check("reports", reports.len().into(), &expected["reports"]);
        check("ids", reports.iter().map(|report| report.id().get()).collect(), &expected["ids"]);
        let devices = reports.iter().map(|report| vec![report.device().pid(), report.device().serial()]);
        check("devices", devices.collect(), &expected["devices"]);
        let counts =
            reports.iter().map(|report| report.measurements().iter().map(|one| one.value.clone()).collect::<Vec<_>>());
        check("counts", counts.map(Value::from).collect(), &expected["counts"]);
        let mut warnings: Vec<_> = document.warnings().iter().map(|one| one.tolerance.as_str()).collect();
        warnings.extend(reports.iter().flat_map(|report| report.warnings().iter().map(|one| one.tolerance.as_str())));
        warnings.sort_unstable();
        check("warnings", warnings.into(), &expected["warnings"]);
        let digests = reports.iter().map(|report| hex(&report.payload_sha256()));
        check("payload_sha256", digests.collect(), &expected["payload_sha256"]);
        if let Some(extra) = expected.get("extra") {
            let found: BTreeSet<_> = reports.iter().flat_map(unknown_members).collect();
            let wanted: BTreeSet<(String, String)> = serde_json::from_value(extra.clone()).unwrap();
            assert_eq!(found, wanted, "{name}");
        }
        assert_eq!(document.to_bytes(), bytes, "{name}: an untouched document is written back as it came");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_attack_and_accident_is_refused_for_its_own_reason() {
    let mut wrong = Vec::new();
    let mut texts = String::new();
    for (name, folder) in cases("invalid") {
        let (bytes, expected) = (input(&folder), expected(&folder));
        let (reports, errors) = match read_all(&bytes) {
            Ok((_, reports, errors)) => (reports, errors),
            Err(error) => (Vec::new(), vec![error]),
        };
        let Some(error) = errors.first() else {
            wrong.push(format!("{name}: accepted"));
            continue;
        };
        let _ = writeln!(texts, "{name}\n    {error}");
        let mut check = |what: &str, found: Value, wanted: &Value| {
            if found != *wanted {
                wrong.push(format!("{name}: {what}: found {found}, wanted {wanted} ({error})"));
            }
        };
        check("kind", error.kind().as_str().into(), &expected["kind"]);
        check("fatal", error.is_fatal().into(), &expected["fatal"]);
        check("good reports", reports.len().into(), &expected["good_reports"]);
        check("ids", reports.iter().map(|report| report.id().get()).collect(), &expected["ids"]);
        if let Some(limit) = expected.get("limit") {
            check("limit", error.name().into(), limit);
        }
        if let Some(line) = expected.get("line") {
            check("line", error.location().line.into(), line);
        }
        match expected["path"].as_str() {
            Some("") | None => {}
            Some(path) => check("path", error.location().path.clone().into(), &path.into()),
        }
        if let Some(prefix) = expected.get("path_prefix").and_then(Value::as_str)
            && !error.location().path.starts_with(prefix)
        {
            wrong.push(format!("{name}: path {} does not start with {prefix}", error.location().path));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    insta::assert_snapshot!("error_texts", texts);
}

#[test]
fn the_borrowed_twin_reads_the_same() {
    for (name, folder) in cases("valid") {
        let bytes = input(&folder);
        let document = Document::parse(&bytes).unwrap();
        let mut lent = document.borrowed_reports();
        for owned in document.reports() {
            let owned = owned.unwrap();
            let report = lent.next().unwrap().unwrap();
            assert_eq!(report.raw, owned.payload_text(), "{name}");
            assert_eq!(report.peak(), owned.peak(), "{name}");
            assert_eq!(report.form == PayloadForm::Object, owned.form() == PayloadForm::Object, "{name}");
            let again = report.into_owned().unwrap();
            assert_eq!(again.place(), owned.place(), "{name}");
            assert_eq!(again.warnings(), owned.warnings(), "{name}");
            assert_eq!(owned.as_borrowed().into_owned().unwrap().place(), owned.place(), "{name}");
            assert_eq!(again.measurements(), owned.measurements(), "{name}");
            assert_eq!(again.outer_signature(), owned.outer_signature(), "{name}");
            assert_eq!(again.inner_signature(), owned.inner_signature(), "{name}");
        }
        assert!(lent.next().is_none(), "{name}");
    }
}
