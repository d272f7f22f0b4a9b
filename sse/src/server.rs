//! The server's end of an event stream, as the response of an HTTP handler.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use wirebook_http1::{Failure, Outcome, Request, Response};
use wirebook_net as net;

use crate::encoder;
use crate::error::EncodeError;
use crate::event::Event;
use crate::feed::{Feed, Next, Subscription};

/// How a feed is written to one client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Silence after which a comment is sent (default 15 s). It keeps proxies from closing the connection, and finds out
    /// that the client is gone. Source: WHATWG HTML §9.2.7, "a comment line every 15 seconds or so".
    pub heartbeat: Duration,
    /// How long to gather events before they are written (default zero: each wake-up is one write).
    pub gather: Duration,
    /// Bytes that one write takes from the feed (default 16 KiB): with the socket's buffer, all that a client that has
    /// stopped reading can cost.
    pub max_write: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options { heartbeat: Duration::from_secs(15), gather: Duration::ZERO, max_write: 16 * 1024 }
    }
}

/// A response that stays open and takes events.
///
/// Every method that writes waits until the client's system has taken the bytes: a slow client slows its own stream, and
/// after the server's `write_timeout` loses it.
///
/// ```no_run
/// use std::time::Duration;
/// use wirebook_http1::{self as http1, Request, Response};
/// use wirebook_net as net;
/// use wirebook_sse::{Event, server::EventStream};
///
/// net::run(async {
///     http1::serve("127.0.0.1:8000", async |_: Request<'_>, response: Response<'_>| {
///         let mut stream = EventStream::open(response).await?;
///         loop {
///             stream.send(Event::data("tick")).await?;
///             net::sleep(Duration::from_secs(1)).await;
///         }
///     })?;
///     net::ctrl_c().await
/// })?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct EventStream<'r> {
    response: Response<'r>,
    out: Vec<u8>,
}

impl<'r> EventStream<'r> {
    /// Sends the head at once, so that the client's `open` does not wait for the first event.
    ///
    /// `no-store` keeps the stream out of caches, and `x-accel-buffering` tells nginx and its like not to gather it.
    ///
    /// # Errors
    ///
    /// What is wrong with the connection.
    pub async fn open(response: Response<'r>) -> Result<Self, Failure> {
        let mut response = response
            .header("content-type", "text/event-stream")
            .header("cache-control", "no-store")
            .header("x-accel-buffering", "no");
        response.write("").await?;
        Ok(EventStream { response, out: Vec::new() })
    }

    /// Sends an event now.
    ///
    /// # Errors
    ///
    /// An event that cannot be encoded: then nothing is sent, and the stream goes on. What is wrong with the connection.
    pub async fn send(&mut self, event: Event<'_>) -> Outcome {
        self.push(event)?;
        self.flush().await
    }

    /// Adds an event to what [`flush`](Self::flush) sends.
    ///
    /// # Errors
    ///
    /// An event that cannot be encoded: nothing was added.
    pub fn push(&mut self, event: Event<'_>) -> Result<(), EncodeError> {
        encoder::encode(event, &mut self.out)
    }

    /// Sends a comment now.
    ///
    /// # Errors
    ///
    /// What is wrong with the connection.
    pub async fn comment(&mut self, text: &str) -> Outcome {
        encoder::encode_comment(text, &mut self.out);
        self.flush().await
    }

    /// Sends the reconnection time now, in whole milliseconds.
    ///
    /// # Errors
    ///
    /// What is wrong with the connection.
    pub async fn retry(&mut self, time: Duration) -> Outcome {
        encoder::encode_retry(u64::try_from(time.as_millis()).unwrap_or(u64::MAX), &mut self.out);
        self.flush().await
    }

    /// Sends what was pushed, in one write.
    ///
    /// # Errors
    ///
    /// What is wrong with the connection.
    pub async fn flush(&mut self) -> Outcome {
        let result = self.response.write(&self.out).await;
        self.out.clear();
        result
    }

