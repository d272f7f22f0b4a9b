//! Arrays and objects, held by reference as JavaScript does.
//!
//! **Property order** is JavaScript's: keys that are array indices ascending, then the others as they were added. An
//! object keeps its entries in a vector in order of adding; up to [`FEW`] they are searched from the front, beyond that
//! a hash index is kept beside. An access site in a template remembers the place where it found its key last time, so
//! that the same key in the next object of a list is one comparison.
//!
//! **Whose it is.** A template may change what it was given, as JavaScript does: but the host's data must be the same
//! after a render. Every container carries the stamp of the render that made it; before a render changes one with
//! another stamp, it notes the old contents, and puts them back at its end (see [`crate::run::journal`]).

use super::{Str, Value, memory};
use std::cell::{Cell, OnceCell, Ref, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

/// Entries up to which a search from the front beats a hash.
const FEW: usize = 12;
const ENTRY: usize = std::mem::size_of::<(Str, Value)>();
const ITEM: usize = std::mem::size_of::<Value>();
const OVERHEAD: usize = 64;

/// Who made a container, and whether the render that made it must take it apart at its end.
#[derive(Default, Debug)]
pub(crate) struct Mark {
    pub(crate) render: Cell<u32>,
    pub(crate) linked: Cell<bool>,
}

/// An array. Cloning shares it.
#[derive(Clone)]
pub struct Array(pub(crate) Rc<ArrayData>);

pub(crate) struct ArrayData {
    items: RefCell<Vec<Value>>,
    /// What the result of a match has besides its elements.
    extra: OnceCell<Object>,
    counted: Cell<usize>,
    pub(crate) mark: Mark,
}

impl Array {
    /// An array of these values.
    pub fn new(items: Vec<Value>) -> Array {
        let counted = items.len() * ITEM + OVERHEAD;
        memory::grew(counted);
        let items = RefCell::new(items);
        let extra = OnceCell::new();
        Array(Rc::new(ArrayData { items, extra, counted: Cell::new(counted), mark: Mark::default() }))
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.0.items.borrow().len()
    }

    /// Whether it has no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The element at an index.
    #[inline]
    pub fn get(&self, index: usize) -> Option<Value> {
        self.0.items.borrow().get(index).cloned()
    }

    /// A copy of the elements.
    pub fn to_vec(&self) -> Vec<Value> {
        self.0.items.borrow().clone()
    }

    pub(crate) fn borrow(&self) -> Ref<'_, Vec<Value>> {
        self.0.items.borrow()
    }

    /// Changes the elements. The closure must not call back into a template.
    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut Vec<Value>) -> R) -> R {
        let result = change(&mut self.0.items.borrow_mut());
        let now = self.len() * ITEM + OVERHEAD;
        recount(&self.0.counted, now);
        result
    }

    /// Gives the array named properties; only results of matches have any.
    pub(crate) fn set_extra(&self, extra: Object) {
        let _ = self.0.extra.set(extra);
    }

    pub(crate) fn extra(&self, name: &str) -> Option<Value> {
        self.0.extra.get()?.get(name)
    }

    pub(crate) fn ptr_eq(&self, other: &Array) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn address(&self) -> usize {
        Rc::as_ptr(&self.0) as usize
    }
}

fn recount(counted: &Cell<usize>, now: usize) {
    let before = counted.replace(now);
    if now > before {
        memory::grew(now - before);
    } else {
        memory::shrank(before - now);
    }
}

impl Drop for ArrayData {
    fn drop(&mut self) {
        memory::shrank(self.counted.get());
        memory::bury(&mut self.items.get_mut().drain(..));
    }
}

/// What kind of object: errors print and stringify in their own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum Class {
    #[default]
    Plain,
    Error,
}

/// An object: properties in order. Cloning shares it.
#[derive(Clone)]
pub struct Object(pub(crate) Rc<ObjectData>);

pub(crate) struct ObjectData {
    properties: RefCell<Properties>,
    counted: Cell<usize>,
    pub(crate) mark: Mark,
    pub(crate) class: Cell<Class>,
}

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
#[derive(Clone, Default)]
pub(crate) struct Properties {
    entries: Vec<(Str, Value)>,
    index: Option<HashMap<Str, u32>>,
    numbered: bool,
}

impl Properties {
    /// The value of a key, for a caller that looks for the same key again and again.
    #[inline]
    pub(crate) fn find(&self, key: &str, hint: &Hint) -> Option<&Value> {
        if let Some((found, value)) = self.entries.get(hint.place.get())
            && found.address() == hint.address.get()
        {
            return Some(value);
        }
        self.find_anew(key, hint)
    }

