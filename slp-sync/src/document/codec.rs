//! Values with rules: read with their place, written in canonical form. Spec: sync, "Types".

use std::collections::BTreeSet;
use std::fmt;

use slp_crypto::canonical::{Integer, MAX_INTEGER, Object, Value};
use slp_model::{EntitlementTag, Location, UnixMillis};

use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::source::widen;

/// Where a value stands: a list from the inside out, spelled out only for an error.
#[derive(Clone, Copy)]
pub(super) enum At<'a> {
    Root,
    /// The root of a file that somebody else wrote.
    Read(&'a Limits),
    Member(&'a At<'a>, &'static str),
    Item(&'a At<'a>, usize),
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root | Self::Read(_) => f.write_str("$"),
            Self::Member(outer, name) => write!(f, "{outer}.{name}"),
            Self::Item(outer, index) => write!(f, "{outer}[{index}]"),
        }
    }
}

impl At<'_> {
    fn place(&self) -> Location {
        Location::path(self.to_string())
    }

    pub(super) fn bad(&self, rule: &'static str, text: &str) -> Error {
        Error::new(ErrorKind::BadValue, text).named(rule).at(self.place())
    }

    pub(super) fn refuse(&self, kind: ErrorKind, text: &str) -> Error {
        Error::new(kind, text).at(self.place())
    }

    /// The name of the innermost member: also the name of its limit.
    fn name(&self) -> &'static str {
        match self {
            Self::Root | Self::Read(_) => "document",
            Self::Member(_, name) => name,
            Self::Item(outer, _) => outer.name(),
        }
    }

    fn pem_bytes(&self) -> u64 {
        match self {
            Self::Root => Limits::default().pem_bytes,
            Self::Read(limits) => limits.pem_bytes,
            Self::Member(outer, _) | Self::Item(outer, _) => outer.pem_bytes(),
        }
    }
}

/// How one kind of value is read and written.
pub(super) trait Rule {
    type Value;
    fn read(value: &Value, at: &At<'_>) -> Result<Self::Value>;
    fn write(value: &Self::Value) -> Value;
}

fn text<'v>(value: &'v Value, at: &At<'_>) -> Result<&'v str> {
    value.as_str().ok_or_else(|| at.bad("type", "not a string"))
}

/// `str`: 1 to `MAX` scalars without control characters.
pub(super) struct Str<const MAX: usize = 250>;

impl<const MAX: usize> Rule for Str<MAX> {
    type Value = String;

    fn read(value: &Value, at: &At<'_>) -> Result<String> {
        let text = text(value, at)?;
        if !(1..=MAX).contains(&text.chars().count()) || text.chars().any(char::is_control) {
            return Err(at.bad("string", &format!("not a text of 1 to {MAX} characters without control characters")));
        }
        Ok(text.to_owned())
    }

    fn write(value: &String) -> Value {
        Value::from(value.as_str())
    }
}

/// `text`: up to 1,024 scalars, line feeds allowed.
pub(super) struct Text;

impl Rule for Text {
    type Value = String;

    fn read(value: &Value, at: &At<'_>) -> Result<String> {
        let text = text(value, at)?;
        if text.chars().count() > 1_024 || text.chars().any(|one| one.is_control() && one != '\n') {
            return Err(at.bad("text", "more than 1,024 characters, or a control character"));
        }
        Ok(text.to_owned())
    }

    fn write(value: &String) -> Value {
        Value::from(value.as_str())
    }
}

/// A whole number that is not negative.
pub(super) struct Count;

impl Rule for Count {
    type Value = u64;

    fn read(value: &Value, at: &At<'_>) -> Result<u64> {
        let number = value.as_i64().ok_or_else(|| at.bad("type", "not a number"))?;
        u64::try_from(number).map_err(|_| at.refuse(ErrorKind::BadNumber, "a count cannot be negative"))
    }

    fn write(value: &u64) -> Value {
        integer(i64::try_from(*value).unwrap_or(MAX_INTEGER))
    }
}

/// A whole number.
pub(super) struct Int;

impl Rule for Int {
    type Value = i64;

    fn read(value: &Value, at: &At<'_>) -> Result<i64> {
        value.as_i64().ok_or_else(|| at.bad("type", "not a number"))
    }

    fn write(value: &i64) -> Value {
        integer(*value)
    }
}

/// Numbers beyond what JSON carries everywhere are cut to the greatest that it does.
fn integer(number: i64) -> Value {
    let cut = number.clamp(MAX_INTEGER.saturating_neg(), MAX_INTEGER);
    Value::Int(Integer::try_from(cut).unwrap_or_default())
}

pub(super) struct Flag;

impl Rule for Flag {
    type Value = bool;

