//! From Rust values. What has no canonical form is refused: floats, byte strings, keys that are no strings.

use serde::ser::{self, Serialize, Serializer};

use super::{Integer, Object, Value};
use crate::error::{Error, ErrorKind};

/// Arrays and objects in each other, as in reading.
const MAX_DEPTH: u32 = 32;

/// The canonical value of a Rust value.
///
/// ```
/// let value = slp_crypto::canonical::to_value(&[("b", 1), ("a", 2)])?;
/// assert_eq!(value.to_string(), r#"[["b",1],["a",2]]"#);
/// assert!(slp_crypto::canonical::to_value(&1.5).is_err());
/// # Ok::<(), slp_crypto::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::NotCanonical`] for floats, bytes and keys that are no strings; [`ErrorKind::Range`],
/// [`ErrorKind::DuplicateKey`], [`ErrorKind::Depth`].
pub fn to_value<T: Serialize + ?Sized>(value: &T) -> Result<Value, Error> {
    value.serialize(Writer { depth: 0 })
}

impl ser::Error for Error {
    fn custom<T: std::fmt::Display>(text: T) -> Self {
        Self::new(ErrorKind::NotCanonical, text.to_string())
    }
}

fn no_form(what: &str) -> Error {
    Error::new(ErrorKind::NotCanonical, format!("{what} has no canonical form"))
}

#[derive(Clone, Copy)]
struct Writer {
    depth: u32,
}

impl Writer {
    fn deeper(self) -> Result<Self, Error> {
        let depth = self.depth.saturating_add(1);
        if depth > MAX_DEPTH {
            let text = format!("nested more than {MAX_DEPTH} levels deep");
            return Err(Error::new(ErrorKind::Depth, text).named("depth"));
        }
        Ok(Self { depth })
    }

    fn items(self, wrap: Option<&'static str>) -> Result<Items, Error> {
        let outer = if wrap.is_some() { self.deeper()? } else { self };
        Ok(Items { values: Vec::new(), writer: outer.deeper()?, wrap })
    }

    fn members(self, wrap: Option<&'static str>) -> Result<Members, Error> {
        let outer = if wrap.is_some() { self.deeper()? } else { self };
        Ok(Members { done: Vec::new(), name: None, writer: outer.deeper()?, wrap })
    }
}

fn wrapped(wrap: Option<&'static str>, value: Value) -> Value {
    let Some(name) = wrap else { return value };
    let mut object = Object::new();
    object.insert(name, value);
    Value::Object(object)
}

macro_rules! integers {
    ($($method:ident: $type:ty),+) => {
        $(fn $method(self, number: $type) -> Result<Value, Error> {
            match i64::try_from(number).ok().map(Integer::try_from) {
                Some(number) => number.map(Value::Int),
                None => Err(super::out_of_range(number)),
            }
        })+
    };
}

impl Serializer for Writer {
    type Ok = Value;
    type Error = Error;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = Items;
    type SerializeTupleVariant = Items;
    type SerializeMap = Members;
    type SerializeStruct = Members;
    type SerializeStructVariant = Members;

    integers!(
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_i128: i128,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_u128: u128
    );

    fn serialize_bool(self, value: bool) -> Result<Value, Error> {
        Ok(Value::Bool(value))
    }

    fn serialize_f32(self, _: f32) -> Result<Value, Error> {
        Err(no_form("a float"))
    }

    fn serialize_f64(self, _: f64) -> Result<Value, Error> {
        Err(no_form("a float"))
    }

    fn serialize_char(self, value: char) -> Result<Value, Error> {
        Ok(Value::String(value.to_string()))
    }

    fn serialize_str(self, value: &str) -> Result<Value, Error> {
        Ok(Value::String(value.to_owned()))
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<Value, Error> {
        Err(no_form("a string of bytes"))
    }

    fn serialize_none(self) -> Result<Value, Error> {
        Ok(Value::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value, Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Value, Error> {
        Ok(Value::Null)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Value, Error> {
        Ok(Value::Null)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Value, Error> {
        Ok(Value::String(variant.to_owned()))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<Value, Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Value, Error> {
        Ok(wrapped(Some(variant), value.serialize(self.deeper()?)?))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Items, Error> {
        self.items(None)
    }

    fn serialize_tuple(self, _: usize) -> Result<Items, Error> {
        self.items(None)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Items, Error> {
        self.items(None)
    }

    fn serialize_tuple_variant(self, _: &'static str, _: u32, name: &'static str, _: usize) -> Result<Items, Error> {
        self.items(Some(name))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Members, Error> {
        self.members(None)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Members, Error> {
        self.members(None)
    }

    fn serialize_struct_variant(self, _: &'static str, _: u32, name: &'static str, _: usize) -> Result<Members, Error> {
        self.members(Some(name))
    }
}

/// Elements of an array.
struct Items {
    values: Vec<Value>,
    writer: Writer,
    wrap: Option<&'static str>,
}

impl Items {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.values.push(value.serialize(self.writer)?);
        Ok(())
    }

    fn finish(self) -> Value {
        wrapped(self.wrap, Value::Array(self.values))
    }
}

macro_rules! items {
    ($($trait:ident $method:ident),+) => {
        $(impl ser::$trait for Items {
            type Ok = Value;
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.push(value)
            }

            fn end(self) -> Result<Value, Error> {
                Ok(self.finish())
            }
        })+
    };
}

items!(
    SerializeSeq serialize_element, SerializeTuple serialize_element, SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field
);

/// Members of an object.
struct Members {
    done: Vec<(String, Value)>,
    name: Option<String>,
    writer: Writer,
    wrap: Option<&'static str>,
}

impl Members {
    fn push<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Error> {
        self.done.push((name.to_owned(), value.serialize(self.writer)?));
        Ok(())
    }

    fn finish(self) -> Result<Value, Error> {
        let object = Object::from_members(self.done).map_err(|name| {
            let text = format!("the member {} is there twice", slp_model::Quoted(&name));
            Error::new(ErrorKind::DuplicateKey, text)
        })?;
        Ok(wrapped(self.wrap, Value::Object(object)))
    }
}

macro_rules! members {
    ($($trait:ident),+) => {
        $(impl ser::$trait for Members {
            type Ok = Value;
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
                self.push(name, value)
            }

            fn end(self) -> Result<Value, Error> {
                self.finish()
            }
        })+
    };
}

members!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Members {
    type Ok = Value;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, name: &T) -> Result<(), Error> {
        match name.serialize(self.writer)? {
            Value::String(name) => {
                self.name = Some(name);
                Ok(())
            }
            _ => Err(no_form("a map with keys that are no strings")),
        }
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let name = self.name.take().ok_or_else(|| no_form("a value without its key"))?;
        self.done.push((name, value.serialize(self.writer)?));
        Ok(())
    }

    fn end(self) -> Result<Value, Error> {
        self.finish()
    }
}

/// A value is itself: nothing is lost on the way through serde.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(number) => serializer.serialize_i64(number.get()),
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(values) => serializer.collect_seq(values),
            Self::Object(object) => serializer.collect_map(object.iter().map(|(name, value)| (name, value))),
        }
    }
}
