//! A handshake that was accepted, and what is told to a server beside its handler.

use std::sync::Arc;
use std::time::Duration;

use wirebook_net::tcp::TcpStream;
use wirebook_net::{self as net, Stream};

use super::answer::Headers;
use crate::config::Config;
use crate::connection::Connection;
use crate::driver::{Link, Reader, Writer, halves};
use crate::handshake::server::{Acceptance, Policy};

/// Bytes that a handshake request may have.
pub const MAX_REQUEST: usize = 16 << 10;

/// What a server is told beside its handler.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whose pages may connect, and the subprotocols spoken.
    pub policy: Policy,
    /// Limits, compression, heartbeat.
    pub config: Arc<Config>,
    /// How long a client may take to send its whole request, from its first byte on, and how long it may wait before that.
    /// Default 10 s. With 0 no request is ever in time; with [`Duration::MAX`] there is no limit.
    pub handshake_timeout: Duration,
    /// How long [`Server::until`](crate::Server::until) waits, once it is to stop, for open connections to end. Default 1 s. With 0 it waits for
    /// nobody; with [`Duration::MAX`] for as long as their handlers take.
    pub stop_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            policy: Policy::default(),
            config: Arc::default(),
            handshake_timeout: Duration::from_secs(10),
            stop_timeout: Duration::from_secs(1),
        }
    }
}

/// A connection that was accepted.
pub struct Accepted<S: Stream + 'static = TcpStream> {
    /// The half that receives.
    pub reader: Reader<S>,
    /// The half that sends.
    pub writer: Writer<S>,
    /// The request target, as sent: path and query.
    pub target: String,
    /// The subprotocol chosen.
    pub protocol: Option<String>,
    /// The field lines of the request, as sent: cookies, for instance.
    pub headers: Headers,
}

/// What a handshake came to.
pub(super) struct Agreed {
    pub(super) acceptance: Acceptance,
    pub(super) target: String,
    pub(super) headers: Headers,
    /// What came behind the request.
    pub(super) leftover: Vec<u8>,
}

/// From an answered handshake to the halves.
pub(super) fn start<S: Stream + 'static>(stream: S, agreed: Agreed, config: Arc<Config>) -> Accepted<S> {
    let Agreed { acceptance, target, headers, leftover } = agreed;
    let link = Link::new(stream, Connection::server(config, acceptance.deflate, net::now()));
    let (reader, writer) = halves(&link, &leftover);
    Accepted { reader, writer, target, protocol: acceptance.protocol, headers }
}
