//! One connection, from its first byte to its last.
//!
//! A connection that waits for its next request holds nothing but its stream. When bytes arrive it is given a worker and lent
//! a desk, answers every request that they hold, writes all answers at once, and gives both back.

use super::desk::{Desk, Inbox, MAX_GATHERED};
use super::exchange::{BodyReader, Core, Exchange, Trouble, poll_flush};
use super::workers::Worker;
use super::{Hooks, Outcome, Request, Response, Shared, hooks};
use crate::Connection;
use crate::parser::{FieldLines, Fields, MAX_HEAD, RequestHead};
use crate::state::{Side, State};
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::mem;
use std::net::Shutdown;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::{Duration, Instant};
use wirebook_net::{self as net, Resume, Stream};

/// Bytes of a request body that a handler left unread and the server reads to keep the connection; more closes it.
const MAX_DRAINED: u64 = 256 * 1024;

/// How long, and for how many bytes, a client may go on sending after the last answer (RFC 9112 §9.6): closing at once
/// would make its system throw the answer away.
const LINGER: Duration = Duration::from_secs(1);
const MAX_LINGER: usize = 256 * 1024;

/// A connection, with or without something to do. It leaves the table when it is dropped.
pub(super) struct Seat<H> {
    stream: Rc<dyn Stream>,
    shared: Rc<Shared<H>>,
    place: u32,
    /// Requests so far.
    requests: Cell<u32>,
}

impl<H> Drop for Seat<H> {
    fn drop(&mut self) {
        self.shared.connections.leave(self.place);
        hooks::call(&self.shared.options.hooks.close, &self.shared.connections.open());
    }
}

impl<H> Resume for Seat<H>
where
    H: AsyncFn(Request<'_>, Response<'_>) -> Outcome + 'static,
{
    fn resume(self: Rc<Self>) {
        self.shared.connections.resume(self.place);
        let shared = self.shared.clone();
        if let Some(seat) = shared.workers.employ(self) {
            net::spawn(work(Worker::of(seat)));
        }
    }
}

/// Takes a new connection on.
pub(super) fn begin<H>(stream: Rc<dyn Stream>, shared: Rc<Shared<H>>)
where
    H: AsyncFn(Request<'_>, Response<'_>) -> Outcome + 'static,
{
    let place = shared.connections.enter();
    hooks::call(&shared.options.hooks.connection, &shared.connections.open());
    park(Rc::new(Seat { stream, shared, place, requests: Cell::new(0) }));
}

/// Leaves a connection to itself until there is something to read.
fn park<H>(seat: Rc<Seat<H>>)
where
    H: AsyncFn(Request<'_>, Response<'_>) -> Outcome + 'static,
{
    let connections = &seat.shared.connections;
    if !connections.is_closing() {
        connections.park(seat.place, net::park(seat.stream.registration(), seat.clone()));
    }
}

// ANCHOR: work
/// A worker's life: one connection after the other.
async fn work<H>(worker: Rc<Worker<H>>)
where
    H: AsyncFn(Request<'_>, Response<'_>) -> Outcome + 'static,
{
    while let Some(seat) = worker.next().await {
        let shared = seat.shared.clone();
        converse(seat).await;
        if shared.connections.is_closing() || !shared.workers.keep(&worker) {
            return;
        }
    }
}

/// Serves a connection until it idles or ends. What goes wrong with it is answered to its client, and concerns nobody else.
async fn converse<H>(seat: Rc<Seat<H>>)
where
    H: AsyncFn(Request<'_>, Response<'_>) -> Outcome + 'static,
{
    let mut connection = Connection::new(Side::Responder, seat.shared.options.limits);
    let mut unfinished = Unfinished::default();
    loop {
        let in_time = unfinished.wait(&*seat.stream, seat.shared.options.head_timeout).await;
        let mut desk = seat.shared.desks.lend();
        let mut talk = Talk { connection: &mut connection, seat: &seat };
        let next = talk.turn(&mut desk, &mut unfinished, in_time).await;
        seat.shared.desks.take_back(desk);
        match next {
            Ok(Next::Idle) => return park(seat),
            Ok(Next::Read) => {}
            Ok(Next::Close) => return linger(&*seat.stream).await,
            Ok(Next::Switched) | Err(_) => return,
        }
    }
}
// ANCHOR_END: work

