//! Operators on values, ECMA-262 §13.

use super::convert;
use super::fault::R;
use super::machine::Cx;
use super::shown::shown;
use crate::base::{Str, number::array_index};
use crate::syntax::ast::{Binary, Logical};
use crate::value::{Value, compare};
use std::cmp::Ordering;

/// Applies a binary operator.
pub(crate) fn apply(cx: &mut Cx<'_>, operator: Binary, left: Value, right: &Value) -> R<Value> {
    use Binary::*;
    let left_number =
        |cx: &mut Cx<'_>| -> R<(f64, f64)> { Ok((convert::to_number(cx, &left)?, convert::to_number(cx, right)?)) };
    if matches!(operator, StrictEqual | StrictNotEqual) {
        cx.comparing(&left, right)?;
    }
    Ok(match operator {
        Add => return convert::add(cx, left, right),
        StrictEqual => Value::Bool(compare::strict_equal(&left, right)),
        StrictNotEqual => Value::Bool(!compare::strict_equal(&left, right)),
        Equal => Value::Bool(convert::loose_equal(cx, &left, right)?),
        NotEqual => Value::Bool(!convert::loose_equal(cx, &left, right)?),
        Less | LessEqual | Greater | GreaterEqual => {
            Value::Bool(convert::compare(cx, &left, right)?.is_some_and(|order| holds(operator, order)))
        }
        In => return contains(cx, &left, right),
        _ => {
            let (a, b) = left_number(cx)?;
            Value::Number(operator.arithmetic(a, b))
        }
    })
}

pub(crate) fn holds(operator: Binary, order: Ordering) -> bool {
    match operator {
        Binary::Less => order.is_lt(),
        Binary::LessEqual => order.is_le(),
        Binary::Greater => order.is_gt(),
        _ => order.is_ge(),
    }
}

/// Applies an operator to two numbers, which needs no conversion. `in` does not come here.
#[inline]
pub(crate) fn on_numbers(operator: Binary, a: f64, b: f64) -> Value {
    use Binary::*;
    match operator {
        Less => Value::Bool(a < b),
        LessEqual => Value::Bool(a <= b),
        Greater => Value::Bool(a > b),
        GreaterEqual => Value::Bool(a >= b),
        Equal | StrictEqual => Value::Bool(a == b),
        NotEqual | StrictNotEqual => Value::Bool(a != b),
        _ => Value::Number(operator.arithmetic(a, b)),
    }
}

/// `key in object`.
fn contains(cx: &mut Cx<'_>, key: &Value, holder: &Value) -> R<Value> {
    if !holder.is_object() {
        let (key, holder) = (shown(key), compare::primitive_to_str(holder));
        let (key, holder) = (key.as_str(), holder.as_str());
        return cx.type_error(format!("Cannot use 'in' operator to search for '{key}' in {holder}"));
    }
    let key: Str = convert::to_key(cx, key)?;
    let found = match holder {
        Value::Object(object) if object.borrow().get(&key).is_some() => true,
        Value::Object(object) => match object.text() {
            Some(Value::String(text)) => {
                key.is("length") || array_index(key.as_str()).is_some_and(|n| (n as usize) < text.units())
            }
            _ => false,
        },
        Value::Array(array) => {
            let place = array_index(key.as_str()).map(|n| n as usize);
            key.is("length")
                || place.is_some_and(|n| n < array.len() && !array.is_hole(n))
                || cx.named_member(holder, &key).is_some()
        }
        Value::Function(_) => cx.named_member(holder, &key).is_some(),
        _ => false,
    };
    Ok(Value::Bool(found))
}

/// Whether a logical operator stops at this value.
pub(crate) fn decides(operator: Logical, value: &Value) -> bool {
    match operator {
        Logical::And => !compare::truthy(value),
        Logical::Or => compare::truthy(value),
        Logical::Nullish => !value.is_nullish(),
    }
}
