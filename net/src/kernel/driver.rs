//! What a loop runs on: where its readiness and its clock come from.
//!
//! A real machine is one driver ([`poller`](super::poller)), the simulated network another; the loop knows neither.

use super::slab::Key;
use std::{
    io,
    time::{Duration, Instant},
};

/// The world as a loop sees it.
pub(crate) trait Driver {
    /// The clock.
    fn now(&self) -> Instant;

    /// Waits for events, at most for `timeout`; without one, for as long as it takes. An error ends the loop.
    fn wait(&self, timeout: Option<Duration>) -> io::Result<()>;

    /// Gives each event that came to its source, one after the other: which one, and what it is ready for.
    fn dispatch(&self, each: &mut dyn FnMut(Key, u8));

    /// Registers an operating system's socket once, for both directions, edge-triggered. Closing it takes that back.
    fn register(&self, io: &mut dyn mio::event::Source, key: Key) -> io::Result<()>;

    /// Whether there is nothing beside the loop: no other threads to work for it, and nobody who sends signals.
    fn is_alone(&self) -> bool {
        false
    }
}
