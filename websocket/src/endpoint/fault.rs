//! What went wrong, as a handler or a client is told.

use super::answer::Answer;
use crate::error::{Error, SendError};
use crate::handshake::client::{Invalid, Refused};
use crate::handshake::server::Refusal;

/// Everything that can end a connection, or keep it from opening.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The peer broke a rule or a limit, or is gone.
    Receive(Error),
    /// Something could not be sent.
    Send(SendError),
    /// The client's request is no handshake that this server accepts; it was answered so.
    Refusal(Refusal),
    /// The client's request head is malformed, too large or too slow; it was answered with this status.
    Head(u16),
    /// The server's 101 does not answer our handshake.
    Refused(Refused),
    /// The server answered with another status: a refusal, a redirect, a page.
    Answered(Box<Answer>),
    /// The URL is not of the form `ws://host[:port][/path][?query]`, or `wss:` likewise.
    Url,
    /// The URL is of the form `wss:`, which `connect_secure` takes, with the feature `tls`; or TLS is the caller's to put under
    /// [`connect_over`](crate::connect_over).
    Secure,
    /// TLS could not be agreed on: why.
    Tls(Box<str>),
    /// The request holds something that may not be sent.
    Request(Invalid),
    /// The transport failed before the handshake was over.
    Io(std::io::ErrorKind),
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Fault::Receive(error) => error.fmt(f),
            Fault::Send(error) => error.fmt(f),
            Fault::Refusal(refusal) => refusal.fmt(f),
            Fault::Head(status) => write!(f, "the request head was answered with {status}"),
            Fault::Refused(refused) => refused.fmt(f),
            Fault::Answered(answer) => {
                write!(f, "the server answered {} instead of 101", answer.status)?;
                let text = String::from_utf8_lossy(&answer.body);
                match text.lines().next().map(str::trim).filter(|line| !line.is_empty()) {
                    Some(line) => write!(f, ": {}", line.escape_debug()),
                    None => Ok(()),
                }
            }
            Fault::Secure => f.write_str("wss: needs TLS: connect_secure, or a stream of one's own for connect_over"),
            Fault::Tls(why) => f.write_str(why),
            Fault::Request(invalid) => invalid.fmt(f),
            Fault::Url => f.write_str("not a URL of the form ws://host[:port][/path][?query]"),
            Fault::Io(kind) => write!(f, "the transport failed: {kind}"),
        }
    }
}

impl std::error::Error for Fault {}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Fault::Receive(error)
    }
}

impl From<SendError> for Fault {
    fn from(error: SendError) -> Self {
        Fault::Send(error)
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Fault::Io(error.kind())
    }
}

impl From<Fault> for std::io::Error {
    fn from(fault: Fault) -> Self {
        use std::io::ErrorKind;
        let kind = match &fault {
            Fault::Io(kind) => *kind,
            Fault::Receive(Error::AbruptEnd) => ErrorKind::UnexpectedEof,
            Fault::Receive(Error::HeartbeatTimeout | Error::CloseTimeout) => ErrorKind::TimedOut,
            Fault::Send(_) => ErrorKind::BrokenPipe,
            Fault::Url | Fault::Secure | Fault::Request(_) => ErrorKind::InvalidInput,
            _ => ErrorKind::InvalidData,
        };
        std::io::Error::new(kind, fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::ErrorKind;

    #[test]
    fn each_fault_has_a_kind() {
        for (fault, kind) in [
            (Fault::Io(ErrorKind::ConnectionRefused), ErrorKind::ConnectionRefused),
            (Fault::Receive(Error::AbruptEnd), ErrorKind::UnexpectedEof),
            (Fault::Receive(Error::HeartbeatTimeout), ErrorKind::TimedOut),
            (Fault::Receive(Error::CloseTimeout), ErrorKind::TimedOut),
            (Fault::Receive(Error::Masked), ErrorKind::InvalidData),
            (Fault::Send(SendError::Closed), ErrorKind::BrokenPipe),
            (Fault::Url, ErrorKind::InvalidInput),
            (Fault::Secure, ErrorKind::InvalidInput),
            (Fault::Tls("why".into()), ErrorKind::InvalidData),
            (Fault::Head(400), ErrorKind::InvalidData),
        ] {
            let (says, made) = (fault.to_string(), std::io::Error::from(fault));
            assert_eq!((made.kind(), made.to_string()), (kind, says));
        }
    }
}
