//! The server: the handshake on a stream, and a handler for every connection.

use std::future::poll_fn;
use std::io;
use std::net::Shutdown;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::Duration;

use wirebook_http1::parser::{self, Version};
use wirebook_net::tcp::TcpListener;
use wirebook_net::{self as net, Listener, Stream};

use super::accepted::{Accepted, Agreed, MAX_REQUEST, Options, start};
use super::answer::Headers;
use super::fault::Fault;
use super::head::read_head;
use super::serving::{self, Connections, Server};
use crate::config::Config;
use crate::connection::Connection;
use crate::driver::{Link, Reader, Writer, halves};
use crate::event::Code;
use crate::handshake::server::{Acceptance, Offer};

/// Serves WebSocket connections on `address` with default [`Options`]: `handler` is called for each, with its two halves,
/// and the connection is closed when it returns (1000, or 1011 after an error of its own or a panic). What is no handshake is answered as
/// http1's server answers. The server goes on until [`Server::until`] or [`Server::close`].
///
/// ```no_run
/// use wirebook_net as net;
/// use wirebook_websocket::{self as websocket, Reader, Writer};
///
/// net::run(async {
///     let echo = async |mut reader: Reader, writer: Writer| {
///         while let Some(message) = reader.next().await? {
///             writer.send(message).await?;
///         }
///         Ok(())
///     };
///     websocket::serve("127.0.0.1:9000", echo)?.until(net::ctrl_c()).await
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// The address cannot be bound.
pub fn serve<H>(address: &str, handler: H) -> io::Result<Server>
where
    H: AsyncFn(Reader, Writer) -> Result<(), Fault> + 'static,
{
    let listener = TcpListener::bind(address)?;
    let address = listener.local_addr()?;
    Ok(listen(listener, address, Options::default(), Halves(handler)))
}

/// As [`serve`], on any listener, with options; the handler is told the target and the subprotocol too.
pub fn serve_on<L, A, H>(listener: L, address: A, options: Options, handler: H) -> Server<A>
where
    L: Listener + 'static,
    H: AsyncFn(Accepted<L::Stream>) -> Result<(), Fault> + 'static,
{
    listen(listener, address, options, Whole(handler))
}

/// As [`serve_on`], for a handler of two halves.
#[cfg(feature = "tls")]
pub(super) fn serve_halves<L, A, H>(listener: L, address: A, options: Options, handler: H) -> Server<A>
where
    L: Listener + 'static,
    H: AsyncFn(Reader<L::Stream>, Writer<L::Stream>) -> Result<(), Fault> + 'static,
{
    listen(listener, address, options, Halves(handler))
}

/// What is called for a connection. The future is the handler's own: a wrapper's would be kept for as long.
trait Handler<S: Stream + 'static> {
    fn call(&self, accepted: Accepted<S>) -> impl Future<Output = Result<(), Fault>>;
}

struct Halves<H>(H);
struct Whole<H>(H);

impl<S: Stream + 'static, H: AsyncFn(Reader<S>, Writer<S>) -> Result<(), Fault>> Handler<S> for Halves<H> {
    fn call(&self, accepted: Accepted<S>) -> impl Future<Output = Result<(), Fault>> {
        (self.0)(accepted.reader, accepted.writer)
    }
}

impl<S: Stream + 'static, H: AsyncFn(Accepted<S>) -> Result<(), Fault>> Handler<S> for Whole<H> {
    fn call(&self, accepted: Accepted<S>) -> impl Future<Output = Result<(), Fault>> {
        (self.0)(accepted)
    }
}

fn listen<L, A, H>(listener: L, address: A, options: Options, handler: H) -> Server<A>
where
    L: Listener + 'static,
    H: Handler<L::Stream> + 'static,
{
    let (options, connections) = (Rc::new(options), Rc::new(Connections::new()));
    let shared = Rc::new(Shared { options: options.clone(), handler, connections: connections.clone() });
    serving::serve(listener, address, options, connections, move |stream, agreed| {
        net::spawn(one(Box::pin(begin(stream, agreed, shared.clone()))));
    })
}

/// What all connections of a server share.
struct Shared<S, H> {
    options: Rc<Options>,
    handler: H,
    connections: Rc<Connections<S>>,
}

/// One connection, from its answered handshake on. The beginning and the end are boxed, because an open connection should not own
/// the room that they need; for the same reason this has one argument, which a future holds for as long as it lives.
async fn one<S, H>(beginning: Pin<Box<impl Future<Output = (Rc<Link<S>>, Accepted<S>, Place<S, H>)>>>)
where
    S: Stream + 'static,
    H: Handler<S>,
{
    let (link, accepted, place) = beginning.await;
    let mut handling = pin!(place.0.handler.call(accepted));
    let code = poll_fn(|context| {
        // A panic ends this connection and no other, and the peer is told, as http1's server answers 500.
        let turn = catch_unwind(AssertUnwindSafe(|| link.poll_beside(handling.as_mut(), context)));
        Poll::Ready(match turn {
            Ok(Poll::Pending) if !place.0.connections.give_up() => return Poll::Pending,
            Ok(Poll::Pending | Poll::Ready(Ok(()) | Err(Fault::Receive(_) | Fault::Send(_)))) => Code::NORMAL,
            Ok(Poll::Ready(Err(_))) | Err(_) => Code::INTERNAL_ERROR,
        })
    })
    .await;
    Box::pin(link.finish(code)).await;
}

