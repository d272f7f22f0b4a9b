//! The states of both sides of an HTTP/1.1 conversation, and every move between them.
//!
//! A connection keeps one `Conversation`, and nothing else decides what may be sent or received next. The whole of RFC
//! 9112 §9 is in [`State::next`]: a row for each move that the protocol allows; what has no row is an error, and never a
//! default. `Conversation::step` is the only code that writes a state, which the compiler holds: the fields are private
//! to this file. The picture that the book prints is read off the same table ([`transitions`]), so it cannot lie.
//!
//! ```text
//!   requester   Idle ──RequestHead──▶ Body ──End──▶ Done ──NextCycle──▶ Idle
//!   responder   Idle ──RequestHead──▶ Respond ──FinalHead──▶ Body ──End──▶ Done ──NextCycle──▶ Idle
//!                                     ▲  │ InformationalHead
//!                                     └──┘
//! ```
//!
//! Beside the states stand the three things that the messages of an exchange have agreed on: whether the connection
//! persists (RFC 9112 §9.3), whether a client waits for 100 (RFC 9110 §10.1.1), and what protocols it would switch to
//! (RFC 9110 §7.8).

use super::error::{Error, Misuse, Violation};

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
    /// The side ended its half of the transport: between messages, after its last, or to end a body that lasts until then.
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
            // The request must be over before its connection is another protocol's: RFC 9110 §7.8.
            (Requester, Done | MustClose, Switch) => Switched,
            (Responder, Respond, Switch) => Switched,
            (_, Idle | Done | MustClose, Close) => Closed,
            // A body without a length or chunks lasts until here; only answers have such: RFC 9112 §6.3 item 8.
            (Responder, Body, Close) => Closed,
            (_, Idle | Body, Violation) => Failed,
            (Responder, Respond, Violation) => Failed,
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

/// Both sides' states, and what they have agreed on. See the [module documentation](self).
#[derive(Clone, Debug)]
pub(super) struct Conversation {
    requester: State,
    responder: State,
    /// As far as each has said, it will use the connection again.
    requester_persists: bool,
    responder_persists: bool,
    asked: Asked,
    /// The members of the request's `Upgrade`, joined by commas. Nearly no request has any: this allocates next to never.
    upgrade: Option<Box<[u8]>>,
}

/// What the current request asks for besides its answer.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Asked {
    /// HEAD: the answer has no body (RFC 9110 §9.3.2).
    pub(super) head: bool,
    /// CONNECT: 2xx opens a tunnel (RFC 9110 §9.3.6).
    pub(super) connect: bool,
    /// `Expect: 100-continue`, and neither that answer nor a part of the body has passed.
    pub(super) to_continue: bool,
    /// `Connection: keep-alive`: the client may care for how long.
    pub(super) keep_alive: bool,
}

/// A move that the table does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoSuchMove;

impl From<NoSuchMove> for Misuse {
    fn from(_: NoSuchMove) -> Misuse {
        Misuse::OutOfTurn
    }
}

impl From<NoSuchMove> for Error {
    fn from(_: NoSuchMove) -> Error {
        Error::new(Violation::Unasked, 0)
    }
}

impl Conversation {
    pub(super) fn new() -> Self {
        Conversation {
            requester: State::Idle,
            responder: State::Idle,
            requester_persists: true,
            responder_persists: true,
            asked: Asked::default(),
            upgrade: None,
        }
    }

    /// Where a side stands.
    #[inline]
    pub(super) fn of(&self, side: Side) -> State {
        match side {
            Side::Requester => self.requester,
            Side::Responder => self.responder,
        }
    }

    /// Whether the table has that move for a side from where it stands.
    #[inline]
    pub(super) fn may(&self, side: Side, trigger: Trigger) -> Result<(), NoSuchMove> {
        self.of(side).next(side, trigger).map(drop).ok_or(NoSuchMove)
    }

    // ANCHOR: step
    /// Moves a side. Nothing else writes a state.
    ///
    /// # Errors
    ///
    /// The table has no such move; everything is as before.
    #[inline]
    pub(super) fn step(&mut self, side: Side, trigger: Trigger) -> Result<(), NoSuchMove> {
        let state = match side {
            Side::Requester => &mut self.requester,
            Side::Responder => &mut self.responder,
        };
        let next = state.next(side, trigger).ok_or(NoSuchMove)?;
        #[cfg(test)]
        tests::note(side, *state, trigger);
        *state = next;
        Ok(())
    }
    // ANCHOR_END: step

    /// RFC 9112 §9.3: with both messages over, a connection that persists begins anew. Says whether it did.
    #[inline]
    pub(super) fn next_cycle(&mut self) -> bool {
        let over = self.is_over();
        if over {
            self.ask(Asked::default(), None);
            // From Done the table has this move for both.
            let moved = self
                .step(Side::Requester, Trigger::NextCycle)
                .and_then(|()| self.step(Side::Responder, Trigger::NextCycle));
            debug_assert!(moved.is_ok());
        }
        over
    }

