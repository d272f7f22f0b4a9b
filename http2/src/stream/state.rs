//! The tables: what a stream may hear and say (RFC 9113 §5.1), what a message is made of (§8.1), and the end of a connection
//! (§6.8).
//!
//! [`State::verdict`] has a verdict for each pair of state and input, and no default: the compiler asks for the ones that are
//! missing. Nothing but [`Lifecycle::step`] writes a state. Server push is dead, so the two reserved states of the RFC's
//! picture are absent on purpose; its "closed" is three states here, because what may follow depends on who ended it.
//!
//! ```text
//!            HEADERS              END_STREAM received              END_STREAM sent
//!   Idle ─────────────▶ Open ───────────────────▶ HalfClosedRemote ────────────────▶ Ended
//!                         └── END_STREAM sent ──▶ HalfClosedLocal ── received ─────▶ Ended
//!   any of these ── RST_STREAM ──▶ ResetByPeer, ResetByUs
//! ```

use crate::wire::Violation;

/// Where a stream stands (§5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// The peer may open it, and has not.
    Idle,
    /// We may open it, and have not. Streams that a server would open are here for ever.
    Unopened,
    /// Both may speak.
    Open,
    /// We have said all.
    HalfClosedLocal,
    /// The peer has said all.
    HalfClosedRemote,
    /// Both have said all.
    Ended,
    /// The peer has reset it.
    ResetByPeer,
    /// We have reset it, and what is on its way does not know.
    ResetByUs,
}

/// What moves it: a frame that comes or goes, with END_STREAM or without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// HEADERS came.
    ReceiveHeaders,
    /// HEADERS came, and END_STREAM with them.
    ReceiveHeadersEnd,
    /// DATA came.
    ReceiveData,
    /// DATA came, and END_STREAM with it.
    ReceiveDataEnd,
    /// RST_STREAM came.
    ReceiveReset,
    /// WINDOW_UPDATE came.
    ReceiveWindow,
    /// PRIORITY came.
    ReceivePriority,
    /// HEADERS go.
    SendHeaders,
    /// HEADERS go, and END_STREAM with them.
    SendHeadersEnd,
    /// DATA goes.
    SendData,
    /// DATA goes, and END_STREAM with it.
    SendDataEnd,
    /// RST_STREAM goes.
    SendReset,
}

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It counts, and the stream stands there.
    To(State),
    /// Nobody wants it any more; what keeps the two ends together (header tables, the connection's window) is done all the same.
    Drop,
    /// It has no effect.
    Ignore,
    /// The peer's mistake ends the stream.
    Stream(Violation),
    /// The peer's mistake ends the connection.
    Connection(Violation),
    /// Our own caller's mistake: it is not sent.
    Misuse,
}

impl State {
    /// All states, in the order in which a stream meets them.
    pub const ALL: [State; 8] = [
        State::Idle,
        State::Unopened,
        State::Open,
        State::HalfClosedLocal,
        State::HalfClosedRemote,
        State::Ended,
        State::ResetByPeer,
        State::ResetByUs,
    ];

