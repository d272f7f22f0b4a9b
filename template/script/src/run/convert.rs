//! JavaScript's conversions and operators: `+`, `==`, `===`, `<`, truth, and the text of a value.
//!
//! Sections of ECMA-262 (2025) stand above each function. `valueOf` and user-defined conversions do not exist here,
//! except an object's own `toString` function; everything else is the specification's result.

use super::fault::R;
use super::machine::Cx;
use crate::base::{ErrorKind, Str, number};
use crate::value::compare::{compare_units, primitive_to_str, strict_equal};
use crate::value::{Array, Class, Value};
use std::cmp::Ordering;

/// §7.1.17 ToString.
pub(crate) fn to_str(cx: &mut Cx<'_>, value: &Value) -> R<Str> {
    match value {
        Value::String(s) => Ok(s.clone()),
        Value::Array(_) | Value::Object(_) => Join::default().text(cx, value),
        Value::Function(function) => Ok(function.to_text()),
        Value::RegExp(regexp) => Ok(regexp.to_text().into()),
        _ => Ok(primitive_to_str(value)),
    }
}

/// `join`, and the text of arrays: an array inside itself is empty text, and nesting is bounded.
#[derive(Default)]
struct Join {
    open: Vec<usize>,
    /// Some element had half characters.
    halves: bool,
}

impl Join {
    fn text(&mut self, cx: &mut Cx<'_>, value: &Value) -> R<Str> {
        match value {
            Value::Array(array) => {
                let mut out = String::new();
                self.join(cx, array, ",", &mut out)?;
                Ok(Str::mended(out, self.halves))
            }
            Value::Object(object) => {
                if let Some(Value::Function(own)) = object.get("toString") {
                    let text = cx.call(&own, value, &[])?;
                    return if matches!(text, Value::Object(_) | Value::Array(_) | Value::Function(_)) {
                        cx.type_error("Cannot convert object to primitive value")
                    } else {
                        to_str(cx, &text)
                    };
                }
                if object.0.class.get() == Class::Error {
                    let part = |key| object.get(key).map(|v| primitive_to_str(&v)).unwrap_or_else(|| "".into());
                    let (name, message) = (part("name"), part("message"));
                    return Ok(match (name.as_str(), message.as_str()) {
                        ("", _) => message,
                        (_, "") => name,
                        (name, message) => format!("{name}: {message}").into(),
                    });
                }
                Ok("[object Object]".into())
            }
            other => to_str(cx, other),
        }
    }

    fn join(&mut self, cx: &mut Cx<'_>, array: &Array, separator: &str, out: &mut String) -> R<()> {
        if self.open.contains(&array.address()) {
            return Ok(());
        }
        if self.open.len() >= cx.limits.data_depth {
            let limit = cx.limits.data_depth;
            return cx.fail(ErrorKind::NestingLimit, format!("nesting too deep: data of more than {limit} levels"));
        }
        self.open.push(array.address());
        let mut index = 0;
        while let Some(item) = array.get(index) {
            cx.step()?;
            if index > 0 {
                out.push_str(separator);
            }
            match &item {
                Value::Undefined | Value::Null => {}
                Value::Array(inner) => self.join(cx, inner, ",", out)?,
                Value::String(s) => {
                    self.halves |= s.has_halves();
                    out.push_str(s.as_str());
                }
                Value::Number(n) => number::write(out, *n),
                other => {
                    let text = self.text(cx, other)?;
                    self.halves |= text.has_halves();
                    out.push_str(text.as_str());
                }
            }
            if out.len() > 4096 {
                cx.string_of(out.len())?;
            }
            index += 1;
        }
        self.open.pop();
        Ok(())
    }
}

/// `array.join(separator)`.
pub(crate) fn join(cx: &mut Cx<'_>, array: &Array, separator: &Str) -> R<Str> {
    let mut out = String::new();
    let mut join = Join { halves: separator.has_halves(), ..Join::default() };
    join.join(cx, array, separator.as_str(), &mut out)?;
    Ok(Str::mended(out, join.halves))
}

/// §7.1.1 ToPrimitive: an object becomes its text.
pub(crate) fn to_primitive(cx: &mut Cx<'_>, value: &Value) -> R<Value> {
    match value {
        Value::Array(_) | Value::Object(_) | Value::Function(_) | Value::RegExp(_) => Ok(to_str(cx, value)?.into()),
        other => Ok(other.clone()),
    }
}

/// §7.1.4 ToNumber.
pub(crate) fn to_number(cx: &mut Cx<'_>, value: &Value) -> R<f64> {
    Ok(match value {
        Value::Number(n) => *n,
        Value::Undefined | Value::Uninit | Value::Missing => f64::NAN,
        Value::Null => 0.0,
        Value::Bool(b) => f64::from(u8::from(*b)),
        Value::String(s) => number::parse(s.as_str()),
        _ => number::parse(to_str(cx, value)?.as_str()),
    })
}

