#![allow(unsafe_code)]
//! Text, whole number, text: what the cells of a table are.
//!
//! Three appends are three capacity checks and three calls of `memcpy` for a handful of bytes each. Here room is made once
//! and each text is stored as one block of sixteen bytes, of which its own length counts; the next store overwrites the
//! rest. [`Short`] holds a text padded to that size. The safe twin is `push_str`, [`number::write`], `push_str`, which a
//! test compares this with.

use crate::value::number;

const BLOCK: usize = 16;

/// A text of at most sixteen bytes, padded.
pub(crate) struct Short {
    bytes: [u8; BLOCK],
    length: usize,
}

impl Short {
    pub(crate) fn new(text: &str) -> Option<Short> {
        let mut bytes = [0; BLOCK];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(Short { bytes, length: text.len() })
    }
}

/// Appends the three.
#[inline]
pub(crate) fn append(out: &mut String, before: &Short, n: i32, after: &Short) {
    // Two whole blocks, and what a number can take, which is also stored as one block.
    out.reserve(3 * BLOCK);
    let (digits, length) = number::digits_of(n);
    // SAFETY: 48 bytes were reserved; the three stores of 16 bytes start at most 32 bytes behind the old end, because a
    // text is at most 16 bytes and a number at most 11. What counts of each is UTF-8: a whole `str`, and ASCII digits.
    unsafe {
        let bytes = out.as_mut_vec();
        let start = bytes.len();
        let to = bytes.as_mut_ptr().add(start);
        to.cast::<[u8; BLOCK]>().write_unaligned(before.bytes);
        to.add(before.length).cast::<[u8; BLOCK]>().write_unaligned(digits);
        to.add(before.length + length).cast::<[u8; BLOCK]>().write_unaligned(after.bytes);
        bytes.set_len(start + before.length + length + after.length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_its_safe_twin() {
        for n in (0..40_000).chain([i32::MAX, i32::MIN, -1, -9, -10, 99_999, 1_000_000_000, -123_456]) {
            for (before, after) in
                [("", ""), ("<td>", "</td>"), ("0123456789abcdef", "fedcba9876543210"), ("\u{e9}", "\u{1f600}")]
            {
                let (mut fast, mut plain) = (String::from("x"), String::from("x"));
                append(&mut fast, &Short::new(before).unwrap(), n, &Short::new(after).unwrap());
                plain.push_str(before);
                number::write(&mut plain, f64::from(n));
                plain.push_str(after);
                assert_eq!(fast, plain);
            }
        }
        assert!(Short::new("0123456789abcdefg").is_none());
    }
}
