//! Why an exchange has no response, or not the whole of one.

use super::origin::Origin;
use crate::{Misuse, Violation};
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
    Connect(Box<Failed>),
    /// The connection failed, or ended before the first byte of a response.
    Connection(Box<Failed>),
    /// The server broke a rule, also by ending the connection inside its message (RFC 9112 §8): what was received of the
    /// body is not the whole.
    Protocol(crate::Error),
    /// A time limit of [`Timeouts`](super::timeouts::Timeouts) was over.
    TimedOut(Stage),
    /// The body, or what it decodes to, is larger than was allowed.
    BodyTooLarge,
    /// More informational responses than [`MAX_INFORMATIONAL`](crate::client::MAX_INFORMATIONAL).
    TooManyInformational,
    /// The server has answered, and takes no more of the body before its answer is read. The piece was not sent: take the
    /// response and read it, and write the piece again meanwhile.
    Unread,
    /// The agent's queue is full ([`AgentOptions::max_queued`](super::options::AgentOptions::max_queued)).
    QueueFull,
    /// The other half of the exchange was dropped or had failed before.
    Aborted,
    /// A redirect that is not followed: why.
    Redirect(&'static str),
    /// The body's content coding cannot be taken off: why.
    Coding(&'static str),
    /// Another error of the program's own I/O, or of the loop: so a function that also reads files, or is given to
    /// [`run`](wirebook_net::run), needs no other type.
    Io(io::Error),
}

/// A call to the system that failed, and the origin that it was made for.
///
/// As text: `cannot connect to 127.0.0.1:80: connection refused`.
#[derive(Debug)]
pub struct Failed {
    /// What could not be done: `connect to`, `read from`, `write to`.
    pub call: &'static str,
    /// The other end.
    pub origin: Origin,
    /// Why not.
    pub error: io::Error,
}

impl Failed {
    pub(crate) fn new(call: &'static str, origin: &Origin, error: io::Error) -> Box<Failed> {
        Box::new(Failed { call, origin: origin.clone(), error })
    }
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

impl Error {
    /// A response that no request asked for: a protocol that was not in the request's `Upgrade` field.
    pub(crate) fn unasked() -> Error {
        Error::Protocol(crate::Error::new(Violation::Unasked, 0))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Option(why) => f.write_str(why),
            Error::Misuse(misuse) => misuse.fmt(f),
            Error::Connect(failed) | Error::Connection(failed) => failed.fmt(f),
            Error::Protocol(error) => error.fmt(f),
            Error::TimedOut(Stage::Connect) => f.write_str("timed out while connecting"),
            Error::TimedOut(Stage::Queue) => f.write_str("timed out while waiting for a free connection"),
            Error::TimedOut(Stage::Head) => f.write_str("timed out while waiting for the response's head"),
            Error::TimedOut(Stage::Body) => f.write_str("timed out within a body"),
            Error::TimedOut(Stage::Whole) => f.write_str("the time for the whole exchange is up"),
            Error::BodyTooLarge => f.write_str("the body is larger than allowed"),
            Error::TooManyInformational => f.write_str("informational responses without end"),
            Error::Unread => f.write_str("the server takes no more before its answer is read"),
            Error::QueueFull => f.write_str("too many requests wait for a connection"),
            Error::Aborted => f.write_str("the exchange was aborted"),
            Error::Redirect(why) | Error::Coding(why) => f.write_str(why),
            Error::Io(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = format!("cannot {} {}: ", self.call, self.origin);
        let reason = self.error.to_string();
        // A socket says the same of its address; the sentence is whole then.
        if reason.starts_with(&what) {
            return f.write_str(&reason);
        }
        f.write_str(&what)?;
        let kind = self.error.kind().to_string();
        // What the system reports has a number, which says less than its kind, where it has one that is known.
        match self.error.raw_os_error() {
            Some(_) if kind != "uncategorized error" => f.write_str(&kind),
            _ => f.write_str(&reason),
        }
    }
}

impl std::error::Error for Failed {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Connect(failed) | Error::Connection(failed) => Some(&failed.error),
            Error::Protocol(error) => Some(error),
            Error::Misuse(misuse) => Some(misuse),
            Error::Io(error) => Some(error),
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

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Error::Io(error)
    }
}

impl Error {
    /// What kind of an error it is to whoever knows those of the system.
    pub fn kind(&self) -> io::ErrorKind {
        match self {
            Error::Connect(failed) | Error::Connection(failed) => failed.error.kind(),
            Error::Io(error) => error.kind(),
            Error::TimedOut(_) => io::ErrorKind::TimedOut,
            Error::Option(_) | Error::Misuse(_) => io::ErrorKind::InvalidInput,
            Error::Protocol(_) | Error::TooManyInformational | Error::Coding(_) => io::ErrorKind::InvalidData,
            _ => io::ErrorKind::Other,
        }
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Io(error) => error,
            error => io::Error::new(error.kind(), error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_has_a_kind() {
        let origin = Origin { secure: false, host: "a".into(), port: 80, local_address: None, socket_path: None };
        let failed = || Failed::new("connect to", &origin, io::ErrorKind::ConnectionRefused.into());
        for (error, kind) in [
            (Error::Connect(failed()), io::ErrorKind::ConnectionRefused),
            (Error::Connection(failed()), io::ErrorKind::ConnectionRefused),
            (Error::TimedOut(Stage::Head), io::ErrorKind::TimedOut),
            (Error::Option("no URL"), io::ErrorKind::InvalidInput),
            (Error::unasked(), io::ErrorKind::InvalidData),
            (Error::Coding("odd"), io::ErrorKind::InvalidData),
            (Error::Redirect("too many"), io::ErrorKind::Other),
            (Error::QueueFull, io::ErrorKind::Other),
            (Error::Io(io::ErrorKind::NotFound.into()), io::ErrorKind::NotFound),
        ] {
            let (says, made) = (error.to_string(), io::Error::from(error));
            assert_eq!((made.kind(), made.to_string()), (kind, says));
        }
    }
}
