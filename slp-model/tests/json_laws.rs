//! Laws of the JSON reader and writers: an independent library agrees, and what is written reads back the same.

use proptest::prelude::*;
use serde_json::Value;
use slp_model::json::{Fault, FaultKind, Limits, Profile, Reader, ValueKind, write_compact, write_string};

const PROFILES: [Profile; 4] = [Profile::Rum, Profile::Ack, Profile::Canonical, Profile::Http];

/// Deeper than any text made here, and below the fixed limit of the other library.
const DEPTH: u32 = 100;

/// One value with the pull reader. Numbers are kept as the other library reads their text.
fn value(reader: &mut Reader<'_>) -> Result<Value, Fault> {
    Ok(match reader.kind()? {
        ValueKind::Object => {
            let mut members = serde_json::Map::new();
            reader.begin_object()?;
            while let Some(name) = reader.next_member()? {
                members.insert(name.into_owned(), value(reader)?);
            }
            Value::Object(members)
        }
        ValueKind::Array => {
            let mut elements = Vec::new();
            reader.begin_array()?;
            while reader.next_element()? {
                elements.push(value(reader)?);
            }
            Value::Array(elements)
        }
        ValueKind::String => Value::String(reader.string()?.into_owned()),
        ValueKind::Number => serde_json::from_str(reader.number()?).expect("a number for both"),
        ValueKind::Bool => Value::Bool(reader.bool()?),
        ValueKind::Null => {
            reader.null()?;
            Value::Null
        }
        other => panic!("a kind of value that this test does not know: {other:?}"),
    })
}

fn walked(text: &str) -> Result<Value, Fault> {
    let mut reader = Reader::new(text, Limits::new(DEPTH, usize::MAX));
    let value = value(&mut reader)?;
    reader.end()?;
    Ok(value)
}

fn skipped(text: &str) -> Result<&str, Fault> {
    let mut reader = Reader::new(text, Limits::new(DEPTH, usize::MAX));
    let raw = reader.skip()?;
    reader.end()?;
    Ok(raw)
}

/// Both libraries take the text or both refuse it; where they take it, the values agree.
fn agree(text: &str) -> Result<(), TestCaseError> {
    let ours = walked(text);
    let theirs = serde_json::from_str::<Value>(text);
    match (&ours, &theirs) {
        (Ok(ours), Ok(theirs)) => prop_assert_eq!(ours, theirs),
        (Err(_), Err(_)) => {}
        _ => prop_assert!(false, "ours {:?}, theirs {:?}", ours, theirs),
    }
    // Passing over a value sees the same faults as walking through it, and duplicate names besides.
    match (skipped(text), ours) {
        (Ok(raw), Ok(_)) => prop_assert_eq!(raw, text.trim_matches([' ', '\t', '\n', '\r'])),
        (Err(fault), Err(same)) if fault.kind() != FaultKind::Duplicate => prop_assert_eq!(fault, same),
        (Err(fault), _) => prop_assert_eq!(fault.kind(), FaultKind::Duplicate),
        (Ok(_), Err(fault)) => prop_assert!(false, "skip takes it, walking does not: {}", fault),
    }
    Ok(())
}

/// The rule of the profiles, one character after the other.
fn escaped_one_by_one(text: &str, profile: Profile) -> String {
    const HEX: &str = "0123456789abcdef";
    let mut out = String::from("\"");
    for character in text.chars() {
        let code = usize::try_from(u32::from(character)).expect("fits");
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '\u{fffe}' if matches!(profile, Profile::Rum | Profile::Ack) => out.push_str("\\ufffe"),
            '\u{ffff}' if matches!(profile, Profile::Rum | Profile::Ack) => out.push_str("\\uffff"),
            '\0'..='\u{f}' => out.extend(["\\u000", HEX.get(code..=code).unwrap_or_default()]),
            '\u{10}'..='\u{1f}' => out.extend(["\\u001", HEX.get(code - 16..=code - 16).unwrap_or_default()]),
            '>' if profile == Profile::Ack => out.push_str("\\u003e"),
            _ => out.push(character),
        }
    }
    out + "\""
}

fn blank() -> impl Strategy<Value = String> {
    prop_oneof![4 => Just(String::new()), 1 => "[ \t\r\n]{1,3}"]
}

