//! Why there is no answer.

use crate::message::Misuse;
use crate::wire::{self, Code};
use std::fmt;
use std::io;
use std::sync::Arc;

/// Why a request has no answer, or its answer no end.
#[derive(Clone, Debug)]
pub enum Error {
    /// The connection broke, or could not be made.
    Io(Arc<io::Error>),
    /// The server broke a rule, or was too slow.
    Protocol(wire::Error),
    /// The server has reset the stream, for that reason.
    Reset(Code),
    /// The server has not looked at the request, and says so: REFUSED_STREAM, or GOAWAY with a lower number. Or it was not sent, because the
    /// connection takes no more. Whatever its method, it may be made again (RFC 9113 §8.7).
    Unprocessed,
    /// The connection has ended in the middle. What has become of the request nobody knows.
    Ended,
    /// What was asked for may not be said.
    Misuse(Misuse),
    /// A field that may not be sent.
    Field(wirebook_http1::Misuse),
    /// The server opens no tunnel for this, and has said so with that status.
    Refused(u16),
    /// The body is larger than was allowed.
    TooLarge,
    /// The server speaks no HTTP/2: it has not agreed on it, or what it has said first is something else. It has not looked at the request.
    NotSpoken,
    /// The server speaks HTTP/1.1, and that is why there is no answer; or a URL is none.
    Http1(Arc<wirebook_http1::client::Error>),
}

impl Error {
    /// Whether the server has surely not looked at the request, so that it may be made again whatever it asks for.
    pub fn is_unprocessed(&self) -> bool {
        matches!(self, Error::Unprocessed)
    }

    /// Whether the server wants the same request by HTTP/1.1, and has not looked at this one (RFC 9113 §7).
    pub(super) fn wants_http1(&self) -> bool {
        matches!(self, Error::NotSpoken | Error::Reset(Code::HTTP_1_1_REQUIRED))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Io(error) => error.fmt(f),
            Error::Protocol(error) => error.fmt(f),
            Error::Reset(code) => write!(f, "the server has reset the stream: {code}"),
            Error::Unprocessed => f.write_str("the server has not looked at the request"),
            Error::Ended => f.write_str("the connection has ended in the middle"),
            Error::Misuse(misuse) => misuse.fmt(f),
            Error::Field(misuse) => misuse.fmt(f),
            Error::Refused(status) => write!(f, "the server has answered {status} instead of opening a tunnel"),
            Error::TooLarge => f.write_str("the body is larger than was allowed"),
            Error::Http1(error) => error.fmt(f),
            Error::NotSpoken => f.write_str("the server does not speak HTTP/2"),
        }
    }
}

impl std::error::Error for Error {}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Error::Io(Arc::new(error))
    }
}

impl From<Misuse> for Error {
    fn from(misuse: Misuse) -> Self {
        Error::Misuse(misuse)
    }
}

impl From<wirebook_http1::Misuse> for Error {
    fn from(misuse: wirebook_http1::Misuse) -> Self {
        Error::Field(misuse)
    }
}

impl From<wirebook_http1::client::Error> for Error {
    fn from(error: wirebook_http1::client::Error) -> Self {
        Error::Http1(Arc::new(error))
    }
}