/// Leaves when it is dropped, a panic's way too.
struct Place<S, H>(Rc<Shared<S, H>>);

impl<S, H> Drop for Place<S, H> {
    fn drop(&mut self) {
        self.0.connections.leave();
    }
}

async fn begin<S: Stream + 'static, H>(
    stream: Rc<S>,
    agreed: Agreed,
    shared: Rc<Shared<S, H>>,
) -> (Rc<Link<S>>, Accepted<S>, Place<S, H>) {
    let stream = serving::sole(stream).await;
    let accepted = start(stream, agreed, shared.options.config.clone());
    let link = accepted.reader.link().clone();
    shared.connections.enter(&link);
    (link, accepted, Place(shared))
}

/// Takes the opening handshake of a stream that carries nothing else, and answers it. The connection is attended by a task of
/// its own, so the halves may go anywhere.
///
/// # Errors
/// The request is refused, and was answered so; or the transport failed.
pub async fn accept<S: Stream + 'static>(stream: S, options: &Options) -> Result<Accepted<S>, Fault> {
    let read = net::timeout(options.handshake_timeout, read_request(&stream, options)).await;
    let agreed = match read.unwrap_or(Err(Fault::Head(408))) {
        Ok(agreed) => agreed,
        Err(fault) => return Err(refuse(stream, fault, options.config.close_timeout).await),
    };
    let mut out = Vec::new();
    agreed.acceptance.write(&mut out);
    stream.write_all(&out).await?;
    let accepted = start(stream, agreed, options.config.clone());
    net::spawn(accepted.reader.link().clone().attend());
    Ok(accepted)
}

/// Makes a WebSocket of a stream whose handshake was read and answered elsewhere, by an HTTP server for instance.
/// `leftover` are bytes that came behind the request.
pub fn upgraded<S: Stream + 'static>(
    stream: S,
    acceptance: &Acceptance,
    config: Arc<Config>,
    leftover: &[u8],
) -> (Reader<S>, Writer<S>) {
    let link = Link::new(stream, Connection::server(config, acceptance.deflate, net::now()));
    net::spawn(link.clone().attend());
    halves(&link, leftover)
}

async fn read_request(stream: &impl Stream, options: &Options) -> Result<Agreed, Fault> {
    let mut bytes = Vec::new();
    read_head(stream, &mut bytes, MAX_REQUEST, |bytes, fields, progress, limits| {
        let head = match parser::request(bytes, fields, progress, limits) {
            Ok(head) => head?,
            Err(error) => return Some(Err(Fault::Head(error.rule.status()))),
        };
        let offer = Offer::read(head.method, head.version == Version::Http11, head.fields);
        let acceptance = offer.and_then(|offer| offer.accept(&options.policy, &options.config));
        Some(acceptance.map_err(Fault::Refusal).map(|acceptance| Agreed {
            acceptance,
            target: String::from_utf8_lossy(head.target).into_owned(),
            headers: Headers::copy(head.fields),
            leftover: bytes[head.len()..].to_vec(),
        }))
    })
    .await
}

/// Answers a request that is refused, and ends the transport so that the answer arrives.
async fn refuse<S: Stream>(stream: S, fault: Fault, patience: Duration) -> Fault {
    let mut out = Vec::new();
    match fault {
        Fault::Refusal(refusal) => refusal.write(&mut out),
        Fault::Head(status) => {
            let reason = match status {
                408 => "Request Timeout",
                414 => "URI Too Long",
                431 => "Request Header Fields Too Large",
                505 => "HTTP Version Not Supported",
                _ => "Bad Request",
            };
            let head = format!("HTTP/1.1 {status} {reason}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
            out.extend_from_slice(head.as_bytes());
        }
        fault => return fault,
    }
    let _ = net::timeout(patience, async {
        stream.write_all(&out).await?;
        stream.shutdown(Shutdown::Write)?;
        // Unread bytes at close would make the kernel send a reset, which can overtake the answer.
        poll_fn(|context| {
            loop {
                ready!(stream.poll_readable(context))?;
                match stream.try_read(&mut net::buffer()) {
                    Ok(1..) => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    _ => return Poll::Ready(io::Result::Ok(())),
                }
            }
        })
        .await
    })
    .await;
    fault
}
