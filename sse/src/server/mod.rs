//! The server's end of an event stream: a feed as an HTTP server of its own, or as one answer of any other.
//!
//! | file | holds |
//! |---|---|
//! | `feed.rs` | [`Feed`]: a channel that tasks can wait on |
//! | `mod.rs` | [`serve`], which answers every request with a feed; [`serve_feed`], which answers one |
//! | `stream.rs` | [`EventStream`]: a response that stays open and takes events |
//! | `follow.rs` | how a subscription is written to it, and when a client counts as gone |

pub mod feed;
mod follow;
mod stream;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use wirebook_http1::{self as http1, Outcome, Request, Response};
use wirebook_net::tcp::{ListenOptions, TcpListener};
use wirebook_net::{self as net, Address, Listener};

use crate::server::feed::Feed;

pub use follow::{MAX_GATHER, MIN_HEARTBEAT, Options, PROBES};
pub use stream::EventStream;

/// The value of `Last-Event-ID`: where the client wants to go on.
pub fn last_event_id(request: &Request<'_>) -> Option<String> {
    request.header("last-event-id").map(|value| String::from_utf8_lossy(value).into_owned())
}

/// Answers one request with a feed, from where its `Last-Event-ID` says. When the feed is closed and the client has seen
/// all of it, the answer is 204, which tells it to stay away. HEAD gets the same head and nothing behind it; another method
/// is answered with 405.
///
/// # Errors
///
/// What is wrong with the connection.
pub async fn serve_feed(request: &mut Request<'_>, response: Response<'_>, feed: &Feed, options: &Options) -> Outcome {
    let subscription = feed.subscribe(last_event_id(request).as_deref());
    if matches!(request.method(), "GET" | "HEAD") && subscription.is_over() {
        return response.status(204).end("").await;
    }
    match EventStream::open(request, response).await? {
        Some(stream) => stream.follow(request, subscription, options).await,
        None => Ok(()),
    }
}

/// How long a client of [`serve`] may leave unacknowledged what it is sent (`TCP_USER_TIMEOUT`).
pub const USER_TIMEOUT: Duration = Duration::from_secs(30);

/// How [`serve`] listens, for servers of your own that have an event stream among other things.
///
/// With the comment that goes out after 15 seconds of silence and [`USER_TIMEOUT`], a client that vanished without a word is
/// given up within 45 seconds.
///
/// ```
/// use std::time::Duration;
/// use wirebook_sse::server::{Options, listen_options};
/// let given_up = Options::default().heartbeat + listen_options().user_timeout.unwrap();
/// assert_eq!(given_up, Duration::from_secs(45));
/// ```
pub fn listen_options() -> ListenOptions {
    ListenOptions { user_timeout: Some(USER_TIMEOUT), ..ListenOptions::default() }
}

/// How long [`Server::until`] waits for clients that do not take what they were sent.
pub const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// A running server of one feed. Dropping it changes nothing; [`until`](Self::until) ends it.
#[derive(Debug)]
pub struct Server {
    address: Option<SocketAddr>,
    http: http1::Server,
    feed: Feed,
}

impl Server {
    /// The address that it listens on; `None` where the caller brought the listener.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Connections that are open now.
    pub fn connections(&self) -> usize {
        self.http.connections()
    }

    /// Serves until `stop` is ready, and gives what it gave. Then nobody is accepted any more, every stream ends as soon
    /// as what was published is out, and its client will come back with its place: to the next life of this server, or to
    /// another one. Clients that take nothing are waited for as long as [`CLOSE_TIMEOUT`].
    pub async fn until<T>(self, stop: impl Future<Output = T>) -> T {
        let reason = stop.await;
        self.http.close_soon().await;
        self.feed.disconnect();
        // A client that has not taken it by now will ask again.
        let _ = net::timeout(CLOSE_TIMEOUT, self.http.closed()).await;
        reason
    }
}

/// Serves a feed at an address, from the running loop, at every path.
///
/// ```no_run
/// use std::time::Duration;
/// use wirebook_net as net;
/// use wirebook_sse::{self as sse, feed::Feed};
///
/// net::run(async {
///     let feed = Feed::new(Default::default());
///     let server = sse::serve("127.0.0.1:8000", feed.clone())?;
///     net::spawn(async move {
///         while feed.publish("message", "tick").is_ok() {
///             net::sleep(Duration::from_secs(1)).await;
///         }
///     });
///     server.until(net::ctrl_c()).await?;
///     // The ticking goes on by itself, and would hold the loop.
///     net::stop();
///     std::io::Result::Ok(())
/// })
/// # .unwrap();
/// ```
///
/// # Errors
///
/// Those of [`TcpListener::bind_with`].
pub fn serve(address: impl Address, feed: Feed) -> io::Result<Server> {
    let listener = TcpListener::bind_with(address, &listen_options())?;
    let address = listener.local_addr()?;
    let server = serve_on(listener, http1::server::Options::default(), Options::default(), feed);
    Ok(Server { address: Some(address), ..server })
}

/// [`serve`] over TLS.
///
/// # Errors
///
/// As [`serve`], and those of the key.
#[cfg(feature = "tls")]
pub fn serve_secure(address: impl Address, identity: &wirebook_tls::Identity, feed: Feed) -> io::Result<Server> {
    let listener = TcpListener::bind_with(address, &listen_options())?;
    let address = listener.local_addr()?;
    let listener =
        wirebook_tls::TlsListener::new(listener, wirebook_tls::Acceptor::new(identity, &Default::default())?);
    let server = serve_on(listener, http1::server::Options::default(), Options::default(), feed);
    Ok(Server { address: Some(address), ..server })
}

/// Serves a feed on any listener: TCP with options of your own (begin with [`listen_options`], or clients that vanish stay
/// for a quarter of an hour), a Unix socket, the simulated network.
pub fn serve_on<L>(listener: L, http: http1::server::Options, options: Options, feed: Feed) -> Server
where
    L: Listener + 'static,
{
    let handler_feed = feed.clone();
    let http = http1::serve_on(listener, http, async move |mut request: Request<'_>, response: Response<'_>| {
        serve_feed(&mut request, response, &handler_feed, &options).await
    });
    Server { address: None, http, feed }
}
