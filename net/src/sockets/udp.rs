//! UDP: one socket, many peers, each datagram by itself.
//!
//! Nothing is queued in this process: a datagram waits in the kernel's buffer until somebody receives it, and when
//! that buffer is full the kernel drops what comes (RFC 8085, section 3, leaves it to the application to cope). So a
//! flood costs no memory here.

use super::{
    address::Address,
    datagram::{Datagrams, Received},
    descriptor::{SocketKind, adopt},
};
use crate::{
    ground::{cannot, cannot_now, sys},
    kernel::{Direction, Registration, WRITABLE},
};
use socket2::SockRef;
use std::{
    future::{Future, poll_fn},
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    os::fd::OwnedFd,
    task::{Poll, ready},
};

/// A UDP socket. It receives from everybody, until it is connected.
///
/// ```
/// use wirebook_net::{self as net, Datagrams, udp::UdpSocket};
/// net::block_on(async {
///     let (one, two) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
///     one.send_to(b"", &two.local_addr().unwrap()).await.unwrap();
///     let mut bytes = [0; 16];
///     let empty = two.recv_from(&mut bytes).await.unwrap();
///     assert_eq!((empty.length, empty.from), (0, one.local_addr().unwrap()));
/// }).unwrap();
/// ```
#[derive(Debug)]
pub struct UdpSocket {
    registration: Registration,
    io: mio::net::UdpSocket,
}

impl UdpSocket {
    /// Binds the first of the addresses that can be bound; port 0 picks a free one. A host name is looked up here and
    /// now, which may block.
    ///
    /// # Errors
    /// `AddrInUse`, `PermissionDenied`, `AddrNotAvailable`; `InvalidInput` for a text that is no address; when no loop runs
    /// on this thread. Each says which address it is about.
    pub fn bind(address: impl Address) -> io::Result<Self> {
        let mut last = Err(io::ErrorKind::InvalidInput.into());
        for address in address.target().resolve("bind")? {
            let bound = mio::net::UdpSocket::bind(address).and_then(UdpSocket::new);
            last = bound.map_err(cannot(format!("bind {address}")));
            if last.is_ok() {
                break;
            }
        }
        last
    }

    /// Binds with `SO_REUSEADDR`, so that several sockets of this machine can receive the same multicast group.
    ///
    /// # Errors
    /// As [`UdpSocket::bind`].
    pub fn bind_shared(address: SocketAddr) -> io::Result<Self> {
        let bind = || {
            let domain = socket2::Domain::for_address(address);
            let socket = socket2::Socket::new(domain, socket2::Type::DGRAM, Some(socket2::Protocol::UDP))?;
            socket.set_reuse_address(true)?;
            socket.set_nonblocking(true)?;
            socket.bind(&address.into())?;
            UdpSocket::new(mio::net::UdpSocket::from_std(socket.into()))
        };
        bind().map_err(cannot(format!("bind {address}")))
    }

    /// The socket that a descriptor is.
    ///
    /// # Errors
    /// `InvalidInput` when the kernel says that it is something else; those of [`SocketKind::of`](crate::SocketKind::of).
    pub fn from_fd(descriptor: OwnedFd) -> io::Result<Self> {
        UdpSocket::new(adopt(descriptor, &[SocketKind::Udp4, SocketKind::Udp6])?)
    }

    /// Takes the socket out of the loop and gives its descriptor, for another loop, process or library.
    pub fn into_fd(mut self) -> OwnedFd {
        self.registration.forget(&mut self.io);
        self.io.into()
    }

    fn new(mut io: mio::net::UdpSocket) -> io::Result<Self> {
        Ok(UdpSocket { registration: Registration::new(&mut io, WRITABLE)?, io })
    }

