//! The two traits that protocol drivers are written against: a byte stream, and what accepts them.
//!
//! TCP and Unix sockets implement them, and so does the simulated network, so a server written once runs on all three.

use crate::kernel::Registration;
use std::{
    any::Any,
    fmt,
    future::{Future, poll_fn},
    io::{self, IoSlice},
    net::Shutdown,
    rc::Rc,
    task::{Context, Poll},
};

/// A connection that carries bytes both ways.
///
/// Every method takes `&self`, so an `Rc` of a stream can be shared by a task that reads and one that writes. In each
/// direction one task may wait at a time; if two do, the one that came last is woken.
///
/// The core is readiness: try, and when the answer is [`io::ErrorKind::WouldBlock`], wait until it may be tried again.
/// The methods that are `async` are made from that core. Each of them may be dropped while it waits: nothing has
/// been read or written then, except by [`Stream::write_all`].
pub trait Stream {
    /// The stream's place in the loop.
    fn registration(&self) -> &Registration;

    /// Reads what is there, at most `buffer.len()` bytes, without waiting. `Ok(0)` is the end of the stream (or an
    /// empty `buffer`).
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] when nothing is there *or* the stream has used up its turn
    /// ([`OPERATIONS_PER_TURN`](crate::OPERATIONS_PER_TURN)); `ConnectionReset`, once, when the peer broke the connection off.
    /// Bytes that came before may still be given first (Linux does so) or be lost; after the error the stream is at its end.
    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Writes what fits, without waiting, and says how many bytes that was.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] when nothing fits; `BrokenPipe` or `ConnectionReset` when the peer is gone. A write
    /// never raises SIGPIPE.
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize>;

    /// Writes from several buffers in one system call, as [`Stream::try_write`] does. At most the first 1 024 buffers
    /// are taken (the kernel's `IOV_MAX`).
    ///
    /// # Errors
    /// As [`Stream::try_write`].
    fn try_write_vectored(&self, buffers: &[IoSlice<'_>]) -> io::Result<usize>;

    /// Ends one direction or both. After `Shutdown::Write` the peer reads the end of the stream, and reading goes on.
    ///
    /// # Errors
    /// `NotConnected` when the peer is gone.
    fn shutdown(&self, how: Shutdown) -> io::Result<()>;

    /// Ready when the two ends have agreed on what has to be agreed on before the first byte; until then the context's task will be
    /// woken. A socket has nothing to agree on and is ready at once; TLS has its handshake. Reading and writing do this by
    /// themselves: it is for who parks a stream, or wants to know the error by itself.
    ///
    /// # Errors
    /// Why the two could not agree; reading and writing fail with the same error.
    fn poll_open(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let _ = context;
        Poll::Ready(Ok(()))
    }

    /// The socket at the bottom: itself, or the one that it is put over. `None` where there is none, or none that has a name here. Who
    /// wants to know an address, or to set an option, asks this.
    fn socket(&self) -> Option<&dyn Any> {
        None
    }

    /// Whether what is sent is encrypted, and the other end is known or does not care.
    fn is_secure(&self) -> bool {
        false
    }

    /// Ready when [`Stream::try_read`] may be tried; otherwise the context's task will be woken.
    fn poll_readable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.registration().poll_readable(context)
    }

    /// Ready when [`Stream::try_write`] may be tried; otherwise the context's task will be woken.
    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.registration().poll_writable(context)
    }

    /// Waits until there is something to read, or the end of the stream.
    ///
    /// # Errors
    /// When the loop has ended.
    fn readable(&self) -> impl Future<Output = io::Result<()>>
    where
        Self: Sized,
    {
        poll_fn(|context| self.poll_readable(context))
    }

    /// Waits until there is room to write.
    ///
    /// # Errors
    /// When the loop has ended.
    fn writable(&self) -> impl Future<Output = io::Result<()>>
    where
        Self: Sized,
    {
        poll_fn(|context| self.poll_writable(context))
    }

    /// Reads at least one byte, at most `buffer.len()`. `0` is the end of the stream.
    ///
    /// # Errors
    /// As [`Stream::try_read`], without `WouldBlock`.
    fn read(&self, buffer: &mut [u8]) -> impl Future<Output = io::Result<usize>>
    where
        Self: Sized,
    {
        poll_fn(move |context| {
            loop {
                match self.try_read(buffer) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    result => return Poll::Ready(result),
                }
                std::task::ready!(self.poll_readable(context))?;
            }
        })
    }

    /// Writes at least one byte of `bytes` and says how many it took.
    ///
    /// # Errors
    /// As [`Stream::try_write`], without `WouldBlock`.
    fn write(&self, bytes: &[u8]) -> impl Future<Output = io::Result<usize>>
    where
        Self: Sized,
    {
        poll_fn(move |context| {
            loop {
                match self.try_write(bytes) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    result => return Poll::Ready(result),
                }
                std::task::ready!(self.poll_writable(context))?;
            }
        })
    }

    /// Writes all of `bytes`. If it is dropped while it waits, some of them may have been written.
    ///
    /// # Errors
    /// As [`Stream::try_write`], without `WouldBlock`; `WriteZero` when the stream takes no more.
    fn write_all(&self, bytes: &[u8]) -> impl Future<Output = io::Result<()>>
    where
        Self: Sized,
    {
        let mut rest = bytes;
        poll_fn(move |context| {
            while !rest.is_empty() {
                match self.try_write(rest) {
                    Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    Ok(count) => rest = &rest[count..],
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        std::task::ready!(self.poll_writable(context))?;
                    }
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
            Poll::Ready(Ok(()))
        })
    }
}

/// Shares a stream between its users, for instance a task that reads and one that writes.
impl<S: Stream + ?Sized> Stream for Rc<S> {
    fn registration(&self) -> &Registration {
        (**self).registration()
    }
    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        (**self).try_read(buffer)
    }
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        (**self).try_write(bytes)
    }
    fn try_write_vectored(&self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        (**self).try_write_vectored(buffers)
    }
    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        (**self).shutdown(how)
    }
    fn poll_open(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        (**self).poll_open(context)
    }
    fn socket(&self) -> Option<&dyn Any> {
        (**self).socket()
    }
    fn is_secure(&self) -> bool {
        (**self).is_secure()
    }
    fn poll_readable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        (**self).poll_readable(context)
    }
    fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        (**self).poll_writable(context)
    }
}

/// What accepts connections.
pub trait Listener {
    /// The connections that it gives.
    type Stream: Stream + 'static;
    /// How it names the peers.
    type Address: fmt::Debug + Clone + 'static;

    /// The next connection, or the context's task will be woken when there is one.
    ///
    /// # Errors
    /// Only such as concern the listener itself. A connection that its peer gave up before it was accepted is skipped.
    fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<(Self::Stream, Self::Address)>>;

    /// Waits for the next connection.
    ///
    /// # Errors
    /// As [`Listener::poll_accept`].
    fn accept(&self) -> impl Future<Output = io::Result<(Self::Stream, Self::Address)>>
    where
        Self: Sized,
    {
        poll_fn(|context| self.poll_accept(context))
    }
}
