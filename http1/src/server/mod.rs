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
//! | `idle.rs` | connections with nothing to do |
//! | `workers.rs` | the tasks of those who have something to do |
//! | `threads.rs` | the same server on several threads |
//! | `upgrade.rs`, `file.rs`, `hooks.rs`, `date.rs`, `failure.rs` | what their names say |
//!
//! # Node's events
//!
//! | Node | here |
//! |---|---|
//! | `request` | the handler |
//! | `connection`, `close`, `clientError` | [`Hooks`] |
//! | `checkContinue` | a handler that reads the body sends 100; one that answers without reading does not |
//! | `upgrade`, `connect` | [`Response::upgrade`] in the handler; without it an upgrade is ignored, and CONNECT refused |

mod conversation;
mod date;
mod desk;
mod exchange;
mod failure;
mod file;
mod hooks;
mod idle;
mod request;
mod response;
mod threads;
mod upgrade;
mod workers;

pub use exchange::Trouble;
pub use failure::{Failure, Outcome};
pub use hooks::{Hook, Hooks};
pub use request::Request;
pub use response::Response;
pub use threads::{Threads, serve_threads};
pub use upgrade::Upgraded;

use crate::parser::Limits;
use desk::Desks;
use idle::Connections;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use wirebook_net::tcp::TcpListener;
use wirebook_net::{self as net, Address, JoinHandle, Listener};
use workers::Workers;

/// What a server allows its clients, and whom it tells. All of it has a default.
#[derive(Clone, Debug)]
pub struct Options {
    /// Bounds on request heads; a head over them is answered with 431, 414 or 501. A head has at most 48 KiB here, so
    /// that a connection holds less than 64 KiB before its request is dispatched; a parser takes up to 64 KiB.
    pub limits: Limits,
    /// Bytes of a request body; one over it is answered with 413. 1 MiB.
    pub max_body: u64,
    /// Time for a whole request head from its first byte on, however busily it trickles; then 408. 10 seconds.
    pub head_timeout: Duration,
    /// Time between two pieces of a request body; then 408. 30 seconds.
    pub body_timeout: Duration,
    /// Bytes a second that a body must bring on average once it has been waited for for four seconds; then 408. 256; 0
    /// turns it off, for clients that pause within a body on purpose.
    pub min_body_rate: u64,
    /// Time that a connection may idle between two requests, or before the first. 5 seconds, as in Node; exact to an
    /// eighth of itself, but at most to a second.
    pub idle_timeout: Duration,
    /// Time in which a client must take some bytes of an answer. 30 seconds.
    pub write_timeout: Duration,
    /// Connections at one time; further ones wait in the listener's backlog. 65 536. With several threads, for each.
    pub max_connections: usize,
    /// Requests on one connection; the last is answered with `connection: close`. A million.
    pub max_requests_per_connection: u32,
    /// Whom the server tells of what happens outside of requests.
    pub hooks: Hooks,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            limits: Limits { head: DEFAULT_HEAD, ..Limits::default() },
            max_body: 1024 * 1024,
            head_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            min_body_rate: 256,
            idle_timeout: Duration::from_secs(5),
            write_timeout: Duration::from_secs(30),
            max_connections: 65_536,
            max_requests_per_connection: 1_000_000,
            hooks: Hooks::default(),
        }
    }
}

/// A running server. Dropping it changes nothing; [`close`](Self::close) ends it.
#[derive(Debug)]
pub struct Server {
    address: Option<SocketAddr>,
    accepting: JoinHandle<()>,
    connections: Rc<Connections>,
}

impl Server {
    /// The address that it listens on; `None` where the listener is not TCP.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Connections that are open now, idle ones too.
    pub fn connections(&self) -> usize {
        self.connections.open()
    }

    /// Accepts no more, and closes the connections that idle. Requests that are being answered are answered to their end,
    /// with `connection: close`; wait for them with [`closed`](Self::closed).
    pub fn close(&self) {
        self.accepting.abort();
        self.connections.close();
    }

    /// Waits until every connection has ended. Call [`close`](Self::close) first.
    pub async fn closed(&self) {
        self.connections.below(1).await;
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
/// })?;
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
    let server = serve_on(listener, Options::default(), handler);
    Ok(Server { address: Some(address), ..server })
}

/// Serves HTTP/1.1 on any listener: TCP with [`Options`] of your own, a Unix socket, the simulated network.
pub fn serve_on<L, H>(listener: L, options: Options, handler: H) -> Server
where
    L: Listener + 'static,
    H: AsyncFn(Request<'_>, Response<'_>) -> Outcome + 'static,
{
    let connections = Rc::new(Connections::default());
    let idle_timeout = options.idle_timeout;
    let (desks, workers) = (Desks::default(), Workers::default());
    let shared = Rc::new(Shared { handler, options, desks, workers, connections: connections.clone() });
    let sweeping = shared.clone();
    net::spawn(async move {
        sweeping.connections.sweep(idle_timeout).await;
        sweeping.workers.dismiss();
    });
    let accepting = net::spawn(async move {
        loop {
            shared.connections.below(shared.options.max_connections).await;
            match listener.accept().await {
                Ok((stream, _)) => conversation::begin(Rc::new(stream), shared.clone()),
                // What concerns one connection the listener skips; this is the machine's trouble, and may pass.
                Err(_) => net::sleep(ACCEPT_PAUSE).await,
            }
        }
    });
    Server { address: None, accepting, connections }
}

/// What all connections of a server have in common.
struct Shared<H> {
    handler: H,
    options: Options,
    desks: Desks,
    workers: Workers<H>,
    connections: Rc<Connections>,
}

/// Bytes of a request head, by default.
const DEFAULT_HEAD: usize = 48 * 1024;

/// How long a listener rests that cannot accept.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
