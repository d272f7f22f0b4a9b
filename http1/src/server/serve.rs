//! A server on one loop: it accepts, and has its connections served.

use super::connection::{self, Shared};
use super::connections::Connections;
use super::failure::Outcome;
use super::hooks;
use super::options::Options;
use super::request::Request;
use super::response::Response;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use wirebook_net::tcp::TcpListener;
use wirebook_net::{self as net, Address, JoinHandle, Listener};

/// How long a listener rests that cannot accept.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Turns of the loop between the word to stop and the stop. What stands in the sockets then was asked in time: when the turn that
/// brought the word is over, one accepts the last connections, and one reads their requests. A proxy makes a 502 of what is lost.
const LAST_TURNS: usize = 3;

/// A running server. Dropping it changes nothing; [`until`](Self::until) and [`close`](Self::close) end it.
pub struct Server {
    address: Option<SocketAddr>,
    accepting: JoinHandle<()>,
    connections: Rc<Connections>,
    close_timeout: Duration,
    /// Ends what is still being answered.
    abort: Box<dyn Fn()>,
}

impl Server {
    /// With the address of its listener.
    #[doc(hidden)]
    pub fn at(self, address: SocketAddr) -> Server {
        Server { address: Some(address), ..self }
    }

    /// With more to end, where it does not end by itself.
    #[doc(hidden)]
    pub fn and_ends(self, more: impl Fn() + 'static) -> Server {
        let first = self.abort;
        let abort = Box::new(move || {
            first();
            more();
        });
        Server { abort, ..self }
    }

    /// The address that it listens on; `None` where the listener is not TCP.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Connections that are open now, idle ones too.
    pub fn connections(&self) -> usize {
        self.connections.open()
    }

    // ANCHOR: until
    /// Serves until `stop` comes, then ends: accepts no more, closes the connections that idle, lets the handlers
    /// that are at work finish their answers, with `connection: close`, and waits for them at most for
    /// [`Options::close_timeout`]. Then it breaks off what is left.
    ///
    /// Requests that came before `stop` are answered, too, though the server has not looked at them yet.
    ///
    /// Gives what `stop` gave, such as the result of [`net::ctrl_c`].
    pub async fn until<F: Future>(&self, stop: F) -> F::Output {
        let why = stop.await;
        self.close_soon().await;
        if net::timeout(self.close_timeout, self.closed()).await.is_err() {
            self.abort();
        }
        why
    }
    // ANCHOR_END: until

    /// [`close`](Self::close), some turns of the loop from now: who has asked before the word to stop came is served.
    pub async fn close_soon(&self) {
        for _ in 0..LAST_TURNS {
            net::yield_now().await;
        }
        self.close();
    }

    /// Accepts no more, and closes the connections that idle. Requests that are being answered are answered to their end,
    /// with `connection: close`; wait for them with [`closed`](Self::closed).
    pub fn close(&self) {
        self.accepting.abort();
        self.connections.close();
    }

    /// Says farewell with each answer (`connection: close`, and GOAWAY in HTTP/2), and leaves connections that idle to their clients: who closes an idle
    /// connection may meet a request on its way, and that is lost (RFC 9112 §9.6). New connections are accepted, and answered
    /// once. For a server whose port is served on by others; [`close`](Self::close) comes later.
    pub fn retire(&self) {
        self.connections.retire();
    }

    /// Breaks off what is still being answered.
    pub fn abort(&self) {
        (self.abort)();
    }

    /// Waits until every connection has ended. Call [`close`](Self::close) first.
    pub async fn closed(&self) {
        self.connections.below(1).await;
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let connections = self.connections();
        f.debug_struct("Server").field("address", &self.address).field("connections", &connections).finish()
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
///     let server = http1::serve("127.0.0.1:8000", async |request: Request<'_>, response: Response<'_>| {
///         response.header("content-type", "text/plain").end(request.path()).await
///     })?;
///     server.until(net::ctrl_c()).await
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// Those of [`TcpListener::bind`], with the address.
pub fn serve<H>(address: impl Address, handler: H) -> io::Result<Server>
where
    H: for<'r> AsyncFn(Request<'r>, Response<'r>) -> Outcome + 'static,
{
    serve_with(address, Options::default(), handler)
}

/// [`serve`] with options of your own.
///
/// # Errors
///
/// Those of [`TcpListener::bind`], with the address.
pub fn serve_with<H>(address: impl Address, options: Options, handler: H) -> io::Result<Server>
where
    H: for<'r> AsyncFn(Request<'r>, Response<'r>) -> Outcome + 'static,
{
    let listener = TcpListener::bind(address)?;
    let address = listener.local_addr()?;
    Ok(serve_on(listener, options, handler).at(address))
}

/// Serves HTTP/1.1 on any listener: one of TCP with options of its own, a Unix socket, the simulated network.
pub fn serve_on<L, H>(listener: L, options: Options, handler: H) -> Server
where
    L: Listener + 'static,
    H: for<'r> AsyncFn(Request<'r>, Response<'r>) -> Outcome + 'static,
{
    let shared = Shared::new(options, handler);
    let ours = shared.clone();
    host(listener, &shared, move |stream| connection::begin(Rc::new(stream), ours.clone()))
}

/// A server whose connections begin in a way of their own: they may turn out to speak another protocol.
pub fn host<L, H>(listener: L, shared: &Rc<Shared<H>>, begin: impl Fn(L::Stream) + 'static) -> Server
where
    L: Listener + 'static,
    H: for<'r> AsyncFn(Request<'r>, Response<'r>) -> Outcome + 'static,
{
    let connections = shared.connections.clone();
    let close_timeout = shared.options.close_timeout;
    let (sweeping, accepting, ending) = (shared.clone(), shared.clone(), shared.clone());
    net::spawn(async move {
        sweeping.connections.sweep(&sweeping.options).await;
        sweeping.workers.dismiss();
    });
    let accepting = net::spawn(async move {
        let Options { hooks, max_connections, .. } = &accepting.options;
        loop {
            accepting.connections.below(*max_connections).await;
            match listener.accept().await {
                Ok((stream, _)) => begin(stream),
                // What concerns one connection the listener skips; this is the machine's trouble, and may pass.
                Err(error) => {
                    hooks::call(&hooks.accept_error, &error);
                    net::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    });
    Server { address: None, accepting, connections, close_timeout, abort: Box::new(move || ending.workers.abort()) }
}
