//! The two halves of a connection, as the application holds them.

use std::borrow::Cow;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use wirebook_net::Stream;
use wirebook_net::tcp::TcpStream;

use super::input::Input;
use super::link::{Link, parts};
use crate::connection::Connection;
use crate::error::{Error, SendError};
use crate::event::{Chunk, Close, Code, Event, Kind, Message};
use crate::utf8::trusted;

/// The half that receives. Dropping it closes the connection.
///
/// Pings are answered and pongs taken note of while messages are awaited; so a reader should be read.
pub struct Reader<S: Stream + 'static = TcpStream> {
    link: Rc<Link<S>>,
    /// None at rest.
    input: Option<Box<Input>>,
}

/// The half that sends. Clones send on the same connection; a message is never torn apart by another's.
pub struct Writer<S: Stream + 'static = TcpStream> {
    link: Rc<Link<S>>,
}

impl<S: Stream + 'static> Clone for Writer<S> {
    fn clone(&self) -> Self {
        Writer { link: self.link.clone() }
    }
}

/// Both halves of a connection whose handshake is over; `leftover` came behind it.
pub(crate) fn halves<S: Stream + 'static>(link: &Rc<Link<S>>, leftover: &[u8]) -> (Reader<S>, Writer<S>) {
    (Reader { link: link.clone(), input: Input::new(leftover) }, Writer { link: link.clone() })
}

/// What was found in the input, without borrowing it: a few words, because it passes through several hands.
#[derive(Clone, Copy)]
struct Found {
    kind: Kind,
    /// Where the payload is: the last so many bytes consumed, or, with `None`, in [`Input::owned`].
    in_place: Option<usize>,
    last: bool,
    /// Part of a message, so perhaps half a code point.
    chunk: bool,
}

