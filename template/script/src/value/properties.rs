//! Keys and values in JavaScript's order.
//!
//! Keys that are array indices come ascending, then the others as they were added. Entries lie in a vector in order of
//! adding; up to [`FEW`] they are searched from the front, beyond that a hash index is kept beside. An access site in a
//! program remembers the place where it found its key last time, so that the same key in the next object of a list is one
//! comparison.

use crate::base::{Str, memory::cost, number::array_index};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;

/// Entries up to which a search from the front beats a hash.
const FEW: usize = 12;

/// Where a caller found its key the last time, and the string that it was. The same key in the rows of a list is mostly
/// the same string, and then its address decides.
#[derive(Clone, Default)]
pub(crate) struct Hint {
    place: Cell<usize>,
    address: Cell<usize>,
    /// Holds the string, so that its address stays its own.
    key: RefCell<Option<Str>>,
}

impl Hint {
    #[cold]
    fn learn(&self, place: usize, key: &Str) {
        self.place.set(place);
        self.address.set(key.address());
        self.key.replace(Some(key.clone()));
    }
}

/// Keys and values in the order of adding.
#[derive(Clone)]
pub(crate) struct Properties<V> {
    entries: Vec<(Str, V)>,
    index: Option<HashMap<Str, u32>>,
    numbered: bool,
}

impl<V: Clone> Properties<V> {
    /// The value of a key, for a caller that looks for the same key again and again.
    #[inline(always)]
    pub(crate) fn find(&self, key: &Str, hint: &Hint) -> Option<&V> {
        if let Some((found, value)) = self.entries.get(hint.place.get())
            && found.address() == hint.address.get()
        {
            return Some(value);
        }
        self.find_anew(key, hint)
    }

    #[inline(never)]
    fn find_anew(&self, key: &Str, hint: &Hint) -> Option<&V> {
        let key = key.as_str();
        let known = self.entries.get(hint.place.get()).filter(|(found, _)| found.is(key));
        let place = if known.is_some() { hint.place.get() } else { self.search(key)? };
        let (found, value) = &self.entries[place];
        hint.learn(place, found);
        Some(value)
    }

    fn search(&self, key: &str) -> Option<usize> {
        match &self.index {
            Some(index) => index.get(key).map(|&n| n as usize),
            None => self.entries.iter().position(|(k, _)| k.is(key)),
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&V> {
        self.search(key).map(|n| &self.entries[n].1)
    }

    pub(crate) fn set(&mut self, key: Str, value: V) {
        if let Some(n) = self.search(key.as_str()) {
            self.entries[n].1 = value;
            return;
        }
        self.numbered |= array_index(key.as_str()).is_some();
        if let Some(index) = &mut self.index {
            index.insert(key.clone(), self.entries.len() as u32);
        }
        self.entries.push((key, value));
        if self.index.is_none() && self.entries.len() > FEW {
            self.reindex();
        }
    }

    pub(crate) fn remove(&mut self, key: &str) {
        if let Some(n) = self.search(key) {
            self.entries.remove(n);
            if self.index.is_some() {
                self.reindex();
            }
        }
    }

    fn reindex(&mut self) {
        self.index = Some(self.entries.iter().enumerate().map(|(n, (k, _))| (k.clone(), n as u32)).collect());
    }

    /// What all of it weighs.
    pub(crate) fn weight(&self) -> usize {
        self.entries.len() * (cost::ENTRY + if self.index.is_some() { cost::INDEXED } else { 0 })
    }

    /// Takes everything out.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = V> + '_ {
        self.index = None;
        self.entries.drain(..).map(|(_, value)| value)
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The entries in JavaScript's order.
    pub(crate) fn ordered(&self) -> Vec<(Str, V)> {
        let mut entries = self.entries.clone();
        if self.numbered {
            // Stable: the keys that are no index keep their order, after those that are.
            entries.sort_by_key(|(key, _)| array_index(key.as_str()).unwrap_or(u32::MAX));
        }
        entries
    }
}

impl<V> Default for Properties<V> {
    fn default() -> Properties<V> {
        Properties { entries: Vec::new(), index: None, numbered: false }
    }
}
