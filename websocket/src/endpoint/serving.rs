//! What a server is made of: http1's server reads the handshakes, and a table of open connections is closed when it stops.
//!
//! http1 holds a connection as `Rc<dyn Stream>`, because its handlers need not know more. A WebSocket is read and written as what
//! it is, so an eye is kept on the stream itself, and it is had back when the handshake is over.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use wirebook_http1::parser::Limits;
use wirebook_http1::server::{self as http1, Request, Response};
use wirebook_net::{self as net, Listener, Registration, Signal, Stream};

use super::accepted::{Agreed, MAX_REQUEST, Options};
use super::upgrade::agree;
use crate::config::Config;
use crate::driver::Link;
use crate::event::Code;

/// The longest time that is passed on to a timer: more than a century.
const LONGEST: Duration = Duration::from_secs(u32::MAX as u64);

/// A server that listens.
pub struct Server<A = SocketAddr> {
    http: http1::Server,
    /// Closes the connections that are open, whatever their stream.
    end: Box<dyn Fn() -> Pin<Box<dyn Future<Output = ()>>>>,
    address: A,
}

impl<A> Server<A> {
    /// The address that it is bound to.
    pub fn local_addr(&self) -> &A {
        &self.address
    }

    /// Stops listening. Connections that are open live on.
    pub fn close(self) {
        self.http.close();
    }

    /// Serves until `stop` is over, and gives what that gave. Then it accepts no more, says Close 1001 on every open connection,
    /// and waits until they have ended, at most for [`Options::stop_timeout`]; a handler that still runs then is dropped.
    ///
    /// ```no_run
    /// use wirebook_net as net;
    /// use wirebook_websocket::{self as websocket, Reader, Writer};
    ///
    /// net::run(async {
    ///     let server = websocket::serve("127.0.0.1:9000", async |mut reader: Reader, writer: Writer| {
    ///         while let Some(message) = reader.next().await? {
    ///             writer.send(message).await?;
    ///         }
    ///         Ok(())
    ///     })?;
    ///     println!("listening on {}", server.local_addr());
    ///     server.until(net::ctrl_c()).await
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub async fn until<T>(&self, stop: impl Future<Output = T>) -> T {
        let output = stop.await;
        self.http.close_soon().await;
        (self.end)().await;
        // A client that has not sent its request by now is not waited for.
        self.http.until(std::future::ready(())).await;
        output
    }
}

/// Serves handshakes; `take` gets each connection that has become a WebSocket.
pub(super) fn serve<L, A, T>(
    listener: L,
    address: A,
    options: Rc<Options>,
    connections: Rc<Connections<L::Stream>>,
    take: T,
) -> Server<A>
where
    L: Listener + 'static,
    T: Fn(Rc<L::Stream>, Agreed) + 'static,
{
    let stop_timeout = options.stop_timeout;
    let patience = options.handshake_timeout.min(LONGEST);
    let http = http1::Options {
        limits: Limits { head: MAX_REQUEST, ..Limits::default() },
        head_timeout: patience,
        idle_timeout: patience,
        close_timeout: Duration::ZERO,
        ..http1::Options::default()
    };
    net::spawn(sweep(Rc::downgrade(&connections), interval(&options.config)));
    let kept = Rc::new(Kept(RefCell::default()));
    let listener = Keeping { listener, kept: kept.clone() };
    let http = http1::serve_on(listener, http, async move |request: Request<'_>, response: Response<'_>| {
        if let Some((stream, agreed)) = agree(request, response, &options).await?
            && let Some(stream) = kept.take(&*stream)
        {
            take(stream, agreed);
        }
        Ok(())
    });
    let end = Box::new(move || {
        let connections = connections.clone();
        Box::pin(async move { connections.close(stop_timeout).await }) as Pin<Box<dyn Future<Output = ()>>>
    });
    Server { http, end, address }
}

/// The stream itself, once http1 has let go of it, which it does when the handler that agreed has returned.
pub(super) async fn sole<S>(mut stream: Rc<S>) -> S {
    loop {
        match Rc::try_unwrap(stream) {
            Ok(stream) => return stream,
            Err(shared) => stream = shared,
        }
        net::yield_now().await;
    }
}

/// The streams that http1 has, each under the address of its registration.
struct Kept<S>(RefCell<HashMap<usize, Weak<S>>>);

