//! Laws of the reader, for anything that can be thrown at it.

#![expect(clippy::format_collect, reason = "readable, and the texts are small")]

use std::path::Path;

use proptest::prelude::*;
use slp_rum::{Document, Error, ErrorKind};

const CASES: u32 = 64;

/// The inputs of all fixtures, valid and invalid: something to damage.
fn seeds() -> &'static [Vec<u8>] {
    static SEEDS: std::sync::OnceLock<Vec<Vec<u8>>> = std::sync::OnceLock::new();
    SEEDS.get_or_init(|| {
        let mut inputs = Vec::new();
        for group in ["valid", "invalid"] {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(group);
            let mut folders: Vec<_> = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
            folders.sort();
            for folder in folders.into_iter().filter(|path| path.is_dir()) {
                let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
                let is_input = |path: &std::path::PathBuf| path.file_stem().is_some_and(|stem| stem == "input");
                #[expect(clippy::disallowed_methods, reason = "our own small fixtures")]
                inputs.extend(files.filter(is_input).map(|path| std::fs::read(path).unwrap()));
            }
        }
        assert!(inputs.len() > 150);
        inputs
    })
}

/// Reads everything there is to read, and holds every answer against what any answer must be.
fn read(bytes: &[u8]) -> Result<Vec<Result<u64, Error>>, Error> {
    let document = match Document::parse(bytes) {
        Ok(document) => document,
        Err(error) => {
            assert!(error.is_fatal() && !error.message().is_empty());
            return Err(error);
        }
    };
    assert_eq!(document.to_bytes(), bytes, "an untouched document is written back byte for byte");
    for part in document.parts() {
        assert!(!part.raw.is_empty());
    }
    let outcomes: Vec<_> = document.reports().map(|report| report.map(|report| report.id().get())).collect();
    for (index, outcome) in outcomes.iter().enumerate() {
        let Err(error) = outcome else { continue };
        let is_last = index + 1 == outcomes.len();
        assert!(!error.is_fatal() || is_last, "nothing comes after a fatal error: {error}");
        assert!(error.location().byte.is_none_or(|byte| byte <= bytes.len() as u64), "{error:?}");
        assert!(!error.to_string().contains(char::is_control), "{error:?}");
    }
    assert_eq!(document.damage().is_some(), outcomes.iter().any(|one| one.as_ref().is_err_and(Error::is_fatal)));
    let mut lent = document.borrowed_reports();
    let mut again = Vec::new();
    while let Some(report) = lent.next() {
        again.push(report.map(|report| report.id.get()).map_err(|error| error.to_string()));
    }
    let same: Vec<_> = outcomes.iter().map(|one| one.as_ref().copied().map_err(ToString::to_string)).collect();
    assert_eq!(same, again, "the borrowed twin agrees");
    Ok(outcomes)
}

/// One way to damage bytes.
#[derive(Clone, Debug)]
enum Damage {
    Flip(usize, u8),
    Cut(usize),
    Delete(usize, usize),
    Insert(usize, Vec<u8>),
    Double(usize, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    const PIECES: &[&str] = &[
        "<",
        ">",
        "&",
        "]]>",
        "<![CDATA[",
        "\"",
        "\\",
        "\\u0000",
        "\\ud800",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "null",
        "-",
        "1e999",
        "<!DOCTYPE x>",
        "<!--",
        "-->",
        "<RUMReport>",
        "</RUMReport>",
        "</smartLicense>",
        "\u{0}",
        "\u{feff}",
        "é",
        "\u{ffff}",
    ];
    prop_oneof![
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Damage::Flip(at, byte)),
        any::<usize>().prop_map(Damage::Cut),
        (any::<usize>(), 0..40_usize).prop_map(|(at, length)| Damage::Delete(at, length)),
        (any::<usize>(), proptest::sample::select(PIECES))
            .prop_map(|(at, piece)| Damage::Insert(at, piece.as_bytes().to_vec())),
        (any::<usize>(), 0..200_usize).prop_map(|(at, length)| Damage::Double(at, length)),
    ]
}

fn apply(bytes: &mut Vec<u8>, damage: &Damage) {
    if bytes.is_empty() {
        return;
    }
    let length = bytes.len();
    match damage {
        Damage::Flip(at, byte) => bytes[at % length] ^= byte,
        Damage::Cut(at) => bytes.truncate(at % length),
        Damage::Delete(at, many) => drop(bytes.drain(at % length..(at % length + many).min(length))),
        Damage::Insert(at, piece) => drop(bytes.splice(at % length..at % length, piece.iter().copied())),
        Damage::Double(at, many) => {
            let start = at % length;
            let piece = bytes[start..(start + many).min(length)].to_vec();
            drop(bytes.splice(start..start, piece));
        }
    }
}

