//! String methods that search: `replace`, `replaceAll`, `split`, `match`, `matchAll`, `search`, `normalize` apart.

use super::search::{Subject, compiled, groups};
use crate::base::{
    Str, Units,
    memory::{Held, cost},
};
use crate::regexp::{Match, RegExp};
use crate::run::{
    Cx, Draft, Native, R,
    args::{arg, call, this_str},
    convert,
};
use crate::value::Value;

pub(crate) const METHODS: &[(&str, Native)] = &[
    ("match", match_),
    ("matchAll", match_all),
    ("replace", |cx, this, args| replace(cx, this, args, false)),
    ("replaceAll", |cx, this, args| replace(cx, this, args, true)),
    ("search", search),
    ("split", split),
];

/// What a match is replaced by.
enum Replacement<'a> {
    Text(Str),
    Function(&'a Value),
}

fn replacement<'a>(cx: &mut Cx<'_>, value: &'a Value) -> R<Replacement<'a>> {
    match value {
        Value::Function(_) => Ok(Replacement::Function(value)),
        value => Ok(Replacement::Text(convert::to_str(cx, value)?)),
    }
}

fn replace(cx: &mut Cx<'_>, this: &Value, args: &[Value], all: bool) -> R<Value> {
    let text = this_str(cx, this)?;
    let with = replacement(cx, arg(args, 1))?;
    if let Value::RegExp(regexp) = arg(args, 0) {
        if all && !regexp.program().flags.global {
            return cx.type_error("String.prototype.replaceAll called with a non-global RegExp argument");
        }
        return replace_matches(cx, &text, regexp, &with);
    }
    let wanted = convert::to_str(cx, arg(args, 0))?;
    replace_text(cx, &text, &wanted, with, all)
}

fn replace_text(cx: &mut Cx<'_>, whole: &Str, searched: &Str, with: Replacement<'_>, all: bool) -> R<Value> {
    // Half a character is found inside of a whole one, and nothing between its halves.
    let between = all && searched.as_str().is_empty() && whole.as_str().contains(|c| c > '\u{ffff}');
    if whole.has_halves() || searched.has_halves() || between {
        return replace_units(cx, whole, searched, with, all);
    }
    let (text, wanted, mut out) = (whole, searched, Draft::default());
    let mut at = 0;
    let mut search = 0;
    // Where the last match was, in bytes and in JavaScript's units.
    let mut last = (0, 0);
    while let Some(found) = text.as_str().get(search..).and_then(|rest| rest.find(wanted.as_str())).map(|n| n + search)
    {
        cx.step()?;
        out.push(cx, &text.as_str()[at..found])?;
        at = found + wanted.as_str().len();
        match &with {
            Replacement::Function(function) => {
                last = (found, last.1 + text.units_between(last.0, found));
                let result = call(cx, function, &[searched.clone().into(), last.1.into(), whole.clone().into()])?;
                let result = convert::to_str(cx, &result)?;
                out.push_value(cx, &result)?;
            }
            Replacement::Text(template) => {
                let parts = Parts {
                    before: Piece::Text(&text.as_str()[..found]),
                    matched: Piece::Text(wanted.as_str()),
                    after: Piece::Text(&text.as_str()[at..]),
                    groups: &[],
                    names: &Value::Undefined,
                };
                expand(cx, template, &parts, &mut out)?;
            }
        }
        if !all {
            break;
        }
        // An empty text is found before each character and at the end.
        let empty = wanted.as_str().is_empty();
        search = if empty { at + text.as_str()[at..].chars().next().map_or(1, char::len_utf8) } else { at };
    }
    out.push(cx, &text.as_str()[at.min(text.as_str().len())..])?;
    Ok(out.finish(cx)?.into())
}

