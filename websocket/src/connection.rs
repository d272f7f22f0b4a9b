//! One WebSocket connection after its handshake, without a socket, a clock or a task. RFC 6455 §5–§8.
//!
//! A driver does this, and decides nothing:
//! 1. It reads bytes behind those it still holds and calls [`receive`](Connection::receive) with all of them, again and
//!    again, dropping what was consumed, until `None` asks for more.
//! 2. It answers an event with [`send`](Connection::send), which appends to one `out` buffer; when `receive` has nothing
//!    more, one write carries all answers.
//! 3. On an error it calls [`fail`](Connection::fail), writes what that appended, and ends the transport.
//! 4. It calls [`expire`](Connection::expire) when [`deadline`](Connection::deadline) has come.
//!
//! **In place, or gathered.** A data frame that is a whole message, not compressed and not longer than
//! [`Limits::in_place`](crate::Limits::in_place), stays in the caller's buffer until its last byte is there: it is
//! unmasked and checked where it lies as the bytes come in (`Frame::seen` says how far), and the event borrows it.
//! Control frames likewise. So `receive` may return `None` with some bytes unmasked already; the caller must present the
//! same bytes again with more behind them, which any read buffer does. Everything else is consumed at once and gathered
//! in an [`Assembly`]. Either way text fails at its first bad byte and a limit at the first byte beyond it, not at the
//! end of the frame.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::config::{Config, Delivery};
use crate::deflate::{Deflate, Negotiated};
use crate::error::{Error, SendError};
use crate::event::{Chunk, Close, Code, Event, Kind, Message};
use crate::frame::{Header, MAX_CONTROL, MAX_HEADER, Opcode, RSV1};
use crate::mask;
use crate::message::Assembly;
use crate::random::Keys;
use crate::state::{Input, State};
use crate::timer::Timer;
use crate::utf8::{self, Utf8, trusted};

/// Which end this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Its frames are masked.
    Client,
    /// Its frames are not.
    Server,
}

/// One connection. See the [module](self) for how to drive it.
#[derive(Debug)]
pub struct Connection {
    config: Arc<Config>,
    state: State,
    role: Role,
    /// A message is being sent in chunks.
    sending: Option<Kind>,
    /// The frame whose payload is under way, once its header is consumed.
    frame: Option<Frame>,
    message: Option<Box<Assembly>>,
    deflate: Option<Box<Deflate>>,
    keys: Option<Box<Keys>>,
    /// A server that delivers whole messages, and whose limits all allow [`BRIEF`] bytes.
    brief: bool,
    /// A server that sends every message as one frame, uncompressed.
    plain: bool,
    timer: Timer,
}

/// The longest payload that a header with a 16-bit length can have.
const BRIEF: usize = 0xffff;

/// A shortcut past everything below, for what nearly every frame from a client is: a whole, masked message with a length
/// of at most 16 bits, uncompressed, all there. Unmasks it and says where its payload lies; `None`, with nothing done, where
/// there is any doubt. `tests/properties.rs` holds it to what the long way says.
#[inline]
fn brief(input: &mut [u8]) -> Option<(Kind, Range<usize>)> {
    let [first, second, high, low, ..] = *input.first_chunk::<8>()?;
    let kind = match first {
        0x81 => Kind::Text,
        0x82 => Kind::Binary,
        _ => return None,
    };
    let (start, length) = match (second, u16::from_be_bytes([high, low])) {
        (0x80..=0xfd, _) => (6, (second & 0x7f) as usize),
        (0xfe, length @ 126..) => (8, length as usize),
        _ => return None,
    };
    let key = *input[start - 4..].first_chunk::<4>()?;
    let payload = input.get_mut(start..start + length)?;
    mask::apply(payload, key, 0);
    if kind == Kind::Text && !utf8::is_text(payload) {
        // Masked again: the long way says which error that is.
        mask::apply(payload, key, 0);
        return None;
    }
    Some((kind, start..start + length))
}