/// A head that has not all come. Only what is there is kept, not the desk: ten thousand clients that trickle hold what they
/// have sent.
#[derive(Default)]
struct Unfinished {
    inbox: Inbox,
    /// Where the fields of the part lie that the parser has seen: it does not look twice.
    fields: Option<Fields>,
    /// The time for a head runs from its first byte on.
    began: Option<Instant>,
}

impl Unfinished {
    /// Waits for more of the head; false when its time is up. With nothing in hand there is nothing to wait for.
    async fn wait(&mut self, stream: &dyn Stream, limit: Duration) -> bool {
        if self.inbox.is_empty() {
            return true;
        }
        let began = *self.began.get_or_insert_with(net::now);
        let left = (began + limit).saturating_duration_since(net::now());
        net::timeout(left, poll_fn(|context| stream.poll_readable(context))).await.is_ok()
    }
}

/// What a connection does next.
enum Next {
    /// Wait for a request with nothing in hand.
    Idle,
    /// Read on: a head is unfinished.
    Read,
    Close,
    /// It speaks another protocol, and is no longer ours.
    Switched,
}

/// A connection that has something to read.
struct Talk<'t, H> {
    connection: &'t mut Connection,
    seat: &'t Seat<H>,
}

impl<H> Talk<'_, H>
where
    H: AsyncFn(Request<'_>, Response<'_>) -> Outcome + 'static,
{
    /// From a readable event to the next moment at which there is nothing to do but wait.
    async fn turn(&mut self, desk: &mut Desk, unfinished: &mut Unfinished, in_time: bool) -> io::Result<Next> {
        desk.inbox.take_up(mem::take(&mut unfinished.inbox));
        if let Some(fields) = unfinished.fields.take() {
            desk.fields = fields;
        }
        if !in_time {
            self.refuse(Trouble::TooSlow, desk);
            self.flush(&mut desk.out).await?;
            return Ok(Next::Close);
        }
        // The largest head, and one byte to see that there is more.
        let max_inbox = self.seat.shared.options.limits.head.min(MAX_HEAD) + 1;
        loop {
            match desk.inbox.fill(&*self.seat.stream, max_inbox) {
                Ok(0) => {
                    if let Err(error) = self.connection.receive_eof() {
                        self.refuse(Trouble::Protocol(error), desk);
                    }
                    self.flush(&mut desk.out).await?;
                    return Ok(Next::Close);
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if desk.inbox.is_empty() {
                        return Ok(Next::Idle);
                    }
                    unfinished.inbox = desk.inbox.set_aside();
                    unfinished.fields = Some(mem::take(&mut desk.fields));
                    return Ok(Next::Read);
                }
                Err(error) => return Err(error),
            }
            let before = self.seat.requests.get();
            let next = self.answer_all(desk).await?;
            self.flush(&mut desk.out).await?;
            if self.seat.requests.get() > before {
                unfinished.began = None;
            }
            if !matches!(next, Next::Read) {
                return Ok(next);
            }
        }
    }

    /// Answers the requests in the inbox, one after the other.
    async fn answer_all(&mut self, desk: &mut Desk) -> io::Result<Next> {
        loop {
            let mut head = RequestHead::new(b"", b"", FieldLines::default());
            match self.connection.receive_head(desk.inbox.unread(), &mut desk.fields, &mut head) {
                Ok(true) => {}
                Ok(false) => return Ok(Next::Read),
                Err(error) => {
                    self.refuse(Trouble::Protocol(error), desk);
                    return Ok(Next::Close);
                }
            }
            let requests = self.seat.requests.get() + 1;
            self.seat.requests.set(requests);
            if requests >= self.seat.shared.options.max_requests_per_connection {
                self.connection.refuse_reuse();
            }
            // A message that ends with its head has been read: nothing can go wrong with it, and 101 may be the answer.
            self.connection.receive_empty();
            let exchange = Exchange {
                stream: &self.seat.stream,
                options: &self.seat.shared.options,
                connections: &self.seat.shared.connections,
                head: &head,
                core: RefCell::new(Core::new(&mut *self.connection, &mut desk.out, &mut desk.lines)),
                behind_head: &desk.inbox.unread()[head.len()..],
                body: Cell::new(desk.body.take()),
                body_begun: Cell::new(false),
                body_bytes: Cell::new(0),
                body_waited: Cell::new(Duration::ZERO),
                trouble: Cell::new(None),
            };
            answer(&self.seat.shared.handler, &exchange).await;
            desk.body = exchange.body.take();
            let (used, body_begun) = (head.len(), exchange.body_begun.get());
            if body_begun {
                let all = desk.inbox.unread().len();
                desk.inbox.consume(all);
                mem::swap(&mut desk.inbox, &mut desk.body.get_or_insert_default().inbox);
            } else {
                desk.inbox.consume(used);
            }
            match self.connection.our_state() {
                _ if self.connection.is_reusable() => {}
                State::Switched => return Ok(Next::Switched),
                _ => return Ok(Next::Close),
            }
            if desk.inbox.is_empty() {
                return Ok(Next::Idle);
            }
            if desk.out.len() > MAX_GATHERED {
                self.flush(&mut desk.out).await?;
            }
        }
    }

    /// Answers what cannot be read as a request.
    fn refuse(&mut self, trouble: Trouble, desk: &mut Desk) {
        self.connection.refuse_reuse();
        let (out, lines) = (&mut desk.out, &mut desk.lines);
        Core::new(&mut *self.connection, out, lines).refuse(trouble.status(), &trouble.to_string());
        hooks::call(&self.seat.shared.options.hooks.client_error, &trouble);
    }

    async fn flush(&self, out: &mut Vec<u8>) -> io::Result<()> {
        while !out.is_empty() {
            let some = poll_fn(|context| poll_flush(&*self.seat.stream, out, context));
            net::timeout(self.seat.shared.options.write_timeout, some).await??;
        }
        Ok(())
    }
}

