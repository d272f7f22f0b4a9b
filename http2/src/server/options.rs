//! What a server allows its clients.

use crate::config::Config;
use std::sync::Arc;
use wirebook_http1::server as http1;

/// What a server allows its clients, whichever of the two protocols they speak.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether clients of HTTP/1.1 are served, too, on the same port: Node's `allowHTTP1`. They are by default. In clear text the first
    /// bytes tell the two apart, over TLS what was agreed on (ALPN). Where it is off, whoever speaks HTTP/1.1 gets GOAWAY.
    pub allow_http1: bool,
    /// Of both: the hooks, connections at a time, bytes of a body, how long a client may take nothing and how long the server reads on
    /// behind its last answer or waits when it closes. Of HTTP/1.1 alone: all the rest.
    pub http: http1::Options,
    /// The bounds of HTTP/2.
    pub http2: Arc<Config>,
}

impl Default for Options {
    fn default() -> Self {
        Options { allow_http1: true, http: http1::Options::default(), http2: Arc::default() }
    }
}
