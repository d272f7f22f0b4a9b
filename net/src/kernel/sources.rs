//! What the loop knows about every socket: its readiness, its budget, and who waits for it.
//!
//! A socket is registered once, edge-triggered, for both directions. The loop remembers what the edges said: a source
//! is readable from the edge until an operation shows that the kernel's buffer is empty.
//!
//! One direction of a source has one waiter. It is a task, or a *parked* record ([`park`](super::park())): an idle
//! connection that is parked owns neither task nor buffer, only this place.
//!
//! A source may be used [`OPERATIONS_PER_TURN`] times in one turn of the loop. After that it claims to be not ready until
//! the next turn, so a peer that sends without pause is served like the others and no faster.

use super::{
    slab::{Key, Slab},
    waiter::Waiter,
};

/// Reads (or accepts), and likewise writes, that one source may do in one turn of the loop.
pub const OPERATIONS_PER_TURN: u16 = 32;

pub(crate) const READABLE: u8 = 1;
pub(crate) const WRITABLE: u8 = 2;
/// The peer will send no more: short reads prove nothing any longer.
pub(crate) const CLOSED: u8 = 4;

/// Reading or writing: the index of a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Read,
    Write,
}

use Direction::{Read, Write};

impl Direction {
    pub(super) fn bit(self) -> u8 {
        match self {
            Read => READABLE,
            Write => WRITABLE,
        }
    }
}

pub(crate) struct Source {
    ready: u8,
    /// Which directions wait in `Sources::over_budget`.
    put_off: u8,
    /// Operations in the turn `turn`, by direction.
    spent: [u16; 2],
    turn: u32,
    waiters: [Waiter; 2],
}

/// What waiting on a source came to.
pub(super) enum Wait {
    /// No need: it is ready, within its budget. The waiter comes back.
    Ready(Waiter),
    /// It waits in place of this one, whom the caller drops outside of the borrow.
    Waits(Waiter),
    /// The source is gone, with its loop.
    Gone,
}

/// The sources of one loop.
pub(crate) struct Sources {
    slab: Slab<Source>,
    /// Turns in which budgets were renewed.
    turn: u32,
    over_budget: Vec<Key>,
    /// Where the last one was found that holds the loop.
    hint: usize,
}

impl Sources {
    pub(super) fn new() -> Self {
        Sources { slab: Slab::new(), turn: 0, over_budget: Vec::new(), hint: 0 }
    }

    /// A new source, not ready in the directions that `ready` lacks.
    pub(super) fn insert(&mut self, ready: u8) -> Key {
        self.slab.insert(Source { ready, put_off: 0, spent: [0; 2], turn: 0, waiters: Default::default() })
    }

    /// The source is gone; what it held is the caller's to drop.
    pub(super) fn remove(&mut self, key: Key) -> Option<Source> {
        self.slab.remove(key)
    }

    /// Whether an operation in `direction` may be tried now. When the source has gone with its loop, always.
    pub(super) fn grant(&mut self, key: Key, direction: Direction) -> bool {
        let Some(source) = self.slab.get_mut(key) else { return true };
        if source.turn != self.turn {
            (source.turn, source.spent) = (self.turn, [0; 2]);
        }
        let spent = &mut source.spent[direction as usize];
        if source.ready & direction.bit() == 0 || *spent >= OPERATIONS_PER_TURN {
            return false;
        }
        *spent += 1;
        true
    }

    /// Forgets that `direction` was ready, unless the source has one of the marks `unless`.
    pub(super) fn clear(&mut self, key: Key, direction: Direction, unless: u8) {
        if let Some(source) = self.slab.get_mut(key)
            && source.ready & unless == 0
        {
            source.ready &= !direction.bit();
        }
    }

    /// Ready, or `waiter` waits. One waiter for each direction: the last one stays.
    pub(super) fn wait(&mut self, key: Key, direction: Direction, waiter: Waiter) -> Wait {
        let Some(source) = self.slab.get_mut(key) else { return Wait::Gone };
        if source.ready & direction.bit() != 0 {
            let rested = source.turn != self.turn || source.spent[direction as usize] < OPERATIONS_PER_TURN;
            if rested {
                return Wait::Ready(waiter);
            }
            // Ready and over its budget: put off to the next turn.
            if source.put_off == 0 {
                self.over_budget.push(key);
            }
            source.put_off |= direction.bit();
        }
        Wait::Waits(std::mem::replace(&mut source.waiters[direction as usize], waiter))
    }

    /// Takes back what is parked on a source.
    pub(super) fn unpark(&mut self, key: Key) -> Option<Waiter> {
        let place = &mut self.slab.get_mut(key)?.waiters[Read as usize];
        matches!(place, Waiter::Parked(..)).then(|| std::mem::take(place))
    }

    /// What is parked on a source holds the loop no longer.
    pub(super) fn unref(&mut self, key: Key) {
        if let Some(source) = self.slab.get_mut(key)
            && let Waiter::Parked(_, holds) = &mut source.waiters[Read as usize]
        {
            *holds = false;
        }
    }

    /// An event came. Gives those who waited for it, writers first; an event for a closed source finds nothing.
    pub(super) fn make_ready(&mut self, key: Key, ready: u8) -> Option<[Waiter; 2]> {
        let source = self.slab.get_mut(key)?;
        source.ready |= ready;
        Some([Write, Read].map(|direction| {
            let waited = ready & direction.bit() != 0;
            if waited { std::mem::take(&mut source.waiters[direction as usize]) } else { Waiter::Nobody }
        }))
    }

    /// Whether somebody waits only for a new turn.
    pub(super) fn over_budget(&self) -> bool {
        !self.over_budget.is_empty()
    }

    /// A new turn: every budget is new. Gives those who waited for that.
    pub(super) fn renew_budgets(&mut self) -> Vec<Waiter> {
        self.turn = self.turn.wrapping_add(1);
        let mut rested = Vec::new();
        for key in std::mem::take(&mut self.over_budget) {
            let Some(source) = self.slab.get_mut(key) else { continue };
            let put_off = std::mem::take(&mut source.put_off);
            for direction in [Read, Write] {
                if put_off & direction.bit() != 0 {
                    rested.push(std::mem::take(&mut source.waiters[direction as usize]));
                }
            }
        }
        rested
    }

    /// Whether some source is waited for by somebody whom `holds` knows to hold the loop; looks first where it found one
    /// last time.
    pub(super) fn some_waited_for(&mut self, holds: impl Fn(&Waiter) -> bool) -> bool {
        let found = self.slab.find_from(self.hint, |source| source.waiters.iter().any(&holds));
        self.hint = found.unwrap_or(0);
        found.is_some()
    }

    /// All who wait.
    pub(super) fn waiters(&self) -> impl Iterator<Item = &Waiter> {
        self.slab.values().flat_map(|source| &source.waiters)
    }

    /// All keys; for tests.
    pub(super) fn keys(&self) -> Vec<Key> {
        self.slab.keys().collect()
    }

    /// For tearing down: all sources, which the caller drops.
    pub(super) fn take_all(&mut self) -> Vec<Source> {
        self.slab.take_all()
    }
}
