//! The server driver: joins connections to a loop, and calls your handler.
//!
//! It decides nothing about the protocol: [`Connection`](crate::Connection) does. What it adds is sockets, time, memory:
//! buffers are lent to a connection while it has something to do, so an idle one owns none; the answers to a whole
//! pipeline go out in one write; and every wait has a limit.
//!
//! | file | holds |
//! |---|---|
//! | `mod.rs` | [`serve`], what may be set, the loop that accepts |
//! | `conversation.rs` | one connection, from its first byte to its last |
//! | `request.rs`, `response.rs` | the two sides of a handler |
//! | `exchange.rs` | what these two share while a handler runs |
//! | `desk.rs` | the buffers that are lent |

mod conversation;
mod date;
mod desk;
mod exchange;
mod failure;
mod request;
mod response;

pub use failure::{Failure, Outcome};
pub use request::Request;
pub use response::Response;

use crate::parser::Limits;
use desk::Desks;
use std::cell::Cell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;
use wirebook_net::tcp::{TcpListener, TcpStream};
use wirebook_net::{self as net, Address, JoinHandle, Listener};

/// What a server allows its clients. All of it has a default.
#[derive(Clone, Debug)]
pub struct Options {
    /// Bounds on request heads; a head over them is answered with 431, 414 or 501.
    pub limits: Limits,
    /// Bytes of a request body; one over it is answered with 413. 1 MiB.
    pub max_body: u64,
    /// Time for a whole request head from its first byte on, however busily it trickles; then 408. 10 seconds.
    pub head_timeout: Duration,
    /// Time between two pieces of a request body; then 408. 30 seconds.
    pub body_timeout: Duration,
    /// Time that a connection may idle between two requests, or before the first. 5 seconds, as in Node.
    pub idle_timeout: Duration,
    /// Time in which a client must take some bytes of an answer. 30 seconds.
    pub write_timeout: Duration,
    /// Requests on one connection; the last is answered with `connection: close`. 10 000.
    pub max_requests: u32,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            limits: Limits::default(),
            max_body: 1024 * 1024,
            head_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(5),
            write_timeout: Duration::from_secs(30),
            max_requests: 10_000,
        }
    }
}

/// A running server. Dropping it changes nothing; [`close`](Self::close) ends it.
#[derive(Debug)]
pub struct Server {
    address: Option<SocketAddr>,
    accepting: JoinHandle<()>,
    closing: Rc<Cell<bool>>,
}

impl Server {
    /// The address that it listens on; `None` where the listener is not TCP.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Accepts no more. Requests that are being answered are answered to their end, with `connection: close`.
    pub fn close(&self) {
        self.closing.set(true);
        self.accepting.abort();
    }
}

/// Serves HTTP/1.1 at an address, from the running loop.
///
/// For each request the handler gets a [`Request`] and a [`Response`] to be written to. It runs on the loop's thread;
/// other requests go on whenever it awaits. A handler that fails, or that leaves the response unfinished, gives its
/// client a 500, and costs nobody else anything.
///
/// ```no_run
/// use wirebook_http1::{self as http1, Request, Response};
/// use wirebook_net as net;
///
/// net::run(async {
///     http1::serve("127.0.0.1:8000", async |request: Request<'_>, response: Response<'_>| {
///         response.header("content-type", "text/plain").end(request.path()).await
///     })?;
///     net::ctrl_c().await
/// })??;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// Those of [`TcpListener::bind`].
pub fn serve<H>(address: impl Address, handler: H) -> io::Result<Server>
where
    H: AsyncFn(Request<'_>, Response<'_>) -> Outcome + 'static,
{
    let listener = TcpListener::bind(address)?;
    let address = listener.local_addr()?;
    let server = serve_on(NoDelay(listener), Options::default(), handler);
    Ok(Server { address: Some(address), ..server })
}

/// Serves HTTP/1.1 on any listener: TCP with [`Options`] of your own, a Unix socket, the simulated network.
pub fn serve_on<L, H>(listener: L, options: Options, handler: H) -> Server
where
    L: Listener + 'static,
    H: AsyncFn(Request<'_>, Response<'_>) -> Outcome + 'static,
{
    let closing = Rc::new(Cell::new(false));
    let shared = Rc::new(Shared { handler, options, desks: Desks::default(), closing: closing.clone() });
    let accepting = net::spawn(async move {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => drop(net::spawn(conversation::hold(stream, shared.clone()))),
                // What concerns one connection the listener skips; this is the machine's trouble, and may pass.
                Err(_) => net::sleep(Duration::from_millis(100)).await,
            }
        }
    });
    Server { address: None, accepting, closing }
}

/// What all connections of a server have in common.
struct Shared<H> {
    handler: H,
    options: Options,
    desks: Desks,
    closing: Rc<Cell<bool>>,
}

/// Answers are gathered into whole writes, so Nagle's algorithm could only delay them.
struct NoDelay(TcpListener);

impl Listener for NoDelay {
    type Stream = TcpStream;
    type Address = SocketAddr;

    fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        self.0.poll_accept(context).map_ok(|(stream, address)| {
            // Refused only by a connection that is dead already; its first read says so.
            let _ = stream.set_nodelay(true);
            (stream, address)
        })
    }
}
