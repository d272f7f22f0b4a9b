//! The loop of this thread: its parts, and how the functions of this crate find it.

use super::{
    driver::{Driver, EVENTS_PER_TURN},
    remote::Remote,
    slab::Key,
    sources::Sources,
    tasks::Tasks,
    timers::{Action, Nanos, Timers},
    tracer::{Lane, Step, Tracer},
    waiter::{Reader, Resume, Waiter},
};
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    io,
    rc::Rc,
    sync::Arc,
    task::Context,
    time::{Duration, Instant},
};

/// A plain callback, run once.
pub(crate) type Callback = Box<dyn FnOnce()>;

/// What the microtask queue holds.
pub(crate) enum Microtask {
    /// The poll of a task.
    Task(Key),
    Callback(Callback),
    Resume(Rc<dyn Resume>),
}

/// What waits to run.
#[derive(Default)]
pub(crate) struct Queues {
    pub(super) ticks: RefCell<VecDeque<Callback>>,
    pub(super) microtasks: RefCell<VecDeque<Microtask>>,
    /// Tasks that wait for the next turn.
    pub(super) pending: RefCell<Vec<Key>>,
    /// Those of the turn before, until the pending phase.
    pub(super) put_off: RefCell<Vec<Key>>,
    /// Callbacks for the check phase by growing number.
    pub(super) immediates: RefCell<VecDeque<(u64, Callback)>>,
    pub(super) last_immediate: Cell<u64>,
    pub(super) closing: RefCell<Vec<Callback>>,
}

impl Queues {
    /// How many callbacks and tasks wait to run.
    pub(super) fn len(&self) -> usize {
        let now = self.ticks.borrow().len() + self.microtasks.borrow().len();
        now + self.pending.borrow().len()
            + self.put_off.borrow().len()
            + self.immediates.borrow().len()
            + self.closing.borrow().len()
    }

    /// Whether a phase has something to run, so that the poll phase must not wait.
    pub(super) fn is_busy(&self) -> bool {
        !self.pending.borrow().is_empty() || !self.immediates.borrow().is_empty() || !self.closing.borrow().is_empty()
    }

    /// Takes an immediate, if the oldest one is not newer than number `last`.
    pub(super) fn pop_immediate(&self, last: u64) -> Option<(u64, Callback)> {
        let mut immediates = self.immediates.borrow_mut();
        let due = immediates.front().is_some_and(|(number, _)| *number <= last);
        if due { immediates.pop_front() } else { None }
    }

    /// Takes an immediate back.
    pub(super) fn remove_immediate(&self, number: u64) -> Option<Callback> {
        let mut immediates = self.immediates.borrow_mut();
        let at = immediates.binary_search_by_key(&number, |(number, _)| *number).ok()?;
        immediates.remove(at).map(|(_, callback)| callback)
    }
}

/// One thread's loop; the public functions of the crate act on it.
pub(crate) struct Loop {
    pub(crate) driver: Box<dyn Driver>,
    pub(crate) remote: Arc<Remote>,
    /// A socket outlives its loop now and then, and asks here whether it has.
    pub(super) sources: Rc<RefCell<Sources>>,
    pub(super) timers: RefCell<Timers>,
    pub(super) tasks: RefCell<Tasks>,
    pub(super) queues: Queues,
    pub(super) tracer: Tracer,
    start: Instant,
    /// Cached at the start of a turn and after the poll, as libuv does: callbacks of one phase see one time.
    now: Cell<Nanos>,
    /// What the sockets had to say by then has been heard.
    heard_until: Cell<Nanos>,
    /// Since when a turn has not sufficed to hear all, and turns since then.
    behind: Cell<Option<(Nanos, usize)>>,
    /// The task that is being polled, and the address that its waker shows.
    pub(super) running: Cell<Option<(Key, *const ())>>,
    pub(super) polls_left: Cell<u32>,
    /// Nothing has run since the loop last looked whether it is alive.
    pub(super) quiet: Cell<bool>,
    pub(super) stopped: Cell<bool>,
    pub(super) failure: RefCell<Option<io::Error>>,
}

impl Loop {
    pub(super) fn new(driver: Box<dyn Driver>, nudge: Option<mio::Waker>) -> Self {
        let start = driver.now();
        Loop {
            driver,
            remote: Remote::new(nudge),
            sources: Rc::default(),
            timers: RefCell::default(),
            tasks: RefCell::default(),
            queues: Queues::default(),
            tracer: Tracer::from_environment(),
            start,
            now: Cell::new(0),
            heard_until: Cell::new(0),
            behind: Cell::new(None),
            running: Cell::new(None),
            polls_left: Cell::new(0),
            quiet: Cell::new(false),
            stopped: Cell::new(false),
            failure: RefCell::default(),
        }
    }

    /// The clock's own time, not the cached one.
    pub(super) fn elapsed(&self) -> Nanos {
        self.driver.now().duration_since(self.start).as_nanos() as Nanos
    }

    pub(super) fn update_time(&self) {
        self.now.set(self.elapsed());
    }

    /// The loop's time, as of the last update, as an instant.
    pub(crate) fn now(&self) -> Instant {
        self.start + Duration::from_nanos(self.now.get())
    }

    /// The loop's time, as of the last update.
    pub(super) fn cached(&self) -> Nanos {
        self.now.get()
    }

