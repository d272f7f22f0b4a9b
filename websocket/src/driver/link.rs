//! What the reader, the writers, the hub and the attendant of one connection share.
//!
//! **When is written?** Whatever is sent goes to the outbox. The first send after a flush queues one microtask that
//! flushes; it runs when the task that is sending pauses. So the answers to everything that one read brought leave in one
//! write, sends of several tasks share one too, and nothing waits longer than until the next pause. Where the stream takes
//! no more, a task is spawned that waits until it does, and ends when everything is written.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::net::Shutdown;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use bytes::Bytes;
use wirebook_net::{self as net, Stream};

use super::ahead::Ahead;
use super::input::Input;
use super::outbox::Outbox;
use crate::connection::Connection;
use crate::error::{Error, SendError};
use crate::event::{Close, Code, Event, Kind, Message};

/// Payloads of at least this many bytes are written from where they lie.
const VECTORED: usize = 16 << 10;

/// One connection.
pub(crate) struct Link<S> {
    pub(crate) stream: S,
    pub(super) connection: RefCell<Connection>,
    /// [`Config::queue`](crate::Config::queue).
    pub(crate) queue: usize,
    outbox: RefCell<Option<Box<Outbox>>>,
    /// The one attendant. A waker and no `Signal`: `pause` asks whether it is another task than the one that runs.
    pub(super) attendant: Cell<Option<Waker>>,
    /// The payload of the last ping whose answer waits for room.
    #[expect(clippy::box_collection)]
    owed: Cell<Option<Box<Vec<u8>>>>,
    flags: Cell<u16>,
    outcome: Cell<Option<Error>>,
    /// The Close frame that the peer sent.
    farewell: Cell<Option<Box<Close<'static>>>>,
    /// What came and is not consumed. A reader that has handed out a message of the same buffer shares it.
    pub(crate) input: Cell<Option<Rc<Input>>>,
    /// What the attendant found before the reader asked for it.
    pub(super) ahead: RefCell<Option<Box<Ahead>>>,
}

/// A flush is queued as a microtask.
const FLUSHING: u16 = 1;
/// The stream takes no more for now; a task waits until it does.
const BLOCKED: u16 = 2;
/// Nobody will read messages any more, or there will be none: the attendant finishes the connection.
pub(super) const UNREAD: u16 = 4;
/// The transport is gone.
pub(super) const ENDED: u16 = 8;
/// Our direction of the transport was ended.
const SHUT: u16 = 16;
/// The reader waits for the stream.
pub(super) const WAITING: u16 = 32;
/// Messages wait in `ahead`.
pub(super) const AHEAD: u16 = 64;
/// The peer's direction has ended, or is broken: nothing more will be read.
pub(super) const FIN: u16 = 128;
/// Nothing more can be written; what came before may still be read.
pub(super) const MUTE: u16 = 256;
/// A look at whether the reader waits again is queued as a microtask.
pub(super) const PAUSING: u16 = 512;
/// The reader was asked for a message since the attendant looked last.
pub(super) const ASKED: u16 = 2048;
/// The server waits no more for the handler.
const ABANDONED: u16 = 1024;