/// The frame under way.
#[derive(Clone, Copy, Debug)]
struct Frame {
    opcode: Opcode,
    fin: bool,
    /// The frame stays in the caller's buffer until it is whole.
    in_place: bool,
    /// How the text in `seen` ends, for text in place.
    utf8: Utf8,
    key: [u8; 4],
    /// Payload bytes of the frame.
    length: u64,
    /// In place: unmasked and checked so far. Otherwise: consumed so far.
    seen: u64,
}

impl Connection {
    /// The server's end. `deflate` is what the handshake agreed on; `now` starts the heartbeat.
    pub fn server(config: Arc<Config>, deflate: Option<Negotiated>, now: Instant) -> Self {
        Connection::new(Role::Server, config, deflate, None, now)
    }

    /// The client's end. `fill` writes unpredictable bytes, of which the masking keys are made (RFC 6455 §10.3).
    pub fn client(config: Arc<Config>, deflate: Option<Negotiated>, fill: fn(&mut [u8]), now: Instant) -> Self {
        Connection::new(Role::Client, config, deflate, Some(Box::new(Keys::new(fill))), now)
    }

    fn new(
        role: Role,
        config: Arc<Config>,
        deflate: Option<Negotiated>,
        keys: Option<Box<Keys>>,
        now: Instant,
    ) -> Self {
        let wants = config.deflate.unwrap_or_default();
        let limits = &config.limits;
        let least = limits.in_place.min(limits.message).min(usize::try_from(limits.frame).unwrap_or(usize::MAX));
        Connection {
            brief: role == Role::Server && config.delivery == Delivery::Messages && least >= BRIEF,
            plain: role == Role::Server && deflate.is_none() && config.fragment.is_none(),
            timer: Timer::new(config.heartbeat, now),
            config,
            state: State::Open,
            role,
            sending: None,
            frame: None,
            message: None,
            deflate: deflate.map(|agreed| Box::new(Deflate::new(agreed, wants))),
            keys,
        }
    }

    /// Where the conversation stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// Which end this is.
    pub fn role(&self) -> Role {
        self.role
    }

    /// The settings it was made with.
    pub fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// Whether permessage-deflate was agreed on.
    pub fn compresses(&self) -> bool {
        self.deflate.is_some()
    }

