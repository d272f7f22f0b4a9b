//! Places of an array that hold nothing: `[1, , 3]`, `new Array(3)`, `delete list[1]`. They read as `undefined`, and so they are
//! in the list of elements; what visits elements asks here which of these are none.

use std::cell::Cell;
use std::ops::Range;

/// A set of places, one bit each. Most arrays have none, and then there are no bits.
#[derive(Default)]
pub(crate) struct Holes {
    bits: Cell<Vec<u64>>,
    /// Whether there are bits: what every visit of an element asks.
    any: Cell<bool>,
}

impl Holes {
    /// Looks at the bits, or changes them.
    fn with<T>(&self, look: impl FnOnce(&mut Vec<u64>) -> T) -> T {
        let mut bits = self.bits.take();
        let result = look(&mut bits);
        self.any.set(!bits.is_empty());
        self.bits.set(bits);
        result
    }

    /// Whether there may be any.
    #[inline]
    pub(crate) fn any(&self) -> bool {
        self.any.get()
    }

    #[inline]
    pub(crate) fn has(&self, place: usize) -> bool {
        self.any() && self.with(|bits| bits.get(place / 64).is_some_and(|word| word & (1 << (place % 64)) != 0))
    }

    /// Adds places.
    pub(crate) fn add(&self, places: Range<usize>) {
        if places.is_empty() {
            return;
        }
        self.with(|bits| {
            bits.resize(bits.len().max(places.end.div_ceil(64)), 0);
            let mut place = places.start;
            while place < places.end {
                let (word, from) = (place / 64, place % 64);
                let count = (64 - from).min(places.end - place);
                bits[word] |= (u64::MAX >> (64 - count)) << from;
                place += count;
            }
        });
    }

    /// Takes a place away.
    pub(crate) fn remove(&self, place: usize) {
        if !self.any() {
            return;
        }
        self.with(|bits| {
            if let Some(word) = bits.get_mut(place / 64) {
                *word &= !(1 << (place % 64));
            }
        });
    }

    /// Takes all places from one on away.
    pub(crate) fn cut(&self, length: usize) {
        let (word, bit) = (length / 64, length % 64);
        self.with(|bits| {
            bits.truncate(word + 1);
            if let Some(last) = bits.get_mut(word) {
                *last &= (1 << bit) - 1;
            }
        });
    }

    pub(crate) fn clear(&self) {
        if self.any() {
            self.with(|bits| *bits = Vec::new());
        }
    }

    /// What they weigh.
    pub(crate) fn weight(&self) -> usize {
        if self.any() { self.with(|bits| bits.capacity() * 8) } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_added_taken_away_and_cut() {
        for (from, to) in [(0, 1), (3, 70), (63, 64), (64, 65), (60, 200), (0, 128)] {
            let holes = Holes::default();
            holes.add(from..to);
            let found: Vec<usize> = (0..300).filter(|place| holes.has(*place)).collect();
            assert_eq!(found, (from..to).collect::<Vec<_>>());
            holes.remove(from);
            holes.cut(to - 1);
            let found: Vec<usize> = (0..300).filter(|place| holes.has(*place)).collect();
            assert_eq!(found, (from + 1..to - 1).collect::<Vec<_>>());
            holes.clear();
            assert!(!holes.any() && holes.weight() == 0);
        }
        let none = Holes::default();
        none.add(5..5);
        none.remove(9);
        none.cut(0);
        assert!(!none.any());
    }
}
