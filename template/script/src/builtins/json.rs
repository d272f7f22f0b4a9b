//! `JSON.stringify` and `JSON.parse`, ECMA-262 §25.5.

use crate::base::ErrorKind;
use crate::base::{Str, number};
use crate::run::{Cx, R};
use crate::value::{Array, Class, Object, Value};
use std::fmt::Write;

struct Writer<'i> {
    out: String,
    indent: &'i str,
    keep: Option<Vec<Str>>,
    open: Vec<usize>,
}

/// `JSON.stringify(value, keep, indent)`; `None` where JavaScript gives `undefined`.
pub(crate) fn stringify(cx: &mut Cx<'_>, value: &Value, indent: &str, keep: Option<Vec<Str>>) -> R<Option<String>> {
    let mut writer = Writer { out: String::new(), indent, keep, open: Vec::new() };
    let wrote = writer.value(cx, value)?;
    Ok(wrote.then_some(writer.out))
}

impl Writer<'_> {
    /// False, and nothing written, for what JSON has no text for.
    fn value(&mut self, cx: &mut Cx<'_>, value: &Value) -> R<bool> {
        cx.step()?;
        if self.out.len() > 4096 {
            cx.string_of(self.out.len())?;
        }
        match value {
            Value::Null => self.out.push_str("null"),
            Value::Bool(b) => self.out.push_str(if *b { "true" } else { "false" }),
            Value::Number(n) if n.is_finite() => number::write(&mut self.out, *n),
            Value::Number(_) => self.out.push_str("null"),
            Value::String(s) => quote(&mut self.out, s),
            Value::Array(array) => self.array(cx, array)?,
            Value::Object(object) => self.object(cx, object)?,
            Value::RegExp(_) => self.out.push_str("{}"),
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
        self.open.push(address);
        Ok(())
    }

    fn array(&mut self, cx: &mut Cx<'_>, array: &Array) -> R<()> {
        self.enter(cx, array.address())?;
        self.out.push('[');
        let mut index = 0;
        while let Some(item) = array.get(index) {
            if index > 0 {
                self.out.push(',');
            }
            self.line();
            if !self.value(cx, &item)? {
                self.out.push_str("null");
            }
            index += 1;
        }
        self.open.pop();
        if index > 0 {
            self.line();
        }
        self.out.push(']');
        Ok(())
    }

    fn object(&mut self, cx: &mut Cx<'_>, object: &Object) -> R<()> {
        self.enter(cx, object.address())?;
        self.out.push('{');
        let entries = if object.0.class.get() == Class::Error { Vec::new() } else { object.entries() };
        let mut first = true;
        for (key, value) in entries {
            if self.keep.as_ref().is_some_and(|keep| !keep.contains(&key)) {
                continue;
            }
            let before = self.out.len();
            if !first {
                self.out.push(',');
            }
            self.line();
            quote(&mut self.out, &key);
            self.out.push_str(if self.indent.is_empty() { ":" } else { ": " });
            if self.value(cx, &value)? {
                first = false;
            } else {
                self.out.truncate(before);
            }
        }
        self.open.pop();
        if !first {
            self.line();
        }
        self.out.push('}');
        Ok(())
    }

    fn line(&mut self) {
        if !self.indent.is_empty() {
            self.out.push('\n');
            for _ in &self.open {
                self.out.push_str(self.indent);
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

/// `JSON.parse(text)`.
pub(crate) fn parse(cx: &mut Cx<'_>, text: &Str) -> R<Value> {
    cx.string_of(text.as_str().len())?;
    // A parsed value is up to sixteen times its text: `[[],[],…` makes an array of each three bytes.
    cx.room_for(text.as_str().len().saturating_mul(32))?;
    cx.steps(text.as_str().len() / 4)?;
    match serde_json::from_str::<Value>(text.as_str()) {
        Ok(value) => Ok(value),
        Err(error) => cx.fail(ErrorKind::Syntax, format!("JSON.parse: {error}")),
    }
}

impl Cx<'_> {
    /// `JSON.stringify(value)`; `None` where JavaScript gives `undefined`.
    ///
    /// # Errors
    /// A value inside itself, or too deep.
    pub fn json(&mut self, value: &Value) -> R<Option<String>> {
        stringify(self, value, "", None)
    }
}
