//! A server over TLS: what the two ends have agreed on (ALPN, RFC 7301) says which protocol they speak.

use super::options::Options;
use super::serve::serve_secure_on;
use std::io;
use wirebook_http1::server::{Outcome, Request, Response, Server};
use wirebook_net::Address;
use wirebook_net::tcp::{TcpListener, TcpStream};
use wirebook_tls::{Acceptor, HTTP1, HTTP2, Identity, TlsListener, TlsStream};

/// [`serve`](super::serve()) over TLS, as browsers speak HTTP/2: Node's `http2.createSecureServer`. HTTP/1.1 is spoken to whoever does not
/// know better.
///
/// ```no_run
/// use wirebook_http2::{self as http2, Request, Response};
/// use wirebook_net as net;
/// use wirebook_tls::Identity;
///
/// net::run(async {
///     let identity = Identity::files("fullchain.pem", "privkey.pem")?;
///     let server = http2::serve_secure("127.0.0.1:8443", &identity, async |request: Request<'_>, response: Response<'_>| {
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
    serve_secure_with(address, identity, Options::default(), handler)
}

/// [`serve_secure`] with options of your own. They say which protocols are offered.
///
/// # Errors
///
/// As [`serve_secure`].
pub fn serve_secure_with<H>(
    address: impl Address,
    identity: &Identity,
    options: Options,
    handler: H,
) -> io::Result<Server>
where
    H: for<'r> AsyncFn(Request<'r>, Response<'r>) -> Outcome + 'static,
{
    let protocols = if options.allow_http1 { vec![HTTP2.into(), HTTP1.into()] } else { vec![HTTP2.into()] };
    let acceptor = Acceptor::new(identity, &wirebook_tls::Options { protocols, ..Default::default() })?;
    let listener = TcpListener::bind(address)?;
    let address = listener.local_addr()?;
    let listener = TlsListener::new(listener, acceptor);
    Ok(serve_secure_on(listener, options, handler, |stream: &TlsStream<TcpStream>| stream.protocol()).at(address))
}
