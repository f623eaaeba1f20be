//! YAML as another spelling of the same value: the few forms that people write, and nothing that two readers could take
//! for two things. Spec: sync, "YAML" (choice).
//!
//! Read event by event: aliases, tags and merge keys are refused before anything is expanded, so the value is never larger
//! than its text.

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, Tag};
use slp_crypto::canonical::{Integer, Object, Value};
use slp_model::{Location, Quoted};

use crate::error::{Error, ErrorKind, Result};
use crate::source::widen;

/// Values in one document, as in JSON.
const VALUES: u64 = 1_000_000;

/// Reads the one document of a stream.
pub(super) fn read(bytes: &[u8], depth: u32) -> Result<Value> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let at = Location::byte(widen(error.valid_up_to()));
        Error::new(ErrorKind::UnsupportedEncoding, "YAML is read in UTF-8 alone").at(at)
    })?;
    if let Some(at) = text.find('\0') {
        return Err(feature("nul", "a NUL character").at(Location::byte(widen(at))));
    }
    let mut reader = Reader {
        source: Source { text, byte: 0, characters: 0 },
        depth,
        stack: Vec::new(),
        documents: 0,
        values: 0,
        root: None,
    };
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| unreadable(&error))?;
        reader.event(event, span)?;
    }
    Ok(reader.root.unwrap_or(Value::Null))
}

fn feature(name: &'static str, what: &str) -> Error {
    Error::new(ErrorKind::YamlFeature, format!("{what}: this part of YAML is not read")).named(name)
}

fn unreadable(error: &ScanError) -> Error {
    Error::new(ErrorKind::YamlFeature, format!("not YAML: {}", error.info())).named("syntax").at(place(error.marker()))
}

fn place(marker: &Marker) -> Location {
    let mut place = Location::default();
    place.line = Some(widen(marker.line()));
    place.column = Some(widen(marker.col()).saturating_add(1));
    place
}

/// The text, and how far it was looked at. The parser counts characters.
struct Source<'t> {
    text: &'t str,
    byte: usize,
    characters: usize,
}

impl<'t> Source<'t> {
    /// Goes on to a character, and gives what was passed. Never back.
    fn go(&mut self, character: usize) -> &'t str {
        let rest = self.text.get(self.byte..).unwrap_or_default();
        let ahead = character.saturating_sub(self.characters);
        let length = rest.char_indices().nth(ahead).map_or(rest.len(), |(at, _)| at);
        self.byte = self.byte.saturating_add(length);
        self.characters = self.characters.max(character);
        rest.get(..length).unwrap_or_default()
    }

    fn next_is(&self, character: char) -> bool {
        self.text.get(self.byte..).is_some_and(|rest| rest.starts_with(character))
    }
}

/// What stands between two events: indentation, dashes, colons, comments. Anything else is a form that is not read.
fn check_between(gap: &str) -> Result<()> {
    for line in gap.split('\n') {
        let code = line.split('#').next().unwrap_or_default();
        let indentation = code.len().saturating_sub(code.trim_start().len());
        if code.get(..indentation).is_some_and(|blanks| blanks.contains('\t')) && gap.contains('\n') {
            return Err(feature("tab", "a tab as indentation"));
        }
        for (mark, name, what) in [('?', "key", "a key behind `?`"), ('%', "directive", "a directive")] {
            if code.contains(mark) {
                return Err(feature(name, what));
            }
        }
    }
    Ok(())
}

/// An array or object under way.
struct Frame {
    flow: bool,
    at: Marker,
    kind: Kind,
}

enum Kind {
    List(Vec<Value>),
    Members { members: Vec<(String, Value)>, key: Option<String> },
}

struct Reader<'t> {
    source: Source<'t>,
    depth: u32,
    stack: Vec<Frame>,
    documents: u64,
    values: u64,
    root: Option<Value>,
}