/// The same by code units.
#[cold]
fn replace_units(cx: &mut Cx<'_>, whole: &Str, searched: &Str, with: Replacement<'_>, all: bool) -> R<Value> {
    cx.room_for(whole.as_str().len().saturating_mul(8))?;
    let (text, wanted, all_units) = (Units::of(whole), Units::of(searched), whole.utf16());
    let part = |from: usize, to: usize| Str::from_utf16(&all_units[from..to]);
    let mut out = Draft::default();
    let (mut at, mut search) = (0, 0);
    while let Some(found) = text.find(&wanted, search) {
        cx.step()?;
        out.push_value(cx, &part(at, found))?;
        at = found + wanted.len();
        match &with {
            Replacement::Function(function) => {
                let result = call(cx, function, &[searched.clone().into(), found.into(), whole.clone().into()])?;
                let result = convert::to_str(cx, &result)?;
                out.push_value(cx, &result)?;
            }
            Replacement::Text(template) => {
                let asked = |mark: &str| template.as_str().contains(mark);
                let before = if asked("$`") { part(0, found) } else { Str::from("") };
                let after = if asked("$'") { part(at, all_units.len()) } else { Str::from("") };
                cx.bytes(before.as_str().len() + after.as_str().len())?;
                let parts = Parts {
                    before: Piece::Str(&before),
                    matched: Piece::Str(searched),
                    after: Piece::Str(&after),
                    groups: &[],
                    names: &Value::Undefined,
                };
                expand(cx, template, &parts, &mut out)?;
            }
        }
        if !all {
            break;
        }
        // Nothing is found between all units, and at the end.
        search = at + usize::from(wanted.len() == 0);
    }
    out.push_value(cx, &part(at, all_units.len()))?;
    Ok(out.finish(cx)?.into())
}

/// A part of a text, or a string.
#[derive(Clone, Copy)]
enum Piece<'a> {
    Text(&'a str),
    Str(&'a Str),
}

impl Piece<'_> {
    fn push(self, cx: &mut Cx<'_>, out: &mut Draft) -> R<()> {
        match self {
            Piece::Text(text) => out.push(cx, text),
            Piece::Str(string) => out.push_value(cx, string),
        }
    }
}

/// What `$&`, `` $` ``, `$'`, `$1` and `$<name>` stand for.
struct Parts<'a> {
    before: Piece<'a>,
    matched: Piece<'a>,
    after: Piece<'a>,
    groups: &'a [Value],
    names: &'a Value,
}

/// §22.1.3.19.1 GetSubstitution.
fn expand(cx: &mut Cx<'_>, template: &Str, parts: &Parts<'_>, out: &mut Draft) -> R<()> {
    if !template.has_halves() {
        return expand_text(cx, template.as_str(), parts, out);
    }
    for run in template.runs() {
        match run {
            Ok(text) => expand_text(cx, &text, parts, out)?,
            Err(half) => out.push_units(cx, &[half])?,
        }
    }
    Ok(())
}

fn expand_text(cx: &mut Cx<'_>, template: &str, parts: &Parts<'_>, out: &mut Draft) -> R<()> {
    let mut rest = template;
    while let Some(n) = rest.find('$') {
        out.push(cx, &rest[..n])?;
        rest = &rest[n + 1..];
        let used = match rest.as_bytes() {
            [b'$', ..] => {
                out.push(cx, "$")?;
                1
            }
            [b'&', ..] => {
                parts.matched.push(cx, out)?;
                1
            }
            [b'`', ..] => {
                parts.before.push(cx, out)?;
                1
            }
            [b'\'', ..] => {
                parts.after.push(cx, out)?;
                1
            }
            [b'<', ..] if matches!(parts.names, Value::Object(_)) && rest.contains('>') => {
                let end = rest.find('>').unwrap_or_default();
                show(cx, parts.names.get(&rest[1..end]).as_ref(), out)?;
                end + 1
            }
            [d @ b'0'..=b'9', more @ ..] => {
                let one = usize::from(d - b'0');
                let two = more.first().filter(|d| d.is_ascii_digit()).map(|d| one * 10 + usize::from(d - b'0'));
                let known = |&n: &usize| n > 0 && n <= parts.groups.len();
                match (two.filter(known), Some(one).filter(known)) {
                    (Some(n), _) => {
                        show(cx, parts.groups.get(n - 1), out)?;
                        2
                    }
                    (None, Some(n)) => {
                        show(cx, parts.groups.get(n - 1), out)?;
                        1
                    }
                    (None, None) => 0,
                }
            }
            _ => 0,
        };
        if used == 0 {
            out.push(cx, "$")?;
        }
        rest = &rest[used..];
    }
    out.push(cx, rest)
}

