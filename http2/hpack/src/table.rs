//! The dynamic table: RFC 7541 §2.3.2 and §4.
//!
//! The newest entry comes first, and the oldest leave as soon as the sizes of all would pass the table's. An entry counts 32
//! bytes more than its name and value (§4.1), so 4,096 bytes are never more than 128 entries.
//!
//! Names and values stand one behind the other in one buffer, the newest at its end. Leaving is a number that grows; when the
//! dead half of the buffer is worth it, what lives moves to its front. Nothing is allocated for an entry.

use crate::class::Class;
use std::collections::VecDeque;

/// What an entry counts beyond its name and value (§4.1).
pub const OVERHEAD: usize = 32;

/// What a field counts in a table and in a list of fields (§4.1, RFC 9113 §6.5.2).
pub(crate) const fn size(name: usize, value: usize) -> usize {
    name + value + OVERHEAD
}

/// One entry, or one field of a block: a name, a value, and the kinds of their bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) value: &'a [u8],
    pub(crate) classes: [Class; 2],
}

#[derive(Debug, Default)]
pub(crate) struct Table {
    bytes: Vec<u8>,
    /// Of `bytes`, what belongs to entries that have left.
    dead: usize,
    /// The newest first.
    entries: VecDeque<Place>,
    size: usize,
    most: usize,
    /// How many entries have ever been inserted: an entry's number is this, as it was then.
    inserted: u64,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    at: usize,
    name: u32,
    value: u32,
    classes: [Class; 2],
}

impl Table {
    pub(crate) fn new(most: u32) -> Self {
        Table { most: most as usize, ..Table::default() }
    }

    /// The size that it may have (§4.2).
    pub(crate) fn most(&self) -> u32 {
        self.most as u32
    }

    /// The size that it has: the sum of its entries' (§4.1).
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The number of the entry at `index`: it keeps it while newer ones come before it.
    pub(crate) fn number(&self, index: usize) -> u64 {
        self.inserted - index as u64
    }

    /// §4.3: what no longer fits leaves. At 0 the memory is given back too.
    pub(crate) fn resize(&mut self, most: u32) {
        self.most = most as usize;
        self.evict(self.most);
        if most == 0 {
            (self.bytes, self.entries, self.dead) = (Vec::new(), VecDeque::new(), 0);
        }
    }

    /// The entry at `index`, the newest at 0: the text of its name and value, one behind the other, and where they part.
    #[inline]
    pub(crate) fn text(&self, index: usize) -> Option<(&[u8], usize, [Class; 2])> {
        let place = self.entries.get(index)?;
        let text = &self.bytes[place.at..][..(place.name + place.value) as usize];
        Some((text, place.name as usize, place.classes))
    }

    /// The entry at `index`, the newest at 0.
    pub(crate) fn get(&self, index: usize) -> Option<Entry<'_>> {
        let (text, name, classes) = self.text(index)?;
        let (name, value) = text.split_at(name);
        Some(Entry { name, value, classes })
    }

    /// The entry that was inserted as number `number`, and its index, if it is still there.
    pub(crate) fn numbered(&self, number: u64) -> Option<(usize, Entry<'_>)> {
        let index = usize::try_from(self.inserted.checked_sub(number)?).ok()?;
        Some((index, self.get(index)?))
    }

    /// Gives back the memory that no entry needs.
    pub(crate) fn shrink(&mut self) {
        self.compact();
        self.bytes.shrink_to_fit();
        self.entries.shrink_to_fit();
    }

    /// What lives moves to the front of the buffer.
    fn compact(&mut self) {
        self.bytes.copy_within(self.dead.., 0);
        self.bytes.truncate(self.bytes.len() - self.dead);
        for place in &mut self.entries {
            place.at -= self.dead;
        }
        self.dead = 0;
    }

    /// §4.4: an entry that is larger than the table empties it, which is no error. Gives whether it went in.
    pub(crate) fn insert(&mut self, entry: Entry<'_>) -> bool {
        let Entry { name, value, classes } = entry;
        let size = size(name.len(), value.len());
        self.evict(self.most.saturating_sub(size));
        if size > self.most {
            return false;
        }
        if self.bytes.len() + name.len() + value.len() > self.bytes.capacity() && self.dead >= self.bytes.len() / 2 {
            self.compact();
        }
        let at = self.bytes.len();
        self.bytes.extend_from_slice(name);
        self.bytes.extend_from_slice(value);
        self.entries.push_front(Place { at, name: name.len() as u32, value: value.len() as u32, classes });
        self.size += size;
        self.inserted += 1;
        true
    }

    // ANCHOR: evict
    fn evict(&mut self, most: usize) {
        while self.size > most {
            let place = self.entries.pop_back().expect("a size above 0 is the size of entries");
            let length = (place.name + place.value) as usize;
            self.size -= length + OVERHEAD;
            self.dead = place.at + length;
        }
        if self.entries.is_empty() {
            self.bytes.clear();
            self.dead = 0;
        }
    }
    // ANCHOR_END: evict
}