    /// Both messages are over, and neither was its side's last.
    #[inline]
    pub(super) fn is_over(&self) -> bool {
        (self.requester, self.responder) == (State::Done, State::Done)
    }

    /// As far as both have said, a further exchange may follow.
    #[inline]
    pub(super) fn persists(&self) -> bool {
        self.requester_persists && self.responder_persists
    }

    /// As far as one side has said.
    #[inline]
    pub(super) fn side_persists(&self, side: Side) -> bool {
        match side {
            Side::Requester => self.requester_persists,
            Side::Responder => self.responder_persists,
        }
    }

    /// A side has said that this exchange is its last, if it has: what was said is not taken back.
    #[inline]
    pub(super) fn note_persistence(&mut self, side: Side, persists: bool) {
        match side {
            Side::Requester => self.requester_persists &= persists,
            Side::Responder => self.responder_persists &= persists,
        }
    }

    /// What the request asks for.
    #[inline]
    pub(super) fn asked(&self) -> Asked {
        self.asked
    }

    /// The protocols that it would switch to.
    #[inline]
    pub(super) fn upgrade(&self) -> Option<&[u8]> {
        self.upgrade.as_deref()
    }

    /// A request has passed that asks for this.
    #[inline]
    pub(super) fn ask(&mut self, asked: Asked, upgrade: Option<Box<[u8]>>) {
        self.asked = asked;
        if self.upgrade.is_some() || upgrade.is_some() {
            self.upgrade = upgrade;
        }
    }

    /// 100, the final answer, or a part of the body has passed: nobody waits for 100 any more.
    #[inline]
    pub(super) fn stop_waiting_for_continue(&mut self) {
        self.asked.to_continue = false;
    }
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
/// Violations are left out: they lead from wherever something is awaited to `Failed`.
pub fn diagram(side: Side) -> String {
    let mut text = String::new();
    for (from, trigger, to) in transitions(side).filter(|row| row.1 != Trigger::Violation) {
        text.push_str(&format!("{:<10} --{:-<18}> {to:?}\n", format!("{from:?}"), format!("{trigger:?}")));
    }
    text
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::cell::RefCell;

    thread_local! {
        static NOTED: RefCell<Vec<(Side, State, Trigger)>> = const { RefCell::new(Vec::new()) };
    }

    /// Notes that a row was used.
    pub(super) fn note(side: Side, from: State, trigger: Trigger) {
        NOTED.with_borrow_mut(|noted| noted.push((side, from, trigger)));
    }

    /// The rows that were used on this thread since this was asked last.
    pub(in super::super) fn used() -> Vec<(Side, State, Trigger)> {
        NOTED.take()
    }

    const SIDES: [Side; 2] = [Side::Requester, Side::Responder];

    #[test]
    fn a_step_does_what_the_table_says_and_nothing_else_for_every_pair_of_states() {
        for requester in State::ALL {
            for responder in State::ALL {
                for (side, trigger) in SIDES.into_iter().flat_map(|side| Trigger::ALL.map(|trigger| (side, trigger))) {
                    let mut conversation = Conversation { requester, responder, ..Conversation::new() };
                    let expected = conversation.of(side).next(side, trigger);
                    assert_eq!(conversation.may(side, trigger).is_ok(), expected.is_some());
                    assert_eq!(conversation.step(side, trigger).is_ok(), expected.is_some());
                    let before = if side == Side::Requester { requester } else { responder };
                    let other = if side == Side::Requester { responder } else { requester };
                    let row = format!("{side:?} {before:?} {trigger:?}");
                    assert_eq!(conversation.of(side), expected.unwrap_or(before), "{row}");
                    assert_eq!(conversation.of(side.other()), other, "{row}");
                }
            }
        }
    }

    #[test]
    fn a_cycle_begins_when_both_are_done_and_only_then() {
        for requester in State::ALL {
            for responder in State::ALL {
                let mut conversation = Conversation { requester, responder, ..Conversation::new() };
                conversation.ask(Asked { head: true, ..Asked::default() }, None);
                let begins = (requester, responder) == (State::Done, State::Done);
                assert_eq!(conversation.next_cycle(), begins);
                let expected = if begins { (State::Idle, State::Idle) } else { (requester, responder) };
                assert_eq!((conversation.requester, conversation.responder), expected);
                assert_eq!(conversation.asked().head, !begins, "a new exchange knows nothing of the last");
            }
        }
    }

    #[test]
    fn a_requester_never_responds() {
        assert!(transitions(Side::Requester).all(|(_, _, to)| to != State::Respond));
    }

    #[test]
    fn nothing_leaves_the_states_in_which_a_side_says_no_more() {
        for row in SIDES.into_iter().flat_map(transitions) {
            assert!(!matches!(row.0, State::Failed | State::Switched | State::Closed), "{row:?}");
        }
    }

    #[test]
    fn the_diagram_has_a_line_for_each_move() {
        let moves = transitions(Side::Responder).filter(|row| row.1 != Trigger::Violation).count();
        assert_eq!(diagram(Side::Responder).lines().count(), moves);
    }
}
