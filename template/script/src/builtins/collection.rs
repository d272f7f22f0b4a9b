//! `Map` and `Set`, ECMA-262 §24. Their iterators go over what was there when they were made.

use crate::run::{
    Cx, Native, R,
    args::{Gathered, arg, callable, entry},
    shown::by_kind,
};
use crate::syntax::origin::Origin;
use crate::value::{Class, Inner, Key, Object, Table, Value};
use std::cell::RefCell;

pub(crate) const MAP_METHODS: &[(&str, Native)] = &[
    ("clear", clear),
    ("delete", delete),
    ("entries", |cx, this, _| list(cx, this, "Map", |cx, (key, value)| cx.array(vec![key, value]))),
    ("forEach", for_each),
    ("get", |cx, this, args| {
        let found = table(cx, this)?.borrow().get(&key_of(arg(args, 0))).cloned();
        Ok(found.unwrap_or_default())
    }),
    ("has", has),
    ("keys", |cx, this, _| list(cx, this, "Map", |_, (key, _)| key)),
    ("set", |cx, this, args| {
        add(cx, this, arg(args, 0).clone(), arg(args, 1).clone())?;
        Ok(this.clone())
    }),
    ("toString", |_, _, _| Ok("[object Map]".into())),
    ("values", |cx, this, _| list(cx, this, "Map", |_, (_, value)| value)),
];

pub(crate) const SET_METHODS: &[(&str, Native)] = &[
    ("add", |cx, this, args| {
        add(cx, this, arg(args, 0).clone(), arg(args, 0).clone())?;
        Ok(this.clone())
    }),
    ("clear", clear),
    ("delete", delete),
    ("entries", |cx, this, _| list(cx, this, "Set", |cx, (key, value)| cx.array(vec![key, value]))),
    ("forEach", for_each),
    ("has", has),
    ("keys", |cx, this, _| list(cx, this, "Set", |_, (key, _)| key)),
    ("toString", |_, _, _| Ok("[object Set]".into())),
    ("values", |cx, this, _| list(cx, this, "Set", |_, (key, _)| key)),
];

/// `new Map(pairs)`.
pub(crate) fn map(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    let made = Object::of_class(Class::Map, Inner::Table(RefCell::new(Table::default())));
    let made: Value = cx.own(made).into();
    if !arg(args, 0).is_nullish() {
        let pairs = cx.iterate(arg(args, 0).clone(), &Origin::Value)?;
        for pair in pairs.to_vec() {
            let (key, value) = entry(cx, &pair)?;
            add(cx, &made, key, value)?;
        }
    }
    Ok(made)
}

/// `new Set(values)`.
pub(crate) fn set(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    let made = Object::of_class(Class::Set, Inner::Table(RefCell::new(Table::default())));
    let made: Value = cx.own(made).into();
    if !arg(args, 0).is_nullish() {
        let values = cx.iterate(arg(args, 0).clone(), &Origin::Value)?;
        for value in values.to_vec() {
            add(cx, &made, value.clone(), value)?;
        }
    }
    Ok(made)
}

/// The number of entries.
pub(crate) fn size(object: &Object) -> Value {
    object.table().map_or(Value::Undefined, |table| table.borrow().len().into())
}

fn table<'v>(cx: &mut Cx<'_>, this: &'v Value) -> R<&'v RefCell<Table<Value>>> {
    match this.as_object().and_then(Object::table) {
        Some(table) => Ok(table),
        None => cx.type_error("this method needs a Map or a Set"),
    }
}

/// What a key is found by (§7.2.11 SameValueZero).
fn key_of(value: &Value) -> Key {
    match value {
        Value::String(text) => Key::Text(text.clone()),
        Value::Number(n) if n.is_nan() => Key::Number(f64::NAN.to_bits()),
        // Both zeros are one key.
        Value::Number(n) => Key::Number((n + 0.0).to_bits()),
        Value::Array(array) => Key::Address(array.address()),
        Value::Object(object) => Key::Address(object.address()),
        Value::Function(function) => Key::Address(function.address()),
        Value::RegExp(regexp) => Key::Address(regexp.address()),
        Value::Null => Key::Other(1),
        Value::Bool(b) => Key::Other(2 + u8::from(*b)),
        _ => Key::Other(0),
    }
}

fn add(cx: &mut Cx<'_>, this: &Value, key: Value, value: Value) -> R<()> {
    cx.step()?;
    if let Value::String(text) = &key {
        cx.bytes(text.as_str().len())?;
    }
    let table = table(cx, this)?;
    if let Value::Object(object) = this {
        // It may hold itself from now on.
        cx.change_object(object, &[key.clone(), value.clone()], |_| ());
    }
    table.borrow_mut().set(key_of(&key), key, value);
    Ok(())
}

fn has(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    Ok(table(cx, this)?.borrow().get(&key_of(arg(args, 0))).is_some().into())
}

fn delete(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let removed = table(cx, this)?.borrow_mut().remove(&key_of(arg(args, 0)));
    Ok(removed.is_some().into())
}

fn clear(cx: &mut Cx<'_>, this: &Value, _: &[Value]) -> R<Value> {
    let entries: Vec<Value> = table(cx, this)?.borrow_mut().drain().collect();
    drop(entries);
    Ok(Value::Undefined)
}

/// `iterator.next()`.
pub(crate) fn next(cx: &mut Cx<'_>, this: &Value, _: &[Value]) -> R<Value> {
    let Some((items, place)) = this.as_object().and_then(Object::items) else {
        return cx.type_error("this method needs an iterator");
    };
    let value = items.get(place.get());
    place.set(items.len().min(place.get() + 1));
    let step = cx.own(Object::new());
    let done = value.is_none();
    step.set("value", value.unwrap_or_default());
    step.set("done", done);
    Ok(step.into())
}

fn list(cx: &mut Cx<'_>, this: &Value, name: &'static str, show: fn(&Cx<'_>, (Value, Value)) -> Value) -> R<Value> {
    let table = table(cx, this)?;
    let mut out = Gathered::new();
    let mut at = 0;
    loop {
        let Some((next, entry)) = table.borrow().next(at) else { return Ok(out.iterator(cx, name)) };
        cx.steps(1 + (next - at) / 8)?;
        at = next;
        out.push(show(cx, entry));
    }
}

fn for_each(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let Some(callback) = callable(arg(args, 0)) else {
        return cx.type_error(format!("{} is not a function", by_kind(arg(args, 0))));
    };
    let table = table(cx, this)?;
    let mut at = 0;
    loop {
        let Some((next, (key, value))) = table.borrow().next(at) else { return Ok(Value::Undefined) };
        cx.steps((next - at) / 8)?;
        at = next;
        cx.call(callback, arg(args, 1), &[value, key, this.clone()])?;
    }
}
