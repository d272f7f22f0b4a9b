//! Arguments of built-ins.

use crate::run::{Cx, R, convert};
use crate::value::Value;

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