    fn read(value: &Value, at: &At<'_>) -> Result<bool> {
        if let Value::Bool(flag) = value { Ok(*flag) } else { Err(at.bad("type", "not true or false")) }
    }

    fn write(value: &bool) -> Value {
        Value::Bool(*value)
    }
}

/// `id64`: an id as decimal digits, since it may exceed 2^53.
pub(super) struct Id64;

impl Rule for Id64 {
    type Value = String;

    fn read(value: &Value, at: &At<'_>) -> Result<String> {
        let text = text(value, at)?;
        if !(1..=20).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(at.bad("id", "not an id of 1 to 20 digits"));
        }
        Ok(text.to_owned())
    }

    fn write(value: &String) -> Value {
        Value::from(value.as_str())
    }
}

/// `ts`: RFC 3339 in UTC.
pub(super) struct Time;

impl Rule for Time {
    type Value = UnixMillis;

    fn read(value: &Value, at: &At<'_>) -> Result<UnixMillis> {
        let given = text(value, at)?;
        let zone = ["Z", "z", "+00:00"].into_iter().find_map(|zone| given.strip_suffix(zone));
        let date_and_time = zone.filter(|rest| rest.len() >= 19 && rest.as_bytes().get(10) == Some(&b'T'));
        let time = date_and_time.and_then(|rest| rest.parse().ok());
        time.ok_or_else(|| at.bad("timestamp", "not a UTC time such as 2026-11-02T08:20:10.250Z"))
    }

    fn write(value: &UnixMillis) -> Value {
        Value::from(value.to_string())
    }
}

/// `date`: `YYYY-MM-DD`.
pub(super) struct Date;

impl Rule for Date {
    type Value = String;

    fn read(value: &Value, at: &At<'_>) -> Result<String> {
        let text = text(value, at)?;
        let fits = text.len() == 10 && text.parse::<UnixMillis>().is_ok();
        if fits { Ok(text.to_owned()) } else { Err(at.bad("date", "not a date such as 2026-11-02")) }
    }

    fn write(value: &String) -> Value {
        Value::from(value.as_str())
    }
}

/// `uuid`: 36 characters; compared byte for byte.
pub(super) struct Uuid;

impl Rule for Uuid {
    type Value = String;

    fn read(value: &Value, at: &At<'_>) -> Result<String> {
        let text = text(value, at)?;
        let fits = text.len() == 36
            && text.bytes().enumerate().all(|(index, byte)| match index {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => byte.is_ascii_hexdigit(),
            });
        if fits { Ok(text.to_owned()) } else { Err(at.bad("uuid", "not a UUID of 36 characters")) }
    }

    fn write(value: &String) -> Value {
        Value::from(value.as_str())
    }
}

/// A word for programs: 1 to 64 of `a` to `z` and `_`.
pub(super) struct Code;

impl Rule for Code {
    type Value = String;

    fn read(value: &Value, at: &At<'_>) -> Result<String> {
        let text = text(value, at)?;
        let fits = (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        if fits { Ok(text.to_owned()) } else { Err(at.bad("code", "not a word of 1 to 64 small letters and `_`")) }
    }

    fn write(value: &String) -> Value {
        Value::from(value.as_str())
    }
}

/// A licence.
pub(super) struct Tag;

impl Rule for Tag {
    type Value = EntitlementTag;

    fn read(value: &Value, at: &At<'_>) -> Result<EntitlementTag> {
        let text = text(value, at)?;
        EntitlementTag::new(text).map_err(|_| at.bad("tag", "not a tag of 1 to 255 characters"))
    }

    fn write(value: &EntitlementTag) -> Value {
        Value::from(value.as_str())
    }
}

/// `pem`: exactly one block of the right label, nothing but blanks around it.
pub(super) struct Certificate;
pub(super) struct SigningRequest;

fn pem(value: &Value, label: &str, at: &At<'_>) -> Result<String> {
    let text = text(value, at)?;
    if widen(text.len()) > at.pem_bytes() {
        return Err(Error::limit("pem_bytes", at.pem_bytes(), "bytes of one block of PEM").at(at.place()));
    }
    let inside = text
        .trim_ascii()
        .strip_prefix(&*format!("-----BEGIN {label}-----"))
        .and_then(|rest| rest.strip_suffix(&*format!("-----END {label}-----")));
    let base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b' ' | b'\n' | b'\r');
    if inside.is_some_and(|inside| inside.bytes().all(base64)) {
        return Ok(text.to_owned());
    }
    Err(at.bad("pem", &format!("not exactly one block {label}")))
}

impl Rule for Certificate {
    type Value = String;

    fn read(value: &Value, at: &At<'_>) -> Result<String> {
        pem(value, "CERTIFICATE", at)
    }

