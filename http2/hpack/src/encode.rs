//! From fields to a block: RFC 7541 §3 and §6, the other way.

use crate::huffman::encode as huffman;
use crate::policy::{self, Indexing};
use crate::representation::Kind;
use crate::static_table::{self, FIELDS};
use crate::table::{Entry, Table};
use crate::{class::Class, integer};
use std::collections::VecDeque;

/// The table is never larger, whatever the peer allows: it would be memory that the peer decides about.
pub const MOST: u32 = 4096;

/// Our memory of what the peer's decoder holds. One for each connection and direction; its blocks are sent in the order
/// in which they were made.
///
/// ```
/// use wirebook_hpack::{Block, Decoder, Encoder, Indexing, Limits};
///
/// let (mut encoder, mut out) = (Encoder::new(4096), Vec::new());
/// let mut block = encoder.block(&mut out);
/// block.field(b":method", b"GET", Indexing::Allowed);
/// block.field(b"cookie", b"session=0123456789abcdef", Indexing::Never);
///
/// let (mut decoder, mut room) = (Decoder::new(Limits::default()), Block::default());
/// decoder.decode(&out, &mut room)?;
/// assert!(room.fields().last().unwrap().never_indexed);
/// # Ok::<(), wirebook_hpack::Error>(())
/// ```
#[derive(Debug)]
pub struct Encoder {
    table: Table,
    /// The smallest size that the table had to have since the last block, which does not know of it yet (§4.2).
    smallest: Option<u32>,
    /// What finds an entry; `None` until one is sought.
    index: Option<Box<Index>>,
}

/// What finds an entry without looking at its text: all of it can be told from the table.
#[derive(Debug, Default)]
struct Index {
    /// The hashes of the table's entries, the newest first: of the field, and of the name alone. There are at most 128, so
    /// looking at all of them is half a kilobyte.
    fields: VecDeque<u32>,
    names: VecDeque<u32>,
    /// The number of the entry that each field of the last block was, by its position. Most blocks resemble the last.
    predicted: Vec<u64>,
}

impl Index {
    fn of(table: &Table) -> Box<Index> {
        let hashes = |index| table.get(index).map_or((0, 0), |entry| hashes(entry.name, entry.value));
        let (fields, names) = (0..table.len()).map(hashes).unzip();
        Box::new(Index { fields, names, predicted: Vec::new() })
    }
}

/// How many positions of a block are predicted.
const PREDICTED: usize = 64;

impl Encoder {
    /// An encoder for a peer whose SETTINGS allow a table of `size` bytes; 4,096 if it has said nothing (RFC 9113 §6.5.2).
    /// More than [`MOST`] is never used, and 0 uses none.
    pub fn new(size: u32) -> Self {
        let mut encoder = Encoder { table: Table::new(MOST), smallest: None, index: None };
        encoder.allow(size);
        encoder
    }

    /// The peer's SETTINGS allow a table of `size` bytes from now on. The next block says what became of it (§4.2).
    pub fn allow(&mut self, size: u32) {
        let size = size.min(MOST);
        if size != self.table.most() {
            self.smallest = Some(self.smallest.map_or(size, |smallest| smallest.min(size)));
            self.table.resize(size);
            self.index = None;
        }
    }

    /// Gives back the memory that the table does not need as it is now: for connections that idle.
    pub fn shrink(&mut self) {
        self.table.shrink();
        self.index = None;
    }

    /// The size of the dynamic table (§4.1), and the number of its entries.
    pub fn table(&self) -> (usize, usize) {
        (self.table.size(), self.table.len())
    }

    /// Begins a block, which is appended to `out`.
    pub fn block<'a>(&'a mut self, out: &'a mut Vec<u8>) -> Writer<'a> {
        // ANCHOR: sizes
        if let Some(smallest) = self.smallest.take() {
            // A table that was smaller in between has lost what did not fit then.
            integer::write(smallest, Kind::Size.prefix(), Kind::Size.mark(), out);
            if self.table.most() != smallest {
                integer::write(self.table.most(), Kind::Size.prefix(), Kind::Size.mark(), out);
            }
        }
        // ANCHOR_END: sizes
        let Encoder { table, index, .. } = self;
        let index = &mut **index.get_or_insert_with(|| Index::of(table));
        Writer { table, index, out, position: 0 }
    }
}

/// A block that is being written.
#[derive(Debug)]
pub struct Writer<'a> {
    table: &'a mut Table,
    index: &'a mut Index,
    out: &'a mut Vec<u8>,
    position: usize,
}

