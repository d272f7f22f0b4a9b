//! What a server is made of: http1's server reads the handshakes, and a table of open connections is closed when it stops.
//!
//! http1 holds a connection as `Rc<dyn Stream>`, because its handlers need not know more. A WebSocket is read and written as what
//! it is, so the stream itself is kept beside, for as long as the handshake takes, and had back when that is over.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io::{self, IoSlice};
use std::net::{Shutdown, SocketAddr};
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use wirebook_http1::parser::Limits;
use wirebook_http1::server::{self as http1, Request, Response};
use wirebook_net::{self as net, Listener, Registration, Signal, Stream};

use super::accepted::{Agreed, MAX_REQUEST, Options};
use super::upgrade::agree;
use crate::driver::Link;
use crate::event::Code;

/// The longest time that is passed on to a timer: more than a century.
const LONGEST: Duration = Duration::from_secs(u32::MAX as u64);

/// A server that listens.
pub struct Server<A = SocketAddr> {
    http: http1::Server,
    connections: Rc<Connections>,
    stop_timeout: Duration,
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
        self.connections.close(self.stop_timeout).await;
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
    connections: Rc<Connections>,
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
    Server { http, connections, stop_timeout, address }
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

/// The streams whose handshake is under way, by the address of their registration.
struct Kept<S>(RefCell<HashMap<usize, Rc<S>>>);

impl<S: Stream> Kept<S> {
    fn take(&self, stream: &dyn Stream) -> Option<Rc<S>> {
        self.0.borrow_mut().remove(&place(stream.registration()))
    }
}

fn place(registration: &Registration) -> usize {
    std::ptr::from_ref(registration).addr()
}

struct Keeping<L: Listener> {
    listener: L,
    kept: Rc<Kept<L::Stream>>,
}

impl<L: Listener> Listener for Keeping<L> {
    type Stream = Lent<L::Stream>;
    type Address = L::Address;

    fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<(Self::Stream, Self::Address)>> {
        let (stream, address) = ready!(self.listener.poll_accept(context))?;
        let stream = Rc::new(stream);
        self.kept.0.borrow_mut().insert(place(stream.registration()), stream.clone());
        Poll::Ready(Ok((Lent { stream, kept: self.kept.clone() }, address)))
    }
}

/// A stream as http1 gets it.
struct Lent<S: Stream> {
    stream: Rc<S>,
    kept: Rc<Kept<S>>,
}

impl<S: Stream> Drop for Lent<S> {
    fn drop(&mut self) {
        let kept = self.kept.take(&self.stream);
        drop(kept);
    }
}

impl<S: Stream> Stream for Lent<S> {
    fn registration(&self) -> &Registration {
        self.stream.registration()
    }
    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.try_read(buffer)
    }
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.try_write(bytes)
    }
    fn try_write_vectored(&self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        self.stream.try_write_vectored(buffers)
    }
    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.stream.shutdown(how)
    }
}

/// The connections of a server that are open.
#[derive(Default)]
pub(super) struct Connections {
    links: RefCell<Vec<Weak<dyn Connected>>>,
    open: Cell<usize>,
    closing: Cell<bool>,
    ended: Signal,
}

/// A connection, whatever its stream.
trait Connected {
    fn go_away(self: Rc<Self>);
    fn abandon(&self);
    /// False when it has ended.
    fn expire(self: Rc<Self>, now: Instant) -> bool;
}

impl<S: Stream + 'static> Connected for Link<S> {
    fn go_away(self: Rc<Self>) {
        // Refused where it closes already.
        let _ = self.close(Code::GOING_AWAY, "");
    }

    fn abandon(&self) {
        Link::abandon(self);
    }

    fn expire(self: Rc<Self>, now: Instant) -> bool {
        while self.with_connection(|connection| connection.deadline()).is_some_and(|deadline| deadline <= now) {
            // While a slow peer is waited for, it is not read either; that it takes something now and then is its sign of life.
            self.tell(now, false);
            if self.has_ended() {
                return false;
            }
        }
        !self.has_ended()
    }
}

/// One open connection; dropping it says that it has ended.
pub(super) struct Place(Rc<Connections>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.open.set(self.0.open.get() - 1);
        self.0.ended.raise();
    }
}

impl Connections {
    pub(super) fn enter<S: Stream + 'static>(self: &Rc<Self>, link: &Rc<Link<S>>) -> Place {
        self.open.set(self.open.get() + 1);
        let mut links = self.links.borrow_mut();
        if links.len() == links.capacity() {
            links.retain(|link| link.strong_count() > 0);
        }
        let weak: Weak<Link<S>> = Rc::downgrade(link);
        links.push(weak);
        if self.closing.get() {
            link.clone().go_away();
        }
        Place(self.clone())
    }

    /// Looks at the deadlines of all.
    pub(super) fn expire(&self, now: Instant) {
        let links = self.links.take();
        let live = links.into_iter().filter(|link| link.upgrade().is_some_and(|link| link.expire(now)));
        let live: Vec<_> = live.collect();
        // Whoever came meanwhile is behind them.
        let came = self.links.replace(live);
        self.links.borrow_mut().extend(came);
    }

    fn each(&self, act: impl Fn(Rc<dyn Connected>)) {
        let links: Vec<_> = self.links.borrow().iter().filter_map(Weak::upgrade).collect();
        links.into_iter().for_each(act);
    }

    /// Says Close 1001 to all, and to those who come late; waits for their ends, and then for nobody any more.
    pub(super) async fn close(&self, patience: Duration) {
        self.closing.set(true);
        self.each(|link| link.go_away());
        let ended = || (self.open.get() == 0).then_some(());
        if net::timeout(patience, self.ended.until(ended)).await.is_err() {
            self.each(|link| link.abandon());
            // Their tasks are woken, and end without another wait.
            self.ended.until(ended).await;
        }
    }
}