impl<S: Stream> Kept<S> {
    fn put(&self, stream: &Rc<S>) {
        let mut streams = self.0.borrow_mut();
        if streams.len() == streams.capacity() {
            streams.retain(|_, stream| stream.strong_count() > 0);
        }
        streams.insert(place(stream.registration()), Rc::downgrade(stream));
    }

    fn take(&self, stream: &dyn Stream) -> Option<Rc<S>> {
        self.0.borrow_mut().remove(&place(stream.registration()))?.upgrade()
    }
}

fn place(registration: &Registration) -> usize {
    std::ptr::from_ref(registration).addr()
}

/// A listener that keeps an eye on what it has accepted.
struct Keeping<L: Listener> {
    listener: L,
    kept: Rc<Kept<L::Stream>>,
}

impl<L: Listener> Listener for Keeping<L> {
    type Stream = Rc<L::Stream>;
    type Address = L::Address;

    fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<(Self::Stream, Self::Address)>> {
        let (stream, address) = ready!(self.listener.poll_accept(context))?;
        let stream = Rc::new(stream);
        self.kept.put(&stream);
        Poll::Ready(Ok((stream, address)))
    }
}

/// The connections of a server that are open.
pub(super) struct Connections<S> {
    links: RefCell<Vec<Weak<Link<S>>>>,
    open: Cell<usize>,
    stage: Cell<Stage>,
    ended: Signal,
}

/// How far a server has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Serves,
    /// Connections are closed, and those that come late too.
    Closes,
    /// Nobody is waited for any more.
    GivesUp,
}

impl<S> Connections<S> {
    pub(super) fn new() -> Self {
        Connections {
            links: RefCell::default(),
            open: Cell::new(0),
            stage: Cell::new(Stage::Serves),
            ended: Signal::new(),
        }
    }

    /// Whether a handler is dropped that still runs.
    pub(super) fn give_up(&self) -> bool {
        self.stage.get() == Stage::GivesUp
    }

    /// A connection has ended, which had [entered](Self::enter).
    pub(super) fn leave(&self) {
        self.open.set(self.open.get() - 1);
        self.ended.raise();
    }
}

impl<S: Stream + 'static> Connections<S> {
    pub(super) fn enter(&self, link: &Rc<Link<S>>) {
        self.open.set(self.open.get() + 1);
        let mut links = self.links.borrow_mut();
        if links.len() == links.capacity() {
            links.retain(|link| link.strong_count() > 0);
        }
        links.push(Rc::downgrade(link));
        if self.stage.get() != Stage::Serves {
            go_away(link);
        }
    }

    /// Looks at the deadlines of all.
    fn look_at_all(&self, now: Instant) {
        let links = self.links.take();
        let live: Vec<_> =
            links.into_iter().filter(|link| link.upgrade().is_some_and(|link| link.look_at(now))).collect();
        // The connections that came meanwhile stand behind them.
        let came = self.links.replace(live);
        self.links.borrow_mut().extend(came);
    }

    fn each(&self, act: impl Fn(&Rc<Link<S>>)) {
        let links: Vec<_> = self.links.borrow().iter().filter_map(Weak::upgrade).collect();
        links.iter().for_each(act);
    }

    /// Says Close 1001 to all, and to those that come late; waits for their ends, and not for ever.
    async fn close(&self, patience: Duration) {
        self.stage.set(Stage::Closes);
        self.each(go_away);
        let ended = || (self.open.get() == 0).then_some(());
        if net::timeout(patience, self.ended.until(ended)).await.is_err() {
            self.stage.set(Stage::GivesUp);
            self.each(|link| link.end());
            // Their tasks are woken, and end without another wait.
            self.ended.until(ended).await;
        }
    }
}

fn go_away<S: Stream + 'static>(link: &Rc<Link<S>>) {
    // Refused where it closes already.
    let _ = link.close(Code::GOING_AWAY, "");
}

/// From one look at the deadlines to the next.
fn interval(config: &Config) -> Duration {
    const SHORTEST: Duration = Duration::from_millis(10);
    const LONGEST: Duration = Duration::from_secs(1);
    let heartbeat = config.heartbeat.map_or(LONGEST, |heartbeat| heartbeat.interval.min(heartbeat.timeout) / 8);
    heartbeat.min(config.close_timeout / 8).clamp(SHORTEST, LONGEST)
}

/// Looks at the deadlines until the server and its last connection are gone.
async fn sweep<S: Stream + 'static>(connections: Weak<Connections<S>>, interval: Duration) {
    loop {
        net::sleep(interval).await;
        let Some(connections) = connections.upgrade() else { return };
        connections.look_at_all(net::heard());
    }
}
