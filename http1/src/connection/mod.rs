//! The sans-I/O connection: bytes to events, events to bytes, for both roles.
//!
//! | file, from the ground up | holds |
//! |---|---|
//! | `error.rs` | what the peer did wrong, in one table; what the caller did wrong |
//! | `event.rs` | what bytes mean, in both directions |
//! | `target.rs` | the four forms of a request-target, and `Host` |
//! | `framing.rs` | how long a body is, who persists: where request smuggling lives |
//! | `fields.rs`, `encode.rs` | field lines and heads on their way out |
//! | `state.rs` | whose turn it is: the table that decides all |
//! | `mod.rs` | [`Connection`], and what one may ask it |
//! | `receive.rs`, `send.rs` | its two halves |
//!
//! # Theory of operation
//!
//! A table of two states, one for each side, says what may come next ([`state`]). Between them stands one number for each
//! direction: how much of a body is left (`Incoming`, `Outgoing`). That is all a connection remembers; it owns no buffer,
//! and an idle one is a small record.
//!
//! The caller drives it so:
//!
//! 1. Read bytes behind those that were left over.
//! 2. Call [`receive`](Connection::receive) until it gives no event, each time with the bytes that it has not used. A
//!    head or a trailer section is used only when it is whole; body bytes are used as they come.
//! 3. Answer with [`send`](Connection::send), which appends to one buffer; write that buffer once.
//! 4. When the transport ends, call [`receive_eof`](Connection::receive_eof).
//!
//! A request that arrives while the one before it is unanswered stays in the caller's buffer: `receive` gives no event
//! and uses nothing until the answer's `End` was sent. So pipelining needs no queue, and a flood of requests costs no
//! more than the read buffer.
//!
//! What [`send`](Connection::send) does with an event can also be asked for directly, without making an event first:
//! [`send_head`](Connection::send_head), [`send_data`](Connection::send_data), [`send_end`](Connection::send_end), and
//! all three in one checked step, [`answer`](Connection::answer); so can what `receive` does at the end of a message,
//! [`receive_end`](Connection::receive_end). They are the same code, and the server in this crate has no other.

pub(crate) mod encode;
mod error;
mod event;
mod fields;
mod framing;
mod receive;
mod send;
pub mod state;
pub mod target;

pub use encode::{DateLine, reason};
pub use error::{Error, Met, Misuse, Violation};
pub use event::Event;
pub use fields::FieldBlock;
pub use framing::{Framing, content_length};

use crate::parser::chunked::Chunked;
use crate::parser::{FieldLines, Fields, Limits, Progress, Version};
use state::{Conversation, Side, State, Trigger};

/// One HTTP/1.1 connection, seen from one end. See the [module documentation](self) for how to drive it.
///
/// ```
/// use wirebook_http1::{Connection, Event, parser::Fields};
///
/// let mut connection = Connection::server();
/// let mut fields = Fields::new();
/// let input = b"GET /tea HTTP/1.1\r\nHost: example.org\r\n\r\n";
///
/// let (used, event) = connection.receive(input, &mut fields)?;
/// let Some(Event::Request(head)) = event else { panic!("a whole head is there") };
/// assert_eq!((used, head.target), (input.len(), &b"/tea"[..]));
/// # Ok::<(), wirebook_http1::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Connection {
    side: Side,
    conversation: Conversation,
    incoming: Incoming,
    outgoing: Outgoing,
    limits: Limits,
    progress: Progress,
    /// The version of the peer's last message: it decides what we may send (RFC 9112 §2.3).
    version: Version,
    /// A part of a head has been seen: the end of the transport would be in its middle.
    in_head: bool,
}

/// How much of the peer's body is to come.
#[derive(Clone, Debug)]
enum Incoming {
    Length(u64),
    Chunked(Chunked),
    Trailers,
    UntilClose,
}

/// What a server adds to the head of an answer, unless its fields say otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub struct Additions<'a> {
    /// `Content-Length`: bytes of the whole body.
    pub length: Option<u64>,
    /// The line of `Date`.
    pub date: Option<&'a DateLine>,
    /// `Keep-Alive: timeout=…`: whole seconds that the connection may idle. It goes to clients that say
    /// `Connection: keep-alive`, which HTTP/1.1 does not need: they may care for how long.
    pub idle_seconds: Option<u32>,
}

