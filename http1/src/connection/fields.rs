//! Field lines on their way out: checked when they are added, so that whoever encodes them need not look again.

use super::error::Misuse;
use super::framing::Noted;
use crate::parser::swar::{is_printable, is_usual_token};
use crate::parser::{FieldLines, FieldSpan, MAX_FIELDS, MAX_HEAD, is_token_byte, is_value_byte};
use core::fmt;

/// A list of field lines in wire form. Reused from message to message, it allocates no more, and what stood at the same place of the
/// message before is not judged and not copied again.
///
/// ```
/// use wirebook_http1::FieldBlock;
///
/// let mut block = FieldBlock::default();
/// block.push("content-type", "text/plain")?;
/// assert!(block.push("x", "a\r\nset-cookie: b").is_err(), "no value can smuggle in a field");
/// assert_eq!(block.get("Content-Type"), Some(&b"text/plain"[..]));
/// block.set("content-type", "text/html")?;
/// block.append("set-cookie", "a=1")?;
/// block.append("set-cookie", "b=2")?;
/// assert_eq!(block.remove("set-cookie"), 2);
/// assert_eq!(block.lines().len(), 1);
/// # Ok::<(), wirebook_http1::Misuse>(())
/// ```
#[derive(Clone, Default)]
pub struct FieldBlock {
    /// Lines of this message, and behind them what is left of the message before: lines, too, each valid, and where `spans` say.
    bytes: Vec<u8>,
    spans: Vec<FieldSpan>,
    /// How many of the lines are of this message, and where the last of them ends.
    count: usize,
    end: usize,
    /// What its lines say of framing: read when they are added, because then they are at hand.
    noted: Noted,
    fault: Option<Misuse>,
}

impl FieldBlock {
    /// Adds `name: value` CR LF. White space around the value is dropped, as a recipient would (RFC 9112 §5.1).
    ///
    /// # Errors
    ///
    /// [`Misuse::FieldName`], [`Misuse::FieldValue`] and [`Misuse::FieldsTooLarge`]; the block is as before.
    #[inline]
    pub fn push(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Result<(), Misuse> {
        self.push_line(name.as_ref(), trim(value.as_ref()))
    }

    fn push_line(&mut self, name: &[u8], value: &[u8]) -> Result<(), Misuse> {
        if !self.is_there(name, value) {
            self.write(name, value)?;
        }
        self.count += 1;
        self.end += name.len() + value.len() + 4;
        // That the lines contradict each other concerns whoever sends them.
        if let Err(fault) = self.noted.note_own(name, value) {
            self.fault.get_or_insert(fault);
        }
        Ok(())
    }

    /// Whether this line stands there already, from the message before.
    #[inline]
    fn is_there(&self, name: &[u8], value: &[u8]) -> bool {
        let Some(span) = self.spans.get(self.count) else { return false };
        let (start, end) = (usize::from(span.name_start), usize::from(span.value_end));
        let Some(line) = self.bytes.get(start..end) else { return false };
        let Some((before, behind)) = line.split_at_checked(name.len()) else { return false };
        start == self.end
            && usize::from(span.name_end) == start + name.len()
            && before == name
            && behind.get(2..) == Some(value)
    }

    /// Judges a line and writes it behind those of this message. One that is as long as what stood there leaves the lines behind it.
    #[inline(never)]
    fn write(&mut self, name: &[u8], value: &[u8]) -> Result<(), Misuse> {
        // Eight bytes at a time, and one by one only what is unusual.
        if name.is_empty() || !(is_usual_token(name) || name.iter().all(|&byte| is_token_byte(byte))) {
            return Err(Misuse::FieldName);
        }
        if !(is_printable(value) || value.iter().all(|&byte| is_value_byte(byte))) {
            return Err(Misuse::FieldValue);
        }
        // The four bytes are ": " and CR LF; a further CR LF ends the head.
        let start = self.end;
        if self.count == MAX_FIELDS || start + name.len() + value.len() + 4 > MAX_HEAD - 2 {
            return Err(Misuse::FieldsTooLarge);
        }
        let name_end = start + name.len();
        let value_start = name_end + 2;
        // MAX_HEAD is 65 536 and two bytes follow each value: every offset fits.
        let span = FieldSpan {
            name_start: start as u16,
            name_end: name_end as u16,
            value_start: value_start as u16,
            value_end: (value_start + value.len()) as u16,
        };
        if self.spans.get(self.count) == Some(&span) {
            self.bytes[start..name_end].copy_from_slice(name);
            self.bytes[value_start..value_start + value.len()].copy_from_slice(value);
            return Ok(());
        }
        self.spans.truncate(self.count);
        self.spans.push(span);
        self.bytes.truncate(start);
        self.bytes.reserve(name.len() + value.len() + 4);
        self.bytes.extend_from_slice(name);
        self.bytes.extend_from_slice(b": ");
        self.bytes.extend_from_slice(value);
        self.bytes.extend_from_slice(b"\r\n");
        Ok(())
    }

    /// The lines, to look at or to send.
    #[inline]
    pub fn lines(&self) -> FieldLines<'_> {
        FieldLines::in_wire_form(&self.bytes[..self.end], &self.spans[..self.count])
    }

