//! TCP: listeners, streams, and connecting by name.
//!
//! What Node calls by an event name is here something to await:
//!
//! | Node | here |
//! |---|---|
//! | `server.on('listening')` | [`TcpListener::bind`] returned |
//! | `server.on('connection')` | [`Listener::accept`] |
//! | `socket.on('connect')` | [`TcpStream::connect`] |
//! | `socket.on('data')` | [`Stream::read`](crate::Stream::read) gave a count |
//! | `socket.on('end')` | it gave 0 |
//! | `socket.write()` is false, then `drain` | [`Stream::write_all`](crate::Stream::write_all) waits |
//! | `socket.on('timeout')` | [`Idle`](crate::Idle) gives `TimedOut` |
//! | `error` | `Err` |
//! | `close` | the stream was dropped |
//!
//! Those who like the events better find them in [`events`](crate::node).

mod acceptor;
mod connect;
mod stream;

pub(crate) use acceptor::Acceptor;
pub use connect::ConnectOptions;
pub(crate) use stream::MAX_BUFFERS;
pub use stream::TcpStream;

use super::{
    address::Address,
    descriptor::{SocketKind, adopt},
    stream::Listener,
};
use crate::{
    ground::{cannot, sys},
    kernel::{READABLE, Registration, WRITABLE},
};
use mio::unix::SourceFd;
use socket2::{Domain, Protocol, Socket, Type};
use std::{
    cell::Cell,
    io,
    net::SocketAddr,
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
    task::{Context, Poll},
    time::Duration,
};

/// How a [`TcpListener`] listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenOptions {
    /// Connections that the kernel completes and keeps until they are accepted; beyond that it lets the peers try again.
    /// Bounded by `net.core.somaxconn`. 1 024 by default; 0 and 1 leave room for one or two, a negative number is as many as
    /// the system allows.
    pub backlog: i32,
    /// `SO_REUSEADDR`: listen although connections of an earlier process linger in TIME-WAIT. On by default, as
    /// everywhere but on Windows.
    pub reuse_address: bool,
    /// `SO_REUSEPORT`: several sockets listen at one address and the kernel spreads the connections. Off by default.
    pub reuse_port: bool,
    /// For IPv6: take IPv6 alone, and leave IPv4 to another socket. Off by default: `[::]` takes both.
    pub only_v6: bool,
    /// `TCP_NODELAY` for every connection that is accepted; they have it from the listening socket. On by default, as in
    /// Node's HTTP server: who writes whole messages loses by Nagle's algorithm, which holds a second small write back
    /// until the first is acknowledged.
    pub no_delay: bool,
    /// `TCP_USER_TIMEOUT` for every connection that is accepted: how long bytes may lie unacknowledged before the
    /// connection is given up (see [`TcpStream::set_user_timeout`]). None by default; without effect where the system has
    /// no such option.
    pub user_timeout: Option<Duration>,
}

impl Default for ListenOptions {
    fn default() -> Self {
        ListenOptions {
            backlog: 1024,
            reuse_address: true,
            reuse_port: false,
            only_v6: false,
            no_delay: true,
            user_timeout: None,
        }
    }
}

/// A TCP socket that listens.
///
/// When the process has no descriptor left for a new connection (EMFILE), the listener gives up one that it keeps in
/// reserve, accepts, closes that connection so that its peer knows, and takes the reserve back; if even that fails
/// it rests for a tenth of a second. It never spins, and it accepts again as soon as descriptors return.
#[derive(Debug)]
pub struct TcpListener {
    acceptor: Acceptor,
    io: mio::net::TcpListener,
    hears: Cell<bool>,
}

impl TcpListener {
    /// Listens with the default [`ListenOptions`] on the first of the addresses that can be bound; port 0 picks a
    /// free one.
    ///
    /// A host name is looked up here and now, which may block: give an address, or [look it up](crate::lookup) first.
    ///
    /// # Errors
    /// `AddrInUse`, `PermissionDenied`, `AddrNotAvailable`; `InvalidInput` for a text that is no address; when no loop runs
    /// on this thread. Each says which address it is about: "cannot listen on 127.0.0.1:80: permission denied".
    pub fn bind(address: impl Address) -> io::Result<Self> {
        Self::bind_with(address, &ListenOptions::default())
    }