/// How much of our body is to go.
#[derive(Clone, Copy, Debug)]
enum Outgoing {
    /// None may be sent (RFC 9112 §6.3 items 1 and 2).
    Forbidden,
    Length(u64),
    Chunked,
    UntilClose,
}

impl Connection {
    /// A server's end, with default limits.
    pub fn server() -> Self {
        Self::new(Side::Responder, Limits::default())
    }

    /// A client's end, with default limits.
    pub fn client() -> Self {
        Self::new(Side::Requester, Limits::default())
    }

    /// The end of that side, with limits for the peer's heads.
    pub fn new(side: Side, limits: Limits) -> Self {
        Connection {
            side,
            conversation: Conversation::new(),
            incoming: Incoming::Length(0),
            outgoing: Outgoing::Forbidden,
            limits,
            progress: Progress::default(),
            version: Version::default(),
            in_head: false,
        }
    }

    // ANCHOR: receive
    /// Consumes from `input`; returns how much was used and what it meant. `None`: bring more bytes, or answer first.
    ///
    /// `input` starts with the bytes that earlier calls did not use. `fields` is room for the spans of a head; an event
    /// borrows it and `input`, never the connection, so the caller can [`send`](Self::send) while it holds the event.
    ///
    /// # Errors
    ///
    /// The peer broke a rule. All further calls give the same kind of nothing: `Ok((0, None))`. A server should send an
    /// answer with [`Error::status`] and close.
    // Inlined into whoever drives it, but not in a build for debugging: there the driver's code is not optimised, and this is, here.
    #[cfg_attr(not(debug_assertions), inline)]
    pub fn receive<'a>(
        &mut self,
        input: &'a [u8],
        fields: &'a mut Fields,
    ) -> Result<(usize, Option<Event<'a>>), Error> {
        self.next_cycle();
        let result = match (self.side, self.their_state()) {
            (Side::Responder, State::Idle) => self.receive_request(input, fields),
            (Side::Requester, State::Idle | State::Respond) => self.receive_response(input, fields),
            (_, State::Body) => self.receive_body(input, fields),
            _ => Ok((0, None)),
        };
        if result.is_err() {
            self.note_violation();
        }
        result
    }
    // ANCHOR_END: receive

    /// The peer has closed its half of the transport. `Some(Event::End)` ends a body that lasts until then.
    ///
    /// # Errors
    ///
    /// [`Violation::Incomplete`] inside a message: what was received of it must not be used as a whole (RFC 9112 §8).
    pub fn receive_eof(&mut self) -> Result<Option<Event<'static>>, Error> {
        self.next_cycle();
        match self.their_state() {
            State::Body if matches!(self.incoming, Incoming::UntilClose) => {
                self.step_theirs(Trigger::Close)?;
                Ok(Some(Event::End(FieldLines::default())))
            }
            State::Idle if !self.in_head => self.step_theirs(Trigger::Close).map(|()| None),
            State::Done | State::MustClose => self.step_theirs(Trigger::Close).map(|()| None),
            State::Idle | State::Respond | State::Body => {
                self.note_violation();
                Err(Error::new(Violation::Incomplete, 0))
            }
            State::Closed | State::Switched | State::Failed => Ok(None),
        }
    }

    /// Appends the bytes of an event to `out`.
    ///
    /// The connection adds the framing that the fields leave open: `transfer-encoding: chunked` for a response without
    /// `content-length` (to an HTTP/1.0 client the body then ends with the connection), and `connection` where the two
    /// sides' wishes and versions ask for it. A request without either field has no body.
    ///
    /// # Errors
    ///
    /// What is wrong with the event. Nothing was appended and the state is as before.
    pub fn send(&mut self, event: Event<'_>, out: &mut Vec<u8>) -> Result<(), Misuse> {
        self.next_cycle();
        match event {
            Event::Request(head) => self.send_request(&head, out),
            Event::Response(head) => {
                let noted = framing::Noted::own(&head.fields)?;
                self.send_response(&head, &noted, Additions::default(), out)
            }
            Event::Data(data) => self.send_data(data, out),
            Event::End(trailers) => self.send_end(&trailers, out),
        }
    }

    /// Our side's state.
    #[inline]
    pub fn our_state(&self) -> State {
        self.conversation.of(self.side)
    }

    /// The peer's state.
    #[inline]
    pub fn their_state(&self) -> State {
        self.conversation.of(self.side.other())
    }

    /// The connection can carry a further exchange after this one, as far as both sides have said.
    pub fn persists(&self) -> bool {
        self.conversation.persists()
    }

    /// Both messages are over and a further exchange may follow.
    pub fn is_reusable(&self) -> bool {
        self.conversation.is_over()
    }

    /// The request's method is HEAD: its answer has no body, whatever its fields say (RFC 9110 §9.3.2).
    pub fn answers_head(&self) -> bool {
        self.conversation.asked().head
    }

    /// The request's method is CONNECT: a 2xx answer makes the connection a tunnel (RFC 9110 §9.3.6).
    pub fn answers_connect(&self) -> bool {
        self.conversation.asked().connect
    }

    /// Say no further exchange is wanted: the next head that we send carries `connection: close`.
    pub fn refuse_reuse(&mut self) {
        self.conversation.note_persistence(self.side, false);
    }

    /// The client waits for `100 Continue` before it sends the body (RFC 9110 §10.1.1), and neither that answer nor a
    /// part of the body has passed. Only 100 is 100: a 103 changes nothing.
    pub fn awaits_continue(&self) -> bool {
        self.conversation.asked().to_continue
    }

    /// The request asks for another protocol on this connection (RFC 9110 §7.8).
    pub fn upgrades(&self) -> bool {
        self.conversation.upgrade().is_some()
    }

    /// Body bytes may be sent now; not in answer to HEAD, nor with 204 and 304, whose `Data` is refused.
    pub fn may_send_data(&self) -> bool {
        self.our_state() == State::Body && !matches!(self.outgoing, Outgoing::Forbidden)
    }

    /// Our body goes in chunks, so trailers may follow it.
    pub fn sends_chunks(&self) -> bool {
        self.our_state() == State::Body && matches!(self.outgoing, Outgoing::Chunked)
    }

    /// Bytes of our body that its `content-length` still leaves room for; `None` where no length was given.
    pub fn room_left(&self) -> Option<u64> {
        match self.outgoing {
            Outgoing::Length(left) if self.our_state() == State::Body => Some(left),
            _ => None,
        }
    }

    /// The version of the peer's last message.
    pub fn peer_version(&self) -> Version {
        self.version
    }

    /// Bytes of the peer's body that are still to come, where its head told.
    pub fn body_left(&self) -> Option<u64> {
        match (self.their_state(), &self.incoming) {
            (State::Body, Incoming::Length(left)) => Some(*left),
            (State::Body, _) => None,
            _ => Some(0),
        }
    }

    /// Bytes of the peer's body that are still to come as far as it has announced them: all of them where its head told
    /// the length, those of the current chunk where it sends chunks.
    pub fn body_announced(&self) -> u64 {
        match (self.their_state(), &self.incoming) {
            (State::Body, Incoming::Length(left)) => *left,
            (State::Body, Incoming::Chunked(chunked)) => chunked.data_left(),
            _ => 0,
        }
    }

    /// A part of a head has come and the rest has not. Empty lines before it are no part of it.
    pub fn in_head(&self) -> bool {
        self.in_head
    }

    /// Our body lasts until the connection ends: whoever breaks it off must break the connection, or a part of the body
    /// would be taken for the whole.
    pub fn sends_until_close(&self) -> bool {
        self.our_state() == State::Body && matches!(self.outgoing, Outgoing::UntilClose)
    }

    /// The peer broke a rule, wherever something of it was awaited. It stays so: there is nothing to move from then.
    fn note_violation(&mut self) {
        // A peer that is not awaited cannot break a rule: then the table has no move, and nothing was received.
        let _ = self.conversation.step(self.side.other(), Trigger::Violation);
    }

    /// RFC 9112 §9.3: with both messages over, a connection that persists begins anew.
    #[inline]
    fn next_cycle(&mut self) {
        if self.conversation.next_cycle() {
            self.version = Version::default();
        }
    }

    #[inline]
    fn step_theirs(&mut self, trigger: Trigger) -> Result<(), Error> {
        Ok(self.conversation.step(self.side.other(), trigger)?)
    }

    #[inline]
    fn step_ours(&mut self, trigger: Trigger) -> Result<(), Misuse> {
        Ok(self.conversation.step(self.side, trigger)?)
    }
}

#[cfg(test)]
mod tests;
