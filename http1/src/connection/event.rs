//! What bytes mean: one type, used in both directions.

use crate::parser::{FieldLines, RequestHead, ResponseHead};

/// A part of a message. [`Connection::receive`](crate::Connection::receive) yields them from the peer's bytes,
/// [`Connection::send`](crate::Connection::send) takes them and gives bytes.
///
/// Every message is a head, any number of `Data`, and one `End`; a message without a body has an `End` all the same. On
/// a connection that was upgraded the bytes are the caller's: there is no event for them.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// The request line and fields (RFC 9112 §3, §5).
    Request(RequestHead<'a>),
    /// The status line and fields (RFC 9112 §4, §5). With status 1xx a further response follows.
    Response(ResponseHead<'a>),
    /// A piece of the body, with the transfer coding taken off (received) or to be put on (sent). Where the pieces are
    /// cut has no meaning.
    Data(&'a [u8]),
    /// The end of the message, with its trailer fields (RFC 9112 §7.1.2): empty but after a chunked body.
    End(FieldLines<'a>),
}
