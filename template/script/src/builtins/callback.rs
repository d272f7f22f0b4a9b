//! Array methods that call back, ECMA-262 §23.1.3. The length is read before the first call, elements as they are
//! reached, as the specification has it.

use super::array::{changing, holes, this_array, with_holes};
use crate::run::{
    Cx, Native, R,
    args::{Gathered, arg, call, callable, not_a_function},
    convert,
};
use crate::value::{Array, Function, Value, compare};
use std::cmp::Ordering;
use std::collections::VecDeque;

pub(crate) const METHODS: &[(&str, Native)] = &[
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
    ("sort", |cx, this, args| changing(cx, this, args, sort, false)),
    ("toSorted", to_sorted),
];

/// Receiver and callback.
fn start<'a>(cx: &mut Cx<'_>, this: &Value, args: &'a [Value]) -> R<(Array, &'a Function)> {
    let array = this_array(cx, this)?;
    match callable(arg(args, 0)) {
        Some(callback) => Ok((array, callback)),
        None => not_a_function(cx, arg(args, 0)),
    }
}

/// Calls back for each element, with the second argument as `this`, until `visit` has seen enough. A place that holds nothing
/// is passed over.
fn walk(
    cx: &mut Cx<'_>,
    this: &Value,
    args: &[Value],
    visit: impl FnMut(&mut Cx<'_>, usize, Value, Value) -> R<bool>,
) -> R<()> {
    walk_places(cx, this, args, Array::is_hole, visit)
}

/// The same for those places that are not to be passed over.
fn walk_places(
    cx: &mut Cx<'_>,
    this: &Value,
    args: &[Value],
    passed: fn(&Array, usize) -> bool,
    mut visit: impl FnMut(&mut Cx<'_>, usize, Value, Value) -> R<bool>,
) -> R<()> {
    let (array, callback) = start(cx, this, args)?;
    for n in 0..array.len() {
        let Some(item) = array.get(n) else { break };
        if passed(&array, n) {
            cx.step()?;
            continue;
        }
        let result = cx.call(callback, arg(args, 1), &[item.clone(), n.into(), this.clone()])?;
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
    let (mut out, mut holes) = (Gathered::new(), Vec::new());
    let length = if let Value::Array(array) = this { array.len() } else { 0 };
    walk(cx, this, args, |_, n, _, result| {
        holes.extend(out.len()..n);
        while out.len() < n {
            out.push(Value::Undefined);
        }
        out.push(result);
        Ok(false)
    })?;
    // The length is that before the first call, even if there are fewer elements since.
    holes.extend(out.len()..length);
    while out.len() < length {
        out.push(Value::Undefined);
    }
    Ok(with_holes(out.finish(cx), holes.into_iter()))
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
    if callable(arg(args, 0)).is_none() {
        return cx.type_error("flatMap mapper function is not callable");
    }
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
    walk_places(
        cx,
        this,
        args,
        |_, _| false,
        |_, n, item, result| {
            if compare::truthy(&result) {
                found = Some((n, item));
            }
            Ok(found.is_some())
        },
    )?;
    Ok(found)
}

fn last(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Option<(usize, Value)>> {
    let (array, callback) = start(cx, this, args)?;
    for n in (0..array.len()).rev() {
        let item = array.get(n).unwrap_or_default();
        if compare::truthy(&cx.call(callback, arg(args, 1), &[item.clone(), n.into(), this.clone()])?) {
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
    let mut order: Vec<usize> = (0..array.len()).filter(|n| !array.is_hole(*n)).collect();
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
        let Some(item) = array.get(n).filter(|_| !array.is_hole(n)) else { continue };
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
    let holes = holes(cx, &array)?.len();
    let sorted = sorted(cx, array.to_vec(), arg(args, 0))?;
    if sorted.len() > 1 {
        let length = sorted.len();
        cx.change_array(&array, &[], |items| *items = sorted)?;
        // What holds nothing comes last of all.
        if holes > 0 {
            array.make_holes(length - holes..length);
        }
    }
    Ok(this.clone())
}

fn to_sorted(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let array = this_array(cx, this)?;
    cx.items(array.len().saturating_mul(4))?;
    let sorted = sorted(cx, array.to_vec(), arg(args, 0))?;
    Ok(cx.array(sorted))
}

/// V8's sort (a TimSort): runs that are in order already, those that are short made longer by insertion, and runs merged. It
/// asks the comparison the same questions in the same order up to 63 elements, so that a comparison that is none, such as
/// `(a, b) => a < b`, leaves the same order too. Undefined elements go to the end, as §23.1.3.30.1 says.
fn sorted(cx: &mut Cx<'_>, items: Vec<Value>, comparator: &Value) -> R<Vec<Value>> {
    if !matches!(comparator, Value::Undefined) && callable(comparator).is_none() {
        return cx.type_error("The comparison function must be either a function or undefined");
    }
    let (items, undefined): (Vec<Value>, Vec<Value>) =
        items.into_iter().partition(|item| !matches!(item, Value::Undefined));
    let mut keyed = VecDeque::with_capacity(items.len());
    for item in items {
        cx.step()?;
        // Without a comparator elements compare by their text, which is made once for each.
        let key =
            if matches!(comparator, Value::Undefined) { convert::to_str(cx, &item)?.into() } else { Value::Undefined };
        keyed.push_back((item, key));
    }
    let least = shortest_run(keyed.len());
    let mut runs: Vec<Vec<Keyed>> = Vec::new();
    while !keyed.is_empty() {
        let mut run = run_of(cx, &mut keyed, comparator)?;
        while run.len() < least
            && let Some(item) = keyed.pop_front()
        {
            insert(cx, &mut run, item, comparator)?;
        }
        runs.push(run);
    }
    while runs.len() > 1 {
        let mut merged = Vec::with_capacity(runs.len().div_ceil(2));
        let mut rest = runs.into_iter();
        while let Some(left) = rest.next() {
            merged.push(match rest.next() {
                Some(right) => merge(cx, left, right, comparator)?,
                None => left,
            });
        }
        runs = merged;
    }
    Ok(runs.into_iter().flatten().map(|(item, _)| item).chain(undefined).collect())
}

type Keyed = (Value, Value);

/// A length of 32 to 64, so that the runs are about a power of two; a short list is one run.
fn shortest_run(mut length: usize) -> usize {
    let mut odd = 0;
    while length >= 64 {
        odd |= length & 1;
        length >>= 1;
    }
    length + odd
}

/// Takes the longest run from the front that ascends, or descends and is turned round.
fn run_of(cx: &mut Cx<'_>, items: &mut VecDeque<Keyed>, comparator: &Value) -> R<Vec<Keyed>> {
    let mut end = 1;
    let mut descends = false;
    while end < items.len() {
        let less = compare(cx, &items[end], &items[end - 1], comparator)? == Ordering::Less;
        if end == 1 {
            descends = less;
        } else if less != descends {
            break;
        }
        end += 1;
    }
    let mut run: Vec<Keyed> = items.drain(..end).collect();
    if descends {
        run.reverse();
    }
    Ok(run)
}

/// Inserts behind everything that is not greater.
fn insert(cx: &mut Cx<'_>, run: &mut Vec<Keyed>, item: Keyed, comparator: &Value) -> R<()> {
    let (mut low, mut high) = (0, run.len());
    while low < high {
        let middle = low + (high - low) / 2;
        if compare(cx, &item, &run[middle], comparator)? == Ordering::Less {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    run.insert(low, item);
    Ok(())
}

fn merge(cx: &mut Cx<'_>, left: Vec<Keyed>, right: Vec<Keyed>, comparator: &Value) -> R<Vec<Keyed>> {
    let mut out = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let less = compare(cx, b, a, comparator)? == Ordering::Less;
        out.extend(if less { right.next() } else { left.next() });
    }
    out.extend(left);
    out.extend(right);
    Ok(out)
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
