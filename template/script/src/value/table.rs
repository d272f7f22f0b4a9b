//! The entries of a `Map` or a `Set`, in the order of adding; ECMA-262 §24.1.

use crate::base::{
    Str,
    memory::{Held, cost},
};
use std::collections::HashMap;

/// What a key is found by: equal for values that are the same (SameValueZero).
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    Text(Str),
    Number(u64),
    /// A container or a function: where it lies. The entry holds it, so the place stays its own.
    Address(usize),
    Other(u8),
}

/// Entries; one that was deleted leaves a gap, so that a walk over them goes on where it was.
pub(crate) struct Table<V> {
    entries: Vec<Option<(V, V)>>,
    index: HashMap<Key, usize>,
    held: Held,
}

impl<V: Clone> Table<V> {
    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    pub(crate) fn get(&self, key: &Key) -> Option<&V> {
        self.entries[*self.index.get(key)?].as_ref().map(|(_, value)| value)
    }

    pub(crate) fn set(&mut self, found_by: Key, key: V, value: V) {
        if let Some(&at) = self.index.get(&found_by) {
            if let Some(entry) = &mut self.entries[at] {
                entry.1 = value;
            }
            return;
        }
        self.index.insert(found_by, self.entries.len());
        self.entries.push(Some((key, value)));
        self.held.add(cost::ENTRY + 2 * cost::INDEXED);
    }

    pub(crate) fn remove(&mut self, key: &Key) -> Option<(V, V)> {
        let at = self.index.remove(key)?;
        self.entries[at].take()
    }

    /// The entry at a place or the first one after it, and the place after that.
    pub(crate) fn next(&self, from: usize) -> Option<(usize, (V, V))> {
        let found = self.entries.iter().skip(from).position(Option::is_some)? + from;
        self.entries[found].clone().map(|entry| (found + 1, entry))
    }

    /// Takes everything out.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = V> + '_ {
        self.index.clear();
        self.held.set(0);
        self.entries.drain(..).flatten().flat_map(|(key, value)| [key, value])
    }
}

impl<V> Default for Table<V> {
    fn default() -> Table<V> {
        Table { entries: Vec::new(), index: HashMap::new(), held: Held::new(0) }
    }
}
