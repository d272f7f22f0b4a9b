//! Values: what data, variables and expressions hold.
//!
//! A value is sixteen bytes. Numbers, booleans, `null` and `undefined` lie in it; strings, arrays, objects and
//! functions are shared by a count that is not atomic. A value therefore belongs to one thread, like everything that
//! runs on one event loop; each thread builds its own data and its own [`Engine`](crate::Engine).

pub(crate) mod convert;
mod deserialize;
mod function;
pub(crate) mod json;
pub(crate) mod memory;
pub(crate) mod number;
mod object;
mod serialize;
mod string;

pub use function::Function;
pub(crate) use function::{Callable, Closure, Native, VarCell};
pub use object::{Array, Object};
pub(crate) use object::{Class, Hint, Mark, array_index};
pub use serialize::{DataError, to_value};
pub use string::Str;

use crate::regexp::RegExp;

/// A JavaScript value.
///
/// ```
/// use wirebook_template::{Value, data};
/// let value = data!({ "title": "Ducks", "count": 3, "tags": ["a", "b"] });
/// assert!(matches!(value.get("count"), Some(Value::Number(n)) if n == 3.0));
/// ```
// A tag of eight bytes and a payload of eight: a copy is two moves. With a smaller tag a `bool` lies beside it, and a
// value is copied in pieces that the next load has to wait for.
#[derive(Clone, Default)]
#[repr(u64)]
pub enum Value {
    /// `undefined`.
    #[default]
    Undefined,
    /// `null`.
    Null,
    /// A `let` or `const` before its declaration was reached. Only in variables.
    #[doc(hidden)]
    Uninit,
    /// A free name that the data does not have. Only in variables.
    #[doc(hidden)]
    Missing,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A string. From here on the payload is counted.
    String(Str),
    /// An array.
    Array(Array),
    /// An object.
    Object(Object),
    /// A function: of a template, of the engine, or of the host.
    Function(Function),
    /// A regular expression.
    #[doc(hidden)]
    RegExp(RegExp),
    /// A variable that a function changes or that a function made before it captured. Only in variables.
    #[doc(hidden)]
    Cell(VarCell),
}

impl Value {
    /// An empty object, for templates that take no data.
    pub fn object() -> Value {
        Object::new().into()
    }

    /// A value of anything that serde can serialize.
    ///
    /// # Errors
    /// When a map has keys that are no strings or numbers, or the value nests deeper than 10 000 levels.
    ///
    /// ```
    /// #[derive(serde::Serialize)]
    /// struct User { name: String }
    /// let value = wirebook_template::Value::serialize(&User { name: "Ada".into() })?;
    /// assert!(value.get("name").is_some());
    /// # Ok::<(), wirebook_template::DataError>(())
    /// ```
    pub fn serialize<T: serde::Serialize + ?Sized>(value: &T) -> Result<Value, DataError> {
        to_value(value)
    }

    /// A function of the host that templates can call. Its error message becomes an `Error` in the template.
    ///
    /// ```
    /// use wirebook_template::{Template, Value, data};
    /// let data = data!({ "shout": Value::function("shout", |args| match args {
    ///     [Value::String(s), ..] => Ok(s.as_str().to_uppercase().into()),
    ///     _ => Err("shout takes a string".to_owned()),
    /// }) });
    /// assert_eq!(Template::compile("<%= shout('hi') %>")?.render_to_string(&data)?, "HI");
    /// # Ok::<(), wirebook_template::Error>(())
    /// ```
    pub fn function(name: &str, call: impl Fn(&[Value]) -> Result<Value, String> + 'static) -> Value {
        Value::Function(Function::host(name, call))
    }

    /// A property of an object or an element of an array (`"0"`); `None` when it has none of this name.
    pub fn get(&self, key: &str) -> Option<Value> {
        match self {
            Value::Object(object) => object.get(key),
            Value::Array(array) => array.get(array_index(key)? as usize),
            _ => None,
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(s) => Some(s.as_str()),
            _ => None,
        }
    }

    #[inline]
    pub(crate) fn is_nullish(&self) -> bool {
        matches!(self, Value::Undefined | Value::Null)
    }

    /// Puts another value in its place. What lies in a value itself needs no call to be dropped.
    #[inline]
    pub(crate) fn set(&mut self, value: Value) {
        use Value::*;
        let old = std::mem::replace(self, value);
        match old {
            Undefined | Null | Uninit | Missing | Bool(_) | Number(_) => std::mem::forget(old),
            _ => drop(old),
        }
    }

    /// Whether dropping it may drop other values.
    #[inline]
    pub(crate) fn is_container(&self) -> bool {
        matches!(self, Value::Array(_) | Value::Object(_) | Value::Function(_) | Value::Cell(_))
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Value::Undefined => f.write_str("undefined"),
            Value::Null => f.write_str("null"),
            Value::Bool(b) => b.fmt(f),
            Value::Number(n) => f.write_str(&number::to_string(*n)),
            Value::String(s) => s.fmt(f),
            Value::Array(a) => write!(f, "[array of {}]", a.len()),
            Value::Object(o) => write!(f, "{{object of {}}}", o.len()),
            Value::Function(function) => write!(f, "[function {}]", function.name()),
            Value::RegExp(r) => f.write_str(&r.to_text()),
            Value::Uninit | Value::Missing | Value::Cell(_) => f.write_str("[variable]"),
        }
    }
}

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
/// use wirebook_template::data;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_sixteen_bytes() {
        assert_eq!(std::mem::size_of::<Value>(), 16);
        assert_eq!(std::mem::size_of::<Result<Value, crate::run::Halt>>(), 16);
    }
}
