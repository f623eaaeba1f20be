//! The reader against a public suite of JSON texts, read where it lies: `$SLP_SAMPLES/vectors/json`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use slp_model::json::{FaultKind, Limits, Reader};

/// Files that the suite calls valid and this reader refuses, with the kind and the reason.
const EXCEPTIONS: &[(&str, FaultKind, &str)] = &[
    ("y_object_duplicated_key.json", FaultKind::Duplicate, "a report could say two things"),
    ("y_object_duplicated_key_and_value.json", FaultKind::Duplicate, "a report could say two things"),
];

#[expect(clippy::disallowed_methods, reason = "the samples are read where they lie")]
fn suite(folder: &str) -> Option<Vec<(String, Vec<u8>)>> {
    let Ok(samples) = std::env::var("SLP_SAMPLES") else {
        eprintln!("skipped: SLP_SAMPLES does not name the folder of real samples");
        return None;
    };
    let folder = PathBuf::from(samples).join("vectors/json").join(folder);
    let Ok(entries) = std::fs::read_dir(&folder) else {
        eprintln!("skipped: there is no {}", folder.display());
        return None;
    };
    let mut files: Vec<_> = entries
        .map(|entry| {
            let entry = entry.expect("a readable folder");
            let name = entry.file_name().into_string().expect("names are ASCII");
            (name, std::fs::read(entry.path()).expect("a readable file"))
        })
        .collect();
    files.sort();
    Some(files)
}

/// `Ok`, or the kind of the fault; `None` stands for bytes that are no text.
fn outcome(bytes: &[u8], limits: Limits) -> Result<(), Option<FaultKind>> {
    let text = std::str::from_utf8(bytes).map_err(|_| None)?;
    let mut reader = Reader::new(text, limits);
    reader.skip().and_then(|_| reader.end()).map_err(|fault| Some(fault.kind()))
}

#[test]
fn valid_texts_are_taken_and_invalid_ones_refused() {
    let Some(files) = suite("test_parsing") else { return };
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (name, bytes) in &files {
        let taken = outcome(bytes, Limits::default());
        let exception = EXCEPTIONS.iter().find(|(file, ..)| file == name);
        let letter = name.split('_').next().unwrap_or_default();
        match (letter, exception) {
            ("y", None) => assert_eq!(taken, Ok(()), "{name}"),
            ("y", Some((_, kind, reason))) => assert_eq!(taken, Err(Some(*kind)), "{name}: {reason}"),
            ("n", _) => assert!(taken.is_err(), "{name}"),
            ("i", _) => {}
            _ => panic!("{name}: neither valid, invalid nor open"),
        }
        let count = counts.entry(letter).or_default();
        if taken.is_ok() { count.0 += 1 } else { count.1 += 1 }
    }
    for (letter, (taken, refused)) in &counts {
        eprintln!("{letter}_: {taken} taken, {refused} refused");
    }
    assert_eq!(counts.get("y"), Some(&(95 - EXCEPTIONS.len(), EXCEPTIONS.len())));
    assert_eq!(counts.get("n"), Some(&(0, 188)));
}

#[test]
fn of_the_open_texts_only_large_and_tiny_numbers_are_taken() {
    let Some(files) = suite("test_parsing") else { return };
    let taken: Vec<&str> = files
        .iter()
        .filter(|(name, bytes)| name.starts_with("i_") && outcome(bytes, Limits::default()).is_ok())
        .map(|(name, _)| name.as_str())
        .collect();
    insta::assert_snapshot!(taken.join("\n"), @r"
    i_number_double_huge_neg_exp.json
    i_number_real_underflow.json
    i_number_too_big_neg_int.json
    i_number_too_big_pos_int.json
    i_number_very_big_negative_int.json
    ");
}

#[test]
fn very_deep_texts_are_refused_by_their_depth_and_read_without_the_limit() {
    let Some(files) = suite("test_parsing") else { return };
    let deep = [
        "i_structure_500_nested_arrays.json",
        "n_structure_100000_opening_arrays.json",
        "n_structure_open_array_object.json",
    ];
    for (name, bytes) in files.iter().filter(|(name, _)| deep.contains(&name.as_str())) {
        assert_eq!(outcome(bytes, Limits::default()), Err(Some(FaultKind::Limit("json_depth"))), "{name}");
        let unlimited = outcome(bytes, Limits::new(u32::MAX, usize::MAX));
        let expected = if name.starts_with("i_") { Ok(()) } else { Err(Some(FaultKind::Truncated)) };
        assert_eq!(unlimited, expected, "{name}");
    }
}

#[test]
fn odd_texts_of_the_suite_are_taken_or_refused_for_a_named_reason() {
    let Some(files) = suite("test_transform") else { return };
    let lines: Vec<String> = files
        .iter()
        .map(|(name, bytes)| match outcome(bytes, Limits::default()) {
            Ok(()) => format!("{name}: taken"),
            Err(None) => format!("{name}: not UTF-8"),
            Err(Some(kind)) => format!("{name}: {kind:?}"),
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    number_-9223372036854775808.json: taken
    number_-9223372036854775809.json: taken
    number_1.0.json: taken
    number_1.000000000000000005.json: taken
    number_1000000000000000.json: taken
    number_10000000000000000999.json: taken
    number_1e-999.json: taken
    number_1e6.json: taken
    number_9223372036854775807.json: taken
    number_9223372036854775808.json: taken
    object_key_nfc_nfd.json: taken
    object_key_nfd_nfc.json: taken
    object_same_key_different_values.json: Duplicate
    object_same_key_same_value.json: Duplicate
    object_same_key_unclear_values.json: Duplicate
    string_1_escaped_invalid_codepoint.json: Syntax
    string_1_invalid_codepoint.json: not UTF-8
    string_2_escaped_invalid_codepoints.json: Syntax
    string_2_invalid_codepoints.json: not UTF-8
    string_3_escaped_invalid_codepoints.json: Syntax
    string_3_invalid_codepoints.json: not UTF-8
    string_with_escaped_NULL.json: taken
    ");
}
