//! `Object` and the methods of plain objects, ECMA-262 §20.1.

use crate::base::{Str, memory::cost, number::array_index};
use crate::run::{
    Cx, Native, R,
    args::{arg, entry},
    convert,
};
use crate::syntax::origin::Origin;
use crate::value::{Class, Inner, Integrity, Object, Value, compare};

pub(crate) const METHODS: &[(&str, Native)] = &[
    ("hasOwnProperty", has_own_property),
    // Nothing is anything's prototype here.
    ("isPrototypeOf", |_, _, _| Ok(false.into())),
    ("propertyIsEnumerable", is_enumerable),
    ("toString", to_string),
    ("toLocaleString", |cx, this, _| convert::to_str(cx, this).map(Value::from)),
    ("valueOf", value_of),
];

pub(crate) const STATICS: &[(&str, Native)] = &[
    ("assign", assign),
    ("create", create),
    ("entries", pairs),
    ("freeze", |cx, _, args| restricted(cx, args, Integrity::Frozen)),
    ("fromEntries", from_entries),
    ("getOwnPropertyNames", names),
    ("hasOwn", has_own),
    ("is", is),
    ("isExtensible", |cx, _, args| Ok((cx.integrity_of(arg(args, 0)) == Integrity::Open).into())),
    ("isFrozen", |cx, _, args| Ok(cx.is_firm(arg(args, 0), Integrity::Frozen).into())),
    ("isSealed", |cx, _, args| Ok(cx.is_firm(arg(args, 0), Integrity::Sealed).into())),
    ("keys", keys),
    ("preventExtensions", |cx, _, args| restricted(cx, args, Integrity::Bounded)),
    ("seal", |cx, _, args| restricted(cx, args, Integrity::Sealed)),
    ("values", values),
];

/// `Object(value)`: the value as an object (§7.1.18).
pub(crate) fn called(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    match arg(args, 0) {
        value if value.is_nullish() => Ok(cx.own(Object::new()).into()),
        value if value.is_object() => Ok(value.clone()),
        value => Ok(cx.own(Object::boxed(value.clone())).into()),
    }
}

/// The enumerable properties of any value: of objects and arrays, and the characters of strings. They are paid for before
/// they are made.
pub(crate) fn entries_of(cx: &mut Cx<'_>, value: &Value) -> R<Vec<(Str, Value)>> {
    let value = in_box(value);
    pay(cx, value)?;
    let mut entries = entries(value);
    if let Some(named) = cx.named(value).cloned() {
        pay(cx, &named.clone().into())?;
        entries.extend(named.entries());
    }
    Ok(entries)
}

/// The string whose characters are a value's elements, for the object around one.
fn in_box(value: &Value) -> &Value {
    value.as_object().filter(|object| object.is_empty()).and_then(Object::text).unwrap_or(value)
}

fn pay(cx: &mut Cx<'_>, value: &Value) -> R<()> {
    let (count, each) = match value {
        Value::Object(object) => (object.len(), cost::ENTRY),
        Value::Array(array) => (array.len(), cost::ENTRY + cost::STRING + 8),
        Value::String(s) => (s.as_str().len(), 2 * (cost::ENTRY + cost::STRING + 8)),
        _ => (0, 0),
    };
    cx.room_for(count.saturating_mul(each))?;
    cx.steps(count / 2)
}

fn entries(value: &Value) -> Vec<(Str, Value)> {
    match value {
        Value::Object(object) => object.entries(),
        Value::Array(array) => {
            let items = array.borrow();
            let items = items.iter().enumerate().filter(|(n, _)| !array.is_hole(*n));
            items.map(|(n, item)| (n.to_string().into(), item.clone())).collect()
        }
        Value::String(s) => {
            let unit = |(n, unit): (usize, u16)| (n.to_string().into(), Str::from_utf16(&[unit]).into());
            s.utf16().into_iter().enumerate().map(unit).collect()
        }
        _ => Vec::new(),
    }
}

/// The enumerable keys of any value, as `for … in` sees them.
pub(crate) fn keys_of(cx: &mut Cx<'_>, value: &Value) -> R<Vec<Str>> {
    let value = in_box(value);
    pay(cx, value)?;
    let mut keys: Vec<Str> = match value {
        Value::Object(object) => object.entries().into_iter().map(|(key, _)| key).collect(),
        Value::Array(array) => (0..array.len()).filter(|n| !array.is_hole(*n)).map(|n| n.to_string().into()).collect(),
        Value::String(s) => (0..s.units()).map(|n| n.to_string().into()).collect(),
        _ => Vec::new(),
    };
    if let Some(named) = cx.named(value).cloned() {
        pay(cx, &named.clone().into())?;
        keys.extend(named.entries().into_iter().map(|(key, _)| key));
    }
    Ok(keys)
}

/// The argument's entries, paid for; null and undefined are no objects.
fn checked(cx: &mut Cx<'_>, value: &Value) -> R<Vec<(Str, Value)>> {
    if value.is_nullish() {
        return cx.type_error("Cannot convert undefined or null to object");
    }
    entries_of(cx, value)
}

fn keys(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    let entries = checked(cx, arg(args, 0))?;
    Ok(cx.array(entries.into_iter().map(|(key, _)| key.into()).collect()))
}

/// The keys, and the `length` of what has one.
fn names(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    let mut names: Vec<Value> = checked(cx, arg(args, 0))?.into_iter().map(|(key, _)| key.into()).collect();
    if let Value::Array(_) | Value::String(_) = arg(args, 0) {
        names.push("length".into());
    }
    Ok(cx.array(names))
}

