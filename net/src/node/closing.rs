//! The order in which sockets close.
//!
//! libuv keeps the handles that are closing in a list that grows at its head (`uv__make_close_pending`), so of those that
//! were destroyed before one closing phase the last comes first; what is destroyed meanwhile belongs to the next phase.

use crate::kernel::current;
use std::{
    cell::RefCell,
    rc::{Rc, Weak},
};

type Callback = Box<dyn FnOnce()>;

#[derive(Default)]
struct Closing {
    now: Vec<Callback>,
    next: Vec<Callback>,
}

impl Closing {
    fn pop(&mut self) -> Option<Callback> {
        if self.now.is_empty() {
            self.now = std::mem::take(&mut self.next);
        }
        self.now.pop()
    }
}

thread_local! {
    /// Held by the loop's own callbacks, so that nothing outlives a loop that was stopped.
    static CLOSING: RefCell<Weak<RefCell<Closing>>> = const { RefCell::new(Weak::new()) };
}

/// Calls `callback` in the closing phase.
pub(super) fn close(callback: impl FnOnce() + 'static) {
    let closing = CLOSING.with_borrow_mut(|place| {
        let closing = place.upgrade().unwrap_or_default();
        *place = Rc::downgrade(&closing);
        closing
    });
    closing.borrow_mut().next.push(Box::new(callback));
    current(|on| {
        on.push_closing(Box::new(move || {
            let callback = closing.borrow_mut().pop();
            if let Some(callback) = callback {
                callback();
            }
        }));
    });
}
