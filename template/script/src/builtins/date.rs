//! `Date`, ECMA-262 §21.4. Local time is the host's zone, which is UTC unless it says otherwise; the words are English.

use crate::base::{
    ErrorKind, Str,
    calendar::{self, DAYS, MONTHS, Parts},
    dates,
};
use crate::run::{
    Cx, Native, R,
    args::arg,
    convert,
    date_text::{to_local, words},
};
use crate::text::locale::{self, Asked, english};
use crate::value::{Class, Inner, Object, Value};

pub(crate) const STATICS: &[(&str, Native)] = &[
    ("UTC", |cx, _, args| Ok(Value::Number(calendar::time(&given(cx, args)?)))),
    ("now", |cx, _, _| Ok(Value::Number(calendar::clipped(cx.host.now())))),
    ("parse", |cx, _, args| {
        let text = convert::to_str(cx, arg(args, 0))?;
        Ok(Value::Number(parse(cx, &text)?))
    }),
];

macro_rules! getters {
    ($($local:literal $utc:literal => $part:expr),* $(,)?) => {
        pub(crate) const GETTERS: &[(&str, Native)] = &[
            $(
                ($local, |cx, this, _| part(cx, this, true, $part)),
                ($utc, |cx, this, _| part(cx, this, false, $part)),
            )*
        ];
    };
}

getters! {
    "getFullYear" "getUTCFullYear" => |parts, _| parts.year,
    "getMonth" "getUTCMonth" => |parts, _| parts.month,
    "getDate" "getUTCDate" => |parts, _| parts.day,
    "getDay" "getUTCDay" => |_, time| calendar::weekday(time) as f64,
    "getHours" "getUTCHours" => |parts, _| parts.hour,
    "getMinutes" "getUTCMinutes" => |parts, _| parts.minute,
    "getSeconds" "getUTCSeconds" => |parts, _| parts.second,
    "getMilliseconds" "getUTCMilliseconds" => |parts, _| parts.millisecond,
}

macro_rules! setters {
    ($($local:literal $utc:literal => $set:expr),* $(,)?) => {
        pub(crate) const SETTERS: &[(&str, Native)] = &[
            $(
                ($local, |cx, this, args| change(cx, this, args, true, $set)),
                ($utc, |cx, this, args| change(cx, this, args, false, $set)),
            )*
        ];
    };
}

setters! {
    "setFullYear" "setUTCFullYear" => |parts, given| fill([&mut parts.year, &mut parts.month, &mut parts.day], given),
    "setMonth" "setUTCMonth" => |parts, given| fill([&mut parts.month, &mut parts.day], given),
    "setDate" "setUTCDate" => |parts, given| fill([&mut parts.day], given),
    "setHours" "setUTCHours" => |parts, given| {
        fill([&mut parts.hour, &mut parts.minute, &mut parts.second, &mut parts.millisecond], given)
    },
    "setMinutes" "setUTCMinutes" => |parts, given| {
        fill([&mut parts.minute, &mut parts.second, &mut parts.millisecond], given)
    },
    "setSeconds" "setUTCSeconds" => |parts, given| fill([&mut parts.second, &mut parts.millisecond], given),
    "setMilliseconds" "setUTCMilliseconds" => |parts, given| fill([&mut parts.millisecond], given),
}

