//! The states of a stream, and every move between them.
//!
//! ```text
//!                          agreed
//!              Handshake ─────────▶ Open
//!    they end  ┌──────────────────────┼──────────────────────┐ we end
//!              ▼                      │ cut                  ▼
//!          TheyEnded                  ▼                   WeEnded
//!              │ we end             Torn                     │ they end, or are cut off
//!              └───────────▶ Ended ◀──┴── we end ────────────┘
//! ```
//!
//! From everywhere an error leads to `Failed`, and nothing leads away from there.

/// What a stream may do. Each half ends by itself, as TCP's do (RFC 8446 §6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// The two ends have not agreed yet: nothing of the user's moves.
    Handshake,
    /// Both halves are open.
    Open,
    /// The peer has sent close_notify: there is no more to read.
    TheyEnded,
    /// The connection ended without close_notify: what was read may not be all that was sent. Writing goes on.
    Torn,
    /// We have sent close_notify: nothing more is written.
    WeEnded,
    /// Both halves have ended.
    Ended,
    /// An error ended it.
    Failed,
}

/// What happens to a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// The handshake is over, and nothing of it is left to be written.
    Agreed,
    /// close_notify has come.
    TheyEnd,
    /// The connection below has ended without it.
    Cut,
    /// The user ends the half that writes.
    WeEnd,
    /// A rule was broken, or the time is up.
    Error,
}

use Input as I;
use State as S;

/// Every move. What has no row cannot happen.
const MOVES: &[(State, Input, State)] = &[
    (S::Handshake, I::Agreed, S::Open),
    (S::Handshake, I::WeEnd, S::Failed),
    (S::Handshake, I::Error, S::Failed),
    (S::Open, I::TheyEnd, S::TheyEnded),
    (S::Open, I::Cut, S::Torn),
    (S::Open, I::WeEnd, S::WeEnded),
    (S::Open, I::Error, S::Failed),
    (S::TheyEnded, I::WeEnd, S::Ended),
    (S::TheyEnded, I::Error, S::Failed),
    (S::Torn, I::WeEnd, S::Ended),
    (S::Torn, I::Error, S::Failed),
    (S::WeEnded, I::WeEnd, S::WeEnded),
    (S::WeEnded, I::TheyEnd, S::Ended),
    (S::WeEnded, I::Cut, S::Ended),
    (S::WeEnded, I::Error, S::Failed),
    (S::Ended, I::WeEnd, S::Ended),
    (S::Failed, I::WeEnd, S::Failed),
];

/// A stream's state; [`step`](Self::step) alone changes it.
#[derive(Debug)]
pub(crate) struct Phase(State);

impl Phase {
    pub(crate) fn new() -> Self {
        Phase(State::Handshake)
    }

    pub(crate) fn now(&self) -> State {
        self.0
    }

    /// Makes a move; false where it has no row, and then nothing has changed.
    #[must_use]
    pub(crate) fn step(&mut self, input: Input) -> bool {
        let row = MOVES.iter().find(|(from, on, _)| (*from, *on) == (self.0, input));
        if let Some((.., to)) = row {
            self.0 = *to;
        }
        row.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_pair_has_two_rows_and_failure_is_final() {
        for (at, (from, input, to)) in MOVES.iter().enumerate() {
            assert!(MOVES[..at].iter().all(|row| (row.0, row.1) != (*from, *input)), "{from:?} {input:?} twice");
            assert!(*from != S::Failed || *to == S::Failed);
        }
    }

    #[test]
    fn a_half_that_has_ended_does_not_open_again() {
        let writes = |state| matches!(state, S::Handshake | S::Open | S::TheyEnded | S::Torn);
        let reads = |state| matches!(state, S::Handshake | S::Open | S::WeEnded);
        for (from, _, to) in MOVES {
            assert!(writes(*from) || !writes(*to), "{from:?} to {to:?}");
            assert!(reads(*from) || !reads(*to), "{from:?} to {to:?}");
        }
    }
}
