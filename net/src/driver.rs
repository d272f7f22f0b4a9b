//! Where the loop gets its readiness and its clock: the operating system by way of mio, or the simulated network.

use crate::{
    event_loop::Loop,
    sim::Network,
    slab::Key,
    source::{CLOSED, READABLE, WRITABLE},
};
use std::{
    cell::RefCell,
    io,
    rc::Rc,
    time::{Duration, Instant},
};

/// Most events taken from the operating system in one turn.
const EVENTS_PER_TURN: usize = 1024;

/// The token of the waker for other threads. No source has it: it would need 2³² sources.
const NUDGE: mio::Token = mio::Token(usize::MAX);

pub(crate) enum Driver {
    Real { poll: RefCell<mio::Poll>, events: RefCell<mio::Events> },
    Simulated(Box<Network>),
}

impl Driver {
    /// A driver on epoll (Linux) or kqueue (macOS, BSD), and the waker that interrupts its wait.
    pub(crate) fn real() -> io::Result<(Driver, Option<mio::Waker>)> {
        let poll = mio::Poll::new()?;
        let nudge = mio::Waker::new(poll.registry(), NUDGE)?;
        let events = RefCell::new(mio::Events::with_capacity(EVENTS_PER_TURN));
        Ok((Driver::Real { poll: RefCell::new(poll), events }, Some(nudge)))
    }

    pub(crate) fn now(&self) -> Instant {
        match self {
            Driver::Real { .. } => Instant::now(),
            Driver::Simulated(network) => network.now(),
        }
    }

    /// Whether this is the simulated network.
    pub(crate) fn is_simulated(&self) -> bool {
        matches!(self, Driver::Simulated(_))
    }

    /// Waits for events, at most for `timeout`.
    pub(crate) fn wait(&self, on: &Rc<Loop>, timeout: Option<Duration>) {
        match self {
            Driver::Real { poll, events } => {
                let events = &mut *events.borrow_mut();
                // EINTR (a signal came) and all else that a wait can suffer mean: no events this time.
                if poll.borrow_mut().poll(events, timeout).is_err() {
                    events.clear();
                }
            }
            Driver::Simulated(network) => network.wait(on, timeout),
        }
    }

    /// Gives every event to its source; each is one callback.
    pub(crate) fn dispatch(&self, on: &Rc<Loop>) {
        match self {
            Driver::Real { events, .. } => {
                for event in events.borrow().iter().filter(|event| event.token() != NUDGE) {
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
                    on.source_ready(Key::from_bits(event.token().0), ready);
                }
            }
            Driver::Simulated(network) => network.dispatch(on),
        }
    }

    /// Registers a descriptor once, for both directions, edge-triggered. Closing the descriptor deregisters it.
    pub(crate) fn register(&self, io: &mut impl mio::event::Source, key: Key) -> io::Result<()> {
        match self {
            Driver::Real { poll, .. } => poll.borrow().registry().register(
                io,
                mio::Token(key.to_bits()),
                mio::Interest::READABLE | mio::Interest::WRITABLE,
            ),
            Driver::Simulated(_) => Err(io::Error::other("a simulation has no real sockets")),
        }
    }
}
