//! One connection, from its first byte to its last.
//!
//! A connection that waits for its next request holds nothing but its stream and its state. When bytes arrive it is lent a
//! desk, answers every request that they hold, writes all answers at once, and gives the desk back.

use super::desk::{BodyDesk, Desk, MAX_GATHERED};
use super::exchange::{BodyReader, Core, Exchange, Trouble, poll_flush};
use super::{Outcome, Request, Response, Shared};
use crate::parser::RequestHead;
use crate::state::Side;
use crate::{Connection, Event, FieldBlock};
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::mem;
use std::net::Shutdown;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;
use wirebook_net::{self as net, Stream};

/// Bytes of a request body that a handler left unread and the server reads to keep the connection; more closes it.
const MAX_DRAINED: u64 = 256 * 1024;

/// How long, and for how many bytes, a client may go on sending after the last answer (RFC 9112 §9.6): closing at once
/// would make its system throw the answer away.
const LINGER: Duration = Duration::from_secs(1);
const MAX_LINGER: usize = 256 * 1024;

/// What a connection does next.
enum Next {
    /// Wait for a request with nothing in hand.
    Idle,
    /// Read on: a head is unfinished.
    Read,
    Close,
}

/// Holds a connection until it ends. What goes wrong with it is answered to its client, and concerns nobody else.
pub(super) async fn hold<S, H>(stream: S, shared: Rc<Shared<H>>)
where
    S: Stream + 'static,
    H: AsyncFn(Request<'_>, Response<'_>) -> Outcome + 'static,
{
    let mut talk = Talk {
        connection: Connection::new(Side::Responder, shared.options.limits),
        stream: &stream,
        requests: 0,
        shared: &*shared,
    };
    while let Ok(Ok(())) = net::timeout(shared.options.idle_timeout, stream.readable()).await {
        let mut desk = shared.desks.lend();
        let end = talk.turn(&mut desk).await;
        shared.desks.take_back(desk);
        match end {
            Ok(Next::Idle) if !shared.closing.get() => {}
            Ok(_) => return linger(&stream).await,
            Err(_) => return,
        }
    }
}

struct Talk<'t, S, H> {
    connection: Connection,
    stream: &'t S,
    requests: u32,
    shared: &'t Shared<H>,
}

impl<S, H> Talk<'_, S, H>
where
    S: Stream + 'static,
    H: AsyncFn(Request<'_>, Response<'_>) -> Outcome + 'static,
{
    /// From a readable event to the next moment with nothing in hand.
    async fn turn(&mut self, desk: &mut Desk) -> io::Result<Next> {
        // The time for a head runs from its first byte; a request that was answered starts it anew.
        let mut head_deadline = net::now() + self.shared.options.head_timeout;
        loop {
            match desk.inbox.fill(self.stream) {
                Ok(0) => {
                    let incomplete = self.connection.receive_eof().err().map(Trouble::Protocol);
                    if let Some(trouble) = incomplete {
                        self.refuse(trouble, desk);
                    }
                    self.flush(&mut desk.out).await?;
                    return Ok(Next::Close);
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.flush(&mut desk.out).await?;
                    if desk.inbox.is_empty() {
                        return Ok(Next::Idle);
                    }
                    let left = head_deadline.saturating_duration_since(net::now());
                    match net::timeout(left, self.stream.readable()).await {
                        Ok(result) => result?,
                        Err(_) => {
                            self.refuse(Trouble::TooSlow, desk);
                            self.flush(&mut desk.out).await?;
                            return Ok(Next::Close);
                        }
                    }
                    continue;
                }
                Err(error) => return Err(error),
            }
            let before = self.requests;
            match self.answer_all(desk).await? {
                Next::Read => {}
                // A short read has emptied the socket: no need to ask it once more.
                next => {
                    self.flush(&mut desk.out).await?;
                    return Ok(next);
                }
            }
            if self.requests > before {
                head_deadline = net::now() + self.shared.options.head_timeout;
            }
        }
    }

    /// Answers the requests in the inbox, one after the other.
    async fn answer_all(&mut self, desk: &mut Desk) -> io::Result<Next> {
        loop {
            let (used, event) = match self.connection.receive(desk.inbox.unread(), &mut desk.fields) {
                Ok(received) => received,
                Err(error) => {
                    self.refuse(Trouble::Protocol(error), desk);
                    return Ok(Next::Close);
                }
            };
            match event {
                Some(Event::Request(head)) => {
                    self.requests += 1;
                    let last = self.requests >= self.shared.options.max_requests || self.shared.closing.get();
                    if last {
                        self.connection.refuse_reuse();
                    }
                    let behind_head = &desk.inbox.unread()[used..];
                    let parts = Parts { out: &mut desk.out, lines: &mut desk.lines, body: &mut desk.body };
                    let moved = self.answer(head, behind_head, parts).await;
                    match moved {
                        true => {
                            let all = desk.inbox.unread().len();
                            desk.inbox.consume(all);
                            mem::swap(&mut desk.inbox, &mut desk.body.get_or_insert_default().inbox);
                        }
                        false => drop(desk.inbox.consume(used)),
                    }
                    if !self.connection.is_reusable() {
                        return Ok(Next::Close);
                    }
                    if desk.out.len() > MAX_GATHERED {
                        self.flush(&mut desk.out).await?;
                    }
                }
                _ if desk.inbox.is_empty() => return Ok(Next::Idle),
                _ => return Ok(Next::Read),
            }
        }
    }

    /// Has the handler answer one request; says whether the bytes behind its head were moved to the body's inbox.
    async fn answer(&mut self, head: RequestHead<'_>, behind_head: &[u8], parts: Parts<'_>) -> bool {
        let Parts { out, lines, body } = parts;
        if self.connection.body_left() == Some(0) {
            // The message ends with its head: nothing can go wrong, and 101 may be the answer.
            let _ = self.connection.receive(b"", &mut body.get_or_insert_default().trailers);
        }
        let exchange = Exchange {
            stream: self.stream,
            options: &self.shared.options,
            core: RefCell::new(Core { connection: &mut self.connection, out, lines }),
            behind_head,
            body: Cell::new(body.take()),
            body_begun: Cell::new(false),
            body_bytes: Cell::new(0),
            trouble: Cell::new(None),
        };
        let outcome = match exchange.refused_by_length() {
            Some(failure) => Err(failure),
            None => run(&self.shared.handler, &exchange, Request { head, body: BodyReader::new(&exchange) }).await,
        };
        exchange.settle(&outcome);
        report(&outcome);
        drain(&exchange).await;
        *body = exchange.body.take();
        exchange.body_begun.get()
    }

    /// Answers what cannot be read as a request.
    fn refuse(&mut self, trouble: Trouble, desk: &mut Desk) {
        self.connection.refuse_reuse();
        let (out, lines) = (&mut desk.out, &mut desk.lines);
        Core { connection: &mut self.connection, out, lines }.refuse(trouble.status(), &trouble.to_string());
    }

    async fn flush(&self, out: &mut Vec<u8>) -> io::Result<()> {
        while !out.is_empty() {
            let some = poll_fn(|context| poll_flush(self.stream, out, context));
            net::timeout(self.shared.options.write_timeout, some).await??;
        }
        Ok(())
    }
}

