//! How a subscription is written to one client, and when that client counts as gone.
//!
//! # Theory of operation
//!
//! A stream is a response that may say nothing for hours, to a client that says nothing at all. Whether it is still there
//! can be learnt from one thing alone: what becomes of the bytes that it is sent. So the rule is, for every stream of this
//! crate: **a client is gone when it does not take what it is sent**, and not before.
//!
//! * Its system answers with a reset: gone, at once.
//! * It ended its half of the connection (FIN). A client that is gone has done so, and so has one that only has nothing
//!   more to ask, as `nc -N` and some proxies do. The two differ in their answer to the next bytes: so comments are sent,
//!   the first at once and the next after 1 ms, 2 ms, 4 ms. A client that is gone has answered with a reset within two
//!   round trips; one that is there goes on receiving.
//! * It vanished without a word, its network with it. The comments that are sent in silence are not acknowledged, and the
//!   kernel gives the connection up.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::{Duration, Instant};

use bytes::Bytes;
use wirebook_http1::{Outcome, Request};
use wirebook_net as net;

use super::stream::EventStream;
use crate::server::feed::{Next, Subscription};

/// How a feed is written to one client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Silence after which a comment is sent (default 15 s). It keeps proxies from closing the connection, and finds out
    /// that the client is gone. Zero and `MAX` send none; what is shorter than [`MIN_HEARTBEAT`] counts as that. Source:
    /// WHATWG HTML §9.2.7, "a comment line every 15 seconds or so".
    pub heartbeat: Duration,
    /// How long to gather events before they are written (default zero: each wake-up is one write). What is longer than
    /// [`MAX_GATHER`] counts as that.
    pub gather: Duration,
    /// Bytes that one write takes from the feed (default 16 KiB): with the socket's buffer, all that a client that has
    /// stopped reading can cost. Zero writes event by event; `MAX` all that the ring has.
    pub max_write: usize,
}

/// The shortest time between two comments: a client is to be kept awake and not busy.
pub const MIN_HEARTBEAT: Duration = Duration::from_millis(100);

/// The longest time that events are gathered: while they are, nobody looks at the client.
pub const MAX_GATHER: Duration = Duration::from_secs(1);

/// How often a client that has ended its half is asked whether it is there: after 1 ms, 2 ms, and so on to half a second.
pub const PROBES: u32 = 10;

impl Default for Options {
    fn default() -> Self {
        Options { heartbeat: Duration::from_secs(15), gather: Duration::ZERO, max_write: 16 * 1024 }
    }
}

/// When the next comment is due.
struct Pulse {
    heartbeat: Duration,
    /// Comments that were sent since the client ended its half.
    probes: Option<u32>,
    written: Instant,
}

impl Pulse {
    fn new(options: &Options) -> Self {
        let heartbeat = match options.heartbeat {
            Duration::ZERO => Duration::MAX,
            heartbeat => heartbeat.max(MIN_HEARTBEAT),
        };
        Pulse { heartbeat, probes: None, written: net::now() }
    }

    /// What is left of the silence that is allowed.
    fn left(&self) -> Duration {
        let allowed = match self.probes {
            Some(probes @ 0..PROBES) => Duration::from_millis(1 << probes).min(self.heartbeat),
            _ => self.heartbeat,
        };
        allowed.saturating_sub(net::now().saturating_duration_since(self.written))
    }
}

impl EventStream<'_> {
    /// Writes a subscription until the feed is closed, the subscriber is overtaken, or the client is gone. A client that
    /// breaks the connection off is gone at once; one that ends its half is asked, and gone if it does not take the answer
    /// (the top of `follow.rs` says why).
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
        let mut pulse = Pulse::new(options);
        let mut half_closed = pin!(request.closed());
        let mut silence = pin!(net::sleep(pulse.left()));
        loop {
            let half_closed = pulse.probes.is_none().then_some(half_closed.as_mut());
            match next(&mut subscription, options, &mut pieces, silence.as_mut(), half_closed).await {
                Woken::Feed(Next::Events) => {
                    if !options.gather.is_zero() {
                        net::sleep(options.gather.min(MAX_GATHER)).await;
                        subscription.take(options.max_write, &mut pieces);
                    }
                    pieces.drain(..).for_each(|piece: Bytes| self.push_raw(&piece));
                    pulse.written = net::now();
                    self.flush().await?;
                }
                Woken::Feed(Next::Overtaken | Next::Closed) => return self.end().await,
                Woken::HalfClosed => {
                    pulse.probes = Some(0);
                    self.probe(&mut pulse, silence.as_mut()).await?;
                }
                // The timer is not wound up again for each event: when it rings, it is asked how long it was silent.
                Woken::Silence if pulse.left().is_zero() => {
                    pulse.probes = pulse.probes.map(|probes| probes.saturating_add(1));
                    self.probe(&mut pulse, silence.as_mut()).await?;
                }
                Woken::Silence => silence.set(net::sleep(pulse.left())),
            }
        }
    }

    /// Sends a comment, and winds up the timer for the next one.
    async fn probe(&mut self, pulse: &mut Pulse, mut silence: Pin<&mut net::Sleep>) -> Outcome {
        pulse.written = net::now();
        silence.set(net::sleep(pulse.left()));
        self.comment("").await
    }
}

/// What ended a wait.
enum Woken {
    Feed(Next),
    Silence,
    HalfClosed,
}

/// Waits for events, for the timer, and for the end of the client's half, whichever is first.
async fn next(
    subscription: &mut Subscription,
    options: &Options,
    pieces: &mut Vec<Bytes>,
    mut silence: Pin<&mut net::Sleep>,
    mut half_closed: Option<Pin<&mut impl Future<Output = ()>>>,
) -> Woken {
    let mut news = pin!(subscription.next(options.max_write, pieces));
    poll_fn(|context| {
        if half_closed.as_mut().is_some_and(|half| half.as_mut().poll(context).is_ready()) {
            return Poll::Ready(Woken::HalfClosed);
        }
        if let Poll::Ready(next) = news.as_mut().poll(context) {
            return Poll::Ready(Woken::Feed(next));
        }
        silence.as_mut().poll(context).map(|()| Woken::Silence)
    })
    .await
}
