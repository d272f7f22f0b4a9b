//! What a request and its response share while the handler runs.

use super::buffers::BodyBuffers;
use super::connections::Connections;
use super::date;
use super::draft::Draft;
use super::failure::{Failure, Outcome, Trouble};
use super::options::Options;
use super::transport::Transport;
use crate::buffers::Outbox;
use crate::connection::{Additions, Connection, Event, Misuse, reason};
use crate::parser::{FieldLines, RequestHead};
use crate::state::State;
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;
use wirebook_net as net;

/// Bytes of a request body that a handler left unread and the server reads to keep the connection; more closes it.
pub(super) const MAX_DRAINED: u64 = 256 * 1024;

/// One request and its answer.
pub(super) struct Exchange<'c> {
    pub(super) stream: &'c Rc<dyn Transport>,
    pub(super) options: &'c Options,
    pub(super) connections: &'c Connections,
    pub(super) head: &'c RequestHead<'c>,
    pub(super) answer: RefCell<Answer<'c>>,
    /// What stands in the inbox behind the head: the body's first bytes, or the next request's.
    pub(super) behind_head: &'c [u8],
    /// What reads the body: away while a reader has it.
    pub(super) body: &'c Cell<Option<Box<BodyBuffers>>>,
    /// The bytes behind the head were moved to the body's inbox.
    pub(super) body_begun: Cell<bool>,
    /// Bytes of the body that are allowed.
    pub(super) max_body: Cell<u64>,
    /// Bytes of the body so far.
    pub(super) body_bytes: Cell<u64>,
    /// Bytes that came for it, with their framing, and the time that was spent waiting for them.
    pub(super) body_received: Cell<u64>,
    pub(super) body_waited: Cell<Duration>,
    /// Why the request cannot be read to its end.
    pub(super) trouble: Cell<Option<Trouble>>,
    /// To be broken off when the connection ends: what has gone out must not be taken for a whole.
    pub(super) reset: &'c Cell<bool>,
}

/// The protocol, where its output goes, and what the handler has said of its answer.
pub(super) struct Answer<'c> {
    pub(super) connection: &'c mut Connection,
    pub(super) out: &'c mut Outbox,
    pub(super) draft: &'c mut Draft,
    idle_seconds: Option<u32>,
}