    /// Reads from the front of `input`: how many bytes were consumed, and what they meant. `None`: bring more bytes behind
    /// those not consumed. Payloads are unmasked in `input`; see the [module](self).
    ///
    /// After the peer's Close frame, or an error, everything is consumed and means nothing (RFC 6455 §5.5.1, §7.1.7).
    ///
    /// # Errors
    /// The peer broke a rule or a limit, or its payload is bad. The connection is then to be [failed](Self::fail).
    ///
    /// ```
    /// # use std::{sync::Arc, time::Instant};
    /// use wirebook_websocket::{Config, Connection, Event, Message};
    /// let mut server = Connection::server(Arc::new(Config::default()), None, Instant::now());
    /// let mut bytes = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    /// let (used, event) = server.receive(&mut bytes).unwrap();
    /// assert_eq!((used, event), (11, Some(Event::Message(Message::text("Hello")))));
    /// ```
    #[inline]
    pub fn receive<'a>(&mut self, input: &'a mut [u8]) -> Result<(usize, Option<Event<'a>>), Error> {
        if !self.state.is_listening() {
            return Ok((input.len(), None));
        }
        if let Some((kind, payload)) = self.receive_brief(input) {
            let used = payload.end;
            let payload: &'a [u8] = &input[payload];
            let message = match kind {
                Kind::Binary => Message::binary(payload),
                Kind::Text => Message::text(trusted::again(payload)),
            };
            return Ok((used, Some(Event::Message(message))));
        }
        self.timer.heard();
        self.read(input)
    }

    /// Where at the front of `input` a whole message lies, where that takes no state to say; it is unmasked then, and
    /// checked. `None`, with nothing done, does not mean that there is none.
    #[inline]
    pub(crate) fn receive_brief(&mut self, input: &mut [u8]) -> Option<(Kind, Range<usize>)> {
        let between = self.brief && self.message.is_none() && self.frame.is_none() && self.state.is_listening();
        let found = if between { brief(input) } else { None };
        if found.is_some() {
            self.timer.heard();
        }
        found
    }

    /// The long way. Never inlined, so that the shortcut is.
    #[inline(never)]
    fn read<'a>(&mut self, input: &'a mut [u8]) -> Result<(usize, Option<Event<'a>>), Error> {
        let result = self.read_frames(input);
        if result.is_err() {
            self.broken();
        }
        result
    }

    fn read_frames<'a>(&mut self, input: &'a mut [u8]) -> Result<(usize, Option<Event<'a>>), Error> {
        let mut used = 0;
        loop {
            let frame = match self.frame.take() {
                Some(frame) => frame,
                None => match Header::decode(&input[used..])? {
                    None => return Ok((used, None)),
                    Some((header, size)) => {
                        used += size;
                        self.begin(header)?
                    }
                },
            };
            if frame.in_place {
                return self.read_in_place(frame, input, used);
            }
            let length = usize::try_from(frame.length - frame.seen).unwrap_or(usize::MAX);
            let piece = used..used + length.min(input.len() - used);
            used = piece.end;
            let (ended, in_input) = self.gather(frame, &mut input[piece.clone()])?;
            if let Some(event) = self.gathered(ended)? {
                return Ok((used, Some(event)));
            }
            if let Some((kind, last)) = in_input {
                let payload = Cow::Borrowed(&input[piece]);
                return Ok((used, Some(Event::Chunk(Chunk { kind, payload, last }))));
            }
            if !ended.frame {
                return Ok((used, None));
            }
        }
    }

    /// Checks a header against the conversation and opens its frame.
    #[inline]
    fn begin(&mut self, header: Header) -> Result<Frame, Error> {
        // §5.1: a server MUST close on an unmasked frame, a client on a masked one.
        let key = match (self.role, header.mask) {
            (Role::Server, Some(key)) => key,
            (Role::Client, None) => [0; 4],
            (Role::Server, None) => return Err(Error::Unmasked),
            (Role::Client, Some(_)) => return Err(Error::Masked),
        };
        // RFC 7692 §6: RSV1 on the first frame of a message says that it is compressed.
        let first = matches!(header.opcode, Opcode::Text | Opcode::Binary);
        let compressed = header.rsv == RSV1 && first && self.deflate.is_some();
        if header.rsv != 0 && !compressed {
            return Err(Error::ReservedBits);
        }
        let mut in_place = true;
        if !header.opcode.is_control() {
            // §5.4: the fragments of one message are not interleaved with those of another.
            match (first, self.message.is_some()) {
                (true, true) => return Err(Error::MessageInsideMessage),
                (false, false) => return Err(Error::NothingToContinue),
                _ => {}
            }
            if header.length > self.config.limits.frame {
                return Err(Error::FrameTooLarge);
            }
            in_place = first
                && header.fin
                && !compressed
                && header.length <= self.config.limits.in_place.min(self.config.limits.message) as u64
                && self.config.delivery == Delivery::Messages;
            if !in_place {
                self.begin_gathering(&header, compressed)?;
            }
        }
        let Header { fin, opcode, length, .. } = header;
        Ok(Frame { opcode, fin, in_place, utf8: Utf8::default(), key, length, seen: 0 })
    }

    #[cold]
    fn begin_gathering(&mut self, header: &Header, compressed: bool) -> Result<(), Error> {
        let deflate = self.deflate.as_deref_mut().filter(|_| compressed);
        let message = self.message.get_or_insert_with(|| {
            let kind = if header.opcode == Opcode::Text { Kind::Text } else { Kind::Binary };
            Box::new(Assembly::new(kind, deflate.map(Deflate::begin)))
        });
        message.frame(header.length, header.fin, &self.config.limits)
    }

    /// A frame that stays where it lies: `input[used..]` begins with its payload.
    #[inline]
    fn read_in_place<'a>(
        &mut self,
        mut frame: Frame,
        input: &'a mut [u8],
        used: usize,
    ) -> Result<(usize, Option<Event<'a>>), Error> {
        let available = &mut input[used..];
        let length = frame.length as usize;
        let seen = frame.seen as usize;
        let end = length.min(available.len());
        if self.role == Role::Server {
            mask::apply(&mut available[seen..end], frame.key, seen);
        }
        if frame.opcode == Opcode::Text {
            frame.utf8.feed(&available[seen..end]).map_err(|_| Error::InvalidUtf8)?;
        }
        if end < length {
            frame.seen = end as u64;
            self.frame = Some(frame);
            return Ok((used, None));
        }
        let payload: &'a [u8] = &input[used..used + length];
        let event = match frame.opcode {
            Opcode::Text if !frame.utf8.is_complete() => return Err(Error::InvalidUtf8),
            Opcode::Text => Event::Message(Message::text(trusted::text(payload, &frame.utf8))),
            Opcode::Ping => Event::Ping(payload),
            Opcode::Pong => Event::Pong(payload),
            Opcode::Close => Event::Close(self.receive_close(payload)?),
            Opcode::Binary | Opcode::Continuation => Event::Message(Message::binary(payload)),
        };
        Ok((used + length, Some(event)))
    }

    /// §5.5.1: empty, or a two-byte code and a reason in UTF-8.
    fn receive_close<'a>(&mut self, payload: &'a [u8]) -> Result<Close<'a>, Error> {
        let close = match payload {
            [] => Close::new(Code::NO_STATUS, ""),
            [_] => return Err(Error::CloseTooShort),
            [high, low, reason @ ..] => {
                let code = Code(u16::from_be_bytes([*high, *low]));
                if !code.is_sendable() {
                    return Err(Error::CloseCode);
                }
                Close::new(code, std::str::from_utf8(reason).map_err(|_| Error::CloseReason)?)
            }
        };
        self.advance(Input::ReceiveClose);
        Ok(close)
    }

    /// Takes the next bytes of a frame that is gathered. The second answer says that the bytes themselves are a chunk to
    /// hand over: of which kind, and whether it is the last.
    fn gather(&mut self, mut frame: Frame, piece: &mut [u8]) -> Result<(Ended, Option<(Kind, bool)>), Error> {
        if self.role == Role::Server {
            mask::apply(piece, frame.key, (frame.seen % 4) as usize);
        }
        frame.seen += piece.len() as u64;
        let ended = Ended { frame: frame.seen == frame.length, message: frame.seen == frame.length && frame.fin };
        if !ended.frame {
            self.frame = Some(frame);
        }
        // A frame is gathered only while a message is; were it otherwise, that would be our fault, not a panic.
        let Some(message) = self.message.as_deref_mut() else { return Err(Error::NothingToContinue) };
        let limits = &self.config.limits;
        let in_input = self.config.delivery == Delivery::Chunks && !message.is_compressed();
        if in_input {
            message.check(piece, limits)?;
        } else {
            message.push(piece, limits)?;
        }
        if ended.message {
            message.finish(limits, self.deflate.as_deref_mut())?;
        }
        let chunk = (in_input && (!piece.is_empty() || ended.message)).then_some((message.kind, ended.message));
        if in_input && ended.message {
            self.message = None;
        }
        Ok((ended, chunk))
    }

    /// What the gathered bytes amount to, where they do not lie in the input.
    fn gathered(&mut self, ended: Ended) -> Result<Option<Event<'static>>, Error> {
        if self.config.delivery == Delivery::Chunks {
            let Some(message) = self.message.as_deref_mut().filter(|message| message.is_compressed()) else {
                return Ok(None);
            };
            let (kind, payload) = (message.kind, message.take_chunk());
            if payload.is_empty() && !ended.message {
                return Ok(None);
            }
            if ended.message {
                self.message = None;
            }
            return Ok(Some(Event::Chunk(Chunk { kind, payload: payload.into(), last: ended.message })));
        }
        match self.message.take_if(|_| ended.message) {
            Some(message) => Ok(Some(Event::Message(message.into_message()))),
            None => Ok(None),
        }
    }

    /// The transport ended. Without a Close frame before, that is an error of local code 1006 (RFC 6455 §7.1.5).
    pub fn receive_eof(&mut self) -> Result<Option<Event<'static>>, Error> {
        let before = self.state;
        self.advance(Input::End);
        match before {
            State::Open | State::CloseSent => Err(Error::AbruptEnd),
            State::CloseReceived | State::Closed => Ok(None),
        }
    }

    /// Appends the bytes of `event` to `out`.
    ///
    /// # Errors
    /// The event has no place here, or may not be sent; `out` is then as it was.
    ///
    /// ```
    /// # use std::{sync::Arc, time::Instant};
    /// use wirebook_websocket::{Config, Connection, Event, Message};
    /// let mut server = Connection::server(Arc::new(Config::default()), None, Instant::now());
    /// let mut out = Vec::new();
    /// server.send(Event::Message(Message::text("Hello")), &mut out).unwrap();
    /// assert_eq!(out, b"\x81\x05Hello");
    /// ```
    #[inline]
    pub fn send(&mut self, event: Event<'_>, out: &mut Vec<u8>) -> Result<(), SendError> {
        match event {
            Event::Message(message) => self.send_message(message.kind(), message.as_bytes(), out),
            Event::Chunk(chunk) => self.send_chunk(chunk, out),
            Event::Ping(payload) => self.send_control(Opcode::Ping, payload, out),
            Event::Pong(payload) => self.send_control(Opcode::Pong, payload, out),
            Event::Close(close) => self.send_close(&close, out),
        }
    }

    /// A whole message; as [`send`](Self::send), without the wrapping.
    #[inline]
    pub fn send_message(&mut self, kind: Kind, payload: &[u8], out: &mut Vec<u8>) -> Result<(), SendError> {
        self.may_send_message()?;
        if self.plain {
            let header = Header { fin: true, rsv: 0, opcode: opcode(kind), mask: None, length: payload.len() as u64 };
            write(header, payload, out);
            return Ok(());
        }
        self.send_shaped(opcode(kind), payload, out);
        Ok(())
    }

    /// Masked, compressed, or in fragments.
    #[inline(never)]
    fn send_shaped(&mut self, opcode: Opcode, payload: &[u8], out: &mut Vec<u8>) {
        let mut deflated = Vec::new();
        let compressed = self.deflate.as_mut().is_some_and(|deflate| deflate.compress(payload, &mut deflated));
        let (rsv, payload) = if compressed { (RSV1, &deflated[..]) } else { (0, payload) };
        let size = self.config.fragment.unwrap_or(usize::MAX).max(1);
        let mut fragments = payload.chunks(size).peekable();
        if fragments.peek().is_none() {
            self.write(true, rsv, opcode, payload, out);
        }
        let (mut rsv, mut opcode) = (rsv, opcode);
        while let Some(fragment) = fragments.next() {
            self.write(fragments.peek().is_none(), rsv, opcode, fragment, out);
            (rsv, opcode) = (0, Opcode::Continuation);
        }
    }

    /// The header alone of a whole message whose payload the caller writes itself, from where it lies. `false` where that
    /// cannot be (a client masks, a message may be compressed or fragmented): then [`send_message`](Self::send_message).
    pub fn send_header(&mut self, kind: Kind, length: usize, out: &mut Vec<u8>) -> Result<bool, SendError> {
        self.may_send_message()?;
        if !self.plain {
            return Ok(false);
        }
        let header = Header { fin: true, rsv: 0, opcode: opcode(kind), mask: None, length: length as u64 };
        let (bytes, size) = header.to_bytes();
        out.extend_from_slice(&bytes[..size]);
        Ok(true)
    }

    /// A frame that was encoded for many receivers at once is about to be sent as it is.
    ///
    /// # Errors
    /// No whole message may be sent now.
    pub fn may_send_message(&self) -> Result<(), SendError> {
        match (self.state, self.sending) {
            (State::Open, None) => Ok(()),
            (State::Open, Some(_)) => Err(SendError::MessageUnfinished),
            _ => Err(SendError::Closed),
        }
    }

    /// A part of a message; parts go out as they are, uncompressed, one frame each.
    fn send_chunk(&mut self, chunk: Chunk<'_>, out: &mut Vec<u8>) -> Result<(), SendError> {
        if self.state != State::Open {
            return Err(SendError::Closed);
        }
        let opcode = match self.sending {
            None => opcode(chunk.kind),
            Some(kind) if kind == chunk.kind => Opcode::Continuation,
            Some(_) => return Err(SendError::MessageUnfinished),
        };
        self.write(chunk.last, 0, opcode, &chunk.payload, out);
        self.sending = if chunk.last { None } else { Some(chunk.kind) };
        Ok(())
    }

    fn send_control(&mut self, opcode: Opcode, payload: &[u8], out: &mut Vec<u8>) -> Result<(), SendError> {
        if payload.len() > MAX_CONTROL {
            return Err(SendError::ControlTooLong);
        }
        if self.state != State::Open {
            return Err(SendError::Closed);
        }
        self.write(true, 0, opcode, payload, out);
        Ok(())
    }

    fn send_close(&mut self, close: &Close<'_>, out: &mut Vec<u8>) -> Result<(), SendError> {
        let reason = close.reason.as_bytes();
        if close.code != Code::NO_STATUS && !close.code.is_sendable() {
            return Err(SendError::CloseCode);
        }
        if reason.len() > MAX_CONTROL - 2 {
            return Err(SendError::ControlTooLong);
        }
        self.state = self.state.after(Input::SendClose).ok_or(SendError::Closed)?;
        let mut payload = [0; MAX_CONTROL];
        let size = if close.code == Code::NO_STATUS {
            0
        } else {
            payload[..2].copy_from_slice(&close.code.0.to_be_bytes());
            payload[2..2 + reason.len()].copy_from_slice(reason);
            2 + reason.len()
        };
        self.write(true, 0, Opcode::Close, &payload[..size], out);
        self.timer.closing(self.config.heartbeat);
        Ok(())
    }

    /// Answers an error: appends the Close frame that it earns, where one can still be sent, and closes (RFC 6455 §7.1.7).
    pub fn fail(&mut self, error: Error, out: &mut Vec<u8>) {
        self.broken();
        if let Some(code) = error.close_code() {
            // After our own Close frame this is refused, and rightly.
            let _ = self.send_close(&Close::new(code, ""), out);
        }
        self.state = State::Closed;
        self.timer.closing(self.config.heartbeat);
    }

    /// When [`expire`](Self::expire) is next to be called.
    #[inline]
    pub fn deadline(&self) -> Option<Instant> {
        self.timer.deadline()
    }

    /// Tells the time. Appends a ping to `out` where the heartbeat asks for one; starts the clock of a Close frame just
    /// sent.
    ///
    /// # Errors
    /// The peer is gone ([`Error::HeartbeatTimeout`]) or does not finish ([`Error::CloseTimeout`]): end the transport.
    pub fn expire(&mut self, now: Instant, out: &mut Vec<u8>) -> Result<(), Error> {
        let timeout: Duration = self.config.close_timeout;
        if self.timer.expire(now, self.config.heartbeat, timeout)? && self.state == State::Open {
            self.write(true, 0, Opcode::Ping, b"", out);
        }
        Ok(())
    }

    fn broken(&mut self) {
        self.advance(Input::Fail);
        self.frame = None;
        self.message = None;
    }

    fn advance(&mut self, input: Input) {
        if let Some(state) = self.state.after(input) {
            self.state = state;
        }
    }

    /// One frame, masked where this is a client.
    fn write(&mut self, fin: bool, rsv: u8, opcode: Opcode, payload: &[u8], out: &mut Vec<u8>) {
        let mask = self.keys.as_mut().map(|keys| keys.next());
        write(Header { fin, rsv, opcode, mask, length: payload.len() as u64 }, payload, out);
    }
}

#[inline]
fn write(header: Header, payload: &[u8], out: &mut Vec<u8>) {
    let (bytes, size) = header.to_bytes();
    out.reserve(MAX_HEADER + payload.len());
    // All fourteen bytes and then fewer: a copy whose length is known costs a move, another costs a call.
    let start = out.len() + size;
    out.extend_from_slice(&bytes);
    out.truncate(start);
    out.extend_from_slice(payload);
    if let Some(key) = header.mask {
        mask::apply(&mut out[start..], key, 0);
    }
}

/// What ended with the bytes just taken.
#[derive(Clone, Copy)]
struct Ended {
    frame: bool,
    message: bool,
}

fn opcode(kind: Kind) -> Opcode {
    match kind {
        Kind::Text => Opcode::Text,
        Kind::Binary => Opcode::Binary,
    }
}
