//! Array methods that call back, ECMA-262 §23.1.3. The length is read before the first call, elements as they are
//! reached, as the specification has it.

use super::array::this_array;
use crate::run::{
    Cx, Native, R,
    args::{Gathered, arg, call},
    convert,
};
use crate::value::{Array, Function, Value, compare};
use std::cmp::Ordering;

pub(super) const METHODS: &[(&str, Native)] = &[
    ("every", every),
    ("filter", filter),
    ("find", find),
    ("findIndex", find_index),
    ("findLast", find_last),
    ("findLastIndex", find_last_index),
    ("flatMap", flat_map),
    ("forEach", for_each),
    ("map", map),
    ("reduce", reduce),
    ("reduceRight", reduce_right),
    ("some", some),
    ("sort", sort),
    ("toSorted", to_sorted),
];

/// Receiver and callback.
fn start<'a>(cx: &mut Cx<'_>, this: &Value, args: &'a [Value]) -> R<(Array, &'a Function)> {
    let array = this_array(cx, this)?;
    match arg(args, 0) {
        Value::Function(callback) => Ok((array, callback)),
        other => {
            let shown = convert::to_str(cx, other)?;
            let shown: String = shown.as_str().chars().take(40).collect();
            cx.type_error(format!("{shown} is not a function"))
        }
    }
}

