//! Descriptors: what a number that came from another process really is, and streams beside whose bytes they travel.
//!
//! A program is *told* what a descriptor is, by whoever sent it; the kernel *knows*. So [`SocketKind::of`] asks the kernel, and
//! every `from_fd` in this room does so before it believes.

use super::stream::Stream;
use crate::ground::sys;
use socket2::{Domain, SockRef, Type};
use std::{
    future::{Future, poll_fn},
    io,
    net::SocketAddr,
    os::fd::{AsFd, OwnedFd},
    task::{Poll, ready},
};

/// Most descriptors that travel with one message (`SCM_MAX_FD` of Linux; unix(7)).
pub const MAX_DESCRIPTORS: usize = sys::MAX_DESCRIPTORS;

/// What the kernel says of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SocketKind {
    /// Listens for TCP.
    TcpListener,
    /// A TCP connection. One whose peer has reset it is none any more.
    TcpStream,
    /// UDP over IPv4.
    Udp4,
    /// UDP over IPv6.
    Udp6,
    /// Listens at a path or an abstract name.
    UnixListener,
    /// A connection at this machine.
    UnixStream,
    /// Datagrams at this machine.
    UnixDatagram,
}

impl SocketKind {
    /// Asks the kernel: for the type (`SO_TYPE`), of a stream for its peer, whose family is its own, and only where it has none
    /// whether it listens (`SO_ACCEPTCONN`, `SO_DOMAIN`).
    ///
    /// ```
    /// use wirebook_net::SocketKind;
    /// let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    /// assert_eq!(SocketKind::of(&socket).unwrap(), SocketKind::Udp4);
    /// assert!(SocketKind::of(&std::fs::File::open("/dev/null").unwrap()).is_err());
    /// ```
    ///
    /// # Errors
    /// That it is no socket at all (`ENOTSOCK`; `EBADF` for a descriptor that was opened with `O_PATH`); `NotConnected` for a
    /// stream without a peer; `InvalidInput` for a socket of another family.
    pub fn of(descriptor: &impl AsFd) -> io::Result<SocketKind> {
        let socket = SockRef::from(descriptor);
        // What is no socket is an error here, and so is a descriptor that only names a file (`O_PATH`).
        let kind = socket.r#type()?;
        let (domain, listens) = match (kind == Type::STREAM).then(|| socket.peer_addr()) {
            Some(Ok(peer)) => (peer.domain(), false),
            Some(Err(_)) if socket.is_listener()? => (sys::domain(descriptor)?, true),
            Some(Err(no_peer)) => return Err(no_peer),
            None => (sys::domain(descriptor)?, false),
        };
        match (domain, kind, listens) {
            (Domain::IPV4 | Domain::IPV6, Type::STREAM, true) => Ok(SocketKind::TcpListener),
            (Domain::IPV4 | Domain::IPV6, Type::STREAM, false) => Ok(SocketKind::TcpStream),
            (Domain::IPV4, Type::DGRAM, _) => Ok(SocketKind::Udp4),
            (Domain::IPV6, Type::DGRAM, _) => Ok(SocketKind::Udp6),
            (Domain::UNIX, Type::STREAM, true) => Ok(SocketKind::UnixListener),
            (Domain::UNIX, Type::STREAM, false) => Ok(SocketKind::UnixStream),
            (Domain::UNIX, Type::DGRAM, _) => Ok(SocketKind::UnixDatagram),
            _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a socket of another family")),
        }
    }
}

/// What another process has accepted, and a [`Carrier`] has brought: a TCP connection, which the kernel says by naming its peer; prepared
/// for a loop. That it is a stream whoever received it has asked, and no program inherits what a carrier brings.
pub(super) fn adopt_accepted(descriptor: OwnedFd) -> io::Result<(OwnedFd, SocketAddr)> {
    let socket = SockRef::from(&descriptor);
    let peer = socket.peer_addr()?.as_socket();
    let peer = peer.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it is no TCP connection"))?;
    socket.set_nonblocking(true)?;
    Ok((descriptor, peer))
}

/// Makes a socket of `wanted` out of a descriptor, after asking the kernel what it is; prepared for a loop.
pub(super) fn adopt<T: From<OwnedFd>>(descriptor: OwnedFd, wanted: &[SocketKind]) -> io::Result<T> {
    let kind = SocketKind::of(&descriptor)?;
    if !wanted.contains(&kind) {
        let reason = format!("the kernel says that it is a {kind:?}");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
    }
    let socket = SockRef::from(&descriptor);
    socket.set_nonblocking(true)?;
    socket.set_cloexec(true)?;
    Ok(T::from(descriptor))
}

/// What [`Carrier::try_receive_with`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceivedWith {
    /// How many bytes of the buffer it filled; 0 is the end of the stream.
    pub length: usize,
    /// More descriptors were sent than this process could take, and the system has closed some (`MSG_CTRUNC`): as a rule,
    /// because its limit of open descriptors is reached.
    pub cut: bool,
}

/// A stream beside whose bytes descriptors travel: a Unix stream (`SCM_RIGHTS`, unix(7)), or a simulated one.
///
/// Descriptors travel with the first byte that is sent with them. One read may give bytes that were sent before it together
/// with them, and never bytes of a later message that has descriptors of its own.
pub trait Carrier: Stream {
    /// What travels: a descriptor, or what stands for one.
    type Carried;

    /// Sends what fits, without waiting; once a byte of it is taken, all that is `carried` is on its way, and a copy of each
    /// stays here.
    ///
    /// # Errors
    /// As [`Stream::try_write`]; `InvalidInput` for more than [`MAX_DESCRIPTORS`], or for descriptors without a byte.
    fn try_send_with(&self, bytes: &[u8], carried: &[&Self::Carried]) -> io::Result<usize>;

    /// Receives what is there, and puts what came beside it behind what `carried` holds.
    ///
    /// # Errors
    /// As [`Stream::try_read`].
    fn try_receive_with(&self, buffer: &mut [u8], carried: &mut Vec<Self::Carried>) -> io::Result<ReceivedWith>;

    /// Sends at least the first of these bytes, and all that is `carried`; says how many bytes it took.
    ///
    /// # Errors
    /// As [`Carrier::try_send_with`], without `WouldBlock`.
    fn send_with(&self, bytes: &[u8], carried: &[&Self::Carried]) -> impl Future<Output = io::Result<usize>>
    where
        Self: Sized,
    {
        poll_fn(move |context| {
            loop {
                match self.try_send_with(bytes, carried) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    result => return Poll::Ready(result),
                }
                ready!(self.poll_writable(context))?;
            }
        })
    }

    /// Waits for bytes, and receives them with what came beside them.
    ///
    /// # Errors
    /// As [`Carrier::try_receive_with`], without `WouldBlock`.
    fn receive_with(
        &self,
        buffer: &mut [u8],
        carried: &mut Vec<Self::Carried>,
    ) -> impl Future<Output = io::Result<ReceivedWith>>
    where
        Self: Sized,
    {
        poll_fn(move |context| {
            loop {
                match self.try_receive_with(buffer, carried) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    result => return Poll::Ready(result),
                }
                ready!(self.poll_readable(context))?;
            }
        })
    }
}

/// What every implementor refuses.
pub(crate) fn check_carried(bytes: &[u8], carried: usize) -> io::Result<()> {
    let invalid = |text| Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    match (bytes, carried) {
        ([], 1..) => invalid("a descriptor travels with a byte"),
        (_, count) if count > MAX_DESCRIPTORS => invalid("a message carries at most 253 descriptors"),
        _ => Ok(()),
    }
}
