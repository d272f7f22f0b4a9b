//! A stream of HTTP/2 as a stream of bytes: what a request has agreed to be (RFC 9113 §8.5, RFC 8441), at either end.
//!
//! It is no socket, so its place in the loop is made ready by hand: by the connection's task when something has come for it, or when there may
//! be room. Windows are its back-pressure: what nobody reads is not credited, and what does not fit is the writer's to offer again.

use super::Link;
use crate::Event;
use crate::wire::{Code, StreamId};
use std::cell::{Cell, RefCell};
use std::error::Error;
use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::rc::Rc;
use wirebook_net::{Registration, Stream};

/// Bytes that wait to be written above which a tunnel adds no more.
const MAX_WAITING: usize = 64 * 1024;

/// What the connection's task has of a tunnel.
pub(crate) struct Pipe {
    pub(crate) id: StreamId,
    registration: Registration,
    /// What has come, from `used` on; then its end.
    inbox: RefCell<Vec<u8>>,
    used: Cell<usize>,
    ended: Cell<bool>,
    /// It broke off: there is nothing more to say.
    broken: Cell<bool>,
    /// Why, until it has been told.
    why: Cell<Option<io::Error>>,
    /// A writer has found no room.
    waits: Cell<bool>,
}

impl Pipe {
    pub(crate) fn new(id: StreamId, early: Vec<u8>, ended: bool) -> io::Result<Rc<Pipe>> {
        let pipe = Pipe {
            id,
            registration: Registration::detached()?,
            inbox: RefCell::new(early),
            used: Cell::new(0),
            ended: Cell::new(ended),
            broken: Cell::default(),
            why: Cell::default(),
            waits: Cell::new(false),
        };
        pipe.registration.make_writable();
        if ended || !pipe.inbox.borrow().is_empty() {
            pipe.registration.make_readable();
        }
        Ok(Rc::new(pipe))
    }

    /// Bytes have come.
    pub(crate) fn receive(&self, bytes: &[u8], end: bool) {
        self.inbox.borrow_mut().extend_from_slice(bytes);
        self.ended.set(self.ended.get() || end);
        self.registration.make_readable();
    }

    /// The stream is over before its time: a reset, as TCP has it, with the reason inside.
    pub(crate) fn fail(&self, why: impl Into<Box<dyn Error + Send + Sync>>) {
        if !self.broken.replace(true) {
            self.why.set(Some(io::Error::new(io::ErrorKind::ConnectionReset, why)));
        }
        self.registration.make_readable();
        self.registration.make_writable();
    }

    /// Has a writer try again that has found no room, if there is some.
    fn share_room(&self, link: &Link) {
        if self.waits.get() && link.unwritten() < MAX_WAITING && link.core().room(self.id) > 0 {
            self.waits.set(false);
            self.registration.make_writable();
        }
    }

    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let inbox = &mut *self.inbox.borrow_mut();
        let rest = &inbox[self.used.get()..];
        if rest.is_empty() {
            return match self.why.take() {
                Some(why) => Err(why),
                None if self.broken.get() || self.ended.get() => Ok(0),
                None => Err(io::ErrorKind::WouldBlock.into()),
            };
        }
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.used.set(self.used.get() + count);
        if self.used.get() == inbox.len() {
            inbox.clear();
            // A quiet tunnel keeps no room.
            inbox.shrink_to(0);
            self.used.set(0);
        }
        Ok(count)
    }

    fn has_unread(&self) -> bool {
        self.inbox.borrow().len() > self.used.get()
    }
}

/// The tunnels of a connection.
#[derive(Default)]
pub(crate) struct Pipes(RefCell<Vec<Rc<Pipe>>>);

impl Pipes {
    pub(crate) fn enter(&self, pipe: Rc<Pipe>) {
        self.0.borrow_mut().push(pipe);
    }

    pub(crate) fn get(&self, id: StreamId) -> Option<Rc<Pipe>> {
        self.0.borrow().iter().find(|pipe| pipe.id == id).cloned()
    }

    /// There may be room.
    pub(crate) fn share_room(&self, link: &Link) {
        self.0.borrow().iter().for_each(|pipe| pipe.share_room(link));
    }

