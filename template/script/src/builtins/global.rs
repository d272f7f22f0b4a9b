//! Functions called by their bare name, `JSON`, and the methods of functions; ECMA-262 §19.2, §25.5, §20.2.

use super::json;
use crate::base::{ErrorKind, Str, number};
use crate::run::{
    Cx, Draft, Native, R,
    args::{arg, call},
    convert, report,
};
use crate::text::search::compiled;
use crate::value::{Class, Object, Value, compare};
use std::collections::HashSet;

pub(crate) const FUNCTIONS: &[(&str, Native)] = &[
    ("Array", array),
    // Code is never made of text.
    ("Function", |cx, _, _| cx.type_error("Function is not a function")),
    ("Date", super::date::called),
    ("Map", |cx, _, _| cx.type_error("Constructor Map requires 'new'")),
    ("Set", |cx, _, _| cx.type_error("Constructor Set requires 'new'")),
    ("Boolean", |_, _, args| Ok(compare::truthy(arg(args, 0)).into())),
    ("Error", |cx, _, args| error(cx, "Error", args)),
    ("EvalError", |cx, _, args| error(cx, "EvalError", args)),
    ("Number", number_of),
    ("Object", super::object::called),
    ("RangeError", |cx, _, args| error(cx, "RangeError", args)),
    ("ReferenceError", |cx, _, args| error(cx, "ReferenceError", args)),
    ("RegExp", regexp),
    ("String", string_of),
    ("SyntaxError", |cx, _, args| error(cx, "SyntaxError", args)),
    ("TypeError", |cx, _, args| error(cx, "TypeError", args)),
    ("URIError", |cx, _, args| error(cx, "URIError", args)),
    ("isFinite", |cx, _, args| Ok(convert::to_number(cx, arg(args, 0))?.is_finite().into())),
    ("isNaN", |cx, _, args| Ok(convert::to_number(cx, arg(args, 0))?.is_nan().into())),
    ("parseFloat", parse_float),
    ("parseInt", parse_int),
];

pub(crate) const JSON: &[(&str, Native)] = &[("parse", json_parse), ("stringify", json_stringify)];

/// What `console` has; a line goes to the host, which may keep it.
pub(crate) const CONSOLE: &[(&str, Native)] =
    &[("debug", log), ("error", log), ("info", log), ("log", log), ("trace", log), ("warn", log)];

pub(crate) const FUNCTION_METHODS: &[(&str, Native)] =
    &[("apply", apply), ("bind", bind), ("call", call_with), ("toString", to_text)];

fn log(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    let mut line = Draft::default();
    for (n, value) in args.iter().enumerate() {
        if n > 0 {
            line.push(cx, " ")?;
        }
        let text = match value {
            Value::Object(_) | Value::Array(_) => cx.json(value)?.unwrap_or_else(|| "undefined".into()),
            value => convert::to_str(cx, value)?,
        };
        line.push_value(cx, &text)?;
    }
    let line = line.finish(cx)?;
    cx.host.log(line.as_str());
    Ok(Value::Undefined)
}

/// `f.bind(this, …)`.
fn bind(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let Value::Function(function) = this else { return call(cx, this, args) };
    cx.items(args.len())?;
    Ok(Value::Function(function.bound(arg(args, 0).clone(), args.get(1..).unwrap_or_default())))
}

/// `new Boolean(x)` and its like: an object around a primitive.
pub(crate) fn boxed(cx: &mut Cx<'_>, kind: &str, args: &[Value]) -> R<Value> {
    let value = match kind {
        "Boolean" => compare::truthy(arg(args, 0)).into(),
        "Number" => number_of(cx, &Value::Undefined, args)?,
        _ => string_of(cx, &Value::Undefined, args)?,
    };
    Ok(cx.own(Object::boxed(value)).into())
}

pub(crate) fn to_text(cx: &mut Cx<'_>, this: &Value, _: &[Value]) -> R<Value> {
    Ok(convert::to_str(cx, this)?.into())
}

fn error(cx: &mut Cx<'_>, name: &str, args: &[Value]) -> R<Value> {
    let message = match arg(args, 0) {
        Value::Undefined => Str::from(""),
        value => convert::to_str(cx, value)?,
    };
    let error = report::error_object(cx, name, message);
    if let (Value::Object(error), Value::Object(options)) = (&error, arg(args, 1))
        && let Some(cause) = options.get("cause")
    {
        error.set("cause", cause);
    }
    Ok(error)
}

fn array(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    let [Value::Number(n)] = args else { return Ok(cx.array(args.to_vec())) };
    if *n < 0.0 || n.fract() != 0.0 || *n > f64::from(u32::MAX) {
        return cx.fail(ErrorKind::Range, "Invalid array length");
    }
    let length = *n as usize;
    cx.items(length)?;
    let array = cx.array(vec![Value::Undefined; length]);
    if let Value::Array(array) = &array {
        array.make_holes(0..length);
    }
    Ok(array)
}

