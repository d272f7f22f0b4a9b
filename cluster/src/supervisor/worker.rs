//! One worker as its supervisor sees it.

use super::state::{Input, NoRow, Standing, State};
use std::time::Instant;

/// What a worker is to its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It is the slot's own: it serves, or will.
    Serves,
    /// It takes the slot when it is ready, from one that serves, or that died.
    Succeeds,
    /// It is on its way out.
    Leaves,
}

/// One life.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) slot: usize,
    pub(super) generation: u64,
    pub(super) place: Place,
    /// When it was started.
    pub(super) began: Instant,
    /// When something is to be done about it, if it does not move before.
    pub(super) due: Option<Instant>,
    /// When it will have been silent for too long; never, while no sign of life is expected of it.
    pub(super) silent_until: Option<Instant>,
    /// It rested long enough, and waits until its slot has room for its process.
    pub(super) waits: bool,
    /// It has been told to break off.
    pub(super) hurried: bool,
    /// Of one that wants to leave: when its successor may be started; never, while there is none.
    pub(super) succeeded_from: Option<Instant>,
    standing: Standing,
}

impl Worker {
    /// One that rests until then.
    pub(super) fn new(slot: usize, generation: u64, place: Place, now: Instant, due: Option<Instant>) -> Self {
        let standing = Standing::new();
        Worker {
            slot,
            generation,
            place,
            began: now,
            due,
            silent_until: None,
            waits: false,
            hurried: false,
            succeeded_from: None,
            standing,
        }
    }

    pub(super) fn state(&self) -> State {
        self.standing.state()
    }

    pub(super) fn step(&mut self, input: Input) -> Result<State, NoRow> {
        self.standing.step(input)
    }
}

/// What a supervisor tells of a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// Its number.
    pub worker: u64,
    /// Its slot, from 0.
    pub slot: usize,
    /// Which start of the program it is of, from 1: a reload makes a new one.
    pub generation: u64,
    /// Where it stands.
    pub state: State,
    /// It is there to take the slot of another, or of one that died.
    pub succeeds: bool,
    /// When it was started; for one that rests, when it began to rest.
    pub began: Instant,
}
