//! From a block to its fields: RFC 7541 §3 and §6.
//!
//! A block is a row of representations; the first bits of each say which of five it is:
//!
//! ```text
//! 1.......  both from a table                     §6.1     index, 7 bits
//! 01......  spelled out, and into the table       §6.2.1   index of the name, 6 bits, or 0 and a string; a string
//! 001.....  the table's new size                  §6.3     size, 5 bits
//! 0001....  spelled out, never into any table     §6.2.3   as above, 4 bits
//! 0000....  spelled out                           §6.2.2   as above, 4 bits
//! ```

use crate::block::{Block, STATIC, Spans};
use crate::class::Class;
use crate::error::{Error, Violation};
use crate::huffman::pair;
use crate::table::{Entry, Table};
use crate::{Limits, integer};

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
    pub const fn of(octet: u8) -> Kind {
        match octet {
            0x80.. => Kind::Indexed,
            0x40.. => Kind::Inserted,
            0x20.. => Kind::Size,
            0x10.. => Kind::NeverIndexed,
            _ => Kind::Literal,
        }
    }

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

/// One end's memory of what the other has sent. One for each connection and direction: every block must pass through it,
/// in order, those of refused messages too (RFC 9113 §4.3).
///
/// ```
/// use wirebook_hpack::{Block, Decoder, Limits};
///
/// let mut decoder = Decoder::new(Limits::default());
/// let mut room = Block::default();
/// decoder.decode(&[0x82, 0x86, 0x84, 0x41, 0x8c, 0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff], &mut room)?;
/// let names: Vec<_> = room.fields().map(|field| format!("{field:?}")).collect();
/// assert_eq!(names, [":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com"]);
/// # Ok::<(), wirebook_hpack::Error>(())
/// ```
#[derive(Debug)]
pub struct Decoder {
    table: Table,
    limits: Limits,
    /// The next block must begin with a size of at most this: our SETTINGS made the table smaller (§4.2).
    owed: Option<u32>,
}

impl Decoder {
    /// A decoder with an empty table.
    pub fn new(limits: Limits) -> Self {
        Decoder { table: Table::new(limits.table), limits, owed: None }
    }

    /// The peer has acknowledged a SETTINGS_HEADER_TABLE_SIZE of `size`. From now on it may make the table that large; if
    /// the table was larger, its next block must say so first (§4.2).
    pub fn allow(&mut self, size: u32) {
        self.limits.table = size;
        if size < self.table.most() {
            self.owed = Some(self.owed.map_or(size, |owed| owed.min(size)));
        }
    }

    /// The size of the dynamic table (§4.1), and the number of its entries.
    pub fn table(&self) -> (usize, usize) {
        (self.table.size(), self.table.len())
    }

    /// The entry at `index` of both tables, as a block would name it: 1 to 61 are the static ones.
    pub fn entry(&self, index: usize) -> Option<(&[u8], &[u8])> {
        match index.checked_sub(1)? {
            row if row < STATIC.len() => {
                let (name, value) = crate::static_table::FIELDS[row];
                Some((name.as_bytes(), value.as_bytes()))
            }
            row => self.table.get(row - STATIC.len()).map(|entry| (entry.name, entry.value)),
        }
    }

    /// Decodes one whole block into `room`, whose earlier fields are gone.
    ///
    /// A list over the limits is no error: [`Block::over`] says so, and the table is what the peer thinks it is.
    ///
    /// # Errors
    ///
    /// An [`Error`]: the tables of the two ends differ from now on, and the connection must end (RFC 9113 §4.3). `room` holds
    /// the fields before it.
    pub fn decode(&mut self, block: &[u8], room: &mut Block) -> Result<(), Error> {
        room.begin();
        let mut walk = Walk { block, at: 0 };
        self.sizes(&mut walk)?;
        while walk.at < block.len() {
            self.field(&mut walk, room)?;
        }
        Ok(())
    }

    /// §4.2: any number of sizes at the start of a block.
    fn sizes(&mut self, walk: &mut Walk<'_>) -> Result<(), Error> {
        while let Some(octet) = walk.block.get(walk.at)
            && Kind::of(*octet) == Kind::Size
        {
            let start = walk.at;
            let size = walk.integer(Kind::Size.prefix())?;
            if size > self.limits.table {
                return Err(Error { violation: Violation::SizeTooLarge, offset: start });
            }
            if self.owed.is_some_and(|owed| size <= owed) {
                self.owed = None;
            }
            self.table.resize(size);
        }
        match self.owed {
            Some(_) => Err(Error { violation: Violation::SizeMissing, offset: walk.at }),
            None => Ok(()),
        }
    }