    /// [`TcpListener::bind`] with options of the caller's.
    ///
    /// # Errors
    /// As [`TcpListener::bind`].
    pub fn bind_with(address: impl Address, options: &ListenOptions) -> io::Result<Self> {
        let mut last = Err(io::ErrorKind::InvalidInput.into());
        for address in address.target().resolve("listen on")? {
            last = Self::bind_one(address, options).map_err(cannot(format!("listen on {address}")));
            if last.is_ok() {
                break;
            }
        }
        last
    }

    fn bind_one(address: SocketAddr, options: &ListenOptions) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        socket.set_reuse_address(options.reuse_address)?;
        socket.set_reuse_port(options.reuse_port)?;
        socket.set_tcp_nodelay(options.no_delay)?;
        if options.user_timeout.is_some() {
            match sys::set_user_timeout(&socket, options.user_timeout) {
                Err(error) if error.kind() != io::ErrorKind::Unsupported => return Err(error),
                _ => {}
            }
        }
        if address.is_ipv6() {
            socket.set_only_v6(options.only_v6)?;
        }
        socket.bind(&address.into())?;
        socket.listen(options.backlog)?;
        TcpListener::new(mio::net::TcpListener::from_std(socket.into()))
    }

    /// The listener that a descriptor is: from another process, from a service manager, from another library.
    ///
    /// # Errors
    /// `InvalidInput` when the kernel says that it is something else; those of [`SocketKind::of`](crate::SocketKind::of).
    pub fn from_fd(descriptor: OwnedFd) -> io::Result<Self> {
        TcpListener::new(adopt(descriptor, &[SocketKind::TcpListener])?)
    }

    fn new(mut io: mio::net::TcpListener) -> io::Result<Self> {
        let acceptor = Acceptor::new(Registration::new(&mut io, READABLE)?);
        Ok(TcpListener { acceptor, io, hears: Cell::new(true) })
    }

    /// Takes the socket out of the loop and gives its descriptor, for another loop, process or library.
    pub fn into_fd(mut self) -> OwnedFd {
        if self.hears.get() {
            self.acceptor.forget(&mut self.io);
        }
        self.io.into()
    }

    /// Whether what comes wakes this loop. It does, until one says otherwise: for who keeps a copy of a queue from which another
    /// process accepts. Meanwhile one may look whether something is there ([`TcpListener::poll_accept_fd`]), and is not woken.
    ///
    /// # Errors
    /// Those of `epoll_ctl`.
    pub fn hear(&self, hears: bool) -> io::Result<()> {
        if self.hears.get() != hears {
            self.acceptor.hear(&mut SourceFd(&self.io.as_raw_fd()), hears)?;
            self.hears.set(hears);
        }
        Ok(())
    }

    /// The next connection as a descriptor that is on no loop, for whoever gives it to another process.
    ///
    /// # Errors
    /// As [`Listener::poll_accept`].
    pub fn poll_accept_fd(&self, context: &mut Context<'_>) -> Poll<io::Result<OwnedFd>> {
        self.acceptor.poll(context, || self.io.accept().map(|(io, _)| io.into()))
    }

    /// The address it is bound to.
    ///
    /// # Errors
    /// Those of `getsockname`.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_addr()
    }
}

/// For a copy of it (`try_clone_to_owned`): another process may accept from the same queue.
impl AsFd for TcpListener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.io.as_fd()
    }
}

impl Listener for TcpListener {
    type Stream = TcpStream;
    type Address = SocketAddr;

    fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        self.acceptor.poll(context, || {
            let (io, address) = self.io.accept()?;
            // The send buffer of a new connection is empty: it is writable before any event says so.
            Ok((TcpStream::new(io, WRITABLE)?, address))
        })
    }
}
