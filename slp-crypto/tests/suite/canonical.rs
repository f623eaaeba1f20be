//! Canonical JSON against public vectors, and its own rules.

use std::fmt::Write as _;

use proptest::prelude::*;
use slp_crypto::canonical::{Limits, MAX_INTEGER, Object, Value, to_value};
use slp_crypto::{Error, ErrorKind};

use crate::support::{bytes, files, hex, name, samples, say, text};

fn read(text: impl AsRef<[u8]>) -> Result<String, ErrorKind> {
    Value::read(text.as_ref()).map(|value| value.to_string()).map_err(|error| error.kind())
}

#[test]
fn the_vectors_of_rfc_8785_come_out_but_for_floats() {
    let Some(folder) = samples("vectors/jcs/testdata", "RFC 8785") else {
        return;
    };
    let mut counts = (0, 0);
    for file in files(&folder.join("input")) {
        let stem = name(&file).replace(".json", "");
        let output = hex(&text(folder.join(format!("outhex/{stem}.txt"))).replace(char::is_whitespace, ""));
        match Value::read(&bytes(&file)) {
            Ok(value) => {
                assert_eq!(value.to_bytes(), output, "{stem}");
                assert_eq!(Value::read(&output).unwrap(), value, "{stem}");
                counts.0 += 1;
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Float, "{stem}: {error}");
                assert!(["structures", "values"].contains(&stem.as_str()), "{stem}");
                counts.1 += 1;
            }
        }
    }
    say(&format!("RFC 8785 files: {} with equal bytes, {} refused for floats", counts.0, counts.1));
    assert_eq!(counts, (4, 2));
}

#[test]
fn numbers_that_are_integers_print_as_everywhere() {
    let Some(folder) = samples("vectors/jcs", "the number file of RFC 8785") else {
        return;
    };
    let (mut same, mut other) = (0, 0);
    for line in text(folder.join("es6testfile_10000.txt")).lines() {
        let (bits, expected) = line.split_once(',').unwrap();
        // `-0` reads and prints as `0` there; here it has no form at all
        match read(expected) {
            Ok(printed) if u64::from_str_radix(bits, 16).unwrap() != 1 << 63 => {
                assert_eq!(printed, expected);
                same += 1;
            }
            _ => other += 1,
        }
    }
    say(&format!("numbers of RFC 8785: {same} integers print the same, {other} have no form here"));
    assert_eq!((same, same + other), (13, 10_000));
}

#[test]
fn the_parsing_suite_has_its_way_but_for_floats_and_duplicates() {
    let Some(folder) = samples("vectors/json", "JSONTestSuite") else {
        return;
    };
    let (mut accepted, mut floats, mut duplicates, mut n, mut i) = (0, 0, 0, 0, 0);
    for file in files(&folder.join("test_parsing")) {
        let verdict = read(bytes(&file));
        match (name(&file).chars().next().unwrap(), verdict) {
            ('y', Ok(_)) => accepted += 1,
            ('y', Err(ErrorKind::Float)) => floats += 1,
            ('y', Err(ErrorKind::DuplicateKey)) => duplicates += 1,
            ('n', Err(_)) => n += 1,
            ('i', Err(_)) => i += 1,
            (_, verdict) => panic!("{}: {verdict:?}", name(&file)),
        }
    }
    say(&format!(
        "JSONTestSuite: y {accepted} accepted, {floats} floats and {duplicates} duplicate names refused; n {n} and i {i} refused"
    ));
    assert_eq!((accepted, floats, duplicates, n, i), (76, 17, 2, 188, 35));
    let transform = files(&folder.join("test_transform"));
    let accepted = transform.iter().filter(|file| read(bytes(file)).is_ok()).count();
    say(&format!("JSONTestSuite transform: {accepted} of {} accepted", transform.len()));
    assert_eq!((accepted, transform.len()), (4, 22));
}

#[test]
fn hostile_documents_are_refused_each_for_its_own_reason() {
    let Some(folder) = samples("vectors/hostile/json", "the hostile JSON") else {
        return;
    };
    let mut refused = Vec::new();
    let mut accepted = 0;
    for file in files(&folder) {
        match read(bytes(&file)) {
            Ok(_) => accepted += 1,
            Err(kind) => refused.push((name(&file), kind)),
        }
    }
    let expected = [
        ("big_int.json", ErrorKind::Range),
        ("bom.json", ErrorKind::Syntax),
        ("deep_nesting_200.json", ErrorKind::Depth),
        ("huge_exp.json", ErrorKind::Syntax),
        ("nan.json", ErrorKind::Syntax),
        ("payload_dup_key.json", ErrorKind::DuplicateKey),
        ("payload_lone_surrogate.json", ErrorKind::Syntax),
        ("trailing_comma.json", ErrorKind::Syntax),
    ];
    let expected: Vec<_> = expected.map(|(file, kind)| (file.to_owned(), kind)).into();
    assert_eq!(refused, expected);
    say(&format!("hostile JSON: {accepted} accepted, {} refused", refused.len()));
    assert_eq!(accepted, 8);
}

