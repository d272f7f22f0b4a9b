//! What a cluster bears, and for how long.

use super::restart::{BackOff, RestartLimit};
use std::time::Duration;

/// Most workers of a cluster.
pub const MAX_WORKERS: usize = 256;

/// How a supervisor keeps its workers. Every duration may have any value; [`Duration::MAX`] is "never" for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Workers that should serve: 1 by default, at least 1 and at most [`MAX_WORKERS`]; what lies outside is taken for the
    /// nearest of these.
    pub workers: usize,
    /// Time from a worker's start until it is ready; then it is killed, and counts as dead. 30 s (pm2's 3 s are too short for
    /// many). Zero lets nobody become ready who needs a turn of the loop for it.
    pub start_timeout: Duration,
    /// How often a worker gives a sign of life, from when it is ready until its process has ended: 1 s. Zero and [`Duration::MAX`]
    /// switch the signs off. All else that is heard of it proves as well that it lives.
    ///
    /// Before a worker is ready none is expected: who computes at its start is not hung, and its start has a time of its own, which
    /// it keeps when it is told to leave meanwhile. One that leaves is missed as one that serves is: who is stopped, or computes
    /// without an end, finishes nothing, however much time it has for that.
    pub beat: Duration,
    /// Signs of life that may be missing; then the worker is hung, and is killed. 3; 0 and `u32::MAX` switch that off.
    pub missed: u32,
    /// How long a dead worker's slot rests.
    pub back_off: BackOff,
    /// How many deaths are too many.
    pub limit: RestartLimit,
    /// Too many deaths end the cluster, with code 70 (sysexits.h, `EX_SOFTWARE`). Off by default: a degraded cluster goes on
    /// trying, every [`BackOff::longest`].
    pub strict: bool,
    /// Time that a worker has to finish what it has, once it is told to leave: 30 s. Zero: it is to break off at once.
    pub drain: Duration,
    /// Time after that until it is killed: 5 s. Zero: it is killed when its time is up.
    pub kill_after: Duration,
    /// What the jitter of pauses begins with.
    pub seed: u64,
    /// The number of the first generation: 1. A master that takes another's place goes on counting. Behind
    /// `u64::MAX` there is none, and a reload replaces nobody.
    pub generation: u64,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            workers: 1,
            start_timeout: Duration::from_secs(30),
            beat: Duration::from_secs(1),
            missed: 3,
            back_off: BackOff::default(),
            limit: RestartLimit::default(),
            strict: false,
            drain: Duration::from_secs(30),
            kill_after: Duration::from_secs(5),
            seed: 0,
            generation: 1,
        }
    }
}

impl Options {
    /// A number of workers that a cluster can have.
    pub(super) fn within_bounds(workers: usize) -> usize {
        workers.clamp(1, MAX_WORKERS)
    }

    /// How long a worker that is or was ready may be silent; `None` where nobody listens for it.
    pub(super) fn patience(&self) -> Option<Duration> {
        let off = self.beat.is_zero() || self.beat == Duration::MAX || self.missed == 0 || self.missed == u32::MAX;
        if off { None } else { self.beat.checked_mul(self.missed) }
    }
}
