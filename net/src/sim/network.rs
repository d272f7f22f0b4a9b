//! The network itself: a clock, a queue of events, and chance. It is the loop's driver.

use super::faults::{Config, Faults};
use crate::kernel::{Action, Driver, EVENTS_PER_TURN, Key, Nanos, Timers};
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    io,
    rc::Rc,
    time::{Duration, Instant},
};

/// What a turn takes that does not wait, because something is ready to run: so tasks that only yield to each other do not
/// stop the time.
const BUSY_TURN: Duration = Duration::from_micros(1);

pub(crate) struct Network {
    start: Instant,
    clock: Cell<Nanos>,
    limit: Nanos,
    events: RefCell<Timers>,
    random: Cell<u64>,
    faults: RefCell<Faults>,
    /// What the event that runs has made ready.
    ready: RefCell<VecDeque<(Key, u8)>>,
}

thread_local!(static CURRENT: RefCell<Option<Rc<Network>>> = const { RefCell::new(None) });

/// Makes a network this thread's own, until dropped.
pub(super) struct Entered(Option<Rc<Network>>);

impl Drop for Entered {
    fn drop(&mut self) {
        let ended = CURRENT.with(|current| std::mem::replace(&mut *current.borrow_mut(), self.0.take()));
        drop(ended);
    }
}

impl Network {
    pub(super) fn new(config: Config) -> Self {
        Network {
            start: Instant::now(),
            clock: Cell::new(0),
            limit: nanos(config.limit),
            events: RefCell::default(),
            random: Cell::new(config.seed),
            faults: RefCell::new(config.faults),
            ready: RefCell::default(),
        }
    }

    /// Makes it this thread's network.
    pub(super) fn enter(self: &Rc<Self>) -> Entered {
        Entered(CURRENT.with(|current| current.borrow_mut().replace(self.clone())))
    }

    /// Calls `f` with the network of this thread's simulation.
    pub(super) fn current<R>(f: impl FnOnce(&Network) -> R) -> R {
        Self::try_current(f).expect("no simulation runs on this thread: call this from within sim::run")
    }

    pub(super) fn try_current<R>(f: impl FnOnce(&Network) -> R) -> Option<R> {
        CURRENT.try_with(|current| current.borrow().as_deref().map(f)).ok().flatten()
    }

    /// Has `event` run at the time `at`; those of one time run in the order in which they were queued.
    pub(super) fn at(&self, at: Nanos, event: impl FnOnce() + 'static) {
        self.events.borrow_mut().insert(at, Action::Once(Box::new(event)));
    }

    /// When something that leaves now arrives.
    pub(super) fn arrival(&self) -> Nanos {
        let (min, max) = {
            let faults = self.faults.borrow();
            (nanos(faults.latency_min), nanos(faults.latency_max))
        };
        let more = self.below(max.saturating_sub(min).saturating_add(1));
        self.clock.get().saturating_add(min).saturating_add(more)
    }

    /// The clock goes on, and what comes meanwhile waits.
    pub(super) fn pass(&self, time: Duration) {
        self.clock.set(self.clock.get().saturating_add(nanos(time)));
    }

    pub(super) fn set_faults(&self, faults: Faults) {
        *self.faults.borrow_mut() = faults;
    }

    pub(super) fn faults<R>(&self, f: impl FnOnce(&Faults) -> R) -> R {
        f(&self.faults.borrow())
    }

    /// SplitMix64 (Steele, Lea and Flood, 2014): a counter and a mixer, enough for choosing faults.
    fn random(&self) -> u64 {
        self.random.set(self.random.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
        let mut mixed = self.random.get();
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&self, bound: u64) -> u64 {
        ((u128::from(self.random()) * u128::from(bound)) >> 64) as u64
    }

    pub(super) fn chance(&self, probability: f64) -> bool {
        // No draw for what is certain: a perfect network is the same for every seed.
        probability > 0.0 && (self.random() >> 11) as f64 / (1u64 << 53) as f64 <= probability
    }
}

/// A duration in the network's unit; what is longer than 584 years counts as that.
pub(super) fn nanos(duration: Duration) -> Nanos {
    Nanos::try_from(duration.as_nanos()).unwrap_or(Nanos::MAX)
}

/// Has the event that runs make a source ready, if it still exists.
pub(super) fn make_ready(key: Option<Key>, ready: u8) {
    if let Some(key) = key {
        Network::try_current(|network| network.ready.borrow_mut().push_back((key, ready)));
    }
}

impl Driver for Rc<Network> {
    fn now(&self) -> Instant {
        self.start + Duration::from_nanos(self.clock.get())
    }

    /// Moves the clock to the next event, or by `timeout` if that is sooner. When neither is there nothing can ever
    /// happen again.
    fn wait(&self, timeout: Option<Duration>) -> io::Result<()> {
        let timeout = timeout.map(|timeout| timeout.max(BUSY_TURN));
        let event = self.events.borrow_mut().next();
        let timer = timeout.map(|timeout| self.clock.get().saturating_add(nanos(timeout)));
        let Some(next) = event.into_iter().chain(timer).min() else {
            return Err(io::Error::other("all wait for the network, and nothing is on its way"));
        };
        self.clock.set(next.max(self.clock.get()));
        if self.clock.get() > self.limit {
            let limit = Duration::from_nanos(self.limit);
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!("it ran past its limit of {limit:?} of virtual time"),
            ));
        }
        Ok(())
    }

    /// Runs the events that are due; each makes sources ready or queues further events.
    fn dispatch(&self, each: &mut dyn FnMut(Key, u8)) -> bool {
        for _ in 0..EVENTS_PER_TURN {
            let Some((_, action)) = self.events.borrow_mut().expire(self.clock.get()) else { return true };
            if let Action::Once(event) = action {
                event();
            }
            while let Some((key, ready)) = { self.ready.borrow_mut().pop_front() } {
                each(key, ready);
            }
        }
        false
    }

    fn register(&self, _io: &mut dyn mio::event::Source, _key: Key, _writes: bool) -> io::Result<()> {
        Err(io::Error::other("a simulation has no real sockets"))
    }

    fn reregister(&self, _io: &mut dyn mio::event::Source, _key: Key, _writes: bool) -> io::Result<()> {
        Ok(())
    }

    fn deregister(&self, _io: &mut dyn mio::event::Source) -> io::Result<()> {
        Ok(())
    }

    fn is_alone(&self) -> bool {
        true
    }
}
