//! The life of an event source as a table, readable alone.
//!
//! Source: WHATWG HTML §9.2.3, "Processing model".

use std::fmt;

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
    /// A redirect has said where to go on. It is a connection more, and no two are closer than the floor.
    Redirected,
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
    /// The head of a response; what it says comes next.
    Answer,
    /// "Announce the connection": status 200 and type `text/event-stream`.
    Accept,
    /// A redirect that can be followed.
    Redirect,
    /// "Reestablish the connection": it failed, it ended, or it was silent for too long.
    Lost,
    /// Bytes of the stream.
    Receive,
    /// The time to wait is over.
    Timer,
    /// "Fail the connection": another status or type, or a stream past our bounds.
    Refuse,
    /// `close()`.
    Close,
}

/// Every transition there is. A step that is not listed is an error of the driver.
// ANCHOR: table
pub const TABLE: &[(State, Step, State)] = &[
    (State::Open, Step::Receive, State::Open),
    (State::Open, Step::Lost, State::Waiting),
    (State::Open, Step::Refuse, State::Closed),
    (State::Open, Step::Close, State::Closed),
    (State::Connecting, Step::Answer, State::Connecting),
    (State::Connecting, Step::Accept, State::Open),
    (State::Connecting, Step::Redirect, State::Redirected),
    (State::Connecting, Step::Lost, State::Waiting),
    (State::Connecting, Step::Refuse, State::Closed),
    (State::Connecting, Step::Close, State::Closed),
    (State::Redirected, Step::Timer, State::Connecting),
    (State::Redirected, Step::Close, State::Closed),
    (State::Waiting, Step::Timer, State::Connecting),
    (State::Waiting, Step::Close, State::Closed),
    (State::Closed, Step::Close, State::Closed),
];
// ANCHOR_END: table

/// A step that the table does not have: a mistake of the driver. Nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OutOfTurn {
    /// Where the event source is.
    pub state: State,
    /// What was said to have happened.
    pub step: Step,
}

impl fmt::Display for OutOfTurn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} cannot happen to an event source that is {:?}", self.step, self.state)
    }
}

impl std::error::Error for OutOfTurn {}

/// The state of one event source. Its field is seen in this file alone, and [`step`](Self::step) is what writes it.
#[derive(Debug)]
pub(crate) struct Life {
    state: State,
}

impl Life {
    /// It begins by connecting.
    pub(crate) const fn begin() -> Self {
        Life { state: State::Connecting }
    }

    pub(crate) const fn state(&self) -> State {
        self.state
    }

    // ANCHOR: step
    /// Goes where the table leads, or nowhere.
    pub(crate) fn step(&mut self, step: Step) -> Result<(), OutOfTurn> {
        self.state = self.state.after(step).ok_or(OutOfTurn { state: self.state, step })?;
        Ok(())
    }
    // ANCHOR_END: step
}

impl State {
    /// All states.
    pub const ALL: [State; 5] = [State::Connecting, State::Redirected, State::Open, State::Waiting, State::Closed];

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
            State::Connecting | State::Redirected | State::Waiting => ReadyState::Connecting,
            State::Open => ReadyState::Open,
            State::Closed => ReadyState::Closed,
        }
    }
}

impl Step {
    /// All steps.
    pub const ALL: [Step; 8] =
        [Step::Answer, Step::Accept, Step::Redirect, Step::Receive, Step::Lost, Step::Timer, Step::Refuse, Step::Close];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_leads_where_the_table_says_or_nowhere() {
        for state in State::ALL {
            for step in Step::ALL {
                let mut life = Life { state };
                let rows: Vec<State> =
                    TABLE.iter().filter(|row| (row.0, row.1) == (state, step)).map(|row| row.2).collect();
                match rows[..] {
                    [] => {
                        assert_eq!(life.step(step), Err(OutOfTurn { state, step }));
                        assert_eq!(life.state(), state);
                    }
                    [to] => {
                        assert_eq!(life.step(step), Ok(()));
                        assert_eq!(life.state(), to);
                    }
                    _ => panic!("{state:?} and {step:?} have two rows"),
                }
            }
        }
    }
}
