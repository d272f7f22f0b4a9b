//! What pages and logs have in common: nothing that came from outside means anything in them.

use std::borrow::Cow;

/// The text, with what means something in HTML escaped.
pub(super) fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&#34;",
            '\'' => out += "&#39;",
            other => out.push(other),
        }
    }
    Cow::Owned(out)
}
