//! Reading with `serde_json` and a visitor of our own: what the library would round, merge or lose is refused here.
//! Spec: crypto, "Canonical JSON", "Reading".

use std::cell::{Cell, RefCell};
use std::fmt::{self, Write as _};

use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use slp_model::{Budget, Location, Quoted};

use super::{Integer, Object, Value};
use crate::error::{Error, ErrorKind};

/// What a text may cost. A limit takes n and refuses n + 1.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of the text. Default 64 MiB.
    pub text_bytes: usize,
    /// Arrays and objects in each other. Default 32; documents of the SDK: 16.
    pub depth: u32,
    /// Members of one object, elements of one array. Default 1,000,000.
    pub members: u64,
    /// Bytes of memory that the value takes, as they are asked of the allocator: counted before they are taken, since
    /// `[1],` is four bytes of text and sixty-four of memory. Default 256 MiB. Beside them the reader holds one string,
    /// which is never longer than the text.
    pub memory_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { text_bytes: 64 << 20, depth: 32, members: 1_000_000, memory_bytes: 256 << 20 }
    }
}

impl Limits {
    /// The same with another depth.
    #[must_use]
    pub const fn with_depth(mut self, depth: u32) -> Self {
        self.depth = depth;
        self
    }
}

/// The name under which `serde_json` hands over numbers as text, when some crate in the build asks for that: it would
/// turn numbers into objects.
const NUMBER_AS_TEXT: &str = "$serde_json::private::Number";

pub(super) fn read(text: &[u8], limits: &Limits) -> Result<Value, Error> {
    if text.len() > limits.text_bytes {
        let what = format!("the document is longer than {} bytes", limits.text_bytes);
        return Err(Error::new(ErrorKind::Size, what).named("text_bytes"));
    }
    let (noted, held) = (RefCell::new(Noted::default()), Cell::new(0));
    let mut source = serde_json::Deserializer::from_slice(text);
    let seed = Seed { noted: &noted, held: &held, limits, depth: 0 };
    let value = seed.deserialize(&mut source).and_then(|value| source.end().map(|()| value));
    value.map_err(|error| noted.into_inner().explain(text, &error))
}

/// What the visitor found wrong, and the way there, innermost first.
#[derive(Default)]
struct Noted {
    fault: Option<Fault>,
    path: Vec<Step>,
}

enum Fault {
    /// A number that the library made a float of: which kind of fault it is shows in the text.
    Float,
    Other(ErrorKind, Option<&'static str>, String),
}

enum Step {
    Index(usize),
    Member(String),
}

impl Noted {
    fn explain(self, text: &[u8], error: &serde_json::Error) -> Error {
        let (at, offset) = position(text, error, &self.path);
        match self.fault {
            Some(Fault::Float) => {
                let number = number_before(text, offset);
                let float = number.contains(['.', 'e', 'E']) || number == "-0";
                let error = if float {
                    let what = format!("the number {} is no plain integer: it has more than one form", Quoted(number));
                    Error::new(ErrorKind::Float, what)
                } else {
                    super::out_of_range(Quoted(number))
                };
                error.at(at)
            }
            Some(Fault::Other(kind, name, text)) => {
                let error = Error::new(kind, text).at(at);
                if let Some(name) = name { error.named(name) } else { error }
            }
            None => {
                // the library's text ends in its own form of the place
                let what = error.to_string();
                let what = what.rsplit_once(" at line ").map_or(what.as_str(), |(what, _)| what);
                Error::new(ErrorKind::Syntax, format!("this is not JSON: {what}")).at(at)
            }
        }
    }
}

/// Line, column in characters, and offset.
fn position(text: &[u8], error: &serde_json::Error, path: &[Step]) -> (Location, usize) {
    let mut at = Location::default();
    let line_index = error.line().saturating_sub(1);
    let before: usize = text.split_inclusive(|&byte| byte == b'\n').take(line_index).map(<[u8]>::len).sum();
    let offset = before.saturating_add(error.column()).min(text.len());
    let line = text.get(before..offset).unwrap_or_default();
    let column = String::from_utf8_lossy(line).chars().count().max(1);
    at.line = u64::try_from(error.line().max(1)).ok();
    at.column = u64::try_from(column).ok();
    at.byte = u64::try_from(offset.saturating_sub(1)).ok();
    at.path = path.iter().rev().fold(String::from("$"), |mut path, step| {
        // writing to a string cannot fail
        let _ = match step {
            Step::Index(index) => write!(path, "[{index}]"),
            Step::Member(name) => write!(path, ".{}", name.chars().take(40).collect::<String>()),
        };
        path
    });
    (at, offset)
}

/// The number that ends at this offset.
fn number_before(text: &[u8], offset: usize) -> &str {
    let head = text.get(..offset).unwrap_or_default();
    let part = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E');
    let length = head.iter().rev().take_while(|byte| part(byte)).count();
    let number = head.get(head.len().saturating_sub(length)..).unwrap_or_default();
    std::str::from_utf8(number).unwrap_or_default()
}

/// Reads one value at this depth.
#[derive(Clone, Copy)]
struct Seed<'a> {
    noted: &'a RefCell<Noted>,
    /// Bytes of memory that all values together take so far.
    held: &'a Cell<u64>,
    limits: &'a Limits,
    depth: u32,
}

