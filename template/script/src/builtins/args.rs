//! Arguments of built-ins.

use crate::base::memory::{Held, cost};
use crate::run::{Cx, R, convert};
use crate::value::Value;

/// Elements that a built-in collects while a program runs in between: they weigh before they are an array.
pub(super) struct Gathered {
    items: Vec<Value>,
    held: Held,
}

impl Gathered {
    pub(super) fn new() -> Gathered {
        Gathered { items: Vec::new(), held: Held::new(0) }
    }

    pub(super) fn push(&mut self, item: Value) {
        self.held.add(cost::ITEM);
        self.items.push(item);
    }

    pub(super) fn extend(&mut self, items: Vec<Value>) {
        self.held.add(items.len() * cost::ITEM);
        self.items.extend(items);
    }

    pub(super) fn finish(self, cx: &Cx<'_>) -> Value {
        cx.array(self.items)
    }
}

/// An argument, `undefined` when it is not there.
pub(super) fn arg(args: &[Value], n: usize) -> &Value {
    const NONE: &Value = &Value::Undefined;
    args.get(n).unwrap_or(NONE)
}

/// Calls a callback argument.
pub(super) fn call(cx: &mut Cx<'_>, callback: &Value, args: &[Value]) -> R<Value> {
    match callback {
        Value::Function(function) => cx.call(function, &Value::Undefined, args),
        other => {
            let shown = convert::to_str(cx, other)?;
            let shown: String = shown.as_str().chars().take(40).collect();
            cx.type_error(format!("{shown} is not a function"))
        }
    }
}
