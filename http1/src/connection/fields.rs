//! Field lines on their way out: checked when they are added, so that whoever encodes them need not look again.

use super::error::Misuse;
use super::framing::Noted;
use crate::parser::swar::{is_printable, is_usual_token};
use crate::parser::{FieldLines, FieldSpan, MAX_FIELDS, MAX_HEAD, is_token_byte, is_value_byte};

/// A list of field lines in wire form. Reused from message to message, it allocates no more.
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
#[derive(Clone, Debug, Default)]
pub struct FieldBlock {
    bytes: Vec<u8>,
    spans: Vec<FieldSpan>,
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

    #[cfg_attr(not(debug_assertions), inline)]
    fn push_line(&mut self, name: &[u8], value: &[u8]) -> Result<(), Misuse> {
        // Eight bytes at a time, and one by one only what is unusual.
        if name.is_empty() || !(is_usual_token(name) || name.iter().all(|&byte| is_token_byte(byte))) {
            return Err(Misuse::FieldName);
        }
        if !(is_printable(value) || value.iter().all(|&byte| is_value_byte(byte))) {
            return Err(Misuse::FieldValue);
        }
        // The four bytes are ": " and CR LF; a further CR LF ends the head.
        let start = self.bytes.len();
        if self.spans.len() == MAX_FIELDS || start + name.len() + value.len() + 4 > MAX_HEAD - 2 {
            return Err(Misuse::FieldsTooLarge);
        }
        self.bytes.reserve(name.len() + value.len() + 4);
        self.bytes.extend_from_slice(name);
        self.bytes.extend_from_slice(b": ");
        self.bytes.extend_from_slice(value);
        self.bytes.extend_from_slice(b"\r\n");
        let name_end = start + name.len();
        let value_start = name_end + 2;
        // MAX_HEAD is 65 536 and two bytes follow each value: every offset fits.
        self.spans.push(FieldSpan {
            name_start: start as u16,
            name_end: name_end as u16,
            value_start: value_start as u16,
            value_end: (value_start + value.len()) as u16,
        });
        // That the lines contradict each other concerns whoever sends them.
        if let Err(fault) = self.noted.note_own(name, value) {
            self.fault.get_or_insert(fault);
        }
        Ok(())
    }

    /// The lines, to look at or to send.
    #[inline]
    pub fn lines(&self) -> FieldLines<'_> {
        FieldLines::in_wire_form(&self.bytes, &self.spans)
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
        self.spans.iter().any(|span| {
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
        let removed = self.spans.len() - others.spans.len();
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

    /// Forgets the lines and keeps the room.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.spans.clear();
        (self.noted, self.fault) = (Noted::default(), None);
    }
}

fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}