impl<S: Stream + 'static> Link<S> {
    pub(crate) fn new(stream: S, connection: Connection) -> Rc<Self> {
        Rc::new(Link {
            stream,
            queue: connection.config().queue,
            connection: RefCell::new(connection),
            outbox: RefCell::new(None),
            attendant: Cell::new(None),
            owed: Cell::new(None),
            flags: Cell::new(0),
            outcome: Cell::new(None),
            farewell: Cell::new(None),
            input: Cell::new(None),
            ahead: RefCell::new(None),
        })
    }

    pub(super) fn has(&self, flag: u16) -> bool {
        self.flags.get() & flag != 0
    }

    pub(super) fn set(&self, flag: u16) {
        self.flags.set(self.flags.get() | flag);
    }

    pub(super) fn clear(&self, flag: u16) {
        self.flags.set(self.flags.get() & !flag);
    }

    /// Works on the connection, and with an outbox.
    pub(crate) fn with<R>(self: &Rc<Self>, work: impl FnOnce(&mut Connection, &mut Vec<u8>) -> R) -> R {
        let mut slot = self.outbox.borrow_mut();
        let outbox = slot.get_or_insert_with(Outbox::take);
        let result = outbox.append(|out| work(&mut self.connection.borrow_mut(), out));
        if outbox.waiting() > 0 {
            self.schedule();
        } else if let Some(outbox) = slot.take() {
            outbox.give_back();
        }
        result
    }

    /// Works on the connection alone.
    pub(crate) fn with_connection<R>(&self, work: impl FnOnce(&mut Connection) -> R) -> R {
        work(&mut self.connection.borrow_mut())
    }

    #[inline]
    fn schedule(self: &Rc<Self>) {
        if !self.has(FLUSHING | BLOCKED) {
            self.schedule_flush();
        }
    }

    #[inline(never)]
    fn schedule_flush(self: &Rc<Self>) {
        self.set(FLUSHING);
        let link = self.clone();
        net::queue_microtask(move || {
            link.clear(FLUSHING);
            link.flush();
        });
    }

    /// Queues a message. `true`: so much waits now that the sender should wait too.
    pub(crate) fn send(self: &Rc<Self>, kind: Kind, payload: &[u8]) -> Result<bool, SendError> {
        if self.has(ENDED | MUTE) {
            return Err(SendError::Closed);
        }
        if payload.len() >= VECTORED && !self.has(BLOCKED) {
            self.send_large(kind, payload)?;
            return Ok(self.is_full());
        }
        // As `with`, which costs a little more.
        let mut slot = self.outbox.borrow_mut();
        let outbox = slot.get_or_insert_with(Outbox::take);
        let sent = outbox.append(|out| self.connection.borrow_mut().send_message(kind, payload, out));
        let waiting = outbox.waiting();
        if waiting == 0 {
            // Refused, and nothing else waits.
            slot.take().into_iter().for_each(Outbox::give_back);
            return sent.map(|()| false);
        }
        self.schedule();
        sent.map(|()| waiting > self.queue)
    }

    /// Writes the payload from where it lies, if it may go out as it is.
    #[inline(never)]
    fn send_large(self: &Rc<Self>, kind: Kind, payload: &[u8]) -> Result<(), SendError> {
        let header = self.with(|connection, out| connection.send_header(kind, payload.len(), out))?;
        if !header {
            return self.with(|connection, out| connection.send_message(kind, payload, out));
        }
        let wrote = match self.outbox.borrow_mut().as_mut() {
            Some(outbox) => outbox.flush_with(payload, &self.stream),
            None => Ok(()),
        };
        match wrote {
            Ok(()) => Ok(()),
            Err(_) => {
                self.mute();
                Err(SendError::Closed)
            }
        }
    }

    /// Queues anything else.
    pub(crate) fn send_event(self: &Rc<Self>, event: Event<'_>) -> Result<(), SendError> {
        if self.has(ENDED | MUTE) {
            return Err(SendError::Closed);
        }
        let closing = matches!(event, Event::Close(_));
        self.with(|connection, out| connection.send(event, out))?;
        if closing {
            self.wake_attendant();
        }
        Ok(())
    }

    /// Starts the closing handshake.
    pub(crate) fn close(self: &Rc<Self>, code: Code, reason: &str) -> Result<(), SendError> {
        self.send_event(Event::Close(Close::new(code, reason)))
    }

    /// Answers a ping. A peer that does not read is owed the answer to its last ping alone (RFC 6455 §5.5.3 allows that), so
    /// pings never fill the queue, and reading never waits for it: two ends that both waited would wait for ever.
    pub(crate) fn pong(self: &Rc<Self>, payload: &[u8]) {
        if self.is_full() {
            let mut owed = self.owed.take().unwrap_or_default();
            owed.clear();
            owed.extend_from_slice(payload);
            self.owed.set(Some(owed));
        } else {
            // While closing no pong is due.
            let _ = self.send_event(Event::Pong(payload));
        }
    }

    /// Queues a frame that many connections share. `limit`: refuse where more than this would wait.
    pub(crate) fn send_shared(self: &Rc<Self>, frame: Bytes, limit: usize) -> Result<bool, SendError> {
        if self.has(ENDED | MUTE) {
            return Err(SendError::Closed);
        }
        self.connection.borrow().may_send_message()?;
        let mut slot = self.outbox.borrow_mut();
        let outbox = slot.get_or_insert_with(Outbox::take);
        if outbox.waiting() > 0 && outbox.waiting() + frame.len() > limit {
            return Ok(false);
        }
        outbox.push(frame);
        self.schedule();
        Ok(true)
    }

    /// Bytes that wait for the peer.
    pub(crate) fn waiting(&self) -> usize {
        self.outbox.borrow().as_ref().map_or(0, |outbox| outbox.waiting())
    }

    /// Whether so much waits that a sender should wait too.
    pub(crate) fn is_full(&self) -> bool {
        self.waiting() > self.queue
    }

    /// Writes what the stream takes. After a Close of both sides, or an end without, and everything written, ends our direction.
    pub(crate) fn flush(self: &Rc<Self>) {
        if self.has(ENDED | MUTE) {
            return;
        }
        let mut slot = self.outbox.borrow_mut();
        if let Some(outbox) = slot.as_mut() {
            let before = outbox.waiting();
            let flushed = outbox.flush(&self.stream);
            let progress = outbox.waiting() < before;
            if progress && self.has(BLOCKED) {
                self.connection.borrow_mut().progress();
            }
            match flushed {
                Ok(true) => {
                    if let Some(outbox) = slot.take() {
                        outbox.drained.raise();
                        outbox.give_back();
                    }
                    self.clear(BLOCKED);
                }
                Ok(false) => {
                    // Without progress nobody is woken: who waits for the stream flushes each time it is.
                    if progress && outbox.waiting() <= self.queue {
                        outbox.drained.raise();
                    }
                    if !self.has(BLOCKED) {
                        self.set(BLOCKED);
                        let link = self.clone();
                        net::spawn(async move { poll_fn(|context| link.poll_unblock(context)).await });
                    }
                    return;
                }
                Err(_) => {
                    drop(slot);
                    return self.mute();
                }
            }
        }
        drop(slot);
        if let Some(payload) = self.owed.take() {
            let _ = self.send_event(Event::Pong(&payload));
        }
        if self.connection.borrow().is_over() && !self.has(SHUT) {
            self.set(SHUT);
            // RFC 6455 §7.1.1: the server ends the transport first; a client waits for that.
            if self.with_connection(|connection| connection.role()) == crate::Role::Server || self.outcome().is_some() {
                let _ = self.stream.shutdown(Shutdown::Write);
            }
            self.wake_attendant();
        }
    }

    /// Ready when at most `limit` bytes wait, or the transport is gone.
    pub(crate) fn poll_drained(self: &Rc<Self>, limit: usize, context: &mut Context<'_>) -> Poll<()> {
        if self.has(ENDED | MUTE) || self.waiting() <= limit {
            return Poll::Ready(());
        }
        self.flush();
        let outbox = self.outbox.borrow();
        let drained = |outbox: &Outbox| self.has(ENDED | MUTE) || outbox.waiting() <= limit;
        match &*outbox {
            Some(outbox) => outbox.drained.poll_until(context, || drained(outbox).then_some(())),
            None => Poll::Ready(()),
        }
    }

    /// Waits until at most the queue's bound waits, or the transport is gone.
    pub(crate) async fn drained(self: &Rc<Self>) {
        poll_fn(|context| self.poll_drained(self.queue, context)).await;
    }

    /// Throws away what waits.
    fn discard(&self) {
        if let Some(outbox) = self.outbox.borrow_mut().take() {
            outbox.drained.raise();
        }
    }

    /// Answers an error of the peer's with the Close frame that it earns.
    pub(crate) fn fail(self: &Rc<Self>, error: Error) {
        self.note(error);
        self.with(|connection, out| connection.fail(error, out));
        self.unread();
    }

    pub(super) fn note(&self, error: Error) {
        self.outcome.set(Some(self.outcome.take().unwrap_or(error)));
    }

    /// Tells the connection the time; `excused`: the peer is not heard because we do not listen. It has no excuse where it takes
    /// nothing of what waits for it.
    pub(crate) fn tell(self: &Rc<Self>, now: Instant, excused: bool) {
        if excused && !self.has(BLOCKED) {
            self.with_connection(Connection::excuse);
        }
        if let Err(error) = self.with(|connection, out| connection.expire(now, out)) {
            if error != Error::CloseTimeout || self.outcome().is_none() && !self.has(SHUT) {
                self.note(error);
            }
            // What the stream takes at once it may have.
            self.flush();
            self.end();
        }
    }

    /// Nothing more can be written. What has come may still be read.
    fn mute(&self) {
        self.set(MUTE);
        self.discard();
        self.wake_attendant();
    }

    /// Nothing will be read or written any more.
    pub(crate) fn end(&self) {
        if !self.has(ENDED) {
            self.set(ENDED | UNREAD);
            let _ = self.connection.borrow_mut().receive_eof();
            let _ = self.stream.shutdown(Shutdown::Both);
            self.discard();
            self.wake_attendant();
        }
    }

    /// Whether a send can lead to nothing any more.
    pub(crate) fn is_mute(&self) -> bool {
        self.has(ENDED | MUTE)
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.has(ENDED)
    }

    /// Messages will not be read any more: the attendant takes over what is left of the conversation.
    pub(crate) fn unread(&self) {
        if !self.has(UNREAD) {
            self.set(UNREAD);
            self.wake_attendant();
        }
    }

    pub(crate) fn is_unread(&self) -> bool {
        self.has(UNREAD)
    }

    /// Whether the next message may lie at the front of the input.
    #[inline]
    pub(crate) fn is_in_order(&self) -> bool {
        !self.has(UNREAD | AHEAD)
    }

    /// The server has waited long enough.
    pub(crate) fn abandon(&self) {
        self.set(ABANDONED);
        self.end();
    }

    pub(crate) fn is_abandoned(&self) -> bool {
        self.has(ABANDONED)
    }

    /// Why the connection failed, if it did.
    pub(crate) fn outcome(&self) -> Option<Error> {
        let outcome = self.outcome.take();
        self.outcome.set(outcome);
        outcome
    }

    /// Takes note of the peer's Close, and answers it where that is still due.
    pub(crate) fn closed_by_peer(self: &Rc<Self>, close: Close<'_>) {
        if self.with_connection(|connection| connection.owes_close()) {
            // RFC 6455 §5.5.1: typically the answer echoes the status code.
            let _ = self.close(close.code, "");
        }
        self.farewell.set(Some(Box::new(close.into_owned())));
        self.unread();
        self.schedule();
    }

    /// The code and reason of the end, as the application is told them.
    pub(crate) fn farewell(&self) -> Option<Close<'static>> {
        let farewell = self.farewell.take();
        self.farewell.set(farewell.clone());
        match (farewell, self.outcome()) {
            (Some(close), _) => Some(*close),
            (None, Some(error)) => Some(Close::new(error.local_code(), "")),
            (None, None) => self.has(ENDED).then(|| Close::new(Code::ABNORMAL, "")),
        }
    }

    pub(crate) fn wake_attendant(&self) {
        if let Some(waker) = self.attendant.take() {
            waker.wake_by_ref();
            self.attendant.set(Some(waker));
        }
    }

    pub(crate) fn attend(&self, context: &mut Context<'_>) {
        match self.attendant.take() {
            Some(waker) if waker.will_wake(context.waker()) => self.attendant.set(Some(waker)),
            _ => self.attendant.set(Some(context.waker().clone())),
        }
    }

    pub(crate) fn forget_attendant(&self) {
        self.attendant.take();
    }

    /// Ready once the stream has taken what waited, or is gone.
    fn poll_unblock(self: &Rc<Self>, context: &mut Context<'_>) -> Poll<()> {
        while self.has(BLOCKED) && !self.has(ENDED | MUTE) {
            match self.stream.poll_writable(context) {
                Poll::Ready(Ok(())) => self.flush(),
                Poll::Ready(Err(_)) => self.mute(),
                // Woken as well when what waits is thrown away.
                Poll::Pending => return self.poll_drained(0, context),
            }
        }
        Poll::Ready(())
    }
}

/// A message for the wire, borrowed or owned.
pub(crate) fn parts<'a>(message: &'a Message<'_>) -> (Kind, &'a [u8]) {
    (message.kind(), message.as_bytes())
}
