//! One connection of a client, idle or busy: what the two halves of an exchange share.

use super::buffers;
use super::connect::Connecting;
use super::error::{Error, Failed, Stage};
use super::origin::Origin;
use super::timeouts::within;
use crate::buffers::Outbox;
use crate::state::State;
use crate::{Connection as Protocol, Event, Misuse};
use std::cell::{Cell, RefCell};
use std::io;
use std::net::Shutdown;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use wirebook_net::{self as net, Stream};

/// Whom a connection belongs to: it has a place among others, which is free again when the last of its holders goes.
pub(crate) trait Owner {
    /// Where the connection leads.
    fn origin(&self) -> &Origin;

    /// Begins a connection in this place.
    fn connect(&self) -> Connecting;

    /// The protocol of a new connection.
    fn protocol(&self) -> Protocol;

    /// How long a connection may idle.
    fn idle_timeout(&self) -> Duration;

    /// Keeps a connection that has nothing more to say for later, or closes it.
    fn take_back(&self, connection: Rc<Connection>);

    /// Something may have come on an idle connection.
    fn hear(&self, connection: &Rc<Connection>);
}

/// A connection: its transport, its protocol, and its place in an agent.
pub(crate) struct Connection {
    pub(crate) stream: Rc<dyn Stream>,
    pub(crate) wire: RefCell<Wire>,
    pub(crate) owner: Rc<dyn Owner>,
    /// It has carried an exchange before: it may have died since without anybody's fault.
    pub(crate) reused: Cell<bool>,
    /// Bytes came behind a response, or a half of the exchange was given up: nothing that comes can be trusted.
    spoilt: Cell<bool>,
    /// Raised when it is given up: who waits to write on it waits no longer.
    given_up: net::Signal,
    pub(crate) idle_since: Cell<Instant>,
    /// How long it may idle, by the agent's wish and the server's hint.
    pub(crate) idle_limit: Cell<Duration>,
}

/// The protocol, and the bytes on their way out.
pub(crate) struct Wire {
    pub(crate) protocol: Protocol,
    /// Kept whole until the response begins, as long as the request may have to be sent again.
    pub(crate) out: Outbox,
}

/// Opens a connection for that owner, with the bytes that wait to be written on it.
pub(crate) async fn open(
    owner: Rc<dyn Owner>,
    protocol: Protocol,
    out: Outbox,
    limit: Duration,
    deadline: Option<Instant>,
) -> Result<Rc<Connection>, Error> {
    let opened = within(limit, deadline, Stage::Connect, owner.connect()).await?;
    let stream = opened.map_err(|error| Error::Connect(Failed::new("connect to", owner.origin(), error)))?;
    let idle_limit = Cell::new(owner.idle_timeout());
    Ok(Rc::new(Connection {
        stream,
        wire: RefCell::new(Wire { protocol, out }),
        owner,
        reused: Cell::new(false),
        spoilt: Cell::new(false),
        given_up: net::Signal::new(),
        idle_since: Cell::new(net::now()),
        idle_limit,
    }))
}

/// Dropping a socket says that it ended; dropping TLS does not (RFC 8446 §6.1).
impl Drop for Connection {
    fn drop(&mut self) {
        if self.ends_politely() {
            let _ = self.stream.shutdown(Shutdown::Write);
        }
    }
}

impl Connection {
    /// Nothing on it was broken off, and nobody else has it.
    fn ends_politely(&self) -> bool {
        self.stream.is_secure() && !self.is_spoilt() && self.wire.borrow().protocol.our_state() != State::Switched
    }

    /// Encodes an event behind what is to be written.
    pub(crate) fn send(&self, event: Event<'_>) -> Result<(), Misuse> {
        let wire = &mut *self.wire.borrow_mut();
        wire.protocol.send(event, wire.out.end())
    }

    /// Bytes that wait to be written.
    pub(crate) fn pending(&self) -> usize {
        self.wire.borrow().out.pending()
    }

