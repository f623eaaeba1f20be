#![expect(clippy::string_slice, clippy::arithmetic_side_effects, reason = "a panic fails the test")]

use std::borrow::Cow;

use super::*;

fn reader(text: &str) -> Reader<'_> {
    Reader::new(text, Limits::default())
}

/// Everything that one text may be refused for: one value, and nothing behind it.
fn refuse(text: &str) -> Fault {
    let mut reader = reader(text);
    let outcome = reader.skip().and_then(|_| reader.end());
    outcome.expect_err(text)
}

fn unescaped(literal: &str) -> Result<String, Fault> {
    let mut out = String::from("left over");
    unescape(literal, 0, &mut out, usize::MAX, "none").map(|_| out)
}

#[test]
fn a_text_that_ends_early_is_truncated_at_its_end() {
    insta::assert_snapshot!(refuse(""), @"byte 0: the text ends where a value should stand");
    insta::assert_snapshot!(refuse(" \n"), @"byte 2: the text ends where a value should stand");
    insta::assert_snapshot!(refuse("{"), @"byte 1: the text ends where a member name in double quotes should stand");
    insta::assert_snapshot!(refuse(r#"{"a""#), @"byte 4: the text ends where a colon should stand");
    insta::assert_snapshot!(refuse(r#"{"a":"#), @"byte 5: the text ends where a value should stand");
    insta::assert_snapshot!(refuse(r#"{"a":1"#), @"byte 6: the text ends where a comma or a closing brace should stand");
    insta::assert_snapshot!(refuse(r#"{"a":1,"#), @"byte 7: the text ends where a member name in double quotes should stand");
    insta::assert_snapshot!(refuse("["), @"byte 1: the text ends where a value should stand");
    insta::assert_snapshot!(refuse("[1"), @"byte 2: the text ends where a comma or a closing bracket should stand");
    insta::assert_snapshot!(refuse("[1,"), @"byte 3: the text ends where a value should stand");
    insta::assert_snapshot!(refuse("-"), @"byte 1: the text ends where a digit should stand");
    insta::assert_snapshot!(refuse("1."), @"byte 2: the text ends where a digit should stand");
    insta::assert_snapshot!(refuse("1e"), @"byte 2: the text ends where a digit should stand");
    insta::assert_snapshot!(refuse("1e+"), @"byte 3: the text ends where a digit should stand");
    insta::assert_snapshot!(refuse("tru"), @"byte 0: the text ends inside the word true");
    insta::assert_snapshot!(refuse("[fals"), @"byte 1: the text ends inside the word false");
    insta::assert_snapshot!(refuse("n"), @"byte 0: the text ends inside the word null");
    insta::assert_snapshot!(refuse("\""), @"byte 1: the text ends inside a string");
    insta::assert_snapshot!(refuse("\"é"), @"byte 3: the text ends inside a string");
    insta::assert_snapshot!(refuse("\"\\"), @"byte 1: the text ends inside an escape");
    insta::assert_snapshot!(refuse("\"\\u12"), @"byte 5: the text ends inside an escape");
    insta::assert_snapshot!(refuse("\"\\ud800"), @"byte 1: the text ends inside an escape");
    insta::assert_snapshot!(refuse("\"\\ud800\\"), @"byte 1: the text ends inside an escape");
    insta::assert_snapshot!(refuse("\"\\ud800\\u"), @"byte 9: the text ends inside an escape");
}

#[test]
fn every_prefix_of_a_text_is_truncated_and_nothing_else() {
    let text = r#" { "a" : [ -1.5e+3 , "é\ud83d\ude00\n", true, false, null ], "" : {} } "#;
    let (start, end) = (text.find('{').unwrap(), text.rfind('}').unwrap());
    for cut in (0..=end).filter(|cut| text.is_char_boundary(*cut)) {
        let fault = refuse(&text[..cut]);
        assert_eq!(fault.kind(), FaultKind::Truncated, "{cut}: {fault}");
        assert!(fault.offset() <= cut, "{cut}: {fault}");
    }
    let mut reader = reader(text);
    assert_eq!(reader.skip().unwrap(), &text[start..=end]);
    reader.end().unwrap();
}

#[test]
fn a_text_that_is_not_json_is_refused_where_it_breaks() {
    insta::assert_snapshot!(refuse("x"), @r#"byte 0: "x" where a value should stand"#);
    insta::assert_snapshot!(refuse("\u{feff}{}"), @r#"byte 0: "\u{feff}" where a value should stand"#);
    insta::assert_snapshot!(refuse("\u{a0}1"), @r#"byte 0: "\u{a0}" where a value should stand"#);
    insta::assert_snapshot!(refuse("+1"), @r#"byte 0: "+" where a value should stand"#);
    insta::assert_snapshot!(refuse(".5"), @r#"byte 0: "." where a value should stand"#);
    insta::assert_snapshot!(refuse("-x"), @r#"byte 1: "x" where a digit should stand"#);
    insta::assert_snapshot!(refuse("1.x"), @r#"byte 2: "x" where a digit should stand"#);
    insta::assert_snapshot!(refuse("1ex"), @r#"byte 2: "x" where a digit should stand"#);
    insta::assert_snapshot!(refuse("[007]"), @"byte 1: a number with a leading zero");
    insta::assert_snapshot!(refuse("-00"), @"byte 0: a number with a leading zero");
    insta::assert_snapshot!(refuse("1e400"), @"byte 0: a number out of range");
    insta::assert_snapshot!(refuse(&"9".repeat(400)), @"byte 0: a number out of range");
    insta::assert_snapshot!(refuse("[NaN]"), @r#"byte 1: "N" where a value should stand"#);
    insta::assert_snapshot!(refuse("[nul]"), @"byte 1: an unknown word where null should stand");
    insta::assert_snapshot!(refuse("[True]"), @r#"byte 1: "T" where a value should stand"#);
    insta::assert_snapshot!(refuse("1 2"), @"byte 2: text after the end of the JSON value");
    insta::assert_snapshot!(refuse("{}}"), @"byte 2: text after the end of the JSON value");
    insta::assert_snapshot!(refuse("{} // end"), @"byte 3: text after the end of the JSON value");
    insta::assert_snapshot!(refuse("[1 2]"), @r#"byte 3: "2" where a comma or a closing bracket should stand"#);
    insta::assert_snapshot!(refuse("[1,]"), @r#"byte 3: "]" where a value should stand"#);
    insta::assert_snapshot!(refuse("[,1]"), @r#"byte 1: "," where a value should stand"#);
    insta::assert_snapshot!(refuse("[1}"), @r#"byte 2: "}" where a comma or a closing bracket should stand"#);
    insta::assert_snapshot!(refuse("]"), @r#"byte 0: "]" where a value should stand"#);
    insta::assert_snapshot!(refuse("{]"), @r#"byte 1: "]" where a member name in double quotes should stand"#);
    insta::assert_snapshot!(refuse("{,}"), @r#"byte 1: "," where a member name in double quotes should stand"#);
    insta::assert_snapshot!(refuse("{'a':1}"), @r#"byte 1: "'" where a member name in double quotes should stand"#);
    insta::assert_snapshot!(refuse("{a:1}"), @r#"byte 1: "a" where a member name in double quotes should stand"#);
    insta::assert_snapshot!(refuse(r#"{"a" 1}"#), @r#"byte 5: "1" where a colon should stand"#);
    insta::assert_snapshot!(refuse(r#"{"a":1,}"#), @r#"byte 7: "}" where a member name in double quotes should stand"#);
    insta::assert_snapshot!(refuse(r#"{"a":1 "b":2}"#), @r#"byte 7: "\"" where a comma or a closing brace should stand"#);
    insta::assert_snapshot!(refuse(r#"{"a":,}"#), @r#"byte 5: "," where a value should stand"#);
    insta::assert_snapshot!(refuse("\"\\x\""), @"byte 1: an escape that JSON does not know");
    insta::assert_snapshot!(refuse("\"\\u00g0\""), @r#"byte 5: an escape \u needs four hexadecimal digits"#);
    insta::assert_snapshot!(refuse("\"ab\ncd\""), @"byte 3: a raw control character in a string: it has to be written as an escape");
    insta::assert_snapshot!(refuse("{\"a\tb\":1}"), @"byte 3: a raw control character in a string: it has to be written as an escape");
}

#[test]
fn a_member_name_that_stands_twice_is_refused_at_the_second() {
    insta::assert_snapshot!(refuse(r#"{"a":1, "b":2, "a":3}"#), @r#"byte 15: member "a" stands twice in one object"#);
    insta::assert_snapshot!(refuse(r#"[{"x":{"":1,"":1}}]"#), @r#"byte 12: member "" stands twice in one object"#);
    let fault = refuse(r#"{"a":1,"a":1}"#);
    assert_eq!((fault.kind(), fault.offset()), (FaultKind::Duplicate, 7));
    assert_eq!(fault, Fault::duplicate(7, "a"));
}

#[test]
fn member_names_are_compared_after_unescaping() {
    insta::assert_snapshot!(refuse(r#"{"key":1,"\u006bey":2}"#), @r#"byte 9: member "key" stands twice in one object"#);
    insta::assert_snapshot!(refuse(r#"{"\/":1,"/":2}"#), @r#"byte 8: member "/" stands twice in one object"#);
    insta::assert_snapshot!(refuse(r#"{"😀":1,"\ud83d\ude00":2}"#), @r#"byte 10: member "😀" stands twice in one object"#);
    // Not the same characters, though they look alike.
    reader("{\"\u{e9}\":1,\"e\u{301}\":2}").skip().unwrap();
    // The same name in two objects.
    reader(r#"{"a":{"a":1},"b":[{"a":1},{"a":1}]}"#).skip().unwrap();
}

#[test]
fn skip_syntax_lets_a_name_stand_twice_and_refuses_all_else_that_skip_refuses() {
    assert_eq!(reader(r#"{"a":1,"a":2}"#).skip_syntax().unwrap(), r#"{"a":1,"a":2}"#);
    for text in ["{", "[1,]", r#"{"a":"\x"}"#, "[01]", "{\"a\":\"\t\"}"] {
        assert_eq!(reader(text).skip_syntax().unwrap_err(), reader(text).skip().unwrap_err(), "{text}");
    }
}

#[test]
fn another_type_than_the_one_asked_for_is_named() {
    insta::assert_snapshot!(reader(" [1]").begin_object().unwrap_err(), @"byte 1: an array instead of an object");
    insta::assert_snapshot!(reader("{}").begin_array().unwrap_err(), @"byte 0: an object instead of an array");
    insta::assert_snapshot!(reader("true").string().unwrap_err(), @"byte 0: true or false instead of a string");
    insta::assert_snapshot!(reader("\"1\"").number().unwrap_err(), @"byte 0: a string instead of a number");
    insta::assert_snapshot!(reader("null").bool().unwrap_err(), @"byte 0: null instead of true or false");
    insta::assert_snapshot!(reader("0").null().unwrap_err(), @"byte 0: a number instead of null");
    let mut out = String::new();
    insta::assert_snapshot!(reader(" 7").string_into(&mut out, 9, "x").unwrap_err(), @"byte 1: a number instead of a string");
    // What is no value at all is a fault of syntax, whatever was asked for.
    for text in ["", "x", "]"] {
        let fault = reader(text).kind().unwrap_err();
        assert_eq!(reader(text).begin_object().unwrap_err(), fault, "{text}");
        assert_eq!(reader(text).string().unwrap_err(), fault, "{text}");
        assert_eq!(reader(text).number().unwrap_err(), fault, "{text}");
        assert_eq!(reader(text).bool().unwrap_err(), fault, "{text}");
        assert_eq!(reader(text).null().unwrap_err(), fault, "{text}");
    }
}

#[test]
fn the_depth_limit_itself_passes_and_one_more_is_refused() {
    let nested =
        |depth: usize| format!("{}{}", r#"[{"a":"#.repeat(depth / 2), "}]".repeat(depth / 2)).replace(":}", ":1}");
    let limits = Limits::new(6, 10);
    Reader::new(&nested(6), limits).skip().unwrap();
    let fault = Reader::new(&nested(8), limits).skip().unwrap_err();
    assert_eq!((fault.kind(), fault.offset()), (FaultKind::Limit("json_depth"), 18));
    insta::assert_snapshot!(fault, @"byte 18: objects and arrays stand more than 6 deep");
    // Breadth is not depth: what was left does not count.
    Reader::new("[[],[[]],{},[[]]]", Limits::new(3, 10)).skip().unwrap();
    assert_eq!(Reader::new("[]", Limits::new(0, 10)).skip().unwrap_err().kind(), FaultKind::Limit("json_depth"));
    Reader::new("1", Limits::new(0, 10)).skip().unwrap();
}

#[test]
fn a_raised_depth_limit_does_not_use_the_stack() {
    let text = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    assert_eq!(Reader::new(&text, Limits::new(u32::MAX, 10)).skip().unwrap().len(), text.len());
}

#[test]
fn the_string_limit_itself_passes_and_one_more_is_refused() {
    for limit in 0..40_usize {
        for text in [format!("\"{}\"", "x".repeat(limit)), format!("\"{}\"", "\\u0041".repeat(limit))] {
            let limits = Limits::new(16, limit);
            assert_eq!(Reader::new(&text, limits).string().unwrap().len(), limit);
            let longer = text.replacen('"', "\"y", 1);
            let fault = Reader::new(&longer, limits).string().unwrap_err();
            assert_eq!((fault.kind(), fault.offset()), (FaultKind::Limit("string_bytes"), 1));
            let mut out = String::new();
            Reader::new(&text, Limits::new(0, 0)).string_into(&mut out, limit, "mine").unwrap();
            let fault = Reader::new(&longer, Limits::new(0, 0)).string_into(&mut out, limit, "mine").unwrap_err();
            assert_eq!(fault.kind(), FaultKind::Limit("mine"));
        }
    }
    let mut out = String::new();
    insta::assert_snapshot!(unescape("é\"", 5, &mut out, 1, "x").unwrap_err(), @"byte 5: the string is longer than the limit of 1 bytes");
    // The limit is about bytes, not characters, and about names too.
    assert!(Reader::new("\"é\"", Limits::new(1, 2)).string().is_ok());
    assert!(Reader::new("\"é\"", Limits::new(1, 1)).string().is_err());
    assert!(Reader::new("{\"abc\":1}", Limits::new(1, 2)).skip().is_err());
    assert!(Reader::new("{\"abc\":1}", Limits::new(1, 3)).skip().is_ok());
}

#[test]
fn a_string_that_is_longer_than_its_limit_is_refused_before_its_end_is_known() {
    let endless = format!("\"{}", "x".repeat(1000));
    let fault = Reader::new(&endless, Limits::new(1, 10)).string().unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Limit("string_bytes"));
}

#[test]
fn half_of_a_surrogate_pair_is_refused() {
    for literal in [
        r#"\ud800""#,
        r#"\udc00""#,
        r#"\udfff""#,
        r#"\ud800x""#,
        r#"\ud800\n""#,
        r#"\ud800\u0041""#,
        r#"\ud800\ud800\udc00""#,
        r#"\udbff\udbff""#,
        r#"\udc00\ud800""#,
    ] {
        let fault = unescaped(literal).unwrap_err();
        assert_eq!((fault.kind(), fault.offset()), (FaultKind::Syntax, 0), "{literal}");
    }
    insta::assert_snapshot!(unescaped(r#"ab\uDEAD""#).unwrap_err(), @"byte 2: half of a surrogate pair, which no text can hold");
    for (literal, character) in [
        (r#"\ud800\udc00""#, '\u{10000}'),
        (r#"\uDBFF\uDFFF""#, char::MAX),
        (r#"\ud83d\ude00""#, '😀'),
        (r#"\ud7ff""#, '\u{d7ff}'),
        (r#"\ue000""#, '\u{e000}'),
        (r#"\uffff""#, '\u{ffff}'),
        (r#"\u0000""#, '\0'),
    ] {
        assert_eq!(unescaped(literal).unwrap(), character.to_string());
    }
}

#[test]
fn raw_control_characters_are_refused_in_strings_and_the_others_are_kept() {
    for byte in 0..0x80_u8 {
        let character = char::from(byte);
        let text = format!("\"ab{character}cdefghijklmnopqrstuvw\"");
        let read = reader(&text).string();
        match character {
            '"' => assert_eq!(read.unwrap(), "ab"),
            '\\' => assert_eq!(read.unwrap_err().message(), "an escape that JSON does not know"),
            '\0'..='\u{1f}' => {
                let fault = read.unwrap_err();
                assert_eq!((fault.kind(), fault.offset()), (FaultKind::Syntax, 3), "{byte}");
            }
            _ => assert_eq!(read.unwrap(), &text[1..text.len() - 1]),
        }
    }
}

#[test]
fn only_the_four_blanks_of_json_are_white_space() {
    assert_eq!(reader(" \t\r\n1\n\r\t ").skip().unwrap(), "1");
    for blank in ['\u{b}', '\u{c}', '\u{a0}', '\u{2028}', '\u{feff}', '\0'] {
        assert_eq!(refuse(&format!("{blank}1")).kind(), FaultKind::Syntax);
        assert_eq!(refuse(&format!("1{blank}")).kind(), FaultKind::Syntax);
    }
}

#[test]
fn every_escape_is_undone() {
    assert_eq!(unescaped(r#"\"\\\/\b\f\n\r\t\u00e9\u00C9""#).unwrap(), "\"\\/\u{8}\u{c}\n\r\té\u{c9}");
    for byte in 0x20..0x7f_u8 {
        let known = b"\"\\/bfnrtu".contains(&byte);
        let outcome = unescaped(&format!("\\{}0041\"", char::from(byte)));
        assert_eq!(outcome.is_ok(), known, "{}", char::from(byte));
    }
}

#[test]
fn unescaping_stops_at_the_closing_quote_and_clears_what_was_there() {
    let mut out = String::from("left over");
    assert_eq!(unescape(r#"a\nb","next":"c""#, 0, &mut out, 99, "x").unwrap(), 4);
    assert_eq!(out, "a\nb");
    assert_eq!(unescape("\"", 0, &mut out, 0, "x").unwrap(), 0);
    assert_eq!(out, "");
}

#[test]
fn what_stands_behind_the_closing_quote_costs_nothing() {
    let document = format!("a\\nb\"{}", "x".repeat(1 << 20));
    let mut out = String::new();
    assert_eq!(unescape(&document, 0, &mut out, usize::MAX, "x").unwrap(), 4);
    assert!(out.capacity() <= 4096, "{}", out.capacity());
    // The limit is looked at while the text is copied, not afterwards.
    assert!(unescape(&document[4 + 1..], 0, &mut out, 100, "x").is_err());
    assert!(out.capacity() <= 4096, "{}", out.capacity());
}

#[test]
fn of_a_string_beyond_its_limit_nothing_is_left() {
    let mut out = String::new();
    for literal in
        ["abc\"", "ab", "é\"", "\\u00e9\\u00e9\"", "ab\\x", "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijkl"]
    {
        out.push_str("what was there");
        assert_eq!(unescape(literal, 0, &mut out, 1, "x").unwrap_err().kind(), FaultKind::Limit("x"), "{literal}");
        assert_eq!(out, "", "{literal}");
    }
    // The limit itself passes, and of another fault no more than the limit is left.
    assert_eq!(unescape("ab\"", 0, &mut out, 2, "x").unwrap(), 2);
    assert!(unescape("ab\\x", 0, &mut out, 2, "x").is_err() && out.len() <= 2);
}

#[test]
fn offsets_of_faults_in_a_string_count_from_the_start_of_the_text() {
    let mut out = String::new();
    assert_eq!(unescape("ab\\q\"", 100, &mut out, 99, "x").unwrap_err().offset(), 102);
    assert_eq!(unescape("ab\\u00q0\"", 100, &mut out, 99, "x").unwrap_err().offset(), 106);
    assert_eq!(unescape("ab\u{1}\"", 100, &mut out, 99, "x").unwrap_err().offset(), 102);
    assert_eq!(unescape("abé", 100, &mut out, 99, "x").unwrap_err().offset(), 104);
    assert_eq!(unescape("abc", 100, &mut out, 2, "x").unwrap_err().offset(), 100);
    // Of several faults the limit is named first, whatever ends the text.
    for literal in ["abc", "abc\"", "abc\\x", "abc\\", "abc\n"] {
        assert_eq!(unescape(literal, 0, &mut out, 2, "x").unwrap_err().kind(), FaultKind::Limit("x"));
    }
    assert_eq!(refuse(r#"{"é":"x\q"}"#).offset(), 8);
}

/// The rule of RFC 8259, one byte after the other: what the fast way has to agree with.
fn naive(literal: &str) -> Option<(usize, String)> {
    let units = |at: usize| -> Option<u16> { u16::from_str_radix(literal.get(at..at + 4)?, 16).ok() };
    let mut out = String::new();
    let mut at = 0;
    loop {
        let character = literal[at..].chars().next()?;
        at += character.len_utf8();
        match character {
            '"' => return Some((at - 1, out)),
            '\0'..='\u{1f}' => return None,
            '\\' => {
                let letter = literal[at..].chars().next()?;
                at += letter.len_utf8();
                out.push(match letter {
                    '"' | '\\' | '/' => letter,
                    'b' => '\u{8}',
                    'f' => '\u{c}',
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'u' => {
                        let mut read = vec![units(at)?];
                        at += 4;
                        if (0xd800..0xdc00).contains(&read[0]) && literal[at..].starts_with("\\u") {
                            read.push(units(at + 2)?);
                            at += 6;
                        }
                        String::from_utf16(&read).ok()?.chars().next()?
                    }
                    _ => return None,
                });
            }
            plain => out.push(plain),
        }
    }
}

#[test]
fn unescaping_agrees_with_the_naive_way_at_every_alignment() {
    let pieces = [
        "\"",
        "\\\"",
        "\\\\",
        "\\n",
        "\\u00e9",
        "\\ud83d\\ude00",
        "\\ud83d",
        "\\ude00",
        "\\x",
        "\\",
        "\\u12",
        "\u{1f}",
        " ",
        "\u{7f}",
        "é",
        "€",
        "😀",
        "\u{ffff}",
        "\\u0022",
        "!#[]",
    ];
    let mut out = String::new();
    for before in 0..18 {
        for first in pieces {
            for second in pieces {
                for between in [0, 1, 7, 15, 16] {
                    for after in ["\"", "", "abcdefghijklmnopqrst\" \\x"] {
                        let (before, between) = ("a".repeat(before), "z".repeat(between));
                        let literal = format!("{before}{first}{between}{second}{after}");
                        let fast =
                            unescape(&literal, 0, &mut out, usize::MAX, "none").ok().map(|read| (read, out.clone()));
                        assert_eq!(fast, naive(&literal), "{literal:?}");
                        let text = format!("\"{literal}");
                        let scanned = reader(&text).string().ok().map(Cow::into_owned);
                        assert_eq!(scanned, fast.map(|(_, text)| text), "{literal:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn eight_bytes_are_judged_at_once_and_the_first_mark_is_right() {
    let special = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
    // Each byte at each place, with neighbours that could lend or borrow.
    for place in 0..8 {
        for byte in 0..=255_u8 {
            for around in [0x21, 0x23, 0x5b, 0x5d, 0x20, 0x7f, 0x80, 0xff] {
                let mut word = [around; 8];
                word[place] = byte;
                let first = word.iter().position(|byte| special(*byte));
                let marks = super::unescape::marks(u64::from_le_bytes(word));
                let found = (marks != 0).then(|| usize::try_from(marks.trailing_zeros() / 8).unwrap());
                assert_eq!(found, first, "{word:x?}");
            }
        }
    }
}

#[test]
fn a_string_without_escapes_is_lent_and_one_with_escapes_is_owned() {
    assert!(matches!(
        reader("\"plain é text of some length\"").string(),
        Ok(Cow::Borrowed("plain é text of some length"))
    ));
    assert!(matches!(reader("\"\"").string(), Ok(Cow::Borrowed(""))));
    assert!(matches!(reader(r#""a\/b""#).string(), Ok(Cow::Owned(text)) if text == "a/b"));
}

#[test]
fn skip_gives_the_raw_text_without_the_blanks_around_it() {
    for raw in ["{}", "[ ]", r#"{ "a" : [ 1 , 2.50 ] }"#, "-0.0e-0", r#""\/""#, "true", "false", "null", "[[],[[]]]"] {
        let text = format!("\n {raw} \t,");
        let mut reader = reader(&text);
        assert_eq!(reader.skip().unwrap(), raw);
        assert_eq!(reader.offset(), 2 + raw.len());
    }
}

#[test]
fn numbers_are_given_as_they_are_written() {
    for raw in ["0", "-0", "12", "2.50", "1e5", "1E+05", "-1.5e-3", "18446744073709551616", "1e-999", "0.1"] {
        assert_eq!(reader(raw).number().unwrap(), raw);
    }
    let long = format!("0.{}", "3".repeat(1000));
    assert_eq!(reader(&long).number().unwrap(), long);
    // Nothing of a value that follows is taken.
    let mut behind = reader("12]");
    assert_eq!((behind.number().unwrap(), behind.offset()), ("12", 2));
}

#[test]
fn the_quick_way_to_a_whole_number_agrees_with_the_usual_one_or_reads_nothing() {
    let max = u64::MAX.to_string();
    for raw in [
        "0",
        "7",
        "10",
        "1700000000",
        "9999999999999999999",
        "10000000000000000000",
        &max,
        "18446744073709551616",
        "00",
        "01",
        "-1",
        "1.0",
        "1e3",
        "1a",
        "",
        "+1",
        "\"1\"",
        "x",
        "99999999999999999999999",
    ] {
        for behind in [",", "}", "]", " ", "\n", ""] {
            let text = format!(" {raw}{behind}");
            let (mut quick, mut usual) = (reader(&text), reader(&text));
            match quick.plain_number() {
                Some(value) => {
                    assert_eq!(usual.number().unwrap().parse(), Ok(value), "{text:?}");
                    assert_eq!(quick.offset(), usual.offset(), "{text:?}");
                }
                None => assert_eq!(quick.offset(), usual.value_offset(), "{text:?}"),
            }
        }
    }
    assert_eq!(reader("9999999999999999999,").plain_number(), Some(9_999_999_999_999_999_999));
    assert_eq!(reader("0]").plain_number(), Some(0));
}

#[test]
fn walking_a_text_visits_members_and_elements_in_order() {
    let mut reader = reader(r#" { "a" : [ "x" , { } , [ ] ] , "b\n" : -1 , "c" : false } "#);
    assert_eq!(reader.value_offset(), 1);
    reader.begin_object().unwrap();
    assert_eq!(reader.next_member().unwrap().as_deref(), Some("a"));
    assert_eq!((reader.kind().unwrap(), reader.value_offset()), (ValueKind::Array, 9));
    reader.begin_array().unwrap();
    assert!(reader.next_element().unwrap());
    assert_eq!(reader.string().unwrap(), "x");
    assert!(reader.next_element().unwrap());
    reader.begin_object().unwrap();
    assert_eq!(reader.next_member().unwrap(), None);
    assert!(reader.next_element().unwrap());
    reader.begin_array().unwrap();
    assert!(!reader.next_element().unwrap());
    assert!(!reader.next_element().unwrap());
    assert_eq!(reader.next_member().unwrap().as_deref(), Some("b\n"));
    assert_eq!(reader.number().unwrap(), "-1");
    assert_eq!(reader.next_member().unwrap().as_deref(), Some("c"));
    assert!(!reader.bool().unwrap());
    assert_eq!(reader.next_member().unwrap(), None);
    reader.end().unwrap();
}

#[test]
fn string_into_returns_where_the_text_begins_and_goes_on_behind_it() {
    let mut reader = reader(r#"{"p": "a\"b","q":1}"#);
    let mut out = String::new();
    reader.begin_object().unwrap();
    reader.next_member().unwrap();
    assert_eq!(reader.string_into(&mut out, 3, "x").unwrap(), 7);
    assert_eq!(out, "a\"b");
    assert_eq!(reader.next_member().unwrap().as_deref(), Some("q"));
}

#[test]
fn seen_tells_the_second_time_from_the_first() {
    let mut seen = Seen::default();
    for index in 0..64 {
        assert!(seen.known(index));
    }
    for index in 0..64 {
        assert!(!seen.known(index));
    }
    assert!(seen.other(&Cow::Borrowed("x")));
    assert!(!seen.other(&Cow::Owned("x".to_owned())));
    assert!(seen.other(&Cow::Borrowed("X")));
}
