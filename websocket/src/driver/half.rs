//! The two halves of a connection, as the application holds them.

use std::borrow::Cow;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use wirebook_net::Stream;
use wirebook_net::tcp::TcpStream;

use super::input::{Found, Input};
use super::link::{Link, parts};
use crate::connection::Closes;
use crate::error::{Error, SendError};
use crate::event::{Chunk, Close, Code, Event, Kind, Message};

/// The half that receives. **Dropping it closes the connection** (1000), whether or not the handler goes on: what the peer
/// still says is thrown away, and [`Writer::send`] fails from then on. A handler that only writes keeps it, and need not read it.
///
/// Pings are answered and pongs taken note of whether it is read or not, as long as no more than
/// [`Config::ahead`](crate::Config::ahead) bytes of messages wait for it. The peer's Close, or the end of its direction, is
/// taken note of when the reader has come to it, or has not been asked for anything for
/// [`Config::close_timeout`](crate::Config::close_timeout).
pub struct Reader<S: Stream + 'static = TcpStream> {
    link: Rc<Link<S>>,
    /// The buffer in which the message lies that was handed out.
    lent: Option<Rc<Input>>,
}

/// The half that sends. Clones send on the same connection; a message is never torn apart by another's.
///
/// Dropping it, and all its clones, changes nothing: the connection lives as long as its [`Reader`].
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
    link.input.set(Input::new(leftover));
    (Reader { link: link.clone(), lent: None }, Writer { link: link.clone() })
}

impl<S: Stream + 'static> Reader<S> {
    /// The next message, or `None` after the closing handshake. The message borrows the reader's buffer where it can.
    ///
    /// With [`Delivery::Chunks`](crate::Delivery::Chunks), use [`next_chunk`](Self::next_chunk): this would give parts, all of
    /// them as binary. Dropping the future loses nothing.
    ///
    /// # Errors
    /// The peer broke the protocol or a limit, went away without a Close frame, or did not answer pings. The connection is
    /// over then: that is told once, and the next call gives `None`.
    #[expect(
        clippy::should_implement_trait,
        reason = "it is what everybody calls the next of an asynchronous sequence"
    )]
    #[inline]
    pub fn next(&mut self) -> Next<'_, S> {
        Next { reader: Some(self) }
    }

    /// The next part of a message, with [`Delivery::Chunks`](crate::Delivery::Chunks); a whole message, with the other.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub async fn next_chunk(&mut self) -> Result<Option<Chunk<'_>>, Error> {
        let mut next = Next { reader: Some(&mut *self) };
        let found = poll_fn(|context| next.poll_found(context)).await?;
        drop(next);
        let Some(found) = found else { return Ok(None) };
        let (kind, last) = match &found {
            Found::Part { kind, last } => (*kind, *last),
            Found::Owned(Event::Chunk(chunk)) => (chunk.kind, chunk.last),
            Found::Owned(Event::Message(message)) => (message.kind(), true),
            _ => (self.message(Found::Here).kind(), true),
        };
        let payload = match self.message(found) {
            Message::Text(text) => bytes_of(text),
            Message::Binary(bytes) => bytes,
        };
        Ok(Some(Chunk { kind, payload, last }))
    }

    /// How the connection ended, once it has: the peer's Close frame, or 1006 and its like from this end.
    pub fn farewell(&self) -> Option<Close<'static>> {
        self.link.farewell()
    }

    /// A message that the input holds whole, found without any state: what a batch of messages mostly is. Inlined into the
    /// application's own future, so that the message is never copied from hand to hand.
    #[inline(always)]
    fn find_brief(&mut self) -> Result<bool, Error> {
        if !self.link.is_in_order() {
            return Ok(false);
        }
        let Some(mut input) = self.link.input.take() else { return Ok(false) };
        // The message before is given up with this, and so the buffer is ours alone again; were it not, the long way copies.
        self.lent = None;
        let Some(sole) = Rc::get_mut(&mut input) else {
            self.link.input.set(Some(input));
            return Ok(false);
        };
        let found = sole.find_brief(&mut self.link.connection.borrow_mut());
        match found {
            Ok(true) => self.lend(input),
            Ok(false) => self.link.input.set(Some(input)),
            Err(error) => self.fail(error),
        }
        found
    }

    /// The connection fails, and the caller is told so.
    #[cold]
    fn fail(&self, error: Error) {
        self.link.fail(error);
        let _ = self.link.take_outcome();
    }

    /// Keeps the buffer in which a message lies; the rest of it stays the connection's.
    #[inline(always)]
    fn lend(&mut self, input: Rc<Input>) {
        if !input.is_empty() {
            self.link.input.set(Some(input.clone()));
        }
        self.lent = Some(input);
    }

    /// The next message of all that has come.
    fn find_long(&mut self) -> Result<Option<Found>, Error> {
        if let Some(lent) = self.lent.take() {
            Input::give_back(lent);
        }
        if let Some(event) = self.link.take_ahead() {
            return Ok(Some(Found::Owned(event)));
        }
        let Some(mut input) = self.link.input.take() else { return Ok(None) };
        let found = self.link.search(Rc::make_mut(&mut input), Closes::Taken);
        match found {
            Ok(Some(_)) => self.lend(input),
            Ok(None) => self.link.input.set(Some(input)),
            Err(error) => self.fail(error),
        }
        found
    }

    #[inline(always)]
    fn message(&self, found: Found) -> Message<'_> {
        match found {
            // What was found here lies in the buffer that was lent for it.
            Found::Here | Found::Part { .. } => self.lent.as_ref().map_or(Message::binary(&[]), |input| input.found()),
            Found::Owned(Event::Message(message)) => message,
            // Half a code point is not text. Callers that want chunks get them from `next_chunk`.
            Found::Owned(Event::Chunk(chunk)) => Message::Binary(chunk.payload),
            Found::Owned(_) => Message::binary(&[]),
        }
    }

    #[inline(never)]
    fn poll_found(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Found>, Error>> {
        self.link.awake();
        let mut found = self.find_long()?;
        loop {
            if found.is_some() {
                self.link.pause(context);
                return Poll::Ready(Ok(found));
            }
            if self.link.is_unread() {
                return Poll::Ready(self.link.take_outcome().map_or(Ok(None), Err));
            }
            if self.link.is_at_end() {
                self.link.take_end();
                continue;
            }
            self.link.rest();
            match self.link.stream.poll_readable(context) {
                Poll::Ready(Ok(())) => found = self.read()?,
                Poll::Ready(Err(_)) => self.link.end(),
                Poll::Pending => {
                    self.link.wait(context);
                    return Poll::Pending;
                }
            }
        }
    }

    /// Reads once, and looks for a message.
    fn read(&mut self) -> Result<Option<Found>, Error> {
        self.link.read(usize::MAX);
        self.find()
    }

    fn find(&mut self) -> Result<Option<Found>, Error> {
        if self.find_brief()? { Ok(Some(Found::Here)) } else { self.find_long() }
    }

    /// The next message that is in hand already, for callers that wait in another way; `read`: of one more read.
    pub(crate) fn found(&mut self, read: bool) -> Result<Option<Message<'_>>, Error> {
        let found = if read { self.read()? } else { self.find()? };
        if found.is_none() && self.link.is_at_end() {
            self.link.take_end();
        }
        Ok(found.map(|found| self.message(found)))
    }

    pub(crate) fn link(&self) -> &Rc<Link<S>> {
        &self.link
    }
}

