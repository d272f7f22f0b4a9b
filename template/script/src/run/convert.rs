//! JavaScript's conversions and operators: `+`, `==`, `===`, `<`, truth, and the text of a value.
//!
//! Sections of ECMA-262 (2025) stand above each function. `valueOf` and user-defined conversions do not exist here,
//! except an object's own `toString` function; everything else is the specification's result.

use super::date_text::words;
use super::draft::Draft;
use super::fault::R;
use super::machine::Cx;
use super::shown::error_text;
use crate::base::{ErrorKind, Str, memory::cost, number};
use crate::syntax::origin::Origin;
use crate::value::{
    Array, Class, Inner, Object, Table, Value,
    compare::{compare_units, primitive_to_str, strict_equal},
};
use std::cell::RefCell;
use std::cmp::Ordering;

/// §7.1.17 ToString.
pub(crate) fn to_str(cx: &mut Cx<'_>, value: &Value) -> R<Str> {
    match value {
        Value::String(s) => Ok(s.clone()),
        Value::Array(array) => join(cx, array, &",".into()),
        Value::Object(object) => object_text(cx, object),
        Value::Function(function) => Ok(function.to_text()),
        Value::RegExp(regexp) => Ok(regexp.to_text().into()),
        _ => Ok(primitive_to_str(value)),
    }
}

/// `join`, and the text of arrays: an array inside itself is empty text, and nesting is bounded.
#[derive(Default)]
struct Join {
    open: Vec<usize>,
    out: Draft,
}

impl Join {
    fn text(&mut self, cx: &mut Cx<'_>, value: &Value) -> R<()> {
        match value {
            Value::Array(array) => self.join(cx, array, &",".into()),
            Value::Object(object) => {
                let text = object_text(cx, object)?;
                self.out.push_value(cx, &text)
            }
            other => {
                let text = to_str(cx, other)?;
                self.out.push_value(cx, &text)
            }
        }
    }

    fn join(&mut self, cx: &mut Cx<'_>, array: &Array, separator: &Str) -> R<()> {
        if self.open.contains(&array.address()) {
            return Ok(());
        }
        if self.open.len() >= cx.limits.data_depth {
            let limit = cx.limits.data_depth;
            return cx.fail(ErrorKind::NestingLimit, format!("nesting too deep: data of more than {limit} levels"));
        }
        cx.check_stack()?;
        self.open.push(array.address());
        let mut index = 0;
        while let Some(item) = array.get(index) {
            cx.step()?;
            if index > 0 {
                self.out.push_value(cx, separator)?;
            }
            match &item {
                Value::Undefined | Value::Null => {}
                Value::Number(n) => self.out.push_number(*n),
                other => self.text(cx, other)?,
            }
            index += 1;
        }
        self.open.pop();
        Ok(())
    }
}

/// The text of an object: what its own `toString` gives, or what its class has.
fn object_text(cx: &mut Cx<'_>, object: &Object) -> R<Str> {
    // The name of an error may be anything, itself too.
    cx.check_stack()?;
    if let Some(Value::Function(own)) = object.get("toString") {
        let text = cx.call(&own, &object.clone().into(), &[])?;
        return if text.is_object() {
            cx.type_error("Cannot convert object to primitive value")
        } else {
            to_str(cx, &text)
        };
    }
    match object.inner() {
        Some(Inner::Date(time)) if time.get().is_nan() => return Ok("Invalid Date".into()),
        Some(Inner::Date(time)) => return Ok(words(cx, time.get(), true, true).into()),
        Some(Inner::Primitive(value)) => return to_str(cx, value),
        Some(Inner::Table(_)) if object.0.class.get() == Class::Map => return Ok("[object Map]".into()),
        Some(Inner::Table(_)) => return Ok("[object Set]".into()),
        Some(Inner::Items { name, .. }) => return Ok(format!("[object {name} Iterator]").into()),
        None => {}
    }
    match object.0.class.get() {
        Class::Error => error_text(object, |part| to_str(cx, part)),
        Class::Arguments => Ok("[object Arguments]".into()),
        _ => Ok("[object Object]".into()),
    }
}

/// The elements of what has a `length` and is no array, §7.3.18.
pub(crate) fn elements_of(cx: &mut Cx<'_>, object: &Object) -> R<Vec<Value>> {
    if let Some(text) = object.text() {
        return Ok(cx.iterate(text.clone(), &Origin::Value)?.to_vec());
    }
    let length = object.get("length").unwrap_or_default();
    let length = to_integer_or(cx, Some(&length), 0.0)?.clamp(0.0, f64::from(u32::MAX)) as usize;
    cx.items(length)?;
    cx.steps(length)?;
    Ok((0..length).map(|n| object.get(&n.to_string()).unwrap_or_default()).collect())
}

/// `array.join(separator)`.
pub(crate) fn join(cx: &mut Cx<'_>, array: &Array, separator: &Str) -> R<Str> {
    let mut join = Join::default();
    join.join(cx, array, separator)?;
    join.out.finish(cx)
}

