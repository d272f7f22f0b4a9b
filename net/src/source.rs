//! Sources of readiness: what the loop knows about every socket.
//!
//! A socket is registered once, edge-triggered, for both directions. The loop remembers what the edges said: a source
//! is readable from the edge until an operation shows that the kernel's buffer is empty. Most of the time no
//! system call is needed to learn that: a read that gave fewer bytes than were asked for has emptied the buffer, so
//! the next edge is sure to come. (Not so when the peer has closed its side: that edge may have been consumed together
//! with the data's, so from then on the source stays readable until a read says "end of stream". Datagram sockets,
//! listeners, and the reads of Unix streams do not have this shortcut either and go on until the kernel says "would
//! block".)
//!
//! One direction of a source has one waiter. It is a task's waker, or a *parked* callback: an idle connection that
//! is parked owns neither task nor buffer, only this place and a boxed callback.
//!
//! A source may be used [`OPERATIONS_PER_TURN`] times in one turn of the loop. After that it claims to be not ready until
//! the next turn, so a peer that sends without pause is served like the others and no faster.

use crate::{
    event_loop::{Callback, Loop, Microtask},
    park::Resume,
    run,
    slab::{Key, Slab},
    trace::{Lane, Step},
};
use std::{
    cell::RefCell,
    fmt, io,
    rc::Rc,
    task::{Context, Poll, Waker},
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
    fn bit(self) -> u8 {
        match self {
            Read => READABLE,
            Write => WRITABLE,
        }
    }
}

enum Waiter {
    Nobody,
    Task(Waker),
    Parked(Resumption),
}

/// What becomes of a parked connection.
pub(crate) enum Resumption {
    Once(Callback),
    Again(Rc<dyn Resume>),
}

impl Resumption {
    fn run(self) {
        match self {
            Resumption::Once(callback) => callback(),
            Resumption::Again(parked) => parked.resume(),
        }
    }

