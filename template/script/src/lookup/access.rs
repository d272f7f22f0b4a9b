//! Reading a member or an element, be it the value's own or one of the built-ins.

use super::member;
use crate::base::{Str, number::array_index};
use crate::members::member::{own_element, own_member};
use crate::run::{Cx, R, convert, shown::READ};
use crate::value::{Class, Hint, Value};

/// `value.name`.
pub(crate) fn get_member(cx: &mut Cx<'_>, value: &Value, key: &Str, hint: &Hint, optional: bool) -> R<Value> {
    if let Some(found) = own_member(value, key, hint) {
        return Ok(found);
    }
    if let Some(named) = cx.named_member(value, key) {
        return Ok(named);
    }
    match value {
        // What an object has is what the host or the program gave it: `toString` can be called, and is no member. But
        // `({}).hasOwnProperty.call(…)` is how an object is asked that may have one of its own.
        Value::Object(_) if key.is("hasOwnProperty") => Ok(member(value, key.as_str())),
        Value::Object(object) if object.0.class.get() == Class::Plain => Ok(Value::Undefined),
        Value::Undefined | Value::Null if optional => cx.absent(),
        Value::Undefined | Value::Null => cx.no_property(READ, value, &Value::String(key.clone())),
        _ => Ok(member(value, key.as_str())),
    }
}

/// `value[index]`.
pub(crate) fn get_index(cx: &mut Cx<'_>, value: &Value, index: &Value) -> R<Value> {
    if let Value::Number(n) = index
        && let Some(found) = own_element(cx, value, *n)?
    {
        return Ok(found);
    }
    if value.is_nullish() {
        return cx.no_property(READ, value, index);
    }
    let key = convert::to_key(cx, index)?;
    if let (Value::Array(_) | Value::String(_) | Value::Object(_), Some(n)) = (value, array_index(key.as_str()))
        && let Some(found) = own_element(cx, value, f64::from(n))?
    {
        return Ok(found);
    }
    get_member(cx, value, &key, &Hint::default(), false)
}
