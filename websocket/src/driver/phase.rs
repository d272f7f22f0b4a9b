//! How a connection stands with its stream, one table for each direction.
//!
//! What may be said is the protocol's matter (`state.rs`). These tables say which task takes what comes, and what becomes of what
//! goes out. A [`Phase`] has one way to move, and that asks the table. Where the table has no row nothing moves, and the caller
//! is told: so a flush is queued once, one task waits for a stream that is full, and an end comes once.

use std::cell::Cell;

/// A table: what follows on what.
pub(super) trait Table: Copy {
    type Move;

    fn after(self, on: Self::Move) -> Option<Self>;
}

/// Where one direction stands. Nothing outside of this file can write it.
pub(super) struct Phase<S>(Cell<S>);

impl<S: Table> Phase<S> {
    pub(super) fn new(state: S) -> Self {
        Phase(Cell::new(state))
    }

    #[inline]
    pub(super) fn get(&self) -> S {
        self.0.get()
    }

    /// Moves as the table says, the only writer; `false`: there is no row, and nothing was moved.
    #[inline]
    pub(super) fn step(&self, on: S::Move) -> bool {
        let Some(next) = self.0.get().after(on) else { return false };
        self.0.set(next);
        true
    }
}

/// Who takes what comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Incoming {
    /// The attendant, and keeps it for the reader.
    Kept,
    /// The reader, which waits for it.
    Awaited,
    /// Nothing more comes, and the reader has yet to come upon that.
    AtEnd,
    /// Nobody: it is thrown away, up to the peer's Close.
    Unread,
    /// Nobody, and nothing more comes. What is left to write may be written.
    Spent,
    /// The transport is gone.
    Gone,
}

/// What moves it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Read {
    /// The reader begins to wait for the stream.
    Wait,
    /// The reader is awake, or has given up.
    Wake,
    /// The peer's direction has ended, or is broken.
    Fin,
    /// Messages will not be read any more, or there will be none.
    Leave,
    /// The end of the transport.
    End,
}

impl Table for Incoming {
    type Move = Read;

    #[inline]
    fn after(self, on: Read) -> Option<Self> {
        use Incoming::*;
        Some(match (self, on) {
            (Kept, Read::Wait) => Awaited,
            (Awaited, Read::Wake) => Kept,
            (Kept, Read::Fin) => AtEnd,
            (Unread, Read::Fin) => Spent,
            (Kept | Awaited, Read::Leave) => Unread,
            (AtEnd, Read::Leave) => Spent,
            (Kept | Awaited | AtEnd | Unread | Spent, Read::End) => Gone,
            _ => return None,
        })
    }
}

/// What becomes of what goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outgoing {
    /// Nothing waits, or it is dealt with already.
    Resting,
    /// A flush is queued as a microtask.
    Queued,
    /// The stream takes no more for now; a task waits until it does.
    Blocked,
    /// All is said and written.
    Finished,
    /// Nothing more can be written. What came before may still be read.
    Mute,
}

/// What moves it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Write {
    /// Something is there to be written.
    Queue,
    /// The microtask runs.
    Flush,
    /// The stream takes no more.
    Block,
    /// It took all that waited.
    Drain,
    /// Nothing may be said any more, and nothing waits.
    Finish,
    /// It takes nothing ever again.
    Break,
}

impl Table for Outgoing {
    type Move = Write;

    #[inline]
    fn after(self, on: Write) -> Option<Self> {
        use Outgoing::*;
        Some(match (self, on) {
            (Resting, Write::Queue) => Queued,
            (Queued, Write::Flush) => Resting,
            (Resting | Queued, Write::Block) => Blocked,
            (Blocked, Write::Drain) => Resting,
            (Resting | Queued, Write::Finish) => Finished,
            (Resting | Queued | Blocked | Finished, Write::Break) => Mute,
            _ => return None,
        })
    }
}