    fn into_microtask(self) -> Microtask {
        match self {
            Resumption::Once(callback) => Microtask::Callback(callback),
            Resumption::Again(parked) => Microtask::Resume(parked),
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
    reader: Waiter,
    writer: Waiter,
}

impl Source {
    /// Ready, and within its budget. One that is ready and over it is put off to the next turn, under its `key`.
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
}

pub(crate) struct Sources {
    slab: Slab<Source>,
    /// Turns in which budgets were renewed.
    turn: u32,
    over_budget: Vec<Key>,
    parked: usize,
}

impl Sources {
    pub(crate) fn new() -> Self {
        Sources { slab: Slab::new(), turn: 0, over_budget: Vec::new(), parked: 0 }
    }

    /// Connections that wait in the parked state; they keep the loop alive.
    pub(crate) fn parked(&self) -> usize {
        self.parked
    }

    /// Whether somebody waits only for a new turn.
    pub(crate) fn over_budget(&self) -> bool {
        !self.over_budget.is_empty()
    }

    /// A new turn: every budget is new. Gives those who waited for that, to be woken outside of the borrow.
    fn renew_budgets(&mut self) -> Vec<Waiter> {
        self.turn = self.turn.wrapping_add(1);
        let mut rested = Vec::new();
        for key in std::mem::take(&mut self.over_budget) {
            let Some(source) = self.slab.get_mut(key) else { continue };
            let put_off = std::mem::take(&mut source.put_off);
            if put_off & READABLE != 0 {
                let reader = std::mem::replace(&mut source.reader, Waiter::Nobody);
                self.parked -= usize::from(matches!(reader, Waiter::Parked(_)));
                rested.push(reader);
            }
            if put_off & WRITABLE != 0 {
                rested.push(std::mem::replace(&mut source.writer, Waiter::Nobody));
            }
        }
        rested
    }

    /// For tearing down: what some remaining source holds.
    pub(crate) fn pop(&mut self) -> Option<Source> {
        self.slab.pop()
    }
}

/// Takes a task's waker and leaves a parked callback alone.
fn take_task(waiter: &mut Waiter) -> Waiter {
    match waiter {
        Waiter::Task(_) => std::mem::replace(waiter, Waiter::Nobody),
        _ => Waiter::Nobody,
    }
}

impl Loop {
    /// Renews the budgets of all sources, and wakes who was over his.
    pub(crate) fn renew_budgets(&self) {
        let rested = self.sources.borrow_mut().renew_budgets();
        for waiter in rested {
            match waiter {
                Waiter::Nobody => {}
                Waiter::Task(waker) => waker.wake(),
                Waiter::Parked(resumption) => self.push_microtask(resumption.into_microtask()),
            }
        }
    }

    /// An event came for a source: remembers it and lets the waiters run. An event for a closed source finds nothing.
    pub(crate) fn source_ready(self: &Rc<Self>, key: Key, ready: u8) {
        let waiters = {
            let mut sources = self.sources.borrow_mut();
            let Some(source) = sources.slab.get_mut(key) else { return };
            source.ready |= ready;
            let waiters = [(WRITABLE, &mut source.writer), (READABLE, &mut source.reader)].map(|(bit, waiter)| {
                let nobody = Waiter::Nobody;
                if ready & bit == 0 { nobody } else { std::mem::replace(waiter, nobody) }
            });
            sources.parked -= usize::from(matches!(waiters[1], Waiter::Parked(_)));
            waiters
        };
        self.trace(Lane::Io, Step::Begin, key.generation);
        for waiter in waiters {
            match waiter {
                Waiter::Nobody => {}
                Waiter::Task(waker) => waker.wake(),
                Waiter::Parked(resumption) => resumption.run(),
            }
        }
        self.trace(Lane::Io, Step::End, key.generation);
        self.drain();
    }
}

/// Makes every source of this thread's loop look ready, as a spurious event would, and wakes the tasks that wait; for
/// tests.
#[doc(hidden)]
pub fn fake_readiness() {
    let keys = run::current(|on| on.sources.borrow().slab.keys().collect::<Vec<_>>());
    for key in keys {
        let waiters = run::current(|on| {
            let sources = &mut *on.sources.borrow_mut();
            let source = sources.slab.get_mut(key)?;
            source.ready |= READABLE | WRITABLE;
            Some([take_task(&mut source.reader), take_task(&mut source.writer)])
        });
        for waiter in waiters.into_iter().flatten() {
            if let Waiter::Task(waker) = waiter {
                waker.wake();
            }
        }
    }
}

/// A socket's place in its loop. Dropping it gives the place back.
///
/// This is what an implementor of [`Stream`](crate::Stream) wraps: it keeps the readiness, the waiters and the budget.
pub struct Registration {
    key: Key,
    sources: Rc<RefCell<Sources>>,
}

impl Registration {
    /// Registers an operating system's socket, not ready in the directions that `ready` lacks.
    pub(crate) fn new(io: &mut impl mio::event::Source, ready: u8) -> io::Result<Self> {
        run::try_current(|on| {
            let registration = Registration::insert(on, ready);
            on.driver.register(io, registration.key)?;
            Ok(registration)
        })
        .unwrap_or_else(|| Err(io::Error::other("no event loop runs on this thread")))
    }

    pub(crate) fn insert(on: &Loop, ready: u8) -> Self {
        let source =
            Source { ready, put_off: 0, spent: [0; 2], turn: 0, reader: Waiter::Nobody, writer: Waiter::Nobody };
        Registration { key: on.sources.borrow_mut().slab.insert(source), sources: on.sources.clone() }
    }

    /// Whether an operation in `direction` may be tried now. When the loop has ended, and the source with it, always.
    fn grant(&self, direction: Direction) -> io::Result<()> {
        let sources = &mut *self.sources.borrow_mut();
        let Some(source) = sources.slab.get_mut(self.key) else { return Ok(()) };
        if source.turn != sources.turn {
            (source.turn, source.spent) = (sources.turn, [0; 2]);
        }
        let spent = &mut source.spent[direction as usize];
        if source.ready & direction.bit() == 0 || *spent >= OPERATIONS_PER_TURN {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        *spent += 1;
        Ok(())
    }

    /// Forgets that `direction` was ready.
    fn clear(&self, direction: Direction, unless: u8) {
        if let Some(source) = self.sources.borrow_mut().slab.get_mut(self.key)
            && source.ready & unless == 0
        {
            source.ready &= !direction.bit();
        }
    }

    // ANCHOR: try_stream
    /// Tries a stream operation that may move up to `asked` bytes: no system call when the source is known to be not
    /// ready, EINTR is tried again, and fewer bytes than asked for mean "not ready from now on".
    pub(crate) fn try_stream(
        &self,
        direction: Direction,
        asked: usize,
        mut operation: impl FnMut() -> io::Result<usize>,
    ) -> io::Result<usize> {
        let result = self.try_once(direction, &mut operation);
        if let Ok(moved) = result
            && moved < asked
            && (moved > 0 || direction == Write)
        {
            self.clear(direction, if direction == Read { CLOSED } else { 0 });
        }
        result
    }
    // ANCHOR_END: try_stream

    /// Tries an operation that proves nothing about the next one: accepting, datagrams, and reads of a Unix stream.
    pub(crate) fn try_once<R>(
        &self,
        direction: Direction,
        mut operation: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        self.grant(direction)?;
        loop {
            match operation() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.clear(direction, 0);
                    return Err(error);
                }
                result => return result,
            }
        }
    }

    /// Ready, or the context's task is woken when it is. One waiter for each direction: the last one stays.
    fn poll(&self, direction: Direction, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut sources = self.sources.borrow_mut();
        let Sources { slab, turn, over_budget, parked } = &mut *sources;
        let Some(source) = slab.get_mut(self.key) else {
            return Poll::Ready(Err(io::Error::other("the socket's event loop has ended")));
        };
        if source.is_ready(direction, *turn, self.key, over_budget) {
            return Poll::Ready(Ok(()));
        }
        let place = if direction == Read { &mut source.reader } else { &mut source.writer };
        if !matches!(place, Waiter::Task(waker) if waker.will_wake(context.waker())) {
            let before = std::mem::replace(place, Waiter::Task(context.waker().clone()));
            *parked -= usize::from(matches!(before, Waiter::Parked(_)));
            // Who waited before is dropped after the borrow: a foreign waker's destructor may do anything.
            drop(sources);
            drop(before);
        }
        Poll::Pending
    }

    /// Ready when an operation that reads may be tried; see [`Stream::poll_readable`](crate::Stream::poll_readable).
    pub fn poll_readable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll(Read, context)
    }

