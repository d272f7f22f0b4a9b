//! A block is a row of representations; the first bits of each say which of five it is:
//!
//! ```text
//! 1.......  both from a table                     §6.1     index, 7 bits
//! 01......  spelled out, and into the table       §6.2.1   index of the name, 6 bits, or 0 and a string; a string
//! 001.....  the table's new size                  §6.3     size, 5 bits
//! 0001....  spelled out, never into any table     §6.2.3   as above, 4 bits
//! 0000....  spelled out                           §6.2.2   as above, 4 bits
//! ```
//!
//! All of this stands in clear: where each begins and ends is known without a table, and without decoding a string.

use crate::error::{Error, Violation};
use crate::integer;

/// What the first bits of a representation say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Name and value stand in a table (§6.1).
    Indexed,
    /// The value, and perhaps the name, is spelled out, and the field goes into the table (§6.2.1).
    Inserted,
    /// The table's new size (§6.3).
    Size,
    /// Spelled out; nobody on the way may ever put it into a table (§6.2.3).
    NeverIndexed,
    /// Spelled out (§6.2.2).
    Literal,
}

impl Kind {
    /// The kind of the representation that begins with `octet`.
    // ANCHOR: kinds
    pub const fn of(octet: u8) -> Kind {
        match octet {
            0x80.. => Kind::Indexed,
            0x40.. => Kind::Inserted,
            0x20.. => Kind::Size,
            0x10.. => Kind::NeverIndexed,
            _ => Kind::Literal,
        }
    }
    // ANCHOR_END: kinds

    /// How many bits of the first octet belong to the integer.
    pub const fn prefix(self) -> u32 {
        match self {
            Kind::Indexed => 7,
            Kind::Inserted => 6,
            Kind::Size => 5,
            Kind::NeverIndexed | Kind::Literal => 4,
        }
    }

    /// The bits of the first octet above the integer.
    pub const fn mark(self) -> u8 {
        match self {
            Kind::Indexed => 0x80,
            Kind::Inserted => 0x40,
            Kind::Size => 0x20,
            Kind::NeverIndexed => 0x10,
            Kind::Literal => 0,
        }
    }
}

/// One representation, as it stands in its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Representation<'a> {
    /// Which of the five.
    pub kind: Kind,
    /// Where it begins in the block.
    pub start: usize,
    /// Where the next begins.
    pub end: usize,
    /// The index, 0 where the name is spelled out; or the table's new size.
    pub number: u32,
    /// The name, where it is spelled out.
    pub name: Option<Text<'a>>,
    /// The value, where it is spelled out.
    pub value: Option<Text<'a>>,
}

/// A string literal (§5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<'a> {
    /// Where it begins in the block, with its length.
    pub start: usize,
    /// What stands behind the length.
    pub octets: &'a [u8],
    /// Whether these are Huffman codes.
    pub coded: bool,
}

/// The representations of a block, in order; an error is the last item.
///
/// ```
/// use wirebook_hpack::{Kind, representations};
///
/// let block = [0x82, 0x44, 0x02, b'/', b'a'];
/// let kinds: Vec<_> = representations(&block).map(|one| one.map(|one| (one.kind, one.start..one.end))).collect();
/// assert_eq!(kinds, [Ok((Kind::Indexed, 0..1)), Ok((Kind::Inserted, 1..5))]);
/// ```
pub fn representations(block: &[u8]) -> Representations<'_> {
    Representations { block, at: 0 }
}

/// See [`representations`].
#[derive(Clone, Debug)]
pub struct Representations<'a> {
    block: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Representations<'a> {
    type Item = Result<Representation<'a>, Error>;

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        let first = *self.block.get(self.at)?;
        let one = self.representation(Kind::of(first));
        if one.is_err() {
            self.at = self.block.len();
        }
        Some(one)
    }
}

impl<'a> Representations<'a> {
    #[inline(always)]
    fn representation(&mut self, kind: Kind) -> Result<Representation<'a>, Error> {
        let start = self.at;
        let number = self.integer(kind.prefix())?;
        let spelled = !matches!(kind, Kind::Indexed | Kind::Size);
        let name = if spelled && number == 0 { Some(self.text()?) } else { None };
        let value = if spelled { Some(self.text()?) } else { None };
        Ok(Representation { kind, start, end: self.at, number, name, value })
    }

    /// §5.2: `H` and the length in seven bits, then as many octets.
    #[inline(always)]
    fn text(&mut self) -> Result<Text<'a>, Error> {
        let start = self.at;
        let coded = self.block.get(start).is_some_and(|octet| octet & 0x80 != 0);
        let length = self.integer(7)? as usize;
        let rest = &self.block[self.at..];
        let octets = rest.get(..length).ok_or(Error { violation: Violation::Truncated, offset: start })?;
        self.at += length;
        Ok(Text { start, octets, coded })
    }

    #[inline(always)]
    fn integer(&mut self, prefix: u32) -> Result<u32, Error> {
        let read = integer::read(self.block, self.at, prefix);
        let (value, behind) = read.map_err(|violation| Error { violation, offset: self.at })?;
        self.at = behind;
        Ok(value)
    }
}