/// Does an independent XML reader take this text? It knows DTDs, which we refuse by choice.
fn is_xml(bytes: &[u8]) -> bool {
    let options = roxmltree::ParsingOptions { allow_dtd: false, ..Default::default() };
    str::from_utf8(bytes).is_ok_and(|text| roxmltree::Document::parse_with_options(text, options).is_ok())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&bytes);
    }

    #[test]
    fn arbitrary_text_around_known_words_is_answered(
        pieces in proptest::collection::vec(
            prop_oneof![
                Just("<smartLicense>".to_owned()), Just("<RUMReport>".to_owned()), Just("<![CDATA[".to_owned()),
                Just("{\"payload\":\"{}\"}".to_owned()), Just("]]>".to_owned()), Just("</RUMReport>".to_owned()),
                Just("</smartLicense>".to_owned()), Just("{\"usage\":[".to_owned()), Just("]}".to_owned()), "\\PC{0,6}",
            ],
            0..12,
        ),
    ) {
        let _ = read(pieces.concat().as_bytes());
    }

    #[test]
    fn damaged_documents_are_answered(
        seed in any::<prop::sample::Index>(),
        damages in proptest::collection::vec(damage(), 1..4),
    ) {
        let mut bytes = seed.get(seeds()).clone();
        for one in &damages {
            apply(&mut bytes, one);
        }
        let _ = read(&bytes);
    }

    #[test]
    fn what_is_read_to_its_end_as_xml_is_xml(
        seed in any::<prop::sample::Index>(),
        damages in proptest::collection::vec(damage(), 0..3),
    ) {
        let mut bytes = seed.get(seeds()).clone();
        for one in &damages {
            apply(&mut bytes, one);
        }
        let looks_like_xml = bytes.trim_ascii_start().first() == Some(&b'<');
        if looks_like_xml && let Ok(document) = Document::parse(&bytes) && document.damage().is_none() {
            // We take white space before the declaration, and namespace prefixes that nobody declared.
            let tolerated = document.warnings().iter().any(|one| one.tolerance.as_str() == "namespace-prefix");
            prop_assert!(tolerated || is_xml(bytes.trim_ascii_start()), "{}", String::from_utf8_lossy(&bytes));
        }
    }

    #[test]
    fn damage_inside_one_report_costs_that_report_alone(
        which in 0..4_usize,
        at in any::<prop::sample::Index>(),
        byte in prop::sample::select(b"x{}[]\"\\,:0 ".to_vec()),
    ) {
        let good = include_str!("fixtures/valid/exactly-one-report/input.txt");
        let envelope = good.split("<![CDATA[").nth(1).and_then(|rest| rest.split("]]>").next()).unwrap();
        let reports: String = (0..4)
            .map(|number| {
                let mut text = envelope.as_bytes().to_vec();
                if number == which {
                    let index = at.index(text.len());
                    text[index] = byte;
                }
                format!("<RUMReport><![CDATA[{}]]></RUMReport>", String::from_utf8_lossy(&text))
            })
            .collect();
        let text = format!("<smartLicense>{reports}</smartLicense>");
        let outcomes = read(text.as_bytes()).unwrap();
        prop_assert_eq!(outcomes.len(), 4);
        for (number, outcome) in outcomes.iter().enumerate() {
            if number != which {
                prop_assert!(outcome.is_ok());
            } else if let Err(error) = outcome {
                prop_assert!(!error.is_fatal());
                prop_assert!(error.location().path.starts_with(&format!("RUMReport[{}]", which + 1)), "{}", error);
            }
        }
    }

    #[test]
    fn outer_spaces_order_and_escapes_do_not_change_the_payload(
        blanks in proptest::collection::vec(prop::sample::select(vec![" ", "\n", "\t", "\r\n", ""]), 8),
        signature_first in any::<bool>(),
        escape_all in any::<bool>(),
    ) {
        let good = include_str!("fixtures/valid/exactly-one-report/input.txt");
        let before = Document::parse(good.as_bytes()).unwrap().reports().next().unwrap().unwrap();
        let payload = if escape_all {
            let units: String = before.payload_text().encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
            format!("\"{units}\"")
        } else {
            serde_json::to_string(before.payload_text()).unwrap().replace('/', "\\/")
        };
        let signature = r#"{"signing_type":"builtin","key":"k","value":"AAAA"}"#;
        let (payload, signature) = (format!("\"payload\"{}:{payload}", blanks[0]), format!("\"signature\":{signature}"));
        let members = if signature_first { [signature, payload] } else { [payload, signature] };
        let text = format!(
            "{}<smartLicense>{}<RUMReport>{}<![CDATA[{}{{{}{}{}}}]]>{}</RUMReport></smartLicense>{}",
            blanks[1], blanks[2], blanks[3], blanks[4], members.join(","), blanks[5], "", blanks[6], blanks[7],
        );
        let after = Document::parse(text.as_bytes()).unwrap().reports().next().unwrap().unwrap();
        prop_assert_eq!(before.payload_text(), after.payload_text());
        prop_assert_eq!(before.payload_sha256(), after.payload_sha256());
    }

    #[test]
    fn a_prefix_of_a_document_keeps_the_reports_before_the_cut(at in any::<prop::sample::Index>()) {
        let whole = include_bytes!("fixtures/valid/many-reports/input.txt");
        let all: Vec<_> = read(whole).unwrap().into_iter().map(Result::unwrap).collect();
        let cut = &whole[..at.index(whole.len())];
        match read(cut) {
            Ok(outcomes) => {
                let kept: Vec<_> = outcomes.iter().filter_map(|one| one.as_ref().ok().copied()).collect();
                prop_assert_eq!(&kept[..], &all[..kept.len()]);
                let last = outcomes.last().unwrap();
                // Only white space after the root can go missing unnoticed.
                let kind = last.as_ref().err().map(Error::kind);
                prop_assert!(kind.is_none() && kept.len() == all.len() || kind == Some(ErrorKind::Truncated), "{:?}", last);
            }
            Err(error) => {
                let kinds = [ErrorKind::Truncated, ErrorKind::Empty, ErrorKind::UnknownRoot];
                prop_assert!(kinds.contains(&error.kind()), "{}", error);
            }
        }
    }
}
