//! Listening: for `100 Continue`, for what is informational, and for the answer.

use super::{Exchange, Known, MAX_INFORMATIONAL, Until};
use crate::agent::connection::Connection;
use crate::agent::error::{Error, Stage};
use crate::agent::timeouts::within;
use crate::client::head;
use crate::client::phase::{Move, Phase};
use crate::client::retry::Again;
use crate::parser::MAX_HEAD;
use crate::{Event, FieldBlock};
use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll, ready};

impl Exchange {
    /// RFC 9110 §10.1.1: a client that expects 100 waits for it, but not for ever; only 100 is 100. To 417 it may repeat the
    /// request without the expectation (§15.5.18).
    pub(super) async fn await_continue(&mut self, data: &[u8]) -> Result<(), Error> {
        if data.is_empty() {
            // What has no body has nothing to wait with.
            return self.standing.step(Move::Continue);
        }
        while self.standing.phase() == Phase::Expecting {
            self.flush().await?;
            if self.standing.phase() != Phase::Expecting {
                break;
            }
            let (limit, deadline) = (self.timeouts.continued, self.bounds.deadline);
            let word = poll_fn(|context| self.poll_head(context, Until::Continue));
            match within(limit, deadline, Stage::Head, word).await {
                Ok(Err(error)) if self.may_retry(&error) => Box::pin(self.start_over(Again::Same)).await?,
                Ok(word) => word?,
                Err(Error::TimedOut(Stage::Head)) => self.standing.step(Move::Continue)?,
                Err(error) => return Err(error),
            }
        }
        let Some(buffers) = &mut self.buffers else { return Ok(()) };
        if self.standing.phase() != Phase::Refused || buffers.head.status != 417 || self.retry.is_spent() {
            return Ok(());
        }
        let mut kept = FieldBlock::default();
        for (name, value) in buffers.lines.lines().iter().filter(|line| !line.0.eq_ignore_ascii_case(b"expect")) {
            kept.push(name, value)?;
        }
        buffers.lines = kept;
        self.framed = true;
        self.standing.step(Move::Repeat)?;
        self.start_over(Again::Anew).await?;
        self.begin(Known::Nothing)
    }

    /// Waits for the final head, or for what else is listened for; sends the request once more where that is safe.
    pub(in crate::client) async fn settle(&mut self, until: Until) -> Result<(), Error> {
        while !(self.is_answered() || until == Until::Informational && self.has_news()) {
            let heard = match self.flush().await {
                Ok(()) if self.is_answered() => return Ok(()),
                Ok(()) => {
                    let (limit, deadline) = (self.timeouts.head, self.bounds.deadline);
                    let head = poll_fn(|context| self.poll_head(context, until));
                    within(limit, deadline, Stage::Head, head).await.and_then(|head| head)
                }
                Err(error) => Err(error),
            };
            match heard {
                Ok(()) => {}
                Err(error) if self.may_retry(&error) => Box::pin(self.start_over(Again::Same)).await?,
                Err(error) => return Err(self.broken.take().unwrap_or(error)),
            }
        }
        Ok(())
    }

    /// Reads until the final head is in the buffers, or what else is listened for has come.
    pub(super) fn poll_head(&mut self, context: &mut Context<'_>, until: Until) -> Poll<Result<(), Error>> {
        let connection = self.connection()?.clone();
        let buffers = self.buffers.as_deref_mut().ok_or(Error::Aborted)?;
        loop {
            let input = buffers.inbox.unread();
            let received = connection.wire.borrow_mut().protocol.receive(input, &mut buffers.fields);
            let (used, Some(Event::Response(head))) = received? else {
                match buffers.inbox.fill(&*connection.stream, MAX_HEAD) {
                    Ok(0) => return Poll::Ready(Err(self.ended(&connection))),
                    Ok(_) => self.retry.hear(),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        let readable = ready!(connection.stream.poll_readable(context));
                        readable.map_err(|error| connection.failed("read from", error))?;
                    }
                    Err(error) => return Poll::Ready(Err(connection.failed("read from", error))),
                }
                continue;
            };
            let status = head.status;
            // Another protocol begins where both messages have ended, and it is one that the request named.
            let unasked = status == 101 && !head::was_asked_for(&buffers.lines.lines(), &head.fields);
            if unasked || connection.switches_early() {
                return Poll::Ready(Err(Error::unasked()));
            }
            buffers.head.set(buffers.inbox.position(), input, &head);
            buffers.inbox.consume(used);
            // 101 ends the head's part of the conversation as a final response does.
            if status == 101 || status >= 200 {
                buffers.inbox.pin();
                let welcome = status < 300;
                return Poll::Ready(self.standing.step(if welcome { Move::Accept } else { Move::Refuse }));
            }
            let news = self.news.get_or_insert_default();
            news.count += 1;
            if news.count > MAX_INFORMATIONAL {
                return Poll::Ready(Err(Error::TooManyInformational));
            }
            let mut fields = FieldBlock::default();
            for (name, value) in buffers.head.section.lines(&buffers.inbox).iter() {
                fields.push(name, value)?;
            }
            news.untold.push_back((status, fields));
            if status == 100 && self.standing.phase() == Phase::Expecting {
                self.standing.step(Move::Continue)?;
            }
            if until == Until::Informational || until == Until::Continue && self.standing.phase() != Phase::Expecting {
                return Poll::Ready(Ok(()));
            }
        }
    }

    fn has_news(&self) -> bool {
        self.news.as_ref().is_some_and(|news| !news.untold.is_empty())
    }

    /// The server closed before its final head.
    fn ended(&self, connection: &Connection) -> Error {
        if !self.retry.has_heard() {
            // The protocol does not hear of it: what it knows is good for a second try.
            let why = "the server closed the connection before it answered";
            return connection.failed("read from", io::Error::new(io::ErrorKind::UnexpectedEof, why));
        }
        let incomplete = connection.wire.borrow_mut().protocol.receive_eof();
        incomplete.err().map_or(Error::Aborted, Error::Protocol)
    }
}
