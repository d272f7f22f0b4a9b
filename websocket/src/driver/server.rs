//! The server: the handshake on a stream, and a handler for every connection.

use std::future::poll_fn;
use std::io;
use std::net::{Shutdown, SocketAddr};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::Duration;

use wirebook_http1::parser::{self, Fields, Limits, Progress, Version};
use wirebook_net::tcp::{TcpListener, TcpStream};
use wirebook_net::{self as net, Listener, Stream};

use super::Fault;
use super::attendant::Attendant;
use super::half::{Reader, Writer, halves};
use super::link::Link;
use crate::config::Config;
use crate::connection::Connection;
use crate::event::Code;
use crate::handshake::server::{Acceptance, Offer, Policy};

/// Bytes that a handshake request may have.
pub const MAX_REQUEST: usize = 16 << 10;

/// What a server is told beside its handler.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whose pages may connect, and the subprotocols spoken.
    pub policy: Policy,
    /// Limits, compression, heartbeat.
    pub config: Arc<Config>,
    /// How long a client may take to send its whole request. Default 10 s.
    pub handshake_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Options { policy: Policy::default(), config: Arc::default(), handshake_timeout: Duration::from_secs(10) }
    }
}

/// A connection that was accepted.
pub struct Accepted<S: Stream + 'static = TcpStream> {
    /// The half that receives.
    pub reader: Reader<S>,
    /// The half that sends.
    pub writer: Writer<S>,
    /// The request target, as sent: path and query.
    pub target: String,
    /// The subprotocol chosen.
    pub protocol: Option<String>,
}

/// A server that listens.
pub struct Server<A = SocketAddr> {
    task: net::JoinHandle<()>,
    address: A,
}

impl<A> Server<A> {
    /// The address that it is bound to.
    pub fn local_addr(&self) -> &A {
        &self.address
    }

    /// Stops listening. Connections that are open live on.
    pub fn close(self) {
        self.task.abort();
    }
}

/// Serves WebSocket connections on `address` with default [`Options`]: `handler` is called for each, with its two halves,
/// and the connection is closed when it returns (1000, or 1011 after an error of its own). The server goes on until
/// [`Server::close`].
///
/// ```no_run
/// use wirebook_websocket::{self as websocket, Reader, Writer};
///
/// wirebook_net::block_on(async {
///     let server = websocket::serve("127.0.0.1:9000", async |mut reader: Reader, writer: Writer| {
///         while let Some(message) = reader.next().await? {
///             writer.send(message).await?;
///         }
///         Ok(())
///     });
///     println!("listening on {}", server.expect("the port is free").local_addr());
/// })
/// .unwrap();
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
    Ok(listen(listener, address, handle(Options::default(), Halves(handler))))
}

/// As [`serve`], on any listener, with options; the handler is told the target and the subprotocol too.
pub fn serve_on<L, A, H>(listener: L, address: A, options: Options, handler: H) -> Server<A>
where
    L: Listener + 'static,
    H: AsyncFn(Accepted<L::Stream>) -> Result<(), Fault> + 'static,
{
    listen(listener, address, handle(options, Whole(handler)))
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

/// Accepts for ever.
pub(super) fn listen<L, A>(listener: L, address: A, take: impl Fn(L::Stream) + 'static) -> Server<A>
where
    L: Listener + 'static,
{
    let task = net::spawn(async move {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => take(stream),
                // Out of file descriptors, most likely: others may close meanwhile.
                Err(_) => net::sleep(Duration::from_millis(50)).await,
            }
        }
    });
    Server { task, address }
}

fn handle<S: Stream + 'static, H: Handler<S> + 'static>(options: Options, handler: H) -> impl Fn(S) {
    let shared = Rc::new((options, handler));
    move |stream| drop(net::spawn(one(stream, shared.clone())))
}

