//! One end of a channel.
//!
//! **Receiving.** For each read, tell what came beside its bytes ([`Channel::carried`]), put the bytes behind those that are
//! left, and call [`Channel::receive`] until it gives no event. **Sending.** [`Channel::send`] queues; send what
//! [`Channel::transmit`] gives, handles beside its first byte, and say how much of it went ([`Channel::sent`]).
//!
//! **The window.** A handle stays here until the peer has answered that it has it, so it is never lost: what was not answered
//! when the peer is gone is taken back ([`Channel::take_back`]), whole. While [`Limits::window`] handles wait for their
//! answer, every message behind them waits, too. With a window of 1, which is Node's, messages arrive in the order in which
//! they were sent even when a handle has to be sent again. With more, several handles go in one message (that is six times as
//! cheap), and one that is sent again arrives behind those that were sent after it.

use super::{
    error::{Rejected, SendError, Violation},
    frame::{Frames, Framing},
    handle::{Handle, Kind},
    limits::Limits,
    message::{Message, TAKEN, wrap},
    out::{Out, Role},
    state::{Input, Standing, State},
};
use std::{borrow::Cow, collections::VecDeque};

/// Handles that go in one message at most, where the window allows more. The kernel takes 253 (unix(7), `SCM_MAX_FD`).
pub const MAX_BATCH: usize = 16;

/// What has happened on a channel.
#[derive(Debug, PartialEq)]
pub enum Event<'a, H> {
    /// The peer's program says this, and has sent a handle with it or not.
    Message {
        /// What it says.
        json: &'a str,
        /// What rides on it, by the kernel's word as well.
        handle: Option<(Kind, H)>,
    },
    /// The same, of the peer's runtime: its command begins with `NODE_`.
    Internal {
        /// The command.
        command: Cow<'a, str>,
        /// All that it says.
        json: &'a str,
        /// What rides on it.
        handle: Option<(Kind, H)>,
    },
    /// The peer's program says this and has sent a handle with it that is not what the message calls it. It is closed.
    WrongHandle {
        /// What it says.
        json: &'a str,
        /// What it calls the handle.
        kind: Kind,
    },
    /// The peer has a handle of ours; this copy may be dropped.
    Taken(Kind, H),
    /// A handle of ours did not reach the peer, however often it was sent.
    NotTaken(Unsent<H>),
}

/// A message whose handle the peer has not said it has, given back.
#[derive(Debug, PartialEq)]
pub struct Unsent<H> {
    /// What it says.
    pub json: String,
    /// What it calls the handle.
    pub kind: Kind,
    /// The handle, whole.
    pub handle: H,
}

/// What is to be sent in one message of the system.
#[derive(Debug)]
pub struct Transmit<'a, H> {
    /// Octets.
    pub bytes: &'a [u8],
    /// What goes beside the first of them.
    pub handles: Vec<&'a H>,
}

/// A message that waits for room in the window.
#[derive(Debug)]
struct Waiting<H> {
    json: String,
    handle: Option<(Kind, H)>,
}

/// A handle that waits for its answer, or for being sent.
#[derive(Debug)]
struct InFlight<H> {
    message: Unsent<H>,
    retries: usize,
}

/// One end of a channel, without its stream.
#[derive(Debug)]
pub struct Channel<H> {
    limits: Limits,
    framing: Framing,
    standing: Standing,
    failed: Option<Violation>,
    frames: Frames,
    /// Octets read so far.
    consumed: u64,
    /// Came, and no message for it yet; with the octet from which on its message begins.
    unclaimed: VecDeque<(u64, H)>,
    out: Out,
    queue: VecDeque<Waiting<H>>,
    queued_bytes: usize,
    /// In the order in which they were put out. The last [`Out::marked`] of them are not sent.
    in_flight: VecDeque<InFlight<H>>,
}

impl<H: Handle> Channel<H> {
    /// A new channel.
    pub fn new(framing: Framing, limits: Limits) -> Self {
        Channel {
            limits,
            framing,
            standing: Standing::new(),
            failed: None,
            frames: Frames::new(framing, limits.message),
            consumed: 0,
            unclaimed: VecDeque::new(),
            out: Out::default(),
            queue: VecDeque::new(),
            queued_bytes: 0,
            in_flight: VecDeque::new(),
        }
    }

