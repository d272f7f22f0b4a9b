//! What may ride with a message: Node's five types, and what stands for a descriptor.

/// What a handle is said to be. Node's `type`, which for UDP takes `dgramType` to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `net.Server`: a stream socket that listens.
    Server,
    /// `net.Socket`: a connection.
    Socket,
    /// `net.Native`: a stream socket of either kind. Node's cluster sends its connections so.
    Native,
    /// `dgram.Socket` over IPv4.
    Udp4,
    /// `dgram.Socket` over IPv6.
    Udp6,
    /// `dgram.Native`: a UDP socket of either kind.
    NativeUdp,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 6] = [Kind::Server, Kind::Socket, Kind::Native, Kind::Udp4, Kind::Udp6, Kind::NativeUdp];

    /// Node's name of it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Server => "net.Server",
            Kind::Socket => "net.Socket",
            Kind::Native => "net.Native",
            Kind::Udp4 | Kind::Udp6 => "dgram.Socket",
            Kind::NativeUdp => "dgram.Native",
        }
    }

    /// What Node adds for UDP.
    pub fn datagram_type(self) -> Option<&'static str> {
        match self {
            Kind::Udp4 => Some("udp4"),
            Kind::Udp6 => Some("udp6"),
            _ => None,
        }
    }

    /// The kind of that name.
    pub(super) fn of(name: &str, datagram_type: Option<&str>) -> Option<Kind> {
        let named = |kind: &Kind| kind.name() == name && kind.datagram_type() == datagram_type;
        match (name, datagram_type) {
            ("dgram.Socket", None) => Some(Kind::Udp4),
            ("dgram.Socket", _) => Kind::ALL.into_iter().find(named),
            _ => Kind::ALL.into_iter().find(|kind| kind.name() == name),
        }
    }
}

/// What rides with a message: a descriptor, or what stands for one in a simulation.
pub trait Handle {
    /// Whether it is what it is said to be. A descriptor asks the kernel.
    fn is(&self, kind: Kind) -> bool;
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn every_kind_is_found_by_its_name() {
        for kind in Kind::ALL {
            assert_eq!(Kind::of(kind.name(), kind.datagram_type()), Some(kind));
        }
        assert_eq!(Kind::of("dgram.Socket", None), Some(Kind::Udp4));
        assert_eq!(Kind::of("dgram.Socket", Some("udp7")), None);
        assert_eq!(Kind::of("fs.File", None), None);
    }
}
