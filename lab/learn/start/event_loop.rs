//! Stage 8: an event loop with Node's order.
//!
//! The loop goes round: all timers that are due; then all immediates that were there when the phase began; then, if
//! anything is left, time passes until the next timer. After **every** callback, and before the first one, all next-ticks
//! run and then all microtasks, until both are empty: whatever a tick or a microtask adds runs in the same go, ticks first
//! whenever the microtasks are done.
//!
//! There are no sockets here, and time is a number: the loop does not sleep, it sets its clock.

use std::time::Duration;

/// Something to do later.
pub type Job = Box<dyn FnOnce(&mut Loop)>;

/// The loop.
pub struct Loop {}

impl Loop {
    /// Nothing to do, at time 0.
    pub fn new() -> Loop {
        Loop {}
    }

    /// Before anything else.
    pub fn next_tick(&mut self, job: Job) {}

    /// Behind the next-ticks.
    pub fn queue_microtask(&mut self, job: Job) {}

    /// When so much time has passed. Timers that are due go in the order of their times; of two with the same time the
    /// older goes first. As in Node, less than a millisecond counts as one.
    pub fn set_timeout(&mut self, job: Job, after: Duration) {}

    /// Behind the timers that are due.
    pub fn set_immediate(&mut self, job: Job) {}

    /// Runs until nothing is left to do.
    pub fn run(&mut self) {}
}
