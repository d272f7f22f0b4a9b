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

/// What a property is found by: a text, or a string, which may have half characters.
pub(crate) trait Name {
    fn text(&self) -> &str;

    /// The code units of a string with half characters.
    fn halves(&self) -> Option<&[u16]>;
}

impl Name for str {
    fn text(&self) -> &str {
        self
    }

    fn halves(&self) -> Option<&[u16]> {
        None
    }
}

impl Name for Str {
    #[inline]
    fn text(&self) -> &str {
        self.as_str()
    }

    #[inline]
    fn halves(&self) -> Option<&[u16]> {
        self.halves()
    }
}

/// Keys and values in the order of adding.
#[derive(Clone)]
pub(crate) struct Properties<V> {
    entries: Vec<(Str, V)>,
    index: Option<Box<Index>>,
    numbered: bool,
}

/// The places of many keys: those that are texts, and those with half characters.
#[derive(Clone)]
struct Index {
    texts: HashMap<Str, u32>,
    halves: HashMap<Vec<u16>, u32>,
    /// The key of entries that were removed, and how many there are. They stay until they are half of all, so that the others
    /// stay where they are.
    gone: Str,
    removed: usize,
}

impl Index {
    fn get(&self, key: &(impl Name + ?Sized)) -> Option<usize> {
        let place = match key.halves() {
            None => self.texts.get(key.text()),
            Some(units) => self.halves.get(units),
        };
        place.map(|&n| n as usize)
    }

    fn remove(&mut self, key: &(impl Name + ?Sized)) {
        match key.halves() {
            None => self.texts.remove(key.text()),
            Some(units) => self.halves.remove(units),
        };
    }

    fn insert(&mut self, key: &Str, place: usize) {
        match key.halves() {
            None => self.texts.insert(key.clone(), place as u32),
            Some(units) => self.halves.insert(units.to_vec(), place as u32),
        };
    }
}

/// Whether a key is that name.
#[inline]
fn is(key: &Str, name: &(impl Name + ?Sized)) -> bool {
    match name.halves() {
        None => key.is(name.text()),
        Some(units) => key.halves() == Some(units),
    }
}

impl<V: Clone + Default> Properties<V> {
    /// The value of a key, for a caller that looks for the same key again and again.
    #[inline(always)]
    pub(crate) fn find(&self, key: &(impl Name + ?Sized), hint: &Hint) -> Option<&V> {
        if let Some((found, value)) = self.entries.get(hint.place.get())
            && found.address() == hint.address.get()
        {
            return Some(value);
        }
        self.find_anew(key, hint)
    }

    #[inline(never)]
    fn find_anew(&self, key: &(impl Name + ?Sized), hint: &Hint) -> Option<&V> {
        let known = self.entries.get(hint.place.get()).filter(|(found, _)| is(found, key) && !self.is_gone(found));
        let place = if known.is_some() { hint.place.get() } else { self.search(key)? };
        let (found, value) = &self.entries[place];
        hint.learn(place, found);
        Some(value)
    }

    fn search(&self, key: &(impl Name + ?Sized)) -> Option<usize> {
        match &self.index {
            Some(index) => index.get(key),
            None => self.entries.iter().position(|(k, _)| is(k, key)),
        }
    }

    pub(crate) fn get(&self, key: &(impl Name + ?Sized)) -> Option<&V> {
        self.search(key).map(|n| &self.entries[n].1)
    }

    pub(crate) fn set(&mut self, key: Str, value: V) {
        if let Some(n) = self.search(&key) {
            self.entries[n].1 = value;
            return;
        }
        self.numbered |= array_index(key.as_str()).is_some();
        if let Some(index) = &mut self.index {
            index.insert(&key, self.entries.len());
        }
        self.entries.push((key, value));
        if self.index.is_none() && self.entries.len() > FEW {
            self.reindex();
        }
    }

    pub(crate) fn remove(&mut self, key: &(impl Name + ?Sized)) {
        if let Some(n) = self.search(key) {
            let Some(index) = &mut self.index else {
                self.entries.remove(n);
                return;
            };
            index.remove(key);
            index.removed += 1;
            self.entries[n] = (index.gone.clone(), V::default());
            if index.removed * 2 > self.entries.len() {
                let gone = index.gone.address();
                self.entries.retain(|(key, _)| key.address() != gone);
                self.reindex();
            }
        }
    }

    fn reindex(&mut self) {
        let index = Index { texts: HashMap::new(), halves: HashMap::new(), gone: Str::new(""), removed: 0 };
        let index = self.index.insert(Box::new(index));
        self.entries.iter().enumerate().for_each(|(n, (key, _))| index.insert(key, n));
    }

    /// Whether a key is that of entries that were removed.
    fn is_gone(&self, key: &Str) -> bool {
        self.index.as_ref().is_some_and(|index| index.gone.ptr_eq(key))
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
        self.entries.len() - self.index.as_ref().map_or(0, |index| index.removed)
    }

    /// The entries in JavaScript's order.
    pub(crate) fn ordered(&self) -> Vec<(Str, V)> {
        let mut entries = self.entries.clone();
        if self.index.as_ref().is_some_and(|index| index.removed > 0) {
            entries.retain(|(key, _)| !self.is_gone(key));
        }
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
