//! How long to wait for what.

use super::error::{Error, Stage};
use std::future::Future;
use std::time::{Duration, Instant};
use wirebook_net as net;

/// Time limits of one exchange. The defaults are those of undici, Node's newer client, which has been lived with.
///
/// Zero gives up whatever is not there at once; [`Duration::MAX`] switches a limit off. A peer that has vanished without a
/// word is found out by these limits, and where they are off, or behind an upgrade, by the system: TCP asks a silent peer
/// after a minute, and gives up when it does not answer ([`KEEP_ALIVE`](super::connect::KEEP_ALIVE)).
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// Making the connection, with the look-up of the name. 10 seconds.
    pub connect: Duration,
    /// From the end of the request to the head of the final response. 300 seconds.
    pub head: Duration,
    /// Between two pieces of the response's body, and for the server to take some of the request's. 300 seconds.
    pub body: Duration,
    /// For `100 Continue` to come before the body is sent without it (RFC 9110 §10.1.1). 1 second.
    pub continued: Duration,
    /// The whole exchange, with the wait for the agent. No limit.
    pub whole: Option<Duration>,
}

impl Default for Timeouts {
    fn default() -> Self {
        Timeouts {
            connect: Duration::from_secs(10),
            head: Duration::from_secs(300),
            body: Duration::from_secs(300),
            continued: Duration::from_secs(1),
            whole: None,
        }
    }
}

impl Timeouts {
    /// When the whole exchange must be over. What is too far away to be told is never.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.whole.and_then(|whole| net::now().checked_add(whole))
    }
}

/// Waits for something, at most for `limit` and not beyond `deadline`.
pub(crate) async fn within<F: Future>(
    limit: Duration,
    deadline: Option<Instant>,
    stage: Stage,
    future: F,
) -> Result<F::Output, Error> {
    let left = deadline.map(|deadline| deadline.saturating_duration_since(net::now()));
    let (limit, stage) = match left {
        Some(left) if left < limit => (left, Stage::Whole),
        _ => (limit, stage),
    };
    net::timeout(limit, future).await.map_err(|_| Error::TimedOut(stage))
}