/// Runs the handler; while it waits for something, what was answered before goes out.
async fn run<'r, H>(handler: &H, exchange: &'r Exchange<'r>, request: Request<'r>) -> Outcome
where
    H: AsyncFn(Request<'_>, Response<'_>) -> Outcome,
{
    let mut answering = pin!(handler(request, Response::new(exchange)));
    poll_fn(|context| match answering.as_mut().poll(context) {
        Poll::Ready(outcome) => Poll::Ready(outcome),
        Poll::Pending => loop {
            match exchange.poll_flush(context) {
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error.into())),
                Poll::Ready(Ok(())) if !exchange.core.borrow().out.is_empty() => {}
                _ => return Poll::Pending,
            }
        },
    })
    .await
}

/// Reads what the handler left of the body, so that the next request is found behind it; not if that is much.
async fn drain<'r>(exchange: &'r Exchange<'r>) {
    let mut rest = BodyReader::new(exchange);
    while exchange.is_answered() && exchange.body_bytes.get() <= MAX_DRAINED {
        if !matches!(rest.next().await, Ok(Some(_))) {
            return;
        }
    }
}

/// A request whose body the server will not read to its end is the last on its connection, and its answer says so.
pub(super) fn refuse_reuse_of_unread(connection: &mut Connection) {
    if connection.body_left().is_some_and(|left| left > MAX_DRAINED) {
        connection.refuse_reuse();
    }
}

/// A handler's own failure goes to standard error; what its client did wrong was answered, or nobody is there to hear.
fn report(outcome: &Outcome) {
    if let Err(failure) = outcome
        && !failure.source().is::<Trouble>()
        && !failure.source().is::<io::Error>()
    {
        eprintln!("wirebook: a handler failed: {failure}");
    }
}

/// Ends our half, and lets the client finish its own for a moment.
async fn linger(stream: &impl Stream) {
    if stream.shutdown(Shutdown::Write).is_err() {
        return;
    }
    let mut seen = 0;
    let drain = async {
        let mut bytes = net::buffer();
        while let Ok(count @ 1..) = stream.read(&mut bytes).await {
            seen += count;
            if seen > MAX_LINGER {
                break;
            }
        }
    };
    let _ = net::timeout(LINGER, drain).await;
}

/// The parts of a desk that an exchange uses while the head is borrowed from its inbox.
struct Parts<'d> {
    out: &'d mut Vec<u8>,
    lines: &'d mut FieldBlock,
    body: &'d mut Option<Box<BodyDesk>>,
}
