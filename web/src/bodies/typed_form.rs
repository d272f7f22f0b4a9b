//! From what somebody typed to a type: everything in a form is text, and a type says what it is to be.
//!
//! A number is read from its digits; `true`, `on` and `1` tick a box, `false`, `off`, `0` and nothing do not; one value is as good as a
//! list of one; and a field that was left empty is as one that is not there, where the type has an `Option`.

use crate::input::Value;
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use std::fmt;

/// Reads a type from a form.
pub(super) fn read<T: DeserializeOwned>(form: Value) -> Result<T, Unfit> {
    T::deserialize(Typed(form))
}

/// The form is none of that type. 422.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unfit(String);

impl fmt::Display for Unfit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Unfit {}

impl serde::de::Error for Unfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Unfit(message.to_string())
    }
}

struct Typed(Value);

impl Typed {
    fn text(self) -> Result<String, Unfit> {
        match self.0 {
            Value::Text(text) => Ok(text),
            Value::List(_) => Err(Unfit("several values where one is wanted".into())),
            Value::Map(_) => Err(Unfit("fields where a value is wanted".into())),
        }
    }
}

impl<'de> IntoDeserializer<'de, Unfit> for Typed {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! numbers {
    ($($name:ident $visit:ident $number:ty),*) => {
        $(fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
            let text = self.text()?;
            let number: $number = text.trim().parse().map_err(|_| Unfit(format!("{text:?} is no {}", stringify!($number))))?;
            visitor.$visit(number)
        })*
    };
}

impl<'de> Deserializer<'de> for Typed {
    type Error = Unfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self.0 {
            Value::Text(text) => visitor.visit_string(text),
            Value::List(list) => {
                visitor.visit_seq(SeqDeserializer::new(list.into_iter().map(|(_, value)| Typed(value))))
            }
            Value::Map(map) => {
                visitor.visit_map(MapDeserializer::new(map.into_iter().map(|(key, value)| (key, Typed(value)))))
            }
        }
    }

    numbers! {
        deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16, deserialize_u32 visit_u32 u32, deserialize_u64 visit_u64 u64,
        deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16, deserialize_i32 visit_i32 i32, deserialize_i64 visit_i64 i64,
        deserialize_f32 visit_f32 f32, deserialize_f64 visit_f64 f64
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self.text()?.as_str() {
            "true" | "on" | "1" => visitor.visit_bool(true),
            "false" | "off" | "0" | "" => visitor.visit_bool(false),
            text => Err(Unfit(format!("{text:?} is neither true nor false"))),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        if self.0.text() == Some("") { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self.0 {
            list @ Value::List(_) => Typed(list).deserialize_any(visitor),
            one => visitor.visit_seq(SeqDeserializer::new(std::iter::once(Typed(one)))),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Unfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        visitor.visit_enum(self.text()?.into_deserializer())
    }

    forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf unit unit_struct tuple tuple_struct map struct identifier ignored_any
    }
}