impl Exchange<'_> {
    /// Encodes an event behind what is already to be written.
    pub(super) fn send(&self, event: Event<'_>) -> Result<(), Misuse> {
        let answer = &mut *self.answer.borrow_mut();
        answer.connection.send(event, answer.out.end())
    }

    /// Writes all, waiting for a slow client as long as it takes something now and then.
    pub(super) async fn flush(&self) -> io::Result<()> {
        while !self.answer.borrow().out.is_empty() {
            let some = poll_fn(|context| self.poll_flush(context));
            net::timeout(self.options.write_timeout, some).await??;
        }
        Ok(())
    }

    /// One step of [`flush`](Self::flush).
    pub(super) fn poll_flush(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.answer.borrow_mut().out.poll_flush(&**self.stream, context)
    }

    /// Sends the head, once.
    pub(super) fn begin(&self, length: Option<u64>) -> Result<(), Failure> {
        let answer = &mut *self.answer.borrow_mut();
        answer.check()?;
        if !answer.draft.begun {
            self.refuse_reuse_if_last(answer.connection);
            answer.send_head(length)?;
            self.note_reset(answer);
        }
        Ok(())
    }

    /// Sends a whole answer, if its head is not out yet, and says how many bytes are to be written now. What would contradict
    /// its own head is left to the steps one by one, which send as much of it as they can.
    pub(super) fn send_whole(&self, body: &[u8]) -> Result<Option<usize>, Failure> {
        let answer = &mut *self.answer.borrow_mut();
        answer.check()?;
        if answer.draft.begun || answer.draft.status < 200 {
            return Ok(None);
        }
        self.refuse_reuse_if_last(answer.connection);
        match answer.send_whole(body) {
            Err(Misuse::TooManyBytes | Misuse::TooFewBytes | Misuse::NoBodyAllowed) => Ok(None),
            Err(misuse) => Err(misuse.into()),
            Ok(()) => Ok(Some(answer.out.pending())),
        }
    }

    /// Ends the answer; says how many bytes are to be written now.
    pub(super) fn end(&self, trailers: &FieldLines<'_>) -> Result<usize, Misuse> {
        let answer = &mut *self.answer.borrow_mut();
        answer.connection.send_end(trailers, answer.out.end())?;
        self.note_reset(answer);
        Ok(answer.out.pending())
    }

    /// A body that lasts until the connection ends is whole only if it was ended here: whatever else ends the connection, a
    /// failing handler, a panic, a client that does not read, must not look like that.
    fn note_reset(&self, answer: &Answer<'_>) {
        self.reset.set(answer.connection.sends_until_close());
    }

    /// The handler is done: whatever it left open is closed, as well as it can be.
    pub(super) fn settle(&self, outcome: &Outcome) {
        let answer = &mut *self.answer.borrow_mut();
        // A body that was begun cannot be taken back: the connection closes in its middle, and the client knows.
        if answer.connection.our_state() != State::Respond || self.reset.get() {
            return;
        }
        let trouble = self.trouble.get();
        if trouble.is_some() {
            answer.connection.refuse_reuse();
        }
        self.refuse_reuse_if_last(answer.connection);
        match (trouble, outcome) {
            (Some(trouble), _) => answer.refuse(trouble.status(), &trouble.to_string()),
            (None, _) if answer.connection.answers_connect() => answer.refuse(501, "this server opens no tunnels"),
            (None, _) => answer.refuse(500, "the handler gave no answer"),
        }
    }

    /// A request whose body the server will not read to its end is the last on its connection, and so is every one of a
    /// server that closes; the answer says so.
    fn refuse_reuse_if_last(&self, connection: &mut Connection) {
        let is_last = self.connections.gives_last_answers()
            || connection.their_state() == State::Body
                && match connection.body_left() {
                    Some(left) => left > MAX_DRAINED.min(self.max_body.get()),
                    // Chunks that nobody has begun to read: what is not there already may never end.
                    None => !self.body_begun.get() && !connection.ends_within(self.behind_head),
                };
        if is_last {
            connection.refuse_reuse();
        }
    }

    /// Request and answer are complete, and another may follow.
    pub(super) fn is_over(&self) -> bool {
        self.answer.borrow().connection.is_reusable()
    }

    /// The answer is complete, though the request may not be.
    pub(super) fn is_answered(&self) -> bool {
        self.answer.borrow().connection.our_state() == State::Done
    }

    /// A part of the request's body has not been read.
    pub(super) fn has_more(&self) -> bool {
        self.answer.borrow().connection.their_state() == State::Body
    }

    /// The request cannot be read to its end, for that reason.
    pub(super) fn fail(&self, trouble: Trouble) -> Failure {
        self.trouble.set(Some(trouble));
        trouble.into()
    }
}

impl<'c> Answer<'c> {
    #[inline]
    pub(super) fn new(
        connection: &'c mut Connection,
        out: &'c mut Outbox,
        draft: &'c mut Draft,
        idle_seconds: Option<u32>,
    ) -> Self {
        draft.clear();
        Answer { connection, out, draft, idle_seconds }
    }

    /// Whether a head can be sent, or was.
    fn check(&self) -> Result<(), Misuse> {
        match self.draft.misuse {
            Some(misuse) => Err(misuse),
            None if self.connection.answers_connect() && (200..300).contains(&self.draft.status) => {
                Err(Misuse::OutOfTurn)
            }
            None => Ok(()),
        }
    }

    fn additions<'d>(&self, length: Option<u64>, date: &'d crate::connection::DateLine) -> Additions<'d> {
        Additions { length, date: Some(date), idle_seconds: self.idle_seconds }
    }

    /// Sends the head with the date, and with the length of the body where it is known and the fields do not say it.
    fn send_head(&mut self, length: Option<u64>) -> Result<(), Misuse> {
        date::with_now(|date| {
            let additions = self.additions(length, date);
            self.connection.send_head(self.draft.status, &self.draft.lines, additions, self.out.end())
        })?;
        self.draft.begun = true;
        Ok(())
    }

    /// Sends head, body and end.
    fn send_whole(&mut self, body: &[u8]) -> Result<(), Misuse> {
        date::with_now(|date| {
            let additions = self.additions(None, date);
            self.connection.answer(self.draft.status, &self.draft.lines, additions, body, self.out.end())
        })?;
        self.draft.begun = true;
        Ok(())
    }

    /// Answers with a status and a line that says why.
    pub(super) fn refuse(&mut self, status: u16, why: &str) {
        let text = format!("{status} {}: {why}\n", reason(status));
        self.draft.lines.clear();
        self.draft.status = status;
        let pushed = self.draft.lines.push("content-type", "text/plain; charset=utf-8");
        // Where no answer has a place any more none is sent, and the connection closes all the same.
        pushed.and_then(|()| self.send_whole(text.as_bytes())).unwrap_or_default();
    }
}
