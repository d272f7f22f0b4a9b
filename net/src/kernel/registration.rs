//! A socket's place in its loop: what an implementor of a stream holds, and asks before it tries an operation.
//!
//! Most of the time no system call is needed to learn that a socket is not ready: a read that gave fewer bytes than were
//! asked for has emptied the kernel's buffer, so the next edge is sure to come. (Not so when the peer has closed its side:
//! that edge may have been consumed together with the data's, so from then on the source stays readable until a read says
//! "end of stream". Datagram sockets, listeners, and the reads of Unix streams do not have this shortcut either and go on
//! until the kernel says "would block".)

use super::{
    current::{Loop, Microtask, current, try_current},
    slab::Key,
    sources::{CLOSED, Direction, READABLE, Sources, WRITABLE, Wait},
    waiter::Resume,
};
use Direction::{Read, Write};
use std::{
    cell::RefCell,
    fmt, io,
    marker::PhantomData,
    rc::Rc,
    task::{Context, Poll},
};

/// A socket's place in its loop. Dropping it gives the place back.
///
/// This is what an implementor of [`Stream`](crate::Stream) wraps: it keeps the readiness, the waiters and the budget.
pub struct Registration {
    key: Key,
    sources: Rc<RefCell<Sources>>,
}

impl Registration {
    /// Registers an operating system's socket, not ready in the directions that `ready` lacks.
    pub(crate) fn new(io: &mut impl mio::event::Source, ready: u8) -> io::Result<Self> {
        Registration::hearing(io, ready, true)
    }

    /// The same; without `writes` no event says that it may be written, until [`hear_writes`](Self::hear_writes).
    pub(crate) fn hearing(io: &mut impl mio::event::Source, ready: u8, writes: bool) -> io::Result<Self> {
        try_current(|on| {
            let registration = Registration::insert(on, ready);
            on.driver.register(io, registration.key, writes)?;
            Ok(registration)
        })
        .unwrap_or_else(|| Err(io::Error::other("no event loop runs on this thread")))
    }

    /// Whether an event says from now on that it may be written; if it may now, one does.
    pub(crate) fn hear_writes(&self, io: &mut impl mio::event::Source, writes: bool) -> io::Result<()> {
        // Where the loop has ended, nobody waits for an event.
        try_current(|on| on.driver.reregister(io, self.key, writes)).unwrap_or(Ok(()))
    }

    /// Registers what is not the operating system's.
    pub(crate) fn insert(on: &Loop, ready: u8) -> Self {
        Registration { key: on.sources.borrow_mut().insert(ready), sources: on.sources.clone() }
    }

    /// A place for what is no socket: a stream inside of another one, for instance. Ready for nothing; who feeds it says when that changes, by
    /// [`make_readable`](Self::make_readable) and [`make_writable`](Self::make_writable).
    ///
    /// ```
    /// use std::{cell::Cell, future::poll_fn, io, rc::Rc, time::Duration};
    /// use wirebook_net::{self as net, Registration};
    ///
    /// net::run(async {
    ///     let (place, fed) = (Rc::new(Registration::detached()?), Rc::new(Cell::new(0)));
    ///     let read = || if fed.get() == 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(fed.take()) };
    ///     assert!(place.attempt_read(read).is_err());
    ///     let feeder = (place.clone(), fed.clone());
    ///     net::spawn(async move {
    ///         net::sleep(Duration::from_millis(1)).await;
    ///         feeder.1.set(7);
    ///         feeder.0.make_readable();
    ///     });
    ///     poll_fn(|context| place.poll_readable(context)).await?;
    ///     assert_eq!(place.attempt_read(read)?, 7);
    ///     Ok::<(), io::Error>(())
    /// })?;
    /// # Ok::<(), io::Error>(())
    /// ```
    ///
    /// # Errors
    /// When no loop runs on this thread.
    pub fn detached() -> io::Result<Self> {
        try_current(|on| Registration::insert(on, 0))
            .ok_or_else(|| io::Error::other("no event loop runs on this thread"))
    }

