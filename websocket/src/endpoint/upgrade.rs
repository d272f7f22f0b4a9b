//! From an HTTP request to a WebSocket: a server of pages and of sockets on one port. Over HTTP/2 the request is an extended CONNECT (RFC 8441),
//! and a stream of the connection is what becomes a WebSocket.

use std::rc::Rc;

use wirebook_http1::Failure;
use wirebook_http1::parser::Version;
use wirebook_http1::server::{Request, Response};
use wirebook_net::{self as net, Stream};

use super::accepted::{Accepted, Agreed, Options, start};
use super::answer::Headers;
use crate::handshake::server::{Offer, Refusal};

/// Answers a request with 101 and makes a WebSocket of its connection, over HTTP/2 with 200 and of its stream; or refuses it, with the status that says why, and
/// gives `None`.
///
/// The connection is attended by a task of its own, so the halves may go anywhere; the HTTP handler that called this may
/// go on with them itself.
///
/// ```no_run
/// use wirebook_http1::{self as http1, server::{Request, Response}};
/// use wirebook_websocket::{self as websocket, Options};
///
/// wirebook_net::block_on(async {
///     let options = Options::default();
///     http1::serve("127.0.0.1:8000", async move |request: Request<'_>, response: Response<'_>| {
///         let Some(mut socket) = websocket::upgrade(request, response, &options).await? else { return Ok(()) };
///         while let Some(message) = socket.reader.next().await? {
///             socket.writer.send(message).await?;
///         }
///         Ok(())
///     })
///     .expect("the port is free");
/// })
/// .unwrap();
/// ```
///
/// # Errors
/// The connection failed before it was answered.
pub async fn upgrade(
    request: Request<'_>,
    response: Response<'_>,
    options: &Options,
) -> Result<Option<Accepted<Rc<dyn Stream>>>, Failure> {
    upgrade_over(request, response, options, |stream| stream).await
}

/// As [`upgrade`], with a stream of the caller's around the connection's: one that records what passes, for instance.
///
/// # Errors
/// As [`upgrade`].
pub async fn upgrade_over<S: Stream + 'static>(
    request: Request<'_>,
    response: Response<'_>,
    options: &Options,
    wrap: impl FnOnce(Rc<dyn Stream>) -> S,
) -> Result<Option<Accepted<S>>, Failure> {
    let Some((stream, agreed)) = agree(request, response, options).await? else { return Ok(None) };
    let accepted = start(wrap(stream), agreed, options.config.clone());
    net::spawn(accepted.reader.link().clone().attend());
    Ok(Some(accepted))
}

/// Answers a request: with 101 and what is agreed on, or with a refusal and `None`.
pub(super) async fn agree(
    request: Request<'_>,
    response: Response<'_>,
    options: &Options,
) -> Result<Option<(Rc<dyn Stream>, Agreed)>, Failure> {
    let http11 = request.version() == Version::Http11;
    let offer = match request.protocol() {
        Some(protocol) => Offer::read_extended(protocol, request.headers()),
        None => Offer::read(request.method().as_bytes(), http11, request.headers()),
    };
    let acceptance = match offer.and_then(|offer| offer.accept(&options.policy, &options.config)) {
        Ok(acceptance) => acceptance,
        Err(refusal) => return refuse(refusal, response).await.map(|()| None),
    };
    let (target, headers) = (request.target().to_owned(), Headers::copy(request.headers()));
    // `Connection` is the HTTP server's to add.
    let fields = acceptance.fields().filter(|(name, _)| *name != "connection");
    let response = fields.fold(response, |response, (name, value)| response.header(name, value));
    let connection = response.upgrade(request).await?;
    Ok(Some((connection.stream, Agreed { acceptance, target, headers, leftover: connection.head })))
}

async fn refuse(refusal: Refusal, response: Response<'_>) -> Result<(), Failure> {
    let fields = refusal.fields().iter().filter(|(name, _)| *name != "connection");
    let response = response.status(refusal.status()).header("content-type", "text/plain");
    let response = fields.fold(response, |response, (name, value)| response.header(name, value));
    // What a client sends behind its handshake may be frames, and those are not to be read as requests.
    response.header("connection", "close").end(format!("{refusal}\n")).await
}