impl Reader<'_> {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<()> {
        let here = |error: Error| error.at(place(&span.start));
        check_between(self.source.go(span.start.index())).map_err(here)?;
        match event {
            Event::DocumentStart(_) => {
                self.documents = self.documents.saturating_add(1);
                if self.documents > 1 {
                    return Err(here(feature("documents", "a second document")));
                }
            }
            Event::Alias(_) => return Err(here(feature("alias", "an alias"))),
            Event::Scalar(text, style, anchor, tag) => {
                plain_node(anchor, tag.as_deref()).map_err(here)?;
                let written = self.source.go(span.end.index());
                self.scalar(&text, style, written).map_err(here)?;
            }
            Event::SequenceStart(anchor, tag) => {
                plain_node(anchor, tag.as_deref()).map_err(here)?;
                self.open(self.source.next_is('['), span.start, Kind::List(Vec::new())).map_err(here)?;
            }
            Event::MappingStart(anchor, tag) => {
                plain_node(anchor, tag.as_deref()).map_err(here)?;
                let members = Kind::Members { members: Vec::new(), key: None };
                self.open(self.source.next_is('{'), span.start, members).map_err(here)?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(Frame { at, kind, .. }) = self.stack.pop() {
                    let value = closed(kind).map_err(|error| error.at(place(&at)))?;
                    self.put(value).map_err(here)?;
                }
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        let _ = self.source.go(span.end.index());
        Ok(())
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, written: &str) -> Result<()> {
        match style {
            ScalarStyle::Folded => return Err(feature("folded", "a folded text")),
            ScalarStyle::Literal => {}
            _ if written.trim_end().contains('\n') => {
                return Err(feature("multiline", "a text over several lines"));
            }
            _ => {}
        }
        if let Some(Frame { kind: Kind::Members { key: key @ None, .. }, .. }) = self.stack.last_mut() {
            if style == ScalarStyle::Plain && text == "<<" {
                return Err(feature("merge", "a merge key"));
            }
            // Ruby writes its symbols with a colon in front.
            *key = Some(text.strip_prefix(':').unwrap_or(text).to_owned());
            return Ok(());
        }
        let value = if style == ScalarStyle::Plain { plain(text)? } else { Value::from(text) };
        self.put(value)
    }

    fn open(&mut self, flow: bool, at: Marker, kind: Kind) -> Result<()> {
        if let Some(Frame { kind: Kind::Members { key: None, .. }, .. }) = self.stack.last() {
            return Err(feature("key", "an array or object as a key"));
        }
        if widen(self.stack.len()) >= u64::from(self.depth) {
            return Err(Error::limit("json_depth", u64::from(self.depth), "values inside one another"));
        }
        self.not_in_flow()?;
        self.stack.push(Frame { flow, at, kind });
        Ok(())
    }

    fn not_in_flow(&self) -> Result<()> {
        if self.stack.last().is_some_and(|frame| frame.flow) {
            return Err(feature("flow", "elements in brackets"));
        }
        Ok(())
    }

    /// A value is there: it goes into what is open.
    fn put(&mut self, value: Value) -> Result<()> {
        self.not_in_flow()?;
        self.values = self.values.saturating_add(1);
        if self.values > VALUES {
            return Err(Error::limit("values", VALUES, "values of a document"));
        }
        match self.stack.last_mut().map(|frame| &mut frame.kind) {
            None => self.root = Some(value),
            Some(Kind::List(items)) => items.push(value),
            Some(Kind::Members { members, key }) => members.push((key.take().unwrap_or_default(), value)),
        }
        Ok(())
    }
}

/// Nothing but the node itself.
fn plain_node(anchor: usize, tag: Option<&Tag>) -> Result<()> {
    if anchor != 0 {
        return Err(feature("anchor", "an anchor"));
    }
    if tag.is_some() {
        return Err(feature("tag", "a tag"));
    }
    Ok(())
}

fn closed(kind: Kind) -> Result<Value> {
    match kind {
        Kind::List(items) => Ok(Value::Array(items)),
        Kind::Members { mut members, .. } => {
            // In the order of the object: each member goes to its end.
            members.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            let mut object = Object::new();
            for (name, value) in members {
                if object.get(&name).is_some() {
                    let text = format!("member {} stands twice in one object", Quoted(&name));
                    return Err(Error::new(ErrorKind::DuplicateMember, text));
                }
                object.insert(name, value);
            }
            Ok(Value::Object(object))
        }
    }
}

