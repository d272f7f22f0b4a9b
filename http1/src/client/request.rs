//! The sending half of an exchange.

use super::desk::{self, Desk, MAX_OUT};
use super::error::{Error, Stage};
use super::head::Prepared;
use super::line::Line;
use super::response::{Bounds, Response};
use super::{Options, Timeouts, pool, within};
#[cfg(doc)]
use crate::Misuse;
use crate::parser::{FieldLines, RequestHead};
use crate::state::State;
use crate::{Event, FieldBlock, encode};
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

/// Informational responses before the final one: more is a server that makes us work for nothing.
pub const MAX_INFORMATIONAL: u32 = 32;

/// A request whose connection is there. [`write`](Self::write) its body piece by piece, or [`end`](Self::end) it at once.
///
/// A server may answer before it has the whole body. If that answer refuses the body (its status is 400 or above), or the
/// connection breaks under the body, the rest is not sent any more, and `end` gives the answer all the same (RFC 9112
/// §9.5).
///
/// Dropping it before its end closes the connection.
pub struct Request {
    line: Option<Rc<Line>>,
    /// Away once the response is.
    desk: Option<Box<Desk>>,
    bounds: Bounds,
    timeouts: Timeouts,
    head_sent: bool,
    /// Its fields say how long the body is.
    framed: bool,
    /// It is the last on its connection.
    closes: bool,
    idempotent: bool,
    /// All that was sent is still at hand.
    replayable: bool,
    retried: bool,
    /// A byte of a response was seen.
    heard: bool,
    informed: u32,
    /// An informational response is in the desk that nobody has looked at.
    news: bool,
    /// The wait for 100 is over, with it or without.
    continued: bool,
    /// The final head has been read and lies in the desk.
    answered: bool,
    /// The server does not want the rest of the body.
    refused: bool,
    /// The rest of the body cannot be sent.
    stopped: Option<io::Error>,
}

/// An informational response (RFC 9110 §15.2): 100, 102, 103.
#[derive(Clone, Copy, Debug)]
pub struct Informational<'r> {
    /// 100 to 199, 101 apart.
    pub status: u16,
    /// Its fields.
    pub headers: FieldLines<'r>,
}

/// What is known of a body when its head goes out.
enum Known {
    /// All of it: so many bytes.
    Whole(usize),
    /// There is one.
    Piece,
    Nothing,
}

impl Request {
    pub(super) fn new(line: Rc<Line>, head: Prepared, options: &Options<'_>, deadline: Option<Instant>) -> Request {
        Request {
            line: Some(line),
            desk: Some(head.desk),
            bounds: Bounds { body: options.timeouts.body, deadline, max_body: options.max_body },
            timeouts: options.timeouts,
            head_sent: false,
            framed: head.framed,
            closes: !head.switches && !options.agent.is_some_and(|agent| agent.options().keep_alive),
            // RFC 9110 §9.2.2
            idempotent: matches!(options.method, "GET" | "HEAD" | "OPTIONS" | "TRACE" | "PUT" | "DELETE"),
            replayable: true,
            retried: false,
            heard: false,
            informed: 0,
            news: false,
            continued: false,
            answered: false,
            refused: false,
            stopped: None,
        }
    }

    /// The connection has carried another exchange before this one.
    pub fn is_reused(&self) -> bool {
        self.line.as_ref().is_some_and(|line| line.reused.get())
    }

    /// The server has already given its final answer: what is written now may be in vain.
    pub fn is_answered(&self) -> bool {
        self.answered || self.desk.is_none()
    }

