//! The response, as a handler writes it.

use super::conversation;
use super::desk::MAX_GATHERED;
use super::exchange::Exchange;
use super::failure::{Failure, Outcome};
use super::file::Reading;
use super::request::Request;
use super::upgrade::Upgraded;
use crate::parser::{FieldLines, ResponseHead, Version};
use crate::{Event, FieldBlock, Misuse};
use std::fmt;
use std::path::PathBuf;

/// A response to be written to: [`status`](Self::status) and [`header`](Self::header) first, then
/// [`end`](Self::end) with the whole body, or [`write`](Self::write) and `end` piece by piece.
///
/// The server adds `Date`, the framing (`Content-Length` where the body is known at once, else chunks, else the end of the
/// connection for HTTP/1.0), and `Connection` where it is needed.
pub struct Response<'r> {
    exchange: &'r Exchange<'r>,
}

impl<'r> Response<'r> {
    pub(super) fn new(exchange: &'r Exchange<'r>) -> Self {
        Response { exchange }
    }

    /// Sets the status, 200 to 599; without it, 200. No effect once the body has begun.
    #[must_use = "the response is written by `end`"]
    pub fn status(self, status: u16) -> Self {
        self.exchange.core.borrow_mut().status = status;
        self
    }

    /// Adds a field. The name is a token; the value has no CR, LF, NUL or other control characters.
    ///
    /// A field that breaks a rule, or comes once the body has begun, makes the next `write` or `end` fail with a
    /// [`Misuse`], and nothing of it is sent.
    #[must_use = "the response is written by `end`"]
    pub fn header(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let core = &mut *self.exchange.core.borrow_mut();
        let pushed = match core.begun {
            true => Err(Misuse::OutOfTurn),
            false => core.lines.push(name, value),
        };
        core.misuse = core.misuse.or(pushed.err());
        self
    }

    /// Sends a piece of the body now, the head before the first, and waits until the client has taken most of it.
    ///
    /// # Errors
    ///
    /// A [`Misuse`] of the response, or what is wrong with the connection.
    pub async fn write(&mut self, data: impl AsRef<[u8]>) -> Outcome {
        self.begin(None)?;
        self.data(data.as_ref())?;
        Ok(self.exchange.flush().await?)
    }

