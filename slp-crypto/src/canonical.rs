//! JSON that has exactly one form: a subset of RFC 8785 without floats, with unique member names. Spec: crypto,
//! "Canonical JSON" (choice).
//!
//! For documents that this SDK defines itself. What others signed is never brought into this form: there the bytes
//! themselves are kept.
//!
//! ```
//! use slp_crypto::canonical::Value;
//!
//! let value = Value::read(br#"{ "b": [1, true, null], "a": "\u00e9/" }"#)?;
//! assert_eq!(value.to_string(), r#"{"a":"é/","b":[1,true,null]}"#);
//! assert!(Value::read(b"1.0").is_err());
//! # Ok::<(), slp_crypto::Error>(())
//! ```

mod de;
mod object;
mod read;
mod ser;
mod write;

pub use object::Object;
pub use read::Limits;
pub use ser::to_value;

use crate::error::{Error, ErrorKind};

/// The greatest integer that every JSON reader takes as it is: 2^53 - 1.
pub const MAX_INTEGER: i64 = (1 << 53) - 1;

/// A whole number from -(2^53 - 1) to 2^53 - 1. Greater ones are written as strings of digits by the documents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Integer(i64);

impl Integer {
    /// The number.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl TryFrom<i64> for Integer {
    type Error = Error;

    fn try_from(number: i64) -> Result<Self, Error> {
        if (-MAX_INTEGER..=MAX_INTEGER).contains(&number) {
            return Ok(Self(number));
        }
        Err(out_of_range(number))
    }
}

impl From<i32> for Integer {
    fn from(number: i32) -> Self {
        Self(number.into())
    }
}

impl From<u32> for Integer {
    fn from(number: u32) -> Self {
        Self(number.into())
    }
}

fn out_of_range(number: impl std::fmt::Display) -> Error {
    let text = format!("the integer {number} is beyond 2^53 - 1: such numbers are written as strings of digits");
    Error::new(ErrorKind::Range, text)
}

/// A JSON value that has one canonical form. It cannot hold a float, an integer that others would round, or a member
/// name twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "JSON will not get another type")]
pub enum Value {
    /// `null`
    #[default]
    Null,
    /// `true` and `false`
    Bool(bool),
    /// A whole number.
    Int(Integer),
    /// A string, as it is: no Unicode normalisation.
    String(String),
    /// An array.
    Array(Vec<Value>),
    /// An object.
    Object(Object),
}

impl Value {
    /// Reads JSON with the default [`Limits`].
    ///
    /// # Errors
    /// [`ErrorKind::Syntax`] for what is not JSON in UTF-8 (a byte order mark is not), [`ErrorKind::Float`],
    /// [`ErrorKind::Range`], [`ErrorKind::DuplicateKey`], [`ErrorKind::Depth`], [`ErrorKind::Size`]; with line, column
    /// and path.
    pub fn read(text: &[u8]) -> Result<Self, Error> {
        read::read(text, &Limits::default())
    }

    /// Reads JSON with these limits.
    ///
    /// # Errors
    /// As [`Value::read`].
    pub fn read_with(text: &[u8], limits: &Limits) -> Result<Self, Error> {
        read::read(text, limits)
    }

    /// A typed reading of this value.
    ///
    /// # Errors
    /// [`ErrorKind::Member`] where the value is not what `T` wants.
    pub fn to_typed<T: serde::de::DeserializeOwned>(&self) -> Result<T, Error> {
        T::deserialize(self)
    }

    /// The object, if it is one.
    pub const fn as_object(&self) -> Option<&Object> {
        if let Self::Object(object) = self { Some(object) } else { None }
    }

    /// The text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// The number, if it is one.
    pub const fn as_i64(&self) -> Option<i64> {
        if let Self::Int(number) = self { Some(number.get()) } else { None }
    }

    const fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Int(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Integer> for Value {
    fn from(value: Integer) -> Self {
        Self::Int(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::String(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::String(value)
    }
}

impl From<Object> for Value {
    fn from(value: Object) -> Self {
        Self::Object(value)
    }
}

impl From<Vec<Value>> for Value {
    fn from(value: Vec<Value>) -> Self {
        Self::Array(value)
    }
}
