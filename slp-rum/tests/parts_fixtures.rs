//! Every folder of `tests/fixtures/parts` is a test: what each part says, what is taken, what is refused and where.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use slp_rum::{Content, Document, Error, ErrorKind, ReadOptions, Tolerance, Tolerances};

#[expect(clippy::disallowed_methods, reason = "our own small fixtures")]
fn bytes(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap()
}

fn cases(group: &str) -> Vec<(String, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/parts").join(group);
    let entries = std::fs::read_dir(&root).unwrap().map(|entry| entry.unwrap());
    let mut cases: Vec<_> =
        entries.map(|entry| (entry.file_name().into_string().unwrap(), entry.path().join("input.xml"))).collect();
    cases.sort();
    assert!(cases.len() > 20, "the fixtures of {group} are there");
    cases
}

/// All tolerances taken, or the first error.
fn taken(input: &[u8], options: &ReadOptions) -> Result<Vec<Tolerance>, Error> {
    let document = Document::parse_with(input, options)?;
    let mut taken: Vec<_> = document.warnings().iter().map(|warning| warning.tolerance).collect();
    for content in document.contents() {
        taken.extend(content?.warnings().iter().map(|warning| warning.tolerance));
    }
    Ok(taken)
}

/// What a part says, in the form of this test.
fn view(content: &Content<'_>) -> String {
    match content {
        Content::Authorization(code) => format!("{:#?}", code.view()),
        Content::Policy(policy) => format!("{:#?}", policy.view()),
        Content::TrustCode(code) => format!("{:#?}", code.view()),
        Content::Acknowledgement(ack) => format!("{:#?}", ack.view().members),
        Content::Account(account) => format!("{:#?}", account.view()),
        Content::SystemInfo(info) => format!("{:#?}", info.view()),
        Content::AuthorizationRequest(request) => format!("{:#?}", request.view()),
        other => other.raw().to_owned(),
    }
}

#[test]
fn valid_parts_say_what_they_say_and_are_written_back() {
    for (name, path) in cases("valid") {
        let input = bytes(&path);
        let document = Document::parse(&input).unwrap();
        let mut text = String::new();
        let mut warnings = document.warnings();
        for content in document.contents() {
            let content = content.unwrap();
            warnings.extend_from_slice(content.warnings());
            let _ = writeln!(text, "{}\n{}", content.name(), view(&content));
            if let Some(signed) = content.signed_content() {
                let _ = writeln!(text, "signed at {}: {}", signed.at, String::from_utf8_lossy(&signed.bytes));
            }
        }
        for warning in warnings {
            let _ = writeln!(text, "warning: {warning}");
        }
        assert_eq!(document.to_bytes(), input, "{name}");
        insta::assert_snapshot!(format!("valid-{name}"), text);
    }
}

#[test]
fn invalid_parts_are_refused_with_place_and_reason() {
    let mut texts = String::new();
    for (name, path) in cases("invalid") {
        let input = bytes(&path);
        let error = taken(&input, &ReadOptions::default()).expect_err(&name);
        let _ = writeln!(texts, "{name}\n    {}: {error}", error.kind());
    }
    insta::assert_snapshot!(texts);
}

#[test]
fn strict_reading_refuses_every_deviation_of_a_part_by_its_name() {
    let mut met = BTreeSet::new();
    for (name, path) in cases("valid") {
        let input = bytes(&path);
        let all = taken(&input, &ReadOptions::default()).unwrap();
        for tolerance in &all {
            let mut options = ReadOptions::default();
            options.tolerances = Tolerances::all().without(*tolerance);
            let error = taken(&input, &options).expect_err(&name);
            assert_eq!((error.kind(), error.name()), (ErrorKind::Tolerance, Some(tolerance.as_str())), "{name}");
        }
        assert_eq!(taken(&input, &ReadOptions::strict()).is_err(), !all.is_empty(), "{name}");
        met.extend(all);
    }
    for tolerance in [
        Tolerance::WrappedSlr,
        Tolerance::ChildOrder,
        Tolerance::UdiPosition,
        Tolerance::UdiBlank,
        Tolerance::UdiKey,
        Tolerance::ZoneSuffix,
        Tolerance::DateForm,
        Tolerance::BooleanWord,
        Tolerance::AckNearName,
        Tolerance::AckSingleObject,
        Tolerance::AckOpaque,
    ] {
        assert!(met.contains(&tolerance), "no fixture shows {tolerance}");
    }
}

/// Sets one limit.
type Set = fn(&mut slp_rum::Limits, usize);

/// Limit n takes n and refuses n + 1.
#[test]
fn limits_of_parts_take_their_number_and_refuse_one_more() {
    let of = |name: &str| {
        bytes(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/parts/valid").join(name).join("input.xml"))
    };
    let ack = of("ack-errors-that-are-none");
    let slac = of("udi-last-in-a-slac");
    let trust = "<smartLicenseTrustCode><udi>P:A,S:TST00000001</udi><trustCode><certificates>-----BEGIN A-----\n\
                 -----END A-----\n-----BEGIN A-----\n-----END A-----\n</certificates></trustCode><signature>AAAA</signature>\
                 </smartLicenseTrustCode>";
    let cases: [(&[u8], &str, usize, Set); 9] = [
        (trust.as_bytes(), "certificates_per_code", 2, |limits, n| limits.certificates_per_code = n),
        (trust.as_bytes(), "pem_bytes", 68, |limits, n| limits.pem_bytes = n),
        (&ack, "ack_members", 5, |limits, n| limits.ack_members = n),
        (&ack, "data_bytes", 169, |limits, n| limits.data_bytes = n),
        (&slac, "entitlements_per_code", 1, |limits, n| limits.entitlements_per_code = n),
        (&slac, "xml_elements", 12, |limits, n| limits.xml_elements = n),
        (&slac, "part_signature_chars", 4, |limits, n| limits.part_signature_chars = n),
        (&slac, "name_chars", 34, |limits, n| limits.name_chars = n),
        (&slac, "leaf_bytes", 34, |limits, n| limits.leaf_bytes = n),
    ];
    for (input, name, number, set) in cases {
        let with = |number: usize| {
            let mut options = ReadOptions::default();
            set(&mut options.limits, number);
            taken(input, &options)
        };
        assert!(with(number).is_ok(), "{name}: {:?}", with(number));
        let error = with(number - 1).unwrap_err();
        assert_eq!((error.kind(), error.name()), (ErrorKind::Limit, Some(name)), "{error}");
    }
}