    // ANCHOR: table
    /// The verdict on `input` in this state.
    #[rustfmt::skip]
    pub const fn verdict(self, input: Input) -> Verdict {
        use {Input::*, State::*, Verdict::*};
        use Violation::{StreamClosed as Closed, StreamIdle as NotOpen};
        match (self, input) {
            (Idle, ReceiveHeaders) => To(Open),
            (Idle, ReceiveHeadersEnd) => To(HalfClosedRemote),
            (Unopened, ReceiveHeaders | ReceiveHeadersEnd) => Connection(NotOpen),
            (Idle | Unopened, ReceiveData | ReceiveDataEnd | ReceiveReset | ReceiveWindow) => Connection(NotOpen),
            (Unopened, SendHeaders) => To(Open),
            (Unopened, SendHeadersEnd) => To(HalfClosedLocal),
            (Idle, SendHeaders | SendHeadersEnd) => Misuse,
            (Idle | Unopened, SendData | SendDataEnd | SendReset) => Misuse,

            (Open, ReceiveHeaders | ReceiveData | ReceiveWindow) => To(Open),
            (Open, ReceiveHeadersEnd | ReceiveDataEnd) => To(HalfClosedRemote),
            (Open, SendHeaders | SendData) => To(Open),
            (Open, SendHeadersEnd | SendDataEnd) => To(HalfClosedLocal),

            (HalfClosedLocal, ReceiveHeaders | ReceiveData | ReceiveWindow) => To(HalfClosedLocal),
            (HalfClosedLocal, ReceiveHeadersEnd | ReceiveDataEnd) => To(Ended),
            (HalfClosedLocal, SendHeaders | SendHeadersEnd | SendData | SendDataEnd) => Misuse,

            (HalfClosedRemote, ReceiveHeaders | ReceiveHeadersEnd | ReceiveData | ReceiveDataEnd) => Stream(Closed),
            (HalfClosedRemote, ReceiveWindow | SendHeaders | SendData) => To(HalfClosedRemote),
            (HalfClosedRemote, SendHeadersEnd | SendDataEnd) => To(Ended),

            (Open | HalfClosedLocal | HalfClosedRemote, ReceiveReset) => To(ResetByPeer),
            (Open | HalfClosedLocal | HalfClosedRemote, SendReset) => To(ResetByUs),

            // Who has ended a stream says nothing more on it. Who has not may not know yet that we have reset it.
            (Ended | ResetByPeer, ReceiveHeaders | ReceiveHeadersEnd | ReceiveData | ReceiveDataEnd) => Connection(Closed),
            (ResetByUs, ReceiveHeaders | ReceiveHeadersEnd | ReceiveData | ReceiveDataEnd) => Drop,
            (Ended | ResetByPeer | ResetByUs, ReceiveReset | ReceiveWindow) => Ignore,
            (Ended | ResetByPeer | ResetByUs, SendHeaders | SendHeadersEnd | SendData | SendDataEnd | SendReset) => Misuse,

            // §6.3: in any state.
            (Idle | Unopened | Open | HalfClosedLocal | HalfClosedRemote, ReceivePriority) => Ignore,
            (Ended | ResetByPeer | ResetByUs, ReceivePriority) => Ignore,
        }
    }
    // ANCHOR_END: table

    /// Whether nothing more is said on it.
    pub const fn is_closed(self) -> bool {
        matches!(self, State::Ended | State::ResetByPeer | State::ResetByUs)
    }

    /// Whether the peer may still send a part of its message.
    pub const fn hears(self) -> bool {
        matches!(self, State::Open | State::HalfClosedLocal)
    }
}

impl Input {
    /// All inputs.
    pub const ALL: [Input; 12] = [
        Input::ReceiveHeaders,
        Input::ReceiveHeadersEnd,
        Input::ReceiveData,
        Input::ReceiveDataEnd,
        Input::ReceiveReset,
        Input::ReceiveWindow,
        Input::ReceivePriority,
        Input::SendHeaders,
        Input::SendHeadersEnd,
        Input::SendData,
        Input::SendDataEnd,
        Input::SendReset,
    ];

    /// With END_STREAM, if `end`.
    pub(crate) const fn ending(self, end: bool) -> Input {
        match self {
            Input::ReceiveHeaders if end => Input::ReceiveHeadersEnd,
            Input::ReceiveData if end => Input::ReceiveDataEnd,
            Input::SendHeaders if end => Input::SendHeadersEnd,
            Input::SendData if end => Input::SendDataEnd,
            other => other,
        }
    }
}

/// Every move of a stream, read off the table: `(from, input, to)`.
///
/// ```
/// use wirebook_http2::state::{Input, State, moves};
/// assert!(moves().any(|row| row == (State::Idle, Input::ReceiveHeaders, State::Open)));
/// ```
pub fn moves() -> impl Iterator<Item = (State, Input, State)> {
    State::ALL.into_iter().flat_map(|from| {
        Input::ALL.into_iter().filter_map(move |input| match from.verdict(input) {
            Verdict::To(to) => Some((from, input, to)),
            _ => None,
        })
    })
}

/// Where one stream stands. Nothing outside of this file can write it.
#[derive(Debug)]
pub(crate) struct Lifecycle {
    state: State,
}

impl Lifecycle {
    /// A stream before its first frame; `ours` if we open it.
    pub(crate) fn new(ours: bool) -> Self {
        Lifecycle { state: if ours { State::Unopened } else { State::Idle } }
    }

    pub(crate) fn state(&self) -> State {
        self.state
    }

    /// Moves as the table says: the only writer.
    pub(crate) fn step(&mut self, input: Input) -> Verdict {
        let verdict = self.state.verdict(input);
        if let Verdict::To(state) = verdict {
            self.state = state;
        }
        verdict
    }
}

/// Where a message stands, in one direction (§8.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// The head has not passed; interim responses may have.
    Head,
    /// The head has passed; DATA and trailers may follow.
    Body,
    /// All has passed.
    Done,
}