impl<S: Stream + 'static> Reader<S> {
    /// The next message, or `None` after the closing handshake. The message borrows the reader's buffer where it can.
    ///
    /// With [`Delivery::Chunks`](crate::Delivery::Chunks), use [`next_chunk`](Self::next_chunk): this would give parts, all of
    /// them as binary. Dropping the future loses nothing.
    ///
    /// # Errors
    /// The peer broke the protocol or a limit, went away without a Close frame, or did not answer pings. The connection is
    /// over then.
    #[expect(
        clippy::should_implement_trait,
        reason = "it is what everybody calls the next of an asynchronous sequence"
    )]
    #[inline]
    pub fn next(&mut self) -> Next<'_, S> {
        Next { reader: Some(self) }
    }

    /// A message that the input holds whole, found without any state: what a batch of messages mostly is. Inlined into the
    /// application's own future, so that the message is never copied from hand to hand.
    #[inline(always)]
    fn brief(&mut self) -> Option<Found> {
        let input = self.input.as_mut().filter(|_| !self.link.is_unread())?;
        let (kind, payload) = self.link.with_connection(|connection| connection.receive_brief(input.unconsumed()))?;
        input.consume(payload.end);
        Some(Found { kind, in_place: Some(payload.len()), last: true, chunk: false })
    }

    #[inline(always)]
    fn message(&mut self, found: Found) -> Message<'_> {
        // Half a code point is not text. Who asks for chunks gets them from `next_chunk`.
        let kind = if found.chunk { Kind::Binary } else { found.kind };
        match (kind, self.payload(found)) {
            (Kind::Text, Cow::Borrowed(payload)) => Message::text(trusted::again(payload)),
            (Kind::Text, Cow::Owned(payload)) => Message::Text(Cow::Owned(trusted::again_owned(payload))),
            (Kind::Binary, payload) => Message::Binary(payload),
        }
    }

    /// The next part of a message, with [`Delivery::Chunks`](crate::Delivery::Chunks); a whole message, with the other.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub async fn next_chunk(&mut self) -> Result<Option<Chunk<'_>>, Error> {
        let Some(found) = poll_fn(|context| self.poll_found(context)).await? else { return Ok(None) };
        Ok(Some(Chunk { kind: found.kind, payload: self.payload(found), last: found.last }))
    }

    /// How the connection ended, once it has: the peer's Close frame, or 1006 and its like from this end.
    pub fn farewell(&self) -> Option<Close<'static>> {
        self.link.farewell()
    }

    #[inline(always)]
    fn payload(&mut self, found: Found) -> Cow<'_, [u8]> {
        match (&mut self.input, found.in_place) {
            (Some(input), Some(length)) => Cow::Borrowed(input.consumed(length)),
            (Some(input), None) => Cow::Owned(std::mem::take(&mut input.owned)),
            // What was found, was found in the input.
            (None, _) => Cow::Borrowed(&[]),
        }
    }

    #[inline(never)]
    fn poll_found(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Found>, Error>> {
        loop {
            if let Some(found) = self.find()? {
                return Poll::Ready(Ok(Some(found)));
            }
            if self.link.is_unread() {
                return Poll::Ready(self.link.outcome().map_or(Ok(None), Err));
            }
            self.rest();
            match self.link.stream.poll_readable(context) {
                Poll::Ready(Ok(())) => self.read(),
                Poll::Ready(Err(_)) => self.link.lost(Error::AbruptEnd),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// The next message that is in hand already, for who waits in another way.
    pub(crate) fn found(&mut self) -> Result<Option<Message<'_>>, Error> {
        let found = match self.brief() {
            Some(found) => Some(found),
            None => self.find()?,
        };
        Ok(found.map(|found| self.message(found)))
    }

    /// Reads once.
    pub(crate) fn read(&mut self) {
        match self.link.read(Input::room(&mut self.input)) {
            Ok(Some(0)) | Err(_) => self.link.lost(Error::AbruptEnd),
            Ok(Some(count)) => {
                if let Some(input) = &mut self.input {
                    input.filled(count);
                }
            }
            Ok(None) => {}
        }
    }

    /// Gives back what a wait does not need.
    pub(crate) fn rest(&mut self) {
        Input::rest(&mut self.input);
    }

    pub(crate) fn link(&self) -> &Rc<Link<S>> {
        &self.link
    }

    fn find(&mut self) -> Result<Option<Found>, Error> {
        if self.link.is_unread() {
            return Ok(None);
        }
        self.consume().inspect_err(|error| self.link.fail(*error))
    }

    /// Goes through the input to the next message; answers pings and the Close on the way.
    fn consume(&mut self) -> Result<Option<Found>, Error> {
        let Some(input) = &mut self.input else { return Ok(None) };
        loop {
            let bytes = input.unconsumed();
            if bytes.is_empty() {
                return Ok(None);
            }
            let (used, event) = self.link.with_connection(|connection: &mut Connection| connection.receive(bytes))?;
            let (kind, payload, last, chunk) = match event {
                None => {
                    input.consume(used);
                    return Ok(None);
                }
                Some(Event::Message(Message::Text(text))) => (Kind::Text, bytes_of(text), true, false),
                Some(Event::Message(Message::Binary(bytes))) => (Kind::Binary, bytes, true, false),
                Some(Event::Chunk(chunk)) => (chunk.kind, chunk.payload, chunk.last, true),
                Some(Event::Ping(payload)) => {
                    self.link.pong(payload);
                    input.consume(used);
                    continue;
                }
                Some(Event::Pong(_)) => {
                    input.consume(used);
                    continue;
                }
                Some(Event::Close(close)) => {
                    self.link.closed_by_peer(close);
                    input.consume(used);
                    return Ok(None);
                }
            };
            let (in_place, owned) = match payload {
                Cow::Borrowed(bytes) => (Some(bytes.len()), None),
                Cow::Owned(bytes) => (None, Some(bytes)),
            };
            input.consume(used);
            if let Some(bytes) = owned {
                input.owned = bytes;
            }
            return Ok(Some(Found { kind, in_place, last, chunk }));
        }
    }
}

/// The next message, to be awaited; see [`Reader::next`].
///
/// A future with a name, because `async fn` would hand the message over by way of memory several times.
#[must_use = "nothing is received before it is awaited"]
pub struct Next<'a, S: Stream + 'static = TcpStream> {
    reader: Option<&'a mut Reader<S>>,
}

impl<'a, S: Stream + 'static> Future for Next<'a, S> {
    type Output = Result<Option<Message<'a>>, Error>;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let reader = self.reader.take().expect("not polled again after it was ready");
        let found = match reader.brief() {
            Some(found) => Some(found),
            None => match reader.poll_found(context) {
                Poll::Ready(found) => found?,
                Poll::Pending => {
                    self.reader = Some(reader);
                    return Poll::Pending;
                }
            },
        };
        Poll::Ready(Ok(found.map(|found| reader.message(found))))
    }
}

