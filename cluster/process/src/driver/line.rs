//! Who waits for room, in the order in which they came. Without a line one who sends again and again has all the room there ever is,
//! because it fills it before the others have looked.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
};
use wirebook_net::Signal;

/// See the module.
#[derive(Default)]
pub(super) struct Line {
    /// By growing number.
    places: RefCell<VecDeque<u64>>,
    last: Cell<u64>,
}

/// A place in it, until it is dropped.
pub(super) struct Place<'l> {
    line: &'l Line,
    /// Raised when the next one may look.
    moved: &'l Signal,
    number: u64,
}

impl Line {
    /// Whether the room is theirs who have that place, or none.
    pub(super) fn is_next(&self, place: Option<&Place<'_>>) -> bool {
        let places = self.places.borrow();
        places.front().is_none_or(|first| place.is_some_and(|place| place.number == *first))
    }

    /// The last place.
    pub(super) fn join<'l>(&'l self, moved: &'l Signal) -> Place<'l> {
        let number = self.last.get() + 1;
        self.last.set(number);
        self.places.borrow_mut().push_back(number);
        Place { line: self, moved, number }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let is_last = {
            let places = &mut *self.line.places.borrow_mut();
            places.retain(|place| *place != self.number);
            places.is_empty()
        };
        if !is_last {
            self.moved.raise();
        }
    }
}
