//! What both ends may set.

use std::time::Duration;

/// The protocol of HTTP/1.1 in ALPN's registry.
pub const HTTP1: &str = "http/1.1";

/// The protocol of HTTP/2 in ALPN's registry.
pub const HTTP2: &str = "h2";

/// What both ends may set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The protocols above that are spoken, the one that is liked best first (ALPN, RFC 7301). Two ends that have none in
    /// common refuse each other; where one of them names none, nothing is agreed on. Empty: this end names none. `http/1.1`.
    pub protocols: Vec<String>,
    /// Time for the whole handshake, from its first byte on. 10 seconds, as for a request's head. Zero: what it needs must be
    /// there when it is asked for, which no network can do. [`Duration::MAX`] switches it off.
    pub handshake_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Options { protocols: vec![HTTP1.into()], handshake_timeout: Duration::from_secs(10) }
    }
}

impl Options {
    pub(crate) fn wire_protocols(&self) -> Vec<Vec<u8>> {
        self.protocols.iter().map(|name| name.clone().into_bytes()).collect()
    }
}
