//! String methods that search: `replace`, `replaceAll`, `split`, `match`, `matchAll`, `search`, `normalize` apart.

use super::args::{arg, call};
use super::regexp::{Subject, groups};
use super::string::this_str;
use crate::base::ErrorKind;
use crate::base::Str;
use crate::regexp::{Match, RegExp};
use crate::run::Native;
use crate::run::convert;
use crate::run::{Cx, R};
use crate::value::Value;

pub(super) const METHODS: &[(&str, Native)] = &[
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
            return cx.type_error("replaceAll must be called with a global RegExp");
        }
        return replace_matches(cx, &text, regexp, &with);
    }
    let wanted = convert::to_str(cx, arg(args, 0))?;
    let mut out = String::new();
    let mut at = 0;
    let mut search = 0;
    while let Some(found) = text.as_str().get(search..).and_then(|rest| rest.find(wanted.as_str())).map(|n| n + search)
    {
        cx.step()?;
        out.push_str(&text.as_str()[at..found]);
        at = found + wanted.as_str().len();
        match &with {
            Replacement::Function(function) => {
                let offset = text.unit_index(found).into();
                let result = call(cx, function, &[wanted.clone().into(), offset, text.clone().into()])?;
                out.push_str(convert::to_str(cx, &result)?.as_str());
            }
            Replacement::Text(template) => {
                let parts = Parts {
                    before: &text.as_str()[..found],
                    matched: wanted.as_str(),
                    after: &text.as_str()[at..],
                    groups: &[],
                    names: &Value::Undefined,
                };
                expand(cx, template.as_str(), &parts, &mut out)?;
            }
        }
        cx.string_of(out.len())?;
        if !all {
            break;
        }
        // An empty text is found before each character and at the end.
        let empty = wanted.as_str().is_empty();
        search = if empty { at + text.as_str()[at..].chars().next().map_or(1, char::len_utf8) } else { at };
    }
    out.push_str(&text.as_str()[at.min(text.as_str().len())..]);
    cx.string_of(out.len())?;
    Ok(rejoined(out, &text))
}

/// A text made of pieces of another: if that had halves, they are read as such again.
fn rejoined(out: String, text: &Str) -> Value {
    if text.has_halves() { text.replaced_by(out).into() } else { out.into() }
}

/// What `$&`, `` $` ``, `$'`, `$1` and `$<name>` stand for.
struct Parts<'a> {
    before: &'a str,
    matched: &'a str,
    after: &'a str,
    groups: &'a [Value],
    names: &'a Value,
}

/// §22.1.3.19.1 GetSubstitution.
fn expand(cx: &mut Cx<'_>, template: &str, parts: &Parts<'_>, out: &mut String) -> R<()> {
    let mut rest = template;
    while let Some(n) = rest.find('$') {
        out.push_str(&rest[..n]);
        rest = &rest[n + 1..];
        if out.len() > 4096 {
            cx.string_of(out.len())?;
        }
        let (used, text) = match rest.as_bytes() {
            [b'$', ..] => (1, Some("$".to_owned())),
            [b'&', ..] => (1, Some(parts.matched.to_owned())),
            [b'`', ..] => (1, Some(parts.before.to_owned())),
            [b'\'', ..] => (1, Some(parts.after.to_owned())),
            [b'<', ..] if matches!(parts.names, Value::Object(_)) => match rest.find('>') {
                Some(end) => (end + 1, Some(shown(cx, parts.names.get(&rest[1..end]))?)),
                None => (0, None),
            },
            [d @ b'0'..=b'9', more @ ..] => {
                let one = usize::from(d - b'0');
                let two = more.first().filter(|d| d.is_ascii_digit()).map(|d| one * 10 + usize::from(d - b'0'));
                match two.filter(|&n| n > 0 && n <= parts.groups.len()) {
                    Some(n) => (2, Some(shown(cx, parts.groups.get(n - 1).cloned())?)),
                    None if one > 0 && one <= parts.groups.len() => {
                        (1, Some(shown(cx, parts.groups.get(one - 1).cloned())?))
                    }
                    None => (0, None),
                }
            }
            _ => (0, None),
        };
        match text {
            Some(text) => out.push_str(&text),
            None => out.push('$'),
        }
        rest = &rest[used..];
    }
    out.push_str(rest);
    Ok(())
}

