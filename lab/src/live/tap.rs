//! A tap on the site's own sockets: what was read and written last on each connection, within bounds.

use super::h2::own::Frames;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;
use wirebook_http2::wire::PREFACE;
use wirebook_net::tcp::TcpStream;
use wirebook_net::{Listener, Registration, Stream};

/// Bytes that are kept of what was read before anybody asks: a head that the server takes has less than 48 KiB.
const MOST_READ: usize = 48 << 10;
/// Bytes that a visit keeps in each direction.
const MOST_KEPT: usize = 8 << 10;
/// As the server does for streams that it knows: the system asks a silent client whether it is still there.
const PROBE: Duration = Duration::from_secs(60);

thread_local! {
    /// The connection that was read last: the one whose request the server hands out next.
    static LAST: RefCell<Weak<Record>> = const { RefCell::new(Weak::new()) };
}

/// What one connection has read since a visit began, and who listens.
#[derive(Default)]
pub(super) struct Record {
    read: RefCell<Vec<u8>>,
    visit: RefCell<Weak<Heard>>,
    /// Whether anything was read; and if the first was HTTP/2's preface, the frames of both directions.
    begun: Cell<bool>,
    frames: RefCell<Option<[Frames; 2]>>,
}

/// What went over a connection from a request on.
#[derive(Default)]
pub(super) struct Heard {
    pub(super) read: RefCell<Vec<u8>>,
    pub(super) written: RefCell<Vec<u8>>,
    /// Whether what is read from here on belongs to the request: it does where the connection becomes the request's own.
    is_own: bool,
    /// Set when the connection goes on with another request.
    over: Cell<bool>,
}

impl Record {
    /// The connection that was read last.
    pub(super) fn last() -> Option<Rc<Record>> {
        LAST.with_borrow(Weak::upgrade)
    }

    /// The frames that the client has sent, and the server; `None` where it is HTTP/1.
    pub(super) fn frames<R>(&self, look: impl FnOnce(&Frames, &Frames) -> R) -> Option<R> {
        self.frames.borrow().as_ref().map(|[up, down]| look(up, down))
    }

    /// What was read since the last visit began, and a listener for what comes from here on. The visit before is over.
    pub(super) fn visit(&self, is_own: bool) -> (Vec<u8>, Rc<Heard>) {
        let heard = Rc::new(Heard { is_own, ..Heard::default() });
        if let Some(before) = self.visit.replace(Rc::downgrade(&heard)).upgrade() {
            before.over.set(true);
        }
        (self.read.take(), heard)
    }

    fn has_read(self: &Rc<Self>, bytes: &[u8]) {
        LAST.set(Rc::downgrade(self));
        let mut bytes = bytes;
        if !self.begun.replace(true)
            && let Some(behind) = bytes.strip_prefix(PREFACE)
        {
            (*self.frames.borrow_mut(), bytes) = (Some(Default::default()), behind);
        }
        if let Some([up, _]) = &mut *self.frames.borrow_mut() {
            return up.take(bytes);
        }
        let mut read = self.read.borrow_mut();
        if read.len() + bytes.len() > MOST_READ {
            read.clear();
        }
        read.extend_from_slice(&bytes[..bytes.len().min(MOST_READ)]);
        if let Some(visit) = self.visit.borrow().upgrade().filter(|visit| visit.is_own && !visit.over.get()) {
            keep(&visit.read, bytes);
        }
    }

    fn has_written(&self, bytes: &[u8]) {
        if let Some([_, down]) = &mut *self.frames.borrow_mut() {
            return down.take(bytes);
        }
        if let Some(visit) = self.visit.borrow().upgrade().filter(|visit| !visit.over.get()) {
            keep(&visit.written, bytes);
        }
    }
}

fn keep(place: &RefCell<Vec<u8>>, bytes: &[u8]) {
    let mut place = place.borrow_mut();
    let room = MOST_KEPT - place.len().min(MOST_KEPT);
    place.extend_from_slice(&bytes[..bytes.len().min(room)]);
}

/// A listener whose connections are tapped; over TLS what is heard is in the clear.
pub(crate) struct Tapped<T> {
    inner: T,
    record: Rc<Record>,
}

impl<T> Tapped<T> {
    /// What is tapped.
    pub(crate) fn get_ref(&self) -> &T {
        &self.inner
    }
}

impl<L: Listener> Tapped<L> {
    pub(crate) fn new(inner: L) -> Self {
        Tapped { inner, record: Rc::default() }
    }
}

impl<L: Listener> Listener for Tapped<L> {
    type Stream = Tapped<L::Stream>;
    type Address = L::Address;

    fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<(Self::Stream, L::Address)>> {
        self.inner.poll_accept(context).map_ok(|(inner, address)| {
            // Without it a client that has vanished is noticed later; no reason to refuse one that is here.
            if let Some(socket) = inner.socket().and_then(|socket| socket.downcast_ref::<TcpStream>()) {
                let _ = socket.set_keepalive(Some(PROBE));
            }
            (Tapped { inner, record: Rc::default() }, address)
        })
    }
}

impl<S: Stream> Stream for Tapped<S> {
    fn registration(&self) -> &Registration {
        self.inner.registration()
    }

    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.try_read(buffer)?;
        self.record.has_read(&buffer[..count]);
        Ok(count)
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.try_write(bytes)?;
        self.record.has_written(&bytes[..count]);
        Ok(count)
    }

    fn try_write_vectored(&self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        let count = self.inner.try_write_vectored(buffers)?;
        let mut left = count;
        for buffer in buffers {
            let taken = buffer.len().min(left);
            self.record.has_written(&buffer[..taken]);
            left -= taken;
        }
        Ok(count)
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.inner.shutdown(how)
    }

    fn poll_open(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner.poll_open(context)
    }

    fn socket(&self) -> Option<&dyn Any> {
        self.inner.socket()
    }

    fn is_secure(&self) -> bool {
        self.inner.is_secure()
    }

    fn poll_readable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner.poll_readable(context)
    }

    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner.poll_writable(context)
    }
}
