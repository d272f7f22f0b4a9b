//! All workers, as one of them sees them that has asked the master.

use crate::supervisor::{State, View};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// A worker, as another one sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// Its number.
    pub worker: u64,
    /// Its slot.
    pub slot: usize,
    /// Its generation.
    pub generation: u64,
    /// Where it stands.
    pub state: State,
    /// Its process; `None` while it has none.
    pub pid: Option<i32>,
    /// Connections that it has, by its last sign of life.
    pub open: usize,
    /// How long ago it was started.
    pub age: Duration,
}

impl Peer {
    pub(crate) fn new(view: View, pid: Option<i32>, open: usize, now: Instant) -> Peer {
        let View { worker, slot, generation, state, began, .. } = view;
        Peer { worker, slot, generation, state, pid, open, age: now.saturating_duration_since(began) }
    }
}
