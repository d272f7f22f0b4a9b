//! Listeners run as ticks.
//!
//! In Node a socket's listeners are called from the callback of an event; the ticks that they queue run next, and then
//! the microtasks. A task here is polled as a microtask, so a listener that it called would find that order turned
//! round. So tasks only wait, and what they have waited for is told by a tick.

use crate::{kernel::next_tick, signal::Signal};
use std::{cell::Cell, rc::Rc};

/// Calls `call` as a tick, and goes on when it and what it queued have run.
pub(super) async fn in_tick(call: impl FnOnce() + 'static) {
    let tick = Rc::new((Signal::new(), Cell::new(false)));
    let ran = tick.clone();
    next_tick(move || {
        call();
        ran.1.set(true);
        ran.0.raise();
    });
    tick.0.until(|| tick.1.get().then_some(())).await;
}
