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
    waiter::{Reader, Resume, Waiter},
};
use std::rc::Rc;

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
        READABLE << self as u8
    }
}

pub(crate) struct Source {
    ready: u8,
    /// Which directions wait in `Sources::over_budget`.
    put_off: u8,
    /// Operations in the turn `turn`, by direction.
    spent: [u16; 2],
    turn: u32,
    reader: Reader,
    writer: Waiter,
}

impl Source {
    /// Ready, and within its budget. One that is ready and over it is put off to the next turn.
    fn is_ready(&mut self, direction: Direction, turn: u32, key: Key, over_budget: &mut Vec<Key>) -> bool {
        if self.ready & direction.bit() == 0 {
            return false;
        }
        if self.turn != turn || self.spent[direction as usize] < OPERATIONS_PER_TURN {
            return true;
        }
        if self.put_off == 0 {
            over_budget.push(key);
        }
        self.put_off |= direction.bit();
        false
    }

    /// Takes out those who wait in these directions.
    fn take_waiters(&mut self, ready: u8) -> (Waiter, Reader) {
        let writer = if ready & WRITABLE != 0 { std::mem::take(&mut self.writer) } else { Waiter::Nobody };
        let reader = if ready & READABLE != 0 { std::mem::take(&mut self.reader) } else { Reader::default() };
        (writer, reader)
    }
}

/// What waiting on a source came to.
pub(super) enum Wait {
    /// No need: it is ready, within its budget.
    Ready,
    /// It waits in place of this one, whom the caller drops outside of the borrow.
    Waits(Reader),
    /// The source is gone, with its loop.
    Gone,
}

/// The sources of one loop.
#[derive(Default)]
pub(crate) struct Sources {
    slab: Slab<Source>,
    /// Turns in which budgets were renewed.
    turn: u32,
    over_budget: Vec<Key>,
    /// Where the last one was found that holds the loop.
    hint: usize,
}

impl Sources {
    /// A new source, not ready in the directions that `ready` lacks.
    pub(super) fn insert(&mut self, ready: u8) -> Key {
        let (reader, writer) = Default::default();
        self.slab.insert(Source { ready, put_off: 0, spent: [0; 2], turn: 0, reader, writer })
    }

    /// The source is gone; what it held is the caller's to drop.
    pub(super) fn remove(&mut self, key: Key) -> Option<Source> {
        self.slab.remove(key)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.slab.len()
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
    pub(super) fn wait(&mut self, key: Key, direction: Direction, waiter: impl FnOnce() -> Waiter) -> Wait {
        let Some(source) = self.slab.get_mut(key) else { return Wait::Gone };
        if source.is_ready(direction, self.turn, key, &mut self.over_budget) {
            return Wait::Ready;
        }
        Wait::Waits(match direction {
            Read => std::mem::replace(&mut source.reader, Reader::Waits(waiter())),
            Write => Reader::Waits(std::mem::replace(&mut source.writer, waiter())),
        })
    }

    /// Parks a record in the place of the one who waits to read, who is the caller's to drop; gives the record back when
    /// the source is ready already.
    pub(super) fn park(&mut self, key: Key, record: Rc<dyn Resume>) -> Result<Reader, Option<Rc<dyn Resume>>> {
        let source = self.slab.get_mut(key).ok_or(None)?;
        if source.is_ready(Read, self.turn, key, &mut self.over_budget) {
            return Err(Some(record));
        }
        Ok(std::mem::replace(&mut source.reader, Reader::Parked(record, true)))
    }

    /// Takes back what is parked on a source.
    pub(super) fn unpark(&mut self, key: Key) -> Option<Reader> {
        let place = &mut self.slab.get_mut(key)?.reader;
        matches!(place, Reader::Parked(..)).then(|| std::mem::take(place))
    }

    /// What is parked on a source holds the loop no longer.
    pub(super) fn unref(&mut self, key: Key) {
        if let Some(Source { reader: Reader::Parked(_, holds), .. }) = self.slab.get_mut(key) {
            *holds = false;
        }
    }

    /// An event came. Gives those who waited for it; an event for a closed source finds nothing.
    pub(super) fn make_ready(&mut self, key: Key, ready: u8) -> Option<(Waiter, Reader)> {
        let source = self.slab.get_mut(key)?;
        source.ready |= ready;
        Some(source.take_waiters(ready))
    }

    /// Whether somebody waits only for a new turn.
    pub(super) fn over_budget(&self) -> bool {
        !self.over_budget.is_empty()
    }

    /// A new turn: every budget is new. Gives those who waited for that.
    pub(super) fn renew_budgets(&mut self) -> Vec<(Waiter, Reader)> {
        self.turn = self.turn.wrapping_add(1);
        let rest = |key: Key| {
            let source = self.slab.get_mut(key)?;
            let put_off = std::mem::take(&mut source.put_off);
            Some(source.take_waiters(put_off))
        };
        std::mem::take(&mut self.over_budget).into_iter().filter_map(rest).collect()
    }

    /// Whether some source holds the loop; looks first where it found one last time. `holds` tells of a waiter whether it
    /// does.
    pub(super) fn some_hold(&mut self, holds: impl Fn(&Waiter) -> bool) -> bool {
        let found = self.slab.find_from(self.hint, |source| match &source.reader {
            Reader::Parked(_, true) => true,
            Reader::Waits(reader) if holds(reader) => true,
            _ => holds(&source.writer),
        });
        self.hint = found.unwrap_or(0);
        found.is_some()
    }

    /// How many directions are waited for by somebody who holds the loop, and how many parked records do.
    pub(super) fn count(&self, holds: impl Fn(&Waiter) -> bool) -> (usize, usize) {
        let (mut waiting, mut parked) = (0, 0);
        for source in self.slab.values() {
            waiting += usize::from(holds(&source.writer));
            match &source.reader {
                Reader::Waits(reader) => waiting += usize::from(holds(reader)),
                Reader::Parked(_, holds) => parked += usize::from(*holds),
            }
        }
        (waiting, parked)
    }

    /// Makes every source ready, as spurious events would, and gives all who wait; for tests.
    pub(super) fn make_all_ready(&mut self) -> Vec<(Waiter, Reader)> {
        let both = READABLE | WRITABLE;
        let make_ready = |source: &mut Source| {
            source.ready |= both;
            source.take_waiters(both)
        };
        self.slab.values_mut().map(make_ready).collect()
    }

    /// For tearing down: all sources, which the caller drops.
    pub(super) fn take_all(&mut self) -> impl Iterator<Item = Source> + use<> {
        self.slab.take_all()
    }
}
