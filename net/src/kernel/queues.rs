//! What waits to run: next-ticks, microtasks, tasks that were put off, immediates, close callbacks.

use super::{slab::Key, waiter::Resume};
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
};

/// A plain callback, run once.
pub(crate) type Callback = Box<dyn FnOnce()>;

/// What the microtask queue holds.
pub(crate) enum Microtask {
    /// The poll of a task.
    Task(Key),
    Callback(Callback),
    Resume(Rc<dyn Resume>),
}

#[derive(Default)]
pub(crate) struct Queues {
    pub(super) ticks: RefCell<VecDeque<Callback>>,
    pub(super) microtasks: RefCell<VecDeque<Microtask>>,
    /// Tasks that wait for the next turn.
    pub(super) pending: RefCell<Vec<Key>>,
    /// Callbacks for the check phase by growing number.
    pub(super) immediates: RefCell<VecDeque<(u64, Callback)>>,
    pub(super) last_immediate: Cell<u64>,
    pub(super) closing: RefCell<VecDeque<Callback>>,
}

impl Queues {
    /// How many callbacks and tasks wait to run.
    pub(super) fn len(&self) -> usize {
        let now = self.ticks.borrow().len() + self.microtasks.borrow().len();
        now + self.pending.borrow().len() + self.immediates.borrow().len() + self.closing.borrow().len()
    }

    /// Whether a phase has something to run, so that the poll phase must not wait.
    pub(super) fn is_busy(&self) -> bool {
        !self.pending.borrow().is_empty() || !self.immediates.borrow().is_empty() || !self.closing.borrow().is_empty()
    }

    /// Takes an immediate, if the oldest one is not newer than number `last`.
    pub(super) fn pop_immediate(&self, last: u64) -> Option<(u64, Callback)> {
        let mut immediates = self.immediates.borrow_mut();
        let due = immediates.front().is_some_and(|(number, _)| *number <= last);
        if due { immediates.pop_front() } else { None }
    }

    /// Takes an immediate back.
    pub(super) fn remove_immediate(&self, number: u64) -> Option<Callback> {
        let mut immediates = self.immediates.borrow_mut();
        let at = immediates.binary_search_by_key(&number, |(number, _)| *number).ok()?;
        immediates.remove(at).map(|(_, callback)| callback)
    }
}
