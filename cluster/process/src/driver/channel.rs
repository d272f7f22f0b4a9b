//! A channel on a stream: what joins the core to Unix streams, and to simulated ones.

use super::{handle::Handle, line::Line};
use crate::ipc::{self, Event, Framing, Limits, Rejected, SendError, State, Unsent, Violation, channel::MAX_BATCH};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    fmt,
    future::poll_fn,
    io,
    net::Shutdown,
    rc::Rc,
    task::{Context, Poll},
};
use wirebook_net::{self as net, Carrier, unix::UnixStream};

/// Messages that are read at a stretch, whoever else waits.
const IN_A_ROW: u32 = 64;

/// What came over a channel.
#[derive(Debug)]
pub struct Message<H> {
    json: String,
    internal: bool,
    /// The socket that rides on it.
    pub handle: Option<Handle<H>>,
}

impl<H> Message<H> {
    fn given_back(unsent: Unsent<H>) -> Self {
        let Unsent { json, kind, handle: carried } = unsent;
        let read = ipc::message::Message::read(json.as_bytes(), &Limits::default());
        let internal = matches!(read, Ok(ipc::message::Message::Internal(_)));
        Message { json, internal, handle: Some(Handle { kind, carried }) }
    }

    /// The message as it came.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// Whether it is of the peer's runtime: its `cmd` begins with `NODE_`. [`Channel::next`] gives none of these.
    pub fn is_internal(&self) -> bool {
        self.internal
    }

    /// The message as a value of any type that `serde` knows.
    ///
    /// # Errors
    /// `InvalidData` when it is not of that shape.
    pub fn parse<T: DeserializeOwned>(&self) -> io::Result<T> {
        serde_json::from_str(&self.json).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }
}

/// One end of a channel. Clones are the same end.
///
/// Messages wait here until the program takes them with [`Channel::next`], and no longer than the stream's buffer lasts: a
/// program that does not take them makes its peer wait.
pub struct Channel<C: Carrier = UnixStream>(Rc<Inner<C>>);

impl<C: Carrier> Clone for Channel<C> {
    fn clone(&self) -> Self {
        Channel(self.0.clone())
    }
}

impl<C: Carrier> fmt::Debug for Channel<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel").finish_non_exhaustive()
    }
}

struct Inner<C: Carrier> {
    /// `None` when it is closed.
    stream: RefCell<Option<Rc<C>>>,
    core: RefCell<ipc::Channel<C::Carried>>,
    /// What arrived and is not read, from `start`.
    arrived: RefCell<Vec<u8>>,
    start: Cell<usize>,
    /// Read, and not yet taken by the program: messages with handles that came together, and what ended their row.
    read: RefCell<VecDeque<Message<C::Carried>>>,
    /// Raised when something was sent or answered, or all is over.
    moved: net::Signal,
    /// Who waits for room.
    line: Line,
    /// Raised when the stream is closed here, for the one who reads.
    closed: net::Signal,
    /// Messages that were there at once, since a reader waited last.
    in_a_row: Cell<u32>,
    /// Nothing that is written arrives any more; what the peer said before may still be read.
    deaf: Cell<bool>,
    /// A task writes what is left.
    writes: Cell<bool>,
    wrong_handles: Cell<u64>,
    given_back: RefCell<Vec<Message<C::Carried>>>,
}

fn over(violation: Violation) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, violation)
}

fn refused(error: SendError) -> io::Error {
    let kind = match error {
        SendError::Closed => io::ErrorKind::BrokenPipe,
        SendError::Full => io::ErrorKind::WouldBlock,
        _ => io::ErrorKind::InvalidInput,
    };
    io::Error::new(kind, error)
}

fn to_json(message: &(impl Serialize + ?Sized)) -> io::Result<String> {
    serde_json::to_string(message).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))
}