impl Writer<'_> {
    /// Appends one field. Its name is in lower case, and pseudo-fields come first: that is the caller's business
    /// (RFC 9113 §8.2.1, §8.3).
    pub fn field(&mut self, name: &[u8], value: &[u8], indexing: Indexing) {
        let position = self.position;
        self.position += 1;
        if indexing == Indexing::Allowed && self.as_before(position, name, value) {
            return;
        }
        let (mut known, whole) = static_table::find(name, value);
        if whole && indexing != Indexing::Never {
            return integer::write(known, Kind::Indexed.prefix(), Kind::Indexed.mark(), self.out);
        }
        let (hash, name_hash) = hashes(name, value);
        let indexing = policy::indexing(name, value, indexing, self.table.most() as usize);
        if indexing == Indexing::Allowed
            && let Some(index) =
                find(self.table, &self.index.fields, hash, |entry| entry.name == name && entry.value == value)
        {
            predict(&mut self.index.predicted, position, self.table.number(index));
            return integer::write(dynamic(index), Kind::Indexed.prefix(), Kind::Indexed.mark(), self.out);
        }
        if known == 0
            && let Some(index) = find(self.table, &self.index.names, name_hash, |entry| entry.name == name)
        {
            known = dynamic(index);
        }
        let kind = match indexing {
            Indexing::Allowed => Kind::Inserted,
            Indexing::Without => Kind::Literal,
            Indexing::Never => Kind::NeverIndexed,
        };
        integer::write(known, kind.prefix(), kind.mark(), self.out);
        if known == 0 {
            string(name, self.out);
        }
        string(value, self.out);
        if kind == Kind::Inserted && self.table.insert(Entry { name, value, classes: [Class::default(); 2] }) {
            let Index { fields, names, predicted } = &mut *self.index;
            for (hashes, hash) in [(fields, hash), (names, name_hash)] {
                hashes.push_front(hash);
                // Those of entries that have left leave too.
                hashes.truncate(self.table.len());
            }
            predict(predicted, position, self.table.number(0));
        }
    }

    /// Writes the field as an index, if it is the entry that stood at this position of the last block.
    #[inline]
    fn as_before(&mut self, position: usize, name: &[u8], value: &[u8]) -> bool {
        let Some(&number) = self.index.predicted.get(position) else {
            return false;
        };
        match self.table.numbered(number) {
            Some((index, entry)) if entry.value == value && entry.name == name => {
                integer::write(dynamic(index), Kind::Indexed.prefix(), Kind::Indexed.mark(), self.out);
                true
            }
            _ => false,
        }
    }
}

/// The newest entry with this hash in `hashes` that is the field.
fn find(table: &Table, hashes: &VecDeque<u32>, hash: u32, is: impl Fn(Entry<'_>) -> bool) -> Option<usize> {
    let candidates = hashes.iter().enumerate().filter(|(_, other)| **other == hash);
    candidates.map(|(index, _)| index).find(|index| table.get(*index).is_some_and(&is))
}

fn predict(predicted: &mut Vec<u64>, position: usize, number: u64) {
    if position < PREDICTED {
        if predicted.len() <= position {
            predicted.resize(position + 1, 0);
        }
        predicted[position] = number;
    }
}

/// The index of the dynamic table's entry `index`, counted as blocks count (§2.3.3).
fn dynamic(index: usize) -> u32 {
    (FIELDS.len() + 1 + index) as u32
}

/// §5.2: as Huffman codes if that is shorter.
fn string(text: &[u8], out: &mut Vec<u8>) {
    let coded = huffman::length(text);
    if coded < text.len() {
        integer::write(coded as u32, 7, 0x80, out);
        huffman::encode(text, out);
    } else {
        integer::write(text.len() as u32, 7, 0, out);
        out.extend_from_slice(text);
    }
}

/// The hashes of a field and of its name. They only choose a place: what is found there is compared.
fn hashes(name: &[u8], value: &[u8]) -> (u32, u32) {
    let of_name = mix(0, name);
    (mix(of_name, value) as u32, of_name as u32)
}

fn mix(seed: u64, text: &[u8]) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let (words, rest) = text.as_chunks::<8>();
    let mut tail = [0; 8];
    tail[..rest.len()].copy_from_slice(rest);
    let mut hash = seed ^ text.len() as u64;
    for word in words.iter().chain([&tail]) {
        hash = (hash ^ u64::from_le_bytes(*word)).wrapping_mul(ODD);
        hash ^= hash >> 32;
    }
    hash
}

#[cfg(test)]
mod tests;
