//! A server on several threads: a loop on each, and the kernel spreads the connections over them.
//!
//! Each loop is a server of its own, with its own listener (`SO_REUSEPORT`), its own buffers, its own table of connections;
//! they share an address and nothing else, so no request waits for a lock. What crosses threads is the word to close, and
//! the word that a loop has.

use super::failure::Outcome;
use super::options::Options;
use super::request::Request;
use super::response::Response;
use super::serve::serve_on;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use wirebook_net::tcp::{ListenOptions, TcpListener};
use wirebook_net::{self as net, Address, SharedSignal};

/// A running server on several threads. Dropping it changes nothing; [`close`](Self::close) ends it.
pub struct Threads {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Threads {
    /// The address that all loops listen on.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The loops that have not yet come to their end.
    pub fn running(&self) -> usize {
        self.shared.running.load(SeqCst)
    }

    /// Has every loop do what [`Server::until`](super::Server::until) does when it stops.
    pub fn close(&self) {
        self.shared.close();
    }

    /// Serves until `stop` comes, then has every loop do what [`Server::until`](super::Server::until) does.
    ///
    /// Gives what `stop` gave.
    pub async fn until<F: Future>(&self, stop: F) -> F::Output {
        let why = stop.await;
        self.close();
        self.closed().await;
        why
    }

    /// Waits until every loop has ended. Call [`close`](Self::close) first.
    pub async fn closed(&self) {
        self.shared.changed.until(|| (self.running() == 0).then_some(())).await;
    }
}

impl fmt::Debug for Threads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Threads").field("address", &self.address).field("running", &self.running()).finish()
    }
}

// ANCHOR: serve_threads
/// Serves HTTP/1.1 at an address from that many new threads, with a loop on each: `threads: n`.
///
/// `handler` is called once on each thread and makes the handler of its loop. So a handler may hold what belongs to one
/// loop, such as an [`Agent`](crate::Agent), and need not be `Send`; what all shall see is in an `Arc` or an atomic.
///
/// [`Options`] hold for each loop: `max_connections` bounds the connections of one. The kernel chooses a loop by a hash of
/// the addresses (Linux; on other systems one loop may get them all), so that the shares are equal only on average. A
/// second server at the address is an error all the same: the first loop looks whether somebody listens there.
///
/// Returns when all listen; until then it blocks. The caller's thread needs no loop; with one it can wait for
/// [`Threads::closed`].
///
/// ```no_run
/// use wirebook_http1::server::{Options, serve_threads};
/// use wirebook_http1::{Request, Response};
/// use wirebook_net as net;
///
/// let server = serve_threads("127.0.0.1:0", 2, Options::default(), || {
///     async |request: Request<'_>, response: Response<'_>| response.end(request.path()).await
/// })?;
/// println!("listening on {}", server.local_addr());
/// net::run(async move { server.until(net::ctrl_c()).await })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// Those of [`TcpListener::bind`], with the address, and of starting a thread; `InvalidInput` for no threads at all. The loops that had
/// begun are closed.
pub fn serve_threads<M, H>(address: impl Address, threads: usize, options: Options, handler: M) -> io::Result<Threads>
where
    M: Fn() -> H + Clone + Send + 'static,
    H: for<'r> AsyncFn(Request<'r>, Response<'r>) -> Outcome + 'static,
{
    if threads == 0 {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "a server needs a thread"));
    }
    let shared = Arc::<Shared>::default();
    let mut addresses = address.target().resolve_blocking()?;
    let reuse_port = threads > 1;
    if reuse_port {
        look(&addresses)?;
    }
    for number in 1..=threads {
        let (started, starts) = sync_channel(1);
        let running = Running::new(&shared);
        let (options, handler, addresses_here) = (options.clone(), handler.clone(), addresses.clone());
        let begun = thread::Builder::new()
            .name(format!("http1-{number}"))
            .spawn(move || one_loop(addresses_here, reuse_port, options, handler, &running, &started))
            .and_then(|_| starts.recv().unwrap_or_else(|_| Err(io::Error::other("a loop did not start"))));
        match begun {
            // Port 0 was a free one for the first loop, and is that one for the others.
            Ok(bound) => addresses = vec![bound],
            Err(error) => {
                shared.close();
                return Err(error);
            }
        }
    }
    Ok(Threads { address: addresses[0], shared })
}
// ANCHOR_END: serve_threads

/// Listens for a moment without `SO_REUSEPORT`, which fails where anybody does: two servers that share an address by
/// mistake would each get half of the connections. Of several addresses the first that can be had is the one.
fn look(addresses: &[SocketAddr]) -> io::Result<()> {
    std::net::TcpListener::bind(addresses).map(drop).map_err(|error| {
        let at = addresses.iter().map(SocketAddr::to_string).collect::<Vec<_>>().join(" or ");
        io::Error::new(error.kind(), format!("cannot listen on {at}: {error}"))
    })
}

/// What one thread does: it serves until it is told to close and has answered who had asked.
fn one_loop<M, H>(
    addresses: Vec<SocketAddr>,
    reuse_port: bool,
    options: Options,
    handler: M,
    running: &Running,
    started: &SyncSender<io::Result<SocketAddr>>,
) where
    M: Fn() -> H + 'static,
    H: for<'r> AsyncFn(Request<'r>, Response<'r>) -> Outcome + 'static,
{
    let (shared, report) = (running.shared.clone(), started.clone());
    let ended = net::block_on(async move {
        let listen = ListenOptions { reuse_port, ..ListenOptions::default() };
        let bound = TcpListener::bind_with(addresses, &listen);
        let bound = bound.and_then(|listener| Ok((listener.local_addr()?, listener)));
        let (address, listener) = match bound {
            Ok(bound) => bound,
            Err(error) => return report.send(Err(error)).unwrap_or_default(),
        };
        let server = serve_on(listener, options, handler());
        // The owner waits until this has come.
        report.send(Ok(address)).unwrap_or_default();
        server.until(shared.changed.until(|| shared.closing.load(SeqCst).then_some(()))).await;
        // What handlers have started beside their answers ends with the loop.
        net::stop();
    });
    if let Err(error) = ended {
        // Nobody waits any more if the loop had begun.
        started.try_send(Err(error)).unwrap_or_default();
    }
}

/// What the loops and their owner tell each other.
#[derive(Default)]
struct Shared {
    closing: AtomicBool,
    running: AtomicUsize,
    changed: SharedSignal,
}

impl Shared {
    fn close(&self) {
        self.closing.store(true, SeqCst);
        self.changed.raise();
    }
}

/// A loop that runs, for as long as this lives: one that panics has ended too.
struct Running {
    shared: Arc<Shared>,
}

impl Running {
    fn new(shared: &Arc<Shared>) -> Self {
        shared.running.fetch_add(1, SeqCst);
        Running { shared: shared.clone() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shared.running.fetch_sub(1, SeqCst);
        self.shared.changed.raise();
    }
}
