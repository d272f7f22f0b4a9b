//! `application/x-www-form-urlencoded` (WHATWG URL §5): pairs of a name and a value. A query is written the same way.

use crate::text::percent::{decode, encode};

/// Names and values, in their order. Nothing is an error: an escape that is none stays as it is, and what is not UTF-8 becomes
/// U+FFFD.
///
/// ```
/// use wirebook_web::input::pairs;
///
/// let pairs: Vec<_> = pairs("a=1+2&b=%zz&&c").collect();
/// assert_eq!(pairs, [("a".into(), "1 2".into()), ("b".into(), "%zz".into()), ("c".into(), "".into())]);
/// ```
pub fn pairs(text: &str) -> impl Iterator<Item = (String, String)> {
    text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (meaning(name), meaning(value))
    })
}

fn meaning(text: &str) -> String {
    let spaced = text.replace('+', " ");
    String::from_utf8_lossy(&decode(spaced.as_bytes())).into_owned()
}

/// Writes pairs (§5.2).
pub fn write<'p>(pairs: impl IntoIterator<Item = (&'p str, &'p str)>) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        for (text, behind) in [(name, "="), (value, "")] {
            for (number, word) in text.split(' ').enumerate() {
                if number > 0 {
                    out.push('+');
                }
                encode(word.as_bytes(), |byte| byte.is_ascii_alphanumeric() || b"*-._".contains(&byte), &mut out);
            }
            out += behind;
        }
    }
    out
}
