//! What the caller did wrong.

use core::fmt;

/// The caller asked for bytes that would break a rule: nothing was written, and nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misuse {
    /// There is no such stream, or no longer: the peer may have reset it a moment ago.
    Closed,
    /// The event has no place in the stream's state or in the message: DATA before the head, a second head, what only the
    /// other side sends.
    OutOfTurn,
    /// The peer takes no further stream now, or the number is not [`next_stream`](crate::Connection::next_stream).
    NoStream,
    /// A method, target, scheme or status that is none, or a request without a host.
    Head,
    /// `content-length` is no number, or stands there twice.
    ContentLength,
    /// More DATA than `content-length` says.
    TooManyBytes,
    /// The message would end before `content-length` is reached.
    TooFewBytes,
    /// DATA where none is allowed: answers to HEAD, 204, 304.
    NoBodyAllowed,
    /// `:protocol`, and the peer has not allowed it (RFC 8441 §3).
    Protocol,
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Misuse::Closed => "the stream is closed",
            Misuse::OutOfTurn => "the message part is out of turn",
            Misuse::NoStream => "no stream may be opened with this number now",
            Misuse::Head => "the method, target, host or status is not valid",
            Misuse::ContentLength => "content-length must be one number",
            Misuse::TooManyBytes => "more body bytes than content-length says",
            Misuse::TooFewBytes => "fewer body bytes than content-length says",
            Misuse::NoBodyAllowed => "this message must not have a body",
            Misuse::Protocol => "the peer does not take extended CONNECT",
        })
    }
}

impl core::error::Error for Misuse {}
