//! `setTimeout` of a socket: one timer, which tells each silence once.
//!
//! What moves does not touch the timer: it notes the time, and the timer, when it fires, looks how long the silence has
//! really been and sleeps for the rest. After it has told a silence it rests until something moves.

use crate::kernel::{Handle, clear, now, set_timeout};
use std::{
    cell::Cell,
    time::{Duration, Instant},
};

#[derive(Debug)]
pub(super) struct Silence {
    limit: Cell<Option<Duration>>,
    timer: Cell<Option<Handle>>,
    last: Cell<Instant>,
}

impl Silence {
    pub(super) fn new() -> Self {
        Silence { limit: Cell::new(None), timer: Cell::new(None), last: Cell::new(now()) }
    }

    /// Sets the limit, or takes it away; `None` and zero are the same.
    pub(super) fn set(&self, limit: Option<Duration>, fired: impl FnOnce() + 'static) {
        self.limit.set(limit.filter(|limit| !limit.is_zero()));
        if let Some(timer) = self.timer.take() {
            clear(timer);
        }
        self.touch(fired);
    }

    /// Something moved.
    pub(super) fn touch(&self, fired: impl FnOnce() + 'static) {
        let Some(limit) = self.limit.get() else { return };
        self.last.set(now());
        if self.timer.get().is_none() {
            self.arm(limit, fired);
        }
    }

    /// The timer has fired; true when the silence has lasted. Otherwise it is armed again for the rest.
    pub(super) fn has_lasted(&self, fired: impl FnOnce() + 'static) -> bool {
        self.timer.set(None);
        let Some(limit) = self.limit.get() else { return false };
        let rest = limit.saturating_sub(now().saturating_duration_since(self.last.get()));
        if rest.is_zero() {
            return true;
        }
        self.arm(rest, fired);
        false
    }

    /// Such a timer does not hold the loop, as in Node.
    fn arm(&self, after: Duration, fired: impl FnOnce() + 'static) {
        self.timer.set(Some(set_timeout(fired, after).unref()));
    }
}
