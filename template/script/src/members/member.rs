//! Members and elements: writing them, and reading what a value has of its own.

use crate::run::convert;

use super::integrity::{self, Refusal};
use crate::base::{
    ErrorKind, Str,
    number::{self, array_index},
};
use crate::run::shown::SET;
use crate::run::{Cx, R};
use crate::value::{Hint, Integrity, Value, compare, compare::primitive_to_str};

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
        Value::Object(object) => match object.text() {
            Some(text) if object.is_empty() => own_element(cx, text, index)?,
            _ => None,
        },
        _ => None,
    })
}

/// `object.key = value`. What may not be written is an error in strict code.
pub(crate) fn set_member(cx: &mut Cx<'_>, on: &Value, key: &Str, value: Value, strict: bool) -> R<()> {
    match on {
        Value::Object(object) => {
            cx.step()?;
            if object.0.mark.integrity.get() != Integrity::Open
                && let Some(refusal) = integrity::of_write(object, key)
            {
                return cx.refuse(strict, on, &refusal);
            }
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
            let last = Str::from(array.len().saturating_sub(1).to_string());
            let refusal = match array.0.mark.integrity.get() {
                Integrity::Frozen => Some(Refusal::Change(key)),
                Integrity::Sealed if length < array.len() => Some(Refusal::Delete(&last)),
                _ => None,
            };
            if let Some(refusal) = refusal {
                return cx.refuse(strict, on, &refusal);
            }
            cx.room_for(length.saturating_sub(array.len()).saturating_mul(17))?;
            let before = array.len();
            cx.change_some(array, &[], |items| items.resize(length, Value::Undefined))?;
            array.make_holes(before..array.len());
            Ok(())
        }
        Value::Undefined | Value::Null => cx.no_property(SET, on, &key.clone().into()),
        Value::Array(_) if array_index(key.as_str()).is_some() => set_index(cx, on, &key.clone().into(), value, strict),
        Value::Array(_) => cx.set_named(on, key, value, strict),
        // What is built in is made anew wherever it is named.
        Value::Function(function) if !function.is_built_in() => cx.set_named(on, key, value, strict),
        Value::Function(_) | Value::RegExp(_) => {
            if let (Value::RegExp(regexp), "lastIndex") = (on, key.as_str()) {
                if cx.integrity_of(on) == Integrity::Frozen {
                    return cx.refuse(strict, on, &Refusal::Change(key));
                }
                regexp.set_last_index(convert::to_number(cx, &value)?.max(0.0) as usize);
                return Ok(());
            }
            cx.type_error(format!("unsupported: setting '{}' on this value", key.as_str()))
        }
        _ if strict => {
            let (kind, text, key) = (compare::type_of(on), primitive_to_str(on), key.as_str());
            let text: String = text.as_str().chars().take(40).collect();
            let there = matches!(on, Value::String(s) if key == "length" || array_index(key).is_some_and(|n| (n as usize) < s.units()));
            cx.type_error(if there {
                format!("Cannot assign to read only property '{key}' of {kind} '{text}'")
            } else {
                format!("Cannot create property '{key}' on {kind} '{text}'")
            })
        }
        // Sloppy mode: setting a property of a primitive does nothing.
        _ => Ok(()),
    }
}

/// `object[index] = value`.
pub(crate) fn set_index(cx: &mut Cx<'_>, on: &Value, index: &Value, value: Value, strict: bool) -> R<()> {
    if on.is_nullish() {
        return cx.no_property(SET, on, index);
    }
    let key = convert::to_key(cx, index)?;
    if let (Value::Array(array), Some(n)) = (on, array_index(key.as_str())) {
        cx.step()?;
        let n = n as usize;
        let length = array.len();
        match array.0.mark.integrity.get() {
            Integrity::Open => {}
            _ if n >= length => return cx.refuse(strict, on, &Refusal::Add(&key)),
            Integrity::Frozen => return cx.refuse(strict, on, &Refusal::Change(&key)),
            _ => {}
        }
        if n >= length {
            let growth = n - length + 1;
            cx.room_for(growth.saturating_mul(17))?;
            cx.steps(growth / 16)?;
        }
        let stored = [value.clone()];
        cx.change_some(array, &stored, |items| {
            if n >= items.len() {
                items.resize(n + 1, Value::Undefined);
            }
            items[n] = value;
        })?;
        if n > length {
            array.make_holes(length..n);
        }
        array.fill_hole(n);
        return Ok(());
    }
    set_member(cx, on, &key, value, strict)
}

/// Takes a property away; whether it is gone. What may not be taken away is an error in strict code.
pub(crate) fn delete(cx: &mut Cx<'_>, on: &Value, key: &Str, strict: bool) -> R<bool> {
    match on {
        Value::Object(object) => {
            cx.steps(object.len() / 16)?;
            if object.0.mark.integrity.get() >= Integrity::Sealed && object.property(key).is_some() {
                return cx.refuse(strict, on, &Refusal::Delete(key)).map(|()| false);
            }
            cx.change_object(object, &[], |object| object.change(|properties| properties.remove(key)));
        }
        Value::Array(array) => {
            if key.as_str() == "length" {
                return cx.refuse(strict, on, &Refusal::Delete(key)).map(|()| false);
            }
            if let Some(n) = array_index(key.as_str()).filter(|&n| (n as usize) < array.len()) {
                if array.0.mark.integrity.get() >= Integrity::Sealed {
                    return cx.refuse(strict, on, &Refusal::Delete(key)).map(|()| false);
                }
                let n = n as usize;
                cx.change_some(array, &[], |items| items[n] = Value::Undefined)?;
                array.make_holes(n..n + 1);
                return Ok(true);
            }
            return cx.delete_named(on, key, strict);
        }
        Value::Function(_) => return cx.delete_named(on, key, strict),
        Value::Undefined | Value::Null => return cx.type_error("Cannot convert undefined or null to object"),
        _ => {}
    }
    Ok(true)
}
