//! Searching with regular expressions, and the methods of `RegExp`, ECMA-262 §22.2.6.

use crate::base::{ErrorKind, Str};
use crate::regexp::{Input, Limit, Match, Outcome, RegExp};
use crate::run::{Cx, Native, R, args::arg, convert, rate};
use crate::value::{Object, Value};
use std::borrow::Cow;
use std::cell::Cell;

pub(crate) const METHODS: &[(&str, Native)] = &[("exec", exec), ("test", test), ("toString", to_string)];

/// Compiles a pattern. It is paid for as it is read; what it became, by its weight.
pub(crate) fn compiled(cx: &mut Cx<'_>, pattern: &Str, flags: &str) -> R<RegExp> {
    cx.steps(pattern.as_str().len() / rate::PATTERN)?;
    match RegExp::new(&spelt(pattern), flags) {
        Ok(regexp) => cx.steps(0).map(|()| regexp),
        Err(why) => {
            let message = format!("Invalid regular expression: /{}/{flags}: {why}", pattern.as_str());
            cx.fail(ErrorKind::Syntax, message)
        }
    }
}

/// A pattern with its half characters as escapes.
fn spelt(pattern: &Str) -> Cow<'_, str> {
    if !pattern.has_halves() {
        return pattern.as_str().into();
    }
    let run = |run: Result<String, u16>| run.unwrap_or_else(|half| format!("\\u{half:04x}"));
    pattern.runs().into_iter().map(run).collect::<String>().into()
}

/// A text prepared for searching; offsets in it are UTF-16 code units, or code points for an expression with `u`.
pub(super) struct Subject<'t> {
    input: Input<'t>,
    points: bool,
    text: &'t Str,
    /// An offset that was asked for last, in the input and in JavaScript's units: most are asked for in order.
    last: Cell<(usize, usize)>,
}

