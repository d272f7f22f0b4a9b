//! The sending half of an exchange.

use super::exchange::{Exchange, Known, Until};
use super::head::Prepared;
use super::options::Options;
use super::response::Response;
use crate::FieldBlock;
#[cfg(doc)]
use crate::Misuse;
use crate::agent::error::Error;
use crate::agent::pool::Pool;
#[cfg(doc)]
use crate::agent::timeouts::Timeouts;
use crate::parser::FieldLines;
use std::fmt;
use wirebook_net as net;

/// Begins a request: gets a connection, from the agent or a new one, and prepares the head.
///
/// Nothing is sent before the first [`Request::write`] or [`Request::end`], so that head and body go out in one write.
///
/// ```no_run
/// # async fn example() -> Result<(), wirebook_http1::client::Error> {
/// use wirebook_http1::client::{self, Options};
///
/// let options = Options { host: "example.org", ..Options::default() };
/// let mut response = client::request(&options).await?.end("").await?;
/// assert_eq!(response.status(), 200);
/// let body = response.bytes(1 << 20).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`Error::Option`] and [`Error::Misuse`] for what cannot be sent, [`Error::Connect`], [`Error::TimedOut`],
/// [`Error::QueueFull`].
pub async fn request(options: &Options<'_>) -> Result<Request, Error> {
    options.check()?;
    let deadline = options.timeouts.deadline();
    let head = Prepared::new(options)?;
    let connect = options.timeouts.connect;
    let connection = match options.agent {
        Some(agent) => agent.pool.check_out(options.origin(), None, connect, deadline).await?,
        None => Pool::of_none().check_out(options.origin(), Some(options.limits), connect, deadline).await?,
    };
    Ok(Request { exchange: Exchange::new(connection, head, options, deadline) })
}

/// A request whose connection is there. [`write`](Self::write) its body piece by piece, or [`end`](Self::end) it at once.
///
/// A server may answer before it has the whole body, and its answer is given as soon as it is there. What becomes of the
/// rest of the body then:
///
/// - with 3xx, 4xx and 5xx it is not sent any more, and neither if the connection breaks under it (RFC 9112 §9.5);
/// - with 2xx it goes on, because the answer may be made of it; after [`end`](Self::end) by itself, beside whoever reads the
///   response, from a copy of what is left;
/// - when the response is over and the server closes, or takes nothing for a second, it is given up.
///
/// Dropping a request before its end closes the connection.
pub struct Request {
    exchange: Exchange,
}

/// An informational response (RFC 9110 §15.2): 100, 102, 103.
#[derive(Clone, Copy, Debug)]
pub struct Informational<'r> {
    /// 100 to 199, 101 apart.
    pub status: u16,
    /// Its fields.
    pub headers: FieldLines<'r>,
}

impl Request {
    /// The connection has carried another exchange before this one.
    pub fn is_reused(&self) -> bool {
        self.exchange.connection.as_ref().is_some_and(|connection| connection.reused.get())
    }

    /// The server has already given its final answer: what is written now may be in vain.
    pub fn is_answered(&self) -> bool {
        self.exchange.is_answered()
    }

    /// Sends a piece of the body, the head before the first one, and waits until the system has taken it.
    ///
    /// With `Expect: 100-continue` among the fields, the first piece waits for the server's word, at most for
    /// [`Timeouts::continued`].
    ///
    /// It comes back at once when the final answer has come: what was not taken by then goes out with the next call. A
    /// server that answers while it reads takes nothing more until its answer is read. So who writes much looks at
    /// [`is_answered`](Self::is_answered), takes the [`response`](Self::response), and reads it while he writes; if he does
    /// not, [`Error::Unread`] says so after five seconds.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] for more bytes than `Content-Length` said; [`Error::TimedOut`] and [`Error::Unread`] where the
    /// server takes nothing; what is wrong with an answer that came early.
    pub async fn write(&mut self, data: impl AsRef<[u8]>) -> Result<(), Error> {
        self.exchange.write(data.as_ref()).await
    }

    /// Sends the rest of the body and waits for the response's head. If nothing was written before, the body's length is
    /// known and sent.
    ///
    /// # Errors
    ///
    /// Those of [`write`](Self::write) and [`response`](Self::response); [`Error::Misuse`] for fewer bytes than
    /// `Content-Length` said.
    pub async fn end(mut self, data: impl AsRef<[u8]>) -> Result<Response, Error> {
        self.exchange.finish(data.as_ref(), FieldLines::default()).await?;
        let response = self.response().await?;
        if self.exchange.connection.is_some() {
            // What the system has not taken goes out beside whoever reads.
            net::spawn(self.exchange.upload());
        }
        Ok(response)
    }

    /// As [`end`](Self::end), with trailer fields behind a chunked body (RFC 9110 §6.5).
    ///
    /// # Errors
    ///
    /// As [`end`](Self::end); [`Misuse::Framing`] where the body is not chunked, or a field has no place in trailers.
    pub async fn end_with_trailers(mut self, trailers: &FieldBlock) -> Result<Response, Error> {
        self.exchange.begin(Known::Nothing)?;
        self.exchange.finish(b"", trailers.lines()).await?;
        let response = self.response().await?;
        if self.exchange.connection.is_some() {
            // What the system has not taken goes out beside whoever reads.
            net::spawn(self.exchange.upload());
        }
        Ok(response)
    }

    /// Sends the end of the body and no more, with trailer fields behind a chunked one: so that
    /// [`informational`](Self::informational) responses can be heard that come behind it, before the
    /// [`response`](Self::response).
    ///
    /// # Errors
    ///
    /// As [`end_with_trailers`](Self::end_with_trailers).
    pub async fn finish(&mut self, trailers: &FieldBlock) -> Result<(), Error> {
        self.exchange.finish(b"", trailers.lines()).await
    }

    /// Sends the rest of the body, after [`response`](Self::response) was taken: the exchange went both ways at once.
    ///
    /// # Errors
    ///
    /// As [`end`](Self::end).
    pub async fn finish_body(mut self, data: impl AsRef<[u8]>) -> Result<(), Error> {
        self.exchange.finish(data.as_ref(), FieldLines::default()).await?;
        self.exchange.leave();
        Ok(())
    }

    /// Waits for the final response's head. It may be called before the body has ended, to read and write at once.
    ///
    /// # Errors
    ///
    /// [`Error::Connection`] where the connection ends before a byte of the response; [`Error::Protocol`],
    /// [`Error::TimedOut`], [`Error::TooManyInformational`].
    ///
    /// # Panics
    ///
    /// Never; a second call gives [`Error::Aborted`].
    pub async fn response(&mut self) -> Result<Response, Error> {
        if !self.exchange.has_buffers() {
            return Err(Error::Aborted);
        }
        self.exchange.begin(Known::Nothing)?;
        self.exchange.settle(Until::Final).await?;
        self.exchange.take_response()
    }

    /// Waits for the next informational response; `None` when the final one is there. Each is told once, in the order in
    /// which they came, also those that came while something was written.
    ///
    /// Those that nobody asks for are skipped.
    ///
    /// # Errors
    ///
    /// As [`response`](Self::response).
    pub async fn informational(&mut self) -> Result<Option<Informational<'_>>, Error> {
        self.exchange.begin(Known::Nothing)?;
        if self.exchange.has_buffers() {
            self.exchange.settle(Until::Informational).await?;
        }
        let next = self.exchange.news.as_mut().and_then(|news| news.next());
        Ok(next.map(|(status, headers)| Informational { status, headers }))
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("reused", &self.is_reused()).finish_non_exhaustive()
    }
}