    /// Sends the rest of the body, and with it the response is done. If nothing was written before, its length is known.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub async fn end(mut self, data: impl AsRef<[u8]>) -> Outcome {
        let data = data.as_ref();
        self.begin(Some(data.len() as u64))?;
        self.data(data)?;
        // What is small goes out with the answers to the requests behind this one.
        let gathered = {
            let core = &mut *self.exchange.core.borrow_mut();
            core.connection.send_end(&FieldLines::default(), core.out)?;
            core.out.len()
        };
        if gathered > MAX_GATHERED {
            self.exchange.flush().await?;
        }
        Ok(())
    }

    /// Sends the rest of the body, and trailer fields behind it (RFC 9110 §6.5). To an HTTP/1.0 client no trailers go.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write); a trailer that would change framing or routing is a [`Misuse`].
    pub async fn end_with_trailers(mut self, data: impl AsRef<[u8]>, trailers: &FieldBlock) -> Outcome {
        self.begin(None)?;
        self.data(data.as_ref())?;
        let chunked = self.exchange.core.borrow().connection.sends_chunks();
        self.exchange.send(Event::End(if chunked { trailers.lines() } else { FieldLines::default() }))?;
        Ok(self.exchange.flush().await?)
    }

    /// Sends a file as the body: its length is known, and it is read on the thread pool, a piece at a time, as fast as the
    /// client takes it. Its type is yours to say.
    ///
    /// # Errors
    ///
    /// Those of opening and reading the file, and as [`write`](Self::write). If it cannot be opened nothing was sent, and
    /// a handler that gives the error back has its client answered with 500: look first where another answer is due.
    pub async fn end_file(mut self, path: impl Into<PathBuf>) -> Outcome {
        let mut reading = Reading::open(path.into()).await?;
        self.begin(Some(reading.length))?;
        while let Some((piece, rest)) = reading.next().await? {
            self.data(&piece)?;
            self.exchange.flush().await?;
            if self.exchange.core.borrow().connection.answers_head() {
                break;
            }
            reading = rest;
        }
        self.exchange.send(Event::End(FieldLines::default()))?;
        Ok(self.exchange.flush().await?)
    }

    /// Sends an informational response (RFC 9110 §15.2), such as 103 with links that the client may fetch meanwhile. To an
    /// HTTP/1.0 client nothing goes.
    ///
    /// # Errors
    ///
    /// A [`Misuse`] where the status is not 102 to 199 or the final response has begun; what is wrong with the connection.
    pub async fn informational(&mut self, status: u16, fields: &FieldBlock) -> Outcome {
        if !(102..200).contains(&status) {
            return Err(Misuse::StatusLine.into());
        }
        if self.exchange.core.borrow().connection.peer_version() == Version::Http10 {
            return Ok(());
        }
        self.exchange.send(Event::Response(ResponseHead::new(status, fields.lines())))?;
        Ok(self.exchange.flush().await?)
    }

    /// Agrees to another protocol on this connection: 101 with the fields given, or 200 to CONNECT. The connection is
    /// the caller's from here on.
    ///
    /// The request is given up for it, because what was read behind it belongs to the other protocol; its body must have
    /// been read to the end. `Connection: upgrade` is added.
    ///
    /// # Errors
    ///
    /// A [`Misuse`] where the request did not ask for it ([`Request::upgrades`](super::Request::upgrades)).
    pub async fn upgrade(self, request: Request<'_>) -> Result<Upgraded, Failure> {
        {
            let core = &mut *self.exchange.core.borrow_mut();
            if let Some(misuse) = core.misuse {
                return Err(misuse.into());
            }
            let status = if core.connection.answers_connect() { 200 } else { 101 };
            if status == 101 {
                core.lines.push("connection", "upgrade")?;
            }
            core.connection.send(Event::Response(ResponseHead::new(status, core.lines.lines())), core.out)?;
        }
        self.exchange.flush().await?;
        Ok(Upgraded { stream: self.exchange.stream.clone(), head: request.body.rest() })
    }

    /// Sends the head, once.
    fn begin(&mut self, length: Option<u64>) -> Result<(), Failure> {
        let core = &mut *self.exchange.core.borrow_mut();
        if let Some(misuse) = core.misuse {
            return Err(misuse.into());
        }
        if core.begun {
            return Ok(());
        }
        if core.connection.answers_connect() && (200..300).contains(&core.status) {
            return Err(Misuse::OutOfTurn.into());
        }
        conversation::refuse_reuse_if_last(self.exchange, core.connection);
        core.send_head(length)?;
        core.begun = true;
        Ok(())
    }

    /// Answers to HEAD have no body, whatever the handler writes (RFC 9110 §9.3.2). Of a body that is too long, what fits
    /// is sent.
    fn data(&mut self, data: &[u8]) -> Result<(), Misuse> {
        let core = &mut *self.exchange.core.borrow_mut();
        if core.connection.answers_head() {
            return Ok(());
        }
        let room = core.connection.room_left().map_or(data.len(), |left| usize::try_from(left).unwrap_or(usize::MAX));
        let (fitting, surplus) = data.split_at(room.min(data.len()));
        core.connection.send_data(fitting, core.out)?;
        if surplus.is_empty() { Ok(()) } else { Err(Misuse::TooManyBytes) }
    }
}

impl fmt::Debug for Response<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let core = self.exchange.core.borrow();
        f.debug_struct("Response").field("status", &core.status).field("begun", &core.begun).finish_non_exhaustive()
    }
}
