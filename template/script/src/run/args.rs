//! Arguments of built-ins.

use super::convert;
use super::fault::R;
use super::machine::Cx;
use super::shown::shown;
use crate::base::{
    Str,
    memory::{Held, cost},
};
use crate::value::{Function, Value};

/// Elements that a built-in collects while a program runs in between: they weigh before they are an array.
pub(crate) struct Gathered {
    items: Vec<Value>,
    held: Held,
}

impl Gathered {
    pub(crate) fn new() -> Gathered {
        Gathered { items: Vec::new(), held: Held::new(0) }
    }

    pub(crate) fn push(&mut self, item: Value) {
        self.held.add(cost::ITEM);
        self.items.push(item);
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn extend(&mut self, items: Vec<Value>) {
        self.held.add(items.len() * cost::ITEM);
        self.items.extend(items);
    }

    pub(crate) fn iterator(self, cx: &Cx<'_>, name: &'static str) -> Value {
        cx.iterator(self.items, name)
    }

    pub(crate) fn finish(self, cx: &Cx<'_>) -> Value {
        cx.array(self.items)
    }
}

/// An argument, `undefined` when it is not there.
pub(crate) fn arg(args: &[Value], n: usize) -> &Value {
    const NONE: &Value = &Value::Undefined;
    args.get(n).unwrap_or(NONE)
}

/// The receiver as a string, its length paid for.
pub(crate) fn this_str(cx: &mut Cx<'_>, this: &Value) -> R<Str> {
    match this {
        Value::String(s) => {
            cx.bytes(s.as_str().len())?;
            Ok(s.clone())
        }
        Value::Undefined | Value::Null => cx.type_error("this method needs a string"),
        // Any other value is what its text is, such as the object around a string.
        other => {
            let text = convert::to_str(cx, other)?;
            cx.bytes(text.as_str().len())?;
            Ok(text)
        }
    }
}

/// A callback, when it can be called; `Math` and its like can not.
pub(crate) fn callable(value: &Value) -> Option<&Function> {
    match value {
        Value::Function(function) if !function.is_space() => Some(function),
        _ => None,
    }
}

/// Calls a callback argument.
pub(crate) fn call(cx: &mut Cx<'_>, callback: &Value, args: &[Value]) -> R<Value> {
    match callback {
        Value::Function(function) => cx.call(function, &Value::Undefined, args),
        other => not_a_function(cx, other),
    }
}

/// A callback that is none.
#[cold]
pub(crate) fn not_a_function<T>(cx: &mut Cx<'_>, value: &Value) -> R<T> {
    let shown = shown(value);
    cx.bytes(shown.as_str().len())?;
    cx.type_error(format!("{} is not a function", shown.as_str()))
}

/// Key and value of what an iterable of entries gives: any object may be one.
pub(crate) fn entry(cx: &mut Cx<'_>, pair: &Value) -> R<(Value, Value)> {
    match pair {
        Value::Array(pair) => Ok((pair.get(0).unwrap_or_default(), pair.get(1).unwrap_or_default())),
        Value::Object(pair) => Ok((pair.get("0").unwrap_or_default(), pair.get("1").unwrap_or_default())),
        pair if pair.is_object() => Ok(Default::default()),
        other => cx.type_error(format!("Iterator value {} is not an entry object", shown(other).as_str())),
    }
}

/// An index argument that counts from the end when negative, cut to `0..=length`.
pub(crate) fn relative(cx: &mut Cx<'_>, value: Option<&Value>, default: f64, length: usize) -> R<usize> {
    let n = convert::to_integer_or(cx, value, default)?;
    let length = length as f64;
    let n = if n < 0.0 { (length + n).max(0.0) } else { n.min(length) };
    Ok(n as usize)
}