/// The fewest places that a container with anything in it gets at first.
const FIRST: usize = 4;

/// Memory is short when more than this part of it is taken: an eighth.
const SHORT: u64 = 8;

/// The memory of so many.
fn memory<T>(count: usize) -> u64 {
    u64::try_from(count.saturating_mul(size_of::<T>())).unwrap_or(u64::MAX)
}

impl Seed<'_> {
    fn fault<E: de::Error>(&self, fault: Fault) -> E {
        self.noted.borrow_mut().fault = Some(fault);
        E::custom("refused")
    }

    fn step(&self, step: Step) {
        self.noted.borrow_mut().path.push(step);
    }

    fn deeper<E: de::Error>(&self) -> Result<Self, E> {
        let depth = self.depth.saturating_add(1);
        if depth > self.limits.depth {
            let text = format!("nested more than {} levels deep", self.limits.depth);
            return Err(self.fault(Fault::Other(ErrorKind::Depth, Some("depth"), text)));
        }
        Ok(Self { depth, ..*self })
    }

    fn integer<E: de::Error>(&self, number: Option<i64>, shown: impl fmt::Display) -> Result<Value, E> {
        if let Some(number) = number.and_then(|number| Integer::try_from(number).ok()) {
            return Ok(Value::Int(number));
        }
        let error = super::out_of_range(shown);
        Err(self.fault(Fault::Other(error.kind(), None, error.message().to_owned())))
    }

    fn count<E: de::Error>(&self, budget: &mut Budget) -> Result<(), E> {
        budget.take(1).map_err(|limit| self.fault(Fault::Other(ErrorKind::Size, Some(limit.name), limit.to_string())))
    }

    /// Counts memory that is about to be taken.
    fn hold<E: de::Error>(&self, bytes: u64) -> Result<(), E> {
        let held = self.held.get().saturating_add(bytes);
        if held > self.limits.memory_bytes {
            let text = format!("the values take more than {} bytes of memory", self.limits.memory_bytes);
            return Err(self.fault(Fault::Other(ErrorKind::Size, Some("memory_bytes"), text)));
        }
        self.held.set(held);
        Ok(())
    }

    fn release(&self, bytes: u64) {
        self.held.set(self.held.get().saturating_sub(bytes));
    }

    fn text<E: de::Error>(&self, text: &str) -> Result<String, E> {
        self.hold(memory::<u8>(text.len()))?;
        Ok(text.to_owned())
    }

    /// Adds to a container. Its old and its new place may be there side by side.
    fn push<T, E: de::Error>(&self, items: &mut Vec<T>, item: T) -> Result<(), E> {
        if items.len() == items.capacity() {
            let before = items.capacity();
            self.hold(memory::<T>(before.saturating_mul(2).max(FIRST)))?;
            items.reserve_exact(before.max(FIRST));
            self.release(memory::<T>(before));
        }
        items.push(item);
        Ok(())
    }

    /// Gives back what a container has too much, once memory is short: until then moving it costs more than it saves. One that
    /// cannot be moved within the limit stays as it is.
    fn fit<T>(&self, items: &mut Vec<T>) {
        if self.held.get() < self.limits.memory_bytes / SHORT {
            return;
        }
        let (before, after) = (memory::<T>(items.capacity()), memory::<T>(items.len()));
        if after < before && self.held.get().saturating_add(after) <= self.limits.memory_bytes {
            items.shrink_to_fit();
            self.release(before.saturating_sub(after));
        }
    }
}

/// Reads the name of a member.
struct Name<'a>(Seed<'a>);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = String;

    fn deserialize<D: serde::Deserializer<'de>>(self, source: D) -> Result<String, D::Error> {
        source.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a member")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<String, E> {
        self.0.text(name)
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, source: D) -> Result<Value, D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Value, E> {
        self.integer(Some(number), number)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Value, E> {
        self.integer(i64::try_from(number).ok(), number)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Value, E> {
        Err(self.fault(Fault::Float))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        self.text(text).map(Value::String)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut budget = Budget::new("members", self.limits.members);
        let mut values = Vec::new();
        loop {
            match seq.next_element_seed(inner) {
                Ok(Some(value)) => {
                    self.count(&mut budget)?;
                    self.push(&mut values, value)?;
                }
                Ok(None) => {
                    self.fit(&mut values);
                    return Ok(Value::Array(values));
                }
                Err(error) => {
                    self.step(Step::Index(values.len()));
                    return Err(error);
                }
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut budget = Budget::new("members", self.limits.members);
        let mut members: Vec<(String, Value)> = Vec::new();
        while let Some(name) = map.next_key_seed(Name(self))? {
            self.count(&mut budget)?;
            if name == NUMBER_AS_TEXT {
                let text = "a number arrived as text: serde_json was built with `arbitrary_precision`, turn it off";
                return Err(self.fault(Fault::Other(ErrorKind::Float, None, text.to_owned())));
            }
            match map.next_value_seed(inner) {
                Ok(value) => self.push(&mut members, (name, value))?,
                Err(error) => {
                    self.step(Step::Member(name));
                    return Err(error);
                }
            }
        }
        self.fit(&mut members);
        Object::from_members(members).map(Value::Object).map_err(|name| {
            let text = format!("the member {} is there twice", Quoted(&name));
            self.fault(Fault::Other(ErrorKind::DuplicateKey, None, text))
        })
    }
}
