//! The reading half of a [`Link`]: one read, a search through what came, and reading for a reader that does not.

use std::io;
use std::rc::Rc;
use std::task::Context;

use wirebook_net::Stream;

use super::aside::Aside;
use super::input::{Found, Input, Look};
use super::link::Link;
use super::phase::{Incoming, Read};
use crate::connection::{Closes, Connection};
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
            Ok(count @ 1..) => Input::filled(&mut input, count),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            end => {
                self.incoming.step(Read::Fin);
                if end.is_err() {
                    self.mute();
                }
            }
        }
        self.input.set(input);
    }

    /// Gives back what a wait does not need.
    pub(crate) fn rest(&self) {
        self.input.set(self.input.take().and_then(Input::rest));
    }

    /// Goes through the input to the next message. Pings are answered on the way, and so is a Close, where Close frames are taken.
    pub(crate) fn search(self: &Rc<Self>, input: &mut Input, closes: Closes) -> Result<Option<Found>, Error> {
        while !input.is_empty() {
            let control = |event: Event<'_>| match event {
                Event::Ping(payload) => self.pong(payload),
                Event::Close(close) => self.closed_by_peer(close),
                _ => {}
            };
            let look = input.look(|bytes| self.connection.borrow_mut().receive_any(bytes, closes), control);
            match look? {
                Look::Found(found) => return Ok(Some(found)),
                Look::Control => {}
                Look::Nothing => break,
            }
        }
        Ok(None)
    }

    /// The next message that the attendant found.
    pub(super) fn take_ahead(&self) -> Option<Event<'static>> {
        self.look_aside(Aside::pop)
    }

    /// The reader has come to the end of all that was said, or waits for it no more: the peer's Close is answered, or the end of
    /// its direction is the end.
    pub(crate) fn take_end(self: &Rc<Self>) {
        if let Some(mut input) = self.input.take() {
            if let Err(error) = self.search(Rc::make_mut(&mut input), Closes::Taken) {
                self.fail(error);
            }
            self.input.set(Input::rest(input));
        }
        if self.is_at_end() {
            if let Err(error) = self.with_connection(Connection::receive_eof) {
                self.note(error);
            }
            self.unread();
            // What was sent until now is still written.
            self.flush();
        }
    }

    /// Whether the peer's direction of the transport has ended, and the reader has yet to come upon that.
    pub(crate) fn is_at_end(&self) -> bool {
        self.incoming.get() == Incoming::AtEnd
    }

    /// Reads for a reader that does not, or for nobody.
    pub(super) fn poll_reading(self: &Rc<Self>, context: &mut Context<'_>) -> Reading {
        loop {
            match self.incoming.get() {
                Incoming::Awaited | Incoming::Gone => return Reading::Waits,
                Incoming::Kept | Incoming::AtEnd => match self.look_ahead() {
                    Reading::Waits => {}
                    reading => return reading,
                },
                Incoming::Unread | Incoming::Spent => self.throw_away(),
            }
            // Nothing more comes. When all is written, or cannot be, that is the end.
            match self.incoming.get() {
                Incoming::Unread | Incoming::Spent if self.is_mute() => return self.end_reading(),
                Incoming::Spent if self.waiting() == 0 => return self.end_reading(),
                Incoming::Spent => return Reading::Waits,
                _ => {}
            }
            if self.stream.poll_readable(context).is_pending() {
                self.rest();
                return Reading::Waits;
            }
            self.read(if self.is_unread() { usize::MAX } else { self.room() });
        }
    }

    fn end_reading(&self) -> Reading {
        self.end();
        Reading::Waits
    }

    /// Bytes that may still be kept for the reader.
    fn room(&self) -> usize {
        self.connection.borrow().config().ahead.saturating_sub(self.kept())
    }

    /// Bytes that are.
    pub(super) fn kept(&self) -> usize {
        let input = self.input.take();
        let rest = input.as_ref().map_or(0, |input| input.unconsumed().len());
        self.input.set(input);
        rest + self.look_aside(|aside| aside.bytes())
    }

    fn look_ahead(self: &Rc<Self>) -> Reading {
        // When nothing more will be read, what is there is all that there will be.
        while self.is_at_end() || self.room() > 0 {
            let Some(mut input) = self.input.take() else { break };
            let found = self.search(Rc::make_mut(&mut input), Closes::Left);
            let event = found.map(|found| found.map(|found| found.into_owned(&input)));
            let held = self.connection.borrow().is_at_close(input.unconsumed());
            self.input.set(Some(input));
            match event {
                Ok(Some(event)) => self.put_aside(|aside| aside.push(event)),
                Ok(None) if held => return Reading::Held,
                Ok(None) => break,
                Err(error) => {
                    self.fail(error);
                    return Reading::Waits;
                }
            }
        }
        if self.is_at_end() {
            Reading::Held
        } else if self.room() == 0 {
            Reading::Full
        } else {
            Reading::Waits
        }
    }

    /// For the peer's Close; messages are thrown away.
    fn throw_away(self: &Rc<Self>) {
        let Some(mut input) = self.input.take() else { return };
        let mut found = Ok(Some(Found::Here));
        while let Ok(Some(_)) = found {
            found = self.search(Rc::make_mut(&mut input), Closes::Taken);
        }
        if let Err(error) = found {
            self.fail(error);
        }
        self.input.set(Input::rest(input));
        if self.with_connection(|connection| connection.is_over()) {
            self.flush();
        }
    }
}