pub(crate) const METHODS: &[(&str, Native)] = &[
    ("getTime", |cx, this, _| time_of(cx, this).map(Value::Number)),
    ("getTimezoneOffset", |cx, this, _| {
        let time = time_of(cx, this)?;
        Ok(Value::Number(if time.is_nan() { time } else { 0.0 - cx.host.zone(time) }))
    }),
    ("getYear", |cx, this, _| part(cx, this, true, |parts, _| parts.year - 1900.0)),
    ("setYear", |cx, this, args| {
        let year = convert::to_number(cx, arg(args, 0))?;
        let century = if (0.0..=99.0).contains(&year.trunc()) { 1900.0 } else { 0.0 };
        let given = [Value::Number(century + year.trunc())];
        change(cx, this, &given, true, |parts, given| fill([&mut parts.year], given))
    }),
    ("setTime", |cx, this, args| {
        let time = convert::to_number(cx, arg(args, 0))?;
        set_time(cx, this, calendar::clipped(time))
    }),
    ("toDateString", |cx, this, _| shown(cx, this, |cx, time| words(cx, time, true, false))),
    ("toGMTString", to_utc_string),
    ("toISOString", |cx, this, _| {
        let time = time_of(cx, this)?;
        if time.is_nan() {
            return cx.fail(ErrorKind::Range, "Invalid time value");
        }
        Ok(calendar::iso(time).into())
    }),
    ("toJSON", |cx, this, _| {
        let time = time_of(cx, this)?;
        Ok(if time.is_nan() { Value::Null } else { calendar::iso(time).into() })
    }),
    ("toLocaleDateString", |cx, this, args| locale(cx, this, args, true, false)),
    ("toLocaleString", to_locale_string),
    ("toLocaleTimeString", |cx, this, args| locale(cx, this, args, false, true)),
    ("toString", |cx, this, _| convert::to_str(cx, this).map(Value::from)),
    ("toTimeString", |cx, this, _| shown(cx, this, |cx, time| words(cx, time, false, true))),
    ("toUTCString", to_utc_string),
    ("valueOf", |cx, this, _| time_of(cx, this).map(Value::Number)),
];

/// `new Date(…)`.
pub(crate) fn construct(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    let time = match args {
        [] => calendar::clipped(cx.host.now()),
        [one] => match one {
            Value::Object(object) if object.0.class.get() == Class::Date => time_of(cx, one)?,
            one => match convert::to_primitive(cx, one)? {
                Value::String(text) => parse(cx, &text)?,
                other => calendar::clipped(convert::to_number(cx, &other)?),
            },
        },
        _ => {
            let local = calendar::time(&given(cx, args)?);
            from_local(cx, local)
        }
    };
    Ok(cx.own(Object::of_class(Class::Date, Inner::Date(time.into()))).into())
}

/// `Date()` as a function gives the time now as text.
pub(crate) fn called(cx: &mut Cx<'_>, this: &Value, _: &[Value]) -> R<Value> {
    let now = construct(cx, this, &[])?;
    convert::to_str(cx, &now).map(Value::from)
}

fn parse(cx: &mut Cx<'_>, text: &Str) -> R<f64> {
    if text.as_str().len() > 200 {
        return Ok(f64::NAN);
    }
    Ok(dates::parse(text.as_str(), |time| cx.host.zone(time)))
}

/// Arguments from the year on.
fn given(cx: &mut Cx<'_>, args: &[Value]) -> R<Parts> {
    let mut n = [f64::NAN, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0];
    for (n, value) in n.iter_mut().zip(args) {
        *n = convert::to_number(cx, value)?;
    }
    let [year, month, day, hour, minute, second, millisecond] = n;
    let year = if (0.0..=99.0).contains(&year.trunc()) { 1900.0 + year.trunc() } else { year };
    Ok(Parts { year, month, day, hour, minute, second, millisecond })
}

fn time_of(cx: &mut Cx<'_>, this: &Value) -> R<f64> {
    match this.as_object().and_then(Object::time) {
        Some(time) => Ok(time.get()),
        None => cx.type_error("this is not a Date object."),
    }
}

fn set_time(cx: &mut Cx<'_>, this: &Value, to: f64) -> R<Value> {
    match this.as_object().and_then(Object::time) {
        Some(time) => {
            time.set(to);
            Ok(Value::Number(to))
        }
        None => cx.type_error("this is not a Date object."),
    }
}

fn from_local(cx: &Cx<'_>, local: f64) -> f64 {
    calendar::clipped(local - cx.host.zone(local) * 60_000.0)
}

fn part(cx: &mut Cx<'_>, this: &Value, local: bool, part: fn(Parts, f64) -> f64) -> R<Value> {
    let time = time_of(cx, this)?;
    if time.is_nan() {
        return Ok(Value::Number(time));
    }
    let time = if local { to_local(cx, time) } else { time };
    Ok(Value::Number(part(calendar::parts(time), time)))
}

