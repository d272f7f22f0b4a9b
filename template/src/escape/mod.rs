//! HTML escaping: `&`, `<`, `>`, `"` and `'` become the entities that EJS writes.
//!
//! [`naive`] is what one writes first, one character at a time. It stays as the oracle: a property test holds the other
//! two to it. [`append`] is what templates use. On x86-64 it looks at 32 bytes at once (AVX2) or 16 (SSE2), on other
//! machines at eight in a word; all copy what needs no escaping in blocks, and all are in leaf files of their own.

mod entity;
#[cfg(target_arch = "x86_64")]
mod simd;
mod word;

use entity::entity;

/// Appends `text` escaped, one character at a time: the obvious version, the judge of the others.
///
/// ```
/// let mut out = String::new();
/// wirebook_template::escape::naive(&mut out, "<a href='x'>");
/// assert_eq!(out, "&lt;a href=&#39;x&#39;&gt;");
/// ```
// ANCHOR: naive
pub fn naive(out: &mut String, text: &str) {
    for c in text.chars() {
        match u8::try_from(c).ok().and_then(entity) {
            Some(entity) => out.push_str(entity),
            None => out.push(c),
        }
    }
}
// ANCHOR_END: naive

/// Appends `text` escaped, eight bytes at a time, without `unsafe`.
pub fn wordwise(out: &mut String, text: &str) {
    word::append(out, text);
}

/// Appends `text` escaped, in the fastest way that this machine has.
///
/// ```
/// let mut out = String::from("<p>");
/// wirebook_template::escape::append(&mut out, "\"Q&A\"");
/// assert_eq!(out, "<p>&#34;Q&amp;A&#34;");
/// ```
#[inline]
pub fn append(out: &mut String, text: &str) {
    #[cfg(target_arch = "x86_64")]
    simd::append(out, text);
    #[cfg(not(target_arch = "x86_64"))]
    word::append(out, text);
}
