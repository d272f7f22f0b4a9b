//! Values of Rust's own types, and `data!`.

use super::kinds::{Array, Object, Value};
use super::serialize;
use crate::base::Str;

macro_rules! from_number {
    ($($t:ty),*) => {$(
        impl From<$t> for Value {
            fn from(n: $t) -> Value {
                Value::Number(n as f64)
            }
        }
    )*};
}
from_number!(i8, u8, i16, u16, i32, u32, i64, u64, isize, usize, f32, f64);

impl From<bool> for Value {
    fn from(b: bool) -> Value {
        Value::Bool(b)
    }
}

impl From<()> for Value {
    fn from((): ()) -> Value {
        Value::Null
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::String(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::String(text.into())
    }
}

impl From<Str> for Value {
    fn from(text: Str) -> Value {
        Value::String(text)
    }
}

impl From<Array> for Value {
    fn from(array: Array) -> Value {
        Value::Array(array)
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Value {
        Value::Object(object)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Value {
        Array::new(items.into_iter().map(Into::into).collect()).into()
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

impl From<serde_json::Value> for Value {
    fn from(json: serde_json::Value) -> Value {
        Value::from(&json)
    }
}

impl From<&serde_json::Value> for Value {
    fn from(json: &serde_json::Value) -> Value {
        serialize::from_json(json)
    }
}

/// Builds a [`Value`] as JSON is written; anything that converts into a `Value` may stand for a value.
///
/// ```
/// use wirebook_script::data;
/// let name = String::from("Ada");
/// let value = data!({ "user": { "name": name, "age": 36 }, "langs": ["en", "fr"], "boss": null });
/// assert_eq!(value.get("user").and_then(|u| u.get("name")).unwrap().as_str(), Some("Ada"));
/// ```
#[macro_export]
macro_rules! data {
    (null) => { $crate::Value::Null };
    ([ $($item:tt),* $(,)? ]) => { $crate::Value::from(::std::vec![$($crate::data!($item)),*] as ::std::vec::Vec<$crate::Value>) };
    ({ $($body:tt)* }) => {{
        let object = $crate::Object::new();
        $crate::data!(@object object $($body)*);
        $crate::Value::from(object)
    }};
    (@object $object:ident) => {};
    (@object $object:ident $key:literal : null $(, $($rest:tt)*)?) => {
        $object.set($key, $crate::Value::Null);
        $crate::data!(@object $object $($($rest)*)?);
    };
    (@object $object:ident $key:literal : [$($item:tt)*] $(, $($rest:tt)*)?) => {
        $object.set($key, $crate::data!([$($item)*]));
        $crate::data!(@object $object $($($rest)*)?);
    };
    (@object $object:ident $key:literal : {$($body:tt)*} $(, $($rest:tt)*)?) => {
        $object.set($key, $crate::data!({$($body)*}));
        $crate::data!(@object $object $($($rest)*)?);
    };
    (@object $object:ident $key:literal : $value:expr $(, $($rest:tt)*)?) => {
        $object.set($key, $crate::Value::from($value));
        $crate::data!(@object $object $($($rest)*)?);
    };
    ($value:expr) => { $crate::Value::from($value) };
}
