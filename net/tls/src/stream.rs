//! The stream: bytes of the user's on top, records below.
//!
//! **Reading.** Below, as much is read as there is, into lent room; rustls opens record after record, and what the caller has no room
//! for is kept. A source that was read to its end counts as not readable, though something may be held back here; so at the end of each
//! operation that holds something the registration is made readable by hand, and neither a task nor a parked record waits for what is
//! there already. Without anything held, a stream that waits owns rustls' state and no buffer.
//!
//! **Writing.** At most [`MAX_SEALED`] bytes are sealed and given to the socket. What is said to be written *is* in the kernel: a record
//! that did not fit whole is not counted, and its bytes must be offered again, the same ones, as OpenSSL has it. So there is nothing to
//! flush, and no sealed byte is left behind by one who believes that all is written. Everything in the house offers what was not
//! taken again; that somebody does not is noticed ([`Error::OtherBytes`]), and nothing else is sent in place of it.
//!
//! **The handshake** is made by whoever reads, writes, or asks [`poll_open`](Stream::poll_open), so that a server's listener never
//! waits for a client. Of the tasks that wait for it, any one moves it on for all (`waiting.rs`).

use crate::engine::{Engine, MAX_SEALED, Progress};
use crate::error::Error;
use crate::queue::Queue;
use crate::session::Session;
use crate::state::State;
use crate::waiting::{For, Waiting};
use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use wirebook_net::{self as net, Registration, Sleep, Stream};

/// TLS over a stream, at either end.
///
/// Reading gives [`Error::Truncated`] (as [`io::ErrorKind::UnexpectedEof`]) where the connection ends without close_notify, and every
/// other error of TLS again and again; an end that was not said is never taken for one. [`Stream::shutdown`] says it. Dropping does not:
/// to the peer it looks like the truncation that it is.
///
/// Bytes that [`Stream::try_write`] refuses with [`io::ErrorKind::WouldBlock`] must be offered again first, in the same order; more may
/// follow them.
pub struct TlsStream<S: Stream> {
    inner: Rc<S>,
    engine: RefCell<Engine>,
    opening: RefCell<Option<Box<Opening>>>,
}

/// Who waits for the handshake, and how long.
#[derive(Default)]
struct Opening {
    waiting: Arc<Waiting>,
    timer: Option<Sleep>,
}

impl<S: Stream> TlsStream<S> {
    pub(crate) fn new(inner: S, session: Session, handshake_timeout: Duration) -> Self {
        let engine = Engine::new(session, handshake_timeout);
        TlsStream { inner: Rc::new(inner), engine: RefCell::new(engine), opening: RefCell::default() }
    }

    /// The stream below. What is read from it or written to it directly is lost to the connection.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The protocol above that was agreed on (ALPN), once the handshake is over.
    pub fn protocol(&self) -> Option<String> {
        self.engine.borrow().session.alpn().map(|name| String::from_utf8_lossy(name).into_owned())
    }

    /// `TLS 1.3` or `TLS 1.2`, once it was agreed on.
    pub fn version(&self) -> Option<&'static str> {
        self.engine.borrow().session.version()
    }

    /// Bytes that lie in buffers of this stream; for tests.
    #[doc(hidden)]
    pub fn buffered(&self) -> usize {
        self.engine.borrow().buffered()
    }

    /// Does something with the engine; then wakes whoever can go on by it.
    fn with<R>(&self, act: impl FnOnce(&mut Engine, &Rc<S>) -> R) -> R {
        let (result, handshake_over, holds) = {
            let engine = &mut *self.engine.borrow_mut();
            let before = engine.phase.now();
            let result = act(engine, &self.inner);
            (result, before == State::Handshake && engine.phase.now() != before, engine.holds())
        };
        if handshake_over && let Some(opening) = self.opening.take() {
            opening.waiting.wake_all();
        }
        if holds {
            self.inner.registration().make_readable();
        }
        result
    }

    fn poll_open_for(&self, reason: For, context: &Context<'_>) -> Poll<io::Result<()>> {
        let over = |engine: &Engine| engine.failure.as_deref().map_or(Ok(()), |error| Err(error.clone().into()));
        if self.engine.borrow().phase.now() != State::Handshake {
            return Poll::Ready(over(&self.engine.borrow()));
        }
        let waiting = self.opening.borrow_mut().get_or_insert_default().waiting.clone();
        waiting.add(reason, context);
        let waker = Waker::from(waiting);
        let together = &mut Context::from_waker(&waker);
        loop {
            let poll = match self.with(Engine::advance) {
                Ok(Progress::Done) => return Poll::Ready(over(&self.engine.borrow())),
                Ok(Progress::Waits(For::Writing)) => self.inner.poll_writable(together),
                Ok(Progress::Waits(_)) => self.inner.poll_readable(together),
                Err(error) => return Poll::Ready(Err(error)),
            };
            match poll {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending if self.poll_late(together).is_ready() => {
                    return Poll::Ready(self.with(|engine, _| Err(engine.fail(Error::TimedOut))));
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Ready when the time for the handshake is up.
    fn poll_late(&self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            let left = self.engine.borrow().time_left();
            if left.is_zero() {
                return Poll::Ready(());
            }
            if left == Duration::MAX {
                return Poll::Pending;
            }
            let opening = &mut *self.opening.borrow_mut();
            let timer = &mut opening.get_or_insert_default().timer;
            std::task::ready!(Pin::new(timer.get_or_insert_with(|| net::sleep(left))).poll(context));
            *timer = None;
        }
    }
}

impl<S: Stream + 'static> Stream for TlsStream<S> {
    fn registration(&self) -> &Registration {
        self.inner.registration()
    }

    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        self.with(|engine, inner| engine.read(inner, buffer))
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        self.with(|engine, inner| engine.write(inner, bytes))
    }

    /// The buffers are joined: records are, too.
    fn try_write_vectored(&self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut full = buffers.iter().filter(|buffer| !buffer.is_empty());
        match (full.next(), full.next()) {
            (None, _) => Ok(0),
            (Some(one), None) => self.try_write(one),
            (Some(_), Some(_)) => {
                let mut joined = Queue::default();
                for buffer in buffers {
                    let left = MAX_SEALED - joined.len();
                    joined.push(&buffer[..buffer.len().min(left)]);
                }
                self.try_write(joined.unread())
            }
        }
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.with(|engine, inner| engine.end(inner, how))
    }

    fn poll_open(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_open_for(For::Open, context)
    }

    fn socket(&self) -> Option<&dyn Any> {
        self.inner.socket()
    }

    fn is_secure(&self) -> bool {
        true
    }

    fn poll_readable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.engine.borrow().phase.now() != State::Handshake {
            return self.inner.poll_readable(context);
        }
        // The error, if there is one, is the read's.
        self.poll_open_for(For::Reading, context).map(|_| Ok(()))
    }

    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.engine.borrow().phase.now() != State::Handshake {
            return self.inner.poll_writable(context);
        }
        self.poll_open_for(For::Writing, context).map(|_| Ok(()))
    }
}

impl<S: Stream> fmt::Debug for TlsStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let engine = self.engine.borrow();
        f.debug_struct("TlsStream")
            .field("state", &engine.phase.now())
            .field("version", &engine.session.version())
            .finish()
    }
}
