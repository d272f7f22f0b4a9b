//! The receiving half of an exchange.

use crate::Event;
use crate::agent::buffers::{self, Buffers};
use crate::agent::connection::Connection;
use crate::agent::error::{Error, Stage};
use crate::agent::timeouts::within;
use crate::parser::{FieldLines, MAX_HEAD, Version};
use crate::state::State;
use crate::upgraded::Upgraded;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::ops::Range;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

/// Bytes that [`Response::bytes`] makes room for on the word of `Content-Length` alone.
const MAX_TRUSTED: u64 = 1024 * 1024;

/// Bytes of a body that nobody wants any more which are read, if they are there, so that its connection may serve again.
const MAX_DISCARDED: usize = 64 * 1024;

/// What bounds the reading of a body.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    pub(super) body: Duration,
    pub(super) deadline: Option<Instant>,
    pub(super) max_body: u64,
}

/// A response: its head, and a body that is read as it arrives.
///
/// With the last byte of its body the connection goes back to the agent, whether the response is kept or not. Dropping it
/// before that closes the connection, unless the rest has arrived already.
pub struct Response {
    /// There until the drop.
    buffers: Option<Box<Buffers>>,
    /// There until the body is over.
    connection: Option<Rc<Connection>>,
    bounds: Bounds,
    body_bytes: u64,
    /// The body broke off: it must not be taken for the whole.
    failed: bool,
    upgraded: Option<Upgraded>,
}

/// What one look at the body gave.
enum Piece {
    Data(Range<usize>),
    End,
    Missing,
}

impl Response {
    /// A response whose head lies in the buffers.
    pub(super) fn new(connection: Rc<Connection>, mut buffers: Box<Buffers>, bounds: Bounds) -> Response {
        let (switched, empty) = {
            let protocol = &connection.wire.borrow().protocol;
            (protocol.their_state() == State::Switched, protocol.body_left() == Some(0))
        };
        let mut response =
            Response { buffers: None, connection: None, bounds, body_bytes: 0, failed: false, upgraded: None };
        if switched {
            response.upgraded = Some(Upgraded::new(connection.stream.clone(), buffers.inbox.take_unread()));
            response.buffers = Some(buffers);
            return response;
        }
        connection.heed(buffers.head.section.lines(&buffers.inbox).get("keep-alive"));
        (response.buffers, response.connection) = (Some(buffers), Some(connection));
        if empty {
            // The message ends with its head: this cannot fail.
            let _ = response.look();
        }
        response
    }

    fn buffers(&self) -> &Buffers {
        // They are taken by `drop` alone.
        self.buffers.as_deref().expect("a response has buffers until it is dropped")
    }

    /// The status code, 100 to 999.
    pub fn status(&self) -> u16 {
        self.buffers().head.status
    }

    /// The reason phrase as sent; empty where there is none.
    pub fn reason(&self) -> &[u8] {
        let buffers = self.buffers();
        buffers.inbox.at(buffers.head.reason.clone())
    }

    /// The version of the server's message.
    pub fn version(&self) -> Version {
        self.buffers().head.version
    }

