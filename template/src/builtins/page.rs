//! Blocks of layouts, and the marks of pages that are sent in pieces.
//!
//! `block(name, content)` in a page gives a layout a piece by name; content is a value or a function that puts text out.
//! `block(name)` in the layout reads it, and is the empty string when no page gave it. The first one given wins, so that
//! a page overrides a layout that has a layout itself.
//!
//! `placeholder(name, text)` marks a place that is filled later, and `pagelets()` where the pieces that fill the places
//! are sent; see [`crate::pipe`].

use super::{arg, call};
use crate::pipe;
use crate::run::{Cx, R};
use crate::value::{Native, Str, Value, convert};

pub(super) const FUNCTIONS: &[(&str, Native)] =
    &[("block", block), ("pagelets", pagelets), ("placeholder", placeholder)];

/// The argument as text; a function is run and what it puts out is taken.
fn content(cx: &mut Cx<'_>, value: &Value) -> R<Str> {
    let Value::Function(_) = value else { return convert::to_str(cx, value) };
    let mut returned = Value::Undefined;
    let text = cx.capture(|cx| {
        returned = call(cx, value, &[])?;
        Ok(())
    })?;
    match returned {
        Value::Undefined | Value::Null => Ok(text),
        value => Ok(text.concat(&convert::to_str(cx, &value)?)),
    }
}

fn block(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    let name = convert::to_str(cx, arg(args, 0))?;
    match arg(args, 1) {
        Value::Undefined => {
            let given = cx.blocks.as_ref().and_then(|blocks| blocks.get(&name));
            Ok(given.cloned().unwrap_or_else(|| Str::from("")).into())
        }
        value => {
            if !cx.blocks.get_or_insert_default().contains_key(&name) {
                let text = content(cx, value)?;
                cx.blocks.get_or_insert_default().insert(name, text);
            }
            Ok(Value::Undefined)
        }
    }
}

fn placeholder(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    let name = convert::to_str(cx, arg(args, 0))?;
    if !pipe::is_name(name.as_str()) {
        return cx.type_error("a placeholder's name is letters, digits, '-' and '_'");
    }
    if cx.placeholders.contains(&name) {
        return cx.type_error(format!("placeholder '{}' stands on the page twice", name.as_str()));
    }
    let waiting = match arg(args, 1) {
        Value::Undefined => Str::from(""),
        value => content(cx, value)?,
    };
    cx.string_of(waiting.as_str().len() + 64)?;
    let html = pipe::placeholder(name.as_str(), waiting.as_str());
    cx.placeholders.push(name);
    Ok(html.into())
}

fn pagelets(_: &mut Cx<'_>, _: &Value, _: &[Value]) -> R<Value> {
    Ok(pipe::MARK.into())
}