    /// Reads by `operation`, if that may be tried now. Where it says [`io::ErrorKind::WouldBlock`], it may not until
    /// [`make_readable`](Self::make_readable).
    ///
    /// # Errors
    /// Those of `operation`; `WouldBlock`.
    pub fn attempt_read<R>(&self, operation: impl FnMut() -> io::Result<R>) -> io::Result<R> {
        self.try_once(Read, operation)
    }

    /// As [`attempt_read`](Self::attempt_read), in the other direction.
    ///
    /// # Errors
    /// Those of `operation`; `WouldBlock`.
    pub fn attempt_write<R>(&self, operation: impl FnMut() -> io::Result<R>) -> io::Result<R> {
        self.try_once(Write, operation)
    }

    /// Takes the socket out of the loop although its descriptor lives on.
    pub(crate) fn forget(&self, io: &mut impl mio::event::Source) {
        // Where the loop has ended, or is another thread's, there is nothing left to be taken out of.
        let _ = try_current(|on| on.driver.deregister(io));
    }

    /// Takes the socket out of the loop, or puts it back. While it is out it may be tried, and no event says that it is ready.
    pub(crate) fn hear(&self, io: &mut impl mio::event::Source, hears: bool) -> io::Result<()> {
        let changed =
            try_current(|on| if hears { on.driver.register(io, self.key, true) } else { on.driver.deregister(io) });
        changed.unwrap_or(Ok(()))?;
        if !hears {
            self.make_readable();
        }
        Ok(())
    }

    /// What identifies this registration on this thread for as long as it lives.
    pub(crate) fn key(&self) -> Key {
        self.key
    }

    /// Whether an operation in `direction` may be tried now.
    fn grant(&self, direction: Direction) -> io::Result<()> {
        let granted = self.sources.borrow_mut().grant(self.key, direction);
        if granted { Ok(()) } else { Err(io::ErrorKind::WouldBlock.into()) }
    }

    // ANCHOR: try_stream
    /// Tries a stream operation that may move up to `asked` bytes: no system call when the source is known to be not
    /// ready, EINTR is tried again, and fewer bytes than asked for mean "not ready from now on".
    pub(crate) fn try_stream(
        &self,
        direction: Direction,
        asked: usize,
        mut operation: impl FnMut() -> io::Result<usize>,
    ) -> io::Result<usize> {
        let result = self.try_once(direction, &mut operation);
        if let Ok(moved) = result
            && moved < asked
            && (moved > 0 || direction == Write)
        {
            self.found_short(direction);
        }
        result
    }
    // ANCHOR_END: try_stream

    /// An operation has moved fewer bytes than it was asked for: there are no more, or no room for more, until an event comes.
    pub(crate) fn found_short(&self, direction: Direction) {
        let unless = if direction == Read { CLOSED } else { 0 };
        self.sources.borrow_mut().clear(self.key, direction, unless);
    }

