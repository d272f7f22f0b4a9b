//! The cases of h2spec (github.com/summerwind/h2spec), which judges HTTP/2 servers and clients: one row for each, with its number there, the
//! frames that it sends and what it accepts. It is itself run from outside; the rows make sure beforehand that it finds nothing.
//!
//! What h2spec finds depends on how fast the other end is: it may see two frames at once, or answer the first before the second has come. So
//! each row is run in three ways in the simulated network, and over TCP and TLS besides.

mod client;
mod server;
mod wire;

pub(crate) use wire::{Expect, Row, Step};

use std::time::Duration;

/// How the frames of a row go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// All in one piece.
    AtOnce,
    /// One by one, as fast as the network is.
    OneByOne,
    /// The other end has reacted to each before the next.
    Slowly,
}

impl Pace {
    const ALL: [Pace; 3] = [Pace::AtOnce, Pace::OneByOne, Pace::Slowly];
}

/// What is no answer after that long is none: h2spec's two seconds, and in real time more, for the machine may be busy.
const SIMULATED: Duration = Duration::from_secs(2);
const REAL: Duration = Duration::from_secs(60);
