#![allow(unsafe_code)]
//! Short pieces at the end of the output: a program's text, whole numbers, and rows of both.
//!
//! An append of a few bytes is a capacity check, a call of `memcpy` that first finds out how few, and a new length. Here
//! a piece is stored as one block of sixteen bytes of which its own length counts, and the next store overwrites the rest.
//! So a text is kept padded to whole blocks, a number's digits are made in a register, and what a table has most of, text
//! and number and text and number, is a reservation for the whole row and two stores for each cell.
//!
//! The safe twins are `push_str` and [`number::write`], which tests compare these with.

use crate::base::{
    digits::{BLOCK, Block, store},
    number,
};
use crate::value::Value;

/// A piece of a program's text.
pub(crate) struct Text {
    /// The bytes, padded; all of it together is `length` bytes of UTF-8.
    first: Block,
    more: Box<[Block]>,
    length: usize,
    /// Bytes of all blocks; none for a text that is empty.
    room: usize,
}

impl Text {
    pub(crate) fn new(text: &str) -> Text {
        let mut blocks = text.as_bytes().chunks(BLOCK).map(padded);
        let (first, more) = (blocks.next().unwrap_or_default(), blocks.collect::<Box<_>>());
        // A text is at most half of the address space, so that rounding it up to whole blocks never overflows.
        let room = if text.is_empty() { 0 } else { BLOCK * (1 + more.len()) };
        Text { first, more, length: text.len(), room }
    }

    /// Bytes of it.
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// Appends it to the output.
    #[inline]
    pub(crate) fn append(&self, out: &mut String) {
        if self.room == 0 {
            return;
        }
        out.reserve(self.room);
        // SAFETY: room for every block was reserved at the end of `out`; `length` bytes of them are a whole `str`, because
        // `new` alone makes a `Text`.
        unsafe {
            let bytes = out.as_mut_vec();
            let end = bytes.as_mut_ptr().add(bytes.len());
            end.cast::<Block>().write_unaligned(self.first);
            if self.room > BLOCK {
                end.add(BLOCK).copy_from_nonoverlapping(self.more.as_ptr().cast(), self.length - BLOCK);
            }
            bytes.set_len(bytes.len() + self.length);
        }
    }
}

/// Bytes that are at most one block, with zeros behind them.
fn padded(bytes: &[u8]) -> Block {
    let mut block = [0; BLOCK];
    block[..bytes.len()].copy_from_slice(bytes);
    block
}

/// A text of at most one block. [`Short::new`] alone makes one, so its first `length` bytes are a whole `str`, and `length`
/// is at most [`BLOCK`]: what [`Row::append`] relies on.
struct Short {
    block: Block,
    length: usize,
}

impl Short {
    fn new(text: &str) -> Option<Short> {
        (text.len() <= BLOCK).then(|| Short { block: padded(text.as_bytes()), length: text.len() })
    }
}

/// What stands before, between and after the elements of a list, each at most one block.
pub(crate) struct Row {
    before: Short,
    between: Short,
    after: Short,
}

impl Row {
    /// For elements that each stand between `before` and `after`; `None` when that is longer than a block.
    pub(crate) fn new(before: &str, after: &str) -> Option<Row> {
        let between = Short::new(&format!("{after}{before}"))?;
        Some(Row { before: Short::new(before)?, between, after: Short::new(after)? })
    }

    /// Appends the whole numbers at the front of `items`, each between its texts; gives how many there were. It is a call of
    /// its own, so that all that a turn needs lies in registers.
    #[inline(never)]
    pub(crate) fn append(&self, out: &mut String, items: &[Value]) -> usize {
        // For each element its text and its digits, and at the end one text more.
        let room = items.len().checked_mul(2 * BLOCK).and_then(|bytes| bytes.checked_add(BLOCK));
        out.reserve(room.expect("a list that fits in memory"));
        let Short { block: between, length } = self.between;
        let mut left = items.iter();
        // SAFETY: every element stores two blocks, each at most a block behind the one before, because a `Short` counts at
        // most one and so does what `store` puts there; the last text stands in the place of the last `between`: all within
        // what was reserved. `items` is not changed meanwhile, for it is borrowed. What counts of each block is UTF-8: a
        // whole `str`, or ASCII digits.
        unsafe {
            let bytes = out.as_mut_vec();
            let start = bytes.as_mut_ptr().add(bytes.len());
            start.cast::<Block>().write_unaligned(self.before.block);
            let mut to = start.add(self.before.length);
            while let [Value::Number(n), ..] = left.as_slice() {
                let Some(n) = number::whole(*n) else { break };
                to = store(to, n);
                to.cast::<Block>().write_unaligned(between);
                to = to.add(length);
                left.next();
            }
            if left.len() < items.len() {
                to = to.sub(length);
                to.cast::<Block>().write_unaligned(self.after.block);
                to = to.add(self.after.length);
                bytes.set_len(bytes.len() + to.offset_from(start) as usize);
            }
        }
        items.len() - left.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [&str; 8] = [
        "",
        "<td>",
        "0123456789abcdef",
        "0123456789abcdefg",
        "\u{e9}\u{1f600}",
        "</td><td>",
        "a text that is longer than three blocks, but not than four",
        "a text that is longer than four blocks of sixteen bytes each, as most texts between two tags are",
    ];

    #[test]
    fn text_equals_its_safe_twin() {
        for text in TEXTS {
            let mut out = String::from("x");
            Text::new(text).append(&mut out);
            assert_eq!(out, format!("x{text}"));
        }
    }

    #[test]
    fn a_row_equals_its_safe_twin() {
        let items: Vec<Value> = [0, 7, -1, 42, 9_999, 10_000, i32::MAX, i32::MIN].map(Value::from).into();
        let mixed: Vec<Value> = [Value::from(1), Value::from(2), Value::from(0.5), Value::from(3)].into();
        for (before, after) in
            [("", ""), ("<td>", "</td>"), ("0123456789abcdef", ""), ("\u{e9}", "\u{1f600}"), ("", "\n")]
        {
            let row = Row::new(before, after).unwrap();
            for count in 0..items.len() {
                let mut out = String::from("x");
                assert_eq!(row.append(&mut out, &items[..count]), count);
                let each: String = items[..count].iter().map(|n| format!("{before}{n:?}{after}")).collect();
                assert_eq!(out, format!("x{each}"));
            }
            let mut out = String::new();
            assert_eq!(row.append(&mut out, &mixed), 2);
            assert_eq!(out, format!("{before}1{after}{before}2{after}"));
            assert_eq!(row.append(&mut out, &mixed[2..]), 0);
            assert_eq!(row.append(&mut out, &[Value::Null]), 0);
        }
        assert!(Row::new("0123456789abcdef", "g").is_none());
    }
}
