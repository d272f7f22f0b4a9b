//! What the reader, the writers, the hub and the attendant of one connection share.
//!
//! **When is written?** Whatever is sent goes to the outbox. The first send after a flush queues one microtask that
//! flushes; it runs when the task that is sending pauses. So the answers to everything that one read brought leave in one
//! write, sends of several tasks share one too, and nothing waits longer than until the next pause. Where the stream takes
//! no more, a task is spawned that waits until it does, and ends when everything is written.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::net::Shutdown;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use wirebook_net::{self as net, Stream};

use super::input::Input;
use super::outbox::Outbox;
use crate::connection::Connection;
use crate::error::{Error, SendError};
use crate::event::{Close, Code, Event, Kind, Message};
use crate::state::State;

/// Payloads of at least this many bytes are written from where they lie.
const VECTORED: usize = 16 << 10;

/// One connection.
pub(crate) struct Link<S> {
    pub(crate) stream: S,
    connection: RefCell<Connection>,
    /// [`Config::queue`](crate::Config::queue).
    pub(crate) queue: usize,
    outbox: RefCell<Option<Box<Outbox>>>,
    /// Whom to wake: the attendant, and who waits for the outbox to drain. Boxed, because at rest there is but one.
    attendant: Cell<Option<Waker>>,
    #[expect(clippy::box_collection)]
    drained: Cell<Option<Box<Vec<Waker>>>>,
    /// The payload of the last ping whose answer waits for room.
    #[expect(clippy::box_collection)]
    owed: Cell<Option<Box<Vec<u8>>>>,
    flags: Cell<u8>,
    outcome: Cell<Option<Error>>,
    /// The Close frame that the peer sent.
    farewell: Cell<Option<Box<Close<'static>>>>,
    /// What a reader that was dropped had not consumed.
    unconsumed: Cell<Option<Box<Input>>>,
}

/// A flush is queued as a microtask.
const FLUSHING: u8 = 1;
/// The stream takes no more for now; a task waits until it does.
const BLOCKED: u8 = 2;
/// Nobody will read messages any more: the attendant finishes the connection.
const UNREAD: u8 = 4;
/// The transport is gone.
const ENDED: u8 = 8;
/// Our direction of the transport was ended.
const SHUT: u8 = 16;

