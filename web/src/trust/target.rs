//! Where a redirect may lead (CWE-601): `?next=//evil.example` is a stranger's page that looks like a part of ours.
//!
//! A browser is generous with what it takes for a URL (WHATWG URL §4.4): it strips white space at the ends, drops tabs and line
//! ends anywhere, and takes `\` for `/`. So a target of our own is one that leaves nothing to that generosity.

use crate::{
    router::wash,
    text::percent::{encode, is_pchar},
};

/// The target, if it is a path on this server, with a query and a fragment if it likes; else nothing.
///
/// ```
/// use wirebook_web::trust::safe_target;
///
/// assert_eq!(safe_target("/orders?page=2#last"), Some("/orders?page=2#last"));
/// for elsewhere in ["//evil.example", "/\\evil.example", "\t//evil.example", "https://evil.example", "javascript:alert(1)", "", "/a/..//b"] {
///     assert_eq!(safe_target(elsewhere), None);
/// }
/// ```
pub fn safe_target(target: &str) -> Option<&str> {
    let is_odd = |character: char| character.is_control() || character.is_whitespace() || character == '\\';
    if !target.starts_with('/') || target.starts_with("//") || target.contains(is_odd) {
        return None;
    }
    let path = target.split(['?', '#']).next().unwrap_or_default();
    wash(path).is_ok().then_some(target)
}

/// A target as a Location has it: what is no character of a URL becomes an escape (RFC 3986 §2.1), so that nothing in it ends
/// the field, or means something in a page that shows it.
pub fn location(target: &str) -> String {
    let mut out = String::with_capacity(target.len());
    encode(target.as_bytes(), |byte| (is_pchar(byte) && byte != b'\'') || b"/?#[]%".contains(&byte), &mut out);
    out
}
