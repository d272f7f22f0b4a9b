//! One connection, from its first byte to its last.
//!
//! A connection that waits for its next request holds nothing but its stream. When bytes arrive it is given a worker and lent
//! buffers, answers every request that they hold, writes all answers at once, and gives both back. When it closes it lingers.

use super::body::{BodyReader, drain};
use super::buffers::{Buffers, Spare};
use super::connections::Connections;
use super::exchange::{Answer, Exchange};
use super::failure::{Outcome, Trouble};
use super::hooks::{self, Hooks};
use super::options::Options;
use super::request::Request;
use super::response::Response;
use super::transport::Transport;
use super::workers::{Worker, Workers};
use crate::buffers::{Inbox, MAX_GATHERED, Outbox};
use crate::connection::{self as protocol, Event};
use crate::parser::{Fields, MAX_HEAD};
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
use wirebook_net::{self as net, Resume};

/// What all connections of a server have in common.
pub struct Shared<H> {
    /// What answers.
    pub handler: H,
    pub(super) options: Options,
    pub(super) spare: Spare,
    pub(super) workers: Workers<Accepted<H>>,
    /// Their table.
    pub connections: Rc<Connections>,
    /// What `Keep-Alive` says.
    pub(super) idle_seconds: Option<u32>,
}

impl<H> Shared<H> {
    /// Of a server that begins.
    pub fn new(options: Options, handler: H) -> Rc<Self> {
        let (spare, workers) = (Spare::default(), Workers::default());
        let idle_seconds = options.idle_seconds();
        Rc::new(Shared { handler, options, spare, workers, connections: Rc::default(), idle_seconds })
    }
}

/// A connection that was accepted, with or without something to do. It leaves the table when it is dropped.
pub(super) struct Accepted<H> {
    stream: Rc<dyn Transport>,
    shared: Rc<Shared<H>>,
    /// Its slot in the table.
    slot: u32,
    /// Requests so far.
    requests: Cell<u32>,
    /// What has gone out must not be taken for a whole, however the connection ends now.
    reset: Cell<bool>,
    /// It speaks another protocol, and is no longer ours to end.
    handed_over: Cell<bool>,
}

impl<H> Drop for Accepted<H> {
    fn drop(&mut self) {
        if self.reset.get() {
            self.stream.reset();
        } else if self.stream.is_secure() && !self.handed_over.get() {
            // Dropping a socket says that it ended. Dropping TLS does not (RFC 8446 §6.1).
            let _ = self.stream.shutdown(Shutdown::Write);
        }
        self.shared.connections.leave(self.slot);
        hooks::call(&self.shared.options.hooks.close, &self.shared.connections.open());
    }
}

impl<H> Resume for Accepted<H>
where
    H: for<'r> AsyncFn(Request<'r>, Response<'r>) -> Outcome + 'static,
{
    fn resume(self: Rc<Self>) {
        let shared = self.shared.clone();
        if let Some(until) = shared.connections.resume(self.slot) {
            return linger(self, until);
        }
        if let Some(accepted) = shared.workers.assign(self) {
            shared.workers.started(net::spawn(work(Worker::of(accepted))));
        }
    }
}

/// Takes a new connection on.
pub fn begin<H>(stream: Rc<dyn Transport>, shared: Rc<Shared<H>>)
where
    H: for<'r> AsyncFn(Request<'r>, Response<'r>) -> Outcome + 'static,
{
    let slot = shared.connections.enter();
    hooks::call(&shared.options.hooks.connection, &shared.connections.open());
    park(Rc::new(Accepted {
        stream,
        shared,
        slot,
        requests: Cell::new(0),
        reset: Cell::default(),
        handed_over: Cell::default(),
    }));
}

/// Leaves a connection to itself until there is something to read.
fn park<H>(accepted: Rc<Accepted<H>>)
where
    H: for<'r> AsyncFn(Request<'r>, Response<'r>) -> Outcome + 'static,
{
    let connections = &accepted.shared.connections;
    if !connections.is_closing() {
        connections.park(accepted.slot, net::park(accepted.stream.registration(), accepted.clone()));
    }
}

