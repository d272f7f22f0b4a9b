//! One connection, either end: bytes in, events out; events in, bytes out.
//!
//! A driver turns in five steps:
//!
//! 1. [`tick`](Connection::tick) with the time, before the bytes that came at that time;
//! 2. [`receive`](Connection::receive), as long as it uses bytes or gives events. What it leaves stays in the driver's buffer;
//! 3. what the events ask for: [`send`](Connection::send), [`send_data`](Connection::send_data),
//!    [`consumed`](Connection::consumed);
//! 4. [`answers`](Connection::answers), which writes what the protocol itself owes. The methods of step 3 do that first, too;
//! 5. `out` to the transport; the end of it where [`is_over`](Connection::is_over) says so; and a timer for
//!    [`deadline`](Connection::deadline). That a transport takes nothing for too long is the driver's to see.
//!
//! | file | holds |
//! |---|---|
//! | `mod.rs` | what a connection is made of, and its ends |
//! | `budget` | what a peer may do without a purpose |
//! | `owed` | answers of the protocol itself |
//! | `found` | what a step of the receiving half leaves |
//! | `receive` | frames |
//! | `block` | field blocks |
//! | `send` | the other direction |
//! | `clock` | time |

mod block;
mod budget;
mod clock;
mod found;
mod owed;
mod receive;
mod send;

use crate::config::Config;
use crate::event::Event;
use crate::message::{Fields, Scratch};
use crate::stream::Priority;
use crate::stream::state::{Departure, Input, Leave, Leaving, Part, State, Verdict};
use crate::stream::table::{Memory, Stream, Streams};
use crate::stream::window::{Receiver, Sender};
use crate::wire::settings::{FIRST_WINDOW, MAX_WINDOW};
use crate::wire::{Code, Error, PREFACE, Settings, StreamId, Violation};
use budget::Budget;
use found::{Found, Payload};
use owed::Answer;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;
use wirebook_hpack::{Decoder, Encoder};

/// Which end this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It answers requests.
    Server,
    /// It makes them.
    Client,
}

/// Priorities of streams that are not open yet, at most: PRIORITY_UPDATE may come before HEADERS (RFC 9218 §7).
pub const HELD_PRIORITIES: usize = 16;

/// The eight bytes of the PING between the two GOAWAYs.
const SHUTDOWN_PING: [u8; 8] = *b"shutdown";

/// A connection of HTTP/2. It has no I/O and no clock, and holds no content: see the [module documentation](self).
#[derive(Debug)]
pub struct Connection {
    config: Arc<Config>,
    role: Role,
    /// The time of the last tick.
    now: Instant,
    decoder: Decoder,
    encoder: Encoder,
    scratch: Scratch,
    /// Bytes of the preface that have not come.
    preface: u8,
    /// The peer's first SETTINGS have come.
    introduced: bool,
    /// When they are too late; then, when their acknowledgement is.
    opening_due: Option<Instant>,
    settings_due: Option<Instant>,
    /// When what has been begun and is used only when it is whole is too late.
    head_due: Option<Instant>,
    /// The peer has acknowledged ours.
    acknowledged: bool,
    peer: Settings,
    streams: Streams,
    memory: Memory,
    receiver: Receiver,
    sender: Sender,
    /// What is left of a frame whose header has been read.
    payload: Payload,
    /// Bytes of input that have been used.
    position: u64,
    owed: Vec<Answer>,
    rare: Option<Box<Rare>>,
    resets: Budget,
    idle_frames: Budget,
    /// Bytes of DATA that have not paid anything back yet.
    moved: u32,
    requests: u32,
    departure: Departure,
    /// When the second GOAWAY follows the first.
    settle_due: Option<Instant>,
    /// The highest stream of the peer's that is answered, once that is settled.
    answered: StreamId,
    /// The highest stream of ours that the peer answers, once it has said so.
    accepted: Option<StreamId>,
    /// Since when there has been no stream; and whether what streams need has been given back since.
    idle_since: Instant,
    rests: bool,
    /// The PING that we have sent, and when its answer is too late.
    pinged: Option<([u8; 8], Option<Instant>)>,
    fault: Option<Error>,
}

