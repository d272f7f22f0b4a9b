//! What `Object.preventExtensions`, `seal` and `freeze` leave of writing, ECMA-262 §7.3.15 and §10.1.9.
//!
//! A write that may not be is nothing in sloppy code and a TypeError in strict code; a built-in always throws.

use crate::base::{
    Str,
    memory::{Held, cost},
};
use crate::run::shown::shown;
use crate::run::{Cx, R};
use crate::value::{Array, Class, Integrity, Object, Value};

/// A write that is not allowed.
pub(crate) enum Refusal<'k> {
    Add(&'k Str),
    Change(&'k Str),
    Delete(&'k Str),
}

/// Why an object does not take this key, if it does not.
pub(crate) fn of_write<'k>(object: &Object, key: &'k Str) -> Option<Refusal<'k>> {
    let integrity = object.0.mark.integrity.get();
    if integrity == Integrity::Open {
        return None;
    }
    match (object.property(key).is_some(), integrity) {
        (false, _) => Some(Refusal::Add(key)),
        (true, Integrity::Frozen) => Some(Refusal::Change(key)),
        (true, _) => None,
    }
}

/// Where what has no properties in itself lies.
pub(super) fn address(value: &Value) -> usize {
    match value {
        Value::Array(array) => array.address(),
        Value::Function(function) => function.address(),
        Value::RegExp(regexp) => regexp.address(),
        _ => 0,
    }
}

impl Cx<'_> {
    /// A write that is not done.
    #[cold]
    pub(crate) fn refuse(&mut self, strict: bool, on: &Value, refusal: &Refusal<'_>) -> R<()> {
        if !strict {
            return Ok(());
        }
        let tag = shown(on);
        let tag = tag.as_str();
        let message = match refusal {
            Refusal::Add(key) => format!("Cannot add property {}, object is not extensible", key.as_str()),
            Refusal::Change(key) => {
                format!("Cannot assign to read only property '{}' of object '{tag}'", key.as_str())
            }
            Refusal::Delete(key) => format!("Cannot delete property '{}' of {tag}", key.as_str()),
        };
        self.type_error(message)
    }

    /// What a built-in does to an array that may not change in every way: the copy shows which way it would be. What
    /// JavaScript has done before it throws is done.
    #[cold]
    pub(crate) fn change_guarded<T>(&mut self, array: &Array, change: impl FnOnce(&mut Vec<Value>) -> T) -> R<T> {
        let before = array.to_vec();
        self.items(before.len())?;
        let mut after = before.clone();
        let result = change(&mut after);
        let on = Value::Array(array.clone());
        let integrity = array.0.mark.integrity.get();
        let place = |n: usize| Str::from(n.to_string());
        let differs = before.iter().zip(&after).position(|(old, new)| !old.is_same(new));
        if after.len() > before.len() {
            let first = if differs.is_some() { after.len() - 1 } else { before.len() };
            self.refuse(true, &on, &Refusal::Add(&place(first)))?;
        } else if after.len() < before.len() && integrity >= Integrity::Sealed {
            if integrity == Integrity::Frozen && differs.is_some() {
                return self.refuse(true, &on, &Refusal::Change(&place(0))).map(|()| result);
            }
            let last = place(before.len() - 1);
            after.extend_from_slice(&before[after.len()..]);
            array.change(|items| *items = after);
            self.refuse(true, &on, &Refusal::Delete(&last))?;
        } else if integrity == Integrity::Frozen {
            let first = differs.map_or_else(|| "length".into(), place);
            self.refuse(true, &on, &Refusal::Change(&first))?;
        } else {
            array.change(|items| *items = after);
        }
        Ok(result)
    }

    /// Lets a value be changed in fewer ways.
    pub(crate) fn restrict(&mut self, value: &Value, to: Integrity) {
        let mark = match value {
            Value::Array(array) => {
                self.note_array(array, &[]);
                &array.0.mark
            }
            Value::Object(object) => {
                self.change_object(object, &[], |_| ());
                &object.0.mark
            }
            Value::Function(_) | Value::RegExp(_) => {
                let to = self.integrity_of(value).max(to);
                let held = Held::new(cost::ENTRY + cost::INDEXED);
                self.notes().restricted.insert(address(value), (value.clone(), to, held));
                return;
            }
            _ => return,
        };
        mark.integrity.set(mark.integrity.get().max(to));
    }

    /// How a value may be changed; a primitive not at all.
    pub(crate) fn integrity_of(&self, value: &Value) -> Integrity {
        match value {
            Value::Array(array) => array.0.mark.integrity.get(),
            Value::Object(object) => object.0.mark.integrity.get(),
            Value::Function(_) | Value::RegExp(_) => {
                let known = self.journal.as_ref().and_then(|notes| notes.restricted.get(&address(value)));
                known.map_or(Integrity::Open, |(_, integrity, _)| *integrity)
            }
            _ => Integrity::Frozen,
        }
    }

    /// Whether a value is as firm as that: without properties of its own, what takes none is.
    pub(crate) fn is_firm(&self, value: &Value, wanted: Integrity) -> bool {
        let integrity = self.integrity_of(value);
        let empty = match value {
            Value::Object(object) => object.is_empty() && object.0.class.get() != Class::Error,
            Value::Array(array) => array.is_empty(),
            // `lastIndex` is sealed, and can be written.
            Value::RegExp(_) => wanted != Integrity::Frozen,
            _ => false,
        };
        integrity >= wanted || (integrity != Integrity::Open && empty)
    }
}
