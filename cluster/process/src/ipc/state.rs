//! Where a channel stands, as a table. `Standing`, which holds it, has one way to move, and that one asks the table; where
//! there is no row, what was asked for is not allowed, and the caller says so.

/// Where a channel stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Both ends may send.
    Open,
    /// We have disconnected: what waits is still sent, and handles wait for their answers; nothing new is taken.
    Leaving,
    /// Over, in good order.
    Closed,
    /// Over, because the peer broke a rule.
    Failed,
}

/// What moves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// The program sends a message.
    Send,
    /// Bytes of the peer's come in.
    Receive,
    /// The program disconnects.
    Disconnect,
    /// Nothing waits any more, and no handle waits for an answer.
    Drain,
    /// The peer's end of the stream.
    End,
    /// The peer broke a rule.
    Fail,
}

use Input::*;
use State::*;

// ANCHOR: table
/// Every allowed transition.
pub const TABLE: &[(State, Input, State)] = &[
    (Open, Send, Open),
    (Open, Receive, Open),
    (Open, Disconnect, Leaving),
    (Open, End, Closed),
    (Open, Fail, Failed),
    (Leaving, Receive, Leaving),
    (Leaving, Disconnect, Leaving),
    (Leaving, Drain, Closed),
    (Leaving, End, Closed),
    (Leaving, Fail, Failed),
    (Closed, Disconnect, Closed),
    (Closed, End, Closed),
    (Failed, Disconnect, Failed),
    (Failed, End, Failed),
];
// ANCHOR_END: table

impl State {
    /// All states, in the order in which a channel meets them.
    pub const ALL: [State; 4] = [Open, Leaving, Closed, Failed];

    /// The state after `input`, or `None` where `input` has no place here.
    ///
    /// ```
    /// use wirebook_process::ipc::state::{Input, State};
    /// assert_eq!(State::Open.after(Input::Disconnect), Some(State::Leaving));
    /// assert_eq!(State::Leaving.after(Input::Send), None);
    /// ```
    pub fn after(self, input: Input) -> Option<State> {
        TABLE.iter().find(|(from, on, _)| (*from, *on) == (self, input)).map(|(.., to)| *to)
    }
}

impl Input {
    /// All of them.
    pub const ALL: [Input; 6] = [Send, Receive, Disconnect, Drain, End, Fail];
}

/// Where one channel stands. Nothing outside of this file can write it.
#[derive(Debug)]
pub(super) struct Standing {
    state: State,
}

/// The table has no row for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoRow;

impl Standing {
    pub(super) fn new() -> Self {
        Standing { state: Open }
    }

    pub(super) fn state(&self) -> State {
        self.state
    }

    pub(super) fn allows(&self, input: Input) -> bool {
        self.state.after(input).is_some()
    }

    /// Moves as the table says: the only writer.
    pub(super) fn step(&mut self, input: Input) -> Result<(), NoRow> {
        self.state = self.state.after(input).ok_or(NoRow)?;
        Ok(())
    }
}
