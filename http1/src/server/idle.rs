//! Connections with nothing to do: who they are, since when, and what becomes of them.
//!
//! A connection that has just answered keeps its task and waits for the next request; most come within milliseconds. One
//! that still waits when the sweep comes by is *parked*: its task ends, and what is left is its stream, a place in the
//! table and a number, some two hundred bytes. A readable event gives it a new task. A connection that has idled for the
//! idle time-out is closed, parked or not.
//!
//! The sweep replaces a timer for each wait: it costs nothing while requests flow, and for that the time-out is exact only
//! to an eighth of itself.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};
use wirebook_net::{self as net, Parked, Stream};

/// Sweeps in the time that a connection may idle.
const SWEEPS: u32 = 8;

/// The longest time between two sweeps: so long does a waiting connection keep its task.
const MAX_INTERVAL: Duration = Duration::from_secs(1);

/// What ends a wait.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Woken {
    /// There is something to read, or the end.
    Readable,
    /// It has waited long enough to be parked.
    Park,
    /// It has waited too long, or the server closes.
    Expired,
}

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
    Waiting { since: Instant, waker: Waker, woken: Option<Woken> },
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

    /// Waits for the next request.
    pub(super) async fn wait(&self, place: u32, stream: &dyn Stream) -> Woken {
        let mut since = None;
        let woken = poll_fn(|context| {
            if stream.poll_readable(context).is_ready() {
                return Poll::Ready(Woken::Readable);
            }
            let here = &mut self.places.borrow_mut()[place as usize];
            match here {
                Place::Waiting { woken: Some(woken), .. } => return Poll::Ready(*woken),
                _ if self.closing.get() => return Poll::Ready(Woken::Expired),
                _ => {}
            }
            let since = *since.get_or_insert_with(net::now);
            *here = Place::Waiting { since, waker: context.waker().clone(), woken: None };
            Poll::Pending
        })
        .await;
        self.places.borrow_mut()[place as usize] = Place::Busy;
        woken
    }

    /// The connection has given up its task.
    pub(super) fn park(&self, place: u32, parked: Parked) {
        self.places.borrow_mut()[place as usize] = Place::Parked { since: net::now(), parked };
    }

    /// A parked connection has a task again.
    pub(super) fn resume(&self, place: u32) {
        self.places.borrow_mut()[place as usize] = Place::Busy;
    }

    /// Parks and closes those who have idled long enough, from time to time, until the server has closed and is empty.
    pub(super) async fn sweep(&self, idle_timeout: Duration) {
        let interval = (idle_timeout / SWEEPS).clamp(Duration::from_millis(1), MAX_INTERVAL);
        while !(self.closing.get() && self.open() == 0) {
            net::sleep(interval).await;
            self.sweep_once(net::now(), interval, idle_timeout);
        }
    }

    fn sweep_once(&self, now: Instant, interval: Duration, idle_timeout: Duration) {
        let mut expired: Vec<Parked> = Vec::new();
        for place in self.places.borrow_mut().iter_mut() {
            match place {
                Place::Waiting { since, waker, woken: woken @ None } => {
                    *woken = match now.saturating_duration_since(*since) {
                        _ if self.closing.get() => Some(Woken::Expired),
                        idle if idle >= idle_timeout => Some(Woken::Expired),
                        idle if idle >= interval => Some(Woken::Park),
                        _ => continue,
                    };
                    waker.wake_by_ref();
                }
                // It had idled for one interval when it was parked.
                Place::Parked { since, parked }
                    if self.closing.get() || now.saturating_duration_since(*since) + interval >= idle_timeout =>
                {
                    expired.push(*parked);
                }
                _ => {}
            }
        }
        // Dropping what was parked makes it leave. One that became readable this very turn is no longer parked.
        for parked in expired {
            parked.close();
        }
    }

    /// Those who idle are closed now, those who are busy when they have answered.
    pub(super) fn close(&self) {
        self.closing.set(true);
        self.sweep_once(net::now(), Duration::ZERO, Duration::ZERO);
    }
}
