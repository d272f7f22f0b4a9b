//! What can be connected to or listened on: an address, several, or a host name and a port.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs},
};

/// Something that names one or more socket addresses; like [`ToSocketAddrs`], except that it does not look host names
/// up by itself, because that blocks.
pub trait Address {
    /// The addresses, or the name that must be looked up for them.
    fn target(&self) -> Target;
}

/// Addresses, or the name that leads to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// In order of preference.
    Addresses(Vec<SocketAddr>),
    /// A host name and a port.
    Name(String, u16),
    /// A text without a port, or with one that is not a number.
    Malformed,
}

impl Target {
    /// The addresses; a name is looked up by the operating system, which blocks.
    ///
    /// # Errors
    /// `InvalidInput` for a malformed text; those of the look-up.
    pub fn resolve_blocking(self) -> io::Result<Vec<SocketAddr>> {
        match self {
            Target::Addresses(addresses) => Ok(addresses),
            Target::Name(host, port) => Ok((host, port).to_socket_addrs()?.collect()),
            Target::Malformed => Err(io::Error::new(io::ErrorKind::InvalidInput, "an address is HOST:PORT")),
        }
    }
}

fn host_and_port(host: &str, port: u16) -> Target {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    match bare.parse::<IpAddr>() {
        Ok(ip) => Target::Addresses(vec![SocketAddr::new(ip, port)]),
        Err(_) if host.is_empty() => Target::Malformed,
        Err(_) => Target::Name(host.to_owned(), port),
    }
}

impl Address for str {
    fn target(&self) -> Target {
        let Some((host, port)) = self.rsplit_once(':') else { return Target::Malformed };
        match port.parse() {
            Ok(port) => host_and_port(host, port),
            Err(_) => Target::Malformed,
        }
    }
}

impl Address for String {
    fn target(&self) -> Target {
        self.as_str().target()
    }
}

impl Address for SocketAddr {
    fn target(&self) -> Target {
        Target::Addresses(vec![*self])
    }
}

impl Address for [SocketAddr] {
    fn target(&self) -> Target {
        Target::Addresses(self.to_vec())
    }
}

impl Address for Vec<SocketAddr> {
    fn target(&self) -> Target {
        Target::Addresses(self.clone())
    }
}

impl Address for (&str, u16) {
    fn target(&self) -> Target {
        host_and_port(self.0, self.1)
    }
}

impl Address for (String, u16) {
    fn target(&self) -> Target {
        host_and_port(&self.0, self.1)
    }
}

impl Address for (IpAddr, u16) {
    fn target(&self) -> Target {
        SocketAddr::from(*self).target()
    }
}

impl Address for (Ipv4Addr, u16) {
    fn target(&self) -> Target {
        SocketAddr::from(*self).target()
    }
}

impl Address for (Ipv6Addr, u16) {
    fn target(&self) -> Target {
        SocketAddr::from(*self).target()
    }
}

impl<A: Address + ?Sized> Address for &A {
    fn target(&self) -> Target {
        (**self).target()
    }
}
