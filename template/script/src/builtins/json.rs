//! `JSON.stringify` and `JSON.parse`, ECMA-262 §25.5.

use crate::base::{ErrorKind, Str, calendar, memory::cost};
use crate::members::member;
use crate::run::{Cx, Draft, R};
use crate::text::json;
use crate::value::{Array, Class, Function, Inner, Object, Value};
use std::fmt::Write;

struct Writer<'i> {
    out: Draft,
    /// What stands before a line once for each level; `None` for one line.
    indent: Option<&'i str>,
    keep: Option<Vec<Str>>,
    /// `replacer(key, value)` gives what is written instead.
    replacer: Option<Function>,
    open: Vec<usize>,
}

/// `JSON.stringify(value, keep, indent)`; `None` where JavaScript gives `undefined`.
pub(crate) fn stringify(
    cx: &mut Cx<'_>,
    value: &Value,
    indent: Option<&str>,
    keep: Option<Vec<Str>>,
    replacer: Option<Function>,
) -> R<Option<Str>> {
    let mut writer = Writer { out: Draft::default(), indent, keep, replacer, open: Vec::new() };
    let wrote = writer.value(cx, value, &Key::Name("".into()), &Value::Undefined)?;
    if wrote { writer.out.finish(cx).map(Some) } else { Ok(None) }
}

/// Where a value stands, for those who ask.
enum Key {
    Name(Str),
    Index(usize),
}

impl Writer<'_> {
    /// What `toJSON` and the replacer make of a value, when there is either.
    fn replaced(&mut self, cx: &mut Cx<'_>, value: &Value, key: &Key, holder: &Value) -> R<Option<Value>> {
        let own = match value {
            Value::Object(object) => object.get("toJSON"),
            _ => None,
        };
        let date = matches!(value, Value::Object(object) if object.0.class.get() == Class::Date);
        if self.replacer.is_none() && !date && !matches!(own, Some(Value::Function(_))) {
            return Ok(None);
        }
        cx.check_stack()?;
        let key: Value = match key {
            Key::Name(name) => name.clone().into(),
            Key::Index(n) => n.to_string().into(),
        };
        let mut now = value.clone();
        if let Some(Value::Function(own)) = own {
            now = cx.call(&own, value, std::slice::from_ref(&key))?;
        } else if let Value::Object(object) = value
            && let Some(Inner::Date(time)) = object.inner()
        {
            now = if time.get().is_nan() { Value::Null } else { calendar::iso(time.get()).into() };
        }
        if let Some(replacer) = &self.replacer {
            now = cx.call(replacer, holder, &[key, now])?;
        }
        Ok(Some(now))
    }

    /// False, and nothing written, for what JSON has no text for.
    fn value(&mut self, cx: &mut Cx<'_>, value: &Value, key: &Key, holder: &Value) -> R<bool> {
        cx.step()?;
        self.out.settle(cx)?;
        let replaced = self.replaced(cx, value, key, holder)?;
        let value = replaced.as_ref().unwrap_or(value);
        match value {
            Value::Null => self.out.text().push_str("null"),
            Value::Bool(b) => self.out.text().push_str(if *b { "true" } else { "false" }),
            Value::Number(n) if n.is_finite() => self.out.push_number(*n),
            Value::Number(_) => self.out.text().push_str("null"),
            Value::String(s) => quote(self.out.text(), s),
            Value::Array(array) => self.array(cx, array)?,
            Value::Object(object) => match object.inner() {
                Some(Inner::Primitive(inner)) => return self.value(cx, &inner.clone(), key, holder),
                _ => self.object(cx, object)?,
            },
            Value::RegExp(_) => self.out.text().push_str("{}"),
            Value::Function(space) if space.is_space() => self.out.text().push_str("{}"),
            Value::Undefined | Value::Function(_) | Value::Uninit | Value::Missing | Value::Cell(_) => {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn enter(&mut self, cx: &mut Cx<'_>, address: usize) -> R<()> {
        if self.open.contains(&address) {
            return cx.type_error("Converting circular structure to JSON");
        }
        if self.open.len() >= cx.limits.data_depth {
            let limit = cx.limits.data_depth;
            return cx.fail(ErrorKind::NestingLimit, format!("nesting too deep: data of more than {limit} levels"));
        }
        cx.check_stack()?;
        self.open.push(address);
        Ok(())
    }

    fn array(&mut self, cx: &mut Cx<'_>, array: &Array) -> R<()> {
        self.enter(cx, array.address())?;
        self.out.text().push('[');
        let mut index = 0;
        while let Some(item) = array.get(index) {
            if index > 0 {
                self.out.text().push(',');
            }
            self.line();
            if !self.value(cx, &item, &Key::Index(index), &Value::Array(array.clone()))? {
                self.out.text().push_str("null");
            }
            index += 1;
        }
        self.open.pop();
        if index > 0 {
            self.line();
        }
        self.out.text().push(']');
        Ok(())
    }

    fn object(&mut self, cx: &mut Cx<'_>, object: &Object) -> R<()> {
        self.enter(cx, object.address())?;
        self.out.text().push('{');
        cx.items(object.len().saturating_mul(2))?;
        let entries = match &self.keep {
            // In the order of the list.
            Some(keep) => {
                cx.steps(keep.len() / 4)?;
                keep.iter().filter_map(|key| Some((key.clone(), object.property(key)?))).collect()
            }
            None => object.entries(),
        };
        let holder = Value::Object(object.clone());
        let mut first = true;
        for (key, value) in entries {
            let before = self.out.len();
            if !first {
                self.out.text().push(',');
            }
            self.line();
            quote(self.out.text(), &key);
            self.out.text().push_str(if self.indent.is_none() { ":" } else { ": " });
            if self.value(cx, &value, &Key::Name(key), &holder)? {
                first = false;
            } else {
                self.out.truncate(before);
            }
        }
        self.open.pop();
        if !first {
            self.line();
        }
        self.out.text().push('}');
        Ok(())
    }

    fn line(&mut self) {
        if let Some(indent) = self.indent {
            self.out.text().push('\n');
            for _ in &self.open {
                self.out.text().push_str(indent);
            }
        }
    }
}

/// §25.5.2.3 QuoteJSONString; lone surrogates are written as escapes.
pub(crate) fn quote(out: &mut String, text: &Str) {
    out.push('"');
    if text.has_halves() {
        for unit in char::decode_utf16(text.utf16()) {
            match unit {
                Ok(c) => quote_char(out, c),
                Err(lone) => drop(write!(out, "\\u{:04x}", lone.unpaired_surrogate())),
            }
        }
    } else {
        text.as_str().chars().for_each(|c| quote_char(out, c));
    }
    out.push('"');
}

fn quote_char(out: &mut String, c: char) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        c if c < ' ' => drop(write!(out, "\\u{:04x}", c as u32)),
        c => out.push(c),
    }
}