fn show(cx: &mut Cx<'_>, value: Option<&Value>, out: &mut Draft) -> R<()> {
    let Some(value) = value.filter(|value| !matches!(value, Value::Undefined)) else { return Ok(()) };
    let text = convert::to_str(cx, value)?;
    out.push_value(cx, &text)
}

/// Every match for a global expression, else the first. An empty match moves the search on by one.
fn matches(cx: &mut Cx<'_>, regexp: &RegExp, subject: &Subject<'_>) -> R<Vec<Match>> {
    let flags = regexp.program().flags;
    let mut all = Vec::new();
    let held = Held::new(0);
    let mut at = 0;
    while at <= subject.len() {
        let Some(found) = subject.search(cx, regexp, at, flags.sticky)? else { break };
        let (from, to) = found.groups[0].unwrap_or((at, at));
        at = if from == to { to + 1 } else { to };
        held.add(cost::CONTAINER + found.groups.len() * cost::GROUP);
        all.push(found);
        if !flags.global {
            break;
        }
    }
    if flags.global {
        regexp.set_last_index(0);
    }
    Ok(all)
}

fn replace_matches(cx: &mut Cx<'_>, text: &Str, regexp: &RegExp, with: &Replacement<'_>) -> R<Value> {
    let subject = Subject::new(cx, regexp, text)?;
    let mut out = Draft::default();
    let mut at = 0;
    for found in matches(cx, regexp, &subject)? {
        let (from, to) = found.groups[0].unwrap_or((at, at));
        out.push_value(cx, &subject.slice(at, from))?;
        at = to;
        match with {
            Replacement::Text(template) if !template.as_str().contains('$') => {
                out.push_value(cx, template)?;
                continue;
            }
            _ => {}
        }
        let names = subject.named(cx, regexp, &found);
        let captured: Vec<Value> = (1..found.groups.len()).map(|n| subject.group(&found, n)).collect();
        let matched = subject.slice(from, to);
        match with {
            Replacement::Function(function) => {
                let mut args = vec![matched.into()];
                args.extend(captured);
                args.push(subject.unit_offset(from).into());
                args.push(text.clone().into());
                if !names.is_nullish() {
                    args.push(names);
                }
                let result = call(cx, function, &args)?;
                let result = convert::to_str(cx, &result)?;
                out.push_value(cx, &result)?;
            }
            Replacement::Text(template) => {
                // What stands before and after a match is copied only for those who ask for it.
                let asked = |mark: &str| template.as_str().contains(mark);
                let before = if asked("$`") { subject.slice(0, from) } else { Str::from("") };
                let after = if asked("$'") { subject.slice(to, subject.len()) } else { Str::from("") };
                cx.bytes(before.as_str().len() + after.as_str().len())?;
                let parts = Parts {
                    before: Piece::Str(&before),
                    matched: Piece::Str(&matched),
                    after: Piece::Str(&after),
                    groups: &captured,
                    names: &names,
                };
                expand(cx, template, &parts, &mut out)?;
            }
        }
    }
    out.push_value(cx, &subject.slice(at, subject.len()))?;
    Ok(out.finish(cx)?.into())
}

fn split(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let text = this_str(cx, this)?;
    let limit = match arg(args, 1) {
        Value::Undefined => usize::MAX,
        value => crate::base::number::to_int32(convert::to_number(cx, value)?) as u32 as usize,
    };
    if limit == 0 {
        return Ok(cx.array(Vec::new()));
    }
    let mut parts = match arg(args, 0) {
        Value::Undefined => vec![text.into()],
        Value::RegExp(regexp) => split_at_matches(cx, &text, regexp, limit)?,
        separator => {
            let separator = convert::to_str(cx, separator)?;
            split_at_text(cx, &text, &separator, limit)?
        }
    };
    parts.truncate(limit);
    Ok(cx.array(parts))
}

