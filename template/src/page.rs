//! What a page of templates keeps while it is rendered: the templates that wait for others, the layout that one asked for, blocks,
//! and the marks of pages that are sent in pieces.
//!
//! `layout(name, data)` makes this template's output `body` in that one. `block(name, content)` in a page gives a layout a
//! piece by name; content is a value or a function that puts text out. `block(name)` in the layout reads it, and is the
//! empty string when no page gave it. The first one given wins, so that a page overrides a layout that has a layout itself.
//!
//! `placeholder(name, text)` marks a place that is filled later, and `pagelets()` where the pieces that fill the places
//! are sent; see [`crate::pipe`].

use crate::pipe;
use std::collections::HashMap;
use std::rc::Rc;
use wirebook_script::{Cx, Native, R, Source, Str, Value};

/// The layout that a template asked for.
pub(crate) struct Layout {
    pub(crate) name: Str,
    pub(crate) data: Value,
    pub(crate) offset: u32,
}

/// What one render keeps.
#[derive(Default)]
pub(crate) struct Page {
    /// Templates that wait for what they include, or for their layout, outermost first, with their data.
    pub(crate) open: Vec<(Rc<Source>, Value)>,
    pub(crate) layout: Option<Layout>,
    pub(crate) blocks: HashMap<Str, Str>,
    pub(crate) placeholders: Vec<Str>,
}

impl Page {
    /// Lets go of what the render held.
    pub(crate) fn clear(&mut self) {
        self.open.clear();
        self.layout = None;
        self.blocks.clear();
        self.placeholders.clear();
    }
}

pub(crate) const HELPERS: [(&str, Native); 4] =
    [("block", block), ("layout", layout), ("pagelets", pagelets), ("placeholder", placeholder)];

fn layout(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    let name = cx.text_of(args.first().unwrap_or(&Value::Undefined))?;
    let data = args.get(1).cloned().unwrap_or_default();
    let offset = cx.site();
    cx.state::<Page>().layout = Some(Layout { name, data, offset });
    Ok(Value::Undefined)
}

/// The argument as text; a function is run and what it puts out is taken.
fn content(cx: &mut Cx<'_>, value: &Value) -> R<Str> {
    let Value::Function(function) = value else { return cx.text_of(value) };
    let mut returned = Value::Undefined;
    let text = cx.capture(|cx| {
        returned = cx.call(function, &Value::Undefined, &[])?;
        Ok(())
    })?;
    match returned {
        Value::Undefined | Value::Null => Ok(text),
        value => {
            let more = cx.text_of(&value)?;
            cx.string_of(text.as_str().len() + more.as_str().len())?;
            Ok(text.concat(&more))
        }
    }
}

fn block(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    let name = cx.text_of(args.first().unwrap_or(&Value::Undefined))?;
    match args.get(1) {
        None | Some(Value::Undefined) => {
            let given = cx.state::<Page>().blocks.get(&name).cloned();
            Ok(given.unwrap_or_else(|| Str::from("")).into())
        }
        Some(value) => {
            if !cx.state::<Page>().blocks.contains_key(&name) {
                let text = content(cx, value)?;
                cx.state::<Page>().blocks.insert(name, text);
            }
            Ok(Value::Undefined)
        }
    }
}

fn placeholder(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    let name = cx.text_of(args.first().unwrap_or(&Value::Undefined))?;
    if !pipe::is_name(name.as_str()) {
        return cx.type_error("a placeholder's name is letters, digits, '-' and '_'");
    }
    // Each one is looked for among all before it.
    let known = cx.state::<Page>().placeholders.len();
    cx.steps(known / 8)?;
    if cx.state::<Page>().placeholders.contains(&name) {
        return cx.type_error(format!("placeholder '{}' stands on the page twice", name.as_str()));
    }
    let waiting = match args.get(1) {
        None | Some(Value::Undefined) => Str::from(""),
        Some(value) => content(cx, value)?,
    };
    cx.string_of(waiting.as_str().len() + 64)?;
    let html = pipe::placeholder(name.as_str(), waiting.as_str());
    cx.state::<Page>().placeholders.push(name);
    Ok(html.into())
}

fn pagelets(_: &mut Cx<'_>, _: &Value, _: &[Value]) -> R<Value> {
    Ok(pipe::MARK.into())
}
