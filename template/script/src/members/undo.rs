//! Changing containers and shared variables, and undoing it; see [`crate::run::journal`].

use crate::run::journal::{Journal, Linked, Saved, Stamp};
use crate::run::{Cx, R};
use crate::value::{Array, Integrity, Mark, Object, Value, VarCell};

impl Cx<'_> {
    pub(crate) fn notes(&mut self) -> &mut Journal {
        self.journal.get_or_insert_default()
    }

    /// Changes an array, noting first what must be undone; `stored` is what goes in, where that can make a cycle.
    ///
    /// # Errors
    /// A TypeError, when it may not change in this way.
    pub(crate) fn change_array<T>(
        &mut self,
        array: &Array,
        stored: &[Value],
        change: impl FnOnce(&mut Vec<Value>) -> T,
    ) -> R<T> {
        self.note_array(array, stored);
        if array.0.mark.integrity.get() == Integrity::Open {
            Ok(array.change(change))
        } else {
            self.change_guarded(array, change)
        }
    }

    /// The same where all other elements stay at their places, so that what holds nothing still does.
    pub(crate) fn change_some<T>(
        &mut self,
        array: &Array,
        stored: &[Value],
        change: impl FnOnce(&mut Vec<Value>) -> T,
    ) -> R<T> {
        if array.0.mark.integrity.get() != Integrity::Open || !array.has_holes() {
            return self.change_array(array, stored, change);
        }
        self.note_array(array, stored);
        let result = array.change_some(change);
        array.cut_holes(array.len());
        Ok(result)
    }

    /// Notes what must be undone when this array changes.
    pub(crate) fn note_array(&mut self, array: &Array, stored: &[Value]) {
        let mark = &array.0.mark;
        if mark.run.get() != self.run {
            self.notes().saved.push(Saved::Array(array.clone(), array.to_vec(), stamp(mark)));
            claim(mark, self.run);
        } else if !mark.linked.get() && stored.iter().any(Value::is_container) {
            mark.linked.set(true);
            self.notes().linked.push(Linked::Array(array.clone()));
        }
    }

    /// Sets a property, noting first what must be undone.
    pub(crate) fn change_object<R>(
        &mut self,
        object: &Object,
        stored: &[Value],
        change: impl FnOnce(&Object) -> R,
    ) -> R {
        let mark = &object.0.mark;
        if mark.run.get() != self.run {
            let entries = object.borrow().ordered();
            self.notes().saved.push(Saved::Object(object.clone(), entries, stamp(mark)));
            claim(mark, self.run);
        } else if !mark.linked.get() && stored.iter().any(Value::is_container) {
            mark.linked.set(true);
            self.notes().linked.push(Linked::Object(object.clone()));
        }
        change(object)
    }

    /// Sets a captured variable.
    pub(crate) fn set_cell(&mut self, cell: &VarCell, value: Value) {
        if value.is_container() && cell.link() {
            self.notes().linked.push(Linked::Cell(cell.clone()));
        }
        drop(cell.replace(value));
    }

    /// Undoes what the run did to data that is not its own, and opens the cycles of what is.
    pub(crate) fn undo(&mut self) {
        let Some(notes) = self.journal.take() else { return };
        let Journal { saved, linked, restricted: _, named: _ } = *notes;
        for entry in saved.into_iter().rev() {
            match entry {
                Saved::Array(array, items, stamp) => {
                    drop(array.change(|now| std::mem::replace(now, items)));
                    release(&array.0.mark, stamp);
                }
                Saved::Object(object, entries, stamp) => {
                    let before: Object = entries.into_iter().collect();
                    object.change(|now| before.change(|then| std::mem::swap(now, then)));
                    drop(before);
                    release(&object.0.mark, stamp);
                }
            }
        }
        for entry in linked {
            match entry {
                Linked::Array(array) => drop(array.change(std::mem::take)),
                Linked::Object(object) => object.empty(),
                Linked::Cell(cell) => drop(cell.replace(Value::Undefined)),
            }
        }
    }
}

/// A foreign container counts as this run's own from here on; its old contents come back, so no cycle stays in it.
fn claim(mark: &Mark, run: u32) {
    mark.run.set(run);
    mark.linked.set(true);
}

fn stamp(mark: &Mark) -> Stamp {
    (mark.run.get(), mark.integrity.get())
}

fn release(mark: &Mark, (run, integrity): Stamp) {
    mark.run.set(run);
    mark.linked.set(false);
    mark.integrity.set(integrity);
}
