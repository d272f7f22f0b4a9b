//! How a connection is made.

use super::origin::Origin;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;
use wirebook_net::Stream;
use wirebook_net::tcp::{ConnectOptions, TcpStream};
use wirebook_net::unix::UnixStream;

/// After this time the system asks a silent peer whether it is still there, and at such intervals again; so a peer that
/// vanished is given up in some ten minutes although every limit is off. An exchange has
/// [`Timeouts`](super::timeouts::Timeouts), which are shorter; this is for what was upgraded, and for who has switched them off.
pub const KEEP_ALIVE: Duration = Duration::from_secs(60);

/// A connection in the making.
pub(crate) type Connecting = Pin<Box<dyn Future<Output = io::Result<Rc<dyn Stream>>>>>;

/// What makes connections.
pub(crate) type Connector = Box<dyn Fn(Origin) -> Connecting>;

/// Makes a connector of a function, for the agents that bring their own.
pub(crate) fn connector<C, S>(connect: C) -> Connector
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

/// TCP, or a Unix socket where the origin names one; over it TLS, where the origin is secure.
pub(crate) fn over_the_system(origin: Origin) -> Connecting {
    Box::pin(async move {
        if origin.secure { secure::connect(origin, secure::shared()?).await } else { connect(&origin).await }
    })
}

/// The same, with a connector of one's own for TLS, which offers nothing but HTTP/1.1.
#[cfg(feature = "tls")]
pub(crate) fn over_tls(connector: wirebook_tls::Connector) -> Connector {
    let connector = connector.offering_http1();
    Box::new(move |origin| {
        let connector = connector.clone();
        Box::pin(async move {
            if origin.secure { secure::connect(origin, connector).await } else { connect(&origin).await }
        })
    })
}

/// Connects as an agent does below TLS: over TCP, or to the Unix socket that the origin names.
///
/// # Errors
///
/// Those of the system.
pub async fn connect(origin: &Origin) -> io::Result<Rc<dyn Stream>> {
    match &origin.socket_path {
        Some(path) => Ok(Rc::new(UnixStream::connect(path).await?)),
        None => Ok(Rc::new(tcp(origin).await?)),
    }
}

async fn tcp(origin: &Origin) -> io::Result<TcpStream> {
    let local = origin.local_address.map(|address| SocketAddr::new(address, 0));
    // The time limit is the request's.
    let options = ConnectOptions { timeout: None, local, ..ConnectOptions::default() };
    let stream = TcpStream::connect_with((&*origin.host, origin.port), &options).await?;
    // Requests are written whole: Nagle's algorithm could only delay them.
    let _ = stream.set_nodelay(true);
    // Where the system knows no such question, the limits of the exchange are left.
    let _ = stream.set_keepalive(Some(KEEP_ALIVE));
    Ok(stream)
}

#[cfg(feature = "tls")]
mod secure {
    use super::*;
    use wirebook_tls::Connector;

    pub(super) fn shared() -> io::Result<Connector> {
        Ok(Connector::shared()?)
    }

    pub(super) async fn connect(origin: Origin, connector: Connector) -> io::Result<Rc<dyn Stream>> {
        Ok(Rc::new(connector.connect(super::connect(&origin).await?, &origin.host).await?))
    }
}

#[cfg(not(feature = "tls"))]
mod secure {
    use super::*;

    pub(super) fn shared() -> io::Result<()> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "https needs the feature `tls`, or a connector that speaks it"))
    }

    pub(super) async fn connect(_: Origin, (): ()) -> io::Result<Rc<dyn Stream>> {
        shared().and(Err(io::ErrorKind::Unsupported.into()))
    }
}
