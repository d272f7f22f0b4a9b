//! Escaping eight bytes in a word.
//!
//! A byte equals `c` where `x ^ (c repeated)` has a zero byte, and a word has a zero byte where
//! `(v - 0x01…) & !v & 0x80…` is not zero. Five of these tell whether any of eight bytes is special; when none is, the
//! cursor moves on by eight. Nothing is copied until a special byte is met: then the run before it goes out at once.

use super::entity::entity;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

pub(super) fn append(out: &mut String, text: &str) {
    let bytes = text.as_bytes();
    let mut copied = 0;
    let mut at = 0;
    while at < bytes.len() {
        if let Some(word) = bytes[at..].first_chunk::<8>()
            && !has_special(u64::from_le_bytes(*word))
        {
            at += 8;
            continue;
        }
        let end = (at + 8).min(bytes.len());
        while at < end {
            if let Some(entity) = entity(bytes[at]) {
                // Special bytes are ASCII, so both ends of the run are character boundaries.
                out.push_str(&text[copied..at]);
                out.push_str(entity);
                copied = at + 1;
            }
            at += 1;
        }
    }
    out.push_str(&text[copied..]);
}

// ANCHOR: special
fn has_special(word: u64) -> bool {
    let zero = |v: u64| v.wrapping_sub(ONES) & !v & HIGHS;
    let equals = |byte: u8| zero(word ^ (ONES * u64::from(byte)));
    equals(b'&') | equals(b'<') | equals(b'>') | equals(b'"') | equals(b'\'') != 0
}
// ANCHOR_END: special