    /// Ready when an operation that writes may be tried; see [`Stream::poll_writable`](crate::Stream::poll_writable).
    pub fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll(Write, context)
    }

    /// What identifies this registration on this thread for as long as it lives.
    pub(crate) fn key(&self) -> Key {
        self.key
    }
}

/// Resumes once when the source is readable; as a microtask when it is now. It takes the place of a task that waits to
/// read.
pub(crate) fn park(key: Key, resumption: Resumption) {
    run::current(|on| {
        let Sources { slab, turn, over_budget, parked } = &mut *on.sources.borrow_mut();
        let Some(source) = slab.get_mut(key) else { return };
        if source.is_ready(Read, *turn, key, over_budget) {
            return on.push_microtask(resumption.into_microtask());
        }
        if !matches!(source.reader, Waiter::Parked(_)) {
            *parked += 1;
        }
        source.reader = Waiter::Parked(resumption);
    });
}

/// Takes back what was parked on `key`.
pub(crate) fn unpark(key: Key) -> Option<Resumption> {
    run::try_current(|on| {
        let sources = &mut *on.sources.borrow_mut();
        let source = sources.slab.get_mut(key)?;
        match source.reader {
            Waiter::Parked(_) => {
                sources.parked -= 1;
                match std::mem::replace(&mut source.reader, Waiter::Nobody) {
                    Waiter::Parked(resumption) => Some(resumption),
                    _ => None,
                }
            }
            _ => None,
        }
    })
    .flatten()
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration").field("key", &self.key).finish_non_exhaustive()
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let source = {
            let sources = &mut *self.sources.borrow_mut();
            let source = sources.slab.remove(self.key);
            sources.parked -= usize::from(matches!(source, Some(Source { reader: Waiter::Parked(_), .. })));
            source
        };
        drop(source);
    }
}