fn split_at_text(cx: &mut Cx<'_>, text: &Str, separator: &Str, limit: usize) -> R<Vec<Value>> {
    if separator.as_str().is_empty() {
        let units = text.units();
        cx.steps(units)?;
        cx.room_for(units.saturating_mul(cost::STRING + cost::ITEM + 1))?;
        if text.is_ascii() {
            return Ok(text.as_str().chars().take(limit).map(|c| c.to_string().into()).collect());
        }
        return Ok(text.utf16().into_iter().take(limit).map(|unit| Str::from_utf16(&[unit]).into()).collect());
    }
    let mut parts = Vec::new();
    let held = Held::new(0);
    if text.has_halves() || separator.has_halves() {
        cx.room_for(text.as_str().len().saturating_mul(8))?;
        let (units, wanted, all) = (Units::of(text), Units::of(separator), text.utf16());
        let mut at = 0;
        while let Some(found) = units.find(&wanted, at).filter(|_| parts.len() < limit) {
            cx.steps(4)?;
            held.add(cost::ITEM);
            parts.push(Str::from_utf16(&all[at..found]).into());
            at = found + wanted.len();
        }
        parts.push(Str::from_utf16(&all[at..]).into());
        return Ok(parts);
    }
    for part in text.as_str().split(separator.as_str()).take(limit) {
        cx.step()?;
        held.add(cost::ITEM);
        parts.push(Str::from(part).into());
    }
    Ok(parts)
}

/// §22.2.6.14: an empty match at the end of the last piece does not split.
fn split_at_matches(cx: &mut Cx<'_>, text: &Str, regexp: &RegExp, limit: usize) -> R<Vec<Value>> {
    let subject = Subject::new(cx, regexp, text)?;
    let length = subject.len();
    if length == 0 {
        let whole = subject.search(cx, regexp, 0, true)?;
        return Ok(if whole.is_some() { Vec::new() } else { vec![text.clone().into()] });
    }
    let mut parts = Vec::new();
    let held = Held::new(0);
    let (mut start, mut at) = (0, 0);
    while at < length && parts.len() < limit {
        let Some(found) = subject.search(cx, regexp, at, false)? else { break };
        let (from, to) = found.groups[0].unwrap_or((at, at));
        if from >= length {
            break;
        }
        if to == start || (to == from && from == start) {
            at = from.max(at) + 1;
            continue;
        }
        cx.step()?;
        held.add(cost::ITEM * found.groups.len());
        parts.push(subject.slice(start, from).into());
        parts.extend((1..found.groups.len()).map(|n| subject.group(&found, n)));
        start = to;
        at = if to == from { to + 1 } else { to };
    }
    parts.push(subject.slice(start, length).into());
    Ok(parts)
}

/// The argument as an expression: other values are its pattern.
fn expression(cx: &mut Cx<'_>, value: &Value, flags: &str) -> R<RegExp> {
    let pattern = match value {
        Value::RegExp(regexp) => return Ok(regexp.clone()),
        Value::Undefined => Str::from(""),
        value => convert::to_str(cx, value)?,
    };
    compiled(cx, &pattern, flags)
}

fn match_(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let text = this_str(cx, this)?;
    let regexp = expression(cx, arg(args, 0), "")?;
    let subject = Subject::new(cx, &regexp, &text)?;
    let all = matches(cx, &regexp, &subject)?;
    let Some(first) = all.first() else { return Ok(Value::Null) };
    if !regexp.program().flags.global {
        return Ok(groups(cx, &regexp, &subject, first, &text));
    }
    let found = all.iter().map(|found| subject.group(found, 0)).collect();
    Ok(cx.array(found))
}

/// An iterator over all matches.
fn match_all(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let text = this_str(cx, this)?;
    let regexp = expression(cx, arg(args, 0), "g")?;
    if !regexp.program().flags.global {
        return cx.type_error("String.prototype.matchAll called with a non-global RegExp argument");
    }
    let subject = Subject::new(cx, &regexp, &text)?;
    let all = matches(cx, &regexp, &subject)?;
    let found = all.iter().map(|found| groups(cx, &regexp, &subject, found, &text)).collect();
    Ok(cx.iterator(found, "RegExp String"))
}

fn search(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let text = this_str(cx, this)?;
    let regexp = expression(cx, arg(args, 0), "")?;
    let subject = Subject::new(cx, &regexp, &text)?;
    let found = subject.search(cx, &regexp, 0, regexp.program().flags.sticky)?;
    let at = found.and_then(|found| found.groups[0]).map(|(from, _)| subject.unit_offset(from));
    Ok(at.map_or(Value::Number(-1.0), Value::from))
}