/// A plain scalar by the core schema of YAML 1.2, with the numbers of JSON: no fraction, no leading zero, no `-0`.
fn plain(text: &str) -> Result<Value> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        "true" | "True" | "TRUE" => return Ok(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Value::Bool(false)),
        _ => {}
    }
    let number = |read: Option<i64>| {
        let number = read.and_then(|number| Integer::try_from(number).ok());
        number.map(Value::Int).ok_or_else(|| {
            let text = format!("the number {} is not whole, or beyond 2^53", Quoted(text));
            Error::new(ErrorKind::BadNumber, text)
        })
    };
    let digits = |text: &str, radix| text.chars().all(|one| one.is_digit(radix)) && !text.is_empty();
    if let Some(octal) = text.strip_prefix("0o").filter(|rest| digits(rest, 8)) {
        return number(i64::from_str_radix(octal, 8).ok());
    }
    if let Some(hexadecimal) = text.strip_prefix("0x").filter(|rest| digits(rest, 16)) {
        return number(i64::from_str_radix(hexadecimal, 16).ok());
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits(unsigned, 10) {
        let readers_agree = text == "0" || !unsigned.starts_with('0');
        return number(text.parse().ok().filter(|_| readers_agree));
    }
    if is_float(unsigned) || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return number(None);
    }
    Ok(Value::from(text))
}

