//! Data from serde: any `Serialize` type becomes a value, as `serde_json` would make it JSON.

use super::compare;
use super::kinds::{Array, Object, Value};
use crate::base::Str;
use serde::ser::{self, Serialize};
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

/// Why data could not be made a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataError(String);

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for DataError {}

impl ser::Error for DataError {
    fn custom<T: fmt::Display>(message: T) -> DataError {
        DataError(message.to_string())
    }
}

/// Deepest data that is taken: serde itself recurses, so this bounds the stack.
const DEPTH: usize = 1_000;

/// A value of anything that serde can serialize. Integers beyond 2^53 lose precision, as in JavaScript; `None` and unit
/// become `null`; enum variants take serde's usual outer tag.
///
/// # Errors
/// A map key that is neither a string, a number, a bool nor a char; nesting deeper than 1 000 levels; an error of the
/// type's own `Serialize`.
pub fn to_value<T: Serialize + ?Sized>(value: &T) -> Result<Value, DataError> {
    value.serialize(Serializer { keys: Keys::default(), depth: 0 })
}

/// From `serde_json`, without recursion over more than its own depth.
pub(super) fn from_json(json: &serde_json::Value) -> Value {
    fn convert(json: &serde_json::Value, keys: &Keys, depth: usize) -> Value {
        use serde_json::Value as Json;
        match json {
            Json::Null => Value::Null,
            Json::Bool(b) => Value::Bool(*b),
            Json::Number(n) => Value::Number(n.as_f64().unwrap_or(f64::NAN)),
            Json::String(s) => Value::from(s.as_str()),
            // A `serde_json::Value` built by hand may nest deeper than any parser allows; what is below is cut off.
            _ if depth > DEPTH => Value::Null,
            Json::Array(items) => items.iter().map(|v| convert(v, keys, depth + 1)).collect::<Vec<_>>().into(),
            Json::Object(map) => {
                let entries = map.iter().map(|(k, v)| (keys.intern(k), convert(v, keys, depth + 1)));
                entries.collect::<Object>().into()
            }
        }
    }
    convert(json, &Keys::default(), 0)
}

/// The same key in a thousand rows is one string.
#[derive(Clone, Default)]
struct Keys(Rc<RefCell<HashMap<String, Str>>>);

impl Keys {
    fn intern(&self, key: &str) -> Str {
        let mut keys = self.0.borrow_mut();
        match keys.get(key) {
            Some(known) => known.clone(),
            None => {
                let made = Str::new(key);
                keys.insert(key.to_owned(), made.clone());
                made
            }
        }
    }
}

struct Serializer {
    keys: Keys,
    depth: usize,
}

impl Serializer {
    fn deeper(&self) -> Result<Serializer, DataError> {
        if self.depth >= DEPTH {
            return Err(DataError(format!("data nests deeper than {DEPTH} levels")));
        }
        Ok(Serializer { keys: self.keys.clone(), depth: self.depth + 1 })
    }

    fn tagged(&self, variant: &'static str, value: Value) -> Value {
        [(self.keys.intern(variant), value)].into_iter().collect::<Object>().into()
    }
}

macro_rules! numbers {
    ($($name:ident: $t:ty),*) => {$(
        fn $name(self, n: $t) -> Result<Value, DataError> {
            Ok(Value::Number(n as f64))
        }
    )*};
}

impl ser::Serializer for Serializer {
    type Ok = Value;
    type Error = DataError;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = Items;
    type SerializeTupleVariant = Items;
    type SerializeMap = Entries;
    type SerializeStruct = Entries;
    type SerializeStructVariant = Entries;

    numbers!(
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_u8: u8,
        serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_f32: f32, serialize_f64: f64
    );

