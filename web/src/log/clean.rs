//! What a line of a log may hold: nothing that ends it, moves a cursor or colours a terminal (CWE-117).

use std::borrow::Cow;
use std::fmt::Write;

// ANCHOR: clean
/// A text without characters that nobody sees: each stands as `\xNN` or `\u{…}`, and a backslash as two, so that the text can be
/// had back. With `quoted`, a quote has a backslash before it.
pub fn clean(text: &str, quoted: bool) -> Cow<'_, str> {
    let is_plain = |char: char| !is_unseen(char) && char != '\\' && !(quoted && char == '"');
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for char in text.chars() {
        match char {
            '\\' => out.push_str("\\\\"),
            '"' if quoted => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if is_unseen(char) && u32::from(char) < 0x100 => {
                write!(out, "\\x{:02x}", u32::from(char)).unwrap_or_default();
            }
            _ if is_unseen(char) => write!(out, "\\u{{{:x}}}", u32::from(char)).unwrap_or_default(),
            _ => out.push(char),
        }
    }
    Cow::Owned(out)
}
// ANCHOR_END: clean

/// A line of JSON, with its end. JSON itself asks for no more than that ASCII's control characters are escaped; here the others are,
/// too. All of them have one UTF-16 unit.
pub(super) fn json_line(value: &serde_json::Value) -> String {
    let mut out = String::new();
    for char in value.to_string().chars() {
        match is_unseen(char) {
            true => write!(out, "\\u{:04x}", u32::from(char)).unwrap_or_default(),
            false => out.push(char),
        }
    }
    out.push('\n');
    out
}

/// Control characters of both sets, line ends of Unicode, and what turns the direction of a text.
fn is_unseen(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}
