//! The plain values of the wire.

use std::collections::BTreeMap;

use slp_model::UnixMillis;
use slp_model::json::ValueKind;

use super::{Fail, In, Out, Wire};

impl Wire for String {
    fn read(input: &mut In<'_, '_>) -> Result<Self, Fail> {
        Ok(input.reader.string().map_err(Fail::from)?.into_owned())
    }

    fn write(&self, out: &mut Out) {
        out.string(self);
    }
}

impl Wire for bool {
    fn read(input: &mut In<'_, '_>) -> Result<Self, Fail> {
        input.reader.bool().map_err(Fail::from)
    }

    fn write(&self, out: &mut Out) {
        out.text.push_str(if *self { "true" } else { "false" });
    }
}

/// A whole number: as a JSON integer, or as a string of digits. Never with fraction or exponent.
fn whole<T: std::str::FromStr>(input: &mut In<'_, '_>) -> Result<T, Fail> {
    let at = input.reader.value_offset();
    let bad = |text: &str| {
        let text = format!("{} where a whole number in range should stand", slp_model::Quoted(text));
        Err(Fail::shape(at, text))
    };
    if input.reader.kind().map_err(Fail::from)? == ValueKind::String {
        let text = input.reader.string().map_err(Fail::from)?;
        let digits = text.strip_prefix('-').unwrap_or(&text);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return bad(&text);
        }
        return text.parse().or_else(|_| bad(&text));
    }
    let raw = input.reader.number().map_err(Fail::from)?;
    raw.parse().or_else(|_| bad(raw))
}

macro_rules! whole_numbers {
    ($($number:ty),+) => {$(
        impl Wire for $number {
            fn read(input: &mut In<'_, '_>) -> Result<Self, Fail> {
                whole(input)
            }

            fn write(&self, out: &mut Out) {
                out.text.push_str(&self.to_string());
            }
        }
    )+};
}
whole_numbers!(u16, u32, u64, i64);

impl Wire for UnixMillis {
    fn read(input: &mut In<'_, '_>) -> Result<Self, Fail> {
        let at = input.reader.value_offset();
        let value: u64 = whole(input)?;
        Self::new(value).map_err(|error| Fail::shape(at, error.message()))
    }

    fn write(&self, out: &mut Out) {
        out.text.push_str(&self.get().to_string());
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn read(input: &mut In<'_, '_>) -> Result<Self, Fail> {
        let mut values = Self::new();
        input.reader.begin_array().map_err(Fail::from)?;
        while input.reader.next_element().map_err(Fail::from)? {
            let value = T::read(input).map_err(|fail| fail.in_element(values.len()))?;
            values.push(value);
        }
        Ok(values)
    }

    fn write(&self, out: &mut Out) {
        out.text.push('[');
        let mut first = true;
        for value in self {
            if !std::mem::take(&mut first) {
                out.text.push(',');
            }
            value.write(out);
        }
        out.text.push(']');
    }
}

/// Field name to texts, as error answers have them. A single text counts as a list of one.
impl Wire for BTreeMap<String, Vec<String>> {
    fn read(input: &mut In<'_, '_>) -> Result<Self, Fail> {
        let mut map = Self::new();
        input.reader.begin_object().map_err(Fail::from)?;
        loop {
            let at = input.reader.value_offset();
            let Some(name) = input.reader.next_member().map_err(Fail::from)? else {
                return Ok(map);
            };
            if map.contains_key(&*name) {
                return Err(slp_model::json::Fault::duplicate(at, &name).into());
            }
            let texts = match input.reader.kind().map_err(Fail::from)? {
                ValueKind::Array => Vec::read(input).map_err(|fail| fail.in_member("errors"))?,
                _ => vec![String::read(input).map_err(|fail| fail.in_member("errors"))?],
            };
            map.insert(name.into_owned(), texts);
        }
    }

    fn write(&self, out: &mut Out) {
        out.text.push('{');
        let mut first = true;
        for (name, texts) in self {
            out.member(&mut first, name);
            texts.write(out);
        }
        out.text.push('}');
    }
}

/// A JSON value of which only the raw text is known. Spec: transport, "a1" (items of `usage_list`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawJson(String);

impl RawJson {
    /// The text of a value of ours.
    pub(crate) fn of(value: &impl Wire) -> Self {
        Self(crate::wire::to_text(value))
    }

    /// The text, as it stood.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Wire for RawJson {
    fn read(input: &mut In<'_, '_>) -> Result<Self, Fail> {
        Ok(Self(input.reader.skip().map_err(Fail::from)?.to_owned()))
    }

    fn write(&self, out: &mut Out) {
        slp_model::json::write_compact(&mut out.text, &self.0);
    }
}

/// A count that is written as a string, `"1"` (seen), and read as string or number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Count(u64);

impl Count {
    /// The number.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl From<u64> for Count {
    fn from(count: u64) -> Self {
        Self(count)
    }
}

impl Wire for Count {
    fn read(input: &mut In<'_, '_>) -> Result<Self, Fail> {
        whole(input).map(Self)
    }

    fn write(&self, out: &mut Out) {
        out.string(&self.0.to_string());
    }
}

/// Yes or no, which the account calls spell `true`, `"true"` or `"yes"` (code). Written as `"true"` or `"false"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Flag(bool);

impl Flag {
    /// Is it yes?
    pub fn is_yes(self) -> bool {
        self.0
    }
}

impl From<bool> for Flag {
    fn from(yes: bool) -> Self {
        Self(yes)
    }
}

impl Wire for Flag {
    fn read(input: &mut In<'_, '_>) -> Result<Self, Fail> {
        let at = input.reader.value_offset();
        if input.reader.kind().map_err(Fail::from)? == ValueKind::Bool {
            return bool::read(input).map(Self);
        }
        let text = input.reader.string().map_err(Fail::from)?;
        match text.to_ascii_lowercase().as_str() {
            "true" | "yes" => Ok(Self(true)),
            "false" | "no" | "" => Ok(Self(false)),
            _ => Err(Fail::shape(at, format!("{} where yes or no should stand", slp_model::Quoted(&text)))),
        }
    }

    fn write(&self, out: &mut Out) {
        out.string(if self.0 { "true" } else { "false" });
    }
}

/// A value of which `null`, the empty text and the text `None` all mean "none" (seen). Spec: transport, "JSON".
pub(crate) fn said(input: &mut In<'_, '_>) -> Result<Option<String>, Fail> {
    match input.reader.kind().map_err(Fail::from)? {
        ValueKind::Null => input.reader.null().map(|()| None).map_err(Fail::from),
        // One service sends its codes as numbers: the digits are the code.
        ValueKind::Number => Ok(Some(input.reader.number().map_err(Fail::from)?.to_owned())),
        _ => {
            let text = input.reader.string().map_err(Fail::from)?;
            Ok(if text.is_empty() || text == "None" { None } else { Some(text.into_owned()) })
        }
    }
}

/// `null`, or a value.
pub(crate) fn nullable<T: Wire>(input: &mut In<'_, '_>) -> Result<Option<T>, Fail> {
    if input.reader.kind().map_err(Fail::from)? == ValueKind::Null {
        input.reader.null().map_err(Fail::from)?;
        return Ok(None);
    }
    T::read(input).map(Some)
}
