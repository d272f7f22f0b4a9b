//! The exchange behind a [`Request`](super::Request): what is sent when, and when to listen.
//!
//! # Theory of operation
//!
//! [`Standing`] says where the request stands. What is to be sent is encoded into the connection's `out`, and
//! [`flush`](Exchange::flush) writes it; while the system takes nothing, it listens, because a server may answer before it
//! has the whole body (RFC 9112 §9.5). What becomes of the rest then:
//!
//! | answer | the rest of the body |
//! |---|---|
//! | 3xx, 4xx, 5xx | is not sent: it means nothing any more |
//! | any, before the body was begun (instead of 100) | is not sent |
//! | 2xx, while the response lasts | goes on: the response may be made of it |
//! | 2xx that is over, with `Connection: close` or its end | is not sent: the server wants no more |
//! | 2xx that is over, on a connection that stays | goes on (RFC 9110 §7.5), until the server takes nothing for [`MAX_STALL`] |
//!
//! What is rare (a second try, the wait for 100) is boxed where it is awaited, so that the futures of all other exchanges
//! stay small: making one copies it.
//!
//! Nobody waits for the rest: [`upload`](Exchange::upload) sends it beside the caller, who has the response.

use super::head::Prepared;
use super::options::Options;
use super::phase::{Move, Phase, Standing};
use super::response::{Bounds, Response};
use super::retry::{Again, Retry};
use crate::agent::buffers::{self, Buffers};
use crate::agent::connection::Connection;
use crate::agent::error::{Error, Stage};
use crate::agent::timeouts::{Timeouts, within};
use crate::buffers::MAX_GATHERED;
use crate::parser::{FieldLines, RequestHead};
use crate::state::State;
use crate::{Event, FieldBlock, encode};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use wirebook_net as net;

mod listen;

/// Informational responses before the final one: more is a server that makes us work for nothing.
pub const MAX_INFORMATIONAL: u32 = 32;

/// How long a server whose answer is over may take nothing of the rest of a body.
const MAX_STALL: Duration = Duration::from_secs(1);

/// How long a server whose answer is there and unread may take nothing of a body that is written on.
const MAX_UNREAD: Duration = Duration::from_secs(5);

pub(super) struct Exchange {
    /// Away when the exchange is over for this half.
    pub(super) connection: Option<Rc<Connection>>,
    /// Away once the response is.
    buffers: Option<Box<Buffers>>,
    standing: Standing,
    retry: Retry,
    bounds: Bounds,
    timeouts: Timeouts,
    /// Its fields say how long the body is.
    framed: bool,
    /// It is the last on its connection.
    closes: bool,
    /// There as soon as there is an informational response: most exchanges have none.
    pub(super) news: Option<Box<News>>,
    /// Why the connection takes no more.
    broken: Option<Error>,
}

/// Informational responses.
#[derive(Default)]
pub(super) struct News {
    /// So many have come.
    count: u32,
    /// Those that nobody has asked for yet.
    untold: VecDeque<(u16, FieldBlock)>,
    /// The fields of the one that was told last.
    told: FieldBlock,
}

impl News {
    /// The next one in order.
    pub(super) fn next(&mut self) -> Option<(u16, FieldLines<'_>)> {
        let (status, fields) = self.untold.pop_front()?;
        self.told = fields;
        Some((status, self.told.lines()))
    }
}

/// What is known of a body when its head goes out.
#[derive(Clone, Copy)]
pub(super) enum Known {
    /// All of it: so many bytes.
    Whole(usize),
    /// There is one.
    Piece,
    Nothing,
}

/// What is listened for; the final head always ends it.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Until {
    Final,
    Informational,
    Continue,
}

impl Exchange {
    pub(super) fn new(
        connection: Rc<Connection>,
        head: Prepared,
        options: &Options<'_>,
        deadline: Option<Instant>,
    ) -> Exchange {
        Exchange {
            connection: Some(connection),
            buffers: Some(head.buffers),
            standing: Standing::new(),
            retry: Retry::new(options.method),
            bounds: Bounds { body: options.timeouts.body, deadline, max_body: options.max_body },
            timeouts: options.timeouts,
            framed: head.framed,
            closes: !head.switches && !options.agent.is_some_and(|agent| agent.options().keep_alive),
            news: None,
            broken: None,
        }
    }

    /// The final head is there.
    pub(super) fn is_answered(&self) -> bool {
        matches!(self.standing.phase(), Phase::Answered | Phase::Refused | Phase::Both | Phase::Over)
    }