    /// The streams above that one are over.
    pub(crate) fn fail_above<E: Into<Box<dyn Error + Send + Sync>>>(&self, last: StreamId, why: impl Fn() -> E) {
        self.0.borrow().iter().filter(|pipe| pipe.id > last).for_each(|pipe| pipe.fail(why()));
    }

    /// The connection is over.
    pub(crate) fn fail_all<E: Into<Box<dyn Error + Send + Sync>>>(&self, why: impl Fn() -> E) {
        self.0.take().iter().for_each(|pipe| pipe.fail(why()));
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    fn leave(&self, id: StreamId) {
        self.0.borrow_mut().retain(|pipe| pipe.id != id);
    }
}

/// The connection of a tunnel, a server's or a client's.
pub(crate) trait Bears {
    fn link(&self) -> &Link;
    fn pipes(&self) -> &Pipes;
    /// A tunnel is no more.
    fn left(&self) {}
}

/// A tunnel, as who speaks in it has it. Dropping it ends it, by a reset if there is something unread, as TCP does.
pub(crate) struct Tunnel {
    bearer: Rc<dyn Bears>,
    pipe: Rc<Pipe>,
    /// We have said all.
    said: Cell<bool>,
}

impl Tunnel {
    pub(crate) fn new(bearer: Rc<dyn Bears>, pipe: Rc<Pipe>) -> Tunnel {
        bearer.pipes().enter(pipe.clone());
        Tunnel { bearer, pipe, said: Cell::new(false) }
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        if self.said.get() || self.pipe.broken.get() {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let link = self.bearer.link();
        let room = MAX_WAITING.saturating_sub(link.unwritten());
        let offered = &bytes[..bytes.len().min(room)];
        let taken = match offered {
            [] => 0,
            _ => link
                .say(|core, out| core.send_data(self.pipe.id, offered, false, out))
                .map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?,
        };
        if taken == 0 && !bytes.is_empty() {
            self.pipe.waits.set(true);
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(taken)
    }

    /// Says that we have said all.
    fn end(&self) {
        if !self.said.replace(true) {
            // One that is over already needs no end.
            self.bearer.link().say(|core, out| core.send_data(self.pipe.id, b"", true, out)).ok();
        }
    }

    fn reset(&self) {
        self.said.set(true);
        let reset = Event::Reset { stream: self.pipe.id, code: Code::CANCEL };
        // One that is over already needs none.
        self.bearer.link().say(|core, out| core.send(reset, out)).ok();
    }
}

impl Stream for Tunnel {
    fn registration(&self) -> &Registration {
        &self.pipe.registration
    }

    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.pipe.registration.attempt_read(|| self.pipe.read(buffer))?;
        if count > 0 {
            self.bearer.link().say(|core, out| core.consumed(self.pipe.id, count as u32, out));
        }
        Ok(count)
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.pipe.registration.attempt_write(|| self.write(bytes))
    }

    fn try_write_vectored(&self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut all = 0;
        for buffer in buffers.iter().filter(|buffer| !buffer.is_empty()) {
            match self.try_write(buffer) {
                Ok(count) => {
                    all += count;
                    if count < buffer.len() {
                        break;
                    }
                }
                Err(error) if all == 0 => return Err(error),
                Err(_) => break,
            }
        }
        Ok(all)
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        if self.pipe.broken.get() {
            return Err(io::ErrorKind::NotConnected.into());
        }
        if how != Shutdown::Read {
            self.end();
        }
        if how != Shutdown::Write {
            let id = self.pipe.id;
            self.pipe.ended.set(true);
            self.pipe.registration.make_readable();
            self.bearer.link().say(|core, out| core.release(id, out));
        }
        Ok(())
    }

    fn is_secure(&self) -> bool {
        self.bearer.link().stream.is_secure()
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        if self.pipe.has_unread() {
            self.reset();
        } else {
            self.end();
        }
        let id = self.pipe.id;
        self.bearer.link().say(|core, out| core.release(id, out));
        self.bearer.pipes().leave(id);
        self.bearer.left();
    }
}