    /// Sends a piece of the body, the head before the first one, and waits until the system has taken it.
    ///
    /// With `Expect: 100-continue` among the fields, the first piece waits for the server's word, at most for
    /// [`Timeouts::continued`].
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] for more bytes than `Content-Length` said; [`Error::TimedOut`] where the server takes nothing;
    /// what is wrong with an answer that came early.
    pub async fn write(&mut self, data: impl AsRef<[u8]>) -> Result<(), Error> {
        if self.is_stopped() {
            return Ok(());
        }
        self.begin(if data.as_ref().is_empty() { Known::Nothing } else { Known::Piece })?;
        self.await_continue().await?;
        for piece in data.as_ref().chunks(MAX_OUT) {
            if self.is_stopped() {
                return Ok(());
            }
            self.line()?.send(Event::Data(piece))?;
            self.flush().await?;
            self.forget_written();
        }
        Ok(())
    }

    /// Sends the rest of the body and waits for the response's head. If nothing was written before, the body's length is
    /// known and sent.
    ///
    /// # Errors
    ///
    /// Those of [`write`](Self::write) and [`response`](Self::response); [`Error::Misuse`] for fewer bytes than
    /// `Content-Length` said.
    pub async fn end(mut self, data: impl AsRef<[u8]>) -> Result<Response, Error> {
        self.finish(data.as_ref(), FieldLines::default()).await?;
        self.response().await
    }

    /// As [`end`](Self::end), with trailer fields behind a chunked body (RFC 9110 §6.5).
    ///
    /// # Errors
    ///
    /// As [`end`](Self::end); [`Misuse::Framing`] where the body is not chunked, or a field has no place in trailers.
    pub async fn end_with_trailers(mut self, trailers: &FieldBlock) -> Result<Response, Error> {
        self.begin(Known::Nothing)?;
        self.finish(b"", trailers.lines()).await?;
        self.response().await
    }

    /// Sends the rest of the body, after [`response`](Self::response) was taken: the exchange went both ways at once.
    ///
    /// # Errors
    ///
    /// As [`end`](Self::end).
    pub async fn finish_body(mut self, data: impl AsRef<[u8]>) -> Result<(), Error> {
        self.finish(data.as_ref(), FieldLines::default()).await?;
        if let Some(line) = self.line.take() {
            line.leave();
        }
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
        if self.desk.is_none() {
            return Err(Error::Aborted);
        }
        self.begin(Known::Nothing)?;
        self.settle_head(false).await?;
        self.answered = false;
        let desk = self.desk.take().ok_or(Error::Aborted)?;
        let line = self.line.take().ok_or(Error::Aborted)?;
        let goes_on = line.talk.borrow().connection.our_state() == State::Body && !self.is_stopped();
        // Where the body goes on, both halves hold the connection.
        self.line = goes_on.then(|| line.clone());
        Ok(Response::new(line, desk, self.bounds))
    }

    /// Waits for the next informational response; `None` when the final one is there.
    ///
    /// Those that nobody waits for are skipped.
    ///
    /// # Errors
    ///
    /// As [`response`](Self::response).
    pub async fn informational(&mut self) -> Result<Option<Informational<'_>>, Error> {
        self.begin(Known::Nothing)?;
        if self.desk.is_none() {
            return Ok(None);
        }
        self.settle_head(true).await?;
        let Some(desk) = self.desk.as_ref().filter(|_| std::mem::take(&mut self.news)) else { return Ok(None) };
        Ok(Some(Informational { status: desk.head.status, headers: desk.head.section.lines(&desk.inbox) }))
    }

    fn line(&self) -> Result<&Rc<Line>, Error> {
        let line = self.line.as_ref().ok_or(Error::Aborted)?;
        line.check()?;
        Ok(line)
    }

    /// Encodes the head, once, with the framing that what is known of the body asks for.
    fn begin(&mut self, body: Known) -> Result<(), Error> {
        if self.head_sent {
            return Ok(());
        }
        let line = self.line.as_ref().ok_or(Error::Aborted)?;
        let desk = self.desk.as_deref_mut().ok_or(Error::Aborted)?;
        let method = &desk.line[..desk.method];
        if !self.framed {
            match body {
                // RFC 9110 §8.6: a method that anticipates content says so when there is none.
                Known::Whole(0) if !matches!(method, b"POST" | b"PUT" | b"PATCH") => {}
                Known::Whole(length) => {
                    let mut digits = Vec::new();
                    encode::number(length as u64, &mut digits);
                    desk.lines.push("content-length", digits)?;
                }
                // Content has no place here (RFC 9110 §9.3.6, §9.3.8): the first byte of it is refused.
                _ if matches!(method, b"CONNECT" | b"TRACE") => {}
                Known::Nothing if matches!(method, b"GET" | b"HEAD" | b"OPTIONS" | b"DELETE") => {}
                _ => desk.lines.push("transfer-encoding", "chunked")?,
            }
        }
        let talk = &mut *line.talk.borrow_mut();
        if talk.out.capacity() == 0 {
            talk.out = desk::lend_out();
        }
        if self.closes {
            talk.connection.refuse_reuse();
        }
        let head = RequestHead::new(method, &desk.line[desk.method..], desk.lines.lines());
        talk.connection.send(Event::Request(head), &mut talk.out)?;
        self.head_sent = true;
        Ok(())
    }

    /// Encodes the rest of the body and its end, and writes it.
    async fn finish(&mut self, data: &[u8], trailers: FieldLines<'_>) -> Result<(), Error> {
        if self.is_stopped() {
            return Ok(());
        }
        self.begin(Known::Whole(data.len()))?;
        let last = match data.len() {
            0..=MAX_OUT if !self.line()?.talk.borrow().connection.awaits_continue() => data,
            length => {
                // What is large goes out piece by piece.
                let at = length - length.min(MAX_OUT);
                self.await_continue().await?;
                if at > 0 {
                    self.write(&data[..at]).await?;
                }
                &data[at..]
            }
        };
        if self.is_stopped() {
            return Ok(());
        }
        let line = self.line()?;
        line.send(Event::Data(last))?;
        line.send(Event::End(trailers))?;
        self.flush().await
    }

    /// Nothing more of the body needs to be sent.
    fn is_stopped(&self) -> bool {
        self.refused || self.stopped.is_some()
    }

    fn forget_written(&mut self) {
        if let Some(line) = &self.line
            && line.talk.borrow().written > 0
        {
            line.forget_written();
            self.replayable = false;
        }
    }

    /// Writes what is encoded; meanwhile hears whether the server answers already.
    async fn flush(&mut self) -> Result<(), Error> {
        let (limit, deadline) = (self.timeouts.body, self.bounds.deadline);
        while self.line()?.pending() > 0 && !self.is_stopped() {
            let before = self.line()?.pending();
            let step = poll_fn(|context| self.poll_flush(before, context));
            match within(limit, deadline, Stage::Body, step).await? {
                Err(error) if self.may_retry(&error) => self.retry().await?,
                result => result?,
            }
        }
        Ok(())
    }

    /// One step of [`flush`](Self::flush): ready as soon as some bytes went, all, or there is no point in it.
    fn poll_flush(&mut self, before: usize, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let line = self.line()?.clone();
        let written = line.poll_flush(context);
        match written {
            Poll::Ready(Ok(())) => return Poll::Ready(Ok(())),
            Poll::Ready(Err(error)) => {
                let error = Error::Connection(error);
                if self.may_retry(&error) {
                    return Poll::Ready(Err(error));
                }
                // The server may have said why before it closed: that is for whoever waits for the response.
                self.stopped = Some(error.into());
                return Poll::Ready(Ok(()));
            }
            Poll::Pending => {}
        }
        if self.desk.is_some() && !self.answered {
            match self.poll_head(context, false) {
                Poll::Ready(Ok(())) => return Poll::Ready(Ok(())),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {}
            }
        }
        match line.pending() < before {
            true => Poll::Ready(Ok(())),
            false => Poll::Pending,
        }
    }

    /// RFC 9110 §10.1.1: a client that expects 100 waits for it, but not for ever. To 417 it may repeat the request
    /// without the expectation (§15.5.18).
    async fn await_continue(&mut self) -> Result<(), Error> {
        if self.continued || !self.line()?.talk.borrow().connection.awaits_continue() || self.is_answered() {
            return Ok(());
        }
        self.continued = true;
        self.flush().await?;
        let limit = self.timeouts.continued;
        let deadline = self.bounds.deadline;
        let word = poll_fn(|context| self.poll_head(context, true));
        match within(limit, deadline, Stage::Head, word).await {
            Ok(word) => word?,
            Err(Error::TimedOut(Stage::Head)) => return Ok(()),
            Err(error) => return Err(error),
        }
        let desk = self.desk.as_mut().ok_or(Error::Aborted)?;
        // A final answer instead of 100: the body is not waited for.
        self.refused = self.answered;
        if self.answered && desk.head.status == 417 && !self.retried {
            let mut kept = FieldBlock::default();
            for (name, value) in desk.lines.lines().iter().filter(|line| !line.0.eq_ignore_ascii_case(b"expect")) {
                kept.push(name, value)?;
            }
            desk.lines = kept;
            (self.answered, self.refused, self.head_sent, self.framed) = (false, false, false, true);
            return self.start_over(None).await;
        }
        Ok(())
    }

    /// Waits for the final head, or for an informational one if that is wanted; sends the request once more where that
    /// is safe.
    async fn settle_head(&mut self, news: bool) -> Result<(), Error> {
        loop {
            if self.answered || news && self.news {
                return Ok(());
            }
            self.news = false;
            let heard = match self.flush().await {
                Ok(()) => {
                    let (limit, deadline) = (self.timeouts.head, self.bounds.deadline);
                    let head = poll_fn(|context| self.poll_head(context, news));
                    within(limit, deadline, Stage::Head, head).await.and_then(|head| head)
                }
                Err(error) => Err(error),
            };
            match heard {
                Ok(()) => {}
                Err(error) if self.may_retry(&error) => self.retry().await?,
                Err(error) => return Err(self.stopped.take().map_or(error, Error::Connection)),
            }
        }
    }

    /// Reads until the final head is in the desk; with `news`, also an informational one.
    fn poll_head(&mut self, context: &mut Context<'_>, news: bool) -> Poll<Result<(), Error>> {
        let line = self.line()?.clone();
        let desk = self.desk.as_deref_mut().ok_or(Error::Aborted)?;
        loop {
            let input = desk.inbox.unread();
            let received = line.talk.borrow_mut().connection.receive(input, &mut desk.fields);
            match received? {
                (used, Some(Event::Response(head))) => {
                    desk.head.set(desk.inbox.position(), input, &head);
                    desk.inbox.consume(used);
                    if head_is_final(desk.head.status) {
                        desk.inbox.pin();
                        self.answered = true;
                        self.refused |= desk.head.status >= 400;
                        return Poll::Ready(Ok(()));
                    }
                    self.informed += 1;
                    if self.informed > MAX_INFORMATIONAL {
                        return Poll::Ready(Err(Error::TooManyInformational));
                    }
                    if news {
                        self.news = true;
                        return Poll::Ready(Ok(()));
                    }
                }
                _ => match desk.inbox.fill(&*line.stream) {
                    Ok(0) => return Poll::Ready(Err(self.ended(&line))),
                    Ok(_) => self.heard = true,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        ready!(line.stream.poll_readable(context)).map_err(Error::Connection)?;
                    }
                    Err(error) => return Poll::Ready(Err(Error::Connection(error))),
                },
            }
        }
    }

    /// The server closed before its final head.
    fn ended(&self, line: &Line) -> Error {
        if !self.heard {
            // The protocol does not hear of it: what it knows is good for a second try.
            return Error::Connection(io::ErrorKind::UnexpectedEof.into());
        }
        let incomplete = line.talk.borrow_mut().connection.receive_eof();
        incomplete.err().map_or(Error::Aborted, Error::Protocol)
    }

    /// RFC 9110 §9.2.2: a request may be sent again if doing it twice is doing it once, or if the server surely has not
    /// seen it. That is asked only of a connection which may have died of old age.
    fn may_retry(&self, error: &Error) -> bool {
        let Some(line) = &self.line else { return false };
        matches!(error, Error::Connection(_))
            && line.reused.get()
            && !self.retried
            && !self.heard
            && self.replayable
            && (self.idempotent || line.talk.borrow().written == 0)
    }

    /// Sends the same bytes on a fresh connection.
    async fn retry(&mut self) -> Result<(), Error> {
        let out = std::mem::take(&mut self.line()?.talk.borrow_mut().out);
        self.start_over(Some(out)).await
    }

    /// Puts a fresh connection in the place of this one: with the bytes of the request, or to send another head on.
    async fn start_over(&mut self, out: Option<Vec<u8>>) -> Result<(), Error> {
        self.retried = true;
        let old = self.line.take().ok_or(Error::Aborted)?;
        let slot = old.slot.take().ok_or(Error::Aborted)?;
        let mut connection = old.talk.borrow().connection.clone();
        drop(old);
        let stream = pool::connect(slot.connect(), self.timeouts.connect, self.bounds.deadline).await?;
        if out.is_none() {
            connection = slot.protocol();
        }
        let line = Line::new(stream, connection, Some(slot));
        line.talk.borrow_mut().out = out.unwrap_or_default();
        self.line = Some(line);
        if let Some(desk) = &mut self.desk {
            desk.inbox.forget();
        }
        match self.head_sent {
            true => Ok(()),
            false => self.begin(Known::Nothing),
        }
    }
}

/// 101 ends the head's part of the conversation as a final response does.
fn head_is_final(status: u16) -> bool {
    status == 101 || status >= 200
}

impl Drop for Request {
    fn drop(&mut self) {
        if let Some(line) = self.line.take() {
            line.abort();
        }
        if let Some(desk) = self.desk.take() {
            desk::take_back(desk);
        }
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("reused", &self.is_reused()).finish_non_exhaustive()
    }
}
