//! Who waits: for a socket, a timer, a signal or the end of a task.
//!
//! Whoever waits is nearly always a task of this loop, and then its key is all that is kept: no share of a waker is
//! taken, and nothing is counted. Only a waker that some combinator made is kept as it is. So a share of a
//! task's waker that is counted lies somewhere outside of the loop, and [`alive`](super::alive()) can believe the count.

use super::slab::Key;
use std::{rc::Rc, task::Waker};

/// What becomes of a parked record when its stream is readable; see [`park`](super::park()).
pub trait Resume {
    /// The stream is readable, or the peer has closed it.
    fn resume(self: Rc<Self>);
}

/// The one who waits in some place.
#[derive(Default)]
pub(crate) enum Waiter {
    #[default]
    Nobody,
    /// A task of this loop.
    Task(Key),
    /// A waker that is not a task's own.
    Foreign(Box<Waker>),
}

/// The one who waits to read from a source: somebody, or a record without a task, and whether that holds the loop.
pub(crate) enum Reader {
    Waits(Waiter),
    Parked(Rc<dyn Resume>, bool),
}

impl Default for Reader {
    fn default() -> Self {
        Reader::Waits(Waiter::Nobody)
    }
}

impl Waiter {
    /// Whether both stand for the same one, so that one place is enough for them.
    pub(crate) fn is(&self, other: &Waiter) -> bool {
        match (self, other) {
            (Waiter::Task(one), Waiter::Task(other)) => one == other,
            (Waiter::Foreign(one), Waiter::Foreign(other)) => one.will_wake(other),
            _ => false,
        }
    }
}
