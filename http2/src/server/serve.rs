//! A server on one loop.

use super::call::Shared;
use super::conversation;
use super::line::{Common, Line};
use super::options::Options;
use crate::wire::PREFACE;
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use wirebook_http1::server::host::{self, Inbox, Transport, call as tell};
use wirebook_http1::server::{Outcome, Request, Response, Server, Upgraded};
use wirebook_net::tcp::TcpListener;
use wirebook_net::{self as net, Address, Listener, Stream};

/// The protocol in ALPN's registry.
const H2: &str = "h2";

/// What is known of a connection before its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Agreed {
    /// Nothing: the bytes say it.
    Nothing,
    Http2,
    Http1,
}

/// Serves HTTP/2 and HTTP/1.1 at an address, from the running loop: the first bytes of a connection say which of the two it is
/// (RFC 9113 §3.3: "prior knowledge").
///
/// For each request the handler gets a [`Request`] and a [`Response`], the same ones as of [`wirebook_http1::serve`]. Browsers speak HTTP/2
/// over TLS alone: [`serve_secure`](super::serve_secure()).
///
/// ```no_run
/// use wirebook_http2::{self as http2, Request, Response};
/// use wirebook_net as net;
///
/// net::run(async {
///     let server = http2::serve("127.0.0.1:8000", async |request: Request<'_>, response: Response<'_>| {
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

/// [`serve`] on any listener: one of TCP with options of its own, a Unix socket, the simulated network.
pub fn serve_on<L, H>(listener: L, options: Options, handler: H) -> Server
where
    L: Listener + 'static,
    H: for<'r> AsyncFn(Request<'r>, Response<'r>) -> Outcome + 'static,
{
    serve_agreed(listener, options, handler, |_| Agreed::Nothing)
}

/// `serve_secure` on any listener, of streams that are open once the two ends have agreed; `protocol` says on what (ALPN). Which protocols
/// are offered is the listener's to say.
pub fn serve_secure_on<L, H>(
    listener: L,
    options: Options,
    handler: H,
    protocol: impl Fn(&L::Stream) -> Option<String> + 'static,
) -> Server
where
    L: Listener + 'static,
    H: for<'r> AsyncFn(Request<'r>, Response<'r>) -> Outcome + 'static,
{
    // Who names no protocol speaks the one that had no name (RFC 9113 §3.2).
    let agreed = move |stream: &L::Stream| match protocol(stream).as_deref() {
        Some(H2) => Agreed::Http2,
        _ => Agreed::Http1,
    };
    serve_agreed(listener, options, handler, agreed)
}

/// The same, where `agreed` says what the two ends of an open stream have agreed on.
fn serve_agreed<L, H>(
    listener: L,
    options: Options,
    handler: H,
    agreed: impl Fn(&L::Stream) -> Agreed + 'static,
) -> Server
where
    L: Listener + 'static,
    H: for<'r> AsyncFn(Request<'r>, Response<'r>) -> Outcome + 'static,
{
    let http1 = host::Shared::new(options.http.clone(), handler);
    let common = Rc::new(Common::new(options, http1.connections.clone()));
    let shared = Shared::new(http1.clone(), common);
    let (closing, ending) = (shared.clone(), shared.clone());
    net::spawn(async move {
        closing.http1.connections.until_closing().await;
        closing.common.wake_all();
        closing.workers.dismiss();
    });
    let agreed = Rc::new(agreed);
    let server = host::serve(listener, &http1, move |stream| {
        let (stream, of, agreed) = (Rc::new(stream), shared.clone(), agreed.clone());
        shared.tasks.started(net::spawn(async move { begin(stream, of, &*agreed).await }));
    });
    server.and_ends(move || {
        ending.tasks.abort();
        ending.workers.abort();
        ending.common.end_resting();
    })
}

/// A place in the table, for a connection that has not said yet what it speaks.
struct Place<'s, H> {
    shared: &'s Shared<H>,
    slot: Option<u32>,
}

impl<H> Drop for Place<'_, H> {
    fn drop(&mut self) {
        if let Some(slot) = self.slot.take() {
            self.shared.http1.connections.leave(slot);
        }
    }
}

/// A connection begins: what does it speak?
async fn begin<S, H>(stream: Rc<S>, shared: Rc<Shared<H>>, agreed: impl Fn(&S) -> Agreed)
where
    S: Stream + 'static,
    H: for<'r> AsyncFn(Request<'r>, Response<'r>) -> Outcome + 'static,
{
    let connections = &shared.http1.connections;
    let mut place = Place { shared: &shared, slot: Some(connections.enter()) };
    let mut closing = pin!(connections.until_closing());
    let opened = poll_fn(|context| match stream.poll_open(context) {
        Poll::Pending => closing.as_mut().poll(context).map(|()| Err(io::ErrorKind::ConnectionAborted.into())),
        opened => opened,
    });
    if let Err(error) = opened.await {
        return tell(&shared.common.hooks().open_error, &error);
    }
    let allow_http1 = shared.common.options.allow_http1;
    let mut inbox = Inbox::default();
    let is_http2 = match agreed(&stream) {
        Agreed::Http2 => true,
        // What else it says is told as the core tells it.
        _ if !allow_http1 => true,
        Agreed::Http1 => false,
        Agreed::Nothing => {
            let timeout = shared.common.options.http2.preface_timeout;
            let sniffed = poll_fn(|context| {
                if closing.as_mut().poll(context).is_ready() {
                    return Poll::Ready(None);
                }
                poll_sniff(&*stream, &mut inbox, context)
            });
            match net::timeout(timeout, sniffed).await {
                Ok(Some(is_http2)) => is_http2,
                _ => return,
            }
        }
    };
    let Some(slot) = place.slot.take() else { return };
    if is_http2 {
        // A task of its own: what it took to find that out is not kept.
        let line = Line::begin(stream, shared.common.clone(), slot);
        return conversation::begin(line, shared.clone(), inbox);
    }
    connections.leave(slot);
    let early = inbox.unread().to_vec();
    let stream: Rc<dyn Transport> = if early.is_empty() {
        stream
    } else {
        stream.registration().make_readable();
        Rc::new(Upgraded::new(stream, early))
    };
    host::begin(stream, shared.http1.clone());
}

/// Ready at the first byte that is not the preface's, or at the preface's end; `None` where the stream ends before. What is neither
/// protocol's is answered as HTTP/2 does it: its clients would take anything else for a frame.
// ANCHOR: sniff
fn poll_sniff(stream: &dyn Stream, inbox: &mut Inbox, context: &mut std::task::Context<'_>) -> Poll<Option<bool>> {
    loop {
        let length = inbox.unread().len().min(PREFACE.len());
        if inbox.unread()[..length] != PREFACE[..length] {
            return Poll::Ready(Some(!may_be_http1(inbox.unread())));
        }
        if length == PREFACE.len() {
            return Poll::Ready(Some(true));
        }
        match inbox.fill(stream, net::BUFFER_SIZE) {
            Ok(1..) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if std::task::ready!(stream.poll_readable(context)).is_err() {
                    return Poll::Ready(None);
                }
            }
            Ok(_) | Err(_) => return Poll::Ready(None),
        }
    }
}
// ANCHOR_END: sniff

/// Whether that may be the beginning of a request of HTTP/1, or the attempt at one: a line of three words without a version is none.
fn may_be_http1(bytes: &[u8]) -> bool {
    let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else { return true };
    let line = &bytes[..end];
    line.split(|byte| *byte == b' ').count() < 3 || line.windows(5).any(|word| word == b"HTTP/")
}
