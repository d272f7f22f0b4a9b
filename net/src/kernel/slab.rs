//! A vector with free places: values get a small number, and a removed number is handed out again.
//!
//! The number alone would be dangerous: an event for a connection that was closed a moment ago must not reach the
//! connection that took over its place. So a [`Key`] also carries a *generation*, different for every insertion on
//! this thread, and a key whose generation is stale finds nothing.

use std::cell::Cell;

thread_local!(static GENERATION: Cell<u32> = const { Cell::new(1) });

/// Names one insertion into one [`Slab`]; never matches another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) index: u32,
    /// Grows with every insertion on this thread, so it also tells which of two keys is older.
    pub(crate) generation: u32,
}

impl Key {
    /// Packs the key into the 64 bits that epoll carries for us.
    pub(crate) fn to_bits(self) -> usize {
        ((self.generation as usize) << 32) | self.index as usize
    }

    /// The inverse of [`Key::to_bits`].
    pub(crate) fn from_bits(bits: usize) -> Self {
        Key { index: bits as u32, generation: (bits >> 32) as u32 }
    }
}

/// Values under [`Key`]s; insertion, look-up and removal cost O(1).
pub(crate) struct Slab<T> {
    places: Vec<(u32, Option<T>)>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Slab { places: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    pub(crate) fn insert(&mut self, value: T) -> Key {
        self.insert_with(|_| value)
    }

    /// Inserts a value that knows its own key.
    pub(crate) fn insert_with(&mut self, make: impl FnOnce(Key) -> T) -> Key {
        let generation = GENERATION.get();
        GENERATION.set(generation.wrapping_add(1));
        let free = self.free.pop();
        let key = Key { index: free.unwrap_or(self.places.len() as u32), generation };
        let place = (generation, Some(make(key)));
        match free {
            Some(index) => self.places[index as usize] = place,
            None => self.places.push(place),
        }
        key
    }

    pub(crate) fn get(&self, key: Key) -> Option<&T> {
        match self.places.get(key.index as usize) {
            Some((generation, value)) if *generation == key.generation => value.as_ref(),
            _ => None,
        }
    }

    pub(crate) fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        match self.places.get_mut(key.index as usize) {
            Some((generation, value)) if *generation == key.generation => value.as_mut(),
            _ => None,
        }
    }

    pub(crate) fn remove(&mut self, key: Key) -> Option<T> {
        match self.places.get_mut(key.index as usize) {
            Some((generation, value)) if *generation == key.generation && value.is_some() => {
                self.free.push(key.index);
                value.take()
            }
            _ => None,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// The place of a value that `wanted` accepts, searched for from `start` and around the end.
    pub(crate) fn find_from(&self, start: usize, wanted: impl Fn(&T) -> bool) -> Option<usize> {
        let accepts = |(_, place): &(u32, Option<T>)| place.as_ref().is_some_and(&wanted);
        let start = start.min(self.places.len());
        let (before, after) = self.places.split_at(start);
        let found = after.iter().position(accepts).map(|at| start + at);
        found.or_else(|| before.iter().position(accepts))
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.places.iter().filter_map(|(_, value)| value.as_ref())
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.places.iter_mut().filter_map(|(_, value)| value.as_mut())
    }

    /// Empties the slab, for tearing down: the caller drops the values, outside of any borrow.
    pub(crate) fn take_all(&mut self) -> impl Iterator<Item = T> + use<T> {
        self.free.clear();
        std::mem::take(&mut self.places).into_iter().filter_map(|(_, value)| value)
    }
}
