//! A server over TLS: the same server, on a listener that puts TLS over what it accepts.

use super::failure::Outcome;
use super::options::Options;
use super::request::Request;
use super::response::Response;
use super::serve::{Server, serve_on};
use std::io;
use wirebook_net::Address;
use wirebook_net::tcp::TcpListener;
use wirebook_tls::{Acceptor, Identity, TlsListener};

/// [`serve`](super::serve()) over TLS: Node's `https.createServer`.
///
/// A client that speaks HTTP in clear text is told so with a 400; whoever cannot agree with us is told by TLS, and
/// [`Hooks::open_error`](super::Hooks::open_error) is. The handshake has ten seconds from its first byte on
/// ([`wirebook_tls::Options::handshake_timeout`]); before that byte a connection may idle as long as any other.
///
/// ```no_run
/// use wirebook_http1::{self as http1, Request, Response};
/// use wirebook_net as net;
/// use wirebook_tls::Identity;
///
/// net::run(async {
///     let identity = Identity::files("fullchain.pem", "privkey.pem")?;
///     let server = http1::serve_secure("127.0.0.1:8443", &identity, async |request: Request<'_>, response: Response<'_>| {
///         response.header("content-type", "text/plain").end(request.path()).await
///     })?;
///     server.until(net::ctrl_c()).await
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// Those of [`TcpListener::bind`], with the address, and of [`Acceptor::new`].
pub fn serve_secure<H>(address: impl Address, identity: &Identity, handler: H) -> io::Result<Server>
where
    H: for<'r> AsyncFn(Request<'r>, Response<'r>) -> Outcome + 'static,
{
    serve_secure_with(address, Acceptor::new(identity, &Default::default())?, Options::default(), handler)
}

/// [`serve_secure`] with options of your own, for HTTP and for TLS.
///
/// # Errors
///
/// Those of [`TcpListener::bind`], with the address.
pub fn serve_secure_with<H>(
    address: impl Address,
    acceptor: Acceptor,
    options: Options,
    handler: H,
) -> io::Result<Server>
where
    H: for<'r> AsyncFn(Request<'r>, Response<'r>) -> Outcome + 'static,
{
    let listener = TcpListener::bind(address)?;
    let address = listener.local_addr()?;
    Ok(serve_on(TlsListener::new(listener, acceptor), options, handler).at(address))
}
