//! What a request and its response share while the handler runs.

use super::desk::{BodyDesk, Inbox, MAX_BODY_INBOX};
use super::failure::{Failure, Outcome};
use super::idle::Connections;
use super::{Options, date};
use crate::connection::Additions;
use crate::parser::{FieldLines, RequestHead, ResponseHead};
use crate::state::State;
use crate::{Connection, Error, Event, FieldBlock, Misuse, reason};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;
use wirebook_net::{self as net, Stream};

/// How long a body may take before its rate counts.
const BODY_GRACE: Duration = Duration::from_secs(4);

/// Bytes that are read behind a request while its client is watched.
const MAX_AHEAD: usize = 64 * 1024;

/// One request and its answer.
pub(super) struct Exchange<'c> {
    pub(super) stream: &'c Rc<dyn Stream>,
    pub(super) options: &'c Options,
    pub(super) connections: &'c Connections,
    pub(super) head: &'c RequestHead<'c>,
    pub(super) core: RefCell<Core<'c>>,
    /// What stands in the inbox behind the head: the body's first bytes, or the next request's.
    pub(super) behind_head: &'c [u8],
    /// What reads the body: away while a reader has it.
    pub(super) body: Cell<Option<Box<BodyDesk>>>,
    /// The bytes behind the head were moved to the body's inbox.
    pub(super) body_begun: Cell<bool>,
    /// Bytes of the body so far.
    pub(super) body_bytes: Cell<u64>,
    /// Time that was spent waiting for it.
    pub(super) body_waited: Cell<Duration>,
    /// Why the request cannot be read to its end.
    pub(super) trouble: Cell<Option<Trouble>>,
}

/// The protocol, where its output goes, and what the handler has said of its answer.
pub(super) struct Core<'c> {
    pub(super) connection: &'c mut Connection,
    pub(super) out: &'c mut Vec<u8>,
    pub(super) lines: &'c mut FieldBlock,
    pub(super) status: u16,
    /// The first field that could not be added. It is reported when the head is sent, so that calls can be chained.
    pub(super) misuse: Option<Misuse>,
    /// The head is out.
    pub(super) begun: bool,
}

/// What a client did wrong, so that its request cannot be read to the end. The answer, if it has not begun, tells.
#[derive(Clone, Copy, Debug)]
pub enum Trouble {
    /// It broke a rule of the protocol.
    Protocol(Error),
    /// Its body is over [`Options::max_body`], or over the limit of a handler.
    TooLarge,
    /// A head or a body did not come in time.
    TooSlow,
}

impl Trouble {
    /// The status that answers it.
    pub fn status(self) -> u16 {
        match self {
            Trouble::Protocol(error) => error.status(),
            Trouble::TooLarge => 413,
            Trouble::TooSlow => 408,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Protocol(error) => error.fmt(f),
            Trouble::TooLarge => f.write_str("the body is larger than this server takes"),
            Trouble::TooSlow => f.write_str("the request came too slowly"),
        }
    }
}

impl std::error::Error for Trouble {}