/// Calls back for each element until `visit` has seen enough.
fn walk(
    cx: &mut Cx<'_>,
    this: &Value,
    args: &[Value],
    mut visit: impl FnMut(&mut Cx<'_>, usize, Value, Value) -> R<bool>,
) -> R<()> {
    let (array, callback) = start(cx, this, args)?;
    for n in 0..array.len() {
        let Some(item) = array.get(n) else { break };
        let result = cx.call(callback, &Value::Undefined, &[item.clone(), n.into(), this.clone()])?;
        if visit(cx, n, item, result)? {
            break;
        }
    }
    Ok(())
}

fn for_each(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    walk(cx, this, args, |_, _, _, _| Ok(false))?;
    Ok(Value::Undefined)
}

fn map(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let mut out = Gathered::new();
    walk(cx, this, args, |_, _, _, result| {
        out.push(result);
        Ok(false)
    })?;
    Ok(out.finish(cx))
}

fn filter(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let mut out = Gathered::new();
    walk(cx, this, args, |_, _, item, result| {
        if compare::truthy(&result) {
            out.push(item);
        }
        Ok(false)
    })?;
    Ok(out.finish(cx))
}

fn flat_map(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let mut out = Gathered::new();
    walk(cx, this, args, |cx, _, _, result| {
        match result {
            Value::Array(inner) => {
                cx.items(inner.len())?;
                out.extend(inner.to_vec());
            }
            other => out.push(other),
        }
        Ok(false)
    })?;
    Ok(out.finish(cx))
}

fn some(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let mut found = false;
    walk(cx, this, args, |_, _, _, result| {
        found = compare::truthy(&result);
        Ok(found)
    })?;
    Ok(found.into())
}

fn every(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let mut all = true;
    walk(cx, this, args, |_, _, _, result| {
        all = compare::truthy(&result);
        Ok(!all)
    })?;
    Ok(all.into())
}

fn first(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Option<(usize, Value)>> {
    let mut found = None;
    walk(cx, this, args, |_, n, item, result| {
        if compare::truthy(&result) {
            found = Some((n, item));
        }
        Ok(found.is_some())
    })?;
    Ok(found)
}

fn last(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Option<(usize, Value)>> {
    let (array, callback) = start(cx, this, args)?;
    for n in (0..array.len()).rev() {
        let item = array.get(n).unwrap_or_default();
        if compare::truthy(&cx.call(callback, &Value::Undefined, &[item.clone(), n.into(), this.clone()])?) {
            return Ok(Some((n, item)));
        }
    }
    Ok(None)
}

fn find(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    Ok(first(cx, this, args)?.map_or(Value::Undefined, |(_, item)| item))
}

fn find_index(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    Ok(first(cx, this, args)?.map_or(Value::Number(-1.0), |(n, _)| n.into()))
}

fn find_last(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    Ok(last(cx, this, args)?.map_or(Value::Undefined, |(_, item)| item))
}

fn find_last_index(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    Ok(last(cx, this, args)?.map_or(Value::Number(-1.0), |(n, _)| n.into()))
}

fn fold(cx: &mut Cx<'_>, this: &Value, args: &[Value], backwards: bool) -> R<Value> {
    let (array, callback) = start(cx, this, args)?;
    cx.items(array.len())?;
    let mut order: Vec<usize> = (0..array.len()).collect();
    if backwards {
        order.reverse();
    }
    let mut order = order.into_iter();
    let mut total = match (args.get(1), order.len()) {
        (Some(initial), _) => initial.clone(),
        (None, 0) => return cx.type_error("Reduce of empty array with no initial value"),
        (None, _) => order.next().and_then(|n| array.get(n)).unwrap_or_default(),
    };
    for n in order {
        let Some(item) = array.get(n) else { continue };
        total = cx.call(callback, &Value::Undefined, &[total, item, n.into(), this.clone()])?;
    }
    Ok(total)
}

fn reduce(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    fold(cx, this, args, false)
}

fn reduce_right(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    fold(cx, this, args, true)
}

fn sort(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let array = this_array(cx, this)?;
    cx.items(array.len().saturating_mul(4))?;
    let sorted = sorted(cx, array.to_vec(), arg(args, 0))?;
    cx.change_array(&array, &[], |items| *items = sorted);
    Ok(this.clone())
}

fn to_sorted(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let array = this_array(cx, this)?;
    cx.items(array.len().saturating_mul(4))?;
    let sorted = sorted(cx, array.to_vec(), arg(args, 0))?;
    Ok(cx.array(sorted))
}

/// A stable merge sort of our own: the comparison may fail, and may be no order at all, which the standard library's
/// sort answers with a panic. Undefined elements go to the end, as §23.1.3.30.1 says.
fn sorted(cx: &mut Cx<'_>, items: Vec<Value>, comparator: &Value) -> R<Vec<Value>> {
    if !matches!(comparator, Value::Undefined | Value::Function(_)) {
        return cx.type_error("The comparison function must be either a function or undefined");
    }
    let (mut items, undefined): (Vec<Value>, Vec<Value>) =
        items.into_iter().partition(|item| !matches!(item, Value::Undefined));
    let mut keyed: Vec<(Value, Value)> = Vec::with_capacity(items.len());
    for item in items.drain(..) {
        cx.step()?;
        // Without a comparator elements compare by their text, which is made once for each.
        let key =
            if matches!(comparator, Value::Undefined) { convert::to_str(cx, &item)?.into() } else { Value::Undefined };
        keyed.push((item, key));
    }
    let mut width = 1;
    while width < keyed.len() {
        let mut merged = Vec::with_capacity(keyed.len());
        let mut rest = keyed.into_iter().peekable();
        while rest.peek().is_some() {
            let left: Vec<_> = rest.by_ref().take(width).collect();
            let right: Vec<_> = rest.by_ref().take(width).collect();
            merge(cx, left, right, comparator, &mut merged)?;
        }
        keyed = merged;
        width *= 2;
    }
    Ok(keyed.into_iter().map(|(item, _)| item).chain(undefined).collect())
}

type Keyed = (Value, Value);

fn merge(cx: &mut Cx<'_>, left: Vec<Keyed>, right: Vec<Keyed>, comparator: &Value, out: &mut Vec<Keyed>) -> R<()> {
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let order = compare(cx, a, b, comparator)?;
        out.extend(if order == Ordering::Greater { right.next() } else { left.next() });
    }
    out.extend(left);
    out.extend(right);
    Ok(())
}

fn compare(cx: &mut Cx<'_>, a: &Keyed, b: &Keyed, comparator: &Value) -> R<Ordering> {
    cx.step()?;
    cx.comparing(&a.1, &b.1)?;
    if let (Value::String(a), Value::String(b)) = (&a.1, &b.1) {
        return Ok(compare::compare_units(a, b));
    }
    let result = call(cx, comparator, &[a.0.clone(), b.0.clone()])?;
    let n = convert::to_number(cx, &result)?;
    Ok(n.partial_cmp(&0.0).unwrap_or(Ordering::Equal))
}
