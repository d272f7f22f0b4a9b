//! A connection and the requests on it, as its task and those who ask see them.

use super::error::{Error, Goaway};
use crate::driver::{Bears, Desk, Link, Pipes, Read, Turns, linger};
use crate::state::Leaving;
use crate::wire::{Code, StreamId, Violation};
use crate::{Config, Connection, Event};
use std::cell::{Cell, RefCell};
use std::net::Shutdown;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wirebook_http1::FieldBlock;
use wirebook_http1::parser::{FieldLines, ResponseHead};
use wirebook_net::{self as net, Signal, Stream};

/// How long a connection is read on whose last word is said.
const LINGER: Duration = Duration::from_secs(1);

/// A server that has said nothing for so long is asked whether it lives, beside the next request; if it does not answer in
/// [`Config::ping_timeout`], the connection ends, and the next request makes another.
const SILENCE: Duration = Duration::from_secs(30);

/// The eight bytes of that PING.
const ALIVE: [u8; 8] = *b"alive?\r\n";

/// A connection.
pub(super) struct Line {
    pub(super) link: Link,
    talks: RefCell<Vec<Rc<Talk>>>,
    pub(super) pipes: Pipes,
    /// Raised when there may be a place for a further request, when a PING is answered, and at the end.
    pub(super) changed: Signal,
    pub(super) pong: Cell<Option<[u8; 8]>>,
    /// When the server was last heard; and whether it has been asked since whether it lives.
    heard: Cell<Instant>,
    asked: Cell<bool>,
    /// What the server has said in GOAWAY.
    goodbye: RefCell<Option<Goaway>>,
    /// Why there will be nothing more.
    ended: RefCell<Option<Error>>,
}

/// One request and its answer.
pub(super) struct Talk {
    pub(super) id: StreamId,
    /// Status and fields, once they have come.
    pub(super) head: RefCell<Option<(u16, FieldBlock)>>,
    /// What has come and nobody has asked for.
    pub(super) inbox: RefCell<Vec<u8>>,
    pub(super) trailers: RefCell<FieldBlock>,
    /// The answer is complete.
    pub(super) ended: Cell<bool>,
    /// Why it never will be.
    pub(super) failure: RefCell<Option<Error>>,
    pub(super) changed: Signal,
}

impl Talk {
    pub(super) fn new(id: StreamId) -> Rc<Talk> {
        Rc::new(Talk {
            id,
            head: RefCell::default(),
            inbox: RefCell::default(),
            trailers: RefCell::default(),
            ended: Cell::default(),
            failure: RefCell::default(),
            changed: Signal::new(),
        })
    }

    pub(super) fn fail(&self, error: Error) {
        // What is complete stays so: who has said all may reset the rest of what we say (RFC 9113 §8.1).
        if !self.ended.get() {
            self.failure.borrow_mut().get_or_insert(error);
        }
        self.changed.raise();
    }
}

impl Line {
    /// A connection begins on a stream, and its task with it.
    pub(super) fn begin(stream: Rc<dyn Stream>, config: Arc<Config>) -> Rc<Line> {
        let core = Connection::client(config.clone(), net::now());
        let line = Rc::new(Line {
            link: Link::new(stream, core),
            talks: RefCell::default(),
            pipes: Pipes::default(),
            changed: Signal::new(),
            pong: Cell::default(),
            heard: Cell::new(net::now()),
            asked: Cell::default(),
            goodbye: RefCell::default(),
            ended: RefCell::default(),
        });
        let (own, timeout) = (line.clone(), config.write_timeout);
        net::spawn(async move { own.hold(Turns::new(Default::default(), &config, timeout)).await });
        line
    }

    async fn hold(&self, mut turns: Turns) {
        let mut hears = true;
        let error = loop {
            self.link.tick();
            let read = turns.read(&self.link, |desk| self.receive(desk));
            self.link.tick();
            let written = turns.write(&self.link);
            self.changed.raise();
            self.share_room();
            match (read, written) {
                (Err(error), _) | (_, Err(error)) => {
                    hears = false;
                    break error.into();
                }
                (Ok(Read::Eof), _) => {
                    hears = false;
                    break Error::Ended;
                }
                (Ok(Read::All), _) if self.link.is_over() => {
                    // Nobody is left who waits.
                    let fault = self.link.core().fault().map(Error::Protocol);
                    break fault.or_else(|| self.last_word()).unwrap_or(Error::Closed);
                }
                _ => {}
            }
            if let Err(error) = turns.wait(&self.link).await {
                break error.into();
            }
        };
        // Who breaks a rule and ends in the same breath is told of by the rule.
        let fault = self.link.core().fault().filter(|fault| fault.violation != Violation::Incomplete);
        let error = fault.map_or(error, Error::Protocol);
        let error = match error {
            // Whatever it speaks, it has understood nothing.
            Error::Protocol(error) if error.violation == Violation::FirstFrame => Error::NotSpoken,
            // Who ends at once behind GOAWAY may end with a reset; what it has said tells more.
            Error::Ended | Error::Io(_) => self.last_word().unwrap_or(error),
            error => error,
        };
        self.ended.replace(Some(error.clone()));
        for talk in self.talks.take() {
            talk.fail(error.clone());
        }
        self.pipes.fail_all(|| error.clone());
        self.changed.raise();
        if hears {
            linger(&*self.link.stream, LINGER, LINGER).await;
        }
        // The other end may have ended already.
        self.link.stream.shutdown(Shutdown::Both).unwrap_or_default();
    }

