//! What the values of this thread weigh, and how they are taken apart without recursion.
//!
//! Strings, arrays and objects add their estimated size to a counter of the thread when they are made and take it off
//! when they go. A render compares the counter with what it was at its start; that is the whole memory bound.
//!
//! A value nested a hundred thousand levels deep would overflow the stack if each level dropped the next. Containers
//! therefore hand their contents to a queue of the thread: the first one that drops drains it, the others only add.

use super::Value;
use std::cell::{Cell, RefCell};

thread_local! {
    static HELD: Cell<usize> = const { Cell::new(0) };
    static DRAINING: Cell<bool> = const { Cell::new(false) };
    static QUEUE: RefCell<Vec<Value>> = const { RefCell::new(Vec::new()) };
}

/// Bytes that the values of this thread hold now.
pub(crate) fn held() -> usize {
    HELD.with(Cell::get)
}

pub(super) fn grew(bytes: usize) {
    HELD.with(|held| held.set(held.get().wrapping_add(bytes)));
}

pub(super) fn shrank(bytes: usize) {
    // A value may outlive the thread-local on thread exit only as a leak; `try_with` keeps that from panicking.
    let _ = HELD.try_with(|held| held.set(held.get().wrapping_sub(bytes)));
}

/// Drops the contents of a container without recursion.
pub(super) fn bury(contents: &mut dyn Iterator<Item = Value>) {
    let mut contents = contents.filter(Value::is_container).peekable();
    if contents.peek().is_none() {
        return;
    }
    let queued = QUEUE.try_with(|queue| queue.borrow_mut().extend(contents)).is_ok();
    if !queued || DRAINING.try_with(|draining| draining.replace(true)) != Ok(false) {
        return;
    }
    while let Ok(Some(value)) = QUEUE.try_with(|queue| queue.borrow_mut().pop()) {
        drop(value);
    }
    let _ = DRAINING.try_with(|draining| draining.set(false));
}
