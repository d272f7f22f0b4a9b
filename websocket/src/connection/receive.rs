//! Bytes in, events out.

use std::borrow::Cow;

use super::unfinished::Frame;
use super::{Connection, Role};
use crate::config::Delivery;
use crate::deflate::Deflate;
use crate::error::Error;
use crate::event::{Chunk, Close, Code, Event, Kind, Message};
use crate::frame::{Header, Opcode, RSV1};
use crate::mask;
use crate::message::Assembly;
use crate::state::Input;
use crate::utf8::{self, Utf8};

/// What nearly every frame from a client is: a whole, masked message with a length of at most 16 bits, uncompressed, all
/// there. Where it lies, by its header alone.
#[derive(Clone, Copy)]
pub(crate) struct Brief {
    kind: Kind,
    start: usize,
    end: usize,
}

#[inline]
fn brief(input: &[u8]) -> Option<Brief> {
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
    let end = start + length;
    (end <= input.len()).then_some(Brief { kind, start, end })
}

/// What is done with a Close frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closes {
    /// It is an event like any other.
    Taken,
    /// It stays in the input, and what is behind it too: somebody else is to come upon it.
    /// [`Connection::is_at_close`] tells.
    Left,
}

/// What ended with the bytes just taken.
#[derive(Clone, Copy)]
struct Ended {
    frame: bool,
    message: bool,
}

impl Connection {
    /// Reads from the front of `input`: how many bytes were consumed, and what they meant. `None`: bring more bytes behind
    /// those not consumed. Payloads are unmasked in `input`; see the [module](super).
    ///
    /// After the peer's Close frame, or an error, everything is consumed and means nothing (RFC 6455 §5.5.1, §7.1.7).
    ///
    /// # Errors
    /// The peer broke a rule or a limit, or its payload is bad; or this end did not present again what was not consumed
    /// ([`Error::InputLost`]). The connection is then to be [failed](Self::fail).
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
        match self.find_brief(input) {
            Some(brief) => self.take_brief(brief, input).map(|(used, message)| (used, Some(Event::Message(message)))),
            None => self.receive_any(input, Closes::Taken),
        }
    }

    /// Whether `input` begins with the header of a Close frame.
    pub fn is_at_close(&self, input: &[u8]) -> bool {
        let header = if self.frame.is_none() { Header::decode(input) } else { Ok(None) };
        matches!(header, Ok(Some((header, _))) if header.opcode == Opcode::Close)
    }

    /// A shortcut past everything below: the message at the front of `input`, where that takes no state to say. `None` does not
    /// mean that there is none. `tests/properties.rs` holds it to what the long way says.
    #[inline]
    pub(crate) fn find_brief(&mut self, input: &[u8]) -> Option<Brief> {
        let between = self.brief && self.message.is_none() && self.frame.is_none();
        if between && self.conversation.step(Input::Receive).is_ok() { brief(input) } else { None }
    }

    /// Unmasks what was found, and checks it. Always inlined, so that the message is not handed over by way of memory.
    #[inline(always)]
    pub(crate) fn take_brief<'a>(&mut self, brief: Brief, input: &'a mut [u8]) -> Result<(usize, Message<'a>), Error> {
        self.timer.heard();
        let (head, rest) = input.split_at_mut(brief.start);
        let payload = &mut rest[..brief.end - brief.start];
        let key = head.last_chunk::<4>().copied().unwrap_or_default();
        mask::apply(payload, key, 0);
        let message = match brief.kind {
            Kind::Binary => Message::binary(payload),
            Kind::Text => match utf8::text(payload) {
                Some(text) => Message::text(text),
                None => return Err(self.invalid_text()),
            },
        };
        Ok((brief.end, message))
    }

    #[cold]
    fn invalid_text(&mut self) -> Error {
        let _ = self.broken();
        Error::InvalidUtf8
    }

    /// As [`receive`](Self::receive), without its shortcut: for callers that have tried it already, or that deal first with what
    /// came before a Close frame. Never inlined, so that the shortcut is.
    ///
    /// # Errors
    /// As [`receive`](Self::receive).
    #[inline(never)]
    pub fn receive_any<'a>(
        &mut self,
        input: &'a mut [u8],
        closes: Closes,
    ) -> Result<(usize, Option<Event<'a>>), Error> {
        if self.conversation.step(Input::Receive).is_err() {
            return Ok((input.len(), None));
        }
        self.timer.heard();
        let result = self.read_frames(input, closes);
        if result.is_err() {
            let _ = self.broken();
        }
        result
    }

    fn read_frames<'a>(&mut self, input: &'a mut [u8], closes: Closes) -> Result<(usize, Option<Event<'a>>), Error> {
        let mut used = 0;
        loop {
            let frame = match self.frame.take() {
                Some(frame) => frame,
                None => match Header::decode(&input[used..])? {
                    None => return Ok((used, None)),
                    Some((header, _)) if header.opcode == Opcode::Close && closes == Closes::Left => {
                        return Ok((used, None));
                    }
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
        if end < seen {
            return Err(Error::InputLost);
        }
        if self.role == Role::Server {
            mask::apply(&mut available[seen..end], frame.key, seen);
        }
        if end < length {
            if frame.opcode == Opcode::Text {
                frame.utf8.feed(&available[seen..end]).map_err(|_| Error::InvalidUtf8)?;
            }
            frame.seen = end as u64;
            self.frame = Some(frame);
            return Ok((used, None));
        }
        let payload: &'a [u8] = &input[used..used + length];
        let event = match frame.opcode {
            // All of it, also where parts were checked in calls before: the caller has had the buffer since.
            Opcode::Text => Event::Message(Message::text(utf8::text(payload).ok_or(Error::InvalidUtf8)?)),
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
            Some(message) => message.into_message().map(|message| Some(Event::Message(message))),
            None => Ok(None),
        }
    }

    /// The transport ended. Without a Close frame before, that is an error of local code 1006 (RFC 6455 §7.1.5).
    pub fn receive_eof(&mut self) -> Result<Option<Event<'static>>, Error> {
        let abrupt = self.conversation.allows(Input::ReceiveClose);
        self.advance(Input::End);
        self.timer.ending();
        if abrupt { Err(Error::AbruptEnd) } else { Ok(None) }
    }
}
