//! `'text'.bold()` and its like, ECMA-262 annex B.2.2. Nobody calls them, but a template that asks `if (menu.link)` of a
//! string finds one.

use crate::run::{
    Cx, Draft, Native, R,
    args::{arg, this_str},
    convert,
};
use crate::value::Value;

pub(crate) const METHODS: &[(&str, Native)] = &[
    ("anchor", |cx, this, args| element(cx, this, "a", Some(("name", arg(args, 0))))),
    ("big", |cx, this, _| element(cx, this, "big", None)),
    ("blink", |cx, this, _| element(cx, this, "blink", None)),
    ("bold", |cx, this, _| element(cx, this, "b", None)),
    ("fixed", |cx, this, _| element(cx, this, "tt", None)),
    ("fontcolor", |cx, this, args| element(cx, this, "font", Some(("color", arg(args, 0))))),
    ("fontsize", |cx, this, args| element(cx, this, "font", Some(("size", arg(args, 0))))),
    ("italics", |cx, this, _| element(cx, this, "i", None)),
    ("link", |cx, this, args| element(cx, this, "a", Some(("href", arg(args, 0))))),
    ("small", |cx, this, _| element(cx, this, "small", None)),
    ("strike", |cx, this, _| element(cx, this, "strike", None)),
    ("sub", |cx, this, _| element(cx, this, "sub", None)),
    ("sup", |cx, this, _| element(cx, this, "sup", None)),
];

/// Nothing but `"` in the attribute is escaped.
fn element(cx: &mut Cx<'_>, this: &Value, name: &str, attribute: Option<(&str, &Value)>) -> R<Value> {
    let text = this_str(cx, this)?;
    let mut out = Draft::default();
    out.push(cx, &format!("<{name}"))?;
    if let Some((key, value)) = attribute {
        let value = convert::to_str(cx, value)?;
        out.push(cx, &format!(" {key}=\""))?;
        cx.steps(value.as_str().len() / 16)?;
        out.push_value(cx, &value.map(|text| text.replace('"', "&quot;")))?;
        out.push(cx, "\"")?;
    }
    out.push(cx, ">")?;
    out.push_value(cx, &text)?;
    out.push(cx, &format!("</{name}>"))?;
    Ok(out.finish(cx)?.into())
}
