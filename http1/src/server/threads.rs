//! A server on several threads: a loop on each, and the kernel spreads the connections over them.
//!
//! Each loop is a server of its own, with its own listener (`SO_REUSEPORT`), its own buffers, its own table of connections;
//! they share an address and nothing else, so no request waits for a lock. What crosses threads is the word to close, and
//! the word that a loop has.

use super::{Options, Outcome, Request, Response, serve_on};
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::thread;
use wirebook_net::tcp::{ListenOptions, TcpListener};
use wirebook_net::{self as net, Address};

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
        self.shared.look(|state| state.running)
    }

    /// Has every loop do what [`Server::close`](super::Server::close) does.
    pub fn close(&self) {
        self.shared.change(|state| state.closing = true);
    }

    /// Waits until every connection of every loop has ended. Call [`close`](Self::close) first.
    pub async fn closed(&self) {
        self.shared.until(|state| state.running == 0).await;
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
/// the addresses (Linux; on other systems one loop may get them all), so that the shares are equal only on average.
///
/// Returns when all listen; until then it blocks. The caller's thread needs no loop; with one it can wait for
/// [`Threads::closed`].
///
/// ```
/// use wirebook_http1::server::{Options, serve_threads};
/// use wirebook_http1::{Request, Response};
/// use wirebook_net as net;
///
/// let server = serve_threads("127.0.0.1:0", 2, Options::default(), || {
///     async |request: Request<'_>, response: Response<'_>| response.end(request.path()).await
/// })?;
/// println!("listening on {}", server.local_addr());
/// net::block_on(async move {
///     server.close();
///     server.closed().await;
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
///
/// Those of [`TcpListener::bind`] and of starting a thread; `InvalidInput` for no threads at all. The loops that had
/// begun are closed.
pub fn serve_threads<M, H>(address: impl Address, threads: usize, options: Options, handler: M) -> io::Result<Threads>
where
    M: Fn() -> H + Clone + Send + 'static,
    H: AsyncFn(Request<'_>, Response<'_>) -> Outcome + 'static,
{
    if threads == 0 {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "a server needs a thread"));
    }
    let shared = Arc::<Shared>::default();
    let mut addresses = address.target().resolve_blocking()?;
    for number in 1..=threads {
        let (started, starts) = sync_channel(1);
        let running = Running::new(&shared);
        let (options, handler, at) = (options.clone(), handler.clone(), addresses.clone());
        let begun = thread::Builder::new()
            .name(format!("http1-{number}"))
            .spawn(move || one_loop(at, options, handler, &running, &started))
            .and_then(|_| starts.recv().unwrap_or_else(|_| Err(io::Error::other("a loop did not start"))));
        match begun {
            // Port 0 was a free one for the first loop, and is that one for the others.
            Ok(bound) => addresses = vec![bound],
            Err(error) => {
                shared.change(|state| state.closing = true);
                return Err(error);
            }
        }
    }
    Ok(Threads { address: addresses[0], shared })
}
// ANCHOR_END: serve_threads

/// What one thread does: it serves until it is told to close and has answered who had asked.
fn one_loop<M, H>(
    addresses: Vec<SocketAddr>,
    options: Options,
    handler: M,
    running: &Running,
    started: &SyncSender<io::Result<SocketAddr>>,
) where
    M: Fn() -> H + 'static,
    H: AsyncFn(Request<'_>, Response<'_>) -> Outcome + 'static,
{
    let (shared, report) = (running.shared.clone(), started.clone());
    let ended = net::block_on(async move {
        let listen = ListenOptions { reuse_port: true, ..ListenOptions::default() };
        let bound = TcpListener::bind_with(addresses, &listen);
        let bound = bound.and_then(|listener| Ok((listener.local_addr()?, listener)));
        let server = match bound {
            Ok((address, listener)) => {
                let server = serve_on(listener, options, handler());
                // Who waits for it never gives up before it has come.
                let _ = report.send(Ok(address));
                server
            }
            Err(error) => return report.send(Err(error)).unwrap_or_default(),
        };
        shared.until(|state| state.closing).await;
        server.close();
        server.closed().await;
        // What handlers have started beside their answers ends with the loop.
        net::stop();
    });
    if let Err(error) = ended {
        // Nobody waits any more if the loop had begun.
        let _ = started.try_send(Err(error));
    }
}

/// What the loops and their owner tell each other.
#[derive(Default)]
struct Shared(Mutex<State>);

#[derive(Default)]
struct State {
    closing: bool,
    running: usize,
    /// Those who wait for a change: one of each loop, and the owner's.
    waiting: Vec<Waker>,
}

impl Shared {
    fn look<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        // Nothing that could panic is done under the lock.
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let waiting = self.look(|state| {
            change(state);
            std::mem::take(&mut state.waiting)
        });
        waiting.into_iter().for_each(Waker::wake);
    }

    async fn until(&self, holds: impl Fn(&State) -> bool) {
        poll_fn(|context| {
            self.look(|state| {
                if holds(state) {
                    return Poll::Ready(());
                }
                state.waiting.retain(|waker| !waker.will_wake(context.waker()));
                state.waiting.push(context.waker().clone());
                Poll::Pending
            })
        })
        .await;
    }
}

/// A loop that runs, for as long as this lives: one that panics has ended too.
struct Running {
    shared: Arc<Shared>,
}

impl Running {
    fn new(shared: &Arc<Shared>) -> Self {
        shared.change(|state| state.running += 1);
        Running { shared: shared.clone() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shared.change(|state| state.running -= 1);
    }
}