fn bytes_of(text: Cow<'_, str>) -> Cow<'_, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

impl<S: Stream + 'static> Drop for Reader<S> {
    fn drop(&mut self) {
        self.link.leave(self.input.take());
    }
}

impl<S: Stream + 'static> Writer<S> {
    /// Sends a message. It is queued at once, and written with whatever else is sent before the task next
    /// pauses. Where the peer reads slowly and more than [`Config::queue`](crate::Config::queue) bytes wait, this waits too.
    ///
    /// ```no_run
    /// # async fn example(writer: wirebook_websocket::Writer) -> Result<(), wirebook_websocket::SendError> {
    /// writer.send("text").await?;
    /// writer.send(&b"bytes"[..]).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`SendError::Closed`] once either side has closed.
    #[inline]
    pub fn send<'a>(&self, message: impl Into<Message<'a>>) -> Sending<'_, S> {
        let message = message.into();
        let (kind, payload) = parts(&message);
        Sending { link: &self.link, result: self.link.send(kind, payload) }
    }

    /// As [`send`](Self::send), without waiting: `false`, and nothing is sent, where the queue is full.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn try_send<'a>(&self, message: impl Into<Message<'a>>) -> Result<bool, SendError> {
        if self.link.is_full() {
            return Ok(false);
        }
        let message = message.into();
        let (kind, payload) = parts(&message);
        self.link.send(kind, payload).map(|_| true)
    }

    /// Sends a part of a message that is sent as a stream; the message ends with the part that says `last`.
    ///
    /// # Errors
    /// As [`send`](Self::send); [`SendError::MessageUnfinished`] while another message is under way.
    pub fn send_chunk(&self, kind: Kind, payload: &[u8], last: bool) -> Sending<'_, S> {
        let chunk = Event::Chunk(Chunk { kind, payload: payload.into(), last });
        Sending { link: &self.link, result: self.link.send_event(chunk).map(|()| self.link.is_full()) }
    }

    /// Sends a ping of at most 125 bytes.
    ///
    /// # Errors
    /// As [`send`](Self::send); [`SendError::ControlTooLong`].
    pub fn ping(&self, payload: &[u8]) -> Result<(), SendError> {
        self.link.send_event(Event::Ping(payload))
    }

    /// Starts the closing handshake. The reader goes on until the peer's Close.
    ///
    /// # Errors
    /// [`SendError::CloseCode`], [`SendError::ControlTooLong`]; [`SendError::Closed`] where it was started before.
    pub fn close(&self, code: Code, reason: &str) -> Result<(), SendError> {
        self.link.send_event(Event::Close(Close::new(code, reason)))
    }

    /// Bytes that wait for the peer.
    pub fn waiting(&self) -> usize {
        self.link.waiting()
    }

    /// How the connection ended, once it has.
    pub fn farewell(&self) -> Option<Close<'static>> {
        self.link.farewell()
    }

    pub(crate) fn link(&self) -> &Rc<Link<S>> {
        &self.link
    }
}

/// A message that is on its way; to be awaited, so that a slow peer slows the sender down.
#[must_use = "a sender that does not await may fill the queue beyond its bound"]
pub struct Sending<'a, S: Stream + 'static = TcpStream> {
    link: &'a Rc<Link<S>>,
    /// Whether the queue is full.
    result: Result<bool, SendError>,
}

impl<S: Stream + 'static> Future for Sending<'_, S> {
    type Output = Result<(), SendError>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if !self.result? {
            return Poll::Ready(Ok(()));
        }
        ready!(self.link.poll_drained(self.link.queue, context));
        Poll::Ready(if self.link.has_ended() { Err(SendError::Closed) } else { Ok(()) })
    }
}
