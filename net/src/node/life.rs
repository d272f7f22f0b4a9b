//! The states of a socket, and the table of moves between them, which alone changes them.
//!
//! A socket ends by itself when both directions have ended, and at any time by `destroy`. What is not in the table does
//! not happen: [`Life::step`] refuses it, and who asked does nothing.

use std::cell::Cell;

/// Where a socket stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// There is no connection yet.
    Connecting,
    /// Both directions are open.
    Open,
    /// `end` has been emitted.
    PeerEnded,
    /// Our direction has ended: everything was sent, and the end of it.
    Finished,
    /// Both directions have ended.
    Ended,
    /// The connection is gone; `close` is to come.
    Destroyed,
    /// `close` has been emitted.
    Closed,
}

impl State {
    /// All states, in the order in which a socket meets them.
    pub const ALL: [State; 7] = [Connecting, Open, PeerEnded, Finished, Ended, Destroyed, Closed];
}

/// What moves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// The connection is there.
    Connect,
    /// The peer's direction has ended, and was read to its end.
    PeerEnd,
    /// Our direction has ended.
    Finish,
    /// `destroy` was called, or something failed.
    Destroy,
    /// `close` is emitted.
    Close,
}

use Move::{Close, Connect, Destroy, Finish, PeerEnd};
use State::{Closed, Connecting, Destroyed, Ended, Finished, Open, PeerEnded};

// ANCHOR: table
/// The moves that there are.
pub const TABLE: &[(State, Move, State)] = &[
    (Connecting, Connect, Open),
    (Open, PeerEnd, PeerEnded),
    (Open, Finish, Finished),
    (PeerEnded, Finish, Ended),
    (Finished, PeerEnd, Ended),
    (Connecting, Destroy, Destroyed),
    (Open, Destroy, Destroyed),
    (PeerEnded, Destroy, Destroyed),
    (Finished, Destroy, Destroyed),
    (Ended, Destroy, Destroyed),
    (Destroyed, Close, Closed),
];
// ANCHOR_END: table

/// The state of one socket.
#[derive(Debug)]
pub(super) struct Life(Cell<State>);

impl Life {
    pub(super) fn new() -> Self {
        Life(Cell::new(Connecting))
    }

    pub(super) fn state(&self) -> State {
        self.0.get()
    }

    /// Makes a move; false when the table does not have it, and then nothing has changed.
    #[must_use]
    pub(super) fn step(&self, by: Move) -> bool {
        let row = TABLE.iter().find(|(from, with, _)| (*from, *with) == (self.0.get(), by));
        row.inspect(|(_, _, to)| self.0.set(*to)).is_some()
    }

    /// Whether the connection is gone.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.0.get(), Destroyed | Closed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_ends_when_both_directions_have_and_closes_once() {
        for order in [[PeerEnd, Finish], [Finish, PeerEnd]] {
            let life = Life::new();
            assert!(!life.step(order[0]), "nothing ends before it has begun");
            assert!(life.step(Connect) && life.step(order[0]) && !life.step(order[0]) && life.step(order[1]));
            assert_eq!(life.state(), Ended);
            assert!(!life.step(Close) && life.step(Destroy) && !life.step(Destroy));
            assert!(life.step(Close) && !life.step(Close) && life.is_over());
        }
    }

    #[test]
    fn no_move_leads_two_ways() {
        for (at, (from, by, _)) in TABLE.iter().enumerate() {
            assert!(!TABLE[..at].iter().any(|row| (row.0, row.1) == (*from, *by)), "{from:?} {by:?}");
        }
    }
}
