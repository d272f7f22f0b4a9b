//! Truth, type, equality, order: what is known of values without running anything.
//!
//! Sections of ECMA-262 (2025) stand above each function.

use super::kinds::Value;
use crate::base::{Str, number};
use std::cmp::Ordering;

/// §7.1.2 ToBoolean.
#[inline]
pub(crate) fn truthy(value: &Value) -> bool {
    match value {
        Value::Undefined | Value::Null | Value::Uninit | Value::Missing => false,
        Value::Bool(b) => *b,
        Value::Number(n) => !(*n == 0.0 || n.is_nan()),
        Value::String(s) => !s.as_str().is_empty(),
        _ => true,
    }
}

/// §13.5.3 typeof.
pub(crate) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Undefined | Value::Uninit | Value::Missing => "undefined",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Function(_) => "function",
        _ => "object",
    }
}

/// The text of a value that is no object; empty for objects.
pub(crate) fn primitive_to_str(value: &Value) -> Str {
    match value {
        Value::String(s) => s.clone(),
        Value::Number(n) => number::to_string(*n).into(),
        Value::Bool(true) => "true".into(),
        Value::Bool(false) => "false".into(),
        Value::Null => "null".into(),
        Value::Undefined | Value::Uninit | Value::Missing => "undefined".into(),
        _ => "".into(),
    }
}

/// §7.2.15 `===`.
pub(crate) fn strict_equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b,
        (Value::String(a), Value::String(b)) => a == b,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Undefined, Value::Undefined) | (Value::Null, Value::Null) => true,
        (Value::Array(a), Value::Array(b)) => a.ptr_eq(b),
        (Value::Object(a), Value::Object(b)) => a.ptr_eq(b),
        (Value::Function(a), Value::Function(b)) => a.is_same(b),
        (Value::RegExp(a), Value::RegExp(b)) => a.ptr_eq(b),
        _ => false,
    }
}

/// §7.2.11 SameValueZero, as `includes` compares.
pub(crate) fn same_value_zero(a: &Value, b: &Value) -> bool {
    matches!((a, b), (Value::Number(a), Value::Number(b)) if a.is_nan() && b.is_nan()) || strict_equal(a, b)
}

/// Strings compare by UTF-16 code units, which differs from UTF-8 only beyond the Basic Multilingual Plane.
pub(crate) fn compare_units(a: &Str, b: &Str) -> Ordering {
    if a.is_ascii() || b.is_ascii() {
        return a.as_str().cmp(b.as_str());
    }
    a.utf16().cmp(&b.utf16())
}

impl Value {
    /// Whether both are one value: the same container, or equal primitives; `===`.
    pub fn is_same(&self, other: &Value) -> bool {
        strict_equal(self, other)
    }
}