    /// The value of the first line with this name, whatever its case.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.lines().get(name)
    }

    /// Whether there is a line with this name, whatever its case.
    #[inline]
    pub fn has(&self, name: impl AsRef<[u8]>) -> bool {
        let name = name.as_ref();
        // Most names differ in length.
        self.spans[..self.count].iter().any(|span| {
            let (start, end) = (usize::from(span.name_start), usize::from(span.name_end));
            end - start == name.len() && self.bytes[start..end].eq_ignore_ascii_case(name)
        })
    }

    /// Adds a line, whatever lines of that name there are: [`push`](Self::push) under the name that other lists of fields
    /// have for it.
    ///
    /// # Errors
    ///
    /// As [`push`](Self::push).
    pub fn append(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Result<(), Misuse> {
        self.push(name, value)
    }

    /// Makes this the only line of that name, at the end of the list.
    ///
    /// # Errors
    ///
    /// As [`push`](Self::push); the block is as before.
    pub fn set(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Result<(), Misuse> {
        if !self.has(name.as_ref()) {
            return self.push(name, value);
        }
        let mut others = self.without(name.as_ref());
        others.push(name, value)?;
        *self = others;
        Ok(())
    }

    /// Removes all lines of that name, whatever their case; says how many there were.
    pub fn remove(&mut self, name: impl AsRef<[u8]>) -> usize {
        if !self.has(name.as_ref()) {
            return 0;
        }
        let others = self.without(name.as_ref());
        let removed = self.count - others.count;
        *self = others;
        removed
    }

    /// The lines of all other names. What they say of framing is read anew, because a line may have contradicted one
    /// that is gone.
    fn without(&self, name: &[u8]) -> FieldBlock {
        let mut others = FieldBlock::default();
        for (other, value) in self.lines().iter().filter(|line| !line.0.eq_ignore_ascii_case(name)) {
            // They were valid here, and there are no more of them.
            others.push(other, value).ok();
        }
        others
    }

    /// What its lines say of framing.
    #[inline]
    pub(super) fn noted(&self) -> Result<&Noted, Misuse> {
        self.fault.map_or(Ok(&self.noted), Err)
    }

    /// Forgets the lines and keeps the room. Nobody is shown them any more.
    pub fn clear(&mut self) {
        (self.count, self.end) = (0, 0);
        (self.noted, self.fault) = (Noted::default(), None);
    }
}

impl fmt::Debug for FieldBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines().fmt(f)
    }
}

fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_same(used: &FieldBlock, fresh: &FieldBlock) {
        assert_eq!(used.lines().wire(), fresh.lines().wire());
        assert_eq!(used.lines().spans(), fresh.lines().spans());
        assert_eq!(format!("{:?}", used.noted()), format!("{:?}", fresh.noted()));
        assert_eq!(format!("{used:?}"), format!("{fresh:?}"));
    }

    /// What is left of messages before changes nothing: not what is refused, nor what is sent, nor what is shown.
    #[test]
    fn a_block_that_is_used_again_is_like_a_new_one() {
        const NAMES: [&str; 8] = ["a", "B", "x-y", "x-z", "connection", "content-length", "", "x y"];
        const VALUES: [&str; 8] = ["", "1", "2", " 22 ", "close", "text/plain", "a\rb", "a: b"];
        let (mut used, mut fresh) = (FieldBlock::default(), FieldBlock::default());
        let mut state = 1_u64;
        for _ in 0..50_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let choice = (state >> 32) as usize;
            let (name, value) = (NAMES[choice % 8], VALUES[choice / 8 % 8]);
            match choice / 64 % 16 {
                0..11 => assert_eq!(used.push(name, value), fresh.push(name, value)),
                11 => assert_eq!(used.set(name, value), fresh.set(name, value)),
                12 => assert_eq!(used.remove(name), fresh.remove(name)),
                _ => {
                    used.clear();
                    fresh = FieldBlock::default();
                }
            }
            assert_eq!(used.has(name), fresh.get(name).is_some());
            assert_same(&used, &fresh);
        }
    }

    /// The bounds of a block are those of its message, however full it was before.
    #[test]
    fn a_block_that_was_full_has_room_again() {
        let mut block = FieldBlock::default();
        for _ in 0..2 {
            (0..MAX_FIELDS).for_each(|_| block.push("a", "1").expect("there is room"));
            assert_eq!(block.push("a", "1"), Err(Misuse::FieldsTooLarge));
            block.clear();
        }
        // "a: " and CR LF, and the CR LF that ends the head.
        let largest = "1".repeat(MAX_HEAD - 7);
        for _ in 0..2 {
            assert_eq!(block.push("b", largest.clone() + "1"), Err(Misuse::FieldsTooLarge));
            block.push("a", &largest).expect("there is room");
            assert_eq!(block.push("a", ""), Err(Misuse::FieldsTooLarge));
            block.clear();
        }
        assert!(block.lines().is_empty() && !block.has("a"));
    }
}