    fn write(value: &String) -> Value {
        Value::from(value.as_str())
    }
}

impl Rule for SigningRequest {
    type Value = String;

    fn read(value: &Value, at: &At<'_>) -> Result<String> {
        pem(value, "CERTIFICATE REQUEST", at)
    }

    fn write(value: &String) -> Value {
        Value::from(value.as_str())
    }
}

/// An array of at most `MAX` elements.
pub(super) struct List<R, const MAX: u64>(std::marker::PhantomData<R>);

impl<R: Rule, const MAX: u64> Rule for List<R, MAX> {
    type Value = Vec<R::Value>;

    fn read(value: &Value, at: &At<'_>) -> Result<Self::Value> {
        let Value::Array(items) = value else { return Err(at.bad("type", "not an array")) };
        if widen(items.len()) > MAX {
            return Err(Error::limit(at.name(), MAX, "elements of an array").at(at.place()));
        }
        items.iter().enumerate().map(|(index, item)| R::read(item, &At::Item(at, index))).collect()
    }

    fn write(value: &Self::Value) -> Value {
        Value::Array(value.iter().map(R::write).collect())
    }
}

/// A record that is a value by itself.
pub(super) struct Of<T>(std::marker::PhantomData<T>);

impl<T: Record> Rule for Of<T> {
    type Value = T;

    fn read(value: &Value, at: &At<'_>) -> Result<T> {
        let object = value.as_object().ok_or_else(|| at.bad("type", "not an object"))?;
        T::read_members(&Members { object, at })
    }

    fn write(value: &T) -> Value {
        let mut object = Object::new();
        value.write_members(&mut Sink(&mut object));
        Value::Object(object)
    }
}

/// One element of a list that a delta can take elements out of.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[non_exhaustive]
pub enum Row<T> {
    /// It is there, and replaces what was there as a whole.
    Present(T),
    /// It is gone: a tombstone with its key alone.
    Removed(String),
}

impl<T> Row<T> {
    /// The element, unless it is gone.
    pub fn present(&self) -> Option<&T> {
        if let Self::Present(element) = self { Some(element) } else { None }
    }
}

/// What has a key among its kind.
pub(crate) trait HasKey {
    fn key(&self) -> &str;
}

/// The key of an element, there or gone.
pub(crate) fn key_of<T: HasKey>(row: &Row<T>) -> &str {
    match row {
        Row::Present(element) => element.key(),
        Row::Removed(key) => key,
    }
}

/// A record with a key, and the name of the member that it is.
pub(super) trait Keyed: Record + HasKey {
    const KEY: &'static str;
}

pub(super) struct RowOf<T>(std::marker::PhantomData<T>);

impl<T: Keyed> Rule for RowOf<T> {
    type Value = Row<T>;

    fn read(value: &Value, at: &At<'_>) -> Result<Row<T>> {
        let object = value.as_object().ok_or_else(|| at.bad("type", "not an object"))?;
        let members = Members { object, at };
        if !members.or_default::<Flag>("removed")? {
            return T::read_members(&members).map(Row::Present);
        }
        if object.len() > 2 {
            return Err(at.bad("removed", &format!("a removed element has `{}` and `removed` alone", T::KEY)));
        }
        members.need::<Str<255>>(T::KEY).map(Row::Removed)
    }

    fn write(value: &Row<T>) -> Value {
        match value {
            Row::Present(element) => Of::<T>::write(element),
            Row::Removed(key) => {
                let mut object = Object::new();
                object.insert(T::KEY, key.as_str());
                object.insert("removed", true);
                Value::Object(object)
            }
        }
    }
}

/// Refuses two elements of one key.
pub(super) fn unique<T: Keyed>(rows: &[Row<T>], at: &At<'_>) -> Result<()> {
    once_each(rows.iter().map(key_of), T::KEY, at)
}

/// Refuses a second element with the same key.
pub(super) fn once_each<'k>(keys: impl Iterator<Item = &'k str>, name: &str, at: &At<'_>) -> Result<()> {
    let mut seen = BTreeSet::new();
    for (index, key) in keys.enumerate() {
        if !seen.insert(key) {
            let text = format!("a second element with the {name} {}", slp_model::Quoted(key));
            return Err(At::Item(at, index).refuse(ErrorKind::DuplicateId, &text));
        }
    }
    Ok(())
}

/// The members of an object.
#[derive(Clone, Copy)]
pub(super) struct Members<'a> {
    pub(super) object: &'a Object,
    pub(super) at: &'a At<'a>,
}

