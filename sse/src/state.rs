//! The life of an event source as a table, readable alone.
//!
//! ```text
//!                  Redirect
//!                   ┌──┐
//!              ┌────▼──┴────┐  Accept   ┌────────┐
//!  new ───────►│ Connecting ├──────────►│  Open  │
//!              └─┬──┬────▲──┘           └──┬──┬──┘
//!       Refuse,  │  │    │ Timer           │  │  Refuse,
//!       Close    │  │  ┌─┴───────┐   Lost  │  │  Close
//!                │  └─►│ Waiting │◄────────┘  │
//!                │Lost └─┬───────┘            │
//!                ▼       ▼ Close              ▼
//!              ┌──────────────────────────────────┐
//!              │              Closed              │
//!              └──────────────────────────────────┘
//! ```
//! Source: WHATWG HTML §9.2.3, "Processing model".

/// The `readyState` of an event source, with the numbers of the standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ReadyState {
    /// Connecting, or waiting to reconnect.
    Connecting = 0,
    /// Receiving events.
    Open = 1,
    /// Closed for good.
    Closed = 2,
}

/// Where an event source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// A connection is being made, or the head of its response is awaited.
    Connecting,
    /// The response is an event stream, and it is being read.
    Open,
    /// The connection was lost; the reconnection time runs.
    Waiting,
    /// It will not connect again.
    Closed,
}

/// What happens to an event source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// "Announce the connection": status 200 and type `text/event-stream`.
    Accept,
    /// A redirect that can be followed.
    Redirect,
    /// "Reestablish the connection": it failed, it ended, or it was silent for too long.
    Lost,
    /// The reconnection time is over.
    Timer,
    /// "Fail the connection": another status or type, or a stream past our bounds.
    Refuse,
    /// `close()`.
    Close,
}

/// Every transition there is. A step that is not listed changes nothing.
// ANCHOR: table
pub const TABLE: &[(State, Step, State)] = &[
    (State::Connecting, Step::Accept, State::Open),
    (State::Connecting, Step::Redirect, State::Connecting),
    (State::Connecting, Step::Lost, State::Waiting),
    (State::Connecting, Step::Refuse, State::Closed),
    (State::Connecting, Step::Close, State::Closed),
    (State::Open, Step::Lost, State::Waiting),
    (State::Open, Step::Refuse, State::Closed),
    (State::Open, Step::Close, State::Closed),
    (State::Waiting, Step::Timer, State::Connecting),
    (State::Waiting, Step::Close, State::Closed),
];
// ANCHOR_END: table

impl State {
    /// The state after a step, or `None` where the table has none.
    ///
    /// ```
    /// use wirebook_sse::state::{State, Step};
    /// assert_eq!(State::Open.after(Step::Lost), Some(State::Waiting));
    /// assert_eq!(State::Closed.after(Step::Timer), None);
    /// ```
    pub fn after(self, step: Step) -> Option<State> {
        TABLE.iter().find(|(from, on, _)| (*from, *on) == (self, step)).map(|&(_, _, to)| to)
    }

    /// What a script would see.
    pub fn ready_state(self) -> ReadyState {
        match self {
            State::Connecting | State::Waiting => ReadyState::Connecting,
            State::Open => ReadyState::Open,
            State::Closed => ReadyState::Closed,
        }
    }
}

/// The table as a Mermaid state diagram, for the book.
///
/// ```
/// assert!(wirebook_sse::state::diagram().contains("Connecting --> Open: Accept"));
/// ```
pub fn diagram() -> String {
    let mut text = String::from("stateDiagram-v2\n    [*] --> Connecting\n");
    for (from, step, to) in TABLE {
        text += &format!("    {from:?} --> {to:?}: {step:?}\n");
    }
    text
}