/// Ends our half, and leaves the client's to itself until it ends, too, or its time is up.
fn close<H>(accepted: Rc<Accepted<H>>)
where
    H: for<'r> AsyncFn(Request<'r>, Response<'r>) -> Outcome + 'static,
{
    let time = accepted.shared.connections.linger_time(&accepted.shared.options);
    if accepted.stream.shutdown(Shutdown::Write).is_ok() && !time.is_zero() {
        linger(accepted, net::now().checked_add(time));
    }
}

// ANCHOR: linger
/// Throws away what has come, and waits for more without a task or a buffer.
fn linger<H>(accepted: Rc<Accepted<H>>, until: Option<Instant>)
where
    H: for<'r> AsyncFn(Request<'r>, Response<'r>) -> Outcome + 'static,
{
    let mut bytes = net::buffer();
    loop {
        match accepted.stream.try_read(&mut bytes) {
            Ok(1..) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let parked = net::park(accepted.stream.registration(), accepted.clone());
                return accepted.shared.connections.linger(accepted.slot, until, parked);
            }
            Ok(_) | Err(_) => return,
        }
    }
}
// ANCHOR_END: linger

// ANCHOR: work
/// A worker's life: one connection after the other.
async fn work<H>(worker: Rc<Worker<Accepted<H>>>)
where
    H: for<'r> AsyncFn(Request<'r>, Response<'r>) -> Outcome + 'static,
{
    while let Some(accepted) = worker.next().await {
        let shared = accepted.shared.clone();
        converse(accepted).await;
        if shared.connections.is_closing() || !shared.workers.keep(&worker) {
            return;
        }
    }
}

/// Serves a connection until it idles or ends. If something goes wrong, its client is told; other connections do not notice.
async fn converse<H>(accepted: Rc<Accepted<H>>)
where
    H: for<'r> AsyncFn(Request<'r>, Response<'r>) -> Outcome + 'static,
{
    if let Err(error) = open(&accepted).await {
        return hooks::call(&accepted.shared.options.hooks.open_error, &error);
    }
    let mut connection = protocol::Connection::new(Side::Responder, accepted.shared.options.limits);
    let mut unfinished = Unfinished::default();
    loop {
        let waited = unfinished.wait(&accepted).await;
        let mut buffers = accepted.shared.spare.lend();
        let mut turn = Turn { connection: &mut connection, accepted: &accepted };
        let next = turn.take(&mut buffers, &mut unfinished, waited).await;
        accepted.shared.spare.take_back(buffers);
        match next {
            Ok(Next::Idle) => return park(accepted),
            Ok(Next::Read) => {}
            Ok(Next::Close) => return close(accepted),
            Ok(Next::Ended) | Err(_) => return,
        }
    }
}
// ANCHOR_END: work

/// Waits until both ends have agreed on how to speak. A socket has nothing to agree on, and for TLS this is done once; so waiting is
/// not a part of every worker.
async fn open<H>(accepted: &Accepted<H>) -> io::Result<()> {
    let at_once = poll_fn(|context| Poll::Ready(accepted.stream.poll_open(context))).await;
    match at_once {
        Poll::Ready(opened) => opened,
        Poll::Pending => Box::pin(handshake(accepted)).await,
    }
}

/// The stream bounds this by itself; a server that closes waits for nobody's first request.
async fn handshake<H>(accepted: &Accepted<H>) -> io::Result<()> {
    let mut closing = pin!(accepted.shared.connections.until_closing());
    poll_fn(|context| match accepted.stream.poll_open(context) {
        Poll::Pending => closing.as_mut().poll(context).map(|()| Err(io::ErrorKind::ConnectionAborted.into())),
        opened => opened,
    })
    .await
}

/// A head that has not all come. Only what is there is kept, not the buffers: ten thousand clients that trickle hold what
/// they have sent.
#[derive(Default)]
struct Unfinished {
    inbox: Inbox,
    /// Where the fields of the part lie that the parser has seen: it does not look twice.
    fields: Option<Fields>,
    /// The time for a head runs from its first byte on.
    began: Option<Instant>,
}

/// How a wait for more of a head has ended.
enum Waited {
    /// There is more.
    Readable,
    /// Its time was up.
    Late,
    /// The server closes: whoever has not asked yet is not answered any more.
    Closing,
}

