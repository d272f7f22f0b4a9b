//! TCP: a listener and its streams.

use crate::{
    address::{Address, Target},
    source::{Direction, READABLE, Registration, WRITABLE},
    stream::{Listener, Stream},
};
use std::{
    future::poll_fn,
    io::{self, IoSlice, Read, Write},
    net::{Shutdown, SocketAddr},
    task::{Context, Poll, ready},
};

/// Most buffers in one vectored write (`IOV_MAX`; more would be EINVAL).
pub(crate) const MAX_BUFFERS: usize = 1024;

/// A TCP socket that listens.
#[derive(Debug)]
pub struct TcpListener {
    registration: Registration,
    io: mio::net::TcpListener,
}

impl TcpListener {
    /// Listens on the first of the addresses that can be bound; port 0 picks a free one. `SO_REUSEADDR` is set.
    ///
    /// A host name is looked up here and now, which may block: give an address, or look it up first.
    ///
    /// # Errors
    /// `AddrInUse`, `PermissionDenied`, `AddrNotAvailable`; when no loop runs on this thread.
    pub fn bind(address: impl Address) -> io::Result<Self> {
        let mut last = io::Error::from(io::ErrorKind::InvalidInput);
        for address in address.target().resolve_blocking()? {
            match mio::net::TcpListener::bind(address) {
                Ok(mut io) => {
                    let registration = Registration::new(&mut io, READABLE)?;
                    return Ok(TcpListener { registration, io });
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// The address it is bound to.
    ///
    /// # Errors
    /// Those of `getsockname`.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_addr()
    }
}

impl Listener for TcpListener {
    type Stream = TcpStream;
    type Address = SocketAddr;

    fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        loop {
            match self.registration.try_once(Direction::Read, || self.io.accept()) {
                Ok((io, address)) => return Poll::Ready(TcpStream::new(io, WRITABLE).map(|stream| (stream, address))),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(self.registration.poll_readable(context))?;
                }
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

/// A TCP connection. Dropping it closes it.
#[derive(Debug)]
pub struct TcpStream {
    registration: Registration,
    io: mio::net::TcpStream,
}

impl TcpStream {
    /// `ready` is what is known of the socket before its first event.
    pub(crate) fn new(mut io: mio::net::TcpStream, ready: u8) -> io::Result<Self> {
        let registration = Registration::new(&mut io, ready)?;
        Ok(TcpStream { registration, io })
    }

    /// Connects to the first address that answers.
    ///
    /// # Errors
    /// `ConnectionRefused`, `TimedOut` and the like: of the last address that was tried.
    pub async fn connect(address: impl Address) -> io::Result<Self> {
        let addresses = match address.target() {
            Target::Addresses(addresses) => addresses,
            name => crate::spawn_blocking(move || name.resolve_blocking()).await??,
        };
        let mut last = io::Error::from(io::ErrorKind::InvalidInput);
        for address in addresses {
            match Self::connect_one(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn connect_one(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::new(mio::net::TcpStream::connect(address)?, 0)?;
        poll_fn(|context| stream.poll_writable(context)).await?;
        if let Some(error) = stream.io.take_error()? {
            return Err(error);
        }
        stream.io.peer_addr()?;
        Ok(stream)
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
    /// Those of `setsockopt`.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.io.set_nodelay(nodelay)
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
