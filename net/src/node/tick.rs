//! Listeners run as ticks.
//!
//! In Node a socket's listeners are called from the callback of an event; the ticks that they queue run next, and then
//! the microtasks. A task here is polled as a microtask, so a listener that it called would find that order turned
//! round. So tasks only wait, and what they have waited for is told by a tick.

use crate::callbacks::next_tick;
use std::{
    cell::Cell,
    future::{Future, poll_fn},
    rc::Rc,
    task::Poll,
};

/// Calls `call` as a tick, and goes on when it and what it queued have run.
pub(super) fn in_tick(call: impl FnOnce() + 'static) -> impl Future<Output = ()> {
    let ran = Rc::new(Cell::new(false));
    let mut call = Some(call);
    poll_fn(move |context| {
        if let Some(call) = call.take() {
            let (ran, waker) = (ran.clone(), context.waker().clone());
            next_tick(move || {
                call();
                ran.set(true);
                waker.wake();
            });
        }
        if ran.get() { Poll::Ready(()) } else { Poll::Pending }
    })
}
