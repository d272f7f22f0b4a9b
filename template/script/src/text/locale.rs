//! What is known of languages: that of `en-US`, and which have upper and lower case of their own. Another locale is an error
//! that says so, and never a wrong text.

use crate::base::{ErrorKind, Str, calendar};
use crate::run::{
    Cx, Native, R,
    args::{arg, this_str},
    convert,
};
use crate::value::Value;
use calendar::{DAYS, MONTHS, Parts};
use std::cmp::Ordering;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

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
            cx.fail(ErrorKind::Range, format!("unsupported: the locale '{}'", name.to_output()))
        }
    }
}

/// Whether a date has an option of this name, known here or not; others are not looked at.
pub(crate) fn is_option(name: &str) -> bool {
    const OTHERS: [&str; 9] = [
        "calendar",
        "dayPeriod",
        "era",
        "fractionalSecondDigits",
        "hourCycle",
        "localeMatcher",
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
        let (day, year) = (number(&self.day, parts.day), number(&self.year, parts.year));
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

/// Upper and lower case in a locale: Azeri, Lithuanian and Turkish have rules of their own, the others none.
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
            if !letters || !(2..=3).contains(&language.len()) {
                return cx
                    .fail(ErrorKind::Range, format!("Incorrect locale information provided: {}", name.to_output()));
            }
            if matches!(&*language.to_ascii_lowercase(), "az" | "lt" | "tr") {
                return cx.fail(ErrorKind::Range, format!("unsupported: the locale '{}'", name.to_output()));
            }
        }
        Value::Undefined => {}
        // A list holds names; another object is a list of none.
        _ if !matches!(arg(args, 0), Value::Array(_)) => {}
        _ => return cx.type_error("Language ID should be string or object."),
    }
    convert(cx, this, &[])
}

/// Marks in the order of the Unicode collation algorithm (CLDR's root), before digits and letters.
const MARKS: &str = "_-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$";

/// The letters that a letter counts as, apart from its accents.
fn letters(c: char) -> impl Iterator<Item = char> + Clone {
    let text = match c {
        'ß' => ['s', 's'],
        'æ' => ['a', 'e'],
        'Æ' => ['A', 'E'],
        'œ' => ['o', 'e'],
        'Œ' => ['O', 'E'],
        'ø' => ['o', '\0'],
        'Ø' => ['O', '\0'],
        'ł' => ['l', '\0'],
        'Ł' => ['L', '\0'],
        c => [c, '\0'],
    };
    text.into_iter().filter(|&c| c != '\0')
}

/// What a character counts for at first: its kind, and its place among those.
fn primary(c: char) -> (u8, u32) {
    match c {
        c if c.is_whitespace() => (0, c as u32),
        c if c.is_ascii_punctuation() => (1, MARKS.find(c).unwrap_or_default() as u32),
        c if c.is_alphabetic() => (4, c.to_lowercase().next().unwrap_or(c) as u32),
        c if c.is_numeric() => (3, c as u32),
        c => (2, c as u32),
    }
}

/// `a.localeCompare(b)` as the Unicode collation algorithm has it: letters first, then their accents, then case, small
/// before capital. Letters of other scripts go by their code points.
pub(super) fn compare(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let a = this_str(cx, this)?;
    let b = convert::to_str(cx, arg(args, 0))?;
    english(cx, arg(args, 1))?;
    // Taken apart, and looked at three times.
    cx.steps(a.as_str().len() + b.as_str().len())?;
    let (a, b) = (a.to_output(), b.to_output());
    let bases = |text: &str| -> String {
        text.nfd().filter(|&c| !is_combining_mark(c) && !c.is_control()).flat_map(letters).collect()
    };
    let (one, other) = (bases(&a), bases(&b));
    let accent = |c: char| if is_combining_mark(c) || letters(c).ne([c]) { c } else { ' ' };
    let accents = |text: &str| text.nfd().map(accent).collect::<Vec<char>>();
    let capitals = |text: &str| text.chars().map(char::is_uppercase).collect::<Vec<bool>>();
    let order = one.chars().map(primary).cmp(other.chars().map(primary));
    let order = order.then_with(|| accents(&a).cmp(&accents(&b))).then_with(|| capitals(&one).cmp(&capitals(&other)));
    Ok(Value::Number(match order {
        Ordering::Less => -1.0,
        Ordering::Equal => 0.0,
        Ordering::Greater => 1.0,
    }))
}
