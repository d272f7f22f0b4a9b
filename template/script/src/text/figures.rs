//! Numbers as English writes them: groups, currencies, percent; ECMA-402 §15.

use super::locale;
use crate::base::{ErrorKind, Str};
use crate::run::{Cx, R, args::arg, convert};
use crate::value::{Value, compare};

/// How a number is to be shown.
struct Style {
    least: usize,
    most: usize,
    whole: usize,
    /// Whole digits from which on they stand in groups.
    grouped: usize,
    before: &'static str,
    after: &'static str,
    /// Places that the point moves to the right.
    shift: i32,
}

/// The form of `en-US`, which is what Node uses without another locale: thousands in groups, up to three places. Another
/// locale, or an option that is not here, is an error and never a wrong text.
pub(crate) fn to_locale_string(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let Value::Number(n) = *this else { return cx.type_error("this method needs a number") };
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
    let mut style = Style { least: 0, most: 3, whole: 1, grouped: 4, before: "", after: "", shift: 0 };
    let options = match options {
        Value::Null => return cx.type_error("Cannot convert undefined or null to object"),
        Value::Object(options) => options,
        _ => return Ok(style),
    };
    let (mut least, mut most, mut whole) = (None, None, None);
    let (mut currency, mut kind) = (None, Str::from("decimal"));
    for (key, value) in options.entries().into_iter().filter(|(_, value)| !matches!(value, Value::Undefined)) {
        match key.as_str() {
            "minimumFractionDigits" => least = Some(value),
            "maximumFractionDigits" => most = Some(value),
            "minimumIntegerDigits" => whole = Some(value),
            "useGrouping" => style.grouped = grouping(cx, &value)?,
            "style" => kind = convert::to_str(cx, &value)?,
            "currency" => {
                let code = convert::to_str(cx, &value)?;
                if code.as_str().len() != 3 || !code.as_str().bytes().all(|b| b.is_ascii_alphabetic()) {
                    return cx.fail(ErrorKind::Range, format!("Invalid currency code : {}", code.as_str()));
                }
                currency = Some(code);
            }
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
    let least = shown_digits(cx, least, 0.0..=20.0, "minimumFractionDigits")?;
    let most = shown_digits(cx, most, 0.0..=20.0, "maximumFractionDigits")?;
    style.whole = shown_digits(cx, whole, 1.0..=21.0, "minimumIntegerDigits")?.unwrap_or(1);
    style.most = most.unwrap_or_else(|| places.1.max(least.unwrap_or(0)));
    style.least = least.unwrap_or_else(|| places.0.min(style.most));
    if style.least > style.most {
        return cx.fail(ErrorKind::Range, "maximumFractionDigits value is out of range.");
    }
    Ok(style)
}

/// An option that counts digits.
fn shown_digits(
    cx: &mut Cx<'_>,
    value: Option<Value>,
    range: std::ops::RangeInclusive<f64>,
    name: &str,
) -> R<Option<usize>> {
    let Some(value) = value else { return Ok(None) };
    let n = convert::to_number(cx, &value)?;
    if !range.contains(&n) {
        return cx.fail(ErrorKind::Range, format!("{name} value is out of range."));
    }
    Ok(Some(n as usize))
}

/// The whole digits from which on they are grouped; `usize::MAX` for never.
fn grouping(cx: &mut Cx<'_>, value: &Value) -> R<usize> {
    if matches!(value, Value::Bool(true)) {
        return Ok(4);
    }
    if !compare::truthy(value) {
        return Ok(usize::MAX);
    }
    match convert::to_str(cx, value)?.as_str() {
        "always" | "auto" | "true" | "false" => Ok(4),
        "min2" => Ok(5),
        other => cx.fail(
            ErrorKind::Range,
            format!("Value {other} out of range for Intl.NumberFormat options property useGrouping"),
        ),
    }
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
        if whole.len() >= style.grouped && i > 0 && (whole.len() - i) % 3 == 0 {
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
