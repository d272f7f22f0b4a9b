//! Numbers as English writes them: groups, currencies, percent; ECMA-402 §15.

use super::locale;
use crate::base::{ErrorKind, Str};
use crate::run::{Cx, R, args::arg, convert, shown::shown};
use crate::value::{Object, Value, compare};

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
    let Value::Number(n) = *this.unboxed() else { return cx.type_error("this method needs a number") };
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

/// Reads the options of ECMA-402 §15.1.3 in its order, which decides what is said of several that are wrong.
fn style(cx: &mut Cx<'_>, options: &Value) -> R<Style> {
    let mut style = Style { least: 0, most: 3, whole: 1, grouped: 4, before: "", after: "", shift: 0 };
    let options = match options {
        Value::Null => return cx.type_error("Number.prototype.toLocaleString called on null or undefined"),
        Value::Object(options) => options,
        _ => return Ok(style),
    };
    let mut options = Options { options, odd: None };
    options.word(cx, "localeMatcher", &["best fit", "lookup"], 2)?;
    if let Some(name) = options.text(cx, "numberingSystem")?.filter(|name| !name.is("latn")) {
        let letters = |part: &str| (3..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
        if !name.as_str().split('-').all(letters) {
            return cx.fail(ErrorKind::Range, format!("Invalid numberingSystem : {}", name.as_str()));
        }
        options.odd.get_or_insert("numberingSystem");
    }
    let kind = options.word(cx, "style", &["decimal", "percent", "currency", "unit"], 3)?;
    let currency = options.text(cx, "currency")?;
    if let Some(code) = &currency
        && (code.as_str().len() != 3 || !code.as_str().bytes().all(|b| b.is_ascii_alphabetic()))
    {
        return cx.fail(ErrorKind::Range, format!("Invalid currency code : {}", code.as_str()));
    }
    if kind == "currency" && currency.is_none() {
        return cx.type_error("Currency code is required with currency style.");
    }
    options.word(cx, "currencyDisplay", &["symbol", "code", "narrowSymbol", "name"], 1)?;
    options.word(cx, "currencySign", &["standard", "accounting"], 1)?;
    let unit = options.text(cx, "unit")?;
    if unit.as_ref().map_or(kind == "unit", |unit| !unit.as_str().split("-per-").all(|unit| UNITS.contains(&unit))) {
        let kind = if unit.is_some() { ErrorKind::Range } else { ErrorKind::Type };
        let unit = unit.unwrap_or_else(|| "".into());
        let what = format!("Invalid unit argument for Number.prototype.toLocaleString() '{}'", unit.as_str());
        return cx.fail(kind, what);
    }
    options.word(cx, "unitDisplay", &["short", "narrow", "long"], 3)?;
    options.word(cx, "notation", &["standard", "scientific", "engineering", "compact"], 1)?;
    let mut places = (0, 3);
    match (kind, currency.as_ref().map(|name| name.as_str().to_ascii_uppercase())) {
        ("percent", _) => (style.shift, style.after, places) = (2, "%", (0, 0)),
        ("currency", Some(name)) => match CURRENCIES.iter().find(|(code, ..)| *code == name) {
            Some((_, sign, digits)) => (style.before, places) = (sign, (*digits, *digits)),
            None => options.odd = Some("this currency"),
        },
        _ => {}
    }
    options.digits(cx, &mut style, places)?;
    for key in ["roundingIncrement", "roundingMode", "roundingPriority", "trailingZeroDisplay"] {
        if options.get(key).is_some() {
            options.odd.get_or_insert(key);
        }
    }
    options.word(cx, "compactDisplay", &["short", "long"], 2)?;
    if let Some(value) = options.get("useGrouping") {
        style.grouped = grouping(cx, &value)?;
    }
    options.word(cx, "signDisplay", &["auto", "never", "always", "exceptZero", "negative"], 1)?;
    match options.odd {
        None => Ok(style),
        Some(odd) => cx.fail(ErrorKind::Range, format!("unsupported: {odd}, for a number")),
    }
}

/// Currencies with the sign that they have in English, or their code where they have none, and their decimals.
const CURRENCIES: [(&str, &str, usize); 27] = [
    ("USD", "$", 2),
    ("EUR", "€", 2),
    ("GBP", "£", 2),
    ("JPY", "¥", 0),
    ("INR", "₹", 2),
    ("CNY", "CN¥", 2),
    ("AUD", "A$", 2),
    ("BRL", "R$", 2),
    ("CAD", "CA$", 2),
    ("HKD", "HK$", 2),
    ("ILS", "₪", 2),
    ("KRW", "₩", 0),
    ("MXN", "MX$", 2),
    ("NZD", "NZ$", 2),
    ("PHP", "₱", 2),
    ("TWD", "NT$", 2),
    ("VND", "₫", 0),
    ("CHF", "CHF\u{a0}", 2),
    ("CZK", "CZK\u{a0}", 2),
    ("DKK", "DKK\u{a0}", 2),
    ("NOK", "NOK\u{a0}", 2),
    ("PLN", "PLN\u{a0}", 2),
    ("RUB", "RUB\u{a0}", 2),
    ("SEK", "SEK\u{a0}", 2),
    ("SGD", "SGD\u{a0}", 2),
    ("TRY", "TRY\u{a0}", 2),
    ("ZAR", "ZAR\u{a0}", 2),
];

/// The units of ECMA-402 §6.6.2. None is shown here, and another is an error of another kind.
#[rustfmt::skip]
const UNITS: [&str; 45] = [
    "acre", "bit", "byte", "celsius", "centimeter", "day", "degree", "fahrenheit", "fluid-ounce", "foot", "gallon", "gigabit",
    "gigabyte", "gram", "hectare", "hour", "inch", "kilobit", "kilobyte", "kilogram", "kilometer", "liter", "megabit", "megabyte",
    "meter", "microsecond", "mile", "mile-scandinavian", "milliliter", "millimeter", "millisecond", "minute", "month",
    "nanosecond", "ounce", "percent", "petabyte", "pound", "second", "stone", "terabit", "terabyte", "week", "yard", "year",
];

struct Options<'o> {
    options: &'o Object,
    /// The first that is right and not known here.
    odd: Option<&'static str>,
}

