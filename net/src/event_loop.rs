//! The event loop: Node's phases, and everything that runs on a thread hangs from it.
//!
//! A turn of the loop walks the phases of libuv's `uv_run`: timers, pending, prepare, poll, check, closing. Each
//! phase runs callbacks, and after **every** callback [`Loop::drain`] runs all next-ticks and then all microtasks until
//! both queues are empty, as Node's `processTicksAndRejections` does. Polling a task *is* a microtask, so a task woken by
//! a callback runs right after that callback, and `.await` needs no other machinery than what is seen here.
//!
//! Two rules keep one party from starving the rest. A task woken while it runs waits for the next turn's pending
//! phase. And one turn polls at most [`TASK_POLLS_PER_TURN`] tasks; those that are over the budget wait as well.
//! Next-ticks and plain microtasks have no such budget, as in Node: a tick that always queues another starves the
//! loop, and the chapter shows it.
//!
//! The loop ends when nothing can ever run again: no queued work, no timer that holds it, no parked connection, no job
//! on the thread pool, and no task whose waker somebody keeps.

use crate::{
    driver::Driver,
    park::Resume,
    remote::Remote,
    slab::{Key, Slab},
    source::Sources,
    task::Runnable,
    timers::{Action, Nanos, Timers},
    trace::{Lane, Step, Tracer},
};
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    io,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

/// How many task polls one turn grants before the rest wait for the next turn.
pub const TASK_POLLS_PER_TURN: u32 = 4096;

/// A plain callback, run once.
pub(crate) type Callback = Box<dyn FnOnce()>;

/// What the microtask queue holds.
pub(crate) enum Microtask {
    Task(Arc<dyn Runnable>),
    Callback(Callback),
    Resume(Rc<dyn Resume>),
}

/// One thread's loop; the public functions of the crate act on it.
pub(crate) struct Loop {
    pub(crate) remote: Arc<Remote>,
    pub(crate) driver: Driver,
    pub(crate) sources: Rc<RefCell<Sources>>,
    pub(crate) timers: RefCell<Timers>,
    pub(crate) buffers: RefCell<Vec<Box<[u8]>>>,
    pub(crate) tracer: Tracer,
    start: Instant,
    /// Cached at the start of a turn and after the poll, as libuv does: callbacks of one phase see one time.
    now: Cell<Nanos>,
    ticks: RefCell<VecDeque<Callback>>,
    microtasks: RefCell<VecDeque<Microtask>>,
    pending: RefCell<Vec<Arc<dyn Runnable>>>,
    immediates: RefCell<Immediates>,
    closing: RefCell<VecDeque<Callback>>,
    tasks: RefCell<Slab<Arc<dyn Runnable>>>,
    /// Where the list of tasks last had one that somebody may wake.
    reachable: Cell<usize>,
    polls_left: Cell<u32>,
    stopped: Cell<bool>,
    pub(crate) failure: RefCell<Option<io::Error>>,
}

#[derive(Default)]
struct Immediates {
    queue: VecDeque<(u64, Callback)>,
    last: u64,
}