    /// The value of the first field with this name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers().get(name)
    }

    /// All field lines, in wire order and in their own spelling.
    pub fn headers(&self) -> FieldLines<'_> {
        let buffers = self.buffers();
        buffers.head.section.lines(&buffers.inbox)
    }

    /// The trailer fields, once the body is over; empty before, and where there are none.
    pub fn trailers(&self) -> FieldLines<'_> {
        let buffers = self.buffers();
        buffers.trailers.lines(&buffers.inbox)
    }

    /// The body has been read to its end, or there is none.
    pub fn is_complete(&self) -> bool {
        self.connection.is_none() && !self.failed
    }

    /// Bytes of the body that are still to come, where the head told.
    pub fn body_left(&self) -> Option<u64> {
        match &self.connection {
            Some(connection) => connection.wire.borrow().protocol.body_left(),
            None => Some(0),
        }
    }

    /// The connection after 101, or after 2xx to CONNECT: Node's `upgrade` and `connect`. Once; it has left its agent.
    ///
    /// The protocols in the `Upgrade` field are all among those that were asked for: others are no response (RFC 9110 §7.8).
    pub fn upgraded(&mut self) -> Option<Upgraded> {
        self.upgraded.take()
    }

    /// The next piece of the body; `None` at its end. Where the pieces are cut has no meaning.
    ///
    /// # Errors
    ///
    /// [`Error::Protocol`] where the body breaks a rule or off, [`Error::BodyTooLarge`], [`Error::TimedOut`],
    /// [`Error::Connection`]. The connection is closed then, and every later call fails.
    pub async fn chunk(&mut self) -> Result<Option<&[u8]>, Error> {
        loop {
            match self.look()? {
                Piece::Data(range) => return Ok(Some(self.buffers().inbox.at(range))),
                Piece::End => return Ok(None),
                Piece::Missing => {}
            }
            let Bounds { body, deadline, .. } = self.bounds;
            let fill = poll_fn(|context| self.poll_fill(context));
            let filled = within(body, deadline, Stage::Body, fill).await.and_then(|filled| filled);
            filled.map_err(|error| self.fail(error))?;
        }
    }

    /// The whole body, if it has at most `limit` bytes.
    ///
    /// # Errors
    ///
    /// As [`chunk`](Self::chunk); [`Error::BodyTooLarge`] as soon as the body, or its announced length, is over the limit.
    pub async fn bytes(&mut self, limit: usize) -> Result<Vec<u8>, Error> {
        let announced = self.body_left().unwrap_or(0);
        if announced > limit as u64 {
            return Err(self.fail(Error::BodyTooLarge));
        }
        let mut whole = Vec::with_capacity(announced.min(MAX_TRUSTED) as usize);
        while let Some(piece) = self.chunk().await? {
            if whole.len() + piece.len() > limit {
                return Err(self.fail(Error::BodyTooLarge));
            }
            whole.extend_from_slice(piece);
        }
        Ok(whole)
    }

    /// Reads the rest of the body and throws it away, so that the connection can be used again; Node's `resume()`.
    ///
    /// # Errors
    ///
    /// As [`bytes`](Self::bytes).
    pub async fn discard(&mut self, limit: usize) -> Result<(), Error> {
        let mut seen = 0;
        while let Some(piece) = self.chunk().await? {
            seen += piece.len();
            if seen > limit {
                return Err(self.fail(Error::BodyTooLarge));
            }
        }
        Ok(())
    }

    /// Reads the rest of the body as far as it has arrived, and at most about `limit` bytes of it: nothing is waited for.
    pub(super) fn discard_arrived(&mut self, limit: usize) {
        let mut seen = 0;
        while self.connection.is_some() && seen <= limit {
            match self.look() {
                Ok(Piece::Data(range)) => seen += range.len(),
                Ok(Piece::Missing) => {
                    let (Some(connection), Some(buffers)) = (&self.connection, &mut self.buffers) else { return };
                    if !matches!(buffers.inbox.fill(&*connection.stream, MAX_HEAD), Ok(1..)) {
                        return;
                    }
                }
                Ok(Piece::End) | Err(_) => return,
            }
        }
    }

    /// Takes what the inbox holds of the body, one piece.
    fn look(&mut self) -> Result<Piece, Error> {
        let Some(connection) = &self.connection else {
            return if self.failed { Err(Error::Aborted) } else { Ok(Piece::End) };
        };
        let buffers = self.buffers.as_deref_mut().expect("a response has buffers until it is dropped");
        let at = buffers.inbox.position();
        let input = buffers.inbox.unread();
        let received = match connection.is_spoilt() {
            true => Err(Error::Aborted),
            false => connection.wire.borrow_mut().protocol.receive(input, &mut buffers.fields).map_err(Error::Protocol),
        };
        let (used, piece) = match received {
            Ok((used, Some(Event::Data(data)))) => {
                let start = at + (data.as_ptr().addr() - input.as_ptr().addr());
                (used, Piece::Data(start..start + data.len()))
            }
            Ok((used, Some(Event::End(trailers)))) => {
                // The section ends where the used bytes end; its spans count from its own first byte.
                let len = trailers.spans().last().map_or(0, |last| usize::from(last.value_end));
                buffers.trailers.set(at + trailers_at(&trailers, input).unwrap_or(used), len, &trailers);
                (used, Piece::End)
            }
            Ok((used, _)) => (used, Piece::Missing),
            Err(error) => return Err(self.fail(error)),
        };
        buffers.inbox.consume(used);
        match piece {
            Piece::Data(ref range) => {
                self.body_bytes += range.len() as u64;
                if self.body_bytes > self.bounds.max_body {
                    return Err(self.fail(Error::BodyTooLarge));
                }
            }
            Piece::End => self.complete(),
            Piece::Missing => {}
        }
        Ok(piece)
    }

    fn poll_fill(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let connection = self.connection.as_ref().ok_or(Error::Aborted)?;
        let buffers = self.buffers.as_deref_mut().expect("a response has buffers until it is dropped");
        loop {
            return Poll::Ready(match buffers.inbox.fill(&*connection.stream, MAX_HEAD) {
                Ok(0) => {
                    let ended = connection.wire.borrow_mut().protocol.receive_eof();
                    match ended {
                        // The body was to last until now.
                        Ok(Some(_)) => self.complete(),
                        Ok(None) => return Poll::Ready(Err(Error::Aborted)),
                        Err(error) => return Poll::Ready(Err(Error::Protocol(error))),
                    }
                    Ok(())
                }
                Ok(_) => Ok(()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(connection.stream.poll_readable(context))
                        .map_err(|error| connection.failed("read from", error))?;
                    continue;
                }
                Err(error) => Err(connection.failed("read from", error)),
            });
        }
    }

    /// The message is over; the connection goes where it belongs.
    fn complete(&mut self) {
        if let Some(connection) = self.connection.take() {
            if !self.buffers().inbox.is_empty() {
                // Whatever this is, nobody asked for it (RFC 9112 §9.2).
                connection.spoil();
            }
            connection.leave();
        }
    }

    /// Closes the connection: what was received of the body is not the whole.
    pub(super) fn fail(&mut self, error: Error) -> Error {
        self.failed = true;
        if let Some(connection) = self.connection.take() {
            connection.abort();
        }
        error
    }
}

/// Where a trailer section begins in the input that it was parsed from.
fn trailers_at(trailers: &FieldLines<'_>, input: &[u8]) -> Option<usize> {
    let (first, span) = (trailers.iter().next()?, trailers.spans().first()?);
    Some(first.0.as_ptr().addr() - input.as_ptr().addr() - usize::from(span.name_start))
}

impl Drop for Response {
    fn drop(&mut self) {
        // What has arrived costs nothing to read, and may save the connection.
        self.discard_arrived(MAX_DISCARDED);
        if let Some(connection) = self.connection.take() {
            connection.abort();
        }
        if let Some(buffers) = self.buffers.take() {
            buffers::take_back(buffers);
        }
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status())
            .field("headers", &self.headers())
            .field("complete", &self.is_complete())
            .finish_non_exhaustive()
    }
}