impl Unfinished {
    /// Waits for more of the head. With nothing in hand there is nothing to wait for.
    async fn wait<H>(&mut self, accepted: &Accepted<H>) -> Waited {
        if self.inbox.is_empty() {
            return Waited::Readable;
        }
        let began = *self.began.get_or_insert_with(net::now);
        let left = accepted.shared.options.head_timeout.saturating_sub(net::now() - began);
        let mut closing = pin!(accepted.shared.connections.until_closing());
        let readable = poll_fn(|context| {
            if accepted.stream.poll_readable(context).is_ready() {
                return Poll::Ready(Waited::Readable);
            }
            closing.as_mut().poll(context).map(|()| Waited::Closing)
        });
        net::timeout(left, readable).await.unwrap_or(Waited::Late)
    }
}

/// What a connection does next.
enum Next {
    /// Wait for a request with nothing in hand.
    Idle,
    /// Read on: a head is unfinished.
    Read,
    Close,
    /// It speaks another protocol, and is no longer ours; or the client has ended it.
    Ended,
}

/// A connection that has something to read.
struct Turn<'t, H> {
    connection: &'t mut protocol::Connection,
    accepted: &'t Accepted<H>,
}

impl<H> Turn<'_, H>
where
    H: for<'r> AsyncFn(Request<'r>, Response<'r>) -> Outcome + 'static,
{
    /// From a readable event to the next moment at which there is nothing to do but wait.
    async fn take(&mut self, buffers: &mut Buffers, unfinished: &mut Unfinished, waited: Waited) -> io::Result<Next> {
        if let Some(fields) = unfinished.fields.take() {
            buffers.inbox.take_up(mem::take(&mut unfinished.inbox));
            buffers.fields = fields;
        }
        match waited {
            Waited::Readable => {}
            // Empty lines alone are no request that anybody would have to answer.
            Waited::Late if self.connection.in_head() => {
                self.refuse(Trouble::TooSlow, buffers);
                self.flush(&mut buffers.out).await?;
                return Ok(Next::Close);
            }
            Waited::Late | Waited::Closing => return Ok(Next::Close),
        }
        // The largest head, and one byte to see that there is more.
        let max_inbox = self.options().limits.head.min(MAX_HEAD) + 1;
        loop {
            match buffers.inbox.fill(&*self.accepted.stream, max_inbox) {
                Ok(0) => {
                    if let Err(error) = self.connection.receive_eof() {
                        self.refuse(Trouble::Protocol(error), buffers);
                    }
                    self.flush(&mut buffers.out).await?;
                    return Ok(Next::Ended);
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if buffers.inbox.is_empty() {
                        return Ok(Next::Idle);
                    }
                    unfinished.inbox = buffers.inbox.set_aside();
                    unfinished.fields = Some(mem::take(&mut buffers.fields));
                    return Ok(Next::Read);
                }
                Err(error) => return Err(error),
            }
            let before = self.accepted.requests.get();
            let next = self.answer_all(buffers).await?;
            self.flush(&mut buffers.out).await?;
            if self.accepted.requests.get() > before {
                unfinished.began = None;
            }
            if !matches!(next, Next::Read) {
                return Ok(next);
            }
        }
    }

    /// Answers the requests in the inbox, one after the other.
    async fn answer_all(&mut self, buffers: &mut Buffers) -> io::Result<Next> {
        loop {
            let (used, head) = match self.connection.receive(buffers.inbox.unread(), &mut buffers.fields) {
                Ok((used, Some(Event::Request(head)))) => (used, head),
                Ok(_) => return Ok(Next::Read),
                Err(error) => {
                    self.refuse(Trouble::Protocol(error), buffers);
                    return Ok(Next::Close);
                }
            };
            let options = self.options();
            let number = self.accepted.requests.get().saturating_add(1);
            self.accepted.requests.set(number);
            if options.is_last(number) {
                self.connection.refuse_reuse();
            }
            // A message that ends with its head has been read: nothing can go wrong with it, and 101 may be the answer.
            self.connection.receive_end();
            let idle_seconds = self.accepted.shared.idle_seconds;
            let exchange = Exchange {
                stream: &self.accepted.stream,
                options,
                connections: &self.accepted.shared.connections,
                head: &head,
                answer: RefCell::new(Answer::new(
                    &mut *self.connection,
                    &mut buffers.out,
                    &mut buffers.draft,
                    idle_seconds,
                )),
                behind_head: &buffers.inbox.unread()[used..],
                body: &buffers.body,
                body_begun: Cell::new(false),
                max_body: Cell::new(options.max_body),
                body_bytes: Cell::new(0),
                body_received: Cell::new(0),
                body_waited: Cell::new(Duration::ZERO),
                trouble: Cell::new(None),
                reset: &self.accepted.reset,
            };
            answer(&self.accepted.shared.handler, &exchange).await;
            let body_begun = exchange.body_begun.get();
            if body_begun {
                let all = buffers.inbox.unread().len();
                buffers.inbox.consume(all);
                mem::swap(&mut buffers.inbox, &mut buffers.body.get_mut().get_or_insert_default().inbox);
            } else {
                buffers.inbox.consume(used);
            }
            match self.connection.our_state() {
                _ if self.accepted.reset.get() => return Err(io::ErrorKind::ConnectionAborted.into()),
                _ if self.connection.is_reusable() => {}
                State::Switched => {
                    self.accepted.handed_over.set(true);
                    return Ok(Next::Ended);
                }
                _ => return Ok(Next::Close),
            }
            if buffers.inbox.is_empty() {
                return Ok(Next::Idle);
            }
            if buffers.out.pending() > MAX_GATHERED {
                self.flush(&mut buffers.out).await?;
            }
        }
    }

    /// Answers what cannot be read as a request.
    fn refuse(&mut self, trouble: Trouble, buffers: &mut Buffers) {
        self.connection.refuse_reuse();
        Answer::new(&mut *self.connection, &mut buffers.out, &mut buffers.draft, None)
            .refuse(trouble.status(), &trouble.to_string());
        hooks::call(&self.options().hooks.client_error, &trouble);
    }

    async fn flush(&self, out: &mut Outbox) -> io::Result<()> {
        // Nearly always the stream takes all at once, and there is nothing to time.
        out.flush(&*self.accepted.stream)?;
        while !out.is_empty() {
            let some = poll_fn(|context| out.poll_flush(&*self.accepted.stream, context));
            net::timeout(self.options().write_timeout, some).await??;
        }
        Ok(())
    }
}

