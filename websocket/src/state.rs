//! The conversation after the handshake, as a table: RFC 6455 §5.5.1, §7.1.
//!
//! Each end says Close once and hears it once, in either order. What is not in the table is not allowed.

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
    /// A data frame, ping or pong comes in.
    Receive,
    /// A data frame, ping or pong goes out.
    Send,
    /// A Close frame comes in.
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
    (CloseSent, Receive, CloseSent),
    (CloseSent, ReceiveClose, Closed),
    (CloseSent, Fail, Closed),
    (CloseReceived, SendClose, Closed),
    (Open, End, Closed),
    (CloseSent, End, Closed),
    (CloseReceived, End, Closed),
    (Closed, End, Closed),
];
// ANCHOR_END: table
impl State {
    /// The state after `input`, or `None` where `input` has no place here.
    ///
    /// ```
    /// use wirebook_websocket::state::{Input, State};
    /// assert_eq!(State::Open.after(Input::SendClose), Some(State::CloseSent));
    /// assert_eq!(State::CloseSent.after(Input::Send), None);
    /// ```
    pub fn after(self, input: Input) -> Option<State> {
        TABLE.iter().find(|(from, on, _)| (*from, *on) == (self, input)).map(|(_, _, to)| *to)
    }

    /// Whether frames from the peer still count. Where not, they are read and thrown away (RFC 6455 §5.5.1).
    #[inline]
    pub fn is_listening(self) -> bool {
        matches!(self, Open | CloseSent)
    }
}

/// The table as a Mermaid state diagram, for the book.
///
/// ```
/// assert!(wirebook_websocket::state::diagram().contains("Open --> CloseSent: SendClose"));
/// ```
pub fn diagram() -> String {
    let mut text = String::from("stateDiagram-v2\n    [*] --> Open\n");
    for (from, input, to) in TABLE {
        if from != to {
            text += &format!("    {from:?} --> {to:?}: {input:?}\n");
        }
    }
    text + "    Closed --> [*]\n"
}