/// The next message, to be awaited; see [`Reader::next`].
///
/// A future with a name, because `async fn` would hand the message over by way of memory several times.
#[must_use = "nothing is received before it is awaited"]
pub struct Next<'a, S: Stream + 'static = TcpStream> {
    /// There until it is ready.
    reader: Option<&'a mut Reader<S>>,
}

impl<'a, S: Stream + 'static> Next<'a, S> {
    fn poll_found(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Found>, Error>> {
        let reader = self.reader.as_mut().expect("not polled again after it was ready");
        let found = ready!(reader.poll_found(context));
        self.reader = None;
        Poll::Ready(found)
    }
}

impl<'a, S: Stream + 'static> Future for Next<'a, S> {
    type Output = Result<Option<Message<'a>>, Error>;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let reader = self.reader.take().expect("not polled again after it was ready");
        if reader.find_brief()? {
            return Poll::Ready(Ok(Some(reader.message(Found::Here))));
        }
        match reader.poll_found(context) {
            Poll::Ready(found) => Poll::Ready(Ok(found?.map(|found| reader.message(found)))),
            Poll::Pending => {
                self.reader = Some(reader);
                Poll::Pending
            }
        }
    }
}

/// A wait that was given up: from now on the attendant reads.
impl<S: Stream + 'static> Drop for Next<'_, S> {
    #[inline]
    fn drop(&mut self) {
        if let Some(reader) = &self.reader {
            reader.link.awake();
            reader.link.wake();
        }
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
        if let Some(lent) = self.lent.take() {
            Input::give_back(lent);
        }
        self.link.unread();
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
        self.link.close(code, reason)
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
        ready!(self.link.poll_drained(context));
        Poll::Ready(if self.link.is_mute() { Err(SendError::Closed) } else { Ok(()) })
    }
}