    /// Why the connection has ended, if it has.
    pub(super) fn end(&self) -> Option<Error> {
        self.ended.borrow().clone()
    }

    /// A request is made: is anybody there? Nothing is waited for.
    pub(super) fn ask_whether_it_lives(&self) {
        let is_silent = net::now().saturating_duration_since(self.heard.get()) >= SILENCE;
        if is_silent && !self.asked.replace(true) {
            // One that is over answers nobody.
            self.link.say(|core, out| core.send(Event::Ping(ALIVE), out)).ok();
        }
    }

    /// What the server has said before the end, as an error.
    fn last_word(&self) -> Option<Error> {
        self.goodbye.borrow().clone().map(Error::Goaway)
    }

    /// Why one of the two ends takes no more requests, if that is so.
    pub(super) fn leaving(&self) -> Option<Error> {
        let ours = || (self.link.core().leaving() != Leaving::No).then_some(Error::Closed);
        self.end().or_else(|| self.last_word()).or_else(ours)
    }

    pub(super) fn enter(&self, talk: Rc<Talk>) {
        self.talks.borrow_mut().push(talk);
    }

    pub(super) fn leave(&self, id: StreamId) {
        self.talks.borrow_mut().retain(|talk| talk.id != id);
        self.changed.raise();
    }

    fn talk(&self, id: StreamId) -> Option<Rc<Talk>> {
        self.talks.borrow().iter().find(|talk| talk.id == id).cloned()
    }

    /// A stream is over before its time.
    fn fail(&self, id: StreamId, error: Error) {
        match (self.pipes.get(id), self.talk(id)) {
            (Some(pipe), _) => pipe.fail(error),
            (None, Some(talk)) => talk.fail(error),
            (None, None) => {}
        }
    }

    /// Who has something to send may try again.
    fn share_room(&self) {
        self.pipes.share_room(&self.link);
        self.talks.borrow().iter().for_each(|talk| talk.changed.raise());
    }

    fn receive(&self, Desk { inbox, fields }: &mut Desk) {
        if !inbox.unread().is_empty() {
            self.heard.set(net::now());
            self.asked.set(false);
        }
        loop {
            let (used, event) = match self.link.core().receive(inbox.unread(), fields) {
                Ok(received) => received,
                // It is over, and the loop sees that.
                Err(_) => return,
            };
            let Some(event) = event else {
                inbox.consume(used);
                return;
            };
            self.hear(event);
            inbox.consume(used);
        }
    }

    fn hear(&self, event: Event<'_>) {
        match event {
            Event::Response { stream, head, end } if head.status >= 200 => {
                if let Some(talk) = self.talk(stream) {
                    talk.head.replace(Some(copy(&head)));
                    talk.ended.set(end);
                    talk.changed.raise();
                }
            }
            Event::Data { stream, bytes, end } => match (self.pipes.get(stream), self.talk(stream)) {
                (Some(pipe), _) => pipe.receive(bytes, end),
                (None, Some(talk)) => {
                    talk.inbox.borrow_mut().extend_from_slice(bytes);
                    talk.ended.set(end);
                    talk.changed.raise();
                }
                (None, None) => self.link.say(|core, out| core.release(stream, out)),
            },
            Event::Trailers { stream, fields } => match (self.pipes.get(stream), self.talk(stream)) {
                (Some(pipe), _) => pipe.receive(b"", true),
                (None, Some(talk)) => {
                    talk.trailers.replace(block(fields));
                    talk.ended.set(true);
                    talk.changed.raise();
                }
                (None, None) => {}
            },
            Event::Reset { stream, code } => {
                let reset = Error::Reset(code);
                self.fail(stream, if code == Code::REFUSED_STREAM { Error::unprocessed(reset) } else { reset });
            }
            Event::StreamError(error) => {
                if let Some(stream) = error.stream {
                    self.fail(stream, Error::Protocol(error));
                }
            }
            // ANCHOR: goaway
            Event::Goaway { last, code, debug } => {
                let said = Goaway::new(code, debug);
                let why = || Error::unprocessed(Error::Goaway(said.clone()));
                self.talks.borrow().iter().filter(|talk| talk.id > last).for_each(|talk| talk.fail(why()));
                self.pipes.fail_above(last, why);
                // Of several the first that names a fault counts: a server may say one and then go in peace.
                let goodbye = &mut *self.goodbye.borrow_mut();
                if goodbye.as_ref().is_none_or(|before| before.code == Code::NO_ERROR) {
                    *goodbye = Some(said);
                }
                self.changed.raise();
            }
            // ANCHOR_END: goaway
            Event::Room(_) | Event::Settings(_) => self.link.wake(),
            Event::Pong(data) => {
                self.pong.set(Some(data));
                self.changed.raise();
            }
            _ => {}
        }
    }
}

impl Bears for Line {
    fn link(&self) -> &Link {
        &self.link
    }

    fn pipes(&self) -> &Pipes {
        &self.pipes
    }

    fn left(&self) {
        self.changed.raise();
    }
}

fn copy(head: &ResponseHead<'_>) -> (u16, FieldBlock) {
    (head.status, block(head.fields))
}

/// What the core let through is valid, and within the limits of a block.
pub(super) fn block(fields: FieldLines<'_>) -> FieldBlock {
    let mut block = FieldBlock::default();
    fields.iter().try_for_each(|(name, value)| block.push(name, value)).ok();
    block
}