async fn one<S, H>(stream: S, shared: Rc<(Options, H)>)
where
    S: Stream + 'static,
    H: Handler<S>,
{
    // Boxed, because an open connection should not own the room that its opening and its end need.
    let Ok((accepted, mut attendant)) = Box::pin(open(stream, &shared.0)).await else { return };
    let mut handler = pin!(shared.1.call(accepted));
    let result = poll_fn(|context| attendant.poll_beside(handler.as_mut(), context)).await;
    let own = matches!(result, Some(Err(fault)) if !matches!(fault, Fault::Receive(_) | Fault::Send(_)));
    Box::pin(attendant.finish(if own { Code::INTERNAL_ERROR } else { Code::NORMAL })).await;
}

/// Takes a stream's opening handshake and answers it. The connection is attended by a task of its own, so the halves may
/// go anywhere.
///
/// # Errors
/// The request is refused, and was answered so; or the transport failed.
pub async fn accept<S: Stream + 'static>(stream: S, options: &Options) -> Result<Accepted<S>, Fault> {
    let (accepted, attendant) = open(stream, options).await?;
    attendant.spawn();
    Ok(accepted)
}

/// Takes the handshake and answers it.
pub(super) async fn open<S: Stream + 'static>(
    stream: S,
    options: &Options,
) -> Result<(Accepted<S>, Attendant<S>), Fault> {
    let mut bytes = Vec::new();
    let read = net::timeout(options.handshake_timeout, read_request(&stream, &mut bytes, options)).await;
    let answer = match read {
        Ok(Ok(request)) => request,
        Ok(Err(fault)) => return Err(refuse(stream, fault, options.config.close_timeout).await),
        Err(_) => return Err(refuse(stream, Fault::Head(408), options.config.close_timeout).await),
    };
    let (length, target, acceptance) = answer;
    let mut out = Vec::new();
    acceptance.write(&mut out);
    stream.write_all(&out).await?;
    let (reader, writer, attendant) = start(stream, &acceptance, options.config.clone(), &bytes[length..]);
    Ok((Accepted { reader, writer, target, protocol: acceptance.protocol }, attendant))
}

/// From an answered handshake to the halves.
fn start<S: Stream + 'static>(
    stream: S,
    acceptance: &Acceptance,
    config: Arc<Config>,
    leftover: &[u8],
) -> (Reader<S>, Writer<S>, Attendant<S>) {
    let link = Link::new(stream, Connection::server(config, acceptance.deflate, net::now()));
    let (reader, writer) = halves(&link, leftover);
    (reader, writer, Attendant::new(link))
}

/// Makes a WebSocket of a stream whose handshake was read and answered elsewhere, by an HTTP server for instance.
/// `leftover` are bytes that came behind the request.
pub fn upgraded<S: Stream + 'static>(
    stream: S,
    acceptance: &Acceptance,
    config: Arc<Config>,
    leftover: &[u8],
) -> (Reader<S>, Writer<S>) {
    let (reader, writer, attendant) = start(stream, acceptance, config, leftover);
    attendant.spawn();
    (reader, writer)
}

/// Reads one request head: its length, its target, and what to answer.
async fn read_request(
    stream: &impl Stream,
    bytes: &mut Vec<u8>,
    options: &Options,
) -> Result<(usize, String, Acceptance), Fault> {
    let limits = Limits { head: MAX_REQUEST, ..Limits::default() };
    let mut fields = Fields::new();
    let mut progress = Progress::default();
    loop {
        // The loop's buffer is borrowed only while there is something to read.
        stream.readable().await?;
        {
            let mut buffer = net::buffer();
            match stream.try_read(&mut buffer) {
                Ok(0) => return Err(Fault::Io(io::ErrorKind::UnexpectedEof)),
                Ok(count) => bytes.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error.into()),
            }
        }
        match parser::request(bytes, &mut fields, &mut progress, &limits) {
            Ok(None) => {}
            Ok(Some(head)) => {
                let offer = Offer::read(head.method, head.version == Version::Http11, head.fields);
                let acceptance = offer.and_then(|offer| offer.accept(&options.policy, &options.config));
                let acceptance = acceptance.map_err(Fault::Refusal)?;
                return Ok((head.len(), String::from_utf8_lossy(head.target).into_owned(), acceptance));
            }
            Err(error) => return Err(Fault::Head(error.rule.status())),
        }
    }
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
