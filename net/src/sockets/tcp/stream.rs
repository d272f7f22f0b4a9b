//! A TCP connection.

use crate::{
    ground::sys,
    kernel::{Direction, Registration, WRITABLE},
    sockets::{
        descriptor::{SocketKind, adopt, adopt_accepted},
        stream::Stream,
    },
};
use socket2::{SockRef, TcpKeepalive};
use std::{
    any::Any,
    future::{Future, poll_fn},
    io::{self, IoSlice, Read, Write},
    net::{Shutdown, SocketAddr},
    os::fd::OwnedFd,
    task::{Context, Poll, ready},
    time::Duration,
};

/// Most buffers in one vectored write (`IOV_MAX` of Linux; more would be EINVAL).
pub(crate) const MAX_BUFFERS: usize = 1024;

/// Seconds: the most that the kernel takes (`MAX_TCP_KEEPIDLE`, `MAX_TCP_KEEPINTVL`).
const LONGEST_KEEPALIVE: u64 = 32_767;
/// The kernel doubles an `int`.
const LARGEST_BUFFER: usize = (i32::MAX / 2) as usize;

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

    /// The connection that a descriptor is.
    ///
    /// # Errors
    /// `InvalidInput` when the kernel says that it is something else; those of [`SocketKind::of`](crate::SocketKind::of), as
    /// `NotConnected` for one that is reset already.
    pub fn from_fd(descriptor: OwnedFd) -> io::Result<Self> {
        TcpStream::new(adopt(descriptor, &[SocketKind::TcpStream])?, WRITABLE)
    }

    /// The connection that another process has accepted, and its peer; what a listener gives, in as few calls of the system. For a
    /// descriptor that came over a channel, where its type was asked for; of any other one ask [`SocketKind::of`](crate::SocketKind::of)
    /// first: a UDP socket with a peer would be taken for a connection.
    ///
    /// # Errors
    /// As [`TcpStream::from_fd`].
    pub fn from_accepted(descriptor: OwnedFd) -> io::Result<(Self, SocketAddr)> {
        let (descriptor, peer) = adopt_accepted(descriptor)?;
        Ok((TcpStream::new(mio::net::TcpStream::from(descriptor), WRITABLE)?, peer))
    }

    /// Takes the socket out of the loop and gives its descriptor, for another loop, process or library.
    pub fn into_fd(mut self) -> OwnedFd {
        self.registration.forget(&mut self.io);
        self.io.into()
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
    /// that off. The kernel counts in whole seconds, from one to 32 767 (nine hours): a part of a second counts as one, and
    /// what is longer as that. A peer that vanished without a word is found out by nothing else, except an [idle
    /// timeout](crate::Idle).
    ///
    /// # Errors
    /// Those of `setsockopt`.
    pub fn set_keepalive(&self, idle: Option<Duration>) -> io::Result<()> {
        let socket = SockRef::from(&self.io);
        match idle {
            None => socket.set_keepalive(false),
            Some(idle) => {
                let seconds = idle.as_secs().saturating_add(u64::from(idle.subsec_nanos() > 0));
                let idle = Duration::from_secs(seconds.clamp(1, LONGEST_KEEPALIVE));
                socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(idle).with_interval(idle))
            }
        }
    }

    /// How long what was written may stay unacknowledged before the kernel gives the connection up with `TimedOut`
    /// (`TCP_USER_TIMEOUT`, RFC 5482): a peer that vanished while it was written to is found out so. `None` and zero leave it
    /// to the system, which tries for about a quarter of an hour. It is counted in milliseconds: a part of one counts as one,
    /// and the longest is 24 days.
    ///
    /// ```
    /// use std::time::Duration;
    /// use wirebook_net::{self as net, tcp::{TcpListener, TcpStream}};
    /// net::block_on(async {
    ///     let listener = TcpListener::bind("127.0.0.1:0")?;
    ///     let stream = TcpStream::connect(listener.local_addr()?).await?;
    ///     match stream.set_user_timeout(Some(Duration::from_secs(20))) {
    ///         Err(error) if error.kind() == std::io::ErrorKind::Unsupported => Ok(()),
    ///         result => result,
    ///     }
    /// }).unwrap().unwrap();
    /// ```
    ///
    /// # Errors
    /// `Unsupported` elsewhere than on Linux; those of `setsockopt`.
    pub fn set_user_timeout(&self, limit: Option<Duration>) -> io::Result<()> {
        sys::set_user_timeout(&self.io, limit)
    }

    /// What [`TcpStream::set_user_timeout`] has set; `None` when it is left to the system.
    ///
    /// # Errors
    /// `Unsupported` elsewhere than on Linux; those of `getsockopt`.
    pub fn user_timeout(&self) -> io::Result<Option<Duration>> {
        sys::user_timeout(&self.io)
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

    /// Bytes that the kernel may hold for sending and for receiving, at each one's own discretion: Linux doubles them, takes
    /// its own least for what is less, and `net.core.wmem_max` or `rmem_max` for what is more. `None` changes nothing.
    ///
    /// # Errors
    /// Those of `setsockopt`.
    pub fn set_buffer_sizes(&self, send: Option<usize>, receive: Option<usize>) -> io::Result<()> {
        let socket = SockRef::from(&self.io);
        send.map_or(Ok(()), |size| socket.set_send_buffer_size(size.min(LARGEST_BUFFER)))?;
        receive.map_or(Ok(()), |size| socket.set_recv_buffer_size(size.min(LARGEST_BUFFER)))
    }
}

impl Stream for TcpStream {
    fn registration(&self) -> &Registration {
        &self.registration
    }

    fn socket(&self) -> Option<&dyn Any> {
        Some(self)
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