    /// Nothing more of the body needs to be sent.
    pub(super) fn is_stopped(&self) -> bool {
        match self.standing.phase() {
            Phase::Broken | Phase::Refused | Phase::Over => true,
            Phase::Both => self.connection.as_ref().is_some_and(|connection| connection.is_closing()),
            _ => false,
        }
    }

    fn connection(&self) -> Result<&Rc<Connection>, Error> {
        self.connection.as_ref().filter(|connection| !connection.is_spoilt()).ok_or(Error::Aborted)
    }

    /// Encodes the head, once, with the framing that what is known of the body asks for.
    pub(super) fn begin(&mut self, body: Known) -> Result<(), Error> {
        if self.standing.phase() != Phase::Prepared {
            return Ok(());
        }
        let connection = self.connection.as_ref().ok_or(Error::Aborted)?;
        let buffers = self.buffers.as_deref_mut().ok_or(Error::Aborted)?;
        let method = &buffers.line[..buffers.method];
        if !self.framed {
            match body {
                // RFC 9110 §8.6: a method that anticipates content says so when there is none.
                Known::Whole(0) if !matches!(method, b"POST" | b"PUT" | b"PATCH") => {}
                Known::Whole(length) => {
                    let mut digits = Vec::new();
                    encode::number(length as u64, &mut digits);
                    buffers.lines.push("content-length", digits)?;
                }
                // Content has no place here (RFC 9110 §9.3.6, §9.3.8): the first byte of it is refused.
                _ if matches!(method, b"CONNECT" | b"TRACE") => {}
                Known::Nothing if matches!(method, b"GET" | b"HEAD" | b"OPTIONS" | b"DELETE") => {}
                _ => buffers.lines.push("transfer-encoding", "chunked")?,
            }
        }
        let wire = &mut *connection.wire.borrow_mut();
        if wire.out.end().capacity() == 0 {
            wire.out = buffers::lend_out();
        }
        if self.closes {
            wire.protocol.refuse_reuse();
        }
        let head = RequestHead::new(method, &buffers.line[buffers.method..], buffers.lines.lines());
        wire.protocol.send(Event::Request(head), wire.out.end())?;
        self.standing.step(if wire.protocol.awaits_continue() { Move::HeadExpecting } else { Move::Head })
    }

    /// Sends a piece of the body, and waits until the system has taken it or the answer has come.
    pub(super) async fn write(&mut self, data: &[u8]) -> Result<(), Error> {
        if self.is_stopped() {
            return Ok(());
        }
        self.begin(if data.is_empty() { Known::Nothing } else { Known::Piece })?;
        if self.standing.phase() == Phase::Expecting {
            Box::pin(self.await_continue(data)).await?;
        }
        if self.standing.phase() == Phase::Answered {
            self.drain().await?;
        }
        self.encode(data).await?;
        self.flush().await?;
        self.forget_written();
        Ok(())
    }

    /// Writes what an earlier call has left when the answer came. A server that answers while it reads takes nothing more
    /// until its answer is read, and whoever still writes will not read it.
    async fn drain(&mut self) -> Result<(), Error> {
        let limit = self.timeouts.body.min(MAX_UNREAD);
        let drained = self.flush_while(limit, |phase| phase == Phase::Answered).await;
        self.forget_written();
        match drained {
            Err(Error::TimedOut(Stage::Body)) => Err(Error::Unread),
            drained => drained,
        }
    }

    /// Sends the rest of the body and its end, likewise.
    pub(super) async fn finish(&mut self, data: &[u8], trailers: FieldLines<'_>) -> Result<(), Error> {
        if self.is_stopped() {
            return Ok(());
        }
        self.begin(Known::Whole(data.len()))?;
        if self.standing.phase() == Phase::Expecting {
            Box::pin(self.await_continue(data)).await?;
        }
        self.encode(data).await?;
        if self.is_stopped() {
            return Ok(());
        }
        self.connection()?.send(Event::End(trailers))?;
        self.flush().await
    }

    /// Encodes a part of the body; what is large goes out piece by piece, all but the last.
    async fn encode(&mut self, data: &[u8]) -> Result<(), Error> {
        let mut pieces = data.chunks(MAX_GATHERED).peekable();
        while let Some(piece) = pieces.next() {
            if self.is_stopped() {
                return Ok(());
            }
            self.connection()?.send(Event::Data(piece))?;
            if pieces.peek().is_some() {
                self.flush().await?;
                self.forget_written();
            }
        }
        Ok(())
    }

