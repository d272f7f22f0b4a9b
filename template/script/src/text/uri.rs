//! Percent-encoding as JavaScript has it, ECMA-262 §19.2.6 and annex B.2.1; and base64, which is HTML §8.3.

use crate::base::{ErrorKind, Str};
use crate::run::{Cx, Native, R, args::arg, convert, report};
use crate::value::Value;
use std::fmt::Write;

pub(crate) const FUNCTIONS: &[(&str, Native)] = &[
    ("atob", atob),
    ("btoa", btoa),
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

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn invalid_character<T>(cx: &mut Cx<'_>) -> R<T> {
    let error = report::error_object(cx, "InvalidCharacterError", "Invalid character".into());
    cx.throw(error)
}

/// Each character is a byte.
fn btoa(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    let text = text(cx, args, 2)?;
    let Ok(bytes) = text.utf16().into_iter().map(u8::try_from).collect::<Result<Vec<u8>, _>>() else {
        return invalid_character(cx);
    };
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let three = [chunk[0], *chunk.get(1).unwrap_or(&0), *chunk.get(2).unwrap_or(&0)];
        let bits = u32::from_be_bytes([0, three[0], three[1], three[2]]);
        for n in 0..4 {
            let digit = char::from(BASE64[(bits >> (18 - 6 * n)) as usize & 63]);
            out.push(if n <= chunk.len() { digit } else { '=' });
        }
    }
    Ok(out.into())
}

fn atob(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    let text = text(cx, args, 2)?;
    let digits: String = text.as_str().chars().filter(|c| !matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{c}')).collect();
    let digits = match digits.len() % 4 {
        0 => digits.strip_suffix("==").or(digits.strip_suffix('=')).unwrap_or(&digits),
        _ => &digits,
    };
    if digits.len() % 4 == 1 {
        return invalid_character(cx);
    }
    let (mut out, mut bits, mut count) = (String::new(), 0u32, 0);
    for byte in digits.bytes() {
        let Some(value) = BASE64.iter().position(|&digit| digit == byte) else { return invalid_character(cx) };
        bits = bits << 6 | value as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push(char::from((bits >> count) as u8));
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
