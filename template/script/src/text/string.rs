//! String methods that take no regular expression, ECMA-262 §22.1.3. Indices are UTF-16 code units.

use super::{collation, locale};
use crate::base::{ErrorKind, Str, Units, number};
use crate::run::{
    Cx, Draft, Native, R,
    args::{arg, relative, this_str},
    convert, rate,
};
use crate::value::Value;
use unicode_normalization::UnicodeNormalization;

pub(crate) const METHODS: &[(&str, Native)] = &[
    ("at", at),
    ("charAt", char_at),
    ("charCodeAt", char_code_at),
    ("codePointAt", code_point_at),
    ("concat", concat),
    ("endsWith", ends_with),
    ("includes", includes),
    ("indexOf", index_of),
    ("lastIndexOf", last_index_of),
    ("localeCompare", collation::compare),
    ("normalize", normalize),
    ("padEnd", |cx, this, args| pad(cx, this, args, false)),
    ("padStart", |cx, this, args| pad(cx, this, args, true)),
    ("repeat", repeat),
    ("slice", slice),
    ("startsWith", starts_with),
    ("substr", substr),
    ("substring", substring),
    ("toLocaleLowerCase", |cx, this, args| locale::cased(cx, this, args, lower)),
    ("toLocaleUpperCase", |cx, this, args| locale::cased(cx, this, args, upper)),
    ("toLowerCase", lower),
    ("toString", itself),
    ("toUpperCase", upper),
    ("isWellFormed", |cx, this, _| Ok((!this_str(cx, this)?.has_halves()).into())),
    ("toWellFormed", |cx, this, _| Ok(this_str(cx, this)?.as_str().into())),
    ("trimLeft", |cx, this, _| trimmed(cx, this, |s| s.trim_start_matches(number::is_space))),
    ("trimRight", |cx, this, _| trimmed(cx, this, |s| s.trim_end_matches(number::is_space))),
    ("trim", |cx, this, _| trimmed(cx, this, |s| s.trim_matches(number::is_space))),
    ("trimEnd", |cx, this, _| trimmed(cx, this, |s| s.trim_end_matches(number::is_space))),
    ("trimStart", |cx, this, _| trimmed(cx, this, |s| s.trim_start_matches(number::is_space))),
    ("valueOf", itself),
];

pub(crate) const STATICS: &[(&str, Native)] = &[("fromCharCode", from_char_code), ("fromCodePoint", from_code_point)];

/// `valueOf` and `toString`, which ask for a string and take no other value's text.
fn itself(cx: &mut Cx<'_>, this: &Value, _: &[Value]) -> R<Value> {
    match this {
        Value::String(_) => Ok(this.clone()),
        Value::Object(object) if object.text().is_some() => Ok(object.text().cloned().unwrap_or_default()),
        _ => cx.type_error("this method needs a string"),
    }
}

fn at(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let s = this_str(cx, this)?;
    let n = convert::to_integer_or(cx, args.first(), 0.0)?;
    let n = if n < 0.0 { n + s.units() as f64 } else { n };
    if n < 0.0 || n >= s.units() as f64 {
        return Ok(Value::Undefined);
    }
    Ok(s.slice(n as usize, n as usize + 1).into())
}

fn char_at(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let s = this_str(cx, this)?;
    let n = convert::to_integer_or(cx, args.first(), 0.0)?;
    if n < 0.0 || n >= s.units() as f64 {
        return Ok("".into());
    }
    Ok(s.slice(n as usize, n as usize + 1).into())
}