impl Exchange<'_> {
    /// Encodes an event behind what is already to be written.
    pub(super) fn send(&self, event: Event<'_>) -> Result<(), Misuse> {
        let core = &mut *self.core.borrow_mut();
        core.connection.send(event, core.out)
    }

    /// Writes all, waiting for a slow client as long as it takes something now and then.
    pub(super) async fn flush(&self) -> io::Result<()> {
        while !self.core.borrow().out.is_empty() {
            let some = poll_fn(|context| self.poll_flush(context));
            net::timeout(self.options.write_timeout, some).await??;
        }
        Ok(())
    }

    /// One step of [`flush`](Self::flush).
    pub(super) fn poll_flush(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        poll_flush(&**self.stream, self.core.borrow_mut().out, context)
    }

    /// The handler is done: whatever it left open is closed, as well as it can be.
    pub(super) fn settle(&self, outcome: &Outcome) {
        let core = &mut *self.core.borrow_mut();
        let trouble = self.trouble.get();
        if trouble.is_some() || self.connections.is_closing() {
            core.connection.refuse_reuse();
        }
        // A body that was begun cannot be taken back: the connection closes in its middle, and the client knows.
        if core.connection.our_state() == State::Respond {
            let (status, text) = match (trouble, outcome) {
                (Some(trouble), _) => (trouble.status(), trouble.to_string()),
                (None, _) if core.connection.answers_connect() => (501, "this server opens no tunnels".into()),
                (None, _) => (500, "the handler gave no answer".into()),
            };
            core.refuse(status, &text);
        }
    }

    /// The answer is complete, though the request may not be.
    pub(super) fn is_answered(&self) -> bool {
        self.core.borrow().connection.our_state() == State::Done
    }

    /// A part of the request's body has not been read.
    pub(super) fn has_more(&self) -> bool {
        self.core.borrow().connection.their_state() == State::Body
    }

    /// The request says itself that its body is too large: it is not read at all.
    pub(super) fn refused_by_length(&self) -> Option<Failure> {
        let length = self.core.borrow().connection.body_left();
        length.filter(|length| *length > self.options.max_body).map(|_| self.fail(Trouble::TooLarge))
    }

    /// A body over a limit.
    pub(super) fn too_large(&self) -> Failure {
        self.fail(Trouble::TooLarge)
    }

    /// Waits for bytes of the body; tells the client first that it may go on, if it waits for that (RFC 9110 §10.1.1).
    async fn read(&self, inbox: &mut Inbox) -> Result<(), Failure> {
        if self.core.borrow().connection.awaits_continue() {
            self.send(Event::Response(ResponseHead::new(100, FieldLines::default())))?;
        }
        self.flush().await?;
        let some = poll_fn(|context| inbox.poll_fill(&**self.stream, MAX_BODY_INBOX, context));
        let began = net::now();
        let read = net::timeout(self.options.body_timeout, some).await;
        self.body_waited.set(self.body_waited.get() + (net::now() - began));
        match read {
            Ok(Ok(1..)) if self.dribbles() => Err(self.fail(Trouble::TooSlow)),
            Err(_) => Err(self.fail(Trouble::TooSlow)),
            Ok(Err(error)) => Err(error.into()),
            Ok(Ok(0)) => {
                let ended = self.core.borrow_mut().connection.receive_eof();
                ended.map(drop).map_err(|error| self.fail(Trouble::Protocol(error)))
            }
            Ok(Ok(_)) => Ok(()),
        }
    }

    /// A body that comes, but too slowly. Only the time counts that we waited for it: a slow handler is not its fault.
    fn dribbles(&self) -> bool {
        let waited = self.body_waited.get();
        waited >= BODY_GRACE && self.body_bytes.get() < waited.as_secs().saturating_mul(self.options.min_body_rate)
    }

    /// Holds the body to its limit: what has come, and what its framing announces, so that nothing of a chunk is taken
    /// that cannot fit.
    fn count(&self, piece: &Piece) -> Result<(), Failure> {
        if let Piece::Data(start, end) = piece {
            self.body_bytes.set(self.body_bytes.get() + (end - start) as u64);
        }
        let announced = self.core.borrow().connection.body_announced();
        match self.body_bytes.get().saturating_add(announced) > self.options.max_body {
            true => Err(self.fail(Trouble::TooLarge)),
            false => Ok(()),
        }
    }

    fn fail(&self, trouble: Trouble) -> Failure {
        self.trouble.set(Some(trouble));
        trouble.into()
    }
}

impl<'c> Core<'c> {
    pub(super) fn new(connection: &'c mut Connection, out: &'c mut Vec<u8>, lines: &'c mut FieldBlock) -> Self {
        lines.clear();
        Core { connection, out, lines, status: 200, misuse: None, begun: false }
    }

    /// Sends the head with the date, and with the length of the body where it is known and the fields do not say it.
    pub(super) fn send_head(&mut self, length: Option<u64>) -> Result<(), Misuse> {
        date::with_now(|date| {
            let additions = Additions { length, date: Some(date), ..Additions::default() };
            self.connection.send_head(self.status, self.lines, additions, self.out)
        })
    }

    /// Answers with a status and a line that says why.
    pub(super) fn refuse(&mut self, status: u16, why: &str) {
        let text = format!("{status} {}: {why}\n", reason(status));
        self.lines.clear();
        let _ = self.lines.push("content-type", "text/plain; charset=utf-8");
        self.status = status;
        let sent = self.send_head(Some(text.len() as u64));
        if sent.is_ok() {
            // To HEAD the head is the whole answer.
            let _ = self.connection.send(Event::Data(text.as_bytes()), self.out);
            let _ = self.connection.send(Event::End(FieldLines::default()), self.out);
        }
    }
}

