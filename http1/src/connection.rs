//! The sans-I/O connection: bytes to events, events to bytes, for both roles.
//!
//! # Theory of operation
//!
//! Two [`State`]s, one for each side, say what may come next. Between them stands one number for each direction: how
//! much of a body is left (`Incoming`, `Outgoing`). That is all a connection remembers; it owns no buffer, and an
//! idle one is a small record.
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

use crate::encode;
use crate::error::{Error, Misuse, Violation};
use crate::event::Event;
use crate::parser::chunked::Chunked;
use crate::parser::{FieldLines, Fields, Limits, Progress, Version};
use crate::state::{Side, State, Trigger};

mod receive;
mod send;

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
    ours: State,
    theirs: State,
    incoming: Incoming,
    outgoing: Outgoing,
    limits: Limits,
    progress: Progress,
    exchange: Exchange,
    /// A part of a head has been seen: the end of the transport would be in its middle.
    in_head: bool,
}

/// What both sides know of the current request and answer.
#[derive(Clone, Copy, Debug, Default)]
struct Exchange {
    to_head: bool,
    to_connect: bool,
    /// The version of the peer's last message: it decides what we may send (RFC 9112 §2.3).
    version: Version,
    they_persist: bool,
    we_persist: bool,
    expects_continue: bool,
    upgrades: bool,
}

/// How much of the peer's body is to come.
#[derive(Clone, Debug)]
enum Incoming {
    Length(u64),
    Chunked(Chunked),
    Trailers,
    UntilClose,
}

/// What a driver adds to a response's head, unless its fields say otherwise.
#[derive(Clone, Copy, Default)]
pub(crate) struct Own<'a> {
    /// Bytes of the whole body.
    pub(crate) length: Option<u64>,
    pub(crate) date: Option<&'a encode::DateLine>,
}

/// How much of our body is to go.
#[derive(Clone, Copy, Debug, PartialEq)]
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
            ours: State::Idle,
            theirs: State::Idle,
            incoming: Incoming::Length(0),
            outgoing: Outgoing::Forbidden,
            limits,
            progress: Progress::default(),
            exchange: Exchange { they_persist: true, we_persist: true, ..Exchange::default() },
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
    #[inline]
    pub fn receive<'a>(
        &mut self,
        input: &'a [u8],
        fields: &'a mut Fields,
    ) -> Result<(usize, Option<Event<'a>>), Error> {
        self.next_cycle();
        let result = match self.theirs {
            State::Idle if self.side == Side::Responder => self.receive_request(input, fields),
            State::Idle | State::Respond if self.side == Side::Requester => self.receive_response(input, fields),
            State::Body => self.receive_body(input, fields),
            _ => Ok((0, None)),
        };
        result.inspect_err(|_| self.theirs = State::Failed)
    }
    // ANCHOR_END: receive

    /// The peer has closed its half of the transport. `Some(Event::End)` ends a body that lasts until then.
    ///
    /// # Errors
    ///
    /// [`Violation::Incomplete`] inside a message: what was received of it must not be used as a whole (RFC 9112 §8).
    pub fn receive_eof(&mut self) -> Result<Option<Event<'static>>, Error> {
        self.next_cycle();
        match self.theirs {
            State::Body if matches!(self.incoming, Incoming::UntilClose) => {
                self.theirs = State::Closed;
                Ok(Some(Event::End(FieldLines::default())))
            }
            State::Body | State::Respond => Err(self.fail(Violation::Incomplete, 0)),
            State::Idle if self.in_head => Err(self.fail(Violation::Incomplete, 0)),
            state => {
                self.theirs = state.next(self.side.other(), Trigger::Close).unwrap_or(state);
                Ok(None)
            }
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
                let fields = encode::inspect(&head.fields)?;
                self.send_response(&head, &fields, Own::default(), out)
            }
            Event::Data(data) => self.send_data(data, out),
            Event::End(trailers) => self.send_end(&trailers, out),
        }
    }

    /// Our side's state.
    pub fn our_state(&self) -> State {
        self.ours
    }

    /// The peer's state.
    pub fn their_state(&self) -> State {
        self.theirs
    }

    /// The connection can carry a further exchange after this one, as far as both sides have said.
    pub fn persists(&self) -> bool {
        self.exchange.they_persist && self.exchange.we_persist
    }

    /// Both messages are over and a further exchange may follow.
    pub fn is_reusable(&self) -> bool {
        (self.ours, self.theirs) == (State::Done, State::Done)
    }

    /// The request's method is HEAD: its answer has no body, whatever its fields say (RFC 9110 §9.3.2).
    pub fn answers_head(&self) -> bool {
        self.exchange.to_head
    }

    /// The request's method is CONNECT: a 2xx answer makes the connection a tunnel (RFC 9110 §9.3.6).
    pub fn answers_connect(&self) -> bool {
        self.exchange.to_connect
    }

    /// Say no further exchange is wanted: the next head that we send carries `connection: close`.
    pub fn refuse_reuse(&mut self) {
        self.exchange.we_persist = false;
    }

    /// The client waits for `100 Continue` before it sends the body (RFC 9110 §10.1.1), and neither that answer nor a
    /// part of the body has passed.
    pub fn awaits_continue(&self) -> bool {
        self.exchange.expects_continue
    }

    /// The request asks for another protocol on this connection (RFC 9110 §7.8).
    pub fn upgrades(&self) -> bool {
        self.exchange.upgrades
    }

    /// Body bytes may be sent now; not in answer to HEAD, nor with 204 and 304, whose `Data` is refused.
    pub fn may_send_data(&self) -> bool {
        self.ours == State::Body && self.outgoing != Outgoing::Forbidden
    }

    /// Our body goes in chunks, so trailers may follow it.
    pub fn sends_chunks(&self) -> bool {
        self.ours == State::Body && self.outgoing == Outgoing::Chunked
    }

    /// Bytes of our body that its `content-length` still leaves room for; `None` where no length was given.
    pub fn room_left(&self) -> Option<u64> {
        match self.outgoing {
            Outgoing::Length(left) if self.ours == State::Body => Some(left),
            _ => None,
        }
    }

    /// The version of the peer's last message.
    pub fn peer_version(&self) -> Version {
        self.exchange.version
    }

    /// Bytes of the peer's body that are still to come, where its head told.
    pub fn body_left(&self) -> Option<u64> {
        match (self.theirs, &self.incoming) {
            (State::Body, Incoming::Length(left)) => Some(*left),
            (State::Body, _) => None,
            _ => Some(0),
        }
    }

    /// Bytes of the peer's body that are still to come as far as it has announced them: all of them where its head told
    /// the length, those of the current chunk where it sends chunks.
    pub fn body_announced(&self) -> u64 {
        match (self.theirs, &self.incoming) {
            (State::Body, Incoming::Length(left)) => *left,
            (State::Body, Incoming::Chunked(chunked)) => chunked.data_left(),
            _ => 0,
        }
    }

    fn fail(&mut self, violation: Violation, offset: usize) -> Error {
        self.theirs = State::Failed;
        Error::new(violation, offset)
    }

    /// RFC 9112 §9.3: with both messages over, a connection that persists begins anew.
    #[inline]
    fn next_cycle(&mut self) {
        if self.ours == State::Done && self.theirs == State::Done {
            (self.ours, self.theirs) = (State::Idle, State::Idle);
        }
    }

    #[inline]
    fn step_theirs(&mut self, trigger: Trigger) {
        self.theirs = self.theirs.next(self.side.other(), trigger).unwrap_or(State::Failed);
    }
}
