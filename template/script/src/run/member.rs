//! Members and elements: writing them, and reading what a value has of its own.

use super::convert;
use super::fault::R;
use super::machine::Cx;
use crate::base::{
    ErrorKind, Str,
    number::{self, array_index},
};
use crate::value::{Hint, Value, compare::primitive_to_str};

/// `value.name`, when it has that of its own; methods are the affair of the built-ins.
#[inline]
pub(crate) fn own_member(value: &Value, key: &Str, hint: &Hint) -> Option<Value> {
    match value {
        Value::Object(object) => object.borrow().find(key, hint).cloned(),
        Value::String(s) if key.is("length") => Some(s.units().into()),
        Value::Array(array) if key.is("length") => Some(array.len().into()),
        _ => None,
    }
}

/// `value[index]` by number.
pub(crate) fn own_element(cx: &mut Cx<'_>, value: &Value, index: f64) -> R<Option<Value>> {
    let Some(place) = number::as_index(index) else { return Ok(None) };
    Ok(match value {
        Value::Array(array) => Some(array.get(place).unwrap_or_default()),
        Value::String(s) => {
            if !s.is_ascii() {
                cx.bytes(s.as_str().len())?;
            }
            let found = place < s.units();
            Some(if found { s.slice(place, place + 1).into() } else { Value::Undefined })
        }
        _ => None,
    })
}

/// `object.key = value`.
pub(crate) fn set_member(cx: &mut Cx<'_>, object: &Value, key: &Str, value: Value) -> R<()> {
    match object {
        Value::Object(object) => {
            cx.step()?;
            let stored = [value.clone()];
            cx.change_object(object, &stored, |object| object.set(key.clone(), value));
            Ok(())
        }
        Value::Array(array) if key.as_str() == "length" => {
            let length = convert::to_number(cx, &value)?;
            if length < 0.0 || length.fract() != 0.0 || length > f64::from(u32::MAX) {
                return cx.fail(ErrorKind::Range, "Invalid array length");
            }
            let length = length as usize;
            cx.room_for(length.saturating_sub(array.len()).saturating_mul(16))?;
            cx.change_array(array, &[], |items| items.resize(length, Value::Undefined));
            Ok(())
        }
        Value::Undefined | Value::Null => {
            let what = primitive_to_str(object);
            cx.type_error(format!("Cannot set properties of {} (setting '{}')", what.as_str(), key.to_output()))
        }
        Value::Array(_) | Value::Function(_) | Value::RegExp(_) => {
            if let (Value::RegExp(regexp), "lastIndex") = (object, key.as_str()) {
                regexp.set_last_index(convert::to_number(cx, &value)?.max(0.0) as usize);
                return Ok(());
            }
            cx.type_error(format!("unsupported: setting '{}' on this value", key.to_output()))
        }
        // Sloppy mode: setting a property of a primitive does nothing.
        _ => Ok(()),
    }
}

/// `object[index] = value`.
pub(crate) fn set_index(cx: &mut Cx<'_>, object: &Value, index: &Value, value: Value) -> R<()> {
    let key = convert::to_key(cx, index)?;
    if let (Value::Array(array), Some(n)) = (object, array_index(key.as_str())) {
        cx.step()?;
        let n = n as usize;
        let length = array.len();
        if n >= length {
            let growth = n - length + 1;
            cx.room_for(growth.saturating_mul(16))?;
            cx.steps(growth / 16)?;
        }
        let stored = [value.clone()];
        cx.change_array(array, &stored, |items| {
            if n >= items.len() {
                items.resize(n + 1, Value::Undefined);
            }
            items[n] = value;
        });
        return Ok(());
    }
    set_member(cx, object, &key, value)
}
