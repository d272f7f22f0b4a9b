//! What is known of languages: that of `en-US`, and which have upper and lower case of their own. Another locale is an error
//! that says so, and never a wrong text.

use crate::base::{ErrorKind, Str, calendar};
use crate::run::{Cx, Native, R, args::arg, convert};
use crate::value::Value;
use calendar::{DAYS, MONTHS, Parts};

/// The locale of an argument, when it is one that is known here.
pub(crate) fn english(cx: &mut Cx<'_>, value: &Value) -> R<()> {
    let value = match value {
        Value::Array(list) if list.is_empty() => Value::Undefined,
        Value::Array(list) => match list.get(0).unwrap_or_default() {
            name @ Value::String(_) => name,
            _ => return cx.type_error("Language ID should be string or object."),
        },
        value => value.clone(),
    };
    match &value {
        Value::Null => cx.type_error("Cannot convert undefined or null to object"),
        // An object that is no list is a list of none.
        Value::Undefined | Value::Number(_) | Value::Bool(_) => Ok(()),
        value if value.is_object() => Ok(()),
        Value::String(name) if matches!(name.as_str(), "en-US" | "en" | "en-us" | "default") => Ok(()),
        other => {
            let name = convert::to_str(cx, other)?;
            cx.fail(ErrorKind::Range, format!("unsupported: the locale '{}'", name.as_str()))
        }
    }
}

/// Whether a date has an option of this name, known here or not; others are not looked at.
pub(crate) fn is_option(name: &str) -> bool {
    const OTHERS: [&str; 8] = [
        "calendar",
        "dayPeriod",
        "era",
        "fractionalSecondDigits",
        "hourCycle",
        "numberingSystem",
        "timeZone",
        "timeZoneName",
    ];
    const PARTS: [&str; 10] =
        ["weekday", "year", "month", "day", "hour", "minute", "second", "hour12", "dateStyle", "timeStyle"];
    OTHERS.contains(&name) || PARTS.contains(&name)
}

/// The parts of a date that options ask for.
#[derive(Default)]
pub(crate) struct Asked {
    weekday: Option<Str>,
    year: Option<Str>,
    month: Option<Str>,
    day: Option<Str>,
    hour: Option<Str>,
    minute: Option<Str>,
    second: Option<Str>,
    hour12: Option<Str>,
    /// Parts by their own options, and by `dateStyle` or `timeStyle`.
    named: bool,
    styled: bool,
}

impl Asked {
    /// Asks for a part in a form.
    pub(crate) fn name(&mut self, key: &str, form: Str) {
        self.named |= key != "hour12";
        self.set(key, form);
    }

    /// Whether the parts are asked for by one kind of option.
    pub(crate) fn is_one_way(&self) -> bool {
        !(self.named && self.styled)
    }

    fn set(&mut self, key: &str, form: Str) {
        let place = match key {
            "weekday" => &mut self.weekday,
            "year" => &mut self.year,
            "month" => &mut self.month,
            "day" => &mut self.day,
            "hour" => &mut self.hour,
            "minute" => &mut self.minute,
            "second" => &mut self.second,
            _ => &mut self.hour12,
        };
        *place = Some(form);
    }

    pub(crate) fn date_style(&mut self, style: &str) {
        self.styled = true;
        let numbers = style == "short";
        self.set("year", if numbers { "2-digit" } else { "numeric" }.into());
        self.set(
            "month",
            if numbers {
                "numeric"
            } else if style == "medium" {
                "short"
            } else {
                "long"
            }
            .into(),
        );
        self.set("day", "numeric".into());
        if style == "full" {
            self.set("weekday", "long".into());
        }
    }

    pub(crate) fn time_style(&mut self, style: &str) {
        self.styled = true;
        for key in ["hour", "minute", "second"].into_iter().filter(|key| style == "medium" || *key != "second") {
            self.set(key, "numeric".into());
        }
    }

    /// What is shown when no option asks for a part: of a date, of the time, of either.
    pub(crate) fn ask_for(&mut self, date: bool, clock: bool) {
        let no_date = [&self.weekday, &self.year, &self.month, &self.day].into_iter().all(Option::is_none);
        let no_clock = [&self.hour, &self.minute, &self.second].into_iter().all(Option::is_none);
        if self.styled || (date && clock && !(no_date && no_clock)) {
            return;
        }
        for key in ["year", "month", "day"].into_iter().filter(|_| date && no_date) {
            self.set(key, "numeric".into());
        }
        for key in ["hour", "minute", "second"].into_iter().filter(|_| clock && no_clock) {
            self.set(key, "numeric".into());
        }
    }