#[test]
fn names_are_ordered_by_utf_16_and_written_raw() {
    let text =
        r#"{"\u0080":6,"\r":5,"1":4,"A":9,"a":8,"aa":10,"":11,"\ufb33":1,"\ud83d\ude00":2,"\u20ac":3,"\u00f6":7}"#;
    let canonical = hex(concat!(
        "7b22223a31312c225c72223a352c2231223a342c2241223a392c2261223a382c226161223a31302c22c280223a36",
        "2c22c3b6223a372c22e282ac223a332c22f09f9880223a322c22efacb3223a317d"
    ));
    assert_eq!(Value::read(text.as_bytes()).unwrap().to_bytes(), canonical);
}

#[test]
fn strings_are_escaped_as_little_as_possible() {
    let text = r#""\u0008\t\n\f\r\"\\\u0000\u001f\u007f\u2028\/<""#;
    assert_eq!(read(text).unwrap(), "\"\\b\\t\\n\\f\\r\\\"\\\\\\u0000\\u001f\u{7f}\u{2028}/<\"");
}

#[test]
fn each_fault_has_its_kind_and_its_place() {
    let faults = [
        "1.0",
        "-0",
        "1e2",
        "9007199254740992",
        "-9007199254740992",
        "18446744073709551616",
        "99999999999999999999999",
        "{\"a\":1,\"b\":{\"c\":[0,{\"d\":1,\"\\u0064\":2}]}}",
        "[1,]",
        "\u{feff}1",
        "\"\\ud800\"",
        "1 2",
        "",
        "{\n \"x\": [true,\n  -0]}",
        "[1.5,NaN]",
        "{\"é\":tru}",
    ];
    let told: Vec<String> = faults
        .iter()
        .map(|text| {
            let error: Error = Value::read(text.as_bytes()).unwrap_err();
            format!("{text:?}\n  {}: {error}", error.kind())
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn integers_pass_up_to_their_bounds_in_one_spelling() {
    for number in ["9007199254740991", "-9007199254740991", "0", "-1"] {
        assert_eq!(read(number), Ok(number.to_owned()));
    }
    for number in ["9007199254740992", "-9007199254740992", "9223372036854775808", "-9223372036854775809"] {
        assert_eq!(read(number), Err(ErrorKind::Range));
    }
    for number in ["00", "01", "+1", "0x1", "1_0"] {
        assert_eq!(read(number), Err(ErrorKind::Syntax), "{number}");
    }
}

#[test]
fn limits_take_n_and_refuse_one_more() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(read(nested(32)).is_ok());
    assert_eq!(read(nested(33)), Err(ErrorKind::Depth));
    assert_eq!(read(nested(100_000)), Err(ErrorKind::Depth));
    let mut limits = Limits::default().with_depth(1);
    limits.members = 2;
    limits.text_bytes = 8;
    let with = |text: &str| Value::read_with(text.as_bytes(), &limits).map(|_| ()).map_err(|error| error.name());
    assert_eq!(with("[1,2]"), Ok(()));
    assert_eq!(with("[1,2,3]"), Err(Some("members")));
    assert_eq!(with("[[]]"), Err(Some("depth")));
    assert_eq!(with("       1"), Ok(()));
    assert_eq!(with("        1"), Err(Some("text_bytes")));
}

#[test]
fn the_memory_of_a_value_has_a_limit_of_its_own() {
    let (value, member) = (size_of::<Value>() as u64, size_of::<(String, Value)>() as u64);
    for (text, takes) in [
        ("[]".to_owned(), 0),
        ("\"abc\"".to_owned(), 3),
        // old and new place of a container that grows: 4 and 8 of five, fitted to five at its end
        ("[0,0,0,0]".to_owned(), 4 * value),
        ("[0,0,0,0,0]".to_owned(), (4 + 8) * value),
        ("[[0]]".to_owned(), 4 * value + value),
        (format!("[{}[0]]", "[0],".repeat(3)), 4 * value + 4 * value + 3 * value),
        ("{\"ab\":\"c\"}".to_owned(), 4 * member + 3),
        // containers inside of others count together
        (format!("[{}]", ["[[],[],[],[]]"; 4].join(",")), 4 * value + 4 * 4 * value),
    ] {
        let with = |memory_bytes| {
            let mut limits = Limits::default();
            limits.memory_bytes = memory_bytes;
            Value::read_with(text.as_bytes(), &limits).map(|_| ()).map_err(|error| (error.kind(), error.name()))
        };
        assert_eq!(with(takes), Ok(()), "{text}");
        if takes > 0 {
            assert_eq!(with(takes - 1), Err((ErrorKind::Size, Some("memory_bytes"))), "{text}");
        }
    }
}

#[test]
fn rust_values_become_canonical_or_are_refused() {
    #[derive(serde::Serialize, serde::Deserialize, Debug, PartialEq)]
    enum Kind {
        Plain,
        With(i64),
        Both { left: String, right: Option<bool> },
    }
    #[derive(serde::Serialize, serde::Deserialize, Debug, PartialEq)]
    struct All {
        z: Vec<Kind>,
        a: (u8, i8),
        none: Option<String>,
    }
    let all = All {
        z: vec![Kind::Plain, Kind::With(MAX_INTEGER), Kind::Both { left: "é".to_owned(), right: None }],
        a: (255, -128),
        none: None,
    };
    let value = to_value(&all).unwrap();
    let canonical =
        r#"{"a":[255,-128],"none":null,"z":["Plain",{"With":9007199254740991},{"Both":{"left":"é","right":null}}]}"#;
    assert_eq!(value.to_string(), canonical);
    assert_eq!(value.to_typed::<All>().unwrap(), all);
    assert_eq!(to_value(&value).unwrap(), value);
    let refused = |error: Result<Value, Error>| error.unwrap_err().kind();
    assert_eq!(refused(to_value(&1.0)), ErrorKind::NotCanonical);
    assert_eq!(refused(to_value(&(1_u64 << 53))), ErrorKind::Range);
    assert_eq!(refused(to_value(&i64::MIN)), ErrorKind::Range);
    assert_eq!(refused(to_value(&u128::MAX)), ErrorKind::Range);
    assert_eq!(refused(to_value(&std::collections::BTreeMap::from([(1, 2)]))), ErrorKind::NotCanonical);
    assert_eq!(value.to_typed::<Vec<u8>>().unwrap_err().kind(), ErrorKind::Member);
}

#[test]
fn a_value_built_by_hand_may_be_deep() {
    let mut value = Value::Null;
    for _ in 0..10_000 {
        value = Value::Array(vec![value]);
    }
    assert_eq!(value.to_bytes().len(), 20_004);
    // taken apart from the outside in: dropping it as a whole recurses
    while let Value::Array(mut inner) = value {
        value = inner.pop().unwrap();
    }
}

/// Any canonical value.
pub(crate) fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (-MAX_INTEGER..=MAX_INTEGER).prop_map(|number| Value::Int(number.try_into().unwrap())),
        any::<String>().prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::Array),
            prop::collection::vec((any::<String>(), inner), 0..8).prop_map(|members| {
                let mut object = Object::new();
                for (name, value) in members {
                    object.insert(name, value);
                }
                Value::Object(object)
            }),
        ]
    })
}