fn unit(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<(Str, usize, Option<u16>)> {
    let s = this_str(cx, this)?;
    let n = convert::to_integer_or(cx, args.first(), 0.0)?;
    let unit = if n < 0.0 { None } else { s.unit_at(n as usize) };
    Ok((s, n.max(0.0) as usize, unit))
}

fn char_code_at(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let (_, _, unit) = unit(cx, this, args)?;
    Ok(Value::Number(unit.map_or(f64::NAN, f64::from)))
}

fn code_point_at(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let (s, n, unit) = unit(cx, this, args)?;
    let Some(first) = unit else { return Ok(Value::Undefined) };
    let pair = (0xD800..0xDC00).contains(&first).then(|| s.unit_at(n + 1)).flatten();
    let point = match pair {
        Some(second @ 0xDC00..=0xDFFF) => 0x10000 + ((u32::from(first) - 0xD800) << 10) + (u32::from(second) - 0xDC00),
        _ => u32::from(first),
    };
    Ok(point.into())
}

fn concat(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let mut out = Draft::default();
    let first = this_str(cx, this)?;
    out.push_value(cx, &first)?;
    cx.steps(args.len() / rate::ITEMS)?;
    for value in args {
        let more = convert::to_str(cx, value)?;
        out.push_value(cx, &more)?;
    }
    Ok(out.finish(cx)?.into())
}

/// The text to look for; a regular expression is refused, as the specification does.
fn needle(cx: &mut Cx<'_>, value: &Value, method: &str) -> R<Str> {
    if let Value::RegExp(_) = value {
        return cx.type_error(format!("First argument to String.prototype.{method} must not be a regular expression"));
    }
    convert::to_str(cx, value)
}

fn includes(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let s = this_str(cx, this)?;
    let wanted = needle(cx, arg(args, 0), "includes")?;
    let from = position(cx, args.get(1), &s)?;
    Ok(find(&s, &wanted, from).is_some().into())
}

/// An index argument cut to the string, 0 by default.
fn position(cx: &mut Cx<'_>, value: Option<&Value>, s: &Str) -> R<usize> {
    Ok(convert::to_integer_or(cx, value, 0.0)?.clamp(0.0, s.units() as f64) as usize)
}

fn starts_with(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let s = this_str(cx, this)?;
    let wanted = needle(cx, arg(args, 0), "startsWith")?;
    let from = position(cx, args.get(1), &s)?;
    Ok((s.slice(from, from + wanted.units()) == wanted).into())
}

fn ends_with(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let s = this_str(cx, this)?;
    let wanted = needle(cx, arg(args, 0), "endsWith")?;
    let end = match arg(args, 1) {
        Value::Undefined => s.units(),
        _ => position(cx, args.get(1), &s)?,
    };
    let start = end.checked_sub(wanted.units());
    Ok(start.is_some_and(|start| s.slice(start, end) == wanted).into())
}

fn index_of(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let s = this_str(cx, this)?;
    let wanted = convert::to_str(cx, arg(args, 0))?;
    cx.bytes(wanted.as_str().len())?;
    let from = position(cx, args.get(1), &s)?;
    Ok(find(&s, &wanted, from).map_or(Value::Number(-1.0), Value::from))
}

/// Where a text stands in another, from a place on.
fn find(s: &Str, wanted: &Str, from: usize) -> Option<usize> {
    if s.has_halves() || wanted.has_halves() {
        return Units::of(s).find(&Units::of(wanted), from);
    }
    let start = s.byte_index(from);
    s.as_str()[start..].find(wanted.as_str()).map(|n| s.unit_index(start + n))
}

fn last_index_of(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let s = this_str(cx, this)?;
    let wanted = convert::to_str(cx, arg(args, 0))?;
    cx.bytes(wanted.as_str().len())?;
    let from = convert::to_number(cx, arg(args, 1))?;
    let last = if from.is_nan() { s.units() } else { number::to_integer(from).clamp(0.0, s.units() as f64) as usize };
    if s.has_halves() || wanted.has_halves() {
        let found = Units::of(&s).find_last(&Units::of(&wanted), last);
        return Ok(found.map_or(Value::Number(-1.0), Value::from));
    }
    let end = (s.byte_index(last) + wanted.as_str().len()).min(s.as_str().len());
    let mut end = end;
    while !s.as_str().is_char_boundary(end) {
        end += 1;
    }
    let found = s.as_str()[..end].rfind(wanted.as_str()).map(|n| s.unit_index(n));
    Ok(found.map_or(Value::Number(-1.0), Value::from))
}

/// The text in one of Unicode's four normal forms.
fn normalize(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let s = this_str(cx, this)?;
    let form = match arg(args, 0) {
        Value::Undefined => Str::from("NFC"),
        value => convert::to_str(cx, value)?,
    };
    if !matches!(form.as_str(), "NFC" | "NFD" | "NFKC" | "NFKD") {
        return cx.fail(ErrorKind::Range, "The normalization form should be one of NFC, NFD, NFKC, NFKD.");
    }
    if s.is_ascii() {
        return Ok(s.into());
    }
    // A character can become eighteen, each of three bytes.
    cx.string_of(s.as_str().len().saturating_mul(4))?;
    let text = s.map(|text| match form.as_str() {
        "NFC" => text.nfc().collect(),
        "NFD" => text.nfd().collect(),
        "NFKC" => text.nfkc().collect(),
        _ => text.nfkd().collect(),
    });
    cx.string_of(text.as_str().len())?;
    Ok(text.into())
}

fn pad(cx: &mut Cx<'_>, this: &Value, args: &[Value], front: bool) -> R<Value> {
    let s = this_str(cx, this)?;
    let length = convert::to_integer_or(cx, args.first(), 0.0)?.clamp(0.0, f64::from(u32::MAX)) as usize;
    let filler = match arg(args, 1) {
        Value::Undefined => Str::from(" "),
        value => convert::to_str(cx, value)?,
    };
    let missing = length.saturating_sub(s.units());
    if missing == 0 || filler.units() == 0 {
        return Ok(s.into());
    }
    // A unit of the filler is at most as many bytes as its widest character, and those are four for two.
    let widest = if filler.is_ascii() { 1 } else { 3 };
    cx.string_of(s.as_str().len().saturating_add(missing.saturating_mul(widest)))?;
    let whole = missing / filler.units();
    let padding = filler.repeat(whole).concat(&filler.slice(0, missing % filler.units()));
    Ok(if front { padding.concat(&s) } else { s.concat(&padding) }.into())
}

fn repeat(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let s = this_str(cx, this)?;
    let count = convert::to_integer_or(cx, args.first(), 0.0)?;
    if count < 0.0 || count.is_infinite() {
        let shown = number::to_string(count);
        return cx.fail(ErrorKind::Range, format!("Invalid count value: {shown}"));
    }
    let count = count.min(f64::from(u32::MAX)) as usize;
    cx.string_of(s.as_str().len().saturating_mul(count))?;
    if s.as_str().is_empty() {
        return Ok(s.into());
    }
    Ok(s.repeat(count).into())
}

fn slice(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let s = this_str(cx, this)?;
    let length = s.units();
    let start = relative(cx, args.first(), 0.0, length)?;
    let end = relative(cx, args.get(1), length as f64, length)?;
    Ok(s.slice(start, end).into())
}

fn substring(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let s = this_str(cx, this)?;
    let length = s.units() as f64;
    let a = convert::to_integer_or(cx, args.first(), 0.0)?.clamp(0.0, length) as usize;
    let b = convert::to_integer_or(cx, args.get(1), length)?.clamp(0.0, length) as usize;
    Ok(s.slice(a.min(b), a.max(b)).into())
}

fn substr(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let s = this_str(cx, this)?;
    let start = relative(cx, args.first(), 0.0, s.units())?;
    let count = convert::to_integer_or(cx, args.get(1), f64::INFINITY)?;
    let end = (start as f64 + count.max(0.0)).min(s.units() as f64) as usize;
    Ok(s.slice(start, end).into())
}

fn lower(cx: &mut Cx<'_>, this: &Value, _: &[Value]) -> R<Value> {
    let s = this_str(cx, this)?;
    cx.string_of(s.as_str().len())?;
    Ok(s.map(str::to_lowercase).into())
}

fn upper(cx: &mut Cx<'_>, this: &Value, _: &[Value]) -> R<Value> {
    let s = this_str(cx, this)?;
    cx.string_of(s.as_str().len())?;
    Ok(s.map(str::to_uppercase).into())
}

fn trimmed(cx: &mut Cx<'_>, this: &Value, trim: fn(&str) -> &str) -> R<Value> {
    let s = this_str(cx, this)?;
    let kept = trim(s.as_str());
    if kept.len() == s.as_str().len() {
        return Ok(s.into());
    }
    let start = s.unit_index(kept.as_ptr() as usize - s.as_str().as_ptr() as usize);
    let end = start + Str::from(kept).units();
    Ok(if s.has_halves() { s.slice(start, s.units().min(end)) } else { Str::from(kept) }.into())
}

fn from_char_code(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    cx.items(args.len())?;
    let mut units = Vec::with_capacity(args.len());
    for value in args {
        units.push(number::to_int32(convert::to_number(cx, value)?) as u16);
    }
    Ok(Str::from_utf16(&units).into())
}

fn from_code_point(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    cx.items(args.len())?;
    let mut units = Vec::with_capacity(args.len());
    for value in args {
        let n = convert::to_number(cx, value)?;
        if n.fract() != 0.0 || !(0.0..=1_114_111.0).contains(&n) {
            let shown = convert::to_str(cx, value)?;
            return cx.fail(ErrorKind::Range, format!("Invalid code point {}", shown.as_str()));
        }
        match char::from_u32(n as u32) {
            Some(c) => units.extend_from_slice(c.encode_utf16(&mut [0; 2])),
            None => units.push(n as u16),
        }
    }
    Ok(Str::from_utf16(&units).into())
}