/// What most connections never need.
#[derive(Debug, Default)]
struct Rare {
    /// Priorities of streams that are not open yet.
    held: Vec<(StreamId, Priority)>,
    /// Streams that a tick has reset, for the next `receive` to tell of.
    late: VecDeque<Error>,
}

impl Connection {
    /// The end that answers requests. Its SETTINGS are owed from the start.
    pub fn server(config: Arc<Config>, now: Instant) -> Self {
        Connection::new(config, Role::Server, now)
    }

    /// The end that makes them. Preface and SETTINGS are owed from the start.
    pub fn client(config: Arc<Config>, now: Instant) -> Self {
        Connection::new(config, Role::Client, now)
    }

    fn new(config: Arc<Config>, role: Role, now: Instant) -> Self {
        Connection {
            role,
            now,
            decoder: Decoder::new(config.hpack()),
            encoder: Encoder::new(config.encoder_table.min(Settings::default().header_table_size)),
            scratch: Scratch::new(),
            preface: if role == Role::Server { PREFACE.len() as u8 } else { 0 },
            introduced: false,
            opening_due: now.checked_add(config.preface_timeout),
            settings_due: now.checked_add(config.settings_timeout),
            head_due: None,
            acknowledged: false,
            peer: Settings::default(),
            streams: Streams::default(),
            memory: Memory::default(),
            receiver: Receiver::connection(config.connection_window),
            sender: Sender::new(FIRST_WINDOW),
            payload: Payload::None,
            position: 0,
            owed: vec![Answer::Opening],
            rare: None,
            resets: Budget::new(config.resets),
            idle_frames: Budget::new(config.idle_frames),
            moved: 0,
            requests: 0,
            departure: Departure::new(),
            settle_due: None,
            answered: StreamId::MAX,
            accepted: None,
            idle_since: now,
            rests: false,
            pinged: None,
            fault: None,
            config,
        }
    }

