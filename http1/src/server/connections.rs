//! The connections of a server: who has nothing to do, since when, and what becomes of them.
//!
//! A connection that has been answered is *parked*: it has no task and no buffer, only its stream, a slot in this table and
//! a few numbers, some two hundred bytes. A readable event gives it a worker. One that has idled for the idle time-out is
//! closed by the sweep.
//!
//! A connection that closes is parked too: it *lingers*, and is read on for a while without a task or a buffer of its own,
//! until its client has ended or its time is up.
//!
//! The sweep replaces a timer for each wait: it costs nothing while requests flow, and for that the time-outs are exact only
//! to an eighth of themselves.

use super::options::Options;
use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};
use wirebook_net::{self as net, Parked, Signal};

/// Sweeps in the time that a connection may wait.
const SWEEPS: u32 = 8;

/// The shortest and the longest time between two sweeps.
const MIN_INTERVAL: Duration = Duration::from_millis(1);
const MAX_INTERVAL: Duration = Duration::from_secs(1);

/// How long a server that closes lets its last clients take their answers.
const LAST_LINGER: Duration = Duration::from_secs(1);

/// The connections of a server.
#[derive(Debug, Default)]
pub struct Connections {
    slots: RefCell<Vec<Slot>>,
    free: RefCell<Vec<u32>>,
    open: Cell<usize>,
    closing: Cell<bool>,
    /// Each answer is the last on its connection.
    retiring: Cell<bool>,
    /// Raised when a connection has ended, and when the server closes.
    changed: Signal,
    /// Raised when a server that has closed has no connection left.
    ended: Signal,
}

#[derive(Debug)]
enum Slot {
    Free,
    Busy,
    Idle { since: Instant, parked: Parked },
    Lingering { since: Instant, until: Option<Instant>, parked: Parked },
}

impl Connections {
    /// A slot for a new connection.
    pub fn enter(&self) -> u32 {
        self.open.set(self.open.get() + 1);
        let mut slots = self.slots.borrow_mut();
        match self.free.borrow_mut().pop() {
            Some(slot) => {
                slots[slot as usize] = Slot::Busy;
                slot
            }
            None => {
                slots.push(Slot::Busy);
                (slots.len() - 1) as u32
            }
        }
    }

    /// The connection has ended.
    pub fn leave(&self, slot: u32) {
        self.slots.borrow_mut()[slot as usize] = Slot::Free;
        self.free.borrow_mut().push(slot);
        self.open.set(self.open.get() - 1);
        self.changed.raise();
        if self.has_ended() {
            self.ended.raise();
        }
    }

    /// Connections that are open, idle ones and those that linger too.
    pub fn open(&self) -> usize {
        self.open.get()
    }

    /// From now on each connection is given up with its next answer; those that idle are left to their clients.
    pub(super) fn retire(&self) {
        self.retiring.set(true);
    }

    /// An answer is the last on its connection, whatever it is.
    pub fn gives_last_answers(&self) -> bool {
        self.retiring.get() || self.is_closing()
    }

    /// Whether the server closes.
    pub fn is_closing(&self) -> bool {
        self.closing.get()
    }

    fn has_ended(&self) -> bool {
        self.is_closing() && self.open() == 0
    }

    /// Waits until the server closes.
    pub async fn until_closing(&self) {
        self.changed.until(|| self.is_closing().then_some(())).await;
    }

    /// Waits until fewer than `limit` connections are open.
    pub(super) async fn below(&self, limit: usize) {
        self.changed.until(|| (self.open() < limit).then_some(())).await;
    }

    /// The connection has nothing to do from now on.
    pub(super) fn park(&self, slot: u32, parked: Parked) {
        self.slots.borrow_mut()[slot as usize] = Slot::Idle { since: net::now(), parked };
    }

    /// How long a connection that closes now may linger.
    pub fn linger_time(&self, options: &Options) -> Duration {
        let most = if self.is_closing() { LAST_LINGER } else { Duration::MAX };
        if options.linger_timeout.is_zero() { Duration::ZERO } else { options.linger_time.min(most) }
    }

    /// The connection lingers, at most until then.
    pub(super) fn linger(&self, slot: u32, until: Option<Instant>, parked: Parked) {
        self.slots.borrow_mut()[slot as usize] = Slot::Lingering { since: net::now(), until, parked };
    }

    /// There is something to read. Of a connection that lingers, says until when.
    pub(super) fn resume(&self, slot: u32) -> Option<Option<Instant>> {
        match std::mem::replace(&mut self.slots.borrow_mut()[slot as usize], Slot::Busy) {
            Slot::Lingering { until, .. } => Some(until),
            _ => None,
        }
    }

    /// Closes those who have waited long enough, from time to time, until the server has closed and is empty.
    pub(super) async fn sweep(&self, options: &Options) {
        let shortest = options.patience().min(options.linger_timeout).min(options.linger_time);
        let interval = (shortest / SWEEPS).clamp(MIN_INTERVAL, MAX_INTERVAL);
        // The end is not slept through: a loop that has nothing else to do would wait for it.
        while net::timeout(interval, self.ended.until(|| self.has_ended().then_some(()))).await.is_err() {
            let patience = if self.is_closing() { Duration::ZERO } else { options.patience() };
            self.sweep_once(patience, options.linger_timeout);
        }
    }

    fn sweep_once(&self, patience: Duration, linger_timeout: Duration) {
        let now = net::now();
        let is_due = |slot: &Slot| match slot {
            Slot::Idle { since, parked } => (now.saturating_duration_since(*since) >= patience).then_some(*parked),
            Slot::Lingering { since, until, parked } => {
                let silent = now.saturating_duration_since(*since) >= linger_timeout;
                (silent || until.is_some_and(|until| now >= until)).then_some(*parked)
            }
            Slot::Free | Slot::Busy => None,
        };
        let due: Vec<Parked> = self.slots.borrow().iter().filter_map(is_due).collect();
        // Dropping what was parked makes it leave. One that became readable this very turn is no longer parked.
        for parked in due {
            parked.close();
        }
    }

    /// Those who idle are closed now, those who are busy when they have answered; those who linger soon.
    pub(super) fn close(&self) {
        self.closing.set(true);
        let last = net::now() + LAST_LINGER;
        for slot in self.slots.borrow_mut().iter_mut() {
            if let Slot::Lingering { until, .. } = slot {
                *until = Some(until.map_or(last, |until| until.min(last)));
            }
        }
        self.changed.raise();
        self.sweep_once(Duration::ZERO, Duration::MAX);
        if self.has_ended() {
            self.ended.raise();
        }
    }
}
