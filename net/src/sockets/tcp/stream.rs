//! A TCP connection.

use crate::{
    kernel::{Direction, Registration},
    sockets::stream::Stream,
};
use socket2::{SockRef, TcpKeepalive};
use std::{
    future::{Future, poll_fn},
    io::{self, IoSlice, Read, Write},
    net::{Shutdown, SocketAddr},
    task::{Context, Poll, ready},
    time::Duration,
};

/// Most buffers in one vectored write (`IOV_MAX` of Linux; more would be EINVAL).
pub(crate) const MAX_BUFFERS: usize = 1024;

/// A TCP connection. Dropping it closes it.
///
/// ```
/// use wirebook_net::{self as net, Listener, Stream, tcp::{TcpListener, TcpStream}};
/// net::run(async {
///     let listener = TcpListener::bind("127.0.0.1:0")?;
///     let client = TcpStream::connect(listener.local_addr()?).await?;
///     let (server, _) = listener.accept().await?;
///     client.write_all(b"ping").await?;
///     let mut bytes = [0; 8];
///     assert_eq!(server.read(&mut bytes).await?, 4);
///     std::io::Result::Ok(())
/// }).unwrap();
/// ```
#[derive(Debug)]
pub struct TcpStream {
    registration: Registration,
    io: mio::net::TcpStream,
}

impl TcpStream {
    /// `ready` is what is known of the socket before its first event.
    pub(crate) fn new(mut io: mio::net::TcpStream, ready: u8) -> io::Result<Self> {
        Ok(TcpStream { registration: Registration::new(&mut io, ready)?, io })
    }

    /// Ready when an attempt to connect has succeeded or failed; a spurious event proves neither.
    pub(super) fn poll_connected(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.registration.poll_writable(context))?;
            let outcome = self.registration.try_once(Direction::Write, || {
                if let Some(error) = self.io.take_error()? {
                    return Err(error);
                }
                match self.io.peer_addr() {
                    Err(error) if error.kind() == io::ErrorKind::NotConnected => Err(io::ErrorKind::WouldBlock.into()),
                    result => result.map(drop),
                }
            });
            match outcome {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return Poll::Ready(result),
            }
        }
    }

    /// Looks at bytes that are there without taking them, after waiting for some. `0` is the end of the stream.
    ///
    /// # Errors
    /// As [`Stream::read`].
    pub fn peek(&self, buffer: &mut [u8]) -> impl Future<Output = io::Result<usize>> {
        poll_fn(move |context| {
            loop {
                match self.registration.try_once(Direction::Read, || self.io.peek(buffer)) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    result => return Poll::Ready(result),
                }
                ready!(self.registration.poll_readable(context))?;
            }
        })
    }

    /// The address of this end.
    ///
    /// # Errors
    /// Those of `getsockname`.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_addr()
    }

    /// The address of the other end.
    ///
    /// # Errors
    /// `NotConnected` when the peer is gone, which it may be as soon as the connection is accepted.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.peer_addr()
    }

    /// Sends small writes at once (`TCP_NODELAY`) instead of gathering them until the last one was acknowledged.
    ///
    /// # Errors
    /// Those of `setsockopt`; so with the other options.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.io.set_nodelay(nodelay)
    }

    /// Whether small writes go out at once.
    ///
    /// # Errors
    /// Those of `getsockopt`.
    pub fn nodelay(&self) -> io::Result<bool> {
        self.io.nodelay()
    }

    /// Has the kernel ask a silent peer, after `idle` and then at such intervals, whether it is still there; `None` turns
    /// that off. A peer that vanished without a word is found out by nothing else, except an [idle
    /// timeout](crate::Idle).
    ///
    /// # Errors
    /// Those of `setsockopt`.
    pub fn set_keepalive(&self, idle: Option<Duration>) -> io::Result<()> {
        let socket = SockRef::from(&self.io);
        match idle {
            None => socket.set_keepalive(false),
            Some(idle) => socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(idle).with_interval(idle)),
        }
    }

    /// What closing does with bytes that were not sent: `None` sends them in the background, zero throws them away and
    /// resets the connection. (Another duration would block the loop when the stream is dropped, and is refused.)
    ///
    /// # Errors
    /// `InvalidInput`, and those of `setsockopt`.
    pub fn set_linger(&self, linger: Option<Duration>) -> io::Result<()> {
        if linger.is_some_and(|linger| !linger.is_zero()) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "lingering would block the loop"));
        }
        SockRef::from(&self.io).set_linger(linger)
    }

    /// Breaks the connection off: the peer's operations fail with `ConnectionReset`.
    pub fn reset(self) {
        // If the option cannot be set the connection is closed politely.
        let _ = self.set_linger(Some(Duration::ZERO));
    }

    /// Bytes that the kernel may hold for sending and for receiving, at each one's own discretion (Linux doubles them).
    ///
    /// # Errors
    /// Those of `setsockopt`.
    pub fn set_buffer_sizes(&self, send: Option<usize>, receive: Option<usize>) -> io::Result<()> {
        let socket = SockRef::from(&self.io);
        send.map_or(Ok(()), |size| socket.set_send_buffer_size(size))?;
        receive.map_or(Ok(()), |size| socket.set_recv_buffer_size(size))
    }
}

impl Stream for TcpStream {
    fn registration(&self) -> &Registration {
        &self.registration
    }

    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.registration.try_stream(Direction::Read, buffer.len(), || (&self.io).read(buffer))
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.registration.try_stream(Direction::Write, bytes.len(), || (&self.io).write(bytes))
    }

    fn try_write_vectored(&self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        let buffers = &buffers[..buffers.len().min(MAX_BUFFERS)];
        let asked = buffers.iter().map(|buffer| buffer.len()).sum();
        self.registration.try_stream(Direction::Write, asked, || (&self.io).write_vectored(buffers))
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.io.shutdown(how)
    }
}
