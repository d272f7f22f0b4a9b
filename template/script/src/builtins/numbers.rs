//! Number methods and the statics of `Number`, ECMA-262 §21.1.

use super::args::arg;
use crate::base::ErrorKind;
use crate::base::number;
use crate::run::Native;
use crate::run::convert;
use crate::run::{Cx, R};
use crate::value::Value;

pub(super) const METHODS: &[(&str, Native)] = &[
    ("toExponential", to_exponential),
    ("toFixed", to_fixed),
    ("toLocaleString", to_locale_string),
    ("toPrecision", to_precision),
    ("toString", to_string),
    ("valueOf", |_, this, _| Ok(this.clone())),
];

pub(super) const STATICS: &[(&str, Native)] = &[
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

pub(super) const CONSTANTS: &[(&str, f64)] = &[
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
    match this {
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

/// The form of `en-US`, which is what Node uses without another locale: thousands in groups, up to three places.
fn to_locale_string(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let n = this_number(cx, this)?;
    let option = |key: &str| match arg(args, 1) {
        Value::Object(options) => options.get(key),
        _ => None,
    };
    let (least, most) = (option("minimumFractionDigits"), option("maximumFractionDigits"));
    let least = match least {
        Some(value) => digits(cx, &value, 0.0..=100.0, "minimumFractionDigits")?,
        None => 0,
    };
    let most = match most {
        Some(value) => digits(cx, &value, 0.0..=100.0, "maximumFractionDigits")?,
        None => least.max(3),
    };
    if !n.is_finite() {
        let shown = if n.is_nan() {
            "NaN"
        } else if n > 0.0 {
            "∞"
        } else {
            "-∞"
        };
        return Ok(shown.into());
    }
    // ICU rounds halves away from zero in decimal, on the digits that the number shows.
    let shown = number::to_fixed(n.abs(), most.min(100));
    let (whole, fraction) = shown.split_once('.').unwrap_or((&shown, ""));
    let mut out = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    let mut fraction = fraction.to_owned();
    while fraction.len() > least && fraction.ends_with('0') {
        fraction.pop();
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(&fraction);
    }
    if n < 0.0 || (n == 0.0 && n.is_sign_negative()) {
        out.insert(0, '-');
    }
    Ok(out.into())
}
