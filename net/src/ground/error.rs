//! Errors that say what could not be done: the call, its object, and the reason.

use std::{error::Error, fmt, io};

/// What could not be done, and why. The cause is its `source`.
#[derive(Debug)]
struct Failure {
    what: String,
    cause: io::Error,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}: ", self.what)?;
        let kind = self.cause.kind().to_string();
        // The kind is the plainer word for an error of the operating system, if it is one at all.
        if self.cause.raw_os_error().is_none() || matches!(kind.as_str(), "other error" | "uncategorized error") {
            write!(f, "{}", self.cause)
        } else {
            f.write_str(&kind)
        }
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}

/// Says of an error what could not be done: "cannot listen on 127.0.0.1:80: permission denied". Its kind stays.
pub(crate) fn cannot(what: impl Into<String>) -> impl FnOnce(io::Error) -> io::Error {
    move |cause| io::Error::new(cause.kind(), Failure { what: what.into(), cause })
}

/// As [`cannot`], for operations that are tried: that one would block is no failure, and passes as it is.
pub(crate) fn cannot_now(what: impl FnOnce() -> String) -> impl FnOnce(io::Error) -> io::Error {
    move |cause| if cause.kind() == io::ErrorKind::WouldBlock { cause } else { cannot(what())(cause) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_has_the_reason_and_the_error_its_kind() {
        let denied = cannot("listen on 127.0.0.1:80")(io::Error::from_raw_os_error(libc::EACCES));
        assert_eq!(denied.to_string(), "cannot listen on 127.0.0.1:80: permission denied");
        assert_eq!(denied.kind(), io::ErrorKind::PermissionDenied);
        let odd = cannot("send")(io::Error::from_raw_os_error(libc::EDOM)).to_string();
        assert!(odd.starts_with("cannot send: ") && odd.contains("os error"), "{odd}");
        let own = cannot("connect")(io::Error::new(io::ErrorKind::ConnectionRefused, "the socket connected to itself"));
        assert_eq!(own.to_string(), "cannot connect: the socket connected to itself");
        let waits = cannot_now(|| unreachable!("it is no failure"))(io::ErrorKind::WouldBlock.into());
        assert_eq!(waits.kind(), io::ErrorKind::WouldBlock);
    }
}
