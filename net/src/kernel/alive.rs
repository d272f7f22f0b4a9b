//! What keeps a loop alive. This page is the whole of it.
//!
//! A loop goes on while one of these is there:
//!
//! | what | is |
//! |---|---|
//! | `queued` | a callback or a task that is ready to run |
//! | `timers` | a timeout, an interval or a sleep, unless [`unref`](super::Handle::unref) |
//! | `jobs` | work on the thread pool that has not ended |
//! | `sockets` | a direction of a socket that a task waits for: accepting, reading, writing, or a signal of the system |
//! | `parked` | a connection that is [parked](super::park()), unless [`unref`](super::Parked::unref) |
//! | `outside` | a task whose waker somebody outside of the loop has: another thread, or a data structure of the program's own |
//!
//! Nothing else does: not an open socket that nobody waits for, and not a task that waits for another task or for a
//! [`Signal`](super::Signal), since only something of the list could ever wake that other. So two tasks that wait for
//! each other end with an error, and not with a program that hangs.
//!
//! Every line is exact and none is a guess. The loop's own places (sockets, timers, join handles, signals) keep the key
//! of a task and no share of its waker; so a share that is counted lies outside. (A program that keeps wakers in a list of
//! its own is outside in that sense too: nobody can see whether another thread has that list. [`Signal`](super::Signal) is
//! the list that can be seen.)

use super::{
    current::{Loop, current},
    tracer::{Lane, Step},
    waiter::Waiter,
};
use std::fmt;

/// What keeps a loop alive, counted: see [`alive()`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Alive {
    /// Callbacks and tasks that are ready to run.
    pub queued: usize,
    /// Timers that hold the loop.
    pub timers: usize,
    /// Jobs on the thread pool that have not ended.
    pub jobs: usize,
    /// Directions of sockets that tasks wait for.
    pub sockets: usize,
    /// Parked connections that hold the loop.
    pub parked: usize,
    /// Tasks whose waker is somewhere outside of the loop.
    pub outside: usize,
}

impl fmt::Display for Alive {
    /// For instance "1 timer, 2 sockets"; "nothing" when the loop is about to end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = [
            (self.queued, "ready to run", "ready to run"),
            (self.timers, "timer", "timers"),
            (self.jobs, "job", "jobs"),
            (self.sockets, "socket", "sockets"),
            (self.parked, "parked connection", "parked connections"),
            (self.outside, "task known outside", "tasks known outside"),
        ];
        let there = lines.into_iter().filter(|(count, ..)| *count > 0);
        let said = there.map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }));
        let said = said.collect::<Vec<_>>().join(", ");
        f.write_str(if said.is_empty() { "nothing" } else { &said })
    }
}

/// Counts what keeps this thread's loop alive, now: for finding what a program still waits for. It walks all sockets and
/// tasks.
///
/// ```
/// use std::time::Duration;
/// use wirebook_net as net;
/// let alive = net::block_on(async {
///     net::set_timeout(|| {}, Duration::from_millis(1));
///     net::alive()
/// });
/// assert_eq!(alive.unwrap().to_string(), "1 timer");
/// ```
///
/// # Panics
/// When no loop runs on this thread.
pub fn alive() -> Alive {
    current(|on| on.count_alive())
}

impl Loop {
    // ANCHOR: alive
    /// Whether anything may still happen. The order is that of the price of asking.
    pub(super) fn is_alive(&self) -> bool {
        !self.stopped.get()
            && (self.timers.borrow().holding() > 0
                || self.queues.is_busy()
                || self.remote.jobs() > 0
                || !self.remote.is_empty()
                || self.sources.borrow_mut().some_hold(|waiter| self.holds(waiter))
                || self.tasks.borrow_mut().some_held_outside())
    }
    // ANCHOR_END: alive

    /// Whether the one who waits for a socket holds the loop. A task that was aborted waits for nothing any more.
    fn holds(&self, waiter: &Waiter) -> bool {
        match waiter {
            Waiter::Nobody => false,
            Waiter::Task(key) => self.tasks.borrow().contains(*key),
            Waiter::Foreign(_) => true,
        }
    }

    pub(super) fn count_alive(&self) -> Alive {
        let (sockets, parked) = self.sources.borrow().count(|waiter| self.holds(waiter));
        Alive {
            queued: self.queues.len(),
            timers: self.timers.borrow().holding(),
            jobs: self.remote.jobs(),
            sockets,
            parked,
            outside: self.tasks.borrow().held_outside(),
        }
    }

    /// Tells the tracer what keeps the loop alive, when that has changed.
    pub(super) fn trace_alive(&self) {
        if self.tracer.is_on() {
            let text = self.count_alive().to_string();
            if self.tracer.alive.replace(text.clone()) != text {
                self.tracer.record(self.elapsed(), Lane::Alive, Step::Queued, 0, Some(text));
            }
        }
    }
}
