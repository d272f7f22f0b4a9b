#![allow(unsafe_code)]
//! Copying a value: what it shares is counted once more, and its sixteen bytes are moved as one.
//!
//! A derived copy stores the tag and then the payload. Whoever gets the value moves both at once, and such a load can not be
//! answered by two stores that are still on their way: it waits a dozen cycles, and every variable that is read waits so.
//! The safe twin is a copy by kind, as it would be derived; a test compares the two.

use super::kinds::Value;
use std::mem::forget;

impl Clone for Value {
    #[inline(always)]
    fn clone(&self) -> Value {
        match self {
            Value::Undefined | Value::Null | Value::Uninit | Value::Missing | Value::Bool(_) | Value::Number(_) => {}
            Value::String(shared) => forget(shared.clone()),
            Value::Array(shared) => forget(shared.clone()),
            Value::Object(shared) => forget(shared.clone()),
            Value::Function(shared) => forget(shared.clone()),
            Value::RegExp(shared) => forget(shared.clone()),
            Value::Cell(shared) => forget(shared.clone()),
        }
        // SAFETY: the bytes of a value are a value, to which another owner was added above and forgotten: this one. Kinds
        // that share nothing are plain data.
        unsafe { std::ptr::read(self) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Str;
    use crate::regexp::RegExp;
    use crate::value::{Array, Function, Object, VarCell};
    use std::rc::Rc;

    fn by_kind(value: &Value) -> Value {
        match value {
            Value::Undefined => Value::Undefined,
            Value::Null => Value::Null,
            Value::Uninit => Value::Uninit,
            Value::Missing => Value::Missing,
            Value::Bool(b) => Value::Bool(*b),
            Value::Number(n) => Value::Number(*n),
            Value::String(s) => Value::String(s.clone()),
            Value::Array(a) => Value::Array(a.clone()),
            Value::Object(o) => Value::Object(o.clone()),
            Value::Function(f) => Value::Function(f.clone()),
            Value::RegExp(r) => Value::RegExp(r.clone()),
            Value::Cell(c) => Value::Cell(c.clone()),
        }
    }

    #[test]
    fn a_copy_equals_its_safe_twin() {
        let function = Function::new("f".into(), Rc::new(()), Box::new([1.into()]));
        let values = [
            Value::Undefined,
            Value::Null,
            Value::Uninit,
            Value::Missing,
            true.into(),
            Value::Number(0.5),
            Str::new("text").into(),
            Array::new(vec![1.into()]).into(),
            Object::new().into(),
            Value::Function(function),
            Value::RegExp(RegExp::new("a", "g").unwrap()),
            Value::Cell(VarCell::new(1.into())),
        ];
        let (copies, twins) = (values.clone(), values.each_ref().map(by_kind));
        let shown = format!("{values:?}");
        drop(values);
        assert_eq!(format!("{copies:?}"), shown);
        drop(copies);
        assert_eq!(format!("{twins:?}"), shown);
    }

    #[test]
    fn a_copy_is_an_owner_more() {
        let text = Str::new("text");
        let value = Value::from(text.clone());
        drop(value.clone());
        let copy = value.clone();
        drop(value);
        assert!(text.is_shared());
        drop(copy);
        assert!(!text.is_shared());
    }
}