impl<S: Stream + 'static> Link<S> {
    pub(crate) fn new(stream: S, connection: Connection) -> Rc<Self> {
        Rc::new(Link {
            stream,
            queue: connection.config().queue,
            connection: RefCell::new(connection),
            outbox: RefCell::new(None),
            attendant: Cell::new(None),
            drained: Cell::new(None),
            owed: Cell::new(None),
            flags: Cell::new(0),
            outcome: Cell::new(None),
            farewell: Cell::new(None),
            unconsumed: Cell::new(None),
        })
    }

    fn has(&self, flag: u8) -> bool {
        self.flags.get() & flag != 0
    }

    fn set(&self, flag: u8) {
        self.flags.set(self.flags.get() | flag);
    }

    fn clear(&self, flag: u8) {
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
        if self.has(ENDED) {
            return Err(SendError::Closed);
        }
        if payload.len() >= VECTORED && !self.has(BLOCKED) {
            self.send_large(kind, payload)?;
            return Ok(self.is_full());
        }
        // As `with`, which costs a little more.
        let mut connection = self.connection.borrow_mut();
        connection.may_send_message()?;
        let mut slot = self.outbox.borrow_mut();
        let outbox = slot.get_or_insert_with(Outbox::take);
        outbox.append(|out| connection.send_message(kind, payload, out))?;
        self.schedule();
        Ok(outbox.waiting() > self.queue)
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
                self.lost(Error::AbruptEnd);
                Err(SendError::Closed)
            }
        }
    }

    /// Queues anything else.
    pub(crate) fn send_event(self: &Rc<Self>, event: Event<'_>) -> Result<(), SendError> {
        if self.has(ENDED) {
            return Err(SendError::Closed);
        }
        let closing = matches!(event, Event::Close(_));
        self.with(|connection, out| connection.send(event, out))?;
        if closing {
            self.wake_attendant();
        }
        Ok(())
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
        if self.has(ENDED) {
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

    /// Writes what the stream takes. After a Close of both sides, and everything written, ends our direction.
    pub(crate) fn flush(self: &Rc<Self>) {
        if self.has(ENDED) {
            return;
        }
        let mut slot = self.outbox.borrow_mut();
        if let Some(outbox) = slot.as_mut() {
            match outbox.flush(&self.stream) {
                Ok(true) => {
                    if let Some(outbox) = slot.take() {
                        outbox.give_back();
                    }
                    self.clear(BLOCKED);
                }
                Ok(false) => {
                    if !self.has(BLOCKED) {
                        self.set(BLOCKED);
                        let link = self.clone();
                        net::spawn(async move { poll_fn(|context| link.poll_unblock(context)).await });
                    }
                    return;
                }
                Err(_) => {
                    drop(slot);
                    return self.lost(Error::AbruptEnd);
                }
            }
        }
        drop(slot);
        self.wake_drained();
        if let Some(payload) = self.owed.take() {
            let _ = self.send_event(Event::Pong(&payload));
        }
        if self.connection.borrow().state() == State::Closed && !self.has(SHUT) {
            self.set(SHUT);
            // RFC 6455 §7.1.1: the server ends the transport first; a client waits for that.
            if self.with_connection(|connection| connection.role()) == crate::Role::Server || self.outcome().is_some() {
                let _ = self.stream.shutdown(Shutdown::Write);
            }
        }
    }

    /// Ready when at most `limit` bytes wait, or the transport is gone.
    pub(crate) fn poll_drained(self: &Rc<Self>, limit: usize, context: &mut Context<'_>) -> Poll<()> {
        if self.has(ENDED) || self.waiting() <= limit {
            return Poll::Ready(());
        }
        self.flush();
        if self.has(ENDED) || self.waiting() <= limit {
            return Poll::Ready(());
        }
        self.remember(context);
        Poll::Pending
    }

    /// Waits until at most the queue's bound waits, or the transport is gone.
    pub(crate) async fn drained(self: &Rc<Self>) {
        poll_fn(|context| self.poll_drained(self.queue, context)).await;
    }

    /// Has the task woken when everything is written or the transport is gone.
    fn remember(&self, context: &Context<'_>) {
        let mut waiting = self.drained.take().unwrap_or_default();
        if !waiting.iter().any(|waker| waker.will_wake(context.waker())) {
            waiting.push(context.waker().clone());
        }
        self.drained.set(Some(waiting));
    }

    fn wake_drained(&self) {
        for waker in self.drained.take().into_iter().flat_map(|waiting| *waiting) {
            waker.wake();
        }
    }

    /// Answers an error of the peer's with the Close frame that it earns.
    pub(crate) fn fail(self: &Rc<Self>, error: Error) {
        self.outcome.set(Some(self.outcome.take().unwrap_or(error)));
        self.with(|connection, out| connection.fail(error, out));
        self.unread();
    }

    /// The transport is of no use any more.
    pub(crate) fn lost(&self, error: Error) {
        if self.connection.borrow().state() != State::Closed {
            self.outcome.set(Some(self.outcome.take().unwrap_or(error)));
        }
        self.end();
    }

    /// Nothing will be read or written any more.
    pub(crate) fn end(&self) {
        if !self.has(ENDED) {
            self.set(ENDED | UNREAD);
            let _ = self.connection.borrow_mut().receive_eof();
            let _ = self.stream.shutdown(Shutdown::Both);
            drop(self.outbox.borrow_mut().take());
            self.wake_drained();
            self.wake_attendant();
        }
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.has(ENDED)
    }

    /// The reader is done: the attendant takes over what is left of the conversation.
    pub(crate) fn unread(&self) {
        if !self.has(UNREAD) {
            self.set(UNREAD);
            self.wake_attendant();
        }
    }

    /// Leaves the rest of the input to the attendant.
    pub(crate) fn leave(&self, input: Option<Box<Input>>) {
        if !self.has(ENDED) {
            self.unconsumed.set(input);
        }
        self.unread();
    }

    pub(crate) fn left(&self) -> Option<Box<Input>> {
        self.unconsumed.take()
    }

    pub(crate) fn is_unread(&self) -> bool {
        self.has(UNREAD)
    }

    /// Why the connection failed, if it did.
    pub(crate) fn outcome(&self) -> Option<Error> {
        let outcome = self.outcome.take();
        self.outcome.set(outcome);
        outcome
    }

    /// Takes note of the peer's Close, and answers it where that is still due.
    pub(crate) fn closed_by_peer(self: &Rc<Self>, close: Close<'_>) {
        if self.with_connection(|connection| connection.state()) == State::CloseReceived {
            // RFC 6455 §5.5.1: typically the answer echoes the status code.
            let _ = self.send_event(Event::Close(Close::new(close.code, "")));
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
        while self.has(BLOCKED) && !self.has(ENDED) {
            match self.stream.poll_writable(context) {
                Poll::Ready(Ok(())) => self.flush(),
                Poll::Ready(Err(_)) => self.lost(Error::AbruptEnd),
                Poll::Pending => {
                    self.remember(context);
                    return Poll::Pending;
                }
            }
        }
        Poll::Ready(())
    }

    /// One read into `room`. `Ok(None)`: nothing there for now.
    pub(crate) fn read(&self, room: &mut [u8]) -> io::Result<Option<usize>> {
        match self.stream.try_read(room) {
            Ok(count) => Ok(Some(count)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A message for the wire, borrowed or owned.
pub(crate) fn parts<'a>(message: &'a Message<'_>) -> (Kind, &'a [u8]) {
    (message.kind(), message.as_bytes())
}
