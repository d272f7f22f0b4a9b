//! Where a request goes, and how a connection to there is made.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::pin::Pin;
use std::rc::Rc;
use wirebook_net::Stream;
use wirebook_net::tcp::{ConnectOptions, TcpStream};
use wirebook_net::unix::UnixStream;

/// All that tells connections apart: two requests share one only if all of this is the same (RFC 9110 §4.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// `https`: a connector that speaks TLS is needed.
    pub secure: bool,
    /// The host's name in lower case, or its address; an IPv6 address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The address that this end is bound to, if it matters.
    pub local_address: Option<IpAddr>,
    /// The Unix socket to connect to instead of host and port.
    pub socket_path: Option<PathBuf>,
}

/// A connection in the making.
pub(super) type Connecting = Pin<Box<dyn Future<Output = io::Result<Rc<dyn Stream>>>>>;

/// What makes connections.
pub(super) type Connector = Box<dyn Fn(Origin) -> Connecting>;

/// Makes a connector of a function, for the agents that bring their own.
pub(super) fn connector<C, S>(connect: C) -> Connector
where
    C: AsyncFn(Origin) -> io::Result<S> + 'static,
    S: Stream + 'static,
{
    let connect = Rc::new(connect);
    Box::new(move |origin| {
        let connect = connect.clone();
        Box::pin(async move { Ok(Rc::new(connect(origin).await?) as Rc<dyn Stream>) })
    })
}

/// TCP, or a Unix socket where the origin names one.
pub(super) fn over_the_system(origin: Origin) -> Connecting {
    Box::pin(async move {
        if origin.secure {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "https needs an agent whose connector speaks TLS"));
        }
        if let Some(path) = origin.socket_path {
            return Ok(Rc::new(UnixStream::connect(path).await?) as Rc<dyn Stream>);
        }
        let local = origin.local_address.map(|address| SocketAddr::new(address, 0));
        // The time limit is the request's.
        let options = ConnectOptions { timeout: None, local, ..ConnectOptions::default() };
        let stream = TcpStream::connect_with((&*origin.host, origin.port), &options).await?;
        // Requests are written whole: Nagle's algorithm could only delay them.
        let _ = stream.set_nodelay(true);
        Ok(Rc::new(stream) as Rc<dyn Stream>)
    })
}