/// What a message is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Piece {
    /// A 1xx response.
    Interim,
    /// A request, or a final response.
    Final,
    /// DATA.
    Data,
    /// Fields behind the content.
    Trailers,
    /// END_STREAM without trailers.
    End,
}

// ANCHOR: parts
/// Every move of a message; what has no row is an error.
pub const PARTS: &[(Part, Piece, Part)] = &[
    (Part::Head, Piece::Interim, Part::Head),
    (Part::Head, Piece::Final, Part::Body),
    (Part::Body, Piece::Data, Part::Body),
    (Part::Body, Piece::Trailers, Part::Done),
    (Part::Body, Piece::End, Part::Done),
];
// ANCHOR_END: parts

/// The table has no row for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoRow;

/// One message's place. Nothing outside of this file can write it.
#[derive(Debug)]
pub(crate) struct Message {
    part: Part,
}

impl Message {
    pub(crate) fn new() -> Self {
        Message { part: Part::Head }
    }

    pub(crate) fn part(&self) -> Part {
        self.part
    }

    /// Whether the table has a row for `piece`.
    pub(crate) fn allows(&self, piece: Piece) -> Result<Part, NoRow> {
        let row = PARTS.iter().find(|(from, on, _)| (*from, *on) == (self.part, piece));
        row.map(|(.., to)| *to).ok_or(NoRow)
    }

    /// Moves as the table says.
    pub(crate) fn step(&mut self, piece: Piece) -> Result<(), NoRow> {
        self.part = self.allows(piece)?;
        Ok(())
    }
}

/// How far this end has gone in ending the connection (§6.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Leaving {
    /// Not at all.
    No,
    /// GOAWAY with the highest number is sent: new streams are still answered, because they may be on their way.
    Announced,
    /// GOAWAY with the last number that is answered is sent: streams above it are not.
    Final,
    /// An error ended it, or nothing is left to do.
    Closed,
}

/// What moves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Leave {
    /// A wish to end.
    Announce,
    /// What was on its way is here: the PING behind the announcement is answered, or its time is over.
    Settle,
    /// A connection error, ours or the transport's; or the last stream is gone.
    Close,
}

// ANCHOR: leaving
/// Every move; what has no row has no effect.
pub const LEAVING: &[(Leaving, Leave, Leaving)] = &[
    (Leaving::No, Leave::Announce, Leaving::Announced),
    (Leaving::No, Leave::Settle, Leaving::Final),
    (Leaving::No, Leave::Close, Leaving::Closed),
    (Leaving::Announced, Leave::Settle, Leaving::Final),
    (Leaving::Announced, Leave::Close, Leaving::Closed),
    (Leaving::Final, Leave::Close, Leaving::Closed),
];
// ANCHOR_END: leaving

/// One connection's way out. Nothing outside of this file can write it.
#[derive(Debug)]
pub(crate) struct Departure {
    leaving: Leaving,
}

impl Departure {
    pub(crate) fn new() -> Self {
        Departure { leaving: Leaving::No }
    }

    pub(crate) fn leaving(&self) -> Leaving {
        self.leaving
    }

    /// Moves as the table says. Says whether it had a row.
    pub(crate) fn step(&mut self, leave: Leave) -> Result<(), NoRow> {
        let row = LEAVING.iter().find(|(from, on, _)| (*from, *on) == (self.leaving, leave));
        self.leaving = row.map(|(.., to)| *to).ok_or(NoRow)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_does_what_the_table_says_for_every_pair() {
        for state in State::ALL {
            for input in Input::ALL {
                let mut lifecycle = Lifecycle { state };
                let verdict = lifecycle.step(input);
                assert_eq!(verdict, state.verdict(input));
                let expected = if let Verdict::To(to) = verdict { to } else { state };
                assert_eq!(lifecycle.state(), expected, "{state:?} {input:?}");
            }
        }
    }

    #[test]
    fn nothing_leaves_the_closed_states_and_all_others_can_be_left() {
        for state in State::ALL {
            let leaves = moves().any(|(from, _, to)| from == state && to != state);
            assert_eq!(leaves, !state.is_closed(), "{state:?}");
            assert!(moves().any(|(.., to)| to == state) || matches!(state, State::Idle | State::Unopened), "{state:?}");
        }
    }

    #[test]
    fn no_row_stands_twice() {
        for (at, row) in PARTS.iter().enumerate() {
            assert!(PARTS[..at].iter().all(|other| (other.0, other.1) != (row.0, row.1)));
        }
        for (at, row) in LEAVING.iter().enumerate() {
            assert!(LEAVING[..at].iter().all(|other| (other.0, other.1) != (row.0, row.1)));
        }
    }
}
