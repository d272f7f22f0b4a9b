//! Field lines on their way out: checked when they are added, so that whoever encodes them need not look again.

use crate::encode::Inspected;
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
    /// What its lines say of framing: read when they are added, because then they are at hand.
    seen: Inspected,
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
        let (name, value) = (name.as_ref(), trim(value.as_ref()));
        if name.is_empty() || !name.iter().all(|&byte| TOKEN[usize::from(byte)]) {
            return Err(Misuse::FieldName);
        }
        // Without an early end the loop is a few vector instructions.
        if value.iter().fold(false, |bad, &byte| bad | !is_value_byte(byte)) {
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
        self.fault = self.fault.or(self.seen.note(name, value).err());
        Ok(())
    }

    /// The lines, to look at or to send.
    pub fn lines(&self) -> FieldLines<'_> {
        FieldLines::in_wire_form(&self.bytes, &self.spans)
    }

    /// What [`encode::inspect`](crate::encode::inspect) would find.
    #[cfg(feature = "net")]
    pub(crate) fn inspected(&self) -> Result<&Inspected, Misuse> {
        self.fault.map_or(Ok(&self.seen), Err)
    }

    /// Forgets the lines and keeps the room.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.spans.clear();
        (self.seen, self.fault) = (Inspected::default(), None);
    }
}

/// Whether a name, which is a token, is that one, given in lower case and made of letters and `-`. No token byte but a
/// letter differs from another in that bit alone and becomes one of these.
#[inline(always)]
pub(crate) fn is_named<const N: usize>(name: &[u8], wanted: &[u8; N]) -> bool {
    // Without an early end these are a few instructions on whole words.
    <&[u8; N]>::try_from(name).is_ok_and(|name| {
        name.iter().zip(wanted).fold(0, |different, (byte, wanted)| different | (byte | 0x20) ^ wanted) == 0
    })
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

    #[test]
    fn names_are_compared_as_if_case_did_not_matter() {
        for byte in (0..=255).filter(|&byte| is_token_byte(byte)) {
            for at in 0..6 {
                let mut name = *b"a-Tz-Q";
                name[at] = byte;
                assert_eq!(is_named(&name, b"a-tz-q"), name.eq_ignore_ascii_case(b"a-tz-q"), "{}", name.escape_ascii());
            }
        }
        assert!(!is_named(b"a-tz-", b"a-tz-q") && !is_named(b"a-tz-qq", b"a-tz-q") && !is_named(b"", b"a-tz-q"));
    }
}