impl Loop {
    // ANCHOR: run
    /// The loop itself: one turn after another while anything is alive.
    pub(crate) fn run(self: &Rc<Self>) {
        self.drain();
        while self.alive() {
            self.polls_left.set(TASK_POLLS_PER_TURN);
            self.update_time();
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
        let now = self.now.get();
        let mut ran = false;
        loop {
            let Some((key, action)) = self.timers.borrow_mut().expire(now) else { break };
            ran = true;
            self.trace(Lane::Timer, Step::Begin, key.generation);
            match action {
                Action::Wake(waker) => waker.wake(),
                Action::Once(callback) => callback(),
                Action::Repeat(Some(mut callback), period) => {
                    callback();
                    if self.timers.borrow_mut().give_back(key, callback, self.now.get() + period) {
                        self.trace(Lane::Timer, Step::Queued, key.generation);
                    }
                }
                Action::Repeat(None, _) => {}
            }
            self.trace(Lane::Timer, Step::End, key.generation);
            self.drain();
        }
        if ran {
            self.update_time();
        }
    }

    /// Phase 2: what the previous turn put off, tasks over their budget.
    fn run_pending(self: &Rc<Self>) {
        self.renew_budgets();
        let put_off = std::mem::take(&mut *self.pending.borrow_mut());
        put_off.into_iter().for_each(|task| self.push_microtask(Microtask::Task(task)));
        let some = !self.microtasks.borrow().is_empty();
        self.drain();
        if some {
            self.update_time();
        }
    }

    /// Phase 3: last things before the loop may sleep.
    fn prepare(self: &Rc<Self>) {}

    /// Phase 4: waits for sockets, wakes from other threads and the next timer, and runs what came.
    fn poll(self: &Rc<Self>) {
        let timeout = self.timeout();
        self.driver.wait(self, timeout);
        self.update_time();
        self.driver.dispatch(self);
        self.run_remote();
    }

    /// Phase 5: the immediates that were there when the phase began.
    fn run_check(self: &Rc<Self>) {
        let last = self.immediates.borrow().last;
        loop {
            let next = {
                let mut immediates = self.immediates.borrow_mut();
                match immediates.queue.front() {
                    Some((number, _)) if *number <= last => immediates.queue.pop_front(),
                    _ => None,
                }
            };
            let Some((number, callback)) = next else { return };
            self.trace(Lane::Immediate, Step::Begin, number as u32);
            callback();
            self.trace(Lane::Immediate, Step::End, number as u32);
            self.drain();
        }
    }

    /// Phase 6: close callbacks.
    fn run_closing(self: &Rc<Self>) {
        loop {
            let Some(callback) = self.closing.borrow_mut().pop_front() else { return };
            self.trace(Lane::Close, Step::Begin, 0);
            callback();
            self.trace(Lane::Close, Step::End, 0);
            self.drain();
        }
    }

    // ANCHOR: drain
    /// After every callback: all next-ticks, then all microtasks, until both are empty.
    pub(crate) fn drain(self: &Rc<Self>) {
        loop {
            while let Some(tick) = { self.ticks.borrow_mut().pop_front() } {
                self.trace(Lane::Tick, Step::Begin, 0);
                tick();
                self.trace(Lane::Tick, Step::End, 0);
            }
            self.run_microtasks();
            if self.ticks.borrow().is_empty() {
                return;
            }
        }
    }
    // ANCHOR_END: drain

    fn run_microtasks(self: &Rc<Self>) {
        while self.run_one_microtask() {}
    }

    pub(crate) fn run_one_microtask(self: &Rc<Self>) -> bool {
        let Some(microtask) = self.microtasks.borrow_mut().pop_front() else { return false };
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
                0 => self.defer(task),
                left => {
                    self.polls_left.set(left - 1);
                    task.run(self);
                }
            },
        }
        true
    }

    /// Tasks woken by other threads; the driver's wait was interrupted for them.
    fn run_remote(self: &Rc<Self>) {
        if self.remote.is_empty() {
            return;
        }
        for task in self.remote.take() {
            task.wake_home();
            self.drain();
        }
    }

    /// How long the poll phase may wait; `None` is forever.
    fn timeout(&self) -> Option<Duration> {
        let busy = !self.pending.borrow().is_empty()
            || !self.immediates.borrow().queue.is_empty()
            || !self.closing.borrow().is_empty()
            || self.sources.borrow().over_budget();
        // The earlier phases may have ended the last thing that was alive.
        if busy || !self.alive() {
            return Some(Duration::ZERO);
        }
        let next = self.timers.borrow_mut().next()?;
        // The phases before this one have looked at the clock if they ran anything.
        Some(Duration::from_nanos(next.saturating_sub(self.now.get())))
    }

    /// Whether anything may still happen.
    fn alive(&self) -> bool {
        !self.stopped.get()
            && (self.timers.borrow().alive()
                || !self.pending.borrow().is_empty()
                || !self.immediates.borrow().queue.is_empty()
                || !self.closing.borrow().is_empty()
                || self.sources.borrow().parked() > 0
                || !self.remote.is_empty()
                || self.remote.jobs() > 0
                || self.driver.is_simulated()
                || self.some_task_reachable())
    }

    /// Looks first where it found one last time, so that a busy loop does not search.
    fn some_task_reachable(&self) -> bool {
        let tasks = self.tasks.borrow();
        let found = tasks.find_from(self.reachable.get(), |task| task.clone().reachable());
        self.reachable.set(found.unwrap_or(0));
        found.is_some()
    }

    pub(crate) fn new(driver: Driver, nudge: Option<mio::Waker>) -> Self {
        let start = driver.now();
        Loop {
            remote: Remote::new(nudge),
            driver,
            sources: Rc::new(RefCell::new(Sources::new())),
            timers: RefCell::new(Timers::new()),
            buffers: RefCell::default(),
            tracer: Tracer::from_environment(),
            start,
            now: Cell::new(0),
            ticks: RefCell::default(),
            microtasks: RefCell::default(),
            pending: RefCell::default(),
            immediates: RefCell::default(),
            closing: RefCell::default(),
            tasks: RefCell::new(Slab::new()),
            reachable: Cell::new(0),
            polls_left: Cell::new(TASK_POLLS_PER_TURN),
            stopped: Cell::new(false),
            failure: RefCell::default(),
        }
    }

    /// The clock's own time, not the cached one.
    pub(crate) fn elapsed(&self) -> Nanos {
        self.driver.now().duration_since(self.start).as_nanos() as Nanos
    }

    fn update_time(&self) {
        self.now.set(self.elapsed());
    }

    /// The loop's time, as of the last update.
    pub(crate) fn now(&self) -> Instant {
        self.start + Duration::from_nanos(self.now.get())
    }

    /// The loop's clock reading at `delay` from now.
    pub(crate) fn deadline(&self, delay: Duration) -> Nanos {
        self.now.get().saturating_add(u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX))
    }

    pub(crate) fn push_microtask(&self, microtask: Microtask) {
        match &microtask {
            // The number is asked for only where somebody listens.
            Microtask::Task(task) if self.tracer.is_on() => self.trace(Lane::Task, Step::Queued, task.number()),
            Microtask::Task(_) => {}
            Microtask::Callback(_) | Microtask::Resume(_) => self.trace(Lane::Microtask, Step::Queued, 0),
        }
        self.microtasks.borrow_mut().push_back(microtask);
    }

    /// Puts a task off to the next turn.
    pub(crate) fn defer(&self, task: Arc<dyn Runnable>) {
        self.pending.borrow_mut().push(task);
    }

    pub(crate) fn remember_task(&self, task: Arc<dyn Runnable>) -> Key {
        self.tasks.borrow_mut().insert(task)
    }

    pub(crate) fn forget_task(&self, key: Key) {
        let task = self.tasks.borrow_mut().remove(key);
        drop(task);
    }

    pub(crate) fn push_tick(&self, callback: Callback) {
        self.trace(Lane::Tick, Step::Queued, 0);
        self.ticks.borrow_mut().push_back(callback);
    }

    pub(crate) fn push_closing(&self, callback: Callback) {
        self.trace(Lane::Close, Step::Queued, 0);
        self.closing.borrow_mut().push_back(callback);
    }

    pub(crate) fn push_immediate(&self, callback: Callback) -> u64 {
        let mut immediates = self.immediates.borrow_mut();
        immediates.last += 1;
        let number = immediates.last;
        self.trace(Lane::Immediate, Step::Queued, number as u32);
        immediates.queue.push_back((number, callback));
        number
    }

    pub(crate) fn clear_immediate(&self, number: u64) {
        let removed = {
            let queue = &mut self.immediates.borrow_mut().queue;
            queue.binary_search_by_key(&number, |(number, _)| *number).ok().and_then(|at| queue.remove(at))
        };
        if removed.is_some() {
            self.trace(Lane::Immediate, Step::Cleared, number as u32);
        }
        drop(removed);
    }

    pub(crate) fn insert_timer(&self, deadline: Nanos, action: Action) -> Key {
        let key = self.timers.borrow_mut().insert(deadline, action);
        self.trace(Lane::Timer, Step::Queued, key.generation);
        key
    }

    pub(crate) fn cancel_timer(&self, key: Key) {
        let cancelled = self.timers.borrow_mut().cancel(key);
        if cancelled.is_some() {
            self.trace(Lane::Timer, Step::Cleared, key.generation);
        }
    }

    /// Tells the tracer, if this loop is traced.
    #[inline]
    pub(crate) fn trace(&self, lane: Lane, step: Step, number: u32) {
        if self.tracer.is_on() {
            self.tracer.record(self.elapsed(), lane, step, number, None);
        }
    }

    /// Ends the loop after this turn.
    pub(crate) fn stop(&self) {
        self.stopped.set(true);
    }

    /// Ends the loop after this turn with an error, as an uncaught exception ends Node.
    pub(crate) fn fail(&self, error: io::Error) {
        self.failure.borrow_mut().get_or_insert(error);
        self.stop();
    }

    /// Drops everything that the loop still holds. Destructors may queue more, so it goes on until all is empty.
    pub(crate) fn tear_down(&self) {
        loop {
            let task = self.tasks.borrow_mut().pop();
            if let Some(task) = task {
                task.cancel();
                continue;
            }
            let timer = self.timers.borrow_mut().pop();
            let source = self.sources.borrow_mut().pop();
            let tick = self.ticks.borrow_mut().pop_front();
            let microtask = self.microtasks.borrow_mut().pop_front();
            let immediate = self.immediates.borrow_mut().queue.pop_front();
            let closing = self.closing.borrow_mut().pop_front();
            let task = self.pending.borrow_mut().pop();
            drop(self.remote.take());
            let nothing = timer.is_none() && source.is_none() && tick.is_none() && microtask.is_none();
            if nothing && immediate.is_none() && closing.is_none() && task.is_none() {
                return drop(self.remote.close());
            }
        }
    }
}