    #[inline]
    fn field(&mut self, walk: &mut Walk<'_>, room: &mut Block) -> Result<(), Error> {
        let start = walk.at;
        let kind = Kind::of(walk.block[start]);
        if kind == Kind::Size {
            return Err(Error { violation: Violation::SizeTooLate, offset: start });
        }
        let index = walk.integer(kind.prefix())? as usize;
        let unknown = |violation| Error { violation, offset: start };
        if kind == Kind::Indexed {
            let known = self.look_up(index).map_err(unknown)?;
            let (name, value) = known.lengths();
            // Before anything is copied: twelve thousand times four kilobytes fit into a small block (§7.3).
            if room.admit(name, value, &self.limits) {
                let field = known.whole(room);
                room.push(field, false);
            }
            return Ok(());
        }
        let kept = room.tail().len();
        let named = if index == 0 {
            let (name, class) = Self::string(walk, room)?;
            Spans { name, value: (0, 0), classes: [class, Class::default()] }
        } else {
            let known = self.look_up(index).map_err(unknown)?;
            // A name that nobody will see is not copied either.
            if room.over() && kind != Kind::Inserted { Spans::NONE } else { known.name(room) }
        };
        let (value, class) = Self::string(walk, room)?;
        let field = Spans { value, classes: [named.classes[0], class], ..named };
        if kind == Kind::Inserted {
            self.table.insert(room.entry(field));
        }
        if room.admit(field.name.1 as usize, field.value.1 as usize, &self.limits) {
            room.push(field, kind == Kind::NeverIndexed);
        } else {
            room.tail().truncate(kept);
        }
        Ok(())
    }

    /// The field at `index` of both tables (§2.3.3).
    #[inline]
    fn look_up(&self, index: usize) -> Result<Known<'_>, Violation> {
        let row = index.checked_sub(1).ok_or(Violation::IndexZero)?;
        match STATIC.get(row) {
            Some(field) => Ok(Known::Static(field)),
            None => self.table.get(row - STATIC.len()).map(Known::Dynamic).ok_or(Violation::IndexUnknown),
        }
    }

    /// §5.2: `H` and the length in seven bits, then as many octets. Where it lies in `room` now, and what is in it.
    #[inline]
    fn string(walk: &mut Walk<'_>, room: &mut Block) -> Result<((u32, u32), Class), Error> {
        let start = walk.at;
        let coded = walk.block.get(start).is_some_and(|octet| octet & 0x80 != 0);
        let length = walk.integer(7)? as usize;
        let text = walk.take(length, start)?;
        let tail = room.tail();
        let at = tail.len();
        let class = if coded {
            pair::decode(text, tail).map_err(|fault| Error { violation: fault.into(), offset: start })?
        } else {
            tail.extend_from_slice(text);
            Class::of(text)
        };
        Ok(((at as u32, (tail.len() - at) as u32), class))
    }
}

/// A field of a table. Static ones lie in every room already; others are copied.
enum Known<'a> {
    Static(&'static Spans),
    Dynamic(Entry<'a>),
}

impl Known<'_> {
    fn lengths(&self) -> (usize, usize) {
        match self {
            Known::Static(field) => (field.name.1 as usize, field.value.1 as usize),
            Known::Dynamic(entry) => (entry.name.len(), entry.value.len()),
        }
    }

    #[inline]
    fn whole(&self, room: &mut Block) -> Spans {
        match self {
            Known::Static(field) => **field,
            Known::Dynamic(entry) => {
                let name = append(room, entry.name);
                Spans { name, value: append(room, entry.value), classes: entry.classes }
            }
        }
    }

    #[inline]
    fn name(&self, room: &mut Block) -> Spans {
        match self {
            Known::Static(field) => **field,
            Known::Dynamic(entry) => Spans { name: append(room, entry.name), value: (0, 0), classes: entry.classes },
        }
    }
}

#[inline]
fn append(room: &mut Block, text: &[u8]) -> (u32, u32) {
    let tail = room.tail();
    let at = tail.len() as u32;
    tail.extend_from_slice(text);
    (at, text.len() as u32)
}

/// A place in a block.
struct Walk<'a> {
    block: &'a [u8],
    at: usize,
}

impl<'a> Walk<'a> {
    #[inline]
    fn integer(&mut self, prefix: u32) -> Result<u32, Error> {
        let read = integer::read(self.block, self.at, prefix);
        let (value, behind) = read.map_err(|violation| Error { violation, offset: self.at })?;
        self.at = behind;
        Ok(value)
    }

    #[inline]
    fn take(&mut self, length: usize, start: usize) -> Result<&'a [u8], Error> {
        let text = self.block.get(self.at..self.at + length);
        self.at += length;
        text.ok_or(Error { violation: Violation::Truncated, offset: start })
    }
}
