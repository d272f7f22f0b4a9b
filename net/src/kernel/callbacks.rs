//! The loop's plain callbacks, by Node's names.

use super::{
    current::{Microtask, current, try_current},
    slab::Key,
    timers::Action,
};
use std::{marker::PhantomData, time::Duration};

/// Node raises shorter delays to this, so that a timer never fires in the phase that set it.
const MIN_DELAY: Duration = Duration::from_millis(1);

/// Calls `callback` right after the current callback, before any microtask and before the loop goes on.
///
/// A tick that always queues another tick starves the loop, as in Node.
///
/// # Panics
/// When no loop runs on this thread; so do the other functions here.
pub fn next_tick(callback: impl FnOnce() + 'static) {
    current(|on| on.push_tick(Box::new(callback)));
}

/// Calls `callback` as a microtask: after the current callback and all next-ticks, in one queue with the tasks that
/// are ready to run.
pub fn queue_microtask(callback: impl FnOnce() + 'static) {
    current(|on| on.push_microtask(Microtask::Callback(Box::new(callback))));
}

/// Calls `callback` once, in the timers phase, when at least `delay` has passed; less than one millisecond counts as
/// one.
pub fn set_timeout(callback: impl FnOnce() + 'static, delay: Duration) -> Handle {
    current(|on| {
        let deadline = on.deadline(delay.max(MIN_DELAY));
        Handle::new(Kind::Timer(on.insert_timer(deadline, Action::Once(Box::new(callback)))))
    })
}

/// Calls `callback` again and again, each time `period` (at least one millisecond) after the call before began. A call that
/// comes late, or takes longer than the period, puts the next one off and is not made up for, as in Node.
pub fn set_interval(callback: impl FnMut() + 'static, period: Duration) -> Handle {
    current(|on| {
        let period = period.max(MIN_DELAY);
        let nanos = u64::try_from(period.as_nanos()).unwrap_or(u64::MAX);
        let action = Action::Repeat(Some(Box::new(callback)), nanos);
        Handle::new(Kind::Timer(on.insert_timer(on.deadline(period), action)))
    })
}

/// Calls `callback` in the check phase, after the sockets; of this turn, or of the next when called in that phase.
pub fn set_immediate(callback: impl FnOnce() + 'static) -> Handle {
    current(|on| Handle::new(Kind::Immediate(on.push_immediate(Box::new(callback)))))
}

/// Takes a timeout, interval or immediate back. One that has run, or was cleared before, does no harm.
pub fn clear(handle: Handle) {
    try_current(|on| match handle.kind {
        Kind::Timer(key) => on.cancel_timer(key),
        Kind::Immediate(number) => on.clear_immediate(number),
    });
}

/// Names a timeout, interval or immediate.
#[derive(Clone, Copy, Debug)]
pub struct Handle {
    kind: Kind,
    _here: PhantomData<*const ()>,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Timer(Key),
    Immediate(u64),
}

impl Handle {
    fn new(kind: Kind) -> Self {
        Handle { kind, _here: PhantomData }
    }

    /// Lets the loop end although this timer is still waiting. Immediates always hold the loop.
    pub fn unref(self) -> Self {
        self.hold(false)
    }

    /// Takes [`Handle::unref`] back. (`ref` is a keyword.)
    pub fn reref(self) -> Self {
        self.hold(true)
    }

    fn hold(self, holds: bool) -> Self {
        if let Kind::Timer(key) = self.kind {
            try_current(|on| on.timers.borrow_mut().hold(key, holds));
        }
        self
    }
}