    /// The address it is bound to.
    ///
    /// # Errors
    /// Those of `getsockname`.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_addr()
    }

    /// The peer that it is connected to.
    ///
    /// # Errors
    /// `NotConnected`.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.peer_addr()
    }

    /// Receives from this peer alone from now on, and lets [`UdpSocket::send`] send to it. Errors that the peer's
    /// machine reports ("nobody listens") reach the socket from now on.
    ///
    /// # Errors
    /// Those of `connect`.
    pub fn connect(&self, peer: SocketAddr) -> io::Result<()> {
        self.io.connect(peer).map_err(cannot(format!("connect to {peer}")))
    }

    /// Sends one datagram to the connected peer.
    ///
    /// # Errors
    /// `ConnectionRefused` when the peer's machine answered an earlier datagram so; `NotConnected`.
    pub fn send(&self, bytes: &[u8]) -> impl Future<Output = io::Result<usize>> {
        poll_fn(move |context| {
            loop {
                match self.registration.try_once(Direction::Write, || self.io.send(bytes)) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    result => return Poll::Ready(result),
                }
                ready!(self.registration.poll_writable(context))?;
            }
        })
    }

    /// Lets datagrams go to a broadcast address.
    ///
    /// # Errors
    /// Those of `setsockopt`; so with the other options.
    pub fn set_broadcast(&self, on: bool) -> io::Result<()> {
        self.io.set_broadcast(on)
    }

    /// Receives what is sent to an IPv4 group, on the interface with that address (`0.0.0.0`: any).
    ///
    /// # Errors
    /// Those of `setsockopt`.
    pub fn join_multicast_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.io.join_multicast_v4(&group, &interface).map_err(cannot(format!("join {group}")))
    }

    /// Takes [`UdpSocket::join_multicast_v4`] back.
    ///
    /// # Errors
    /// Those of `setsockopt`.
    pub fn leave_multicast_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.io.leave_multicast_v4(&group, &interface).map_err(cannot(format!("leave {group}")))
    }

    /// Receives what is sent to an IPv6 group, on the interface with that index (0: any).
    ///
    /// # Errors
    /// Those of `setsockopt`.
    pub fn join_multicast_v6(&self, group: Ipv6Addr, interface: u32) -> io::Result<()> {
        self.io.join_multicast_v6(&group, interface).map_err(cannot(format!("join {group}")))
    }

    /// Takes [`UdpSocket::join_multicast_v6`] back.
    ///
    /// # Errors
    /// Those of `setsockopt`.
    pub fn leave_multicast_v6(&self, group: Ipv6Addr, interface: u32) -> io::Result<()> {
        self.io.leave_multicast_v6(&group, interface).map_err(cannot(format!("leave {group}")))
    }

    /// Whether what this socket sends to a group comes back to this machine; it does unless this turns it off.
    ///
    /// # Errors
    /// Those of `setsockopt`.
    pub fn set_multicast_loop_v4(&self, on: bool) -> io::Result<()> {
        self.io.set_multicast_loop_v4(on)
    }

    /// How many routers a datagram may pass (the TTL of IPv4, the hop limit of IPv6): 1 stays on this network, 255 is the most,
    /// and 64 what most systems begin with. For groups there is an option of its own.
    ///
    /// ```
    /// use wirebook_net::{self as net, udp::UdpSocket};
    /// net::block_on(async {
    ///     let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    ///     socket.set_ttl(1).unwrap();
    ///     assert_eq!(socket.ttl().unwrap(), 1);
    /// }).unwrap();
    /// ```
    ///
    /// # Errors
    /// `InvalidInput` for anything but 1 to 255; those of `setsockopt`.
    pub fn set_ttl(&self, routers: u32) -> io::Result<()> {
        let routers = within(routers, 1, "a datagram")?;
        let socket = SockRef::from(&self.io);
        if self.is_v6()? { socket.set_unicast_hops_v6(routers) } else { socket.set_ttl_v4(routers) }
    }

    /// How many routers a datagram may pass.
    ///
    /// # Errors
    /// Those of `getsockopt`.
    pub fn ttl(&self) -> io::Result<u32> {
        let socket = SockRef::from(&self.io);
        if self.is_v6()? { socket.unicast_hops_v6() } else { socket.ttl_v4() }
    }

    fn is_v6(&self) -> io::Result<bool> {
        Ok(self.local_addr()?.is_ipv6())
    }

    /// How many routers a datagram to an IPv4 group may pass: 0 stays on this machine, 1 (what it begins with) on this
    /// network, 255 is the most.
    ///
    /// # Errors
    /// `InvalidInput` for more than 255; those of `setsockopt`.
    pub fn set_multicast_ttl_v4(&self, routers: u32) -> io::Result<()> {
        self.io.set_multicast_ttl_v4(within(routers, 0, "a datagram to a group")?)
    }

    /// The interface by which datagrams to a group leave.
    ///
    /// # Errors
    /// Those of `setsockopt`.
    pub fn set_multicast_interface_v4(&self, interface: Ipv4Addr) -> io::Result<()> {
        SockRef::from(&self.io).set_multicast_if_v4(&interface)
    }

    /// [`UdpSocket::set_multicast_loop_v4`] for IPv6.
    ///
    /// # Errors
    /// Those of `setsockopt`; so for a socket of IPv4.
    pub fn set_multicast_loop_v6(&self, on: bool) -> io::Result<()> {
        self.io.set_multicast_loop_v6(on)
    }

    /// [`UdpSocket::set_multicast_ttl_v4`] for IPv6, where it is called the hop limit.
    ///
    /// # Errors
    /// `InvalidInput` for more than 255; those of `setsockopt`.
    pub fn set_multicast_hops_v6(&self, routers: u32) -> io::Result<()> {
        SockRef::from(&self.io).set_multicast_hops_v6(within(routers, 0, "a datagram to a group")?)
    }

    /// [`UdpSocket::set_multicast_interface_v4`] for IPv6: the interface's number, 0 for the system's choice.
    ///
    /// # Errors
    /// `NotFound` or another of `setsockopt`, when there is no such interface.
    pub fn set_multicast_interface_v6(&self, interface: u32) -> io::Result<()> {
        SockRef::from(&self.io).set_multicast_if_v6(interface)
    }
}

impl Datagrams for UdpSocket {
    type Address = SocketAddr;

    fn registration(&self) -> &Registration {
        &self.registration
    }

    fn try_recv_from(&self, buffer: &mut [u8]) -> io::Result<Received<SocketAddr>> {
        self.registration.try_once(Direction::Read, || {
            let (length, truncated, from) = sys::receive(&self.io, buffer)?;
            Ok(Received { length, truncated, from: from.as_socket().ok_or(io::ErrorKind::InvalidData)? })
        })
    }

    fn try_send_to(&self, bytes: &[u8], to: &SocketAddr) -> io::Result<usize> {
        let sent = self.registration.try_once(Direction::Write, || self.io.send_to(bytes, *to));
        sent.map_err(cannot_now(|| format!("send to {to}")))
    }
}

/// A number of routers that the protocols' eight bits hold.
fn within(routers: u32, least: u32, what: &str) -> io::Result<u32> {
    if (least..=255).contains(&routers) {
        return Ok(routers);
    }
    let reason = format!("{what} may pass {least} to 255 routers, and not {routers}");
    Err(io::Error::new(io::ErrorKind::InvalidInput, reason))
}