    /// Uses bytes of `input`; says how many, and what they meant. `None`: bring more bytes behind those that were not used.
    /// The event borrows `input` and `room`.
    ///
    /// After an error nothing counts any more: everything is used and nothing reported.
    ///
    /// # Errors
    ///
    /// The peer broke a rule that ends the connection. GOAWAY is owed; after it the transport ends. A mistake that concerns one
    /// stream alone is an event.
    pub fn receive<'a>(&mut self, input: &'a [u8], room: &'a mut Fields) -> Result<(usize, Option<Event<'a>>), Error> {
        let mut used = 0;
        loop {
            if self.departure.leaving() == Leaving::Closed {
                return Ok((input.len(), None));
            }
            let rest = &input[used..];
            match self.step(rest, room) {
                Ok(None) => {
                    if !rest.is_empty() && self.head_due.is_none() {
                        self.head_due = self.now.checked_add(self.config.head_timeout);
                    }
                    return Ok((used, None));
                }
                Ok(Some((length, found))) => {
                    // What was begun is whole now, or what is wrong is told of before.
                    self.head_due = self.head_due.filter(|_| length == 0);
                    used += length;
                    self.position += length as u64;
                    if let Some(found) = found {
                        return Ok((used, Some(found.event(rest, room))));
                    }
                }
                Err(violation) => return Err(self.fail(violation)),
            }
        }
    }

    /// The transport brings no more bytes: no stream will go on.
    ///
    /// # Errors
    ///
    /// [`Violation::Incomplete`] where messages were unfinished.
    pub fn receive_eof(&mut self) -> Result<(), Error> {
        let unfinished = self.streams.iter().any(|stream| !stream.lifecycle.state().is_closed());
        if self.fault.is_none() && unfinished {
            return Err(self.fail(Violation::Incomplete));
        }
        // It may be closed already.
        self.departure.step(Leave::Close).ok();
        Ok(())
    }

    /// Ends the connection in peace (§6.8). A server says first that it will leave, and a round trip later which requests it
    /// has seen, so that none gets lost that was on its way. A client says it once, and goes a round trip later: what the server has asked
    /// by then is answered.
    pub fn shutdown(&mut self) {
        match self.role {
            _ if self.departure.leaving() != Leaving::No => return,
            Role::Client => self.settle(),
            Role::Server => {
                // It has a row: see above.
                self.departure.step(Leave::Announce).ok();
                self.owed.push(Answer::Goaway(StreamId::MAX, Code::NO_ERROR));
            }
        }
        self.owed.push(Answer::Ping(SHUTDOWN_PING));
        self.settle_due = self.now.checked_add(self.config.shutdown_timeout);
    }

    /// The second GOAWAY: no stream above the last counts.
    fn settle(&mut self) {
        self.settle_due = None;
        if self.departure.step(Leave::Settle).is_ok() {
            self.answered = self.memory.last_theirs;
            self.owed.push(Answer::Goaway(self.answered, Code::NO_ERROR));
        }
    }

    /// The connection ends because of this.
    fn fail(&mut self, violation: Violation) -> Error {
        let error = Error { violation, stream: None, offset: self.position };
        self.fault = Some(error);
        self.departure.step(Leave::Close).ok();
        // Without our SETTINGS nobody could read GOAWAY, and a refused stream may be tried elsewhere; the rest is of no use.
        self.owed.retain(|answer| matches!(answer, Answer::Opening | Answer::Reset(..)));
        self.owed.push(Answer::Goaway(self.memory.last_theirs.min(self.answered), error.code()));
        self.streams = Streams::default();
        error
    }

    /// Whether the transport may end, once `out` is written: after an error, or when either end has said GOAWAY for good and all streams are
    /// done.
    pub fn is_over(&self) -> bool {
        match self.departure.leaving() {
            Leaving::Closed => true,
            Leaving::Final => self.streams.is_empty() && self.settle_due.is_none(),
            Leaving::No | Leaving::Announced => self.accepted.is_some() && self.streams.is_empty(),
        }
    }

    /// How far it has gone in leaving.
    pub fn leaving(&self) -> Leaving {
        self.departure.leaving()
    }

    /// The error that ended it, if one did: of a [`receive`](Self::receive), or of a [`tick`](Self::tick).
    pub fn fault(&self) -> Option<Error> {
        self.fault
    }

    /// Whether the peer's first SETTINGS have come.
    pub fn is_introduced(&self) -> bool {
        self.introduced
    }

    /// The peer's settings.
    pub fn peer_settings(&self) -> &Settings {
        &self.peer
    }

    /// Streams that are not over.
    pub fn streams(&self) -> usize {
        self.streams.len()
    }

    /// Where a stream stands; of one that is over, as far as that is remembered. `None` where the peer jumped over its number.
    pub fn state(&self, id: StreamId) -> Option<State> {
        if let Some(stream) = self.streams.get(id) {
            return Some(stream.lifecycle.state());
        }
        // A server opens none: nothing is pushed.
        if !id.is_clients() {
            return Some(State::Unopened);
        }
        // What was opened after our last word is as if we had reset it.
        let ours = self.is_ours(id);
        if !ours && id > self.answered { Some(State::ResetByUs) } else { self.memory.state(id, ours) }
    }

    /// A stream's priority (RFC 9218): for [`Lanes`](crate::Lanes).
    pub fn priority(&self, id: StreamId) -> Priority {
        self.streams.get(id).map_or_else(Priority::default, |stream| stream.priority)
    }

    /// Bytes that [`send_data`](Self::send_data) would take now, of the windows alone.
    pub fn room(&self, id: StreamId) -> usize {
        let stream = self.streams.get(id).map_or(0, |stream| stream.sender.room());
        stream.min(self.sender.room()).max(0) as usize
    }

    /// The peer may take any time for the content of a stream: neither [`body_timeout`](Config::body_timeout) nor
    /// [`min_body_rate`](Config::min_body_rate) ends it. For streams of events, which are silent when nothing happens.
    pub fn be_patient(&mut self, id: StreamId) {
        if let Some(stream) = self.streams.get_mut(id) {
            stream.patient = true;
        }
    }

    /// The two windows of a stream, or those of the connection: for those who draw.
    pub fn windows(&self, id: StreamId) -> Option<(Sender, Receiver)> {
        if id.is_connection() {
            return Some((self.sender, self.receiver));
        }
        self.streams.get(id).map(|stream| (stream.sender, stream.receiver))
    }

    /// What is left of the two budgets, resets and idle frames: for those who draw.
    pub fn budgets(&self) -> (u32, u32) {
        (self.resets.left(), self.idle_frames.left())
    }

    /// Whether this end opens streams with that number.
    fn is_ours(&self, id: StreamId) -> bool {
        id.is_clients() == (self.role == Role::Client)
    }

    /// A stream begins.
    fn begin(&self, id: StreamId) -> Stream {
        let receiver = Receiver::new(self.config.stream_window.min(MAX_WINDOW));
        Stream::new(id, self.is_ours(id), receiver, Sender::new(self.peer.initial_window_size))
    }

    /// Takes a stream out, if it is over.
    fn finish(&mut self, id: StreamId) {
        if self.streams.get(id).is_some_and(Stream::is_over) {
            self.remove(id);
        }
    }

    /// Takes a stream out. What came of it and nobody has read, nobody will: law 1.
    fn remove(&mut self, id: StreamId) {
        if let Some(stream) = self.streams.remove(id) {
            self.receiver.consume(stream.receiver.unread());
            if self.streams.is_empty() {
                (self.idle_since, self.rests) = (self.now, false);
            }
        }
    }

    /// Resets a stream: ours from now on, whatever comes.
    fn forget(&mut self, id: StreamId) {
        if let Some(stream) = self.streams.get_mut(id) {
            let verdict = stream.lifecycle.step(Input::SendReset);
            debug_assert_eq!(verdict, Verdict::To(State::ResetByUs));
        }
        self.memory.reset(id);
        self.remove(id);
    }

    /// The peer broke a rule on one stream. The reset is owed, and the budget falls whoever is at fault: what costs is the
    /// work (CVE-2025-8671).
    fn end_stream(&mut self, id: StreamId, violation: Violation) -> Result<Error, Violation> {
        if !self.resets.spend() {
            return Err(Violation::TooManyResets);
        }
        let error = Error { violation, stream: Some(id), offset: self.position };
        self.forget(id);
        self.owe(Answer::Reset(id, error.code()))?;
        Ok(error)
    }

    fn stream_error(&mut self, id: StreamId, violation: Violation) -> Result<Found, Violation> {
        self.end_stream(id, violation).map(Found::StreamError)
    }

    fn owe(&mut self, answer: Answer) -> Result<(), Violation> {
        if self.owed.len() >= self.config.max_owed {
            return Err(Violation::TooManyOwed);
        }
        self.owed.push(answer);
        Ok(())
    }

    /// A frame that moves nothing.
    fn idle_frame(&mut self) -> Result<(), Violation> {
        if self.idle_frames.spend() { Ok(()) } else { Err(Violation::TooManyIdle) }
    }

    /// DATA moves something, in either direction.
    fn moved(&mut self, bytes: u32) {
        const WORTH: u32 = 1024;
        self.moved = self.moved.saturating_add(bytes);
        self.idle_frames.refund(self.moved / WORTH);
        self.moved %= WORTH;
    }

    /// When content that is waited for is too late. Each byte brings a little time, at most the whole of it.
    fn body_due(&self, before: Option<Instant>, bytes: u32) -> Option<Instant> {
        let most = self.now.checked_add(self.config.body_timeout)?;
        let (Some(before), rate @ 1..) = (before, self.config.min_body_rate) else { return Some(most) };
        let earned = std::time::Duration::from_secs_f64(f64::from(bytes) / f64::from(rate));
        Some(before.checked_add(earned).map_or(most, |due| due.min(most)))
    }

    /// Whether a response has been begun, so that a reset costs nothing extra.
    fn is_answered(stream: &Stream) -> bool {
        stream.outgoing.part() != Part::Head
    }
}
