//! An answer that an agent has brought: by HTTP/2 where the server speaks it, over TLS where its URL is `https:`.

use std::io;
use std::time::Duration;

use wirebook_http1::FieldBlock;
use wirebook_http1::client::{Error as HttpError, Timeouts};
use wirebook_http2::Code;
use wirebook_http2::client::{Agent, Error, Response};

use super::head::{OwnedHead, head_of, insecure, unreachable};
use crate::source::error::Cause;
use crate::source::url::Url;

/// An answer whose body is the stream.
pub(super) struct Answer {
    response: Response,
    piece: Vec<u8>,
    /// Bytes of it that the decoder has taken.
    used: usize,
}

/// Asks, and waits for the head of the answer.
pub(super) async fn ask(agent: Agent, url: Url, fields: FieldBlock) -> Result<(Answer, OwnedHead), Cause> {
    // They are the event source's: `head_timeout` and `silence_timeout`.
    let timeouts = Timeouts {
        connect: Duration::MAX,
        head: Duration::MAX,
        body: Duration::MAX,
        whole: None,
        ..Timeouts::default()
    };
    // URL and fields were tried when the event source was made; the host is the URL's.
    let mut request = agent.request("GET", &url.to_string()).map_err(|_| Cause::Broken)?.timeouts(timeouts);
    for (name, value) in fields.lines().iter().filter(|(name, _)| !name.eq_ignore_ascii_case(b"host")) {
        request = request.header(name, value);
    }
    let response = request.send("").await.map_err(|error| cause(&error))?;
    let head = head_of(response.status(), &response.headers())?;
    Ok((Answer { response, piece: Vec::new(), used: 0 }, head))
}

/// Why there is no answer, or no more of it.
fn cause(error: &Error) -> Cause {
    match error {
        Error::Io(error) if insecure(error).is_none() && is_broken(error) => Cause::Broken,
        Error::Io(error) => unreachable(error),
        Error::Ended => Cause::Ended,
        Error::Reset(code) => told(*code),
        Error::Goaway(said) => told(said.code),
        Error::Unprocessed(why) => cause(why),
        Error::Protocol(error) if error.violation.is_late() => Cause::Silence,
        Error::Protocol(error) => Cause::NotHttp2(error.violation.row().2),
        Error::Http1(error) => match &**error {
            HttpError::Connect(failed) => unreachable(&failed.error),
            HttpError::Protocol(error) => Cause::NotHttp(*error),
            HttpError::TooManyInformational => Cause::TooManyInformational,
            _ => Cause::Broken,
        },
        _ => Cause::Broken,
    }
}

/// A server that goes in peace has ended the stream, and no more.
fn told(code: Code) -> Cause {
    match code.name() {
        Some("NO_ERROR") => Cause::Ended,
        name => Cause::Told(name.unwrap_or("a code that has no name")),
    }
}

fn is_broken(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, TimedOut, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | TimedOut | UnexpectedEof)
}

impl Answer {
    /// The next piece; 0 at the end of the stream.
    pub(super) async fn fill(&mut self) -> Result<usize, Cause> {
        let piece = self.response.chunk().await.map_err(|error| cause(&error))?;
        self.piece.clear();
        self.used = 0;
        self.piece.extend_from_slice(piece.unwrap_or_default());
        Ok(self.piece.len())
    }

    pub(super) fn body(&self) -> &[u8] {
        &self.piece[self.used..]
    }

    pub(super) fn consume(&mut self, count: usize) {
        self.used += count;
    }
}
