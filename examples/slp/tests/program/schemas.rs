//! The JSON Schemas of `schemas/` and what the commands write. Every call of these tests that writes JSON is held against
//! its schema (see [`check`]); the schemas name all members there are, so a new one cannot come unseen.
//!
//! Of JSON Schema the few keywords are known here that the schemas use: another one fails the test.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Map, Value};

use crate::{CAMPUS, CONTROLLER, bytes_of, fine, slp};

/// Keywords that say something about a value.
const RULES: [&str; 10] = [
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "enum",
    "anyOf",
    "minimum",
    "minLength",
    "maxLength",
];
/// Keywords that say nothing about it.
const NOTES: [&str; 4] = ["$schema", "$defs", "title", "description"];

struct Schemas(BTreeMap<String, Value>);

impl Schemas {
    fn read() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
        let mut all = BTreeMap::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.extension().is_some_and(|ending| ending == "json") {
                all.insert(name, serde_json::from_slice(&bytes_of(path.to_str().unwrap())).unwrap());
            }
        }
        Self(all)
    }

    /// What `$ref` points at, and the file that it is in.
    fn find<'s>(&'s self, file: &'s str, reference: &'s str) -> Option<(&'s str, &'s Value)> {
        let (other, pointer) = reference.split_once('#')?;
        let file = if other.is_empty() { file } else { other };
        Some((file, self.0.get(file)?.pointer(pointer)?))
    }

    /// Where a value breaks a schema: one line each.
    fn faults(&self, file: &str, schema: &Value, value: &Value, at: &str) -> Vec<String> {
        let rules = schema.as_object().unwrap();
        if let Some(reference) = rules.get("$ref").and_then(Value::as_str) {
            let (file, schema) = self.find(file, reference).unwrap_or_else(|| panic!("{file}: no {reference}"));
            return self.faults(file, schema, value, at);
        }
        let mut faults = Vec::new();
        let mut refuse = |text: &str| faults.push(format!("{at}: {text}: {value}"));
        for (word, rule) in rules {
            let holds = match (word.as_str(), value) {
                ("type", _) => types(rule).any(|name| is_a(name, value)),
                ("enum", _) => rule.as_array().unwrap().contains(value),
                ("minimum", Value::Number(number)) => number.as_i128() >= rule.as_i64().map(i128::from),
                ("minLength", Value::String(text)) => text.chars().count() as u64 >= rule.as_u64().unwrap(),
                ("maxLength", Value::String(text)) => text.chars().count() as u64 <= rule.as_u64().unwrap(),
                ("required", Value::Object(members)) => {
                    rule.as_array().unwrap().iter().all(|name| members.contains_key(name.as_str().unwrap()))
                }
                ("anyOf", _) => rule.as_array().unwrap().iter().any(|one| self.faults(file, one, value, at).is_empty()),
                _ => true,
            };
            if !holds {
                refuse(&format!("{word} {rule}"));
            }
        }
        if let (Some(items), Value::Array(list)) = (rules.get("items"), value) {
            for (index, item) in list.iter().enumerate() {
                faults.extend(self.faults(file, items, item, &format!("{at}[{index}]")));
            }
        }
        if let Value::Object(members) = value {
            faults.extend(self.members(file, rules, members, at));
        }
        faults
    }

    fn members(&self, file: &str, rules: &Map<String, Value>, members: &Map<String, Value>, at: &str) -> Vec<String> {
        let mut faults = Vec::new();
        for (name, value) in members {
            let known = rules.get("properties").and_then(|known| known.get(name));
            match known.or(rules.get("additionalProperties")) {
                Some(Value::Bool(false)) => faults.push(format!("{at}: there is no member {name}")),
                Some(schema @ Value::Object(_)) => {
                    faults.extend(self.faults(file, schema, value, &format!("{at}.{name}")));
                }
                _ => {}
            }
        }
        faults
    }
}

fn types(rule: &Value) -> impl Iterator<Item = &str> {
    let several = rule.as_array().into_iter().flatten();
    std::iter::once(rule).chain(several).filter_map(Value::as_str)
}

fn is_a(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "integer" => value.as_number().is_some_and(|number| number.as_i128().is_some()),
        _ => panic!("type {name} is not used"),
    }
}

/// The command that these words call, and whether it writes JSON.
fn command(words: &[&str]) -> (String, bool) {
    let several = ["policy", "keys", "bundle", "ack", "sync"];
    let count = if words.first().is_some_and(|first| several.contains(first)) { 2 } else { 1 };
    let is_json = words.contains(&"--json") || words.windows(2).any(|pair| pair == ["--format", "json"]);
    (words[..count.min(words.len())].join("-"), is_json)
}

