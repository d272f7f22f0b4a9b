//! Why an exchange has no response, or not the whole of one.

use crate::Misuse;
use std::fmt;
use std::io;

/// What went wrong with a request. Whatever it is, its connection is closed and nobody else gets it.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// An option that cannot be: which, and why.
    Option(&'static str),
    /// A head or body that must not be sent: a field with a line break, more bytes than `Content-Length` said.
    Misuse(Misuse),
    /// No connection could be made.
    Connect(io::Error),
    /// The connection failed, or ended before the first byte of a response.
    Connection(io::Error),
    /// The server broke a rule, also by ending the connection inside its message (RFC 9112 §8): what was received of the
    /// body is not the whole.
    Protocol(crate::Error),
    /// A time limit of [`Timeouts`](super::Timeouts) was over.
    TimedOut(Stage),
    /// The body, or what it decodes to, is larger than was allowed.
    BodyTooLarge,
    /// More informational responses than [`MAX_INFORMATIONAL`](super::MAX_INFORMATIONAL).
    TooManyInformational,
    /// The agent's queue is full ([`AgentOptions::max_queued`](super::AgentOptions::max_queued)).
    QueueFull,
    /// The other half of the exchange was dropped or had failed before.
    Aborted,
    /// A redirect that is not followed: why.
    Redirect(&'static str),
    /// The body's content coding cannot be taken off: why.
    Coding(&'static str),
}

/// What a time limit was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Making the connection, with the look-up of the name.
    Connect,
    /// Waiting for a place in the agent.
    Queue,
    /// From the end of the request to the response's head.
    Head,
    /// Between two pieces of a body, of the request's or the response's.
    Body,
    /// All of it.
    Whole,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Option(why) => f.write_str(why),
            Error::Misuse(misuse) => misuse.fmt(f),
            Error::Connect(error) => write!(f, "no connection: {error}"),
            Error::Connection(error) => write!(f, "the connection failed: {error}"),
            Error::Protocol(error) => error.fmt(f),
            Error::TimedOut(stage) => f.write_str(match stage {
                Stage::Connect => "no connection within its time",
                Stage::Queue => "no place in the agent within the time",
                Stage::Head => "no response within its time",
                Stage::Body => "the body did not go on within its time",
                Stage::Whole => "the exchange took too long",
            }),
            Error::BodyTooLarge => f.write_str("the body is larger than allowed"),
            Error::TooManyInformational => f.write_str("informational responses without end"),
            Error::QueueFull => f.write_str("too many requests wait for a connection"),
            Error::Aborted => f.write_str("the exchange was aborted"),
            Error::Redirect(why) | Error::Coding(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Connect(error) | Error::Connection(error) => Some(error),
            Error::Protocol(error) => Some(error),
            Error::Misuse(misuse) => Some(misuse),
            _ => None,
        }
    }
}

impl From<Misuse> for Error {
    fn from(misuse: Misuse) -> Self {
        Error::Misuse(misuse)
    }
}

impl From<crate::Error> for Error {
    fn from(error: crate::Error) -> Self {
        Error::Protocol(error)
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Connect(error) | Error::Connection(error) => error,
            Error::TimedOut(_) => io::Error::new(io::ErrorKind::TimedOut, error),
            error => io::Error::other(error),
        }
    }
}