    /// Until when all that came over sockets has been heard.
    pub(super) fn heard_until(&self) -> Nanos {
        self.heard_until.get()
    }

    /// The same, as an instant.
    pub(crate) fn heard(&self) -> Instant {
        self.start + Duration::from_nanos(self.heard_until.get())
    }

    /// What had come by then has been heard: all of it, or as much as a turn takes. What came first is heard first, and each socket
    /// is told of once: so after as many turns as it takes for all sockets nothing is left of what had come at the beginning.
    pub(super) fn has_heard(&self, until: Nanos, all: bool) {
        if all {
            self.behind.set(None);
            return self.heard_until.set(until);
        }
        let (since, turns) = self.behind.get().unwrap_or((until, 0));
        let suffices = (turns + 1) * EVENTS_PER_TURN >= self.sources.borrow().len();
        self.behind.set((!suffices).then_some((since, turns + 1)));
        if suffices {
            self.heard_until.set(since);
        }
    }

    /// The loop's clock reading at `delay` from now.
    pub(super) fn deadline(&self, delay: Duration) -> Nanos {
        self.now.get().saturating_add(u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX))
    }

    /// The one who is being polled: the running task, if the context is its own.
    pub(crate) fn waiter(&self, context: &Context<'_>) -> Waiter {
        match self.running.get() {
            Some((key, address)) if address == context.waker().data() => Waiter::Task(key),
            _ => Waiter::Foreign(Box::new(context.waker().clone())),
        }
    }

    /// Lets the one who waited run, as a microtask.
    pub(crate) fn wake(&self, waiter: Waiter) {
        match waiter {
            Waiter::Nobody => {}
            Waiter::Task(key) => self.wake_task(key),
            Waiter::Foreign(waker) => waker.wake(),
        }
    }

    /// Lets those who waited for a source run, as microtasks.
    pub(super) fn wake_both(&self, (writer, reader): (Waiter, Reader)) {
        self.wake(writer);
        match reader {
            Reader::Waits(reader) => self.wake(reader),
            Reader::Parked(record, _) => self.push_microtask(Microtask::Resume(record)),
        }
    }

    pub(super) fn wake_task(&self, key: Key) {
        if self.tasks.borrow_mut().is_first_wake(key) {
            self.push_microtask(Microtask::Task(key));
        }
    }

    pub(super) fn push_microtask(&self, microtask: Microtask) {
        match &microtask {
            Microtask::Task(key) => self.trace(Lane::Task, Step::Queued, key.generation),
            Microtask::Callback(_) | Microtask::Resume(_) => self.trace(Lane::Microtask, Step::Queued, 0),
        }
        self.queues.microtasks.borrow_mut().push_back(microtask);
    }

    pub(super) fn push_tick(&self, callback: Callback) {
        self.trace(Lane::Tick, Step::Queued, 0);
        self.queues.ticks.borrow_mut().push_back(callback);
    }

    pub(crate) fn push_closing(&self, callback: Callback) {
        self.trace(Lane::Close, Step::Queued, 0);
        self.queues.closing.borrow_mut().push(callback);
    }

    pub(super) fn push_immediate(&self, callback: Callback) -> u64 {
        let number = self.queues.last_immediate.get() + 1;
        self.queues.last_immediate.set(number);
        self.trace(Lane::Immediate, Step::Queued, number as u32);
        self.queues.immediates.borrow_mut().push_back((number, callback));
        number
    }

    pub(super) fn clear_immediate(&self, number: u64) {
        let removed = self.queues.remove_immediate(number);
        if removed.is_some() {
            self.trace(Lane::Immediate, Step::Cleared, number as u32);
        }
    }

    pub(super) fn insert_timer(&self, deadline: Nanos, action: Action) -> Key {
        let key = self.timers.borrow_mut().insert(deadline, action);
        self.trace(Lane::Timer, Step::Queued, key.generation);
        key
    }

    pub(super) fn cancel_timer(&self, key: Key) {
        let cancelled = self.timers.borrow_mut().cancel(key);
        if cancelled.is_some() {
            self.trace(Lane::Timer, Step::Cleared, key.generation);
        }
    }

    /// Tells the tracer, if this loop is traced.
    #[inline]
    pub(super) fn trace(&self, lane: Lane, step: Step, number: u32) {
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
}

thread_local!(static CURRENT: RefCell<Option<Rc<Loop>>> = const { RefCell::new(None) });

/// Makes a loop this thread's own, until dropped.
pub(super) struct Entered(());

impl Entered {
    pub(super) fn enter(this: Rc<Loop>) -> io::Result<Self> {
        CURRENT.with(|current| match current.try_borrow_mut() {
            Ok(mut none) if none.is_none() => {
                *none = Some(this);
                Ok(Entered(()))
            }
            _ => Err(io::Error::other("a loop already runs on this thread")),
        })
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let this = CURRENT.with(|current| current.borrow_mut().take());
        drop(this);
    }
}

/// Calls `f` with this thread's loop, if one runs.
pub(crate) fn try_current<R>(f: impl FnOnce(&Rc<Loop>) -> R) -> Option<R> {
    CURRENT.try_with(|current| current.borrow().as_ref().map(f)).ok().flatten()
}

/// Calls `f` with this thread's loop.
pub(crate) fn current<R>(f: impl FnOnce(&Rc<Loop>) -> R) -> R {
    try_current(f).expect("no event loop runs on this thread: call this from within wirebook_net::run")
}