/// Writes `out` as far as the stream takes it, and removes what it took. Pending only if that was nothing.
pub(super) fn poll_flush(stream: &dyn Stream, out: &mut Vec<u8>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
    let mut written = 0;
    let result = loop {
        if written == out.len() {
            break Poll::Ready(Ok(()));
        }
        match stream.try_write(&out[written..]) {
            Ok(0) => break Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            Ok(count) => written += count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && written > 0 => break Poll::Ready(Ok(())),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => match stream.poll_writable(context) {
                Poll::Ready(Ok(())) => {}
                poll => break poll,
            },
            Err(error) => break Poll::Ready(Err(error)),
        }
    };
    out.drain(..written);
    result
}

/// The one that reads the body: the handler's request, then whoever drops what it left.
pub(super) struct BodyReader<'r> {
    pub(super) exchange: &'r Exchange<'r>,
    /// There from the beginning to the end.
    desk: Option<Box<BodyDesk>>,
}

impl Drop for BodyReader<'_> {
    fn drop(&mut self) {
        self.exchange.body.set(self.desk.take());
    }
}

impl<'r> BodyReader<'r> {
    /// Takes the body's buffers from the exchange; dropping the reader gives them back.
    pub(super) fn new(exchange: &'r Exchange<'r>) -> Self {
        BodyReader { exchange, desk: exchange.body.take() }
    }

    /// The trailer fields, once the body has ended.
    pub(super) fn trailers(&self) -> FieldLines<'_> {
        self.desk.as_ref().map(|desk| desk.trailer_lines.lines()).unwrap_or_default()
    }

    /// The bytes behind the request, which a switch of protocols hands over.
    pub(super) fn rest(&self) -> Vec<u8> {
        match &self.desk {
            Some(desk) if self.exchange.body_begun.get() => desk.inbox.unread().to_vec(),
            _ => self.exchange.behind_head.to_vec(),
        }
    }

    /// Reads ahead until the stream ends, breaks, or has given as much as may be kept.
    pub(super) async fn closed(&mut self) {
        let BodyReader { exchange, desk } = self;
        let desk = desk.get_or_insert_default();
        if exchange.core.borrow().connection.their_state() == State::Body {
            return std::future::pending().await;
        }
        if !exchange.body_begun.replace(true) {
            desk.inbox.extend(exchange.behind_head);
            desk.trailer_lines.clear();
        }
        // Little by little: who watches an idle client owns no read buffer.
        let mut some = [0; 64];
        let stream = &**exchange.stream;
        while desk.inbox.unread().len() < MAX_AHEAD {
            let read = poll_fn(|context| {
                loop {
                    match stream.try_read(&mut some) {
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                            std::task::ready!(stream.poll_readable(context))?;
                        }
                        result => return Poll::Ready(result),
                    }
                }
            });
            match read.await {
                Ok(count @ 1..) => desk.inbox.extend(&some[..count]),
                _ => return,
            }
        }
        std::future::pending().await
    }

    /// The next piece of the body, without its framing; `None` at its end.
    pub(super) async fn next(&mut self) -> Result<Option<&[u8]>, Failure> {
        let BodyReader { exchange, desk } = self;
        let desk = desk.get_or_insert_default();
        loop {
            if let Some(trouble) = exchange.trouble.get() {
                return Err(trouble.into());
            }
            if exchange.core.borrow().connection.their_state() != State::Body {
                return Ok(None);
            }
            if !exchange.body_begun.replace(true) {
                desk.inbox.extend(exchange.behind_head);
                desk.trailer_lines.clear();
            }
            let (used, piece) = receive(exchange, desk).map_err(|error| exchange.fail(Trouble::Protocol(error)))?;
            let base = desk.inbox.consume(used);
            exchange.count(&piece)?;
            match piece {
                Piece::Data(start, end) => {
                    return Ok(Some(desk.inbox.consumed(base + start, base + end)));
                }
                Piece::End => return Ok(None),
                Piece::Missing => exchange.read(&mut desk.inbox).await?,
            }
        }
    }
}

fn receive(exchange: &Exchange<'_>, desk: &mut BodyDesk) -> Result<(usize, Piece), Error> {
    let input = desk.inbox.unread();
    let core = &mut *exchange.core.borrow_mut();
    let (used, event) = core.connection.receive(input, &mut desk.trailers)?;
    let piece = match event {
        Some(Event::Data(data)) => {
            let start = data.as_ptr().addr() - input.as_ptr().addr();
            Piece::Data(start, start + data.len())
        }
        Some(Event::End(trailers)) => {
            // What a parser let through is valid, and within the limits of a block.
            trailers.iter().try_for_each(|(name, value)| desk.trailer_lines.push(name, value)).ok();
            Piece::End
        }
        _ => Piece::Missing,
    };
    Ok((used, piece))
}

enum Piece {
    Data(usize, usize),
    End,
    Missing,
}