    /// Where it stands.
    pub fn state(&self) -> State {
        self.standing.state()
    }

    fn fail<T>(&mut self, violation: Violation) -> Result<T, Violation> {
        if self.standing.step(Input::Fail).is_ok() {
            self.failed = Some(violation);
            self.unclaimed.clear();
        }
        Err(self.failed.unwrap_or(violation))
    }

    /// What came beside the bytes of the next read, before [`Channel::receive`] sees these; `unread` is how many bytes of earlier
    /// reads are left before them, and `cut` says that the system could not hand over all.
    ///
    /// What is cut is given up whole, because nobody can tell which of its handles came: the messages that begin in that read
    /// find none, and the peer is asked for each of them again. (So it is as long as the system takes such messages whole, which
    /// it does with a batch of small ones.)
    ///
    /// # Errors
    /// What the peer violates. All that came is dropped then, which closes it.
    pub fn carried(&mut self, handles: impl IntoIterator<Item = H>, cut: bool, unread: usize) -> Result<(), Violation> {
        if !self.standing.allows(Input::Receive) {
            return self.failed.map_or(Ok(()), Err);
        }
        let from = self.consumed + unread as u64;
        let handles = handles.into_iter();
        if cut {
            handles.for_each(drop);
        } else {
            self.unclaimed.extend(handles.map(|handle| (from, handle)));
        }
        if self.unclaimed.len() > self.limits.window { self.fail(Violation::TooManyDescriptors) } else { Ok(()) }
    }