fn number_of(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    match args.first() {
        None => Ok(Value::Number(0.0)),
        Some(value) => Ok(Value::Number(convert::to_number(cx, value)?)),
    }
}

fn string_of(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    match args.first() {
        None => Ok("".into()),
        Some(value) => Ok(convert::to_str(cx, value)?.into()),
    }
}

fn regexp(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    let (pattern, flags) = match (arg(args, 0), arg(args, 1)) {
        (Value::RegExp(regexp), Value::Undefined) => return Ok(Value::RegExp(regexp.clone())),
        (Value::Undefined, flags) => (Str::from(""), flags),
        (value, flags) => (convert::to_str(cx, value)?, flags),
    };
    let flags = if matches!(flags, Value::Undefined) { Str::from("") } else { convert::to_str(cx, flags)? };
    Ok(Value::RegExp(compiled(cx, &pattern, flags.as_str())?))
}

pub(crate) fn parse_float(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    let text = convert::to_str(cx, arg(args, 0))?;
    cx.bytes(text.as_str().len())?;
    let text = text.as_str().trim_start_matches(number::is_space);
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
    if unsigned.starts_with("Infinity") {
        return Ok(Value::Number(sign * f64::INFINITY));
    }
    let bytes = unsigned.as_bytes();
    let digits = |mut at: usize| {
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        at
    };
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') && (end > 0 || bytes.get(1).is_some_and(u8::is_ascii_digit)) {
        end = digits(end + 1);
    }
    if end > 0 && matches!(bytes.get(end), Some(b'e' | b'E')) {
        let from = end + 1 + usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        if digits(from) > from {
            end = digits(from);
        }
    }
    Ok(Value::Number(unsigned[..end].parse().map_or(f64::NAN, |n: f64| sign * n)))
}

pub(crate) fn parse_int(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    let text = convert::to_str(cx, arg(args, 0))?;
    let radix = convert::to_number(cx, arg(args, 1))?;
    cx.bytes(text.as_str().len())?;
    let text = text.as_str().trim_start_matches(number::is_space);
    let mut digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut radix = number::to_int32(radix);
    if (radix == 0 || radix == 16)
        && let Some(rest) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"))
    {
        (radix, digits) = (16, rest);
    }
    let radix = if radix == 0 { 10 } else { radix };
    if !(2..=36).contains(&radix) {
        return Ok(Value::Number(f64::NAN));
    }
    let end = digits.find(|c: char| c.to_digit(radix as u32).is_none()).unwrap_or(digits.len());
    let value = match radix {
        10 => digits[..end].parse().ok(),
        _ => number::from_digits(&digits[..end], radix as u32),
    };
    let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
    Ok(Value::Number(value.map_or(f64::NAN, |n: f64| sign * n)))
}

fn json_parse(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    let text = convert::to_str(cx, arg(args, 0))?;
    let value = json::parse(cx, &text)?;
    if let Value::Function(reviver) = arg(args, 1) { json::revive(cx, reviver, value) } else { Ok(value) }
}

fn json_stringify(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    let keep = match arg(args, 1) {
        Value::Array(keys) => {
            let (mut keep, mut known) = (Vec::new(), HashSet::new());
            cx.items(keys.len())?;
            for key in keys.to_vec() {
                let boxed = key.as_object().is_some_and(|key| key.0.class.get() == Class::Boxed);
                if !boxed && !matches!(key, Value::String(_) | Value::Number(_)) {
                    continue;
                }
                let key = convert::to_key(cx, &key)?;
                if known.insert(key.clone()) {
                    keep.push(key);
                }
            }
            Some(keep)
        }
        _ => None,
    };
    let replacer = if let Value::Function(replacer) = arg(args, 1) { Some(replacer.clone()) } else { None };
    let indent = match arg(args, 2).unboxed() {
        // Half a blank is none, but V8 begins new lines for it.
        Value::Number(n) if *n > 0.0 => Some(" ".repeat(number::to_integer(*n).clamp(0.0, 10.0) as usize)),
        Value::String(s) => Some(s.slice(0, 10).as_str().to_owned()).filter(|text| !text.is_empty()),
        _ => None,
    };
    let text = json::stringify(cx, arg(args, 0), indent.as_deref(), keep, replacer)?;
    Ok(text.map_or(Value::Undefined, Value::from))
}

fn apply(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let Value::Function(function) = this else { return call(cx, this, args) };
    let list = match arg(args, 1) {
        Value::Array(list) => {
            cx.items(list.len())?;
            list.to_vec()
        }
        Value::Object(list) => convert::elements_of(cx, list)?,
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            return cx.type_error("CreateListFromArrayLike called on non-object");
        }
        _ => Vec::new(),
    };
    cx.call(function, arg(args, 0), &list)
}

fn call_with(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let Value::Function(function) = this else { return call(cx, this, args) };
    cx.call(function, arg(args, 0), args.get(1..).unwrap_or_default())
}