    /// Writes what is there to write. What was written stays until [`forget_written`](Self::forget_written).
    pub(crate) fn poll_flush(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.wire.borrow_mut().out.poll_write(&*self.stream, context)
    }

    /// What was written will not be sent again, and is dropped. Says whether anything was.
    pub(crate) fn forget_written(&self) -> bool {
        let out = &mut self.wire.borrow_mut().out;
        let forgot = out.forget_written();
        if forgot {
            out.shrink();
        }
        forgot
    }

    /// What a failed call means for the exchange.
    pub(crate) fn failed(&self, call: &'static str, error: io::Error) -> Error {
        Error::Connection(Failed::new(call, self.owner.origin(), error))
    }

    /// The server's hint at how long it keeps an idle connection, if that is shorter than the agent's own limit:
    /// `Keep-Alive: timeout=5` (RFC 2068 §19.7.1.1). A second is taken off, for the way there. A hint that is no number is
    /// no hint.
    pub(crate) fn heed(&self, hint: Option<&[u8]>) {
        let own = self.owner.idle_timeout();
        let hinted = hint.and_then(|hint| {
            let text = str::from_utf8(hint).ok()?;
            let seconds: u64 = text.split(',').find_map(|part| part.trim().strip_prefix("timeout=")?.parse().ok())?;
            Some(Duration::from_secs(seconds.saturating_sub(1)))
        });
        self.idle_limit.set(hinted.map_or(own, |hinted| hinted.min(own)));
    }

    /// Nothing that this connection carries from now on is looked at, and the peer is told.
    pub(crate) fn abort(&self) {
        self.spoilt.set(true);
        // A connection that is gone already needs no end.
        let _ = self.stream.shutdown(Shutdown::Both);
        self.given_up.raise();
    }

    /// Ready when the other half has given the connection up.
    pub(crate) fn poll_given_up(&self, context: &mut Context<'_>) -> Poll<()> {
        self.given_up.poll_until(context, || self.is_spoilt().then_some(()))
    }

    /// Bytes came behind the response that no request had asked for.
    pub(crate) fn spoil(&self) {
        self.spoilt.set(true);
    }

    pub(crate) fn is_spoilt(&self) -> bool {
        self.spoilt.get()
    }

    /// The server speaks another protocol while a part of the request is still to come: its bytes would be taken for that.
    pub(crate) fn switches_early(&self) -> bool {
        let protocol = &self.wire.borrow().protocol;
        protocol.their_state() == State::Switched && (protocol.our_state() != State::Switched || self.pending() > 0)
    }

    /// The response has ended, and was the server's last.
    pub(crate) fn is_closing(&self) -> bool {
        matches!(self.wire.borrow().protocol.their_state(), State::MustClose | State::Closed)
    }

    /// The response has ended.
    pub(crate) fn has_all(&self) -> bool {
        is_over(self.wire.borrow().protocol.their_state())
    }

    /// One half of the exchange is over. The second one to say so gives the connection back, or closes it.
    pub(crate) fn leave(self: Rc<Self>) {
        let sent = is_over(self.wire.borrow().protocol.our_state()) && self.pending() == 0;
        match (sent, self.has_all()) {
            (true, true) => {}
            // RFC 9112 §9.5: a server that has answered and closes does not want the rest.
            (false, true) if self.is_closing() => return self.abort(),
            _ => return,
        }
        let reusable = {
            let wire = &mut *self.wire.borrow_mut();
            buffers::take_back_out(std::mem::take(&mut wire.out));
            wire.protocol.is_reusable()
        };
        // Without being kept it is dropped, and so closed, unless the other half still holds it for a moment.
        if reusable && !self.is_spoilt() {
            let owner = self.owner.clone();
            owner.take_back(self);
        }
    }
}

fn is_over(state: State) -> bool {
    !matches!(state, State::Idle | State::Respond | State::Body)
}
