//! JSON by code units, ECMA-262 §25.5.1: texts that serde does not take, because of half characters or of an error, of which
//! this says what V8 says.

use crate::base::{ErrorKind, Str};
use crate::run::{Cx, R};
use crate::value::{Array, Object, Value};

/// Reads a text; the caller has paid for what may come of it.
pub(crate) fn read(cx: &mut Cx<'_>, text: &Str) -> R<Value> {
    cx.room_for(text.as_str().len().saturating_mul(2))?;
    let units = text.utf16();
    let mut reader = Reader { units: &units, at: 0, open: 0 };
    reader.blanks();
    let value = reader.value(cx)?;
    reader.blanks();
    match reader.next() {
        None => Ok(value),
        Some(_) => reader.fail(cx, "Unexpected non-whitespace character after JSON"),
    }
}

struct Reader<'t> {
    units: &'t [u16],
    at: usize,
    /// Arrays and objects around the current place.
    open: usize,
}

impl Reader<'_> {
    fn next(&self) -> Option<u16> {
        self.units.get(self.at).copied()
    }

    fn is(&self, c: char) -> bool {
        self.next() == Some(c as u16)
    }

    fn eat(&mut self, c: char) -> bool {
        let is = self.is(c);
        self.at += usize::from(is);
        is
    }

    fn blanks(&mut self) {
        while matches!(self.next(), Some(0x20 | 0x9 | 0xA | 0xD)) {
            self.at += 1;
        }
    }

    fn fail<T>(&self, cx: &mut Cx<'_>, what: &str) -> R<T> {
        cx.fail(ErrorKind::Syntax, format!("{what} at position {}", self.at))
    }

    /// A unit that can not stand here; what stands around it is shown, but for a number or a string, whose place is.
    fn unexpected<T>(&self, cx: &mut Cx<'_>) -> R<T> {
        match self.next().and_then(|unit| char::from_u32(unit.into())) {
            Some('-' | '0'..='9') => return self.fail(cx, "Unexpected number in JSON"),
            Some('"') => return self.fail(cx, "Unexpected string in JSON"),
            _ => {}
        }
        let text = |from: usize, to: usize| String::from_utf16_lossy(&self.units[from..to]);
        let (length, around) = (self.units.len(), 10);
        let message = match self.next() {
            None => "Unexpected end of JSON input".to_owned(),
            Some(_) if matches!(&*text(0, length.min(20)), "NaN" | "Infinity" | "undefined" | "[object Object]") => {
                format!("\"{}\" is not valid JSON", text(0, length))
            }
            Some(_) => {
                let (mut from, mut to) = (self.at.saturating_sub(around), length.min(self.at + around));
                let long = length > 2 * around;
                if !long {
                    (from, to) = (0, length);
                }
                let before = if long && self.at >= around { "..." } else { "" };
                let after = if long && to < length { "..." } else { "" };
                let (token, shown) = (text(self.at, self.at + 1), text(from, to));
                format!("Unexpected token '{token}', {before}\"{shown}\"{after} is not valid JSON")
            }
        };
        cx.fail(ErrorKind::Syntax, message)
    }

    fn value(&mut self, cx: &mut Cx<'_>) -> R<Value> {
        cx.step()?;
        match self.next().and_then(|unit| char::from_u32(unit.into())) {
            Some('"') => Ok(self.string(cx)?.into()),
            Some('[') => self.deeper(cx, Self::array),
            Some('{') => self.deeper(cx, Self::object),
            Some('-' | '0'..='9') => self.number(cx),
            Some('t') => self.word(cx, "true", true.into()),
            Some('f') => self.word(cx, "false", false.into()),
            Some('n') => self.word(cx, "null", Value::Null),
            _ => self.unexpected(cx),
        }
    }

    fn word(&mut self, cx: &mut Cx<'_>, word: &str, value: Value) -> R<Value> {
        for c in word.chars() {
            if !self.eat(c) {
                return self.unexpected(cx);
            }
        }
        Ok(value)
    }

    fn deeper(&mut self, cx: &mut Cx<'_>, read: fn(&mut Self, &mut Cx<'_>) -> R<Value>) -> R<Value> {
        cx.check_stack()?;
        let limit = cx.limits.data_depth;
        if self.open >= limit {
            return cx.fail(ErrorKind::NestingLimit, format!("nesting too deep: data of more than {limit} levels"));
        }
        (self.open, self.at) = (self.open + 1, self.at + 1);
        self.blanks();
        let value = read(self, cx);
        self.open -= 1;
        value
    }

    fn array(&mut self, cx: &mut Cx<'_>) -> R<Value> {
        let mut items = Vec::new();
        while !(items.is_empty() && self.eat(']')) {
            items.push(self.value(cx)?);
            self.blanks();
            if self.eat(']') {
                break;
            }
            if !self.eat(',') {
                return self.fail(cx, "Expected ',' or ']' after array element in JSON");
            }
            self.blanks();
        }
        Ok(Array::new(items).into())
    }

    fn object(&mut self, cx: &mut Cx<'_>) -> R<Value> {
        let object = Object::new();
        while !(object.is_empty() && self.eat('}')) {
            if !self.is('"') {
                let first = object.is_empty();
                let what = if first {
                    "Expected property name or '}' in JSON"
                } else {
                    "Expected double-quoted property name in JSON"
                };
                return self.fail(cx, what);
            }
            let key = self.string(cx)?;
            self.blanks();
            if !self.eat(':') {
                // V8 has words for the first property alone.
                let first = object.is_empty();
                return if first {
                    self.fail(cx, "Expected ':' after property name in JSON")
                } else {
                    self.unexpected(cx)
                };
            }
            self.blanks();
            let value = self.value(cx)?;
            object.set(key, value);
            self.blanks();
            if self.eat('}') {
                break;
            }
            if !self.eat(',') {
                return self.fail(cx, "Expected ',' or '}' after property value in JSON");
            }
            self.blanks();
        }
        Ok(object.into())
    }

    fn number(&mut self, cx: &mut Cx<'_>) -> R<Value> {
        let start = self.at;
        let minus = self.eat('-');
        let first = self.at;
        let digits = |reader: &mut Self| {
            let from = reader.at;
            while matches!(reader.next(), Some(0x30..=0x39)) {
                reader.at += 1;
            }
            reader.at > from
        };
        if !digits(self) {
            return if minus { self.fail(cx, "No number after minus sign in JSON") } else { self.unexpected(cx) };
        }
        if self.units[first] == u16::from(b'0') && self.at > first + 1 {
            self.at = first + 1;
            return self.fail(cx, "Unexpected number in JSON");
        }
        if self.eat('.') && !digits(self) {
            return self.fail(cx, "Unterminated fractional number in JSON");
        }
        if self.eat('e') || self.eat('E') {
            let _ = self.eat('+') || self.eat('-');
            if !digits(self) {
                return self.fail(cx, "Exponent part is missing a number in JSON");
            }
        }
        let text = String::from_utf16_lossy(&self.units[start..self.at]);
        Ok(Value::Number(text.parse().unwrap_or(f64::NAN)))
    }

    fn string(&mut self, cx: &mut Cx<'_>) -> R<Str> {
        self.at += 1;
        let mut units = Vec::new();
        loop {
            let Some(unit) = self.next() else { return self.fail(cx, "Unterminated string in JSON") };
            match char::from_u32(unit.into()) {
                Some('"') => {
                    self.at += 1;
                    return Ok(Str::from_utf16(&units));
                }
                Some('\\') => units.push(self.escape(cx)?),
                Some('\0'..='\u{1f}') => return self.fail(cx, "Bad control character in string literal in JSON"),
                _ => {
                    units.push(unit);
                    self.at += 1;
                }
            }
        }
    }

    fn escape(&mut self, cx: &mut Cx<'_>) -> R<u16> {
        self.at += 1;
        let Some(unit) = self.next() else { return self.unexpected(cx) };
        let meant = match char::from_u32(unit.into()) {
            Some(c @ ('"' | '\\' | '/')) => c,
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => return self.hexadecimal(cx),
            // V8 knows the characters of Latin-1 by their class, and no other.
            _ if unit > 0xff => return self.unexpected(cx),
            _ => return self.fail(cx, "Bad escaped character in JSON"),
        };
        self.at += 1;
        Ok(meant as u16)
    }

    fn hexadecimal(&mut self, cx: &mut Cx<'_>) -> R<u16> {
        let mut unit = 0;
        for _ in 0..4 {
            self.at += 1;
            let digit = self.next().and_then(|unit| char::from_u32(unit.into())).and_then(|c| c.to_digit(16));
            let Some(digit) = digit else { return self.fail(cx, "Bad Unicode escape in JSON") };
            unit = unit * 16 + digit as u16;
        }
        self.at += 1;
        Ok(unit)
    }
}