/// What the value of a JSON text weighs at most: `[[],[],…` makes an array of each three bytes.
fn parsed_weight(text: &str) -> usize {
    let (mut values, mut containers, mut quotes) = (1, 0, 0);
    for byte in text.bytes() {
        match byte {
            b',' | b':' => values += 1,
            b'[' | b'{' => containers += 1,
            b'"' => quotes += 1,
            _ => {}
        }
    }
    let container = cost::CONTAINER + cost::ITEM;
    text.len() + values * (cost::ENTRY + cost::INDEXED) + containers * container + quotes / 2 * cost::STRING
}

/// `JSON.parse(text)`.
pub(crate) fn parse(cx: &mut Cx<'_>, text: &Str) -> R<Value> {
    cx.string_of(text.as_str().len())?;
    cx.room_for(parsed_weight(text.as_str()))?;
    cx.steps(text.as_str().len() / 16)?;
    match serde_json::from_str::<Value>(text.as_str()) {
        Ok(value) if !text.has_halves() => Ok(value),
        _ => json::read(cx, text),
    }
}

/// What `reviver(key, value)` makes of a parsed value, from the inside out (§25.5.1.1).
pub(crate) fn revive(cx: &mut Cx<'_>, reviver: &Function, value: Value) -> R<Value> {
    let root = cx.own([(Str::from(""), value.clone())].into_iter().collect::<Object>());
    revived(cx, reviver, &root.into(), "".into(), value)
}

fn revived(cx: &mut Cx<'_>, reviver: &Function, holder: &Value, key: Str, value: Value) -> R<Value> {
    cx.check_stack()?;
    let keys = super::object::keys_of(cx, &value)?;
    for inner in if value.is_object() { keys } else { Vec::new() } {
        let old = match &value {
            Value::Object(object) => object.property(&inner),
            value => value.get(inner.as_str()),
        };
        let old = old.unwrap_or_default();
        match (revived(cx, reviver, &value, inner.clone(), old)?, &value) {
            (Value::Undefined, Value::Object(_)) => drop(member::delete(cx, &value, &inner, false)?),
            (new, _) => member::set_index(cx, &value, &inner.into(), new, false)?,
        }
    }
    cx.call(reviver, holder, &[key.into(), value])
}

impl Cx<'_> {
    /// `JSON.stringify(value)`; `None` where JavaScript gives `undefined`.
    ///
    /// # Errors
    /// A value inside itself, or too deep.
    pub fn json(&mut self, value: &Value) -> R<Option<Str>> {
        stringify(self, value, None, None, None)
    }
}
