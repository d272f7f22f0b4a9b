//! What the values of this thread weigh.
//!
//! Everything that a program can make holds a [`Held`]: it adds its estimated size to a counter of the thread when it is
//! made, and its `Drop` takes that off again, so nobody can forget to. A run compares the counter with what it was at its
//! start; that is the whole memory bound. A second counter only grows: what was ever made. Making costs time as well as
//! room, and a run takes that time off its steps wherever it looks at its bounds (see [`crate::run`]).

use std::cell::Cell;

/// What things weigh, in bytes, without their contents. Rough figures of a 64-bit machine: a header, two counts, and what
/// the allocator adds.
pub(crate) mod cost {
    /// A string.
    pub(crate) const STRING: usize = 56;
    /// An array, an object, a map, a function.
    pub(crate) const CONTAINER: usize = 96;
    /// An element, an argument, a captured variable.
    pub(crate) const ITEM: usize = 16;
    /// A property: key and value.
    pub(crate) const ENTRY: usize = 24;
    /// A property's place in an index, where a container has one.
    pub(crate) const INDEXED: usize = 24;
    /// A variable in a cell of its own.
    pub(crate) const CELL: usize = 56;
    /// A regular expression that shares its instructions with others.
    pub(crate) const REGEXP: usize = 48;
    /// An instruction of a regular expression, and a range of one of its classes.
    pub(crate) const INSTRUCTION: usize = 48;
    /// A range of a class of characters.
    pub(crate) const RANGE: usize = 8;
    /// A way back of the matcher.
    pub(crate) const WAY: usize = 32;
    /// A group's two ends in a match.
    pub(crate) const GROUP: usize = 24;
}

struct Meter {
    held: Cell<usize>,
    made: Cell<usize>,
}

thread_local! {
    static METER: Meter = const { Meter { held: Cell::new(0), made: Cell::new(0) } };
}

/// Bytes that the values of this thread hold now.
pub(crate) fn held() -> usize {
    METER.with(|meter| meter.held.get())
}

/// Bytes that values of this thread were ever made of, modulo the size of the counter.
pub(crate) fn made() -> usize {
    METER.with(|meter| meter.made.get())
}

/// A weight on the thread's counter for as long as it lives.
#[derive(Debug)]
pub(crate) struct Held(Cell<usize>);

impl Held {
    /// Weighs so many bytes.
    #[inline]
    pub(crate) fn new(bytes: usize) -> Held {
        grew(bytes);
        Held(Cell::new(bytes))
    }

    /// Weighs so many bytes from now on.
    #[inline]
    pub(crate) fn set(&self, bytes: usize) {
        let before = self.0.replace(bytes);
        if bytes >= before {
            grew(bytes - before);
        } else {
            shrank(before - bytes);
        }
    }

    /// Weighs so many bytes more.
    #[inline]
    pub(crate) fn add(&self, bytes: usize) {
        self.0.set(self.0.get() + bytes);
        grew(bytes);
    }
}

impl Drop for Held {
    #[inline]
    fn drop(&mut self) {
        shrank(self.0.get());
    }
}

#[inline]
fn grew(bytes: usize) {
    METER.with(|meter| {
        meter.held.set(meter.held.get().wrapping_add(bytes));
        meter.made.set(meter.made.get().wrapping_add(bytes));
    });
}

#[inline]
fn shrank(bytes: usize) {
    METER.with(|meter| meter.held.set(meter.held.get().wrapping_sub(bytes)));
}
