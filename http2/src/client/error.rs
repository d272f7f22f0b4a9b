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
    /// connection takes no more. The reason is inside, as whoever had been answered by halves would hear it. Whatever its method, the request
    /// may be made again (RFC 9113 §8.7).
    Unprocessed(Arc<Error>),
    /// The connection has ended in the middle. What has become of the request nobody knows.
    Ended,
    /// The same, and the server has said why it ends.
    Goaway(Goaway),
    /// This end takes no more requests on the connection: it was closed here, or has idled.
    Closed,
    /// This end has broken the request off: its body was dropped before its end.
    BrokenOff,
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

/// What a server has said in GOAWAY (RFC 9113 §6.8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Goaway {
    /// Why it ends the connection.
    pub code: Code,
    /// What it adds for people: at most the first [`MAX_DEBUG`] bytes of it, as text in which whatever a terminal might obey is escaped.
    pub debug: Arc<str>,
}

/// Bytes that are kept of what a GOAWAY says for people. A frame has room for 16 KiB, and nobody reads so much in an error.
pub const MAX_DEBUG: usize = 256;

impl Goaway {
    pub(super) fn new(code: Code, debug: &[u8]) -> Goaway {
        let said = String::from_utf8_lossy(&debug[..debug.len().min(MAX_DEBUG)]);
        Goaway { code, debug: said.escape_debug().to_string().into() }
    }
}

impl Error {
    /// The request was surely not looked at, and that is why.
    pub(super) fn unprocessed(why: Error) -> Error {
        Error::Unprocessed(Arc::new(why))
    }

    /// Whether the server has surely not looked at the request, so that it may be made again whatever it asks for.
    pub fn is_unprocessed(&self) -> bool {
        matches!(self, Error::Unprocessed(_))
    }

    /// Whether the server wants the same request by HTTP/1.1, and has not looked at this one (RFC 9113 §7).
    pub(super) fn wants_http1(&self) -> bool {
        match self {
            Error::NotSpoken | Error::Reset(Code::HTTP_1_1_REQUIRED) => true,
            Error::Unprocessed(why) => {
                why.wants_http1() || matches!(&**why, Error::Goaway(said) if said.code == Code::HTTP_1_1_REQUIRED)
            }
            _ => false,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Io(error) => error.fmt(f),
            Error::Protocol(error) => error.fmt(f),
            Error::Reset(code) => write!(f, "the server has reset the stream: {code}"),
            Error::Unprocessed(why) => write!(f, "the server has not looked at the request: {why}"),
            Error::Ended => f.write_str("the connection has ended in the middle"),
            Error::Goaway(said) => said.fmt(f),
            Error::Closed => f.write_str("this end has closed the connection"),
            Error::BrokenOff => f.write_str("the request was broken off: its body was dropped before its end"),
            Error::Misuse(misuse) => misuse.fmt(f),
            Error::Field(misuse) => misuse.fmt(f),
            Error::Refused(status) => write!(f, "the server has answered {status} instead of opening a tunnel"),
            Error::TooLarge => f.write_str("the body is larger than was allowed"),
            Error::Http1(error) => error.fmt(f),
            Error::NotSpoken => f.write_str("the server does not speak HTTP/2"),
        }
    }
}

impl fmt::Display for Goaway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server has ended the connection: {}", self.code)?;
        if self.debug.is_empty() { Ok(()) } else { write!(f, " \"{}\"", self.debug) }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Io(error) => Some(&**error),
            Error::Protocol(error) => Some(error),
            Error::Unprocessed(why) => Some(&**why),
            Error::Misuse(misuse) => Some(misuse),
            Error::Field(misuse) => Some(misuse),
            Error::Http1(error) => Some(&**error),
            _ => None,
        }
    }
}

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

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        io::Error::new(kind(&error), error)
    }
}

/// What kind of an error it is to whoever knows those of the system.
fn kind(error: &Error) -> io::ErrorKind {
    match error {
        Error::Io(error) => error.kind(),
        Error::Unprocessed(why) => kind(why),
        Error::Http1(error) => error.kind(),
        Error::Protocol(error) if error.violation.is_late() => io::ErrorKind::TimedOut,
        Error::Protocol(_) | Error::NotSpoken => io::ErrorKind::InvalidData,
        Error::Misuse(_) | Error::Field(_) => io::ErrorKind::InvalidInput,
        Error::Reset(_) | Error::Goaway(_) => io::ErrorKind::ConnectionReset,
        Error::Ended => io::ErrorKind::UnexpectedEof,
        Error::Closed | Error::BrokenOff => io::ErrorKind::ConnectionAborted,
        Error::Refused(_) | Error::TooLarge => io::ErrorKind::Other,
    }
}
