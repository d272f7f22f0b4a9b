//! Array methods without callbacks, ECMA-262 §23.1.

use super::{date, object};
use crate::base::{ErrorKind, Str, memory::cost};
use crate::members::member;
use crate::run::{
    Cx, Native, R,
    args::{Gathered, arg, callable, not_a_function, relative},
    convert, rate,
};
use crate::syntax::origin::Origin;
use crate::text::figures;
use crate::value::{Array, Value, compare};

pub(crate) const METHODS: &[(&str, Native)] = &[
    ("at", at),
    ("concat", concat),
    ("copyWithin", |cx, this, args| changing(cx, this, args, copy_within, false)),
    ("entries", entries),
    ("fill", |cx, this, args| changing(cx, this, args, fill, false)),
    ("flat", flat),
    ("includes", includes),
    ("indexOf", index_of),
    ("join", join),
    ("keys", keys),
    ("lastIndexOf", last_index_of),
    ("pop", |cx, this, args| changing(cx, this, args, pop, true)),
    ("push", |cx, this, args| changing(cx, this, args, push, true)),
    ("reverse", |cx, this, args| changing(cx, this, args, reverse, false)),
    ("shift", |cx, this, args| changing(cx, this, args, shift, true)),
    ("slice", slice),
    ("splice", |cx, this, args| changing(cx, this, args, splice, true)),
    ("toReversed", to_reversed),
    ("toLocaleString", to_locale_string),
    ("toString", to_string),
    ("unshift", |cx, this, args| changing(cx, this, args, unshift, true)),
    ("toSpliced", to_spliced),
    ("values", values),
    ("with", with),
];

pub(crate) const STATICS: &[(&str, Native)] = &[("isArray", is_array), ("from", from), ("of", of)];

/// The receiver as an array. What has a length and elements by number is copied; calling a method on anything else is a
/// TypeError.
pub(crate) fn this_array(cx: &mut Cx<'_>, this: &Value) -> R<Array> {
    match this {
        Value::Array(array) => Ok(array.clone()),
        Value::String(_) => cx.iterate(this.clone(), &Origin::Value),
        Value::Object(object) => {
            let items = convert::elements_of(cx, object)?;
            let Value::Array(copy) = cx.array(items) else { return cx.type_error("this method needs an array") };
            Ok(copy)
        }
        Value::Bool(_) | Value::Number(_) | Value::RegExp(_) => Ok(Array::new(Vec::new())),
        Value::Function(function) => Ok(Array::new(vec![Value::Undefined; function.parameters()])),
        _ => cx.type_error("this method needs an array"),
    }
}

/// A method that changes its receiver, and perhaps its length. `[].shift.call(arguments)` changes what is no array: a copy of
/// it is changed, and written back.
pub(crate) fn changing(cx: &mut Cx<'_>, this: &Value, args: &[Value], method: Native, resizes: bool) -> R<Value> {
    let object = match this {
        Value::Object(object) => object,
        Value::String(_) => {
            return cx.type_error("Cannot assign to read only property 'length' of object '[object String]'");
        }
        _ => return method(cx, this, args),
    };
    let copy = this_array(cx, this)?;
    let before = copy.len();
    let on = Value::Array(copy.clone());
    let result = method(cx, &on, args)?;
    let items = copy.to_vec();
    for n in items.len()..before {
        member::delete(cx, this, &n.to_string().into(), true)?;
    }
    let length = items.len();
    for (n, item) in items.into_iter().enumerate() {
        let key = Str::from(n.to_string());
        if object.property(&key).is_none_or(|old| !old.is_same(&item)) {
            member::set_member(cx, this, &key, item, true)?;
        }
    }
    if resizes {
        member::set_member(cx, this, &"length".into(), length.into(), true)?;
    }
    Ok(if matches!(&result, Value::Array(array) if array.ptr_eq(&copy)) { this.clone() } else { result })
}

/// The array's elements now, their visit paid for.
fn items(cx: &mut Cx<'_>, this: &Value) -> R<Vec<Value>> {
    let array = this_array(cx, this)?;
    cx.items(array.len())?;
    Ok(array.to_vec())
}

fn at(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let array = this_array(cx, this)?;
    let n = convert::to_integer_or(cx, args.first(), 0.0)?;
    let n = if n < 0.0 { n + array.len() as f64 } else { n };
    Ok(if n < 0.0 { Value::Undefined } else { array.get(n as usize).unwrap_or_default() })
}

