//! The request, as a handler gets it.

use super::body::BodyReader;
use super::carrier::{Carried, Carrier};
use super::failure::{Failure, Trouble};
use super::transport::Transport;
use crate::parser::{FieldLines, RequestHead, Version};
use crate::target::Target;
use std::fmt;
use std::net::SocketAddr;
use std::rc::Rc;

/// A request: a view of the received head, and a body that is read as it arrives.
///
/// What the handler does not read of the body is dropped by the server, or the connection closes.
pub struct Request<'r> {
    head: &'r RequestHead<'r>,
    pub(super) way: Way<'r>,
}

/// How it came.
pub(super) enum Way<'r> {
    One(BodyReader<'r>),
    Other(Carried<'r>),
}

impl<'r> Request<'r> {
    pub(super) fn of(body: BodyReader<'r>) -> Self {
        Request { head: body.exchange.head, way: Way::One(body) }
    }

    /// A request that another protocol carries.
    #[doc(hidden)]
    pub fn carried(carrier: &'r dyn Carrier) -> Self {
        Request { head: carrier.head(), way: Way::Other(Carried { carrier, content: None }) }
    }

    pub(crate) fn head(&self) -> &'r RequestHead<'r> {
        self.head
    }

    fn transport(&self) -> &'r Rc<dyn Transport> {
        match &self.way {
            Way::One(body) => body.exchange.stream,
            Way::Other(carried) => carried.carrier.transport(),
        }
    }

    /// The method, as it was sent: methods are case-sensitive (RFC 9110 §9.1).
    pub fn method(&self) -> &'r str {
        match self.head().method {
            b"GET" => "GET",
            other => ascii(other),
        }
    }

    /// The request-target, as it was sent (RFC 9112 §3.2).
    pub fn target(&self) -> &'r str {
        ascii(self.head().target)
    }

    /// The path of the target, still percent-encoded; `*` for `OPTIONS *`, empty for CONNECT.
    pub fn path(&self) -> &'r str {
        ascii(self.form().map_or(b"", Target::path))
    }

    /// What follows the `?` of the target, still percent-encoded.
    pub fn query(&self) -> Option<&'r str> {
        self.form().and_then(Target::query).map(ascii)
    }

    /// The authority that the request is for: that of an absolute target, or else the Host field (RFC 9110 §7.2).
    pub fn authority(&self) -> Option<&'r str> {
        match self.form() {
            Some(Target::Absolute { authority, .. } | Target::Authority(authority)) => Some(ascii(authority)),
            _ => self.header("host").map(ascii),
        }
    }

    /// The version.
    pub fn version(&self) -> Version {
        self.head().version
    }

    /// The value of the first field with this name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&'r [u8]> {
        self.head().fields.get(name)
    }

    /// All field lines, in wire order and in their own spelling.
    pub fn headers(&self) -> FieldLines<'r> {
        self.head().fields
    }

    /// `https` where the connection is encrypted, else `http` (RFC 9110 §4.2): Node's `socket.encrypted`. Behind a proxy that takes TLS
    /// off it is the proxy's connection that is asked.
    pub fn scheme(&self) -> &'static str {
        if self.transport().is_secure() { "https" } else { "http" }
    }

    /// The address of the client's end; `None` where its connection has none, as on a Unix socket. It is asked of the
    /// socket now: who does not ask pays nothing.
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        self.transport().peer_addr()
    }

    /// The address of this end, likewise.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.transport().local_addr()
    }

    /// Allows this request so many bytes of body, more or less than [`Options::max_body`](super::Options::max_body).
    /// To be said before the body is read; what has been read counts.
    pub fn limit_body(&mut self, bytes: u64) -> &mut Self {
        match &self.way {
            Way::One(body) => body.exchange.max_body.set(bytes),
            Way::Other(carried) => carried.carrier.limit_body(bytes),
        }
        self
    }

    /// The next piece of the body; `None` at its end. Where the pieces are cut has no meaning.
    ///
    /// The first call answers a client that waits for `100 Continue`.
    ///
    /// # Errors
    ///
    /// What is wrong with the body or the connection. A handler that gives the error back with `?` lets the server answer
    /// with the right status.
    pub async fn chunk(&mut self) -> Result<Option<&[u8]>, Failure> {
        self.next().await
    }

    /// The trailer fields (RFC 9110 §6.5), once [`chunk`](Self::chunk) has given `None`; before that there are none.
    pub fn trailers(&self) -> FieldLines<'_> {
        match &self.way {
            Way::One(body) => body.trailers(),
            Way::Other(carried) => carried.trailers(),
        }
    }

    /// The client wants another protocol on this connection, and names it in the field `Upgrade` (RFC 9110 §7.8), or it
    /// wants a tunnel (CONNECT). [`Response::upgrade`](super::Response::upgrade) agrees.
    pub fn upgrades(&self) -> bool {
        match &self.way {
            Way::One(body) => {
                let answer = body.exchange.answer.borrow();
                answer.connection.upgrades() || answer.connection.answers_connect()
            }
            Way::Other(_) => self.head.method == b"CONNECT",
        }
    }

    /// The protocol that an extended CONNECT asks for (RFC 8441): `websocket`. HTTP/1 has the field `Upgrade` instead.
    pub fn protocol(&self) -> Option<&[u8]> {
        match &self.way {
            Way::One(_) => None,
            Way::Other(carried) => carried.carrier.protocol(),
        }
    }

    /// Waits until the client has gone: it ended its half of the connection, or the connection broke; or until the server
    /// closes. For a response that stays open, whose handler would otherwise learn of it from its next write.
    ///
    /// What the client sends meanwhile, such as a pipelined request, is kept for later; of much (64 KiB), the rest is not
    /// read, and the end not seen. While a part of the body is unread it ends with the server alone. A client that
    /// vanished without a word is found out by [`Options::probe_after`](super::Options::probe_after).
    pub async fn closed(&mut self) {
        match &mut self.way {
            Way::One(body) => body.closed().await,
            Way::Other(carried) => carried.closed().await,
        }
    }

    /// The whole body, if it has at most `limit` bytes.
    ///
    /// # Errors
    ///
    /// Those of [`chunk`](Self::chunk), and a body that is larger.
    pub async fn bytes(&mut self, limit: usize) -> Result<Vec<u8>, Failure> {
        let mut whole: Vec<u8> = Vec::new();
        while let Some(piece) = self.next().await? {
            if whole.len() + piece.len() > limit {
                return Err(self.fail(Trouble::TooLarge));
            }
            // Doubling, but never beyond the limit.
            if whole.capacity() - whole.len() < piece.len() {
                let wanted = (2 * whole.capacity()).max(whole.len() + piece.len()).min(limit);
                whole.reserve_exact(wanted - whole.len());
            }
            whole.extend_from_slice(piece);
        }
        Ok(whole)
    }

    async fn next(&mut self) -> Result<Option<&[u8]>, Failure> {
        match &mut self.way {
            Way::One(body) => body.next().await,
            Way::Other(carried) => carried.next().await,
        }
    }

    fn fail(&self, trouble: Trouble) -> Failure {
        match &self.way {
            Way::One(body) => body.exchange.fail(trouble),
            Way::Other(carried) => carried.carrier.fail(trouble),
        }
    }

    /// The head parser let only valid requests through; `None` is never seen.
    fn form(&self) -> Option<Target<'r>> {
        // The target of an extended CONNECT is a path, as a GET's (RFC 8441 §4).
        let method = if self.protocol().is_some() { b"GET" } else { self.head().method };
        Target::parse(method, self.head().target).ok()
    }
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.head().fmt(f)
    }
}

/// Methods, targets and hosts are ASCII: the parser saw to that.
fn ascii(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap_or_default()
}
