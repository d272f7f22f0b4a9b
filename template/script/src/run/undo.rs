//! Changing containers and shared variables, and undoing it; see [`super::journal`].

use super::journal::{Journal, Linked, Saved};
use super::machine::Cx;
use crate::value::{Array, Mark, Object, Value, VarCell};

impl Cx<'_> {
    fn notes(&mut self) -> &mut Journal {
        self.journal.get_or_insert_default()
    }

    /// Changes an array, noting first what must be undone; `stored` is what goes in, where that can make a cycle.
    pub(crate) fn change_array<R>(
        &mut self,
        array: &Array,
        stored: &[Value],
        change: impl FnOnce(&mut Vec<Value>) -> R,
    ) -> R {
        let mark = &array.0.mark;
        if mark.run.get() != self.run {
            self.notes().saved.push(Saved::Array(array.clone(), array.to_vec(), mark.run.get()));
            claim(mark, self.run);
        } else if !mark.linked.get() && stored.iter().any(Value::is_container) {
            mark.linked.set(true);
            self.notes().linked.push(Linked::Array(array.clone()));
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
        if mark.run.get() != self.run {
            let entries = object.borrow().ordered();
            self.notes().saved.push(Saved::Object(object.clone(), entries, mark.run.get()));
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
    pub(super) fn undo(&mut self) {
        let Some(notes) = self.journal.take() else { return };
        let Journal { saved, linked } = *notes;
        for entry in saved.into_iter().rev() {
            match entry {
                Saved::Array(array, items, run) => {
                    drop(array.change(|now| std::mem::replace(now, items)));
                    release(&array.0.mark, run);
                }
                Saved::Object(object, entries, run) => {
                    let before: Object = entries.into_iter().collect();
                    object.change(|now| before.change(|then| std::mem::swap(now, then)));
                    drop(before);
                    release(&object.0.mark, run);
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

fn release(mark: &Mark, run: u32) {
    mark.run.set(run);
    mark.linked.set(false);
}
