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

use super::aside::Aside;
use super::input::Input;
use super::outbox::Outbox;
use super::phase::{Incoming, Outgoing, Phase, Read, Write};
use crate::connection::{Connection, Role};
use crate::error::{Error, SendError};
use crate::event::{Close, Code, Event, Kind, Message};

/// Payloads of at least this many bytes are written from where they lie.
const VECTORED: usize = 16 << 10;

/// One connection.
pub(crate) struct Link<S> {
    pub(crate) stream: S,
    pub(super) connection: RefCell<Connection>,
    pub(super) incoming: Phase<Incoming>,
    outgoing: Phase<Outgoing>,
    /// There while something waits to be written.
    outbox: Cell<Option<Box<Outbox>>>,
    /// The one attendant. A waker, which is shared with the task, where a `Signal` would have a queue of its own.
    attendant: Cell<Option<Waker>>,
    /// What came and is not consumed. A reader that has handed out a message of the same buffer shares it.
    pub(super) input: Cell<Option<Rc<Input>>>,
    aside: Cell<Option<Box<Aside>>>,
}

impl<S: Stream + 'static> Link<S> {
    pub(crate) fn new(stream: S, connection: Connection) -> Rc<Self> {
        Rc::new(Link {
            stream,
            connection: RefCell::new(connection),
            incoming: Phase::new(Incoming::Kept),
            outgoing: Phase::new(Outgoing::Resting),
            outbox: Cell::new(None),
            attendant: Cell::new(None),
            input: Cell::new(None),
            aside: Cell::new(None),
        })
    }

    /// Works on the connection.
    pub(crate) fn with_connection<R>(&self, work: impl FnOnce(&mut Connection) -> R) -> R {
        work(&mut self.connection.borrow_mut())
    }

    /// Works on the connection, and with an outbox.
    #[inline]
    fn with<R>(self: &Rc<Self>, work: impl FnOnce(&mut Connection, &mut Vec<u8>) -> R) -> R {
        self.write(|outbox| outbox.append(|out| work(&mut self.connection.borrow_mut(), out))).0
    }

    /// Works with an outbox; says how many bytes wait then.
    #[inline]
    fn write<R>(self: &Rc<Self>, work: impl FnOnce(&mut Outbox) -> R) -> (R, usize) {
        let mut outbox = self.outbox.take().unwrap_or_else(Outbox::take);
        let result = work(&mut outbox);
        let waiting = outbox.waiting();
        if waiting > 0 {
            self.outbox.set(Some(outbox));
            self.schedule();
        } else {
            outbox.give_back();
        }
        (result, waiting)
    }

    #[inline]
    fn schedule(self: &Rc<Self>) {
        if self.outgoing.step(Write::Queue) {
            self.queue_flush();
        }
    }

    #[inline(never)]
    fn queue_flush(self: &Rc<Self>) {
        let link = self.clone();
        net::queue_microtask(move || {
            link.outgoing.step(Write::Flush);
            link.flush();
        });
    }

    /// Works on what is aside, where something is; nothing is kept of it that is empty.
    pub(super) fn look_aside<R: Default>(&self, look: impl FnOnce(&mut Aside) -> R) -> R {
        let Some(mut aside) = self.aside.take() else { return R::default() };
        let result = look(&mut aside);
        self.aside.set(Some(aside).filter(|aside| !aside.is_empty()));
        result
    }

    /// Puts something aside.
    pub(super) fn put_aside(&self, put: impl FnOnce(&mut Aside)) {
        let mut aside = self.aside.take().unwrap_or_default();
        put(&mut aside);
        self.aside.set(Some(aside));
    }

    /// Whether the next message surely lies at the front of the input.
    #[inline]
    pub(super) fn is_in_order(&self) -> bool {
        let aside = self.aside.take();
        let nothing = aside.is_none();
        self.aside.set(aside);
        nothing && !self.is_unread()
    }

    /// Queues a message. `true`: so much waits now that the sender should wait too.
    pub(crate) fn send(self: &Rc<Self>, kind: Kind, payload: &[u8]) -> Result<bool, SendError> {
        if self.is_mute() {
            return Err(SendError::Closed);
        }
        if payload.len() >= VECTORED && self.outgoing.get() != Outgoing::Blocked {
            self.send_large(kind, payload)?;
            return Ok(self.is_full());
        }
        let (sent, waiting) = self.write(|outbox| {
            let mut connection = self.connection.borrow_mut();
            outbox.append(|out| connection.send_message(kind, payload, out)).map(|()| connection.config().queue)
        });
        sent.map(|queue| waiting > queue)
    }

    /// Writes the payload from where it lies, if it may go out as it is.
    #[inline(never)]
    fn send_large(self: &Rc<Self>, kind: Kind, payload: &[u8]) -> Result<(), SendError> {
        if !self.with(|connection, out| connection.send_header(kind, payload.len(), out))? {
            return self.with(|connection, out| connection.send_message(kind, payload, out));
        }
        let (wrote, _) = self.write(|outbox| outbox.flush_with(payload, &self.stream));
        wrote.map_err(|_| {
            self.mute();
            SendError::Closed
        })
    }

    /// Queues anything else.
    pub(crate) fn send_event(self: &Rc<Self>, event: Event<'_>) -> Result<(), SendError> {
        if self.is_mute() {
            return Err(SendError::Closed);
        }
        let closing = matches!(event, Event::Close(_));
        self.with(|connection, out| connection.send(event, out))?;
        if closing {
            self.wake();
        }
        Ok(())
    }

    /// Starts the closing handshake.
    pub(crate) fn close(self: &Rc<Self>, code: Code, reason: &str) -> Result<(), SendError> {
        self.send_event(Event::Close(Close::new(code, reason)))
    }

    /// Answers a ping. A peer that does not read is owed the answer to its last ping alone (RFC 6455 §5.5.3 allows that), so
    /// pings never fill the queue, and reading never waits for it: two ends that both waited would wait for ever.
    pub(super) fn pong(self: &Rc<Self>, payload: &[u8]) {
        if self.is_full() {
            self.put_aside(|aside| aside.owed = Some(payload.to_vec()));
        } else {
            // While closing no pong is due.
            let _ = self.send_event(Event::Pong(payload));
        }
    }

    /// Queues a frame that many connections share. `limit`: refuse where more than this would wait.
    pub(crate) fn send_shared(self: &Rc<Self>, frame: Bytes, limit: usize) -> Result<bool, SendError> {
        if self.is_mute() {
            return Err(SendError::Closed);
        }
        self.connection.borrow().may_send_message()?;
        let (fits, _) = self.write(|outbox| {
            let fits = outbox.waiting() == 0 || outbox.waiting() + frame.len() <= limit;
            if fits {
                outbox.push(frame);
            }
            fits
        });
        Ok(fits)
    }

    /// Bytes that wait for the peer.
    pub(crate) fn waiting(&self) -> usize {
        let outbox = self.outbox.take();
        let waiting = outbox.as_ref().map_or(0, |outbox| outbox.waiting());
        self.outbox.set(outbox);
        waiting
    }

    /// How many may, before a sender waits too.
    pub(crate) fn queue(&self) -> usize {
        self.connection.borrow().config().queue
    }

    /// Whether so much waits that a sender should wait too.
    pub(crate) fn is_full(&self) -> bool {
        self.waiting() > self.queue()
    }

    /// Writes what the stream takes. After a Close of both sides, or an end without, and everything written, ends our direction.
    pub(crate) fn flush(self: &Rc<Self>) {
        if self.is_mute() {
            return;
        }
        if let Some(mut outbox) = self.outbox.take() {
            let before = outbox.waiting();
            let flushed = outbox.flush(&self.stream);
            let progress = outbox.waiting() < before;
            if progress && self.outgoing.get() == Outgoing::Blocked {
                self.connection.borrow_mut().progress();
            }
            match flushed {
                Ok(true) => {
                    outbox.drained.raise();
                    outbox.give_back();
                    self.outgoing.step(Write::Drain);
                }
                Ok(false) => {
                    // Without progress no sender is woken: a task that waits for the stream flushes whenever it is woken.
                    if progress && outbox.waiting() <= self.queue() {
                        outbox.drained.raise();
                    }
                    self.outbox.set(Some(outbox));
                    if self.outgoing.step(Write::Block) {
                        let link = self.clone();
                        net::spawn(async move { poll_fn(|context| link.poll_unblock(context)).await });
                    }
                    return;
                }
                Err(_) => {
                    self.outbox.set(Some(outbox));
                    return self.mute();
                }
            }
        }
        if let Some(payload) = self.look_aside(|aside| aside.owed.take()) {
            let _ = self.send_event(Event::Pong(&payload));
        }
        if self.connection.borrow().is_over() && self.outgoing.step(Write::Finish) {
            // RFC 6455 §7.1.1: the server ends the transport first; a client waits for that.
            if self.with_connection(|connection| connection.role()) == Role::Server || self.outcome().is_some() {
                let _ = self.stream.shutdown(Shutdown::Write);
            }
            self.wake();
        }
    }

    /// Ready when at most `limit` bytes wait, or the transport is gone.
    fn poll_below(self: &Rc<Self>, limit: usize, context: &mut Context<'_>) -> Poll<()> {
        if self.is_mute() || self.waiting() <= limit {
            return Poll::Ready(());
        }
        self.flush();
        let Some(outbox) = self.outbox.take() else { return Poll::Ready(()) };
        let below = || self.is_mute() || outbox.waiting() <= limit;
        let drained = outbox.drained.poll_until(context, || below().then_some(()));
        self.outbox.set(Some(outbox));
        drained
    }

    /// Ready when at most the queue's bound waits, or the transport is gone.
    pub(crate) fn poll_drained(self: &Rc<Self>, context: &mut Context<'_>) -> Poll<()> {
        self.poll_below(self.queue(), context)
    }

    /// Ready once the stream has taken what waited, or is gone.
    fn poll_unblock(self: &Rc<Self>, context: &mut Context<'_>) -> Poll<()> {
        while self.outgoing.get() == Outgoing::Blocked {
            match self.stream.poll_writable(context) {
                Poll::Ready(Ok(())) => self.flush(),
                Poll::Ready(Err(_)) => self.mute(),
                // Woken as well when what waits is thrown away.
                Poll::Pending => return self.poll_below(0, context),
            }
        }
        Poll::Ready(())
    }

    /// Answers an error of the peer's with the Close frame that it earns.
    pub(super) fn fail(self: &Rc<Self>, error: Error) {
        self.note(error);
        self.with(|connection, out| connection.fail(error, out));
        self.unread();
    }

    /// The first error is why the connection failed.
    pub(super) fn note(&self, error: Error) {
        self.put_aside(|aside| aside.outcome = aside.outcome.or(Some(error)));
    }

    /// Tells the connection the time; `excused`: the peer is not heard because we do not listen. It has no excuse where it takes
    /// nothing of what waits for it.
    pub(crate) fn tell(self: &Rc<Self>, now: Instant, excused: bool) {
        if excused && self.outgoing.get() != Outgoing::Blocked {
            self.with_connection(Connection::excuse);
        }
        if let Err(error) = self.with(|connection, out| connection.expire(now, out)) {
            let expected = self.outcome().is_some() || self.outgoing.get() == Outgoing::Finished;
            if error != Error::CloseTimeout || !expected {
                self.note(error);
            }
            // What the stream takes at once it may have.
            self.flush();
            self.end();
        }
    }

    /// Nothing more can be written; what waits is thrown away. What has come may still be read.
    pub(super) fn mute(&self) {
        if self.outgoing.step(Write::Break) {
            if let Some(outbox) = self.outbox.take() {
                outbox.drained.raise();
            }
            self.wake();
        }
    }

    /// Nothing will be read or written any more.
    pub(crate) fn end(&self) {
        if self.incoming.step(Read::End) {
            let _ = self.connection.borrow_mut().receive_eof();
            let _ = self.stream.shutdown(Shutdown::Both);
            self.mute();
            self.wake();
        }
    }

    /// Messages will not be read any more: the attendant takes over what is left of the conversation.
    pub(crate) fn unread(&self) {
        if self.incoming.step(Read::Leave) {
            self.wake();
        }
    }

    /// Whether a send can lead to nothing any more.
    #[inline]
    pub(crate) fn is_mute(&self) -> bool {
        self.outgoing.get() == Outgoing::Mute
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.incoming.get() == Incoming::Gone
    }

    #[inline]
    pub(crate) fn is_unread(&self) -> bool {
        matches!(self.incoming.get(), Incoming::Unread | Incoming::Spent | Incoming::Gone)
    }

    /// Why the connection failed, if it did.
    pub(super) fn outcome(&self) -> Option<Error> {
        self.look_aside(|aside| aside.outcome)
    }

    /// The same, once.
    pub(super) fn take_outcome(&self) -> Option<Error> {
        self.look_aside(|aside| aside.outcome.filter(|_| !std::mem::replace(&mut aside.told, true)))
    }

    /// Takes note of the peer's Close, and answers it where that is still due.
    pub(super) fn closed_by_peer(self: &Rc<Self>, close: Close<'_>) {
        if self.with_connection(|connection| connection.owes_close()) {
            // RFC 6455 §5.5.1: typically the answer echoes the status code.
            let _ = self.close(close.code, "");
        }
        self.put_aside(|aside| aside.farewell = Some(close.into_owned()));
        self.unread();
        self.schedule();
    }

    /// The code and reason of the end, as the application is told them.
    pub(crate) fn farewell(&self) -> Option<Close<'static>> {
        match self.look_aside(|aside| (aside.farewell.clone(), aside.outcome)) {
            (Some(close), _) => Some(close),
            (None, Some(error)) => Some(Close::new(error.local_code(), "")),
            (None, None) => self.has_ended().then(|| Close::new(Code::ABNORMAL, "")),
        }
    }

    /// Has the attendant look; false where there is none. A reader that waits in a task of its own looks as well: it may be
    /// waiting for nothing.
    pub(super) fn wake(&self) -> bool {
        self.look_aside(|aside| aside.reader.take().into_iter().for_each(Waker::wake));
        let wake = |waker: &Waker| {
            waker.wake_by_ref();
            true
        };
        self.with_attendant(wake)
    }

    /// The reader waits for the stream.
    pub(super) fn wait(&self, context: &Context<'_>) {
        self.incoming.step(Read::Wait);
        if self.is_apart(context) {
            self.put_aside(|aside| aside.reader = Some(context.waker().clone()));
        }
    }

    /// The reader is awake, or has given up.
    pub(super) fn awake(&self) {
        if self.incoming.step(Read::Wake) {
            self.look_aside(|aside| aside.reader = None);
        }
    }

    /// The reader has what it waited for. The attendant may have to read from now on: if its task is another, it looks when
    /// the reader's has paused.
    pub(super) fn pause(&self, context: &Context<'_>) {
        if self.is_apart(context) {
            self.with_attendant(Waker::wake_by_ref);
        }
    }

    /// Whether there is an attendant, and this is another task than its.
    fn is_apart(&self, context: &Context<'_>) -> bool {
        self.with_attendant(|waker| !waker.will_wake(context.waker()))
    }

    fn with_attendant<R: Default>(&self, work: impl FnOnce(&Waker) -> R) -> R {
        let waker = self.attendant.take();
        let result = waker.as_ref().map_or_else(R::default, work);
        self.attendant.set(waker);
        result
    }

    pub(super) fn attended_by(&self, context: &mut Context<'_>) {
        let waker = self.attendant.take().filter(|waker| waker.will_wake(context.waker()));
        self.attendant.set(waker.or_else(|| Some(context.waker().clone())));
    }

    pub(super) fn forget_attendant(&self) {
        self.attendant.take();
    }
}

/// A message for the wire, borrowed or owned.
pub(crate) fn parts<'a>(message: &'a Message<'_>) -> (Kind, &'a [u8]) {
    (message.kind(), message.as_bytes())
}