impl<'t, H> Turn<'t, H> {
    fn options(&self) -> &'t Options {
        &self.accepted.shared.options
    }
}

/// Has the handler answer one request.
async fn answer<'r, H>(handler: &H, exchange: &'r Exchange<'r>)
where
    H: for<'q> AsyncFn(Request<'q>, Response<'q>) -> Outcome,
{
    let outcome = run(handler, exchange).await;
    if outcome.is_ok() && exchange.is_over() {
        return;
    }
    exchange.settle(&outcome);
    report(exchange, &outcome);
    if exchange.has_more() {
        // Rare, and so not a part of every worker.
        Box::pin(drain(exchange)).await;
    }
}

// ANCHOR: run
/// Runs the handler; while it waits for something, what was answered before goes out.
async fn run<'r, H>(handler: &H, exchange: &'r Exchange<'r>) -> Outcome
where
    H: for<'q> AsyncFn(Request<'q>, Response<'q>) -> Outcome,
{
    let request = Request::of(BodyReader::new(exchange));
    let mut answering = pin!(handler(request, Response::of(exchange)));
    poll_fn(|context| match answering.as_mut().poll(context) {
        Poll::Ready(outcome) => Poll::Ready(outcome),
        Poll::Pending => loop {
            match exchange.poll_flush(context) {
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error.into())),
                Poll::Ready(Ok(())) if !exchange.answer.borrow().out.is_empty() => {}
                _ => return Poll::Pending,
            }
        },
    })
    .await
}
// ANCHOR_END: run

/// Tells of what went wrong: with the client, or with the handler. A broken connection is neither's fault.
fn report(exchange: &Exchange<'_>, outcome: &Outcome) {
    let Hooks { client_error, handler_error, .. } = &exchange.options.hooks;
    match (exchange.trouble.get(), outcome) {
        (Some(trouble), _) => hooks::call(client_error, &trouble),
        (None, Err(failure)) if !failure.source().is::<io::Error>() => hooks::call(handler_error, failure),
        _ => {}
    }
}
