//! The conversation after the handshake, as a table: RFC 6455 §5.5.1, §7.1.
//!
//! Each end says Close once and hears it once, in either order. What is not in the table is not allowed: `Conversation`,
//! which holds where a connection stands, has one way to move, and that one asks the table. What the code does where there
//! is no row, it does because there is none: bytes that may not be heard are thrown away, what may not be sent is an error.

/// Where the conversation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Both ends may send anything.
    Open,
    /// Our Close is sent; the peer may finish what it was saying, then answers.
    CloseSent,
    /// The peer's Close was received, or the peer broke the protocol: we owe one Close and hear nothing more.
    CloseReceived,
    /// Nothing more in either direction; the transport ends.
    Closed,
}

/// What moves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// Bytes of the peer's come in, and count.
    Receive,
    /// A data frame, ping or pong goes out.
    Send,
    /// They were a Close frame.
    ReceiveClose,
    /// A Close frame goes out.
    SendClose,
    /// The peer broke a rule or a limit (RFC 6455 §7.1.7).
    Fail,
    /// The transport ended, or a timer for the peer's answer ran out.
    End,
}

use Input::*;
use State::*;

// ANCHOR: table
/// Every allowed transition.
pub const TABLE: &[(State, Input, State)] = &[
    (Open, Receive, Open),
    (Open, Send, Open),
    (Open, ReceiveClose, CloseReceived),
    (Open, SendClose, CloseSent),
    (Open, Fail, CloseReceived),
    (Open, End, Closed),
    (CloseSent, Receive, CloseSent),
    (CloseSent, ReceiveClose, Closed),
    (CloseSent, Fail, Closed),
    (CloseSent, End, Closed),
    (CloseReceived, SendClose, Closed),
    (CloseReceived, End, Closed),
    (Closed, End, Closed),
];
// ANCHOR_END: table

/// The same, to be looked up at once.
const AFTER: [[Option<State>; Input::ALL.len()]; State::ALL.len()] = {
    let mut after = [[None; Input::ALL.len()]; State::ALL.len()];
    let mut row = 0;
    while row < TABLE.len() {
        let (from, on, to) = TABLE[row];
        assert!(after[from as usize][on as usize].is_none(), "a row stands twice");
        after[from as usize][on as usize] = Some(to);
        row += 1;
    }
    after
};

impl State {
    /// All states, in the order in which a conversation meets them.
    pub const ALL: [State; 4] = [Open, CloseSent, CloseReceived, Closed];

    /// The state after `input`, or `None` where `input` has no place here.
    ///
    /// ```
    /// use wirebook_websocket::state::{Input, State};
    /// assert_eq!(State::Open.after(Input::SendClose), Some(State::CloseSent));
    /// assert_eq!(State::CloseSent.after(Input::Send), None);
    /// ```
    #[inline]
    pub const fn after(self, input: Input) -> Option<State> {
        AFTER[self as usize][input as usize]
    }
}

impl Input {
    /// All of them.
    pub const ALL: [Input; 6] = [Receive, Send, ReceiveClose, SendClose, Fail, End];
}

/// Where one connection stands. Nothing outside of this file can write it.
#[derive(Debug)]
pub(crate) struct Conversation {
    state: State,
}

/// The table has no row for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoRow;

impl Conversation {
    pub(crate) fn new() -> Self {
        Conversation { state: Open }
    }

    #[inline]
    pub(crate) fn state(&self) -> State {
        self.state
    }

    /// Whether there is a row for `input`.
    #[inline]
    pub(crate) fn allows(&self, input: Input) -> bool {
        self.state.after(input).is_some()
    }

    /// Moves as the table says: the only writer.
    #[inline]
    pub(crate) fn step(&mut self, input: Input) -> Result<(), NoRow> {
        self.state = self.state.after(input).ok_or(NoRow)?;
        Ok(())
    }
}