    /// The text; `None` for parts that are not shown together here.
    pub(crate) fn text(&self, parts: &Parts, time: f64) -> Option<String> {
        let (whole_day, some_date) =
            (self.month.is_some() && self.day.is_some(), self.month.is_some() || self.day.is_some());
        let (date, clock) = (self.date(parts, time), self.clock(parts));
        let apart = self.hour.is_some() && self.second.is_some() && self.minute.is_none();
        let no_month = self.year.is_some() && self.day.is_some() && self.month.is_none();
        let stray = self.weekday.is_some() && !whole_day && (some_date || self.year.is_some() || clock.is_some());
        if apart || no_month || stray {
            return None;
        }
        // A month in words is joined to the time by " at ".
        let joint = if self.month.as_ref().is_some_and(|form| form.is("long")) { " at " } else { ", " };
        Some([date, clock].into_iter().flatten().collect::<Vec<_>>().join(joint))
    }

    fn date(&self, parts: &Parts, time: f64) -> Option<String> {
        let number = |form: &Option<Str>, n: f64| {
            form.as_ref().map(|form| if form.is("2-digit") { format!("{:02}", n % 100.0) } else { format!("{n}") })
        };
        let word = |form: &Option<Str>, name: &str| {
            form.as_ref().map(|form| if form.is("short") { name[..3].to_owned() } else { name.to_owned() })
        };
        let weekday = word(&self.weekday, DAYS[calendar::weekday(time)]);
        // Before the year 1 years count backwards, and nothing says so.
        let shown = if parts.year > 0.0 { parts.year } else { 1.0 - parts.year };
        let (day, year) = (number(&self.day, parts.day), number(&self.year, shown));
        let rest = match &self.month {
            Some(form) if form.is("long") || form.is("short") => {
                let month = word(&self.month, MONTHS[parts.month as usize]).unwrap_or_default();
                let month = [Some(month), day.clone()].into_iter().flatten().collect::<Vec<_>>().join(" ");
                let joint = if day.is_some() { ", " } else { " " };
                [Some(month), year].into_iter().flatten().collect::<Vec<_>>().join(joint)
            }
            month => {
                let month = number(month, parts.month + 1.0);
                [month, day, year].into_iter().flatten().collect::<Vec<_>>().join("/")
            }
        };
        let pieces = [weekday, (!rest.is_empty()).then_some(rest)];
        let text = pieces.into_iter().flatten().collect::<Vec<_>>().join(", ");
        (!text.is_empty()).then_some(text)
    }

    fn clock(&self, parts: &Parts) -> Option<String> {
        let twelve = !self.hour12.as_ref().is_some_and(|form| form.is("false"));
        let hour = self.hour.as_ref().map(|form| {
            // The hour after midnight is the twelfth, or by the other clock the twenty-fourth.
            let hours = if twelve { 12.0 } else { 24.0 };
            let hour = (parts.hour + hours - 1.0) % hours + 1.0;
            if form.is("2-digit") || !twelve { format!("{hour:02}") } else { format!("{hour}") }
        });
        // Beside an hour, minutes and seconds have two digits.
        let two = |form: &Option<Str>, n: f64| {
            form.as_ref().map(|_| {
                if self.hour.is_some() || self.minute.is_some() && self.second.is_some() {
                    format!("{n:02}")
                } else {
                    format!("{n}")
                }
            })
        };
        let fields = [hour.clone(), two(&self.minute, parts.minute), two(&self.second, parts.second)];
        let text = fields.into_iter().flatten().collect::<Vec<_>>().join(":");
        if text.is_empty() {
            return None;
        }
        let noon = if parts.hour < 12.0 { " AM" } else { " PM" };
        Some(if hour.is_some() && twelve { text + noon } else { text })
    }
}

/// Upper and lower case in a locale: Azeri, Greek, Lithuanian and Turkish have rules of their own, the others none.
pub(super) fn cased(cx: &mut Cx<'_>, this: &Value, args: &[Value], convert: Native) -> R<Value> {
    let name = match arg(args, 0) {
        Value::Array(list) => list.get(0).unwrap_or_default(),
        value => value.clone(),
    };
    match &name {
        Value::Null => return cx.type_error("Cannot convert undefined or null to object"),
        Value::String(name) => {
            let language = name.as_str().split('-').next().unwrap_or_default();
            let letters = language.bytes().all(|b| b.is_ascii_alphabetic());
            if !letters || !matches!(language.len(), 2..=3 | 5..=8) {
                return cx.fail(ErrorKind::Range, format!("Incorrect locale information provided: {}", name.as_str()));
            }
            if matches!(&*language.to_ascii_lowercase(), "az" | "el" | "lt" | "tr") {
                return cx.fail(ErrorKind::Range, format!("unsupported: the locale '{}'", name.as_str()));
            }
        }
        Value::Undefined if !matches!(arg(args, 0), Value::Array(list) if !list.is_empty()) => {}
        // A list holds names; another object is a list of none.
        _ if !matches!(arg(args, 0), Value::Array(_)) => {}
        _ => return cx.type_error("Language ID should be string or object."),
    }
    convert(cx, this, &[])
}