/// The same value with members the other way round, every character escaped, and white space.
fn disguise(value: &Value, out: &mut String) {
    let string = |text: &str, out: &mut String| {
        out.push('"');
        for unit in text.encode_utf16() {
            write!(out, "\\u{unit:04X}").unwrap();
        }
        out.push('"');
    };
    out.push_str("\n\t ");
    match value {
        Value::String(text) => string(text, out),
        Value::Array(values) => {
            out.push('[');
            for (index, value) in values.iter().enumerate() {
                out.push_str(if index > 0 { " ," } else { "" });
                disguise(value, out);
            }
            out.push(']');
        }
        Value::Object(object) => {
            out.push('{');
            let members: Vec<_> = object.iter().collect();
            for (index, (name, value)) in members.iter().rev().enumerate() {
                out.push_str(if index > 0 { " ," } else { "" });
                string(name, out);
                out.push_str("\r\n:");
                disguise(value, out);
            }
            out.push('}');
        }
        other => out.push_str(&other.to_string()),
    }
    out.push(' ');
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_form_is_the_same_whatever_order_spaces_and_escapes_the_input_has(value in values()) {
        let mut text = String::new();
        disguise(&value, &mut text);
        let read = Value::read(text.as_bytes()).unwrap();
        prop_assert_eq!(&read, &value);
        let canonical = read.to_bytes();
        prop_assert_eq!(Value::read(&canonical).unwrap().to_bytes(), canonical);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in any::<Vec<u8>>(), json in "[\\[\\]{}\",:0-9a-z\\\\.eE+ -]{0,40}") {
        let _ = Value::read(&text);
        let _ = Value::read(json.as_bytes());
    }
}
