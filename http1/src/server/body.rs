//! The body of a request, as it is read: by the handler, then by whoever drops what it left.

use super::buffers::{BodyBuffers, MAX_BODY_INBOX};
use super::exchange::{Exchange, MAX_DRAINED};
use super::failure::{Failure, Trouble};
use crate::buffers::Inbox;
use crate::connection::{Error, Event};
use crate::parser::{FieldLines, ResponseHead};
use std::future::poll_fn;
use std::io;
use std::task::Poll;
use std::time::Duration;
use wirebook_net as net;

/// How long a body may take before its rate counts.
const BODY_GRACE: Duration = Duration::from_secs(4);

/// Bytes that are read behind a request while its client is watched.
const MAX_AHEAD: usize = 64 * 1024;

impl Exchange<'_> {
    /// Waits for bytes of the body; tells the client first that it may go on, if it waits for that (RFC 9110 §10.1.1).
    async fn read(&self, inbox: &mut Inbox) -> Result<(), Failure> {
        if self.answer.borrow().connection.awaits_continue() {
            self.send(Event::Response(ResponseHead::new(100, FieldLines::default())))?;
        }
        self.flush().await?;
        let some = poll_fn(|context| inbox.poll_fill(&**self.stream, MAX_BODY_INBOX, context));
        let began = net::now();
        let read = net::timeout(self.options.body_timeout, some).await;
        self.body_waited.set(self.body_waited.get() + (net::now() - began));
        match read {
            Err(_) => Err(self.fail(Trouble::TooSlow)),
            Ok(Err(error)) => Err(error.into()),
            Ok(Ok(0)) => {
                let ended = self.answer.borrow_mut().connection.receive_eof();
                ended.map(drop).map_err(|error| self.fail(Trouble::Protocol(error)))
            }
            Ok(Ok(count)) => {
                self.body_received.set(self.body_received.get() + count as u64);
                if self.dribbles() { Err(self.fail(Trouble::TooSlow)) } else { Ok(()) }
            }
        }
    }

    /// A body that comes, but too slowly. Only the time counts that we waited for it: a slow handler is not its fault.
    fn dribbles(&self) -> bool {
        let waited = self.body_waited.get();
        waited >= BODY_GRACE && self.body_received.get() < waited.as_secs().saturating_mul(self.options.min_body_rate)
    }

    /// Holds the body to its limit: what has come, and what its framing announces, so that nothing of a length or a chunk is
    /// taken that cannot fit.
    fn check_size(&self) -> Result<(), Failure> {
        let announced = self.answer.borrow().connection.body_announced();
        match self.body_bytes.get().saturating_add(announced) > self.max_body.get() {
            true => Err(self.fail(Trouble::TooLarge)),
            false => Ok(()),
        }
    }
}

/// Reads what the handler left of the body, so that the next request is found behind it; not if that is much, and not for
/// longer than a connection lingers.
pub(super) async fn drain<'r>(exchange: &'r Exchange<'r>) {
    if !exchange.is_answered() {
        return;
    }
    let mut rest = BodyReader::new(exchange);
    let all = async {
        while exchange.body_bytes.get() <= MAX_DRAINED {
            match net::timeout(exchange.options.linger_timeout, rest.next()).await {
                Ok(Ok(Some(_))) => {}
                _ => return,
            }
        }
    };
    // Late or not: whether the request is over, its state says.
    net::timeout(exchange.options.linger_time, all).await.unwrap_or_default();
}

/// The one that reads the body.
pub(super) struct BodyReader<'r> {
    pub(super) exchange: &'r Exchange<'r>,
    /// There once something was read.
    buffers: Option<Box<BodyBuffers>>,
}

impl Drop for BodyReader<'_> {
    fn drop(&mut self) {
        if let Some(buffers) = self.buffers.take() {
            self.exchange.body.set(Some(buffers));
        }
    }
}

impl<'r> BodyReader<'r> {
    /// It takes the body's buffers from the exchange when it reads; dropping the reader gives them back.
    pub(super) fn new(exchange: &'r Exchange<'r>) -> Self {
        BodyReader { exchange, buffers: None }
    }

