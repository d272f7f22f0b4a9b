//! Properties by name of what has none by nature: `list.total = 3`, `render.count++`.
//!
//! Arrays and functions are made often and hardly ever have any. So theirs lie in the notes of the run, which end with it:
//! the host finds its own as they were.

use super::integrity::{Refusal, address};
use crate::base::{
    Str,
    memory::{Held, cost},
};
use crate::run::{Cx, R};
use crate::value::{Integrity, Object, Value};

impl Cx<'_> {
    /// The properties by name of an array or a function, if it has any.
    #[inline]
    pub(crate) fn named(&self, value: &Value) -> Option<&Object> {
        let named = &self.journal.as_ref()?.named;
        if named.is_empty() || !matches!(value, Value::Array(_) | Value::Function(_)) {
            return None;
        }
        named.get(&address(value)).map(|(_, named, _)| named)
    }

    /// One of them.
    #[inline]
    pub(crate) fn named_member(&self, value: &Value, key: &Str) -> Option<Value> {
        self.named(value)?.property(key)
    }

    /// `list.key = value`, `function.key = value`.
    pub(super) fn set_named(&mut self, on: &Value, key: &Str, value: Value, strict: bool) -> R<()> {
        self.step()?;
        let integrity = self.integrity_of(on);
        let is_there = self.named_member(on, key).is_some();
        match on {
            Value::Function(_) if matches!(key.as_str(), "name" | "length") => {
                return self.refuse(strict, on, &Refusal::Change(key));
            }
            _ if is_there && integrity == Integrity::Frozen => return self.refuse(strict, on, &Refusal::Change(key)),
            _ if !is_there && integrity != Integrity::Open => return self.refuse(strict, on, &Refusal::Add(key)),
            _ => {}
        }
        let object = match self.named(on) {
            Some(object) => object.clone(),
            None => {
                let object = self.own(Object::new());
                let held = Held::new(cost::ENTRY + cost::INDEXED);
                self.notes().named.insert(address(on), (on.clone(), object.clone(), held));
                object
            }
        };
        let stored = [value.clone()];
        self.change_object(&object, &stored, |object| object.set(key.clone(), value));
        Ok(())
    }

    /// `delete list.key`; whether it is gone.
    pub(super) fn delete_named(&mut self, on: &Value, key: &Str, strict: bool) -> R<bool> {
        let Some(object) = self.named(on).cloned() else { return Ok(true) };
        if self.integrity_of(on) >= Integrity::Sealed && object.property(key).is_some() {
            return self.refuse(strict, on, &Refusal::Delete(key)).map(|()| false);
        }
        self.steps(object.len() / 16)?;
        self.change_object(&object, &[], |object| object.change(|properties| properties.remove(key)));
        Ok(true)
    }
}
