//! The event loop: Node's phases, and everything that runs on a thread hangs from it.
//!
//! A turn of the loop walks the phases of libuv's `uv_run`: timers, pending, prepare, poll, check, closing. Each
//! phase runs callbacks, and after **every** callback [`Loop::drain`] runs all next-ticks and then all microtasks until
//! both queues are empty, as Node's `processTicksAndRejections` does. Polling a task *is* a microtask, so a task woken by
//! a callback runs right after that callback, and `.await` needs no other machinery than what is seen here.
//!
//! (Since version 1.45 libuv walks the timers once before the first turn and then at the end of each. The phases follow
//! each other in the same ring; only the place where the loop asks whether it should go on lies one phase later.)
//!
//! Two rules keep one party from starving the rest. A task woken while it runs waits for the next turn's pending
//! phase. And one turn polls at most [`TASK_POLLS_PER_TURN`] tasks; those that are over the budget wait as well.
//! Next-ticks and plain microtasks have no such budget, as in Node: a tick that always queues another starves the
//! loop, and the chapter shows it.
//!
//! The loop ends when nothing can ever run again; `alive.rs` says what that means.

use super::{
    current::{Loop, Microtask},
    slab::Key,
    timers::{Action, Nanos},
    tracer::{Lane, Step},
    waiter::Reader,
};
use std::{rc::Rc, time::Duration};

/// How many task polls one turn grants before the rest wait for the next turn.
pub const TASK_POLLS_PER_TURN: u32 = 4096;

impl Loop {
    // ANCHOR: run
    /// The loop itself: one turn after another while anything is alive.
    pub(super) fn run(self: &Rc<Self>) {
        self.polls_left.set(TASK_POLLS_PER_TURN);
        // The main script, up to its first pause.
        self.run_one_microtask();
        self.drain();
        while self.is_alive() {
            self.quiet.set(true);
            self.polls_left.set(TASK_POLLS_PER_TURN);
            self.update_time();
            // What the timers put off waits for the sockets, too.
            self.queues.put_off.swap(&self.queues.pending);
            self.phase(Lane::Timers, Self::run_timers);
            self.phase(Lane::Pending, Self::run_pending);
            self.phase(Lane::Prepare, Self::prepare);
            self.phase(Lane::Poll, Self::poll);
            self.phase(Lane::Check, Self::run_check);
            self.phase(Lane::Closing, Self::run_closing);
        }
    }
    // ANCHOR_END: run

    fn phase(self: &Rc<Self>, lane: Lane, run: fn(&Rc<Self>)) {
        self.trace(lane, Step::Begin, 0);
        run(self);
        self.trace(lane, Step::End, 0);
    }

    /// Phase 1: callbacks of timers that are due, earliest first.
    fn run_timers(self: &Rc<Self>) {
        let now = self.cached();
        let mut ran = false;
        loop {
            let Some((key, action)) = self.timers.borrow_mut().expire(now) else { break };
            ran = true;
            self.quiet.set(false);
            self.trace(Lane::Timer, Step::Begin, key.generation);
            match action {
                Action::Wake(waiter) => self.wake(waiter),
                Action::Once(callback) => callback(),
                Action::Repeat(Some(callback), period) => self.repeat(key, callback, period),
                Action::Repeat(None, _) => {}
            }
            self.trace(Lane::Timer, Step::End, key.generation);
            self.drain();
        }
        if ran {
            self.update_time();
        }
    }

    /// Runs the callback of an interval, which is due again a period after this call began, as in Node.
    fn repeat(&self, key: Key, mut callback: Box<dyn FnMut()>, period: Nanos) {
        let began = self.elapsed();
        callback();
        if self.timers.borrow_mut().give_back(key, callback, began.saturating_add(period)) {
            self.trace(Lane::Timer, Step::Queued, key.generation);
        }
    }

    /// Phase 2: what the previous turn put off, tasks and sockets over their budget.
    fn run_pending(self: &Rc<Self>) {
        let rested = self.sources.borrow_mut().renew_budgets();
        rested.into_iter().for_each(|waiters| self.wake_both(waiters));
        let put_off = self.queues.put_off.take();
        put_off.into_iter().for_each(|task| self.push_microtask(Microtask::Task(task)));
        let some = !self.queues.microtasks.borrow().is_empty();
        self.drain();
        if some {
            self.update_time();
        }
    }