fn concat(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let mut all_holes = if let Value::Array(array) = this { holes(cx, array)? } else { Vec::new() };
    let mut all = match this {
        Value::Array(_) | Value::Undefined | Value::Null => items(cx, this)?,
        one => vec![object::called(cx, &Value::Undefined, std::slice::from_ref(one))?],
    };
    for value in args {
        match value {
            Value::Array(array) => {
                let start = all.len();
                all.extend(items(cx, value)?);
                all_holes.extend(holes(cx, array)?.into_iter().map(|place| start + place));
            }
            other => all.push(other.clone()),
        }
    }
    cx.items(args.len())?;
    Ok(with_holes(cx.array(all), all_holes.into_iter()))
}

/// An array some of whose places hold nothing.
pub(crate) fn with_holes(array: Value, holes: impl Iterator<Item = usize>) -> Value {
    if let Value::Array(array) = &array {
        moved(array, holes, Some);
    }
    array
}

/// The places that hold nothing, the look at all of them paid for.
pub(crate) fn holes(cx: &mut Cx<'_>, array: &Array) -> R<Vec<usize>> {
    if !array.has_holes() {
        return Ok(Vec::new());
    }
    cx.steps(array.len() / 8)?;
    Ok(array.holes())
}

/// What held nothing is at other places now, or gone.
fn moved(array: &Array, holes: impl IntoIterator<Item = usize>, to: impl Fn(usize) -> Option<usize>) {
    holes.into_iter().filter_map(to).for_each(|place| array.make_holes(place..place + 1));
}

fn entries(cx: &mut Cx<'_>, this: &Value, _: &[Value]) -> R<Value> {
    let items = items(cx, this)?;
    cx.steps(items.len())?;
    cx.room_for(items.len().saturating_mul(cost::CONTAINER + 3 * cost::ITEM))?;
    let pairs = items.into_iter().enumerate().map(|(n, item)| cx.array(vec![n.into(), item])).collect();
    Ok(cx.iterator(pairs, "Array"))
}

fn keys(cx: &mut Cx<'_>, this: &Value, _: &[Value]) -> R<Value> {
    let length = this_array(cx, this)?.len();
    cx.items(length)?;
    Ok(cx.iterator((0..length).map(Value::from).collect(), "Array"))
}

fn values(cx: &mut Cx<'_>, this: &Value, _: &[Value]) -> R<Value> {
    let items = items(cx, this)?;
    Ok(cx.iterator(items, "Array"))
}

/// `copyWithin(target, start, end)`.
fn copy_within(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let array = this_array(cx, this)?;
    let length = array.len();
    let to = relative(cx, args.first(), 0.0, length)?;
    let start = relative(cx, args.get(1), 0.0, length)?;
    let end = relative(cx, args.get(2), length as f64, length)?.min(start + length - to);
    cx.steps(length / 8)?;
    if start < end {
        let holes = holes(cx, &array)?;
        cx.change_array(&array, &[], |items| {
            let copied = items[start..end].to_vec();
            items.splice(to..to + copied.len(), copied);
        })?;
        let target = to..to + (end - start);
        moved(&array, holes.iter().copied(), |place| Some(place).filter(|place| !target.contains(place)));
        let copied = holes.into_iter().filter(|place| (start..end).contains(place));
        moved(&array, copied, |place| Some(place - start + to));
    }
    Ok(this.clone())
}

/// The elements as they are shown in a locale.
fn to_locale_string(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let mut shown = Gathered::new();
    for item in items(cx, this)? {
        cx.check_stack()?;
        shown.push(match &item {
            Value::Number(_) => figures::to_locale_string(cx, &item, args)?,
            Value::Object(object) if object.time().is_some() => date::to_locale_string(cx, &item, args)?,
            Value::Array(_) => to_locale_string(cx, &item, args)?,
            _ => item,
        });
    }
    let shown = shown.finish(cx);
    join(cx, &shown, &[])
}

fn fill(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let array = this_array(cx, this)?;
    let length = array.len();
    let start = relative(cx, args.get(1), 0.0, length)?;
    let end = relative(cx, args.get(2), length as f64, length)?;
    cx.steps(length / 8)?;
    let value = arg(args, 0).clone();
    let stored = [value.clone()];
    if start < end {
        let holes = holes(cx, &array)?;
        cx.change_array(&array, &stored, |items| items[start..end].fill(value))?;
        moved(&array, holes, |place| Some(place).filter(|place| !(start..end).contains(place)));
    }
    Ok(this.clone())
}

