//! The tasks of handlers: as many as there are requests being answered at once.

use super::exchange::Exchange;
use super::line::{Call, Common};
use crate::wire::Code;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use wirebook_http1::server::host::{self, Worker, Workers};
use wirebook_http1::server::{Outcome, Request, Response};
use wirebook_net as net;

/// What all connections of a server have in common, handler and all.
pub(super) struct Shared<H> {
    /// The handler, and the server of those that turn out to speak HTTP/1.
    pub(super) http1: Rc<host::Shared<H>>,
    pub(super) common: Rc<Common>,
    /// The tasks of requests, and those of connections.
    pub(super) workers: Workers<Call>,
    pub(super) tasks: Workers<()>,
}

impl<H> Shared<H> {
    pub(super) fn new(http1: Rc<host::Shared<H>>, common: Rc<Common>) -> Rc<Self> {
        Rc::new(Shared { http1, common, workers: Workers::default(), tasks: Workers::default() })
    }
}

/// Gives a request to a worker.
pub(super) fn answer_soon<H>(shared: &Rc<Shared<H>>, call: Rc<Call>)
where
    H: for<'r> AsyncFn(Request<'r>, Response<'r>) -> Outcome + 'static,
{
    if let Some(call) = shared.workers.assign(call) {
        shared.workers.started(net::spawn(work(Worker::of(call), shared.clone())));
    }
}

/// A worker's life: one request after the other.
async fn work<H>(worker: Rc<Worker<Call>>, shared: Rc<Shared<H>>)
where
    H: for<'r> AsyncFn(Request<'r>, Response<'r>) -> Outcome + 'static,
{
    while let Some(call) = worker.next().await {
        answer(&shared, Guard(call)).await;
        if shared.http1.connections.is_closing() || !shared.workers.keep(&worker) {
            return;
        }
    }
}

/// A request whose answer breaks off where its task does.
struct Guard(Rc<Call>);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(line) = self.0.line().filter(|line| !self.0.is_gone() && self.0.is_unfinished(line)) {
            self.0.reset(&line, Code::INTERNAL_ERROR);
        }
        self.0.finish();
    }
}

/// Has the handler answer one request. When nobody waits for the answer any more the handler is dropped at once, unless it has asked
/// to be told: so a client that takes its requests back makes no work (CVE-2023-39325).
// ANCHOR: answer
async fn answer<H>(shared: &Shared<H>, guard: Guard)
where
    H: for<'r> AsyncFn(Request<'r>, Response<'r>) -> Outcome + 'static,
{
    let call = &*guard.0;
    let Some(line) = call.line() else { return };
    let fields = call.fields.take();
    {
        let (head, _, protocol) = fields.request();
        let exchange = Exchange::new(call, &line, &head, protocol);
        let outcome = {
            let mut answering = pin!((shared.http1.handler)(Request::carried(&exchange), Response::carried(&exchange)));
            let mut gone = call.changed.until(|| (call.is_gone() && !call.watched.get()).then_some(()));
            poll_fn(|context| match pin!(&mut gone).poll(context) {
                Poll::Ready(()) => Poll::Ready(None),
                Poll::Pending => answering.as_mut().poll(context).map(Some),
            })
            .await
        };
        match outcome {
            Some(outcome) => exchange.settle(&outcome).await,
            None => exchange.release(),
        }
    }
    call.fields.replace(fields);
}
// ANCHOR_END: answer