    /// Tries an operation that proves nothing about the next one: accepting, datagrams, and reads of a Unix stream.
    pub(crate) fn try_once<R>(
        &self,
        direction: Direction,
        mut operation: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        self.grant(direction)?;
        loop {
            match operation() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.sources.borrow_mut().clear(self.key, direction, 0);
                    return Err(error);
                }
                result => return result,
            }
        }
    }

    /// Makes the socket readable, as an event would, and wakes who waits for that.
    ///
    /// A stream over another stream reads more than it is asked for. It calls this while it holds something back, so that neither a
    /// task nor a parked record waits for bytes that have come already.
    pub fn make_readable(&self) {
        self.make_ready(READABLE);
    }

    /// As [`make_readable`](Self::make_readable), in the other direction.
    pub fn make_writable(&self) {
        self.make_ready(WRITABLE);
    }

    fn make_ready(&self, ready: u8) {
        let waiters = self.sources.borrow_mut().make_ready(self.key, ready);
        if let Some(waiters) = waiters {
            try_current(|on| on.wake_both(waiters));
        }
    }

    /// Ready, or the context's task is woken when it is. One waiter for each direction: the last one stays.
    fn poll(&self, direction: Direction, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let waiter = || try_current(|on| on.waiter(context)).unwrap_or_default();
        let wait = self.sources.borrow_mut().wait(self.key, direction, waiter);
        match wait {
            Wait::Ready => Poll::Ready(Ok(())),
            // Who waited before is dropped here, outside of the borrow: a foreign waker's destructor may do anything.
            Wait::Waits(_before) => Poll::Pending,
            Wait::Gone => Poll::Ready(Err(io::Error::other("the socket's event loop has ended"))),
        }
    }

    /// Ready when an operation that reads may be tried; see [`Stream::poll_readable`](crate::Stream::poll_readable).
    pub fn poll_readable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll(Read, context)
    }

    /// Ready when an operation that writes may be tried; see [`Stream::poll_writable`](crate::Stream::poll_writable).
    pub fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll(Write, context)
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration").field("key", &self.key).finish_non_exhaustive()
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let source = self.sources.borrow_mut().remove(self.key);
        drop(source);
    }
}

// ANCHOR: park
/// Keeps `record`, which owns the stream of `registration`, without a task until that stream is readable (or its peer has
/// closed it); then calls [`Resume::resume`]. It takes the place of a task that waits to read.
///
/// A server that keeps ten thousand idle connections needs to remember ten thousand streams, and nothing else: no task,
/// no read buffer, no parser. A parked connection costs the loop no more than its place, and parking it again allocates
/// nothing. It holds the loop, unless [`Parked::unref`]. The record is resumed as an I/O callback of the poll phase; if
/// the stream is readable already, as a microtask. The handle may be dropped, or used to close the connection (for an
/// idle timeout, or at shutdown).
///
/// ```no_run
/// # use std::rc::Rc;
/// # use wirebook_net::{park, spawn, buffer, Resume, Stream, tcp::TcpStream};
/// struct Connection {
///     stream: TcpStream,
/// }
/// impl Resume for Connection {
///     fn resume(self: Rc<Self>) {
///         spawn(serve(self));
///     }
/// }
/// async fn serve(connection: Rc<Connection>) {
///     let mut bytes = buffer();
///     while let Ok(count) = connection.stream.try_read(&mut bytes) {
///         if count == 0 || connection.stream.write_all(&bytes[..count]).await.is_err() {
///             return;
///         }
///     }
///     park(connection.stream.registration(), connection.clone());
/// }
/// ```
///
/// # Panics
/// When no loop runs on this thread.
pub fn park(registration: &Registration, record: Rc<dyn Resume>) -> Parked {
    let parked = registration.sources.borrow_mut().park(registration.key, record);
    if let Err(Some(record)) = parked {
        current(|on| on.push_microtask(Microtask::Resume(record)));
    }
    Parked { key: registration.key, _here: PhantomData }
}
// ANCHOR_END: park

/// Names a parked connection; see [`park`]. Dropping it changes nothing.
#[derive(Clone, Copy, Debug)]
pub struct Parked {
    key: Key,
    _here: PhantomData<*const ()>,
}

impl Parked {
    /// Lets the loop end although this connection is still parked: for what waits only in case something comes, as an
    /// agent's idle connections do.
    pub fn unref(self) -> Self {
        try_current(|on| on.sources.borrow_mut().unref(self.key));
        self
    }

    /// Drops the record, and with its last share the stream, which closes the connection. True when it was still parked.
    pub fn close(self) -> bool {
        let waiter = try_current(|on| on.sources.borrow_mut().unpark(self.key)).flatten();
        waiter.is_some()
    }
}

/// Makes every source of this thread's loop look ready, as a spurious event would, and wakes all who wait; for
/// tests.
#[doc(hidden)]
pub fn fake_readiness() {
    current(|on| {
        let waiters = on.sources.borrow_mut().make_all_ready();
        waiters.into_iter().for_each(|waiters| on.wake_both(waiters));
    });
}
