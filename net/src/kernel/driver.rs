//! What a loop runs on: where its readiness and its clock come from.
//!
//! A real machine is one driver, and the simulated network is another; the loop knows only the trait.

use super::{
    slab::Key,
    sources::{CLOSED, READABLE, WRITABLE},
};
use std::{
    cell::RefCell,
    io,
    time::{Duration, Instant},
};

/// The world as a loop sees it.
pub(crate) trait Driver {
    /// The clock.
    fn now(&self) -> Instant;

    /// Waits for events, at most for `timeout`; without one, for as long as it takes. An error ends the loop.
    fn wait(&self, timeout: Option<Duration>) -> io::Result<()>;

    /// Gives each event that came to its source, one after the other: which one, and what it is ready for. Says whether these were all:
    /// of very many some are left for the next turn, and those are given first then.
    fn dispatch(&self, each: &mut dyn FnMut(Key, u8)) -> bool;

    /// Registers an operating system's socket, edge-triggered, for both directions or for reading alone. Closing it takes that
    /// back.
    fn register(&self, io: &mut dyn mio::event::Source, key: Key, writes: bool) -> io::Result<()>;

    /// Changes for which directions a socket is registered. What it is ready for now is told again.
    fn reregister(&self, io: &mut dyn mio::event::Source, key: Key, writes: bool) -> io::Result<()>;

    /// Takes a socket out whose descriptor lives on. Closing a descriptor is not enough when another process has it as well:
    /// the system goes on to report what happens to the socket (epoll(7), question 6).
    fn deregister(&self, io: &mut dyn mio::event::Source) -> io::Result<()>;

    /// Whether there is nothing beside the loop: no other threads to work for it, and nobody who sends signals.
    fn is_alone(&self) -> bool {
        false
    }
}

/// Most events that one turn takes, from the operating system or of a simulation.
pub(crate) const EVENTS_PER_TURN: usize = 1024;

/// The token of the waker for other threads. No source has it: it would need 2³² sources.
const NUDGE: mio::Token = mio::Token(usize::MAX);

/// The driver on a real machine: epoll (Linux) or kqueue (macOS, BSD), by way of mio.
pub(super) struct Poller {
    poll: RefCell<mio::Poll>,
    events: RefCell<mio::Events>,
}

impl Poller {
    /// The driver, and the waker by which another thread interrupts its wait.
    pub(super) fn new() -> io::Result<(Poller, mio::Waker)> {
        let poll = mio::Poll::new()?;
        let nudge = mio::Waker::new(poll.registry(), NUDGE)?;
        let events = RefCell::new(mio::Events::with_capacity(EVENTS_PER_TURN));
        Ok((Poller { poll: RefCell::new(poll), events }, nudge))
    }
}

impl Driver for Poller {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn wait(&self, timeout: Option<Duration>) -> io::Result<()> {
        let events = &mut *self.events.borrow_mut();
        let poll = &mut *self.poll.borrow_mut();
        // After EINTR (a signal came, or this process was stopped meanwhile) what is there is still taken. All else that a wait can
        // suffer means: no events this time.
        if poll.poll(events, timeout).is_err() && poll.poll(events, Some(Duration::ZERO)).is_err() {
            events.clear();
        }
        Ok(())
    }

    fn dispatch(&self, each: &mut dyn FnMut(Key, u8)) -> bool {
        let mut taken = 0;
        for event in &*self.events.borrow() {
            taken += 1;
            if event.token() == NUDGE {
                continue;
            }
            let closed = event.is_read_closed() || event.is_error();
            let mut ready = 0;
            if event.is_readable() || closed {
                ready |= READABLE;
            }
            if event.is_writable() || event.is_write_closed() || event.is_error() {
                ready |= WRITABLE;
            }
            if closed {
                ready |= CLOSED;
            }
            each(Key::from_bits(event.token().0), ready);
        }
        taken < EVENTS_PER_TURN
    }

    fn register(&self, io: &mut dyn mio::event::Source, key: Key, writes: bool) -> io::Result<()> {
        self.poll.borrow().registry().register(io, mio::Token(key.to_bits()), interest(writes))
    }

    fn reregister(&self, io: &mut dyn mio::event::Source, key: Key, writes: bool) -> io::Result<()> {
        self.poll.borrow().registry().reregister(io, mio::Token(key.to_bits()), interest(writes))
    }

    fn deregister(&self, io: &mut dyn mio::event::Source) -> io::Result<()> {
        self.poll.borrow().registry().deregister(io)
    }
}

fn interest(writes: bool) -> mio::Interest {
    if writes { mio::Interest::READABLE | mio::Interest::WRITABLE } else { mio::Interest::READABLE }
}