impl Members<'_> {
    fn get(&self, name: &str) -> Option<&Value> {
        self.object.get(name).filter(|value| **value != Value::Null)
    }

    /// Has to be there.
    pub(super) fn need<R: Rule>(&self, name: &'static str) -> Result<R::Value> {
        let at = At::Member(self.at, name);
        let value = self.get(name).ok_or_else(|| at.refuse(ErrorKind::MissingMember, "this member is not there"))?;
        R::read(value, &at)
    }

    /// May be absent; `null` is absent.
    pub(super) fn opt<R: Rule>(&self, name: &'static str) -> Result<Option<R::Value>> {
        self.get(name).map(|value| R::read(value, &At::Member(self.at, name))).transpose()
    }

    /// As `opt`; written as `null`.
    pub(super) fn or_null<R: Rule>(&self, name: &'static str) -> Result<Option<R::Value>> {
        self.opt::<R>(name)
    }

    /// As `opt`, absent meaning zero, false or nothing.
    pub(super) fn or_default<R: Rule>(&self, name: &'static str) -> Result<R::Value>
    where
        R::Value: Default,
    {
        Ok(self.opt::<R>(name)?.unwrap_or_default())
    }

    /// The name of the server, which the slides spell in another way (doc).
    pub(super) fn server<R: Rule>(&self, _: &'static str) -> Result<R::Value> {
        let names = ["on_prem_name", "On-Prem_name", "satellite_name"];
        let name = names.into_iter().find(|name| self.get(name).is_some()).unwrap_or("on_prem_name");
        self.need::<R>(name)
    }
}

/// Where members are written to.
pub(super) struct Sink<'a>(pub(super) &'a mut Object);

impl Sink<'_> {
    pub(super) fn need<R: Rule>(&mut self, name: &'static str, value: &R::Value) {
        self.0.insert(name, R::write(value));
    }

    pub(super) fn server<R: Rule>(&mut self, name: &'static str, value: &R::Value) {
        self.need::<R>(name, value);
    }

    #[expect(clippy::ref_option, reason = "the macro passes every field alike")]
    pub(super) fn opt<R: Rule>(&mut self, name: &'static str, value: &Option<R::Value>) {
        if let Some(value) = value {
            self.need::<R>(name, value);
        }
    }

    #[expect(clippy::ref_option, reason = "the macro passes every field alike")]
    pub(super) fn or_null<R: Rule>(&mut self, name: &'static str, value: &Option<R::Value>) {
        self.0.insert(name, value.as_ref().map_or(Value::Null, R::write));
    }

    pub(super) fn or_default<R: Rule>(&mut self, name: &'static str, value: &R::Value)
    where
        R::Value: Default + PartialEq,
    {
        if *value != R::Value::default() {
            self.need::<R>(name, value);
        }
    }
}

/// A struct whose fields are members.
pub(super) trait Record: Sized {
    fn read_members(members: &Members<'_>) -> Result<Self>;
    fn write_members(&self, sink: &mut Sink<'_>);
}

/// What a value is before anything is known: for building documents.
pub(super) trait Blank {
    fn blank() -> Self;
}

macro_rules! blank {
    ($($type:ty => $value:expr),+) => { $( impl Blank for $type { fn blank() -> Self { $value } } )+ };
}

blank!(String => String::new(), u64 => 0, bool => false, UnixMillis => UnixMillis::MIN);

impl<T> Blank for Option<T> {
    fn blank() -> Self {
        None
    }
}

impl<T> Blank for Vec<T> {
    fn blank() -> Self {
        Vec::new()
    }
}

/// Declares a record: each field with its type, whether it has to be there, and its rule.
macro_rules! record {
    ($(#[$meta:meta])* $name:ident { $( $(#[$field_meta:meta])* $field:ident: $type:ty = $mode:ident($rule:ty); )+ }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[non_exhaustive]
        pub struct $name { $( $(#[$field_meta])* pub $field: $type, )+ }

        impl $crate::document::codec::Record for $name {
            fn read_members(members: &$crate::document::codec::Members<'_>) -> $crate::error::Result<Self> {
                Ok(Self { $( $field: members.$mode::<$rule>(stringify!($field))?, )+ })
            }

            fn write_members(&self, sink: &mut $crate::document::codec::Sink<'_>) {
                $( sink.$mode::<$rule>(stringify!($field), &self.$field); )+
            }
        }
    };
    (blank $(#[$meta:meta])* $name:ident { $( $(#[$field_meta:meta])* $field:ident: $type:ty = $mode:ident($rule:ty); )+ }) => {
        $crate::document::codec::record! {
            $(#[$meta])* $name { $( $(#[$field_meta])* $field: $type = $mode($rule); )+ }
        }

        impl Default for $name {
            /// Nothing filled in.
            fn default() -> Self {
                Self { $( $field: $crate::document::codec::Blank::blank(), )+ }
            }
        }
    };
}

pub(super) use record;
