//! Number methods and the statics of `Number`, ECMA-262 §21.1.

use crate::base::{ErrorKind, number};
use crate::run::{Cx, Native, R, args::arg, convert};
use crate::text::figures;
use crate::value::Value;

pub(crate) const METHODS: &[(&str, Native)] = &[
    ("toExponential", to_exponential),
    ("toFixed", to_fixed),
    ("toLocaleString", figures::to_locale_string),
    ("toPrecision", to_precision),
    ("toString", to_string),
    ("valueOf", |cx, this, _| this_number(cx, this).map(Value::Number)),
];

pub(crate) const STATICS: &[(&str, Native)] = &[
    ("isFinite", |_, _, args| Ok(matches!(arg(args, 0), Value::Number(n) if n.is_finite()).into())),
    ("isInteger", |_, _, args| Ok(matches!(arg(args, 0), Value::Number(n) if is_integer(*n)).into())),
    ("isNaN", |_, _, args| Ok(matches!(arg(args, 0), Value::Number(n) if n.is_nan()).into())),
    ("isSafeInteger", |_, _, args| {
        Ok(matches!(arg(args, 0), Value::Number(n) if is_integer(*n) && n.abs() <= MAX_SAFE).into())
    }),
    ("parseFloat", super::global::parse_float),
    ("parseInt", super::global::parse_int),
];

const MAX_SAFE: f64 = 9_007_199_254_740_991.0;

pub(crate) const CONSTANTS: &[(&str, f64)] = &[
    ("EPSILON", f64::EPSILON),
    ("MAX_SAFE_INTEGER", MAX_SAFE),
    ("MAX_VALUE", f64::MAX),
    ("MIN_SAFE_INTEGER", -MAX_SAFE),
    ("MIN_VALUE", 5e-324),
    ("NEGATIVE_INFINITY", f64::NEG_INFINITY),
    ("NaN", f64::NAN),
    ("POSITIVE_INFINITY", f64::INFINITY),
];

fn is_integer(n: f64) -> bool {
    n.is_finite() && n.fract() == 0.0
}

fn this_number(cx: &mut Cx<'_>, this: &Value) -> R<f64> {
    match this.unboxed() {
        Value::Number(n) => Ok(*n),
        _ => cx.type_error("this method needs a number"),
    }
}

/// An argument that must lie in a range, as every digit count must.
fn digits(cx: &mut Cx<'_>, value: &Value, range: std::ops::RangeInclusive<f64>, name: &str) -> R<usize> {
    let n = convert::to_integer_or(cx, Some(value), 0.0)?;
    if !range.contains(&n) {
        let (from, to) = range.into_inner();
        let message = if name == "toString()" {
            "toString() radix must be between 2 and 36".to_owned()
        } else {
            format!("{name} argument must be between {from} and {to}")
        };
        return cx.fail(ErrorKind::Range, message);
    }
    Ok(n as usize)
}

fn to_fixed(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let n = this_number(cx, this)?;
    let places = digits(cx, arg(args, 0), 0.0..=100.0, "toFixed() digits")?;
    Ok(number::to_fixed(n, places).into())
}

fn to_precision(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let n = this_number(cx, this)?;
    if matches!(arg(args, 0), Value::Undefined) || !n.is_finite() {
        return Ok(number::to_string(n).into());
    }
    let count = digits(cx, arg(args, 0), 1.0..=100.0, "toPrecision()")?;
    Ok(number::to_precision(n, count).into())
}

fn to_exponential(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let n = this_number(cx, this)?;
    let places = match arg(args, 0) {
        Value::Undefined => None,
        // What is asked of no number is read, and not looked at.
        value if !n.is_finite() => {
            convert::to_number(cx, value)?;
            None
        }
        value => Some(digits(cx, value, 0.0..=100.0, "toExponential()")?),
    };
    Ok(number::to_exponential(n, places).into())
}

fn to_string(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let n = this_number(cx, this)?;
    let radix = match arg(args, 0) {
        Value::Undefined => 10,
        value => digits(cx, value, 2.0..=36.0, "toString()")?,
    };
    Ok(if radix == 10 { number::to_string(n) } else { number::to_radix(n, radix as u32) }.into())
}
