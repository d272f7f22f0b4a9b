//! What one writes first: RFC 7541 word for word, a vector of owned fields, one bit at a time.
//!
//! It allocates for each string and moves the whole table for each entry, and it can be compared with the RFC line by line. The
//! real [`Decoder`](crate::Decoder) is held to it on every input that tests and fuzzers think of. It has no limits, so it is no
//! decoder for the network.

use crate::error::Violation;
use crate::huffman::tree;
use crate::representation::Kind;

use crate::static_table::FIELDS;
use crate::{OVERHEAD, integer};

/// A name, a value, and whether it is never indexed.
pub type Field = (Vec<u8>, Vec<u8>, bool);

/// The naive decoder.
#[derive(Debug)]
pub struct Decoder {
    /// The newest first.
    table: Vec<(Vec<u8>, Vec<u8>)>,
    most: usize,
    allowed: usize,
    owed: Option<usize>,
}

impl Decoder {
    /// A decoder whose table may have `size` bytes.
    pub fn new(size: u32) -> Self {
        Decoder { table: Vec::new(), most: size as usize, allowed: size as usize, owed: None }
    }

    /// The peer has acknowledged a SETTINGS_HEADER_TABLE_SIZE of `size`.
    pub fn allow(&mut self, size: u32) {
        self.allowed = size as usize;
        if self.allowed < self.most {
            self.owed = Some(self.owed.unwrap_or(usize::MAX).min(self.allowed));
        }
    }

    /// The fields of one block.
    ///
    /// # Errors
    ///
    /// The [`Violation`]; the table is no longer the peer's.
    pub fn decode(&mut self, block: &[u8]) -> Result<Vec<Field>, Violation> {
        let (mut fields, mut at, mut sizes) = (Vec::new(), 0, true);
        loop {
            let kind = block.get(at).map(|octet| Kind::of(*octet));
            let number = kind.map(|kind| integer::read(block, at, kind.prefix()));
            // Whatever comes first, an error too, is no size.
            sizes &= kind == Some(Kind::Size) && number.is_some_and(|number| number.is_ok());
            if !sizes && self.owed.is_some() {
                return Err(Violation::SizeMissing);
            }
            let (Some(kind), Some(number)) = (kind, number) else {
                return Ok(fields);
            };
            let (number, behind) = number?;
            if kind == Kind::Size && !sizes {
                return Err(Violation::SizeTooLate);
            }
            let number = number as usize;
            at = behind;
            match kind {
                Kind::Size if number > self.allowed => return Err(Violation::SizeTooLarge),
                Kind::Size => {
                    self.owed = self.owed.filter(|owed| number > *owed);
                    self.most = number;
                    self.shrink(self.most);
                }
                Kind::Indexed => {
                    let (name, value) = self.look_up(number)?;
                    fields.push((name, value, false));
                }
                Kind::Inserted | Kind::Literal | Kind::NeverIndexed => {
                    let name = if number == 0 { Some(string(block, &mut at)?) } else { None };
                    let value = string(block, &mut at)?;
                    let name = name.map_or_else(|| Ok(self.look_up(number)?.0), text)?;
                    let value = text(value)?;
                    if kind == Kind::Inserted {
                        let size = name.len() + value.len() + OVERHEAD;
                        self.shrink(self.most.saturating_sub(size));
                        if size <= self.most {
                            self.table.insert(0, (name.clone(), value.clone()));
                        }
                    }
                    fields.push((name, value, kind == Kind::NeverIndexed));
                }
            }
        }
    }

    fn shrink(&mut self, most: usize) {
        while self.table.iter().map(|(name, value)| name.len() + value.len() + OVERHEAD).sum::<usize>() > most {
            self.table.pop();
        }
    }

    fn look_up(&self, index: usize) -> Result<(Vec<u8>, Vec<u8>), Violation> {
        if index == 0 {
            return Err(Violation::IndexZero);
        }
        if let Some((name, value)) = FIELDS.get(index - 1) {
            return Ok((name.as_bytes().to_vec(), value.as_bytes().to_vec()));
        }
        self.table.get(index - 1 - FIELDS.len()).cloned().ok_or(Violation::IndexUnknown)
    }
}

/// A string literal: whether it is a Huffman code, and its octets.
fn string<'a>(block: &'a [u8], at: &mut usize) -> Result<(bool, &'a [u8]), Violation> {
    let coded = block.get(*at).ok_or(Violation::Truncated)? & 0x80 != 0;
    let (length, start) = integer::read(block, *at, 7)?;
    *at = start + length as usize;
    Ok((coded, block.get(start..*at).ok_or(Violation::Truncated)?))
}

fn text((coded, octets): (bool, &[u8])) -> Result<Vec<u8>, Violation> {
    let mut decoded = Vec::new();
    if coded {
        tree::decode(octets, &mut decoded)?;
    } else {
        decoded.extend_from_slice(octets);
    }
    Ok(decoded)
}
