//! Percent-encoding as JavaScript has it, ECMA-262 §19.2.6 and annex B.2.1.

use crate::base::{ErrorKind, Str};
use crate::run::{Cx, Native, R, args::arg, convert};
use crate::value::Value;
use std::fmt::Write;

pub(crate) const FUNCTIONS: &[(&str, Native)] = &[
    ("decodeURI", |cx, _, args| decode(cx, args, ";/?:@&=+$,#")),
    ("decodeURIComponent", |cx, _, args| decode(cx, args, "")),
    ("encodeURI", |cx, _, args| encode(cx, args, ";/?:@&=+$,#-_.!~*'()")),
    ("encodeURIComponent", |cx, _, args| encode(cx, args, "-_.!~*'()")),
    ("escape", escape),
    ("unescape", unescape),
];

fn text(cx: &mut Cx<'_>, args: &[Value], growth: usize) -> R<Str> {
    let text = convert::to_str(cx, arg(args, 0))?;
    cx.string_of(text.as_str().len() * growth)?;
    Ok(text)
}

fn encode(cx: &mut Cx<'_>, args: &[Value], kept: &str) -> R<Value> {
    let text = text(cx, args, 3)?;
    if text.has_halves() {
        return cx.fail(ErrorKind::Uri, "URI malformed");
    }
    let mut out = String::new();
    for byte in text.as_str().bytes() {
        if byte.is_ascii_alphanumeric() || kept.as_bytes().contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    Ok(out.into())
}

/// Escapes of characters in `kept` stay as they are.
fn decode(cx: &mut Cx<'_>, args: &[Value], kept: &str) -> R<Value> {
    let text = text(cx, args, 1)?;
    let bytes = text.as_str().as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] != b'%' {
            out.push(bytes[at]);
            at += 1;
            continue;
        }
        let Some(byte) = hex(bytes, at + 1, 2) else { return cx.fail(ErrorKind::Uri, "URI malformed") };
        if byte < 128 && kept.as_bytes().contains(&(byte as u8)) {
            out.extend_from_slice(&bytes[at..at + 3]);
        } else {
            out.push(byte as u8);
        }
        at += 3;
    }
    match String::from_utf8(out) {
        Ok(decoded) => Ok(decoded.into()),
        Err(_) => cx.fail(ErrorKind::Uri, "URI malformed"),
    }
}

fn hex(bytes: &[u8], at: usize, count: usize) -> Option<u16> {
    let digits = bytes.get(at..at + count)?;
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// The old `escape`: by code unit, `%uXXXX` beyond Latin-1. It is no HTML escaping.
fn escape(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    let text = text(cx, args, 6)?;
    let mut out = String::new();
    for unit in text.utf16() {
        match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii_alphanumeric() || b"@*_+-./".contains(&byte) => out.push(char::from(byte)),
            Ok(byte) => drop(write!(out, "%{byte:02X}")),
            Err(_) => drop(write!(out, "%u{unit:04X}")),
        }
    }
    Ok(out.into())
}

fn unescape(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    let text = text(cx, args, 1)?;
    let units = text.utf16();
    let ascii: Vec<u8> = units.iter().map(|&unit| u8::try_from(unit).unwrap_or(0)).collect();
    let mut out = Vec::with_capacity(units.len());
    let mut at = 0;
    while at < units.len() {
        let (unit, used) = match ascii[at] {
            b'%' if ascii.get(at + 1) == Some(&b'u') && hex(&ascii, at + 2, 4).is_some() => (hex(&ascii, at + 2, 4), 6),
            b'%' => (hex(&ascii, at + 1, 2), 3),
            _ => (None, 1),
        };
        out.push(unit.unwrap_or(units[at]));
        at += if unit.is_some() { used } else { 1 };
    }
    Ok(Str::from_utf16(&out).into())
}
