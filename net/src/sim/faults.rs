//! What a simulation does to those who live in it, and for how long.

use std::time::Duration;

/// What a simulation may do to those who live in it. The default is a perfect network with a latency of 100 µs.
#[derive(Clone, Debug)]
pub struct Faults {
    /// Chance that a written run of bytes arrives in pieces, and of what is left after each piece.
    pub cut: f64,
    /// Chance that a write takes only some of the bytes.
    pub partial_write: f64,
    /// Least time that bytes and datagrams travel.
    pub latency_min: Duration,
    /// Most time that they travel. Bytes of a stream never overtake each other; datagrams do.
    pub latency_max: Duration,
    /// Chance, for each piece that a stream sends, that the connection is reset instead.
    pub reset: f64,
    /// Chance that a connect is refused although somebody listens.
    pub refuse: f64,
    /// Chance, for each piece that arrives, that a source that has nothing is reported ready as well.
    pub spurious: f64,
    /// Chance, for each read that brings handles, that the reader may open no more and they are lost
    /// ([`ReceivedWith::cut`](crate::ReceivedWith::cut)).
    pub cut_handles: f64,
    /// Chance that a datagram is lost.
    pub loss: f64,
    /// Chance that a datagram arrives twice.
    pub duplicate: f64,
    /// Bytes that one direction of a stream holds, on the way and unread, before a write would block.
    pub window: usize,
    /// Datagrams that a socket holds unread before further ones are lost.
    pub datagrams: usize,
    /// Connections that wait to be accepted before further ones are refused.
    pub backlog: usize,
}

impl Default for Faults {
    fn default() -> Self {
        Faults {
            cut: 0.0,
            partial_write: 0.0,
            latency_min: Duration::from_micros(100),
            latency_max: Duration::from_micros(100),
            reset: 0.0,
            refuse: 0.0,
            spurious: 0.0,
            cut_handles: 0.0,
            loss: 0.0,
            duplicate: 0.0,
            window: 64 * 1024,
            datagrams: 256,
            backlog: 128,
        }
    }
}

impl Faults {
    /// A bad network that loses nothing of a stream: cuts, short writes, small windows, uneven delays, spurious
    /// readiness; and datagrams that are lost, doubled and overtaken.
    pub fn rough() -> Self {
        Faults {
            cut: 0.5,
            partial_write: 0.3,
            latency_max: Duration::from_millis(20),
            spurious: 0.1,
            loss: 0.1,
            duplicate: 0.1,
            window: 512,
            ..Faults::default()
        }
    }
}

/// How a simulation runs: its seed, its faults and its end. A bare number is a seed.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where all chance comes from.
    pub seed: u64,
    /// What the network does; [`set_faults`](super::set_faults) changes it on the way.
    pub faults: Faults,
    /// Virtual time after which a run that has not ended is an error. An hour by default.
    pub limit: Duration,
}

impl From<u64> for Config {
    fn from(seed: u64) -> Self {
        Config { seed, faults: Faults::default(), limit: Duration::from_secs(3600) }
    }
}

impl Config {
    /// `seed` on a [rough](Faults::rough) network.
    pub fn rough(seed: u64) -> Self {
        Config { faults: Faults::rough(), ..Config::from(seed) }
    }
}
