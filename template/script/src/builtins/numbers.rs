//! Number methods and the statics of `Number`, ECMA-262 §21.1.

use crate::base::{ErrorKind, Str, number};
use crate::run::{Cx, Native, R, args::arg, convert};
use crate::text::locale;
use crate::value::{Value, compare};

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

/// How a number is to be shown.
struct Style {
    least: usize,
    most: usize,
    whole: usize,
    grouped: bool,
    before: &'static str,
    after: &'static str,
    /// Places that the point moves to the right.
    shift: i32,
}

/// The form of `en-US`, which is what Node uses without another locale: thousands in groups, up to three places. Another
/// locale, or an option that is not here, is an error and never a wrong text.
pub(super) fn to_locale_string(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let n = this_number(cx, this)?;
    cx.steps(4)?;
    locale::english(cx, arg(args, 0))?;
    let style = style(cx, arg(args, 1))?;
    let size = n.abs();
    let text = if size.is_nan() {
        "NaN".to_owned()
    } else if size.is_infinite() {
        "∞".to_owned()
    } else {
        digits_of(size, &style)
    };
    let sign = if n < 0.0 || (n == 0.0 && n.is_sign_negative()) { "-" } else { "" };
    // A space stands between a code and digits.
    let before = if n.is_finite() { style.before } else { style.before.trim_end() };
    Ok(format!("{sign}{before}{text}{}", style.after).into())
}

fn style(cx: &mut Cx<'_>, options: &Value) -> R<Style> {
    let mut style = Style { least: 0, most: 3, whole: 1, grouped: true, before: "", after: "", shift: 0 };
    let Value::Object(options) = options else { return Ok(style) };
    let (mut least, mut most, mut currency, mut kind) = (None, None, None, Str::from("decimal"));
    for (key, value) in options.entries().into_iter().filter(|(_, value)| !matches!(value, Value::Undefined)) {
        match key.as_str() {
            "minimumFractionDigits" => least = Some(digits(cx, &value, 0.0..=100.0, "minimumFractionDigits")?),
            "maximumFractionDigits" => most = Some(digits(cx, &value, 0.0..=100.0, "maximumFractionDigits")?),
            "minimumIntegerDigits" => style.whole = digits(cx, &value, 1.0..=21.0, "minimumIntegerDigits")?,
            "useGrouping" => style.grouped = compare::truthy(&value),
            "style" => kind = convert::to_str(cx, &value)?,
            "currency" => currency = Some(convert::to_str(cx, &value)?),
            "currencyDisplay" if value.as_str() == Some("symbol") => {}
            key => return cx.fail(ErrorKind::Range, format!("unsupported: the option {key} of a number")),
        }
    }
    let mut places = (0, 3);
    match (kind.as_str(), currency.as_ref().map(Str::as_str)) {
        ("decimal", _) => {}
        ("percent", _) => (style.shift, style.after, places) = (2, "%", (0, 0)),
        ("currency", Some(name)) => {
            (style.before, places) = match name.to_ascii_uppercase().as_str() {
                "USD" => ("$", (2, 2)),
                "EUR" => ("€", (2, 2)),
                "GBP" => ("£", (2, 2)),
                "JPY" => ("¥", (0, 0)),
                "INR" => ("₹", (2, 2)),
                "CNY" => ("CN¥", (2, 2)),
                "AUD" => ("A$", (2, 2)),
                "BRL" => ("R$", (2, 2)),
                "CAD" => ("CA$", (2, 2)),
                "HKD" => ("HK$", (2, 2)),
                "ILS" => ("₪", (2, 2)),
                "KRW" => ("₩", (0, 0)),
                "MXN" => ("MX$", (2, 2)),
                "NZD" => ("NZ$", (2, 2)),
                "PHP" => ("₱", (2, 2)),
                "TWD" => ("NT$", (2, 2)),
                "VND" => ("₫", (0, 0)),
                // The others have no sign of their own in English.
                "CHF" => ("CHF\u{a0}", (2, 2)),
                "CZK" => ("CZK\u{a0}", (2, 2)),
                "DKK" => ("DKK\u{a0}", (2, 2)),
                "NOK" => ("NOK\u{a0}", (2, 2)),
                "PLN" => ("PLN\u{a0}", (2, 2)),
                "RUB" => ("RUB\u{a0}", (2, 2)),
                "SEK" => ("SEK\u{a0}", (2, 2)),
                "SGD" => ("SGD\u{a0}", (2, 2)),
                "TRY" => ("TRY\u{a0}", (2, 2)),
                "ZAR" => ("ZAR\u{a0}", (2, 2)),
                name => return cx.fail(ErrorKind::Range, format!("unsupported: the currency {name}")),
            };
        }
        ("currency", None) => return cx.type_error("Currency code is required with currency style."),
        (kind, _) => return cx.fail(ErrorKind::Range, format!("unsupported: the style {kind} of a number")),
    }
    style.most = most.unwrap_or_else(|| places.1.max(least.unwrap_or(0)));
    style.least = least.unwrap_or_else(|| places.0.min(style.most));
    if style.least > style.most {
        return cx.fail(ErrorKind::Range, "maximumFractionDigits value is out of range.");
    }
    Ok(style)
}

/// A finite number that is not negative times `10^shift`, to so many places. It is the shortest decimal text of the number
/// that is rounded, half up, where `toFixed` rounds the number itself: 1.005 becomes 1.01.
fn rounded(n: f64, shift: i32, places: usize) -> String {
    let shortest = format!("{n:e}");
    let (digits, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let point = exponent.parse::<i32>().unwrap_or_default() + shift + 1;
    let mut digits = "0".repeat((1 - point).max(1) as usize) + &digits.replace('.', "");
    // One zero stands in front, to be carried into.
    let point = point.max(0) as usize + 1;
    let length = digits.len().max(point + places);
    digits.extend(std::iter::repeat_n('0', length - digits.len()));
    let up = digits.as_bytes().get(point + places).is_some_and(|&digit| digit >= b'5');
    digits.truncate(point + places);
    let mut digits = digits.into_bytes();
    if up {
        for digit in digits.iter_mut().rev() {
            *digit = if *digit == b'9' { b'0' } else { *digit + 1 };
            if *digit != b'0' {
                break;
            }
        }
    }
    let text = String::from_utf8_lossy(&digits);
    let whole = text[..point].trim_start_matches('0');
    format!("{}.{}", if whole.is_empty() { "0" } else { whole }, &text[point..])
}

/// The digits of a finite number that is not negative.
fn digits_of(n: f64, style: &Style) -> String {
    let shown = rounded(n, style.shift, style.most);
    let (whole, fraction) = shown.split_once('.').unwrap_or((&shown, ""));
    let whole = format!("{whole:0>width$}", width = style.whole);
    let mut out = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if style.grouped && i > 0 && (whole.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    let mut fraction = fraction.to_owned();
    while fraction.len() > style.least && fraction.ends_with('0') {
        fraction.pop();
    }
    while fraction.len() < style.least {
        fraction.push('0');
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(&fraction);
    }
    out
}
