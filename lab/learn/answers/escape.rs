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
pub fn escape(text: &[u8], out: &mut Vec<u8>) {
    for &byte in text {
        match byte {
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'"' => out.extend_from_slice(b"&#34;"),
            b'\'' => out.extend_from_slice(b"&#39;"),
            _ => out.push(byte),
        }
    }
}