    /// The trailer fields, once the body has ended. Before it was begun the buffers hold those of an earlier request.
    pub(super) fn trailers(&self) -> FieldLines<'_> {
        let begun = self.buffers.as_ref().filter(|_| self.exchange.body_begun.get());
        begun.map(|buffers| buffers.trailer_lines.lines()).unwrap_or_default()
    }

    /// The bytes behind the request, which a switch of protocols hands over.
    pub(super) fn rest(&self) -> Vec<u8> {
        match &self.buffers {
            Some(buffers) if self.exchange.body_begun.get() => buffers.inbox.unread().to_vec(),
            _ => self.exchange.behind_head.to_vec(),
        }
    }

    /// Reads ahead until the stream ends, breaks, or has given as much as may be kept; or until the server closes.
    pub(super) async fn closed(&mut self) {
        let BodyReader { exchange, buffers } = self;
        if exchange.has_more() {
            return exchange.connections.until_closing().await;
        }
        let buffers = buffers.get_or_insert_with(|| exchange.body.take().unwrap_or_default());
        exchange.begin_body(buffers);
        exchange.stream.probe(exchange.options.probe_after);
        // Little by little: who watches an idle client owns no read buffer.
        let mut some = [0; 64];
        let stream = &**exchange.stream;
        let mut closing = std::pin::pin!(exchange.connections.until_closing());
        let gone = poll_fn(|context| {
            if closing.as_mut().poll(context).is_ready() {
                return Poll::Ready(());
            }
            while buffers.inbox.unread().len() < MAX_AHEAD {
                match stream.try_read(&mut some) {
                    Ok(count @ 1..) => buffers.inbox.extend(&some[..count]),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        if std::task::ready!(stream.poll_readable(context)).is_err() {
                            return Poll::Ready(());
                        }
                    }
                    Ok(_) | Err(_) => return Poll::Ready(()),
                }
            }
            Poll::Pending
        });
        gone.await;
    }

    /// The next piece of the body, without its framing; `None` at its end.
    pub(super) async fn next(&mut self) -> Result<Option<&[u8]>, Failure> {
        let BodyReader { exchange, buffers } = self;
        let buffers = buffers.get_or_insert_with(|| exchange.body.take().unwrap_or_default());
        loop {
            if let Some(trouble) = exchange.trouble.get() {
                return Err(trouble.into());
            }
            if !exchange.has_more() {
                return Ok(None);
            }
            exchange.check_size()?;
            exchange.begin_body(buffers);
            let (used, piece) = receive(exchange, buffers).map_err(|error| exchange.fail(Trouble::Protocol(error)))?;
            let base = buffers.inbox.consume(used);
            match piece {
                Piece::Data(start, end) => {
                    exchange.body_bytes.set(exchange.body_bytes.get() + (end - start) as u64);
                    exchange.check_size()?;
                    return Ok(Some(buffers.inbox.at(base + start..base + end)));
                }
                Piece::End => return Ok(None),
                Piece::Missing => {
                    exchange.check_size()?;
                    exchange.read(&mut buffers.inbox).await?;
                }
            }
        }
    }
}

impl Exchange<'_> {
    /// Moves what came behind the head to where the body is read, once.
    fn begin_body(&self, buffers: &mut BodyBuffers) {
        if !self.body_begun.replace(true) {
            self.body_received.set(self.behind_head.len() as u64);
            buffers.inbox.extend(self.behind_head);
            buffers.trailer_lines.clear();
        }
    }
}

fn receive(exchange: &Exchange<'_>, buffers: &mut BodyBuffers) -> Result<(usize, Piece), Error> {
    let input = buffers.inbox.unread();
    let answer = &mut *exchange.answer.borrow_mut();
    let (used, event) = answer.connection.receive(input, &mut buffers.trailers)?;
    let piece = match event {
        Some(Event::Data(data)) => {
            let start = data.as_ptr().addr() - input.as_ptr().addr();
            Piece::Data(start, start + data.len())
        }
        Some(Event::End(trailers)) => {
            // What a parser let through is valid, and within the limits of a block.
            trailers.iter().try_for_each(|(name, value)| buffers.trailer_lines.push(name, value)).ok();
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