fn flat(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let depth = convert::to_integer_or(cx, args.first(), 1.0)?;
    let mut out = Gathered::new();
    let array = this_array(cx, this)?;
    cx.items(array.len())?;
    let start = elements(&array);
    // An explicit stack: arrays may nest deeper than this thread's stack.
    let mut open = vec![start.into_iter()];
    while let Some(items) = open.last_mut() {
        let Some(item) = items.next() else {
            open.pop();
            continue;
        };
        cx.step()?;
        match &item {
            Value::Array(inner) if (open.len() as f64) <= depth => {
                let inner = elements(inner);
                cx.items(inner.len())?;
                if open.len() > 10_000 {
                    return cx.fail(ErrorKind::Range, "Maximum call stack size exceeded");
                }
                open.push(inner.into_iter());
            }
            _ => out.push(item),
        }
    }
    Ok(out.finish(cx))
}

/// The elements without the places that hold nothing.
fn elements(array: &Array) -> Vec<Value> {
    let items = array.borrow();
    let there = items.iter().enumerate().filter(|(n, _)| !array.is_hole(*n));
    there.map(|(_, item)| item.clone()).collect()
}

fn includes(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let array = this_array(cx, this)?;
    let start = relative(cx, args.get(1), 0.0, array.len())?;
    let found = position(cx, &array, start..array.len(), arg(args, 0), compare::same_value_zero)?;
    Ok(found.is_some().into())
}

/// The first of these places whose element is the wanted one. Comparing long texts takes its time.
fn position(
    cx: &mut Cx<'_>,
    array: &Array,
    places: impl Iterator<Item = usize>,
    wanted: &Value,
    same: fn(&Value, &Value) -> bool,
) -> R<Option<usize>> {
    cx.steps(places.size_hint().1.unwrap_or(0) / rate::ITEMS)?;
    let items = array.borrow();
    for n in places {
        let Some(item) = items.get(n) else { break };
        cx.comparing(item, wanted)?;
        if same(item, wanted) {
            return Ok(Some(n));
        }
    }
    Ok(None)
}

fn index_of(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let array = this_array(cx, this)?;
    let start = relative(cx, args.get(1), 0.0, array.len())?;
    let places = (start..array.len()).filter(|place| !array.is_hole(*place));
    let found = position(cx, &array, places, arg(args, 0), compare::strict_equal)?;
    Ok(found.map_or(Value::Number(-1.0), Value::from))
}

fn last_index_of(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let array = this_array(cx, this)?;
    let length = array.len();
    let end = match args.get(1) {
        None => length,
        Some(_) => {
            let n = convert::to_integer_or(cx, args.get(1), 0.0)?;
            let n = if n < 0.0 { n + length as f64 } else { n };
            if n < 0.0 { 0 } else { (n as usize).saturating_add(1).min(length) }
        }
    };
    let places = (0..end).rev().filter(|place| !array.is_hole(*place));
    let found = position(cx, &array, places, arg(args, 0), compare::strict_equal)?;
    Ok(found.map_or(Value::Number(-1.0), Value::from))
}

fn join(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let array = this_array(cx, this)?;
    match arg(args, 0) {
        Value::Undefined => Ok(convert::join(cx, &array, &",".into())?.into()),
        separator => {
            let separator = convert::to_str(cx, separator)?;
            Ok(convert::join(cx, &array, &separator)?.into())
        }
    }
}

fn to_string(cx: &mut Cx<'_>, this: &Value, _: &[Value]) -> R<Value> {
    if let Value::Object(_) = this {
        return object::tag(cx, this, &[]);
    }
    let array = this_array(cx, this)?;
    Ok(convert::join(cx, &array, &",".into())?.into())
}

fn push(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let array = this_array(cx, this)?;
    cx.items(args.len())?;
    let length = cx.change_some(&array, args, |items| {
        items.extend_from_slice(args);
        items.len()
    })?;
    Ok(length.into())
}

fn pop(cx: &mut Cx<'_>, this: &Value, _: &[Value]) -> R<Value> {
    let array = this_array(cx, this)?;
    Ok(cx.change_some(&array, &[], Vec::pop)?.unwrap_or_default())
}

fn shift(cx: &mut Cx<'_>, this: &Value, _: &[Value]) -> R<Value> {
    let array = this_array(cx, this)?;
    cx.steps(array.len() / 64)?;
    let holes = holes(cx, &array)?;
    let first =
        cx.change_array(&array, &[], |items| if items.is_empty() { Value::Undefined } else { items.remove(0) })?;
    moved(&array, holes, |place| place.checked_sub(1));
    Ok(first)
}