/// `.5`, `1.`, `1.5e3`, `1e3`, `.inf`, without their sign.
fn is_float(text: &str) -> bool {
    if matches!(text, ".inf" | ".Inf" | ".INF") {
        return true;
    }
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let some = !whole.is_empty() || !fraction.is_empty();
    some && digits(whole) && digits(fraction) && !exponent.is_empty() && digits(exponent)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use slp_crypto::canonical::{Limits, Value};

    use super::{VALUES, read};
    use crate::ErrorKind;

    fn same(yaml: &str, json: &str) {
        let json = Value::read_with(json.as_bytes(), &Limits::default()).unwrap();
        let read = read(yaml.as_bytes(), 16).unwrap_or_else(|error| panic!("{yaml}: {error}"));
        assert_eq!(read, json, "{yaml}");
    }

    fn refused(yaml: &str) -> (ErrorKind, Option<&'static str>) {
        let error = read(yaml.as_bytes(), 16).map(|value| panic!("{yaml}: {value:?}")).unwrap_err();
        (error.kind(), error.name())
    }

    fn unread(yaml: &str) -> &'static str {
        let (kind, name) = refused(yaml);
        assert_eq!(kind, ErrorKind::YamlFeature, "{yaml}");
        name.unwrap()
    }

    #[test]
    fn what_people_write_is_the_same_value() {
        same("a: 1\nb:\n  - x\n  - y: 2\n    z: 3\n", r#"{"a":1,"b":["x",{"y":2,"z":3}]}"#);
        same("--- # first\n:a: b # c ? %\n# - d\n...\n", r#"{"a":"b"}"#);
        same("a:\n- 1\n- 2\nb: []\nc: {}\n", r#"{"a":[1,2],"b":[],"c":{}}"#);
        same(
            "a: 'it''s ? % '\nb: \"\\u00e9\\t\\\"\"\n\"c d\": e?\nf: 1\n",
            r#"{"a":"it's ? % ","b":"é\t\"","c d":"e?","f":1}"#,
        );
        same(
            "a: |\n  -----X\n  ? %x: # y\n  \tz\nb: |-\n  x\n\nc: |+\n  x\n\nd: 1\n",
            r#"{"a":"-----X\n? %x: # y\n\tz\n","b":"x","c":"x\n\n","d":1}"#,
        );
        same("a:\nb: ~\nc: null\nd: True\ne: FALSE\n", r#"{"a":null,"b":null,"c":null,"d":true,"e":false}"#);
        same(
            "- yes\n- on\n- 2026-11-02\n- 1.2.3\n- -\n- e5\n- 0x\n",
            r#"["yes","on","2026-11-02","1.2.3",[null],"e5","0x"]"#,
        );
        same("- 0\n- -7\n- +5\n- 0o17\n- 0xfF\n- 9007199254740991\n", "[0,-7,5,15,255,9007199254740991]");
        same(
            "é: ü\n\u{1f600}: \u{e000}\n\u{e000}: 1\nlast: {}\n",
            "{\"é\":\"ü\",\"\u{1f600}\":\"\u{e000}\",\"\u{e000}\":1,\"last\":{}}",
        );
        same("a: 1\r\nb: x\r\n", r#"{"a":1,"b":"x"}"#);
    }

    #[test]
    fn numbers_that_json_has_not_are_refused() {
        for number in [
            "1.0",
            "1.",
            ".5",
            "1e3",
            "-1.5E+3",
            ".inf",
            "-.INF",
            ".nan",
            "-0",
            "+0",
            "01",
            "9007199254740992",
            "-9007199254740992",
            "99999999999999999999",
            "0xffffffffffffffffff",
        ] {
            assert_eq!(refused(&format!("a: {number}\n")).0, ErrorKind::BadNumber, "{number}");
        }
    }

    #[test]
    fn alias_bomb() {
        let levels = (1..64).map(|level| {
            let below = level - 1;
            format!("a{level}: &a{level} [*a{below}, *a{below}, *a{below}]\n")
        });
        let bomb = "a0: &a0 [x, x]\n".to_owned() + &levels.collect::<String>();
        assert_eq!(unread(&bomb), "anchor");
        assert_eq!(unread("a: &x 1\nb: *x\n"), "anchor");
        assert_eq!(unread("a:\n  b: *x\n"), "syntax", "an alias of nothing");
    }

    #[test]
    fn tag_merge_and_two_docs() {
        assert_eq!(unread("a: !!str 1\n"), "tag");
        assert_eq!(unread("a: !ruby/object:X\n  b: 1\n"), "tag");
        assert_eq!(unread("<<: 1\na: 2\n"), "merge");
        assert_eq!(unread("a: 1\n---\nb: 2\n"), "documents");
        assert_eq!(unread("a: 1\n...\n---\nb: 2\n"), "documents");
    }

    #[test]
    fn what_readers_could_take_for_two_things_is_refused() {
        assert_eq!(unread("%YAML 1.1\n---\na: 1\n"), "directive");
        assert_eq!(unread("? a\n: b\n"), "key");
        assert_eq!(unread("a:\n  b: 1\n? c\n: d\n"), "key");
        assert_eq!(unread("[a, b]: c\n"), "key");
        assert_eq!(unread("a: [b]\n"), "flow");
        assert_eq!(unread("a: {b: c}\n"), "flow");
        assert_eq!(unread("a: [[]]\n"), "flow");
        assert_eq!(unread("a: >\n  b\n  c\n"), "folded");
        assert_eq!(unread("a: b\n  c\n"), "multiline");
        assert_eq!(unread("a: \"b\n  c\"\n"), "multiline");
        assert_eq!(unread("a: 'b\n\n  c'\n"), "multiline");
        assert!(["tab", "syntax"].contains(&unread("a:\n\tb: 1\n")));
        assert!(["tab", "syntax"].contains(&unread("a:\n  - b\n\t- c\n")));
        assert_eq!(unread("a: x\0\n"), "nul");
        assert_eq!(unread("a: 'b\n"), "syntax");
    }

    #[test]
    fn one_name_twice_is_refused_however_it_is_spelled() {
        assert_eq!(refused("a: 1\nb: 2\na: 3\n").0, ErrorKind::DuplicateMember);
        assert_eq!(refused("x:\n  a: 1\n  \"\\u0061\": 2\n").0, ErrorKind::DuplicateMember);
        assert_eq!(refused("a: 1\n:a: 2\n").0, ErrorKind::DuplicateMember);
    }

    #[test]
    fn depth_and_values_are_counted() {
        let nested = |levels: usize| (0..levels).map(|level| format!("{}a:\n", " ".repeat(level))).collect::<String>();
        assert!(read(nested(16).as_bytes(), 16).is_ok());
        assert_eq!(refused(&nested(17)), (ErrorKind::Limit, Some("json_depth")));
        assert!(["flow", "syntax"].contains(&unread(&format!("a: {}", "[".repeat(100_000)))));
        let many = "-\n".repeat(usize::try_from(VALUES).unwrap() + 1);
        assert_eq!(refused(&many), (ErrorKind::Limit, Some("values")));
    }

    #[test]
    fn a_refusal_names_its_line_and_column() {
        let error = read(b"a: 1\nb:\n  c: &x 1\n", 16).unwrap_err();
        assert_eq!((error.location().line, error.location().column), (Some(3), Some(6)));
        assert!(read(b"a: \xff\n", 16).unwrap_err().kind() == ErrorKind::UnsupportedEncoding);
    }

    proptest! {
        #[test]
        fn no_text_is_a_panic(text in "[ \\n\\ta:?\\-\\[\\]{}|>'\"&*!%#<,0\\\\\u{e9}\u{1f600}]{0,60}") {
            let _ = read(text.as_bytes(), 16);
        }
    }
}
