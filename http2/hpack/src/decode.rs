//! From a block to its fields: RFC 7541 §3 and §6.
//!
//! A block is read twice. The first time all strings are decoded, two at a time: they stand in clear, and what one string says
//! has nothing to do with the next. The second time tables are looked up and filled, in the block's order, because there every
//! representation depends on those before it.

use crate::Limits;
use crate::block::{Block, STATIC, Spans};
use crate::class::Class;
use crate::error::{Error, Violation};
use crate::huffman::interleaved::decode_two_into;
use crate::huffman::pair;
use crate::representation::{Kind, Representation, Text, representations};
use crate::table::Table;

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

    /// Gives back the memory that the table does not need as it is now: for connections that idle.
    pub fn shrink(&mut self) {
        self.table.shrink();
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
    /// The first [`Error`] of the block: the tables of the two ends differ from now on, and the connection must end (RFC 9113
    /// §4.3). `room` holds the fields before it.
    pub fn decode(&mut self, block: &[u8], room: &mut Block) -> Result<(), Error> {
        room.begin();
        decode_texts(block, room);
        let (mut texts, mut sizes) = (0, true);
        for representation in representations(block) {
            // Whatever comes first, an error too, is no size.
            sizes &= representation.is_ok_and(|one| one.kind == Kind::Size);
            if !sizes {
                self.confirmed(representation.map_or_else(|error| error.offset, |one| one.start))?;
            }
            let one = representation?;
            match one.kind {
                Kind::Size if sizes => self.resize(one.number, one.start)?,
                Kind::Size => return Err(Error { violation: Violation::SizeTooLate, offset: one.start }),
                Kind::Indexed => self.indexed(one, room)?,
                Kind::Inserted | Kind::Literal | Kind::NeverIndexed => self.literal(one, &mut texts, room)?,
            }
        }
        self.confirmed(block.len())
    }

    /// §4.2: the size that was asked for has been confirmed, if one was.
    fn confirmed(&self, offset: usize) -> Result<(), Error> {
        match self.owed {
            Some(_) => Err(Error { violation: Violation::SizeMissing, offset }),
            None => Ok(()),
        }
    }

    /// §6.3.
    // ANCHOR: resize
    fn resize(&mut self, size: u32, offset: usize) -> Result<(), Error> {
        if size > self.limits.table {
            return Err(Error { violation: Violation::SizeTooLarge, offset });
        }
        self.owed = self.owed.filter(|owed| size > *owed);
        self.table.resize(size);
        Ok(())
    }
    // ANCHOR_END: resize

    /// §6.1.
    #[inline]
    // ANCHOR: indexed
    fn indexed(&self, one: Representation<'_>, room: &mut Block) -> Result<(), Error> {
        let known = self.look_up(one)?;
        let (name, value) = known.lengths();
        // Before anything is copied: twelve thousand times four kilobytes fit into a small block (§7.3).
        if room.admit(name, value, &self.limits) {
            let field = known.whole(room);
            room.push(field, false);
        }
        Ok(())
    }
    // ANCHOR_END: indexed

    /// §6.2.
    #[inline]
    fn literal(&mut self, one: Representation<'_>, texts: &mut usize, room: &mut Block) -> Result<(), Error> {
        let kept = room.tail().len();
        let (name, name_class) = if one.name.is_some() {
            room.text_at(texts)?
        } else {
            let known = self.look_up(one)?;
            // A name that nobody will see is not copied.
            if room.over() && one.kind != Kind::Inserted { Default::default() } else { known.name(room) }
        };
        let (value, value_class) = room.text_at(texts)?;
        let field = Spans { name, value, classes: [name_class, value_class] };
        // ANCHOR: insert
        if one.kind == Kind::Inserted {
            self.table.insert(room.entry(field));
            room.copies(if one.name.is_none() { name.1 as usize } else { 0 });
        }
        if room.admit(name.1 as usize, value.1 as usize, &self.limits) {
            room.push(field, one.kind == Kind::NeverIndexed);
        } else {
            room.tail().truncate(kept);
        }
        // ANCHOR_END: insert
        Ok(())
    }

    /// The field of both tables that is named (§2.3.3).
    #[inline]
    fn look_up(&self, one: Representation<'_>) -> Result<Known<'_>, Error> {
        let fault = |violation| Error { violation, offset: one.start };
        let row = (one.number as usize).checked_sub(1).ok_or(fault(Violation::IndexZero))?;
        match STATIC.get(row) {
            Some(field) => Ok(Known::Static(field)),
            None => match self.table.text(row - STATIC.len()) {
                Some((text, name, classes)) => Ok(Known::Dynamic(text, name, classes)),
                None => Err(fault(Violation::IndexUnknown)),
            },
        }
    }
}

/// Decodes all strings of the block to the room, in order.
fn decode_texts(block: &[u8], room: &mut Block) {
    let mut waiting: Option<(Text<'_>, usize)> = None;
    for one in representations(block).map_while(Result::ok) {
        for text in [one.name, one.value].into_iter().flatten() {
            if !text.coded {
                room.spell(text.octets);
                continue;
            }
            let number = room.reserve(pair::room(text.octets), text.start);
            waiting = match waiting.take() {
                None => Some((text, number)),
                Some((other, before)) => {
                    let inputs = [other.octets, text.octets];
                    let (places, [first, second]) = room.reserved_two(before, number);
                    let results = match decode_two_into(inputs, [first, second]) {
                        Ok([one, two]) => [Ok(one), Ok(two)],
                        // Which of them is at fault, and what the other says: one at a time.
                        Err(_) => [pair::decode_into(inputs[0], first), pair::decode_into(inputs[1], second)],
                    };
                    places.into_iter().zip(results).for_each(|(place, result)| place.decoded(result));
                    None
                }
            };
        }
    }
    if let Some((text, number)) = waiting {
        let (place, out) = room.reserved(number);
        place.decoded(pair::decode_into(text.octets, out));
    }
}

/// A field of a table. Static ones lie in every room already; others are copied.
enum Known<'a> {
    Static(&'static Spans),
    /// The text of both, the length of the name, and what is in them.
    Dynamic(&'a [u8], usize, [Class; 2]),
}

impl Known<'_> {
    #[inline]
    fn lengths(&self) -> (usize, usize) {
        match self {
            Known::Static(field) => (field.name.1 as usize, field.value.1 as usize),
            Known::Dynamic(text, name, _) => (*name, text.len() - name),
        }
    }

    #[inline]
    fn whole(&self, room: &mut Block) -> Spans {
        match *self {
            Known::Static(field) => *field,
            Known::Dynamic(text, name, classes) => {
                let at = append(room, text);
                let length = name as u32;
                Spans { name: (at, length), value: (at + length, text.len() as u32 - length), classes }
            }
        }
    }

    #[inline]
    fn name(&self, room: &mut Block) -> ((u32, u32), Class) {
        match *self {
            Known::Static(field) => (field.name, field.classes[0]),
            Known::Dynamic(text, name, classes) => ((append(room, &text[..name]), name as u32), classes[0]),
        }
    }
}

#[inline]
fn append(room: &mut Block, text: &[u8]) -> u32 {
    let tail = room.tail();
    let at = tail.len() as u32;
    tail.extend_from_slice(text);
    at
}