/// Has the handler answer one request.
async fn answer<'r, H>(handler: &H, exchange: &'r Exchange<'r>)
where
    H: AsyncFn(Request<'_>, Response<'_>) -> Outcome,
{
    let outcome = match exchange.refused_by_length() {
        Some(failure) => Err(failure),
        None => run(handler, exchange).await,
    };
    exchange.settle(&outcome);
    report(exchange, &outcome);
    drain(exchange).await;
}

// ANCHOR: run
/// Runs the handler; while it waits for something, what was answered before goes out.
async fn run<'r, H>(handler: &H, exchange: &'r Exchange<'r>) -> Outcome
where
    H: AsyncFn(Request<'_>, Response<'_>) -> Outcome,
{
    let mut answering = pin!(handler(Request::new(exchange), Response::new(exchange)));
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
// ANCHOR_END: run

/// Reads what the handler left of the body, so that the next request is found behind it; not if that is much.
async fn drain<'r>(exchange: &'r Exchange<'r>) {
    if !exchange.has_more() {
        return;
    }
    let mut rest = BodyReader::new(exchange);
    while exchange.is_answered() && exchange.body_bytes.get() <= MAX_DRAINED {
        if !matches!(rest.next().await, Ok(Some(_))) {
            return;
        }
    }
}

/// A request whose body the server will not read to its end is the last on its connection, and so is every one of a
/// server that closes; the answer says so.
pub(super) fn refuse_reuse_if_last(exchange: &Exchange<'_>, connection: &mut Connection) {
    if connection.body_left().is_some_and(|left| left > MAX_DRAINED) || exchange.connections.is_closing() {
        connection.refuse_reuse();
    }
}

/// Tells of what went wrong: with the client, or with the handler. A broken connection is neither's fault.
fn report(exchange: &Exchange<'_>, outcome: &Outcome) {
    let Hooks { client_error, handler_error, .. } = &exchange.options.hooks;
    match (exchange.trouble.get(), outcome) {
        (Some(trouble), _) => hooks::call(client_error, &trouble),
        (None, Err(failure)) if !failure.source().is::<io::Error>() => hooks::call(handler_error, failure),
        _ => {}
    }
}

/// Ends our half, and lets the client finish its own for a moment.
async fn linger(stream: &dyn Stream) {
    if stream.shutdown(Shutdown::Write).is_err() {
        return;
    }
    let mut seen = 0;
    let mut bytes = net::buffer();
    let drain = poll_fn(|context| {
        loop {
            match stream.try_read(&mut bytes) {
                Ok(count @ 1..) if seen < MAX_LINGER => seen += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    std::task::ready!(stream.poll_readable(context)).ok();
                }
                _ => return Poll::Ready(()),
            }
        }
    });
    let _ = net::timeout(LINGER, drain).await;
}