/// A string with its quotes, escaped in any way that is allowed.
fn string() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        "[a-zA-Z0-9 ]",
        "[^\"\\\\\u{0}-\u{1f}]",
        r#"\\["\\/bfnrt]"#,
        "\\\\u[0-9a-cA-C][0-9a-fA-F]{3}",
        "\\\\ud[89ab][0-9a-f]{2}\\\\uD[c-fC-F][0-9A-F]{2}",
    ];
    proptest::collection::vec(character, 0..30).prop_map(|parts| format!("\"{}\"", parts.concat()))
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<u64>().prop_map(|number| number.to_string()),
        "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,20})?([eE][-+]?[0-9]{1,3})?",
    ]
}

/// A JSON text of some depth; numbers may be out of range.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![string(), number(), "(true|false|null)"];
    leaf.prop_recursive(5, 40, 6, |inner| {
        let member = (blank(), string(), blank(), blank(), inner.clone(), blank())
            .prop_map(|(a, name, b, c, value, d)| format!("{a}{name}{b}:{c}{value}{d}"));
        let element = (blank(), inner, blank()).prop_map(|(a, value, b)| format!("{a}{value}{b}"));
        prop_oneof![
            proptest::collection::vec(member, 0..6).prop_map(|members| format!("{{{}}}", members.join(","))),
            proptest::collection::vec(element, 0..6).prop_map(|elements| format!("[{}]", elements.join(","))),
        ]
    })
}

/// What a careless hand or a bad line does to a text.
fn damaged() -> impl Strategy<Value = String> {
    let damage = (any::<prop::sample::Index>(), 0..4_usize, "[\\[\\]{}:,\"\\\\0-9eE.+\\- \ntfnu/\u{0}\u{7f}é]{0,3}");
    (json(), proptest::collection::vec(damage, 1..4)).prop_map(|(text, damages)| {
        let mut characters: Vec<char> = text.chars().collect();
        for (place, removed, added) in damages {
            let at = place.index(characters.len() + 1);
            let end = (at + removed).min(characters.len());
            characters.splice(at..end, added.chars());
        }
        characters.into_iter().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn an_independent_library_agrees_on_json(text in json()) {
        agree(&text)?;
    }

    #[test]
    fn an_independent_library_agrees_on_damaged_json(text in damaged()) {
        agree(&text)?;
    }

    #[test]
    fn an_independent_library_agrees_on_the_alphabet_of_json(text in "[\\[\\]{}:,\"\\\\01eE.+\\- truefalsnd/]{0,12}") {
        agree(&text)?;
    }

    #[test]
    fn any_text_is_read_or_refused_at_a_place_inside_it(text in any::<String>()) {
        agree(&text)?;
        if let Err(fault) = walked(&text) {
            prop_assert!(fault.offset() <= text.len());
        }
    }

    #[test]
    fn what_was_written_as_a_string_reads_back_the_same(text in any::<String>(), odd in "[\u{0}-\u{1f}\"\\\\>\u{fffe}\u{ffff}é😀a]{0,40}") {
        for text in [text, odd] {
            for profile in PROFILES {
                let mut out = String::new();
                write_string(&mut out, &text, profile);
                prop_assert_eq!(walked(&out).expect("what we write is JSON"), Value::String(text.clone()));
                prop_assert_eq!(serde_json::from_str::<Value>(&out).expect("and they agree"), Value::String(text.clone()));
                prop_assert_eq!(out, escaped_one_by_one(&text, profile));
            }
        }
    }

    #[test]
    fn compact_text_has_the_same_value_and_cannot_be_made_shorter(text in json()) {
        let mut out = String::new();
        write_compact(&mut out, &text);
        prop_assert!(out.len() <= text.len());
        match walked(&text) {
            Ok(value) => prop_assert_eq!(walked(&out).expect("still JSON"), value),
            Err(_) => prop_assert!(walked(&out).is_err()),
        }
        let mut again = String::new();
        write_compact(&mut again, &out);
        prop_assert_eq!(again, out);
    }

    #[test]
    fn the_raw_text_of_an_element_is_the_text_that_was_put_there(values in proptest::collection::vec(json(), 0..5)) {
        let text = format!("[ {} ]", values.join(" , "));
        prop_assume!(walked(&text).is_ok());
        let mut reader = Reader::new(&text, Limits::new(DEPTH, usize::MAX));
        reader.begin_array().expect("an array");
        for value in &values {
            prop_assert!(reader.next_element().expect("another"));
            prop_assert_eq!(reader.skip_syntax().expect("a value"), value);
        }
        prop_assert!(!reader.next_element().expect("the end"));
    }
}
