//! Sockets that ride with messages: descriptors, whose kind the kernel tells, and values in a simulation.

use crate::ipc::{self, Kind};
use std::{io, os::fd::OwnedFd};
use wirebook_net::{
    SocketKind,
    sim::SimHandle,
    tcp::{TcpListener, TcpStream},
    udp::UdpSocket,
    unix::{UnixListener, UnixStream},
};

impl ipc::Handle for OwnedFd {
    /// Asks the kernel.
    fn is(&self, kind: Kind) -> bool {
        use SocketKind::{TcpListener, TcpStream, Udp4, Udp6, UnixListener, UnixStream};
        let Ok(known) = SocketKind::of(self) else { return false };
        match kind {
            Kind::Server => matches!(known, TcpListener | UnixListener),
            Kind::Socket => matches!(known, TcpStream | UnixStream),
            Kind::Native => matches!(known, TcpListener | UnixListener | TcpStream | UnixStream),
            Kind::Udp4 => known == Udp4,
            Kind::Udp6 => known == Udp6,
            Kind::NativeUdp => matches!(known, Udp4 | Udp6),
        }
    }
}

/// In a simulation a handle is a [`Kind`], or whatever else a test gives away, and then it is of every kind.
impl ipc::Handle for SimHandle {
    fn is(&self, kind: Kind) -> bool {
        self.get::<Kind>().is_none_or(|known| *known == kind)
    }
}

/// A socket on its way: what it is called, and itself.
#[derive(Debug)]
pub struct Handle<H = OwnedFd> {
    /// What the message calls it.
    pub kind: Kind,
    /// The descriptor.
    pub carried: H,
}

impl From<TcpListener> for Handle {
    fn from(listener: TcpListener) -> Handle {
        Handle { kind: Kind::Server, carried: listener.into_fd() }
    }
}

impl From<UnixListener> for Handle {
    fn from(listener: UnixListener) -> Handle {
        Handle { kind: Kind::Server, carried: listener.into_fd() }
    }
}

impl From<TcpStream> for Handle {
    fn from(stream: TcpStream) -> Handle {
        Handle { kind: Kind::Socket, carried: stream.into_fd() }
    }
}

impl From<UnixStream> for Handle {
    fn from(stream: UnixStream) -> Handle {
        Handle { kind: Kind::Socket, carried: stream.into_fd() }
    }
}

impl From<UdpSocket> for Handle {
    fn from(socket: UdpSocket) -> Handle {
        let carried = socket.into_fd();
        let is_v6 = SocketKind::of(&carried).is_ok_and(|kind| kind == SocketKind::Udp6);
        Handle { kind: if is_v6 { Kind::Udp6 } else { Kind::Udp4 }, carried }
    }
}

macro_rules! from_handle {
    ($($socket:ty),*) => {$(
        impl TryFrom<Handle> for $socket {
            type Error = io::Error;

            /// The socket, on this loop; an error when the kernel says that it is another, and then it is closed.
            fn try_from(handle: Handle) -> io::Result<Self> {
                <$socket>::from_fd(handle.carried)
            }
        }
    )*};
}
from_handle!(TcpListener, UnixListener, TcpStream, UnixStream, UdpSocket);
