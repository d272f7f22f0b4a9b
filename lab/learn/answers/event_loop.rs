//! Stage 8: an event loop with Node's order.
//!
//! The loop goes round: all timers that are due; then all immediates that were there when the phase began; then, if
//! anything is left, time passes until the next timer. After **every** callback, and before the first one, all next-ticks
//! run and then all microtasks, until both are empty: whatever a tick or a microtask adds runs in the same go, ticks first
//! whenever the microtasks are done.
//!
//! There are no sockets here, and time is a number: the loop does not sleep, it sets its clock.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Something to do later.
pub type Job = Box<dyn FnOnce(&mut Loop)>;

/// The loop.
#[derive(Default)]
pub struct Loop {
    now: Duration,
    ticks: VecDeque<Job>,
    microtasks: VecDeque<Job>,
    /// By the time at which it is due, then by age.
    timers: BTreeMap<(Duration, u64), Job>,
    made: u64,
    immediates: VecDeque<Job>,
}

impl Loop {
    /// Nothing to do, at time 0.
    pub fn new() -> Loop {
        Loop::default()
    }

    /// Before anything else.
    pub fn next_tick(&mut self, job: Job) {
        self.ticks.push_back(job);
    }

    /// Behind the next-ticks.
    pub fn queue_microtask(&mut self, job: Job) {
        self.microtasks.push_back(job);
    }

    /// When so much time has passed. Timers that are due go in the order of their times; of two with the same time the
    /// older goes first. As in Node, less than a millisecond counts as one.
    pub fn set_timeout(&mut self, job: Job, after: Duration) {
        self.made += 1;
        let due = self.now.saturating_add(after.max(Duration::from_millis(1)));
        self.timers.insert((due, self.made), job);
    }

    /// Behind the timers that are due.
    pub fn set_immediate(&mut self, job: Job) {
        self.immediates.push_back(job);
    }

    /// Runs until nothing is left to do.
    pub fn run(&mut self) {
        self.drain();
        loop {
            while let Some(timer) = self.timers.first_entry().filter(|timer| timer.key().0 <= self.now) {
                let job = timer.remove();
                self.call(job);
            }
            // Those that they add wait for the next turn.
            for job in std::mem::take(&mut self.immediates) {
                self.call(job);
            }
            if self.immediates.is_empty() {
                let Some(((due, _), _)) = self.timers.first_key_value() else { return };
                self.now = self.now.max(*due);
            }
        }
    }

    fn call(&mut self, job: Job) {
        job(self);
        self.drain();
    }

    /// Next-ticks, then microtasks, until both are empty.
    fn drain(&mut self) {
        loop {
            if let Some(tick) = self.ticks.pop_front() {
                tick(self);
            } else if let Some(microtask) = self.microtasks.pop_front() {
                microtask(self);
                // As in Node, the microtasks go on until they are done; only then the next-ticks have their turn.
                while let Some(microtask) = self.microtasks.pop_front() {
                    microtask(self);
                }
            } else {
                return;
            }
        }
    }
}
