//! What is left of a connection that speaks another protocol.

use std::fmt;
use std::rc::Rc;
use wirebook_net::Stream;

/// A connection behind its last HTTP message: 101 for an upgrade (RFC 9110 §7.8), 2xx for CONNECT (§9.3.6).
///
/// It belongs to the handler now: the handler may speak on it itself, or give it to a task of its own and return.
pub struct Upgraded {
    /// The transport.
    pub stream: Rc<dyn Stream>,
    /// What the client sent behind its request, already read: the first bytes of the other protocol.
    pub head: Vec<u8>,
}

impl fmt::Debug for Upgraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Upgraded {{ head: \"{}\", .. }}", self.head.escape_ascii())
    }
}