/// `Object.create(null)`: an object; there are no prototypes to give it another.
fn create(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    match (arg(args, 0), arg(args, 1)) {
        (Value::Null, Value::Undefined) => Ok(cx.own(Object::new()).into()),
        (value, _) if !value.is_object() && !matches!(value, Value::Null) => {
            cx.type_error("Object prototype may only be an Object or null")
        }
        _ => cx.type_error("unsupported: Object.create with a prototype"),
    }
}

fn values(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    let entries = checked(cx, arg(args, 0))?;
    Ok(cx.array(entries.into_iter().map(|(_, value)| value).collect()))
}

fn pairs(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    let entries = checked(cx, arg(args, 0))?;
    cx.room_for(entries.len().saturating_mul(cost::CONTAINER + 3 * cost::ITEM))?;
    let pairs = entries.into_iter().map(|(key, value)| cx.array(vec![key.into(), value])).collect();
    Ok(cx.array(pairs))
}

fn from_entries(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    if arg(args, 0).is_nullish() {
        return cx.type_error("undefined is not iterable");
    }
    let list = cx.iterate(arg(args, 0).clone(), &Origin::Value)?;
    let object = cx.own(Object::new());
    cx.items(list.len())?;
    for pair in list.to_vec() {
        cx.step()?;
        let (key, value) = entry(cx, &pair)?;
        let key = convert::to_key(cx, &key)?;
        object.set(key, value);
    }
    Ok(object.into())
}

fn assign(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    let target = &called(cx, &Value::Undefined, args)?;
    if arg(args, 0).is_nullish() {
        return cx.type_error("Cannot convert undefined or null to object");
    }
    for source in args.iter().skip(1) {
        let entries = if source.is_nullish() { Vec::new() } else { checked(cx, source)? };
        for (key, value) in entries {
            crate::members::member::set_member(cx, target, &key, value, true)?;
        }
    }
    Ok(target.clone())
}

/// `Object.freeze` and its like give their argument back.
fn restricted(cx: &mut Cx<'_>, args: &[Value], to: Integrity) -> R<Value> {
    cx.restrict(arg(args, 0), to);
    Ok(arg(args, 0).clone())
}

fn is(_: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    let (a, b) = (arg(args, 0), arg(args, 1));
    let zeros = matches!((a, b), (Value::Number(a), Value::Number(b)) if *a == 0.0 && *b == 0.0 && a.is_sign_negative() != b.is_sign_negative());
    Ok((!zeros && compare::same_value_zero(a, b)).into())
}

fn owns(cx: &mut Cx<'_>, value: &Value, key: &Value) -> R<Value> {
    let key = convert::to_key(cx, key)?;
    let own = match in_box(value) {
        Value::Object(object) => object.borrow().get(&key).is_some(),
        Value::Array(array) => {
            let place = array_index(key.as_str()).map(|n| n as usize);
            key.is("length")
                || place.is_some_and(|n| n < array.len() && !array.is_hole(n))
                || cx.named_member(value, &key).is_some()
        }
        Value::Function(_) => cx.named_member(value, &key).is_some(),
        Value::String(s) => {
            key.as_str() == "length" || array_index(key.as_str()).is_some_and(|n| (n as usize) < s.units())
        }
        _ => false,
    };
    Ok(own.into())
}

fn has_own_property(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    owns(cx, this, arg(args, 0))
}

/// Own properties but `length` are enumerable.
fn is_enumerable(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let key = convert::to_key(cx, arg(args, 0))?;
    if key.as_str() == "length" && !matches!(this, Value::Object(_)) {
        Ok(false.into())
    } else {
        owns(cx, this, &key.into())
    }
}

fn has_own(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    if arg(args, 0).is_nullish() {
        return cx.type_error("Cannot convert undefined or null to object");
    }
    owns(cx, arg(args, 0), arg(args, 1))
}

fn to_string(cx: &mut Cx<'_>, this: &Value, _: &[Value]) -> R<Value> {
    match this {
        Value::Object(object) if object.0.class.get() == Class::Plain => Ok("[object Object]".into()),
        other => Ok(convert::to_str(cx, other)?.into()),
    }
}

/// `Object.prototype.toString`, called on anything (§20.1.3.6): how programs ask what a value is.
pub(crate) fn tag(_: &mut Cx<'_>, this: &Value, _: &[Value]) -> R<Value> {
    let name = match this.unboxed() {
        Value::Undefined | Value::Uninit | Value::Missing | Value::Cell(_) => "Undefined",
        Value::Null => "Null",
        Value::Bool(_) => "Boolean",
        Value::Number(_) => "Number",
        Value::String(_) => "String",
        Value::Array(_) => "Array",
        Value::RegExp(_) => "RegExp",
        Value::Function(function) => function.space_name().unwrap_or("Function"),
        Value::Object(object) => match (object.0.class.get(), object.inner()) {
            (Class::Error, _) => "Error",
            (Class::Date, _) => "Date",
            (Class::Map, _) => "Map",
            (Class::Set, _) => "Set",
            (Class::Arguments, _) => "Arguments",
            (Class::Iterator, Some(Inner::Items { name, .. })) => return Ok(format!("[object {name} Iterator]").into()),
            _ => "Object",
        },
    };
    Ok(format!("[object {name}]").into())
}

pub(crate) fn value_of(_: &mut Cx<'_>, this: &Value, _: &[Value]) -> R<Value> {
    Ok(this.unboxed().clone())
}
