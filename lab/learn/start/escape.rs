//! Stage 6: what a template does with a value before it writes it into HTML.
//!
//! `<%= value %>` must show the value as text wherever it stands, even between quotes: what could open a tag, an entity or
//! end an attribute is written as an entity. As EJS does it:
//!
//! | byte | entity |
//! |---|---|
//! | `&` | `&amp;` |
//! | `<` | `&lt;` |
//! | `>` | `&gt;` |
//! | `"` | `&#34;` |
//! | `'` | `&#39;` |

/// Appends `text` to `out`, escaped.
pub fn escape(text: &[u8], out: &mut Vec<u8>) {}
