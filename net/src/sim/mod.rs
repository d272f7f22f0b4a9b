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
//! epoll would. A turn that has work and does not wait takes a microsecond. Nothing else advances the clock but
//! [`hold_up`]. Jobs for the thread pool run on the loop's own thread, in the check phase.

mod connection;
mod faults;
mod names;
mod network;
mod stream;
mod udp;

pub use connection::{Fault, SimHandle};
pub use faults::{Config, Faults};
pub use stream::{SimListener, SimStream};
pub use udp::SimUdpSocket;

use crate::kernel::{AnyFuture, Then, run_on, unboxed};
use network::Network;
use std::{any::Any, future::Future, io, pin::Pin, rc::Rc, time::Duration};

/// Runs `future` in a simulation of its own, until it has finished; what it spawned is dropped then.
///
/// # Errors
/// Each names the seed, so that the run can be repeated: the future panicked; it waits for something that can never
/// happen; virtual time ran past [`Config::limit`].
pub fn run<F: Future + 'static>(config: impl Into<Config>, future: F) -> io::Result<F::Output>
where
    F::Output: 'static,
{
    Ok(unboxed(simulate(config.into(), Box::pin(future))?)?)
}

/// The same for every future, so that it is compiled once.
fn simulate(config: Config, main: Pin<Box<dyn AnyFuture>>) -> io::Result<Box<dyn Any>> {
    let seed = config.seed;
    let network = Rc::new(Network::new(config));
    let _entered = network.enter();
    names::forget_all();
    run_on(Box::new(network), None, main, Then::Stops)
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

/// The loop is held up for so long, as by a callback that computes, or with its process that somebody has stopped: the clock goes on, and
/// nobody hears anything meanwhile. Zero changes nothing; [`Duration::MAX`] runs past every limit.
pub fn hold_up(time: Duration) {
    Network::current(|network| network.pass(time));
}

/// A number below `bound` from the simulation's seed.
pub fn random_below(bound: u64) -> u64 {
    Network::current(|network| network.below(bound))
}

/// True with the given chance, from the simulation's seed.
pub fn chance(probability: f64) -> bool {
    Network::current(|network| network.chance(probability))
}
