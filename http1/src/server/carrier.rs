//! What carries a request to its handler, and the answer back, where that is not HTTP/1: a stream of HTTP/2.
//!
//! A handler is given the same [`Request`](super::Request) and [`Response`](super::Response) by both. Of HTTP/1 they are compiled for
//! its [`Exchange`](super::exchange); of everything else they ask this trait, by a virtual call. It is no protocol's trait: it says nothing of
//! frames or framing, only what a handler may ask.
//!
//! Nothing in it waits. What cannot be done now is tried again whenever [`changed`](Carrier::changed) is raised, so that all waiting is
//! in one place, below.

use super::draft::Draft;
use super::failure::{Failure, Outcome, Trouble};
use super::transport::Transport;
use crate::connection::FieldBlock;
use crate::parser::{FieldLines, RequestHead};
use std::cell::RefCell;
use std::rc::Rc;
use wirebook_net::{Signal, Stream};

/// A request on its way to a handler, and the way of its answer.
pub trait Carrier {
    /// The request's head.
    fn head(&self) -> &RequestHead<'_>;

    /// `:protocol` of an extended CONNECT (RFC 8441).
    fn protocol(&self) -> Option<&[u8]>;

    /// The connection, to be asked for its addresses.
    fn transport(&self) -> &Rc<dyn Transport>;

    /// What the handler has said of the answer.
    fn draft(&self) -> &RefCell<Draft>;

    /// Raised whenever one of the methods that try may get further.
    fn changed(&self) -> &Signal;

    /// Bytes of content that this request may have.
    fn limit_body(&self, bytes: u64);

    /// Puts the next piece of the request's content, or at its end the trailers, in place of what `content` holds, for which it lends
    /// the room at first. Says whether there is a piece; `None`: not yet.
    fn try_chunk(&self, content: &mut Option<Box<Content>>) -> Option<Result<bool, Failure>>;

    /// The handler reads no more, and gives the room back.
    fn take_back(&self, content: Option<Box<Content>>);

    /// Whether nobody waits for the answer any more, or the server closes. Who asks is not dropped when that happens.
    fn is_closed(&self) -> bool;

    /// The request cannot be read to its end.
    fn fail(&self, trouble: Trouble) -> Failure;

    /// Sends an interim response.
    fn informational(&self, status: u16, fields: &FieldBlock) -> Outcome;

    /// Sends the head as it is drafted, once. `length` is that of the content, where it is known.
    fn begin(&self, length: Option<u64>) -> Outcome;

    /// Sends as much of `data` as there is room for; says how much that was. With `end` and all of it, the answer is complete.
    fn try_data(&self, data: &[u8], end: bool) -> Result<usize, Failure>;

    /// Sends fields behind the content, which end the answer.
    fn end(&self, trailers: FieldLines<'_>) -> Outcome;

    /// Breaks the answer off, so that nobody takes what there is of it for a whole.
    fn abort(&self);

    /// Agrees to the protocol that the request has asked for, and gives the stream that it is spoken on.
    fn upgrade(&self) -> Result<Rc<dyn Stream>, Failure>;
}

/// Content of a request in the hands of its handler.
#[derive(Debug, Default)]
pub struct Content {
    /// The last piece.
    pub piece: Vec<u8>,
    /// The trailers, once the content has ended.
    pub trailers: FieldBlock,
}

/// A request's side of a carrier.
pub(super) struct Carried<'r> {
    pub(super) carrier: &'r dyn Carrier,
    pub(super) content: Option<Box<Content>>,
}

impl Drop for Carried<'_> {
    fn drop(&mut self) {
        self.carrier.take_back(self.content.take());
    }
}

impl Carried<'_> {
    /// The next piece of the content; `None` at its end.
    pub(super) async fn next(&mut self) -> Result<Option<&[u8]>, Failure> {
        let Carried { carrier, content } = self;
        let more = carrier.changed().until(|| carrier.try_chunk(content)).await?;
        Ok(content.as_ref().filter(|_| more).map(|content| &content.piece[..]))
    }

    pub(super) fn trailers(&self) -> FieldLines<'_> {
        self.content.as_ref().map(|content| content.trailers.lines()).unwrap_or_default()
    }

    /// Waits until nobody waits for the answer.
    pub(super) async fn closed(&self) {
        self.carrier.changed().until(|| self.carrier.is_closed().then_some(())).await;
    }
}

// ANCHOR: send
impl dyn Carrier + '_ {
    /// Sends all of `data` as there is room for it, and with `end` the end.
    pub async fn send(&self, mut data: &[u8], end: bool) -> Outcome {
        let all = || match self.try_data(data, end) {
            Ok(taken) if taken == data.len() => Some(Ok(())),
            Ok(taken) => {
                data = &data[taken..];
                None
            }
            Err(failure) => Some(Err(failure)),
        };
        self.changed().until(all).await
    }
}
// ANCHOR_END: send
