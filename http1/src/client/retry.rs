//! Whether a request may be sent once more.

use crate::agent::connection::{self, Connection, Wire};
use crate::agent::error::Error;
use crate::buffers::Outbox;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// What a second try needs (RFC 9110 §9.2.2): a request may be sent again if doing it twice is doing it once, or if the
/// server surely has not seen it. That is asked only of a connection which may have died of old age.
pub(super) struct Retry {
    /// Doing it twice is doing it once.
    idempotent: bool,
    /// A part of it was sent that is not at hand any more.
    partial: bool,
    /// It was sent again already: once is enough.
    spent: bool,
    /// A byte of a response was seen.
    heard: bool,
}

/// What is sent on the fresh connection.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Again {
    /// The same bytes.
    Same,
    /// Another head.
    Anew,
}

impl Retry {
    pub(super) fn new(method: &str) -> Retry {
        let idempotent = matches!(method, "GET" | "HEAD" | "OPTIONS" | "TRACE" | "PUT" | "DELETE");
        Retry { idempotent, partial: false, spent: false, heard: false }
    }

    pub(super) fn allows(&self, error: &Error, connection: &Connection) -> bool {
        matches!(error, Error::Connection(_))
            && connection.reused.get()
            && !self.spent
            && !self.heard
            && !self.partial
            && (self.idempotent || connection.wire.borrow().out.written() == 0)
    }

    pub(super) fn is_spent(&self) -> bool {
        self.spent
    }

    pub(super) fn has_heard(&self) -> bool {
        self.heard
    }

    /// A byte of a response was seen.
    pub(super) fn hear(&mut self) {
        self.heard = true;
    }

    /// A part of the request is gone.
    pub(super) fn forget(&mut self) {
        self.partial = true;
    }

    /// Puts a fresh connection in the place of that one.
    pub(super) async fn open(
        &mut self,
        old: Rc<Connection>,
        again: Again,
        limit: Duration,
        deadline: Option<Instant>,
    ) -> Result<Rc<Connection>, Error> {
        self.spent = true;
        let owner = old.owner.clone();
        let (protocol, out) = {
            let Wire { protocol, out, .. } = &mut *old.wire.borrow_mut();
            match again {
                Again::Same => {
                    out.rewind();
                    (protocol.clone(), std::mem::take(out))
                }
                Again::Anew => (owner.protocol(), Outbox::default()),
            }
        };
        drop(old);
        connection::open(owner, protocol, out, limit, deadline).await
    }
}
