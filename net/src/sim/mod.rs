//! A simulated network: listeners, streams and datagrams in memory, virtual time, faults by script or by chance.
//!
//! A server that is written against [`Listener`](crate::Listener) and [`Stream`](crate::Stream) runs here as it runs on
//! TCP. Time jumps from event to event, so a timeout of a minute costs microseconds; the network cuts, delays, loses
//! and resets as [`Faults`] says; and everything that is left to chance comes from one seed, so a run that failed runs
//! again in the same way.
//!
//! ```
//! use wirebook_net::{sim, Listener, Stream};
//!
//! let reply = sim::run(7, async {
//!     let listener = sim::SimListener::bind("10.0.0.1:80").unwrap();
//!     wirebook_net::spawn(async move {
//!         let (stream, _) = listener.accept().await.unwrap();
//!         stream.write_all(b"hello").await.unwrap();
//!     });
//!     let stream = sim::SimStream::connect("10.0.0.1:80").await.unwrap();
//!     let mut bytes = [0; 5];
//!     let mut count = 0;
//!     while count < bytes.len() {
//!         count += stream.read(&mut bytes[count..]).await.unwrap();
//!     }
//!     bytes
//! });
//! assert_eq!(&reply.unwrap(), b"hello");
//! ```
//!
//! **Theory of operation.** The network is one queue of events, ordered by virtual time: "these bytes arrive", "this
//! side ended", "this connection is accepted". Writing to a stream queues events; the loop's poll phase moves the
//! clock to the next event or timer, whichever is first, and runs the events that are due, which make sources ready as
//! epoll would. A turn that has work and does not wait takes a microsecond. Nothing else advances the clock. Jobs for the thread pool run on the loop's own thread, in the
//! check phase.

mod network;
mod stream;
mod udp;

pub(crate) use network::Network;
pub use stream::{Fault, SimListener, SimStream};
pub use udp::SimUdpSocket;

use crate::driver::Driver;
use std::{future::Future, io, time::Duration};

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
    /// What the network does; [`set_faults`] changes it on the way.
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

/// Runs `future` in a simulation of its own, until it has finished; what it spawned is dropped then.
///
/// # Errors
/// Each names the seed, so that the run can be repeated: the future panicked; it waits for something that can never
/// happen; virtual time ran past [`Config::limit`].
pub fn run<F: Future + 'static>(config: impl Into<Config>, future: F) -> io::Result<F::Output>
where
    F::Output: 'static,
{
    let config = config.into();
    let seed = config.seed;
    let network = Network::new(config);
    let main = async move {
        let output = future.await;
        crate::run::current(|on| on.stop());
        output
    };
    crate::run::run_on((Driver::Simulated(Box::new(network)), None), main)
        .map_err(|error| io::Error::other(format!("simulation with seed {seed}: {error}")))
}

/// Runs `make(seed)` for every seed from 0 to `seeds`, each in a simulation as `config` says; stops at the first that
/// fails. With `WIREBOOK_SIM_SEED` set, runs that seed alone.
///
/// # Panics
/// When a run fails, with its seed and how to repeat it: this is for tests.
pub fn explore<F: Future + 'static>(seeds: u64, config: impl Fn(u64) -> Config, make: impl Fn(u64) -> F)
where
    F::Output: 'static,
{
    let chosen = std::env::var("WIREBOOK_SIM_SEED").ok().and_then(|text| text.parse().ok());
    for seed in chosen.map_or(0..seeds, |seed| seed..seed + 1) {
        if let Err(error) = run(config(seed), make(seed)) {
            panic!("{error}\nrepeat it with WIREBOOK_SIM_SEED={seed}");
        }
    }
}

/// Changes what the network does from now on.
///
/// # Panics
/// Outside a simulation; so do the other functions here.
pub fn set_faults(faults: Faults) {
    Network::current(|network| network.set_faults(faults));
}

/// A number below `bound` from the simulation's seed.
pub fn random_below(bound: u64) -> u64 {
    Network::current(|network| network.below(bound))
}

/// True with the given chance, from the simulation's seed.
pub fn chance(probability: f64) -> bool {
    Network::current(|network| network.chance(probability))
}