fn fill<const N: usize>(places: [&mut f64; N], given: &[f64]) {
    for (place, n) in places.into_iter().zip(given) {
        *place = *n;
    }
}

fn change(cx: &mut Cx<'_>, this: &Value, args: &[Value], local: bool, set: fn(&mut Parts, &[f64])) -> R<Value> {
    let time = time_of(cx, this)?;
    let mut given = Vec::new();
    for value in args.iter().take(4) {
        given.push(convert::to_number(cx, value)?);
    }
    let start = if time.is_nan() { 0.0 } else { time };
    let mut parts = calendar::parts(if local { to_local(cx, start) } else { start });
    set(&mut parts, if given.is_empty() { &[f64::NAN] } else { &given });
    let made = calendar::time(&parts);
    let made = if local { from_local(cx, made) } else { made };
    set_time(cx, this, if time.is_nan() && parts.year == 1970.0 { f64::NAN } else { made })
}

fn shown(cx: &mut Cx<'_>, this: &Value, show: fn(&Cx<'_>, f64) -> String) -> R<Value> {
    let time = time_of(cx, this)?;
    Ok(if time.is_nan() { "Invalid Date".into() } else { show(cx, time).into() })
}

fn to_utc_string(cx: &mut Cx<'_>, this: &Value, _: &[Value]) -> R<Value> {
    shown(cx, this, |_, time| {
        let Parts { year, month, day, hour, minute, second, .. } = calendar::parts(time);
        let (weekday, month) = (&DAYS[calendar::weekday(time)][..3], &MONTHS[month as usize][..3]);
        let sign = if year < 0.0 { "-" } else { "" };
        format!("{weekday}, {day:02} {month} {sign}{:04} {hour:02}:{minute:02}:{second:02} GMT", year.abs())
    })
}

pub(crate) fn to_locale_string(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    locale(cx, this, args, true, true)
}

/// The form of `en-US`. Other locales, and options that are not here, are an error and never a wrong text.
fn locale(cx: &mut Cx<'_>, this: &Value, args: &[Value], date: bool, clock: bool) -> R<Value> {
    cx.steps(8)?;
    let mut time = time_of(cx, this)?;
    if time.is_nan() {
        return Ok("Invalid Date".into());
    }
    english(cx, arg(args, 0))?;
    let mut asked = Asked::default();
    if let Value::Object(options) = arg(args, 1) {
        for (key, value) in options.entries() {
            let value = convert::to_str(cx, &value)?;
            match (key.as_str(), value.as_str()) {
                (_, "undefined") => {}
                ("weekday" | "month", "long" | "short")
                | ("month" | "day" | "year", "numeric" | "2-digit")
                | ("hour" | "minute" | "second", "numeric" | "2-digit")
                | ("hour12", "true" | "false") => {
                    asked.name(key.as_str(), value);
                }
                ("dateStyle", "full" | "long" | "medium" | "short") if date => asked.date_style(value.as_str()),
                ("timeStyle", "medium" | "short") if clock => asked.time_style(value.as_str()),
                ("timeZone", "UTC" | "Etc/UTC" | "GMT") => time -= cx.host.zone(time) * 60_000.0,
                ("formatMatcher", "basic" | "best fit") | ("localeMatcher", "lookup" | "best fit") => {}
                ("formatMatcher" | "localeMatcher", other) => {
                    return cx.fail(
                        ErrorKind::Range,
                        format!("Value {other} out of range for Intl options property {}", key.as_str()),
                    );
                }
                (key, value) if locale::is_option(key) => {
                    return cx.fail(ErrorKind::Range, format!("unsupported: {key} '{value}' of a date"));
                }
                _ => {}
            }
        }
    } else if matches!(arg(args, 1), Value::Null) {
        return cx.type_error("Cannot convert undefined or null to object");
    }
    if !asked.is_one_way() {
        return cx.type_error("Can't set an option of a date's parts when dateStyle or timeStyle is used");
    }
    asked.ask_for(date, clock);
    let local = to_local(cx, time);
    match asked.text(&calendar::parts(local), local) {
        Some(text) => Ok(text.into()),
        None => cx.fail(ErrorKind::Range, "unsupported: these options of a date together"),
    }
}