    // ANCHOR: receive
    /// Reads messages from `input`, which begins where the last call stopped, up to the first that the caller must know of: how
    /// much of it is read, and the event. Without one, bring more octets behind what is left.
    ///
    /// # Errors
    /// What the peer violates, now or before.
    pub fn receive<'a>(&mut self, input: &'a [u8]) -> Result<(usize, Option<Event<'a, H>>), Violation> {
        let mut used = 0;
        while self.standing.step(Input::Receive).is_ok() {
            let (length, frame) = match self.frames.next(&input[used..]) {
                Ok(Some(found)) => found,
                Ok(None) if used == input.len() && !self.unclaimed.is_empty() && self.limits.window <= 1 => {
                    return self.fail(Violation::Unclaimed);
                }
                Ok(None) => return Ok((used, None)),
                Err(violation) => return self.fail(violation),
            };
            used += length;
            let began = self.consumed;
            self.consumed += length as u64;
            let event = match Message::read(frame, &self.limits) {
                Ok(message) => self.take(message, frame, began),
                Err(violation) => Err(violation),
            };
            match event {
                Ok(None) => {}
                Ok(event) => return Ok((used, event)),
                Err(violation) => return self.fail(violation),
            }
        }
        self.failed.map_or(Ok((used, None)), Err)
    }
    // ANCHOR_END: receive

    /// A message that began at that octet.
    fn take<'a>(
        &mut self,
        message: Message<'a>,
        frame: &'a [u8],
        began: u64,
    ) -> Result<Option<Event<'a, H>>, Violation> {
        // `Message::read` has looked.
        let whole = || std::str::from_utf8(frame).unwrap_or_default();
        match message {
            Message::User(json) => Ok(Some(Event::Message { json, handle: None })),
            Message::Internal(command) => Ok(Some(Event::Internal { command, json: whole(), handle: None })),
            Message::Taken => {
                let Unsent { kind, handle, .. } = self.answered()?.message;
                self.go_on();
                Ok(Some(Event::Taken(kind, handle)))
            }
            Message::NotTaken => {
                let mut again = self.answered()?;
                if again.retries >= self.limits.retries {
                    self.go_on();
                    return Ok(Some(Event::NotTaken(again.message)));
                }
                again.retries = again.retries.saturating_add(1);
                self.put(again);
                Ok(None)
            }
            Message::Handle(kind, json) => self.take_handle(kind, json, began),
        }
    }

    /// A handle has left the window.
    fn go_on(&mut self) {
        self.pump();
        self.settle();
    }

    /// The oldest handle that waits for an answer.
    fn answered(&mut self) -> Result<InFlight<H>, Violation> {
        let waits = self.in_flight.len() > self.out.marked();
        let oldest = if waits { self.in_flight.pop_front() } else { None };
        oldest.ok_or(Violation::UnaskedAnswer)
    }

    // ANCHOR: take_handle
    fn take_handle<'a>(&mut self, kind: Kind, json: &'a str, began: u64) -> Result<Option<Event<'a, H>>, Violation> {
        if self.out.answers() >= self.limits.window {
            return Err(Violation::TooManyHandles);
        }
        // One that came with later octets is another message's.
        let came = self.unclaimed.front().is_some_and(|(from, _)| *from <= began);
        let Some((_, handle)) = (if came { self.unclaimed.pop_front() } else { None }) else {
            self.out.push(self.framing, br#"{"cmd":"NODE_HANDLE_NACK"}"#, Role::Answers);
            return Ok(None);
        };
        // Also for one that is refused: it has come, and to send it again would not change what it is.
        self.out.push(self.framing, TAKEN.as_bytes(), Role::Answers);
        if !handle.is(kind) {
            return Ok(Some(Event::WrongHandle { json, kind }));
        }
        let handle = Some((kind, handle));
        Ok(Some(match Message::read(json.as_bytes(), &self.limits)? {
            Message::Internal(command) => Event::Internal { command, json, handle },
            // Node unwraps once, and so do we.
            _ => Event::Message { json, handle },
        }))
    }
    // ANCHOR_END: take_handle

    /// The peer's end of the stream, with what was left of its last bytes.
    ///
    /// # Errors
    /// [`Violation::CutShort`] when that is the beginning of a message; what was violated before.
    pub fn receive_eof(&mut self, rest: &[u8]) -> Result<(), Violation> {
        if !rest.is_empty() && self.standing.allows(Input::Fail) {
            return self.fail(Violation::CutShort);
        }
        self.unclaimed.clear();
        // Every state has a row for the end.
        let _ = self.standing.step(Input::End);
        self.failed.map_or(Ok(()), Err)
    }

    /// Queues a message, which is JSON on one line, and what rides on it.
    ///
    /// # Errors
    /// Why it was not taken; the handle is given back.
    pub fn send(&mut self, json: &str, handle: Option<(Kind, H)>) -> Result<(), Rejected<H>> {
        self.queue(json, handle, false)
    }

    /// Queues a message of the runtime's own, whose `cmd` begins with `NODE_`; Node's programs do not see it. A command of
    /// the channel itself is refused.
    ///
    /// # Errors
    /// As [`Channel::send`].
    pub fn send_internal(&mut self, json: &str, handle: Option<(Kind, H)>) -> Result<(), Rejected<H>> {
        self.queue(json, handle, true)
    }

    fn queue(&mut self, json: &str, handle: Option<(Kind, H)>, internal: bool) -> Result<(), Rejected<H>> {
        if let Err(error) = self.check(json, handle.as_ref(), internal) {
            return Err(Rejected { error, handle });
        }
        self.queued_bytes += json.len();
        self.queue.push_back(Waiting { json: json.to_owned(), handle });
        self.pump();
        Ok(())
    }

    fn check(&mut self, json: &str, handle: Option<&(Kind, H)>, internal: bool) -> Result<(), SendError> {
        self.standing.step(Input::Send).map_err(|_| SendError::Closed)?;
        // What is wrapped is longer, and lies one level deeper.
        let around = handle.map_or(0, |(kind, _)| wrap(*kind, "").len());
        let depth = self.limits.depth.checked_sub(usize::from(handle.is_some())).ok_or(SendError::TooLarge)?;
        if json.len().saturating_add(around) > self.limits.message {
            return Err(SendError::TooLarge);
        }
        if json.contains('\n') {
            return Err(SendError::NotJson);
        }
        match Message::read(json.as_bytes(), &Limits { depth, ..self.limits }) {
            Ok(Message::User(_)) if !internal => {}
            Ok(Message::Internal(_)) if internal => {}
            Ok(_) => return Err(SendError::Reserved),
            Err(Violation::TooDeep | Violation::TooManyFields) => return Err(SendError::TooLarge),
            Err(_) => return Err(SendError::NotJson),
        }
        if let Some((kind, handle)) = handle {
            let fields = 3 + usize::from(kind.datagram_type().is_some());
            if self.limits.window == 0 || self.limits.fields < fields {
                return Err(SendError::NoHandles);
            }
            // What the runtime itself sends it has made itself.
            if !internal && !handle.is(*kind) {
                return Err(SendError::WrongKind);
            }
        }
        let (bytes, messages) = self.waiting();
        let fits = bytes.saturating_add(json.len()) <= self.limits.queue_bytes && messages < self.limits.queue_messages;
        if messages == 0 || fits { Ok(()) } else { Err(SendError::Full) }
    }

    /// Octets and messages that wait to be sent, for the window or for the stream.
    pub fn waiting(&self) -> (usize, usize) {
        let (bytes, frames) = self.out.waiting();
        (bytes + self.queued_bytes, frames + self.queue.len())
    }

    /// Handles that the peer has not answered.
    pub fn unanswered(&self) -> usize {
        self.in_flight.len()
    }

    // ANCHOR: pump
    /// Lets messages through to the stream while the window has room.
    fn pump(&mut self) {
        while self.in_flight.is_empty() || self.in_flight.len() < self.limits.window {
            let Some(Waiting { json, handle }) = self.queue.pop_front() else { return };
            self.queued_bytes -= json.len();
            match handle {
                None => self.out.push(self.framing, json.as_bytes(), Role::Plain),
                Some((kind, handle)) => {
                    self.put(InFlight { message: Unsent { json, kind, handle }, retries: 0 });
                }
            }
        }
    }
    // ANCHOR_END: pump

    fn put(&mut self, next: InFlight<H>) {
        self.out.push(self.framing, wrap(next.message.kind, &next.message.json).as_bytes(), Role::Carries);
        self.in_flight.push_back(next);
    }

    /// Handles that go in the next message of the system, at most. One that is sent again goes alone: a peer that has room for
    /// one would lose it again with a batch.
    fn batch(&self) -> usize {
        let next = self.in_flight.get(self.in_flight.len() - self.out.marked());
        if next.is_some_and(|next| next.retries > 0) { 1 } else { self.limits.window.clamp(1, MAX_BATCH) }
    }

    /// What is to be sent next, in one message of the system; `None` when nothing waits for the stream.
    pub fn transmit(&self) -> Option<Transmit<'_, H>> {
        if matches!(self.state(), State::Closed | State::Failed) {
            return None;
        }
        let (bytes, count) = self.out.next(self.batch());
        let first = self.in_flight.len() - self.out.marked();
        let handles = self.in_flight.iter().skip(first).take(count).map(|next| &next.message.handle).collect();
        (!bytes.is_empty()).then_some(Transmit { bytes, handles })
    }

    /// So many octets of what [`Channel::transmit`] gave are sent; with the first of them, all its handles.
    pub fn sent(&mut self, count: usize) {
        self.out.advance(count, self.batch());
        self.settle();
    }

    /// Takes no more messages, and is [`State::Closed`] when all that wait are sent and answered.
    pub fn disconnect(&mut self) {
        // Every state has a row for it.
        let _ = self.standing.step(Input::Disconnect);
        self.settle();
    }

    /// Whether nothing is left to do for a channel that is disconnected.
    fn settle(&mut self) {
        if self.waiting() == (0, 0) && self.in_flight.is_empty() && self.standing.allows(Input::Drain) {
            let _ = self.standing.step(Input::Drain);
        }
    }

    /// Takes back, in the order in which they were sent, the messages whose handles the peer has not said it has. For a channel
    /// that is over: of one that is not, the peer may still take them.
    pub fn take_back(&mut self) -> impl Iterator<Item = Unsent<H>> + use<H> {
        let in_flight = std::mem::take(&mut self.in_flight).into_iter().map(|one| one.message);
        let queue = std::mem::take(&mut self.queue).into_iter();
        let queue =
            queue.filter_map(|Waiting { json, handle }| handle.map(|(kind, handle)| Unsent { json, kind, handle }));
        self.queued_bytes = 0;
        in_flight.chain(queue)
    }
}
