//! The reading half of a [`Link`]: one read, a search through what came, and reading for a reader that does not.

use std::io;
use std::rc::Rc;
use std::task::Context;

use wirebook_net::{self as net, Stream};

use super::input::{Found, Input, Look};
use super::link::{AHEAD, ASKED, ENDED, FIN, Link, MUTE, PAUSING, UNREAD, WAITING};
use crate::connection::Connection;
use crate::error::Error;
use crate::event::Event;

/// How it stands with reading.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Somebody is woken when there is more to read, or there will be nothing.
    Waits,
    /// So much waits for the reader that no more is read.
    Full,
    /// An end waits for the reader to come upon it.
    Held,
}

impl<S: Stream + 'static> Link<S> {
    /// One read of at most so many bytes, if there is something to read.
    pub(crate) fn read(&self, most: usize) {
        let mut input = self.input.take();
        let room = Input::room(&mut input);
        let most = most.min(room.len());
        match self.stream.try_read(&mut room[..most]) {
            Ok(0) => self.set(FIN),
            Ok(count) => Input::filled(&mut input, count),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => self.set(FIN | MUTE),
        }
        self.input.set(input);
    }

    /// Gives back what a wait does not need.
    pub(crate) fn rest(&self) {
        self.input.set(self.input.take().and_then(Input::rest));
    }

    /// Goes through the input to the next message. Pings are answered on the way, and so is a Close, unless `before_close`.
    pub(crate) fn search(self: &Rc<Self>, input: &mut Input, before_close: bool) -> Result<Option<Found>, Error> {
        while !input.is_empty() {
            let control = |event: Event<'_>| match event {
                Event::Ping(payload) => self.pong(payload),
                Event::Close(close) => self.closed_by_peer(close),
                _ => {}
            };
            let look = input.look(
                |bytes| {
                    let mut connection = self.connection.borrow_mut();
                    if before_close { connection.receive_before_close(bytes) } else { connection.receive_long(bytes) }
                },
                control,
            );
            match look? {
                Look::Found(found) => return Ok(Some(found)),
                Look::Control => {}
                Look::Nothing => break,
            }
        }
        Ok(None)
    }

    /// The next message that the attendant found.
    pub(crate) fn take_ahead(&self) -> Option<Event<'static>> {
        if !self.has(AHEAD) {
            return None;
        }
        let mut slot = self.ahead.borrow_mut();
        let ahead = slot.as_mut()?;
        let event = ahead.pop();
        if ahead.is_empty() {
            *slot = None;
            self.clear(AHEAD);
        }
        event
    }

    /// The reader waits for the stream.
    pub(crate) fn waits(&self) {
        self.set(WAITING);
    }

    /// The reader does not wait: it was asked for a message just now, or is asked no more.
    pub(crate) fn asked(&self) {
        self.clear(WAITING);
        self.set(ASKED);
    }

    /// Whether the reader was asked since this was called last.
    pub(crate) fn was_asked(&self) -> bool {
        let asked = self.has(ASKED);
        self.clear(ASKED);
        asked
    }

    /// The reader has what it waited for. If it belongs to another task than the attendant, that one may have to read from now
    /// on: it is told when the reader's task pauses without asking for more.
    pub(crate) fn pause(self: &Rc<Self>, context: &Context<'_>) {
        let waker = self.attendant.take();
        let apart = waker.as_ref().is_some_and(|waker| !waker.will_wake(context.waker()));
        self.attendant.set(waker);
        if apart && !self.has(PAUSING) {
            self.set(PAUSING);
            let link = self.clone();
            net::queue_microtask(move || {
                link.clear(PAUSING);
                if !link.has(WAITING) {
                    link.wake_attendant();
                }
            });
        }
    }

    /// The reader has come to the end of all that was said, or waits for it no more: the peer's Close is answered, or the end of
    /// its direction is the end.
    pub(crate) fn take_end(self: &Rc<Self>) {
        if let Some(mut input) = self.input.take() {
            if let Err(error) = self.search(Rc::make_mut(&mut input), false) {
                self.fail(error);
            }
            self.input.set(Input::rest(input));
        }
        if self.has(FIN) && !self.has(UNREAD) {
            if let Err(error) = self.with_connection(Connection::receive_eof) {
                self.note(error);
            }
            self.unread();
            // What was sent until now is still written.
            self.flush();
        }
    }

    /// Whether the peer's direction of the transport has ended.
    pub(crate) fn is_at_end(&self) -> bool {
        self.has(FIN)
    }

    /// Reads for a reader that does not, or for nobody.
    pub(crate) fn poll_reading(self: &Rc<Self>, context: &mut Context<'_>) -> Reading {
        while !self.has(ENDED) {
            let reading = if self.has(UNREAD) {
                self.throw_away();
                Reading::Waits
            } else if self.has(WAITING) {
                return Reading::Waits;
            } else {
                self.look_ahead()
            };
            if self.has(UNREAD) && self.has(FIN | MUTE) {
                // Nothing more comes. When all is written, or cannot be, that is the end.
                if self.has(MUTE) || self.waiting() == 0 {
                    self.end();
                }
                return Reading::Waits;
            }
            if reading != Reading::Waits {
                return reading;
            }
            if self.stream.poll_readable(context).is_pending() {
                self.rest();
                return Reading::Waits;
            }
            let room = self.bound().saturating_sub(self.kept());
            self.read(if self.has(UNREAD) { usize::MAX } else { room });
        }
        Reading::Waits
    }

    /// Bytes that may wait for the reader.
    fn bound(&self) -> usize {
        self.connection.borrow().config().ahead
    }

    /// Bytes that do.
    fn kept(&self) -> usize {
        let input = self.input.take();
        let rest = input.as_ref().map_or(0, |input| input.unconsumed().len());
        self.input.set(input);
        rest + self.ahead.borrow().as_ref().map_or(0, |ahead| ahead.bytes())
    }

    fn look_ahead(self: &Rc<Self>) -> Reading {
        // When nothing more will be read, what is there is all that there will be.
        while self.has(FIN) || self.kept() < self.bound() {
            let Some(mut input) = self.input.take() else { break };
            let found = self.search(Rc::make_mut(&mut input), true);
            let event = found.map(|found| found.map(|found| found.into_owned(&input)));
            let held = self.connection.borrow().is_at_close(input.unconsumed());
            self.input.set(Some(input));
            match event {
                Ok(Some(event)) => {
                    let mut slot = self.ahead.borrow_mut();
                    let ahead = slot.get_or_insert_default();
                    ahead.push(event);
                    self.set(AHEAD);
                }
                Ok(None) if held => return Reading::Held,
                Ok(None) => break,
                Err(error) => {
                    self.fail(error);
                    return Reading::Waits;
                }
            }
        }
        if self.has(FIN) {
            Reading::Held
        } else if self.kept() >= self.bound() {
            Reading::Full
        } else {
            Reading::Waits
        }
    }

    /// For the peer's Close; messages are thrown away.
    fn throw_away(self: &Rc<Self>) {
        let Some(mut input) = self.input.take() else { return };
        loop {
            match self.search(Rc::make_mut(&mut input), false) {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(error) => {
                    self.fail(error);
                    break;
                }
            }
        }
        self.input.set(Input::rest(input));
        if self.with_connection(|connection| connection.is_over()) {
            self.flush();
        }
    }
}
