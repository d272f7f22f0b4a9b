//! One connection of a client, idle or busy: what the two halves of an exchange share.

use super::error::Error;
use super::pool::{Slot, Watch};
use super::{desk, pool};
use crate::state::State;
use crate::{Connection, Event, Misuse};
use std::cell::{Cell, OnceCell, RefCell};
use std::io;
use std::net::Shutdown;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use wirebook_net::{self as net, Stream};

/// A connection: its transport, its protocol, and its place in an agent.
pub(super) struct Line {
    pub(super) stream: Rc<dyn Stream>,
    pub(super) talk: RefCell<Talk>,
    /// Its place among the agent's connections; none where it belongs to one request alone.
    pub(super) slot: RefCell<Option<Slot>>,
    /// It has carried an exchange before: it may have died since without anybody's fault.
    pub(super) reused: Cell<bool>,
    /// Bytes came behind a response, or a half of the exchange was given up: nothing that comes can be trusted.
    spoilt: Cell<bool>,
    /// Who is told when an idle connection has something to say.
    pub(super) watch: OnceCell<Watch>,
    pub(super) idle_since: Cell<Instant>,
    /// How long it may idle, by the agent's wish and the server's hint.
    pub(super) idle_limit: Cell<Duration>,
}

/// The protocol, and the bytes on their way out.
pub(super) struct Talk {
    pub(super) connection: Connection,
    /// Kept whole until the response begins, as long as the request may have to be sent again.
    pub(super) out: Vec<u8>,
    pub(super) written: usize,
}

impl Line {
    pub(super) fn new(stream: Rc<dyn Stream>, connection: Connection, slot: Option<Slot>) -> Rc<Line> {
        Rc::new(Line {
            stream,
            talk: RefCell::new(Talk { connection, out: Vec::new(), written: 0 }),
            slot: RefCell::new(slot),
            reused: Cell::new(false),
            spoilt: Cell::new(false),
            watch: OnceCell::new(),
            idle_since: Cell::new(net::now()),
            idle_limit: Cell::new(Duration::MAX),
        })
    }

    /// Encodes an event behind what is to be written.
    pub(super) fn send(&self, event: Event<'_>) -> Result<(), Misuse> {
        let talk = &mut *self.talk.borrow_mut();
        talk.connection.send(event, &mut talk.out)
    }

    /// Bytes that wait to be written.
    pub(super) fn pending(&self) -> usize {
        let talk = self.talk.borrow();
        talk.out.len() - talk.written
    }

    /// Writes what is there to write. What was written stays until [`forget_written`](Self::forget_written).
    pub(super) fn poll_flush(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let talk = &mut *self.talk.borrow_mut();
        while talk.written < talk.out.len() {
            match self.stream.try_write(&talk.out[talk.written..]) {
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Ok(count) => talk.written += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    std::task::ready!(self.stream.poll_writable(context))?;
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// What was written cannot be sent again.
    pub(super) fn forget_written(&self) {
        let talk = &mut *self.talk.borrow_mut();
        let Talk { out, written, .. } = talk;
        out.drain(..std::mem::take(written));
        out.shrink_to(desk::MAX_OUT);
    }

    /// Nothing that this connection carries from now on is looked at, and the peer is told.
    pub(super) fn abort(&self) {
        self.spoilt.set(true);
        // A connection that is gone already needs no end.
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    /// Bytes came behind the response that no request had asked for.
    pub(super) fn spoil(&self) {
        self.spoilt.set(true);
    }

    pub(super) fn is_spoilt(&self) -> bool {
        self.spoilt.get()
    }

    /// One half of the exchange is over. The second one to say so gives the connection back, or closes it.
    pub(super) fn leave(self: Rc<Self>) {
        let (reusable, ended) = {
            let connection = &self.talk.borrow().connection;
            let over = |state| !matches!(state, State::Idle | State::Respond | State::Body);
            (connection.is_reusable(), over(connection.our_state()) && over(connection.their_state()))
        };
        if !ended {
            return;
        }
        desk::take_back_out(std::mem::take(&mut self.talk.borrow_mut().out));
        self.talk.borrow_mut().written = 0;
        match reusable && !self.spoilt.get() {
            true => pool::give_back(self),
            // Dropping it closes the connection, unless the other half still holds it for a moment.
            false => drop(self),
        }
    }

    /// Fails where an earlier step has spoilt the connection.
    pub(super) fn check(&self) -> Result<(), Error> {
        match self.is_spoilt() {
            true => Err(Error::Aborted),
            false => Ok(()),
        }
    }
}
