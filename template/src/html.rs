//! Helpers for HTML contexts that escaping alone does not make safe.

use std::fmt::Write;
use wirebook_script::{Cx, Native, R, Str, Value};

pub(crate) const HELPERS: [(&str, Native); 5] =
    [("escapeFn", escape_fn), ("jsString", js_string), ("json", to_json), ("safeUrl", url), ("url", url)];

/// What stands in the place of a URL that would run code.
const BLOCKED: &str = "about:invalid#blocked";

/// EJS's own escaping as a function: `escapeFn(value)`.
pub(crate) fn escape_fn(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    if arg(args).is_nullish() {
        return Ok("".into());
    }
    let text = cx.text_of(arg(args))?;
    cx.string_of(text.as_str().len() * 5)?;
    let mut out = String::new();
    crate::escape::append(&mut out, text.as_str());
    Ok(out.into())
}

/// `json(value)`: JSON that can stand in a `<script>` element, because no `<`, `>`, `&` or line separator is left in it.
fn to_json(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    // What JSON has no text for is written as null: `var x = ;` would be an error in the page.
    let text = cx.json(arg(args))?.unwrap_or_else(|| "null".into());
    // A character that is escaped takes six bytes for one.
    cx.string_of(text.as_str().len())?;
    let mut out = String::with_capacity(text.as_str().len());
    for c in text.as_str().chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => drop(write!(out, "\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    cx.string_of(out.len())?;
    Ok(out.into())
}

/// `jsString(value)`: text for the inside of a string literal of a script or of an event handler. Everything but
/// letters, digits and a few marks becomes `\uXXXX`, so that HTML escaping finds nothing left to do.
fn js_string(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    let text = cx.text_of(arg(args))?;
    cx.string_of(text.as_str().len() * 6)?;
    let mut out = String::new();
    for unit in text.utf16() {
        match char::from_u32(u32::from(unit)) {
            Some(c)
                if c.is_ascii_alphanumeric()
                    || matches!(c, ' ' | '.' | ',' | '_' | '-' | ':' | ';' | '(' | ')' | '/') =>
            {
                out.push(c);
            }
            _ => drop(write!(out, "\\u{unit:04x}")),
        }
    }
    Ok(out.into())
}

/// `url(value)`: the URL when it is relative or has a scheme that does not run code, else `about:invalid#blocked`.
/// Browsers drop tabs and line ends from a URL and blanks and controls before it; so does the test.
fn url(cx: &mut Cx<'_>, _: &Value, args: &[Value]) -> R<Value> {
    if arg(args).is_nullish() {
        return Ok("".into());
    }
    let text: Str = cx.text_of(arg(args))?;
    cx.bytes(text.as_str().len())?;
    Ok(if is_safe(text.as_str()) { text.into() } else { BLOCKED.into() })
}

/// Schemes that a link may have (WHATWG URL §4.4 reads the scheme up to the first `:`).
const SCHEMES: [&str; 8] = ["http", "https", "mailto", "tel", "ftp", "sms", "ws", "wss"];

fn is_safe(text: &str) -> bool {
    let visible = || text.trim_start_matches(|c: char| c <= ' ').chars().filter(|c| !matches!(c, '\t' | '\n' | '\r'));
    let end = visible().position(|c| matches!(c, ':' | '/' | '?' | '#' | '\\'));
    match end.and_then(|n| visible().nth(n)) {
        Some(':') => {
            let scheme: String = visible().take_while(|&c| c != ':').take(16).collect();
            SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known))
        }
        _ => true,
    }
}

fn arg(args: &[Value]) -> &Value {
    args.first().unwrap_or(&Value::Undefined)
}
