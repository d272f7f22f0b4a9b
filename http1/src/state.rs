//! The states of one side of an HTTP/1.1 conversation, and every move between them.
//!
//! A connection keeps two of these, one for each side, and nothing else decides what may be sent or received next. The
//! whole of RFC 9112 §9 is in [`State::next`]: a row for each move that the protocol allows; what has no row is an
//! error. The table that the book prints is read off this function ([`transitions`]), so the picture cannot lie.
//!
//! ```text
//!   requester   Idle ──RequestHead──▶ Body ──End──▶ Done ──NextCycle──▶ Idle
//!   responder   Idle ──RequestHead──▶ Respond ──FinalHead──▶ Body ──End──▶ Done ──NextCycle──▶ Idle
//!                                     ▲  │ InformationalHead
//!                                     └──┘
//! ```

/// Which side of the conversation a [`State`] describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The side that sends requests.
    Requester,
    /// The side that answers them.
    Responder,
}

impl Side {
    /// The other one.
    pub const fn other(self) -> Side {
        match self {
            Side::Requester => Side::Responder,
            Side::Responder => Side::Requester,
        }
    }
}

/// Where one side stands (RFC 9112 §9.3 persistence, §9.6 tear-down; RFC 9110 §7.8 upgrade).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Between two messages.
    Idle,
    /// A responder that owes an answer.
    Respond,
    /// Its head is out, its body is not.
    Body,
    /// Its message is out; it waits for the other side to finish too.
    Done,
    /// Its last message is out; the connection closes once the other side has finished.
    MustClose,
    /// It sends no more.
    Closed,
    /// From here on the bytes are no HTTP/1.1: an upgrade was accepted or a tunnel opened.
    Switched,
    /// It broke the protocol; nothing that it sends has a meaning any more.
    Failed,
}

/// What moves a side from one [`State`] to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// A request head passed, in whichever direction.
    RequestHead,
    /// A 1xx response head passed, 101 apart.
    InformationalHead,
    /// A final response head passed.
    FinalHead,
    /// A message ended, its last on a connection that persists.
    End,
    /// A message ended and this side will send no further one.
    LastEnd,
    /// Both sides are done and the connection persists.
    NextCycle,
    /// 101 was sent for an upgrade, or 2xx for CONNECT.
    Switch,
    /// The side closed its half of the transport between messages, or after its last.
    Close,
    /// The side broke a rule.
    Violation,
}

impl State {
    /// All states, in the order in which a conversation meets them.
    pub const ALL: [State; 8] = [
        State::Idle,
        State::Respond,
        State::Body,
        State::Done,
        State::MustClose,
        State::Closed,
        State::Switched,
        State::Failed,
    ];

    // ANCHOR: next
    /// The state that follows, or `None` where the protocol has no such move.
    #[inline]
    pub const fn next(self, side: Side, trigger: Trigger) -> Option<State> {
        use {Side::*, State::*, Trigger::*};
        Some(match (side, self, trigger) {
            (Requester, Idle, RequestHead) => Body,
            (Responder, Idle, RequestHead) => Respond,
            // A server may answer before it was asked only to say what is wrong (400, 408, 431): RFC 9112 §9.5.
            (Responder, Idle, FinalHead) => Body,
            (Responder, Respond, InformationalHead) => Respond,
            (Responder, Respond, FinalHead) => Body,
            (_, Body, End) => Done,
            (_, Body, LastEnd) => MustClose,
            (_, Done, NextCycle) => Idle,
            (Requester, Done | MustClose, Switch) => Switched,
            (Responder, Respond, Switch) => Switched,
            (_, Idle | Done | MustClose, Close) => Closed,
            (_, _, Violation) => Failed,
            _ => return None,
        })
    }
    // ANCHOR_END: next
}

impl Trigger {
    /// All triggers.
    pub const ALL: [Trigger; 9] = [
        Trigger::RequestHead,
        Trigger::InformationalHead,
        Trigger::FinalHead,
        Trigger::End,
        Trigger::LastEnd,
        Trigger::NextCycle,
        Trigger::Switch,
        Trigger::Close,
        Trigger::Violation,
    ];
}

/// Every move of one side, read off [`State::next`]: what the book's diagram is drawn from.
///
/// ```
/// use wirebook_http1::state::{Side, State, Trigger, transitions};
///
/// let rows: Vec<_> = transitions(Side::Requester).collect();
/// assert!(rows.contains(&(State::Idle, Trigger::RequestHead, State::Body)));
/// ```
pub fn transitions(side: Side) -> impl Iterator<Item = (State, Trigger, State)> {
    State::ALL.into_iter().flat_map(move |from| {
        Trigger::ALL.into_iter().filter_map(move |trigger| Some((from, trigger, from.next(side, trigger)?)))
    })
}

/// The moves of one side as text, one move a line: `Idle --RequestHead--> Body`.
///
/// Violations are left out: they lead from everywhere to `Failed`.
pub fn diagram(side: Side) -> String {
    let mut text = String::new();
    for (from, trigger, to) in transitions(side).filter(|row| row.1 != Trigger::Violation) {
        text.push_str(&format!("{:<10} --{:-<18}> {to:?}\n", format!("{from:?}"), format!("{trigger:?}")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requester_never_responds() {
        assert!(transitions(Side::Requester).all(|(_, _, to)| to != State::Respond));
    }

    #[test]
    fn nothing_leaves_failed_or_switched_but_failure() {
        for side in [Side::Requester, Side::Responder] {
            for (from, trigger, to) in transitions(side) {
                if matches!(from, State::Failed | State::Switched) {
                    assert_eq!((trigger, to), (Trigger::Violation, State::Failed));
                }
            }
        }
    }

    #[test]
    fn the_diagram_has_a_line_for_each_move() {
        let moves = transitions(Side::Responder).filter(|row| row.1 != Trigger::Violation).count();
        assert_eq!(diagram(Side::Responder).lines().count(), moves);
    }
}