impl<'t> Subject<'t> {
    pub(super) fn new(cx: &mut Cx<'_>, regexp: &RegExp, text: &'t Str) -> R<Subject<'t>> {
        let points = regexp.program().flags.unicode;
        if text.is_ascii() {
            return Ok(Subject {
                input: Input::Ascii(text.as_str().as_bytes()),
                points: false,
                text,
                last: Cell::default(),
            });
        }
        cx.room_for(text.as_str().len().saturating_mul(6))?;
        cx.steps(text.as_str().len() / 64)?;
        let units = text.utf16();
        let units = if points {
            char::decode_utf16(units)
                .map(|c| c.map_or_else(|lone| u32::from(lone.unpaired_surrogate()), u32::from))
                .collect()
        } else {
            units.into_iter().map(u32::from).collect()
        };
        Ok(Subject { input: Input::Units(units), points, text, last: Cell::default() })
    }

    /// The first match at or after an offset.
    pub(super) fn search(&self, cx: &mut Cx<'_>, regexp: &RegExp, from: usize, sticky: bool) -> R<Option<Match>> {
        let limit = Limit { tries: cx.steps_left().saturating_mul(rate::TRIES), bytes: cx.room_left() };
        let (outcome, tries) = regexp.program().search(&self.input, from, sticky, limit);
        cx.steps(1 + (tries / rate::TRIES) as usize)?;
        match outcome {
            Outcome::Found(found) => {
                cx.steps(found.groups.len() / rate::ITEMS)?;
                Ok(Some(found))
            }
            Outcome::NotFound => Ok(None),
            Outcome::TooMuch => {
                cx.fail(ErrorKind::StepLimit, format!("too many steps in the regular expression {}", regexp.to_text()))
            }
        }
    }

    /// The text between two offsets.
    pub(super) fn slice(&self, from: usize, to: usize) -> Str {
        match &self.input {
            Input::Ascii(_) => self.text.as_str()[from..to].into(),
            Input::Units(units) => {
                let mut out = Vec::with_capacity(to - from);
                for &unit in &units[from..to] {
                    match char::from_u32(unit) {
                        Some(c) => out.extend_from_slice(c.encode_utf16(&mut [0; 2])),
                        None => out.push(unit as u16),
                    }
                }
                Str::from_utf16(&out)
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        match &self.input {
            Input::Ascii(bytes) => bytes.len(),
            Input::Units(units) => units.len(),
        }
    }

    /// An offset as JavaScript counts it.
    pub(super) fn unit_offset(&self, offset: usize) -> usize {
        match &self.input {
            Input::Units(units) if self.points => {
                let (from, before) = Some(self.last.get()).filter(|last| last.0 <= offset).unwrap_or_default();
                let now = before + units[from..offset].iter().map(|&c| 1 + usize::from(c > 0xFFFF)).sum::<usize>();
                self.last.set((offset, now));
                now
            }
            _ => offset,
        }
    }

    /// The offset of a count of JavaScript's units.
    fn offset_of_unit(&self, wanted: usize) -> usize {
        match &self.input {
            Input::Units(units) if self.points => {
                let mut sum = 0;
                units
                    .iter()
                    .take_while(|&&c| {
                        let before = sum;
                        sum += 1 + usize::from(c > 0xFFFF);
                        before < wanted
                    })
                    .count()
            }
            _ => wanted,
        }
    }

    pub(super) fn group(&self, found: &Match, n: usize) -> Value {
        match found.groups.get(n) {
            Some(Some((from, to))) => self.slice(*from, *to).into(),
            _ => Value::Undefined,
        }
    }

    /// The named groups of a match as an object; `undefined` when the expression has none.
    pub(super) fn named(&self, cx: &mut Cx<'_>, regexp: &RegExp, found: &Match) -> Value {
        let names = regexp.program().names();
        if names.is_empty() {
            return Value::Undefined;
        }
        let object: Object = names.iter().map(|(name, n)| (name.clone(), self.group(found, *n))).collect();
        cx.own(object).into()
    }
}

fn this_regexp(cx: &mut Cx<'_>, this: &Value) -> R<RegExp> {
    match this {
        Value::RegExp(regexp) => Ok(regexp.clone()),
        _ => cx.type_error("this method needs a regular expression"),
    }
}

/// §22.2.7.2: searches from `lastIndex` when the flags ask for it, and moves that.
fn advance<'t>(cx: &mut Cx<'_>, regexp: &RegExp, text: &'t Str) -> R<Option<(Subject<'t>, Match)>> {
    let flags = regexp.program().flags;
    let keeps = flags.global || flags.sticky;
    let subject = Subject::new(cx, regexp, text)?;
    let from = if keeps { subject.offset_of_unit(regexp.last_index()) } else { 0 };
    let found = if from > subject.len() { None } else { subject.search(cx, regexp, from, flags.sticky)? };
    if keeps {
        let end = found.as_ref().and_then(|found| found.groups[0]).map_or(0, |(_, to)| subject.unit_offset(to));
        regexp.set_last_index(end);
    }
    Ok(found.map(|found| (subject, found)))
}

fn test(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let regexp = this_regexp(cx, this)?;
    let text = convert::to_str(cx, arg(args, 0))?;
    Ok(advance(cx, &regexp, &text)?.is_some().into())
}

fn exec(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let regexp = this_regexp(cx, this)?;
    let text = convert::to_str(cx, arg(args, 0))?;
    let Some((subject, found)) = advance(cx, &regexp, &text)? else { return Ok(Value::Null) };
    Ok(groups(cx, &regexp, &subject, &found, &text))
}

/// A match as JavaScript gives it: an array of the groups, with `index`, `input` and `groups`.
pub(super) fn groups(cx: &mut Cx<'_>, regexp: &RegExp, subject: &Subject<'_>, found: &Match, text: &Str) -> Value {
    let items = (0..found.groups.len()).map(|n| subject.group(found, n)).collect();
    let matched = cx.array(items);
    let extra = Object::new();
    let index = found.groups[0].map_or(0, |(from, _)| subject.unit_offset(from));
    extra.set("index", index);
    extra.set("input", text.clone());
    extra.set("groups", subject.named(cx, regexp, found));
    if let Value::Array(array) = &matched {
        array.set_extra(extra);
    }
    matched
}

fn to_string(cx: &mut Cx<'_>, this: &Value, _: &[Value]) -> R<Value> {
    Ok(convert::to_str(cx, this)?.into())
}