    /// What was written of a body that goes out in pieces is not kept.
    fn forget_written(&mut self) {
        if let Some(connection) = &self.connection
            && connection.forget_written()
        {
            self.retry.forget();
        }
    }

    /// Writes what is encoded, but for what is left when the answer comes.
    async fn flush(&mut self) -> Result<(), Error> {
        let goes_on = |phase| matches!(phase, Phase::Expecting | Phase::Sending | Phase::Both);
        self.flush_while(self.timeouts.body, goes_on).await
    }

    async fn flush_while(&mut self, limit: Duration, goes_on: impl Fn(Phase) -> bool) -> Result<(), Error> {
        while goes_on(self.standing.phase()) && !self.is_stopped() {
            let before = self.connection()?.pending();
            if before == 0 {
                return Ok(());
            }
            let deadline = self.bounds.deadline;
            let step = poll_fn(|context| self.poll_flush(before, context));
            match within(limit, deadline, Stage::Body, step).await? {
                Err(error) if self.may_retry(&error) => Box::pin(self.start_over(Again::Same)).await?,
                result => result?,
            }
        }
        Ok(())
    }

    /// One step of a flush: ready as soon as some bytes went, all, or there is no point in it.
    fn poll_flush(&mut self, before: usize, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.is_stopped() {
            return Poll::Ready(Ok(()));
        }
        let connection = self.connection()?.clone();
        match connection.poll_flush(context) {
            Poll::Ready(Ok(())) => return Poll::Ready(Ok(())),
            Poll::Ready(Err(error)) => {
                let error = connection.failed("write to", error);
                if self.may_retry(&error) {
                    return Poll::Ready(Err(error));
                }
                // The server may have said why before it closed: that is for whoever waits for the response.
                self.broken = Some(error);
                return Poll::Ready(self.standing.step(Move::Break));
            }
            Poll::Pending => {}
        }
        // However fast the server reads, it comes to this: a stream takes only so much in one turn of the loop.
        if matches!(self.standing.phase(), Phase::Expecting | Phase::Sending)
            && let Poll::Ready(result) = self.poll_head(context, Until::Final)
        {
            return Poll::Ready(result);
        }
        if self.standing.phase() == Phase::Both && connection.poll_given_up(context).is_ready() {
            return Poll::Ready(Err(Error::Aborted));
        }
        if connection.pending() < before { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    fn may_retry(&self, error: &Error) -> bool {
        self.connection.as_ref().is_some_and(|connection| self.retry.allows(error, connection))
    }

    /// Puts a fresh connection in the place of this one.
    async fn start_over(&mut self, again: Again) -> Result<(), Error> {
        let old = self.connection.take().ok_or(Error::Aborted)?;
        let fresh = self.retry.open(old, again, self.timeouts.connect, self.bounds.deadline).await?;
        self.connection = Some(fresh);
        if let Some(buffers) = &mut self.buffers {
            buffers.inbox.forget();
        }
        Ok(())
    }

    /// Gives the answer away; where the body goes on, both halves hold the connection then.
    pub(super) fn take_response(&mut self) -> Result<Response, Error> {
        let buffers = self.buffers.take().ok_or(Error::Aborted)?;
        self.standing.step(Move::Take)?;
        let connection = self.connection.take().ok_or(Error::Aborted)?;
        let unsent = connection.pending() > 0 || connection.wire.borrow().protocol.our_state() == State::Body;
        if self.standing.phase() == Phase::Both && unsent {
            self.connection = Some(connection.clone());
        }
        Ok(Response::new(connection, buffers, self.bounds))
    }

    /// Sends what is encoded beside a caller who has the response. What goes wrong here is of no interest to anybody: the
    /// response tells what the server thought of it.
    pub(super) async fn upload(mut self) {
        while !self.is_stopped()
            && let Ok(connection) = self.connection().cloned()
            && connection.pending() > 0
        {
            let before = connection.pending();
            let step = net::timeout(MAX_STALL, poll_fn(|context| self.poll_flush(before, context)));
            if step.await.is_err() && connection.has_all() {
                return;
            }
            connection.forget_written();
        }
        if let Some(connection) = self.connection.take() {
            connection.leave();
        }
    }

    /// The body has ended, after its answer.
    pub(super) fn leave(mut self) {
        if let Some(connection) = self.connection.take() {
            connection.leave();
        }
    }

    pub(super) fn has_buffers(&self) -> bool {
        self.buffers.is_some()
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            connection.abort();
        }
        if let Some(buffers) = self.buffers.take() {
            buffers::take_back(buffers);
        }
    }
}
