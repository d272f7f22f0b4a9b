//! Between the loop and a sink: a queue with a bound. A line costs the loop a copy; the disk is another thread's trouble.
//!
//! While one batch is being written the next one gathers. When the disk is slower than the site, the queue fills, and what
//! does not fit is dropped and counted: a log must never be what a site stands still for. How many were dropped is itself a line, as
//! soon as there is room.

use super::sink::Sink;
use crate::clock::Clock;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::time::Duration;
use wirebook_net as net;

/// Bytes of lines that wait.
pub const MOST_WAITING: usize = 8 << 20;

/// A place for lines. Clones are the same place.
#[derive(Clone)]
pub struct Appender(Rc<Shared>);

struct Shared {
    most: usize,
    waiting: RefCell<Waiting>,
    place: RefCell<Place>,
    dropped: Cell<u64>,
    clock: Clock,
    idle: net::Signal,
}

/// Where the sink is.
enum Place {
    Here(Box<dyn Sink>),
    Writing,
    /// It panicked.
    Gone,
}

#[derive(Default)]
struct Waiting {
    lines: Vec<u8>,
    first: Duration,
    count: u64,
    /// Dropped, and not yet told.
    untold: u64,
}

impl Appender {
    /// Lines for a sink, by the system's clock.
    pub fn new(sink: impl Sink + 'static) -> Appender {
        Appender::with(sink, MOST_WAITING, Clock::system())
    }

    /// The same with a bound and a clock of your own. 0 drops every line; `usize::MAX` is no bound.
    pub fn with(sink: impl Sink + 'static, most: usize, clock: Clock) -> Appender {
        let shared = Shared {
            most,
            waiting: RefCell::default(),
            place: RefCell::new(Place::Here(Box::new(sink))),
            dropped: Cell::new(0),
            clock,
            idle: net::Signal::new(),
        };
        Appender(Rc::new(shared))
    }

    /// The clock that lines are dated by.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Lines that were dropped: there was no room, or the sink failed.
    pub fn dropped(&self) -> u64 {
        self.0.dropped.get()
    }

    /// Adds a line, which ends with a line end. To be called on the loop.
    pub fn line(&self, line: &str) {
        let shared = &self.0;
        if !shared.queue(line) {
            shared.dropped.set(shared.dropped.get() + 1);
            shared.waiting.borrow_mut().untold += 1;
            return;
        }
        let place = &mut *shared.place.borrow_mut();
        if let Place::Here(sink) = std::mem::replace(place, Place::Writing) {
            net::spawn(write_all(shared.clone(), sink));
        }
    }

    /// Waits until what was added is written, or counted as dropped: before a program ends.
    pub async fn flush(&self) {
        self.0.idle.until(|| (!matches!(*self.0.place.borrow(), Place::Writing)).then_some(())).await;
    }
}

impl Shared {
    /// Whether there was room.
    fn queue(&self, line: &str) -> bool {
        let mut waiting = self.waiting.borrow_mut();
        let is_full = self.most != usize::MAX && waiting.lines.len().saturating_add(line.len()) > self.most;
        if is_full || matches!(*self.place.borrow(), Place::Gone) {
            return false;
        }
        if waiting.lines.is_empty() {
            waiting.first = self.clock.now();
        }
        waiting.lines.extend_from_slice(line.as_bytes());
        waiting.count += 1;
        true
    }

    fn put(&self, place: Place) {
        *self.place.borrow_mut() = place;
        self.idle.raise();
    }
}

/// Writes batch after batch until nothing waits.
async fn write_all(shared: Rc<Shared>, mut sink: Box<dyn Sink>) {
    loop {
        let batch = std::mem::take(&mut *shared.waiting.borrow_mut());
        let Waiting { mut lines, first, count, untold } = batch;
        if lines.is_empty() {
            return shared.put(Place::Here(sink));
        }
        if untold > 0 {
            lines.extend_from_slice(format!("[WARN] log - {untold} lines were dropped\n").as_bytes());
        }
        let job = net::spawn_blocking(move || {
            let written = sink.write(&lines, first);
            (sink, written.is_ok())
        });
        let joined = job.await;
        if !matches!(joined, Ok((_, true))) {
            shared.dropped.set(shared.dropped.get() + count);
        }
        match joined {
            Ok((back, _)) => sink = back,
            Err(_) => return shared.put(Place::Gone),
        }
    }
}

impl fmt::Debug for Appender {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Appender({} bytes wait, {} lines dropped)", self.0.waiting.borrow().lines.len(), self.dropped())
    }
}
