//! Connections with nothing to do: who they are, since when, and what becomes of them.
//!
//! A connection that has been answered is *parked*: it has no task and no buffer, only its stream, a place in this table and
//! a few numbers, some two hundred bytes. A readable event gives it a worker. One that has idled for the idle time-out is
//! closed by the sweep.
//!
//! The sweep replaces a timer for each wait: it costs nothing while requests flow, and for that the time-out is exact only
//! to an eighth of itself.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};
use wirebook_net::{self as net, Parked};

/// Sweeps in the time that a connection may idle.
const SWEEPS: u32 = 8;

/// The longest time between two sweeps.
const MAX_INTERVAL: Duration = Duration::from_secs(1);

/// The connections of a server.
#[derive(Debug, Default)]
pub(super) struct Connections {
    places: RefCell<Vec<Place>>,
    free: RefCell<Vec<u32>>,
    open: Cell<usize>,
    closing: Cell<bool>,
    /// Those who wait until a connection ends: the accepting task at the limit, and whoever closes the server.
    waiting: RefCell<Vec<Waker>>,
}

#[derive(Debug)]
enum Place {
    Free,
    Busy,
    Parked { since: Instant, parked: Parked },
}

impl Connections {
    /// A place for a new connection.
    pub(super) fn enter(&self) -> u32 {
        self.open.set(self.open.get() + 1);
        let mut places = self.places.borrow_mut();
        match self.free.borrow_mut().pop() {
            Some(place) => {
                places[place as usize] = Place::Busy;
                place
            }
            None => {
                places.push(Place::Busy);
                (places.len() - 1) as u32
            }
        }
    }

    /// The connection has ended.
    pub(super) fn leave(&self, place: u32) {
        self.places.borrow_mut()[place as usize] = Place::Free;
        self.free.borrow_mut().push(place);
        self.open.set(self.open.get() - 1);
        self.waiting.take().into_iter().for_each(Waker::wake);
    }

    /// Connections that are open, idle ones too.
    pub(super) fn open(&self) -> usize {
        self.open.get()
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing.get()
    }

    /// Waits until fewer than `limit` connections are open.
    pub(super) async fn below(&self, limit: usize) {
        poll_fn(|context| {
            if self.open() < limit {
                return Poll::Ready(());
            }
            self.waiting.borrow_mut().push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// The connection has nothing to do from now on.
    pub(super) fn park(&self, place: u32, parked: Parked) {
        self.places.borrow_mut()[place as usize] = Place::Parked { since: net::now(), parked };
    }

    /// There is something to read.
    pub(super) fn resume(&self, place: u32) {
        self.places.borrow_mut()[place as usize] = Place::Busy;
    }

    /// Closes those who have idled long enough, from time to time, until the server has closed and is empty.
    pub(super) async fn sweep(&self, idle_timeout: Duration) {
        let interval = (idle_timeout / SWEEPS).clamp(Duration::from_millis(1), MAX_INTERVAL);
        while !(self.closing.get() && self.open() == 0) {
            net::sleep(interval).await;
            self.sweep_once(idle_timeout);
        }
    }

    fn sweep_once(&self, idle_timeout: Duration) {
        let now = net::now();
        let is_due = |place: &Place| match place {
            Place::Parked { since, parked } if now.saturating_duration_since(*since) >= idle_timeout => Some(*parked),
            _ => None,
        };
        let due: Vec<Parked> = self.places.borrow().iter().filter_map(is_due).collect();
        // Dropping what was parked makes it leave. One that became readable this very turn is no longer parked.
        for parked in due {
            parked.close();
        }
    }

    /// Those who idle are closed now, those who are busy when they have answered.
    pub(super) fn close(&self) {
        self.closing.set(true);
        self.sweep_once(Duration::ZERO);
    }
}