fn shown(cx: &mut Cx<'_>, value: Option<Value>) -> R<String> {
    match value {
        None | Some(Value::Undefined) => Ok(String::new()),
        Some(value) => Ok(convert::to_str(cx, &value)?.as_str().to_owned()),
    }
}

/// Every match for a global expression, else the first. An empty match moves the search on by one.
fn matches(cx: &mut Cx<'_>, regexp: &RegExp, subject: &Subject<'_>) -> R<Vec<Match>> {
    let flags = regexp.program().flags;
    let mut all = Vec::new();
    let mut at = 0;
    while at <= subject.len() {
        let Some(found) = subject.search(cx, regexp, at, flags.sticky)? else { break };
        let (from, to) = found.groups[0].unwrap_or((at, at));
        at = if from == to { to + 1 } else { to };
        all.push(found);
        cx.room_for(all.len() * 64)?;
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
    let mut out = Str::from("");
    let mut at = 0;
    for found in matches(cx, regexp, &subject)? {
        let (from, to) = found.groups[0].unwrap_or((at, at));
        out = out.concat(&subject.slice(at, from));
        at = to;
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
                out = out.concat(&convert::to_str(cx, &result)?);
            }
            Replacement::Text(template) if !template.as_str().contains('$') => out = out.concat(template),
            Replacement::Text(template) => {
                let (before, after) = (subject.slice(0, from), subject.slice(to, subject.len()));
                cx.steps((before.as_str().len() + after.as_str().len()) / 128)?;
                let parts = Parts {
                    before: before.as_str(),
                    matched: matched.as_str(),
                    after: after.as_str(),
                    groups: &captured,
                    names: &names,
                };
                let mut expanded = String::new();
                expand(cx, template.as_str(), &parts, &mut expanded)?;
                out = out.concat_str(&expanded);
            }
        }
        cx.string_of(out.as_str().len())?;
    }
    out = out.concat(&subject.slice(at, subject.len()));
    cx.string_of(out.as_str().len())?;
    Ok(out.into())
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
        cx.room_for(units.saturating_mul(72))?;
        if text.is_ascii() {
            return Ok(text.as_str().chars().take(limit).map(|c| c.to_string().into()).collect());
        }
        return Ok(text.utf16().into_iter().take(limit).map(|unit| Str::from_utf16(&[unit]).into()).collect());
    }
    let mut parts = Vec::new();
    for part in text.as_str().split(separator.as_str()).take(limit) {
        cx.step()?;
        parts.push(if text.has_halves() { text.replaced_by(part.to_owned()).into() } else { part.into() });
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
    cx.steps(pattern.as_str().len() / 8)?;
    RegExp::new(pattern.as_str(), flags).or_else(|why| {
        let message = format!("Invalid regular expression: /{}/{flags}: {why}", pattern.to_output());
        cx.fail(ErrorKind::Syntax, message)
    })
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

/// All matches, as an array instead of an iterator.
fn match_all(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let text = this_str(cx, this)?;
    let regexp = expression(cx, arg(args, 0), "g")?;
    if !regexp.program().flags.global {
        return cx.type_error("String.prototype.matchAll called with a non-global RegExp argument");
    }
    let subject = Subject::new(cx, &regexp, &text)?;
    let all = matches(cx, &regexp, &subject)?;
    let found = all.iter().map(|found| groups(cx, &regexp, &subject, found, &text)).collect();
    Ok(cx.array(found))
}

fn search(cx: &mut Cx<'_>, this: &Value, args: &[Value]) -> R<Value> {
    let text = this_str(cx, this)?;
    let regexp = expression(cx, arg(args, 0), "")?;
    let subject = Subject::new(cx, &regexp, &text)?;
    let found = subject.search(cx, &regexp, 0, regexp.program().flags.sticky)?;
    let at = found.and_then(|found| found.groups[0]).map(|(from, _)| subject.unit_offset(from));
    Ok(at.map_or(Value::Number(-1.0), Value::from))
}