/// §7.1.1 ToPrimitive: an object becomes what its `valueOf` gives, or its text.
pub(crate) fn to_primitive(cx: &mut Cx<'_>, value: &Value) -> R<Value> {
    match value {
        // A date's text comes first, unless a number is wanted.
        Value::Object(object) if object.0.class.get() != Class::Date => {
            if let Some(value) = object.primitive() {
                return Ok(value.clone());
            }
            if let Some(Value::Function(own)) = object.get("valueOf") {
                let found = cx.call(&own, value, &[])?;
                if !found.is_object() {
                    return Ok(found);
                }
            }
            Ok(to_str(cx, value)?.into())
        }
        value if value.is_object() => Ok(to_str(cx, value)?.into()),
        other => Ok(other.clone()),
    }
}

/// The same where a number is wanted: a date is its time.
fn to_numeric(cx: &mut Cx<'_>, value: &Value) -> R<Value> {
    match value.as_object().and_then(Object::time) {
        Some(time) => Ok(Value::Number(time.get())),
        None => to_primitive(cx, value),
    }
}

/// §7.1.4 ToNumber.
pub(crate) fn to_number(cx: &mut Cx<'_>, value: &Value) -> R<f64> {
    Ok(match value {
        Value::Number(n) => *n,
        Value::Undefined | Value::Uninit | Value::Missing => f64::NAN,
        Value::Null => 0.0,
        Value::Bool(b) => f64::from(u8::from(*b)),
        Value::String(text) => {
            cx.bytes(text.as_str().len())?;
            number::parse(text.as_str())
        }
        value => {
            let value = to_numeric(cx, value)?;
            return if value.is_object() || matches!(value, Value::Cell(_)) {
                Ok(f64::NAN)
            } else {
                to_number(cx, &value)
            };
        }
    })
}

/// §7.1.19 ToPropertyKey. A long key takes its time to find.
pub(crate) fn to_key(cx: &mut Cx<'_>, value: &Value) -> R<Str> {
    let key = to_str(cx, value)?;
    cx.bytes(key.as_str().len())?;
    Ok(key)
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
    let left = if left.is_object() { to_primitive(cx, &left)? } else { left };
    if right.is_object() {
        let right = to_primitive(cx, right)?;
        return add_primitives(cx, left, &right);
    }
    add_primitives(cx, left, right)
}

/// `+` of two values that are no objects.
#[inline]
pub(crate) fn add_primitives(cx: &mut Cx<'_>, left: Value, right: &Value) -> R<Value> {
    match (left, right) {
        (Value::String(a), Value::String(b)) => Ok(cx.joined(a, b)?.into()),
        (Value::String(a), b) => Ok(cx.joined(a, &primitive_to_str(b))?.into()),
        (a, Value::String(b)) => Ok(cx.joined(primitive_to_str(&a), b)?.into()),
        (a, b) => Ok(Value::Number(to_number(cx, &a)? + to_number(cx, b)?)),
    }
}

/// §7.2.14 `==`.
pub(crate) fn loose_equal(cx: &mut Cx<'_>, a: &Value, b: &Value) -> R<bool> {
    use Value::*;
    let object = Value::is_object;
    cx.comparing(a, b)?;
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
    let (a, b) = (to_numeric(cx, a)?, to_numeric(cx, b)?);
    cx.comparing(&a, &b)?;
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
    pub(crate) fn iterate(&mut self, value: Value, origin: &Origin) -> R<Array> {
        if let Value::Array(array) = value { Ok(array) } else { self.iterate_other(value, origin) }
    }

    /// The entries of a map, the values of a set.
    fn iterate_table(&mut self, object: &Object, table: &RefCell<Table<Value>>) -> R<Array> {
        let pairs = object.0.class.get() == Class::Map;
        let table = table.borrow();
        let each = if pairs { cost::CONTAINER + 3 * cost::ITEM } else { cost::ITEM };
        self.room_for(table.len() * each)?;
        self.steps(table.len())?;
        let (mut items, mut at) = (Vec::with_capacity(table.len()), 0);
        while let Some((next, (key, value))) = table.next(at) {
            at = next;
            items.push(if pairs { self.array(vec![key, value]) } else { key });
        }
        Ok(Array::new(items))
    }

    fn iterate_other(&mut self, value: Value, origin: &Origin) -> R<Array> {
        if let Some(object) = value.as_object()
            && let Some(table) = object.table()
        {
            return self.iterate_table(object, table);
        }
        if let Some((items, next)) = value.as_object().and_then(Object::items) {
            let from = next.replace(items.len());
            self.items(items.len() - from)?;
            return Ok(if from == 0 { items.clone() } else { Array::new(items.borrow()[from..].to_vec()) });
        }
        match value {
            Value::Object(object) if object.text().is_some() || object.0.class.get() == Class::Arguments => {
                Ok(Array::new(elements_of(self, &object)?))
            }
            Value::String(s) => {
                self.items(s.as_str().len().saturating_mul(6))?;
                Ok(Array::new(s.code_points().into_iter().map(Value::String).collect()))
            }
            other => self.not_from(&other, origin),
        }
    }
}