/// §7.1.19 ToPropertyKey.
pub(crate) fn to_key(cx: &mut Cx<'_>, value: &Value) -> R<Str> {
    to_str(cx, value)
}

/// §13.8.1 `+`.
#[inline]
pub(crate) fn add(cx: &mut Cx<'_>, left: Value, right: &Value) -> R<Value> {
    if let (Value::Number(a), Value::Number(b)) = (&left, right) {
        return Ok(Value::Number(a + b));
    }
    add_slow(cx, left, right)
}

fn add_slow(cx: &mut Cx<'_>, left: Value, right: &Value) -> R<Value> {
    let left = if left.is_container() || matches!(left, Value::RegExp(_)) { to_primitive(cx, &left)? } else { left };
    let right = to_primitive(cx, right)?;
    match (left, right) {
        (Value::String(a), b) => {
            let b = primitive_to_str(&b);
            cx.string_of(a.as_str().len() + b.as_str().len())?;
            Ok(a.concat(&b).into())
        }
        (a, Value::String(b)) => {
            let a = primitive_to_str(&a);
            cx.string_of(a.as_str().len() + b.as_str().len())?;
            Ok(a.concat(&b).into())
        }
        (a, b) => Ok(Value::Number(to_number(cx, &a)? + to_number(cx, &b)?)),
    }
}

/// §7.2.14 `==`.
pub(crate) fn loose_equal(cx: &mut Cx<'_>, a: &Value, b: &Value) -> R<bool> {
    use Value::*;
    let object = |v: &Value| matches!(v, Array(_) | Object(_) | Function(_) | RegExp(_));
    Ok(match (a, b) {
        (Undefined | Null, Undefined | Null) => true,
        (Undefined | Null, _) | (_, Undefined | Null) => false,
        (Number(_), Number(_)) | (String(_), String(_)) | (Bool(_), Bool(_)) => strict_equal(a, b),
        (a, b) if object(a) && object(b) => strict_equal(a, b),
        (a, b) if object(a) => {
            let a = to_primitive(cx, a)?;
            return loose_equal(cx, &a, b);
        }
        (a, b) if object(b) => {
            let b = to_primitive(cx, b)?;
            return loose_equal(cx, a, &b);
        }
        _ => to_number(cx, a)? == to_number(cx, b)?,
    })
}

/// §7.2.13 the order of two values; `None` when one is NaN.
pub(crate) fn compare(cx: &mut Cx<'_>, a: &Value, b: &Value) -> R<Option<Ordering>> {
    if let (Value::Number(a), Value::Number(b)) = (a, b) {
        return Ok(a.partial_cmp(b));
    }
    let (a, b) = (to_primitive(cx, a)?, to_primitive(cx, b)?);
    if let (Value::String(a), Value::String(b)) = (&a, &b) {
        return Ok(Some(compare_units(a, b)));
    }
    let a = to_number(cx, &a)?;
    let b = to_number(cx, &b)?;
    Ok(a.partial_cmp(&b))
}

/// §7.1.5 ToIntegerOrInfinity, with a value for `undefined`.
pub(crate) fn to_integer_or(cx: &mut Cx<'_>, value: Option<&Value>, default: f64) -> R<f64> {
    match value {
        None | Some(Value::Undefined) => Ok(default),
        Some(value) => Ok(number::to_integer(to_number(cx, value)?)),
    }
}

impl Cx<'_> {
    /// The text of a value, as JavaScript's `String(value)`.
    ///
    /// # Errors
    /// What an object's own `toString` throws; a bound.
    pub fn text_of(&mut self, value: &Value) -> R<Str> {
        to_str(self, value)
    }

    /// A list out of an iterable value: arrays, strings by character, and objects not at all.
    #[inline]
    pub(crate) fn iterate(&mut self, value: Value, what: &str) -> R<Array> {
        if let Value::Array(array) = value { Ok(array) } else { self.iterate_other(value, what) }
    }

    fn iterate_other(&mut self, value: Value, what: &str) -> R<Array> {
        match value {
            Value::String(s) => {
                self.items(s.as_str().len().saturating_mul(6))?;
                Ok(Array::new(s.code_points().into_iter().map(Value::String).collect()))
            }
            other => {
                let shown = primitive_to_str(&other);
                let shown = if other.is_nullish() && what.is_empty() { shown.as_str() } else { what };
                self.type_error(format!("{shown} is not iterable"))
            }
        }
    }
}
