//! Arguments of built-ins.

use super::convert;
use super::fault::R;
use super::machine::Cx;
use crate::base::{
    Str,
    memory::{Held, cost},
};
use crate::value::Value;

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
        _ => cx.type_error("this method needs a string"),
    }
}

/// Calls a callback argument.
pub(crate) fn call(cx: &mut Cx<'_>, callback: &Value, args: &[Value]) -> R<Value> {
    match callback {
        Value::Function(function) => cx.call(function, &Value::Undefined, args),
        other => {
            let shown = convert::to_str(cx, other)?;
            let shown: String = shown.as_str().chars().take(40).collect();
            cx.type_error(format!("{shown} is not a function"))
        }
    }
}

/// An index argument that counts from the end when negative, cut to `0..=length`.
pub(crate) fn relative(cx: &mut Cx<'_>, value: Option<&Value>, default: f64, length: usize) -> R<usize> {
    let n = convert::to_integer_or(cx, value, default)?;
    let length = length as f64;
    let n = if n < 0.0 { (length + n).max(0.0) } else { n.min(length) };
    Ok(n as usize)
}
