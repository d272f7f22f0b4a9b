//! What a server allows its clients.

use super::hooks::Hooks;
use crate::parser::Limits;
use std::time::Duration;

/// Bytes of a request head, by default.
const DEFAULT_HEAD: usize = 48 * 1024;

/// What a server allows its clients, and whom it tells. All of it has a default.
///
/// Every duration and every number may have any value. `Duration::MAX`, `u64::MAX`, `u32::MAX` and `usize::MAX` switch a
/// bound off (for a head there is always [`MAX_HEAD`](crate::parser::MAX_HEAD)); what zero means stands beside each.
#[derive(Clone, Debug)]
pub struct Options {
    /// Bounds on request heads; a head over them is answered with 431, 414 or 501. A head has at most 48 KiB here, so
    /// that a connection holds less than 64 KiB before its request is dispatched; a parser takes up to 64 KiB. With a zero
    /// in it no request is served.
    pub limits: Limits,
    /// Bytes of a request body; reading one over it fails, and is answered with 413. 1 MiB; 0 allows no body at all.
    /// [`Request::limit_body`](super::Request::limit_body) sets another limit for one request.
    pub max_body: u64,
    /// Time for a whole request head from its first byte on, however busily it trickles; then 408. 10 seconds. Zero: it
    /// must be there whole when its first byte is.
    pub head_timeout: Duration,
    /// Time between two pieces of a request body; then 408. 30 seconds. Zero: they must be there when they are asked for.
    pub body_timeout: Duration,
    /// Bytes a second that a body must bring on average once it has been waited for for four seconds; then 408. 256; 0
    /// turns it off, for clients that pause within a body on purpose.
    pub min_body_rate: u64,
    /// Time that a connection may idle between two requests, or before the first. 5 seconds, as in Node; exact to an
    /// eighth of itself, but at most to a second. Zero: no connection is kept, each carries one request, for whose first
    /// byte [`head_timeout`](Self::head_timeout) is the limit.
    ///
    /// A client that says `Connection: keep-alive` is told, in `Keep-Alive: timeout=…`, so that it does not use the
    /// connection in the moment in which it is closed.
    pub idle_timeout: Duration,
    /// Time in which a client must take some bytes of an answer. 30 seconds. Zero: its window must be open.
    pub write_timeout: Duration,
    /// A connection that closes behind an answer is read on, and what comes is thrown away: closing while a client still
    /// sends would make its system throw the answer away (RFC 9112 §9.6). This is the time between two pieces of what
    /// comes. 5 seconds, as in nginx. Zero: it is closed at once.
    pub linger_timeout: Duration,
    /// The whole time for which such a connection is read on. 30 seconds, as in nginx; zero: it is closed at once.
    pub linger_time: Duration,
    /// Connections that wait without a limit, because they were handed over by an upgrade or their handler waits for
    /// [`Request::closed`](super::Request::closed): after so much silence the system asks the client whether it is still
    /// there, and again at such intervals, and breaks off after some nine questions (TCP's keep-alive). 20 seconds; zero
    /// asks never. Every other wait of a server has a limit of its own, which finds a vanished client out sooner.
    pub probe_after: Duration,
    /// Connections at one time, those that linger too; further ones wait in the listener's backlog. 65 536. With several
    /// threads, for each. Zero accepts nobody.
    pub max_connections: usize,
    /// Requests on one connection; the last is answered with `connection: close`. A million. Zero is one.
    pub max_requests_per_connection: u32,
    /// What [`Server::until`](super::Server::until) waits for the answers that are being made when it stops; then it
    /// breaks them off. 10 seconds; zero waits for none.
    pub close_timeout: Duration,
    /// Whom the server tells of what happens outside of requests.
    pub hooks: Hooks,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            limits: Limits { head: DEFAULT_HEAD, ..Limits::default() },
            max_body: 1024 * 1024,
            head_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            min_body_rate: 256,
            idle_timeout: Duration::from_secs(5),
            write_timeout: Duration::from_secs(30),
            linger_timeout: Duration::from_secs(5),
            linger_time: Duration::from_secs(30),
            probe_after: Duration::from_secs(20),
            max_connections: 65_536,
            max_requests_per_connection: 1_000_000,
            close_timeout: Duration::from_secs(10),
            hooks: Hooks::default(),
        }
    }
}

impl Options {
    /// How long a connection may stay parked: without keep-alive it waits for its one request alone.
    pub(super) fn patience(&self) -> Duration {
        if self.idle_timeout.is_zero() { self.head_timeout } else { self.idle_timeout }
    }

    /// What `Keep-Alive` says, in whole seconds; nothing where there is nothing to count.
    pub(super) fn idle_seconds(&self) -> Option<u32> {
        u32::try_from(self.idle_timeout.as_secs()).ok().filter(|seconds| *seconds > 0)
    }

    /// A request with that number is the last on its connection.
    pub(super) fn is_last(&self, number: u32) -> bool {
        let most = self.max_requests_per_connection;
        self.idle_timeout.is_zero() || most != u32::MAX && number >= most
    }
}