impl<C: Carrier + 'static> Channel<C>
where
    C::Carried: ipc::Handle,
{
    /// The end that a stream is.
    pub fn new(stream: C, framing: Framing, limits: Limits) -> Self {
        Channel(Rc::new(Inner {
            stream: RefCell::new(Some(Rc::new(stream))),
            core: RefCell::new(ipc::Channel::new(framing, limits)),
            arrived: RefCell::default(),
            start: Cell::new(0),
            read: RefCell::default(),
            moved: net::Signal::new(),
            line: Line::default(),
            closed: net::Signal::new(),
            in_a_row: Cell::new(0),
            deaf: Cell::new(false),
            writes: Cell::new(false),
            wrong_handles: Cell::new(0),
            given_back: RefCell::default(),
        }))
    }

    /// Whether messages may be sent.
    pub fn is_open(&self) -> bool {
        !self.0.deaf.get() && self.0.core.borrow().state() == State::Open
    }

    /// Octets and messages that wait to be sent.
    pub fn waiting(&self) -> (usize, usize) {
        self.0.core.borrow().waiting()
    }

    /// Handles that the peer has not said it has.
    pub fn unanswered(&self) -> usize {
        self.0.core.borrow().unanswered()
    }

    /// Handles that came and were not what their message called them; they are closed.
    pub fn wrong_handles(&self) -> u64 {
        self.0.wrong_handles.get()
    }

    /// Sends a message, when there is room for it; those who wait for room get it in the order in which they came. Nothing is sent by a
    /// call that is dropped while it waits.
    ///
    /// # Errors
    /// `BrokenPipe` when the channel is closed; `InvalidInput` for what it does not carry, with the [`SendError`].
    pub async fn send(&self, message: &(impl Serialize + ?Sized)) -> io::Result<()> {
        self.wait_to_queue(&to_json(message)?, None, false).await
    }

    /// Sends a message and a socket with it. The socket is the peer's alone when it has said that it has it; of what it never
    /// says that of, see [`Channel::take_back`].
    ///
    /// # Errors
    /// As [`Channel::send`]; the socket is closed then.
    pub async fn send_with(
        &self,
        message: &(impl Serialize + ?Sized),
        handle: impl Into<Handle<C::Carried>>,
    ) -> io::Result<()> {
        self.wait_to_queue(&to_json(message)?, Some(handle.into()), false).await
    }

    /// Sends a message of the runtime's own, which a program at the other end does not see.
    ///
    /// # Errors
    /// As [`Channel::send`].
    pub async fn send_internal(
        &self,
        message: &(impl Serialize + ?Sized),
        handle: Option<Handle<C::Carried>>,
    ) -> io::Result<()> {
        self.wait_to_queue(&to_json(message)?, handle, true).await
    }

    /// Sends a message if there is room for it now.
    ///
    /// # Errors
    /// `WouldBlock` when there is none, or others wait for it; as [`Channel::send`].
    pub fn try_send(&self, message: &(impl Serialize + ?Sized)) -> io::Result<()> {
        if !self.0.line.is_next(None) {
            return Err(refused(SendError::Full));
        }
        self.queue(&to_json(message)?, &mut None, false).map_err(refused)
    }

    async fn wait_to_queue(
        &self,
        json: &str,
        mut handle: Option<Handle<C::Carried>>,
        internal: bool,
    ) -> io::Result<()> {
        let mut place = None;
        let queued = self.0.moved.until(|| {
            if self.0.line.is_next(place.as_ref()) {
                match self.queue(json, &mut handle, internal) {
                    Err(SendError::Full) => {}
                    result => return Some(result),
                }
            }
            place.get_or_insert_with(|| self.0.line.join(&self.0.moved));
            None
        });
        queued.await.map_err(refused)
    }

    /// Queues a message of the runtime's own, which is JSON on one line, if there is room for it now, and sends nothing yet: several
    /// with sockets that are queued go in one message of the system with the next [`Channel::flush`], which is six times as cheap.
    ///
    /// # Errors
    /// Why it was not taken; the socket stays where it is.
    pub fn queue_internal(&self, json: &str, handle: &mut Option<Handle<C::Carried>>) -> Result<(), SendError> {
        self.enqueue(json, handle, true)
    }

    fn queue(&self, json: &str, handle: &mut Option<Handle<C::Carried>>, internal: bool) -> Result<(), SendError> {
        self.enqueue(json, handle, internal)?;
        self.flush();
        Ok(())
    }

    fn enqueue(&self, json: &str, handle: &mut Option<Handle<C::Carried>>, internal: bool) -> Result<(), SendError> {
        if self.0.deaf.get() {
            return Err(SendError::Closed);
        }
        let given = handle.take().map(|handle| (handle.kind, handle.carried));
        let queued = {
            let core = &mut *self.0.core.borrow_mut();
            if internal { core.send_internal(json, given) } else { core.send(json, given) }
        };
        queued.map_err(|Rejected { error, handle: back }| {
            *handle = back.map(|(kind, carried)| Handle { kind, carried });
            error
        })
    }

    // ANCHOR: flush
    /// Writes what the stream takes now, and leaves the rest to a task.
    pub fn flush(&self) {
        let Some(stream) = self.0.stream.borrow().clone() else { return };
        let mut moved = false;
        loop {
            let core = &mut *self.0.core.borrow_mut();
            let Some(next) = core.transmit() else { break };
            moved = true;
            match stream.try_send_with(next.bytes, &next.handles) {
                Ok(count) => core.sent(count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if !self.0.writes.replace(true) {
                        net::spawn(self.clone().write(stream.clone()));
                    }
                    return;
                }
                Err(_) => {
                    self.0.deaf.set(true);
                    // One who leaves has nothing more to hear; others read what the peer said, and then the end.
                    if core.state() == State::Leaving {
                        let _ = core.receive_eof(&[]);
                    }
                    break;
                }
            }
        }
        self.settle();
        if moved {
            self.0.moved.raise();
        }
    }

    async fn write(self, stream: Rc<C>) {
        let writable = stream.writable().await;
        self.0.writes.set(false);
        if writable.is_ok() {
            self.flush();
        }
    }
    // ANCHOR_END: flush

    /// Closes the stream when nothing is left to do.
    fn settle(&self) {
        if matches!(self.0.core.borrow().state(), State::Closed | State::Failed) {
            let stream = self.0.stream.borrow_mut().take();
            if let Some(stream) = stream {
                // A task that waits to write holds it, too.
                let _ = stream.shutdown(Shutdown::Both);
            }
            self.0.closed.raise();
            self.0.moved.raise();
        }
    }

    /// The next message of the peer's program; `None` when the channel is over: the peer has disconnected or is gone, or we have
    /// disconnected and all was sent. To take a message with a handle is to answer that it has come; up to [`MAX_BATCH`] that came one
    /// behind the other are answered with the first, in one message of the system, and are this program's from then on.
    ///
    /// [`MAX_BATCH`]: crate::ipc::channel::MAX_BATCH
    ///
    /// # Errors
    /// `InvalidData` with the [`Violation`], when the peer broke a rule; the channel is closed then.
    pub async fn next(&self) -> io::Result<Option<Message<C::Carried>>> {
        loop {
            match self.next_of_any().await? {
                Some(message) if message.internal => {}
                result => return Ok(result),
            }
        }
    }

    /// The next message, those of the peer's runtime included. One task at a time may wait for it.
    ///
    /// # Errors
    /// As [`Channel::next`].
    pub async fn next_of_any(&self) -> io::Result<Option<Message<C::Carried>>> {
        poll_fn(|context| self.poll_next(context)).await
    }

    fn poll_next(&self, context: &mut Context<'_>) -> Poll<io::Result<Option<Message<C::Carried>>>> {
        // Who is told more and more lets the loop go on to others, and to its clock.
        if self.0.in_a_row.get() == IN_A_ROW {
            self.0.in_a_row.set(0);
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        loop {
            let mut result = Ok(());
            if self.0.read.borrow().is_empty() {
                result = self.read_arrived();
                if result.is_err() {
                    // Nobody hears the answers any more, so these are the peer's again.
                    self.0.read.borrow_mut().clear();
                }
                // The answers that reading has queued.
                self.flush();
            }
            if let Some(message) = self.0.read.borrow_mut().pop_front() {
                self.0.in_a_row.set(self.0.in_a_row.get() + 1);
                return Poll::Ready(Ok(Some(message)));
            }
            if let Err(violation) = result {
                self.settle();
                return Poll::Ready(Err(over(violation)));
            }
            let Some(stream) = self.0.stream.borrow().clone() else { return Poll::Ready(Ok(None)) };
            if !self.receive(&stream)? {
                let closed = self.0.closed.poll_until(context, || self.0.stream.borrow().is_none().then_some(()));
                if closed.is_pending() && stream.poll_readable(context)?.is_pending() {
                    self.0.in_a_row.set(0);
                    return Poll::Pending;
                }
            }
        }
    }

    // ANCHOR: read_arrived
    /// Reads the first message of what has arrived; while a handle rides on it, also the next. So one message of the system answers
    /// them all, and wakes their sender once.
    fn read_arrived(&self) -> Result<(), Violation> {
        let arrived = &mut *self.0.arrived.borrow_mut();
        let read = &mut *self.0.read.borrow_mut();
        let mut carries = true;
        while carries && read.len() < MAX_BATCH {
            let (used, event) = self.0.core.borrow_mut().receive(&arrived[self.0.start.get()..])?;
            self.0.start.set(self.0.start.get() + used);
            let mut message = |json: &str, internal, handle: Option<(ipc::Kind, C::Carried)>| {
                let handle = handle.map(|(kind, carried)| Handle { kind, carried });
                read.push_back(Message { json: json.to_owned(), internal, handle });
            };
            match event {
                None => {
                    // What is left is the beginning of a message, and goes to the front.
                    arrived.drain(..self.0.start.replace(0));
                    if arrived.is_empty() && arrived.capacity() > 0 {
                        *arrived = Vec::new();
                    }
                    break;
                }
                Some(Event::Message { json, handle }) => {
                    carries = handle.is_some();
                    message(json, false, handle);
                }
                Some(Event::Internal { command, json, handle }) => {
                    if let Some(answer) = answer(&command, json) {
                        // For want of room, or of a channel, nobody is answered.
                        let _ = self.0.core.borrow_mut().send_internal(&answer, None);
                    }
                    carries = handle.is_some();
                    message(json, true, handle);
                }
                Some(Event::WrongHandle { json, .. }) => {
                    self.0.wrong_handles.set(self.0.wrong_handles.get() + 1);
                    message(json, false, None);
                }
                Some(Event::Taken(..)) => self.0.moved.raise(),
                Some(Event::NotTaken(unsent)) => {
                    self.0.given_back.borrow_mut().push(Message::given_back(unsent));
                    self.0.moved.raise();
                }
            }
        }
        Ok(())
    }
    // ANCHOR_END: read_arrived

    /// Reads once; false when nothing is there.
    fn receive(&self, stream: &C) -> io::Result<bool> {
        let mut bytes = net::buffer();
        let mut carried = Vec::new();
        let received = match stream.try_receive_with(&mut bytes, &mut carried) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            // A peer that is gone with bytes of ours unread is gone all the same.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => None,
            result => Some(result?),
        };
        let (length, cut) = received.map_or((0, false), |received| (received.length, received.cut));
        let result = {
            let core = &mut *self.0.core.borrow_mut();
            let arrived = &mut *self.0.arrived.borrow_mut();
            let unread = arrived.len() - self.0.start.get();
            arrived.extend_from_slice(&bytes[..length]);
            if length == 0 { core.receive_eof(arrived) } else { core.carried(carried, cut, unread) }
        };
        self.settle();
        result.map_err(over)?;
        Ok(true)
    }

    /// Takes no more messages, and closes when all that wait are sent and all handles answered. The peer sees the end.
    /// Answers are read by [`Channel::next`]: a task must be there that asks for it.
    pub fn disconnect(&self) {
        self.0.core.borrow_mut().disconnect();
        self.flush();
    }

    /// Closes at once, whatever waits.
    pub fn close(&self) {
        // The core is told as if the peer had gone: nothing that is not answered has arrived.
        let _ = self.0.core.borrow_mut().receive_eof(&[]);
        self.0.read.borrow_mut().clear();
        self.settle();
    }

    /// Waits until `check` gives something, which it is asked now and whenever something was sent, answered or given back, and
    /// when the channel is over.
    pub async fn until<T>(&self, check: impl FnMut() -> Option<T>) -> T {
        self.0.moved.until(check).await
    }

    /// Waits until the peer has said of every handle that it has it, or the channel is over.
    pub async fn answered(&self) {
        let done = || self.unanswered() == 0 || self.0.stream.borrow().is_none();
        self.0.moved.until(|| done().then_some(())).await;
    }

    /// Whether [`Channel::take_back`] has something, of a channel that is open.
    pub fn has_given_back(&self) -> bool {
        !self.0.given_back.borrow().is_empty()
    }

    /// Messages whose handles the peer never took: those that did not reach it however often they were sent, and, when the channel
    /// is over, those that it had not answered. Their handles are whole, and may be given to another.
    pub fn take_back(&self) -> Vec<Message<C::Carried>> {
        let mut back = std::mem::take(&mut *self.0.given_back.borrow_mut());
        if self.0.stream.borrow().is_none() {
            let rest = self.0.core.borrow_mut().take_back();
            back.extend(rest.map(Message::given_back));
        }
        back
    }
}

/// What a parent of Node's asks about the connections of a server that it has sent: whether all are closed, before the server
/// says that it is, and how many there are. They are the program's here, and nobody counts them; without an answer the
/// parent's `server.close()` would wait for ever.
fn answer(command: &str, json: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Asked<'a> {
        #[serde(borrow)]
        key: &'a serde_json::value::RawValue,
    }
    let (answer, more) = match command {
        "NODE_SOCKET_NOTIFY_CLOSE" => ("NODE_SOCKET_ALL_CLOSED", ""),
        "NODE_SOCKET_GET_COUNT" => ("NODE_SOCKET_COUNT", ",\"count\":0"),
        _ => return None,
    };
    let Asked { key } = serde_json::from_str(json).ok()?;
    Some(format!("{{\"cmd\":\"{answer}\",\"key\":{key}{more}}}"))
}