    fn find_anew(&self, key: &str, hint: &Hint) -> Option<&Value> {
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

    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        self.search(key).map(|n| &self.entries[n].1)
    }

    pub(crate) fn set(&mut self, key: Str, value: Value) {
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

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The entries in JavaScript's order.
    pub(crate) fn ordered(&self) -> Vec<(Str, Value)> {
        let mut entries = self.entries.clone();
        if self.numbered {
            // Stable: the keys that are no index keep their order, after those that are.
            entries.sort_by_key(|(key, _)| array_index(key.as_str()).unwrap_or(u32::MAX));
        }
        entries
    }
}

/// The array index that a key is in its canonical spelling: `0`, `1`, … below 2^32 - 1.
pub(crate) fn array_index(key: &str) -> Option<u32> {
    let canonical = matches!(key.as_bytes(), [b'0'] | [b'1'..=b'9', ..]) && key.bytes().all(|b| b.is_ascii_digit());
    if canonical { key.parse().ok().filter(|&n| n != u32::MAX) } else { None }
}

impl Object {
    /// An object without properties.
    pub fn new() -> Object {
        memory::grew(OVERHEAD);
        Object(Rc::new(ObjectData {
            properties: RefCell::default(),
            counted: Cell::new(OVERHEAD),
            mark: Mark::default(),
            class: Cell::default(),
        }))
    }

    /// The value of a property of its own.
    pub fn get(&self, key: &str) -> Option<Value> {
        self.0.properties.borrow().get(key).cloned()
    }

    /// Sets a property, at the end when it is new.
    pub fn set(&self, key: impl Into<Str>, value: impl Into<Value>) {
        self.change(|properties| properties.set(key.into(), value.into()));
    }

    /// Number of properties.
    pub fn len(&self) -> usize {
        self.0.properties.borrow().len()
    }

    /// Whether it has no property.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Keys and values in JavaScript's order.
    pub fn entries(&self) -> Vec<(Str, Value)> {
        if self.0.class.get() == Class::Error {
            // `message` and `stack` are not enumerable.
            return Vec::new();
        }
        self.0.properties.borrow().ordered()
    }

    pub(crate) fn borrow(&self) -> Ref<'_, Properties> {
        self.0.properties.borrow()
    }

    /// Changes the properties. The closure must not call back into a template.
    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut Properties) -> R) -> R {
        let mut properties = self.0.properties.borrow_mut();
        let result = change(&mut properties);
        recount(&self.0.counted, properties.len() * ENTRY + OVERHEAD);
        result
    }

    pub(crate) fn ptr_eq(&self, other: &Object) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn address(&self) -> usize {
        Rc::as_ptr(&self.0) as usize
    }
}

impl Default for Object {
    fn default() -> Object {
        Object::new()
    }
}

impl Drop for ObjectData {
    fn drop(&mut self) {
        memory::shrank(self.counted.get());
        memory::bury(&mut self.properties.get_mut().entries.drain(..).map(|(_, value)| value));
    }
}

impl FromIterator<(Str, Value)> for Object {
    fn from_iter<I: IntoIterator<Item = (Str, Value)>>(entries: I) -> Object {
        let object = Object::new();
        object.change(|properties| {
            for (key, value) in entries {
                properties.set(key, value);
            }
        });
        object
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn index_keys_come_first() {
        let object = Object::new();
        for key in ["b", "10", "a", "9", "01"] {
            object.set(key, 1.0);
        }
        let keys: Vec<_> = object.entries().into_iter().map(|(k, _)| k.as_str().to_owned()).collect();
        assert_eq!(keys, ["9", "10", "b", "a", "01"]);
    }

    #[test]
    fn many_keys_are_found_and_removed() {
        let object = Object::new();
        for n in 0..100 {
            object.set(format!("k{n}"), f64::from(n));
        }
        object.change(|p| p.remove("k50"));
        assert!(object.get("k50").is_none());
        assert!(matches!(object.get("k51"), Some(Value::Number(n)) if n == 51.0));
        assert_eq!(object.len(), 99);
    }

    #[test]
    fn deep_nesting_drops_without_recursion() {
        let mut value = Value::Null;
        for n in 0..1_000_000 {
            value = if n % 2 == 0 {
                Value::from(vec![value])
            } else {
                [(Str::from("x"), value)].into_iter().collect::<Object>().into()
            };
        }
        let before = memory::held();
        drop(value);
        assert!(memory::held() < before);
    }
}