    /// Sends bytes that are encoded already, behind what was pushed. They are not looked at: what has not come from an
    /// [`encoder`] is the caller's to answer for.
    ///
    /// # Errors
    ///
    /// What is wrong with the connection.
    pub async fn send_raw(&mut self, bytes: &[u8]) -> Outcome {
        self.out.extend_from_slice(bytes);
        self.flush().await
    }

    /// Ends the response. The client reconnects; only an answer of 204 keeps it away.
    ///
    /// # Errors
    ///
    /// What is wrong with the connection.
    pub async fn end(self) -> Outcome {
        self.response.end(self.out).await
    }

    /// Writes a subscription until the feed is closed, the subscriber is overtaken, or the client is gone. That it is gone
    /// is seen at once, from its `request`, and not only at the next write.
    ///
    /// # Errors
    ///
    /// What is wrong with the connection.
    pub async fn follow(
        mut self,
        request: &mut Request<'_>,
        mut subscription: Subscription,
        options: &Options,
    ) -> Outcome {
        let mut pieces = Vec::new();
        let mut gone = pin!(request.closed());
        let mut silence = pin!(net::sleep(options.heartbeat));
        let mut written = net::now();
        loop {
            match next(&mut subscription, options, &mut pieces, silence.as_mut(), gone.as_mut()).await {
                Woken::Gone => return Err(std::io::Error::from(std::io::ErrorKind::ConnectionAborted).into()),
                Woken::Feed(Next::Events) => {
                    if !options.gather.is_zero() {
                        net::sleep(options.gather).await;
                        subscription.take(options.max_write, &mut pieces);
                    }
                    pieces.drain(..).for_each(|piece: Bytes| self.out.extend_from_slice(&piece));
                    written = net::now();
                    self.flush().await?;
                }
                Woken::Feed(Next::Overtaken | Next::Closed) => return self.end().await,
                // The timer is not wound up again for each event: when it rings, it is asked how long it was silent.
                Woken::Silence => {
                    let quiet = net::now().saturating_duration_since(written);
                    let left = options.heartbeat.saturating_sub(quiet);
                    if left.is_zero() {
                        written = net::now();
                        self.comment("").await?;
                    }
                    silence.set(net::sleep(if left.is_zero() { options.heartbeat } else { left }));
                }
            }
        }
    }
}

/// What ended a wait.
enum Woken {
    Feed(Next),
    Silence,
    Gone,
}

/// Waits for events, for the timer, and for the end of the client, whichever is first.
async fn next(
    subscription: &mut Subscription,
    options: &Options,
    pieces: &mut Vec<Bytes>,
    mut silence: Pin<&mut net::Sleep>,
    mut gone: Pin<&mut impl Future<Output = ()>>,
) -> Woken {
    poll_fn(|context| {
        if gone.as_mut().poll(context).is_ready() {
            return Poll::Ready(Woken::Gone);
        }
        if let Poll::Ready(next) = subscription.poll_next(options.max_write, pieces, context) {
            return Poll::Ready(Woken::Feed(next));
        }
        silence.as_mut().poll(context).map(|()| Woken::Silence)
    })
    .await
}

/// The value of `Last-Event-ID`: where the client wants to go on.
pub fn last_event_id(request: &Request<'_>) -> Option<String> {
    request.header("last-event-id").map(|value| String::from_utf8_lossy(value).into_owned())
}

/// Answers one request with a feed, from where its `Last-Event-ID` says. When the feed is closed and the client has seen
/// all of it, the answer is 204, which tells it to stay away. Another method than GET is answered with 405.
///
/// # Errors
///
/// What is wrong with the connection.
pub async fn serve_feed(request: &mut Request<'_>, response: Response<'_>, feed: &Feed, options: &Options) -> Outcome {
    if request.method() != "GET" {
        return response.status(405).header("allow", "GET").end("").await;
    }
    let subscription = feed.subscribe(last_event_id(request).as_deref());
    if subscription.is_over() {
        return response.status(204).end("").await;
    }
    EventStream::open(response).await?.follow(request, subscription, options).await
}
