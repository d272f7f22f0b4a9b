//! A worker's life, as a table. `Standing`, which holds where one worker stands, has one way to move, and that one asks the
//! table; where there is no row, what was said has no place, and the caller says so.

/// Where a worker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "net", derive(serde::Serialize, serde::Deserialize))]
pub enum State {
    /// It waits to be started: the one before it has died, and not for the first time.
    Resting,
    /// Its process is being started.
    Starting,
    /// Its process runs and has said so.
    Online,
    /// It has asked for a port.
    Listening,
    /// It serves.
    Ready,
    /// It serves, wants to leave, and waits for its successor.
    Bowing,
    /// It takes no more, and ends when it has finished what it has.
    Draining,
    /// It gave signs of life, and gives none any more; SIGKILL is on its way.
    Hung,
    /// SIGKILL is on its way, for another reason.
    Killed,
    /// Its process has ended.
    Gone,
}

/// What moves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// The supervisor has its process started.
    Start,
    /// Its process says that it runs.
    Online,
    /// It asks for a port.
    Listen,
    /// It says that it serves.
    Ready,
    /// A sign of life.
    Beat,
    /// It asks for a successor, in order to leave.
    Bow,
    /// It is told to leave, or says that it does.
    Leave,
    /// Too many signs of life are missing.
    Miss,
    /// It is killed: its time is up, or it broke a rule.
    Kill,
    /// It is not wanted any more before it was started.
    Cancel,
    /// Its process has ended, or did not start.
    End,
}

use Input as I;
use State as S;

// ANCHOR: table
/// Every allowed transition. What a worker says may cross what it is told; those rows change nothing.
pub const TABLE: &[(State, Input, State)] = &[
    (S::Resting, I::Start, S::Starting),
    (S::Resting, I::Cancel, S::Gone),
    (S::Starting, I::Online, S::Online),
    (S::Starting, I::Leave, S::Draining),
    (S::Starting, I::Kill, S::Killed),
    (S::Starting, I::End, S::Gone),
    (S::Online, I::Beat, S::Online),
    (S::Online, I::Listen, S::Listening),
    (S::Online, I::Ready, S::Ready),
    (S::Online, I::Leave, S::Draining),
    (S::Online, I::Kill, S::Killed),
    (S::Online, I::End, S::Gone),
    (S::Listening, I::Beat, S::Listening),
    (S::Listening, I::Listen, S::Listening),
    (S::Listening, I::Ready, S::Ready),
    (S::Listening, I::Leave, S::Draining),
    (S::Listening, I::Kill, S::Killed),
    (S::Listening, I::End, S::Gone),
    (S::Ready, I::Beat, S::Ready),
    (S::Ready, I::Listen, S::Ready),
    (S::Ready, I::Bow, S::Bowing),
    (S::Ready, I::Leave, S::Draining),
    (S::Ready, I::Miss, S::Hung),
    (S::Ready, I::Kill, S::Killed),
    (S::Ready, I::End, S::Gone),
    (S::Bowing, I::Beat, S::Bowing),
    (S::Bowing, I::Listen, S::Bowing),
    (S::Bowing, I::Leave, S::Draining),
    (S::Bowing, I::Miss, S::Hung),
    (S::Bowing, I::Kill, S::Killed),
    (S::Bowing, I::End, S::Gone),
    (S::Draining, I::Online, S::Draining),
    (S::Draining, I::Beat, S::Draining),
    (S::Draining, I::Listen, S::Draining),
    (S::Draining, I::Ready, S::Draining),
    (S::Draining, I::Bow, S::Draining),
    (S::Draining, I::Leave, S::Draining),
    (S::Draining, I::Miss, S::Hung),
    (S::Draining, I::Kill, S::Killed),
    (S::Draining, I::End, S::Gone),
    (S::Hung, I::Beat, S::Hung),
    (S::Hung, I::Listen, S::Hung),
    (S::Hung, I::Bow, S::Hung),
    (S::Hung, I::Leave, S::Hung),
    (S::Hung, I::End, S::Gone),
    (S::Killed, I::Online, S::Killed),
    (S::Killed, I::Beat, S::Killed),
    (S::Killed, I::Listen, S::Killed),
    (S::Killed, I::Ready, S::Killed),
    (S::Killed, I::Bow, S::Killed),
    (S::Killed, I::Leave, S::Killed),
    (S::Killed, I::Kill, S::Killed),
    (S::Killed, I::End, S::Gone),
];
// ANCHOR_END: table

impl State {
    /// All states, in the order in which a worker meets them.
    pub const ALL: [State; 10] = [
        S::Resting,
        S::Starting,
        S::Online,
        S::Listening,
        S::Ready,
        S::Bowing,
        S::Draining,
        S::Hung,
        S::Killed,
        S::Gone,
    ];

    /// The state after `input`, or `None` where `input` has no place here.
    ///
    /// ```
    /// use wirebook_cluster::supervisor::state::{Input, State};
    /// assert_eq!(State::Online.after(Input::Ready), Some(State::Ready));
    /// assert_eq!(State::Ready.after(Input::Ready), None);
    /// ```
    pub fn after(self, input: Input) -> Option<State> {
        TABLE.iter().find(|(from, on, _)| (*from, *on) == (self, input)).map(|(.., to)| *to)
    }

    /// It serves, as far as anybody knows.
    pub fn serves(self) -> bool {
        matches!(self, S::Ready | S::Bowing)
    }

    /// Who has been ready is expected to give signs of life here: who stands here must not do so for ever unseen.
    pub(super) fn may_be_missed(self) -> bool {
        self.after(I::Miss).is_some()
    }

    /// It has a process, or will have one at once.
    pub fn runs(self) -> bool {
        !matches!(self, S::Resting | S::Gone)
    }
}

impl Input {
    /// All of them.
    pub const ALL: [Input; 11] =
        [I::Start, I::Online, I::Listen, I::Ready, I::Beat, I::Bow, I::Leave, I::Miss, I::Kill, I::Cancel, I::End];
}

/// Where one worker stands. Nothing outside of this file can write it.
#[derive(Debug)]
pub(super) struct Standing {
    state: State,
}

/// The table has no row for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoRow;

impl Standing {
    pub(super) fn new() -> Self {
        Standing { state: S::Resting }
    }

    pub(super) fn state(&self) -> State {
        self.state
    }

    /// Moves as the table says: the only writer.
    pub(super) fn step(&mut self, input: Input) -> Result<State, NoRow> {
        self.state = self.state.after(input).ok_or(NoRow)?;
        Ok(self.state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_reached_and_every_row_stands_once() {
        let mut reached = vec![S::Resting];
        for at in 0.. {
            let Some(state) = reached.get(at).copied() else { break };
            for (.., to) in TABLE.iter().filter(|(from, ..)| *from == state) {
                if !reached.contains(to) {
                    reached.push(*to);
                }
            }
        }
        assert!(S::ALL.iter().all(|state| reached.contains(state)), "{reached:?}");
        for (at, (from, on, _)) in TABLE.iter().enumerate() {
            let twice = TABLE[at + 1..].iter().any(|(other, input, _)| (other, input) == (from, on));
            assert!(!twice && *from != S::Gone, "{from:?} {on:?}");
        }
        assert!(I::ALL.iter().all(|input| TABLE.iter().any(|(_, on, _)| on == input)));
    }

    #[test]
    fn whoever_has_a_process_may_end_and_only_they() {
        for state in S::ALL {
            assert_eq!(state.after(I::End).is_some(), state.runs(), "{state:?}");
        }
    }
}
