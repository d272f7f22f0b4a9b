//! The receiving half of an exchange.

use super::desk::{self, Desk};
use super::error::{Error, Stage};
use super::line::Line;
use super::upgraded::Upgraded;
use super::{pool, within};
use crate::Event;
use crate::parser::{FieldLines, Version};
use crate::state::State;
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
    desk: Option<Box<Desk>>,
    /// There until the body is over.
    line: Option<Rc<Line>>,
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
    /// A response whose head lies in the desk.
    pub(super) fn new(line: Rc<Line>, mut desk: Box<Desk>, bounds: Bounds) -> Response {
        let (ours, theirs, empty) = {
            let connection = &line.talk.borrow().connection;
            (connection.our_state(), connection.their_state(), connection.body_left() == Some(0))
        };
        if theirs == State::Switched {
            // An upgrade with a body of ours that is not over would leave bytes of two protocols on the way.
            let upgraded = match ours {
                State::Switched => Some(Upgraded::new(line.stream.clone(), desk.inbox.take_unread())),
                _ => None,
            };
            let failed = upgraded.is_none();
            return Response { desk: Some(desk), line: None, bounds, body_bytes: 0, failed, upgraded };
        }
        let line_is_kept = line.slot.borrow().is_some();
        if line_is_kept {
            pool::idle_limit(&line, desk.head.section.lines(&desk.inbox).get("keep-alive"));
        }
        let mut response =
            Response { desk: Some(desk), line: Some(line), bounds, body_bytes: 0, failed: false, upgraded: None };
        if empty {
            // The message ends with its head: this cannot fail.
            let _ = response.look();
        }
        response
    }

    fn desk(&self) -> &Desk {
        // The desk is taken by `drop` alone.
        self.desk.as_deref().expect("a response has a desk until it is dropped")
    }

    /// The status code, 100 to 999.
    pub fn status(&self) -> u16 {
        self.desk().head.status
    }

    /// The reason phrase as sent; empty where there is none.
    pub fn reason(&self) -> &[u8] {
        let desk = self.desk();
        desk.inbox.at(desk.head.reason.clone())
    }

    /// The version of the server's message.
    pub fn version(&self) -> Version {
        self.desk().head.version
    }

    /// The value of the first field with this name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers().get(name)
    }

    /// All field lines, in wire order and in their own spelling.
    pub fn headers(&self) -> FieldLines<'_> {
        let desk = self.desk();
        desk.head.section.lines(&desk.inbox)
    }

    /// The trailer fields, once the body is over; empty before, and where there are none.
    pub fn trailers(&self) -> FieldLines<'_> {
        let desk = self.desk();
        desk.trailers.lines(&desk.inbox)
    }

    /// The body has been read to its end, or there is none.
    pub fn is_complete(&self) -> bool {
        self.line.is_none() && !self.failed
    }

    /// Bytes of the body that are still to come, where the head told.
    pub fn body_left(&self) -> Option<u64> {
        match &self.line {
            Some(line) => line.talk.borrow().connection.body_left(),
            None => Some(0),
        }
    }

    /// The connection after 101, or after 2xx to CONNECT: Node's `upgrade` and `connect`. Once; it has left its agent.
    ///
    /// Whether the protocol in the `Upgrade` field is one that was asked for is the caller's to check (RFC 9110 §7.8).
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
                Piece::Data(range) => return Ok(Some(self.desk().inbox.at(range))),
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
        while self.line.is_some() && seen <= limit {
            match self.look() {
                Ok(Piece::Data(range)) => seen += range.len(),
                Ok(Piece::Missing) => {
                    let (Some(line), Some(desk)) = (&self.line, &mut self.desk) else { return };
                    if !matches!(desk.inbox.fill(&*line.stream), Ok(1..)) {
                        return;
                    }
                }
                Ok(Piece::End) | Err(_) => return,
            }
        }
    }

    /// Takes what the inbox holds of the body, one piece.
    fn look(&mut self) -> Result<Piece, Error> {
        let Some(line) = &self.line else {
            return if self.failed { Err(Error::Aborted) } else { Ok(Piece::End) };
        };
        let desk = self.desk.as_deref_mut().expect("a response has a desk until it is dropped");
        let at = desk.inbox.position();
        let input = desk.inbox.unread();
        let received = match line.is_spoilt() {
            true => Err(Error::Aborted),
            false => line.talk.borrow_mut().connection.receive(input, &mut desk.fields).map_err(Error::Protocol),
        };
        let (used, piece) = match received {
            Ok((used, Some(Event::Data(data)))) => {
                let start = at + (data.as_ptr().addr() - input.as_ptr().addr());
                (used, Piece::Data(start..start + data.len()))
            }
            Ok((used, Some(Event::End(trailers)))) => {
                // The section ends where the used bytes end; its spans count from its own first byte.
                let len = trailers.spans().last().map_or(0, |last| usize::from(last.value_end));
                desk.trailers.set(at + trailers_at(&trailers, input).unwrap_or(used), len, &trailers);
                (used, Piece::End)
            }
            Ok((used, _)) => (used, Piece::Missing),
            Err(error) => return Err(self.fail(error)),
        };
        desk.inbox.consume(used);
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
        let line = self.line.as_ref().ok_or(Error::Aborted)?;
        let desk = self.desk.as_deref_mut().expect("a response has a desk until it is dropped");
        loop {
            return Poll::Ready(match desk.inbox.fill(&*line.stream) {
                Ok(0) => {
                    let ended = line.talk.borrow_mut().connection.receive_eof();
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
                    ready!(line.stream.poll_readable(context)).map_err(Error::Connection)?;
                    continue;
                }
                Err(error) => Err(Error::Connection(error)),
            });
        }
    }

    /// The message is over; the connection goes where it belongs.
    fn complete(&mut self) {
        if let Some(line) = self.line.take() {
            if !self.desk().inbox.is_empty() {
                // Whatever this is, nobody asked for it (RFC 9112 §9.2).
                line.spoil();
            }
            line.leave();
        }
    }

    /// Closes the connection: what was received of the body is not the whole.
    pub(super) fn fail(&mut self, error: Error) -> Error {
        self.failed = true;
        if let Some(line) = self.line.take() {
            line.abort();
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
        if let Some(line) = self.line.take() {
            line.abort();
        }
        if let Some(desk) = self.desk.take() {
            desk::take_back(desk);
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
