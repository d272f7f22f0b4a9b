//! Field lines on their way out: checked when they are added, so that whoever encodes them need not look again.

use crate::error::Misuse;
use crate::parser::{FieldLines, FieldSpan, MAX_FIELDS, MAX_HEAD, is_token_byte, is_value_byte};

/// A list of field lines in wire form. Reused from message to message, it allocates no more.
///
/// ```
/// use wirebook_http1::FieldBlock;
///
/// let mut block = FieldBlock::default();
/// block.push("content-type", "text/plain")?;
/// assert!(block.push("x", "a\r\nset-cookie: b").is_err(), "no value can smuggle in a field");
/// assert_eq!(block.lines().get("Content-Type"), Some(&b"text/plain"[..]));
/// # Ok::<(), wirebook_http1::Misuse>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct FieldBlock {
    bytes: Vec<u8>,
    spans: Vec<FieldSpan>,
}

impl FieldBlock {
    /// Adds `name: value` CR LF. White space around the value is dropped, as a recipient would (RFC 9112 §5.1).
    ///
    /// # Errors
    ///
    /// [`Misuse::FieldName`], [`Misuse::FieldValue`] and [`Misuse::FieldsTooLarge`]; the block is as before.
    pub fn push(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Result<(), Misuse> {
        let (name, value) = (name.as_ref(), trim(value.as_ref()));
        if name.is_empty() || !name.iter().all(|&byte| is_token_byte(byte)) {
            return Err(Misuse::FieldName);
        }
        if !value.iter().all(|&byte| is_value_byte(byte)) {
            return Err(Misuse::FieldValue);
        }
        // The four bytes are ": " and CR LF; a further CR LF ends the head.
        let start = self.bytes.len();
        if self.spans.len() == MAX_FIELDS || start + name.len() + value.len() + 4 > MAX_HEAD - 2 {
            return Err(Misuse::FieldsTooLarge);
        }
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
        Ok(())
    }

    /// The lines, to look at or to send.
    pub fn lines(&self) -> FieldLines<'_> {
        FieldLines::new(&self.bytes, &self.spans)
    }

    /// Forgets the lines and keeps the room.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.spans.clear();
    }
}

fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}
