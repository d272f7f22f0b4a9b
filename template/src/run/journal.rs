//! What a render changed, and how it is undone.
//!
//! JavaScript passes objects by reference, and a template may sort the list it was given. The host must not find its
//! data sorted afterwards, and a second render must not see what the first one did. So the first change to a container
//! that this render did not make notes the old contents; the end of the render, by success or by error, puts them
//! back. No copy is made for templates that only read.
//!
//! The other end of the same string: values are counted references, and a cycle would never be freed. A cycle can only
//! arise by putting a container or a function into something that already exists, so those somethings are noted too,
//! and emptied at the end.

use crate::value::{Array, Mark, Object, Value, VarCell};

use super::Cx;

/// A container and what it held before this render changed it.
enum Saved {
    Array(Array, Vec<Value>, u32),
    Object(Object, Vec<(crate::value::Str, Value)>, u32),
}

/// Something that this render made, and that may be part of a cycle.
enum Linked {
    Array(Array),
    Object(Object),
    Cell(VarCell),
}

/// The notes of one render.
#[derive(Default)]
pub(crate) struct Journal {
    saved: Vec<Saved>,
    linked: Vec<Linked>,
}

impl Cx<'_> {
    /// A new array of this render.
    pub(crate) fn array(&self, items: Vec<Value>) -> Value {
        let array = Array::new(items);
        array.0.mark.render.set(self.render);
        array.into()
    }

    /// Stamps an object as made by this render.
    pub(crate) fn own(&self, object: Object) -> Object {
        object.0.mark.render.set(self.render);
        object
    }

    /// Changes an array, noting first what must be undone; `stored` is what goes in, where that can make a cycle.
    pub(crate) fn change_array<R>(
        &mut self,
        array: &Array,
        stored: &[Value],
        change: impl FnOnce(&mut Vec<Value>) -> R,
    ) -> R {
        let mark = &array.0.mark;
        if mark.render.get() != self.render {
            self.journal.saved.push(Saved::Array(array.clone(), array.to_vec(), mark.render.get()));
            claim(mark, self.render);
        } else if !mark.linked.get() && stored.iter().any(Value::is_container) {
            mark.linked.set(true);
            self.journal.linked.push(Linked::Array(array.clone()));
        }
        array.change(change)
    }

    /// Sets a property, noting first what must be undone.
    pub(crate) fn change_object<R>(
        &mut self,
        object: &Object,
        stored: &[Value],
        change: impl FnOnce(&Object) -> R,
    ) -> R {
        let mark = &object.0.mark;
        if mark.render.get() != self.render {
            let entries = object.borrow().ordered();
            self.journal.saved.push(Saved::Object(object.clone(), entries, mark.render.get()));
            claim(mark, self.render);
        } else if !mark.linked.get() && stored.iter().any(Value::is_container) {
            mark.linked.set(true);
            self.journal.linked.push(Linked::Object(object.clone()));
        }
        change(object)
    }

    /// Sets a captured variable.
    pub(crate) fn set_cell(&mut self, cell: &VarCell, value: Value) {
        if value.is_container() && cell.link() {
            self.journal.linked.push(Linked::Cell(cell.clone()));
        }
        drop(cell.replace(value));
    }

    /// Undoes what the render did to data that is not its own, and opens the cycles of what is.
    pub(super) fn undo(&mut self) {
        if self.journal.saved.is_empty() && self.journal.linked.is_empty() {
            return;
        }
        let Journal { saved, linked } = std::mem::take(&mut self.journal);
        for entry in saved.into_iter().rev() {
            match entry {
                Saved::Array(array, items, render) => {
                    drop(array.change(|now| std::mem::replace(now, items)));
                    release(&array.0.mark, render);
                }
                Saved::Object(object, entries, render) => {
                    let before: Object = entries.into_iter().collect();
                    object.change(|now| before.change(|then| std::mem::swap(now, then)));
                    drop(before);
                    release(&object.0.mark, render);
                }
            }
        }
        for entry in linked {
            match entry {
                Linked::Array(array) => drop(array.change(std::mem::take)),
                Linked::Object(object) => drop(object.change(std::mem::take)),
                Linked::Cell(cell) => drop(cell.replace(Value::Undefined)),
            }
        }
    }
}

/// A foreign container counts as this render's own from here on; its old contents come back, so no cycle stays in it.
fn claim(mark: &Mark, render: u32) {
    mark.render.set(render);
    mark.linked.set(true);
}

fn release(mark: &Mark, render: u32) {
    mark.render.set(render);
    mark.linked.set(false);
}