    /// Phase 3: last things before the loop may sleep.
    fn prepare(self: &Rc<Self>) {
        self.trace_alive();
    }

    /// Phase 4: waits for sockets, wakes from other threads and the next timer, and runs what came.
    fn poll(self: &Rc<Self>) {
        if let Err(error) = self.driver.wait(self.timeout()) {
            return self.fail(error);
        }
        self.update_time();
        let came = self.cached();
        let all = self.driver.dispatch(&mut |key, ready| self.source_ready(key, ready));
        self.has_heard(came, all);
        self.run_remote();
    }

    /// An event came for a source: it is remembered, and those who waited run.
    fn source_ready(self: &Rc<Self>, key: Key, ready: u8) {
        let waiters = self.sources.borrow_mut().make_ready(key, ready);
        let Some((writer, reader)) = waiters else { return };
        self.trace(Lane::Io, Step::Begin, key.generation);
        self.wake(writer);
        match reader {
            Reader::Waits(reader) => self.wake(reader),
            // The callback of this event, as in libuv.
            Reader::Parked(record, _) => record.resume(),
        }
        self.trace(Lane::Io, Step::End, key.generation);
        self.drain();
    }

    /// Tasks woken by other threads; the driver's wait was interrupted for them.
    fn run_remote(self: &Rc<Self>) {
        if self.remote.is_empty() {
            return;
        }
        for task in self.remote.take() {
            self.wake_task(task);
            self.drain();
        }
    }

    /// Phase 5: the immediates that were there when the phase began.
    fn run_check(self: &Rc<Self>) {
        let last = self.queues.last_immediate.get();
        while let Some((number, callback)) = self.queues.pop_immediate(last) {
            self.trace(Lane::Immediate, Step::Begin, number as u32);
            callback();
            self.trace(Lane::Immediate, Step::End, number as u32);
            self.drain();
        }
    }

    /// Phase 6: the close callbacks that were there when the phase began, the last one first: libuv's list of handles that
    /// are closing grows at its head.
    fn run_closing(self: &Rc<Self>) {
        for callback in self.queues.closing.take().into_iter().rev() {
            self.trace(Lane::Close, Step::Begin, 0);
            callback();
            self.trace(Lane::Close, Step::End, 0);
            self.drain();
        }
    }

    // ANCHOR: drain
    /// After every callback: all next-ticks, then all microtasks, until both are empty.
    fn drain(self: &Rc<Self>) {
        loop {
            while let Some(tick) = { self.queues.ticks.borrow_mut().pop_front() } {
                self.quiet.set(false);
                self.trace(Lane::Tick, Step::Begin, 0);
                tick();
                self.trace(Lane::Tick, Step::End, 0);
            }
            while self.run_one_microtask() {}
            if self.queues.ticks.borrow().is_empty() {
                return;
            }
        }
    }
    // ANCHOR_END: drain

    /// Runs the oldest microtask; false when there is none.
    fn run_one_microtask(self: &Rc<Self>) -> bool {
        let Some(microtask) = self.queues.microtasks.borrow_mut().pop_front() else { return false };
        self.quiet.set(false);
        match microtask {
            Microtask::Callback(callback) => {
                self.trace(Lane::Microtask, Step::Begin, 0);
                callback();
                self.trace(Lane::Microtask, Step::End, 0);
            }
            Microtask::Resume(parked) => {
                self.trace(Lane::Microtask, Step::Begin, 0);
                parked.resume();
                self.trace(Lane::Microtask, Step::End, 0);
            }
            Microtask::Task(task) => match self.polls_left.get() {
                0 => self.queues.pending.borrow_mut().push(task),
                left => {
                    self.polls_left.set(left - 1);
                    self.poll_task(task);
                }
            },
        }
        true
    }

    /// How long the poll phase may wait; `None` is forever.
    fn timeout(&self) -> Option<Duration> {
        // What the earlier phases ran may have ended the last thing that was alive.
        let alive = self.quiet.get() || self.is_alive();
        if !alive || self.queues.is_busy() || self.sources.borrow().over_budget() {
            return Some(Duration::ZERO);
        }
        let next = self.timers.borrow_mut().next()?;
        // The phases before this one have looked at the clock if they ran anything.
        Some(Duration::from_nanos(next.saturating_sub(self.cached())))
    }
}