fn unshift(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let array = this_array(cx, this)?;
    cx.steps(array.len() / 64)?;
    cx.items(args.len())?;
    let holes = holes(cx, &array)?;
    let length = cx.change_array(&array, args, |items| {
        items.splice(0..0, args.iter().cloned());
        items.len()
    })?;
    moved(&array, holes, |place| Some(place + args.len()));
    Ok(length.into())
}

fn reverse(cx: &mut Cx<'_>, this: &Value, _: &[Value]) -> R<Value> {
    let array = this_array(cx, this)?;
    cx.steps(array.len() / 8)?;
    if array.len() > 1 {
        let holes = holes(cx, &array)?;
        cx.change_array(&array, &[], |items| items.reverse())?;
        let last = array.len() - 1;
        moved(&array, holes, |place| Some(last - place));
    }
    Ok(this.clone())
}

fn to_reversed(cx: &mut Cx<'_>, this: &Value, _: &[Value]) -> R<Value> {
    let mut items = items(cx, this)?;
    items.reverse();
    Ok(cx.array(items))
}

fn slice(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let array = this_array(cx, this)?;
    let length = array.len();
    let start = relative(cx, args.first(), 0.0, length)?;
    let end = relative(cx, args.get(1), length as f64, length)?;
    cx.items(end.saturating_sub(start))?;
    let part = array.borrow().get(start..end.max(start)).unwrap_or_default().to_vec();
    let holes = (start..end).filter(|place| array.is_hole(*place)).map(|place| place - start);
    Ok(with_holes(cx.array(part), holes))
}

fn splice(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let array = this_array(cx, this)?;
    let length = array.len();
    let start = relative(cx, args.first(), 0.0, length)?;
    let count = match args.len() {
        0 => 0.0,
        1 => (length - start) as f64,
        _ => convert::to_integer_or(cx, args.get(1), 0.0)?.clamp(0.0, (length - start) as f64),
    } as usize;
    cx.steps(length / 8)?;
    let added = args.get(2..).unwrap_or_default();
    cx.items(count + added.len())?;
    let holes = holes(cx, &array)?;
    let removed = cx.change_array(&array, added, |items| {
        items.splice(start..start + count, added.iter().cloned()).collect::<Vec<_>>()
    })?;
    let end = start + count;
    moved(&array, holes.iter().copied(), |place| match place {
        place if place < start => Some(place),
        place => place.checked_sub(end).map(|behind| start + added.len() + behind),
    });
    let gone = holes.into_iter().filter(|place| (start..end).contains(place)).map(|place| place - start);
    Ok(with_holes(cx.array(removed), gone))
}

/// A copy with another element at an index.
fn with(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let mut items = items(cx, this)?;
    let n = convert::to_integer_or(cx, args.first(), 0.0)?;
    let n = if n < 0.0 { n + items.len() as f64 } else { n };
    if !(0.0..items.len() as f64).contains(&n) {
        let given = convert::to_str(cx, arg(args, 0))?;
        return cx.fail(ErrorKind::Range, format!("Invalid index : {}", given.as_str()));
    }
    items[n as usize] = arg(args, 1).clone();
    Ok(cx.array(items))
}

fn to_spliced(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let items = items(cx, this)?;
    let copy = cx.array(items);
    splice(cx, &copy, args)?;
    Ok(copy)
}

fn is_array(_: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    Ok(matches!(arg(args, 0), Value::Array(_)).into())
}

/// `Array.from(iterable or { length }, map)`.
fn from(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    if !matches!(arg(args, 1), Value::Undefined) && callable(arg(args, 1)).is_none() {
        return not_a_function(cx, arg(args, 1));
    }
    let items = match arg(args, 0) {
        Value::Array(_) => items(cx, arg(args, 0))?,
        value @ (Value::String(_) | Value::Undefined | Value::Null) => {
            cx.iterate(value.clone(), &Origin::Value)?.to_vec()
        }
        value @ Value::Object(object) if object.table().is_some() || object.items().is_some() => {
            cx.iterate(value.clone(), &Origin::Value)?.to_vec()
        }
        Value::Object(object) => convert::elements_of(cx, object)?,
        Value::Function(function) => vec![Value::Undefined; function.parameters()],
        _ => Vec::new(),
    };
    cx.items(items.len())?;
    let mut out = Gathered::new();
    for (n, item) in items.into_iter().enumerate() {
        cx.step()?;
        out.push(match callable(arg(args, 1)) {
            None => item,
            Some(map) => cx.call(map, arg(args, 2), &[item, n.into()])?,
        });
    }
    Ok(out.finish(cx))
}

fn of(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    cx.items(args.len())?;
    Ok(cx.array(args.to_vec()))
}