/// Holds what a command wrote against its schema.
pub(crate) fn check(words: &[&str], output: &str) {
    let (name, is_json) = command(words);
    // a call that ends in the middle says so on its error stream and by its status
    if !is_json || !output.ends_with("}\n") {
        return;
    }
    let faults = faults_of(&name, output);
    assert!(faults.is_empty(), "{words:?} does not fit its schema:\n{}", faults.join("\n"));
}

fn faults_of(name: &str, output: &str) -> Vec<String> {
    let (schemas, file) = (Schemas::read(), format!("{name}.schema.json"));
    let schema = schemas.0.get(&file).unwrap_or_else(|| panic!("there is no {file}"));
    let texts = if name == "bundle-create" { output.lines().collect() } else { vec![output] };
    let values = texts.into_iter().map(|text| serde_json::from_str::<Value>(text).unwrap());
    values.flat_map(|value| schemas.faults(&file, schema, &value, "$")).collect()
}

/// Every object in the output, by path.
fn objects(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            found.push(at.to_owned());
            for (name, value) in members {
                objects(value, &format!("{at}/{name}"), found);
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                objects(value, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// Commands and their groups below these words, as the help lists them.
fn commands(words: &[&str], found: &mut BTreeSet<String>) {
    let help = slp(&[words, &["--help"]].concat()).output;
    if help.contains("--json") || (help.contains("--format") && help.contains("json")) {
        found.insert(words.join("-"));
    }
    let Some((_, list)) = help.split_once("\nCommands:\n") else { return };
    for line in list.lines().take_while(|line| line.starts_with("  ")) {
        let name = line.split_whitespace().next().unwrap();
        if line.starts_with("  ") && !line.starts_with("   ") && name != "help" {
            commands(&[words, &[name]].concat(), found);
        }
    }
}

#[test]
fn every_command_that_writes_json_has_a_schema_and_no_other() {
    let mut found = BTreeSet::new();
    commands(&[], &mut found);
    found.remove("");
    let names = Schemas::read().0.into_keys().map(|name| name.trim_end_matches(".schema.json").to_owned());
    let schemas: BTreeSet<String> = names.filter(|name| name != "common").collect();
    assert_eq!(found, schemas);
}

#[test]
fn schemas_use_known_keywords_and_point_at_what_is_there() {
    fn walk(schemas: &Schemas, file: &str, schema: &Value) {
        let rules = schema.as_object().unwrap_or_else(|| panic!("{file}: {schema}"));
        for (word, rule) in rules {
            match word.as_str() {
                "$ref" => assert!(schemas.find(file, rule.as_str().unwrap()).is_some(), "{file}: {rule}"),
                "properties" | "$defs" => rule.as_object().unwrap().values().for_each(|one| walk(schemas, file, one)),
                "items" => walk(schemas, file, rule),
                "anyOf" => rule.as_array().unwrap().iter().for_each(|one| walk(schemas, file, one)),
                "additionalProperties" if rule.is_object() => walk(schemas, file, rule),
                word => assert!(RULES.contains(&word) || NOTES.contains(&word), "{file}: {word}"),
            }
        }
        let required = rules.get("required").and_then(Value::as_array).into_iter().flatten();
        for name in required.filter_map(Value::as_str) {
            assert!(rules["properties"].get(name).is_some(), "{file}: {name} is required and not described");
        }
    }
    let schemas = Schemas::read();
    for (file, schema) in &schemas.0 {
        walk(&schemas, file, schema);
    }
}

#[test]
fn a_member_more_or_one_less_is_seen() {
    for (name, output) in [
        ("inspect", fine(&["inspect", "--json", CONTROLLER])),
        ("usage", fine(&["usage", "--format", "json", "--by", "tag", CONTROLLER])),
        ("check", fine(&["check", "--json", CONTROLLER])),
        ("policy-due", fine(&["policy", "due", "--json", CAMPUS])),
    ] {
        assert_eq!(faults_of(name, &output), Vec::<String>::new());
        let value: Value = serde_json::from_str(&output).unwrap();
        let mut places = Vec::new();
        objects(&value, "", &mut places);
        for place in places.iter().filter(|place| !["peak", "details"].iter().any(|free| place.ends_with(free))) {
            let mut more = value.clone();
            let members = more.pointer_mut(place).unwrap().as_object_mut().unwrap();
            members.insert("new".into(), Value::Null);
            assert!(!faults_of(name, &more.to_string()).is_empty(), "{name}{place}: a new member");
        }
        let mut less = value.clone();
        let first = less.as_object().unwrap().keys().next().unwrap().clone();
        less.as_object_mut().unwrap().remove(&first);
        assert!(!faults_of(name, &less.to_string()).is_empty(), "{name}: without {first}");
        let mut other = value.clone();
        other[&first] = Value::String("?".into());
        assert!(!faults_of(name, &other.to_string()).is_empty(), "{name}: {first} is a text");
    }
}
