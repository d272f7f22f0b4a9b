//! What a server asks of a connection's stream beyond reading and writing, where its kind has it.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use wirebook_net::Stream;
use wirebook_net::sim::SimStream;
use wirebook_net::tcp::TcpStream;

/// The longest interval that Linux takes for TCP's keep-alive.
const MAX_PROBE: Duration = Duration::from_secs(32_767);

/// A stream of any kind. TCP and the simulated network have addresses and can be reset, also below TLS; others have and can not.
pub trait Transport: Stream {
    /// As what it is.
    fn into_stream(self: Rc<Self>) -> Rc<dyn Stream>;
}

impl<S: Stream + 'static> Transport for S {
    /// As what it is.
    fn into_stream(self: Rc<Self>) -> Rc<dyn Stream> {
        self
    }
}

/// These belong to the trait's object and not to the trait, which an `Rc` of a stream would have as well.
impl dyn Transport {
    /// The client's end.
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        match self.kind() {
            Kind::Tcp(stream) => stream.peer_addr().ok(),
            Kind::Simulated(stream) => stream.peer_addr(),
            Kind::Other => None,
        }
    }

    /// This end.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        match self.kind() {
            Kind::Tcp(stream) => stream.local_addr().ok(),
            Kind::Simulated(stream) => stream.local_addr(),
            Kind::Other => None,
        }
    }

    /// Has the connection broken off when it is dropped: to the client that is an error and not an end. On a Unix socket
    /// there is no such thing, and the end looks like any other.
    pub fn reset(&self) {
        match self.kind() {
            // If the option cannot be set the connection is closed politely.
            Kind::Tcp(stream) => stream.set_linger(Some(Duration::ZERO)).unwrap_or_default(),
            Kind::Simulated(stream) => stream.reset(),
            Kind::Other => {}
        }
    }

    /// Has the system ask a silent client whether it is still there.
    pub fn probe(&self, after: Duration) {
        if let Kind::Tcp(stream) = self.kind()
            && !after.is_zero()
            && after != Duration::MAX
        {
            // In whole seconds, and not in none. A system that cannot ask is one that does not.
            let after = after.clamp(Duration::from_secs(1), MAX_PROBE);
            stream.set_keepalive(Some(after)).unwrap_or_default();
        }
    }

    fn kind(&self) -> Kind<'_> {
        let Some(socket) = self.socket() else { return Kind::Other };
        match (socket.downcast_ref(), socket.downcast_ref()) {
            (Some(tcp), _) => Kind::Tcp(tcp),
            (_, Some(simulated)) => Kind::Simulated(simulated),
            _ => Kind::Other,
        }
    }
}

enum Kind<'s> {
    Tcp(&'s TcpStream),
    Simulated(&'s SimStream),
    Other,
}