    fn serialize_bool(self, b: bool) -> Result<Value, DataError> {
        Ok(Value::Bool(b))
    }
    fn serialize_char(self, c: char) -> Result<Value, DataError> {
        Ok(c.to_string().into())
    }
    fn serialize_str(self, s: &str) -> Result<Value, DataError> {
        Ok(s.into())
    }
    fn serialize_bytes(self, bytes: &[u8]) -> Result<Value, DataError> {
        Ok(bytes.iter().map(|&b| Value::from(b)).collect::<Vec<_>>().into())
    }
    fn serialize_none(self) -> Result<Value, DataError> {
        Ok(Value::Null)
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value, DataError> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<Value, DataError> {
        Ok(Value::Null)
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<Value, DataError> {
        Ok(Value::Null)
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Value, DataError> {
        Ok(variant.into())
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<Value, DataError> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Value, DataError> {
        let inner = value.serialize(self.deeper()?)?;
        Ok(self.tagged(variant, inner))
    }
    fn serialize_seq(self, length: Option<usize>) -> Result<Items, DataError> {
        let items = Vec::with_capacity(length.unwrap_or(0).min(4096));
        Ok(Items { inner: self.deeper()?, items, variant: None })
    }
    fn serialize_tuple(self, length: usize) -> Result<Items, DataError> {
        self.serialize_seq(Some(length))
    }
    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<Items, DataError> {
        self.serialize_seq(Some(length))
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Items, DataError> {
        Ok(Items { variant: Some(variant), ..self.serialize_seq(Some(length))? })
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Entries, DataError> {
        Ok(Entries { inner: self.deeper()?, object: Object::new(), key: None, variant: None })
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Entries, DataError> {
        self.serialize_map(None)
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Entries, DataError> {
        Ok(Entries { variant: Some(variant), ..self.serialize_map(None)? })
    }
}

/// A sequence that is being built.
struct Items {
    inner: Serializer,
    items: Vec<Value>,
    variant: Option<&'static str>,
}

impl Items {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), DataError> {
        let Serializer { keys, depth } = &self.inner;
        self.items.push(value.serialize(Serializer { keys: keys.clone(), depth: *depth })?);
        Ok(())
    }
    fn finish(self) -> Result<Value, DataError> {
        let value = Array::new(self.items).into();
        Ok(match self.variant {
            Some(variant) => self.inner.tagged(variant, value),
            None => value,
        })
    }
}

/// A map that is being built.
struct Entries {
    inner: Serializer,
    object: Object,
    key: Option<Str>,
    variant: Option<&'static str>,
}

impl Entries {
    fn entry<T: Serialize + ?Sized>(&mut self, key: Str, value: &T) -> Result<(), DataError> {
        let Serializer { keys, depth } = &self.inner;
        let value = value.serialize(Serializer { keys: keys.clone(), depth: *depth })?;
        self.object.set(key, value);
        Ok(())
    }
    fn finish(self) -> Result<Value, DataError> {
        let value = self.object.into();
        Ok(match self.variant {
            Some(variant) => self.inner.tagged(variant, value),
            None => value,
        })
    }
}

macro_rules! sequence {
    ($($trait:ident: $method:ident),*) => {$(
        impl ser::$trait for Items {
            type Ok = Value;
            type Error = DataError;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), DataError> {
                self.push(value)
            }
            fn end(self) -> Result<Value, DataError> {
                self.finish()
            }
        }
    )*};
}
sequence!(
    SerializeSeq: serialize_element, SerializeTuple: serialize_element, SerializeTupleStruct: serialize_field,
    SerializeTupleVariant: serialize_field
);

macro_rules! structure {
    ($($trait:ident),*) => {$(
        impl ser::$trait for Entries {
            type Ok = Value;
            type Error = DataError;
            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), DataError> {
                let key = self.inner.keys.intern(key);
                self.entry(key, value)
            }
            fn end(self) -> Result<Value, DataError> {
                self.finish()
            }
        }
    )*};
}
structure!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Entries {
    type Ok = Value;
    type Error = DataError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), DataError> {
        let key = to_value(key)?;
        self.key = Some(match &key {
            Value::String(s) => self.inner.keys.intern(s.as_str()),
            Value::Number(_) | Value::Bool(_) => compare::primitive_to_str(&key),
            _ => return Err(DataError("a map key must be a string, a number or a bool".into())),
        });
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), DataError> {
        let key = self.key.take().unwrap_or_else(|| Str::new(""));
        self.entry(key, value)
    }

    fn end(self) -> Result<Value, DataError> {
        self.finish()
    }
}

impl Value {
    /// A value of anything that serde can serialize.
    ///
    /// # Errors
    /// When a map has keys that are no strings or numbers, or the value nests deeper than 10 000 levels.
    ///
    /// ```
    /// #[derive(serde::Serialize)]
    /// struct User { name: String }
    /// let value = wirebook_script::Value::serialize(&User { name: "Ada".into() })?;
    /// assert!(value.get("name").is_some());
    /// # Ok::<(), wirebook_script::DataError>(())
    /// ```
    pub fn serialize<T: serde::Serialize + ?Sized>(value: &T) -> Result<Value, DataError> {
        to_value(value)
    }
}
