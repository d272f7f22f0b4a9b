//! Field lines on their way out: checked when they are added, so that whoever encodes them need not look again.

use crate::error::Misuse;
use crate::parser::{FieldLines, FieldSpan, MAX_FIELDS, MAX_HEAD, is_token_byte, is_value_byte};

/// The characters of tokens, by byte.
const TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = is_token_byte(byte as u8);
        byte += 1;
    }
    table
};

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
        if name.is_empty() || !name.iter().all(|&byte| TOKEN[usize::from(byte)]) {
            return Err(Misuse::FieldName);
        }
        // Without an early end the loop is a few vector instructions.
        if value.iter().fold(false, |bad, &byte| bad | !is_value_byte(byte)) {
            return Err(Misuse::FieldValue);
        }
        self.push_valid(name, value)
    }

    /// Adds a line whose name and value are known to be valid.
    ///
    /// # Errors
    ///
    /// [`Misuse::FieldsTooLarge`].
    pub(crate) fn push_valid(&mut self, name: &[u8], value: &[u8]) -> Result<(), Misuse> {
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
        Ok(())
    }

    /// Adds a line whose value is a number.
    ///
    /// # Errors
    ///
    /// [`Misuse::FieldsTooLarge`].
    #[cfg(feature = "net")]
    pub(crate) fn push_number(&mut self, name: &[u8], number: u64) -> Result<(), Misuse> {
        let mut digits = [0; 20];
        let (mut at, mut rest) = (digits.len(), number);
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                return self.push_valid(name, &digits[at..]);
            }
        }
    }

    /// The lines, to look at or to send.
    pub fn lines(&self) -> FieldLines<'_> {
        FieldLines::in_wire_form(&self.bytes, &self.spans)
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