impl Options<'_> {
    fn get(&self, key: &str) -> Option<Value> {
        self.options.get(key).filter(|value| !matches!(value, Value::Undefined))
    }

    fn text(&self, cx: &mut Cx<'_>, key: &str) -> R<Option<Str>> {
        self.get(key).map(|value| convert::to_str(cx, &value)).transpose()
    }

    /// An option that is one of these words, of which so many are known here; the first where it is not given.
    fn word(&mut self, cx: &mut Cx<'_>, key: &'static str, words: &[&'static str], known: usize) -> R<&'static str> {
        let (Some(value), Some(text)) = (self.get(key), self.text(cx, key)?) else { return Ok(words[0]) };
        let Some(place) = words.iter().position(|word| text.is(word)) else { return out_of_range(cx, key, &value) };
        if place >= known {
            self.odd.get_or_insert(key);
        }
        Ok(words[place])
    }

    /// §15.1.4: how many digits are shown, `places` where nothing else is said.
    fn digits(&mut self, cx: &mut Cx<'_>, style: &mut Style, places: (usize, usize)) -> R<()> {
        let count = |cx: &mut Cx<'_>, key: &str, from: usize, to: usize| match self.get(key) {
            None => Ok(None),
            Some(value) => match convert::to_number(cx, &value)? {
                n if (from as f64..=to as f64).contains(&n) => Ok(Some(n as usize)),
                _ => cx.fail(ErrorKind::Range, format!("{key} value is out of range.")),
            },
        };
        style.whole = count(cx, "minimumIntegerDigits", 1, 21)?.unwrap_or(1);
        if self.get("minimumSignificantDigits").or(self.get("maximumSignificantDigits")).is_some() {
            let least = count(cx, "minimumSignificantDigits", 1, 21)?.unwrap_or(1);
            count(cx, "maximumSignificantDigits", least, 21)?;
            self.odd.get_or_insert("significant digits");
            return Ok(());
        }
        let least = count(cx, "minimumFractionDigits", 0, 20)?;
        let most = count(cx, "maximumFractionDigits", 0, 20)?;
        style.most = most.unwrap_or_else(|| places.1.max(least.unwrap_or(0)));
        style.least = least.unwrap_or_else(|| places.0.min(style.most));
        if style.least > style.most {
            return cx.fail(ErrorKind::Range, "maximumFractionDigits value is out of range.");
        }
        Ok(())
    }
}

fn out_of_range<T>(cx: &mut Cx<'_>, key: &str, value: &Value) -> R<T> {
    let shown = shown(value);
    let what =
        format!("Value {} out of range for Number.prototype.toLocaleString options property {key}", shown.as_str());
    cx.fail(ErrorKind::Range, what)
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
        _ => out_of_range(cx, "useGrouping", value),
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
